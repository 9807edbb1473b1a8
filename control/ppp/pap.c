/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/pap.h"

#include <stddef.h>
#include <string.h>

#include "control/ppp/cp_fsm.h"
#include "control/ppp/text.h"
#include "dataplane/wire/bytes.h"
#include "dataplane/wire/ppp.h"

void
pap_init(struct pap *p, enum auth_role role, const char *name, const char *password, const struct host_timing *timing)
{
	*p = (struct pap){
		.name = name,
		.password = password,
		.role = (uint8_t)role,
		.state = AUTH_DEAD,
		.deadline_ms = UINT64_MAX,
		.restart_ms = timing->restart_ms != 0 ? timing->restart_ms : 3000,
		.max_tries = timing->max_configure != 0 ? timing->max_configure : 10,
	};
}

/* The password in our hands longer than needed helps nobody. */
static void
forget_password(struct pap *p)
{
	memset(p->peer_password, 0, sizeof(p->peer_password));
}

static void
fail(struct pap *p, const char *why, struct outbox *out)
{
	p->state = AUTH_FAILED;
	p->deadline_ms = UINT64_MAX;
	p->why = why;
	forget_password(p);
	outbox_note(out, PPP_PAP, "PAP: %s", why);
	outbox_event(out, OUT_LAYER_FINISHED, PPP_PAP);
}

static void
succeed(struct pap *p, struct outbox *out)
{
	p->state = AUTH_UP;
	p->deadline_ms = UINT64_MAX;
	outbox_event(out, OUT_LAYER_UP, PPP_PAP);
}

/* RFC 1334 section 2.2.1: each transmission has a new identifier. All of them carry the same words, so the answer to
 * any of them counts. */
static void
send_request(struct pap *p, uint64_t now_ms, struct outbox *out)
{
	const size_t name_len = strnlen(p->name, AUTH_TEXT_MAX);
	const size_t password_len = strnlen(p->password, AUTH_TEXT_MAX);
	const size_t len = CP_HDR_LEN + 1 + name_len + 1 + password_len;
	uint8_t *b = outbox_send(out, PPP_PAP, len);

	p->id++;
	p->tries++;
	p->deadline_ms = now_ms + p->restart_ms;
	if (b == NULL)
		return;
	b[0] = PAP_REQUEST;
	b[1] = p->id;
	store_be16(b + 2, (uint16_t)len);
	b[4] = (uint8_t)name_len;
	memcpy(b + 5, p->name, name_len);
	b[5 + name_len] = (uint8_t)password_len;
	memcpy(b + 6 + name_len, p->password, password_len);
}

static void
send_answer(const struct pap *p, struct outbox *out)
{
	static const char refusal[] = "Authentication failed";
	const bool ok = p->state == AUTH_UP;
	const size_t text_len = ok ? 0 : sizeof(refusal) - 1;
	uint8_t *b = outbox_send(out, PPP_PAP, CP_HDR_LEN + 1 + text_len);

	if (b == NULL)
		return;
	b[0] = ok ? PAP_ACK : PAP_NAK;
	b[1] = p->id;
	store_be16(b + 2, (uint16_t)(CP_HDR_LEN + 1 + text_len));
	b[4] = (uint8_t)text_len;
	memcpy(b + 5, refusal, text_len);
}

static void
start(struct pap *p, uint64_t now_ms, struct outbox *out)
{
	if (!p->opened || !p->lower_up)
		return;
	p->state = AUTH_WAITING;
	p->why = NULL;
	p->tries = 0;
	p->answered = false;
	p->peer_name[0] = '\0';
	if (p->role == AUTH_CLIENT)
		send_request(p, now_ms, out);
	else
		p->deadline_ms = now_ms + (uint64_t)p->restart_ms * p->max_tries;
}

static void
stop(struct pap *p)
{
	p->state = AUTH_DEAD;
	p->deadline_ms = UINT64_MAX;
	forget_password(p);
}

void
pap_open(struct pap *p, uint64_t now_ms, struct outbox *out)
{
	if (p->opened)
		return;
	p->opened = true;
	start(p, now_ms, out);
}

void
pap_close(struct pap *p, uint64_t now_ms, struct outbox *out)
{
	(void)now_ms;
	(void)out;
	p->opened = false;
	stop(p);
}

void
pap_lower(struct pap *p, bool up, uint64_t now_ms, struct outbox *out)
{
	p->lower_up = up;
	stop(p);
	if (up)
		start(p, now_ms, out);
}

/* ------------------------------------------------------------------ client */

static void
client_input(struct pap *p, const struct cp_packet *pkt, struct outbox *out)
{
	const uint8_t age = (uint8_t)(p->id - pkt->id);
	char text[80] = "";

	if (p->state != AUTH_WAITING || age >= p->tries) {
		outbox_note(out, PPP_PAP, "PAP: answer dropped: no request with this identifier is open");
		return;
	}
	if (pkt->code == PAP_ACK) {
		succeed(p, out);
		return;
	}
	if (pkt->len > 1 && pkt->data[0] <= pkt->len - 1) /* some peers leave the text out */
		text_printable(text, sizeof(text), pkt->data + 1, pkt->data[0]);
	outbox_note(out, PPP_PAP, "PAP: peer says: %s", text);
	fail(p, "peer refuses our name and password", out);
}

