/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "control/ppp/host_state.h"
#include "dataplane/wire/ppp.h"
#include "dataplane/wire/pppoe.h"
#include "tests/unit/host/check.h"

/* A client's links come up, leave, and come back. */

static struct pair *
running(struct pair_net *net, unsigned links)
{
	struct pair *p = pair_new(&net->cfg[AC], &net->cfg[CLIENT], 1);

	pair_start(p);
	pair_run(p, 1000);
	check(p, pair_open_links(p, CLIENT) == links && pair_open_links(p, AC) == links);
	check(p, pair_open_bundles(p, CLIENT) == 1 && pair_open_bundles(p, AC) == 1);
	check_sound(p);
	return p;
}

static struct pair *
usual(struct pair_net *net, unsigned links)
{
	pair_net_init(net, links);
	return running(net, links);
}

static void
stop_both(struct pair *p)
{
	pair_stop(p, CLIENT);
	pair_stop(p, AC);
	pair_run(p, 3000);
	for (int i = 0; i < 2; i++) {
		check(p, host_idle(p->node[i].host));
		check(p, pair_bundles(p, i) == 0);
	}
	check(p, pair_addresses_are_back(p));
}

static void
two_lines_become_one_bundle(void **state)
{
	struct pair_net net;
	struct pair *p = usual(&net, 2);
	struct host_bundle_info ac, client, again;

	(void)state;
	assert_true(pair_first_bundle(p, AC, &ac) && pair_first_bundle(p, CLIENT, &client));
	assert_true(host_bundle_get(p->node[AC].host, ac.id, &again));
	assert_memory_equal(&again, &ac, sizeof(ac));
	assert_false(host_bundle_get(p->node[AC].host, 0, &again));
	assert_false(host_bundle_get(p->node[AC].host, ac.id + 1, &again));
	assert_string_equal(ac.name, "alice");
	assert_string_equal(client.name, "home");
	assert_int_equal(ac.links, 2);
	assert_true(ac.values.mp && client.values.mp);
	assert_int_equal(ac.peer_address, 0x0a000002);
	assert_int_equal(client.our_address, 0x0a000002);
	assert_int_equal(client.peer_address, 0x0a000001);
	assert_int_equal(client.dns[0], 0x08080808);
	assert_int_equal(client.dns[1], 0x08080404);
	assert_int_equal(ac.ip_mtu, 1524);
	assert_int_equal(ac.values.mss_v4, 1484);
	assert_int_equal(ac.values.mss_v6, 1464);
	/* to the subscriber, to ourselves; own address, default */
	assert_true(pair_has_route(p, AC, 0x0a000002, 32, false));
	assert_true(pair_has_route(p, AC, 0x0a000001, 32, true));
	assert_true(pair_has_route(p, CLIENT, 0x0a000002, 32, true));
	assert_true(pair_has_route(p, CLIENT, 0, 0, false));
	assert_int_equal(pair_routes(p, AC), 2);
	assert_int_equal(pair_routes(p, CLIENT), 2);
	stop_both(p);
	assert_int_equal(pair_routes(p, CLIENT), 0);
	finish(p);
}

static void
a_bundle_of_eight_links_negotiates_ip_once(void **state) /* G-62, G-01: two sessions on each port, from one MAC */
{
	struct pair_net net;
	struct pair *p = usual(&net, 8);

	(void)state;
	assert_int_equal(p->node[AC].ncp_requests, 1);
	assert_true(p->node[CLIENT].ncp_requests <= 2); /* 0.0.0.0 is Nak'ed once */
	assert_int_equal(pair_bundles(p, AC), 1);
	stop_both(p);
	finish(p);
}

static void
sixteen_links_are_the_most(void **state)
{
	struct pair_net net;
	struct pair *p = usual(&net, 16);

	(void)state;
	stop_both(p);
	finish(p);
}

static void
one_link_with_multilink_is_a_bundle(void **state) /* G-72 */
{
	struct pair_net net;
	struct pair *p = usual(&net, 1);
	struct host_bundle_info info;

	(void)state;
	assert_true(pair_first_bundle(p, AC, &info));
	assert_true(info.values.mp);
	assert_int_equal(info.values.tx_mrru, 1524);
	stop_both(p);
	finish(p);
}

static void
pap_does_as_well(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	net.concentrator.auth[0] = HOST_AUTH_PAP;
	net.concentrator.auth[1] = HOST_AUTH_NONE;
	p = running(&net, 2);
	stop_both(p);
	finish(p);
}

static void
short_numbers_are_agreed_per_direction(void **state)
{
	struct pair_net net;
	struct host_bundle_info ac, client;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	net.client.lcp.p_short_seq.want = true;
	p = running(&net, 2);
	assert_true(pair_first_bundle(p, AC, &ac) && pair_first_bundle(p, CLIENT, &client));
	assert_true(client.values.rx_short && !client.values.tx_short);
	assert_true(ac.values.tx_short && !ac.values.rx_short);
	finish(p);
}

