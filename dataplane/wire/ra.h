/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_WIRE_RA_H
#define DATAPLANE_WIRE_RA_H

#include "dataplane/wire/nd.h"

/* Router solicitations and advertisements (RFC 4861 sections 4.1, 4.2) with the options prefix, MTU and recursive DNS server (RFC 8106), as
 * whole IPv6 packets. */

enum {
	RA_SOLICIT = 133,
	RA_ADVERT = 134,
	RA_DNS_MAX = 3,
	RA_PACKET_MAX = IP6_HDR_LEN + 16 + ND_OPT_MAC_LEN + 8 + 32 + 8 + RA_DNS_MAX * IP6_ADDR_LEN,
};

struct rs_view {
	const uint8_t *src; /* in the packet; the unspecified address: no host of its own yet */
	bool has_mac;
	struct mac mac;
};

struct ra_prefix {
	struct ip_addr prefix; /* bits behind len are not sent */
	uint8_t len;           /* 0: no prefix */
	bool on_link, autonomous;
	uint32_t valid_s, preferred_s;
};

struct ra_view {
	uint8_t hop_limit; /* for hosts to use; 0: unspecified */
	bool managed, other;
	uint16_t router_s; /* lifetime as a default router; 0: none */
	bool has_mac;
	struct mac mac;
	uint32_t mtu; /* 0: no option */
	struct ra_prefix prefix;
	struct ip_addr dns[RA_DNS_MAX];
	unsigned n_dns;
	uint32_t dns_s; /* lifetime of all, as written; of those of the last option, as read */
	uint32_t dns_each_s
		[RA_DNS_MAX]; /* read only: an advertisement may have several options; 0: not to be used any more */
};

/* The n bytes of an IPv6 packet (contiguous), checked as section 6.1.1 says. ND_NOT_ND: no solicitation. */
enum nd_verdict rs_parse(const uint8_t *ip6, size_t n, struct rs_view *v);
/* The same of an advertisement (section 6.1.2), which must come from an address of the link. Of prefixes the first is taken. */
enum nd_verdict ra_parse(const uint8_t *ip6, size_t n, struct ra_view *v);
/* Writes the packet that v describes at p, which has room for RA_PACKET_MAX; returns its length. src: our address of the link. */
size_t ra_store(uint8_t *p, const uint8_t src[IP6_ADDR_LEN], const uint8_t dst[IP6_ADDR_LEN], const struct ra_view *v);

#endif
