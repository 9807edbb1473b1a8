/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_MP_WINDOW_H
#define DATAPLANE_MP_WINDOW_H

#include <stdint.h>

/* How deep and how patient a receive window is. Both follow from the skew measured on each link, never from a
 * constant number of fragments: 128 of them are 77 ms on 10 Mbit/s lines and 7.7 ms on 100 Mbit/s ones. */

enum {
	WINDOW_STALL_MARGIN_US = 10000, /* jitter of a line and of the deadline wheel */
	WINDOW_CHANCES = 4, /* of a link that joins others: its first gap may be a loss, or tell half of its lag */
};

struct window_limits {
	uint32_t stall_min_us, stall_max_us; /* bounds of the stall timer */
	uint32_t slots_max;                  /* power of two */
};

/* Lag of one link against the bundle's fastest, as a decaying maximum. */
struct window_skew {
	uint32_t lag_us;     /* current estimate */
	uint32_t updated_ms; /* when it last rose or decayed */
	uint8_t chances;     /* joined others, and nobody knows yet how late it is: gaps that are still to tell */
};

/* A gap that this link had to do with was timed, or waited for in vain. */
static inline void
window_skew_chance(struct window_skew *s)
{
	if (s->chances != 0)
		s->chances--;
}

void window_skew_sample(struct window_skew *s, uint32_t lag_us, uint32_t now_ms);

/* Stall limit for links with these lags: twice the largest lag plus a margin, within the limits; the longest one while a link has
 * chances. us */
uint32_t window_stall_us(const struct window_skew *skew, unsigned links, const struct window_limits *lim);

/* A deadline has passed, waited_us after it was armed, but the links that it passed for are late, not silent: how long it may be put
 * off, until the next look or until half the longest stall limit has been waited; 0: not any more. us */
uint32_t window_put_off_us(uint32_t stall_us, uint32_t waited_us, const struct window_limits *lim);

/* Slots to grow to when `need` slots from the window's head are wanted: next power of two, at most
 * limits.slots_max and at most half the number space (2^(bits - 1)); 0 when no window within the
 * limits suffices. */
unsigned window_slots_for(uint32_t need, unsigned seq_bits, const struct window_limits *lim);

#endif
