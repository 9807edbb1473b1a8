/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_LIMITER_H
#define CONTROL_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

/* Token bucket: per_s a second on average, burst at once. Counts in thousandths, so that no fraction is lost between calls. */
struct limiter {
	uint32_t per_s, burst;
	uint64_t milli; /* tokens * 1000 */
	uint64_t last_ms;
	uint64_t refused;
};

static inline void
limiter_init(struct limiter *l, uint32_t per_s, uint32_t burst, uint64_t now_ms)
{
	*l = (struct limiter){.per_s = per_s, .burst = burst, .milli = (uint64_t)burst * 1000, .last_ms = now_ms};
}

static inline bool
limiter_take(struct limiter *l, uint64_t now_ms)
{
	const uint64_t most = (uint64_t)l->burst * 1000;
	const uint64_t passed = now_ms - l->last_ms;

	l->last_ms = now_ms;
	l->milli = passed >= most ? most : l->milli + passed * l->per_s;
	if (l->milli > most)
		l->milli = most;
	if (l->milli < 1000) {
		l->refused++;
		return false;
	}
	l->milli -= 1000;
	return true;
}

#endif
