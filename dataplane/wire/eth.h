/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_WIRE_ETH_H
#define DATAPLANE_WIRE_ETH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/wire/bytes.h"

/* Ethernet II with up to two VLAN tags (IEEE 802.3, 802.1Q, 802.1ad). */

enum {
	ETH_ADDR_LEN = 6,
	ETH_HDR_LEN = 14,
	ETH_VLAN_LEN = 4,
	ETH_HDR_MAX = ETH_HDR_LEN + 2 * ETH_VLAN_LEN,
	ETH_FRAME_MIN = 60, /* without FCS; shorter payloads are padded by the sender */
};

enum {
	ETHERTYPE_V4 = 0x0800,
	ETHERTYPE_ARP_FRAME = 0x0806,
	ETHERTYPE_V6 = 0x86dd,
	ETHERTYPE_DOT1Q = 0x8100,
	ETHERTYPE_DOT1AD = 0x88a8,
	ETHERTYPE_PPPOE_DISCOVERY = 0x8863,
	ETHERTYPE_PPPOE_SESSION = 0x8864,
};

struct mac {
	uint8_t b[ETH_ADDR_LEN];
};

/* The tags of a frame, outermost first. A tag is its 12-bit VLAN id with VLAN_TAGGED set, so that VLAN 0
 * (priority tag) and "no tag" differ; VLAN_AD says that its type is 802.1ad (0x88a8). Priority bits are
 * not kept. {0, 0} is an untagged frame; inner is never set without outer. */
enum { VLAN_ID_MASK = 0x0fff, VLAN_TAGGED = 0x1000, VLAN_AD = 0x2000 };

struct vlan_stack {
	uint16_t outer, inner;
};

struct eth_view {
	struct mac dst, src;
	struct vlan_stack vlans;
	uint16_t type;    /* of what follows the tags, host order */
	uint16_t hdr_len; /* 14, 18 or 22: where the payload starts */
};

static inline bool
mac_equal(const struct mac *a, const struct mac *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static inline bool
mac_is_group(const struct mac *m)
{
	return (m->b[0] & 1) != 0;
}

static inline bool
mac_is_zero(const struct mac *m)
{
	return (m->b[0] | m->b[1] | m->b[2] | m->b[3] | m->b[4] | m->b[5]) == 0;
}

static inline bool
vlan_stack_equal(struct vlan_stack a, struct vlan_stack b)
{
	return a.outer == b.outer && a.inner == b.inner;
}

static inline bool
eth_type_is_vlan(uint16_t type)
{
	return type == ETHERTYPE_DOT1Q || type == ETHERTYPE_DOT1AD;
}

/* One tag at p (type, then tag control information) as struct vlan_stack holds it. */
static inline uint16_t
vlan_load(const uint8_t *p)
{
	const uint16_t ad = load_be16(p) == ETHERTYPE_DOT1AD ? VLAN_AD : 0;

	return (uint16_t)((load_be16(p + 2) & VLAN_ID_MASK) | VLAN_TAGGED | ad);
}

/* Header of the n bytes at p. False: shorter than the header, or more than two tags. */
static inline bool
eth_parse(const uint8_t *p, size_t n, struct eth_view *v)
{
	size_t at = 12;

	if (n < ETH_HDR_LEN)
		return false;
	memcpy(&v->dst, p, ETH_ADDR_LEN);
	memcpy(&v->src, p + ETH_ADDR_LEN, ETH_ADDR_LEN);
	v->vlans = (struct vlan_stack){0, 0};
	if (eth_type_is_vlan(load_be16(p + at))) {
		if (n < ETH_HDR_LEN + ETH_VLAN_LEN)
			return false;
		v->vlans.outer = vlan_load(p + at);
		at += ETH_VLAN_LEN;
		if (eth_type_is_vlan(load_be16(p + at))) {
			if (n < ETH_HDR_MAX)
				return false;
			v->vlans.inner = vlan_load(p + at);
			at += ETH_VLAN_LEN;
			if (eth_type_is_vlan(load_be16(p + at)))
				return false;
		}
	}
	v->type = load_be16(p + at);
	v->hdr_len = (uint16_t)(at + 2);
	return true;
}

static inline size_t
eth_hdr_len(struct vlan_stack vlans)
{
	return ETH_HDR_LEN + (vlans.outer ? ETH_VLAN_LEN : 0) + (vlans.inner ? ETH_VLAN_LEN : 0);
}

static inline uint8_t *
vlan_store(uint8_t *p, uint16_t tag)
{
	store_be16(p, tag & VLAN_AD ? ETHERTYPE_DOT1AD : ETHERTYPE_DOT1Q);
	store_be16(p + 2, tag & VLAN_ID_MASK);
	return p + ETH_VLAN_LEN;
}

/* Writes the header at p, but for its last two bytes, the type of what follows; returns where that goes. */
static inline uint8_t *
eth_store_untyped(uint8_t *p, const struct mac *dst, const struct mac *src, struct vlan_stack vlans)
{
	uint8_t *q = p + 12;

	memcpy(p, dst, ETH_ADDR_LEN);
	memcpy(p + ETH_ADDR_LEN, src, ETH_ADDR_LEN);
	if (vlans.outer != 0)
		q = vlan_store(q, vlans.outer);
	if (vlans.inner != 0)
		q = vlan_store(q, vlans.inner);
	return q;
}

/* Writes the header at p, which has room for eth_hdr_len(vlans) bytes; returns that length. */
static inline size_t
eth_store(uint8_t *p, const struct mac *dst, const struct mac *src, struct vlan_stack vlans, uint16_t type)
{
	uint8_t *q = eth_store_untyped(p, dst, src, vlans);

	store_be16(q, type);
	return (size_t)(q + 2 - p);
}

#endif
