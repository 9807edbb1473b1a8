/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/hawserctl/commands.h"
#include "tools/hawserctl/follow.h"

/* wait bundle, wait link: by event, with a bound. A daemon that is not there (yet) is waited for too. */

enum { AGAIN_MS = 100 };

struct goal {
	bool bundle, up; /* up: of a link */
	int links;
	const char *name;
};

static bool
reached_by(const struct goal *g, const json_t *o)
{
	if (g->bundle)
		return json_flag(o, "up") && (g->links == LINKS_ANY || json_number(o, "links") == (uint64_t)g->links);
	return (strcmp(json_text(o, "phase"), "open") == 0) == g->up;
}

static enum status
look(const struct client *c, const struct goal *g, bool *reached)
{
	const char *what = g->bundle ? "bundles" : "links";
	json_t *body, *o;
	enum status status;
	bool found = false;

	status = client_get_all(c, what, &body);
	if (status != STATUS_DONE)
		return status;
	*reached = false;
	for (size_t i = 0; (o = json_array_get(json_object_get(body, what), i)) != NULL; i++) {
		if (strcmp(json_text(o, "name"), g->name) == 0) {
			found = true;
			*reached |= reached_by(g, o);
		}
	}
	/* What is gone is down, and has no links. */
	if (!found)
		*reached = g->bundle ? g->links == 0 : !g->up;
	json_decref(body);
	return STATUS_DONE;
}

/* The events' number is taken before the look, so that nothing can happen in between unseen. */
static enum status
wait_once(const struct client *c, const struct goal *g, double end_s, bool *reached)
{
	struct follow f;
	enum status status = follow_start(&f, c);

	while (status == STATUS_DONE) {
		json_t *events;
		double left;

		status = look(c, g, reached);
		left = end_s - clock_s();
		if (status != STATUS_DONE || *reached || left <= 0 || interrupted())
			return status;
		/* Whole seconds: the last one is spent in shorter looks. */
		if (left < 1) {
			sleep_until(clock_s() + (double)AGAIN_MS / 1000);
			continue;
		}
		status = follow_next(&f, left > 10 ? 10 : (unsigned)left, &events);
		json_decref(events);
	}
	return status;
}

static enum status
wait_for(const struct args *a, const struct goal *g)
{
	const double end_s = a->timeout_s >= 0 ? clock_s() + a->timeout_s : 1e18;
	struct client c = a->client;
	enum status status;
	bool reached = false;

	c.quiet = true;
	for (;;) {
		status = wait_once(&c, g, end_s, &reached);
		if (reached && status == STATUS_DONE)
			return STATUS_DONE;
		if (clock_s() >= end_s || interrupted())
			break;
		sleep_until(clock_s() + (double)AGAIN_MS / 1000);
	}
	if (status == STATUS_NO_DAEMON) {
		fprintf(stderr, "hawserctl: no hawserd is running behind %s\n", a->client.socket);
		return STATUS_NO_DAEMON;
	}
	if (!interrupted())
		fprintf(stderr, "hawserctl: %s %s is not there after %g s\n", g->bundle ? "bundle" : "link", g->name,
			a->timeout_s);
	return STATUS_TIMEOUT;
}

enum status
wait_command(const struct args *a)
{
	const bool bundle = a->n == 3 && strcmp(a->words[1], "bundle") == 0;
	const bool link = a->n == 4 && strcmp(a->words[1], "link") == 0 &&
		(strcmp(a->words[3], "up") == 0 || strcmp(a->words[3], "down") == 0);
	const struct goal goal = {
		.bundle = bundle,
		.up = link && strcmp(a->words[3], "up") == 0,
		.links = a->links,
		.name = bundle || link ? a->words[2] : NULL,
	};

	if (!bundle && !link) {
		fputs("hawserctl: wait bundle NAME [--links N] [--timeout S], or wait link NAME up|down [--timeout S]\n",
			stderr);
		return STATUS_USAGE;
	}
	return wait_for(a, &goal);
}
