/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/apply.h"
#include "control/events.h"
#include "control/ip_delegated.h"
#include "control/ip_ports.h"
#include "control/rib.h"
#include "control/routes.h"
#include "dataplane/wire/icmp6.h"
#include "dataplane/wire/nd.h"
#include "dataplane/wire/ra.h"
#include "tests/unit/control/fake.h"

/* IPv6 of the IP ports: lan is 2001:db8::1/64 with the fake's MAC 02::1, core 2001:db8:ff::1/64 with 02::2. */
static const char yaml[] = "process: {name: t, hugepages: no}\n"
			   "ports:\n"
			   "  lan: {kind: ip, device: net_null0, addresses: ['2001:db8::1/64']}\n"
			   "  core: {kind: ip, device: net_null1, addresses: ['2001:db8:ff::1/64', 'fe80::9/64']}\n"
			   "  home: {kind: ip, device: net_null2, delegated: {client: c, subnet: 3}}\n"
			   "  dsl: {kind: access, device: net_null3}\n"
			   "clients:\n"
			   "  c: {username: u, password: x, request_prefix: yes, links: {a: {ports: dsl}}}\n"
			   "routes:\n"
			   "  - {to: '::/0', via: '2001:db8:ff::99'}\n"
			   "  - {to: '2001:db8:b000::/36', blackhole: yes}\n";

enum { LAN = 0, CORE = 1, HOME = 2 };

static const struct mac host_mac = {{2, 0, 0, 0, 9, 9}}, other_mac = {{2, 0, 0, 0, 9, 8}};
static struct config *cfg;
static struct control c;
static struct dp_punted in;

static int
setup(void **state)
{
	struct config_notes notes = {0};

	(void)state;
	memset(&fake, 0, sizeof(fake));
	memset(&c, 0, sizeof(c));
	memset(&in, 0, sizeof(in));
	if (config_load_string("test", yaml, sizeof(yaml) - 1, &cfg, &notes) != 0)
		config_notes_print(stderr, &notes);
	config_notes_free(&notes);
	if (cfg == NULL)
		return -1;
	c.cfg = cfg;
	c.setup = setup_new(cfg);
	setup_ports(c.setup, NULL);
	c.out = calloc(1, sizeof(*c.out));
	c.events = events_new();
	c.rib = rib_new(64);
	c.apply = apply_new(&c);
	c.ip = ip_ports_new(&c, 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	ip_ports_free(c.ip);
	apply_free(c.apply);
	rib_free(c.rib);
	events_free(c.events);
	free(c.out);
	setup_free(c.setup);
	config_free(cfg);
	return 0;
}

static struct ip_addr
addr(const char *text)
{
	struct ip_addr a;

	assert_int_equal(inet_pton(AF_INET6, text, a.b), 1);
	return a;
}

static void
start(void)
{
	ip_ports_start(&c);
	fake.n_frames = 0;
}

/* ------------------------------------------------------------------ neighbour messages */

static struct nd_view
nd(uint8_t type, const char *src, const char *dst, const char *target)
{
	struct nd_view v = {.type = type, .has_mac = true, .mac = host_mac};
	const struct ip_addr s = addr(src), d = addr(dst), t = addr(target);

	memcpy(v.src, s.b, 16);
	memcpy(v.dst, d.b, 16);
	memcpy(v.target, t.b, 16);
	return v;
}

static void
nd_arrives(uint16_t port, const struct nd_view *v)
{
	const struct mac group = {{0x33, 0x33, 0, 0, 0, 1}};

	in = (struct dp_punted){.origin = DP_FROM_IP_PORT, .port = port};
	in.len = eth_store(in.bytes, &group, &host_mac, (struct vlan_stack){0, 0}, ETHERTYPE_V6);
	in.len += nd_store(in.bytes + in.len, v);
	ip_ports_input(&c, &in, 0);
}

static struct nd_view
nd_sent(unsigned i, uint16_t port, const struct mac *dst)
{
	const struct fake_frame *f = &fake.frames[i];
	struct nd_view v;

	assert_true(i < fake.n_frames);
	assert_int_equal(f->to.kind, DP_TO_PORT);
	assert_int_equal(f->to.port, port);
	assert_memory_equal(f->bytes, dst, 6);
	assert_int_equal(load_be16(f->bytes + 12), ETHERTYPE_V6);
	assert_int_equal(nd_parse(f->bytes + ETH_HDR_LEN, f->len - ETH_HDR_LEN, &v), ND_OK);
	return v;
}

static void
assert_address(const uint8_t a[16], const char *text)
{
	const struct ip_addr want = addr(text);

	assert_memory_equal(a, want.b, 16);
}

static void
routes_and_announcements_are_made_at_start(void **state)
{
	static const struct {
		const char *address;
		enum dp_next_kind kind;
		uint16_t port;
	} rows[] = {
		{"2001:db8::2", DP_NEXT_CONNECTED, LAN},
		{"2001:db8::1", DP_NEXT_LOCAL, 0},
		{"2001:db8:ff::2", DP_NEXT_CONNECTED, CORE},
		{"2600::1", DP_NEXT_GATEWAY, CORE},
		{"2001:db8:b123::1", DP_NEXT_NONE, 0},
	};
	const struct mac all_nodes = {{0x33, 0x33, 0, 0, 0, 1}};
	struct dp_next next;

	(void)state;
	ip_ports_start(&c);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct ip_addr a = addr(rows[i].address);

		assert_true(rib_lookup(c.rib, &a, &next));
		assert_int_equal(next.kind, rows[i].kind);
		assert_int_equal(next.port, rows[i].port);
	}
	const struct ip_addr far_host = addr("2600::1");

	assert_true(rib_lookup(c.rib, &far_host, &next));
	assert_address(next.gateway6.b, "2001:db8:ff::99");
	assert_int_equal(fake.n_frames, 3);
	assert_address(nd_sent(0, LAN, &all_nodes).target, "2001:db8::1");
}

