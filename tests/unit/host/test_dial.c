/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "control/ppp/host_state.h"
#include "tests/unit/host/check.h"

/* ------------------------------------------------------------------ the curve */

static void
delay_grows_up_to_the_limit(void **state) /* G-23 */
{
	static const struct {
		const char *name;
		struct host_redial redial;
		uint64_t want[5];
	} rows[] = {
		{"fixed", {.delay_ms = 1000}, {1000, 1000, 1000, 1000, 1000}},
		{"growing", {.delay_ms = 1000, .increment_ms = 500}, {1000, 1500, 2000, 2500, 3000}},
		{"limited", {.delay_ms = 1000, .increment_ms = 2000, .limit_ms = 4500}, {1000, 3000, 4500, 4500, 4500}},
		{"limit below the delay", {.delay_ms = 1000, .increment_ms = 1, .limit_ms = 10},
			{1000, 1000, 1000, 1000, 1000}},
		{"at once", {0}, {0, 0, 0, 0, 0}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (uint32_t n = 0; n < 5; n++)
			assert_true(dial_delay_ms(&rows[i].redial, n, UINT32_MAX) == rows[i].want[n]);
}

static void
delay_does_not_overflow(void **state)
{
	const struct host_redial r = {UINT32_MAX, UINT32_MAX, 0, UINT32_MAX, 0};

	(void)state;
	assert_true(dial_delay_ms(&r, UINT32_MAX, UINT32_MAX) > (uint64_t)UINT32_MAX * UINT32_MAX);
}

static void
jitter_is_even_over_its_range(void **state) /* G-37 */
{
	enum { BINS = 10, DRAWS = 20000 };
	const struct host_redial r = {.delay_ms = 1000, .limit_ms = 1000, .jitter_ms = 2999};
	unsigned bins[BINS] = {0};
	uint32_t rng = 42;

	(void)state;
	for (unsigned i = 0; i < DRAWS; i++) {
		uint64_t delay;

		rng = rng * 1664525 + 1013904223;
		delay = dial_delay_ms(&r, 3, rng);
		assert_in_range(delay, 1000, 3999);
		bins[(delay - 1000) * BINS / 3000]++;
	}
	for (unsigned i = 0; i < BINS; i++)
		assert_in_range(bins[i], DRAWS / BINS * 9 / 10, DRAWS / BINS * 11 / 10);
	assert_true(dial_delay_ms(&r, 0, 0) == 1000);
	assert_true(dial_delay_ms(&r, 0, UINT32_MAX) == 3999);
}

/* ------------------------------------------------------------------ redial of a whole host */

static struct pair *
unanswered(struct pair_net *net, int attempts)
{
	struct pair *p;

	pair_net_init(net, 1);
	net->links[0].redial = (struct host_redial){.delay_ms = 1000, .attempts = attempts};
	p = pair_new(&net->cfg[AC], &net->cfg[CLIENT], 1);
	p->cut[0] = true;
	pair_start(p);
	return p;
}

static void
attempts_have_their_three_meanings(void **state) /* G-37 */
{
	static const struct {
		const char *name;
		int attempts;
		uint32_t redials;
		const char *phase;
	} rows[] = {
		{"never", -1, 0, "idle"},
		{"once", 1, 1, "idle"},
		{"five times", 5, 5, "idle"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pair_net net;
		struct pair *p = unanswered(&net, rows[i].attempts);
		struct host_link_info info;

		pair_run(p, 3600 * 1000);
		check(p, pair_link_info(p, CLIENT, "home/l0", &info));
		assert_int_equal(info.redials, rows[i].redials);
		assert_string_equal(info.phase, rows[i].phase);
		check(p, pair_said(p, CLIENT, "not dialled again") != NULL);
		check_sound(p);
		pair_free(p);
	}
}

static void
zero_attempts_means_for_ever(void **state)
{
	struct pair_net net;
	struct pair *p = unanswered(&net, 0);
	struct host_link_info info;

	(void)state;
	pair_run(p, 24 * 3600 * 1000);
	assert_true(pair_link_info(p, CLIENT, "home/l0", &info));
	assert_true(info.redials > 1000);
	p->cut[0] = false;
	pair_run(p, 60 * 1000);
	check(p, pair_open_links(p, CLIENT) == 1);
	check_sound(p);
	pair_free(p);
}

static void
success_clears_the_count(void **state)
{
	struct pair_net net;
	struct pair *p = unanswered(&net, 3);

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		p->cut[0] = false;
		pair_run(p, 60 * 1000);
		check(p, pair_open_links(p, CLIENT) == 1);
		p->cut[0] = true;
		pair_run(p, 35 * 1000); /* echo loss and at most two redials */
		check(p, pair_open_links(p, CLIENT) == 0);
	}
	pair_free(p);
}

static void
redials_follow_the_curve(void **state) /* G-23 */
{
	static const uint64_t want_ms[] = {1000, 3000, 5000, 6000, 6000};
	struct pair_net net;
	struct host_link_info info;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 1);
	net.links[0].redial = (struct host_redial){.delay_ms = 1000, .increment_ms = 2000, .limit_ms = 6000};
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	p->cut[0] = true;
	pair_start(p);
	for (size_t i = 0; i < sizeof(want_ms) / sizeof(want_ms[0]); i++) {
		do {
			pair_run(p, 1);
			assert_true(pair_link_info(p, CLIENT, "home/l0", &info));
		} while (strcmp(info.phase, "wait") != 0);
		assert_in_range(info.next_dial_ms - p->now_ms, want_ms[i] - 1, want_ms[i]);
		pair_run(p, want_ms[i] + 1);
	}
	pair_free(p);
}

/* ------------------------------------------------------------------ ports */

static void
the_second_candidate_is_used_when_the_first_has_no_carrier(void **state) /* G-12 */
{
	struct pair_net net;
	struct host_link_info info;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 1);
	net.links[0].ports = net.port_index;
	net.links[0].n_ports = 3;
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	pair_carrier(p, CLIENT, 0, false);
	pair_start(p);
	pair_run(p, 500);
	check(p, pair_open_links(p, CLIENT) == 1);
	assert_true(pair_link_info(p, CLIENT, "home/l0", &info));
	assert_int_equal(info.key.port, 1);
	check_sound(p);
	pair_free(p);
}