static void
sizes_come_from_ports_and_peers(void **state) /* G-17, G-25, G-63, U15, A.0 */
{
	static const struct {
		const char *name;
		uint16_t port_mtu, client_mru, client_mrru;
		bool mp, max_payload;
		int ip_mtu;
		uint16_t client_mtu, ac_mtu, client_tx_mru, mss_v4;
	} rows[] = {
		{"usual", 1500, 0, 1524, true, false, -1, 1524, 1524, 1492, 1484},
		{"one fragment, long numbers", 1500, 0, 1524, true, false, -2, 1486, 1524, 1492, 1446},
		{"a number", 1500, 0, 1524, true, false, 1400, 1400, 1524, 1492, 1360},
		{"a number above the MRRU", 1500, 0, 1524, true, false, 9000, 1524, 1524, 1492, 1484},
		{"peer announces 1486", 1500, 0, 1486, true, false, -1, 1524, 1486, 1492, 1446},
		{"plain", 1500, 0, 0, false, false, -1, 1492, 1492, 1492, 1452},
		{"plain, MRU 1440", 1500, 1440, 0, false, false, -1, 1492, 1440, 1492, 1400},
		{"plain over small port", 1400, 0, 0, false, false, -1, 1392, 1392, 1392, 1352},
		{"RFC 4638", 1508, 0, 0, false, true, -1, 1500, 1500, 1500, 1460},
		{"large port without RFC 4638", 1508, 0, 0, false, false, -1, 1492, 1492, 1492, 1452},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct host_bundle_info ac, client;
		struct host_link_info link;
		struct pair_net net;
		struct pair *p;

		print_message("%s\n", rows[i].name);
		pair_net_init(&net, 1);
		net.ports[AC][0].mtu = net.ports[CLIENT][0].mtu = rows[i].port_mtu;
		net.client.lcp.mru = rows[i].client_mru;
		net.client.multilink.mrru = rows[i].client_mrru;
		net.client.multilink.enabled = rows[i].mp;
		net.client.ip_mtu = rows[i].ip_mtu;
		net.links[0].max_payload = rows[i].max_payload;
		net.concentrator.max_payload = rows[i].max_payload;
		p = running(&net, 1);
		assert_true(pair_first_bundle(p, AC, &ac) && pair_first_bundle(p, CLIENT, &client));
		assert_true(pair_link_info(p, CLIENT, "home/l0", &link));
		assert_int_equal(client.ip_mtu, rows[i].client_mtu);
		assert_int_equal(client.values.tx_mrru, rows[i].client_mtu);
		assert_int_equal(ac.ip_mtu, rows[i].ac_mtu);
		assert_int_equal(p->node[CLIENT].host->links[link.id - 1].tx_mru, rows[i].client_tx_mru);
		assert_int_equal(client.values.mss_v4, rows[i].mss_v4);
		finish(p);
	}
}

static void
an_mss_given_as_number_stays(void **state) /* G-43 */
{
	struct pair_net net;
	struct host_bundle_info info;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 1);
	net.concentrator.mss = (struct host_mss){1414, 0, true, false};
	p = running(&net, 1);
	assert_true(pair_first_bundle(p, AC, &info));
	assert_int_equal(info.values.mss_v4, 1414);
	assert_int_equal(info.values.mss_v6, 0);
	assert_true(info.values.mss_from_links && !info.values.mss_to_links);
	finish(p);
}

/* ------------------------------------------------------------------ leaving and coming back */

static bool
all_open(struct pair *p)
{
	return pair_open_links(p, AC) == 3 && pair_open_links(p, CLIENT) == 3;
}

static void
each_link_in_turn_rejoins_the_living_bundle(void **state) /* M-06, C1: a thousand times, the first link as well */
{
	struct pair_net net;
	struct pair *p = usual(&net, 3);
	struct host_bundle_info before, after;

	(void)state;
	assert_true(pair_first_bundle(p, AC, &before));
	for (unsigned i = 0; i < 1000; i++) {
		char name[16];

		pair_link_name(name, i % 3);
		assert_int_equal(pair_admin(p, CLIENT, name, false), 0);
		pair_run(p, 50);
		check(p, pair_open_links(p, AC) == 2);
		assert_int_equal(pair_admin(p, CLIENT, name, true), 0);
		check(p, pair_until(p, all_open, 200));
		check_sound(p);
	}
	assert_true(pair_first_bundle(p, AC, &after));
	assert_int_equal(pair_bundles(p, AC), 1);
	assert_int_equal(after.id, before.id);
	assert_int_equal(after.up_since_ms, before.up_since_ms);
	assert_int_equal(p->node[AC].ncp_requests, 1);
	assert_int_equal(p->node[AC].events[HOST_EV_BUNDLE_UP], 1);
	stop_both(p);
	finish(p);
}

