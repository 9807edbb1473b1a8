/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "tests/dpdk/stage_lab.h"
#include "tests/support/fake_nic.h"

/* Rules of sessions in a network card, and RSS on PPPoE: what the driver is asked, what happens when it refuses, and that frames come
 * through whatever it does. Real drivers that refuse are in test_ports.c and in the end-to-end cases. */

static struct lab l;

static void
open_workers(unsigned workers, unsigned queues, uint32_t rules_max)
{
	lab_open_wish(&l,
		&(struct rig_wish){.workers = workers,
			.queues = queues,
			.access_ports = 1,
			.ip_ports = 1,
			.rules_max = rules_max});
}

static void
open_two(void)
{
	open_workers(2, 2, 65535);
}

static void
close_all(void)
{
	rig_settle(&l.r); /* what the tables gave up is theirs again when the workers have looked away */
	rig_close(&l.r);
	assert_int_equal(fake_nic.n, 0);
}

static int
setup(void **state)
{
	(void)state;
	fake_nic_reset();
	return 0;
}

static void
bundle_at(unsigned home, unsigned bundle)
{
	struct dp_bundle_set set = lab_bundle_defaults(bundle);

	set.flags |= DP_BUNDLE_TOLERATE;
	lab_bundle_at(&l, home, bundle, &set);
}

static void
link_at(unsigned home, unsigned bundle, unsigned slot)
{
	const struct dp_link_set set = lab_link_defaults(&l, bundle, slot);

	lab_link_at(&l, home, bundle, &set);
}

/* A link of a bundle of its own. */
static void
join(unsigned home, unsigned bundle)
{
	bundle_at(home, bundle);
	link_at(home, bundle, 0);
}

static void
leave(unsigned bundle)
{
	const struct dp_session_key key = lab_key(&l, bundle, 0);

	assert_int_equal(dp_session_clear(l.r.dp, &key), 0);
}

/* The session is ours, but has no bundle. */
static void
only_punt(unsigned bundle)
{
	const struct dp_session_key key = lab_key(&l, bundle, 0);

	assert_int_equal(dp_session_punt(l.r.dp, &key), 0);
}

static struct dp_port_info
info(unsigned port)
{
	struct dp_port_info i;

	assert_int_equal(dp_port_info(l.r.dp, port, &i), 0);
	return i;
}

static void
assert_rules(uint32_t in_force, uint64_t asked, uint64_t refused, uint64_t passed_over)
{
	const struct dp_port_rules r = info(LAB_ACCESS).rules;

	assert_int_equal(r.in_force, in_force);
	assert_int_equal(r.asked, asked);
	assert_int_equal(r.refused, refused);
	assert_int_equal(r.passed_over, passed_over);
	assert_int_equal(fake_nic.n, in_force);
	assert_int_equal(fake_nic.asked_for, asked);
}

/* The worker that a frame of the link would come to. */
static unsigned
receiver(unsigned bundle, unsigned slot)
{
	const struct frame_path p = lab_path(&l, bundle, slot);
	const struct port *port = &l.r.dp->ports[LAB_ACCESS];
	static struct frame f;
	unsigned queue;

	frame_session(&f, &p, PPP_MP, "1234", 4);
	queue = fake_nic_queue(port->id, &f, port->n_rxq);
	for (unsigned i = 0; i < l.r.n_workers; i++)
		if (l.r.dp->workers[i]->rx_queue[LAB_ACCESS] == (int)queue)
			return i;
	fail_msg("nobody polls queue %u", queue);
	return 0;
}

/* ------------------------------------------------------------------ joining and leaving */

static void
a_session_gets_a_rule_when_it_joins_and_loses_it_when_it_leaves(void **state)
{
	(void)state;
	open_two();
	for (unsigned b = 0; b < 4; b++) {
		join(b % 2, b);
		assert_int_equal(receiver(b, 0), b % 2);
	}
	assert_rules(4, 4, 0, 0);
	leave(1);
	assert_rules(3, 4, 0, 0);
	only_punt(2); /* out of its bundle, PPP goes on */
	assert_rules(2, 4, 0, 0);
	leave(2);
	assert_rules(2, 4, 0, 0);
	assert_null(dp_port_remark(l.r.dp, LAB_ACCESS));
	close_all(); /* of two that never left */
	assert_int_equal(fake_nic.most, 4);
}

