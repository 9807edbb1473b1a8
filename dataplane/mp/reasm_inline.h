/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_MP_REASM_INLINE_H
#define DATAPLANE_MP_REASM_INLINE_H

#include "dataplane/mp/reasm.h"
#include "dataplane/mp/seq.h"

/* The short path of the receive window: at most two links, 64 slots, nothing unusual. It only tells that a case is
 * usual and handles that; reasm.c handles every case, and explains the algorithm. Rotating a map right by `next`
 * puts the head of the window at bit 0, so that distances are bit numbers. */

enum { REASM_SLACK_PER_LINK = 16 }; /* numbers that in-link reorder may span, per link (tolerate) */

enum reasm_verdict reasm_insert_slow(
	struct reasm *r, unsigned link, const struct mp_view *f, void *cookie, uint32_t now_us, bool *reordered);
unsigned reasm_pop_slow(struct reasm *r, void *frags[], unsigned cap, enum reasm_out *out);
void reasm_refresh_old(struct reasm *r, uint32_t n);
void reasm_arm_deep(struct reasm *r);
void reasm_probe_open(struct reasm *r, uint32_t seq, uint32_t now_us);
void reasm_probe_close(struct reasm *r, unsigned link, uint32_t now_us);

static inline unsigned
reasm_bits(const struct reasm *r)
{
	return r->short_seq ? MP_SHORT_BITS : MP_LONG_BITS;
}

/* Distance behind `next` at which a remembered number is no longer let fall further back. */
static inline unsigned
reasm_old_shift(const struct reasm *r)
{
	return r->short_seq ? 10 : 15;
}

static inline uint64_t
reasm_rotate_right(uint64_t map, unsigned n)
{
	return map >> (n & 63) | map << (-n & 63);
}

/* Moves the head by n. Called for all n numbers delivered or given up at once. */
static inline void
reasm_advance(struct reasm *r, uint32_t n)
{
	const uint32_t next = seq_add(r->next, n, reasm_bits(r));
	const unsigned shift = reasm_old_shift(r);

	if (__builtin_expect(((next ^ r->next) | n) >> shift != 0, 0))
		reasm_refresh_old(r, n);
	r->next = next;
}

/* Distance of M from the head, links 0 and 1. */
static inline int32_t
reasm_edge_of_two(const struct reasm *r)
{
	const unsigned bits = reasm_bits(r);
	const int32_t a = r->joined & 1 ? seq_diff(r->last[0], r->next, bits) : INT32_MAX;
	const int32_t b = r->joined & 2 ? seq_diff(r->last[1], r->next, bits) : INT32_MAX;
	const int32_t edge = a < b ? a : b;

	return r->tolerate ? edge - REASM_SLACK_PER_LINK * (r->joined == 3 ? 2 : 1) : edge;
}

/* The run of held numbers that begins at the head, as ones from bit 0 up. */
static inline uint64_t
reasm_head_run(const struct reasm *r)
{
	const uint64_t p = reasm_rotate_right(r->present, r->next);

	return p & ~(p + 1);
}

/* Is there something to pop? The run must begin with its only B, hold no E, and end at a number that may still
 * come. */
static inline bool
reasm_head_ready(const struct reasm *r, uint64_t run)
{
	const uint64_t begins = reasm_rotate_right(r->begin, r->next) & run;
	const uint64_t ends = reasm_rotate_right(r->end, r->next) & run;
	const int32_t edge = reasm_edge_of_two(r);

	return ends != 0 || begins != (run & 1) || (edge >= 0 && (edge > 63 || !(run >> edge & 1))) || r->forced;
}

/* Room for the fragment in a plain window, on a joined link, newer than the last one there, its slot free. */
static inline bool
reasm_is_usual(const struct reasm *r, unsigned link, uint32_t seq, int32_t ahead)
{
	return !(r->has_more | r->has_deep) && (uint32_t)ahead < REASM_SLOTS_MIN && link < 2 &&
		(r->joined >> link & 1) && ahead > seq_diff(r->last[link], r->next, reasm_bits(r)) &&
		!(r->present >> (seq & 63) & 1);
}

/* A number that is the newest and whose predecessor is missing opens a gap; whose fault it is shows when it
 * closes. */
