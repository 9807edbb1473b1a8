/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/frame.h"

#include <stdlib.h>

#include "dataplane/wire/ip.h"
#include "dataplane/wire/pppoe.h"

enum { PPP_MULTILINK = 0x003d };

static void
room(const struct frame *f, size_t n)
{
	if (f->len + n > sizeof(f->b))
		abort();
}

void
frame_add(struct frame *f, const void *bytes, size_t n)
{
	room(f, n);
	if (n != 0)
		memcpy(f->b + f->len, bytes, n);
	f->len += n;
}

void
frame_add_be16(struct frame *f, uint16_t v)
{
	room(f, 2);
	store_be16(f->b + f->len, v);
	f->len += 2;
}

void
frame_add_pattern(struct frame *f, unsigned seed, size_t n)
{
	room(f, n);
	for (size_t i = 0; i < n; i++)
		f->b[f->len + i] = (uint8_t)(seed * 131 + i * 7 + (i >> 8) * 3);
	f->len += n;
}

void
frame_pad(struct frame *f, size_t len)
{
	if (f->len >= len)
		return;
	room(f, len - f->len);
	memset(f->b + f->len, 0, len - f->len);
	f->len = len;
}

void
frame_eth(struct frame *f, const struct frame_path *p, uint16_t ethertype)
{
	f->len = eth_store(f->b, &p->dst, &p->src, p->vlans, ethertype);
}

static void
pppoe_start(struct frame *f, const struct frame_path *p, size_t payload)
{
	frame_eth(f, p, ETHERTYPE_PPPOE_SESSION);
	pppoe_store(f->b + f->len, PPPOE_CODE_SESSION, p->session, (uint16_t)payload);
	f->len += PPPOE_HDR_LEN;
}

void
frame_session(struct frame *f, const struct frame_path *p, uint16_t proto, const void *payload, size_t n)
{
	pppoe_start(f, p, n + 2);
	frame_add_be16(f, proto);
	frame_add(f, payload, n);
}

void
frame_mp(struct frame *f, const struct frame_path *p, bool short_seq, uint32_t seq, bool begin, bool end,
	const void *piece, size_t n)
{
	const unsigned hdr = mp_hdr_len(short_seq);

	pppoe_start(f, p, 2 + hdr + n);
	frame_add_be16(f, PPP_MULTILINK);
	mp_store(f->b + f->len, short_seq, seq, begin, end);
	f->len += hdr;
	frame_add(f, piece, n);
}

void
frame_discovery(struct frame *f, const struct frame_path *p, uint8_t code)
{
	frame_eth(f, p, ETHERTYPE_PPPOE_DISCOVERY);
	pppoe_store(f->b + f->len, code, p->session, 0);
	f->len += PPPOE_HDR_LEN;
}

static void
ip4_start(struct frame *f, uint32_t src, uint32_t dst, uint8_t ttl, uint8_t proto, size_t total)
{
	uint8_t *h = f->b;

	memset(h, 0, IP4_HDR_MIN);
	h[0] = 0x45;
	store_be16(h + 2, (uint16_t)total);
	h[8] = ttl;
	h[9] = proto;
	store_be32(h + 12, src);
	store_be32(h + 16, dst);
	store_be16(h + 10, checksum_fold(checksum_add(0, h, IP4_HDR_MIN)));
	f->len = IP4_HDR_MIN;
}

void
packet_udp(struct frame *f, uint32_t src, uint32_t dst, uint8_t ttl, unsigned seed, size_t total)
{
	ip4_start(f, src, dst, ttl, IPPROTO_UDP_DATAGRAM, total);
	frame_add_be16(f, 4000);
	frame_add_be16(f, 5000);
	frame_add_be16(f, (uint16_t)(total - IP4_HDR_MIN));
	frame_add_be16(f, 0); /* no checksum (RFC 768) */
	frame_add_pattern(f, seed, total - f->len);
}

enum { SYN_LEN = 24 };

/* A TCP header with an MSS option; sum: of the pseudo header. */
static void
add_syn(struct frame *f, uint16_t mss, uint32_t sum)
{
	uint8_t *t = f->b + f->len;

	memset(t, 0, SYN_LEN);
	store_be16(t, 40000);
	store_be16(t + 2, 80);
	t[12] = SYN_LEN / 4 << 4;
	t[13] = 0x02;
	t[20] = 2;
	t[21] = 4;
	store_be16(t + 22, mss);
	store_be16(t + 16, checksum_fold(checksum_add(sum, t, SYN_LEN)));
	f->len += SYN_LEN;
}

void
packet_syn(struct frame *f, uint32_t src, uint32_t dst, uint16_t mss)
{
	ip4_start(f, src, dst, 64, IPPROTO_TCP_SEGMENT, IP4_HDR_MIN + SYN_LEN);
	add_syn(f, mss, checksum_pseudo4(src, dst, IPPROTO_TCP_SEGMENT, SYN_LEN));
}

static void
ip6_start(struct frame *f, const struct ip_addr *src, const struct ip_addr *dst, uint8_t hops, uint8_t proto,
	size_t total)
{
	uint8_t *h = f->b;

	memset(h, 0, IP6_HDR_LEN);
	h[0] = 0x60;
	store_be16(h + 4, (uint16_t)(total - IP6_HDR_LEN));
	h[6] = proto;
	h[7] = hops;
	memcpy(h + 8, src->b, IP6_ADDR_LEN);
	memcpy(h + 24, dst->b, IP6_ADDR_LEN);
	f->len = IP6_HDR_LEN;
}

void
packet_udp6(struct frame *f, const struct ip_addr *src, const struct ip_addr *dst, uint8_t hops, unsigned seed,
	size_t total)
{
	const uint16_t len = (uint16_t)(total - IP6_HDR_LEN);
	uint32_t sum = checksum_pseudo6(src->b, dst->b, IPPROTO_UDP_DATAGRAM, len);
	uint8_t *u = f->b + IP6_HDR_LEN;

	ip6_start(f, src, dst, hops, IPPROTO_UDP_DATAGRAM, total);
	frame_add_be16(f, 4000);
	frame_add_be16(f, 5000);
	frame_add_be16(f, len);
	frame_add_be16(f, 0);
	frame_add_pattern(f, seed, total - f->len);
	store_be16(u + 6, checksum_fold(checksum_add(sum, u, len)));
}

void
packet_syn6(struct frame *f, const struct ip_addr *src, const struct ip_addr *dst, uint16_t mss)
{
	ip6_start(f, src, dst, 64, IPPROTO_TCP_SEGMENT, IP6_HDR_LEN + SYN_LEN);
	add_syn(f, mss, checksum_pseudo6(src->b, dst->b, IPPROTO_TCP_SEGMENT, SYN_LEN));
}

bool
frame_equal(const struct frame *a, const struct frame *b)
{
	return a->len == b->len && memcmp(a->b, b->b, a->len) == 0;
}
