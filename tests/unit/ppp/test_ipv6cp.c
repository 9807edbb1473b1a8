/* SPDX-License-Identifier: BSD-3-Clause */
#include "ppp_test.h"

#include <stdio.h>
#include <string.h>

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/ppp.h"

/* RFC 5072 section 4.1. */

static const struct ipv6cp_wish wish = {.id = 0x020000fffe000001, .p_id = {true, true}};
static struct rng rng;

static void
start(struct ipv6cp *c, const struct ipv6cp_wish *w, struct outbox *out)
{
	rng = (struct rng){7};
	ipv6cp_init(c, w, &default_lcp.timing, rng_fill, &rng);
	outbox_init(out);
	ipv6cp_open(c, 1000, out);
	outbox_init(out);
	ipv6cp_lower(c, true, 1000, out);
}

static void
give(struct ipv6cp *c, uint8_t code, uint8_t id, const char *data, struct outbox *out)
{
	uint8_t p[CP_PACKET_MAX];
	const size_t n = packet(p, code, id, data);

	outbox_init(out);
	ipv6cp_input(c, p, n, 2000, out);
	assert_false(out->overflow);
}

static void
answer(struct ipv6cp *c, uint8_t code, const char *data, struct outbox *out)
{
	give(c, code, c->fsm.request_id, data, out);
}

/* The identifier in the first packet sent with this code: its one option. */
static uint64_t
id_sent(const struct outbox *out, uint8_t code)
{
	size_t len;
	const uint8_t *p = sent_code(out, code, &len);

	assert_non_null(p);
	assert_int_equal(len, 14);
	assert_int_equal(p[4], 1);
	assert_int_equal(p[5], 10);
	return load_be64(p + 6);
}

/* ------------------------------------------------------------------ our request */

static void
our_request_has_our_identifier(void **state)
{
	struct outbox out;
	struct ipv6cp c;

	(void)state;
	start(&c, &wish, &out);
	assert_sent(&out, CP_CONFIGURE_REQUEST, c.fsm.request_id, "010a 020000fffe000001");
}

static void
an_identifier_made_up_is_not_universal(void **state)
{
	const struct ipv6cp_wish w = {.p_id = {true, true}};
	uint64_t last = 0;

	(void)state;
	for (unsigned i = 1; i < 50; i++) {
		struct outbox out;
		struct ipv6cp c;
		uint64_t id;

		rng = (struct rng){i};
		ipv6cp_init(&c, &w, &default_lcp.timing, rng_fill, &rng);
		outbox_init(&out);
		ipv6cp_open(&c, 1000, &out);
		ipv6cp_lower(&c, true, 1000, &out);
		id = id_sent(&out, CP_CONFIGURE_REQUEST);
		assert_true(id != 0 && id != last);
		assert_true((id >> 57 & 1) == 0);
		last = id;
	}
}

/* ------------------------------------------------------------------ what the peer asks */

static void
peers_request_is_judged_option_by_option(void **state)
{
	static const struct {
		const char *name, *request;
		uint8_t code;
		const char *reply; /* NULL: the request itself; "": a suggestion */
	} rows[] = {
		{"another identifier", "010a 020000fffe000002", CP_CONFIGURE_ACK, NULL},
		{"ours", "010a 020000fffe000001", CP_CONFIGURE_NAK, ""},
		{"zero", "010a 0000000000000000", CP_CONFIGURE_NAK, ""},
		{"none", "", CP_CONFIGURE_NAK, ""},
		{"wrong length", "0109 00000000000000", CP_CONFIGURE_REJECT, NULL},
		{"compression", "010a 020000fffe000002 0204004f", CP_CONFIGURE_REJECT, "0204004f"},
		{"zero and compression", "010a 0000000000000000 0204004f", CP_CONFIGURE_REJECT, "0204004f"},
		{"twice", "010a 020000fffe000002 010a 020000fffe000003", CP_CONFIGURE_REJECT, "010a 020000fffe000003"},
		{"unknown", "010a 020000fffe000002 c803ff", CP_CONFIGURE_REJECT, "c803ff"},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct outbox out;
		struct ipv6cp c;

		print_message("%s\n", rows[i].name);
		start(&c, &wish, &out);
		give(&c, CP_CONFIGURE_REQUEST, 5, rows[i].request, &out);
		if (rows[i].reply != NULL && rows[i].reply[0] == '\0') {
			const uint64_t id = id_sent(&out, rows[i].code);

			assert_true(id != 0 && id != wish.id);
			assert_true((id & IPV6CP_UNIVERSAL) == 0);
		} else {
			assert_sent(&out, rows[i].code, 5, rows[i].reply != NULL ? rows[i].reply : rows[i].request);
		}
	}
}

