/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/dsl_tags.h"

#include "tests/unit/discovery/frames.h"

/* A vendor tag as a DSLAM adds it (TR-101 appendix A): rates in kbit/s. */
static const uint8_t full[] = {
	0x00, 0x00, 0x0d, 0xe9,                                            /* DSL Forum */
	0x01, 0x0b, 'a', 't', 'm', ' ', '1', '/', '2', ':', '1', '.', '3', /* Agent-Circuit-Id */
	0x02, 0x05, 'h', 'o', 'u', 's', 'e',                               /* Agent-Remote-Id */
	0x81, 0x04, 0x00, 0x00, 0x27, 0x10,                                /* actual up 10000 */
	0x82, 0x04, 0x00, 0x01, 0x86, 0xa0,                                /* actual down 100000 */
	0x83, 0x04, 0x00, 0x00, 0x00, 0x40,                                /* minimum up: not kept */
	0x85, 0x04, 0x00, 0x00, 0x2e, 0xe0,                                /* attainable up 12000 */
	0x86, 0x04, 0x00, 0x01, 0xd4, 0xc0,                                /* attainable down 120000 */
	0x90, 0x03, 0x01, 0x02, 0x00,                                      /* encapsulation */
};

static void
a_full_tag_is_kept(void **state)
{
	struct dsl_tags t = {0};

	(void)state;
	assert_true(dsl_tags_parse(&t, full, sizeof(full)));
	assert_true(t.present);
	assert_string_equal(t.circuit_id, "atm 1/2:1.3");
	assert_string_equal(t.remote_id, "house");
	assert_int_equal(t.rate_up_kbps, 10000);
	assert_int_equal(t.rate_down_kbps, 100000);
	assert_int_equal(t.attainable_up_kbps, 12000);
	assert_int_equal(t.attainable_down_kbps, 120000);
	assert_true(t.has_encap);
	assert_int_equal(t.encap_link, 1);
	assert_int_equal(t.encap_1, 2);
	assert_int_equal(t.encap_2, 0);
	assert_int_equal(t.malformed, 0);
}

static void
malformed_sub_options_are_skipped_and_the_rest_is_kept(void **state)
{
	static const struct {
		const char *name;
		uint8_t sub[16];
		size_t len;
		unsigned malformed;
		uint32_t up, down;
	} rows[] = {
		{"rate_of_three_bytes", {0x81, 3, 1, 2, 3, 0x82, 4, 0, 0, 0, 9}, 11, 1, 0, 9},
		{"rate_of_five_bytes", {0x81, 5, 1, 2, 3, 4, 5, 0x82, 4, 0, 0, 0, 9}, 13, 1, 0, 9},
		{"rate_without_bytes", {0x81, 0, 0x82, 4, 0, 0, 0, 9}, 8, 1, 0, 9},
		{"blank_circuit_id", {0x01, 0, 0x82, 4, 0, 0, 0, 9}, 8, 1, 0, 9},
		{"encapsulation_of_two_bytes", {0x90, 2, 1, 2, 0x82, 4, 0, 0, 0, 9}, 10, 1, 0, 9},
		{"runs_over_the_end", {0x81, 4, 0, 0, 0, 7, 0x82, 4, 0, 0, 0}, 11, 1, 7, 0},
		{"lonely_type", {0x81, 4, 0, 0, 0, 7, 0x82}, 7, 1, 7, 0},
		{"unknown_type", {0x55, 2, 1, 2, 0x81, 4, 0, 0, 0, 7}, 10, 0, 7, 0},
		{"nothing", {0}, 0, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dsl_tags t = {0};
		uint8_t b[24];
		uint8_t *p = b + sizeof(b) - 4 - rows[i].len; /* ends with the array, for ASan */

		CASE(rows[i].name);
		memcpy(p, full, 4);
		memcpy(p + 4, rows[i].sub, rows[i].len);
		assert_true(dsl_tags_parse(&t, p, 4 + rows[i].len));
		assert_int_equal(t.malformed, rows[i].malformed);
		assert_int_equal(t.rate_up_kbps, rows[i].up);
		assert_int_equal(t.rate_down_kbps, rows[i].down);
	}
}

static void
other_vendors_are_left_alone(void **state)
{
	static const uint8_t other[] = {0x00, 0x00, 0x0d, 0xea, 0x81, 4, 0, 0, 0, 7};
	struct dsl_tags t = {0};

	(void)state;
	assert_false(dsl_tags_parse(&t, other, sizeof(other)));
	assert_false(dsl_tags_parse(&t, full, 3));
	assert_false(dsl_tags_parse(&t, full, 0));
	assert_false(t.present);
}

static void
the_longest_id_fits_and_a_longer_one_is_cut(void **state)
{
	static const struct {
		uint8_t len;
		unsigned malformed;
		size_t kept;
	} rows[] = {{63, 0, 63}, {64, 1, 63}, {255, 1, 63}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dsl_tags t = {0};
		uint8_t b[4 + 2 + 255] = {0x00, 0x00, 0x0d, 0xe9, 0x01, rows[i].len};

		memset(b + 6, 'x', rows[i].len);
		b[6] = '\n';
		assert_true(dsl_tags_parse(&t, b, 6 + (size_t)rows[i].len));
		assert_int_equal(strlen(t.circuit_id), rows[i].kept);
		assert_int_equal(t.circuit_id[0], '.');
		assert_int_equal(t.malformed, rows[i].malformed);
	}
}

static void
tags_of_a_frame_are_found_among_others(void **state)
{
	struct raw r = raw_start(&all_mac, &host_mac, 0, PPPOE_CODE_PADI, 0);
	static const uint8_t other[] = {0x00, 0x00, 0x00, 0x01, 0x01, 0x01, 'z'};
	struct discovery_view v;
	struct dsl_tags t;

	(void)state;
	raw_text(&r, PPPOE_TAG_SERVICE_NAME, "");
	v = raw_view(&r);
	dsl_tags_load(&t, &v);
	assert_false(t.present);
	raw_tag(&r, PPPOE_TAG_VENDOR, other, sizeof(other));
	raw_tag(&r, PPPOE_TAG_VENDOR, full, sizeof(full));
	v = raw_view(&r);
	dsl_tags_load(&t, &v);
	assert_true(t.present);
	assert_string_equal(t.remote_id, "house");
}

static void
every_prefix_is_read_within_its_bounds(void **state)
{
	uint8_t b[sizeof(full)];

	(void)state;
	for (size_t n = 0; n <= sizeof(full); n++) {
		struct dsl_tags t = {0};

		memcpy(b + sizeof(b) - n, full, n);
		assert_int_equal(dsl_tags_parse(&t, b + sizeof(b) - n, n), n >= 4);
		assert_true(t.malformed <= 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_tag_is_kept),
		cmocka_unit_test(malformed_sub_options_are_skipped_and_the_rest_is_kept),
		cmocka_unit_test(other_vendors_are_left_alone),
		cmocka_unit_test(the_longest_id_fits_and_a_longer_one_is_cut),
		cmocka_unit_test(tags_of_a_frame_are_found_among_others),
		cmocka_unit_test(every_prefix_is_read_within_its_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
