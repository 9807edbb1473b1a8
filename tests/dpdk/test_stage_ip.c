/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/arp.h"
#include "tests/dpdk/stage_lab.h"

/* IP packets between ports and bundles: ip_rx, ip_route, ip_tx, MSS in both directions. */

static const uint32_t stranger = 0xc6336401; /* 198.51.100.1 */
static const struct mac gateway_mac = {{0x02, 0xee, 0, 0, 0, 9}};
static const uint32_t gateway = 0xc0000209;

static void
checksum_again(struct frame *ip)
{
	store_be16(ip->b + 10, 0);
	store_be16(ip->b + 10, checksum_fold(checksum_add(0, ip->b, (ip->b[0] & 0xf) * 4u)));
}

/* A packet of any kind comes from bundle's subscriber, whole in one fragment. */
static void
uplink(struct lab *l, unsigned bundle, uint32_t seq, const struct frame *ip)
{
	const struct frame_path p = lab_path(l, bundle, 0);
	static struct frame inner, f;

	inner.len = 0;
	frame_add_be16(&inner, PPP_IPV4);
	frame_add(&inner, ip->b, ip->len);
	frame_mp(&f, &p, false, seq, true, true, inner.b, inner.len);
	rig_send(&l->r, LAB_ACCESS, &f);
}

static bool
punted(struct lab *l, struct dp_punted *out)
{
	rig_settle(&l->r);
	return dp_punted_next(l->r.dp, out);
}

/* ------------------------------------------------------------------ frames of IP ports */

struct bad_packet {
	const char *name;
	enum drop_reason why;
	void (*spoil)(struct frame *f); /* whole Ethernet frame */
};

static void
cut_in_ethernet(struct frame *f)
{
	f->len = 10;
}

static void
not_ip(struct frame *f)
{
	store_be16(f->b + 12, ETHERTYPE_PPPOE_SESSION);
}

static void
tagged(struct frame *f)
{
	memmove(f->b + 16, f->b + 12, f->len - 12);
	store_be16(f->b + 12, ETHERTYPE_DOT1Q);
	store_be16(f->b + 14, 1);
	f->len += 4;
}

static void
for_another_mac(struct frame *f)
{
	f->b[3] ^= 0x10;
}

static void
for_no_mac(struct frame *f)
{
	memset(f->b, 0, ETH_ADDR_LEN);
}

static void
cut_in_ip(struct frame *f)
{
	f->len = ETH_HDR_LEN + 19;
}

static void
wrong_version(struct frame *f)
{
	f->b[ETH_HDR_LEN] = 0x55;
}

static void
wrong_checksum(struct frame *f)
{
	f->b[ETH_HDR_LEN + 10] ^= 1;
}

static void
length_over_the_end(struct frame *f)
{
	f->len -= 1;
}

static void
header_length_4(struct frame *f)
{
	f->b[ETH_HDR_LEN] = 0x44;
}

static void
set_source(struct frame *f, uint32_t source)
{
	uint8_t *ip = f->b + ETH_HDR_LEN;

	store_be32(ip + 12, source);
	store_be16(ip + 10, 0);
	store_be16(ip + 10, checksum_fold(checksum_add(0, ip, IP4_HDR_MIN)));
}

static void
loopback_source(struct frame *f)
{
	set_source(f, 0x7f000001);
}

static void
no_source(struct frame *f)
{
	set_source(f, 0);
}

static const struct bad_packet bad_packets[] = {
	{"ETH_BAD", DROP_ETH_BAD, cut_in_ethernet},
	{"NOT_IP", DROP_NOT_IP, not_ip},
	{"NOT_IP, tagged", DROP_NOT_IP, tagged},
	{"NOT_FOR_US", DROP_NOT_FOR_US, for_another_mac},
	{"NOT_FOR_US, no address", DROP_NOT_FOR_US, for_no_mac},
	{"IP_BAD, cut", DROP_IP_BAD, cut_in_ip},
	{"IP_BAD, version", DROP_IP_BAD, wrong_version},
	{"IP_BAD, checksum", DROP_IP_BAD, wrong_checksum},
	{"IP_BAD, length", DROP_IP_BAD, length_over_the_end},
	{"IP_BAD, header length", DROP_IP_BAD, header_length_4},
	{"IP_BAD, loopback source", DROP_IP_BAD, loopback_source},
	{"IP_BAD, source 0.0.0.0", DROP_IP_BAD, no_source},
};

