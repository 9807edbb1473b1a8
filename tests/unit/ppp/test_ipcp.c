/* SPDX-License-Identifier: BSD-3-Clause */
#include "ppp_test.h"

#include <string.h>

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/ppp.h"

enum { OURS = 0x0a000001, GIVEN = 0x0a000064, DNS1 = 0x0a000035, DNS2 = 0x0a000036 };

/* the usual policy of the address: asked for, and taken when asked */
#define BOTH .p_address = {true, true}

static const struct ipcp_wish server_wish = {BOTH, .address = OURS, .accept = {OURS, 32}, .dns = {DNS1, DNS2}};
static const struct ipcp_wish client_wish = {BOTH, .request_dns = true};

static void
start_giving(struct ipcp *c, const struct ipcp_wish *wish, uint32_t given, const struct host_timing *timing,
	struct outbox *out)
{
	ipcp_init(c, wish, given, timing);
	outbox_init(out);
	ipcp_open(c, 1000, out);
	outbox_init(out);
	ipcp_lower(c, true, 1000, out);
}

static void
start(struct ipcp *c, const struct ipcp_wish *wish, struct outbox *out)
{
	start_giving(c, wish, 0, &default_lcp.timing, out);
}

static void
start_server(struct ipcp *c, struct outbox *out)
{
	start_giving(c, &server_wish, GIVEN, &default_lcp.timing, out);
}

static void
give(struct ipcp *c, uint8_t code, uint8_t id, const char *data, struct outbox *out)
{
	uint8_t p[CP_PACKET_MAX];
	const size_t n = packet(p, code, id, data);

	outbox_init(out);
	ipcp_input(c, p, n, 2000, out);
	assert_false(out->overflow);
}

static void
answer(struct ipcp *c, uint8_t code, const char *data, struct outbox *out)
{
	give(c, code, c->fsm.request_id, data, out);
}

/* ------------------------------------------------------------------ what the peer asks */

static void
peers_request_is_judged_option_by_option(void **state)
{
	static const struct {
		const char *name, *request;
		uint8_t code;
		const char *reply; /* NULL: the request itself */
		bool no_dns;
	} rows[] = {
		{"address of zero", "030600000000", CP_CONFIGURE_NAK, "03060a000064"},
		{"the given address", "03060a000064", CP_CONFIGURE_ACK, NULL},
		{"another address", "03060a000065", CP_CONFIGURE_NAK, "03060a000064"},
		{"address of a wrong length", "03050a0000", CP_CONFIGURE_NAK, "03060a000064"},
		{"no address", "", CP_CONFIGURE_NAK, "03060a000064"},
		{"compression", "03060a000064 0206002d0f01", CP_CONFIGURE_REJECT, "0206002d0f01"},
		{"old addresses", "010a0a0000640a000001", CP_CONFIGURE_REJECT, NULL},
		{"mobile address", "03060a000064 040600000000", CP_CONFIGURE_REJECT, "040600000000"},
		{"name servers", "03060a000064 810600000000 830600000000", CP_CONFIGURE_NAK,
			"81060a000035 83060a000036"},
		{"right name servers", "03060a000064 81060a000035 83060a000036", CP_CONFIGURE_ACK, NULL},
		{"a wrong name server", "03060a000064 810608080808", CP_CONFIGURE_NAK, "81060a000035"},
		{"netbios servers", "03060a000064 820600000000 840600000000", CP_CONFIGURE_REJECT,
			"820600000000 840600000000"},
		{"all of Windows", "030600000000 810600000000 820600000000 830600000000 840600000000",
			CP_CONFIGURE_REJECT, "820600000000 840600000000"},
		{"name servers when there are none", "03060a000064 810600000000 830600000000", CP_CONFIGURE_REJECT,
			"810600000000 830600000000", true},
		{"unknown option", "03060a000064 c803ff", CP_CONFIGURE_REJECT, "c803ff"},
		{"address twice", "03060a000064 03060a000064", CP_CONFIGURE_REJECT, "03060a000064"},
	};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ipcp_wish wish = server_wish;
		struct outbox out;
		struct ipcp c;
		size_t len;

		if (rows[i].no_dns)
			memset(wish.dns, 0, sizeof(wish.dns));
		start_giving(&c, &wish, GIVEN, &default_lcp.timing, &out);
		give(&c, CP_CONFIGURE_REQUEST, 5, rows[i].request, &out);
		if (sent_code(&out, rows[i].code, &len) == NULL)
			fail_msg("%s: not answered by code %u", rows[i].name, rows[i].code);
		assert_sent(&out, rows[i].code, 5, rows[i].reply != NULL ? rows[i].reply : rows[i].request);
	}
}

