/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <rte_ethdev.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/rig.h"

/* Ports over net_ring, net_null and net_pcap: opening, sending in one piece or several, sending for others, carrier. */

static struct rig r;

static struct worker *
worker(unsigned i)
{
	return r.dp->workers[i];
}

/* A chain with the given lengths; its bytes go to *want. */
static struct rte_mbuf *
chain(const uint16_t lens[], unsigned n, struct frame *want)
{
	struct rte_mbuf *first = NULL;

	want->len = 0;
	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(worker(0)->pool);
		const size_t at = want->len;

		assert_non_null(m);
		frame_add_pattern(want, i + 1, lens[i]);
		memcpy(rte_pktmbuf_append(m, lens[i]), want->b + at, lens[i]);
		if (first == NULL)
			first = m;
		else
			assert_int_equal(rte_pktmbuf_chain(first, m), 0);
	}
	return first;
}

static void
assert_sent(unsigned port, const struct frame *want)
{
	struct frame got;

	assert_true(rig_receive(&r, port, &got));
	assert_int_equal(got.len, want->len);
	assert_memory_equal(got.b, want->b, want->len);
}

static unsigned
segments_waiting(unsigned port)
{
	struct rte_mbuf *m = NULL;
	unsigned n;

	assert_int_equal(rte_ring_dequeue(r.port[port].out[0], (void **)&m), 0);
	n = m->nb_segs;
	assert_int_equal(rte_ring_enqueue(r.port[port].out[0], m), 0);
	return n;
}

static const uint16_t three[] = {60, 700, 1};

/* ------------------------------------------------------------------ one piece or several */

static void
a_chain_leaves_as_a_chain_where_the_device_takes_it(void **state)
{
	struct frame want;

	(void)state;
	rig_open(&r, &(struct rig_wish){.ip_ports = 1});
	assert_true(r.dp->ports[0].tx_segs_max > 1);
	port_tx(worker(0), &r.dp->ports[0], chain(three, 3, &want));
	rig_turn(&r);
	assert_int_equal(segments_waiting(0), 3);
	assert_sent(0, &want);
	rig_close(&r);
}

static void
a_chain_is_copied_into_one_piece_where_it_does_not(void **state)
{
	struct frame want;

	(void)state;
	rig_open(&r, &(struct rig_wish){.ip_ports = 1});
	r.dp->ports[0].tx_segs_max = 1;
	port_tx(worker(0), &r.dp->ports[0], chain(three, 3, &want));
	rig_turn(&r);
	assert_int_equal(segments_waiting(0), 1);
	assert_sent(0, &want);
	rig_close(&r);
}

/* A peer may cut a packet into 256 pieces; network cards have limits, some of eight. */
static void
a_chain_longer_than_the_device_takes_is_copied_too(void **state)
{
	struct frame want;

	(void)state;
	rig_open(&r, &(struct rig_wish){.ip_ports = 1});
	assert_true(r.dp->ports[0].tx_segs_max >= 256);
	r.dp->ports[0].tx_segs_max = 2;
	port_tx(worker(0), &r.dp->ports[0], chain(three, 2, &want));
	rig_turn(&r);
	assert_int_equal(segments_waiting(0), 2);
	assert_sent(0, &want);
	port_tx(worker(0), &r.dp->ports[0], chain(three, 3, &want));
	rig_turn(&r);
	assert_int_equal(segments_waiting(0), 1);
	assert_sent(0, &want);
	rig_close(&r);
}

static void
a_chain_that_no_buffer_can_hold_is_dropped_and_counted(void **state)
{
	const uint16_t lens[] = {1500, 1500};
	struct frame want;

	(void)state;
	rig_open(&r, &(struct rig_wish){.ip_ports = 1});
	r.dp->ports[0].tx_segs_max = 1;
	port_tx(worker(0), &r.dp->ports[0], chain(lens, 2, &want));
	rig_turn(&r);
	assert_int_equal(rig_waiting(&r, 0), 0);
	assert_int_equal(rig_drops(&r, DROP_PORT_TX), 1);
	rig_close(&r);
}

