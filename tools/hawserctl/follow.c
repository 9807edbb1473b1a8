/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tools/hawserctl/commands.h"
#include "tools/hawserctl/follow.h"
#include "tools/hawserctl/table.h"

enum status
follow_start(struct follow *f, const struct client *c)
{
	json_t *body;
	const enum status status = client_get(c, "/events?after=18446744073709551615", &body);

	f->client = c;
	f->next = status == STATUS_DONE ? json_number(body, "next") : 0;
	f->missed = 0;
	json_decref(body);
	return status;
}

enum status
follow_next(struct follow *f, unsigned wait_s, json_t **events)
{
	char target[96];
	json_t *body;
	enum status status;

	snprintf(target, sizeof(target), "/events?after=%llu&wait=%u", (unsigned long long)f->next, wait_s);
	status = client_call(f->client, "GET", target, wait_s + 10, &body);
	*events = NULL;
	if (status != STATUS_DONE)
		return status;
	f->next = json_number(body, "next");
	f->missed += json_number(body, "missed");
	*events = json_incref(json_object_get(body, "events"));
	json_decref(body);
	return STATUS_DONE;
}

/* ------------------------------------------------------------------ events */

static void
print_event(const struct args *a, const json_t *e)
{
	const uint64_t ms = json_number(e, "time_ms");
	const time_t s = (time_t)(ms / 1000);
	char when[32];
	struct tm tm;

	if (a->json) {
		print_json(e);
		return;
	}
	localtime_r(&s, &tm);
	strftime(when, sizeof(when), "%H:%M:%S", &tm);
	say("%s.%03u %-12s %s", when, (unsigned)(ms % 1000), json_text(e, "kind"), json_text(e, "text"));
}

static void
print_events(const struct args *a, const json_t *events, const char *trace_of)
{
	json_t *e;

	for (size_t i = 0; (e = json_array_get(events, i)) != NULL; i++) {
		const bool trace = strcmp(json_text(e, "kind"), "trace") == 0;

		if (trace_of == NULL ? !trace : strcmp(json_text(e, "link"), trace_of) == 0)
			print_event(a, e);
	}
	fflush(stdout);
}

/* Until the end of time, or end_s. A wait is cut into pieces so that Ctrl-C and the end are noticed. */
static enum status
follow_loop(const struct args *a, struct follow *f, double end_s, const char *trace_of)
{
	while (!interrupted() && clock_s() < end_s) {
		const double left = end_s - clock_s();
		json_t *events;
		const enum status status = follow_next(f, left > 30 ? 30 : (unsigned)(left + 0.999), &events);

		if (status != STATUS_DONE)
			return interrupted() ? STATUS_DONE : status;
		if (f->missed != 0)
			fprintf(stderr, "hawserctl: %llu events were missed\n", (unsigned long long)f->missed);
		f->missed = 0;
		print_events(a, events, trace_of);
		json_decref(events);
	}
	return STATUS_DONE;
}

enum status
events_command(const struct args *a)
{
	struct follow f = {.client = &a->client};
	enum status status = STATUS_DONE;
	size_t n;

	/* What is kept of the past, which may be more than one reply holds. */
	do {
		json_t *events;

		status = follow_next(&f, 0, &events);
		if (status != STATUS_DONE)
			return status;
		f.missed = 0;
		n = json_array_size(events);
		print_events(a, events, NULL);
		json_decref(events);
	} while (n != 0);
	return a->follow ? follow_loop(a, &f, 1e18, NULL) : STATUS_DONE;
}

/* ------------------------------------------------------------------ trace */

static enum status
trace_switch(const struct args *a, bool on)
{
	char name[256], target[300];
	enum status status;
	json_t *body;

	client_escape(name, sizeof(name), a->words[1]);
	snprintf(target, sizeof(target), "/trace/%s?on=%d", name, on);
	status = client_call(&a->client, "POST", target, 10, &body);
	json_decref(body);
	return status;
}

enum status
trace_command(const struct args *a)
{
	struct follow f;
	enum status status;

	if (a->n != 2) {
		fputs("hawserctl: trace LINK [-n SECONDS]; show links has their names\n", stderr);
		return STATUS_USAGE;
	}
	status = follow_start(&f, &a->client);
	if (status == STATUS_DONE)
		status = trace_switch(a, true);
	if (status != STATUS_DONE)
		return status;
	status = follow_loop(a, &f, a->count >= 0 ? clock_s() + (double)a->count : 1e18, a->words[1]);
	if (status == STATUS_DONE)
		status = trace_switch(a, false);
	return status;
}
