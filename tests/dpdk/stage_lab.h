/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_DPDK_STAGE_LAB_H
#define TESTS_DPDK_STAGE_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <rte_byteorder.h>

#include "dataplane/mp/pacing.h"
#include "dataplane/wire/ip.h"
#include "dataplane/wire/ppp.h"
#include "dataplane/wire/pppoe.h"
#include "tests/support/rig.h"

/* Frames are large: helpers keep theirs static.
 *
 * What the tests of the stages have in common: one access port (0), one IP port, bundles with links on the access port, and a host
 * behind the IP port to which everything is routed. Link s of bundle b has session id 100 b + s + 1 and its own peer MAC. */

enum {
	LAB_ACCESS = 0,
	LAB_IP = 1,
	LAB_MTU = 1500,
};

static const uint32_t lab_host = 0xc0000201;       /* 192.0.2.1, on the IP port */
static const uint32_t lab_subscriber = 0x0a000001; /* 10.0.0.1 and up: bundle 0 and up */
static const struct mac lab_host_mac = {{0x02, 0xee, 0, 0, 0, 1}};

struct lab {
	struct rig r;
	uint8_t gen;
	struct vlan_stack vlans; /* of links made from now on */
};

static inline uint64_t
lab_ms(uint64_t n)
{
	return n * 1000000;
}

static inline uint32_t
lab_address(unsigned bundle)
{
	return lab_subscriber + bundle;
}

static inline struct mac
lab_peer(unsigned bundle, unsigned slot)
{
	return (struct mac){{0x02, 0xcc, 0, (uint8_t)bundle, 0, (uint8_t)slot}};
}

static inline uint16_t
lab_session(unsigned bundle, unsigned slot)
{
	return (uint16_t)(100 * bundle + slot + 1);
}

static inline void
lab_route(struct lab *l, uint32_t prefix, unsigned len, const struct dp_next *next)
{
	assert_int_equal(dp_route_set(l->r.dp, rte_cpu_to_be_32(prefix), len, next), 0);
}

static inline void
lab_open_wish(struct lab *l, const struct rig_wish *wish)
{
	memset(l, 0, sizeof(*l));
	rig_open(&l->r, wish);
	l->gen = 7;
	/* net_ring is told to get copies, as the process at its other end may write; ours only reads: like a NIC, indirect. */
	l->r.dp->ports[LAB_ACCESS].tx_indirect = true;
	lab_route(l, 0xc0000200, 24, &(struct dp_next){.kind = DP_NEXT_CONNECTED, .port = LAB_IP});
	assert_int_equal(dp_neighbour_set(l->r.dp, LAB_IP, rte_cpu_to_be_32(lab_host), &lab_host_mac), 0);
}

static inline void
lab_open(struct lab *l)
{
	lab_open_wish(l, &(struct rig_wish){.access_ports = 1, .ip_ports = 1});
}

static inline struct dp_bundle_set
lab_bundle_defaults(unsigned bundle)
{
	return (struct dp_bundle_set){
		.flags = DP_BUNDLE_MP | DP_BUNDLE_V4,
		.rx_mrru = 1500,
		.tx_mrru = 1500,
		.min_fragment = 64,
		.mode = DP_SCHED_WEIGHTED,
		.null_ms = 0,
		.stall_min_ms = 20,
		.stall_max_ms = 200,
		.queue_ms = 100,
		.window_slots_max = 4096,
		.address_be = rte_cpu_to_be_32(lab_address(bundle)),
	};
}

static inline void
lab_bundle_at(struct lab *l, unsigned home, unsigned bundle, const struct dp_bundle_set *set)
{
	const struct dp_next next = {
		.kind = DP_NEXT_BUNDLE, .bundle = {.index = bundle, .home = (uint16_t)home, .gen = l->gen}};

	rig_command(&l->r, home,
		&(struct dp_cmd){.op = DP_CMD_BUNDLE_SET, .bundle = bundle, .gen = l->gen, .bundle_set = *set});
	lab_route(l, lab_address(bundle), 32, &next);
}