/* The concentrator's bundle has links in just these slots, in this order, and no others count as its own. */
static void
check_slots(const struct pair *p, uint32_t slots)
{
	const struct host *h = p->node[AC].host;
	const struct link *l;
	struct host_bundle_info info;
	unsigned n = 0;

	assert_true(pair_first_bundle(p, AC, &info));
	l = bundle_first_link(h, bundle_of(h, info.id));
	for (unsigned slot = 0; slot < HOST_LINKS_MAX; slot++) {
		if ((slots & 1u << slot) == 0)
			continue;
		n++;
		assert_non_null(l);
		assert_int_equal(l->slot, slot);
		assert_int_equal(l->bundle, info.id);
		l = bundle_next_link(h, l);
	}
	assert_null(l);
	assert_int_equal(info.links, n);
}

/* Of the concentrator's end of a client's link. */
static int
slot_of_link(const struct pair *p, unsigned link)
{
	const struct host *h = p->node[AC].host;
	struct host_link_info info;
	char name[16];

	pair_link_name(name, link);
	assert_true(pair_link_info(p, CLIENT, name, &info));
	for (uint32_t id = 1; id <= PAIR_LINKS; id++)
		if (link_of(h, id) != NULL && link_of(h, id)->key.session == info.key.session)
			return link_of(h, id)->slot;
	fail_msg("no link");
	return -1;
}

static void
a_link_takes_the_lowest_free_slot(void **state)
{
	struct pair_net net;
	struct pair *p = usual(&net, 16);
	uint32_t slots = 0xffff;
	int slot_of[16]; /* by the client's link, -1: down */

	(void)state;
	for (unsigned i = 0; i < 16; i++)
		slot_of[i] = slot_of_link(p, i);
	check_slots(p, slots);
	for (unsigned i = 0; i < 1000; i++) {
		const unsigned link = pair_random(p) % 16;
		const bool up = slot_of[link] < 0;
		char name[16];

		if (!up && (slots & (slots - 1)) == 0)
			continue; /* the last one */
		pair_link_name(name, link);
		assert_int_equal(pair_admin(p, CLIENT, name, up), 0);
		pair_run(p, 200);
		if (up)
			slot_of[link] = __builtin_ctz(~slots);
		slots ^= 1u << slot_of[link];
		if (!up)
			slot_of[link] = -1;
		check_slots(p, slots);
	}
	stop_both(p);
	finish(p);
}

static bool
both_open(struct pair *p)
{
	return pair_open_links(p, AC) == 2 && pair_open_links(p, CLIENT) == 2 && pair_open_bundles(p, CLIENT) == 1;
}

static bool
all_closed(struct pair *p)
{
	return p->node[AC].host->n_sessions == 0 && p->node[CLIENT].host->n_sessions == 0;
}

static void
links_that_join_in_the_same_burst_make_one_bundle(void **state) /* M-09: ten thousand times */
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 3);
	p->wire.delay_ms = 1;
	pair_start(p);
	for (unsigned i = 0; i < 10000; i++) {
		check(p, pair_until(p, both_open, 3000));
		check(p, pair_bundles(p, AC) == 1);
		check_sound(p);
		pair_admin(p, CLIENT, i & 1 ? "home/l0" : "home/l1", false);
		pair_admin(p, CLIENT, i & 1 ? "home/l1" : "home/l0", false);
		check(p, pair_until(p, all_closed, 3000));
		pair_admin(p, CLIENT, i & 2 ? "home/l0" : "home/l1", true);
		pair_admin(p, CLIENT, i & 2 ? "home/l1" : "home/l0", true);
	}
	check(p, pair_until(p, both_open, 3000));
	stop_both(p);
	finish(p);
}

static void
a_silent_line_goes_down_in_the_configured_time(void **state)
{
	struct pair_net net;
	struct pair *p;
	uint64_t first_unanswered_ms;

	(void)state;
	pair_net_init(&net, 2);
	net.client.lcp.echo_interval_ms = 0; /* only the concentrator asks */
	p = running(&net, 2);
	/* echoes at 5 s, 10 s, ... after LCP opened; cut just behind an answer */
	pair_run(p, 9500);
	p->cut[1] = true;
	first_unanswered_ms = UINT64_MAX;
	for (unsigned i = 1; i <= PAIR_LINKS; i++) {
		const struct link *l = &p->node[AC].host->links[i - 1];

		if (l->phase == LINK_OPEN && l->key.port == 1)
			first_unanswered_ms = l->lcp.echo_due_ms;
	}
	pair_run(p, 20000);
	check(p, p->node[AC].events[HOST_EV_LINK_DOWN] == 1);
	assert_int_equal(p->node[AC].link_down_ms, first_unanswered_ms + 3 * 5000);
	check(p, pair_open_links(p, AC) == 1 && pair_open_bundles(p, AC) == 1);
	finish(p);
}

