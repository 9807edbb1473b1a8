/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/mp/reasm.h"

/* Random arrivals through the window and through a naive reference, verdict by verdict and packet by packet. The
 * reference is a sorted list of numbers that never wrap (int64_t); it knows no maps, no slots, no windows but a
 * limit. */

enum {
	LINKS = 5,
	QUEUE_MAX = 512,
	HELD_MAX = 4096,
	STEPS = 300,
	ROUNDS = 4000,
	BEHIND_MAX = 800, /* numbers that a link may lag: short ones are ambiguous from 1024 on */
};

struct frag {
	int64_t seq;
	bool begin, end;
	reasm_ref id;
};

/* The reference. */

struct ref {
	struct frag held[HELD_MAX];
	int n;
	int64_t next, last[LINKS], mark, floor;
	bool joined[LINKS], forced, tolerate;
	uint32_t lost;
	int slots;
};

static int64_t
ref_edge(const struct ref *r)
{
	int64_t edge = INT64_MAX / 2;
	int links = 0;

	for (int i = 0; i < LINKS; i++)
		if (r->joined[i]) {
			edge = r->last[i] < edge ? r->last[i] : edge;
			links++;
		}
	if (r->tolerate)
		edge -= 16 * links < r->slots / 2 ? 16 * links : r->slots / 2;
	return edge;
}

static enum reasm_verdict
ref_insert(struct ref *r, int link, const struct frag *f, bool *reordered)
{
	int at = 0;

	*reordered = r->joined[link] && f->seq <= r->last[link];
	if (f->seq < r->next) {
		if (f->seq > r->last[link])
			r->last[link] = f->seq;
		return REASM_LATE;
	}
	if (f->seq >= r->next + r->slots)
		return REASM_OVERRUN;
	while (at < r->n && r->held[at].seq < f->seq)
		at++;
	if (at < r->n && r->held[at].seq == f->seq)
		return REASM_DUPLICATE;
	if (*reordered && !r->tolerate)
		return REASM_REORDERED;
	if (f->seq > r->last[link])
		r->last[link] = f->seq;
	if (r->n == 0 && f->seq == r->next && f->begin && f->end) {
		r->next++;
		return REASM_WHOLE;
	}
	memmove(&r->held[at + 1], &r->held[at], sizeof(r->held[0]) * (size_t)(r->n - at));
	r->held[at] = *f;
	r->n++;
	return REASM_HELD; /* or ready: the pops show */
}

static int
ref_take(struct ref *r, int n, struct frag *out)
{
	memcpy(out, r->held, sizeof(out[0]) * (size_t)n);
	r->n -= n;
	memmove(&r->held[0], &r->held[n], sizeof(r->held[0]) * (size_t)r->n);
	r->next = out[n - 1].seq + 1;
	return n;
}

/* Numbers that follow each other from the head on. */
static int
ref_run(const struct ref *r)
{
	int run = 0;

	while (run < r->n && r->held[run].seq == r->next + run)
		run++;
	return run;
}

static int
ref_pop(struct ref *r, struct frag *out, enum reasm_out *what)
{
	for (;;) {
		const int64_t edge = ref_edge(r);
		const int64_t floor = r->forced ? r->floor : -1;
		const int64_t upto = edge > floor ? edge : floor;
		const int run = ref_run(r);

		*what = REASM_LOST;
		if (r->n == 0) {
			if (floor >= r->next) {
				r->lost += (uint32_t)(floor + 1 - r->next);
				r->next = floor + 1;
			}
			r->forced = false;
			*what = REASM_NONE;
			return 0;
		}
		if (run == 0) {
			const int64_t end = upto + 1 < r->held[0].seq ? upto + 1 : r->held[0].seq;

			if (end <= r->next) {
				*what = REASM_NONE;
				r->forced = false;
				return 0;
			}
			r->lost += (uint32_t)(end - r->next);
			r->next = end;
			continue;
		}
		if (!r->held[0].begin)
			return ref_take(r, 1, out);
		for (int i = 0; i < run; i++) {
			if (i > 0 && r->held[i].begin)
				return ref_take(r, i, out);
			if (i == REASM_PACKET_FRAGS_MAX)
				return ref_take(r, i, out);
			if (r->held[i].end) {
				*what = REASM_PACKET;
				return ref_take(r, i + 1, out);
			}
		}
		if (r->next + run <= edge || floor >= r->next)
			return ref_take(r, run, out);
		*what = REASM_NONE;
		r->forced = false;
		return 0;
	}
}

/* One round. */

struct queue {
	struct frag f[QUEUE_MAX];
	int n;
};

