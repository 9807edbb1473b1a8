/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/homes.h"

static void
bundles_go_to_the_worker_with_the_fewest(void **state)
{
	struct homes *h = homes_new(3, 4);
	struct dp_bundle_ref ref[6];

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		assert_true(homes_take(h, &ref[i]));
	for (unsigned w = 0; w < 3; w++)
		assert_int_equal(homes_bundles(h, w), 2);
	homes_retire(h, ref[1], 1);
	struct dp_bundle_ref next;

	assert_true(homes_take(h, &next));
	assert_int_equal(next.home, ref[1].home);
	homes_free(h);
}

static void
an_index_rests_until_its_mark_is_passed(void **state)
{
	struct homes *h = homes_new(1, 1);
	struct dp_bundle_ref first, second;
	uint32_t mark = 0;

	(void)state;
	assert_true(homes_take(h, &first));
	assert_false(homes_take(h, &second));
	homes_retire(h, first, 77);
	assert_false(homes_take(h, &second));
	assert_true(homes_resting(h, &mark));
	assert_int_equal(mark, 77);
	homes_wake(h);
	assert_false(homes_resting(h, &mark));
	assert_true(homes_take(h, &second));
	assert_int_equal(second.index, first.index);
	assert_int_not_equal(second.gen, first.gen);
	homes_free(h);
}

static void
a_full_worker_is_passed_over(void **state)
{
	struct homes *h = homes_new(2, 2);
	struct dp_bundle_ref ref[4], more;
	unsigned at[2] = {0};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		assert_true(homes_take(h, &ref[i]));
		at[ref[i].home]++;
	}
	assert_int_equal(at[0], 2);
	assert_int_equal(at[1], 2);
	assert_false(homes_take(h, &more));
	homes_free(h);
}

static void
indexes_rest_in_the_order_they_were_retired(void **state)
{
	struct homes *h = homes_new(2, 8);
	struct dp_bundle_ref ref[4];
	uint32_t mark;

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		assert_true(homes_take(h, &ref[i]));
	for (unsigned i = 0; i < 4; i++)
		homes_retire(h, ref[i], 10 + i);
	for (unsigned i = 0; i < 4; i++) {
		assert_true(homes_resting(h, &mark));
		assert_int_equal(mark, 10 + i);
		homes_wake(h);
	}
	assert_false(homes_resting(h, &mark));
	homes_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bundles_go_to_the_worker_with_the_fewest),
		cmocka_unit_test(an_index_rests_until_its_mark_is_passed),
		cmocka_unit_test(a_full_worker_is_passed_over),
		cmocka_unit_test(indexes_rest_in_the_order_they_were_retired),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
