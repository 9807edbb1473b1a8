/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/auth_machine.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/ppp.h"

static bool
is_chap(const struct auth_machine *m)
{
	return auth_proto(m->auth) == PPP_CHAP;
}

static void
pap_begin(struct auth_machine *m, const struct auth_machine_config *config, uint64_t now_ms, struct outbox *out)
{
	pap_init(&m->pap, config->role, config->name, config->secret, config->timing);
	pap_open(&m->pap, now_ms, out);
	pap_lower(&m->pap, true, now_ms, out);
}

static void
chap_begin(struct auth_machine *m, const struct auth_machine_config *config, uint64_t now_ms, struct outbox *out)
{
	const struct chap_config chap = {
		.role = config->role,
		.algorithm = auth_algorithm(config->auth),
		.name = config->name,
		.secret = config->secret,
		.timing = config->timing,
		.rechallenge_ms = config->rechallenge_ms,
		.random = config->random,
		.random_ctx = config->random_ctx,
	};

	chap_init(&m->chap, &chap);
	chap_open(&m->chap, now_ms, out);
	chap_lower(&m->chap, true, now_ms, out);
}

void
auth_machine_begin(
	struct auth_machine *m, const struct auth_machine_config *config, uint64_t now_ms, struct outbox *out)
{
	m->auth = config->auth;
	if (is_chap(m))
		chap_begin(m, config, now_ms, out);
	else
		pap_begin(m, config, now_ms, out);
}

void
auth_machine_input(struct auth_machine *m, const uint8_t *p, size_t n, uint64_t now_ms, struct outbox *out)
{
	if (is_chap(m))
		chap_input(&m->chap, p, n, now_ms, out);
	else
		pap_input(&m->pap, p, n, now_ms, out);
}

void
auth_machine_tick(struct auth_machine *m, uint64_t now_ms, struct outbox *out)
{
	if (m->rests)
		return;
	if (is_chap(m))
		chap_tick(&m->chap, now_ms, out);
	else
		pap_tick(&m->pap, now_ms, out);
}

uint64_t
auth_machine_deadline_ms(const struct auth_machine *m)
{
	if (m->rests)
		return UINT64_MAX;
	if (is_chap(m))
		return chap_deadline_ms(&m->chap);
	return pap_deadline_ms(&m->pap);
}

enum auth_state
auth_machine_state(const struct auth_machine *m)
{
	if (is_chap(m))
		return chap_state(&m->chap);
	return pap_state(&m->pap);
}

const char *
auth_machine_why(const struct auth_machine *m)
{
	const char *why = NULL;

	if (!m->rests)
		why = is_chap(m) ? chap_why(&m->chap) : pap_why(&m->pap);
	return why != NULL ? why : "no reason given";
}

const char *
auth_machine_pending(const struct auth_machine *m)
{
	if (is_chap(m))
		return chap_pending(&m->chap);
	return pap_pending(&m->pap);
}

bool
auth_machine_check(struct auth_machine *m, const char *secret)
{
	if (is_chap(m))
		return chap_check(&m->chap, secret);
	return pap_check(&m->pap, secret);
}

void
auth_machine_verdict(struct auth_machine *m, bool ok, uint64_t now_ms, struct outbox *out)
{
	if (is_chap(m))
		chap_verdict(&m->chap, ok, now_ms, out);
	else
		pap_verdict(&m->pap, ok, now_ms, out);
}

void
auth_machine_confirm(struct auth_machine *m, uint64_t now_ms, struct outbox *out)
{
	if (is_chap(m))
		chap_confirm(&m->chap, now_ms, out);
	else
		pap_confirm(&m->pap, now_ms, out);
}

bool
auth_machine_is_reflected(const struct auth_machine *m, uint16_t proto, const uint8_t *p, size_t n)
{
	return proto == PPP_CHAP && is_chap(m) && chap_is_reflected(&m->chap, p, n);
}

struct auth_machine *
auth_machine_new(void)
{
	return calloc(1, sizeof(struct auth_machine));
}

/* The end of one that rests is wiped already. */
void
auth_machine_free(struct auth_machine *m)
{
	if (m != NULL && !m->rests)
		explicit_bzero(m, sizeof(*m));
	free(m);
}

enum { REST_BYTES = 56 }; /* what malloc's chunk of 64 has */
_Static_assert(
	offsetof(struct auth_machine, chap.challenge) + MSCHAP2_CHALLENGE_LEN <= REST_BYTES, "many of them rest");
_Static_assert(offsetof(struct auth_machine, pap.tries) <= REST_BYTES, "many of them rest");

struct auth_machine *
auth_machine_rest(struct auth_machine *m)
{
	size_t n = 0;
	struct auth_machine *moved;

	if (m->rests)
		return m;
	if (is_chap(m) && chap_rest_len(&m->chap) != 0)
		n = offsetof(struct auth_machine, chap) + chap_rest_len(&m->chap);
	else if (!is_chap(m) && pap_rest_len(&m->pap) != 0)
		n = offsetof(struct auth_machine, pap) + pap_rest_len(&m->pap);
	if (n == 0)
		return m;
	m->rests = true;
	explicit_bzero((uint8_t *)m + n, sizeof(*m) - n);
	moved = realloc(m, n);
	if (moved == NULL)
		return m;
	return moved;
}

enum auth_role
auth_machine_role(uint16_t proto, uint8_t code)
{
	if (proto == PPP_PAP)
		return code == PAP_REQUEST ? AUTH_SERVER : AUTH_CLIENT;
	return code == CHAP_RESPONSE || code >= CHAP_CHANGE_PASSWORD_1 ? AUTH_SERVER : AUTH_CLIENT;
}
