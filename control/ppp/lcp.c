/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/lcp.h"

#include <string.h>

#include "control/ppp/auth.h"
#include "dataplane/wire/bytes.h"
#include "dataplane/wire/ppp.h"
#include "dataplane/wire/pppoe.h"

enum {
	MAGIC_LEN = 4,
	TIMING_LEN = 4,
	MRRU_SUGGESTED = 1500,
	QUALITY_LEN = 6,
	QUALITY_CS_MIN = 10,
	QUALITY_CS_MAX = 360000
};

static struct lcp *
lcp_of(struct cp_fsm *f)
{
	return (struct lcp *)((char *)f - offsetof(struct lcp, fsm));
}

static const struct lcp *
lcp_of_const(const struct cp_fsm *f)
{
	return (const struct lcp *)((const char *)f - offsetof(struct lcp, fsm));
}

static const struct host_lcp *
policy(const struct lcp *l)
{
	return l->wish.lcp;
}

static bool
multilink_enabled(const struct lcp *l)
{
	return l->wish.multilink != NULL && l->wish.multilink->enabled;
}

static uint16_t
at_most(uint16_t v, uint16_t limit)
{
	return v < limit ? v : limit;
}

/* Never 0: section 6.4 forbids it. */
static uint32_t
draw_magic(const struct lcp *l)
{
	uint32_t magic = 0;

	l->random(l->random_ctx, &magic, sizeof(magic));
	return magic != 0 ? magic : 0x48415753;
}

static uint16_t
mrru_wish(const struct lcp *l)
{
	return l->wish.multilink->mrru != 0 ? l->wish.multilink->mrru : LCP_MRRU_AUTO;
}

static uint16_t
mru_wish(const struct lcp *l)
{
	const uint16_t mru = l->wish.mru != 0 ? l->wish.mru : policy(l)->mru;

	return mru != 0 ? at_most(mru, l->wish.mru_limit) : l->wish.mru_limit;
}

/* Hundredths of a second, as RFC 1989 counts them; never 0. */
static uint32_t
quality_wish(const struct lcp *l)
{
	const uint32_t ms = policy(l)->quality_period_ms != 0 ? policy(l)->quality_period_ms : LCP_QUALITY_MS_DEFAULT;

	return ms >= 10 ? ms / 10 : 1;
}

static bool
asks(const struct lcp *l, enum lcp_option type)
{
	return (l->asking & 1u << type) != 0;
}

static void
ask(struct lcp *l, enum lcp_option type, bool want)
{
	if (want)
		l->asking |= 1u << type;
	else
		l->asking &= ~(1u << type);
}

static void
ask_again(struct cp_fsm *f)
{
	struct lcp *l = lcp_of(f);
	const struct host_lcp *p = policy(l);
	const bool mp = multilink_enabled(l) && p->p_mrru.want;

	l->asking = 0;
	l->mrru_refused = l->auth_refused = false;
	l->ask_auth = 0;
	l->ask_mru = mru_wish(l);
	l->ask_mrru = mp ? mrru_wish(l) : 0;
	l->magic = p->p_magic.want ? draw_magic(l) : 0;
	ask(l, LCP_MRU, p->p_mru.want);
	ask(l, LCP_AUTH, p->p_auth.want && l->wish.demand[0] != HOST_AUTH_NONE);
	l->ask_quality_cs = quality_wish(l);
	ask(l, LCP_QUALITY, p->p_quality.want);
	ask(l, LCP_MAGIC, p->p_magic.want);
	ask(l, LCP_PFC, p->p_pfc.want);
	ask(l, LCP_MRRU, mp);
	ask(l, LCP_SHORT_SEQ, mp && p->p_short_seq.want);
	ask(l, LCP_ENDPOINT, p->p_endpoint.want && l->wish.endpoint != NULL);
}

static void
put_auth(struct cp_writer *w, enum host_auth auth)
{
	uint8_t data[3];

	store_be16(data, auth_proto(auth));
	data[2] = auth_algorithm(auth);
	cp_put(w, LCP_AUTH, data, auth_algorithm(auth) == 0 ? 2 : 3);
}

