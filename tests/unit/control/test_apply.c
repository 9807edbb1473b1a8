/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/apply.h"
#include "control/events.h"
#include "control/log.h"
#include "control/rib.h"
#include "tests/unit/control/fake.h"

static const struct host_multilink multilink = {
	.mode = HOST_OVERFLOW, .overflow_ms = 9, .queue_ms = 33, .tolerate_reorder = true};
static struct config_port two_ports[2];
static const struct config two = {.ports = two_ports, .n_ports = 2};
static struct setup setup_values;
static struct control c;

static int
setup(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	memset(&c, 0, sizeof(c));
	setup_values.dp.workers = 2;
	setup_values.dp.bundles_max = 4;
	setup_values.host.bundles_max = 6;
	setup_values.host.sessions_max = 12;
	memset(two_ports, 0, sizeof(two_ports));
	c.cfg = &two;
	c.setup = &setup_values;
	c.out = calloc(1, sizeof(*c.out));
	c.events = events_new();
	c.rib = rib_new(32);
	c.apply = apply_new(&c);
	return c.apply == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	apply_free(c.apply);
	rib_free(c.rib);
	events_free(c.events);
	free(c.out);
	return 0;
}

static struct host_out_item *
effect(enum host_out_kind kind, host_bundle_id bundle, host_link_id link)
{
	struct host_out_item *it = &c.out->items[c.out->n++];

	*it = (struct host_out_item){.kind = (uint8_t)kind, .bundle = bundle, .link = link};
	return it;
}

static void
set_bundle(host_bundle_id id)
{
	effect(HOST_OUT_BUNDLE_SET, id, 0)->bundle_values = (struct host_bundle_values){
		.mp = true, .v4 = true, .rx_mrru = 1486, .rx_max = 1500, .tx_mrru = 1500, .multilink = &multilink};
}

static void
install_link(host_bundle_id bundle, host_link_id link, uint8_t slot)
{
	effect(HOST_OUT_LINK_INSTALL, bundle, link)->link_values = (struct host_link_values){
		.key = {.port = 1, .session = (uint16_t)link}, .slot = slot, .tx_mru = 1492, .line = {.cost = slot}};
}

static void
turn(void)
{
	apply_look(&c);
	apply_poll(&c, 0);
}

static void
carried_out(void)
{
	fake.applied[0] = fake.applied[1] = fake.n_commands;
	turn();
}

static void
scrubbing_is_carried_over(void **state)
{
	static const struct {
		struct host_scrub scrub;
		unsigned want;
	} rows[] = {
		{{0, false, false, true, true}, 0},
		{{15, false, false, true, true}, DP_SCRUB_FROM_LINKS | DP_SCRUB_TO_LINKS},
		{{0, false, true, true, false}, DP_SCRUB_FROM_LINKS | DP_SCRUB_CLEAR_DF},
		{{0, true, false, true, true}, DP_SCRUB_FROM_LINKS | DP_SCRUB_TO_LINKS | DP_SCRUB_REASSEMBLE},
		{{254, false, true, false, true}, DP_SCRUB_TO_LINKS | DP_SCRUB_CLEAR_DF},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		set_bundle(3);
		c.out->items[c.out->n - 1].bundle_values.scrub = rows[i].scrub;
		apply_effects(&c);
		assert_int_equal(fake.n_commands, i + 1);
		assert_int_equal(fake.commands[i].cmd.bundle_set.scrub, rows[i].want);
		assert_int_equal(fake.commands[i].cmd.bundle_set.min_ttl, rows[i].scrub.min_ttl);
	}
}

static void
a_bundle_takes_1500_bytes_whatever_was_agreed(void **state)
{
	(void)state;
	set_bundle(3); /* 1486 were agreed */
	apply_effects(&c);
	assert_int_equal(fake.commands[0].cmd.bundle_set.rx_mrru, 1500);
}

