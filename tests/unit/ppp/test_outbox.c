/* SPDX-License-Identifier: BSD-3-Clause */
#include "ppp_test.h"

#include <string.h>

static void
packets_and_notes_lie_beside_each_other(void **state)
{
	struct outbox out;
	uint8_t *p;

	(void)state;
	outbox_init(&out);
	p = outbox_send(&out, 0xc021, 4);
	assert_non_null(p);
	memcpy(p, "abcd", 4);
	outbox_note(&out, 0xc021, "%s %d", "note", 7);
	outbox_event(&out, OUT_LAYER_UP, 0x8021);
	assert_int_equal(out.n, 3);
	assert_memory_equal(out.bytes + out.items[0].at, "abcd", 4);
	assert_string_equal((const char *)out.bytes + out.items[1].at, "note 7");
	assert_int_equal(out.items[1].len, 7);
	assert_int_equal(out.items[2].kind, OUT_LAYER_UP);
	assert_int_equal(out.items[2].proto, 0x8021);
	assert_false(out.overflow);
}

static void
what_does_not_fit_is_refused_and_remembered(void **state)
{
	struct outbox out;
	unsigned i;

	(void)state;
	outbox_init(&out);
	assert_non_null(outbox_send(&out, 1, OUTBOX_BYTES));
	assert_false(out.overflow);
	assert_null(outbox_send(&out, 1, 1));
	assert_true(out.overflow);
	outbox_init(&out);
	assert_null(outbox_send(&out, 1, OUTBOX_BYTES + 1));
	assert_int_equal(out.n, 0);
	outbox_init(&out);
	for (i = 0; i < OUTBOX_ITEMS; i++)
		outbox_event(&out, OUT_LAYER_UP, 1);
	assert_false(out.overflow);
	outbox_event(&out, OUT_LAYER_UP, 1);
	assert_true(out.overflow);
	assert_int_equal(out.n, OUTBOX_ITEMS);
}

static void
long_notes_are_cut_and_terminated(void **state)
{
	char text[1000];
	struct outbox out;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	outbox_init(&out);
	outbox_note(&out, 1, "%s", text);
	assert_int_equal(out.n, 1);
	assert_in_range(out.items[0].len, 100, 256);
	assert_int_equal(strlen((const char *)out.bytes + out.items[0].at), out.items[0].len - 1u);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_and_notes_lie_beside_each_other),
		cmocka_unit_test(what_does_not_fit_is_refused_and_remembered),
		cmocka_unit_test(long_notes_are_cut_and_terminated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
