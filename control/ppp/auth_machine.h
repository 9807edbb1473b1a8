/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_AUTH_MACHINE_H
#define CONTROL_PPP_AUTH_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "control/ppp/auth.h"
#include "control/ppp/chap.h"
#include "control/ppp/host.h"
#include "control/ppp/outbox.h"
#include "control/ppp/pap.h"

/* One direction of authentication, whatever the protocol: auth.h has what is said to it and what it says. */

struct auth_machine {
	enum host_auth auth; /* since auth_machine_begin(): not HOST_AUTH_NONE */
	bool rests;          /* only the begin of it is there: auth_machine_rest() */
	union {
		struct pap pap;
		struct chap chap;
	};
};

struct auth_machine_config {
	enum host_auth auth; /* not HOST_AUTH_NONE */
	enum auth_role role;
	const char *name;   /* ours; borrowed. A server of PAP tells none */
	const char *secret; /* client: ours; borrowed */
	const struct host_timing *timing;
	uint32_t rechallenge_ms; /* server of CHAP; 0: never */
	host_random_fn *random;
	void *random_ctx;
};

/* The lower layer is up: it begins at once. */
void auth_machine_begin(
	struct auth_machine *m, const struct auth_machine_config *config, uint64_t now_ms, struct outbox *out);
/* A packet from the code field on. */
void auth_machine_input(struct auth_machine *m, const uint8_t *p, size_t n, uint64_t now_ms, struct outbox *out);
void auth_machine_tick(struct auth_machine *m, uint64_t now_ms, struct outbox *out);
uint64_t auth_machine_deadline_ms(const struct auth_machine *m);
enum auth_state auth_machine_state(const struct auth_machine *m);
/* Why it failed: static text, never NULL. */
const char *auth_machine_why(const struct auth_machine *m);

/* Server. The name that waits for a verdict, NULL: none does. */
const char *auth_machine_pending(const struct auth_machine *m);
bool auth_machine_check(struct auth_machine *m, const char *secret);
void auth_machine_verdict(struct auth_machine *m, bool ok, uint64_t now_ms, struct outbox *out);
void auth_machine_confirm(struct auth_machine *m, uint64_t now_ms, struct outbox *out);
/* The packet is a Challenge with the value that this server asked last. Whoever answers it
 * answers for the peer, if both ends have one secret. */
bool auth_machine_is_reflected(const struct auth_machine *m, uint16_t proto, const uint8_t *p, size_t n);

/* On the heap. NULL: no memory. */
struct auth_machine *auth_machine_new(void);
/* NULL is nothing. What it knew is wiped out. */
void auth_machine_free(struct auth_machine *m);
/* Gives back the memory that it will not need any more, if it is up and nothing will happen to it but that the same question gets the
 * same answer. Returns where it is now. */
struct auth_machine *auth_machine_rest(struct auth_machine *m);

/* The role of the machine that packets with this code of PAP or CHAP are for. */
enum auth_role auth_machine_role(uint16_t proto, uint8_t code);

#endif
