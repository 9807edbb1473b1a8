/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/dhcp6_client.h"

#include "tests/unit/ppp/ppp_test.h"

/* The server's answers are made by hand; times are those of RFC 8415 section 7.6 and 15. */

static struct rng rng;
static struct dhcp6_client_config cfg;
static struct dhcp6_client c;
static uint8_t out[DHCP6_MESSAGE_MAX];
static struct dhcp6_message asked; /* the last message that was sent */

static const struct dhcp6_prefix given = {3600, 7200, 56, {{0x20, 0x01, 0x0d, 0xb8, 0x80}}};

static int
setup(void **state)
{
	(void)state;
	rng.state = 7;
	cfg = (struct dhcp6_client_config){.duid = dhcp6_duid_of_mac(&(struct mac){{2, 0, 0, 0, 0, 9}}),
		.iaid = 5,
		.hint_len = 60,
		.random = rng_fill,
		.random_ctx = &rng};
	dhcp6_client_start(&c, &cfg, 1000);
	return 0;
}

/* Runs to the next message; the time when it was sent. */
static uint64_t
next_message(void)
{
	for (unsigned i = 0; i < 5; i++) {
		const uint64_t at_ms = dhcp6_client_deadline_ms(&c);
		struct dhcp6_writer w;

		if (!dhcp6_client_tick(&c, at_ms, &w, out, sizeof(out)))
			continue;
		assert_false(w.overflow);
		assert_int_equal(dhcp6_parse(out, w.len, &asked), DHCP6_OK);
		assert_true(dhcp6_duid_equal(&asked.client, &cfg.duid));
		assert_int_equal(asked.wants_dns, asked.type != DHCP6_RELEASE);
		assert_int_equal(asked.n_ia, 1);
		assert_int_equal(asked.ia[0].code, DHCP6_OPT_IA_PD);
		assert_int_equal(asked.ia[0].iaid, 5);
		return at_ms;
	}
	fail_msg("nothing is sent");
	return 0;
}

struct answer {
	enum dhcp6_type type;
	uint8_t server; /* 0: none */
	bool rapid, other_transaction, other_client, other_iaid, failed;
	const struct dhcp6_prefix *prefix;
	int status; /* of the association; -1: none */
	uint32_t t1_s, t2_s;
};

