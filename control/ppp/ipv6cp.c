/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/ipv6cp.h"

#include <stddef.h>
#include <string.h>

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/ppp.h"

static struct ipv6cp *
ipv6cp_of(struct cp_fsm *f)
{
	return (struct ipv6cp *)((char *)f - offsetof(struct ipv6cp, fsm));
}

static const struct ipv6cp *
ipv6cp_of_const(const struct cp_fsm *f)
{
	return (const struct ipv6cp *)((const char *)f - offsetof(struct ipv6cp, fsm));
}

static bool
find_id(const uint8_t *options, size_t n, uint64_t *id)
{
	struct cp_option opt;

	if (!cp_options_find(options, n, IPV6CP_INTERFACE_ID, &opt) || opt.len != IPV6CP_ID_LEN)
		return false;
	*id = load_be64(opt.data);
	return true;
}

static void
put_id(struct cp_writer *w, uint64_t id)
{
	uint8_t data[IPV6CP_ID_LEN];

	store_be64(data, id);
	cp_put(w, IPV6CP_INTERFACE_ID, data, sizeof(data));
}

/* Made up, and neither of two. */
static uint64_t
new_id(const struct ipv6cp *c, uint64_t but, uint64_t nor)
{
	uint64_t id;

	do {
		c->random(c->random_ctx, &id, sizeof(id));
		id &= ~IPV6CP_UNIVERSAL;
	} while (id == 0 || id == but || id == nor);
	return id;
}

/* ------------------------------------------------------------------ our request */

static void
reset(struct cp_fsm *f)
{
	struct ipv6cp *c = ipv6cp_of(f);

	c->ask_id = c->wish->id != 0 ? c->wish->id : new_id(c, 0, 0);
	c->asking = c->wish->p_id.want;
	c->nak_id = c->peer_id = 0;
	c->invited = false;
}

static void
request(const struct cp_fsm *f, struct cp_writer *w)
{
	const struct ipv6cp *c = ipv6cp_of_const(f);

	if (c->asking)
		put_id(w, c->ask_id);
}

/* ------------------------------------------------------------------ the peer's request */

enum verdict { TAKE, NAK, REJECT };

/* Section 4.1: different and not zero is acknowledged, zero on both sides ends the matter. */
static enum verdict
judge_id(const struct ipv6cp *c, const struct cp_option *opt, bool give_up)
{
	const uint64_t ours = c->asking ? c->ask_id : 0;
	const uint64_t asked = opt->len == IPV6CP_ID_LEN ? load_be64(opt->data) : 0;

	if (!c->wish->p_id.allow || opt->len != IPV6CP_ID_LEN || (asked == 0 && ours == 0))
		return REJECT;
	if (asked != 0 && asked != ours)
		return TAKE;
	return give_up ? REJECT : NAK;
}

static enum cp_code
suggest(struct ipv6cp *c, struct cp_writer *w)
{
	c->nak_id = new_id(c, c->ask_id, 0);
	put_id(w, c->nak_id);
	return CP_CONFIGURE_NAK;
}

static enum cp_code
judge(struct cp_fsm *f, const uint8_t *options, size_t n, bool give_up, struct cp_writer *w, struct outbox *out)
{
	struct ipv6cp *c = ipv6cp_of(f);
	const uint8_t *at = options;
	enum verdict verdict = TAKE;
	struct cp_option opt;
	uint64_t id = 0;
	bool seen = false;

	(void)out;
	while (cp_option_next(&at, options + n, &opt)) {
		if (opt.type != IPV6CP_INTERFACE_ID || seen) {
			cp_put_option(w, &opt); /* compression, or twice the same */
			continue;
		}
		seen = true;
		verdict = judge_id(c, &opt, give_up);
		if (verdict == REJECT)
			cp_put_option(w, &opt);
		else if (verdict == TAKE)
			id = load_be64(opt.data);
	}
	if (w->len != 0)
		return CP_CONFIGURE_REJECT;
	if (verdict == NAK)
		return suggest(c, w);
	if (!seen && c->wish->p_id.allow && !c->invited && !give_up) {
		c->invited = true;
		return suggest(c, w);
	}
	/* the peer would not hear of ours: it is not bound to what we told it */
	if (!c->asking && id == c->ask_id)
		c->ask_id = c->our_id = new_id(c, id, 0);
	c->peer_id = id;
	return CP_CONFIGURE_ACK;
}

