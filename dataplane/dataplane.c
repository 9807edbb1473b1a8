/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <numa.h>
#include <rte_alarm.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_rcu_qsbr.h>
#include <rte_version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dataplane/bundle.h"
#include "dataplane/internal.h"
#include "dataplane/ip_join.h"
#include "dataplane/mbuf.h"
#include "dataplane/mbuf_ref.h"

/* Putting the data plane together and taking it apart. */

enum {
	MIB = 1 << 20,
	FIXED_MIB = 90,      /* prefix table, rings, workers, large buffers */
	BUNDLE_BYTES = 2176, /* of a bundle and its share of pools */
	ROUTE_BYTES = 1024,  /* of a route in all tables */
	MBUF_BYTES =
		896, /* of a packet buffer besides its data: headers, scratch, and a header for an indirect piece */
	POOL_MIN = 1024,
	JOINED_POOL = 512, /* large buffers: one turn's frames of some ports, and the datagrams under way */
	CACHED_MIN = 4096, /* pools under that have no caches: those would hold too much of them */
	CACHE_SIZE = 256,
	POOL_MAX = 1 << 19,
	INDIRECT_ROOM = RTE_PKTMBUF_HEADROOM, /* for the headers in front of an indirect piece */
	CARRIER_US = 200000,
	STOP_MS = 100,
};

const char *
dataplane_version(void)
{
	return rte_version();
}

/* ------------------------------------------------------------------ setup */

static int
setup_check(const struct dp_setup *s, const char **why)
{
	if (s->workers < 1 || s->workers > DP_WORKERS_MAX)
		return why_failed(why, -EINVAL, "%u workers: 1 to %u are possible", s->workers, DP_WORKERS_MAX);
	if (s->n_ports > DP_PORTS_MAX)
		return why_failed(why, -EINVAL, "%u ports: %u are possible", s->n_ports, DP_PORTS_MAX);
	if (s->bundles_max < 1 || s->bundles_max > DP_BUNDLES_MAX)
		return why_failed(
			why, -EINVAL, "%u bundles a worker: 1 to %u are possible", s->bundles_max, DP_BUNDLES_MAX);
	for (unsigned i = 0; i < s->n_ports; i++)
		for (unsigned j = 0; j < i; j++)
			if (strcmp(s->ports[i].devargs, s->ports[j].devargs) == 0)
				return why_failed(why, -EINVAL, "ports %s and %s are the same device %s",
					s->ports[j].name, s->ports[i].name, s->ports[i].devargs);
	return 0;
}

static unsigned
buffer_bytes(const struct dp_setup *s)
{
	unsigned bytes = RTE_MBUF_DEFAULT_DATAROOM;

	for (unsigned i = 0; i < s->n_ports; i++)
		bytes = RTE_MAX(bytes, port_buffer_bytes(&s->ports[i]));
	return bytes;
}

/* Packet buffers of one node: as told, or what the memory leaves. */
static int
pool_size(const struct dp_setup *s, unsigned nodes, unsigned *n, const char **why)
{
	const int64_t fixed = (int64_t)FIXED_MIB * MIB + (int64_t)s->workers * s->bundles_max * BUNDLE_BYTES +
		(int64_t)s->routes_max * ROUTE_BYTES + (int64_t)s->n_ports * STEER_WORDS * (int64_t)sizeof(uint64_t);
	const int64_t each = buffer_bytes(s) + MBUF_BYTES;
	const int64_t left = ((int64_t)s->memory_mib * MIB - fixed) * 3 / 4 / nodes / each;

	*n = s->pool_mbufs != 0 ? s->pool_mbufs : (unsigned)RTE_MIN(RTE_MAX(left, (int64_t)0), (int64_t)POOL_MAX);
	if (s->pool_mbufs == 0 && *n < POOL_MIN)
		return why_failed(why, -ENOMEM,
			"%u MiB are too little for %u bundles a worker and %u routes: raise memory to %lld MiB",
			s->memory_mib, s->bundles_max, s->routes_max,
			(long long)((fixed + POOL_MIN * each * (int64_t)nodes * 4 / 3) / MIB + 1));
	return 0;
}

