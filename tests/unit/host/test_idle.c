/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "control/ppp/host_state.h"
#include "tests/unit/host/check.h"

/* The idle timeout is the bundle's, whatever the number of its links (G-20). */

enum { TIMEOUT_MS = 60 * 1000, LOOK_MS = TIMEOUT_MS / 8 };

static struct pair *
begin(struct pair_net *net, int node, enum host_dial dial)
{
	struct pair *p;

	pair_net_init(net, 2);
	net->client.dial = dial;
	if (node == AC)
		net->concentrator.idle_timeout_ms = TIMEOUT_MS;
	else
		net->client.idle_timeout_ms = TIMEOUT_MS;
	p = pair_new(&net->cfg[AC], &net->cfg[CLIENT], 1);
	pair_start(p);
	pair_demand(p, CLIENT, 0);
	pair_run(p, 500);
	check(p, pair_open_links(p, CLIENT) == 2);
	return p;
}

static bool
all_closed(struct pair *p)
{
	return pair_bundles(p, CLIENT) == 0;
}

/* ms that it takes until the bundle is gone, from now. */
static uint64_t
until_closed(struct pair *p)
{
	const uint64_t from_ms = p->now_ms;

	check(p, pair_until(p, all_closed, 3600 * 1000));
	return p->now_ms - from_ms;
}

static void
an_idle_bundle_is_closed_with_all_its_links(void **state)
{
	struct pair_net net;
	struct pair *p = begin(&net, CLIENT, HOST_DIAL_ON_DEMAND);

	(void)state;
	assert_in_range(until_closed(p), TIMEOUT_MS - 500, TIMEOUT_MS + 100);
	check(p, pair_said(p, CLIENT, "home/l0: idle for 60 s") != NULL);
	check(p, pair_said(p, CLIENT, "home/l1: idle for 60 s") != NULL);
	pair_run(p, 3600 * 1000);
	check(p, pair_open_links(p, CLIENT) == 0 && !host_client_awake(p->node[CLIENT].host, 0));
	pair_demand(p, CLIENT, 0);
	pair_run(p, 500);
	check(p, pair_open_links(p, CLIENT) == 2);
	check_sound(p);
	pair_free(p);
}

static void
a_packet_in_either_direction_keeps_it_open(void **state)
{
	for (unsigned rx = 0; rx <= 1; rx++) {
		struct pair_net net;
		struct pair *p = begin(&net, CLIENT, HOST_DIAL_ON_DEMAND);

		(void)state;
		for (unsigned i = 0; i < 20; i++) {
			pair_run(p, TIMEOUT_MS / 2);
			pair_carry(p, CLIENT, rx, !rx);
		}
		check(p, pair_open_links(p, CLIENT) == 2);
		assert_in_range(until_closed(p), TIMEOUT_MS, TIMEOUT_MS + LOOK_MS + 100);
		check_sound(p);
		pair_free(p);
	}
}

/* Echoes go on all the time, and the peer negotiates IPv6 in multilink frames again and again. */
static void
control_protocols_are_no_traffic(void **state)
{
	static const uint8_t ipv6cp_request[] = {0x80, 0x57, 1, 7, 0, 14, 1, 10, 2, 0, 0, 0xff, 0xfe, 0, 0, 1};
	struct pair_net net;
	struct pair *p = begin(&net, CLIENT, HOST_DIAL_ON_DEMAND);
	struct host_bundle_info info;
	uint64_t from_ms = p->now_ms;

	(void)state;
	assert_true(pair_first_bundle(p, CLIENT, &info));
	while (pair_bundles(p, CLIENT) != 0 && p->now_ms - from_ms < 2 * TIMEOUT_MS) {
		p->node[CLIENT].bundles[info.id].traffic.rx_packets++;
		pair_bundle_inject(p, CLIENT, info.id, ipv6cp_request, sizeof(ipv6cp_request));
		pair_run(p, 1000);
	}
	assert_in_range(p->now_ms - from_ms, TIMEOUT_MS - 1000, TIMEOUT_MS + 1000);
	pair_free(p);
}

static void
without_timeout_nothing_is_asked_and_nothing_closed(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 1);
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	p->hide_traffic = true;
	pair_start(p);
	pair_run(p, 24 * 3600 * 1000);
	check(p, pair_open_links(p, CLIENT) == 1 && pair_open_links(p, AC) == 1);
	assert_int_equal(p->asked_for_traffic, 0);
	check_sound(p);
	pair_free(p);
}

static void
lost_answers_close_nothing(void **state)
{
	struct pair_net net;
	struct pair *p = begin(&net, CLIENT, HOST_DIAL_ON_DEMAND);

	(void)state;
	p->hide_traffic = true;
	pair_run(p, 10 * TIMEOUT_MS);
	check(p, pair_open_links(p, CLIENT) == 2);
	assert_true(p->asked_for_traffic > 10);
	p->hide_traffic = false;
	assert_in_range(until_closed(p), 0, LOOK_MS + 100);
	check_sound(p);
	pair_free(p);
}

/* Then it is for the client to dial again. */
static void
a_concentrator_closes_idle_bundles(void **state)
{
	struct pair_net net;
	struct pair *p = begin(&net, AC, HOST_DIAL_ON_DEMAND);

	(void)state;
	assert_in_range(until_closed(p), TIMEOUT_MS - 500, TIMEOUT_MS + 1000);
	check(p, pair_said(p, AC, "idle for 60 s") != NULL);
	check(p, pair_open_links(p, AC) == 0 && pair_addresses_are_back(p));
	check_sound(p);
	pair_free(p);
}

static void
a_manual_client_stays_down_when_it_was_idle(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 1);
	net.client.dial = HOST_DIAL_MANUAL;
	net.client.idle_timeout_ms = TIMEOUT_MS;
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	pair_start(p);
	pair_admin(p, CLIENT, "home/l0", true);
	pair_run(p, 500);
	check(p, pair_open_links(p, CLIENT) == 1);
	pair_run(p, 3600 * 1000);
	check(p, pair_open_links(p, CLIENT) == 0);
	pair_admin(p, CLIENT, "home/l0", true);
	pair_run(p, 500);
	check(p, pair_open_links(p, CLIENT) == 1);
	check_sound(p);
	pair_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_idle_bundle_is_closed_with_all_its_links),
		cmocka_unit_test(a_packet_in_either_direction_keeps_it_open),
		cmocka_unit_test(control_protocols_are_no_traffic),
		cmocka_unit_test(without_timeout_nothing_is_asked_and_nothing_closed),
		cmocka_unit_test(lost_answers_close_nothing),
		cmocka_unit_test(a_concentrator_closes_idle_bundles),
		cmocka_unit_test(a_manual_client_stays_down_when_it_was_idle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
