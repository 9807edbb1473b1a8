/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/nd.h"

enum {
	ND_BODY = 24, /* type, code, checksum, flags, target */
	ND_HOP_LIMIT = 255,
	ND_FLAG_ROUTER = 0x80,
	ND_FLAG_SOLICITED = 0x40,
	ND_FLAG_OVERRIDE = 0x20,
};

static bool
is_unspecified(const uint8_t a[IP6_ADDR_LEN])
{
	static const uint8_t zero[IP6_ADDR_LEN];

	return memcmp(a, zero, IP6_ADDR_LEN) == 0;
}

static bool
is_multicast(const uint8_t a[IP6_ADDR_LEN])
{
	return a[0] == 0xff;
}

static bool
is_solicited_node(const uint8_t a[IP6_ADDR_LEN])
{
	uint8_t group[IP6_ADDR_LEN];

	nd_solicited_node(a, group);
	return memcmp(a, group, IP6_ADDR_LEN) == 0;
}

/* The n bytes of options at p. */
static enum nd_verdict
parse_options(const uint8_t *p, size_t n, struct nd_view *v)
{
	const uint8_t wanted = v->type == ND_SOLICIT ? ND_OPT_SOURCE_MAC : ND_OPT_TARGET_MAC;

	while (n != 0) {
		const size_t len = n < 2 ? 0 : (size_t)p[1] * 8;

		if (len == 0 || len > n)
			return ND_BAD_OPTION;
		if (p[0] == wanted) {
			if (len != ND_OPT_MAC_LEN)
				return ND_BAD_OPTION; /* not Ethernet's */
			v->has_mac = true;
			memcpy(&v->mac, p + 2, ETH_ADDR_LEN);
		}
		p += len;
		n -= len;
	}
	return ND_OK;
}

static enum nd_verdict
check_addresses(const struct nd_view *v)
{
	if (is_multicast(v->target))
		return ND_BAD_TARGET;
	if (is_multicast(v->src))
		return ND_BAD_SOURCE;
	if (v->type == ND_ADVERT) {
		if (is_unspecified(v->src))
			return ND_BAD_SOURCE;
		return v->solicited && is_multicast(v->dst) ? ND_BAD_FLAGS : ND_OK;
	}
	/* Duplicate address detection asks from the unspecified address, and only the group. */
	if (is_unspecified(v->src) && (v->has_mac || !is_solicited_node(v->dst)))
		return ND_BAD_SOURCE;
	return ND_OK;
}

static void
load_body(struct nd_view *v, const struct ip6_view *ip, const uint8_t *icmp)
{
	*v = (struct nd_view){.type = icmp[0]};
	if (v->type == ND_ADVERT) {
		v->router = (icmp[4] & ND_FLAG_ROUTER) != 0;
		v->solicited = (icmp[4] & ND_FLAG_SOLICITED) != 0;
		v->override = (icmp[4] & ND_FLAG_OVERRIDE) != 0;
	}
	memcpy(v->src, ip->src, IP6_ADDR_LEN);
	memcpy(v->dst, ip->dst, IP6_ADDR_LEN);
	memcpy(v->target, icmp + 8, IP6_ADDR_LEN);
}

enum nd_verdict
nd_open(const uint8_t *ip6, size_t n, nd_types types, size_t body, struct ip6_view *ip)
{
	const uint8_t *icmp = ip6 + IP6_HDR_LEN;

	if (ip6_parse(ip6, n, n, ip) != IP_OK)
		return ND_BAD_PACKET;
	const size_t len = ip->total_len - IP6_HDR_LEN;

	/* Extension headers before ND are legal but useless, and fragments are forbidden (RFC 6980). */
	if (ip->next != IPPROTO_ICMP6 || len == 0 || icmp[0] < ND_FIRST || icmp[0] > ND_LAST ||
		(types & ND_TYPE(icmp[0])) == 0)
		return ND_NOT_ND;
	if (len < body)
		return ND_BAD_PACKET;
	if (ip->hop_limit != ND_HOP_LIMIT)
		return ND_BAD_HOPS;
	if (checksum_fold(checksum_add(checksum_pseudo6(ip->src, ip->dst, IPPROTO_ICMP6, (uint32_t)len), icmp, len)) !=
		0)
		return ND_BAD_CHECKSUM;
	return icmp[1] == 0 ? ND_OK : ND_BAD_FLAGS;
}

