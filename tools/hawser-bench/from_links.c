/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <string.h>

#include "dataplane/path.h"
#include "dataplane/stages.h"
#include "dataplane/wire/ip.h"
#include "tools/hawser-bench/cases.h"

/* Cases of frames that come from the lines. */

enum {
	BURST = 16,
	NS_A_FRAME = 60, /* virtual: about what a worker takes */
	WARM_DATAGRAMS = 5,
	SETTLE_NS = 1000000000,
};

static struct rte_mbuf *list[LAB_LIST], *out[2 * LAB_LIST];

uint64_t
turn_ns(void)
{
	return (uint64_t)NS_A_FRAME * BURST * lab.n_access;
}

/* ------------------------------------------------------------------ traffic */

static void
drive(struct arrivals *a, uint64_t frames)
{
	for (uint64_t i = 0; i < frames; i += LAB_LIST) {
		arrivals_fill(a, list, LAB_LIST);
		lab_feed(list, LAB_LIST, 0);
		lab_turns(turn_ns());
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
	do {
		for (n = 0; n < LAB_LIST && arrivals_rest(a, &at, &x); n++)
			list[n] = arrivals_frame(a, &x);
		lab_feed(list, n, 0);
		lab_turns(turn_ns());
	} while (n == LAB_LIST);
	/* after loss: what is waited for is given up */
	for (unsigned i = 0; i < 4; i++) {
		lab.now_ns += SETTLE_NS;
		lab_turns(turn_ns());
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
	if (a->warm >= c->t.bundles)
		return;
	drive(a, (uint64_t)c->t.bundles * (WARM_DATAGRAMS * s->cycle / s->datagrams + 2 * c->t.lag));
	a->warm = c->t.bundles;
}

/* ------------------------------------------------------------------ slices */

void
from_path_slice(struct bench *b, struct sample *s)
{
	const struct from_case *c = b->ctx;
	uint64_t begin;

	arrivals_fill(c->a, list, LAB_LIST);
	lab_feed(list, LAB_LIST, 0);
	begin = cycles_begin();
	lab_turns(turn_ns());
	s->cycles = cycles_end() - begin;
	s->items = LAB_LIST;
}

/* Frames in the order in which ports are polled: up to a burst of each in turn. */
static void
by_port(struct rte_mbuf *m[], unsigned n, unsigned at[])
{
	static struct rte_mbuf *of[LAB_ACCESS_MAX][LAB_LIST];
	unsigned taken[LAB_ACCESS_MAX] = {0}, have[LAB_ACCESS_MAX] = {0}, k = 0, bursts = 0;

	for (unsigned i = 0; i < n; i++)
		of[m[i]->port][have[m[i]->port]++] = m[i];
	while (k < n)
		for (unsigned p = 0; p < lab.n_access; p++) {
			const unsigned now = RTE_MIN(have[p] - taken[p], (unsigned)BURST);

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
	struct burst b = {.n = n};
	bool more;

	memcpy(b.m, m, n * sizeof(*m));
	pppoe_rx(w, &w->ports[m[0]->port], &b);
	steer_out(w, &b, STEER_FROM_LINKS);
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

void
from_reassembly_slice(struct bench *b, struct sample *s)
{
	const struct from_case *c = b->ctx;
	static unsigned ends[LAB_LIST + 1];
	unsigned n_out = 0;
	uint64_t begin;

	arrivals_fill(c->a, list, LAB_LIST);
	by_port(list, LAB_LIST, ends);
	begin = cycles_begin();
	for (unsigned i = 0, from = 0; ends[i] != 0; from = ends[i++]) {
		lab.w->now_ns = lab.now_ns;
		reassemble_burst(lab.w, list + from, ends[i] - from, out, &n_out);
		lab.now_ns += NS_A_FRAME * BURST;
		if (i % lab.n_access == 0)
			expire(lab.w, out, &n_out);
	}
	s->cycles = cycles_end() - begin;
	s->items = LAB_LIST;
	rte_pktmbuf_free_bulk(out, n_out);
}

/* ------------------------------------------------------------------ cost by stage */

/* The same order as in path.c, with a time stamp behind each stage. */
static void
profile_burst(struct worker *w, unsigned port, struct profile *p)
{
	struct burst b;
	bool more;

	profile_begin(p);
	port_rx(w, &w->ports[port], 0, &b);
	p->frames += b.n;
	profile_mark(p, STAGE_PORT_RX);
	pppoe_rx(w, &w->ports[port], &b);
	profile_mark(p, STAGE_PPPOE_RX);
	steer_out(w, &b, STEER_FROM_LINKS);
	profile_mark(p, STAGE_STEER);
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
	unsigned left = LAB_LIST;

	arrivals_fill(a, list, LAB_LIST);
	lab_feed(list, LAB_LIST, 0);
	while (left > 0) {
		lab.w->now_ns = lab.now_ns;
		for (unsigned port = 0; port < lab.n_access; port++)
			profile_burst(lab.w, port, p);
		profile_begin(p);
		path_timers(lab.w);
		profile_mark(p, STAGE_TIMERS);
		port_tx_flush(lab.w);
		worker_flush_free(lab.w);
		profile_mark(p, STAGE_FLUSH);
		left = 0;
		for (unsigned port = 0; port < lab.n_access; port++)
			left += rte_ring_count(lab.in[port][0]);
		lab.now_ns += turn_ns();
	}
}

/* ------------------------------------------------------------------ check of the contents */

static struct {
	struct arrivals *a;
	uint32_t *next; /* datagram, of each bundle */
	uint64_t packets, gaps;
	bool loss;
} check;

static void
check_packet(struct rte_mbuf *m)
{
	uint8_t flat[2048];
	const uint8_t *p = rte_pktmbuf_read(m, 0, m->pkt_len, flat), *ip = p + ETH_HDR_LEN;
	const uint32_t address = (uint32_t)ip[12] << 24 | ip[13] << 16 | ip[14] << 8 | ip[15];
	const uint32_t bundle = address - lab_address(0, check.a->p, 0);
	const uint32_t number = (uint32_t)ip[24] << 24 | ip[25] << 16 | ip[26] << 8 | ip[27];
	const unsigned bytes = ip[2] << 8 | ip[3];

	if (m->pkt_len != ETH_HDR_LEN + bytes || bundle >= check.a->t.bundles)
		die("a packet of %u bytes for %u, from bundle %u", m->pkt_len, bytes, bundle);
	if (checksum_fold(checksum_add(0, ip, IP4_HDR_MIN)) != 0 || ip[8] != 63)
		die("bundle %u: header of datagram %u is wrong", bundle, number);
	if (number < check.next[bundle] || (!check.loss && number != check.next[bundle]))
		die("bundle %u: datagram %u instead of %u", bundle, number, check.next[bundle]);
	check.gaps += number - check.next[bundle];
	check.next[bundle] = number + 1;
	for (unsigned at = 40; at < bytes; at++)
		if (ip[at] != content(address, number, at))
			die("bundle %u: byte %u of datagram %u is wrong", bundle, at, number);
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

/* Every byte of every packet, of a traffic from its first to its last datagram. */
static void
check_contents(struct arrivals *a, const struct traffic *t)
{
	const uint16_t port = lab.dp->ports[lab.outside].id;
	const struct rte_eth_rxtx_callback *cb;
	uint64_t sent = 0;

	from_settle(a);
	arrivals_use(a, &(struct traffic){.population = t->population, .shape = NULL});
	arrivals_use(a, t);
	memset(&check, 0, sizeof(check));
	check.a = a;
	check.loss = t->loss != 0;
	check.next = calloc(a->p->n, sizeof(*check.next));
	cb = rte_eth_add_tx_callback(port, 0, check_tx, NULL);
	if (check.next == NULL || cb == NULL)
		die("the contents cannot be checked");
	a->check = true;
	lab_drops_mark();
	drive(a, 8 * LAB_LIST);
	from_settle(a);
	a->check = false;
	rte_eth_remove_tx_callback(port, 0, cb);
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

/* ------------------------------------------------------------------ the group */

static const struct {
	uint32_t bundles;
	const char *name;
	double path, reassembly;
} sizes[] = {
	{1000, "1k", 3.5, 0.32},
	{32768, "32k", 4.2, 0.22},
	{100000, "100k", 4.8, 0.22},
};

static const char *
id_of(const char *fmt, const char *name)
{
	char *s = NULL;

	if (asprintf(&s, fmt, name) < 0)
		die("no memory");
	return s;
}

static struct from_case *
case_of(struct arrivals *a, struct arrivals *ghost, uint32_t bundles, const struct shape *shape, unsigned depth)
{
	struct from_case *c = calloc(1, sizeof(*c));

	if (c == NULL)
		die("no memory");
	*c = (struct from_case){
		.a = a,
		.ghost = ghost,
		.t = {.population = a->t.population, .bundles = bundles, .shape = shape, .depth = depth},
	};
	return c;
}

struct size_cases {
	struct bench *macswap, *path, *ip_frag, *reassembly, *floor;
};

static void
add_size(struct results *r, struct arrivals *a, struct arrivals *ghost, unsigned i, struct size_cases *out_)
{
	const struct from_case *c = case_of(a, ghost, sizes[i].bundles, &shape_in_2, 2);

	out_->macswap = bench_add(r,
		&(struct bench){.id = id_of("macswap.%s", sizes[i].name),
			.what = "rings to null, MAC addresses swapped, the very same frames",
			.unit = "frame",
			.enter = ghost_enter,
			.slice = macswap_slice,
			.ctx = c});
	out_->path = bench_add(r,
		&(struct bench){.id = id_of("from_links.%s", sizes[i].name),
			.what = "whole path from links, 1500 B in 2",
			.unit = "frame",
			.enter = from_enter,
			.slice = from_path_slice,
			.ctx = c,
			.ref = out_->macswap});
	out_->ip_frag = bench_add(r,
		&(struct bench){.id = id_of("ip_frag.%s", sizes[i].name),
			.what = "rte_ipv4_frag_reassemble_packet",
			.unit = "fragment",
			.enter = ip_frag_enter,
			.slice = ip_frag_slice,
			.leave = ip_frag_leave,
			.ctx = c});
	out_->reassembly = bench_add(r,
		&(struct bench){.id = id_of("reassembly.%s", sizes[i].name),
			.what = "pppoe_rx to mss_from_links, 1500 B in 2",
			.unit = "fragment",
			.enter = from_enter,
			.slice = from_reassembly_slice,
			.ctx = c,
			.ref = out_->ip_frag});
	out_->floor = bench_add(r,
		&(struct bench){.id = id_of("floor.%s", sizes[i].name),
			.what = "the same lines of memory, no logic",
			.unit = "fragment",
			.enter = ghost_enter,
			.slice = floor_slice,
			.ctx = c});
}

void
bench_from_links(struct run *run)
{
	const unsigned n_sizes = run->small ? 2 : 3, first = run->r.n_cases;
	const struct population pops[] = {
		{.name = "2 links", .n = sizes[n_sizes - 1].bundles, .links = 2, .rate_bps = 100000000}};
	const struct lab_wish wish = {
		.workers = 1,
		.access_ports = 4,
		.pool_mbufs = run->small ? 131071 : 262143,
		.reassembly_bytes = UINT64_C(2) << 30,
		.populations = pops,
		.n_populations = 1,
	};
	struct size_cases cases[3];
	struct arrivals a, ghost;
	struct bench *over_floor;

	lab_open(&wish);
	arrivals_init(&a, 0, 0);
	arrivals_init(&ghost, 0, 0);
	check_contents(&a, &(struct traffic){.bundles = 1000, .shape = &shape_in_2, .depth = 2});
	check_contents(&a, &(struct traffic){.bundles = 1000, .shape = &shape_in_4, .depth = 2});
	check_contents(&a, &(struct traffic){.bundles = 1000, .shape = &shape_imix, .depth = 2});
	check_contents(&a, &(struct traffic){.bundles = 1000, .shape = &shape_whole_40, .depth = 1});
	check_contents(&a, &(struct traffic){.bundles = 1000, .shape = &shape_in_2, .depth = 2, .loss = 50});
	for (unsigned i = 0; i < n_sizes; i++)
		add_size(&run->r, &a, &ghost, i, &cases[i]);
	over_floor = bench_add(&run->r, cases[1].reassembly);
	over_floor->id = "reassembly_over_floor.32k";
	over_floor->ref = cases[1].floor;
	bench_run(&run->r, first, run->rounds);
	for (unsigned i = 0; i < n_sizes; i++) {
		struct profile p = {0};
		static const char *const names[] = {"port_rx", "pppoe_rx", "steer", "mp_rx", "inner", "mss", "ip_rx",
			"route", "ip_tx", "accept", "mp_tx", "timers", "flush"};
		from_enter(cases[i].path);
		from_profile(&a, &p);
		p = (struct profile){0};
		for (int k = 0; k < 20; k++)
			from_profile(&a, &p);
		for (unsigned k = 0; k < STAGES; k++)
			if (p.marks[k])
				printf("%s %8.1f  (%.1f marks)\n", names[k], (double)p.cycles[k] / p.frames,
					(double)p.frames / p.marks[k]);
	}
	for (unsigned i = 0; i < n_sizes; i++)
		goal_of_ratio(&run->r, id_of("P1.%s", sizes[i].name), "whole path from links over macswap",
			cases[i].path, sizes[i].path);
	for (unsigned i = 0; i < n_sizes; i++)
		goal_of_ratio(&run->r, id_of("P3.%s", sizes[i].name), "reassembly over rte_ip_frag",
			cases[i].reassembly, sizes[i].reassembly);
	goal_of_ratio(&run->r, "P6", "reassembly over the memory floor", over_floor, 2.2);
	from_settle(&a);
	arrivals_fini(&a);
	arrivals_fini(&ghost);
	lab_close();
}