/* RFC 4861 section 7.2.4: router, solicited, override; the asker is taken up (7.2.3). */
static void
a_solicitation_for_our_address_is_answered_and_the_asker_learnt(void **state)
{
	static const char *const ours[] = {"2001:db8::1", "fe80::ff:fe00:1"};

	(void)state;
	start();
	for (unsigned i = 0; i < 2; i++) {
		const struct nd_view q = nd(ND_SOLICIT, "2001:db8::2", "ff02::1:ff00:1", ours[i]);

		nd_arrives(LAN, &q);
		const struct nd_view v = nd_sent(i, LAN, &host_mac);

		assert_int_equal(v.type, ND_ADVERT);
		assert_true(v.router && v.solicited && v.override && v.has_mac);
		assert_address(v.target, ours[i]);
		assert_address(v.dst, "2001:db8::2");
		assert_int_equal(v.mac.b[5], 1);
	}
	assert_int_equal(fake.n_neighbours, 1);
	assert_address(fake.neighbours[0].address6.b, "2001:db8::2");
	assert_memory_equal(&fake.neighbours[0].mac, &host_mac, 6);
}

static void
a_duplicate_check_is_answered_to_all_and_teaches_nothing(void **state)
{
	const struct mac all_nodes = {{0x33, 0x33, 0, 0, 0, 1}};
	struct nd_view q;

	(void)state;
	start();
	q = nd(ND_SOLICIT, "::", "ff02::1:ff00:1", "2001:db8::1");
	q.has_mac = false;
	nd_arrives(LAN, &q);
	assert_false(nd_sent(0, LAN, &all_nodes).solicited);
	assert_int_equal(fake.n_neighbours, 0);
}

static void
what_is_not_for_us_is_left_alone(void **state)
{
	static const char *const targets[] = {"2001:db8::7", "2001:db8:ff::1", "fe80::9"};

	(void)state;
	start();
	for (unsigned i = 0; i < 3; i++) {
		const struct nd_view q = nd(ND_SOLICIT, "2001:db8::2", "ff02::1:ff00:7", targets[i]);

		nd_arrives(LAN, &q);
	}
	const struct nd_view advert = nd(ND_ADVERT, "2001:db8::7", "ff02::1", "2001:db8::7");

	nd_arrives(LAN, &advert);
	assert_int_equal(fake.n_frames, 0);
	assert_int_equal(fake.n_neighbours, 0);
}

