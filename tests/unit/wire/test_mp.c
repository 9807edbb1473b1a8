/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/mp.h"

#include "tests/unit/wire/wire_test.h"

/* RFC 1990 section 3, figures 1 and 2. */
static const struct {
	const char *name;
	bool short_seq;
	uint8_t bytes[4];
	uint32_t seq;
	bool begin, end, reserved;
} rows[] = {
	{"long_begin", false, {0x80, 0x00, 0x00, 0x01}, 1, true, false, false},
	{"long_end", false, {0x40, 0x12, 0x34, 0x56}, 0x123456, false, true, false},
	{"long_both", false, {0xc0, 0xff, 0xff, 0xff}, 0xffffff, true, true, false},
	{"long_middle", false, {0x00, 0x80, 0x00, 0x00}, 0x800000, false, false, false},
	{"long_lowest_reserved_bit", false, {0x81, 0x00, 0x00, 0x02}, 2, true, false, true},
	{"long_highest_reserved_bit", false, {0x20, 0x00, 0x00, 0x02}, 2, false, false, true},
	{"short_begin", true, {0x80, 0x01}, 1, true, false, false},
	{"short_end", true, {0x41, 0x23}, 0x123, false, true, false},
	{"short_both", true, {0xcf, 0xff}, 0xfff, true, true, false},
	{"short_middle", true, {0x08, 0x00}, 0x800, false, false, false},
	{"short_reserved_bits", true, {0xf0, 0x02}, 2, true, true, true},
	{"short_one_reserved_bit", true, {0x10, 0x02}, 2, false, false, true},
};

static void
headers_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const size_t len = rows[i].short_seq ? 2 : 4;
		uint8_t *copy = exact_copy(rows[i].bytes, len);
		struct mp_view v;

		CASE(rows[i].name);
		assert_int_equal(mp_hdr_len(rows[i].short_seq), len);
		assert_true(mp_parse(copy, len, rows[i].short_seq, &v));
		assert_int_equal(v.seq, rows[i].seq);
		assert_int_equal(v.begin, rows[i].begin);
		assert_int_equal(v.end, rows[i].end);
		assert_int_equal(v.reserved, rows[i].reserved);
		for (size_t n = 0; n < len; n++)
			assert_false(mp_parse(copy, n, rows[i].short_seq, &v));
		free(copy);
	}
}

/* The word of a header of either format is that of a long one. */
static void
words_are_those_of_long_headers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct mp_view v = {.seq = rows[i].seq, .begin = rows[i].begin, .end = rows[i].end};
		uint32_t word = 0;

		CASE(rows[i].name);
		assert_true(mp_load(rows[i].bytes, mp_hdr_len(rows[i].short_seq), rows[i].short_seq, &word));
		assert_int_equal(mp_seq(word), rows[i].seq);
		assert_int_equal((word & MP_RESERVED) != 0, rows[i].reserved);
		assert_int_equal(word & ~MP_RESERVED, mp_word(&v));
		assert_int_equal(mp_view(word).begin, rows[i].begin);
		assert_int_equal(mp_view(word).end, rows[i].end);
	}
}

static void
headers_are_written_without_reserved_bits(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t made[4] = {0};

		if (rows[i].reserved)
			continue;
		/* The number's high bits belong to nobody: they are cut. */
		mp_store(made, rows[i].short_seq, rows[i].seq | 0xff000000, rows[i].begin, rows[i].end);
		assert_memory_equal(made, rows[i].bytes, rows[i].short_seq ? 2 : 4);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_read),
		cmocka_unit_test(words_are_those_of_long_headers),
		cmocka_unit_test(headers_are_written_without_reserved_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
