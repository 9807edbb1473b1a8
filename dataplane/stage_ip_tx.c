/* SPDX-License-Identifier: BSD-3-Clause */
/* In: routed packets. Out: those for bundles (PKT_TO_LINKS). Those for IP ports get an Ethernet header and leave, in fragments if the port
 * takes no more. */
#include "dataplane/ip_error.h"
#include "dataplane/mbuf.h"
#include "dataplane/stages.h"
#include "dataplane/wire/eth.h"

#include "dataplane/poison.h"

/* The header at p, in two words that overlap. */
static inline void
header(uint8_t *p, uint64_t mac_word, const struct port *from, bool v6)
{
	enum { MAC_BITS = 8 * ETH_ADDR_LEN };
	const uint64_t type = v6 ? rte_bswap16(ETHERTYPE_V6) : rte_bswap16(ETHERTYPE_V4);
	uint64_t src; /* and two bytes of what follows it there */

	mac_word = rte_cpu_to_le_64(mac_word);
	memcpy(p, &mac_word, sizeof(mac_word));
	memcpy(&src, from->macs, sizeof(src));
	src = (rte_le_to_cpu_64(src) & ((UINT64_C(1) << MAC_BITS) - 1)) | type << MAC_BITS;
	src = rte_cpu_to_le_64(src);
	memcpy(p + ETH_ADDR_LEN, &src, sizeof(src));
}

/* NULL: dropped for want of a buffer. */
static __rte_noinline struct rte_mbuf *
with_room(struct worker *w, struct rte_mbuf *m)
{
	struct rte_mbuf *head = mbuf_make_room(w->pool, m, ETH_HDR_LEN);

	if (head == NULL)
		drop(w, m, DROP_NO_MBUF);
	return head;
}

static __rte_always_inline void
send(struct worker *w, struct port *p, struct rte_mbuf *m)
{
	const bool v6 = *rte_pktmbuf_mtod(m, const uint8_t *) >> 4 == 6;

	if (unlikely(!RTE_MBUF_DIRECT(m) || m->data_off < ETH_HDR_LEN)) {
		m = with_room(w, m);
		if (m == NULL)
			return;
	}
	m->data_off = (uint16_t)(m->data_off - ETH_HDR_LEN);
	m->data_len = (uint16_t)(m->data_len + ETH_HDR_LEN);
	m->pkt_len += ETH_HDR_LEN;
	header(rte_pktmbuf_mtod(m, uint8_t *), pkt(m)->mac_word, p, v6);
	port_tx(w, p, m);
}

static __rte_noinline void
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
