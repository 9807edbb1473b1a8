/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/mp/reasm.h"

#include <string.h>

/* How the receive window works (RFC 1990 section 4.1)
 *
 * The sender numbers the fragments of a whole bundle on one circle and sends them over several links. Each link
 * keeps the order of what it carries, but links differ in delay, so numbers arrive out of order between links. We
 * want packets out in order, at once when possible, and want to know soon when a number is never going to arrive.
 *
 * The window is a ring of slots that begins at `next`, the oldest number neither delivered nor given up: the head.
 * Three bit maps say for each slot whether a fragment is held, begins a packet (B), ends one (E). All questions
 * are questions about the head, so nothing is ever searched beyond the run of held numbers that starts there:
 *
 *   run       how many numbers from the head on are held without a hole; the number after them is the first one
 *             missing.
 *   packet    the run starts with B, has an E, and no other B before that E: deliver it, move the head behind it.
 *   broken    the run does not start with B (its beginning was given up), or a second B comes before an E (the
 *             sender's mistake), or it is longer than a packet may be: what cannot become a packet is yielded as
 *             lost.
 *   gap       the run is empty: numbers are missing at the head. Those not newer than the lower edge M are given
 *             up.
 *   cut off   the run has no E and the number after it is not newer than M: it will never be completed; yielded as
 *             lost.
 *   wait      otherwise. Only then does a fragment stay in the window.
 *
 * M is the minimum over the links of the last number received on each. Numbers rise on each link, so every link
 * has gone past M, and a number up to M that is missing was lost (section 4.1). M is worked out when it is needed,
 * as distance from the head: each link's last number is kept, so nothing has to be scanned when one of them moves,
 * and a loss costs no more than a look.
 *
 * M alone stalls when a link falls silent. So there is a second edge, `floor`, the hard one: everything up to it
 * has to leave, delivered if complete, lost if not, whatever may still arrive. reasm_expire() sets it to the
 * newest number held when the deadline was armed (`mark`), reasm_make_room() to what no longer fits. It is in
 * force (`forced`) until the pops have carried the head past it. The difference matters at the tail: the first
 * half of a packet whose second half was lost waits for a number that nobody knows to be missing; M never catches
 * it, the floor does.
 *
 * A deadline cannot tell a link that is silent from one that is later than ever before. M can: while it moves, the links that hold it
 * back are heard, and it will reach every missing number. reasm_edge_moved() lets the caller put the deadline off for that reason;
 * where M was when it was armed is kept in `floor`, which nothing else needs then.
 *
 * A network may break the order inside a link. Strict bundles drop what comes out of order; tolerant
 * ones keep what still has its place, and to leave it a place they take M less a slack of some numbers per link.
 *
 * Numbers are compared as signed distances from the head, and only there, because the circle has no other fixed
 * point. For that a remembered number (last ones, mark, probe) must not fall half a circle behind while its link
 * is idle; reasm_refresh_old() lifts those that are old, at every 1024th number (short) or 32768th (long). For what
 * they are used, old is old.
 *
 * Recovery. A jump forward over less than half the circle is an overrun: the caller grows the window or makes
 * room, and goes on. A longer one (thousands of short numbers lost in an outage, a peer that started again from 0)
 * looks like the past, and every fragment would be late for up to half a circle. What tells it from real lateness
 * is that real lateness does not go far backward on its own link. After REASM_STRAYS fragments that did, with none
 * accepted in between and nothing held, the window starts anew at the last of them.
 *
 * Invariants between calls, besides those in reasm.h:
 *   - begin and end are subsets of present, and all set bits stand for numbers in [next, next + slots);
 *   - every last number is at least (head - 2 * 2^old_shift) and below head + slots, and if not older than the
 *     head, it is held;
 *   - while forced, the next pop may yield something; after reasm_pop() returned 0 the head has passed the floor;
 *   - what is held in a deep window is counted where the first map of a small one lies. */

enum {
	REASM_STRAYS = 64,
	REASM_STRAY_BACK = 128,       /* numbers; what is backward by less is reorder, or heals by itself as soon */
	REASM_PROBE_MAX_US = 1000000, /* a probe that was not answered by then is not going to be */
};

/* Both kinds of window, seen alike. */
struct view {
	struct reasm_map *maps;
	reasm_ref *slots;
	uint32_t mask;
};

/* Which of the maps, as its place in struct reasm_map. */
enum which { PRESENT, BEGIN, END, MAPS };
_Static_assert(sizeof(struct reasm_map) == MAPS * sizeof(uint64_t), "three words in this order");

