/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ip_delegated.h"

#include <arpa/inet.h>
#include <string.h>

#include "control/entropy.h"
#include "control/ip_ports_state.h"
#include "control/log.h"
#include "control/routes.h"
#include "dataplane/wire/ra.h"

enum { NETWORK_LEN = 64, HOPS = 64 };

static struct ip_delegated *
of_port(const struct control *c, uint16_t port)
{
	return &c->ip->delegated[port];
}

const struct ip_addr *
ip_delegated_address(const struct control *c, uint16_t port)
{
	const struct ip_delegated *d = of_port(c, port);

	return d->has ? &d->ours : NULL;
}

bool
ip_delegated_network_has(const struct control *c, uint16_t port, const struct ip_addr *address)
{
	const struct ip_addr *ours = ip_delegated_address(c, port);

	return ours != NULL && load_be64(ours->b) == load_be64(address->b);
}

/* ------------------------------------------------------------------ the address */

/* Address 1 of network number `subnet` of the prefix. False: it has not so many. */
static bool
address_in(const struct host_route *prefix, uint32_t subnet, struct ip_addr *address)
{
	if (prefix->len == 0 || prefix->len > NETWORK_LEN)
		return false;
	if (prefix->len > NETWORK_LEN - 32 && subnet >> (NETWORK_LEN - prefix->len) != 0)
		return false;
	ip6_num_store(address->b, (struct ip6_num){ip6_num_load(prefix->prefix.b).hi | subnet, 1});
	return true;
}

static void
set_routes(struct control *c, uint16_t port, const struct ip_addr *ours)
{
	ip_set_route(c, ours, NETWORK_LEN, RIB_CONNECTED, &(struct dp_next){.kind = DP_NEXT_CONNECTED, .port = port});
	ip_set_route(c, ours, 128, RIB_LOCAL, &(struct dp_next){.kind = DP_NEXT_LOCAL});
}

static void
del_routes(struct control *c, const struct ip_addr *ours)
{
	routes_del(c, ours, NETWORK_LEN, RIB_CONNECTED, 0);
	routes_del(c, ours, 128, RIB_LOCAL, 0);
}

static void
take_address(struct control *c, uint16_t port, const struct ip_addr *ours)
{
	struct ip_delegated *d = of_port(c, port);
	char text[INET6_ADDRSTRLEN];

	if (d->has && (ours == NULL || !ip_addr_equal(&d->ours, ours))) {
		del_routes(c, &d->ours);
		d->has = false;
	}
	if (ours == NULL || d->has)
		return;
	d->has = d->had = true;
	d->ours = *ours;
	set_routes(c, port, ours);
	ip6_announce(c, port, ours->b);
	inet_ntop(AF_INET6, ours->b, text, sizeof(text));
	log_info("prefix       port %s: our address is %s/%u", c->cfg->ports[port].name, text, NETWORK_LEN);
}

/* ------------------------------------------------------------------ advertisements */

static uint32_t
seconds_left(uint64_t until_ms, uint64_t now_ms)
{
	if (until_ms == UINT64_MAX)
		return UINT32_MAX;
	const uint64_t s = until_ms > now_ms ? (until_ms - now_ms) / 1000 : 0;

	return s < UINT32_MAX ? (uint32_t)s : UINT32_MAX - 1;
}

/* Without a prefix hosts are told that the last one is no good any more, and that we lead nowhere. */
static void
send_advert(struct control *c, uint16_t port, const struct ip_addr *dst, uint64_t now_ms)
{
	const struct ip_delegated *d = of_port(c, port);
	const uint32_t valid_s = d->has ? seconds_left(d->valid_until_ms, now_ms) : 0;
	const uint32_t preferred_s = d->has ? seconds_left(d->preferred_until_ms, now_ms) : 0;
	const struct mac dst_mac = nd_group_mac(dst->b);
	const struct ip_addr src = nd_link_local(&c->ip->macs[port]);
	uint8_t packet[RA_PACKET_MAX];
	struct ra_view v = {
		.hop_limit = HOPS,
		.router_s = d->has ? RA_ROUTER_S : 0,
		.has_mac = true,
		.mac = c->ip->macs[port],
		.prefix = {.prefix = d->ours,
			.len = NETWORK_LEN,
			.on_link = true,
			.autonomous = true,
			.valid_s = valid_s,
			.preferred_s = preferred_s},
		.n_dns = d->n_dns,
		.dns_s = d->has ? RA_ROUTER_S : 0,
	};

	memcpy(v.dns, d->dns, sizeof(v.dns));
	c->ip->counters.router_adverts++;
	ip_send_frame(c, port, &dst_mac, ETHERTYPE_V6, packet, ra_store(packet, src.b, dst->b, &v));
}