/* ------------------------------------------------------------------ packets that wait */

static void
routed(enum dp_punt_why why, const char *src, const char *dst)
{
	const struct ip_addr s = addr(src), d = addr(dst);
	uint8_t *p = in.bytes;

	in = (struct dp_punted){.origin = DP_FROM_ROUTE, .why = why, .port = LAN, .mtu = 1400, .next_hop6 = d};
	p[0] = 0x60;
	store_be16(p + 4, 8);
	p[6] = IPPROTO_UDP_DATAGRAM;
	p[7] = 64;
	memcpy(p + 8, s.b, 16);
	memcpy(p + 24, d.b, 16);
	in.len = 48;
}

static void
a_packet_waits_for_its_next_hop_and_is_routed_again(void **state)
{
	const struct mac group = {{0x33, 0x33, 0xff, 0, 0, 2}};
	struct nd_view answer;

	(void)state;
	start();
	routed(DP_PUNT_GLEAN, "2001:db8:5::5", "2001:db8::2");
	const struct dp_punted was = in;

	ip_ports_input(&c, &in, 0);
	const struct nd_view q = nd_sent(0, LAN, &group);

	assert_int_equal(q.type, ND_SOLICIT);
	assert_address(q.target, "2001:db8::2");
	assert_address(q.src, "2001:db8::1");
	assert_address(q.dst, "ff02::1:ff00:2");
	assert_true(q.has_mac && q.mac.b[5] == 1);
	answer = nd(ND_ADVERT, "2001:db8::2", "2001:db8::1", "2001:db8::2");
	answer.solicited = true;
	nd_arrives(LAN, &answer);
	assert_int_equal(fake.n_neighbours, 1);
	assert_int_equal(fake.n_frames, 2);
	assert_int_equal(fake.frames[1].to.kind, DP_TO_ROUTE);
	assert_memory_equal(fake.frames[1].bytes, was.bytes, was.len);
	/* without override nobody takes another's place (section 7.2.5), with it he does */
	answer.mac = other_mac;
	nd_arrives(LAN, &answer);
	assert_int_equal(fake.n_neighbours, 1);
	answer.override = true;
	nd_arrives(LAN, &answer);
	assert_int_equal(fake.n_neighbours, 2);
	assert_memory_equal(&fake.neighbours[1].mac, &other_mac, 6);
}

/* A gateway of the link is asked from our address of the link. */
static void
a_gateway_of_the_link_is_asked_from_our_address_of_it(void **state)
{
	const struct mac group = {{0x33, 0x33, 0xff, 0, 0, 0x33}};

	(void)state;
	start();
	routed(DP_PUNT_GLEAN, "2001:db8:5::5", "2600::1");
	in.next_hop6 = addr("fe80::33");
	ip_ports_input(&c, &in, 0);
	assert_address(nd_sent(0, LAN, &group).src, "fe80::ff:fe00:1");
}

/* An ICMPv6 error that quotes what is in `in`. */
static void
assert_error(unsigned i, const char *src, const char *dst, uint8_t type, uint8_t code, uint32_t rest)
{
	const struct fake_frame *f = &fake.frames[i];
	struct ip6_view v = {0};

	assert_true(i < fake.n_frames);
	assert_int_equal(f->to.kind, DP_TO_ROUTE);
	assert_int_equal(ip6_parse(f->bytes, f->len, f->len, &v), IP_OK);
	assert_address(v.src, src);
	assert_address(v.dst, dst);
	assert_int_equal(v.next, IPPROTO_ICMP6);
	assert_int_equal(f->bytes[40], type);
	assert_int_equal(f->bytes[41], code);
	assert_int_equal(load_be32(f->bytes + 44), rest);
	assert_memory_equal(f->bytes + 48, in.bytes, in.len);
}

static void
a_silent_next_hop_is_reported_to_the_sender(void **state)
{
	(void)state;
	start();
	routed(DP_PUNT_GLEAN, "2001:db8:5::5", "2001:db8::2");
	ip_ports_input(&c, &in, 0);
	for (unsigned i = 1; i <= NEIGHBOUR_TRIES; i++)
		ip_ports_tick(&c, (uint64_t)i * NEIGHBOUR_RETRY_MS);
	assert_int_equal(fake.n_frames, NEIGHBOUR_TRIES + 1);
	assert_error(NEIGHBOUR_TRIES, "2001:db8::1", "2001:db8:5::5", 1, 3, 0);
}

