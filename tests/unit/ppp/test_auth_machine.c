/* SPDX-License-Identifier: BSD-3-Clause */
#include <malloc.h>
#include <string.h>

#include "control/ppp/auth_machine.h"
#include "dataplane/wire/ppp.h"
#include "tests/unit/ppp/ppp_test.h"

/* One direction of authentication, whatever the protocol, and what is left of it at rest. Name and secret: alice, sesame. */

enum { NOW_MS = 1000, USABLE = 56 /* of malloc's chunk of 64 */ };

static const enum host_auth protocols[] = {HOST_AUTH_PAP, HOST_AUTH_CHAP_MD5, HOST_AUTH_MSCHAP, HOST_AUTH_MSCHAP2};
enum { N_PROTOCOLS = sizeof(protocols) / sizeof(protocols[0]) };

static struct rng rng = {.state = 1};

/* The last packet that a machine has sent. */
struct said {
	uint8_t bytes[256];
	size_t len;
};

static void
hear(const struct outbox *out, struct said *said)
{
	const uint8_t *p;
	size_t len;

	assert_false(out->overflow);
	for (unsigned i = 0; (p = sent(out, i, &len)) != NULL; i++) {
		assert_true(len <= sizeof(said->bytes));
		memcpy(said->bytes, p, len);
		said->len = len;
	}
}

static struct auth_machine *
begin(enum host_auth auth, enum auth_role role, uint32_t rechallenge_ms, struct said *said)
{
	const struct auth_machine_config config = {.auth = auth,
		.role = role,
		.name = role == AUTH_CLIENT ? "alice" : "hawser",
		.secret = "sesame",
		.timing = &default_lcp.timing,
		.rechallenge_ms = rechallenge_ms,
		.random = rng_fill,
		.random_ctx = &rng};
	struct auth_machine *m = auth_machine_new();
	struct outbox out;

	assert_non_null(m);
	outbox_init(&out);
	auth_machine_begin(m, &config, NOW_MS, &out);
	hear(&out, said);
	return m;
}

static void
give(struct auth_machine *m, const struct said *packet, struct said *answer)
{
	struct outbox out;

	outbox_init(&out);
	auth_machine_input(m, packet->bytes, packet->len, NOW_MS, &out);
	answer->len = 0;
	hear(&out, answer);
}

static void
decide(struct auth_machine *server, struct said *answer)
{
	struct outbox out;

	outbox_init(&out);
	assert_string_equal(auth_machine_pending(server), "alice");
	auth_machine_verdict(server, auth_machine_check(server, "sesame"), NOW_MS, &out);
	auth_machine_confirm(server, NOW_MS, &out);
	hear(&out, answer);
}

/* A server that is up, and what was said: its challenge (none of PAP), the client's answer to it, and the verdict. */
struct exchange {
	struct auth_machine *client, *server;
	struct said challenge, response, verdict;
};

static struct exchange
authenticate(enum host_auth auth, uint32_t rechallenge_ms)
{
	struct exchange x = {0};
	struct said nothing;

	x.server = begin(auth, AUTH_SERVER, rechallenge_ms, &x.challenge);
	x.client = begin(auth, AUTH_CLIENT, 0, &x.response);
	if (x.challenge.len != 0)
		give(x.client, &x.challenge, &x.response);
	give(x.server, &x.response, &nothing);
	decide(x.server, &x.verdict);
	give(x.client, &x.verdict, &nothing);
	assert_int_equal(auth_machine_state(x.client), AUTH_UP);
	assert_int_equal(auth_machine_state(x.server), AUTH_UP);
	return x;
}

static void
over(struct exchange *x)
{
	auth_machine_free(x->client);
	auth_machine_free(x->server);
}

