/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "config/check.h"
#include "config/value.h"

/* IPv6 prefixes that are given to peers: their sizes, and that nobody else has them. */

enum { LINK_LEN = 64, GIVEN_BITS_MAX = 24 /* log2 of what one pool may give */ };

/* ------------------------------------------------------------------ what each key may be */

static void
check_family(struct check *c, const struct config_ip *ip)
{
	char buf[VALUE_TEXT_MAX];

	if (ip->family == 4)
		check_error(c, ip, "%s is not IPv6", value_ip_prefix(ip, buf));
}

static void
check_pool6(struct check *c, const struct config_pool6 *pool)
{
	uint64_t n = 0;

	for (size_t i = 0; i < pool->prefixes.n; i++) {
		const struct config_ip *ip = &pool->prefixes.items[i];

		check_family(c, ip);
		if (ip->family != 6)
			continue;
		if (ip->len > pool->length)
			check_error(c, ip, "is longer than the /%u that are cut out of it", pool->length);
		else
			n += pool->length - ip->len > GIVEN_BITS_MAX ? (uint64_t)2 << GIVEN_BITS_MAX
								     : (uint64_t)1 << (pool->length - ip->len);
	}
	if (n > (uint64_t)1 << GIVEN_BITS_MAX)
		check_error(c, &pool->prefixes, "hold more than %u prefixes of length %u", 1u << GIVEN_BITS_MAX,
			pool->length);
}

static void
check_link_pool(struct check *c, const struct config_concentrator *conc)
{
	const struct config *cfg = c->cfg;

	if (conc->pool6.name == NULL || conc->pool6.index >= cfg->n_pools6)
		return;
	if (cfg->pools6[conc->pool6.index].length != LINK_LEN)
		check_error(c, &conc->pool6,
			"gives prefixes of length %u; the link of a bundle needs 64, or no host could make an address",
			cfg->pools6[conc->pool6.index].length);
}

static void
check_concentrator6(struct check *c, const struct config_concentrator *conc)
{
	char buf[VALUE_TEXT_MAX];

	check_link_pool(c, conc);
	for (size_t i = 0; i < conc->dns6.n; i++) {
		const struct config_ip *ip = &conc->dns6.items[i];

		if (ip->family == 4)
			check_error(c, ip, "%s is not IPv6: see dns",
				value_address4((uint32_t)ip->bytes[0] << 24 | (uint32_t)ip->bytes[1] << 16 |
						(uint32_t)ip->bytes[2] << 8 | ip->bytes[3],
					buf));
	}
	if (conc->preferred_s > conc->valid_s)
		check_error(c, check_given(c, &conc->preferred_s) ? &conc->preferred_s : &conc->valid_s,
			"preferred_lifetime is longer than valid_lifetime");
	if (conc->network.ipv6.allow)
		return;
	if (conc->pool6.name != NULL)
		check_error(c, &conc->pool6, "network.ipv6 is not allowed");
	if (conc->delegated_pool.name != NULL)
		check_error(c, &conc->delegated_pool, "network.ipv6 is not allowed");
}

static void
check_user6(struct check *c, const struct config_user *user)
{
	check_family(c, &user->prefix6);
	check_family(c, &user->delegated_prefix);
	if (user->prefix6.family == 6 && user->prefix6.len != LINK_LEN)
		check_error(c, &user->prefix6, "has length %u; a link needs 64, or no host could make an address",
			user->prefix6.len);
	if (user->delegated_prefix.family == 6 &&
		(user->delegated_prefix.len > LINK_LEN || user->delegated_prefix.len == 0))
		check_error(c, &user->delegated_prefix, "has length %u; 1 to 64 can be delegated",
			user->delegated_prefix.len);
}

/* ------------------------------------------------------------------ what a client was delegated */

static void
check_rivals(struct check *c, const struct config_port *port)
{
	const struct config_delegated *d = &port->delegated;

	for (const struct config_port *other = c->cfg->ports; other < port; other++)
		if (other->delegated.client.name != NULL && other->delegated.client.index == d->client.index &&
			other->delegated.subnet == d->subnet)
			check_error(c, &d->subnet, "network %u of client %s is port %s's already", d->subnet,
				d->client.name, other->name);
}

static void
check_delegated(struct check *c, const struct config_port *port)
{
	const struct config *cfg = c->cfg;
	const struct config_delegated *d = &port->delegated;

	if (d->given && port->kind != CONFIG_IP)
		check_error(c, &d->given, "an access port has no addresses");
	if (d->given && d->client.name == NULL)
		check_error(c, &d->client, "is missing: the prefix is a client's");
	if (d->client.name == NULL || d->client.index >= cfg->n_clients)
		return;
	if (!cfg->clients[d->client.index].request_prefix)
		check_error(c, &d->client, "client %s asks for none: see request_prefix", d->client.name);
	check_rivals(c, port);
}

