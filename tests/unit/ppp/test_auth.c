/* SPDX-License-Identifier: BSD-3-Clause */
#include "ppp_test.h"

#include <stdio.h>
#include <string.h>

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/ppp.h"

static struct rng rng = {3};

/* ------------------------------------------------------------------ an MD5 of our own, after RFC 1321, to check CHAP with */

static const uint8_t md5_shift[64] = {7, 12, 17, 22, 7, 12, 17, 22, 7, 12, 17, 22, 7, 12, 17, 22, 5, 9, 14, 20, 5, 9,
	14, 20, 5, 9, 14, 20, 5, 9, 14, 20, 4, 11, 16, 23, 4, 11, 16, 23, 4, 11, 16, 23, 4, 11, 16, 23, 6, 10, 15, 21,
	6, 10, 15, 21, 6, 10, 15, 21, 6, 10, 15, 21};

/* floor(2^32 * |sin(i + 1)|) */
static const uint32_t md5_sine[64] = {0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a,
	0xa8304613, 0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e,
	0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
	0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942,
	0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
	0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244, 0x432aff97, 0xab9423a7,
	0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1,
	0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};

static uint32_t
le32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static void
md5_block(uint32_t s[4], const uint8_t *p)
{
	uint32_t a = s[0], b = s[1], c = s[2], d = s[3];
	unsigned i;

	for (i = 0; i < 64; i++) {
		uint32_t f, g, sum;

		if (i < 16) {
			f = (b & c) | (~b & d);
			g = i;
		} else if (i < 32) {
			f = (d & b) | (~d & c);
			g = (5 * i + 1) % 16;
		} else if (i < 48) {
			f = b ^ c ^ d;
			g = (3 * i + 5) % 16;
		} else {
			f = c ^ (b | ~d);
			g = 7 * i % 16;
		}
		sum = a + f + md5_sine[i] + le32(p + 4 * g);
		a = d;
		d = c;
		c = b;
		b += sum << md5_shift[i] | sum >> (32 - md5_shift[i]);
	}
	s[0] += a;
	s[1] += b;
	s[2] += c;
	s[3] += d;
}

