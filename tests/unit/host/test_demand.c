/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "control/ppp/host_state.h"
#include "tests/unit/host/check.h"

/* When a client's links are dialled: on demand, by hand, one by one, and how long they wait for a carrier. */

static struct pair *
begin(struct pair_net *net, unsigned links, enum host_dial dial)
{
	pair_net_init(net, links);
	net->client.dial = dial;
	return pair_new(&net->cfg[AC], &net->cfg[CLIENT], 1);
}

static const char *
phase(const struct pair *p, const char *name)
{
	static struct host_link_info info;

	assert_true(pair_link_info(p, CLIENT, name, &info));
	return info.phase;
}

/* ------------------------------------------------------------------ on demand */

static void
an_on_demand_client_is_silent_until_a_packet_comes(void **state) /* G-20, G-74 */
{
	struct pair_net net;
	struct pair *p = begin(&net, 2, HOST_DIAL_ON_DEMAND);

	(void)state;
	pair_start(p);
	pair_run(p, 24 * 3600 * 1000);
	assert_int_equal(p->node[CLIENT].frames, 0);
	assert_false(host_client_awake(p->node[CLIENT].host, 0));
	assert_string_equal(phase(p, "home/l0"), "asleep");
	assert_true(pair_demand(p, CLIENT, 0));
	pair_run(p, 500);
	check(p, pair_open_links(p, CLIENT) == 2 && pair_open_bundles(p, CLIENT) == 1);
	check(p, pair_said(p, CLIENT, "home: dialled for a packet to 192.0.2.1") != NULL);
	check_sound(p);
	pair_free(p);
}

static void
more_packets_do_not_dial_again(void **state)
{
	struct pair_net net;
	struct pair *p = begin(&net, 1, HOST_DIAL_ON_DEMAND);
	unsigned frames;

	(void)state;
	pair_start(p);
	p->cut[0] = true;
	assert_true(pair_demand(p, CLIENT, 0));
	pair_run(p, 100);
	frames = p->node[CLIENT].frames;
	assert_true(frames >= 1);
	for (unsigned i = 0; i < 1000; i++)
		assert_true(pair_demand(p, CLIENT, 0));
	assert_int_equal(p->node[CLIENT].frames, frames);
	check_sound(p);
	pair_free(p);
}

/* B-06: a bundle that was up is not opened again when its last link dies, but by the next packet. */
static void
a_lost_on_demand_bundle_waits_for_the_next_packet(void **state)
{
	struct pair_net net;
	struct pair *p = begin(&net, 2, HOST_DIAL_ON_DEMAND);

	(void)state;
	pair_start(p);
	pair_demand(p, CLIENT, 0);
	pair_run(p, 500);
	check(p, pair_open_links(p, CLIENT) == 2);
	p->cut[0] = p->cut[1] = true;
	pair_run(p, 60 * 1000); /* no echo */
	check(p, !host_client_awake(p->node[CLIENT].host, 0));
	p->cut[0] = p->cut[1] = false;
	pair_run(p, 3600 * 1000);
	check(p, pair_open_links(p, CLIENT) == 0);
	assert_string_equal(phase(p, "home/l1"), "asleep");
	pair_demand(p, CLIENT, 0);
	pair_run(p, 500);
	check(p, pair_open_links(p, CLIENT) == 2);
	check_sound(p);
	pair_free(p);
}

static void
one_lost_link_of_an_on_demand_bundle_is_dialled_again(void **state)
{
	struct pair_net net;
	struct pair *p = begin(&net, 2, HOST_DIAL_ON_DEMAND);

	(void)state;
	pair_start(p);
	pair_demand(p, CLIENT, 0);
	pair_run(p, 500);
	p->cut[1] = true;
	pair_run(p, 30 * 1000);
	check(p, pair_open_links(p, CLIENT) == 1);
	p->cut[1] = false;
	pair_run(p, 60 * 1000);
	check(p, pair_open_links(p, CLIENT) == 2);
	check_sound(p);
	pair_free(p);
}