static void
check_client6(struct check *c, const struct config_client *client)
{
	if (client->request_prefix && !client->network.ipv6.allow)
		check_error(c, &client->request_prefix, "network.ipv6 is not allowed");
	if (client->prefix_hint != 0 && !client->request_prefix)
		check_error(c, &client->prefix_hint, "nothing is asked for: see request_prefix");
}

/* ------------------------------------------------------------------ who has what */

enum claim_kind { CLAIM_PORT, CLAIM_POOL, CLAIM_USER };

struct claim {
	uint64_t first, last; /* of the first 64 bits */
	enum claim_kind kind;
	const char *name;   /* of the object */
	const char *bundle; /* of a user: those with the same one are one */
	const struct config_ip *ip;
	size_t order;
};

struct claims {
	struct claim *items;
	size_t n;
};

static uint64_t
high(const struct config_ip *ip)
{
	uint64_t hi = 0;

	for (unsigned i = 0; i < 8; i++)
		hi = hi << 8 | ip->bytes[i];
	return hi;
}

static void
claim(struct claims *claims, enum claim_kind kind, const char *name, const char *bundle, const struct config_ip *ip)
{
	const uint64_t mask = ip->len == 0 ? 0 : ip->len >= 64 ? UINT64_MAX : UINT64_MAX << (64 - ip->len);

	if (ip->family != 6 || (high(ip) >> 54) == 0xfe80 >> 6)
		return; /* every port has addresses of the link */
	if (claims->items != NULL)
		claims->items[claims->n] =
			(struct claim){high(ip) & mask, high(ip) | ~mask, kind, name, bundle, ip, claims->n};
	claims->n++;
}

static void
collect(const struct config *cfg, struct claims *claims)
{
	claims->n = 0;
	for (size_t i = 0; i < cfg->n_ports; i++)
		for (size_t j = 0; j < cfg->ports[i].addresses.n; j++)
			claim(claims, CLAIM_PORT, cfg->ports[i].name, NULL, &cfg->ports[i].addresses.items[j]);
	for (size_t i = 0; i < cfg->n_pools6; i++)
		for (size_t j = 0; j < cfg->pools6[i].prefixes.n; j++)
			claim(claims, CLAIM_POOL, cfg->pools6[i].name, NULL, &cfg->pools6[i].prefixes.items[j]);
	for (size_t i = 0; i < cfg->n_users; i++) {
		const struct config_user *u = &cfg->users[i];
		const char *bundle = u->bundle != NULL ? u->bundle : u->name;

		claim(claims, CLAIM_USER, u->name, bundle, &u->prefix6);
		claim(claims, CLAIM_USER, u->name, bundle, &u->delegated_prefix);
	}
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

/* Ports among themselves are checked with their other networks; users of one bundle have the same prefix. */
static bool
claims_agree(const struct claim *a, const struct claim *b)
{
	if (a->kind == CLAIM_PORT && b->kind == CLAIM_PORT)
		return true;
	return a->kind == CLAIM_USER && b->kind == CLAIM_USER && a->first == b->first && a->last == b->last &&
		strcmp(a->bundle, b->bundle) == 0 && strcmp(a->name, b->name) != 0;
}

static void
claims_clash(struct check *c, const struct claim *a, const struct claim *b)
{
	static const char *const kinds[] = {"port", "pool", "user"};
	const struct claim *at = a->kind > b->kind || (a->kind == b->kind && a->order > b->order) ? a : b;
	const struct claim *other = at == a ? b : a;
	char buf[VALUE_TEXT_MAX];

	if (!claims_agree(a, b))
		check_error(c, at->ip, "overlaps %s of %s %s", value_ip_prefix(other->ip, buf), kinds[other->kind],
			other->name);
}

static void
check_claims(struct check *c)
{
	struct claims claims = {0};
	size_t widest = 0;

	collect(c->cfg, &claims);
	claims.items = calloc(claims.n + 1, sizeof(*claims.items));
	if (claims.items == NULL) {
		c->no_memory = true;
		return;
	}
	collect(c->cfg, &claims);
	qsort(claims.items, claims.n, sizeof(*claims.items), compare);
	for (size_t i = 1; i < claims.n; i++) {
		if (claims.items[i].first <= claims.items[widest].last)
			claims_clash(c, &claims.items[widest], &claims.items[i]);
		if (claims.items[i].last > claims.items[widest].last)
			widest = i;
	}
	free(claims.items);
}

void
check_prefixes6(struct check *c)
{
	const struct config *cfg = c->cfg;

	for (size_t i = 0; i < cfg->n_pools6; i++)
		check_pool6(c, &cfg->pools6[i]);
	for (size_t i = 0; i < cfg->n_concentrators; i++)
		check_concentrator6(c, &cfg->concentrators[i]);
	for (size_t i = 0; i < cfg->n_users; i++)
		check_user6(c, &cfg->users[i]);
	for (size_t i = 0; i < cfg->n_ports; i++)
		check_delegated(c, &cfg->ports[i]);
	for (size_t i = 0; i < cfg->n_clients; i++)
		check_client6(c, &cfg->clients[i]);
	check_claims(c);
}
