/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_INDEX_POOL_H
#define DATAPLANE_INDEX_POOL_H

#include <stdbool.h>
#include <stdint.h>

/* Indexes of things that readers see and one thread, control, gives out. One that was given back waits until every reader has reported to
 * qsbr after it could have got the index; `fresh` ones were never used. */

struct rte_rcu_qsbr;

enum { NO_INDEX = UINT32_MAX };

struct index_pool {
	uint32_t size, fresh, head, n_waiting;
	struct {
		uint32_t index;
		uint64_t token;
	} * waiting; /* ring of size entries */
};

/* 0 to size - 1. -ENOMEM. */
int index_pool_init(struct index_pool *p, uint32_t size);
void index_pool_fini(struct index_pool *p);

/* There is one that is free of readers. */
bool index_ready(const struct index_pool *p, struct rte_rcu_qsbr *qsbr);
/* NO_INDEX: none that is free of readers. */
uint32_t index_take(struct index_pool *p, struct rte_rcu_qsbr *qsbr);
/* Nothing leads to it any more. NO_INDEX is nobody's. */
void index_give(struct index_pool *p, struct rte_rcu_qsbr *qsbr, uint32_t index);

#endif