static void
a_lost_line_comes_back_by_itself(void **state)
{
	struct pair_net net;
	struct pair *p = usual(&net, 2);

	(void)state;
	for (unsigned line = 0; line < 2; line++) {
		p->cut[line] = true;
		pair_run(p, 30 * 1000);
		check(p, pair_open_links(p, AC) == 1 && pair_open_links(p, CLIENT) == 1);
		check(p, pair_open_bundles(p, CLIENT) == 1);
		p->cut[line] = false;
		pair_run(p, 40 * 1000);
		check(p, both_open(p));
	}
	assert_int_equal(p->node[CLIENT].events[HOST_EV_BUNDLE_UP], 1);
	finish(p);
}

static void
carrier_loss_takes_the_link_at_once(void **state)
{
	struct pair_net net;
	struct pair *p = usual(&net, 2);

	(void)state;
	pair_carrier(p, CLIENT, 0, false);
	check(p, pair_open_links(p, CLIENT) == 1);
	check(p, pair_said(p, CLIENT, "carrier lost on p0") != NULL);
	pair_run(p, 10000);
	check(p, pair_open_links(p, CLIENT) == 1);
	pair_carrier(p, CLIENT, 0, true);
	pair_run(p, 3000);
	check(p, both_open(p));
	finish(p);
}

static void
the_last_link_takes_routes_and_address_with_it(void **state) /* G-19 */
{
	struct pair_net net;
	struct pair *p = usual(&net, 2);

	(void)state;
	pair_admin(p, CLIENT, "home/l0", false);
	pair_run(p, 100);
	assert_int_equal(pair_routes(p, CLIENT), 2);
	pair_admin(p, CLIENT, "home/l1", false);
	pair_run(p, 100);
	assert_int_equal(pair_routes(p, CLIENT), 0);
	assert_int_equal(pair_routes(p, AC), 1); /* its own address */
	check(p, pair_addresses_are_back(p));
	check(p, pair_said(p, AC, "down: its last link") != NULL);
	pair_admin(p, CLIENT, "home/l1", true);
	pair_run(p, 1000);
	check(p, pair_open_bundles(p, CLIENT) == 1);
	finish(p);
}

static bool
client_up_again(struct pair *p)
{
	return both_open(p) && p->node[CLIENT].events[HOST_EV_BUNDLE_UP] == 2;
}

static void
a_restarted_concentrator_is_redialled_at_once(void **state) /* L-14 */
{
	struct pair_net net;
	struct pair *p = usual(&net, 2);
	uint64_t died_ms;

	(void)state;
	pair_run(p, 12000);
	died_ms = p->now_ms;
	pair_restart(p, AC);
	check(p, pair_until(p, client_up_again, 40000));
	/* next echo of either link, then at most the jitter and a dial: far below three lost echoes */
	assert_in_range(p->now_ms - died_ms, 0, 5000 + 500 + 200);
	check(p, pair_said(p, CLIENT, "no such session") != NULL);
	check(p, pair_bundles(p, AC) == 1);
	finish(p);
}

static void
a_restarted_client_does_not_join_its_dead_bundle(void **state)
{
	struct pair_net net;
	struct pair *p = usual(&net, 2);
	struct host_bundle_info before, after;

	(void)state;
	assert_true(pair_first_bundle(p, AC, &before));
	pair_run(p, 7000);
	pair_restart(p, CLIENT);
	pair_run(p, 2000);
	check(p, both_open(p));
	assert_int_equal(pair_bundles(p, AC), 1);
	assert_true(pair_first_bundle(p, AC, &after));
	assert_int_not_equal(after.up_since_ms, before.up_since_ms);
	finish(p);
}

/* No PADT tells that the old sessions are unknown: the new ones must not be numbered on where the old bundle was. */
static void
a_restarted_client_that_answers_no_strays_gets_a_new_bundle(void **state)
{
	struct pair_net net;
	struct pair *p = usual(&net, 2);
	struct host_bundle_info before, after;

	(void)state;
	assert_true(pair_first_bundle(p, AC, &before));
	pair_run(p, 7000);
	p->lose_padts = true;
	pair_restart(p, CLIENT);
	pair_run(p, HOST_WORD_MS * HOST_WORD_ASKS + 500);
	check(p, both_open(p));
	assert_int_equal(pair_bundles(p, AC), 1);
	assert_true(pair_first_bundle(p, AC, &after));
	assert_int_not_equal(after.up_since_ms, before.up_since_ms);
	check(p, pair_said(p, AC, "dialled anew") != NULL);
	finish(p);
}

/* The old session on the longer wire is found dead only after the new one on the other has authenticated. */
static void
a_restarted_client_with_a_longer_wire_gets_a_new_bundle(void **state)
{
	struct host_bundle_info before, after;
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	p->late_ms[1] = 80;
	pair_start(p);
	pair_run(p, 3000);
	check(p, both_open(p));
	assert_true(pair_first_bundle(p, AC, &before));
	pair_run(p, 7000);
	pair_restart(p, CLIENT);
	pair_run(p, 3000);
	check(p, both_open(p));
	assert_int_equal(pair_bundles(p, AC), 1);
	assert_true(pair_first_bundle(p, AC, &after));
	assert_int_not_equal(after.up_since_ms, before.up_since_ms);
	finish(p);
}

