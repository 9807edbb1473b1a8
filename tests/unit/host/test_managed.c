/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "control/ppp/host_state.h"
#include "tests/unit/host/check.h"

/* Links that are opened and closed by load (B-01 to B-08, B-11): three lines of 1 Mbit/s, mpd's default values. */

enum { MBIT = 1000 * 1000, MINUTE = 60 * 1000 };

static const uint16_t order[] = {1, 0, 2};

static void
net_init(struct pair_net *net)
{
	pair_net_init(net, 3);
	for (unsigned i = 0; i < 3; i++) {
		net->links[i].line_set = true;
		net->links[i].line.rate_bps = MBIT;
	}
	net->client.bandwidth = (struct host_bandwidth){
		.enabled = true,
		.period_ms = 60 * 1000,
		.high_percent = 80,
		.low_percent = 20,
		.min_connect_ms = 30 * 1000,
		.min_disconnect_ms = 90 * 1000,
	};
	net->client.bandwidth_order = order;
}

static struct pair *
begin(struct pair_net *net)
{
	struct pair *p;

	net_init(net);
	p = pair_new(&net->cfg[AC], &net->cfg[CLIENT], 1);
	pair_start(p);
	pair_run(p, 500);
	return p;
}

static const char *
phase(const struct pair *p, const char *name)
{
	static struct host_link_info info;

	assert_true(pair_link_info(p, CLIENT, name, &info));
	return info.phase;
}

/* So many bits per second in each direction, for so long. */
static void
load(struct pair *p, int node, uint64_t rx_bps, uint64_t tx_bps, uint64_t ms)
{
	for (; ms >= 100; ms -= 100) {
		pair_run(p, 100);
		pair_carry_bytes(p, node, rx_bps / 80, tx_bps / 80);
	}
}

/* ms until so many links are open, under that load; more than `most`: fails. */
static uint64_t
until_open(struct pair *p, unsigned links, uint64_t rx_bps, uint64_t tx_bps, uint64_t most_ms)
{
	const uint64_t from_ms = p->now_ms;

	while (pair_open_links(p, CLIENT) != links && p->now_ms - from_ms <= most_ms)
		load(p, CLIENT, rx_bps, tx_bps, 100);
	check(p, pair_open_links(p, CLIENT) == links);
	return p->now_ms - from_ms;
}

/* ------------------------------------------------------------------ by load */

static void
only_the_first_of_the_order_is_opened_at_start(void **state) /* B-06 */
{
	struct pair_net net;
	struct pair *p = begin(&net);

	(void)state;
	pair_run(p, 10 * MINUTE);
	assert_string_equal(phase(p, "home/l1"), "open");
	assert_string_equal(phase(p, "home/l0"), "spare");
	assert_string_equal(phase(p, "home/l2"), "spare");
	check_sound(p);
	pair_free(p);
}

static void
without_bandwidth_management_all_links_are_opened(void **state) /* B-11 */
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	net_init(&net);
	net.client.bandwidth.enabled = false;
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	pair_start(p);
	pair_run(p, 500);
	check(p, pair_open_links(p, CLIENT) == 3);
	assert_int_equal(p->asked_for_traffic, 0);
	pair_free(p);
}

/* 0.9 Mbit/s in, from 0.5 s on: 85.4 % of one line after the first slot of 10 s. Of two lines it is 45 %, of the last six slots at 20 s still 60 %. At 1.9
 * Mbit/s the second slot with that is full of it (two slots of one line at 90 %, then 95 % of two lines: the sum passes 80 % at once),
 * but a third link waits until 30 s after the second. */
static void
links_are_opened_in_their_order_one_at_a_time(void **state) /* B-02, B-04, B-06 */
{
	struct pair_net net;
	struct pair *p = begin(&net);

	(void)state;
	assert_in_range(until_open(p, 2, 900000, 0, 15000), 9000, 10500);
	assert_string_equal(phase(p, "home/l0"), "open");
	check(p,
		pair_said(p, CLIENT, "home/l0: opened: 85.4 % in, 0.0 % out over the last 10 s; high water is 80 %") !=
			NULL);
	load(p, CLIENT, 900000, 0, 5 * MINUTE);
	check(p, pair_open_links(p, CLIENT) == 2);
	assert_in_range(until_open(p, 3, 0, 1900000, 60000), 30000, 60000);
	assert_string_equal(phase(p, "home/l2"), "open");
	check_sound(p);
	pair_free(p);
}

