/* SPDX-License-Identifier: BSD-3-Clause */
/* In: routed packets. Out: those for bundles (PKT_TO_LINKS). Those for IP ports get an Ethernet header and leave, in fragments if the port
 * takes no more. */
#include "dataplane/ip_error.h"
#include "dataplane/mbuf.h"
#include "dataplane/stages.h"
#include "dataplane/wire/eth.h"

#include "dataplane/poison.h"

static inline void
send(struct worker *w, struct port *p, struct rte_mbuf *m)
{
	const uint16_t type =
		ip_version(rte_pktmbuf_mtod(m, const uint8_t *), m->data_len) == 6 ? ETHERTYPE_V6 : ETHERTYPE_V4;
	const uint64_t word = rte_cpu_to_le_64(pkt(m)->mac_word);
	struct rte_mbuf *head = mbuf_make_room(w->pool, m, ETH_HDR_LEN);
	struct mac dst;

	if (head == NULL) {
		drop(w, m, DROP_NO_MBUF);
		return;
	}
	memcpy(&dst, &word, ETH_ADDR_LEN);
	eth_store(
		(uint8_t *)rte_pktmbuf_prepend(head, ETH_HDR_LEN), &dst, &p->macs[0], (struct vlan_stack){0, 0}, type);
	port_tx(w, p, head);
}

static void
send_in_pieces(struct worker *w, struct port *p, struct rte_mbuf *m)
{
	struct rte_mbuf *pieces[IP_PIECES_MAX];
	unsigned n;

	if (ip_is_uncuttable(m)) {
		drop_answered(w, m, DROP_IP_TOO_BIG, DP_PUNT_TOO_BIG, p->mtu);
		return;
	}
	n = ip_cut(w, m, p->mtu, pieces);
	if (n == 0)
		drop(w, m, DROP_NO_MBUF);
	for (unsigned i = 0; i < n; i++)
		send(w, p, pieces[i]);
}

void
ip_tx(struct worker *w, struct burst *b)
{
	const unsigned n = b->n;

	b->n = 0;
	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = b->m[i];
		struct port *p = &w->ports[pkt(m)->port];

		if (pkt(m)->flags & PKT_TO_LINKS)
			b->m[b->n++] = m;
		else if (likely(m->pkt_len <= p->mtu))
			send(w, p, m);
		else
			send_in_pieces(w, p, m);
	}
}
