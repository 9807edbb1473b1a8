/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/tables.h"

#include <arpa/inet.h>
#include <errno.h>
#include <rte_hash.h>
#include <rte_lpm.h>
#include <rte_malloc.h>
#include <rte_rcu_qsbr.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/hash_table.h"
#include "dataplane/host_pages.h"
#include "dataplane/index_pool.h"
#include "dataplane/internal.h"
#include "dataplane/prefix6.h"
#include "dataplane/record_pool.h"

/* Of next hop words (tables.h):
 * IPv4 hosts keep it in the exact table; prefixes, whose table has room for 24 bits, an index into `prefix_words`; IPv6 has it in
 * prefix6.c. Both kinds of index are used again only when every worker has reported to qsbr after the last reader could have got them.
 *
 * Workers only read, but for the neighbours' `used` bytes. Everything under "control only" is plain memory of one thread. */

enum { KEY_BULK = RTE_HASH_LOOKUP_BULK_MAX };

struct route { /* control only: what the workers' tables were made from */
	struct ip_addr prefix;
	uint32_t len : 8;    /* of 128: IPv4 is mapped */
	uint32_t index : 24; /* NO_PREFIX_INDEX: none */
	uint32_t neighbour;  /* NO_INDEX: none */
};
_Static_assert(sizeof(struct route) == 24, "what the heap gives with a header in 32 bytes");
enum { NO_PREFIX_INDEX = 0xffffff };

struct neighbour { /* control only */
	struct ip_addr address;
	uint16_t port;
	uint32_t users; /* routes through it, and one if control has set its MAC */
	bool set;
};

/* Keys are hashed as bytes: no padding but what is there by name. */
struct route_key {
	struct ip_addr prefix;
	uint32_t len, zero;
};

struct neighbour_key {
	struct ip_addr address;
	uint32_t port, zero;
};

/* Control only, a record of the pool. Its port and id are those of the list that it is in. */
struct session {
	uint64_t word;
	struct vlan_stack vlans;
	struct mac peer, local;
	uint32_t next : 31; /* record; 0: none */
	uint32_t exact : 1; /* has been entered in the exact table, and stays there */
} __attribute__((packed, aligned(4)));

struct session_port {
	struct session_port *next;
	_Atomic uint64_t *words;
	uint16_t port;
	uint32_t of_id[STEER_WORDS]; /* first record; 0: none */
};

struct tables {
	/* shared */
	struct tables_near near;
	struct host_pages *host_pages; /* hosts of a /24 are all here, or, for want of pages, all in `hosts` */
	struct rte_hash *hosts;
	struct rte_hash *_Atomic sessions; /* NULL until the first two share an id: most networks never need it */
	struct rte_lpm *prefixes;
	_Atomic uint64_t *prefix_words;
	_Atomic uint64_t default_word; /* rte_lpm has no /0 */
	_Atomic uint64_t
		host_nets[HOST_NETS / 64]; /* bit = /16 with hosts in the hash: the others need not be asked for */
	_Atomic uint32_t n_hashed;         /* hosts in the hash, of all */
	struct prefix6 *prefixes6;
	struct rte_rcu_qsbr *qsbr;

	/* control only */
	struct index_pool prefix_indexes, neighbour_indexes;
	struct rte_hash *routes;          /* (prefix, length) -> struct route */
	struct rte_hash *neighbour_index; /* (address, port) -> index */
	struct neighbour *neighbours;
	struct session_port *session_ports;
	struct record_pool session_records;
	uint32_t hosts_of_net[HOST_NETS];
	unsigned sessions_max;
	int numa_node;
};

_Static_assert(offsetof(struct tables, near) == 0, "workers look there");
_Static_assert(
	sizeof(struct rte_lpm_tbl_entry) == sizeof(uint32_t) && sizeof(struct host_directory *) == sizeof(uint64_t),
	"as tables_route_prefetch() counts");

/* ------------------------------------------------------------------ next hop words */

static uint64_t
word_of_port(unsigned kind, uint16_t port, uint32_t neighbour, uint32_t gateway_be)
{
	return NEXT_HOP_SET | kind | (uint64_t)(port & 0x3f) << 5 | (uint64_t)(neighbour & 0xfffff) << 11 |
		(uint64_t)gateway_be << 31;
}

/* ------------------------------------------------------------------ making and freeing */