/* RFC 1989 section 2.5 */
static void
put_quality(struct cp_writer *w, uint32_t period_cs)
{
	uint8_t data[QUALITY_LEN];

	store_be16(data, PPP_LQR);
	store_be32(data + 2, period_cs);
	cp_put(w, LCP_QUALITY, data, sizeof(data));
}

static void
put_endpoint(struct cp_writer *w, const struct host_endpoint *ep)
{
	uint8_t data[CP_OPTION_DATA_MAX];

	data[0] = ep->class;
	memcpy(data + 1, ep->bytes, at_most(ep->len, sizeof(ep->bytes)));
	cp_put(w, LCP_ENDPOINT, data, 1u + at_most(ep->len, sizeof(ep->bytes)));
}

static void
request(const struct cp_fsm *f, struct cp_writer *w)
{
	const struct lcp *l = lcp_of_const(f);

	if (asks(l, LCP_MRU))
		cp_put16(w, LCP_MRU, l->ask_mru);
	if (asks(l, LCP_AUTH))
		put_auth(w, l->wish.demand[l->ask_auth]);
	if (asks(l, LCP_QUALITY))
		put_quality(w, l->ask_quality_cs);
	if (asks(l, LCP_MAGIC))
		cp_put32(w, LCP_MAGIC, l->magic);
	if (asks(l, LCP_PFC))
		cp_put(w, LCP_PFC, NULL, 0);
	if (asks(l, LCP_MRRU))
		cp_put16(w, LCP_MRRU, l->ask_mrru);
	if (asks(l, LCP_SHORT_SEQ))
		cp_put(w, LCP_SHORT_SEQ, NULL, 0);
	if (asks(l, LCP_ENDPOINT))
		put_endpoint(w, l->wish.endpoint);
}

/* ------------------------------------------------------------------ the peer's request */

enum verdict { TAKE, NAK, REJECT };

/* One request under judgement. */
struct judgement {
	struct lcp *l;
	struct lcp_side side; /* becomes `peers` if all is well */
	struct endpoint_kept endpoint;
	struct cp_writer *naks;
	struct outbox *out;
	bool give_up, no_memory;
};

/* A Nak, or a Reject once the peer had Naks enough (Max-Failure). */
static enum verdict
nak16(struct judgement *j, enum lcp_option type, uint16_t suggestion)
{
	if (j->give_up)
		return REJECT;
	cp_put16(j->naks, (uint8_t)type, suggestion);
	return NAK;
}

static enum verdict
judge_mru(struct judgement *j, const struct cp_option *opt)
{
	const uint16_t limit = j->l->wish.mru_limit;
	uint16_t mru;

	if (!policy(j->l)->p_mru.allow)
		return REJECT;
	if (opt->len != 2)
		return nak16(j, LCP_MRU, limit);
	mru = load_be16(opt->data);
	if (mru > limit) /* RFC 2516 section 7, RFC 4638 */
		return nak16(j, LCP_MRU, limit);
	if (mru < LCP_MRU_MIN)
		return nak16(j, LCP_MRU, LCP_MRU_MIN);
	j->side.mru = mru;
	return TAKE;
}

static enum host_auth
auth_parse(const struct cp_option *opt)
{
	enum host_auth auth;

	if (opt->len != 2 && opt->len != 3)
		return HOST_AUTH_NONE;
	auth = auth_find(load_be16(opt->data), opt->len == 3 ? opt->data[2] : 0);
	return (auth_algorithm(auth) != 0) == (opt->len == 3) ? auth : HOST_AUTH_NONE;
}

/* Index in a list, -1: not there. */
static int
auth_index(const enum host_auth list[HOST_AUTHS_MAX], enum host_auth auth)
{
	for (int i = 0; i < HOST_AUTHS_MAX && list[i] != HOST_AUTH_NONE; i++) {
		if (list[i] == auth)
			return i;
	}
	return -1;
}

static enum verdict
judge_auth(struct judgement *j, const struct cp_option *opt)
{
	const enum host_auth *accept = j->l->wish.accept;
	const enum host_auth auth = auth_parse(opt);

	if (!policy(j->l)->p_auth.allow || accept[0] == HOST_AUTH_NONE) {
		outbox_note(j->out, PPP_LCP, "LCP: peer wants us to authenticate, which is not allowed: rejected");
		return REJECT;
	}
	if (auth_index(accept, auth) >= 0) {
		j->side.auth = auth;
		return TAKE;
	}
	if (j->give_up)
		return REJECT;
	put_auth(j->naks, accept[0]);
	return NAK;
}