static void
errors_of_routing_are_told_to_the_sender(void **state)
{
	static const struct {
		enum dp_punt_why why;
		uint8_t type, code;
		uint32_t rest;
	} rows[] = {
		{DP_PUNT_TTL, 3, 0, 0},
		{DP_PUNT_TOO_BIG, 2, 0, 1400},
		{DP_PUNT_NO_ROUTE, 1, 0, 0},
	};

	(void)state;
	start();
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		routed(rows[i].why, "2001:db8::2", "2600::1");
		ip_ports_input(&c, &in, 1000 * i);
		assert_error(i, "2001:db8::1", "2001:db8::2", rows[i].type, rows[i].code, rows[i].rest);
	}
	/* what came from a bundle hears any address of ours */
	routed(DP_PUNT_TTL, "2001:db8:5::5", "2600::1");
	in.from_bundle = true;
	ip_ports_input(&c, &in, 5000);
	assert_error(3, "2001:db8::1", "2001:db8:5::5", 3, 0, 0);
}

static void
no_error_is_sent_to_ourselves_or_to_the_link_and_not_too_many(void **state)
{
	(void)state;
	start();
	routed(DP_PUNT_NO_ROUTE, "2001:db8:ff::1", "2600::1");
	ip_ports_input(&c, &in, 0);
	routed(DP_PUNT_NO_ROUTE, "fe80::5", "2600::1");
	ip_ports_input(&c, &in, 0);
	assert_int_equal(fake.n_frames, 0);
	routed(DP_PUNT_TTL, "2001:db8::2", "2600::1");
	for (unsigned i = 0; i < 250; i++)
		ip_ports_input(&c, &in, 0);
	assert_int_equal(fake.n_frames, 100);
	assert_int_equal(ip_ports_counters(&c)->errors_limited, 150);
}

/* ------------------------------------------------------------------ packets for us */

static void
echo_arrives(bool frame, const char *src, const char *dst)
{
	const struct ip_addr s = addr(src), d = addr(dst);
	uint8_t *p = in.bytes;

	in.origin = frame ? DP_FROM_IP_PORT : DP_FROM_ROUTE;
	in.why = DP_PUNT_LOCAL;
	in.port = LAN;
	if (frame)
		p += eth_store(p, &host_mac, &host_mac, (struct vlan_stack){0, 0}, ETHERTYPE_V6);
	p[0] = 0x60;
	store_be16(p + 4, 12);
	p[6] = IPPROTO_ICMP6;
	p[7] = 64;
	memcpy(p + 8, s.b, 16);
	memcpy(p + 24, d.b, 16);
	memcpy(p + 40, "\x80\0\0\0\x12\x34\0\1abcd", 12);
	store_be16(p + 42, checksum_fold(checksum_add(checksum_pseudo6(s.b, d.b, 58, 12), p + 40, 12)));
	in.len = (size_t)(p + 52 - in.bytes);
	ip_ports_input(&c, &in, 0);
}

static void
echo_is_answered_by_the_way_it_came(void **state)
{
	(void)state;
	start();
	echo_arrives(true, "2001:db8::2", "2001:db8::1");
	echo_arrives(false, "2001:db8:5::5", "2001:db8:ff::1");
	echo_arrives(true, "fe80::2", "fe80::ff:fe00:1");
	assert_int_equal(fake.n_frames, 3);
	assert_int_equal(fake.frames[0].to.kind, DP_TO_ROUTE);
	assert_int_equal(fake.frames[1].to.kind, DP_TO_ROUTE);
	assert_int_equal(fake.frames[2].to.kind, DP_TO_PORT);
	assert_memory_equal(fake.frames[2].bytes, &host_mac, 6);
	assert_int_equal(fake.frames[0].bytes[40], 129);
	assert_int_equal(fake.frames[2].bytes[ETH_HDR_LEN + 40], 129);
	assert_address(fake.frames[1].bytes + 8, "2001:db8:ff::1");
	assert_address(fake.frames[1].bytes + 24, "2001:db8:5::5");
	/* not ours */
	echo_arrives(true, "fe80::2", "fe80::77");
	echo_arrives(false, "2001:db8:5::5", "fe80::ff:fe00:1");
	assert_int_equal(fake.n_frames, 3);
}

