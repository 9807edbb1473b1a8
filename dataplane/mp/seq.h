/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_MP_SEQ_H
#define DATAPLANE_MP_SEQ_H

#include <stdint.h>

/* Multilink sequence numbers live on a circle of 2^bits, bits 12 or 24 (RFC 1990 section 3). They are compared
 * here and nowhere else. */

static inline uint32_t
seq_add(uint32_t a, uint32_t n, unsigned bits)
{
	return (a + n) & ((1u << bits) - 1);
}

/* Signed distance a - b; negative means a is older. Exactly half the circle counts as older. */
static inline int32_t
seq_diff(uint32_t a, uint32_t b, unsigned bits)
{
	return (int32_t)((a - b) << (32 - bits)) >> (32 - bits);
}

#endif
