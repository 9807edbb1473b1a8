/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_API_H
#define CONTROL_API_H

#include "control/control.h"

/* HTTP and JSON over a UNIX socket: hawserctl, curl --unix-socket, and monitoring. Its mode is 0600, for root and our own user; with a group for
 * operators or viewers it is 0660 and the group's. Operators may do what root may, viewers only GET. Who asks is known by the credentials that
 * the kernel took when he connected, and judged with each request.
 *
 *   GET /version /ports /workers /drops /counters /config /neighbours
 *   GET /links /bundles              [?from=CURSOR&limit=N]   pages; "next" is there while more follows
 *   GET /explain?link=NAME
 *   GET /events?after=N&wait=S       what happened after event N; waits up to S seconds for the first
 *   POST /links/NAME/up  /links/NAME/down  /trace/NAME?on=1
 *
 * Errors are {"error": "..."} with a status that fits. Nothing answers with a secret. */

struct api;

enum {
	API_PAGE_MAX = 500,
	API_WAITING_MAX = 64,     /* requests that wait for counters or events */
	API_WAITING_VIEWERS = 48, /* so many of them may be viewers' */
	API_WAIT_MAX_MS = 60000,  /* for events */
	API_SNAPSHOT_MS = 500,    /* for counters; then it answers with what there is */
	API_SNAPSHOT_AGE_MS = 10, /* younger counters need no new question */
};

/* Opens the socket, before the devices are touched: a second daemon with the same socket stops here. NULL: *why (static) says what, and
 * *field, which of p's it is about. */
struct api *api_open(const struct config_process *p, char *const **field, const char **why);
/* Serves it in c->base. -ENOMEM. */
int api_start(struct control *c);
/* Closes all connections; removes the socket. */
void api_close(struct api *a);

void api_tick(struct control *c, uint64_t now_ms);
uint64_t api_deadline_ms(const struct control *c); /* UINT64_MAX: nobody waits */

#endif
