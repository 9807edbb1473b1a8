/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TOOLS_HAWSERCTL_FOLLOW_H
#define TOOLS_HAWSERCTL_FOLLOW_H

#include "tools/hawserctl/client.h"

/* A reader of the daemon's events. */
struct follow {
	const struct client *client;
	uint64_t next;   /* number of the last event seen */
	uint64_t missed; /* since somebody set it to 0 */
};

/* From now on. */
enum status follow_start(struct follow *f, const struct client *c);
/* The next events, after at most wait_s seconds (then there are none). The caller gives the array back. */
enum status follow_next(struct follow *f, unsigned wait_s, json_t **events);

#endif