static void
a_client_that_gave_up_tries_again_for_the_next_packet(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 1);
	net.client.dial = HOST_DIAL_ON_DEMAND;
	net.links[0].redial = (struct host_redial){.delay_ms = 1000, .attempts = 2};
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	p->cut[0] = true;
	pair_start(p);
	pair_demand(p, CLIENT, 0);
	pair_run(p, 1000);
	check(p, host_client_awake(p->node[CLIENT].host, 0));
	pair_run(p, 600 * 1000);
	check(p, !host_client_awake(p->node[CLIENT].host, 0));
	check(p, pair_said(p, CLIENT, "gave up after 2 redials") != NULL);
	p->cut[0] = false;
	pair_run(p, 3600 * 1000);
	check(p, pair_open_links(p, CLIENT) == 0);
	assert_true(pair_demand(p, CLIENT, 0));
	pair_run(p, 500);
	check(p, pair_open_links(p, CLIENT) == 1);
	check_sound(p);
	pair_free(p);
}

/* Packets without end, and a peer that ends each session as soon as it is up. */
static void
packets_without_end_dial_no_faster_than_the_redial_delay(void **state)
{
	struct pair_net net;
	struct pair *p;
	unsigned ups;

	(void)state;
	pair_net_init(&net, 1);
	net.client.dial = HOST_DIAL_ON_DEMAND;
	net.links[0].redial = (struct host_redial){.delay_ms = 5000};
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	pair_start(p);
	for (unsigned i = 0; i < 60 * 100; i++) {
		struct host_link_info info;
		unsigned cursor = 0;

		pair_demand(p, CLIENT, 0);
		pair_run(p, 10);
		while (host_link_next(p->node[AC].host, &cursor, &info))
			if (strcmp(info.phase, "open") == 0 && pair_open_bundles(p, CLIENT) == 1)
				pair_admin(p, AC, info.name, false);
	}
	ups = p->node[CLIENT].events[HOST_EV_BUNDLE_UP];
	check(p, ups >= 8 && ups <= 13); /* within 60 s */
	check_sound(p);
	pair_free(p);
}

static void
what_the_operator_closed_is_not_dialled_for_a_packet(void **state)
{
	struct pair_net net;
	struct pair *p = begin(&net, 1, HOST_DIAL_ON_DEMAND);

	(void)state;
	pair_start(p);
	assert_int_equal(pair_admin(p, CLIENT, "home/l0", false), 0);
	assert_false(pair_demand(p, CLIENT, 0));
	assert_false(pair_demand(p, CLIENT, 1)); /* no such client */
	pair_run(p, 1000);
	assert_int_equal(p->node[CLIENT].frames, 0);
	assert_int_equal(pair_admin(p, CLIENT, "home/l0", true), 0);
	pair_run(p, 500);
	check(p, pair_open_links(p, CLIENT) == 1);
	check_sound(p);
	pair_free(p);
}

static void
a_sleeping_client_stops_at_once(void **state)
{
	struct pair_net net;
	struct pair *p = begin(&net, 2, HOST_DIAL_ON_DEMAND);

	(void)state;
	pair_start(p);
	pair_stop(p, CLIENT);
	assert_true(host_idle(p->node[CLIENT].host));
	assert_false(pair_demand(p, CLIENT, 0));
	assert_true(host_idle(p->node[CLIENT].host));
	pair_free(p);
}

/* ------------------------------------------------------------------ by hand */

static void
a_manual_client_waits_for_the_operator(void **state)
{
	struct pair_net net;
	struct pair *p = begin(&net, 2, HOST_DIAL_MANUAL);

	(void)state;
	pair_start(p);
	assert_false(pair_demand(p, CLIENT, 0));
	pair_run(p, 3600 * 1000);
	assert_int_equal(p->node[CLIENT].frames, 0);
	assert_int_equal(pair_admin(p, CLIENT, "home/l1", true), 0);
	pair_run(p, 500);
	check(p, pair_open_links(p, CLIENT) == 1);
	assert_string_equal(phase(p, "home/l0"), "idle");
	p->cut[1] = true;
	pair_run(p, 30 * 1000);
	p->cut[1] = false;
	pair_run(p, 60 * 1000); /* it is dialled again, as any that is wanted */
	check(p, pair_open_links(p, CLIENT) == 1);
	check_sound(p);
	pair_free(p);
}

/* ------------------------------------------------------------------ one by one */

