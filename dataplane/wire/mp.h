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

/* What the word of a header says, whose number is its low bits: see mp_load(). */
#define MP_BEGIN UINT32_C(0x80000000)
#define MP_END UINT32_C(0x40000000)
#define MP_RESERVED UINT32_C(0x3f000000)

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

/* The header of the n bytes at p as the word of a long one, whichever it is. False: too short to hold one. */
static inline bool
mp_load(const uint8_t *p, size_t n, bool short_seq, uint32_t *word)
{
	uint32_t half;

	if (n < mp_hdr_len(short_seq))
		return false;
	if (!short_seq) {
		*word = load_be32(p);
		return true;
	}
	half = load_be16(p);
	*word = (half & 0xf000) << 16 | (half & 0x0fff);
	return true;
}

static inline uint32_t
mp_seq(uint32_t word)
{
	return word & 0xffffff;
}

static inline struct mp_view
mp_view(uint32_t word)
{
	return (struct mp_view){
		.seq = mp_seq(word),
		.begin = (word & MP_BEGIN) != 0,
		.end = (word & MP_END) != 0,
		.reserved = (word & MP_RESERVED) != 0,
	};
}

static inline uint32_t
mp_word(const struct mp_view *v)
{
	return (v->begin ? MP_BEGIN : 0) | (v->end ? MP_END : 0) | v->seq;
}

/* Header of the n bytes at p; false: too short to hold one. */
static inline bool
mp_parse(const uint8_t *p, size_t n, bool short_seq, struct mp_view *v)
{
	uint32_t word;

	if (!mp_load(p, n, short_seq, &word))
		return false;
	*v = mp_view(word);
	return true;
}

/* flags: MP_BEGIN, MP_END or both. */
static inline void
mp_store_flags(uint8_t *p, bool short_seq, uint32_t seq, uint32_t flags)
{
	if (short_seq)
		store_be16(p, (uint16_t)(flags >> 16 | (seq & 0x0fff)));
	else
		store_be32(p, flags | (seq & 0xffffff));
}

static inline void
mp_store(uint8_t *p, bool short_seq, uint32_t seq, bool begin, bool end)
{
	mp_store_flags(p, short_seq, seq, (begin ? MP_BEGIN : 0) | (end ? MP_END : 0));
}

#endif
