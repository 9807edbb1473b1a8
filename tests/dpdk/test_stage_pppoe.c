/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/dpdk/stage_lab.h"

/* Frames of access ports up to their links: pppoe_rx, the peer check of mp_rx, inner_proto. */

/* Changes to a good session frame, and the drop it must come to. */
struct bad_frame {
	const char *name;
	enum drop_reason why;
	void (*spoil)(struct frame *f);
};

static void
other_type(struct frame *f)
{
	store_be16(f->b + 12, ETHERTYPE_V4);
}

static void
cut_in_ethernet(struct frame *f)
{
	f->len = 13;
}

static void
three_tags(struct frame *f)
{
	uint8_t tags[12] = {0x81, 0, 0, 1, 0x81, 0, 0, 2, 0x81, 0, 0, 3};

	memmove(f->b + 24, f->b + 12, f->len - 12);
	memcpy(f->b + 12, tags, sizeof(tags));
	f->len += sizeof(tags);
}

static void
other_destination(struct frame *f)
{
	f->b[5] ^= 0x55;
}

static void
broadcast_session(struct frame *f)
{
	memset(f->b, 0xff, ETH_ADDR_LEN);
}

static void
cut_in_pppoe(struct frame *f)
{
	f->len = ETH_HDR_LEN + 5;
}

static void
other_version(struct frame *f)
{
	f->b[14] = 0x21;
}

static void
no_destination(struct frame *f)
{
	memset(f->b, 0, ETH_ADDR_LEN);
}

static void
other_pppoe_type(struct frame *f)
{
	f->b[14] = 0x12;
}

static void
other_code(struct frame *f)
{
	f->b[15] = PPPOE_CODE_PADT;
}

static void
length_too_large(struct frame *f)
{
	store_be16(f->b + 18, (uint16_t)(load_be16(f->b + 18) + 1));
}

static void
unknown_session(struct frame *f)
{
	store_be16(f->b + 16, 4242);
}

static void
session_on_vlan(struct frame *f)
{
	memmove(f->b + 16, f->b + 12, f->len - 12);
	store_be16(f->b + 12, ETHERTYPE_DOT1Q);
	store_be16(f->b + 14, 12);
	f->len += 4;
}

static void
other_peer(struct frame *f)
{
	f->b[11] ^= 1;
}

static void
no_protocol(struct frame *f)
{
	store_be16(f->b + 18, 0);
}

static void
half_a_protocol(struct frame *f)
{
	store_be16(f->b + 18, 1);
}

static void
unknown_protocol(struct frame *f)
{
	store_be16(f->b + 20, 0x00fb);
	f->b[20] = 0x40; /* 0x40fb: not control, nobody's */
}

static void
ipv6_closed(struct frame *f)
{
	store_be16(f->b + 20, PPP_IPV6);
}

static void
multilink_not_agreed(struct frame *f)
{
	store_be16(f->b + 20, PPP_MP);
}

static const struct bad_frame bad_frames[] = {
	{"NOT_PPPOE", DROP_NOT_PPPOE, other_type},
	{"ETH_BAD, cut", DROP_ETH_BAD, cut_in_ethernet},
	{"ETH_BAD, three tags", DROP_ETH_BAD, three_tags},
	{"NOT_FOR_US", DROP_NOT_FOR_US, other_destination},
	{"NOT_FOR_US, no address", DROP_NOT_FOR_US, no_destination},
	{"NOT_FOR_US, session to all", DROP_NOT_FOR_US, broadcast_session},
	{"PPPOE_SHORT", DROP_PPPOE_SHORT, cut_in_pppoe},
	{"PPPOE_BAD_VER", DROP_PPPOE_BAD_VER, other_version},
	{"PPPOE_BAD_VER, type", DROP_PPPOE_BAD_VER, other_pppoe_type},
	{"PPPOE_BAD_CODE", DROP_PPPOE_BAD_CODE, other_code},
	{"PPPOE_BAD_LENGTH", DROP_PPPOE_BAD_LENGTH, length_too_large},
	{"SESSION_UNKNOWN", DROP_SESSION_UNKNOWN, unknown_session},
	{"SESSION_BAD_VLAN", DROP_SESSION_BAD_VLAN, session_on_vlan},
	{"SESSION_BAD_PEER", DROP_SESSION_BAD_PEER, other_peer},
	{"PPP_NO_PROTOCOL", DROP_PPP_NO_PROTOCOL, no_protocol},
	{"PPP_NO_PROTOCOL, one even byte", DROP_PPP_NO_PROTOCOL, half_a_protocol},
	{"PPP_UNKNOWN_PROTOCOL", DROP_PPP_UNKNOWN_PROTOCOL, unknown_protocol},
	{"NCP_CLOSED", DROP_NCP_CLOSED, ipv6_closed},
	{"MP_NOT_AGREED", DROP_MP_NOT_AGREED, multilink_not_agreed},
};