static void
peer_that_insists_on_a_wrong_address_is_refused_with_a_reason(void **state)
{
	struct outbox out;
	struct ipcp c;
	size_t len;
	unsigned i;

	(void)state;
	start_server(&c, &out);
	for (i = 0; i < default_lcp.timing.max_failure; i++) {
		give(&c, CP_CONFIGURE_REQUEST, (uint8_t)i, "0306c0a80001", &out);
		assert_sent(&out, CP_CONFIGURE_NAK, (uint8_t)i, "03060a000064");
	}
	give(&c, CP_CONFIGURE_REQUEST, 9, "0306c0a80001", &out);
	assert_string_equal(ipcp_why(&c), "peer insists on an address that is not its own");
	assert_true(has_note(&out, "peer insists on 192.168.0.1, given was 10.0.0.100"));
	assert_non_null(sent_code(&out, CP_TERMINATE_REQUEST, &len));
	assert_null(sent_code(&out, CP_CONFIGURE_ACK, &len));
}

static void
peer_that_never_names_an_address_has_the_given_one(void **state)
{
	struct outbox out;
	struct ipcp c;
	unsigned i;

	(void)state;
	start_server(&c, &out);
	for (i = 0; i < default_lcp.timing.max_failure; i++)
		give(&c, CP_CONFIGURE_REQUEST, (uint8_t)i, "", &out);
	give(&c, CP_CONFIGURE_REQUEST, 9, "", &out);
	assert_sent(&out, CP_CONFIGURE_ACK, 9, "");
	answer(&c, CP_CONFIGURE_ACK, "03060a000001", &out);
	assert_true(ipcp_is_open(&c));
	assert_int_equal(ipcp_peer_address(&c), GIVEN);
}

static void
peer_chooses_its_own_address_within_the_range_when_we_give_none(void **state)
{
	static const struct {
		const char *request;
		uint8_t code;
	} rows[] = {
		{"0306c0a80001", CP_CONFIGURE_ACK},
		{"0306c0a8ffff", CP_CONFIGURE_ACK},
		{"0306c0a90001", CP_CONFIGURE_REJECT},
		{"030600000000", CP_CONFIGURE_REJECT},
		{"03067f000001", CP_CONFIGURE_REJECT},
	};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ipcp_wish wish = {BOTH, .address = OURS, .peer_accept = {0xc0a80000, 16}};
		struct outbox out;
		struct ipcp c;

		start(&c, &wish, &out);
		give(&c, CP_CONFIGURE_REQUEST, 1, rows[i].request, &out);
		assert_sent(&out, rows[i].code, 1, rows[i].request);
	}
}

/* ------------------------------------------------------------------ what we ask */

