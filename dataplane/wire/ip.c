/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/ip.h"

enum { IP6_FRAGMENT_LEN = 8 };

/* Length of the extension header at p (RFC 8200 section 4), of which at least 8 bytes are there. */
static size_t
extension_len(uint8_t proto, const uint8_t *p)
{
	if (proto == IPPROTO_FRAGMENT_HDR)
		return IP6_FRAGMENT_LEN;
	return ((size_t)p[1] + 1) * 8;
}

static bool
is_extension(uint8_t proto)
{
	return proto == IPPROTO_HOP_BY_HOP || proto == IPPROTO_ROUTING_HDR || proto == IPPROTO_FRAGMENT_HDR ||
		proto == IPPROTO_DEST_OPTIONS;
}

static bool
is_opaque(uint8_t proto)
{
	return proto == 50 /* ESP */ || proto == 51 /* AH */ || proto == IPPROTO_NO_NEXT;
}

bool
ip6_upper(const uint8_t *p, size_t n, struct ip_upper *u)
{
	size_t at = IP6_HDR_LEN;

	if (n < IP6_HDR_LEN)
		return false;
	*u = (struct ip_upper){.proto = p[6]};
	for (unsigned i = 0; is_extension(u->proto); i++) {
		if (i == IP6_EXTENSIONS_MAX || n - at < 8)
			return false;
		const uint8_t *ext = p + at;
		const size_t len = extension_len(u->proto, ext);

		if (u->proto == IPPROTO_FRAGMENT_HDR) {
			u->fragment = (load_be16(ext + 2) & 0xfff9) != 0;
			u->later = (load_be16(ext + 2) & 0xfff8) != 0;
		}
		u->proto = ext[0];
		if (len > n - at)
			return false;
		at += len;
		if (u->later)
			break; /* the next header is that of the first fragment's payload: no header follows here */
	}
	u->offset = (uint16_t)at;
	return !is_opaque(u->proto);
}

void
ip4_store(uint8_t *p, uint32_t src, uint32_t dst, uint8_t proto, uint8_t ttl, uint16_t id, uint16_t payload_len)
{
	p[0] = 0x45;
	p[1] = 0;
	store_be16(p + 2, (uint16_t)(IP4_HDR_MIN + payload_len));
	store_be16(p + 4, id);
	store_be16(p + 6, 0);
	p[8] = ttl;
	p[9] = proto;
	store_be16(p + 10, 0);
	store_be32(p + 12, src);
	store_be32(p + 16, dst);
	store_be16(p + 10, checksum_fold(checksum_add(0, p, IP4_HDR_MIN)));
}
