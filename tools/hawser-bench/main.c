/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <string.h>

#include "tools/hawser-bench/cases.h"
#include "tools/hawser-bench/known.h"
#include "tools/hawser-bench/report.h"
#include "tools/hawser-bench/weather.h"

static const char usage[] = "usage: hawser-bench [options]\n"
			    "       hawser-bench --compare BEFORE.json AFTER.json\n"
			    "       hawser-bench --plot RECORDED.json FOLDER\n"
			    "  --short        the goals only, and in seconds; fails (1) when one is exceeded by 25 %;\n"
			    "                 77: one is, but the machine was busy with other things\n"
			    "  --rounds N     rounds of each group (7)\n"
			    "  --only GROUP   from-links, from-links-100k, worst, to-links, kinds, links, links-100k,\n"
			    "                 deep, workers or memory\n"
			    "  --no-huge      ordinary memory instead of 768 hugepages of 2 MB\n"
			    "  --memory MIB   of --no-huge (1800)\n"
			    "  --cpu N        where to run\n"
			    "  --json FILE    record the run (-: standard output)\n";

/* A short run measures a group with a goal that fails again before it says so: a machine that is busy with other things makes ratios worse
 * for a while, but none better. Only what failed with the machine to itself is a failure. */
enum { SHORT_ROUNDS = 5, ROUNDS = 7, SHORT_TRIES = 3, EXIT_BUSY = 77 };
static const double busy_cpus = 0.25;
static const double short_slack = 1.25;
/* What visits that a neighbour disturbed may take again, of the time of everything else. */
static const double short_again = 0.15, again = 0.3;

static const struct {
	const char *name;
	void (*run)(struct run *run);
	bool in_short;
} groups[] = {
	{"from-links", bench_from_links, true},
	{"from-links-100k", bench_from_links_100k, true},
	{"worst", bench_worst, true},
	{"to-links", bench_to_links, true},
	{"kinds", bench_kinds, true},
	{"links", bench_links, true},
	{"links-100k", bench_links_100k, false},
	{"deep", bench_deep, true},
	{"workers", bench_workers, true},
	{"memory", bench_memory, true},
};

static struct run run = {.rounds = ROUNDS};

static bool
is_wanted(unsigned group)
{
	return run.only != NULL ? strcmp(run.only, groups[group].name) == 0 : !run.small || groups[group].in_short;
}

static void
note(struct results *r, double others)
{
	for (unsigned i = 0; i < r->n_goals; i++) {
		r->goals[i].known = known_miss(r->goals[i].id);
		r->goals[i].others = others;
	}
}

static unsigned
worse(const struct results *r, double others_max)
{
	unsigned n = 0;

	for (unsigned i = 0; i < r->n_goals; i++)
		n += goal_worse(&r->goals[i], short_slack) && r->goals[i].others <= others_max;
	return n;
}

/* A group's results: of its goals the best of several tries. Cases and stages are those of the last. */
static void
measure_group(unsigned group)
{
	static struct run once;
	static struct results before;
	struct results *r = &once.r;
	struct weather weather;

	once = run;
	for (unsigned try = 0; try < (run.small ? SHORT_TRIES : 1u); try++) {
		before = *r;
		memset(r, 0, sizeof(*r));
		weather_look(&weather);
		groups[group].run(&once);
		note(r, weather_others(&weather));
		if (try > 0)
			results_better(r, &before);
		if (worse(r, INFINITY) == 0)
			break;
	}
	results_append(&run.r, r);
}

static int
verdict(void)
{
	for (unsigned i = 0; i < run.r.n_goals; i++)
		report_verdict(stderr, &run.r.goals[i], short_slack, busy_cpus);
	if (worse(&run.r, busy_cpus) != 0)
		return 1;
	return worse(&run.r, INFINITY) == 0 ? 0 : EXIT_BUSY;
}

static int
measure(const char *json)
{
	bool any = false;

	bench_allow(run.small ? short_again : again);
	for (unsigned i = 0; i < RTE_DIM(groups); i++) {
		if (!is_wanted(i))
			continue;
		measure_group(i);
		any = true;
	}
	if (!any)
		die("no group %s", run.only);
	report_print(json != NULL && strcmp(json, "-") == 0 ? stderr : stdout, &run.r);
	if (json != NULL && report_json(json, &run.r, run.rounds) != 0)
		die("cannot write %s", json);
	fflush(stdout);
	return run.small ? verdict() : 0;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {{"short", no_argument, NULL, 's'},
		{"rounds", required_argument, NULL, 'r'}, {"only", required_argument, NULL, 'o'},
		{"no-huge", no_argument, NULL, 'n'}, {"memory", required_argument, NULL, 'm'},
		{"cpu", required_argument, NULL, 'c'}, {"json", required_argument, NULL, 'j'},
		{"compare", no_argument, NULL, 'C'}, {"plot", no_argument, NULL, 'P'}, {"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0}};
	const char *json = NULL;
	int o, what = 0;

	while ((o = getopt_long(argc, argv, "h", options, NULL)) != -1)
		switch (o) {
		case 's':
			run.small = true;
			run.rounds = SHORT_ROUNDS;
			break;
		case 'r':
			run.rounds = (unsigned)RTE_MAX(1, RTE_MIN(atoi(optarg), (int)ROUNDS_MAX));
			break;
		case 'o':
			run.only = optarg;
			break;
		case 'n':
			lab_options.hugepages = false;
			break;
		case 'm':
			lab_options.memory_mib = (unsigned)atoi(optarg);
			break;
		case 'c':
			lab_options.cpu = atoi(optarg);
			break;
		case 'j':
			json = optarg;
			break;
		case 'C':
		case 'P':
			what = o;
			break;
		default:
			fputs(usage, o == 'h' ? stdout : stderr);
			return o == 'h' ? 0 : 2;
		}
	if (what != 0 && argc - optind != 2) {
		fputs(usage, stderr);
		return 2;
	}
	if (what == 'C')
		return report_compare(argv[optind], argv[optind + 1]) == 0 ? 0 : 1;
	if (what == 'P')
		return report_plot(argv[optind], argv[optind + 1]) == 0 ? 0 : 1;
	return measure(json);
}
