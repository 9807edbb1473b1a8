/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/tcp_mss.h"

#include "dataplane/wire/ip.h"

enum {
	TCP_HDR_MIN = 20,
	TCP_OFFSET = 12,
	TCP_FLAGS = 13,
	TCP_CHECKSUM = 16,
	TCP_SYN = 0x02,
	TCP_OPT_END = 0,
	TCP_OPT_NOP = 1,
	TCP_OPT_MSS = 2,
	TCP_OPT_MSS_LEN = 4,
};

/* Length of the option at p, of which n > 0 bytes are left (RFC 9293 section 3.1); 0: malformed. */
static size_t
option_len(const uint8_t *p, size_t n)
{
	if (p[0] == TCP_OPT_NOP)
		return 1;
	if (n < 2 || p[1] < 2 || p[1] > n || (p[0] == TCP_OPT_MSS && p[1] != TCP_OPT_MSS_LEN))
		return 0;
	return p[1];
}

static bool
options_are_sound(const uint8_t *p, size_t n)
{
	size_t at = 0;

	while (at < n && p[at] != TCP_OPT_END) {
		const size_t len = option_len(p + at, n - at);

		if (len == 0)
			return false;
		at += len;
	}
	return true;
}

static uint16_t
swap16(uint16_t v)
{
	return (uint16_t)(v << 8 | v >> 8);
}

/* Lowers the value at offset `at` of the segment. */
static bool
lower(uint8_t *segment, size_t at, uint16_t ceiling)
{
	const uint16_t was = load_be16(segment + at);

	if (was <= ceiling)
		return false;
	store_be16(segment + at, ceiling);
	/* At an odd offset the two bytes lie in two words, each as the other half: the sum changes as by the swapped value
	 * (RFC 1071 section 2, byte order independence). */
	const bool odd = (at & 1) != 0;

	store_be16(segment + TCP_CHECKSUM,
		checksum_update(
			load_be16(segment + TCP_CHECKSUM), odd ? swap16(was) : was, odd ? swap16(ceiling) : ceiling));
	return true;
}

/* The TCP segment at p, of which n bytes are there. Every MSS option is lowered, as stacks differ in which one counts. */
static bool
clamp_segment(uint8_t *p, size_t n, uint16_t ceiling)
{
	bool changed = false;

	if (n < TCP_HDR_MIN || (p[TCP_FLAGS] & TCP_SYN) == 0)
		return false;
	const size_t end = (size_t)(p[TCP_OFFSET] >> 4) * 4;

	if (end < TCP_HDR_MIN || end > n || !options_are_sound(p + TCP_HDR_MIN, end - TCP_HDR_MIN))
		return false;
	for (size_t at = TCP_HDR_MIN; at < end && p[at] != TCP_OPT_END; at += option_len(p + at, end - at))
		if (p[at] == TCP_OPT_MSS)
			changed |= lower(p, at + 2, ceiling);
	return changed;
}

static bool
clamp_v4(uint8_t *ip, size_t len, uint16_t ceiling)
{
	if (len < IP4_HDR_MIN || ip[9] != IPPROTO_TCP_SEGMENT || (load_be16(ip + 6) & IP4_OFFSET) != 0)
		return false;
	const size_t hdr_len = (size_t)(ip[0] & 0x0f) * 4;
	const size_t total = load_be16(ip + 2);
	const size_t n = total < len ? total : len;

	if (hdr_len < IP4_HDR_MIN || hdr_len > n)
		return false;
	return clamp_segment(ip + hdr_len, n - hdr_len, ceiling);
}

static bool
clamp_v6(uint8_t *ip, size_t len, uint16_t ceiling)
{
	struct ip_upper u;

	if (len < IP6_HDR_LEN)
		return false;
	const size_t total = IP6_HDR_LEN + (size_t)load_be16(ip + 4);
	const size_t n = total < len ? total : len;

	if (!ip6_upper(ip, n, &u) || u.later || u.proto != IPPROTO_TCP_SEGMENT)
		return false;
	return clamp_segment(ip + u.offset, n - u.offset, ceiling);
}

bool
mss_clamp(uint8_t *ip, size_t len, uint16_t ceiling_v4, uint16_t ceiling_v6)
{
	switch (ip_version(ip, len)) {
	case 4:
		return ceiling_v4 != 0 && clamp_v4(ip, len, ceiling_v4);
	case 6:
		return ceiling_v6 != 0 && clamp_v6(ip, len, ceiling_v6);
	default:
		return false;
	}
}