static void
a_link_is_steered_only_when_the_worker_has_it(void **state)
{
	(void)state;
	set_bundle(3);
	install_link(3, 7, 2);
	apply_effects(&c);
	assert_int_equal(c.out->n, 0);
	assert_int_equal(fake.n_commands, 2);
	assert_int_equal(fake.commands[0].cmd.op, DP_CMD_BUNDLE_SET);
	assert_int_equal(fake.commands[0].cmd.bundle_set.flags, DP_BUNDLE_MP | DP_BUNDLE_V4 | DP_BUNDLE_TOLERATE);
	assert_int_equal(fake.commands[0].cmd.bundle_set.mode, DP_SCHED_OVERFLOW);
	assert_int_equal(fake.commands[0].cmd.bundle_set.overflow_ms, 9);
	assert_int_equal(fake.commands[0].cmd.bundle_set.queue_ms, 33);
	assert_int_equal(fake.commands[1].cmd.op, DP_CMD_LINK_SET);
	assert_int_equal(fake.commands[1].cmd.link_set.slot, 2);
	assert_int_equal(fake.commands[1].cmd.link_set.cost, 2);
	assert_int_equal(fake.commands[1].worker, fake.commands[0].worker);
	fake.applied[fake.commands[0].worker] = 1;
	turn();
	assert_int_equal(fake.n_steered, 0);
	assert_int_equal(fake.n_installed, 0);
	assert_true(apply_busy(&c));
	carried_out();
	assert_int_equal(fake.n_steered, 1);
	assert_int_equal(fake.steered[0].slot, 2);
	assert_int_equal(fake.steered[0].key.session, 7);
	assert_int_equal(fake.n_installed, 1);
	assert_int_equal(fake.installed[0].link, 7);
	assert_true(fake.installed[0].ok);
	assert_false(apply_busy(&c));
}

/* "You are authenticated" and the first NCP packet behind it must not overtake each other. */
static void
frames_of_a_link_go_through_the_home_of_its_bundle(void **state)
{
	static const struct {
		host_link_id link;
		bool by_home;
	} rows[] = {
		{0, false},  /* discovery */
		{6, false},  /* a link without bundle */
		{13, false}, /* no such link */
		{7, true},
	};

	(void)state;
	set_bundle(1); /* takes the one worker */
	set_bundle(3);
	install_link(3, 7, 2);
	for (unsigned i = 0; i < 4; i++)
		effect(HOST_OUT_FRAME, 0, rows[i].link)->data.len = 60;
	effect(HOST_OUT_BUNDLE_PACKET, 3, 0)->data.len = 10;
	effect(HOST_OUT_LINK_REMOVE, 3, 7);
	effect(HOST_OUT_FRAME, 0, 7)->data.len = 60;
	apply_effects(&c);
	assert_int_equal(fake.n_frames, 6);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(fake.frames[i].to.kind, DP_TO_PORT);
		assert_int_equal(fake.frames[i].to.by_home, rows[i].by_home);
	}
	assert_int_equal(fake.frames[3].to.bundle.home, fake.frames[4].to.bundle.home);
	assert_int_not_equal(fake.commands[0].worker, fake.frames[3].to.bundle.home);
	assert_false(fake.frames[5].to.by_home);
}

static void
each_install_of_a_link_is_confirmed(void **state)
{
	(void)state;
	set_bundle(1);
	install_link(1, 1, 0);
	install_link(1, 1, 0);
	apply_effects(&c);
	carried_out();
	assert_int_equal(fake.n_installed, 2);
}

static void
a_link_removed_under_way_is_neither_steered_nor_confirmed(void **state)
{
	(void)state;
	set_bundle(1);
	install_link(1, 5, 0);
	effect(HOST_OUT_LINK_REMOVE, 1, 5);
	apply_effects(&c);
	/* The id is used again at once. */
	install_link(1, 5, 1);
	apply_effects(&c);
	carried_out();
	assert_int_equal(fake.n_commands, 4);
	assert_int_equal(fake.commands[2].cmd.op, DP_CMD_LINK_REMOVE);
	assert_int_equal(fake.n_steered, 1);
	assert_int_equal(fake.steered[0].slot, 1);
	assert_int_equal(fake.n_installed, 1);
}

static void
commands_wait_for_the_ring_in_order(void **state)
{
	(void)state;
	fake.ring_full = true;
	set_bundle(1);
	install_link(1, 1, 0);
	effect(HOST_OUT_LINK_REMOVE, 1, 1);
	effect(HOST_OUT_BUNDLE_REMOVE, 1, 0);
	apply_effects(&c);
	assert_int_equal(fake.n_commands, 0);
	turn();
	assert_int_equal(fake.n_commands, 0);
	fake.ring_full = false;
	turn();
	assert_int_equal(fake.n_commands, 4);
	assert_int_equal(fake.commands[0].cmd.op, DP_CMD_BUNDLE_SET);
	assert_int_equal(fake.commands[1].cmd.op, DP_CMD_LINK_SET);
	assert_int_equal(fake.commands[2].cmd.op, DP_CMD_LINK_REMOVE);
	assert_int_equal(fake.commands[3].cmd.op, DP_CMD_BUNDLE_REMOVE);
}