static void
each_bad_packet_is_dropped_under_its_name_and_its_neighbours_pass(void **state)
{
	static struct frame ip, f;
	static struct lab_sent s;
	struct frame_path p;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 1);
	p = (struct frame_path){.dst = rig_mac(&l.r, LAB_IP), .src = lab_host_mac};
	for (unsigned i = 0; i < RTE_DIM(bad_packets); i++) {
		const uint64_t before = rig_drops(&l.r, bad_packets[i].why);

		lab_downlink_udp(&l, 0, i, 100 + i);
		packet_udp(&ip, lab_host, lab_address(0), 64, 99, 600);
		frame_eth(&f, &p, ETHERTYPE_V4);
		frame_add(&f, ip.b, ip.len);
		bad_packets[i].spoil(&f);
		rig_send(&l.r, LAB_IP, &f);
		lab_downlink_udp(&l, 0, i, 300 + i);
		rig_settle(&l.r);
		if (rig_drops(&l.r, bad_packets[i].why) != before + 1 || rig_drops_all(&l.r) != i + 1) {
			rig_explain(&l.r);
			fail_msg("%s", bad_packets[i].name);
		}
		assert_true(lab_sent(&l, &s, false));
		assert_int_equal(s.n, 102 + i);
		assert_true(lab_sent(&l, &s, false));
		assert_int_equal(s.n, 302 + i);
		assert_int_equal(rig_waiting(&l.r, LAB_ACCESS), 0);
	}
	rig_close(&l.r);
}

static void
arp_and_neighbour_messages_go_to_control_as_whole_frames(void **state)
{
	static struct dp_punted got;
	static struct frame f;
	struct frame_path p = {.src = lab_host_mac};
	uint8_t arp[28] = {0, 1, 8, 0, 6, 4, 0, 1}, nd[IP6_HDR_LEN + 24] = {0x60, 0, 0, 0, 0, 24, 58, 255};
	struct lab l;

	(void)state;
	lab_open(&l);
	memset(&p.dst, 0xff, sizeof(p.dst));
	frame_eth(&f, &p, ETHERTYPE_ARP_FRAME);
	frame_add(&f, arp, sizeof(arp));
	rig_send(&l.r, LAB_IP, &f);
	assert_true(punted(&l, &got));
	assert_int_equal(got.origin, DP_FROM_IP_PORT);
	assert_int_equal(got.port, LAB_IP);
	assert_memory_equal(got.bytes, f.b, f.len);
	p.dst = (struct mac){{0x33, 0x33, 0xff, 0, 0, 1}};
	nd[IP6_HDR_LEN] = 135;
	frame_eth(&f, &p, ETHERTYPE_V6);
	frame_add(&f, nd, sizeof(nd));
	rig_send(&l.r, LAB_IP, &f);
	assert_true(punted(&l, &got));
	assert_int_equal(got.origin, DP_FROM_IP_PORT);
	/* other multicast, and neighbour messages for others, are not for us */
	f.b[ETH_HDR_LEN + IP6_HDR_LEN] = 128;
	rig_send(&l.r, LAB_IP, &f);
	assert_false(punted(&l, &got));
	lab_expect_drops(&l, DROP_NOT_FOR_US, 1);
	rig_close(&l.r);
}

static void
ethernet_padding_behind_ip_is_cut(void **state)
{
	static struct frame ip, f;
	static struct lab_sent s;
	struct frame_path p;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 1);
	p = (struct frame_path){.dst = rig_mac(&l.r, LAB_IP), .src = lab_host_mac};
	packet_udp(&ip, lab_host, lab_address(0), 64, 1, 30);
	frame_eth(&f, &p, ETHERTYPE_V4);
	frame_add(&f, ip.b, ip.len);
	frame_pad(&f, ETH_FRAME_MIN);
	rig_send(&l.r, LAB_IP, &f);
	rig_settle(&l.r);
	assert_true(lab_sent(&l, &s, false));
	assert_int_equal(s.n, 32);
	rig_close(&l.r);
}

/* ------------------------------------------------------------------ routes */

