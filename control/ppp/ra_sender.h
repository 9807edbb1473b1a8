/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_RA_SENDER_H
#define CONTROL_PPP_RA_SENDER_H

#include <stdbool.h>
#include <stdint.h>

#include "control/ppp/host.h"

/* When an interface sends router advertisements (RFC 4861 sections 6.2.4 and 6.2.6): three soon after it came up, then now and then, and in
 * answer to solicitations. What is in them is the caller's. */

enum {
	RA_INTERVAL_MAX_MS = 600 * 1000, /* MaxRtrAdvInterval */
	RA_INTERVAL_MIN_MS = 198 * 1000, /* 0.33 of it */
	RA_INITIAL = 3,
	RA_INITIAL_INTERVAL_MS = 16 * 1000,
	RA_ANSWER_DELAY_MS = 500, /* MAX_RA_DELAY_TIME */
	RA_GAP_MS = 3 * 1000,     /* MIN_DELAY_BETWEEN_RAS */
	RA_ROUTER_S = 3 * RA_INTERVAL_MAX_MS / 1000,
};

/* Zero: it is silent. */
struct ra_sender {
	host_random_fn *random; /* not NULL: it sends */
	void *random_ctx;
	unsigned sent;
	uint64_t last_ms, next_ms; /* to all nodes */
	uint64_t answer_ms;        /* to one that asked; UINT64_MAX: nobody has */
	struct ip_addr asker;
};

/* The first one is due at once. */
void ra_sender_start(struct ra_sender *s, host_random_fn *random, void *random_ctx, uint64_t now_ms);
void ra_sender_stop(struct ra_sender *s);
/* A solicitation came; from the unspecified address all nodes hear the answer. */
void ra_sender_solicited(struct ra_sender *s, const struct ip_addr *from, uint64_t now_ms);
/* True: one is due now, to *dst. Ask until false. */
bool ra_sender_next(struct ra_sender *s, uint64_t now_ms, struct ip_addr *dst);
uint64_t ra_sender_deadline_ms(const struct ra_sender *s); /* UINT64_MAX: asleep */

#endif
