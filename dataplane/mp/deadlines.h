/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_MP_DEADLINES_H
#define DATAPLANE_MP_DEADLINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Deadlines of up to millions of entries, named by index, that are set and cleared far more often than they pass: gaps in the windows of
 * bundles open and close with every second fragment when links are skewed. Setting and clearing writes two bytes and reads none of them,
 * so that nobody waits for memory. What has passed is found by a sweep over those two bytes of each entry, 32 entries a cache line, so that
 * nobody's own memory is touched in vain.
 *
 * Time is in ticks of the caller's, 64 bits wide; deadlines lie less than DEADLINES_AHEAD_MAX ticks ahead. */

enum {
	DEADLINES_BLOCK = 64,      /* entries that are looked at together */
	DEADLINES_SHARE = 3 << 13, /* entries that are looked at in one tick: more of them take several ticks */
	DEADLINES_AHEAD_MAX = 1 << 15,
};
#define DEADLINES_NONE UINT32_MAX

struct deadlines {
	uint16_t *due;    /* low bits of the tick, never 0; 0: none */
	uint64_t *in_use; /* bit = block that may have a deadline */
	uint32_t n_blocks;
	uint32_t late_max;  /* ticks by which a deadline may be found too late */
	uint64_t tick;      /* up to which the sweep has been told to look */
	uint32_t at, left;  /* block to look at next, and how many before the next tick */
	uint64_t found;     /* passed entries of block `at` - 1 that were not given out yet */
	bool all;           /* time has jumped further than 16 bits tell: every deadline has passed */
	uint32_t oldest_at; /* deadlines_earliest(): where to look next for those of oldest_due */
	uint16_t oldest_due;
};

/* Memory for n entries, aligned to 64 bytes, zeroed; it stays the caller's. now: the first tick. */
size_t deadlines_bytes(uint32_t n);
void deadlines_init(struct deadlines *d, void *memory, uint32_t n, uint64_t now);

/* Sets (or moves) the deadline of entry i. */
static inline void
deadlines_set(struct deadlines *d, uint32_t i, uint64_t tick)
{
	const uint32_t block = i / DEADLINES_BLOCK;

	d->due[i] = (uint16_t)tick != 0 ? (uint16_t)tick : 1;
	d->in_use[block / 64] |= UINT64_C(1) << block % 64;
}

static inline void
deadlines_clear(struct deadlines *d, uint32_t i)
{
	d->due[i] = 0;
}

static inline bool
deadlines_has(const struct deadlines *d, uint32_t i)
{
	return d->due[i] != 0;
}

/* An entry whose deadline has come by `now`; it is cleared. DEADLINES_NONE: no more for now. To be called until then, in every tick. */
uint32_t deadlines_sweep(struct deadlines *d, uint64_t now);

static inline uint32_t
deadlines_passed(struct deadlines *d, uint64_t now)
{
	return now == d->tick && d->left == 0 && d->found == 0 ? DEADLINES_NONE : deadlines_sweep(d, now);
}

/* The entry with the earliest deadline (nearly: one that was set earlier than those of its tick may be overtaken); it is cleared.
 * DEADLINES_NONE: there is none. */
uint32_t deadlines_earliest(struct deadlines *d);

/* The tick in which deadlines_passed() has something to do; UINT64_MAX: nothing is set. It may find that the last one was cleared. */
uint64_t deadlines_next(const struct deadlines *d);

#endif
