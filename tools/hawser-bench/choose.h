/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TOOLS_HAWSER_BENCH_CHOOSE_H
#define TOOLS_HAWSER_BENCH_CHOOSE_H

#include <stdbool.h>

/* Which of several measurements count, by what the core showed beside each of them (core.h), never by what they measured: leaving out the slow
 * ones would flatter every case. Pure. */

/* The lowest looks so far. That of a core to itself is the highest of them, not the lowest: a look that is interrupted at the wrong moment
 * may be too low as well as too high, and one such would make all others look shared. */
enum { LOWEST_LOOKS = 16 };

struct lowest {
	double of[LOWEST_LOOKS]; /* ascending */
	unsigned n;
};

void lowest_note(struct lowest *l, double look);
/* The look of a core to itself, times `slack`: above it the core is shared. INFINITY while there are too few looks to know. */
double lowest_limit(const struct lowest *l, double slack);

/* Those of n that are to count: all that were taken at looks up to `limit`; if these are fewer than `least`, those of the lowest looks beside
 * them until there are so many. Returns how many are kept. */
unsigned choose(const double look[], unsigned n, double limit, unsigned least, bool keep[]);

#endif
