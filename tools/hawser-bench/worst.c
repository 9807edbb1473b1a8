/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_mbuf.h>

#include "dataplane/wire/pppoe.h"
#include "tools/hawser-bench/cases.h"

/* The worst that peers can send, through the whole path: what does a frame of it cost, over a frame of fragments in order? */

enum {
	BUNDLES = 32768,
	UNKNOWN_SESSION = 60000,
	JUMP = 20000, /* more than any window holds */
	GROWTHS = 8,  /* 64 to 16384 slots */
	REST_NS = 2000000000,
	RESTS = 6,
};

enum input { IN_ORDER, LATE, DUPLICATES, UNKNOWN, OVERRUN, GROWTH, INPUTS };

static const struct {
	const char *id, *what;
	int expect; /* drop reason that nearly every frame must meet; -1: none */
} inputs[INPUTS] = {
	{"worst.in_order", "whole path, fragments in order", -1},
	{"worst.late", "every frame older than the window", DROP_MP_LATE},
	{"worst.duplicates", "every frame a copy of one that is held", DROP_MP_DUPLICATE},
	{"worst.unknown", "every frame of an unknown session", DROP_SESSION_UNKNOWN},
	{"worst.overrun", "every frame beyond any window", -1},
	{"worst.growth", "every frame makes a window grow, or would", -1},
};

static struct {
	struct arrivals *a;
	uint32_t *next; /* in order, of each bundle */
	uint64_t seed;
	uint32_t grow_from;
} worst;

static struct rte_mbuf *list[LAB_LIST];

static struct rte_mbuf *
frame(uint32_t bundle, uint32_t seq)
{
	return arrivals_frame(worst.a, &(struct arrival){.bundle = bundle, .seq = seq, .link = seq & 1});
}

static struct rte_mbuf *
next_of(enum input kind, unsigned i)
{
	const uint32_t bundle =
		kind == GROWTH ? (worst.grow_from + i / GROWTHS) % BUNDLES : random_below(&worst.seed, BUNDLES);
	uint32_t *next = &worst.next[bundle];
	struct rte_mbuf *m;

	switch (kind) {
	case LATE:
		return frame(bundle, *next - 2 - random_below(&worst.seed, 4));
	case DUPLICATES:
		return frame(bundle, *next + 1);
	case UNKNOWN:
		m = frame(bundle, *next);
		store_be16(rte_pktmbuf_mtod_offset(m, uint8_t *, ETH_HDR_LEN + 2),
			(uint16_t)(UNKNOWN_SESSION + random_below(&worst.seed, 5000)));
		return m;
	case OVERRUN:
		*next += JUMP;
		return frame(bundle, *next);
	case GROWTH:
		return frame(bundle, *next + (64u << i % GROWTHS));
	default:
		return frame(bundle, (*next)++);
	}
}

/* All windows empty, and small again. */
static void
rest(void)
{
	for (unsigned i = 0; i < RESTS; i++) {
		lab.now_ns += REST_NS;
		lab_turns(turn_ns());
	}
}

/* Where the windows stand is where the next numbers must be: as if all had been sent before. */
static void
catch_up(void)
{
	for (uint32_t b = 0; b < BUNDLES; b++) {
		worst.next[b] += 2 * JUMP;
		worst.next[b] &= ~1u;
	}
	for (uint32_t b = 0; b < BUNDLES;) {
		unsigned n = 0;

		for (; n + 2 <= LAB_LIST && b < BUNDLES; b++) {
			list[n++] = frame(b, worst.next[b]++);
			list[n++] = frame(b, worst.next[b]++);
		}
		lab_feed(list, n, 0);
		lab_turns(turn_ns());
	}
	rest();
}

static void
worst_enter(struct bench *b)
{
	const enum input kind = *(const enum input *)b->ctx;

	catch_up();
	if (kind != DUPLICATES)
		return;
	for (uint32_t i = 0; i < BUNDLES; i += LAB_LIST) {
		for (unsigned k = 0; k < LAB_LIST; k++)
			list[k] = frame(i + k, worst.next[i + k] + 1);
		lab_feed(list, LAB_LIST, 0);
		lab_turns(turn_ns());
	}
}

static void
worst_slice(struct bench *b, struct sample *s)
{
	const enum input kind = *(const enum input *)b->ctx;
	uint64_t begin;

	for (unsigned i = 0; i < LAB_LIST; i++)
		list[i] = next_of(kind, i);
	worst.grow_from += LAB_LIST / GROWTHS;
	lab_feed(list, LAB_LIST, 0);
	lab_drops_mark();
	begin = cycles_begin();
	lab_turns(turn_ns());
	s->cycles = cycles_end() - begin;
	s->items = LAB_LIST;
	if (inputs[kind].expect >= 0 && lab_drops((enum drop_reason)inputs[kind].expect) < LAB_LIST * 9 / 10) {
		lab_drops_print();
		die("%s: not dropped as it should be", inputs[kind].id);
	}
}

void
worst_inputs(struct run *run, struct arrivals *a, struct arrivals *ghost)
{
	static const enum input kinds[INPUTS] = {IN_ORDER, LATE, DUPLICATES, UNKNOWN, OVERRUN, GROWTH};
	struct bench *b[INPUTS], *most = NULL;
	const unsigned first = run->r.n_cases;

	(void)ghost;
	from_settle(a);
	arrivals_use(a, &(struct traffic){.bundles = BUNDLES, .shape = &shape_in_2, .depth = 3});
	worst.a = a;
	worst.seed = 77;
	worst.next = calloc(BUNDLES, sizeof(*worst.next));
	if (worst.next == NULL)
		die("no memory");
	for (uint32_t i = 0; i < BUNDLES; i++)
		worst.next[i] = a->flows[i].base;
	for (unsigned i = 0; i < INPUTS; i++)
		b[i] = bench_add(&run->r,
			&(struct bench){.id = inputs[i].id,
				.what = inputs[i].what,
				.unit = "frame",
				.enter = worst_enter,
				.slice = worst_slice,
				.ctx = &kinds[i],
				.ref = i == IN_ORDER ? NULL : b[IN_ORDER]});
	bench_run(&run->r, first, run->rounds);
	for (unsigned i = IN_ORDER + 1; i < INPUTS; i++)
		if (most == NULL || median(b[i]->ratio, b[i]->n_ratio) > median(most->ratio, most->n_ratio))
			most = b[i];
	goal_of_ratio(
		&run->r, "P8", id_of("worst input over fragments in order, the worst being %s", most->id), most, 1.0);
	catch_up();
	for (uint32_t i = 0; i < BUNDLES; i++) {
		struct flow *f = &a->flows[i];

		f->limit = worst.next[i];
		for (unsigned l = 0; l < a->p->links; l++)
			f->next[l] = f->limit + l;
	}
	free(worst.next);
}
