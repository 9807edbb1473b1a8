/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/ra.h"

#include "tests/unit/wire/wire_test.h"

/* A solicitation from fe80::1 to all routers, by hand; the checksum is put in by fix(). */
static const uint8_t solicit[56] = {0x60, 0, 0, 0, 0, 16, 58, 255, /* IPv6 */
	0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,      /* source */
	0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,      /* all routers */
	133, 0, 0, 0, 0, 0, 0, 0,                                  /* ICMPv6 */
	1, 1, 0x02, 0, 0, 0, 0, 1};                                /* source link-layer address */

static const uint8_t us[16] = {0xfe, 0x80, [15] = 0xa}, all_nodes[16] = {0xff, 0x02, [15] = 1};

static void
fix(uint8_t *b, size_t n)
{
	store_be16(b + 42, 0);
	store_be16(b + 42, (uint16_t)~naive_upper_sum(b, 58, b + 40, n - 40));
}

/* RFC 4861 section 6.1.1. */
static void
solicitations_are_judged(void **state)
{
	static const struct {
		const char *name;
		size_t len; /* of the packet; the length field follows */
		struct {
			uint8_t at, value;
		} set[4]; /* {0, 0} ends */
		bool spoil, has_mac;
		enum nd_verdict want;
	} rows[] = {
		{"sound", 56, {{0, 0}}, false, true, ND_OK},
		{"without_option", 48, {{0, 0}}, false, false, ND_OK},
		{"unknown_option", 56, {{48, 14}}, false, false, ND_OK},
		{"another_link_layer", 64, {{49, 2}}, false, false, ND_OK},
		{"advertisement", 56, {{40, 134}}, false, false, ND_NOT_ND},
		{"neighbour_solicitation", 56, {{40, 135}}, false, false, ND_NOT_ND},
		{"echo", 56, {{40, 128}}, false, false, ND_NOT_ND},
		{"udp", 56, {{6, 17}}, false, false, ND_NOT_ND},
		{"cut", 47, {{0, 0}}, false, false, ND_BAD_PACKET},
		{"crossed_a_router", 56, {{7, 254}}, false, false, ND_BAD_HOPS},
		{"wrong_checksum", 56, {{0, 0}}, true, false, ND_BAD_CHECKSUM},
		{"code_1", 56, {{41, 1}}, false, false, ND_BAD_FLAGS},
		{"option_of_length_0", 56, {{49, 0}}, false, false, ND_BAD_OPTION},
		{"option_over_the_end", 56, {{49, 2}}, false, false, ND_BAD_OPTION},
		{"half_an_option_header", 49, {{0, 0}}, false, false, ND_BAD_OPTION},
		{"from_nobody", 48, {{8, 0}, {9, 0}, {23, 0}}, false, false, ND_OK},
		{"from_nobody_with_an_address", 56, {{8, 0}, {9, 0}, {23, 0}}, false, false, ND_BAD_SOURCE},
		{"from_a_group", 48, {{8, 0xff}}, false, false, ND_BAD_SOURCE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t b[96] = {0};
		struct rs_view v;

		CASE(rows[i].name);
		memcpy(b, solicit, sizeof(solicit));
		b[5] = (uint8_t)(rows[i].len - 40);
		for (unsigned k = 0; k < 4 && rows[i].set[k].at + rows[i].set[k].value != 0; k++)
			b[rows[i].set[k].at] = rows[i].set[k].value;
		fix(b, rows[i].len);
		if (rows[i].spoil)
			b[47] ^= 1;
		uint8_t *copy = exact_copy(b, rows[i].len);

		assert_int_equal(rs_parse(copy, rows[i].len, &v), rows[i].want);
		if (rows[i].want == ND_OK) {
			assert_memory_equal(v.src, b + 8, 16);
			assert_int_equal(v.has_mac, rows[i].has_mac);
			assert_int_equal(v.has_mac ? v.mac.b[5] : 1, 1);
		}
		free(copy);
	}
}

static void
every_prefix_is_refused(void **state)
{
	uint8_t b[56];
	struct rs_view v;

	(void)state;
	memcpy(b, solicit, sizeof(b));
	fix(b, sizeof(b));
	for (size_t n = 0; n < sizeof(b); n++) {
		uint8_t *copy = exact_copy(b, n);

		assert_int_equal(rs_parse(copy, n, &v), ND_BAD_PACKET);
		free(copy);
	}
}

/* RFC 4861 section 4.2, 4.6.1, 4.6.2, 4.6.4, RFC 8106 section 5.1: byte by byte. */
static void
an_advertisement_is_written(void **state)
{
	static const uint8_t body[] = {134, 0, 0, 0, 64, 0xc0, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, /* 1800 s */
		1, 1, 2, 0, 0, 0, 0, 9,                                                            /* source */
		5, 1, 0, 0, 0, 0, 0x05, 0xdc,                                                      /* MTU 1500 */
		3, 4, 64, 0xc0, 0, 0, 0x1c, 0x20, 0, 0, 0x0e, 0x10, 0, 0, 0, 0,                    /* 7200, 3600 s */
		0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0,                        /* the prefix */
		25, 5, 0, 0, 0, 0, 0x07, 0x08,                                                     /* two servers */
		0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x53,                     /* */
		0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x54};
	const struct ra_view v = {.hop_limit = 64,
		.managed = true,
		.other = true,
		.router_s = 1800,
		.has_mac = true,
		.mac = {{2, 0, 0, 0, 0, 9}},
		.mtu = 1500,
		.prefix = {.prefix = {{0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2, 0xff}},
			.len = 64,
			.on_link = true,
			.autonomous = true,
			.valid_s = 7200,
			.preferred_s = 3600},
		.dns = {{{0x20, 0x01, 0x0d, 0xb8, [15] = 0x53}}, {{0x20, 0x01, 0x0d, 0xb8, [15] = 0x54}}},
		.n_dns = 2,
		.dns_s = 1800};
	uint8_t b[RA_PACKET_MAX];

	(void)state;
	memset(b, 0xee, sizeof(b));
	assert_int_equal(ra_store(b, us, all_nodes, &v), 40 + sizeof(body));
	assert_memory_equal(b, "\x60\0\0\0", 4);
	assert_int_equal(load_be16(b + 4), sizeof(body));
	assert_int_equal(b[6], 58);
	assert_int_equal(b[7], 255);
	assert_memory_equal(b + 8, us, 16);
	assert_memory_equal(b + 24, all_nodes, 16);
	assert_int_equal(naive_upper_sum(b, 58, b + 40, sizeof(body)), 0xffff);
	struct ra_view got;

	assert_int_equal(ra_parse(b, 40 + sizeof(body), &got), ND_OK);
	assert_true(got.managed && got.other && got.has_mac && got.mac.b[5] == 9);
	assert_int_equal(got.hop_limit, 64);
	assert_int_equal(got.router_s, 1800);
	assert_int_equal(got.mtu, 1500);
	assert_int_equal(got.prefix.len, 64);
	assert_true(got.prefix.on_link && got.prefix.autonomous);
	assert_int_equal(got.prefix.valid_s, 7200);
	assert_int_equal(got.prefix.preferred_s, 3600);
	assert_int_equal(got.n_dns, 2);
	assert_int_equal(got.dns[1].b[15], 0x54);
	store_be16(b + 42, 0);
	assert_memory_equal(b + 40, body, sizeof(body));
}

/* RFC 8106 section 5.1: several options, each with a lifetime of its own. */
static void
every_name_server_has_its_lifetime(void **state)
{
	static const uint8_t second[] = {25, 3, 0, 0, 0, 0, 0, 0, 0x20, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x55};
	const struct ra_view v = {
		.dns = {{{0x20, 1, [15] = 0x53}}, {{0x20, 1, [15] = 0x54}}}, .n_dns = 2, .dns_s = 1800};
	uint8_t b[RA_PACKET_MAX];
	size_t n = ra_store(b, us, all_nodes, &v);
	struct ra_view got;

	(void)state;
	memcpy(b + n, second, sizeof(second));
	n += sizeof(second);
	store_be16(b + 4, (uint16_t)(n - 40));
	fix(b, n);
	assert_int_equal(ra_parse(b, n, &got), ND_OK);
	assert_int_equal(got.n_dns, 3);
	assert_int_equal(got.dns_each_s[0], 1800);
	assert_int_equal(got.dns_each_s[1], 1800);
	assert_int_equal(got.dns_each_s[2], 0);
	assert_int_equal(got.dns[2].b[15], 0x55);
}

/* RFC 4861 section 6.1.2. */
static void
advertisements_are_judged(void **state)
{
	static const struct {
		const char *name;
		struct {
			uint8_t at, value;
		} set;
		enum nd_verdict want;
	} rows[] = {
		{"sound", {0, 0}, ND_OK},
		{"solicitation", {40, 133}, ND_NOT_ND},
		{"crossed_a_router", {7, 254}, ND_BAD_HOPS},
		{"code_1", {41, 1}, ND_BAD_FLAGS},
		{"from_elsewhere", {8, 0x20}, ND_BAD_SOURCE},
		{"option_of_length_0", {57, 0}, ND_BAD_OPTION},
		{"long_mtu", {57, 2}, ND_BAD_OPTION},
		{"short_prefix", {65, 3}, ND_BAD_OPTION},
		{"prefix_of_129_bits", {66, 129}, ND_BAD_OPTION},
		{"half_a_server", {97, 2}, ND_BAD_OPTION},
		{"over_the_end", {97, 4}, ND_BAD_OPTION},
	};
	const struct ra_view v = {.mtu = 1500, .prefix = {.len = 64}, .n_dns = 1};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t b[RA_PACKET_MAX];
		const size_t n = ra_store(b, us, all_nodes, &v);
		struct ra_view got;

		CASE(rows[i].name);
		if (rows[i].set.at != 0)
			b[rows[i].set.at] = rows[i].set.value;
		fix(b, n);
		uint8_t *copy = exact_copy(b, n);

		assert_int_equal(ra_parse(copy, n, &got), rows[i].want);
		free(copy);
	}
}