static void
a_chain_is_dropped_and_counted_when_no_buffer_is_free(void **state)
{
	struct rte_mbuf *all[64];
	struct rte_mbuf *m;
	struct frame want;
	unsigned n = 0;

	(void)state;
	rig_open(&r, &(struct rig_wish){.ip_ports = 1, .pool_mbufs = 16});
	r.dp->ports[0].tx_segs_max = 1;
	m = chain(three, 3, &want);
	while ((all[n] = rte_pktmbuf_alloc(worker(0)->pool)) != NULL)
		n++;
	port_tx(worker(0), &r.dp->ports[0], m);
	rig_turn(&r);
	assert_int_equal(rig_drops(&r, DROP_NO_MBUF), 1);
	rte_pktmbuf_free_bulk(all, n);
	rig_close(&r);
}

/* ------------------------------------------------------------------ large receive buffers */

static void
ordinary_frames_leave_large_buffers_at_once(void **state)
{
	static struct frame small, large;
	struct burst b;

	(void)state;
	rig_open(&r, &(struct rig_wish){.ip_ports = 1, .mtu = 3000});
	r.dp->ports[0].rx_large = true;
	worker(0)->pool = rte_pktmbuf_pool_create("small", 64, 0, 0, RTE_PKTMBUF_HEADROOM + 1600, SOCKET_ID_ANY);
	assert_non_null(worker(0)->pool);
	small.len = large.len = 0;
	frame_add_pattern(&small, 1, 1600);
	frame_add_pattern(&large, 2, 1601);
	for (unsigned i = 0; i < 2; i++) {
		const struct frame *f = i == 0 ? &small : &large;
		struct rte_mbuf *m = rte_pktmbuf_alloc(r.dp->pools[0]);

		assert_non_null(m);
		memcpy(rte_pktmbuf_append(m, (uint16_t)f->len), f->b, f->len);
		assert_int_equal(rte_ring_enqueue(r.port[0].in[0], m), 0);
	}
	assert_int_equal(port_rx(worker(0), &r.dp->ports[0], 0, &b), 2);
	assert_int_equal(b.n, 2);
	assert_ptr_equal(b.m[0]->pool, worker(0)->pool);
	assert_ptr_equal(b.m[1]->pool, r.dp->pools[0]);
	assert_int_equal(b.m[0]->pkt_len, small.len);
	assert_memory_equal(rte_pktmbuf_mtod(b.m[0], void *), small.b, small.len);
	assert_memory_equal(rte_pktmbuf_mtod(b.m[1], void *), large.b, large.len);
	rte_pktmbuf_free_bulk(b.m, 2);
	worker_flush_free(worker(0));
	assert_int_equal(rte_mempool_in_use_count(worker(0)->pool), 0);
	rte_mempool_free(worker(0)->pool);
	worker(0)->pool = r.dp->pools[0];
	rig_close(&r);
}

/* ------------------------------------------------------------------ full and dead devices */

static void
frames_that_the_device_does_not_take_are_counted(void **state)
{
	struct frame want;

	(void)state;
	rig_open(&r, &(struct rig_wish){.ip_ports = 1, .pool_mbufs = RIG_RING + 2048});
	for (unsigned i = 0; i < RIG_RING + 100; i++)
		port_tx(worker(0), &r.dp->ports[0], chain(three, 1, &want));
	rig_turn(&r);
	assert_int_equal(rig_waiting(&r, 0), RIG_RING - 1);
	assert_int_equal(rig_drops(&r, DROP_PORT_TX), 101);
	assert_int_equal(worker(0)->tx_frames, RIG_RING - 1);
	rig_close(&r);
}

/* ------------------------------------------------------------------ control frames at a full device */

enum { CONTROL_WORDS = 16 }; /* data is shorter */

static void
inject_numbered(unsigned port, unsigned from, unsigned n)
{
	const struct dp_target to = {.kind = DP_TO_PORT, .port = (uint16_t)port};
	uint32_t bytes[CONTROL_WORDS] = {0};

	for (unsigned i = 0; i < n; i++) {
		bytes[0] = from + i;
		assert_true(dp_inject(r.dp, &to, bytes, sizeof(bytes)));
	}
}

/* Takes what waits in the device; returns how many of them are control frames, which must come in order from *next. */
static unsigned
control_received(unsigned port, unsigned frames, unsigned *next)
{
	static struct frame got;
	unsigned n = 0;
	uint32_t number;

	for (unsigned i = 0; i < frames && rig_receive(&r, port, &got); i++) {
		memcpy(&number, got.b, sizeof(number));
		if (got.len != CONTROL_WORDS * sizeof(number))
			continue;
		assert_int_equal(number, *next);
		(*next)++;
		n++;
	}
	return n;
}

