/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/mp/window.h"

#include "dataplane/mp/reasm.h"

enum {
	DECAY_MS = 1000,   /* each of these, */
	DECAY_SHIFT = 3,   /* an eighth of the excess over the newest sample is forgotten */
	DECAY_STEPS = 128, /* after so many nothing of it is left */
	LOOKS = 8,         /* at late links, in half the longest stall limit: one that falls silent is found out soon */
};

/* Rises at once, so that a slower line is not cut off twice; falls slowly, because most gaps close early. */
void
window_skew_sample(struct window_skew *s, uint32_t lag_us, uint32_t now_ms)
{
	uint32_t steps = (now_ms - s->updated_ms) / DECAY_MS;

	window_skew_chance(s);
	if (lag_us >= s->lag_us) {
		s->lag_us = lag_us;
		s->updated_ms = now_ms;
		return;
	}
	s->updated_ms += steps * DECAY_MS;
	for (steps = steps < DECAY_STEPS ? steps : DECAY_STEPS; steps > 0; steps--)
		s->lag_us -= (s->lag_us - lag_us + (1u << DECAY_SHIFT) - 1) >> DECAY_SHIFT;
}

uint32_t
window_stall_us(const struct window_skew *skew, unsigned links, const struct window_limits *lim)
{
	uint64_t lag_us = 0;

	for (unsigned i = 0; i < links; i++) {
		if (skew[i].chances != 0)
			return lim->stall_max_us;
		lag_us = skew[i].lag_us > lag_us ? skew[i].lag_us : lag_us;
	}

	const uint64_t stall_us = 2 * lag_us + WINDOW_STALL_MARGIN_US;

	if (stall_us > lim->stall_max_us)
		return lim->stall_max_us;
	return stall_us < lim->stall_min_us ? lim->stall_min_us : (uint32_t)stall_us;
}

uint32_t
window_put_off_us(uint32_t stall_us, uint32_t waited_us, const struct window_limits *lim)
{
	const uint32_t most_us = lim->stall_max_us / 2;
	const uint32_t least_us = most_us / LOOKS + 1;
	const uint32_t each_us = stall_us / 2 > least_us ? stall_us / 2 : least_us;

	if (waited_us >= most_us)
		return 0;
	return most_us - waited_us < each_us ? most_us - waited_us : each_us;
}

unsigned
window_slots_for(uint32_t need, unsigned seq_bits, const struct window_limits *lim)
{
	const uint32_t half = 1u << (seq_bits - 1);
	uint32_t most = lim->slots_max < REASM_SLOTS_MAX ? lim->slots_max : REASM_SLOTS_MAX;
	uint32_t slots = REASM_SLOTS_MIN;

	most = half < most ? half : most;
	while (slots < need && slots < most)
		slots *= 2;
	return slots >= need && slots <= most ? slots : 0;
}
