/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_WIRE_ICMP6_H
#define DATAPLANE_WIRE_ICMP6_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/wire/ip.h"

/* ICMPv6 messages of a router (RFC 4443) as whole IPv6 packets. */

enum {
	ICMP6_UNREACHABLE = 1,
	ICMP6_PACKET_TOO_BIG = 2,
	ICMP6_TIME_EXCEEDED = 3,
	ICMP6_PARAMETER = 4,
	ICMP6_ECHO = 128,
	ICMP6_ECHO_REPLY = 129,
	ICMP6_REDIRECT = 137,
	ICMP6_NO_ROUTE = 0, /* codes of UNREACHABLE */
	ICMP6_ADDRESS = 3,
	ICMP6_PORT = 4,
	ICMP6_HDR_LEN = 8,
	ICMP6_ERROR_MAX = IP6_MTU_MIN,
};

/* May an error of this type be sent about this packet (RFC 4443 section 2.4 e)? Not about ICMPv6 errors and redirects, what came from
 * no single host, and, but for Packet Too Big, what went to several. n: contiguous bytes at ip, a header that ip6_parse took. */
bool icmp6_may_report(const uint8_t *ip, size_t n, const struct ip6_view *v, uint8_t type);

/* Writes the error about the packet at ip (n bytes of it, header that ip6_parse took) at out, which has room for ICMP6_ERROR_MAX; src:
 * our address. rest: second word of the ICMPv6 header (Packet Too Big: the MTU). Quotes as much as fits. Returns the length. */
size_t icmp6_error(uint8_t *out, const struct ip_addr *src, uint8_t type, uint8_t code, uint32_t rest,
	const uint8_t *ip, size_t n, const struct ip6_view *v);

/* Makes the whole packet at ip (total_len bytes, header that ip6_parse took) the answer from src. False, and nothing changed: not an
 * Echo Request without extension headers and with a right checksum, or from no single host. */
bool icmp6_echo_reply(uint8_t *ip, const struct ip6_view *v, const struct ip_addr *src);

#endif