static void
fill_with_data(unsigned worker_index, unsigned port, unsigned n)
{
	struct frame want;

	for (unsigned i = 0; i < n; i++)
		port_tx(worker(worker_index), &r.dp->ports[port], chain(three, 1, &want));
}

/* L-11: sessions must not fall because data filled a queue in which their echoes are lost. */
static void
control_frames_wait_at_a_full_device_and_go_before_data(void **state)
{
	unsigned next = 0;

	(void)state;
	rig_open(&r, &(struct rig_wish){.access_ports = 1, .pool_mbufs = RIG_RING + 4096});
	fill_with_data(0, 0, RIG_RING - 1);
	rig_turn(&r);
	assert_int_equal(rig_drops_all(&r), 0);
	inject_numbered(0, 0, 40);
	fill_with_data(0, 0, 10);
	rig_turn(&r);
	assert_int_equal(rig_drops(&r, DROP_PORT_TX), 10);
	assert_int_equal(control_received(0, 5, &next), 0); /* older data is in front */
	fill_with_data(0, 0, 10);
	rig_turn(&r); /* room for five, all for control */
	assert_int_equal(rig_drops(&r, DROP_PORT_TX), 20);
	assert_int_equal(control_received(0, RIG_RING, &next), 5);
	fill_with_data(0, 0, 10);
	inject_numbered(0, 40, 1);
	rig_turn(&r);
	assert_int_equal(control_received(0, RIG_RING, &next), 36);
	assert_int_equal(rig_drops(&r, DROP_PORT_TX), 20);
	rig_close(&r);
}

static uint16_t
note_empty_burst(uint16_t port, uint16_t queue, struct rte_mbuf *m[], uint16_t n, void *arg)
{
	bool *empty = arg;

	(void)port;
	(void)queue;
	(void)m;
	*empty |= n == 0;
	return n;
}

/* net_memif of DPDK 24.11 looks at the first frame of a burst that has none. */
static void
control_frames_alone_leave_no_empty_burst_behind_them(void **state)
{
	const struct rte_eth_rxtx_callback *cb;
	bool empty = false;
	unsigned next = 0;

	(void)state;
	rig_open(&r, &(struct rig_wish){.access_ports = 1});
	cb = rte_eth_add_tx_callback(r.dp->ports[0].id, 0, note_empty_burst, &empty);
	assert_non_null(cb);
	inject_numbered(0, 0, 1);
	rig_turn(&r);
	assert_int_equal(control_received(0, RIG_RING, &next), 1);
	assert_false(empty);
	assert_int_equal(rte_eth_remove_tx_callback(r.dp->ports[0].id, 0, cb), 0);
	rig_close(&r);
}

static void
control_frames_wait_for_room_in_the_ring_to_the_sending_worker(void **state)
{
	unsigned next = 0;

	(void)state;
	rig_open(&r, &(struct rig_wish){.workers = 2, .access_ports = 1, .ip_ports = 1});
	fill_with_data(1, 0, RING_ELEMS + 50);
	port_tx_flush(worker(1));
	assert_int_equal(worker(1)->drops[DROP_TX_RING_FULL], 51);
	for (uint32_t i = 0; i < 3; i++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(worker(1)->pool);

		assert_non_null(m);
		memset(rte_pktmbuf_append(m, CONTROL_WORDS * sizeof(i)), 0, CONTROL_WORDS * sizeof(i));
		memcpy(rte_pktmbuf_mtod(m, void *), &i, sizeof(i));
		port_control_tx(worker(1), &r.dp->ports[0], m);
	}
	port_tx_flush(worker(1));
	rig_settle(&r);
	assert_int_equal(control_received(0, RIG_RING, &next), 3);
	assert_int_equal(rig_drops_all(&r), 51);
	rig_close(&r);
}