static void
vlan_tags_are_part_of_the_rule(void **state)
{
	static const struct vlan_stack stacks[] = {
		{0}, {.outer = VLAN_TAGGED | 7}, {.outer = VLAN_TAGGED | VLAN_AD | 4094, .inner = VLAN_TAGGED | 1}};

	(void)state;
	open_two();
	for (unsigned i = 0; i < RTE_DIM(stacks); i++) {
		l.vlans = stacks[i];
		join(1, i);
		assert_int_equal(receiver(i, 0), 1);
		l.vlans.outer ^= 1; /* the same session id elsewhere */
		assert_true(i == 0 || receiver(i, 0) == 0);
	}
	assert_rules(3, 3, 0, 0);
	close_all();
}

static void
word_leads_nowhere_yet(void)
{
	const struct steer s = steer_unpack(l.r.dp->ports[LAB_ACCESS].steer[lab_session(0, 0)]);

	assert_int_equal(s.state, STEER_PUNT);
}

/* The peer sends data only after control has heard that the link is in: by then all its frames come the same way. */
static void
the_rule_is_there_before_data_is_let_through(void **state)
{
	(void)state;
	open_two();
	only_punt(0);
	fake_nic.asked = word_leads_nowhere_yet;
	join(1, 0);
	assert_rules(1, 1, 0, 0);
	close_all();
}

static void
changes_of_a_link_do_not_ask_again(void **state)
{
	(void)state;
	open_two();
	join(1, 0);
	link_at(1, 0, 0);
	assert_rules(1, 1, 0, 0);
	/* nor where it was refused: a rule now would let frames overtake each other */
	fake_nic.table = 1;
	join(1, 1);
	assert_rules(1, 2, 1, 0);
	leave(0);
	link_at(1, 1, 0);
	assert_rules(0, 2, 1, 0);
	close_all();
}

static void
a_bundle_that_moves_takes_its_rule_along(void **state)
{
	(void)state;
	open_two();
	join(0, 0);
	join(1, 0);
	assert_int_equal(receiver(0, 0), 1);
	assert_rules(1, 2, 0, 0);
	close_all();
}

/* ------------------------------------------------------------------ refusals */

static void
a_driver_that_takes_none_is_asked_once_for_each_number_of_tags(void **state)
{
	const char *remark;

	(void)state;
	open_two();
	fake_nic.refuse[0] = ENOTSUP;
	fake_nic.refuse[2] = EINVAL;
	fake_nic.message = "no such item";
	for (unsigned b = 0; b < 5; b++)
		join(b % 2, b);
	assert_rules(0, 1, 1, 4);
	assert_string_equal(info(LAB_ACCESS).rules.error, "Operation not supported: no such item");
	remark = dp_port_remark(l.r.dp, LAB_ACCESS);
	assert_non_null(remark);
	assert_non_null(
		strstr(remark, "net_ring refuses a rule for a session (Operation not supported: no such item)"));
	l.vlans.outer = VLAN_TAGGED | 5;
	for (unsigned b = 5; b < 8; b++)
		join(1, b);
	assert_rules(3, 4, 1, 4);
	l.vlans.inner = VLAN_TAGGED | 6;
	fake_nic.message = NULL;
	for (unsigned b = 8; b < 11; b++)
		join(1, b);
	assert_rules(3, 5, 2, 6);
	assert_string_equal(info(LAB_ACCESS).rules.error, "Invalid argument");
	assert_null(dp_port_remark(l.r.dp, LAB_ACCESS)); /* once a port */
	assert_null(dp_port_remark(l.r.dp, 99));
	close_all();
}

