/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "control/ppp/host_state.h"
#include "dataplane/wire/ppp.h"
#include "dataplane/wire/pppoe.h"
#include "tests/unit/host/check.h"

/* Authentication in each direction by itself [G-15, B-10]: what each end wants of the other, and what it allows the other to want. */

static const enum host_auth protocols[] = {HOST_AUTH_PAP, HOST_AUTH_CHAP_MD5, HOST_AUTH_MSCHAP, HOST_AUTH_MSCHAP2};

enum { N_PROTOCOLS = sizeof(protocols) / sizeof(protocols[0]), WANT = 1, ALLOW = 2, BOTH = WANT | ALLOW };

static void
only(enum host_auth list[HOST_AUTHS_MAX], enum host_auth auth, bool on)
{
	memset(list, 0, HOST_AUTHS_MAX * sizeof(*list));
	list[0] = on ? auth : HOST_AUTH_NONE;
}

/* to_ac: by which the client proves itself, to_client: by which the concentrator does. */
static void
mutual_init(struct pair_net *net, unsigned links, unsigned ac, unsigned client, enum host_auth to_ac,
	enum host_auth to_client)
{
	pair_net_init(net, links);
	only(net->concentrator.auth, to_ac, ac & WANT);
	only(net->concentrator.accept, to_client, ac & ALLOW);
	net->concentrator.username = "bras-self";
	net->concentrator.password = "swordfish-b";
	net->concentrator.multilink.allow_unauthenticated = true;
	only(net->client.demand, to_client, client & WANT);
	only(net->client.accept, to_ac, client & ALLOW);
	net->client.peer_name = "bras-self";
	net->client.peer_password = "swordfish-b";
}

static unsigned
auth_ok(const struct pair *p, int node)
{
	struct host_counters c;

	host_counters(p->node[node].host, &c);
	return (unsigned)c.auth_ok;
}

static unsigned
auth_failed(const struct pair *p, int node)
{
	struct host_counters c;

	host_counters(p->node[node].host, &c);
	return (unsigned)c.auth_failed;
}

/* Data may pass on it in both directions. */
static void
check_open(struct pair *p, unsigned links)
{
	check(p, pair_open_links(p, AC) == links && pair_open_links(p, CLIENT) == links);
	check(p, pair_open_bundles(p, AC) == 1 && pair_open_bundles(p, CLIENT) == 1);
	for (int node = 0; node < 2; node++)
		for (unsigned i = 1; i <= PAIR_LINKS; i++)
			check(p, !p->node[node].links[i].joined || !p->node[node].links[i].tx_hold);
}

static const struct link *
first_link(const struct pair *p, int node)
{
	const struct host *h = p->node[node].host;

	for (unsigned i = 0; i < h->cfg->sessions_max; i++)
		if (h->links[i].phase != LINK_FREE)
			return &h->links[i];
	return NULL;
}

/* ------------------------------------------------------------------ the matrix */

static void
check_cell(enum host_auth auth, unsigned ac, unsigned client)
{
	const bool asks_client = ac & WANT, asks_ac = client & WANT;
	const bool refused = (asks_client && !(client & ALLOW)) || (asks_ac && !(ac & ALLOW));
	struct pair_net net;
	struct pair *p;

	mutual_init(&net, 1, ac, client, auth, auth);
	net.links[0].redial.attempts = -1;
	p = run(&net, 10000);
	if (refused) {
		check(p, pair_open_links(p, AC) == 0 && pair_open_links(p, CLIENT) == 0);
		check(p, auth_ok(p, AC) == 0 && auth_ok(p, CLIENT) == 0);
		check(p, pair_said(p, AC, "authenticate") != NULL || pair_said(p, CLIENT, "authenticate") != NULL);
		check(p, auth_failed(p, AC) + auth_failed(p, CLIENT) >= 1);
	} else {
		check_open(p, 1);
		check(p, auth_ok(p, AC) == (unsigned)asks_client + asks_ac);
		check(p, auth_ok(p, CLIENT) == (unsigned)asks_client + asks_ac);
		check(p, (pair_said(p, AC, "user 'alice' accepted") != NULL) == asks_client);
		check(p, (pair_said(p, CLIENT, "peer 'bras-self' accepted") != NULL) == asks_ac);
		check(p, (pair_said(p, AC, "accepted by the peer as 'bras-self'") != NULL) == asks_ac);
	}
	finish(p);
}