static void
a_silent_candidate_is_left_for_the_next_one(void **state) /* G-12 */
{
	struct pair_net net;
	struct host_link_info info;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 1);
	net.links[0].ports = net.port_index;
	net.links[0].n_ports = 3;
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	p->cut[0] = p->cut[1] = true;
	pair_start(p);
	pair_run(p, 60 * 1000);
	check(p, pair_open_links(p, CLIENT) == 1);
	assert_true(pair_link_info(p, CLIENT, "home/l0", &info));
	assert_int_equal(info.key.port, 2);
	assert_int_equal(info.redials, 0);
	pair_free(p);
}

static void
a_link_waits_for_carrier(void **state)
{
	struct pair_net net;
	struct host_link_info info;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 1);
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	pair_carrier(p, CLIENT, 0, false);
	pair_start(p);
	pair_run(p, 3600 * 1000);
	assert_int_equal(p->node[CLIENT].frames, 0);
	assert_true(pair_link_info(p, CLIENT, "home/l0", &info));
	assert_string_equal(info.phase, "wait");
	assert_non_null(strstr(info.explain, "carrier"));
	pair_carrier(p, CLIENT, 0, true);
	pair_run(p, 200);
	check(p, pair_open_links(p, CLIENT) == 1);
	pair_free(p);
}

static void
the_operator_closes_and_opens_a_link(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	pair_start(p);
	pair_run(p, 500);
	check(p, pair_open_links(p, CLIENT) == 2);
	assert_int_equal(pair_admin(p, CLIENT, "home/l1", false), 0);
	pair_run(p, 3600 * 1000);
	check(p, pair_open_links(p, CLIENT) == 1 && pair_open_links(p, AC) == 1);
	check(p, pair_said(p, CLIENT, "closed by the operator") != NULL);
	assert_int_equal(pair_admin(p, CLIENT, "home/l1", true), 0);
	pair_run(p, 500);
	check(p, pair_open_links(p, CLIENT) == 2 && pair_bundles(p, AC) == 1);
	check_sound(p);
	pair_free(p);
}

static void
unknown_names_are_refused(void **state)
{
	static const char *const names[] = {
		"", "/", "home", "home/", "home/l9", "homel0", "0", "99999", "-1", "1x", "4294967297"};
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 1);
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	pair_start(p);
	pair_run(p, 500);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(pair_admin(p, CLIENT, names[i], false), -2);
		assert_int_equal(pair_admin(p, AC, names[i], false), -2);
		assert_int_equal(host_trace(p->node[AC].host, names[i], true), -2);
	}
	assert_int_equal(pair_admin(p, AC, "1", true), -22);
	assert_int_equal(pair_admin(p, AC, "1", false), 0);
	pair_run(p, 100);
	check(p, pair_open_links(p, CLIENT) == 0);
	check_sound(p);
	pair_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delay_grows_up_to_the_limit),
		cmocka_unit_test(delay_does_not_overflow),
		cmocka_unit_test(jitter_is_even_over_its_range),
		cmocka_unit_test(attempts_have_their_three_meanings),
		cmocka_unit_test(zero_attempts_means_for_ever),
		cmocka_unit_test(success_clears_the_count),
		cmocka_unit_test(redials_follow_the_curve),
		cmocka_unit_test(the_second_candidate_is_used_when_the_first_has_no_carrier),
		cmocka_unit_test(a_silent_candidate_is_left_for_the_next_one),
		cmocka_unit_test(a_link_waits_for_carrier),
		cmocka_unit_test(the_operator_closes_and_opens_a_link),
		cmocka_unit_test(unknown_names_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
