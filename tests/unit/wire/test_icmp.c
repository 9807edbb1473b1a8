/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/icmp.h"

#include "tests/unit/wire/wire_test.h"

enum { HOST = 0xc0000201, FAR = 0xc6336402, US = 0xc00002fe };

/* A packet of len bytes with `payload` byte values counting up. */
static struct ip4_view
build(uint8_t *b, size_t len, uint8_t proto, uint32_t src, uint32_t dst)
{
	struct ip4_view v = {0};

	for (size_t i = 20; i < len; i++)
		b[i] = (uint8_t)i;
	ip4_store(b, src, dst, proto, 1, 7, (uint16_t)(len - 20));
	assert_int_equal(ip4_parse(b, len, len, &v), IP_OK);
	return v;
}

static void
errors_quote_as_much_as_fits(void **state)
{
	static const struct {
		const char *name;
		uint8_t type, code;
		uint16_t rest;
		size_t packet, there, quoted;
	} rows[] = {
		{"time_exceeded", 11, 0, 0, 100, 100, 100},
		{"frag_needed", 3, 4, 1492, 1500, 1500, 548},
		{"all_that_fits", 11, 0, 0, 548, 548, 548},
		{"one_more_than_fits", 11, 0, 0, 549, 549, 548},
		{"only_the_first_segment_there", 3, 4, 1280, 1500, 64, 64},
		{"link_padding_is_not_quoted", 11, 0, 0, 30, 46, 30},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t b[2048] = {0};
		uint8_t out[ICMP4_ERROR_MAX];
		struct ip4_view reply;
		const struct ip4_view v = build(b, rows[i].packet, 17, HOST, FAR);
		uint8_t *copy = exact_copy(b, rows[i].there);
		const size_t n =
			icmp4_error(out, US, rows[i].type, rows[i].code, rows[i].rest, copy, rows[i].there, &v);

		CASE(rows[i].name);
		free(copy);
		assert_int_equal(n, 28 + rows[i].quoted);
		assert_int_equal(ip4_parse(out, n, n, &reply), IP_OK);
		assert_int_equal(reply.total_len, n);
		assert_int_equal(reply.src, US);
		assert_int_equal(reply.dst, HOST);
		assert_int_equal(reply.proto, 1);
		assert_int_equal(out[1], 0xc0); /* precedence 6, internetwork control */
		assert_int_equal(naive_sum(0, out, 20), 0xffff);
		assert_int_equal(out[20], rows[i].type);
		assert_int_equal(out[21], rows[i].code);
		assert_int_equal(load_be16(out + 24), 0);
		assert_int_equal(load_be16(out + 26), rows[i].rest);
		assert_memory_equal(out + 28, b, rows[i].quoted);
		assert_int_equal(naive_sum(0, out + 20, n - 20), 0xffff);
	}
}

