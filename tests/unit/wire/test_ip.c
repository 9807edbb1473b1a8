/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/ip.h"

#include "tests/unit/wire/wire_test.h"

/* A header whose checksum everybody knows: b861. */
static const uint8_t known[] = {0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0xb8, 0x61, 0xc0, 0xa8,
	0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};

static void
checksums_are_those_of_the_rfcs(void **state)
{
	static const uint8_t rfc_1071[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
	static const uint8_t odd[] = {0x00, 0x01, 0xf2};
	uint8_t zeroed[20];

	(void)state;
	assert_int_equal(checksum_fold(checksum_add(0, rfc_1071, sizeof(rfc_1071))), 0xffff & ~0xddf2);
	assert_int_equal(checksum_fold(checksum_add(0, odd, sizeof(odd))), 0xffff & ~0xf201);
	assert_int_equal(checksum_fold(checksum_add(0, known, sizeof(known))), 0);
	memcpy(zeroed, known, sizeof(known));
	zeroed[10] = zeroed[11] = 0;
	assert_int_equal(checksum_fold(checksum_add(0, zeroed, sizeof(zeroed))), 0xb861);
	/* Carries out of carries. */
	assert_int_equal(checksum_fold(0x1ffff), 0xfffe);
	assert_int_equal(checksum_fold(0x2ffff), 0xfffd);
	assert_int_equal(checksum_fold(0xffffffff), 0x0000);
	/* RFC 1624 section 4: where the equation of RFC 1141 went wrong. */
	assert_int_equal(checksum_update(0xdd2f, 0x5555, 0x3285), 0x0000);
}

static void
the_longest_packet_does_not_overflow_the_sum(void **state)
{
	static uint8_t ones[65536];

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	assert_int_equal(checksum_fold(checksum_add(0, ones, 65535)), 0xffff & ~naive_sum(0, ones, 65535));
}

static void
updates_equal_full_sums(void **state)
{
	uint64_t seed = 1624;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		uint8_t b[12];

		for (unsigned k = 0; k < sizeof(b); k++)
			b[k] = (uint8_t)(xorshift64(&seed) % 5 == 0 ? 0xff : xorshift64(&seed));
		store_be16(b, 0);
		store_be16(b, (uint16_t)~naive_sum(0, b, sizeof(b)));
		const uint16_t is = (uint16_t)xorshift64(&seed);

		store_be16(b, checksum_update(load_be16(b), load_be16(b + 6), is));
		store_be16(b + 6, is);
		assert_int_equal(naive_sum(0, b, sizeof(b)), 0xffff);
	}
}

static void
ipv4_headers_are_judged(void **state)
{
	static const struct {
		const char *name;
		size_t contiguous, packet;
		uint8_t first;
		uint16_t total;
		bool spoil;
		enum ip_verdict want;
	} rows[] = {
		{"sound", 115, 115, 0x45, 115, false, IP_OK},
		{"with_link_padding", 120, 120, 0x45, 115, false, IP_OK},
		{"only_the_header_contiguous", 20, 115, 0x45, 115, false, IP_OK},
		{"header_alone", 20, 20, 0x45, 20, false, IP_OK},
		{"options", 60, 115, 0x4f, 115, false, IP_OK},
		{"nothing", 0, 0, 0x45, 115, false, IP_SHORT},
		{"cut_in_the_header", 19, 19, 0x45, 115, false, IP_SHORT},
		{"options_not_contiguous", 23, 115, 0x46, 115, false, IP_SHORT},
		{"version_6", 115, 115, 0x65, 115, false, IP_BAD_VERSION},
		{"version_0", 115, 115, 0x05, 115, false, IP_BAD_VERSION},
		{"header_of_16_bytes", 115, 115, 0x44, 115, false, IP_BAD_HDR_LEN},
		{"header_beyond_the_packet", 115, 115, 0x46, 23, false, IP_BAD_HDR_LEN},
		{"length_of_nothing", 115, 115, 0x45, 0, false, IP_BAD_HDR_LEN},
		{"length_beyond_the_packet", 115, 115, 0x45, 116, false, IP_BAD_LENGTH},
		{"wrong_checksum", 115, 115, 0x45, 115, true, IP_BAD_CHECKSUM},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t b[128] = {0};
		struct ip4_view v = {0};

		CASE(rows[i].name);
		memcpy(b, known, sizeof(known));
		b[0] = rows[i].first;
		store_be16(b + 2, rows[i].total);
		store_be16(b + 10, 0);
		store_be16(b + 10, (uint16_t)~naive_sum(0, b, (rows[i].first & 15u) * 4));
		if (rows[i].spoil)
			b[12] ^= 1;
		uint8_t *copy = exact_copy(b, rows[i].contiguous);

		assert_int_equal(ip4_parse(copy, rows[i].contiguous, rows[i].packet, &v), rows[i].want);
		if (rows[i].want == IP_OK) {
			assert_int_equal(v.total_len, rows[i].total);
			assert_int_equal(v.hdr_len, (rows[i].first & 15) * 4);
			assert_int_equal(v.src, 0xc0a80001);
			assert_int_equal(v.dst, 0xc0a800c7);
			assert_int_equal(v.proto, 17);
			assert_int_equal(v.ttl, 64);
			assert_int_equal(v.fragment, IP4_DF);
		}
		free(copy);
	}
}