/* Dead links must not take the places, nor the dead bundle the address, of those who dial anew. */
static void
a_restarted_client_finds_its_places_and_its_address_free(void **state)
{
	for (int mp = 0; mp < 2; mp++) {
		struct pair_net net;
		struct pair *p;

		(void)state;
		pair_net_init(&net, mp ? 2 : 1);
		net.users[0].address = 0x0a000007;
		net.concentrator.multilink.links_max = 2;
		net.client.multilink.enabled = mp != 0;
		p = running(&net, mp ? 2 : 1);
		p->lose_padts = true;
		pair_restart(p, CLIENT);
		pair_run(p, HOST_WORD_MS * HOST_WORD_ASKS + 500);
		check(p, pair_open_links(p, CLIENT) == (mp ? 2u : 1u) && pair_open_bundles(p, CLIENT) == 1);
		check(p, pair_said(p, AC, "refused:") == NULL);
		check(p, pair_has_route(p, AC, 0x0a000007, 32, false));
		finish(p);
	}
}

static void
a_link_that_rejoins_waits_for_one_word_of_its_bundle(void **state)
{
	struct pair_net net;
	struct pair *p;
	uint64_t began_ms;

	(void)state;
	pair_net_init(&net, 3);
	net.client.lcp.echo_interval_ms = net.concentrator.lcp.echo_interval_ms =
		0; /* an answer by chance were a word, too */
	p = running(&net, 3);
	p->wire.delay_ms = 20;
	p->late_ms[0] = 200; /* the first to answer decides */
	pair_admin(p, CLIENT, "home/l2", false);
	pair_run(p, 3000);
	check(p, pair_open_links(p, AC) == 2);
	began_ms = p->now_ms;
	pair_admin(p, CLIENT, "home/l2", true);
	/* PADI, PADR, LCP and challenge are three trips there and back and a half; one more is that on l1 */
	while (pair_open_links(p, AC) != 3 && p->now_ms < began_ms + 1000)
		pair_run(p, 1);
	assert_in_range(p->now_ms - began_ms, 4 * 40 + 20, 4 * 40 + 40);
	check(p, pair_bundles(p, AC) == 1);
	check(p, p->node[AC].events[HOST_EV_BUNDLE_UP] == 1);
	finish(p);
}

static void
a_bundle_whose_peer_takes_no_echo_is_joined_without_a_word(void **state)
{
	struct pair_net net;
	struct pair *p = usual(&net, 2);

	(void)state;
	for (unsigned i = 0; i < 2 * PAIR_LINKS; i++)
		p->node[i % 2].host->links[i / 2].lcp.echo_off = true;
	p->late_ms[0] = 100000; /* nothing comes from the other */
	pair_admin(p, CLIENT, "home/l1", false);
	pair_run(p, 500);
	pair_admin(p, CLIENT, "home/l1", true);
	pair_run(p, 100);
	check(p, pair_open_links(p, AC) == 2 && pair_bundles(p, AC) == 1);
	p->late_ms[0] = 0;
	finish(p);
}

/* The mirror: the client's links must not go on where a restarted concentrator begins with number 0. */
static void
a_restarted_concentrator_that_answers_no_strays_gets_a_new_bundle(void **state)
{
	struct pair_net net;
	struct pair *p = usual(&net, 2);

	(void)state;
	/* its links find out one after the other */
	pair_admin(p, CLIENT, "home/l1", false);
	pair_run(p, 2500);
	pair_admin(p, CLIENT, "home/l1", true);
	pair_run(p, 12000);
	check(p, both_open(p));
	p->lose_padts = true;
	pair_restart(p, AC);
	pair_run(p, 40000);
	check(p, client_up_again(p));
	check(p, pair_bundles(p, AC) == 1 && pair_open_bundles(p, AC) == 1);
	finish(p);
}

static void
a_stopped_host_says_goodbye_to_everybody(void **state)
{
	struct pair_net net;
	struct pair *p = usual(&net, 8);
	struct host_counters counters;
	const uint64_t began_ms = p->now_ms;

	(void)state;
	pair_stop(p, AC);
	while (!host_idle(p->node[AC].host)) {
		check(p, p->now_ms - began_ms <= HOST_STOP_MS);
		pair_run(p, 1);
	}
	host_counters(p->node[AC].host, &counters);
	assert_int_equal(counters.padt_tx, 8);
	check(p, pair_addresses_are_back(p));
	pair_run(p, 10);
	check(p, pair_open_links(p, CLIENT) == 0);
	finish(p);
}

static void
a_stop_is_bounded_when_the_peer_is_dead(void **state)
{
	struct pair_net net;
	struct pair *p = usual(&net, 4);

	(void)state;
	memset(p->cut, 1, sizeof(p->cut));
	pair_stop(p, CLIENT);
	pair_run(p, HOST_STOP_MS + 1);
	check(p, host_idle(p->node[CLIENT].host));
	finish(p);
}