/* Reports only as answers (period 0) need somebody who begins; and each one costs a question to the data plane. */
static enum verdict
judge_quality(struct judgement *j, const struct cp_option *opt)
{
	struct lcp *l = j->l;
	uint32_t period_cs;

	if (!policy(l)->p_quality.allow)
		return REJECT;
	period_cs = opt->len == QUALITY_LEN ? load_be32(opt->data + 2) : 0;
	if (opt->len != QUALITY_LEN || load_be16(opt->data) != PPP_LQR || (period_cs == 0 && !asks(l, LCP_QUALITY)) ||
		(period_cs != 0 && period_cs < QUALITY_CS_MIN)) {
		if (j->give_up)
			return REJECT;
		put_quality(j->naks, quality_wish(l));
		return NAK;
	}
	j->side.quality = true;
	j->side.quality_cs = period_cs;
	return TAKE;
}

static enum verdict
nak_magic(struct judgement *j)
{
	cp_put32(j->naks, LCP_MAGIC, draw_magic(j->l));
	return NAK;
}

/* RFC 1661 section 6.4: our own number comes back on a looped line, or by chance. */
static enum verdict
judge_magic(struct judgement *j, const struct cp_option *opt)
{
	struct lcp *l = j->l;
	uint32_t magic;

	magic = opt->len == MAGIC_LEN ? load_be32(opt->data) : 0;
	if (asks(l, LCP_MAGIC) && magic == l->magic) {
		if (++l->loops >= LCP_LOOPS_MAX)
			cp_fsm_fail(&l->fsm, "line is looped back: our own magic number returns", j->out);
		return nak_magic(j);
	}
	l->loops = 0;
	if (!policy(l)->p_magic.allow)
		return REJECT;
	if (magic == 0)
		return j->give_up ? REJECT : nak_magic(j);
	j->side.magic = magic;
	return TAKE;
}

static enum verdict
judge_mrru(struct judgement *j, const struct cp_option *opt)
{
	if (!policy(j->l)->p_mrru.allow || !multilink_enabled(j->l))
		return REJECT;
	if (opt->len != 2 || load_be16(opt->data) < LCP_MRRU_MIN)
		return nak16(j, LCP_MRRU, MRRU_SUGGESTED);
	j->side.mrru = load_be16(opt->data);
	return TAKE;
}

static enum verdict
judge_flag(struct judgement *j, const struct cp_option *opt, bool allow, bool *flag)
{
	if (!allow || (opt->len != 0 && j->give_up))
		return REJECT;
	if (opt->len != 0) {
		cp_put(j->naks, opt->type, NULL, 0);
		return NAK;
	}
	*flag = true;
	return TAKE;
}

/* Any class, any bytes; a Nak is not allowed (RFC 1990 section 5.1.3). */
static enum verdict
judge_endpoint(struct judgement *j, const struct cp_option *opt)
{
	struct host_endpoint ep;

	if (!policy(j->l)->p_endpoint.allow || opt->len == 0)
		return REJECT;
	ep.class = opt->data[0];
	ep.len = (uint8_t)(opt->len - 1);
	memcpy(ep.bytes, opt->data + 1, ep.len);
	if (endpoint_keep(&j->endpoint, &ep))
		return TAKE;
	j->no_memory = true;
	return TAKE;
}

/* ACFC, ACCM and FCS alternatives are rejected as RFC 2516 section 7 says; what we do not know, as RFC 1661 does. */
static enum verdict
judge_option(struct judgement *j, const struct cp_option *opt)
{
	const struct host_lcp *p = policy(j->l);

	switch (opt->type) {
	case LCP_MRU:
		return judge_mru(j, opt);
	case LCP_AUTH:
		return judge_auth(j, opt);
	case LCP_MAGIC:
		return judge_magic(j, opt);
	case LCP_QUALITY:
		return judge_quality(j, opt);
	case LCP_PFC:
		return judge_flag(j, opt, p->p_pfc.allow, &j->side.pfc);
	case LCP_MRRU:
		return judge_mrru(j, opt);
	case LCP_SHORT_SEQ:
		return judge_flag(j, opt, p->p_short_seq.allow && multilink_enabled(j->l), &j->side.short_seq);
	case LCP_ENDPOINT:
		return judge_endpoint(j, opt);
	default:
		return REJECT;
	}
}

