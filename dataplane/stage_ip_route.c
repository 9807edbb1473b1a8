/* SPDX-License-Identifier: BSD-3-Clause */
/* In: IP packets, data at the IP header; pkt: flags, and the bundle they came from or the port. Out: packets with a way to go, cut to
 * their length, TTL counted; pkt: PKT_TO_LINKS with home, bundle, gen, or port and mac_word. What needs control is punted. */
#include "dataplane/ip_error.h"
#include "dataplane/mbuf.h"
#include "dataplane/stages.h"

#include "dataplane/poison.h"

enum {
	PACKET_PASS = DROP_REASONS,
	PACKET_TAKEN, /* punted or dropped already */

	GLEAN_PPS = 500, /* packets shown to control that wait for a neighbour's MAC */
	GLEAN_BURST = 64,
};

/* What a packet needs of the routes. */
struct route_query {
	uint32_t dst[2 * BURST_MAX];
	unsigned n;
};

struct packet_view {
	struct rte_mbuf *m;
	uint32_t src;
	uint8_t version, ttl;
	uint8_t dst_at, src_at; /* in the query; src_at: 0xff: no need to ask */
};

enum { NOT_ASKED = 0xff };

/* ------------------------------------------------------------------ checks */

/* Sources that are never forwarded (RFC 1812 5.3.7): multicast, limited broadcast, loopback, this network. */
static bool
is_bad_source(uint32_t src)
{
	return src >= 0xe0000000u || src >> 24 == 127 || src >> 24 == 0;
}

/* Destinations that are never forwarded. */
static bool
is_unroutable(uint32_t dst)
{
	return dst >= 0xe0000000u || dst >> 24 == 127 || dst >> 24 == 0;
}

static unsigned
check_v4(struct rte_mbuf *m, struct packet_view *v, struct route_query *q)
{
	struct ip4_view ip;

	if (ip4_parse(rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, m->pkt_len, &ip) != IP_OK)
		return DROP_IP_BAD;
	if (!(pkt(m)->flags & PKT_OWN) && is_bad_source(ip.src))
		return DROP_IP_BAD;
	mbuf_keep(m, ip.total_len);
	v->src = ip.src;
	v->ttl = ip.ttl;
	v->dst_at = (uint8_t)q->n;
	q->dst[q->n++] = ip.dst;
	return PACKET_PASS;
}

static unsigned
check_v6(struct rte_mbuf *m)
{
	struct ip6_view ip;

	if (ip6_parse(rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, m->pkt_len, &ip) != IP_OK)
		return DROP_IP_BAD;
	mbuf_keep(m, ip.total_len);
	/* No table of IPv6 routes yet. */
	return DROP_IP_NO_ROUTE;
}

/* The subscriber's own address is known at the bundle; anything else behind him is a route. */
static void
ask_source(const struct worker *w, struct packet_view *v, struct route_query *q)
{
	const struct pkt *k = pkt(v->m);
	const struct bundle *b;

	v->src_at = NOT_ASKED;
	if (!(k->flags & PKT_FROM_BUNDLE))
		return;
	b = &w->bundles->bundles[k->bundle];
	if (!(b->hot.flags & DP_BUNDLE_SOURCE_CHECK) || v->src == rte_be_to_cpu_32(b->hot.address_be))
		return;
	v->src_at = (uint8_t)q->n;
	q->dst[q->n++] = v->src;
}

static unsigned
check_packet(struct worker *w, struct rte_mbuf *m, struct packet_view *v, struct route_query *q)
{
	struct rte_mbuf *whole = mbuf_pull(w->pool, m, RTE_MIN(m->pkt_len, (uint32_t)IP4_HDR_MAX));
	unsigned verdict;

	v->m = m;
	if (whole == NULL)
		return DROP_NO_MBUF;
	v->m = m = whole;
	v->version = (uint8_t)ip_version(rte_pktmbuf_mtod(m, const uint8_t *), m->data_len);
	if (v->version == 6)
		return check_v6(m);
	verdict = check_v4(m, v, q);
	if (verdict == PACKET_PASS)
		ask_source(w, v, q);
	return verdict;
}

/* ------------------------------------------------------------------ decisions */

static bool
is_from(const struct worker *w, const struct pkt *k, const struct next_hop *nh)
{
	return nh->kind == DP_NEXT_BUNDLE && nh->home == w->index && nh->bundle == k->bundle && nh->gen == k->gen;
}

