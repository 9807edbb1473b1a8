/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/rig.h"

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/worker.h"

/* The rings and their ports are made once a process: ethdev would not give their names again. */
static struct {
	unsigned queues;
	struct rig_port port;
	char device[RTE_ETH_NAME_MAX_LEN];
} kept[RIG_QUEUES + 1][RIG_PORTS];

static struct rig left_open; /* dp: not NULL when a test failed; what was on its stack is gone */

static void
setup_base(struct dp_setup *s)
{
	*s = (struct dp_setup){.name = "rig", .workers = 1, .control_cpu = -1, .memory_mib = RIG_MEMORY_MIB};
}

void
rig_eal(void)
{
	struct dp_setup s;
	const char *why = "";

	setup_base(&s);
	if (eal_start(&s, false, &why) != 0)
		fail_msg("%s", why);
}

static struct rte_ring *
ring(unsigned queues, unsigned port, unsigned q, const char *way)
{
	char name[48]; /* ring_create refuses one that is too long */
	struct rte_ring *r;

	snprintf(name, sizeof(name), "rig:%u:%u:%s%u", queues, port, way, q);
	r = rte_ring_create(name, RIG_RING, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	assert_non_null(r);
	return r;
}

static void
port_make(unsigned queues, unsigned i)
{
	struct rig_port *p = &kept[queues][i].port;
	char name[32];
	int id;

	if (kept[queues][i].queues != 0)
		return;
	for (unsigned q = 0; q < queues; q++) {
		p->in[q] = ring(queues, i, q, "in");
		p->out[q] = ring(queues, i, q, "out");
	}
	snprintf(name, sizeof(name), "rig_%u_%u", queues, i);
	id = rte_eth_from_rings(name, p->in, queues, p->out, queues, 0);
	assert_true(id >= 0);
	p->id = (uint16_t)id;
	kept[queues][i].queues = queues;
	assert_int_equal(rte_eth_dev_get_name_by_port(p->id, kept[queues][i].device), 0);
}

static void
ring_empty(struct rte_ring *ring)
{
	void *m;

	while (ring != NULL && rte_ring_dequeue(ring, &m) == 0)
		rte_pktmbuf_free(m);
}

/* Returns how many buffers are missing from the pools. */
static unsigned
rig_end(struct rig *r)
{
	struct rte_mempool *pool = r->dp->workers[0]->pool, *indirect = r->dp->workers[0]->indirect_pool;
	unsigned missing;

	for (unsigned i = 0; i < r->n_ports; i++)
		for (unsigned q = 0; q < RIG_QUEUES; q++) {
			ring_empty(r->port[i].in[q]);
			ring_empty(r->port[i].out[q]);
		}
	dataplane_drain(r->dp);
	missing = rte_mempool_in_use_count(pool) + rte_mempool_in_use_count(indirect);
	dataplane_free(r->dp);
	r->dp = NULL;
	left_open.dp = NULL;
	return missing;
}

void
rig_close(struct rig *r)
{
	assert_int_equal(rig_end(r), 0);
}

static unsigned
or_else(unsigned v, unsigned otherwise)
{
	return v != 0 ? v : otherwise;
}

void
rig_open(struct rig *r, const struct rig_wish *wish)
{
	static const char *const names[RIG_PORTS] = {"p0", "p1", "p2", "p3"};
	const unsigned queues = or_else(wish->queues, 1);
	struct dp_port_setup ports[RIG_PORTS];
	struct dp_setup s;
	const char *why = "";

	if (left_open.dp != NULL)
		rig_end(&left_open);
	memset(r, 0, sizeof(*r));
	r->n_ports = wish->access_ports + wish->ip_ports;
	assert_in_range(r->n_ports, 0, RIG_PORTS);
	assert_in_range(queues, 1, RIG_QUEUES);
	rig_eal();
	setup_base(&s);
	for (unsigned i = 0; i < r->n_ports; i++) {
		port_make(queues, i);
		r->port[i] = kept[queues][i].port;
		ports[i] = (struct dp_port_setup){
			.name = names[i],
			.devargs = kept[queues][i].device,
			.kind = i < wish->access_ports ? DP_PORT_ACCESS : DP_PORT_IP,
			.mtu = (uint16_t)or_else(wish->mtu, 1500),
			.rules_max = wish->rules_max,
		};
	}
	s.workers = or_else(wish->workers, 1);
	s.pool_mbufs = or_else(wish->pool_mbufs, 8192);
	s.bundles_max = or_else(wish->bundles_max, 64);
	s.routes_max = or_else(wish->routes_max, 256);
	s.reassembly_bytes = wish->reassembly_bytes != 0 ? wish->reassembly_bytes : 64u << 20;
	s.punt_total_pps = wish->punt_total_pps;
	s.punt_session_pps = wish->punt_session_pps;
	s.ports = ports;
	s.n_ports = r->n_ports;
	if (dataplane_new_unthreaded(&s, &r->dp, &why) != 0)
		fail_msg("%s", why);
	r->n_workers = s.workers;
	r->now_ns = 1000000000;
	left_open = *r;
}

static struct rte_mbuf *
mbuf_of(struct rig *r, const void *bytes, size_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(r->dp->workers[0]->pool);

	assert_non_null(m);
	assert_true(len <= rte_pktmbuf_tailroom(m));
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), bytes, len);
	memset(pkt(m), 0xa5, sizeof(struct pkt)); /* nobody may rely on it being clear */
	return m;
}

