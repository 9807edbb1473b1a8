/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/hawser-bench/arrivals.h"

#include <rte_mbuf.h>
#include <string.h>

#include "dataplane/wire/ip.h"
#include "dataplane/wire/mp.h"
#include "dataplane/wire/ppp.h"
#include "dataplane/wire/pppoe.h"
#include "tools/hawser-bench/harness.h"

enum { TCP_LEN = 20 }; /* without options */

unsigned
arrivals_headers(const struct population *p)
{
	return (p->ipv6 ? IP6_HDR_LEN : IP4_HDR_MIN) + TCP_LEN;
}

const struct shape shape_in_2 = {"1500 B in 2", 2, 1, {{1500, 0, 2, 0}, {1500, 1, 2, 0}}};
const struct shape shape_in_4 = {
	"1500 B in 4", 4, 1, {{1500, 0, 4, 0}, {1500, 1, 4, 0}, {1500, 2, 4, 0}, {1500, 3, 4, 0}}};
const struct shape shape_whole_64 = {"64 B whole", 1, 1, {{64, 0, 1, 0}}};
/* 7 : 4 : 1 of 40, 576 and 1500 bytes; what is over 128 bytes is cut in two */
const struct shape shape_imix = {"IMIX", 17, 12,
	{{40, 0, 1, 0}, {576, 0, 2, 1}, {576, 1, 2, 1}, {40, 0, 1, 2}, {40, 0, 1, 3}, {576, 0, 2, 4}, {576, 1, 2, 4},
		{40, 0, 1, 5}, {1500, 0, 2, 6}, {1500, 1, 2, 6}, {40, 0, 1, 7}, {576, 0, 2, 8}, {576, 1, 2, 8},
		{40, 0, 1, 9}, {40, 0, 1, 10}, {576, 0, 2, 11}, {576, 1, 2, 11}}};

/* ------------------------------------------------------------------ order */

void
arrivals_init(struct arrivals *a, unsigned population, unsigned worker)
{
	const struct population *p = &lab.pop[population];

	if (worker < p->first_worker || worker >= p->first_worker + p->n_workers)
		die("population %s is not at worker %u", p->name, worker);

	*a = (struct arrivals){.t = {.population = population, .worker = worker}, .p = p, .seed = 0x1234567 + worker};
	a->flows = calloc(p->n, sizeof(*a->flows));
	if (a->flows == NULL)
		die("no memory");
}

void
arrivals_fini(struct arrivals *a)
{
	free(a->flows);
	a->flows = NULL;
}

bool
traffic_is_like(const struct traffic *a, const struct traffic *b)
{
	return a->shape == b->shape && a->bundles == b->bundles && a->depth == b->depth && a->lag == b->lag &&
		a->loss == b->loss;
}

void
arrivals_use(struct arrivals *a, const struct traffic *t)
{
	if (t->population != a->t.population || t->worker != a->t.worker || t->bundles > a->p->n)
		die("traffic of another population");
	if (!traffic_is_like(&a->t, t)) {
		a->warm = false;
		for (uint32_t i = 0; i < a->p->n; i++) {
			struct flow *f = &a->flows[i];

			f->base = f->limit;
			for (unsigned l = 0; l < a->p->links; l++)
				f->next[l] = f->base + l;
		}
	}
	a->t = *t;
}

static uint32_t
oldest(const struct flow *f, unsigned links)
{
	uint32_t n = f->next[0];

	for (unsigned l = 1; l < links; l++)
		n = f->next[l] < n ? f->next[l] : n;
	return n;
}

static void
begin_datagram(const struct arrivals *a, struct flow *f)
{
	f->limit += a->t.shape->at[(f->limit - f->base) % a->t.shape->cycle].pieces;
}

/* A link that may send now: the random one, or the first behind it. */
static unsigned
link_of(const struct arrivals *a, struct flow *f, unsigned l)
{
	const unsigned links = a->p->links;
	const uint32_t ahead = a->t.depth * a->t.shape->at[0].pieces + a->t.lag;

	if (a->t.lag != 0 && f->next[1] + a->t.lag > f->next[0])
		l = 0;
	for (;;) {
		if (f->next[l] < f->limit)
			return l;
		if (f->limit - RTE_MIN(oldest(f, links), f->limit) < RTE_MAX(ahead, 1u))
			begin_datagram(a, f);
		else
			l = (l + 1) % links;
	}
}

