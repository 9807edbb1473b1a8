/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/pppoe.h"

#include "tests/unit/wire/wire_test.h"

static void
headers_are_judged(void **state)
{
	static const struct {
		const char *name;
		uint8_t bytes[10];
		size_t len;
		enum pppoe_verdict want;
		uint16_t session, payload_len;
	} rows[] = {
		{"session_frame", {0x11, 0, 0x12, 0x34, 0, 2, 0xc0, 0x21}, 8, PPPOE_OK, 0x1234, 2},
		{"with_padding", {0x11, 0, 0x12, 0x34, 0, 2, 0xc0, 0x21, 0, 0}, 10, PPPOE_OK, 0x1234, 2},
		{"without_payload", {0x11, 0xa7, 0, 1, 0, 0}, 6, PPPOE_OK, 1, 0},
		{"empty", {0}, 0, PPPOE_SHORT, 0, 0},
		{"cut_header", {0x11, 0, 0x12, 0x34, 0}, 5, PPPOE_SHORT, 0, 0},
		{"version_2", {0x21, 0, 0, 1, 0, 0}, 6, PPPOE_BAD_VER, 0, 0},
		{"type_2", {0x12, 0, 0, 1, 0, 0}, 6, PPPOE_BAD_VER, 0, 0},
		{"length_one_too_much", {0x11, 0, 0, 1, 0, 3, 0xc0, 0x21}, 8, PPPOE_BAD_LENGTH, 0, 0},
		{"length_far_too_much", {0x11, 0, 0, 1, 0xff, 0xff, 0xc0, 0x21}, 8, PPPOE_BAD_LENGTH, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t *copy = exact_copy(rows[i].bytes, rows[i].len);
		struct pppoe_view v;

		CASE(rows[i].name);
		assert_int_equal(pppoe_parse(copy, rows[i].len, &v), rows[i].want);
		if (rows[i].want == PPPOE_OK) {
			assert_int_equal(v.code, rows[i].bytes[1]);
			assert_int_equal(v.session, rows[i].session);
			assert_int_equal(v.payload_len, rows[i].payload_len);
		}
		free(copy);
	}
}

static void
headers_are_written(void **state)
{
	static const uint8_t want[] = {0x11, 0x65, 0xab, 0xcd, 0x05, 0xd4};
	uint8_t made[6];

	(void)state;
	pppoe_store(made, PPPOE_CODE_PADS, 0xabcd, 1492);
	assert_memory_equal(made, want, sizeof(want));
}

static void
headers_of_sessions_are_written_with_their_type(void **state)
{
	static const uint8_t want[] = {0x88, 0x64, 0x11, 0x00, 0xfe, 0xdc, 0xfa, 0x98};
	uint8_t made[9] = {0};

	(void)state;
	assert_ptr_equal(pppoe_store_session(made, 0xfedc, 0xfa98), made + sizeof(want));
	assert_memory_equal(made, want, sizeof(want));
	assert_int_equal(made[8], 0);
}

/* RFC 2516 section 4 and appendix A. */
static void
tags_are_stepped_through(void **state)
{
	static const struct {
		const char *name;
		uint8_t bytes[24];
		size_t len;
		unsigned tags;
		bool sound;
		size_t rest; /* behind the last tag read */
	} rows[] = {
		{"none", {0}, 0, 0, true, 0},
		{"one_blank", {1, 1, 0, 0}, 4, 1, true, 0},
		{"two", {1, 1, 0, 1, 'a', 1, 3, 0, 2, 'x', 'y'}, 11, 2, true, 0},
		{"end_of_list", {1, 1, 0, 0, 0, 0, 0, 0, 1, 3, 0, 0}, 12, 1, true, 8},
		{"end_of_list_with_bytes", {0, 0, 0, 2, 1, 1, 1, 3, 0, 0}, 10, 0, true, 10},
		{"cut_header", {1, 1, 0, 0, 1, 3, 0}, 7, 1, false, 0},
		{"cut_value", {1, 1, 0, 0, 1, 3, 0, 2, 'x'}, 9, 1, false, 0},
		{"length_far_too_much", {1, 1, 0xff, 0xff, 'x'}, 5, 0, false, 0},
		{"cut_end_of_list", {0, 0, 0, 1}, 4, 0, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t *copy = exact_copy(rows[i].bytes, rows[i].len);
		const uint8_t *end = copy + rows[i].len;
		const uint8_t *at = copy;
		struct pppoe_tag tag;
		unsigned n = 0;

		CASE(rows[i].name);
		while (pppoe_tag_next(&at, end, &tag))
			n++;
		assert_int_equal(n, rows[i].tags);
		assert_int_equal(at != NULL, rows[i].sound);
		if (at != NULL)
			assert_int_equal(end - at, rows[i].rest);
		assert_false(pppoe_tag_next(&at, end, &tag)); /* stays at its end */
		free(copy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_judged),
		cmocka_unit_test(headers_are_written),
		cmocka_unit_test(headers_of_sessions_are_written_with_their_type),
		cmocka_unit_test(tags_are_stepped_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
