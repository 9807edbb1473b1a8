/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dataplane/mp/seq.h"

static const struct {
	unsigned bits;
	uint32_t a, b;
	int32_t diff;
} diffs[] = {
	{12, 0, 0, 0},
	{12, 1, 0, 1},
	{12, 0, 1, -1},
	{12, 0, 0xfff, 1},
	{12, 0xfff, 0, -1},
	{12, 2047, 0, 2047},
	{12, 2048, 0, -2048}, /* exactly half the circle is older, whichever side asks */
	{12, 0, 2048, -2048},
	{12, 2049, 0, -2047},
	{12, 5, 0xffb, 10},
	{24, 0, 0xffffff, 1},
	{24, 0xffffff, 0, -1},
	{24, 0x7fffff, 0, 0x7fffff},
	{24, 0x800000, 0, -0x800000},
	{24, 0, 0x800000, -0x800000},
	{24, 0x800001, 0, -0x7fffff},
	{24, 0x1000, 0xfff, 1},
	{24, 12, 0xfffff4, 24},
};

static void
distance_is_signed_and_wraps(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(diffs) / sizeof(diffs[0]); i++)
		assert_int_equal(seq_diff(diffs[i].a, diffs[i].b, diffs[i].bits), diffs[i].diff);
}

static const struct {
	unsigned bits;
	uint32_t a, n, sum;
} sums[] = {
	{12, 0, 1, 1},
	{12, 0xfff, 1, 0},
	{12, 0xff0, 0x20, 0x10},
	{12, 0, UINT32_MAX, 0xfff}, /* one back */
	{24, 0xffffff, 1, 0},
	{24, 0xfff, 1, 0x1000},
	{24, 0, UINT32_MAX, 0xffffff},
	{24, 5, (uint32_t)-10, 0xfffffb},
};

static void
addition_stays_on_the_circle(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
		assert_int_equal(seq_add(sums[i].a, sums[i].n, sums[i].bits), sums[i].sum);
}

/* All pairs of the short circle: what was added is the distance, for less than half of it. */
static void
distance_undoes_addition_everywhere(void **state)
{
	(void)state;
	for (uint32_t a = 0; a < 4096; a++)
		for (int32_t n = -2048; n < 2048; n += 7)
			assert_int_equal(seq_diff(seq_add(a, (uint32_t)n, 12), a, 12), n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distance_is_signed_and_wraps),
		cmocka_unit_test(addition_stays_on_the_circle),
		cmocka_unit_test(distance_undoes_addition_everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