static void
next_of_bundle(struct arrivals *a, uint32_t bundle, struct arrival *out)
{
	struct flow *f = &a->flows[bundle];
	const unsigned l = link_of(a, f, random_below(&a->seed, a->p->links));

	*out = (struct arrival){.bundle = bundle, .seq = f->next[l], .link = l};
	f->next[l] += a->p->links;
}

void
arrivals_next(struct arrivals *a, struct arrival *out)
{
	next_of_bundle(a, random_below(&a->seed, a->t.bundles), out);
}

bool
arrivals_rest(struct arrivals *a, uint32_t *at, struct arrival *out)
{
	for (; *at < a->p->n; ++*at) {
		struct flow *f = &a->flows[*at];

		for (unsigned l = 0; l < a->p->links; l++) {
			if (f->next[l] >= f->limit)
				continue;
			*out = (struct arrival){.bundle = *at, .seq = f->next[l], .link = l};
			f->next[l] += a->p->links;
			return true;
		}
	}
	return false;
}

/* ------------------------------------------------------------------ bytes */

/* The checksum of the TCP header is nobody's business here. */
static void
tcp_header(uint8_t *p, uint32_t number)
{
	memset(p, 0, TCP_LEN);
	store_be32(p + 4, number);
	p[12] = TCP_LEN / 4 << 4;
	p[13] = 0x10;
}

static void
headers4(uint8_t *p, uint32_t src, uint32_t dst, uint32_t number, unsigned bytes)
{
	memset(p, 0, IP4_HDR_MIN);
	p[0] = 0x45;
	store_be16(p + 2, (uint16_t)bytes);
	store_be16(p + 4, (uint16_t)number);
	p[8] = 64;
	p[9] = IPPROTO_TCP_SEGMENT;
	store_be32(p + 12, src);
	store_be32(p + 16, dst);
	store_be16(p + 10, checksum_fold(checksum_add(0, p, IP4_HDR_MIN)));
	tcp_header(p + IP4_HDR_MIN, number);
}

static void
headers6(uint8_t *p, struct ip6_num src, struct ip6_num dst, uint32_t number, unsigned bytes)
{
	memset(p, 0, IP6_HDR_LEN);
	p[0] = 0x60;
	store_be16(p + 4, (uint16_t)(bytes - IP6_HDR_LEN));
	p[6] = IPPROTO_TCP_SEGMENT;
	p[7] = 64;
	ip6_num_store(p + 8, src);
	ip6_num_store(p + 24, dst);
	tcp_header(p + IP6_HDR_LEN, number);
}

static void
contents(uint8_t *p, uint32_t address, uint32_t number, unsigned from, unsigned to)
{
	for (unsigned at = from; at < to; at++)
		*p++ = content(address, number, at);
}

static uint32_t
somewhere(uint64_t *seed)
{
	return 0x80000000u | (uint32_t)random_next(seed) >> 2;
}

/* A host behind the bundle: in one of the 256 networks of its prefix. */
static struct ip6_num
behind(struct arrivals *a, uint32_t bundle)
{
	const uint64_t random = random_next(&a->seed);

	return (struct ip6_num){lab_prefix6(a->t.worker, a->p, bundle) | random >> 56, random};
}

/* Writes bytes [from, to) of the PPP packet (its protocol field and the datagram). */
static void
piece(struct arrivals *a, uint8_t *p, uint32_t bundle, uint32_t number, unsigned bytes, unsigned from, unsigned to)
{
	const uint32_t address = lab_address(a->t.worker, a->p, bundle);

	if (from == 0) {
		store_be16(p, a->p->ipv6 ? PPP_IPV6 : PPP_IPV4);
		if (a->p->ipv6)
			headers6(p + 2, behind(a, bundle), lab_somewhere6(&a->seed), number, bytes);
		else
			headers4(p + 2, address, somewhere(&a->seed), number, bytes);
		from = 2 + arrivals_headers(a->p);
		p += from;
	}
	if (a->check)
		contents(p, address, number, from - 2, to - 2);
}