/* "The interface identifier's negotiation MUST be terminated": neither side has one. */
static void
zero_on_both_sides_is_rejected(void **state)
{
	struct ipv6cp_wish w = wish;
	struct outbox out;
	struct ipv6cp c;

	(void)state;
	w.p_id.want = false;
	start(&c, &w, &out);
	assert_sent(&out, CP_CONFIGURE_REQUEST, c.fsm.request_id, "");
	give(&c, CP_CONFIGURE_REQUEST, 5, "010a 0000000000000000", &out);
	assert_sent(&out, CP_CONFIGURE_REJECT, 5, "010a 0000000000000000");
}

static void
peer_that_names_none_is_invited_once(void **state)
{
	struct outbox out;
	struct ipv6cp c;

	(void)state;
	start(&c, &wish, &out);
	give(&c, CP_CONFIGURE_REQUEST, 1, "", &out);
	assert_true(id_sent(&out, CP_CONFIGURE_NAK) != 0);
	give(&c, CP_CONFIGURE_REQUEST, 2, "", &out);
	assert_sent(&out, CP_CONFIGURE_ACK, 2, "");
	answer(&c, CP_CONFIGURE_ACK, "010a 020000fffe000001", &out);
	assert_true(ipv6cp_is_open(&c));
	assert_true(ipv6cp_our_id(&c) == wish.id);
	assert_true(ipv6cp_peer_id(&c) == 0);
}

/* max_failure bounds the Naks; then the option is rejected, and the peer goes on without. */
static void
peer_that_insists_on_ours_is_rejected_in_the_end(void **state)
{
	struct outbox out;
	struct ipv6cp c;

	(void)state;
	start(&c, &wish, &out);
	for (uint8_t i = 0; i < default_lcp.timing.max_failure; i++) {
		give(&c, CP_CONFIGURE_REQUEST, i, "010a 020000fffe000001", &out);
		assert_true(id_sent(&out, CP_CONFIGURE_NAK) != wish.id);
	}
	give(&c, CP_CONFIGURE_REQUEST, 9, "010a 020000fffe000001", &out);
	assert_sent(&out, CP_CONFIGURE_REJECT, 9, "010a 020000fffe000001");
	give(&c, CP_CONFIGURE_REQUEST, 10, "", &out);
	assert_sent(&out, CP_CONFIGURE_ACK, 10, "");
}

/* ------------------------------------------------------------------ what the peer answers */

static void
a_suggestion_is_taken(void **state)
{
	struct outbox out;
	struct ipv6cp c;

	(void)state;
	start(&c, &wish, &out);
	answer(&c, CP_CONFIGURE_NAK, "010a 1122334455667788", &out);
	assert_true(id_sent(&out, CP_CONFIGURE_REQUEST) == 0x1122334455667788);
	answer(&c, CP_CONFIGURE_ACK, "010a 1122334455667788", &out);
	give(&c, CP_CONFIGURE_REQUEST, 1, "010a 020000fffe000002", &out);
	assert_true(ipv6cp_is_open(&c));
	assert_true(ipv6cp_our_id(&c) == 0x1122334455667788);
	assert_true(ipv6cp_peer_id(&c) == 0x020000fffe000002);
}

/* Both suggest the same: still alike, so a new one is chosen. */
static void
a_suggestion_equal_to_ours_is_not_taken(void **state)
{
	struct outbox out;
	struct ipv6cp c;
	char text[40];
	uint64_t suggested, next;

	(void)state;
	start(&c, &wish, &out);
	give(&c, CP_CONFIGURE_REQUEST, 1, "010a 020000fffe000001", &out);
	suggested = id_sent(&out, CP_CONFIGURE_NAK);
	snprintf(text, sizeof(text), "010a %016llx", (unsigned long long)suggested);
	answer(&c, CP_CONFIGURE_NAK, text, &out);
	next = id_sent(&out, CP_CONFIGURE_REQUEST);
	assert_true(next != suggested && next != wish.id && next != 0);
}

static void
suggestions_of_no_use_are_not_taken(void **state)
{
	static const char *const rows[] = {"010a 0000000000000000", "010a 020000fffe000002"};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct outbox out;
		struct ipv6cp c;
		uint64_t next;

		start(&c, &wish, &out);
		give(&c, CP_CONFIGURE_REQUEST, 1, "010a 020000fffe000002", &out);
		answer(&c, CP_CONFIGURE_NAK, rows[i], &out);
		next = id_sent(&out, CP_CONFIGURE_REQUEST);
		assert_true(next != 0 && next != 0x020000fffe000002);
	}
}

