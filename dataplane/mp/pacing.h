/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_MP_PACING_H
#define DATAPLANE_MP_PACING_H

#include <stdbool.h>
#include <stdint.h>

/* A line's virtual clock: when is the last bit of what was handed to it out (so that a DSLAM never has to drop). */

enum pacing_encap {
	PACING_ETHERNET, /* frame + overhead */
	PACING_PTM,      /* (frame + overhead) * 65/64, rounded up (IEEE 802.3 61.3) */
	PACING_ATM,      /* whole 53-byte cells of 48 bytes of (frame + overhead) */
};

struct pacing {
	uint64_t busy_until_ns; /* the line is idle from then on */
	uint64_t rate_bps;      /* 0: not paced */
	uint64_t remainder;     /* what integer division left over so far, bit * ns / s: the long-term rate is exact */
	uint32_t burst_ns;      /* how far busy_until may lag behind the clock and be caught up, see pacing_book() */
	int16_t overhead_bytes; /* added to each frame, counted from the destination MAC to the end without FCS */
	uint8_t encap;          /* enum pacing_encap */
};

#define PACING_BIT_NS_PER_BYTE UINT64_C(8000000000) /* bits in a byte times ns in a second */

enum { PACING_CELL_BYTES = 53, PACING_CELL_PAYLOAD = 48 };

/* Bytes the line carries for a frame of frame_bytes (destination MAC to end of payload, no FCS). */
static inline uint32_t
pacing_line_bytes(const struct pacing *p, uint32_t frame_bytes)
{
	const int64_t sum = (int64_t)frame_bytes + p->overhead_bytes;
	const uint64_t bytes = sum > 0 ? (uint64_t)sum : 0;

	if (p->encap == PACING_ETHERNET)
		return (uint32_t)bytes;
	if (p->encap == PACING_PTM)
		return (uint32_t)((bytes * 65 + 63) / 64);
	return (uint32_t)((bytes + PACING_CELL_PAYLOAD - 1) / PACING_CELL_PAYLOAD * PACING_CELL_BYTES);
}

/* Time the line needs for it, ns, rounded up; 0 when not paced. 64-bit safe from 1 kbit/s to 100 Gbit/s. */
static inline uint64_t
pacing_cost_ns(const struct pacing *p, uint32_t frame_bytes)
{
	if (p->rate_bps == 0)
		return 0;
	return (pacing_line_bytes(p, frame_bytes) * PACING_BIT_NS_PER_BYTE + p->rate_bps - 1) / p->rate_bps;
}

/* Books a frame that is handed to the line at now_ns: returns the time at which it may start (>= now less burst,
 * i.e. <= now_ns means at once) and moves busy_until behind it.
 *
 * Catching up: a worker looks at a line only now and then. If the line fell idle while nobody looked, the frames
 * that should have gone meanwhile are allowed to start in the past, at most burst_ns before now; that many bytes
 * go out back to back, and the line's queue (the modem's) absorbs them. Idle time older than that is forfeited: it
 * is what keeps the burst that a DSLAM sees bounded by burst_ns times the rate. With burst 0 each late look loses
 * line time for ever; choose a little more than the worker's turn.
 *
 * At 100 Gbit/s a short frame takes 5 ns and a bit: the bit must not get lost, so each division hands its
 * remainder to the next one. (A remainder from before a change of rate is worth nothing.) */
static inline uint64_t
pacing_book(struct pacing *p, uint32_t frame_bytes, uint64_t now_ns)
{
	const bool lags = p->busy_until_ns + p->burst_ns < now_ns;
	const uint64_t start = lags ? now_ns - p->burst_ns : p->busy_until_ns;

	if (p->rate_bps == 0)
		return now_ns;

	const uint64_t carry = p->remainder < p->rate_bps ? p->remainder : 0;
	const uint64_t work = pacing_line_bytes(p, frame_bytes) * PACING_BIT_NS_PER_BYTE + carry;

	p->busy_until_ns = start + work / p->rate_bps;
	p->remainder = work % p->rate_bps;
	return start;
}

/* Backlog in ns as of now, 0 when idle. */
static inline uint64_t
pacing_backlog_ns(const struct pacing *p, uint64_t now_ns)
{
	return p->rate_bps != 0 && p->busy_until_ns > now_ns ? p->busy_until_ns - now_ns : 0;
}

#endif
