/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/ra_sender.h"

static const struct ip_addr all_nodes = {{0xff, 0x02, [15] = 1}};

static uint64_t
between(const struct ra_sender *s, uint32_t least_ms, uint32_t most_ms)
{
	uint32_t chance;

	s->random(s->random_ctx, &chance, sizeof(chance));
	return least_ms + chance % (most_ms - least_ms + 1);
}

void
ra_sender_start(struct ra_sender *s, host_random_fn *random, void *random_ctx, uint64_t now_ms)
{
	*s = (struct ra_sender){.random = random, .random_ctx = random_ctx, .next_ms = now_ms, .answer_ms = UINT64_MAX};
}

void
ra_sender_stop(struct ra_sender *s)
{
	s->random = NULL;
}

/* All nodes are told no sooner than RA_GAP_MS after the last time. */
static void
tell_all_soon(struct ra_sender *s, uint64_t at_ms)
{
	if (s->sent != 0 && at_ms < s->last_ms + RA_GAP_MS)
		at_ms = s->last_ms + RA_GAP_MS;
	if (at_ms < s->next_ms)
		s->next_ms = at_ms;
}

void
ra_sender_solicited(struct ra_sender *s, const struct ip_addr *from, uint64_t now_ms)
{
	if (s->random == NULL)
		return;
	const uint64_t at_ms = now_ms + between(s, 0, RA_ANSWER_DELAY_MS);

	if (ip6_is_nobodys(ip6_num_load(from->b))) {
		tell_all_soon(s, at_ms);
	} else if (s->answer_ms == UINT64_MAX) {
		s->answer_ms = at_ms;
		s->asker = *from;
	} else if (!ip_addr_equal(&s->asker, from)) {
		tell_all_soon(s, at_ms); /* several at once */
	}
}

bool
ra_sender_next(struct ra_sender *s, uint64_t now_ms, struct ip_addr *dst)
{
	if (s->random == NULL)
		return false;
	if (now_ms >= s->next_ms) {
		s->sent++;
		s->last_ms = now_ms;
		s->next_ms = now_ms + between(s, RA_INTERVAL_MIN_MS, RA_INTERVAL_MAX_MS);
		if (s->sent < RA_INITIAL && s->next_ms > now_ms + RA_INITIAL_INTERVAL_MS)
			s->next_ms = now_ms + RA_INITIAL_INTERVAL_MS;
		*dst = all_nodes;
		return true;
	}
	if (now_ms < s->answer_ms)
		return false;
	s->answer_ms = UINT64_MAX;
	*dst = s->asker;
	return true;
}

uint64_t
ra_sender_deadline_ms(const struct ra_sender *s)
{
	if (s->random == NULL)
		return UINT64_MAX;
	return s->next_ms < s->answer_ms ? s->next_ms : s->answer_ms;
}
