/* SPDX-License-Identifier: BSD-3-Clause */
#include <poll.h>
#include <rte_ring.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/wire/pppoe.h"
#include "tests/support/rig.h"

/* What travels over the rings: punted and injected frames, steered packets, events; their budgets, and what happens when they are
 * full. */

static struct rig r;
static struct dp_punted punted;

enum { PPP_LCP_PROTO = 0xc021, SECOND_NS = 1000000000 };

static struct worker *
worker(unsigned i)
{
	return r.dp->workers[i];
}

static struct rte_mbuf *
mbuf_of(const void *bytes, size_t n)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(worker(0)->pool);

	assert_non_null(m);
	memcpy(rte_pktmbuf_append(m, (uint16_t)n), bytes, n);
	*pkt(m) = (struct pkt){0};
	return m;
}

static struct rte_mbuf *
mbuf_of_frame(const struct frame *f, uint16_t port)
{
	struct rte_mbuf *m = mbuf_of(f->b, f->len);

	pkt(m)->port = port;
	return m;
}

static void
punt_lcp(uint16_t port, uint16_t session)
{
	const struct frame_path path = {.dst = {{2}}, .src = {{4}}, .session = session};
	static const uint8_t echo[8] = {9, 1, 0, 8};
	struct frame f;

	frame_session(&f, &path, PPP_LCP_PROTO, echo, sizeof(echo));
	punt_frame(worker(0), mbuf_of_frame(&f, port), DP_FROM_PORT);
}

static void
punt_padi(uint16_t port)
{
	const struct frame_path path = {.dst = {{255, 255, 255, 255, 255, 255}}, .src = {{4}}};
	struct frame f;

	frame_discovery(&f, &path, PPPOE_CODE_PADI);
	punt_frame(worker(0), mbuf_of_frame(&f, port), DP_FROM_PORT);
}

static unsigned
punts_drain(void)
{
	unsigned n = 0;

	while (dp_punted_next(r.dp, &punted))
		n++;
	return n;
}

