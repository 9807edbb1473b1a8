/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>

#include "tests/dpdk/stage_lab.h"

/* IPv6 packets between ports and bundles. Bundle b has the prefixes 2001:db8:1:b::/64 and 2001:db8:80b0::/56 (its short cut), hosts are in
 * 2001:db8:ff::/64. */

static const struct mac host_mac = {{0x02, 0xee, 0, 0, 0, 6}};
static const struct mac gateway_mac = {{0x02, 0xee, 0, 0, 0, 9}};

static struct ip_addr
addr(const char *text)
{
	struct ip_addr a;

	assert_int_equal(inet_pton(AF_INET6, text, a.b), 1);
	return a;
}

static struct ip_addr
subscriber(unsigned bundle)
{
	struct ip_addr a = addr("2001:db8:1::99");

	a.b[7] = (uint8_t)bundle;
	return a;
}

static struct ip_addr
host(void)
{
	return addr("2001:db8:ff::1");
}

static void
route6(struct lab *l, const char *prefix, unsigned len, const struct dp_next *next)
{
	const struct ip_addr a = addr(prefix);

	assert_int_equal(dp_route6_set(l->r.dp, &a, len, next), 0);
}

static struct dp_next
to_bundle(const struct lab *l, unsigned bundle)
{
	return (struct dp_next){.kind = DP_NEXT_BUNDLE, .bundle = {.index = bundle, .gen = l->gen}};
}

static void
open6(struct lab *l)
{
	const struct ip_addr h = host();

	lab_open(l);
	route6(l, "2001:db8:ff::", 64, &(struct dp_next){.kind = DP_NEXT_CONNECTED, .port = LAB_IP});
	assert_int_equal(dp_neighbour6_set(l->r.dp, LAB_IP, &h, &host_mac), 0);
}

static struct dp_bundle_set
defaults6(unsigned bundle)
{
	struct dp_bundle_set set = lab_bundle_defaults(bundle);

	set.flags |= DP_BUNDLE_V6;
	return set;
}

/* One link, /64 routed to it. */
static void
bundle6(struct lab *l, unsigned bundle, const struct dp_bundle_set *set)
{
	const struct ip_addr a = subscriber(bundle);
	const struct dp_next next = to_bundle(l, bundle);

	lab_bundle(l, bundle, set);
	lab_link(l, bundle, 0, 0);
	assert_int_equal(dp_route6_set(l->r.dp, &a, 64, &next), 0);
}

static void
open_with_bundle(struct lab *l)
{
	const struct dp_bundle_set set = defaults6(0);

	open6(l);
	bundle6(l, 0, &set);
}

static void
uplink(struct lab *l, unsigned bundle, uint32_t seq, const struct frame *ip)
{
	const struct frame_path p = lab_path(l, bundle, 0);
	static struct frame inner, f;

	inner.len = 0;
	frame_add_be16(&inner, PPP_IPV6);
	frame_add(&inner, ip->b, ip->len);
	frame_mp(&f, &p, false, seq, true, true, inner.b, inner.len);
	rig_send(&l->r, LAB_ACCESS, &f);
}

static void
downlink(struct lab *l, const struct frame *ip)
{
	const struct frame_path p = {.dst = rig_mac(&l->r, LAB_IP), .src = host_mac};
	static struct frame f;

	frame_eth(&f, &p, ETHERTYPE_V6);
	frame_add(&f, ip->b, ip->len);
	rig_send(&l->r, LAB_IP, &f);
}

static bool
punted(struct lab *l, struct dp_punted *out)
{
	rig_settle(&l->r);
	return dp_punted_next(l->r.dp, out);
}

static void
udp(struct frame *ip, const struct ip_addr *src, const struct ip_addr *dst, uint8_t hops, unsigned seed, size_t total)
{
	packet_udp6(ip, src, dst, hops, seed, total);
}

/* ------------------------------------------------------------------ forwarding */