static struct rte_lpm *
lpm_new(unsigned routes_max, int numa_node, struct rte_rcu_qsbr *qsbr)
{
	const struct rte_lpm_config config = {
		.max_rules = RTE_MAX(routes_max, 64u),
		.number_tbl8s = RTE_MIN(RTE_MAX(routes_max / 4, 256u), 16384u),
	};
	struct rte_lpm_rcu_config rcu = {.v = qsbr, .mode = RTE_LPM_QSBR_MODE_DQ};
	struct rte_lpm *lpm = rte_lpm_create("prefixes", numa_node, &config);

	if (lpm != NULL && rte_lpm_rcu_qsbr_add(lpm, &rcu) != 0) {
		rte_lpm_free(lpm);
		return NULL;
	}
	return lpm;
}

static const char *
tables_make(struct tables *t, unsigned routes_max, int node)
{
	t->hosts = hash_table_new("hosts", routes_max, sizeof(uint32_t), node, t->qsbr);
	t->host_pages = host_pages_new(routes_max / 8 + 16, node);
	if (t->hosts == NULL || t->host_pages == NULL)
		return "table of hosts";
	t->prefixes6 = prefix6_new(routes_max, node, t->qsbr);
	if (t->prefixes6 == NULL)
		return "tables of IPv6 prefixes";
	t->routes = hash_table_new("routes", routes_max * 4, sizeof(struct route_key), node, NULL);
	t->neighbour_index = hash_table_new("neighbours", routes_max, sizeof(struct neighbour_key), node, NULL);
	if (t->routes == NULL || t->neighbour_index == NULL)
		return "list of routes";
	t->prefixes = lpm_new(routes_max, node, t->qsbr);
	if (t->prefixes == NULL)
		return "table of prefixes (64 MiB and more)";
	t->prefix_words = rte_zmalloc_socket("prefix_words", routes_max * sizeof(uint64_t), RTE_CACHE_LINE_SIZE, node);
	t->near.neighbour_words =
		rte_zmalloc_socket("neighbour_words", routes_max * sizeof(uint64_t), RTE_CACHE_LINE_SIZE, node);
	t->near.neighbour_used = rte_zmalloc_socket("neighbour_used", routes_max, RTE_CACHE_LINE_SIZE, node);
	t->neighbours = calloc(routes_max, sizeof(*t->neighbours));
	if (t->prefix_words == NULL || t->near.neighbour_words == NULL || t->near.neighbour_used == NULL ||
		t->neighbours == NULL)
		return "next hops";
	t->near.by_24_bits = (const uint8_t *)t->prefixes->tbl24;
	t->near.by_16_bits = (const uint8_t *)t->host_pages + offsetof(struct host_pages, directory);
	if (index_pool_init(&t->prefix_indexes, routes_max) != 0 ||
		index_pool_init(&t->neighbour_indexes, routes_max) != 0)
		return "lists of free next hops";
	return NULL;
}

struct tables *
tables_new(unsigned routes_max, unsigned sessions_max, struct rte_rcu_qsbr *qsbr, int numa_node, const char **why)
{
	struct tables *t = calloc(1, sizeof(*t));

	if (t == NULL) {
		*why = "tables";
		return NULL;
	}
	t->qsbr = qsbr;
	t->sessions_max = sessions_max;
	t->numa_node = numa_node;
	record_pool_init(&t->session_records, sizeof(struct session));
	/* neighbour indexes are 20 bits of a word, prefix indexes 24 of rte_lpm's */
	*why = tables_make(t, RTE_MIN(RTE_MAX(routes_max, 64u), 1u << 20), numa_node);
	if (*why == NULL)
		return t;
	tables_free(t);
	return NULL;
}

static void
routes_free(struct rte_hash *routes)
{
	const void *key;
	uint32_t at = 0;
	void *r;

	while (routes != NULL && rte_hash_iterate(routes, &key, &r, &at) >= 0)
		free(r);
	rte_hash_free(routes);
}

