/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "tools/hawserctl/commands.h"
#include "tools/hawserctl/table.h"

/* ------------------------------------------------------------------ tables */

static const char *
bundle_name(const json_t *bundles, uint64_t id)
{
	json_t *b;

	for (size_t i = 0; (b = json_array_get(json_object_get(bundles, "bundles"), i)) != NULL; i++)
		if (json_number(b, "id") == id)
			return json_text(b, "name");
	return "-";
}

static void
link_row(struct table *t, const json_t *l, const json_t *bundles)
{
	const uint64_t rtt = json_number(l, "echo_rtt_us"), rate = json_number(l, "rate_bps");

	table_put(t, "%s", json_text(l, "name"));
	table_put(t, "%s", json_text(l, "phase"));
	table_put(t, "%s", json_number(l, "bundle_id") != 0 ? bundle_name(bundles, json_number(l, "bundle_id")) : "-");
	table_put(t, "%s%s%s", json_text(l, "port"), *json_text(l, "vlan") ? ":" : "", json_text(l, "vlan"));
	table_put(t, "%llu", (unsigned long long)json_number(l, "session"));
	table_put(t, "%s", json_text(l, "user"));
	table_put(t, "%llu/%llu", (unsigned long long)json_number(l, "our_mru"),
		(unsigned long long)json_number(l, "peer_mru"));
	table_put(t, "%s", rate != 0 ? text_scaled((double)rate) : "-");
	table_put(t, "%s", json_text(l, "rate_from"));
	table_put(t, "%s", text_scaled((double)json_number(l, "rx_bytes")));
	table_put(t, "%s", text_scaled((double)json_number(l, "tx_bytes")));
	table_put(t, rtt != 0 ? "%.1f ms" : "-", (double)rtt / 1000);
	table_put(t, "%s", text_age(json_number(l, "up_since_ms")));
}

static enum status
show_links(const struct args *a, json_t *body)
{
	char titles[] = "LINK|PHASE|BUNDLE|PORT|+SESSION|USER|MRU|+RATE|FROM|+RX BYTES|+TX BYTES|+ECHO|UP";
	json_t *bundles, *l;
	struct table t;
	const enum status status = client_get_all(&a->client, "bundles", &bundles);

	if (status != STATUS_DONE)
		return status;
	table_init(&t, titles);
	for (size_t i = 0; (l = json_array_get(json_object_get(body, "links"), i)) != NULL; i++)
		link_row(&t, l, bundles);
	table_print(&t, stdout);
	table_fini(&t);
	json_decref(bundles);
	return STATUS_DONE;
}

/* Link-Quality-Reports (RFC 1989): loss of what we send, or of what comes. */
static void
put_reported(struct table *t, const json_t *l, const char *key)
{
	const json_t *lqr = json_object_get(l, "lqr");

	table_put(t, json_is_object(lqr) ? "%.1f %%" : "-", (double)json_number(lqr, key) / 10);
}

static void
quality_row(struct table *t, const json_t *l)
{
	const json_t *q = json_object_get(l, "quality");
	const bool probed = json_flag(q, "probed");

	table_put(t, "%s", json_text(l, "name"));
	table_put(t, "%s", json_flag(q, "suspended") ? "suspended" : "sent on");
	table_put(t, "%.1f", (double)json_number(l, "lag_us") / 1000);
	table_put(t, "%llu", (unsigned long long)json_number(l, "lost"));
	table_put(t, "%llu", (unsigned long long)json_number(l, "in_link_reorder"));
	table_put(t, probed ? "%.1f %%" : "-", (double)json_number(q, "loss_permille") / 10);
	table_put(t, probed ? "%.0f" : "-", (double)json_number(q, "rtt_ms"));
	table_put(t, probed ? "%.1f" : "-", (double)json_number(q, "jitter_us") / 1000);
	put_reported(t, l, "out_loss_permille");
	put_reported(t, l, "in_loss_permille");
}

/* How often it was so much, by upper bounds. */
static void
spread_row(struct table *t, const json_t *l, const char *of, const char *key)
{
	const json_t *rows = json_object_get(json_object_get(l, "quality"), key);
	json_t *row;

	table_put(t, "%s", json_text(l, "name"));
	table_put(t, "%s", of);
	for (size_t i = 0; (row = json_array_get(rows, i)) != NULL; i++)
		table_put(t, "%llu", (unsigned long long)json_number(row, "n"));
}

