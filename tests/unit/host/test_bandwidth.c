/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/ppp/bandwidth.h"

/* The machine against tables worked out by hand. Two lines of 1 Mbit/s each unless a row says otherwise; the default period of 60 s has
 * slots of 10 s, in which one line carries 10 Mbit = 1 250 000 bytes. */

enum { S = 1000, SLOT_BYTES = 1250000 };

static const struct host_bandwidth defaults = {
	.enabled = true,
	.period_ms = 60 * S,
	.high_percent = 80,
	.low_percent = 20,
	.min_connect_ms = 30 * S,
	.min_disconnect_ms = 90 * S,
};

static struct bandwidth_sample
carried(uint64_t rx_bytes, uint64_t tx_bytes, uint64_t bps)
{
	return (struct bandwidth_sample){
		.rx_bytes = rx_bytes, .tx_bytes = tx_bytes, .rx_bps = bps, .tx_bps = bps, .span_ms = 10 * S};
}

static const char *
name(enum bandwidth_verdict v)
{
	return v == BANDWIDTH_OPEN ? "open" : v == BANDWIDTH_CLOSE ? "close" : "stay";
}

/* ------------------------------------------------------------------ slots (B-01) */

static void
a_step_of_load_fills_the_slots_from_the_newest_on(void **state)
{
	/* 10 % of 1 Mbit/s for three slots, then 90 %; use over all slots, in thousandths */
	static const struct {
		uint64_t bytes;
		uint32_t use[6], all;
	} rows[] = {
		{125000, {100, 0, 0, 0, 0, 0}, 100},
		{125000, {100, 100, 0, 0, 0, 0}, 100},
		{125000, {100, 100, 100, 0, 0, 0}, 100},
		{1125000, {900, 100, 100, 100, 0, 0}, 300},   /* 1200 / 4 */
		{1125000, {900, 900, 100, 100, 100, 0}, 420}, /* 2100 / 5 */
		{1125000, {900, 900, 900, 100, 100, 100}, 500},
		{1125000, {900, 900, 900, 900, 100, 100}, 633},
		{1125000, {900, 900, 900, 900, 900, 100}, 766},
		{1125000, {900, 900, 900, 900, 900, 900}, 900},
		{0, {0, 900, 900, 900, 900, 900}, 750},
	};
	struct bandwidth b;

	(void)state;
	bandwidth_begin(&b);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct bandwidth_sample s = carried(rows[i].bytes, rows[i].bytes / 2, 1000 * 1000);

		bandwidth_sample(&b, &defaults, &s, i * UINT64_C(10000));
		for (unsigned k = 0; k < 6; k++) {
			assert_int_equal(bandwidth_use_of(&b.slots[k]).rx_permille, rows[i].use[k]);
			assert_int_equal(bandwidth_use_of(&b.slots[k]).tx_permille, rows[i].use[k] / 2);
		}
		assert_int_equal(bandwidth_use(&b).rx_permille, rows[i].all);
	}
	assert_int_equal(bandwidth_slot_ms(&defaults), 10 * S);
}

/* The slot keeps the bandwidth of its time: 40 s with one line, 20 s with two. 6 x 0.5 Mbit/s x 10 s over 4 x 10 + 2 x 20 Mbit. */
static void
a_slot_keeps_the_bandwidth_that_the_bundle_had_then(void **state)
{
	struct bandwidth b;

	(void)state;
	bandwidth_begin(&b);
	for (unsigned i = 0; i < 6; i++) {
		const struct bandwidth_sample s = carried(SLOT_BYTES / 2, 0, i < 4 ? 1000 * 1000 : 2000 * 1000);

		bandwidth_sample(&b, &defaults, &s, i * UINT64_C(10000));
	}
	assert_int_equal(bandwidth_use(&b).rx_permille, 375); /* 30 of 80 */
	assert_int_equal(bandwidth_use(&b).tx_permille, 0);
}

/* ------------------------------------------------------------------ thresholds (B-02, B-03) */

struct threshold {
	const char *name;
	uint64_t rx, tx; /* bytes a slot */
	enum bandwidth_verdict want;
};