/* A link without multilink, bundle 0 slot 0. */
static void
open_plain(struct lab *l)
{
	struct dp_bundle_set set = lab_bundle_defaults(0);

	set.flags = DP_BUNDLE_V4;
	set.rx_mrru = 1492;
	lab_bundle(l, 0, &set);
	lab_link(l, 0, 0, 0);
}

static void
plain_frame(struct lab *l, struct frame *f, unsigned seed, size_t total)
{
	const struct frame_path p = lab_path(l, 0, 0);
	static struct frame ip;

	packet_udp(&ip, lab_address(0), lab_host, 64, seed, total);
	frame_session(f, &p, PPP_IPV4, ip.b, ip.len);
}

/* One burst of good and bad frames, all different: each bad one is counted under its name, the good ones pass in order. */
static void
each_bad_frame_is_dropped_under_its_name_and_its_neighbours_pass(void **state)
{
	const unsigned n = RTE_DIM(bad_frames);
	struct lab l;
	uint64_t before[DROP_REASONS];
	static struct frame f;

	(void)state;
	lab_open(&l);
	open_plain(&l);
	for (unsigned i = 0; i < n; i++) {
		for (unsigned r = 0; r < DROP_REASONS; r++)
			before[r] = rig_drops(&l.r, (enum drop_reason)r);
		plain_frame(&l, &f, 2 * i, 60 + i);
		rig_send(&l.r, LAB_ACCESS, &f);
		plain_frame(&l, &f, 1000, 200);
		bad_frames[i].spoil(&f);
		rig_send(&l.r, LAB_ACCESS, &f);
		plain_frame(&l, &f, 2 * i + 1, 1400 - i);
		rig_send(&l.r, LAB_ACCESS, &f);
		rig_settle(&l.r);
		for (unsigned r = 0; r < DROP_REASONS; r++) {
			if (rig_drops(&l.r, (enum drop_reason)r) != before[r] + (r == bad_frames[i].why))
				fail_msg("%s: counted as %s", bad_frames[i].name, drop_name((enum drop_reason)r));
		}
		lab_expect_packet(&l, 0, 2 * i, 60 + i);
		lab_expect_packet(&l, 0, 2 * i + 1, 1400 - i);
		lab_expect_nothing(&l);
	}
	rig_close(&l.r);
}

/* RFC 1661 section 5.7: control answers with Protocol-Reject, so it gets to see some of them. */
static void
unknown_data_protocols_are_shown_to_control_within_a_budget(void **state)
{
	static struct dp_punted got;
	static struct frame f;
	struct lab l;
	unsigned shown = 0;

	(void)state;
	lab_open(&l);
	open_plain(&l);
	for (unsigned i = 0; i < 20; i++) {
		plain_frame(&l, &f, i, 60 + i);
		unknown_protocol(&f);
		rig_send(&l.r, LAB_ACCESS, &f);
	}
	rig_settle(&l.r);
	while (dp_punted_next(l.r.dp, &got)) {
		assert_int_equal(got.origin, DP_FROM_BUNDLE);
		assert_int_equal(load_be16(got.bytes), 0x40fb);
		shown++;
	}
	assert_in_range(shown, 1, 19);
	assert_int_equal(rig_drops(&l.r, DROP_PPP_UNKNOWN_PROTOCOL), 20);
	rig_close(&l.r);
}

