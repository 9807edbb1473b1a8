/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/chap.h"

#include <nettle/md5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/ppp/cp_fsm.h"
#include "control/ppp/mschap.h"
#include "control/ppp/text.h"
#include "dataplane/wire/bytes.h"
#include "dataplane/wire/ppp.h"

enum {
	VERDICT_TEXT_MAX = 128,
	ERROR_AUTHENTICATION_FAILURE = 691, /* RFC 2433 section 6, RFC 2759 section 6 */
	ERROR_CHANGING_PASSWORD = 709,
};

/* ------------------------------------------------------------------ algorithms of LCP's option */

/* Functions read identifier, challenge and response of the machine; names and secrets are arguments, as either side may have them. */
struct chap_digest {
	uint8_t algorithm;
	uint8_t challenge_len, response_len; /* what we send; and what must come, but for MD5's challenge */
	uint8_t ms_version;                  /* 0: not Microsoft's; else "V=" of a Failure */
	/* Client: fills c->response, and c->proof if there is to be one. */
	void (*respond)(struct chap *c);
	/* Server: judges c->response, and makes the proof. */
	bool (*check)(struct chap *c, const char *secret);
};

/* RFC 1994 section 4.1: digest of identifier, secret, challenge. */
static void
md5_digest_of(const struct chap *c, const char *secret, uint8_t digest[MD5_DIGEST_SIZE])
{
	struct md5_ctx ctx;

	md5_init(&ctx);
	md5_update(&ctx, 1, &c->id);
	md5_update(&ctx, strlen(secret), (const uint8_t *)secret);
	md5_update(&ctx, c->challenge_len, c->challenge);
	md5_digest(&ctx, MD5_DIGEST_SIZE, digest);
}

static void
md5_respond(struct chap *c)
{
	md5_digest_of(c, c->secret, c->response);
}

static bool
md5_check(struct chap *c, const char *secret)
{
	uint8_t want[MD5_DIGEST_SIZE];

	md5_digest_of(c, secret, want);
	return auth_equal(want, c->response, sizeof(want));
}

/* Response of MS-CHAP (RFC 2433 section 5): 24 bytes for LAN Manager, 24 for NT, and which of them counts. */
enum { MS_NT_AT = 24, MS_USE_NT_AT = 48, MS_RESPONSE_LEN = 49 };

static void
ms_respond(struct chap *c)
{
	uint8_t hash[MSCHAP_HASH_LEN];

	mschap_password_hash(c->secret, hash);
	memset(c->response, 0, MS_RESPONSE_LEN);
	mschap_nt_response(c->challenge, hash, c->response + MS_NT_AT);
	c->response[MS_USE_NT_AT] = 1;
}

static bool
ms_check(struct chap *c, const char *secret)
{
	uint8_t hash[MSCHAP_HASH_LEN], want[MSCHAP_NT_RESPONSE_LEN];

	mschap_password_hash(secret, hash);
	mschap_nt_response(c->challenge, hash, want);
	return auth_equal(want, c->response + MS_NT_AT, sizeof(want)) && c->response[MS_USE_NT_AT] == 1;
}

/* Response of MS-CHAP-V2 (RFC 2759 section 4): the peer's own challenge, 8 zeros, 24 bytes for NT, flags of zero. */
enum { MS2_NT_AT = 24 };

/* What both sides compute: the NT-Response, and the proof that the server owes for it. */
static void
ms2_compute(struct chap *c, const char *name, const char *secret, uint8_t want[MSCHAP_NT_RESPONSE_LEN])
{
	uint8_t hash[MSCHAP_HASH_LEN], challenge[MSCHAP_CHALLENGE_LEN];

	mschap_password_hash(secret, hash);
	mschap2_challenge_hash(c->response, c->challenge, name, challenge);
	mschap_nt_response(challenge, hash, want);
	mschap2_proof(hash, want, challenge, c->proof);
}