void
tables_free(struct tables *t)
{
	if (t == NULL)
		return;
	while (t->session_ports != NULL) {
		struct session_port *sp = t->session_ports;

		t->session_ports = sp->next;
		free(sp);
	}
	record_pool_fini(&t->session_records);
	routes_free(t->routes);
	rte_hash_free(t->neighbour_index);
	rte_hash_free(t->hosts);
	host_pages_free(t->host_pages);
	rte_hash_free(t->sessions);
	rte_lpm_free(t->prefixes);
	prefix6_free(t->prefixes6);
	rte_free(t->prefix_words);
	rte_free(t->near.neighbour_words);
	rte_free(t->near.neighbour_used);
	free(t->neighbours);
	index_pool_fini(&t->prefix_indexes);
	index_pool_fini(&t->neighbour_indexes);
	free(t);
}

/* ------------------------------------------------------------------ hosts */

static void *
word_pointer(uint64_t word)
{
	return (void *)(uintptr_t)word;
}

static void
host_net_count(struct tables *t, uint32_t host, int change)
{
	const uint32_t net = host >> 16;
	const uint64_t bit = (uint64_t)1 << net % 64;

	t->hosts_of_net[net] += (uint32_t)change;
	atomic_fetch_add_explicit(&t->n_hashed, (uint32_t)change, memory_order_release);
	if (t->hosts_of_net[net] != 0)
		atomic_fetch_or_explicit(&t->host_nets[net / 64], bit, memory_order_release);
	else
		atomic_fetch_and_explicit(&t->host_nets[net / 64], ~bit, memory_order_release);
}

/* A /24 that gets its page after some of its hosts went to the hash would hide them. */
static _Atomic uint64_t *
host_paged(struct tables *t, uint32_t host)
{
	if (t->hosts_of_net[host >> 16] != 0)
		return host_page_word(t->host_pages, host);
	return host_page_make(t->host_pages, host);
}

static int
host_set_hashed(struct tables *t, uint32_t host, uint64_t word)
{
	const bool fresh = rte_hash_lookup(t->hosts, &host) < 0;

	/* the bit first, or a worker would not find the host; a bit too many only costs it a look */
	if (fresh)
		host_net_count(t, host, 1);
	if (rte_hash_add_key_data(t->hosts, &host, word_pointer(word)) == 0)
		return 0;
	if (fresh)
		host_net_count(t, host, -1);
	return -ENOSPC;
}

static int
host_set(struct tables *t, uint32_t host, uint64_t word)
{
	_Atomic uint64_t *paged = host_paged(t, host);

	if (paged == NULL)
		return host_set_hashed(t, host, word);
	atomic_store_explicit(paged, word, memory_order_relaxed);
	return 0;
}

static void
host_del(struct tables *t, uint32_t host)
{
	_Atomic uint64_t *paged = host_page_word(t->host_pages, host);

	if (paged != NULL)
		atomic_store_explicit(paged, 0, memory_order_relaxed);
	else if (rte_hash_del_key(t->hosts, &host) >= 0)
		host_net_count(t, host, -1);
}

static bool
host_possible(const struct tables *t, uint32_t host)
{
	const uint32_t net = host >> 16;

	return atomic_load_explicit(&t->host_nets[net / 64], memory_order_relaxed) >> net % 64 & 1;
}

/* 0: no entry of its own. */
static uint64_t
host_word(const struct tables *t, uint32_t host)
{
	const _Atomic uint64_t *paged = host_page_word(t->host_pages, host);
	void *word;

	if (paged != NULL)
		return atomic_load_explicit(paged, memory_order_relaxed);
	return rte_hash_lookup_data(t->hosts, &host, &word) < 0 ? 0 : (uint64_t)(uintptr_t)word;
}

/* Where the longest prefix's word is; hosts not asked. */
static inline const _Atomic uint64_t *
prefix_at(const struct tables *t, uint32_t host)
{
	uint32_t index;

	return rte_lpm_lookup(t->prefixes, host, &index) == 0 ? &t->prefix_words[index] : &t->default_word;
}

static inline uint64_t
prefix_word(const struct tables *t, uint32_t host)
{
	return atomic_load_explicit(prefix_at(t, host), memory_order_relaxed);
}

/* ------------------------------------------------------------------ either family */

/* An entry of one address. */
static int
address_set(struct tables *t, const struct ip_addr *a, uint64_t word)
{
	return ip_addr_is4(a) ? host_set(t, ip_addr_4(a), word) : prefix6_set(t->prefixes6, a, 128, word);
}

static void
address_del(struct tables *t, const struct ip_addr *a)
{
	if (ip_addr_is4(a))
		host_del(t, ip_addr_4(a));
	else
		prefix6_del(t->prefixes6, a, 128);
}

