/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/hawser-bench/harness.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>

void
die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("hawser-bench: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

static int
compare(const void *x, const void *y)
{
	const double a = *(const double *)x, b = *(const double *)y;

	return a < b ? -1 : a > b;
}

double
percentile(const double *v, unsigned n, double p)
{
	double sorted[ROUNDS_MAX];
	const double at = p * (n - 1);
	const unsigned k = (unsigned)at;

	if (n == 0)
		return 0;
	memcpy(sorted, v, n * sizeof(*v));
	qsort(sorted, n, sizeof(*sorted), compare);
	return k + 1 < n ? sorted[k] + (at - k) * (sorted[k + 1] - sorted[k]) : sorted[k];
}

double
median(const double *v, unsigned n)
{
	return percentile(v, n, 0.5);
}

struct bench *
bench_add(struct results *r, const struct bench *b)
{
	struct bench *copy = calloc(1, sizeof(*copy));

	if (copy == NULL || r->n_cases == CASES_MAX)
		die("too many cases");
	*copy = *b;
	r->cases[r->n_cases++] = copy;
	return copy;
}

double
middle_mean(const double *v, unsigned n)
{
	double sorted[ROUNDS_MAX], sum = 0;
	const unsigned cut = n / 4;

	if (n == 0)
		return 0;
	memcpy(sorted, v, n * sizeof(*v));
	qsort(sorted, n, sizeof(*sorted), compare);
	for (unsigned i = cut; i < n - cut; i++)
		sum += sorted[i];
	return sum / (n - 2 * cut);
}

long
interruptions(void)
{
	struct rusage u;

	return getrusage(RUSAGE_THREAD, &u) == 0 ? u.ru_nivcsw : 0;
}

void
results_better(struct results *r, const struct results *than)
{
	for (unsigned i = 0; i < r->n_goals && i < than->n_goals; i++) {
		const double others = fmin(r->goals[i].others, than->goals[i].others);

		if (goal_better(&than->goals[i], &r->goals[i]))
			r->goals[i] = than->goals[i];
		r->goals[i].others = others;
	}
}

void
results_append(struct results *r, const struct results *more)
{
	if (r->n_cases + more->n_cases > CASES_MAX || r->n_goals + more->n_goals > GOALS_MAX)
		die("too many cases");
	for (unsigned i = 0; i < more->n_cases; i++)
		r->cases[r->n_cases++] = more->cases[i];
	for (unsigned i = 0; i < more->n_goals; i++)
		r->goals[r->n_goals++] = more->goals[i];
	for (unsigned i = 0; i < more->n_stages && r->n_stages < STAGE_COSTS_MAX; i++)
		r->stages[r->n_stages++] = more->stages[i];
}

/* Cycles an item. */
static double
slice_cost(struct bench *b)
{
	enum { TRIES = 4 };
	struct sample s = {0, 0};

	for (unsigned i = 0; i < TRIES; i++) {
		const long before = interruptions();

		s = (struct sample){0, 0};
		b->slice(b, &s);
		if (interruptions() == before)
			break;
	}
	return s.items == 0 ? 0 : (double)s.cycles / (double)s.items;
}

static void
enter(struct bench *b)
{
	struct sample s = {0, 0};

	if (b->enter != NULL)
		b->enter(b);
	b->slice(b, &s); /* warms up */
}

static void
leave(struct bench *b)
{
	if (b->leave != NULL)
		b->leave(b);
}

static double
note_cost(struct bench *b, const double v[])
{
	const double cost = middle_mean(v, SLICES);

	if (b->n_cost < ROUNDS_MAX)
		b->cost[b->n_cost++] = cost;
	return cost;
}

static double
visit(struct bench *b)
{
	double v[SLICES];

	enter(b);
	for (unsigned i = 0; i < SLICES; i++)
		v[i] = slice_cost(b);
	leave(b);
	return note_cost(b, v);
}

static void
visit_in_turns(struct bench *b, double *cost, double *of_ref)
{
	double v[SLICES], w[SLICES];

	enter(b);
	enter(b->ref);
	for (unsigned i = 0; i < SLICES; i++) {
		v[i] = slice_cost(b);
		w[i] = slice_cost(b->ref);
	}
	leave(b->ref);
	leave(b);
	*cost = note_cost(b, v);
	*of_ref = note_cost(b->ref, w);
}

static void
visit_pair(struct bench *b)
{
	double cost, of_ref;

	if (b->in_turns) {
		visit_in_turns(b, &cost, &of_ref);
	} else {
		cost = visit(b);
		of_ref = visit(b->ref);
	}
	if (of_ref > 0 && b->n_ratio < ROUNDS_MAX)
		b->ratio[b->n_ratio++] = cost / of_ref;
}

void
bench_run(struct results *r, unsigned first, unsigned rounds)
{
	for (unsigned c = first; c < r->n_cases; c++)
		if (r->cases[c]->ref != NULL)
			r->cases[c]->ref->is_ref = true;
	for (unsigned i = 0; i < rounds && i < ROUNDS_MAX; i++)
		for (unsigned c = first; c < r->n_cases; c++) {
			if (r->cases[c]->ref != NULL)
				visit_pair(r->cases[c]);
			else if (!r->cases[c]->is_ref)
				visit(r->cases[c]);
		}
}

void
goal_of_value(struct results *r, const struct goal *g)
{
	if (r->n_goals == GOALS_MAX)
		die("too many goals");
	r->goals[r->n_goals++] = *g;
}

void
goal_of_ratio(struct results *r, const char *id, const char *what, const struct bench *b, double limit)
{
	const struct goal g = {
		.id = id,
		.what = what,
		.goal = limit,
		.value = median(b->ratio, b->n_ratio),
		.low = percentile(b->ratio, b->n_ratio, 0.1),
		.high = percentile(b->ratio, b->n_ratio, 0.9),
		.cycles = median(b->cost, b->n_cost),
		.ref_cycles = b->ref == NULL ? 0 : median(b->ref->cost, b->ref->n_cost),
	};

	goal_of_value(r, &g);
}

void
goal_not_run(struct results *r, const char *id, const char *what, double limit, const char *why)
{
	const struct goal g = {
		.id = id, .what = what, .goal = limit, .value = NAN, .low = NAN, .high = NAN, .note = why};

	goal_of_value(r, &g);
}

static bool
misses(const struct goal *g, double limit, double slack)
{
	if (isnan(g->value))
		return false;
	return g->at_least ? g->value < limit / slack : g->value > limit * slack;
}

bool
goal_missed(const struct goal *g, double slack)
{
	return misses(g, g->goal, slack);
}

bool
goal_worse(const struct goal *g, double slack)
{
	return goal_missed(g, slack) && (g->known == 0 || misses(g, g->known, slack));
}

bool
goal_better(const struct goal *a, const struct goal *b)
{
	if (isnan(a->value) || isnan(b->value))
		return isnan(b->value) && !isnan(a->value);
	return a->at_least ? a->value > b->value : a->value < b->value;
}