static void
packets_of_every_size_pass_both_ways_one_hop_further(void **state)
{
	const struct ip_addr s = subscriber(0), h = host();
	static struct frame ip, want, out;
	static struct lab_sent sent;
	uint32_t seq = 0;
	struct lab l;

	(void)state;
	open_with_bundle(&l);
	for (size_t total = 48; total <= 1452; total += 117, seq++) {
		udp(&ip, &s, &h, 64, (unsigned)total, total);
		udp(&want, &s, &h, 63, (unsigned)total, total);
		uplink(&l, 0, seq, &ip);
		rig_settle(&l.r);
		if (!rig_receive(&l.r, LAB_IP, &out))
			rig_explain(&l.r);
		assert_int_equal(out.len, ETH_HDR_LEN + want.len);
		assert_memory_equal(out.b, &host_mac, ETH_ADDR_LEN);
		assert_int_equal(load_be16(out.b + 12), ETHERTYPE_V6);
		assert_memory_equal(out.b + ETH_HDR_LEN, want.b, want.len);
		udp(&ip, &h, &s, 2, (unsigned)total, total);
		udp(&want, &h, &s, 1, (unsigned)total, total);
		downlink(&l, &ip);
		rig_settle(&l.r);
		assert_true(lab_sent(&l, &sent, false));
		assert_int_equal(load_be16(sent.payload), PPP_IPV6);
		assert_int_equal(sent.n, PPP_PROTO_LEN + want.len);
		assert_memory_equal(sent.payload + PPP_PROTO_LEN, want.b, want.len);
	}
	assert_int_equal(rig_drops_all(&l.r), 0);
	rig_close(&l.r);
}

/* The header comes in pieces of every size, so that addresses lie across several mbufs. */
static void
packets_in_small_fragments_pass(void **state)
{
	const struct ip_addr s = subscriber(0), h = host();
	static struct frame ip, want, inner, out;
	uint32_t seq = 0;
	struct lab l;

	(void)state;
	open_with_bundle(&l);
	lab_link(&l, 0, 1, 0);
	udp(&ip, &s, &h, 64, 3, 100);
	udp(&want, &s, &h, 63, 3, 100);
	for (size_t piece = 1; piece <= ip.len + PPP_PROTO_LEN; piece++) {
		inner.len = 0;
		frame_add_be16(&inner, PPP_IPV6);
		frame_add(&inner, ip.b, ip.len);
		for (size_t at = 0; at < inner.len; at += piece, seq++)
			lab_fragment(&l, 0, seq % 2, seq, &inner, at, RTE_MIN(piece, inner.len - at));
		rig_settle(&l.r);
		assert_true(rig_receive(&l.r, LAB_IP, &out));
		assert_int_equal(out.len, ETH_HDR_LEN + ip.len);
		assert_memory_equal(out.b + ETH_HDR_LEN, want.b, want.len);
	}
	assert_int_equal(rig_drops_all(&l.r), 0);
	rig_close(&l.r);
}

/* One burst with both families in turn: neither takes the other's next hop. */
static void
both_families_in_one_burst(void **state)
{
	const struct ip_addr s = subscriber(0), h = host();
	static struct frame ip, out;
	struct lab l;

	(void)state;
	open_with_bundle(&l);
	for (uint32_t i = 0; i < 20; i++) {
		const struct frame_path p = lab_path(&l, 0, 0);
		static struct frame inner, f;

		inner.len = 0;
		if (i % 2 == 0)
			udp(&ip, &s, &h, 64, i, 200 + i);
		else
			packet_udp(&ip, lab_address(0), lab_host, 64, i, 200 + i);
		frame_add_be16(&inner, i % 2 == 0 ? PPP_IPV6 : PPP_IPV4);
		frame_add(&inner, ip.b, ip.len);
		frame_mp(&f, &p, false, i, true, true, inner.b, inner.len);
		rig_send(&l.r, LAB_ACCESS, &f);
	}
	rig_settle(&l.r);
	for (uint32_t i = 0; i < 20; i++) {
		assert_true(rig_receive(&l.r, LAB_IP, &out));
		assert_int_equal(out.len, ETH_HDR_LEN + 200 + i);
		assert_memory_equal(out.b, i % 2 == 0 ? &host_mac : &lab_host_mac, ETH_ADDR_LEN);
		assert_int_equal(load_be16(out.b + 12), i % 2 == 0 ? ETHERTYPE_V6 : ETHERTYPE_V4);
	}
	assert_int_equal(rig_drops_all(&l.r), 0);
	rig_close(&l.r);
}