static bool
answer(const struct answer *a, uint64_t now_ms)
{
	const struct dhcp6_duid server = dhcp6_duid_of_mac(&(struct mac){{2, 0, 0, 0, 1, a->server}});
	struct dhcp6_duid client = cfg.duid;
	uint8_t bytes[300];
	struct dhcp6_writer w;

	client.bytes[9] ^= a->other_client;
	dhcp6_begin(&w, bytes, sizeof(bytes), (uint8_t)a->type, asked.transaction ^ a->other_transaction);
	dhcp6_put_duid(&w, DHCP6_OPT_CLIENT_ID, &client);
	if (a->server != 0)
		dhcp6_put_duid(&w, DHCP6_OPT_SERVER_ID, &server);
	if (a->rapid)
		dhcp6_put(&w, DHCP6_OPT_RAPID_COMMIT, NULL, 0);
	if (a->failed)
		dhcp6_put_status(&w, DHCP6_NOT_ON_LINK);
	dhcp6_put(&w, DHCP6_OPT_DNS, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x53", 16);
	const size_t ia = dhcp6_ia_begin(&w, DHCP6_OPT_IA_PD, a->other_iaid ? 6 : 5, a->t1_s, a->t2_s);

	if (a->prefix != NULL)
		dhcp6_put_prefix(&w, a->prefix);
	if (a->status > 0)
		dhcp6_put_status(&w, (enum dhcp6_status)a->status);
	dhcp6_ia_end(&w, ia);
	return dhcp6_client_input(&c, bytes, w.len, now_ms);
}

static void
assert_leased(uint64_t now_ms)
{
	assert_int_equal(c.state, DHCP6_BOUND);
	assert_int_equal(c.lease.prefix.len, 56);
	assert_true(ip_addr_equal(&c.lease.prefix.prefix, &given.prefix));
	assert_true(c.lease.preferred_until_ms == now_ms + 3600 * 1000);
	assert_true(c.lease.valid_until_ms == now_ms + 7200 * 1000);
	assert_int_equal(c.lease.n_dns, 1);
	assert_int_equal(c.lease.dns[0].b[15], 0x53);
}

/* ------------------------------------------------------------------ getting one */

static void
solicit_is_repeated_less_and_less_often(void **state)
{
	const uint64_t first_ms = next_message();
	uint64_t last_ms = first_ms, rt_ms = 0;
	struct dhcp6_prefix hint;
	const uint8_t *at = asked.ia[0].options;

	(void)state;
	assert_in_range(first_ms, 1000, 2000);
	assert_int_equal(asked.type, DHCP6_SOLICIT);
	assert_true(asked.rapid_commit);
	assert_int_equal(asked.server.len, 0);
	assert_true(dhcp6_prefix_next(&asked.ia[0], &at, &hint));
	assert_int_equal(hint.len, 60);
	const uint32_t transaction = asked.transaction;

	for (unsigned i = 0; i < 20; i++) {
		const uint64_t now_ms = next_message();

		assert_int_equal(asked.transaction, transaction);
		if (i == 0)
			assert_in_range(now_ms - last_ms, 1001, 1100);
		else if (rt_ms < 1600 * 1000)
			assert_in_range(now_ms - last_ms, rt_ms * 19 / 10, rt_ms * 21 / 10 + 1);
		else
			assert_in_range(now_ms - last_ms, 3240 * 1000, 3960 * 1000);
		rt_ms = now_ms - last_ms;
		last_ms = now_ms;
	}
}

static void
rapid_commit_gives_a_lease_at_once(void **state)
{
	const uint64_t now_ms = next_message();

	(void)state;
	assert_true(
		answer(&(struct answer){.type = DHCP6_REPLY, .server = 1, .rapid = true, .prefix = &given}, now_ms));
	assert_leased(now_ms);
	/* T1 and T2 were left to us */
	assert_true(dhcp6_client_deadline_ms(&c) == now_ms + 1800 * 1000);
}

static void
an_offer_is_asked_for(void **state)
{
	uint64_t now_ms = next_message();

	(void)state;
	assert_true(answer(&(struct answer){.type = DHCP6_ADVERTISE, .server = 1, .prefix = &given}, now_ms));
	now_ms = next_message();
	assert_int_equal(asked.type, DHCP6_REQUEST);
	assert_int_equal(asked.server.bytes[9], 1);
	const uint8_t *at = asked.ia[0].options;
	struct dhcp6_prefix prefix;

	assert_true(dhcp6_prefix_next(&asked.ia[0], &at, &prefix));
	assert_true(ip_addr_equal(&prefix.prefix, &given.prefix));
	assert_true(
		answer(&(struct answer){.type = DHCP6_REPLY, .server = 1, .prefix = &given, .t1_s = 100, .t2_s = 200},
			now_ms));
	assert_leased(now_ms);
	assert_true(dhcp6_client_deadline_ms(&c) == now_ms + 100 * 1000);
}

/* Section 18.2.2: after ten Requests it begins anew. */
static void
a_server_that_went_away_is_looked_for_again(void **state)
{
	const uint64_t now_ms = next_message();

	(void)state;
	assert_true(answer(&(struct answer){.type = DHCP6_ADVERTISE, .server = 1, .prefix = &given}, now_ms));
	for (unsigned i = 0; i < 10; i++) {
		next_message();
		assert_int_equal(asked.type, DHCP6_REQUEST);
	}
	next_message();
	assert_int_equal(asked.type, DHCP6_SOLICIT);
}

/* Sections 16.3 and 16.10, and prefixes that nobody can use. */
static void
answers_of_no_use_are_passed_over(void **state)
{
	static const struct dhcp6_prefix no_time = {0, 0, 56, {{0x20, 1}}}, turned = {9, 8, 56, {{0x20, 1}}},
					 longer = {8, 9, 65, {{0x20, 1}}}, local = {8, 9, 56, {{0xfe, 0x80}}};
	static const struct {
		const char *name;
		struct answer a;
	} rows[] = {
		{"another_transaction", {DHCP6_ADVERTISE, 1, .other_transaction = true, .prefix = &given}},
		{"another_client", {DHCP6_ADVERTISE, 1, .other_client = true, .prefix = &given}},
		{"no_server", {DHCP6_ADVERTISE, 0, .prefix = &given}},
		{"another_association", {DHCP6_ADVERTISE, 1, .other_iaid = true, .prefix = &given}},
		{"failed", {DHCP6_ADVERTISE, 1, .failed = true, .prefix = &given}},
		{"no_prefix", {DHCP6_ADVERTISE, 1, .status = DHCP6_NO_PREFIX}},
		{"reply_without_rapid_commit", {DHCP6_REPLY, 1, .prefix = &given}},
		{"request_of_another_client", {DHCP6_REQUEST, 1, .prefix = &given}},
		{"lifetime_of_zero", {DHCP6_ADVERTISE, 1, .prefix = &no_time}},
		{"preferred_longer_than_valid", {DHCP6_ADVERTISE, 1, .prefix = &turned}},
		{"longer_than_64", {DHCP6_ADVERTISE, 1, .prefix = &longer}},
		{"of_the_link", {DHCP6_ADVERTISE, 1, .prefix = &local}},
	};
	const uint64_t now_ms = next_message();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("  %s\n", rows[i].name);
		assert_false(answer(&rows[i].a, now_ms));
		assert_int_equal(c.state, DHCP6_SOLICITING);
	}
}