static inline void
reasm_probe(struct reasm *r, unsigned link, uint32_t seq, int32_t ahead, uint32_t now_us)
{
	if (r->probing && r->probe == seq)
		reasm_probe_close(r, link, now_us);
	else if (ahead > 0 && reasm_rotate_right(r->present, r->next) >> (ahead - 1) == 0)
		reasm_probe_open(r, seq, now_us);
}

static inline enum reasm_verdict
reasm_insert(struct reasm *r, unsigned link, const struct mp_view *f, void *cookie, uint32_t now_us, bool *reordered)
{
	const int32_t ahead = seq_diff(f->seq, r->next, reasm_bits(r));
	const unsigned pos = f->seq & 63;

	if (__builtin_expect(!reasm_is_usual(r, link, f->seq, ahead), 0))
		return reasm_insert_slow(r, link, f, cookie, now_us, reordered);
	if (reordered != NULL)
		*reordered = false;
	r->last[link] = f->seq;
	r->stray = 0;
	if (ahead == 0 && r->present == 0 && f->begin && f->end && !r->forced) {
		reasm_advance(r, 1);
		return REASM_WHOLE;
	}
	reasm_probe(r, link, f->seq, ahead, now_us);
	r->store.slots[pos] = cookie;
	r->present |= UINT64_C(1) << pos;
	r->begin |= (uint64_t)f->begin << pos;
	r->end |= (uint64_t)f->end << pos;
	return reasm_head_ready(r, reasm_head_run(r)) ? REASM_READY : REASM_HELD;
}

/* Takes the packet of the numbers `mask` (ones from bit 0 up, seen from the head). */
static inline unsigned
reasm_take(struct reasm *r, uint64_t mask, void *frags[])
{
	const unsigned n = (unsigned)__builtin_popcountll(mask);
	const uint64_t keep = ~reasm_rotate_right(mask, -r->next);

	for (unsigned i = 0; i < n; i++)
		frags[i] = r->store.slots[(r->next + i) & 63];
	r->present &= keep;
	r->begin &= keep;
	r->end &= keep;
	reasm_advance(r, n);
	return n;
}

static inline unsigned
reasm_pop(struct reasm *r, void *frags[], unsigned cap, enum reasm_out *out)
{
	*out = REASM_NONE;
	if (__builtin_expect(r->has_more | r->has_deep | r->forced, 0))
		return reasm_pop_slow(r, frags, cap, out);
	if (r->present == 0)
		return 0;

	const uint64_t run = reasm_head_run(r);
	const uint64_t ends = reasm_rotate_right(r->end, r->next) & run;
	const uint64_t packet = ends ^ (ends - 1); /* up to the first E */

	if (ends != 0 && (reasm_rotate_right(r->begin, r->next) & packet) == 1) {
		*out = REASM_PACKET;
		return reasm_take(r, packet, frags);
	}
	return reasm_head_ready(r, run) ? reasm_pop_slow(r, frags, cap, out) : 0;
}

static inline bool
reasm_lag(struct reasm *r, unsigned *link, uint32_t *lag_us)
{
	if (!r->lag_ready)
		return false;
	*link = r->probe;
	*lag_us = r->probe_us;
	r->lag_ready = false;
	return true;
}

static inline uint32_t
reasm_lost(const struct reasm *r)
{
	return r->lost;
}

/* The newest number held is the highest bit of the map seen from the head; the one before the head when nothing is held. */
static inline void
reasm_arm(struct reasm *r)
{
	const uint64_t held = reasm_rotate_right(r->present, r->next);

	if (__builtin_expect(r->has_deep, 0))
		reasm_arm_deep(r);
	else
		r->mark = seq_add(r->next, held == 0 ? UINT32_MAX : 63u - (unsigned)__builtin_clzll(held), reasm_bits(r)) & 0xffffff;
}

static inline bool
reasm_outlived(const struct reasm *r)
{
	return seq_diff(r->mark, r->next, reasm_bits(r)) < 0;
}

static inline bool
reasm_waiting(const struct reasm *r)
{
	return r->has_deep ? r->store.deep->held != 0 : r->present != 0;
}

#endif