static void
ethernet_padding_behind_ip_is_cut(void **state)
{
	const struct frame_path p0 = {.src = host_mac};
	const struct ip_addr s = subscriber(0), h = host();
	struct frame_path p = p0;
	static struct frame ip, f;
	static struct lab_sent sent;
	struct lab l;

	(void)state;
	open_with_bundle(&l);
	p.dst = rig_mac(&l.r, LAB_IP);
	udp(&ip, &h, &s, 64, 1, 48);
	frame_eth(&f, &p, ETHERTYPE_V6);
	frame_add(&f, ip.b, ip.len);
	frame_pad(&f, 90);
	rig_send(&l.r, LAB_IP, &f);
	rig_settle(&l.r);
	assert_true(lab_sent(&l, &sent, false));
	assert_int_equal(sent.n, PPP_PROTO_LEN + 48);
	rig_close(&l.r);
}

static void
subscribers_reach_each_other_but_not_themselves(void **state)
{
	const struct dp_bundle_set set = defaults6(1);
	const struct ip_addr a = subscriber(0), b = subscriber(1);
	static struct frame ip;
	static struct lab_sent sent;
	struct lab l;

	(void)state;
	open_with_bundle(&l);
	bundle6(&l, 1, &set);
	udp(&ip, &a, &b, 64, 1, 300);
	uplink(&l, 0, 0, &ip);
	rig_settle(&l.r);
	assert_true(lab_sent(&l, &sent, false));
	assert_int_equal(sent.pppoe.session, lab_session(1, 0));
	assert_int_equal(rig_drops_all(&l.r), 0);
	udp(&ip, &a, &a, 64, 1, 300);
	uplink(&l, 0, 1, &ip);
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_IP_LOOP, 1);
	rig_close(&l.r);
}

/* ------------------------------------------------------------------ refusals */

struct refusal {
	const char *name, *src, *dst;
	enum drop_reason why;
};

/* IP_BAD, IP_NO_ROUTE, and the length and version that IP_BAD has too. */
static void
addresses_that_nobody_may_have_are_not_forwarded(void **state)
{
	static const struct refusal rows[] = {
		{"unspecified source", "::", "2001:db8:ff::1", DROP_IP_BAD},
		{"loopback source", "::1", "2001:db8:ff::1", DROP_IP_BAD},
		{"mapped source", "::ffff:192.0.2.1", "2001:db8:ff::1", DROP_IP_BAD},
		{"source of a link", "fe80::1", "2001:db8:ff::1", DROP_IP_BAD},
		{"end of the links' sources", "febf:ffff::1", "2001:db8:ff::1", DROP_IP_BAD},
		{"multicast source", "ff0e::1", "2001:db8:ff::1", DROP_IP_BAD},
		{"multicast source on the link", "ff02::1", "ff02::2", DROP_IP_BAD},
		{"loopback", "2001:db8:1::99", "::1", DROP_IP_NO_ROUTE},
		{"mapped", "2001:db8:1::99", "::ffff:192.0.2.1", DROP_IP_NO_ROUTE},
		{"multicast beyond the link", "2001:db8:1::99", "ff05::1:3", DROP_IP_NO_ROUTE},
	};
	static struct frame ip;
	struct lab l;

	(void)state;
	open_with_bundle(&l);
	/* so that there is a route to all of them */
	route6(&l, "::", 0,
		&(struct dp_next){.kind = DP_NEXT_GATEWAY, .port = LAB_IP, .gateway6 = addr("2001:db8:ff::9")});
	for (unsigned i = 0; i < RTE_DIM(rows); i++) {
		const struct ip_addr s = addr(rows[i].src), d = addr(rows[i].dst);
		const uint64_t before = rig_drops(&l.r, rows[i].why);

		udp(&ip, &s, &d, 64, i, 100);
		uplink(&l, 0, i, &ip);
		rig_settle(&l.r);
		if (rig_drops(&l.r, rows[i].why) != before + 1 || rig_drops_all(&l.r) != i + 1)
			fail_msg("%s", rows[i].name);
	}
	assert_int_equal(rig_waiting(&l.r, LAB_IP), 0);
	rig_close(&l.r);
}

static void
cut_headers_and_wrong_lengths_are_dropped(void **state)
{
	const struct ip_addr s = subscriber(0), h = host();
	static struct frame ip;
	struct lab l;

	(void)state;
	open_with_bundle(&l);
	udp(&ip, &s, &h, 64, 1, 100);
	ip.len = 39;
	uplink(&l, 0, 0, &ip);
	ip.len = 99;
	uplink(&l, 0, 1, &ip);
	udp(&ip, &s, &h, 64, 1, 100);
	ip.b[0] = 0x75;
	uplink(&l, 0, 2, &ip);
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_IP_BAD, 3);
	rig_close(&l.r);
}