static struct lcp_side
side_default(const struct lcp *l)
{
	return (struct lcp_side){.mru = at_most(LCP_MRU_DEFAULT, l->wish.mru_limit)};
}

static enum cp_code
verdict_code(struct lcp *l, struct judgement *j, size_t n_rejects)
{
	if (n_rejects != 0)
		return CP_CONFIGURE_REJECT;
	if (j->naks->len != 0)
		return CP_CONFIGURE_NAK;
	l->peers = j->side;
	endpoint_drop(&l->peer_endpoint);
	l->peer_endpoint = j->endpoint;
	j->endpoint = (struct endpoint_kept){.class = HOST_EP_NULL};
	l->fsm.tx_max = j->side.mru;
	return CP_CONFIGURE_ACK;
}

static enum cp_code
judge(struct cp_fsm *f, const uint8_t *options, size_t n, bool give_up, struct cp_writer *rejects, struct outbox *out)
{
	struct lcp *l = lcp_of(f);
	uint8_t nak_bytes[64] = {0}; /* at most one Nak of each type: 31 bytes */
	struct cp_writer naks = {.buf = nak_bytes, .cap = sizeof(nak_bytes)};
	struct judgement j = {.l = l, .side = side_default(l), .naks = &naks, .out = out, .give_up = give_up};
	uint32_t seen[256 / 32] = {0};
	const uint8_t *at = options;
	struct cp_option opt;
	enum cp_code code;

	while (!f->failing && cp_option_next(&at, options + n, &opt)) {
		const uint32_t bit = 1u << opt.type % 32;
		const bool twice = (seen[opt.type / 32] & bit) != 0;

		seen[opt.type / 32] |= bit;
		if (twice || judge_option(&j, &opt) == REJECT)
			cp_put_option(rejects, &opt);
	}
	code = j.no_memory ? CP_NO_ANSWER : verdict_code(l, &j, rejects->len);
	endpoint_drop(&j.endpoint);
	if (code == CP_CONFIGURE_NAK) {
		memcpy(rejects->buf, nak_bytes, naks.len);
		rejects->len = naks.len;
	}
	return code;
}

/* ------------------------------------------------------------------ answers to our request */

static void
acked(struct cp_fsm *f, struct outbox *out)
{
	struct lcp *l = lcp_of(f);

	(void)out;
	l->ours = side_default(l);
	if (asks(l, LCP_MRU))
		l->ours.mru = l->ask_mru;
	if (asks(l, LCP_AUTH))
		l->ours.auth = l->wish.demand[l->ask_auth];
	if (asks(l, LCP_MAGIC))
		l->ours.magic = l->magic;
	if (asks(l, LCP_MRRU))
		l->ours.mrru = l->ask_mrru;
	l->ours.quality = asks(l, LCP_QUALITY);
	l->ours.quality_cs = asks(l, LCP_QUALITY) ? l->ask_quality_cs : 0;
	l->ours.short_seq = asks(l, LCP_SHORT_SEQ);
	l->ours.pfc = asks(l, LCP_PFC);
}

/* What is demanded is not given up: who may come in without is not asked. */
static void
fail_auth(struct lcp *l, const char *why, struct outbox *out)
{
	l->auth_refused = true;
	cp_fsm_fail(&l->fsm, why, out);
}

static void
give_option_up(struct lcp *l, uint8_t type, struct outbox *out)
{
	if (type == LCP_AUTH) {
		fail_auth(l, "peer refuses to authenticate", out);
		return;
	}
	ask(l, type, false);
	if (type == LCP_MRRU) { /* without it there are no sequence numbers to shorten */
		l->mrru_refused = true;
		ask(l, LCP_SHORT_SEQ, false);
		outbox_note(out, PPP_LCP, "LCP: peer refuses MRRU: no multilink on this link");
	}
}

static void
naked_mru(struct lcp *l, const struct cp_option *opt)
{
	if (opt->len != 2)
		return;
	if (load_be16(opt->data) >= LCP_MRU_MIN && load_be16(opt->data) <= l->wish.mru_limit)
		l->ask_mru = load_be16(opt->data);
}