/* ------------------------------------------------------------------ keeping it */

static uint64_t
get_lease(void)
{
	const uint64_t now_ms = next_message();

	assert_true(
		answer(&(struct answer){.type = DHCP6_REPLY, .server = 1, .rapid = true, .prefix = &given}, now_ms));
	return now_ms;
}

/* Sections 18.2.4 and 18.2.5: Renew from T1 on, Rebind from T2 on, until the lease has ended. */
static void
a_lease_is_renewed_then_rebound_then_lost(void **state)
{
	const uint64_t now_ms = get_lease();
	unsigned renews = 0, rebinds = 0;
	uint64_t at_ms = next_message();

	(void)state;
	assert_true(at_ms == now_ms + 1800 * 1000);
	assert_int_equal(asked.type, DHCP6_RENEW);
	assert_int_equal(asked.server.bytes[9], 1);
	assert_false(asked.rapid_commit);
	for (; asked.type == DHCP6_RENEW; at_ms = next_message())
		renews++;
	assert_true(at_ms == now_ms + 2880 * 1000);
	assert_in_range(renews, 3, 8);
	for (; asked.type == DHCP6_REBIND; at_ms = next_message()) {
		assert_int_equal(asked.server.len, 0);
		rebinds++;
	}
	assert_in_range(rebinds, 5, 14);
	assert_in_range(at_ms, now_ms + 7200 * 1000, now_ms + 7201 * 1000);
	assert_int_equal(asked.type, DHCP6_SOLICIT);
	assert_int_equal(c.lease.prefix.len, 0);
}

static void
what_a_server_says_of_a_renewal_is_followed(void **state)
{
	static const struct dhcp6_prefix no_time = {0, 0, 56, {{0x20, 0x01, 0x0d, 0xb8, 0x80}}};
	uint64_t now_ms;

	(void)state;
	get_lease();
	now_ms = next_message();
	assert_false(answer(&(struct answer){.type = DHCP6_REPLY, .server = 2, .prefix = &given}, now_ms));
	assert_true(answer(&(struct answer){.type = DHCP6_REPLY, .server = 1, .prefix = &given}, now_ms));
	assert_leased(now_ms);
	/* it has forgotten us: the same is asked for again, and kept meanwhile */
	now_ms = next_message();
	assert_true(answer(&(struct answer){.type = DHCP6_REPLY, .server = 1, .status = DHCP6_NO_BINDING}, now_ms));
	assert_int_equal(c.lease.prefix.len, 56);
	now_ms = next_message();
	assert_int_equal(asked.type, DHCP6_REQUEST);
	assert_true(answer(&(struct answer){.type = DHCP6_REPLY, .server = 1, .prefix = &given}, now_ms));
	/* another server takes over */
	while (asked.type != DHCP6_REBIND)
		now_ms = next_message();
	assert_true(answer(&(struct answer){.type = DHCP6_REPLY, .server = 2, .prefix = &given}, now_ms));
	assert_leased(now_ms);
	/* it is not ours any more */
	now_ms = next_message();
	assert_int_equal(asked.server.bytes[9], 2);
	assert_true(answer(&(struct answer){.type = DHCP6_REPLY, .server = 2, .prefix = &no_time}, now_ms));
	assert_int_equal(c.lease.prefix.len, 0);
	next_message();
	assert_int_equal(asked.type, DHCP6_SOLICIT);
}

