/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/demand.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/apply.h"
#include "control/ip_ports_state.h"
#include "control/routes.h"

/* One that waits. Free ones have client 0. */
struct held {
	uint32_t client; /* number from 1, as the owner of its routes */
	uint64_t serial, until_ms;
	struct ip_addr dst;
	size_t len;
	uint8_t bytes[DP_CONTROL_FRAME_MAX];
};

/* What of a packet counts here. */
struct view {
	struct ip_addr dst;
	size_t len; /* as its header says */
	uint8_t ttl;
};

struct demand {
	unsigned n_held;
	uint64_t serials;
	struct held held[DEMAND_PACKETS];
};

static bool
is_on_demand(const struct config_client *client)
{
	return client->dial == CONFIG_DIAL_ON_DEMAND;
}

bool
demand_new(struct control *c)
{
	bool wanted = false;

	for (size_t i = 0; i < c->cfg->n_clients; i++)
		wanted |= is_on_demand(&c->cfg->clients[i]);
	if (wanted)
		c->demand = calloc(1, sizeof(*c->demand));
	return !wanted || c->demand != NULL;
}

void
demand_free(struct demand *d)
{
	free(d);
}

/* ------------------------------------------------------------------ routes */

static void
set_route(struct control *c, uint32_t owner, struct host_route route)
{
	routes_set(c,
		&(struct rib_route){.prefix = route.prefix,
			.len = route.len,
			.rank = RIB_DEMAND,
			.owner = owner,
			.next = {.kind = DP_NEXT_LOCAL}});
}

/* The same as the bundle will have, of the families that the client opens itself. */
static void
set_routes(struct control *c, unsigned client)
{
	const struct host_client *h = &c->setup->host.clients[client];
	const struct host_route default4 = host_route4(0, 0), default6 = {.len = 0};

	if (h->default_route && h->network.ipv4.want)
		set_route(c, client + 1, default4);
	if (h->default_route && h->network.ipv6.want)
		set_route(c, client + 1, default6);
	for (unsigned i = 0; i < h->n_routes; i++)
		if (ip_addr_is4(&h->routes[i].prefix) ? h->network.ipv4.want : h->network.ipv6.want)
			set_route(c, client + 1, h->routes[i]);
}

void
demand_start(struct control *c)
{
	for (unsigned i = 0; i < c->cfg->n_clients; i++)
		if (is_on_demand(&c->cfg->clients[i]))
			set_routes(c, i);
}

/* Number of the client whose packet it is; 0: none waits for it. */
static uint32_t
client_of(const struct control *c, const struct ip_addr *dst)
{
	const struct rib_route *r = rib_find(c->rib, dst);

	return r != NULL && r->rank == RIB_DEMAND ? r->owner : 0;
}

/* ------------------------------------------------------------------ the place where they wait */

static struct held *
room(struct demand *d, uint32_t client)
{
	struct held *free_one = NULL;
	unsigned n = 0;

	for (unsigned i = 0; i < DEMAND_PACKETS; i++) {
		if (d->held[i].client == 0 && free_one == NULL)
			free_one = &d->held[i];
		n += d->held[i].client == client;
	}
	return n < DEMAND_CLIENT_PACKETS ? free_one : NULL;
}

static void
hold(struct control *c, uint32_t client, const struct view *v, const uint8_t *packet, uint64_t now_ms)
{
	struct held *h = room(c->demand, client);

	if (h == NULL) {
		c->counters.demand_full++;
		return;
	}
	c->counters.demand_held++;
	c->demand->n_held++;
	h->client = client;
	h->serial = c->demand->serials++;
	h->until_ms = now_ms + DEMAND_WAIT_MS;
	h->dst = v->dst;
	h->len = v->len;
	memcpy(h->bytes, packet, v->len);
	/* the data plane has not counted the hop: to it the packet was for ourselves */
	if (ip_addr_is4(&v->dst))
		ip4_ttl_decrement(h->bytes);
	else
		ip6_hop_decrement(h->bytes);
}

static void
release(struct demand *d, struct held *h)
{
	h->client = 0;
	d->n_held--;
}

/* ------------------------------------------------------------------ packets */

static bool
view_load4(const uint8_t *p, size_t n, struct view *v)
{
	struct ip4_view ip;

	if (ip4_parse(p, n, UINT16_MAX, &ip) != IP_OK)
		return false;
	*v = (struct view){.dst = ip_addr_of4(ip.dst), .len = ip.total_len, .ttl = ip.ttl};
	return ip.dst < 0xe0000000 && ip.dst >> 24 != 127 && ip.dst >> 24 != 0;
}