static void
client_asks_for_an_address_and_name_servers_and_takes_the_naks(void **state)
{
	struct outbox out;
	struct ipcp c;

	(void)state;
	start(&c, &client_wish, &out);
	assert_sent(&out, CP_CONFIGURE_REQUEST, c.fsm.request_id, "030600000000 810600000000 830600000000");
	answer(&c, CP_CONFIGURE_NAK, "0306c0a80107 810608080808 830608080404", &out);
	assert_sent(&out, CP_CONFIGURE_REQUEST, c.fsm.request_id, "0306c0a80107 810608080808 830608080404");
	answer(&c, CP_CONFIGURE_ACK, "0306c0a80107 810608080808 830608080404", &out);
	give(&c, CP_CONFIGURE_REQUEST, 1, "0306c0a80101", &out);
	assert_true(ipcp_is_open(&c));
	assert_int_equal(count_kind(&out, OUT_LAYER_UP), 1);
	assert_int_equal(ipcp_our_address(&c), 0xc0a80107);
	assert_int_equal(ipcp_peer_address(&c), 0xc0a80101);
	assert_int_equal(ipcp_dns(&c, 0), 0x08080808);
	assert_int_equal(ipcp_dns(&c, 1), 0x08080404);
	assert_int_equal(ipcp_dns(&c, 2), 0);
}

static void
rejected_name_servers_are_done_without(void **state)
{
	struct outbox out;
	struct ipcp c;

	(void)state;
	start(&c, &client_wish, &out);
	answer(&c, CP_CONFIGURE_REJECT, "810600000000 830600000000", &out);
	assert_sent(&out, CP_CONFIGURE_REQUEST, c.fsm.request_id, "030600000000");
	answer(&c, CP_CONFIGURE_NAK, "0306c0a80107", &out);
	answer(&c, CP_CONFIGURE_ACK, "0306c0a80107", &out);
	assert_int_equal(ipcp_dns(&c, 0), 0);
}

static void
server_asks_for_nothing_but_its_address(void **state)
{
	struct outbox out;
	struct ipcp c;

	(void)state;
	start_server(&c, &out);
	assert_sent(&out, CP_CONFIGURE_REQUEST, c.fsm.request_id, "03060a000001");
}

/* G-16 */
static void
offered_address_counts_within_the_accepted_range_only(void **state)
{
	static const struct {
		const char *name, *offer;
		struct ipcp_wish wish;
		bool taken, fatal;
	} rows[] = {
		{"anything, no wish", "0306c0a80107", {BOTH, .address = 0}, true, false},
		{"inside, no wish", "0306c0a80107", {BOTH, .accept = {0xc0a80100, 24}}, true, false},
		{"outside, no wish", "0306c0a80207", {BOTH, .accept = {0xc0a80100, 24}}, false, true},
		{"inside, other than wished", "0306c0a80107", {BOTH, .address = 0xc0a80105, .accept = {0xc0a80100, 24}},
			true, false},
		{"outside, with a wish", "0306c0a80207", {BOTH, .address = 0xc0a80105, .accept = {0xc0a80100, 24}},
			false, false},
		{"fixed", "0306c0a80106", {BOTH, .address = 0xc0a80105, .accept = {0xc0a80105, 32}}, false, false},
		{"zero", "030600000000", {BOTH, .address = 0}, false, true},
		{"loopback", "03067f000001", {BOTH, .address = 0}, false, true},
		{"multicast", "0306e0000001", {BOTH, .address = 0}, false, true},
		{"of a wrong length", "0305c0a801", {BOTH, .address = 0}, false, true},
	};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct outbox out;
		struct ipcp c;
		size_t len;

		start(&c, &rows[i].wish, &out);
		answer(&c, CP_CONFIGURE_NAK, rows[i].offer, &out);
		if (rows[i].fatal) {
			if (ipcp_why(&c) == NULL)
				fail_msg("%s: no reason", rows[i].name);
			assert_string_equal(ipcp_why(&c), "peer offers an address that is not accepted");
			assert_non_null(sent_code(&out, CP_TERMINATE_REQUEST, &len));
			continue;
		}
		if (sent_code(&out, CP_CONFIGURE_REQUEST, &len) == NULL)
			fail_msg("%s: no request", rows[i].name);
		if (rows[i].taken)
			assert_sent(&out, CP_CONFIGURE_REQUEST, c.fsm.request_id, rows[i].offer);
		else
			assert_sent(&out, CP_CONFIGURE_REQUEST, c.fsm.request_id, "0306c0a80105");
	}
}