static bool
is_probed(const json_t *l)
{
	return json_number(l, "bundle_id") != 0 && json_flag(json_object_get(l, "quality"), "probed");
}

static void
show_spread(const json_t *links)
{
	char ms[] = "LINK|OF|+<=1 ms|+2|+5|+10|+20|+50|+100|+200|+500|+1000|+2000|+MORE";
	char percents[] = "LINK|OF|+NONE|+<=0.1 %|+0.2|+0.5|+1|+2|+5|+10|+20|+50|+100";
	struct table times, losses;
	json_t *l;
	bool any = false;

	table_init(&times, ms);
	table_init(&losses, percents);
	for (size_t i = 0; (l = json_array_get(links, i)) != NULL; i++) {
		if (!is_probed(l))
			continue;
		any = true;
		spread_row(&times, l, "echo", "rtts");
		spread_row(&times, l, "jitter", "jitters");
		spread_row(&times, l, "skew", "skews");
		spread_row(&losses, l, "seconds by loss", "losses");
	}
	if (any) {
		printf("\n");
		table_print(&times, stdout);
		printf("\n");
		table_print(&losses, stdout);
	}
	table_fini(&times);
	table_fini(&losses);
}

static enum status
show_quality(const struct args *a, json_t *body)
{
	char titles[] = "LINK|STATE|+SKEW ms|+LOST|+REORDER|+ECHO LOSS|+ECHO ms|+JITTER ms|+LQR OUT|+LQR IN";
	struct table t;
	json_t *l;

	(void)a;
	table_init(&t, titles);
	for (size_t i = 0; (l = json_array_get(json_object_get(body, "links"), i)) != NULL; i++)
		if (json_number(l, "bundle_id") != 0)
			quality_row(&t, l);
	table_print(&t, stdout);
	table_fini(&t);
	show_spread(json_object_get(body, "links"));
	return STATUS_DONE;
}

static void
bundle_row(struct table *t, const json_t *b)
{
	table_put(t, "%s", json_text(b, "name"));
	table_put(t, "%s", json_flag(b, "up") ? "up" : "opening");
	table_put(t, "%llu", (unsigned long long)json_number(b, "links"));
	table_put(t, "%s", json_flag(b, "multilink") ? json_text(b, "mode") : "single");
	table_put(t, "%s", json_text(b, "our_address"));
	table_put(t, "%s", json_text(b, "peer_address"));
	table_put(t, "%llu", (unsigned long long)json_number(b, "ip_mtu"));
	table_put(t, "%s", text_scaled((double)json_number(b, "rx_bytes")));
	table_put(t, "%s", text_scaled((double)json_number(b, "tx_bytes")));
	table_put(t, "%llu", (unsigned long long)json_number(b, "lost_numbers"));
	table_put(t, "%llu", (unsigned long long)json_number(b, "queue_drops"));
	table_put(t, "%llu", (unsigned long long)json_number(b, "worker"));
	table_put(t, "%s", text_age(json_number(b, "up_since_ms")));
}

static enum status
show_bundles(const struct args *a, json_t *body)
{
	char titles[] =
		"BUNDLE|STATE|+LINKS|MODE|OUR ADDRESS|PEER ADDRESS|+MTU|+RX BYTES|+TX BYTES|+LOST|+REFUSED|+WORKER|UP";
	struct table t;
	json_t *b;

	(void)a;
	table_init(&t, titles);
	for (size_t i = 0; (b = json_array_get(json_object_get(body, "bundles"), i)) != NULL; i++)
		bundle_row(&t, b);
	table_print(&t, stdout);
	table_fini(&t);
	return STATUS_DONE;
}

static const char *
percent(const json_t *o, const char *key, char text[16])
{
	snprintf(text, 16, "%.1f %%", (double)json_number(o, key) / 10);
	return text;
}