static void
without_ipv6cp_nothing_passes(void **state)
{
	struct dp_bundle_set set = defaults6(0);
	const struct ip_addr s = subscriber(0), h = host();
	static struct frame ip;
	struct lab l;

	(void)state;
	open6(&l);
	set.flags &= (uint16_t)~DP_BUNDLE_V6;
	bundle6(&l, 0, &set);
	udp(&ip, &s, &h, 64, 1, 100);
	uplink(&l, 0, 0, &ip);
	udp(&ip, &h, &s, 64, 1, 100);
	downlink(&l, &ip);
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_NCP_CLOSED, 2);
	rig_close(&l.r);
}

/* IP_SOURCE */
static void
source_that_is_not_the_subscribers_is_dropped(void **state)
{
	struct dp_bundle_set set = defaults6(0);
	const struct dp_bundle_set other = defaults6(1);
	const struct ip_addr h = host(), mine = subscriber(0), others = subscriber(1);
	const struct ip_addr delegated = addr("2001:db8:80b0:ff::1"), beyond = addr("2001:db8:80b0:100::1");
	const struct dp_next to_0 = {.kind = DP_NEXT_BUNDLE, .bundle = {.index = 0, .gen = 7}};
	static struct frame ip;
	uint32_t seq = 0;
	struct lab l;

	(void)state;
	open6(&l);
	set.flags |= DP_BUNDLE_SOURCE_CHECK;
	set.prefix6[0] = ip6_num_load(mine.b).hi;
	set.prefix6_len[0] = 64;
	set.prefix6[1] = ip6_num_load(delegated.b).hi & ~UINT64_C(0xff);
	set.prefix6_len[1] = 56;
	bundle6(&l, 0, &set);
	bundle6(&l, 1, &other);
	udp(&ip, &mine, &h, 64, 1, 100);
	uplink(&l, 0, seq++, &ip);
	udp(&ip, &delegated, &h, 64, 1, 100);
	uplink(&l, 0, seq++, &ip);
	rig_settle(&l.r);
	assert_int_equal(rig_waiting(&l.r, LAB_IP), 2);
	udp(&ip, &beyond, &h, 64, 1, 100);
	uplink(&l, 0, seq++, &ip);
	udp(&ip, &others, &h, 64, 1, 100);
	uplink(&l, 0, seq++, &ip);
	udp(&ip, &h, &h, 64, 1, 100);
	uplink(&l, 0, seq++, &ip);
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_IP_SOURCE, 3);
	/* a network behind the subscriber, by route */
	route6(&l, "2001:db8:80b0:100::", 56, &to_0);
	udp(&ip, &beyond, &h, 64, 1, 100);
	uplink(&l, 0, seq++, &ip);
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_IP_SOURCE, 3);
	assert_int_equal(rig_waiting(&l.r, LAB_IP), 3);
	/* the short cut goes with the next BUNDLE_SET, the route still counts */
	memset(set.prefix6_len, 0, sizeof(set.prefix6_len));
	lab_bundle(&l, 0, &set);
	udp(&ip, &mine, &h, 64, 1, 100);
	uplink(&l, 0, seq++, &ip);
	udp(&ip, &delegated, &h, 64, 1, 100);
	uplink(&l, 0, seq++, &ip);
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_IP_SOURCE, 4);
	assert_int_equal(rig_waiting(&l.r, LAB_IP), 4);
	rig_close(&l.r);
}

/* In turn: the bundle's own, one behind it by route, and somebody else's: each is told from those beside it, and they keep their order. */
static void
sources_of_every_kind_in_one_burst(void **state)
{
	struct dp_bundle_set set = defaults6(0);
	const struct dp_bundle_set other = defaults6(1);
	const struct ip_addr h = host(), beyond = addr("2001:db8:80b0:100::1");
	const struct ip_addr src[3] = {subscriber(0), beyond, subscriber(1)};
	const struct dp_next to_0 = {.kind = DP_NEXT_BUNDLE, .bundle = {.index = 0, .gen = 7}};
	static struct frame ip, want, out;
	struct lab l;

	(void)state;
	open6(&l);
	set.flags |= DP_BUNDLE_SOURCE_CHECK;
	set.prefix6[0] = ip6_num_load(src[0].b).hi;
	set.prefix6_len[0] = 64;
	bundle6(&l, 0, &set);
	bundle6(&l, 1, &other);
	route6(&l, "2001:db8:80b0:100::", 56, &to_0);
	for (unsigned i = 0; i < 30; i++) {
		udp(&ip, &src[i % 3], &h, 64, i, 100);
		uplink(&l, 0, i, &ip);
	}
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_IP_SOURCE, 10);
	for (unsigned i = 0; i < 30; i++) {
		if (i % 3 == 2)
			continue;
		udp(&want, &src[i % 3], &h, 63, i, 100);
		assert_true(rig_receive(&l.r, LAB_IP, &out));
		assert_int_equal(out.len, ETH_HDR_LEN + want.len);
		assert_memory_equal(out.b + ETH_HDR_LEN, want.b, want.len);
	}
	rig_close(&l.r);
}

