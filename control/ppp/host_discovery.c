/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/host_state.h"

#include <stdio.h>

#include "control/ppp/line_rate.h"

static void
mac_text(const struct mac *m, char text[18])
{
	snprintf(text, 18, "%02x:%02x:%02x:%02x:%02x:%02x", m->b[0], m->b[1], m->b[2], m->b[3], m->b[4], m->b[5]);
}

static void
refusal_event(struct host *h, const struct concentrator *c, uint16_t port, const struct discovery_view *v,
	enum discovery_verdict verdict)
{
	char peer[18];

	mac_text(&v->src, peer);
	host_event(h, HOST_EV_DISCOVERY, 0, 0, "%s: %s from %s on %s refused: %s", c->cfg->name,
		discovery_code_name(v->code), peer, h->ports[port].cfg->name, discovery_verdict_text(verdict));
}

static struct discovery_port
server_port(const struct host *h, uint16_t port)
{
	const struct host_port *cfg = h->ports[port].cfg;

	return (struct discovery_port){.index = port, .mac = cfg->mac, .mtu = cfg->mtu};
}

/* Every client's link can have its session, whatever the concentrators do. */
static bool
sessions_full(const struct host *h)
{
	return h->n_sessions - h->n_client_sessions + h->n_dials >= h->cfg->sessions_max;
}

/* ------------------------------------------------------------------ PADI */

static void
padi_answer(struct host *h, struct concentrator *c, uint16_t port, const struct discovery_view *v)
{
	const struct discovery_port p = server_port(h, port);
	struct discovery_frame *frame = &h->scratch;
	enum discovery_verdict verdict;

	frame->len = 0;
	verdict = discovery_server_padi(c->server, v, &p, h->now_ms, frame);
	if (frame->len != 0) {
		h->counters.pado++;
		host_send_frame(h, port, frame);
	}
	concentrator_rearm(h, c);
	if (verdict == DISCOVERY_LIMITED_MAC || verdict == DISCOVERY_LIMITED_TOTAL || verdict == DISCOVERY_DELAY_FULL)
		h->counters.padi_limited++;
	else if (verdict != DISCOVERY_OK)
		refusal_event(h, c, port, v, verdict);
}

static void
padi_input(struct host *h, uint16_t port, const struct discovery_view *v)
{
	h->counters.padi++;
	if (h->stopping)
		return;
	if (sessions_full(
		    h)) { /* another concentrator may have room: silence, as RFC 2516 has no busy answer to a PADI */
		h->counters.padi_limited++;
		return;
	}
	for (unsigned i = 0; i < h->cfg->n_concentrators; i++)
		if (discovery_server_listens(h->concentrators[i].server, port, v->vlans) && host_has_room(h))
			padi_answer(h, &h->concentrators[i], port, v);
}

/* ------------------------------------------------------------------ PADR */

static uint32_t
sessions_of_mac(const struct host *h, uint16_t owner, const struct mac *m, uint32_t most)
{
	uint32_t n = 0;

	for (uint32_t id = index_first_of_mac(h, m); id != 0 && n < most; id = h->links[id - 1].next_mac) {
		const struct link *l = &h->links[id - 1];

		if (!l->client && l->owner == owner && mac_equal(&l->key.peer, m))
			n++;
	}
	return n;
}

static enum discovery_verdict
admit(const struct host *h, const struct concentrator *c, uint16_t port, const struct discovery_view *v)
{
	const uint16_t owner = (uint16_t)(c - h->concentrators);
	const struct discovery_usage usage = {
		.total = c->sessions,
		.of_mac = sessions_of_mac(h, owner, &v->src, c->cfg->limits.sessions_per_mac),
		.of_vlan = vlan_tally_of(h, owner, port, v->vlans),
		.of_port = c->sessions_of_port[port],
	};

	return sessions_full(h) ? DISCOVERY_FULL_TOTAL : discovery_server_admit(c->server, &usage);
}

/* A host that asks anew may have lost its older sessions in a restart: a packet on them makes it say so, before the new session could
 * join a bundle that is dead at the other end. */
static void
probe_older(struct host *h, const struct link *newcomer)
{
	const struct mac *m = &newcomer->key.peer;

	if (sessions_of_mac(h, newcomer->owner, m, HOST_PROBES_MAX + 1) > HOST_PROBES_MAX)
		return;
	for (uint32_t id = index_first_of_mac(h, m); id != 0; id = h->links[id - 1].next_mac) {
		struct link *l = &h->links[id - 1];

		if (l != newcomer && !l->client && mac_equal(&l->key.peer, m))
			link_probe(h, l);
	}
}