static void
a_bundles_id_comes_back_when_it_is_gone_and_its_index_when_all_is_quiet(void **state)
{
	struct dp_bundle_ref first, second;

	(void)state;
	set_bundle(1);
	apply_effects(&c);
	assert_true(apply_bundle_ref(&c, 1, &first));
	assert_int_equal(apply_bundle_id(&c, first), 1);
	effect(HOST_OUT_BUNDLE_REMOVE, 1, 0);
	apply_effects(&c);
	assert_int_equal(fake.n_removed, 0);
	carried_out();
	assert_int_equal(fake.n_removed, 1);
	assert_int_equal(fake.removed[0], 1);
	assert_int_equal(apply_bundle_id(&c, first), 0);
	/* Seven more bundles fit in two times four indexes, the eighth must wait for the resting one. */
	for (host_bundle_id id = 1; id <= 6; id++)
		set_bundle(id);
	apply_effects(&c);
	assert_true(apply_busy(&c));
	for (host_bundle_id id = 1; id <= 6; id++) {
		assert_true(apply_bundle_ref(&c, id, &second));
		assert_false(second.home == first.home && second.index == first.index);
	}
	fake.quiescent = 1;
	carried_out();
	assert_false(apply_busy(&c));
}

static void
a_link_without_bundle_is_refused_but_not_from_within(void **state)
{
	(void)state;
	install_link(2, 4, 0);
	apply_effects(&c);
	assert_int_equal(fake.n_installed, 0);
	turn();
	assert_int_equal(fake.n_installed, 1);
	assert_int_equal(fake.installed[0].link, 4);
	assert_false(fake.installed[0].ok);
}

static void
a_session_that_cannot_be_steered_refuses_its_link(void **state)
{
	(void)state;
	fake.steer_result = -28;
	set_bundle(1);
	install_link(1, 1, 0);
	apply_effects(&c);
	carried_out();
	assert_int_equal(fake.n_installed, 1);
	assert_false(fake.installed[0].ok);
}

/* The line goes to a file meanwhile. */
static void
steer_and_read_log(char *text, size_t size)
{
	FILE *file = tmpfile();
	const int err = dup(STDERR_FILENO);
	size_t n;

	assert_non_null(file);
	dup2(fileno(file), STDERR_FILENO);
	carried_out();
	dup2(err, STDERR_FILENO);
	close(err);
	rewind(file);
	n = fread(text, 1, size - 1, file);
	text[n] = '\0';
	fclose(file);
}

static void
what_the_driver_refuses_is_logged_with_the_port(void **state)
{
	struct config_port ports[2] = {{.name = (char[]){"north"}}, {.name = (char[]){"south"}}};
	const struct config cfg = {.ports = ports, .n_ports = 2};
	char text[512];

	(void)state;
	log_open(LOG_LEVEL_INFO);
	c.cfg = &cfg;
	fake.remark = "driver d refuses";
	set_bundle(1);
	install_link(1, 1, 0);
	install_link(1, 2, 1);
	apply_effects(&c);
	steer_and_read_log(text, sizeof(text));
	assert_non_null(strstr(text, "port south: driver d refuses\n"));
	assert_ptr_equal(strchr(text, '\n') + 1, text + strlen(text));
	assert_int_equal(fake.n_installed, 2);
}

static void
a_link_that_found_no_place_in_the_data_plane_is_refused(void **state)
{
	struct dp_bundle_ref ref;
	struct dp_event gone = {.op = DP_EVENT_LINK_GONE, .slot = 3};

	(void)state;
	set_bundle(1);
	install_link(1, 1, 3);
	apply_effects(&c);
	assert_true(apply_bundle_ref(&c, 1, &ref));
	gone.bundle = ref.index;
	gone.home = ref.home;
	gone.gen = ref.gen;
	apply_event(&c, &gone);
	carried_out();
	assert_int_equal(fake.n_installed, 1);
	assert_false(fake.installed[0].ok);
	assert_int_equal(fake.n_steered, 0);
}