static void
control_frames_at_a_dead_or_stuck_device_do_not_pile_up(void **state)
{
	struct dp_event e[4];
	unsigned next = 0;
	bool lost;

	(void)state;
	rig_open(&r, &(struct rig_wish){.access_ports = 1, .pool_mbufs = RIG_RING + 4096});
	fill_with_data(0, 0, RIG_RING - 1);
	rig_turn(&r);
	for (unsigned i = 0; i < 3; i++) {
		inject_numbered(0, i * 500, 500);
		rig_turn(&r);
	}
	/* the newest are refused: those that wait may be answers that somebody waits for */
	assert_int_equal(rig_drops(&r, DROP_PORT_TX), 1500 - RING_ELEMS);
	control_received(0, 100, &next);
	rig_turn(&r);
	assert_int_equal(control_received(0, RIG_RING, &next), 100);
	rte_eth_dev_set_link_down(r.port[0].id);
	assert_int_equal(dp_events(r.dp, e, 4, &lost), 1);
	fill_with_data(0, 0, 10);
	rig_turn(&r);
	assert_int_equal(rig_drops(&r, DROP_PORT_TX), 1500 - 100 + 10);
	rig_close(&r);
}

static void
nothing_is_sent_without_carrier_and_control_is_told(void **state)
{
	struct dp_event e[4];
	struct frame want;
	bool lost;

	(void)state;
	rig_open(&r, &(struct rig_wish){.ip_ports = 2});
	assert_int_equal(dp_events(r.dp, e, 4, &lost), 0);
	rte_eth_dev_set_link_down(r.port[1].id);
	assert_int_equal(dp_events(r.dp, e, 4, &lost), 1);
	assert_int_equal(e[0].op, DP_EVENT_CARRIER);
	assert_int_equal(e[0].carrier.port, 1);
	assert_false(e[0].carrier.up);
	port_tx(worker(0), &r.dp->ports[1], chain(three, 1, &want));
	rig_turn(&r);
	assert_int_equal(rig_drops(&r, DROP_PORT_TX), 1);
	assert_int_equal(dp_events(r.dp, e, 4, &lost), 0);
	rte_eth_dev_set_link_up(r.port[1].id);
	assert_int_equal(dp_events(r.dp, e, 4, &lost), 1);
	assert_true(e[0].carrier.up);
	port_tx(worker(0), &r.dp->ports[1], chain(three, 1, &want));
	rig_turn(&r);
	assert_sent(1, &want);
	rig_close(&r);
}

/* ------------------------------------------------------------------ several workers, few queues */

static void
workers_without_a_queue_send_through_one_that_has(void **state)
{
	static struct frame want[4], got;

	(void)state;
	rig_open(&r, &(struct rig_wish){.workers = 4, .access_ports = 1, .ip_ports = 1, .queues = 1});
	for (unsigned port = 0; port < 2; port++) {
		const uint16_t lens[] = {100};

		for (unsigned i = 0; i < 4; i++) {
			port_tx(worker(i), &r.dp->ports[port], chain(lens, 1, &want[i]));
			want[i].b[0] = (uint8_t)i;
		}
		rig_settle(&r);
		for (unsigned i = 0; i < 4; i++)
			assert_true(rig_receive(&r, port, &got));
		assert_false(rig_receive(&r, port, &got));
		/* the port's own worker, by its index, sent all of them */
		assert_int_equal(worker(port)->tx_frames, 4);
	}
	assert_int_equal(worker(2)->tx_frames + worker(3)->tx_frames, 0);
	assert_int_equal(rig_drops_all(&r), 0);
	rig_close(&r);
}

static void
two_queues_serve_three_workers(void **state)
{
	const uint16_t lens[] = {100};
	struct frame want;

	(void)state;
	rig_open(&r, &(struct rig_wish){.workers = 3, .ip_ports = 1, .queues = 2});
	for (unsigned i = 0; i < 3; i++)
		port_tx(worker(i), &r.dp->ports[0], chain(lens, 1, &want));
	rig_settle(&r);
	assert_int_equal(rte_ring_count(r.port[0].out[0]), 2);
	assert_int_equal(rte_ring_count(r.port[0].out[1]), 1);
	rig_close(&r);
}

static void
each_receive_queue_is_polled_by_exactly_one_worker(void **state)
{
	(void)state;
	for (unsigned workers = 1; workers <= 4; workers++)
		for (unsigned queues = 1; queues <= 4; queues++) {
			rig_open(&r, &(struct rig_wish){.workers = workers, .ip_ports = 3, .queues = queues});
			for (unsigned p = 0; p < 3; p++) {
				unsigned polled = 0;

				assert_int_equal(r.dp->ports[p].n_rxq, RTE_MIN(workers, queues));
				for (unsigned i = 0; i < workers; i++)
					if (worker(i)->rx_queue[p] >= 0)
						polled |= 1u << worker(i)->rx_queue[p];
				assert_int_equal(polled, (1u << RTE_MIN(workers, queues)) - 1);
			}
			rig_close(&r);
		}
}

