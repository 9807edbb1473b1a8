/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "tools/hawser-bench/choose.h"

enum { N_MAX = 8 };

static void
those_count_that_had_the_core_to_themselves(void **state)
{
	static const struct row {
		const char *what;
		unsigned n, least;
		double look[N_MAX];
		const char *kept; /* a letter each */
	} rows[] = {
		{"none", 0, 2, {0}, ""},
		{"all alone", 4, 2, {1.8, 1.82, 1.79, 1.9}, "yyyy"},
		{"at the limit", 2, 1, {1.9, 1.9001}, "y-"},
		{"one shared", 4, 2, {1.8, 2.5, 1.8, 1.8}, "y-yy"},
		{"as many shared as the least allows", 4, 2, {2.5, 1.8, 2.5, 1.8}, "-y-y"},
		{"too few alone: the least shared beside them", 4, 2, {2.5, 1.8, 2.1, 2.4}, "-yy-"},
		{"two more wanted", 5, 3, {2.5, 1.8, 2.1, 2.4, 2.6}, "-yyy-"},
		{"all shared: the least shared", 4, 2, {2.5, 2.2, 2.3, 2.6}, "-yy-"},
		{"all equally shared: the first", 4, 2, {2.5, 2.5, 2.5, 2.5}, "yy--"},
		{"fewer than the least, all shared", 2, 4, {2.5, 2.2}, "yy"},
		{"more alone than the least", 5, 1, {1.8, 1.8, 2.5, 1.8, 1.8}, "yy-yy"},
		{"a round that was all shared and one of later", 8, 3, {2.5, 2.5, 2.5, 2.5, 1.8, 1.8, 2.5, 1.8},
			"----yy-y"},
	};

	(void)state;
	for (const struct row *r = rows; r < rows + sizeof(rows) / sizeof(*rows); r++) {
		bool keep[N_MAX] = {false};
		char kept[N_MAX + 1] = "";
		unsigned n = 0;

		print_message("%s\n", r->what);
		for (unsigned i = 0; i < r->n; i++)
			n += r->kept[i] == 'y';
		assert_int_equal(choose(r->look, r->n, 1.9, r->least, keep), n);
		for (unsigned i = 0; i < r->n; i++)
			kept[i] = keep[i] ? 'y' : '-';
		assert_string_equal(kept, r->kept);
	}
}

/* Before enough is known everything counts. */
static void
without_a_limit_all_count(void **state)
{
	const double look[3] = {9, 1, 5};
	bool keep[3];

	(void)state;
	assert_int_equal(choose(look, 3, lowest_limit(&(struct lowest){.n = 0}, 1.06), 1, keep), 3);
}

static void
limit_is_of_the_lowest_looks_but_of_no_single_one(void **state)
{
	static const struct row {
		const char *what;
		unsigned shared, alone, outliers; /* looks of 2.5, 1.8 and 1.2 */
		double limit;
	} rows[] = {
		{"nothing seen", 0, 0, 0, INFINITY},
		{"too few", 0, LOWEST_LOOKS - 1, 0, INFINITY},
		{"just enough", 0, LOWEST_LOOKS, 0, 3.6},
		{"never alone", 1000, 0, 0, 5.0},
		{"alone at last", 1000, LOWEST_LOOKS, 0, 3.6},
		{"alone too seldom", 1000, LOWEST_LOOKS - 1, 0, 5.0},
		{"a look gone wrong", 1000, 1000, 1, 3.6},
		{"some looks gone wrong", 1000, 1000, LOWEST_LOOKS - 1, 3.6},
	};

	(void)state;
	for (const struct row *r = rows; r < rows + sizeof(rows) / sizeof(*rows); r++)
		for (unsigned reverse = 0; reverse < 2; reverse++) {
			const struct {
				unsigned n;
				double look;
			} parts[3] = {{r->shared, 2.5}, {r->alone, 1.8}, {r->outliers, 1.2}};
			struct lowest l = {.n = 0};

			print_message("%s\n", r->what);
			for (unsigned p = 0; p < 3; p++)
				for (unsigned i = 0; i < parts[reverse ? 2 - p : p].n; i++)
					lowest_note(&l, parts[reverse ? 2 - p : p].look);
			assert_true(lowest_limit(&l, 2) == r->limit);
		}
}

static void
lowest_looks_are_kept_in_order(void **state)
{
	struct lowest l = {.n = 0};

	(void)state;
	for (unsigned i = 0; i < 997; i++)
		lowest_note(&l, 1 + i * 389 % 997);
	assert_int_equal(l.n, LOWEST_LOOKS);
	for (unsigned i = 0; i < LOWEST_LOOKS; i++)
		assert_true(l.of[i] == 1 + i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(those_count_that_had_the_core_to_themselves),
		cmocka_unit_test(without_a_limit_all_count),
		cmocka_unit_test(limit_is_of_the_lowest_looks_but_of_no_single_one),
		cmocka_unit_test(lowest_looks_are_kept_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
