/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/rig.h"

/* Turns, tickets and marks; and that two workers do what one does, frames handed over in both directions. */

static struct rig r;

enum { PPP_IP4 = 0x0021, MS = 1000000 };

static struct worker *
worker(unsigned i)
{
	return r.dp->workers[i];
}

/* ------------------------------------------------------------------ commands */

static void
a_ticket_is_applied_when_its_worker_has_turned(void **state)
{
	const struct dp_cmd cmd = {.op = DP_CMD_BUNDLE_REMOVE, .bundle = 1};
	uint32_t first, second;

	(void)state;
	rig_open(&r, &(struct rig_wish){.workers = 2});
	assert_true(dp_command(r.dp, 1, &cmd, &first));
	assert_true(dp_command(r.dp, 1, &cmd, &second));
	assert_int_equal(second, first + 1);
	worker_turn(worker(0), r.now_ns);
	assert_false(dp_applied(r.dp, 1, first));
	worker_turn(worker(1), r.now_ns);
	assert_true(dp_applied(r.dp, 1, first));
	assert_true(dp_applied(r.dp, 1, second));
	assert_false(dp_applied(r.dp, 1, second + 1));
	assert_false(dp_applied(r.dp, 2, first));
	rig_close(&r);
}

static void
tickets_are_compared_across_the_wrap(void **state)
{
	const struct dp_cmd cmd = {.op = DP_CMD_BUNDLE_REMOVE, .bundle = 1};
	uint32_t ticket;

	(void)state;
	rig_open(&r, &(struct rig_wish){.workers = 1});
	r.dp->tickets[0] = UINT32_MAX - 1;
	atomic_store(&worker(0)->applied, UINT32_MAX - 1);
	for (unsigned i = 0; i < 4; i++) {
		assert_true(dp_command(r.dp, 0, &cmd, &ticket));
		assert_false(dp_applied(r.dp, 0, ticket));
		rig_turn(&r);
		assert_true(dp_applied(r.dp, 0, ticket));
	}
	assert_int_equal(ticket, 2);
	rig_close(&r);
}

static void
a_full_command_ring_refuses_until_the_worker_has_turned(void **state)
{
	const struct dp_cmd cmd = {.op = DP_CMD_BUNDLE_REMOVE, .bundle = 1};
	uint32_t ticket = 0, last = 0;
	unsigned n = 0;

	(void)state;
	rig_open(&r, &(struct rig_wish){.workers = 1});
	while (dp_command(r.dp, 0, &cmd, &ticket)) {
		last = ticket;
		n++;
	}
	assert_int_equal(n, RING_ELEMS - 1);
	rig_turn(&r);
	/* one turn does a bounded number, so that data is not kept waiting */
	assert_false(dp_applied(r.dp, 0, last));
	assert_true(dp_command(r.dp, 0, &cmd, &ticket));
	rig_settle(&r);
	assert_true(dp_applied(r.dp, 0, ticket));
	assert_int_equal(ticket, last + 1);
	rig_close(&r);
}

/* ------------------------------------------------------------------ marks */

static void
a_mark_is_passed_after_two_rounds_of_all_workers(void **state)
{
	uint32_t mark;

	(void)state;
	rig_open(&r, &(struct rig_wish){.workers = 2});
	mark = dp_quiescence_mark(r.dp);
	assert_false(dp_quiescent(r.dp, mark));
	worker_turn(worker(0), r.now_ns);
	worker_turn(worker(0), r.now_ns);
	assert_false(dp_quiescent(r.dp, mark));
	worker_turn(worker(1), r.now_ns);
	/* the first round is over: nobody looks old entries up any more, but what was steered may still wait */
	assert_false(dp_quiescent(r.dp, mark));
	worker_turn(worker(1), r.now_ns);
	assert_false(dp_quiescent(r.dp, mark));
	worker_turn(worker(0), r.now_ns);
	assert_true(dp_quiescent(r.dp, mark));
	rig_close(&r);
}

static void
marks_may_overlap(void **state)
{
	uint32_t first, second;

	(void)state;
	rig_open(&r, &(struct rig_wish){.workers = 2});
	first = dp_quiescence_mark(r.dp);
	worker_turn(worker(0), r.now_ns);
	second = dp_quiescence_mark(r.dp);
	for (unsigned rounds = 0; !dp_quiescent(r.dp, second); rounds++) {
		assert_in_range(rounds, 0, 4);
		rig_turn(&r);
	}
	assert_true(dp_quiescent(r.dp, first));
	rig_close(&r);
}

static void
what_was_steered_before_a_mark_is_gone_when_it_is_passed(void **state)
{
	uint32_t mark;

	(void)state;
	rig_open(&r, &(struct rig_wish){.workers = 2});
	for (unsigned i = 0; i < 100; i++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(worker(0)->pool);

		assert_non_null(m);
		rte_pktmbuf_append(m, 60);
		*pkt(m) = (struct pkt){.home = 1, .bundle = 3};
		steer_frame(worker(0), m, STEER_TO_LINKS); /* in the turn that is under way */
	}
	mark = dp_quiescence_mark(r.dp);
	while (!dp_quiescent(r.dp, mark)) {
		worker_turn(worker(1), r.now_ns);
		worker_turn(worker(0), r.now_ns);
	}
	assert_int_equal(rte_ring_count(worker(1)->steer[0]), 0);
	assert_int_equal(rig_drops(&r, DROP_BUNDLE_GONE), 100);
	rig_close(&r);
}

