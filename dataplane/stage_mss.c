/* SPDX-License-Identifier: BSD-3-Clause */
/* In: IP packets from or for bundles at home here; pkt: bundle. Out: the same, MSS of TCP SYNs at most the bundle's ceilings where the
 * bundle asks for it. */
#include "dataplane/bundle_state.h"
#include "dataplane/mbuf.h"
#include "dataplane/stages.h"
#include "dataplane/wire/tcp_mss.h"

#include "dataplane/poison.h"

/* Headers that a SYN may have: IPv4 and TCP at their longest are 120 bytes; IPv6 with some extension headers. A SYN that came in small
 * fragments is made contiguous that far. */
enum { LOOK_MAX = 160 };

static inline struct rte_mbuf *
clamp(struct worker *w, struct rte_mbuf *m, const uint16_t flag)
{
	const struct bundle *b;
	struct rte_mbuf *whole;

	if (likely(!mss_may_clamp(rte_pktmbuf_mtod(m, const uint8_t *), m->data_len)))
		return m;
	b = bundle_at(w->bundles, pkt(m)->bundle);
	if (b == NULL || !(b->hot.flags & flag))
		return m;
	whole = mbuf_pull(w->pool, m, RTE_MIN(m->pkt_len, (uint32_t)LOOK_MAX));
	/* Without an mbuf a SYN passes as it is: too large an MSS costs less than the connection. */
	m = whole != NULL ? whole : m;
	mss_clamp(rte_pktmbuf_mtod(m, uint8_t *), m->data_len, b->tx_rest.mss_v4, b->tx_rest.mss_v6);
	return m;
}

void
mss_from_links(struct worker *w, struct burst *b)
{
	for (unsigned i = 0; i < b->n; i++)
		b->m[i] = clamp(w, b->m[i], DP_BUNDLE_MSS_FROM_LINKS);
}

void
mss_to_links(struct worker *w, struct burst *b)
{
	for (unsigned i = 0; i < b->n; i++)
		b->m[i] = clamp(w, b->m[i], DP_BUNDLE_MSS_TO_LINKS);
}
