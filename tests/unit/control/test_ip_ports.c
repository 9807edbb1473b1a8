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
#include "control/ip_ports.h"
#include "control/rib.h"
#include "control/routes.h"
#include "dataplane/wire/arp.h"
#include "dataplane/wire/ip.h"
#include "tests/unit/control/fake.h"

/* Port lan is 192.168.1.1/24 with the fake's MAC 02::1, port core 198.51.100.1/24 with 02::2 and proxy ARP. */
static const char yaml[] = "process: {name: t, hugepages: no}\n"
			   "ports:\n"
			   "  lan: {kind: ip, device: net_null0, addresses: [192.168.1.1/24, '2001:db8::1/64']}\n"
			   "  core: {kind: ip, device: net_null1, addresses: [198.51.100.1/24], proxy_arp: yes}\n"
			   "routes:\n"
			   "  - {to: 0.0.0.0/0, via: 198.51.100.9}\n"
			   "  - {to: 10.66.0.0/16, blackhole: yes}\n";

/* The same, but the address of lan is looked for before it is used. */
static const char yaml_probing[] =
	"process: {name: t, hugepages: no}\n"
	"ports:\n"
	"  lan: {kind: ip, device: net_null0, addresses: ['2001:db8::1/64', 192.168.1.1/24], probe_addresses: yes}\n"
	"  core: {kind: ip, device: net_null1, addresses: [198.51.100.1/24]}\n"
	"routes:\n"
	"  - {to: 0.0.0.0/0, via: 192.168.1.2}\n";

enum {
	LAN = 0,
	CORE = 1,
	OURS = 0xc0a80101,
	HOST = 0xc0a80102,
	CORE_ADDRESS = 0xc6336401,
	CORE_HOST = 0xc6336402,
	SUBSCRIBER = 0x0a40000a,
};

static const struct mac host_mac = {{2, 0, 0, 0, 9, 9}}, all = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
static struct config *cfg;
static struct control c;
static struct dp_punted in;