/* ------------------------------------------------------------------ memory */

/* rte_pktmbuf_pool_create() without hugepages keeps each object within a 4 KiB page, for devices that we have only with hugepages: at
 * 2.5 KiB an object that would be half of the memory. */
static struct rte_mempool *
pool_new(const char *name, unsigned n, uint16_t room, int node)
{
	const unsigned flags = rte_eal_has_hugepages() ? 0 : RTE_MEMPOOL_F_NO_IOVA_CONTIG;
	struct rte_pktmbuf_pool_private private = {.mbuf_data_room_size = room};
	struct rte_mempool *p = rte_mempool_create_empty(name, n, (unsigned)sizeof(struct rte_mbuf) + room,
		n >= CACHED_MIN ? CACHE_SIZE : 0, sizeof(private), node, flags);

	if (p == NULL)
		return NULL;
	rte_mempool_set_ops_byname(p, rte_mbuf_best_mempool_ops(), NULL);
	rte_pktmbuf_pool_init(p, &private);
	if (rte_mempool_populate_default(p) < 0) {
		rte_mempool_free(p);
		return NULL;
	}
	rte_mempool_obj_iter(p, rte_pktmbuf_init, NULL);
	return p;
}

static int
pools_open(struct dataplane *dp, const struct dp_setup *s, unsigned nodes, int node, const char **why)
{
	const uint16_t room = (uint16_t)RTE_MIN(RTE_PKTMBUF_HEADROOM + buffer_bytes(s), (unsigned)UINT16_MAX);
	char name[32];
	unsigned n;
	int ret;

	ret = pool_size(s, nodes, &n, why);
	if (ret < 0)
		return ret;
	snprintf(name, sizeof(name), "packets:%d", node);
	dp->pools[node] = pool_new(name, n, room, node);
	snprintf(name, sizeof(name), "indirect:%d", node);
	dp->indirect_pools[node] = pool_new(name, n, INDIRECT_ROOM, node);
	if (dp->pools[node] == NULL || dp->indirect_pools[node] == NULL)
		return why_failed(why, -ENOMEM,
			"no memory for %u packet buffers of %u bytes on NUMA node %d: raise memory (%u MiB now) or lower their number",
			n, room, node, s->memory_mib);
	return 0;
}

/* A part for each worker. What waits may not take all the buffers that frames arrive in, or whoever leaves gaps, or sends more than the
 * lines carry, would keep everybody out, control frames too: windows have three quarters at most, windows and queues seven eighths. */
static void
pool_give(
	struct worker *w, struct rte_mempool *pool, struct rte_mempool *indirect, unsigned workers, uint64_t held_bytes)
{
	const uint64_t n = pool->size / workers;

	w->pool = pool;
	w->indirect_pool = indirect;
	w->held_max = RTE_MIN(held_bytes / mbuf_bytes(pool), n * 3 / 4);
	w->wait_max = n * 7 / 8;
}

/* No driver may keep anything where struct pkt lies. */
static int
scratch_reserve(const char **why)
{
	const struct rte_mbuf_dynfield scratch = {.name = "hawser_pkt", .size = sizeof(struct pkt), .align = 4};
	const int at = rte_mbuf_dynfield_register_offset(&scratch, PKT_AT);

	return at == PKT_AT ? 0 : why_failed(why, -EBUSY, "a driver uses the part of packet buffers that we need");
}