static void
write_frame(struct arrivals *a, const struct arrival *x, struct rte_mbuf *m)
{
	const struct shape *s = a->t.shape;
	const uint32_t since = x->seq - a->flows[x->bundle].base;
	const unsigned k = since % s->cycle, all = s->at[k].bytes + 2u, part = all / s->at[k].pieces;
	const bool last = s->at[k].piece + 1 == s->at[k].pieces;
	const unsigned from = s->at[k].piece * part, to = last ? all : from + part;
	const uint32_t number = since / s->cycle * s->datagrams + s->at[k].datagram;
	const struct lab_link *l = lab_link(a->p, a->t.worker, x->bundle, x->link);
	const struct mac src = lab_peer(a->t.worker, a->p, x->bundle, x->link);
	const unsigned mp_len = mp_hdr_len(a->p->short_seq);
	const unsigned eth = (unsigned)eth_hdr_len(a->p->vlans);
	const unsigned hdr = eth + PPPOE_HDR_LEN + PPP_PROTO_LEN + mp_len;
	uint8_t *p;

	m->port = l->port;
	p = (uint8_t *)rte_pktmbuf_append(m, (uint16_t)(hdr + to - from));
	eth_store(p, lab_port_mac(l->port), &src, a->p->vlans, ETHERTYPE_PPPOE_SESSION);
	pppoe_store(p + eth, PPPOE_CODE_SESSION, l->session, (uint16_t)(PPP_PROTO_LEN + mp_len + to - from));
	store_be16(p + eth + PPPOE_HDR_LEN, PPP_MP);
	mp_store(p + hdr - mp_len, a->p->short_seq, x->seq, s->at[k].piece == 0, last);
	piece(a, p + hdr, x->bundle, number, s->at[k].bytes, from, to);
}

struct rte_mbuf *
arrivals_frame(struct arrivals *a, const struct arrival *x)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(lab.dp->workers[a->t.worker]->pool);

	if (m == NULL)
		die("no packet buffer free");
	write_frame(a, x, m);
	return m;
}

enum { AHEAD = 32 };

/* Most of the time of a run goes here, so everything is fetched before it is needed. */
static void
fill_some(struct arrivals *a, struct rte_mbuf *list[], unsigned n)
{
	uint32_t bundle[AHEAD];
	struct arrival x[AHEAD];

	if (rte_pktmbuf_alloc_bulk(lab.dp->workers[a->t.worker]->pool, list, n) != 0)
		die("no packet buffer free");
	for (unsigned i = 0; i < n; i++) {
		bundle[i] = random_below(&a->seed, a->t.bundles);
		rte_prefetch0(&a->flows[bundle[i]]);
		rte_prefetch0((uint8_t *)list[i] + lab.data_at);
		rte_prefetch0((uint8_t *)list[i] + lab.data_at + RTE_CACHE_LINE_SIZE);
	}
	for (unsigned i = 0; i < n; i++) {
		next_of_bundle(a, bundle[i], &x[i]);
		while (a->t.loss != 0 && random_below(&a->seed, a->t.loss) == 0)
			arrivals_next(a, &x[i]);
		rte_prefetch0(lab_link(a->p, a->t.worker, x[i].bundle, x[i].link));
	}
	for (unsigned i = 0; i < n; i++)
		write_frame(a, &x[i], list[i]);
}

void
arrivals_fill(struct arrivals *a, struct rte_mbuf *list[], unsigned n)
{
	for (unsigned i = 0; i < n; i += AHEAD)
		fill_some(a, list + i, RTE_MIN(n - i, (unsigned)AHEAD));
}

struct rte_mbuf *
arrivals_packet(struct arrivals *a, uint32_t bundle, uint32_t number, unsigned bytes)
{
	static const struct mac router = {{0x02, 0x6b, 0, 0, 0, 1}};
	struct rte_mbuf *m = rte_pktmbuf_alloc(lab.dp->workers[a->t.worker]->pool);
	const uint32_t address = lab_address(a->t.worker, a->p, bundle);
	uint8_t *p;

	if (m == NULL)
		die("no packet buffer free");
	m->port = lab.inside;
	p = (uint8_t *)rte_pktmbuf_append(m, (uint16_t)(ETH_HDR_LEN + bytes));
	eth_store(p, lab_port_mac(lab.inside), &router, (struct vlan_stack){0, 0},
		a->p->ipv6 ? ETHERTYPE_V6 : ETHERTYPE_V4);
	if (a->p->ipv6)
		headers6(p + ETH_HDR_LEN, lab_somewhere6(&a->seed), behind(a, bundle), number, bytes);
	else
		headers4(p + ETH_HDR_LEN, somewhere(&a->seed), address, number, bytes);
	if (a->check)
		contents(p + ETH_HDR_LEN + arrivals_headers(a->p), address, number, arrivals_headers(a->p), bytes);
	return m;
}