static void
ethernet_padding_is_cut_by_the_length_field(void **state)
{
	struct lab l;
	static struct frame f;

	(void)state;
	lab_open(&l);
	open_plain(&l);
	plain_frame(&l, &f, 1, 29);
	frame_pad(&f, ETH_FRAME_MIN);
	rig_send(&l.r, LAB_ACCESS, &f);
	rig_settle(&l.r);
	lab_expect_packet(&l, 0, 1, 29);
	lab_expect_drops(&l, DROP_IP_BAD, 0);
	rig_close(&l.r);
}

static void
control_protocols_go_to_control_as_whole_frames(void **state)
{
	static const uint16_t protos[] = {PPP_LCP, PPP_PAP, PPP_CHAP, PPP_IPCP, PPP_IPV6CP, PPP_CCP, 0x8281};
	static struct dp_punted got;
	struct lab l;
	static struct frame f;

	(void)state;
	lab_open(&l);
	open_plain(&l);
	for (unsigned i = 0; i < RTE_DIM(protos); i++) {
		const struct frame_path p = lab_path(&l, 0, 0);

		frame_session(&f, &p, protos[i], "\x09\x01\x00\x08magi", 8);
		frame_pad(&f, ETH_FRAME_MIN);
		rig_send(&l.r, LAB_ACCESS, &f);
		rig_settle(&l.r);
		assert_true(dp_punted_next(l.r.dp, &got));
		assert_int_equal(got.origin, DP_FROM_PORT);
		assert_int_equal(got.port, LAB_ACCESS);
		assert_int_equal(got.len, f.len);
		assert_memory_equal(got.bytes, f.b, f.len);
		assert_false(dp_punted_next(l.r.dp, &got));
	}
	lab_expect_nothing(&l);
	rig_close(&l.r);
}

static void
discovery_goes_to_control_if_it_is_for_us_or_for_all(void **state)
{
	static struct dp_punted got;
	struct frame_path p;
	struct lab l;
	static struct frame f;

	(void)state;
	lab_open(&l);
	p = lab_path(&l, 0, 0);
	p.session = 0;
	memset(&p.dst, 0xff, sizeof(p.dst));
	frame_discovery(&f, &p, PPPOE_CODE_PADI);
	rig_send(&l.r, LAB_ACCESS, &f);
	p.dst = rig_mac(&l.r, LAB_ACCESS);
	frame_discovery(&f, &p, PPPOE_CODE_PADR);
	rig_send(&l.r, LAB_ACCESS, &f);
	p.dst.b[5] ^= 1;
	frame_discovery(&f, &p, PPPOE_CODE_PADS);
	rig_send(&l.r, LAB_ACCESS, &f);
	rig_settle(&l.r);
	assert_true(dp_punted_next(l.r.dp, &got));
	assert_int_equal(got.bytes[15], PPPOE_CODE_PADI);
	assert_true(dp_punted_next(l.r.dp, &got));
	assert_int_equal(got.bytes[15], PPPOE_CODE_PADR);
	assert_false(dp_punted_next(l.r.dp, &got));
	lab_expect_drops(&l, DROP_NOT_FOR_US, 1);
	rig_close(&l.r);
}

static void
first_frames_of_unknown_sessions_are_shown_to_control(void **state)
{
	static struct dp_punted got;
	unsigned shown = 0;
	struct lab l;
	static struct frame f;

	(void)state;
	lab_open(&l);
	open_plain(&l);
	for (unsigned i = 0; i < 100; i++) {
		plain_frame(&l, &f, i, 100);
		store_be16(f.b + 16, (uint16_t)(3000 + i));
		rig_send(&l.r, LAB_ACCESS, &f);
	}
	rig_settle(&l.r);
	while (dp_punted_next(l.r.dp, &got))
		shown++;
	assert_in_range(shown, 1, 20);
	lab_expect_drops(&l, DROP_SESSION_UNKNOWN, 100);
	rig_close(&l.r);
}