static void
md5_plain(const void *data, size_t n, uint8_t digest[16])
{
	uint32_t s[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
	uint8_t padded[1024] = {0};
	const size_t total = (n + 8) / 64 * 64 + 64;
	unsigned i;

	assert_true(total <= sizeof(padded));
	memcpy(padded, data, n);
	padded[n] = 0x80;
	for (i = 0; i < 8; i++)
		padded[total - 8 + i] = (uint8_t)((uint64_t)n * 8 >> 8 * i);
	for (i = 0; i < total; i += 64)
		md5_block(s, padded + i);
	for (i = 0; i < 16; i++)
		digest[i] = (uint8_t)(s[i / 4] >> 8 * (i % 4));
}

/* RFC 1321 appendix A.5 */
static void
md5_of_the_test_is_the_rfcs(void **state)
{
	static const struct {
		const char *text, *digest;
	} rows[] = {
		{"", "d41d8cd98f00b204e9800998ecf8427e"},
		{"a", "0cc175b9c0f1b6a831c399e269772661"},
		{"abc", "900150983cd24fb0d6963f7d28e17f72"},
		{"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
		{"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
			"57edf4a22be3c955ac49da2e2107b67a"},
	};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t got[16], want[16];

		md5_plain(rows[i].text, strlen(rows[i].text), got);
		hex(rows[i].digest, want, sizeof(want));
		assert_memory_equal(got, want, 16);
	}
}

/* ------------------------------------------------------------------ CHAP by hand-made packets */

static struct chap_config
server_config(void)
{
	return (struct chap_config){.role = AUTH_SERVER,
		.algorithm = CHAP_MD5,
		.name = "hawser",
		.timing = &default_lcp.timing,
		.random = rng_fill,
		.random_ctx = &rng};
}

static struct chap_config
client_config(void)
{
	return (struct chap_config){.role = AUTH_CLIENT,
		.algorithm = CHAP_MD5,
		.name = "alice",
		.secret = "sesame",
		.timing = &default_lcp.timing};
}

static void
chap_start(struct chap *c, const struct chap_config *config, struct outbox *out)
{
	assert_true(chap_init(c, config));
	outbox_init(out);
	chap_open(c, 1000, out);
	chap_lower(c, true, 1000, out);
}

static void
chap_give(struct chap *c, const uint8_t *p, size_t n, uint64_t now_ms, struct outbox *out)
{
	outbox_init(out);
	chap_input(c, p, n, now_ms, out);
	assert_false(out->overflow);
}

static void
unknown_algorithm_is_refused_at_init(void **state)
{
	struct chap_config config = client_config();
	struct chap c;

	(void)state;
	config.algorithm = 0x82;
	assert_false(chap_init(&c, &config));
}

/* RFC 1994 section 4.1: MD5 over identifier, secret, challenge. */
static void
response_is_the_digest_of_identifier_secret_and_challenge(void **state)
{
	static const char *const challenges[] = {"00", "0102030405060708090a0b0c0d0e0f10",
		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223242526272829"};
	const struct chap_config config = client_config();
	unsigned i, id;

	(void)state;
	for (i = 0; i < 3; i++) {
		for (id = 0; id < 256; id += 51) {
			uint8_t p[128], text[128], want[16];
			struct outbox out;
			struct chap c;
			char data[128];
			const uint8_t *r;
			size_t len, n;

			n = hex(challenges[i], text + 7, 100);
			text[0] = (uint8_t)id;
			memcpy(text + 1, "sesame", 6);
			md5_plain(text, 7 + n, want);
			chap_start(&c, &config, &out);
			snprintf(data, sizeof(data), "%02x%s 425241", (unsigned)n, challenges[i]);
			chap_give(&c, p, packet(p, CHAP_CHALLENGE, (uint8_t)id, data), 1000, &out);
			r = sent_code(&out, CHAP_RESPONSE, &len);
			assert_non_null(r);
			assert_int_equal(r[1], id);
			assert_int_equal(len, 4 + 1 + 16 + 5);
			assert_int_equal(r[4], 16);
			assert_memory_equal(r + 5, want, 16);
			assert_memory_equal(r + 21, "alice", 5);
			assert_string_equal(chap_peer_name(&c), "BRA");
		}
	}
}

/* Response to the open challenge, made by the test's own digest. */
static size_t
make_response(const struct chap *c, const char *name, const char *secret, uint8_t *p)
{
	uint8_t text[300];
	const size_t s = strlen(secret);

	text[0] = c->id;
	memcpy(text + 1, secret, s);
	memcpy(text + 1 + s, c->challenge, c->challenge_len);
	p[0] = CHAP_RESPONSE;
	p[1] = c->id;
	store_be16(p + 2, (uint16_t)(21 + strlen(name)));
	p[4] = 16;
	md5_plain(text, 1 + s + c->challenge_len, p + 5);
	memcpy(p + 21, name, strlen(name));
	return 21 + strlen(name);
}

static void
server_asks_for_a_verdict_and_sends_success_only_when_told(void **state)
{
	const struct chap_config config = server_config();
	struct outbox out;
	struct chap c;
	uint8_t p[128];
	size_t n, len;

	(void)state;
	chap_start(&c, &config, &out);
	assert_non_null(sent_code(&out, CHAP_CHALLENGE, &len));
	assert_int_equal(len, 4 + 1 + 16 + 6);
	assert_null(chap_pending(&c));
	n = make_response(&c, "alice", "sesame", p);
	chap_give(&c, p, n, 1100, &out);
	assert_int_equal(count_kind(&out, OUT_LAYER_STARTED), 1);
	assert_int_equal(count_kind(&out, OUT_SEND), 0);
	assert_string_equal(chap_pending(&c), "alice");
	assert_int_equal(chap_deadline_ms(&c), UINT64_MAX); /* the caller takes its time */
	assert_true(chap_check(&c, "sesame"));
	assert_false(chap_check(&c, "sesam"));
	assert_false(chap_check(&c, "sesame "));
	assert_false(chap_check(&c, ""));
	outbox_init(&out);
	chap_verdict(&c, true, 1200, &out);
	assert_int_equal(out.n, 0);
	assert_int_equal(chap_state(&c), AUTH_VERIFIED);
	chap_give(&c, p, n, 1300, &out); /* the peer is impatient */
	assert_int_equal(out.n, 0);
	chap_confirm(&c, 1400, &out);
	assert_non_null(sent_code(&out, CHAP_SUCCESS, &len));
	assert_int_equal(count_kind(&out, OUT_LAYER_UP), 1);
	assert_int_equal(chap_deadline_ms(&c), UINT64_MAX);
}

static void
repeated_response_gets_the_same_verdict_again(void **state)
{
	const struct chap_config config = server_config();
	unsigned ok;

	(void)state;
	for (ok = 0; ok < 2; ok++) {
		struct outbox out;
		struct chap c;
		uint8_t p[128];
		size_t n, len;

		chap_start(&c, &config, &out);
		n = make_response(&c, "alice", ok != 0 ? "sesame" : "wrong", p);
		chap_give(&c, p, n, 1100, &out);
		assert_int_equal(chap_check(&c, "sesame"), ok);
		chap_verdict(&c, ok != 0, 1100, &out);
		chap_confirm(&c, 1100, &out);
		/* even a right response to the same challenge: RFC 1994 section 4.2 */
		n = make_response(&c, "bob", "sesame", p);
		chap_give(&c, p, n, 1200, &out);
		assert_non_null(sent_code(&out, ok != 0 ? CHAP_SUCCESS : CHAP_FAILURE, &len));
		assert_int_equal(out.n, 1);
		assert_string_equal(chap_peer_name(&c), "alice");
	}
}

static void
wrong_secret_ends_in_failure_with_a_reason(void **state)
{
	const struct chap_config config = server_config();
	struct outbox out;
	struct chap c;
	uint8_t p[128];
	size_t len;

	(void)state;
	chap_start(&c, &config, &out);
	chap_give(&c, p, make_response(&c, "alice", "guess", p), 1100, &out);
	chap_verdict(&c, false, 3000, &out);
	assert_non_null(sent_code(&out, CHAP_FAILURE, &len));
	assert_int_equal(count_kind(&out, OUT_LAYER_FINISHED), 1);
	assert_int_equal(count_kind(&out, OUT_LAYER_UP), 0);
	assert_string_equal(chap_why(&c), "name or secret is wrong");
	assert_int_equal(chap_state(&c), AUTH_FAILED);
	outbox_init(&out);
	chap_confirm(&c, 3000, &out);
	assert_int_equal(out.n, 0);
}

static void
response_to_another_identifier_is_ignored(void **state)
{
	const struct chap_config config = server_config();
	struct outbox out;
	struct chap c;
	uint8_t p[128];
	size_t n;

	(void)state;
	chap_start(&c, &config, &out);
	n = make_response(&c, "alice", "sesame", p);
	p[1]++;
	chap_give(&c, p, n, 1100, &out);
	assert_null(chap_pending(&c));
	assert_true(has_note(&out, "not to the last challenge"));
}

static void
response_of_a_wrong_digest_length_never_checks(void **state)
{
	static const uint8_t lens[] = {1, 15, 17, 49, 64, 65, 255};
	const struct chap_config config = server_config();
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(lens); i++) {
		uint8_t p[300] = {0}, good[128];
		struct outbox out;
		struct chap c;

		chap_start(&c, &config, &out);
		make_response(&c, "", "sesame", good);
		memcpy(p, good, 21);
		p[4] = lens[i];
		store_be16(p + 2, (uint16_t)(5 + lens[i] + 5));
		memcpy(p + 5 + lens[i], "alice", 5);
		chap_give(&c, p, 5u + lens[i] + 5, 1100, &out);
		assert_string_equal(chap_pending(&c), "alice");
		assert_false(chap_check(&c, "sesame"));
	}
}

static void
challenge_is_repeated_unchanged_and_then_given_up(void **state)
{
	const struct chap_config config = server_config();
	uint8_t first[64];
	struct outbox out;
	unsigned sends = 0;
	struct chap c;
	size_t len;

	(void)state;
	chap_start(&c, &config, &out);
	memcpy(first, sent_code(&out, CHAP_CHALLENGE, &len), 27);
	while (count_kind(&out, OUT_LAYER_FINISHED) == 0) {
		const uint8_t *p = sent_code(&out, CHAP_CHALLENGE, &len);

		assert_non_null(p);
		assert_memory_equal(p, first, 27);
		sends++;
		assert_int_equal(chap_deadline_ms(&c), 1000 + 3000 * sends);
		outbox_init(&out);
		chap_tick(&c, chap_deadline_ms(&c), &out);
	}
	assert_int_equal(sends, 10);
	assert_string_equal(chap_why(&c), "no answer to challenges");
}

static void
each_challenge_is_another(void **state)
{
	const struct chap_config config = server_config();
	uint8_t seen[20][16];
	unsigned i, j;

	(void)state;
	for (i = 0; i < 20; i++) {
		struct outbox out;
		struct chap c;
		size_t len;

		chap_start(&c, &config, &out);
		memcpy(seen[i], sent_code(&out, CHAP_CHALLENGE, &len) + 5, 16);
		for (j = 0; j < i; j++)
			assert_memory_not_equal(seen[i], seen[j], 16);
	}
}

/* Server up, then challenged again at the interval. */
static void
rechallenge(struct chap *c, struct chap_config *config, struct outbox *out, uint8_t old[128], size_t *old_n)
{
	size_t len;

	*config = server_config();
	config->rechallenge_ms = 60000;
	chap_start(c, config, out);
	*old_n = make_response(c, "alice", "sesame", old);
	chap_give(c, old, *old_n, 1000, out);
	chap_verdict(c, true, 1000, out);
	chap_confirm(c, 1000, out);
	assert_int_equal(chap_deadline_ms(c), 61000);
	outbox_init(out);
	chap_tick(c, 60999, out);
	assert_int_equal(out->n, 0);
	chap_tick(c, 61000, out);
	assert_non_null(sent_code(out, CHAP_CHALLENGE, &len));
	assert_memory_not_equal(sent_code(out, CHAP_CHALLENGE, &len) + 5, old, 16);
}

static void
rechallenge_passes_without_a_second_up(void **state)
{
	struct chap_config config;
	uint8_t old[128], p[128];
	struct outbox out;
	struct chap c;
	size_t old_n, len;

	(void)state;
	rechallenge(&c, &config, &out, old, &old_n);
	chap_give(&c, old, old_n, 61001, &out); /* the answer to the old one */
	assert_null(chap_pending(&c));
	chap_give(&c, p, make_response(&c, "alice", "sesame", p), 61002, &out);
	assert_string_equal(chap_pending(&c), "alice");
	assert_true(chap_check(&c, "sesame"));
	chap_verdict(&c, true, 61002, &out);
	chap_confirm(&c, 61002, &out);
	assert_non_null(sent_code(&out, CHAP_SUCCESS, &len));
	assert_int_equal(count_kind(&out, OUT_LAYER_UP), 0);
	assert_int_equal(chap_deadline_ms(&c), 121002);
}

static void
rechallenge_answered_by_another_name_fails(void **state)
{
	struct chap_config config;
	uint8_t old[128], p[128];
	struct outbox out;
	struct chap c;
	size_t old_n;

	(void)state;
	rechallenge(&c, &config, &out, old, &old_n);
	chap_give(&c, p, make_response(&c, "mallory", "sesame", p), 61002, &out);
	assert_string_equal(chap_pending(&c), "alice");
	assert_false(chap_check(&c, "sesame"));
	chap_verdict(&c, false, 61002, &out);
	assert_string_equal(chap_why(&c), "name changed at a re-challenge");
	assert_int_equal(count_kind(&out, OUT_LAYER_FINISHED), 1);
}

static void
rechallenge_without_an_answer_fails(void **state)
{
	struct chap_config config;
	uint8_t old[128];
	struct outbox out;
	struct chap c;
	size_t old_n;

	(void)state;
	rechallenge(&c, &config, &out, old, &old_n);
	while (chap_state(&c) == AUTH_WAITING) {
		outbox_init(&out);
		chap_tick(&c, chap_deadline_ms(&c), &out);
	}
	assert_int_equal(chap_state(&c), AUTH_FAILED);
	assert_int_equal(count_kind(&out, OUT_LAYER_FINISHED), 1);
}

static void
client_without_challenge_or_verdict_gives_up_with_a_reason(void **state)
{
	const struct chap_config config = client_config();
	struct outbox out;
	unsigned sends = 0;
	struct chap c;
	uint8_t p[64];
	size_t len;

	(void)state;
	chap_start(&c, &config, &out);
	assert_int_equal(chap_deadline_ms(&c), 31000);
	chap_tick(&c, 31000, &out);
	assert_string_equal(chap_why(&c), "no challenge came");
	chap_start(&c, &config, &out);
	chap_give(&c, p, packet(p, CHAP_CHALLENGE, 1, "0401020304"), 1000, &out);
	while (sent_code(&out, CHAP_RESPONSE, &len) != NULL) {
		sends++;
		outbox_init(&out);
		chap_tick(&c, chap_deadline_ms(&c), &out);
	}
	assert_int_equal(sends, 10);
	assert_string_equal(chap_why(&c), "no verdict on our response");
}

static void
client_takes_the_verdict_on_its_last_response_only(void **state)
{
	const struct chap_config config = client_config();
	struct outbox out;
	struct chap c;
	uint8_t p[64];
	size_t len;

	(void)state;
	chap_start(&c, &config, &out);
	chap_give(&c, p, packet(p, CHAP_SUCCESS, 1, ""), 1000, &out);
	assert_int_equal(chap_state(&c), AUTH_WAITING); /* success before any challenge is no success */
	chap_give(&c, p, packet(p, CHAP_CHALLENGE, 1, "0401020304"), 1000, &out);
	chap_give(&c, p, packet(p, CHAP_SUCCESS, 2, ""), 1000, &out);
	assert_int_equal(chap_state(&c), AUTH_WAITING);
	chap_give(&c, p, packet(p, CHAP_SUCCESS, 1, "6f6b"), 1000, &out);
	assert_int_equal(count_kind(&out, OUT_LAYER_UP), 1);
	chap_give(&c, p, packet(p, CHAP_CHALLENGE, 2, "0409090909"), 5000, &out);
	assert_non_null(sent_code(&out, CHAP_RESPONSE, &len));
	assert_int_equal(chap_state(&c), AUTH_UP);
	chap_give(&c, p, packet(p, CHAP_FAILURE, 2, "6e6f1b"), 5000, &out);
	assert_int_equal(count_kind(&out, OUT_LAYER_FINISHED), 1);
	assert_true(has_note(&out, "no."));
	assert_string_equal(chap_why(&c), "peer refuses our name and secret");
}

static void
malformed_challenges_and_responses_are_dropped_with_a_note(void **state)
{
	static const char *const rows[] = {"", "00", "05 01020304", "ff", "0401020304 61006c"};
	const struct chap_config configs[2] = {client_config(), server_config()};
	unsigned role, i;

	(void)state;
	for (role = 0; role < 2; role++) {
		for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			struct outbox out;
			struct chap c;
			uint8_t p[64];

			chap_start(&c, &configs[role], &out);
			chap_give(&c, p, packet(p, role == 0 ? CHAP_CHALLENGE : CHAP_RESPONSE, c.id, rows[i]), 1000,
				&out);
			assert_int_equal(count_kind(&out, OUT_SEND), 0);
			assert_true(has_note(&out, "malformed"));
			assert_int_equal(chap_state(&c), AUTH_WAITING);
		}
	}
}

