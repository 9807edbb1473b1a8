/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/ipcp.h"

#include <stdio.h>
#include <string.h>

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/ppp.h"

enum { ADDRESS_LEN = 4, DOTTED_MAX = 16 };

static struct ipcp *
ipcp_of(struct cp_fsm *f)
{
	return (struct ipcp *)((char *)f - offsetof(struct ipcp, fsm));
}

static const struct ipcp *
ipcp_of_const(const struct cp_fsm *f)
{
	return (const struct ipcp *)((const char *)f - offsetof(struct ipcp, fsm));
}

static const char *
dotted(char buf[DOTTED_MAX], uint32_t a)
{
	snprintf(buf, DOTTED_MAX, "%u.%u.%u.%u", a >> 24, a >> 16 & 0xff, a >> 8 & 0xff, a & 0xff);
	return buf;
}

static bool
prefix_has(const struct host_prefix *p, uint32_t address)
{
	const uint32_t mask = p->len == 0 ? 0 : ~(uint32_t)0 << (p->len < 32 ? 32 - p->len : 0);

	return (address & mask) == (p->address & mask);
}

/* 0, loopback, multicast and above are nobody's address. */
static bool
is_host_address(uint32_t a)
{
	return a >> 24 != 0 && a >> 24 != 127 && a >> 24 < 224;
}

static uint32_t
option_address(const struct cp_option *opt)
{
	return opt->len == ADDRESS_LEN ? load_be32(opt->data) : 0;
}

static uint8_t
dns_type(unsigned i)
{
	return i == 0 ? IPCP_DNS1 : IPCP_DNS2;
}

/* ------------------------------------------------------------------ our request */

static void
reset(struct cp_fsm *f)
{
	struct ipcp *c = ipcp_of(f);
	unsigned i;

	c->ask_address = c->wish->address;
	c->asking_address = c->wish->p_address.want;
	for (i = 0; i < 2; i++) {
		c->ask_dns[i] = 0;
		c->asking_dns[i] = c->wish->request_dns;
	}
}

static void
request(const struct cp_fsm *f, struct cp_writer *w)
{
	const struct ipcp *c = ipcp_of_const(f);
	unsigned i;

	if (c->asking_address)
		cp_put32(w, IPCP_ADDRESS, c->ask_address);
	for (i = 0; i < 2; i++) {
		if (c->asking_dns[i])
			cp_put32(w, dns_type(i), c->ask_dns[i]);
	}
}

/* ------------------------------------------------------------------ the peer's request */

enum verdict { TAKE, NAK, REJECT };

struct judgement {
	struct ipcp *c;
	struct cp_writer *naks;
	struct outbox *out;
	uint32_t address;
	bool has_address, give_up;
};

static enum verdict
insist(struct judgement *j, uint32_t asked)
{
	const uint32_t given = j->c->given;
	char a[DOTTED_MAX], b[DOTTED_MAX];

	if (!j->give_up) {
		cp_put32(j->naks, IPCP_ADDRESS, given);
		return NAK;
	}
	outbox_note(j->out, PPP_IPCP, "IPCP: peer insists on %s, given was %s", dotted(a, asked), dotted(b, given));
	cp_fsm_fail(&j->c->fsm, "peer insists on an address that is not its own", j->out);
	return REJECT;
}

/* We have none to give: the peer's own choice counts if it is a possible one. */
static enum verdict
judge_own_choice(struct judgement *j, uint32_t asked)
{
	char a[DOTTED_MAX];

	if (is_host_address(asked) && prefix_has(&j->c->wish->peer_accept, asked)) {
		j->address = asked;
		return TAKE;
	}
	outbox_note(
		j->out, PPP_IPCP, "IPCP: peer's address %s is refused, and there is none to give", dotted(a, asked));
	return REJECT;
}