/* The only bundle; its reference is left in `in`. */
static void
bundle_is_up(bool ipv6)
{
	static const struct host_multilink m;
	struct host_out_item *it = &c.out->items[0];

	*it = (struct host_out_item){.kind = HOST_OUT_BUNDLE_SET, .bundle = 3};
	it->bundle_values.multilink = &m;
	c.out->n = 1;
	apply_effects(&c);
	fake.bundle = (struct host_bundle_info){.id = 3, .ipv6cp_open = ipv6, .our_interface_id = ipv6 ? 0xa : 0};
}

/* What a peer says to us on the link stays on it (RFC 4291 section 2.5.6), whatever the routes are. */
static void
the_peer_of_a_bundle_reaches_our_address_of_it(void **state)
{
	static const struct {
		const char *src, *dst;
		bool answered;
	} rows[] = {
		{"fe80::b", "fe80::a", true},
		{"2001:db8:5::5", "fe80::a", true},
		/* those that are not answered are shown to the protocol core, which does router messages and DHCPv6 */
		{"fe80::b", "fe80::b", false},
		{"fe80::b", "fe80::ff:fe00:1", false}, /* a port's */
		{"fe80::b", "ff02::1", false},
		{"::", "fe80::a", false},
	};

	(void)state;
	start();
	bundle_is_up(true);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct fake_frame *f = &fake.frames[0];
		struct ip6_view v;

		fake.n_frames = fake.n_packets = 0;
		in = (struct dp_punted){.from_bundle = true};
		assert_true(apply_bundle_ref(&c, 3, &in.bundle));
		echo_arrives(false, rows[i].src, rows[i].dst);
		assert_int_equal(fake.n_frames, rows[i].answered);
		assert_int_equal(fake.n_packets, !rows[i].answered);
		if (!rows[i].answered) {
			assert_int_equal(fake.packets[0].bundle, 3);
			assert_int_equal(fake.packets[0].len, 2 + 52);
			assert_int_equal(load_be16(fake.packets[0].bytes), 0x0057);
			assert_memory_equal(fake.packets[0].bytes + 2, in.bytes, 52);
			continue;
		}
		assert_int_equal(f->to.kind, DP_TO_BUNDLE);
		assert_memory_equal(&f->to.bundle, &in.bundle, sizeof(in.bundle));
		assert_int_equal(load_be16(f->bytes), 0x0057);
		assert_int_equal(ip6_parse(f->bytes + 2, f->len - 2, f->len - 2, &v), IP_OK);
		assert_int_equal(f->len, 2 + 52);
		assert_address(v.src, rows[i].dst);
		assert_address(v.dst, rows[i].src);
		assert_int_equal(f->bytes[42], 129);
		assert_memory_equal(f->bytes + 46, "\x12\x34\0\1abcd", 8);
	}
}

static void
without_ipv6cp_there_is_no_address_of_the_bundle(void **state)
{
	(void)state;
	start();
	bundle_is_up(false);
	in = (struct dp_punted){.from_bundle = true};
	assert_true(apply_bundle_ref(&c, 3, &in.bundle));
	echo_arrives(false, "fe80::b", "fe80::a");
	echo_arrives(false, "fe80::b", "fe80::");
	/* a bundle that is no more */
	bundle_is_up(true);
	in.bundle.gen++;
	echo_arrives(false, "fe80::b", "fe80::a");
	assert_int_equal(fake.n_frames, 0);
	assert_int_equal(fake.n_packets, 0);
	assert_int_equal(ip_ports_counters(&c)->ignored, 3);
}

static void
udp_to_ourselves_meets_a_closed_port(void **state)
{
	(void)state;
	start();
	routed(DP_PUNT_LOCAL, "2001:db8::2", "2001:db8:ff::1");
	ip_ports_input(&c, &in, 0);
	assert_error(0, "2001:db8:ff::1", "2001:db8::2", 1, 4, 0);
}

