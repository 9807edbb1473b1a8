/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/hawser-bench/lab.h"

#include <arpa/inet.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <string.h>

#include "dataplane/mbuf.h"
#include "tools/hawser-bench/harness.h"

enum {
	MTU = 1500,
	ROUTES = 10000,
	GATEWAYS = 64,
	PREFIX6_LEN = 56, /* of a subscriber */
	MRU = 1492,
	MSS = 1448,
};

struct lab lab;
struct lab_options lab_options = {.hugepages = true, .memory_mib = 1800, .cpu = -1};

/* ------------------------------------------------------------------ ports */

/* Rings and their ports are made once a process: ethdev would not give their names again. */
static struct ring_port {
	bool made;
	struct rte_ring *in[LAB_WORKERS];
	char device[RTE_ETH_NAME_MAX_LEN];
} ring_ports[LAB_ACCESS_MAX + 1];

static struct rte_ring *
ring(unsigned port, unsigned q, const char *way, unsigned size)
{
	char name[64]; /* rte_ring_create refuses one that is too long */
	struct rte_ring *r;

	snprintf(name, sizeof(name), "bench:%u:%s%u", port, way, q);
	r = rte_ring_create(name, size, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (r == NULL)
		die("no memory for ring %s", name);
	return r;
}

static struct ring_port *
ring_port(unsigned i)
{
	struct ring_port *p = &ring_ports[i];
	struct rte_ring *out[LAB_WORKERS];
	char name[32];
	int id;

	if (p->made)
		return p;
	for (unsigned q = 0; q < LAB_WORKERS; q++) {
		p->in[q] = ring(i, q, "in", LAB_RING);
		out[q] = ring(i, q, "out", 64); /* nothing is ever sent there */
	}
	snprintf(name, sizeof(name), "bench_%u", i);
	id = rte_eth_from_rings(name, p->in, LAB_WORKERS, out, LAB_WORKERS, 0);
	if (id < 0 || rte_eth_dev_get_name_by_port((uint16_t)id, p->device) != 0)
		die("no ring port %s", name);
	p->made = true;
	return p;
}

static void
setup_base(struct dp_setup *s)
{
	*s = (struct dp_setup){
		.name = "hawser-bench",
		.workers = 1,
		.control_cpu = lab_options.cpu,
		.idle = DP_IDLE_BUSY,
		.hugepages = lab_options.hugepages,
		/* hugepages are taken as they are needed */
		.memory_mib = lab_options.hugepages ? 64 : lab_options.memory_mib,
		.punt_total_pps = 1000,
		.punt_session_pps = 10,
	};
}

/* ------------------------------------------------------------------ bundles */

const struct mac *
lab_port_mac(unsigned port)
{
	return &lab.dp->ports[port].macs[0];
}

struct mac
lab_peer(unsigned worker, const struct population *p, uint32_t bundle, unsigned slot)
{
	const uint32_t i = p->first + bundle;

	return (struct mac){
		{0x02, (uint8_t)(worker << 4 | slot), (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i, 0x5c}};
}

uint32_t
lab_address(unsigned worker, const struct population *p, uint32_t bundle)
{
	return 0x64400000u + worker * 0x100000u + p->first + bundle; /* 100.64/10 */
}

uint64_t
lab_prefix6(unsigned worker, const struct population *p, uint32_t bundle)
{
	return UINT64_C(0x20010db800000000) | (uint64_t)(lab_address(worker, p, bundle) & 0xffffff) << 8;
}

static void
command(unsigned worker, const struct dp_cmd *cmd)
{
	uint32_t ticket;

	while (!dp_command(lab.dp, worker, cmd, &ticket))
		worker_turn(lab.dp->workers[worker], lab.now_ns);
}

static void
set_link(unsigned worker, struct population *p, uint32_t bundle, unsigned slot, uint64_t rate_bps)
{
	const struct lab_link *link = lab_link(p, worker, bundle, slot);
	const struct dp_cmd cmd = {
		.op = DP_CMD_LINK_SET,
		.bundle = p->first + bundle,
		.gen = LAB_GEN,
		.link_set =
			{
				.slot = (uint8_t)slot,
				.encap = 0,
				.overhead_bytes = 24,
				.peer = lab_peer(worker, p, bundle, slot),
				.local = *lab_port_mac(link->port),
				.vlans = p->vlans,
				.port = lab.lines,
				.session = link->session,
				.tx_mru = MRU,
				.rate_bps = rate_bps,
			},
	};

	command(worker, &cmd);
}

void
lab_set_rate(struct population *p, uint64_t rate_bps)
{
	p->rate_bps = rate_bps;
	for (unsigned w = p->first_worker; w < p->first_worker + p->n_workers; w++)
		for (uint32_t b = 0; b < p->n; b++)
			for (unsigned s = 0; s < p->links; s++)
				set_link(w, p, b, s, rate_bps);
	lab_turns(0);
}

static void
add_session(unsigned worker, struct population *p, uint32_t bundle, unsigned slot, uint32_t sessions[])
{
	struct lab_link *link = lab_link(p, worker, bundle, slot);
	const unsigned port = (p->first + bundle) % lab.n_access;
	const struct dp_bundle_ref ref = {.index = p->first + bundle, .home = (uint16_t)worker, .gen = LAB_GEN};
	struct dp_session_key key;

	if (sessions[port] >= 65534)
		die("more sessions than %u access ports have ids", lab.n_access);
	*link = (struct lab_link){.session = (uint16_t)++sessions[port], .port = (uint8_t)port};
	/* memset: the key is compared as bytes */
	memset(&key, 0, sizeof(key));
	key.port = (uint16_t)port;
	key.session = link->session;
	key.vlans = p->vlans;
	key.peer = lab_peer(worker, p, bundle, slot);
	key.local = *lab_port_mac(port);
	if (dp_session_link(lab.dp, &key, ref, slot) != 0)
		die("no memory for a session");
}

static void
add_bundle(unsigned worker, struct population *p, uint32_t bundle, uint32_t sessions[])
{
	const uint32_t address_be = htonl(lab_address(worker, p, bundle));
	const uint64_t prefix6 = lab_prefix6(worker, p, bundle);
	struct ip_addr prefix = {{0}};
	const struct dp_next next = {.kind = DP_NEXT_BUNDLE,
		.bundle = {.index = p->first + bundle, .home = (uint16_t)worker, .gen = LAB_GEN}};
	const uint16_t shorts = DP_BUNDLE_RX_SHORT | DP_BUNDLE_TX_SHORT;
	const struct dp_cmd cmd = {
		.op = DP_CMD_BUNDLE_SET,
		.bundle = p->first + bundle,
		.gen = LAB_GEN,
		.bundle_set =
			{
				.flags = (uint16_t)(DP_BUNDLE_MP | DP_BUNDLE_V4 | DP_BUNDLE_V6 |
					DP_BUNDLE_SOURCE_CHECK | DP_BUNDLE_MSS_FROM_LINKS | DP_BUNDLE_MSS_TO_LINKS |
					(p->short_seq ? shorts : 0)),
				.rx_mrru = MTU,
				.tx_mrru = MTU,
				.mss_v4 = MSS,
				.mss_v6 = MSS - 20,
				.min_fragment = 128,
				.mode = DP_SCHED_WEIGHTED,
				.null_ms = 20,
				.stall_min_ms =
					200, /* the virtual pace stretches time: two datagrams of skew are 24 ms with 100k bundles */
				.stall_max_ms = 500,
				.queue_ms = 50,
				.window_slots_max = (uint16_t)(p->slots_max != 0 ? p->slots_max : 16384),
				.address_be = address_be,
				.prefix6 = {prefix6},
				.prefix6_len = {PREFIX6_LEN},
			},
	};

	command(worker, &cmd);
	for (unsigned s = 0; s < p->links; s++) {
		add_session(worker, p, bundle, s, sessions);
		set_link(worker, p, bundle, s, p->rate_bps);
	}
	if (dp_route_set(lab.dp, address_be, 32, &next) != 0)
		die("no room for the address of a bundle");
	store_be64(prefix.b, prefix6);
	if (p->ipv6 && dp_route6_set(lab.dp, &prefix, PREFIX6_LEN, &next) != 0)
		die("no room for the prefix of a bundle");
}

static void
add_populations(const struct lab_wish *wish)
{
	uint32_t sessions[LAB_ACCESS_MAX] = {0}, first = 0;

	lab.n_pop = wish->n_populations;
	for (unsigned i = 0; i < lab.n_pop; i++) {
		struct population *p = &lab.pop[i];

		*p = wish->populations[i];
		p->first = first;
		p->n_workers = lab.n_workers;
		if (wish->apart) {
			p->first_worker = i;
			p->n_workers = 1;
		} else {
			first += p->n;
		}
		p->link = calloc((size_t)p->n * p->links * p->n_workers, sizeof(*p->link));
		if (p->link == NULL)
			die("no memory");
		for (unsigned w = p->first_worker; w < p->first_worker + p->n_workers; w++)
			for (uint32_t b = 0; b < p->n; b++)
				add_bundle(w, p, b, sessions);
	}
}

/* The world outside: 64 gateways, 10,000 prefixes of 10 to 24 bits through them, and a default route. */
static void
add_routes(void)
{
	uint64_t seed = 5;
	struct dp_next next = {.kind = DP_NEXT_CONNECTED, .port = lab.outside};

	if (dp_route_set(lab.dp, htonl(0x0a000000), 24, &next) != 0)
		die("no room for routes");
	next.kind = DP_NEXT_GATEWAY;
	for (unsigned i = 0; i < ROUTES; i++) {
		const unsigned len = 10 + random_below(&seed, 15);
		const uint32_t prefix = 0x80000000u | (uint32_t)random_next(&seed) >> 2;

		next.gateway_be = htonl(0x0a000001u + i % GATEWAYS);
		if (dp_route_set(lab.dp, htonl(prefix), len, &next) != 0)
			die("no room for routes");
	}
	if (dp_route_set(lab.dp, 0, 0, &next) != 0)
		die("no room for routes");
	for (unsigned i = 0; i < GATEWAYS; i++) {
		const struct mac m = {{0x02, 0x6a, 0, 0, 0, (uint8_t)i}};

		dp_neighbour_set(lab.dp, lab.outside, htonl(0x0a000001u + i), &m);
	}
}

/* The same of IPv6: 10,000 prefixes in 2,500 blocks of /32, half of them /48 and the others /32 to /44, as in the Internet. */
static const uint8_t lens6[] = {32, 36, 40, 44, 48, 48, 48, 48};

static struct ip6_num
outside6(unsigned i)
{
	uint64_t block = i / 4 + 1, net = i + 1;
	const uint64_t hi = UINT64_C(0x2a) << 56 | (random_next(&block) & 0xffffff) << 32;

	return ip6_num_prefix((struct ip6_num){hi | (random_next(&net) >> 32), 0}, lens6[i % sizeof(lens6)]);
}

struct ip6_num
lab_somewhere6(uint64_t *seed)
{
	const unsigned i = random_below(seed, ROUTES);
	struct ip6_num a = outside6(i);

	a.hi |= random_next(seed) >> lens6[i % sizeof(lens6)];
	a.lo = random_next(seed);
	return a;
}

static struct ip_addr
gateway6(unsigned i)
{
	return (struct ip_addr){{0xfe, 0x80, [15] = (uint8_t)(i + 1)}};
}

static void
add_routes6(void)
{
	const struct ip_addr everywhere = {{0}};
	struct dp_next next = {.kind = DP_NEXT_GATEWAY, .port = lab.outside};
	struct ip_addr prefix;

	for (unsigned i = 0; i < ROUTES; i++) {
		next.gateway6 = gateway6(i % GATEWAYS);
		ip6_num_store(prefix.b, outside6(i));
		if (dp_route6_set(lab.dp, &prefix, lens6[i % sizeof(lens6)], &next) != 0)
			die("no room for IPv6 routes");
	}
	if (dp_route6_set(lab.dp, &everywhere, 0, &next) != 0)
		die("no room for IPv6 routes");
	for (unsigned i = 0; i < GATEWAYS; i++) {
		const struct ip_addr gateway = gateway6(i);
		const struct mac m = {{0x02, 0x6a, 6, 0, 0, (uint8_t)i}};

		dp_neighbour6_set(lab.dp, lab.outside, &gateway, &m);
	}
}

/* ------------------------------------------------------------------ open and close */

static void
add_ports(struct dp_port_setup ports[], const struct lab_wish *wish)
{
	static const char *const names[] = {
		"a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10", "a11", "a12", "a13"};

	for (unsigned i = 0; i <= wish->access_ports; i++) {
		struct ring_port *rp = ring_port(i);

		memcpy(lab.in[i], rp->in, sizeof(rp->in));
		ports[i] = (struct dp_port_setup){
			.name = i == wish->access_ports ? "inside" : names[i],
			.devargs = rp->device,
			.kind = i == wish->access_ports ? DP_PORT_IP : DP_PORT_ACCESS,
			.mtu = MTU,
		};
	}
	lab.n_access = wish->access_ports;
	lab.inside = (uint16_t)wish->access_ports;
	lab.lines = (uint16_t)(lab.inside + 1);
	lab.outside = (uint16_t)(lab.inside + 2);
	ports[lab.lines] =
		(struct dp_port_setup){.name = "lines", .devargs = "net_null0", .kind = DP_PORT_ACCESS, .mtu = MTU};
	ports[lab.outside] =
		(struct dp_port_setup){.name = "outside", .devargs = "net_null1", .kind = DP_PORT_IP, .mtu = MTU};
}

/* Of all workers, and of the worker that has most. */
static void
count_bundles(const struct lab_wish *wish, unsigned *all, unsigned *most)
{
	unsigned n = 0;

	*most = 0;
	for (unsigned i = 0; i < wish->n_populations; i++) {
		n += wish->populations[i].n;
		*most = RTE_MAX(*most, wish->populations[i].n);
	}
	*all = wish->apart ? n : n * wish->workers;
	*most = wish->apart ? *most : n;
}

static void
workers_prepare(const struct lab_wish *wish)
{
	for (unsigned i = 0; i < lab.n_workers; i++) {
		struct worker *w = lab.dp->workers[i];

		/* net_null would receive as long as it is asked */
		w->rx_queue[lab.lines] = w->rx_queue[lab.outside] = -1;
		/* Only one of them is ever at work. */
		if (wish->apart)
			w->held_max = wish->reassembly_bytes / mbuf_bytes(w->pool);
		lab.clocks[i] = lab.now_ns;
	}
	/* it states no offloads, but frees chains and indirect buffers like a NIC */
	for (unsigned i = lab.lines; i <= lab.outside; i++) {
		lab.dp->ports[i].tx_segs_max = UINT16_MAX;
		lab.dp->ports[i].tx_indirect = true;
	}
}

/* base: what setup_base() has set. */
static void
lab_start(const struct lab_wish *wish, const struct dp_setup *base)
{
	struct dp_port_setup ports[LAB_ACCESS_MAX + 3];
	struct dp_setup s = *base;
	const char *why = "";
	unsigned all;

	add_ports(ports, wish);
	s.workers = lab.n_workers;
	s.pool_mbufs = wish->pool_mbufs;
	count_bundles(wish, &all, &s.bundles_max);
	s.routes_max = wish->routes_max != 0 ? wish->routes_max : all + ROUTES + 1024;
	s.reassembly_bytes = wish->reassembly_bytes;
	s.ports = ports;
	s.n_ports = wish->access_ports + 3u;
	if (dataplane_new_unthreaded(&s, &lab.dp, &why) != 0)
		die("%s", why);
}

void
lab_open(const struct lab_wish *wish)
{
	struct dp_setup s;
	const char *why = "";

	memset(&lab, 0, sizeof(lab));
	setup_base(&s);
	if (eal_start(&s, false, &why) != 0)
		die("%s", why);
	lab.apart = wish->apart;
	lab.n_workers = wish->apart ? wish->n_populations : wish->workers;
	if (lab.n_workers > LAB_WORKERS)
		die("too many workers");
	lab.now_ns = 1000000000;
	lab_start(wish, &s);
	lab.w = lab.dp->workers[0];
	lab.data_at = sizeof(struct rte_mbuf) + rte_pktmbuf_priv_size(lab.w->pool) + RTE_PKTMBUF_HEADROOM;
	workers_prepare(wish);
	add_populations(wish);
	add_routes();
	add_routes6();
	for (unsigned i = 0; i < lab.n_workers; i++) {
		lab_at(i);
		lab_turns(0);
	}
	lab_at(0);
}

void
lab_at(unsigned worker)
{
	lab.clocks[lab.w->index] = lab.now_ns;
	lab.w = lab.dp->workers[worker];
	lab.now_ns = lab.clocks[worker];
}

static void
rings_empty(void)
{
	void *m;

	for (unsigned i = 0; i <= lab.n_access; i++)
		for (unsigned q = 0; q < LAB_WORKERS; q++)
			while (lab.in[i][q] != NULL && rte_ring_dequeue(lab.in[i][q], &m) == 0)
				rte_pktmbuf_free(m);
}

void
lab_close(void)
{
	unsigned missing;

	rings_empty();
	dataplane_drain(lab.dp);
	missing = dp_mbufs_total(lab.dp) - dp_mbufs_free(lab.dp);
	if (missing != 0)
		die("%u packet buffers were leaked", missing);
	dataplane_free(lab.dp);
	for (unsigned i = 0; i < lab.n_pop; i++)
		free(lab.pop[i].link);
	lab.dp = NULL;
}

/* ------------------------------------------------------------------ work */

void
lab_feed(struct rte_mbuf *const list[], unsigned n, unsigned worker)
{
	const int16_t *queue = lab.dp->workers[worker]->rx_queue;

	for (unsigned i = 0; i < n; i++)
		if (rte_ring_sp_enqueue(lab.in[list[i]->port][queue[list[i]->port]], list[i]) != 0)
			die("a ring is full");
}

unsigned
lab_turns(uint64_t ns_a_turn)
{
	unsigned n = 0, moved;

	do {
		moved = 0;
		for (unsigned w = 0; w < lab.n_workers; w++)
			if (!lab.apart || lab.dp->workers[w] == lab.w)
				moved += worker_turn(lab.dp->workers[w], lab.now_ns);
		lab.now_ns += ns_a_turn;
		n++;
	} while (moved != 0);
	return n;
}

unsigned
lab_waiting(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i <= lab.n_access; i++)
		n += rte_ring_count(lab.in[i][lab.w->rx_queue[i]]);
	return n;
}

uint64_t
lab_work(unsigned left, bool time_passes)
{
	const uint64_t ns = time_passes ? LAB_NS_A_FRAME : 0, begin = cycles_begin();

	while (lab_waiting() > left) {
		const uint64_t before = lab.w->rx_frames;

		worker_turn(lab.w, lab.now_ns);
		lab.now_ns += ns * (lab.w->rx_frames - before);
	}
	return cycles_end() - begin;
}

/* ------------------------------------------------------------------ drops */

static uint64_t
drops_now(unsigned why)
{
	uint64_t n = 0;

	for (unsigned w = 0; w < lab.n_workers; w++)
		n += lab.dp->workers[w]->drops[why];
	return n;
}

void
lab_drops_mark(void)
{
	for (unsigned i = 0; i < DROP_REASONS; i++)
		lab.drops[i] = drops_now(i);
}

uint64_t
lab_drops(enum drop_reason why)
{
	return drops_now(why) - lab.drops[why];
}

uint64_t
lab_drops_all(void)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < DROP_REASONS; i++)
		n += lab_drops((enum drop_reason)i);
	return n;
}

void
lab_drops_print(void)
{
	for (unsigned i = 0; i < DROP_REASONS; i++)
		if (lab_drops((enum drop_reason)i) != 0)
			fprintf(stderr, "  dropped: %-22s %llu\n", drop_name((enum drop_reason)i),
				(unsigned long long)lab_drops((enum drop_reason)i));
}
