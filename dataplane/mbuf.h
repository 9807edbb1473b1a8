/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_MBUF_H
#define DATAPLANE_MBUF_H

#include <rte_mbuf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "dataplane/burst.h"

/* Packets that are chains of fragments. A segment may share its buffer with another packet (indirect mbufs): bytes in front of
 * the data of a direct mbuf are always its own, those behind it only while nobody else refers to the buffer. */

/* Where a received frame begins in a buffer of ours, without asking the mbuf, which may not be in the cache: for prefetching. */
static inline const void *
mbuf_data_hint(const void *m)
{
	return (const uint8_t *)m + sizeof(struct rte_mbuf) + RTE_PKTMBUF_HEADROOM;
}

/* A segment that is about to be joined or sent: nobody reads its data. */
static inline void
mbuf_prefetch_header(const struct rte_mbuf *m)
{
	rte_prefetch0(m);
	rte_prefetch0((const uint8_t *)m + PKT_AT);
}

/* A frame that is about to be looked at. */
static inline void
mbuf_prefetch(const struct rte_mbuf *m)
{
	mbuf_prefetch_header(m);
	rte_prefetch0(mbuf_data_hint(m));
}

static inline void
mbuf_prefetch_burst(const struct burst *b)
{
	for (unsigned i = 0; i < b->n; i++)
		mbuf_prefetch(b->m[i]);
}

/* Memory of one buffer. */
static inline unsigned
mbuf_bytes(struct rte_mempool *pool)
{
	return (unsigned)sizeof(struct rte_mbuf) + rte_pktmbuf_data_room_size(pool);
}

/* Where a frame's headers will be written: that line has not been read before. */
static inline void
mbuf_prefetch_front(const struct rte_mbuf *m, unsigned room)
{
	rte_prefetch0(rte_pktmbuf_mtod_offset(m, const uint8_t *, -(int)room));
}

/* n bytes more in front of m, for which the caller knows that there is headroom; returns where they are. */
static inline uint8_t *
mbuf_front(struct rte_mbuf *m, unsigned n)
{
	const uint16_t at = (uint16_t)(m->data_off - n);

	m->data_off = at;
	m->data_len = (uint16_t)(m->data_len + n);
	m->pkt_len += n;
	return (uint8_t *)m->buf_addr + at;
}

/* Copies len bytes from offset of the chain; the caller has checked that they are there. */
static inline void
mbuf_copy_out(const struct rte_mbuf *m, uint32_t offset, uint32_t len, uint8_t *to)
{
	while (offset >= m->data_len && m->next != NULL) {
		offset -= m->data_len;
		m = m->next;
	}
	while (len > 0) {
		const uint32_t here = RTE_MIN(len, m->data_len - offset);

		memcpy(to, rte_pktmbuf_mtod_offset(m, const uint8_t *, offset), here);
		to += here;
		len -= here;
		offset = 0;
		m = m->next;
	}
}

/* Frees the segments behind `last` and makes it the last one; counts are the caller's. */
static inline void
mbuf_cut_chain(struct rte_mbuf *last)
{
	struct rte_mbuf *rest = last->next;

	last->next = NULL;
	while (rest != NULL) {
		struct rte_mbuf *next = rest->next;

		rte_pktmbuf_free_seg(rest);
		rest = next;
	}
}

/* Keeps the first len bytes (1 <= len <= pkt_len). */
static inline void
mbuf_keep(struct rte_mbuf *m, uint32_t len)
{
	struct rte_mbuf *seg = m;
	uint16_t segs = 1;

	if (len >= m->pkt_len)
		return;
	m->pkt_len = len;
	for (; len > seg->data_len; seg = seg->next, segs++)
		len -= seg->data_len;
	seg->data_len = (uint16_t)len;
	if (seg->next != NULL)
		mbuf_cut_chain(seg);
	m->nb_segs = segs;
}

