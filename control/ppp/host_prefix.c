/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/ppp/host_state.h"
#include "dataplane/wire/ppp.h"
#include "dataplane/wire/ra.h"
#include "dataplane/wire/udp6.h"

/* What a subscriber gets for IPv6: a prefix for the link by router advertisements, one for the networks behind him by DHCPv6. The first is his
 * as soon as IPv6 is open, the second when he asks; both stay his until the bundle ends, so that who comes back finds his own again. */

enum { RA_HOP_LIMIT = 64, PREFIX_TEXT_MAX = INET6_ADDRSTRLEN + 4 };

static const uint8_t all_dhcp_servers[16] = {0xff, 0x02, [13] = 1, [15] = 2};

void
prefix_configure(struct concentrator *c, const struct mac *mac)
{
	const struct host_prefixes *p = &c->cfg->prefixes;

	c->dhcp6 = (struct dhcp6_server_config){
		.duid = dhcp6_duid_of_mac(mac),
		.n_dns = p->n_dns,
		.preferred_s = p->preferred_s,
		.valid_s = p->valid_s,
	};
	_Static_assert(sizeof(c->dhcp6.dns) == sizeof(p->dns), "as many name servers");
	memcpy(c->dhcp6.dns, p->dns, sizeof(p->dns));
}

/* ------------------------------------------------------------------ whose prefix */

static const char *
text_of(const struct host_route *r, char text[PREFIX_TEXT_MAX])
{
	inet_ntop(AF_INET6, r->prefix.b, text, INET6_ADDRSTRLEN);
	snprintf(text + strlen(text), 5, "/%u", r->len);
	return text;
}

static const struct host_prefixes *
offer_of(const struct host *h, const struct bundle *b)
{
	return &h->concentrators[b->owner].cfg->prefixes;
}

/* NULL: none. */
static struct pool6 *
pool_for(const struct host *h, const struct bundle *b, enum bundle_prefix_kind kind)
{
	const struct host_prefixes *offer = offer_of(h, b);
	const unsigned number = kind == PREFIX_LINK ? offer->link_pool : offer->delegated_pool;

	return number != 0 ? &h->pools6[number - 1] : NULL;
}

/* Of the user's own, which one bundle of his can have; NULL: none. */
static const struct host_route *
user_prefix(const struct host *h, const struct bundle *b, enum bundle_prefix_kind kind)
{
	const struct host_user *user = b->user >= 0 ? h->users[b->user].cfg : NULL;
	const struct host_route *r = user == NULL ? NULL : kind == PREFIX_LINK ? &user->link6 : &user->delegated6;

	return r != NULL && r->len != 0 ? r : NULL;
}

static bool
is_offered(const struct host *h, const struct bundle *b, enum bundle_prefix_kind kind)
{
	return user_prefix(h, b, kind) != NULL || pool_for(h, b, kind) != NULL;
}

static void
tell_missed(struct host *h, struct bundle *b, enum bundle_prefix_kind kind)
{
	const char *what = kind == PREFIX_LINK ? "the link" : "networks behind it";

	if (b->prefix_missed[kind])
		return;
	b->prefix_missed[kind] = true;
	if (user_prefix(h, b, kind) != NULL)
		host_event(h, HOST_EV_NOTE, 0, b->id,
			"bundle %u '%.64s': no IPv6 prefix for %s: the user's is that of bundle %u", b->id, b->name,
			what, h->users[b->user].prefix_bundle[kind]);
	else
		host_event(h, HOST_EV_NOTE, 0, b->id,
			"bundle %u '%.64s': no IPv6 prefix for %s: pool '%.31s' has no free one", b->id, b->name, what,
			pool_for(h, b, kind)->cfg->name);
}

static bool
take_user_prefix(struct host *h, struct bundle *b, enum bundle_prefix_kind kind)
{
	const struct host_route *own = user_prefix(h, b, kind);

	if (own == NULL || h->users[b->user].prefix_bundle[kind] != 0)
		return false;
	h->users[b->user].prefix_bundle[kind] = b->id;
	b->prefixes[kind] = (struct bundle_prefix){.prefix = *own, .from_user = true};
	return true;
}

static bool
take_pool_prefix(struct host *h, struct bundle *b, enum bundle_prefix_kind kind)
{
	struct pool6 *pool = pool_for(h, b, kind);
	struct host_route prefix;

	if (pool == NULL || !pool6_take(pool, &prefix))
		return false;
	b->prefixes[kind] = (struct bundle_prefix){.prefix = prefix, .from_pool = true};
	return true;
}

static void
take(struct host *h, struct bundle *b, enum bundle_prefix_kind kind)
{
	if (b->prefixes[kind].prefix.len != 0 || !is_offered(h, b, kind))
		return;
	if (!take_user_prefix(h, b, kind) && !take_pool_prefix(h, b, kind))
		tell_missed(h, b, kind);
}

