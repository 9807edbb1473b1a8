/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <string.h>

#include "dataplane/bundle_state.h"
#include "dataplane/mbuf.h"
#include "dataplane/path.h"
#include "dataplane/stages.h"
#include "dataplane/wire/ip.h"
#include "tools/hawser-bench/cases.h"

/* Frames that come from the lines: driving them through the stages, checking what comes out, timing. sizes.c and kinds.c say which. */

enum {
	WARM_DATAGRAMS = 6, /* a bundle: until the windows are as full as they get */
	LAG_ARRIVALS = 10,  /* of a bundle's frames, by which a link is behind at worst */
	SETTLE_NS = 600000000,
	DROPS_MAX_PERCENT = 1,
};

/* LAB_LEAD of them bring tables into the caches while the clock stands still; the rest is timed. */
static struct rte_mbuf *list[LAB_LEAD + LAB_LIST], *out[2 * LAB_LIST];

uint64_t
turn_ns(void)
{
	return (uint64_t)LAB_NS_A_FRAME * BURST_MAX * lab.n_access;
}

/* ------------------------------------------------------------------ traffic */

static void
drive(struct arrivals *a, uint64_t frames)
{
	lab_at(a->t.worker);
	for (uint64_t i = 0; i < frames; i += LAB_LIST) {
		arrivals_fill(a, list, LAB_LIST);
		lab_feed(list, LAB_LIST, a->t.worker);
		lab_work(0, true);
	}
}

void
from_settle(struct arrivals *a)
{
	struct arrival x;
	uint32_t at = 0;
	unsigned n;

	if (a->t.shape == NULL)
		return;
	lab_at(a->t.worker);
	do {
		for (n = 0; n < LAB_LIST && arrivals_rest(a, &at, &x); n++)
			list[n] = arrivals_frame(a, &x);
		lab_feed(list, n, a->t.worker);
		lab_turns(turn_ns());
	} while (n == LAB_LIST);
	/* after loss: what is waited for is given up */
	for (unsigned i = 0; i < 2; i++) {
		lab.now_ns += SETTLE_NS;
		lab_turns(turn_ns());
	}
}

/* The lines have been in use for long, and the stall limits follow their skew. What the bundles would find out in minutes is told them. */
static void
know_skew(const struct arrivals *a)
{
	const unsigned pieces = RTE_MAX(a->t.shape->at[0].pieces, 2u);
	const uint64_t lag_ns = (uint64_t)(LAG_ARRIVALS * pieces + a->t.lag) * a->t.bundles * LAB_NS_A_FRAME;
	const struct window_skew skew = {(uint32_t)(lag_ns / 1000), (uint32_t)(lab.now_ns / 1000000)};

	for (uint32_t i = 0; i < a->t.bundles; i++) {
		struct bundle *b = &lab.w->bundles->bundles[a->p->first + i];

		for (unsigned l = 0; l < a->p->links; l++)
			bundle_skew(b)[l] = skew;
		bundle_set_stall(b);
	}
}

void
from_enter(struct bench *b)
{
	const struct from_case *c = b->ctx;
	struct arrivals *a = c->a;
	const struct shape *s = c->t.shape;

	if (!traffic_is_like(&a->t, &c->t))
		from_settle(a);
	arrivals_use(a, &c->t);
	if (a->warm)
		return;
	lab_at(a->t.worker);
	know_skew(a);
	drive(a, (uint64_t)c->t.bundles * (WARM_DATAGRAMS * s->cycle / s->datagrams + 2 * c->t.lag));
	a->warm = true;
}

/* ------------------------------------------------------------------ slices */

/* Traffic without loss that loses packets is not the traffic that a case claims to measure. Some are allowed for: arrivals are random, and
 * the odd gap outlasts the stall limit that its bundle has learnt so far. */
static void
check_drops(const struct bench *b)
{
	const struct from_case *c = b->ctx;

	if (c->t.loss != 0 || lab_drops_all() <= LAB_LIST * DROPS_MAX_PERCENT / 100)
		return;
	lab_drops_print();
	die("%s: %llu of %u frames were dropped", b->id, (unsigned long long)lab_drops_all(), (unsigned)LAB_LIST);
}

