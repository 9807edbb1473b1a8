/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_WIRE_ND_H
#define DATAPLANE_WIRE_ND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/wire/eth.h"
#include "dataplane/wire/ip.h"

/* Neighbour solicitations and advertisements (RFC 4861 sections 4.3, 4.4), as whole IPv6 packets. */

enum {
	ND_FIRST = 133, /* router solicitation */
	ND_SOLICIT = 135,
	ND_ADVERT = 136,
	ND_LAST = 137,                        /* redirect */
	ND_PACKET_LEN = IP6_HDR_LEN + 24 + 8, /* with one link-layer address option */
	ND_OPT_SOURCE_MAC = 1,
	ND_OPT_TARGET_MAC = 2,
	ND_OPT_MAC_LEN = 8, /* of Ethernet, type and length included */
};

/* A set of message types, ND_TYPE(...) | ... */
typedef unsigned nd_types;
#define ND_TYPE(type) (1u << ((type)-ND_FIRST))

enum nd_verdict {
	ND_OK,
	ND_NOT_ND,       /* another protocol or ICMPv6 type: not a fault */
	ND_BAD_PACKET,   /* IPv6 header or length */
	ND_BAD_HOPS,     /* hop limit is not 255: it crossed a router */
	ND_BAD_CHECKSUM, /* of ICMPv6 */
	ND_BAD_TARGET,   /* target is a multicast address */
	ND_BAD_OPTION,   /* option of length 0 or beyond the end */
	ND_BAD_SOURCE,   /* unspecified or multicast where the RFC forbids it */
	ND_BAD_FLAGS,    /* code is not 0, or a solicited advertisement to a multicast address */
};

struct nd_view {
	uint8_t type; /* ND_SOLICIT, ND_ADVERT */
	bool router, solicited, override;
	bool has_mac; /* source link-layer address of a solicitation, target's of an advertisement */
	struct mac mac;
	uint8_t src[IP6_ADDR_LEN], dst[IP6_ADDR_LEN], target[IP6_ADDR_LEN];
};

/* The n bytes of an IPv6 packet (contiguous), checked as RFC 4861 sections 7.1.1 and 7.1.2 say. */
enum nd_verdict nd_parse(const uint8_t *ip6, size_t n, struct nd_view *v);
/* Writes the packet that v describes at p, which has room for ND_PACKET_LEN; returns its length. */
size_t nd_store(uint8_t *p, const struct nd_view *v);

/* What all messages of neighbour discovery have in common (sections 6.1, 7.1): IPv6 header, hop limit, checksum, code 0, and at least
 * body bytes from the ICMPv6 header on. ND_NOT_ND: none of the types. */
enum nd_verdict nd_open(const uint8_t *ip6, size_t n, nd_types types, size_t body, struct ip6_view *ip);
/* Puts the IPv6 header in front of the len bytes of ICMPv6 that stand behind its room at p, and the checksum into them. Returns the length
 * of all. */
size_t nd_close(uint8_t *p, const uint8_t src[IP6_ADDR_LEN], const uint8_t dst[IP6_ADDR_LEN], size_t len);

/* Is it any message of neighbour discovery, router messages and redirects too? n: contiguous bytes at ip6. */
bool nd_is_message(const uint8_t *ip6, size_t n);

/* The address of the link that an interface with this MAC has (RFC 4291 section 2.5.6 and appendix A). */
struct ip_addr nd_link_local(const struct mac *mac);

/* Solicited-node multicast address of a target (RFC 4291 section 2.7.1), and an IPv6 multicast address's MAC (RFC 2464
 * section 7). */
void nd_solicited_node(const uint8_t target[IP6_ADDR_LEN], uint8_t group[IP6_ADDR_LEN]);
struct mac nd_group_mac(const uint8_t group[IP6_ADDR_LEN]);

#endif
