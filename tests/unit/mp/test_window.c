/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/mp/window.h"

static void
estimate_rises_at_once(void **state)
{
	struct window_skew s = {0};

	(void)state;
	window_skew_sample(&s, 7000, 100);
	assert_int_equal(s.lag_us, 7000);
	window_skew_sample(&s, 30000, 101);
	assert_int_equal(s.lag_us, 30000);
}

static void
estimate_keeps_its_maximum_for_a_second(void **state)
{
	struct window_skew s = {0};

	(void)state;
	window_skew_sample(&s, 80000, 5000);
	for (uint32_t ms = 5001; ms < 6000; ms++)
		window_skew_sample(&s, 100, ms);
	assert_int_equal(s.lag_us, 80000);
}

/* An eighth of the excess a second: after 20 s (7/8)^20 = 6.9 % of it are left. */
static void
estimate_decays_to_the_samples(void **state)
{
	struct window_skew s = {0};

	(void)state;
	window_skew_sample(&s, 101000, 0);
	for (uint32_t ms = 1; ms <= 20000; ms += 10)
		window_skew_sample(&s, 1000, ms);
	assert_in_range(s.lag_us, 1000 + 6900, 1000 + 8100);
	for (uint32_t ms = 20001; ms <= 200000; ms += 10)
		window_skew_sample(&s, 1000, ms);
	assert_int_equal(s.lag_us, 1000);
}

static void
estimate_decays_over_a_pause_and_a_clock_wrap(void **state)
{
	struct window_skew s = {0};

	(void)state;
	window_skew_sample(&s, 50000, UINT32_MAX - 500);
	window_skew_sample(&s, 0, 1499); /* two seconds on: 50000 * 49 / 64 = 38281 */
	assert_in_range(s.lag_us, 38200, 38300);
	window_skew_sample(&s, 0, 4000000);
	assert_int_equal(s.lag_us, 0);
}

static void
stall_limit_is_twice_the_largest_lag_plus_margin(void **state)
{
	const struct window_limits lim = {.stall_min_us = 2000, .stall_max_us = 500000, .slots_max = 16384};
	const struct window_limits narrow = {.stall_min_us = 90000, .stall_max_us = 100000, .slots_max = 16384};
	const struct window_skew skew[] = {{.lag_us = 0}, {.lag_us = 30000}, {.lag_us = 1000}};
	const struct window_skew far[] = {{.lag_us = UINT32_MAX}};

	(void)state;
	assert_in_range(window_stall_us(skew, 3, &lim), 60001, 80000);
	assert_in_range(window_stall_us(skew, 1, &lim), 2000, 20000);
	assert_int_equal(window_stall_us(skew, 3, &narrow), 90000);
	assert_int_equal(window_stall_us(far, 1, &narrow), 100000);
	assert_in_range(window_stall_us(NULL, 0, &lim), 2000, 20000);
}

static void
link_that_nobody_measured_gets_the_longest_stall_limit(void **state)
{
	const struct window_limits lim = {.stall_min_us = 20000, .stall_max_us = 500000, .slots_max = 16384};
	struct window_skew skew[] = {{.lag_us = 3000}, {.chances = 3}};

	(void)state;
	assert_int_equal(window_stall_us(skew, 2, &lim), 500000);
	assert_int_equal(window_stall_us(skew, 1, &lim), 20000);
	window_skew_sample(
		&skew[1], 20000, 1); /* its first number may have been sent before the one that told of the gap */
	window_skew_chance(&skew[1]);
	assert_int_equal(window_stall_us(skew, 2, &lim), 500000);
	window_skew_sample(&skew[1], 60000, 2);
	assert_in_range(window_stall_us(skew, 2, &lim), 120001, 140000);
	skew[1].chances = 1;
	window_skew_sample(&skew[1], 100, 3); /* less than what is remembered: counts all the same */
	assert_in_range(window_stall_us(skew, 2, &lim), 120001, 140000);
}

/* A stall limit, the longest one; how many put-offs there are and how long all of them are: half the longest less half the limit. */
static const struct {
	uint32_t stall_us, max_us;
	unsigned least, most;
	uint32_t all_us;
} put_offs[] = {
	{20000, 500000, 7, 9, 240000},
	{130000, 500000, 3, 3, 185000},
	{400000, 500000, 1, 1, 50000},
	{500000, 500000, 0, 0, 0},
	{1000, 1000, 0, 0, 0},
	{1000, 60000000, 7, 9, 29999500},
	{60000000, 60000000, 0, 0, 0},
};

static void
deadline_of_late_links_is_put_off_to_half_the_longest_stall_limit(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(put_offs) / sizeof(put_offs[0]); i++) {
		const struct window_limits lim = {.stall_max_us = put_offs[i].max_us};
		const uint32_t first_us = put_offs[i].stall_us / 2;
		uint32_t all_us = 0, more_us;
		unsigned n = 0;

		while ((more_us = window_put_off_us(put_offs[i].stall_us, first_us + all_us, &lim)) != 0 && n < 100) {
			all_us += more_us;
			n++;
		}
		assert_in_range(n, put_offs[i].least, put_offs[i].most);
		assert_int_equal(all_us, put_offs[i].all_us);
	}
}

static const struct {
	uint32_t need;
	unsigned bits;
	uint32_t slots_max;
	unsigned slots;
} depths[] = {
	{1, 24, 16384, 64},
	{64, 24, 16384, 64},
	{65, 24, 16384, 128},
	{128, 24, 16384, 128},
	{5000, 24, 16384, 8192},
	{16384, 24, 16384, 16384},
	{16385, 24, 16384, 0},
	{16385, 24, 65536, 0}, /* the window's own limit */
	{300, 24, 256, 0},
	{256, 24, 256, 256},
	{65, 24, 64, 0},
	{1, 24, 32, 0},
	{2048, 12, 16384, 2048}, /* half of 4096 */
	{2049, 12, 16384, 0},
	{UINT32_MAX, 24, 16384, 0},
};

static void
depth_is_the_next_power_of_two_within_the_limits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
		const struct window_limits lim = {.slots_max = depths[i].slots_max};

		assert_int_equal(window_slots_for(depths[i].need, depths[i].bits, &lim), depths[i].slots);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(estimate_rises_at_once),
		cmocka_unit_test(estimate_keeps_its_maximum_for_a_second),
		cmocka_unit_test(estimate_decays_to_the_samples),
		cmocka_unit_test(estimate_decays_over_a_pause_and_a_clock_wrap),
		cmocka_unit_test(stall_limit_is_twice_the_largest_lag_plus_margin),
		cmocka_unit_test(link_that_nobody_measured_gets_the_longest_stall_limit),
		cmocka_unit_test(deadline_of_late_links_is_put_off_to_half_the_longest_stall_limit),
		cmocka_unit_test(depth_is_the_next_power_of_two_within_the_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
