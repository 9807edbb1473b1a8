/* SPDX-License-Identifier: BSD-3-Clause */
/* In: frames of an access port. Out: frames of our open sessions that are at home here, data at the PPP protocol field, padding cut;
 * pkt: bundle, home, slot, vlans, port, proto. Those that are at home elsewhere come in there through steer_in. */
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

/* What the second look needs of the first. */
struct seen {
	uint64_t
		head; /* of a session's frame: version and type, code, session id, length and protocol, 16 bits each but the first two */
	struct vlan_stack vlans;
	uint32_t lead; /* steer_lead() of them */
	uint16_t eth_len;
};
#define HEAD_USUAL_MASK UINT64_C(0xffff000000000101) /* and a protocol field of two bytes */
#define HEAD_USUAL ((uint64_t)(PPPOE_VER_TYPE << 8 | PPPOE_CODE_SESSION) << 48 | 1)

static inline uint16_t
seen_session(const struct seen *s)
{
	return (uint16_t)(s->head >> 32);
}

static inline uint16_t
seen_payload_len(const struct seen *s)
{
	return (uint16_t)(s->head >> 16);
}

static inline uint16_t
seen_proto(const struct seen *s)
{
	return (uint16_t)s->head;
}

static bool
is_broadcast(const struct mac *m)
{
	return (m->b[0] & m->b[1] & m->b[2] & m->b[3] & m->b[4] & m->b[5]) == 0xff;
}

/* PPPoE behind the Ethernet header. */
static unsigned
check_pppoe(const uint8_t *p, size_t n, bool session, struct seen *s)
{
	struct pppoe_view v;

	switch (pppoe_parse(p, n, &v)) {
	case PPPOE_OK:
		break;
	case PPPOE_SHORT:
		return DROP_PPPOE_SHORT;
	case PPPOE_BAD_VER:
		return DROP_PPPOE_BAD_VER;
	case PPPOE_BAD_LENGTH:
		return DROP_PPPOE_BAD_LENGTH;
	}
	if (!session)
		return FRAME_PUNT;
	s->head = (uint64_t)v.session << 32 | (uint64_t)v.payload_len << 16;
	return v.code == PPPOE_CODE_SESSION ? FRAME_DATA : DROP_PPPOE_BAD_CODE;
}

/* What can be said without any table: every case, and its name. */
static unsigned
check_frame(const struct port *p, const struct rte_mbuf *m, struct seen *s)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
	struct eth_view eth;
	unsigned at, verdict;
	uint16_t proto;
	bool session;

	*s = (struct seen){.head = 0};
	if (!eth_parse(frame, m->data_len, &eth))
		return DROP_ETH_BAD;
	s->vlans = eth.vlans;
	s->lead = steer_lead(eth.vlans);
	s->eth_len = eth.hdr_len;
	session = eth.type == ETHERTYPE_PPPOE_SESSION;
	if (!session && eth.type != ETHERTYPE_PPPOE_DISCOVERY)
		return DROP_NOT_PPPOE;
	if (!port_has_mac(p, &eth.dst) && (session || !is_broadcast(&eth.dst)))
		return DROP_NOT_FOR_US;
	verdict = check_pppoe(frame + eth.hdr_len, m->pkt_len - eth.hdr_len, session, s);
	if (verdict != FRAME_DATA)
		return verdict;
	at = eth.hdr_len + PPPOE_HDR_LEN;
	if (ppp_proto_load(frame + at, RTE_MIN(seen_payload_len(s), m->data_len - at), &proto) == 0)
		return DROP_PPP_NO_PROTOCOL;
	s->head |= proto;
	return FRAME_DATA;
}

/* One or two tags at the two bytes before `at`, and PPPoE of a session behind them; where that is, NULL: something else. */
static inline const uint8_t *
pass_tags(const uint8_t *at, struct seen *s)
{
	if (!eth_type_is_vlan(load_be16(at - 2)))
		return NULL;
	s->vlans = (struct vlan_stack){.outer = vlan_load(at - 2)};
	at += ETH_VLAN_LEN;
	if (eth_type_is_vlan(load_be16(at - 2))) {
		s->vlans.inner = vlan_load(at - 2);
		at += ETH_VLAN_LEN;
	}
	s->lead = steer_lead(s->vlans);
	return load_be16(at - 2) == ETHERTYPE_PPPOE_SESSION ? at : NULL;
}

/* A payload with a protocol field, in that many bytes, which are enough for one. */
static inline bool
holds_payload(uint32_t bytes, uint32_t payload_len)
{
	return payload_len - PPP_PROTO_LEN <= bytes - PPP_PROTO_LEN;
}

/* Whether the frame is session data for the port's own address with a protocol field of two bytes, which nearly all frames are: what
 * check_frame() calls FRAME_DATA, known by a few comparisons. */
static inline bool
is_usual(const struct port *p, const struct rte_mbuf *m, struct seen *s)
{
	const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *), *at = frame + ETH_HDR_LEN;

	if (m->data_len < HEADERS_MAX)
		return false;
	if (load_be16(at - 2) == ETHERTYPE_PPPOE_SESSION) {
		s->vlans = (struct vlan_stack){0, 0};
		s->lead = STEER_LINK;
	} else {
		at = pass_tags(at, s);
		if (at == NULL)
			return false;
	}
	s->head = load_be64(at);
	s->eth_len = (uint16_t)(at - frame);
	return (s->head & HEAD_USUAL_MASK) == HEAD_USUAL &&
		holds_payload(m->pkt_len - s->eth_len - PPPOE_HDR_LEN, seen_payload_len(s)) &&
		memcmp(frame, &p->macs[0], ETH_ADDR_LEN) == 0;
}

