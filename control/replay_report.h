/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_REPLAY_REPORT_H
#define CONTROL_REPLAY_REPORT_H

#include <stdint.h>
#include <stdio.h>

#include "control/ppp/observer.h"
#include "control/replay.h"
#include "control/replay_pcap.h"
#include "dataplane/api/replay.h"

/* The state of a replay, and what it says at the end. */

enum { REPLAY_REFUSALS_SHOWN = 16 };

struct replay_direction {
	uint64_t packets, bytes;
};

struct replay {
	const struct replay_options *options;
	struct dp_replay *dp;
	struct dataplane *plane;
	struct dp_replay_sink sink;
	struct observer *observer;
	struct captures captures;
	struct packet_file out;
	uint64_t start_ns, end_ns; /* times of the first and last frame */
	struct dp_punted punted;
	struct {
		uint64_t sessions_failed; /* the data plane had no room for them */
	} counts;
	char *refusals[REPLAY_REFUSALS_SHOWN];
	unsigned n_refusals;
	struct {
		struct replay_direction from[OBSERVER_ENDS];
	} of[OBSERVER_BUNDLES_MAX];
};

/* Keeps for the end why a session became no link. */
void report_refused(struct replay *r, const struct observer_effect *e);
void report_print(struct replay *r, FILE *f);
void report_free(struct replay *r);

#endif
