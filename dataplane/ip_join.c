/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/ip_join.h"

#include "dataplane/bundle_state.h"
#include "dataplane/mbuf.h"
#include "dataplane/wire/ip.h"

#include "dataplane/poison.h"

enum {
	BUDGET_SHARE = 4,
	SWEEP_NS = 100000000,
	IP6_FRAGMENT = 44,
	FRAGMENT_UNIT = 8,
	DATAGRAM_MAX = UINT16_MAX,
};

/* A fragment, as its header says. */
struct piece {
	unsigned header, at, len; /* bytes in front of the payload; place and length of that in the datagram's */
	bool more;
};

/* ------------------------------------------------------------------ what is given up */

/* What the library has given up: all pieces of a datagram, this one among them, or those of others, whose time is over. A piece that is alone
 * there found no room. */
static void
bury(struct worker *w, const struct rte_mbuf *mine)
{
	struct rte_ip_frag_death_row *dead = &w->ip_join->dead;
	enum drop_reason why = DROP_IP_FRAGMENT_EXPIRED;

	for (unsigned i = 0; i < dead->cnt; i++)
		if (dead->row[i] == mine)
			why = dead->cnt == 1 ? DROP_IP_FRAGMENT_FULL : DROP_IP_FRAGMENT_OVERLAP;
	for (unsigned i = 0; i < dead->cnt; i++) {
		w->ip_held_mbufs -= dead->row[i]->nb_segs;
		drop(w, dead->row[i], why);
	}
	dead->cnt = 0;
}

void
ip_join_expire(struct worker *w)
{
	struct ip_join *j = w->ip_join;
	bool more = true;

	if (likely(j == NULL) || w->ip_held_mbufs == 0 || w->now_ns - j->swept_ns < SWEEP_NS)
		return;
	j->swept_ns = w->now_ns;
	while (more) { /* the row may be full before the last */
		rte_ip_frag_table_del_expired_entries(j->table, &j->dead, w->now_ns);
		more = j->dead.cnt != 0;
		bury(w, NULL);
	}
}

/* ------------------------------------------------------------------ checks */

/* Sources that lead to the bundle the packet came from. */
static bool
source_fits(const struct worker *w, struct rte_mbuf *m, bool v6)
{
	const uint8_t *ip = rte_pktmbuf_mtod(m, const uint8_t *);
	const struct pkt *k = pkt(m);
	const struct bundle *b = &w->bundles->bundles[k->bundle];
	uint64_t word;

	if (!(k->flags & PKT_FROM_BUNDLE) || !(b->hot.flags & DP_BUNDLE_SOURCE_CHECK))
		return true;
	if (v6) {
		const struct ip6_num src = ip6_num_load(ip + 8);

		tables_route6_bulk(w->tables, &src, 1, &word);
	} else {
		const uint32_t src = load_be32(ip + 12);

		tables_route_bulk(w->tables, &src, 1, &word);
	}
	return word == next_hop_of_bundle(w->index, k->bundle, b->hot.gen);
}

/* Whether a datagram may have this piece. */
static bool
is_sound(const struct piece *p)
{
	return p->len != 0 && p->at + p->len + p->header <= DATAGRAM_MAX && (!p->more || p->len % FRAGMENT_UNIT == 0);
}

static struct piece
piece4(const struct ip4_view *ip)
{
	return (struct piece){
		.header = ip->hdr_len,
		.at = (unsigned)(ip->fragment & IP4_OFFSET) * FRAGMENT_UNIT,
		.len = (unsigned)(ip->total_len - ip->hdr_len),
		.more = ip->fragment & IP4_MF,
	};
}

/* The fragment header is the first behind the fixed one. */
static struct piece
piece6(const uint8_t *p, const struct ip6_view *ip)
{
	const uint16_t where = load_be16(p + IP6_HDR_LEN + 2);
	const unsigned header = IP6_HDR_LEN + FRAGMENT_UNIT;

	return (struct piece){
		.header = header,
		.at = where & ~7u,
		.len = ip->total_len > header ? ip->total_len - header : 0,
		.more = where & 1,
	};
}

/* ------------------------------------------------------------------ pieces in, datagrams out */

