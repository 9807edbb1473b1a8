/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/apply.h"
#include "control/demand.h"
#include "control/events.h"
#include "control/ip_ports_state.h"
#include "control/rib.h"
#include "control/routes.h"
#include "dataplane/wire/arp.h"
#include "dataplane/wire/ip.h"
#include "tests/unit/control/fake.h"

/* Client home has the default routes and is dialled on demand; far is, too, for two networks; near is always up. */
static const char yaml[] = "process: {name: t, hugepages: no}\n"
			   "ports:\n"
			   "  lan: {kind: ip, device: net_null0, proxy_arp: yes,\n"
			   "        addresses: [192.168.1.1/24, '2001:db8::1/64']}\n"
			   "  dsl: {kind: access, device: net_null1}\n"
			   "  vdsl: {kind: access, device: net_null2}\n"
			   "  cable: {kind: access, device: net_null3}\n"
			   "routes:\n"
			   "  - {to: 10.9.0.0/16, client: far}\n"
			   "  - {to: 0.0.0.0/0, via: 192.168.1.9}\n"
			   "clients:\n"
			   "  near: {authentication: [], default_route: no, links: {a: {ports: cable}}}\n"
			   "  home: {authentication: [], dial: on-demand, links: {a: {ports: dsl}}}\n"
			   "  far: {authentication: [], dial: on-demand, default_route: no, routes: [10.8.0.0/16],\n"
			   "        links: {a: {ports: vdsl}}}\n";

enum { LAN = 0, NEAR = 0, HOME = 1, FAR = 2, OURS = 0xc0a80101, HOST = 0xc0a80102, OUTSIDE = 0x08080808 };

static const struct mac host_mac = {{2, 0, 0, 0, 9, 9}}, our_mac = {{2, 0, 0, 0, 0, 1}};
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
	fake.awake = true;
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
	if (!demand_new(&c))
		return -1;
	ip_ports_start(&c);
	demand_start(&c);
	fake.n_frames = 0;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	demand_free(c.demand);
	ip_ports_free(c.ip);
	apply_free(c.apply);
	rib_free(c.rib);
	events_free(c.events);
	free(c.out);
	setup_free(c.setup);
	config_free(cfg);
	return 0;
}

/* From a host on lan, numbered so that packets can be told apart. */
static void
packet4(uint32_t dst, uint8_t ttl, uint16_t number)
{
	uint8_t *p;

	in = (struct dp_punted){.origin = DP_FROM_IP_PORT, .port = LAN};
	in.len = eth_store(in.bytes, &our_mac, &host_mac, (struct vlan_stack){0, 0}, ETHERTYPE_V4);
	p = in.bytes + in.len;
	ip4_store(p, HOST, dst, 17, ttl, number, 4);
	memcpy(p + IP4_HDR_MIN, "data", 4);
	in.len = ETH_FRAME_MIN; /* padded */
}

static void
packet6(const uint8_t dst[16])
{
	static const uint8_t src[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 2};
	uint8_t *p;

	in = (struct dp_punted){.origin = DP_FROM_IP_PORT, .port = LAN};
	in.len = eth_store(in.bytes, &our_mac, &host_mac, (struct vlan_stack){0, 0}, ETHERTYPE_V6);
	p = in.bytes + in.len;
	memset(p, 0, IP6_HDR_LEN);
	p[0] = 0x60;
	p[6] = 59;
	p[7] = 64;
	memcpy(p + 8, src, 16);
	memcpy(p + 24, dst, 16);
	in.len = ETH_FRAME_MIN;
}

static void
arrives(uint64_t now_ms)
{
	ip_ports_input(&c, &in, now_ms);
}

/* The client's bundle is up, or gone, as to its routes. */
static void
route(uint32_t prefix, unsigned len, bool up)
{
	const struct ip_addr a = ip_addr_of4(prefix);
	const struct rib_route r = {
		.prefix = a, .len = (uint8_t)(96 + len), .rank = RIB_BUNDLE, .owner = 1, .next.kind = DP_NEXT_BUNDLE};

	if (up)
		routes_set(&c, &r);
	else
		routes_del(&c, &a, r.len, RIB_BUNDLE, 1);
}

static unsigned
number_sent(unsigned i)
{
	assert_true(i < fake.n_frames);
	assert_int_equal(fake.frames[i].to.kind, DP_TO_ROUTE);
	return load_be16(fake.frames[i].bytes + 4);
}

/* ------------------------------------------------------------------ cases */

