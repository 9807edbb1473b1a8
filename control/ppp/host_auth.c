/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/host_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/ppp.h"

/* Authentication of a link, each direction by itself (RFC 1661 section 6.2): the peer to us, by the checker, and we to the peer, by the
 * prover; a machine is there only where its direction was agreed on.
 *
 * The data plane has the link before the peer may use it, that is before our last word: the verdict of the checker, or the prover's answer if
 * nothing is checked. Until the peer has taken our answer, the link only receives. A client lets the peer prove itself first and holds
 * its question that long, so no rogue concentrator is told a password; a concentrator answers at once, so two of them never wait for
 * each other. */

/* ------------------------------------------------------------------ machines */

/* One that is not used yet. NULL: no memory. */
static struct auth_machine *
machine_take(struct link *l, enum auth_role role)
{
	auth_machine_free(l->auth[role]);
	l->auth[role] = auth_machine_new();
	return l->auth[role];
}

static void
machine_give(struct link *l, enum auth_role role)
{
	auth_machine_free(l->auth[role]);
	l->auth[role] = NULL;
}

void
auth_forget(struct link *l)
{
	machine_give(l, AUTH_CLIENT);
	machine_give(l, AUTH_SERVER);
}

void
auth_rest(struct link *l)
{
	for (unsigned role = 0; role < AUTH_ROLES; role++)
		if (l->auth[role] != NULL)
			l->auth[role] = auth_machine_rest(l->auth[role]);
}

uint64_t
auth_deadline_ms(const struct link *l)
{
	uint64_t at_ms = UINT64_MAX;

	for (unsigned role = 0; role < AUTH_ROLES; role++)
		if (l->auth[role] != NULL && auth_machine_deadline_ms(l->auth[role]) < at_ms)
			at_ms = auth_machine_deadline_ms(l->auth[role]);
	return at_ms;
}

void
auth_tick(struct host *h, struct link *l)
{
	struct outbox box;

	for (unsigned role = 0; role < AUTH_ROLES; role++) {
		struct auth_machine *m = l->auth[role];

		if (m == NULL)
			continue;
		outbox_init(&box);
		auth_machine_tick(m, h->now_ms, &box);
		link_drain_auth(h, l, (enum auth_role)role, &box);
	}
}

void
auth_undo(struct host *h, struct link *l)
{
	auth_forget(l);
	l->authenticated = false;
	l->accepted = false;
	link_let_go(l);
	if (l->counted)
		h->users[l->user].sessions--;
	text_keep(&l->login, link_login(h, l));
	l->counted = false;
	l->user = -1;
	l->doom = LINK_LIVES;
}

/* ------------------------------------------------------------------ what is configured */

static const char *
our_username(const struct host *h, const struct link *l)
{
	const char *own;

	if (!l->client)
		return h->concentrators[l->owner].cfg->username;
	own = dial_cfg(h, &h->dials[l->dial])->username;
	return own != NULL ? own : h->clients[l->owner].cfg->username;
}

static const char *
our_password(const struct host *h, const struct link *l)
{
	const char *password = NULL;

	if (l->client)
		password = dial_cfg(h, &h->dials[l->dial])->password;
	if (password == NULL)
		password = l->client ? h->clients[l->owner].cfg->password : h->concentrators[l->owner].cfg->password;
	return password != NULL ? password : "";
}

/* Ours in challenges. */
static const char *
challenge_name(const struct host *h, const struct link *l)
{
	const struct host_concentrator *cfg;

	if (l->client)
		return our_username(h, l) != NULL ? our_username(h, l) : h->clients[l->owner].cfg->name;
	cfg = h->concentrators[l->owner].cfg;
	return cfg->auth_name != NULL ? cfg->auth_name : cfg->name;
}

static const struct host_timing *
auth_timing(const struct host *h, const struct link *l)
{
	return l->client ? &h->clients[l->owner].cfg->auth_timing : &h->concentrators[l->owner].cfg->auth_timing;
}

void
auth_wish(const struct host *h, const struct link *l, struct lcp_wish *wish)
{
	const enum host_auth *demand =
		l->client ? h->clients[l->owner].cfg->demand : h->concentrators[l->owner].cfg->auth;
	const enum host_auth *accept =
		l->client ? h->clients[l->owner].cfg->accept : h->concentrators[l->owner].cfg->accept;

	if (wish->lcp->p_auth.want)
		memcpy(wish->demand, demand, sizeof(wish->demand));
	if (our_username(h, l) != NULL)
		memcpy(wish->accept, accept, sizeof(wish->accept));
}

