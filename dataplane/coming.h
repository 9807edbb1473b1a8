/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_COMING_H
#define DATAPLANE_COMING_H

#include "dataplane/mbuf.h"

/* The frames of one poll of a port, or of another worker's ring, given out in bursts that are in the cache. The stage with the most work asks
 * for one of the frames behind with each of its own, so that their misses and page walks pass while something is done.
 *
 * A poll of more frames would hide more of them, but what it gives leaves in one go, too, for rings whose readers may not be there just then:
 * with four times as many, two processes that shared CPUs carried a fifth less before the first loss. */

enum { COMING_MAX = 2 * BURST_MAX };

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

/* The next BURST_MAX frames or fewer, fetched. False: none are left. */
static inline bool
coming_next(struct coming *c, struct burst *b)
{
	b->n = RTE_MIN(c->n - c->at, (unsigned)BURST_MAX);
	for (unsigned i = 0; i < b->n; i++)
		b->m[i] = c->m[c->at++];
	while (c->fetched < c->at)
		coming_fetch(c);
	return b->n != 0;
}

#endif
