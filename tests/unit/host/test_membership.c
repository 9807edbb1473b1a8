/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "control/ppp/endpoint.h"
#include "control/ppp/membership.h"
#include "tests/unit/host/check.h"

static const struct host_endpoint none = {0};
static const struct host_endpoint mac_a = {HOST_EP_MAC, 6, {2, 0, 0, 0, 0, 1}};
static const struct host_endpoint local_a = {HOST_EP_LOCAL, 6, {2, 0, 0, 0, 0, 1}};
static const struct host_endpoint short_a = {HOST_EP_MAC, 5, {2, 0, 0, 0, 0, 1}};
static const struct host_endpoint mac_b = {HOST_EP_MAC, 6, {2, 0, 0, 0, 0, 2}};
static const struct host_endpoint null_with_bytes = {HOST_EP_NULL, 1, {0}};
static const struct host_endpoint unknown_a = {200, 6, {2, 0, 0, 0, 0, 1}};

static struct membership_link
link_of_alice(void)
{
	return (struct membership_link){
		.authenticated = true,
		.login = "alice",
		.endpoint = &mac_a,
		.our_mrru = 1524,
		.peer_mrru = 1600,
		.links_max = 16,
	};
}

/* Verdict on the second link after the first one made bundle 3. */
static enum membership_verdict
second(const struct membership_link *first, const struct membership_link *then, struct membership_answer *answer)
{
	struct membership m;

	assert_int_equal(membership_init(&m, 8), 0);
	membership_decide(&m, first, answer);
	assert_int_equal(answer->verdict, MEMBERSHIP_NEW);
	assert_int_equal(membership_insert(&m, 3, first), 0);
	membership_decide(&m, then, answer);
	assert_true(strlen(answer->explain) > 20);
	if (answer->nth != 0) {
		char again[256];

		membership_retell(then, answer->bundle, answer->nth, again);
		assert_string_equal(again, answer->explain);
	}
	assert_int_equal(answer->nth != 0,
		answer->verdict == MEMBERSHIP_JOIN ||
			(answer->verdict == MEMBERSHIP_NEW && strstr(answer->explain, "differs") == NULL));
	membership_fini(&m);
	return answer->verdict;
}

