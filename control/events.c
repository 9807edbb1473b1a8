/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/events.h"

#include <stdio.h>
#include <stdlib.h>

struct events {
	uint64_t last;
	struct event_record ring[EVENTS_KEPT];
};

struct events *
events_new(void)
{
	return calloc(1, sizeof(struct events));
}

void
events_free(struct events *e)
{
	free(e);
}

const struct event_record *
events_add(struct events *e, uint64_t wall_ms, const char *kind, const char *link, const char *bundle, const char *text,
	const struct host_facts *facts)
{
	struct event_record *r = &e->ring[++e->last % EVENTS_KEPT];

	r->seq = e->last;
	r->wall_ms = wall_ms;
	r->kind = kind;
	snprintf(r->link, sizeof(r->link), "%s", link);
	snprintf(r->bundle, sizeof(r->bundle), "%s", bundle);
	snprintf(r->text, sizeof(r->text), "%s", text);
	r->has_facts = facts != NULL;
	if (facts != NULL)
		r->facts = *facts;
	return r;
}

uint64_t
events_last(const struct events *e)
{
	return e->last;
}

const struct event_record *
events_next(const struct events *e, uint64_t after)
{
	const uint64_t oldest = e->last > EVENTS_KEPT ? e->last - EVENTS_KEPT + 1 : 1;
	const uint64_t seq = after >= oldest ? after + 1 : oldest;

	return after >= e->last ? NULL : &e->ring[seq % EVENTS_KEPT];
}
