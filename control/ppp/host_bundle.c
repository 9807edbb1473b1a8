/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/host_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/ppp.h"

enum { ROUTES_A_TURN = 16 };

static struct link *
first_link(const struct host *h, const struct bundle *b, bool open)
{
	struct link *l = bundle_first_link(h, b);

	while (l != NULL && open && l->phase != LINK_OPEN)
		l = bundle_next_link(h, l);
	return l;
}

/* Those of a multilink bundle are in its table; a plain link is its bundle. */
struct host_endpoint
bundle_peer_endpoint(const struct host *h, const struct bundle *b)
{
	const struct link *l = first_link(h, b, false);
	struct host_endpoint ep = {.class = HOST_EP_NULL};

	if (b->format.mp)
		membership_endpoint(&h->membership, b->id - 1, &ep);
	else if (l != NULL)
		ep = lcp_peer_endpoint(&l->lcp);
	return ep;
}

/* ------------------------------------------------------------------ begin */

static void
set_name(struct host *h, struct bundle *b, const struct link *l)
{
	const char *alias = l->user >= 0 ? h->users[l->user].cfg->alias : NULL;
	const uint8_t *m = l->key.peer.b;

	if (b->client)
		b->name = h->clients[b->owner].cfg->name;
	else if (l->user >= 0)
		b->name = alias != NULL ? alias : h->users[l->user].cfg->name;
	else
		b->name = b->mac_name;
	snprintf(b->mac_name, sizeof(b->mac_name), "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
}

struct bundle *
bundle_begin(struct host *h, const struct link *l, const struct bundle_format *format)
{
	struct bundle *b = bundle_take(h);
	const char *alias = l->user >= 0 ? h->users[l->user].cfg->alias : NULL;

	if (b == NULL)
		return NULL;
	b->client = l->client;
	b->owner = l->owner;
	b->format = *format;
	set_name(h, b, l);
	meter_new(h, b);
	/* what several logins share belongs to the user of the common name, if there is one */
	b->user = alias != NULL ? user_find(h, alias) : -1;
	if (b->user < 0)
		b->user = l->user;
	if (l->client)
		h->clients[l->owner].bundle = b->id;
	return b;
}

static bool
user_address(struct host *h, struct bundle *b, char *why, size_t cap)
{
	struct user *u = &h->users[b->user];

	if (u->address_bundle != 0) {
		snprintf(why, cap, "the address of user '%.64s' is in use by bundle %u", u->cfg->name,
			u->address_bundle);
		return false;
	}
	u->address_bundle = b->id;
	b->has_user_address = true;
	b->address = u->cfg->address;
	return true;
}

bool
bundle_address(struct host *h, struct bundle *b, const struct link *l, char *why, size_t cap)
{
	const struct host_policy *v4 = &h->concentrators[b->owner].cfg->network.ipv4;
	const int pool = h->concentrators[b->owner].cfg->pool;

	if (!v4->want && !v4->allow)
		return true;
	if (b->user >= 0 && h->users[b->user].cfg->address != 0)
		return user_address(h, b, why, cap);
	if (pool < 0) {
		snprintf(why, cap, "'%.64s' has no address and the concentrator has no pool", b->name);
		return false;
	}
	b->address = pool_take(&h->pools[pool]);
	b->from_pool = b->address != 0;
	if (!b->from_pool)
		snprintf(why, cap, "pool '%.31s' has no free address for %u", h->pools[pool].cfg->name, l->id);
	return b->from_pool;
}

static void
return_address(struct host *h, struct bundle *b)
{
	if (b->from_pool)
		pool_give(&h->pools[h->concentrators[b->owner].cfg->pool], b->address);
	if (b->has_user_address)
		h->users[b->user].address_bundle = 0;
	b->from_pool = b->has_user_address = false;
}

void
bundle_abandon(struct host *h, struct bundle *b)
{
	return_address(h, b);
	if (b->client)
		h->clients[b->owner].bundle = 0;
	bundle_give(h, b);
}

/* ------------------------------------------------------------------ values */

static uint16_t
least_tx_mru(const struct host *h, const struct bundle *b)
{
	uint16_t least = UINT16_MAX;

	for (const struct link *l = bundle_first_link(h, b); l != NULL; l = bundle_next_link(h, l))
		if (l->tx_mru < least)
			least = l->tx_mru;
	return least;
}

/* Where a subscriber's IPv6 packets usually come from. */
static void
load_sources6(const struct host *h, const struct bundle *b, struct host_bundle_values *v)
{
	const struct host_user *user = b->has_user_routes ? h->users[b->user].cfg : NULL;
	unsigned n = 0;

	for (unsigned i = 0; i < PREFIXES; i++)
		if (prefix_in_use(b, i))
			v->source6[n++] = b->prefixes[i].prefix;
	for (unsigned i = 0; user != NULL && i < user->n_routes && n < 2; i++)
		if (!ip_addr_is4(&user->routes[i].prefix) && user->routes[i].len <= 64)
			v->source6[n++] = user->routes[i];
}

void
bundle_refresh(struct host *h, struct bundle *b)
{
	const struct host_client *client = b->client ? h->clients[b->owner].cfg : NULL;
	const struct concentrator *c = b->client ? NULL : &h->concentrators[b->owner];
	struct host_bundle_values v;
	struct host_out_item *item;

	memset(&v, 0, sizeof(v));
	b->ip_mtu = bundle_ip_mtu(&b->format, client != NULL ? client->ip_mtu : c->cfg->ip_mtu, least_tx_mru(h, b));
	bundle_sizes(&v, &b->format, client != NULL ? &client->mss : &c->cfg->mss, b->ip_mtu);
	v.scrub = client != NULL ? client->scrub : c->cfg->scrub;
	v.source_check = client != NULL ? client->source_check : c->cfg->source_check;
	v.multilink = client != NULL ? &client->multilink : &c->multilink;
	v.v4 = ncp_is_open(b, NCP_V4);
	v.v6 = ncp_is_open(b, NCP_V6);
	v.peer_address = v.v4 ? ipcp_peer_address(&b->ipcp) : 0;
	load_sources6(h, b, &v);
	if (memcmp(&v, &b->values, sizeof(v)) == 0)
		return;
	memcpy(&b->values, &v, sizeof(v));
	item = host_put(h, HOST_OUT_BUNDLE_SET);
	item->bundle = b->id;
	item->bundle_values = v;
}

/* ------------------------------------------------------------------ routes */

/* Number i of the bundle's routes of a family: its address, the default, then the configured ones, of which those of the other family
 * count but are not set. False: there are no more. */
static bool
route_at(const struct host *h, const struct bundle *b, enum bundle_ncp ncp, unsigned i, struct host_route *route,
	bool *local)
{
	const struct host_client *client = b->client ? h->clients[b->owner].cfg : NULL;
	const struct host_route *list = NULL;
	unsigned n = 0;

	*local = client != NULL && ncp == NCP_V4 && i == 0;
	if (ncp == NCP_V4 && i-- == 0) {
		*route = host_route4(client != NULL ? b->route_our : b->route_peer, 32);
		return true;
	}
	if (client != NULL && client->default_route && i-- == 0) {
		*route = ncp == NCP_V4 ? host_route4(0, 0) : (struct host_route){.len = 0};
		return true;
	}
	if (client != NULL) {
		list = client->routes;
		n = client->n_routes;
	} else if (b->has_user_routes) {
		list = h->users[b->user].cfg->routes;
		n = h->users[b->user].cfg->n_routes;
	}
	if (list == NULL || i >= n)
		return false;
	*route = list[i];
	return true;
}

/* Two providers may give two clients the same address. */
static bool
local_is_shared(const struct host *h, const struct bundle *b)
{
	for (unsigned i = 0; i < h->cfg->n_clients; i++) {
		const struct bundle *other = bundle_of(h, h->clients[i].bundle);

		if (other != NULL && other != b && other->routes[NCP_V4].set != 0 && other->route_our == b->route_our)
			return true;
	}
	return false;
}

static void
put_route(struct host *h, const struct bundle *b, enum bundle_ncp ncp, enum host_out_kind kind, unsigned i)
{
	struct host_route route;
	struct host_out_item *item;
	bool local;

	if (!route_at(h, b, ncp, i, &route, &local) || ip_addr_is4(&route.prefix) != (ncp == NCP_V4))
		return;
	if (ncp == NCP_V4 && route.len == 128 && ip_addr_4(&route.prefix) == 0)
		return;
	if (local && local_is_shared(h, b))
		return;
	item = host_put(h, kind);
	item->bundle = local ? 0 : b->id;
	item->client = local ? b->owner : 0;
	item->route = route;
}

static bool
wants_routes(const struct bundle *b)
{
	for (unsigned i = 0; i < NCPS; i++)
		if (b->routes[i].wanted)
			return true;
	return false;
}

/* Routes of a user lead to one of his bundles: to the next one when that ends. */
static void
take_user_routes(struct host *h, struct bundle *b)
{
	struct user *u = b->user >= 0 && !b->client ? &h->users[b->user] : NULL;

	if (u == NULL || u->cfg->n_routes == 0 || b->has_user_routes)
		return;
	if (u->routes_bundle != 0) {
		host_event(h, HOST_EV_NOTE, 0, b->id, "bundle %u '%.64s': routes of this user lead to bundle %u", b->id,
			b->name, u->routes_bundle);
		return;
	}
	u->routes_bundle = b->id;
	b->has_user_routes = true;
}

static void
release_user_routes(struct host *h, struct bundle *b)
{
	if (!b->has_user_routes)
		return;
	b->has_user_routes = false;
	h->users[b->user].routes_bundle = 0;
	if (h->users[b->user].sessions == 0)
		return;
	for (unsigned i = 0; i < h->cfg->bundles_max; i++) {
		struct bundle *other = &h->bundles[i];

		if (other != b && other->state == BUNDLE_LIVE && other->user == b->user && wants_routes(other)) {
			take_user_routes(h, other);
			bundle_refresh(h, other);
			other->routes_moving = true;
			bundle_rearm(h, other);
			return;
		}
	}
}

static bool
addresses_moved(const struct bundle *b)
{
	return b->route_our != ipcp_our_address(&b->ipcp) || b->route_peer != ipcp_peer_address(&b->ipcp);
}

static bool
wants_more_routes(const struct host *h, const struct bundle *b, enum bundle_ncp ncp)
{
	struct host_route route;
	bool local;

	return route_at(h, b, ncp, b->routes[ncp].set, &route, &local);
}

/* What the peer was given comes and goes by itself, beside the list of the other routes. */
static bool
prefix_step(struct host *h, struct bundle *b, bool wanted)
{
	for (unsigned i = 0; i < PREFIXES; i++) {
		struct bundle_prefix *p = &b->prefixes[i];
		const bool want = wanted && prefix_in_use(b, i);
		struct host_out_item *item;

		if (p->routed == want)
			continue;
		p->routed = want;
		item = host_put(h, want ? HOST_OUT_ROUTE_SET : HOST_OUT_ROUTE_DEL);
		item->bundle = b->id;
		item->route = p->prefix;
		return true;
	}
	return false;
}

/* One step towards what is wanted of a family; false: there already. */
static bool
family_step(struct host *h, struct bundle *b, enum bundle_ncp ncp)
{
	struct bundle_routes *r = &b->routes[ncp];
	const bool wanted = r->wanted && b->state == BUNDLE_LIVE;

	if (ncp == NCP_V6 && prefix_step(h, b, wanted))
		return true;
	if (r->set != 0 && (!wanted || (ncp == NCP_V4 && addresses_moved(b)))) {
		put_route(h, b, ncp, HOST_OUT_ROUTE_DEL, --r->set);
		return true;
	}
	if (!wanted)
		return false;
	if (ncp == NCP_V4 && r->set == 0) {
		b->route_our = ipcp_our_address(&b->ipcp);
		b->route_peer = ipcp_peer_address(&b->ipcp);
	}
	if (!wants_more_routes(h, b, ncp))
		return false;
	put_route(h, b, ncp, HOST_OUT_ROUTE_SET, r->set++);
	return true;
}

static bool
route_step(struct host *h, struct bundle *b)
{
	for (unsigned i = 0; i < NCPS; i++)
		if (family_step(h, b, i))
			return true;
	if (!wants_routes(b))
		release_user_routes(h, b);
	return false;
}

/* ------------------------------------------------------------------ end */

static void
finish(struct host *h, struct bundle *b)
{
	host_put(h, HOST_OUT_BUNDLE_REMOVE)->bundle = b->id;
	return_address(h, b);
	prefix_return(h, b);
	b->state = BUNDLE_REMOVED;
	bundle_wake_askers(h, b);
	if (b->announced) {
		host_event(h, HOST_EV_BUNDLE_DOWN, 0, b->id, "bundle %u '%.64s' down: its last link has gone", b->id,
			b->name);
		host_facts(h, NULL, b, text_kept(b->last_words));
	}
	bundle_rearm(h, b);
}

/* A few at a time: a user may have more routes than a call may have effects. */
static void
move_routes(struct host *h, struct bundle *b)
{
	b->routes_moving = true;
	for (unsigned i = 0; i < ROUTES_A_TURN; i++) {
		if (route_step(h, b))
			continue;
		b->routes_moving = false;
		if (b->state == BUNDLE_DRAINING)
			finish(h, b);
		else
			bundle_rearm(h, b);
		return;
	}
	bundle_rearm(h, b);
}

void
bundle_link_left(struct host *h, struct bundle *b)
{
	if (b->first_link != 0) {
		/* Who joins now is the first link of a new bundle in the peer's eyes, or it was restarted meanwhile. */
		if (first_link(h, b, true) == NULL)
			ncp_end(h, b);
		bundle_refresh(h, b);
		return;
	}
	prefix_down(h, b);
	b->state = BUNDLE_DRAINING;
	for (unsigned i = 0; i < NCPS; i++)
		b->routes[i].wanted = false;
	if (b->client) {
		h->clients[b->owner].bundle = 0;
		if (!b->format.mp)
			h->clients[b->owner].shuns_mp = false;
		dial_wake_held(h, b->owner);
	}
	move_routes(h, b);
}

/* ------------------------------------------------------------------ who waits for a word */

void
bundle_wake_askers(struct host *h, struct bundle *b)
{
	struct bundle_askers *askers = b->askers;

	b->askers = NULL;
	for (unsigned i = askers != NULL ? askers->n : 0; i > 0; i--) {
		struct link *l = link_of(h, askers->links[i - 1]);

		if (l == NULL || l->asked != b->id || l->doom != LINK_TRY_JOIN)
			continue;
		l->doom_ms = h->now_ms;
		timer_set(&h->timers, &l->timer, h->now_ms);
	}
	free(askers);
}

void
bundle_heard(struct host *h, struct bundle *b)
{
	b->heard = h->frames;
	bundle_wake_askers(h, b);
}

/* ------------------------------------------------------------------ NCP */

void
bundle_prefixes_changed(struct host *h, struct bundle *b)
{
	bundle_refresh(h, b);
	move_routes(h, b);
}

void
bundle_want_routes(struct host *h, struct bundle *b, enum bundle_ncp ncp, bool wanted)
{
	if (wanted && !wants_routes(b))
		take_user_routes(h, b);
	b->routes[ncp].wanted = wanted;
	bundle_refresh(h, b);
	move_routes(h, b);
}

/* ------------------------------------------------------------------ packets */

void
bundle_packet(struct host *h, struct bundle *b, struct link *via, uint16_t proto, const uint8_t *p, size_t n)
{
	struct link *rejecter = via != NULL ? via : first_link(h, b, true);

	if (ncp_packet(h, b, via == NULL, proto, p, n))
		return;
	if (rejecter == NULL || rejecter->phase != LINK_OPEN)
		return;
	link_reject_protocol(h, rejecter, proto, p, n);
	if (rejecter != via)
		link_settle(h, rejecter);
}

/* LCP inside MP: negotiating a link there is silently dropped, the rest is allowed (RFC 1990 section 2, L-09). */
static void
lcp_in_mp(struct host *h, struct bundle *b, const uint8_t *p, size_t n)
{
	struct link *l = first_link(h, b, true);

	if (n == 0 || (p[0] >= CP_CONFIGURE_REQUEST && p[0] <= CP_TERMINATE_ACK)) {
		h->counters.lcp_in_mp++;
		return;
	}
	if (l != NULL)
		link_packet(h, l, PPP_LCP, p, n);
}

static void
trace_received(struct host *h, const struct bundle *b, uint16_t proto, const uint8_t *p, size_t n)
{
	for (const struct link *l = bundle_first_link(h, b); l != NULL; l = bundle_next_link(h, l))
		host_trace_packet(h, l, false, " bundle", proto, p, n);
}

void
bundle_input(struct host *h, struct bundle *b, const uint8_t *p, size_t n)
{
	uint16_t proto;
	const unsigned field = ppp_proto_load(p, n, &proto);

	if (field == 0) {
		h->counters.bad_frame++;
		return;
	}
	if (proto == PPP_LCP) {
		lcp_in_mp(h, b, p + field, n - field);
		return;
	}
	trace_received(h, b, proto, p + field, n - field);
	if (proto == PPP_IPV6)
		prefix_packet(h, b, p + field, n - field);
	else if (proto == PPP_PAP || proto == PPP_CHAP)
		h->counters.bad_frame++; /* a link's, never the bundle's (RFC 1990 section 4) */
	else
		bundle_packet(h, b, NULL, proto, p + field, n - field);
}

/* ------------------------------------------------------------------ time */

void
bundle_tick(struct host *h, struct bundle *b)
{
	if (b->state == BUNDLE_LIVE) {
		ncp_tick(h, b);
		meter_tick(h, b);
		prefix_tick(h, b);
	}
	if (b->state == BUNDLE_LIVE || b->state == BUNDLE_DRAINING)
		move_routes(h, b);
	else
		bundle_rearm(h, b);
}

void
bundle_rearm(struct host *h, struct bundle *b)
{
	uint64_t at_ms = b->state == BUNDLE_LIVE ? ncp_deadline_ms(b) : UINT64_MAX;

	if (b->state == BUNDLE_LIVE && meter_deadline_ms(b) < at_ms)
		at_ms = meter_deadline_ms(b);
	if (b->state == BUNDLE_LIVE && prefix_deadline_ms(b) < at_ms)
		at_ms = prefix_deadline_ms(b);
	timer_set(&h->timers, &b->timer, b->routes_moving ? h->now_ms : at_ms);
}