static void
a_third_link_waits_for_min_connect(void **state) /* B-04 */
{
	struct pair_net net;
	struct pair *p = begin(&net);

	(void)state;
	until_open(p, 2, 3 * MBIT, 0, 15000);
	assert_in_range(until_open(p, 3, 3 * MBIT, 0, 60000), 29000, 31000);
	check_sound(p);
	pair_free(p);
}

/* Idle from one minute on: below 20 % on average of the last six slots after 50 s more. Then one link every 90 s, the last of the order
 * first, until one is left. */
static void
links_are_closed_from_the_end_of_the_order_and_one_is_left(void **state) /* B-03, B-05 */
{
	struct pair_net net;
	struct pair *p = begin(&net);

	(void)state;
	load(p, CLIENT, 3 * MBIT, 3 * MBIT, 2 * MINUTE);
	check(p, pair_open_links(p, CLIENT) == 3);
	assert_in_range(until_open(p, 2, 0, 0, MINUTE), 40000, 60000);
	assert_string_equal(phase(p, "home/l2"), "spare");
	check(p,
		pair_said(p, CLIENT, "home/l2: closed: ") != NULL && pair_said(p, CLIENT, "low water is 20 %") != NULL);
	assert_in_range(until_open(p, 1, 0, 0, 2 * MINUTE), 89000, 91000);
	assert_string_equal(phase(p, "home/l0"), "spare");
	load(p, CLIENT, 0, 0, 10 * MINUTE);
	check(p, pair_open_links(p, CLIENT) == 1);
	assert_string_equal(phase(p, "home/l1"), "open");
	check_sound(p);
	pair_free(p);
}

static void
the_sparing_of_links_loses_no_bundle(void **state)
{
	struct pair_net net;
	struct pair *p = begin(&net);
	struct host_bundle_info before, after;

	(void)state;
	assert_true(pair_first_bundle(p, CLIENT, &before));
	for (unsigned i = 0; i < 5; i++) {
		load(p, CLIENT, 3 * MBIT, 0, 2 * MINUTE);
		load(p, CLIENT, 0, 0, 5 * MINUTE);
	}
	assert_true(pair_first_bundle(p, CLIENT, &after));
	assert_int_equal(before.id, after.id);
	assert_true(before.up_since_ms == after.up_since_ms);
	check(p, pair_open_links(p, CLIENT) == 1 && pair_open_links(p, AC) == 1);
	check_sound(p);
	pair_free(p);
}

static void
a_candidate_without_carrier_or_closed_is_passed_over(void **state) /* B-02 */
{
	struct pair_net net;
	struct pair *p = begin(&net);

	(void)state;
	pair_carrier(p, CLIENT, 0, false); /* l0 comes next, on port 0 */
	until_open(p, 2, 2 * MBIT, 0, 15000);
	assert_string_equal(phase(p, "home/l2"), "open");
	assert_int_equal(pair_admin(p, CLIENT, "home/l0", false), 0);
	pair_carrier(p, CLIENT, 0, true);
	load(p, CLIENT, 2 * MBIT, 0, 2 * MINUTE);
	check(p, pair_open_links(p, CLIENT) == 2);
	check_sound(p);
	pair_free(p);
}

/* ------------------------------------------------------------------ links that come to nothing, or go */

static void
a_lost_link_is_not_dialled_again_but_opened_by_load(void **state) /* B-06: max-redial -1 */
{
	struct pair_net net;
	struct pair *p = begin(&net);

	(void)state;
	until_open(p, 2, 2 * MBIT, 0, 15000);
	p->cut[0] = true;
	load(p, CLIENT, 500000, 0, 30000);
	check(p, pair_open_links(p, CLIENT) == 1);
	assert_string_equal(phase(p, "home/l0"), "spare");
	p->cut[0] = false;
	load(p, CLIENT, 500000, 0, 10 * MINUTE);
	check(p, pair_open_links(p, CLIENT) == 1);
	until_open(p, 2, MBIT, 0, 2 * MINUTE);
	check_sound(p);
	pair_free(p);
}

