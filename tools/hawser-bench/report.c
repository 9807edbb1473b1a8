/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/hawser-bench/report.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <rte_eal.h>
#include <rte_version.h>
#include <string.h>
#include <time.h>

/* ------------------------------------------------------------------ for people */

static const char *
verdict(const struct goal *g)
{
	if (isnan(g->value))
		return "not run";
	if (!goal_missed(g, 1))
		return "met";
	return g->known != 0 ? "MISSED, known" : "MISSED";
}

/* shared: slices at a core that a neighbour shared, of those that count; left: those that do not. */
static void
print_cases(FILE *to, const struct results *r)
{
	fprintf(to, "%-30s %8s %15s %9s %4s %8s %s\n", "case", "cycles", "p10..p90", "shared", "left", "ratio", "what");
	for (unsigned i = 0; i < r->n_cases; i++) {
		const struct bench *b = r->cases[i];

		fprintf(to, "%-30s %8.1f %7.1f..%-6.1f %4u/%-4u %4u ", b->id, median(b->cost, b->n_cost),
			percentile(b->cost, b->n_cost, 0.1), percentile(b->cost, b->n_cost, 0.9), b->shared, b->slices,
			b->left_out);
		if (b->n_ratio != 0)
			fprintf(to, "%8.3f a %s, over %s: %s\n", median(b->ratio, b->n_ratio), b->unit, b->ref->id,
				b->what);
		else
			fprintf(to, "%8s a %s: %s\n", "", b->unit, b->what);
	}
}

static void
print_shared(FILE *to, const struct goal *g)
{
	if (g->shared != 0)
		fprintf(to, " (%u of %u rounds at a shared core)", g->shared, g->rounds);
}

static void
print_goals(FILE *to, const struct results *r)
{
	fprintf(to, "\n%-14s %9s %19s %10s\n", "goal", "value", "p10..p90", "wanted");
	for (unsigned i = 0; i < r->n_goals; i++) {
		const struct goal *g = &r->goals[i];

		fprintf(to, "%-14s %9.3f %9.3f..%-8.3f %s %8.3f  %-13s %s%s%s", g->id, g->value, g->low, g->high,
			g->at_least ? ">=" : "<=", g->goal, verdict(g), g->what, g->note != NULL ? ": " : "",
			g->note != NULL ? g->note : "");
		if (g->cycles != 0)
			fprintf(to, " (%.0f over %.0f cycles)", g->cycles, g->ref_cycles);
		print_shared(to, g);
		fputc('\n', to);
	}
}

void
report_print(FILE *to, const struct results *r)
{
	print_cases(to, r);
	if (r->n_stages != 0)
		fprintf(to, "\n%-16s %-12s %s\n", "path", "stage", "cycles a frame");
	for (unsigned i = 0; i < r->n_stages; i++)
		fprintf(to, "%-16s %-12s %7.1f\n", r->stages[i].path, r->stages[i].stage, r->stages[i].cycles);
	print_goals(to, r);
}

void
report_verdict(FILE *to, const struct goal *g, double slack, double busy)
{
	if (isnan(g->value))
		fprintf(to, "not run: %s, %s", g->id, g->note);
	else if (goal_worse(g, slack) && g->others > busy)
		fprintf(to, "not judged: %s %.3f, wanted %.3f, while others used %.1f CPUs", g->id, g->value, g->goal,
			g->others);
	else if (goal_worse(g, slack) && g->known != 0)
		fprintf(to, "WORSE THAN KNOWN: %s %.3f, known %.3f, wanted %.3f", g->id, g->value, g->known, g->goal);
	else if (goal_worse(g, slack))
		fprintf(to, "MISSED BY MORE THAN A QUARTER: %s %.3f, wanted %.3f", g->id, g->value, g->goal);
	else if (goal_missed(g, 1) && g->known != 0)
		fprintf(to, "missed (known): %s %.3f, wanted %.3f", g->id, g->value, g->goal);
	else if (goal_missed(g, 1))
		fprintf(to, "missed by less than a quarter: %s %.3f, wanted %.3f", g->id, g->value, g->goal);
	else if (g->known != 0)
		fprintf(to, "met, though listed as missed: %s %.3f, wanted %.3f", g->id, g->value, g->goal);
	else
		return;
	print_shared(to, g);
	fputc('\n', to);
}