static void
packets_of_the_other_role_are_none_of_ours(void **state)
{
	const struct chap_config configs[2] = {client_config(), server_config()};
	unsigned role, code;

	(void)state;
	for (role = 0; role < 2; role++) {
		for (code = 0; code < 256; code++) {
			const bool mine = role == 0 ? code == 1 || code == 3 || code == 4 : code == 2;
			struct outbox out;
			struct chap c;
			uint8_t p[64];

			chap_start(&c, &configs[role], &out);
			chap_give(&c, p, packet(p, (uint8_t)code, c.id, "0401020304"), 1000, &out);
			if (!mine)
				assert_int_equal(out.n, 0);
			else
				assert_int_not_equal(out.n, 0);
		}
	}
}

/* ------------------------------------------------------------------ PAP by hand-made packets */

static void
pap_start(struct pap *p, enum auth_role role, struct outbox *out)
{
	pap_init(p, role, role == AUTH_CLIENT ? "alice" : NULL, role == AUTH_CLIENT ? "sesame" : NULL,
		&default_lcp.timing);
	outbox_init(out);
	pap_open(p, 1000, out);
	pap_lower(p, true, 1000, out);
}

static void
pap_give(struct pap *p, uint8_t code, uint8_t id, const char *data, struct outbox *out)
{
	uint8_t b[600];
	const size_t n = packet(b, code, id, data);

	outbox_init(out);
	pap_input(p, b, n, 2000, out);
	assert_false(out->overflow);
}