void
prefix_return(struct host *h, struct bundle *b)
{
	for (unsigned i = 0; i < PREFIXES; i++) {
		struct bundle_prefix *p = &b->prefixes[i];

		if (p->from_pool)
			pool6_give(pool_for(h, b, i), &p->prefix);
		if (p->from_user)
			h->users[b->user].prefix_bundle[i] = 0;
		*p = (struct bundle_prefix){0};
	}
}

static bool
is_delegated(const struct bundle *b)
{
	return b->serve6 != NULL && b->serve6->dhcp6.bound;
}

bool
prefix_in_use(const struct bundle *b, enum bundle_prefix_kind kind)
{
	return b->prefixes[kind].prefix.len != 0 && (kind == PREFIX_LINK || is_delegated(b));
}

/* ------------------------------------------------------------------ router advertisements */

static struct ip_addr
our_address(const struct bundle *b)
{
	struct ip_addr a = {{0xfe, 0x80}};

	store_be64(a.b + 8, ipv6cp_our_id(&b->ipv6cp));
	return a;
}

/* What passes in both directions; hosts take no option below the least that IPv6 needs. */
static uint32_t
link_mtu(const struct bundle *b)
{
	const uint16_t mtu = b->ip_mtu < b->values.rx_mrru ? b->ip_mtu : b->values.rx_mrru;

	return mtu >= IP6_MTU_MIN ? mtu : 0;
}

/* Nobody is on a link with two ends but the router and the host: the prefix is not announced as on-link. */
static void
send_advert(struct host *h, struct bundle *b, const struct ip_addr *dst)
{
	const struct host_prefixes *offer = offer_of(h, b);
	const struct bundle_prefix *link = &b->prefixes[PREFIX_LINK];
	const struct ip_addr src = our_address(b);
	uint8_t packet[RA_PACKET_MAX];
	struct ra_view v = {
		.hop_limit = RA_HOP_LIMIT,
		.other = offer->n_dns != 0 || is_offered(h, b, PREFIX_DELEGATED),
		.router_s = RA_ROUTER_S,
		.mtu = link_mtu(b),
		.prefix = {.prefix = link->prefix.prefix,
			.len = link->prefix.len,
			.autonomous = true,
			.valid_s = offer->valid_s,
			.preferred_s = offer->preferred_s},
		.n_dns = offer->n_dns,
		.dns_s = RA_ROUTER_S,
	};

	_Static_assert(sizeof(v.dns) == sizeof(offer->dns), "as many name servers");
	memcpy(v.dns, offer->dns, sizeof(v.dns));
	h->counters.router_adverts_tx++;
	host_send_bundle(h, b, PPP_IPV6, packet, ra_store(packet, src.b, dst->b, &v));
}

static void
send_adverts(struct host *h, struct bundle *b)
{
	struct ip_addr dst;

	while (ra_sender_next(&b->serve6->adverts, h->now_ms, &dst))
		send_advert(h, b, &dst);
}

void
prefix_up(struct host *h, struct bundle *b)
{
	if (b->client) {
		uplink6_up(h, b);
		return;
	}
	take(h, b, PREFIX_LINK);
	if (!is_offered(h, b, PREFIX_LINK) && !is_offered(h, b, PREFIX_DELEGATED) && offer_of(h, b)->n_dns == 0)
		return;
	if (b->serve6 == NULL)
		b->serve6 = calloc(1, sizeof(*b->serve6));
	if (b->serve6 != NULL)
		ra_sender_start(&b->serve6->adverts, h->random, h->random_ctx, h->now_ms);
	else
		host_event(h, HOST_EV_NOTE, 0, b->id,
			"bundle %u '%.64s': no memory for router advertisements and DHCPv6", b->id, b->name);
}

void
prefix_down(struct host *h, struct bundle *b)
{
	if (b->client)
		uplink6_down(h, b);
	if (b->serve6 != NULL)
		ra_sender_stop(&b->serve6->adverts);
}

/* False: not a message of ours. */
static bool
solicit_input(struct host *h, struct bundle *b, const uint8_t *ip6, size_t n)
{
	struct rs_view v;
	const enum nd_verdict verdict = rs_parse(ip6, n, &v);

	if (verdict == ND_NOT_ND)
		return false;
	if (verdict != ND_OK) {
		h->counters.ip6_bad++;
		return true;
	}
	const struct ip_addr from = ip_addr_of6(v.src);

	h->counters.router_solicits_rx++;
	ra_sender_solicited(&b->serve6->adverts, &from, h->now_ms);
	return true;
}

/* ------------------------------------------------------------------ DHCPv6 */

