/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/host_state.h"

/* A client as a whole: which of its links are dialled when. How one is dialled, and again after a loss, is host_dial.c's. */

static struct dial *
dial_at(const struct host *h, const struct client *c, unsigned i)
{
	return &h->dials[c->first_dial + i];
}

static bool
is_under_way(const struct dial *d)
{
	switch ((enum dial_state)d->state) {
	case DIAL_OFF:
	case DIAL_ASLEEP:
	case DIAL_SPARE:
		return false;
	case DIAL_WAIT:
	case DIAL_CARRIER:
	case DIAL_DISCOVERY:
	case DIAL_SESSION:
	case DIAL_HELD:
	case DIAL_QUEUED:
		break;
	}
	return true;
}

static bool
is_on_demand(const struct client *c)
{
	return c->cfg->dial == HOST_DIAL_ON_DEMAND;
}

static void sleep_now(struct host *h, struct client *c);

/* ------------------------------------------------------------------ by load */

bool
client_is_managed(const struct host *h, const struct dial *d)
{
	return h->clients[d->client].cfg->bandwidth.enabled;
}

/* Link number i of those that are opened one after the other. */
static struct dial *
in_order(const struct host *h, const struct client *c, unsigned i)
{
	return dial_at(h, c, c->cfg->bandwidth_order[i % c->cfg->n_links]);
}

static unsigned
place_of(const struct client *c, const struct dial *d)
{
	unsigned i = 0;

	while (i + 1 < c->cfg->n_links && c->cfg->bandwidth_order[i] != d->index)
		i++;
	return i;
}

static bool
can_be_opened(const struct host *h, const struct dial *d)
{
	return d->wanted && !is_under_way(d) && dial_has_carrier(h, d);
}

/* The only one for now: the first from that place on that can be, else the first that may be and waits for a carrier. */
static struct dial *
open_one(struct host *h, struct client *c, unsigned from, uint64_t wait_ms)
{
	struct dial *one = NULL;

	for (unsigned i = 0; i < c->cfg->n_links; i++) {
		struct dial *d = in_order(h, c, from + i);

		if (!d->wanted || is_under_way(d))
			continue;
		dial_rest(h, d, DIAL_SPARE, "spare: opened when there is more to carry");
		if (one == NULL || (!dial_has_carrier(h, one) && dial_has_carrier(h, d)))
			one = d;
	}
	if (one != NULL)
		dial_start(h, one, wait_ms);
	return one;
}

static unsigned
links_under_way(const struct host *h, const struct client *c)
{
	unsigned n = 0;

	for (unsigned i = 0; i < c->cfg->n_links; i++)
		n += is_under_way(dial_at(h, c, i));
	return n;
}

/* One that has failed is not tried again before the others were. For a packet each is tried once. */
void
client_link_over(struct host *h, struct dial *d)
{
	struct client *c = &h->clients[d->client];
	const unsigned from = d->opened ? 0 : place_of(c, d) + 1;
	uint32_t random;
	struct dial *next;

	d->state = (uint8_t)client_rest_state(h, d);
	dial_rearm(h, d);
	client_gave_up(h, c);
	if (h->stopping || c->bundle != 0 || links_under_way(h, c) != 0 || d->state == DIAL_ASLEEP)
		return;
	if (is_on_demand(c) && from >= c->cfg->n_links) {
		sleep_now(h, c);
		host_event(h, HOST_EV_NOTE, 0, 0, "%s: none of its links has come up", c->cfg->name);
		return;
	}
	h->random(h->random_ctx, &random, sizeof(random));
	next = open_one(h, c, from, HOST_REOPEN_MS + random % (HOST_REOPEN_JITTER_MS + 1));
	c->awake = next != NULL;
	if (next != NULL)
		host_event(h, HOST_EV_NOTE, 0, 0, "%s: its last link has gone, opened again with %s in %llu ms",
			c->cfg->name, dial_cfg(h, next)->name, (unsigned long long)(next->due_ms - h->now_ms));
}

bool
client_more(struct host *h, struct client *c, const char *why)
{
	for (unsigned i = 0; i < c->cfg->n_links; i++) {
		struct dial *d = in_order(h, c, i);

		if (!can_be_opened(h, d))
			continue;
		host_event(h, HOST_EV_NOTE, 0, c->bundle, "%s/%s: opened: %s", c->cfg->name, dial_cfg(h, d)->name, why);
		dial_start(h, d, 0);
		return true;
	}
	return false;
}

static bool
is_open(const struct host *h, const struct dial *d)
{
	const struct link *l = link_of(h, d->link);

	return l != NULL && l->phase == LINK_OPEN;
}