static void
ms2_respond(struct chap *c)
{
	memset(c->response, 0, MS_RESPONSE_LEN);
	c->random(c->random_ctx, c->response, MSCHAP2_CHALLENGE_LEN);
	ms2_compute(c, c->name, c->secret, c->response + MS2_NT_AT);
}

static bool
ms2_check(struct chap *c, const char *secret)
{
	uint8_t want[MSCHAP_NT_RESPONSE_LEN];

	ms2_compute(c, c->peer_name, secret, want);
	return auth_equal(want, c->response + MS2_NT_AT, sizeof(want));
}

static const struct chap_digest digests[] = {
	{CHAP_MD5, 16, MD5_DIGEST_SIZE, 0, md5_respond, md5_check}, /* as long as the digest: RFC 1994 section 2.3 */
	{CHAP_MS, MSCHAP_CHALLENGE_LEN, MS_RESPONSE_LEN, 2, ms_respond, ms_check},
	{CHAP_MS2, MSCHAP2_CHALLENGE_LEN, MS_RESPONSE_LEN, 3, ms2_respond, ms2_check},
};

enum { DIGESTS = sizeof(digests) / sizeof(digests[0]) };

/* DIGESTS: none. */
static uint8_t
digest_find(uint8_t algorithm)
{
	uint8_t i = 0;

	while (i < DIGESTS && digests[i].algorithm != algorithm)
		i++;
	return i;
}

static const struct chap_digest *
digest_of(const struct chap *c)
{
	return &digests[c->digest];
}

/* ------------------------------------------------------------------ both roles */

bool
chap_init(struct chap *c, const struct chap_config *config)
{
	const struct host_timing *timing = config->timing;

	*c = (struct chap){
		.digest = digest_find(config->algorithm),
		.name = config->name,
		.secret = config->secret,
		.random = config->random,
		.random_ctx = config->random_ctx,
		.deadline_ms = UINT64_MAX,
		.rechallenge_ms = config->rechallenge_ms,
		.restart_ms = timing->restart_ms != 0 ? timing->restart_ms : 3000,
		.max_tries = timing->max_configure != 0 ? timing->max_configure : 10,
		.role = (uint8_t)config->role,
		.state = AUTH_DEAD,
	};
	return c->digest < DIGESTS;
}

static void
fail(struct chap *c, const char *why, struct outbox *out)
{
	c->state = AUTH_FAILED;
	c->deadline_ms = UINT64_MAX;
	c->why = why;
	outbox_note(out, PPP_CHAP, "CHAP: %s", why);
	outbox_event(out, OUT_LAYER_FINISHED, PPP_CHAP);
}

/* Challenge and Response: a counted value, then the sender's name (RFC 1994 section 4.1). */
static void
send_value(const struct chap *c, enum chap_code code, const uint8_t *value, uint8_t n, struct outbox *out)
{
	const size_t name_len = strnlen(c->name, AUTH_TEXT_MAX);
	const size_t len = CP_HDR_LEN + 1 + n + name_len;
	uint8_t *b = outbox_send(out, PPP_CHAP, len);

	if (b == NULL)
		return;
	b[0] = (uint8_t)code;
	b[1] = c->id;
	store_be16(b + 2, (uint16_t)len);
	b[4] = n;
	memcpy(b + 5, value, n);
	memcpy(b + 5 + n, c->name, name_len);
}

static void
hex_text(char *text, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02X", p[i]);
}

/* RFC 2759 sections 5 and 6. The challenge for another attempt is the old one, as there is none: R=0. */
static void
ms_failure_text(const struct chap *c, unsigned error, const char *message, char text[VERDICT_TEXT_MAX])
{
	char challenge[2 * MSCHAP2_CHALLENGE_LEN + 1];

	hex_text(challenge, c->challenge, digest_of(c)->challenge_len);
	snprintf(
		text, VERDICT_TEXT_MAX, "E=%u R=0 C=%s V=%u M=%s", error, challenge, digest_of(c)->ms_version, message);
}

