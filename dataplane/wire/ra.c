/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/ra.h"

enum {
	RS_BODY = 8,  /* type, code, checksum, reserved */
	RA_BODY = 16, /* type, code, checksum, hop limit, flags, lifetime, reachable time, retrans timer */
	RA_OPT_PREFIX = 3,
	RA_OPT_PREFIX_LEN = 32,
	RA_OPT_MTU = 5,
	RA_OPT_MTU_LEN = 8,
	RA_OPT_DNS = 25,
	RA_OPT_DNS_HDR = 8,
	RA_FLAG_MANAGED = 0x80,
	RA_FLAG_OTHER = 0x40,
	RA_PREFIX_ON_LINK = 0x80,
	RA_PREFIX_AUTONOMOUS = 0x40,
};

/* ------------------------------------------------------------------ solicitations */

/* The n bytes of options at p; unknown ones are skipped. */
static enum nd_verdict
parse_options(const uint8_t *p, size_t n, struct rs_view *v)
{
	while (n != 0) {
		const size_t len = n < 2 ? 0 : (size_t)p[1] * 8;

		if (len == 0 || len > n)
			return ND_BAD_OPTION;
		if (p[0] == ND_OPT_SOURCE_MAC && len == ND_OPT_MAC_LEN) {
			v->has_mac = true;
			memcpy(&v->mac, p + 2, ETH_ADDR_LEN);
		}
		p += len;
		n -= len;
	}
	return ND_OK;
}

enum nd_verdict
rs_parse(const uint8_t *ip6, size_t n, struct rs_view *v)
{
	struct ip6_view ip;
	const enum nd_verdict verdict = nd_open(ip6, n, ND_TYPE(RA_SOLICIT), RS_BODY, &ip);

	if (verdict != ND_OK)
		return verdict;
	*v = (struct rs_view){.src = ip.src};
	const enum nd_verdict options =
		parse_options(ip6 + IP6_HDR_LEN + RS_BODY, ip.total_len - IP6_HDR_LEN - RS_BODY, v);

	if (options != ND_OK)
		return options;
	const struct ip6_num src = ip6_num_load(ip.src);

	return ip6_is_multicast(src) || (src.hi == 0 && src.lo == 0 && v->has_mac) ? ND_BAD_SOURCE : ND_OK;
}

/* ------------------------------------------------------------------ advertisements */

static bool
load_prefix(const uint8_t *p, size_t len, struct ra_view *v)
{
	if (len != RA_OPT_PREFIX_LEN || p[2] > 128)
		return false;
	if (v->prefix.len == 0)
		v->prefix = (struct ra_prefix){
			.prefix = ip_addr_of6(p + 16),
			.len = p[2],
			.on_link = (p[3] & RA_PREFIX_ON_LINK) != 0,
			.autonomous = (p[3] & RA_PREFIX_AUTONOMOUS) != 0,
			.valid_s = load_be32(p + 4),
			.preferred_s = load_be32(p + 8),
		};
	return true;
}

static bool
load_dns(const uint8_t *p, size_t len, struct ra_view *v)
{
	if (len < RA_OPT_DNS_HDR + IP6_ADDR_LEN || (len - RA_OPT_DNS_HDR) % IP6_ADDR_LEN != 0)
		return false;
	v->dns_s = load_be32(p + 4);
	for (size_t at = RA_OPT_DNS_HDR; at < len && v->n_dns < RA_DNS_MAX; at += IP6_ADDR_LEN) {
		v->dns_each_s[v->n_dns] = v->dns_s;
		v->dns[v->n_dns++] = ip_addr_of6(p + at);
	}
	return true;
}

/* An option of len bytes, 8 at least. False: it has a length that its kind cannot have. */
static bool
load_option(const uint8_t *p, size_t len, struct ra_view *v)
{
	switch (p[0]) {
	case ND_OPT_SOURCE_MAC:
		v->has_mac = len == ND_OPT_MAC_LEN;
		memcpy(&v->mac, p + 2, ETH_ADDR_LEN);
		return true;
	case RA_OPT_MTU:
		v->mtu = load_be32(p + 4);
		return len == RA_OPT_MTU_LEN;
	case RA_OPT_PREFIX:
		return load_prefix(p, len, v);
	case RA_OPT_DNS:
		return load_dns(p, len, v);
	default:
		return true;
	}
}

