/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/host_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/wire/ppp.h"

static void refuse(struct host *h, struct link *l, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void
refuse(struct host *h, struct link *l, const char *format, ...)
{
	char why[LINK_EXPLAIN_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	h->counters.join_refused++;
	link_event(h, l, HOST_EV_LINK_REFUSED, "%s", why);
	link_close(h, l, "%s", why);
}

void
link_install(struct host *h, struct link *l, bool tx_hold)
{
	struct host_out_item *item = host_put(h, HOST_OUT_LINK_INSTALL);

	item->link = l->id;
	item->bundle = l->bundle;
	item->port = l->key.port;
	item->link_values = (struct host_link_values){
		.key = l->key, .slot = l->slot, .tx_hold = tx_hold, .tx_mru = l->tx_mru, .line = l->line};
	l->tx_hold = tx_hold;
	l->waiting++;
	l->phase = LINK_JOIN;
}

/* The data plane learns of link and bundle before the peer may send multilink on it. */
static void
attach(struct host *h, struct link *l, struct bundle *b)
{
	l->bundle = b->id;
	l->slot = (uint8_t)bundle_slot(b);
	b->links[l->slot] = l->id;
	b->n_links++;
	bundle_refresh(h, b);
	/* The client takes data from the moment it answers; the concentrator only once it has checked the answer. */
	link_install(h, l, l->client && lcp_peers(&l->lcp)->auth != HOST_AUTH_NONE);
}

void
link_leave(struct host *h, struct link *l)
{
	struct bundle *b = bundle_of(h, l->bundle);
	struct host_out_item *item;

	if (b == NULL)
		return;
	item = host_put(h, HOST_OUT_LINK_REMOVE);
	item->link = l->id;
	item->bundle = b->id;
	item->port = l->key.port;
	if (!l->ended)
		host_put(h, HOST_OUT_SESSION_PUNT)->key = l->key;
	b->links[l->slot] = 0;
	b->n_links--;
	if (b->format.mp)
		membership_leave(&h->membership, b->id - 1);
	l->bundle = 0;
	l->waiting = 0;
	bundle_link_left(h, b);
}

static struct bundle_format
format_of(const struct link *l, bool mp)
{
	const struct lcp_side *ours = lcp_ours(&l->lcp), *peers = lcp_peers(&l->lcp);

	if (!mp)
		return (struct bundle_format){.our_mrru = ours->mru, .peer_mrru = l->tx_mru};
	return (struct bundle_format){
		.mp = true,
		.rx_short = ours->short_seq,
		.tx_short = peers->short_seq,
		.our_mrru = ours->mrru,
		.peer_mrru = peers->mrru,
	};
}

static struct bundle *
new_bundle(struct host *h, struct link *l, bool mp)
{
	const struct bundle_format format = format_of(l, mp);
	struct bundle *b = bundle_begin(h, l, &format);
	char why[128];

	if (b == NULL) {
		refuse(h, l, "refused: %u bundles are in use, as many as there may be", h->cfg->bundles_max);
		return NULL;
	}
	if (!l->client && !bundle_address(h, b, l, why, sizeof(why))) {
		bundle_give(h, b);
		refuse(h, l, "refused: %s", why);
		return NULL;
	}
	return b;
}

/* Why there is no multilink although we wanted it. */
static const char *
no_multilink(const struct host *h, const struct link *l)
{
	if (!link_multilink_cfg(h, l)->enabled)
		return "multilink is not enabled here";
	if (lcp_mrru_was_refused(&l->lcp))
		return "peer refused multilink (MRRU)";
	if (lcp_peers(&l->lcp)->mrru == 0)
		return "peer announced no MRRU of its own";
	return "multilink was not agreed";
}

static unsigned
smaller_limit(unsigned a, unsigned b)
{
	if (a == 0 || (b != 0 && b < a))
		a = b;
	return a;
}

/* ------------------------------------------------------------------ concentrator */

static void
server_identity(const struct host *h, const struct link *l, struct membership_link *m)
{
	const struct host_multilink *multilink = link_multilink_cfg(h, l);
	const struct host_user *user = l->user >= 0 ? h->users[l->user].cfg : NULL;

	*m = (struct membership_link){.owner = l->owner, .name_key = multilink->name_key};
	m->allow_unauthenticated = multilink->allow_unauthenticated;
	m->alias = user != NULL ? user->alias : NULL;
	m->links_max = smaller_limit(user != NULL ? user->links_max : 0, multilink->links_max);
	m->links_max = smaller_limit(m->links_max, HOST_LINKS_MAX);
	link_identity(l, m);
}

static void
join_living(struct host *h, struct link *l, struct bundle *b)
{
	link_probe_others(h, b, l);
	membership_join(&h->membership, b->id - 1);
	attach(h, l, b);
}

static void
server_join_mp(struct host *h, struct link *l)
{
	struct membership_link identity;
	struct membership_answer answer;
	struct bundle *b;

	server_identity(h, l, &identity);
	membership_decide(&h->membership, &identity, &answer);
	if (answer.verdict == MEMBERSHIP_JOIN) {
		snprintf(l->explain, sizeof(l->explain), "%s", answer.explain);
		join_living(h, l, &h->bundles[answer.bundle]);
	} else if (answer.verdict != MEMBERSHIP_NEW) {
		refuse(h, l, "%s", answer.explain);
	} else {
		b = new_bundle(h, l, true);
		if (b == NULL)
			return;
		snprintf(l->explain, sizeof(l->explain), "%s", answer.explain);
		membership_insert(&h->membership, b->id - 1, &identity);
		attach(h, l, b);
	}
}

static void
join_plain(struct host *h, struct link *l)
{
	struct bundle *b;

	if (link_multilink_cfg(h, l)->require) {
		refuse(h, l, "refused: multilink is required, but %s", no_multilink(h, l));
		return;
	}
	b = new_bundle(h, l, false);
	if (b == NULL)
		return;
	snprintf(l->explain, sizeof(l->explain), "plain PPP in a bundle of its own: %s", no_multilink(h, l));
	attach(h, l, b);
}

/* ------------------------------------------------------------------ client: all its links make one bundle */

static void
client_identity(const struct host *h, const struct link *l, struct membership_link *m)
{
	const unsigned most = smaller_limit(link_multilink_cfg(h, l)->links_max, HOST_LINKS_MAX);

	/* the peer does not authenticate itself to us: its endpoint tells whether it is the same one (case 1 or 2) */
	*m = (struct membership_link){.owner = h->cfg->n_concentrators + l->owner, .allow_unauthenticated = true};
	m->links_max = most;
	link_identity(l, m);
	m->authenticated = false;
}

static void
refuse_and_hold(struct host *h, struct link *l, const struct bundle *b)
{
	const bool mp = lcp_is_mp(&l->lcp);

	l->after = LINK_HOLD;
	refuse(h, l, "held: bundle %u runs %s, and this link %s", b->id,
		b->format.mp ? "multilink" : "plain PPP on one link", mp ? "agreed to multilink" : no_multilink(h, l));
}

static void
client_join_living(struct host *h, struct link *l, struct bundle *b)
{
	struct membership_link identity;
	struct membership_answer answer;
	char theirs[80], its[80];

	client_identity(h, l, &identity);
	membership_decide(&h->membership, &identity, &answer);
	snprintf(l->explain, sizeof(l->explain), "%s", answer.explain);
	if (answer.verdict == MEMBERSHIP_JOIN) {
		membership_join(&h->membership, b->id - 1);
		attach(h, l, b);
		return;
	}
	if (answer.verdict != MEMBERSHIP_NEW) {
		refuse(h, l, "%s", answer.explain);
		return;
	}
	endpoint_text(identity.endpoint, theirs, sizeof(theirs));
	endpoint_text(&b->peer_endpoint, its, sizeof(its));
	refuse(h, l, "refused: another peer, its endpoint is %s, that of bundle %u is %s", theirs, b->id, its);
}

static void
client_join_first(struct host *h, struct link *l)
{
	struct membership_link identity;
	struct bundle *b = new_bundle(h, l, true);

	if (b == NULL)
		return;
	client_identity(h, l, &identity);
	membership_insert(&h->membership, b->id - 1, &identity);
	snprintf(l->explain, sizeof(l->explain), "first link of '%s'", b->name);
	attach(h, l, b);
}

static void
client_join(struct host *h, struct link *l)
{
	const bool mp = lcp_is_mp(&l->lcp);
	struct bundle *b = bundle_of(h, h->clients[l->owner].bundle);

	if (b != NULL && (!mp || !b->format.mp)) {
		refuse_and_hold(h, l, b);
	} else if (!mp) {
		join_plain(h, l);
	} else if (b != NULL) {
		client_join_living(h, l, b);
	} else {
		client_join_first(h, l);
	}
}

void
link_join(struct host *h, struct link *l)
{
	if (l->client)
		client_join(h, l);
	else if (lcp_is_mp(&l->lcp))
		server_join_mp(h, l);
	else
		join_plain(h, l);
}