static void
tell_delegation(struct host *h, const struct bundle *b, const char *why)
{
	char text[PREFIX_TEXT_MAX];

	host_event(h, HOST_EV_NOTE, 0, b->id, "bundle %u '%.64s': %s %s", b->id, b->name, why,
		text_of(&b->prefixes[PREFIX_DELEGATED].prefix, text));
}

static struct dhcp6_link
dhcp6_link_of(const struct bundle *b, bool unicast)
{
	const struct host_route *link = &b->prefixes[PREFIX_LINK].prefix,
				*prefix = &b->prefixes[PREFIX_DELEGATED].prefix;

	return (struct dhcp6_link){
		.unicast = unicast,
		.prefix = prefix->prefix,
		.prefix_len = prefix->len,
		.on_link = link->prefix,
		.on_link_len = link->len,
	};
}

static void
answer(struct host *h, struct bundle *b, const struct udp6_view *udp, const struct dhcp6_message *m, bool unicast)
{
	uint8_t packet[UDP6_OVERHEAD + DHCP6_MESSAGE_MAX];
	const struct ip_addr src = our_address(b);
	const bool was = is_delegated(b);
	struct dhcp6_writer w = {.len = 0};

	if (dhcp6_server_wants_prefix(m))
		take(h, b, PREFIX_DELEGATED);
	const struct dhcp6_link link = dhcp6_link_of(b, unicast);

	if (dhcp6_server_input(&b->serve6->dhcp6, &h->concentrators[b->owner].dhcp6, &link, m, h->now_ms, &w,
		    packet + UDP6_OVERHEAD, DHCP6_MESSAGE_MAX)) {
		h->counters.dhcp6_tx++;
		host_send_bundle(h, b, PPP_IPV6, packet,
			udp6_store(packet, src.b, udp->src, DHCP6_SERVER_PORT, DHCP6_CLIENT_PORT, (uint16_t)w.len));
	} else {
		h->counters.dhcp6_unanswered++;
	}
	if (is_delegated(b) == was)
		return;
	tell_delegation(h, b, was ? "gives back" : "is delegated");
	bundle_prefixes_changed(h, b);
}

/* False: not a message of ours. */
static bool
dhcp6_input(struct host *h, struct bundle *b, const uint8_t *ip6, size_t n)
{
	const struct ip_addr ours = our_address(b);
	struct dhcp6_message m;
	struct udp6_view udp;
	const enum udp6_verdict verdict = udp6_parse(ip6, n, &udp);

	if (verdict == UDP6_NOT_UDP || (verdict == UDP6_OK && udp.dst_port != DHCP6_SERVER_PORT))
		return false;
	if (verdict != UDP6_OK || !ip6_is_link_local(ip6_num_load(udp.src))) {
		h->counters.ip6_bad++;
		return true;
	}
	const bool unicast = memcmp(udp.dst, ours.b, sizeof(ours.b)) == 0;

	if (!unicast && memcmp(udp.dst, all_dhcp_servers, sizeof(all_dhcp_servers)) != 0)
		return false;
	h->counters.dhcp6_rx++;
	if (dhcp6_parse(udp.data, udp.len, &m) == DHCP6_OK)
		answer(h, b, &udp, &m, unicast);
	else
		h->counters.ip6_bad++;
	return true;
}

/* ------------------------------------------------------------------ packets and time */

static bool
served(struct host *h, struct bundle *b, const uint8_t *ip6, size_t n)
{
	return b->serve6 != NULL && b->serve6->adverts.random != NULL &&
		(solicit_input(h, b, ip6, n) || dhcp6_input(h, b, ip6, n));
}

void
prefix_packet(struct host *h, struct bundle *b, const uint8_t *ip6, size_t n)
{
	if (!ncp_is_open(b, NCP_V6) || !(b->client ? uplink6_packet(h, b, ip6, n) : served(h, b, ip6, n)))
		h->counters.ip6_ignored++;
	bundle_rearm(h, b);
}

void
prefix_tick(struct host *h, struct bundle *b)
{
	const bool was = is_delegated(b);

	if (b->client) {
		uplink6_tick(h, b);
		return;
	}
	if (b->serve6 == NULL)
		return;
	send_adverts(h, b);
	dhcp6_server_tick(&b->serve6->dhcp6, h->now_ms);
	if (is_delegated(b) != was) {
		tell_delegation(h, b, "has not renewed");
		bundle_prefixes_changed(h, b);
	}
}

uint64_t
prefix_deadline_ms(const struct bundle *b)
{
	uint64_t adverts_ms, lease_ms;

	if (b->client)
		return uplink6_deadline_ms(b);
	if (b->serve6 == NULL)
		return UINT64_MAX;
	adverts_ms = ra_sender_deadline_ms(&b->serve6->adverts);
	lease_ms = dhcp6_server_deadline_ms(&b->serve6->dhcp6);
	return adverts_ms < lease_ms ? adverts_ms : lease_ms;
}
