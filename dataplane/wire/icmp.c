/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/icmp.h"

enum {
	ICMP4_TTL = 64,
	ICMP4_ERROR_TOS = 6 << 5, /* precedence: internetwork control (RFC 1812 section 4.3.2.5) */
};

static bool
is_error(uint8_t type)
{
	return type == ICMP4_UNREACHABLE || type == 4 /* source quench */ || type == ICMP4_REDIRECT ||
		type == ICMP4_TIME_EXCEEDED || type == ICMP4_PARAMETER;
}

/* Multicast, class E and limited broadcast; 0/8 and 127/8. Directed broadcasts are known only to the owner of the subnet. */
static bool
is_one_host(uint32_t a)
{
	return a >> 28 < 0xe && a >> 24 != 0 && a >> 24 != 127;
}

bool
icmp4_may_report(const uint8_t *ip, size_t n, const struct ip4_view *v)
{
	if ((v->fragment & IP4_OFFSET) != 0 || !is_one_host(v->src) || !is_one_host(v->dst))
		return false;
	if (v->proto != IPPROTO_ICMP4)
		return true;
	/* An ICMP packet whose type cannot be seen may be an error. */
	return n > v->hdr_len && v->total_len > v->hdr_len && !is_error(ip[v->hdr_len]);
}

size_t
icmp4_error(uint8_t *out, uint32_t src, uint8_t type, uint8_t code, uint16_t rest, const uint8_t *ip, size_t n,
	const struct ip4_view *v)
{
	uint8_t *icmp = out + IP4_HDR_MIN;
	size_t quote = v->total_len < n ? v->total_len : n;

	if (quote > ICMP4_ERROR_MAX - IP4_HDR_MIN - ICMP4_HDR_LEN)
		quote = ICMP4_ERROR_MAX - IP4_HDR_MIN - ICMP4_HDR_LEN;
	const size_t len = ICMP4_HDR_LEN + quote;

	ip4_store(out, src, v->src, IPPROTO_ICMP4, ICMP4_TTL, 0, (uint16_t)len);
	out[1] = ICMP4_ERROR_TOS;
	store_be16(out + 10, checksum_update(load_be16(out + 10), 0, ICMP4_ERROR_TOS));
	memset(icmp, 0, ICMP4_HDR_LEN);
	icmp[0] = type;
	icmp[1] = code;
	store_be16(icmp + 6, rest);
	memcpy(icmp + ICMP4_HDR_LEN, ip, quote);
	store_be16(icmp + 2, checksum_fold(checksum_add(0, icmp, len)));
	return IP4_HDR_MIN + len;
}

static bool
is_echo(const uint8_t *ip, const struct ip4_view *v)
{
	const uint8_t *icmp = ip + v->hdr_len;

	return v->total_len - v->hdr_len >= ICMP4_HDR_LEN && icmp[0] == ICMP4_ECHO && icmp[1] == 0;
}

/* The payload's sum goes with the type, wherever the rest of it is. */
static void
make_reply(uint8_t *icmp)
{
	icmp[0] = ICMP4_ECHO_REPLY;
	store_be16(icmp + 2, checksum_update(load_be16(icmp + 2), ICMP4_ECHO << 8, ICMP4_ECHO_REPLY << 8));
}

/* Swapping the addresses leaves the header's sum as it is; the TTL starts anew. */
static void
send_back(uint8_t *ip, const struct ip4_view *v)
{
	store_be32(ip + 12, v->dst);
	store_be32(ip + 16, v->src);
	ip[8] = ICMP4_TTL;
	store_be16(ip + 10, 0);
	store_be16(ip + 10, checksum_fold(checksum_add(0, ip, v->hdr_len)));
}

bool
icmp4_echo_reply(uint8_t *ip, const struct ip4_view *v)
{
	uint8_t *icmp = ip + v->hdr_len;
	const size_t len = (size_t)v->total_len - v->hdr_len;

	if (v->proto != IPPROTO_ICMP4 || (v->fragment & (IP4_MF | IP4_OFFSET)) != 0 || !is_echo(ip, v) ||
		checksum_fold(checksum_add(0, icmp, len)) != 0 || !is_one_host(v->src))
		return false;
	make_reply(icmp);
	send_back(ip, v);
	return true;
}

bool
icmp4_echo_reply_piece(uint8_t *ip, const struct ip4_view *v)
{
	const bool first = (v->fragment & IP4_OFFSET) == 0;

	if (v->proto != IPPROTO_ICMP4 || (first && !is_echo(ip, v)) || !is_one_host(v->src))
		return false;
	if (first)
		make_reply(ip + v->hdr_len);
	send_back(ip, v);
	return true;
}