static void
verdict_text(const struct chap *c, char text[VERDICT_TEXT_MAX])
{
	static const char refusal[] = "Authentication failed";
	char proof[2 * MSCHAP2_PROOF_LEN + 1];

	text[0] = '\0';
	if (!c->verdict && digest_of(c)->ms_version != 0) {
		ms_failure_text(c, ERROR_AUTHENTICATION_FAILURE, refusal, text);
	} else if (!c->verdict) {
		snprintf(text, VERDICT_TEXT_MAX, "%s", refusal);
	} else if (digest_of(c)->algorithm == CHAP_MS2) {
		hex_text(proof, c->proof, sizeof(c->proof));
		snprintf(text, VERDICT_TEXT_MAX, "S=%s M=Access granted", proof);
	}
}

static void
send_text(enum chap_code code, uint8_t id, const char *text, struct outbox *out)
{
	const size_t text_len = strlen(text);
	uint8_t *b = outbox_send(out, PPP_CHAP, CP_HDR_LEN + text_len);

	if (b == NULL)
		return;
	b[0] = (uint8_t)code;
	b[1] = id;
	store_be16(b + 2, (uint16_t)(CP_HDR_LEN + text_len));
	memcpy(b + 4, text, text_len);
}

static void
send_verdict(const struct chap *c, struct outbox *out)
{
	char text[VERDICT_TEXT_MAX];

	verdict_text(c, text);
	send_text(c->verdict ? CHAP_SUCCESS : CHAP_FAILURE, c->id, text, out);
}

/* Value and name of a Challenge or Response. */
struct value_view {
	const uint8_t *value, *name;
	uint8_t len;
	uint16_t name_len;
};

static bool
value_parse(const struct cp_packet *pkt, struct value_view *v)
{
	if (pkt->len < 1 || pkt->data[0] == 0 || pkt->data[0] > pkt->len - 1)
		return false;
	v->len = pkt->data[0];
	v->value = pkt->data + 1;
	v->name = v->value + v->len;
	v->name_len = (uint16_t)(pkt->len - 1 - v->len);
	return v->name_len <= AUTH_TEXT_MAX && (v->name_len == 0 || memchr(v->name, 0, v->name_len) == NULL);
}

static void
name_keep(struct chap *c, const struct value_view *v)
{
	memcpy(c->peer_name, v->name, v->name_len);
	c->peer_name[v->name_len] = '\0';
}

/* ------------------------------------------------------------------ server */

static void
challenge_send(struct chap *c, uint64_t now_ms, struct outbox *out)
{
	c->tries++;
	c->deadline_ms = now_ms + c->restart_ms;
	send_value(c, CHAP_CHALLENGE, c->challenge, c->challenge_len, out);
}

/* A new value and identifier. Repetitions of it carry the same, or an answer slower than the restart timer would
 * never count. */
static void
challenge_new(struct chap *c, uint64_t now_ms, struct outbox *out)
{
	c->id++;
	c->challenge_len = digest_of(c)->challenge_len;
	c->random(c->random_ctx, c->challenge, c->challenge_len);
	c->tries = 0;
	c->answered = false;
	c->name_differs = false;
	c->state = AUTH_WAITING;
	c->rechallenge_due_ms = UINT64_MAX;
	challenge_send(c, now_ms, out);
}

static void
take_response(struct chap *c, const struct cp_packet *pkt, struct outbox *out)
{
	struct value_view v;

	if (!value_parse(pkt, &v)) {
		outbox_note(out, PPP_CHAP, "CHAP: response dropped: malformed");
		return;
	}
	if (c->was_up)
		c->name_differs = strlen(c->peer_name) != v.name_len || memcmp(c->peer_name, v.name, v.name_len) != 0;
	else
		name_keep(c, &v);
	c->response_len = v.len <= sizeof(c->response) ? v.len : 0; /* a length of no digest matches none */
	memcpy(c->response, v.value, c->response_len);
	c->state = AUTH_PENDING;
	c->deadline_ms = UINT64_MAX;
	outbox_event(out, OUT_LAYER_STARTED, PPP_CHAP);
}

