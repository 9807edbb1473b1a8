/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/host_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/ppp/endpoint.h"
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
	host_facts(h, l, NULL, why);
	link_close(h, l, "%s", why);
}

static void
put_install(struct host *h, struct link *l, bool tx_hold)
{
	struct host_out_item *item = host_put(h, HOST_OUT_LINK_INSTALL);

	item->link = l->id;
	item->bundle = l->bundle;
	item->port = l->key.port;
	item->link_values = (struct host_link_values){.key = l->key,
		.slot = l->slot,
		.tx_hold = tx_hold,
		.tx_suspend = link_is_suspended(l),
		.tx_mru = l->tx_mru,
		.line = l->line};
	l->tx_hold = tx_hold;
}

void
link_install(struct host *h, struct link *l, bool tx_hold)
{
	put_install(h, l, tx_hold);
	l->waiting++;
	l->phase = LINK_JOIN;
}

/* Nobody waits for the data plane's word. */
void
link_line_changed(struct host *h, struct link *l)
{
	if (l->phase == LINK_OPEN && l->bundle != 0)
		put_install(h, l, l->tx_hold);
}

/* The data plane learns of link and bundle before the peer may send multilink on it. */
static void
attach(struct host *h, struct link *l, struct bundle *b)
{
	bundle_add_link(h, b, l);
	if (l->heard > b->heard)
		b->heard = l->heard;
	bundle_refresh(h, b);
	/* The peer takes data once it has checked our answer, and may send from that moment on. */
	link_install(h, l, auth_owes_proof(l));
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
	bundle_remove_link(h, b, l);
	if (b->format.mp)
		membership_leave(&h->membership, b->id - 1);
	text_keep(&b->last_words, text_kept(l->explain));
	probe_end(l);
	reports_end(l);
	l->waiting = 0;
	bundle_link_left(h, b);
	/* one that the peer negotiates anew goes on by itself */
	if (b->client && b->first_link == 0 && (l->ended || l->phase == LINK_TERMINATE))
		client_bundle_gone(h, &h->clients[b->owner], b->announced);
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
		bundle_abandon(h, b);
		refuse(h, l, "refused: %s", why);
		return NULL;
	}
	return b;
}