static const struct threshold thresholds[] = {
	{"in 79.9 %", 998750, 625000, BANDWIDTH_STAY},
	{"one byte below 80 %", 999999, 625000, BANDWIDTH_STAY},
	{"in 80.0 %", 1000000, 625000, BANDWIDTH_OPEN},
	{"in 80.1 %", 1001250, 625000, BANDWIDTH_OPEN},
	{"out 79.9 %", 625000, 998750, BANDWIDTH_STAY},
	{"out 80.0 %", 625000, 1000000, BANDWIDTH_OPEN},
	{"out 80.1 %", 625000, 1001250, BANDWIDTH_OPEN},
	{"in high, out idle", 1250000, 0, BANDWIDTH_OPEN},
	{"the two are not added up", 750000, 750000, BANDWIDTH_STAY},
	{"both at 20.0 %", 250000, 250000, BANDWIDTH_STAY},
	{"only in below", 248750, 250000, BANDWIDTH_STAY},
	{"only out below", 250000, 248750, BANDWIDTH_STAY},
	{"both at 19.9 %", 248750, 248750, BANDWIDTH_CLOSE},
	{"one byte below 20 %", 249999, 249999, BANDWIDTH_CLOSE},
	{"idle", 0, 0, BANDWIDTH_CLOSE},
	{"both at 20.1 %", 251250, 251250, BANDWIDTH_STAY},
};

static void
thresholds_are_exact_and_directions_separate(void **state)
{
	(void)state;
	for (unsigned low = HOST_LOW_AVERAGE; low <= HOST_LOW_EVERY_SLOT; low++) {
		struct host_bandwidth cfg = defaults;

		cfg.low = (uint8_t)low;
		for (unsigned i = 0; i < sizeof(thresholds) / sizeof(thresholds[0]); i++) {
			const struct threshold *t = &thresholds[i];
			const struct bandwidth_sample s = carried(t->rx, t->tx, 1000 * 1000);
			enum bandwidth_verdict v = BANDWIDTH_STAY;
			struct bandwidth b;

			bandwidth_begin(&b);
			for (unsigned k = 0; k < 6; k++)
				v = bandwidth_sample(&b, &cfg, &s, k * UINT64_C(10000));
			if (v != t->want)
				fail_msg("%s: %s", t->name, name(v));
		}
	}
}

/* A burst of 60 % in one of six slots of 4 %: (60 + 5 x 4) / 6 = 13.3 % on average, but not low in every slot until it is out of the
 * window six samples later. A burst of 120 % (a queue that drains) makes 23.3 % on average. */
static void
the_two_readings_of_low_differ_by_a_burst(void **state)
{
	static const struct {
		uint8_t low;
		uint64_t burst;
		const char *verdicts; /* of samples 6 to 13; the burst is number 7 */
	} rows[] = {
		{HOST_LOW_AVERAGE, 750000, "cccccccc"},
		{HOST_LOW_EVERY_SLOT, 750000, "cssssssc"},
		{HOST_LOW_AVERAGE, 1500000, "cssssssc"},
		{HOST_LOW_EVERY_SLOT, 1500000, "cssssssc"},
		{HOST_LOW_AVERAGE, 0, "cccccccc"},
		{HOST_LOW_EVERY_SLOT, 0, "cccccccc"},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct host_bandwidth cfg = defaults;
		struct bandwidth b;

		cfg.low = rows[i].low;
		bandwidth_begin(&b);
		for (unsigned k = 1; k <= 13; k++) {
			const struct bandwidth_sample s = carried(k == 7 ? rows[i].burst : 50000, 50000, 1000 * 1000);
			const enum bandwidth_verdict v = bandwidth_sample(&b, &cfg, &s, k * UINT64_C(10000));

			if (k >= 6 && (v == BANDWIDTH_CLOSE ? 'c' : 's') != rows[i].verdicts[k - 6])
				fail_msg("row %u, sample %u: %s", i, k, name(v));
		}
	}
}

/* Slots that are not measured yet count for nothing in the average; every-slot wants a whole period. */
static void
a_young_bundle_is_judged_by_what_there_is(void **state)
{
	struct host_bandwidth cfg = defaults;

	(void)state;
	for (unsigned low = HOST_LOW_AVERAGE; low <= HOST_LOW_EVERY_SLOT; low++) {
		const struct bandwidth_sample busy = carried(SLOT_BYTES, 0, 1000 * 1000),
					      idle = carried(0, 0, 1000 * 1000);
		struct bandwidth b;

		cfg.low = (uint8_t)low;
		bandwidth_begin(&b);
		assert_int_equal(bandwidth_sample(&b, &cfg, &busy, 10 * S), BANDWIDTH_OPEN);
		bandwidth_begin(&b);
		for (unsigned k = 1; k <= 6; k++)
			assert_int_equal(bandwidth_sample(&b, &cfg, &idle, k * UINT64_C(10000)),
				low == HOST_LOW_AVERAGE || k == 6 ? BANDWIDTH_CLOSE : BANDWIDTH_STAY);
	}
}

