/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_CHAP_H
#define CONTROL_PPP_CHAP_H

#include <stddef.h>
#include <stdint.h>

#include "control/ppp/auth.h"
#include "control/ppp/host.h"
#include "control/ppp/mschap.h"
#include "control/ppp/outbox.h"

/* Challenge handshake authentication protocol, RFC 1994, and with other arithmetic MS-CHAP (RFC 2433) and MS-CHAP-V2 (RFC 2759),
 * without LAN Manager's responses and without changes of passwords. Effects carry proto PPP_CHAP; their order is in auth.h.
 * After a re-challenge the server asks for a verdict (OUT_LAYER_STARTED) and _confirm again, but OUT_LAYER_UP does
 * not come twice. */

enum chap_code {
	CHAP_CHALLENGE = 1,
	CHAP_RESPONSE,
	CHAP_SUCCESS,
	CHAP_FAILURE,
	CHAP_CHANGE_PASSWORD_1, /* RFC 2433 sections 8 and 9 */
	CHAP_CHANGE_PASSWORD_2,
	CHAP_CHANGE_PASSWORD_3, /* RFC 2759 section 7 */
};

enum { CHAP_MD5 = 5, CHAP_MS = 0x80, CHAP_MS2 = 0x81, CHAP_DIGEST_MAX = 64, CHAP_CHALLENGE_MAX = 255 };

struct chap {
	/* What it still is at rest, of the challenge no more than its length: chap_rest_len(). */
	uint8_t role, state; /* enum auth_role, enum auth_state */
	uint8_t digest;      /* which algorithm of LCP's authentication option; chap.c has the list */
	uint8_t id;
	bool answered; /* server: `verdict` was sent for `id` and is repeated on request */
	bool verdict;
	uint8_t challenge_len;
	uint8_t proof[MSCHAP2_PROOF_LEN]; /* of the one who asks: made by the server, waited for by the client */
	uint8_t challenge[CHAP_CHALLENGE_MAX];

	uint8_t tries, max_tries;
	bool opened, lower_up;
	bool was_up;       /* server: this is a re-challenge */
	bool name_differs; /* server: the re-challenge was answered by another name */
	bool responded;    /* client: `response` went out for `id` */
	uint64_t deadline_ms, rechallenge_due_ms;
	uint32_t restart_ms, rechallenge_ms;
	const char *why;
	uint8_t response_len;
	uint8_t response[CHAP_DIGEST_MAX];
	char peer_name[AUTH_TEXT_MAX + 1]; /* zero-terminated */
	const char *name, *secret;         /* ours, borrowed */
	host_random_fn *random;
	void *random_ctx;
};

struct chap_config {
	enum auth_role role;
	uint8_t algorithm;  /* CHAP_MD5, CHAP_MS or CHAP_MS2 */
	const char *name;   /* ours: in the challenge (server) or the response (client); borrowed */
	const char *secret; /* client; borrowed */
	const struct host_timing *timing;
	uint32_t rechallenge_ms; /* server; 0: never */
	host_random_fn *random;  /* challenges: the server's, and with MS-CHAP-V2 the client's too */
	void *random_ctx;
};

/* False: the algorithm is unknown. */
bool chap_init(struct chap *c, const struct chap_config *config);
void chap_open(struct chap *c, uint64_t now_ms, struct outbox *out);
void chap_close(struct chap *c, uint64_t now_ms, struct outbox *out);
void chap_input(struct chap *c, const uint8_t *pkt, size_t n, uint64_t now_ms, struct outbox *out);
void chap_lower(struct chap *c, bool up, uint64_t now_ms, struct outbox *out);
void chap_tick(struct chap *c, uint64_t now_ms, struct outbox *out);
uint64_t chap_deadline_ms(const struct chap *c);

/* Server. The name that waits for a verdict; NULL: none does. */
const char *chap_pending(const struct chap *c);
/* The waiting response was made with this secret, with which a success will then be proven (MS-CHAP-V2). Constant time. */
bool chap_check(struct chap *c, const char *secret);
/* The packet is a Challenge with the value that this server sent last. */
bool chap_is_reflected(const struct chap *c, const uint8_t *p, size_t n);
/* False may come late (delay after a failure); nothing happens unless something is pending. */
void chap_verdict(struct chap *c, bool ok, uint64_t now_ms, struct outbox *out);
void chap_confirm(struct chap *c, uint64_t now_ms, struct outbox *out);

enum auth_state chap_state(const struct chap *c);
/* The name that the peer gave, "" before. */
const char *chap_peer_name(const struct chap *c);
/* How much of it, from its begin, is needed from now on to answer packets and to tell its state, if it is a server that is up and will not ask
 * again: no time will come for it, and it has no name and no reason any more. 0: all. */
size_t chap_rest_len(const struct chap *c);
const char *chap_why(const struct chap *c);

#endif
