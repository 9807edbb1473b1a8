/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_RECORD_POOL_H
#define DATAPLANE_RECORD_POOL_H

#include <stdint.h>

/* Records of one size, of one thread, named by numbers from 1 on: such a name is half as long as a pointer, and a record lies without a heap's
 * header. Memory grows by chunks and goes back with the pool; a record stays where it is until it is given back. */

struct record_pool {
	uint32_t bytes; /* of a record, at least four */
	uint32_t used;  /* records that were ever taken */
	uint32_t given; /* first of those that were given back, each of which begins with the next; 0: none */
	uint32_t n_chunks;
	uint8_t **chunks;
};

void record_pool_init(struct record_pool *p, uint32_t bytes);
void record_pool_fini(struct record_pool *p);

/* All zero. 0: no memory. */
uint32_t record_take(struct record_pool *p);
void record_give(struct record_pool *p, uint32_t record);

/* Of one that was taken. Aligned to four bytes. */
void *record_at(const struct record_pool *p, uint32_t record);

#endif
