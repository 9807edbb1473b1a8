/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_mbuf.h>

#include "dataplane/bundle_state.h"
#include "dataplane/wire/pppoe.h"
#include "tools/hawser-bench/cases.h"

/* The worst that peers can send to the reassembly: what does a frame of it cost, with the release of all that comes out or is dropped, over
 * a frame of fragments in order that come to as many bundles in the same random order? */

enum {
	BUNDLES = LAB_LIST,
	UNKNOWN_SESSION = 60000,
	JUMP = 20000,                 /* more than any window holds */
	GROWTHS = 8,                  /* 64 to 16384 slots */
	GROWING = LAB_LIST / GROWTHS, /* bundles whose windows are to grow in a list */
	REST_NS = 2000000000,
	RESTS = 6,
	MOVED_AT_ONCE = 128,      /* windows: fewer than may make room for themselves at once */
	MOVED_REST_NS = 20000000, /* until as many may again */
};

enum input { IN_ORDER, LATE, DUPLICATES, UNKNOWN, OVERRUN, GROWTH, INPUTS };

static const struct {
	const char *id, *what;
	int expect; /* drop reason that nearly every frame must meet; -1: none */
} inputs[INPUTS] = {
	{"worst.in_order", "reassembly, fragments in order", -1},
	{"worst.late", "every frame older than the window", DROP_MP_LATE},
	{"worst.duplicates", "every frame a copy of one that is held", DROP_MP_DUPLICATE},
	{"worst.unknown", "every frame of an unknown session", DROP_SESSION_UNKNOWN},
	{"worst.overrun", "every frame beyond any window", DROP_MP_OVERRUN},
	{"worst.growth", "every frame makes a window grow", -1},
};

/* The bundles that suffer, and others that all is well with. */
static struct victims {
	struct arrivals a;
	uint32_t *next; /* in order, of each bundle */
	uint64_t seed;
	uint32_t growing; /* first bundle of the next list whose windows grow */
} all[2], *at;

static struct rte_mbuf *list[LAB_LIST];

static struct rte_mbuf *
frame(uint32_t bundle, uint32_t seq)
{
	return arrivals_frame(&at->a, &(struct arrival){.bundle = bundle, .seq = seq, .link = seq & 1});
}

/* ------------------------------------------------------------------ frames */

static struct rte_mbuf *
next_of(enum input kind)
{
	const uint32_t bundle = random_below(&at->seed, BUNDLES);
	uint32_t *next = &at->next[bundle];
	struct rte_mbuf *m;

	switch (kind) {
	case LATE:
		return frame(bundle, *next - 2 - random_below(&at->seed, 4));
	case DUPLICATES:
		return frame(bundle, *next + 1);
	case UNKNOWN:
		m = frame(bundle, *next);
		store_be16(rte_pktmbuf_mtod_offset(m, uint8_t *, ETH_HDR_LEN + 2),
			(uint16_t)(UNKNOWN_SESSION + random_below(&at->seed, 5000)));
		return m;
	case OVERRUN:
		*next += JUMP;
		return frame(bundle, *next);
	default:
		return frame(bundle, (*next)++);
	}
}

static uint32_t
growing(unsigned i)
{
	return (at->growing + i * 31) % BUNDLES;
}

static unsigned
fill(enum input kind)
{
	unsigned n = 0;

	if (kind != GROWTH) {
		while (n < LAB_LIST)
			list[n++] = next_of(kind);
		return n;
	}
	for (unsigned step = 0; step < GROWTHS; step++)
		for (unsigned i = 0; i < GROWING; i++)
			list[n++] = frame(growing(i), at->next[growing(i)] + (64u << step));
	return n;
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
		at->next[b] += 2 * JUMP;
		at->next[b] &= ~1u;
	}
	for (uint32_t b = 0; b < BUNDLES;) {
		unsigned n = 0;

		for (; n < 2 * MOVED_AT_ONCE && b < BUNDLES; b++) {
			list[n++] = frame(b, at->next[b]++);
			list[n++] = frame(b, at->next[b]++);
		}
		lab_feed(list, n, at->a.t.worker);
		lab_turns(turn_ns());
		lab.now_ns += MOVED_REST_NS;
	}
	rest();
}

/* ------------------------------------------------------------------ visits */

static const struct bundle *
victim(uint32_t bundle)
{
	return &lab.w->bundles->bundles[at->a.p->first + bundle];
}

static void
choose(const struct bench *b)
{
	at = &all[*(const enum input *)b->ctx == IN_ORDER ? 0 : 1];
	lab_at(at->a.t.worker);
}

/* What is in order stays so from visit to visit. */
static void
worst_enter(struct bench *b)
{
	choose(b);
	if (*(const enum input *)b->ctx != IN_ORDER)
		catch_up();
}

/* Every bundle holds the second piece of a packet, and has waited for the first one for no longer than the last list took. */
static void
hold_second_pieces(void)
{
	for (uint32_t b = 0; b < BUNDLES;) {
		unsigned n = 0;

		for (; n + 2 <= LAB_LIST && b < BUNDLES; b++) {
			list[n++] = frame(b, at->next[b]);
			at->next[b] += 2;
			list[n++] = frame(b, at->next[b] + 1);
		}
		lab_feed(list, n, at->a.t.worker);
		lab_turns(turn_ns());
	}
}

