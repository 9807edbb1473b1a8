/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/discovery_client.h"

#include "tests/unit/discovery/frames.h"

enum { T0 = 100000 };

static const uint8_t chance[16] = {0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab, 1, 2, 3, 4};

static struct discovery_client client;
static struct discovery_client_out out;
static size_t pppoe; /* where the PPPoE header of the client's frames starts */
static uint32_t vlan;

static void
start(const struct discovery_client_wish *extra)
{
	struct discovery_client_wish want = extra != NULL ? *extra : (struct discovery_client_wish){0};

	want.local = host_mac;
	want.port = 4;
	want.number = 0xa0a1a2a3;
	vlan = want.vlans.outer & VLAN_ID_MASK;
	pppoe = vlan != 0 ? 18 : 14;
	discovery_client_init(&client, &want);
	assert_true(discovery_client_deadline_ms(&client) == UINT64_MAX);
	discovery_client_open(&client, chance, T0, &out);
}

static struct raw
from_ac(unsigned code, unsigned session)
{
	struct raw r = raw_start(&host_mac, &ac_mac, vlan, code, session);

	raw_tag(&r, PPPOE_TAG_HOST_UNIQ, chance, 12);
	return r;
}

static struct raw
offer(const char *service)
{
	struct raw r = from_ac(PPPOE_CODE_PADO, 0);

	raw_text(&r, PPPOE_TAG_SERVICE_NAME, service);
	raw_text(&r, PPPOE_TAG_AC_NAME, "ac-1");
	return r;
}

static enum discovery_verdict
input(const struct raw *r, uint64_t now_ms)
{
	const struct discovery_view v = raw_view(r);

	return discovery_client_input(&client, &v, now_ms, &out);
}

static void
to_padr(void)
{
	const struct raw r = offer("");

	assert_int_equal(input(&r, T0 + 10), DISCOVERY_OK);
	assert_int_equal(client.state, DISCOVERY_CLIENT_PADR_SENT);
}

static void
to_session(unsigned session)
{
	struct raw r;

	to_padr();
	r = from_ac(PPPOE_CODE_PADS, session);
	raw_text(&r, PPPOE_TAG_SERVICE_NAME, "");
	assert_int_equal(input(&r, T0 + 20), DISCOVERY_OK);
	assert_int_equal(out.event, DISCOVERY_CLIENT_UP);
}

static void
a_padi_goes_to_all_with_a_host_uniq(void **state)
{
	static const uint8_t want[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0, 0, 0, 0x01, 0x81, 0x00, 0x00,
		0x64, 0x88, 0x63, 0x11, 0x09, 0x00, 0x00, 0x00, 26, 0x01, 0x01, 0x00, 0x00, 0x01, 0x03, 0x00, 0x0c,
		0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab, 0x01, 0x20, 0x00, 0x02, 0x05,
		0xdc};
	struct discovery_client_wish want_1500 = {.vlans = {VLAN_TAGGED | 100, 0}, .max_payload = 1500};

	(void)state;
	start(&want_1500);
	assert_int_equal(client.state, DISCOVERY_CLIENT_PADI_SENT);
	assert_memory_equal(out.frame.bytes, want, 22);
	assert_int_equal(out.frame.bytes[23], 26);
	assert_memory_equal(out.frame.bytes + 24, want + 24, sizeof(want) - 24);
}