static void
lines_of_unknown_rate_call_for_nothing(void **state)
{
	const struct bandwidth_sample busy = carried(UINT32_MAX, UINT32_MAX, 0), idle = carried(0, 0, 0);
	struct bandwidth b;

	(void)state;
	bandwidth_begin(&b);
	assert_int_equal(bandwidth_sample(&b, &defaults, &busy, 10 * S), BANDWIDTH_STAY);
	assert_int_equal(bandwidth_use(&b).rx_permille, 0);
	bandwidth_begin(&b);
	assert_int_equal(bandwidth_sample(&b, &defaults, &idle, 10 * S), BANDWIDTH_STAY);
}

/* ------------------------------------------------------------------ hysteresis (B-04, B-05) */

/* Load that jumps each minute between 100 % and nothing: verdicts at 10 s, 20 s, ... of a caller who does at once what he is told.
 * Average of the last six slots, in percent: 100 100 100 100 100 100 83 67 50 33 17 0 17 33 50 67 83 100 83 67 50 33 17 0.
 * Opened at 10, 40, 70 (83 %) s: 30 s apart, the first that is high. Closed at 110 s (17 %); at 120 s and 130 s it is low too, but 90 s must
 * pass: until 200 s. Opened again at 170 s (83 %), 180 s is too soon, as 190 s; 200 s has 67 % only. Closed at 230 s (17 %). */
static void
oscillating_load_is_followed_no_faster_than_allowed(void **state)
{
	static const char want[] = "o..o..o...c.....o.....c.";
	struct bandwidth b;

	(void)state;
	bandwidth_begin(&b);
	for (unsigned i = 0; want[i] != '\0'; i++) {
		const uint64_t now_ms = (i + 1) * UINT64_C(10000);
		const struct bandwidth_sample s = carried(i / 6 % 2 == 0 ? SLOT_BYTES : 0, 0, 1000 * 1000);
		const enum bandwidth_verdict v = bandwidth_sample(&b, &defaults, &s, now_ms);
		const char got = v == BANDWIDTH_OPEN ? 'o' : v == BANDWIDTH_CLOSE ? 'c' : '.';

		if (got != want[i])
			fail_msg("at %u s: %s, wanted %c", 10 * (i + 1), name(v), want[i]);
		if (v == BANDWIDTH_OPEN)
			bandwidth_opened(&b, now_ms);
		else if (v == BANDWIDTH_CLOSE)
			bandwidth_closed(&b, now_ms);
	}
}

/* min_connect counts from the last open, min_disconnect from the last close, neither from the other. */
static void
each_wait_counts_from_its_own_kind(void **state)
{
	const struct bandwidth_sample busy = carried(SLOT_BYTES, 0, 1000 * 1000), idle = carried(0, 0, 1000 * 1000);
	struct bandwidth b;

	(void)state;
	bandwidth_begin(&b);
	bandwidth_opened(&b, 1000 * S);
	assert_int_equal(bandwidth_sample(&b, &defaults, &idle, 1001 * S), BANDWIDTH_CLOSE);
	bandwidth_begin(&b);
	bandwidth_closed(&b, 1000 * S);
	assert_int_equal(bandwidth_sample(&b, &defaults, &busy, 1001 * S), BANDWIDTH_OPEN);
	bandwidth_begin(&b);
	bandwidth_opened(&b, 1000 * S);
	assert_int_equal(bandwidth_sample(&b, &defaults, &busy, 1030 * S - 1), BANDWIDTH_STAY);
	assert_int_equal(bandwidth_sample(&b, &defaults, &busy, 1030 * S), BANDWIDTH_OPEN);
	bandwidth_begin(&b);
	bandwidth_closed(&b, 1000 * S);
	assert_int_equal(bandwidth_sample(&b, &defaults, &idle, 1090 * S - 1), BANDWIDTH_STAY);
	assert_int_equal(bandwidth_sample(&b, &defaults, &idle, 1090 * S), BANDWIDTH_CLOSE);
}

/* ------------------------------------------------------------------ arithmetic (B-08) */

