/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_PAP_H
#define CONTROL_PPP_PAP_H

#include <stdint.h>

#include "control/ppp/auth.h"
#include "control/ppp/host.h"
#include "control/ppp/outbox.h"

/* Password authentication protocol, RFC 1334 section 2. Effects carry proto PPP_PAP; their order is in auth.h. */

enum pap_code { PAP_REQUEST = 1, PAP_ACK, PAP_NAK };

struct pap {
	/* What it still is at rest: pap_rest_len(). */
	uint8_t role, state; /* enum auth_role, enum auth_state */
	uint8_t id;
	bool answered; /* server: the verdict went out and is repeated on request */

	uint8_t tries, max_tries;
	bool opened, lower_up;
	uint32_t restart_ms;
	uint64_t deadline_ms;
	const char *why;
	bool nobodys; /* server: a zero byte was in what the peer said, for which a dot stands below; no user of ours has that */
	char peer_name[AUTH_TEXT_MAX + 1], peer_password[AUTH_TEXT_MAX + 1]; /* server: zero-terminated */
	const char *name, *password;                                         /* client: ours, borrowed */
};

/* Client: name and password are ours, both borrowed. Server: NULL. timing: restart timer and number of tries. */
void pap_init(
	struct pap *p, enum auth_role role, const char *name, const char *password, const struct host_timing *timing);
void pap_open(struct pap *p, uint64_t now_ms, struct outbox *out);
void pap_close(struct pap *p, uint64_t now_ms, struct outbox *out);
void pap_input(struct pap *p, const uint8_t *pkt, size_t n, uint64_t now_ms, struct outbox *out);
void pap_lower(struct pap *p, bool up, uint64_t now_ms, struct outbox *out);
void pap_tick(struct pap *p, uint64_t now_ms, struct outbox *out);
uint64_t pap_deadline_ms(const struct pap *p);

/* Server. NULL: nothing waits for a verdict. */
const char *pap_pending(const struct pap *p);
/* The waiting password is this one. Constant time. */
bool pap_check(const struct pap *p, const char *password);
/* False may come late (delay after a failure); nothing happens unless something is pending. */
void pap_verdict(struct pap *p, bool ok, uint64_t now_ms, struct outbox *out);
void pap_confirm(struct pap *p, uint64_t now_ms, struct outbox *out);

enum auth_state pap_state(const struct pap *p);
/* Server: the name that the peer gave, "" before. */
const char *pap_peer_name(const struct pap *p);
/* How much of it, from its begin, is needed from now on to answer packets and to tell its state, if it is up: no time will come for it, and it
 * has no name and no reason any more. 0: all. */
size_t pap_rest_len(const struct pap *p);
const char *pap_why(const struct pap *p);

#endif
