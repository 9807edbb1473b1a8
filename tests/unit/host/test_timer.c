/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/host_timer.h"
#include "tests/unit/host/check.h"

static uint64_t
least(const struct timer *t, unsigned n)
{
	uint64_t at_ms = UINT64_MAX;

	for (unsigned i = 0; i < n; i++)
		if (t[i].pos != 0 && t[i].at_ms < at_ms)
			at_ms = t[i].at_ms;
	return at_ms;
}

static void
nothing_armed_is_asleep(void **state)
{
	struct timers ts;
	struct timer t = {0};

	(void)state;
	assert_int_equal(timers_init(&ts, 1), 0);
	assert_true(timers_deadline_ms(&ts) == UINT64_MAX);
	assert_null(timers_first(&ts));
	timer_set(&ts, &t, UINT64_MAX);
	assert_null(timers_first(&ts));
	timer_set(&ts, &t, 5);
	timer_set(&ts, &t, UINT64_MAX);
	assert_true(timers_deadline_ms(&ts) == UINT64_MAX);
	timers_fini(&ts);
}

static void
the_next_deadline_is_always_the_least(void **state)
{
	enum { N = 200 };
	static struct timer t[N];
	struct timers ts;
	uint32_t rng = 7;

	(void)state;
	assert_int_equal(timers_init(&ts, N), 0);
	for (unsigned round = 0; round < 20000; round++) {
		struct timer *one;

		rng = rng * 1664525 + 1013904223;
		one = &t[(rng >> 8) % N];
		timer_set(&ts, one, rng >> 30 == 0 ? UINT64_MAX : rng >> 20);
		assert_true(timers_deadline_ms(&ts) == least(t, N));
		if (ts.n != 0)
			assert_true(timers_first(&ts)->at_ms == timers_deadline_ms(&ts));
	}
	timers_fini(&ts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_armed_is_asleep),
		cmocka_unit_test(the_next_deadline_is_always_the_least),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
