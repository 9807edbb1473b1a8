/* SPDX-License-Identifier: BSD-3-Clause */
#include "ppp_test.h"

#include <nettle/md4.h>
#include <stdio.h>
#include <string.h>

#include "control/ppp/mschap.h"
#include "dataplane/wire/bytes.h"
#include "dataplane/wire/ppp.h"

/* ------------------------------------------------------------------ vectors of the RFCs */

/* RFC 2759 section 9.2 */
static const char rfc2759_ours[] = "5B5D7C7D7B3F2F3E3C2C602132262628";
static const char rfc2759_peers[] = "21402324255E262A28295F2B3A337C7E";
static const char rfc2759_response[] = "82309ECD8D708B5EA08FAA3981CD83544233114A3D85D6DF";
static const char rfc2759_proof[] = "407A5589115FD0D6209F510FE9C04566932CDA56";
/* RFC 2433 appendix B */
static const char rfc2433_challenge[] = "102DB5DF085D3041";
static const char rfc2433_response[] = "4E9D3C8F9CFD385D5BF4D3246791956CA4C351AB409A3D61";

static void
assert_hex(const uint8_t *got, const char *want_text)
{
	uint8_t want[64];
	const size_t n = hex(want_text, want, sizeof(want));

	assert_memory_equal(got, want, n);
}

static void
vectors_of_rfc_2759(void **state)
{
	uint8_t peers[16], ours[16], hash[16], challenge[8], response[24], proof[20];

	(void)state;
	hex(rfc2759_peers, peers, sizeof(peers));
	hex(rfc2759_ours, ours, sizeof(ours));
	mschap2_challenge_hash(peers, ours, "User", challenge);
	assert_hex(challenge, "D02E4386BCE91226");
	mschap_password_hash("clientPass", hash);
	assert_hex(hash, "44EBBA8D5312B8D611474411F56989AE");
	mschap_nt_response(challenge, hash, response);
	assert_hex(response, rfc2759_response);
	mschap2_proof(hash, response, challenge, proof);
	assert_hex(proof, rfc2759_proof);
}

static void
vectors_of_rfc_2433(void **state)
{
	uint8_t hash[16], challenge[8], response[24];

	(void)state;
	hex(rfc2433_challenge, challenge, sizeof(challenge));
	mschap_password_hash("MyPw", hash);
	assert_hex(hash, "FC156AF7EDCD6C0EDDE3337D427F4EAC");
	mschap_nt_response(challenge, hash, response);
	assert_hex(response, rfc2433_response);
}

/* The name goes into the hash as the user has it, whatever domain stands before it (RFC 2759 section 4). */
static void
a_domain_before_the_name_does_not_count(void **state)
{
	static const char *const names[] = {"User", "DOMAIN\\User", "\\User", "A\\B\\User"};
	uint8_t peers[16], ours[16], challenge[8];

	(void)state;
	hex(rfc2759_peers, peers, sizeof(peers));
	hex(rfc2759_ours, ours, sizeof(ours));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		mschap2_challenge_hash(peers, ours, names[i], challenge);
		assert_hex(challenge, "D02E4386BCE91226");
	}
	mschap2_challenge_hash(peers, ours, "DOMAIN/User", challenge);
	assert_int_not_equal(challenge[0], 0xd0);
}