/* 0: no entry of its own. */
static uint64_t
address_word(const struct tables *t, const struct ip_addr *a)
{
	uint64_t word;

	if (ip_addr_is4(a))
		return host_word(t, ip_addr_4(a));
	return prefix6_get(t->prefixes6, a, 128, &word) ? word : 0;
}

/* What holds for an address without an entry of its own. */
static uint64_t
network_word(const struct tables *t, const struct ip_addr *a)
{
	return ip_addr_is4(a) ? prefix_word(t, ip_addr_4(a)) : prefix6_find(t->prefixes6, a, 127);
}

static struct route *
route_find(const struct tables *t, const struct ip_addr *prefix, unsigned len)
{
	const struct route_key key = {.prefix = *prefix, .len = len};
	void *r;

	return rte_hash_lookup_data(t->routes, &key, &r) < 0 ? NULL : r;
}

/* ------------------------------------------------------------------ neighbours */

static uint32_t
neighbour_find(const struct tables *t, uint16_t port, const struct ip_addr *address)
{
	const struct neighbour_key key = {.address = *address, .port = port};
	void *index;

	return rte_hash_lookup_data(t->neighbour_index, &key, &index) < 0 ? NO_INDEX : (uint32_t)(uintptr_t)index;
}

/* Finds or makes it, with one more user. */
static uint32_t
neighbour_hold(struct tables *t, uint16_t port, const struct ip_addr *address)
{
	const struct neighbour_key key = {.address = *address, .port = port};
	uint32_t i = neighbour_find(t, port, address);

	if (i == NO_INDEX) {
		i = index_take(&t->neighbour_indexes, t->qsbr);
		if (i == NO_INDEX)
			return NO_INDEX;
		if (rte_hash_add_key_data(t->neighbour_index, &key, (void *)(uintptr_t)i) != 0) {
			index_give(&t->neighbour_indexes, t->qsbr, i);
			return NO_INDEX;
		}
		t->neighbours[i] = (struct neighbour){.address = *address, .port = port};
		atomic_store_explicit(&t->near.neighbour_words[i], 0, memory_order_relaxed);
		atomic_store_explicit(&t->near.neighbour_used[i], 0, memory_order_relaxed);
	}
	t->neighbours[i].users++;
	return i;
}

static void
neighbour_release(struct tables *t, uint32_t i)
{
	struct neighbour_key key;

	if (i == NO_INDEX || --t->neighbours[i].users != 0)
		return;
	key = (struct neighbour_key){.address = t->neighbours[i].address, .port = t->neighbours[i].port};
	rte_hash_del_key(t->neighbour_index, &key);
	index_give(&t->neighbour_indexes, t->qsbr, i);
}

/* A host on a connected network has an entry of its own while its MAC is known, unless a route of its own says otherwise. */
static void
neighbour_route(struct tables *t, uint32_t i)
{
	const struct neighbour *n = &t->neighbours[i];
	struct next_hop h;

	if (!n->set || route_find(t, &n->address, 128) != NULL)
		return;
	h = next_hop_unpack(network_word(t, &n->address));
	if (h.kind != DP_NEXT_CONNECTED || h.port != n->port)
		return;
	/* without room there it stays CONNECTED: resolved packet by packet, through control */
	address_set(t, &n->address,
		word_of_port(NEXT_NEIGHBOUR, n->port, i, ip_addr_is4(&n->address) ? htonl(ip_addr_4(&n->address)) : 0));
}

/* Whether the exact table leads to it. */
static bool
neighbour_routed(const struct tables *t, uint32_t i)
{
	struct next_hop h;

	h = next_hop_unpack(address_word(t, &t->neighbours[i].address));
	return h.kind == NEXT_NEIGHBOUR && h.neighbour == i;
}

static void
neighbour_forget(struct tables *t, uint32_t i)
{
	atomic_store_explicit(&t->near.neighbour_words[i], 0, memory_order_relaxed);
	if (neighbour_routed(t, i))
		address_del(t, &t->neighbours[i].address);
	t->neighbours[i].set = false;
	neighbour_release(t, i);
}

static uint64_t
mac_word(const struct mac *m)
{
	uint64_t w = (uint64_t)1 << 48;

	for (unsigned i = 0; i < ETH_ADDR_LEN; i++)
		w |= (uint64_t)m->b[i] << 8 * i;
	return w;
}

