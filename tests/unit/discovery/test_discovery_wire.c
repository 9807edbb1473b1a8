/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/discovery/frames.h"

/* RFC 2516 appendix B, with the placeholders' addresses put in. */
static const uint8_t rfc_padi[] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x00, 0x00, 0x00, 0x00, 0x01, /* addresses */
	0x88, 0x63, 0x11, 0x09, 0x00, 0x00, 0x00, 0x04,                         /* PADI, length 4 */
	0x01, 0x01, 0x00, 0x00,                                                 /* Service-Name, blank */
};

static const uint8_t rfc_pado[] = {
	0x02,
	0x00,
	0x00,
	0x00,
	0x00,
	0x01,
	0x02,
	0x00,
	0x00,
	0x00,
	0x00,
	0xfe, /* addresses */
	0x88,
	0x63,
	0x11,
	0x07,
	0x00,
	0x00,
	0x00,
	0x20, /* PADO, length 32 */
	0x01,
	0x01,
	0x00,
	0x00, /* Service-Name, blank */
	0x01,
	0x02,
	0x00,
	0x18,
	0x47,
	0x6f,
	0x20,
	0x52,
	0x65,
	0x64,
	0x42,
	0x61, /* AC-Name */
	0x63,
	0x6b,
	0x20,
	0x2d,
	0x20,
	0x65,
	0x73,
	0x73,
	0x68,
	0x73,
	0x68,
	0x65,
	0x73,
	0x6f,
	0x6f,
	0x74,
};

static const uint8_t rfc_padt[] = {
	0x02, 0x00, 0x00, 0x00, 0x00, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0xfe, /* addresses */
	0x88, 0x63, 0x11, 0xa7, 0x12, 0x34, 0x00, 0x00,                         /* PADT of session 0x1234 */
};

static void
rfc_2516_examples_are_read(void **state)
{
	struct discovery_view v;

	(void)state;
	assert_int_equal(discovery_parse(rfc_padi, sizeof(rfc_padi), &v), DISCOVERY_OK);
	assert_int_equal(v.code, 0x09);
	assert_int_equal(v.services, 1);
	assert_non_null(v.service.at);
	assert_int_equal(v.service.len, 0);
	assert_memory_equal(&v.src, &host_mac, 6);

	assert_int_equal(discovery_parse(rfc_pado, sizeof(rfc_pado), &v), DISCOVERY_OK);
	assert_int_equal(v.code, 0x07);
	assert_true(discovery_bytes_equal(v.ac_name, "Go RedBack - esshshesoot"));
	assert_false(discovery_bytes_equal(v.ac_name, "Go RedBack - esshsheso"));
	assert_null(v.host_uniq.at);

	assert_int_equal(discovery_parse(rfc_padt, sizeof(rfc_padt), &v), DISCOVERY_OK);
	assert_int_equal(v.session, 0x1234);
}

static void
rfc_2516_examples_are_built(void **state)
{
	const struct host_session_key key = {.session = 0x1234, .peer = host_mac, .local = ac_mac};
	struct discovery_frame f;
	struct discovery_writer w;

	(void)state;
	discovery_start(&w, &f, &host_mac, &ac_mac, (struct vlan_stack){0, 0}, PPPOE_CODE_PADO, 0);
	discovery_tag_text(&w, PPPOE_TAG_SERVICE_NAME, "");
	discovery_tag_text(&w, PPPOE_TAG_AC_NAME, "Go RedBack - esshshesoot");
	assert_true(discovery_finish(&w));
	assert_int_equal(f.len, 60); /* 52 bytes and the padding to Ethernet's minimum */
	assert_memory_equal(f.bytes, rfc_pado, sizeof(rfc_pado));
	for (size_t i = sizeof(rfc_pado); i < f.len; i++)
		assert_int_equal(f.bytes[i], 0);

	discovery_padt_build(&f, &key, NULL);
	assert_memory_equal(f.bytes, rfc_padt, sizeof(rfc_padt));
}