/* As many Naks as can be configured, and the peer's twice that. */
static void
the_largest_max_failure_counts(void **state)
{
	static const struct host_timing timing = {.restart_ms = 3000, .max_configure = 10, .max_failure = UINT8_MAX};
	struct outbox out;
	struct ipcp c;
	unsigned i;

	(void)state;
	start_giving(&c, &server_wish, GIVEN, &timing, &out);
	for (i = 0; i < UINT8_MAX; i++) {
		give(&c, CP_CONFIGURE_REQUEST, (uint8_t)i, "0306c0a80001", &out);
		assert_sent(&out, CP_CONFIGURE_NAK, (uint8_t)i, "03060a000064");
	}
	give(&c, CP_CONFIGURE_REQUEST, (uint8_t)i, "0306c0a80001", &out);
	assert_string_equal(ipcp_why(&c), "peer insists on an address that is not its own");
	start_giving(&c, &client_wish, 0, &timing, &out);
	for (i = 0; i < 2 * UINT8_MAX; i++) {
		answer(&c, CP_CONFIGURE_NAK, i % 2 == 0 ? "0306c0a80107" : "0306c0a80108", &out);
		assert_int_equal(c.fsm.state, CP_REQ_SENT);
	}
	answer(&c, CP_CONFIGURE_NAK, "0306c0a80107", &out);
	assert_string_equal(ipcp_why(&c), "negotiation does not converge");
}

static void
wrong_offer_repeated_for_ever_ends_with_a_reason(void **state)
{
	const struct ipcp_wish wish = {BOTH, .address = 0xc0a80105, .accept = {0xc0a80105, 32}};
	struct outbox out;
	struct ipcp c;
	unsigned i;

	(void)state;
	start(&c, &wish, &out);
	for (i = 0; i < 50 && c.fsm.state == CP_REQ_SENT; i++)
		answer(&c, CP_CONFIGURE_NAK, "0306c0a80107", &out);
	assert_int_equal(i, default_lcp.timing.max_failure + 1);
	assert_string_equal(ipcp_why(&c), "peer offers an address that is not accepted");
}

static void
rejected_address_is_kept_if_we_have_one_and_fatal_if_not(void **state)
{
	const struct ipcp_wish fixed = {BOTH, .address = 0xc0a80105};
	struct outbox out;
	struct ipcp c;

	(void)state;
	start(&c, &fixed, &out);
	answer(&c, CP_CONFIGURE_REJECT, "0306c0a80105", &out);
	assert_sent(&out, CP_CONFIGURE_REQUEST, c.fsm.request_id, "");
	answer(&c, CP_CONFIGURE_ACK, "", &out);
	give(&c, CP_CONFIGURE_REQUEST, 1, "", &out);
	assert_true(ipcp_is_open(&c));
	assert_int_equal(ipcp_our_address(&c), 0xc0a80105);
	start(&c, &client_wish, &out);
	answer(&c, CP_CONFIGURE_REJECT, "030600000000", &out);
	assert_string_equal(ipcp_why(&c), "peer rejects IP-Address: none to be had");
}

static void
acked_zero_address_is_no_address(void **state)
{
	struct outbox out;
	struct ipcp c;

	(void)state;
	start(&c, &client_wish, &out);
	answer(&c, CP_CONFIGURE_ACK, "030600000000 810600000000 830600000000", &out);
	assert_string_equal(ipcp_why(&c), "peer gives us no address");
	assert_int_equal(count_kind(&out, OUT_LAYER_UP), 0);
}

static void
rejected_protocol_finishes_the_layer(void **state)
{
	struct outbox out;
	struct ipcp c;

	(void)state;
	start(&c, &client_wish, &out);
	outbox_init(&out);
	ipcp_rejected(&c, 2000, &out);
	assert_int_equal(count_kind(&out, OUT_LAYER_FINISHED), 1);
	assert_int_equal(count_kind(&out, OUT_SEND), 0);
	assert_string_equal(ipcp_why(&c), "peer's LCP rejects IPCP");
	assert_int_equal(ipcp_deadline_ms(&c), UINT64_MAX);
}