/* RFC 1994 section 4.2: a repeated Response gets the answer of the first. */
static void
server_input(struct chap *c, const struct cp_packet *pkt, struct outbox *out)
{
	if (pkt->id != c->id)
		outbox_note(out, PPP_CHAP, "CHAP: response dropped: not to the last challenge");
	else if (c->state == AUTH_WAITING)
		take_response(c, pkt, out);
	else if (c->answered)
		send_verdict(c, out);
}

/* Nobody was told that his password has expired (648), so nobody has a reason to ask; who does learns that it is not done here. */
static void
refuse_change(struct chap *c, const struct cp_packet *pkt, struct outbox *out)
{
	char text[VERDICT_TEXT_MAX];

	if (c->state != AUTH_WAITING && c->state != AUTH_FAILED) {
		outbox_note(out, PPP_CHAP, "CHAP: change of password dropped: nobody asked for one");
		return;
	}
	ms_failure_text(c, ERROR_CHANGING_PASSWORD, "Passwords are not changed here", text);
	send_text(CHAP_FAILURE, pkt->id, text, out);
	if (c->state == AUTH_WAITING)
		fail(c, "peer wants to change its password, which is not done here", out);
}

static bool
is_change(const struct chap *c, uint8_t code)
{
	return digest_of(c)->ms_version != 0 && code >= CHAP_CHANGE_PASSWORD_1 && code <= CHAP_CHANGE_PASSWORD_3;
}

static void
server_tick(struct chap *c, uint64_t now_ms, struct outbox *out)
{
	if (c->state == AUTH_UP) {
		if (now_ms >= c->rechallenge_due_ms)
			challenge_new(c, now_ms, out);
		return;
	}
	if (now_ms < c->deadline_ms)
		return;
	if (c->tries >= c->max_tries)
		fail(c, "no answer to challenges", out);
	else
		challenge_send(c, now_ms, out);
}

/* ------------------------------------------------------------------ client */

static void
response_send(struct chap *c, uint64_t now_ms, struct outbox *out)
{
	send_value(c, CHAP_RESPONSE, c->response, c->response_len, out);
	if (c->state != AUTH_WAITING)
		return;
	c->tries++;
	c->deadline_ms = now_ms + c->restart_ms;
}

/* Microsoft's have one length. */
static bool
challenge_parse(const struct chap *c, const struct cp_packet *pkt, struct value_view *v)
{
	return value_parse(pkt, v) && (digest_of(c)->ms_version == 0 || v->len == digest_of(c)->challenge_len);
}

/* A repeated Challenge gets the response of the first: the server may be at work on it, and MS-CHAP-V2's would be another each time. */
static void
take_challenge(struct chap *c, const struct cp_packet *pkt, struct outbox *out)
{
	struct value_view v;

	if (!challenge_parse(c, pkt, &v)) {
		outbox_note(out, PPP_CHAP, "CHAP: challenge dropped: malformed");
		return;
	}
	if (!c->responded || pkt->id != c->id)
		c->tries = 0;
	name_keep(c, &v);
	if (!c->responded || pkt->id != c->id || v.len != c->challenge_len ||
		memcmp(v.value, c->challenge, v.len) != 0) {
		c->id = pkt->id;
		c->challenge_len = v.len;
		memcpy(c->challenge, v.value, v.len);
		digest_of(c)->respond(c);
		c->response_len = digest_of(c)->response_len;
	}
	c->responded = true;
	response_send(c, pkt->now_ms, out);
}

/* RFC 2759 section 5: who cannot prove that he knows our secret is not let in. */
static bool
is_proven(const struct chap *c, const struct cp_packet *pkt)
{
	char want[2 * MSCHAP2_PROOF_LEN + 1], got[2 * MSCHAP2_PROOF_LEN] = {0};

	if (digest_of(c)->algorithm != CHAP_MS2)
		return true;
	if (pkt->len < 2 + sizeof(got) || memcmp(pkt->data, "S=", 2) != 0)
		return false;
	hex_text(want, c->proof, sizeof(c->proof));
	for (size_t i = 0; i < sizeof(got); i++) /* small letters are against the RFC and mean the same */
		got[i] = (char)(pkt->data[2 + i] >= 'a' && pkt->data[2 + i] <= 'f' ? pkt->data[2 + i] - 'a' + 'A'
										   : pkt->data[2 + i]);
	return auth_equal(want, got, sizeof(got));
}

