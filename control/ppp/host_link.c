/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/host_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/ppp/line_rate.h"
#include "dataplane/wire/ppp.h"

/* ------------------------------------------------------------------ what the configuration says of it */

const struct host_lcp *
link_lcp_cfg(const struct host *h, const struct link *l)
{
	return l->client ? &h->clients[l->owner].cfg->lcp : &h->concentrators[l->owner].cfg->lcp;
}

const struct host_multilink *
link_multilink_cfg(const struct host *h, const struct link *l)
{
	if (!l->client)
		return &h->concentrators[l->owner].multilink;
	return h->clients[l->owner].shuns_mp ? &h->clients[l->owner].plain : &h->clients[l->owner].cfg->multilink;
}

const char *
link_login(const struct host *h, const struct link *l)
{
	if (l->login == NULL && l->user >= 0)
		return h->users[l->user].cfg->name;
	return text_kept(l->login);
}

void
link_name(const struct host *h, const struct link *l, char *text, size_t cap)
{
	const uint8_t *m = l->key.peer.b;

	if (l->client)
		snprintf(text, cap, "%s/%s", h->clients[l->owner].cfg->name, dial_cfg(h, &h->dials[l->dial])->name);
	else if (link_login(h, l)[0] != '\0')
		snprintf(text, cap, "%u (%s, %02x:%02x:%02x:%02x:%02x:%02x)", l->id, link_login(h, l), m[0], m[1], m[2],
			m[3], m[4], m[5]);
	else
		snprintf(text, cap, "%u (%02x:%02x:%02x:%02x:%02x:%02x)", l->id, m[0], m[1], m[2], m[3], m[4], m[5]);
}

void
link_let_go(struct link *l)
{
	free(l->held);
	l->held = NULL;
}

void
link_keep_dsl(struct host *h, struct link *l, const struct dsl_tags *tags)
{
	if (!tags->present)
		return;
	l->dsl = dsl_line_new(tags);
	if (l->dsl == NULL)
		link_event(h, l, HOST_EV_NOTE, "no memory for what the access node says of the line");
}

/* ------------------------------------------------------------------ begin */

void
link_begin(struct host *h, struct link *l)
{
	const struct host_multilink *multilink = link_multilink_cfg(h, l);
	struct lcp_wish wish = {.lcp = link_lcp_cfg(h, l), .multilink = multilink};
	struct outbox box;

	l->begun = ++h->frames;
	wish.mru_limit = link_mru_limit(h->ports[l->key.port].cfg->mtu, l->max_payload);
	wish.mru = wish.lcp->mru < wish.mru_limit ? wish.lcp->mru : wish.mru_limit;
	if (multilink->enabled)
		wish.endpoint = l->client ? &h->clients[l->owner].endpoint : &h->concentrators[l->owner].endpoint;
	auth_wish(h, l, &wish);
	outbox_init(&box);
	lcp_init(&l->lcp, &wish, h->random, h->random_ctx);
	lcp_open(&l->lcp, h->now_ms, &box);
	lcp_lower(&l->lcp, true, h->now_ms, &box);
	link_drain(h, l, &box);
}

/* ------------------------------------------------------------------ end */

/* Told once a life: when an open link leaves, or when one that never opened ends. */
static void
tell_down(struct host *h, struct link *l)
{
	if (l->told_down)
		return;
	l->told_down = true;
	link_event(h, l, HOST_EV_LINK_DOWN, "%s", text_kept(l->explain));
	host_facts(h, l, bundle_of(h, l->bundle), text_kept(l->explain));
}

void
link_end(struct host *h, struct link *l, const char *format, ...)
{
	va_list args;

	if (l->ended)
		return;
	if (l->phase != LINK_TERMINATE) {
		va_start(args, format);
		link_vexplain(l, format, args);
		va_end(args);
	}
	l->ended = true;
	tell_down(h, l);
	link_leave(h, l);
}

