/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_byteorder.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_ip_frag.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>
#include <rte_reorder.h>
#include <string.h>

#include "dataplane/bundle_state.h"
#include "dataplane/wire/ip.h"
#include "dataplane/wire/ppp.h"
#include "tools/hawser-bench/cases.h"

/* What the data plane is measured against, in the same process, rounds and buffers. */

enum {
	BURST = 16,
	FRAG_BURST = 32,
	FRAG_AHEAD = 4,
	/* Entries a bucket of rte_ip_frag: the fastest setting that loses no datagram here; 16, as in DPDK's example, is slower by a third. */
	FRAG_BUCKET = 4,
	WARM_DATAGRAMS = 5,
};

static struct rte_mbuf *list[LAB_LIST], *out[LAB_LIST];

/* All that will be touched of a frame is fetched a burst ahead, for the references as for the path: so none is slow for want of what its caller
 * could do, whatever the size of the caches. */
static __rte_always_inline void
ahead(struct rte_mbuf *const m[], unsigned n, const bool second_line)
{
	for (unsigned i = 0; i < n; i++) {
		rte_prefetch0(m[i]);
		if (second_line)
			rte_prefetch0((char *)m[i] + RTE_CACHE_LINE_SIZE);
		rte_prefetch0((char *)m[i] + lab.data_at);
	}
}

void
ghost_enter(struct bench *b)
{
	const struct from_case *c = b->ctx;

	lab_at(c->t.worker);
	arrivals_use(c->ghost, &c->t);
}

/* ------------------------------------------------------------------ macswap */

static void
send_all(uint16_t port, struct rte_mbuf *m[], uint16_t n)
{
	const uint16_t sent = rte_eth_tx_burst(port, 0, m, n);

	if (sent < n)
		rte_pktmbuf_free_bulk(m + sent, n - sent);
}

static void
macswap(struct rte_mbuf *m[], unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct rte_ether_hdr *e = rte_pktmbuf_mtod(m[i], struct rte_ether_hdr *);
		const struct rte_ether_addr a = e->dst_addr;

		e->dst_addr = e->src_addr;
		e->src_addr = a;
	}
}

/* So many frames out of the rings. Two bursts are in hand, so that one is on its way to the cache while the other is worked on. */
static void
macswap_frames(unsigned frames)
{
	const uint16_t to = lab.dp->ports[lab.outside].id;
	struct rte_mbuf *hand[2][BURST];
	unsigned n[2] = {0, 0}, port = 0, taken = 0, done = 0;

	for (unsigned cur = 0; done < frames; cur ^= 1) {
		struct rte_mbuf **next = hand[cur ^ 1];
		const unsigned most = RTE_MIN((unsigned)BURST, frames - taken);

		n[cur ^ 1] = most == 0 ? 0
				       : rte_eth_rx_burst(lab.dp->ports[port].id, (uint16_t)lab.w->rx_queue[port], next,
						 (uint16_t)most);
		taken += n[cur ^ 1];
		port = port + 1 == lab.n_access ? 0 : port + 1;
		ahead(next, n[cur ^ 1], true);
		macswap(hand[cur], n[cur]);
		if (n[cur] != 0)
			send_all(to, hand[cur], (uint16_t)n[cur]);
		done += n[cur];
	}
}

void
macswap_slice(struct bench *b, struct sample *s)
{
	const struct from_case *c = b->ctx;
	uint64_t begin;

	lab_at(c->t.worker);
	arrivals_fill(c->ghost, list, LAB_LIST);
	lab_feed(list, LAB_LIST, c->t.worker);
	macswap_frames(LAB_LEAD);
	begin = cycles_begin();
	macswap_frames(LAB_LIST - LAB_LEAD);
	s->cycles = cycles_end() - begin;
	s->items = LAB_LIST - LAB_LEAD;
}

/* ------------------------------------------------------------------ memory floor */

/* Lines of memory touched with the same prefetch, and nothing done with them: of the frame its mbuf and headers, and the session's word; of
 * the bundle either what no layout can do without, one line and one slot, or what ours has; and for every second frame a piece that has been
 * waiting: both lines of its mbuf, and its headers. As many wait as reassembly holds on the average, one a bundle. */
static struct {
	struct rte_mbuf **waiting;
	unsigned n;
	uint64_t seed;
} held;

/* A line is dirty afterwards, and as it was. */
static void
touch(uint32_t *word)
{
	volatile uint32_t *w = word;
	const uint32_t value = *w;

	*w = value;
}

