/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_WIRE_PPP_H
#define DATAPLANE_WIRE_PPP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dataplane/wire/bytes.h"

/* PPP protocol numbers (RFC 1661 section 2, IANA) and the protocol field. */

enum ppp_proto {
	PPP_IPV4 = 0x0021,
	PPP_MP = 0x003d,
	PPP_IPV6 = 0x0057,
	PPP_IPCP = 0x8021,
	PPP_ECP = 0x8053,
	PPP_IPV6CP = 0x8057,
	PPP_CCP = 0x80fd,
	PPP_LCP = 0xc021,
	PPP_PAP = 0xc023,
	PPP_LQR = 0xc025,
	PPP_CHAP = 0xc223,
};

enum { PPP_PROTO_LEN = 2 };

/* Protocol field of the n bytes at p, one byte (odd) or two (even, odd). Returns its length, 0 when there is
 * none. One byte is taken whether or not Protocol-Field-Compression was agreed: peers send it inside MP. */
static inline unsigned
ppp_proto_load(const uint8_t *p, size_t n, uint16_t *proto)
{
	if (n >= 1 && (p[0] & 1) != 0) {
		*proto = p[0];
		return 1;
	}
	if (n >= 2 && (p[1] & 1) != 0) {
		*proto = load_be16(p);
		return 2;
	}
	return 0;
}

/* The two bytes at p are a protocol field of two bytes, as nearly all are. */
static inline bool
ppp_proto_is_long(uint16_t two_bytes)
{
	return (two_bytes & 0x0101) == 1;
}

/* Control protocols (LCP, authentication, NCPs) go to the control thread. RFC 1661 section 2. */
static inline bool
ppp_proto_is_control(uint16_t proto)
{
	return proto >= 0x8000;
}

/* An LCP Discard-Request (RFC 1661 section 5.9) with its protocol field: what null fragments carry. RFC 1990 section 4.1 leaves them empty,
 * but Linux drops an empty one before it takes note of its number, then misses that number and waits for it on every link. Section 2
 * allows Discard-Requests inside MP; whoever gets one counts the fragment and throws the packet away. */
enum { PPP_DISCARD_LEN = PPP_PROTO_LEN + 8, PPP_LCP_DISCARD = 11 };

static inline void
ppp_discard_store(uint8_t p[PPP_DISCARD_LEN])
{
	const uint8_t packet[PPP_DISCARD_LEN] = {
		PPP_LCP >> 8, PPP_LCP & 0xff, PPP_LCP_DISCARD, 0, 0, PPP_DISCARD_LEN - PPP_PROTO_LEN};

	memcpy(p, packet, sizeof(packet));
}

/* Whether the packet that begins with these n bytes, protocol field first, is one. */
static inline bool
ppp_is_discard(const uint8_t *p, size_t n)
{
	return n > PPP_PROTO_LEN && load_be16(p) == PPP_LCP && p[PPP_PROTO_LEN] == PPP_LCP_DISCARD;
}

#endif