static void
the_next_link_is_tried_when_the_first_one_fails(void **state) /* B-06 */
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	net_init(&net);
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	p->cut[1] = true;
	pair_start(p);
	pair_run(p, 3 * MINUTE);
	check(p, pair_open_links(p, CLIENT) == 1);
	assert_string_equal(phase(p, "home/l0"), "open");
	assert_string_equal(phase(p, "home/l1"), "spare");
	check(p, pair_said(p, CLIENT, "home: its last link has gone, opened again with l0 in 3") != NULL);
	check_sound(p);
	pair_free(p);
}

static void
a_bundle_that_lost_its_last_link_is_opened_again_after_three_to_four_seconds(void **state) /* B-06 */
{
	uint64_t least = UINT64_MAX, most = 0;

	(void)state;
	for (unsigned seed = 1; seed <= 40; seed++) {
		struct pair_net net;
		struct host_link_info info;
		struct pair *p;

		net_init(&net);
		p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], seed);
		pair_start(p);
		pair_run(p, 500);
		check(p, pair_open_links(p, CLIENT) == 1);
		pair_admin(p, AC, "1", false);
		pair_run(p, 500);
		check(p, pair_open_links(p, CLIENT) == 0);
		assert_true(pair_link_info(p, CLIENT, "home/l1", &info));
		assert_string_equal(info.phase, "wait");
		assert_in_range(info.next_dial_ms - p->node[CLIENT].link_down_ms, 3000, 4500);
		least = info.next_dial_ms - p->node[CLIENT].link_down_ms < least
			? info.next_dial_ms - p->node[CLIENT].link_down_ms
			: least;
		most = info.next_dial_ms - p->node[CLIENT].link_down_ms > most
			? info.next_dial_ms - p->node[CLIENT].link_down_ms
			: most;
		pair_run(p, 5000);
		check(p, pair_open_links(p, CLIENT) == 1);
		check_sound(p);
		pair_free(p);
	}
	assert_true(most - least > 500); /* not all at once */
}

static void
an_on_demand_bundle_opens_its_first_link_for_a_packet_and_no_other(void **state) /* B-06 */
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	net_init(&net);
	net.client.dial = HOST_DIAL_ON_DEMAND;
	net.client.idle_timeout_ms = 5 * MINUTE;
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	pair_start(p);
	pair_run(p, MINUTE);
	assert_int_equal(p->node[CLIENT].frames, 0);
	pair_demand(p, CLIENT, 0);
	pair_run(p, 500);
	assert_string_equal(phase(p, "home/l1"), "open");
	assert_string_equal(phase(p, "home/l0"), "spare");
	pair_admin(p, AC, "1", false);
	pair_run(p, MINUTE);
	check(p, pair_open_links(p, CLIENT) == 0);
	assert_string_equal(phase(p, "home/l1"), "asleep");
	pair_demand(p, CLIENT, 0);
	pair_run(p, 2000);
	check(p, pair_open_links(p, CLIENT) == 1);
	pair_run(p, 10 * MINUTE); /* idle */
	check(p, pair_open_links(p, CLIENT) == 0 && !host_client_awake(p->node[CLIENT].host, 0));
	assert_string_equal(phase(p, "home/l1"), "asleep");
	check_sound(p);
	pair_free(p);
}

static void
for_a_packet_each_link_is_tried_once(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	net_init(&net);
	net.client.dial = HOST_DIAL_ON_DEMAND;
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	p->cut[0] = p->cut[1] = p->cut[2] = true;
	pair_start(p);
	pair_demand(p, CLIENT, 0);
	pair_run(p, 30 * MINUTE);
	check(p, !host_client_awake(p->node[CLIENT].host, 0));
	check(p, pair_said(p, CLIENT, "home: none of its links has come up") != NULL);
	check(p,
		pair_said(p, CLIENT, "opened again with l0") != NULL &&
			pair_said(p, CLIENT, "opened again with l2") != NULL);
	assert_string_equal(phase(p, "home/l1"), "asleep");
	p->cut[2] = false;
	pair_demand(p, CLIENT, 0);
	pair_run(p, 10 * MINUTE);
	check(p, pair_open_links(p, CLIENT) == 1);
	assert_string_equal(phase(p, "home/l2"), "open");
	check_sound(p);
	pair_free(p);
}

static void
a_peer_without_multilink_keeps_its_one_link(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	net_init(&net);
	net.concentrator.multilink.enabled = false;
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	pair_start(p);
	pair_run(p, 500);
	load(p, CLIENT, 2 * MBIT, 0, 5 * MINUTE);
	check(p, pair_open_links(p, CLIENT) == 1 && pair_bundles(p, AC) == 1);
	assert_string_equal(phase(p, "home/l1"), "open");
	assert_string_equal(phase(p, "home/l0"), "spare");
	check_sound(p);
	pair_free(p);
}