/* From 1 kbit/s to sixteen lines of 100 Gbit/s, from a second to a day: the verdict is that of exact fractions, and load in percent is what
 * it was made from. bytes = bps / 8 * span / 1000 * load / 100 divides evenly for all of these. */
static void
arithmetic_is_exact_up_to_sixteen_lines_of_100_gbit_s_over_a_day(void **state)
{
	static const uint64_t rates[] = {
		8000, 64000, 7200000, 71600000, 429000000, 10000000000, 100000000000, 1600000000000};
	static const uint32_t periods_ms[] = {6 * S, 60 * S, 600 * S, 3600 * S, 6 * 3600 * S, 24 * 3600 * S};

	(void)state;
	for (unsigned r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
		for (unsigned p = 0; p < sizeof(periods_ms) / sizeof(periods_ms[0]); p++) {
			for (uint32_t load = 0; load <= 100; load++) {
				struct host_bandwidth cfg = defaults;
				const uint64_t span_ms = periods_ms[p] / 6;
				const uint64_t bytes = rates[r] / 800 * (span_ms / S) * load;
				const struct bandwidth_sample s = {bytes, bytes, rates[r], rates[r], span_ms};
				enum bandwidth_verdict v = BANDWIDTH_STAY;
				struct bandwidth b;

				cfg.period_ms = periods_ms[p];
				bandwidth_begin(&b);
				for (uint64_t k = 0; k < 6; k++)
					v = bandwidth_sample(&b, &cfg, &s, k * span_ms);
				if (v != (load >= 80 ? BANDWIDTH_OPEN : load < 20 ? BANDWIDTH_CLOSE : BANDWIDTH_STAY))
					fail_msg("%llu bit/s, %u ms, %u %%: %s", (unsigned long long)rates[r],
						periods_ms[p], load, name(v));
				assert_in_range(bandwidth_use(&b).rx_permille + 1, load * 10, load * 10 + 1);
			}
		}
	}
}

/* One byte in a day decides. */
static void
a_single_byte_below_the_threshold_is_below_it_at_any_rate(void **state)
{
	struct host_bandwidth cfg = defaults;
	const uint64_t span_ms = 4 * 3600 * S, at = UINT64_C(100000000000) / 8 / 10 * 8 * 4 * 3600;
	struct bandwidth_sample s = {at, 0, UINT64_C(100000000000), UINT64_C(100000000000), span_ms};
	struct bandwidth b;

	(void)state;
	cfg.period_ms = 24 * 3600 * S;
	bandwidth_begin(&b);
	for (unsigned k = 0; k < 5; k++)
		bandwidth_sample(&b, &cfg, &s, 0);
	s.rx_bytes = at - 1;
	assert_int_equal(bandwidth_sample(&b, &cfg, &s, 0), BANDWIDTH_STAY);
	bandwidth_begin(&b);
	s.rx_bytes = at;
	for (unsigned k = 0; k < 6; k++)
		assert_int_equal(bandwidth_sample(&b, &cfg, &s, 0), BANDWIDTH_OPEN);
}

static void
lines_that_carry_more_than_they_are_said_to_do_not_overflow(void **state)
{
	const struct bandwidth_sample s = {UINT64_C(1) << 58, 0, 1000, 1000, 10 * S};
	struct bandwidth b;

	(void)state;
	bandwidth_begin(&b);
	assert_int_equal(bandwidth_sample(&b, &defaults, &s, 0), BANDWIDTH_OPEN);
	assert_int_equal(bandwidth_use(&b).rx_permille, 1000000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_step_of_load_fills_the_slots_from_the_newest_on),
		cmocka_unit_test(a_slot_keeps_the_bandwidth_that_the_bundle_had_then),
		cmocka_unit_test(thresholds_are_exact_and_directions_separate),
		cmocka_unit_test(the_two_readings_of_low_differ_by_a_burst),
		cmocka_unit_test(a_young_bundle_is_judged_by_what_there_is),
		cmocka_unit_test(lines_of_unknown_rate_call_for_nothing),
		cmocka_unit_test(oscillating_load_is_followed_no_faster_than_allowed),
		cmocka_unit_test(each_wait_counts_from_its_own_kind),
		cmocka_unit_test(arithmetic_is_exact_up_to_sixteen_lines_of_100_gbit_s_over_a_day),
		cmocka_unit_test(a_single_byte_below_the_threshold_is_below_it_at_any_rate),
		cmocka_unit_test(lines_that_carry_more_than_they_are_said_to_do_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