static __rte_always_inline void
floor_words(struct worker *w, struct rte_mbuf *const m[], uint32_t seq[])
{
	for (unsigned i = 0; i < BURST; i++) {
		const uint8_t *p = rte_pktmbuf_mtod(m[i], const uint8_t *);

		seq[i] = load_be32(p + ETH_HDR_LEN + PPPOE_HDR_LEN + PPP_PROTO_LEN) % REASM_SLOTS_MIN;
		__builtin_prefetch(&w->ports[m[i]->port].steer[load_be16(p + ETH_HDR_LEN + 2)]);
	}
}

static __rte_always_inline void
floor_bundles(struct worker *w, struct rte_mbuf *const m[], const uint32_t seq[], struct bundle *b[], const bool own)
{
	for (unsigned i = 0; i < BURST; i++) {
		const uint8_t *p = rte_pktmbuf_mtod(m[i], const uint8_t *);
		const struct steer to = steer_unpack(atomic_load_explicit(
			&w->ports[m[i]->port].steer[load_be16(p + ETH_HDR_LEN + 2)], memory_order_relaxed));

		b[i] = &w->bundles->bundles[to.bundle];
		rte_prefetch0(&b[i]->rx);
		if (own)
			rte_prefetch0(&b[i]->hot);
		rte_prefetch0(&b[i]->slots[seq[i]]);
	}
}

static void
floor_fetch_waiting(struct rte_mbuf *x[])
{
	for (unsigned i = 0; i < BURST / 2; i++) {
		x[i] = held.waiting[random_below(&held.seed, held.n)];
		rte_prefetch0(x[i]);
		rte_prefetch0(pkt(x[i]));
		rte_prefetch0((char *)x[i] + lab.data_at);
	}
}

static uint64_t
floor_touch_waiting(struct rte_mbuf *const x[])
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < BURST / 2; i++) {
		x[i]->pkt_len++;
		x[i]->tx_offload = i;
		sum += *(const uint64_t *)(const void *)((char *)x[i] + lab.data_at);
	}
	return sum;
}

static __rte_always_inline uint64_t
floor_burst(struct worker *w, struct rte_mbuf *const m[], const bool own)
{
	struct rte_mbuf *waiting[BURST / 2];
	struct bundle *b[BURST];
	uint32_t seq[BURST];
	uint64_t sum = 0;

	floor_words(w, m, seq);
	floor_bundles(w, m, seq, b, own);
	floor_fetch_waiting(waiting);
	for (unsigned i = 0; i < BURST; i++) {
		touch(&b[i]->rx.next);
		if (own) {
			touch(&b[i]->hot.link[0].received.n);
			pkt(m[i])->bundle = seq[i];
		}
		sum += b[i]->slots[seq[i]];
	}
	return sum + floor_touch_waiting(waiting);
}

static __rte_always_inline void
floor_frames(struct rte_mbuf *const m[], unsigned n, const bool own)
{
	uint64_t sum = 0;

	ahead(m, BURST, own);
	for (unsigned i = 0; i < n; i += BURST) {
		if (i + BURST < n)
			ahead(m + i + BURST, BURST, own);
		sum += floor_burst(lab.w, m + i, own);
	}
	__asm__ volatile("" : : "r"(sum) : "memory");
}

static __rte_always_inline void
floor_measure(const struct bench *b, struct sample *s, const bool own)
{
	const struct from_case *c = b->ctx;
	uint64_t begin;

	lab_at(c->t.worker);
	arrivals_fill(c->ghost, list, LAB_LIST);
	floor_frames(list, LAB_LEAD, own);
	begin = cycles_begin();
	floor_frames(list + LAB_LEAD, LAB_LIST - LAB_LEAD, own);
	s->cycles = cycles_end() - begin;
	s->items = LAB_LIST - LAB_LEAD;
	rte_pktmbuf_free_bulk(list, LAB_LIST);
}

void
floor_slice(struct bench *b, struct sample *s)
{
	floor_measure(b, s, false);
}

void
floor_own_slice(struct bench *b, struct sample *s)
{
	floor_measure(b, s, true);
}

void
floor_enter(struct bench *b)
{
	const struct from_case *c = b->ctx;

	ghost_enter(b);
	held.n = c->t.bundles;
	held.seed = 3;
	held.waiting = malloc(held.n * sizeof(*held.waiting));
	if (held.waiting == NULL || rte_pktmbuf_alloc_bulk(lab.w->pool, held.waiting, held.n) != 0)
		die("no packet buffers to wait");
}