static void
ipv6_headers_are_judged(void **state)
{
	static const struct {
		const char *name;
		size_t contiguous, packet;
		uint8_t first;
		uint16_t payload;
		enum ip_verdict want;
	} rows[] = {
		{"sound", 40, 60, 0x60, 20, IP_OK},
		{"traffic_class", 40, 60, 0x6f, 20, IP_OK},
		{"with_link_padding", 40, 64, 0x60, 20, IP_OK},
		{"without_payload", 40, 40, 0x60, 0, IP_OK},
		{"cut", 39, 39, 0x60, 0, IP_SHORT},
		{"nothing", 0, 0, 0x60, 0, IP_SHORT},
		{"version_4", 40, 60, 0x45, 20, IP_BAD_VERSION},
		{"length_beyond_the_packet", 40, 60, 0x60, 21, IP_BAD_LENGTH},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t b[40] = {rows[i].first, 0, 0, 0, 0, 0, 6, 64, [8] = 0x20, [24] = 0xfe};
		struct ip6_view v = {0};

		CASE(rows[i].name);
		store_be16(b + 4, rows[i].payload);
		uint8_t *copy = exact_copy(b, rows[i].contiguous);

		assert_int_equal(ip6_parse(copy, rows[i].contiguous, rows[i].packet, &v), rows[i].want);
		if (rows[i].want == IP_OK) {
			assert_int_equal(v.total_len, 40u + rows[i].payload);
			assert_int_equal(v.next, 6);
			assert_int_equal(v.hop_limit, 64);
			assert_int_equal(v.src[0], 0x20);
			assert_int_equal(v.dst[0], 0xfe);
		}
		free(copy);
	}
}

/* Headers of every length, many words of which are all ones, so that carries meet at every place. */
static void
a_header_holds_when_its_sum_does(void **state)
{
	uint64_t seed = 1071;

	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		const size_t n = 20 + 4 * (xorshift64(&seed) % 11);
		uint8_t b[60];

		for (unsigned k = 0; k < n; k++)
			b[k] = (uint8_t)(xorshift64(&seed) % 3 != 0 ? 0xff : xorshift64(&seed));
		b[0] = (uint8_t)(0x40 | n / 4);
		if (i % 2 == 0) {
			store_be16(b + 10, 0);
			store_be16(b + 10, (uint16_t)~naive_sum(0, b, n));
			assert_true(checksum_holds(b, n));
			b[xorshift64(&seed) % n] ^= (uint8_t)(1u << xorshift64(&seed) % 8);
		}
		assert_int_equal(checksum_holds(b, n), naive_sum(0, b, n) == 0xffff);
	}
}

