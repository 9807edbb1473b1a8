/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_MBUF_STOCK_H
#define DATAPLANE_MBUF_STOCK_H

#include <rte_mbuf.h>
#include <stdbool.h>

enum { MBUF_STOCK_MAX = 16 };

/* Mbufs of one pool, taken out a few at a time, since each visit to a pool costs. They are as a pool has them: no buffer but their
 * own, nothing behind them, a reference count of one, other fields as they were left. Who has a stock gives it back before his turn
 * ends: a pool that others find empty must be. */
struct mbuf_stock {
	unsigned n;
	unsigned want; /* how many to take at once, 1 to MBUF_STOCK_MAX; set by who takes */
	struct rte_mbuf *m[MBUF_STOCK_MAX];
};

/* s is empty. False: the pool is, too. */
bool mbuf_stock_fill(struct mbuf_stock *s, struct rte_mempool *pool);
void mbuf_stock_return(struct mbuf_stock *s, struct rte_mempool *pool);

/* NULL: none left. */
static inline struct rte_mbuf *
mbuf_stock_take(struct mbuf_stock *s, struct rte_mempool *pool)
{
	if (unlikely(s->n == 0) && !mbuf_stock_fill(s, pool))
		return NULL;
	return s->m[--s->n];
}

/* rte_pktmbuf_attach(), where it is seldom needed. */
void mbuf_refer_other(struct rte_mbuf *seg, struct rte_mbuf *m);

/* m, fresh from a pool of buffers, becomes an empty packet with headroom. As rte_pktmbuf_reset(), without what is so already. */
static inline void
mbuf_begin(struct rte_mbuf *m)
{
	m->data_off = RTE_PKTMBUF_HEADROOM;
	m->port = RTE_MBUF_PORT_INVALID;
	m->ol_flags = 0;
	m->packet_type = 0;
	m->pkt_len = 0;
	m->data_len = 0;
	m->vlan_tci = 0;
	m->vlan_tci_outer = 0;
	m->tx_offload = 0;
}

/* seg, fresh from a pool of headers, stands for the n bytes at offset `at` of the segment m. As rte_pktmbuf_attach(), without what belongs
 * to a packet as a whole, where m's bytes are its own: seg goes behind another mbuf. alone: nobody else knows m or who refers to it, yet. */
static inline void
mbuf_refer(struct rte_mbuf *seg, struct rte_mbuf *m, uint16_t at, uint16_t n, bool alone)
{
	if (likely(RTE_MBUF_DIRECT(m))) {
		if (likely(alone))
			rte_mbuf_refcnt_set(m, (uint16_t)(rte_mbuf_refcnt_read(m) + 1));
		else
			rte_mbuf_refcnt_update(m, 1);
		seg->ol_flags = RTE_MBUF_F_INDIRECT;
		seg->priv_size = m->priv_size;
		seg->buf_addr = m->buf_addr;
		rte_mbuf_iova_set(seg, rte_mbuf_iova_get(m));
		seg->buf_len = m->buf_len;
	} else {
		mbuf_refer_other(seg, m);
	}
	seg->data_off = (uint16_t)(m->data_off + at);
	seg->data_len = n;
	seg->pkt_len = n;
}

#endif