void
from_path_slice(struct bench *b, struct sample *s)
{
	const struct from_case *c = b->ctx;
	uint64_t before;

	lab_at(c->t.worker);
	arrivals_fill(c->a, list, LAB_LEAD + LAB_LIST);
	lab_feed(list, LAB_LEAD + LAB_LIST, c->t.worker);
	lab_drops_mark();
	lab_work(LAB_LIST, false);
	before = lab.w->rx_frames;
	s->cycles = lab_work(0, true);
	s->items = lab.w->rx_frames - before;
	check_drops(b);
}

/* Frames in the order in which ports are polled: what one poll of each gives, in turn. */
static void
by_port(struct rte_mbuf *m[], unsigned n, unsigned at[])
{
	static struct rte_mbuf *of[LAB_ACCESS_MAX][LAB_LEAD + LAB_LIST];
	unsigned taken[LAB_ACCESS_MAX] = {0}, have[LAB_ACCESS_MAX] = {0}, k = 0, bursts = 0;

	for (unsigned i = 0; i < n; i++)
		of[m[i]->port][have[m[i]->port]++] = m[i];
	while (k < n)
		for (unsigned p = 0; p < lab.n_access; p++) {
			const unsigned now = RTE_MIN(have[p] - taken[p], (unsigned)BURST_MAX);

			if (now == 0)
				continue;
			memcpy(m + k, of[p] + taken[p], now * sizeof(*m));
			taken[p] += now;
			k += now;
			at[bursts++] = k;
		}
	at[bursts] = 0;
}

static void
take(struct burst *b, struct rte_mbuf *to[], unsigned *n)
{
	memcpy(to + *n, b->m, b->n * sizeof(*to));
	*n += b->n;
}

static void
reassemble_burst(struct worker *w, struct rte_mbuf *m[], unsigned n, struct rte_mbuf *to[], unsigned *n_out)
{
	struct port *p = &w->ports[m[0]->port];
	struct burst b = {.n = n};
	bool more;

	memcpy(b.m, m, n * sizeof(*m));
	mbuf_prefetch_burst(&b);
	pppoe_rx(w, p, &b);
	do {
		more = mp_rx(w, &b);
		inner_proto(w, &b);
		mss_from_links(w, &b);
		take(&b, to, n_out);
	} while (more);
}

static void
expire(struct worker *w, struct rte_mbuf *to[], unsigned *n_out)
{
	struct burst b;

	while (mp_expire(w, &b)) {
		inner_proto(w, &b);
		mss_from_links(w, &b);
		take(&b, to, n_out);
	}
	worker_flush_free(w);
}

static struct list_bursts {
	unsigned n, end[LAB_LEAD + LAB_LIST + 1];
} bursts;

static void
cut_into_bursts(struct rte_mbuf *m[], unsigned n)
{
	by_port(m, n, bursts.end);
	for (bursts.n = 0; bursts.end[bursts.n] != 0;)
		bursts.n++;
}

/* Bursts [from, to). */
static void
reassemble_bursts(struct rte_mbuf *m[], unsigned from, unsigned to, uint64_t ns_a_frame, unsigned *n_out)
{
	for (unsigned i = from; i < to; i++) {
		const unsigned at = i == 0 ? 0 : bursts.end[i - 1], n = bursts.end[i] - at;

		lab.w->now_ns = lab.now_ns;
		reassemble_burst(lab.w, m + at, n, out, n_out);
		lab.now_ns += ns_a_frame * n;
		if (i % lab.n_access == 0)
			expire(lab.w, out, n_out);
	}
}

