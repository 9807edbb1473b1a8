/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_COMING_H
#define DATAPLANE_COMING_H

#include "dataplane/mbuf.h"

/* The frames of one poll of a port, given out in bursts that are in the cache. A stage asks for one of the frames behind with each of its
 * own, so that their misses and page walks pass while something is done; only those of the first burst are waited for. So a poll is of
 * several bursts, and of fewer to the links, where a frame is a whole packet. */

enum { COMING_MAX = 8 * BURST_MAX, COMING_TO_LINKS = 4 * BURST_STAGE };

struct coming {
	unsigned n, at, fetched; /* frames [at, n) are in no burst yet */
	struct rte_mbuf *m[COMING_MAX];
};

/* One more of the frames that are behind. */
static inline void
coming_fetch(struct coming *c)
{
	if (c->fetched < c->n)
		mbuf_prefetch(c->m[c->fetched++]);
}

/* The next n frames (at most BURST_MAX) or fewer, fetched. False: none are left. */
static inline bool
coming_next(struct coming *c, struct burst *b, const unsigned n)
{
	b->n = RTE_MIN(c->n - c->at, n);
	for (unsigned i = 0; i < b->n; i++)
		b->m[i] = c->m[c->at++];
	while (c->fetched < c->at)
		coming_fetch(c);
	return b->n != 0;
}

#endif
