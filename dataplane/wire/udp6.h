/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_WIRE_UDP6_H
#define DATAPLANE_WIRE_UDP6_H

#include "dataplane/wire/ip.h"

/* UDP over IPv6 (RFC 768, RFC 8200 section 8.1) as whole packets. */

enum { UDP_HDR_LEN = 8, UDP6_OVERHEAD = IP6_HDR_LEN + UDP_HDR_LEN };

enum udp6_verdict {
	UDP6_OK,
	UDP6_NOT_UDP,      /* another protocol behind the IPv6 header, extension headers among them */
	UDP6_BAD_LENGTH,   /* of the packet, or what UDP says of its own */
	UDP6_BAD_CHECKSUM, /* wrong, or zero, which IPv6 does not allow */
};

struct udp6_view {
	const uint8_t *src, *dst; /* addresses, in the packet */
	uint16_t src_port, dst_port;
	const uint8_t *data;
	size_t len; /* of the data */
};

/* The n bytes of an IPv6 packet (contiguous). */
enum udp6_verdict udp6_parse(const uint8_t *ip6, size_t n, struct udp6_view *v);
/* Puts both headers in front of len bytes of data, which stand at p + UDP6_OVERHEAD. Returns the length of all. */
size_t udp6_store(uint8_t *p, const uint8_t src[IP6_ADDR_LEN], const uint8_t dst[IP6_ADDR_LEN], uint16_t src_port,
	uint16_t dst_port, uint16_t len);

#endif