void
from_reassembly_slice(struct bench *b, struct sample *s)
{
	const struct from_case *c = b->ctx;
	unsigned n_out = 0, lead = 0;
	uint64_t begin;

	lab_at(c->t.worker);
	arrivals_fill(c->a, list, LAB_LEAD + LAB_LIST);
	cut_into_bursts(list, LAB_LEAD + LAB_LIST);
	while (bursts.end[lead] < LAB_LEAD)
		lead++;
	lab_drops_mark();
	reassemble_bursts(list, 0, lead, 0, &n_out);
	begin = cycles_begin();
	reassemble_bursts(list, lead, bursts.n, LAB_NS_A_FRAME, &n_out);
	s->cycles = cycles_end() - begin;
	s->items = LAB_LEAD + LAB_LIST - bursts.end[lead - 1];
	rte_pktmbuf_free_bulk(out, n_out);
	check_drops(b);
}

uint64_t
from_reassemble(struct rte_mbuf *m[], unsigned n)
{
	unsigned n_out = 0;
	uint64_t begin;

	cut_into_bursts(m, n);
	begin = cycles_begin();
	for (unsigned i = 0; i < bursts.n; i += lab.n_access) {
		reassemble_bursts(m, i, RTE_MIN(i + lab.n_access, bursts.n), LAB_NS_A_FRAME, &n_out);
		rte_pktmbuf_free_bulk(out, n_out);
		n_out = 0;
	}
	return cycles_end() - begin;
}

/* ------------------------------------------------------------------ cost by stage */

/* The same order as in path.c, with a time stamp behind each stage. */
static void
profile_burst(struct worker *w, unsigned port, struct profile *p)
{
	struct burst b;
	bool more;

	profile_begin(p);
	p->frames += port_rx(w, &w->ports[port], (uint16_t)w->rx_queue[port], &b);
	profile_mark(p, STAGE_PORT_RX);
	pppoe_rx(w, &w->ports[port], &b);
	profile_mark(p, STAGE_PPPOE_RX);
	do {
		more = mp_rx(w, &b);
		profile_mark(p, STAGE_MP_RX);
		inner_proto(w, &b);
		profile_mark(p, STAGE_INNER);
		mss_from_links(w, &b);
		profile_mark(p, STAGE_MSS);
		ip_route(w, &b);
		profile_mark(p, STAGE_ROUTE);
		ip_tx(w, &b);
		profile_mark(p, STAGE_IP_TX);
	} while (more);
}

void
from_profile(struct arrivals *a, struct profile *p)
{
	lab_at(a->t.worker);
	arrivals_fill(a, list, LAB_LIST);
	lab_feed(list, LAB_LIST, a->t.worker);
	while (lab_waiting() > 0) {
		const uint64_t before = lab.w->rx_frames;

		lab.w->now_ns = lab.now_ns;
		for (unsigned port = 0; port < lab.n_access; port++)
			profile_burst(lab.w, port, p);
		profile_begin(p);
		path_timers(lab.w);
		profile_mark(p, STAGE_TIMERS);
		port_tx_flush(lab.w);
		worker_flush_free(lab.w);
		profile_mark(p, STAGE_FLUSH);
		lab.now_ns += LAB_NS_A_FRAME * (lab.w->rx_frames - before);
	}
}

/* ------------------------------------------------------------------ check of the contents */

static struct {
	struct arrivals *a;
	uint32_t *next; /* datagram, of each bundle */
	uint64_t packets, gaps;
	bool loss;
} check;

/* What the headers say, each family in its own way. */
struct parsed {
	uint32_t bundle, number;
	unsigned bytes, headers;
	bool right; /* checksum, hop counted */
};

static struct parsed
parse4(const uint8_t *ip)
{
	return (struct parsed){
		.bundle = load_be32(ip + 12) - lab_address(check.a->t.worker, check.a->p, 0),
		.number = load_be32(ip + IP4_HDR_MIN + 4),
		.bytes = load_be16(ip + 2),
		.headers = IP4_HDR_MIN + 20,
		.right = checksum_fold(checksum_add(0, ip, IP4_HDR_MIN)) == 0 && ip[8] == 63,
	};
}