void
rig_send_queue(struct rig *r, unsigned port, unsigned queue, const void *bytes, size_t len)
{
	assert_int_equal(rte_ring_enqueue(r->port[port].in[queue], mbuf_of(r, bytes, len)), 0);
}

void
rig_send(struct rig *r, unsigned port, const struct frame *f)
{
	rig_send_queue(r, port, 0, f->b, f->len);
}

void
rig_send_scattered(struct rig *r, unsigned port, const struct frame *f, size_t each)
{
	struct rte_mbuf *head = mbuf_of(r, f->b, RTE_MIN(each, f->len));

	for (size_t at = each; at < f->len; at += each)
		assert_int_equal(rte_pktmbuf_chain(head, mbuf_of(r, f->b + at, RTE_MIN(each, f->len - at))), 0);
	assert_int_equal(rte_ring_enqueue(r->port[port].in[0], head), 0);
}

static void
copy_out(struct frame *f, const struct rte_mbuf *m)
{
	f->len = 0;
	assert_true(rte_pktmbuf_pkt_len(m) <= sizeof(f->b));
	for (; m != NULL; m = m->next)
		frame_add(f, rte_pktmbuf_mtod(m, const void *), rte_pktmbuf_data_len(m));
}

bool
rig_receive(struct rig *r, unsigned port, struct frame *f)
{
	for (unsigned q = 0; q < RIG_QUEUES; q++) {
		struct rte_ring *out = r->port[port].out[q];
		void *m;

		if (out == NULL || rte_ring_dequeue(out, &m) != 0)
			continue;
		copy_out(f, m);
		rte_pktmbuf_free(m);
		return true;
	}
	return false;
}

unsigned
rig_waiting(const struct rig *r, unsigned port)
{
	unsigned n = 0;

	for (unsigned q = 0; q < RIG_QUEUES; q++)
		n += r->port[port].out[q] == NULL ? 0 : rte_ring_count(r->port[port].out[q]);
	return n;
}

static unsigned
turn_all(struct rig *r)
{
	unsigned moved = 0;

	for (unsigned i = 0; i < r->n_workers; i++)
		moved += worker_turn(r->dp->workers[i], r->now_ns);
	return moved;
}

void
rig_turn(struct rig *r)
{
	turn_all(r);
}

void
rig_settle(struct rig *r)
{
	for (unsigned i = 0; i < 1000; i++)
		if (turn_all(r) == 0)
			break;
}

void
rig_run(struct rig *r, uint64_t ns, uint64_t step_ns)
{
	const uint64_t end = r->now_ns + ns;

	rig_settle(r);
	while (r->now_ns < end) {
		uint64_t next = RTE_MIN(r->now_ns + step_ns, end);

		for (unsigned i = 0; i < r->n_workers; i++)
			next = RTE_MIN(next, worker_next_ns(r->dp->workers[i]));
		r->now_ns = RTE_MAX(next, r->now_ns + 1);
		rig_settle(r);
	}
}

void
rig_command(struct rig *r, unsigned worker, const struct dp_cmd *cmd)
{
	uint32_t ticket;

	assert_true(dp_command(r->dp, worker, cmd, &ticket));
	worker_turn(r->dp->workers[worker], r->now_ns);
	assert_true(dp_applied(r->dp, worker, ticket));
}

uint64_t
rig_drops(const struct rig *r, enum drop_reason reason)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < r->n_workers; i++)
		n += r->dp->workers[i]->drops[reason];
	return n;
}

uint64_t
rig_drops_all(const struct rig *r)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < DROP_REASONS; i++)
		n += rig_drops(r, (enum drop_reason)i);
	return n;
}

void
rig_explain(const struct rig *r)
{
	for (unsigned i = 0; i < DROP_REASONS; i++)
		if (rig_drops(r, (enum drop_reason)i) != 0)
			fprintf(stderr, "  drop %-22s %llu\n", drop_name((enum drop_reason)i),
				(unsigned long long)rig_drops(r, (enum drop_reason)i));
}

struct mac
rig_mac(const struct rig *r, unsigned port)
{
	return r->dp->ports[port].macs[0];
}
