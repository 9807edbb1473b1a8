/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/rib.h"

#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

struct node {
	uint64_t age; /* of equal ranks the smaller one wins */
	struct rib_route route;
	uint32_t next; /* in its bucket or in the free list; here it costs no padding */
};

struct rib {
	uint32_t most, mask, free_head;
	uint64_t ages;
	uint32_t per_len[129];
	uint32_t *buckets;
	struct node *nodes;
};

struct rib *
rib_new(uint32_t most)
{
	struct rib *r = calloc(1, sizeof(*r));
	uint32_t size = 16;

	if (r == NULL)
		return NULL;
	while (size < most)
		size *= 2;
	r->most = most;
	r->mask = size - 1;
	r->free_head = NONE;
	r->buckets = malloc(size * sizeof(*r->buckets));
	r->nodes = calloc(most, sizeof(*r->nodes));
	if (r->buckets == NULL || r->nodes == NULL) {
		rib_free(r);
		return NULL;
	}
	memset(r->buckets, 0xff, size * sizeof(*r->buckets));
	for (uint32_t i = most; i-- > 0;) {
		r->nodes[i].next = r->free_head;
		r->free_head = i;
	}
	return r;
}

void
rib_free(struct rib *r)
{
	if (r == NULL)
		return;
	free(r->buckets);
	free(r->nodes);
	free(r);
}

static uint32_t *
bucket_of(const struct rib *r, const struct ip_addr *prefix, uint8_t len)
{
	uint32_t h = len;

	for (unsigned i = 0; i < sizeof(prefix->b); i += 4)
		h = (h ^ load_be32(prefix->b + i)) * 0x9e3779b1u;
	return &r->buckets[(h ^ h >> 15) & r->mask];
}

static const struct node *
best_of(const struct rib *r, const struct ip_addr *prefix, uint8_t len)
{
	const struct node *best = NULL;

	for (uint32_t i = *bucket_of(r, prefix, len); i != NONE; i = r->nodes[i].next) {
		const struct node *n = &r->nodes[i];

		if (!ip_addr_equal(&n->route.prefix, prefix) || n->route.len != len)
			continue;
		if (best == NULL || n->route.rank < best->route.rank ||
			(n->route.rank == best->route.rank && n->age < best->age))
			best = n;
	}
	return best;
}

/* Points to the link that leads to the node, so that it can be taken out. */
static uint32_t *
find(const struct rib *r, const struct ip_addr *prefix, uint8_t len, enum rib_rank rank, uint32_t owner)
{
	uint32_t *at = bucket_of(r, prefix, len);

	for (; *at != NONE; at = &r->nodes[*at].next) {
		const struct rib_route *o = &r->nodes[*at].route;

		if (ip_addr_equal(&o->prefix, prefix) && o->len == len && o->rank == rank && o->owner == owner)
			break;
	}
	return at;
}

static bool
next_equal(const struct dp_next *a, const struct dp_next *b)
{
	return a->kind == b->kind && a->port == b->port && a->gateway_be == b->gateway_be &&
		ip_addr_equal(&a->gateway6, &b->gateway6) && a->bundle.index == b->bundle.index &&
		a->bundle.home == b->bundle.home && a->bundle.gen == b->bundle.gen;
}

static enum rib_change
compare(bool had, const struct dp_next *before, const struct node *after, struct dp_next *best)
{
	if (after == NULL)
		return had ? RIB_DEL : RIB_SAME;
	*best = after->route.next;
	return had && next_equal(before, best) ? RIB_SAME : RIB_SET;
}

static struct node *
node_add(struct rib *r, const struct ip_addr *prefix, uint8_t len)
{
	const uint32_t i = r->free_head;
	uint32_t *bucket = bucket_of(r, prefix, len);

	if (i == NONE)
		return NULL;
	struct node *n = &r->nodes[i];

	r->free_head = n->next;
	n->next = *bucket;
	n->age = r->ages++;
	*bucket = i;
	r->per_len[len]++;
	return n;
}

enum rib_change
rib_set(struct rib *r, const struct rib_route *route, struct dp_next *best)
{
	const struct node *top = best_of(r, &route->prefix, route->len);
	const bool had = top != NULL;
	const struct dp_next before = had ? top->route.next : (struct dp_next){0};
	const uint32_t at = *find(r, &route->prefix, route->len, route->rank, route->owner);
	struct node *n = at != NONE ? &r->nodes[at] : node_add(r, &route->prefix, route->len);

	if (n == NULL)
		return RIB_FULL;
	n->route = *route;
	return compare(had, &before, best_of(r, &route->prefix, route->len), best);
}

enum rib_change
rib_del(struct rib *r, const struct ip_addr *prefix, uint8_t len, enum rib_rank rank, uint32_t owner,
	struct dp_next *best)
{
	uint32_t *link = find(r, prefix, len, rank, owner);
	const uint32_t i = *link;

	if (i == NONE)
		return RIB_SAME;
	const struct dp_next before = best_of(r, prefix, len)->route.next;

	*link = r->nodes[i].next;
	r->nodes[i].next = r->free_head;
	r->free_head = i;
	r->per_len[len]--;
	return compare(true, &before, best_of(r, prefix, len), best);
}

const struct rib_route *
rib_find(const struct rib *r, const struct ip_addr *address)
{
	/* the default route of IPv6 is none of IPv4 */
	const int least = ip_addr_is4(address) ? IP4_MAPPED_LEN : 0;

	for (int len = 128; len >= least; len--) {
		if (r->per_len[len] == 0)
			continue;
		const struct ip_addr prefix = ip_addr_prefix(address, (unsigned)len);
		const struct node *n = best_of(r, &prefix, (uint8_t)len);

		if (n != NULL)
			return &n->route;
	}
	return NULL;
}

bool
rib_lookup(const struct rib *r, const struct ip_addr *address, struct dp_next *next)
{
	const struct rib_route *route = rib_find(r, address);

	if (route != NULL)
		*next = route->next;
	return route != NULL;
}