/* Some drivers have another word for a full table. */
static void
a_full_table_is_left_alone_until_a_rule_has_gone(void **state)
{
	static const int words[] = {ENOSPC, ENOMEM, EINVAL};

	(void)state;
	for (unsigned i = 0; i < RTE_DIM(words); i++) {
		fake_nic_reset();
		fake_nic.table = 2;
		fake_nic.table_errno = words[i];
		open_two();
		for (unsigned b = 0; b < 6; b++)
			join(1, b);
		assert_rules(2, 3, 1, 3);
		leave(5); /* had none */
		join(1, 5);
		assert_rules(2, 3, 1, 4);
		leave(0);
		join(1, 6);
		assert_rules(2, 4, 1, 4);
		assert_int_equal(receiver(6, 0), 1);
		close_all();
	}
}

static void
a_session_id_in_use_twice_costs_only_the_second_its_rule(void **state)
{
	struct dp_session_key key;

	(void)state;
	open_two();
	fake_nic.once = true;
	join(1, 0);
	key = lab_key(&l, 0, 0);
	key.peer.b[5] ^= 0x80;
	assert_int_equal(
		dp_session_link(l.r.dp, &key, (struct dp_bundle_ref){.index = 1, .home = 0, .gen = l.gen}, 0), 0);
	assert_rules(1, 2, 1, 0);
	join(0, 2);
	assert_rules(2, 3, 1, 0);
	assert_int_equal(dp_session_clear(l.r.dp, &key), 0);
	assert_rules(2, 3, 1, 0);
	leave(0);
	assert_rules(1, 3, 1, 0);
	close_all();
}

static void
no_more_rules_than_the_setup_allows(void **state)
{
	(void)state;
	open_workers(2, 2, 3);
	for (unsigned b = 0; b < 5; b++)
		join(1, b);
	assert_rules(3, 3, 0, 2);
	assert_int_equal(info(LAB_ACCESS).rules.max, 3);
	leave(0);
	join(1, 5);
	assert_rules(3, 4, 0, 2);
	close_all();
}

static void
a_home_without_a_queue_of_the_port_is_passed_over(void **state)
{
	(void)state;
	open_workers(3, 2, 65535);
	for (unsigned home = 0; home < 3; home++)
		join(home, home);
	assert_rules(2, 2, 0, 1);
	assert_int_equal(receiver(0, 0), 0);
	assert_int_equal(receiver(1, 0), 1);
	close_all();
}

static void
nothing_is_asked_where_there_is_nothing_to_choose(void **state)
{
	static const struct {
		unsigned workers, queues, max;
	} rows[] = {{1, 1, 65535}, {2, 1, 65535}, {2, 2, 0}};

	(void)state;
	for (unsigned i = 0; i < RTE_DIM(rows); i++) {
		open_workers(rows[i].workers, rows[i].queues, rows[i].max);
		join(0, 0);
		assert_rules(0, 0, 0, 0);
		assert_int_equal(info(LAB_ACCESS).rules.max, 0);
		assert_int_equal(info(LAB_IP).rules.max, 0);
		leave(0);
		close_all();
	}
}

/* ------------------------------------------------------------------ RSS */

static void
hashing_pppoe_is_asked_for_where_it_is_offered(void **state)
{
	const uint64_t ip = RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_TCP;
	const struct {
		unsigned queues;
		uint64_t offered, refused, lines, hosts; /* asked for on access ports, on IP ports */
		enum dp_rss access, ip;
	} rows[] = {
		{2, RTE_ETH_RSS_PPPOE | ip, 0, RTE_ETH_RSS_PPPOE | ip, ip, DP_RSS_PPPOE, DP_RSS_IP},
		{2, RTE_ETH_RSS_PPPOE | RTE_ETH_RSS_VXLAN, 0, RTE_ETH_RSS_PPPOE, 0, DP_RSS_PPPOE, DP_RSS_NONE},
		{2, RTE_ETH_RSS_PPPOE | ip, RTE_ETH_RSS_PPPOE, ip, ip, DP_RSS_IP, DP_RSS_IP},
		{2, RTE_ETH_RSS_PPPOE, RTE_ETH_RSS_PPPOE, 0, 0, DP_RSS_NONE, DP_RSS_NONE},
		{2, ip, 0, ip, ip, DP_RSS_IP, DP_RSS_IP},
		{2, 0, 0, 0, 0, DP_RSS_NONE, DP_RSS_NONE},
		{1, RTE_ETH_RSS_PPPOE | ip, 0, 0, 0, DP_RSS_NONE, DP_RSS_NONE},
	};

	(void)state;
	for (unsigned i = 0; i < RTE_DIM(rows); i++) {
		fake_nic_reset();
		fake_nic.rss_offered = rows[i].offered;
		fake_nic.rss_refused = rows[i].refused;
		open_workers(2, rows[i].queues, 0);
		assert_int_equal(fake_nic.rss[l.r.dp->ports[LAB_ACCESS].id], rows[i].lines);
		assert_int_equal(fake_nic.rss[l.r.dp->ports[LAB_IP].id], rows[i].hosts);
		assert_int_equal(info(LAB_ACCESS).rss, rows[i].access);
		assert_int_equal(info(LAB_IP).rss, rows[i].ip);
		close_all();
	}
}

