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

/* ------------------------------------------------------------------ up */

/* Its links, but those that the operator has closed. */
static void
open_links(struct host *h, struct client *c, uint64_t wait_ms)
{
	bool first = true;

	c->awake = true;
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
		dial_at(h, c, i)->wanted = c->cfg->dial != HOST_DIAL_MANUAL;
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
	return d->wanted && !h->stopping && is_on_demand(&h->clients[d->client]) ? DIAL_ASLEEP : DIAL_OFF;
}

void
client_gave_up(struct host *h, struct client *c)
{
	bool under_way = c->bundle != 0;

	for (unsigned i = 0; i < c->cfg->n_links; i++)
		under_way |= is_under_way(dial_at(h, c, i));
	if (!under_way)
		c->awake = false;
}
