/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_DEEP_POOL_H
#define DATAPLANE_DEEP_POOL_H

#include <stddef.h>
#include <stdint.h>

/* Memory of deep windows, taken once at start: buddies of 256 to 16384 slots, so that neither taking nor giving back asks anyone
 * nor leaves holes that nobody can use. */

struct reasm_deep;

enum { DEEP_ORDERS = 7, DEEP_UNIT_SLOTS = 256 };

struct deep_block {
	struct deep_block *next, **link;
};

struct deep_pool {
	uint8_t *base;
	uint8_t *order; /* of each unit that begins a block; DEEP_FREE when it is free */
	size_t unit_bytes;
	uint32_t units, used; /* used: control reads it, relaxed */
	struct deep_block *free[DEEP_ORDERS];
};

/* Room for `windows` of the largest kind. Negative errno on failure. */
int deep_pool_init(struct deep_pool *p, unsigned windows, int numa_node);
void deep_pool_fini(struct deep_pool *p);

/* Window of `slots` (a power of two, at most 16384). NULL: none left. */
struct reasm_deep *deep_pool_get(struct deep_pool *p, unsigned slots);
void deep_pool_put(struct deep_pool *p, struct reasm_deep *d);

#endif
