/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_REPLAY_H
#define DATAPLANE_REPLAY_H

#include "dataplane/api/replay.h"
#include "dataplane/burst.h"

/* The last stage of path_replay(): packets to the sink, and control in between. Takes all of the burst. */
void replay_out(struct dp_replay *r, struct burst *b);

#endif