/* What a packet may have that most have not. */
struct oddity {
	const char *name;
	unsigned option_words, padding;
	uint8_t ttl;
};

static const struct oddity oddities[] = {
	{"plain", 0, 0, 64},
	{"one word of options", 1, 0, 64},
	{"padding behind it", 0, 1, 64},
	{"plain, last but one hop", 0, 0, 2},
	{"all the options there may be", 10, 0, 2},
	{"options and padding", 3, 9, 255},
	{"plain, longest way", 0, 0, 255},
};

static void
odd_packet(struct frame *ip, const struct oddity *o, uint32_t src, uint32_t dst, unsigned seed)
{
	const size_t more = o->option_words * 4;

	packet_udp(ip, src, dst, o->ttl, seed, 100 + seed);
	memmove(ip->b + IP4_HDR_MIN + more, ip->b + IP4_HDR_MIN, ip->len - IP4_HDR_MIN);
	memset(ip->b + IP4_HDR_MIN, 1, more); /* no operation */
	ip->len += more;
	ip->b[0] = (uint8_t)(0x45 + o->option_words);
	store_be16(ip->b + 2, (uint16_t)ip->len);
	checksum_again(ip);
	memset(ip->b + ip->len, 0xa5, o->padding);
	ip->len += o->padding;
}

/* The same packet one hop further: nothing behind it, and its header right. */
static void
expect_odd_packet(const uint8_t *got, size_t n, const struct oddity *o, uint32_t src, uint32_t dst, unsigned seed)
{
	static struct frame want;

	odd_packet(&want, o, src, dst, seed);
	want.len -= o->padding;
	want.b[8]--;
	checksum_again(&want);
	if (n != want.len || memcmp(got, want.b, n) != 0)
		fail_msg("%s", o->name);
}

/* In one burst, so that each has others in front of it and behind. */
static void
usual_and_odd_packets_keep_their_order_and_pass_alike(void **state)
{
	struct dp_bundle_set set = lab_bundle_defaults(0);
	static struct frame ip, out;
	static struct lab_sent s;
	struct lab l;

	(void)state;
	lab_open(&l);
	set.flags |= DP_BUNDLE_SOURCE_CHECK;
	lab_bundle(&l, 0, &set);
	lab_link(&l, 0, 0, 0);
	for (unsigned i = 0; i < 3 * RTE_DIM(oddities); i++) {
		odd_packet(&ip, &oddities[i % RTE_DIM(oddities)], lab_address(0), lab_host, i);
		uplink(&l, 0, i, &ip);
		odd_packet(&ip, &oddities[i % RTE_DIM(oddities)], lab_host, lab_address(0), i);
		lab_downlink(&l, &ip);
	}
	rig_settle(&l.r);
	for (unsigned i = 0; i < 3 * RTE_DIM(oddities); i++) {
		const struct oddity *o = &oddities[i % RTE_DIM(oddities)];

		assert_true(rig_receive(&l.r, LAB_IP, &out));
		assert_memory_equal(out.b, &lab_host_mac, ETH_ADDR_LEN);
		assert_int_equal(load_be16(out.b + 12), ETHERTYPE_V4);
		expect_odd_packet(out.b + ETH_HDR_LEN, out.len - ETH_HDR_LEN, o, lab_address(0), lab_host, i);
		assert_true(lab_sent(&l, &s, false));
		expect_odd_packet(s.payload + PPP_PROTO_LEN, s.n - PPP_PROTO_LEN, o, lab_host, lab_address(0), i);
	}
	assert_int_equal(rig_drops_all(&l.r), 0);
	rig_close(&l.r);
}

