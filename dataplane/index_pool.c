/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/index_pool.h"

#include <errno.h>
#include <rte_rcu_qsbr.h>
#include <stdlib.h>

int
index_pool_init(struct index_pool *p, uint32_t size)
{
	p->size = size;
	p->waiting = calloc(size, sizeof(*p->waiting));
	return p->waiting == NULL ? -ENOMEM : 0;
}

void
index_pool_fini(struct index_pool *p)
{
	free(p->waiting);
}

bool
index_ready(const struct index_pool *p, struct rte_rcu_qsbr *qsbr)
{
	return p->fresh < p->size ||
		(p->n_waiting != 0 && rte_rcu_qsbr_check(qsbr, p->waiting[p->head].token, false) == 1);
}

uint32_t
index_take(struct index_pool *p, struct rte_rcu_qsbr *qsbr)
{
	uint32_t index;

	if (!index_ready(p, qsbr))
		return NO_INDEX;
	if (p->fresh < p->size)
		return p->fresh++;
	index = p->waiting[p->head].index;
	p->head = (p->head + 1) % p->size;
	p->n_waiting--;
	return index;
}

void
index_give(struct index_pool *p, struct rte_rcu_qsbr *qsbr, uint32_t index)
{
	const uint32_t at = (p->head + p->n_waiting) % p->size;

	if (index == NO_INDEX)
		return;
	p->waiting[at].index = index;
	p->waiting[at].token = rte_rcu_qsbr_start(qsbr);
	p->n_waiting++;
}
