/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "tools/hawser-bench/cases.h"
#include "tools/hawser-bench/report.h"

static const char usage[] = "usage: hawser-bench [options]\n"
			    "       hawser-bench --compare BEFORE.json AFTER.json\n"
			    "       hawser-bench --plot RECORDED.json FOLDER\n"
			    "  --short        seconds instead of minutes; fails when a goal is exceeded by 25 %\n"
			    "  --rounds N     rounds of each group (7)\n"
			    "  --only GROUP   from-links, to-links, kinds, deep, workers or memory\n"
			    "  --no-huge      ordinary memory instead of 768 hugepages of 2 MB\n"
			    "  --memory MIB   of --no-huge (1800)\n"
			    "  --cpu N        where to run\n"
			    "  --json FILE    record the run (-: standard output)\n";

enum { SHORT_ROUNDS = 3, ROUNDS = 7 };
static const double short_slack = 1.25;

static const struct {
	const char *name;
	void (*run)(struct run *run);
	bool in_short;
} groups[] = {
	{"from-links", bench_from_links, true},
	{"to-links", bench_to_links, true},
	{"kinds", bench_kinds, true},
	{"deep", bench_deep, true},
	{"workers", bench_workers, false},
	{"memory", bench_memory, true},
};

static struct run run = {.rounds = ROUNDS};

static bool
is_wanted(unsigned group)
{
	return run.only != NULL ? strcmp(run.only, groups[group].name) == 0 : !run.small || groups[group].in_short;
}

static unsigned
exceeded(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < run.r.n_goals; i++) {
		if (!goal_missed(&run.r.goals[i], short_slack))
			continue;
		fprintf(stderr, "%s is %.3f, more than 25 %% off %.3f\n", run.r.goals[i].id, run.r.goals[i].value,
			run.r.goals[i].goal);
		n++;
	}
	return n;
}

static int
measure(const char *json)
{
	bool any = false;

	for (unsigned i = 0; i < RTE_DIM(groups); i++) {
		if (!is_wanted(i))
			continue;
		groups[i].run(&run);
		any = true;
	}
	if (!any)
		die("no group %s", run.only);
	report_print(json != NULL && strcmp(json, "-") == 0 ? stderr : stdout, &run.r);
	if (json != NULL && report_json(json, &run.r, run.rounds) != 0)
		die("cannot write %s", json);
	return run.small && exceeded() != 0 ? 1 : 0;
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