static int
setup_with(const char *text)
{
	struct config_notes notes = {0};

	memset(&fake, 0, sizeof(fake));
	memset(&c, 0, sizeof(c));
	memset(&in, 0, sizeof(in));
	if (config_load_string("test", text, strlen(text), &cfg, &notes) != 0)
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
setup(void **state)
{
	(void)state;
	return setup_with(yaml);
}

static int
setup_probing(void **state)
{
	(void)state;
	return setup_with(yaml_probing);
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

static void
start(void)
{
	ip_ports_start(&c);
	fake.n_frames = 0;
}

static void
arp_arrives(uint16_t port, uint16_t op, uint32_t sender, uint32_t target)
{
	const struct arp_view v = {.op = op, .sender_mac = host_mac, .sender = sender, .target = target};

	in = (struct dp_punted){.origin = DP_FROM_IP_PORT, .port = port};
	in.len = eth_store(in.bytes, &all, &host_mac, (struct vlan_stack){0, 0}, ETHERTYPE_ARP_FRAME);
	arp_store(in.bytes + in.len, &v);
	in.len = ETH_FRAME_MIN;
	ip_ports_input(&c, &in, 0);
}

static struct arp_view
arp_sent(unsigned i, uint16_t port)
{
	struct arp_view v;

	assert_true(i < fake.n_frames);
	assert_int_equal(fake.frames[i].to.kind, DP_TO_PORT);
	assert_int_equal(fake.frames[i].to.port, port);
	assert_true(fake.frames[i].len >= ETH_FRAME_MIN);
	assert_int_equal(load_be16(fake.frames[i].bytes + 12), ETHERTYPE_ARP_FRAME);
	assert_true(arp_parse(fake.frames[i].bytes + ETH_HDR_LEN, fake.frames[i].len - ETH_HDR_LEN, &v));
	return v;
}

static size_t
packet(uint8_t *p, uint32_t src, uint32_t dst, uint8_t proto, const void *payload, uint16_t len)
{
	ip4_store(p, src, dst, proto, 64, 0, len);
	memcpy(p + IP4_HDR_MIN, payload, len);
	return (size_t)IP4_HDR_MIN + len;
}

static void
routed(enum dp_punt_why why, uint32_t src, uint32_t dst)
{
	in = (struct dp_punted){.origin = DP_FROM_ROUTE, .why = why, .port = LAN, .mtu = 1400};
	in.len = packet(in.bytes, src, dst, IPPROTO_UDP_DATAGRAM, "12345678", 8);
}

/* An ICMP error that quotes what is in `in`. */
static void
assert_error(unsigned i, uint32_t src, uint32_t dst, uint8_t type, uint8_t code, uint16_t rest)
{
	struct ip4_view v;
	const uint8_t *p = fake.frames[i].bytes;

	assert_true(i < fake.n_frames);
	assert_int_equal(fake.frames[i].to.kind, DP_TO_ROUTE);
	assert_int_equal(ip4_parse(p, fake.frames[i].len, fake.frames[i].len, &v), IP_OK);
	assert_int_equal(v.src, src);
	assert_int_equal(v.dst, dst);
	assert_int_equal(v.proto, IPPROTO_ICMP4);
	assert_int_equal(p[20], type);
	assert_int_equal(p[21], code);
	assert_int_equal(load_be16(p + 26), rest);
	assert_memory_equal(p + 28, in.bytes, 28);
}

static void
routes_and_announcements_are_made_at_start(void **state)
{
	static const struct {
		uint32_t address;
		enum dp_next_kind kind;
		uint16_t port;
	} rows[] = {
		{HOST, DP_NEXT_CONNECTED, LAN},
		{OURS, DP_NEXT_LOCAL, 0},
		{0xc0a801ff, DP_NEXT_NONE, 0}, /* the network's broadcast */
		{CORE_HOST, DP_NEXT_CONNECTED, CORE},
		{0x08080808, DP_NEXT_GATEWAY, CORE},
		{0x0a420101, DP_NEXT_NONE, 0}, /* blackhole */
		{0xe0000001, DP_NEXT_NONE, 0},
		{0xffffffff, DP_NEXT_NONE, 0},
	};

	(void)state;
	ip_ports_start(&c);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct ip_addr a = ip_addr_of4(rows[i].address);
		struct dp_next next;

		assert_true(rib_lookup(c.rib, &a, &next));
		assert_int_equal(next.kind, rows[i].kind);
		assert_int_equal(next.port, rows[i].port);
	}
	assert_int_equal(fake.n_frames, 3);
	assert_int_equal(arp_sent(0, LAN).sender, OURS);
	assert_int_equal(arp_sent(0, LAN).target, OURS);
	assert_int_equal(load_be16(fake.frames[1].bytes + 12), ETHERTYPE_V6);
	assert_int_equal(arp_sent(2, CORE).target, CORE_ADDRESS);
}

static void
arp_for_our_address_is_answered_and_the_asker_learnt(void **state)
{
	(void)state;
	start();
	arp_arrives(LAN, ARP_REQUEST, HOST, OURS);
	assert_int_equal(fake.n_frames, 1);
	const struct arp_view v = arp_sent(0, LAN);

	assert_int_equal(v.op, ARP_REPLY);
	assert_int_equal(v.sender, OURS);
	assert_int_equal(v.sender_mac.b[5], 1);
	assert_int_equal(v.target, HOST);
	assert_memory_equal(fake.frames[0].bytes, &host_mac, 6);
	assert_int_equal(fake.n_neighbours, 1);
	assert_int_equal(fake.neighbours[0].address, HOST);
	assert_memory_equal(&fake.neighbours[0].mac, &host_mac, 6);
}

static void
arp_that_is_not_for_us_is_left_alone(void **state)
{
	static const struct {
		uint16_t port;
		uint32_t sender, target;
	} rows[] = {
		{LAN, HOST, HOST + 1},            /* two hosts */
		{LAN, HOST, CORE_ADDRESS},        /* our address on another port, no proxy here */
		{LAN, HOST, 0x08080808},          /* routed, but no proxy here */
		{CORE, CORE_HOST, CORE_HOST},     /* an announcement */
		{CORE, CORE_HOST, CORE_HOST + 1}, /* proxied only what is elsewhere */
		{CORE, CORE_HOST, 0x08080808},    /* the way out is this very port */
		{CORE, CORE_HOST, 0x0a420101},    /* blackhole */
	};

	(void)state;
	start();
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		arp_arrives(rows[i].port, ARP_REQUEST, rows[i].sender, rows[i].target);
		assert_int_equal(fake.n_frames, 0);
		assert_int_equal(fake.n_neighbours, 0);
	}
}