static void
load_row(struct table *t, const json_t *b, const json_t *m)
{
	const json_t *slots = json_object_get(m, "slots");
	char in[16], out[16], list[160] = "";
	size_t at = 0;

	for (size_t i = json_array_size(slots); i-- > 0;) {
		const json_t *s = json_array_get(slots, i);

		at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%llu/%llu", at != 0 ? " " : "",
			(unsigned long long)json_number(s, "rx_permille") / 10,
			(unsigned long long)json_number(s, "tx_permille") / 10);
	}
	table_put(t, "%s", json_text(b, "name"));
	table_put(t, "%llu", (unsigned long long)json_number(b, "links"));
	table_put(t, "%llu", (unsigned long long)json_number(m, "spare"));
	table_put(t, "%s", text_scaled((double)json_number(m, "rx_bps")));
	table_put(t, "%s", text_scaled((double)json_number(m, "tx_bps")));
	table_put(t, "%s", percent(m, "rx_permille", in));
	table_put(t, "%s", percent(m, "tx_permille", out));
	table_put(t, "%s", list);
	table_put(t, "%s", text_age(json_number(m, "last_opened_ms")));
	table_put(t, "%s", text_age(json_number(m, "last_closed_ms")));
}

static enum status
show_load(const struct args *a, json_t *body)
{
	char titles[] = "BUNDLE|+LINKS|+SPARE|+RATE IN|+RATE OUT|+IN|+OUT|SLOTS IN/OUT %, NEWEST LAST|OPENED|CLOSED";
	struct table t;
	json_t *b;

	(void)a;
	table_init(&t, titles);
	for (size_t i = 0; (b = json_array_get(json_object_get(body, "bundles"), i)) != NULL; i++)
		if (json_is_object(json_object_get(b, "bandwidth_management")))
			load_row(&t, b, json_object_get(b, "bandwidth_management"));
	if (t.n != 0)
		table_print(&t, stdout);
	else
		puts("no bundle with bandwidth_management");
	table_fini(&t);
	return STATUS_DONE;
}

/* Only bundles that have any. */
static enum status
show_prefixes(const struct args *a, json_t *body)
{
	char titles[] = "BUNDLE|LINK PREFIX|DELEGATED PREFIX|+LEFT";
	struct table t;
	json_t *b;

	(void)a;
	table_init(&t, titles);
	for (size_t i = 0; (b = json_array_get(json_object_get(body, "bundles"), i)) != NULL; i++) {
		if (*json_text(b, "link_prefix") == '\0' && *json_text(b, "delegated_prefix") == '\0')
			continue;
		table_put(&t, "%s", json_text(b, "name"));
		table_put(&t, "%s", json_text(b, "link_prefix"));
		table_put(&t, "%s", json_text(b, "delegated_prefix"));
		table_put(&t, "%s", text_left(json_number(b, "delegated_until_ms")));
	}
	table_print(&t, stdout);
	table_fini(&t);
	return STATUS_DONE;
}

static void
port_row(struct table *t, const json_t *p)
{
	const json_t *carrier = json_object_get(p, "carrier"), *steering = json_object_get(p, "steering");

	table_put(t, "%s", json_text(p, "name"));
	table_put(t, "%s", json_text(p, "kind"));
	table_put(t, "%s", json_text(p, "device"));
	table_put(t, "%s", json_text(p, "driver"));
	table_put(t, "%s", json_text(p, "mac"));
	table_put(t, "%llu", (unsigned long long)json_number(p, "mtu"));
	table_put(t, "%s", json_is_boolean(carrier) ? json_is_true(carrier) ? "up" : "down" : "?");
	table_put(t, "%s", text_scaled((double)json_number(p, "rx_frames")));
	table_put(t, "%s", text_scaled((double)json_number(p, "tx_frames")));
	table_put(t, "%llu", (unsigned long long)json_number(p, "rx_missed"));
	table_put(t, "%llu", (unsigned long long)(json_number(p, "rx_errors") + json_number(p, "tx_errors")));
	table_put(t, "%s", json_text(steering, "rss"));
	table_put(t, "%llu", (unsigned long long)json_number(steering, "rules"));
	table_put(t, "%llu", (unsigned long long)json_number(steering, "refused"));
	table_put(t, "%llu", (unsigned long long)json_number(steering, "passed_over"));
}

static enum status
show_ports(const struct args *a, json_t *body)
{
	char titles[] =
		"PORT|KIND|DEVICE|DRIVER|MAC|+MTU|CARRIER|+RX FRAMES|+TX FRAMES|+MISSED|+ERRORS|RSS|+RULES|+REFUSED|+NOT ASKED";
	struct table t;
	json_t *p;

	(void)a;
	table_init(&t, titles);
	for (size_t i = 0; (p = json_array_get(json_object_get(body, "ports"), i)) != NULL; i++)
		port_row(&t, p);
	table_print(&t, stdout);
	table_fini(&t);
	return STATUS_DONE;
}