/* SESSION_NOT_READY: membership is not decided, or the link is not joined at home. */
static void
data_of_a_session_that_is_not_open_is_dropped_and_its_control_passes(void **state)
{
	static struct dp_punted got;
	struct dp_session_key key;
	struct frame_path p;
	struct lab l;
	static struct frame f;

	(void)state;
	lab_open(&l);
	open_plain(&l);
	key = lab_key(&l, 0, 1);
	assert_int_equal(dp_session_punt(l.r.dp, &key), 0);
	p = lab_path(&l, 0, 1);
	frame_session(&f, &p, PPP_IPV4, "12345678901234567890", 20);
	rig_send(&l.r, LAB_ACCESS, &f);
	frame_session(&f, &p, PPP_LCP, "\x01\x01\x00\x04", 4);
	rig_send(&l.r, LAB_ACCESS, &f);
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_SESSION_NOT_READY, 1);
	assert_true(dp_punted_next(l.r.dp, &got));
	assert_int_equal(got.origin, DP_FROM_PORT);
	lab_link_remove(&l, 0, 0);
	plain_frame(&l, &f, 1, 100);
	rig_send(&l.r, LAB_ACCESS, &f);
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_SESSION_NOT_READY, 2);
	rig_close(&l.r);
}

static void
packet_larger_than_our_mru_is_dropped(void **state)
{
	struct lab l;
	static struct frame f;

	(void)state;
	lab_open(&l);
	open_plain(&l);
	plain_frame(&l, &f, 1, 1493);
	rig_send(&l.r, LAB_ACCESS, &f);
	plain_frame(&l, &f, 2, 1492);
	rig_send(&l.r, LAB_ACCESS, &f);
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_PACKET_TOO_LARGE, 1);
	lab_expect_packet(&l, 0, 2, 1492);
	rig_close(&l.r);
}

/* BUNDLE_GONE on the way in. */
static void
frame_for_a_removed_bundle_is_dropped(void **state)
{
	struct lab l;
	static struct frame f;

	(void)state;
	lab_open(&l);
	open_plain(&l);
	rig_command(&l.r, 0, &(struct dp_cmd){.op = DP_CMD_BUNDLE_REMOVE, .bundle = 0, .gen = l.gen});
	plain_frame(&l, &f, 1, 100);
	rig_send(&l.r, LAB_ACCESS, &f);
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_BUNDLE_GONE, 1);
	rig_close(&l.r);
}

static void
sessions_are_told_apart_by_every_kind_of_tag(void **state)
{
	static const struct {
		const char *name;
		struct vlan_stack vlans;
	} stacks[] = {
		{"802.1Q", {100 | VLAN_TAGGED, 0}},
		{"QinQ of 802.1Q", {100 | VLAN_TAGGED, 200 | VLAN_TAGGED}},
		{"802.1ad outside", {100 | VLAN_TAGGED | VLAN_AD, 200 | VLAN_TAGGED}},
		{"802.1ad alone", {100 | VLAN_TAGGED | VLAN_AD, 0}},
		{"priority tag", {VLAN_TAGGED, 0}},
	};
	struct dp_bundle_set set = lab_bundle_defaults(0);

	(void)state;
	for (unsigned i = 0; i < RTE_DIM(stacks); i++) {
		static struct lab_sent sent;
		struct lab l;
		static struct frame f;

		lab_open(&l);
		l.vlans = stacks[i].vlans;
		set.flags = DP_BUNDLE_V4;
		lab_bundle(&l, 0, &set);
		lab_link(&l, 0, 0, 0);
		plain_frame(&l, &f, i, 700 + i);
		rig_send(&l.r, LAB_ACCESS, &f);
		l.vlans = stacks[(i + 1) % RTE_DIM(stacks)].vlans;
		plain_frame(&l, &f, 99, 100);
		rig_send(&l.r, LAB_ACCESS, &f);
		rig_settle(&l.r);
		lab_expect_packet(&l, 0, i, 700 + i);
		lab_expect_drops(&l, DROP_SESSION_BAD_VLAN, 1);
		lab_downlink_udp(&l, 0, 5, 800);
		rig_settle(&l.r);
		assert_true(lab_sent(&l, &sent, false));
		assert_true(vlan_stack_equal(sent.eth.vlans, stacks[i].vlans));
		rig_close(&l.r);
	}
}

