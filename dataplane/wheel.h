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

/* Entries are named + 1 here. Each word is known as a whole to whoever changes it, so that a neighbour is written without being read:
 * it is seldom in the cache. */
struct wheel_node {
	uint32_t next; /* 0: last of its slot */
	uint32_t back; /* the entry before, or WHEEL_FIRST and the slot; 0: not in the wheel */
};
#define WHEEL_FIRST (UINT32_C(1) << 31)

struct wheel {
	uint8_t *base; /* node of entry 0 */
	size_t stride;
	uint64_t tick; /* slots of ticks before this one are empty */
	uint64_t words;
	uint64_t bits[WHEEL_WORDS];
	uint32_t n;
	unsigned shift;
	uint32_t head[WHEEL_SLOTS]; /* first entry + 1; 0: none */
};

static inline struct wheel_node *
wheel_node(const struct wheel *w, uint32_t i)
{
	return (struct wheel_node *)(void *)(w->base + (size_t)i * w->stride);
}

/* The nodes are zero. */
static inline void
wheel_init(struct wheel *w, void *base, size_t stride, unsigned shift)
{
	*w = (struct wheel){.base = base, .stride = stride, .shift = shift};
}

static inline void
wheel_slot_emptied(struct wheel *w, uint32_t slot)
{
	w->bits[slot / 64] &= ~(UINT64_C(1) << slot % 64);
	if (w->bits[slot / 64] == 0)
		w->words &= ~(UINT64_C(1) << slot / 64);
}

static inline void
wheel_remove(struct wheel *w, uint32_t i)
{
	struct wheel_node *n = wheel_node(w, i);
	const uint32_t next = n->next, back = n->back, slot = back & ~WHEEL_FIRST;

	if (back == 0)
		return;
	n->back = 0;
	w->n--;
	if (next != 0)
		wheel_node(w, next - 1)->back = back;
	if (!(back & WHEEL_FIRST)) {
		wheel_node(w, back - 1)->next = next;
		return;
	}
	w->head[slot] = next;
	if (next == 0)
		wheel_slot_emptied(w, slot);
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

	const uint32_t slot = tick % WHEEL_SLOTS, first = w->head[slot];

	*n = (struct wheel_node){.next = first, .back = WHEEL_FIRST | slot};
	if (first != 0)
		wheel_node(w, first - 1)->back = i + 1;
	w->head[slot] = i + 1;
	w->bits[slot / 64] |= UINT64_C(1) << slot % 64;
	w->words |= UINT64_C(1) << slot / 64;
	w->n++;
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

	return tick == UINT64_MAX ? WHEEL_NIL : w->head[tick % WHEEL_SLOTS] - 1;
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
	i = w->head[first % WHEEL_SLOTS] - 1;
	wheel_remove(w, i);
	if (w->head[first % WHEEL_SLOTS] != 0)
		__builtin_prefetch(wheel_node(w, w->head[first % WHEEL_SLOTS] - 1)); /* the next one's */
	return i;
}

#endif