void
link_close(struct host *h, struct link *l, const char *format, ...)
{
	const struct host_lcp *cfg = link_lcp_cfg(h, l);
	const uint64_t patience_ms = (uint64_t)l->lcp.fsm.restart_ms * (cfg->timing.max_terminate + 1u);
	struct outbox box;
	va_list args;

	if (l->ended || l->phase == LINK_TERMINATE)
		return;
	va_start(args, format);
	link_vexplain(l, format, args);
	va_end(args);
	if (l->phase == LINK_OPEN)
		tell_down(h, l);
	l->phase = LINK_TERMINATE;
	auth_forget(l); /* its machines ask no more */
	link_leave(h, l);
	l->doom = LINK_END;
	l->doom_ms = h->now_ms + (h->stopping ? HOST_STOP_MS : patience_ms);
	outbox_init(&box);
	lcp_close(&l->lcp, h->now_ms, &box);
	link_drain(h, l, &box);
}

void
link_doom(struct host *h, struct link *l, enum link_doom doom, const char *format, ...)
{
	va_list args;

	if (l->ended || (l->phase == LINK_TERMINATE && doom != LINK_END))
		return;
	va_start(args, format);
	link_vexplain(l, format, args);
	va_end(args);
	l->doom = (uint8_t)doom;
	l->doom_ms = h->now_ms;
	timer_set(&h->timers, &l->timer, h->now_ms);
	if (doom == LINK_CLOSE && l->client && bundle_of(h, l->bundle) != NULL)
		uplink6_closing(h, bundle_of(h, l->bundle));
}

static void
concentrator_forget(struct host *h, const struct link *l)
{
	struct concentrator *c = &h->concentrators[l->owner];

	c->sessions--;
	c->sessions_of_port[l->key.port]--;
	vlan_tally_sub(h, l->owner, &l->key);
	session_ids_give(h->ports[l->key.port].ids, l->key.session);
	if (l->counted)
		h->users[l->user].sessions--;
}

/* A stranger is not told why: it would learn which users there are. */
static void
send_padt(struct host *h, const struct link *l)
{
	const bool may_know = l->client || l->proven;

	if (l->gone)
		return;
	h->scratch.len = 0;
	discovery_padt_build(&h->scratch, &l->key, may_know ? text_kept(l->explain) : NULL);
	h->counters.padt_tx++;
	host_send_frame(h, l->key.port, &h->scratch);
}

static void
count_echoes(struct host *h, struct link *l)
{
	const struct lcp_echoes e = lcp_take_echoes(&l->lcp);

	h->counters.echo_requests_tx += e.sent;
	h->counters.echo_answered += e.answered;
	h->counters.echo_unanswered += e.unanswered;
	h->counters.echo_replies_tx += e.replies;
}

void
link_settle(struct host *h, struct link *l)
{
	uint64_t at_ms = lcp_deadline_ms(&l->lcp);

	count_echoes(h, l);
	if (l->ended) {
		send_padt(h, l);
		host_put(h, HOST_OUT_SESSION_CLEAR)->key = l->key;
		if (!l->client)
			concentrator_forget(h, l);
		if (l->client)
			dial_session_ends(&h->dials[l->dial], l);
		link_give(h, l);
		if (l->client) {
			h->n_client_sessions--;
			dial_session_ended(h, &h->dials[l->dial], l);
		}
		return;
	}
	if (auth_deadline_ms(l) < at_ms)
		at_ms = auth_deadline_ms(l);
	if (probe_deadline_ms(l) < at_ms)
		at_ms = probe_deadline_ms(l);
	if (reports_deadline_ms(l) < at_ms)
		at_ms = reports_deadline_ms(l);
	if (l->doom != LINK_LIVES && l->doom_ms < at_ms)
		at_ms = l->doom_ms;
	timer_set(&h->timers, &l->timer, at_ms);
}

/* ------------------------------------------------------------------ LCP's effects */

