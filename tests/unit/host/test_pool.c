/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "control/ppp/pool.h"
#include "tests/unit/host/check.h"

static const struct host_range two[] = {{0x0a000010, 0x0a000012}, {0x0a000001, 0x0a000002}};
static const struct host_pool two_ranges = {"two", two, 2};

static void
the_lowest_free_address_is_given(void **state)
{
	static const uint32_t order[] = {0x0a000010, 0x0a000011, 0x0a000012, 0x0a000001, 0x0a000002, 0};
	struct pool p;

	(void)state;
	assert_int_equal(pool_init(&p, &two_ranges), 0);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		assert_int_equal(pool_take(&p), order[i]);
	pool_give(&p, 0x0a000001);
	pool_give(&p, 0x0a000011);
	assert_int_equal(p.slots.n_free, 2);
	assert_int_equal(pool_take(&p), 0x0a000011);
	assert_int_equal(pool_take(&p), 0x0a000001);
	assert_int_equal(pool_take(&p), 0);
	pool_fini(&p);
}

static void
a_reserved_address_is_never_given(void **state)
{
	struct pool p;

	(void)state;
	assert_int_equal(pool_init(&p, &two_ranges), 0);
	pool_reserve(&p, 0x0a000010);
	pool_reserve(&p, 0x0a000010);
	pool_reserve(&p, 0xc0000201); /* of another network */
	assert_int_equal(p.slots.n_free, 4);
	assert_int_equal(pool_take(&p), 0x0a000011);
	assert_true(pool_holds(&p, 0x0a000002));
	assert_false(pool_holds(&p, 0x0a000003));
	pool_fini(&p);
}

static void
giving_back_twice_or_strangers_changes_nothing(void **state)
{
	struct pool p;

	(void)state;
	assert_int_equal(pool_init(&p, &two_ranges), 0);
	assert_int_equal(pool_take(&p), 0x0a000010);
	pool_give(&p, 0x0a000010);
	pool_give(&p, 0x0a000010);
	pool_give(&p, 0x0a0000ff);
	assert_int_equal(p.slots.n_free, 5);
	pool_fini(&p);
}

static void
bad_ranges_are_refused(void **state)
{
	static const struct host_range turned = {2, 1}, zero = {0, 5}, huge = {1, 0xffffffff};
	static const struct host_pool pools[] = {{"turned", &turned, 1}, {"zero", &zero, 1}, {"huge", &huge, 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(pools) / sizeof(pools[0]); i++) {
		struct pool p;

		assert_int_equal(pool_init(&p, &pools[i]), -EINVAL);
		pool_fini(&p);
	}
}

static void
every_address_of_a_large_pool_is_given_once(void **state)
{
	enum { N = 70000 };
	static const struct host_range range = {0x0a000000, 0x0a000000 + N - 1};
	static const struct host_pool pool = {"large", &range, 1};
	struct pool p;

	(void)state;
	assert_int_equal(pool_init(&p, &pool), 0);
	for (uint32_t i = 0; i < N; i++)
		assert_int_equal(pool_take(&p), range.first + i);
	assert_int_equal(pool_take(&p), 0);
	for (uint32_t i = 0; i < N; i += 7)
		pool_give(&p, range.first + N - 1 - i);
	for (uint32_t i = 0; i < N; i += 7)
		assert_int_not_equal(pool_take(&p), 0);
	assert_int_equal(pool_take(&p), 0);
	pool_fini(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lowest_free_address_is_given),
		cmocka_unit_test(a_reserved_address_is_never_given),
		cmocka_unit_test(giving_back_twice_or_strangers_changes_nothing),
		cmocka_unit_test(bad_ranges_are_refused),
		cmocka_unit_test(every_address_of_a_large_pool_is_given_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