static void
worker_row(struct table *t, const json_t *w)
{
	static const char *const counts[] = {"bundles", "links", "rx_frames", "tx_frames", "steered_from_links",
		"steered_to_links", "punted", "injected", "dropped"};
	const double turns = (double)json_number(w, "turns"), idle = (double)json_number(w, "idle_turns");

	table_put(t, "%llu", (unsigned long long)json_number(w, "worker"));
	table_put(t, "%lld", (long long)json_integer_value(json_object_get(w, "cpu")));
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		table_put(t, "%s", text_scaled((double)json_number(w, counts[i])));
	table_put(t, "%.1f %%", turns > 0 ? 100 * (turns - idle) / turns : 0);
}

static enum status
show_workers(const struct args *a, json_t *body)
{
	char titles[] =
		"+WORKER|+CPU|+BUNDLES|+LINKS|+RX FRAMES|+TX FRAMES|+FROM LINKS|+TO LINKS|+PUNTED|+INJECTED|+DROPPED|+TURNS WITH WORK";
	struct table t;
	json_t *w;

	(void)a;
	table_init(&t, titles);
	for (size_t i = 0; (w = json_array_get(json_object_get(body, "workers"), i)) != NULL; i++)
		worker_row(&t, w);
	table_print(&t, stdout);
	table_fini(&t);
	return STATUS_DONE;
}

static enum status
show_drops(const struct args *a, json_t *body)
{
	char titles[] = "REASON|+COUNT|WHAT IT MEANS";
	struct table t;
	json_t *d;

	(void)a;
	table_init(&t, titles);
	for (size_t i = 0; (d = json_array_get(json_object_get(body, "drops"), i)) != NULL; i++) {
		if (json_number(d, "count") == 0)
			continue;
		table_put(&t, "%s", json_text(d, "reason"));
		table_put(&t, "%llu", (unsigned long long)json_number(d, "count"));
		table_put(&t, "%s", json_text(d, "sentence"));
	}
	if (t.n != 0)
		table_print(&t, stdout);
	else
		puts("nothing was dropped");
	table_fini(&t);
	return STATUS_DONE;
}

static void
put_counters(struct table *t, const char *group, json_t *members)
{
	for (void *it = json_object_iter(members); it != NULL; it = json_object_iter_next(members, it)) {
		table_put(t, "%s.%s", group, json_object_iter_key(it));
		table_put(t, "%lld", (long long)json_integer_value(json_object_iter_value(it)));
	}
}

static enum status
show_counters(const struct args *a, json_t *body)
{
	char titles[] = "COUNTER|+VALUE";
	struct table t;

	(void)a;
	table_init(&t, titles);
	for (void *g = json_object_iter(body); g != NULL; g = json_object_iter_next(body, g))
		put_counters(&t, json_object_iter_key(g), json_object_iter_value(g));
	table_print(&t, stdout);
	table_fini(&t);
	return STATUS_DONE;
}

static enum status
show_neighbours(const struct args *a, json_t *body)
{
	char titles[] = "PORT|ADDRESS|MAC|STATE";
	struct table t;
	json_t *n;

	(void)a;
	table_init(&t, titles);
	for (size_t i = 0; (n = json_array_get(json_object_get(body, "neighbours"), i)) != NULL; i++) {
		table_put(&t, "%s", json_text(n, "port"));
		table_put(&t, "%s", json_text(n, "address"));
		table_put(&t, "%s", json_text(n, "mac"));
		table_put(&t, "%s", json_text(n, "state"));
	}
	table_print(&t, stdout);
	table_fini(&t);
	return STATUS_DONE;
}

static enum status
show_config(const struct args *a, json_t *body)
{
	(void)a;
	fputs(json_text(body, "yaml"), stdout);
	return STATUS_DONE;
}

/* ------------------------------------------------------------------ commands */