void
floor_leave(struct bench *b)
{
	(void)b;
	rte_pktmbuf_free_bulk(held.waiting, held.n);
	free(held.waiting);
}

/* ------------------------------------------------------------------ rte_ip_frag: reassembly */

/* The same arrivals as IPv4 fragments: bundles are sources, datagrams are told apart by their IP id. One table a case; it stays, with what
 * waits in it, for so many visits: a fragment that finds its bucket full leaves the rest of its datagram waiting for good, which fills
 * others. Of 100k bundles 3 % are lost or waiting after 16 visits, 21 % after 80; with 32k or fewer none are lost. */
enum { FRAG_TABLES = 4, FRAG_VISITS = 16 };

static struct frag {
	const struct from_case *of;
	struct rte_ip_frag_tbl *table;
	struct arrivals a;
	uint64_t fed, done;
	unsigned visits;
} frags[FRAG_TABLES];
static struct rte_ip_frag_death_row dead;

static struct rte_mbuf *
ip_fragment(const struct arrivals *a, const struct arrival *x)
{
	const struct shape *s = a->t.shape;
	const uint32_t since = x->seq - a->flows[x->bundle].base;
	const unsigned k = since % s->cycle, all = s->at[k].bytes - IP4_HDR_MIN;
	const unsigned part = all / s->at[k].pieces & ~7u, from = s->at[k].piece * part;
	const bool last = s->at[k].piece + 1 == s->at[k].pieces;
	const unsigned len = last ? all - from : part;
	struct rte_mbuf *m = rte_pktmbuf_alloc(lab.w->pool);
	struct rte_ether_hdr *e;
	struct rte_ipv4_hdr *ip;

	if (m == NULL)
		die("no packet buffer free");
	e = (struct rte_ether_hdr *)(void *)rte_pktmbuf_append(m, (uint16_t)(ETH_HDR_LEN + IP4_HDR_MIN + len));
	ip = (struct rte_ipv4_hdr *)(e + 1);
	memset(e, 0, ETH_HDR_LEN + IP4_HDR_MIN);
	e->ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4);
	ip->version_ihl = 0x45;
	ip->time_to_live = 64;
	ip->next_proto_id = 6;
	ip->src_addr = rte_cpu_to_be_32(lab_address(a->t.worker, a->p, x->bundle));
	ip->dst_addr = RTE_BE32(0xc0000201);
	ip->packet_id = rte_cpu_to_be_16((uint16_t)(since / s->cycle));
	ip->total_length = rte_cpu_to_be_16((uint16_t)(IP4_HDR_MIN + len));
	ip->fragment_offset = rte_cpu_to_be_16((uint16_t)(from / 8 | (last ? 0 : RTE_IPV4_HDR_MF_FLAG)));
	return m;
}

static unsigned
ip_frag_run(struct rte_ip_frag_tbl *table, struct rte_mbuf *const m[], unsigned n, struct rte_mbuf *to[])
{
	const uint64_t now = rte_rdtsc();
	unsigned n_out = 0;

	ahead(m, RTE_MIN((unsigned)FRAG_BURST, n), true);
	for (unsigned k = 0; k < n; k += FRAG_BURST) {
		const unsigned end = RTE_MIN(k + FRAG_BURST, n);

		if (end < n)
			ahead(m + end, RTE_MIN((unsigned)FRAG_BURST, n - end), true);
		for (unsigned i = k; i < end; i++) {
			struct rte_mbuf *whole = m[i];
			struct rte_ipv4_hdr *ip;

			ip = rte_pktmbuf_mtod_offset(whole, struct rte_ipv4_hdr *, ETH_HDR_LEN);
			if (rte_ipv4_frag_pkt_is_fragmented(ip)) {
				whole->l2_len = ETH_HDR_LEN;
				whole->l3_len = IP4_HDR_MIN;
				whole = rte_ipv4_frag_reassemble_packet(table, &dead, whole, now, ip);
			}
			if (whole != NULL)
				to[n_out++] = whole;
		}
		rte_ip_frag_free_death_row(&dead, 3);
	}
	return n_out;
}

static void
ip_frag_fill(struct arrivals *a)
{
	struct arrival x;

	for (unsigned i = 0; i < LAB_LIST; i++) {
		arrivals_next(a, &x);
		list[i] = ip_fragment(a, &x);
	}
}