/* RFC 2759 section 6. R=1 invites to try again, but what is refused once is refused again: there is no user to ask. */
static const char *
failure_why(const struct chap *c, const char *text)
{
	if (digest_of(c)->ms_version == 0 || strncmp(text, "E=", 2) != 0)
		return "peer refuses our name and secret";
	switch (strtoul(text + 2, NULL, 10)) {
	case 646:
		return "peer lets us in at other hours only";
	case 647:
		return "our account is disabled at the peer";
	case 648:
		return "our password has expired at the peer, and is not changed from here";
	case 649:
		return "our account may not dial in at the peer";
	default:
		return "peer refuses our name and secret";
	}
}

static void
take_verdict(struct chap *c, const struct cp_packet *pkt, struct outbox *out)
{
	char text[160];

	if (!c->responded || pkt->id != c->id) {
		outbox_note(out, PPP_CHAP, "CHAP: verdict dropped: not on our last response");
		return;
	}
	if (pkt->code == CHAP_FAILURE) {
		outbox_note(
			out, PPP_CHAP, "CHAP: peer says: %s", text_printable(text, sizeof(text), pkt->data, pkt->len));
		fail(c, failure_why(c, text), out);
		return;
	}
	if (!is_proven(c, pkt)) {
		fail(c, "peer does not prove that it knows our secret", out);
		return;
	}
	if (c->state == AUTH_UP) /* a re-challenge passed */
		return;
	c->state = AUTH_UP;
	c->deadline_ms = UINT64_MAX;
	outbox_event(out, OUT_LAYER_UP, PPP_CHAP);
}

static void
client_input(struct chap *c, const struct cp_packet *pkt, struct outbox *out)
{
	if (c->state == AUTH_FAILED)
		outbox_note(out, PPP_CHAP, "CHAP: packet dropped: authentication has failed");
	else if (pkt->code == CHAP_CHALLENGE)
		take_challenge(c, pkt, out);
	else
		take_verdict(c, pkt, out);
}

/* First the wait for a challenge, one long period, then the repetitions of our response. */
static void
client_tick(struct chap *c, uint64_t now_ms, struct outbox *out)
{
	if (now_ms < c->deadline_ms)
		return;
	if (!c->responded)
		fail(c, "no challenge came", out);
	else if (c->tries >= c->max_tries)
		fail(c, "no verdict on our response", out);
	else
		response_send(c, now_ms, out);
}

/* ------------------------------------------------------------------ verbs */

static void
start(struct chap *c, uint64_t now_ms, struct outbox *out)
{
	if (!c->opened || !c->lower_up)
		return;
	c->why = NULL;
	c->was_up = false;
	c->responded = false;
	c->peer_name[0] = '\0';
	c->rechallenge_due_ms = UINT64_MAX;
	if (c->role == AUTH_SERVER) {
		c->random(c->random_ctx, &c->id, sizeof(c->id));
		challenge_new(c, now_ms, out);
		return;
	}
	c->state = AUTH_WAITING;
	c->tries = 0;
	c->deadline_ms = now_ms + (uint64_t)c->restart_ms * c->max_tries;
}

static void
stop(struct chap *c)
{
	c->state = AUTH_DEAD;
	c->deadline_ms = UINT64_MAX;
	c->rechallenge_due_ms = UINT64_MAX;
}

void
chap_open(struct chap *c, uint64_t now_ms, struct outbox *out)
{
	if (c->opened)
		return;
	c->opened = true;
	start(c, now_ms, out);
}