int
tables_neighbour_set(struct tables *t, uint16_t port, const struct ip_addr *address, const struct mac *mac)
{
	uint32_t i = neighbour_find(t, port, address);

	if (mac == NULL) {
		if (i != NO_INDEX && t->neighbours[i].set)
			neighbour_forget(t, i);
		return 0;
	}
	if (i == NO_INDEX || !t->neighbours[i].set) {
		i = neighbour_hold(t, port, address);
		if (i == NO_INDEX)
			return -ENOSPC;
		t->neighbours[i].set = true;
	}
	atomic_store_explicit(&t->near.neighbour_words[i], mac_word(mac), memory_order_relaxed);
	neighbour_route(t, i);
	return 0;
}

bool
tables_neighbour_used(struct tables *t, uint16_t port, const struct ip_addr *address)
{
	const uint32_t i = neighbour_find(t, port, address);

	return i != NO_INDEX && atomic_exchange_explicit(&t->near.neighbour_used[i], 0, memory_order_relaxed) != 0;
}

bool
tables_neighbour_address(const struct tables *t, uint32_t index, struct ip_addr *address)
{
	if (index >= t->neighbour_indexes.size)
		return false;
	*address = t->neighbours[index].address;
	return true;
}

/* ------------------------------------------------------------------ routes */

/* Where workers find IPv4 routes: the default's word, the exact table, or an index in the prefix table. */
static int
publish4(struct tables *t, struct route *r, uint64_t word)
{
	const uint32_t prefix = ip_addr_4(&r->prefix);
	const uint8_t len = (uint8_t)(r->len - IP4_MAPPED_LEN);
	uint32_t index;

	if (len == 0) {
		atomic_store_explicit(&t->default_word, word, memory_order_relaxed);
		return 0;
	}
	if (len == 32)
		return host_set(t, prefix, word);
	if (r->index != NO_PREFIX_INDEX) {
		atomic_store_explicit(&t->prefix_words[r->index], word, memory_order_relaxed);
		return 0;
	}
	index = index_take(&t->prefix_indexes, t->qsbr);
	if (index == NO_INDEX)
		return -ENOSPC;
	/* the word first, then the way to it */
	atomic_store_explicit(&t->prefix_words[index], word, memory_order_release);
	if (rte_lpm_add(t->prefixes, prefix, len, index) != 0) {
		index_give(&t->prefix_indexes, t->qsbr, index);
		return -ENOSPC;
	}
	r->index = index & NO_PREFIX_INDEX;
	return 0;
}

static void
withdraw4(struct tables *t, const struct route *r)
{
	const uint8_t len = (uint8_t)(r->len - IP4_MAPPED_LEN);

	if (len == 0) {
		atomic_store_explicit(&t->default_word, 0, memory_order_relaxed);
	} else if (len == 32) {
		host_del(t, ip_addr_4(&r->prefix));
	} else {
		rte_lpm_delete(t->prefixes, ip_addr_4(&r->prefix), len);
		index_give(&t->prefix_indexes, t->qsbr, r->index);
	}
}

static int
route_publish(struct tables *t, struct route *r, uint64_t word)
{
	return ip_addr_is4(&r->prefix) ? publish4(t, r, word) : prefix6_set(t->prefixes6, &r->prefix, r->len, word);
}

static void
route_withdraw(struct tables *t, const struct route *r)
{
	if (ip_addr_is4(&r->prefix))
		withdraw4(t, r);
	else
		prefix6_del(t->prefixes6, &r->prefix, r->len);
}

static struct route *
route_make(struct tables *t, const struct ip_addr *prefix, unsigned len)
{
	const struct route_key key = {.prefix = *prefix, .len = len};
	struct route *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	*r = (struct route){.prefix = *prefix, .len = len & 0xff, .index = NO_PREFIX_INDEX, .neighbour = NO_INDEX};
	if (rte_hash_add_key_data(t->routes, &key, r) == 0)
		return r;
	free(r);
	return NULL;
}

static void
route_forget(struct tables *t, struct route *r)
{
	const struct route_key key = {.prefix = r->prefix, .len = r->len};

	rte_hash_del_key(t->routes, &key);
	free(r);
}