/* ------------------------------------------------------------------ begin */

static void
begin(struct host *h, struct link *l, enum auth_role role, const struct auth_machine_config *config)
{
	struct auth_machine *m = machine_take(l, role);
	struct outbox box;

	l->phase = LINK_AUTH;
	if (m == NULL) {
		link_close(h, l, "no memory for authentication");
		return;
	}
	outbox_init(&box);
	auth_machine_begin(m, config, h->now_ms, &box);
	if (role == AUTH_CLIENT && link_holds(l, auth_proto(config->auth))) {
		auth_machine_input(m, l->held->bytes, l->held->len, h->now_ms, &box);
		link_let_go(l);
	}
	link_drain_auth(h, l, role, &box);
}

static void
checker_begin(struct host *h, struct link *l)
{
	const struct auth_machine_config config = {
		.auth = lcp_ours(&l->lcp)->auth,
		.role = AUTH_SERVER,
		.name = challenge_name(h, l),
		.timing = auth_timing(h, l),
		.rechallenge_ms = l->client ? h->clients[l->owner].cfg->peer_rechallenge_ms
					    : h->concentrators[l->owner].cfg->rechallenge_ms,
		.random = h->random,
		.random_ctx = h->random_ctx,
	};

	begin(h, l, AUTH_SERVER, &config);
}

static void
prover_begin(struct host *h, struct link *l)
{
	const struct auth_machine_config config = {
		.auth = lcp_peers(&l->lcp)->auth,
		.role = AUTH_CLIENT,
		.name = our_username(h, l),
		.secret = our_password(h, l),
		.timing = auth_timing(h, l),
		.random = h->random,
		.random_ctx = h->random_ctx,
	};

	begin(h, l, AUTH_CLIENT, &config);
}

bool
auth_owes_proof(const struct link *l)
{
	return lcp_peers(&l->lcp)->auth != HOST_AUTH_NONE && !l->accepted;
}

void
auth_start(struct host *h, struct link *l)
{
	if (lcp_ours(&l->lcp)->auth == HOST_AUTH_NONE) {
		if (l->lcp.wish.demand[0] != HOST_AUTH_NONE)
			link_close(h, l, "peer did not agree to authenticate itself");
		else
			link_join(h, l);
		return;
	}
	checker_begin(h, l);
	if (!l->client && !l->ended && l->phase == LINK_AUTH && auth_owes_proof(l))
		prover_begin(h, l);
}

/* ------------------------------------------------------------------ the peer's proof */

static void
verdict(struct host *h, struct link *l, bool ok)
{
	struct auth_machine *m = l->auth[AUTH_SERVER];
	struct outbox box;

	if (m == NULL)
		return;
	outbox_init(&box);
	auth_machine_verdict(m, ok, h->now_ms, &box);
	link_drain_auth(h, l, AUTH_SERVER, &box);
}

static void
confirm(struct host *h, struct link *l)
{
	struct outbox box;

	outbox_init(&box);
	auth_machine_confirm(l->auth[AUTH_SERVER], h->now_ms, &box);
	link_drain_auth(h, l, AUTH_SERVER, &box);
}

void
auth_deny(struct host *h, struct link *l)
{
	verdict(h, l, false);
}