static void
a_stopped_concentrator_answers_nobody(void **state)
{
	struct pair_net net;
	struct pair *p;
	unsigned frames;

	(void)state;
	pair_net_init(&net, 1);
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	pair_stop(p, AC);
	frames = p->node[AC].frames;
	pair_start(p);
	pair_run(p, 60000);
	assert_int_equal(p->node[AC].frames, frames);
	check(p, pair_said(p, CLIENT, "no session on p0") != NULL);
	finish(p);
}

/* ------------------------------------------------------------------ more routes than a call may have effects */

static void
many_routes_are_set_and_taken_back(void **state)
{
	static struct host_route routes[150];
	struct pair_net net;
	struct pair *p;

	(void)state;
	for (unsigned i = 0; i < 150; i++)
		routes[i] = host_route4(0xc0000000 + (i << 8), 24);
	pair_net_init(&net, 2);
	net.users[0].routes = routes;
	net.users[0].n_routes = 150;
	net.client.default_route = false;
	net.client.routes = routes;
	net.client.n_routes = 150;
	p = running(&net, 2);
	assert_int_equal(pair_routes(p, AC), 152);
	assert_int_equal(pair_routes(p, CLIENT), 151);
	assert_true(pair_has_route(p, AC, 0xc0009500, 24, false));
	stop_both(p);
	assert_int_equal(pair_routes(p, AC), 1);
	assert_int_equal(pair_routes(p, CLIENT), 0);
	finish(p);
}

/* ------------------------------------------------------------------ packets */

static void
a_traced_link_shows_its_packets_and_no_secret(void **state) /* G-10, G-11 */
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	net.concentrator.auth[0] = HOST_AUTH_PAP;
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	assert_int_equal(host_trace(p->node[CLIENT].host, "home/l1", true), 0);
	pair_start(p);
	pair_run(p, 1000);
	check(p, both_open(p));
	check(p, pair_said(p, CLIENT, "home/l1: sent LCP") != NULL);
	check(p, pair_said(p, CLIENT, "home/l1: received LCP") != NULL);
	check(p, pair_said(p, CLIENT, "home/l1: sent PAP") != NULL);
	check(p, pair_said(p, CLIENT, "home/l0: sent") == NULL);
	check(p, pair_said(p, CLIENT, "bundle IPCP") != NULL);
	assert_int_equal(p->node[AC].events[HOST_EV_TRACE], 0);
	assert_int_equal(host_trace(p->node[CLIENT].host, "home/l1", false), 0);
	finish(p); /* the pair itself looks for the password in all it hears */
}

static void
negotiating_lcp_inside_multilink_is_dropped(void **state) /* L-09 */
{
	struct pair_net net;
	struct pair *p = usual(&net, 2);
	struct host_bundle_info info;
	struct host_counters counters;

	(void)state;
	assert_true(pair_first_bundle(p, AC, &info));
	for (uint8_t code = CP_CONFIGURE_REQUEST; code <= CP_TERMINATE_ACK; code++) {
		const uint8_t packet[] = {0xc0, 0x21, code, 1, 0, 4};
		const unsigned frames = p->node[AC].frames;

		pair_bundle_inject(p, AC, info.id, packet, sizeof(packet));
		host_counters(p->node[AC].host, &counters);
		assert_int_equal(counters.lcp_in_mp, code);
		assert_int_equal(p->node[AC].frames, frames);
	}
	check(p, pair_open_links(p, AC) == 2);
	finish(p);
}

/* Both ask each 5 s on each line; a cut line leaves unanswered what its death takes, and the count survives the link. */
static void
echoes_of_all_links_are_counted(void **state)
{
	struct pair_net net;
	struct pair *p = usual(&net, 2);
	struct host_counters ac, client;

	(void)state;
	pair_run(p, 60 * 1000);
	host_counters(p->node[AC].host, &ac);
	host_counters(p->node[CLIENT].host, &client);
	check(p, ac.echo_requests_tx >= 2 * 11 && ac.echo_requests_tx <= 2 * 13);
	assert_int_equal(ac.echo_requests_tx, ac.echo_answered);
	assert_int_equal(ac.echo_requests_tx, client.echo_replies_tx);
	assert_int_equal(client.echo_requests_tx, ac.echo_replies_tx);
	assert_int_equal(ac.echo_unanswered + client.echo_unanswered, 0);
	p->cut[1] = true;
	pair_run(p, 30 * 1000);
	host_counters(p->node[AC].host, &ac);
	assert_int_equal(ac.echo_unanswered, 3);
	finish(p);
}

