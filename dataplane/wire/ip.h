/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_WIRE_IP_H
#define DATAPLANE_WIRE_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/wire/bytes.h"

/* IPv4 (RFC 791), IPv6 (RFC 8200) and the Internet checksum (RFC 1071, RFC 1624). Addresses of IPv4 are host order. */

/* An address of either family, in network order: IPv4 as an IPv4-mapped one (RFC 4291 section 2.5.5.2), so that one table and one
 * comparison serve both. Prefix lengths of IPv4 are then 96 longer. */
struct ip_addr {
	uint8_t b[16];
};

/* An IPv6 address as numbers. */
struct ip6_num {
	uint64_t hi, lo;
};

enum { IP4_MAPPED_LEN = 96 };

enum {
	IP4_HDR_MIN = 20,
	IP4_HDR_MAX = 60,
	IP4_DF = 0x4000, /* in the fragment word */
	IP4_MF = 0x2000,
	IP4_OFFSET = 0x1fff,
	IP6_HDR_LEN = 40,
	IP6_ADDR_LEN = 16,
	IP6_MTU_MIN = 1280,
};

enum ip_proto {
	IPPROTO_HOP_BY_HOP = 0,
	IPPROTO_ICMP4 = 1,
	IPPROTO_TCP_SEGMENT = 6,
	IPPROTO_UDP_DATAGRAM = 17,
	IPPROTO_ROUTING_HDR = 43,
	IPPROTO_FRAGMENT_HDR = 44,
	IPPROTO_ICMP6 = 58,
	IPPROTO_NO_NEXT = 59,
	IPPROTO_DEST_OPTIONS = 60,
};

enum ip_verdict {
	IP_OK,
	IP_SHORT,        /* the bytes end inside the header */
	IP_BAD_VERSION,  /* version field is not that of the function */
	IP_BAD_HDR_LEN,  /* IPv4 header length below 20 or beyond the packet */
	IP_BAD_LENGTH,   /* length field promises more than the packet holds */
	IP_BAD_CHECKSUM, /* of the IPv4 header */
};

struct ip4_view {
	uint32_t src, dst;
	uint16_t total_len; /* what lies behind it is link padding: cut it */
	uint16_t fragment;  /* flags and offset: IP4_DF, IP4_MF, IP4_OFFSET */
	uint8_t hdr_len, proto, ttl;
};

struct ip6_view {
	const uint8_t *src, *dst; /* in the packet */
	uint32_t total_len;       /* header included; what lies behind it is link padding */
	uint8_t next, hop_limit;
};

/* ------------------------------------------------------------------ checksum */

/* Adds n bytes to a running sum; only the last call of a series may have an odd n. Up to 64 KiB in all. */
static inline uint32_t
checksum_add(uint32_t sum, const uint8_t *p, size_t n)
{
	for (; n > 1; n -= 2, p += 2)
		sum += load_be16(p);
	if (n != 0)
		sum += (uint32_t)p[0] << 8;
	return sum;
}

static inline uint16_t
checksum_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum += sum >> 16;
	return (uint16_t)~sum;
}

/* Whether the sum over an IPv4 header of n bytes (a multiple of four, 20 at least) is right. Any byte order gives the same answer (RFC 1071
 * section 2), so that it is summed in the host's, by 64 bits with the carry brought around. */
static inline bool
checksum_holds(const uint8_t *p, size_t n)
{
	uint64_t sum, next;
	uint32_t last;

	memcpy(&sum, p, sizeof(sum));
	memcpy(&next, p + 8, sizeof(next));
	sum += next;
	sum += sum < next;
	for (size_t at = 16; at < n; at += 4) {
		memcpy(&last, p + at, sizeof(last));
		sum += last;
		sum += sum < last;
	}
	return sum % 0xffff == 0; /* the sum in ones' complement, of what is not all zeros */
}

/* Checksum field after a 16-bit word under it changed (RFC 1624 equation 3). */
static inline uint16_t
checksum_update(uint16_t checksum, uint16_t was, uint16_t is)
{
	return checksum_fold((uint32_t)(uint16_t)~checksum + (uint16_t)~was + is);
}

/* Pseudo headers (RFC 793, RFC 8200 section 8.1): where the sum over an upper-layer packet of len bytes starts. */
static inline uint32_t
checksum_pseudo4(uint32_t src, uint32_t dst, uint8_t proto, uint16_t len)
{
	return (src >> 16) + (src & 0xffff) + (dst >> 16) + (dst & 0xffff) + proto + len;
}

static inline uint32_t
checksum_pseudo6(const uint8_t src[IP6_ADDR_LEN], const uint8_t dst[IP6_ADDR_LEN], uint8_t proto, uint32_t len)
{
	return checksum_add(checksum_add((len >> 16) + (len & 0xffff) + proto, src, IP6_ADDR_LEN), dst, IP6_ADDR_LEN);
}

/* ------------------------------------------------------------------ addresses */

static inline struct ip_addr
ip_addr_of4(uint32_t address)
{
	struct ip_addr a = {.b = {[10] = 0xff, [11] = 0xff}};

	store_be32(a.b + 12, address);
	return a;
}

static inline struct ip_addr
ip_addr_of6(const uint8_t bytes[IP6_ADDR_LEN])
{
	struct ip_addr a;

	memcpy(a.b, bytes, sizeof(a.b));
	return a;
}

static inline bool
ip_addr_equal(const struct ip_addr *a, const struct ip_addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static inline bool
ip_addr_is4(const struct ip_addr *a)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(a->b, mapped, sizeof(mapped)) == 0;
}

/* Host order; of an address that is IPv4. */
static inline uint32_t
ip_addr_4(const struct ip_addr *a)
{
	return load_be32(a->b + 12);
}

