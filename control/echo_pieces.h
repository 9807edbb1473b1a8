/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_ECHO_PIECES_H
#define CONTROL_ECHO_PIECES_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/wire/ip.h"

/* Echo requests to our addresses that come in fragments (RFC 792, RFC 1122 section 3.2.2.6). The reply is the request with another type, and a
 * checksum that follows from the old one, so each fragment is answered by itself, at its own place and with the same number: nothing is put
 * together or held. What is behind the first fragment does not show what it is of: it is answered if the first one was an echo request, within
 * the time that fragments wait for each other. Without that memory two routers of this kind would send such a piece to and fro for ever. Whether
 * the checksum was right only the asker can tell. */

enum {
	ECHO_PIECES_ASKED = 64,     /* requests remembered; the oldest gives way */
	ECHO_PIECES_MS = 15 * 1000, /* RFC 791 section 3.2: how long fragments wait for each other */
};

struct echo_pieces {
	struct {
		uint32_t src, dst;
		uint16_t number;
		uint64_t until_ms; /* 0: unused */
	} asked[ECHO_PIECES_ASKED];
	unsigned next; /* place of the next one */
};

/* Turns a fragment for one of our addresses, header and v from ip4_parse, into that of the reply. False: it is of no echo request that is known,
 * and is left as it was. *first tells the beginning of a request from what follows. */
bool echo_pieces_answer(struct echo_pieces *e, uint8_t *ip, const struct ip4_view *v, bool *first, uint64_t now_ms);

#endif