/* The next hop's word; *neighbour is held for a gateway. */
static int
next_word(struct tables *t, const struct dp_next *next, bool v4, uint64_t *word, uint32_t *neighbour)
{
	const struct ip_addr gateway = v4 ? ip_addr_of4(ntohl(next->gateway_be)) : next->gateway6;

	*neighbour = NO_INDEX;
	switch (next->kind) {
	case DP_NEXT_NONE:
	case DP_NEXT_LOCAL:
	case DP_NEXT_CONNECTED:
		*word = word_of_port(next->kind, next->port, 0, 0);
		return 0;
	case DP_NEXT_BUNDLE:
		*word = next_hop_of_bundle(next->bundle.home, next->bundle.index, next->bundle.gen);
		return 0;
	case DP_NEXT_GATEWAY:
		*neighbour = neighbour_hold(t, next->port, &gateway);
		if (*neighbour == NO_INDEX)
			return -ENOSPC;
		*word = word_of_port(next->kind, next->port, *neighbour, v4 ? next->gateway_be : 0);
		return 0;
	}
	return -EINVAL;
}

static int
route_set(struct tables *t, const struct ip_addr *prefix, unsigned len, const struct dp_next *next)
{
	struct route *r = route_find(t, prefix, len);
	const bool fresh = r == NULL;
	uint32_t neighbour;
	uint64_t word;
	int ret;

	if (next->port >= DP_PORTS_MAX || next->bundle.home >= DP_WORKERS_MAX || next->bundle.index >= DP_BUNDLES_MAX)
		return -EINVAL;
	ret = next_word(t, next, ip_addr_is4(prefix), &word, &neighbour);
	if (ret < 0)
		return ret;
	if (fresh)
		r = route_make(t, prefix, len);
	ret = r == NULL ? -ENOSPC : route_publish(t, r, word);
	if (ret < 0) {
		neighbour_release(t, neighbour);
		if (fresh && r != NULL)
			route_forget(t, r);
		return ret;
	}
	neighbour_release(t, r->neighbour);
	r->neighbour = neighbour;
	return 0;
}

/* A neighbour that the address's own route had hidden shows again. */
static void
neighbour_show(struct tables *t, const struct ip_addr *address)
{
	struct next_hop h;
	uint32_t i;

	h = next_hop_unpack(network_word(t, address));
	if (h.kind != DP_NEXT_CONNECTED)
		return;
	i = neighbour_find(t, h.port, address);
	if (i != NO_INDEX)
		neighbour_route(t, i);
}

static int
route_del(struct tables *t, const struct ip_addr *prefix, unsigned len)
{
	struct route *r = route_find(t, prefix, len);
	const uint32_t neighbour = r == NULL ? NO_INDEX : r->neighbour;

	if (r == NULL)
		return -ENOENT;
	route_withdraw(t, r);
	route_forget(t, r);
	if (len == 128)
		neighbour_show(t, prefix);
	neighbour_release(t, neighbour);
	return 0;
}

static struct ip_addr
mapped_prefix(uint32_t prefix_be, unsigned len)
{
	const struct ip_addr a = ip_addr_of4(ntohl(prefix_be));

	return ip_addr_prefix(&a, IP4_MAPPED_LEN + len);
}

int
tables_route_set(struct tables *t, uint32_t prefix_be, unsigned len, const struct dp_next *next)
{
	const struct ip_addr prefix = mapped_prefix(prefix_be, RTE_MIN(len, 32u));

	return len > 32 ? -EINVAL : route_set(t, &prefix, IP4_MAPPED_LEN + len, next);
}

int
tables_route_del(struct tables *t, uint32_t prefix_be, unsigned len)
{
	const struct ip_addr prefix = mapped_prefix(prefix_be, RTE_MIN(len, 32u));

	return len > 32 ? -ENOENT : route_del(t, &prefix, IP4_MAPPED_LEN + len);
}

int
tables_route6_set(struct tables *t, const struct ip_addr *prefix, unsigned len, const struct dp_next *next)
{
	const struct ip_addr p = ip_addr_prefix(prefix, RTE_MIN(len, 128u));

	return len > 128 || ip_addr_is4(&p) ? -EINVAL : route_set(t, &p, len, next);
}

