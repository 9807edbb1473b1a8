/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "control/ppp/host_state.h"
#include "dataplane/wire/ppp.h"
#include "dataplane/wire/pppoe.h"
#include "tests/unit/host/check.h"

/* What does not come up, and what both operators are told about it. */

/* Two clients on the client's host: "home" as pair_net has it, and "guest" on ports 2 and 3. */
struct two {
	struct pair_net net;
	struct host_client clients[2];
	struct host_client_link links[2];
};

static void
two_init(struct two *t, unsigned links)
{
	pair_net_init(&t->net, links);
	t->clients[0] = t->net.client;
	t->clients[1] = t->net.client;
	for (unsigned i = 0; i < 2; i++) {
		t->links[i] = t->net.links[0];
		t->links[i].name = i == 0 ? "l0" : "l1";
		t->links[i].ports = &t->net.port_index[2 + i];
	}
	t->clients[1].name = "guest";
	t->clients[1].links = t->links;
	t->clients[1].n_links = 1;
	t->clients[1].default_route = false;
	t->net.cfg[CLIENT].clients = t->clients;
	t->net.cfg[CLIENT].n_clients = 2;
}

static void
same_endpoint(struct two *t)
{
	for (unsigned i = 0; i < 2; i++) {
		t->clients[i].multilink.endpoint_auto = false;
		t->clients[i].multilink.endpoint = (struct host_endpoint){HOST_EP_LOCAL, 4, "home"};
	}
}

/* ------------------------------------------------------------------ authentication */

static void
a_wrong_password_is_told_after_the_delay(void **state)
{
	static const struct {
		const char *name, *user, *password, *says;
		enum host_auth auth;
	} rows[] = {
		{"CHAP, wrong password", "alice", "wrong", "user 'alice' refused: wrong password", HOST_AUTH_CHAP_MD5},
		{"CHAP, unknown user", "mallory", "wrong", "user 'mallory' refused: no such user", HOST_AUTH_CHAP_MD5},
		{"PAP, wrong password", "alice", "wrong", "user 'alice' refused: wrong password", HOST_AUTH_PAP},
		{"PAP, unknown user", "mallory", "swordfish-a", "user 'mallory' refused: no such user", HOST_AUTH_PAP},
		{"PAP, empty password", "alice", "", "user 'alice' refused: wrong password", HOST_AUTH_PAP},
		{"PAP, password and more", "alice", "swordfish-ab", "user 'alice' refused: wrong password",
			HOST_AUTH_PAP},
	};
	uint64_t ended_ms[sizeof(rows) / sizeof(rows[0])];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pair_net net;
		struct host_counters counters;
		struct pair *p;

		print_message("%s\n", rows[i].name);
		pair_net_init(&net, 1);
		net.concentrator.auth[0] = rows[i].auth;
		net.concentrator.auth[1] = HOST_AUTH_NONE;
		net.client.username = rows[i].user;
		net.client.password = rows[i].password;
		net.links[0].redial.attempts = -1;
		p = run(&net, 20000);
		check(p, pair_said(p, AC, rows[i].says) != NULL);
		check(p, pair_said(p, CLIENT, "authentication failed") != NULL);
		check(p,
			pair_said(p, CLIENT, "no such user") == NULL && pair_said(p, CLIENT, "wrong password") == NULL);
		check(p, pair_open_links(p, AC) == 0 && pair_bundles(p, AC) == 0);
		host_counters(p->node[AC].host, &counters);
		assert_int_equal(counters.auth_failed, 1);
		assert_int_equal(counters.auth_ok, 0);
		ended_ms[i] = p->node[AC].link_down_ms;
		assert_true(ended_ms[i] >= 1000 + 500);
		finish(p);
	}
	/* an unknown name is answered as late as a wrong password */
	assert_int_equal(ended_ms[0], ended_ms[1]);
	assert_int_equal(ended_ms[2], ended_ms[3]);
}

static void
a_client_that_may_not_authenticate_is_told_so(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 1);
	net.client.username = net.client.password = NULL;
	p = run(&net, 40000);
	check(p, pair_open_links(p, AC) == 0);
	check(p, p->node[AC].events[HOST_EV_LINK_DOWN] >= 1);
	finish(p);
}