static void
layer_up(struct host *h, struct link *l)
{
	l->tx_mru = link_tx_mru(lcp_peers(&l->lcp)->mru, h->ports[l->key.port].cfg->mtu, link_lcp_cfg(h, l)->mtu);
	auth_start(h, l);
}

static bool
is_closing(const struct lcp *lcp)
{
	const uint8_t state = lcp->fsm.state;

	return state == CP_CLOSED || state == CP_STOPPED || state == CP_CLOSING || state == CP_STOPPING;
}

/* The peer said Terminate-Request; its PADT may say why (U11). */
static void
await_padt(struct host *h, struct link *l, const char *why)
{
	link_explain(l, "%s", why);
	if (l->phase == LINK_OPEN)
		tell_down(h, l);
	l->phase = LINK_TERMINATE;
	auth_forget(l);
	link_leave(h, l);
	l->doom = LINK_END;
	l->doom_ms = h->now_ms + HOST_AWAIT_PADT_MS;
}

/* Terminate-Request, no echo, a looped line; or the peer starts LCP anew. */
static void
layer_down(struct host *h, struct link *l)
{
	const char *why = lcp_why(&l->lcp);

	if (l->phase == LINK_TERMINATE)
		return;
	if (l->lcp.fsm.state == CP_STOPPING) {
		await_padt(h, l, why != NULL ? why : "peer sent Terminate-Request");
		return;
	}
	if (is_closing(&l->lcp)) {
		link_end(h, l, "%s", why != NULL ? why : "closed");
		return;
	}
	link_explain(l, "peer negotiates LCP anew");
	if (l->phase == LINK_OPEN)
		tell_down(h, l);
	l->phase = LINK_LCP;
	link_leave(h, l);
	auth_undo(h, l);
	l->told_down = false;
}

static void
protocol_rejected(struct host *h, struct link *l, uint16_t proto)
{
	struct bundle *b = bundle_of(h, l->bundle);

	link_event(h, l, HOST_EV_NOTE, "peer does not know protocol 0x%04x", proto);
	if (proto == PPP_MP && l->phase == LINK_OPEN && h->now_ms - l->up_since_ms < HOST_MP_SETTLE_MS)
		return;
	if (proto == PPP_LQR)
		reports_end(l);
	if (proto == PPP_MP || proto == PPP_PAP || proto == PPP_CHAP)
		link_close(h, l, "peer rejects %s, which it had agreed to",
			proto == PPP_MP ? "multilink" : "authentication");
	else if (b != NULL)
		ncp_protocol_rejected(h, b, proto);
}

static void
lcp_event(struct host *h, struct link *l, enum out_kind kind)
{
	const char *why = lcp_why(&l->lcp);

	if (kind == OUT_LAYER_UP)
		layer_up(h, l);
	else if (kind == OUT_LAYER_DOWN)
		layer_down(h, l);
	else if (kind == OUT_LAYER_FINISHED) {
		h->counters.auth_failed += lcp_auth_was_refused(&l->lcp);
		link_end(h, l, "LCP did not open: %s", why != NULL ? why : "no answer");
	}
}

bool
link_hold(struct link *l, uint16_t proto, const uint8_t *p, size_t n)
{
	link_let_go(l);
	l->held = malloc(sizeof(*l->held) + n);
	if (l->held == NULL)
		return false;
	*l->held = (struct link_held){.proto = proto, .len = (uint16_t)n};
	memcpy(l->held->bytes, p, n);
	return true;
}

/* Without authentication our Ack is what lets the peer send multilink: it waits until the data plane has the link. The other
 * side, as client, does not wait, or both would. */
static bool
holds_ack(const struct link *l, uint16_t proto, const uint8_t *p, size_t n)
{
	return proto == PPP_LCP && !l->client && n <= LINK_HELD_MAX && p[0] == CP_CONFIGURE_ACK &&
		l->lcp.wish.demand[0] == HOST_AUTH_NONE && lcp_peers(&l->lcp)->mrru != 0;
}