/* ------------------------------------------------------------------ turns */

static void
an_idle_turn_moves_nothing_and_is_counted(void **state)
{
	struct dp_worker_stats s;

	(void)state;
	rig_open(&r, &(struct rig_wish){.workers = 2, .access_ports = 1});
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(worker_turn(worker(1), r.now_ns), 0);
	dp_worker_stats(r.dp, 1, &s);
	assert_int_equal(s.turns, 10);
	assert_int_equal(s.idle_turns, 10);
	assert_true(worker_next_ns(worker(1)) == UINT64_MAX);
	dp_worker_stats(r.dp, 2, &s);
	assert_int_equal(s.turns, 0);
	rig_close(&r);
}

static void
sessions_that_make_no_sense_are_refused(void **state)
{
	const struct dp_session_key ip = {.port = 1, .session = 1}, none = {.port = 9, .session = 1};
	const struct dp_session_key good = {.port = 0, .session = 1};
	const struct dp_bundle_ref far = {.home = 1}, here = {.home = 0, .index = 1};

	(void)state;
	rig_open(&r, &(struct rig_wish){.workers = 1, .access_ports = 1, .ip_ports = 1});
	assert_int_equal(dp_session_punt(r.dp, &ip), -EINVAL);
	assert_int_equal(dp_session_punt(r.dp, &none), -EINVAL);
	assert_int_equal(dp_session_link(r.dp, &good, far, 0), -EINVAL);
	assert_int_equal(dp_session_link(r.dp, &good, here, DP_BUNDLE_LINKS_MAX), -EINVAL);
	assert_int_equal(dp_session_clear(r.dp, &good), -ENOENT);
	assert_int_equal(dp_session_punt(r.dp, &good), 0);
	assert_int_equal(dp_session_link(r.dp, &good, here, 0), 0);
	assert_int_equal(dp_session_clear(r.dp, &good), 0);
	rig_close(&r);
}

/* ------------------------------------------------------------------ one worker or two
 *
 * Two lines on ports 0 and 1, hosts on port 2. With two workers the bundle's home is worker 1, port 0 and the IP port are polled by
 * worker 0, port 1 by worker 1; each port has one queue, so that worker 1 also sends through worker 0. */

enum { PACKETS = 300, OUT_MAX = 4 * PACKETS };

static const uint32_t subscriber = 0x0a000001, host = 0xc0000201;
static const struct mac peer_mac = {{0x04, 0, 0, 0, 0, 1}}, host_mac = {{0x04, 0, 0, 0, 0, 2}};

static struct output {
	unsigned n[3];
	struct frame frames[3][OUT_MAX];
} one, two;

static struct frame_path
line_path(unsigned slot)
{
	return (struct frame_path){.dst = rig_mac(&r, slot), .src = peer_mac, .session = (uint16_t)(slot + 1)};
}

static void
line_open(uint16_t home, unsigned slot)
{
	static const uint64_t rates[] = {30000000, 10000000};
	const struct dp_session_key key = {
		.port = (uint16_t)slot, .session = (uint16_t)(slot + 1), .peer = peer_mac, .local = rig_mac(&r, slot)};
	const struct dp_bundle_ref bundle = {.index = 5, .home = home, .gen = 1};
	const struct dp_cmd cmd = {
		.op = DP_CMD_LINK_SET,
		.bundle = 5,
		.gen = 1,
		.link_set = {.slot = (uint8_t)slot,
			.peer = peer_mac,
			.local = key.local,
			.port = (uint16_t)slot,
			.session = key.session,
			.tx_mru = 1492,
			.rate_bps = rates[slot]},
	};

	rig_command(&r, home, &cmd);
	assert_int_equal(dp_session_link(r.dp, &key, bundle, slot), 0);
}

static void
bundle_open(uint16_t home)
{
	const struct dp_cmd cmd = {
		.op = DP_CMD_BUNDLE_SET,
		.bundle = 5,
		.gen = 1,
		.bundle_set = {.flags = DP_BUNDLE_MP | DP_BUNDLE_V4,
			.rx_mrru = 1500,
			.tx_mrru = 1500,
			.min_fragment = 64,
			.mode = DP_SCHED_WEIGHTED,
			.stall_min_ms = 50,
			.stall_max_ms = 500,
			.queue_ms = 1000,
			.window_slots_max = 1024},
	};
	const struct dp_next to_subscriber = {.kind = DP_NEXT_BUNDLE, .bundle = {.index = 5, .home = home, .gen = 1}};
	const struct dp_next to_hosts = {.kind = DP_NEXT_CONNECTED, .port = 2};

	rig_command(&r, home, &cmd);
	line_open(home, 0);
	line_open(home, 1);
	assert_int_equal(dp_route_set(r.dp, htonl(subscriber), 32, &to_subscriber), 0);
	assert_int_equal(dp_route_set(r.dp, htonl(host & 0xffffff00), 24, &to_hosts), 0);
	assert_int_equal(dp_neighbour_set(r.dp, 2, htonl(host), &host_mac), 0);
}