static void
a_full_ring_to_the_sending_worker_drops_and_counts(void **state)
{
	const uint16_t lens[] = {100};
	struct frame want;

	(void)state;
	rig_open(&r, &(struct rig_wish){.workers = 2, .ip_ports = 1});
	for (unsigned i = 0; i < RING_ELEMS + 50; i++)
		port_tx(worker(1), &r.dp->ports[0], chain(lens, 1, &want));
	port_tx_flush(worker(1));
	assert_int_equal(worker(1)->drops[DROP_TX_RING_FULL], 51);
	rig_settle(&r);
	assert_int_equal(rig_waiting(&r, 0), RING_ELEMS - 1);
	rig_close(&r);
}

/* ------------------------------------------------------------------ rules, of a driver that has none */

static void
a_driver_without_rules_is_asked_once_and_what_it_said_is_shown(void **state)
{
	struct dp_session_key key = {.port = 0, .peer = {{2, 0, 0, 0, 0, 9}}};
	struct dp_port_info info;
	const char *remark;

	(void)state;
	rig_open(&r, &(struct rig_wish){.workers = 2, .access_ports = 1, .queues = 2, .rules_max = 100});
	key.local = rig_mac(&r, 0);
	for (key.session = 1; key.session <= 5; key.session++)
		assert_int_equal(dp_session_link(r.dp, &key, (struct dp_bundle_ref){.home = key.session % 2}, 0), 0);
	assert_int_equal(dp_port_info(r.dp, 0, &info), 0);
	assert_int_equal(info.rules.max, 100);
	assert_int_equal(info.rules.in_force, 0);
	assert_int_equal(info.rules.asked, 1);
	assert_int_equal(info.rules.refused, 1);
	assert_int_equal(info.rules.passed_over, 4);
	assert_int_equal(info.rss, DP_RSS_NONE);
	assert_string_equal(info.rules.error, strerror(ENOSYS));
	remark = dp_port_remark(r.dp, 0);
	assert_non_null(remark);
	assert_non_null(strstr(remark, "net_ring"));
	assert_non_null(strstr(remark, info.rules.error));
	assert_null(dp_port_remark(r.dp, 0));
	rig_close(&r);
}

/* ------------------------------------------------------------------ addresses and MTU */

static void
ports_without_an_address_get_a_local_one_each(void **state)
{
	struct mac a, b;

	(void)state;
	rig_open(&r, &(struct rig_wish){.access_ports = 1, .ip_ports = 1});
	a = rig_mac(&r, 0);
	b = rig_mac(&r, 1);
	assert_int_equal(a.b[0], 0x02);
	assert_false(mac_equal(&a, &b));
	rig_close(&r);
}

static void
buffers_are_as_large_as_the_largest_mtu_wants(void **state)
{
	static const struct {
		uint16_t mtu;
		unsigned room;
	} rows[] = {{1500, 2048}, {1508, 2048}, {2000, 2048}, {4000, 4026}, {9000, 9026}};

	(void)state;
	for (unsigned i = 0; i < RTE_DIM(rows); i++) {
		rig_open(&r, &(struct rig_wish){.ip_ports = 1, .mtu = rows[i].mtu, .pool_mbufs = 64});
		assert_true(rte_pktmbuf_data_room_size(worker(0)->pool) >= RTE_PKTMBUF_HEADROOM + rows[i].room);
		rig_close(&r);
	}
}

/* ------------------------------------------------------------------ devices by name */

static struct dp_setup
setup_of(struct dp_port_setup *ports, unsigned n)
{
	return (struct dp_setup){
		.name = "ports",
		.workers = 1,
		.control_cpu = -1,
		.memory_mib = RIG_MEMORY_MIB,
		.pool_mbufs = 4096,
		.bundles_max = 16,
		.routes_max = 64,
		.reassembly_bytes = 1 << 20,
		.ports = ports,
		.n_ports = n,
	};
}

