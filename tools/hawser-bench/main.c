/* SPDX-License-Identifier: BSD-3-Clause */
#include <getopt.h>
#include <string.h>
#include <time.h>

#include "tools/hawser-bench/cases.h"

static const char usage[] = "usage: hawser-bench [options]\n"
			    "  --short             smoke test: few rounds, 1k and 32k bundles only\n"
			    "  --rounds N          rounds (7)\n"
			    "  --only GROUP        from-links or to-links\n"
			    "  --no-huge           ordinary memory\n"
			    "  --cpu N             where to run\n";

static struct run run = {.rounds = 7};

static void
print(const struct results *r)
{
	printf("%-26s %9s  %s\n", "case", "cycles", "per");
	for (unsigned i = 0; i < r->n_cases; i++) {
		const struct bench *b = r->cases[i];

		printf("%-26s %9.1f  %-9s %s\n", b->id, median(b->cost, b->n_cost), b->unit, b->what);
	}
	printf("\n%-9s %8s %17s %7s\n", "goal", "value", "p10..p90", "goal");
	for (unsigned i = 0; i < r->n_goals; i++) {
		const struct goal *g = &r->goals[i];

		printf("%-9s %8.3f %8.3f..%-7.3f %s %5.2f  %s  %s\n", g->id, g->value, g->low, g->high,
			g->at_least ? ">=" : "<=", g->goal, goal_missed(g, 1) ? "MISSED" : "met   ", g->what);
	}
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {{"short", no_argument, NULL, 's'},
		{"rounds", required_argument, NULL, 'r'}, {"only", required_argument, NULL, 'o'},
		{"no-huge", no_argument, NULL, 'n'}, {"cpu", required_argument, NULL, 'c'},
		{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	int o;

	while ((o = getopt_long(argc, argv, "h", options, NULL)) != -1)
		switch (o) {
		case 's':
			run.small = true;
			run.rounds = 3;
			break;
		case 'r':
			run.rounds = (unsigned)atoi(optarg);
			break;
		case 'o':
			run.only = optarg;
			break;
		case 'n':
			lab_options.hugepages = false;
			break;
		case 'c':
			lab_options.cpu = atoi(optarg);
			break;
		default:
			fputs(usage, o == 'h' ? stdout : stderr);
			return o == 'h' ? 0 : 2;
		}
	if (run.only == NULL || strcmp(run.only, "from-links") == 0)
		bench_from_links(&run);
	if (run.only == NULL || strcmp(run.only, "to-links") == 0)
		bench_to_links(&run);
	print(&run.r);
	return 0;
}