static void
proxy_arp_answers_for_what_is_behind_us(void **state)
{
	(void)state;
	start();
	arp_arrives(CORE, ARP_REQUEST, CORE_HOST, HOST);
	assert_int_equal(fake.n_frames, 1);
	assert_int_equal(arp_sent(0, CORE).sender, HOST);
	assert_int_equal(arp_sent(0, CORE).sender_mac.b[5], 2);
	routes_set(&c,
		&(struct rib_route){.prefix = ip_addr_of4(SUBSCRIBER),
			.len = 128,
			.rank = RIB_BUNDLE,
			.next.kind = DP_NEXT_BUNDLE});
	arp_arrives(CORE, ARP_REQUEST, CORE_HOST, SUBSCRIBER);
	assert_int_equal(fake.n_frames, 2);
	assert_int_equal(arp_sent(1, CORE).sender, SUBSCRIBER);
}

static void
a_probe_is_answered_but_teaches_nothing(void **state)
{
	(void)state;
	start();
	arp_arrives(LAN, ARP_REQUEST, 0, OURS);
	assert_int_equal(fake.n_frames, 1);
	assert_int_equal(fake.n_neighbours, 0);
}

static bool
is_used(uint32_t address)
{
	const struct ip_addr a = ip_addr_of4(address);
	struct dp_next next;

	return rib_lookup(c.rib, &a, &next) && next.kind == DP_NEXT_LOCAL;
}

/* Runs the clock until so many ARP probes have left; *now_ms is then when the last one did. */
static void
until_probes(unsigned n, uint64_t *now_ms)
{
	while (fake.n_frames < n) {
		*now_ms = ip_ports_deadline_ms(&c);
		assert_true(*now_ms < 100000);
		ip_ports_tick(&c, *now_ms);
	}
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(arp_sent(i, LAN).sender, 0);
		assert_int_equal(arp_sent(i, LAN).target, OURS);
	}
}

static void
an_address_is_not_used_before_it_was_probed_for(void **state) /* RFC 5227 section 2.1 */
{
	uint64_t now_ms = 0;

	(void)state;
	start();
	assert_false(is_used(OURS));
	assert_true(is_used(CORE_ADDRESS));
	arp_arrives(LAN, ARP_REQUEST, HOST, OURS); /* not answered, nor is its sender learnt */
	assert_int_equal(fake.n_frames, 0);
	assert_int_equal(fake.n_neighbours, 0);
	until_probes(3, &now_ms);
	assert_false(is_used(OURS));
	ip_ports_tick(&c, now_ms + 2000);
	assert_true(is_used(OURS));
	assert_true(is_used(CORE_ADDRESS));
	assert_int_equal(arp_sent(fake.n_frames - 1, LAN).sender, OURS);
	assert_int_equal(arp_sent(fake.n_frames - 1, LAN).target, OURS);
	fake.n_frames = 0;
	arp_arrives(LAN, ARP_REQUEST, HOST, OURS);
	assert_int_equal(arp_sent(0, LAN).op, ARP_REPLY);
}