static void
lcp_codes_are_unknown_to_ipcp(void **state)
{
	struct outbox out;
	struct ipcp c;
	size_t len;

	(void)state;
	start(&c, &client_wish, &out);
	give(&c, CP_ECHO_REQUEST, 3, "00000000", &out);
	assert_non_null(sent_code(&out, CP_CODE_REJECT, &len));
}

/* ------------------------------------------------------------------ both ends */

static void
pair_of_wishes_agrees_or_says_why(void **state)
{
	static const struct {
		const char *name;
		struct ipcp_wish server, client;
		uint32_t given;                      /* to the client */
		uint32_t client_address, client_dns; /* 0: must fail */
	} rows[] = {
		{"pool address and dns", {BOTH, .address = OURS, .accept = {OURS, 32}, .dns = {DNS1, 0}},
			{BOTH, .request_dns = true}, GIVEN, GIVEN, DNS1},
		{"client wishes what it is given", {BOTH, .address = OURS, .accept = {OURS, 32}},
			{BOTH, .address = GIVEN}, GIVEN, GIVEN, 0},
		{"client wishes something else and gives in", {BOTH, .address = OURS, .accept = {OURS, 32}},
			{BOTH, .address = 0x0b000001}, GIVEN, GIVEN, 0},
		{"client insists on something else", {BOTH, .address = OURS, .accept = {OURS, 32}},
			{BOTH, .address = 0x0b000001, .accept = {0x0b000001, 32}}, GIVEN, 0, 0},
		{"server without a pool, client without a wish", {BOTH, .address = OURS}, {BOTH, .address = 0}, 0, 0,
			0},
		{"server without a pool, client with a wish", {BOTH, .address = OURS}, {BOTH, .address = GIVEN}, 0,
			GIVEN, 0},
	};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ipcp ends[2];
		struct node nodes[2];
		struct outbox out;
		struct wire w;

		node_ipcp(&nodes[0], &ends[0]);
		node_ipcp(&nodes[1], &ends[1]);
		wire_init(&w, &nodes[0], &nodes[1], i);
		start_giving(&ends[0], &rows[i].server, rows[i].given, &default_lcp.timing, &out);
		wire_drain(&w, 0, &out);
		start(&ends[1], &rows[i].client, &out);
		wire_drain(&w, 1, &out);
		wire_run(&w, 60000);
		if (rows[i].client_address == 0) {
			assert_false(ipcp_is_open(&ends[0]) || ipcp_is_open(&ends[1]));
			assert_true(ipcp_why(&ends[0]) != NULL && ipcp_why(&ends[1]) != NULL);
		} else {
			if (!ipcp_is_open(&ends[0]) || !ipcp_is_open(&ends[1]))
				fail_msg("%s: not open", rows[i].name);
			assert_int_equal(ipcp_our_address(&ends[1]), rows[i].client_address);
			assert_int_equal(ipcp_peer_address(&ends[0]), rows[i].client_address);
			assert_int_equal(ipcp_our_address(&ends[0]), OURS);
			assert_int_equal(ipcp_peer_address(&ends[1]), OURS);
			assert_int_equal(ipcp_dns(&ends[1], 0), rows[i].client_dns);
		}
		wire_free(&w);
	}
}

/* ------------------------------------------------------------------ policy (G-15, B-10) */

struct policed {
	struct ipcp end[2];
	struct node node[2];
};

