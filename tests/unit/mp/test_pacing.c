/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/mp/pacing.h"

#define SECOND_NS UINT64_C(1000000000)

static const struct {
	enum pacing_encap encap;
	int16_t overhead;
	uint32_t frame, line;
} sizes[] = {
	{PACING_ETHERNET, 0, 1514, 1514}, {PACING_ETHERNET, 24, 1514, 1538}, /* FCS, preamble, gap */
	{PACING_ETHERNET, -14, 1514, 1500}, {PACING_ETHERNET, -100, 60, 0}, {PACING_PTM, 0, 64, 65},
	{PACING_PTM, 0, 65, 67},                            /* 66.02 rounded up */
	{PACING_PTM, 0, 1, 2}, {PACING_PTM, 4, 1514, 1542}, /* 1518 * 65 / 64 = 1541.7 */
	{PACING_PTM, 0, 0, 0}, {PACING_ATM, 0, 0, 0}, {PACING_ATM, 0, 1, 53}, {PACING_ATM, 0, 48, 53},
	{PACING_ATM, 0, 49, 106}, {PACING_ATM, 18, 60, 106}, /* LLC/SNAP bridged 10 + AAL5 trailer 8 */
	{PACING_ATM, 18, 1514, 1696},                        /* 1532 bytes: 32 cells */
	{PACING_ATM, 22, 1514, 1696},                        /* 1536 is 32 cells exactly */
	{PACING_ATM, 23, 1514, 1749},                        /* one byte more is one cell more */
};

static void
line_bytes_follow_the_encapsulation(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const struct pacing p = {.encap = (uint8_t)sizes[i].encap, .overhead_bytes = sizes[i].overhead};

		assert_int_equal(pacing_line_bytes(&p, sizes[i].frame), sizes[i].line);
	}
}

static const struct {
	uint64_t rate_bps;
	uint32_t frame;
	uint64_t cost_ns;
} costs[] = {
	{0, 1500, 0},
	{1000, 1500, 12 * SECOND_NS},
	{1000, 65535, 524280000000},
	{10000000, 1250, 1000000},
	{30000000, 1500, 400000},
	{1000000000, 1500, 12000},
	{100000000000, 1500, 120},
	{100000000000, 64, 6}, /* 5.12 rounded up */
	{100000000000, 1, 1},
};

static void
cost_is_exact_from_1_kbit_to_100_gbit(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {
		const struct pacing p = {.rate_bps = costs[i].rate_bps};

		assert_true(pacing_cost_ns(&p, costs[i].frame) == costs[i].cost_ns);
	}
}

static void
frames_queue_behind_each_other(void **state)
{
	struct pacing p = {.rate_bps = 8000000}; /* 1 byte/us */

	(void)state;
	assert_true(pacing_book(&p, 1000, 5 * SECOND_NS) == 5 * SECOND_NS);
	assert_true(pacing_backlog_ns(&p, 5 * SECOND_NS) == 1000000);
	assert_true(pacing_book(&p, 500, 5 * SECOND_NS) == 5 * SECOND_NS + 1000000);
	assert_true(pacing_backlog_ns(&p, 5 * SECOND_NS) == 1500000);
	assert_true(pacing_backlog_ns(&p, 5 * SECOND_NS + 1400000) == 100000);
	assert_true(pacing_backlog_ns(&p, 5 * SECOND_NS + 1500000) == 0);
	assert_true(pacing_backlog_ns(&p, 9 * SECOND_NS) == 0);
}

static void
idle_time_is_caught_up_only_within_the_burst(void **state)
{
	struct pacing p = {.rate_bps = 8000000, .burst_ns = 200000}; /* 200 bytes */

	(void)state;
	pacing_book(&p, 100, SECOND_NS); /* until 1 s - 100 us: started 200 us in the past */
	assert_true(p.busy_until_ns == SECOND_NS - 100000);
	assert_true(pacing_book(&p, 100, SECOND_NS) == SECOND_NS - 100000);
	assert_true(pacing_book(&p, 100, SECOND_NS) == SECOND_NS);
	assert_true(pacing_book(&p, 100, SECOND_NS) == SECOND_NS + 100000); /* has to wait */
	assert_true(pacing_book(&p, 100, 9 * SECOND_NS) == 9 * SECOND_NS - 200000);
}

/* A worker that looks every 100 us keeps a line of 12 us frames busy only if it may catch up. */
static uint64_t
bytes_sent_in_a_second(uint32_t burst_ns)
{
	struct pacing p = {.rate_bps = 1000000000, .burst_ns = burst_ns};
	uint64_t bytes = 0;

	for (uint64_t now = SECOND_NS; now < 2 * SECOND_NS; now += 100000)
		while (p.busy_until_ns <= now) {
			pacing_book(&p, 1500, now);
			bytes += 1500;
		}
	return bytes;
}

static void
burst_saves_the_line_from_a_late_worker(void **state)
{
	(void)state;
	assert_in_range(bytes_sent_in_a_second(120000), 124500000, 125020000);
	assert_true(bytes_sent_in_a_second(0) < 20000000);
}

static void
remainders_do_not_get_lost(void **state)
{
	static const uint64_t rates[] = {1000, 3333333, 16777216, 300000000, 7777777777, 100000000000};

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct pacing p = {.rate_bps = rates[i], .busy_until_ns = SECOND_NS};
		const uint64_t frames = 100000;

		for (uint64_t k = 0; k < frames; k++)
			pacing_book(&p, 64, SECOND_NS);

		const long double exact = (long double)frames * 64 * 8e9L / (long double)rates[i];
		const long double got = (long double)(p.busy_until_ns - SECOND_NS);

		assert_true(got <= exact && exact - got < 1.0L);
	}
}

static void
change_of_rate_forgets_the_remainder(void **state)
{
	struct pacing p = {.rate_bps = 99999999977};

	(void)state;
	pacing_book(&p, 1500, SECOND_NS);
	p.rate_bps = 1000;
	p.busy_until_ns = SECOND_NS;
	pacing_book(&p, 1, SECOND_NS);
	assert_true(pacing_backlog_ns(&p, SECOND_NS) == 8000000);
}

static void
line_without_a_rate_is_never_busy(void **state)
{
	struct pacing p = {.burst_ns = 1000};

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(pacing_book(&p, 1500, 77) == 77);
	assert_true(pacing_backlog_ns(&p, 0) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_bytes_follow_the_encapsulation),
		cmocka_unit_test(cost_is_exact_from_1_kbit_to_100_gbit),
		cmocka_unit_test(frames_queue_behind_each_other),
		cmocka_unit_test(idle_time_is_caught_up_only_within_the_burst),
		cmocka_unit_test(burst_saves_the_line_from_a_late_worker),
		cmocka_unit_test(remainders_do_not_get_lost),
		cmocka_unit_test(change_of_rate_forgets_the_remainder),
		cmocka_unit_test(line_without_a_rate_is_never_busy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
