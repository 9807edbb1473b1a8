/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_HOST_TIMER_H
#define CONTROL_PPP_HOST_TIMER_H

#include <stdint.h>

/* Deadlines of everything in a host, in a binary heap: the next one is known at once, changing one costs log n. A timer is part
 * of what it wakes. */

struct timer {
	uint64_t at_ms;
	uint32_t pos; /* in the heap, from 1; 0: asleep */
	uint8_t kind; /* of what it is part of */
};

struct timers {
	struct timer **heap; /* [1] is the next */
	unsigned n, cap;
};

/* Room for n timers. -ENOMEM. */
int timers_init(struct timers *ts, unsigned n);
void timers_fini(struct timers *ts);
/* UINT64_MAX puts it to sleep. */
void timer_set(struct timers *ts, struct timer *t, uint64_t at_ms);

static inline struct timer *
timers_first(const struct timers *ts)
{
	return ts->n != 0 ? ts->heap[1] : (struct timer *)0;
}

static inline uint64_t
timers_deadline_ms(const struct timers *ts)
{
	return ts->n != 0 ? ts->heap[1]->at_ms : UINT64_MAX;
}

#endif