static struct view
deep_view(struct reasm_deep *d, uint32_t slots)
{
	return (struct view){d->maps, (reasm_ref *)(void *)(d->maps + slots / 64), slots - 1};
}

static struct view
view(struct reasm *r)
{
	if (r->has_deep)
		return deep_view(r->deep.at, reasm_mask(r, true) + 1);
	return (struct view){&r->map, reasm_home_slots(r), REASM_SLOTS_MIN - 1};
}

unsigned
reasm_slots(const struct reasm *r)
{
	return reasm_mask(r, r->has_deep) + 1;
}

/* Maps as rings of words. */

static uint64_t *
map_word(const struct view *v, enum which which, uint32_t at)
{
	return &v->maps[at / 64].present + which;
}

/* Distance from number `from` to the first bit that is set (flip 0) or clear (flip ~0); limit when there is none
 * before. */
static uint32_t
map_first(const struct view *v, enum which which, uint32_t from, uint32_t limit, uint64_t flip)
{
	for (uint32_t done = 0; done < limit;) {
		const uint32_t at = (from + done) & v->mask;
		const uint64_t bits = (*map_word(v, which, at) ^ flip) >> (at & 63);

		if (bits != 0) {
			done += (uint32_t)__builtin_ctzll(bits);
			return done < limit ? done : limit;
		}
		done += 64 - (at & 63);
	}
	return limit;
}

/* One more than the distance to the last number held before `from + limit`, 0 when there is none. */
static uint32_t
map_last(const struct view *v, uint32_t from, uint32_t limit)
{
	while (limit > 0) {
		const uint32_t at = (from + limit - 1) & v->mask;
		const uint64_t bits = v->maps[at / 64].present << (63 - (at & 63));
		const uint32_t skip = bits != 0 ? (uint32_t)__builtin_clzll(bits) : (at & 63) + 1;

		if (skip >= limit)
			return 0;
		limit -= skip;
		if (bits != 0)
			return limit;
	}
	return 0;
}

static void
maps_clear(const struct view *v, uint32_t from, uint32_t n)
{
	while (n > 0) {
		const uint32_t at = from & v->mask;
		const uint32_t room = 64 - (at & 63);
		const uint32_t now = n < room ? n : room;
		const uint64_t keep = ~(~UINT64_C(0) >> (64 - now) << (at & 63));

		v->maps[at / 64].present &= keep;
		v->maps[at / 64].begin &= keep;
		v->maps[at / 64].end &= keep;
		from += now;
		n -= now;
	}
}

static void
map_put(const struct view *v, enum which which, uint32_t at, bool value)
{
	*map_word(v, which, at) |= (uint64_t)value << (at & 63);
}

static bool
map_has(const struct view *v, enum which which, uint32_t at)
{
	return *map_word(v, which, at) >> (at & 63) & 1;
}

/* Links. */

static uint32_t
joined_links(const struct reasm *r)
{
	uint32_t links = r->joined;

	for (unsigned i = 0; r->has_more && i < r->more->n; i++)
		links |= (uint32_t)(r->more->last_more[i] != REASM_APART) << (i + 2);
	return links;
}

static int32_t
distance(const struct reasm *r, uint32_t seq)
{
	return reasm_distance(r, seq, reasm_bits(r));
}

/* The number that stands for everything old. */
static uint32_t
oldest(const struct reasm *r)
{
	return seq_add(r->next, -(1u << reasm_old_shift(reasm_bits(r))), reasm_bits(r));
}

/* A remembered number, n numbers later: no further behind than `oldest`. */
static uint32_t
refreshed(const struct reasm *r, uint32_t seq, uint32_t n)
{
	const int32_t later = distance(r, seq) - (int32_t)n;

	return later >= -(int32_t)(1u << reasm_old_shift(reasm_bits(r))) ? seq : seq_add(oldest(r), n, reasm_bits(r));
}

/* About to move the head by n across a boundary of 2^old_shift numbers. */
void
reasm_refresh_old(struct reasm *r, uint32_t n)
{
	for (uint32_t left = joined_links(r); left != 0; left &= left - 1) {
		uint32_t *last = reasm_place(r, (unsigned)__builtin_ctz(left));

		*last = refreshed(r, *last, n);
	}
	r->mark = refreshed(r, r->mark, n) & 0xffffff;
	if (!r->forced)
		r->floor = refreshed(r, r->floor, n) & 0xffffff;
	if (r->probing && refreshed(r, r->probe, n) != r->probe)
		r->probing = false;
}