static int
all_pools_open(struct dataplane *dp, const struct dp_setup *s, const char **why)
{
	unsigned workers[RTE_MAX_NUMA_NODES] = {0};
	unsigned nodes = 0;
	int ret = 0;

	for (unsigned i = 0; i < dp->n_workers; i++)
		nodes += workers[dp->workers[i]->numa_node]++ == 0;
	for (int node = 0; node < RTE_MAX_NUMA_NODES && ret == 0; node++)
		if (workers[node] != 0)
			ret = pools_open(dp, s, nodes, node, why);
	for (unsigned i = 0; i < dp->n_workers && ret == 0; i++) {
		const int node = dp->workers[i]->numa_node;

		pool_give(dp->workers[i], dp->pools[node], dp->indirect_pools[node], workers[node],
			s->reassembly_bytes / s->workers);
	}
	return ret;
}

static int
joined_pool_open(struct dataplane *dp, const struct dp_setup *s, const char **why)
{
	bool wanted = false;

	for (unsigned i = 0; i < s->n_ports; i++)
		wanted |= port_joins_fragments(&s->ports[i]);
	if (!wanted)
		return 0;
	dp->joined_pool = pool_new("joined", JOINED_POOL, (uint16_t)(RTE_PKTMBUF_HEADROOM + port_joined_bytes()),
		dp->workers[0]->numa_node);
	return dp->joined_pool != NULL ? 0
				       : why_failed(why, -ENOMEM, "no memory for large packet buffers: raise memory");
}

/* Windows and queues name buffers by their distance from the lowest of all. */
static int
refs_open(struct dataplane *dp, const char **why)
{
	struct mbuf_span span = {0, 0};
	uintptr_t base;

	for (unsigned node = 0; node < RTE_MAX_NUMA_NODES; node++) {
		mbuf_span_add_pool(&span, dp->pools[node]);
		mbuf_span_add_pool(&span, dp->indirect_pools[node]);
	}
	mbuf_span_add_pool(&span, dp->joined_pool);
	if (mbuf_ref_base(&span, &base) < 0)
		return why_failed(why, -ERANGE,
			"packet buffers lie %llu GiB apart, %llu are possible: reserve hugepages of one size only, or name workers' CPUs on fewer NUMA nodes",
			(unsigned long long)((span.end - span.first) >> 30),
			(unsigned long long)(MBUF_REF_BYTES >> 30));
	for (unsigned i = 0; i < dp->n_workers; i++)
		dp->workers[i]->mbuf_base = base;
	return 0;
}

static int
qsbr_open(struct dataplane *dp, const char **why)
{
	dp->qsbr = rte_zmalloc("qsbr", rte_rcu_qsbr_get_memsize(dp->n_workers), RTE_CACHE_LINE_SIZE);
	if (dp->qsbr == NULL || rte_rcu_qsbr_init(dp->qsbr, dp->n_workers) != 0)
		return why_failed(why, -ENOMEM, "no memory to start with: raise memory");
	for (unsigned i = 0; i < dp->n_workers; i++) {
		rte_rcu_qsbr_thread_register(dp->qsbr, i);
		rte_rcu_qsbr_thread_online(dp->qsbr, i);
	}
	return 0;
}

static int
worker_new(struct dataplane *dp, const struct dp_setup *s, unsigned i, const char **why)
{
	const unsigned lcore = dp->threaded ? i + 1 : rte_lcore_id();
	const int node = (int)rte_lcore_to_socket_id(lcore);
	struct worker *w = rte_zmalloc_socket("worker", sizeof(*w), RTE_CACHE_LINE_SIZE, node);

	if (w == NULL)
		return why_failed(why, -ENOMEM, "no memory for worker %u: raise memory", i);
	dp->workers[i] = w;
	w->dp = dp;
	w->peers = dp->workers;
	w->ports = dp->ports;
	w->n_ports = dp->n_ports;
	w->n_workers = dp->n_workers;
	w->index = i;
	w->lcore = lcore;
	w->numa_node = node;
	w->cpu = s->cpus == NULL ? -1 : s->cpus[i];
	w->busy = s->idle == DP_IDLE_BUSY;
	w->qsbr = dp->qsbr;
	for (unsigned p = 0; p < DP_PORTS_MAX; p++)
		w->rx_queue[p] = -1;
	w->budget = punt_budget_new(s, node);
	return w->budget == NULL ? why_failed(why, -ENOMEM, "no memory for worker %u: raise memory", i) : 0;
}