static void
options_that_are_not_wanted_are_not_there(void **state)
{
	const struct ra_view v = {.hop_limit = 64};
	static const uint8_t body[16] = {134, 0, 0, 0, 64};
	uint8_t b[RA_PACKET_MAX];

	(void)state;
	memset(b, 0xee, sizeof(b));
	assert_int_equal(ra_store(b, us, all_nodes, &v), 56);
	assert_int_equal(naive_upper_sum(b, 58, b + 40, 16), 0xffff);
	store_be16(b + 42, 0);
	assert_memory_equal(b + 40, body, 16);
}

/* The most that can be asked for fits the room that is promised. */
static void
the_longest_advertisement_fits(void **state)
{
	const struct ra_view v = {.has_mac = true, .mtu = 1500, .prefix = {.len = 64}, .n_dns = RA_DNS_MAX};
	uint8_t b[RA_PACKET_MAX];

	(void)state;
	assert_int_equal(ra_store(b, us, all_nodes, &v), RA_PACKET_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(solicitations_are_judged),
		cmocka_unit_test(every_prefix_is_refused),
		cmocka_unit_test(an_advertisement_is_written),
		cmocka_unit_test(every_name_server_has_its_lifetime),
		cmocka_unit_test(advertisements_are_judged),
		cmocka_unit_test(options_that_are_not_wanted_are_not_there),
		cmocka_unit_test(the_longest_advertisement_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
