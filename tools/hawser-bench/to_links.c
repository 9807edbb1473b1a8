/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <string.h>

#include "dataplane/path.h"
#include "dataplane/stages.h"
#include "dataplane/wire/ip.h"
#include "dataplane/wire/mp.h"
#include "dataplane/wire/ppp.h"
#include "dataplane/wire/pppoe.h"
#include "tools/hawser-bench/cases.h"

/* Cases of packets that go to the lines. */

enum {
	NS_A_PACKET = 120,
	FLIGHT = 64, /* packets of a fragmentation slice: so few that their buffers stay in the cache of the pool */
	REPEAT = 8,
	SOLO_NS = 100000000,
};

struct to_case {
	struct arrivals *a;
	unsigned bytes, pieces;
	uint32_t bundles;
	uint64_t ns_a_packet;
};

static struct rte_mbuf *list[LAB_LIST];

/* ------------------------------------------------------------------ slices */

static void
packet_each(struct arrivals *a)
{
	for (uint32_t i = 0; i < a->p->n;) {
		unsigned n = 0;

		for (; n < LAB_LIST && i < a->p->n; n++)
			list[n] = arrivals_packet(a, i++, 0, 64);
		lab_feed(list, n, 0);
		lab_turns(NS_A_PACKET * BURST_MAX);
	}
	lab.now_ns += SOLO_NS;
	lab_turns(0);
}

/* Each bundle's first packet goes alone on one line; with the second it is seen that all may send. */
static void
first_packets(struct arrivals *a)
{
	packet_each(a);
	packet_each(a);
}

static void
to_feed(const struct to_case *c, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		list[i] = arrivals_packet(c->a, random_below(&c->a->seed, c->bundles), 0, c->bytes);
	lab_feed(list, n, 0);
}

/* Until so many packets are left. */
static void
to_turns(const struct to_case *c, unsigned left)
{
	while (rte_ring_count(lab.in[lab.inside][0]) > left) {
		worker_turn(lab.w, lab.now_ns);
		lab.now_ns += c->ns_a_packet * BURST_MAX;
	}
}

static void
to_path_slice(struct bench *b, struct sample *s)
{
	const struct to_case *c = b->ctx;
	uint64_t begin, sent;

	to_feed(c, LAB_LIST);
	to_turns(c, LAB_LIST - LAB_LEAD);
	sent = lab.w->tx_frames;
	begin = cycles_begin();
	to_turns(c, 0);
	s->cycles = cycles_end() - begin;
	s->items = lab.w->tx_frames - sent;
}

/* Until the lines have backlogs and frames leave as fast as packets come. */
static void
line_rate_enter(struct bench *b)
{
	struct sample s;

	for (unsigned i = 0; i < 8; i++)
		to_path_slice(b, &s);
}

/* Until nothing is under way, or it would leave among other cases' frames. */
static void
lines_drain(struct bench *b)
{
	(void)b;
	for (unsigned i = 0; i < 400; i++) {
		lab.now_ns += SOLO_NS / 20;
		lab_turns(0);
	}
}

/* As routing leaves them: for a bundle at home here. */
static void
fragment_fill(const struct to_case *c, struct rte_mbuf *m[])
{
	for (unsigned i = 0; i < FLIGHT; i++) {
		const uint32_t bundle = random_below(&c->a->seed, c->bundles);
		const uint32_t index = c->a->p->first + bundle;

		m[i] = arrivals_packet(c->a, bundle, 0, c->bytes);
		rte_pktmbuf_adj(m[i], ETH_HDR_LEN);
		*pkt(m[i]) = (struct pkt){.bundle = index, .gen = LAB_GEN, .flags = PKT_TO_LINKS};
	}
}

/* What waits to be sent, freed as the reference frees: a port would do it frame by frame. */
static unsigned
lines_free(void)
{
	struct tx_buffer *b = &lab.w->tx[lab.lines];
	const unsigned n = b->n;

	rte_pktmbuf_free_bulk(b->m, n);
	b->n = 0;
	lab.w->tx_pending &= ~((uint64_t)1 << lab.lines);
	return n;
}

/* Queue, scheduler, numbers, headers and pacing: the stages mp_accept and mp_tx, each packet for a bundle that is not in the cache. The
 * reference knows no bundles, lines or rates: that is what a library call does not do. */