/* IP_TTL, IP_NO_ROUTE: dropped, counted, and shown to control for the ICMP error. */
static void
packets_that_end_here_are_counted_and_shown_to_control(void **state)
{
	const struct dp_target route = {.kind = DP_TO_ROUTE};
	static struct dp_punted got;
	static struct frame ip;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 1);
	packet_udp(&ip, lab_address(0), lab_host, 1, 1, 100);
	uplink(&l, 0, 0, &ip);
	assert_true(punted(&l, &got));
	lab_expect_drops(&l, DROP_IP_TTL, 1);
	assert_int_equal(got.origin, DP_FROM_ROUTE);
	assert_int_equal(got.why, DP_PUNT_TTL);
	assert_true(got.from_bundle);
	assert_int_equal(got.bundle.index, 0);
	assert_int_equal(got.bundle.gen, l.gen);
	assert_int_equal(got.len, ip.len);
	assert_memory_equal(got.bytes, ip.b, ip.len);
	packet_udp(&ip, lab_address(0), stranger, 64, 1, 100);
	uplink(&l, 0, 1, &ip);
	assert_true(punted(&l, &got));
	assert_int_equal(rig_drops(&l.r, DROP_IP_NO_ROUTE), 1);
	assert_int_equal(got.why, DP_PUNT_NO_ROUTE);
	packet_udp(&ip, lab_host, lab_address(0), 0, 1, 100);
	lab_downlink(&l, &ip);
	assert_true(punted(&l, &got));
	assert_int_equal(got.why, DP_PUNT_TTL);
	assert_false(got.from_bundle);
	assert_int_equal(got.port, LAB_IP);
	/* our own packets are not answered */
	packet_udp(&ip, lab_host, stranger, 64, 1, 100);
	assert_true(dp_inject(l.r.dp, &route, ip.b, ip.len));
	assert_false(punted(&l, &got));
	assert_int_equal(rig_drops(&l.r, DROP_IP_NO_ROUTE), 2);
	rig_close(&l.r);
}

static void
error_packets_shown_to_control_are_rationed(void **state)
{
	static struct dp_punted got;
	static struct frame ip;
	unsigned shown = 0;
	struct lab l;

	(void)state;
	lab_open(&l);
	for (unsigned i = 0; i < 500; i++) {
		packet_udp(&ip, lab_host, stranger, 64, i, 100);
		lab_downlink(&l, &ip);
	}
	rig_settle(&l.r);
	while (dp_punted_next(l.r.dp, &got))
		shown++;
	assert_in_range(shown, 40, 60);
	lab_expect_drops(&l, DROP_IP_NO_ROUTE, 500);
	rig_close(&l.r);
}

static void
multicast_and_loopback_destinations_are_not_forwarded(void **state)
{
	static const uint32_t dsts[] = {0xe0000001, 0xffffffff, 0x7f000001, 0x00000001};
	static struct frame ip;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 1);
	lab_route(&l, 0, 0, &(struct dp_next){.kind = DP_NEXT_BUNDLE, .bundle = {.index = 0, .gen = l.gen}});
	for (unsigned i = 0; i < RTE_DIM(dsts); i++) {
		packet_udp(&ip, lab_host, dsts[i], 64, i, 100);
		lab_downlink(&l, &ip);
	}
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_IP_NO_ROUTE, RTE_DIM(dsts));
	assert_int_equal(rig_waiting(&l.r, LAB_ACCESS), 0);
	rig_close(&l.r);
}

static void
packets_for_our_addresses_go_to_control(void **state)
{
	static struct dp_punted got;
	static struct frame ip;
	const uint32_t ours = 0xc00002fe;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 1);
	lab_route(&l, ours, 32, &(struct dp_next){.kind = DP_NEXT_LOCAL});
	packet_udp(&ip, lab_address(0), ours, 1, 1, 100);
	uplink(&l, 0, 0, &ip);
	assert_true(punted(&l, &got));
	assert_int_equal(got.origin, DP_FROM_ROUTE);
	assert_int_equal(got.why, DP_PUNT_LOCAL);
	assert_true(got.from_bundle);
	assert_memory_equal(got.bytes, ip.b, ip.len);
	packet_udp(&ip, lab_host, ours, 64, 1, 100);
	lab_downlink(&l, &ip);
	assert_true(punted(&l, &got));
	assert_int_equal(got.origin, DP_FROM_IP_PORT);
	assert_int_equal(got.why, DP_PUNT_LOCAL);
	assert_int_equal(got.port, LAB_IP);
	assert_int_equal(got.len, ETH_HDR_LEN + ip.len);
	assert_memory_equal(got.bytes + ETH_ADDR_LEN, &lab_host_mac, ETH_ADDR_LEN);
	assert_memory_equal(got.bytes + ETH_HDR_LEN, ip.b, ip.len);
	assert_int_equal(rig_drops_all(&l.r), 0);
	rig_close(&l.r);
}

