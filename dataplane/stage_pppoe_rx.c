/* SPDX-License-Identifier: BSD-3-Clause */
/* In: frames of an access port. Out: frames of our open sessions, data at the PPP protocol field, padding cut;
 * pkt: bundle, home, slot, vlans, port, proto. */
#include "dataplane/bundle_state.h"
#include "dataplane/mbuf.h"
#include "dataplane/stages.h"
#include "dataplane/wire/ppp.h"

#include "dataplane/poison.h"

enum {
	/* Verdicts besides a drop reason. */
	FRAME_DATA = DROP_REASONS,
	FRAME_PUNT,

	HEADERS_MAX = ETH_HDR_MAX + PPPOE_HDR_LEN + PPP_PROTO_LEN + MP_LONG_LEN, /* all that is ever looked at */
	UNKNOWN_PPS = 10, /* frames of unknown sessions shown to control, so that it can say PADT (L-14) */
};

struct seen {
	struct eth_view eth;
	struct pppoe_view pppoe;
	uint16_t proto;
	bool session;
};

static bool
is_broadcast(const struct mac *m)
{
	return (m->b[0] & m->b[1] & m->b[2] & m->b[3] & m->b[4] & m->b[5]) == 0xff;
}

static unsigned
check_pppoe(const uint8_t *p, size_t n, struct seen *s)
{
	switch (pppoe_parse(p, n, &s->pppoe)) {
	case PPPOE_OK:
		break;
	case PPPOE_SHORT:
		return DROP_PPPOE_SHORT;
	case PPPOE_BAD_VER:
		return DROP_PPPOE_BAD_VER;
	case PPPOE_BAD_LENGTH:
		return DROP_PPPOE_BAD_LENGTH;
	}
	if (!s->session)
		return FRAME_PUNT;
	return s->pppoe.code == PPPOE_CODE_SESSION ? FRAME_DATA : DROP_PPPOE_BAD_CODE;
}

/* What can be said without any table. */
static unsigned
check_frame(const struct port *p, const struct rte_mbuf *m, struct seen *s)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	unsigned at, verdict;

	s->proto = 0;
	if (!eth_parse(frame, m->data_len, &s->eth))
		return DROP_ETH_BAD;
	s->session = s->eth.type == ETHERTYPE_PPPOE_SESSION;
	if (!s->session && s->eth.type != ETHERTYPE_PPPOE_DISCOVERY)
		return DROP_NOT_PPPOE;
	if (!port_has_mac(p, &s->eth.dst) && (s->session || !is_broadcast(&s->eth.dst)))
		return DROP_NOT_FOR_US;
	verdict = check_pppoe(frame + s->eth.hdr_len, m->pkt_len - s->eth.hdr_len, s);
	if (verdict != FRAME_DATA)
		return verdict;
	at = s->eth.hdr_len + PPPOE_HDR_LEN;
	if (ppp_proto_load(frame + at, RTE_MIN(s->pppoe.payload_len, m->data_len - at), &s->proto) == 0)
		return DROP_PPP_NO_PROTOCOL;
	return FRAME_DATA;
}

/* The session's word was found; several sessions may share it. */
static unsigned
check_session(const struct worker *w, const struct port *p, const struct seen *s, struct steer *to)
{
	if (unlikely(to->state == STEER_COLLIDE)) {
		const struct dp_session_key key = {
			.port = p->index,
			.session = s->pppoe.session,
			.vlans = s->eth.vlans,
			.peer = s->eth.src,
			.local = s->eth.dst,
		};

		if (!tables_session(w->tables, &key, to))
			return DROP_SESSION_UNKNOWN;
	}
	if (to->state == STEER_NONE)
		return DROP_SESSION_UNKNOWN;
	if (!vlan_stack_equal(to->vlans, s->eth.vlans))
		return DROP_SESSION_BAD_VLAN;
	if (ppp_proto_is_control(s->proto))
		return FRAME_PUNT;
	return to->state == STEER_LINK ? FRAME_DATA : DROP_SESSION_NOT_READY;
}