static void
every_truncated_prefix_is_refused(void **state)
{
	struct raw r = raw_start(&host_mac, &ac_mac, 100u << 16 | 7, PPPOE_CODE_PADO, 0);
	struct discovery_view v;
	uint8_t exact[256];

	(void)state;
	raw_text(&r, PPPOE_TAG_SERVICE_NAME, "internet");
	raw_text(&r, PPPOE_TAG_AC_NAME, "ac");
	raw_text(&r, PPPOE_TAG_HOST_UNIQ, "uniq");
	for (size_t n = 0; n < r.n; n++) {
		memcpy(exact + sizeof(exact) - n, r.b, n); /* ends with the array: reading on is seen by ASan */
		const enum discovery_verdict got = discovery_parse(exact + sizeof(exact) - n, n, &v);

		if (n < r.pppoe)
			assert_int_equal(got, DISCOVERY_ETH_BAD);
		else
			assert_int_equal(got, n < r.pppoe + 6 ? DISCOVERY_SHORT : DISCOVERY_BAD_LENGTH);
	}
	assert_int_equal(raw_parse(&r, &v), DISCOVERY_OK);
	assert_int_equal(v.vlans.outer, VLAN_TAGGED | 100);
	assert_int_equal(v.vlans.inner, VLAN_TAGGED | 7);
	/* The same with a length field that fits the cut: then a tag is cut. */
	for (size_t n = r.pppoe + 6; n <= r.n; n++) {
		const size_t payload = n - r.pppoe - 6;
		const bool whole = payload == 0 || payload == 12 || payload == 18 || payload == 26;

		r.b[r.pppoe + 4] = 0;
		r.b[r.pppoe + 5] = (uint8_t)payload;
		memcpy(exact + sizeof(exact) - n, r.b, n);
		assert_int_equal(
			discovery_parse(exact + sizeof(exact) - n, n, &v), whole ? DISCOVERY_OK : DISCOVERY_BAD_TAG);
	}
}

static void
header_faults_have_names(void **state)
{
	static const struct mac group = {{0x01, 0, 0x5e, 0, 0, 1}};
	static const struct mac zero;
	static const struct {
		const char *name;
		const struct mac *dst, *src;
		unsigned code, session;
		enum discovery_verdict want;
	} rows[] = {
		{"padi_to_all", &all_mac, &host_mac, 0x09, 0, DISCOVERY_OK},
		{"padi_to_one_host", &ac_mac, &host_mac, 0x09, 0, DISCOVERY_BAD_DESTINATION},
		{"padi_to_a_group", &group, &host_mac, 0x09, 0, DISCOVERY_BAD_DESTINATION},
		{"padi_with_session", &all_mac, &host_mac, 0x09, 1, DISCOVERY_BAD_SESSION},
		{"padi_from_a_group", &all_mac, &group, 0x09, 0, DISCOVERY_BAD_SOURCE},
		{"padi_from_all", &all_mac, &all_mac, 0x09, 0, DISCOVERY_BAD_SOURCE},
		{"padi_from_zero", &all_mac, &zero, 0x09, 0, DISCOVERY_BAD_SOURCE},
		{"pado_to_all", &all_mac, &ac_mac, 0x07, 0, DISCOVERY_BAD_DESTINATION},
		{"pado_to_one_host", &host_mac, &ac_mac, 0x07, 0, DISCOVERY_OK},
		{"pado_with_session", &host_mac, &ac_mac, 0x07, 9, DISCOVERY_BAD_SESSION},
		{"padr_to_all", &all_mac, &host_mac, 0x19, 0, DISCOVERY_BAD_DESTINATION},
		{"padr_to_the_ac", &ac_mac, &host_mac, 0x19, 0, DISCOVERY_OK},
		{"padr_with_session", &ac_mac, &host_mac, 0x19, 0xffff, DISCOVERY_BAD_SESSION},
		{"pads_with_session", &host_mac, &ac_mac, 0x65, 0xabcd, DISCOVERY_OK},
		{"pads_that_refuses", &host_mac, &ac_mac, 0x65, 0, DISCOVERY_OK},
		{"padt", &host_mac, &ac_mac, 0xa7, 1, DISCOVERY_OK},
		{"padt_of_the_last_id", &host_mac, &ac_mac, 0xa7, 65534, DISCOVERY_OK},
		{"padt_of_no_session", &host_mac, &ac_mac, 0xa7, 0, DISCOVERY_BAD_SESSION},
		{"padt_of_the_reserved_id", &host_mac, &ac_mac, 0xa7, 65535, DISCOVERY_BAD_SESSION},
		{"padt_to_all", &all_mac, &ac_mac, 0xa7, 1, DISCOVERY_BAD_DESTINATION},
		{"unknown_code", &host_mac, &ac_mac, 0xd3, 0, DISCOVERY_BAD_CODE},
		{"session_code", &host_mac, &ac_mac, 0x00, 0, DISCOVERY_BAD_CODE},
	};
	struct discovery_view v;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct raw r = raw_start(rows[i].dst, rows[i].src, 0, rows[i].code, rows[i].session);

		CASE(rows[i].name);
		raw_text(&r, PPPOE_TAG_SERVICE_NAME, "");
		assert_int_equal(raw_parse(&r, &v), rows[i].want);
	}
}

