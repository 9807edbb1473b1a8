/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_DEMAND_H
#define CONTROL_DEMAND_H

#include "control/control.h"

/* Clients that are dialled on demand. While such a client's bundle is down, its routes lead to control; the packets that come are what
 * dials it, and wait here, in a place of fixed size, until the bundle has its routes. Then they go their way in the order in which they came.
 * What finds no room, waits too long or waits for a client that gives up is dropped and counted (struct control_counters). */

enum {
	DEMAND_PACKETS = 256,       /* of all clients */
	DEMAND_CLIENT_PACKETS = 32, /* of one */
	DEMAND_WAIT_MS = 30 * 1000,
};

struct demand;

/* Sets c->demand, which stays NULL unless a client is dialled on demand. False: no memory. */
bool demand_new(struct control *c);
void demand_free(struct demand *d);
/* Sets the clients' routes. Once, after those of the IP ports. */
void demand_start(struct control *c);
/* A packet that the data plane gave to control (DP_FROM_IP_PORT, DP_FROM_ROUTE). True: it was for an on-demand client, and is taken. */
bool demand_input(struct control *c, const struct dp_punted *p, uint64_t now_ms);
void demand_tick(struct control *c, uint64_t now_ms);
uint64_t demand_deadline_ms(const struct control *c);

#endif
