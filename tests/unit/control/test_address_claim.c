/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/address_claim.h"

/* RFC 5227 with its own figures, at both ends of what chance may add. */

static void
an_address_is_probed_for_three_times_then_taken_and_announced_twice(void **state)
{
	static const struct {
		uint32_t random;
		uint64_t probes_ms[3], take_ms, announce_ms;
	} rows[] = {
		{0, {100, 1100, 2100}, 4100, 6100},
		{1000, {1100, 3100, 5100}, 7100, 9100},
	};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct address_claim c;

		address_claim_begin(&c, true, rows[i].random, 100);
		for (unsigned k = 0; k < 3; k++) {
			assert_int_equal(c.due_ms, rows[i].probes_ms[k]);
			assert_int_equal(address_claim_tick(&c, rows[i].random, c.due_ms - 1), CLAIM_NOTHING);
			assert_int_equal(address_claim_tick(&c, rows[i].random, c.due_ms), CLAIM_PROBE);
			assert_int_not_equal(c.state, CLAIM_HELD);
		}
		assert_int_equal(c.due_ms, rows[i].take_ms);
		assert_int_equal(address_claim_tick(&c, 0, c.due_ms - 1), CLAIM_NOTHING);
		assert_int_equal(address_claim_tick(&c, 0, c.due_ms), CLAIM_TAKE);
		assert_int_equal(c.state, CLAIM_HELD);
		assert_int_equal(c.due_ms, rows[i].announce_ms);
		assert_int_equal(address_claim_tick(&c, 0, c.due_ms), CLAIM_ANNOUNCE);
		assert_true(c.due_ms == UINT64_MAX);
	}
}

static void
without_probes_it_is_held_at_once(void **state)
{
	struct address_claim c;

	(void)state;
	address_claim_begin(&c, false, 77, 100);
	assert_int_equal(c.state, CLAIM_HELD);
	assert_true(c.due_ms == UINT64_MAX);
}

static void
a_rival_before_its_use_is_believed_and_looked_for_again_in_a_minute(void **state)
{
	(void)state;
	for (unsigned probes = 0; probes <= 3; probes++) { /* that went out before it speaks */
		struct address_claim c;
		uint64_t at_ms;

		address_claim_begin(&c, true, 0, 0);
		for (unsigned i = 0; i < probes; i++)
			assert_int_equal(address_claim_tick(&c, 0, c.due_ms), CLAIM_PROBE);
		at_ms = c.due_ms - 1;
		assert_int_equal(address_claim_conflict(&c, at_ms), CLAIM_REFUSED);
		assert_int_equal(address_claim_conflict(&c, at_ms), CLAIM_NOTHING); /* told already */
		assert_int_equal(c.state, CLAIM_TAKEN);
		assert_int_equal(c.due_ms, at_ms + 60000);
		assert_int_equal(address_claim_tick(&c, 0, at_ms + 59999), CLAIM_NOTHING);
		for (unsigned i = 0; i < 3; i++)
			assert_int_equal(address_claim_tick(&c, 0, c.due_ms), CLAIM_PROBE);
		assert_int_equal(address_claim_tick(&c, 0, c.due_ms), CLAIM_TAKE); /* it has gone */
	}
}

static void
a_held_address_is_defended_once_in_ten_seconds_and_never_given_up(void **state)
{
	static const struct {
		uint64_t at_ms;
		enum claim_do want;
	} rows[] = {{0, CLAIM_ANNOUNCE}, {1, CLAIM_NOTHING}, {9999, CLAIM_NOTHING}, {10000, CLAIM_ANNOUNCE},
		{19999, CLAIM_NOTHING}, {20000, CLAIM_ANNOUNCE}};
	struct address_claim c;

	(void)state;
	address_claim_begin(&c, false, 0, 0);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(address_claim_conflict(&c, rows[i].at_ms), rows[i].want);
		assert_int_equal(c.state, CLAIM_HELD);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_probed_for_three_times_then_taken_and_announced_twice),
		cmocka_unit_test(without_probes_it_is_held_at_once),
		cmocka_unit_test(a_rival_before_its_use_is_believed_and_looked_for_again_in_a_minute),
		cmocka_unit_test(a_held_address_is_defended_once_in_ten_seconds_and_never_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