/* ------------------------------------------------------------------ for programs */

static json_t *
number(double v)
{
	return isnan(v) ? json_null() : json_real(v);
}

static json_t *
cases_json(const struct results *r)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < r->n_cases; i++) {
		const struct bench *b = r->cases[i];
		json_t *o = json_pack("{s:s, s:s, s:s, s:f, s:f, s:f, s:i, s:i, s:i}", "id", b->id, "what", b->what,
			"unit", b->unit, "cycles", median(b->cost, b->n_cost), "low",
			percentile(b->cost, b->n_cost, 0.1), "high", percentile(b->cost, b->n_cost, 0.9), "slices",
			(int)b->slices, "shared_slices", (int)b->shared, "left_out", (int)b->left_out);

		if (b->ref != NULL) {
			json_object_set_new(o, "over", json_string(b->ref->id));
			json_object_set_new(o, "ratio", number(median(b->ratio, b->n_ratio)));
			json_object_set_new(o, "ratio_spread",
				json_pack("[o, o]", number(percentile(b->ratio, b->n_ratio, 0.1)),
					number(percentile(b->ratio, b->n_ratio, 0.9))));
		}
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *
stages_json(const struct results *r)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < r->n_stages; i++)
		json_array_append_new(list,
			json_pack("{s:s, s:s, s:f}", "path", r->stages[i].path, "stage", r->stages[i].stage, "cycles",
				r->stages[i].cycles));
	return list;
}

static json_t *
goals_json(const struct results *r)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < r->n_goals; i++) {
		const struct goal *g = &r->goals[i];
		json_t *o = json_pack("{s:s, s:o, s:f, s:[o, o], s:s, s:s}", "id", g->id, "value", number(g->value),
			"goal", g->goal, "spread", number(g->low), number(g->high), "sense",
			g->at_least ? ">=" : "<=", "what", g->what);

		if (g->note != NULL)
			json_object_set_new(o, "note", json_string(g->note));
		if (g->known != 0)
			json_object_set_new(o, "known_miss", json_real(g->known));
		json_object_set_new(o, "others_cpus", json_real(g->others));
		if (g->rounds != 0)
			json_object_set_new(o, "rounds", json_integer(g->rounds));
		if (g->rounds != 0)
			json_object_set_new(o, "shared_rounds", json_integer(g->shared));
		json_array_append_new(list, o);
	}
	return list;
}

/* "model name" of the first CPU. */
static void
cpu_model(char *to, size_t n)
{
	char line[256];
	FILE *f = fopen("/proc/cpuinfo", "r");

	snprintf(to, n, "unknown");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		char *at = strchr(line, ':');

		if (strncmp(line, "model name", 10) != 0 || at == NULL)
			continue;
		at[strcspn(at, "\n")] = '\0';
		snprintf(to, n, "%s", at + 2);
		break;
	}
	if (f != NULL)
		fclose(f);
}

int
report_json(const char *path, const struct results *r, unsigned rounds)
{
	char cpu[128], date[32];
	const time_t now = time(NULL);
	json_t *root;
	int ret;

	cpu_model(cpu, sizeof(cpu));
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	root = json_pack("{s:s, s:s, s:s, s:f, s:b, s:i, s:o, s:o, s:o}", "date", date, "cpu", cpu, "dpdk",
		rte_version(), "tsc_mhz", (double)rte_get_tsc_hz() / 1e6, "hugepages", rte_eal_has_hugepages(),
		"rounds", (int)rounds, "goals", goals_json(r), "cases", cases_json(r), "stages", stages_json(r));
	ret = strcmp(path, "-") == 0 ? json_dumpf(root, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(5))
				     : json_dump_file(root, path, JSON_INDENT(1) | JSON_REAL_PRECISION(5));
	json_decref(root);
	return ret == 0 ? 0 : -EIO;
}