/* RFC 3629 and RFC 2781 by hand; what is no UTF-8 counts as Latin-1. */
static void
secrets_become_utf_16(void **state)
{
	static const struct {
		const char *name, *secret, *utf16;
	} rows[] = {
		{"empty", "", ""},
		{"ASCII", "aZ", "6100 5a00"},
		{"two bytes", "\xc3\xa9\xdf\xbf", "e900 ff07"},
		{"three bytes", "\xe0\xa0\x80\xe2\x82\xac\xef\xbf\xbd", "0008 ac20 fdff"},
		{"beyond 16 bits", "\xf0\x90\x80\x80\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf", "00d8 00dc 3dd8 00de ffdb ffdf"},
		{"Latin-1", "\xe9x", "e900 7800"},
		{"cut at the end", "x\xe2\x82", "7800 e200 8200"},
		{"continuation alone", "\x80\xbf", "8000 bf00"},
		{"longer than need be", "\xc0\xaf\xe0\x9f\xbf\xf0\x8f\xbf\xbf",
			"c000 af00 e000 9f00 bf00 f000 8f00 bf00 bf00"},
		{"half a pair", "\xed\xa0\x80", "ed00 a000 8000"},
		{"too large", "\xf4\x90\x80\x80\xf8", "f400 9000 8000 8000 f800"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t text[64], want[16], got[16];
		struct md4_ctx ctx;

		print_message("%s\n", rows[i].name);
		md4_init(&ctx);
		md4_update(&ctx, hex(rows[i].utf16, text, sizeof(text)), text);
		md4_digest(&ctx, sizeof(want), want);
		mschap_password_hash(rows[i].secret, got);
		assert_memory_equal(got, want, sizeof(got));
	}
}

/* ------------------------------------------------------------------ the machines */

/* Entropy that is known beforehand. */
struct script {
	const char *hex;
};

static void
scripted(void *ctx, void *buf, size_t n)
{
	const struct script *s = ctx;

	if (n == 1) /* the first identifier */
		*(uint8_t *)buf = 6;
	else
		assert_int_equal(hex(s->hex, buf, n), n);
}

static struct chap_config
config_of(enum auth_role role, uint8_t algorithm, const struct script *s)
{
	static const char names[2][8] = {"User", "bras"};
	const bool ms1 = algorithm == CHAP_MS;

	return (struct chap_config){.role = role,
		.algorithm = algorithm,
		.name = names[role],
		.secret = ms1 ? "MyPw" : "clientPass",
		.timing = &default_lcp.timing,
		.random = scripted,
		.random_ctx = (void *)(uintptr_t)s};
}

static void
start(struct chap *c, const struct chap_config *config, struct outbox *out)
{
	assert_true(chap_init(c, config));
	outbox_init(out);
	chap_open(c, 1000, out);
	chap_lower(c, true, 1000, out);
}

static void
give(struct chap *c, uint8_t code, uint8_t id, const char *hex_data, struct outbox *out)
{
	uint8_t p[300];

	outbox_init(out);
	chap_input(c, p, packet(p, code, id, hex_data), 1100, out);
	assert_false(out->overflow);
}

static void
give_text(struct chap *c, uint8_t code, uint8_t id, const char *text, struct outbox *out)
{
	char data[400] = "";

	for (size_t i = 0; text[i] != '\0'; i++)
		snprintf(data + 2 * i, 3, "%02x", (uint8_t)text[i]);
	give(c, code, id, data, out);
}

static void
assert_text(const struct outbox *out, uint8_t code, uint8_t id, const char *want)
{
	size_t len;
	const uint8_t *p = sent_code(out, code, &len);

	assert_non_null(p);
	assert_int_equal(p[1], id);
	assert_int_equal(load_be16(p + 2), len);
	assert_int_equal(len, 4 + strlen(want));
	assert_memory_equal(p + 4, want, len - 4);
}

/* Responses as the RFCs' peers would send them, name "User" behind. */
static void
response_of_rfc(uint8_t algorithm, const char *name_hex, char data[256])
{
	if (algorithm == CHAP_MS2)
		snprintf(data, 256, "31 %s 0000000000000000 %s 00 %s", rfc2759_peers, rfc2759_response, name_hex);
	else
		snprintf(data, 256, "31 000000000000000000000000000000000000000000000000 %s 01 %s", rfc2433_response,
			name_hex);
}

static const struct script server_random[2] = {{rfc2433_challenge}, {rfc2759_ours}};
static const struct script client_random = {rfc2759_peers};

static void
server_up_to_the_response(struct chap *c, uint8_t algorithm, const char *name_hex, struct outbox *out)
{
	const struct chap_config config = config_of(AUTH_SERVER, algorithm, &server_random[algorithm == CHAP_MS2]);
	char data[256];

	start(c, &config, out);
	snprintf(data, sizeof(data), "%s 62726173",
		algorithm == CHAP_MS2 ? "105B5D7C7D7B3F2F3E3C2C602132262628" : "08102DB5DF085D3041");
	assert_sent(out, CHAP_CHALLENGE, c->id, data);
	response_of_rfc(algorithm, name_hex, data);
	give(c, CHAP_RESPONSE, c->id, data, out);
}

static void
server_of_version_2_proves_that_it_knows_the_secret(void **state)
{
	static const char *const names[] = {"55736572", "444f4d5c55736572"}; /* User, DOM\User */
	struct outbox out;
	struct chap c;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		server_up_to_the_response(&c, CHAP_MS2, names[i], &out);
		assert_string_equal(chap_pending(&c), i == 0 ? "User" : "DOM\\User");
		assert_false(chap_check(&c, "clientpass"));
		assert_false(chap_check(&c, ""));
		assert_true(chap_check(&c, "clientPass"));
		outbox_init(&out);
		chap_verdict(&c, true, 1200, &out);
		chap_confirm(&c, 1200, &out);
		assert_text(&out, CHAP_SUCCESS, c.id, "S=407A5589115FD0D6209F510FE9C04566932CDA56 M=Access granted");
		assert_int_equal(count_kind(&out, OUT_LAYER_UP), 1);
		give(&c, CHAP_RESPONSE, c.id, "0100", &out); /* lost on its way: the same again */
		assert_text(&out, CHAP_SUCCESS, c.id, "S=407A5589115FD0D6209F510FE9C04566932CDA56 M=Access granted");
	}
}

