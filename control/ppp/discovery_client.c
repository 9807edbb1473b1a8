/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/discovery_client.h"

enum {
	RETRY_FIRST_MS = 500,
	RETRY_MAX_MS = 8000,
	PADI_TRIES = 5,
	PADR_TRIES = 4,
};

static const struct mac broadcast = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

const char *
discovery_failure_text(enum discovery_failure f)
{
	switch (f) {
	case DISCOVERY_FAIL_NONE:
		return "none";
	case DISCOVERY_FAIL_NO_PADO:
		return "no acceptable PADO";
	case DISCOVERY_FAIL_NO_PADS:
		return "no PADS";
	case DISCOVERY_FAIL_SERVICE_NAME:
		return "access concentrator refused the service name";
	case DISCOVERY_FAIL_AC_SYSTEM:
		return "access concentrator reported a system error";
	case DISCOVERY_FAIL_GENERIC:
		return "access concentrator reported an error";
	case DISCOVERY_FAIL_NO_SESSION:
		return "PADS without a valid session id";
	case DISCOVERY_FAIL_TOO_LARGE:
		return "tags to send do not fit a frame";
	}
	return "?";
}

static void
out_init(struct discovery_client_out *out)
{
	out->event = DISCOVERY_CLIENT_NOTHING;
	out->frame.len = 0;
}

static void
fail(struct discovery_client *c, enum discovery_failure why, struct discovery_client_out *out)
{
	c->state = DISCOVERY_CLIENT_IDLE;
	c->deadline_ms = UINT64_MAX;
	c->failure = why;
	out->event = DISCOVERY_CLIENT_FAILED;
}

void
discovery_client_init(struct discovery_client *c, const struct discovery_client_wish *want)
{
	memset(c, 0, sizeof(*c));
	c->want = *want;
	if (c->want.retry_first_ms == 0)
		c->want.retry_first_ms = RETRY_FIRST_MS;
	if (c->want.retry_max_ms == 0)
		c->want.retry_max_ms = RETRY_MAX_MS;
	if (c->want.padi_tries == 0)
		c->want.padi_tries = PADI_TRIES;
	if (c->want.padr_tries == 0)
		c->want.padr_tries = PADR_TRIES;
	if (c->want.max_payload <= PPPOE_MRU_MAX)
		c->want.max_payload = 0;
	c->deadline_ms = UINT64_MAX;
}

/* ------------------------------------------------------------------ sending */

/* xorshift; the state is never 0. Spreads hosts in time, guards nothing. */
static uint32_t
jitter_next(struct discovery_client *c)
{
	c->jitter ^= c->jitter << 13;
	c->jitter ^= c->jitter >> 17;
	c->jitter ^= c->jitter << 5;
	return c->jitter;
}

/* The wait after a frame was sent for the c->tries-th time: doubling, bounded, with up to a quarter of jitter. */
static void
arm(struct discovery_client *c, uint64_t now_ms)
{
	uint64_t wait_ms = c->want.retry_first_ms;

	for (unsigned i = 1; i < c->tries && wait_ms < c->want.retry_max_ms; i++)
		wait_ms *= 2;
	if (wait_ms > c->want.retry_max_ms)
		wait_ms = c->want.retry_max_ms;
	c->deadline_ms = now_ms + wait_ms + jitter_next(c) % (wait_ms / 4 + 1);
}

static void
put_common(struct discovery_client *c, struct discovery_writer *w)
{
	discovery_tag(w, PPPOE_TAG_HOST_UNIQ, c->uniq, sizeof(c->uniq));
	if (c->want.max_payload != 0)
		discovery_tag_u16(w, PPPOE_TAG_MAX_PAYLOAD, c->want.max_payload);
}

static void
send_padi(struct discovery_client *c, uint64_t now_ms, struct discovery_client_out *out)
{
	struct discovery_writer w;

	discovery_start(&w, &out->frame, &broadcast, &c->want.local, c->want.vlans, PPPOE_CODE_PADI, 0);
	discovery_tag_text(&w, PPPOE_TAG_SERVICE_NAME, c->want.service != NULL ? c->want.service : "");
	put_common(c, &w);
	if (!discovery_finish(&w)) {
		fail(c, DISCOVERY_FAIL_TOO_LARGE, out);
		return;
	}
	c->tries++;
	arm(c, now_ms);
}

/* False: what has to be echoed does not fit. */
static bool
send_padr(struct discovery_client *c, uint64_t now_ms, struct discovery_client_out *out)
{
	const uint8_t *echo = c->echo;
	struct discovery_writer w;

	discovery_start(&w, &out->frame, &c->key.peer, &c->want.local, c->want.vlans, PPPOE_CODE_PADR, 0);
	discovery_tag(&w, PPPOE_TAG_SERVICE_NAME, echo, c->service_len);
	echo += c->service_len;
	put_common(c, &w);
	if (c->has_cookie)
		discovery_tag(&w, PPPOE_TAG_AC_COOKIE, echo, c->cookie_len);
	echo += c->cookie_len;
	if (c->has_relay)
		discovery_tag(&w, PPPOE_TAG_RELAY_SESSION_ID, echo, c->relay_len);
	if (!discovery_finish(&w))
		return false;
	c->tries++;
	arm(c, now_ms);
	return true;
}