static json_t *
load(const char *path)
{
	json_error_t e;
	json_t *root = json_load_file(path, 0, &e);

	if (root == NULL)
		fprintf(stderr, "hawser-bench: %s:%d: %s\n", path, e.line, e.text);
	return root;
}

/* ------------------------------------------------------------------ two runs beside each other */

static json_t *
by_id(const json_t *list, const char *id)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *o = json_array_get(list, i);

		if (strcmp(json_string_value(json_object_get(o, "id")), id) == 0)
			return o;
	}
	return NULL;
}

/* The spread of a goal is a list, that of a case two members. */
static double
edge(const json_t *o, unsigned i)
{
	const json_t *spread = json_object_get(o, "spread");

	return json_number_value(
		spread != NULL ? json_array_get(spread, i) : json_object_get(o, i == 0 ? "low" : "high"));
}

static void
compare_one(const char *id, const json_t *was, const json_t *is, const char *key)
{
	const double x = json_number_value(json_object_get(was, key)), y = json_number_value(json_object_get(is, key));
	const bool apart = edge(is, 0) > edge(was, 1) || edge(is, 1) < edge(was, 0);

	if (x == 0 || y == 0)
		printf("%-30s %10.3f %10.3f\n", id, x, y);
	else
		printf("%-30s %10.3f %10.3f %+7.1f%%  %s\n", id, x, y, (y / x - 1) * 100,
			apart ? "more than the spread" : "");
}

static void
compare_lists(const json_t *a, const json_t *b, const char *list, const char *key)
{
	const json_t *before = json_object_get(a, list), *after = json_object_get(b, list);

	printf("%-30s %10s %10s %8s\n", list, "before", "after", "change");
	for (size_t i = 0; i < json_array_size(after); i++) {
		const json_t *o = json_array_get(after, i);
		const char *id = json_string_value(json_object_get(o, "id"));

		compare_one(id, by_id(before, id), o, key);
	}
}

int
report_compare(const char *before, const char *after)
{
	json_t *a = load(before), *b = load(after);

	if (a != NULL && b != NULL) {
		compare_lists(a, b, "goals", "value");
		putchar('\n');
		compare_lists(a, b, "cases", "cycles");
	}
	json_decref(a);
	json_decref(b);
	return a != NULL && b != NULL ? 0 : -EINVAL;
}

/* ------------------------------------------------------------------ plots */

enum { WIDTH = 760, HEIGHT = 420, LEFT = 70, RIGHT = 200, TOP = 50, BOTTOM = 50 };

static FILE *
svg_open(const char *folder, const char *name, const char *title)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	if (f == NULL)
		return NULL;
	fprintf(f,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n<text x=\"%d\" y=\"24\" font-size=\"15\">%s</text>\n",
		WIDTH, HEIGHT, LEFT, title);
	return f;
}

static void
svg_grid(FILE *f, double most, double step)
{
	for (double v = 0; v <= most; v += step) {
		const double y = HEIGHT - BOTTOM - v / most * (HEIGHT - TOP - BOTTOM);

		fprintf(f,
			"<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n<text x=\"%d\" y=\"%.1f\" "
			"text-anchor=\"end\">%.0f</text>\n",
			LEFT, WIDTH - RIGHT, y, y, LEFT - 6, y + 4, v);
	}
}

static double
cycles_of(const json_t *run, const char *series, const char *size)
{
	char id[64];

	snprintf(id, sizeof(id), "%s.%s", series, size);
	return json_number_value(json_object_get(by_id(json_object_get(run, "cases"), id), "cycles"));
}

static const char *const colours[] = {"#1f6fb4", "#d1495b", "#2e933c", "#8d6a9f", "#e0a030", "#4b5563", "#17a2b8",
	"#a0522d", "#7a9e2f", "#c2185b", "#607d8b", "#000080", "#b0b000"};

