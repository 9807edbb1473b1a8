/* SPDX-License-Identifier: BSD-3-Clause */
/* In: IP packets from or for bundles at home here, data at the IP header, not checked; pkt: bundle. Out: the same, where the bundle asks for it
 * put together from fragments, TTL at least the bundle's floor and Don't Fragment cleared. Nobody comes here while no bundle does. */
#include "dataplane/bundle_state.h"
#include "dataplane/ip_join.h"
#include "dataplane/mbuf.h"
#include "dataplane/stages.h"
#include "dataplane/wire/scrub.h"

#include "dataplane/poison.h"

static void
scrub_v4(struct worker *w, const struct bundle *b, uint8_t *ip, uint32_t len)
{
	ip4_ttl_floor(ip, b->tx_rest.min_ttl);
	if (!(b->tx_rest.scrub & DP_SCRUB_CLEAR_DF) || !ip4_clear_df(ip, (uint16_t)(w->scrub_id | 1)))
		return;
	w->scrub_id += 2;
	w->df_cleared++;
	w->df_needed += len > b->tx.mrru;
}

/* NULL: a fragment that waits for others, or was dropped. */
static struct rte_mbuf *
scrub_one(struct worker *w, struct rte_mbuf *m, unsigned direction)
{
	const struct bundle *b = bundle_at(w->bundles, pkt(m)->bundle);
	struct rte_mbuf *whole;
	uint8_t *ip;

	if (b == NULL || !(b->tx_rest.scrub & direction) || (pkt(m)->flags & PKT_OWN))
		return m;
	if (b->tx_rest.scrub & DP_SCRUB_REASSEMBLE) {
		m = ip_join(w, m);
		if (m == NULL)
			return NULL;
	}
	whole = mbuf_pull(w->pool, m, RTE_MIN(m->pkt_len, (uint32_t)IP6_HDR_LEN));
	if (whole == NULL) /* without an mbuf it passes as it is */
		return m;
	ip = rte_pktmbuf_mtod(whole, uint8_t *);
	if (ip_version(ip, whole->data_len) == 4 && whole->data_len >= IP4_HDR_MIN)
		scrub_v4(w, b, ip, whole->pkt_len);
	else if (ip_version(ip, whole->data_len) == 6 && whole->data_len >= IP6_HDR_LEN)
		ip6_hop_floor(ip, b->tx_rest.min_ttl);
	return whole;
}

void
scrub_some(struct worker *w, struct burst *b, unsigned direction)
{
	const unsigned n = b->n;

	b->n = 0;
	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = scrub_one(w, b->m[i], direction);

		if (m != NULL)
			b->m[b->n++] = m;
	}
}
