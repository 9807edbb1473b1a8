/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_RANGES6_H
#define DATAPLANE_RANGES6_H

#include <stdbool.h>
#include <stdint.h>

/* What a part of the IPv6 address space, all with the same first bits, leads to, where it is but a few ranges: their words, and where
 * each begins. Two lines of memory beside each other tell what else a table for every eight bits does, each in memory of its own. */

enum {
	RANGES6_MAX = 10,
	RANGES6_BITS = 32, /* behind the first ones that count: all ranges begin at a multiple of these */
};

struct ranges6 {
	uint32_t first[RANGES6_MAX - 1]; /* where the second range and those behind it begin */
	uint32_t skip;                   /* bits that all have in common */
	uint64_t word[RANGES6_MAX];
	const void *of; /* its maker's */
} __attribute__((aligned(128)));
_Static_assert(sizeof(struct ranges6) == 128, "two lines that processors fetch together");

/* Being written, from the lowest address up. */
struct ranges6_draft {
	struct ranges6 *r;
	unsigned n;
};

/* Of addresses that have the first `skip` bits (0 to 63) in common. */
struct ranges6_draft ranges6_begin(struct ranges6 *r, unsigned skip);
/* From `hi` on, not below the former one, the word is this. False: it cannot be told in ranges. */
bool ranges6_add(struct ranges6_draft *d, uint64_t hi, uint64_t word);
/* No more; there was one at least. */
void ranges6_end(const struct ranges6_draft *d);

static inline uint32_t
ranges6_key(uint64_t hi, unsigned skip)
{
	return (uint32_t)(hi << skip >> (64 - RANGES6_BITS));
}

/* The word of an address, of which these are the first 64 bits. */
static inline uint64_t
ranges6_find(const struct ranges6 *r, uint64_t hi)
{
	const uint32_t key = ranges6_key(hi, r->skip);
	unsigned at = 0;

	/* what was begun is counted, since which range it is nobody can foresee */
#pragma GCC unroll 9
	for (unsigned i = 0; i < RANGES6_MAX - 1; i++)
		at += key >= r->first[i];
	return r->word[at];
}

#endif
