/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_ADDRESS_CLAIM_H
#define CONTROL_ADDRESS_CLAIM_H

#include <stdbool.h>
#include <stdint.h>

/* One IPv4 address of ours on an IP port and whether somebody else has it, too (RFC 5227). Pure: the caller sends what is to be sent. An address
 * that is held is never given up, which section 2.4 (c) leaves to routers, but it is defended once in CLAIM_DEFEND_MS at most, so that two who
 * defend do not shout at each other. One that was found taken before its use is probed for again. */

enum { /* section 1.1 */
	CLAIM_PROBES = 3,
	CLAIM_PROBE_WAIT_MS = 1000,
	CLAIM_PROBE_MIN_MS = 1000,
	CLAIM_PROBE_MAX_MS = 2000,
	CLAIM_ANNOUNCE_WAIT_MS = 2000,
	CLAIM_ANNOUNCES = 2,
	CLAIM_ANNOUNCE_MS = 2000,
	CLAIM_DEFEND_MS = 10 * 1000,
	CLAIM_AGAIN_MS = 60 * 1000,
};

enum claim_state { CLAIM_NONE, CLAIM_PROBING, CLAIM_PROBED, CLAIM_HELD, CLAIM_TAKEN };

enum claim_do {
	CLAIM_NOTHING,
	CLAIM_PROBE,    /* send an ARP probe */
	CLAIM_TAKE,     /* it is ours from now on: use it, and announce it */
	CLAIM_ANNOUNCE, /* announce it */
	CLAIM_REFUSED,  /* it is somebody else's, and not used */
};

struct address_claim {
	uint8_t state; /* enum claim_state */
	uint8_t left;  /* probes or announcements to come */
	bool defended;
	uint64_t due_ms;      /* of the next step; UINT64_MAX: none */
	uint64_t defended_ms; /* when it last was */
};

/* probe: find out first; else it is held at once, and the caller announces it. random: any number. */
void address_claim_begin(struct address_claim *c, bool probe, uint32_t random, uint64_t now_ms);
/* At due_ms or later. */
enum claim_do address_claim_tick(struct address_claim *c, uint32_t random, uint64_t now_ms);
/* Another device spoke as if it had the address, or while it is not held yet, probed for it, too. */
enum claim_do address_claim_conflict(struct address_claim *c, uint64_t now_ms);

#endif
