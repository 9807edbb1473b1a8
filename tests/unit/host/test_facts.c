/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "control/ppp/host_state.h"
#include "tests/unit/host/check.h"

/* What programs are told when links and bundles come and go (G-25, G-65). */

static struct pair *
begin(struct pair_net *net, unsigned links)
{
	struct pair *p;

	pair_net_init(net, links);
	net->concentrator.network.ipv6 = net->client.network.ipv6 = (struct host_policy){true, true};
	net->concentrator.network.interface_id = net->client.network.interface_id = (struct host_policy){true, true};
	p = pair_new(&net->cfg[AC], &net->cfg[CLIENT], 1);
	pair_start(p);
	pair_run(p, 1000);
	check(p, pair_open_links(p, CLIENT) == links);
	return p;
}

static void
a_link_that_comes_has_its_session_its_bundle_and_its_user(void **state)
{
	struct pair_net net;
	struct pair *p = begin(&net, 1);
	const struct host_facts *f = &p->node[CLIENT].facts[HOST_EV_LINK_UP], *g = &p->node[AC].facts[HOST_EV_LINK_UP];

	(void)state;
	assert_true(f->client && f->of_link && g->of_link && !g->client);
	assert_string_equal(f->owner, "home");
	assert_string_equal(f->link, "home/l0");
	assert_string_equal(f->bundle, "home");
	assert_string_equal(f->user, "alice");
	assert_int_equal(f->links, 1);
	assert_string_equal(g->owner, "bras");
	assert_string_equal(g->link, "1");
	assert_string_equal(g->bundle, "alice");
	assert_string_equal(g->user, "alice");
	assert_true(f->key.session != 0 && f->key.session == g->key.session);
	assert_true(mac_equal(&f->key.peer, &g->key.local));
	assert_non_null(strstr(f->reason, "first link"));
	pair_free(p);
}

static void
a_bundle_that_comes_has_addresses_and_servers_and_the_other_protocol_changes_it(void **state)
{
	struct pair_net net;
	struct pair *p = begin(&net, 2);
	const struct host_facts *first = &p->node[CLIENT].facts[HOST_EV_BUNDLE_UP];
	const struct host_facts *f = &p->node[CLIENT].facts[HOST_EV_BUNDLE_CHANGED],
				*g = &p->node[AC].facts[HOST_EV_BUNDLE_CHANGED];

	(void)state;
	assert_int_equal(p->node[CLIENT].events[HOST_EV_BUNDLE_UP], 1);
	assert_int_equal(p->node[CLIENT].events[HOST_EV_BUNDLE_CHANGED], 1);
	assert_string_equal(first->bundle, "home");
	assert_true((first->our_address != 0) != (first->our_interface_id != 0)); /* whichever was quicker */
	assert_false(f->of_link);
	assert_int_equal(f->our_address, 0x0a000002);
	assert_int_equal(f->peer_address, 0x0a000001);
	assert_int_equal(f->dns[0], 0x08080808);
	assert_int_equal(f->dns[1], 0x08080404);
	assert_int_equal(f->ip_mtu, 1524);
	assert_int_equal(g->our_address, 0x0a000001);
	assert_int_equal(g->peer_address, 0x0a000002);
	assert_true(f->our_interface_id != 0 && f->our_interface_id == g->peer_interface_id);
	pair_free(p);
}

static void
who_goes_says_why_and_still_has_its_addresses(void **state)
{
	struct pair_net net;
	struct pair *p = begin(&net, 2);
	const struct host_facts *link = &p->node[CLIENT].facts[HOST_EV_LINK_DOWN],
				*bundle = &p->node[CLIENT].facts[HOST_EV_BUNDLE_DOWN];

	(void)state;
	pair_admin(p, CLIENT, "home/l0", false);
	pair_run(p, 500);
	assert_string_equal(link->link, "home/l0");
	assert_string_equal(link->reason, "closed by the operator");
	assert_string_equal(link->bundle, "home");
	assert_int_equal(link->our_address, 0x0a000002);
	assert_int_equal(p->node[CLIENT].events[HOST_EV_BUNDLE_DOWN], 0);
	pair_admin(p, CLIENT, "home/l1", false);
	pair_run(p, 500);
	assert_int_equal(p->node[CLIENT].events[HOST_EV_BUNDLE_DOWN], 1);
	assert_string_equal(bundle->bundle, "home");
	assert_string_equal(bundle->reason, "closed by the operator");
	assert_int_equal(bundle->our_address, 0x0a000002);
	assert_int_equal(bundle->links, 0);
	check_sound(p);
	pair_free(p);
}

static void
who_is_refused_is_told_of_with_the_reason(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	net.users[0].links_max = 1;
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	pair_start(p);
	pair_run(p, 1000);
	assert_true(p->node[AC].events[HOST_EV_LINK_REFUSED] != 0);
	assert_string_equal(p->node[AC].facts[HOST_EV_LINK_REFUSED].user, "alice");
	assert_true(p->node[AC].facts[HOST_EV_LINK_REFUSED].reason[0] != '\0');
	assert_string_equal(p->node[AC].facts[HOST_EV_LINK_REFUSED].bundle, "");
	check_sound(p);
	pair_free(p);
}

static void
nothing_that_is_told_holds_a_password(void **state)
{
	struct pair_net net;
	struct pair *p = begin(&net, 2);

	(void)state;
	for (int node = 0; node < 2; node++)
		for (unsigned k = 0; k < 16; k++)
			assert_null(memmem(&p->node[node].facts[k], sizeof(p->node[node].facts[k]), "swordfish", 9));
	pair_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_that_comes_has_its_session_its_bundle_and_its_user),
		cmocka_unit_test(a_bundle_that_comes_has_addresses_and_servers_and_the_other_protocol_changes_it),
		cmocka_unit_test(who_goes_says_why_and_still_has_its_addresses),
		cmocka_unit_test(who_is_refused_is_told_of_with_the_reason),
		cmocka_unit_test(nothing_that_is_told_holds_a_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