void
link_send(struct host *h, struct link *l, uint16_t proto, const uint8_t *p, size_t n)
{
	reports_count(l, true, n);
	host_send_session(h, l, proto, p, n);
}

static void
send_packet(struct host *h, struct link *l, uint16_t proto, const uint8_t *p, size_t n)
{
	/* without memory for it the peer may send before the data plane has the link */
	if (!holds_ack(l, proto, p, n) || !link_hold(l, proto, p, n))
		link_send(h, l, proto, p, n);
}

void
link_drain_auth(struct host *h, struct link *l, enum auth_role role, const struct outbox *box)
{
	h->counters.effects_lost += box->overflow;
	for (unsigned i = 0; i < box->n; i++) {
		const struct out_item *item = &box->items[i];
		const uint8_t *bytes = box->bytes + item->at;

		if (item->kind == OUT_SEND)
			send_packet(h, l, item->proto, bytes, item->len);
		else if (item->kind == OUT_NOTE)
			link_event(h, l, HOST_EV_NOTE, "%s", (const char *)bytes);
		else if (l->ended)
			continue;
		else if (item->kind == OUT_PROTOCOL_REJECTED)
			protocol_rejected(h, l, item->proto);
		else if (item->proto == PPP_LCP)
			lcp_event(h, l, item->kind);
		else
			auth_event(h, l, role, item->kind);
	}
}

void
link_drain(struct host *h, struct link *l, const struct outbox *box)
{
	link_drain_auth(h, l, AUTH_CLIENT, box); /* LCP's: there is nothing of either in it */
}

/* ------------------------------------------------------------------ the data plane has it */

/* Where its rate comes from is said here once, for the log. */
static void
tell_up(struct host *h, struct link *l)
{
	const struct host_line *line = &l->line;
	char text[LINK_EXPLAIN_MAX];
	const char *why = link_explained(h, l, text);

	if (line->rate_bps != 0)
		link_event(h, l, HOST_EV_LINK_UP, "up in bundle %u, %llu kbit/s (%s): %s", l->bundle,
			(unsigned long long)(line->rate_bps / 1000), line_rate_source_name(line->source), why);
	else
		link_event(h, l, HOST_EV_LINK_UP, "up in bundle %u, unpaced: %s", l->bundle, why);
}

void
link_opened(struct host *h, struct link *l)
{
	struct bundle *b = bundle_of(h, l->bundle);
	char text[LINK_EXPLAIN_MAX];

	l->phase = LINK_OPEN;
	l->told_down = false;
	l->up_since_ms = h->now_ms;
	h->counters.joins++;
	if (l->client) {
		h->dials[l->dial].failures = 0;
		h->dials[l->dial].opened = true;
		client_next(h, &h->dials[l->dial]);
	}
	tell_up(h, l);
	host_facts(h, l, b, link_explained(h, l, text));
	auth_rest(l);
	probe_begin(h, l);
	reports_begin(h, l);
	if (l->line.rule == HOST_RATE_TAGS && l->line.source == HOST_RATE_NONE)
		link_event(h, l, HOST_EV_NOTE, "the access node told no rate of the line: sends unpaced");
	if (b != NULL)
		ncp_begin(h, b);
}

static void
release_ack(struct host *h, struct link *l)
{
	if (!link_holds(l, PPP_LCP))
		return;
	host_send_session(h, l, PPP_LCP, l->held->bytes, l->held->len);
	link_let_go(l);
}

void
link_installed(struct host *h, struct link *l, bool ok)
{
	if (l->phase != LINK_JOIN || l->waiting == 0 || --l->waiting != 0)
		return;
	if (!ok) {
		link_close(h, l, "the data plane could not take the link");
		return;
	}
	release_ack(h, l);
	auth_installed(h, l);
}

/* ------------------------------------------------------------------ packets */

