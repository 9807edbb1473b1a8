/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_WIRE_ICMP_H
#define DATAPLANE_WIRE_ICMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/wire/ip.h"

/* ICMP messages of a router (RFC 792, RFC 1191, RFC 1812 section 4.3) as whole IPv4 packets. */

enum {
	ICMP4_ECHO_REPLY = 0,
	ICMP4_UNREACHABLE = 3,
	ICMP4_REDIRECT = 5,
	ICMP4_ECHO = 8,
	ICMP4_TIME_EXCEEDED = 11,
	ICMP4_PARAMETER = 12,
	ICMP4_NET_UNREACHABLE = 0, /* codes of UNREACHABLE */
	ICMP4_FRAG_NEEDED = 4,
	ICMP4_HDR_LEN = 8,
	ICMP4_ERROR_MAX = 576, /* RFC 1812 section 4.3.2.3 */
};

/* May an error be sent about this packet (RFC 1812 section 4.3.2.7)? Not about ICMP errors, later fragments, and what came from
 * or went to more than one host. n: contiguous bytes at ip, a header that ip4_parse took. */
bool icmp4_may_report(const uint8_t *ip, size_t n, const struct ip4_view *v);

/* Writes the error about the packet at ip (n bytes of it, header that ip4_parse took) at out, which has room for ICMP4_ERROR_MAX;
 * returns its length. src: our address. rest: the last two bytes of the ICMP header, the next hop's MTU of FRAG_NEEDED, else 0. */
size_t icmp4_error(uint8_t *out, uint32_t src, uint8_t type, uint8_t code, uint16_t rest, const uint8_t *ip, size_t n,
	const struct ip4_view *v);

/* Turns the echo request at ip (whole packet) into its reply. False: it is none, or its checksum is wrong. */
bool icmp4_echo_reply(uint8_t *ip, const struct ip4_view *v);
/* The same for one fragment of a request, without a look at the checksum over all of it. Of a fragment behind the first the caller knows that it is
 * one of an echo request. False: the first one of something else, or not from one host. */
bool icmp4_echo_reply_piece(uint8_t *ip, const struct ip4_view *v);

#endif
