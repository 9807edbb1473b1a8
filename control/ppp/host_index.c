/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/host_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { VLANS_LEAST = 16 }; /* places, a power of two */

/* ------------------------------------------------------------------ hashes */

static uint32_t
hash_bytes(uint32_t hash, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ p[i]) * 16777619u; /* FNV-1a, seeded: peers choose MACs and session ids */
	return hash ^ hash >> 15;
}

static uint32_t *
key_bucket(const struct host *h, const struct host_session_key *key)
{
	uint32_t hash = hash_bytes(h->hash_seed, &key->port, sizeof(key->port));

	hash = hash_bytes(hash, &key->session, sizeof(key->session));
	hash = hash_bytes(hash, &key->peer, sizeof(key->peer));
	return &h->by_key[hash & h->hash_mask];
}

static uint32_t *
mac_bucket(const struct host *h, const struct mac *m)
{
	return &h->by_mac[hash_bytes(h->hash_seed, m, sizeof(*m)) & h->hash_mask];
}

static uint32_t *
request_bucket(const struct host *h, const uint8_t fingerprint[DISCOVERY_FINGERPRINT_LEN])
{
	return &h->by_fingerprint[hash_bytes(h->hash_seed, fingerprint, DISCOVERY_FINGERPRINT_LEN) & h->hash_mask];
}

static bool
key_equal(const struct host_session_key *a, const struct host_session_key *b)
{
	return a->port == b->port && a->session == b->session && vlan_stack_equal(a->vlans, b->vlans) &&
		mac_equal(&a->peer, &b->peer) && mac_equal(&a->local, &b->local);
}

/* ------------------------------------------------------------------ memory */

static void
fill_free_lists(struct host *h)
{
	for (unsigned i = 0; i < h->cfg->sessions_max; i++) {
		h->links[i].id = i + 1;
		h->links[i].next_key = i + 1 < h->cfg->sessions_max ? i + 2 : 0;
	}
	h->link_free_first = 1;
	h->link_free_last = h->cfg->sessions_max;
	for (unsigned i = 0; i < h->cfg->bundles_max; i++) {
		h->bundles[i].id = i + 1;
		h->bundles[i].next_free = i + 1 < h->cfg->bundles_max ? i + 2 : 0;
	}
	h->bundle_free_first = 1;
	h->bundle_free_last = h->cfg->bundles_max;
}

int
index_init(struct host *h)
{
	const unsigned n = h->cfg->sessions_max;
	uint32_t buckets = 16;

	while (buckets < n)
		buckets *= 2;
	h->hash_mask = buckets - 1;
	h->vlans_mask = VLANS_LEAST - 1;
	h->random(h->random_ctx, &h->hash_seed, sizeof(h->hash_seed));
	h->links = calloc(n, sizeof(*h->links));
	h->bundles = calloc(h->cfg->bundles_max, sizeof(*h->bundles));
	h->by_key = calloc(buckets, sizeof(uint32_t));
	h->by_mac = calloc(buckets, sizeof(uint32_t));
	h->by_fingerprint = calloc(buckets, sizeof(uint32_t));
	h->vlans = calloc(VLANS_LEAST, sizeof(*h->vlans));
	if (h->links == NULL || h->bundles == NULL || h->by_key == NULL || h->by_mac == NULL ||
		h->by_fingerprint == NULL || h->vlans == NULL)
		return -ENOMEM;
	fill_free_lists(h);
	return 0;
}

void
index_fini(struct host *h)
{
	for (uint32_t i = 0; h->links != NULL && i < h->cfg->sessions_max; i++) {
		probe_end(&h->links[i]);
		reports_end(&h->links[i]);
		link_let_go(&h->links[i]);
		auth_forget(&h->links[i]);
		link_fini(&h->links[i]);
	}
	for (uint32_t i = 0; h->bundles != NULL && i < h->cfg->bundles_max; i++)
		bundle_fini(&h->bundles[i]);
	free(h->links);
	free(h->bundles);
	free(h->by_key);
	free(h->by_mac);
	free(h->by_fingerprint);
	free(h->vlans);
}

/* ------------------------------------------------------------------ links */

struct link *
link_of(const struct host *h, uint32_t id)
{
	if (id == 0 || id > h->cfg->sessions_max || h->links[id - 1].phase == LINK_FREE)
		return NULL;
	return &h->links[id - 1];
}

struct link *
index_find(const struct host *h, const struct host_session_key *key)
{
	for (uint32_t id = *key_bucket(h, key); id != 0; id = h->links[id - 1].next_key)
		if (key_equal(&h->links[id - 1].key, key))
			return &h->links[id - 1];
	return NULL;
}

