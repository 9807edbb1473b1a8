/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/rate_limit.h"

#include "tests/unit/discovery/frames.h"

static struct rate_limit limit;

static struct mac
mac_number(uint32_t n)
{
	return (struct mac){{0x02, 0, (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
}

/* How many of n attempts at one instant pass. */
static unsigned
passed(const struct mac *m, unsigned n, uint64_t now_ms)
{
	unsigned ok = 0;

	while (n-- != 0)
		ok += rate_limit_take(&limit, m, now_ms) == RATE_OK;
	return ok;
}

static void
a_second_s_worth_passes_at_once_and_then_the_rate(void **state)
{
	(void)state;
	rate_limit_init(&limit, 0, 10, 1, 5000);
	assert_int_equal(passed(&host_mac, 100, 5000), 10);
	assert_int_equal(rate_limit_take(&limit, &host_mac, 5099), RATE_MAC);
	assert_int_equal(passed(&host_mac, 100, 5100), 1); /* one each 100 ms */
	assert_int_equal(passed(&host_mac, 100, 5350), 2);
	assert_int_equal(passed(&host_mac, 100, 5400), 1); /* the half of 5350 was kept */
	assert_int_equal(passed(&host_mac, 100, 99999), 10);
	assert_int_equal(passed(&other_mac, 100, 99999), 10); /* others are not touched */
}

static void
the_total_bounds_all_macs_together(void **state)
{
	unsigned ok = 0;

	(void)state;
	rate_limit_init(&limit, 50, 0, 1, 0);
	for (uint32_t i = 0; i < 10000; i++) {
		const struct mac m = mac_number(i);

		ok += rate_limit_take(&limit, &m, 0) == RATE_OK;
	}
	assert_int_equal(ok, 50);
	assert_int_equal(rate_limit_take(&limit, &host_mac, 0), RATE_TOTAL);
	assert_int_equal(passed(&host_mac, 1000, 500), 25);
}

static void
a_loud_mac_does_not_use_up_the_total(void **state)
{
	(void)state;
	rate_limit_init(&limit, 20, 5, 1, 0);
	assert_int_equal(passed(&host_mac, 1000, 0), 5);
	assert_int_equal(passed(&other_mac, 1000, 0), 5);
	assert_int_equal(passed(&ac_mac, 1000, 0), 5);
	assert_int_equal(limit.total.milli, 5 * 1000);
}

static void
without_limits_everything_passes(void **state)
{
	(void)state;
	rate_limit_init(&limit, 0, 0, 1, 0);
	assert_int_equal(passed(&host_mac, 100000, 0), 100000);
}

static void
a_clock_that_goes_back_gives_nothing_away(void **state)
{
	(void)state;
	rate_limit_init(&limit, 0, 10, 1, 5000);
	assert_int_equal(passed(&host_mac, 100, 5000), 10);
	assert_int_equal(passed(&host_mac, 100, 1000), 0);
	assert_int_equal(passed(&host_mac, 100, 1100), 1);
}

/* Memory is bounded, so with more MACs than buckets some are forgotten: that may let a loud one through again, but never refuses
 * a quiet one. */
static void
ten_thousand_macs_are_each_served_and_memory_stays_as_it_is(void **state)
{
	(void)state;
	rate_limit_init(&limit, 0, 3, 0x123456789, 0);
	for (uint32_t i = 0; i < 10000; i++) {
		const struct mac m = mac_number(i);

		assert_int_equal(rate_limit_take(&limit, &m, i / 100), RATE_OK);
	}
	assert_true(sizeof(limit) < 256 * 1024);
}

/* Who is heard from all the time is never the one to be forgotten. */
static void
a_loud_mac_stays_limited_among_twenty_thousand_quiet_ones(void **state)
{
	unsigned ok = 0;

	(void)state;
	rate_limit_init(&limit, 0, 3, 0x987654321, 0);
	for (uint32_t i = 0; i < 20000; i++) {
		const struct mac m = mac_number(5000 + i);

		assert_int_equal(rate_limit_take(&limit, &m, i / 20), RATE_OK);
		ok += rate_limit_take(&limit, &host_mac, i / 20) == RATE_OK;
	}
	assert_in_range(ok, 3, 6); /* a second's worth, and what flows in within the second */
}

static void
macs_spread_over_the_sets(void **state)
{
	unsigned refused = 0;

	(void)state;
	/* 2048 MACs in 4096 buckets, each twice with one token: who was pushed out passes again. */
	rate_limit_init(&limit, 0, 1, 0xabcdef, 0);
	for (int round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < 2048; i++) {
			const struct mac m = mac_number(i);

			refused += rate_limit_take(&limit, &m, 0) == RATE_MAC;
		}
	}
	assert_in_range(refused, 1700, 2048);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_second_s_worth_passes_at_once_and_then_the_rate),
		cmocka_unit_test(the_total_bounds_all_macs_together),
		cmocka_unit_test(a_loud_mac_does_not_use_up_the_total),
		cmocka_unit_test(without_limits_everything_passes),
		cmocka_unit_test(a_clock_that_goes_back_gives_nothing_away),
		cmocka_unit_test(ten_thousand_macs_are_each_served_and_memory_stays_as_it_is),
		cmocka_unit_test(a_loud_mac_stays_limited_among_twenty_thousand_quiet_ones),
		cmocka_unit_test(macs_spread_over_the_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