static int
workers_new(struct dataplane *dp, const struct dp_setup *s, const char **why)
{
	int ret = 0;

	for (unsigned i = 0; i < dp->n_workers && ret == 0; i++)
		ret = worker_new(dp, s, i, why);
	return ret;
}

static int
tables_open(struct dataplane *dp, const struct dp_setup *s, const char **why)
{
	const unsigned sessions = s->bundles_max * s->workers;
	const char *part;

	dp->tables = tables_new(s->routes_max, RTE_MIN(sessions, 1u << 16), dp->qsbr, dp->workers[0]->numa_node, &part);
	if (dp->tables == NULL)
		return why_failed(why, -ENOMEM, "no memory for the %s: raise memory (%u MiB now)", part, s->memory_mib);
	for (unsigned i = 0; i < dp->n_workers; i++)
		dp->workers[i]->tables = dp->tables;
	return 0;
}

static int
ports_open(struct dataplane *dp, const struct dp_setup *s, const char **why)
{
	int ret = 0;

	dp->ioctl_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (dp->ioctl_fd < 0)
		return why_failed(why, -errno, "no socket: %s", strerror(errno));
	for (unsigned i = 0; i < s->n_ports && ret == 0; i++)
		ret = port_open(dp, s, i, why);
	return ret;
}

static int
steer_open(struct dataplane *dp, const char **why)
{
	for (unsigned i = 0; i < dp->n_ports; i++) {
		struct port *p = &dp->ports[i];

		if (p->kind != DP_PORT_ACCESS)
			continue;
		p->steer = rte_zmalloc_socket("steer", STEER_WORDS * sizeof(*p->steer), RTE_CACHE_LINE_SIZE,
			p->numa_node < 0 ? SOCKET_ID_ANY : p->numa_node);
		if (p->steer == NULL)
			return why_failed(why, -ENOMEM, "no memory for the sessions of port %s: raise memory", p->name);
	}
	return 0;
}

static int
bundles_open(struct dataplane *dp, const struct dp_setup *s, const char **why)
{
	for (unsigned i = 0; i < dp->n_workers; i++) {
		struct worker *w = dp->workers[i];

		w->bundles = bundle_table_new(w, s->bundles_max, w->numa_node);
		if (w->bundles == NULL)
			return why_failed(why, -ENOMEM,
				"no memory for %u bundles of worker %u: raise memory (%u MiB now)", s->bundles_max, i,
				s->memory_mib);
	}
	return 0;
}

/* ------------------------------------------------------------------ remarks */

/* EAL takes a floating worker to be where its first CPU is, and its memory comes from there. */
static bool
floats_over_nodes(void)
{
	cpu_set_t set;
	int first = -1;

	if (numa_available() < 0 || sched_getaffinity(0, sizeof(set), &set) != 0)
		return false;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		const int node = CPU_ISSET(cpu, &set) ? numa_node_of_cpu(cpu) : -1;

		if (node >= 0 && first >= 0 && node != first)
			return true;
		first = node >= 0 ? node : first;
	}
	return false;
}

static void
notes_write(struct dataplane *dp, const struct dp_setup *s)
{
	size_t at = 0;

	if (s->cpus == NULL && floats_over_nodes())
		at += (size_t)snprintf(dp->notes, sizeof(dp->notes),
			"workers float over the CPUs of several NUMA nodes: name their CPUs\n");

	for (unsigned i = 0; i < dp->n_ports; i++)
		for (unsigned j = 0; j < dp->n_workers && at < sizeof(dp->notes); j++) {
			const struct worker *w = dp->workers[j];

			if (w->rx_queue[i] < 0 || dp->ports[i].numa_node < 0 || dp->ports[i].numa_node == w->numa_node)
				continue;
			at += (size_t)snprintf(dp->notes + at, sizeof(dp->notes) - at,
				"port %s is on NUMA node %d, worker %u that serves it on node %d\n", dp->ports[i].name,
				dp->ports[i].numa_node, j, w->numa_node);
		}
}

