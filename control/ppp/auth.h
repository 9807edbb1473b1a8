/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_AUTH_H
#define CONTROL_PPP_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/ppp/host.h"

/* What PAP and CHAP have in common. A machine plays one role in one direction; where both ends authenticate, there are
 * two machines, and each ignores the codes of the other.
 *
 * Server:  OUT_LAYER_STARTED   a name waits for a verdict: _pending(), _check(), _verdict()
 *          verdict true        nothing is sent yet: the caller may first install the link; then _confirm()
 *          _confirm()          Ack or Success goes out, OUT_LAYER_UP
 *          verdict false       Nak or Failure goes out, OUT_LAYER_FINISHED
 *          no answer in time   OUT_LAYER_FINISHED
 * Client:  OUT_LAYER_UP        accepted
 *          OUT_LAYER_FINISHED  refused, or no answer
 * Repeated questions get the same answer again. Why it failed is in a note and in _why(). */

enum auth_role { AUTH_CLIENT, AUTH_SERVER };
enum { AUTH_ROLES = 2 };

enum auth_state {
	AUTH_DEAD,     /* not open, or the lower layer is down */
	AUTH_WAITING,  /* for the peer */
	AUTH_PENDING,  /* server: for the verdict */
	AUTH_VERIFIED, /* server: for _confirm */
	AUTH_UP,
	AUTH_FAILED
};

enum { AUTH_TEXT_MAX = 255 }; /* names and passwords have a length byte on the wire */

/* LCP's authentication option: its PPP protocol; the algorithm of CHAP behind it, 0 for none; and what people call it. */
uint16_t auth_proto(enum host_auth auth);
uint8_t auth_algorithm(enum host_auth auth);
const char *auth_title(enum host_auth auth);
/* HOST_AUTH_NONE: none that we know. */
enum host_auth auth_find(uint16_t proto, uint8_t algorithm);

/* Same time whatever the contents. */
bool auth_equal(const void *a, const void *b, size_t n);
/* The same for zero-terminated texts of at most AUTH_TEXT_MAX bytes; longer ones equal nothing. */
bool auth_text_equal(const char *a, const char *b);

#endif
