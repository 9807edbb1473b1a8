/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/soak/flows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/wire/ip.h"
#include "tests/soak/histogram.h"

/* The soak passes when nothing is lost, late or changed: here it is shown that each of these would be noticed. */

enum { FLOWS_N = 300 };

static int
setup(void **state)
{
	static struct flows f;

	*state = &f;
	return flows_init(&f, FLOWS_N);
}

static int
teardown(void **state)
{
	flows_fini(*state);
	return 0;
}

/* What the two daemons do to a packet. */
static void
travel(uint8_t *p)
{
	for (unsigned i = 0; i < FLOW_HOPS; i++)
		ip4_ttl_decrement(p);
}

static enum flow_verdict
sent_and_judged(struct flows *f, uint8_t *p, size_t total, struct flow_seen *seen)
{
	flow_put(f, SIDE_LEFT, 7, total, 1234, p);
	travel(p);
	return flow_judge(f, SIDE_LEFT, p, total, seen);
}

static void
packets_in_order_are_next(void **state)
{
	static const size_t sizes[] = {FLOW_PACKET_MIN, 64, 576, FLOW_PACKET_MAX};
	struct flows *f = *state;
	uint8_t p[FLOW_PACKET_MAX];
	struct flow_seen seen;

	for (unsigned i = 0; i < 600; i++) {
		assert_int_equal(sent_and_judged(f, p, sizes[i % 4], &seen), FLOW_NEXT);
		assert_int_equal(seen.flow, 7);
		assert_int_equal(seen.made_ns, 1234);
	}
}

static void
missing_packets_are_counted_and_late_ones_told(void **state)
{
	struct flows *f = *state;
	uint8_t p[4][FLOW_PACKET_MAX];
	struct flow_seen seen;

	for (unsigned i = 0; i < 4; i++) {
		flow_put(f, SIDE_RIGHT, 299, 100, 0, p[i]);
		travel(p[i]);
	}
	assert_int_equal(flow_judge(f, SIDE_RIGHT, p[0], 100, &seen), FLOW_NEXT);
	assert_int_equal(flow_judge(f, SIDE_RIGHT, p[3], 100, &seen), FLOW_GAP);
	assert_int_equal(seen.missing, 2);
	assert_int_equal(flow_judge(f, SIDE_RIGHT, p[1], 100, &seen), FLOW_LATE);
	assert_int_equal(flow_judge(f, SIDE_RIGHT, p[3], 100, &seen), FLOW_LATE);
}

/* Also a packet that two changed bytes leave with its IP checksum right, as when fragments are put together in the wrong order. */
static void
every_changed_byte_is_noticed(void **state)
{
	struct flows *f = *state;
	uint8_t p[FLOW_PACKET_MAX];
	struct flow_seen seen;
	static const unsigned udp_header_first = 20, magic_first = 28, made_first = 40;

	for (unsigned at = 0; at < 120; at++) {
		if (at >= udp_header_first && at < magic_first)
			continue; /* nobody looks there */
		if (at >= made_first && at < FLOW_PACKET_MIN)
			continue; /* the time is taken as it is */
		flow_put(f, SIDE_LEFT, 1, 120, 0, p);
		travel(p);
		p[at] ^= 0x10;
		assert_true(flow_judge(f, SIDE_LEFT, p, 120, &seen) != FLOW_NEXT);
		flow_take_back(f, SIDE_LEFT, 1);
	}
	flow_put(f, SIDE_LEFT, 1, 120, 0, p);
	travel(p);
	p[60] ^= 1;
	assert_int_equal(flow_judge(f, SIDE_LEFT, p, 120, &seen), FLOW_CORRUPT);
	p[60] ^= 1;
	p[80] ^= p[81], p[81] ^= p[80], p[80] ^= p[81];
	assert_int_equal(flow_judge(f, SIDE_LEFT, p, 120, &seen), FLOW_CORRUPT);
}