/* As many as there can be, each of them with two questions to the routes. */
static void
full_burst_of_somebody_elses_sources_is_dropped(void **state)
{
	struct dp_bundle_set set = defaults6(0);
	const struct dp_bundle_set other = defaults6(1);
	const struct ip_addr h = host(), others = subscriber(1);
	static struct frame ip;
	struct lab l;

	(void)state;
	open6(&l);
	set.flags |= DP_BUNDLE_SOURCE_CHECK;
	set.prefix6[0] = ip6_num_load(subscriber(0).b).hi;
	set.prefix6_len[0] = 64;
	bundle6(&l, 0, &set);
	bundle6(&l, 1, &other);
	udp(&ip, &others, &h, 64, 1, 100);
	for (unsigned i = 0; i < BURST_MAX; i++)
		uplink(&l, 0, i, &ip);
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_IP_SOURCE, BURST_MAX);
	assert_int_equal(rig_waiting(&l.r, LAB_IP), 0);
	rig_close(&l.r);
}

/* ------------------------------------------------------------------ what control gets */

/* IP_TTL, IP_NO_ROUTE: dropped, counted, and shown to control for the ICMPv6 error. */
static void
packets_that_end_here_are_counted_and_shown_to_control(void **state)
{
	const struct ip_addr s = subscriber(0), h = host(), stranger = addr("2600::1");
	static struct dp_punted got;
	static struct frame ip;
	struct lab l;

	(void)state;
	open_with_bundle(&l);
	udp(&ip, &s, &h, 1, 1, 100);
	uplink(&l, 0, 0, &ip);
	assert_true(punted(&l, &got));
	lab_expect_drops(&l, DROP_IP_TTL, 1);
	assert_int_equal(got.origin, DP_FROM_ROUTE);
	assert_int_equal(got.why, DP_PUNT_TTL);
	assert_true(got.from_bundle);
	assert_int_equal(got.len, ip.len);
	assert_memory_equal(got.bytes, ip.b, ip.len);
	udp(&ip, &s, &stranger, 64, 1, 100);
	uplink(&l, 0, 1, &ip);
	assert_true(punted(&l, &got));
	assert_int_equal(rig_drops(&l.r, DROP_IP_NO_ROUTE), 1);
	assert_int_equal(got.why, DP_PUNT_NO_ROUTE);
	udp(&ip, &h, &s, 0, 1, 100);
	downlink(&l, &ip);
	assert_true(punted(&l, &got));
	assert_int_equal(got.why, DP_PUNT_TTL);
	assert_false(got.from_bundle);
	assert_int_equal(got.port, LAB_IP);
	rig_close(&l.r);
}

static void
error_packets_shown_to_control_are_rationed(void **state)
{
	const struct ip_addr h = host(), stranger = addr("2600::1");
	static struct dp_punted got;
	static struct frame ip;
	unsigned shown = 0;
	struct lab l;

	(void)state;
	open6(&l);
	for (unsigned i = 0; i < 500; i++) {
		udp(&ip, &h, &stranger, 64, i, 100);
		downlink(&l, &ip);
	}
	rig_settle(&l.r);
	while (dp_punted_next(l.r.dp, &got))
		shown++;
	assert_in_range(shown, 40, 60);
	lab_expect_drops(&l, DROP_IP_NO_ROUTE, 500);
	rig_close(&l.r);
}

