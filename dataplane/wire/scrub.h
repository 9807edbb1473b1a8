/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_WIRE_SCRUB_H
#define DATAPLANE_WIRE_SCRUB_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/wire/ip.h"

/* Changes to IP headers that an operator may ask for (PF's scrub). p: a contiguous header, of 20 or 40 bytes at least. The checksum of IPv4
 * follows by difference (RFC 1624): one that was wrong stays wrong. */

/* One 16-bit word under the header's checksum. */
static inline void
ip4_word_set(uint8_t *p, unsigned at, uint16_t is)
{
	const uint16_t was = load_be16(p + at);

	store_be16(p + at, is);
	store_be16(p + 10, checksum_update(load_be16(p + 10), was, is));
}

/* TTL below the floor is raised to it. */
static inline bool
ip4_ttl_floor(uint8_t *p, uint8_t floor)
{
	if (p[8] >= floor)
		return false;
	ip4_word_set(p, 8, (uint16_t)(floor << 8 | p[9]));
	return true;
}

static inline bool
ip6_hop_floor(uint8_t *p, uint8_t floor)
{
	if (p[7] >= floor)
		return false;
	p[7] = floor;
	return true;
}

/* Whoever sets Don't Fragment need not number his packets (RFC 6864 section 4.1), and many send 0. Without the bit they may be cut, and then
 * pieces of different packets must not bear one number: 0 becomes id. True: the bit was set. */
static inline bool
ip4_clear_df(uint8_t *p, uint16_t id)
{
	const uint16_t fragment = load_be16(p + 6);

	if ((fragment & IP4_DF) == 0)
		return false;
	ip4_word_set(p, 6, (uint16_t)(fragment & ~IP4_DF));
	if (load_be16(p + 4) == 0 && (fragment & (IP4_MF | IP4_OFFSET)) == 0)
		ip4_word_set(p, 4, id);
	return true;
}

#endif
