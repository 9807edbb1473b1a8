/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/line_rate.h"

#include "tests/unit/discovery/frames.h"

/* Which rate a link is paced to, and what its line adds to a frame. */

static void
a_configured_rate_wins_over_tags_and_tags_over_none(void **state)
{
	static const struct {
		const char *name;
		struct host_line configured;
		uint32_t kbps;
		uint64_t want_bps;
		enum host_rate_source want_source;
	} rows[] = {
		{"configured", {.rate_bps = 7000000}, 16000, 7000000, HOST_RATE_CONFIGURED},
		{"configured_alone", {.rate_bps = 7000000}, 0, 7000000, HOST_RATE_CONFIGURED},
		{"auto", {.rule = HOST_RATE_AUTO}, 16000, 16000000, HOST_RATE_TAGGED},
		{"tags", {.rule = HOST_RATE_TAGS}, 16000, 16000000, HOST_RATE_TAGGED},
		{"auto_without_tags", {.rule = HOST_RATE_AUTO}, 0, 0, HOST_RATE_NONE},
		{"tags_without_tags", {.rule = HOST_RATE_TAGS}, 0, 0, HOST_RATE_NONE},
		{"unpaced", {.rule = HOST_RATE_UNPACED}, 16000, 0, HOST_RATE_NONE},
		{"the_largest_rate", {.rule = HOST_RATE_AUTO}, UINT32_MAX, UINT64_C(4294967295000), HOST_RATE_TAGGED},
	};
	const struct dsl_tags tags = {.present = true};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct host_line line =
			line_rate_choose(&rows[i].configured, &tags, rows[i].kbps, (struct vlan_stack){0, 0});

		CASE(rows[i].name);
		assert_true(line.rate_bps == rows[i].want_bps);
		assert_int_equal(line.source, rows[i].want_source);
	}
}

/* What the line carries for a frame of 14 + 6 + n bytes, by the layers of RFC 2684, RFC 2364 and IEEE 802.3 clause 61. */
static void
the_tags_encapsulation_is_what_the_line_adds(void **state)
{
	const struct vlan_stack none = {0, 0}, one = {VLAN_TAGGED | 7, 0}, two = {VLAN_TAGGED | 7, VLAN_TAGGED | 8};
	const struct {
		const char *name;
		uint8_t link, encap_1, encap_2;
		struct vlan_stack vlans;
		int own; /* configured overhead */
		enum host_encap want;
		int overhead;
	} rows[] = {
		{"ptm", 1, 1, 0, none, 0, HOST_PTM, 4 + 4},
		{"ptm_tagged", 1, 2, 0, none, 0, HOST_PTM, 4 + 4 + 4},
		{"ptm_our_tag_goes", 1, 1, 0, one, 0, HOST_PTM, 4 + 4 - 4},
		{"ptm_both_go_and_one_comes", 1, 2, 0, two, 0, HOST_PTM, 4 + 4 - 8 + 4},
		{"bridged_llc_fcs", 0, 1, 5, none, 0, HOST_ATM, 10 + 4 + 8},
		{"bridged_llc", 0, 1, 6, none, 0, HOST_ATM, 10 + 8},
		{"bridged_null_fcs", 0, 1, 7, none, 0, HOST_ATM, 2 + 4 + 8},
		{"bridged_null", 0, 1, 8, none, 0, HOST_ATM, 2 + 8},
		{"pppoa_llc", 0, 0, 1, none, 0, HOST_ATM, 4 + 8 - 20},
		{"pppoa_null_of_a_tagged_frame", 0, 0, 2, one, 0, HOST_ATM, 8 - 20 - 4},
		{"on_top_of_what_is_configured", 1, 1, 0, none, 3, HOST_PTM, 4 + 4 + 3},
		{"ip_over_atm_is_no_pppoe", 0, 0, 3, none, 0, HOST_ETHERNET, 0},
		{"unknown_aal5", 0, 1, 99, none, 5, HOST_ETHERNET, 5},
		{"unknown_link", 2, 1, 0, none, 5, HOST_ETHERNET, 5},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct host_line configured = {.encap = HOST_ENCAP_AUTO, .overhead_bytes = (int16_t)rows[i].own};
		const struct dsl_tags tags = {.present = true,
			.has_encap = true,
			.encap_link = rows[i].link,
			.encap_1 = rows[i].encap_1,
			.encap_2 = rows[i].encap_2};
		const struct host_line line = line_rate_choose(&configured, &tags, 16000, rows[i].vlans);

		CASE(rows[i].name);
		assert_int_equal(line.encap, rows[i].want);
		assert_int_equal(line.overhead_bytes, rows[i].overhead);
	}
}

static void
a_configured_encapsulation_and_a_configured_rate_keep_the_tags_out(void **state)
{
	const struct dsl_tags tags = {.present = true, .has_encap = true, .encap_link = 1, .encap_1 = 1};
	const struct host_line atm = {.encap = HOST_ATM, .overhead_bytes = 22};
	const struct host_line rate = {.rate_bps = 5000000, .encap = HOST_ENCAP_AUTO, .overhead_bytes = 22};
	const struct vlan_stack none = {0, 0};
	struct host_line line;

	(void)state;
	line = line_rate_choose(&atm, &tags, 16000, none);
	assert_int_equal(line.encap, HOST_ATM);
	assert_int_equal(line.overhead_bytes, 22);
	assert_int_equal(line.source, HOST_RATE_TAGGED);
	line = line_rate_choose(&rate, &tags, 16000, none);
	assert_int_equal(line.encap, HOST_ETHERNET);
	assert_int_equal(line.overhead_bytes, 22);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_configured_rate_wins_over_tags_and_tags_over_none),
		cmocka_unit_test(the_tags_encapsulation_is_what_the_line_adds),
		cmocka_unit_test(a_configured_encapsulation_and_a_configured_rate_keep_the_tags_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