/* ------------------------------------------------------------------ answers to our request */

static void
acked(struct cp_fsm *f, struct outbox *out)
{
	struct ipv6cp *c = ipv6cp_of(f);

	(void)out;
	c->our_id = c->ask_id;
}

/* What is suggested is taken, unless both sides suggest the same, or the peer its own: then they are still alike, and we make one up. */
static void
naked(struct cp_fsm *f, const uint8_t *options, size_t n, bool give_up, struct outbox *out)
{
	struct ipv6cp *c = ipv6cp_of(f);
	uint64_t id;

	(void)out;
	if (!c->asking || !find_id(options, n, &id))
		return;
	c->asking = !give_up;
	if (id == 0 || id == c->nak_id || id == c->peer_id)
		id = new_id(c, c->nak_id, c->peer_id);
	c->ask_id = id;
}

static void
rejected(struct cp_fsm *f, const uint8_t *options, size_t n, struct outbox *out)
{
	struct cp_option opt;

	(void)out;
	if (cp_options_find(options, n, IPV6CP_INTERFACE_ID, &opt))
		ipv6cp_of(f)->asking = false;
}

static const struct cp_ops ipv6cp_ops = {
	.proto = PPP_IPV6CP,
	.name = "IPV6CP",
	.reset = reset,
	.request = request,
	.judge = judge,
	.acked = acked,
	.naked = naked,
	.rejected = rejected,
};

/* ------------------------------------------------------------------ verbs */

void
ipv6cp_init(struct ipv6cp *c, const struct ipv6cp_wish *wish, const struct host_timing *timing, host_random_fn *random,
	void *random_ctx)
{
	*c = (struct ipv6cp){.wish = wish, .random = random, .random_ctx = random_ctx};
	cp_fsm_init(&c->fsm, &ipv6cp_ops, timing);
}

void
ipv6cp_open(struct ipv6cp *c, uint64_t now_ms, struct outbox *out)
{
	cp_fsm_open(&c->fsm, now_ms, out);
}

void
ipv6cp_close(struct ipv6cp *c, uint64_t now_ms, struct outbox *out)
{
	cp_fsm_close(&c->fsm, now_ms, out);
}

void
ipv6cp_input(struct ipv6cp *c, const uint8_t *p, size_t n, uint64_t now_ms, struct outbox *out)
{
	cp_fsm_input(&c->fsm, p, n, now_ms, out);
}

void
ipv6cp_lower(struct ipv6cp *c, bool up, uint64_t now_ms, struct outbox *out)
{
	cp_fsm_lower(&c->fsm, up, now_ms, out);
}

void
ipv6cp_tick(struct ipv6cp *c, uint64_t now_ms, struct outbox *out)
{
	cp_fsm_tick(&c->fsm, now_ms, out);
}

uint64_t
ipv6cp_deadline_ms(const struct ipv6cp *c)
{
	return cp_fsm_deadline_ms(&c->fsm);
}

void
ipv6cp_rejected(struct ipv6cp *c, uint64_t now_ms, struct outbox *out)
{
	c->fsm.why = "peer's LCP rejects IPV6CP";
	cp_fsm_event(&c->fsm, CP_RXJ_MINUS, NULL, now_ms, out);
}

bool
ipv6cp_is_open(const struct ipv6cp *c)
{
	return c->fsm.state == CP_OPENED;
}

uint64_t
ipv6cp_our_id(const struct ipv6cp *c)
{
	return c->our_id;
}

uint64_t
ipv6cp_peer_id(const struct ipv6cp *c)
{
	return c->peer_id;
}

const char *
ipv6cp_why(const struct ipv6cp *c)
{
	return c->fsm.why;
}