/* Control sees no more than a frame at once; what was joined on its way is cut again. */
static void
a_large_packet_for_us_goes_to_control_in_pieces(void **state)
{
	struct dp_bundle_set set = lab_bundle_defaults(0);
	static struct dp_punted got;
	static struct frame ip, inner;
	const uint32_t ours = 0xc00002fe;
	uint32_t offset = 0;
	struct lab l;

	(void)state;
	lab_open(&l);
	set.rx_mrru = 4000;
	lab_bundle(&l, 0, &set);
	lab_link(&l, 0, 0, 0);
	lab_route(&l, ours, 32, &(struct dp_next){.kind = DP_NEXT_LOCAL});
	packet_udp(&ip, lab_address(0), ours, 64, 1, 3500);
	inner.len = 0;
	frame_add_be16(&inner, PPP_IPV4);
	frame_add(&inner, ip.b, ip.len);
	lab_fragment(&l, 0, 0, 0, &inner, 0, 1700);
	lab_fragment(&l, 0, 0, 1, &inner, 1700, inner.len - 1700);
	rig_settle(&l.r);
	while (dp_punted_next(l.r.dp, &got)) {
		struct ip4_view v = {0};

		assert_int_equal(got.origin, DP_FROM_ROUTE);
		assert_int_equal(got.why, DP_PUNT_LOCAL);
		assert_true(got.from_bundle);
		assert_int_equal(ip4_parse(got.bytes, got.len, got.len, &v), IP_OK);
		assert_in_range(v.total_len, 21, 1500);
		assert_int_equal((v.fragment & IP4_OFFSET) * 8, offset);
		assert_memory_equal(got.bytes + 20, ip.b + 20 + offset, v.total_len - 20);
		offset += v.total_len - 20u;
		assert_int_equal((v.fragment & IP4_MF) != 0, offset < 3480);
	}
	assert_int_equal(offset, 3480);
	assert_int_equal(rig_drops_all(&l.r), 0);
	rig_close(&l.r);
}

static void
source_that_is_not_the_subscribers_is_dropped(void **state)
{
	struct dp_bundle_set set = lab_bundle_defaults(0);
	static struct frame ip;
	struct lab l;

	(void)state;
	lab_open(&l);
	set.flags |= DP_BUNDLE_SOURCE_CHECK;
	lab_bundle(&l, 0, &set);
	lab_link(&l, 0, 0, 0);
	lab_bundle_of(&l, 1, 1);
	packet_udp(&ip, lab_address(0), lab_host, 64, 1, 100);
	uplink(&l, 0, 0, &ip);
	packet_udp(&ip, lab_address(1), lab_host, 64, 1, 100); /* another subscriber's */
	uplink(&l, 0, 1, &ip);
	packet_udp(&ip, stranger, lab_host, 64, 1, 100); /* nobody's */
	uplink(&l, 0, 2, &ip);
	packet_udp(&ip, lab_host, lab_host, 64, 1, 100); /* on the other side */
	uplink(&l, 0, 3, &ip);
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_IP_SOURCE, 3);
	assert_int_equal(rig_waiting(&l.r, LAB_IP), 1);
	/* a network behind the subscriber, by route */
	lab_route(&l, stranger & 0xffffff00, 24,
		&(struct dp_next){.kind = DP_NEXT_BUNDLE, .bundle = {.index = 0, .gen = l.gen}});
	packet_udp(&ip, stranger, lab_host, 64, 1, 100);
	uplink(&l, 0, 4, &ip);
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_IP_SOURCE, 3);
	assert_int_equal(rig_waiting(&l.r, LAB_IP), 2);
	/* a route of the bundle that had the index before is nobody's */
	lab_route(&l, stranger & 0xffffff00, 24,
		&(struct dp_next){.kind = DP_NEXT_BUNDLE, .bundle = {.index = 0, .gen = (uint16_t)(l.gen - 1)}});
	uplink(&l, 0, 5, &ip);
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_IP_SOURCE, 4);
	rig_close(&l.r);
}

static void
packet_that_would_leave_on_its_own_bundle_is_dropped(void **state)
{
	static struct frame ip;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 1);
	packet_udp(&ip, lab_address(0), lab_address(0), 64, 1, 100);
	uplink(&l, 0, 0, &ip);
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_IP_LOOP, 1);
	rig_close(&l.r);
}

