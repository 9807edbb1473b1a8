/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_SESSION_IDS_H
#define CONTROL_PPP_SESSION_IDS_H

#include <stdbool.h>
#include <stdint.h>

/* PPPoE session ids 1..65534 of one port, over all its VLANs and concentrators (design: Keys). The next free one after the last
 * given is taken, so that an id rests as long as possible before it is used again. */

struct session_ids {
	uint32_t used;
	uint16_t last;
	uint64_t map[65536 / 64];
};

/* start: id after which the first search begins; unpredictable, or a restart gives the old ids to new peers at once. */
void session_ids_init(struct session_ids *ids, uint16_t start);
uint16_t session_ids_take(struct session_ids *ids); /* 0: all taken */
void session_ids_give(struct session_ids *ids, uint16_t id);
bool session_ids_has(const struct session_ids *ids, uint16_t id);

#endif
