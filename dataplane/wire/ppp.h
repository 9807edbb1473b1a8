/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_WIRE_PPP_H
#define DATAPLANE_WIRE_PPP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* Control protocols (LCP, authentication, NCPs) go to the control thread. RFC 1661 section 2. */
static inline bool
ppp_proto_is_control(uint16_t proto)
{
	return proto >= 0x8000;
}

#endif
