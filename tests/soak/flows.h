/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_SOAK_FLOWS_H
#define TESTS_SOAK_FLOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The packets of the soak: what is sent, and whether what comes is it. One flow a subscriber and direction. Every packet carries its
 * flow, its number in it, when it was made, and a pattern. Nothing here knows DPDK. */

enum flow_side { SIDE_LEFT, SIDE_RIGHT, SIDES }; /* behind the client, behind the concentrator */

enum {
	FLOW_TTL = 64,
	FLOW_HOPS = 2,        /* client and concentrator */
	FLOW_HDR = 28,        /* IPv4 and UDP */
	FLOW_PACKET_MIN = 48, /* with magic, flow, number and time */
	FLOW_PACKET_MAX = 1500,
};

enum flow_verdict {
	FLOW_NEXT,    /* the number behind the last one */
	FLOW_GAP,     /* others before it have not come */
	FLOW_LATE,    /* older than the last one, or the same: reordered or doubled */
	FLOW_CORRUPT, /* ours, but not as it was sent */
	FLOW_FOREIGN, /* nothing of ours */
};

struct flow {
	uint32_t next_tx, next_rx;
	bool seen; /* something came since flows_mark() */
};

struct flows {
	unsigned n;
	struct flow *of[SIDES]; /* by the side that sends */
};

struct flow_seen {
	unsigned flow;
	uint32_t missing; /* FLOW_GAP: how many */
	uint64_t made_ns;
};

int flows_init(struct flows *f, unsigned n);
void flows_fini(struct flows *f);
/* A new beginning: what has not come by now is lost, and no gap. */
void flows_mark(struct flows *f);
/* How many of the first flows of the side that sends nothing came of since then. */
unsigned flows_silent(const struct flows *f, enum flow_side from, unsigned first);

/* Addresses in host order: 10.1.0.0 and up to the left, 10.2.0.0 and up to the right. */
uint32_t flow_address(enum flow_side side, unsigned flow);

/* Writes the flow's next packet, total bytes long, at p. */
void flow_put(struct flows *f, enum flow_side from, unsigned flow, size_t total, uint64_t now_ns, uint8_t *p);
/* The last packet was not sent after all. */
void flow_take_back(struct flows *f, enum flow_side from, unsigned flow);
/* An IP packet came that the other side sent. */
enum flow_verdict flow_judge(struct flows *f, enum flow_side from, const uint8_t *p, size_t n, struct flow_seen *seen);

#endif