const char *
dp_notes(const struct dataplane *dp)
{
	return dp->notes;
}

/* ------------------------------------------------------------------ start and stop */

static int
dataplane_build(struct dataplane *dp, const struct dp_setup *s, const char **why)
{
	int ret = qsbr_open(dp, why);

	if (ret == 0)
		ret = workers_new(dp, s, why);
	if (ret == 0)
		ret = scratch_reserve(why);
	if (ret == 0)
		ret = all_pools_open(dp, s, why);
	if (ret == 0)
		ret = joined_pool_open(dp, s, why);
	if (ret == 0)
		ret = refs_open(dp, why);
	if (ret == 0)
		ret = tables_open(dp, s, why);
	if (ret == 0)
		ret = exchange_open(dp, s, why);
	if (ret == 0)
		ret = ports_open(dp, s, why);
	if (ret == 0)
		ret = steer_open(dp, why);
	if (ret == 0)
		ret = bundles_open(dp, s, why);
	if (ret == 0)
		notes_write(dp, s);
	return ret;
}

static int
dataplane_new(const struct dp_setup *s, bool threaded, struct dataplane **out, const char **why)
{
	int ret = setup_check(s, why);
	struct dataplane *dp;

	if (ret == 0)
		ret = eal_start(s, threaded, why);
	if (ret < 0)
		return ret;
	dp = calloc(1, sizeof(*dp));
	if (dp == NULL)
		return why_failed(why, -ENOMEM, "no memory");
	dp->threaded = threaded;
	dp->n_workers = s->workers;
	dp->n_ports = s->n_ports;
	dp->event_fd = dp->ioctl_fd = -1;
	ret = dataplane_build(dp, s, why);
	if (ret < 0) {
		dataplane_free(dp);
		return ret;
	}
	*out = dp;
	return 0;
}

int
dataplane_new_unthreaded(const struct dp_setup *setup, struct dataplane **dp, const char **why)
{
	return dataplane_new(setup, false, dp, why);
}

static void
carrier_alarm(void *dataplane)
{
	ports_carrier_poll(dataplane);
	rte_eal_alarm_set(CARRIER_US, carrier_alarm, dataplane);
}

static int
workers_launch(struct dataplane *dp, const char **why)
{
	int ret = 0;

	for (unsigned i = 0; ret == 0 && i < dp->n_workers; i++)
		ret = rte_eal_remote_launch(worker_main, dp->workers[i], dp->workers[i]->lcore);
	if (ret == 0)
		ret = rte_eal_alarm_set(CARRIER_US, carrier_alarm, dp);
	return ret < 0 ? why_failed(why, ret, "workers do not start: %s", strerror(-ret)) : 0;
}

int
dataplane_start(const struct dp_setup *setup, struct dataplane **out, const char **why)
{
	int ret;

	*out = NULL;
	if (eal_running())
		return why_failed(why, -EALREADY, "EAL runs already in this process");
	ret = dataplane_new(setup, true, out, why);
	if (ret < 0) {
		eal_end();
		return ret;
	}
	ret = workers_launch(*out, why);
	if (ret < 0) {
		dataplane_stop(*out);
		*out = NULL;
	}
	return ret;
}

static void
buffer_drain(struct tx_buffer *b)
{
	while (b->control.head != NULL) {
		struct rte_mbuf *m = b->control.head;

		b->control.head = pkt(m)->next;
		rte_pktmbuf_free(m);
	}
	rte_pktmbuf_free_bulk(b->m, b->n);
	b->n = 0;
}

