/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_MBUF_REF_H
#define DATAPLANE_MBUF_REF_H

#include <rte_mbuf.h>
#include <stdint.h>

#include "dataplane/mp/reasm.h"

/* Packet buffers by 32 bits, as windows and queues hold them: how far from the lowest buffer of any pool, in units of the alignment that every
 * object of a pool has. One base for all, since a packet may wait at another worker than the one whose pool it came from. */

enum { MBUF_REF_SHIFT = 6 };
_Static_assert(RTE_CACHE_LINE_SIZE % (1 << MBUF_REF_SHIFT) == 0, "objects of pools are aligned to cache lines");
#define MBUF_REF_BYTES (UINT64_C(1) << (32 + MBUF_REF_SHIFT)) /* 256 GiB */

/* The addresses that pools lie at; all zero: none yet. */
struct mbuf_span {
	uintptr_t first, end;
};

/* Widened to what lies in [first, end) too, or to a pool. */
void mbuf_span_add(struct mbuf_span *s, uintptr_t first, uintptr_t end);
void mbuf_span_add_pool(struct mbuf_span *s, struct rte_mempool *p);

/* The base of all references to what lies in the span. 0, or -ERANGE: it is longer than MBUF_REF_BYTES. */
int mbuf_ref_base(const struct mbuf_span *s, uintptr_t *base);

static inline reasm_ref
mbuf_ref(uintptr_t base, const struct rte_mbuf *m)
{
	return (reasm_ref)(((uintptr_t)m - base) >> MBUF_REF_SHIFT);
}

static inline struct rte_mbuf *
mbuf_at(uintptr_t base, reasm_ref ref)
{
	return (struct rte_mbuf *)(base + ((uintptr_t)ref << MBUF_REF_SHIFT));
}

#endif
