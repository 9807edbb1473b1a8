/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/icmp6.h"

#include "tests/unit/wire/wire_test.h"

static const uint8_t host[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}, far_host[16] = {0x26, [15] = 2};
static const struct ip_addr us = {{0x20, 0x01, 0x0d, 0xb8, [15] = 0xfe}};

/* A packet of len bytes with byte values counting up behind the header. */
static struct ip6_view
build(uint8_t *b, size_t len, uint8_t next, const uint8_t src[16], const uint8_t dst[16])
{
	struct ip6_view v = {0};

	for (size_t i = 40; i < len; i++)
		b[i] = (uint8_t)i;
	memset(b, 0, 40);
	b[0] = 0x60;
	store_be16(b + 4, (uint16_t)(len - 40));
	b[6] = next;
	b[7] = 1;
	memcpy(b + 8, src, 16);
	memcpy(b + 24, dst, 16);
	assert_int_equal(ip6_parse(b, len, len, &v), IP_OK);
	return v;
}

/* Fields at their places in RFC 4443 sections 3.1 to 3.3. */
static void
errors_quote_as_much_as_the_minimum_mtu_takes(void **state)
{
	static const struct {
		const char *name;
		uint8_t type, code;
		uint32_t rest;
		size_t packet, there, quoted;
	} rows[] = {
		{"time_exceeded", 3, 0, 0, 100, 100, 100},
		{"packet_too_big", 2, 0, 1492, 1500, 1500, 1232},
		{"mtu_of_32_bits", 2, 0, 0x12345, 100, 100, 100},
		{"all_that_fits", 1, 0, 0, 1232, 1232, 1232},
		{"one_more_than_fits", 1, 3, 0, 1233, 1233, 1232},
		{"only_the_first_segment_there", 2, 0, 1280, 1500, 64, 64},
		{"link_padding_is_not_quoted", 1, 4, 0, 48, 60, 48},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t b[2048] = {0}, out[ICMP6_ERROR_MAX];
		struct ip6_view reply;
		const struct ip6_view v = build(b, rows[i].packet, 17, host, far_host);
		uint8_t *copy = exact_copy(b, rows[i].there);
		const size_t n =
			icmp6_error(out, &us, rows[i].type, rows[i].code, rows[i].rest, copy, rows[i].there, &v);

		CASE(rows[i].name);
		free(copy);
		assert_int_equal(n, 48 + rows[i].quoted);
		assert_int_equal(ip6_parse(out, n, n, &reply), IP_OK);
		assert_int_equal(reply.total_len, n);
		assert_memory_equal(reply.src, us.b, 16);
		assert_memory_equal(reply.dst, host, 16);
		assert_int_equal(reply.next, 58);
		assert_int_equal(reply.hop_limit, 64);
		assert_int_equal(out[40], rows[i].type);
		assert_int_equal(out[41], rows[i].code);
		assert_int_equal(load_be32(out + 44), rows[i].rest);
		assert_memory_equal(out + 48, b, rows[i].quoted);
		assert_int_equal(naive_upper_sum(out, 58, out + 40, n - 40), 0xffff);
	}
}