static void
authentication_follows_the_four_policies_at_both_ends(void **state)
{
	(void)state;
	for (unsigned i = 0; i < N_PROTOCOLS; i++)
		for (unsigned cell = 0; cell < 16; cell++) {
			print_message("%s, %u and %u\n", auth_title(protocols[i]), cell & 3, cell >> 2);
			check_cell(protocols[i], cell & 3, cell >> 2);
		}
}

/* Any protocol one way with any other the other way; the bundle is the user's, as if only he were asked. */
static void
each_direction_has_its_own_protocol(void **state)
{
	(void)state;
	for (unsigned cell = 0; cell < N_PROTOCOLS * N_PROTOCOLS; cell++) {
		const enum host_auth to_ac = protocols[cell % N_PROTOCOLS], to_client = protocols[cell / N_PROTOCOLS];
		struct host_bundle_info info;
		struct pair_net net;
		struct pair *p;

		print_message("%s and %s\n", auth_title(to_ac), auth_title(to_client));
		mutual_init(&net, 2, BOTH, BOTH, to_ac, to_client);
		net.concentrator.multilink.allow_unauthenticated = false;
		p = run(&net, 10000);
		check_open(p, 2);
		check(p, pair_first_bundle(p, AC, &info) && strcmp(info.name, "alice") == 0 && info.values.mp);
		check(p, pair_first_bundle(p, CLIENT, &info) && strcmp(info.name, "home") == 0 && info.links == 2);
		/* what has nothing to say any more is gone */
		check(p, (first_link(p, AC)->auth[AUTH_CLIENT] == NULL) == (to_client == HOST_AUTH_PAP));
		check(p, first_link(p, CLIENT)->auth[AUTH_SERVER] != NULL);
		finish(p);
	}
}

static void
one_direction_takes_no_second_machine(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 1);
	p = run(&net, 10000);
	check_open(p, 1);
	check(p, first_link(p, AC)->auth[AUTH_CLIENT] == NULL && first_link(p, CLIENT)->auth[AUTH_SERVER] == NULL);
	finish(p);
}

static bool
ac_owes_proof(struct pair *p)
{
	const struct link *l = first_link(p, AC);

	return l != NULL && l->phase == LINK_AUTH && l->bundle != 0;
}

static bool
client_owes_proof(struct pair *p)
{
	const struct link *l = first_link(p, CLIENT);

	return l != NULL && l->phase == LINK_AUTH && l->bundle != 0;
}

/* The data plane has the link before the peer may send on it, and does not send on it before the peer has taken our proof. */
static void
a_link_only_receives_until_the_peer_has_taken_our_proof(void **state)
{
	static const struct {
		unsigned ac, client;
		int node;
	} rows[] = {{ALLOW, WANT, AC}, {WANT, ALLOW, CLIENT}, {BOTH, BOTH, CLIENT}};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		pair_condition *owes = rows[i].node == AC ? ac_owes_proof : client_owes_proof;
		struct pair_net net;
		struct pair *p;

		print_message("row %u\n", i);
		mutual_init(&net, 1, rows[i].ac, rows[i].client, HOST_AUTH_CHAP_MD5, HOST_AUTH_MSCHAP2);
		p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
		p->wire.delay_ms = 20;
		pair_start(p);
		check(p, pair_until(p, owes, 10000));
		check(p, p->node[rows[i].node].links[first_link(p, rows[i].node)->id].joined);
		check(p, p->node[rows[i].node].links[first_link(p, rows[i].node)->id].tx_hold);
		pair_run(p, 10000);
		check_open(p, 1);
		finish(p);
	}
}

