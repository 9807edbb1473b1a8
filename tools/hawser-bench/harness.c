/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/hawser-bench/harness.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

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

/* Cycles an item; the first slice only warms up. */
static double
visit(struct bench *b)
{
	double v[SLICES];
	struct sample s;

	if (b->enter != NULL)
		b->enter(b);
	b->slice(b, &s);
	for (unsigned i = 0; i < SLICES; i++) {
		s = (struct sample){0, 0};
		b->slice(b, &s);
		v[i] = s.items == 0 ? 0 : (double)s.cycles / (double)s.items;
	}
	if (b->leave != NULL)
		b->leave(b);
	return median(v, SLICES);
}

static void
visit_pair(struct bench *b)
{
	struct bench ref;
	double cost, of_ref;

	cost = visit(b);
	b->cost[b->n_cost++] = cost;
	if (b->ref == NULL)
		return;
	ref = *b->ref;
	of_ref = visit(&ref);
	if (of_ref > 0)
		b->ratio[b->n_ratio++] = cost / of_ref;
}

void
bench_run(struct results *r, unsigned first, unsigned rounds)
{
	for (unsigned i = 0; i < rounds && i < ROUNDS_MAX; i++)
		for (unsigned c = first; c < r->n_cases; c++)
			visit_pair(r->cases[c]);
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

bool
goal_missed(const struct goal *g, double slack)
{
	if (isnan(g->value))
		return false;
	return g->at_least ? g->value < g->goal / slack : g->value > g->goal * slack;
}
