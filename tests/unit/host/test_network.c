/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "control/ppp/host_state.h"
#include "dataplane/wire/ppp.h"
#include "tests/unit/host/check.h"

/* Which network protocols a bundle carries: IPv4 alone, IPv6 alone, both, by the four-way policies of both ends (B-30, G-15). */

static const struct host_policy on = {true, true}, off = {false, false};

static void
set_network(struct pair_net *net, struct host_policy ipv4, struct host_policy ipv6)
{
	const struct host_network n = {.ipv4 = ipv4, .ipv6 = ipv6, .interface_id = on, .address = on};

	net->concentrator.network = net->client.network = n;
}

static struct host_bundle_info
bundle(const struct pair *p, int node)
{
	struct host_bundle_info info;

	check(p, pair_first_bundle(p, node, &info));
	return info;
}

static bool
has_route6(const struct pair *p, int node, struct host_route want)
{
	for (unsigned i = 0; i < PAIR_ROUTES; i++) {
		const struct pair_route *r = &p->node[node].routes[i];

		if (r->used && ip_addr_equal(&r->route.prefix, &want.prefix) && r->route.len == want.len &&
			r->bundle != 0)
			return true;
	}
	return false;
}

static const struct host_route lan6 = {{{0x20, 0x01, 0x0d, 0xb8, 0, 1}}, 48};

/* ------------------------------------------------------------------ what is carried */

static void
both_families_over_one_bundle(void **state)
{
	struct host_bundle_info ac, client;
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	set_network(&net, on, on);
	net.users[0].routes = &lan6;
	net.users[0].n_routes = 1;
	p = run(&net, 2000);
	ac = bundle(p, AC);
	client = bundle(p, CLIENT);
	assert_true(ac.ipcp_open && ac.ipv6cp_open && client.ipcp_open && client.ipv6cp_open);
	assert_true(ac.values.v4 && ac.values.v6 && client.values.v4 && client.values.v6);
	/* EUI-64 of the first port's MAC, which each end knows of itself and heard of the other */
	assert_true(ac.our_interface_id != 0 && ac.our_interface_id == client.peer_interface_id);
	assert_true(client.our_interface_id != 0 && client.our_interface_id == ac.peer_interface_id);
	assert_true(has_route6(p, AC, lan6));
	assert_true(has_route6(p, CLIENT, (struct host_route){.len = 0}));
	assert_true(pair_has_route(p, CLIENT, 0, 0, false));
	/* the source check knows where the subscriber's packets come from */
	assert_int_equal(ac.values.source6[0].len, 48);
	assert_true(ip_addr_equal(&ac.values.source6[0].prefix, &lan6.prefix));
	/* one event for the bundle, a note for the second protocol */
	assert_int_equal(p->node[AC].events[HOST_EV_BUNDLE_UP], 1);
	check(p, pair_said(p, AC, "too: our address") != NULL);
	pair_stop(p, CLIENT);
	pair_run(p, 5000);
	assert_false(has_route6(p, AC, lan6));
	assert_int_equal(pair_routes(p, CLIENT), 0);
	finish(p);
}

static void
ipv6_alone_needs_no_address(void **state)
{
	struct host_bundle_info info;
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	set_network(&net, off, on);
	net.concentrator.pool = -1;
	net.concentrator.address = 0;
	net.users[0].routes = &lan6;
	net.users[0].n_routes = 1;
	p = run(&net, 2000);
	info = bundle(p, AC);
	assert_true(info.ipv6cp_open && !info.ipcp_open && info.values.v6 && !info.values.v4);
	assert_true(has_route6(p, AC, lan6));
	assert_int_equal(pair_routes(p, AC), 1);
	assert_int_equal(pair_routes(p, CLIENT), 1);
	check(p, pair_said(p, AC, "fe80::") != NULL);
	finish(p);
}

/* An NCP opens when somebody wants it and both allow it; the other one goes on alone, and nobody loops. */
static void
policies_of_both_ends_decide(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		const struct host_policy ac = {(i & 1) != 0, (i & 2) != 0}, client = {(i & 4) != 0, (i & 8) != 0};
		const bool opens = (ac.want || client.want) && ac.allow && client.allow;
		struct pair_net net;
		struct pair *p;

		print_message("concentrator %u%u, client %u%u\n", ac.want, ac.allow, client.want, client.allow);
		pair_net_init(&net, 2);
		set_network(&net, on, off);
		net.concentrator.network.ipv6 = ac;
		net.client.network.ipv6 = client;
		p = run(&net, 60000);
		check(p, bundle(p, AC).ipcp_open && bundle(p, CLIENT).ipcp_open);
		check(p, bundle(p, AC).ipv6cp_open == opens && bundle(p, CLIENT).ipv6cp_open == opens);
		check(p, pair_open_links(p, CLIENT) == 2);
		assert_true(p->node[AC].frames + p->node[CLIENT].frames < 500);
		finish(p);
	}
}

