/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_SLOTS_H
#define CONTROL_PPP_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

/* Numbers 0 to n - 1 of which each is free or taken: what a pool gives out, whatever its numbers stand for. */

enum { SLOTS_MAX = 1 << 24 };

struct slots {
	uint64_t *taken; /* a bit a number */
	uint32_t n, n_free;
	uint32_t hint; /* words in front of it are full */
};

/* n <= SLOTS_MAX, all free. -ENOMEM. */
int slots_init(struct slots *s, uint32_t n);
void slots_fini(struct slots *s);
/* The lowest free one; false: none is. */
bool slots_take(struct slots *s, uint32_t *slot);
/* Takes this one; no change if it is taken already. */
void slots_reserve(struct slots *s, uint32_t slot);
/* Frees this one; no change if it is free already. */
void slots_give(struct slots *s, uint32_t slot);

#endif
