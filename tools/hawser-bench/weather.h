/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TOOLS_HAWSER_BENCH_WEATHER_H
#define TOOLS_HAWSER_BENCH_WEATHER_H

/* How busy the machine is with other things: ratios of cycles stand that only so far, since it is caches and memory that are shared. */
struct weather {
	double wall_s, all_s, own_s; /* time; CPU time of everybody, stolen time among it; CPU time of this process */
};

void weather_look(struct weather *w);
/* CPUs that others used since. */
double weather_others(const struct weather *since);

#endif