struct link *
index_find_request(const struct host *h, const uint8_t fingerprint[DISCOVERY_FINGERPRINT_LEN])
{
	for (uint32_t id = *request_bucket(h, fingerprint); id != 0; id = h->links[id - 1].next_fingerprint)
		if (memcmp(h->links[id - 1].fingerprint, fingerprint, DISCOVERY_FINGERPRINT_LEN) == 0)
			return &h->links[id - 1];
	return NULL;
}

uint32_t
index_first_of_mac(const struct host *h, const struct mac *m)
{
	return *mac_bucket(h, m);
}

struct link *
link_take(struct host *h, const struct host_session_key *key)
{
	const uint32_t id = h->link_free_first;
	uint32_t *bucket;
	struct link *l;

	if (id == 0)
		return NULL;
	l = &h->links[id - 1];
	h->link_free_first = l->next_key;
	if (h->link_free_first == 0)
		h->link_free_last = 0;
	*l = (struct link){.id = id, .key = *key, .user = -1, .phase = LINK_LCP};
	l->timer.kind = TIMER_LINK;
	bucket = key_bucket(h, key);
	l->next_key = *bucket;
	*bucket = id;
	bucket = mac_bucket(h, &key->peer);
	l->next_mac = *bucket;
	*bucket = id;
	h->n_sessions++;
	return l;
}

void
index_set_request(struct host *h, struct link *l, const uint8_t fingerprint[DISCOVERY_FINGERPRINT_LEN])
{
	uint32_t *bucket = request_bucket(h, fingerprint);

	memcpy(l->fingerprint, fingerprint, DISCOVERY_FINGERPRINT_LEN);
	l->next_fingerprint = *bucket;
	*bucket = l->id;
}

static void
unchain(struct host *h, uint32_t *at, uint32_t id, size_t member)
{
	while (*at != 0 && *at != id)
		at = (uint32_t *)(void *)((uint8_t *)&h->links[*at - 1] + member);
	if (*at == id)
		*at = *(const uint32_t *)(const void *)((const uint8_t *)&h->links[id - 1] + member);
}

void
link_give(struct host *h, struct link *l)
{
	const uint32_t id = l->id;

	probe_end(l);
	reports_end(l);
	link_let_go(l);
	auth_forget(l);
	link_fini(l);
	timer_set(&h->timers, &l->timer, UINT64_MAX);
	unchain(h, key_bucket(h, &l->key), id, offsetof(struct link, next_key));
	unchain(h, mac_bucket(h, &l->key.peer), id, offsetof(struct link, next_mac));
	unchain(h, request_bucket(h, l->fingerprint), id, offsetof(struct link, next_fingerprint));
	l->phase = LINK_FREE;
	l->next_key = 0;
	if (h->link_free_last != 0)
		h->links[h->link_free_last - 1].next_key = id;
	else
		h->link_free_first = id;
	h->link_free_last = id;
	h->n_sessions--;
}

/* ------------------------------------------------------------------ bundles */

struct bundle *
bundle_of(const struct host *h, uint32_t id)
{
	if (id == 0 || id > h->cfg->bundles_max || h->bundles[id - 1].state != BUNDLE_LIVE)
		return NULL;
	return &h->bundles[id - 1];
}

struct bundle *
bundle_take(struct host *h)
{
	const uint32_t id = h->bundle_free_first;
	struct bundle *b;

	if (id == 0)
		return NULL;
	b = &h->bundles[id - 1];
	h->bundle_free_first = b->next_free;
	if (h->bundle_free_first == 0)
		h->bundle_free_last = 0;
	*b = (struct bundle){.id = id, .state = BUNDLE_LIVE, .user = -1};
	b->timer.kind = TIMER_BUNDLE;
	return b;
}

void
bundle_give(struct host *h, struct bundle *b)
{
	timer_set(&h->timers, &b->timer, UINT64_MAX);
	bundle_fini(b);
	b->state = BUNDLE_FREE;
	b->next_free = 0;
	if (h->bundle_free_last != 0)
		h->bundles[h->bundle_free_last - 1].next_free = b->id;
	else
		h->bundle_free_first = b->id;
	h->bundle_free_last = b->id;
}

struct link *
bundle_first_link(const struct host *h, const struct bundle *b)
{
	return link_of(h, b->first_link);
}

struct link *
bundle_next_link(const struct host *h, const struct link *l)
{
	return link_of(h, l->next_of_bundle);
}

