/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/scrub.h"

#include "tests/unit/wire/wire_test.h"

/* RFC 1071, all words anew. */
static bool
sum_is_right(const uint8_t *p)
{
	return naive_sum(0, p, IP4_HDR_MIN) == 0xffff;
}

static void
make(uint8_t p[IP4_HDR_MIN], uint64_t *seed)
{
	for (unsigned i = 0; i < IP4_HDR_MIN; i++)
		p[i] = (uint8_t)(xorshift64(seed) % 4 == 0 ? 0xff * (xorshift64(seed) & 1) : xorshift64(seed));
	p[0] = 0x45;
	store_be16(p + 10, 0);
	store_be16(p + 10, (uint16_t)~naive_sum(0, p, IP4_HDR_MIN));
}

static void
only_what_is_meant_changes_and_the_checksum_follows(void **state)
{
	uint64_t seed = 15;

	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		uint8_t p[IP4_HDR_MIN], was[IP4_HDR_MIN];
		const uint8_t floor = (uint8_t)xorshift64(&seed);
		const uint16_t id = (uint16_t)(xorshift64(&seed) | 1);

		make(p, &seed);
		assert_true(sum_is_right(p));
		memcpy(was, p, sizeof(p));
		assert_int_equal(ip4_ttl_floor(p, floor), was[8] < floor);
		assert_int_equal(p[8], was[8] < floor ? floor : was[8]);
		assert_true(sum_is_right(p));
		assert_int_equal(ip4_clear_df(p, id), (was[6] & 0x40) != 0);
		assert_int_equal(load_be16(p + 6), load_be16(was + 6) & ~IP4_DF);
		assert_true(sum_is_right(p));
		/* and nothing else: */
		was[8] = p[8];
		was[6] = p[6];
		was[10] = p[10];
		was[11] = p[11];
		was[4] = p[4];
		was[5] = p[5];
		assert_memory_equal(p, was, sizeof(p));
	}
}

static void
a_wrong_checksum_stays_wrong(void **state)
{
	uint64_t seed = 16;

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		uint8_t p[IP4_HDR_MIN];

		make(p, &seed);
		p[12 + xorshift64(&seed) % 8] ^= (uint8_t)(1 + xorshift64(&seed) % 255);
		if (sum_is_right(p))
			continue;
		ip4_ttl_floor(p, 200);
		ip4_clear_df(p, 77);
		assert_false(sum_is_right(p));
	}
}

/* RFC 6864: only a packet that is whole and had no number gets one. */
static void
packets_without_a_number_get_one(void **state)
{
	static const struct {
		const char *name;
		uint16_t id, fragment, want_id, want_fragment;
		bool cleared;
	} rows[] = {
		{"DF, no number", 0, IP4_DF, 4711, 0, true},
		{"DF, a number", 9, IP4_DF, 9, 0, true},
		{"no DF, no number", 0, 0, 0, 0, false},
		{"DF in a first fragment", 0, IP4_DF | IP4_MF, 0, IP4_MF, true},
		{"DF in a later fragment", 0, IP4_DF | 185, 0, 185, true},
		{"fragment without DF", 0, IP4_MF | 185, 0, IP4_MF | 185, false},
		{"the evil bit stays", 5, 0x8000 | IP4_DF, 5, 0x8000, true},
	};
	uint64_t seed = 17;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t p[IP4_HDR_MIN];

		print_message("%s\n", rows[i].name);
		make(p, &seed);
		store_be16(p + 4, rows[i].id);
		store_be16(p + 6, rows[i].fragment);
		store_be16(p + 10, 0);
		store_be16(p + 10, (uint16_t)~naive_sum(0, p, IP4_HDR_MIN));
		assert_int_equal(ip4_clear_df(p, 4711), rows[i].cleared);
		assert_int_equal(load_be16(p + 4), rows[i].want_id);
		assert_int_equal(load_be16(p + 6), rows[i].want_fragment);
		assert_true(sum_is_right(p));
	}
}

static void
hop_limits_have_a_floor(void **state)
{
	(void)state;
	for (unsigned floor = 0; floor < 256; floor += 5) {
		for (unsigned hops = 0; hops < 256; hops++) {
			uint8_t p[IP6_HDR_LEN] = {0x60, [7] = (uint8_t)hops};

			assert_int_equal(ip6_hop_floor(p, (uint8_t)floor), hops < floor);
			assert_int_equal(p[7], hops < floor ? floor : hops);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_meant_changes_and_the_checksum_follows),
		cmocka_unit_test(a_wrong_checksum_stays_wrong),
		cmocka_unit_test(packets_without_a_number_get_one),
		cmocka_unit_test(hop_limits_have_a_floor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