/* Several sessions share the word: by all that tells them apart. */
static bool
find_exact(
	const struct worker *w, const struct port *p, const struct rte_mbuf *m, const struct seen *s, struct steer *to)
{
	struct dp_session_key key = {.port = p->index, .session = seen_session(s), .vlans = s->vlans};

	memcpy(&key.local, rte_pktmbuf_mtod(m, const uint8_t *), ETH_ADDR_LEN);
	memcpy(&key.peer, rte_pktmbuf_mtod_offset(m, const uint8_t *, ETH_ADDR_LEN), ETH_ADDR_LEN);
	return tables_session(w->tables, &key, to);
}

/* The session's word was found. */
static inline unsigned
check_session(
	const struct worker *w, const struct port *p, const struct rte_mbuf *m, const struct seen *s, struct steer *to)
{
	if (unlikely(to->state == STEER_COLLIDE) && !find_exact(w, p, m, s, to))
		return DROP_SESSION_UNKNOWN;
	if (to->state == STEER_NONE)
		return DROP_SESSION_UNKNOWN;
	if (!vlan_stack_equal(to->vlans, s->vlans))
		return DROP_SESSION_BAD_VLAN;
	if (ppp_proto_is_control(seen_proto(s)))
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

static inline void
note(struct rte_mbuf *m, const struct port *p, const struct seen *s, const struct steer *to)
{
	struct pkt *k = pkt(m);

	*k = (struct pkt){
		.bundle = to->bundle,
		.home = to->home,
		.slot = to->slot,
		.port = p->index,
		.eth_len = (uint8_t)s->eth_len,
		.proto = seen_proto(s),
	};
}

/* Session data: only what lies behind the PPPoE header stays. */
static inline void
strip(struct rte_mbuf *m, const struct seen *s)
{
	const uint16_t n = (uint16_t)(s->eth_len + PPPOE_HDR_LEN);

	m->data_off = (uint16_t)(m->data_off + n);
	if (likely(m->nb_segs == 1)) {
		m->data_len = seen_payload_len(s);
		m->pkt_len = seen_payload_len(s);
		return;
	}
	m->data_len = (uint16_t)(m->data_len - n);
	m->pkt_len -= n;
	mbuf_keep(m, seen_payload_len(s));
}

/* Data of an open session. */
static inline void
pass(struct worker *w, const struct port *p, struct rte_mbuf *m, const struct seen *s, const struct steer *to,
	struct burst *out)
{
	note(m, p, s, to);
	strip(m, s);
	if (unlikely(to->home != w->index)) {
		steer_frame(w, m, STEER_FROM_LINKS);
		return;
	}
	bundle_prefetch_rx(w->bundles, to->bundle);
	out->m[out->n++] = m;
}

/* What is not data: dropped, shown to control, or punted. */
static void
leave(struct worker *w, const struct port *p, struct rte_mbuf *m, const struct seen *s, const struct steer *to,
	unsigned verdict)
{
	if (verdict == DROP_NO_MBUF || verdict == DROP_ETH_BAD) {
		drop(w, m, (enum drop_reason)verdict);
		return;
	}
	note(m, p, s, to);
	if (verdict == FRAME_PUNT)
		punt_frame(w, m, DP_FROM_PORT);
	else
		refuse(w, m, (enum drop_reason)verdict);
}

/* Only a driver that scatters, or a sender in this process, gives headers in pieces. */
static inline unsigned
first_look(struct worker *w, const struct port *p, struct rte_mbuf **m, struct seen *s)
{
	struct rte_mbuf *whole;

	if (likely(is_usual(p, *m, s)))
		return FRAME_DATA;
	whole = mbuf_pull(w->pool, *m, RTE_MIN((*m)->pkt_len, (uint32_t)HEADERS_MAX));
	if (whole == NULL)
		return DROP_NO_MBUF;
	*m = whole;
	return check_frame(p, whole, s);
}

/* A frame with a session id: all that its word can say. */
static void
second_look(struct worker *w, const struct port *p, struct rte_mbuf *m, const struct seen *s, uint64_t word,
	struct burst *out)
{
	struct steer to = steer_unpack(word);
	const unsigned verdict = check_session(w, p, m, s, &to);

	if (verdict != FRAME_DATA) {
		leave(w, p, m, s, &to, verdict);
		return;
	}
	pass(w, p, m, s, &to, out);
}

/* Headers, then words, then bundles, so that each miss is waited for by the others' work. */
void
pppoe_rx(struct worker *w, struct port *p, struct burst *b)
{
	struct seen s[BURST_MAX];
	unsigned n_data = 0;

	for (unsigned i = 0; i < b->n; i++) {
		struct rte_mbuf *m = b->m[i];
		struct seen *seen = &s[n_data];
		const unsigned verdict = first_look(w, p, &m, seen);

		if (unlikely(verdict != FRAME_DATA)) {
			leave(w, p, m, seen, &(struct steer){0}, verdict);
			continue;
		}
		__builtin_prefetch(&p->steer[seen_session(seen)]); /* rte_prefetch0() takes no _Atomic */
		b->m[n_data++] = m;
	}
	b->n = 0;
	for (unsigned i = 0; i < n_data; i++) {
		const uint64_t word = atomic_load_explicit(&p->steer[seen_session(&s[i])], memory_order_relaxed);
		const struct steer to = steer_unpack(word);

		if (likely(steer_leads(word, s[i].lead) && !ppp_proto_is_control(seen_proto(&s[i]))))
			pass(w, p, b->m[i], &s[i], &to, b);
		else
			second_look(w, p, b->m[i], &s[i], word, b);
	}
}
