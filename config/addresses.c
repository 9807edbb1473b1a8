/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "config/check.h"
#include "config/value.h"

/* Who claims which IPv4 addresses. Claims are sorted, so that those which meet are found in one pass. */

enum claim_kind { CLAIM_PORT, CLAIM_CONCENTRATOR, CLAIM_POOL, CLAIM_USER };

struct claim {
	uint32_t first, last; /* host order */
	enum claim_kind kind;
	const char *name;   /* of the object */
	const char *bundle; /* of a user: those with the same one are one */
	const void *field;
	size_t order; /* in the file, as far as it matters who came first */
};

struct claims {
	struct claim *items;
	size_t n, cap;
};

static void
claim(struct check *c, struct claims *claims, const struct claim *one)
{
	if (claims->n == claims->cap) {
		const size_t cap = claims->cap == 0 ? 64 : claims->cap * 2;
		struct claim *items = reallocarray(claims->items, cap, sizeof(*items));

		if (items == NULL) {
			c->no_memory = true;
			return;
		}
		claims->items = items;
		claims->cap = cap;
	}
	claims->items[claims->n] = *one;
	claims->items[claims->n].order = claims->n;
	claims->n++;
}

static int
compare(const void *va, const void *vb)
{
	const struct claim *a = va, *b = vb;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->last != b->last)
		return a->last > b->last ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

static void
sort(struct claims *claims)
{
	if (claims->n > 1)
		qsort(claims->items, claims->n, sizeof(claims->items[0]), compare);
}

static uint32_t
address4(const struct config_ip *ip)
{
	return (uint32_t)ip->bytes[0] << 24 | (uint32_t)ip->bytes[1] << 16 | (uint32_t)ip->bytes[2] << 8 | ip->bytes[3];
}

static uint32_t
mask4(unsigned len)
{
	return len == 0 ? 0 : ~(uint32_t)0 << (32 - len);
}

static const char *
user_bundle(const struct config_user *user)
{
	return user->bundle != NULL ? user->bundle : user->name;
}

/* ------------------------------------------------------------------ single addresses and pools */

static void
claim_ours(struct check *c, struct claims *claims)
{
	const struct config *cfg = c->cfg;

	for (size_t i = 0; i < cfg->n_ports; i++)
		for (size_t j = 0; j < cfg->ports[i].addresses.n; j++) {
			const struct config_ip *ip = &cfg->ports[i].addresses.items[j];

			if (ip->family == 4)
				claim(c, claims,
					&(struct claim){
						address4(ip), address4(ip), CLAIM_PORT, cfg->ports[i].name, NULL, ip});
		}
	for (size_t i = 0; i < cfg->n_concentrators; i++) {
		const struct config_concentrator *conc = &cfg->concentrators[i];

		if (conc->address != 0)
			claim(c, claims,
				&(struct claim){conc->address, conc->address, CLAIM_CONCENTRATOR, conc->name, NULL,
					&conc->address});
	}
}

static void
claim_peers(struct check *c, struct claims *claims)
{
	const struct config *cfg = c->cfg;

	for (size_t i = 0; i < cfg->n_pools; i++)
		for (size_t j = 0; j < cfg->pools[i].ranges.n; j++) {
			const struct config_range4 *range = &cfg->pools[i].ranges.items[j];

			if (range->first != 0)
				claim(c, claims,
					&(struct claim){range->first, range->last, CLAIM_POOL, cfg->pools[i].name, NULL,
						range});
		}
	for (size_t i = 0; i < cfg->n_users; i++) {
		const struct config_user *user = &cfg->users[i];

		if (user->address != 0)
			claim(c, claims,
				&(struct claim){user->address, user->address, CLAIM_USER, user->name, user_bundle(user),
					&user->address});
	}
}

static bool
claims_agree(const struct claim *a, const struct claim *b)
{
	if (a->kind == CLAIM_USER && b->kind == CLAIM_USER)
		return strcmp(a->bundle, b->bundle) == 0;
	/* a concentrator may use a port's address, and two the same; two ports are checked by network */
	return a->kind <= CLAIM_CONCENTRATOR && b->kind <= CLAIM_CONCENTRATOR;
}

