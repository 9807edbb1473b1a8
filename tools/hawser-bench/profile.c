/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>

#include "dataplane/path.h"
#include "tools/hawser-bench/cases.h"

/* Cost by stage. */

enum { LISTS = 41 };
_Static_assert((int)LISTS <= ROUNDS_MAX, "as many as a median takes");

const char *const stage_names[STAGES] = {"port_rx", "pppoe_rx", "steer_out", "mp_rx", "inner_proto", "mss", "ip_rx",
	"ip_route", "ip_tx", "mp_accept", "mp_tx", "timers", "flush"};

/* What two time stamps in a row take. */
static double
mark_cost(void)
{
	double v[LISTS];

	for (unsigned i = 0; i < LISTS; i++) {
		struct profile p = {0};

		profile_begin(&p);
		for (unsigned k = 0; k < 100; k++)
			profile_mark(&p, STAGE_STEER);
		v[i] = (double)p.cycles[STAGE_STEER] / 100;
	}
	return median(v, LISTS);
}

static double
stage_cycles(const struct profile *p, unsigned stage, double mark)
{
	return ((double)p->cycles[stage] - mark * (double)p->marks[stage]) / (double)p->frames;
}

void
profile_stages(
	struct results *r, const char *path, void (*list)(struct arrivals *a, struct profile *p), struct arrivals *a)
{
	const double mark = mark_cost();
	double v[STAGES][LISTS];

	for (unsigned i = 0; i < LISTS; i++) {
		struct profile p = {0};

		list(a, &p);
		for (unsigned s = 0; s < STAGES; s++)
			v[s][i] = stage_cycles(&p, s, mark);
	}
	for (unsigned s = 0; s < STAGES; s++) {
		const double mean = middle_mean(v[s], LISTS);

		if (mean > 0.05 && r->n_stages < STAGE_COSTS_MAX)
			r->stages[r->n_stages++] = (struct stage_cost){path, stage_names[s], mean};
	}
}

struct timer_cycles
profile_timers(struct arrivals *a)
{
	const double mark = mark_cost();
	double busy[LISTS], idle[LISTS];

	for (unsigned i = 0; i < LISTS; i++) {
		struct profile p = {0};

		from_profile(a, &p);
		busy[i] = stage_cycles(&p, STAGE_TIMERS, mark) * (double)p.frames;
	}
	from_settle(a);
	for (unsigned i = 0; i < LISTS; i++) {
		struct profile p = {.frames = 1};

		lab.now_ns += LAB_LIST * LAB_NS_A_FRAME;
		lab.w->now_ns = lab.now_ns;
		profile_begin(&p);
		path_timers(lab.w);
		profile_mark(&p, STAGE_TIMERS);
		idle[i] = fmax(stage_cycles(&p, STAGE_TIMERS, mark), 0);
	}
	return (struct timer_cycles){middle_mean(busy, LISTS), percentile(busy, LISTS, 0.1),
		percentile(busy, LISTS, 0.9), middle_mean(idle, LISTS)};
}