/* ------------------------------------------------------------------ server */

/* The counted bytes of the packet as a text; false: they run over the end. A zero byte is as good as any other (RFC 1334 section 2.2.1), but
 * nobody's here: it becomes a dot, and *nobodys is set. */
static bool
take_text(const uint8_t **at, const uint8_t *end, char dst[AUTH_TEXT_MAX + 1], bool *nobodys)
{
	const uint8_t *p = *at;

	if (p == end || p[0] > end - p - 1)
		return false;
	for (unsigned i = 0; i < p[0]; i++) {
		*nobodys |= p[1 + i] == 0;
		dst[i] = p[1 + i] != 0 ? (char)p[1 + i] : '.';
	}
	dst[p[0]] = '\0';
	*at = p + 1 + p[0];
	return true;
}

static void
take_request(struct pap *p, const struct cp_packet *pkt, struct outbox *out)
{
	const uint8_t *at = pkt->data;
	const uint8_t *end = pkt->data + pkt->len;
	char name[AUTH_TEXT_MAX + 1], password[AUTH_TEXT_MAX + 1];
	bool nobodys = false;

	if (!take_text(&at, end, name, &nobodys) || !take_text(&at, end, password, &nobodys)) {
		outbox_note(out, PPP_PAP, "PAP: request dropped: malformed");
		return;
	}
	memcpy(p->peer_name, name, sizeof(name));
	memcpy(p->peer_password, password, sizeof(password));
	p->nobodys = nobodys;
	p->id = pkt->id;
	p->state = AUTH_PENDING;
	p->deadline_ms = UINT64_MAX;
	outbox_event(out, OUT_LAYER_STARTED, PPP_PAP);
}

/* Repetitions while we think only move the identifier that the answer will carry; afterwards they get the same
 * answer. */
static void
server_input(struct pap *p, const struct cp_packet *pkt, struct outbox *out)
{
	switch ((enum auth_state)p->state) {
	case AUTH_WAITING:
		take_request(p, pkt, out);
		break;
	case AUTH_PENDING:
	case AUTH_VERIFIED:
		p->id = pkt->id;
		break;
	case AUTH_UP:
	case AUTH_FAILED:
		p->id = pkt->id;
		if (p->answered)
			send_answer(p, out);
		break;
	case AUTH_DEAD:
		break;
	}
}

void
pap_input(struct pap *p, const uint8_t *pkt, size_t n, uint64_t now_ms, struct outbox *out)
{
	struct cp_packet view;

	if (p->state == AUTH_DEAD || !cp_packet_parse(pkt, n, now_ms, &view)) {
		outbox_note(out, PPP_PAP, "PAP: packet of %zu bytes dropped: %s", n,
			p->state == AUTH_DEAD ? "not in the authentication phase" : "bad length");
		return;
	}
	if (p->role == AUTH_SERVER && view.code == PAP_REQUEST)
		server_input(p, &view, out);
	else if (p->role == AUTH_CLIENT && (view.code == PAP_ACK || view.code == PAP_NAK))
		client_input(p, &view, out);
}

void
pap_tick(struct pap *p, uint64_t now_ms, struct outbox *out)
{
	if (now_ms < p->deadline_ms)
		return;
	if (p->role == AUTH_SERVER)
		fail(p, "peer does not authenticate", out);
	else if (p->tries >= p->max_tries)
		fail(p, "no answer to Authenticate-Requests", out);
	else
		send_request(p, now_ms, out);
}

uint64_t
pap_deadline_ms(const struct pap *p)
{
	return p->deadline_ms;
}

const char *
pap_pending(const struct pap *p)
{
	return p->state == AUTH_PENDING ? p->peer_name : NULL;
}

bool
pap_check(const struct pap *p, const char *password)
{
	const bool equal = auth_text_equal(p->peer_password, password);

	return p->state == AUTH_PENDING && equal && !p->nobodys;
}

void
pap_verdict(struct pap *p, bool ok, uint64_t now_ms, struct outbox *out)
{
	(void)now_ms;
	if (p->state != AUTH_PENDING)
		return;
	forget_password(p);
	if (ok) {
		p->state = AUTH_VERIFIED;
		return;
	}
	p->state = AUTH_FAILED;
	p->answered = true;
	send_answer(p, out);
	fail(p, "name or password is wrong", out);
}

void
pap_confirm(struct pap *p, uint64_t now_ms, struct outbox *out)
{
	(void)now_ms;
	if (p->state != AUTH_VERIFIED)
		return;
	p->state = AUTH_UP;
	p->answered = true;
	send_answer(p, out);
	succeed(p, out);
}

enum auth_state
pap_state(const struct pap *p)
{
	return p->state;
}

const char *
pap_peer_name(const struct pap *p)
{
	return p->peer_name;
}

const char *
pap_why(const struct pap *p)
{
	return p->why;
}

size_t
pap_rest_len(const struct pap *p)
{
	return p->state == AUTH_UP ? offsetof(struct pap, tries) : 0;
}