/* A lower value is taken; more than configured we could not receive. */
static void
naked_mrru(struct lcp *l, const struct cp_option *opt)
{
	if (opt->len != 2)
		return;
	if (load_be16(opt->data) >= LCP_MRRU_MIN && load_be16(opt->data) <= mrru_wish(l))
		l->ask_mrru = load_be16(opt->data);
}

/* Another period will do; another protocol will not. */
static void
naked_quality(struct lcp *l, const struct cp_option *opt, struct outbox *out)
{
	const uint32_t period_cs = opt->len == QUALITY_LEN ? load_be32(opt->data + 2) : 0;

	if (opt->len == QUALITY_LEN && load_be16(opt->data) == PPP_LQR && period_cs != 0 && period_cs <= QUALITY_CS_MAX)
		l->ask_quality_cs = period_cs;
	else
		give_option_up(l, opt->type, out);
}

/* The peer names what it would do: if that is on our list, it is; else the next of the list has its turn. */
static void
naked_auth(struct lcp *l, const struct cp_option *opt, struct outbox *out)
{
	const int suggested = auth_index(l->wish.demand, auth_parse(opt));
	const unsigned next = l->ask_auth + 1u;

	if (suggested >= 0)
		l->ask_auth = (uint8_t)suggested;
	else if (next < HOST_AUTHS_MAX && l->wish.demand[next] != HOST_AUTH_NONE)
		l->ask_auth = (uint8_t)next;
	else
		fail_auth(l, "peer knows none of the authentication protocols demanded", out);
}

static void
naked_option(struct lcp *l, const struct cp_option *opt, struct outbox *out)
{
	switch (opt->type) {
	case LCP_MRU:
		naked_mru(l, opt);
		break;
	case LCP_AUTH:
		naked_auth(l, opt, out);
		break;
	case LCP_MAGIC:
		l->magic = draw_magic(l); /* RFC 1661 section 6.4 */
		break;
	case LCP_QUALITY:
		naked_quality(l, opt, out);
		break;
	case LCP_MRRU:
		naked_mrru(l, opt);
		break;
	default: /* nothing to haggle over: a Nak means no */
		give_option_up(l, opt->type, out);
	}
}

static bool
asks_type(const struct lcp *l, uint8_t type)
{
	return type < 32 && asks(l, type);
}

static void
naked(struct cp_fsm *f, const uint8_t *options, size_t n, bool give_up, struct outbox *out)
{
	struct lcp *l = lcp_of(f);
	const uint8_t *at = options;
	struct cp_option opt;

	while (!f->failing && cp_option_next(&at, options + n, &opt)) {
		if (!asks_type(l, opt.type))
			continue; /* options we did not ask for are suggestions, and not ours to take */
		if (give_up)
			give_option_up(l, opt.type, out);
		else
			naked_option(l, &opt, out);
	}
}

static void
rejected(struct cp_fsm *f, const uint8_t *options, size_t n, struct outbox *out)
{
	struct lcp *l = lcp_of(f);
	const uint8_t *at = options;
	struct cp_option opt;

	while (!f->failing && cp_option_next(&at, options + n, &opt)) {
		if (asks_type(l, opt.type))
			give_option_up(l, opt.type, out);
	}
}

/* ------------------------------------------------------------------ codes 8 to 13 */

static void
input_protocol_reject(struct lcp *l, const struct cp_packet *pkt, struct outbox *out)
{
	uint16_t proto;

	if (!lcp_is_open(l) || pkt->len < PPP_PROTO_LEN) { /* RFC 1661 section 5.7 */
		outbox_note(out, PPP_LCP, "LCP: Protocol-Reject dropped: %s",
			pkt->len < PPP_PROTO_LEN ? "it names no protocol" : "not opened");
		return;
	}
	proto = load_be16(pkt->data);
	outbox_note(out, PPP_LCP, "LCP: peer rejects protocol 0x%04x", proto);
	if (proto == PPP_LCP) {
		l->fsm.why = "peer rejects LCP itself";
		cp_fsm_event(&l->fsm, CP_RXJ_MINUS, pkt, pkt->now_ms, out);
		return;
	}
	cp_fsm_event(&l->fsm, CP_RXJ_PLUS, pkt, pkt->now_ms, out);
	outbox_event(out, OUT_PROTOCOL_REJECTED, proto);
}