static void
a_packet_that_took_another_way_is_corrupt(void **state)
{
	struct flows *f = *state;
	uint8_t p[FLOW_PACKET_MAX];
	struct flow_seen seen;

	flow_put(f, SIDE_LEFT, 2, 100, 0, p);
	ip4_ttl_decrement(p); /* one hop only */
	assert_int_equal(flow_judge(f, SIDE_LEFT, p, 100, &seen), FLOW_CORRUPT);
	assert_int_equal(flow_judge(f, SIDE_RIGHT, p, 100, &seen), FLOW_FOREIGN);
	assert_int_equal(flow_judge(f, SIDE_LEFT, p, 99, &seen), FLOW_FOREIGN);
}

static void
what_is_taken_back_leaves_no_gap(void **state)
{
	struct flows *f = *state;
	uint8_t p[FLOW_PACKET_MAX];
	struct flow_seen seen;

	assert_int_equal(sent_and_judged(f, p, 64, &seen), FLOW_NEXT);
	flow_put(f, SIDE_LEFT, 7, 64, 0, p);
	flow_take_back(f, SIDE_LEFT, 7);
	assert_int_equal(sent_and_judged(f, p, 64, &seen), FLOW_NEXT);
}

static void
what_was_lost_before_a_mark_is_no_gap_behind_it(void **state)
{
	struct flows *f = *state;
	uint8_t p[FLOW_PACKET_MAX], old[FLOW_PACKET_MAX];
	struct flow_seen seen;

	flow_put(f, SIDE_LEFT, 7, 64, 0, old);
	travel(old);
	flow_put(f, SIDE_LEFT, 7, 64, 0, p);
	flows_mark(f);
	assert_int_equal(sent_and_judged(f, p, 64, &seen), FLOW_NEXT);
	assert_int_equal(flow_judge(f, SIDE_LEFT, old, 64, &seen), FLOW_LATE);
}

static void
silent_flows_are_counted(void **state)
{
	struct flows *f = *state;
	uint8_t p[FLOW_PACKET_MAX];
	struct flow_seen seen;

	assert_int_equal(flows_silent(f, SIDE_LEFT, FLOWS_N), FLOWS_N);
	sent_and_judged(f, p, 64, &seen);
	assert_int_equal(flows_silent(f, SIDE_LEFT, FLOWS_N), FLOWS_N - 1);
	assert_int_equal(flows_silent(f, SIDE_LEFT, 8), 7); /* the seventh is among the first eight */
	assert_int_equal(flows_silent(f, SIDE_RIGHT, FLOWS_N), FLOWS_N);
	flows_mark(f);
	assert_int_equal(flows_silent(f, SIDE_LEFT, FLOWS_N), FLOWS_N);
}

static void
percentiles_are_at_most_a_part_in_256_too_high(void **state)
{
	static struct histogram h;
	static const unsigned parts[] = {1, 5000, 9900, 9990, 10000};

	(void)state;
	assert_int_equal(histogram_ns(&h, 5000), 0);
	for (uint64_t ns = 1; ns <= 1000000; ns++)
		histogram_add(&h, ns);
	for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const uint64_t want = parts[i] * UINT64_C(100), is = histogram_ns(&h, parts[i]);

		assert_true(is >= want && is <= want + want / 256);
	}
	assert_int_equal(h.max_ns, 1000000);
	histogram_add(&h, UINT64_MAX);
	assert_true(histogram_ns(&h, 10000) > UINT64_C(60000000000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(packets_in_order_are_next, setup, teardown),
		cmocka_unit_test_setup_teardown(missing_packets_are_counted_and_late_ones_told, setup, teardown),
		cmocka_unit_test_setup_teardown(every_changed_byte_is_noticed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_packet_that_took_another_way_is_corrupt, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_taken_back_leaves_no_gap, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_lost_before_a_mark_is_no_gap_behind_it, setup, teardown),
		cmocka_unit_test_setup_teardown(silent_flows_are_counted, setup, teardown),
		cmocka_unit_test(percentiles_are_at_most_a_part_in_256_too_high),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