static void
a_rejected_identifier_is_asked_for_no_more(void **state)
{
	struct outbox out;
	struct ipv6cp c;

	(void)state;
	start(&c, &wish, &out);
	answer(&c, CP_CONFIGURE_REJECT, "010a 020000fffe000001", &out);
	assert_sent(&out, CP_CONFIGURE_REQUEST, c.fsm.request_id, "");
	answer(&c, CP_CONFIGURE_ACK, "", &out);
	give(&c, CP_CONFIGURE_REQUEST, 1, "010a 020000fffe000002", &out);
	assert_true(ipv6cp_is_open(&c));
	assert_true(ipv6cp_our_id(&c) == wish.id);
}

static void
who_may_not_ask_still_differs_from_the_peer(void **state)
{
	struct outbox out;
	struct ipv6cp c;

	(void)state;
	start(&c, &wish, &out);
	answer(&c, CP_CONFIGURE_REJECT, "010a 020000fffe000001", &out);
	answer(&c, CP_CONFIGURE_ACK, "", &out);
	give(&c, CP_CONFIGURE_REQUEST, 1, "010a 020000fffe000001", &out);
	assert_sent(&out, CP_CONFIGURE_ACK, 1, "010a 020000fffe000001");
	assert_true(ipv6cp_is_open(&c));
	assert_true(ipv6cp_our_id(&c) != ipv6cp_peer_id(&c));
}

/* max_failure Naks, then we ask without; as many again, and it is over with a reason. */
static void
endless_naks_end(void **state)
{
	struct outbox out;
	struct ipv6cp c;
	unsigned i = 0;
	char text[40];
	size_t len;

	(void)state;
	start(&c, &wish, &out);
	for (; i <= default_lcp.timing.max_failure; i++) {
		assert_non_null(sent_code(&out, CP_CONFIGURE_REQUEST, &len));
		assert_int_equal(len, 14);
		snprintf(text, sizeof(text), "010a 00000000000000%02x", i + 1);
		answer(&c, CP_CONFIGURE_NAK, text, &out);
	}
	assert_sent(&out, CP_CONFIGURE_REQUEST, c.fsm.request_id, "");
	for (; i <= 2u * default_lcp.timing.max_failure; i++) {
		assert_null(ipv6cp_why(&c));
		answer(&c, CP_CONFIGURE_NAK, text, &out);
	}
	assert_string_equal(ipv6cp_why(&c), "negotiation does not converge");
}

static void
a_peer_without_ipv6_ends_it_with_a_reason(void **state)
{
	struct outbox out;
	struct ipv6cp c;

	(void)state;
	start(&c, &wish, &out);
	outbox_init(&out);
	ipv6cp_rejected(&c, 2000, &out);
	assert_int_equal(count_kind(&out, OUT_LAYER_FINISHED), 1);
	assert_string_equal(ipv6cp_why(&c), "peer's LCP rejects IPV6CP");
}

/* ------------------------------------------------------------------ policy (G-15) */

/* want: the option in our request; allow: the answer to the peer's, here one that is otherwise fine. */
static void
the_option_has_a_four_way_policy_at_both_ends(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		const struct ipv6cp_wish a = {.id = 1, .p_id = {(i & 1) != 0, (i & 2) != 0}};
		const struct ipv6cp_wish b = {.id = 2, .p_id = {(i & 4) != 0, (i & 8) != 0}};
		struct ipv6cp m[2];
		struct node n[2];
		struct outbox out;
		struct rng r[2] = {{3}, {4}};
		struct wire w;

		ipv6cp_init(&m[0], &a, &default_lcp.timing, rng_fill, &r[0]);
		ipv6cp_init(&m[1], &b, &default_lcp.timing, rng_fill, &r[1]);
		node_ipv6cp(&n[0], &m[0]);
		node_ipv6cp(&n[1], &m[1]);
		wire_init(&w, &n[0], &n[1], 5);
		w.delay_ms = 10;
		for (unsigned k = 0; k < 2; k++) {
			outbox_init(&out);
			ipv6cp_open(&m[k], 0, &out);
			ipv6cp_lower(&m[k], true, 0, &out);
			wire_drain(&w, k, &out);
		}
		wire_run(&w, 60000);
		for (unsigned k = 0; k < 2; k++) {
			const struct ipv6cp_wish *mine = k == 0 ? &a : &b, *theirs = k == 0 ? &b : &a;

			assert_true(ipv6cp_is_open(&m[k]));
			if (theirs->p_id.want && mine->p_id.allow)
				assert_true(ipv6cp_peer_id(&m[k]) == theirs->id);
			else
				assert_true(ipv6cp_peer_id(&m[k]) == 0);
		}
		wire_free(&w);
	}
}