static bool
view_load6(const uint8_t *p, size_t n, struct view *v)
{
	struct ip6_num dst;
	struct ip6_view ip;

	if (ip6_parse(p, n, IP6_HDR_LEN + UINT16_MAX, &ip) != IP_OK)
		return false;
	dst = ip6_num_load(ip.dst);
	*v = (struct view){.dst = ip_addr_of6(ip.dst), .len = ip.total_len, .ttl = ip.hop_limit};
	return !ip6_is_multicast(dst) && !ip6_is_link_local(dst) && !ip6_is_nobodys(dst);
}

/* False: no packet, or one that is never forwarded. */
static bool
view_load(const uint8_t *p, size_t n, struct view *v)
{
	if (ip_version(p, n) == 4)
		return view_load4(p, n, v);
	return ip_version(p, n) == 6 && view_load6(p, n, v);
}

static void
text_of(const struct ip_addr *dst, char *text, size_t cap)
{
	const bool v4 = ip_addr_is4(dst);
	char address[INET6_ADDRSTRLEN];

	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? dst->b + 12 : dst->b, address, sizeof(address));
	snprintf(text, cap, "a packet to %s", address);
}

static void
dial_for(struct control *c, uint32_t client, const struct view *v, const uint8_t *packet, size_t n, uint64_t now_ms)
{
	char what[INET6_ADDRSTRLEN + 16];

	text_of(&v->dst, what, sizeof(what));
	if (!host_demand(c->host, client - 1, what, now_ms, c->out))
		c->counters.demand_expired++;
	else if (v->len > n) /* longer than what control is shown */
		c->counters.demand_full++;
	else
		hold(c, client, v, packet, now_ms);
	apply_effects(c);
}

bool
demand_input(struct control *c, const struct dp_punted *p, uint64_t now_ms)
{
	const uint8_t *packet = p->bytes;
	size_t n = p->len;
	struct eth_view e;
	struct view v;

	if (c->demand == NULL || (p->origin == DP_FROM_ROUTE && p->why != DP_PUNT_LOCAL))
		return false;
	if (p->origin == DP_FROM_IP_PORT) {
		if (!eth_parse(p->bytes, p->len, &e) || (e.type != ETHERTYPE_V4 && e.type != ETHERTYPE_V6))
			return false;
		packet += e.hdr_len;
		n -= e.hdr_len;
	}
	if (!view_load(packet, n, &v) || client_of(c, &v.dst) == 0)
		return false;
	if (v.ttl <= 1)
		c->ip->counters.ignored++;
	else
		dial_for(c, client_of(c, &v.dst), &v, packet, n, now_ms);
	return true;
}

/* ------------------------------------------------------------------ and go */

/* The oldest that waits; NULL: none. */
static struct held *
oldest(struct demand *d, uint64_t from_serial)
{
	struct held *first = NULL;

	for (unsigned i = 0; i < DEMAND_PACKETS; i++) {
		struct held *h = &d->held[i];

		if (h->client != 0 && h->serial >= from_serial && (first == NULL || h->serial < first->serial))
			first = h;
	}
	return first;
}

static void
look_at(struct control *c, struct held *h, uint64_t now_ms)
{
	if (client_of(c, &h->dst) != h->client) {
		c->counters.demand_sent++;
		ip_route_packet(c, h->bytes, h->len);
	} else if (now_ms >= h->until_ms || !host_client_awake(c->host, h->client - 1)) {
		c->counters.demand_expired++;
	} else {
		return;
	}
	release(c->demand, h);
}

/* While commands are under way the bundle may not carry yet what its routes bring it. */
void
demand_tick(struct control *c, uint64_t now_ms)
{
	uint64_t from = 0;

	if (c->demand == NULL || c->demand->n_held == 0 || apply_busy(c))
		return;
	for (struct held *h; (h = oldest(c->demand, from)) != NULL;) {
		from = h->serial + 1;
		look_at(c, h, now_ms);
	}
}

uint64_t
demand_deadline_ms(const struct control *c)
{
	uint64_t due = UINT64_MAX;

	if (c->demand == NULL || c->demand->n_held == 0)
		return due;
	for (unsigned i = 0; i < DEMAND_PACKETS; i++)
		if (c->demand->held[i].client != 0 && c->demand->held[i].until_ms < due)
			due = c->demand->held[i].until_ms;
	return due;
}
