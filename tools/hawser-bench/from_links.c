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
	LISTS = 5, /* a slice */
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
	if (a->warm)
		return;
	drive(a, (uint64_t)c->t.bundles * (WARM_DATAGRAMS * s->cycle / s->datagrams + 2 * c->t.lag));
	a->warm = true;
}

/* ------------------------------------------------------------------ slices */

/* Several lists: more than a tick of the deadline wheel, so that no slice is without its share of that. */
void
from_path_slice(struct bench *b, struct sample *s)
{
	const struct from_case *c = b->ctx;
	uint64_t begin;

	*s = (struct sample){0, 0};
	for (unsigned i = 0; i < LISTS; i++) {
		arrivals_fill(c->a, list, LAB_LIST);
		lab_feed(list, LAB_LIST, 0);
		begin = cycles_begin();
		lab_turns(turn_ns());
		s->cycles += cycles_end() - begin;
		s->items += LAB_LIST;
	}
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

static void
reassemble_list(const struct from_case *c, struct sample *s)
{
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
	s->cycles += cycles_end() - begin;
	s->items += LAB_LIST;
	rte_pktmbuf_free_bulk(out, n_out);
}

void
from_reassembly_slice(struct bench *b, struct sample *s)
{
	*s = (struct sample){0, 0};
	for (unsigned i = 0; i < LISTS; i++)
		reassemble_list(b->ctx, s);
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
		.bundle = load_be32(ip + 12) - lab_address(0, check.a->p, 0),
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
		.bundle = (uint32_t)((load_be64(ip + 8) - lab_prefix6(0, check.a->p, 0)) >> 8),
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
	const uint32_t address = lab_address(0, check.a->p, h.bundle);

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

const char *
id_of(const char *fmt, const char *name)
{
	char *s = NULL;

	if (asprintf(&s, fmt, name) < 0)
		die("no memory");
	return s;
}

struct from_case *
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

static struct bench *
add(struct results *r, const char *id, const char *what, void (*slice)(struct bench *, struct sample *),
	const struct from_case *c, const struct bench *ref)
{
	return bench_add(r,
		&(struct bench){.id = id,
			.what = what,
			.unit = "frame",
			.enter = from_enter,
			.slice = slice,
			.ctx = c,
			.ref = ref});
}

static void
add_size(struct results *r, struct arrivals *a, struct arrivals *ghost, unsigned i, struct size_cases *to)
{
	const struct from_case *c = case_of(a, ghost, sizes[i].bundles, &shape_in_2, 2);
	const char *name = sizes[i].name;

	to->macswap = add(r, id_of("macswap.%s", name), "rings to null, MAC addresses swapped, the very same frames",
		macswap_slice, c, NULL);
	to->macswap->enter = ghost_enter;
	to->floor = add(r, id_of("floor.%s", name), "the same lines of memory, no logic", floor_slice, c, NULL);
	to->floor->enter = ghost_enter;
	to->ip_frag = add(r, id_of("ip_frag.%s", name), "rte_ipv4_frag_reassemble_packet", ip_frag_slice, c, NULL);
	to->ip_frag->enter = ip_frag_enter;
	to->ip_frag->leave = ip_frag_leave;
	to->path = add(
		r, id_of("from_links.%s", name), "whole path from links, 1500 B in 2", from_path_slice, c, to->macswap);
	to->reassembly = add(r, id_of("reassembly.%s", name), "pppoe_rx to mss_from_links, 1500 B in 2",
		from_reassembly_slice, c, to->ip_frag);
}

static void
check_all(struct arrivals *a)
{
	from_check(a, &(struct traffic){.bundles = 1000, .shape = &shape_in_2, .depth = 2});
	from_check(a, &(struct traffic){.bundles = 1000, .shape = &shape_in_4, .depth = 2});
	from_check(a, &(struct traffic){.bundles = 1000, .shape = &shape_imix, .depth = 2});
	from_check(a, &(struct traffic){.bundles = 1000, .shape = &shape_whole_64, .depth = 1});
	from_check(a, &(struct traffic){.bundles = 1000, .shape = &shape_in_2, .depth = 2, .loss = 50});
}

/* Cases at 32k that are compared with each other. */
struct more_cases {
	struct bench *floor, *lossy, *skewed, *in_4, *ip_frag_4, *whole, *imix, *reorder, *plain, *growth[2];
};

static void
add_more(struct results *r, struct arrivals *a, struct arrivals *ghost, const struct size_cases *at, unsigned n_sizes,
	struct more_cases *m)
{
	const struct bench *base = at[1].reassembly;
	const uint32_t n = sizes[1].bundles;
	struct from_case *lossy = case_of(a, ghost, n, &shape_in_2, 2);
	const struct from_case *barely = case_of(a, ghost, n, &shape_in_2, 1);
	const struct from_case *in_4 = case_of(a, ghost, n, &shape_in_4, 2);
	struct bench *ref;

	lossy->t.loss = 100;
	m->floor =
		add(r, "reassembly_over_floor.32k", "reassembly again", from_reassembly_slice, base->ctx, at[1].floor);
	for (unsigned i = 1; i < n_sizes; i++)
		m->growth[i - 1] = add(r, id_of("growth.%s", sizes[i].name), "whole path from links again",
			from_path_slice, at[i].path->ctx, at[0].path);
	m->lossy = add(r, "reassembly.loss", "1 % of the frames lost", from_reassembly_slice, lossy, base);
	ref = add(r, "reassembly.barely_skewed", "links ahead by one datagram at most", from_reassembly_slice, barely,
		NULL);
	m->skewed = add(
		r, "reassembly.skewed", "links ahead by two datagrams at most", from_reassembly_slice, base->ctx, ref);
	m->ip_frag_4 =
		add(r, "ip_frag.in_4", "rte_ipv4_frag_reassemble_packet, 4 fragments", ip_frag_slice, in_4, NULL);
	m->ip_frag_4->enter = ip_frag_enter;
	m->ip_frag_4->leave = ip_frag_leave;
	m->in_4 = add(r, "reassembly.in_4", "1500 B in 4", from_reassembly_slice, in_4, m->ip_frag_4);
	m->whole = add(r, "from_links.64B", "whole path, small packets whole", from_path_slice,
		case_of(a, ghost, n, &shape_whole_64, 1), at[1].macswap);
	m->imix = add(r, "from_links.imix", "whole path, IMIX 7:4:1, over 128 B cut in 2", from_path_slice,
		case_of(a, ghost, n, &shape_imix, 2), at[1].macswap);
	m->reorder =
		add(r, "rte_reorder.32k", "rte_reorder insert and drain: order only", reorder_slice, base->ctx, NULL);
	m->reorder->enter = reorder_enter;
	m->reorder->leave = reorder_leave;
	m->plain = add(
		r, "plain.32k", "plain reassembly: lists, rte_hash, one frame at a time", plain_slice, base->ctx, base);
	m->plain->enter = plain_enter;
	m->plain->leave = plain_leave;
}

static void
write_goals(struct results *r, const struct size_cases *at, unsigned n_sizes, const struct more_cases *m)
{
	for (unsigned i = 0; i < n_sizes; i++)
		goal_of_ratio(r, id_of("P1.%s", sizes[i].name), "whole path from links over macswap", at[i].path,
			sizes[i].path);
	for (unsigned i = 0; i < n_sizes; i++)
		goal_of_ratio(r, id_of("P3.%s", sizes[i].name), "reassembly over rte_ip_frag", at[i].reassembly,
			sizes[i].reassembly);
	goal_of_ratio(r, "P5.32k", "growth of the path's cost from 1k to 32k bundles", m->growth[0], 1.35);
	if (n_sizes > 2)
		goal_of_ratio(r, "P5.100k", "growth of the path's cost from 1k to 100k bundles", m->growth[1], 1.5);
	goal_of_ratio(r, "P6", "reassembly over the memory floor", m->floor, 2.2);
	goal_of_ratio(r, "P7.loss", "reassembly with 1 % loss over without", m->lossy, 1.08);
	goal_of_ratio(r, "P7.skew", "reassembly of skewed over barely skewed lines", m->skewed, 1.08);
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
		.pool_mbufs = 262143,
		.reassembly_bytes = UINT64_C(2) << 30,
		.populations = pops,
		.n_populations = 1,
	};
	struct size_cases at[3];
	struct more_cases more;
	struct arrivals a, ghost;
	double share = 0;

	lab_open(&wish);
	arrivals_init(&a, 0, 0);
	arrivals_init(&ghost, 0, 0);
	check_all(&a);
	for (unsigned i = 0; i < n_sizes; i++)
		add_size(&run->r, &a, &ghost, i, &at[i]);
	add_more(&run->r, &a, &ghost, at, n_sizes, &more);
	bench_run(&run->r, first, run->rounds);
	for (unsigned i = 0; i < n_sizes; i++) {
		from_enter(at[i].path);
		share = profile_stages(&run->r, at[i].path->id, from_profile, &a);
	}
	write_goals(&run->r, at, n_sizes, &more);
	worst_inputs(run, &a, &ghost);
	goal_of_value(&run->r,
		&(struct goal){.id = "P11",
			.what = "timers' share of a worker's cycles, most bundles, all of them busy",
			.goal = 0.005,
			.value = share,
			.low = share,
			.high = share});
	from_settle(&a);
	arrivals_fini(&a);
	arrivals_fini(&ghost);
	lab_close();
}
