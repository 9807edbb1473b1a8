/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/slots.h"

#include <errno.h>
#include <stdlib.h>

int
slots_init(struct slots *s, uint32_t n)
{
	*s = (struct slots){.n = n, .n_free = n, .taken = calloc(n / 64 + 1, sizeof(*s->taken))};
	return s->taken != NULL ? 0 : -ENOMEM;
}

void
slots_fini(struct slots *s)
{
	free(s->taken);
	*s = (struct slots){0};
}

bool
slots_take(struct slots *s, uint32_t *slot)
{
	if (s->n_free == 0)
		return false;
	for (uint32_t w = s->hint; w * 64 < s->n; w++) {
		const uint64_t open = ~s->taken[w];
		const uint32_t bit = open != 0 ? w * 64 + (uint32_t)__builtin_ctzll(open) : UINT32_MAX;

		if (bit >= s->n)
			continue;
		s->hint = w;
		s->taken[w] |= open & -open;
		s->n_free--;
		*slot = bit;
		return true;
	}
	return false;
}

static bool
is_taken(const struct slots *s, uint32_t slot)
{
	return (s->taken[slot / 64] >> slot % 64 & 1) != 0;
}

void
slots_reserve(struct slots *s, uint32_t slot)
{
	if (is_taken(s, slot))
		return;
	s->taken[slot / 64] |= UINT64_C(1) << slot % 64;
	s->n_free--;
}

void
slots_give(struct slots *s, uint32_t slot)
{
	if (!is_taken(s, slot))
		return;
	s->taken[slot / 64] &= ~(UINT64_C(1) << slot % 64);
	s->n_free++;
	if (slot / 64 < s->hint)
		s->hint = slot / 64;
}