static enum verdict
judge_address(struct judgement *j, const struct cp_option *opt)
{
	const uint32_t asked = option_address(opt);

	j->has_address = true;
	if (!j->c->wish->p_address.allow)
		return REJECT;
	if (j->c->given == 0)
		return judge_own_choice(j, asked);
	if (asked != j->c->given)
		return insist(j, asked);
	j->address = asked;
	return TAKE;
}

/* RFC 1877 section 1: a wrong or zero address is answered by the right one. */
static enum verdict
judge_dns(struct judgement *j, const struct cp_option *opt)
{
	const uint32_t ours = j->c->wish->dns[opt->type == IPCP_DNS1 ? 0 : 1];

	if (ours == 0)
		return REJECT;
	if (option_address(opt) == ours)
		return TAKE;
	if (j->give_up)
		return REJECT;
	cp_put32(j->naks, opt->type, ours);
	return NAK;
}

static enum verdict
judge_option(struct judgement *j, const struct cp_option *opt)
{
	switch (opt->type) {
	case IPCP_ADDRESS:
		return judge_address(j, opt);
	case IPCP_DNS1:
	case IPCP_DNS2:
		return judge_dns(j, opt);
	default:
		return REJECT;
	}
}

/* A peer that names no address is invited to (RFC 1661 section 5.3); if it does not care, or may not, it has the one we would
 * give. */
static void
judge_absence(struct judgement *j)
{
	const uint32_t given = j->c->given;

	if (j->has_address || given == 0)
		return;
	if (j->give_up || !j->c->wish->p_address.allow)
		j->address = given;
	else
		cp_put32(j->naks, IPCP_ADDRESS, given);
}

static enum cp_code
judge(struct cp_fsm *f, const uint8_t *options, size_t n, bool give_up, struct cp_writer *rejects, struct outbox *out)
{
	uint8_t nak_bytes[64] = {0}; /* at most one Nak of each type that has an address */
	struct cp_writer naks = {.buf = nak_bytes, .cap = sizeof(nak_bytes)};
	struct judgement j = {.c = ipcp_of(f), .naks = &naks, .out = out, .give_up = give_up};
	uint32_t seen[256 / 32] = {0};
	const uint8_t *at = options;
	struct cp_option opt;

	while (!f->failing && cp_option_next(&at, options + n, &opt)) {
		const uint32_t bit = 1u << opt.type % 32;
		const bool twice = (seen[opt.type / 32] & bit) != 0;

		seen[opt.type / 32] |= bit;
		if (twice || judge_option(&j, &opt) == REJECT)
			cp_put_option(rejects, &opt);
	}
	judge_absence(&j);
	if (rejects->len != 0)
		return CP_CONFIGURE_REJECT;
	if (naks.len != 0) {
		memcpy(rejects->buf, nak_bytes, naks.len);
		rejects->len = naks.len;
		return CP_CONFIGURE_NAK;
	}
	j.c->peer_address = j.address;
	return CP_CONFIGURE_ACK;
}

/* ------------------------------------------------------------------ answers to our request */

static void
acked(struct cp_fsm *f, struct outbox *out)
{
	struct ipcp *c = ipcp_of(f);
	unsigned i;

	if (c->ask_address == 0) {
		cp_fsm_fail(f, "peer gives us no address", out);
		return;
	}
	c->our_address = c->ask_address;
	for (i = 0; i < 2; i++)
		c->our_dns[i] = c->asking_dns[i] ? c->ask_dns[i] : 0;
}

/* G-16: the peer's offer counts within the range that is accepted; outside of it we repeat our wish, and give up with
 * a reason if we have none or the peer does not give in. */
static void
naked_address(struct ipcp *c, uint32_t offer, bool give_up, struct outbox *out)
{
	char a[DOTTED_MAX];

	if (is_host_address(offer) && prefix_has(&c->wish->accept, offer)) {
		c->ask_address = offer;
		return;
	}
	outbox_note(out, PPP_IPCP, "IPCP: peer offers us %s, which is not accepted", dotted(a, offer));
	if (c->wish->address == 0 || give_up)
		cp_fsm_fail(&c->fsm, "peer offers an address that is not accepted", out);
}

