/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/mbuf_ref.h"

#include <errno.h>
#include <rte_common.h>
#include <rte_mempool.h>

void
mbuf_span_add(struct mbuf_span *s, uintptr_t first, uintptr_t end)
{
	const bool fresh = s->end == 0;

	s->first = fresh ? first : RTE_MIN(s->first, first);
	s->end = RTE_MAX(s->end, end);
}

static void
span_add_memory(struct rte_mempool *p, void *span, struct rte_mempool_memhdr *mem, unsigned i)
{
	const uintptr_t first = (uintptr_t)mem->addr;

	(void)p;
	(void)i;
	mbuf_span_add(span, first, first + mem->len);
}

void
mbuf_span_add_pool(struct mbuf_span *s, struct rte_mempool *p)
{
	if (p != NULL)
		rte_mempool_mem_iter(p, span_add_memory, s);
}

int
mbuf_ref_base(const struct mbuf_span *s, uintptr_t *base)
{
	*base = RTE_ALIGN_FLOOR(s->first, (uintptr_t)1 << MBUF_REF_SHIFT);
	return s->end - *base <= MBUF_REF_BYTES ? 0 : -ERANGE;
}
