/* SPDX-License-Identifier: BSD-3-Clause */
/* In: frames of an IP port. Out: IP packets for us to route, data at the IP header; pkt: port. ARP and neighbour messages go to
 * control as whole frames. */
#include "dataplane/mbuf.h"
#include "dataplane/stages.h"
#include "dataplane/wire/eth.h"
#include "dataplane/wire/nd.h"

#include "dataplane/poison.h"

enum {
	FRAME_PASS = DROP_REASONS,
	FRAME_PUNT,

	/* All that we look at, or the stages behind us: were they to make more of it contiguous, the Ethernet header in front,
	 * which control wants, might get lost. */
	LOOK_MAX = ETH_HDR_MAX + IP4_HDR_MAX,
};

static unsigned
check_frame(const struct port *p, const struct rte_mbuf *m, uint16_t *hdr_len)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	struct eth_view eth;
	bool ours;

	if (!eth_parse(frame, m->data_len, &eth))
		return DROP_ETH_BAD;
	ours = port_has_mac(p, &eth.dst);
	*hdr_len = eth.hdr_len;
	/* A tagged frame belongs to another network. */
	if (eth.vlans.outer != 0)
		return DROP_NOT_IP;
	switch (eth.type) {
	case ETHERTYPE_ARP_FRAME:
		return ours || mac_is_group(&eth.dst) ? FRAME_PUNT : DROP_NOT_FOR_US;
	case ETHERTYPE_V4:
		return ours ? FRAME_PASS : DROP_NOT_FOR_US;
	case ETHERTYPE_V6:
		if ((ours || mac_is_group(&eth.dst)) && nd_is_message(frame + eth.hdr_len, m->data_len - eth.hdr_len))
			return FRAME_PUNT;
		return ours ? FRAME_PASS : DROP_NOT_FOR_US;
	default:
		return DROP_NOT_IP;
	}
}

void
ip_rx(struct worker *w, struct port *p, struct burst *b)
{
	const unsigned n = b->n;

	b->n = 0;
	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = mbuf_pull(w->pool, b->m[i], RTE_MIN(b->m[i]->pkt_len, (uint32_t)LOOK_MAX));
		uint16_t hdr_len = 0;
		unsigned verdict;

		if (m == NULL) {
			drop(w, b->m[i], DROP_NO_MBUF);
			continue;
		}
		*pkt(m) = (struct pkt){.port = p->index};
		verdict = check_frame(p, m, &hdr_len);
		if (verdict == FRAME_PASS) {
			rte_pktmbuf_adj(m, hdr_len);
			b->m[b->n++] = m;
		} else if (verdict == FRAME_PUNT) {
			punt_frame(w, m, DP_FROM_IP_PORT);
		} else {
			drop(w, m, (enum drop_reason)verdict);
		}
	}
}