static void
fragment_slice(struct bench *b, struct sample *s)
{
	const struct to_case *c = b->ctx;
	const unsigned n = TX_BUFFER / c->pieces; /* whose pieces wait to be sent together */
	struct rte_mbuf *m[FLIGHT];

	*s = (struct sample){0, 0};
	for (unsigned k = 0; k < REPEAT; k++) {
		uint64_t begin;

		fragment_fill(c, m);
		begin = cycles_begin();
		for (unsigned i = 0; i < FLIGHT; i += n) {
			struct burst burst = {.n = n};

			memcpy(burst.m, m + i, sizeof(*m) * n);
			lab.w->now_ns = lab.now_ns;
			mp_accept(lab.w, &burst);
			mp_tx(lab.w);
			s->items += lines_free();
			lab.now_ns += c->ns_a_packet * n;
		}
		s->cycles += cycles_end() - begin;
		worker_flush_free(lab.w);
	}
	if (s->items != (uint64_t)FLIGHT * REPEAT * c->pieces)
		die("%llu pieces of %u packets in %u", (unsigned long long)s->items, FLIGHT * REPEAT, c->pieces);
}

void
to_profile(struct arrivals *a, struct profile *p)
{
	const struct to_case c = {.a = a, .bytes = 1500, .bundles = a->p->n};
	const uint64_t sent = lab.w->tx_frames;

	to_feed(&c, LAB_LIST);
	while (rte_ring_count(lab.in[lab.inside][0]) != 0) {
		struct worker *w = lab.w;
		struct burst b;

		w->now_ns = lab.now_ns;
		profile_begin(p);
		port_rx(w, &w->ports[lab.inside], 0, &b);
		profile_mark(p, STAGE_PORT_RX);
		ip_rx(w, &w->ports[lab.inside], &b);
		profile_mark(p, STAGE_IP_RX);
		ip_route(w, &b);
		profile_mark(p, STAGE_ROUTE);
		ip_tx(w, &b);
		profile_mark(p, STAGE_IP_TX);
		steer_out(w, &b);
		profile_mark(p, STAGE_STEER);
		mss_to_links(w, &b);
		profile_mark(p, STAGE_MSS);
		mp_accept(w, &b);
		profile_mark(p, STAGE_ACCEPT);
		mp_tx(w);
		profile_mark(p, STAGE_MP_TX);
		port_tx_flush(w);
		worker_flush_free(w);
		profile_mark(p, STAGE_FLUSH);
		lab.now_ns += NS_A_PACKET * BURST_MAX;
	}
	p->frames += lab.w->tx_frames - sent;
}

/* ------------------------------------------------------------------ check of the contents */

enum { COPIES_MAX = 64 * 1024, COPY_BYTES = 800 };

struct copy {
	uint32_t order; /* of leaving */
	uint32_t bundle, seq;
	uint16_t len;
	bool begin, end;
	uint8_t b[COPY_BYTES];
};

static struct {
	struct copy *copy;
	unsigned n;
	const struct population *p;
} sent_frames;

/* Session ids are of access ports; the null port's frames name their bundle by the peer's MAC. */
static uint16_t
check_tx(uint16_t port, uint16_t queue, struct rte_mbuf *m[], uint16_t n, void *arg)
{
	(void)port;
	(void)queue;
	(void)arg;
	for (uint16_t i = 0; i < n && sent_frames.n < COPIES_MAX; i++) {
		struct copy *c = &sent_frames.copy[sent_frames.n];
		const unsigned hdr = ETH_HDR_LEN + PPPOE_HDR_LEN + PPP_PROTO_LEN + MP_LONG_LEN;
		uint8_t flat[2048];
		const uint8_t *p = rte_pktmbuf_read(m[i], 0, m[i]->pkt_len, flat);

		if (m[i]->pkt_len < hdr || m[i]->pkt_len - hdr > COPY_BYTES ||
			load_be16(p + ETH_HDR_LEN + 4) != m[i]->pkt_len - ETH_HDR_LEN - PPPOE_HDR_LEN)
			die("a frame of %u bytes", m[i]->pkt_len);
		if (m[i]->pkt_len < hdr + 20)
			continue; /* null fragment */
		c->order = sent_frames.n++;
		c->bundle = ((uint32_t)p[2] << 16 | p[3] << 8 | p[4]) - sent_frames.p->first;
		c->seq = load_be24(p + hdr - 3);
		c->begin = p[hdr - 4] & 0x80;
		c->end = p[hdr - 4] & 0x40;
		c->len = (uint16_t)(m[i]->pkt_len - hdr);
		memcpy(c->b, p + hdr, c->len);
	}
	return n;
}

