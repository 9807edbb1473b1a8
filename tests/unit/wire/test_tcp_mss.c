/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/tcp_mss.h"

#include "dataplane/wire/bytes.h"
#include "tests/unit/wire/wire_test.h"

/* G-14, G-43. Packets are built here with a full checksum; a clamped one must equal the packet built with the lower MSS from the
 * start, and its checksum must hold when it is summed up anew. */

enum { SYN = 0x02, RST = 0x04, ACK = 0x10, FIN = 0x01, ECE_CWR = 0xc0 };

struct packet {
	uint8_t b[512];
	size_t len, tcp; /* whole packet; where the segment starts */
};

struct shape {
	uint8_t flags;
	const uint8_t *opts; /* TCP options, a multiple of 4 */
	size_t opts_len;
	size_t ip_opts;    /* IPv4 options, a multiple of 4 */
	uint16_t fragment; /* IPv4 word, or that of an IPv6 fragment header */
	const char *ext;   /* IPv6: h(op-by-hop) r(outing) d(estination) f(ragment), in order */
	size_t payload;
	uint8_t proto; /* 0: TCP */
};

static void
put_segment(struct packet *p, const struct shape *s)
{
	uint8_t *t = p->b + p->tcp;

	store_be16(t, 49152);
	store_be16(t + 2, 80);
	store_be32(t + 4, 0x01020304);
	t[12] = (uint8_t)((20 + s->opts_len) / 4 << 4);
	t[13] = s->flags;
	store_be16(t + 14, 0xffff);
	if (s->opts_len != 0)
		memcpy(t + 20, s->opts, s->opts_len);
	for (size_t i = 0; i < s->payload; i++)
		t[20 + s->opts_len + i] = (uint8_t)(7 * i + 1);
	p->len = p->tcp + 20 + s->opts_len + s->payload;
}

static void
put_checksum(struct packet *p)
{
	store_be16(p->b + p->tcp + 16, 0);
	store_be16(p->b + p->tcp + 16, (uint16_t)~naive_upper_sum(p->b, 6, p->b + p->tcp, p->len - p->tcp));
}

static struct packet
build_v4(const struct shape *s)
{
	struct packet p = {.tcp = 20 + s->ip_opts};

	put_segment(&p, s);
	p.b[0] = (uint8_t)(0x40 | p.tcp / 4);
	store_be16(p.b + 2, (uint16_t)p.len);
	store_be16(p.b + 6, s->fragment);
	p.b[8] = 64;
	p.b[9] = s->proto != 0 ? s->proto : 6;
	store_be32(p.b + 12, 0x0a000001);
	store_be32(p.b + 16, 0xc6336402);
	memset(p.b + 20, 1, s->ip_opts);
	store_be16(p.b + 10, (uint16_t)~naive_sum(0, p.b, p.tcp));
	put_checksum(&p);
	return p;
}

static struct packet
build_v6(const struct shape *s)
{
	struct packet p = {.tcp = 40};
	uint8_t *next = p.b + 6;

	for (const char *e = s->ext; e != NULL && *e != '\0'; e++) {
		*next = *e == 'h' ? 0 : *e == 'r' ? 43 : *e == 'd' ? 60 : 44;
		next = p.b + p.tcp;
		if (*e == 'f')
			store_be16(next + 2, s->fragment);
		else if (*e == 'd')
			next[1] = 1; /* 16 bytes */
		p.tcp += *e == 'd' ? 16 : 8;
	}
	*next = s->proto != 0 ? s->proto : 6;
	put_segment(&p, s);
	p.b[0] = 0x60;
	store_be16(p.b + 4, (uint16_t)(p.len - 40));
	p.b[7] = 64;
	memcpy(p.b + 8, "\x20\x01\x0d\xb8", 4);
	memcpy(p.b + 24, "\x20\x01\x0d\xb9", 4);
	put_checksum(&p);
	return p;
}

static struct packet
build(const struct shape *s, bool v6)
{
	return v6 ? build_v6(s) : build_v4(s);
}