/* ------------------------------------------------------------------ multilink refused */

static void
without_multilink_one_link_runs_and_the_others_are_held(void **state) /* G-03 */
{
	static const struct {
		const char *name;
		bool enabled, ac_wants_mrru;
		const char *says;
	} rows[] = {
		{"peer rejects MRRU", false, true, "peer refused multilink (MRRU)"},
		{"peer acknowledges MRRU but sends none", true, false, "peer announced no MRRU of its own"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pair_net net;
		struct host_bundle_info bundle;
		struct host_link_info info;
		unsigned held = 0;
		struct pair *p;

		print_message("%s\n", rows[i].name);
		pair_net_init(&net, 3);
		net.concentrator.multilink.enabled = rows[i].enabled;
		net.concentrator.lcp.p_mrru.want = rows[i].ac_wants_mrru;
		p = run(&net, 300 * 1000);
		check(p, pair_open_links(p, CLIENT) == 1 && pair_open_bundles(p, CLIENT) == 1);
		check(p, pair_said(p, CLIENT, rows[i].says) != NULL);
		assert_true(pair_first_bundle(p, CLIENT, &bundle));
		assert_false(bundle.values.mp);
		assert_int_equal(bundle.ip_mtu, 1492);
		for (unsigned j = 0; j < 3; j++) {
			char name[16];

			pair_link_name(name, j);
			assert_true(pair_link_info(p, CLIENT, name, &info));
			held += strcmp(info.phase, "wait") == 0 && strstr(info.explain, "held") != NULL &&
				info.next_dial_ms > p->now_ms;
		}
		check(p, held == 2);
		check(p, p->node[CLIENT].events[HOST_EV_LINK_REFUSED] <= 2); /* looked at again, but not dialled */
		finish(p);
	}
}

/* What the peer's data plane does to multilink frames, and what we then know of it. */
static void
a_peer_that_agrees_to_multilink_and_ignores_it_is_named(void **state) /* G-03 */
{
	static const struct {
		const char *name;
		bool ignores, speaks_plain, asks_nothing, require;
		const char *says;
	} rows[] = {
		{"drops ours, sends its own outside", true, true, false, true,
			"ignores it: its NCP packets come outside"},
		{"drops ours, sends its own inside", true, false, false, false, "does not hear what we say inside"},
		{"drops ours, sends nothing", true, true, true, false, "is silent: no NCP packet has come"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pair_net net;
		struct pair *p;

		print_message("%s\n", rows[i].name);
		pair_net_init(&net, 2);
		net.client.multilink.require = rows[i].require;
		net.concentrator.network.ipv4.want = !rows[i].asks_nothing;
		net.links[0].redial.attempts = net.links[1].redial.attempts = -1;
		p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
		p->ignore_mp = rows[i].ignores;
		p->speak_plain = rows[i].speaks_plain;
		pair_start(p);
		pair_run(p, 60000);
		check(p, pair_said(p, CLIENT, rows[i].says) != NULL);
		check(p, strstr(p->node[CLIENT].facts[HOST_EV_LINK_DOWN].reason, rows[i].says) != NULL);
		check(p, pair_open_links(p, CLIENT) == 0 && pair_said(p, CLIENT, "plain PPP") == NULL);
		finish(p);
	}
}

static void
a_peer_that_speaks_beside_multilink_gets_plain_ppp_until_that_ends(void **state) /* G-03 */
{
	struct host_bundle_info bundle;
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	p->ignore_mp = p->speak_plain = true;
	pair_start(p);
	pair_run(p, 120 * 1000);
	check(p, pair_said(p, CLIENT, "the next one is plain PPP on one link") != NULL);
	check(p, pair_said(p, CLIENT, "agreed to multilink before and ignored it") != NULL);
	check(p, pair_open_links(p, CLIENT) == 1 && pair_open_bundles(p, CLIENT) == 1);
	check(p, pair_first_bundle(p, CLIENT, &bundle) && !bundle.values.mp && bundle.ip_mtu == 1492);

	p->ignore_mp = p->speak_plain = false; /* repaired, and started anew */
	pair_restart(p, AC);
	pair_run(p, 120 * 1000);
	check(p, pair_open_links(p, CLIENT) == 2 && pair_open_bundles(p, CLIENT) == 1);
	check(p, pair_first_bundle(p, CLIENT, &bundle) && bundle.values.mp);
	finish(p);
}

/* RFC 1990 section 2: what links of a bundle bring is for the same machines, with a multilink header or without. */
static void
network_control_outside_multilink_is_taken(void **state)
{
	struct host_bundle_info bundle;
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	p->speak_plain = true; /* but takes what comes inside */
	pair_start(p);
	pair_run(p, 60000);
	check(p, pair_open_links(p, CLIENT) == 2 && pair_open_bundles(p, CLIENT) == 1);
	check(p, pair_first_bundle(p, CLIENT, &bundle) && bundle.values.mp);
	check(p, pair_said(p, CLIENT, "ignores it") == NULL);
	finish(p);
}

/* LCP Protocol-Reject from the client on its first session. */
static void
reject_protocol(struct pair *p, uint16_t proto)
{
	uint8_t frame[60] = {0}, *lcp = frame + ETH_HDR_LEN + PPPOE_HDR_LEN + PPP_PROTO_LEN;
	struct host_link_info info;

	check(p, pair_link_info(p, AC, "1", &info));
	eth_store(frame, &info.key.local, &info.key.peer, info.key.vlans, ETHERTYPE_PPPOE_SESSION);
	pppoe_store(frame + ETH_HDR_LEN, PPPOE_CODE_SESSION, info.key.session, PPP_PROTO_LEN + 10);
	store_be16(lcp - PPP_PROTO_LEN, PPP_LCP);
	lcp[0] = CP_PROTOCOL_REJECT;
	lcp[1] = 77;
	store_be16(lcp + 2, 10);
	store_be16(lcp + 4, proto);
	pair_inject(p, AC, info.key.port, frame, sizeof(frame));
}

static void
a_rejected_protocol_ends_what_needs_it(void **state)
{
	static const struct {
		const char *name, *says;
		uint16_t proto;
		unsigned open;
	} rows[] = {
		{"IPCP: the bundle", "IPCP of bundle 1 ended", PPP_IPCP, 0},
		{"multilink: the link", "peer rejects multilink, which it had agreed to", PPP_MP, 1},
		{"IPV6CP: nothing", "peer does not know protocol 0x8057", PPP_IPV6CP, 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pair_net net;
		struct pair *p;

		print_message("%s\n", rows[i].name);
		pair_net_init(&net, 2);
		p = run(&net, 3000);
		reject_protocol(p, rows[i].proto);
		check(p, pair_open_links(p, AC) == rows[i].open);
		check(p, pair_said(p, AC, rows[i].says) != NULL);
		pair_run(p, 30000);
		check(p, pair_open_links(p, AC) == 2); /* dialled again */
		finish(p);
	}
}

/* As pppd does that is told of its success and gets our first fragments before it has made its interface. */
static void
multilink_rejected_right_after_the_link_came_up_is_a_race(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	p = run(&net, 500);
	check(p, pair_open_links(p, AC) == 2);
	reject_protocol(p, PPP_MP);
	check(p, pair_said(p, AC, "peer does not know protocol 0x003d") != NULL);
	pair_run(p, 10000);
	check(p, pair_open_links(p, AC) == 2 && pair_said(p, AC, "which it had agreed to") == NULL);
	finish(p);
}

static void
a_held_link_takes_over_when_the_first_one_dies(void **state)
{
	struct pair_net net;
	struct host_link_info info;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	net.concentrator.multilink.enabled = false;
	p = run(&net, 5000);
	check(p, pair_open_links(p, CLIENT) == 1);
	assert_true(pair_link_info(p, CLIENT, "home/l0", &info));
	p->cut[strcmp(info.phase, "open") == 0 ? 0 : 1] = true;
	pair_run(p, 30 * 1000);
	check(p, pair_open_links(p, CLIENT) == 1 && pair_open_bundles(p, CLIENT) == 1);
	finish(p);
}

static void
required_multilink_closes_a_plain_link(void **state)
{
	static const int requirer[] = {CLIENT, AC};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct pair_net net;
		struct pair *p;

		pair_net_init(&net, 1);
		net.client.multilink.enabled = requirer[i] == CLIENT;
		net.client.multilink.require = requirer[i] == CLIENT;
		net.concentrator.multilink.enabled = requirer[i] == AC;
		net.concentrator.multilink.require = requirer[i] == AC;
		p = run(&net, 20000);
		check(p, pair_said(p, requirer[i], "multilink is required, but peer") != NULL);
		check(p, pair_open_links(p, AC) == 0 && pair_open_links(p, CLIENT) == 0);
		check(p, pair_addresses_are_back(p));
		finish(p);
	}
}

static void
unauthenticated_multilink_is_plain_by_default(void **state) /* M-08 */
{
	struct pair_net net;
	struct host_bundle_info info;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 1);
	net.concentrator.auth[0] = HOST_AUTH_NONE;
	p = run(&net, 2000);
	check(p, pair_open_links(p, AC) == 1);
	assert_true(pair_first_bundle(p, AC, &info));
	assert_false(info.values.mp);
	finish(p);
}

static void
unauthenticated_multilink_works_when_allowed(void **state)
{
	struct pair_net net;
	struct host_bundle_info info;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	net.concentrator.auth[0] = HOST_AUTH_NONE;
	net.concentrator.multilink.allow_unauthenticated = true;
	p = run(&net, 4000);
	check(p, pair_open_links(p, AC) == 2 && pair_bundles(p, AC) == 1);
	check(p, pair_open_bundles(p, CLIENT) == 1);
	assert_true(pair_first_bundle(p, AC, &info));
	assert_true(info.values.mp);
	check(p, pair_said(p, AC, "case 2") != NULL);
	finish(p);
}

/* ------------------------------------------------------------------ membership on the wire */

static void
a_stolen_endpoint_opens_no_bundle(void **state) /* M-08 */
{
	struct two t;
	struct pair *p;

	(void)state;
	two_init(&t, 2);
	same_endpoint(&t);
	t.clients[1].username = "mallory";
	t.clients[1].password = "m";
	t.net.users[1] = (struct host_user){.name = "mallory", .password = "m"};
	t.net.cfg[AC].n_users = 2;
	p = run(&t.net, 3000);
	check(p, pair_open_links(p, AC) == 3 && pair_bundles(p, AC) == 2);
	finish(p);
}

static void
two_logins_need_an_alias_to_be_one_bundle(void **state) /* G-02, U11 */
{
	static const struct {
		const char *name, *alias;
		unsigned bundles;
	} rows[] = {{"two logins", NULL, 2}, {"with alias", "house", 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pair_net net;
		struct host_bundle_info info;
		struct pair *p;

		print_message("%s\n", rows[i].name);
		pair_net_init(&net, 2);
		net.links[1].username = "bob";
		net.links[1].password = "b";
		net.users[1] = (struct host_user){.name = "bob", .password = "b", .alias = rows[i].alias};
		net.users[0].alias = rows[i].alias;
		net.cfg[AC].n_users = 2;
		p = run(&net, 800);
		check(p, pair_bundles(p, AC) == rows[i].bundles);
		assert_true(pair_first_bundle(p, AC, &info));
		if (rows[i].alias != NULL)
			assert_string_equal(info.name, "house");
		finish(p);
	}
}

static void
an_alias_that_is_a_user_brings_his_address(void **state)
{
	struct pair_net net;
	struct host_bundle_info info;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	net.users[0].alias = "house";
	net.users[1] = (struct host_user){.name = "house", .password = "none", .address = 0x0a000010};
	net.cfg[AC].n_users = 2;
	p = run(&net, 1000);
	assert_true(pair_first_bundle(p, AC, &info));
	assert_int_equal(info.peer_address, 0x0a000010);
	check(p, pair_bundles(p, AC) == 1);
	finish(p);
}

static void
another_mrru_or_format_is_refused_and_the_first_link_stays(void **state) /* M-03 */
{
	static const struct {
		const char *name;
		uint16_t mrru;
		bool short_seq;
		const char *says;
	} rows[] = {
		{"other MRRU", 1600, false,
			"runs with MRRU 1524 (peer's) and 1524 (ours), this link agreed 1600 and 1524"},
		{"other format", 1524, true, "sequence numbers"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct two t;
		struct pair *p;

		print_message("%s\n", rows[i].name);
		two_init(&t, 1);
		same_endpoint(&t);
		t.clients[1].multilink.mrru = rows[i].mrru;
		t.clients[1].lcp.p_short_seq.want = rows[i].short_seq;
		p = pair_new(&t.net.cfg[AC], &t.net.cfg[CLIENT], 1);
		pair_carrier(p, CLIENT, 2, false);
		pair_start(p);
		pair_run(p, 1000);
		pair_carrier(p, CLIENT, 2, true);
		pair_run(p, 3000);
		check(p, pair_said(p, AC, rows[i].says) != NULL);
		check(p, pair_said(p, CLIENT, rows[i].says) != NULL); /* both operators (U11) */
		check(p, p->node[AC].events[HOST_EV_LINK_REFUSED] >= 1);
		check(p, pair_open_links(p, AC) == 1 && pair_open_bundles(p, AC) == 1);
		check(p, pair_open_links(p, CLIENT) == 1);
		finish(p);
	}
}

static void
a_bundle_refuses_more_links_than_allowed(void **state) /* M-10 */
{
	static const struct {
		const char *name;
		uint8_t concentrator, user;
		unsigned links;
	} rows[] = {{"concentrator's limit", 2, 0, 2}, {"user's limit is smaller", 8, 3, 3},
		{"concentrator's is smaller", 2, 3, 2}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pair_net net;
		struct pair *p;

		print_message("%s\n", rows[i].name);
		pair_net_init(&net, 4);
		net.concentrator.multilink.links_max = rows[i].concentrator;
		net.users[0].links_max = rows[i].user;
		p = run(&net, 3000);
		check(p, pair_open_links(p, AC) == rows[i].links && pair_bundles(p, AC) == 1);
		check(p, pair_said(p, AC, "are allowed") != NULL);
		check(p, pair_said(p, CLIENT, "are allowed") != NULL);
		finish(p);
	}
}

static void
a_user_has_no_more_sessions_than_allowed(void **state) /* G-02 */
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 4);
	net.users[0].sessions_max = 2;
	p = run(&net, 3000);
	check(p, pair_open_links(p, AC) == 2);
	check(p, pair_said(p, AC, "refused: user has 2 sessions already, 2 are allowed") != NULL);
	check(p, pair_said(p, CLIENT, "refused: user has 2 sessions already, 2 are allowed") != NULL);
	pair_admin(p, CLIENT, "home/l0", false);
	pair_admin(p, CLIENT, "home/l1", false);
	pair_run(p, 30000);
	check(p, pair_open_links(p, AC) == 2); /* the others, once there is room */
	finish(p);
}

static void
a_client_does_not_mix_two_concentrators(void **state)
{
	struct pair_net net;
	struct host_concentrator concentrators[2];
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	concentrators[0] = concentrators[1] = net.concentrator;
	concentrators[0].n_ports = 1;
	concentrators[1].name = "other";
	concentrators[1].ports = &net.port_index[1];
	concentrators[1].n_ports = 1;
	concentrators[1].address = 0x0a000041;
	net.cfg[AC].concentrators = concentrators;
	net.cfg[AC].n_concentrators = 2;
	p = run(&net, 5000);
	check(p, pair_said(p, CLIENT, "refused: another peer, its endpoint is mac 02:00:00:00:01:0") != NULL);
	check(p, pair_open_links(p, CLIENT) == 1 && pair_bundles(p, CLIENT) == 1);
	finish(p);
}

/* ------------------------------------------------------------------ addresses */

static void
an_empty_pool_refuses_with_its_name(void **state)
{
	struct two t;
	struct pair *p;

	(void)state;
	two_init(&t, 1);
	t.net.range.last = t.net.range.first; /* one address, two bundles */
	t.clients[1].multilink.endpoint_auto = false;
	t.clients[1].multilink.endpoint = (struct host_endpoint){HOST_EP_LOCAL, 1, "g"};
	p = run(&t.net, 4000);
	check(p, pair_open_bundles(p, AC) == 1 && pair_open_links(p, AC) == 1);
	check(p, pair_said(p, AC, "pool 'pool' has no free address") != NULL);
	pair_admin(p, CLIENT, "home/l0", false);
	pair_admin(p, CLIENT, "guest/l0", false);
	pair_run(p, 1000);
	check(p, pair_addresses_are_back(p));
	finish(p);
}

static void
no_pool_and_no_address_is_a_refusal(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 1);
	net.concentrator.pool = -1;
	p = run(&net, 3000);
	check(p, pair_said(p, AC, "'alice' has no address and the concentrator has no pool") != NULL);
	check(p, pair_open_links(p, AC) == 0 && pair_bundles(p, AC) == 0);
	finish(p);
}