/* Ready for the table, and within the budget. False: dropped. */
static bool
admit(struct worker *w, struct rte_mbuf *m, const struct piece *p, bool v6)
{
	enum drop_reason why = DROP_REASONS;

	if (!is_sound(p))
		why = DROP_IP_FRAGMENT_BAD;
	else if (!source_fits(w, m, v6))
		why = DROP_IP_SOURCE;
	else if (w->ip_join == NULL || w->ip_held_mbufs + m->nb_segs > w->held_max / BUDGET_SHARE)
		why = DROP_IP_FRAGMENT_FULL;
	if (why != DROP_REASONS) {
		drop(w, m, why);
		return false;
	}
	m->l2_len = 0;
	m->l3_len = p->header & 0x1ff;
	w->ip_held_mbufs += m->nb_segs;
	return true;
}

/* whole: what the library made of it and of others, if that is all of them. */
static struct rte_mbuf *
taken(struct worker *w, const struct rte_mbuf *m, struct rte_mbuf *whole)
{
	bury(w, m);
	if (whole == NULL)
		return NULL;
	w->ip_held_mbufs -= whole->nb_segs;
	whole->ol_flags &= ~(RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IPV6);
	mbuf_drop_empty(whole);
	w->ip_joined++;
	return whole;
}

/* The library has no protocol in its key: it goes into the number of the copy of the header that the key is taken from, not into the addresses, so
 * that whatever a host makes of its numbers meets its own datagrams only. */
static struct rte_mbuf *
join4(struct worker *w, struct rte_mbuf *m, const struct ip4_view *ip)
{
	struct rte_ipv4_hdr header;
	struct rte_mbuf *whole;
	uint8_t *p;

	memcpy(&header, rte_pktmbuf_mtod(m, const void *), sizeof(header));
	header.packet_id ^= rte_cpu_to_be_16((uint16_t)(ip->proto << 8));
	whole = taken(
		w, m, rte_ipv4_frag_reassemble_packet(w->ip_join->table, &w->ip_join->dead, m, w->now_ns, &header));
	if (whole == NULL)
		return NULL;
	p = rte_pktmbuf_mtod(whole, uint8_t *);
	store_be16(p + 10, 0);
	store_be16(p + 10, checksum_fold(checksum_add(0, p, (p[0] & 0x0fu) * 4)));
	return whole;
}

static struct rte_mbuf *
join6(struct worker *w, struct rte_mbuf *m)
{
	struct rte_ipv6_hdr *ip = rte_pktmbuf_mtod(m, struct rte_ipv6_hdr *);

	return taken(w, m,
		rte_ipv6_frag_reassemble_packet(w->ip_join->table, &w->ip_join->dead, m, w->now_ns, ip,
			(struct rte_ipv6_fragment_ext *)(void *)(ip + 1)));
}

static struct rte_mbuf *
take4(struct worker *w, struct rte_mbuf *m)
{
	const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *);
	struct ip4_view ip;
	struct piece piece;

	/* what is no sound header is left to routing, which has a name for it */
	if (ip4_parse(p, m->data_len, m->pkt_len, &ip) != IP_OK || !(ip.fragment & (IP4_MF | IP4_OFFSET)))
		return m;
	piece = piece4(&ip);
	mbuf_keep(m, ip.total_len);
	return admit(w, m, &piece, false) ? join4(w, m, &ip) : NULL;
}

static struct rte_mbuf *
take6(struct worker *w, struct rte_mbuf *m)
{
	const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *);
	struct ip6_view ip;
	struct piece piece;

	if (ip6_parse(p, m->data_len, m->pkt_len, &ip) != IP_OK || ip.next != IP6_FRAGMENT ||
		m->data_len < IP6_HDR_LEN + FRAGMENT_UNIT)
		return m;
	piece = piece6(p, &ip);
	if (piece.at == 0 && !piece.more) /* a datagram of one piece belongs to no others (RFC 6946) */
		return m;
	mbuf_keep(m, ip.total_len);
	return admit(w, m, &piece, true) ? join6(w, m) : NULL;
}

struct rte_mbuf *
ip_join(struct worker *w, struct rte_mbuf *m)
{
	struct rte_mbuf *whole = mbuf_pull(w->pool, m, RTE_MIN(m->pkt_len, (uint32_t)IP4_HDR_MAX));

	if (whole == NULL) {
		drop(w, m, DROP_NO_MBUF);
		return NULL;
	}
	return ip_version(rte_pktmbuf_mtod(whole, const uint8_t *), whole->data_len) == 6 ? take6(w, whole)
											  : take4(w, whole);
}