struct round {
	struct reasm r;
	struct reasm_more more;
	reasm_ref slots[REASM_SLOTS_MIN];
	reasm_ref frags[REASM_PACKET_FRAGS_MAX];
	struct ref ref;
	struct queue q[LINKS];
	struct frag got[HELD_MAX]; /* scratch */
	uint64_t rng, seed;
	int64_t sent;
	int64_t delivered; /* last number that came out */
	uint32_t now_us;
	unsigned bits;
	int loss_percent, dup_percent, swap_percent, packets;
	uint64_t packet; /* that the last insertion has completed, not taken yet */
};
_Static_assert(offsetof(struct round, slots) == REASM_SLOTS_AT, "where the window looks for them");

static uint32_t
chance(struct round *c, uint32_t n)
{
	c->rng ^= c->rng << 13;
	c->rng ^= c->rng >> 7;
	c->rng ^= c->rng << 17;
	return (uint32_t)(c->rng >> 20) % n;
}

#define CHECK(c, x)                                                                   \
	do {                                                                          \
		if (!(x))                                                             \
			fail_msg("seed %llu: %s", (unsigned long long)(c)->seed, #x); \
	} while (0)

static uint32_t
wrapped(const struct round *c, int64_t seq)
{
	return (uint32_t)seq & ((1u << c->bits) - 1);
}

static void
queue_put(struct round *c, struct queue *q, const struct frag *f)
{
	if (q->n == QUEUE_MAX)
		return;
	q->f[q->n++] = *f;
	if ((int)chance(c, 100) < c->swap_percent && q->n > 1) {
		const int k = q->n - 2 - (int)chance(c, (uint32_t)(q->n - 1 < 8 ? q->n - 1 : 8));
		const struct frag t = q->f[k];

		q->f[k] = q->f[q->n - 1];
		q->f[q->n - 1] = t;
	}
}

static int
random_link(struct round *c)
{
	int link = (int)chance(c, LINKS);

	for (int i = 0; i < LINKS && !c->ref.joined[link]; i++)
		link = (link + 1) % LINKS;
	return link;
}

/* The sender: one packet over random links; a fragment may get lost, or be doubled by the network. */
static void
send_packet(struct round *c)
{
	const uint32_t n = chance(c, 60) == 0 ? 1 + chance(c, 300) : 1 + chance(c, 4);
	const int64_t first = c->sent;

	c->packets++;
	for (uint32_t i = 0; i < n; i++) {
		const int64_t seq = first + i;
		const bool begin = i == 0 || chance(c, 500) == 0;
		const bool end = i == n - 1 && chance(c, 500) != 0;
		const struct frag f = {.seq = seq, .begin = begin, .end = end, .id = (uint32_t)seq};
		const int link = random_link(c);

		c->sent++;
		if ((int)chance(c, 100) >= c->loss_percent)
			queue_put(c, &c->q[link], &f);
		if ((int)chance(c, 100) < c->dup_percent)
			queue_put(c, &c->q[chance(c, 4) == 0 ? random_link(c) : link], &f);
	}
}

/* What came out, one by one: in order, each number once, its own contents, packets from B to E without a hole. */
static void
check_packet(struct round *c, unsigned n, enum reasm_out what)
{
	for (unsigned i = 0; i < n; i++) {
		CHECK(c, c->frags[i] == c->got[i].id);
		CHECK(c, c->got[i].seq > c->delivered);
		CHECK(c, i == 0 || c->got[i].seq == c->delivered + 1);
		c->delivered = c->got[i].seq;
		if (what == REASM_PACKET) {
			CHECK(c, c->got[i].begin == (i == 0));
			CHECK(c, c->got[i].end == (i == n - 1));
		}
	}
}

/* What the last fragment has completed may be taken without a look; it is what a pop would give. */
static unsigned
take_or_pop(struct round *c, enum reasm_out *what)
{
	const uint64_t packet = c->packet;

	c->packet = 0;
	if (packet == 0 || chance(c, 2) == 0)
		return reasm_pop(&c->r, c->frags, REASM_PACKET_FRAGS_MAX, what);
	*what = REASM_PACKET;
	return reasm_take_packet(&c->r, packet, c->frags);
}

/* Both pop; bunches of lost fragments may be cut differently, so that they are compared as one. Returns how many pops
 * there were. */
static int
pop_both(struct round *c)
{
	enum reasm_out what, want;
	int pops = 0;
	unsigned n;

	while ((n = take_or_pop(c, &what)) != 0) {
		unsigned got = 0;

		do {
			got += (unsigned)ref_pop(&c->ref, c->got + got, &want);
			CHECK(c, want == what);
		} while (what == REASM_LOST && got < n);
		while (got > n) { /* the reference took more of a lost bunch */
			const unsigned more = reasm_pop(&c->r, c->frags + n, REASM_PACKET_FRAGS_MAX, &what);

			CHECK(c, what == REASM_LOST && n + more <= got);
			n += more;
		}
		CHECK(c, got == n);
		check_packet(c, n, what);
		pops++;
	}
	CHECK(c, ref_pop(&c->ref, c->got, &want) == 0);
	CHECK(c, reasm_held(&c->r) == (unsigned)c->ref.n);
	CHECK(c, reasm_waiting(&c->r) == (c->ref.n != 0));
	CHECK(c, reasm_lost(&c->r) == c->ref.lost);
	return pops;
}

static void
grow(struct round *c, unsigned slots)
{
	struct reasm_deep *deep = aligned_alloc(64, reasm_deep_bytes(slots));

	memset(deep, 0xa5, reasm_deep_bytes(slots));
	free(reasm_grow(&c->r, deep, slots));
	c->ref.slots = (int)slots;
}

static void
shrink(struct round *c)
{
	struct reasm_deep *deep = reasm_shrink(&c->r);

	if (deep != NULL)
		c->ref.slots = REASM_SLOTS_MIN;
	free(deep);
}

/* The caller's part: a deeper window, or room in this one. */
static void
overrun(struct round *c, const struct frag *f)
{
	if (c->ref.slots < 1024 && chance(c, 2) == 0) {
		unsigned slots = (unsigned)c->ref.slots;

		while ((int64_t)slots <= f->seq - c->ref.next && slots < 2048)
			slots *= 2;
		if ((int64_t)slots > f->seq - c->ref.next) {
			grow(c, slots);
			return;
		}
	}
	reasm_make_room(&c->r, wrapped(c, f->seq));
	if (!c->ref.forced || f->seq - c->ref.slots > c->ref.floor)
		c->ref.floor = f->seq - c->ref.slots;
	c->ref.forced = true;
	pop_both(c);
}

/* Arming for the only number held is arming. */
static void
check_arm_first(struct round *c, uint32_t seq)
{
	struct reasm first = c->r, any = c->r;

	reasm_arm_first(&first, seq);
	reasm_arm(&any);
	CHECK(c, memcmp(&first, &any, sizeof(first)) == 0);
}

static enum reasm_verdict
insert_both(struct round *c, int link, const struct frag *f)
{
	const struct mp_view v = {.seq = wrapped(c, f->seq), .begin = f->begin, .end = f->end};
	bool reordered = false, want_reordered = false;
	const enum reasm_verdict got =
		reasm_insert_packet(&c->r, (unsigned)link, mp_word(&v), f->id, c->now_us, true, &reordered, &c->packet);
	const enum reasm_verdict want = ref_insert(&c->ref, link, f, &want_reordered);

	CHECK(c, got == want || (got == REASM_READY && want == REASM_HELD));
	CHECK(c, reordered == want_reordered);
	CHECK(c, c->packet == 0 || got == REASM_READY);
	if (got == REASM_HELD && reasm_held(&c->r) == 1)
		check_arm_first(c, v.seq);
	if (got == REASM_WHOLE) {
		CHECK(c, f->seq > c->delivered);
		c->delivered = f->seq;
	}
	return got;
}

static void
receive(struct round *c, int link)
{
	struct queue *q = &c->q[link];
	const struct frag f = q->f[0];
	enum reasm_verdict v = insert_both(c, link, &f);

	memmove(&q->f[0], &q->f[1], sizeof(q->f[0]) * (size_t)--q->n);
	c->now_us += chance(c, 1000);
	if (v == REASM_OVERRUN) {
		overrun(c, &f);
		v = insert_both(c, link, &f);
		CHECK(c, v != REASM_OVERRUN);
	}
	const int pops = pop_both(c);

	CHECK(c, pops == 0 || v == REASM_READY);
}

/* The oldest number under way. */
static int64_t
oldest_sent(const struct round *c)
{
	int64_t oldest = c->sent;

	for (int i = 0; i < LINKS; i++)
		for (int k = 0; k < c->q[i].n && k < 10; k++)
			oldest = c->q[i].f[k].seq < oldest ? c->q[i].f[k].seq : oldest;
	return oldest;
}

static void
receive_some(struct round *c)
{
	const int link = (int)chance(c, LINKS);

	if (c->q[link].n != 0)
		receive(c, link);
}

static void
join_or_leave(struct round *c)
{
	const int link = (int)chance(c, LINKS);

	if (!c->ref.joined[link]) {
		reasm_link_join(&c->r, (unsigned)link, &c->more);
		c->ref.joined[link] = true;
		c->ref.last[link] = INT64_MIN / 2;
		return;
	}
	reasm_link_leave(&c->r, (unsigned)link);
	c->ref.joined[link] = false;
	c->q[link].n = 0; /* what was under way on it is gone */
	pop_both(c);
}

static void
expire(struct round *c)
{
	if (chance(c, 2) == 0) {
		reasm_arm(&c->r);
		c->ref.mark = c->ref.n != 0 ? c->ref.held[c->ref.n - 1].seq : c->ref.next - 1;
		return;
	}
	reasm_expire(&c->r);
	if (c->ref.mark >= c->ref.next) {
		c->ref.floor = c->ref.mark;
		c->ref.forced = true;
	}
	pop_both(c);
}

static void
round_init(struct round *c, uint64_t seed)
{
	memset(c, 0, offsetof(struct round, ref.held));
	memset((char *)c + offsetof(struct round, ref.n), 0, sizeof(*c) - offsetof(struct round, ref.n));
	c->seed = seed;
	c->rng = seed * 0x9e3779b97f4a7c15ull + 1;
	chance(c, 2);
	c->bits = chance(c, 2) != 0 ? 12 : 24;
	c->ref.tolerate = chance(c, 3) == 0;
	c->ref.slots = REASM_SLOTS_MIN;
	c->loss_percent = chance(c, 2) != 0 ? (int)chance(c, 15) : 0;
	c->dup_percent = chance(c, 2) != 0 ? (int)chance(c, 15) : 0;
	c->swap_percent = chance(c, 2) != 0 ? (int)chance(c, 15) : 0;
	c->delivered = -1;
	reasm_init(&c->r, c->bits == 12, c->ref.tolerate);
}

/* Half of the rounds start near the wrap: the head is moved there by making room in the empty window. */
static void
move_near_wrap(struct round *c)
{
	const int64_t start = ((int64_t)1 << c->bits) - 1 - (int64_t)chance(c, 300);

	while (c->ref.next < start) {
		const int64_t left = start - c->ref.next;
		const int64_t n = left < 1 << (c->bits - 2) ? left : 1 << (c->bits - 2);

		reasm_make_room(&c->r, wrapped(c, c->ref.next + n + REASM_SLOTS_MIN - 1));
		c->ref.next += n;
		c->ref.lost += (uint32_t)n;
	}
	c->sent = c->ref.next;
	c->delivered = c->ref.mark = c->ref.next - 1;
}

static void
round_run(struct round *c)
{
	const int links = 1 + (int)chance(c, LINKS);

	if (chance(c, 2) != 0)
		move_near_wrap(c);
	c->ref.mark = c->ref.next - 1;
	for (int i = 0; i < links; i++) {
		reasm_link_join(&c->r, (unsigned)i, &c->more);
		c->ref.joined[i] = true;
		c->ref.last[i] = INT64_MIN / 2;
	}
	for (int step = 0; step < STEPS; step++) {
		const uint32_t what = chance(c, 1000);

		if (what < 300 && c->sent - oldest_sent(c) < BEHIND_MAX - 300)
			send_packet(c);
		else if (what < 980)
			receive_some(c);
		else if (what < 990)
			expire(c);
		else if (what < 995)
			join_or_leave(c);
		else
			shrink(c);
	}
}

/* Everything left arrives, then the deadline passes twice: nothing may stay behind. */
static void
round_finish(struct round *c)
{
	for (int link = 0; link < LINKS; link++)
		while (c->q[link].n != 0)
			receive(c, link);
	reasm_arm(&c->r);
	c->ref.mark = c->ref.n != 0 ? c->ref.held[c->ref.n - 1].seq : c->ref.next - 1;
	reasm_expire(&c->r);
	if (c->ref.mark >= c->ref.next) {
		c->ref.floor = c->ref.mark;
		c->ref.forced = true;
	}
	pop_both(c);
	CHECK(c, reasm_held(&c->r) == 0);
	shrink(c);
	CHECK(c, reasm_slots(&c->r) == REASM_SLOTS_MIN);
}

static void
random_interleavings_match_a_naive_list(void **state)
{
	const char *only = getenv("REASM_SEED");
	const uint64_t first = only != NULL ? strtoull(only, NULL, 10) : 1;
	struct round *c = malloc(sizeof(*c));

	(void)state;
	for (uint64_t seed = first; seed < first + (only != NULL ? 1 : ROUNDS); seed++) {
		round_init(c, seed);
		round_run(c);
		round_finish(c);
	}
	free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_interleavings_match_a_naive_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