static void
a_null_device_is_made_and_removed_again(void **state)
{
	struct dp_port_setup port = {.name = "n", .devargs = "net_null_test,size=100", .kind = DP_PORT_IP, .mtu = 1500};
	const struct dp_setup s = setup_of(&port, 1);
	struct dp_port_info info;
	struct dataplane *dp;
	const char *why;
	uint16_t id;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(dataplane_new_unthreaded(&s, &dp, &why), 0);
		assert_int_equal(dp_port_info(dp, 0, &info), 0);
		assert_string_equal(info.driver, "net_null");
		assert_string_equal(info.device, "net_null_test");
		assert_string_equal(info.name, "n");
		assert_int_equal(info.mtu, 1500);
		assert_int_equal(dp_port_info(dp, 1, &info), -EINVAL);
		dataplane_free(dp);
		assert_int_not_equal(rte_eth_dev_get_port_by_name("net_null_test", &id), 0);
	}
}

static void
what_a_port_lacks_is_said_with_its_name(void **state)
{
	static const char *const devargs[] = {
		"net_nonsense0",
		"net_pcap_bad,rx_pcap=/nonexistent/file.pcap",
		"net_af_packet0,iface=doesnotexist",
		"0000:ff:1f.7",
	};

	(void)state;
	for (unsigned i = 0; i < RTE_DIM(devargs); i++) {
		struct dp_port_setup port = {
			.name = "lineX", .devargs = devargs[i], .kind = DP_PORT_ACCESS, .mtu = 1500};
		const struct dp_setup s = setup_of(&port, 1);
		struct dataplane *dp = NULL;
		const char *why = "";

		assert_true(dataplane_new_unthreaded(&s, &dp, &why) < 0);
		assert_null(dp);
		assert_non_null(strstr(why, "lineX"));
		assert_non_null(strstr(why, devargs[i]));
	}
}

static void
a_kernel_device_that_is_gone_has_neither_mtu_nor_carrier(void **state)
{
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);

	(void)state;
	assert_true(fd >= 0);
	assert_true(kernel_mtu(fd, "lo") >= 1500);
	assert_int_equal(kernel_mtu(fd, "doesnotexist"), -ENODEV);
	assert_true(kernel_mtu_set(fd, "doesnotexist", 1500) < 0);
	assert_false(kernel_carrier(fd, "doesnotexist"));
	assert_false(kernel_promiscuous(fd, "doesnotexist"));
	assert_int_equal(kernel_qdisc_drops("doesnotexist"), 0);
	assert_int_equal(kernel_qdisc_drops("lo"), 0);
	close(fd);
}

static void
the_same_device_twice_is_refused(void **state)
{
	struct dp_port_setup ports[2] = {
		{.name = "a", .devargs = "net_null_x", .mtu = 1500},
		{.name = "b", .devargs = "net_null_x", .mtu = 1500},
	};
	const struct dp_setup s = setup_of(ports, 2);
	struct dataplane *dp = NULL;
	const char *why = "";

	(void)state;
	assert_int_equal(dataplane_new_unthreaded(&s, &dp, &why), -EINVAL);
	assert_non_null(strstr(why, "a and b"));
}

static void
too_little_memory_is_said_with_what_would_do(void **state)
{
	struct dp_port_setup port = {.name = "n", .devargs = "net_null_small", .kind = DP_PORT_IP, .mtu = 1500};
	struct dp_setup s = setup_of(&port, 1);
	struct dataplane *dp = NULL;
	const char *why = "";

	(void)state;
	s.pool_mbufs = 0;
	s.memory_mib = 64;
	assert_int_equal(dataplane_new_unthreaded(&s, &dp, &why), -ENOMEM);
	assert_non_null(strstr(why, "raise memory to"));
	s.pool_mbufs = 1 << 20;
	assert_int_equal(dataplane_new_unthreaded(&s, &dp, &why), -ENOMEM);
	assert_non_null(strstr(why, "raise memory"));
}

/* A pcap file (LINKTYPE_ETHERNET) with one frame. */
static void
pcap_write(const char *path, const struct frame *f)
{
	const uint32_t head[6] = {0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1};
	const uint32_t record[4] = {1, 0, (uint32_t)f->len, (uint32_t)f->len};
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	fwrite(head, sizeof(head), 1, file);
	fwrite(record, sizeof(record), 1, file);
	fwrite(f->b, f->len, 1, file);
	fclose(file);
}