void
reasm_init(struct reasm *r, bool short_seq, bool tolerate_reorder)
{
	*r = (struct reasm){.next = 0};
	r->short_seq = short_seq;
	r->tolerate = tolerate_reorder;
	r->mark = oldest(r) & 0xffffff;
}

/* Links from the third on. */
static bool
more_attach(struct reasm *r, struct reasm_more *m)
{
	if (r->has_more)
		return true;
	if (m == NULL)
		return false;
	m->n = 0;
	for (unsigned i = 0; i < REASM_MORE; i++)
		m->last_more[i] = REASM_APART;
	r->more = m;
	r->has_more = true;
	return true;
}

void
reasm_link_join(struct reasm *r, unsigned link, struct reasm_more *m)
{
	if (link >= REASM_LINKS_MAX || (link >= 2 && !more_attach(r, m)))
		return;
	*reasm_place(r, link) = oldest(r);
	if (link < 2)
		r->joined = (r->joined | 1u << link) & 3;
	else if (r->more->n < link - 1)
		r->more->n = link - 1;
}

void
reasm_link_leave(struct reasm *r, unsigned link)
{
	if (link < 2)
		r->joined = r->joined & ~(1u << link) & 3;
	else if (link < REASM_LINKS_MAX && r->has_more)
		*reasm_place(r, link) = REASM_APART;
}

/* What the head of the window is: see `How the receive window works`. */
enum head { HEAD_WAIT, HEAD_GAP, HEAD_PACKET, HEAD_LOST };

/* The run is not empty. *n: how many fragments to take. */
static enum head
judge_run(const struct reasm *r, const struct view *v, uint32_t run, int32_t edge, int32_t force, uint32_t *n)
{
	const uint32_t begin = 1 + map_first(v, BEGIN, r->next + 1, run - 1, 0);
	const uint32_t end = map_first(v, END, r->next, run, 0);

	*n = begin;
	if (!map_has(v, BEGIN, r->next & v->mask))
		return HEAD_LOST;
	*n = end + 1;
	if (end < begin && end < run && end < REASM_PACKET_FRAGS_MAX)
		return HEAD_PACKET;
	*n = begin;
	if (begin < run || run > REASM_PACKET_FRAGS_MAX || (int32_t)run <= edge || force >= 0)
		return HEAD_LOST;
	return HEAD_WAIT;
}

static enum head
judge(const struct reasm *r, const struct view *v, uint32_t *n)
{
	const int32_t edge = reasm_edge(r, reasm_bits(r));
	const int32_t force = r->forced ? distance(r, r->floor) : -1;
	const int32_t upto = edge > force ? edge : force;
	const uint32_t limit = v->mask < REASM_PACKET_FRAGS_MAX ? v->mask + 1 : REASM_PACKET_FRAGS_MAX + 1;
	const uint32_t run = map_first(v, PRESENT, r->next, limit, ~UINT64_C(0));

	if (run > 0)
		return judge_run(r, v, run, edge, force, n);
	if (upto < 0 || !reasm_waiting(r))
		return HEAD_WAIT;
	*n = map_first(v, PRESENT, r->next, v->mask + 1, 0);
	if (*n > (uint32_t)upto)
		*n = (uint32_t)upto + 1;
	return HEAD_GAP;
}

/* Numbers missing at the head are given up. One that M gave up is lost for certain: no use to time its arrival. */
static void
give_up(struct reasm *r, uint32_t n)
{
	if (r->probing && reasm_edge(r, reasm_bits(r)) >= distance(r, r->probe) && (uint32_t)distance(r, r->probe) < n)
		r->probing = false;
	r->lost += n;
	reasm_advance(r, n, reasm_bits(r));
}

static unsigned
take(struct reasm *r, const struct view *v, uint32_t n, reasm_ref frags[])
{
	for (uint32_t i = 0; i < n; i++)
		frags[i] = v->slots[(r->next + i) & v->mask];
	maps_clear(v, r->next, n);
	if (r->has_deep)
		r->deep.held -= n;
	reasm_advance(r, n, reasm_bits(r));
	return n;
}

/* The window holds nothing that could leave: the floor, if it is still ahead, has nothing but missing numbers
 * below it. */
static void
settle_floor(struct reasm *r)
{
	if (r->forced && distance(r, r->floor) >= 0)
		give_up(r, (uint32_t)distance(r, r->floor) + 1);
	r->forced = false;
}

