/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_WIRE_PPPOE_H
#define DATAPLANE_WIRE_PPPOE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/eth.h"

/* PPPoE (RFC 2516): the six-byte header and the tags of discovery frames. */

enum {
	PPPOE_HDR_LEN = 6,
	PPPOE_VER_TYPE = 0x11,
	PPPOE_TAG_HDR_LEN = 4,
	PPPOE_SESSION_MIN = 1,
	PPPOE_SESSION_MAX = 65534, /* 0xffff is reserved (RFC 2516 section 4) */
	PPPOE_MRU_MAX = 1492,      /* without PPP-Max-Payload (section 7) */
	PPPOE_OVERHEAD = 8,        /* header and PPP protocol field: Ethernet payload less link MRU */
};

enum pppoe_code {
	PPPOE_CODE_SESSION = 0x00,
	PPPOE_CODE_PADO = 0x07,
	PPPOE_CODE_PADI = 0x09,
	PPPOE_CODE_PADR = 0x19,
	PPPOE_CODE_PADS = 0x65,
	PPPOE_CODE_PADT = 0xa7,
};

enum pppoe_tag_type {
	PPPOE_TAG_END_OF_LIST = 0x0000,
	PPPOE_TAG_SERVICE_NAME = 0x0101,
	PPPOE_TAG_AC_NAME = 0x0102,
	PPPOE_TAG_HOST_UNIQ = 0x0103,
	PPPOE_TAG_AC_COOKIE = 0x0104,
	PPPOE_TAG_VENDOR = 0x0105, /* vendor id 0x00000de9 is the DSL Forum (TR-101, RFC 4679) */
	PPPOE_TAG_RELAY_SESSION_ID = 0x0110,
	PPPOE_TAG_MAX_PAYLOAD = 0x0120, /* RFC 4638 */
	PPPOE_TAG_SERVICE_NAME_ERROR = 0x0201,
	PPPOE_TAG_AC_SYSTEM_ERROR = 0x0202,
	PPPOE_TAG_GENERIC_ERROR = 0x0203,
};

enum pppoe_verdict {
	PPPOE_OK,
	PPPOE_SHORT,      /* less than a header */
	PPPOE_BAD_VER,    /* version or type is not 1 */
	PPPOE_BAD_LENGTH, /* the length field promises more than the frame holds */
};

struct pppoe_view {
	uint8_t code;
	uint16_t session;
	uint16_t payload_len; /* the length field: what lies behind it in the frame is padding */
};

/* The n bytes behind the Ethernet header. Ethernet padding is cut here and nowhere else. */
static inline enum pppoe_verdict
pppoe_parse(const uint8_t *p, size_t n, struct pppoe_view *v)
{
	if (n < PPPOE_HDR_LEN)
		return PPPOE_SHORT;
	if (p[0] != PPPOE_VER_TYPE)
		return PPPOE_BAD_VER;
	v->code = p[1];
	v->session = load_be16(p + 2);
	v->payload_len = load_be16(p + 4);
	return v->payload_len > n - PPPOE_HDR_LEN ? PPPOE_BAD_LENGTH : PPPOE_OK;
}

static inline void
pppoe_store(uint8_t *p, uint8_t code, uint16_t session, uint16_t payload_len)
{
	store_be32(p, (uint32_t)PPPOE_VER_TYPE << 24 | (uint32_t)code << 16 | session);
	store_be16(p + 4, payload_len);
}

/* A session's frame from the type that ends the Ethernet header to the end of the PPPoE header, in one word; returns what is behind it. */
static inline uint8_t *
pppoe_store_session(uint8_t *p, uint16_t session, uint16_t payload_len)
{
	const uint64_t head = (uint64_t)ETHERTYPE_PPPOE_SESSION << 48 | (uint64_t)PPPOE_VER_TYPE << 40 |
		(uint64_t)PPPOE_CODE_SESSION << 32;

	store_be64(p, head | (uint32_t)session << 16 | payload_len);
	return p + 8;
}

struct pppoe_tag {
	uint16_t type, len;
	const uint8_t *value;
};

/* Steps through the tags in [*at, end). True: *tag holds the next one and *at is behind it. False: no more tags
 * (End-Of-List or the end), or *at is set to NULL because a tag runs over the end. */
static inline bool
pppoe_tag_next(const uint8_t **at, const uint8_t *end, struct pppoe_tag *tag)
{
	const uint8_t *p = *at;

	if (p == NULL || p == end)
		return false;
	if (end - p < PPPOE_TAG_HDR_LEN) {
		*at = NULL;
		return false;
	}
	tag->type = load_be16(p);
	tag->len = load_be16(p + 2);
	tag->value = p + PPPOE_TAG_HDR_LEN;
	if (tag->len > end - tag->value) {
		*at = NULL;
		return false;
	}
	if (tag->type == PPPOE_TAG_END_OF_LIST)
		return false;
	*at = tag->value + tag->len;
	return true;
}

#endif