static void
a_refusal_that_comes_between_look_and_poll_counts(void **state)
{
	struct dp_bundle_ref ref;
	struct dp_event gone = {.op = DP_EVENT_LINK_GONE, .slot = 3};

	(void)state;
	set_bundle(1);
	install_link(1, 1, 3);
	apply_effects(&c);
	assert_true(apply_bundle_ref(&c, 1, &ref));
	gone.bundle = ref.index;
	gone.home = ref.home;
	gone.gen = ref.gen;
	apply_look(&c);
	/* events were drained; now the worker refuses, and has carried the command out */
	fake.applied[0] = fake.applied[1] = fake.n_commands;
	apply_poll(&c, 0);
	assert_int_equal(fake.n_installed, 0);
	assert_true(apply_busy(&c));
	apply_look(&c);
	apply_event(&c, &gone);
	apply_poll(&c, 0);
	assert_int_equal(fake.n_installed, 1);
	assert_false(fake.installed[0].ok);
	assert_int_equal(fake.n_steered, 0);
}

static void
the_end_of_a_removed_link_does_not_count_against_its_successor(void **state)
{
	struct dp_bundle_ref ref;
	struct dp_event gone = {.op = DP_EVENT_LINK_GONE, .slot = 0};

	(void)state;
	set_bundle(1);
	install_link(1, 1, 0);
	apply_effects(&c);
	carried_out();
	effect(HOST_OUT_LINK_REMOVE, 1, 1);
	install_link(1, 2, 0);
	apply_effects(&c);
	assert_true(apply_bundle_ref(&c, 1, &ref));
	gone.bundle = ref.index;
	gone.home = ref.home;
	gone.gen = ref.gen;
	apply_event(&c, &gone);
	carried_out();
	assert_int_equal(fake.n_installed, 2);
	assert_true(fake.installed[1].ok);
}

static void
routes_lead_to_bundles_or_to_ourselves(void **state)
{
	struct dp_bundle_ref ref;

	(void)state;
	set_bundle(2);
	effect(HOST_OUT_ROUTE_SET, 2, 0)->route = host_route4(0x0a400a0a, 32);
	effect(HOST_OUT_ROUTE_SET, 0, 0)->route = host_route4(0x0a400001, 32);
	effect(HOST_OUT_ROUTE_SET, 5, 0)->route = host_route4(0x0a400002, 32);
	apply_effects(&c);
	assert_true(apply_bundle_ref(&c, 2, &ref));
	assert_int_equal(fake.n_routes, 2); /* nobody knows bundle 5 */
	assert_int_equal(fake.routes[0].next.kind, DP_NEXT_BUNDLE);
	assert_int_equal(fake.routes[0].next.bundle.index, ref.index);
	assert_int_equal(fake.routes[0].prefix, 0x0a400a0a);
	assert_int_equal(fake.routes[1].next.kind, DP_NEXT_LOCAL);
	effect(HOST_OUT_ROUTE_DEL, 2, 0)->route = host_route4(0x0a400a0a, 32);
	apply_effects(&c);
	assert_int_equal(fake.n_routes, 3);
	assert_false(fake.routes[2].set);
}

static void
a_clients_address_may_be_a_hosts_behind_a_port(void **state)
{
	static char name[] = "second";

	(void)state;
	two_ports[1].address_of = (struct config_ref){.name = name, .index = 1};
	effect(HOST_OUT_ROUTE_SET, 0, 0)->route = host_route4(0x0a400001, 32);
	effect(HOST_OUT_ROUTE_SET, 0, 0)->route = host_route4(0x0a400002, 32);
	c.out->items[c.out->n - 1].client = 1;
	apply_effects(&c);
	assert_int_equal(fake.n_routes, 2);
	assert_int_equal(fake.routes[0].next.kind, DP_NEXT_LOCAL);
	assert_int_equal(fake.routes[1].next.kind, DP_NEXT_GATEWAY);
	assert_int_equal(fake.routes[1].next.port, 1);
	assert_int_equal(fake.routes[1].next.gateway_be, htonl(0x0a400002));
	effect(HOST_OUT_ROUTE_DEL, 0, 0)->route = host_route4(0x0a400002, 32);
	apply_effects(&c);
	assert_int_equal(fake.n_routes, 3);
	assert_false(fake.routes[2].set);
}

static void
counters_are_copied_when_the_worker_is_done_with_them(void **state)
{
	struct apply_mark mark;
	uint64_t taken_us;

	(void)state;
	set_bundle(1);
	apply_effects(&c);
	carried_out();
	assert_null(apply_stats(&c, 1, &taken_us));
	assert_true(apply_snapshot(&c, 1, 0, 0));
	assert_true(apply_snapshot(&c, 1, 0, 0)); /* one at a time */
	assert_int_equal(fake.n_commands, 2);
	assert_int_equal(fake.commands[1].cmd.op, DP_CMD_SNAPSHOT);
	mark = apply_mark(&c);
	fake.commands[1].cmd.snapshot->rx_bytes = 4711;
	assert_null(apply_stats(&c, 1, &taken_us));
	assert_false(apply_passed(&c, &mark));
	carried_out();
	assert_true(apply_passed(&c, &mark));
	assert_int_equal(apply_stats(&c, 1, &taken_us)->rx_bytes, 4711);
}

