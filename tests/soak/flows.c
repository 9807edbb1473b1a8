/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/soak/flows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/ip.h"

enum {
	AT_MAGIC = FLOW_HDR,
	AT_FLOW = FLOW_HDR + 4,
	AT_NUMBER = FLOW_HDR + 8,
	AT_MADE = FLOW_HDR + 12,
	PATTERNS = 256,
	PORT = 4500,
};
static const uint32_t magic = 0x68617773; /* + the side that sends */

/* Every packet has a part of it, from a place that its flow and number say. */
static uint8_t pattern[PATTERNS + FLOW_PACKET_MAX];

static const uint8_t *
pattern_of(unsigned flow, uint32_t number)
{
	return pattern + (flow * 31 + number) % PATTERNS;
}

static void
pattern_init(void)
{
	uint32_t x = 1;

	for (size_t i = 0; i < sizeof(pattern); i++) {
		x = x * 1664525 + 1013904223;
		pattern[i] = (uint8_t)(x >> 24);
	}
}

int
flows_init(struct flows *f, unsigned n)
{
	pattern_init();
	*f = (struct flows){.n = n};
	for (unsigned side = 0; side < SIDES; side++) {
		f->of[side] = calloc(n, sizeof(struct flow));
		if (f->of[side] == NULL) {
			flows_fini(f);
			return -ENOMEM;
		}
	}
	return 0;
}

void
flows_fini(struct flows *f)
{
	for (unsigned side = 0; side < SIDES; side++)
		free(f->of[side]);
	*f = (struct flows){0};
}

void
flows_mark(struct flows *f)
{
	for (unsigned side = 0; side < SIDES; side++)
		for (unsigned i = 0; i < f->n; i++)
			f->of[side][i] = (struct flow){f->of[side][i].next_tx, f->of[side][i].next_tx, false};
}

unsigned
flows_silent(const struct flows *f, enum flow_side from, unsigned first)
{
	unsigned n = 0;

	for (unsigned i = 0; i < first && i < f->n; i++)
		n += !f->of[from][i].seen;
	return n;
}

uint32_t
flow_address(enum flow_side side, unsigned flow)
{
	return (uint32_t)(10 << 24 | (side == SIDE_LEFT ? 1 : 2) << 16) + flow + 1;
}

static enum flow_side
other(enum flow_side side)
{
	return side == SIDE_LEFT ? SIDE_RIGHT : SIDE_LEFT;
}

/* ------------------------------------------------------------------ sending */

static void
headers_put(uint8_t *p, enum flow_side from, unsigned flow, size_t total)
{
	memset(p, 0, FLOW_HDR);
	p[0] = 0x45;
	store_be16(p + 2, (uint16_t)total);
	p[8] = FLOW_TTL;
	p[9] = IPPROTO_UDP_DATAGRAM;
	store_be32(p + 12, flow_address(from, flow));
	store_be32(p + 16, flow_address(other(from), flow));
	store_be16(p + 10, checksum_fold(checksum_add(0, p, IP4_HDR_MIN)));
	store_be16(p + 20, PORT);
	store_be16(p + 22, PORT);
	store_be16(p + 24, (uint16_t)(total - IP4_HDR_MIN));
}

void
flow_put(struct flows *f, enum flow_side from, unsigned flow, size_t total, uint64_t now_ns, uint8_t *p)
{
	const uint32_t number = f->of[from][flow].next_tx++;

	headers_put(p, from, flow, total);
	store_be32(p + AT_MAGIC, magic + from);
	store_be32(p + AT_FLOW, flow);
	store_be32(p + AT_NUMBER, number);
	store_be64(p + AT_MADE, now_ns);
	memcpy(p + FLOW_PACKET_MIN, pattern_of(flow, number), total - FLOW_PACKET_MIN);
}

void
flow_take_back(struct flows *f, enum flow_side from, unsigned flow)
{
	f->of[from][flow].next_tx--;
}

/* ------------------------------------------------------------------ judging */

/* As it was sent, but for the TTL. */
static bool
is_whole(const uint8_t *p, const struct ip4_view *ip, enum flow_side from, unsigned flow)
{
	return ip->src == flow_address(from, flow) && ip->dst == flow_address(other(from), flow) &&
		ip->ttl == FLOW_TTL - FLOW_HOPS &&
		memcmp(p + FLOW_PACKET_MIN, pattern_of(flow, load_be32(p + AT_NUMBER)),
			ip->total_len - (size_t)FLOW_PACKET_MIN) == 0;
}

static enum flow_verdict
order(struct flow *fl, uint32_t number, struct flow_seen *seen)
{
	const int32_t ahead = (int32_t)(number - fl->next_rx);

	fl->seen = true;
	if (ahead < 0)
		return FLOW_LATE;
	fl->next_rx = number + 1;
	seen->missing = (uint32_t)ahead;
	return ahead == 0 ? FLOW_NEXT : FLOW_GAP;
}

enum flow_verdict
flow_judge(struct flows *f, enum flow_side from, const uint8_t *p, size_t n, struct flow_seen *seen)
{
	struct ip4_view ip;

	if (ip4_parse(p, n, n, &ip) != IP_OK || ip.total_len != n || n < FLOW_PACKET_MIN || n > FLOW_PACKET_MAX ||
		load_be32(p + AT_MAGIC) != magic + from)
		return FLOW_FOREIGN;
	*seen = (struct flow_seen){.flow = load_be32(p + AT_FLOW), .made_ns = load_be64(p + AT_MADE)};
	if (seen->flow >= f->n || !is_whole(p, &ip, from, seen->flow))
		return FLOW_CORRUPT;
	return order(&f->of[from][seen->flow], load_be32(p + AT_NUMBER), seen);
}