/* Why there is no multilink although we wanted it. */
static const char *
no_multilink(const struct host *h, const struct link *l)
{
	if (l->client && h->clients[l->owner].shuns_mp)
		return "peer agreed to multilink before and ignored it";
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

static void
first_of(struct host *h, struct link *l, struct bundle *b, const struct membership_link *identity)
{
	if (membership_insert(&h->membership, b->id - 1, identity) == 0) {
		attach(h, l, b);
		return;
	}
	bundle_abandon(h, b);
	refuse(h, l, "refused: no memory for its name and endpoint");
}

/* ------------------------------------------------------------------ concentrator */

static void
server_identity(const struct host *h, const struct link *l, struct membership_link *m, struct host_endpoint *ep)
{
	const struct host_multilink *multilink = link_multilink_cfg(h, l);
	const struct host_user *user = l->user >= 0 ? h->users[l->user].cfg : NULL;

	*m = (struct membership_link){.owner = l->owner, .name_key = multilink->name_key};
	m->allow_unauthenticated = multilink->allow_unauthenticated;
	m->login = link_login(h, l);
	m->alias = user != NULL ? user->alias : NULL;
	m->links_max = smaller_limit(user != NULL ? user->links_max : 0, multilink->links_max);
	m->links_max = smaller_limit(m->links_max, HOST_LINKS_MAX);
	link_identity(l, m, ep);
}

/* A sentence that is the same for most links is made when it is asked for. */
static void
explain_joined(struct link *l, const struct membership_answer *answer)
{
	if (answer->nth == 0)
		link_explain(l, "%s", answer->explain);
	else
		text_drop(&l->explain);
	l->nth = (uint8_t)answer->nth;
}

const char *
link_explained(const struct host *h, const struct link *l, char text[LINK_EXPLAIN_MAX])
{
	struct membership_link identity;
	struct host_endpoint ep;

	if (l->nth == 0)
		return text_kept(l->explain);
	server_identity(h, l, &identity, &ep);
	membership_retell(&identity, l->bundle - 1, l->nth, text);
	return text;
}

static void
server_join_mp(struct host *h, struct link *l)
{
	struct membership_link identity;
	struct host_endpoint ep;
	struct membership_answer answer;
	struct bundle *b;

	server_identity(h, l, &identity, &ep);
	membership_decide(&h->membership, &identity, &answer);
	if (answer.verdict == MEMBERSHIP_JOIN) {
		explain_joined(l, &answer);
		membership_join(&h->membership, answer.bundle);
		attach(h, l, &h->bundles[answer.bundle]);
	} else if (answer.verdict != MEMBERSHIP_NEW) {
		refuse(h, l, "%s", answer.explain);
	} else {
		b = new_bundle(h, l, true);
		if (b == NULL)
			return;
		explain_joined(l, &answer);
		first_of(h, l, b, &identity);
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
	link_explain(l, "plain PPP in a bundle of its own: %s", no_multilink(h, l));
	attach(h, l, b);
}

/* ------------------------------------------------------------------ client: all its links make one bundle */

static void
client_identity(const struct host *h, const struct link *l, struct membership_link *m, struct host_endpoint *ep)
{
	const unsigned most = smaller_limit(link_multilink_cfg(h, l)->links_max, HOST_LINKS_MAX);

	/* a peer has no name here, even if it proved one: its endpoint tells whether it is the same one (case 1 or 2) */
	*m = (struct membership_link){.owner = h->cfg->n_concentrators + l->owner, .allow_unauthenticated = true};
	m->links_max = most;
	m->login = link_login(h, l);
	link_identity(l, m, ep);
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
	struct host_endpoint ep;
	struct membership_answer answer;
	char theirs[80], its[80];

	client_identity(h, l, &identity, &ep);
	membership_decide(&h->membership, &identity, &answer);
	link_explain(l, "%s", answer.explain);
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
	ep = bundle_peer_endpoint(h, b);
	endpoint_text(&ep, its, sizeof(its));
	refuse(h, l, "refused: another peer, its endpoint is %s, that of bundle %u is %s", theirs, b->id, its);
}

static void
client_join_first(struct host *h, struct link *l)
{
	struct membership_link identity;
	struct host_endpoint ep;
	struct bundle *b = new_bundle(h, l, true);

	if (b == NULL)
		return;
	client_identity(h, l, &identity, &ep);
	link_explain(l, "first link of '%s'", b->name);
	first_of(h, l, b, &identity);
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

/* ------------------------------------------------------------------ does the peer still have that bundle?
 *
 * A peer that lost its memory (power, a crash) dials anew while its old links still look alive here. Its new links must not join them:
 * they would be numbered on where the old bundle was, and the peer begins with number 0. Nor may the old links refuse them their place or
 * their address. So a bundle counts only if something was heard on it since the newcomer's session began; if not, its links are asked,
 * and one answer is enough. Many peers say nothing to frames of unknown sessions (Linux), so silence is an answer, too. */

/* The bundle that decides about the link: the one to join, or the one that has its address. NULL: none. */
static struct bundle *
rival(struct host *h, const struct link *l)
{
	const struct host_user *user = l->user >= 0 ? h->users[l->user].cfg : NULL;
	struct membership_link identity;
	struct host_endpoint ep;
	struct membership_answer answer;
	const struct user *owner;

	if (l->client)
		return bundle_of(h, h->clients[l->owner].bundle);
	if (lcp_is_mp(&l->lcp)) {
		server_identity(h, l, &identity, &ep);
		membership_decide(&h->membership, &identity, &answer);
		if (answer.verdict != MEMBERSHIP_NEW && answer.verdict != MEMBERSHIP_UNAUTHENTICATED)
			return &h->bundles[answer.bundle];
	}
	if (user == NULL)
		return NULL;
	owner = &h->users[user->alias != NULL && user_find(h, user->alias) >= 0 ? user_find(h, user->alias) : l->user];
	return owner->address_bundle != 0 ? &h->bundles[owner->address_bundle - 1] : NULL;
}

static void
end_silent(struct host *h, const struct bundle *b, const struct link *newcomer)
{
	for (struct link *l = bundle_first_link(h, b); l != NULL; l = bundle_next_link(h, l))
		link_doom(h, l, LINK_END, "peer dialled anew (session %u) and does not answer on this link",
			newcomer->key.session);
}

/* Whoever is not among them, for there is no room or no memory, looks again when its time is over. */
static void
await_with_others(struct bundle *b, const struct link *l)
{
	if (b->askers == NULL)
		b->askers = calloc(1, sizeof(*b->askers));
	if (b->askers != NULL && b->askers->n < HOST_LINKS_MAX)
		b->askers->links[b->askers->n++] = l->id;
}

/* False: there is nothing to wait for. */
static bool
await_word(struct host *h, struct link *l, struct bundle *b)
{
	const bool again = l->asked == b->id && l->asks >= HOST_WORD_ASKS;

	if (l->asked != b->id)
		l->asks = 0;
	l->asked = b->id;
	if (again)
		end_silent(h, b, l);
	else if (b->first_link != 0 && link_probe_others(h, b, l) == 0)
		return false;
	l->asks = again ? 0 : (uint8_t)(l->asks + 1);
	await_with_others(b, l);
	link_explain(l, "waits for a word from bundle %u: does the peer still have it?", b->id);
	l->phase = LINK_JOIN;
	l->doom = LINK_TRY_JOIN;
	l->doom_ms = h->now_ms + HOST_WORD_MS;
	return true;
}

void
link_join(struct host *h, struct link *l)
{
	struct bundle *b = rival(h, l);

	if (b != NULL && b->heard <= l->begun && await_word(h, l, b))
		return;
	l->asked = 0;
	if (l->client)
		client_join(h, l);
	else if (lcp_is_mp(&l->lcp))
		server_join_mp(h, l);
	else
		join_plain(h, l);
}