/* Section 18.2.7: what is given back is not used any more, is said four times at most, to the server that gave it. */
static void
a_lease_is_given_back(void **state)
{
	uint64_t now_ms, last_ms, rt_ms = 1000;
	struct dhcp6_prefix prefix;

	(void)state;
	now_ms = last_ms = get_lease() + 5000;
	assert_true(dhcp6_client_release(&c, now_ms));
	assert_int_equal(c.lease.prefix.len, 0);
	assert_false(dhcp6_client_release(&c, now_ms));
	for (unsigned i = 0; i < 4; i++) {
		const uint64_t at_ms = next_message();
		const uint8_t *at = asked.ia[0].options;

		assert_int_equal(asked.type, DHCP6_RELEASE);
		assert_int_equal(asked.server.bytes[9], 1);
		assert_true(dhcp6_prefix_next(&asked.ia[0], &at, &prefix));
		assert_int_equal(prefix.len, 56);
		assert_true(ip_addr_equal(&prefix.prefix, &given.prefix));
		if (i == 0) {
			assert_true(at_ms == now_ms);
		} else {
			assert_in_range(at_ms - last_ms, rt_ms * 9 / 10, rt_ms * 11 / 10 + 1);
			rt_ms = (at_ms - last_ms) * 2;
		}
		last_ms = at_ms;
	}
	assert_in_range(next_message(), last_ms + rt_ms * 9 / 10, last_ms + rt_ms * 11 / 10 + 1001);
	assert_int_equal(asked.type, DHCP6_SOLICIT);
}

/* Section 18.2.10.2: with any status. */
static void
the_answer_to_a_release_ends_it(void **state)
{
	static const struct answer others[] = {
		{DHCP6_REPLY, 2}, {DHCP6_REPLY, 1, .other_transaction = true}, {DHCP6_ADVERTISE, 1, .prefix = &given}};
	uint64_t now_ms;

	(void)state;
	assert_false(dhcp6_client_release(&c, 1000)); /* there is nothing yet */
	get_lease();
	next_message();
	assert_int_equal(asked.type, DHCP6_RENEW); /* in the middle of another exchange */
	assert_true(dhcp6_client_release(&c, dhcp6_client_deadline_ms(&c)));
	now_ms = next_message();
	assert_int_equal(asked.type, DHCP6_RELEASE);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(answer(&others[i], now_ms));
	assert_int_equal(c.state, DHCP6_RELEASING);
	assert_true(
		answer(&(struct answer){.type = DHCP6_REPLY, .server = 1, .failed = true, .prefix = &given}, now_ms));
	assert_int_equal(c.lease.prefix.len, 0);
	assert_in_range(next_message(), now_ms + 1000, now_ms + 2000);
	assert_int_equal(asked.type, DHCP6_SOLICIT);
}

static void
stopped_it_is_silent_and_has_nothing(void **state)
{
	struct dhcp6_writer w;

	(void)state;
	get_lease();
	dhcp6_client_stop(&c);
	assert_int_equal(c.lease.prefix.len, 0);
	assert_true(dhcp6_client_deadline_ms(&c) == UINT64_MAX);
	assert_false(dhcp6_client_tick(&c, 1 << 30, &w, out, sizeof(out)));
	assert_false(dhcp6_client_input(&c, out, 4, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(solicit_is_repeated_less_and_less_often, setup),
		cmocka_unit_test_setup(rapid_commit_gives_a_lease_at_once, setup),
		cmocka_unit_test_setup(an_offer_is_asked_for, setup),
		cmocka_unit_test_setup(a_server_that_went_away_is_looked_for_again, setup),
		cmocka_unit_test_setup(answers_of_no_use_are_passed_over, setup),
		cmocka_unit_test_setup(a_lease_is_renewed_then_rebound_then_lost, setup),
		cmocka_unit_test_setup(what_a_server_says_of_a_renewal_is_followed, setup),
		cmocka_unit_test_setup(a_lease_is_given_back, setup),
		cmocka_unit_test_setup(the_answer_to_a_release_ends_it, setup),
		cmocka_unit_test_setup(stopped_it_is_silent_and_has_nothing, setup),
	};

	return cmocka_run_group_tests_name("dhcp6 client", tests, NULL, NULL);
}
