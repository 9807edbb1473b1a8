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

/* False when mss_clamp() would surely leave the packet alone, which is said of nearly all packets by a look at their first bytes: headers
 * without options or extensions, and behind them UDP, or TCP without SYN. */
static inline bool
mss_may_clamp(const uint8_t *ip, size_t len)
{
	enum { FLAGS = 13, SYN = 0x02 };

	if (len > IP4_HDR_MIN + FLAGS && ip[0] == (4 << 4 | IP4_HDR_MIN / 4))
		return ip[9] == IPPROTO_TCP_SEGMENT && (ip[IP4_HDR_MIN + FLAGS] & SYN) != 0 &&
			(load_be16(ip + 6) & IP4_OFFSET) == 0;
	if (len > IP6_HDR_LEN + FLAGS && ip[0] >> 4 == 6 && ip[6] == IPPROTO_TCP_SEGMENT)
		return (ip[IP6_HDR_LEN + FLAGS] & SYN) != 0;
	return len < IP6_HDR_LEN || ip[0] >> 4 != 6 || ip[6] != IPPROTO_UDP_DATAGRAM;
}

#endif