static void
probing_begins_anew_when_the_cable_is_back(void **state)
{
	uint64_t now_ms = 0;

	(void)state;
	start();
	until_probes(3, &now_ms);
	ip_ports_carrier(&c, LAN, now_ms + 1000);
	for (unsigned k = 2; k < 8; k++) { /* two probes and more are to come */
		ip_ports_tick(&c, now_ms + 1000 + k * 500);
		assert_false(is_used(OURS));
	}
	for (unsigned k = 0; k < 10; k++)
		ip_ports_tick(&c, now_ms + 6000 + k * 1000);
	assert_true(is_used(OURS));
}

/* With sender 0 it would look like a probe of ours for the neighbour's address. */
static void
no_neighbour_is_asked_for_without_an_address(void **state)
{
	(void)state;
	start();
	routed(DP_PUNT_GLEAN, SUBSCRIBER, HOST);
	store_be32(&in.next_hop_be, HOST);
	ip_ports_input(&c, &in, 0);
	assert_int_equal(fake.n_frames, 0);
}

static void
an_address_that_somebody_has_is_not_used_until_he_is_gone(void **state)
{
	static const struct {
		const char *name;
		uint16_t op;
		uint32_t sender, target;
	} rows[] = {
		{"answers the probe", ARP_REPLY, OURS, 0},
		{"asks for somebody", ARP_REQUEST, OURS, HOST},
		{"probes for it as well", ARP_REQUEST, 0, OURS},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t now_ms = 0;

		print_message("%s\n", rows[i].name);
		if (i != 0) {
			teardown(state);
			assert_int_equal(setup_probing(state), 0);
		}
		start();
		until_probes(1, &now_ms);
		arp_arrives(LAN, rows[i].op, rows[i].sender, rows[i].target);
		for (unsigned k = 1; k < 30; k++)
			ip_ports_tick(&c, now_ms + k * 1000);
		assert_false(is_used(OURS));
		assert_int_equal(fake.n_frames, 1);
		now_ms += 100000;
		for (unsigned k = 0; k < 10; k++)
			ip_ports_tick(&c, now_ms + k * 2000);
		assert_true(is_used(OURS));
	}
}

static void
a_rival_for_a_used_address_is_answered_by_an_announcement(void **state)
{
	(void)state;
	start();
	for (unsigned i = 0; i < 5; i++)
		arp_arrives(LAN, ARP_REPLY, OURS, HOST);
	assert_int_equal(fake.n_frames, 1); /* all at one time: once in 10 s */
	assert_int_equal(arp_sent(0, LAN).op, ARP_REQUEST);
	assert_int_equal(arp_sent(0, LAN).sender, OURS);
	assert_int_equal(arp_sent(0, LAN).target, OURS);
	assert_true(is_used(OURS));
	arp_arrives(CORE, ARP_REPLY, OURS, CORE_HOST); /* no address of that port */
	assert_int_equal(fake.n_frames, 1);
}

static void
senders_from_foreign_networks_are_not_learnt(void **state)
{
	(void)state;
	start();
	arp_arrives(LAN, ARP_REQUEST, 0x08080808, OURS);
	arp_arrives(LAN, ARP_REQUEST, 0xc0a801ff, OURS);
	arp_arrives(LAN, ARP_REQUEST, OURS, OURS);
	assert_int_equal(fake.n_neighbours, 0);
}