static void
a_dial_ends_in_a_session(void **state)
{
	struct discovery_client_wish named = {.service = "fast", .ac_name = "ac-1", .vlans = {VLAN_TAGGED | 7, 0}};
	struct raw r;

	(void)state;
	start(&named);
	assert_true(frame_has_text(&out.frame, pppoe, PPPOE_TAG_SERVICE_NAME, 0, "fast"));
	r = offer("slow");
	raw_text(&r, PPPOE_TAG_SERVICE_NAME, "fast");
	raw_text(&r, PPPOE_TAG_AC_COOKIE, "cookie");
	raw_text(&r, PPPOE_TAG_RELAY_SESSION_ID, "relay");
	assert_int_equal(input(&r, T0 + 5), DISCOVERY_OK);

	assert_int_equal(frame_code(&out.frame, pppoe), PPPOE_CODE_PADR);
	assert_memory_equal(out.frame.bytes, &ac_mac, 6);
	assert_memory_equal(out.frame.bytes + 6, &host_mac, 6);
	assert_true(frame_has_text(&out.frame, pppoe, PPPOE_TAG_SERVICE_NAME, 0, "fast"));
	assert_true(frame_has_text(&out.frame, pppoe, PPPOE_TAG_AC_COOKIE, 0, "cookie"));
	assert_true(frame_has_text(&out.frame, pppoe, PPPOE_TAG_RELAY_SESSION_ID, 0, "relay"));
	assert_true(frame_has(&out.frame, pppoe, PPPOE_TAG_HOST_UNIQ, 0, chance, 12));
	size_t n;
	assert_null(frame_tag(&out.frame, pppoe, PPPOE_TAG_SERVICE_NAME, 1, &n));
	assert_null(frame_tag(&out.frame, pppoe, PPPOE_TAG_MAX_PAYLOAD, 0, &n));

	r = from_ac(PPPOE_CODE_PADS, 0x1234);
	raw_text(&r, PPPOE_TAG_SERVICE_NAME, "fast");
	assert_int_equal(input(&r, T0 + 9), DISCOVERY_OK);
	assert_int_equal(out.event, DISCOVERY_CLIENT_UP);
	assert_int_equal(out.frame.len, 0);
	assert_int_equal(client.state, DISCOVERY_CLIENT_SESSION);
	assert_int_equal(client.key.session, 0x1234);
	assert_int_equal(client.key.port, 4);
	assert_int_equal(client.key.vlans.outer, VLAN_TAGGED | 7);
	assert_memory_equal(&client.key.peer, &ac_mac, 6);
	assert_memory_equal(&client.key.local, &host_mac, 6);
	assert_string_equal(client.peer_name, "ac-1");
	assert_true(discovery_client_deadline_ms(&client) == UINT64_MAX);
}

static void
services_are_matched_as_wished(void **state)
{
	static const struct {
		const char *name, *wish;
		const char *offered[3]; /* NULL ends */
		enum discovery_verdict want;
		const char *requested;
	} rows[] = {
		{"any_and_blank_offered", NULL, {"", NULL}, DISCOVERY_OK, ""},
		{"any_and_a_list_with_blank", NULL, {"x", "", NULL}, DISCOVERY_OK, ""},
		{"any_and_a_list_without_blank", NULL, {"x", "y", NULL}, DISCOVERY_OK, "x"},
		{"any_and_nothing_offered", NULL, {NULL}, DISCOVERY_OK, ""},
		{"given_and_offered_first", "y", {"y", "x", NULL}, DISCOVERY_OK, "y"},
		{"given_and_offered_last", "y", {"x", "y", NULL}, DISCOVERY_OK, "y"},
		{"given_and_only_blank_offered", "y", {"", NULL}, DISCOVERY_WRONG_SERVICE, NULL},
		{"given_and_only_longer_offered", "y", {"yy", NULL}, DISCOVERY_WRONG_SERVICE, NULL},
		{"given_and_nothing_offered", "y", {NULL}, DISCOVERY_WRONG_SERVICE, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct discovery_client_wish wish = {.service = rows[i].wish};
		struct raw r;

		CASE(rows[i].name);
		start(&wish);
		r = from_ac(PPPOE_CODE_PADO, 0);
		for (unsigned k = 0; rows[i].offered[k] != NULL; k++)
			raw_text(&r, PPPOE_TAG_SERVICE_NAME, rows[i].offered[k]);
		raw_text(&r, PPPOE_TAG_AC_NAME, "ac");
		assert_int_equal(input(&r, T0), rows[i].want);
		if (rows[i].want == DISCOVERY_OK) {
			assert_true(frame_has_text(&out.frame, pppoe, PPPOE_TAG_SERVICE_NAME, 0, rows[i].requested));
		} else {
			assert_int_equal(out.frame.len, 0);
			assert_int_equal(client.refused, rows[i].want);
			assert_int_equal(client.state, DISCOVERY_CLIENT_PADI_SENT);
		}
	}
}

static void
offers_that_do_not_fit_are_refused_by_name(void **state)
{
	static const char long_cookie[1460];
	enum { WRONG_AC, NO_AC, UNIQ, NO_UNIQ, ERROR, VLAN, DST, LARGE, FITS, CODE };
	static const struct {
		const char *name;
		int fault;
		enum discovery_verdict want;
	} rows[] = {
		{"other_ac_name", WRONG_AC, DISCOVERY_WRONG_AC},
		{"no_ac_name", NO_AC, DISCOVERY_WRONG_AC},
		{"other_host_uniq", UNIQ, DISCOVERY_HOST_UNIQ},
		{"no_host_uniq", NO_UNIQ, DISCOVERY_HOST_UNIQ},
		{"error_tag", ERROR, DISCOVERY_ERROR_TAG},
		{"other_vlan", VLAN, DISCOVERY_NOT_FOR_US},
		{"other_destination", DST, DISCOVERY_NOT_FOR_US},
		{"cookie_that_fits_no_padr", LARGE, DISCOVERY_TOO_LARGE},
		{"padi", CODE, DISCOVERY_UNEXPECTED},
		{"fits", FITS, DISCOVERY_OK},
	};
	struct discovery_client_wish wish = {.ac_name = "ac-1"};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const int fault = rows[i].fault;
		struct raw r = raw_start(
			fault == DST ? &other_mac : &host_mac, &ac_mac, fault == VLAN ? 9 : 0, PPPOE_CODE_PADO, 0);

		CASE(rows[i].name);
		start(&wish);
		const uint64_t deadline_ms = discovery_client_deadline_ms(&client);

		if (fault == CODE)
			r = raw_start(&all_mac, &ac_mac, 0, PPPOE_CODE_PADI, 0);
		raw_text(&r, PPPOE_TAG_SERVICE_NAME, "");
		if (fault == UNIQ)
			raw_tag(&r, PPPOE_TAG_HOST_UNIQ, chance + 1, 12);
		else if (fault != NO_UNIQ)
			raw_tag(&r, PPPOE_TAG_HOST_UNIQ, chance, 12);
		if (fault != NO_AC)
			raw_text(&r, PPPOE_TAG_AC_NAME, fault == WRONG_AC ? "ac-10" : "ac-1");
		if (fault == ERROR)
			raw_text(&r, PPPOE_TAG_GENERIC_ERROR, "no\nway");
		if (fault == LARGE)
			raw_tag(&r, PPPOE_TAG_AC_COOKIE, long_cookie, sizeof(long_cookie));
		assert_int_equal(input(&r, T0), rows[i].want);
		assert_int_equal(out.event, DISCOVERY_CLIENT_NOTHING);
		if (fault == ERROR)
			assert_string_equal(client.error, "no.way");
		if (fault == FITS)
			continue;
		assert_int_equal(out.frame.len, 0);
		assert_int_equal(client.state, DISCOVERY_CLIENT_PADI_SENT);
		assert_true(discovery_client_deadline_ms(&client) == deadline_ms);
	}
}