/* RFC 1990 section 5.1.3, the four cases; M-01, M-02, M-04. */
static void
four_cases_of_the_rfc(void **state)
{
	static const struct {
		const char *name;
		bool authenticated;
		const char *login_1, *login_2;
		const struct host_endpoint *ep_1, *ep_2;
		unsigned rfc_case;
		bool joins;
	} rows[] = {
		{"1: nothing known, all such links in one bundle", false, "", "", &none, &none, 1, true},
		{"2: same endpoint", false, "", "", &mac_a, &mac_a, 2, true},
		{"2: other class", false, "", "", &mac_a, &local_a, 2, false},
		{"2: other length", false, "", "", &mac_a, &short_a, 2, false},
		{"2: other bytes", false, "", "", &mac_a, &mac_b, 2, false},
		{"2: unknown class, same bytes", false, "", "", &unknown_a, &unknown_a, 2, true},
		{"2: unknown class differs from a known one", false, "", "", &mac_a, &unknown_a, 2, false},
		{"1 does not join 2", false, "", "", &mac_a, &none, 1, false},
		{"2 does not join 1", false, "", "", &none, &mac_a, 2, false},
		{"3: same name", true, "alice", "alice", &none, &none, 3, true},
		{"3: other name", true, "alice", "bob", &none, &none, 3, false},
		{"3: name is a prefix", true, "alice", "alic", &none, &none, 3, false},
		{"4: both same", true, "alice", "alice", &mac_a, &mac_a, 4, true},
		{"4: other name", true, "alice", "bob", &mac_a, &mac_a, 4, false},
		{"4: other class, same bytes (the mpd fault)", true, "alice", "alice", &mac_a, &local_a, 4, false},
		{"4: other length", true, "alice", "alice", &mac_a, &short_a, 4, false},
		{"4: other bytes", true, "alice", "alice", &mac_a, &mac_b, 4, false},
		{"3 does not join 4", true, "alice", "alice", &mac_a, &none, 3, false},
		{"4 does not join 3", true, "alice", "alice", &none, &mac_a, 4, false},
		{"class 0 with a byte is an endpoint", true, "alice", "alice", &none, &null_with_bytes, 4, false},
		{"case of the name counts by default", true, "alice", "Alice", &none, &none, 3, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct membership_link a = link_of_alice(), b;
		struct membership_answer answer;

		a.authenticated = rows[i].authenticated;
		a.allow_unauthenticated = true;
		b = a;
		a.login = rows[i].login_1;
		a.endpoint = rows[i].ep_1;
		b.login = rows[i].login_2;
		b.endpoint = rows[i].ep_2;
		print_message("%s\n", rows[i].name);
		assert_int_equal(second(&a, &b, &answer), rows[i].joins ? MEMBERSHIP_JOIN : MEMBERSHIP_NEW);
		assert_int_equal(answer.rfc_case, rows[i].rfc_case);
		if (rows[i].joins)
			assert_int_equal(answer.bundle, 3);
	}
}

static void
an_authenticated_peer_never_joins_an_unauthenticated_one(void **state)
{
	struct membership_link a = link_of_alice(), b = link_of_alice();
	struct membership_answer answer;

	(void)state;
	b.authenticated = false;
	b.allow_unauthenticated = true;
	assert_int_equal(second(&a, &b, &answer), MEMBERSHIP_NEW);
	assert_int_equal(second(&b, &a, &answer), MEMBERSHIP_NEW);
}

static void
unauthenticated_multilink_is_refused_by_default(void **state) /* M-08 */
{
	struct membership_link a = link_of_alice(), b = link_of_alice();
	struct membership_answer answer;

	(void)state;
	b.authenticated = false;
	assert_int_equal(second(&a, &b, &answer), MEMBERSHIP_UNAUTHENTICATED);
	assert_non_null(strstr(answer.explain, "02:00:00:00:00:01"));
}

static void
owners_do_not_share_names(void **state)
{
	struct membership_link a = link_of_alice(), b = link_of_alice();
	struct membership_answer answer;

	(void)state;
	b.owner = 1;
	assert_int_equal(second(&a, &b, &answer), MEMBERSHIP_NEW);
}

static void
every_class_and_length_is_compared(void **state) /* M-02 */
{
	struct host_endpoint one = {0}, other;
	struct membership_link a = link_of_alice(), b;
	struct membership_answer answer;

	(void)state;
	for (unsigned class = 0; class < 256; class += 5) {
		for (unsigned len = 1; len <= sizeof(one.bytes); len += 10) {
			memset(&one, (int)class, sizeof(one));
			one.class = (uint8_t) class;
			one.len = (uint8_t)len;
			other = one;
			other.bytes[len - 1] ^= 1;
			a.endpoint = &one;
			b = a;
			assert_int_equal(second(&a, &b, &answer), MEMBERSHIP_JOIN);
			b.endpoint = &other;
			assert_int_equal(second(&a, &b, &answer), MEMBERSHIP_NEW);
		}
	}
}

static void
other_mrru_or_number_format_is_refused(void **state) /* M-03 */
{
	static const struct {
		const char *name, *says;
		uint16_t our_mrru, peer_mrru;
		bool rx_short, tx_short;
		enum membership_verdict want;
	} rows[] = {
		{"all the same", "joins", 1524, 1600, false, false, MEMBERSHIP_JOIN},
		{"peer's MRRU", "1601", 1524, 1601, false, false, MEMBERSHIP_OTHER_MRRU},
		{"our MRRU", "1500", 1500, 1600, false, false, MEMBERSHIP_OTHER_MRRU},
		{"format we receive", "short", 1524, 1600, true, false, MEMBERSHIP_OTHER_SEQUENCE},
		{"format we send", "short", 1524, 1600, false, true, MEMBERSHIP_OTHER_SEQUENCE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct membership_link a = link_of_alice(), b = link_of_alice();
		struct membership_answer answer;

		b.our_mrru = rows[i].our_mrru;
		b.peer_mrru = rows[i].peer_mrru;
		b.rx_short = rows[i].rx_short;
		b.tx_short = rows[i].tx_short;
		print_message("%s\n", rows[i].name);
		assert_int_equal(second(&a, &b, &answer), rows[i].want);
		assert_non_null(strstr(answer.explain, rows[i].says));
	}
}

static void
names_are_keyed_as_configured(void **state) /* M-07 */
{
	static const struct {
		int mode;
		const char *name, *key;
	} rows[] = {
		{HOST_KEY_EXACT, "Alice@ISP", "Alice@ISP"},
		{HOST_KEY_LOWER, "Alice@ISP", "alice@isp"},
		{HOST_KEY_STRIP_REALM, "Alice@ISP", "Alice"},
		{HOST_KEY_STRIP_REALM, "a@b@isp", "a@b"},
		{HOST_KEY_STRIP_REALM, "@isp", "@isp"},
		{HOST_KEY_STRIP_REALM, "alice", "alice"},
		{HOST_KEY_LOWER, "", ""},
	};
	char key[HOST_AUTH_NAME_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		membership_name_key(rows[i].mode, rows[i].name, key);
		assert_string_equal(key, rows[i].key);
	}
}

static void
an_overlong_name_is_cut_at_the_same_place(void **state)
{
	char name[300], key[HOST_AUTH_NAME_MAX];

	(void)state;
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	membership_name_key(HOST_KEY_EXACT, name, key);
	assert_int_equal(strlen(key), HOST_AUTH_NAME_MAX - 1);
}

static void
two_logins_with_one_alias_are_one_bundle(void **state) /* G-02 */
{
	struct membership_link a = link_of_alice(), b = link_of_alice();
	struct membership_answer answer;

	(void)state;
	b.login = "bob";
	assert_int_equal(second(&a, &b, &answer), MEMBERSHIP_NEW);
	a.alias = b.alias = "house";
	assert_int_equal(second(&a, &b, &answer), MEMBERSHIP_JOIN);
	b.alias = NULL;
	a.alias = "bob";
	assert_int_equal(second(&a, &b, &answer), MEMBERSHIP_JOIN);
}

static void
a_bundle_takes_as_many_links_as_it_may(void **state) /* M-10 */
{
	struct membership_link a = link_of_alice();
	struct membership_answer answer;
	struct membership m;

	(void)state;
	a.links_max = 3;
	assert_int_equal(membership_init(&m, 4), 0);
	assert_int_equal(membership_insert(&m, 0, &a), 0);
	for (unsigned i = 1; i < 3; i++) {
		membership_decide(&m, &a, &answer);
		assert_int_equal(answer.verdict, MEMBERSHIP_JOIN);
		membership_join(&m, 0);
	}
	membership_decide(&m, &a, &answer);
	assert_int_equal(answer.verdict, MEMBERSHIP_FULL);
	assert_int_equal(membership_leave(&m, 0), 2);
	membership_decide(&m, &a, &answer);
	assert_int_equal(answer.verdict, MEMBERSHIP_JOIN);
	assert_int_equal(membership_leave(&m, 0), 1);
	assert_true(membership_has(&m, 0));
	assert_int_equal(membership_leave(&m, 0), 0);
	assert_false(membership_has(&m, 0));
	membership_decide(&m, &a, &answer);
	assert_int_equal(answer.verdict, MEMBERSHIP_NEW);
	membership_fini(&m);
}

static void
a_near_miss_is_explained(void **state) /* U11 */
{
	struct membership_link a = link_of_alice(), b = link_of_alice();
	struct membership_answer answer;

	(void)state;
	b.endpoint = &local_a;
	assert_int_equal(second(&a, &b, &answer), MEMBERSHIP_NEW);
	assert_non_null(strstr(answer.explain, "bundle 4 differs by its endpoint mac 02:00:00:00:00:01"));
}

static void
endpoints_are_readable(void **state)
{
	static const struct {
		struct host_endpoint ep;
		const char *text;
	} rows[] = {
		{{HOST_EP_NULL, 0, {0}}, "none"},
		{{HOST_EP_LOCAL, 4, "home"}, "local 'home'"},
		{{HOST_EP_LOCAL, 2, {1, 2}}, "local 0102"},
		{{HOST_EP_IP, 4, {192, 0, 2, 1}}, "ip 192.0.2.1"},
		{{HOST_EP_MAC, 6, {2, 0, 0, 0, 0, 1}}, "mac 02:00:00:00:00:01"},
		{{HOST_EP_PHONE, 3, "123"}, "phone 123"},
		{{HOST_EP_MAGIC, 4, {0xde, 0xad, 0xbe, 0xef}}, "magic deadbeef"},
		{{77, 1, {0xff}}, "class 77 ff"},
	};
	char text[80], tiny[4];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		endpoint_text(&rows[i].ep, text, sizeof(text));
		assert_string_equal(text, rows[i].text);
		endpoint_text(&rows[i].ep, tiny, sizeof(tiny));
		assert_true(strlen(tiny) < sizeof(tiny));
	}
}

/* Known classes have 20 bytes at most (RFC 1990 section 5.1.3), any peer may send 252. */
static void
endpoints_of_every_length_are_told_apart(void **state)
{
	struct membership_link a = link_of_alice(), b = link_of_alice();
	struct host_endpoint first = {HOST_EP_LOCAL, 0, {0}}, then;
	struct membership_answer answer;

	(void)state;
	a.endpoint = &first;
	b.endpoint = &then;
	for (unsigned len = 1; len <= sizeof(first.bytes); len++) {
		first.len = (uint8_t)len;
		memset(first.bytes, 0x5a, len);
		then = first;
		assert_int_equal(second(&a, &b, &answer), MEMBERSHIP_JOIN);
		then.bytes[len - 1] ^= 1;
		assert_int_equal(second(&a, &b, &answer), MEMBERSHIP_NEW);
		then = first;
		then.len--;
		assert_int_equal(second(&a, &b, &answer), MEMBERSHIP_NEW);
	}
}

/* Many bundles, random comings and goings, beside a plain list. */
static void
table_agrees_with_a_list(void **state)
{
	enum { N = 64, NAMES = 24 };
	struct membership m;
	int model[NAMES], links[N] = {0}; /* bundle of each name, or -1 */
	uint32_t rng = 1;

	(void)state;
	assert_int_equal(membership_init(&m, N), 0);
	memset(model, -1, sizeof(model));
	for (unsigned round = 0; round < 20000; round++) {
		char name[16];
		struct membership_link l = link_of_alice();
		struct membership_answer answer;
		unsigned who, free_index = 0;

		rng = rng * 1664525 + 1013904223;
		who = (rng >> 16) % NAMES;
		snprintf(name, sizeof(name), "user%u", who);
		l.login = name;
		membership_decide(&m, &l, &answer);
		assert_int_equal(answer.verdict == MEMBERSHIP_NEW, model[who] < 0);
		if (answer.verdict == MEMBERSHIP_NEW) {
			while (links[free_index] != 0)
				free_index++;
			assert_int_equal(membership_insert(&m, free_index, &l), 0);
			model[who] = (int)free_index;
			links[free_index] = 1;
			continue;
		}
		assert_int_equal((int)answer.bundle, model[who]);
		if (rng >> 31 != 0) {
			links[model[who]]--;
			assert_int_equal(membership_leave(&m, answer.bundle), links[model[who]]);
			if (links[model[who]] == 0)
				model[who] = -1;
		} else if (links[model[who]] < 10) {
			membership_join(&m, answer.bundle);
			links[model[who]]++;
		}
	}
	membership_fini(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(four_cases_of_the_rfc),
		cmocka_unit_test(an_authenticated_peer_never_joins_an_unauthenticated_one),
		cmocka_unit_test(unauthenticated_multilink_is_refused_by_default),
		cmocka_unit_test(owners_do_not_share_names),
		cmocka_unit_test(every_class_and_length_is_compared),
		cmocka_unit_test(other_mrru_or_number_format_is_refused),
		cmocka_unit_test(names_are_keyed_as_configured),
		cmocka_unit_test(an_overlong_name_is_cut_at_the_same_place),
		cmocka_unit_test(two_logins_with_one_alias_are_one_bundle),
		cmocka_unit_test(a_bundle_takes_as_many_links_as_it_may),
		cmocka_unit_test(a_near_miss_is_explained),
		cmocka_unit_test(endpoints_are_readable),
		cmocka_unit_test(endpoints_of_every_length_are_told_apart),
		cmocka_unit_test(table_agrees_with_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