/* Clamps the first len bytes, in a block of just that size; the rest of the packet stays as it was. What is changed must not have been
 * passed over by the look at the first bytes. */
static bool
clamp(struct packet *p, size_t len, uint16_t v4, uint16_t v6)
{
	uint8_t *copy = exact_copy(p->b, len);
	const bool worth = mss_may_clamp(copy, len);
	const bool changed = mss_clamp(copy, len, v4, v6);

	assert_true(worth || !changed);

	memcpy(p->b, copy, len);
	free(copy);
	return changed;
}

static void
assert_checksum_holds(const struct packet *p)
{
	assert_int_equal(naive_upper_sum(p->b, 6, p->b + p->tcp, p->len - p->tcp), 0xffff);
}

/* At `at` in the options there is the value 1460; clamped, it must be 1414. */
static void
assert_clamped(const struct shape *s, bool v6, size_t at)
{
	struct packet p = build(s, v6);
	uint8_t opts[40];
	struct shape lower = *s;

	assert_checksum_holds(&p);
	assert_true(clamp(&p, p.len, 1414, 1414));
	memcpy(opts, s->opts, s->opts_len);
	store_be16(opts + at, 1414);
	lower.opts = opts;
	const struct packet want = build(&lower, v6);

	assert_memory_equal(p.b, want.b, p.len);
	assert_checksum_holds(&p);
	assert_false(clamp(&p, p.len, 1414, 1414)); /* a second time there is nothing to do */
}

static void
assert_untouched(struct packet p, uint16_t v4, uint16_t v6)
{
	const struct packet before = p;

	assert_false(clamp(&p, p.len, v4, v6));
	assert_memory_equal(p.b, before.b, sizeof(p.b));
}

static const uint8_t plain[] = {2, 4, 0x05, 0xb4};

static void
the_mss_of_a_syn_is_lowered_wherever_it_stands(void **state)
{
	static const struct {
		const char *name;
		uint8_t opts[40];
		size_t len, at;
	} rows[] = {
		{"alone", {2, 4, 0x05, 0xb4}, 4, 2},
		{"as_linux_sends_it", {2, 4, 0x05, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 1, 3, 3, 7}, 20, 2},
		{"behind_one_nop", {1, 2, 4, 0x05, 0xb4, 1, 1, 0}, 8, 3},
		{"behind_two_nops", {1, 1, 2, 4, 0x05, 0xb4, 0, 0}, 8, 4},
		{"behind_three_nops", {1, 1, 1, 2, 4, 0x05, 0xb4, 0}, 8, 5},
		{"behind_the_window_scale", {3, 3, 7, 2, 4, 0x05, 0xb4, 0}, 8, 5},
		{"behind_timestamps", {8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 4, 2, 2, 4, 0x05, 0xb4}, 16, 14},
		{"behind_an_unknown_option", {254, 5, 2, 4, 9, 2, 4, 0x05, 0xb4, 0, 0, 0}, 12, 7},
		{"last_of_forty_bytes", {254, 36, [36] = 2, 4, 0x05, 0xb4}, 40, 38},
		{"before_garbage_behind_the_end", {2, 4, 0x05, 0xb4, 0, 2, 0, 99}, 8, 2},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CASE(rows[i].name);
		for (int variant = 0; variant < 16; variant++) {
			const struct shape s = {
				.flags = variant & 1  ? SYN | ACK
					: variant & 2 ? SYN | ECE_CWR
						      : SYN,
				.opts = rows[i].opts,
				.opts_len = rows[i].len,
				.payload = variant & 4 ? 33 : 0,
			};

			assert_clamped(&s, (variant & 8) != 0, rows[i].at);
		}
	}
}