/* ------------------------------------------------------------------ pairs */

/* Both begin with the same identifier, and the wire loses, doubles and delays: they part and open. */
static void
two_with_the_same_identifier_part(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 300; seed++) {
		struct ipv6cp m[2];
		struct node n[2];
		struct outbox out;
		struct rng r[2] = {{seed}, {seed + 1000}};
		struct wire w;

		for (unsigned k = 0; k < 2; k++) {
			ipv6cp_init(&m[k], &wish, &default_lcp.timing, rng_fill, &r[k]);
			node_ipv6cp(&n[k], &m[k]);
		}
		wire_init(&w, &n[0], &n[1], seed);
		w.delay_ms = 5;
		w.jitter_ms = 20;
		w.loss_permille = seed % 4 * 50;
		w.double_permille = seed % 3 * 50;
		for (unsigned k = 0; k < 2; k++) {
			outbox_init(&out);
			ipv6cp_open(&m[k], 0, &out);
			ipv6cp_lower(&m[k], true, 0, &out);
			wire_drain(&w, k, &out);
		}
		wire_run(&w, 200000);
		if (!ipv6cp_is_open(&m[0]) || !ipv6cp_is_open(&m[1]))
			fail_msg("seed %u: not open", seed);
		if (ipv6cp_peer_id(&m[0]) != 0 && ipv6cp_peer_id(&m[1]) != 0) {
			assert_true(ipv6cp_our_id(&m[0]) == ipv6cp_peer_id(&m[1]));
			assert_true(ipv6cp_our_id(&m[1]) == ipv6cp_peer_id(&m[0]));
			assert_true(ipv6cp_our_id(&m[0]) != ipv6cp_our_id(&m[1]));
		}
		wire_free(&w);
	}
}

/* The same random numbers at both ends: nothing can tell them apart, and yet it ends. */
static void
two_that_are_alike_in_everything_do_not_loop(void **state)
{
	struct ipv6cp m[2];
	struct node n[2];
	struct outbox out;
	struct rng r[2] = {{9}, {9}};
	struct wire w;

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		ipv6cp_init(&m[k], &wish, &default_lcp.timing, rng_fill, &r[k]);
		node_ipv6cp(&n[k], &m[k]);
	}
	wire_init(&w, &n[0], &n[1], 1);
	w.delay_ms = 5;
	for (unsigned k = 0; k < 2; k++) {
		outbox_init(&out);
		ipv6cp_open(&m[k], 0, &out);
		ipv6cp_lower(&m[k], true, 0, &out);
		wire_drain(&w, k, &out);
	}
	wire_run(&w, 100000);
	assert_true(n[0].codes[CP_CONFIGURE_NAK] + n[0].codes[CP_CONFIGURE_REQUEST] < 60);
	assert_true(ipv6cp_is_open(&m[0]) && ipv6cp_is_open(&m[1]));
	wire_free(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_request_has_our_identifier),
		cmocka_unit_test(an_identifier_made_up_is_not_universal),
		cmocka_unit_test(peers_request_is_judged_option_by_option),
		cmocka_unit_test(zero_on_both_sides_is_rejected),
		cmocka_unit_test(peer_that_names_none_is_invited_once),
		cmocka_unit_test(peer_that_insists_on_ours_is_rejected_in_the_end),
		cmocka_unit_test(a_suggestion_is_taken),
		cmocka_unit_test(a_suggestion_equal_to_ours_is_not_taken),
		cmocka_unit_test(suggestions_of_no_use_are_not_taken),
		cmocka_unit_test(a_rejected_identifier_is_asked_for_no_more),
		cmocka_unit_test(who_may_not_ask_still_differs_from_the_peer),
		cmocka_unit_test(endless_naks_end),
		cmocka_unit_test(a_peer_without_ipv6_ends_it_with_a_reason),
		cmocka_unit_test(the_option_has_a_four_way_policy_at_both_ends),
		cmocka_unit_test(two_with_the_same_identifier_part),
		cmocka_unit_test(two_that_are_alike_in_everything_do_not_loop),
	};

	return cmocka_run_group_tests_name("ipv6cp", tests, NULL, NULL);
}