/* On an Ethernet all hosts may hear what one has asked for. */
void
ip_delegated_solicited(struct control *c, uint16_t port, uint64_t now_ms)
{
	static const struct ip_addr nobody;

	ra_sender_solicited(&of_port(c, port)->sender, &nobody, now_ms);
}

void
ip_delegated_tick(struct control *c, uint64_t now_ms)
{
	struct ip_addr dst;

	for (uint16_t i = 0; i < c->cfg->n_ports; i++)
		while (ra_sender_next(&of_port(c, i)->sender, now_ms, &dst))
			send_advert(c, i, &dst, now_ms);
}

uint64_t
ip_delegated_deadline_ms(const struct control *c)
{
	uint64_t at_ms = UINT64_MAX;

	for (uint16_t i = 0; i < c->cfg->n_ports; i++) {
		const uint64_t its_ms = ra_sender_deadline_ms(&of_port(c, i)->sender);

		at_ms = its_ms < at_ms ? its_ms : at_ms;
	}
	return at_ms;
}

/* ------------------------------------------------------------------ what the client has */

static void
set_port(struct control *c, uint16_t port, const struct host_client_prefix *p, uint64_t now_ms)
{
	const struct config_delegated *cfg = &c->cfg->ports[port].delegated;
	struct ip_delegated *d = of_port(c, port);
	struct ip_addr ours;
	const bool has = address_in(&p->prefix, cfg->subnet, &ours);

	if (p->prefix.len != 0 && !has)
		log_warning("prefix       port %s: a /%u has no network number %u", c->cfg->ports[port].name,
			p->prefix.len, cfg->subnet);
	if (d->has && has && !ip_addr_equal(&d->ours, &ours)) {
		take_address(c, port, NULL);
		send_advert(c, port, &(struct ip_addr){{0xff, 0x02, [15] = 1}}, now_ms); /* the old one is gone */
	}
	take_address(c, port, has ? &ours : NULL);
	d->preferred_until_ms = p->preferred_until_ms;
	d->valid_until_ms = p->valid_until_ms;
	if (has) {
		d->n_dns = p->n_dns;
		memcpy(d->dns, p->dns, sizeof(d->dns));
	}
	if (d->had)
		ra_sender_start(&d->sender, entropy_fill, NULL, now_ms);
}

/* What of a delegated prefix is on no port leads nowhere, least of all back to whom it came from (RFC 7084 WPD-5). */
static void
set_blackhole(struct control *c, const struct host_client_prefix *p)
{
	struct host_route *was = &c->ip->client_prefixes[p->client];

	if (was->len == p->prefix.len && ip_addr_equal(&was->prefix, &p->prefix.prefix))
		return;
	if (was->len != 0 && was->len < NETWORK_LEN)
		routes_del(c, &was->prefix, was->len, RIB_CONNECTED, 0);
	*was = p->prefix;
	if (was->len != 0 && was->len < NETWORK_LEN)
		ip_set_route(c, &was->prefix, was->len, RIB_CONNECTED, &(struct dp_next){.kind = DP_NEXT_NONE});
}

void
ip_delegated_set(struct control *c, const struct host_client_prefix *p, uint64_t now_ms)
{
	set_blackhole(c, p);
	for (uint16_t i = 0; i < c->cfg->n_ports; i++) {
		const struct config_delegated *cfg = &c->cfg->ports[i].delegated;

		if (cfg->given && cfg->client.index == p->client)
			set_port(c, i, p, now_ms);
	}
}
