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

/* Every case, and its name. What passes has no tags. */
static unsigned
check_frame(const struct port *p, const struct rte_mbuf *m)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	struct eth_view eth;
	bool ours;

	if (!eth_parse(frame, m->data_len, &eth))
		return DROP_ETH_BAD;
	ours = port_has_mac(p, &eth.dst);
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

/* Whether check_frame() would pass the frame, as one for the port's own address without tags that is no ICMPv6, which nearly all are:
 * known by a few comparisons. */
static inline bool
is_usual(const struct port *p, const struct rte_mbuf *m)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	uint16_t type;

	if (m->data_len < LOOK_MAX && (m->data_len != m->pkt_len || m->data_len < ETH_HDR_LEN + IP4_HDR_MIN))
		return false;
	type = load_be16(frame + 2 * ETH_ADDR_LEN);
	return (type == ETHERTYPE_V4 || (type == ETHERTYPE_V6 && frame[ETH_HDR_LEN + 6] != IPPROTO_ICMP6)) &&
		memcmp(frame, &p->macs[0], ETH_ADDR_LEN) == 0;
}

static inline unsigned
look(struct worker *w, const struct port *p, struct rte_mbuf **m)
{
	struct rte_mbuf *whole;

	if (likely(is_usual(p, *m)))
		return FRAME_PASS;
	whole = mbuf_pull(w->pool, *m, RTE_MIN((*m)->pkt_len, (uint32_t)LOOK_MAX));
	if (whole == NULL)
		return DROP_NO_MBUF;
	*m = whole;
	return check_frame(p, whole);
}

void
ip_rx(struct worker *w, struct port *p, struct burst *b)
{
	const unsigned n = b->n;

	b->n = 0;
	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = b->m[i];
		const unsigned verdict = look(w, p, &m);

		*pkt(m) = (struct pkt){.port = p->index};
		if (likely(verdict == FRAME_PASS)) {
			m->data_off = (uint16_t)(m->data_off + ETH_HDR_LEN);
			m->data_len = (uint16_t)(m->data_len - ETH_HDR_LEN);
			m->pkt_len -= ETH_HDR_LEN;
			b->m[b->n++] = m;
		} else if (verdict == FRAME_PUNT) {
			punt_frame(w, m, DP_FROM_IP_PORT);
		} else {
			drop(w, m, (enum drop_reason)verdict);
		}
	}
}