static inline void
lab_bundle(struct lab *l, unsigned bundle, const struct dp_bundle_set *set)
{
	lab_bundle_at(l, 0, bundle, set);
}

static inline struct dp_session_key
lab_key(const struct lab *l, unsigned bundle, unsigned slot)
{
	return (struct dp_session_key){
		.port = LAB_ACCESS,
		.session = lab_session(bundle, slot),
		.vlans = l->vlans,
		.peer = lab_peer(bundle, slot),
		.local = rig_mac(&l->r, LAB_ACCESS),
	};
}

static inline struct dp_link_set
lab_link_defaults(const struct lab *l, unsigned bundle, unsigned slot)
{
	return (struct dp_link_set){
		.slot = (uint8_t)slot,
		.encap = PACING_ETHERNET,
		.peer = lab_peer(bundle, slot),
		.local = rig_mac(&l->r, LAB_ACCESS),
		.vlans = l->vlans,
		.port = LAB_ACCESS,
		.session = lab_session(bundle, slot),
		.tx_mru = 1492,
	};
}

static inline void
lab_link_at(struct lab *l, unsigned home, unsigned bundle, const struct dp_link_set *set)
{
	const struct dp_session_key key = lab_key(l, bundle, set->slot);
	const struct dp_bundle_ref ref = {.index = bundle, .home = (uint16_t)home, .gen = l->gen};

	rig_command(&l->r, home,
		&(struct dp_cmd){.op = DP_CMD_LINK_SET, .bundle = bundle, .gen = l->gen, .link_set = *set});
	assert_int_equal(dp_session_link(l->r.dp, &key, ref, set->slot), 0);
}

/* Link with a rate, 0: not paced. */
static inline void
lab_link(struct lab *l, unsigned bundle, unsigned slot, uint64_t rate_bps)
{
	struct dp_link_set set = lab_link_defaults(l, bundle, slot);

	set.rate_bps = rate_bps;
	lab_link_at(l, 0, bundle, &set);
}

static inline void
lab_link_remove(struct lab *l, unsigned bundle, unsigned slot)
{
	rig_command(&l->r, 0,
		&(struct dp_cmd){.op = DP_CMD_LINK_REMOVE, .bundle = bundle, .gen = l->gen, .slot = (uint8_t)slot});
}

/* A bundle with n unpaced links and the defaults. */
static inline void
lab_bundle_of(struct lab *l, unsigned bundle, unsigned links)
{
	const struct dp_bundle_set set = lab_bundle_defaults(bundle);

	lab_bundle(l, bundle, &set);
	for (unsigned i = 0; i < links; i++)
		lab_link(l, bundle, i, 0);
}

static inline struct frame_path
lab_path(const struct lab *l, unsigned bundle, unsigned slot)
{
	return (struct frame_path){
		.dst = rig_mac(&l->r, LAB_ACCESS),
		.src = lab_peer(bundle, slot),
		.vlans = l->vlans,
		.session = lab_session(bundle, slot),
	};
}

/* Valid until the next call. */
static inline const struct dp_bundle_stats *
lab_stats(struct lab *l, unsigned home, unsigned bundle)
{
	static struct dp_bundle_stats s;

	rig_command(
		&l->r, home, &(struct dp_cmd){.op = DP_CMD_SNAPSHOT, .bundle = bundle, .gen = l->gen, .snapshot = &s});
	return &s;
}

/* IPv4 packet of bundle's subscriber to the host, with the inner protocol field of an MP packet in front. */
static inline void
lab_inner(struct frame *f, unsigned bundle, unsigned seed, size_t total)
{
	static struct frame ip;

	packet_udp(&ip, lab_address(bundle), lab_host, 64, seed, total);
	f->len = 0;
	frame_add_be16(f, PPP_IPV4);
	frame_add(f, ip.b, ip.len);
}