static inline struct ip6_num
ip6_num_load(const uint8_t *p)
{
	return (struct ip6_num){.hi = load_be64(p), .lo = load_be64(p + 8)};
}

static inline void
ip6_num_store(uint8_t *p, struct ip6_num n)
{
	store_be64(p, n.hi);
	store_be64(p + 8, n.lo);
}

/* The first len bits of n. */
static inline struct ip6_num
ip6_num_prefix(struct ip6_num n, unsigned len)
{
	if (len == 0)
		return (struct ip6_num){0, 0};
	if (len <= 64)
		return (struct ip6_num){n.hi & UINT64_MAX << (64 - len), 0};
	return (struct ip6_num){n.hi, n.lo & UINT64_MAX << (128 - len)};
}

/* The first len bits of a. */
static inline struct ip_addr
ip_addr_prefix(const struct ip_addr *a, unsigned len)
{
	struct ip_addr p = {{0}};

	ip6_num_store(p.b, ip6_num_prefix(ip6_num_load(a->b), len));
	return p;
}

static inline bool
ip6_is_multicast(struct ip6_num a)
{
	return a.hi >> 56 == 0xff;
}

static inline bool
ip6_is_link_local(struct ip6_num a)
{
	return a.hi >> 54 == 0xfe80 >> 6;
}

/* Addresses that stay on their link: unicast (RFC 4291 section 2.5.6), and multicast of interface and link (section 2.7). */
static inline bool
ip6_is_link_scope(struct ip6_num a)
{
	return ip6_is_link_local(a) || (ip6_is_multicast(a) && (a.hi >> 48 & 0x0f) <= 2);
}

/* ::/64 has the unspecified address, loopback, and IPv4 addresses in IPv6 clothes: nobody's on any wire. */
static inline bool
ip6_is_nobodys(struct ip6_num a)
{
	return a.hi == 0;
}

/* ------------------------------------------------------------------ headers */

static inline unsigned
ip_version(const uint8_t *p, size_t n)
{
	return n != 0 ? p[0] >> 4 : 0;
}

/* Header of a packet of packet_len bytes, of which n (<= packet_len) lie at p. Only the header must lie there. */
static inline enum ip_verdict
ip4_parse(const uint8_t *p, size_t n, size_t packet_len, struct ip4_view *v)
{
	if (n < IP4_HDR_MIN)
		return IP_SHORT;
	if (p[0] >> 4 != 4)
		return IP_BAD_VERSION;
	v->hdr_len = (uint8_t)((p[0] & 0x0f) * 4);
	v->total_len = load_be16(p + 2);
	if (v->hdr_len < IP4_HDR_MIN || v->hdr_len > v->total_len)
		return IP_BAD_HDR_LEN;
	if (v->total_len > packet_len)
		return IP_BAD_LENGTH;
	if (v->hdr_len > n)
		return IP_SHORT;
	if (!checksum_holds(p, v->hdr_len))
		return IP_BAD_CHECKSUM;
	v->fragment = load_be16(p + 6);
	v->ttl = p[8];
	v->proto = p[9];
	v->src = load_be32(p + 12);
	v->dst = load_be32(p + 16);
	return IP_OK;
}

static inline enum ip_verdict
ip6_parse(const uint8_t *p, size_t n, size_t packet_len, struct ip6_view *v)
{
	if (n < IP6_HDR_LEN)
		return IP_SHORT;
	if (p[0] >> 4 != 6)
		return IP_BAD_VERSION;
	v->total_len = IP6_HDR_LEN + (uint32_t)load_be16(p + 4);
	if (v->total_len > packet_len)
		return IP_BAD_LENGTH;
	v->next = p[6];
	v->hop_limit = p[7];
	v->src = p + 8;
	v->dst = p + 24;
	return IP_OK;
}

/* One hop further; the TTL is at least 1 before. TTL, protocol and checksum are one word: 0x0100 less under the checksum is 0x0100 more in
 * it, which is what equation 3 of RFC 1624 comes to; 0xffff and what is above it carry around. */
static inline void
ip4_ttl_decrement(uint8_t *p)
{
	const uint32_t was = load_be32(p + 8), is = was - 0x01000000 + 0x0100;
	const bool around = (was & 0xffff) >= 0xffff - 0x0100;

	store_be32(p + 8, around ? is - 0xffff : is);
}

static inline void
ip6_hop_decrement(uint8_t *p)
{
	p[7]--;
}

/* ------------------------------------------------------------------ what the packet carries */

enum { IP6_EXTENSIONS_MAX = 8 }; /* a bound on the walk, as nothing sane has more */

struct ip_upper {
	uint8_t proto;
	uint16_t offset; /* of the upper-layer header, from the IP header */
	bool fragment;   /* a fragment, the first one or a later one */
	bool later;      /* a later fragment: no upper-layer header at offset */
};

/* Finds the upper-layer header of a parsed packet through the extension headers hop-by-hop, routing, fragment and destination
 * options. n: contiguous bytes at p. False: the chain is cut short, too long, or not understood (ESP, AH, ...: proto says). */
bool ip6_upper(const uint8_t *p, size_t n, struct ip_upper *u);

static inline struct ip_upper
ip4_upper(const struct ip4_view *v)
{
	return (struct ip_upper){
		.proto = v->proto,
		.offset = v->hdr_len,
		.fragment = (v->fragment & (IP4_MF | IP4_OFFSET)) != 0,
		.later = (v->fragment & IP4_OFFSET) != 0,
	};
}

/* Writes a header without options for payload_len bytes at p (20 bytes), its checksum included. */
void ip4_store(uint8_t *p, uint32_t src, uint32_t dst, uint8_t proto, uint8_t ttl, uint16_t id, uint16_t payload_len);

#endif
