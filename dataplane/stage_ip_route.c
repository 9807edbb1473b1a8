/* SPDX-License-Identifier: BSD-3-Clause */
/* In: IP packets, data at the IP header; pkt: flags, and the bundle they came from or the port. Out: packets with a way to go, cut to
 * their length, TTL counted; pkt: PKT_TO_LINKS with home, bundle, gen, or port and mac_word. What needs control is punted. */
#include "dataplane/ip_error.h"
#include "dataplane/mbuf.h"
#include "dataplane/stages.h"

#include "dataplane/poison.h"

enum {
	PACKET_PASS = DROP_REASONS,
	PACKET_LOCAL, /* for whoever is on this link */
	PACKET_TAKEN, /* punted or dropped already */

	LOCAL_PIECE = 1500, /* bytes of a packet for us that control is shown at once */
	GLEAN_PPS = 500,    /* packets shown to control that wait for a neighbour's MAC */
	GLEAN_BURST = 64,
};

/* What packets need of the routes, by family. */
struct route_query {
	uint32_t dst[2 * BURST_STAGE];
	struct ip6_num dst6[2 * BURST_STAGE];
	unsigned n, n6;
};

struct packet_view {
	struct rte_mbuf *m;
	uint8_t dst_at, src_at; /* in the query of its family; src_at: NOT_ASKED: no need to */
	uint8_t ttl;
	bool v6;
	bool unroutable; /* destination is never forwarded to */
};

enum { NOT_ASKED = 0xff };

/* ------------------------------------------------------------------ checks */

/* Sources and destinations that are never forwarded (RFC 1812 5.3.7): multicast and what is above it, loopback, this network. */
static bool
is_nobodys(uint32_t address)
{
	const uint32_t net = address >> 24;

	return net - 1 >= 0xe0 - 1 || net == 127;
}

/* The subscriber's bundle if the packet's source must be his. */
static const struct bundle *
source_checked(const struct worker *w, struct rte_mbuf *m)
{
	const struct pkt *k = pkt(m);
	const struct bundle *b = &w->bundles->bundles[k->bundle];

	return (k->flags & PKT_FROM_BUNDLE) && (b->hot.flags & DP_BUNDLE_SOURCE_CHECK) ? b : NULL;
}

static unsigned
check_v4(const struct worker *w, struct rte_mbuf *m, struct packet_view *v, struct route_query *q)
{
	const struct bundle *b;
	struct ip4_view ip;

	if (ip4_parse(rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, m->pkt_len, &ip) != IP_OK)
		return DROP_IP_BAD;
	if (!(pkt(m)->flags & PKT_OWN) && is_nobodys(ip.src))
		return DROP_IP_BAD;
	mbuf_keep(m, ip.total_len);
	v->ttl = ip.ttl;
	v->unroutable = is_nobodys(ip.dst);
	v->dst_at = (uint8_t)q->n;
	q->dst[q->n++] = ip.dst;
	/* The subscriber's own address is known at the bundle; anything else behind him is a route. */
	b = source_checked(w, m);
	if (b != NULL && ip.src != rte_be_to_cpu_32(b->hot.address_be)) {
		v->src_at = (uint8_t)q->n;
		q->dst[q->n++] = ip.src;
	}
	return PACKET_PASS;
}

/* Sources that are never forwarded: RFC 4291 sections 2.5.2, 2.5.3, 2.5.6 and 2.7. */
static bool
is_bad_source6(struct ip6_num src)
{
	return ip6_is_nobodys(src) || ip6_is_link_local(src) || ip6_is_multicast(src);
}

static unsigned
check_v6(const struct worker *w, struct rte_mbuf *m, struct packet_view *v, struct route_query *q)
{
	struct ip6_num src, dst;
	const struct bundle *b;
	struct ip6_view ip;

	if (ip6_parse(rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, m->pkt_len, &ip) != IP_OK)
		return DROP_IP_BAD;
	mbuf_keep(m, ip.total_len);
	src = ip6_num_load(ip.src);
	dst = ip6_num_load(ip.dst);
	if (!(pkt(m)->flags & PKT_OWN)) {
		if (ip6_is_link_scope(dst))
			return ip6_is_multicast(src) ? DROP_IP_BAD : PACKET_LOCAL;
		if (is_bad_source6(src))
			return DROP_IP_BAD;
	}
	v->ttl = ip.hop_limit;
	v->unroutable = ip6_is_multicast(dst) || ip6_is_link_local(dst) || ip6_is_nobodys(dst);
	v->dst_at = (uint8_t)q->n6;
	q->dst6[q->n6++] = dst;
	b = source_checked(w, m);
	if (b != NULL && !bundle_has_source6(b, src.hi)) {
		v->src_at = (uint8_t)q->n6;
		q->dst6[q->n6++] = src;
	}
	return PACKET_PASS;
}

