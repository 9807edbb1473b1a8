/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_RATE_LIMIT_H
#define CONTROL_PPP_RATE_LIMIT_H

#include <stdint.h>

#include "dataplane/wire/eth.h"

/* Token buckets: one in total and one a MAC, in memory that does not grow with the number of MACs. A bucket holds one second's
 * worth, so that is the burst. */

enum { RATE_LIMIT_SETS = 1024, RATE_LIMIT_WAYS = 4 };

struct rate_bucket {
	uint64_t at_ms;
	uint64_t milli; /* thousandths of a token */
};

struct rate_slot {
	struct mac mac; /* zero: empty */
	struct rate_bucket bucket;
};

struct rate_limit {
	uint32_t total_per_s, mac_per_s; /* 0: no limit */
	uint64_t seed;
	struct rate_bucket total;
	struct rate_slot slots[RATE_LIMIT_SETS][RATE_LIMIT_WAYS];
};

enum rate_verdict { RATE_OK, RATE_MAC, RATE_TOTAL };

/* seed: unpredictable, or a sender could choose MACs that push each other out. */
void rate_limit_init(struct rate_limit *r, uint32_t total_per_s, uint32_t mac_per_s, uint64_t seed, uint64_t now_ms);
/* Takes a token from the MAC's bucket, then from the total: a loud MAC does not use up the total. */
enum rate_verdict rate_limit_take(struct rate_limit *r, const struct mac *m, uint64_t now_ms);

#endif