/* Frames of the client over the time it is left alone: when they come. */
static unsigned
run_alone(uint64_t at_ms[], unsigned cap, uint64_t *end_ms)
{
	unsigned n = 0;

	for (;;) {
		const uint64_t now_ms = discovery_client_deadline_ms(&client);

		assert_true(now_ms != UINT64_MAX);
		discovery_client_tick(&client, now_ms - 1, &out);
		assert_int_equal(out.frame.len, 0);
		discovery_client_tick(&client, now_ms, &out);
		if (out.event == DISCOVERY_CLIENT_FAILED) {
			assert_int_equal(out.frame.len, 0);
			*end_ms = now_ms;
			return n;
		}
		assert_int_not_equal(out.frame.len, 0);
		assert_true(n < cap);
		at_ms[n++] = now_ms;
	}
}

static void
padis_are_repeated_with_back_off_and_then_given_up(void **state)
{
	struct discovery_client_wish wish = {.retry_first_ms = 1000, .retry_max_ms = 4000, .padi_tries = 5};
	static const unsigned base_ms[] = {1000, 2000, 4000, 4000, 4000};
	uint64_t at_ms[8];
	uint64_t end_ms;
	uint64_t last_ms = T0;

	(void)state;
	start(&wish);
	assert_int_equal(run_alone(at_ms, 8, &end_ms), 4);
	for (unsigned i = 0; i < 5; i++) {
		const uint64_t now_ms = i < 4 ? at_ms[i] : end_ms;

		assert_in_range(now_ms - last_ms, base_ms[i], base_ms[i] * 5 / 4);
		last_ms = now_ms;
	}
	assert_int_equal(client.failure, DISCOVERY_FAIL_NO_PADO);
	assert_int_equal(client.state, DISCOVERY_CLIENT_IDLE);
	assert_true(discovery_client_deadline_ms(&client) == UINT64_MAX);
}

