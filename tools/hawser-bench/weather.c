/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/hawser-bench/weather.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* user nice system idle iowait irq softirq steal */
static double
all_seconds(void)
{
	unsigned long long v[8] = {0};
	FILE *f = fopen("/proc/stat", "r");
	int n = 0;

	if (f == NULL)
		return 0;
	n = fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6],
		&v[7]);
	fclose(f);
	return n < 8 ? 0 : (double)(v[0] + v[1] + v[2] + v[5] + v[6] + v[7]) / (double)sysconf(_SC_CLK_TCK);
}

static double
seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

void
weather_look(struct weather *w)
{
	struct timespec t = {0};
	struct rusage u = {0};

	clock_gettime(CLOCK_MONOTONIC, &t);
	getrusage(RUSAGE_SELF, &u);
	w->wall_s = (double)t.tv_sec + (double)t.tv_nsec / 1e9;
	w->all_s = all_seconds();
	w->own_s = seconds(&u.ru_utime) + seconds(&u.ru_stime);
}

double
weather_others(const struct weather *since)
{
	struct weather now;
	double others;

	weather_look(&now);
	others = (now.all_s - since->all_s) - (now.own_s - since->own_s);
	return others <= 0 || now.wall_s <= since->wall_s ? 0 : others / (now.wall_s - since->wall_s);
}