int
tables_route6_del(struct tables *t, const struct ip_addr *prefix, unsigned len)
{
	const struct ip_addr p = ip_addr_prefix(prefix, RTE_MIN(len, 128u));

	return len > 128 || ip_addr_is4(&p) ? -ENOENT : route_del(t, &p, len);
}

/* ------------------------------------------------------------------ look-up */

/* The words of those that have no page and are in the hash. */
static void
hashed_bulk(const struct tables *t, const uint32_t dst[], unsigned n, uint64_t words[])
{
	const void *keys[KEY_BULK];
	uint8_t of_key[KEY_BULK];
	void *found[KEY_BULK];
	uint64_t hit = 0;
	unsigned asked = 0;

	for (unsigned i = 0; i < n; i++) {
		if (!host_possible(t, dst[i]) || host_page_word(t->host_pages, dst[i]) != NULL)
			continue;
		keys[asked] = &dst[i];
		of_key[asked++] = (uint8_t)i;
	}
	if (asked == 0)
		return;
	rte_hash_lookup_bulk_data(t->hosts, keys, asked, &hit, found);
	for (; hit != 0; hit &= hit - 1) {
		const unsigned k = (unsigned)__builtin_ctzll(hit);

		words[of_key[k]] = (uint64_t)(uintptr_t)found[k];
	}
}

/* Where a destination's word is looked for first: on its page, or, without one, where its longest prefix has it. */
static inline const _Atomic uint64_t *
word_at(const struct tables *t, uint32_t dst)
{
	const _Atomic uint64_t *paged = host_page_word(t->host_pages, dst);

	return paged != NULL ? paged : prefix_at(t, dst);
}

static void
route_bulk(const struct tables *t, const uint32_t dst[], unsigned n, uint64_t words[])
{
	const _Atomic uint64_t *at[KEY_BULK];

	for (unsigned i = 0; i < n; i++) {
		at[i] = word_at(t, dst[i]);
		__builtin_prefetch(at[i]);
	}
	for (unsigned i = 0; i < n; i++) {
		words[i] = atomic_load_explicit(at[i], memory_order_relaxed);
		if (words[i] == 0) /* the page has no entry for it */
			words[i] = prefix_word(t, dst[i]);
	}
	if (unlikely(atomic_load_explicit(&t->n_hashed, memory_order_relaxed) != 0))
		hashed_bulk(t, dst, n, words);
}

void
tables_route_bulk(const struct tables *t, const uint32_t dst[], unsigned n, uint64_t words[])
{
	for (unsigned at = 0; at < n; at += KEY_BULK)
		route_bulk(t, dst + at, RTE_MIN(n - at, (unsigned)KEY_BULK), words + at);
}

void
tables_route6_bulk(const struct tables *t, const struct ip6_num dst[], unsigned n, uint64_t words[])
{
	for (unsigned at = 0; at < n; at += PREFIX6_BULK)
		prefix6_bulk(t->prefixes6, dst + at, RTE_MIN(n - at, (unsigned)PREFIX6_BULK), words + at);
}

/* ------------------------------------------------------------------ sessions */

bool
tables_session(const struct tables *t, const struct dp_session_key *key, struct steer *out)
{
	const struct dp_session_key aligned __rte_aligned(8) = *key; /* the hash reads words */
	const struct rte_hash *sessions;
	void *word;

	/* who has seen a word that says there is a collision sees the table too */
	atomic_thread_fence(memory_order_acquire);
	sessions = atomic_load_explicit(&t->sessions, memory_order_relaxed);
	if (sessions == NULL || rte_hash_lookup_data(sessions, &aligned, &word) < 0)
		return false;
	*out = steer_unpack((uint64_t)(uintptr_t)word);
	return true;
}

static struct session_port *
session_port(struct tables *t, _Atomic uint64_t *words, uint16_t port)
{
	struct session_port *sp;

	for (sp = t->session_ports; sp != NULL; sp = sp->next)
		if (sp->words == words)
			return sp;
	sp = calloc(1, sizeof(*sp));
	if (sp == NULL)
		return NULL;
	sp->words = words;
	sp->port = port;
	sp->next = t->session_ports;
	t->session_ports = sp;
	return sp;
}

static struct session *
session_at(const struct tables *t, uint32_t record)
{
	return record == 0 ? NULL : record_at(&t->session_records, record);
}

