/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/hawser-bench/choose.h"

#include <math.h>

void
lowest_note(struct lowest *l, double look)
{
	unsigned at;

	if (l->n == LOWEST_LOOKS && look >= l->of[LOWEST_LOOKS - 1])
		return;
	if (l->n < LOWEST_LOOKS)
		l->n++;
	for (at = l->n - 1; at > 0 && l->of[at - 1] > look; at--)
		l->of[at] = l->of[at - 1];
	l->of[at] = look;
}

double
lowest_limit(const struct lowest *l, double slack)
{
	return l->n < LOWEST_LOOKS ? INFINITY : l->of[LOWEST_LOOKS - 1] * slack;
}

unsigned
choose(const double look[], unsigned n, double limit, unsigned least, bool keep[])
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++) {
		keep[i] = look[i] <= limit;
		kept += keep[i];
	}
	for (; kept < least && kept < n; kept++) {
		unsigned next = n;

		for (unsigned i = 0; i < n; i++)
			if (!keep[i] && (next == n || look[i] < look[next]))
				next = i;
		keep[next] = true;
	}
	return kept;
}