static void
lcp_packet(struct host *h, struct link *l, const uint8_t *p, size_t n)
{
	struct outbox box;

	l->lcp_seen = true;
	outbox_init(&box);
	lcp_input(&l->lcp, p, n, h->now_ms, &box);
	link_drain(h, l, &box);
	probe_input(h, l);
}

void
link_reject_protocol(struct host *h, struct link *l, uint16_t proto, const uint8_t *p, size_t n)
{
	struct outbox box;

	if (!lcp_is_open(&l->lcp))
		return;
	outbox_init(&box);
	lcp_protocol_reject(&l->lcp, proto, p, n, &box);
	h->counters.protocol_rejects_tx++;
	link_drain(h, l, &box);
}

/* Data of a link that is not, or no longer, in the data plane. */
static bool
is_data(uint16_t proto)
{
	return proto == PPP_IPV4 || proto == PPP_IPV6 || proto == PPP_MP;
}

void
link_packet(struct host *h, struct link *l, uint16_t proto, const uint8_t *p, size_t n)
{
	struct bundle *b = bundle_of(h, l->bundle);

	host_trace_packet(h, l, false, "", proto, p, n);
	reports_count(l, false, n);
	if (proto == PPP_LCP)
		lcp_packet(h, l, p, n);
	else if (proto == PPP_LQR && reports_packet(h, l, p, n))
		; /* settled when the data plane has told its counts */
	else if ((proto == PPP_PAP || proto == PPP_CHAP) && l->phase != LINK_TERMINATE)
		auth_packet(h, l, proto, p, n);
	else if (b != NULL && !is_data(proto)) /* before that it is silently discarded (RFC 1661 section 3.5) */
		bundle_packet(h, b, l, proto, p, n);
	link_settle(h, l);
}

bool
link_probe(struct host *h, struct link *l)
{
	struct outbox box;
	bool sent;

	if (l->phase != LINK_OPEN && l->phase != LINK_JOIN)
		return false;
	outbox_init(&box);
	sent = lcp_probe(&l->lcp, &box);
	link_drain(h, l, &box);
	return sent;
}

/* What befell one link of a bundle may have befallen the others. */
unsigned
link_probe_others(struct host *h, const struct bundle *b, const struct link *except)
{
	unsigned n = 0;

	for (struct link *l = bundle_first_link(h, b); l != NULL; l = bundle_next_link(h, l))
		if (l != except)
			n += link_probe(h, l);
	return n;
}

/* ------------------------------------------------------------------ time */

static void
doomed(struct host *h, struct link *l)
{
	char reason[LINK_EXPLAIN_MAX];
	const enum link_doom doom = l->doom;

	snprintf(reason, sizeof(reason), "%s", text_kept(l->explain));
	switch (doom) {
	case LINK_LIVES:
		break;
	case LINK_CLOSE:
		l->doom = LINK_LIVES;
		link_close(h, l, "%s", reason);
		break;
	case LINK_END:
		l->doom = LINK_LIVES;
		link_end(h, l, "%s", reason);
		break;
	case LINK_AUTH_FAIL:
		auth_deny(h, l);
		link_close(h, l, "%s", reason);
		break;
	case LINK_TRY_JOIN:
		l->doom = LINK_LIVES;
		link_join(h, l);
		break;
	}
}

static void
machines_tick(struct host *h, struct link *l)
{
	struct outbox box;

	outbox_init(&box);
	lcp_tick(&l->lcp, h->now_ms, &box);
	link_drain(h, l, &box);
	auth_tick(h, l);
}

void
link_tick(struct host *h, struct link *l)
{
	if (l->doom != LINK_LIVES && l->doom_ms <= h->now_ms)
		doomed(h, l);
	if (!l->ended)
		machines_tick(h, l);
	if (!l->ended)
		probe_tick(h, l);
	if (!l->ended)
		reports_tick(h, l);
	link_settle(h, l);
}