/* The peer's order of preference meets ours by Nak, as in the other direction. */
static void
the_concentrator_naks_with_what_it_would_do(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	mutual_init(&net, 1, BOTH, BOTH, HOST_AUTH_CHAP_MD5, HOST_AUTH_MSCHAP2);
	net.client.demand[0] = HOST_AUTH_PAP;
	net.client.demand[1] = HOST_AUTH_MSCHAP2;
	p = run(&net, 10000);
	check_open(p, 1);
	check(p, pair_said(p, CLIENT, "peer 'bras-self' accepted by MS-CHAPv2") != NULL);
	finish(p);
}

/* ------------------------------------------------------------------ what fails */

static void
a_concentrator_with_a_wrong_secret_is_refused_and_told_nothing(void **state)
{
	static const struct {
		const char *name, *username, *password, *says;
	} rows[] = {
		{"wrong password", "bras-self", "wrong", "peer 'bras-self' refused: wrong password"},
		{"empty password", "bras-self", "", "peer 'bras-self' refused: wrong password"},
		{"wrong name", "other", "swordfish-b", "peer 'other' refused: 'bras-self' is expected"},
	};

	(void)state;
	for (unsigned i = 0; i < N_PROTOCOLS * 3; i++) {
		const enum host_auth auth = protocols[i / 3];
		struct pair_net net;
		struct pair *p;

		print_message("%s: %s\n", auth_title(auth), rows[i % 3].name);
		mutual_init(&net, 1, BOTH, BOTH, HOST_AUTH_PAP, auth);
		net.concentrator.username = rows[i % 3].username;
		net.concentrator.password = rows[i % 3].password;
		net.links[0].redial.attempts = -1;
		p = run(&net, 20000);
		check(p, pair_said(p, CLIENT, rows[i % 3].says) != NULL);
		check(p, pair_said(p, AC, "authentication failed: peer refuses our name and") != NULL);
		check(p, auth_failed(p, CLIENT) == 1 && auth_failed(p, AC) == 1);
		check(p, auth_ok(p, AC) == 0 && auth_ok(p, CLIENT) == 0);
		/* our own name and password never left */
		check(p, pair_said(p, AC, "alice") == NULL);
		check(p, pair_open_links(p, AC) == 0 && pair_bundles(p, CLIENT) == 0);
		finish(p);
	}
}

static void
a_client_without_a_name_for_its_peer_takes_any_that_has_the_secret(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	mutual_init(&net, 1, BOTH, BOTH, HOST_AUTH_CHAP_MD5, HOST_AUTH_CHAP_MD5);
	net.client.peer_name = NULL;
	p = run(&net, 10000);
	check_open(p, 1);
	finish(p);
}

static void
a_client_with_a_wrong_password_is_refused_though_its_peer_was_right(void **state)
{
	(void)state;
	for (unsigned i = 0; i < N_PROTOCOLS; i++) {
		struct pair_net net;
		struct pair *p;

		print_message("%s\n", auth_title(protocols[i]));
		mutual_init(&net, 1, BOTH, BOTH, protocols[i], HOST_AUTH_CHAP_MD5);
		net.client.password = "wrong";
		net.links[0].redial.attempts = -1;
		p = run(&net, 20000);
		check(p, pair_said(p, CLIENT, "peer 'bras-self' accepted") != NULL);
		check(p, pair_said(p, AC, "user 'alice' refused: wrong password") != NULL);
		check(p, auth_failed(p, AC) == 1 && auth_failed(p, CLIENT) == 1);
		check(p, pair_open_links(p, AC) == 0 && pair_bundles(p, AC) == 0 && pair_bundles(p, CLIENT) == 0);
		finish(p);
	}
}