/* ------------------------------------------------------------------ data */

enum { BUNDLES = 8, LINKS = 2, ROUNDS = 100 };

static uint64_t
handed_over(void)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < l.r.n_workers; i++)
		n += l.r.dp->workers[i]->steered_from_links;
	return n;
}

static void
receive_piece(unsigned bundle, unsigned slot, uint32_t seq, const struct frame *whole, size_t from, size_t n)
{
	const struct frame_path p = lab_path(&l, bundle, slot);
	static struct frame f;

	frame_mp(&f, &p, false, seq, from == 0, from + n == whole->len, whole->b + from, n);
	fake_nic_receive(&l.r, LAB_ACCESS, &f);
}

/* A packet for each bundle, in two pieces over its two links; each must come out. */
static void
round_of_packets(unsigned round)
{
	static struct frame whole;

	for (unsigned b = 0; b < BUNDLES; b++) {
		lab_inner(&whole, b, round, 300 + 7 * b);
		for (unsigned s = 0; s < LINKS; s++) {
			const size_t half = whole.len / 2;

			receive_piece(b, s, LINKS * round + s, &whole, s * half, s == 0 ? half : whole.len - half);
		}
		rig_settle(&l.r);
		lab_expect_packet(&l, b, round, 300 + 7 * b);
	}
}

static void
join_all(void)
{
	for (unsigned b = 0; b < BUNDLES; b++) {
		bundle_at(b % 2, b);
		for (unsigned s = 0; s < LINKS; s++)
			link_at(b % 2, b, s);
	}
}

static void
with_rules_no_frame_is_handed_over_and_without_some_are(void **state)
{
	static const struct {
		bool hash, rules;
		uint64_t want; /* half of the bundles live at the worker of queue 0, and half of their ids are even */
	} rows[] = {
		{false, true, 0},
		{true, true, 0},
		{false, false, BUNDLES * LINKS * ROUNDS / 2},
		{true, false, BUNDLES * LINKS * ROUNDS / 2},
	};

	(void)state;
	for (unsigned i = 0; i < RTE_DIM(rows); i++) {
		fake_nic_reset();
		fake_nic.rss_offered = rows[i].hash ? RTE_ETH_RSS_PPPOE : 0;
		fake_nic.refuse[0] = rows[i].rules ? 0 : ENOTSUP;
		open_two();
		join_all();
		for (unsigned round = 0; round < ROUNDS; round++)
			round_of_packets(round);
		assert_int_equal(handed_over(), rows[i].want);
		assert_int_equal(rig_drops_all(&l.r), 0);
		assert_int_equal(fake_nic.n, rows[i].rules ? BUNDLES * LINKS : 0);
		close_all();
	}
}

