/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "control/ppp/pool6.h"
#include "tests/unit/host/check.h"

/* 2001:db8:0:fffe::/63 and 2001:db8:1::/64: three prefixes of 64 bits. */
static const struct host_route two[] = {
	{{{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0xff, 0xfe}}, 63}, {{{0x20, 0x01, 0x0d, 0xb8, 0, 1}}, 64}};
static const struct host_pool6 links = {"links", two, 2, 64};

static void
assert_prefix(const struct host_route *r, uint64_t hi, uint8_t len)
{
	assert_true(ip6_num_load(r->prefix.b).hi == hi);
	assert_true(ip6_num_load(r->prefix.b).lo == 0);
	assert_int_equal(r->len, len);
}

static void
the_lowest_free_prefix_is_given(void **state)
{
	static const uint64_t order[] = {0x20010db80000fffe, 0x20010db80000ffff, 0x20010db800010000};
	struct host_route r;
	struct pool6 p;

	(void)state;
	assert_int_equal(pool6_init(&p, &links), 0);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(pool6_take(&p, &r));
		assert_prefix(&r, order[i], 64);
	}
	assert_false(pool6_take(&p, &r));
	for (unsigned i = 0; i < 3; i++) {
		struct host_route again = {.len = 64};

		store_be64(again.prefix.b, order[i]);
		pool6_give(&p, &again);
		pool6_give(&p, &again); /* twice changes nothing */
		assert_int_equal(p.slots.n_free, 1);
		assert_true(pool6_take(&p, &r));
		assert_prefix(&r, order[i], 64);
	}
	store_be64(r.prefix.b, 0x20010db800020000);
	pool6_give(&p, &r); /* a stranger */
	assert_int_equal(p.slots.n_free, 0);
	pool6_fini(&p);
}

static void
every_prefix_of_a_large_pool_is_given_once(void **state)
{
	static const struct host_route all = {{{0x20, 0x01, 0x0d, 0xb8, 0x80}}, 36};
	static const struct host_pool6 homes = {"homes", &all, 1, 56};
	struct host_route r, last;
	struct pool6 p;

	(void)state;
	assert_int_equal(pool6_init(&p, &homes), 0);
	for (uint64_t i = 0; i < 1 << 20; i++) {
		assert_true(pool6_take(&p, &r));
		assert_prefix(&r, 0x20010db880000000 + (i << 8), 56);
		last = r;
	}
	assert_false(pool6_take(&p, &r));
	pool6_give(&p, &last);
	assert_true(pool6_take(&p, &r));
	assert_prefix(&r, 0x20010db88fffff00, 56);
	pool6_fini(&p);
}

static void
pools_that_cannot_be_are_refused(void **state)
{
	static const struct host_route longer = {.len = 60}, wide = {.len = 31}, half = {.len = 32};
	static const struct host_route halves[] = {{.len = 32}, {.len = 32}};
	static const struct {
		struct host_pool6 pool;
		int want;
	} rows[] = {
		{{"longer", &longer, 1, 56}, -EINVAL},
		{{"wide", &wide, 1, 56}, -EINVAL},
		{{"just", &half, 1, 56}, 0},
		{{"two", halves, 2, 56}, -EINVAL},
		{{"no_length", &half, 1, 0}, -EINVAL},
		{{"beyond_64", &half, 1, 65}, -EINVAL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pool6 p;

		print_message("  %s\n", rows[i].pool.name);
		assert_int_equal(pool6_init(&p, &rows[i].pool), rows[i].want);
		pool6_fini(&p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lowest_free_prefix_is_given),
		cmocka_unit_test(every_prefix_of_a_large_pool_is_given_once),
		cmocka_unit_test(pools_that_cannot_be_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
