/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/dpdk/stage_lab.h"

/* min_ttl, clear_df and reassemble of a bundle, in both directions [G-40, G-41]. */

enum { FRAGMENT_AT = 6, TTL_AT = 8 };

static void
set_field(struct frame *ip, unsigned at, uint16_t value)
{
	store_be16(ip->b + at, value);
	store_be16(ip->b + 10, 0);
	store_be16(ip->b + 10, checksum_fold(checksum_add(0, ip->b, IP4_HDR_MIN)));
}

/* In pieces of n bytes, each a fragment of its own, on link 0. */
static void
uplink(struct lab *l, uint32_t *seq, uint16_t proto, const struct frame *ip, size_t piece)
{
	static struct frame inner;

	inner.len = 0;
	frame_add_be16(&inner, proto);
	frame_add(&inner, ip->b, ip->len);
	for (size_t at = 0; at < inner.len; at += piece)
		lab_fragment(l, 0, 0, (*seq)++, &inner, at, RTE_MIN(piece, inner.len - at));
	rig_settle(&l->r);
}

static void
open_lab(struct lab *l, unsigned scrub, uint8_t min_ttl, uint16_t tx_mrru)
{
	struct dp_bundle_set set = lab_bundle_defaults(0);

	lab_open(l);
	set.scrub = scrub & 0xfu;
	set.min_ttl = min_ttl;
	set.tx_mrru = tx_mrru;
	set.flags |= DP_BUNDLE_V6;
	lab_bundle(l, 0, &set);
	lab_link(l, 0, 0, 0);
}

/* What left the IP port, behind the Ethernet header; NULL: nothing. */
static const uint8_t *
left_ip_port(struct lab *l, struct frame *f)
{
	return rig_receive(&l->r, LAB_IP, f) ? f->b + ETH_HDR_LEN : NULL;
}

static bool
header_sums_up(const uint8_t *ip)
{
	return checksum_holds(ip, IP4_HDR_MIN);
}

static const struct scrub_row {
	const char *name;
	unsigned scrub;
	uint8_t min_ttl;
	uint8_t ttl_from,
		ttl_to; /* of a packet that came with 3; forwarding takes one, from links behind scrubbing, to links before */
	bool df_from, df_to; /* kept */
} rows[] = {
	{"nothing asked for", 0, 0, 2, 2, true, true},
	{"a floor without a direction", 0, 15, 2, 2, true, true},
	{"floor, both directions", DP_SCRUB_FROM_LINKS | DP_SCRUB_TO_LINKS, 15, 14, 15, true, true},
	{"floor below", DP_SCRUB_FROM_LINKS | DP_SCRUB_TO_LINKS, 2, 2, 2, true, true},
	{"from links only", DP_SCRUB_FROM_LINKS | DP_SCRUB_CLEAR_DF, 15, 14, 2, false, true},
	{"to links only", DP_SCRUB_TO_LINKS | DP_SCRUB_CLEAR_DF, 15, 2, 15, true, false},
	{"DF alone", DP_SCRUB_FROM_LINKS | DP_SCRUB_TO_LINKS | DP_SCRUB_CLEAR_DF, 0, 2, 2, false, false},
};

