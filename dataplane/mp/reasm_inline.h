/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_MP_REASM_INLINE_H
#define DATAPLANE_MP_REASM_INLINE_H

#include "dataplane/mp/reasm.h"
#include "dataplane/mp/seq.h"

/* The short path of the receive window: nothing unusual. It only tells that a case is usual and handles that; reasm.c handles every case,
 * and explains the algorithm. It sees the 64 numbers from the head on as bits from 0 up, so that distances are bit numbers. One body, made
 * for each shape of window by constants. */

enum { REASM_SLACK_PER_LINK = 16 }; /* numbers that in-link reorder may span, per link (tolerate) */

enum reasm_verdict reasm_insert_slow(
	struct reasm *r, unsigned link, uint32_t mp, reasm_ref ref, uint32_t now_us, bool probe, bool *reordered);
unsigned reasm_pop_slow(struct reasm *r, reasm_ref frags[], unsigned cap, enum reasm_out *out);
bool reasm_ready_slow(struct reasm *r);
bool reasm_is_newest(struct reasm *r, uint32_t seq);
void reasm_refresh_old(struct reasm *r, uint32_t n);
void reasm_arm_deep(struct reasm *r);
void reasm_probe_open(struct reasm *r, unsigned link, uint32_t seq, uint32_t now_us);
void reasm_probe_close(struct reasm *r, unsigned link, uint32_t now_us);

#define REASM_USUAL(x) __builtin_expect(!!(x), 1)
#define REASM_RARE(x) __builtin_expect(!!(x), 0)
#define REASM_BODY static inline __attribute__((always_inline)) /* specialised by its last arguments */

/* What is known of a window before it is looked at. */
enum reasm_shape {
	REASM_PLAIN, /* strict, long numbers, 64 slots, the first two links have joined */
	REASM_SMALL, /* 64 slots, long numbers */
	REASM_SHORT, /* 64 slots, short numbers */
	REASM_DEEP,
};

static inline unsigned
reasm_bits(const struct reasm *r)
{
	return r->short_seq ? MP_SHORT_BITS : MP_LONG_BITS;
}

/* Distance behind `next` at which a remembered number is no longer let fall further back. */
static inline unsigned
reasm_old_shift(const unsigned bits)
{
	return bits == MP_SHORT_BITS ? 10 : 15;
}

static inline int32_t
reasm_distance(const struct reasm *r, uint32_t seq, const unsigned bits)
{
	return seq_diff(seq, r->next, bits);
}

/* Moves the head by n. Called for all n numbers delivered or given up at once. */
static inline void
reasm_advance(struct reasm *r, uint32_t n, const unsigned bits)
{
	const uint32_t next = seq_add(r->next, n, bits);

	if (REASM_RARE(((next ^ r->next) | n) >> reasm_old_shift(bits) != 0))
		reasm_refresh_old(r, n);
	r->next = next;
}

/* ------------------------------------------------------------------ maps and slots */

REASM_BODY unsigned
reasm_bits_of(const struct reasm *r, const enum reasm_shape shape)
{
	return shape == REASM_DEEP ? reasm_bits(r) : shape == REASM_SHORT ? MP_SHORT_BITS : MP_LONG_BITS;
}

/* Number of slots, less one. */
REASM_BODY uint32_t
reasm_mask(const struct reasm *r, const bool deep)
{
	return deep ? (2u * REASM_SLOTS_MIN << r->slots_log2) - 1 : REASM_SLOTS_MIN - 1;
}

/* The map with the bit of number seq. */
REASM_BODY struct reasm_map *
reasm_map_of(struct reasm *r, uint32_t seq, const bool deep)
{
	return deep ? &r->deep.at->maps[(seq & reasm_mask(r, true)) / 64] : &r->map;
}

static inline reasm_ref *
reasm_home_slots(struct reasm *r)
{
	return (reasm_ref *)(void *)((uint8_t *)r + REASM_SLOTS_AT);
}

REASM_BODY reasm_ref *
reasm_slots_at(struct reasm *r, const enum reasm_shape shape)
{
	if (shape == REASM_DEEP)
		return (reasm_ref *)(void *)(r->deep.at->maps + (reasm_mask(r, true) + 1) / 64);
	return reasm_home_slots(r);
}