static void
pap_client_repeats_its_words_and_takes_the_answer_to_any_of_them(void **state)
{
	struct outbox out;
	struct pap p;

	(void)state;
	pap_start(&p, AUTH_CLIENT, &out);
	assert_sent(&out, PAP_REQUEST, 1, "05616c696365 06736573616d65");
	outbox_init(&out);
	pap_tick(&p, 4000, &out);
	assert_sent(&out, PAP_REQUEST, 2, "05616c696365 06736573616d65");
	pap_give(&p, PAP_ACK, 3, "00", &out);
	assert_int_equal(pap_state(&p), AUTH_WAITING);
	pap_give(&p, PAP_ACK, 0, "00", &out);
	assert_int_equal(pap_state(&p), AUTH_WAITING);
	pap_give(&p, PAP_ACK, 1, "00", &out);
	assert_int_equal(count_kind(&out, OUT_LAYER_UP), 1);
	assert_int_equal(pap_deadline_ms(&p), UINT64_MAX);
}

static void
pap_client_gives_up_on_nak_and_on_silence(void **state)
{
	static const char *const texts[] = {"03 6e6f21", "", "09 6e6f"}; /* whole, left out, cut */
	struct outbox out;
	unsigned i, sends;
	struct pap p;
	size_t len;

	(void)state;
	for (i = 0; i < 3; i++) {
		pap_start(&p, AUTH_CLIENT, &out);
		pap_give(&p, PAP_NAK, 1, texts[i], &out);
		assert_int_equal(count_kind(&out, OUT_LAYER_FINISHED), 1);
		assert_string_equal(pap_why(&p), "peer refuses our name and password");
		assert_int_equal(has_note(&out, "no!"), i == 0);
	}
	pap_start(&p, AUTH_CLIENT, &out);
	for (sends = 0; sent_code(&out, PAP_REQUEST, &len) != NULL; sends++) {
		outbox_init(&out);
		pap_tick(&p, pap_deadline_ms(&p), &out);
	}
	assert_int_equal(sends, 10);
	assert_string_equal(pap_why(&p), "no answer to Authenticate-Requests");
}

