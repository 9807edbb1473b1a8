/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/cp_fsm.h"

#include <string.h>

#include "control/ppp/text.h"
#include "dataplane/wire/bytes.h"

enum { RESTART_MS = 3000 }; /* the restart timer where none is configured (RFC 1661 section 4.6) */

/* RFC 1661 section 4.1, cell by cell: action, action, state. The columns are the states 0 to 9. */

#define S(n)                \
	{                   \
		.next = (n) \
	}
#define M(n, m)                          \
	{                                \
		.next = (n), .mark = (m) \
	}
#define A(a, n)                                    \
	{                                          \
		.next = (n), .actions = { CP_##a } \
	}
#define AM(a, n, m)                                           \
	{                                                     \
		.next = (n), .actions = {CP_##a}, .mark = (m) \
	}
#define B(a, b, n)                                         \
	{                                                  \
		.next = (n), .actions = { CP_##a, CP_##b } \
	}
#define BM(a, b, n, m)                                                \
	{                                                             \
		.next = (n), .actions = {CP_##a, CP_##b}, .mark = (m) \
	}
#define C(a, b, c, n)                                              \
	{                                                          \
		.next = (n), .actions = { CP_##a, CP_##b, CP_##c } \
	}
#define NO                            \
	{                             \
		.next = CP_IMPOSSIBLE \
	}

/* clang-format off */
static const struct cp_cell table[CP_EVENTS][CP_STATES] = {
/*                 Initial    Starting       Closed         Stopped             Closing    Stopping
 *                 Req-Sent        Ack-Rcvd         Ack-Sent        Opened */
[CP_UP]        = { S(2),      B(IRC,SCR,6),  NO,            NO,                 NO,        NO,
                   NO,             NO,              NO,             NO },
[CP_DOWN]      = { NO,        NO,            S(0),          A(TLS,1),           S(0),      S(1),
                   S(1),           S(1),            S(1),           A(TLD,1) },
[CP_OPEN]      = { A(TLS,1),  S(1),          B(IRC,SCR,6),  M(3,'r'),           M(5,'r'),  M(5,'r'),
                   S(6),           S(7),            S(8),           M(9,'r') },
[CP_CLOSE]     = { S(0),      A(TLF,0),      S(2),          S(2),               S(4),      S(4),
                   B(IRC,STR,4),   B(IRC,STR,4),    B(IRC,STR,4),   C(TLD,IRC,STR,4) },

[CP_TO_PLUS]   = { NO,        NO,            NO,            NO,                 A(STR,4),  A(STR,5),
                   A(SCR,6),       A(SCR,6),        A(SCR,8),       NO },
[CP_TO_MINUS]  = { NO,        NO,            NO,            NO,                 A(TLF,2),  A(TLF,3),
                   AM(TLF,3,'p'),  AM(TLF,3,'p'),   AM(TLF,3,'p'),  NO },

[CP_RCR_PLUS]  = { NO,        NO,            A(STA,2),      C(IRC,SCR,SCA,8),   S(4),      S(5),
                   A(SCA,8),       B(SCA,TLU,9),    A(SCA,8),       C(TLD,SCR,SCA,8) },
[CP_RCR_MINUS] = { NO,        NO,            A(STA,2),      C(IRC,SCR,SCN,6),   S(4),      S(5),
                   A(SCN,6),       A(SCN,7),        A(SCN,6),       C(TLD,SCR,SCN,6) },
[CP_RCA]       = { NO,        NO,            A(STA,2),      A(STA,3),           S(4),      S(5),
                   A(IRC,7),       AM(SCR,6,'x'),   B(IRC,TLU,9),   BM(TLD,SCR,6,'x') },
[CP_RCN]       = { NO,        NO,            A(STA,2),      A(STA,3),           S(4),      S(5),
                   B(IRC,SCR,6),   AM(SCR,6,'x'),   B(IRC,SCR,8),   BM(TLD,SCR,6,'x') },

[CP_RTR]       = { NO,        NO,            A(STA,2),      A(STA,3),           A(STA,4),  A(STA,5),
                   A(STA,6),       A(STA,6),        A(STA,6),       C(TLD,ZRC,STA,5) },
[CP_RTA]       = { NO,        NO,            S(2),          S(3),               A(TLF,2),  A(TLF,3),
                   S(6),           S(6),            S(8),           B(TLD,SCR,6) },

[CP_RUC]       = { NO,        NO,            A(SCJ,2),      A(SCJ,3),           A(SCJ,4),  A(SCJ,5),
                   A(SCJ,6),       A(SCJ,7),        A(SCJ,8),       A(SCJ,9) },
[CP_RXJ_PLUS]  = { NO,        NO,            S(2),          S(3),               S(4),      S(5),
                   S(6),           S(6),            S(8),           S(9) },
[CP_RXJ_MINUS] = { NO,        NO,            A(TLF,2),      A(TLF,3),           A(TLF,2),  A(TLF,3),
                   A(TLF,3),       A(TLF,3),        A(TLF,3),       C(TLD,IRC,STR,5) },

[CP_RXR]       = { NO,        NO,            S(2),          S(3),               S(4),      S(5),
                   S(6),           S(7),            S(8),           A(SER,9) },
};
/* clang-format on */

static const char *const state_names[CP_STATES] = {"Initial", "Starting", "Closed", "Stopped", "Closing", "Stopping",
	"Req-Sent", "Ack-Rcvd", "Ack-Sent", "Opened"};
static const char *const event_names[CP_EVENTS] = {"Up", "Down", "Open", "Close", "TO+", "TO-", "RCR+", "RCR-", "RCA",
	"RCN", "RTR", "RTA", "RUC", "RXJ+", "RXJ-", "RXR"};

/* What an event brings along for its actions. */
struct call {
	const struct cp_packet *pkt;
	const uint8_t *answer; /* options of Configure-Ack, -Nak or -Reject */
	size_t answer_len;
	enum cp_code answer_code;
	uint64_t now_ms;
	struct outbox *out;
};

const struct cp_cell *
cp_fsm_cell(enum cp_event event, enum cp_state state)
{
	return &table[event][state];
}

const char *
cp_state_name(enum cp_state state)
{
	return state_names[state];
}

const char *
cp_event_name(enum cp_event event)
{
	return event_names[event];
}

bool
cp_packet_parse(const uint8_t *p, size_t n, uint64_t now_ms, struct cp_packet *pkt)
{
	uint16_t len;

	if (n < CP_HDR_LEN)
		return false;
	len = load_be16(p + 2);
	if (len < CP_HDR_LEN || len > n || len > CP_PACKET_MAX)
		return false;
	*pkt = (struct cp_packet){.code = p[0],
		.id = p[1],
		.len = (uint16_t)(len - CP_HDR_LEN),
		.data = p + CP_HDR_LEN,
		.now_ms = now_ms};
	return true;
}

void
cp_fsm_init(struct cp_fsm *f, const struct cp_ops *ops, const struct host_timing *timing)
{
	*f = (struct cp_fsm){
		.ops = ops,
		.deadline_ms = UINT64_MAX,
		.restart_ms = timing->restart_ms != 0 ? timing->restart_ms : RESTART_MS,
		.max_configure = timing->max_configure != 0 ? timing->max_configure : 10,
		.max_terminate = timing->max_terminate != 0 ? timing->max_terminate : 2,
		.max_failure = timing->max_failure != 0 ? timing->max_failure : 5,
		.state = CP_INITIAL,
		.next_id = 1,
		.tx_max = CP_PACKET_MAX,
	};
}

uint8_t
cp_fsm_new_id(struct cp_fsm *f)
{
	return f->next_id++;
}

uint8_t *
cp_fsm_send(const struct cp_fsm *f, uint8_t code, uint8_t id, size_t len, struct outbox *out)
{
	uint8_t *p = outbox_send(out, f->ops->proto, CP_HDR_LEN + len);

	if (p == NULL)
		return NULL;
	p[0] = code;
	p[1] = id;
	store_be16(p + 2, (uint16_t)(CP_HDR_LEN + len));
	return p + CP_HDR_LEN;
}

static void
send_copy(const struct cp_fsm *f, uint8_t code, uint8_t id, const void *data, size_t len, struct outbox *out)
{
	uint8_t *p = cp_fsm_send(f, code, id, len, out);

	if (p != NULL && len != 0)
		memcpy(p, data, len);
}

static size_t
build_request(const struct cp_fsm *f, uint8_t buf[CP_OPTIONS_MAX])
{
	struct cp_writer w = {.buf = buf, .cap = CP_OPTIONS_MAX};

	f->ops->request(f, &w);
	return w.len;
}

/* A repeated request keeps its identifier, so that an answer slower than the restart timer still counts. Contents
 * change only with an answer or a new negotiation, and both clear `awaiting` (RFC 1661 section 5.1). */
static void
send_configure_request(struct cp_fsm *f, const struct call *call)
{
	uint8_t options[CP_OPTIONS_MAX];
	const size_t len = build_request(f, options);

	if (!f->awaiting)
		f->request_id = cp_fsm_new_id(f);
	f->awaiting = true;
	f->deadline_ms = call->now_ms + f->restart_ms;
	if (f->restarts > 0)
		f->restarts--;
	send_copy(f, CP_CONFIGURE_REQUEST, f->request_id, options, len, call->out);
}

static void
send_terminate_request(struct cp_fsm *f, const struct call *call, bool again)
{
	if (!again)
		f->terminate_id = cp_fsm_new_id(f);
	f->deadline_ms = call->now_ms + f->restart_ms;
	if (f->restarts > 0)
		f->restarts--;
	send_copy(f, CP_TERMINATE_REQUEST, f->terminate_id, f->why, f->why != NULL ? strlen(f->why) : 0, call->out);
}

/* RFC 1661 section 5.6: the copy is cut to the peer's MRU. */
static void
send_code_reject(struct cp_fsm *f, const struct call *call)
{
	size_t len = CP_HDR_LEN + (size_t)call->pkt->len;

	if (len > f->tx_max - (size_t)CP_HDR_LEN)
		len = f->tx_max - (size_t)CP_HDR_LEN;
	outbox_note(call->out, f->ops->proto, "%s: code %u is unknown, rejected", f->ops->name, call->pkt->code);
	send_copy(f, CP_CODE_REJECT, cp_fsm_new_id(f), call->pkt->data - CP_HDR_LEN, len, call->out);
}

static bool
cell_has(const struct cp_cell *cell, enum cp_action action)
{
	return cell->actions[0] == action || cell->actions[1] == action || cell->actions[2] == action;
}

static void
act(struct cp_fsm *f, enum cp_event event, const struct cp_cell *cell, enum cp_action action, const struct call *call)
{
	switch (action) {
	case CP_ACT_NONE:
		break;
	case CP_TLU:
		outbox_event(call->out, OUT_LAYER_UP, f->ops->proto);
		break;
	case CP_TLD:
		outbox_event(call->out, OUT_LAYER_DOWN, f->ops->proto);
		break;
	case CP_TLS:
		outbox_event(call->out, OUT_LAYER_STARTED, f->ops->proto);
		break;
	case CP_TLF:
		outbox_event(call->out, OUT_LAYER_FINISHED, f->ops->proto);
		break;
	case CP_IRC:
		f->restarts = cell_has(cell, CP_STR) ? f->max_terminate : f->max_configure;
		break;
	case CP_ZRC: /* one period for the peer to see our Terminate-Ack, section 4.4 */
		f->restarts = 0;
		f->deadline_ms = call->now_ms + f->restart_ms;
		break;
	case CP_SCR:
		send_configure_request(f, call);
		break;
	case CP_SCA:
	case CP_SCN:
		send_copy(f, (uint8_t)call->answer_code, call->pkt->id, call->answer, call->answer_len, call->out);
		break;
	case CP_STR:
		send_terminate_request(f, call, event == CP_TO_PLUS);
		break;
	case CP_STA:
		send_copy(f, CP_TERMINATE_ACK, call->pkt->id, NULL, 0, call->out);
		break;
	case CP_SCJ:
		send_code_reject(f, call);
		break;
	case CP_SER:
		if (f->ops->echo != NULL)
			f->ops->echo(f, call->pkt, call->out);
		break;
	}
}

/* States with a TO event in their column run the restart timer (section 4.1). */
static bool
state_has_timer(uint8_t state)
{
	return table[CP_TO_PLUS][state].next != CP_IMPOSSIBLE;
}

static bool
state_negotiates(uint8_t state)
{
	return state >= CP_REQ_SENT && state <= CP_ACK_SENT;
}

static void
negotiation_begin(struct cp_fsm *f)
{
	f->naks_tx = 0;
	f->naks_rx = 0;
	f->awaiting = false;
	f->why = NULL;
	f->ops->reset(f);
}

/* One cell. The state is final before the first effect is written. */
static void
run(struct cp_fsm *f, enum cp_event event, const struct call *call)
{
	const struct cp_cell *cell = &table[event][f->state];
	const bool negotiated = state_negotiates(f->state);
	unsigned i;

	if (cell->next == CP_IMPOSSIBLE)
		return;
	f->state = cell->next;
	if (cell_has(cell, CP_SCR) && !negotiated)
		negotiation_begin(f);
	for (i = 0; i < sizeof(cell->actions); i++)
		act(f, event, cell, cell->actions[i], call);
	if (!state_has_timer(f->state))
		f->deadline_ms = UINT64_MAX;
}

void
cp_fsm_event(struct cp_fsm *f, enum cp_event event, const struct cp_packet *pkt, uint64_t now_ms, struct outbox *out)
{
	const struct call call = {.pkt = pkt, .now_ms = now_ms, .out = out};

	run(f, event, &call);
}

void
cp_fsm_open(struct cp_fsm *f, uint64_t now_ms, struct outbox *out)
{
	cp_fsm_event(f, CP_OPEN, NULL, now_ms, out);
}

void
cp_fsm_close(struct cp_fsm *f, uint64_t now_ms, struct outbox *out)
{
	cp_fsm_event(f, CP_CLOSE, NULL, now_ms, out);
}

void
cp_fsm_lower(struct cp_fsm *f, bool up, uint64_t now_ms, struct outbox *out)
{
	f->awaiting = false;
	cp_fsm_event(f, up ? CP_UP : CP_DOWN, NULL, now_ms, out);
}

void
cp_fsm_fail(struct cp_fsm *f, const char *why, struct outbox *out)
{
	f->why = why;
	f->failing = true;
	outbox_note(out, f->ops->proto, "%s: %s", f->ops->name, why);
}

/* True: an op found that there is no way to go on. */
static bool
failed(struct cp_fsm *f, const struct call *call)
{
	if (!f->failing)
		return false;
	f->failing = false;
	run(f, CP_CLOSE, call);
	return true;
}

static void
drop(const struct cp_fsm *f, const struct call *call, const char *why)
{
	outbox_note(
		call->out, f->ops->proto, "%s: packet with code %u dropped: %s", f->ops->name, call->pkt->code, why);
}

/* FNV-1a: tells requests apart, guards nothing. */
static uint32_t
options_digest(const struct cp_packet *pkt)
{
	uint32_t h = 2166136261u;
	unsigned i;

	for (i = 0; i < pkt->len; i++)
		h = (h ^ pkt->data[i]) * 16777619u;
	return h;
}

/* A peer whose restart timer is shorter than the round trip repeats its request before our Ack arrives; the copy then
 * finds us Opened. Taken as a new request (section 4.3, RCR) it would tear the layer down, and its own repetition
 * would do so again, for ever. The same bytes under the same identifier are the same request: the Ack is repeated, a
 * few times, in case the peer did start anew and its request just looks alike. */
static bool
request_is_repeated(struct cp_fsm *f, const struct call *call)
{
	enum { REPEATS_MAX = 3 };
	const struct cp_packet *pkt = call->pkt;

	if (f->state != CP_OPENED || pkt->id != f->acked_id || f->acked_repeats >= REPEATS_MAX)
		return false;
	if (options_digest(pkt) != f->acked_digest)
		return false;
	f->acked_repeats++;
	send_copy(f, CP_CONFIGURE_ACK, pkt->id, pkt->data, pkt->len, call->out);
	return true;
}

/* The peer speaks but has not answered what we sent before it did: most likely it was not there yet. (As a concentrator we send right
 * behind the PADS, and Linux drops what comes before pppd has connected the session.) The repetition need not wait for a whole restart
 * period, only for an answer that may be under way; a period longer than the usual one says by how much longer that may be. */
static void
repeat_soon(struct cp_fsm *f, uint64_t now_ms)
{
	enum { ANSWER_MS = 200 };
	const uint32_t longer_ms = f->restart_ms > RESTART_MS ? f->restart_ms - RESTART_MS : 0;
	const uint64_t soon_ms = now_ms + ANSWER_MS + longer_ms;

	if (f->awaiting && f->restarts + 1 == f->max_configure && f->deadline_ms > soon_ms)
		f->deadline_ms = soon_ms;
}

static void
accept_request(struct cp_fsm *f, struct call *call)
{
	const bool was_sent_before = f->state == CP_REQ_SENT;

	call->answer = call->pkt->data;
	call->answer_len = call->pkt->len;
	f->naks_tx = 0;
	f->acked_id = call->pkt->id;
	f->acked_digest = options_digest(call->pkt);
	f->acked_repeats = 0;
	run(f, CP_RCR_PLUS, call);
	if (was_sent_before)
		repeat_soon(f, call->now_ms);
}

static void
input_request(struct cp_fsm *f, struct call *call)
{
	const struct cp_packet *pkt = call->pkt;
	uint8_t answer[CP_OPTIONS_MAX];
	struct cp_writer w = {.buf = answer, .cap = sizeof(answer)};

	if (!cp_options_valid(pkt->data, pkt->len)) {
		drop(f, call, "an option's length is wrong");
		return;
	}
	if (f->state != CP_STOPPED && f->state < CP_REQ_SENT) { /* not negotiating: the cells of RCR+ and RCR- agree */
		run(f, CP_RCR_PLUS, call);
		return;
	}
	if (request_is_repeated(f, call))
		return;
	call->answer_code = f->ops->judge(f, pkt->data, pkt->len, f->naks_tx >= f->max_failure, &w, call->out);
	if (failed(f, call))
		return;
	if (call->answer_code == CP_NO_ANSWER) { /* it is repeated, when there may be memory again */
		drop(f, call, "there is no memory for what it asks");
		return;
	}
	if (call->answer_code == CP_CONFIGURE_ACK) {
		accept_request(f, call);
		return;
	}
	if (call->answer_code == CP_CONFIGURE_NAK && f->naks_tx < f->max_failure)
		f->naks_tx++;
	call->answer = answer;
	call->answer_len = w.len;
	run(f, CP_RCR_MINUS, call);
}

/* An answer counts once and only with the identifier of the last request; RFC 1661 sections 5.2 to 5.4 drop the
 * others silently. */
static bool
answer_is_due(const struct cp_fsm *f, const struct call *call)
{
	if (!f->awaiting || call->pkt->id != f->request_id) {
		drop(f, call, "no request with this identifier is open");
		return false;
	}
	return true;
}

/* Closed, Stopped and the two closing states answer by the table, whatever the packet holds. */
static bool
answer_is_moot(struct cp_fsm *f, enum cp_event event, const struct call *call)
{
	if (f->state >= CP_REQ_SENT)
		return false;
	run(f, event, call);
	return true;
}

static void
input_ack(struct cp_fsm *f, const struct call *call)
{
	uint8_t request[CP_OPTIONS_MAX];
	size_t len;

	if (answer_is_moot(f, CP_RCA, call) || !answer_is_due(f, call))
		return;
	len = build_request(f, request);
	if (call->pkt->len != len || memcmp(call->pkt->data, request, len) != 0) {
		drop(f, call, "options differ from our request");
		return;
	}
	f->awaiting = false;
	f->naks_rx = 0;
	f->ops->acked(f, call->out);
	if (!failed(f, call))
		run(f, CP_RCA, call);
}

/* Naks could go on for ever, each of them restarting the counter: after Max-Failure of them the options in question
 * are given up, after twice as many the negotiation. */
static void
input_nak(struct cp_fsm *f, const struct call *call)
{
	if (answer_is_moot(f, CP_RCN, call) || !answer_is_due(f, call))
		return;
	if (!cp_options_valid(call->pkt->data, call->pkt->len)) {
		drop(f, call, "an option's length is wrong");
		return;
	}
	f->awaiting = false;
	f->naks_rx++;
	if (f->naks_rx > 2u * f->max_failure)
		cp_fsm_fail(f, "negotiation does not converge", call->out);
	else
		f->ops->naked(f, call->pkt->data, call->pkt->len, f->naks_rx > f->max_failure, call->out);
	if (!failed(f, call))
		run(f, CP_RCN, call);
}

/* Each rejected option must be one of ours, unchanged (RFC 1661 section 5.4). */
static bool
reject_is_ours(const struct cp_fsm *f, const uint8_t *options, size_t n)
{
	uint8_t request[CP_OPTIONS_MAX];
	const size_t len = build_request(f, request);
	const uint8_t *at = options;
	struct cp_option opt, mine;

	while (cp_option_next(&at, options + n, &opt)) {
		if (!cp_options_find(request, len, opt.type, &mine) || mine.len != opt.len ||
			memcmp(mine.data, opt.data, opt.len) != 0)
			return false;
	}
	return at != NULL && n != 0;
}

static void
input_reject(struct cp_fsm *f, const struct call *call)
{
	if (answer_is_moot(f, CP_RCN, call) || !answer_is_due(f, call))
		return;
	if (!reject_is_ours(f, call->pkt->data, call->pkt->len)) {
		drop(f, call, "it rejects what was not asked");
		return;
	}
	f->awaiting = false;
	f->ops->rejected(f, call->pkt->data, call->pkt->len, call->out);
	if (!failed(f, call))
		run(f, CP_RCN, call);
}

static void
input_terminate_request(struct cp_fsm *f, const struct call *call)
{
	char text[80];

	if (f->state >= CP_REQ_SENT) {
		f->why = "peer terminated";
		outbox_note(call->out, f->ops->proto, "%s: peer terminates: %s", f->ops->name,
			text_printable(text, sizeof(text), call->pkt->data, call->pkt->len));
	}
	run(f, CP_RTR, call);
}

/* While we terminate, the identifier must match. Otherwise the peer says by it that it is closed (section 4.3, RTA). */
static void
input_terminate_ack(struct cp_fsm *f, const struct call *call)
{
	if ((f->state == CP_CLOSING || f->state == CP_STOPPING) && call->pkt->id != f->terminate_id) {
		drop(f, call, "no request with this identifier is open");
		return;
	}
	run(f, CP_RTA, call);
}

/* Without codes 1 to 7 there is no negotiation (RXJ-); we can do without any other. */
static void
input_code_reject(struct cp_fsm *f, const struct call *call)
{
	uint8_t code;

	if (call->pkt->len == 0) {
		drop(f, call, "it holds no packet");
		return;
	}
	code = call->pkt->data[0];
	outbox_note(call->out, f->ops->proto, "%s: peer rejects code %u", f->ops->name, code);
	if (code >= CP_CONFIGURE_REQUEST && code <= CP_CODE_REJECT) {
		f->why = "peer rejects a code that the protocol cannot do without";
		run(f, CP_RXJ_MINUS, call);
		return;
	}
	run(f, CP_RXJ_PLUS, call);
	if (f->ops->code_rejected != NULL)
		f->ops->code_rejected(f, code, call->out);
}

static void
input_code(struct cp_fsm *f, struct call *call)
{
	switch (call->pkt->code) {
	case CP_CONFIGURE_REQUEST:
		input_request(f, call);
		break;
	case CP_CONFIGURE_ACK:
		input_ack(f, call);
		break;
	case CP_CONFIGURE_NAK:
		input_nak(f, call);
		break;
	case CP_CONFIGURE_REJECT:
		input_reject(f, call);
		break;
	case CP_TERMINATE_REQUEST:
		input_terminate_request(f, call);
		break;
	case CP_TERMINATE_ACK:
		input_terminate_ack(f, call);
		break;
	case CP_CODE_REJECT:
		input_code_reject(f, call);
		break;
	default:
		if (f->ops->other == NULL || !f->ops->other(f, call->pkt, call->out))
			run(f, CP_RUC, call);
	}
}

void
cp_fsm_input(struct cp_fsm *f, const uint8_t *p, size_t n, uint64_t now_ms, struct outbox *out)
{
	struct cp_packet pkt;
	struct call call = {.pkt = &pkt, .now_ms = now_ms, .out = out};

	if (f->state <= CP_STARTING) {
		outbox_note(out, f->ops->proto, "%s: packet dropped: the lower layer is down", f->ops->name);
		return;
	}
	if (!cp_packet_parse(p, n, now_ms, &pkt)) {
		outbox_note(out, f->ops->proto, "%s: packet of %zu bytes dropped: bad length", f->ops->name, n);
		return;
	}
	input_code(f, &call);
}

static const char *
timeout_why(uint8_t state)
{
	if (state == CP_ACK_RCVD)
		return "peer accepts our requests but sends no acceptable one";
	return "no answer to Configure-Requests";
}

void
cp_fsm_tick(struct cp_fsm *f, uint64_t now_ms, struct outbox *out)
{
	if (now_ms < f->deadline_ms)
		return;
	if (f->restarts > 0) {
		cp_fsm_event(f, CP_TO_PLUS, NULL, now_ms, out);
		return;
	}
	if (state_negotiates(f->state)) {
		f->why = timeout_why(f->state);
		outbox_note(out, f->ops->proto, "%s: %s", f->ops->name, f->why);
	}
	cp_fsm_event(f, CP_TO_MINUS, NULL, now_ms, out);
}

uint64_t
cp_fsm_deadline_ms(const struct cp_fsm *f)
{
	return f->deadline_ms;
}