/* RFC 4443 section 2.4 e. */
static void
errors_are_not_sent_about_everything(void **state)
{
	static const uint8_t none[16], group[16] = {0xff, 0x0e, [15] = 1}, loopback[16] = {[15] = 1};
	static const struct {
		const char *name;
		const uint8_t *src, *dst;
		uint8_t next, type, first; /* first byte behind the header: type, or next header of an extension */
		bool want;
	} rows[] = {
		{"udp", host, far_host, 17, 3, 0, true},
		{"echo", host, far_host, 58, 3, 128, true},
		{"echo_reply", host, far_host, 58, 3, 129, true},
		{"about_unreachable", host, far_host, 58, 1, 1, false},
		{"about_too_big", host, far_host, 58, 1, 2, false},
		{"about_unknown_error", host, far_host, 58, 2, 127, false},
		{"about_redirect", host, far_host, 58, 1, 137, false},
		{"from_nobody", none, far_host, 17, 1, 0, false},
		{"from_loopback", loopback, far_host, 17, 1, 0, false},
		{"from_a_group", group, far_host, 17, 1, 0, false},
		{"to_a_group", host, group, 17, 1, 0, false},
		{"too_big_to_a_group", host, group, 17, 2, 0, true},
		{"error_behind_an_extension", host, far_host, 60, 1, 58, false},
		{"udp_behind_an_extension", host, far_host, 60, 1, 17, true},
		{"encrypted", host, far_host, 50, 1, 0, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t b[100];
		const struct ip6_view v = build(b, sizeof(b), rows[i].next, rows[i].src, rows[i].dst);
		uint8_t *copy;

		b[40] = rows[i].first;
		b[41] = 0;
		b[48] = 1; /* the type, behind an extension of 8 bytes */
		copy = exact_copy(b, sizeof(b));
		CASE(rows[i].name);
		assert_int_equal(icmp6_may_report(copy, sizeof(b), &v, rows[i].type), rows[i].want);
		free(copy);
	}
}

/* Too little of the packet is there to know what it is. */
static void
packets_cut_short_are_reported_only_when_they_are_no_errors(void **state)
{
	uint8_t b[100];
	const struct ip6_view echo = build(b, sizeof(b), 58, host, far_host);

	(void)state;
	assert_false(icmp6_may_report(b, 40, &echo, 1));
	b[40] = 128;
	assert_true(icmp6_may_report(b, 41, &echo, 1));
	const struct ip6_view extended = build(b, sizeof(b), 60, host, far_host);

	assert_false(icmp6_may_report(b, 44, &extended, 1));
}

static void
echo_is_answered(void **state)
{
	uint8_t b[60], want[60];
	const struct ip6_view v = build(b, sizeof(b), 58, host, us.b);

	(void)state;
	b[40] = 128;
	b[41] = 0;
	store_be16(b + 42, 0);
	store_be16(b + 42, (uint16_t)~naive_upper_sum(b, 58, b + 40, 20));
	memcpy(want, b, sizeof(b));
	assert_true(icmp6_echo_reply(b, &v, &us));
	assert_memory_equal(b + 8, us.b, 16);
	assert_memory_equal(b + 24, host, 16);
	assert_int_equal(b[7], 64);
	assert_int_equal(b[40], 129);
	assert_memory_equal(b + 44, want + 44, 16);
	assert_int_equal(naive_upper_sum(b, 58, b + 40, 20), 0xffff);
}

static void
what_is_no_proper_echo_is_left_as_it_is(void **state)
{
	static const struct {
		const char *name;
		unsigned at;
		uint8_t value;
	} rows[] = {
		{"type", 40, 129},
		{"code", 41, 1},
		{"checksum", 50, 0},
		{"protocol", 6, 17},
		{"source", 8, 0xff},
		{"length", 5, 7},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t b[60], was[60];
		struct ip6_view v = build(b, sizeof(b), 58, host, us.b);

		b[40] = 128;
		b[41] = 0;
		store_be16(b + 42, 0);
		store_be16(b + 42, (uint16_t)~naive_upper_sum(b, 58, b + 40, 20));
		b[rows[i].at] = rows[i].value;
		assert_int_equal(ip6_parse(b, sizeof(b), sizeof(b), &v), IP_OK);
		memcpy(was, b, sizeof(b));
		CASE(rows[i].name);
		assert_false(icmp6_echo_reply(b, &v, &us));
		assert_memory_equal(b, was, sizeof(b));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_quote_as_much_as_the_minimum_mtu_takes),
		cmocka_unit_test(errors_are_not_sent_about_everything),
		cmocka_unit_test(packets_cut_short_are_reported_only_when_they_are_no_errors),
		cmocka_unit_test(echo_is_answered),
		cmocka_unit_test(what_is_no_proper_echo_is_left_as_it_is),
	};

	return cmocka_run_group_tests_name("wire icmp6", tests, NULL, NULL);
}
