/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_WIRE_ARP_H
#define DATAPLANE_WIRE_ARP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/eth.h"

/* ARP for IPv4 over Ethernet (RFC 826): what follows the Ethernet header. Addresses are host order. */

enum { ARP_LEN = 28, ARP_REQUEST = 1, ARP_REPLY = 2 };

struct arp_view {
	uint16_t op;
	struct mac sender_mac, target_mac;
	uint32_t sender, target;
};

/* False: short, not IPv4 over Ethernet, neither request nor reply, or a sender MAC that nobody can have. */
static inline bool
arp_parse(const uint8_t *p, size_t n, struct arp_view *v)
{
	static const uint8_t fixed[6] = {0, 1, 0x08, 0x00, ETH_ADDR_LEN, 4};

	if (n < ARP_LEN || memcmp(p, fixed, sizeof(fixed)) != 0)
		return false;
	v->op = load_be16(p + 6);
	memcpy(&v->sender_mac, p + 8, ETH_ADDR_LEN);
	v->sender = load_be32(p + 14);
	memcpy(&v->target_mac, p + 18, ETH_ADDR_LEN);
	v->target = load_be32(p + 24);
	return (v->op == ARP_REQUEST || v->op == ARP_REPLY) && !mac_is_group(&v->sender_mac) &&
		!mac_is_zero(&v->sender_mac);
}

/* Writes ARP_LEN bytes at p. */
static inline void
arp_store(uint8_t *p, const struct arp_view *v)
{
	store_be16(p, 1);
	store_be16(p + 2, ETHERTYPE_V4);
	p[4] = ETH_ADDR_LEN;
	p[5] = 4;
	store_be16(p + 6, v->op);
	memcpy(p + 8, &v->sender_mac, ETH_ADDR_LEN);
	store_be32(p + 14, v->sender);
	memcpy(p + 18, &v->target_mac, ETH_ADDR_LEN);
	store_be32(p + 24, v->target);
}

/* Is this sender merely probing whether the address is in use (RFC 5227)? Then nothing is to be learned from it. */
static inline bool
arp_is_probe(const struct arp_view *v)
{
	return v->sender == 0;
}

#endif
