/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_WIRE_MP_H
#define DATAPLANE_WIRE_MP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/wire/bytes.h"

/* Multilink header (RFC 1990 section 3), without the protocol field 0x003d in front of it:
 *   long:  B E r r r r r r | 24 bits of sequence number
 *   short: B E r r | 12 bits of sequence number */

enum { MP_LONG_LEN = 4, MP_SHORT_LEN = 2, MP_LONG_BITS = 24, MP_SHORT_BITS = 12 };

struct mp_view {
	uint32_t seq;
	bool begin, end;
	bool reserved; /* a reserved bit was set */
};

static inline unsigned
mp_hdr_len(bool short_seq)
{
	return short_seq ? MP_SHORT_LEN : MP_LONG_LEN;
}

/* Header of the n bytes at p; false: too short to hold one. */
static inline bool
mp_parse(const uint8_t *p, size_t n, bool short_seq, struct mp_view *v)
{
	uint32_t word;

	if (n < mp_hdr_len(short_seq))
		return false;
	word = short_seq ? (uint32_t)load_be16(p) << 16 : load_be32(p);
	v->begin = word >> 31;
	v->end = word >> 30 & 1;
	v->reserved = (word & (short_seq ? 0x30000000u : 0x3f000000u)) != 0;
	v->seq = short_seq ? word >> 16 & 0x0fff : word & 0xffffff;
	return true;
}

static inline void
mp_store(uint8_t *p, bool short_seq, uint32_t seq, bool begin, bool end)
{
	const uint32_t flags = (begin ? 2u : 0u) | (end ? 1u : 0u);

	if (short_seq)
		store_be16(p, (uint16_t)(flags << 14 | (seq & 0x0fff)));
	else
		store_be32(p, flags << 30 | (seq & 0xffffff));
}

#endif
