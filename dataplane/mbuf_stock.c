/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/mbuf_stock.h"

#include <rte_prefetch.h>

#include "dataplane/poison.h"

bool
mbuf_stock_fill(struct mbuf_stock *s, struct rte_mempool *pool)
{
	if (likely(rte_mempool_get_bulk(pool, (void **)s->m, s->want) == 0))
		s->n = s->want;
	else
		s->n = rte_mempool_get(pool, (void **)s->m) == 0;
	for (unsigned i = 0; i < s->n; i++)
		rte_prefetch0_write(s->m[i]); /* who takes it writes its header */
	return s->n != 0;
}

void
mbuf_stock_return(struct mbuf_stock *s, struct rte_mempool *pool)
{
	if (s->n == 0)
		return;
	rte_mempool_put_bulk(pool, (void *const *)s->m, s->n);
	s->n = 0;
}

void
mbuf_refer_other(struct rte_mbuf *seg, struct rte_mbuf *m)
{
	rte_pktmbuf_attach(seg, m);
}
