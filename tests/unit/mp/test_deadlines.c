/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/mp/deadlines.h"

/* The oracle is a plain list of 64-bit ticks. */

static void *
open_deadlines(struct deadlines *d, uint32_t n, uint64_t now)
{
	const size_t bytes = (deadlines_bytes(n) + 63) / 64 * 64;
	void *memory = aligned_alloc(64, bytes);

	assert_non_null(memory);
	memset(memory, 0, bytes);
	deadlines_init(d, memory, n, now);
	return memory;
}

static void
entry_comes_out_in_its_tick_and_once(void **state)
{
	struct deadlines d;
	void *memory = open_deadlines(&d, 100, 1000);

	(void)state;
	deadlines_set(&d, 77, 1005);
	assert_true(deadlines_has(&d, 77));
	for (uint64_t now = 1000; now < 1005; now++)
		assert_int_equal(deadlines_passed(&d, now), DEADLINES_NONE);
	assert_int_equal(deadlines_passed(&d, 1005), 77);
	assert_int_equal(deadlines_passed(&d, 1005), DEADLINES_NONE);
	assert_false(deadlines_has(&d, 77));
	free(memory);
}

static void
cleared_entry_does_not_come_out(void **state)
{
	struct deadlines d;
	void *memory = open_deadlines(&d, 100, 0);

	(void)state;
	deadlines_set(&d, 1, 3);
	deadlines_set(&d, 2, 3);
	deadlines_clear(&d, 1);
	assert_int_equal(deadlines_passed(&d, 4), 2);
	assert_int_equal(deadlines_passed(&d, 4), DEADLINES_NONE);
	free(memory);
}

static void
entry_cleared_between_two_calls_of_one_tick_does_not_come_out(void **state)
{
	struct deadlines d;
	void *memory = open_deadlines(&d, 100, 0);

	(void)state;
	deadlines_set(&d, 5, 2);
	deadlines_set(&d, 6, 2);
	deadlines_set(&d, 7, 2);
	assert_int_equal(deadlines_passed(&d, 2), 5);
	deadlines_clear(&d, 6);
	deadlines_set(&d, 7, 9);
	assert_int_equal(deadlines_passed(&d, 2), DEADLINES_NONE);
	assert_int_equal(deadlines_passed(&d, 9), 7);
	free(memory);
}

static void
low_bits_of_the_tick_may_be_zero(void **state)
{
	struct deadlines d;
	void *memory = open_deadlines(&d, 8, 0x1fff0);

	(void)state;
	deadlines_set(&d, 3, 0x20000);
	assert_int_equal(deadlines_passed(&d, 0x1ffff), DEADLINES_NONE);
	assert_int_equal(deadlines_passed(&d, 0x20001), 3);
	free(memory);
}

static void
jump_of_the_clock_passes_everything(void **state)
{
	static const uint64_t jumps[] = {20000, 40000, 65536, 70000, 1u << 20};
	struct deadlines d;
	void *memory = open_deadlines(&d, 300, 50);

	(void)state;
	for (unsigned i = 0; i < sizeof(jumps) / sizeof(*jumps); i++) {
		const uint64_t now = d.tick + jumps[i];

		deadlines_set(&d, 299, d.tick + 30);
		assert_int_equal(deadlines_passed(&d, now), 299);
		assert_int_equal(deadlines_passed(&d, now), DEADLINES_NONE);
	}
	free(memory);
}

static void
next_tells_whether_there_is_anything(void **state)
{
	struct deadlines d;
	void *memory = open_deadlines(&d, 200, 10);

	(void)state;
	assert_true(deadlines_next(&d) == UINT64_MAX);
	deadlines_set(&d, 150, 20);
	assert_true(deadlines_next(&d) == 11);
	assert_int_equal(deadlines_passed(&d, 15), DEADLINES_NONE);
	assert_true(deadlines_next(&d) == 16);
	deadlines_clear(&d, 150);
	deadlines_clear(&d, 150);
	assert_int_equal(deadlines_passed(&d, 16), DEADLINES_NONE);
	assert_true(deadlines_next(&d) == UINT64_MAX);
	deadlines_set(&d, 151, 20);
	deadlines_set(&d, 151, 22);
	assert_int_equal(deadlines_passed(&d, 22), 151);
	assert_int_equal(deadlines_passed(&d, 23), DEADLINES_NONE);
	assert_true(deadlines_next(&d) == UINT64_MAX);
	free(memory);
}

static void
earliest_first_across_the_wrap_of_16_bits(void **state)
{
	static const uint64_t due[] = {0x10002, 0xfffe, 0x10001, 0xffff, 0x10010, 0xfffe};
	static const uint32_t want[] = {1, 5, 3, 2, 0, 4};
	struct deadlines d;
	void *memory = open_deadlines(&d, 1000, 0xfff0);

	(void)state;
	for (uint32_t i = 0; i < 6; i++)
		deadlines_set(&d, i * 130, due[i]);
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(deadlines_earliest(&d), want[i] * 130);
	assert_int_equal(deadlines_earliest(&d), DEADLINES_NONE);
	deadlines_set(&d, 9, 0x10020);
	assert_int_equal(deadlines_earliest(&d), 9);
	free(memory);
}

/* More entries than one tick looks at: late, but never by more than what is promised, never early, never lost. */
static void
no_entry_is_early_lost_or_later_than_promised(void **state)
{
	enum { N = 3 * DEADLINES_SHARE + 1000, TICKS = 4000 };
	struct deadlines d;
	void *memory = open_deadlines(&d, N, 7);
	uint64_t *due = calloc(N, sizeof(*due));
	uint32_t random = 1, i, out = 0;

	(void)state;
	assert_non_null(due);
	assert_int_equal(d.late_max, 3);
	for (uint64_t now = 7; now < 7 + TICKS; now++) {
		for (unsigned n = 0; n < 40; n++) {
			random = random * 1664525 + 1013904223;
			i = (random >> 8) % N;
			if (due[i] != 0 && (random & 0x80) != 0) {
				deadlines_clear(&d, i);
				due[i] = 0;
				continue;
			}
			due[i] = now + 1 + (random & 0x7f);
			deadlines_set(&d, i, due[i]);
		}
		while ((i = deadlines_passed(&d, now)) != DEADLINES_NONE) {
			assert_true(due[i] != 0 && due[i] <= now);
			assert_true(now - due[i] <= d.late_max);
			due[i] = 0;
			out++;
		}
	}
	assert_true(out > TICKS);
	for (uint64_t now = 7 + TICKS; now < 7 + TICKS + 200; now++)
		while ((i = deadlines_passed(&d, now)) != DEADLINES_NONE)
			due[i] = 0;
	for (i = 0; i < N; i++)
		assert_true(due[i] == 0);
	free(due);
	free(memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entry_comes_out_in_its_tick_and_once),
		cmocka_unit_test(cleared_entry_does_not_come_out),
		cmocka_unit_test(entry_cleared_between_two_calls_of_one_tick_does_not_come_out),
		cmocka_unit_test(low_bits_of_the_tick_may_be_zero),
		cmocka_unit_test(jump_of_the_clock_passes_everything),
		cmocka_unit_test(next_tells_whether_there_is_anything),
		cmocka_unit_test(earliest_first_across_the_wrap_of_16_bits),
		cmocka_unit_test(no_entry_is_early_lost_or_later_than_promised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
