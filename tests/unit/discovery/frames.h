/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_DISCOVERY_FRAMES_H
#define TESTS_UNIT_DISCOVERY_FRAMES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "control/ppp/discovery_wire.h"

/* Frames written down byte by byte, and read again, without the code under test. */

static const struct mac host_mac = {{0x02, 0, 0, 0, 0, 0x01}};
static const struct mac other_mac = {{0x02, 0, 0, 0, 0, 0x02}};
static const struct mac ac_mac = {{0x02, 0, 0, 0, 0, 0xfe}};
static const struct mac all_mac = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

struct raw {
	size_t n;
	size_t pppoe; /* where the PPPoE header starts */
	uint8_t b[1600];
};

static inline void
raw_u8(struct raw *r, unsigned v)
{
	r->b[r->n++] = (uint8_t)v;
}

static inline void
raw_u16(struct raw *r, unsigned v)
{
	raw_u8(r, v >> 8);
	raw_u8(r, v & 0xff);
}

static inline void
raw_bytes(struct raw *r, const void *p, size_t n)
{
	memcpy(r->b + r->n, p, n);
	r->n += n;
}

/* vlan 0: untagged; else the ids of up to two 802.1Q tags, outer << 16 | inner. */
static inline struct raw
raw_start(const struct mac *dst, const struct mac *src, uint32_t vlan, unsigned code, unsigned session)
{
	struct raw r = {0};

	raw_bytes(&r, dst, 6);
	raw_bytes(&r, src, 6);
	if (vlan >> 16 != 0) {
		raw_u16(&r, 0x8100);
		raw_u16(&r, vlan >> 16);
	}
	if ((vlan & 0xffff) != 0) {
		raw_u16(&r, 0x8100);
		raw_u16(&r, vlan & 0xffff);
	}
	raw_u16(&r, 0x8863);
	r.pppoe = r.n;
	raw_u8(&r, 0x11);
	raw_u8(&r, code);
	raw_u16(&r, session);
	raw_u16(&r, 0);
	return r;
}

static inline void
raw_tag(struct raw *r, unsigned type, const void *value, size_t len)
{
	raw_u16(r, type);
	raw_u16(r, (unsigned)len);
	if (len != 0)
		raw_bytes(r, value, len);
	const size_t payload = r->n - r->pppoe - 6;

	r->b[r->pppoe + 4] = (uint8_t)(payload >> 8);
	r->b[r->pppoe + 5] = (uint8_t)payload;
}

static inline void
raw_text(struct raw *r, unsigned type, const char *text)
{
	raw_tag(r, type, text, strlen(text));
}

static inline enum discovery_verdict
raw_parse(const struct raw *r, struct discovery_view *v)
{
	return discovery_parse(r->b, r->n, v);
}

/* The same, and it has to be accepted. */
static inline struct discovery_view
raw_view(const struct raw *r)
{
	struct discovery_view v;

	assert_int_equal(raw_parse(r, &v), DISCOVERY_OK);
	return v;
}

/* The i-th tag of that type in a frame that was built; NULL: there is none. */
static inline const uint8_t *
frame_tag(const struct discovery_frame *f, size_t pppoe, unsigned type, unsigned i, size_t *len)
{
	size_t at = pppoe + 6;
	const size_t end = at + (size_t)(f->bytes[pppoe + 4] << 8 | f->bytes[pppoe + 5]);

	*len = 0;
	assert_in_range(end, at, f->len);
	while (at < end) {
		const unsigned t = (unsigned)(f->bytes[at] << 8 | f->bytes[at + 1]);

		*len = (size_t)(f->bytes[at + 2] << 8 | f->bytes[at + 3]);
		assert_in_range(at + 4 + *len, at, end);
		if (t == type && i-- == 0)
			return f->bytes + at + 4;
		at += 4 + *len;
	}
	return NULL;
}

static inline bool
frame_has(const struct discovery_frame *f, size_t pppoe, unsigned type, unsigned i, const void *value, size_t len)
{
	size_t n;
	const uint8_t *p = frame_tag(f, pppoe, type, i, &n);

	return p != NULL && n == len && memcmp(p, value, len) == 0;
}

static inline bool
frame_has_text(const struct discovery_frame *f, size_t pppoe, unsigned type, unsigned i, const char *text)
{
	return frame_has(f, pppoe, type, i, text, strlen(text));
}

static inline unsigned
frame_code(const struct discovery_frame *f, size_t pppoe)
{
	assert_true(f->len >= 60);
	return f->bytes[pppoe + 1];
}

static inline unsigned
frame_session(const struct discovery_frame *f, size_t pppoe)
{
	return (unsigned)(f->bytes[pppoe + 2] << 8 | f->bytes[pppoe + 3]);
}

static inline uint64_t
xorshift64(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static inline void
seeded_random(void *ctx, void *buf, size_t n)
{
	uint8_t *p = buf;

	while (n-- != 0)
		*p++ = (uint8_t)(xorshift64(ctx) >> 24);
}

#define CASE(name) print_message("  %s\n", name)

#endif
