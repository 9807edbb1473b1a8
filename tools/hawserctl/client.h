/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TOOLS_HAWSERCTL_CLIENT_H
#define TOOLS_HAWSERCTL_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Speaks HTTP with a hawserd over its UNIX socket: one request a connection. */

/* Exit status of hawserctl(1); functions answer with it. */
enum status {
	STATUS_DONE = 0,
	STATUS_FAILED = 1,    /* the daemon refused, or answered nonsense */
	STATUS_USAGE = 2,     /* wrong arguments */
	STATUS_TIMEOUT = 3,   /* wait: it did not happen in time */
	STATUS_NO_DAEMON = 4, /* nobody answers on the socket */
};

struct client {
	const char *socket;
	bool quiet; /* do not say what went wrong */
};

/* The reply's body, which the caller gives back with json_decref; NULL if the status is not STATUS_DONE. What goes wrong is said on
 * stderr. wait_s: longest silence. */
enum status client_call(const struct client *c, const char *method, const char *target, unsigned wait_s, json_t **body);
enum status client_get(const struct client *c, const char *target, json_t **body);
/* All pages of /links or /bundles, as one reply. */
enum status client_get_all(const struct client *c, const char *what, json_t **body);

/* Name as part of a target, in place; cap as of the result. */
void client_escape(char *out, size_t cap, const char *name);

/* Members of a JSON object, with a value for absence. */
const char *json_text(const json_t *o, const char *key);
uint64_t json_number(const json_t *o, const char *key);
bool json_flag(const json_t *o, const char *key);

#endif
