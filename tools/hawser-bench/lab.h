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
	LAB_ACCESS_MAX = 14,
	LAB_LIST =
		16384, /* frames a slice: 4 lines each, so that they have left a second-level cache of 2 MB when their turn comes */
	LAB_RING = 32768,
	LAB_NS_A_FRAME =
		64, /* faster than any worker, so that timers are not flattered; a list is one tick of the deadline wheel */
	LAB_POPULATIONS = 12,
	LAB_WORKERS = 5,
	LAB_GEN = 7, /* of every bundle */
};

/* A kind of bundles: at consecutive indexes of each worker's table, or at home at a worker of its own. */
struct population {
	const char *name;
	uint32_t n; /* bundles, at each of its workers */
	unsigned links;
	struct vlan_stack vlans;
	bool short_seq;
	bool ipv6;         /* its datagrams are IPv6 */
	uint64_t rate_bps; /* of each line; 0: not paced */
	uint32_t slots_max;
	/* set by lab_open */
	uint32_t first;
	unsigned first_worker, n_workers;
	struct lab_link *link; /* of the first worker: n * links; then of the next */
};

struct lab_link {
	uint16_t session;
	uint8_t port;
};

struct lab_wish {
	unsigned workers;
	/* Each population has a worker of its own, and so a clock of its own, which stands still while others are measured. All turn in this
	 * thread. `workers` is ignored. */
	bool apart;
	unsigned access_ports;
	unsigned pool_mbufs;
	unsigned routes_max; /* 0: what the populations need */
	uint64_t reassembly_bytes;
	const struct population *populations;
	unsigned n_populations;
};

struct lab {
	struct dataplane *dp;
	struct worker *w; /* the present one: lab_at() */
	uint64_t now_ns;  /* its clock */
	uint64_t clocks[LAB_WORKERS];
	bool apart;
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

/* From now on lab.w and lab.now_ns are those of this worker. */
void lab_at(unsigned worker);

static inline struct lab_link *
lab_link(const struct population *p, unsigned worker, uint32_t bundle, unsigned slot)
{
	return &p->link[((worker - p->first_worker) * p->n + bundle) * p->links + slot];
}

/* Source MAC of a link's peer; address of a bundle (host order). */
struct mac lab_peer(unsigned worker, const struct population *p, uint32_t bundle, unsigned slot);
uint32_t lab_address(unsigned worker, const struct population *p, uint32_t bundle);
/* A bundle's IPv6 prefix, /56: its first 64 bits. */
uint64_t lab_prefix6(unsigned worker, const struct population *p, uint32_t bundle);
/* A destination of IPv6 outside, in one of the prefixes. */
struct ip6_num lab_somewhere6(uint64_t *seed);
const struct mac *lab_port_mac(unsigned port);

/* Puts a list into the ring of its frames' ports (mbuf->port says which): the queue that the worker polls. */
void lab_feed(struct rte_mbuf *const list[], unsigned n, unsigned worker);

/* Turns all workers, or if they are apart the present one, until nothing moves; ns passes with each turn. Returns the number of turns. */
unsigned lab_turns(uint64_t ns_a_turn);

/* Turns the present worker until at most `left` frames wait in its rings. Virtual time passes with the frames, or stands still.
 * Returns the cycles. */
uint64_t lab_work(unsigned left, bool time_passes);
/* Frames in the rings of the present worker. */
unsigned lab_waiting(void);

/* Drops counted since the mark, of one reason and of all. */
void lab_drops_mark(void);
uint64_t lab_drops(enum drop_reason why);
uint64_t lab_drops_all(void);
void lab_drops_print(void);

/* Sets the rate of all lines of a population (0: not paced). */
void lab_set_rate(struct population *p, uint64_t rate_bps);

#endif