static void
a_users_address_is_his_and_used_once(void **state)
{
	struct two t;
	struct host_bundle_info info;
	struct pair *p;

	(void)state;
	two_init(&t, 1);
	t.net.users[0].address = 0x0a000020;
	t.clients[1].multilink.endpoint_auto = false;
	t.clients[1].multilink.endpoint = (struct host_endpoint){HOST_EP_LOCAL, 1, "g"};
	p = run(&t.net, 4000);
	assert_true(pair_first_bundle(p, AC, &info));
	assert_int_equal(info.peer_address, 0x0a000020);
	check(p, pair_bundles(p, AC) == 1);
	check(p, pair_said(p, AC, "the address of user 'alice' is in use by bundle") != NULL);
	finish(p);
}

static void
a_client_refuses_an_address_outside_of_what_it_accepts(void **state) /* G-16 */
{
	static const struct {
		const char *name;
		struct host_prefix accept;
		bool opens;
	} rows[] = {
		{"anything", {0, 0}, true},
		{"inside", {0x0a000000, 8}, true},
		{"outside", {0xc0a80000, 16}, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pair_net net;
		struct pair *p;

		print_message("%s\n", rows[i].name);
		pair_net_init(&net, 2);
		net.client.accept_address = rows[i].accept;
		p = run(&net, 1500);
		check(p, (pair_open_bundles(p, CLIENT) == 1) == rows[i].opens);
		pair_run(p, 60000);
		check(p,
			(pair_said(p, CLIENT, "IPCP of bundle") != NULL ||
				pair_said(p, AC, "IPCP of bundle") != NULL) == !rows[i].opens);
		finish(p);
	}
}

static void
routes_of_a_user_move_to_his_next_bundle(void **state)
{
	const struct host_route lan = host_route4(0xc0a80000, 24);
	struct two t;
	struct pair *p;
	bool first;

	(void)state;
	two_init(&t, 1);
	t.net.users[0].routes = &lan;
	t.net.users[0].n_routes = 1;
	t.clients[1].multilink.endpoint_auto = false;
	t.clients[1].multilink.endpoint = (struct host_endpoint){HOST_EP_LOCAL, 1, "g"};
	p = run(&t.net, 2000);
	check(p, pair_bundles(p, AC) == 2);
	check(p, pair_said(p, AC, "routes of this user lead to bundle") != NULL);
	first = p->node[AC].host->bundles[0].has_user_routes;
	pair_admin(p, CLIENT, first ? "home/l0" : "guest/l0", false);
	pair_admin(p, CLIENT, first ? "home/l0" : "guest/l0", false);
	pair_run(p, 1000);
	check(p, pair_has_route(p, AC, 0xc0a80000, 24, false));
	pair_stop(p, AC);
	pair_run(p, 2000);
	assert_false(pair_has_route(p, AC, 0xc0a80000, 24, false));
	finish(p);
}

/* ------------------------------------------------------------------ tables */

static void
more_sessions_than_allocated_are_refused(void **state) /* C15 */
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 8);
	net.cfg[AC].sessions_max = 3;
	p = run(&net, 20000);
	check(p, pair_open_links(p, AC) == 3 && pair_open_links(p, CLIENT) == 3);
	finish(p);
}