enum nd_verdict
nd_parse(const uint8_t *ip6, size_t n, struct nd_view *v)
{
	const uint8_t *icmp = ip6 + IP6_HDR_LEN;
	struct ip6_view ip;
	const enum nd_verdict verdict = nd_open(ip6, n, ND_TYPE(ND_SOLICIT) | ND_TYPE(ND_ADVERT), ND_BODY, &ip);

	if (verdict != ND_OK)
		return verdict;
	load_body(v, &ip, icmp);
	const enum nd_verdict options = parse_options(icmp + ND_BODY, ip.total_len - IP6_HDR_LEN - ND_BODY, v);

	return options != ND_OK ? options : check_addresses(v);
}

size_t
nd_close(uint8_t *p, const uint8_t src[IP6_ADDR_LEN], const uint8_t dst[IP6_ADDR_LEN], size_t len)
{
	uint8_t *icmp = p + IP6_HDR_LEN;

	memset(p, 0, IP6_HDR_LEN);
	p[0] = 0x60;
	store_be16(p + 4, (uint16_t)len);
	p[6] = IPPROTO_ICMP6;
	p[7] = ND_HOP_LIMIT;
	memcpy(p + 8, src, IP6_ADDR_LEN);
	memcpy(p + 24, dst, IP6_ADDR_LEN);
	store_be16(icmp + 2, 0);
	store_be16(icmp + 2,
		checksum_fold(checksum_add(checksum_pseudo6(src, dst, IPPROTO_ICMP6, (uint32_t)len), icmp, len)));
	return IP6_HDR_LEN + len;
}

size_t
nd_store(uint8_t *p, const struct nd_view *v)
{
	uint8_t *icmp = p + IP6_HDR_LEN;
	const size_t len = ND_BODY + (v->has_mac ? ND_OPT_MAC_LEN : 0);

	memset(icmp, 0, len);
	icmp[0] = v->type;
	if (v->type == ND_ADVERT)
		icmp[4] = (uint8_t)((v->router ? ND_FLAG_ROUTER : 0) | (v->solicited ? ND_FLAG_SOLICITED : 0) |
			(v->override ? ND_FLAG_OVERRIDE : 0));
	memcpy(icmp + 8, v->target, IP6_ADDR_LEN);
	if (v->has_mac) {
		icmp[ND_BODY] = v->type == ND_SOLICIT ? ND_OPT_SOURCE_MAC : ND_OPT_TARGET_MAC;
		icmp[ND_BODY + 1] = 1;
		memcpy(icmp + ND_BODY + 2, &v->mac, ETH_ADDR_LEN);
	}
	return nd_close(p, v->src, v->dst, len);
}

bool
nd_is_message(const uint8_t *ip6, size_t n)
{
	return n > IP6_HDR_LEN && ip6[6] == IPPROTO_ICMP6 && ip6[IP6_HDR_LEN] >= ND_FIRST &&
		ip6[IP6_HDR_LEN] <= ND_LAST;
}

struct ip_addr
nd_link_local(const struct mac *mac)
{
	return (struct ip_addr){{0xfe, 0x80, 0, 0, 0, 0, 0, 0, mac->b[0] ^ 0x02, mac->b[1], mac->b[2], 0xff, 0xfe,
		mac->b[3], mac->b[4], mac->b[5]}};
}

void
nd_solicited_node(const uint8_t target[IP6_ADDR_LEN], uint8_t group[IP6_ADDR_LEN])
{
	static const uint8_t prefix[13] = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0xff};

	memcpy(group, prefix, sizeof(prefix));
	memcpy(group + 13, target + 13, 3);
}

struct mac
nd_group_mac(const uint8_t group[IP6_ADDR_LEN])
{
	return (struct mac){{0x33, 0x33, group[12], group[13], group[14], group[15]}};
}