/* Whatever generation and index the bundle has. */
static void
packet_from_an_ip_port_never_counts_as_a_loop(void **state)
{
	struct lab l;

	(void)state;
	lab_open(&l);
	l.gen = 0;
	lab_bundle_of(&l, 0, 1);
	lab_downlink_udp(&l, 0, 1, 100);
	rig_settle(&l.r);
	assert_int_equal(rig_waiting(&l.r, LAB_ACCESS), 1);
	rig_close(&l.r);
}

static void
subscribers_reach_each_other(void **state)
{
	struct dp_bundle_set set = lab_bundle_defaults(1);
	static struct dp_punted got;
	static struct frame ip;
	static struct lab_sent s;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 1);
	lab_bundle_of(&l, 1, 1);
	for (unsigned i = 0; i < 20; i++) {
		packet_udp(&ip, lab_address(0), lab_address(1), 64, i, 900 + i);
		uplink(&l, 0, i, &ip);
	}
	rig_settle(&l.r);
	for (unsigned i = 0; i < 20; i++) {
		assert_true(lab_sent(&l, &s, false));
		assert_int_equal(s.pppoe.session, lab_session(1, 0));
		packet_udp(&ip, lab_address(0), lab_address(1), 63, i, 900 + i);
		assert_int_equal(s.n, ip.len + PPP_PROTO_LEN);
		assert_memory_equal(s.payload + PPP_PROTO_LEN, ip.b, ip.len);
	}
	assert_int_equal(rig_drops_all(&l.r), 0);
	/* too large for the second one: whoever answers must not take it for the sender */
	set.tx_mrru = 800;
	lab_bundle(&l, 1, &set);
	packet_udp(&ip, lab_address(0), lab_address(1), 64, 1, 900);
	store_be16(ip.b + 6, IP4_DF);
	checksum_again(&ip);
	uplink(&l, 0, 20, &ip);
	assert_true(punted(&l, &got));
	assert_int_equal(got.why, DP_PUNT_TOO_BIG);
	assert_int_equal(got.mtu, 800);
	assert_false(got.from_bundle);
	rig_close(&l.r);
}

/* IP_NO_NEIGHBOUR: more packets wait for a MAC than are worth showing. */
static void
packet_without_a_neighbour_still_uses_up_its_ttl(void **state)
{
	static struct dp_punted got;
	static struct frame ip;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 1);
	packet_udp(&ip, lab_address(0), 0xc0000242, 1, 1, 100);
	uplink(&l, 0, 0, &ip);
	assert_true(punted(&l, &got));
	assert_int_equal(got.why, DP_PUNT_TTL);
	rig_close(&l.r);
}

static void
packet_without_a_neighbour_goes_to_control_which_injects_it_again(void **state)
{
	static struct dp_punted got;
	static struct frame ip, want, out;
	const struct dp_target route = {.kind = DP_TO_ROUTE};
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 1);
	packet_udp(&ip, lab_address(0), 0xc0000242, 64, 1, 100);
	uplink(&l, 0, 0, &ip);
	assert_true(punted(&l, &got));
	assert_int_equal(got.origin, DP_FROM_ROUTE);
	assert_int_equal(got.why, DP_PUNT_GLEAN);
	assert_int_equal(got.port, LAB_IP);
	assert_int_equal(got.next_hop_be, rte_cpu_to_be_32(0xc0000242));
	lab_route(&l, stranger & 0xffff0000, 16,
		&(struct dp_next){.kind = DP_NEXT_GATEWAY, .port = LAB_IP, .gateway_be = rte_cpu_to_be_32(gateway)});
	packet_udp(&ip, lab_address(0), stranger, 64, 1, 100);
	uplink(&l, 0, 1, &ip);
	assert_true(punted(&l, &got));
	assert_int_equal(got.why, DP_PUNT_GLEAN);
	assert_int_equal(got.next_hop_be, rte_cpu_to_be_32(gateway));
	assert_int_equal(got.len, ip.len);
	assert_int_equal(dp_neighbour_set(l.r.dp, LAB_IP, rte_cpu_to_be_32(gateway), &gateway_mac), 0);
	assert_true(dp_inject(l.r.dp, &route, got.bytes, got.len));
	uplink(&l, 0, 2, &ip);
	rig_settle(&l.r);
	packet_udp(&want, lab_address(0), stranger, 63, 1, 100);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(rig_receive(&l.r, LAB_IP, &out));
		assert_memory_equal(out.b, &gateway_mac, ETH_ADDR_LEN);
		assert_memory_equal(out.b + ETH_HDR_LEN, want.b, want.len);
	}
	assert_true(dp_neighbour_used(l.r.dp, LAB_IP, rte_cpu_to_be_32(gateway)));
	for (unsigned i = 0; i < 300; i++) {
		packet_udp(&ip, lab_address(0), 0xc0000243, 64, i, 100);
		uplink(&l, 0, 3 + i, &ip);
	}
	rig_settle(&l.r);
	assert_in_range(rig_drops(&l.r, DROP_IP_NO_NEIGHBOUR), 200, 299);
	rig_close(&l.r);
}