static void
naked(struct cp_fsm *f, const uint8_t *options, size_t n, bool give_up, struct outbox *out)
{
	struct ipcp *c = ipcp_of(f);
	struct cp_option opt;
	unsigned i;

	if (c->asking_address && cp_options_find(options, n, IPCP_ADDRESS, &opt))
		naked_address(c, option_address(&opt), give_up, out);
	for (i = 0; i < 2; i++) {
		if (!cp_options_find(options, n, dns_type(i), &opt))
			continue;
		c->ask_dns[i] = option_address(&opt);
		if (give_up)
			c->asking_dns[i] = false;
	}
}

static void
rejected(struct cp_fsm *f, const uint8_t *options, size_t n, struct outbox *out)
{
	struct ipcp *c = ipcp_of(f);
	struct cp_option opt;
	unsigned i;

	if (cp_options_find(options, n, IPCP_ADDRESS, &opt)) {
		c->asking_address = false;
		if (c->ask_address == 0)
			cp_fsm_fail(f, "peer rejects IP-Address: none to be had", out);
	}
	for (i = 0; i < 2; i++) {
		if (cp_options_find(options, n, dns_type(i), &opt))
			c->asking_dns[i] = false;
	}
}

static const struct cp_ops ipcp_ops = {
	.proto = PPP_IPCP,
	.name = "IPCP",
	.reset = reset,
	.request = request,
	.judge = judge,
	.acked = acked,
	.naked = naked,
	.rejected = rejected,
};

/* ------------------------------------------------------------------ verbs */

void
ipcp_init(struct ipcp *c, const struct ipcp_wish *wish, uint32_t given, const struct host_timing *timing)
{
	*c = (struct ipcp){.wish = wish, .given = given};
	cp_fsm_init(&c->fsm, &ipcp_ops, timing);
}

void
ipcp_open(struct ipcp *c, uint64_t now_ms, struct outbox *out)
{
	cp_fsm_open(&c->fsm, now_ms, out);
}

void
ipcp_close(struct ipcp *c, uint64_t now_ms, struct outbox *out)
{
	cp_fsm_close(&c->fsm, now_ms, out);
}

void
ipcp_input(struct ipcp *c, const uint8_t *p, size_t n, uint64_t now_ms, struct outbox *out)
{
	cp_fsm_input(&c->fsm, p, n, now_ms, out);
}

void
ipcp_lower(struct ipcp *c, bool up, uint64_t now_ms, struct outbox *out)
{
	cp_fsm_lower(&c->fsm, up, now_ms, out);
}

void
ipcp_tick(struct ipcp *c, uint64_t now_ms, struct outbox *out)
{
	cp_fsm_tick(&c->fsm, now_ms, out);
}

uint64_t
ipcp_deadline_ms(const struct ipcp *c)
{
	return cp_fsm_deadline_ms(&c->fsm);
}

void
ipcp_rejected(struct ipcp *c, uint64_t now_ms, struct outbox *out)
{
	c->fsm.why = "peer's LCP rejects IPCP";
	cp_fsm_event(&c->fsm, CP_RXJ_MINUS, NULL, now_ms, out);
}

bool
ipcp_is_open(const struct ipcp *c)
{
	return c->fsm.state == CP_OPENED;
}

uint32_t
ipcp_our_address(const struct ipcp *c)
{
	return c->our_address;
}

uint32_t
ipcp_peer_address(const struct ipcp *c)
{
	return c->peer_address;
}

uint32_t
ipcp_dns(const struct ipcp *c, unsigned i)
{
	return i < 2 ? c->our_dns[i] : 0;
}

const char *
ipcp_why(const struct ipcp *c)
{
	return c->fsm.why;
}
