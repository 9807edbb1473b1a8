/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_API_REPLAY_H
#define DATAPLANE_API_REPLAY_H

#include <stddef.h>
#include <stdint.h>

#include "dataplane/api/dataplane.h"

/* Captured frames through the shipped stages, from the port up to the inner protocol, on a clock that the caller moves: one worker, no
 * thread, no device, no root. The same calls give the same packets. Frames are taken whatever MAC they are for, so both directions of
 * a session can be looked at, each as a session of its own. Nothing is ever sent. */

enum {
	DP_REPLAY_PORTS_MAX = 32, /* DPDK's number of ports */
	DP_REPLAY_BUNDLES_MAX = 8192,
};

/* The clock at the beginning. */
#define DP_REPLAY_START_NS UINT64_C(1000000000)

struct dp_replay;

/* Called from within the three functions below that take one. */
struct dp_replay_sink {
	/* A packet as the MP stage delivers it, from its first byte behind the PPP protocol field on. */
	void (*packet)(void *ctx, uint32_t bundle, const uint8_t *bytes, size_t len, uint64_t now_ns);
	/* After each packet, control protocols among them: read what was punted now, and what is commanded in answer counts for the
	 * packet behind it. Only DP_CMD_BUNDLE_SET may be commanded from here. */
	void (*control)(void *ctx);
	void *ctx;
};

/* Starts EAL. 0, or negative errno and *why as dataplane_start() has it. */
int dp_replay_open(unsigned ports, struct dp_replay **replay, const char **why);
/* NULL is fine. EAL ends with it. */
void dp_replay_close(struct dp_replay *r);
/* For sessions, commands, punted frames and counters. */
struct dataplane *dp_replay_dataplane(struct dp_replay *r);

/* Time passes, to now_ns or, if that is UINT64_MAX, until no window waits for anything: what the deadlines on the way release is
 * delivered at their times. Time never runs backward. */
void dp_replay_pass(struct dp_replay *r, uint64_t now_ns, const struct dp_replay_sink *sink);
/* The frame arrives at a port, now. */
void dp_replay_frame(
	struct dp_replay *r, unsigned port, const uint8_t *bytes, size_t len, const struct dp_replay_sink *sink);
/* Carries out a command, now, and what it releases is delivered. */
void dp_replay_command(struct dp_replay *r, const struct dp_cmd *cmd, const struct dp_replay_sink *sink);

#endif
