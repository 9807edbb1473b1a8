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

/* What packets ask the routes, by family, and the words that they get, those of IPv6 last. */
enum { ASK_MAX = 2 * BURST_MAX };
struct route_query {
	uint32_t dst[ASK_MAX];
	struct ip6_num dst6[ASK_MAX];
	unsigned n, n6;
	uint64_t words[2 * ASK_MAX];
};

enum hop {
	HOP_V4, /* counted down in its header */
	HOP_V6,
	HOP_SPENT, /* was the last one */
	HOP_OWN,   /* the first one: what we send ourselves has its TTL */
};

struct packet_view {
	uint16_t verdict;
	uint16_t src_at, dst_at; /* whose words in the query; src_at: NOT_ASKED: no need to, or AT_BUNDLE: not yet */
	uint8_t hop;
	bool unroutable; /* destination is never forwarded to */
};

enum { NOT_ASKED = 2 * ASK_MAX, AT_BUNDLE };

/* ------------------------------------------------------------------ checks */

/* Sources and destinations that are never forwarded (RFC 1812 5.3.7): multicast and what is above it, loopback, this network. */
static bool
is_nobodys(uint32_t address)
{
	const uint32_t net = address >> 24;

	return net - 1 >= 0xe0 - 1 || net == 127;
}

/* Sources that are never forwarded: RFC 4291 sections 2.5.2, 2.5.3, 2.5.6 and 2.7. */
static bool
is_bad_source6(struct ip6_num src)
{
	return ip6_is_nobodys(src) || ip6_is_link_local(src) || ip6_is_multicast(src);
}

/* Surely none of those, as a source and as a destination: all of them but ::/64 begin with fe80::/10 or are above. */
static inline bool
is_global6(struct ip6_num a)
{
	return a.hi - 1 < (UINT64_C(0xfe80) << 48) - 1;
}

/* The subscriber's bundle if the packet's source must be his. */
static inline const struct bundle *
source_checked(const struct worker *w, struct rte_mbuf *m)
{
	const struct pkt *k = pkt(m);
	const struct bundle *b = &w->bundles->bundles[k->bundle];

	return (k->flags & PKT_FROM_BUNDLE) && (b->hot.flags & DP_BUNDLE_SOURCE_CHECK) ? b : NULL;
}

static inline enum hop
hop_of(struct rte_mbuf *m, uint8_t ttl, bool v6)
{
	if (pkt(m)->flags & PKT_OWN)
		return HOP_OWN;
	if (ttl <= 1)
		return HOP_SPENT;
	return v6 ? HOP_V6 : HOP_V4;
}

/* Where the answer will be. */
static inline uint16_t
ask4(struct route_query *q, uint32_t address)
{
	q->dst[q->n] = address;
	return (uint16_t)q->n++;
}

static inline uint16_t
ask6(struct route_query *q, struct ip6_num address)
{
	q->dst6[q->n6] = address;
	return (uint16_t)(ASK_MAX + q->n6++);
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
	v->hop = (uint8_t)hop_of(m, ip.ttl, false);
	v->unroutable = is_nobodys(ip.dst);
	v->dst_at = ask4(q, ip.dst);
	/* The subscriber's own address is known at the bundle; anything else behind him is a route. */
	b = source_checked(w, m);
	if (b != NULL && ip.src != rte_be_to_cpu_32(b->hot.address_be))
		v->src_at = ask4(q, ip.src);
	return PACKET_PASS;
}

/* The prefixes of a bundle are a line of their own: see check_sources6(). */
static inline uint16_t
source6_at(const struct worker *w, struct rte_mbuf *m)
{
	return source_checked(w, m) != NULL ? AT_BUNDLE : NOT_ASKED;
}

static unsigned
check_v6(const struct worker *w, struct rte_mbuf *m, struct packet_view *v, struct route_query *q)
{
	struct ip6_num src, dst;
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
	v->hop = (uint8_t)hop_of(m, ip.hop_limit, true);
	v->unroutable = ip6_is_multicast(dst) || ip6_is_link_local(dst) || ip6_is_nobodys(dst);
	v->dst_at = ask6(q, dst);
	v->src_at = source6_at(w, m);
	return PACKET_PASS;
}

/* Every case, and its name. Returns the packet, whose head may be another mbuf now. */
static __rte_noinline struct rte_mbuf *
check_packet(struct worker *w, struct rte_mbuf *m, struct packet_view *v, struct route_query *q)
{
	struct rte_mbuf *whole = mbuf_pull(w->pool, m, RTE_MIN(m->pkt_len, (uint32_t)IP4_HDR_MAX));

	*v = (struct packet_view){.verdict = DROP_NO_MBUF, .src_at = NOT_ASKED};
	if (whole == NULL)
		return m;
	if (ip_version(rte_pktmbuf_mtod(whole, const uint8_t *), whole->data_len) == 6)
		v->verdict = (uint16_t)check_v6(w, whole, v, q);
	else
		v->verdict = (uint16_t)check_v4(w, whole, v, q);
	return whole;
}