static int
by_number(const void *x, const void *y)
{
	const struct copy *a = x, *b = y;

	if (a->bundle != b->bundle)
		return a->bundle < b->bundle ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

/* Returns how many copies make up the packet. */
static unsigned
check_one(const struct arrivals *a, const struct copy *c, unsigned left)
{
	uint8_t flat[2048];
	unsigned len = 0, n = 0;
	uint32_t number;

	do {
		if (n == left || c[n].bundle != c->bundle || c[n].seq != c->seq + n || c[n].begin != (n == 0))
			die("bundle %u: numbers are wrong at %u", c->bundle, c->seq + n);
		memcpy(flat + len, c[n].b, c[n].len);
		len += c[n].len;
	} while (!c[n++].end);
	number = load_be32(flat + 2 + 24);
	if (load_be16(flat) != PPP_IPV4 || load_be16(flat + 4) != len - 2 || flat[2 + 8] != 63 ||
		checksum_fold(checksum_add(0, flat + 2, IP4_HDR_MIN)) != 0)
		die("bundle %u: header of packet %u is wrong", c->bundle, number);
	for (unsigned at = 40; at < len - 2; at++)
		if (flat[2 + at] != content(lab_address(0, a->p, c->bundle), number, at))
			die("bundle %u: byte %u of packet %u is wrong", c->bundle, at, number);
	return n;
}

static void
check_contents(struct arrivals *a, unsigned bytes)
{
	enum { BUNDLES = 1000, CHECKED = 8000 };
	const uint16_t port = lab.dp->ports[lab.lines].id;
	const struct rte_eth_rxtx_callback *cb;
	unsigned packets = 0;

	sent_frames.p = a->p;
	sent_frames.n = 0;
	sent_frames.copy = malloc(COPIES_MAX * sizeof(*sent_frames.copy));
	cb = rte_eth_add_tx_callback(port, 0, check_tx, NULL);
	if (sent_frames.copy == NULL || cb == NULL)
		die("the contents cannot be checked");
	a->check = true;
	for (unsigned i = 0; i < CHECKED; i += BURST_MAX) {
		for (unsigned k = 0; k < BURST_MAX; k++)
			list[k] = arrivals_packet(a, random_below(&a->seed, BUNDLES), i + k, bytes);
		lab_feed(list, BURST_MAX, 0);
		lab_turns(NS_A_PACKET * BURST_MAX * 1000);
	}
	lab.now_ns += SOLO_NS;
	lab_turns(0);
	a->check = false;
	rte_eth_remove_tx_callback(port, 0, cb);
	qsort(sent_frames.copy, sent_frames.n, sizeof(*sent_frames.copy), by_number);
	for (unsigned i = 0; i < sent_frames.n; packets++)
		i += check_one(a, sent_frames.copy + i, sent_frames.n - i);
	free(sent_frames.copy);
	if (packets != CHECKED)
		die("%u of %u packets went to the lines", packets, CHECKED);
}

/* ------------------------------------------------------------------ the group */

void
bench_to_links(struct run *run)
{
	enum {
		N = 32768,
		/* what a packet every 120 ns is for each of them: 254 packets a second, 2 frames of 796 bytes and 24 of overhead */
		LINE_BPS = 1680000,
	};
	const unsigned first = run->r.n_cases;
	const struct population pops[] = {
		{.name = "2 links, paced", .n = N, .links = 2, .rate_bps = 100000000},
		{.name = "4 links, paced", .n = N, .links = 4, .rate_bps = 100000000},
		{.name = "2 links, not paced", .n = N, .links = 2},
		{.name = "2 links, at line rate", .n = N, .links = 2, .rate_bps = LINE_BPS},
	};
	const struct lab_wish wish = {
		.workers = 1,
		.access_ports = 6,
		.pool_mbufs = 262143, /* lines at their rate have queues */
		.reassembly_bytes = UINT64_C(1) << 28,
		.populations = pops,
		.n_populations = RTE_DIM(pops),
	};
	struct arrivals a[RTE_DIM(pops)], ghost;
	struct bench *macswap, *path, *lib[2], *cut[2], *unpaced, *full;

	lab_open(&wish);
	for (unsigned i = 0; i < RTE_DIM(pops); i++) {
		arrivals_init(&a[i], i, 0);
		first_packets(&a[i]);
	}
	arrivals_init(&ghost, 0, 0);
	check_contents(&a[0], 1500);
	check_contents(&a[0], 100);
	check_contents(&a[1], 1500);

	const struct from_case same = {.ghost = &ghost, .t = {.bundles = N, .shape = &shape_in_2, .depth = 2}};
	const struct from_case same4 = {.ghost = &ghost, .t = {.bundles = N, .shape = &shape_in_4, .depth = 2}};
	const struct to_case in_2 = {.a = &a[0], .bytes = 1500, .pieces = 2, .bundles = N, .ns_a_packet = NS_A_PACKET};
	const struct to_case in_4 = {.a = &a[1], .bytes = 1500, .pieces = 4, .bundles = N, .ns_a_packet = NS_A_PACKET};

	const struct to_case no_pace = {
		.a = &a[2], .bytes = 1500, .pieces = 2, .bundles = N, .ns_a_packet = NS_A_PACKET};
	const struct to_case line_rate = {
		.a = &a[3], .bytes = 1500, .pieces = 2, .bundles = N, .ns_a_packet = NS_A_PACKET};

	macswap = bench_add(&run->r,
		&(struct bench){.id = "macswap.to_links",
			.what = "rings to null, MAC addresses swapped",
			.unit = "frame",
			.enter = ghost_enter,
			.slice = macswap_slice,
			.ctx = &same});
	path = bench_add(&run->r,
		&(struct bench){.id = "to_links.32k",
			.what = "whole path to links, 1500 B in 2",
			.unit = "frame sent",
			.slice = to_path_slice,
			.leave = lines_drain,
			.ctx = &in_2,
			.ref = macswap});
	lib[0] = bench_add(&run->r,
		&(struct bench){.id = "ip_cut.2",
			.what = "rte_ipv4_fragment_packet in 2, and free",
			.unit = "fragment",
			.enter = ghost_enter,
			.slice = ip_cut_slice,
			.ctx = &same});
	cut[0] = bench_add(&run->r,
		&(struct bench){.id = "fragmentation.2",
			.what = "mp_accept, mp_tx and free, in 2",
			.unit = "fragment",
			.slice = fragment_slice,
			.ctx = &in_2,
			.ref = lib[0]});
	lib[1] = bench_add(&run->r,
		&(struct bench){.id = "ip_cut.4",
			.what = "rte_ipv4_fragment_packet in 4, and free",
			.unit = "fragment",
			.enter = ghost_enter,
			.slice = ip_cut_slice,
			.ctx = &same4});
	cut[1] = bench_add(&run->r,
		&(struct bench){.id = "fragmentation.4",
			.what = "mp_accept, mp_tx and free, in 4",
			.unit = "fragment",
			.slice = fragment_slice,
			.ctx = &in_4,
			.ref = lib[1]});
	unpaced = bench_add(&run->r,
		&(struct bench){.id = "to_links.unpaced",
			.what = "whole path to links, lines without a rate",
			.unit = "frame sent",
			.slice = to_path_slice,
			.leave = lines_drain,
			.ctx = &no_pace});
	full = bench_add(&run->r,
		&(struct bench){.id = "to_links.line_rate",
			.what = "whole path to links, all lines at their rate",
			.unit = "frame sent",
			.enter = line_rate_enter,
			.slice = to_path_slice,
			.leave = lines_drain,
			.ctx = &line_rate,
			.ref = unpaced});
	bench_run(&run->r, first, run->rounds);
	goal_of_ratio(&run->r, "P12", "paced at line rate over not paced", full, 1.25);
	profile_stages(&run->r, "to_links.32k", to_profile, &a[0]);
	goal_of_ratio(&run->r, "P2", "whole path to links over macswap", path, 3.6);
	goal_of_ratio(&run->r, "P4.2", "fragmentation in 2 over rte_ipv4_fragment_packet", cut[0], 0.55);
	goal_of_ratio(&run->r, "P4.4", "fragmentation in 4 over rte_ipv4_fragment_packet", cut[1], 0.65);
	for (unsigned i = 0; i < RTE_DIM(pops); i++)
		arrivals_fini(&a[i]);
	arrivals_fini(&ghost);
	lab_close();
}