/* Both negotiate on a quiet wire until nothing moves; the first gives the other an address, or 0. */
static void
police(struct policed *p, const struct ipcp_wish wish[2], uint32_t given)
{
	struct outbox out;
	struct wire w;

	node_ipcp(&p->node[0], &p->end[0]);
	node_ipcp(&p->node[1], &p->end[1]);
	wire_init(&w, &p->node[0], &p->node[1], 1);
	w.delay_ms = 10;
	for (unsigned k = 0; k < 2; k++) {
		start_giving(&p->end[k], &wish[k], k == 0 ? given : 0, &default_lcp.timing, &out);
		wire_drain(&w, k, &out);
	}
	wire_run(&w, 60000);
	wire_free(&w);
}

static struct host_policy
policy_of(unsigned bits)
{
	return (struct host_policy){.want = (bits & 1) != 0, .allow = (bits & 2) != 0};
}

/* RFC 1661 section 5.4: what is wanted and not allowed is rejected, once; what is wanted and allowed acknowledged as it is. */
static void
the_address_has_a_four_way_policy_at_both_ends(void **state)
{
	(void)state;
	for (unsigned cell = 0; cell < 16; cell++) {
		const struct ipcp_wish wish[2] = {{.p_address = policy_of(cell & 3), .address = OURS},
			{.p_address = policy_of(cell >> 2), .address = GIVEN}};
		struct policed p;

		police(&p, wish, 0);
		for (unsigned k = 0; k < 2; k++) {
			const bool want = wish[1 - k].p_address.want, allow = wish[k].p_address.allow;

			assert_true(ipcp_is_open(&p.end[k]));
			assert_int_equal(ipcp_our_address(&p.end[k]), wish[k].address); /* told or not */
			assert_int_equal(ipcp_peer_address(&p.end[k]), want && allow ? wish[1 - k].address : 0);
			assert_int_equal(p.node[k].codes[CP_CONFIGURE_REJECT], want && !allow);
			assert_int_equal(p.node[k].codes[CP_CONFIGURE_NAK], 0);
		}
	}
}

/* The same where one end gives the other its address: it is known without being told, but then the other must know it, too. */
static void
a_given_address_follows_the_four_way_policy(void **state)
{
	(void)state;
	for (unsigned cell = 0; cell < 32; cell++) {
		const bool knows = cell >= 16;
		const struct ipcp_wish wish[2] = {
			{.p_address = policy_of(cell & 3), .address = OURS, .accept = {OURS, 32}},
			{.p_address = policy_of(cell >> 2 & 3), .address = knows ? GIVEN : 0}};
		const bool want = wish[1].p_address.want, allow = wish[0].p_address.allow;
		const bool opens = knows || (want && allow);
		struct policed p;

		police(&p, wish, GIVEN);
		assert_int_equal(ipcp_is_open(&p.end[0]), opens);
		assert_int_equal(ipcp_is_open(&p.end[1]), opens);
		if (!opens) {
			assert_non_null(ipcp_why(&p.end[1]));
			continue;
		}
		assert_int_equal(ipcp_our_address(&p.end[1]), GIVEN);
		assert_int_equal(ipcp_peer_address(&p.end[0]), GIVEN);
		assert_int_equal(p.node[0].codes[CP_CONFIGURE_REJECT], want && !allow);
		if (want && allow)
			assert_int_equal(p.node[0].codes[CP_CONFIGURE_NAK], !knows);
		else if (want)
			assert_int_equal(p.node[0].codes[CP_CONFIGURE_NAK], 0);
		else /* invited until Max-Failure, or not at all */
			assert_int_equal(p.node[0].codes[CP_CONFIGURE_NAK], allow ? default_lcp.timing.max_failure : 0);
	}
}