/* ------------------------------------------------------------------ what is told */

static void
the_operator_sees_the_slots(void **state)
{
	struct pair_net net;
	struct pair *p = begin(&net);
	struct host_bundle_info info;

	(void)state;
	load(p, CLIENT, 500000, 100000, 35000);
	assert_true(pair_first_bundle(p, CLIENT, &info));
	assert_true(info.bandwidth.enabled);
	assert_int_equal(info.bandwidth.slots, 3);
	assert_in_range(info.bandwidth.use.rx_permille, 490, 510);
	assert_in_range(info.bandwidth.use.tx_permille, 98, 102);
	assert_in_range(info.bandwidth.slot[1].rx_permille, 490, 510);
	assert_int_equal(info.bandwidth.slot[3].rx_permille, 0);
	assert_int_equal(info.bandwidth.spare, 2);
	assert_true(info.bandwidth.rx_bps == MBIT && info.bandwidth.tx_bps == MBIT);
	assert_true(info.bandwidth.last_opened_ms == 0 && info.bandwidth.last_closed_ms == 0);
	pair_free(p);
}

/* 8 Mbit/s to us, 1 Mbit/s from us: 4 Mbit/s in is half of it. */
static void
each_direction_has_its_own_rate(void **state)
{
	struct pair_net net;
	struct host_bundle_info info;
	struct pair *p;

	(void)state;
	net_init(&net);
	for (unsigned i = 0; i < 3; i++)
		net.links[i].line.receive_bps = 8 * MBIT;
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	pair_start(p);
	pair_run(p, 500);
	load(p, CLIENT, 4 * MBIT, 500000, 2 * MINUTE);
	check(p, pair_open_links(p, CLIENT) == 1);
	assert_true(pair_first_bundle(p, CLIENT, &info));
	assert_in_range(info.bandwidth.use.rx_permille, 495, 505);
	assert_in_range(info.bandwidth.use.tx_permille, 495, 505);
	pair_free(p);
}

static void
a_concentrator_says_what_it_would_do(void **state) /* B-02, B-03, server */
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	net_init(&net);
	net.concentrator.bandwidth = net.client.bandwidth;
	net.client.bandwidth.enabled = false;
	for (unsigned i = 0; i < PAIR_PORTS; i++)
		net.ports[AC][i].line.rate_bps = MBIT;
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	pair_start(p);
	pair_run(p, 500);
	load(p, AC, 0, 2900000, 2 * MINUTE);
	check(p, pair_said(p, AC, "bundle 1 'alice': one more link would be of use: 0.0 % in, 96.6 % out") != NULL);
	load(p, AC, 0, 0, 2 * MINUTE);
	check(p, pair_said(p, AC, "bundle 1 'alice': one link fewer would do: ") != NULL);
	check(p, pair_open_links(p, AC) == 3);
	check_sound(p);
	pair_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_first_of_the_order_is_opened_at_start),
		cmocka_unit_test(without_bandwidth_management_all_links_are_opened),
		cmocka_unit_test(links_are_opened_in_their_order_one_at_a_time),
		cmocka_unit_test(a_third_link_waits_for_min_connect),
		cmocka_unit_test(links_are_closed_from_the_end_of_the_order_and_one_is_left),
		cmocka_unit_test(the_sparing_of_links_loses_no_bundle),
		cmocka_unit_test(a_candidate_without_carrier_or_closed_is_passed_over),
		cmocka_unit_test(a_lost_link_is_not_dialled_again_but_opened_by_load),
		cmocka_unit_test(the_next_link_is_tried_when_the_first_one_fails),
		cmocka_unit_test(a_bundle_that_lost_its_last_link_is_opened_again_after_three_to_four_seconds),
		cmocka_unit_test(an_on_demand_bundle_opens_its_first_link_for_a_packet_and_no_other),
		cmocka_unit_test(for_a_packet_each_link_is_tried_once),
		cmocka_unit_test(a_peer_without_multilink_keeps_its_one_link),
		cmocka_unit_test(the_operator_sees_the_slots),
		cmocka_unit_test(each_direction_has_its_own_rate),
		cmocka_unit_test(a_concentrator_says_what_it_would_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