static void
the_first_packet_dials_waits_and_goes_its_way(void **state)
{
	const uint8_t *p = fake.frames[0].bytes;
	struct ip4_view v;

	(void)state;
	packet4(OUTSIDE, 64, 7);
	arrives(0);
	assert_int_equal(fake.n_demands, 1);
	assert_int_equal(fake.demand_client, HOME);
	assert_string_equal(fake.demand_what, "a packet to 8.8.8.8");
	demand_tick(&c, 5000);
	assert_int_equal(fake.n_frames, 0);
	route(0, 0, true);
	demand_tick(&c, 5001);
	assert_int_equal(number_sent(0), 7);
	assert_int_equal(fake.frames[0].len, IP4_HDR_MIN + 4); /* the frame's padding is cut */
	assert_int_equal(ip4_parse(p, IP4_HDR_MIN + 4, IP4_HDR_MIN + 4, &v), IP_OK);
	assert_int_equal(v.ttl, 63);
	assert_true(checksum_holds(p, IP4_HDR_MIN));
	assert_memory_equal(p + IP4_HDR_MIN, "data", 4);
	assert_int_equal(c.counters.demand_held, 1);
	assert_int_equal(c.counters.demand_sent, 1);
	demand_tick(&c, 6000);
	assert_int_equal(fake.n_frames, 1);
}

static void
packets_keep_their_order_and_each_client_its_own(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < 10; i++) {
		packet4(OUTSIDE, 64, i);
		arrives(i);
		packet4(i % 2 ? 0x0a080001 : 0x0a090001, 64, (uint16_t)(100 + i));
		arrives(i);
		assert_int_equal(fake.demand_client, FAR);
	}
	route(0x0a080000, 16, true);
	demand_tick(&c, 100);
	assert_int_equal(fake.n_frames, 5); /* the other network of far has no route yet */
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(number_sent(i), 101 + 2 * i);
	route(0, 0, true);
	demand_tick(&c, 101);
	assert_int_equal(fake.n_frames, 15);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(number_sent(5 + i), i);
	assert_int_equal(c.counters.demand_sent, 15);
}

static void
ipv6_dials_too_but_what_stays_on_the_link_does_not(void **state)
{
	static const uint8_t outside[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 9, [15] = 1},
			     all_nodes[16] = {0xff, 2, [15] = 1}, link_local[16] = {0xfe, 0x80, [15] = 9},
			     zero[16] = {0};

	(void)state;
	packet6(all_nodes);
	arrives(0);
	packet6(link_local);
	arrives(0);
	packet6(zero);
	arrives(0);
	assert_int_equal(fake.n_demands, 0);
	packet6(outside);
	arrives(0);
	assert_int_equal(fake.n_demands, 1);
	assert_string_equal(fake.demand_what, "a packet to 2001:db8:9::1");
	routes_set(&c, &(struct rib_route){.len = 0, .rank = RIB_BUNDLE, .owner = 1, .next.kind = DP_NEXT_BUNDLE});
	demand_tick(&c, 1);
	assert_int_equal(fake.n_frames, 1);
	assert_int_equal(fake.frames[0].len, IP6_HDR_LEN);
	assert_int_equal(fake.frames[0].bytes[7], 63);
}

static void
what_is_ours_connected_or_broken_does_not_dial(void **state)
{
	(void)state;
	packet4(OURS, 64, 1);
	arrives(0);
	packet4(0x7f000001, 64, 1);
	arrives(0);
	packet4(0xe0000005, 64, 1);
	arrives(0);
	packet4(OUTSIDE, 64, 1);
	in.bytes[ETH_HDR_LEN] = 0x43; /* header of 12 bytes */
	arrives(0);
	packet4(OUTSIDE, 1, 1); /* it could go no further */
	arrives(0);
	assert_int_equal(fake.n_demands, 0);
	assert_int_equal(c.counters.demand_held, 0);
}

static void
there_is_a_limit_to_what_waits(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < DEMAND_CLIENT_PACKETS + 10; i++) {
		packet4(OUTSIDE, 64, i);
		arrives(0);
	}
	assert_int_equal(c.counters.demand_held, DEMAND_CLIENT_PACKETS);
	assert_int_equal(c.counters.demand_full, 10);
	packet4(0x0a080001, 64, 1); /* another client has room */
	arrives(0);
	assert_int_equal(c.counters.demand_held, DEMAND_CLIENT_PACKETS + 1);
	route(0, 0, true);
	demand_tick(&c, 1);
	assert_int_equal(fake.n_frames, DEMAND_CLIENT_PACKETS);
	route(0, 0, false);
	packet4(OUTSIDE, 64, 99);
	arrives(2);
	assert_int_equal(c.counters.demand_held, DEMAND_CLIENT_PACKETS + 2);
}