static bool
both_in_auth(struct pair *p)
{
	const struct link *ac = first_link(p, AC), *client = first_link(p, CLIENT);

	return ac != NULL && client != NULL && ac->phase == LINK_AUTH && client->phase == LINK_AUTH;
}

static void
silence_in_either_direction_ends_the_link_with_a_reason(void **state)
{
	static const struct {
		unsigned ac, client;
		enum host_auth auth;
		const char *ac_says, *client_says;
	} rows[] = {
		{ALLOW, WANT, HOST_AUTH_CHAP_MD5, NULL, "no answer to challenges"},
		{ALLOW, WANT, HOST_AUTH_PAP, NULL, "peer does not authenticate"},
		{BOTH, BOTH, HOST_AUTH_CHAP_MD5, "no challenge came", "no answer to challenges"},
		{BOTH, BOTH, HOST_AUTH_PAP, "no answer to Authenticate-Requests", "peer does not authenticate"},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct host_timing timing = {.restart_ms = 1000, .max_configure = 3};
		struct pair_net net;
		struct pair *p;

		print_message("row %u\n", i);
		mutual_init(&net, 1, rows[i].ac, rows[i].client, rows[i].auth, rows[i].auth);
		net.concentrator.auth_timing = net.client.auth_timing = timing;
		net.links[0].redial.attempts = -1;
		p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
		p->wire.delay_ms = 20;
		pair_start(p);
		check(p, pair_until(p, both_in_auth, 10000));
		p->cut[0] = true;
		pair_run(p, 8000);
		check(p, pair_said(p, CLIENT, rows[i].client_says) != NULL);
		check(p, rows[i].ac_says == NULL || pair_said(p, AC, rows[i].ac_says) != NULL);
		check(p, auth_failed(p, CLIENT) >= 1);
		check(p, pair_open_links(p, CLIENT) == 0);
		finish(p);
	}
}

static void
a_client_challenges_again_and_notices_another_secret(void **state)
{
	for (unsigned i = 1; i < N_PROTOCOLS; i++) {
		struct pair_net net;
		struct pair *p;

		(void)state;
		print_message("%s\n", auth_title(protocols[i]));
		mutual_init(&net, 1, BOTH, BOTH, protocols[i], protocols[i]);
		net.concentrator.rechallenge_ms = 1000;
		net.client.peer_rechallenge_ms = 1500;
		net.links[0].redial.attempts = -1;
		p = run(&net, 20000);
		check_open(p, 1);
		check(p, p->node[CLIENT].events[HOST_EV_LINK_DOWN] == 0 && p->node[AC].events[HOST_EV_LINK_DOWN] == 0);
		check(p, first_link(p, CLIENT)->auth[AUTH_SERVER]->chap.was_up);
		net.client.peer_password = "another";
		pair_run(p, 3000);
		check(p, pair_said(p, CLIENT, "peer 'bras-self' refused: wrong password") != NULL);
		check(p, pair_open_links(p, AC) == 0 && pair_open_links(p, CLIENT) == 0);
		finish(p);
	}
}

/* ------------------------------------------------------------------ reflection */

/* What we asked, asked back, on the same link. */
static size_t
reflected_frame(const struct link *l, uint8_t frame[512])
{
	const struct chap *asked = &l->auth[AUTH_SERVER]->chap;
	const size_t chap_len = CP_HDR_LEN + 1 + asked->challenge_len;
	uint8_t *at = frame;

	memcpy(at, l->key.local.b, 6);
	memcpy(at + 6, l->key.peer.b, 6);
	store_be16(at + 12, ETHERTYPE_PPPOE_SESSION);
	at += ETH_HDR_LEN;
	at[0] = 0x11;
	at[1] = 0;
	store_be16(at + 2, l->key.session);
	store_be16(at + 4, (uint16_t)(PPP_PROTO_LEN + chap_len));
	store_be16(at + PPPOE_HDR_LEN, PPP_CHAP);
	at += PPPOE_HDR_LEN + PPP_PROTO_LEN;
	at[0] = CHAP_CHALLENGE;
	at[1] = 77; /* an identifier of its own does not make it another question */
	store_be16(at + 2, (uint16_t)chap_len);
	at[4] = asked->challenge_len;
	memcpy(at + 5, asked->challenge, asked->challenge_len);
	return (size_t)(at + chap_len - frame);
}

