/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/udp6.h"

enum { UDP6_HOP_LIMIT = 64 };

static uint16_t
sum(const uint8_t *src, const uint8_t *dst, const uint8_t *udp, size_t n)
{
	return checksum_fold(checksum_add(checksum_pseudo6(src, dst, IPPROTO_UDP_DATAGRAM, (uint32_t)n), udp, n));
}

enum udp6_verdict
udp6_parse(const uint8_t *ip6, size_t n, struct udp6_view *v)
{
	const uint8_t *udp = ip6 + IP6_HDR_LEN;
	struct ip6_view ip;

	if (ip6_parse(ip6, n, n, &ip) != IP_OK)
		return UDP6_BAD_LENGTH;
	if (ip.next != IPPROTO_UDP_DATAGRAM)
		return UDP6_NOT_UDP;
	if (ip.total_len < UDP6_OVERHEAD)
		return UDP6_BAD_LENGTH;
	const size_t len = load_be16(udp + 4);

	if (len < UDP_HDR_LEN || len > ip.total_len - IP6_HDR_LEN)
		return UDP6_BAD_LENGTH;
	if (load_be16(udp + 6) == 0 || sum(ip.src, ip.dst, udp, len) != 0)
		return UDP6_BAD_CHECKSUM;
	*v = (struct udp6_view){
		.src = ip.src,
		.dst = ip.dst,
		.src_port = load_be16(udp),
		.dst_port = load_be16(udp + 2),
		.data = udp + UDP_HDR_LEN,
		.len = len - UDP_HDR_LEN,
	};
	return UDP6_OK;
}

size_t
udp6_store(uint8_t *p, const uint8_t src[IP6_ADDR_LEN], const uint8_t dst[IP6_ADDR_LEN], uint16_t src_port,
	uint16_t dst_port, uint16_t len)
{
	uint8_t *udp = p + IP6_HDR_LEN;
	const uint16_t n = (uint16_t)(UDP_HDR_LEN + len);
	uint16_t checksum;

	memset(p, 0, UDP6_OVERHEAD);
	p[0] = 0x60;
	store_be16(p + 4, n);
	p[6] = IPPROTO_UDP_DATAGRAM;
	p[7] = UDP6_HOP_LIMIT;
	memcpy(p + 8, src, IP6_ADDR_LEN);
	memcpy(p + 24, dst, IP6_ADDR_LEN);
	store_be16(udp, src_port);
	store_be16(udp + 2, dst_port);
	store_be16(udp + 4, n);
	checksum = sum(src, dst, udp, n);
	store_be16(udp + 6, checksum != 0 ? checksum : 0xffff);
	return IP6_HDR_LEN + (size_t)n;
}