/* The same of IPv4 beside IPv6. */
static void
ipv4_that_is_refused_leaves_ipv6_alone(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	set_network(&net, on, on);
	net.client.network.ipv4 = off;
	p = run(&net, 30000);
	assert_true(bundle(p, AC).ipv6cp_open && !bundle(p, AC).ipcp_open);
	check(p, pair_said(p, AC, "without IPv4: peer's LCP rejects IPCP") != NULL);
	assert_int_equal(pair_open_links(p, CLIENT), 2);
	finish(p);
}

/* An address that is not acceptable ends IPCP, not the bundle. */
static void
ipv4_that_fails_leaves_ipv6_alone(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	set_network(&net, on, on);
	net.client.accept_address = (struct host_prefix){0xc0a80000, 16};
	p = run(&net, 60000);
	assert_true(bundle(p, CLIENT).ipv6cp_open && !bundle(p, CLIENT).ipcp_open);
	assert_int_equal(pair_open_links(p, CLIENT), 2);
	finish(p);
}

static void
nothing_to_carry_closes_the_links_with_a_reason(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	set_network(&net, off, on);
	net.client.network = (struct host_network){.ipv4 = on, .address = on};
	p = run(&net, 3000);
	assert_int_equal(pair_open_links(p, CLIENT), 0);
	check(p, pair_said(p, AC, "IPV6CP of bundle") != NULL || pair_said(p, CLIENT, "IPCP of bundle") != NULL);
	finish(p);
}

/* ------------------------------------------------------------------ links come and go */

/* Each line is lost in turn, a moment after the other one has come back: nothing is negotiated anew (M-06). */
static void
lines_lost_in_turn_leave_the_network_alone(void **state)
{
	struct pair_net net;
	struct pair *p;
	unsigned notes;

	(void)state;
	pair_net_init(&net, 2);
	set_network(&net, on, on);
	p = run(&net, 10000);
	notes = p->node[AC].events[HOST_EV_NOTE];
	for (uint16_t port = 0; port < 6; port++) {
		pair_carrier(p, CLIENT, port % 2, false);
		pair_run(p, 500);
		check(p, bundle(p, AC).links == 1 && bundle(p, AC).ipv6cp_open && bundle(p, CLIENT).ipv6cp_open);
		pair_carrier(p, CLIENT, port % 2, true);
		pair_run(p, 3500);
		check(p, pair_open_links(p, AC) == 2);
	}
	assert_int_equal(p->node[AC].events[HOST_EV_BUNDLE_UP], 1);
	assert_int_equal(p->node[AC].events[HOST_EV_NOTE], notes);
	finish(p);
}

/* The wire is so bad that one family gives up while the other stands: it comes when the wire is better, whoever of the two wants it. */
static void
what_a_bad_wire_ended_is_tried_again(void **state)
{
	static const struct host_policy waits = {.allow = true};
	unsigned ended = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct pair_net net;
		struct pair *p;

		pair_net_init(&net, 1);
		set_network(&net, on, on);
		if (seed % 2 == 0)
			net.concentrator.network.ipv6 = waits;
		net.concentrator.lcp.echo_interval_ms = net.client.lcp.echo_interval_ms = 0;
		p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], seed);
		p->wire.loss = 350;
		pair_start(p);
		pair_run(p, 60000);
		ended += pair_said(p, AC, "without IPv") != NULL || pair_said(p, CLIENT, "without IPv") != NULL;
		p->wire.loss = 0;
		pair_run(p, 400000);
		check(p, bundle(p, AC).ipcp_open && bundle(p, CLIENT).ipcp_open);
		check(p, bundle(p, AC).ipv6cp_open && bundle(p, CLIENT).ipv6cp_open);
		finish(p);
	}
	assert_true(ended > 3);
}

static bool
both_families_are_open(const struct pair *p)
{
	for (int node = AC; node <= CLIENT; node++) {
		const struct host_bundle_info info = bundle(p, node);

		if (!info.ipcp_open || !info.ipv6cp_open)
			return false;
	}
	return true;
}

/* The peer's bundle is another than we think: all of its links had gone while one of ours stood, and it waits for us to begin IPv6. What
 * it asks first, IPv4, says so. */
