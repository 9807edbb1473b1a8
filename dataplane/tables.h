/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_TABLES_H
#define DATAPLANE_TABLES_H

#include <rte_prefetch.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/api/dataplane.h"

/* What workers share for reading. One writer: control. */

/* Steering word of (port, session id), read relaxed:
 *   bits 0..19 bundle index, 20..25 home worker, 26..29 slot, 30..31 state,
 *   32..45 outer VLAN tag, 46..59 inner tag (both as struct vlan_stack has them) */
enum steer_state {
	STEER_NONE,    /* no session */
	STEER_PUNT,    /* session whose frames only go to control */
	STEER_LINK,    /* data goes to the bundle */
	STEER_COLLIDE, /* several sessions share the id on this port (client's peers choose): ask the exact table */
};

struct steer {
	uint32_t bundle;
	uint8_t home, slot, state;
	struct vlan_stack vlans;
};

static inline struct steer
steer_unpack(uint64_t w)
{
	return (struct steer){
		.bundle = (uint32_t)(w & 0xfffff),
		.home = (uint8_t)(w >> 20 & 0x3f),
		.slot = (uint8_t)(w >> 26 & 0xf),
		.state = (uint8_t)(w >> 30 & 3),
		.vlans = {.outer = (uint16_t)(w >> 32 & 0x3fff), .inner = (uint16_t)(w >> 46 & 0x3fff)},
	};
}

static inline uint64_t
steer_pack(const struct steer *s)
{
	return (uint64_t)s->bundle | (uint64_t)s->home << 20 | (uint64_t)s->slot << 26 | (uint64_t)s->state << 30 |
		(uint64_t)s->vlans.outer << 32 | (uint64_t)s->vlans.inner << 46;
}

/* What a word that leads data with these tags to a bundle has above its low 30 bits. */
static inline uint32_t
steer_lead(struct vlan_stack vlans)
{
	return (uint32_t)vlans.outer << 2 | (uint32_t)vlans.inner << 16 | STEER_LINK;
}

static inline bool
steer_leads(uint64_t w, uint32_t lead)
{
	return w >> 30 == lead;
}

/* Next hop, one word, so that a reader sees the old one or the new one and nothing between; 0: there is no route.
 *   bits 0..4 kind; BUNDLE: 5..10 home, 11..26 gen, 27..46 index; else: 5..10 port, 11..30 neighbour, 31..62 IPv4 gateway; 63 set if
 *   there is a route, as one to nowhere is all zero else */
struct next_hop {
	uint32_t bundle;     /* NEXT_BUNDLE */
	uint32_t gateway_be; /* GATEWAY, IPv4: address to resolve when its neighbour has no MAC */
	uint16_t gen;
	uint16_t port; /* CONNECTED, GATEWAY, NEIGHBOUR */
	uint8_t kind;  /* enum dp_next_kind, or NEXT_NEIGHBOUR */
	uint8_t home;
	uint32_t neighbour; /* index of the neighbour word */
};
enum { NEXT_NEIGHBOUR = 16 }; /* a resolved host on a connected network */
#define NEXT_HOP_SET ((uint64_t)1 << 63)

static inline unsigned
next_hop_kind(uint64_t w)
{
	return (unsigned)(w & 0x1f);
}

static inline struct next_hop
next_hop_unpack(uint64_t w)
{
	if (next_hop_kind(w) == DP_NEXT_BUNDLE)
		return (struct next_hop){
			.kind = DP_NEXT_BUNDLE,
			.home = (uint8_t)(w >> 5 & 0x3f),
			.gen = (uint16_t)(w >> 11),
			.bundle = (uint32_t)(w >> 27 & 0xfffff),
		};
	return (struct next_hop){
		.kind = (uint8_t)next_hop_kind(w),
		.port = (uint16_t)(w >> 5 & 0x3f),
		.neighbour = (uint32_t)(w >> 11 & 0xfffff),
		.gateway_be = (uint32_t)(w >> 31),
	};
}