static void
every_lower_value_and_alignment_keeps_the_checksum(void **state)
{
	static const uint8_t odd[] = {1, 2, 4, 0xff, 0xff, 0, 0, 0};

	(void)state;
	for (unsigned ceiling = 1; ceiling < 65536; ceiling += 7) {
		for (int variant = 0; variant < 4; variant++) {
			const bool shifted = (variant & 1) != 0;
			const struct shape s = {.flags = SYN,
				.opts = shifted ? odd : (const uint8_t[]){2, 4, 0xff, 0xff},
				.opts_len = shifted ? 8 : 4};
			struct packet p = build(&s, (variant & 2) != 0);

			assert_int_equal(mss_clamp(p.b, p.len, (uint16_t)ceiling, (uint16_t)ceiling), ceiling < 65535);
			assert_int_equal(load_be16(p.b + p.tcp + 20 + (shifted ? 3 : 2)), ceiling);
			assert_checksum_holds(&p);
		}
	}
}

static void
headers_in_front_do_not_matter(void **state)
{
	static const struct {
		const char *name;
		bool v6;
		struct shape s;
	} rows[] = {
		{"ipv4_options_of_4", false, {.ip_opts = 4}},
		{"ipv4_options_of_40", false, {.ip_opts = 40}},
		{"ipv4_not_to_be_cut", false, {.fragment = 0x4000}},
		{"ipv4_first_fragment", false, {.fragment = 0x2000, .payload = 40}},
		{"ipv6_hop_by_hop", true, {.ext = "h"}},
		{"ipv6_routing", true, {.ext = "r"}},
		{"ipv6_destination_options", true, {.ext = "d"}},
		{"ipv6_atomic_fragment", true, {.ext = "f"}},
		{"ipv6_first_fragment", true, {.ext = "f", .fragment = 1}},
		{"ipv6_all", true, {.ext = "hdrfd"}},
		{"ipv6_eight", true, {.ext = "hddddddd"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct shape s = rows[i].s;

		CASE(rows[i].name);
		s.flags = SYN;
		s.opts = plain;
		s.opts_len = sizeof(plain);
		assert_clamped(&s, rows[i].v6, 2);
	}
}

static void
what_is_no_syn_with_a_high_mss_is_left_alone(void **state)
{
	static const uint8_t at_ceiling[] = {2, 4, 0x05, 0x86}; /* 1414 */
	static const uint8_t lower[] = {2, 4, 0x02, 0x18};
	static const uint8_t zero[] = {2, 4, 0, 0};
	static const uint8_t absent[] = {1, 1, 4, 2};
	static const struct {
		const char *name;
		bool v6;
		struct shape s;
	} rows[] = {
		{"ack", false, {.flags = ACK, .opts = plain, .opts_len = 4}},
		{"fin_ack", false, {.flags = ACK | FIN, .opts = plain, .opts_len = 4}},
		{"rst", true, {.flags = RST, .opts = plain, .opts_len = 4}},
		{"equal", false, {.flags = SYN, .opts = at_ceiling, .opts_len = 4}},
		{"lower", false, {.flags = SYN, .opts = lower, .opts_len = 4}},
		{"zero", true, {.flags = SYN, .opts = zero, .opts_len = 4}},
		{"absent", false, {.flags = SYN, .opts = absent, .opts_len = 4}},
		{"no_options", false, {.flags = SYN}},
		{"no_options_v6", true, {.flags = SYN}},
		{"no_options_but_data_like_one", false, {.flags = SYN, .payload = 40}},
		{"later_ipv4_fragment", false, {.flags = SYN, .opts = plain, .opts_len = 4, .fragment = 0x2001}},
		{"last_ipv4_fragment", false, {.flags = SYN, .opts = plain, .opts_len = 4, .fragment = 0x0001}},
		{"later_ipv6_fragment", true,
			{.flags = SYN, .opts = plain, .opts_len = 4, .ext = "f", .fragment = 0x0009}},
		{"udp", false, {.flags = SYN, .opts = plain, .opts_len = 4, .proto = 17}},
		{"udp_v6", true, {.flags = SYN, .opts = plain, .opts_len = 4, .ext = "h", .proto = 17}},
		{"esp_v6", true, {.flags = SYN, .opts = plain, .opts_len = 4, .proto = 50}},
		{"nine_extension_headers", true, {.flags = SYN, .opts = plain, .opts_len = 4, .ext = "hdddddddd"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		CASE(rows[i].name);
		assert_untouched(build(&rows[i].s, rows[i].v6), 1414, 1414);
	}
}

static void
a_family_without_ceiling_is_left_alone(void **state)
{
	const struct shape s = {.flags = SYN, .opts = plain, .opts_len = 4};
	struct packet p = build(&s, false);

	(void)state;
	assert_untouched(build(&s, false), 0, 1414);
	assert_untouched(build(&s, true), 1414, 0);
	assert_true(clamp(&p, p.len, 1300, 1200));
	assert_int_equal(load_be16(p.b + p.tcp + 22), 1300);
	p = build(&s, true);
	assert_true(clamp(&p, p.len, 1300, 1200));
	assert_int_equal(load_be16(p.b + p.tcp + 22), 1200);
}

static void
malformed_option_lists_are_left_alone(void **state)
{
	static const struct {
		const char *name;
		uint8_t opts[8];
	} rows[] = {
		{"length_0", {2, 0, 0x05, 0xb4, 0, 0, 0, 0}},
		{"length_1", {2, 1, 0x05, 0xb4, 0, 0, 0, 0}},
		{"mss_of_length_3", {2, 3, 0x05, 2, 4, 0x05, 0xb4, 0}},
		{"mss_of_length_6", {2, 6, 0x05, 0xb4, 0, 0, 0, 0}},
		{"other_option_of_length_0_before", {8, 0, 2, 4, 0x05, 0xb4, 0, 0}},
		{"other_option_over_the_end_before", {8, 9, 2, 4, 0x05, 0xb4, 0, 0}},
		{"mss_over_the_end", {1, 1, 1, 1, 1, 2, 4, 0x05}},
		{"kind_without_length", {1, 1, 1, 1, 1, 1, 1, 2}},
		{"other_option_over_the_end_behind", {2, 4, 0x05, 0xb4, 3, 5, 0, 0}},
		{"kind_without_length_behind", {2, 4, 0x05, 0xb4, 1, 1, 1, 3}},
		{"end_of_list_before", {1, 0, 2, 4, 0x05, 0xb4, 0, 0}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct shape s = {.flags = SYN, .opts = rows[i].opts, .opts_len = 8, .payload = 9};

		CASE(rows[i].name);
		assert_untouched(build(&s, false), 1414, 1414);
		assert_untouched(build(&s, true), 1414, 1414);
	}
}

static void
every_mss_option_is_lowered(void **state)
{
	static const uint8_t two[] = {2, 4, 0x05, 0xb4, 1, 2, 4, 0x23, 0x28, 0, 0, 0};
	const struct shape s = {.flags = SYN, .opts = two, .opts_len = sizeof(two)};
	struct packet p = build(&s, false);

	(void)state;
	assert_true(clamp(&p, p.len, 1414, 1414));
	assert_int_equal(load_be16(p.b + p.tcp + 22), 1414);
	assert_int_equal(load_be16(p.b + p.tcp + 27), 1414);
	assert_checksum_holds(&p);
}

static void
malformed_headers_are_left_alone(void **state)
{
	static const struct {
		const char *name;
		bool v6;
		size_t at; /* byte to change; from 100: in the TCP header */
		uint8_t value;
	} rows[] = {
		{"version_5", false, 0, 0x55},
		{"ipv4_header_of_16", false, 0, 0x44},
		{"ipv4_header_beyond_the_packet", false, 0, 0x4f},
		{"ipv4_total_length_cuts_the_options", false, 3, 43},
		{"ipv4_total_length_cuts_the_header", false, 3, 19},
		{"ipv6_payload_length_cuts_the_options", true, 5, 23},
		{"ipv6_payload_length_of_nothing", true, 5, 0},
		{"tcp_header_of_16", false, 112, 0x40},
		{"tcp_header_beyond_the_packet", false, 112, 0x70},
		{"tcp_header_without_options", true, 112, 0x50},
	};
	const struct shape s = {.flags = SYN, .opts = plain, .opts_len = 4};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct packet p = build(&s, rows[i].v6);

		CASE(rows[i].name);
		p.b[rows[i].at >= 100 ? p.tcp + rows[i].at - 100 : rows[i].at] = rows[i].value;
		assert_untouched(p, 1414, 1414);
	}
}

/* The packet may lie in several segments: then only the first one's bytes are ours to read. */
static void
only_contiguous_bytes_are_read(void **state)
{
	static const uint8_t opts[] = {1, 1, 1, 2, 4, 0x05, 0xb4, 0};
	static const struct shape shapes[] = {
		{.flags = SYN, .opts = opts, .opts_len = 8, .payload = 20, .ip_opts = 8},
		{.flags = SYN, .opts = opts, .opts_len = 8, .payload = 20, .ext = "hdrf"},
	};

	(void)state;
	for (int v6 = 0; v6 < 2; v6++) {
		const struct packet whole = build(&shapes[v6], v6 != 0);
		struct packet want = whole;

		assert_true(mss_clamp(want.b, want.len, 1414, 1414));
		for (size_t n = 0; n <= whole.len; n++) {
			struct packet p = whole;
			const bool all_there = n >= whole.tcp + 28;

			assert_int_equal(clamp(&p, n, 1414, 1414), all_there);
			assert_memory_equal(p.b, all_there ? want.b : whole.b, whole.len);
		}
	}
}

/* What nearly all packets are is not looked at any further. */
static void
data_of_both_families_is_passed_over(void **state)
{
	(void)state;
	for (int v6 = 0; v6 <= 1; v6++) {
		const struct shape data = {.flags = ACK}, syn = {.flags = SYN, .opts = plain, .opts_len = 4};
		const struct packet p = build(&data, v6), q = build(&syn, v6);
		struct packet udp = q;

		udp.b[v6 ? 6 : 9] = IPPROTO_UDP_DATAGRAM;
		assert_false(mss_may_clamp(p.b, p.len));
		assert_true(mss_may_clamp(q.b, q.len));
		assert_false(mss_may_clamp(udp.b, udp.len));
	}
}

static void
random_bytes_change_only_an_mss_and_its_checksum(void **state)
{
	uint64_t seed = 14;
	unsigned changed = 0;

	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		static const uint8_t opts[] = {1, 2, 4, 0x05, 0xb4, 3, 3, 7};
		const struct shape s = {.flags = SYN, .opts = opts, .opts_len = 8, .ext = "hd"};
		struct packet p = build(&s, (i & 1) != 0);
		const size_t len = xorshift64(&seed) % 8 == 0 ? xorshift64(&seed) % p.len : p.len;

		for (unsigned k = 0; k < xorshift64(&seed) % 4; k++)
			p.b[xorshift64(&seed) % p.len] = (uint8_t)xorshift64(&seed);
		const struct packet before = p;

		if (!clamp(&p, len, 1200, 1200)) {
			assert_memory_equal(p.b, before.b, sizeof(p.b));
			continue;
		}
		changed++;
		unsigned bytes = 0;

		for (size_t at = 0; at < p.len; at++)
			bytes += p.b[at] != before.b[at];
		assert_in_range(bytes, 1, 2 + 2 * 10);
	}
	assert_true(changed > 10000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_mss_of_a_syn_is_lowered_wherever_it_stands),
		cmocka_unit_test(every_lower_value_and_alignment_keeps_the_checksum),
		cmocka_unit_test(headers_in_front_do_not_matter),
		cmocka_unit_test(what_is_no_syn_with_a_high_mss_is_left_alone),
		cmocka_unit_test(a_family_without_ceiling_is_left_alone),
		cmocka_unit_test(malformed_option_lists_are_left_alone),
		cmocka_unit_test(every_mss_option_is_lowered),
		cmocka_unit_test(malformed_headers_are_left_alone),
		cmocka_unit_test(only_contiguous_bytes_are_read),
		cmocka_unit_test(data_of_both_families_is_passed_over),
		cmocka_unit_test(random_bytes_change_only_an_mss_and_its_checksum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
