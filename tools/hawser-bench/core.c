/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/hawser-bench/core.h"

#include "tools/hawser-bench/choose.h"
#include "tools/hawser-bench/harness.h"

#define TIMES_4(x) x x x x
#define TIMES_16(x) TIMES_4(TIMES_4(x))

enum { WIDE_TURNS = 500, CHAIN_TURNS = 100, LOOK_TRIES = 9 };

/* Of a core to itself looks differ by less; a neighbour that matters makes them a quarter higher and more. */
static const double slack = 1.06;

static struct lowest seen;

/* More of them at once than a core has units. The barriers keep the compiler from working out the result. */
static uint64_t
wide(void)
{
	uint64_t a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, k = 7;
	const uint64_t begin = cycles_begin();

	for (unsigned i = 0; i < WIDE_TURNS; i++) {
		TIMES_4(a ^= k; b ^= k; c ^= k; d ^= k; e ^= k; f ^= k;
			__asm__ volatile(""
					 : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f), "+r"(k));)
	}
	return cycles_end() - begin;
}

static uint64_t
chain(void)
{
	uint64_t a = 1, k = 7;
	const uint64_t begin = cycles_begin();

	for (unsigned i = 0; i < CHAIN_TURNS; i++) {
		TIMES_16(a ^= k; __asm__ volatile("" : "+r"(a), "+r"(k));)
	}
	return cycles_end() - begin;
}

double
core_look(void)
{
	double tries[LOOK_TRIES], look;

	for (unsigned i = 0; i < LOOK_TRIES; i++)
		tries[i] = (double)wide() / (double)chain();
	look = median(tries, LOOK_TRIES);
	lowest_note(&seen, look);
	return look;
}

double
core_limit(void)
{
	return lowest_limit(&seen, slack);
}