unsigned
reasm_pop_slow(struct reasm *r, reasm_ref frags[], unsigned cap, enum reasm_out *out)
{
	const struct view v = view(r);

	*out = REASM_NONE;
	for (;;) {
		uint32_t n = 0;

		switch (judge(r, &v, &n)) {
		case HEAD_WAIT:
			settle_floor(r);
			return 0;
		case HEAD_GAP:
			give_up(r, n);
			break;
		case HEAD_PACKET:
			*out = REASM_PACKET;
			return take(r, &v, n, frags);
		case HEAD_LOST:
			*out = REASM_LOST;
			return take(r, &v, n < cap ? n : cap, frags);
		}
	}
}

/* Timing a gap: which link was how far behind. One number at a time, a sample of them all. */

void
reasm_probe_open(struct reasm *r, unsigned link, uint32_t seq, uint32_t now_us)
{
	if (r->lag_ready || (r->probing && now_us - r->probe_us < REASM_PROBE_MAX_US))
		return;
	r->probe = seq_add(seq, UINT32_MAX, reasm_bits(r)) & 0xffffff;
	r->probe_us = now_us;
	r->against = link & 0xf;
	r->probing = true;
}

void
reasm_probe_close(struct reasm *r, unsigned link, uint32_t now_us)
{
	r->probing = false;
	r->lag_ready = true;
	r->probe = link & 0xffffff;
	r->probe_us = now_us - r->probe_us;
}

/* Starts anew at seq; nothing is held. */
static void
restart(struct reasm *r, uint32_t seq)
{
	r->next = seq;
	r->probing = false;
	r->mark = oldest(r) & 0xffffff;
	for (uint32_t left = joined_links(r); left != 0; left &= left - 1)
		*reasm_place(r, (unsigned)__builtin_ctz(left)) = oldest(r);
}

/* One more fragment that is older than the head, and far older than the last one of its own link. */
static bool
stray_restarts(struct reasm *r, uint32_t seq)
{
	if (r->stray < REASM_STRAYS)
		r->stray++;
	if (r->stray < REASM_STRAYS || reasm_waiting(r) || r->forced)
		return false;
	restart(r, seq);
	return true;
}

/* A fragment older than the head. True: it was one too many, the window was started anew at this one. */
static bool
late_restarts(struct reasm *r, unsigned link, uint32_t seq, uint32_t now_us)
{
	uint32_t *last = reasm_last(r, link, REASM_DEEP);
	const int32_t back = last != NULL ? distance(r, *last) - distance(r, seq) : 0;

	if (r->probing && r->probe == seq)
		reasm_probe_close(r, link, now_us);
	if (back < 0)
		*last = seq;
	return back > REASM_STRAY_BACK && stray_restarts(r, seq);
}

bool
reasm_ready_slow(struct reasm *r)
{
	const struct view v = view(r);
	uint32_t n;

	return r->forced || judge(r, &v, &n) != HEAD_WAIT;
}

/* No number held is newer than seq. */
bool
reasm_is_newest(struct reasm *r, uint32_t seq)
{
	const struct view v = view(r);
	const uint32_t behind = v.mask - (uint32_t)distance(r, seq);

	return map_first(&v, PRESENT, seq + 1, behind, 0) == behind;
}

static enum reasm_verdict
hold(struct reasm *r, const struct view *v, uint32_t mp, reasm_ref ref)
{
	const uint32_t at = mp_seq(mp) & v->mask;

	v->slots[at] = ref;
	map_put(v, PRESENT, at, true);
	map_put(v, BEGIN, at, (mp & MP_BEGIN) != 0);
	map_put(v, END, at, (mp & MP_END) != 0);
	if (r->has_deep)
		r->deep.held++;
	return reasm_ready_slow(r) ? REASM_READY : REASM_HELD;
}

/* The fragment has a place: a free slot of the window, or out at once. */
static enum reasm_verdict
accept(struct reasm *r, unsigned link, uint32_t mp, reasm_ref ref, uint32_t now_us, bool probe)
{
	const struct view v = view(r);
	const int32_t ahead = distance(r, mp_seq(mp));

	r->stray = 0;
	if (ahead == 0 && (mp & MP_BEGIN) && (mp & MP_END) && !reasm_waiting(r) && !r->forced) {
		reasm_advance(r, 1, reasm_bits(r));
		return REASM_WHOLE;
	}
	reasm_probe(r, link, mp_seq(mp), ahead, now_us, probe, r->has_deep);
	return hold(r, &v, mp, ref);
}

enum reasm_verdict
reasm_insert_slow(
	struct reasm *r, unsigned link, uint32_t mp, reasm_ref ref, uint32_t now_us, bool probe, bool *reordered)
{
	const uint32_t seq = mp_seq(mp);
	uint32_t *last = reasm_last(r, link, REASM_DEEP);
	bool backward = last != NULL && distance(r, seq) <= distance(r, *last);
	const struct view v = view(r);

