/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/ac_cookie.h"

#include "tests/unit/discovery/frames.h"

enum { T0 = 1000000, PERIOD = AC_COOKIE_PERIOD_MS };

static uint64_t chance;

static struct ac_cookie
fresh(void)
{
	struct ac_cookie c;
	uint8_t keys[64];

	chance = 42;
	seeded_random(&chance, keys, sizeof(keys));
	ac_cookie_init(&c, keys, T0);
	return c;
}

static void
rotate_if_stale(struct ac_cookie *c, uint64_t now_ms)
{
	uint8_t keys[64];

	if (!ac_cookie_is_stale(c, now_ms))
		return;
	seeded_random(&chance, keys, sizeof(keys));
	ac_cookie_rotate(c, keys, now_ms);
}

static const struct ac_cookie_host asker = {
	.peer = {{0x02, 0, 0, 0, 0, 1}}, .port = 1, .vlans = {VLAN_TAGGED | 100, VLAN_TAGGED | 7}};

static void
a_cookie_is_good_for_whom_it_was_made(void **state)
{
	struct ac_cookie c = fresh();
	uint8_t cookie[AC_COOKIE_LEN];
	struct ac_cookie_host others[7];

	(void)state;
	ac_cookie_store(&c, &asker, cookie);
	assert_true(ac_cookie_is_valid(&c, &asker, cookie, sizeof(cookie)));
	for (unsigned i = 0; i < 7; i++)
		others[i] = asker;
	others[0].peer = other_mac;
	others[1].port = 2;
	others[2].vlans.outer = VLAN_TAGGED | 101;
	others[3].vlans.inner = VLAN_TAGGED | 8;
	others[4].vlans.inner = 0;
	others[5].vlans.outer |= VLAN_AD;
	others[6].vlans = (struct vlan_stack){0, 0};
	for (unsigned i = 0; i < 7; i++)
		assert_false(ac_cookie_is_valid(&c, &others[i], cookie, sizeof(cookie)));
}

static void
changed_and_cut_cookies_are_refused(void **state)
{
	struct ac_cookie c = fresh();
	uint8_t cookie[AC_COOKIE_LEN + 1] = {0};

	(void)state;
	ac_cookie_store(&c, &asker, cookie);
	for (unsigned bit = 0; bit < 8 * AC_COOKIE_LEN; bit++) {
		cookie[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(ac_cookie_is_valid(&c, &asker, cookie, AC_COOKIE_LEN));
		cookie[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t n = 0; n <= sizeof(cookie); n++)
		assert_int_equal(ac_cookie_is_valid(&c, &asker, cookie, n), n == AC_COOKIE_LEN);
}

static void
cookies_live_between_one_and_two_periods(void **state)
{
	static const struct {
		const char *name;
		uint64_t made_ms, shown_ms;
		bool want;
	} rows[] = {
		{"at_once", T0, T0, true},
		{"within_the_period", T0, T0 + PERIOD - 1, true},
		{"with_the_previous_key", T0, T0 + PERIOD, true},
		{"late_with_the_previous_key", T0, T0 + 2 * PERIOD - 1, true},
		{"after_a_silence_of_two_periods", T0, T0 + 2 * PERIOD, false},
		{"after_a_long_silence", T0, T0 + 100 * (uint64_t)PERIOD, false},
		{"made_late_in_the_period", T0 + PERIOD - 1, T0 + 2 * PERIOD - 1, true},
		{"made_with_the_second_key", T0 + PERIOD, T0 + 2 * PERIOD, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ac_cookie c = fresh();
		uint8_t cookie[AC_COOKIE_LEN];

		CASE(rows[i].name);
		rotate_if_stale(&c, rows[i].made_ms);
		ac_cookie_store(&c, &asker, cookie);
		rotate_if_stale(&c, rows[i].shown_ms);
		assert_int_equal(ac_cookie_is_valid(&c, &asker, cookie, sizeof(cookie)), rows[i].want);
	}
}

static void
two_rotations_end_a_cookie(void **state)
{
	struct ac_cookie c = fresh();
	uint8_t cookie[AC_COOKIE_LEN];

	(void)state;
	ac_cookie_store(&c, &asker, cookie);
	rotate_if_stale(&c, T0 + PERIOD);
	assert_true(ac_cookie_is_valid(&c, &asker, cookie, sizeof(cookie)));
	rotate_if_stale(&c, T0 + 2 * PERIOD);
	assert_false(ac_cookie_is_valid(&c, &asker, cookie, sizeof(cookie)));
}

static void
another_secret_makes_another_cookie(void **state)
{
	struct ac_cookie a = fresh();
	struct ac_cookie b = a;
	uint8_t of_a[AC_COOKIE_LEN];
	uint8_t of_b[AC_COOKIE_LEN];

	(void)state;
	b.key[0][31] ^= 1;
	ac_cookie_store(&a, &asker, of_a);
	ac_cookie_store(&b, &asker, of_b);
	assert_memory_not_equal(of_a, of_b, AC_COOKIE_LEN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cookie_is_good_for_whom_it_was_made),
		cmocka_unit_test(changed_and_cut_cookies_are_refused),
		cmocka_unit_test(cookies_live_between_one_and_two_periods),
		cmocka_unit_test(two_rotations_end_a_cookie),
		cmocka_unit_test(another_secret_makes_another_cookie),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