static void
claims_clash(struct check *c, const struct claim *a, const struct claim *b)
{
	static const char *const kinds[] = {"port", "concentrator", "pool", "user"};
	/* said at a user, else at a pool: what is ours is seldom the mistake */
	const struct claim *at = a->kind > b->kind || (a->kind == b->kind && a->order > b->order) ? a : b;
	const struct claim *other = at == a ? b : a;
	char buf[VALUE_TEXT_MAX];

	if (!claims_agree(a, b))
		check_error(c, at->field, "%s belongs to %s %s too",
			value_address4(a->first > b->first ? a->first : b->first, buf), kinds[other->kind],
			other->name);
}

static void
check_claims(struct check *c)
{
	struct claims claims = {0};
	size_t widest = 0;

	claim_ours(c, &claims);
	claim_peers(c, &claims);
	sort(&claims);
	for (size_t i = 1; i < claims.n; i++) {
		if (claims.items[i].first <= claims.items[widest].last)
			claims_clash(c, &claims.items[widest], &claims.items[i]);
		if (claims.items[i].last > claims.items[widest].last)
			widest = i;
	}
	free(claims.items);
}

/* ------------------------------------------------------------------ users */

struct user_route {
	const struct config_ip *to;
	const struct config_user *user;
};

static int
by_prefix(const void *va, const void *vb)
{
	const struct user_route *a = va, *b = vb;
	const int order = memcmp(a->to, b->to, sizeof(*a->to));

	return order != 0 ? order : a->user < b->user ? -1 : a->user > b->user;
}

static size_t
collect_user_routes(const struct config *cfg, struct user_route *routes)
{
	size_t n = 0;

	for (size_t i = 0; i < cfg->n_users; i++)
		for (size_t j = 0; j < cfg->users[i].routes.n; j++, n++)
			if (routes != NULL)
				routes[n] = (struct user_route){&cfg->users[i].routes.items[j], &cfg->users[i]};
	return n;
}

/* Networks behind two users: the same one cannot be routed to both. */
static void
check_user_routes(struct check *c)
{
	const size_t n = collect_user_routes(c->cfg, NULL);
	struct user_route *routes = calloc(n + 1, sizeof(*routes));
	char buf[VALUE_TEXT_MAX];

	if (routes == NULL) {
		c->no_memory = true;
		return;
	}
	collect_user_routes(c->cfg, routes);
	qsort(routes, n, sizeof(*routes), by_prefix);
	for (size_t i = 1; i < n; i++) {
		const struct user_route *a = &routes[i - 1], *b = &routes[i];

		if (b->to->family != 0 && memcmp(a->to, b->to, sizeof(*a->to)) == 0 &&
			strcmp(user_bundle(a->user), user_bundle(b->user)) != 0)
			check_error(c, b->to, "the network %s is routed to user %s too", value_ip_prefix(b->to, buf),
				a->user->name);
	}
	free(routes);
}

static int
by_bundle(const void *va, const void *vb)
{
	const struct config_user *const *a = va, *const *b = vb;
	const int by_name = strcmp(user_bundle(*a), user_bundle(*b));

	return by_name != 0 ? by_name : *a < *b ? -1 : 1;
}

static void
must_be_same(struct check *c, const struct config_user *a, const struct config_user *b, const void *of_a,
	const void *of_b, size_t n)
{
	if (memcmp(of_a, of_b, n) != 0)
		check_error(c, of_b, "differs from that of user %s, who shares the bundle %s", a->name, user_bundle(b));
}

static void
check_alias(struct check *c, const struct config_user *a, const struct config_user *b)
{
	must_be_same(c, a, b, &a->address, &b->address, sizeof(a->address));
	must_be_same(c, a, b, &a->prefix6, &b->prefix6, sizeof(a->prefix6));
	must_be_same(c, a, b, &a->delegated_prefix, &b->delegated_prefix, sizeof(a->delegated_prefix));
}

/* Users of one bundle: it has one address, and one prefix of each kind. */
static void
check_aliases(struct check *c)
{
	const struct config *cfg = c->cfg;
	const struct config_user **users = calloc(cfg->n_users + 1, sizeof(*users));

	if (users == NULL) {
		c->no_memory = true;
		return;
	}
	for (size_t i = 0; i < cfg->n_users; i++)
		users[i] = &cfg->users[i];
	qsort(users, cfg->n_users, sizeof(*users), by_bundle);
	for (size_t i = 1; i < cfg->n_users; i++)
		if (strcmp(user_bundle(users[i - 1]), user_bundle(users[i])) == 0)
			check_alias(c, users[i - 1], users[i]);
	free(users);
}

/* ------------------------------------------------------------------ ports */