static void
a_frame_of_a_pcap_file_arrives_and_a_chain_is_written_to_one(void **state)
{
	char in[64], out[64], devargs[256];
	struct dp_port_setup port = {.name = "cap", .devargs = devargs, .kind = DP_PORT_ACCESS, .mtu = 1500};
	const struct frame_path path = {.dst = {{255, 255, 255, 255, 255, 255}}, .src = {{2, 0, 0, 0, 0, 9}}};
	const struct dp_setup s = setup_of(&port, 1);
	static struct dp_punted punted;
	static uint8_t written[4096];
	static struct frame padi, want;
	const char *why = "";
	FILE *file;
	size_t n;

	(void)state;
	snprintf(in, sizeof(in), "/tmp/test_ports.%d.in.pcap", (int)getpid());
	snprintf(out, sizeof(out), "/tmp/test_ports.%d.out.pcap", (int)getpid());
	snprintf(devargs, sizeof(devargs), "net_pcap0,rx_pcap=%s,tx_pcap=%s", in, out);
	frame_discovery(&padi, &path, 0x09);
	frame_pad(&padi, 60);
	pcap_write(in, &padi);
	assert_int_equal(dataplane_new_unthreaded(&s, &r.dp, &why), 0);
	r.n_workers = 1;
	port_tx(worker(0), &r.dp->ports[0], chain(three, 3, &want));
	worker_turn(worker(0), 1000);
	assert_true(dp_punted_next(r.dp, &punted));
	assert_int_equal(punted.origin, DP_FROM_PORT);
	assert_int_equal(punted.len, padi.len);
	assert_memory_equal(punted.bytes, padi.b, padi.len);
	dataplane_free(r.dp);
	file = fopen(out, "rb");
	assert_non_null(file);
	n = fread(written, 1, sizeof(written), file);
	fclose(file);
	assert_int_equal(n, 24 + 16 + want.len);
	assert_memory_equal(written + 40, want.b, want.len);
	unlink(in);
	unlink(out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chain_leaves_as_a_chain_where_the_device_takes_it),
		cmocka_unit_test(a_chain_is_copied_into_one_piece_where_it_does_not),
		cmocka_unit_test(a_chain_longer_than_the_device_takes_is_copied_too),
		cmocka_unit_test(a_chain_that_no_buffer_can_hold_is_dropped_and_counted),
		cmocka_unit_test(a_chain_is_dropped_and_counted_when_no_buffer_is_free),
		cmocka_unit_test(ordinary_frames_leave_large_buffers_at_once),
		cmocka_unit_test(frames_that_the_device_does_not_take_are_counted),
		cmocka_unit_test(control_frames_wait_at_a_full_device_and_go_before_data),
		cmocka_unit_test(control_frames_alone_leave_no_empty_burst_behind_them),
		cmocka_unit_test(control_frames_wait_for_room_in_the_ring_to_the_sending_worker),
		cmocka_unit_test(control_frames_at_a_dead_or_stuck_device_do_not_pile_up),
		cmocka_unit_test(nothing_is_sent_without_carrier_and_control_is_told),
		cmocka_unit_test(workers_without_a_queue_send_through_one_that_has),
		cmocka_unit_test(two_queues_serve_three_workers),
		cmocka_unit_test(each_receive_queue_is_polled_by_exactly_one_worker),
		cmocka_unit_test(a_full_ring_to_the_sending_worker_drops_and_counts),
		cmocka_unit_test(a_driver_without_rules_is_asked_once_and_what_it_said_is_shown),
		cmocka_unit_test(ports_without_an_address_get_a_local_one_each),
		cmocka_unit_test(buffers_are_as_large_as_the_largest_mtu_wants),
		cmocka_unit_test(a_null_device_is_made_and_removed_again),
		cmocka_unit_test(what_a_port_lacks_is_said_with_its_name),
		cmocka_unit_test(a_kernel_device_that_is_gone_has_neither_mtu_nor_carrier),
		cmocka_unit_test(the_same_device_twice_is_refused),
		cmocka_unit_test(too_little_memory_is_said_with_what_would_do),
		cmocka_unit_test(a_frame_of_a_pcap_file_arrives_and_a_chain_is_written_to_one),
	};

	return cmocka_run_group_tests_name("ports", tests, NULL, NULL);
}