static void
a_packet_longer_than_control_is_shown_dials_and_is_counted(void **state)
{
	(void)state;
	packet4(OUTSIDE, 64, 1);
	store_be16(in.bytes + ETH_HDR_LEN + 2, 4000);
	store_be16(in.bytes + ETH_HDR_LEN + 10, 0);
	store_be16(in.bytes + ETH_HDR_LEN + 10, checksum_fold(checksum_add(0, in.bytes + ETH_HDR_LEN, IP4_HDR_MIN)));
	arrives(0);
	assert_int_equal(fake.n_demands, 1);
	assert_int_equal(c.counters.demand_full, 1);
	assert_int_equal(c.counters.demand_held, 0);
}

static void
packets_do_not_wait_for_ever(void **state)
{
	(void)state;
	packet4(OUTSIDE, 64, 1);
	arrives(1000);
	assert_int_equal(demand_deadline_ms(&c), 1000 + DEMAND_WAIT_MS);
	demand_tick(&c, 1000 + DEMAND_WAIT_MS - 1);
	assert_int_equal(c.counters.demand_expired, 0);
	demand_tick(&c, 1000 + DEMAND_WAIT_MS);
	assert_int_equal(c.counters.demand_expired, 1);
	assert_true(demand_deadline_ms(&c) == UINT64_MAX);
	route(0, 0, true);
	demand_tick(&c, 1000 + DEMAND_WAIT_MS);
	assert_int_equal(fake.n_frames, 0);
}

static void
a_client_that_gives_up_or_is_closed_lets_its_packets_go(void **state)
{
	(void)state;
	packet4(OUTSIDE, 64, 1);
	arrives(0);
	fake.awake = false;
	demand_tick(&c, 1);
	assert_int_equal(c.counters.demand_expired, 1);
	arrives(2); /* the operator has closed it: not even taken */
	assert_int_equal(c.counters.demand_held, 1);
	assert_int_equal(c.counters.demand_expired, 2);
}

/* The bundle's default route comes before it and goes to it again; the static one behind both never gets its turn. */
static void
routes_lead_to_control_while_the_bundle_is_down(void **state)
{
	const struct ip_addr outside = ip_addr_of4(OUTSIDE);
	struct dp_next next;

	(void)state;
	assert_true(rib_lookup(c.rib, &outside, &next));
	assert_int_equal(next.kind, DP_NEXT_LOCAL);
	route(0, 0, true);
	assert_true(rib_lookup(c.rib, &outside, &next));
	assert_int_equal(next.kind, DP_NEXT_BUNDLE);
	route(0, 0, false);
	assert_int_equal(fake.routes[fake.n_routes - 1].next.kind, DP_NEXT_LOCAL);
	assert_true(rib_lookup(c.rib, &outside, &next));
	assert_int_equal(next.kind, DP_NEXT_LOCAL);
}

/* Proxy ARP goes by where the packets will go, and nobody takes a destination for one of our addresses. */
static void
proxy_arp_answers_for_what_would_be_dialled_for(void **state)
{
	const struct arp_view v = {.op = ARP_REQUEST, .sender_mac = host_mac, .sender = HOST, .target = OUTSIDE};

	(void)state;
	in = (struct dp_punted){.origin = DP_FROM_IP_PORT, .port = LAN};
	in.len = eth_store(in.bytes, &our_mac, &host_mac, (struct vlan_stack){0, 0}, ETHERTYPE_ARP_FRAME);
	arp_store(in.bytes + in.len, &v);
	in.len = ETH_FRAME_MIN;
	arrives(0);
	assert_int_equal(fake.n_frames, 1);
	assert_int_equal(c.ip->counters.proxy_replies, 1);
	assert_int_equal(fake.n_demands, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_first_packet_dials_waits_and_goes_its_way, setup, teardown),
		cmocka_unit_test_setup_teardown(packets_keep_their_order_and_each_client_its_own, setup, teardown),
		cmocka_unit_test_setup_teardown(ipv6_dials_too_but_what_stays_on_the_link_does_not, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_ours_connected_or_broken_does_not_dial, setup, teardown),
		cmocka_unit_test_setup_teardown(there_is_a_limit_to_what_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_packet_longer_than_control_is_shown_dials_and_is_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(packets_do_not_wait_for_ever, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_client_that_gives_up_or_is_closed_lets_its_packets_go, setup, teardown),
		cmocka_unit_test_setup_teardown(routes_lead_to_control_while_the_bundle_is_down, setup, teardown),
		cmocka_unit_test_setup_teardown(proxy_arp_answers_for_what_would_be_dialled_for, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