static void
a_packet_waits_for_its_next_hop_and_is_routed_again(void **state)
{
	(void)state;
	start();
	routed(DP_PUNT_GLEAN, SUBSCRIBER, HOST);
	store_be32(&in.next_hop_be, HOST);
	ip_ports_input(&c, &in, 0);
	assert_int_equal(fake.n_frames, 1);
	assert_int_equal(arp_sent(0, LAN).op, ARP_REQUEST);
	assert_int_equal(arp_sent(0, LAN).target, HOST);
	assert_int_equal(arp_sent(0, LAN).sender, OURS);
	assert_memory_equal(fake.frames[0].bytes, &all, 6);
	const struct dp_punted was = in;

	arp_arrives(LAN, ARP_REPLY, HOST, OURS);
	assert_int_equal(fake.n_neighbours, 1);
	assert_int_equal(fake.n_frames, 2);
	assert_int_equal(fake.frames[1].to.kind, DP_TO_ROUTE);
	assert_int_equal(fake.frames[1].len, was.len);
	assert_memory_equal(fake.frames[1].bytes, was.bytes, was.len);
}

/* A client's address that a host behind the port has: in no network of ours, but the route says where it is. */
static void
a_host_that_only_its_own_route_leads_to_is_found(void **state)
{
	const struct dp_next here = {.kind = DP_NEXT_GATEWAY, .port = LAN, .gateway_be = htonl(SUBSCRIBER)};

	(void)state;
	start();
	routes_set(&c,
		&(struct rib_route){.prefix = ip_addr_of4(SUBSCRIBER), .len = 128, .rank = RIB_LOCAL, .next = here});
	routed(DP_PUNT_GLEAN, CORE_HOST, SUBSCRIBER);
	store_be32(&in.next_hop_be, SUBSCRIBER);
	ip_ports_input(&c, &in, 0);
	assert_int_equal(arp_sent(0, LAN).target, SUBSCRIBER);
	assert_int_equal(arp_sent(0, LAN).sender, OURS);
	const struct dp_punted was = in;

	arp_arrives(CORE, ARP_REPLY, SUBSCRIBER, OURS);
	assert_int_equal(fake.n_neighbours, 0); /* not behind that port */
	arp_arrives(LAN, ARP_REPLY, SUBSCRIBER, OURS);
	assert_int_equal(fake.n_neighbours, 1);
	assert_int_equal(fake.frames[1].to.kind, DP_TO_ROUTE);
	assert_memory_equal(fake.frames[1].bytes, was.bytes, was.len);
	arp_arrives(LAN, ARP_REQUEST, SUBSCRIBER, OURS);
	assert_int_equal(arp_sent(2, LAN).op, ARP_REPLY);
}

static void
a_silent_next_hop_is_reported_to_the_sender(void **state)
{
	(void)state;
	start();
	routed(DP_PUNT_GLEAN, SUBSCRIBER, HOST);
	store_be32(&in.next_hop_be, HOST);
	ip_ports_input(&c, &in, 0);
	for (unsigned i = 1; i <= NEIGHBOUR_TRIES; i++) {
		assert_int_equal(ip_ports_deadline_ms(&c), (uint64_t)i * NEIGHBOUR_RETRY_MS);
		ip_ports_tick(&c, (uint64_t)i * NEIGHBOUR_RETRY_MS);
	}
	assert_int_equal(fake.n_frames, NEIGHBOUR_TRIES + 1);
	assert_error(NEIGHBOUR_TRIES, OURS, SUBSCRIBER, 3, 1, 0);
}

static void
errors_of_routing_are_told_to_the_sender(void **state)
{
	static const struct {
		enum dp_punt_why why;
		uint8_t type, code;
		uint16_t rest;
	} rows[] = {
		{DP_PUNT_TTL, 11, 0, 0},
		{DP_PUNT_TOO_BIG, 3, 4, 1400},
		{DP_PUNT_NO_ROUTE, 3, 0, 0},
	};

	(void)state;
	start();
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		routed(rows[i].why, HOST, 0x08080808);
		ip_ports_input(&c, &in, 1000 * i);
		assert_error(i, OURS, HOST, rows[i].type, rows[i].code, rows[i].rest);
	}
}