static void
session_begin(struct host *h, struct concentrator *c, struct link *l, const struct discovery_request *req)
{
	l->owner = (uint16_t)(c - h->concentrators);
	l->max_payload = req->max_payload;
	link_keep_dsl(h, l, &req->dsl);
	l->line = line_rate_choose(&h->ports[l->key.port].cfg->line, &req->dsl, req->dsl.rate_down_kbps, l->key.vlans);
	index_set_request(h, l, req->fingerprint);
	c->sessions++;
	c->sessions_of_port[l->key.port]++;
	vlan_tally_add(h, l->owner, &l->key);
	link_event(h, l, HOST_EV_DISCOVERY, "session %u on %s for service '%s'%s%s", l->key.session,
		h->ports[l->key.port].cfg->name, req->service, req->dsl.present ? ", line " : "",
		req->dsl.present ? req->dsl.circuit_id : "");
	probe_older(h, l);
	link_begin(h, l);
	link_settle(h, l);
}

/* Session id and places in the tables, PADS sent. NULL: refused, the frame says so. */
static struct link *
session_take(struct host *h, struct concentrator *c, uint16_t port, const struct discovery_view *v,
	const struct discovery_request *req)
{
	const struct discovery_port p = server_port(h, port);
	struct host_session_key key = {.port = port, .vlans = v->vlans, .peer = v->src, .local = p.mac};
	struct discovery_frame *frame = &h->scratch;
	struct link *l = NULL;

	key.session = session_ids_take(h->ports[port].ids);
	frame->len = 0;
	if (key.session != 0)
		discovery_server_pads(c->server, v, &p, req, key.session, frame);
	if (frame->len != 0)
		l = link_take(h, &key);
	if (l == NULL) {
		if (key.session != 0)
			session_ids_give(h->ports[port].ids, key.session);
		return NULL;
	}
	host_put(h, HOST_OUT_SESSION_PUNT)->key = key;
	h->counters.pads++;
	host_send_frame(h, port, frame);
	return l;
}

static void
padr_refuse(struct host *h, struct concentrator *c, uint16_t port, const struct discovery_view *v,
	enum discovery_verdict verdict)
{
	const struct discovery_port p = server_port(h, port);
	struct discovery_frame *frame = &h->scratch;

	frame->len = 0;
	discovery_server_refuse(c->server, v, &p, verdict, frame);
	host_send_frame(h, port, frame);
	refusal_event(h, c, port, v, verdict);
}

static void
padr_accept(struct host *h, struct concentrator *c, uint16_t port, const struct discovery_view *v,
	const struct discovery_request *req)
{
	const struct discovery_port p = server_port(h, port);
	struct link *l = index_find_request(h, req->fingerprint);
	struct discovery_frame *frame = &h->scratch;
	enum discovery_verdict verdict;

	if (l != NULL && !l->lcp_seen && l->phase == LINK_LCP) {
		discovery_server_pads(c->server, v, &p, req, l->key.session, frame);
		host_send_frame(h, port, frame);
		return;
	}
	verdict = admit(h, c, port, v);
	if (verdict == DISCOVERY_OK && !vlan_tally_room(h))
		verdict = DISCOVERY_NO_MEMORY;
	if (verdict == DISCOVERY_OK) {
		l = session_take(h, c, port, v, req);
		if (l != NULL)
			session_begin(h, c, l, req);
		else
			verdict = DISCOVERY_NO_SESSION_ID;
	}
	if (verdict != DISCOVERY_OK)
		padr_refuse(h, c, port, v, verdict);
}

static bool
is_cookie_verdict(enum discovery_verdict verdict)
{
	return verdict == DISCOVERY_NO_COOKIE || verdict == DISCOVERY_BAD_COOKIE;
}

/* Several concentrators may listen: the cookie says whose offer is meant. */
static void
padr_input(struct host *h, uint16_t port, const struct discovery_view *v)
{
	const struct discovery_port p = server_port(h, port);
	enum discovery_verdict verdict = DISCOVERY_OK;
	struct concentrator *asked = NULL;
	struct discovery_frame *frame = &h->scratch;
	struct discovery_request req;

	h->counters.padr++;
	frame->len = 0;
	for (unsigned i = 0; i < h->cfg->n_concentrators && !h->stopping; i++) {
		struct concentrator *c = &h->concentrators[i];

		if (!discovery_server_listens(c->server, port, v->vlans))
			continue;
		asked = c;
		verdict = discovery_server_padr(c->server, v, &p, h->now_ms, &req, frame);
		if (!is_cookie_verdict(verdict))
			break;
	}
	if (asked == NULL)
		return;
	if (verdict == DISCOVERY_OK) {
		padr_accept(h, asked, port, v, &req);
		return;
	}
	if (is_cookie_verdict(verdict))
		h->counters.bad_cookie++;
	host_send_frame(h, port, frame);
	refusal_event(h, asked, port, v, verdict);
}

