/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TOOLS_HAWSER_BENCH_HARNESS_H
#define TOOLS_HAWSER_BENCH_HARNESS_H

#include <rte_cycles.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Cases, rounds, medians. A case's slice() does a bounded piece of work (0.5 to 5 ms), times only what matters, and says how many items
 * that was. A round visits every pair of the group, where possible with slices of the test and of its reference in turns, so that both see the same
 * machine weather; a visit's cost is the mean of the middle of its slices, the ratio of the two is the round's. What is reported is the median over
 * the rounds. A slice in which the kernel gave the CPU to something else is measured again.
 *
 * Right before and right after each slice a look at the core (core.h) says whether a neighbour shares it. Of slices and their references' beside
 * them, and then of rounds, those count that had the core to themselves, or if these are fewer than half, the half that was shared the
 * least: as chosen by the looks, never by what was measured, and always as a pair. Pairs that had no such half of their rounds are visited
 * again, as long as time is left for that; what is shared after all counts, and the report says how much that was. */

struct sample {
	uint64_t cycles, items;
};

enum { ROUNDS_MAX = 64, SLICES = 4, CASES_MAX = 160, GOALS_MAX = 64 };

/* How much of the core there was for a visit: looks around each slice that counts, the higher one of the two. */
struct looks {
	double of[SLICES];
	unsigned n;
};

struct case_looks {
	struct looks cost[ROUNDS_MAX];
	double ratio[ROUNDS_MAX]; /* the highest of both */
};

struct bench {
	const char *id;                 /* "from_links.32k" */
	const char *what;               /* sentence for people */
	const char *unit;               /* what the cycles are per: "frame" */
	void (*enter)(struct bench *b); /* before a visit; not timed */
	void (*slice)(struct bench *b, struct sample *s);
	void (*leave)(struct bench *b);
	const void *ctx; /* the case's own */
	struct bench *ref;
	bool in_turns;           /* its slices and its reference's alternate; else each has all of its slices at once */
	bool is_ref;             /* of a case with rounds: measured together with that */
	double cost[ROUNDS_MAX]; /* cycles an item, of each visit */
	double ratio[ROUNDS_MAX]; /* to ref, of each round */
	unsigned n_cost, n_ratio;
	struct case_looks *looks; /* bench_add()'s */
	unsigned slices, shared;  /* that count for the cost; those of them that were at a shared core */
	unsigned left_out;        /* slices that do not count */
};

struct goal {
	const char *id; /* of the project's list of goals: "P1.32k" */
	const char *what;
	double goal;
	bool at_least;             /* else at most */
	double value, low, high;   /* median, 10th and 90th percentile */
	double cycles, ref_cycles; /* 0: not of that kind */
	unsigned rounds, shared;   /* that count; those of them at a shared core. 0: not of that kind */
	const char *note;
	double known;  /* what a goal that is known to be missed had when it was recorded; 0: none */
	double others; /* CPUs that others used meanwhile; of several tries in the quietest */
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

/* Of each goal the better one of the two; the rest stays. */
void results_better(struct results *r, const struct results *than);
void results_append(struct results *r, const struct results *more);

/* A case stays for the life of the process, in the order of adding. */
struct bench *bench_add(struct results *r, const struct bench *b);

/* What may be spent on visiting again, as a share of the time that everything else has taken so far. */
void bench_allow(double share);

/* Visits all cases added since `first`, `rounds` times, references together with their tests; then those again that a neighbour disturbed too
 * often. What is left of each case's costs and ratios are the rounds that count. */
void bench_run(struct results *r, unsigned first, unsigned rounds);

/* A goal that cannot be measured here: no value, and why. */
void goal_not_run(struct results *r, const char *id, const char *what, double limit, const char *why);
/* The goal's value from a case's ratio to its ref. */
void goal_of_ratio(struct results *r, const char *id, const char *what, const struct bench *b, double limit);
void goal_of_value(struct results *r, const struct goal *g);
/* Whether it is missed even if the goal were `slack` times as mild. */
bool goal_missed(const struct goal *g, double slack);
/* The same of what is known to be missed: whether it has become worse than recorded by the slack. */
bool goal_worse(const struct goal *g, double slack);
/* a is the better of two measurements of one goal. */
bool goal_better(const struct goal *a, const struct goal *b);

/* Of all but the highest and the lowest quarter. */
double middle_mean(const double *v, unsigned n);
double median(const double *v, unsigned n);
double percentile(const double *v, unsigned n, double p);

/* How often this thread had to leave its CPU to others. */
long interruptions(void);

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
