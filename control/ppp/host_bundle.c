/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/host_state.h"

#include <stdio.h>
#include <string.h>

#include "dataplane/wire/ppp.h"

enum { ROUTES_A_TURN = 16 };

static const struct host_lcp *
timing_of(const struct host *h, const struct bundle *b)
{
	return b->client ? &h->clients[b->owner].cfg->lcp : &h->concentrators[b->owner].cfg->lcp;
}

static struct link *
first_link(const struct host *h, const struct bundle *b, bool open)
{
	for (unsigned i = 0; i < HOST_LINKS_MAX; i++) {
		struct link *l = link_of(h, b->links[i]);

		if (l != NULL && (!open || l->phase == LINK_OPEN))
			return l;
	}
	return NULL;
}

/* ------------------------------------------------------------------ begin */

static void
set_name(struct host *h, struct bundle *b, const struct link *l)
{
	const char *alias = l->user >= 0 ? h->users[l->user].cfg->alias : NULL;
	const uint8_t *m = l->key.peer.b;

	if (b->client)
		snprintf(b->name, sizeof(b->name), "%s", h->clients[b->owner].cfg->name);
	else if (l->user >= 0)
		snprintf(b->name, sizeof(b->name), "%s", alias != NULL ? alias : l->login);
	else
		snprintf(b->name, sizeof(b->name), "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
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
	b->peer_endpoint = *lcp_peer_endpoint(&l->lcp);
	set_name(h, b, l);
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
	const int pool = h->concentrators[b->owner].cfg->pool;

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

/* ------------------------------------------------------------------ values */

static uint16_t
least_tx_mru(const struct host *h, const struct bundle *b)
{
	uint16_t least = UINT16_MAX;

	for (unsigned i = 0; i < HOST_LINKS_MAX; i++) {
		const struct link *l = link_of(h, b->links[i]);

		if (l != NULL && l->tx_mru < least)
			least = l->tx_mru;
	}
	return least;
}

void
bundle_refresh(struct host *h, struct bundle *b)
{
	const struct host_client *client = b->client ? h->clients[b->owner].cfg : NULL;
	const struct concentrator *c = b->client ? NULL : &h->concentrators[b->owner];
	struct host_bundle_values v;
	struct host_out_item *item;

	memset(&v, 0, sizeof(v));
	b->ip_mtu = bundle_ip_mtu(&b->format, client != NULL ? client->ip_mtu : -1, least_tx_mru(h, b));
	bundle_sizes(&v, &b->format, client != NULL ? &client->mss : &c->cfg->mss, b->ip_mtu);
	v.source_check = client != NULL ? client->source_check : c->cfg->source_check;
	v.multilink = client != NULL ? &client->multilink : &c->multilink;
	v.v4 = b->ncp_started && ipcp_is_open(&b->ipcp);
	v.peer_address = v.v4 ? ipcp_peer_address(&b->ipcp) : 0;
	if (memcmp(&v, &b->values, sizeof(v)) == 0)
		return;
	memcpy(&b->values, &v, sizeof(v));
	item = host_put(h, HOST_OUT_BUNDLE_SET);
	item->bundle = b->id;
	item->bundle_values = v;
}

/* ------------------------------------------------------------------ routes */

/* Number i of the bundle's routes: its addresses, then the configured ones. False: there are no more. */
static bool
route_at(const struct host *h, const struct bundle *b, unsigned i, struct host_prefix *route, bool *local)
{
	const struct host_client *client = b->client ? h->clients[b->owner].cfg : NULL;
	const struct host_prefix *list = NULL;
	unsigned n = 0;

	*local = client != NULL && i == 0;
	if (i == 0) {
		*route = (struct host_prefix){client != NULL ? b->route_our : b->route_peer, 32};
		return true;
	}
	i -= 1;
	if (client != NULL && client->default_route && i-- == 0) {
		*route = (struct host_prefix){0, 0};
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

		if (other != NULL && other != b && other->routes_set != 0 && other->route_our == b->route_our)
			return true;
	}
	return false;
}

static void
put_route(struct host *h, const struct bundle *b, enum host_out_kind kind, unsigned i)
{
	struct host_prefix route;
	struct host_out_item *item;
	bool local;

	if (!route_at(h, b, i, &route, &local) || (route.len == 32 && route.address == 0))
		return;
	if (local && local_is_shared(h, b))
		return;
	item = host_put(h, kind);
	item->bundle = local ? 0 : b->id;
	item->route = route;
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

		if (other != b && other->state == BUNDLE_LIVE && other->user == b->user && other->routes_wanted) {
			take_user_routes(h, other);
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
wants_more_routes(const struct host *h, const struct bundle *b)
{
	struct host_prefix route;
	bool local;

	return route_at(h, b, b->routes_set, &route, &local);
}

/* One step towards what is wanted; false: there already. */
static bool
route_step(struct host *h, struct bundle *b)
{
	const bool wanted = b->routes_wanted && b->state == BUNDLE_LIVE;

	if (b->routes_set != 0 && (!wanted || addresses_moved(b))) {
		put_route(h, b, HOST_OUT_ROUTE_DEL, --b->routes_set);
		return true;
	}
	if (!wanted) {
		release_user_routes(h, b);
		return false;
	}
	if (b->routes_set == 0) {
		b->route_our = ipcp_our_address(&b->ipcp);
		b->route_peer = ipcp_peer_address(&b->ipcp);
		take_user_routes(h, b);
	}
	if (!wants_more_routes(h, b))
		return false;
	put_route(h, b, HOST_OUT_ROUTE_SET, b->routes_set++);
	return true;
}

/* ------------------------------------------------------------------ end */

static void
finish(struct host *h, struct bundle *b)
{
	host_put(h, HOST_OUT_BUNDLE_REMOVE)->bundle = b->id;
	return_address(h, b);
	b->state = BUNDLE_REMOVED;
	bundle_wake_askers(h, b);
	if (b->announced)
		host_event(h, HOST_EV_BUNDLE_DOWN, 0, b->id, "bundle %u '%.64s' down: its last link has gone", b->id,
			b->name);
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
	if (b->n_links != 0) {
		bundle_refresh(h, b);
		return;
	}
	b->state = BUNDLE_DRAINING;
	b->routes_wanted = false;
	if (b->client) {
		h->clients[b->owner].bundle = 0;
		dial_wake_held(h, b->owner);
	}
	move_routes(h, b);
}

/* ------------------------------------------------------------------ who waits for a word */

void
bundle_wake_askers(struct host *h, struct bundle *b)
{
	while (b->n_askers > 0) {
		struct link *l = link_of(h, b->askers[--b->n_askers]);

		if (l == NULL || l->asked != b->id || l->doom != LINK_TRY_JOIN)
			continue;
		l->doom_ms = h->now_ms;
		timer_set(&h->timers, &l->timer, h->now_ms);
	}
}

void
bundle_heard(struct host *h, struct bundle *b)
{
	b->heard = h->frames;
	bundle_wake_askers(h, b);
}

/* ------------------------------------------------------------------ NCP */

static void
address_text(uint32_t address, char text[16])
{
	snprintf(text, 16, "%u.%u.%u.%u", (uint8_t)(address >> 24), (uint8_t)(address >> 16), (uint8_t)(address >> 8),
		(uint8_t)address);
}

static void
ipcp_up(struct host *h, struct bundle *b)
{
	char ours[16], peers[16];

	address_text(ipcp_our_address(&b->ipcp), ours);
	address_text(ipcp_peer_address(&b->ipcp), peers);
	if (!b->announced)
		b->up_since_ms = h->now_ms;
	b->announced = true;
	b->routes_wanted = true;
	bundle_refresh(h, b);
	host_event(h, HOST_EV_BUNDLE_UP, 0, b->id, "bundle %u '%.64s' up%s: our address %s, peer's %s, MTU %u", b->id,
		b->name, b->format.mp ? " with multilink" : "", ours, peers, b->ip_mtu);
	move_routes(h, b);
}

static void
ipcp_down(struct host *h, struct bundle *b)
{
	b->routes_wanted = false;
	bundle_refresh(h, b);
	move_routes(h, b);
}

/* Without IP the bundle is of no use. */
static void
ipcp_finished(struct host *h, struct bundle *b)
{
	const char *why = ipcp_why(&b->ipcp);

	if (why == NULL)
		why = "peer closed it";
	for (unsigned i = 0; i < HOST_LINKS_MAX; i++) {
		struct link *l = link_of(h, b->links[i]);

		if (l != NULL)
			link_doom(h, l, LINK_CLOSE, "IPCP of bundle %u ended: %s%s", b->id, why,
				b->format.mp ? " (it runs inside multilink frames: does the peer take them?)" : "");
	}
}

static void
bundle_drain(struct host *h, struct bundle *b, const struct outbox *box)
{
	h->counters.effects_lost += box->overflow;
	for (unsigned i = 0; i < box->n; i++) {
		const struct out_item *item = &box->items[i];

		if (item->kind == OUT_SEND)
			host_send_bundle(h, b, item->proto, box->bytes + item->at, item->len);
		else if (item->kind == OUT_NOTE)
			host_event(h, HOST_EV_NOTE, 0, b->id, "bundle %u '%.64s': %s", b->id, b->name,
				(const char *)box->bytes + item->at);
		else if (item->kind == OUT_LAYER_UP)
			ipcp_up(h, b);
		else if (item->kind == OUT_LAYER_DOWN)
			ipcp_down(h, b);
		else if (item->kind == OUT_LAYER_FINISHED)
			ipcp_finished(h, b);
	}
}

static void
ipcp_packet(struct host *h, struct bundle *b, const uint8_t *p, size_t n)
{
	struct outbox box;

	outbox_init(&box);
	ipcp_input(&b->ipcp, p, n, h->now_ms, &box);
	bundle_drain(h, b, &box);
	bundle_rearm(h, b);
}

static void
ipcp_wish_load(const struct host *h, const struct bundle *b, struct ipcp_wish *w)
{
	*w = (struct ipcp_wish){0};
	if (b->client) {
		const struct host_client *cfg = h->clients[b->owner].cfg;

		w->address = cfg->address;
		w->accept = cfg->accept_address;
		w->request_dns = cfg->request_dns;
	} else {
		const struct host_concentrator *cfg = h->concentrators[b->owner].cfg;

		w->address = cfg->address;
		w->accept = (struct host_prefix){cfg->address, 32};
		w->peer_address = b->address;
		memcpy(w->dns, cfg->dns, sizeof(w->dns));
	}
}

/* Once a bundle, with its first open link; a later one brings no new NCP (G-62). */
void
bundle_link_open(struct host *h, struct bundle *b, const struct link *l)
{
	struct ipcp_wish wish;
	struct outbox box;

	(void)l;
	if (b->ncp_started)
		return;
	b->ncp_started = true;
	ipcp_wish_load(h, b, &wish);
	outbox_init(&box);
	ipcp_init(&b->ipcp, &wish, timing_of(h, b));
	ipcp_open(&b->ipcp, h->now_ms, &box);
	ipcp_lower(&b->ipcp, true, h->now_ms, &box);
	bundle_drain(h, b, &box);
	outbox_init(&box);
	if (b->held_len != 0)
		ipcp_input(&b->ipcp, b->held, b->held_len, h->now_ms, &box);
	b->held_len = 0;
	bundle_drain(h, b, &box);
	bundle_rearm(h, b);
}

void
bundle_packet(struct host *h, struct bundle *b, struct link *via, uint16_t proto, const uint8_t *p, size_t n)
{
	struct link *rejecter = via != NULL ? via : first_link(h, b, true);

	if (proto == PPP_IPCP && b->ncp_started) {
		ipcp_packet(h, b, p, n);
	} else if (proto == PPP_IPCP) {
		/* the peer's success is on its way or our side of it not installed yet */
		if (n <= BUNDLE_HELD_MAX) {
			memcpy(b->held, p, n);
			b->held_len = (uint16_t)n;
		}
	} else if (rejecter != NULL && rejecter->phase == LINK_OPEN) {
		link_reject_protocol(h, rejecter, proto, p, n);
		if (rejecter != via)
			link_settle(h, rejecter);
	}
}

void
bundle_protocol_rejected(struct host *h, struct bundle *b, uint16_t proto)
{
	struct outbox box;

	if (proto != PPP_IPCP || !b->ncp_started)
		return;
	outbox_init(&box);
	ipcp_rejected(&b->ipcp, h->now_ms, &box);
	bundle_drain(h, b, &box);
	ipcp_finished(h, b); /* no use waiting for answers to its Terminate-Requests */
	bundle_rearm(h, b);
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
	for (unsigned i = 0; i < HOST_LINKS_MAX; i++) {
		const struct link *l = link_of(h, b->links[i]);

		if (l != NULL)
			host_trace_packet(h, l, false, " bundle", proto, p, n);
	}
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
	if (proto == PPP_PAP || proto == PPP_CHAP)
		h->counters.bad_frame++; /* a link's, never the bundle's (RFC 1990 section 4) */
	else
		bundle_packet(h, b, NULL, proto, p + field, n - field);
}

/* ------------------------------------------------------------------ time */

void
bundle_tick(struct host *h, struct bundle *b)
{
	struct outbox box;

	if (b->state == BUNDLE_LIVE && b->ncp_started) {
		outbox_init(&box);
		ipcp_tick(&b->ipcp, h->now_ms, &box);
		bundle_drain(h, b, &box);
	}
	if (b->state == BUNDLE_LIVE || b->state == BUNDLE_DRAINING)
		move_routes(h, b);
	else
		bundle_rearm(h, b);
}

void
bundle_rearm(struct host *h, struct bundle *b)
{
	uint64_t at_ms = UINT64_MAX;

	if (b->state == BUNDLE_LIVE && b->ncp_started)
		at_ms = ipcp_deadline_ms(&b->ipcp);
	timer_set(&h->timers, &b->timer, b->routes_moving ? h->now_ms : at_ms);
}
