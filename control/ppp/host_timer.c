/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/host_timer.h"

#include <errno.h>
#include <stdlib.h>

int
timers_init(struct timers *ts, unsigned n)
{
	ts->n = 0;
	ts->cap = n;
	ts->heap = calloc((size_t)n + 1, sizeof(*ts->heap));
	return ts->heap != NULL ? 0 : -ENOMEM;
}

void
timers_fini(struct timers *ts)
{
	free(ts->heap);
	*ts = (struct timers){0};
}

static void
place(struct timers *ts, struct timer *t, uint32_t pos)
{
	ts->heap[pos] = t;
	t->pos = pos;
}

static void
sift_up(struct timers *ts, struct timer *t)
{
	uint32_t pos = t->pos;

	while (pos > 1 && ts->heap[pos / 2]->at_ms > t->at_ms) {
		place(ts, ts->heap[pos / 2], pos);
		pos /= 2;
	}
	place(ts, t, pos);
}

static void
sift_down(struct timers *ts, struct timer *t)
{
	uint32_t pos = t->pos;

	for (;;) {
		uint32_t child = pos * 2;

		if (child > ts->n)
			break;
		if (child < ts->n && ts->heap[child + 1]->at_ms < ts->heap[child]->at_ms)
			child++;
		if (ts->heap[child]->at_ms >= t->at_ms)
			break;
		place(ts, ts->heap[child], pos);
		pos = child;
	}
	place(ts, t, pos);
}

static void
remove_timer(struct timers *ts, struct timer *t)
{
	struct timer *last = ts->heap[ts->n];
	const uint32_t pos = t->pos;

	ts->n--;
	t->pos = 0;
	if (last == t)
		return;
	place(ts, last, pos);
	sift_up(ts, last);
	sift_down(ts, last);
}

void
timer_set(struct timers *ts, struct timer *t, uint64_t at_ms)
{
	const uint64_t before = t->at_ms;

	if (at_ms == UINT64_MAX) {
		if (t->pos != 0)
			remove_timer(ts, t);
		t->at_ms = at_ms;
		return;
	}
	t->at_ms = at_ms;
	if (t->pos == 0) {
		place(ts, t, ++ts->n);
		sift_up(ts, t);
	} else if (at_ms < before) {
		sift_up(ts, t);
	} else if (at_ms > before) {
		sift_down(ts, t);
	}
}