static void
padrs_are_repeated_unchanged_and_then_given_up(void **state)
{
	struct discovery_client_wish wish = {.padr_tries = 3};
	struct discovery_frame first;
	uint64_t at_ms[8];
	uint64_t end_ms;

	(void)state;
	start(&wish);
	to_padr();
	first = out.frame;
	discovery_client_tick(&client, discovery_client_deadline_ms(&client), &out);
	assert_int_equal(out.frame.len, first.len);
	assert_memory_equal(out.frame.bytes, first.bytes, first.len);
	assert_int_equal(run_alone(at_ms, 8, &end_ms), 1);
	assert_int_equal(client.failure, DISCOVERY_FAIL_NO_PADS);
}

static void
jitter_spreads_hosts_that_start_together(void **state)
{
	uint64_t chances = 7;
	uint64_t lowest = UINT64_MAX;
	uint64_t highest = 0;

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		struct discovery_client_wish wish = {.local = host_mac, .retry_first_ms = 1000};
		uint8_t random[16];

		seeded_random(&chances, random, sizeof(random));
		discovery_client_init(&client, &wish);
		discovery_client_open(&client, random, T0, &out);
		const uint64_t wait_ms = discovery_client_deadline_ms(&client) - T0;

		lowest = wait_ms < lowest ? wait_ms : lowest;
		highest = wait_ms > highest ? wait_ms : highest;
	}
	assert_in_range(lowest, 1000, 1020);
	assert_in_range(highest, 1230, 1250);
}