static void
headers_are_changed_where_and_as_asked_for(void **state)
{
	static struct frame ip, out;
	static struct lab_sent s;

	(void)state;
	for (unsigned i = 0; i < RTE_DIM(rows); i++) {
		for (size_t piece = 5; piece <= 400; piece += 79) { /* header over several mbufs, and whole */
			const uint8_t *got;
			uint32_t seq = 0;
			struct lab l;

			print_message("%s, pieces of %zu\n", rows[i].name, piece);
			open_lab(&l, rows[i].scrub, rows[i].min_ttl, 1500);
			packet_udp(&ip, lab_address(0), lab_host, 3, 1, 200);
			set_field(&ip, FRAGMENT_AT, IP4_DF);
			uplink(&l, &seq, PPP_IPV4, &ip, piece);
			got = left_ip_port(&l, &out);
			assert_non_null(got);
			assert_int_equal(got[TTL_AT], rows[i].ttl_from);
			assert_int_equal((load_be16(got + FRAGMENT_AT) & IP4_DF) != 0, rows[i].df_from);
			assert_true(header_sums_up(got));
			assert_memory_equal(got + IP4_HDR_MIN, ip.b + IP4_HDR_MIN, ip.len - IP4_HDR_MIN);

			packet_udp(&ip, lab_host, lab_address(0), 3, 1, 200);
			set_field(&ip, FRAGMENT_AT, IP4_DF);
			lab_downlink(&l, &ip);
			rig_settle(&l.r);
			assert_true(lab_sent(&l, &s, false));
			got = s.payload + PPP_PROTO_LEN;
			assert_int_equal(got[TTL_AT], rows[i].ttl_to);
			assert_int_equal((load_be16(got + FRAGMENT_AT) & IP4_DF) != 0, rows[i].df_to);
			assert_true(header_sums_up(got));
			assert_memory_equal(got + IP4_HDR_MIN, ip.b + IP4_HDR_MIN, ip.len - IP4_HDR_MIN);
			lab_expect_drops(&l, DROP_IP_TTL, 0);
			rig_close(&l.r);
		}
	}
}

/* G-41: what was too large for the bundle is cut instead of refused, and counted; pieces of different packets have different numbers. */
static void
packets_too_large_are_cut_once_df_is_gone(void **state)
{
	static struct frame ip;
	static struct lab_sent s;

	(void)state;
	for (unsigned clear = 0; clear < 2; clear++) {
		struct dp_worker_stats stats;
		uint16_t ids[2] = {0, 0};
		unsigned pieces = 0;
		struct lab l;

		open_lab(&l, clear != 0 ? DP_SCRUB_TO_LINKS | DP_SCRUB_CLEAR_DF : 0, 0, 1000);
		for (unsigned i = 0; i < 2; i++) {
			packet_udp(&ip, lab_host, lab_address(0), 64, i, 1400);
			set_field(&ip, 4, 0); /* no number: RFC 6864 */
			set_field(&ip, FRAGMENT_AT, IP4_DF);
			lab_downlink(&l, &ip);
			rig_settle(&l.r);
			while (lab_sent(&l, &s, false)) {
				const uint8_t *p = s.payload + PPP_PROTO_LEN;

				assert_true(header_sums_up(p));
				assert_in_range(load_be16(p + 2), 1, 1000);
				ids[i] = load_be16(p + 4);
				pieces++;
			}
		}
		packet_udp(&ip, lab_host, lab_address(0), 64, 9, 500); /* small enough as it is */
		set_field(&ip, FRAGMENT_AT, IP4_DF);
		lab_downlink(&l, &ip);
		rig_settle(&l.r);
		dp_worker_stats(l.r.dp, 0, &stats);
		assert_int_equal(stats.df_cleared, clear != 0 ? 3 : 0);
		assert_int_equal(stats.df_needed, clear != 0 ? 2 : 0);
		assert_int_equal(pieces, clear != 0 ? 4 : 0);
		assert_int_equal(rig_drops(&l.r, DROP_BUNDLE_TOO_LARGE), clear != 0 ? 0 : 2);
		if (clear != 0) {
			assert_int_not_equal(ids[0], 0);
			assert_int_not_equal(ids[0], ids[1]);
		}
		rig_close(&l.r);
	}
}

