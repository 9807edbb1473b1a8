/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/session_ids.h"

#include <string.h>

#include "dataplane/wire/pppoe.h"

enum { WORDS = 65536 / 64 };

static uint64_t
bit_of(uint16_t id)
{
	return UINT64_C(1) << (id % 64);
}

void
session_ids_init(struct session_ids *ids, uint16_t start)
{
	memset(ids, 0, sizeof(*ids));
	ids->last = start;
	/* 0 is discovery's, 0xffff reserved (RFC 2516 section 4): taken for ever. */
	ids->map[0] |= bit_of(0);
	ids->map[WORDS - 1] |= bit_of(0xffff);
}

uint16_t
session_ids_take(struct session_ids *ids)
{
	const uint16_t from = (uint16_t)(ids->last + 1);
	/* Ids of the first word below `from` are looked at last, when the walk comes round. */
	uint64_t skip = bit_of(from) - 1;

	for (unsigned i = 0; i <= WORDS; i++, skip = 0) {
		const unsigned word = (from / 64u + i) % WORDS;
		const uint64_t free_bits = ~(ids->map[word] | skip);

		if (free_bits == 0)
			continue;
		const uint16_t id = (uint16_t)(word * 64 + (unsigned)__builtin_ctzll(free_bits));

		ids->map[word] |= bit_of(id);
		ids->last = id;
		ids->used++;
		return id;
	}
	return 0;
}

void
session_ids_give(struct session_ids *ids, uint16_t id)
{
	if (!session_ids_has(ids, id))
		return;
	ids->map[id / 64] &= ~bit_of(id);
	ids->used--;
}

bool
session_ids_has(const struct session_ids *ids, uint16_t id)
{
	return id >= PPPOE_SESSION_MIN && id <= PPPOE_SESSION_MAX && (ids->map[id / 64] & bit_of(id)) != 0;
}