/* IP_TOO_BIG */
static void
packet_above_the_ports_mtu_is_cut_or_answered(void **state)
{
	static struct dp_punted got;
	static struct frame ip, out;
	struct dp_bundle_set set = lab_bundle_defaults(0);
	uint32_t offset = 0;
	struct lab l;

	(void)state;
	lab_open(&l);
	set.rx_mrru = 2000;
	lab_bundle(&l, 0, &set);
	lab_link(&l, 0, 0, 0);
	packet_udp(&ip, lab_address(0), lab_host, 64, 1, 1501);
	store_be16(ip.b + 6, IP4_DF);
	checksum_again(&ip);
	uplink(&l, 0, 0, &ip);
	assert_true(punted(&l, &got));
	lab_expect_drops(&l, DROP_IP_TOO_BIG, 1);
	assert_int_equal(got.why, DP_PUNT_TOO_BIG);
	assert_int_equal(got.mtu, LAB_MTU);
	packet_udp(&ip, lab_address(0), lab_host, 64, 2, 1800);
	store_be16(ip.b + 4, 0x1234);
	checksum_again(&ip);
	uplink(&l, 0, 1, &ip);
	rig_settle(&l.r);
	while (rig_receive(&l.r, LAB_IP, &out)) {
		struct ip4_view v = {0};

		assert_int_equal(ip4_parse(out.b + 14, out.len - 14, out.len - 14, &v), IP_OK);
		assert_in_range(v.total_len, 21, LAB_MTU);
		assert_int_equal(load_be16(out.b + 14 + 4), 0x1234);
		assert_int_equal(v.ttl, 63);
		assert_int_equal((v.fragment & IP4_OFFSET) * 8, offset);
		assert_memory_equal(out.b + 34, ip.b + 20 + offset, v.total_len - 20);
		offset += v.total_len - 20u;
		assert_int_equal((v.fragment & IP4_MF) != 0, offset < 1780);
	}
	assert_int_equal(offset, 1780);
	lab_expect_drops(&l, DROP_IP_TOO_BIG, 1);
	rig_close(&l.r);
}

/* ------------------------------------------------------------------ MSS */

static uint16_t
mss_of(const uint8_t *ip)
{
	assert_int_equal(checksum_fold(checksum_add(
				 checksum_pseudo4(load_be32(ip + 12), load_be32(ip + 16), 6, 24), ip + 20, 24)),
		0);
	return load_be16(ip + 20 + 22);
}

