/* SPDX-License-Identifier: BSD-3-Clause */
/* In: IP packets for bundles at home here, data at the IP header; pkt: bundle, gen. Out: what mp_tx must make room for first, mostly nothing;
 * the others wait in their bundles' queues, whole, not numbered yet, data at the PPP protocol field, with headroom for what a line puts in
 * front. */
#include "dataplane/ip_error.h"
#include "dataplane/mbuf.h"
#include "dataplane/stages.h"
#include "dataplane/wire/ppp.h"

#include "dataplane/poison.h"

enum { PACKET_PASS = DROP_REASONS };

/* What waits for one bundle's lines is bounded by time, what waits for all of them by the buffers there are. */
static bool
is_full(const struct worker *w, const struct bundle *b, const struct rte_mbuf *m)
{
	return b->tx.data.n >= b->tx.packets_max || b->tx.data.bytes + m->pkt_len > b->tx.bytes_max ||
		w->queued_mbufs + w->held_mbufs + m->nb_segs > w->wait_max;
}

static unsigned
judge(const struct bundle *b, const struct pkt *k, unsigned version)
{
	if (b == NULL || b->tx.gen != k->gen)
		return DROP_BUNDLE_GONE;
	if (b->tx.up == 0)
		return DROP_BUNDLE_NO_LINK;
	if (!(b->tx.flags & (version == 6 ? DP_BUNDLE_V6 : DP_BUNDLE_V4)))
		return DROP_NCP_CLOSED;
	return PACKET_PASS;
}

static void
refuse(struct worker *w, struct bundle *b, struct rte_mbuf *m)
{
	b->rare.queue_drops++;
	drop(w, m, DROP_BUNDLE_QUEUE_FULL);
}

/* A bundle that has packets already is served when its lines have room, see next_wake_ns(). */
static __rte_always_inline void
enqueue(struct worker *w, struct bundle *b, uint32_t index, struct rte_mbuf *m, unsigned version)
{
	struct rte_mbuf *head = mbuf_make_room(w->pool, m, FRAME_ROOM + PPP_PROTO_LEN);

	if (unlikely(head == NULL)) {
		drop(w, m, DROP_NO_MBUF);
		return;
	}
	store_be16(mbuf_front(head, PPP_PROTO_LEN), version == 6 ? PPP_IPV6 : PPP_IPV4);
	bundle_data_push(w, b, head);
	if (b->tx.data.n > 1)
		return;
	bundle_prefetch_lines(b);
	bundle_prefetch_more_lines(b);
	bundle_tx_ready(w->bundles, index);
}

/* More than the peer's MRRU: its sender may cut it, then we do; all pieces are accepted or none. */
static __rte_noinline void
accept_large(struct worker *w, struct bundle *b, struct rte_mbuf *m)
{
	struct rte_mbuf *pieces[IP_PIECES_MAX];
	unsigned n;

	if (pkt(m)->flags & PKT_OWN) {
		drop(w, m, DROP_BUNDLE_TOO_LARGE);
		return;
	}
	if (ip_is_uncuttable(m)) {
		drop_answered(w, m, DROP_BUNDLE_TOO_LARGE, DP_PUNT_TOO_BIG, b->tx.mrru);
		return;
	}
	if (is_full(w, b, m)) {
		refuse(w, b, m);
		return;
	}
	n = ip_cut(w, m, b->tx.mrru, pieces);
	if (n == 0)
		drop(w, m, DROP_NO_MBUF);
	for (unsigned i = 0; i < n; i++)
		enqueue(w, b, bundle_index(w->bundles, b), pieces[i], 4);
}

/* Each packet's bundle; then the packets that others are put behind, which have waited, or the room in front of what may leave at once, and the
 * way to more lines than two. */
static void
fetch(const struct worker *w, const struct burst *burst)
{
	for (unsigned i = 0; i < burst->n; i++)
		bundle_prefetch_queue(w->bundles, pkt(burst->m[i])->bundle);
	for (unsigned i = 0; i < burst->n; i++) {
		const struct bundle *b = bundle_tx_at(w->bundles, pkt(burst->m[i])->bundle);

		if (b == NULL)
			continue;
		if (b->tx.data.n != 0)
			rte_prefetch0_write(pkt(bundle_data_tail(w, b)));
		else
			mbuf_prefetch_front(burst->m[i], FRAME_ROOM);
		if (b->tx.n_lines > LINES_INLINE)
			rte_prefetch0(&b->tx_rest.ext);
	}
}

/* False: not yet. A queue full of what has just come is not refused anything: its lines may take some of that at once. */
static __rte_always_inline bool
accept_one(struct worker *w, struct bundle *b, struct rte_mbuf *m, unsigned version)
{
	const bool full = is_full(w, b, m);

	if (unlikely(full) && bundle_tx_is_ready(w->bundles, pkt(m)->bundle))
		return false;
	if (unlikely(m->pkt_len > b->tx.mrru))
		accept_large(w, b, m);
	else if (unlikely(full))
		refuse(w, b, m);
	else
		enqueue(w, b, pkt(m)->bundle, m, version);
	return true;
}

static void
keep_from(struct burst *burst, unsigned at)
{
	burst->n -= at;
	memmove(burst->m, burst->m + at, burst->n * sizeof(*burst->m));
}

bool
mp_accept(struct worker *w, struct burst *burst)
{
	const unsigned n = burst->n;

	fetch(w, burst);
	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = burst->m[i];
		struct bundle *b = bundle_tx_at(w->bundles, pkt(m)->bundle);
		const unsigned version = ip_version(rte_pktmbuf_mtod(m, const uint8_t *), m->data_len);
		const unsigned verdict = judge(b, pkt(m), version);

		if (unlikely(verdict != PACKET_PASS)) {
			drop(w, m, (enum drop_reason)verdict);
		} else if (unlikely(!accept_one(w, b, m, version))) {
			keep_from(burst, i);
			return true;
		}
	}
	burst->n = 0;
	return false;
}