static void
worker_drain(struct worker *w)
{
	ip_join_free(w);
	bundle_table_free(w, w->bundles);
	w->bundles = NULL;
	for (unsigned p = 0; p < DP_PORTS_MAX; p++)
		buffer_drain(&w->tx[p]);
	for (unsigned j = 0; j < DP_WORKERS_MAX; j++)
		buffer_drain(&w->steer_buf[j]);
	worker_flush_free(w);
}

void
dataplane_drain(struct dataplane *dp)
{
	for (unsigned i = 0; i < dp->n_workers && dp->workers[i] != NULL; i++)
		worker_drain(dp->workers[i]);
	exchange_close(dp);
}

void
dataplane_free(struct dataplane *dp)
{
	if (dp == NULL)
		return;
	dataplane_drain(dp);
	for (unsigned i = 0; i < dp->n_ports; i++) {
		port_close(dp, i);
		rte_free((void *)(uintptr_t)dp->ports[i].steer);
	}
	tables_free(dp->tables);
	for (unsigned i = 0; i < dp->n_workers && dp->workers[i] != NULL; i++) {
		punt_budget_free(dp->workers[i]->budget);
		rte_free(dp->workers[i]);
	}
	for (unsigned i = 0; i < RTE_MAX_NUMA_NODES; i++) {
		rte_mempool_free(dp->pools[i]);
		rte_mempool_free(dp->indirect_pools[i]);
	}
	rte_mempool_free(dp->joined_pool);
	rte_free(dp->qsbr);
	if (dp->ioctl_fd >= 0)
		close(dp->ioctl_fd);
	free(dp);
}

static bool
injects_taken(const struct dataplane *dp)
{
	for (unsigned i = 0; i < dp->n_workers; i++)
		if (rte_ring_count(dp->workers[i]->inject) != 0)
			return false;
	return true;
}

/* What control injected last (PADT, Terminate) leaves before the workers stop: taken from the rings, then two rounds of turns. */
static void
last_frames_leave(struct dataplane *dp)
{
	unsigned left_ms = STOP_MS;
	uint32_t mark;

	for (; left_ms > 0 && !injects_taken(dp); left_ms--)
		rte_delay_us_sleep(1000);
	for (mark = dp_quiescence_mark(dp); left_ms > 0 && !dp_quiescent(dp, mark); left_ms--)
		rte_delay_us_sleep(1000);
}

/* Those that were there before us: dataplane_free() stops them only. Drivers of cards may need EAL's interrupt thread for it. */
static void
cards_close(struct dataplane *dp)
{
	for (unsigned i = 0; i < dp->n_ports; i++)
		if (!dp->port_state[i].created) {
			port_close(dp, i);
			rte_eth_dev_close(dp->ports[i].id);
		}
}

void
dataplane_stop(struct dataplane *dp)
{
	if (dp == NULL)
		return;
	last_frames_leave(dp);
	rte_eal_alarm_cancel(carrier_alarm, dp);
	atomic_store(&dp->stop, true);
	rte_eal_mp_wait_lcore();
	cards_close(dp);
	eal_hold_interrupt_thread();
	dataplane_free(dp);
	eal_end();
}

/* ------------------------------------------------------------------ tables, for control */

static int
session_set(struct dataplane *dp, const struct dp_session_key *key, uint64_t word)
{
	if (key->port >= dp->n_ports || dp->ports[key->port].steer == NULL)
		return -EINVAL;
	return tables_session_set(dp->tables, dp->ports[key->port].steer, key, word);
}

/* The word leads elsewhere now: the rule has no more to do. */
static int
session_leave(struct dataplane *dp, const struct dp_session_key *key, uint64_t word)
{
	const int ret = session_set(dp, key, word);

	rules_clear(dp, key);
	return ret;
}

int
dp_session_punt(struct dataplane *dp, const struct dp_session_key *key)
{
	return session_leave(dp, key, steer_pack(&(struct steer){.state = STEER_PUNT, .vlans = key->vlans}));
}

