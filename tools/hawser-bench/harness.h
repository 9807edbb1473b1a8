/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TOOLS_HAWSER_BENCH_HARNESS_H
#define TOOLS_HAWSER_BENCH_HARNESS_H

#include <rte_cycles.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Cases, rounds, medians. A case's slice() does a bounded piece of work (0.1 to 2 ms), times only what matters, and says how many items
 * that was. A round visits every pair of the group: some slices of the test, then at once some of its reference, so that both see the
 * same machine weather; the ratio of the two medians is the round's. What is reported is the median over the rounds. */

struct sample {
	uint64_t cycles, items;
};

enum { ROUNDS_MAX = 64, SLICES = 5, CASES_MAX = 160, GOALS_MAX = 64 };

struct bench {
	const char *id;                 /* "from_links.32k" */
	const char *what;               /* sentence for people */
	const char *unit;               /* what the cycles are per: "frame" */
	void (*enter)(struct bench *b); /* before a visit; not timed */
	void (*slice)(struct bench *b, struct sample *s);
	void (*leave)(struct bench *b);
	const void *ctx; /* the case's own */
	const struct bench *ref;
	double cost[ROUNDS_MAX];  /* cycles an item, median of each visit */
	double ratio[ROUNDS_MAX]; /* to ref, of each round */
	unsigned n_cost, n_ratio;
};

struct goal {
	const char *id; /* of the project's list of goals: "P1.32k" */
	const char *what;
	double goal;
	bool at_least;             /* else at most */
	double value, low, high;   /* median, 10th and 90th percentile */
	double cycles, ref_cycles; /* 0: not of that kind */
	const char *note;
};

struct stage_cost {
	const char *path, *stage;
	double cycles; /* a frame */
};

enum { STAGE_COSTS_MAX = 64 };

struct results {
	struct stage_cost stages[STAGE_COSTS_MAX];
	unsigned n_stages;
	struct bench *cases[CASES_MAX];
	unsigned n_cases;
	struct goal goals[GOALS_MAX];
	unsigned n_goals;
};

/* A case stays for the life of the process, in the order of adding. */
struct bench *bench_add(struct results *r, const struct bench *b);

/* Visits all cases added since `first`, `rounds` times; refs are run behind their tests. */
void bench_run(struct results *r, unsigned first, unsigned rounds);

/* A goal that cannot be measured here: no value, and why. */
void goal_not_run(struct results *r, const char *id, const char *what, double limit, const char *why);
/* The goal's value from a case's ratio to its ref. */
void goal_of_ratio(struct results *r, const char *id, const char *what, const struct bench *b, double limit);
void goal_of_value(struct results *r, const struct goal *g);
bool goal_missed(const struct goal *g, double slack);

double median(const double *v, unsigned n);
double percentile(const double *v, unsigned n, double p);

void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Time stamps that nothing of the measured region leaks over. */
static inline uint64_t
cycles_begin(void)
{
	uint64_t t;

	__builtin_ia32_lfence();
	t = rte_rdtsc();
	__builtin_ia32_lfence();
	return t;
}

static inline uint64_t
cycles_end(void)
{
	__builtin_ia32_lfence();
	return rte_rdtsc();
}

/* xorshift64*, for arrivals: reproducible, cheap, and no library's. */
static inline uint64_t
random_next(uint64_t *s)
{
	*s ^= *s >> 12;
	*s ^= *s << 25;
	*s ^= *s >> 27;
	return *s * 0x2545f4914f6cdd1dull;
}

static inline uint32_t
random_below(uint64_t *s, uint32_t n)
{
	return (uint32_t)((random_next(s) >> 32) * n >> 32);
}

#endif