/* Whether all that mbuf_pull() would make contiguous is, a header of n bytes among it. */
static inline bool
has_header(const struct rte_mbuf *m, unsigned n)
{
	return m->data_len >= IP4_HDR_MAX || (m->data_len == m->pkt_len && m->data_len >= n);
}

/* Whether check_v4() would pass the packet, have nothing to cut and nothing to ask but its destination, which nearly all packets are:
 * known by a few comparisons. */
static inline bool
is_usual4(const struct worker *w, struct rte_mbuf *m, const uint8_t *ip)
{
	const struct bundle *b;

	if (!has_header(m, IP4_HDR_MIN) || ip[0] != (4 << 4 | IP4_HDR_MIN / 4) || load_be16(ip + 2) != m->pkt_len ||
		hop_of(m, ip[8], false) != HOP_V4 || is_nobodys(load_be32(ip + 12)) || is_nobodys(load_be32(ip + 16)) ||
		!checksum_holds(ip, IP4_HDR_MIN))
		return false;
	b = source_checked(w, m);
	return b == NULL || memcmp(ip + 12, &b->hot.address_be, sizeof(b->hot.address_be)) == 0;
}

/* The same for check_v6(), which asks for no source yet. */
static inline bool
is_usual6(struct rte_mbuf *m, const uint8_t *ip)
{
	return has_header(m, IP6_HDR_LEN) && ip[0] >> 4 == 6 &&
		(uint32_t)load_be16(ip + 4) + IP6_HDR_LEN == m->pkt_len && hop_of(m, ip[7], true) == HOP_V6 &&
		is_global6(ip6_num_load(ip + 8)) && is_global6(ip6_num_load(ip + 24));
}

/* Member by member: a struct that is made elsewhere is read in one piece while its parts are still being written, and waits for that. */
static inline void
pass_usual(struct packet_view *v, enum hop hop, uint16_t src_at, uint16_t dst_at)
{
	v->verdict = PACKET_PASS;
	v->src_at = src_at;
	v->dst_at = dst_at;
	v->hop = (uint8_t)hop;
	v->unroutable = false;
}

static inline struct rte_mbuf *
look(struct worker *w, struct rte_mbuf *m, struct packet_view *v, struct route_query *q)
{
	const uint8_t *ip = rte_pktmbuf_mtod(m, const uint8_t *);

	if (likely(is_usual4(w, m, ip)))
		pass_usual(v, HOP_V4, NOT_ASKED, ask4(q, load_be32(ip + 16)));
	else if (likely(is_usual6(m, ip)))
		pass_usual(v, HOP_V6, source6_at(w, m), ask6(q, ip6_num_load(ip + 24)));
	else
		m = check_packet(w, m, v, q);
	return m;
}

/* After the destinations' look-up, since meanwhile the lines have come that say which sources are the bundles' own. The others are routes,
 * or nobody's. */
static inline void
check_sources6(const struct worker *w, const struct burst *b, struct packet_view v[], struct route_query *q)
{
	const unsigned n = q->n6;

	for (unsigned i = 0; i < b->n; i++) {
		const uint8_t *ip = rte_pktmbuf_mtod(b->m[i], const uint8_t *);
		const struct bundle *bu = &w->bundles->bundles[pkt(b->m[i])->bundle];

		if (v[i].src_at == AT_BUNDLE)
			v[i].src_at = likely(bundle_has_source6(bu, load_be64(ip + 8))) ? NOT_ASKED
											: ask6(q, ip6_num_load(ip + 8));
	}
	if (unlikely(q->n6 != n))
		tables_route6_bulk(w->tables, q->dst6 + n, q->n6 - n, q->words + ASK_MAX + n);
}

/* ------------------------------------------------------------------ decisions */