static void
a_hop_costs_one_and_keeps_the_checksum(void **state)
{
	(void)state;
	for (unsigned ttl = 1; ttl < 256; ttl++) {
		for (unsigned proto = 0; proto < 256; proto++) {
			uint8_t b[20];

			memcpy(b, known, sizeof(b));
			b[8] = (uint8_t)ttl;
			b[9] = (uint8_t)proto;
			store_be16(b + 10, 0);
			store_be16(b + 10, (uint16_t)~naive_sum(0, b, 20));
			ip4_ttl_decrement(b);
			assert_int_equal(b[8], ttl - 1);
			assert_int_equal(b[9], proto);
			assert_int_equal(naive_sum(0, b, 20), 0xffff);
		}
	}
	/* right or wrong, each checksum is changed as equation 3 of RFC 1624 says, those at 0x0000 and 0xffff too */
	for (unsigned i = 0; i < 2 * 65536; i++) {
		const uint16_t was = i < 65536 ? 0x01ff : 0xff00;
		uint8_t b[20];

		memcpy(b, known, sizeof(b));
		store_be16(b + 8, was);
		store_be16(b + 10, (uint16_t)i);
		ip4_ttl_decrement(b);
		assert_int_equal(load_be16(b + 8), was - 0x0100);
		assert_int_equal(load_be16(b + 10), checksum_update((uint16_t)i, was, (uint16_t)(was - 0x0100)));
		assert_memory_equal(b, known, 8);
		assert_memory_equal(b + 12, known + 12, 8);
	}
	uint8_t v6[40] = {0x60, [7] = 2};

	ip6_hop_decrement(v6);
	assert_int_equal(v6[7], 1);
}