static void
packets_cut_short_are_counted(void **state)
{
	uint64_t bad;

	(void)state;
	start();
	echo_arrives(true, "2001:db8::2", "2001:db8::1");
	bad = ip_ports_counters(&c)->bad;
	for (size_t len = 0; len < ETH_HDR_LEN + 52; len++) {
		in.len = len;
		ip_ports_input(&c, &in, 0);
	}
	assert_int_equal(ip_ports_counters(&c)->bad - bad, ETH_HDR_LEN + 52);
	assert_int_equal(fake.n_frames, 1);
}

/* ------------------------------------------------------------------ a prefix that a client was delegated */

static void
client_gets(const char *prefix, uint8_t len, uint64_t now_ms)
{
	struct host_client_prefix p = {.prefix = {.len = len},
		.preferred_until_ms = now_ms + 3600 * 1000,
		.valid_until_ms = now_ms + 7200 * 1000,
		.dns = {{{0x20, 0x01, [15] = 0x53}}},
		.n_dns = 1};

	if (len != 0)
		p.prefix.prefix = addr(prefix);
	ip_delegated_set(&c, &p, now_ms);
}

/* The advertisement in frame i, and what it must be. */
static struct ra_view
advert_sent(unsigned i)
{
	static const struct mac all_nodes = {{0x33, 0x33, 0, 0, 0, 1}};
	const struct fake_frame *f = &fake.frames[i];
	struct ra_view v;

	assert_true(i < fake.n_frames);
	assert_int_equal(f->to.kind, DP_TO_PORT);
	assert_int_equal(f->to.port, HOME);
	assert_memory_equal(f->bytes, &all_nodes, 6);
	assert_int_equal(ra_parse(f->bytes + ETH_HDR_LEN, f->len - ETH_HDR_LEN, &v), ND_OK);
	assert_true(v.has_mac && v.mac.b[5] == 3 && v.prefix.autonomous && v.prefix.on_link && v.prefix.len == 64);
	return v;
}

static void
assert_next(const char *address, enum dp_next_kind kind)
{
	const struct ip_addr a = addr(address);
	struct dp_next next;

	assert_true(rib_lookup(c.rib, &a, &next));
	assert_int_equal(next.kind, kind);
	assert_true(kind != DP_NEXT_CONNECTED || next.port == HOME);
}

static void
a_delegated_prefix_makes_an_address_routes_and_advertisements(void **state)
{
	struct ra_view v;

	(void)state;
	start();
	assert_true(ip_ports_deadline_ms(&c) == UINT64_MAX);
	client_gets("2001:db8:8000::", 56, 1000);
	assert_next("2001:db8:8000:3::1", DP_NEXT_LOCAL);
	assert_next("2001:db8:8000:3::77", DP_NEXT_CONNECTED);
	assert_next("2001:db8:8000:4::77", DP_NEXT_NONE); /* on no port: back to nobody */
	assert_address(nd_sent(0, HOME, &(struct mac){{0x33, 0x33, 0, 0, 0, 1}}).target, "2001:db8:8000:3::1");
	assert_true(ip_ports_deadline_ms(&c) == 1000);
	ip_ports_tick(&c, 1000);
	v = advert_sent(1);
	assert_int_equal(v.router_s, 1800);
	assert_address(v.prefix.prefix.b, "2001:db8:8000:3::");
	assert_int_equal(v.prefix.valid_s, 7200);
	assert_int_equal(v.prefix.preferred_s, 3600);
	assert_int_equal(v.n_dns, 1);
	assert_int_equal(v.dns[0].b[15], 0x53);
	/* lifetimes follow the lease */
	ip_ports_tick(&c, 101000);
	v = advert_sent(2);
	assert_int_equal(v.prefix.valid_s, 7100);
	/* a solicitation is answered, our address too, and hosts are found from it */
	in = (struct dp_punted){.origin = DP_FROM_IP_PORT, .port = HOME};
	in.len = eth_store(in.bytes, &host_mac, &host_mac, (struct vlan_stack){0, 0}, ETHERTYPE_V6);
	in.bytes[in.len + 40] = RA_SOLICIT;
	in.len += nd_close(in.bytes + in.len, addr("fe80::2").b, addr("ff02::2").b, 8);
	ip_ports_input(&c, &in, 105000);
	ip_ports_tick(&c, 105500);
	assert_int_equal(advert_sent(3).router_s, 1800);
	const struct nd_view q = nd(ND_SOLICIT, "2001:db8:8000:3::2", "ff02::1:ff00:1", "2001:db8:8000:3::1");

	nd_arrives(HOME, &q);
	assert_int_equal(nd_sent(4, HOME, &host_mac).type, ND_ADVERT);
}