static bool
network_has(const struct config_ip *net, const struct config_ip *ip)
{
	if (net->family != ip->family)
		return false;
	for (unsigned bit = 0; bit < net->len; bit++)
		if ((net->bytes[bit / 8] ^ ip->bytes[bit / 8]) & 0x80 >> bit % 8)
			return false;
	return true;
}

static bool
link_local(const struct config_ip *ip)
{
	return ip->family == 6 && ip->bytes[0] == 0xfe && (ip->bytes[1] & 0xc0) == 0x80;
}

static void
check_networks(struct check *c, const struct config_port *a, const struct config_port *b)
{
	for (size_t i = 0; i < a->addresses.n; i++)
		for (size_t j = 0; j < b->addresses.n; j++) {
			const struct config_ip *x = &a->addresses.items[i], *y = &b->addresses.items[j];

			/* every port has fe80::/64 (RFC 4291 section 2.5.6) */
			if (x->family != 0 && !link_local(x) && (network_has(x, y) || network_has(y, x)))
				check_error(c, x, "overlaps the network of port %s", b->name);
		}
}

/* Hosts beside an ip port ask by ARP for what lies in its network. */
static void
check_pool_network(struct check *c, const struct config_range4 *range, const struct config_port *port)
{
	for (size_t i = 0; i < port->addresses.n && !port->proxy_arp; i++) {
		const struct config_ip *ip = &port->addresses.items[i];
		uint32_t mask;

		if (ip->family != 4)
			continue;
		mask = mask4(ip->len);
		if (range->first <= (address4(ip) | ~mask) && range->last >= (address4(ip) & mask))
			check_warning(c, range,
				"lies in the network of port %s, whose hosts find it only with proxy_arp", port->name);
	}
}

static void
check_pool_networks(struct check *c, const struct config_pool *pool)
{
	for (size_t r = 0; r < pool->ranges.n; r++)
		for (size_t i = 0; i < c->cfg->n_ports; i++)
			check_pool_network(c, &pool->ranges.items[r], &c->cfg->ports[i]);
}

/* ------------------------------------------------------------------ routes */

static bool
on_network(const struct config *cfg, const struct config_ip *via)
{
	for (size_t i = 0; i < cfg->n_ports; i++)
		for (size_t j = 0; j < cfg->ports[i].addresses.n; j++)
			if (network_has(&cfg->ports[i].addresses.items[j], via))
				return true;
	return false;
}

static void
check_route(struct check *c, const struct config_route *route)
{
	const unsigned targets = (unsigned)check_given(c, &route->via) + check_given(c, &route->port) +
		check_given(c, &route->client) + route->blackhole;

	if (targets != 1 && route->to.family != 0)
		check_error(c, &route->to, "needs exactly one of via, port, client and blackhole; it has %u", targets);
	if (route->via.family == 0)
		return;
	if (route->to.family != 0 && route->via.family != route->to.family)
		check_error(c, &route->via, "is IPv%u, the destination IPv%u", route->via.family, route->to.family);
	else if (!on_network(c->cfg, &route->via))
		check_error(c, &route->via, "lies in the network of no ip port");
}

static void
check_routes(struct check *c)
{
	const struct config *cfg = c->cfg;

	for (size_t i = 0; i < cfg->n_routes; i++) {
		const struct config_ip *to = &cfg->routes[i].to;

		check_route(c, &cfg->routes[i]);
		for (size_t j = 0; j < i; j++)
			if (to->family != 0 && memcmp(to, &cfg->routes[j].to, sizeof(*to)) == 0)
				check_error(c, to, "has a route already");
	}
}

void
check_addresses(struct check *c)
{
	const struct config *cfg = c->cfg;

	check_claims(c);
	check_user_routes(c);
	check_aliases(c);
	for (size_t i = 0; i < cfg->n_ports; i++)
		for (size_t j = 0; j < i; j++)
			check_networks(c, &cfg->ports[i], &cfg->ports[j]);
	for (size_t i = 0; i < cfg->n_pools; i++)
		check_pool_networks(c, &cfg->pools[i]);
	check_routes(c);
	for (size_t i = 0; i < cfg->n_clients; i++) {
		const struct config_client *client = &cfg->clients[i];
		const uint32_t mask = mask4(client->accept_address.len);

		if (client->address != 0 && (client->address & mask) != client->accept_address.address)
			check_error(c, &client->address, "lies outside accept_address");
	}
}