static void
hop_limits_of_ipv6_have_the_same_floor(void **state)
{
	static const struct ip_addr host = {{0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
	static const struct ip_addr subscriber = {{0x20, 0x01, 0x0d, 0xb8, 0, 1, [15] = 2}};
	static struct frame ip, got;
	struct dp_punted punted;
	uint32_t seq = 0;
	struct lab l;

	(void)state;
	open_lab(&l, DP_SCRUB_FROM_LINKS, 15, 1500);
	packet_udp6(&ip, &subscriber, &host, 3, 1, 200);
	uplink(&l, &seq, PPP_IPV6, &ip, 300);
	/* there is no route: what control is shown has the new hop limit */
	assert_true(dp_punted_next(l.r.dp, &punted));
	assert_int_equal(punted.why, DP_PUNT_NO_ROUTE);
	assert_int_equal(punted.bytes[7], 15);
	assert_false(rig_receive(&l.r, LAB_IP, &got));
	rig_close(&l.r);
}

static void
what_is_no_header_or_our_own_is_left_alone(void **state)
{
	const struct dp_target route = {.kind = DP_TO_ROUTE};
	static struct frame ip;
	static struct lab_sent s;
	uint32_t seq = 0;
	struct lab l;

	(void)state;
	open_lab(&l, DP_SCRUB_FROM_LINKS | DP_SCRUB_TO_LINKS | DP_SCRUB_CLEAR_DF, 99, 1500);
	for (size_t n = 1; n < IP4_HDR_MIN; n++) { /* cut short */
		packet_udp(&ip, lab_address(0), lab_host, 3, 1, 60);
		ip.len = n;
		uplink(&l, &seq, PPP_IPV4, &ip, 300);
	}
	packet_udp(&ip, lab_address(0), lab_host, 3, 1, 60); /* and with a checksum that no change mends */
	ip.b[10] ^= 1;
	uplink(&l, &seq, PPP_IPV4, &ip, 300);
	lab_expect_drops(&l, DROP_IP_BAD, IP4_HDR_MIN);
	lab_expect_nothing(&l);
	packet_udp(&ip, lab_host, lab_address(0), 7, 1, 60);
	set_field(&ip, FRAGMENT_AT, IP4_DF);
	assert_true(dp_inject(l.r.dp, &route, ip.b, ip.len));
	rig_settle(&l.r);
	assert_true(lab_sent(&l, &s, false));
	assert_memory_equal(s.payload + PPP_PROTO_LEN, ip.b, ip.len);
	rig_close(&l.r);
}

/* ------------------------------------------------------------------ reassemble */

enum { BOTH_WAYS = DP_SCRUB_REASSEMBLE | DP_SCRUB_FROM_LINKS | DP_SCRUB_TO_LINKS };

static const struct ip_addr host6 = {{0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
static const struct ip_addr subscriber6 = {{0x20, 0x01, 0x0d, 0xb8, 0, 1, [15] = 2}};

/* A datagram, and places in its payload where it is cut. */
struct cut {
	struct frame whole;
	unsigned header; /* its own */
};

/* Bytes [from, to) of the payload as an IPv4 fragment, its number that of the whole. */
static void
piece4(const struct cut *c, unsigned from, unsigned to, struct frame *out)
{
	const unsigned total = (unsigned)c->whole.len - c->header;

	out->len = 0;
	frame_add(out, c->whole.b, c->header);
	frame_add(out, c->whole.b + c->header + from, to - from);
	store_be16(out->b + 2, (uint16_t)out->len);
	set_field(out, FRAGMENT_AT, (uint16_t)(from / 8 | (to < total ? IP4_MF : 0)));
}

/* The same of IPv6: a fragment header of 8 bytes comes in between. */
static void
piece6(const struct cut *c, unsigned from, unsigned to, struct frame *out)
{
	const unsigned total = (unsigned)c->whole.len - c->header;
	const uint8_t extension[8] = {
		c->whole.b[6], 0, (uint8_t)(from >> 8), (uint8_t)((from & 0xf8) | (to < total)), 0, 0, 0x12, 7};

	out->len = 0;
	frame_add(out, c->whole.b, c->header);
	frame_add(out, extension, sizeof(extension));
	frame_add(out, c->whole.b + c->header + from, to - from);
	out->b[6] = 44;
	store_be16(out->b + 4, (uint16_t)(out->len - IP6_HDR_LEN));
}

static void
cut4(struct cut *c, unsigned bundle, uint16_t id, size_t total)
{
	packet_udp(&c->whole, lab_address(bundle), lab_host, 9, id, total);
	set_field(&c->whole, 4, id);
	set_field(&c->whole, FRAGMENT_AT, 0);
	c->header = IP4_HDR_MIN;
}

static void
send_piece(struct lab *l, uint32_t *seq, const struct cut *c, unsigned from, unsigned to)
{
	static struct frame f;

	piece4(c, from, to, &f);
	uplink(l, seq, PPP_IPV4, &f, 3000);
}

/* What left the IP port is the whole, a hop further and with no other change. */
static void
expect_whole4(struct lab *l, const struct cut *c)
{
	static struct frame got, wanted;
	const uint8_t *p = left_ip_port(l, &got);

	assert_non_null(p);
	wanted = c->whole;
	ip4_ttl_decrement(wanted.b);
	assert_int_equal(got.len, ETH_HDR_LEN + wanted.len);
	assert_memory_equal(p, wanted.b, wanted.len);
	assert_true(header_sums_up(p));
}

static uint64_t
ip_held(struct lab *l)
{
	struct dp_worker_stats stats;

	dp_worker_stats(l->r.dp, 0, &stats);
	return stats.ip_held_bytes;
}

static uint64_t
ip_joined(struct lab *l)
{
	struct dp_worker_stats stats;

	dp_worker_stats(l->r.dp, 0, &stats);
	return stats.ip_joined;
}

/* All orders of three and four pieces. */
static void
pieces_of_a_datagram_are_joined_in_any_order(void **state)
{
	static struct cut c;

	(void)state;
	for (unsigned n = 2; n <= 4; n++) {
		unsigned orders = 1;

		for (unsigned i = 2; i <= n; i++)
			orders *= i;
		for (unsigned o = 0; o < orders; o++) {
			unsigned left[4] = {0, 1, 2, 3}, k = o;
			uint32_t seq = 0;
			struct lab l;

			open_lab(&l, BOTH_WAYS, 0, 1500);
			cut4(&c, 0, (uint16_t)(o + 1), 1000);
			for (unsigned i = n; i > 0; i--) {
				const unsigned at = k % i, piece = left[at], step = 240;

				k /= i;
				left[at] = left[i - 1];
				assert_null(left_ip_port(&l, &(struct frame){0}));
				send_piece(&l, &seq, &c, piece * step, piece + 1 == n ? 980 : (piece + 1) * step);
			}
			expect_whole4(&l, &c);
			assert_int_equal(ip_joined(&l), 1);
			assert_int_equal(ip_held(&l), 0);
			rig_close(&l.r);
		}
	}
}

/* Eight pieces, as many as the library joins; a header with options; a link's fragments that cut the pieces' headers. */
static void
eight_pieces_are_joined_and_nine_are_not(void **state)
{
	static struct cut c;

	(void)state;
	for (unsigned n = 8; n <= 9; n++) {
		uint32_t seq = 0;
		struct lab l;

		open_lab(&l, BOTH_WAYS, 0, 1500);
		cut4(&c, 0, 77, 1020);
		for (unsigned i = 0; i < n; i++) {
			static struct frame f;

			piece4(&c, i * 104, i + 1 == n ? 1000 : (i + 1) * 104, &f);
			uplink(&l, &seq, PPP_IPV4, &f, 7);
		}
		if (n == 8) {
			expect_whole4(&l, &c);
			assert_int_equal(ip_held(&l), 0);
		} else { /* the last waits for others of which none is left */
			lab_expect_drops(&l, DROP_IP_FRAGMENT_OVERLAP, 8);
		}
		assert_null(left_ip_port(&l, &(struct frame){0}));
		rig_close(&l.r);
	}
}

static void
pieces_towards_the_links_are_joined_too(void **state)
{
	static struct cut c;
	static struct frame f;
	static struct lab_sent s;
	struct lab l;

	(void)state;
	for (unsigned on = 0; on < 2; on++) {
		unsigned sent = 0;

		open_lab(&l, on != 0 ? BOTH_WAYS : DP_SCRUB_REASSEMBLE | DP_SCRUB_FROM_LINKS, 0, 1500);
		packet_udp(&c.whole, lab_host, lab_address(0), 9, 1, 900);
		set_field(&c.whole, 4, 4711);
		set_field(&c.whole, FRAGMENT_AT, 0);
		c.header = IP4_HDR_MIN;
		for (unsigned i = 0; i < 2; i++) {
			piece4(&c, i == 0 ? 480 : 0, i == 0 ? 880 : 480, &f);
			lab_downlink(&l, &f);
			rig_settle(&l.r);
		}
		while (lab_sent(&l, &s, false)) {
			sent++;
			assert_true(header_sums_up(s.payload + PPP_PROTO_LEN));
			if (on != 0)
				assert_memory_equal(
					s.payload + PPP_PROTO_LEN + IP4_HDR_MIN, c.whole.b + IP4_HDR_MIN, 880);
		}
		assert_int_equal(sent, on != 0 ? 1 : 2);
		rig_close(&l.r);
	}
}

static const struct refused_row {
	const char *name;
	struct {
		unsigned from, to;
	} pieces[5];
	enum drop_reason why;
	unsigned drops;
} refused_rows[] = {
	{"a piece of seven bytes with more to come", {{0, 7}, {8, 980}}, DROP_IP_FRAGMENT_BAD, 1},
	{"the first twice", {{0, 240}, {0, 240}}, DROP_IP_FRAGMENT_OVERLAP, 2},
	{"the last twice", {{480, 980}, {480, 980}}, DROP_IP_FRAGMENT_OVERLAP, 2},
	{"one in the middle twice", {{0, 240}, {240, 480}, {240, 480}, {480, 980}}, DROP_IP_FRAGMENT_OVERLAP, 4},
	{"an overlap of eight bytes", {{0, 248}, {240, 480}, {480, 980}}, DROP_IP_FRAGMENT_OVERLAP, 3},
	{"an overlap and a hole, in sum the right length", {{0, 240}, {232, 480}, {488, 980}}, DROP_IP_FRAGMENT_OVERLAP,
		3},
};

/* RFC 5722 section 4 for both families; nothing of the datagram passes, and its number is free at once. */
static void
broken_datagrams_are_dropped_with_a_reason(void **state)
{
	static struct cut c;

	(void)state;
	for (unsigned i = 0; i < RTE_DIM(refused_rows); i++) {
		const struct refused_row *r = &refused_rows[i];
		uint32_t seq = 0;
		struct lab l;

		print_message("%s\n", r->name);
		open_lab(&l, BOTH_WAYS, 0, 1500);
		cut4(&c, 0, 5, 1000);
		for (unsigned p = 0; p < RTE_DIM(r->pieces) && r->pieces[p].to != 0; p++)
			send_piece(&l, &seq, &c, r->pieces[p].from, r->pieces[p].to);
		assert_int_equal(rig_drops(&l.r, r->why), r->drops);
		assert_null(left_ip_port(&l, &(struct frame){0}));
		if (r->why == DROP_IP_FRAGMENT_OVERLAP) {
			assert_int_equal(ip_held(&l), 0);
			send_piece(&l, &seq, &c, 0, 480);
			send_piece(&l, &seq, &c, 480, 980);
			expect_whole4(&l, &c);
		}
		rig_close(&l.r);
	}
}

/* The longest datagram has 65535 bytes (ping of death). */
static void
a_piece_beyond_the_longest_datagram_is_dropped(void **state)
{
	static struct frame f;
	static struct cut c;
	uint32_t seq = 0;
	struct lab l;

	(void)state;
	open_lab(&l, BOTH_WAYS, 0, 1500);
	cut4(&c, 0, 5, 420);
	piece4(&c, 0, 400, &f);
	set_field(&f, FRAGMENT_AT, 65120 / 8); /* up to 65520, and 20 in front are more */
	uplink(&l, &seq, PPP_IPV4, &f, 3000);
	lab_expect_drops(&l, DROP_IP_FRAGMENT_BAD, 1);
	set_field(&f, FRAGMENT_AT, 65112 / 8);
	uplink(&l, &seq, PPP_IPV4, &f, 3000);
	assert_true(ip_held(&l) != 0);
	rig_close(&l.r);
}

/* Neither another number, another protocol nor another subscriber completes it. */
static void
pieces_of_different_datagrams_are_kept_apart(void **state)
{
	static struct cut c, other;
	static struct frame f;
	uint32_t seq[2] = {0, 0};
	struct lab l;

	(void)state;
	open_lab(&l, BOTH_WAYS, 0, 1500);
	cut4(&c, 0, 5, 1000);
	send_piece(&l, &seq[0], &c, 0, 480);
	cut4(&other, 0, 6, 1000);
	send_piece(&l, &seq[0], &other, 480, 980);
	piece4(&c, 480, 980, &f);
	f.b[9] = 6;
	set_field(&f, 4, 5);
	uplink(&l, &seq[0], PPP_IPV4, &f, 3000);
	assert_null(left_ip_port(&l, &f));
	send_piece(&l, &seq[0], &c, 480, 980);
	expect_whole4(&l, &c);
	rig_close(&l.r);
}

/* Not even where protocol and address differ by the same bits. */
static void
pieces_for_two_subscribers_are_kept_apart(void **state)
{
	const uint32_t other_address = 0x0a100001; /* 10.16.0.1: 16 is what UDP and ICMP differ by */
	struct dp_bundle_set set = lab_bundle_defaults(1);
	static struct cut c;
	static struct frame f;
	static struct lab_sent s;
	struct lab l;

	(void)state;
	open_lab(&l, BOTH_WAYS, 0, 1500);
	set.scrub = BOTH_WAYS;
	lab_bundle(&l, 1, &set);
	lab_link(&l, 1, 0, 0);
	lab_route(&l, other_address, 32,
		&(struct dp_next){.kind = DP_NEXT_BUNDLE, .bundle = {.index = 1, .home = 0, .gen = l.gen}});
	packet_udp(&c.whole, lab_host, lab_address(0), 9, 1, 900);
	set_field(&c.whole, 4, 5);
	c.header = IP4_HDR_MIN;
	piece4(&c, 0, 480, &f);
	lab_downlink(&l, &f);
	packet_udp(&c.whole, lab_host, other_address, 9, 1, 900);
	c.whole.b[9] = 1;
	set_field(&c.whole, 4, 5);
	piece4(&c, 480, 880, &f);
	lab_downlink(&l, &f);
	rig_settle(&l.r);
	assert_false(lab_sent(&l, &s, false));
	assert_int_equal(ip_joined(&l), 0);
	rig_close(&l.r);
}

/* Who pretends to be somebody else gets nothing into the table, and cannot complete the other's datagram. */
static void
a_piece_with_a_foreign_source_is_not_kept(void **state)
{
	struct dp_bundle_set set = lab_bundle_defaults(1);
	static struct cut c;
	static struct frame f, inner;
	uint32_t seq = 0;
	struct lab l;

	(void)state;
	open_lab(&l, BOTH_WAYS, 0, 1500);
	set.scrub = BOTH_WAYS;
	set.flags |= DP_BUNDLE_SOURCE_CHECK;
	lab_bundle(&l, 1, &set);
	lab_link(&l, 1, 0, 0);
	cut4(&c, 0, 5, 1000);
	send_piece(&l, &seq, &c, 0, 480);
	piece4(&c, 480, 980, &f);
	inner.len = 0;
	frame_add_be16(&inner, PPP_IPV4);
	frame_add(&inner, f.b, f.len);
	lab_fragment(&l, 1, 0, 0, &inner, 0, inner.len);
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_IP_SOURCE, 1);
	assert_null(left_ip_port(&l, &f));
	send_piece(&l, &seq, &c, 480, 980);
	expect_whole4(&l, &c);
	rig_close(&l.r);
}

/* Without any further fragment. */
static void
what_waits_too_long_is_dropped(void **state)
{
	static struct cut c;
	uint32_t seq = 0;
	struct lab l;

	(void)state;
	open_lab(&l, BOTH_WAYS, 0, 1500);
	for (unsigned i = 0; i < 400; i++) { /* more than the library gives back at a time */
		cut4(&c, 0, (uint16_t)(i + 1), 200);
		send_piece(&l, &seq, &c, 0, 80);
	}
	rig_run(&l.r, lab_ms(4900), lab_ms(10));
	assert_int_equal(rig_drops(&l.r, DROP_IP_FRAGMENT_EXPIRED), 0);
	rig_run(&l.r, lab_ms(300), lab_ms(10));
	lab_expect_drops(&l, DROP_IP_FRAGMENT_EXPIRED, 400);
	assert_int_equal(ip_held(&l), 0);
	send_piece(&l, &seq, &c, 80, 180);
	assert_null(left_ip_port(&l, &(struct frame){0}));
	rig_close(&l.r);
}

/* A flood of first pieces takes a quarter of the budget and no more; what it left is free for others when its time is over. */
static void
fragments_that_wait_keep_to_their_share_of_the_budget(void **state)
{
	static struct cut c;
	uint32_t seq = 0;
	uint64_t budget;
	struct lab l;

	(void)state;
	open_lab(&l, BOTH_WAYS, 0, 1500);
	cut4(&c, 0, 99, 200);
	send_piece(&l, &seq, &c, 0, 80);
	budget = l.r.dp->workers[0]->held_max = 40 * l.r.dp->workers[0]->ip_held_mbufs;
	send_piece(&l, &seq, &c, 80, 180);
	expect_whole4(&l, &c);
	for (unsigned i = 0; i < 20; i++) {
		cut4(&c, 0, (uint16_t)(i + 1), 200);
		send_piece(&l, &seq, &c, 0, 80);
		assert_true(l.r.dp->workers[0]->ip_held_mbufs <= budget / 4);
	}
	lab_expect_drops(&l, DROP_IP_FRAGMENT_FULL, 10);
	rig_run(&l.r, lab_ms(5200), lab_ms(10));
	assert_int_equal(rig_drops(&l.r, DROP_IP_FRAGMENT_EXPIRED), 10);
	send_piece(&l, &seq, &c, 0, 80);
	send_piece(&l, &seq, &c, 80, 180);
	expect_whole4(&l, &c);
	rig_close(&l.r);
}

/* More datagrams than the table has entries: named, not lost. */
static void
a_full_table_is_a_counted_drop(void **state)
{
	enum { FLOOD = 1500 };
	static struct cut c;
	uint64_t full, expired;
	uint32_t seq = 0;
	struct lab l;

	(void)state;
	open_lab(&l, BOTH_WAYS, 0, 1500);
	l.r.dp->workers[0]->held_max = UINT64_C(1) << 40;
	for (unsigned i = 0; i < FLOOD; i++) {
		cut4(&c, 0, (uint16_t)(i + 1), 200);
		send_piece(&l, &seq, &c, 0, 80);
	}
	full = rig_drops(&l.r, DROP_IP_FRAGMENT_FULL);
	assert_in_range(full, FLOOD - 1024, FLOOD - 512);
	rig_run(&l.r, lab_ms(5200), lab_ms(10));
	expired = rig_drops(&l.r, DROP_IP_FRAGMENT_EXPIRED);
	assert_int_equal(full + expired, FLOOD);
	assert_int_equal(ip_held(&l), 0);
	rig_close(&l.r);
}

/* A joined datagram is a packet like others: its handshake is clamped, and it is cut anew for a port that takes less. */
static void
a_joined_datagram_is_scrubbed_clamped_and_cut_anew(void **state)
{
	struct dp_bundle_set set = lab_bundle_defaults(0);
	static struct cut c;
	static struct frame got;
	const uint8_t *p;
	uint32_t seq = 0;
	unsigned pieces = 0;
	struct lab l;

	(void)state;
	lab_open(&l);
	set.scrub = BOTH_WAYS;
	set.min_ttl = 100;
	set.mss_v4 = 1000;
	set.flags |= DP_BUNDLE_MSS_FROM_LINKS;
	lab_bundle(&l, 0, &set);
	lab_link(&l, 0, 0, 0);
	packet_syn(&c.whole, lab_address(0), lab_host, 1460);
	c.header = IP4_HDR_MIN;
	send_piece(&l, &seq, &c, 8, (unsigned)c.whole.len - IP4_HDR_MIN);
	send_piece(&l, &seq, &c, 0, 8);
	p = left_ip_port(&l, &got);
	assert_non_null(p);
	assert_int_equal(load_be16(p + IP4_HDR_MIN + 22), 1000);
	assert_int_equal(p[TTL_AT], 99);
	cut4(&c, 0, 9, 3000);
	send_piece(&l, &seq, &c, 0, 1480);
	send_piece(&l, &seq, &c, 1480, 2960);
	send_piece(&l, &seq, &c, 2960, 2980);
	while ((p = left_ip_port(&l, &got)) != NULL) {
		assert_true(header_sums_up(p));
		assert_true(load_be16(p + 2) <= LAB_MTU);
		pieces++;
	}
	assert_int_equal(pieces, 3);
	assert_int_equal(ip_joined(&l), 2);
	rig_close(&l.r);
}

/* The fragment header goes, and what it led to follows the fixed header. */
static void
datagrams_of_ipv6_are_joined_and_those_of_one_piece_pass(void **state)
{
	static struct cut c;
	static struct frame f;
	struct dp_punted punted;
	uint32_t seq = 0;
	struct lab l;

	(void)state;
	open_lab(&l, BOTH_WAYS, 0, 1500);
	packet_udp6(&c.whole, &subscriber6, &host6, 9, 1, 1200);
	c.header = IP6_HDR_LEN;
	piece6(&c, 1000, 1160, &f);
	uplink(&l, &seq, PPP_IPV6, &f, 3000);
	piece6(&c, 0, 504, &f);
	uplink(&l, &seq, PPP_IPV6, &f, 3000);
	assert_false(dp_punted_next(l.r.dp, &punted));
	piece6(&c, 504, 1000, &f);
	uplink(&l, &seq, PPP_IPV6, &f, 3000);
	/* there is no route: control is shown the whole */
	assert_true(dp_punted_next(l.r.dp, &punted));
	assert_int_equal(punted.why, DP_PUNT_NO_ROUTE);
	assert_int_equal(load_be16(punted.bytes + 4), 1160);
	assert_int_equal(punted.bytes[6], c.whole.b[6]);
	assert_memory_equal(punted.bytes, c.whole.b, RTE_MIN((size_t)punted.len, c.whole.len));
	assert_int_equal(ip_joined(&l), 1);
	assert_int_equal(ip_held(&l), 0);

	piece6(&c, 0, 1160, &f); /* RFC 6946 */
	uplink(&l, &seq, PPP_IPV6, &f, 3000);
	assert_true(dp_punted_next(l.r.dp, &punted));
	assert_int_equal(punted.bytes[6], 44);
	assert_int_equal(ip_joined(&l), 1);

	piece6(&c, 0, 504, &f); /* RFC 5722 */
	uplink(&l, &seq, PPP_IPV6, &f, 3000);
	piece6(&c, 496, 1160, &f);
	uplink(&l, &seq, PPP_IPV6, &f, 3000);
	assert_int_equal(rig_drops(&l.r, DROP_IP_FRAGMENT_OVERLAP), 2);
	assert_false(dp_punted_next(l.r.dp, &punted));
	rig_close(&l.r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_changed_where_and_as_asked_for),
		cmocka_unit_test(packets_too_large_are_cut_once_df_is_gone),
		cmocka_unit_test(hop_limits_of_ipv6_have_the_same_floor),
		cmocka_unit_test(what_is_no_header_or_our_own_is_left_alone),
		cmocka_unit_test(pieces_of_a_datagram_are_joined_in_any_order),
		cmocka_unit_test(eight_pieces_are_joined_and_nine_are_not),
		cmocka_unit_test(pieces_towards_the_links_are_joined_too),
		cmocka_unit_test(broken_datagrams_are_dropped_with_a_reason),
		cmocka_unit_test(a_piece_beyond_the_longest_datagram_is_dropped),
		cmocka_unit_test(pieces_of_different_datagrams_are_kept_apart),
		cmocka_unit_test(pieces_for_two_subscribers_are_kept_apart),
		cmocka_unit_test(a_piece_with_a_foreign_source_is_not_kept),
		cmocka_unit_test(what_waits_too_long_is_dropped),
		cmocka_unit_test(fragments_that_wait_keep_to_their_share_of_the_budget),
		cmocka_unit_test(a_full_table_is_a_counted_drop),
		cmocka_unit_test(a_joined_datagram_is_scrubbed_clamped_and_cut_anew),
		cmocka_unit_test(datagrams_of_ipv6_are_joined_and_those_of_one_piece_pass),
	};

	return cmocka_run_group_tests_name("stage scrub", tests, NULL, NULL);
}