/* ------------------------------------------------------------------ offers */

/* The wished service among those offered; without a wish, the blank one or else the first. */
static bool
choose_service(const struct discovery_client *c, const struct discovery_view *v, struct discovery_bytes *chosen)
{
	const char *wish = c->want.service != NULL ? c->want.service : "";
	const uint8_t *at = v->tags;
	struct pppoe_tag tag;

	while (pppoe_tag_next(&at, v->end, &tag)) {
		const struct discovery_bytes name = {.len = tag.len, .at = tag.value};

		if (tag.type != PPPOE_TAG_SERVICE_NAME || !discovery_bytes_equal(name, wish))
			continue;
		*chosen = name;
		return true;
	}
	*chosen = v->service;
	return c->want.service == NULL;
}

static void
echo_put(struct discovery_client *c, size_t *at, uint16_t *len, struct discovery_bytes value)
{
	*len = value.len;
	if (value.at != NULL && value.len <= sizeof(c->echo) - *at)
		memcpy(c->echo + *at, value.at, value.len);
	*at += value.len;
}

/* What the PADR has to repeat. False: more than any PADR could hold. */
static bool
keep_offer(struct discovery_client *c, const struct discovery_view *v, struct discovery_bytes service)
{
	const size_t total = (size_t)service.len + v->cookie.len + v->relay.len;
	size_t at = 0;

	if (total > sizeof(c->echo))
		return false;
	echo_put(c, &at, &c->service_len, service);
	echo_put(c, &at, &c->cookie_len, v->cookie);
	echo_put(c, &at, &c->relay_len, v->relay);
	c->has_cookie = v->cookie.at != NULL;
	c->has_relay = v->relay.at != NULL;
	c->key = (struct host_session_key){
		.port = c->want.port,
		.vlans = c->want.vlans,
		.peer = v->src,
		.local = c->want.local,
	};
	discovery_printable(c->peer_name, sizeof(c->peer_name), v->ac_name.at, v->ac_name.len);
	return true;
}

static enum discovery_failure
load_error(struct discovery_client *c, const struct discovery_view *v)
{
	static const enum discovery_failure why[] = {
		DISCOVERY_FAIL_SERVICE_NAME, DISCOVERY_FAIL_AC_SYSTEM, DISCOVERY_FAIL_GENERIC};
	const struct discovery_bytes tags[] = {v->service_error, v->system_error, v->generic_error};

	for (unsigned i = 0; i < 3; i++) {
		if (tags[i].at == NULL)
			continue;
		discovery_printable(c->error, sizeof(c->error), tags[i].at, tags[i].len);
		return why[i];
	}
	return DISCOVERY_FAIL_NONE;
}

static enum discovery_verdict
judge_offer(struct discovery_client *c, const struct discovery_view *v, struct discovery_bytes *service)
{
	if (load_error(c, v) != DISCOVERY_FAIL_NONE)
		return DISCOVERY_ERROR_TAG;
	if (c->want.ac_name != NULL && !discovery_bytes_equal(v->ac_name, c->want.ac_name))
		return DISCOVERY_WRONG_AC;
	if (!choose_service(c, v, service))
		return DISCOVERY_WRONG_SERVICE;
	return keep_offer(c, v, *service) ? DISCOVERY_OK : DISCOVERY_TOO_LARGE;
}

static enum discovery_verdict
input_pado(
	struct discovery_client *c, const struct discovery_view *v, uint64_t now_ms, struct discovery_client_out *out)
{
	struct discovery_bytes service;

	if (c->state != DISCOVERY_CLIENT_PADI_SENT)
		return DISCOVERY_UNEXPECTED;
	enum discovery_verdict verdict = judge_offer(c, v, &service);

	if (verdict == DISCOVERY_OK) {
		const unsigned padis = c->tries;

		c->tries = 0;
		c->error[0] = '\0';
		if (send_padr(c, now_ms, out)) {
			c->state = DISCOVERY_CLIENT_PADR_SENT;
			c->refused = DISCOVERY_OK;
			return DISCOVERY_OK;
		}
		c->tries = padis; /* wait on for a better offer */
		verdict = DISCOVERY_TOO_LARGE;
	}
	c->refused = verdict;
	return verdict;
}

/* ------------------------------------------------------------------ confirmation */

static bool
session_is_valid(uint16_t session)
{
	return session >= PPPOE_SESSION_MIN && session <= PPPOE_SESSION_MAX;
}

static void
send_padt(const struct discovery_client *c, uint16_t session, struct discovery_client_out *out)
{
	struct host_session_key key = c->key;

	key.session = session;
	discovery_padt_build(&out->frame, &key, NULL);
}