static void
pap_server_acks_only_when_told_and_then_again_on_request(void **state)
{
	struct outbox out;
	struct pap p;

	(void)state;
	pap_start(&p, AUTH_SERVER, &out);
	pap_give(&p, PAP_REQUEST, 7, "05616c696365 06736573616d65", &out);
	assert_int_equal(count_kind(&out, OUT_LAYER_STARTED), 1);
	assert_string_equal(pap_pending(&p), "alice");
	assert_int_equal(pap_deadline_ms(&p), UINT64_MAX); /* the caller takes its time */
	assert_true(pap_check(&p, "sesame"));
	assert_false(pap_check(&p, "sesam"));
	assert_false(pap_check(&p, "sesame1"));
	assert_false(pap_check(&p, ""));
	outbox_init(&out);
	pap_verdict(&p, true, 2000, &out);
	assert_int_equal(out.n, 0);
	pap_give(&p, PAP_REQUEST, 8, "05616c696365 06736573616d65", &out);
	assert_int_equal(out.n, 0);
	pap_confirm(&p, 2000, &out);
	assert_sent(&out, PAP_ACK, 8, "00");
	assert_int_equal(count_kind(&out, OUT_LAYER_UP), 1);
	pap_give(&p, PAP_REQUEST, 9, "05616c696365 06736573616d65", &out);
	assert_sent(&out, PAP_ACK, 9, "00");
	assert_int_equal(out.n, 1);
}