static void
errors_about_a_bundles_packets_come_from_our_side_of_it(void **state)
{
	static const struct host_multilink m;
	struct host_out_item *it = &c.out->items[0];

	(void)state;
	start();
	*it = (struct host_out_item){.kind = HOST_OUT_BUNDLE_SET, .bundle = 3};
	it->bundle_values.multilink = &m;
	c.out->n = 1;
	apply_effects(&c);
	fake.bundle = (struct host_bundle_info){.id = 3, .our_address = 0x0a400001};
	routed(DP_PUNT_TTL, SUBSCRIBER, 0x08080808);
	in.from_bundle = true;
	assert_true(apply_bundle_ref(&c, 3, &in.bundle));
	ip_ports_input(&c, &in, 0);
	assert_error(0, 0x0a400001, SUBSCRIBER, 11, 0, 0);
}

static void
errors_are_limited(void **state)
{
	(void)state;
	start();
	routed(DP_PUNT_TTL, HOST, 0x08080808);
	for (unsigned i = 0; i < 250; i++)
		ip_ports_input(&c, &in, 0);
	assert_int_equal(fake.n_frames, 100);
	assert_int_equal(ip_ports_counters(&c)->errors_limited, 150);
}

static void
no_error_is_sent_about_our_own_packets(void **state)
{
	(void)state;
	start();
	routed(DP_PUNT_NO_ROUTE, OURS, 0x08080808);
	ip_ports_input(&c, &in, 0);
	assert_int_equal(fake.n_frames, 0);
}

static void
echo_is_answered_on_frames_and_on_routed_packets(void **state)
{
	uint8_t icmp[12] = {8, 0, 0, 0, 0x12, 0x34, 0, 1, 'a', 'b', 'c', 'd'};
	struct ip4_view v;

	(void)state;
	start();
	store_be16(icmp + 2, checksum_fold(checksum_add(0, icmp, sizeof(icmp))));
	in = (struct dp_punted){.origin = DP_FROM_IP_PORT, .why = DP_PUNT_LOCAL, .port = LAN};
	in.len = eth_store(in.bytes, &all, &host_mac, (struct vlan_stack){0, 0}, ETHERTYPE_V4);
	in.len += packet(in.bytes + in.len, HOST, OURS, IPPROTO_ICMP4, icmp, sizeof(icmp));
	ip_ports_input(&c, &in, 0);
	in = (struct dp_punted){.origin = DP_FROM_ROUTE, .why = DP_PUNT_LOCAL, .from_bundle = true};
	in.len = packet(in.bytes, SUBSCRIBER, CORE_ADDRESS, IPPROTO_ICMP4, icmp, sizeof(icmp));
	ip_ports_input(&c, &in, 0);
	assert_int_equal(fake.n_frames, 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(fake.frames[i].to.kind, DP_TO_ROUTE);
		assert_int_equal(ip4_parse(fake.frames[i].bytes, fake.frames[i].len, fake.frames[i].len, &v), IP_OK);
		assert_int_equal(v.src, i == 0 ? OURS : CORE_ADDRESS);
		assert_int_equal(v.dst, i == 0 ? HOST : SUBSCRIBER);
		assert_int_equal(fake.frames[i].bytes[20], 0);
		assert_memory_equal(fake.frames[i].bytes + 24, icmp + 4, 8);
	}
}

/* One fragment of an ICMP message with that number. */
static void
piece_arrives(uint32_t src, uint16_t number, uint16_t fragment, uint8_t type, uint64_t now_ms)
{
	uint8_t icmp[16] = {type, 0, 0, 0, 0x12, 0x34, 0, 1};

	in = (struct dp_punted){.origin = DP_FROM_ROUTE, .why = DP_PUNT_LOCAL, .from_bundle = true};
	in.len = packet(in.bytes, src, OURS, IPPROTO_ICMP4, icmp, sizeof(icmp));
	store_be16(in.bytes + 4, number);
	store_be16(in.bytes + 6, fragment);
	store_be16(in.bytes + 10, 0);
	store_be16(in.bytes + 10, checksum_fold(checksum_add(0, in.bytes, IP4_HDR_MIN)));
	ip_ports_input(&c, &in, now_ms);
}