static struct frag *
frag_of(const struct from_case *c)
{
	struct frag *f = frags;

	while (f->of != NULL && f->of != c)
		f++;
	if (f == frags + FRAG_TABLES)
		die("too many tables of rte_ip_frag");
	f->of = c;
	return f;
}

static void
frag_close(struct frag *f)
{
	const unsigned pieces = f->of->t.shape->cycle;
	unsigned before;

	/* what waits may be a datagram a flow more or less than at the beginning */
	if (f->done * pieces + (uint64_t)f->of->t.bundles * pieces < f->fed * 99 / 100)
		die("rte_ip_frag lost datagrams: %llu came of %llu fragments", (unsigned long long)f->done,
			(unsigned long long)f->fed);
	do {
		before = rte_mempool_avail_count(lab.w->pool);
		rte_ip_frag_table_del_expired_entries(f->table, &dead, UINT64_MAX / 2);
		rte_ip_frag_free_death_row(&dead, 3);
	} while (rte_mempool_avail_count(lab.w->pool) != before);
	rte_ip_frag_table_destroy(f->table);
	arrivals_fini(&f->a);
	*f = (struct frag){0};
}

static void
frag_open(struct frag *f, const struct from_case *c)
{
	const uint64_t warm = (uint64_t)c->t.bundles * WARM_DATAGRAMS * c->t.shape->cycle;
	const uint32_t buckets = rte_align32pow2(c->t.bundles) / (c->t.bundles > 65536 ? 4 : 2);

	f->of = c;
	f->table = rte_ip_frag_table_create(
		buckets * 4 / FRAG_BUCKET, FRAG_BUCKET, buckets * 8, rte_get_tsc_hz() * 600, 0);
	if (f->table == NULL)
		die("no memory for rte_ip_frag");
	arrivals_init(&f->a, c->t.population, c->t.worker);
	arrivals_use(&f->a, &c->t);
	for (uint64_t i = 0; i < warm; i += LAB_LIST) {
		ip_frag_fill(&f->a);
		rte_pktmbuf_free_bulk(out, ip_frag_run(f->table, list, LAB_LIST, out));
	}
}

void
ip_frag_enter(struct bench *b)
{
	struct frag *f = frag_of(b->ctx);

	if (f->visits++ % FRAG_VISITS != 0)
		return;
	if (f->table != NULL)
		frag_close(f);
	frag_open(f, b->ctx);
	f->visits = 1;
}

void
ip_frag_slice(struct bench *b, struct sample *s)
{
	const struct from_case *c = b->ctx;
	struct frag *f = frag_of(c);
	uint64_t begin;
	unsigned n;

	ip_frag_fill(&f->a);
	n = ip_frag_run(f->table, list, LAB_LEAD, out);
	begin = cycles_begin();
	n += ip_frag_run(f->table, list + LAB_LEAD, LAB_LIST - LAB_LEAD, out + n);
	s->cycles = cycles_end() - begin;
	s->items = LAB_LIST - LAB_LEAD;
	f->fed += LAB_LIST;
	f->done += n;
	for (unsigned i = 0; i < n; i++)
		if (out[i]->pkt_len != (unsigned)ETH_HDR_LEN + c->t.shape->at[0].bytes)
			die("rte_ip_frag gave a datagram of %u bytes", out[i]->pkt_len);
	rte_pktmbuf_free_bulk(out, n);
}

void
ip_frag_close(void)
{
	for (unsigned i = 0; i < FRAG_TABLES; i++)
		if (frags[i].of != NULL)
			frag_close(&frags[i]);
}

/* ------------------------------------------------------------------ rte_ip_frag: fragmentation */