static bool
other(struct cp_fsm *f, const struct cp_packet *pkt, struct outbox *out)
{
	switch (pkt->code) {
	case CP_PROTOCOL_REJECT:
		input_protocol_reject(lcp_of(f), pkt, out);
		return true;
	case CP_ECHO_REQUEST:
	case CP_ECHO_REPLY:
	case CP_DISCARD_REQUEST:
		cp_fsm_event(f, CP_RXR, pkt, pkt->now_ms, out);
		return true;
	case CP_IDENTIFICATION: /* RFC 1570: nothing to do, but known */
	case CP_TIME_REMAINING:
		return true;
	default:
		return false;
	}
}

static void
input_echo_request(struct lcp *l, const struct cp_packet *pkt, struct outbox *out)
{
	const uint16_t room = (uint16_t)(l->peers.mru - CP_HDR_LEN);
	const uint16_t len = at_most(pkt->len, room); /* never more than the peer's MRU (C17) */
	uint8_t *p;

	if (pkt->len < MAGIC_LEN) {
		outbox_note(out, PPP_LCP, "LCP: Echo-Request dropped: no magic number");
		return;
	}
	if (l->ours.magic != 0 && load_be32(pkt->data) == l->ours.magic) {
		/* unanswered, so that a looped line counts as a silent one */
		outbox_note(out, PPP_LCP, "LCP: our own Echo-Request returns: line is looped back");
		return;
	}
	p = cp_fsm_send(&l->fsm, CP_ECHO_REPLY, pkt->id, len, out);
	if (p == NULL)
		return;
	memcpy(p, pkt->data, len);
	store_be32(p, l->ours.magic);
	l->echoes.replies++;
}

/* The answer to lcp_time(); peers send back what followed the magic number (RFC 1661 section 5.8). */
static bool
input_timing(struct lcp *l, const struct cp_packet *pkt)
{
	if (!l->timing_waiting || pkt->len < MAGIC_LEN + TIMING_LEN || load_be32(pkt->data + MAGIC_LEN) != l->timing)
		return false;
	l->timing_waiting = false;
	l->timing_answered = true;
	l->timing_rtt_ms = (uint32_t)pkt->now_ms - l->timing_sent_ms;
	return true;
}

/* Late answers count as life, only the last one as a round trip. Some peers send our magic number back, others
 * theirs. */
static void
input_echo_reply(struct lcp *l, const struct cp_packet *pkt, struct outbox *out)
{
	const uint8_t age = (uint8_t)(l->echo_id - pkt->id);

	if (input_timing(l, pkt))
		return;
	if (!l->echo_waiting || age > l->echo_missed || pkt->len < MAGIC_LEN) {
		if (!l->probed)
			outbox_note(out, PPP_LCP, "LCP: Echo-Reply dropped: it answers nothing");
		return;
	}
	l->echo_missed = 0;
	l->echoes.answered++;
	if (age != 0)
		return;
	l->echo_waiting = false;
	l->echo_rtt_known = true;
	l->echo_rtt_ms = (uint32_t)pkt->now_ms - l->echo_sent_ms;
}

static void
echo(struct cp_fsm *f, const struct cp_packet *pkt, struct outbox *out)
{
	switch (pkt->code) {
	case CP_ECHO_REQUEST:
		input_echo_request(lcp_of(f), pkt, out);
		break;
	case CP_ECHO_REPLY:
		input_echo_reply(lcp_of(f), pkt, out);
		break;
	default: /* Discard-Request */
		break;
	}
}

static void
code_rejected(struct cp_fsm *f, uint8_t code, struct outbox *out)
{
	struct lcp *l = lcp_of(f);

	l->protocol_reject_off |= code == CP_PROTOCOL_REJECT;
	if (code != CP_ECHO_REQUEST)
		return;
	l->echo_off = true;
	l->echo_due_ms = UINT64_MAX;
	outbox_note(out, PPP_LCP, "LCP: peer knows no Echo-Request: a silent line will not be noticed");
}

