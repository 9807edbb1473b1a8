/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/session_ids.h"

#include "tests/unit/discovery/frames.h"

static struct session_ids ids;

static void
ids_count_up_from_the_start_and_wrap_past_the_reserved_ones(void **state)
{
	(void)state;
	session_ids_init(&ids, 65532);
	assert_int_equal(session_ids_take(&ids), 65533);
	assert_int_equal(session_ids_take(&ids), 65534);
	assert_int_equal(session_ids_take(&ids), 1); /* neither 65535 nor 0 */
	assert_int_equal(session_ids_take(&ids), 2);
	session_ids_init(&ids, 65535);
	assert_int_equal(session_ids_take(&ids), 1);
	session_ids_init(&ids, 0);
	assert_int_equal(session_ids_take(&ids), 1);
}

static void
a_returned_id_rests_until_all_others_were_used(void **state)
{
	uint16_t id = 0;

	(void)state;
	session_ids_init(&ids, 99);
	assert_int_equal(session_ids_take(&ids), 100);
	session_ids_give(&ids, 100);
	for (unsigned i = 0; i < 65533; i++) {
		id = session_ids_take(&ids);
		assert_int_not_equal(id, 100);
		session_ids_give(&ids, id);
	}
	assert_int_equal(id, 99);
	assert_int_equal(session_ids_take(&ids), 100);
}

static void
all_65534_are_given_once_and_then_none(void **state)
{
	static bool seen[65536];

	(void)state;
	session_ids_init(&ids, 31234);
	for (unsigned i = 0; i < 65534; i++) {
		const uint16_t id = session_ids_take(&ids);

		assert_in_range(id, 1, 65534);
		assert_false(seen[id]);
		seen[id] = true;
		assert_true(session_ids_has(&ids, id));
	}
	assert_int_equal(ids.used, 65534);
	assert_int_equal(session_ids_take(&ids), 0);
	for (unsigned id = 1; id < 65535; id += 611) { /* any single hole is found, wherever it is */
		session_ids_give(&ids, (uint16_t)id);
		assert_false(session_ids_has(&ids, (uint16_t)id));
		assert_int_equal(session_ids_take(&ids), id);
	}
	for (unsigned id = 65534; id > 0; id--) { /* just behind where the search starts, too */
		session_ids_give(&ids, (uint16_t)id);
		assert_int_equal(session_ids_take(&ids), id);
	}
	assert_int_equal(session_ids_take(&ids), 0);
}

static void
giving_what_was_not_taken_changes_nothing(void **state)
{
	static const uint16_t never[] = {0, 65535, 7};

	(void)state;
	session_ids_init(&ids, 0);
	for (size_t i = 0; i < 3; i++) {
		session_ids_give(&ids, never[i]);
		assert_false(session_ids_has(&ids, never[i]));
	}
	assert_int_equal(ids.used, 0);
	assert_int_equal(session_ids_take(&ids), 1);
	session_ids_give(&ids, 1);
	session_ids_give(&ids, 1);
	assert_int_equal(ids.used, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_count_up_from_the_start_and_wrap_past_the_reserved_ones),
		cmocka_unit_test(a_returned_id_rests_until_all_others_were_used),
		cmocka_unit_test(all_65534_are_given_once_and_then_none),
		cmocka_unit_test(giving_what_was_not_taken_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