static void
an_echo_in_fragments_is_answered_and_no_other_fragment_is(void **state)
{
	static const struct {
		const char *name;
		uint32_t src;
		uint16_t number, fragment;
		uint8_t type;
		uint64_t at_ms;
		unsigned answers; /* so far */
	} rows[] = {
		{"later piece of nothing known", SUBSCRIBER, 7, 2, 0, 0, 0},
		{"first piece of a reply", SUBSCRIBER, 7, IP4_MF, 0, 0, 0},
		{"later piece of the reply", SUBSCRIBER, 7, 2, 0, 0, 0},
		{"first piece of an echo", SUBSCRIBER, 7, IP4_MF, 8, 0, 1},
		{"middle piece", SUBSCRIBER, 7, IP4_MF | 2, 0, 10, 2},
		{"another host's", HOST, 7, 4, 0, 10, 2},
		{"another number's", SUBSCRIBER, 8, 4, 0, 10, 2},
		{"last piece", SUBSCRIBER, 7, 4, 0, 14999, 3},
		{"too late", SUBSCRIBER, 7, 6, 0, 15000, 3},
	};

	(void)state;
	start();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("%s\n", rows[i].name);
		piece_arrives(rows[i].src, rows[i].number, rows[i].fragment, rows[i].type, rows[i].at_ms);
		assert_int_equal(fake.n_frames, rows[i].answers);
	}
	assert_int_equal(load_be16(fake.frames[2].bytes + 4), 7);
	assert_int_equal(load_be16(fake.frames[2].bytes + 6), 4);
	assert_int_equal(load_be32(fake.frames[2].bytes + 16), SUBSCRIBER);
	assert_int_equal(ip_ports_counters(&c)->echo_replies, 1);
}

static void
many_fragmented_echoes_push_out_the_oldest(void **state)
{
	(void)state;
	start();
	for (uint16_t i = 0; i < 65; i++)
		piece_arrives(SUBSCRIBER, i, IP4_MF, 8, 0);
	fake.n_frames = 0;
	piece_arrives(SUBSCRIBER, 0, 2, 0, 0);
	assert_int_equal(fake.n_frames, 0);
	piece_arrives(SUBSCRIBER, 1, 2, 0, 0);
	piece_arrives(SUBSCRIBER, 64, 2, 0, 0);
	assert_int_equal(fake.n_frames, 2);
}

static void
udp_to_ourselves_meets_a_closed_port(void **state)
{
	(void)state;
	start();
	routed(DP_PUNT_LOCAL, HOST, OURS);
	ip_ports_input(&c, &in, 0);
	assert_error(0, OURS, HOST, 3, 3, 0);
}

static void
frames_cut_short_are_counted(void **state)
{
	(void)state;
	start();
	for (size_t len = 0; len < 60; len++) {
		arp_arrives(LAN, ARP_REQUEST, 0, HOST + 5);
		in.len = len;
		ip_ports_input(&c, &in, 0);
	}
	assert_int_equal(ip_ports_counters(&c)->bad, ETH_HDR_LEN + ARP_LEN);
	assert_int_equal(fake.n_frames, 0);
}

