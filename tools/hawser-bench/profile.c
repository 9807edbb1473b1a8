/* SPDX-License-Identifier: BSD-3-Clause */
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

double
profile_stages(
	struct results *r, const char *path, void (*list)(struct arrivals *a, struct profile *p), struct arrivals *a)
{
	const double mark = mark_cost();
	double v[STAGES][LISTS], timers = 0, all = 0;

	for (unsigned i = 0; i < LISTS; i++) {
		struct profile p = {0};

		list(a, &p);
		for (unsigned s = 0; s < STAGES; s++)
			v[s][i] = ((double)p.cycles[s] - mark * (double)p.marks[s]) / (double)p.frames;
		for (unsigned s = 0; s < STAGES; s++)
			all += v[s][i];
		timers += v[STAGE_TIMERS][i];
	}
	for (unsigned s = 0; s < STAGES; s++) {
		const double m = median(v[s], LISTS);

		if (m > 0.05 && r->n_stages < STAGE_COSTS_MAX)
			r->stages[r->n_stages++] = (struct stage_cost){path, stage_names[s], m};
	}
	return timers / all;
}
