/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_EVENTS_H
#define CONTROL_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "control/ppp/host.h"

/* The last events, for hawserctl: a ring of fixed size, so that a reader who is too slow misses some and sees from the numbers that
 * he did. */

enum { EVENTS_KEPT = 2048, EVENT_NAME_MAX = 128, EVENT_TEXT_MAX = 512 };

struct event_record {
	uint64_t seq;     /* from 1, without gaps */
	uint64_t wall_ms; /* since 1970 */
	const char *kind; /* static: "link-up", "trace", ... */
	char link[EVENT_NAME_MAX];
	char bundle[EVENT_NAME_MAX];
	char text[EVENT_TEXT_MAX];
	bool has_facts; /* about a link or bundle that came or went */
	struct host_facts facts;
};

struct events;

struct events *events_new(void);
void events_free(struct events *e);
/* Cuts what is too long; link and bundle may be "", facts NULL. The record is valid until the next events_add. */
const struct event_record *events_add(struct events *e, uint64_t wall_ms, const char *kind, const char *link,
	const char *bundle, const char *text, const struct host_facts *facts);
/* Number of the newest event; 0: none yet. */
uint64_t events_last(const struct events *e);
/* The oldest event kept with a number above `after`; NULL: none. Valid until the next events_add. */
const struct event_record *events_next(const struct events *e, uint64_t after);

#endif
