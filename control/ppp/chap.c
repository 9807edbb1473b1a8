/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/chap.h"

#include <nettle/md5.h>
#include <string.h>

#include "control/ppp/cp_fsm.h"
#include "control/ppp/text.h"
#include "dataplane/wire/bytes.h"
#include "dataplane/wire/ppp.h"

enum { CHALLENGE_LEN = 16 }; /* what we send; as long as the digest, RFC 1994 section 2.3 */

/* ------------------------------------------------------------------ algorithms of LCP's option */

struct chap_digest {
	uint8_t algorithm, len;
	void (*respond)(uint8_t id, const char *secret, const uint8_t *challenge, size_t n, uint8_t *response);
};

/* RFC 1994 section 4.1: digest of identifier, secret, challenge. */
static void
md5_respond(uint8_t id, const char *secret, const uint8_t *challenge, size_t n, uint8_t *response)
{
	struct md5_ctx ctx;

	md5_init(&ctx);
	md5_update(&ctx, 1, &id);
	md5_update(&ctx, strlen(secret), (const uint8_t *)secret);
	md5_update(&ctx, n, challenge);
	md5_digest(&ctx, MD5_DIGEST_SIZE, response);
}

static const struct chap_digest digests[] = {
	{CHAP_MD5, MD5_DIGEST_SIZE, md5_respond},
};

static const struct chap_digest *
digest_find(uint8_t algorithm)
{
	size_t i;

	for (i = 0; i < sizeof(digests) / sizeof(digests[0]); i++) {
		if (digests[i].algorithm == algorithm)
			return &digests[i];
	}
	return NULL;
}

/* ------------------------------------------------------------------ both roles */

bool
chap_init(struct chap *c, const struct chap_config *config)
{
	const struct host_lcp *timing = config->timing;

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
	return c->digest != NULL;
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
send_verdict(const struct chap *c, struct outbox *out)
{
	static const char refusal[] = "Authentication failed";
	const size_t text_len = c->verdict ? 0 : sizeof(refusal) - 1;
	uint8_t *b = outbox_send(out, PPP_CHAP, CP_HDR_LEN + text_len);

	if (b == NULL)
		return;
	b[0] = c->verdict ? CHAP_SUCCESS : CHAP_FAILURE;
	b[1] = c->id;
	store_be16(b + 2, (uint16_t)(CP_HDR_LEN + text_len));
	memcpy(b + 4, refusal, text_len);
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
	c->challenge_len = CHALLENGE_LEN;
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

static void
take_challenge(struct chap *c, const struct cp_packet *pkt, struct outbox *out)
{
	struct value_view v;

	if (!value_parse(pkt, &v)) {
		outbox_note(out, PPP_CHAP, "CHAP: challenge dropped: malformed");
		return;
	}
	if (!c->responded || pkt->id != c->id)
		c->tries = 0;
	name_keep(c, &v);
	c->id = pkt->id;
	c->digest->respond(c->id, c->secret, v.value, v.len, c->response);
	c->response_len = c->digest->len;
	c->responded = true;
	response_send(c, pkt->now_ms, out);
}

static void
take_verdict(struct chap *c, const struct cp_packet *pkt, struct outbox *out)
{
	char text[80];

	if (!c->responded || pkt->id != c->id) {
		outbox_note(out, PPP_CHAP, "CHAP: verdict dropped: not on our last response");
		return;
	}
	if (pkt->code == CHAP_FAILURE) {
		outbox_note(
			out, PPP_CHAP, "CHAP: peer says: %s", text_printable(text, sizeof(text), pkt->data, pkt->len));
		fail(c, "peer refuses our name and secret", out);
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
chap_check(const struct chap *c, const char *secret)
{
	uint8_t want[CHAP_DIGEST_MAX];

	if (c->state != AUTH_PENDING)
		return false;
	c->digest->respond(c->id, secret, c->challenge, c->challenge_len, want);
	return auth_equal(want, c->response, c->digest->len) && c->response_len == c->digest->len && !c->name_differs;
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
	const bool first = !c->was_up;

	if (c->state != AUTH_VERIFIED)
		return;
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