static void
our_own_challenge_is_not_answered(void **state)
{
	(void)state;
	for (unsigned i = 1; i < N_PROTOCOLS; i++) {
		struct pair_net net;
		uint8_t frame[512];
		struct pair *p;

		print_message("%s\n", auth_title(protocols[i]));
		mutual_init(&net, 1, BOTH, BOTH, protocols[i], protocols[i]);
		net.links[0].redial.attempts = -1;
		p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
		p->wire.delay_ms = 20;
		pair_start(p);
		check(p, pair_until(p, both_in_auth, 10000));
		pair_inject(p, CLIENT, 0, frame, reflected_frame(first_link(p, CLIENT), frame));
		check(p, pair_said(p, CLIENT, "authentication failed: peer asks us our own challenge") != NULL);
		check(p, auth_failed(p, CLIENT) == 1);
		pair_run(p, 5000);
		check(p, pair_said(p, AC, "alice") == NULL);
		check(p, pair_open_links(p, CLIENT) == 0);
		finish(p);
	}
}

/* ------------------------------------------------------------------ a bad line */

static void
both_directions_come_through_loss_duplication_and_late_installation(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct pair_net net;
		struct pair *p;

		mutual_init(&net, 2, BOTH, BOTH, protocols[seed % N_PROTOCOLS], protocols[seed / 4 % N_PROTOCOLS]);
		p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], seed);
		p->wire = (struct pair_wire){.loss = 150, .duplicate = 100, .delay_ms = 10, .jitter_ms = 30};
		p->install_ms = 200;
		pair_start(p);
		pair_run(p, 60000);
		p->wire.loss = p->wire.duplicate = 0;
		pair_run(p, 60000);
		check_open(p, 2);
		finish(p);
	}
}

/* The peer starts LCP anew: both directions are done again, by new machines. */
static void
a_restarted_concentrator_proves_itself_again(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	mutual_init(&net, 1, BOTH, BOTH, HOST_AUTH_MSCHAP2, HOST_AUTH_CHAP_MD5);
	p = run(&net, 10000);
	check_open(p, 1);
	pair_restart(p, AC);
	pair_run(p, 60000);
	check_open(p, 1);
	check(p, auth_ok(p, CLIENT) == 4);
	finish(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(authentication_follows_the_four_policies_at_both_ends),
		cmocka_unit_test(each_direction_has_its_own_protocol),
		cmocka_unit_test(one_direction_takes_no_second_machine),
		cmocka_unit_test(a_link_only_receives_until_the_peer_has_taken_our_proof),
		cmocka_unit_test(the_concentrator_naks_with_what_it_would_do),
		cmocka_unit_test(a_concentrator_with_a_wrong_secret_is_refused_and_told_nothing),
		cmocka_unit_test(a_client_without_a_name_for_its_peer_takes_any_that_has_the_secret),
		cmocka_unit_test(a_client_with_a_wrong_password_is_refused_though_its_peer_was_right),
		cmocka_unit_test(silence_in_either_direction_ends_the_link_with_a_reason),
		cmocka_unit_test(a_client_challenges_again_and_notices_another_secret),
		cmocka_unit_test(our_own_challenge_is_not_answered),
		cmocka_unit_test(both_directions_come_through_loss_duplication_and_late_installation),
		cmocka_unit_test(a_restarted_concentrator_proves_itself_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