/* IP_TOO_BIG and BUNDLE_TOO_LARGE: IPv6 is never cut on its way. */
static void
packet_that_is_too_large_is_answered(void **state)
{
	struct dp_bundle_set set = defaults6(0);
	const struct ip_addr s = subscriber(0), h = host();
	static struct dp_punted got;
	static struct frame ip;
	struct lab l;

	(void)state;
	open6(&l);
	set.rx_mrru = 2000;
	set.tx_mrru = 1400;
	bundle6(&l, 0, &set);
	udp(&ip, &s, &h, 64, 1, 1501);
	uplink(&l, 0, 0, &ip);
	assert_true(punted(&l, &got));
	lab_expect_drops(&l, DROP_IP_TOO_BIG, 1);
	assert_int_equal(got.why, DP_PUNT_TOO_BIG);
	assert_int_equal(got.mtu, LAB_MTU);
	udp(&ip, &h, &s, 64, 1, 1401);
	downlink(&l, &ip);
	assert_true(punted(&l, &got));
	assert_int_equal(rig_drops(&l.r, DROP_BUNDLE_TOO_LARGE), 1);
	assert_int_equal(got.why, DP_PUNT_TOO_BIG);
	assert_int_equal(got.mtu, 1400);
	assert_false(got.from_bundle);
	rig_close(&l.r);
}

/* Router solicitations, DHCPv6, echoes to our address of the link, and our global addresses. */
static void
packets_for_the_link_and_for_our_addresses_go_to_control(void **state)
{
	static const struct {
		const char *src, *dst;
		bool from_bundle;
	} rows[] = {
		{"::", "ff02::2", true},
		{"fe80::5", "ff02::1:2", true},
		{"fe80::5", "fe80::1", true},
		{"2001:db8:1::99", "2001:db8:ff::fe", true},
		{"2001:db8:ff::1", "2001:db8:ff::fe", false},
		{"fe80::5", "fe80::1", false},
	};
	struct dp_bundle_set set = defaults6(0);
	static struct dp_punted got;
	static struct frame ip;
	uint32_t seq = 0;
	struct lab l;

	(void)state;
	open6(&l);
	set.flags |= DP_BUNDLE_SOURCE_CHECK;
	bundle6(&l, 0, &set);
	route6(&l, "2001:db8:ff::fe", 128, &(struct dp_next){.kind = DP_NEXT_LOCAL});
	for (unsigned i = 0; i < RTE_DIM(rows); i++) {
		const struct ip_addr s = addr(rows[i].src), d = addr(rows[i].dst);

		udp(&ip, &s, &d, 1, i, 100);
		if (rows[i].from_bundle)
			uplink(&l, 0, seq++, &ip);
		else
			downlink(&l, &ip);
		assert_true(punted(&l, &got));
		assert_int_equal(got.why, DP_PUNT_LOCAL);
		assert_int_equal(got.origin, rows[i].from_bundle ? DP_FROM_ROUTE : DP_FROM_IP_PORT);
		assert_int_equal(got.from_bundle, rows[i].from_bundle);
		assert_memory_equal(got.bytes + (rows[i].from_bundle ? 0 : ETH_HDR_LEN), ip.b, ip.len);
	}
	assert_int_equal(rig_drops_all(&l.r), 0);
	rig_close(&l.r);
}

/* IP_NO_NEIGHBOUR, and the way of the packets that wait. */
static void
packet_without_a_neighbour_goes_to_control_which_injects_it_again(void **state)
{
	const struct ip_addr s = subscriber(0), near = addr("2001:db8:ff::42"), far = addr("2600::1");
	const struct ip_addr gateway = addr("fe80::9");
	const struct dp_target route = {.kind = DP_TO_ROUTE};
	static struct dp_punted got;
	static struct frame ip, want, out;
	struct lab l;

	(void)state;
	open_with_bundle(&l);
	udp(&ip, &s, &near, 1, 1, 100);
	uplink(&l, 0, 0, &ip);
	assert_true(punted(&l, &got));
	assert_int_equal(got.why, DP_PUNT_TTL);
	udp(&ip, &s, &near, 64, 1, 100);
	uplink(&l, 0, 1, &ip);
	assert_true(punted(&l, &got));
	assert_int_equal(got.origin, DP_FROM_ROUTE);
	assert_int_equal(got.why, DP_PUNT_GLEAN);
	assert_int_equal(got.port, LAB_IP);
	assert_true(ip_addr_equal(&got.next_hop6, &near));
	route6(&l, "::", 0, &(struct dp_next){.kind = DP_NEXT_GATEWAY, .port = LAB_IP, .gateway6 = gateway});
	udp(&ip, &s, &far, 64, 1, 100);
	uplink(&l, 0, 2, &ip);
	assert_true(punted(&l, &got));
	assert_int_equal(got.why, DP_PUNT_GLEAN);
	assert_true(ip_addr_equal(&got.next_hop6, &gateway));
	assert_int_equal(dp_neighbour6_set(l.r.dp, LAB_IP, &gateway, &gateway_mac), 0);
	assert_true(dp_inject(l.r.dp, &route, got.bytes, got.len));
	uplink(&l, 0, 3, &ip);
	rig_settle(&l.r);
	udp(&want, &s, &far, 63, 1, 100);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(rig_receive(&l.r, LAB_IP, &out));
		assert_memory_equal(out.b, &gateway_mac, ETH_ADDR_LEN);
		assert_memory_equal(out.b + ETH_HDR_LEN, want.b, want.len);
	}
	assert_true(dp_neighbour6_used(l.r.dp, LAB_IP, &gateway));
	assert_false(dp_neighbour6_used(l.r.dp, LAB_IP, &gateway));
	for (unsigned i = 0; i < 300; i++) {
		udp(&ip, &s, &near, 64, i, 100);
		uplink(&l, 0, 4 + i, &ip);
	}
	rig_settle(&l.r);
	assert_in_range(rig_drops(&l.r, DROP_IP_NO_NEIGHBOUR), 200, 299);
	rig_close(&l.r);
}

