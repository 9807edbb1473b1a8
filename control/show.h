/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_SHOW_H
#define CONTROL_SHOW_H

#include <jansson.h>

#include "control/control.h"
#include "control/events.h"

/* The state as JSON. Each returns a new reference, or NULL when memory is out. */

/* Page of links or bundles: at most n, from *cursor on, which moves behind them. */
json_t *show_links(struct control *c, unsigned *cursor, unsigned n);
json_t *show_bundles(struct control *c, unsigned *cursor, unsigned n);
json_t *show_link(struct control *c, const char *name); /* json_null(): no such link */

json_t *show_ports(struct control *c);
json_t *show_workers(struct control *c);
json_t *show_drops(struct control *c);
json_t *show_counters(struct control *c);
json_t *show_neighbours(struct control *c);
json_t *show_config(struct control *c);
json_t *show_version(struct control *c);
json_t *show_event(const struct control *c, const struct event_record *e);

#endif