/* A PADS nobody waits for: the answer to a PADR that we sent again. The peer gave two sessions, one is not ours to use. */
static enum discovery_verdict
input_stray_pads(const struct discovery_client *c, const struct discovery_view *v, struct discovery_client_out *out)
{
	const bool ours = c->state == DISCOVERY_CLIENT_SESSION && v->session == c->key.session;

	if (c->state != DISCOVERY_CLIENT_PADI_SENT && session_is_valid(v->session) && !ours &&
		mac_equal(&v->src, &c->key.peer))
		send_padt(c, v->session, out);
	return DISCOVERY_UNEXPECTED;
}

static enum discovery_verdict
input_pads(struct discovery_client *c, const struct discovery_view *v, struct discovery_client_out *out)
{
	if (c->state != DISCOVERY_CLIENT_PADR_SENT)
		return input_stray_pads(c, v, out);
	if (!mac_equal(&v->src, &c->key.peer))
		return DISCOVERY_WRONG_PEER;
	enum discovery_failure why = load_error(c, v);

	if (why == DISCOVERY_FAIL_NONE && !session_is_valid(v->session))
		why = DISCOVERY_FAIL_NO_SESSION;
	if (why != DISCOVERY_FAIL_NONE) {
		if (session_is_valid(v->session))
			send_padt(c, v->session, out);
		fail(c, why, out);
		return why == DISCOVERY_FAIL_NO_SESSION ? DISCOVERY_BAD_SESSION : DISCOVERY_ERROR_TAG;
	}
	c->state = DISCOVERY_CLIENT_SESSION;
	c->deadline_ms = UINT64_MAX;
	c->key.session = v->session;
	c->max_payload = v->max_payload < c->want.max_payload ? v->max_payload : c->want.max_payload;
	c->failure = DISCOVERY_FAIL_NONE;
	out->event = DISCOVERY_CLIENT_UP;
	return DISCOVERY_OK;
}

/* ------------------------------------------------------------------ verbs */

void
discovery_client_open(
	struct discovery_client *c, const uint8_t random[16], uint64_t now_ms, struct discovery_client_out *out)
{
	out_init(out);
	memcpy(c->uniq, random, sizeof(c->uniq));
	store_be32(c->uniq, c->want.number);
	c->jitter = load_be32(random + sizeof(c->uniq)) | 1;
	c->state = DISCOVERY_CLIENT_PADI_SENT;
	c->failure = DISCOVERY_FAIL_NONE;
	c->refused = DISCOVERY_OK;
	c->error[0] = '\0';
	c->peer_name[0] = '\0';
	c->max_payload = 0;
	c->tries = 0;
	memset(&c->key, 0, sizeof(c->key));
	send_padi(c, now_ms, out);
}

void
discovery_client_close(struct discovery_client *c, struct discovery_client_out *out)
{
	out_init(out);
	if (c->state == DISCOVERY_CLIENT_SESSION)
		send_padt(c, c->key.session, out);
	discovery_client_gone(c);
}

void
discovery_client_gone(struct discovery_client *c)
{
	c->state = DISCOVERY_CLIENT_IDLE;
	c->deadline_ms = UINT64_MAX;
}

bool
discovery_client_number(const struct discovery_view *v, uint32_t *number)
{
	if (v->host_uniq.at == NULL || v->host_uniq.len != DISCOVERY_UNIQ_LEN)
		return false;
	*number = load_be32(v->host_uniq.at);
	return true;
}

enum discovery_verdict
discovery_client_input(
	struct discovery_client *c, const struct discovery_view *v, uint64_t now_ms, struct discovery_client_out *out)
{
	const struct discovery_bytes uniq = v->host_uniq;

	out_init(out);
	if (v->code != PPPOE_CODE_PADO && v->code != PPPOE_CODE_PADS)
		return DISCOVERY_UNEXPECTED;
	if (!mac_equal(&v->dst, &c->want.local) || !vlan_stack_equal(v->vlans, c->want.vlans))
		return DISCOVERY_NOT_FOR_US;
	if (uniq.at == NULL || uniq.len != sizeof(c->uniq) || memcmp(uniq.at, c->uniq, sizeof(c->uniq)) != 0)
		return DISCOVERY_HOST_UNIQ;
	return v->code == PPPOE_CODE_PADO ? input_pado(c, v, now_ms, out) : input_pads(c, v, out);
}

void
discovery_client_tick(struct discovery_client *c, uint64_t now_ms, struct discovery_client_out *out)
{
	out_init(out);
	if (now_ms < c->deadline_ms)
		return;
	switch (c->state) {
	case DISCOVERY_CLIENT_PADI_SENT:
		if (c->tries < c->want.padi_tries)
			send_padi(c, now_ms, out);
		else
			fail(c, DISCOVERY_FAIL_NO_PADO, out);
		break;
	case DISCOVERY_CLIENT_PADR_SENT:
		if (c->tries >= c->want.padr_tries || !send_padr(c, now_ms, out))
			fail(c, DISCOVERY_FAIL_NO_PADS, out);
		break;
	case DISCOVERY_CLIENT_IDLE:
	case DISCOVERY_CLIENT_SESSION:
		c->deadline_ms = UINT64_MAX;
		break;
	}
}

uint64_t
discovery_client_deadline_ms(const struct discovery_client *c)
{
	return c->deadline_ms;
}
