/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "control/ppp/host_state.h"
#include "tests/unit/host/check.h"

/* Restart timers and tries as configured reach the machine they are for, in both roles (B-09). */

static const struct host_timing lcp = {1000, 11, 3, 6}, auth = {2500, 12, 2, 5}, network = {4000, 13, 4, 7};

static void
check_fsm(const struct cp_fsm *f, const struct host_timing *want)
{
	assert_int_equal(f->restart_ms, want->restart_ms);
	assert_int_equal(f->max_configure, want->max_configure);
	assert_int_equal(f->max_terminate, want->max_terminate);
	assert_int_equal(f->max_failure, want->max_failure);
}

static const struct link *
first_link(const struct host *h)
{
	for (uint32_t id = 1; id <= PAIR_LINKS; id++)
		if (link_of(h, id) != NULL)
			return link_of(h, id);
	fail_msg("no link");
	return NULL;
}

static const struct auth_machine *
machine(const struct pair *p, int node)
{
	const struct host *h = p->node[node].host;

	for (uint32_t id = 1; id <= PAIR_LINKS; id++)
		if (link_of(h, id) != NULL)
			return link_of(h, id)->auth[node == CLIENT ? AUTH_CLIENT : AUTH_SERVER];
	return NULL;
}

static bool
both_authenticate(struct pair *p)
{
	return machine(p, AC) != NULL && machine(p, CLIENT) != NULL;
}

static void
check_auth(const struct auth_machine *m, enum host_auth want)
{
	const bool pap = want == HOST_AUTH_PAP;

	assert_int_equal(m->auth, want);
	assert_false(m->rests);
	assert_int_equal(pap ? m->pap.restart_ms : m->chap.restart_ms, auth.restart_ms);
	assert_int_equal(pap ? m->pap.max_tries : m->chap.max_tries, auth.max_configure);
}

static void
each_kind_of_machine_has_its_own_timing(void **state)
{
	static const enum host_auth auths[] = {HOST_AUTH_PAP, HOST_AUTH_CHAP_MD5, HOST_AUTH_MSCHAP2};

	(void)state;
	for (size_t i = 0; i < sizeof(auths) / sizeof(auths[0]); i++) {
		struct pair_net net;
		struct pair *p;

		pair_net_init(&net, 1);
		memset(net.concentrator.auth, 0, sizeof(net.concentrator.auth));
		net.concentrator.auth[0] = net.client.accept[0] = auths[i];
		net.concentrator.lcp.timing = net.client.lcp.timing = lcp;
		net.concentrator.auth_timing = net.client.auth_timing = auth;
		net.concentrator.network.ipv6 = net.client.network.ipv6 = (struct host_policy){true, true};
		net.concentrator.network.timing = net.client.network.timing = network;
		p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
		pair_start(p);
		check(p, pair_until(p, both_authenticate, 5000));
		check_auth(machine(p, AC), auths[i]);
		check_auth(machine(p, CLIENT), auths[i]);
		pair_run(p, 5000);
		check_sound(p);
		for (int node = 0; node < 2; node++) {
			const struct host *h = p->node[node].host;
			const struct link *l = first_link(h);
			const struct bundle *b = bundle_of(h, l->bundle);

			assert_int_equal(l->phase, LINK_OPEN);
			check_fsm(&l->lcp.fsm, &lcp);
			assert_non_null(b);
			check_fsm(&b->ipcp.fsm, &network);
			check_fsm(&b->ipv6cp.fsm, &network);
		}
		pair_free(p);
	}
}

/* What nobody hears is repeated as often as its kind is told to be, and no longer. */
static void
a_silent_peer_is_given_up_after_the_tries_of_lcp(void **state)
{
	struct host_counters counters;
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 1);
	net.links[0].redial.attempts = -1;
	net.concentrator.lcp.timing = (struct host_timing){.restart_ms = 700, .max_configure = 4};
	net.client.lcp.timing = (struct host_timing){.restart_ms = 60000, .max_configure = 9};
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	pair_start(p);
	while (p->node[AC].frames < 2) /* PADO and PADS */
		pair_run(p, 1);
	p->cut[0] = true;
	pair_run(p, 10);
	const unsigned before = p->node[AC].frames;

	pair_run(p, 4 * 700 - 20);
	check(p, p->node[AC].frames - before == 3);
	check(p, pair_said(p, AC, "no answer to Configure-Requests") == NULL);
	pair_run(p, 40);
	check(p, pair_said(p, AC, "no answer to Configure-Requests") != NULL);
	host_counters(p->node[AC].host, &counters);
	check(p, counters.auth_ok == 0);
	pair_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_machine_has_its_own_timing),
		cmocka_unit_test(a_silent_peer_is_given_up_after_the_tries_of_lcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