static void
session_limits_hold_at_each_level(void **state) /* C15, C16 */
{
	static const struct {
		const char *name;
		struct host_limits limits;
		unsigned open;
		const char *says;
	} rows[] = {
		{"total", {.sessions = 5}, 5, "session limit reached"},
		{"MAC", {.sessions_per_mac = 1}, 4, "session limit of this MAC reached"},
		{"port", {.sessions_per_port = 1}, 4, "session limit of this port reached"},
		{"VLAN", {.sessions_per_vlan = 1}, 4, "session limit of this VLAN reached"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pair_net net;
		struct pair *p;

		print_message("%s\n", rows[i].name);
		pair_net_init(&net, 8); /* two on each of four ports */
		net.concentrator.limits = rows[i].limits;
		p = run(&net, 5000);
		check(p, pair_open_links(p, AC) == rows[i].open);
		check(p, pair_said(p, AC, rows[i].says) != NULL);
		finish(p);
	}
}

static struct host_session_key
key_in_vlan(unsigned i)
{
	return (struct host_session_key){.vlans = {.outer = (uint16_t)(VLAN_TAGGED | i)}};
}

/* The table grows with the VLANs, and what is in it stays countable while it does and while they go again. */
static void
sessions_of_many_vlans_are_counted(void **state) /* C15 */
{
	enum { VLANS = 1000 };
	struct pair_net net;
	struct pair *p;
	struct host *h;

	(void)state;
	pair_net_init(&net, 1);
	p = run(&net, 0);
	h = p->node[AC].host;
	for (unsigned i = 0; i < VLANS; i++) {
		const struct host_session_key key = key_in_vlan(i);

		assert_true(vlan_tally_room(h));
		for (unsigned k = 0; k <= i % 3; k++)
			vlan_tally_add(h, 0, &key);
	}
	for (unsigned i = 0; i < VLANS; i++) {
		const struct host_session_key key = key_in_vlan(i);

		assert_int_equal(vlan_tally_of(h, 0, 0, key.vlans), 1 + i % 3);
		assert_int_equal(vlan_tally_of(h, 1, 0, key.vlans), 0);
		vlan_tally_sub(h, 0, &key);
		assert_int_equal(vlan_tally_of(h, 0, 0, key.vlans), i % 3);
	}
	finish(p);
}

static void
limited_padis_only_make_it_slower(void **state) /* C14, C15 */
{
	struct pair_net net;
	struct host_counters counters;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 8);
	net.concentrator.limits.padi_per_s = 2;
	p = run(&net, 60000);
	host_counters(p->node[AC].host, &counters);
	assert_true(counters.padi_limited > 0);
	assert_int_equal(counters.padi - counters.padi_limited, counters.pado);
	check(p, pair_open_links(p, AC) == 8);
	finish(p);
}

