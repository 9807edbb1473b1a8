/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TOOLS_SENDING_MODES_MODEL_H
#define TOOLS_SENDING_MODES_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/mp/sched.h"

/* One bundle, from its queue to the packets that its peer delivers, on a virtual clock. How packets are cut, paced and put together
 * again is the code that ships (sched, pacing, reasm, window); the queue, the room that lines must have before a packet is cut, and the
 * deadline of the window follow dataplane/bundle.c, stage_mp_tx.c and stage_mp_rx.c in what they do to a bundle whose lines all carry
 * data: there are no null fragments, and time has no turns. The same case gives the same figures each time. */

enum { MODEL_LINES_MAX = 8 };

struct model_line {
	uint64_t rate_bps;
	uint32_t latency_us;
	uint32_t loss_ppm; /* of its frames */
	uint8_t cost;
};

enum model_traffic {
	MODEL_LONE, /* packets of packet_bytes, each when the one before has long arrived */
	MODEL_SAME, /* packets of packet_bytes at random times (Poisson) */
	MODEL_MIX,  /* packets of 40, 576 and 1500 bytes, 7 : 4 : 1, at random times */
};

struct model_case {
	struct sched_config sched;
	unsigned n_lines;
	struct model_line line[MODEL_LINES_MAX];
	enum model_traffic traffic;
	uint16_t packet_bytes; /* of IP */
	unsigned load_percent; /* of the joint rate, if each packet were one frame; not for MODEL_LONE */
	unsigned packets;
	uint64_t seed;
};

struct model_result {
	unsigned delivered;
	unsigned refused;    /* the bundle's queue was full */
	unsigned lost;       /* accepted, not delivered */
	unsigned hit;        /* accepted, and a line has lost a frame of them: what must be lost, and no more */
	unsigned disordered; /* delivered behind a later one, or not whole: 0, or something is broken */
	uint64_t frames;
	double packets_per_s, frames_per_s,
		goodput_bps; /* delivered, sent, delivered IP bytes; from the first arrival to the last delivery */
	double delay_us, delay_p50_us, delay_p99_us, delay_max_us; /* arrival at the queue to delivery */
	double jitter_us;              /* mean difference of the delays of one packet and the next */
	double share[MODEL_LINES_MAX]; /* of the line bytes */
};

/* False: no memory. */
bool model_run(const struct model_case *c, struct model_result *r);

#endif