/* What RFC 4861 section 4.3 says of the bytes: type 135 at 40, target at 48, source link-layer address option at 64. */
static void
a_solicitation_for_our_ipv6_address_is_answered(void **state)
{
	static const uint8_t us[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}, host[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 2};
	uint8_t *p;

	(void)state;
	start();
	in = (struct dp_punted){.origin = DP_FROM_IP_PORT, .port = LAN};
	in.len = eth_store(in.bytes, &all, &host_mac, (struct vlan_stack){0, 0}, ETHERTYPE_V6);
	p = in.bytes + in.len;
	p[0] = 0x60;
	p[5] = 32;
	p[6] = 58;
	p[7] = 255;
	memcpy(p + 8, host, 16);
	memcpy(p + 24, us, 16);
	p[40] = 135;
	memcpy(p + 48, us, 16);
	p[64] = 1;
	p[65] = 1;
	memcpy(p + 66, &host_mac, 6);
	store_be16(p + 42, checksum_fold(checksum_add(checksum_pseudo6(host, us, 58, 32), p + 40, 32)));
	in.len += 72;
	ip_ports_input(&c, &in, 0);
	assert_int_equal(fake.n_frames, 1);
	p = fake.frames[0].bytes;
	assert_memory_equal(p, &host_mac, 6);
	assert_int_equal(p[14 + 40], 136);
	assert_int_equal(p[14 + 44], 0xe0); /* router, solicited, override */
	assert_memory_equal(p + 14 + 48, us, 16);
	assert_int_equal(p[14 + 71], 1); /* the port's MAC */
	/* Another target is another's business. */
	in.bytes[14 + 63] = 9;
	in.bytes[14 + 43] = (uint8_t)(in.bytes[14 + 43] - 8);
	ip_ports_input(&c, &in, 0);
	assert_int_equal(fake.n_frames, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(routes_and_announcements_are_made_at_start, setup, teardown),
		cmocka_unit_test_setup_teardown(arp_for_our_address_is_answered_and_the_asker_learnt, setup, teardown),
		cmocka_unit_test_setup_teardown(arp_that_is_not_for_us_is_left_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(proxy_arp_answers_for_what_is_behind_us, setup, teardown),
		cmocka_unit_test_setup_teardown(a_probe_is_answered_but_teaches_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(
			an_address_is_not_used_before_it_was_probed_for, setup_probing, teardown),
		cmocka_unit_test_setup_teardown(probing_begins_anew_when_the_cable_is_back, setup_probing, teardown),
		cmocka_unit_test_setup_teardown(no_neighbour_is_asked_for_without_an_address, setup_probing, teardown),
		cmocka_unit_test_setup_teardown(
			an_address_that_somebody_has_is_not_used_until_he_is_gone, setup_probing, teardown),
		cmocka_unit_test_setup_teardown(
			a_rival_for_a_used_address_is_answered_by_an_announcement, setup, teardown),
		cmocka_unit_test_setup_teardown(senders_from_foreign_networks_are_not_learnt, setup, teardown),
		cmocka_unit_test_setup_teardown(a_packet_waits_for_its_next_hop_and_is_routed_again, setup, teardown),
		cmocka_unit_test_setup_teardown(a_host_that_only_its_own_route_leads_to_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(a_silent_next_hop_is_reported_to_the_sender, setup, teardown),
		cmocka_unit_test_setup_teardown(errors_of_routing_are_told_to_the_sender, setup, teardown),
		cmocka_unit_test_setup_teardown(
			errors_about_a_bundles_packets_come_from_our_side_of_it, setup, teardown),
		cmocka_unit_test_setup_teardown(errors_are_limited, setup, teardown),
		cmocka_unit_test_setup_teardown(no_error_is_sent_about_our_own_packets, setup, teardown),
		cmocka_unit_test_setup_teardown(echo_is_answered_on_frames_and_on_routed_packets, setup, teardown),
		cmocka_unit_test_setup_teardown(
			an_echo_in_fragments_is_answered_and_no_other_fragment_is, setup, teardown),
		cmocka_unit_test_setup_teardown(many_fragmented_echoes_push_out_the_oldest, setup, teardown),
		cmocka_unit_test_setup_teardown(udp_to_ourselves_meets_a_closed_port, setup, teardown),
		cmocka_unit_test_setup_teardown(frames_cut_short_are_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(a_solicitation_for_our_ipv6_address_is_answered, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
