/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_SOAK_HISTOGRAM_H
#define TESTS_SOAK_HISTOGRAM_H

#include <stdint.h>

/* Counts of times, 256 buckets an octave: a percentile is at most one part in 256 too high. */

enum { HISTOGRAM_SUB = 256, HISTOGRAM_SUB_BITS = 8, HISTOGRAM_BUCKETS = 34 * HISTOGRAM_SUB };

struct histogram {
	uint64_t n, sum_ns, max_ns;
	uint64_t bucket[HISTOGRAM_BUCKETS];
};

static inline unsigned
histogram_bucket(uint64_t ns)
{
	const unsigned octave = ns < HISTOGRAM_SUB ? 0 : 63 - (unsigned)__builtin_clzll(ns) - HISTOGRAM_SUB_BITS;
	const uint64_t at = octave * HISTOGRAM_SUB + (ns >> octave);

	return at < HISTOGRAM_BUCKETS ? (unsigned)at : HISTOGRAM_BUCKETS - 1;
}

/* Largest time of a bucket. */
static inline uint64_t
histogram_top_ns(unsigned bucket)
{
	const unsigned octave = bucket < 2 * HISTOGRAM_SUB ? 0 : bucket / HISTOGRAM_SUB - 1;
	const uint64_t lowest = (uint64_t)(bucket - octave * HISTOGRAM_SUB) << octave;

	return lowest + (((uint64_t)1 << octave) - 1);
}

static inline void
histogram_add(struct histogram *h, uint64_t ns)
{
	h->n++;
	h->sum_ns += ns;
	if (ns > h->max_ns)
		h->max_ns = ns;
	h->bucket[histogram_bucket(ns)]++;
}

/* The time that `parts` of 10000 did not exceed; 0 when nothing was counted. */
static inline uint64_t
histogram_ns(const struct histogram *h, unsigned parts)
{
	const uint64_t rank = (h->n * parts + 9999) / 10000;
	uint64_t seen = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS && h->n != 0; i++) {
		seen += h->bucket[i];
		if (seen >= rank && seen != 0)
			return histogram_top_ns(i) < h->max_ns ? histogram_top_ns(i) : h->max_ns;
	}
	return h->max_ns;
}

#endif