static void
a_pads_that_refuses_fails_by_name(void **state)
{
	static const struct {
		const char *name;
		unsigned tag; /* 0: none */
		unsigned session;
		enum discovery_failure want;
		enum discovery_verdict verdict;
		bool padt;
	} rows[] = {
		{"service_name_error", 0x0201, 0, DISCOVERY_FAIL_SERVICE_NAME, DISCOVERY_ERROR_TAG, false},
		{"ac_system_error", 0x0202, 0, DISCOVERY_FAIL_AC_SYSTEM, DISCOVERY_ERROR_TAG, false},
		{"generic_error", 0x0203, 0, DISCOVERY_FAIL_GENERIC, DISCOVERY_ERROR_TAG, false},
		{"error_and_a_session", 0x0203, 9, DISCOVERY_FAIL_GENERIC, DISCOVERY_ERROR_TAG, true},
		{"session_zero", 0, 0, DISCOVERY_FAIL_NO_SESSION, DISCOVERY_BAD_SESSION, false},
		{"reserved_session", 0, 0xffff, DISCOVERY_FAIL_NO_SESSION, DISCOVERY_BAD_SESSION, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct raw r;

		CASE(rows[i].name);
		start(NULL);
		to_padr();
		r = from_ac(PPPOE_CODE_PADS, rows[i].session);
		raw_text(&r, PPPOE_TAG_SERVICE_NAME, "");
		if (rows[i].tag != 0)
			raw_text(&r, rows[i].tag, "full up");
		assert_int_equal(input(&r, T0 + 20), rows[i].verdict);
		assert_int_equal(out.event, DISCOVERY_CLIENT_FAILED);
		assert_int_equal(client.failure, rows[i].want);
		assert_string_equal(client.error, rows[i].tag != 0 ? "full up" : "");
		assert_int_equal(client.state, DISCOVERY_CLIENT_IDLE);
		assert_true(discovery_client_deadline_ms(&client) == UINT64_MAX);
		assert_int_equal(out.frame.len != 0, rows[i].padt);
		if (rows[i].padt)
			assert_int_equal(frame_session(&out.frame, pppoe), rows[i].session);
	}
	for (int f = DISCOVERY_FAIL_NONE; f <= DISCOVERY_FAIL_TOO_LARGE; f++)
		assert_true(strlen(discovery_failure_text((enum discovery_failure)f)) > 1);
}

static void
a_pads_from_elsewhere_is_ignored(void **state)
{
	struct raw r;

	(void)state;
	start(NULL);
	to_padr();
	r = raw_start(&host_mac, &other_mac, 0, PPPOE_CODE_PADS, 5);
	raw_tag(&r, PPPOE_TAG_HOST_UNIQ, chance, 12);
	assert_int_equal(input(&r, T0), DISCOVERY_WRONG_PEER);
	r = raw_start(&host_mac, &ac_mac, 0, PPPOE_CODE_PADS, 5);
	raw_tag(&r, PPPOE_TAG_HOST_UNIQ, chance, 11);
	assert_int_equal(input(&r, T0), DISCOVERY_HOST_UNIQ);
	r = raw_start(&host_mac, &ac_mac, 3, PPPOE_CODE_PADS, 5);
	raw_tag(&r, PPPOE_TAG_HOST_UNIQ, chance, 12);
	assert_int_equal(input(&r, T0), DISCOVERY_NOT_FOR_US);
	assert_int_equal(client.state, DISCOVERY_CLIENT_PADR_SENT);
}

static void
an_old_error_is_forgotten_with_the_next_good_offer(void **state)
{
	struct raw r = from_ac(PPPOE_CODE_PADO, 0);

	(void)state;
	start(NULL);
	raw_text(&r, PPPOE_TAG_AC_SYSTEM_ERROR, "busy");
	assert_int_equal(input(&r, T0), DISCOVERY_ERROR_TAG);
	assert_string_equal(client.error, "busy");
	to_padr();
	assert_string_equal(client.error, "");
	assert_int_equal(client.refused, DISCOVERY_OK);
	assert_int_equal(input(&r, T0), DISCOVERY_UNEXPECTED);
	discovery_client_open(&client, chance, T0, &out);
	assert_int_equal(input(&r, T0), DISCOVERY_ERROR_TAG);
	discovery_client_open(&client, chance, T0, &out);
	assert_string_equal(client.error, "");
	assert_int_equal(client.refused, DISCOVERY_OK);
}

static void
only_the_first_acceptable_offer_is_taken(void **state)
{
	struct raw r = raw_start(&host_mac, &other_mac, 0, PPPOE_CODE_PADO, 0);

	(void)state;
	start(NULL);
	to_padr();
	raw_tag(&r, PPPOE_TAG_HOST_UNIQ, chance, 12);
	raw_text(&r, PPPOE_TAG_SERVICE_NAME, "");
	assert_int_equal(input(&r, T0), DISCOVERY_UNEXPECTED);
	assert_int_equal(out.frame.len, 0);
	assert_memory_equal(&client.key.peer, &ac_mac, 6);
}

static void
a_second_session_of_the_same_request_is_sent_back(void **state)
{
	struct raw r;

	(void)state;
	start(NULL);
	to_session(7);
	r = from_ac(PPPOE_CODE_PADS, 7); /* repeated answer: nothing */
	assert_int_equal(input(&r, T0 + 30), DISCOVERY_UNEXPECTED);
	assert_int_equal(out.frame.len, 0);
	r = from_ac(PPPOE_CODE_PADS, 8);
	assert_int_equal(input(&r, T0 + 30), DISCOVERY_UNEXPECTED);
	assert_int_equal(frame_code(&out.frame, pppoe), PPPOE_CODE_PADT);
	assert_int_equal(frame_session(&out.frame, pppoe), 8);
	assert_memory_equal(out.frame.bytes, &ac_mac, 6);
	assert_int_equal(client.state, DISCOVERY_CLIENT_SESSION);
	assert_int_equal(client.key.session, 7);
	r = raw_start(&host_mac, &other_mac, 0, PPPOE_CODE_PADS, 9);
	raw_tag(&r, PPPOE_TAG_HOST_UNIQ, chance, 12);
	assert_int_equal(input(&r, T0 + 30), DISCOVERY_UNEXPECTED);
	assert_int_equal(out.frame.len, 0); /* not to strangers */
}

static void
closing_a_session_sends_padt_and_nothing_else_does(void **state)
{
	(void)state;
	start(NULL);
	discovery_client_close(&client, &out);
	assert_int_equal(out.frame.len, 0);
	start(NULL);
	to_padr();
	discovery_client_close(&client, &out);
	assert_int_equal(out.frame.len, 0);
	start(NULL);
	to_session(0x4321);
	discovery_client_close(&client, &out);
	assert_int_equal(frame_code(&out.frame, pppoe), PPPOE_CODE_PADT);
	assert_int_equal(frame_session(&out.frame, pppoe), 0x4321);
	assert_int_equal(out.event, DISCOVERY_CLIENT_NOTHING);
	assert_int_equal(client.state, DISCOVERY_CLIENT_IDLE);
	start(NULL);
	to_session(1);
	discovery_client_gone(&client);
	discovery_client_close(&client, &out);
	assert_int_equal(out.frame.len, 0);
}

static void
maximum_payload_is_agreed_only_if_both_say_so(void **state)
{
	static const struct {
		uint16_t wish, answer, want; /* answer 0: no tag */
	} rows[] = {
		{1500, 1500, 1500},
		{1500, 0, 0},
		{1500, 1496, 1496},
		{1500, 2000, 1500}, /* no more than was asked for */
		{0, 1500, 0},
		{1492, 1500, 0},
		{1500, 1492, 0},
		{1500, 100, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct discovery_client_wish wish = {.max_payload = rows[i].wish};
		const uint8_t be[2] = {(uint8_t)(rows[i].answer >> 8), (uint8_t)rows[i].answer};
		struct raw r;
		size_t n;

		start(&wish);
		assert_int_equal(
			frame_tag(&out.frame, pppoe, PPPOE_TAG_MAX_PAYLOAD, 0, &n) != NULL, rows[i].wish > 1492);
		to_padr();
		assert_int_equal(
			frame_tag(&out.frame, pppoe, PPPOE_TAG_MAX_PAYLOAD, 0, &n) != NULL, rows[i].wish > 1492);
		r = from_ac(PPPOE_CODE_PADS, 1);
		if (rows[i].answer != 0)
			raw_tag(&r, PPPOE_TAG_MAX_PAYLOAD, be, 2);
		assert_int_equal(input(&r, T0), DISCOVERY_OK);
		assert_int_equal(client.max_payload, rows[i].want);
	}
}

static void
a_service_name_that_fits_no_frame_fails_at_once(void **state)
{
	char name[1600];
	struct discovery_client_wish wish = {.service = name};

	(void)state;
	memset(name, 's', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	start(&wish);
	assert_int_equal(out.event, DISCOVERY_CLIENT_FAILED);
	assert_int_equal(client.failure, DISCOVERY_FAIL_TOO_LARGE);
	assert_int_equal(out.frame.len, 0);
	assert_true(discovery_client_deadline_ms(&client) == UINT64_MAX);
}

static void
an_answer_says_by_its_host_uniq_whose_it_is(void **state)
{
	struct raw r = from_ac(PPPOE_CODE_PADO, 0);
	struct discovery_view v = raw_view(&r);
	uint32_t number = 0;

	(void)state;
	assert_true(discovery_client_number(&v, &number));
	assert_int_equal(number, 0xa0a1a2a3);
	r = raw_start(&host_mac, &ac_mac, 0, PPPOE_CODE_PADO, 0);
	v = raw_view(&r);
	assert_false(discovery_client_number(&v, &number));
	raw_tag(&r, PPPOE_TAG_HOST_UNIQ, chance, 3);
	v = raw_view(&r);
	assert_false(discovery_client_number(&v, &number));
}

static void
a_new_attempt_does_not_take_answers_to_the_old_one(void **state)
{
	uint8_t again[16];
	struct raw r;

	(void)state;
	start(NULL);
	memcpy(again, chance, sizeof(again));
	again[4] ^= 1; /* behind the number, which stays */
	discovery_client_open(&client, again, T0 + 100, &out);
	r = offer("");
	assert_int_equal(input(&r, T0 + 101), DISCOVERY_HOST_UNIQ);
	assert_int_equal(client.state, DISCOVERY_CLIENT_PADI_SENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_padi_goes_to_all_with_a_host_uniq),
		cmocka_unit_test(a_dial_ends_in_a_session),
		cmocka_unit_test(services_are_matched_as_wished),
		cmocka_unit_test(offers_that_do_not_fit_are_refused_by_name),
		cmocka_unit_test(padis_are_repeated_with_back_off_and_then_given_up),
		cmocka_unit_test(padrs_are_repeated_unchanged_and_then_given_up),
		cmocka_unit_test(jitter_spreads_hosts_that_start_together),
		cmocka_unit_test(a_pads_that_refuses_fails_by_name),
		cmocka_unit_test(a_pads_from_elsewhere_is_ignored),
		cmocka_unit_test(an_old_error_is_forgotten_with_the_next_good_offer),
		cmocka_unit_test(only_the_first_acceptable_offer_is_taken),
		cmocka_unit_test(a_second_session_of_the_same_request_is_sent_back),
		cmocka_unit_test(closing_a_session_sends_padt_and_nothing_else_does),
		cmocka_unit_test(maximum_payload_is_agreed_only_if_both_say_so),
		cmocka_unit_test(a_service_name_that_fits_no_frame_fails_at_once),
		cmocka_unit_test(an_answer_says_by_its_host_uniq_whose_it_is),
		cmocka_unit_test(a_new_attempt_does_not_take_answers_to_the_old_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