static unsigned
check_packet(struct worker *w, struct rte_mbuf *m, struct packet_view *v, struct route_query *q)
{
	struct rte_mbuf *whole = mbuf_pull(w->pool, m, RTE_MIN(m->pkt_len, (uint32_t)IP4_HDR_MAX));

	v->m = m;
	if (whole == NULL)
		return DROP_NO_MBUF;
	v->m = whole;
	v->src_at = NOT_ASKED;
	v->v6 = ip_version(rte_pktmbuf_mtod(whole, const uint8_t *), whole->data_len) == 6;
	return v->v6 ? check_v6(w, whole, v, q) : check_v4(w, whole, v, q);
}

/* ------------------------------------------------------------------ decisions */

static bool
is_from(const struct worker *w, const struct pkt *k, const struct next_hop *nh)
{
	return next_hop_is(nh, w->index, k->bundle, k->gen);
}

/* More than control is shown at once, joined by a bundle or by the kernel behind a port: in pieces again. */
static void
punt_pieces(struct worker *w, struct rte_mbuf *m)
{
	struct rte_mbuf *pieces[IP_PIECES_MAX];
	const unsigned n = ip_cut(w, m, LOCAL_PIECE, pieces);

	if (n == 0)
		drop(w, m, DROP_NO_MBUF);
	for (unsigned i = 0; i < n; i++)
		punt_frame(w, pieces[i], DP_FROM_ROUTE);
}

/* For one of our addresses. What came in a frame goes to control in that frame. */
static void
punt_local(struct worker *w, struct rte_mbuf *m)
{
	struct pkt *k = pkt(m);

	k->why = DP_PUNT_LOCAL;
	if (m->pkt_len > LOCAL_PIECE && !ip_is_uncuttable(m))
		punt_pieces(w, m);
	else if ((k->flags & (PKT_FROM_BUNDLE | PKT_OWN)) == 0 && rte_pktmbuf_prepend(m, ETH_HDR_LEN) != NULL)
		punt_frame(w, m, DP_FROM_IP_PORT);
	else
		punt_frame(w, m, DP_FROM_ROUTE);
}

/* Its TTL is counted already: control injects it again as one of ours once the neighbour is known. next_hop: as in struct pkt. */
static unsigned
glean(struct worker *w, struct rte_mbuf *m, uint16_t port, uint32_t next_hop)
{
	struct pkt *k = pkt(m);

	if (!bucket_take(&w->bundles->glean, w->now_ns, GLEAN_PPS, GLEAN_BURST))
		return DROP_IP_NO_NEIGHBOUR;
	k->why = DP_PUNT_GLEAN;
	k->port = port;
	k->next_hop_be = next_hop;
	punt_frame(w, m, DP_FROM_ROUTE);
	return PACKET_TAKEN;
}

/* Forwarding counts the TTL down; what we send ourselves has its own. */
static inline unsigned
count_ttl(struct worker *w, const struct packet_view *v)
{
	uint8_t *ip = rte_pktmbuf_mtod(v->m, uint8_t *);

	if (pkt(v->m)->flags & PKT_OWN)
		return PACKET_PASS;
	if (v->ttl <= 1) {
		drop_answered(w, v->m, DROP_IP_TTL, DP_PUNT_TTL, 0);
		return PACKET_TAKEN;
	}
	if (v->v6)
		ip6_hop_decrement(ip);
	else
		ip4_ttl_decrement(ip);
	return PACKET_PASS;
}

/* Who is to be resolved: a gateway, or the destination itself. */
static uint32_t
next_hop_of(const struct packet_view *v, const struct next_hop *nh, const struct route_query *q)
{
	if (v->v6)
		return nh->kind == DP_NEXT_CONNECTED ? PKT_NEXT_HOP_IS_DST : nh->neighbour;
	return nh->kind == DP_NEXT_GATEWAY ? nh->gateway_be : rte_cpu_to_be_32(q->dst[v->dst_at]);
}

static inline unsigned
to_neighbour(struct worker *w, const struct packet_view *v, const struct next_hop *nh, const struct route_query *q)
{
	const uint64_t word = tables_neighbour(w->tables, nh->neighbour);
	const unsigned verdict = count_ttl(w, v);

	if (verdict != PACKET_PASS)
		return verdict;
	if (!(word >> 48 & 1))
		return glean(w, v->m, nh->port, next_hop_of(v, nh, q));
	pkt(v->m)->port = nh->port;
	pkt(v->m)->mac_word = word;
	pkt(v->m)->flags &= (uint8_t)~PKT_TO_LINKS;
	return PACKET_PASS;
}