static void
the_core_gets_the_traffic_it_asks_for(void **state)
{
	(void)state;
	set_bundle(1);
	apply_effects(&c);
	carried_out();
	effect(HOST_OUT_TRAFFIC_ASK, 1, 0);
	effect(HOST_OUT_TRAFFIC_ASK, 2, 0); /* no such bundle */
	apply_effects(&c);
	effect(HOST_OUT_TRAFFIC_ASK, 1, 0); /* while one is under way, that will do */
	apply_effects(&c);
	assert_int_equal(fake.n_commands, 2);
	assert_int_equal(fake.commands[1].cmd.op, DP_CMD_SNAPSHOT);
	fake.commands[1].cmd.snapshot->rx_packets = 47;
	fake.commands[1].cmd.snapshot->tx_packets = 11;
	assert_int_equal(fake.n_traffic, 0);
	carried_out();
	assert_int_equal(fake.n_traffic, 1);
	assert_int_equal(fake.traffic_bundle, 1);
	assert_int_equal(fake.traffic.rx_packets, 47);
	assert_int_equal(fake.traffic.tx_packets, 11);
	assert_true(apply_snapshot(&c, 1, 0, 0)); /* the operator's question is not the core's */
	carried_out();
	assert_int_equal(fake.n_traffic, 1);
}

static void
many_waiting_commands_are_a_reason_to_feed_the_core_no_more(void **state)
{
	(void)state;
	fake.ring_full = true;
	assert_false(apply_congested(&c));
	for (unsigned i = 0; i < 20; i++) {
		for (unsigned k = 0; k < HOST_OUT_ITEMS; k++)
			set_bundle(1);
		apply_effects(&c);
		if (apply_congested(&c))
			return;
	}
	fail_msg("never congested");
}

static void
frames_that_are_not_taken_are_counted(void **state)
{
	(void)state;
	fake.inject_full = true;
	effect(HOST_OUT_FRAME, 0, 0)->data.len = 60;
	apply_effects(&c);
	assert_int_equal(c.counters.inject_refused, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(scrubbing_is_carried_over, setup, teardown),
		cmocka_unit_test_setup_teardown(a_bundle_takes_1500_bytes_whatever_was_agreed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_link_is_steered_only_when_the_worker_has_it, setup, teardown),
		cmocka_unit_test_setup_teardown(frames_of_a_link_go_through_the_home_of_its_bundle, setup, teardown),
		cmocka_unit_test_setup_teardown(each_install_of_a_link_is_confirmed, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_link_removed_under_way_is_neither_steered_nor_confirmed, setup, teardown),
		cmocka_unit_test_setup_teardown(commands_wait_for_the_ring_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_bundles_id_comes_back_when_it_is_gone_and_its_index_when_all_is_quiet, setup, teardown),
		cmocka_unit_test_setup_teardown(a_link_without_bundle_is_refused_but_not_from_within, setup, teardown),
		cmocka_unit_test_setup_teardown(a_session_that_cannot_be_steered_refuses_its_link, setup, teardown),
		cmocka_unit_test_setup_teardown(what_the_driver_refuses_is_logged_with_the_port, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_link_that_found_no_place_in_the_data_plane_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_refusal_that_comes_between_look_and_poll_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(
			the_end_of_a_removed_link_does_not_count_against_its_successor, setup, teardown),
		cmocka_unit_test_setup_teardown(routes_lead_to_bundles_or_to_ourselves, setup, teardown),
		cmocka_unit_test_setup_teardown(a_clients_address_may_be_a_hosts_behind_a_port, setup, teardown),
		cmocka_unit_test_setup_teardown(counters_are_copied_when_the_worker_is_done_with_them, setup, teardown),
		cmocka_unit_test_setup_teardown(the_core_gets_the_traffic_it_asks_for, setup, teardown),
		cmocka_unit_test_setup_teardown(
			many_waiting_commands_are_a_reason_to_feed_the_core_no_more, setup, teardown),
		cmocka_unit_test_setup_teardown(frames_that_are_not_taken_are_counted, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
