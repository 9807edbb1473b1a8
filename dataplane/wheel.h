/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_WHEEL_H
#define DATAPLANE_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A timer wheel of WHEEL_SLOTS ticks of 2^shift ns. Its entries are the elements of one array, named by index; each has a
 * struct wheel_node at the same offset. An entry is in the wheel at most once. Deadlines beyond the horizon wait in the last slot
 * and come out early: whoever takes an entry out compares its own deadline, and puts it back when it is not due. */

enum { WHEEL_SLOTS = 4096, WHEEL_WORDS = WHEEL_SLOTS / 64 };
#define WHEEL_NIL UINT32_MAX

/* One word, since it lies in lines where every byte counts: hence less than 2^21 entries. */
enum { WHEEL_LAST = (1 << 21) - 1 };

struct wheel_node {
	uint64_t next : 21, prev : 21; /* WHEEL_LAST: none */
	uint64_t slot : 12;
	uint64_t queued : 1;
	uint64_t owner : 9; /* whoever has the entry keeps here what he likes */
};
_Static_assert(sizeof(struct wheel_node) == 8 && WHEEL_SLOTS == 1 << 12, "one word");

struct wheel {
	uint8_t *base; /* node of entry 0 */
	size_t stride;
	uint64_t tick; /* slots of ticks before this one are empty */
	uint64_t words;
	uint64_t bits[WHEEL_WORDS];
	uint32_t n;
	unsigned shift;
	uint32_t head[WHEEL_SLOTS];
};

static inline struct wheel_node *
wheel_node(const struct wheel *w, uint32_t i)
{
	return (struct wheel_node *)(void *)(w->base + (size_t)i * w->stride);
}

static inline void
wheel_init(struct wheel *w, void *base, size_t stride, unsigned shift)
{
	*w = (struct wheel){.base = base, .stride = stride, .shift = shift};
	for (unsigned i = 0; i < WHEEL_SLOTS; i++)
		w->head[i] = WHEEL_NIL;
}

static inline void
wheel_remove(struct wheel *w, uint32_t i)
{
	struct wheel_node *n = wheel_node(w, i);

	if (!n->queued)
		return;
	if (n->prev != WHEEL_LAST)
		wheel_node(w, n->prev)->next = n->next;
	else
		w->head[n->slot] = n->next == WHEEL_LAST ? WHEEL_NIL : n->next;
	if (n->next != WHEEL_LAST)
		wheel_node(w, n->next)->prev = n->prev;
	if (w->head[n->slot] == WHEEL_NIL) {
		w->bits[n->slot / 64] &= ~(1ull << n->slot % 64);
		if (w->bits[n->slot / 64] == 0)
			w->words &= ~(1ull << n->slot / 64);
	}
	n->queued = false;
	w->n--;
}

/* Entry i comes out at due_ns, rounded down to a tick. Moves it when it is queued already. */
static inline void
wheel_add(struct wheel *w, uint32_t i, uint64_t now_ns, uint64_t due_ns)
{
	struct wheel_node *n = wheel_node(w, i);
	uint64_t tick = due_ns >> w->shift;

	wheel_remove(w, i);
	if (w->n == 0)
		w->tick = now_ns >> w->shift;
	if (tick < w->tick)
		tick = w->tick;
	if (tick - w->tick >= WHEEL_SLOTS)
		tick = w->tick + WHEEL_SLOTS - 1;
	n->slot = tick % WHEEL_SLOTS;
	n->prev = WHEEL_LAST;
	n->next = w->head[n->slot] & WHEEL_LAST;
	if (n->next != WHEEL_LAST)
		wheel_node(w, n->next)->prev = i & WHEEL_LAST;
	w->head[n->slot] = i;
	w->bits[n->slot / 64] |= 1ull << n->slot % 64;
	w->words |= 1ull << n->slot / 64;
	n->queued = true;
	w->n++;
}

/* Whether entry i is queued, and comes out at due_ns or before. */
static inline bool
wheel_comes_by(const struct wheel *w, uint32_t i, uint64_t due_ns)
{
	const struct wheel_node *n = wheel_node(w, i);

	return n->queued &&
		w->tick + (n->slot + WHEEL_SLOTS - w->tick % WHEEL_SLOTS) % WHEEL_SLOTS <= due_ns >> w->shift;
}

/* Earliest tick with an entry; UINT64_MAX when the wheel is empty. */
static inline uint64_t
wheel_first_tick(const struct wheel *w)
{
	const unsigned from = (unsigned)(w->tick % WHEEL_SLOTS);
	const uint64_t tail = w->bits[from / 64] >> from % 64;

	if (w->n == 0)
		return UINT64_MAX;
	if (tail != 0)
		return w->tick + (unsigned)__builtin_ctzll(tail);
	/* The words behind the first one, round the circle; the first one again at last, for its low bits. */
	const unsigned r = (from / 64 + 1) % WHEEL_WORDS;
	const uint64_t turned = r == 0 ? w->words : w->words >> r | w->words << (64 - r);
	const unsigned word = (r + (unsigned)__builtin_ctzll(turned)) % WHEEL_WORDS;
	const unsigned slot = word * 64 + (unsigned)__builtin_ctzll(w->bits[word]);

	return w->tick + (slot + WHEEL_SLOTS - from) % WHEEL_SLOTS;
}

/* Time of the earliest entry, rounded down to a tick; UINT64_MAX: none. */
static inline uint64_t
wheel_next_ns(const struct wheel *w)
{
	const uint64_t tick = wheel_first_tick(w);

	return tick == UINT64_MAX ? UINT64_MAX : tick << w->shift;
}

/* Earliest entry, left in; WHEEL_NIL: none. */
static inline uint32_t
wheel_first(const struct wheel *w)
{
	const uint64_t tick = wheel_first_tick(w);

	return tick == UINT64_MAX ? WHEEL_NIL : w->head[tick % WHEEL_SLOTS];
}

/* Takes out an entry whose tick has begun; WHEEL_NIL: none. */
static inline uint32_t
wheel_expired(struct wheel *w, uint64_t now_ns)
{
	const uint64_t first = wheel_first_tick(w), now = now_ns >> w->shift;
	uint32_t i;

	if (first > now) {
		if (w->n != 0 && w->tick < now)
			w->tick = now;
		return WHEEL_NIL;
	}
	w->tick = first;
	i = w->head[first % WHEEL_SLOTS];
	wheel_remove(w, i);
	return i;
}

#endif