static inline uint64_t
reasm_rotate_right(uint64_t map, unsigned n)
{
	return map >> (n & 63) | map << (-n & 63);
}

/* 64 bits from bit n of two words on; a small window's are the same word. */
REASM_BODY uint64_t
reasm_look(uint64_t low, uint64_t high, unsigned n, const bool deep)
{
	return deep ? low >> n | high << 1 << (63 - n) : reasm_rotate_right(low, n);
}

/* The 64 numbers from the head on. */
REASM_BODY struct reasm_map
reasm_head(struct reasm *r, const bool deep)
{
	const struct reasm_map *low = reasm_map_of(r, r->next, deep), *high = reasm_map_of(r, r->next + 64, deep);
	const unsigned n = r->next & 63;

	return (struct reasm_map){
		reasm_look(low->present, high->present, n, deep),
		reasm_look(low->begin, high->begin, n, deep),
		reasm_look(low->end, high->end, n, deep),
	};
}

/* Bits of the `packet` (ones from bit 0 up, seen from the head) leave the maps. */
REASM_BODY void
reasm_clear(struct reasm *r, uint64_t packet, const bool deep)
{
	struct reasm_map *low = reasm_map_of(r, r->next, deep), *high = reasm_map_of(r, r->next + 64, deep);
	const unsigned at = r->next & 63;
	const uint64_t keep = deep ? ~(packet << at) : ~reasm_rotate_right(packet, -r->next);
	const uint64_t keep_high = ~(packet >> 1 >> (63 - at));

	low->present &= keep;
	low->begin &= keep;
	low->end &= keep;
	if (!deep)
		return;
	high->present &= keep_high;
	high->begin &= keep_high;
	high->end &= keep_high;
}

REASM_BODY unsigned
reasm_take(struct reasm *r, uint64_t packet, reasm_ref frags[], const enum reasm_shape shape)
{
	const bool deep = shape == REASM_DEEP;
	const unsigned n = 64 - (unsigned)__builtin_clzll(packet);
	const uint32_t next = r->next, mask = reasm_mask(r, deep);
	const reasm_ref *slots = reasm_slots_at(r, shape);

	for (unsigned i = 0; i < n; i++)
		frags[i] = slots[(next + i) & mask];
	reasm_clear(r, packet, deep);
	if (deep)
		r->deep.held -= n;
	reasm_advance(r, n, reasm_bits_of(r, shape));
	return n;
}

/* ------------------------------------------------------------------ links */

/* Where the last number of a link is kept, joined or not; NULL: nowhere. */
static inline uint32_t *
reasm_place(struct reasm *r, unsigned link)
{
	if (REASM_RARE(link >= (r->has_more ? REASM_LINKS_MAX : 2)))
		return NULL;
	return link < 2 ? &r->last[link] : &r->more->last_more[link - 2];
}

/* The same of a joined link. shape: REASM_PLAIN knows that the first two are. */
REASM_BODY uint32_t *
reasm_last(struct reasm *r, unsigned link, const enum reasm_shape shape)
{
	uint32_t *last = reasm_place(r, link);

	if (last == NULL || *last == REASM_APART || (shape != REASM_PLAIN && link < 2 && !(r->joined >> link & 1)))
		return NULL;
	return last;
}

