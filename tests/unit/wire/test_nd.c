/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/nd.h"

#include "tests/unit/wire/wire_test.h"

/* A solicitation for fe80::fe from fe80::1, by hand; the checksum is put in by fix(). */
static const uint8_t solicit[72] = {0x60, 0, 0, 0, 0, 32, 58, 255,  /* IPv6 */
	0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,       /* source */
	0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 0xfe, /* solicited-node group */
	135, 0, 0, 0, 0, 0, 0, 0,                                   /* ICMPv6 */
	0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfe,    /* target */
	1, 1, 0x02, 0, 0, 0, 0, 1};                                 /* source link-layer address */

static void
fix(uint8_t *b, size_t n)
{
	store_be16(b + 42, 0);
	store_be16(b + 42, (uint16_t)~naive_upper_sum(b, 58, b + 40, n - 40));
}

static void
a_solicitation_is_read_and_written(void **state)
{
	uint8_t b[72];
	uint8_t made[ND_PACKET_LEN];
	uint8_t group[16];
	struct nd_view v;

	(void)state;
	memcpy(b, solicit, sizeof(b));
	fix(b, sizeof(b));
	assert_int_equal(nd_parse(b, sizeof(b), &v), ND_OK);
	assert_int_equal(v.type, ND_SOLICIT);
	assert_true(v.has_mac);
	assert_int_equal(v.mac.b[5], 1);
	assert_memory_equal(v.src, b + 8, 16);
	assert_memory_equal(v.dst, b + 24, 16);
	assert_memory_equal(v.target, b + 48, 16);
	assert_int_equal(nd_store(made, &v), 72);
	assert_memory_equal(made, b, 72);
	nd_solicited_node(v.target, group);
	assert_memory_equal(group, b + 24, 16);
	assert_memory_equal(nd_group_mac(group).b, "\x33\x33\xff\x00\x00\xfe", 6);
}

static void
an_advertisement_is_written_and_read(void **state)
{
	struct nd_view v = {.type = ND_ADVERT,
		.router = true,
		.solicited = true,
		.has_mac = true,
		.mac = {{0x02, 0, 0, 0, 0, 0xfe}}};
	uint8_t b[ND_PACKET_LEN];
	struct nd_view got;

	(void)state;
	memcpy(v.src, solicit + 48, 16);
	memcpy(v.dst, solicit + 8, 16);
	memcpy(v.target, solicit + 48, 16);
	assert_int_equal(nd_store(b, &v), 72);
	assert_int_equal(b[7], 255);
	assert_int_equal(b[40], 136);
	assert_int_equal(b[44], 0xc0);
	assert_memory_equal(b + 64, "\x02\x01\x02\x00\x00\x00\x00\xfe", 8);
	assert_int_equal(naive_upper_sum(b, 58, b + 40, 32), 0xffff);
	assert_int_equal(nd_parse(b, sizeof(b), &got), ND_OK);
	assert_memory_equal(&got, &v, sizeof(v));
	v.has_mac = false;
	v.router = v.solicited = false;
	v.override = true;
	assert_int_equal(nd_store(b, &v), 64);
	assert_int_equal(b[44], 0x20);
	assert_int_equal(naive_upper_sum(b, 58, b + 40, 24), 0xffff);
}

/* RFC 4861 sections 7.1.1 and 7.1.2. */
static void
messages_are_judged(void **state)
{
	static const struct {
		const char *name;
		size_t len; /* of the packet; the length field follows */
		struct {
			uint8_t at, value;
		} set[4]; /* {0, 0} ends */
		bool spoil;
		enum nd_verdict want;
	} rows[] = {
		{"sound", 72, {{0, 0}}, false, ND_OK},
		{"without_option", 64, {{0, 0}}, false, ND_OK},
		{"unknown_option", 72, {{64, 14}}, false, ND_OK},
		{"udp", 72, {{6, 17}}, false, ND_NOT_ND},
		{"behind_an_extension_header", 72, {{6, 44}}, false, ND_NOT_ND},
		{"echo", 72, {{40, 128}}, false, ND_NOT_ND},
		{"router_advertisement", 72, {{40, 134}}, false, ND_NOT_ND},
		{"no_icmp_at_all", 40, {{0, 0}}, false, ND_NOT_ND},
		{"cut_target", 63, {{0, 0}}, false, ND_BAD_PACKET},
		{"version_4", 72, {{0, 0x40}}, false, ND_BAD_PACKET},
		{"crossed_a_router", 72, {{7, 254}}, false, ND_BAD_HOPS},
		{"wrong_checksum", 72, {{0, 0}}, true, ND_BAD_CHECKSUM},
		{"code_1", 72, {{41, 1}}, false, ND_BAD_FLAGS},
		{"multicast_target", 72, {{48, 0xff}}, false, ND_BAD_TARGET},
		{"multicast_source", 72, {{8, 0xff}}, false, ND_BAD_SOURCE},
		{"option_of_length_0", 72, {{65, 0}}, false, ND_BAD_OPTION},
		{"option_over_the_end", 72, {{65, 2}}, false, ND_BAD_OPTION},
		{"half_an_option_header", 65, {{0, 0}}, false, ND_BAD_OPTION},
		{"long_link_layer_address", 80, {{65, 2}}, false, ND_BAD_OPTION},
		{"probe_with_an_address", 72, {{8, 0}, {9, 0}, {23, 0}}, false, ND_BAD_SOURCE},
		{"probe", 64, {{8, 0}, {9, 0}, {23, 0}}, false, ND_OK},
		{"probe_to_one_host", 64, {{8, 0}, {9, 0}, {23, 0}, {24, 0xfe}}, false, ND_BAD_SOURCE},
		{"advertisement", 72, {{40, 136}, {64, 2}}, false, ND_OK},
		{"advertisement_from_nobody", 64, {{40, 136}, {8, 0}, {9, 0}, {23, 0}}, false, ND_BAD_SOURCE},
		{"solicited_advertisement_to_a_group", 64, {{40, 136}, {44, 0x40}}, false, ND_BAD_FLAGS},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t b[96] = {0};
		struct nd_view v;

		CASE(rows[i].name);
		memcpy(b, solicit, sizeof(solicit));
		b[5] = (uint8_t)(rows[i].len - 40);
		for (unsigned k = 0; k < 4 && rows[i].set[k].at + rows[i].set[k].value != 0; k++)
			b[rows[i].set[k].at] = rows[i].set[k].value;
		fix(b, rows[i].len);
		if (rows[i].spoil)
			b[47] ^= 1;
		uint8_t *copy = exact_copy(b, rows[i].len);

		assert_int_equal(nd_parse(copy, rows[i].len, &v), rows[i].want);
		free(copy);
	}
}

static void
every_prefix_is_refused(void **state)
{
	uint8_t b[72];
	struct nd_view v;

	(void)state;
	memcpy(b, solicit, sizeof(b));
	fix(b, sizeof(b));
	for (size_t n = 0; n < sizeof(b); n++) {
		uint8_t *copy = exact_copy(b, n);

		assert_int_equal(nd_parse(copy, n, &v), ND_BAD_PACKET);
		free(copy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_solicitation_is_read_and_written),
		cmocka_unit_test(an_advertisement_is_written_and_read),
		cmocka_unit_test(messages_are_judged),
		cmocka_unit_test(every_prefix_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