static void
ipv4_fragments_are_told(void **state)
{
	static const struct {
		const char *name;
		uint16_t word;
		bool fragment, later;
	} rows[] = {
		{"whole", 0x0000, false, false},
		{"whole_and_not_to_be_cut", 0x4000, false, false},
		{"first", 0x2000, true, false},
		{"middle", 0x2001, true, true},
		{"last", 0x1fff, true, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct ip4_view v = {.hdr_len = 24, .proto = 6, .fragment = rows[i].word};
		const struct ip_upper u = ip4_upper(&v);

		CASE(rows[i].name);
		assert_int_equal(u.fragment, rows[i].fragment);
		assert_int_equal(u.later, rows[i].later);
		assert_int_equal(u.offset, 24);
		assert_int_equal(u.proto, 6);
	}
}

/* Chains of extension headers: {type, length in bytes}; the fragment header's offset word in front of it by `word`. */
static void
the_upper_layer_is_found_through_extension_headers(void **state)
{
	static const struct {
		const char *name;
		struct {
			uint8_t type, len;
		} ext[10];
		uint8_t last;
		uint16_t word;
		size_t cut; /* bytes missing at the end */
		bool found, fragment, later;
		uint16_t offset;
		uint8_t proto;
	} rows[] = {
		{"none", {{0}}, 6, 0, 0, true, false, false, 40, 6},
		{"hop_by_hop", {{0, 8}}, 6, 0, 0, true, false, false, 48, 6},
		{"long_hop_by_hop", {{0, 64}}, 17, 0, 0, true, false, false, 104, 17},
		{"routing", {{43, 24}}, 6, 0, 0, true, false, false, 64, 6},
		{"destination_options", {{60, 16}}, 6, 0, 0, true, false, false, 56, 6},
		{"all_of_them", {{0, 8}, {60, 8}, {43, 24}, {44, 8}, {60, 8}}, 6, 1, 0, true, true, false, 96, 6},
		{"atomic_fragment", {{44, 8}}, 6, 0, 0, true, false, false, 48, 6},
		{"first_fragment", {{44, 8}}, 6, 1, 0, true, true, false, 48, 6},
		{"later_fragment", {{44, 8}}, 6, 8, 0, true, true, true, 48, 6},
		{"later_fragment_of_options", {{44, 8}}, 60, 8, 0, true, true, true, 48, 60},
		{"eight", {{60, 8}, {60, 8}, {60, 8}, {60, 8}, {60, 8}, {60, 8}, {60, 8}, {60, 8}}, 6, 0, 0, true,
			false, false, 104, 6},
		{"nine", {{60, 8}, {60, 8}, {60, 8}, {60, 8}, {60, 8}, {60, 8}, {60, 8}, {60, 8}, {60, 8}}, 6, 0, 0,
			false, false, false, 0, 0},
		{"header_cut", {{0, 8}}, 6, 0, 1, false, false, false, 0, 0},
		{"header_of_which_one_byte_is_there", {{0, 8}}, 6, 0, 7, false, false, false, 0, 0},
		{"header_not_there", {{0, 8}}, 6, 0, 8, false, false, false, 0, 0},
		{"long_header_cut", {{43, 64}}, 6, 0, 8, false, false, false, 0, 0},
		{"no_next_header", {{0, 8}}, 59, 0, 0, false, false, false, 0, 0},
		{"esp", {{0, 8}}, 50, 0, 0, false, false, false, 0, 0},
		{"authentication_header", {{0}}, 51, 0, 0, false, false, false, 0, 0},
		{"icmpv6", {{0}}, 58, 0, 0, true, false, false, 40, 58},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t b[256] = {0x60};
		uint8_t *next = b + 6;
		size_t at = 40;
		struct ip_upper u;

		CASE(rows[i].name);
		for (unsigned k = 0; rows[i].ext[k].len != 0; k++) {
			*next = rows[i].ext[k].type;
			next = b + at;
			if (rows[i].ext[k].type == 44)
				store_be16(b + at + 2, rows[i].word);
			else
				b[at + 1] = (uint8_t)(rows[i].ext[k].len / 8 - 1);
			at += rows[i].ext[k].len;
		}
		*next = rows[i].last;
		at -= rows[i].cut;
		uint8_t *copy = exact_copy(b, at);

		assert_int_equal(ip6_upper(copy, at, &u), rows[i].found);
		if (rows[i].found) {
			assert_int_equal(u.fragment, rows[i].fragment);
			assert_int_equal(u.later, rows[i].later);
			assert_int_equal(u.offset, rows[i].offset);
			assert_int_equal(u.proto, rows[i].proto);
		}
		free(copy);
	}
}

static void
pseudo_headers_sum_as_the_rfcs_say(void **state)
{
	uint8_t v4[20] = {0x45, [12] = 192, 0, 2, 1, 198, 51, 100, 255};
	uint8_t v6[40] = {0x60, [8] = 0x20, 0x01, 0x0d, 0xb8, [23] = 1, 0xff, 0xfe, [39] = 0xff};

	(void)state;
	assert_int_equal(checksum_fold(checksum_pseudo4(0xc0000201, 0xc63364ff, 6, 40000)),
		0xffff & ~naive_sum(naive_upper_sum(v4, 6, v4, 0), (const uint8_t[]){0x9c, 0x40}, 2));
	assert_int_equal(checksum_fold(checksum_pseudo6(v6 + 8, v6 + 24, 58, 40000)),
		0xffff & ~naive_sum(naive_upper_sum(v6, 58, v6, 0), (const uint8_t[]){0x9c, 0x40}, 2));
}

static void
headers_are_written(void **state)
{
	static const uint8_t want[] = {0x45, 0, 0, 30, 0x12, 0x34, 0, 0, 64, 1, 0, 0, 192, 0, 2, 1, 198, 51, 100, 2};
	uint8_t made[20];
	struct ip4_view v;

	(void)state;
	ip4_store(made, 0xc0000201, 0xc6336402, 1, 64, 0x1234, 10);
	assert_int_equal(ip4_parse(made, 20, 30, &v), IP_OK);
	assert_int_equal(naive_sum(0, made, 20), 0xffff);
	store_be16(made + 10, 0);
	assert_memory_equal(made, want, 20);
	assert_int_equal(ip_version(made, 20), 4);
	assert_int_equal(ip_version(made, 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checksums_are_those_of_the_rfcs),
		cmocka_unit_test(the_longest_packet_does_not_overflow_the_sum),
		cmocka_unit_test(updates_equal_full_sums),
		cmocka_unit_test(ipv4_headers_are_judged),
		cmocka_unit_test(ipv6_headers_are_judged),
		cmocka_unit_test(a_header_holds_when_its_sum_does),
		cmocka_unit_test(a_hop_costs_one_and_keeps_the_checksum),
		cmocka_unit_test(ipv4_fragments_are_told),
		cmocka_unit_test(the_upper_layer_is_found_through_extension_headers),
		cmocka_unit_test(pseudo_headers_sum_as_the_rfcs_say),
		cmocka_unit_test(headers_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