/* What was measured must be what the case is called. */
static void
check_input(const struct bench *b, enum input kind, unsigned n)
{
	const int expect = inputs[kind].expect;
	bool good = expect < 0 || lab_drops((enum drop_reason)expect) >= n * 9 / 10;

	if (kind == IN_ORDER)
		good = lab_drops_all() <= n / 100;
	if (good)
		return;
	lab_drops_print();
	die("%s: something else happened", b->id);
}

static void
worst_slice(struct bench *b, struct sample *s)
{
	const enum input kind = *(const enum input *)b->ctx;
	unsigned n;

	choose(b);
	if (kind == DUPLICATES)
		hold_second_pieces();
	n = fill(kind);
	lab_drops_mark();
	s->cycles = from_reassemble(list, n);
	s->items = n;
	check_input(b, kind, n);
}

/* Windows that grew, each by as many steps as it did, and frames that were refused: all of them. What is waited for is given up then, the
 * windows shrink, and the next numbers are where they stand. */
static void
check_growth(const struct bench *b, unsigned n)
{
	uint64_t asked = lab_drops(DROP_MP_OVERRUN);

	for (unsigned i = 0; i < GROWING; i++)
		asked += (unsigned)__builtin_ctz(reasm_slots(&victim(growing(i))->rx) / 64);
	if (asked < n * 9 / 10)
		die("%s: only %llu of %u frames asked for more", b->id, (unsigned long long)asked, n);
	rest();
	for (unsigned i = 0; i < GROWING; i++)
		at->next[growing(i)] += (victim(growing(i))->rx.next - at->next[growing(i)]) & 0xffffff;
	at->growing += GROWING * 31;
}

static void
growth_slice(struct bench *b, struct sample *s)
{
	choose(b);
	s->items = fill(GROWTH);
	lab_drops_mark();
	s->cycles = from_reassemble(list, (unsigned)s->items);
	check_growth(b, (unsigned)s->items);
}

/* ------------------------------------------------------------------ the group */

static const struct bench *
add_inputs(struct run *run, struct bench *b[INPUTS])
{
	static const enum input kinds[INPUTS] = {IN_ORDER, LATE, DUPLICATES, UNKNOWN, OVERRUN, GROWTH};
	const unsigned first = run->r.n_cases;
	const struct bench *most = NULL;

	for (unsigned i = 0; i < INPUTS; i++)
		b[i] = bench_add(&run->r,
			&(struct bench){.id = inputs[i].id,
				.what = inputs[i].what,
				.unit = "frame",
				.enter = worst_enter,
				.slice = i == GROWTH ? growth_slice : worst_slice,
				.ctx = &kinds[i],
				.in_turns = true,
				.ref = i == IN_ORDER ? NULL : b[IN_ORDER]});
	bench_run(&run->r, first, run->rounds);
	for (unsigned i = IN_ORDER + 1; i < INPUTS; i++)
		if (most == NULL || median(b[i]->ratio, b[i]->n_ratio) > median(most->ratio, most->n_ratio))
			most = b[i];
	return most;
}

/* Lines that have always been skewed a little, as lines are: the stall limits have followed. */
static void
before_that(struct victims *v, unsigned population)
{
	struct from_case c = {.a = &v->a,
		.t = {.population = population,
			.worker = population,
			.bundles = BUNDLES,
			.shape = &shape_in_2,
			.depth = 2}};

	arrivals_init(&v->a, population, population);
	from_enter(&(struct bench){.ctx = &c});
	from_settle(&v->a);
	v->seed = 77;
	v->growing = 0;
	v->next = calloc(BUNDLES, sizeof(*v->next));
	if (v->next == NULL)
		die("no memory");
	for (uint32_t i = 0; i < BUNDLES; i++)
		v->next[i] = v->a.flows[i].limit;
}

void
bench_worst(struct run *run)
{
	const struct population pops[] = {
		{.name = "in order", .n = BUNDLES, .links = 2, .rate_bps = 100000000},
		{.name = "worst", .n = BUNDLES, .links = 2, .rate_bps = 100000000},
	};
	const struct lab_wish wish = {
		.apart = true,
		.access_ports = 4,
		.pool_mbufs = 262143,
		.reassembly_bytes = UINT64_C(1) << 30,
		.populations = pops,
		.n_populations = 2,
	};
	struct bench *b[INPUTS];
	const struct bench *most;

	lab_open(&wish);
	for (unsigned i = 0; i < 2; i++)
		before_that(&all[i], i);
	most = add_inputs(run, b);
	goal_of_ratio(
		&run->r, "P8", id_of("worst input over fragments in order, the worst being %s", most->id), most, 1.0);
	for (unsigned i = 0; i < 2; i++) {
		lab_at(i);
		rest();
		free(all[i].next);
		arrivals_fini(&all[i].a);
	}
	lab_close();
}
