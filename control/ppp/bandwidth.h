/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_BANDWIDTH_H
#define CONTROL_PPP_BANDWIDTH_H

#include <stdbool.h>
#include <stdint.h>

#include "control/ppp/host.h"

/* Bandwidth management of one bundle, as mpd does it: whether what its links carried over the last period calls for one link more, or for
 * one less. The period is cut into six slots; each direction is added up for itself and compared with what the lines could have carried
 * in it. Knows no links: whoever asks opens and closes them, and says that he did. */

/* What the bundle's links carried since the last sample. */
struct bandwidth_sample {
	uint64_t rx_bytes, tx_bytes;
	uint64_t rx_bps,
		tx_bps; /* of the lines together, now; 0: not known, and the direction never calls for anything */
	uint64_t span_ms;
};

struct bandwidth_slot {
	uint64_t rx_bits, tx_bits;           /* carried */
	uint64_t rx_room_bits, tx_room_bits; /* could have been */
};

struct bandwidth {
	struct bandwidth_slot slots[HOST_BANDWIDTH_SLOTS]; /* newest first */
	unsigned n;                                        /* slots measured so far */
	bool has_opened, has_closed;
	uint64_t opened_ms, closed_ms; /* the last time */
};

enum bandwidth_verdict {
	BANDWIDTH_STAY,
	BANDWIDTH_OPEN,  /* min_connect has passed, and at least one direction is at or above high water */
	BANDWIDTH_CLOSE, /* min_disconnect has passed, and both are below low water */
};

/* The bundle has come up: nothing is measured, nothing was opened or closed. */
void bandwidth_begin(struct bandwidth *b);
/* How far samples are apart. */
uint32_t bandwidth_slot_ms(const struct host_bandwidth *cfg);
/* Takes a sample, which pushes the oldest of six out, and judges all. */
enum bandwidth_verdict bandwidth_sample(
	struct bandwidth *b, const struct host_bandwidth *cfg, const struct bandwidth_sample *s, uint64_t now_ms);
/* What was called for was done: the next one of its kind is called for min_connect, min_disconnect later at the earliest. */
void bandwidth_opened(struct bandwidth *b, uint64_t now_ms);
void bandwidth_closed(struct bandwidth *b, uint64_t now_ms);

/* What was carried in thousandths of what could have been; 0 where that is not known. */
struct bandwidth_use {
	uint32_t rx_permille, tx_permille;
};
struct bandwidth_use bandwidth_use_of(const struct bandwidth_slot *slot);
struct bandwidth_use bandwidth_use(const struct bandwidth *b); /* over all slots */

#endif