static void
a_server_at_rest_answers_as_before(void **state)
{
	(void)state;
	for (unsigned i = 0; i < N_PROTOCOLS; i++) {
		struct exchange x = authenticate(protocols[i], 0);
		struct said again;

		print_message("%s\n", auth_title(protocols[i]));
		x.server = auth_machine_rest(x.server);
		assert_ptr_equal(auth_machine_rest(x.server), x.server);
		for (unsigned times = 0; times < 2; times++) {
			give(x.server, &x.response, &again);
			assert_int_equal(again.len, x.verdict.len);
			assert_memory_equal(again.bytes, x.verdict.bytes, again.len);
		}
		x.response.bytes[1]++; /* another identifier, which PAP answers and CHAP does not */
		give(x.server, &x.response, &again);
		assert_int_equal(again.len, protocols[i] == HOST_AUTH_PAP ? x.verdict.len : 0);
		over(&x);
	}
}

static void
a_server_at_rest_knows_its_own_challenge(void **state)
{
	(void)state;
	for (unsigned i = 1; i < N_PROTOCOLS; i++) {
		struct exchange x = authenticate(protocols[i], 0);

		print_message("%s\n", auth_title(protocols[i]));
		x.server = auth_machine_rest(x.server);
		assert_true(auth_machine_is_reflected(x.server, PPP_CHAP, x.challenge.bytes, x.challenge.len));
		x.challenge.bytes[5 + 7] ^= 1; /* within the value, which begins behind its length */
		assert_false(auth_machine_is_reflected(x.server, PPP_CHAP, x.challenge.bytes, x.challenge.len));
		over(&x);
	}
}

static void
nothing_comes_of_one_at_rest_by_itself(void **state)
{
	(void)state;
	for (unsigned i = 0; i < N_PROTOCOLS; i++) {
		struct exchange x = authenticate(protocols[i], 0);
		struct outbox out;

		print_message("%s\n", auth_title(protocols[i]));
		x.server = auth_machine_rest(x.server);
		outbox_init(&out);
		assert_true(auth_machine_deadline_ms(x.server) == UINT64_MAX);
		auth_machine_tick(x.server, UINT64_MAX - 1, &out);
		auth_machine_verdict(x.server, false, NOW_MS, &out);
		auth_machine_confirm(x.server, NOW_MS, &out);
		assert_int_equal(out.n, 0);
		assert_null(auth_machine_pending(x.server));
		assert_string_equal(auth_machine_why(x.server), "no reason given");
		assert_int_equal(auth_machine_state(x.server), AUTH_UP);
		over(&x);
	}
}

static void
at_rest_a_machine_is_small(void **state)
{
	(void)state;
	for (unsigned i = 0; i < N_PROTOCOLS; i++) {
		struct exchange x = authenticate(protocols[i], 0);

		assert_true(malloc_usable_size(x.server) > USABLE);
		x.server = auth_machine_rest(x.server);
		assert_true(malloc_usable_size(x.server) <= USABLE);
		over(&x);
	}
}

/* It will be needed whole: by the next challenge, by the answer to one, by the verdict. */
static void
who_has_something_left_to_do_does_not_rest(void **state)
{
	(void)state;
	for (unsigned i = 1; i < N_PROTOCOLS; i++) {
		struct exchange x = authenticate(protocols[i], 60000);
		struct said challenge;
		struct auth_machine *waiting = begin(protocols[i], AUTH_SERVER, 0, &challenge);

		print_message("%s\n", auth_title(protocols[i]));
		assert_ptr_equal(auth_machine_rest(x.server), x.server);
		assert_false(x.server->rests);
		assert_int_equal(auth_machine_deadline_ms(x.server), NOW_MS + 60000);
		assert_ptr_equal(auth_machine_rest(x.client), x.client);
		assert_false(x.client->rests);
		assert_ptr_equal(auth_machine_rest(waiting), waiting);
		assert_false(waiting->rests);
		assert_int_equal(auth_machine_deadline_ms(waiting), NOW_MS + default_lcp.timing.restart_ms);
		auth_machine_free(waiting);
		over(&x);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_at_rest_answers_as_before),
		cmocka_unit_test(a_server_at_rest_knows_its_own_challenge),
		cmocka_unit_test(nothing_comes_of_one_at_rest_by_itself),
		cmocka_unit_test(at_rest_a_machine_is_small),
		cmocka_unit_test(who_has_something_left_to_do_does_not_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