static void
other_end_anew(struct pair *p, int node)
{
	static const uint8_t request[] = {CP_CONFIGURE_REQUEST, 1, 0, 10, 3, 6, 0, 0, 0, 0};
	uint8_t packet[PPP_PROTO_LEN + sizeof(request)];
	struct bundle *b = &p->node[!node].host->bundles[bundle(p, !node).id - 1];

	b->ncp_on[NCP_V6] = false;
	store_be16(packet, PPP_IPCP);
	memcpy(packet + PPP_PROTO_LEN, request, sizeof(request));
	pair_bundle_inject(p, node, bundle(p, node).id, packet, sizeof(packet));
}

static void
a_peer_that_began_anew_and_waits_gets_the_other_family_too(void **state)
{
	static const struct host_policy waits = {.allow = true};
	static const uint64_t lived_ms[] = {500, 10000};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		const int node = (int)(i % 2);
		struct pair_net net;
		struct pair *p;

		pair_net_init(&net, 2);
		set_network(&net, on, on);
		if (node == AC)
			net.client.network.ipv6 = waits;
		else
			net.concentrator.network.ipv6 = waits;
		p = run(&net, lived_ms[i / 2]);
		check(p, both_families_are_open(p));
		other_end_anew(p, node);
		pair_run(p, 10000);
		check(p, both_families_are_open(p));
		finish(p);
	}
}

static void
ask_anew(struct pair *p, int node, enum bundle_ncp ncp)
{
	static const uint8_t v4[] = {0x80, 0x21, CP_CONFIGURE_REQUEST, 99, 0, 10, 3, 6, 10, 0, 0, 99};
	static const uint8_t v6[] = {0x80, 0x57, CP_CONFIGURE_REQUEST, 99, 0, 14, 1, 10, 1, 2, 3, 4, 5, 6, 7, 8};

	if (ncp == NCP_V4)
		pair_bundle_inject(p, node, bundle(p, node).id, v4, sizeof(v4));
	else
		pair_bundle_inject(p, node, bundle(p, node).id, v6, sizeof(v6));
}

/* And the two do not take each other's new beginnings for reasons for ever. */
static void
one_family_negotiated_anew_is_no_reason_without_end(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct pair_net net;
		struct pair *p;
		unsigned requests;

		pair_net_init(&net, 2);
		set_network(&net, on, on);
		p = run(&net, 10000);
		ask_anew(p, (int)(i / 2), (enum bundle_ncp)(i % 2));
		pair_run(p, 20000);
		check(p, both_families_are_open(p));
		requests = p->node[AC].ncp_requests + p->node[CLIENT].ncp_requests;
		assert_in_range(requests, 3, 12);
		pair_run(p, 200000);
		assert_int_equal(p->node[AC].ncp_requests + p->node[CLIENT].ncp_requests, requests);
		finish(p);
	}
}

/* ------------------------------------------------------------------ interface identifiers */

static void
without_identifiers_it_opens_too(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 1);
	set_network(&net, on, on);
	net.client.network.interface_id = off;
	p = run(&net, 3000);
	assert_true(bundle(p, AC).ipv6cp_open && bundle(p, CLIENT).ipv6cp_open);
	assert_true(bundle(p, AC).peer_interface_id == 0);
	finish(p);
}

/* Both ends' first ports have the same MAC: the identifiers part. */
static void
equal_identifiers_part(void **state)
{
	struct host_bundle_info ac, client;
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	set_network(&net, on, on);
	net.links[0].mac = (struct mac){{2, 0, 0, 0, 0, 0x77}};
	net.links[1].mac = (struct mac){{2, 0, 0, 0, 0, 0x78}};
	net.ports[CLIENT][0].mac = net.ports[AC][0].mac;
	p = run(&net, 5000);
	ac = bundle(p, AC);
	client = bundle(p, CLIENT);
	assert_true(ac.ipv6cp_open && client.ipv6cp_open);
	assert_true(ac.our_interface_id != client.our_interface_id);
	assert_true(ac.our_interface_id == client.peer_interface_id);
	finish(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_families_over_one_bundle),
		cmocka_unit_test(ipv6_alone_needs_no_address),
		cmocka_unit_test(policies_of_both_ends_decide),
		cmocka_unit_test(ipv4_that_is_refused_leaves_ipv6_alone),
		cmocka_unit_test(ipv4_that_fails_leaves_ipv6_alone),
		cmocka_unit_test(nothing_to_carry_closes_the_links_with_a_reason),
		cmocka_unit_test(lines_lost_in_turn_leave_the_network_alone),
		cmocka_unit_test(what_a_bad_wire_ended_is_tried_again),
		cmocka_unit_test(a_peer_that_began_anew_and_waits_gets_the_other_family_too),
		cmocka_unit_test(one_family_negotiated_anew_is_no_reason_without_end),
		cmocka_unit_test(without_identifiers_it_opens_too),
		cmocka_unit_test(equal_identifiers_part),
	};

	return cmocka_run_group_tests_name("network", tests, NULL, NULL);
}