static void
links_go_one_by_one_in_their_order(void **state) /* G-67 */
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 3);
	net.client.one_by_one = true;
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	p->cut[1] = true;
	pair_start(p);
	pair_run(p, 5);
	assert_string_equal(phase(p, "home/l0"), "discovery");
	assert_string_equal(phase(p, "home/l1"), "queued");
	assert_string_equal(phase(p, "home/l2"), "queued");
	pair_run(p, 200);
	assert_string_equal(phase(p, "home/l0"), "open");
	assert_string_equal(phase(p, "home/l1"), "discovery");
	assert_string_equal(phase(p, "home/l2"), "queued");
	pair_run(p, 60 * 1000); /* the second one fails, and does not hold up the third */
	assert_string_equal(phase(p, "home/l2"), "open");
	p->cut[1] = false;
	pair_run(p, 60 * 1000);
	check(p, pair_open_links(p, CLIENT) == 3);
	check_sound(p);
	pair_free(p);
}

static void
a_link_without_carrier_or_closed_lets_the_next_one_go(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 3);
	net.client.one_by_one = true;
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	pair_carrier(p, CLIENT, 0, false);
	p->cut[1] = true;
	pair_start(p);
	pair_run(p, 10);
	assert_string_equal(phase(p, "home/l1"), "discovery");
	assert_int_equal(pair_admin(p, CLIENT, "home/l1", false), 0);
	pair_run(p, 200);
	assert_string_equal(phase(p, "home/l2"), "open");
	check_sound(p);
	pair_free(p);
}

/* ------------------------------------------------------------------ carrier */

static void
waiting_for_carrier_has_a_limit_that_counts_as_an_attempt(void **state) /* G-67 */
{
	struct pair_net net;
	struct host_link_info info;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 1);
	net.links[0].redial = (struct host_redial){.delay_ms = 1000, .attempts = 3, .carrier_wait_ms = 5000};
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	pair_carrier(p, CLIENT, 0, false);
	pair_start(p);
	pair_run(p, 4990);
	check(p, pair_said(p, CLIENT, "no carrier within 5000 ms") == NULL);
	pair_run(p, 20);
	check(p, pair_said(p, CLIENT, "no carrier within 5000 ms") != NULL);
	pair_run(p, 3 * 6000 - 30);
	assert_true(pair_link_info(p, CLIENT, "home/l0", &info));
	assert_string_equal(info.phase, "wait");
	pair_run(p, 60);
	assert_true(pair_link_info(p, CLIENT, "home/l0", &info));
	assert_string_equal(info.phase, "idle");
	assert_int_equal(info.redials, 3);
	check(p, pair_said(p, CLIENT, "gave up after 3 redials") != NULL);
	pair_free(p);
}

static void
carrier_within_its_limit_dials_at_once(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 1);
	net.links[0].redial = (struct host_redial){.delay_ms = 1000, .attempts = -1, .carrier_wait_ms = 5000};
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	pair_carrier(p, CLIENT, 0, false);
	pair_start(p);
	pair_run(p, 4900);
	pair_carrier(p, CLIENT, 0, true);
	pair_run(p, 300);
	check(p, pair_open_links(p, CLIENT) == 1);
	pair_run(p, 60 * 1000); /* the limit means nothing any more */
	check(p, pair_open_links(p, CLIENT) == 1);
	check_sound(p);
	pair_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_on_demand_client_is_silent_until_a_packet_comes),
		cmocka_unit_test(more_packets_do_not_dial_again),
		cmocka_unit_test(a_lost_on_demand_bundle_waits_for_the_next_packet),
		cmocka_unit_test(one_lost_link_of_an_on_demand_bundle_is_dialled_again),
		cmocka_unit_test(a_client_that_gave_up_tries_again_for_the_next_packet),
		cmocka_unit_test(packets_without_end_dial_no_faster_than_the_redial_delay),
		cmocka_unit_test(what_the_operator_closed_is_not_dialled_for_a_packet),
		cmocka_unit_test(a_sleeping_client_stops_at_once),
		cmocka_unit_test(a_manual_client_waits_for_the_operator),
		cmocka_unit_test(links_go_one_by_one_in_their_order),
		cmocka_unit_test(a_link_without_carrier_or_closed_lets_the_next_one_go),
		cmocka_unit_test(waiting_for_carrier_has_a_limit_that_counts_as_an_attempt),
		cmocka_unit_test(carrier_within_its_limit_dials_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