/* Library call and free of what it made, 64 packets in flight. */
void
ip_cut_slice(struct bench *b, struct sample *s)
{
	enum { FLIGHT = 64, REPEAT = 8, DATAGRAM = 1500, PIECES_MAX = 8 };
	const struct from_case *c = b->ctx;
	const unsigned pieces = c->t.shape->at[0].pieces;
	const uint16_t mtu = (uint16_t)(IP4_HDR_MIN + (((DATAGRAM - IP4_HDR_MIN) / pieces + 7) & ~7u));
	struct rte_mbuf *in[FLIGHT], *cut[FLIGHT * PIECES_MAX];

	*s = (struct sample){0, 0};
	for (unsigned k = 0; k < REPEAT; k++) {
		unsigned n = 0;
		uint64_t begin;

		for (unsigned i = 0; i < FLIGHT; i++) {
			in[i] = arrivals_packet(c->ghost, i, i, DATAGRAM);
			rte_pktmbuf_adj(in[i], ETH_HDR_LEN);
		}
		begin = cycles_begin();
		for (unsigned i = 0; i < FLIGHT; i++) {
			int got;

			if (i + FRAG_AHEAD < FLIGHT)
				rte_prefetch0(rte_pktmbuf_mtod(in[i + FRAG_AHEAD], void *));
			got = rte_ipv4_fragment_packet(
				in[i], cut + n, PIECES_MAX, mtu, lab.w->pool, lab.w->indirect_pool);
			if (got != (int)pieces)
				die("rte_ipv4_fragment_packet gave %d pieces", got);
			rte_pktmbuf_free(in[i]);
			n += (unsigned)got;
		}
		rte_pktmbuf_free_bulk(cut, n);
		s->cycles += cycles_end() - begin;
		s->items += n;
	}
}

/* ------------------------------------------------------------------ rte_reorder */

/* One buffer of 32 a bundle; puts packets in order, and does nothing else. */
enum { REORDER_WINDOW = 32, REORDER_BYTES = 1024 };

static struct {
	char *mem;
	struct arrivals a;
	uint32_t bundle[LAB_LIST];
} order;

static struct rte_reorder_buffer *
reorder_of(uint32_t bundle)
{
	return (struct rte_reorder_buffer *)(void *)(order.mem + (size_t)bundle * REORDER_BYTES);
}

static void
reorder_fill(void)
{
	struct arrival x;

	for (unsigned i = 0; i < LAB_LIST; i++) {
		arrivals_next(&order.a, &x);
		list[i] = rte_pktmbuf_alloc(lab.w->pool);
		if (list[i] == NULL)
			die("no packet buffer free");
		*rte_reorder_seqn(list[i]) = x.seq;
		order.bundle[i] = x.bundle;
	}
}

static unsigned
reorder_run(struct rte_mbuf *to[])
{
	unsigned n = 0;

	for (unsigned k = 0; k < LAB_LIST; k += FRAG_BURST) {
		for (unsigned i = k; i < k + FRAG_BURST; i++)
			for (unsigned line = 0; line < 3; line++)
				rte_prefetch0((char *)reorder_of(order.bundle[i]) + line * RTE_CACHE_LINE_SIZE);
		for (unsigned i = k; i < k + FRAG_BURST; i++) {
			struct rte_reorder_buffer *b = reorder_of(order.bundle[i]);

			if (rte_reorder_insert(b, list[i]) != 0)
				to[n++] = list[i];
			else
				n += rte_reorder_drain(b, to + n, 8);
		}
	}
	return n;
}

static struct rte_mbuf *ordered[LAB_LIST * 8];

void
reorder_enter(struct bench *b)
{
	const struct from_case *c = b->ctx;
	struct rte_reorder_buffer *first = rte_reorder_create("register", SOCKET_ID_ANY, REORDER_WINDOW);

	order.mem = rte_zmalloc("reorder", (size_t)c->t.bundles * REORDER_BYTES, RTE_CACHE_LINE_SIZE);
	if (first == NULL || order.mem == NULL)
		die("no memory for rte_reorder");
	rte_reorder_free(first); /* it made the mbuf field */
	for (uint32_t i = 0; i < c->t.bundles; i++)
		rte_reorder_init(reorder_of(i), REORDER_BYTES, "bench", REORDER_WINDOW);
	arrivals_init(&order.a, c->t.population, c->t.worker);
	arrivals_use(&order.a, &c->t);
	for (uint64_t i = 0; i < (uint64_t)c->t.bundles * WARM_DATAGRAMS; i += LAB_LIST) {
		reorder_fill();
		rte_pktmbuf_free_bulk(ordered, reorder_run(ordered));
	}
}

void
reorder_slice(struct bench *b, struct sample *s)
{
	uint64_t begin;
	unsigned n;

	(void)b;
	reorder_fill();
	begin = cycles_begin();
	n = reorder_run(ordered);
	s->cycles = cycles_end() - begin;
	s->items = LAB_LIST;
	rte_pktmbuf_free_bulk(ordered, n);
}

void
reorder_leave(struct bench *b)
{
	const struct from_case *c = b->ctx;

	for (uint32_t i = 0; i < c->t.bundles; i++)
		rte_reorder_reset(reorder_of(i));
	rte_free(order.mem);
	arrivals_fini(&order.a);
}