static void
other_faults_have_names(void **state)
{
	struct raw r = raw_start(&all_mac, &host_mac, 0, PPPOE_CODE_PADI, 0);
	struct discovery_view v;

	(void)state;
	raw_text(&r, PPPOE_TAG_SERVICE_NAME, "");
	r.b[r.pppoe] = 0x21;
	assert_int_equal(raw_parse(&r, &v), DISCOVERY_BAD_VER);
	r.b[r.pppoe] = 0x12;
	assert_int_equal(raw_parse(&r, &v), DISCOVERY_BAD_VER);
	r.b[r.pppoe] = 0x11;
	r.b[13] = 0x64; /* session ethertype */
	assert_int_equal(raw_parse(&r, &v), DISCOVERY_NOT_DISCOVERY);
	r.b[13] = 0x63;
	assert_int_equal(raw_parse(&r, &v), DISCOVERY_OK);
	for (int i = 0; i < DISCOVERY_VERDICT_COUNT; i++)
		assert_true(strlen(discovery_verdict_text((enum discovery_verdict)i)) > 2);
}

static void
tags_behind_end_of_list_and_padding_are_not_read(void **state)
{
	struct raw r = raw_start(&all_mac, &host_mac, 0, PPPOE_CODE_PADI, 0);
	struct discovery_view v;

	(void)state;
	raw_text(&r, PPPOE_TAG_SERVICE_NAME, "a");
	raw_tag(&r, PPPOE_TAG_END_OF_LIST, NULL, 0);
	raw_text(&r, PPPOE_TAG_HOST_UNIQ, "not to be seen");
	raw_u16(&r, 0x0103); /* behind the length field */
	v = raw_view(&r);
	assert_int_equal(v.services, 1);
	assert_null(v.host_uniq.at);
	assert_null(v.relay.at);
}

static void
unknown_tags_are_skipped_and_of_repeated_ones_the_first_counts(void **state)
{
	struct raw r = raw_start(&all_mac, &host_mac, 0, PPPOE_CODE_PADI, 0);
	struct discovery_view v;

	(void)state;
	raw_text(&r, 0x7abc, "what is this");
	raw_text(&r, PPPOE_TAG_HOST_UNIQ, "one");
	raw_text(&r, PPPOE_TAG_SERVICE_NAME, "first");
	raw_text(&r, PPPOE_TAG_HOST_UNIQ, "two");
	raw_text(&r, PPPOE_TAG_SERVICE_NAME, "second");
	raw_tag(&r, PPPOE_TAG_RELAY_SESSION_ID, NULL, 0);
	v = raw_view(&r);
	assert_true(discovery_bytes_equal(v.host_uniq, "one"));
	assert_true(discovery_bytes_equal(v.service, "first"));
	assert_int_equal(v.services, 2);
	assert_non_null(v.relay.at);
	assert_int_equal(v.relay.len, 0);
}

static void
max_payload_counts_only_above_1492(void **state)
{
	static const struct {
		uint8_t value[3];
		size_t len;
		uint16_t want;
	} rows[] = {
		{{0x05, 0xdc}, 2, 1500},
		{{0x05, 0xd5}, 2, 1493},
		{{0x05, 0xd4}, 2, 0}, /* 1492: nothing new */
		{{0x00, 0x00}, 2, 0},
		{{0xff, 0xff}, 2, 65535},
		{{0x05}, 1, 0},
		{{0x05, 0xdc, 0x00}, 3, 0},
		{{0}, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct raw r = raw_start(&all_mac, &host_mac, 0, PPPOE_CODE_PADI, 0);

		raw_text(&r, PPPOE_TAG_SERVICE_NAME, "");
		raw_tag(&r, PPPOE_TAG_MAX_PAYLOAD, rows[i].value, rows[i].len);
		assert_int_equal(raw_view(&r).max_payload, rows[i].want);
	}
}

static void
padt_is_accepted_only_from_the_peer_of_the_session(void **state)
{
	const struct host_session_key key = {
		.port = 3, .session = 77, .vlans = {VLAN_TAGGED | 100, 0}, .peer = host_mac, .local = ac_mac};
	static const struct {
		const char *name;
		const struct mac *dst, *src;
		uint32_t vlan;
		unsigned session;
		uint16_t port;
		enum discovery_verdict want;
	} rows[] = {
		{"the_peer_s", &ac_mac, &host_mac, 100, 77, 3, DISCOVERY_OK},
		{"other_session", &ac_mac, &host_mac, 100, 78, 3, DISCOVERY_UNKNOWN_SESSION},
		{"other_source", &ac_mac, &other_mac, 100, 77, 3, DISCOVERY_UNKNOWN_SESSION},
		{"other_destination", &other_mac, &host_mac, 100, 77, 3, DISCOVERY_UNKNOWN_SESSION},
		{"other_vlan", &ac_mac, &host_mac, 101, 77, 3, DISCOVERY_UNKNOWN_SESSION},
		{"no_vlan", &ac_mac, &host_mac, 0, 77, 3, DISCOVERY_UNKNOWN_SESSION},
		{"one_vlan_more", &ac_mac, &host_mac, 100u << 16 | 100, 77, 3, DISCOVERY_UNKNOWN_SESSION},
		{"other_port", &ac_mac, &host_mac, 100, 77, 4, DISCOVERY_UNKNOWN_SESSION},
	};
	struct discovery_view v;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct raw r = raw_start(rows[i].dst, rows[i].src, rows[i].vlan, PPPOE_CODE_PADT, rows[i].session);

		CASE(rows[i].name);
		v = raw_view(&r);
		assert_int_equal(discovery_padt_check(&v, rows[i].port, &key), rows[i].want);
	}
	struct raw pads = raw_start(&ac_mac, &host_mac, 100, PPPOE_CODE_PADS, 77);

	v = raw_view(&pads);
	assert_int_equal(discovery_padt_check(&v, 3, &key), DISCOVERY_UNEXPECTED);
}