static const struct cp_ops lcp_ops = {
	.proto = PPP_LCP,
	.name = "LCP",
	.reset = ask_again,
	.request = request,
	.judge = judge,
	.acked = acked,
	.naked = naked,
	.rejected = rejected,
	.other = other,
	.echo = echo,
	.code_rejected = code_rejected,
};

/* ------------------------------------------------------------------ echo timer */

/* The first comes after a random part of the interval, more than half of it: links that opened together would else ask together ever
 * after, and all answers would come in one burst. The magic number was drawn for this negotiation. */
static void
echo_start(struct lcp *l, uint64_t now_ms)
{
	const uint64_t interval_ms = policy(l)->echo_interval_ms;

	l->echo_missed = 0;
	l->echo_waiting = false;
	l->echo_due_ms = UINT64_MAX;
	if (interval_ms != 0 && !l->echo_off)
		l->echo_due_ms = now_ms + interval_ms - (interval_ms / 2 * l->magic >> 32);
}

static void
echo_send(struct lcp *l, uint64_t now_ms, struct outbox *out)
{
	uint8_t *p = cp_fsm_send(&l->fsm, CP_ECHO_REQUEST, ++l->echo_id, MAGIC_LEN, out);

	if (p != NULL)
		store_be32(p, l->ours.magic);
	l->echoes.sent++;
	l->echo_waiting = true;
	l->probed = false;
	l->echo_sent_ms = (uint32_t)now_ms;
	l->echo_due_ms = now_ms + policy(l)->echo_interval_ms;
}

static void
echo_tick(struct lcp *l, uint64_t now_ms, struct outbox *out)
{
	if (!lcp_is_open(l) || now_ms < l->echo_due_ms)
		return;
	if (l->echo_waiting && l->echo_missed < UINT8_MAX)
		l->echo_missed++;
	l->echoes.unanswered = (uint16_t)(l->echoes.unanswered + l->echo_waiting);
	if (policy(l)->echo_failures != 0 && l->echo_missed >= policy(l)->echo_failures) {
		l->echo_due_ms = UINT64_MAX;
		l->fsm.why = "peer does not answer Echo-Requests";
		outbox_note(out, PPP_LCP, "LCP: %u Echo-Requests in a row without an answer", l->echo_missed);
		cp_fsm_close(&l->fsm, now_ms, out);
		return;
	}
	echo_send(l, now_ms, out);
}

/* Behind each event: has the layer come up or gone down? */
static void
settle(struct lcp *l, bool was_open, uint64_t now_ms)
{
	if (was_open == lcp_is_open(l))
		return;
	if (was_open)
		l->echo_due_ms = UINT64_MAX;
	else
		echo_start(l, now_ms);
}

/* ------------------------------------------------------------------ verbs */

void
lcp_init(struct lcp *l, const struct lcp_wish *wish, host_random_fn *random, void *random_ctx)
{
	*l = (struct lcp){.wish = *wish, .random = random, .random_ctx = random_ctx, .echo_due_ms = UINT64_MAX};
	if (l->wish.mru_limit < LCP_MRU_MIN)
		l->wish.mru_limit = l->wish.mru_limit == 0 ? PPPOE_MRU_MAX : LCP_MRU_MIN;
	cp_fsm_init(&l->fsm, &lcp_ops, &wish->lcp->timing);
	l->ours = side_default(l);
	l->peers = side_default(l);
	l->fsm.tx_max = l->peers.mru;
}

void
lcp_fini(struct lcp *l)
{
	endpoint_drop(&l->peer_endpoint);
}

void
lcp_open(struct lcp *l, uint64_t now_ms, struct outbox *out)
{
	l->loops = 0;
	l->echo_off = l->protocol_reject_off = false;
	cp_fsm_open(&l->fsm, now_ms, out);
}

void
lcp_close(struct lcp *l, uint64_t now_ms, struct outbox *out)
{
	const bool was_open = lcp_is_open(l);

	cp_fsm_close(&l->fsm, now_ms, out);
	settle(l, was_open, now_ms);
}

void
lcp_input(struct lcp *l, const uint8_t *p, size_t n, uint64_t now_ms, struct outbox *out)
{
	const bool was_open = lcp_is_open(l);

	cp_fsm_input(&l->fsm, p, n, now_ms, out);
	settle(l, was_open, now_ms);
}

