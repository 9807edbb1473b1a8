/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/echo_pieces.h"

#include "dataplane/wire/icmp.h"

static uint16_t
number_of(const uint8_t *ip)
{
	return load_be16(ip + 4);
}

static bool
was_asked(const struct echo_pieces *e, const uint8_t *ip, const struct ip4_view *v, uint64_t now_ms)
{
	for (unsigned i = 0; i < ECHO_PIECES_ASKED; i++)
		if (e->asked[i].until_ms > now_ms && e->asked[i].src == v->src && e->asked[i].dst == v->dst &&
			e->asked[i].number == number_of(ip))
			return true;
	return false;
}

static void
remember(struct echo_pieces *e, const uint8_t *ip, const struct ip4_view *v, uint64_t now_ms)
{
	e->asked[e->next].src = v->src;
	e->asked[e->next].dst = v->dst;
	e->asked[e->next].number = number_of(ip);
	e->asked[e->next].until_ms = now_ms + ECHO_PIECES_MS;
	e->next = (e->next + 1) % ECHO_PIECES_ASKED;
}

bool
echo_pieces_answer(struct echo_pieces *e, uint8_t *ip, const struct ip4_view *v, bool *first, uint64_t now_ms)
{
	if (v->proto != IPPROTO_ICMP4 || (v->fragment & (IP4_MF | IP4_OFFSET)) == 0)
		return false;
	*first = (v->fragment & IP4_OFFSET) == 0;
	if (!*first && !was_asked(e, ip, v, now_ms))
		return false;
	if (!icmp4_echo_reply_piece(ip, v))
		return false;
	if (*first)
		remember(e, ip, v, now_ms);
	return true;
}