static void
echo_inside_multilink_is_answered(void **state) /* L-09 */
{
	static const uint8_t echo[] = {0xc0, 0x21, CP_ECHO_REQUEST, 9, 0, 8, 1, 2, 3, 4};
	struct pair_net net;
	struct pair *p = usual(&net, 2);
	struct host_bundle_info info;
	unsigned frames;

	(void)state;
	assert_true(pair_first_bundle(p, AC, &info));
	frames = p->node[AC].frames;
	pair_bundle_inject(p, AC, info.id, echo, sizeof(echo));
	assert_int_equal(p->node[AC].frames, frames + 1);
	finish(p);
}

static void
unknown_protocols_are_rejected_and_the_link_stays(void **state) /* G-73 */
{
	static const uint16_t protocols[] = {PPP_CCP, PPP_ECP, PPP_IPV6CP, 0x80ff, PPP_LQR, 0x002b, 0x40fb};
	struct pair_net net;
	struct pair *p = usual(&net, 2);
	struct host_bundle_info info;
	struct host_counters counters;

	(void)state;
	assert_true(pair_first_bundle(p, AC, &info));
	for (unsigned i = 0; i < 7; i++) {
		uint8_t packet[] = {0, 0, CP_CONFIGURE_REQUEST, 1, 0, 4};

		store_be16(packet, protocols[i]);
		pair_bundle_inject(p, AC, info.id, packet, sizeof(packet));
		host_counters(p->node[AC].host, &counters);
		assert_int_equal(counters.protocol_rejects_tx, i + 1);
	}
	pair_run(p, 1000);
	check(p, both_open(p));
	finish(p);
}

static void
foreign_and_broken_frames_change_nothing(void **state)
{
	struct pair_net net;
	struct pair *p = usual(&net, 2);
	uint8_t frame[64] = {0};
	struct host_link_info info;
	struct host_session_key key;
	struct host_counters counters;
	struct mac stranger = {{2, 9, 9, 9, 9, 9}};

	(void)state;
	assert_true(pair_link_info(p, AC, "1", &info));
	key = info.key;
	/* PADT of somebody else, of another VLAN, and cut short */
	eth_store(frame, &key.local, &stranger, key.vlans, ETHERTYPE_PPPOE_DISCOVERY);
	pppoe_store(frame + ETH_HDR_LEN, PPPOE_CODE_PADT, key.session, 0);
	pair_inject(p, AC, key.port, frame, sizeof(frame));
	eth_store(frame, &key.local, &key.peer, (struct vlan_stack){VLAN_TAGGED | 7, 0}, ETHERTYPE_PPPOE_DISCOVERY);
	pppoe_store(frame + ETH_HDR_LEN + ETH_VLAN_LEN, PPPOE_CODE_PADT, key.session, 0);
	pair_inject(p, AC, key.port, frame, sizeof(frame));
	pair_inject(p, AC, key.port, frame, 17);
	pair_inject(p, AC, 77, frame, sizeof(frame));
	/* a session frame whose length field lies; one without protocol; one of no session */
	eth_store(frame, &key.local, &key.peer, key.vlans, ETHERTYPE_PPPOE_SESSION);
	pppoe_store(frame + ETH_HDR_LEN, PPPOE_CODE_SESSION, key.session, 1000);
	pair_inject(p, AC, key.port, frame, sizeof(frame));
	pppoe_store(frame + ETH_HDR_LEN, PPPOE_CODE_SESSION, key.session, 0);
	pair_inject(p, AC, key.port, frame, sizeof(frame));
	host_counters(p->node[AC].host, &counters);
	assert_int_equal(counters.bad_frame, 4);
	assert_int_equal(counters.unknown_session, 2);
	assert_int_equal(counters.padt_tx, 0);
	eth_store(frame, &key.local, &stranger, key.vlans, ETHERTYPE_PPPOE_SESSION);
	pppoe_store(frame + ETH_HDR_LEN, PPPOE_CODE_SESSION, key.session, 2);
	store_be16(frame + ETH_HDR_LEN + PPPOE_HDR_LEN, PPP_LCP);
	for (unsigned i = 0; i < 1000; i++)
		pair_inject(p, AC, key.port, frame, sizeof(frame));
	host_counters(p->node[AC].host, &counters);
	assert_int_equal(counters.unknown_session, 1002);
	assert_int_equal(counters.padt_tx, HOST_PADT_PER_MAC_PER_S);
	check(p, both_open(p));
	finish(p);
}

/* ------------------------------------------------------------------ lines */

static void
a_links_line_is_its_own_or_its_ports(void **state)
{
	struct pair_net net;
	struct host_link_info info;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	net.ports[CLIENT][0].line = (struct host_line){10000000, 500, HOST_PTM, 22};
	net.ports[CLIENT][1].line = (struct host_line){10000000, 500, HOST_PTM, 22};
	net.links[1].line_set = true;
	net.links[1].line = (struct host_line){5000000, 0, HOST_ATM, 10};
	p = running(&net, 2);
	assert_true(pair_link_info(p, CLIENT, "home/l0", &info));
	assert_int_equal(info.line.rate_bps, 10000000);
	assert_int_equal(info.line.encap, HOST_PTM);
	assert_true(pair_link_info(p, CLIENT, "home/l1", &info));
	assert_int_equal(info.line.rate_bps, 5000000);
	assert_int_equal(info.line.encap, HOST_ATM);
	finish(p);
}