static inline int32_t
reasm_min(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

/* Without a branch: that all are looked at costs less than to know which. */
static inline int32_t
reasm_edge_of_more(const struct reasm *r, const unsigned bits)
{
	const struct reasm_more *m = r->more;
	int32_t edge = INT32_MAX;

	for (unsigned i = 0; i < m->n; i++)
		edge = reasm_min(
			edge, m->last_more[i] == REASM_APART ? INT32_MAX : reasm_distance(r, m->last_more[i], bits));
	return edge;
}

static inline unsigned
reasm_links_of_more(const struct reasm *r)
{
	const struct reasm_more *m = r->more;
	unsigned n = 0;

	for (unsigned i = 0; i < m->n; i++)
		n += m->last_more[i] != REASM_APART;
	return n;
}

static inline int32_t
reasm_slack(const struct reasm *r)
{
	const unsigned links = (r->joined & 1u) + (r->joined >> 1) + (r->has_more ? reasm_links_of_more(r) : 0);
	const int32_t half = (int32_t)(reasm_mask(r, r->has_deep) + 1) / 2;

	return reasm_min((int32_t)(REASM_SLACK_PER_LINK * links), half);
}

/* Distance of the least of the last numbers from the head. Without links nothing can arrive any more: beyond everything. */
static inline int32_t
reasm_least_last(const struct reasm *r, const unsigned bits)
{
	const int32_t a = r->joined & 1 ? reasm_distance(r, r->last[0], bits) : INT32_MAX;
	const int32_t b = r->joined & 2 ? reasm_distance(r, r->last[1], bits) : INT32_MAX;
	const int32_t least = reasm_min(a, b);

	return r->has_more ? reasm_min(least, reasm_edge_of_more(r, bits)) : least;
}

/* Distance of M from the head: of what is given up, where in-link reorder is tolerated. */
static inline int32_t
reasm_edge(const struct reasm *r, const unsigned bits)
{
	const int32_t edge = reasm_least_last(r, bits);

	return r->tolerate ? edge - reasm_slack(r) : edge;
}

/* While nothing is forced the floor is free to remember M: see reasm_edge_moved(). */
static inline void
reasm_note_edge(struct reasm *r, const unsigned bits)
{
	const int32_t edge = reasm_least_last(r, bits);

	if (!r->forced && edge != INT32_MAX)
		r->floor = seq_add(r->next, (uint32_t)edge, bits) & 0xffffff;
}

/* M of the first two links of a plain window. Their last numbers are so close together that they can be compared without the head. */
static inline uint32_t
reasm_edge_plain(const struct reasm *r)
{
	return seq_diff(r->last[0], r->last[1], MP_LONG_BITS) < 0 ? r->last[0] : r->last[1];
}

/* Has the edge come to what is missing behind the run? */
static inline bool
reasm_is_passed(uint64_t run, int32_t edge)
{
	return edge >= 0 && (edge > 63 || !(run >> edge & 1));
}

/* Is what is missing behind the run not newer than M? The first two links mostly know that it is not. */
REASM_BODY bool
reasm_is_lost(const struct reasm *r, uint64_t run, const enum reasm_shape shape)
{
	if (shape != REASM_PLAIN)
		return reasm_is_passed(run, reasm_edge(r, reasm_bits_of(r, shape)));
	if (!reasm_is_passed(run, reasm_distance(r, reasm_edge_plain(r), MP_LONG_BITS)))
		return false;
	return !r->has_more || reasm_is_passed(run, reasm_edge_of_more(r, MP_LONG_BITS));
}

/* ------------------------------------------------------------------ fragments in and out */

/* The packet that the head is, as ones from bit 0 up to its E; 0: none. run: of ones from bit 0 up, what is held there. */
REASM_BODY uint64_t
reasm_head_packet(const struct reasm_map *head, uint64_t run)
{
	const uint64_t ends = head->end & run, packet = ends ^ (ends - 1); /* up to the first E */

	return ends != 0 && (head->begin & packet) == 1 ? packet : 0;
}

/* Is there something to pop? What is held from the head on must begin with its only B, hold no E, and end at a number that may still come. */
REASM_BODY bool
reasm_head_ready(struct reasm *r, const struct reasm_map *head, uint64_t run, const enum reasm_shape shape)
{
	if ((head->end & run) != 0 || (head->begin & run) != (run & 1))
		return true;
	if (shape == REASM_DEEP && REASM_RARE(~run == 0))
		return reasm_ready_slow(r);
	return reasm_is_lost(r, run, shape);
}

/* A number that is the newest and whose predecessor is missing opens a gap; whose fault it is shows when it closes. */
REASM_BODY void
reasm_probe(struct reasm *r, unsigned link, uint32_t seq, int32_t ahead, uint32_t now_us, bool probe, const bool deep)
{
	if (REASM_RARE(r->probing && r->probe == seq))
		reasm_probe_close(r, link, now_us);
	else if (probe && ahead > 0 && !(reasm_map_of(r, seq - 1, deep)->present >> ((seq - 1) & 63) & 1) &&
		reasm_is_newest(r, seq))
		reasm_probe_open(r, link, seq, now_us);
}

/* The number is newer than the last one of its link, which is in *last. */
REASM_BODY bool
reasm_is_newer(const struct reasm *r, uint32_t seq, int32_t ahead, const uint32_t *last, const enum reasm_shape shape)
{
	if (shape == REASM_PLAIN)
		return last != NULL && seq_diff(seq, *last, MP_LONG_BITS) > 0;
	return last != NULL && ahead > reasm_distance(r, *last, reasm_bits_of(r, shape));
}

REASM_BODY enum reasm_verdict
reasm_insert_usual(struct reasm *r, unsigned link, uint32_t mp, reasm_ref ref, uint32_t now_us, bool probe,
	bool *reordered, uint64_t *packet, const enum reasm_shape shape)
{
	const bool deep = shape == REASM_DEEP;
	const uint32_t seq = mp_seq(mp);
	const unsigned bits = reasm_bits_of(r, shape), at = seq & 63;
	struct reasm_map *map = reasm_map_of(r, seq, deep), head;
	const int32_t ahead = reasm_distance(r, seq, bits);
	uint32_t *last = reasm_last(r, link, shape);
	uint64_t run;

	if (REASM_RARE((uint32_t)ahead > reasm_mask(r, deep) || !reasm_is_newer(r, seq, ahead, last, shape) ||
		    (map->present >> at & 1)))
		return reasm_insert_slow(r, link, mp, ref, now_us, probe, reordered);
	*last = seq;
	r->stray = 0;
	if ((mp & (MP_BEGIN | MP_END)) == (MP_BEGIN | MP_END)) {
		if (((uint32_t)ahead | r->map.present) == 0) {
			reasm_advance(r, 1, bits);
			return REASM_WHOLE;
		}
	}
	if (REASM_RARE(r->probing | probe))
		reasm_probe(r, link, seq, ahead, now_us, probe, deep);
	reasm_slots_at(r, shape)[seq & reasm_mask(r, deep)] = ref;
	map->present |= UINT64_C(1) << at;
	map->begin |= (uint64_t)(mp >> 31) << at;
	map->end |= (uint64_t)(mp >> 30 & 1) << at;
	if (deep)
		r->deep.held++;
	head = reasm_head(r, deep);
	run = head.present & ~(head.present + 1);
	*packet = reasm_head_packet(&head, run);
	return *packet != 0 || reasm_head_ready(r, &head, run, shape) ? REASM_READY : REASM_HELD;
}

/* A plain window that nothing has to leave: what nearly every fragment finds. */
static inline bool
reasm_is_plain(const struct reasm *r)
{
	const struct reasm all = {.forced = 1, .short_seq = 1, .tolerate = 1, .has_deep = 1, .joined = 3};
	const struct reasm plain = {.joined = 3};

	return REASM_USUAL((r->kind & all.kind) == plain.kind);
}

static __attribute__((noinline)) enum reasm_verdict
reasm_insert_other(struct reasm *r, unsigned link, uint32_t mp, reasm_ref ref, uint32_t now_us, bool probe,
	bool *reordered, uint64_t *packet)
{
	if (r->forced)
		return reasm_insert_slow(r, link, mp, ref, now_us, probe, reordered);
	if (r->has_deep)
		return reasm_insert_usual(r, link, mp, ref, now_us, probe, reordered, packet, REASM_DEEP);
	if (r->short_seq)
		return reasm_insert_usual(r, link, mp, ref, now_us, probe, reordered, packet, REASM_SHORT);
	return reasm_insert_usual(r, link, mp, ref, now_us, probe, reordered, packet, REASM_SMALL);
}

REASM_BODY enum reasm_verdict
reasm_insert_packet(struct reasm *r, unsigned link, uint32_t mp, reasm_ref ref, uint32_t now_us, bool probe,
	bool *reordered, uint64_t *packet)
{
	*reordered = false;
	*packet = 0;
	if (reasm_is_plain(r))
		return reasm_insert_usual(r, link, mp, ref, now_us, probe, reordered, packet, REASM_PLAIN);
	return reasm_insert_other(r, link, mp, ref, now_us, probe, reordered, packet);
}

static inline enum reasm_verdict
reasm_insert(struct reasm *r, unsigned link, const struct mp_view *f, reasm_ref ref, uint32_t now_us, bool probe,
	bool *reordered)
{
	uint64_t packet;

	return reasm_insert_packet(r, link, mp_word(f), ref, now_us, probe, reordered, &packet);
}

REASM_BODY unsigned
reasm_take_packet(struct reasm *r, uint64_t packet, reasm_ref frags[])
{
	if (reasm_is_plain(r))
		return reasm_take(r, packet, frags, REASM_PLAIN);
	if (r->has_deep)
		return reasm_take(r, packet, frags, REASM_DEEP);
	return reasm_take(r, packet, frags, r->short_seq ? REASM_SHORT : REASM_SMALL);
}

REASM_BODY unsigned
reasm_pop_usual(struct reasm *r, reasm_ref frags[], unsigned cap, enum reasm_out *out, const enum reasm_shape shape)
{
	const struct reasm_map head = reasm_head(r, shape == REASM_DEEP);
	const uint64_t run = head.present & ~(head.present + 1), packet = reasm_head_packet(&head, run);

	if (REASM_USUAL(packet != 0)) {
		*out = REASM_PACKET;
		return reasm_take(r, packet, frags, shape);
	}
	return reasm_head_ready(r, &head, run, shape) ? reasm_pop_slow(r, frags, cap, out) : 0;
}

REASM_BODY unsigned
reasm_pop(struct reasm *r, reasm_ref frags[], unsigned cap, enum reasm_out *out)
{
	*out = REASM_NONE;
	if (REASM_RARE(r->forced))
		return reasm_pop_slow(r, frags, cap, out);
	if (r->map.present == 0)
		return 0;
	if (reasm_is_plain(r))
		return reasm_pop_usual(r, frags, cap, out, REASM_PLAIN);
	if (r->has_deep)
		return reasm_pop_usual(r, frags, cap, out, REASM_DEEP);
	return reasm_pop_usual(r, frags, cap, out, r->short_seq ? REASM_SHORT : REASM_SMALL);
}

/* What the fragment with this number needs of the window, but for the last numbers of further links, which are asked for by who knows his
 * burst. By force: compilers take a function that only prefetches for one without effects, and leave out its calls. */
REASM_BODY void
reasm_prefetch(struct reasm *r, uint32_t seq)
{
	if (REASM_USUAL(!r->has_deep)) {
		__builtin_prefetch(reasm_home_slots(r) + seq % REASM_SLOTS_MIN);
		return;
	}
	__builtin_prefetch(reasm_map_of(r, seq, true));
	__builtin_prefetch(reasm_map_of(r, r->next, true));
	__builtin_prefetch(reasm_slots_at(r, REASM_DEEP) + (seq & reasm_mask(r, true)));
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

static inline unsigned
reasm_lag_against(const struct reasm *r)
{
	return r->against;
}

static inline uint32_t
reasm_lost(const struct reasm *r)
{
	return r->lost;
}

/* The newest number held is the highest bit of the map seen from the head; the one before the head when nothing is held. */
REASM_BODY void
reasm_arm_usual(struct reasm *r, const unsigned bits)
{
	const uint64_t held = reasm_rotate_right(r->map.present, r->next);
	const uint32_t ahead = held == 0 ? UINT32_MAX : 63u - (unsigned)__builtin_clzll(held);

	r->mark = seq_add(r->next, ahead, bits) & 0xffffff;
	reasm_note_edge(r, bits);
}

static inline void
reasm_arm_first(struct reasm *r, uint32_t seq)
{
	r->mark = seq & 0xffffff;
	if (reasm_is_plain(r) && !r->has_more)
		r->floor = reasm_edge_plain(r) & 0xffffff;
	else
		reasm_note_edge(r, reasm_bits(r));
}

static inline void
reasm_arm(struct reasm *r)
{
	if (REASM_USUAL(!r->has_deep && !r->short_seq)) {
		reasm_arm_usual(r, MP_LONG_BITS);
	} else if (!r->has_deep) {
		reasm_arm_usual(r, MP_SHORT_BITS);
	} else {
		reasm_arm_deep(r);
		reasm_note_edge(r, reasm_bits(r));
	}
}

static inline bool
reasm_outlived(const struct reasm *r)
{
	if (REASM_USUAL(!r->short_seq))
		return reasm_distance(r, r->mark, MP_LONG_BITS) < 0;
	return reasm_distance(r, r->mark, MP_SHORT_BITS) < 0;
}

static inline bool
reasm_waiting(const struct reasm *r)
{
	return r->map.present != 0; /* or deep.held */
}

#endif
