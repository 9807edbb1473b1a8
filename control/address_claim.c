/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/address_claim.h"

static void
probe_from(struct address_claim *c, uint64_t at_ms)
{
	c->state = CLAIM_PROBING;
	c->left = CLAIM_PROBES;
	c->due_ms = at_ms;
}

void
address_claim_begin(struct address_claim *c, bool probe, uint32_t random, uint64_t now_ms)
{
	*c = (struct address_claim){.state = CLAIM_HELD, .due_ms = UINT64_MAX};
	if (probe)
		probe_from(c, now_ms + random % (CLAIM_PROBE_WAIT_MS + 1));
}

static enum claim_do
probe(struct address_claim *c, uint32_t random, uint64_t now_ms)
{
	c->left--;
	if (c->left != 0) {
		c->due_ms = now_ms + CLAIM_PROBE_MIN_MS + random % (CLAIM_PROBE_MAX_MS - CLAIM_PROBE_MIN_MS + 1);
	} else {
		c->state = CLAIM_PROBED;
		c->due_ms = now_ms + CLAIM_ANNOUNCE_WAIT_MS;
	}
	return CLAIM_PROBE;
}

static enum claim_do
announce(struct address_claim *c, enum claim_do what, uint64_t now_ms)
{
	c->left--;
	c->due_ms = c->left != 0 ? now_ms + CLAIM_ANNOUNCE_MS : UINT64_MAX;
	return what;
}

enum claim_do
address_claim_tick(struct address_claim *c, uint32_t random, uint64_t now_ms)
{
	if (now_ms < c->due_ms)
		return CLAIM_NOTHING;
	switch ((enum claim_state)c->state) {
	case CLAIM_NONE:
		break;
	case CLAIM_PROBING:
		return probe(c, random, now_ms);
	case CLAIM_PROBED:
		c->state = CLAIM_HELD;
		c->left = CLAIM_ANNOUNCES;
		return announce(c, CLAIM_TAKE, now_ms);
	case CLAIM_HELD:
		return announce(c, CLAIM_ANNOUNCE, now_ms);
	case CLAIM_TAKEN:
		probe_from(c, now_ms);
		return probe(c, random, now_ms);
	}
	return CLAIM_NOTHING;
}

enum claim_do
address_claim_conflict(struct address_claim *c, uint64_t now_ms)
{
	switch ((enum claim_state)c->state) {
	case CLAIM_NONE:
	case CLAIM_TAKEN:
		break;
	case CLAIM_PROBING:
	case CLAIM_PROBED:
		c->state = CLAIM_TAKEN;
		c->due_ms = now_ms + CLAIM_AGAIN_MS;
		return CLAIM_REFUSED;
	case CLAIM_HELD:
		if (c->defended && now_ms - c->defended_ms < CLAIM_DEFEND_MS)
			break;
		c->defended = true;
		c->defended_ms = now_ms;
		return CLAIM_ANNOUNCE;
	}
	return CLAIM_NOTHING;
}