/* A peer that does not wait to be told: its first piece lies in the other worker's queue when the rule comes. */
static void
what_came_before_the_rule_is_handed_over_and_not_lost(void **state)
{
	static struct frame whole;

	(void)state;
	open_two();
	bundle_at(1, 0);
	only_punt(0);
	lab_inner(&whole, 0, 1, 400);
	receive_piece(0, 0, 0, &whole, 0, 200);
	link_at(1, 0, 0); /* turns only the home worker */
	receive_piece(0, 0, 1, &whole, 200, whole.len - 200);
	assert_int_equal(rte_ring_count(l.r.port[LAB_ACCESS].in[0]), 1);
	assert_int_equal(rte_ring_count(l.r.port[LAB_ACCESS].in[1]), 1);
	rig_settle(&l.r);
	lab_expect_packet(&l, 0, 1, 400);
	assert_int_equal(handed_over(), 1);
	assert_int_equal(rig_drops_all(&l.r), 0);
	close_all();
}

static void
a_card_that_forgets_its_rules_costs_hand_overs_and_no_packet(void **state)
{
	(void)state;
	open_two();
	join_all();
	round_of_packets(0);
	assert_int_equal(handed_over(), 0);
	fake_nic_forget();
	for (unsigned round = 1; round < 10; round++)
		round_of_packets(round);
	assert_int_equal(handed_over(), 9 * BUNDLES * LINKS / 2);
	assert_int_equal(rig_drops_all(&l.r), 0);
	close_all();
}

/* Rules come and go with links while the other links of the bundle carry on. */
static void
links_that_come_and_go_under_traffic_lose_nothing(void **state)
{
	static struct frame whole;
	uint32_t seq = 0;

	(void)state;
	open_two();
	bundle_at(1, 0);
	link_at(1, 0, 0);
	fake_nic.table = 2;
	for (unsigned i = 0; i < 50; i++) {
		const struct dp_session_key key = lab_key(&l, 0, 1);

		link_at(1, 0, 1);
		for (unsigned n = 0; n < 4; n++) {
			lab_inner(&whole, 0, seq, 500);
			receive_piece(0, n % 2, seq, &whole, 0, whole.len);
			rig_settle(&l.r);
			lab_expect_packet(&l, 0, seq++, 500);
		}
		rig_command(&l.r, 1, &(struct dp_cmd){.op = DP_CMD_LINK_REMOVE, .bundle = 0, .gen = l.gen, .slot = 1});
		assert_int_equal(dp_session_clear(l.r.dp, &key), 0);
	}
	assert_rules(1, 51, 0, 0);
	assert_int_equal(handed_over(), 0);
	assert_int_equal(rig_drops_all(&l.r), 0);
	close_all();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_session_gets_a_rule_when_it_joins_and_loses_it_when_it_leaves, setup),
		cmocka_unit_test_setup(vlan_tags_are_part_of_the_rule, setup),
		cmocka_unit_test_setup(the_rule_is_there_before_data_is_let_through, setup),
		cmocka_unit_test_setup(changes_of_a_link_do_not_ask_again, setup),
		cmocka_unit_test_setup(a_bundle_that_moves_takes_its_rule_along, setup),
		cmocka_unit_test_setup(a_driver_that_takes_none_is_asked_once_for_each_number_of_tags, setup),
		cmocka_unit_test_setup(a_full_table_is_left_alone_until_a_rule_has_gone, setup),
		cmocka_unit_test_setup(a_session_id_in_use_twice_costs_only_the_second_its_rule, setup),
		cmocka_unit_test_setup(no_more_rules_than_the_setup_allows, setup),
		cmocka_unit_test_setup(a_home_without_a_queue_of_the_port_is_passed_over, setup),
		cmocka_unit_test_setup(nothing_is_asked_where_there_is_nothing_to_choose, setup),
		cmocka_unit_test_setup(hashing_pppoe_is_asked_for_where_it_is_offered, setup),
		cmocka_unit_test_setup(with_rules_no_frame_is_handed_over_and_without_some_are, setup),
		cmocka_unit_test_setup(what_came_before_the_rule_is_handed_over_and_not_lost, setup),
		cmocka_unit_test_setup(a_card_that_forgets_its_rules_costs_hand_overs_and_no_packet, setup),
		cmocka_unit_test_setup(links_that_come_and_go_under_traffic_lose_nothing, setup),
	};

	return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
