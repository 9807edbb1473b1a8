/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/host_state.h"

#include <stdarg.h>
#include <stdio.h>

#include "control/ppp/line_rate.h"
#include "dataplane/wire/pppoe.h"

const struct host_client_link *
dial_cfg(const struct host *h, const struct dial *d)
{
	return &h->clients[d->client].cfg->links[d->index];
}

static void dial_event(struct host *h, struct dial *d, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void
dial_event(struct host *h, struct dial *d, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(d->explain, sizeof(d->explain), format, args);
	va_end(args);
	host_event(h, HOST_EV_DISCOVERY, d->link, 0, "%s/%s: %s", h->clients[d->client].cfg->name, dial_cfg(h, d)->name,
		d->explain);
}

/* ------------------------------------------------------------------ when */

/* Delay before redial number failures + 1: grows by the increment up to the limit, jitter on top. */
uint64_t
dial_delay_ms(const struct host_redial *r, uint32_t failures, uint32_t random)
{
	uint64_t delay = r->delay_ms + (uint64_t)r->increment_ms * failures;

	if (r->limit_ms != 0 && delay > r->limit_ms)
		delay = r->limit_ms > r->delay_ms ? r->limit_ms : r->delay_ms;
	if (r->jitter_ms != 0)
		delay += (uint64_t)random * ((uint64_t)r->jitter_ms + 1) >> 32;
	return delay;
}

static uint32_t
draw(struct host *h)
{
	uint32_t random;

	h->random(h->random_ctx, &random, sizeof(random));
	return random;
}

static bool
may_redial(const struct host_redial *r, uint32_t failures)
{
	return r->attempts == 0 || (r->attempts > 0 && failures < (uint32_t)r->attempts);
}

static void
give_up(struct host *h, struct dial *d)
{
	d->state = (uint8_t)client_rest_state(h, d);
	if (dial_cfg(h, d)->redial.attempts < 0)
		dial_event(h, d, "not dialled again: redial is off");
	else
		dial_event(h, d, "not dialled again: gave up after %u redials", d->failures);
	client_gave_up(h, &h->clients[d->client]);
}

static void
rest(struct host *h, struct dial *d)
{
	d->candidate = 0;
	d->state = (uint8_t)client_rest_state(h, d);
	client_next(h, d);
	client_gave_up(h, &h->clients[d->client]);
	dial_rearm(h, d);
}

/* After a failure or loss, that d->explain tells of. */
static void
redial(struct host *h, struct dial *d, bool at_once)
{
	const struct host_redial *r = &dial_cfg(h, d)->redial;
	const uint32_t random = draw(h);

	d->candidate = 0;
	client_next(h, d);
	if (client_is_managed(h, d)) {
		client_link_over(h, d);
		return;
	}
	if (h->stopping || !d->wanted || !h->clients[d->client].awake) {
		rest(h, d);
		return;
	}
	if (!may_redial(r, d->failures)) {
		give_up(h, d);
	} else {
		/* the links that share the loss need a round trip to be told (link_probe_others), or the bundle would go on with
		 * this link while it is a new one for the peer */
		const struct host_redial now = {.delay_ms = HOST_PROBE_MS, .jitter_ms = r->jitter_ms};

		d->state = DIAL_WAIT;
		d->due_ms = h->now_ms + dial_delay_ms(at_once ? &now : r, d->failures, random);
		d->failures++;
	}
	dial_rearm(h, d);
}

static void
hold(struct host *h, struct dial *d)
{
	const struct host_redial *r = &dial_cfg(h, d)->redial;

	client_next(h, d);
	if (client_is_managed(h, d)) {
		rest(h, d);
		return;
	}
	d->state = h->stopping || !d->wanted ? DIAL_OFF : DIAL_HELD;
	d->due_ms = h->now_ms + (r->limit_ms > HOST_HOLD_MS ? r->limit_ms : HOST_HOLD_MS);
	if (r->jitter_ms != 0)
		d->due_ms += draw(h) % (r->jitter_ms + 1);
	dial_rearm(h, d);
}

/* The client's bundle is gone, so that a held link may be its first one now. */
void
dial_wake_held(struct host *h, unsigned client)
{
	const struct client *c = &h->clients[client];

	for (unsigned i = 0; i < c->cfg->n_links; i++) {
		struct dial *d = &h->dials[c->first_dial + i];

		if (d->state != DIAL_HELD)
			continue;
		d->due_ms = h->now_ms + dial_delay_ms(&dial_cfg(h, d)->redial, 0, draw(h));
		dial_rearm(h, d);
	}
}

/* ------------------------------------------------------------------ discovery */

static const struct mac *
local_mac(const struct host *h, const struct dial *d, uint16_t port)
{
	const struct host_client_link *cfg = dial_cfg(h, d);

	return mac_is_zero(&cfg->mac) ? &h->ports[port].cfg->mac : &cfg->mac;
}

static uint16_t
current_port(const struct host *h, const struct dial *d)
{
	return dial_cfg(h, d)->ports[d->candidate];
}

/* The next candidate, from d->candidate on, whose port has carrier. */
static bool
find_carrier(const struct host *h, struct dial *d)
{
	const struct host_client_link *cfg = dial_cfg(h, d);

	for (; d->candidate < cfg->n_ports; d->candidate++)
		if (h->ports[cfg->ports[d->candidate]].carrier)
			return true;
	return false;
}

bool
dial_has_carrier(const struct host *h, const struct dial *d)
{
	const struct host_client_link *cfg = dial_cfg(h, d);

	for (unsigned i = 0; i < cfg->n_ports; i++)
		if (h->ports[cfg->ports[i]].carrier)
			return true;
	return false;
}

static uint16_t
payload_to_ask(const struct host *h, const struct dial *d, uint16_t port)
{
	const uint16_t fits = link_mru_limit(h->ports[port].cfg->mtu, UINT16_MAX);

	return dial_cfg(h, d)->max_payload && fits > PPPOE_MRU_MAX ? fits : 0;
}

static void session_begin(struct host *h, struct dial *d, const struct discovery_view *pads);
static void discovery_failed(struct host *h, struct dial *d);

static void
discovery_effects(
	struct host *h, struct dial *d, const struct discovery_client_out *out, const struct discovery_view *pads)
{
	host_send_frame(h, current_port(h, d), &out->frame);
	if (out->event == DISCOVERY_CLIENT_UP)
		session_begin(h, d, pads);
	else if (out->event == DISCOVERY_CLIENT_FAILED)
		discovery_failed(h, d);
	dial_rearm(h, d);
}

static void
discovery_begin(struct host *h, struct dial *d)
{
	const struct client *c = &h->clients[d->client];
	const uint16_t port = current_port(h, d);
	const struct discovery_client_wish wish = {
		.port = port,
		.number = (uint32_t)(d - h->dials),
		.local = *local_mac(h, d, port),
		.vlans = dial_cfg(h, d)->vlans,
		.service = c->cfg->service,
		.ac_name = c->cfg->ac_name,
		.max_payload = payload_to_ask(h, d, port),
	};
	struct discovery_client_out out = {0};
	uint8_t random[16];

	h->random(h->random_ctx, random, sizeof(random));
	d->state = DIAL_DISCOVERY;
	discovery_client_init(&d->discovery, &wish);
	discovery_client_open(&d->discovery, random, h->now_ms, &out);
	dial_event(h, d, "looking for a concentrator on %s", h->ports[port].cfg->name);
	discovery_effects(h, d, &out, NULL);
}

static void
await_carrier(struct host *h, struct dial *d)
{
	const uint32_t wait_ms = dial_cfg(h, d)->redial.carrier_wait_ms;

	d->candidate = 0;
	d->state = DIAL_CARRIER;
	d->due_ms = wait_ms != 0 ? h->now_ms + wait_ms : UINT64_MAX;
	dial_event(h, d, "waits for carrier on %s", h->ports[current_port(h, d)].cfg->name);
	client_next(h, d);
	dial_rearm(h, d);
}

static void
carrier_missed(struct host *h, struct dial *d)
{
	dial_event(h, d, "no carrier within %u ms", dial_cfg(h, d)->redial.carrier_wait_ms);
	redial(h, d, false);
}

/* From the candidate in d->candidate on. */
static void
try_candidates(struct host *h, struct dial *d)
{
	const struct bundle *b = bundle_of(h, h->clients[d->client].bundle);

	if (b != NULL && !b->format.mp) {
		snprintf(d->explain, sizeof(d->explain), "held: '%s' runs without multilink on another link", b->name);
		hold(h, d);
	} else if (find_carrier(h, d)) {
		discovery_begin(h, d);
	} else {
		await_carrier(h, d);
	}
}

void
dial_start(struct host *h, struct dial *d, uint64_t wait_ms)
{
	d->wanted = true;
	if (d->state == DIAL_SESSION || d->state == DIAL_DISCOVERY)
		return;
	d->first_try = true;
	d->opened = false;
	d->failures = 0;
	d->candidate = 0;
	d->state = DIAL_WAIT;
	d->due_ms = h->now_ms + wait_ms;
	dial_rearm(h, d);
}

void
dial_rest(struct host *h, struct dial *d, enum dial_state state, const char *why)
{
	struct link *l = link_of(h, d->link);

	d->first_try = false;
	if (l != NULL) {
		link_doom(h, l, LINK_CLOSE, "%s", why);
		return;
	}
	if (d->state == DIAL_DISCOVERY)
		discovery_client_gone(&d->discovery);
	snprintf(d->explain, sizeof(d->explain), "%s", why);
	d->state = (uint8_t)state;
	dial_rearm(h, d);
}

static void
explain_failure(struct host *h, struct dial *d)
{
	const struct discovery_client *c = &d->discovery;
	const bool refused = c->refused != DISCOVERY_OK && c->failure == DISCOVERY_FAIL_NO_PADO;

	dial_event(h, d, "no session on %s: %s%s%s%s%s", h->ports[current_port(h, d)].cfg->name,
		discovery_failure_text(c->failure), refused ? "; an offer was refused: " : "",
		refused ? discovery_verdict_text(c->refused) : "", c->error[0] != '\0' ? "; peer says: " : "",
		c->error);
}

/* The next candidate port at once; after the last one, the first after a delay (G-12). */
static void
discovery_failed(struct host *h, struct dial *d)
{
	explain_failure(h, d);
	d->candidate++;
	if (find_carrier(h, d))
		discovery_begin(h, d);
	else
		redial(h, d, false);
}

static bool
is_mine(const struct host *h, const struct dial *d, uint16_t port, struct vlan_stack vlans, const struct mac *local)
{
	return d->state == DIAL_DISCOVERY && current_port(h, d) == port &&
		vlan_stack_equal(dial_cfg(h, d)->vlans, vlans) && mac_equal(local_mac(h, d, port), local);
}

void
dial_offer(struct host *h, uint16_t port, const struct discovery_view *v)
{
	struct discovery_client_out out = {0};
	enum discovery_verdict verdict;
	uint32_t number;
	struct dial *d;

	if (!discovery_client_number(v, &number) || number >= h->n_dials)
		return;
	d = &h->dials[number];
	if (!is_mine(h, d, port, v->vlans, &v->dst))
		return;
	verdict = discovery_client_input(&d->discovery, v, h->now_ms, &out);
	if (verdict != DISCOVERY_HOST_UNIQ && verdict != DISCOVERY_NOT_FOR_US)
		discovery_effects(h, d, &out, v);
}

/* True: a client could own such a session, and none of its links waits for one from this peer. */
bool
dial_expects(const struct host *h, const struct host_session_key *key)
{
	bool ours = false;

	for (unsigned i = 0; i < h->n_dials; i++) {
		const struct dial *d = &h->dials[i];
		const struct host_client_link *cfg = dial_cfg(h, d);

		if (is_mine(h, d, key->port, key->vlans, &key->local) &&
			d->discovery.state == DISCOVERY_CLIENT_PADR_SENT)
			return false;
		for (unsigned p = 0; p < cfg->n_ports; p++)
			ours |= cfg->ports[p] == key->port && vlan_stack_equal(cfg->vlans, key->vlans) &&
				mac_equal(local_mac(h, d, key->port), &key->local);
	}
	return ours;
}

/* ------------------------------------------------------------------ session */

static void
session_begin(struct host *h, struct dial *d, const struct discovery_view *pads)
{
	const struct host_client_link *cfg = dial_cfg(h, d);
	const struct host_line *line = cfg->line_set ? &cfg->line : &h->ports[current_port(h, d)].cfg->line;
	struct link *l = link_take(h, &d->discovery.key);
	struct dsl_tags tags = {.present = false};

	if (l == NULL) { /* sessions are kept free for every dial */
		redial(h, d, false);
		return;
	}
	h->n_client_sessions++;
	l->client = true;
	l->owner = d->client;
	l->dial = (uint32_t)(d - h->dials);
	l->trace = d->trace;
	l->max_payload = d->discovery.max_payload;
	if (pads != NULL)
		dsl_tags_load(&tags, pads);
	link_keep_dsl(h, l, &tags);
	l->line = line_rate_choose(line, &tags, tags.rate_up_kbps, l->key.vlans);
	d->state = DIAL_SESSION;
	d->link = l->id;
	host_put(h, HOST_OUT_SESSION_PUNT)->key = l->key;
	dial_event(h, d, "session %u with %s on %s", l->key.session, d->discovery.peer_name,
		h->ports[l->key.port].cfg->name);
	link_begin(h, l);
	link_settle(h, l);
}

void
dial_session_ends(struct dial *d, const struct link *l)
{
	snprintf(d->explain, sizeof(d->explain), "%s", text_kept(l->explain));
}

void
dial_session_ended(struct host *h, struct dial *d, const struct link *l)
{
	const uint64_t lived_ms = l->up_since_ms != 0 ? h->now_ms - l->up_since_ms : 0;

	d->link = 0;
	discovery_client_gone(&d->discovery);
	if (l->after == LINK_HOLD)
		hold(h, d);
	else if (l->after == LINK_REST)
		rest(h, d);
	else /* at once only if the session lasted: a peer that throws us out each time must not make us spin */
		redial(h, d, l->after == LINK_REDIAL_NOW && lived_ms >= dial_cfg(h, d)->redial.delay_ms);
}

void
dial_carrier(struct host *h, struct dial *d, uint16_t port, bool up)
{
	const struct host_client_link *cfg = dial_cfg(h, d);
	bool mine = false;

	for (unsigned i = 0; i < cfg->n_ports; i++)
		mine |= cfg->ports[i] == port;
	if (up && mine && d->state == DIAL_CARRIER) {
		d->state = DIAL_WAIT;
		d->due_ms = h->now_ms;
	} else if (!up && d->state == DIAL_DISCOVERY && current_port(h, d) == port) {
		d->state = DIAL_WAIT; /* looks for another candidate */
		d->due_ms = h->now_ms;
	}
	dial_rearm(h, d);
}

static void
due(struct host *h, struct dial *d)
{
	if (h->stopping || !d->wanted) {
		d->state = DIAL_OFF;
		dial_rearm(h, d);
		return;
	}
	if (d->failures != 0)
		d->redials++;
	try_candidates(h, d);
}

void
dial_tick(struct host *h, struct dial *d)
{
	struct discovery_client_out out = {0};

	switch ((enum dial_state)d->state) {
	case DIAL_OFF:
	case DIAL_SESSION:
	case DIAL_QUEUED:
	case DIAL_ASLEEP:
	case DIAL_SPARE:
		break;
	case DIAL_CARRIER:
		carrier_missed(h, d);
		return;
	case DIAL_WAIT:
	case DIAL_HELD:
		due(h, d);
		return;
	case DIAL_DISCOVERY:
		discovery_client_tick(&d->discovery, h->now_ms, &out);
		discovery_effects(h, d, &out, NULL);
		return;
	}
	dial_rearm(h, d);
}

void
dial_rearm(struct host *h, struct dial *d)
{
	uint64_t at_ms = UINT64_MAX;

	if (d->state == DIAL_WAIT || d->state == DIAL_HELD || d->state == DIAL_CARRIER)
		at_ms = d->due_ms;
	else if (d->state == DIAL_DISCOVERY)
		at_ms = discovery_client_deadline_ms(&d->discovery);
	timer_set(&h->timers, &d->timer, at_ms);
}