static void
no_free_bundle_is_a_refusal(void **state) /* M-10 */
{
	struct two t;
	struct pair *p;

	(void)state;
	two_init(&t, 1);
	t.net.cfg[AC].bundles_max = 1;
	t.clients[1].multilink.endpoint_auto = false;
	t.clients[1].multilink.endpoint = (struct host_endpoint){HOST_EP_LOCAL, 1, "g"};
	p = run(&t.net, 4000);
	check(p, pair_bundles(p, AC) == 1 && pair_open_links(p, AC) == 1);
	check(p, pair_said(p, AC, "1 bundles are in use") != NULL);
	finish(p);
}

static void
contradictions_are_refused_at_the_start(void **state)
{
	static const struct host_range range = {0x0a000010, 0x0a000020};
	static const struct host_pool twice[] = {{"a", &range, 1}, {"b", &range, 1}};
	static const uint16_t nowhere = 99;
	struct pair_net net;
	const char *why;

	(void)state;
	pair_net_init(&net, 1);
	net.cfg[AC].pools = twice;
	net.cfg[AC].n_pools = 2;
	assert_null(host_new(&net.cfg[AC], NULL, NULL, 0, &why));
	assert_string_equal(why, "two pools share addresses");
	pair_net_init(&net, 1);
	net.concentrator.pool = 1;
	assert_null(host_new(&net.cfg[AC], NULL, NULL, 0, &why));
	pair_net_init(&net, 1);
	net.concentrator.ports = &nowhere;
	net.concentrator.n_ports = 1;
	assert_null(host_new(&net.cfg[AC], NULL, NULL, 0, &why));
	pair_net_init(&net, 2);
	net.cfg[CLIENT].sessions_max = 1;
	assert_null(host_new(&net.cfg[CLIENT], NULL, NULL, 0, &why));
	pair_net_init(&net, 1);
	net.links[0].ports = &nowhere;
	assert_null(host_new(&net.cfg[CLIENT], NULL, NULL, 0, &why));
	pair_net_init(&net, 1);
	net.users[1] = net.users[0];
	net.cfg[AC].n_users = 2;
	assert_null(host_new(&net.cfg[AC], pair_zeros, NULL, 0, &why));
	assert_string_equal(why, "two users have the same name");
	pair_net_init(&net, 1);
	net.range.last = net.range.first - 1;
	assert_null(host_new(&net.cfg[AC], pair_zeros, NULL, 0, &why));
	assert_string_equal(why, "a pool's range is empty, turned or too large");
	pair_net_init(&net, 1);
	net.ports[AC][1].mtu = 20;
	assert_null(host_new(&net.cfg[AC], NULL, NULL, 0, &why));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrong_password_is_told_after_the_delay),
		cmocka_unit_test(a_client_that_may_not_authenticate_is_told_so),
		cmocka_unit_test(without_multilink_one_link_runs_and_the_others_are_held),
		cmocka_unit_test(multilink_rejected_right_after_the_link_came_up_is_a_race),
		cmocka_unit_test(a_held_link_takes_over_when_the_first_one_dies),
		cmocka_unit_test(required_multilink_closes_a_plain_link),
		cmocka_unit_test(unauthenticated_multilink_is_plain_by_default),
		cmocka_unit_test(unauthenticated_multilink_works_when_allowed),
		cmocka_unit_test(a_stolen_endpoint_opens_no_bundle),
		cmocka_unit_test(two_logins_need_an_alias_to_be_one_bundle),
		cmocka_unit_test(an_alias_that_is_a_user_brings_his_address),
		cmocka_unit_test(another_mrru_or_format_is_refused_and_the_first_link_stays),
		cmocka_unit_test(a_bundle_refuses_more_links_than_allowed),
		cmocka_unit_test(a_user_has_no_more_sessions_than_allowed),
		cmocka_unit_test(a_client_does_not_mix_two_concentrators),
		cmocka_unit_test(an_empty_pool_refuses_with_its_name),
		cmocka_unit_test(no_pool_and_no_address_is_a_refusal),
		cmocka_unit_test(a_users_address_is_his_and_used_once),
		cmocka_unit_test(a_client_refuses_an_address_outside_of_what_it_accepts),
		cmocka_unit_test(routes_of_a_user_move_to_his_next_bundle),
		cmocka_unit_test(more_sessions_than_allocated_are_refused),
		cmocka_unit_test(session_limits_hold_at_each_level),
		cmocka_unit_test(sessions_of_many_vlans_are_counted),
		cmocka_unit_test(a_peer_that_agrees_to_multilink_and_ignores_it_is_named),
		cmocka_unit_test(a_peer_that_speaks_beside_multilink_gets_plain_ppp_until_that_ends),
		cmocka_unit_test(network_control_outside_multilink_is_taken),
		cmocka_unit_test(a_rejected_protocol_ends_what_needs_it),
		cmocka_unit_test(limited_padis_only_make_it_slower),
		cmocka_unit_test(no_free_bundle_is_a_refusal),
		cmocka_unit_test(contradictions_are_refused_at_the_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