/* For one of our addresses. What came in a frame goes to control in that frame. */
static void
punt_local(struct worker *w, struct rte_mbuf *m)
{
	struct pkt *k = pkt(m);

	k->why = DP_PUNT_LOCAL;
	if ((k->flags & (PKT_FROM_BUNDLE | PKT_OWN)) == 0 && rte_pktmbuf_prepend(m, ETH_HDR_LEN) != NULL)
		punt_frame(w, m, DP_FROM_IP_PORT);
	else
		punt_frame(w, m, DP_FROM_ROUTE);
}

/* Its TTL is counted already: control injects it again as one of ours once the neighbour is known. */
static unsigned
glean(struct worker *w, struct rte_mbuf *m, uint16_t port, uint32_t address)
{
	struct pkt *k = pkt(m);

	if (!bucket_take(&w->bundles->glean, w->now_ns, GLEAN_PPS, GLEAN_BURST))
		return DROP_IP_NO_NEIGHBOUR;
	k->why = DP_PUNT_GLEAN;
	k->port = port;
	k->next_hop_be = rte_cpu_to_be_32(address);
	punt_frame(w, m, DP_FROM_ROUTE);
	return PACKET_TAKEN;
}

/* Forwarding counts the TTL down; what we send ourselves has its own. */
static unsigned
count_ttl(struct worker *w, const struct packet_view *v)
{
	uint8_t *ip = rte_pktmbuf_mtod(v->m, uint8_t *);

	if (pkt(v->m)->flags & PKT_OWN)
		return PACKET_PASS;
	if (v->ttl <= 1) {
		drop_answered(w, v->m, DROP_IP_TTL, DP_PUNT_TTL, 0);
		return PACKET_TAKEN;
	}
	ip4_ttl_decrement(ip);
	return PACKET_PASS;
}

static unsigned
to_neighbour(struct worker *w, const struct packet_view *v, const struct next_hop *nh, uint32_t address)
{
	const uint64_t word = tables_neighbour(w->tables, nh->neighbour);
	const unsigned verdict = count_ttl(w, v);

	if (verdict != PACKET_PASS)
		return verdict;
	if (!(word >> 48 & 1))
		return glean(w, v->m, nh->port, address);
	pkt(v->m)->port = nh->port;
	pkt(v->m)->mac_word = word;
	pkt(v->m)->flags &= (uint8_t)~PKT_TO_LINKS;
	return PACKET_PASS;
}

static unsigned
to_unresolved(struct worker *w, const struct packet_view *v, const struct next_hop *nh, uint32_t address)
{
	const unsigned verdict = count_ttl(w, v);

	return verdict == PACKET_PASS ? glean(w, v->m, nh->port, address) : verdict;
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
route_one(struct worker *w, const struct packet_view *v, const struct next_hop *nh, uint32_t dst)
{
	switch (nh->kind) {
	case DP_NEXT_LOCAL:
		punt_local(w, v->m);
		return PACKET_TAKEN;
	case DP_NEXT_BUNDLE:
		return is_unroutable(dst) ? DROP_IP_NO_ROUTE : to_bundle(w, v, nh);
	case DP_NEXT_GATEWAY:
		return is_unroutable(dst) ? DROP_IP_NO_ROUTE : to_neighbour(w, v, nh, rte_be_to_cpu_32(nh->gateway_be));
	case NEXT_NEIGHBOUR:
		return to_neighbour(w, v, nh, dst);
	case DP_NEXT_CONNECTED:
		return is_unroutable(dst) ? DROP_IP_NO_ROUTE : to_unresolved(w, v, nh, dst);
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

/* At most BURST_STAGE packets; those that pass are put behind out[]. */
static void
route_some(struct worker *w, struct rte_mbuf *const m[], unsigned n, struct burst *out)
{
	struct packet_view v[BURST_STAGE];
	struct next_hop nh[2 * BURST_STAGE];
	struct route_query q = {.n = 0};
	unsigned verdict[BURST_STAGE];

	for (unsigned i = 0; i < n; i++)
		verdict[i] = check_packet(w, m[i], &v[i], &q);
	tables_route_bulk(w->tables, q.dst, q.n, nh);
	for (unsigned i = 0; i < n; i++) {
		if (verdict[i] == PACKET_PASS && v[i].src_at != NOT_ASKED && !is_from(w, pkt(v[i].m), &nh[v[i].src_at]))
			verdict[i] = DROP_IP_SOURCE;
		if (verdict[i] == PACKET_PASS)
			verdict[i] = route_one(w, &v[i], &nh[v[i].dst_at], q.dst[v[i].dst_at]);
		if (verdict[i] == PACKET_PASS)
			out->m[out->n++] = v[i].m;
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