enum nd_verdict
ra_parse(const uint8_t *ip6, size_t n, struct ra_view *v)
{
	const uint8_t *icmp = ip6 + IP6_HDR_LEN;
	struct ip6_view ip;
	const enum nd_verdict verdict = nd_open(ip6, n, ND_TYPE(RA_ADVERT), RA_BODY, &ip);

	if (verdict != ND_OK)
		return verdict;
	*v = (struct ra_view){
		.hop_limit = icmp[4],
		.managed = (icmp[5] & RA_FLAG_MANAGED) != 0,
		.other = (icmp[5] & RA_FLAG_OTHER) != 0,
		.router_s = load_be16(icmp + 6),
	};
	for (size_t at = RA_BODY, end = ip.total_len - IP6_HDR_LEN; at < end;) {
		const size_t len = end - at < 2 ? 0 : (size_t)icmp[at + 1] * 8;

		if (len == 0 || len > end - at || !load_option(icmp + at, len, v))
			return ND_BAD_OPTION;
		at += len;
	}
	return ip6_is_link_local(ip6_num_load(ip.src)) ? ND_OK : ND_BAD_SOURCE;
}

static uint8_t *
put_option(uint8_t *p, uint8_t type, size_t len)
{
	memset(p, 0, len);
	p[0] = type;
	p[1] = (uint8_t)(len / 8);
	return p + len;
}

static uint8_t *
put_prefix(uint8_t *p, const struct ra_prefix *v)
{
	const struct ip_addr prefix = ip_addr_prefix(&v->prefix, v->len);
	uint8_t *end = put_option(p, RA_OPT_PREFIX, RA_OPT_PREFIX_LEN);

	p[2] = v->len;
	p[3] = (uint8_t)((v->on_link ? RA_PREFIX_ON_LINK : 0) | (v->autonomous ? RA_PREFIX_AUTONOMOUS : 0));
	store_be32(p + 4, v->valid_s);
	store_be32(p + 8, v->preferred_s);
	memcpy(p + 16, prefix.b, IP6_ADDR_LEN);
	return end;
}

static uint8_t *
put_dns(uint8_t *p, const struct ra_view *v)
{
	uint8_t *end = put_option(p, RA_OPT_DNS, RA_OPT_DNS_HDR + v->n_dns * (size_t)IP6_ADDR_LEN);

	store_be32(p + 4, v->dns_s);
	for (unsigned i = 0; i < v->n_dns; i++)
		memcpy(p + RA_OPT_DNS_HDR + i * (size_t)IP6_ADDR_LEN, v->dns[i].b, IP6_ADDR_LEN);
	return end;
}

size_t
ra_store(uint8_t *p, const uint8_t src[IP6_ADDR_LEN], const uint8_t dst[IP6_ADDR_LEN], const struct ra_view *v)
{
	uint8_t *icmp = p + IP6_HDR_LEN, *at = icmp + RA_BODY;

	memset(icmp, 0, RA_BODY);
	icmp[0] = RA_ADVERT;
	icmp[4] = v->hop_limit;
	icmp[5] = (uint8_t)((v->managed ? RA_FLAG_MANAGED : 0) | (v->other ? RA_FLAG_OTHER : 0));
	store_be16(icmp + 6, v->router_s);
	if (v->has_mac) {
		memcpy(at + 2, &v->mac, ETH_ADDR_LEN);
		at[0] = ND_OPT_SOURCE_MAC;
		at[1] = 1;
		at += ND_OPT_MAC_LEN;
	}
	if (v->mtu != 0) {
		put_option(at, RA_OPT_MTU, RA_OPT_MTU_LEN);
		store_be32(at + 4, v->mtu);
		at += RA_OPT_MTU_LEN;
	}
	if (v->prefix.len != 0)
		at = put_prefix(at, &v->prefix);
	if (v->n_dns != 0)
		at = put_dns(at, v);
	return nd_close(p, src, dst, (size_t)(at - icmp));
}