unsigned
bundle_count_links(const struct host *h, const struct bundle *b)
{
	unsigned n = 0;

	for (const struct link *l = bundle_first_link(h, b); l != NULL; l = bundle_next_link(h, l))
		n++;
	return n;
}

void
bundle_add_link(struct host *h, struct bundle *b, struct link *l)
{
	uint32_t *at = &b->first_link;

	l->slot = 0;
	for (struct link *other = link_of(h, *at); other != NULL && other->slot == l->slot; other = link_of(h, *at)) {
		at = &other->next_of_bundle;
		l->slot++;
	}
	l->next_of_bundle = *at;
	*at = l->id;
	l->bundle = b->id;
}

void
bundle_remove_link(struct host *h, struct bundle *b, struct link *l)
{
	unchain(h, &b->first_link, l->id, offsetof(struct link, next_of_bundle));
	l->bundle = 0;
}

/* ------------------------------------------------------------------ sessions of a VLAN: open addressing */

static uint64_t
vlan_key(uint16_t concentrator, uint16_t port, struct vlan_stack vlans)
{
	return ((uint64_t)concentrator + 1) << 44 | (uint64_t)port << 28 | (uint64_t)(vlans.outer & 0x3fff) << 14 |
		(vlans.inner & 0x3fff);
}

static uint32_t
vlan_home(const struct host *h, uint64_t key)
{
	return hash_bytes(h->hash_seed, &key, sizeof(key)) & h->vlans_mask;
}

static uint32_t
vlan_slot(const struct host *h, uint64_t key)
{
	uint32_t at = vlan_home(h, key);

	while (h->vlans[at].key != 0 && h->vlans[at].key != key)
		at = (at + 1) & h->vlans_mask;
	return at;
}

/* Into twice as many places. */
static void
vlans_grow(struct host *h)
{
	const uint32_t size = h->vlans_mask + 1;
	struct vlan_tally *old = h->vlans, *larger = calloc(2 * (size_t)size, sizeof(*larger));

	if (larger == NULL)
		return;
	h->vlans = larger;
	h->vlans_mask = 2 * size - 1;
	for (uint32_t i = 0; i < size; i++)
		if (old[i].key != 0)
			h->vlans[vlan_slot(h, old[i].key)] = old[i];
	free(old);
}

/* Half of the places are free as long as there is memory, and one always is, or a search would not end. */
bool
vlan_tally_room(struct host *h)
{
	if (2 * (h->n_vlans + 1) > h->vlans_mask + 1)
		vlans_grow(h);
	return h->n_vlans + 1 <= h->vlans_mask;
}

void
vlan_tally_add(struct host *h, uint16_t concentrator, const struct host_session_key *key)
{
	const uint64_t k = vlan_key(concentrator, key->port, key->vlans);
	struct vlan_tally *t = &h->vlans[vlan_slot(h, k)];

	h->n_vlans += t->key == 0;
	t->key = k;
	t->n++;
}

/* Deleting moves back what a full place had pushed on. */
static void
vlan_remove(struct host *h, uint32_t hole)
{
	uint32_t at = hole;

	for (;;) {
		at = (at + 1) & h->vlans_mask;
		if (h->vlans[at].key == 0)
			break;
		const uint32_t home = vlan_home(h, h->vlans[at].key);

		if (((at - home) & h->vlans_mask) < ((at - hole) & h->vlans_mask))
			continue;
		h->vlans[hole] = h->vlans[at];
		hole = at;
	}
	h->vlans[hole] = (struct vlan_tally){0};
	h->n_vlans--;
}

void
vlan_tally_sub(struct host *h, uint16_t concentrator, const struct host_session_key *key)
{
	const uint32_t at = vlan_slot(h, vlan_key(concentrator, key->port, key->vlans));

	if (h->vlans[at].key != 0 && --h->vlans[at].n == 0)
		vlan_remove(h, at);
}

uint32_t
vlan_tally_of(const struct host *h, uint16_t concentrator, uint16_t port, struct vlan_stack vlans)
{
	return h->vlans[vlan_slot(h, vlan_key(concentrator, port, vlans))].n;
}

/* ------------------------------------------------------------------ users */

int
user_find(const struct host *h, const char *name)
{
	unsigned low = 0, high = h->cfg->n_users;

	while (low < high) {
		const unsigned middle = low + (high - low) / 2;
		const int order = strcmp(h->users[middle].cfg->name, name);

		if (order == 0)
			return (int)middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return -1;
}