static void
mss_of_syns_is_lowered_in_both_directions_where_asked_for(void **state)
{
	static const struct {
		uint16_t flags, mss, from_links, to_links;
	} rows[] = {
		{DP_BUNDLE_MSS_FROM_LINKS | DP_BUNDLE_MSS_TO_LINKS, 1460, 1400, 1400},
		{DP_BUNDLE_MSS_FROM_LINKS, 1460, 1400, 1460},
		{DP_BUNDLE_MSS_TO_LINKS, 1460, 1460, 1400},
		{0, 1460, 1460, 1460},
		{DP_BUNDLE_MSS_FROM_LINKS | DP_BUNDLE_MSS_TO_LINKS, 1200, 1200, 1200},
	};
	struct dp_bundle_set set = lab_bundle_defaults(0);
	static struct frame ip, out;
	static struct lab_sent s;

	(void)state;
	for (unsigned i = 0; i < RTE_DIM(rows); i++) {
		struct lab l;

		lab_open(&l);
		set.flags = (uint16_t)(DP_BUNDLE_MP | DP_BUNDLE_V4 | rows[i].flags);
		set.mss_v4 = 1400;
		lab_bundle(&l, 0, &set);
		lab_link(&l, 0, 0, 0);
		packet_syn(&ip, lab_address(0), lab_host, rows[i].mss);
		uplink(&l, 0, 0, &ip);
		packet_syn(&ip, lab_host, lab_address(0), rows[i].mss);
		lab_downlink(&l, &ip);
		rig_settle(&l.r);
		assert_true(rig_receive(&l.r, LAB_IP, &out));
		assert_int_equal(mss_of(out.b + ETH_HDR_LEN), rows[i].from_links);
		assert_true(lab_sent(&l, &s, false));
		assert_int_equal(mss_of(s.payload + PPP_PROTO_LEN), rows[i].to_links);
		rig_close(&l.r);
	}
}

/* The SYN comes in fragments of every size, so that its headers lie across several mbufs. */
static void
mss_of_a_syn_in_small_fragments_is_lowered(void **state)
{
	struct dp_bundle_set set = lab_bundle_defaults(0);
	static struct frame ip, inner, out;
	uint32_t seq = 0;
	struct lab l;

	(void)state;
	lab_open(&l);
	set.flags |= DP_BUNDLE_MSS_FROM_LINKS;
	set.mss_v4 = 1400;
	lab_bundle(&l, 0, &set);
	lab_link(&l, 0, 0, 0);
	lab_link(&l, 0, 1, 0);
	packet_syn(&ip, lab_address(0), lab_host, 1460);
	for (size_t piece = 1; piece <= ip.len + PPP_PROTO_LEN; piece++) {
		inner.len = 0;
		frame_add_be16(&inner, PPP_IPV4);
		frame_add(&inner, ip.b, ip.len);
		for (size_t at = 0; at < inner.len; at += piece) {
			lab_fragment(&l, 0, seq % 2, seq, &inner, at, RTE_MIN(piece, inner.len - at));
			seq++;
		}
		rig_settle(&l.r);
		assert_true(rig_receive(&l.r, LAB_IP, &out));
		assert_int_equal(out.len, ETH_HDR_LEN + ip.len);
		assert_int_equal(mss_of(out.b + ETH_HDR_LEN), 1400);
	}
	assert_int_equal(rig_drops_all(&l.r), 0);
	rig_close(&l.r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_bad_packet_is_dropped_under_its_name_and_its_neighbours_pass),
		cmocka_unit_test(arp_and_neighbour_messages_go_to_control_as_whole_frames),
		cmocka_unit_test(ethernet_padding_behind_ip_is_cut),
		cmocka_unit_test(usual_and_odd_packets_keep_their_order_and_pass_alike),
		cmocka_unit_test(packets_that_end_here_are_counted_and_shown_to_control),
		cmocka_unit_test(error_packets_shown_to_control_are_rationed),
		cmocka_unit_test(multicast_and_loopback_destinations_are_not_forwarded),
		cmocka_unit_test(packets_for_our_addresses_go_to_control),
		cmocka_unit_test(a_large_packet_for_us_goes_to_control_in_pieces),
		cmocka_unit_test(source_that_is_not_the_subscribers_is_dropped),
		cmocka_unit_test(packet_that_would_leave_on_its_own_bundle_is_dropped),
		cmocka_unit_test(packet_from_an_ip_port_never_counts_as_a_loop),
		cmocka_unit_test(subscribers_reach_each_other),
		cmocka_unit_test(packet_without_a_neighbour_still_uses_up_its_ttl),
		cmocka_unit_test(packet_without_a_neighbour_goes_to_control_which_injects_it_again),
		cmocka_unit_test(packet_above_the_ports_mtu_is_cut_or_answered),
		cmocka_unit_test(mss_of_syns_is_lowered_in_both_directions_where_asked_for),
		cmocka_unit_test(mss_of_a_syn_in_small_fragments_is_lowered),
	};

	return cmocka_run_group_tests_name("stage ip", tests, NULL, NULL);
}