/* The session's data comes to this worker already: a rule now would let later frames overtake those under way over a ring. */
static bool
lives_at(const struct dataplane *dp, const struct dp_session_key *key, unsigned home)
{
	struct steer s;

	if (key->port >= dp->n_ports || dp->ports[key->port].steer == NULL)
		return false;
	s = steer_unpack(atomic_load_explicit(&dp->ports[key->port].steer[key->session], memory_order_relaxed));
	if (s.state == STEER_COLLIDE && !tables_session(dp->tables, key, &s))
		return false;
	return s.state == STEER_LINK && s.home == home && vlan_stack_equal(s.vlans, key->vlans);
}

int
dp_session_link(struct dataplane *dp, const struct dp_session_key *key, struct dp_bundle_ref bundle, unsigned slot)
{
	const struct steer s = {
		.bundle = bundle.index,
		.home = (uint8_t)bundle.home,
		.slot = (uint8_t)slot,
		.state = STEER_LINK,
		.vlans = key->vlans,
	};
	int ret;

	if (bundle.index >= DP_BUNDLES_MAX || bundle.home >= dp->n_workers || slot >= DP_BUNDLE_LINKS_MAX)
		return -EINVAL;
	if (!lives_at(dp, key, bundle.home))
		rules_set(dp, key, bundle.home);
	ret = session_set(dp, key, steer_pack(&s));
	if (ret < 0)
		rules_clear(dp, key);
	return ret;
}

int
dp_session_clear(struct dataplane *dp, const struct dp_session_key *key)
{
	return session_leave(dp, key, 0);
}

static bool
next_is_valid(const struct dataplane *dp, const struct dp_next *next)
{
	if ((next->kind == DP_NEXT_CONNECTED || next->kind == DP_NEXT_GATEWAY) && next->port >= dp->n_ports)
		return false;
	return next->kind != DP_NEXT_BUNDLE || next->bundle.home < dp->n_workers;
}

int
dp_route_set(struct dataplane *dp, uint32_t prefix_be, unsigned prefix_len, const struct dp_next *next)
{
	return next_is_valid(dp, next) ? tables_route_set(dp->tables, prefix_be, prefix_len, next) : -EINVAL;
}

int
dp_route_del(struct dataplane *dp, uint32_t prefix_be, unsigned prefix_len)
{
	return tables_route_del(dp->tables, prefix_be, prefix_len);
}

int
dp_route6_set(struct dataplane *dp, const struct ip_addr *prefix, unsigned prefix_len, const struct dp_next *next)
{
	return next_is_valid(dp, next) ? tables_route6_set(dp->tables, prefix, prefix_len, next) : -EINVAL;
}

int
dp_route6_del(struct dataplane *dp, const struct ip_addr *prefix, unsigned prefix_len)
{
	return tables_route6_del(dp->tables, prefix, prefix_len);
}

int
dp_neighbour6_set(struct dataplane *dp, uint16_t port, const struct ip_addr *address, const struct mac *mac)
{
	return port >= dp->n_ports ? -EINVAL : tables_neighbour_set(dp->tables, port, address, mac);
}

bool
dp_neighbour6_used(struct dataplane *dp, uint16_t port, const struct ip_addr *address)
{
	return tables_neighbour_used(dp->tables, port, address);
}

int
dp_neighbour_set(struct dataplane *dp, uint16_t port, uint32_t address_be, const struct mac *mac)
{
	const struct ip_addr address = ip_addr_of4(ntohl(address_be));

	return dp_neighbour6_set(dp, port, &address, mac);
}

bool
dp_neighbour_used(struct dataplane *dp, uint16_t port, uint32_t address_be)
{
	const struct ip_addr address = ip_addr_of4(ntohl(address_be));

	return dp_neighbour6_used(dp, port, &address);
}
