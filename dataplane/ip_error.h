/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_IP_ERROR_H
#define DATAPLANE_IP_ERROR_H

#include "dataplane/bundle_state.h"
#include "dataplane/wire/ip.h"

/* Packets that end here and that control may want to answer for. */

enum { ICMP_PPS = 200, ICMP_BURST = 50 };

/* Counts the drop, and shows control the packet for an ICMP error unless it is our own or there were too many: errors must not
 * use up the budget that echoes and negotiation live on. */
static inline void
drop_answered(struct worker *w, struct rte_mbuf *m, enum drop_reason reason, enum dp_punt_why why, uint16_t mtu)
{
	struct pkt *k = pkt(m);

	if ((k->flags & (PKT_OWN | PKT_CONTROL)) || !bucket_take(&w->bundles->icmp, w->now_ns, ICMP_PPS, ICMP_BURST)) {
		drop(w, m, reason);
		return;
	}
	w->drops[reason]++;
	k->why = (uint8_t)why;
	k->mtu = mtu;
	punt_frame(w, m, DP_FROM_ROUTE);
}

/* A contiguous IPv4 header that forbids to cut the packet, or IPv6, which never is cut on its way. */
static inline bool
ip_is_uncuttable(const struct rte_mbuf *m)
{
	const uint8_t *ip = rte_pktmbuf_mtod(m, const uint8_t *);

	return ip_version(ip, m->data_len) != 4 || (load_be16(ip + 6) & IP4_DF) != 0;
}

enum { IP_PIECES_MAX = 64 };

/* Cuts a checked IPv4 packet (without DF) into pieces of at most mtu bytes, scratch copied. Takes m and returns their number, or 0: no
 * mbufs, or mtu too small; then m is still there. */
unsigned ip_cut(struct worker *w, struct rte_mbuf *m, uint16_t mtu, struct rte_mbuf *out[IP_PIECES_MAX]);

#endif