static bool
control_is_woken(void)
{
	struct pollfd p = {.fd = dp_event_fd(r.dp), .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

/* ------------------------------------------------------------------ punt */

static void
a_punted_frame_keeps_its_bytes_and_where_it_came_from(void **state)
{
	const struct frame_path path = {.dst = {{255, 255, 255, 255, 255, 255}}, .src = {{4}}};
	struct frame f;

	(void)state;
	rig_open(&r, &(struct rig_wish){.access_ports = 2});
	worker(0)->now_ns = r.now_ns;
	frame_discovery(&f, &path, PPPOE_CODE_PADI);
	frame_add_pattern(&f, 3, 700);
	punt_frame(worker(0), mbuf_of_frame(&f, 1), DP_FROM_PORT);
	assert_true(dp_punted_next(r.dp, &punted));
	assert_int_equal(punted.origin, DP_FROM_PORT);
	assert_int_equal(punted.port, 1);
	assert_int_equal(punted.len, f.len);
	assert_memory_equal(punted.bytes, f.b, f.len);
	assert_false(dp_punted_next(r.dp, &punted));
	rig_close(&r);
}

static void
a_punted_packet_says_why_and_whose_it_is(void **state)
{
	static const uint8_t bytes[40] = {0x45};
	struct rte_mbuf *m;

	(void)state;
	rig_open(&r, &(struct rig_wish){.ip_ports = 1, .workers = 2});
	m = mbuf_of(bytes, sizeof(bytes));
	*pkt(m) = (struct pkt){.why = DP_PUNT_GLEAN,
		.flags = PKT_FROM_BUNDLE,
		.bundle = 77,
		.home = 1,
		.gen = 9,
		.slot = 3,
		.port = 5,
		.mtu = 1400,
		.next_hop_be = 0x04030201};
	punt_frame(worker(1), m, DP_FROM_ROUTE);
	assert_true(dp_punted_next(r.dp, &punted));
	assert_int_equal(punted.origin, DP_FROM_ROUTE);
	assert_int_equal(punted.why, DP_PUNT_GLEAN);
	assert_true(punted.from_bundle);
	assert_int_equal(punted.bundle.index, 77);
	assert_int_equal(punted.bundle.home, 1);
	assert_int_equal(punted.bundle.gen, 9);
	assert_int_equal(punted.port, 5);
	assert_int_equal(punted.mtu, 1400);
	assert_int_equal(punted.next_hop_be, 0x04030201);
	rig_close(&r);
}

static void
a_punted_chain_comes_in_one_piece_and_cut_to_what_fits(void **state)
{
	static uint8_t part[1500];
	struct rte_mbuf *m;

	(void)state;
	rig_open(&r, &(struct rig_wish){.ip_ports = 1});
	memset(part, 1, sizeof(part));
	m = mbuf_of(part, sizeof(part));
	memset(part, 2, sizeof(part));
	rte_pktmbuf_chain(m, mbuf_of(part, sizeof(part)));
	punt_frame(worker(0), m, DP_FROM_BUNDLE);
	assert_true(dp_punted_next(r.dp, &punted));
	assert_int_equal(punted.len, DP_CONTROL_FRAME_MAX);
	for (unsigned i = 0; i < punted.len; i++)
		assert_int_equal(punted.bytes[i], i < 1500 ? 1 : 2);
	rig_close(&r);
}

static void
a_full_ring_to_control_drops_and_counts(void **state)
{
	(void)state;
	rig_open(&r, &(struct rig_wish){.access_ports = 1});
	for (unsigned i = 0; i < RING_ELEMS + 9; i++)
		punt_padi(0);
	assert_int_equal(rig_drops(&r, DROP_PUNT_FULL), 10);
	assert_int_equal(worker(0)->punted, RING_ELEMS - 1);
	assert_int_equal(punts_drain(), RING_ELEMS - 1);
	rig_close(&r);
}

/* What the budget lets through must have room while control is away, or answers are lost that nobody meant to refuse. */
static void
the_ring_to_control_holds_what_the_budget_lets_through(void **state)
{
	enum { PPS = 20000, AT_ONCE = PPS / 10 };

	(void)state;
	rig_open(&r, &(struct rig_wish){.access_ports = 1, .pool_mbufs = 32768, .punt_total_pps = PPS});
	for (unsigned tenth = 0; tenth < 2; tenth++) {
		worker(0)->now_ns = r.now_ns + tenth * UINT64_C(100000000);
		for (unsigned i = 0; i < AT_ONCE; i++)
			punt_lcp(0, (uint16_t)(i + 1));
	}
	assert_int_equal(rig_drops_all(&r), 0);
	assert_int_equal(punts_drain(), 2 * AT_ONCE);
	rig_close(&r);
}

static void
a_session_has_its_own_budget(void **state)
{
	unsigned n;

	(void)state;
	rig_open(&r, &(struct rig_wish){.access_ports = 2, .punt_session_pps = 20});
	worker(0)->now_ns = r.now_ns;
	for (unsigned i = 0; i < 100; i++)
		punt_lcp(0, 5);
	n = punts_drain();
	assert_int_equal(n, 10); /* half a second's worth at once */
	assert_int_equal(rig_drops(&r, DROP_PUNT_BUDGET), 90);
	/* other sessions, and the same id on another port, are others */
	punt_lcp(0, 6);
	punt_lcp(1, 5);
	assert_int_equal(punts_drain(), 2);
	/* and it earns 20 a second again */
	worker(0)->now_ns += SECOND_NS / 4;
	for (unsigned i = 0; i < 100; i++)
		punt_lcp(0, 5);
	assert_int_equal(punts_drain(), 5);
	rig_close(&r);
}

static void
nobody_gets_a_fresh_budget_by_opening_other_sessions(void **state)
{
	(void)state;
	rig_open(&r, &(struct rig_wish){.access_ports = 1, .punt_session_pps = 20, .bundles_max = 64});
	worker(0)->now_ns = r.now_ns;
	for (unsigned i = 0; i < 100; i++)
		punt_lcp(0, 5);
	assert_int_equal(punts_drain(), 10);
	/* more sessions than the table has places, each quiet */
	for (uint16_t s = 100; s < 9000; s++) {
		punt_lcp(0, s);
		punts_drain();
	}
	punt_lcp(0, 5);
	assert_int_equal(punts_drain(), 0);
	rig_close(&r);
}

static void
a_flood_of_discovery_leaves_room_for_sessions(void **state)
{
	unsigned sessions = 0;

	(void)state;
	rig_open(&r, &(struct rig_wish){.access_ports = 1, .punt_total_pps = 1600});
	worker(0)->now_ns = r.now_ns;
	for (unsigned ms = 0; ms < 2000; ms++) {
		worker(0)->now_ns += SECOND_NS / 1000;
		for (unsigned i = 0; i < 20; i++)
			punt_padi(0);
		if (ms % 10 == 0) {
			const uint64_t before = worker(0)->punted;

			punt_lcp(0, (uint16_t)(ms / 10));
			sessions += (unsigned)(worker(0)->punted - before);
		}
		punts_drain();
	}
	assert_int_equal(sessions, 200);
	/* discovery itself got its 6/16 of 1600 a second, and the first burst */
	assert_in_range(worker(0)->punted - sessions, 1180, 1290);
	rig_close(&r);
}

static void
the_total_budget_bounds_sessions_too(void **state)
{
	(void)state;
	rig_open(&r, &(struct rig_wish){.access_ports = 1, .punt_total_pps = 1000});
	worker(0)->now_ns = r.now_ns;
	for (unsigned ms = 0; ms < 1000; ms++) {
		worker(0)->now_ns += SECOND_NS / 1000;
		for (uint16_t i = 0; i < 10; i++)
			punt_lcp(0, (uint16_t)(ms * 10 + i));
		punts_drain();
	}
	assert_in_range(worker(0)->punted, 990, 1110);
	rig_close(&r);
}

static void
a_scanning_subscriber_does_not_use_up_what_others_may_punt(void **state)
{
	static const uint8_t bytes[40] = {0x45};
	unsigned others = 0;

	(void)state;
	rig_open(&r, &(struct rig_wish){.ip_ports = 1, .punt_total_pps = 1600, .punt_session_pps = 20});
	worker(0)->now_ns = r.now_ns;
	for (unsigned ms = 0; ms < 1000; ms++) {
		worker(0)->now_ns += SECOND_NS / 1000;
		for (unsigned i = 0; i < 6; i++) {
			struct rte_mbuf *m = mbuf_of(bytes, sizeof(bytes));
			const uint64_t before = worker(0)->punted;

			*pkt(m) = (struct pkt){
				.why = DP_PUNT_GLEAN, .flags = PKT_FROM_BUNDLE, .bundle = i == 5 ? 1000 + ms : 7};
			punt_frame(worker(0), m, DP_FROM_ROUTE);
			others += i == 5 && ms % 10 == 0 && worker(0)->punted != before;
		}
		punts_drain();
	}
	assert_true(others > 20);
	rig_close(&r);
}

/* ------------------------------------------------------------------ waking control */

static void
control_is_woken_once_until_it_has_looked(void **state)
{
	struct dp_event e[4];
	bool lost;

	(void)state;
	rig_open(&r, &(struct rig_wish){.access_ports = 1});
	rig_turn(&r);
	assert_false(control_is_woken());
	punt_padi(0);
	punt_padi(0);
	rig_turn(&r);
	assert_true(control_is_woken());
	assert_int_equal(dp_events(r.dp, e, 4, &lost), 0);
	assert_false(control_is_woken());
	punt_padi(0);
	rig_turn(&r);
	assert_true(control_is_woken());
	assert_int_equal(dp_events(r.dp, e, 4, &lost), 0);
	assert_int_equal(punts_drain(), 3);
	rig_turn(&r);
	assert_false(control_is_woken());
	rig_close(&r);
}

static void
events_come_from_all_workers_in_order(void **state)
{
	struct dp_event e[16];
	unsigned seen[2] = {0, 0};
	bool lost = false;

	(void)state;
	rig_open(&r, &(struct rig_wish){.workers = 2});
	for (unsigned i = 0; i < 6; i++) {
		e[0] = (struct dp_event){.op = DP_EVENT_LINK_GONE, .bundle = i % 2 * 100 + i / 2};
		worker_event(worker(i % 2), &e[0]);
	}
	assert_int_equal(dp_events(r.dp, e, 16, &lost), 6);
	assert_false(lost);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(e[i].bundle % 100, seen[e[i].bundle / 100]++);
	assert_int_equal(dp_events(r.dp, e, 16, &lost), 0);
	rig_close(&r);
}

static void
lost_events_are_told_once(void **state)
{
	static struct dp_event e[2 * RING_ELEMS];
	bool lost = false;

	(void)state;
	rig_open(&r, &(struct rig_wish){.workers = 1});
	for (unsigned i = 0; i < RING_ELEMS + 5; i++) {
		const struct dp_event one = {.op = DP_EVENT_BUNDLE_GONE, .bundle = i};

		worker_event(worker(0), &one);
	}
	assert_int_equal(dp_events(r.dp, e, 2 * RING_ELEMS, &lost), RING_ELEMS - 1);
	assert_true(lost);
	lost = false;
	assert_int_equal(dp_events(r.dp, e, 16, &lost), 0);
	assert_false(lost);
	rig_close(&r);
}

/* ------------------------------------------------------------------ inject */

static void
an_injected_frame_leaves_its_port(void **state)
{
	const struct dp_target to = {.kind = DP_TO_PORT, .port = 1};
	static struct frame f, got;

	(void)state;
	rig_open(&r, &(struct rig_wish){.workers = 2, .access_ports = 1, .ip_ports = 1});
	frame_add_pattern(&f, 8, 333);
	assert_true(dp_inject(r.dp, &to, f.b, f.len));
	rig_turn(&r);
	assert_true(rig_receive(&r, 1, &got));
	assert_true(frame_equal(&f, &got));
	assert_int_equal(worker(0)->injected + worker(1)->injected, 1);
	rig_close(&r);
}

static void
an_injected_frame_goes_through_the_home_that_is_named(void **state)
{
	static struct frame f, got;

	(void)state;
	for (unsigned home = 0; home < 2; home++) {
		const struct dp_target to = {
			.kind = DP_TO_PORT, .port = 1, .by_home = true, .bundle = {.home = (uint8_t)home}};

		rig_open(&r, &(struct rig_wish){.workers = 2, .access_ports = 1, .ip_ports = 1});
		f.len = 0;
		frame_add_pattern(&f, 8, 333);
		assert_true(dp_inject(r.dp, &to, f.b, f.len));
		for (unsigned i = 0; i < 3; i++)
			rig_turn(&r);
		assert_true(rig_receive(&r, 1, &got));
		assert_true(frame_equal(&f, &got));
		assert_int_equal(worker(home)->injected, 1);
		assert_int_equal(worker(!home)->injected, 0);
		rig_close(&r);
	}
}

static void
what_cannot_be_injected_is_refused(void **state)
{
	const struct dp_target no_port = {.kind = DP_TO_PORT, .port = 7};
	const struct dp_target no_home = {.kind = DP_TO_BUNDLE, .bundle = {.home = 5}};
	const struct dp_target no_port_home = {.kind = DP_TO_PORT, .port = 7, .by_home = true};
	const struct dp_target no_worker = {.kind = DP_TO_PORT, .by_home = true, .bundle = {.home = 5}};
	const struct dp_target port = {.kind = DP_TO_PORT, .port = 0};
	static uint8_t long_frame[5000];

	(void)state;
	rig_open(&r, &(struct rig_wish){.access_ports = 1});
	assert_false(dp_inject(r.dp, &no_port, long_frame, 60));
	assert_false(dp_inject(r.dp, &no_home, long_frame, 60));
	assert_false(dp_inject(r.dp, &no_port_home, long_frame, 60));
	assert_false(dp_inject(r.dp, &no_worker, long_frame, 60));
	assert_false(dp_inject(r.dp, &port, long_frame, sizeof(long_frame)));
	assert_false(dp_inject(r.dp, &port, long_frame, 0));
	rig_close(&r);
}

static void
a_full_inject_ring_or_an_empty_pool_refuses(void **state)
{
	const struct dp_target to = {.kind = DP_TO_PORT, .port = 0};
	static const uint8_t bytes[60];
	unsigned n = 0;

	(void)state;
	rig_open(&r, &(struct rig_wish){.access_ports = 1});
	while (dp_inject(r.dp, &to, bytes, sizeof(bytes)))
		n++;
	assert_int_equal(n, RING_ELEMS - 1);
	rig_settle(&r);
	assert_int_equal(rig_waiting(&r, 0), RING_ELEMS - 1);
	rig_close(&r);
	rig_open(&r, &(struct rig_wish){.access_ports = 1, .pool_mbufs = 16});
	for (n = 0; dp_inject(r.dp, &to, bytes, sizeof(bytes));)
		n++;
	assert_int_equal(n, 16);
	rig_close(&r);
}

static void
control_frames_for_a_bundle_that_is_not_there_are_counted(void **state)
{
	const struct dp_target to = {.kind = DP_TO_BUNDLE, .bundle = {.index = 3, .gen = 1}};
	static const uint8_t bytes[20] = {0x80, 0x21};

	(void)state;
	rig_open(&r, &(struct rig_wish){.access_ports = 1});
	assert_true(dp_inject(r.dp, &to, bytes, sizeof(bytes)));
	rig_turn(&r);
	assert_int_equal(rig_drops(&r, DROP_INJECT_STALE), 1);
	rig_close(&r);
}

/* ------------------------------------------------------------------ steer */

static void
steered_packets_arrive_with_their_kind_in_order(void **state)
{
	(void)state;
	rig_open(&r, &(struct rig_wish){.workers = 3});
	for (unsigned i = 0; i < 200; i++) {
		struct rte_mbuf *m = mbuf_of(&i, sizeof(i));

		pkt(m)->home = 2;
		steer_frame(worker(0), m, i % 2 ? STEER_TO_LINKS : STEER_FROM_LINKS);
	}
	worker_turn(worker(0), r.now_ns);
	assert_int_equal(worker(0)->steered_from_links, 100);
	assert_int_equal(worker(0)->steered_to_links, 100);
	assert_int_equal(rte_ring_count(worker(2)->steer[0]), 200);
	assert_int_equal(rte_ring_count(worker(1)->steer[0]), 0);
	for (unsigned i = 0; i < 200; i++) {
		struct rte_mbuf *m = NULL;

		assert_int_equal(rte_ring_dequeue(worker(2)->steer[0], (void **)&m), 0);
		assert_int_equal(*rte_pktmbuf_mtod(m, unsigned *), i);
		assert_int_equal(pkt(m)->kind, i % 2 ? STEER_TO_LINKS : STEER_FROM_LINKS);
		rte_pktmbuf_free(m);
	}
	rig_close(&r);
}

static void
a_full_steer_ring_drops_and_counts(void **state)
{
	const unsigned n = STEER_ELEMS + 70;

	(void)state;
	rig_open(&r, &(struct rig_wish){.workers = 2});
	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = mbuf_of(&i, sizeof(i));

		pkt(m)->home = 1;
		steer_frame(worker(0), m, STEER_FROM_LINKS);
	}
	worker_turn(worker(0), r.now_ns);
	assert_int_equal(worker(0)->drops[DROP_STEER_FULL], n - (STEER_ELEMS - 1));
	rig_close(&r);
}

/* ------------------------------------------------------------------ drops */

static void
every_drop_reason_has_a_name_and_a_sentence(void **state)
{
	(void)state;
	for (unsigned i = 0; i < DROP_REASONS; i++) {
		assert_non_null(drop_name((enum drop_reason)i));
		assert_true(strlen(drop_sentence((enum drop_reason)i)) > 10);
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(drop_name((enum drop_reason)i), drop_name((enum drop_reason)j));
	}
	assert_string_equal(drop_name(DROP_MP_LATE), "mp_late");
	assert_null(drop_name(DROP_REASONS));
	assert_null(drop_sentence(DROP_REASONS));
}

static void
dropped_packets_go_back_to_their_pool_in_bulk(void **state)
{
	unsigned before;

	(void)state;
	rig_open(&r, &(struct rig_wish){.workers = 1});
	before = dp_mbufs_free(r.dp);
	for (unsigned i = 0; i < 3 * FREE_BATCH + 5; i++)
		drop(worker(0), mbuf_of(&i, sizeof(i)), DROP_NOT_PPPOE);
	assert_int_equal(before - dp_mbufs_free(r.dp), FREE_BATCH >= 5 ? 5 : 0);
	rig_turn(&r);
	assert_int_equal(dp_mbufs_free(r.dp), before);
	assert_int_equal(dp_mbufs_total(r.dp), before);
	assert_int_equal(rig_drops(&r, DROP_NOT_PPPOE), 3 * FREE_BATCH + 5);
	rig_close(&r);
}

/* What a leak would show in, each moved by one of what it counts. */
static void
what_waits_and_what_is_taken_is_told(void **state)
{
	const struct dp_target to = {.kind = DP_TO_PORT, .port = 0};
	const struct dp_event event = {.op = DP_EVENT_LINK_GONE};
	const struct dp_cmd none = {.op = DP_CMD_LINK_REMOVE};
	struct dp_worker_stats s;
	struct dp_event got[4];
	struct rte_mbuf *m[3];
	uint8_t bytes[60] = {0};

	(void)state;
	rig_open(&r, &(struct rig_wish){.workers = 2, .access_ports = 1});
	assert_true(dp_inject(r.dp, &to, bytes, sizeof(bytes)));
	assert_true(dp_command(r.dp, 0, &none, NULL));
	worker_event(worker(0), &event);
	pkt(m[0] = mbuf_of(bytes, sizeof(bytes)))->home = 0;
	steer_frame(worker(1), m[0], STEER_FROM_LINKS);
	port_tx(worker(1), &r.dp->ports[0], mbuf_of(bytes, sizeof(bytes)));
	port_tx_flush(worker(1));
	dp_worker_stats(r.dp, 0, &s);
	assert_int_equal(s.waiting.inject, 1);
	assert_int_equal(s.waiting.command, 1);
	assert_int_equal(s.waiting.event, 1);
	assert_int_equal(s.waiting.tx, 1);
	rig_settle(&r);
	dp_events(r.dp, got, 4, NULL);
	dp_worker_stats(r.dp, 0, &s);
	assert_int_equal(s.waiting.inject + s.waiting.command + s.waiting.event + s.waiting.tx + s.waiting.steer, 0);
	assert_int_equal(s.held_bytes + s.queued_bytes + s.deep_slots, 0);

	assert_int_equal(dp_pool_free(r.dp, DP_POOL_INDIRECT), dp_pool_total(r.dp, DP_POOL_INDIRECT));
	assert_int_equal(rte_pktmbuf_alloc_bulk(worker(0)->indirect_pool, m, 3), 0);
	assert_int_equal(dp_pool_total(r.dp, DP_POOL_INDIRECT) - dp_pool_free(r.dp, DP_POOL_INDIRECT), 3);
	rte_pktmbuf_free_bulk(m, 3);
	assert_int_equal(dp_pool_total(r.dp, DP_POOL_JOINED), 0);
	rig_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_punted_frame_keeps_its_bytes_and_where_it_came_from),
		cmocka_unit_test(a_punted_packet_says_why_and_whose_it_is),
		cmocka_unit_test(a_punted_chain_comes_in_one_piece_and_cut_to_what_fits),
		cmocka_unit_test(a_full_ring_to_control_drops_and_counts),
		cmocka_unit_test(the_ring_to_control_holds_what_the_budget_lets_through),
		cmocka_unit_test(a_session_has_its_own_budget),
		cmocka_unit_test(nobody_gets_a_fresh_budget_by_opening_other_sessions),
		cmocka_unit_test(a_flood_of_discovery_leaves_room_for_sessions),
		cmocka_unit_test(the_total_budget_bounds_sessions_too),
		cmocka_unit_test(a_scanning_subscriber_does_not_use_up_what_others_may_punt),
		cmocka_unit_test(control_is_woken_once_until_it_has_looked),
		cmocka_unit_test(events_come_from_all_workers_in_order),
		cmocka_unit_test(lost_events_are_told_once),
		cmocka_unit_test(an_injected_frame_leaves_its_port),
		cmocka_unit_test(an_injected_frame_goes_through_the_home_that_is_named),
		cmocka_unit_test(what_cannot_be_injected_is_refused),
		cmocka_unit_test(a_full_inject_ring_or_an_empty_pool_refuses),
		cmocka_unit_test(control_frames_for_a_bundle_that_is_not_there_are_counted),
		cmocka_unit_test(steered_packets_arrive_with_their_kind_in_order),
		cmocka_unit_test(a_full_steer_ring_drops_and_counts),
		cmocka_unit_test(every_drop_reason_has_a_name_and_a_sentence),
		cmocka_unit_test(dropped_packets_go_back_to_their_pool_in_bulk),
		cmocka_unit_test(what_waits_and_what_is_taken_is_told),
	};

	return cmocka_run_group_tests_name("rings", tests, NULL, NULL);
}