static void
padt_says_why_and_on_which_vlans(void **state)
{
	const struct host_session_key key = {.session = 5,
		.vlans = {VLAN_TAGGED | VLAN_AD | 100, VLAN_TAGGED | 7},
		.peer = host_mac,
		.local = ac_mac};
	static const uint8_t head[] = {0x02, 0, 0, 0, 0, 0x01, 0x02, 0, 0, 0, 0, 0xfe, 0x88, 0xa8, 0x00, 0x64, 0x81,
		0x00, 0x00, 0x07, 0x88, 0x63, 0x11, 0xa7, 0x00, 0x05, 0x00, 0x07, 0x02, 0x03, 0x00, 0x03, 'b', 'y',
		'e'};
	struct discovery_frame f;
	char long_text[4096];

	(void)state;
	discovery_padt_build(&f, &key, "bye");
	assert_memory_equal(f.bytes, head, sizeof(head));
	memset(long_text, 'x', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = '\0';
	discovery_padt_build(&f, &key, long_text);
	assert_int_not_equal(f.len, 0);
}

/* RFC 2516 section 5.1: a PADI is at most 1484 bytes, PPPoE header included; others fill Ethernet's 1500. */
static void
frames_that_do_not_fit_are_not_built(void **state)
{
	static const struct {
		uint8_t code;
		size_t packet_max;
	} rows[] = {{0x09, 1484}, {0x19, 1484}, {0x07, 1500}, {0x65, 1500}};
	static const uint8_t filler[2000];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t extra = 0; extra < 2; extra++) {
			const size_t len = rows[i].packet_max - 6 - 4 + extra;
			struct discovery_frame f;
			struct discovery_writer w;
			const struct vlan_stack vlans = {VLAN_TAGGED | 1, VLAN_TAGGED | 2};

			discovery_start(&w, &f, &host_mac, &ac_mac, vlans, rows[i].code, 0);
			discovery_tag(&w, PPPOE_TAG_RELAY_SESSION_ID, filler, len);
			assert_int_equal(discovery_finish(&w), extra == 0);
			assert_int_equal(f.len, extra == 0 ? 22 + rows[i].packet_max : 0);
		}
	}
}

static void
texts_of_peers_are_made_printable(void **state)
{
	static const uint8_t bytes[] = {'a', 0, '\n', 0x7f, 0xc3, 0xa4, '%', 'n', ' ', '~'};
	char text[16];
	char cut[4];

	(void)state;
	assert_int_equal(discovery_printable(text, sizeof(text), bytes, sizeof(bytes)), 10);
	assert_string_equal(text, "a.....%n ~");
	assert_int_equal(discovery_printable(cut, sizeof(cut), bytes, sizeof(bytes)), 3);
	assert_string_equal(cut, "a..");
	assert_int_equal(discovery_printable(text, sizeof(text), NULL, 0), 0);
	assert_string_equal(text, "");
	assert_string_equal(discovery_code_name(0x65), "PADS");
	assert_string_equal(discovery_code_name(0x66), "?");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc_2516_examples_are_read),
		cmocka_unit_test(rfc_2516_examples_are_built),
		cmocka_unit_test(every_truncated_prefix_is_refused),
		cmocka_unit_test(header_faults_have_names),
		cmocka_unit_test(other_faults_have_names),
		cmocka_unit_test(tags_behind_end_of_list_and_padding_are_not_read),
		cmocka_unit_test(unknown_tags_are_skipped_and_of_repeated_ones_the_first_counts),
		cmocka_unit_test(max_payload_counts_only_above_1492),
		cmocka_unit_test(padt_is_accepted_only_from_the_peer_of_the_session),
		cmocka_unit_test(padt_says_why_and_on_which_vlans),
		cmocka_unit_test(frames_that_do_not_fit_are_not_built),
		cmocka_unit_test(texts_of_peers_are_made_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