	*reordered = backward;
	if (distance(r, seq) < 0) {
		if (!late_restarts(r, link, seq, now_us))
			return REASM_LATE;
		backward = false;
	}
	if (distance(r, seq) > (int32_t)v.mask)
		return REASM_OVERRUN;
	if (map_has(&v, PRESENT, seq & v.mask))
		return REASM_DUPLICATE; /* a copy of another link's fragment says nothing about this link */
	if (backward && !r->tolerate)
		return REASM_REORDERED;
	if (last != NULL && !backward)
		*last = seq;
	return accept(r, link, mp, ref, now_us, probe);
}

/* The newest number held; the one before the head when nothing is. */
static uint32_t
newest_held(struct reasm *r)
{
	const struct view v = view(r);

	return seq_add(r->next, map_last(&v, r->next, v.mask + 1) + UINT32_MAX, reasm_bits(r));
}

static void
force(struct reasm *r, uint32_t floor)
{
	if (r->forced && distance(r, floor) <= distance(r, r->floor))
		return;
	r->floor = floor & 0xffffff;
	r->forced = true;
}

void
reasm_arm_deep(struct reasm *r)
{
	r->mark = newest_held(r) & 0xffffff;
}

bool
reasm_edge_moved(struct reasm *r)
{
	const bool waits = !r->forced && joined_links(r) != 0 && distance(r, r->mark) >= 0;
	const bool moved = waits && reasm_least_last(r, reasm_bits(r)) > distance(r, r->floor);

	reasm_note_edge(r, reasm_bits(r));
	return moved;
}

void
reasm_expire(struct reasm *r)
{
	if (distance(r, r->mark) >= 0)
		force(r, r->mark);
}

void
reasm_make_room(struct reasm *r, uint32_t seq)
{
	const uint32_t slots = reasm_slots(r);

	if (distance(r, seq) >= (int32_t)slots)
		force(r, seq_add(seq, -slots, reasm_bits(r)));
	if (!reasm_waiting(r))
		settle_floor(r);
}

unsigned
reasm_held(const struct reasm *r)
{
	return r->has_deep ? (unsigned)r->deep.held : (unsigned)__builtin_popcountll(r->map.present);
}

size_t
reasm_deep_bytes(unsigned slots)
{
	const size_t n = sizeof(struct reasm_map) * (slots / 64) + slots * sizeof(reasm_ref);

	return (n + 63) & ~(size_t)63;
}

/* Everything held moves to the slots and bits that the same numbers have in a window of another size. */
static void
move_held(uint32_t next, const struct view *from, const struct view *to)
{
	const uint32_t size = from->mask + 1;

	for (uint32_t d = 0; (d += map_first(from, PRESENT, next + d, size - d, 0)) < size; d++) {
		const uint32_t at = (next + d) & from->mask;
		const uint32_t there = (next + d) & to->mask;

		to->slots[there] = from->slots[at];
		map_put(to, PRESENT, there, true);
		map_put(to, BEGIN, there, map_has(from, BEGIN, at));
		map_put(to, END, there, map_has(from, END, at));
	}
}

struct reasm_deep *
reasm_grow(struct reasm *r, struct reasm_deep *deep, unsigned slots)
{
	struct reasm_deep *former = r->has_deep ? r->deep.at : NULL;
	const unsigned held = reasm_held(r);
	const struct view from = view(r), to = deep_view(deep, slots);

	memset(deep->maps, 0, slots / 64 * sizeof(*deep->maps));
	move_held(r->next, &from, &to);
	r->has_deep = true;
	r->slots_log2 = ((unsigned)__builtin_ctz(slots) - 7) & 7;
	r->deep.held = held;
	r->deep.at = deep;
	return former;
}

struct reasm_deep *
reasm_shrink(struct reasm *r)
{
	struct reasm_deep *deep = r->deep.at;

	if (!r->has_deep || r->deep.held != 0)
		return NULL;
	r->has_deep = false;
	r->map = (struct reasm_map){0, 0, 0};
	return deep;
}

unsigned
reasm_drain(struct reasm *r, reasm_ref frags[], unsigned cap)
{
	const struct view v = view(r);
	unsigned n = 0;

	while (n < cap && reasm_waiting(r)) {
		reasm_advance(r, map_first(&v, PRESENT, r->next, v.mask + 1, 0), reasm_bits(r));
		n += take(r, &v, 1, frags + n);
	}
	return n;
}
