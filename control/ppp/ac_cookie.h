/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_AC_COOKIE_H
#define CONTROL_PPP_AC_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/wire/eth.h"

/* AC-Cookie (RFC 2516 appendix A): proves that the sender of a PADR got our PADO, without state of ours in between. It is
 * HMAC-SHA256, cut to 16 bytes, over who asked and where, under a secret that is replaced every period; the previous secret
 * is still accepted, so that a cookie lives between one and two periods. */

enum { AC_COOKIE_LEN = 16, AC_COOKIE_KEY_LEN = 32, AC_COOKIE_PERIOD_MS = 30 * 1000 };

struct ac_cookie {
	uint8_t key[2][AC_COOKIE_KEY_LEN]; /* current, previous */
	uint64_t slot;                     /* of the current key */
	uint64_t next_ms;                  /* when it is due for replacement */
};

struct ac_cookie_host {
	struct mac peer;
	uint16_t port;
	struct vlan_stack vlans;
};

/* random: 64 unpredictable bytes, for both keys. */
void ac_cookie_init(struct ac_cookie *c, const uint8_t random[2 * AC_COOKIE_KEY_LEN], uint64_t now_ms);
/* True: ac_cookie_rotate is due before the next store or check. */
bool ac_cookie_is_stale(const struct ac_cookie *c, uint64_t now_ms);
/* After two periods or more both keys go. */
void ac_cookie_rotate(struct ac_cookie *c, const uint8_t random[2 * AC_COOKIE_KEY_LEN], uint64_t now_ms);
void ac_cookie_store(const struct ac_cookie *c, const struct ac_cookie_host *who, uint8_t out[AC_COOKIE_LEN]);
/* Constant time. */
bool ac_cookie_is_valid(const struct ac_cookie *c, const struct ac_cookie_host *who, const uint8_t *cookie, size_t len);

#endif
