/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_MP_SCHED_H
#define DATAPLANE_MP_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/mp/pacing.h"

/* Which line carries which bytes of a packet. */

enum { SCHED_LINES_MAX = 16, SCHED_PIECES_MAX = 64 };

enum sched_mode {
	SCHED_WEIGHTED,    /* earliest common completion: all pieces arrive at the same time */
	SCHED_EQUAL,       /* same bytes on every line (what Linux and ng_ppp with equal links do) */
	SCHED_ROUND_ROBIN, /* whole packets in rotation, cut only above a line's limit */
	SCHED_PACKET,      /* whole packets on the line where they complete first */
	SCHED_OVERFLOW,    /* cheap lines first, dearer ones when those are full; as weighted over those in use */
};

#define SCHED_COST_MAX 127u

struct sched_line {
	struct pacing pace;     /* rate, overhead and backlog; rate 0 counts as the fastest rate among the others */
	uint32_t latency_us;    /* of the line itself, one way */
	uint16_t fragment_max;  /* bytes of payload one fragment may carry (peer's link MRU less MP header) */
	uint8_t frame_overhead; /* bytes around the payload in a frame: Ethernet, VLAN, PPPoE, PPP, MP */
	bool usable : 1;        /* joined, up, not suspended */
	uint8_t cost : 7;       /* overflow: lines that cost less come first; at most SCHED_COST_MAX */
};

/* The way in which two lines that both take a piece share any packet: the first one's bytes are share * packet + per_ns * (the wait for the
 * second one less that for the first, ns) + more, rounded down. */
struct sched_pair {
	float share; /* 0: not known */
	float per_ns, more;
};

struct sched_config {
	uint8_t mode;          /* enum sched_mode */
	uint8_t overflow_ms;   /* overflow: a line with more backlog than this is full */
	uint16_t min_fragment; /* bytes under which a packet is not cut further (except where fragment_max forces it) */
	struct sched_pair pair; /* of lines 0 and 1, when there are no others: sched_prepare() */
};

struct sched_piece {
	uint16_t bytes;
	uint8_t line;
};

/* Rotation state, one a bundle. */
struct sched {
	uint8_t rotate;
};

/* Works out cfg->pair from the mode and the lines' rates, encapsulations and overheads: to be called after each change of these, or of the
 * number of lines; or never: then what it saves is worked out for each packet, and a piece may differ by a byte. */
void sched_prepare(struct sched_config *cfg, const struct sched_line *const lines[], unsigned n_lines);

/* Cuts packet_bytes (inner protocol field included) over the usable lines. Pieces come in packet order and sum up
 * to packet_bytes; a line may get several pieces (fragment_max). Returns their number; 0 when no line is usable or
 * more than SCHED_PIECES_MAX would be needed. Does not book anything. */
unsigned sched_split(struct sched *s, const struct sched_config *cfg, const struct sched_line *const lines[],
	unsigned n_lines, uint32_t packet_bytes, uint64_t now_ns, struct sched_piece pieces[SCHED_PIECES_MAX]);

#endif