static struct parsed
parse6(const uint8_t *ip)
{
	return (struct parsed){
		.bundle = (uint32_t)((load_be64(ip + 8) - lab_prefix6(check.a->t.worker, check.a->p, 0)) >> 8),
		.number = load_be32(ip + IP6_HDR_LEN + 4),
		.bytes = IP6_HDR_LEN + load_be16(ip + 4),
		.headers = IP6_HDR_LEN + 20,
		.right = ip[7] == 63,
	};
}

static void
check_packet(struct rte_mbuf *m)
{
	uint8_t flat[2048];
	const uint8_t *p = rte_pktmbuf_read(m, 0, m->pkt_len, flat), *ip = p + ETH_HDR_LEN;
	const struct parsed h = check.a->p->ipv6 ? parse6(ip) : parse4(ip);
	const uint32_t address = lab_address(check.a->t.worker, check.a->p, h.bundle);

	if (m->pkt_len != ETH_HDR_LEN + h.bytes || h.bundle >= check.a->t.bundles)
		die("a packet of %u bytes for %u, from bundle %u", m->pkt_len, h.bytes, h.bundle);
	if (!h.right || load_be16(p + 12) != (check.a->p->ipv6 ? ETHERTYPE_V6 : ETHERTYPE_V4))
		die("bundle %u: header of datagram %u is wrong", h.bundle, h.number);
	if (h.number < check.next[h.bundle] || (!check.loss && h.number != check.next[h.bundle]))
		die("bundle %u: datagram %u instead of %u", h.bundle, h.number, check.next[h.bundle]);
	check.gaps += h.number - check.next[h.bundle];
	check.next[h.bundle] = h.number + 1;
	for (unsigned at = h.headers; at < h.bytes; at++)
		if (ip[at] != content(address, h.number, at))
			die("bundle %u: byte %u of datagram %u is wrong", h.bundle, at, h.number);
	check.packets++;
}

static uint16_t
check_tx(uint16_t port, uint16_t queue, struct rte_mbuf *m[], uint16_t n, void *arg)
{
	(void)port;
	(void)queue;
	(void)arg;
	for (uint16_t i = 0; i < n; i++)
		check_packet(m[i]);
	return n;
}

void
from_check(struct arrivals *a, const struct traffic *t)
{
	const uint16_t port = lab.dp->ports[lab.outside].id;
	const uint16_t queue = lab.dp->workers[t->worker]->tx[lab.outside].queue;
	const struct rte_eth_rxtx_callback *cb;
	uint64_t sent = 0;

	from_settle(a);
	arrivals_use(a, &(struct traffic){.population = t->population, .worker = t->worker, .shape = NULL});
	arrivals_use(a, t);
	memset(&check, 0, sizeof(check));
	check.a = a;
	check.loss = t->loss != 0;
	check.next = calloc(a->p->n, sizeof(*check.next));
	cb = rte_eth_add_tx_callback(port, queue, check_tx, NULL);
	if (check.next == NULL || cb == NULL)
		die("the contents cannot be checked");
	a->check = true;
	lab_drops_mark();
	/* on a virtual clock, for the check itself takes longest */
	for (unsigned i = 0; i < 2; i++) {
		arrivals_fill(a, list, LAB_LIST);
		lab_feed(list, LAB_LIST, a->t.worker);
		lab_turns(turn_ns());
	}
	from_settle(a);
	a->check = false;
	rte_eth_remove_tx_callback(port, queue, cb);
	for (uint32_t i = 0; i < a->p->n; i++)
		sent += (a->flows[i].limit - a->flows[i].base) / t->shape->cycle * t->shape->datagrams;
	free(check.next);
	if (t->loss == 0 && (check.gaps != 0 || lab_drops_all() != 0 || check.packets < sent)) {
		lab_drops_print();
		die("%s: %llu of %llu datagrams came out", t->shape->name, (unsigned long long)check.packets,
			(unsigned long long)sent);
	}
	if (t->loss != 0 && (check.gaps == 0 || check.packets + check.gaps < sent * 9 / 10))
		die("%s: loss is not handled", t->shape->name);
}
