/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_WIRE_BYTES_H
#define DATAPLANE_WIRE_BYTES_H

#include <stdint.h>
#include <string.h>

/* Big-endian fields by width, at any alignment, on any host byte order. */

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define BYTES_SWAP(width, v) __builtin_bswap##width(v)
#else
#define BYTES_SWAP(width, v) (v)
#endif

static inline uint16_t
load_be16(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return BYTES_SWAP(16, v);
}

static inline uint32_t
load_be24(const void *p)
{
	const uint8_t *b = p;

	return (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2];
}

static inline uint32_t
load_be32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return BYTES_SWAP(32, v);
}

static inline uint64_t
load_be64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return BYTES_SWAP(64, v);
}

static inline void
store_be16(void *p, uint16_t v)
{
	v = BYTES_SWAP(16, v);
	memcpy(p, &v, sizeof(v));
}

static inline void
store_be32(void *p, uint32_t v)
{
	v = BYTES_SWAP(32, v);
	memcpy(p, &v, sizeof(v));
}

static inline void
store_be64(void *p, uint64_t v)
{
	v = BYTES_SWAP(64, v);
	memcpy(p, &v, sizeof(v));
}

#endif