static void
refuse(struct worker *w, struct rte_mbuf *m, enum drop_reason why)
{
	if (why == DROP_SESSION_UNKNOWN && bucket_take(&w->bundles->unknown, w->now_ns, UNKNOWN_PPS, UNKNOWN_PPS)) {
		w->drops[why]++;
		punt_frame(w, m, DP_FROM_PORT);
		return;
	}
	drop(w, m, why);
}

static void
note(struct rte_mbuf *m, const struct port *p, const struct seen *s, const struct steer *to)
{
	struct pkt *k = pkt(m);

	*k = (struct pkt){
		.bundle = to->bundle,
		.home = to->home,
		.slot = to->slot,
		.port = p->index,
		.eth_len = (uint8_t)s->eth.hdr_len,
		.proto = s->proto,
	};
}

static void
prefetch_bundle(const struct worker *w, const struct steer *to)
{
	const struct bundle *b = &w->bundles->bundles[to->bundle];

	if (to->home != w->index || to->bundle >= w->bundles->max)
		return;
	rte_prefetch0(&b->rx);
	rte_prefetch0(&b->hot);
}

/* At most BURST_STAGE frames: headers, then words, then bundles, so that each miss is waited for by the others' work. */
static void
rx_some(struct worker *w, struct port *p, struct rte_mbuf *m[], unsigned n, struct burst *out)
{
	struct seen s[BURST_STAGE];
	unsigned verdict[BURST_STAGE];

	for (unsigned i = 0; i < n; i++) {
		/* Only a driver that scatters, or a sender in this process, gives headers in pieces. */
		struct rte_mbuf *whole = mbuf_pull(w->pool, m[i], RTE_MIN(m[i]->pkt_len, (uint32_t)HEADERS_MAX));

		verdict[i] = DROP_NO_MBUF;
		if (whole == NULL)
			continue;
		m[i] = whole;
		verdict[i] = check_frame(p, whole, &s[i]);
		if (verdict[i] == FRAME_DATA)
			__builtin_prefetch(&p->steer[s[i].pppoe.session]); /* rte_prefetch0() takes no _Atomic */
	}
	for (unsigned i = 0; i < n; i++) {
		struct steer to = {0};

		if (verdict[i] == FRAME_DATA) {
			to = steer_unpack(atomic_load_explicit(&p->steer[s[i].pppoe.session], memory_order_relaxed));
			verdict[i] = check_session(w, p, &s[i], &to);
		}
		if (verdict[i] == DROP_NO_MBUF || verdict[i] == DROP_ETH_BAD) {
			drop(w, m[i], (enum drop_reason)verdict[i]);
			continue;
		}
		note(m[i], p, &s[i], &to);
		if (verdict[i] == FRAME_PUNT) {
			punt_frame(w, m[i], DP_FROM_PORT);
		} else if (verdict[i] == FRAME_DATA) {
			prefetch_bundle(w, &to);
			mbuf_keep(m[i], s[i].eth.hdr_len + PPPOE_HDR_LEN + s[i].pppoe.payload_len);
			rte_pktmbuf_adj(m[i], (uint16_t)(s[i].eth.hdr_len + PPPOE_HDR_LEN));
			out->m[out->n++] = m[i];
		} else {
			refuse(w, m[i], (enum drop_reason)verdict[i]);
		}
	}
}

void
pppoe_rx(struct worker *w, struct port *p, struct burst *b)
{
	const unsigned n = b->n;

	for (unsigned i = 0; i < n; i++)
		mbuf_prefetch(b->m[i]);
	b->n = 0;
	for (unsigned i = 0; i < n; i += BURST_STAGE)
		rx_some(w, p, b->m + i, RTE_MIN(n - i, (unsigned)BURST_STAGE), b);
}
