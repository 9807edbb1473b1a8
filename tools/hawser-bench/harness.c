/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/hawser-bench/harness.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>

#include "tools/hawser-bench/choose.h"
#include "tools/hawser-bench/core.h"

/* Slices of a visit that count at least; looks before the first one, so that there is something to compare with. */
enum { SLICES_LEAST = SLICES / 2, FIRST_LOOKS = 200 };

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
	struct case_looks *looks = calloc(1, sizeof(*looks));

	if (copy == NULL || looks == NULL || r->n_cases == CASES_MAX)
		die("too many cases");
	*copy = *b;
	copy->looks = looks;
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

/* ------------------------------------------------------------------ visits */

/* Slices as they are taken, and the higher look of those around each. */
struct visit {
	double cost[SLICES], look[SLICES];
};

/* Leaves those that count, in front. */
static unsigned
compact(double value[], const bool keep[], unsigned n)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++)
		if (keep[i])
			value[kept++] = value[i];
	return kept;
}

static double
highest(const struct looks *l)
{
	return percentile(l->of, l->n, 1);
}

/* The cost, and with it the looks of what it is from. */
static double
note_cost(struct bench *b, const struct visit *v, struct looks *looks)
{
	struct visit of = *v;
	bool keep[SLICES];
	double cost;

	choose(v->look, SLICES, core_limit(), SLICES_LEAST, keep);
	looks->n = compact(of.look, keep, SLICES);
	memcpy(looks->of, of.look, sizeof(of.look));
	cost = middle_mean(of.cost, compact(of.cost, keep, SLICES));
	if (b->n_cost < ROUNDS_MAX) {
		b->looks->cost[b->n_cost] = *looks;
		b->cost[b->n_cost++] = cost;
	}
	return cost;
}

static double
visit(struct bench *b, struct looks *looks)
{
	struct visit v;
	double look;

	enter(b);
	look = core_look();
	for (unsigned i = 0; i < SLICES; i++) {
		const double before = look;

		v.cost[i] = slice_cost(b);
		look = core_look();
		v.look[i] = fmax(before, look);
	}
	leave(b);
	return note_cost(b, &v, looks);
}

/* A slice and the reference's next to it count both, or neither. */
static void
visit_in_turns(struct bench *b, double *cost, double *of_ref, struct looks *looks)
{
	struct visit v, w;
	double look;

	enter(b);
	enter(b->ref);
	look = core_look();
	for (unsigned i = 0; i < SLICES; i++) {
		const double before = look;
		double between;

		v.cost[i] = slice_cost(b);
		between = core_look();
		w.cost[i] = slice_cost(b->ref);
		look = core_look();
		v.look[i] = w.look[i] = fmax(fmax(before, between), look);
	}
	leave(b->ref);
	leave(b);
	*cost = note_cost(b, &v, looks);
	*of_ref = note_cost(b->ref, &w, looks);
}

static void
visit_pair(struct bench *b)
{
	struct looks looks, of_refs;
	double cost, of_ref;

	if (b->in_turns) {
		visit_in_turns(b, &cost, &of_ref, &looks);
		of_refs = looks;
	} else {
		cost = visit(b, &looks);
		of_ref = visit(b->ref, &of_refs);
	}
	if (of_ref > 0 && b->n_ratio < ROUNDS_MAX) {
		b->looks->ratio[b->n_ratio] = fmax(highest(&looks), highest(&of_refs));
		b->ratio[b->n_ratio++] = cost / of_ref;
	}
}

static void
visit_case(struct bench *b)
{
	struct looks looks;

	if (b->ref != NULL)
		visit_pair(b);
	else if (!b->is_ref)
		visit(b, &looks);
}

/* ------------------------------------------------------------------ rounds */

static struct {
	double share;
	uint64_t begun, spent; /* cycles */
} again;

void
bench_allow(double share)
{
	again.share = share;
}

static bool
again_allowed(void)
{
	return (double)again.spent < again.share * (double)(rte_rdtsc() - again.begun - again.spent);
}

static unsigned
alone(const double look[], unsigned n)
{
	const double limit = core_limit();
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++)
		count += look[i] <= limit;
	return count;
}

static void
cost_looks(const struct bench *b, double look[ROUNDS_MAX])
{
	for (unsigned i = 0; i < b->n_cost; i++)
		look[i] = highest(&b->looks->cost[i]);
}

/* References are visited for the sake of their tests. */
static bool
wants_more(const struct bench *b, unsigned least)
{
	double look[ROUNDS_MAX];

	if (b->ref != NULL)
		return b->n_ratio < ROUNDS_MAX && alone(b->looks->ratio, b->n_ratio) < least;
	cost_looks(b, look);
	return !b->is_ref && b->n_cost < ROUNDS_MAX && alone(look, b->n_cost) < least;
}

/* Once through the cases that have less than the least; false: there are none, or there is no time. */
static bool
again_round(struct results *r, unsigned first, unsigned least)
{
	bool any = false;

	for (unsigned c = first; c < r->n_cases; c++) {
		const uint64_t begin = rte_rdtsc();

		if (!wants_more(r->cases[c], least))
			continue;
		if (!again_allowed())
			return false;
		visit_case(r->cases[c]);
		again.spent += rte_rdtsc() - begin;
		any = true;
	}
	return any;
}

/* Leaves the rounds that count. A reference of several cases has been visited more often than there are rounds; the same least goes for it. */
static void
settle(struct bench *b, unsigned least)
{
	double look[ROUNDS_MAX];
	bool keep[ROUNDS_MAX];
	unsigned kept = 0;

	choose(b->looks->ratio, b->n_ratio, core_limit(), least, keep);
	compact(b->looks->ratio, keep, b->n_ratio);
	b->n_ratio = compact(b->ratio, keep, b->n_ratio);
	cost_looks(b, look);
	choose(look, b->n_cost, core_limit(), least, keep);
	for (unsigned i = 0; i < b->n_cost; i++) {
		const struct looks *l = &b->looks->cost[i];

		if (!keep[i])
			continue;
		b->slices += l->n;
		b->shared += l->n - alone(l->of, l->n);
		b->cost[kept++] = b->cost[i];
	}
	b->left_out += b->n_cost * SLICES - b->slices;
	b->n_cost = kept;
}

void
bench_run(struct results *r, unsigned first, unsigned rounds)
{
	const unsigned least = (rounds + 1) / 2;

	if (again.begun == 0)
		again.begun = rte_rdtsc();
	for (unsigned i = 0; i < FIRST_LOOKS; i++)
		core_look();
	for (unsigned c = first; c < r->n_cases; c++)
		if (r->cases[c]->ref != NULL)
			r->cases[c]->ref->is_ref = true;
	for (unsigned i = 0; i < rounds && i < ROUNDS_MAX; i++)
		for (unsigned c = first; c < r->n_cases; c++)
			visit_case(r->cases[c]);
	for (unsigned i = 0; i < rounds && again_round(r, first, least); i++)
		;
	for (unsigned c = first; c < r->n_cases; c++)
		settle(r->cases[c], least);
}

/* ------------------------------------------------------------------ goals */

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
		.rounds = b->n_ratio,
		.shared = b->n_ratio - alone(b->looks->ratio, b->n_ratio),
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