/* Whether the way leads back to the bundle that the packet came from. */
static inline bool
is_from(const struct worker *w, const struct pkt *k, uint64_t word)
{
	return word == next_hop_of_bundle(w->index, k->bundle, k->gen);
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

static inline unsigned
count_ttl(struct worker *w, struct rte_mbuf *m, enum hop hop)
{
	uint8_t *ip = rte_pktmbuf_mtod(m, uint8_t *);

	if (likely(hop == HOP_V4)) {
		ip4_ttl_decrement(ip);
	} else if (likely(hop == HOP_V6)) {
		ip6_hop_decrement(ip);
	} else if (hop == HOP_SPENT) {
		drop_answered(w, m, DROP_IP_TTL, DP_PUNT_TTL, 0);
		return PACKET_TAKEN;
	}
	return PACKET_PASS;
}

/* Who is to be resolved is a gateway, or the destination itself. */
static unsigned
resolve(struct worker *w, struct rte_mbuf *m, uint64_t word)
{
	const uint8_t *ip = rte_pktmbuf_mtod(m, const uint8_t *);
	const struct next_hop nh = next_hop_unpack(word);
	uint32_t who;

	if (ip_version(ip, m->data_len) == 6)
		who = nh.kind == DP_NEXT_CONNECTED ? PKT_NEXT_HOP_IS_DST : nh.neighbour;
	else if (nh.kind == DP_NEXT_GATEWAY)
		who = nh.gateway_be;
	else
		memcpy(&who, ip + 16, sizeof(who));
	return glean(w, m, nh.port, who);
}

static inline unsigned
to_neighbour(struct worker *w, struct rte_mbuf *m, const struct packet_view *v, uint64_t word)
{
	const struct next_hop nh = next_hop_unpack(word);
	const uint64_t mac_word = tables_neighbour(w->tables, nh.neighbour);
	const unsigned verdict = count_ttl(w, m, v->hop);
	struct pkt *k = pkt(m);

	if (unlikely(verdict != PACKET_PASS))
		return verdict;
	if (unlikely(!(mac_word >> 48 & 1)))
		return resolve(w, m, word);
	k->port = nh.port;
	k->mac_word = mac_word;
	k->flags &= (uint8_t)~PKT_TO_LINKS;
	return PACKET_PASS;
}

static unsigned
to_unresolved(struct worker *w, struct rte_mbuf *m, const struct packet_view *v, uint64_t word)
{
	const unsigned verdict = count_ttl(w, m, v->hop);

	return verdict == PACKET_PASS ? resolve(w, m, word) : verdict;
}

static inline unsigned
to_bundle(struct worker *w, struct rte_mbuf *m, const struct packet_view *v, uint64_t word)
{
	const struct next_hop nh = next_hop_unpack(word);
	struct pkt *k = pkt(m);
	unsigned verdict;

	if ((k->flags & PKT_FROM_BUNDLE) && is_from(w, k, word))
		return DROP_IP_LOOP;
	verdict = count_ttl(w, m, v->hop);
	if (unlikely(verdict != PACKET_PASS))
		return verdict;
	k->home = nh.home;
	k->bundle = nh.bundle;
	k->gen = nh.gen;
	k->flags = (uint8_t)((k->flags & ~PKT_FROM_BUNDLE) | PKT_TO_LINKS);
	if (likely(nh.home == w->index))
		bundle_prefetch_queue(w->bundles, nh.bundle);
	return PACKET_PASS;
}

static inline unsigned
route_one(struct worker *w, struct rte_mbuf *m, const struct packet_view *v, uint64_t word)
{
	const unsigned kind = next_hop_kind(word);

	if (unlikely(kind == DP_NEXT_LOCAL))
		return PACKET_LOCAL;
	if (unlikely(v->unroutable) && kind != NEXT_NEIGHBOUR)
		return DROP_IP_NO_ROUTE;
	if (kind == DP_NEXT_BUNDLE)
		return to_bundle(w, m, v, word);
	if (likely(kind == DP_NEXT_GATEWAY || kind == NEXT_NEIGHBOUR))
		return to_neighbour(w, m, v, word);
	return kind == DP_NEXT_CONNECTED ? to_unresolved(w, m, v, word) : DROP_IP_NO_ROUTE;
}

static inline unsigned
decide(struct worker *w, struct rte_mbuf *m, const struct packet_view *v, const uint64_t words[])
{
	if (unlikely(v->verdict != PACKET_PASS))
		return v->verdict;
	if (unlikely(v->src_at != NOT_ASKED) && !is_from(w, pkt(m), words[v->src_at]))
		return DROP_IP_SOURCE;
	return route_one(w, m, v, words[v->dst_at]);
}

/* What is not on its way. */
static void
settle(struct worker *w, struct rte_mbuf *m, unsigned verdict)
{
	if (verdict == PACKET_LOCAL)
		punt_local(w, m);
	else if (verdict == DROP_IP_NO_ROUTE)
		drop_answered(w, m, DROP_IP_NO_ROUTE, DP_PUNT_NO_ROUTE, 0);
	else if (verdict != PACKET_TAKEN)
		drop(w, m, (enum drop_reason)verdict);
}

void
ip_route(struct worker *w, struct burst *b)
{
	struct packet_view v[BURST_MAX];
	const unsigned n = b->n;
	struct route_query q;

	q.n = q.n6 = 0;
	for (unsigned i = 0; i < n; i++)
		b->m[i] = look(w, b->m[i], &v[i], &q);
	if (q.n != 0)
		tables_route_bulk(w->tables, q.dst, q.n, q.words);
	if (q.n6 != 0) {
		tables_route6_bulk(w->tables, q.dst6, q.n6, q.words + ASK_MAX);
		check_sources6(w, b, v, &q);
	}
	b->n = 0;
	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = b->m[i];
		const unsigned verdict = decide(w, m, &v[i], q.words);

		if (likely(verdict == PACKET_PASS))
			b->m[b->n++] = m;
		else
			settle(w, m, verdict);
	}
}
