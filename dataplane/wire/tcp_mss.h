/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_WIRE_TCP_MSS_H
#define DATAPLANE_WIRE_TCP_MSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lowers the MSS option of a TCP SYN or SYN-ACK in the IP packet at ip to the ceiling of its family (0: leave that family alone) and
 * corrects the TCP checksum by the difference. len: contiguous bytes at ip, perhaps only the first part of the packet; what lies beyond
 * is not looked at. True if the packet was changed. Never raises or adds the option; later fragments, cut or malformed headers and
 * option lists are left as they are. Needs no checked packet: all lengths are checked here. */
bool mss_clamp(uint8_t *ip, size_t len, uint16_t ceiling_v4, uint16_t ceiling_v6);

#endif
