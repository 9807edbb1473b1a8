/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TOOLS_HAWSER_BENCH_ARRIVALS_H
#define TOOLS_HAWSER_BENCH_ARRIVALS_H

#include "tools/hawser-bench/lab.h"

/* What arrives, and when. Every datagram of a bundle is cut into pieces that are sprayed over its links in turn; each link is a FIFO; each
 * arrival is of a random bundle and a random link of it, so pieces of one datagram are far apart in time and in memory. How far a link
 * may be ahead of the others is a random walk of at most `depth` datagrams. */

enum { CYCLE_MAX = 32, DATAGRAM_MAX = 1500 };

/* Datagrams that repeat with the numbers: number s is the piece at[s % cycle]. */
struct shape {
	const char *name;
	unsigned cycle, datagrams;
	struct {
		uint16_t bytes; /* of the datagram */
		uint8_t piece, pieces, datagram;
	} at[CYCLE_MAX];
};

extern const struct shape shape_in_2, shape_in_4, shape_whole_64, shape_imix;

struct traffic {
	unsigned population;
	unsigned worker;
	uint32_t bundles; /* the first so many of the population */
	const struct shape *shape;
	unsigned depth; /* datagrams one link may be ahead */
	unsigned lag;   /* numbers by which link 1 is behind link 0 all the time */
	unsigned loss;  /* one frame in so many is lost; 0: none */
};

struct flow {
	uint32_t next[8]; /* of each link */
	uint32_t limit;   /* first number not begun */
	uint32_t base;    /* where the present shape began */
};

/* The senders of one population. */
struct arrivals {
	struct traffic t;
	const struct population *p;
	struct flow *flows;
	uint64_t seed;
	bool warm;  /* the windows have reached the skew of this traffic */
	bool check; /* write contents that can be checked, instead of headers only */
};

struct arrival {
	uint32_t bundle, seq;
	unsigned link;
};

/* All flows of a population, at number 0. */
void arrivals_init(struct arrivals *a, unsigned population, unsigned worker);
void arrivals_fini(struct arrivals *a);
/* Other traffic from now on: every datagram that was begun must have been sent (arrivals_rest). */
void arrivals_use(struct arrivals *a, const struct traffic *t);
bool traffic_is_like(const struct traffic *a, const struct traffic *b);

void arrivals_next(struct arrivals *a, struct arrival *out);
/* The next piece of a datagram that has begun; false: every one is complete. Lets all windows run empty. */
bool arrivals_rest(struct arrivals *a, uint32_t *at, struct arrival *out);

/* The frame of an arrival, in a buffer of the data plane's; mbuf->port is the index of its access port. */
struct rte_mbuf *arrivals_frame(struct arrivals *a, const struct arrival *x);
/* A list of the next frames, losses left out. */
void arrivals_fill(struct arrivals *a, struct rte_mbuf *list[], unsigned n);

/* An IP packet of the size in an Ethernet frame for the inside port, to a bundle; its number marks its contents. */
struct rte_mbuf *arrivals_packet(struct arrivals *a, uint32_t bundle, uint32_t number, unsigned bytes);

/* Bytes of the IP and TCP headers of a population's datagrams. */
unsigned arrivals_headers(const struct population *p);

/* The contents: byte `at` of datagram `number` of a bundle, behind the headers. */
static inline uint8_t
content(uint32_t address, uint32_t number, unsigned at)
{
	return (uint8_t)(address * 7 + number * 13 + at + (at >> 8) * 31);
}

#endif
