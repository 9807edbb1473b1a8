/* SPDX-License-Identifier: BSD-3-Clause */
/* In: packets of bundles at home, data behind the PPP protocol field; pkt: proto, bundle, gen. Out: IP packets whose network protocol is
 * open. Control protocols go to control with their protocol field, and so does a sample of the unknown ones, for Protocol-Reject. */
#include "dataplane/bundle_state.h"
#include "dataplane/mbuf.h"
#include "dataplane/stages.h"
#include "dataplane/wire/ip.h"
#include "dataplane/wire/ppp.h"

#include "dataplane/poison.h"

enum {
	PACKET_PUNT = DROP_REASONS,

	REJECT_PPS = 10, /* packets of unknown protocols shown to control, which answers (RFC 1661 section 5.7) */
	REJECT_BURST = 4,
};

/* Of what is not IP with its NCP open. */
static unsigned
judge(uint16_t proto)
{
	switch (proto) {
	case PPP_IPV4:
	case PPP_IPV6:
		return DROP_NCP_CLOSED;
	case PPP_MP:
		return DROP_MP_NESTED;
	default:
		return ppp_proto_is_control(proto) ? PACKET_PUNT : DROP_PPP_UNKNOWN_PROTOCOL;
	}
}

static void
punt_packet(struct worker *w, struct rte_mbuf *m)
{
	struct rte_mbuf *head = mbuf_make_room(w->pool, m, PPP_PROTO_LEN);

	if (head == NULL) {
		drop(w, m, DROP_NO_MBUF);
		return;
	}
	store_be16(rte_pktmbuf_prepend(head, PPP_PROTO_LEN), pkt(head)->proto);
	punt_frame(w, head, DP_FROM_BUNDLE);
}

static void
leave(struct worker *w, struct rte_mbuf *m)
{
	const unsigned verdict = judge(pkt(m)->proto);

	if (verdict == PACKET_PUNT) {
		punt_packet(w, m);
	} else if (verdict == DROP_PPP_UNKNOWN_PROTOCOL &&
		bucket_take(&w->bundles->unknown_proto, w->now_ns, REJECT_PPS, REJECT_BURST)) {
		w->drops[verdict]++;
		punt_packet(w, m);
	} else {
		drop(w, m, (enum drop_reason)verdict);
	}
}

/* Where it goes is asked some stages later. */
static inline void
prefetch_route(const struct worker *w, const struct rte_mbuf *m)
{
	if (likely(m->data_len >= IP4_HDR_MIN))
		tables_route_prefetch(w->tables, load_be32(rte_pktmbuf_mtod(m, const uint8_t *) + 16));
}

void
inner_proto(struct worker *w, struct burst *b)
{
	const unsigned n = b->n;

	b->n = 0;
	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = b->m[i];
		const struct bundle *bu = &w->bundles->bundles[pkt(m)->bundle];
		const uint16_t proto = pkt(m)->proto;

		if (likely(proto == PPP_IPV4 && (bu->hot.flags & DP_BUNDLE_V4))) {
			prefetch_route(w, m);
		} else if (likely(proto == PPP_IPV6 && (bu->hot.flags & DP_BUNDLE_V6))) {
			rte_prefetch0(&bu->sources6); /* read before any of the route's tables, and longer under way */
		} else {
			leave(w, m);
			continue;
		}
		b->m[b->n++] = m;
	}
}