static void
a_rechallenge_goes_unnoticed(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	net.concentrator.rechallenge_ms = 2000;
	p = running(&net, 2);
	pair_run(p, 60000);
	check(p, both_open(p));
	assert_int_equal(p->node[AC].events[HOST_EV_LINK_UP], 2);
	finish(p);
}

static void
a_data_plane_that_refuses_ends_the_link(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 1);
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	p->install_fails = true;
	pair_start(p);
	pair_run(p, 10000);
	check(p, pair_said(p, CLIENT, "the data plane could not take the link") != NULL);
	check(p, pair_open_links(p, CLIENT) == 0);
	p->install_fails = false;
	pair_run(p, 20000);
	check(p, pair_open_links(p, CLIENT) == 1);
	finish(p);
}

/* ------------------------------------------------------------------ many */

/* As many sessions as there may be, all closed at once: effects come in portions and none is lost. */
static void
a_full_house_stops_in_portions(void **state)
{
	struct pair_net net;
	struct host_client clients[4];
	struct pair *p;

	(void)state;
	pair_net_init(&net, 16);
	for (unsigned i = 0; i < 4; i++)
		clients[i] = net.client;
	net.cfg[CLIENT].clients = clients;
	net.cfg[CLIENT].n_clients = 4;
	for (unsigned i = 1; i < 4; i++) {
		static const char *const names[] = {"home", "b", "c", "d"};

		clients[i].name = names[i];
		clients[i].multilink.endpoint_auto = false;
		clients[i].multilink.endpoint = (struct host_endpoint){HOST_EP_LOCAL, 1, {(uint8_t)i}};
		clients[i].default_route = false;
	}
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	pair_start(p);
	pair_run(p, 5000);
	check(p, pair_open_links(p, AC) == 64 && pair_bundles(p, AC) == 4);
	stop_both(p);
	finish(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_lines_become_one_bundle),
		cmocka_unit_test(a_bundle_of_eight_links_negotiates_ip_once),
		cmocka_unit_test(sixteen_links_are_the_most),
		cmocka_unit_test(one_link_with_multilink_is_a_bundle),
		cmocka_unit_test(pap_does_as_well),
		cmocka_unit_test(short_numbers_are_agreed_per_direction),
		cmocka_unit_test(sizes_come_from_ports_and_peers),
		cmocka_unit_test(an_mss_given_as_number_stays),
		cmocka_unit_test(each_link_in_turn_rejoins_the_living_bundle),
		cmocka_unit_test(a_link_takes_the_lowest_free_slot),
		cmocka_unit_test(links_that_join_in_the_same_burst_make_one_bundle),
		cmocka_unit_test(a_silent_line_goes_down_in_the_configured_time),
		cmocka_unit_test(a_lost_line_comes_back_by_itself),
		cmocka_unit_test(carrier_loss_takes_the_link_at_once),
		cmocka_unit_test(the_last_link_takes_routes_and_address_with_it),
		cmocka_unit_test(a_restarted_concentrator_is_redialled_at_once),
		cmocka_unit_test(a_restarted_client_does_not_join_its_dead_bundle),
		cmocka_unit_test(a_restarted_client_that_answers_no_strays_gets_a_new_bundle),
		cmocka_unit_test(a_restarted_client_with_a_longer_wire_gets_a_new_bundle),
		cmocka_unit_test(a_restarted_client_finds_its_places_and_its_address_free),
		cmocka_unit_test(a_link_that_rejoins_waits_for_one_word_of_its_bundle),
		cmocka_unit_test(a_bundle_whose_peer_takes_no_echo_is_joined_without_a_word),
		cmocka_unit_test(a_restarted_concentrator_that_answers_no_strays_gets_a_new_bundle),
		cmocka_unit_test(a_stopped_host_says_goodbye_to_everybody),
		cmocka_unit_test(a_stop_is_bounded_when_the_peer_is_dead),
		cmocka_unit_test(a_stopped_concentrator_answers_nobody),
		cmocka_unit_test(many_routes_are_set_and_taken_back),
		cmocka_unit_test(a_traced_link_shows_its_packets_and_no_secret),
		cmocka_unit_test(negotiating_lcp_inside_multilink_is_dropped),
		cmocka_unit_test(echoes_of_all_links_are_counted),
		cmocka_unit_test(echo_inside_multilink_is_answered),
		cmocka_unit_test(unknown_protocols_are_rejected_and_the_link_stays),
		cmocka_unit_test(foreign_and_broken_frames_change_nothing),
		cmocka_unit_test(a_links_line_is_its_own_or_its_ports),
		cmocka_unit_test(a_rechallenge_goes_unnoticed),
		cmocka_unit_test(a_data_plane_that_refuses_ends_the_link),
		cmocka_unit_test(a_full_house_stops_in_portions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
