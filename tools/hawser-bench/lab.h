/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TOOLS_HAWSER_BENCH_LAB_H
#define TOOLS_HAWSER_BENCH_LAB_H

#include <rte_ring.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/internal.h"

/* The data plane under test: the shipped one, without threads, on a virtual clock. Frames come out of net_ring ports that the bench
 * fills and leave by net_null ports, which free them:
 *
 *	access ports 0..n-1 (rings) -> lines' frames         IP port "inside" (ring)  -> packets for the lines
 *	access port "lines" (null)  <- frames to the lines   IP port "outside" (null) <- packets from the lines
 *
 * A bundle's links are all on one access port, so that frames arrive in the order of the list they are put in. */

enum {
	LAB_ACCESS_MAX = 12,
	LAB_LIST = 4096, /* frames a slice: so many that mbufs and headers have left the caches when their turn comes */
	LAB_RING = 8192,
	LAB_POPULATIONS = 12,
	LAB_WORKERS = 2,
	LAB_GEN = 7, /* of every bundle */
};

/* A kind of bundles, at consecutive indexes of each worker's table. */
struct population {
	const char *name;
	uint32_t n; /* bundles, a worker */
	unsigned links;
	struct vlan_stack vlans;
	bool short_seq;
	bool ipv6;         /* its datagrams are IPv6 */
	uint64_t rate_bps; /* of each line; 0: not paced */
	uint32_t slots_max;
	/* set by lab_open */
	uint32_t first;
	struct lab_link *link; /* of worker 0: n * links; then of worker 1 */
};

struct lab_link {
	uint16_t session;
	uint8_t port;
};

struct lab_wish {
	unsigned workers;
	unsigned access_ports;
	unsigned pool_mbufs;
	unsigned routes_max; /* 0: what the populations need */
	uint64_t reassembly_bytes;
	const struct population *populations;
	unsigned n_populations;
};

struct lab {
	struct dataplane *dp;
	struct worker *w; /* worker 0 */
	uint64_t now_ns;
	unsigned n_access, n_workers;
	size_t data_at;                                       /* of a received frame, from its mbuf */
	uint16_t lines, inside, outside;                      /* port indexes */
	struct rte_ring *in[LAB_ACCESS_MAX + 1][LAB_WORKERS]; /* [port][queue]; [n_access]: inside */
	struct population pop[LAB_POPULATIONS];
	unsigned n_pop;
	uint64_t drops[DROP_REASONS]; /* as of lab_drops_mark() */
};

extern struct lab lab;

struct lab_options {
	bool hugepages;
	unsigned memory_mib; /* without hugepages: all there is */
	int cpu;
};
extern struct lab_options lab_options;

void lab_open(const struct lab_wish *wish);
void lab_close(void);

/* Source MAC of a link's peer, address of a bundle (host order). */
struct mac lab_peer(unsigned worker, const struct population *p, uint32_t bundle, unsigned slot);
uint32_t lab_address(unsigned worker, const struct population *p, uint32_t bundle);
/* A bundle's IPv6 prefix, /56: its first 64 bits. */
uint64_t lab_prefix6(unsigned worker, const struct population *p, uint32_t bundle);
/* A destination of IPv6 outside, in one of the prefixes. */
struct ip6_num lab_somewhere6(uint64_t *seed);
const struct mac *lab_port_mac(unsigned port);

/* Puts a list into the ring of its frames' ports (mbuf->port says which): queue q. */
void lab_feed(struct rte_mbuf *const list[], unsigned n, unsigned queue);

/* Turns the worker until nothing moves; ns passes with each turn. Returns the number of turns. */
unsigned lab_turns(uint64_t ns_a_turn);

/* Drops counted since the mark, of one reason and of all. */
void lab_drops_mark(void);
uint64_t lab_drops(enum drop_reason why);
uint64_t lab_drops_all(void);
void lab_drops_print(void);

/* Sets the rate of all lines of a population (0: not paced). */
void lab_set_rate(struct population *p, uint64_t rate_bps);

#endif