static void
a_prefix_that_is_gone_is_withdrawn(void **state)
{
	const struct ip_addr host = addr("2001:db8:8000:3::77");
	struct dp_next next;
	struct ra_view v;

	(void)state;
	start();
	client_gets("2001:db8:8000::", 56, 0);
	ip_ports_tick(&c, 0);
	/* another one in its place: the old one is told to be no good at once */
	fake.n_frames = 0;
	client_gets("2001:db8:9000::", 60, 10000);
	ip_ports_tick(&c, 10000);
	v = advert_sent(0);
	assert_address(v.prefix.prefix.b, "2001:db8:8000:3::");
	assert_int_equal(v.prefix.valid_s + v.prefix.preferred_s, 0);
	v = advert_sent(2);
	assert_address(v.prefix.prefix.b, "2001:db8:9000:3::");
	assert_int_equal(v.router_s, 1800);
	assert_true(rib_lookup(c.rib, &host, &next));
	assert_int_equal(next.kind, DP_NEXT_GATEWAY);
	/* none: no router either */
	fake.n_frames = 0;
	client_gets(NULL, 0, 20000);
	ip_ports_tick(&c, 20000);
	v = advert_sent(0);
	assert_int_equal(v.router_s, 0);
	assert_address(v.prefix.prefix.b, "2001:db8:9000:3::");
	assert_int_equal(v.prefix.valid_s + v.prefix.preferred_s, 0);
	assert_int_equal(v.dns_s, 0);
	assert_next("2001:db8:9000:3::77", DP_NEXT_GATEWAY);
	assert_next("2001:db8:9000:4::77", DP_NEXT_GATEWAY);
	/* a prefix with fewer networks than are numbered */
	fake.n_frames = 0;
	client_gets("2001:db8:a000::", 63, 30000);
	assert_next("2001:db8:a000:1::1", DP_NEXT_NONE);
	ip_ports_tick(&c, 30000);
	assert_int_equal(advert_sent(0).router_s, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(routes_and_announcements_are_made_at_start, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_solicitation_for_our_address_is_answered_and_the_asker_learnt, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_duplicate_check_is_answered_to_all_and_teaches_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_not_for_us_is_left_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(a_packet_waits_for_its_next_hop_and_is_routed_again, setup, teardown),
		cmocka_unit_test_setup_teardown(a_gateway_of_the_link_is_asked_from_our_address_of_it, setup, teardown),
		cmocka_unit_test_setup_teardown(a_silent_next_hop_is_reported_to_the_sender, setup, teardown),
		cmocka_unit_test_setup_teardown(errors_of_routing_are_told_to_the_sender, setup, teardown),
		cmocka_unit_test_setup_teardown(
			no_error_is_sent_to_ourselves_or_to_the_link_and_not_too_many, setup, teardown),
		cmocka_unit_test_setup_teardown(echo_is_answered_by_the_way_it_came, setup, teardown),
		cmocka_unit_test_setup_teardown(the_peer_of_a_bundle_reaches_our_address_of_it, setup, teardown),
		cmocka_unit_test_setup_teardown(without_ipv6cp_there_is_no_address_of_the_bundle, setup, teardown),
		cmocka_unit_test_setup_teardown(udp_to_ourselves_meets_a_closed_port, setup, teardown),
		cmocka_unit_test_setup_teardown(packets_cut_short_are_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_delegated_prefix_makes_an_address_routes_and_advertisements, setup, teardown),
		cmocka_unit_test_setup_teardown(a_prefix_that_is_gone_is_withdrawn, setup, teardown),
	};

	return cmocka_run_group_tests_name("ip ports, IPv6", tests, NULL, NULL);
}