/* One MP fragment: bytes [from, from + n) of whole arrive on a link. */
static inline void
lab_fragment(
	struct lab *l, unsigned bundle, unsigned slot, uint32_t seq, const struct frame *whole, size_t from, size_t n)
{
	const struct frame_path p = lab_path(l, bundle, slot);
	static struct frame f;

	frame_mp(&f, &p, false, seq, from == 0, from + n == whole->len, whole->b + from, n);
	rig_send(&l->r, LAB_ACCESS, &f);
}

/* The next packet that left the IP port must be what lab_inner(seed, total) made, one hop further. */
static inline void
lab_expect_packet(struct lab *l, unsigned bundle, unsigned seed, size_t total)
{
	static struct frame got, want;

	packet_udp(&want, lab_address(bundle), lab_host, 63, seed, total);
	if (!rig_receive(&l->r, LAB_IP, &got))
		rig_explain(&l->r);
	assert_int_equal(got.len, want.len + ETH_HDR_LEN);
	assert_memory_equal(got.b, &lab_host_mac, ETH_ADDR_LEN);
	assert_int_equal(load_be16(got.b + 12), ETHERTYPE_V4);
	assert_memory_equal(got.b + ETH_HDR_LEN, want.b, want.len);
}

static inline void
lab_expect_nothing(struct lab *l)
{
	assert_int_equal(rig_waiting(&l->r, LAB_IP), 0);
}

/* Exactly n drops, all of this reason, since the counters were last read by this. */
static inline void
lab_expect_drops(struct lab *l, enum drop_reason why, uint64_t n)
{
	if (rig_drops(&l->r, why) != n || rig_drops_all(&l->r) != n)
		rig_explain(&l->r);
	assert_int_equal(rig_drops(&l->r, why), n);
	assert_int_equal(rig_drops_all(&l->r), n);
}

/* A packet for a bundle's subscriber comes in on the IP port. */
static inline void
lab_downlink(struct lab *l, const struct frame *ip)
{
	const struct frame_path p = {.dst = rig_mac(&l->r, LAB_IP), .src = lab_host_mac};
	static struct frame f;

	frame_eth(&f, &p, ETHERTYPE_V4);
	frame_add(&f, ip->b, ip->len);
	rig_send(&l->r, LAB_IP, &f);
}

static inline void
lab_downlink_udp(struct lab *l, unsigned bundle, unsigned seed, size_t total)
{
	static struct frame ip;

	packet_udp(&ip, lab_host, lab_address(bundle), 64, seed, total);
	lab_downlink(l, &ip);
}

/* Takes a frame that left on the access port apart. */
struct lab_sent {
	struct frame frame;
	struct eth_view eth;
	struct pppoe_view pppoe;
	uint16_t proto;
	struct mp_view mp; /* proto PPP_MP */
	const uint8_t *payload;
	size_t n;
	unsigned slot; /* by session id */
};

static inline bool
lab_sent(struct lab *l, struct lab_sent *s, bool short_seq)
{
	const uint8_t *p;

	if (!rig_receive(&l->r, LAB_ACCESS, &s->frame))
		return false;
	assert_true(eth_parse(s->frame.b, s->frame.len, &s->eth));
	assert_int_equal(s->eth.type, ETHERTYPE_PPPOE_SESSION);
	p = s->frame.b + s->eth.hdr_len;
	assert_int_equal(pppoe_parse(p, s->frame.len - s->eth.hdr_len, &s->pppoe), PPPOE_OK);
	assert_int_equal(s->pppoe.payload_len, s->frame.len - s->eth.hdr_len - PPPOE_HDR_LEN);
	p += PPPOE_HDR_LEN;
	s->proto = load_be16(p);
	s->payload = p + PPP_PROTO_LEN;
	s->n = s->pppoe.payload_len - PPP_PROTO_LEN;
	s->slot = (s->pppoe.session - 1u) % 100;
	if (s->proto == PPP_MP) {
		assert_true(mp_parse(s->payload, s->n, short_seq, &s->mp));
		s->payload += mp_hdr_len(short_seq);
		s->n -= mp_hdr_len(short_seq);
	}
	return true;
}

#endif