/* ------------------------------------------------------------------ PADT */

/* Behind a Terminate-Request: the reason that LCP has no words for. */
static void
padt_explains(struct host *h, struct link *l, const char *text)
{
	link_explain(l, "peer closed the link: %s", text);
	if (l->told_down)
		link_event(h, l, HOST_EV_NOTE, "%s", text_kept(l->explain));
}

static void
padt_input(struct host *h, uint16_t port, const struct discovery_view *v)
{
	const struct host_session_key key = {
		.port = port, .session = v->session, .vlans = v->vlans, .peer = v->src, .local = v->dst};
	struct link *l = index_find(h, &key);
	const struct bundle *b = l != NULL ? bundle_of(h, l->bundle) : NULL;
	char text[160] = "";

	h->counters.padt_rx++;
	if (l == NULL || discovery_padt_check(v, port, &l->key) != DISCOVERY_OK) {
		h->counters.unknown_session++;
		return;
	}
	if (v->generic_error.at != NULL)
		discovery_printable(text, sizeof(text), v->generic_error.at, v->generic_error.len);
	if (b != NULL)
		link_probe_others(h, b, l);
	l->gone = true;
	if (l->after == LINK_REDIAL && l->phase == LINK_OPEN)
		l->after = LINK_REDIAL_NOW;
	if (l->phase == LINK_TERMINATE && text[0] != '\0')
		padt_explains(h, l, text);
	link_end(h, l, "peer sent PADT%s%s", text[0] != '\0' ? ": " : "", text);
	link_settle(h, l);
}

/* Answers, so that a peer whose session died with our former life redials at once (L-14). A client that waits for its PADS may
 * see the first LCP frame overtake it, and keeps quiet. */
void
session_unknown(struct host *h, const struct host_session_key *key)
{
	struct discovery_frame *frame = &h->scratch;
	bool ours = false;

	h->counters.unknown_session++;
	if (mac_is_group(&key->local) || mac_is_group(&key->peer) || key->session == 0)
		return;
	for (unsigned i = 0; i < h->cfg->n_concentrators && !ours; i++)
		ours = discovery_server_listens(h->concentrators[i].server, key->port, key->vlans) &&
			mac_equal(&key->local, &h->ports[key->port].cfg->mac);
	if (!ours && !dial_expects(h, key))
		return;
	if (rate_limit_take(&h->padt_limit, &key->peer, h->now_ms) != RATE_OK)
		return;
	frame->len = 0;
	discovery_padt_build(frame, key, "no such session");
	h->counters.padt_tx++;
	host_send_frame(h, key->port, frame);
}

/* ------------------------------------------------------------------ all of them */

void
discovery_frame_input(struct host *h, uint16_t port, const uint8_t *frame, size_t len)
{
	struct discovery_view v;

	if (discovery_parse(frame, len, &v) != DISCOVERY_OK) {
		h->counters.bad_frame++;
		return;
	}
	if (v.code == PPPOE_CODE_PADI)
		padi_input(h, port, &v);
	else if (v.code == PPPOE_CODE_PADR && mac_equal(&v.dst, &h->ports[port].cfg->mac))
		padr_input(h, port, &v);
	else if (v.code == PPPOE_CODE_PADO || v.code == PPPOE_CODE_PADS)
		dial_offer(h, port, &v);
	else if (v.code == PPPOE_CODE_PADT)
		padt_input(h, port, &v);
	else
		h->counters.bad_frame++;
}

static void
set_local_route(struct host *h, struct concentrator *c)
{
	c->route_set = true;
	if (c->cfg->address != 0)
		host_put(h, HOST_OUT_ROUTE_SET)->route = host_route4(c->cfg->address, 32);
}

void
concentrator_tick(struct host *h, struct concentrator *c)
{
	struct discovery_frame *frame = &h->scratch;
	uint16_t port;

	if (h->started && !c->route_set)
		set_local_route(h, c);
	while (host_has_room(h) && discovery_server_tick(c->server, h->now_ms, &port, frame)) {
		h->counters.pado++;
		host_send_frame(h, port, frame);
	}
	concentrator_rearm(h, c);
}

void
concentrator_rearm(struct host *h, struct concentrator *c)
{
	const bool start = h->started && !c->route_set;

	timer_set(&h->timers, &c->timer, start ? h->now_ms : discovery_server_deadline_ms(c->server));
}
