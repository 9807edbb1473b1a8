/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/icmp6.h"

enum { ICMP6_HOP_LIMIT = 64 };

static bool
is_one_host(const uint8_t *address)
{
	const struct ip6_num a = ip6_num_load(address);

	return !ip6_is_multicast(a) && !ip6_is_nobodys(a);
}

/* Errors have types below 128 (section 2.1). */
static bool
is_error(uint8_t type)
{
	return type < ICMP6_ECHO || type == ICMP6_REDIRECT;
}

bool
icmp6_may_report(const uint8_t *ip, size_t n, const struct ip6_view *v, uint8_t type)
{
	struct ip_upper u;

	if (!is_one_host(v->src) || (type != ICMP6_PACKET_TOO_BIG && !is_one_host(v->dst)))
		return false;
	/* What is not understood is no ICMPv6; what is cut short may be one. */
	if (!ip6_upper(ip, n, &u) &&
		(u.proto == IPPROTO_HOP_BY_HOP || u.proto == IPPROTO_ROUTING_HDR || u.proto == IPPROTO_FRAGMENT_HDR ||
			u.proto == IPPROTO_DEST_OPTIONS))
		return false;
	if (u.proto != IPPROTO_ICMP6 || u.later)
		return true;
	return n > u.offset && !is_error(ip[u.offset]);
}

static void
header(uint8_t *out, const uint8_t *src, const uint8_t *dst, size_t len)
{
	memset(out, 0, IP6_HDR_LEN);
	out[0] = 0x60;
	store_be16(out + 4, (uint16_t)len);
	out[6] = IPPROTO_ICMP6;
	out[7] = ICMP6_HOP_LIMIT;
	memcpy(out + 8, src, IP6_ADDR_LEN);
	memcpy(out + 24, dst, IP6_ADDR_LEN);
}

static void
checksum(uint8_t *ip, size_t len)
{
	uint8_t *icmp = ip + IP6_HDR_LEN;
	const uint32_t pseudo = checksum_pseudo6(ip + 8, ip + 24, IPPROTO_ICMP6, (uint32_t)len);

	store_be16(icmp + 2, 0);
	store_be16(icmp + 2, checksum_fold(checksum_add(pseudo, icmp, len)));
}

size_t
icmp6_error(uint8_t *out, const struct ip_addr *src, uint8_t type, uint8_t code, uint32_t rest, const uint8_t *ip,
	size_t n, const struct ip6_view *v)
{
	uint8_t *icmp = out + IP6_HDR_LEN;
	size_t quote = v->total_len < n ? v->total_len : n;

	if (quote > ICMP6_ERROR_MAX - IP6_HDR_LEN - ICMP6_HDR_LEN)
		quote = ICMP6_ERROR_MAX - IP6_HDR_LEN - ICMP6_HDR_LEN;
	header(out, src->b, v->src, ICMP6_HDR_LEN + quote);
	icmp[0] = type;
	icmp[1] = code;
	store_be32(icmp + 4, rest);
	memcpy(icmp + ICMP6_HDR_LEN, ip, quote);
	checksum(out, ICMP6_HDR_LEN + quote);
	return IP6_HDR_LEN + ICMP6_HDR_LEN + quote;
}

bool
icmp6_echo_reply(uint8_t *ip, const struct ip6_view *v, const struct ip_addr *src)
{
	const size_t len = v->total_len - IP6_HDR_LEN;
	uint8_t *icmp = ip + IP6_HDR_LEN;
	uint8_t asker[IP6_ADDR_LEN];

	if (v->next != IPPROTO_ICMP6 || len < ICMP6_HDR_LEN || icmp[0] != ICMP6_ECHO || icmp[1] != 0 ||
		!is_one_host(v->src))
		return false;
	if (checksum_fold(checksum_add(checksum_pseudo6(v->src, v->dst, IPPROTO_ICMP6, (uint32_t)len), icmp, len)) != 0)
		return false;
	memcpy(asker, v->src, sizeof(asker));
	header(ip, src->b, asker, len);
	icmp[0] = ICMP6_ECHO_REPLY;
	checksum(ip, len);
	return true;
}
