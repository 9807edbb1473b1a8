/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/mp/deadlines.h"

#include <string.h>

/* A sweep goes round and round over the blocks, skipping those that are not in use. A block that it finds empty is out of use until the
 * next deadline is set in it. So an idle system costs a look at a few words, and a busy one some instructions for each eight entries. */

enum { JUMP_MAX = DEADLINES_AHEAD_MAX / 2 };

static uint32_t
blocks_of(uint32_t n)
{
	return (n + DEADLINES_BLOCK - 1) / DEADLINES_BLOCK;
}

static uint32_t
words_of(uint32_t blocks)
{
	return (blocks + 63) / 64;
}

size_t
deadlines_bytes(uint32_t n)
{
	return blocks_of(n) * (size_t)DEADLINES_BLOCK * sizeof(uint16_t) + words_of(blocks_of(n)) * sizeof(uint64_t);
}

void
deadlines_init(struct deadlines *d, void *memory, uint32_t n, uint64_t now)
{
	*d = (struct deadlines){.due = memory, .n_blocks = blocks_of(n), .tick = now};
	d->late_max = (d->n_blocks * DEADLINES_BLOCK - 1) / DEADLINES_SHARE;
	d->in_use = (uint64_t *)(void *)(d->due + (size_t)d->n_blocks * DEADLINES_BLOCK);
}

static bool
is_in_use(const struct deadlines *d, uint32_t block)
{
	return d->in_use[block / 64] >> block % 64 & 1;
}

/* First block in use from `from` on; n_blocks: none. */
static uint32_t
next_in_use(const struct deadlines *d, uint32_t from)
{
	const uint32_t words = words_of(d->n_blocks);
	uint64_t bits;

	if (from >= d->n_blocks)
		return d->n_blocks;
	bits = d->in_use[from / 64] >> from % 64 << from % 64;
	for (uint32_t w = from / 64;; bits = d->in_use[w]) {
		if (bits != 0)
			return w * 64 + (uint32_t)__builtin_ctzll(bits);
		if (++w == words)
			return d->n_blocks;
	}
}

static bool
has_passed(const struct deadlines *d, uint16_t due, uint16_t now)
{
	return due != 0 && (d->all || (int16_t)(due - now) <= 0);
}

/* Eight entries at a time, by the compilers' portable vectors: a comparison gives all ones where it holds. */
typedef int16_t eight __attribute__((vector_size(16)));
typedef uint16_t eight_u __attribute__((vector_size(16)));

static bool
is_zero(eight v)
{
	uint64_t halves[2];

	memcpy(halves, &v, sizeof(halves));
	return (halves[0] | halves[1]) == 0;
}

static eight
load(const uint16_t *due)
{
	eight v;

	memcpy(&v, due, sizeof(v));
	return v;
}

static bool
block_is_empty(const uint16_t *due)
{
	eight any = {0};

	for (unsigned i = 0; i < DEADLINES_BLOCK; i += 8)
		any |= load(due + i);
	return is_zero(any);
}

static bool
block_has_passed(const uint16_t *due, uint16_t now)
{
	eight any = {0};

	for (unsigned i = 0; i < DEADLINES_BLOCK; i += 8) {
		const eight v = load(due + i);

		any |= (v != 0) & ((eight)((eight_u)v - now) <= 0);
	}
	return !is_zero(any);
}

static uint64_t
look_at(struct deadlines *d, uint32_t block, uint16_t now)
{
	const uint16_t *due = d->due + (size_t)block * DEADLINES_BLOCK;
	uint64_t found = 0;

	if (!d->all && !block_has_passed(due, now)) {
		if (block_is_empty(due))
			d->in_use[block / 64] &= ~(UINT64_C(1) << block % 64);
		return 0;
	}
	for (unsigned i = 0; i < DEADLINES_BLOCK; i++)
		found |= (uint64_t)has_passed(d, due[i], now) << i;
	return found;
}

/* Another tick has begun: its share of the blocks is due for a look. */
static void
next_ticks(struct deadlines *d, uint64_t now)
{
	const uint64_t ticks = now - d->tick;
	const uint64_t more = ticks < d->n_blocks ? ticks * (DEADLINES_SHARE / DEADLINES_BLOCK) : d->n_blocks;

	d->all = ticks > JUMP_MAX;
	d->left = d->all || d->left + more > d->n_blocks ? d->n_blocks : d->left + (uint32_t)more;
	d->tick = now;
}

/* Finds a block with entries that have passed. False: not in this tick. */
static bool
look_on(struct deadlines *d)
{
	while (d->found == 0) {
		if (d->left == 0)
			return false;
		d->left--;
		d->at = d->at >= d->n_blocks ? 1 : d->at + 1;
		if (is_in_use(d, d->at - 1))
			d->found = look_at(d, d->at - 1, (uint16_t)d->tick);
	}
	return true;
}

uint32_t
deadlines_sweep(struct deadlines *d, uint64_t now)
{
	if (now != d->tick)
		next_ticks(d, now);
	while (look_on(d)) {
		const uint32_t i = (d->at - 1) * DEADLINES_BLOCK + (uint32_t)__builtin_ctzll(d->found);

		d->found &= d->found - 1;
		/* It may have been cleared or moved since the look. */
		if (!has_passed(d, d->due[i], (uint16_t)now))
			continue;
		deadlines_clear(d, i);
		return i;
	}
	return DEADLINES_NONE;
}

/* Entry of the block with this very deadline. */
static uint32_t
find_in(const struct deadlines *d, uint32_t block, uint16_t due)
{
	for (uint32_t i = block * DEADLINES_BLOCK; i < (block + 1) * DEADLINES_BLOCK; i++)
		if (d->due[i] == due)
			return i;
	return DEADLINES_NONE;
}

/* Earliest deadline of all; 0: there is none. */
static uint16_t
earliest_due(const struct deadlines *d)
{
	uint16_t best = 0;

	for (uint32_t block = 0; (block = next_in_use(d, block)) < d->n_blocks; block++)
		for (uint32_t i = block * DEADLINES_BLOCK; i < (block + 1) * DEADLINES_BLOCK; i++)
			if (d->due[i] != 0 && (best == 0 || (int16_t)(d->due[i] - best) < 0))
				best = d->due[i];
	return best;
}

/* All of one tick are taken in one pass, so that many in a row cost little each. */
uint32_t
deadlines_earliest(struct deadlines *d)
{
	for (unsigned pass = 0; pass < 2; pass++) {
		for (; d->oldest_due != 0 && (d->oldest_at = next_in_use(d, d->oldest_at)) < d->n_blocks;
			d->oldest_at++) {
			const uint32_t i = find_in(d, d->oldest_at, d->oldest_due);

			if (i == DEADLINES_NONE)
				continue;
			deadlines_clear(d, i);
			return i;
		}
		d->oldest_due = earliest_due(d);
		d->oldest_at = 0;
	}
	return DEADLINES_NONE;
}

uint64_t
deadlines_next(const struct deadlines *d)
{
	if (next_in_use(d, 0) == d->n_blocks)
		return UINT64_MAX;
	return d->left != 0 || d->found != 0 ? d->tick : d->tick + 1;
}
