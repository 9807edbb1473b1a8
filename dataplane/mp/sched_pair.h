/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_MP_SCHED_PAIR_H
#define DATAPLANE_MP_SCHED_PAIR_H

#include "dataplane/mp/sched.h"

/* The short way of the scheduler: two lines, each of which takes one piece. sched.c explains it, and goes every way. */

/* Waiting time before the first bit of what is handed to the line now, ns. */
static inline uint64_t
sched_wait_ns(const struct sched_line *l, uint64_t now_ns)
{
	return l->latency_us * UINT64_C(1000) + pacing_backlog_ns(&l->pace, now_ns);
}

static inline uint32_t
sched_floor(const struct sched_config *cfg)
{
	return cfg->min_fragment > 0 ? cfg->min_fragment : 1;
}

/* What sched_split() would do, if that is to put one piece on each of the two lines. False: it would do something else, or the lines are
 * not a pair. */
static inline bool
sched_split_pair(const struct sched_config *cfg, const struct sched_line *a, const struct sched_line *b, uint32_t bytes,
	uint64_t now_ns, struct sched_piece pieces[])
{
	const struct sched_pair *p = &cfg->pair;
	const uint32_t floor = sched_floor(cfg);
	const int64_t lag_ns = (int64_t)(sched_wait_ns(b, now_ns) - sched_wait_ns(a, now_ns));
	const float first = p->share * (float)(int32_t)bytes + p->per_ns * (float)lag_ns + p->more;
	const bool swap = lag_ns < 0;
	uint32_t of_a, of_b;

	if (!(p->share > 0 && a->usable && b->usable && first >= (float)(int32_t)floor &&
		    first <= (float)(int32_t)bytes))
		return false;
	of_a = (uint32_t)(int32_t)first;
	of_b = bytes - of_a;
	if (of_b < floor || of_a > a->fragment_max || of_b > b->fragment_max)
		return false;
	pieces[0].bytes = (uint16_t)(swap ? of_b : of_a);
	pieces[0].line = swap;
	pieces[1].bytes = (uint16_t)(swap ? of_a : of_b);
	pieces[1].line = !swap;
	return true;
}

#endif