/* One that is open stays in any case. */
bool
client_less(struct host *h, struct client *c, const char *why)
{
	unsigned open = 0;

	for (unsigned i = 0; i < c->cfg->n_links; i++)
		open += is_open(h, dial_at(h, c, i));
	for (unsigned i = c->cfg->n_links; i-- > 0;) {
		struct dial *d = in_order(h, c, i);

		if (!is_under_way(d) || open == 0 || (open == 1 && is_open(h, d)))
			continue;
		host_event(h, HOST_EV_NOTE, 0, c->bundle, "%s/%s: closed: %s", c->cfg->name, dial_cfg(h, d)->name, why);
		dial_rest(h, d, DIAL_SPARE, why);
		return true;
	}
	return false;
}

unsigned
client_spare(const struct host *h, const struct client *c)
{
	unsigned n = 0;

	for (unsigned i = 0; i < c->cfg->n_links; i++)
		n += dial_at(h, c, i)->wanted && !is_under_way(dial_at(h, c, i));
	return n;
}

/* ------------------------------------------------------------------ up */

/* Its links, but those that the operator has closed. */
static void
open_links(struct host *h, struct client *c, uint64_t wait_ms)
{
	bool first = true;

	c->awake = true;
	if (c->cfg->bandwidth.enabled) {
		open_one(h, c, 0, wait_ms);
		return;
	}
	for (unsigned i = 0; i < c->cfg->n_links; i++) {
		struct dial *d = dial_at(h, c, i);

		if (!d->wanted || d->state == DIAL_SESSION)
			continue;
		if (first || !c->cfg->one_by_one)
			dial_start(h, d, wait_ms);
		else
			dial_rest(h, d, DIAL_QUEUED, "waits for the link before it");
		first = false;
	}
}

void
client_start(struct host *h, struct client *c)
{
	for (unsigned i = 0; i < c->cfg->n_links; i++)
		dial_at(h, c, i)->wanted = true;
	switch (c->cfg->dial) {
	case HOST_DIAL_ALWAYS:
		open_links(h, c, 0);
		break;
	case HOST_DIAL_ON_DEMAND:
		for (unsigned i = 0; i < c->cfg->n_links; i++)
			dial_rest(h, dial_at(h, c, i), DIAL_ASLEEP, "waits for a packet");
		break;
	case HOST_DIAL_MANUAL:
		break;
	}
}

void
client_next(struct host *h, struct dial *d)
{
	const struct client *c = &h->clients[d->client];

	if (!d->first_try)
		return;
	d->first_try = false;
	for (unsigned i = 0; i < c->cfg->n_links && !h->stopping; i++) {
		if (dial_at(h, c, i)->state != DIAL_QUEUED)
			continue;
		dial_start(h, dial_at(h, c, i), 0);
		return;
	}
}

/* ------------------------------------------------------------------ on demand */

/* A peer that throws us out each time, and packets without end, must not make us spin. */
static uint64_t
wait_after_sleep_ms(const struct host *h, const struct client *c)
{
	const uint64_t least_ms = c->cfg->n_links != 0 ? c->cfg->links[0].redial.delay_ms : 0;
	const uint64_t slept_ms = h->now_ms - c->slept_ms;

	return c->slept_ms == 0 || slept_ms >= least_ms ? 0 : least_ms - slept_ms;
}

bool
client_demand(struct host *h, struct client *c, const char *what)
{
	bool wanted = false;

	for (unsigned i = 0; i < c->cfg->n_links; i++)
		wanted |= dial_at(h, c, i)->wanted;
	if (c->awake || !wanted || h->stopping || !is_on_demand(c))
		return c->awake;
	host_event(h, HOST_EV_NOTE, 0, 0, "%s: dialled for %s", c->cfg->name, what);
	open_links(h, c, wait_after_sleep_ms(h, c));
	return true;
}

static void
sleep_now(struct host *h, struct client *c)
{
	c->awake = false;
	for (unsigned i = 0; i < c->cfg->n_links; i++)
		if (dial_at(h, c, i)->wanted)
			dial_rest(h, dial_at(h, c, i), DIAL_ASLEEP, "waits for a packet");
}

/* A bundle that never carried anything leaves the packet waiting that called for it. */
void
client_bundle_gone(struct host *h, struct client *c, bool announced)
{
	if (h->stopping || !is_on_demand(c) || !c->awake || !announced)
		return;
	c->slept_ms = h->now_ms;
	sleep_now(h, c);
}

/* ------------------------------------------------------------------ down */

enum dial_state
client_rest_state(const struct host *h, const struct dial *d)
{
	const struct client *c = &h->clients[d->client];

	if (!d->wanted || h->stopping)
		return DIAL_OFF;
	if (c->awake && c->cfg->bandwidth.enabled)
		return DIAL_SPARE;
	return is_on_demand(c) ? DIAL_ASLEEP : DIAL_OFF;
}

void
client_gave_up(struct host *h, struct client *c)
{
	if (c->bundle == 0 && links_under_way(h, c) == 0)
		c->awake = false;
}