/* RFC 1812 section 4.3.2.7. */
static void
errors_are_not_sent_about_everything(void **state)
{
	static const struct {
		const char *name;
		uint8_t proto, icmp_type;
		uint32_t src, dst;
		uint16_t fragment;
		bool want;
	} rows[] = {
		{"udp", 17, 0, HOST, FAR, 0, true},
		{"udp_first_fragment", 17, 0, HOST, FAR, 0x2000, true},
		{"udp_later_fragment", 17, 0, HOST, FAR, 0x0001, false},
		{"echo", 1, 8, HOST, FAR, 0, true},
		{"echo_reply", 1, 0, HOST, FAR, 0, true},
		{"unreachable", 1, 3, HOST, FAR, 0, false},
		{"source_quench", 1, 4, HOST, FAR, 0, false},
		{"redirect", 1, 5, HOST, FAR, 0, false},
		{"time_exceeded", 1, 11, HOST, FAR, 0, false},
		{"parameter_problem", 1, 12, HOST, FAR, 0, false},
		{"to_multicast", 17, 0, HOST, 0xe0000001, 0, false},
		{"to_broadcast", 17, 0, HOST, 0xffffffff, 0, false},
		{"from_nobody", 17, 0, 0, FAR, 0, false},
		{"from_broadcast", 17, 0, 0xffffffff, FAR, 0, false},
		{"from_multicast", 17, 0, 0xefffffff, FAR, 0, false},
		{"from_loopback", 17, 0, 0x7f000001, FAR, 0, false},
		{"from_class_e", 17, 0, 0xf0000001, FAR, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t b[64];
		struct ip4_view v = build(b, sizeof(b), rows[i].proto, rows[i].src, rows[i].dst);

		CASE(rows[i].name);
		b[20] = rows[i].icmp_type;
		v.fragment = rows[i].fragment;
		assert_int_equal(icmp4_may_report(b, sizeof(b), &v), rows[i].want);
	}
	uint8_t b[64];
	struct ip4_view v = build(b, 20, 1, HOST, FAR);

	assert_false(icmp4_may_report(b, 20, &v)); /* ICMP without a type */
	v = build(b, 64, 1, HOST, FAR);
	b[20] = 8;
	assert_false(icmp4_may_report(b, 20, &v)); /* its type lies elsewhere */
}

static void
an_echo_is_answered_with_its_bytes(void **state)
{
	uint8_t b[61];
	uint8_t asked[61];
	struct ip4_view v = build(b, sizeof(b), 1, HOST, US);

	(void)state;
	memcpy(b + 20, "\x08\0\0\0", 4);
	store_be16(b + 22, (uint16_t)~naive_sum(0, b + 20, sizeof(b) - 20));
	memcpy(asked, b, sizeof(b));
	assert_true(icmp4_echo_reply(b, &v));
	assert_int_equal(ip4_parse(b, sizeof(b), sizeof(b), &v), IP_OK);
	assert_int_equal(v.src, US);
	assert_int_equal(v.dst, HOST);
	assert_int_equal(v.ttl, 64);
	assert_int_equal(b[20], 0);
	assert_int_equal(naive_sum(0, b + 20, sizeof(b) - 20), 0xffff);
	assert_memory_equal(b + 24, asked + 24, sizeof(b) - 24);
}

/* A request of three pieces: the pieces of the answer make a message with a right checksum. */
static void
an_echo_in_pieces_is_answered_piece_by_piece(void **state)
{
	enum { DATA = 56, PIECE = 24 };
	uint8_t message[DATA], reply[DATA];

	(void)state;
	for (unsigned i = 0; i < DATA; i++)
		message[i] = (uint8_t)(i * 37);
	memcpy(message, "\x08\0\0\0", 4);
	store_be16(message + 2, (uint16_t)~naive_sum(0, message, DATA));
	for (unsigned at = 0; at < DATA; at += PIECE) {
		const unsigned len = DATA - at < PIECE ? DATA - at : PIECE;
		uint8_t b[20 + PIECE];
		struct ip4_view v = build(b, 20 + len, 1, HOST, US), got;

		memcpy(b + 20, message + at, len);
		store_be16(b + 6, (uint16_t)(at / 8 | (at + len < DATA ? IP4_MF : 0)));
		store_be16(b + 10, 0);
		store_be16(b + 10, (uint16_t)~naive_sum(0, b, 20));
		v.fragment = load_be16(b + 6);
		assert_true(icmp4_echo_reply_piece(b, &v));
		assert_int_equal(ip4_parse(b, 20 + len, 20 + len, &got), IP_OK);
		assert_int_equal(got.src, US);
		assert_int_equal(got.dst, HOST);
		assert_int_equal(got.fragment, v.fragment);
		memcpy(reply + at, b + 20, len);
	}
	assert_int_equal(reply[0], 0);
	assert_int_equal(naive_sum(0, reply, DATA), 0xffff);
	assert_memory_equal(reply + 4, message + 4, DATA - 4);
}

static void
what_is_no_sound_echo_is_not_answered(void **state)
{
	enum { CHECKSUM, TYPE, CODE, FRAGMENT, SHORT, SOURCE, PROTO, COUNT_OF };

	(void)state;
	for (int fault = 0; fault < COUNT_OF; fault++) {
		uint8_t b[40];
		const size_t len = fault == SHORT ? 27 : 40;
		struct ip4_view v = build(b, len, fault == PROTO ? 17 : 1, fault == SOURCE ? 0xe0000001 : HOST, US);

		memcpy(b + 20, "\x08\0\0\0", 4);
		b[20] = fault == TYPE ? 0 : 8;
		b[21] = fault == CODE;
		store_be16(b + 22, (uint16_t)~naive_sum(0, b + 20, len - 20));
		if (fault == CHECKSUM)
			b[22] ^= 1;
		if (fault == FRAGMENT)
			v.fragment = IP4_MF;
		assert_false(icmp4_echo_reply(b, &v));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_quote_as_much_as_fits),
		cmocka_unit_test(errors_are_not_sent_about_everything),
		cmocka_unit_test(an_echo_is_answered_with_its_bytes),
		cmocka_unit_test(an_echo_in_pieces_is_answered_piece_by_piece),
		cmocka_unit_test(what_is_no_sound_echo_is_not_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