void
chap_close(struct chap *c, uint64_t now_ms, struct outbox *out)
{
	(void)now_ms;
	(void)out;
	c->opened = false;
	stop(c);
}

void
chap_lower(struct chap *c, bool up, uint64_t now_ms, struct outbox *out)
{
	c->lower_up = up;
	stop(c);
	if (up)
		start(c, now_ms, out);
}

void
chap_input(struct chap *c, const uint8_t *p, size_t n, uint64_t now_ms, struct outbox *out)
{
	struct cp_packet pkt;

	if (c->state == AUTH_DEAD || !cp_packet_parse(p, n, now_ms, &pkt)) {
		outbox_note(out, PPP_CHAP, "CHAP: packet of %zu bytes dropped: %s", n,
			c->state == AUTH_DEAD ? "not in the authentication phase" : "bad length");
		return;
	}
	if (c->role == AUTH_SERVER && pkt.code == CHAP_RESPONSE)
		server_input(c, &pkt, out);
	else if (c->role == AUTH_SERVER && is_change(c, pkt.code))
		refuse_change(c, &pkt, out);
	else if (c->role == AUTH_CLIENT && pkt.code != CHAP_RESPONSE && pkt.code <= CHAP_FAILURE && pkt.code != 0)
		client_input(c, &pkt, out);
}

void
chap_tick(struct chap *c, uint64_t now_ms, struct outbox *out)
{
	if (c->role == AUTH_SERVER)
		server_tick(c, now_ms, out);
	else
		client_tick(c, now_ms, out);
}

uint64_t
chap_deadline_ms(const struct chap *c)
{
	return c->deadline_ms < c->rechallenge_due_ms ? c->deadline_ms : c->rechallenge_due_ms;
}

const char *
chap_pending(const struct chap *c)
{
	return c->state == AUTH_PENDING ? c->peer_name : NULL;
}

bool
chap_check(struct chap *c, const char *secret)
{
	if (c->state != AUTH_PENDING)
		return false;
	return digest_of(c)->check(c, secret) && c->response_len == digest_of(c)->response_len && !c->name_differs;
}

bool
chap_is_reflected(const struct chap *c, const uint8_t *p, size_t n)
{
	struct cp_packet pkt;
	struct value_view v;

	return c->state != AUTH_DEAD && cp_packet_parse(p, n, 0, &pkt) && pkt.code == CHAP_CHALLENGE &&
		value_parse(&pkt, &v) && v.len == c->challenge_len && memcmp(v.value, c->challenge, v.len) == 0;
}

void
chap_verdict(struct chap *c, bool ok, uint64_t now_ms, struct outbox *out)
{
	(void)now_ms;
	if (c->state != AUTH_PENDING)
		return;
	if (ok) {
		c->state = AUTH_VERIFIED;
		return;
	}
	c->verdict = false;
	c->answered = true;
	send_verdict(c, out);
	fail(c, c->name_differs ? "name changed at a re-challenge" : "name or secret is wrong", out);
}

void
chap_confirm(struct chap *c, uint64_t now_ms, struct outbox *out)
{
	bool first;

	if (c->state != AUTH_VERIFIED)
		return;
	first = !c->was_up;
	c->state = AUTH_UP;
	c->was_up = true;
	c->verdict = true;
	c->answered = true;
	if (c->rechallenge_ms != 0)
		c->rechallenge_due_ms = now_ms + c->rechallenge_ms;
	send_verdict(c, out);
	if (first)
		outbox_event(out, OUT_LAYER_UP, PPP_CHAP);
}

enum auth_state
chap_state(const struct chap *c)
{
	return c->state;
}

const char *
chap_peer_name(const struct chap *c)
{
	return c->peer_name;
}

const char *
chap_why(const struct chap *c)
{
	return c->why;
}

size_t
chap_rest_len(const struct chap *c)
{
	if (c->role != AUTH_SERVER || c->state != AUTH_UP || c->rechallenge_ms != 0)
		return 0;
	return offsetof(struct chap, challenge) + c->challenge_len;
}