/* Packet i of the subscriber, in two fragments over the two lines, the second of odd ones first. */
static void
from_links_send(unsigned i)
{
	const struct frame_path a = line_path(0), b = line_path(1);
	static struct frame packet, inner, f[2];
	const size_t cut = 200 + i;

	packet_udp(&packet, subscriber, host, 64, i, 600 + i);
	inner.len = 0;
	frame_add_be16(&inner, PPP_IP4);
	frame_add(&inner, packet.b, packet.len);
	frame_mp(&f[0], &a, false, 2 * i, true, false, inner.b, cut);
	frame_mp(&f[1], &b, false, 2 * i + 1, false, true, inner.b + cut, inner.len - cut);
	rig_send(&r, i % 2, &f[i % 2]);
	rig_send(&r, (i + 1) % 2, &f[(i + 1) % 2]);
}

static void
to_links_send(unsigned i)
{
	const struct frame_path path = {.dst = rig_mac(&r, 2), .src = host_mac};
	static struct frame packet, f;

	packet_udp(&packet, host, subscriber, 64, i, 300 + 4 * i);
	frame_eth(&f, &path, ETHERTYPE_V4);
	frame_add(&f, packet.b, packet.len);
	rig_send(&r, 2, &f);
}

static void
collect(struct output *out)
{
	for (unsigned port = 0; port < 3; port++)
		while (rig_waiting(&r, port) != 0) {
			assert_in_range(out->n[port], 0, OUT_MAX - 1);
			assert_true(rig_receive(&r, port, &out->frames[port][out->n[port]++]));
		}
}

static void
run_with(unsigned workers, uint16_t home, struct output *out, uint64_t handed[2])
{
	rig_open(&r, &(struct rig_wish){.workers = workers, .access_ports = 2, .ip_ports = 1});
	bundle_open(home);
	out->n[0] = out->n[1] = out->n[2] = 0;
	for (unsigned i = 0; i < PACKETS; i++) {
		from_links_send(i);
		to_links_send(i);
		rig_run(&r, MS / 2, MS / 10);
		collect(out);
	}
	rig_run(&r, 100 * MS, MS);
	collect(out);
	handed[0] = handed[1] = 0;
	for (unsigned i = 0; i < workers; i++) {
		handed[0] += worker(i)->steered_from_links;
		handed[1] += worker(i)->steered_to_links;
	}
	if (rig_drops_all(&r) != 0)
		rig_explain(&r);
	assert_int_equal(rig_drops_all(&r), 0);
	rig_close(&r);
}

static void
two_workers_send_what_one_sends(void **state)
{
	uint64_t alone[2], handed[2];

	(void)state;
	run_with(1, 0, &one, alone);
	run_with(2, 1, &two, handed);
	assert_int_equal(alone[0] + alone[1], 0);
	assert_int_equal(handed[0], PACKETS);
	assert_int_equal(handed[1], PACKETS);
	assert_int_equal(one.n[2], PACKETS);
	assert_true(one.n[0] + one.n[1] >= PACKETS);
	for (unsigned port = 0; port < 3; port++) {
		assert_int_equal(one.n[port], two.n[port]);
		for (unsigned i = 0; i < one.n[port]; i++)
			assert_true(frame_equal(&one.frames[port][i], &two.frames[port][i]));
	}
}

static void
packets_out_of_a_bundle_are_the_subscribers_in_order(void **state)
{
	struct frame want;

	(void)state;
	/* what two_workers_send_what_one_sends() left: TTL one less, the rest as it was */
	assert_int_equal(two.n[2], PACKETS);
	for (unsigned i = 0; i < PACKETS; i++) {
		const struct frame *got = &two.frames[2][i];

		packet_udp(&want, subscriber, host, 63, i, 600 + i);
		assert_int_equal(got->len, ETH_HDR_LEN + want.len);
		assert_memory_equal(got->b, &host_mac, ETH_ADDR_LEN);
		assert_memory_equal(got->b + ETH_HDR_LEN, want.b, want.len);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ticket_is_applied_when_its_worker_has_turned),
		cmocka_unit_test(tickets_are_compared_across_the_wrap),
		cmocka_unit_test(a_full_command_ring_refuses_until_the_worker_has_turned),
		cmocka_unit_test(a_mark_is_passed_after_two_rounds_of_all_workers),
		cmocka_unit_test(marks_may_overlap),
		cmocka_unit_test(what_was_steered_before_a_mark_is_gone_when_it_is_passed),
		cmocka_unit_test(an_idle_turn_moves_nothing_and_is_counted),
		cmocka_unit_test(sessions_that_make_no_sense_are_refused),
		cmocka_unit_test(two_workers_send_what_one_sends),
		cmocka_unit_test(packets_out_of_a_bundle_are_the_subscribers_in_order),
	};

	return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