static const struct {
	const char *what, *target;
	bool paged;
	enum status (*show)(const struct args *a, json_t *body);
} shows[] = {
	{"links", "links", true, show_links},
	{"quality", "links", true, show_quality},
	{"bundles", "bundles", true, show_bundles},
	{"load", "bundles", true, show_load},
	{"prefixes", "bundles", true, show_prefixes},
	{"ports", "ports", false, show_ports},
	{"workers", "workers", false, show_workers},
	{"drops", "drops", false, show_drops},
	{"counters", "counters", false, show_counters},
	{"neighbours", "neighbours", false, show_neighbours},
	{"config", "config", false, show_config},
};

enum status
show_command(const struct args *a)
{
	enum status status;
	char target[64];
	json_t *body;

	for (size_t i = 0; a->n == 2 && i < sizeof(shows) / sizeof(shows[0]); i++) {
		if (strcmp(shows[i].what, a->words[1]) != 0)
			continue;
		snprintf(target, sizeof(target), "/%s", shows[i].target);
		status = shows[i].paged ? client_get_all(&a->client, shows[i].target, &body)
					: client_get(&a->client, target, &body);
		if (status != STATUS_DONE)
			return status;
		if (a->json)
			print_json(body);
		else
			status = shows[i].show(a, body);
		json_decref(body);
		return status;
	}
	fputs("hawserctl: show links, quality, bundles, load, prefixes, ports, workers, drops, counters, neighbours or config\n",
		stderr);
	return STATUS_USAGE;
}

static void
explain_print(const json_t *l)
{
	say("%s: %s", json_text(l, "name"), json_text(l, "phase"));
	if (*json_text(l, "port") != '\0' && json_number(l, "session") != 0)
		say("    session %llu on %s, peer %s%s%s", (unsigned long long)json_number(l, "session"),
			json_text(l, "port"), json_text(l, "peer_mac"), *json_text(l, "user") ? ", user " : "",
			json_text(l, "user"));
	if (json_number(l, "our_mru") != 0)
		say("    MRU %llu (ours) / %llu (peer's), MRRU %llu / %llu",
			(unsigned long long)json_number(l, "our_mru"), (unsigned long long)json_number(l, "peer_mru"),
			(unsigned long long)json_number(l, "our_mrru"),
			(unsigned long long)json_number(l, "peer_mrru"));
	if (json_number(l, "next_dial_in_ms") != 0)
		say("    dials again in %.1f s, %llu redials so far", (double)json_number(l, "next_dial_in_ms") / 1000,
			(unsigned long long)json_number(l, "redials"));
	say("    %s", *json_text(l, "explain") ? json_text(l, "explain") : "nothing has happened yet");
}

enum status
explain_command(const struct args *a)
{
	char name[256], target[300];
	enum status status;
	json_t *body;

	if (a->n != 2) {
		fputs("hawserctl: explain LINK; show links has their names\n", stderr);
		return STATUS_USAGE;
	}
	client_escape(name, sizeof(name), a->words[1]);
	snprintf(target, sizeof(target), "/explain?link=%s", name);
	status = client_get(&a->client, target, &body);
	if (status != STATUS_DONE)
		return status;
	if (a->json)
		print_json(body);
	else
		explain_print(body);
	json_decref(body);
	return STATUS_DONE;
}

enum status
link_command(const struct args *a)
{
	char name[256], target[300];
	enum status status;
	json_t *body;

	if (a->n != 3 || (strcmp(a->words[1], "up") != 0 && strcmp(a->words[1], "down") != 0)) {
		fputs("hawserctl: link up NAME, or link down NAME\n", stderr);
		return STATUS_USAGE;
	}
	client_escape(name, sizeof(name), a->words[2]);
	snprintf(target, sizeof(target), "/links/%s/%s", name, a->words[1]);
	status = client_call(&a->client, "POST", target, 10, &body);
	if (status == STATUS_DONE && a->json)
		print_json(body);
	json_decref(body);
	return status;
}

enum status
version_command(const struct args *a)
{
	enum status status;
	json_t *body;

	status = client_get(&a->client, "/version", &body);
	if (status != STATUS_DONE)
		return status;
	if (a->json)
		print_json(body);
	else
		printf("hawserd %s (commit %s), %s\n%s\nprocess %s, pid %llu, up %s\n", json_text(body, "version"),
			json_text(body, "commit"), json_text(body, "dpdk"), json_text(body, "build"),
			json_text(body, "name"), (unsigned long long)json_number(body, "pid"),
			text_age(json_number(body, "started_ms")));
	json_decref(body);
	return STATUS_DONE;
}
