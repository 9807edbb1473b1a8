/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/dpdk/stage_lab.h"

/* min_ttl and clear_df of a bundle, in both directions [G-40, G-41]. */

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_changed_where_and_as_asked_for),
		cmocka_unit_test(packets_too_large_are_cut_once_df_is_gone),
		cmocka_unit_test(hop_limits_of_ipv6_have_the_same_floor),
		cmocka_unit_test(what_is_no_header_or_our_own_is_left_alone),
	};

	return cmocka_run_group_tests_name("stage scrub", tests, NULL, NULL);
}