static void
server_of_version_1_checks_the_nt_response_only(void **state)
{
	struct outbox out;
	struct chap c;

	(void)state;
	server_up_to_the_response(&c, CHAP_MS, "55736572", &out);
	assert_false(chap_check(&c, "mypw"));
	assert_true(chap_check(&c, "MyPw"));
	c.response[48] = 0; /* "use LAN Manager's": which is not even looked at */
	assert_false(chap_check(&c, "MyPw"));
	c.response[48] = 1;
	chap_verdict(&c, true, 1200, &out);
	outbox_init(&out);
	chap_confirm(&c, 1200, &out);
	assert_text(&out, CHAP_SUCCESS, c.id, "");
}

static void
failures_are_worded_as_the_rfcs_say(void **state)
{
	static const struct {
		uint8_t algorithm;
		const char *text;
	} rows[] = {
		{CHAP_MS, "E=691 R=0 C=102DB5DF085D3041 V=2 M=Authentication failed"},
		{CHAP_MS2, "E=691 R=0 C=5B5D7C7D7B3F2F3E3C2C602132262628 V=3 M=Authentication failed"},
	};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct outbox out;
		struct chap c;

		server_up_to_the_response(&c, rows[i].algorithm, "55736572", &out);
		assert_false(chap_check(&c, "guess"));
		outbox_init(&out);
		chap_verdict(&c, false, 1200, &out);
		assert_text(&out, CHAP_FAILURE, c.id, rows[i].text);
		assert_int_equal(count_kind(&out, OUT_LAYER_FINISHED), 1);
		assert_int_equal(chap_state(&c), AUTH_FAILED);
	}
}

static void
a_response_of_another_length_never_checks(void **state)
{
	struct outbox out;
	struct chap c;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		const uint8_t algorithm = i == 0 ? CHAP_MS : CHAP_MS2;
		const struct chap_config config = config_of(AUTH_SERVER, algorithm, &server_random[i]);
		char data[256];

		start(&c, &config, &out);
		response_of_rfc(algorithm, "00", data); /* one byte more: 50 */
		data[1] = '2';
		give(&c, CHAP_RESPONSE, c.id, data, &out);
		assert_non_null(chap_pending(&c));
		assert_false(chap_check(&c, i == 0 ? "MyPw" : "clientPass"));
	}
}

