/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/udp6.h"

#include "tests/unit/wire/wire_test.h"

/* "abc" from fe80::1 port 546 to ff02::1:2 port 547, by hand; the checksum is put in by fix(). */
static const uint8_t packet[51] = {0x60, 0, 0, 0, 0, 11, 17, 64, /* IPv6 */
	0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,    /* source */
	0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2,    /* destination */
	0x02, 0x22, 0x02, 0x23, 0, 11, 0, 0, 'a', 'b', 'c'};

static void
fix(uint8_t *b, size_t n)
{
	store_be16(b + 46, 0);
	store_be16(b + 46, (uint16_t)~naive_upper_sum(b, 17, b + 40, n));
}

static void
a_datagram_is_read_and_written(void **state)
{
	uint8_t b[51], made[51] = {0};
	struct udp6_view v;

	(void)state;
	memcpy(b, packet, sizeof(b));
	fix(b, 11);
	assert_int_equal(udp6_parse(b, sizeof(b), &v), UDP6_OK);
	assert_int_equal(v.src_port, 546);
	assert_int_equal(v.dst_port, 547);
	assert_int_equal(v.len, 3);
	assert_memory_equal(v.data, "abc", 3);
	memcpy(made + UDP6_OVERHEAD, "abc", 3);
	assert_int_equal(udp6_store(made, v.src, v.dst, 546, 547, 3), 51);
	assert_memory_equal(made, b, 51);
}

static void
datagrams_are_judged(void **state)
{
	static const struct {
		const char *name;
		struct {
			uint8_t at, value;
		} set;
		uint8_t sum_len; /* what the checksum is made over */
		bool spoil, none;
		enum udp6_verdict want;
	} rows[] = {
		{"sound", {0, 0}, 11, false, false, UDP6_OK},
		{"padded", {45, 10}, 10, false, false, UDP6_OK},
		{"empty", {45, 8}, 8, false, false, UDP6_OK},
		{"less_than_its_header", {45, 7}, 11, false, false, UDP6_BAD_LENGTH},
		{"more_than_the_packet", {45, 12}, 11, false, false, UDP6_BAD_LENGTH},
		{"icmp", {6, 58}, 11, false, false, UDP6_NOT_UDP},
		{"behind_a_fragment_header", {6, 44}, 11, false, false, UDP6_NOT_UDP},
		{"cut", {5, 7}, 11, false, false, UDP6_BAD_LENGTH},
		{"more_than_there_is", {5, 12}, 11, false, false, UDP6_BAD_LENGTH},
		{"wrong_checksum", {0, 0}, 11, true, false, UDP6_BAD_CHECKSUM},
		{"no_checksum", {0, 0}, 11, false, true, UDP6_BAD_CHECKSUM},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t b[51];
		struct udp6_view v;

		CASE(rows[i].name);
		memcpy(b, packet, sizeof(b));
		if (rows[i].set.at != 0)
			b[rows[i].set.at] = rows[i].set.value;
		fix(b, rows[i].sum_len);
		if (rows[i].spoil)
			b[47] ^= 1;
		if (rows[i].none)
			store_be16(b + 46, 0);
		uint8_t *copy = exact_copy(b, sizeof(b));

		assert_int_equal(udp6_parse(copy, sizeof(b), &v), rows[i].want);
		free(copy);
	}
}

/* A checksum that comes out as zero is sent as all ones (RFC 8200 section 8.1). */
static void
a_checksum_of_zero_is_sent_as_ones(void **state)
{
	uint8_t b[UDP6_OVERHEAD + 2] = {0};
	struct udp6_view v;

	(void)state;
	udp6_store(b, packet + 8, packet + 24, 546, 547, 2);
	/* the complement of the sum of all the rest, as data */
	store_be16(b + UDP6_OVERHEAD, load_be16(b + 46));
	udp6_store(b, packet + 8, packet + 24, 546, 547, 2);
	assert_int_equal(load_be16(b + 46), 0xffff);
	assert_int_equal(udp6_parse(b, sizeof(b), &v), UDP6_OK);
}

static void
every_prefix_is_refused(void **state)
{
	uint8_t b[51];
	struct udp6_view v;

	(void)state;
	memcpy(b, packet, sizeof(b));
	fix(b, 11);
	for (size_t n = 0; n < sizeof(b); n++) {
		uint8_t *copy = exact_copy(b, n);

		assert_int_equal(udp6_parse(copy, n, &v), UDP6_BAD_LENGTH);
		free(copy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_datagram_is_read_and_written),
		cmocka_unit_test(datagrams_are_judged),
		cmocka_unit_test(a_checksum_of_zero_is_sent_as_ones),
		cmocka_unit_test(every_prefix_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