/* Cuts n bytes (< pkt_len) off the front, wherever segments end. The first mbuf stays the first. */
static inline void
mbuf_skip(struct rte_mbuf *m, uint32_t n)
{
	struct rte_mbuf *seg = m;

	m->pkt_len -= n;
	while (n > seg->data_len) {
		n -= seg->data_len;
		seg->data_off = (uint16_t)(seg->data_off + seg->data_len);
		seg->data_len = 0;
		seg = seg->next;
	}
	seg->data_off = (uint16_t)(seg->data_off + n);
	seg->data_len = (uint16_t)(seg->data_len - n);
}

/* Empty segments behind the first one are of no use to drivers. */
static inline void
mbuf_drop_empty(struct rte_mbuf *m)
{
	struct rte_mbuf *prev = m;

	while (prev->next != NULL) {
		struct rte_mbuf *seg = prev->next;

		if (seg->data_len != 0) {
			prev = seg;
			continue;
		}
		prev->next = seg->next;
		seg->next = NULL;
		m->nb_segs--;
		rte_pktmbuf_free_seg(seg);
	}
}

/* An empty mbuf in front of m takes over as its head, scratch included; m's bytes follow it. */
static inline struct rte_mbuf *
mbuf_new_head(struct rte_mempool *pool, struct rte_mbuf *m)
{
	struct rte_mbuf *head = rte_pktmbuf_alloc(pool);

	if (head == NULL)
		return NULL;
	*pkt(head) = *pkt(m);
	head->next = m;
	head->pkt_len = m->pkt_len;
	head->nb_segs = (uint16_t)(m->nb_segs + 1);
	head->port = m->port;
	m->nb_segs = 1;
	return head;
}

/* Makes sure that a direct mbuf with `room` bytes of headroom is in front. Returns the head of the chain (perhaps a new one), NULL when
 * there is no mbuf (then m is as it was). */
static inline struct rte_mbuf *
mbuf_make_room(struct rte_mempool *pool, struct rte_mbuf *m, unsigned room)
{
	if (likely(RTE_MBUF_DIRECT(m) && rte_pktmbuf_headroom(m) >= room))
		return m;
	return mbuf_new_head(pool, m);
}

/* Makes the first n bytes (<= pkt_len) contiguous. As mbuf_make_room. */
static inline struct rte_mbuf *
mbuf_pull(struct rte_mempool *pool, struct rte_mbuf *m, unsigned n)
{
	uint8_t *tail;
	unsigned more;

	if (likely(m->data_len >= n))
		return m;
	more = n - m->data_len;
	if (!RTE_MBUF_DIRECT(m) || rte_mbuf_refcnt_read(m) != 1 || rte_pktmbuf_tailroom(m) < more) {
		m = mbuf_new_head(pool, m);
		if (m == NULL)
			return NULL;
		more = n;
	}
	tail = rte_pktmbuf_mtod_offset(m, uint8_t *, m->data_len);
	mbuf_copy_out(m->next, 0, more, tail);
	m->next->pkt_len = m->pkt_len - m->data_len; /* mbuf_skip() counts there */
	mbuf_skip(m->next, more);
	m->data_len = (uint16_t)(m->data_len + more);
	mbuf_drop_empty(m);
	return m;
}

/* The last segment; most packets have one only, and then its chain pointer is left alone. */
static inline struct rte_mbuf *
mbuf_last(struct rte_mbuf *m)
{
	return likely(m->nb_segs == 1) ? m : rte_pktmbuf_lastseg(m);
}

/* n pieces (each a packet of its own) become one packet. Empty ones, but the first, are freed; *freed: how many mbufs. */
static inline struct rte_mbuf *
mbuf_join(struct rte_mbuf *const frags[], unsigned n, unsigned *freed)
{
	struct rte_mbuf *head = frags[0], *last = mbuf_last(head);
	uint32_t len = head->pkt_len, segs = head->nb_segs;

	*freed = 0;
	for (unsigned i = 1; i < n; i++) {
		struct rte_mbuf *m = frags[i];

		if (unlikely(m->pkt_len == 0)) {
			*freed += m->nb_segs;
			rte_pktmbuf_free(m);
			continue;
		}
		last->next = m;
		last = mbuf_last(m);
		len += m->pkt_len;
		segs += m->nb_segs;
		m->nb_segs = 1;
	}
	head->pkt_len = len;
	head->nb_segs = (uint16_t)segs;
	return head;
}

#endif