/* want: request_dns; allow: there is one to give. */
static void
name_servers_have_a_four_way_policy_at_both_ends(void **state)
{
	(void)state;
	for (unsigned cell = 0; cell < 16; cell++) {
		struct ipcp_wish wish[2] = {{BOTH, .address = OURS}, {BOTH, .address = GIVEN}};
		struct policed p;

		for (unsigned k = 0; k < 2; k++) {
			const struct host_policy policy = policy_of(cell >> 2 * k & 3);

			wish[k].request_dns = policy.want;
			wish[k].dns[0] = policy.allow ? DNS1 + 16 * k : 0;
			wish[k].dns[1] = policy.allow ? DNS2 + 16 * k : 0;
		}
		police(&p, wish, 0);
		for (unsigned k = 0; k < 2; k++) {
			const bool want = wish[1 - k].request_dns, allow = wish[k].dns[0] != 0;

			assert_true(ipcp_is_open(&p.end[k]));
			assert_int_equal(ipcp_dns(&p.end[1 - k], 0), want ? wish[k].dns[0] : 0);
			assert_int_equal(ipcp_dns(&p.end[1 - k], 1), want ? wish[k].dns[1] : 0);
			assert_int_equal(p.node[k].codes[CP_CONFIGURE_REJECT], want && !allow);
			assert_int_equal(p.node[k].codes[CP_CONFIGURE_NAK], want && allow);
		}
	}
}

static void
lossy_wire_ends_open_or_in_a_named_failure(void **state)
{
	unsigned opened = 0;
	uint64_t seed;

	(void)state;
	for (seed = 0; seed < 1000; seed++) {
		struct ipcp ends[2];
		struct node nodes[2];
		struct outbox out;
		struct wire w;

		node_ipcp(&nodes[0], &ends[0]);
		node_ipcp(&nodes[1], &ends[1]);
		wire_init(&w, &nodes[0], &nodes[1], seed);
		w.loss_permille = (uint32_t)(seed % 7) * 100;
		w.double_permille = (uint32_t)(seed % 5) * 100;
		w.jitter_ms = (uint32_t)(seed % 3) * 2000;
		start_server(&ends[0], &out);
		wire_drain(&w, 0, &out);
		start(&ends[1], &client_wish, &out);
		wire_drain(&w, 1, &out);
		wire_run(&w, 300000);
		if (ipcp_is_open(&ends[0]) && ipcp_is_open(&ends[1])) {
			opened++;
			assert_int_equal(ipcp_our_address(&ends[1]), GIVEN);
			assert_int_equal(ipcp_peer_address(&ends[0]), GIVEN);
		} else {
			assert_true(ipcp_why(&ends[0]) != NULL || ipcp_why(&ends[1]) != NULL);
		}
		wire_free(&w);
	}
	print_message("%u of 1000 open, the others failed with a reason\n", opened);
	assert_true(opened > 800);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(peers_request_is_judged_option_by_option),
		cmocka_unit_test(peer_that_insists_on_a_wrong_address_is_refused_with_a_reason),
		cmocka_unit_test(peer_that_never_names_an_address_has_the_given_one),
		cmocka_unit_test(peer_chooses_its_own_address_within_the_range_when_we_give_none),
		cmocka_unit_test(client_asks_for_an_address_and_name_servers_and_takes_the_naks),
		cmocka_unit_test(rejected_name_servers_are_done_without),
		cmocka_unit_test(server_asks_for_nothing_but_its_address),
		cmocka_unit_test(offered_address_counts_within_the_accepted_range_only),
		cmocka_unit_test(the_largest_max_failure_counts),
		cmocka_unit_test(wrong_offer_repeated_for_ever_ends_with_a_reason),
		cmocka_unit_test(rejected_address_is_kept_if_we_have_one_and_fatal_if_not),
		cmocka_unit_test(acked_zero_address_is_no_address),
		cmocka_unit_test(rejected_protocol_finishes_the_layer),
		cmocka_unit_test(lcp_codes_are_unknown_to_ipcp),
		cmocka_unit_test(pair_of_wishes_agrees_or_says_why),
		cmocka_unit_test(the_address_has_a_four_way_policy_at_both_ends),
		cmocka_unit_test(a_given_address_follows_the_four_way_policy),
		cmocka_unit_test(name_servers_have_a_four_way_policy_at_both_ends),
		cmocka_unit_test(lossy_wire_ends_open_or_in_a_named_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