void
lcp_lower(struct lcp *l, bool up, uint64_t now_ms, struct outbox *out)
{
	const bool was_open = lcp_is_open(l);

	cp_fsm_lower(&l->fsm, up, now_ms, out);
	settle(l, was_open, now_ms);
}

void
lcp_tick(struct lcp *l, uint64_t now_ms, struct outbox *out)
{
	const bool was_open = lcp_is_open(l);

	cp_fsm_tick(&l->fsm, now_ms, out);
	settle(l, was_open, now_ms);
	echo_tick(l, now_ms, out);
}

uint64_t
lcp_deadline_ms(const struct lcp *l)
{
	const uint64_t restart = cp_fsm_deadline_ms(&l->fsm);

	return restart < l->echo_due_ms ? restart : l->echo_due_ms;
}

bool
lcp_probe(struct lcp *l, struct outbox *out)
{
	uint8_t *p;

	if (!lcp_is_open(l) || l->echo_off)
		return false;
	p = cp_fsm_send(&l->fsm, CP_ECHO_REQUEST, l->echo_id, MAGIC_LEN, out);
	if (p == NULL)
		return false;
	store_be32(p, l->ours.magic);
	l->probed = true;
	return true;
}

bool
lcp_time(struct lcp *l, uint64_t now_ms, struct outbox *out)
{
	uint8_t *p;

	if (!lcp_is_open(l) || l->echo_off)
		return false;
	p = cp_fsm_send(&l->fsm, CP_ECHO_REQUEST, l->echo_id, MAGIC_LEN + TIMING_LEN, out);
	if (p == NULL)
		return false;
	store_be32(p, l->ours.magic);
	store_be32(p + MAGIC_LEN, ++l->timing);
	l->timing_waiting = true;
	l->timing_answered = false;
	l->timing_sent_ms = (uint32_t)now_ms;
	l->probed = true; /* an answer that comes too late is not worth a word */
	return true;
}

bool
lcp_take_timing(struct lcp *l, uint32_t *rtt_ms)
{
	const bool answered = l->timing_answered;

	l->timing_answered = false;
	*rtt_ms = l->timing_rtt_ms;
	return answered;
}

void
lcp_protocol_reject(struct lcp *l, uint16_t proto, const uint8_t *pkt, size_t n, struct outbox *out)
{
	const size_t room = (size_t)at_most(l->peers.mru, CP_PACKET_MAX) - CP_HDR_LEN - PPP_PROTO_LEN;
	const size_t len = n < room ? n : room;
	uint8_t *p;

	if (!lcp_is_open(l) || l->protocol_reject_off)
		return;
	p = cp_fsm_send(&l->fsm, CP_PROTOCOL_REJECT, cp_fsm_new_id(&l->fsm), PPP_PROTO_LEN + len, out);
	if (p == NULL)
		return;
	store_be16(p, proto);
	if (len != 0)
		memcpy(p + PPP_PROTO_LEN, pkt, len);
}

bool
lcp_is_open(const struct lcp *l)
{
	return l->fsm.state == CP_OPENED;
}

const struct lcp_side *
lcp_ours(const struct lcp *l)
{
	return &l->ours;
}

const struct lcp_side *
lcp_peers(const struct lcp *l)
{
	return &l->peers;
}

struct host_endpoint
lcp_peer_endpoint(const struct lcp *l)
{
	struct host_endpoint ep;

	endpoint_load(&ep, &l->peer_endpoint);
	return ep;
}

bool
lcp_is_mp(const struct lcp *l)
{
	return l->ours.mrru != 0 && l->peers.mrru != 0;
}

bool
lcp_mrru_was_refused(const struct lcp *l)
{
	return l->mrru_refused;
}

bool
lcp_auth_was_refused(const struct lcp *l)
{
	return l->auth_refused;
}

struct lcp_echoes
lcp_take_echoes(struct lcp *l)
{
	const struct lcp_echoes taken = l->echoes;

	l->echoes = (struct lcp_echoes){0};
	return taken;
}

bool
lcp_echo_rtt_ms(const struct lcp *l, uint32_t *rtt_ms)
{
	*rtt_ms = l->echo_rtt_ms;
	return l->echo_rtt_known;
}

const char *
lcp_why(const struct lcp *l)
{
	return l->fsm.why;
}