/* A client's peers choose the ids: two sessions with one id, told apart by VLAN and by MAC. */
static void
sessions_that_share_an_id_are_found_by_their_exact_key(void **state)
{
	struct dp_bundle_set set = lab_bundle_defaults(0);
	const struct dp_bundle_ref ref = {.index = 1, .gen = 7};
	struct dp_session_key key;
	struct dp_link_set link;
	struct frame_path p;
	static struct frame ip, f;
	struct lab l;

	(void)state;
	lab_open(&l);
	set.flags = DP_BUNDLE_V4;
	lab_bundle(&l, 0, &set);
	lab_link(&l, 0, 0, 0);
	lab_bundle(&l, 1, &set);
	link = lab_link_defaults(&l, 1, 0);
	link.session = lab_session(0, 0);
	rig_command(&l.r, 0, &(struct dp_cmd){.op = DP_CMD_LINK_SET, .bundle = 1, .gen = l.gen, .link_set = link});
	key = lab_key(&l, 1, 0);
	key.session = link.session;
	assert_int_equal(dp_session_link(l.r.dp, &key, ref, 0), 0);
	for (unsigned b = 0; b < 2; b++) {
		p = lab_path(&l, b, 0);
		p.session = link.session;
		packet_udp(&ip, lab_address(b), lab_host, 64, b, 300 + b);
		frame_session(&f, &p, PPP_IPV4, ip.b, ip.len);
		rig_send(&l.r, LAB_ACCESS, &f);
	}
	p.src.b[5] = 77;
	frame_session(&f, &p, PPP_IPV4, ip.b, ip.len);
	rig_send(&l.r, LAB_ACCESS, &f);
	rig_settle(&l.r);
	lab_expect_packet(&l, 0, 0, 300);
	lab_expect_packet(&l, 1, 1, 301);
	lab_expect_drops(&l, DROP_SESSION_UNKNOWN, 1);
	assert_int_equal(lab_stats(&l, 0, 0)->rx_packets, 1);
	assert_int_equal(lab_stats(&l, 0, 1)->rx_packets, 1);
	rig_close(&l.r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_bad_frame_is_dropped_under_its_name_and_its_neighbours_pass),
		cmocka_unit_test(unknown_data_protocols_are_shown_to_control_within_a_budget),
		cmocka_unit_test(ethernet_padding_is_cut_by_the_length_field),
		cmocka_unit_test(control_protocols_go_to_control_as_whole_frames),
		cmocka_unit_test(discovery_goes_to_control_if_it_is_for_us_or_for_all),
		cmocka_unit_test(first_frames_of_unknown_sessions_are_shown_to_control),
		cmocka_unit_test(data_of_a_session_that_is_not_open_is_dropped_and_its_control_passes),
		cmocka_unit_test(packet_larger_than_our_mru_is_dropped),
		cmocka_unit_test(frame_for_a_removed_bundle_is_dropped),
		cmocka_unit_test(sessions_are_told_apart_by_every_kind_of_tag),
		cmocka_unit_test(sessions_that_share_an_id_are_found_by_their_exact_key),
	};

	return cmocka_run_group_tests_name("stage pppoe", tests, NULL, NULL);
}
