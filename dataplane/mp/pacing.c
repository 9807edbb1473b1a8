/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/mp/pacing.h"

enum { CELL_BYTES = 53, CELL_PAYLOAD = 48 };

#define BIT_NS_PER_BYTE UINT64_C(8000000000) /* bits in a byte times ns in a second */

uint32_t
pacing_line_bytes(const struct pacing *p, uint32_t frame_bytes)
{
	const int64_t sum = (int64_t)frame_bytes + p->overhead_bytes;
	const uint64_t bytes = sum > 0 ? (uint64_t)sum : 0;

	switch ((enum pacing_encap)p->encap) {
	case PACING_PTM:
		return (uint32_t)((bytes * 65 + 63) / 64);
	case PACING_ATM:
		return (uint32_t)((bytes + CELL_PAYLOAD - 1) / CELL_PAYLOAD * CELL_BYTES);
	case PACING_ETHERNET:
		break;
	}
	return (uint32_t)bytes;
}

uint64_t
pacing_cost_ns(const struct pacing *p, uint32_t frame_bytes)
{
	if (p->rate_bps == 0)
		return 0;
	return (pacing_line_bytes(p, frame_bytes) * BIT_NS_PER_BYTE + p->rate_bps - 1) / p->rate_bps;
}

/* At 100 Gbit/s a short frame takes 5 ns and a bit: the bit must not get lost, so each division hands its
 * remainder to the next one. (A remainder from before a change of rate is worth nothing.) */
uint64_t
pacing_book(struct pacing *p, uint32_t frame_bytes, uint64_t now_ns)
{
	const uint64_t oldest = now_ns > p->burst_ns ? now_ns - p->burst_ns : 0;
	const uint64_t start = p->busy_until_ns > oldest ? p->busy_until_ns : oldest;

	if (p->rate_bps == 0)
		return now_ns;

	const uint64_t carry = p->remainder < p->rate_bps ? p->remainder : 0;
	const uint64_t work = pacing_line_bytes(p, frame_bytes) * BIT_NS_PER_BYTE + carry;

	p->busy_until_ns = start + work / p->rate_bps;
	p->remainder = work % p->rate_bps;
	return start;
}

uint64_t
pacing_backlog_ns(const struct pacing *p, uint64_t now_ns)
{
	return p->rate_bps != 0 && p->busy_until_ns > now_ns ? p->busy_until_ns - now_ns : 0;
}