static int
plot_bundles(const json_t *run, const char *folder)
{
	static const char *const series[] = {"from_links", "reassembly", "ip_frag", "floor", "macswap"};
	static const char *const sizes[] = {"1k", "32k", "100k"};
	FILE *f = svg_open(
		folder, "performance-bundles.svg", "Cycles a frame against number of bundles (2 links, 1500 B in 2)");
	double most = 0;

	if (f == NULL)
		return -errno;
	for (unsigned s = 0; s < 5; s++)
		for (unsigned i = 0; i < 3; i++)
			most = fmax(most, cycles_of(run, series[s], sizes[i]));
	most = ceil(most / 100) * 100;
	svg_grid(f, most, most > 1000 ? 200 : 100);
	for (unsigned i = 0; i < 3; i++)
		fprintf(f, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
			LEFT + 40 + (int)i * (WIDTH - LEFT - RIGHT - 80) / 2, HEIGHT - BOTTOM + 20, sizes[i]);
	for (unsigned s = 0; s < 5; s++) {
		fprintf(f, "<polyline fill=\"none\" stroke-width=\"2\" stroke=\"%s\" points=\"", colours[s]);
		for (unsigned i = 0; i < 3; i++) {
			const double v = cycles_of(run, series[s], sizes[i]);

			if (v > 0)
				fprintf(f, "%d,%.1f ", LEFT + 40 + (int)i * (WIDTH - LEFT - RIGHT - 80) / 2,
					HEIGHT - BOTTOM - v / most * (HEIGHT - TOP - BOTTOM));
		}
		fprintf(f, "\"/>\n<text x=\"%d\" y=\"%d\" fill=\"%s\">%s</text>\n", WIDTH - RIGHT + 16,
			TOP + 20 * (int)s, colours[s], series[s]);
	}
	fputs("</svg>\n", f);
	return fclose(f) == 0 ? 0 : -EIO;
}

/* One bar a path, its stages on top of each other. */
static int
plot_stages(const json_t *run, const char *folder)
{
	const json_t *list = json_object_get(run, "stages");
	FILE *f = svg_open(folder, "performance-stages.svg", "Cycles a frame by stage");
	double sum = 0, most = 0, y = 0;
	const char *path = "";
	int bar = -1;

	if (f == NULL)
		return -errno;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);
		const char *p = json_string_value(json_object_get(o, "path"));

		sum = strcmp(p, path) == 0 ? sum : 0;
		path = p;
		sum += json_number_value(json_object_get(o, "cycles"));
		most = fmax(most, sum);
	}
	most = fmax(ceil(most / 100) * 100, 100);
	svg_grid(f, most, most > 1000 ? 200 : 50);
	path = "";
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);
		const char *p = json_string_value(json_object_get(o, "path"));
		const char *stage = json_string_value(json_object_get(o, "stage"));
		const double v = json_number_value(json_object_get(o, "cycles"));
		const double h = v / most * (HEIGHT - TOP - BOTTOM);
		const char *colour = colours[i % 13];

		if (strcmp(p, path) != 0) {
			bar++;
			y = HEIGHT - BOTTOM;
			fprintf(f, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\" font-size=\"10\">%s</text>\n",
				LEFT + 60 + bar * 115, HEIGHT - BOTTOM + 18, p);
		}
		path = p;
		y -= h;
		fprintf(f, "<rect x=\"%d\" y=\"%.1f\" width=\"46\" height=\"%.1f\" fill=\"%s\"/>\n",
			LEFT + 20 + bar * 115, y, h, colour);
		if (h > 9)
			fprintf(f, "<text x=\"%d\" y=\"%.1f\" font-size=\"9\">%s %.0f</text>\n", LEFT + 69 + bar * 115,
				y + h / 2 + 3, stage, v);
	}
	fputs("</svg>\n", f);
	return fclose(f) == 0 ? 0 : -EIO;
}

int
report_plot(const char *recorded, const char *folder)
{
	json_t *run = load(recorded);
	int ret = -EINVAL;

	if (run != NULL)
		ret = plot_bundles(run, folder);
	if (ret == 0)
		ret = plot_stages(run, folder);
	json_decref(run);
	return ret;
}