static void
pap_server_naks_a_wrong_password_and_says_why(void **state)
{
	struct outbox out;
	struct pap p;
	size_t len;

	(void)state;
	pap_start(&p, AUTH_SERVER, &out);
	pap_give(&p, PAP_REQUEST, 7, "05616c696365 0178", &out);
	assert_false(pap_check(&p, "sesame"));
	pap_verdict(&p, false, 5000, &out);
	assert_non_null(sent_code(&out, PAP_NAK, &len));
	assert_int_equal(count_kind(&out, OUT_LAYER_FINISHED), 1);
	assert_string_equal(pap_why(&p), "name or password is wrong");
	pap_give(&p, PAP_REQUEST, 8, "05616c696365 06736573616d65", &out);
	assert_non_null(sent_code(&out, PAP_NAK, &len));
	assert_null(pap_pending(&p));
}

static void
pap_server_drops_malformed_requests_and_waits_no_longer_than_its_time(void **state)
{
	static const char *const rows[] = {
		"", "05", "05616c6963", "00", "0161", "016105", "0161 0662", "0100 0261", "0161 0200"};
	struct outbox out;
	struct pap p;
	unsigned i;

	(void)state;
	pap_start(&p, AUTH_SERVER, &out);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		pap_give(&p, PAP_REQUEST, 1, rows[i], &out);
		assert_true(has_note(&out, "malformed"));
		assert_null(pap_pending(&p));
	}
	assert_int_equal(pap_deadline_ms(&p), 1000 + 30000);
	outbox_init(&out);
	pap_tick(&p, 31000, &out);
	assert_int_equal(count_kind(&out, OUT_LAYER_FINISHED), 1);
	assert_string_equal(pap_why(&p), "peer does not authenticate");
}

