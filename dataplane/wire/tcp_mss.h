/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_WIRE_TCP_MSS_H
#define DATAPLANE_WIRE_TCP_MSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/wire/ip.h"

/* Lowers the MSS option of a TCP SYN or SYN-ACK in the IP packet at ip to the ceiling of its family (0: leave that family alone) and
 * corrects the TCP checksum by the difference. len: contiguous bytes at ip, perhaps only the first part of the packet; what lies beyond
 * is not looked at. True if the packet was changed. Never raises or adds the option; later fragments, cut or malformed headers and
 * option lists are left as they are. Needs no checked packet: all lengths are checked here. */
bool mss_clamp(uint8_t *ip, size_t len, uint16_t ceiling_v4, uint16_t ceiling_v6);

/* False when mss_clamp() would surely leave the packet alone, which is said of most packets by a look at their first bytes: TCP right behind
 * the IP header, and not a SYN. */
static inline bool
mss_may_clamp(const uint8_t *ip, size_t len)
{
	enum { FLAGS = 13, SYN = 0x02 };
	const unsigned version = len >= IP4_HDR_MIN ? ip[0] >> 4 : 0;
	const size_t hdr_len = version == 4 ? (size_t)(ip[0] & 0x0f) * 4 : IP6_HDR_LEN;

	if ((version != 4 && version != 6) || hdr_len < IP4_HDR_MIN || len <= hdr_len + FLAGS)
		return true;
	if (version == 6 && ip[6] != IPPROTO_TCP_SEGMENT)
		return true;
	if (version == 4 && (ip[9] != IPPROTO_TCP_SEGMENT || (load_be16(ip + 6) & IP4_OFFSET) != 0))
		return false;
	return (ip[hdr_len + FLAGS] & SYN) != 0;
}

#endif