static void
a_change_of_password_is_refused(void **state)
{
	static const struct {
		const char *name;
		uint8_t algorithm, code;
		const char *text;
	} rows[] = {
		{"version 1, code 5", CHAP_MS, 5, "E=709 R=0 C=102DB5DF085D3041 V=2 M=Passwords are not changed here"},
		{"version 1, code 6", CHAP_MS, 6, "E=709 R=0 C=102DB5DF085D3041 V=2 M=Passwords are not changed here"},
		{"version 2, code 7", CHAP_MS2, 7,
			"E=709 R=0 C=5B5D7C7D7B3F2F3E3C2C602132262628 V=3 M=Passwords are not changed here"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const bool v2 = rows[i].algorithm == CHAP_MS2;
		const struct chap_config config = config_of(AUTH_SERVER, rows[i].algorithm, &server_random[v2]);
		struct outbox out;
		struct chap c;

		print_message("%s\n", rows[i].name);
		start(&c, &config, &out);
		give(&c, rows[i].code, 99, "0102", &out);
		assert_text(&out, CHAP_FAILURE, 99, rows[i].text);
		assert_int_equal(count_kind(&out, OUT_LAYER_FINISHED), 1);
		assert_string_equal(chap_why(&c), "peer wants to change its password, which is not done here");
		give(&c, rows[i].code, 100, "0102", &out); /* it did not hear */
		assert_text(&out, CHAP_FAILURE, 100, rows[i].text);
		assert_int_equal(count_kind(&out, OUT_LAYER_FINISHED), 0);

		server_up_to_the_response(&c, rows[i].algorithm, "55736572", &out);
		assert_true(chap_check(&c, config.secret));
		chap_verdict(&c, true, 1200, &out);
		chap_confirm(&c, 1200, &out);
		give(&c, rows[i].code, 101, "0102", &out); /* who is in is not thrown out for asking */
		assert_int_equal(count_kind(&out, OUT_SEND), 0);
		assert_int_equal(chap_state(&c), AUTH_UP);
		assert_true(has_note(&out, "change of password dropped"));
	}
}

static void
client_up_to_the_response(struct chap *c, uint8_t algorithm, struct outbox *out)
{
	const struct chap_config config = config_of(AUTH_CLIENT, algorithm, &client_random);
	char data[256];

	start(c, &config, out);
	give(c, CHAP_CHALLENGE, 7, algorithm == CHAP_MS2 ? "105B5D7C7D7B3F2F3E3C2C602132262628" : "08102DB5DF085D3041",
		out);
	response_of_rfc(algorithm, "55736572", data);
	assert_sent(out, CHAP_RESPONSE, 7, data);
}

static void
client_responds_as_the_rfcs_and_believes_a_proof_only(void **state)
{
	static const struct {
		const char *name, *text;
		bool proven;
	} rows[] = {
		{"as in RFC 2759", "S=407A5589115FD0D6209F510FE9C04566932CDA56", true},
		{"with a message", "S=407A5589115FD0D6209F510FE9C04566932CDA56 M=Welcome", true},
		{"small letters", "S=407a5589115fd0d6209f510fe9c04566932cda56", true},
		{"one digit wrong", "S=407A5589115FD0D6209F510FE9C04566932CDA57", false},
		{"first digit wrong", "S=507A5589115FD0D6209F510FE9C04566932CDA56", false},
		{"one digit short", "S=407A5589115FD0D6209F510FE9C04566932CDA5", false},
		{"no S=", "407A5589115FD0D6209F510FE9C04566932CDA56", false},
		{"message first", "M=Welcome S=407A5589115FD0D6209F510FE9C04566932CDA56", false},
		{"nothing", "", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct outbox out;
		struct chap c;

		print_message("%s\n", rows[i].name);
		client_up_to_the_response(&c, CHAP_MS2, &out);
		give_text(&c, CHAP_SUCCESS, 7, rows[i].text, &out);
		assert_int_equal(count_kind(&out, OUT_LAYER_UP), rows[i].proven);
		assert_int_equal(count_kind(&out, OUT_LAYER_FINISHED), !rows[i].proven);
		if (!rows[i].proven)
			assert_string_equal(chap_why(&c), "peer does not prove that it knows our secret");
	}
}

static void
client_of_version_1_asks_for_no_proof(void **state)
{
	struct outbox out;
	struct chap c;

	(void)state;
	client_up_to_the_response(&c, CHAP_MS, &out);
	give_text(&c, CHAP_SUCCESS, 7, "", &out);
	assert_int_equal(count_kind(&out, OUT_LAYER_UP), 1);
}

/* Another peer challenge each time would make the proof for the first response look wrong. */
static void
client_repeats_its_response_to_a_repeated_challenge(void **state)
{
	struct rng rng = {5};
	struct chap_config config = config_of(AUTH_CLIENT, CHAP_MS2, NULL);
	uint8_t first[64];
	struct outbox out;
	struct chap c;
	size_t len;

	(void)state;
	config.random = rng_fill;
	config.random_ctx = &rng;
	start(&c, &config, &out);
	give(&c, CHAP_CHALLENGE, 7, "105B5D7C7D7B3F2F3E3C2C602132262628", &out);
	memcpy(first, sent_code(&out, CHAP_RESPONSE, &len), 57);
	assert_int_equal(len, 4 + 1 + 49 + 4);
	give(&c, CHAP_CHALLENGE, 7, "105B5D7C7D7B3F2F3E3C2C602132262628", &out);
	assert_memory_equal(sent_code(&out, CHAP_RESPONSE, &len), first, 57);
	outbox_init(&out);
	chap_tick(&c, chap_deadline_ms(&c), &out);
	assert_memory_equal(sent_code(&out, CHAP_RESPONSE, &len), first, 57);
	give(&c, CHAP_CHALLENGE, 7, "105B5D7C7D7B3F2F3E3C2C602132262629", &out); /* the same identifier by chance */
	assert_memory_not_equal(sent_code(&out, CHAP_RESPONSE, &len) + 5, first + 5, 16);
	give(&c, CHAP_CHALLENGE, 8, "105B5D7C7D7B3F2F3E3C2C602132262629", &out);
	assert_int_equal(sent_code(&out, CHAP_RESPONSE, &len)[1], 8);
}

static void
client_takes_challenges_of_the_right_length_only(void **state)
{
	static const struct {
		uint8_t algorithm;
		const char *challenge;
	} rows[] = {
		{CHAP_MS, "0701020304050607"},
		{CHAP_MS, "09010203040506070809"},
		{CHAP_MS2, "080102030405060708"},
		{CHAP_MS2, "1100112233445566778899aabbccddeeff00"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct chap_config config = config_of(AUTH_CLIENT, rows[i].algorithm, &client_random);
		struct outbox out;
		struct chap c;

		start(&c, &config, &out);
		give(&c, CHAP_CHALLENGE, 7, rows[i].challenge, &out);
		assert_int_equal(count_kind(&out, OUT_SEND), 0);
		assert_true(has_note(&out, "challenge dropped: malformed"));
	}
}

static void
client_says_what_the_servers_number_means(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{"E=646 R=0 C=00 V=3 M=later", "peer lets us in at other hours only"},
		{"E=647 R=0 V=3", "our account is disabled at the peer"},
		{"E=648 R=0 C=5B5D7C7D7B3F2F3E3C2C602132262628 V=3 M=expired",
			"our password has expired at the peer, and is not changed from here"},
		{"E=649 R=0 V=3", "our account may not dial in at the peer"},
		{"E=691 R=1 C=5B5D7C7D7B3F2F3E3C2C602132262628 V=3 M=again", "peer refuses our name and secret"},
		{"E=99999999999999999999", "peer refuses our name and secret"},
		{"E=", "peer refuses our name and secret"},
		{"", "peer refuses our name and secret"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct outbox out;
		struct chap c;

		client_up_to_the_response(&c, CHAP_MS2, &out);
		give_text(&c, CHAP_FAILURE, 7, rows[i].text, &out);
		assert_int_equal(count_kind(&out, OUT_LAYER_FINISHED), 1);
		assert_string_equal(chap_why(&c), rows[i].why);
	}
}

/* ------------------------------------------------------------------ both ends on a bad wire */

static bool secret_is_right;

static void
judge_pending(void *m, uint64_t now_ms, struct outbox *out)
{
	struct chap *c = m;

	if (chap_pending(c) == NULL)
		return;
	chap_verdict(c, chap_check(c, secret_is_right ? "sesame" : "other"), now_ms, out);
	chap_confirm(c, now_ms, out);
}

static void
over_a_lossy_wire_both_ends_are_up_or_say_why_not(void **state)
{
	unsigned up = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 600; seed++) {
		struct rng rng = {seed};
		struct chap_config configs[2];
		struct node nodes[2];
		struct chap client, server;
		struct outbox out;
		struct wire w;

		secret_is_right = seed % 10 != 9;
		for (unsigned role = 0; role < 2; role++) {
			configs[role] = config_of(role, seed % 2 != 0 ? CHAP_MS2 : CHAP_MS, NULL);
			configs[role].secret = "sesame";
			configs[role].random = rng_fill;
			configs[role].random_ctx = &rng;
			configs[role].rechallenge_ms = 20000;
		}
		node_chap(&nodes[0], &client);
		node_chap(&nodes[1], &server);
		nodes[1].after = judge_pending;
		wire_init(&w, &nodes[0], &nodes[1], seed);
		w.loss_permille = (uint32_t)(seed % 5) * 100;
		w.double_permille = (uint32_t)(seed % 3) * 100;
		w.jitter_ms = (uint32_t)(seed % 4) * 1000;
		w.reorder = true;
		start(&client, &configs[0], &out);
		start(&server, &configs[1], &out);
		wire_drain(&w, 1, &out);
		wire_run(&w, 120000);
		assert_true(chap_state(&client) == AUTH_UP || chap_why(&client) != NULL);
		assert_true(chap_state(&server) != AUTH_FAILED || chap_why(&server) != NULL);
		if (!secret_is_right)
			assert_true(chap_state(&client) != AUTH_UP && chap_state(&server) != AUTH_UP);
		else if (w.loss_permille == 0)
			assert_int_equal(chap_state(&client), AUTH_UP); /* no proof was taken for a wrong one */
		up += chap_state(&client) == AUTH_UP;
		wire_free(&w);
	}
	assert_true(up > 400);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_rfc_2759),
		cmocka_unit_test(vectors_of_rfc_2433),
		cmocka_unit_test(a_domain_before_the_name_does_not_count),
		cmocka_unit_test(secrets_become_utf_16),
		cmocka_unit_test(server_of_version_2_proves_that_it_knows_the_secret),
		cmocka_unit_test(server_of_version_1_checks_the_nt_response_only),
		cmocka_unit_test(failures_are_worded_as_the_rfcs_say),
		cmocka_unit_test(a_response_of_another_length_never_checks),
		cmocka_unit_test(a_change_of_password_is_refused),
		cmocka_unit_test(client_responds_as_the_rfcs_and_believes_a_proof_only),
		cmocka_unit_test(client_of_version_1_asks_for_no_proof),
		cmocka_unit_test(client_repeats_its_response_to_a_repeated_challenge),
		cmocka_unit_test(client_takes_challenges_of_the_right_length_only),
		cmocka_unit_test(client_says_what_the_servers_number_means),
		cmocka_unit_test(over_a_lossy_wire_both_ends_are_up_or_say_why_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