/* Names and passwords are counted, so a zero byte ends neither; but nobody here has one in his. */
static void
pap_words_with_a_zero_byte_are_heard_and_nobodys(void **state)
{
	static const struct {
		const char *name, *request, *user, *password;
	} rows[] = {
		{"name goes on behind it", "07616c6963650078 06736573616d65", "alice.x", "sesame"},
		{"name ends with it", "06616c69636500 06736573616d65", "alice.", "sesame"},
		{"password ends with it", "05616c696365 07736573616d6500", "alice", "sesame"},
		{"password with a dot in its place", "05616c696365 06736500616d65", "alice", "se.ame"},
		{"password is nothing else", "05616c696365 0100", "alice", ""},
		{"name is nothing else", "0100 06736573616d65", ".", "sesame"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct outbox out;
		struct pap p;
		size_t len;

		print_message("%s\n", rows[i].name);
		pap_start(&p, AUTH_SERVER, &out);
		pap_give(&p, PAP_REQUEST, 7, rows[i].request, &out);
		assert_int_equal(count_kind(&out, OUT_LAYER_STARTED), 1);
		assert_string_equal(pap_pending(&p), rows[i].user);
		assert_false(pap_check(&p, rows[i].password));
		outbox_init(&out);
		pap_verdict(&p, false, 5000, &out);
		assert_non_null(sent_code(&out, PAP_NAK, &len));
	}
}

static void
longest_pap_names_and_passwords_fit(void **state)
{
	static char name[256], password[256];
	struct outbox out;
	struct pap client, server;
	const uint8_t *req;
	size_t len;

	(void)state;
	memset(name, 'n', 255);
	memset(password, 'p', 255);
	pap_init(&client, AUTH_CLIENT, name, password, &default_lcp.timing);
	outbox_init(&out);
	pap_open(&client, 0, &out);
	pap_lower(&client, true, 0, &out);
	req = sent_code(&out, PAP_REQUEST, &len);
	assert_int_equal(len, 4 + 256 + 256);
	pap_init(&server, AUTH_SERVER, NULL, NULL, &default_lcp.timing);
	pap_open(&server, 0, &out);
	pap_lower(&server, true, 0, &out);
	pap_input(&server, req, len, 0, &out);
	assert_string_equal(pap_pending(&server), name);
	assert_true(pap_check(&server, password));
}

static void
no_note_tells_a_password(void **state)
{
	struct outbox out;
	struct pap p;

	(void)state;
	pap_start(&p, AUTH_SERVER, &out);
	pap_give(&p, PAP_REQUEST, 7, "05616c696365 06736573616d65", &out);
	pap_verdict(&p, false, 2000, &out);
	assert_false(has_note(&out, "sesame"));
	assert_string_equal(p.peer_password, ""); /* and it is forgotten */
}

/* ------------------------------------------------------------------ both ends on a bad wire */

static bool wire_secret_is_right;

static void
pap_after(void *m, uint64_t now_ms, struct outbox *out)
{
	struct pap *p = m;

	if (pap_pending(p) == NULL)
		return;
	pap_verdict(p, pap_check(p, "sesame") && strcmp(pap_pending(p), "alice") == 0, now_ms, out);
	pap_confirm(p, now_ms, out);
}

static void
chap_after(void *m, uint64_t now_ms, struct outbox *out)
{
	struct chap *c = m;

	if (chap_pending(c) == NULL)
		return;
	chap_verdict(c, chap_check(c, wire_secret_is_right ? "sesame" : "other"), now_ms, out);
	chap_confirm(c, now_ms, out);
}

static void
wire_conditions(struct wire *w, uint64_t seed)
{
	w->loss_permille = (uint32_t)(seed % 6) * 100;
	w->double_permille = (uint32_t)(seed % 5) * 100;
	w->jitter_ms = (uint32_t)(seed % 4) * 1500;
	w->reorder = true;
}

static void
pap_over_a_lossy_wire_ends_up_or_in_a_named_failure(void **state)
{
	unsigned up = 0;
	uint64_t seed;

	(void)state;
	for (seed = 0; seed < 600; seed++) {
		struct node nodes[2];
		struct pap client, server;
		struct outbox out;
		struct wire w;

		node_pap(&nodes[0], &client);
		node_pap(&nodes[1], &server);
		nodes[1].after = pap_after;
		wire_init(&w, &nodes[0], &nodes[1], seed);
		wire_conditions(&w, seed);
		pap_start(&server, AUTH_SERVER, &out);
		wire_drain(&w, 1, &out);
		pap_start(&client, AUTH_CLIENT, &out);
		wire_drain(&w, 0, &out);
		wire_run(&w, 120000);
		assert_true(pap_state(&client) == AUTH_UP || pap_why(&client) != NULL);
		assert_true(pap_state(&server) == AUTH_UP || pap_why(&server) != NULL);
		up += pap_state(&client) == AUTH_UP;
		wire_free(&w);
	}
	assert_true(up > 500);
}

static void
chap_over_a_lossy_wire_ends_up_or_in_a_named_failure(void **state)
{
	unsigned up = 0;
	uint64_t seed;

	(void)state;
	for (seed = 0; seed < 600; seed++) {
		const struct chap_config configs[2] = {client_config(), server_config()};
		struct node nodes[2];
		struct chap client, server;
		struct outbox out;
		struct wire w;

		wire_secret_is_right = seed % 10 != 9;
		node_chap(&nodes[0], &client);
		node_chap(&nodes[1], &server);
		nodes[1].after = chap_after;
		wire_init(&w, &nodes[0], &nodes[1], seed);
		wire_conditions(&w, seed);
		chap_start(&client, &configs[0], &out);
		chap_start(&server, &configs[1], &out);
		wire_drain(&w, 1, &out);
		wire_run(&w, 120000);
		assert_true(chap_state(&client) == AUTH_UP || chap_why(&client) != NULL);
		assert_true(chap_state(&server) == AUTH_UP || chap_why(&server) != NULL);
		if (!wire_secret_is_right)
			assert_true(chap_state(&client) != AUTH_UP && chap_state(&server) != AUTH_UP);
		up += chap_state(&client) == AUTH_UP;
		wire_free(&w);
	}
	assert_true(up > 450);
}

static void
closed_or_unconnected_machines_sleep_and_drop_what_comes(void **state)
{
	const struct chap_config configs[2] = {client_config(), server_config()};
	unsigned role, down;

	(void)state;
	for (role = 0; role < 2; role++) {
		for (down = 0; down < 2; down++) {
			struct outbox out;
			struct chap c;
			struct pap p;
			uint8_t b[64];

			chap_start(&c, &configs[role], &out);
			pap_start(&p, role, &out);
			outbox_init(&out);
			if (down != 0) {
				chap_lower(&c, false, 2000, &out);
				pap_lower(&p, false, 2000, &out);
			} else {
				chap_close(&c, 2000, &out);
				pap_close(&p, 2000, &out);
			}
			assert_int_equal(out.n, 0);
			assert_int_equal(chap_deadline_ms(&c), UINT64_MAX);
			assert_int_equal(pap_deadline_ms(&p), UINT64_MAX);
			assert_int_equal(chap_state(&c), AUTH_DEAD);
			assert_int_equal(pap_state(&p), AUTH_DEAD);
			chap_give(&c, b, packet(b, CHAP_CHALLENGE, 1, "0401020304"), 3000, &out);
			assert_true(has_note(&out, "not in the authentication phase"));
			pap_give(&p, PAP_REQUEST, 1, "0161 0162", &out);
			assert_true(has_note(&out, "not in the authentication phase"));
		}
	}
}

static void
closed_machine_starts_only_when_opened_again(void **state)
{
	const struct chap_config config = client_config();
	struct outbox out;
	struct chap c;
	struct pap p;

	(void)state;
	chap_start(&c, &config, &out);
	pap_start(&p, AUTH_CLIENT, &out);
	chap_close(&c, 2000, &out);
	pap_close(&p, 2000, &out);
	chap_lower(&c, false, 2000, &out);
	pap_lower(&p, false, 2000, &out);
	chap_lower(&c, true, 2000, &out);
	pap_lower(&p, true, 2000, &out);
	assert_int_equal(chap_state(&c), AUTH_DEAD);
	assert_int_equal(pap_state(&p), AUTH_DEAD);
	chap_open(&c, 3000, &out);
	pap_open(&p, 3000, &out);
	assert_int_equal(chap_state(&c), AUTH_WAITING);
	assert_int_equal(pap_state(&p), AUTH_WAITING);
	assert_int_equal(pap_deadline_ms(&p), 6000);
}

static void
packets_with_a_bad_length_are_dropped_with_a_note(void **state)
{
	const struct chap_config config = server_config();
	struct outbox out;
	struct chap c;
	struct pap p;

	(void)state;
	chap_start(&c, &config, &out);
	pap_start(&p, AUTH_SERVER, &out);
	chap_give(&c, (const uint8_t[]){2, 1, 0, 5}, 4, 3000, &out);
	assert_true(has_note(&out, "bad length"));
	outbox_init(&out);
	pap_input(&p, (const uint8_t[]){1, 1, 0}, 3, 3000, &out);
	assert_true(has_note(&out, "bad length"));
}

static void
texts_are_equal_only_if_they_are(void **state)
{
	char longest[AUTH_TEXT_MAX + 2];

	(void)state;
	assert_true(auth_text_equal("", ""));
	assert_true(auth_text_equal("a", "a"));
	assert_false(auth_text_equal("a", ""));
	assert_false(auth_text_equal("", "a"));
	assert_false(auth_text_equal("a", "aa"));
	assert_false(auth_text_equal("a", "b"));
	memset(longest, 'x', sizeof(longest));
	longest[AUTH_TEXT_MAX] = '\0';
	assert_true(auth_text_equal(longest, longest));
	longest[AUTH_TEXT_MAX] = 'x';
	longest[AUTH_TEXT_MAX + 1] = '\0';
	assert_false(auth_text_equal(longest, longest));
	assert_false(auth_text_equal(longest, "x"));
	assert_false(auth_text_equal("x", longest));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(md5_of_the_test_is_the_rfcs),
		cmocka_unit_test(unknown_algorithm_is_refused_at_init),
		cmocka_unit_test(response_is_the_digest_of_identifier_secret_and_challenge),
		cmocka_unit_test(server_asks_for_a_verdict_and_sends_success_only_when_told),
		cmocka_unit_test(repeated_response_gets_the_same_verdict_again),
		cmocka_unit_test(wrong_secret_ends_in_failure_with_a_reason),
		cmocka_unit_test(response_to_another_identifier_is_ignored),
		cmocka_unit_test(response_of_a_wrong_digest_length_never_checks),
		cmocka_unit_test(challenge_is_repeated_unchanged_and_then_given_up),
		cmocka_unit_test(each_challenge_is_another),
		cmocka_unit_test(rechallenge_passes_without_a_second_up),
		cmocka_unit_test(rechallenge_answered_by_another_name_fails),
		cmocka_unit_test(rechallenge_without_an_answer_fails),
		cmocka_unit_test(client_without_challenge_or_verdict_gives_up_with_a_reason),
		cmocka_unit_test(client_takes_the_verdict_on_its_last_response_only),
		cmocka_unit_test(malformed_challenges_and_responses_are_dropped_with_a_note),
		cmocka_unit_test(packets_of_the_other_role_are_none_of_ours),
		cmocka_unit_test(pap_client_repeats_its_words_and_takes_the_answer_to_any_of_them),
		cmocka_unit_test(pap_client_gives_up_on_nak_and_on_silence),
		cmocka_unit_test(pap_server_acks_only_when_told_and_then_again_on_request),
		cmocka_unit_test(pap_server_naks_a_wrong_password_and_says_why),
		cmocka_unit_test(pap_server_drops_malformed_requests_and_waits_no_longer_than_its_time),
		cmocka_unit_test(pap_words_with_a_zero_byte_are_heard_and_nobodys),
		cmocka_unit_test(longest_pap_names_and_passwords_fit),
		cmocka_unit_test(no_note_tells_a_password),
		cmocka_unit_test(pap_over_a_lossy_wire_ends_up_or_in_a_named_failure),
		cmocka_unit_test(chap_over_a_lossy_wire_ends_up_or_in_a_named_failure),
		cmocka_unit_test(closed_or_unconnected_machines_sleep_and_drop_what_comes),
		cmocka_unit_test(closed_machine_starts_only_when_opened_again),
		cmocka_unit_test(packets_with_a_bad_length_are_dropped_with_a_note),
		cmocka_unit_test(texts_are_equal_only_if_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
