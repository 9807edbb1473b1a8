/* SPDX-License-Identifier: BSD-3-Clause */
#include <malloc.h>
#include <string.h>

#include "control/ppp/text.h"
#include "tests/unit/ppp/ppp_test.h"

static void
a_text_is_kept_replaced_and_dropped(void **state)
{
	char source[] = "first";
	char *kept = NULL;

	(void)state;
	assert_string_equal(text_kept(kept), "");
	text_keep(&kept, source);
	source[0] = 'F';
	assert_string_equal(text_kept(kept), "first");
	text_keep(&kept, "second, and longer than the first");
	assert_string_equal(text_kept(kept), "second, and longer than the first");
	text_drop(&kept);
	assert_null(kept);
	text_drop(&kept);
	assert_string_equal(text_kept(kept), "");
}

static void
a_text_may_be_made_of_itself(void **state)
{
	char *kept = NULL;

	(void)state;
	text_keep(&kept, "because");
	text_keep(&kept, text_kept(kept));
	assert_string_equal(kept, "because");
	text_keep(&kept, kept + 2);
	assert_string_equal(kept, "cause");
	text_drop(&kept);
}

static void
an_empty_text_takes_no_memory(void **state)
{
	char *kept = NULL;

	(void)state;
	text_keep(&kept, "something");
	text_keep(&kept, "");
	assert_null(kept);
}

static void
a_text_takes_what_it_is_long(void **state)
{
	char *kept = NULL;

	(void)state;
	text_keep(&kept, "0123456789");
	assert_true(malloc_usable_size(kept) < 32);
	text_drop(&kept);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_is_kept_replaced_and_dropped),
		cmocka_unit_test(a_text_may_be_made_of_itself),
		cmocka_unit_test(an_empty_text_takes_no_memory),
		cmocka_unit_test(a_text_takes_what_it_is_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