static unsigned
to_unresolved(struct worker *w, const struct packet_view *v, const struct next_hop *nh, const struct route_query *q)
{
	const unsigned verdict = count_ttl(w, v);

	return verdict == PACKET_PASS ? glean(w, v->m, nh->port, next_hop_of(v, nh, q)) : verdict;
}

static unsigned
to_bundle(struct worker *w, const struct packet_view *v, const struct next_hop *nh)
{
	struct pkt *k = pkt(v->m);
	unsigned verdict;

	if ((k->flags & PKT_FROM_BUNDLE) && is_from(w, k, nh))
		return DROP_IP_LOOP;
	verdict = count_ttl(w, v);
	if (verdict != PACKET_PASS)
		return verdict;
	k->home = nh->home;
	k->bundle = nh->bundle;
	k->gen = nh->gen;
	k->flags = (uint8_t)((k->flags & ~PKT_FROM_BUNDLE) | PKT_TO_LINKS);
	if (likely(k->home == w->index))
		bundle_prefetch_queue(w->bundles, k->bundle);
	return PACKET_PASS;
}

static unsigned
route_one(struct worker *w, const struct packet_view *v, const struct next_hop *nh, const struct route_query *q)
{
	switch (nh->kind) {
	case DP_NEXT_LOCAL:
		punt_local(w, v->m);
		return PACKET_TAKEN;
	case DP_NEXT_BUNDLE:
		return v->unroutable ? DROP_IP_NO_ROUTE : to_bundle(w, v, nh);
	case DP_NEXT_GATEWAY:
		return v->unroutable ? DROP_IP_NO_ROUTE : to_neighbour(w, v, nh, q);
	case NEXT_NEIGHBOUR:
		return to_neighbour(w, v, nh, q);
	case DP_NEXT_CONNECTED:
		return v->unroutable ? DROP_IP_NO_ROUTE : to_unresolved(w, v, nh, q);
	default:
		return DROP_IP_NO_ROUTE;
	}
}

static void
refuse(struct worker *w, struct rte_mbuf *m, enum drop_reason why)
{
	if (why == DROP_IP_NO_ROUTE)
		drop_answered(w, m, why, DP_PUNT_NO_ROUTE, 0);
	else
		drop(w, m, why);
}

/* Next hops of both families' queries. */
struct route_answer {
	struct next_hop nh[2 * BURST_STAGE], nh6[2 * BURST_STAGE];
};

static unsigned
decide(struct worker *w, const struct packet_view *v, const struct route_query *q, const struct route_answer *a)
{
	const struct next_hop *nh = v->v6 ? a->nh6 : a->nh;

	if (v->src_at != NOT_ASKED && !is_from(w, pkt(v->m), &nh[v->src_at]))
		return DROP_IP_SOURCE;
	return route_one(w, v, &nh[v->dst_at], q);
}

/* At most BURST_STAGE packets; those that pass are put behind out[]. */
static void
route_some(struct worker *w, struct rte_mbuf *const m[], unsigned n, struct burst *out)
{
	struct packet_view v[BURST_STAGE];
	unsigned verdict[BURST_STAGE];
	struct route_answer a;
	struct route_query q;

	q.n = q.n6 = 0;
	for (unsigned i = 0; i < n; i++)
		verdict[i] = check_packet(w, m[i], &v[i], &q);
	if (q.n != 0)
		tables_route_bulk(w->tables, q.dst, q.n, a.nh);
	if (q.n6 != 0)
		tables_route6_bulk(w->tables, q.dst6, q.n6, a.nh6);
	for (unsigned i = 0; i < n; i++) {
		if (verdict[i] == PACKET_PASS)
			verdict[i] = decide(w, &v[i], &q, &a);
		if (verdict[i] == PACKET_PASS)
			out->m[out->n++] = v[i].m;
		else if (verdict[i] == PACKET_LOCAL)
			punt_local(w, v[i].m);
		else if (verdict[i] != PACKET_TAKEN)
			refuse(w, v[i].m, (enum drop_reason)verdict[i]);
	}
}

void
ip_route(struct worker *w, struct burst *b)
{
	const unsigned n = b->n;

	b->n = 0;
	for (unsigned i = 0; i < n; i += BURST_STAGE)
		route_some(w, b->m + i, RTE_MIN(n - i, (unsigned)BURST_STAGE), b);
}