/* Aligned as the hash wants it. */
static struct dp_session_key
session_key(const struct session_port *sp, uint16_t id, const struct session *s)
{
	return (struct dp_session_key){
		.port = sp->port, .session = id, .vlans = s->vlans, .peer = s->peer, .local = s->local};
}

/* The session's record, 0: none; *before: the one before it in the list of its id, or the last, 0: none. */
static uint32_t
session_find(const struct tables *t, const struct session_port *sp, const struct dp_session_key *key, uint32_t *before)
{
	uint32_t record = sp->of_id[key->session];

	*before = 0;
	while (record != 0) {
		const struct session *s = session_at(t, record);
		const struct dp_session_key have = session_key(sp, key->session, s);

		if (memcmp(&have, key, sizeof(have)) == 0)
			break;
		*before = record;
		record = s->next;
	}
	return record;
}

/* What follows `before` in the list of the id; at its beginning when that is 0. */
static void
session_follows(struct tables *t, struct session_port *sp, uint16_t id, uint32_t before, uint32_t record)
{
	if (before == 0)
		sp->of_id[id] = record;
	else
		session_at(t, before)->next = record & INT32_MAX;
}

static int
session_exact(struct tables *t, const struct session_port *sp, uint16_t id, struct session *s)
{
	const struct dp_session_key key __rte_aligned(8) = session_key(sp, id, s);
	struct rte_hash *sessions = atomic_load_explicit(&t->sessions, memory_order_relaxed);

	if (sessions == NULL) {
		sessions = hash_table_new("sessions", t->sessions_max, sizeof(key), t->numa_node, t->qsbr);
		if (sessions == NULL)
			return -ENOMEM;
		atomic_store_explicit(&t->sessions, sessions, memory_order_release);
	}
	if (rte_hash_add_key_data(sessions, &key, word_pointer(s->word)) != 0)
		return -ENOSPC;
	s->exact = true;
	return 0;
}

/* One session of an id is found by the word alone, several through the exact table: all of them are there before the word says so. */
static int
sessions_publish(struct tables *t, struct session_port *sp, uint16_t id)
{
	struct session *s = session_at(t, sp->of_id[id]);
	const bool several = s != NULL && s->next != 0;
	uint64_t w = s == NULL ? 0 : s->word;
	int ret = 0;

	/* one that has been among several: frames that still saw the collision find it there */
	if (!several && s != NULL && s->exact)
		ret = session_exact(t, sp, id, s);
	for (; several && s != NULL && ret == 0; s = session_at(t, s->next))
		ret = session_exact(t, sp, id, s);
	if (several)
		w = steer_pack(&(struct steer){.state = STEER_COLLIDE});
	if (ret == 0)
		atomic_store_explicit(&sp->words[id], w, memory_order_release);
	return ret;
}

static void
session_unlink(struct tables *t, struct session_port *sp, uint16_t id, uint32_t before, uint32_t record)
{
	const struct session *s = session_at(t, record);
	const struct dp_session_key key __rte_aligned(8) = session_key(sp, id, s);

	session_follows(t, sp, id, before, s->next);
	sessions_publish(t, sp, id);
	if (s->exact)
		rte_hash_del_key(t->sessions, &key);
	record_give(&t->session_records, record);
}

static int
session_add(struct tables *t, struct session_port *sp, const struct dp_session_key *key, uint32_t last, uint64_t word)
{
	const uint32_t record = record_take(&t->session_records);
	int ret;

	if (record == 0)
		return -ENOMEM;
	*session_at(t, record) =
		(struct session){.word = word, .vlans = key->vlans, .peer = key->peer, .local = key->local};
	session_follows(t, sp, key->session, last, record);
	ret = sessions_publish(t, sp, key->session);
	if (ret < 0)
		session_unlink(t, sp, key->session, last, record);
	return ret;
}

int
tables_session_set(struct tables *t, _Atomic uint64_t *words, const struct dp_session_key *key, uint64_t word)
{
	struct session_port *sp = session_port(t, words, key->port);
	uint32_t before, record;

	if (sp == NULL)
		return -ENOMEM;
	record = session_find(t, sp, key, &before);
	if (word == 0) {
		if (record == 0)
			return -ENOENT;
		session_unlink(t, sp, key->session, before, record);
		return 0;
	}
	if (record == 0)
		return session_add(t, sp, key, before, word);
	session_at(t, record)->word = word;
	return sessions_publish(t, sp, key->session);
}