/* The word that leads to a bundle, and no other does. */
static inline uint64_t
next_hop_of_bundle(unsigned home, uint32_t bundle, uint16_t gen)
{
	return NEXT_HOP_SET | DP_NEXT_BUNDLE | (uint64_t)(home & 0x3f) << 5 | (uint64_t)gen << 11 |
		(uint64_t)(bundle & 0xfffff) << 27;
}

struct tables;

/* What it begins with, for the functions of workers that are inline. */
struct tables_near {
	_Atomic uint64_t *neighbour_words;
	_Atomic uint8_t *neighbour_used;
	const uint8_t *by_24_bits, *by_16_bits; /* rte_lpm's first table and host_pages': words of 4 and 8 bytes */
};

static inline const struct tables_near *
tables_near(const struct tables *t)
{
	return (const struct tables_near *)(const void *)t;
}

/* routes_max: prefixes, hosts and neighbours, each; sessions_max: those whose ids collide; memory for
 * them is taken when the first two do. Nothing is freed under a reader: qsbr is
 * what the workers report to at the end of each turn. Memory comes from numa_node. NULL, and *why names the part, on failure. */
struct rte_rcu_qsbr;
struct tables *tables_new(
	unsigned routes_max, unsigned sessions_max, struct rte_rcu_qsbr *qsbr, int numa_node, const char **why);
void tables_free(struct tables *t);

/* Control's side. Routes: as in the API; prefix in network order. */
int tables_route_set(struct tables *t, uint32_t prefix_be, unsigned len, const struct dp_next *next);
int tables_route_del(struct tables *t, uint32_t prefix_be, unsigned len);
int tables_route6_set(struct tables *t, const struct ip_addr *prefix, unsigned len, const struct dp_next *next);
int tables_route6_del(struct tables *t, const struct ip_addr *prefix, unsigned len);
int tables_neighbour_set(struct tables *t, uint16_t port, const struct ip_addr *address, const struct mac *mac);
bool tables_neighbour_used(struct tables *t, uint16_t port, const struct ip_addr *address);
/* Whose neighbour word this is; false: nobody's. */
bool tables_neighbour_address(const struct tables *t, uint32_t index, struct ip_addr *address);

/* Sessions of one access port: `words` is the port's steer array of STEER_WORDS. word is what a frame of exactly this key shall see; 0
 * removes the session. */
enum { STEER_WORDS = 65536 };
int tables_session_set(struct tables *t, _Atomic uint64_t *words, const struct dp_session_key *key, uint64_t word);

/* ------------------------------------------------------------------ workers' side */

/* Exact session look-up for STEER_COLLIDE words. False: none. */
bool tables_session(const struct tables *t, const struct dp_session_key *key, struct steer *out);

/* Next hops of n IPv4 destinations (host order): exact table first, then the longest prefix. Bulk, with prefetch. */
void tables_route_bulk(const struct tables *t, const uint32_t dst[], unsigned n, uint64_t words[]);

/* Fetches what the look-up of a destination (IPv4: host order) will read first. */
static inline void
tables_route_prefetch(const struct tables *t, uint32_t dst)
{
	/* not the compiler's: a function with nothing but that in it counts for none */
	rte_prefetch0(tables_near(t)->by_24_bits + (size_t)(dst >> 8) * sizeof(uint32_t));
	rte_prefetch0(tables_near(t)->by_16_bits + (size_t)(dst >> 16) * sizeof(uint64_t));
}

/* The same for IPv6; next hops that are neighbours or gateways are named by their neighbour words alone. */
void tables_route6_bulk(const struct tables *t, const struct ip6_num dst[], unsigned n, uint64_t words[]);

/* The MAC word of a neighbour: MAC in bits 0..47 (first byte lowest), bit 48: valid. Marks it used. */
static inline uint64_t
tables_neighbour(const struct tables *t, uint32_t index)
{
	const struct tables_near *near = tables_near(t);

	/* read before written, so that a busy neighbour's line stays shared among the workers */
	if (atomic_load_explicit(&near->neighbour_used[index], memory_order_relaxed) == 0)
		atomic_store_explicit(&near->neighbour_used[index], 1, memory_order_relaxed);
	return atomic_load_explicit(&near->neighbour_words[index], memory_order_relaxed);
}

#endif
