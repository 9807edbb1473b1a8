/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/hawserctl/commands.h"
#include "tools/hawserctl/table.h"

/* The live table. Rates are differences of two samples over the time between the moments at which the data plane counted. */

struct sample {
	json_t *links, *bundles;
};

struct rates {
	double rx_bps, tx_bps, lost_per_s;
	bool known;
};

static enum status
sample_take(const struct client *c, struct sample *s)
{
	enum status status;

	*s = (struct sample){0};
	status = client_get_all(c, "links", &s->links);
	if (status == STATUS_DONE)
		status = client_get_all(c, "bundles", &s->bundles);
	return status;
}

static void
sample_drop(struct sample *s)
{
	json_decref(s->links);
	json_decref(s->bundles);
	*s = (struct sample){0};
}

static const json_t *
find(const json_t *list, uint64_t id, const char *name)
{
	json_t *o;

	for (size_t i = 0; (o = json_array_get(list, i)) != NULL; i++)
		if (json_number(o, "id") == id && strcmp(json_text(o, "name"), name) == 0)
			return o;
	return NULL;
}

static double
difference(const json_t *now, const json_t *then, const char *key)
{
	const double d = (double)json_number(now, key) - (double)json_number(then, key);

	return d > 0 ? d : 0;
}

static struct rates
rates_of(const json_t *now, const json_t *then_list, const char *lost_key)
{
	const json_t *then = find(then_list, json_number(now, "id"), json_text(now, "name"));
	struct rates r = {0};
	double s;

	/* Counted since it is there; a link without session counts nothing. */
	if (then == NULL || json_number(then, "clock_us") == 0)
		return r;
	s = difference(now, then, "clock_us") / 1e6;
	if (s <= 0)
		return r;
	r.known = true;
	r.rx_bps = 8 * difference(now, then, "rx_bytes") / s;
	r.tx_bps = 8 * difference(now, then, "tx_bytes") / s;
	r.lost_per_s = difference(now, then, lost_key) / s;
	return r;
}

/* ------------------------------------------------------------------ for people */

static void
put_rate(struct table *t, const struct rates *r, double bps)
{
	table_put(t, r->known ? "%s" : "-", text_scaled(bps));
}

static void
bundle_row(struct table *t, const json_t *b, const struct rates *r)
{
	table_put(t, "%s", json_text(b, "name"));
	table_put(t, "%s, %llu link%s", json_flag(b, "up") ? "up" : "opening",
		(unsigned long long)json_number(b, "links"), json_number(b, "links") == 1 ? "" : "s");
	put_rate(t, r, r->rx_bps);
	put_rate(t, r, r->tx_bps);
	table_put(t, r->known ? "%.0f" : "-", r->lost_per_s);
	table_put(t, "%s", "");
	table_put(t, "%llu packets", (unsigned long long)json_number(b, "queue_packets"));
}

static void
link_row(struct table *t, const json_t *l, const struct rates *r)
{
	const bool open = strcmp(json_text(l, "phase"), "open") == 0;

	table_put(t, "  %s", json_text(l, "name"));
	table_put(t, "%s", json_text(l, "phase"));
	put_rate(t, r, r->rx_bps);
	put_rate(t, r, r->tx_bps);
	table_put(t, r->known ? "%.0f" : "-", r->lost_per_s);
	table_put(t, open ? "%.1f ms" : "-", (double)json_number(l, "lag_us") / 1000);
	table_put(t, open ? "%.1f ms" : "-", (double)json_number(l, "backlog_us") / 1000);
}

static void
links_of(struct table *t, const struct sample *now, const struct sample *then, uint64_t bundle)
{
	json_t *l;

	for (size_t i = 0; (l = json_array_get(json_object_get(now->links, "links"), i)) != NULL; i++) {
		if (json_number(l, "bundle_id") != bundle)
			continue;
		const struct rates r = rates_of(l, json_object_get(then->links, "links"), "lost");

		link_row(t, l, &r);
	}
}

static void
print_table(const struct sample *now, const struct sample *then, bool redraw)
{
	char titles[] = "NAME|STATE|+RX BIT/S|+TX BIT/S|+LOST/S|+SKEW|+QUEUE";
	struct table t;
	json_t *b;

	table_init(&t, titles);
	for (size_t i = 0; (b = json_array_get(json_object_get(now->bundles, "bundles"), i)) != NULL; i++) {
		const struct rates r = rates_of(b, json_object_get(then->bundles, "bundles"), "lost_numbers");

		bundle_row(&t, b, &r);
		links_of(&t, now, then, json_number(b, "id"));
	}
	links_of(&t, now, then, 0);
	if (redraw)
		fputs("\033[H\033[J", stdout);
	table_print(&t, stdout);
	if (!redraw)
		putchar('\n');
	fflush(stdout);
	table_fini(&t);
}

/* ------------------------------------------------------------------ for programs */

static json_t *
rates_json(const json_t *list, const json_t *then, const char *lost_key)
{
	static const char *const kept[] = {
		"name", "id", "bundle_id", "phase", "up", "links", "lag_us", "backlog_us", "queue_packets"};
	json_t *out = json_array(), *row;

	for (size_t i = 0; (row = json_array_get(list, i)) != NULL; i++) {
		const struct rates r = rates_of(row, then, lost_key);
		json_t *o = json_pack("{s:f,s:f,s:f,s:b}", "rx_bps", r.rx_bps, "tx_bps", r.tx_bps, "lost_per_s",
			r.lost_per_s, "known", r.known);

		for (size_t k = 0; k < sizeof(kept) / sizeof(kept[0]); k++)
			if (json_object_get(row, kept[k]) != NULL)
				json_object_set(o, kept[k], json_object_get(row, kept[k]));
		json_array_append_new(out, o);
	}
	return out;
}

static void
print_rates(const struct sample *now, const struct sample *then)
{
	json_t *o = json_object();

	json_object_set(o, "clock_us", json_object_get(now->links, "clock_us"));
	json_object_set_new(o, "bundles",
		rates_json(json_object_get(now->bundles, "bundles"), json_object_get(then->bundles, "bundles"),
			"lost_numbers"));
	json_object_set_new(o, "links",
		rates_json(json_object_get(now->links, "links"), json_object_get(then->links, "links"), "lost"));
	print_json(o);
	json_decref(o);
}

enum status
watch_command(const struct args *a)
{
	const bool redraw = isatty(STDOUT_FILENO) && !a->json;
	double due = clock_s();
	struct sample then, now;
	enum status status = sample_take(&a->client, &then);

	for (long n = 0; status == STATUS_DONE && (a->count < 0 || n < a->count); n++) {
		due += a->interval_s;
		sleep_until(due);
		if (interrupted())
			break;
		status = sample_take(&a->client, &now);
		if (status == STATUS_DONE) {
			if (a->json)
				print_rates(&now, &then);
			else
				print_table(&now, &then, redraw);
		}
		sample_drop(&then);
		then = now;
	}
	sample_drop(&then);
	return status;
}