/* ------------------------------------------------------------------ MSS */

static uint16_t
mss_of(const uint8_t *ip)
{
	const uint32_t sum = checksum_pseudo6(ip + 8, ip + 24, IPPROTO_TCP_SEGMENT, 24);

	assert_int_equal(checksum_fold(checksum_add(sum, ip + IP6_HDR_LEN, 24)), 0);
	return load_be16(ip + IP6_HDR_LEN + 22);
}

static void
mss_of_syns_is_lowered_in_both_directions(void **state)
{
	struct dp_bundle_set set = defaults6(0);
	const struct ip_addr s = subscriber(0), h = host();
	static struct frame ip, out;
	static struct lab_sent sent;
	struct lab l;

	(void)state;
	open6(&l);
	set.flags |= DP_BUNDLE_MSS_FROM_LINKS | DP_BUNDLE_MSS_TO_LINKS;
	set.mss_v4 = 1000; /* the other family's does not count */
	set.mss_v6 = 1380;
	bundle6(&l, 0, &set);
	packet_syn6(&ip, &s, &h, 1440);
	uplink(&l, 0, 0, &ip);
	packet_syn6(&ip, &h, &s, 1440);
	downlink(&l, &ip);
	rig_settle(&l.r);
	assert_true(rig_receive(&l.r, LAB_IP, &out));
	assert_int_equal(mss_of(out.b + ETH_HDR_LEN), 1380);
	assert_true(lab_sent(&l, &sent, false));
	assert_int_equal(mss_of(sent.payload + PPP_PROTO_LEN), 1380);
	rig_close(&l.r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_of_every_size_pass_both_ways_one_hop_further),
		cmocka_unit_test(packets_in_small_fragments_pass),
		cmocka_unit_test(both_families_in_one_burst),
		cmocka_unit_test(ethernet_padding_behind_ip_is_cut),
		cmocka_unit_test(subscribers_reach_each_other_but_not_themselves),
		cmocka_unit_test(addresses_that_nobody_may_have_are_not_forwarded),
		cmocka_unit_test(cut_headers_and_wrong_lengths_are_dropped),
		cmocka_unit_test(without_ipv6cp_nothing_passes),
		cmocka_unit_test(source_that_is_not_the_subscribers_is_dropped),
		cmocka_unit_test(sources_of_every_kind_in_one_burst),
		cmocka_unit_test(full_burst_of_somebody_elses_sources_is_dropped),
		cmocka_unit_test(packets_that_end_here_are_counted_and_shown_to_control),
		cmocka_unit_test(error_packets_shown_to_control_are_rationed),
		cmocka_unit_test(packet_that_is_too_large_is_answered),
		cmocka_unit_test(packets_for_the_link_and_for_our_addresses_go_to_control),
		cmocka_unit_test(packet_without_a_neighbour_goes_to_control_which_injects_it_again),
		cmocka_unit_test(mss_of_syns_is_lowered_in_both_directions),
	};

	return cmocka_run_group_tests_name("stage ip6", tests, NULL, NULL);
}