static void refuse(struct host *h, struct link *l, uint32_t delay_ms, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static void
refuse(struct host *h, struct link *l, uint32_t delay_ms, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	link_vexplain(l, format, args);
	va_end(args);
	h->counters.auth_failed++;
	link_event(h, l, HOST_EV_AUTH, "%s", text_kept(l->explain));
	l->doom = LINK_AUTH_FAIL;
	l->doom_ms = h->now_ms + delay_ms;
}

/* The user whose secret fits. An unknown name costs the same time as a wrong password. */
static int
find_user(struct host *h, struct link *l, const char *name)
{
	const uint32_t delay_ms = h->concentrators[l->owner].cfg->failure_delay_ms;
	const int user = user_find(h, name);
	const bool fits = auth_machine_check(l->auth[AUTH_SERVER], user >= 0 ? h->users[user].cfg->password : "");

	if (user < 0)
		refuse(h, l, delay_ms, "user '%.64s' refused: no such user", name);
	else if (!fits)
		refuse(h, l, delay_ms, "user '%.64s' refused: wrong password", name);
	return user >= 0 && fits ? user : -1;
}

/* The concentrator that a client dialled: nobody guesses passwords by being dialled, so the answer comes at once. */
static bool
is_our_peer(struct host *h, struct link *l, const char *name)
{
	const struct host_client *cfg = h->clients[l->owner].cfg;
	const char *password = cfg->peer_password != NULL ? cfg->peer_password : "";
	const bool fits = auth_machine_check(l->auth[AUTH_SERVER], password) && password[0] != '\0';

	if (cfg->peer_name != NULL && strcmp(cfg->peer_name, name) != 0) {
		refuse(h, l, 0, "peer '%.64s' refused: '%.64s' is expected", name, cfg->peer_name);
		return false;
	}
	if (!fits)
		refuse(h, l, 0, "peer '%.64s' refused: wrong password", name);
	return fits;
}

/* Told by Terminate-Request and the text of the PADT: a Nak would make the peer look for a wrong password. */
static bool
within_session_limit(struct host *h, struct link *l, int user)
{
	const struct user *u = &h->users[user];

	if (u->cfg->sessions_max == 0 || u->sessions < u->cfg->sessions_max)
		return true;
	h->counters.join_refused++;
	link_event(h, l, HOST_EV_LINK_REFUSED, "refused: user has %u sessions already, %u are allowed", u->sessions,
		u->cfg->sessions_max);
	host_facts(h, l, NULL, "user has as many sessions as are allowed");
	link_close(h, l, "refused: user has %u sessions already, %u are allowed", u->sessions, u->cfg->sessions_max);
	return false;
}

static void
keep_login(struct link *l, const char *name)
{
	char login[HOST_AUTH_NAME_MAX];

	snprintf(login, sizeof(login), "%.*s", (int)sizeof(login) - 1, name);
	text_keep(&l->login, login);
}

static void
check_user(struct host *h, struct link *l, const char *name)
{
	int user;

	keep_login(l, name);
	user = find_user(h, l, name);
	if (user < 0)
		return;
	l->proven = true;
	if (!within_session_limit(h, l, user))
		return;
	l->user = user;
	text_drop(&l->login); /* it is the user's name */
	l->counted = true;
	l->authenticated = true;
	h->users[user].sessions++;
	h->counters.auth_ok++;
	link_event(h, l, HOST_EV_AUTH, "user '%.64s' accepted by %s", name, auth_title(l->auth[AUTH_SERVER]->auth));
}

static void
check_peer(struct host *h, struct link *l, const char *name)
{
	if (!is_our_peer(h, l, name))
		return;
	l->proven = true;
	l->authenticated = true;
	h->counters.auth_ok++;
	link_event(h, l, HOST_EV_AUTH, "peer '%.64s' accepted by %s", name, auth_title(l->auth[AUTH_SERVER]->auth));
}

/* Again for the same user while the link is up (RFC 1994 section 2). */
static void
recheck(struct host *h, struct link *l, const char *name)
{
	if (l->client) {
		if (!is_our_peer(h, l, name))
			return;
	} else {
		const int user = find_user(h, l, name);

		if (user < 0)
			return;
		if (user != l->user) {
			refuse(h, l, 0, "refused: was user '%.64s' and answers a new challenge as '%.64s'",
				link_login(h, l), name);
			return;
		}
	}
	verdict(h, l, true);
	confirm(h, l);
}

static void
checker_asks(struct host *h, struct link *l)
{
	const char *name = auth_machine_pending(l->auth[AUTH_SERVER]);

	if (name == NULL)
		return;
	if (l->authenticated) {
		recheck(h, l, name);
		return;
	}
	if (l->client)
		check_peer(h, l, name);
	else
		check_user(h, l, name);
	if (!l->authenticated)
		return;
	verdict(h, l, true);
	if (l->phase == LINK_AUTH)
		link_join(h, l);
}

/* ------------------------------------------------------------------ on to the network phase */

/* One direction is done, or the data plane has the link: what is still missing? */
static void
proceed(struct host *h, struct link *l)
{
	const struct auth_machine *checker = l->auth[AUTH_SERVER];

	if (l->bundle == 0 || l->waiting != 0 || (checker != NULL && auth_machine_state(checker) != AUTH_UP))
		return;
	if (auth_owes_proof(l)) {
		l->phase = LINK_AUTH;
		if (l->auth[AUTH_CLIENT] == NULL)
			prover_begin(h, l);
	} else if (l->tx_hold) {
		link_install(h, l, false);
	} else {
		link_opened(h, l);
	}
}

void
auth_installed(struct host *h, struct link *l)
{
	const struct auth_machine *checker = l->auth[AUTH_SERVER];

	if (checker != NULL && auth_machine_state(checker) == AUTH_VERIFIED)
		confirm(h, l); /* goes on when it is up */
	else
		proceed(h, l);
}

static void
prover_up(struct host *h, struct link *l)
{
	l->accepted = true;
	h->counters.auth_ok++;
	link_event(h, l, HOST_EV_AUTH, "accepted by the peer as '%.64s' by %s", our_username(h, l),
		auth_title(l->auth[AUTH_CLIENT]->auth));
	if (!l->client && l->auth[AUTH_CLIENT]->auth == HOST_AUTH_PAP)
		machine_give(l, AUTH_CLIENT); /* it is not asked again; of CHAP there may come another Challenge */
	proceed(h, l);
}

static void
failed(struct host *h, struct link *l, enum auth_role role)
{
	const char *why = auth_machine_why(l->auth[role]);

	if (role == AUTH_SERVER && l->doom == LINK_AUTH_FAIL) /* told when it was decided, closed by doomed() */
		return;
	h->counters.auth_failed++;
	link_event(h, l, HOST_EV_AUTH, "authentication failed: %s", why);
	link_close(h, l, "authentication failed: %s", why);
}

void
auth_event(struct host *h, struct link *l, enum auth_role role, enum out_kind kind)
{
	if (l->auth[role] == NULL) /* closed by what came before it */
		return;
	if (kind == OUT_LAYER_STARTED)
		checker_asks(h, l);
	else if (kind == OUT_LAYER_UP && role == AUTH_CLIENT)
		prover_up(h, l);
	else if (kind == OUT_LAYER_UP)
		proceed(h, l);
	else if (kind == OUT_LAYER_FINISHED)
		failed(h, l, role);
}

/* ------------------------------------------------------------------ packets */

static bool
is_challenge(uint16_t proto, const uint8_t *p, size_t n)
{
	return proto == PPP_CHAP && n > 0 && p[0] == CHAP_CHALLENGE;
}

/* The first Challenge comes before its answer may go: it waits for the data plane, and for the peer's own proof. */
static bool
comes_early(const struct link *l, uint16_t proto, const uint8_t *p, size_t n)
{
	return is_challenge(proto, p, n) && l->auth[AUTH_CLIENT] == NULL && auth_owes_proof(l) &&
		auth_proto(lcp_peers(&l->lcp)->auth) == PPP_CHAP && (l->phase == LINK_JOIN || l->phase == LINK_AUTH) &&
		n <= LINK_HELD_MAX && !link_holds(l, PPP_LCP);
}

static void
refuse_reflection(struct host *h, struct link *l)
{
	h->counters.auth_failed++;
	link_event(h, l, HOST_EV_AUTH, "authentication failed: peer asks us our own challenge");
	link_close(h, l, "authentication failed: peer asks us our own challenge");
}

void
auth_packet(struct host *h, struct link *l, uint16_t proto, const uint8_t *p, size_t n)
{
	const enum auth_role role = auth_machine_role(proto, n > 0 ? p[0] : 0);
	struct auth_machine *m = l->auth[role], *checker = l->auth[AUTH_SERVER];
	struct outbox box;

	if (checker != NULL && auth_machine_is_reflected(checker, proto, p, n)) {
		refuse_reflection(h, l);
		return;
	}
	if (comes_early(l, proto, p, n)) {
		h->counters.effects_lost += !link_hold(l, proto, p, n);
		return;
	}
	if (m == NULL || auth_proto(m->auth) != proto)
		return;
	outbox_init(&box);
	auth_machine_input(m, p, n, h->now_ms, &box);
	link_drain_auth(h, l, role, &box);
}
