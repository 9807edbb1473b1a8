/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_PATH_H
#define DATAPLANE_PATH_H

#include "dataplane/worker.h"

/* The four ways of a packet; see path.c. Each handles one burst and returns how many frames it took in. */
unsigned path_from_links(struct worker *w, struct port *p, uint16_t queue);
unsigned path_steered(struct worker *w);
unsigned path_to_links(struct worker *w, struct port *p, uint16_t queue);
unsigned path_injected(struct worker *w);
void path_timers(struct worker *w);

/* --replay: from links, up to the packets as the MP stage delivers them. */
struct dp_replay;
unsigned path_replay(struct worker *w, struct port *p, uint16_t queue, struct dp_replay *r);
void path_replay_timers(struct worker *w, struct dp_replay *r);

#endif
