/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/discovery_server.h"

#include <stdlib.h>

#include "tests/unit/discovery/frames.h"

enum { T0 = 500000 };

static const uint16_t ports[] = {3, 5};
static const struct discovery_port port = {.index = 3, .mac = {{0x02, 0, 0, 0, 0, 0xfe}}, .mtu = 1500};

static struct host_concentrator cfg;
static struct discovery_server server;
static struct discovery_frame out;
static struct discovery_request request;
static uint64_t chance;

static struct host_concentrator
plain(void)
{
	return (struct host_concentrator){
		.name = "c1",
		.ports = ports,
		.n_ports = 2,
		.vlans = {.any = true},
		.ac_name = "rope",
		.services = {"fast", "slow"},
		.n_services = 2,
	};
}

static void
start(struct host_concentrator c)
{
	cfg = c;
	chance = 99;
	discovery_server_init(&server, &cfg, seeded_random, &chance, T0);
}

static enum discovery_verdict
padi(const struct raw *r, uint64_t now_ms)
{
	const struct discovery_view v = raw_view(r);

	return discovery_server_padi(&server, &v, &port, now_ms, &out);
}

static enum discovery_verdict
padr(const struct raw *r, uint64_t now_ms)
{
	const struct discovery_view v = raw_view(r);

	return discovery_server_padr(&server, &v, &port, now_ms, &request, &out);
}

static struct raw
raw_padi(const char *service)
{
	struct raw r = raw_start(&all_mac, &host_mac, 0, PPPOE_CODE_PADI, 0);

	raw_text(&r, PPPOE_TAG_SERVICE_NAME, service);
	return r;
}

/* A PADR with the cookie that the server gives this host now; service NULL: no such tag. */
static struct raw
raw_padr(const char *service, uint64_t now_ms)
{
	struct raw r = raw_start(&ac_mac, &host_mac, 0, PPPOE_CODE_PADR, 0);
	const struct raw ask = raw_padi("");
	const uint8_t *cookie;
	size_t n;

	assert_int_equal(padi(&ask, now_ms), DISCOVERY_OK);
	cookie = frame_tag(&out, 14, PPPOE_TAG_AC_COOKIE, 0, &n);
	assert_non_null(cookie);
	if (service != NULL)
		raw_text(&r, PPPOE_TAG_SERVICE_NAME, service);
	raw_tag(&r, PPPOE_TAG_AC_COOKIE, cookie, n);
	return r;
}

static void
a_pado_answers_with_all_that_was_asked_for(void **state)
{
	static const uint8_t head[] = {0x02, 0, 0, 0, 0, 0x01, 0x02, 0, 0, 0, 0, 0xfe, 0x81, 0x00, 0x00, 0x64, 0x81,
		0x00, 0x00, 0x07, 0x88, 0x63, 0x11, 0x07, 0x00, 0x00};
	struct raw r = raw_start(&all_mac, &host_mac, 100u << 16 | 7, PPPOE_CODE_PADI, 0);
	size_t n;

	(void)state;
	start(plain());
	raw_text(&r, PPPOE_TAG_SERVICE_NAME, "slow");
	raw_tag(&r, PPPOE_TAG_HOST_UNIQ, "\0\1\2", 3);
	raw_text(&r, PPPOE_TAG_RELAY_SESSION_ID, "relay");
	assert_int_equal(padi(&r, T0), DISCOVERY_OK);
	assert_memory_equal(out.bytes, head, sizeof(head));
	assert_true(frame_has_text(&out, 22, PPPOE_TAG_SERVICE_NAME, 0, "slow"));
	assert_true(frame_has_text(&out, 22, PPPOE_TAG_SERVICE_NAME, 1, "fast"));
	assert_null(frame_tag(&out, 22, PPPOE_TAG_SERVICE_NAME, 2, &n));
	assert_true(frame_has_text(&out, 22, PPPOE_TAG_AC_NAME, 0, "rope"));
	assert_true(frame_has(&out, 22, PPPOE_TAG_HOST_UNIQ, 0, "\0\1\2", 3));
	assert_true(frame_has_text(&out, 22, PPPOE_TAG_RELAY_SESSION_ID, 0, "relay"));
	assert_non_null(frame_tag(&out, 22, PPPOE_TAG_AC_COOKIE, 0, &n));
	assert_int_equal(n, 16);
	assert_null(frame_tag(&out, 22, PPPOE_TAG_MAX_PAYLOAD, 0, &n));
}

/* G-71. In the PADO: the requested name first, then everything else that is offered. */
static void
service_names_are_matched_as_configured(void **state)
{
	static const struct {
		const char *name;
		const char *list[2];
		unsigned n;
		bool any;
		const char *asked;
		enum discovery_verdict want;
		const char *offered[4];
	} rows[] = {
		{"blank_of_a_list", {"fast", "slow"}, 2, false, "", DISCOVERY_OK, {"", "fast", "slow"}},
		{"first_of_a_list", {"fast", "slow"}, 2, false, "fast", DISCOVERY_OK, {"fast", "slow"}},
		{"last_of_a_list", {"fast", "slow"}, 2, false, "slow", DISCOVERY_OK, {"slow", "fast"}},
		{"not_in_the_list", {"fast", "slow"}, 2, false, "medium", DISCOVERY_WRONG_SERVICE, {NULL}},
		{"prefix_of_one", {"fast", "slow"}, 2, false, "fas", DISCOVERY_WRONG_SERVICE, {NULL}},
		{"other_case", {"fast", "slow"}, 2, false, "Fast", DISCOVERY_WRONG_SERVICE, {NULL}},
		{"any_with_a_list_and_blank", {"fast"}, 1, true, "", DISCOVERY_OK, {"", "fast"}},
		{"any_with_a_list_and_listed", {"fast"}, 1, true, "fast", DISCOVERY_OK, {"fast", ""}},
		{"any_with_a_list_and_other", {"fast"}, 1, true, "x", DISCOVERY_OK, {"x", "", "fast"}},
		{"any_alone_and_blank", {NULL}, 0, true, "", DISCOVERY_OK, {""}},
		{"any_alone_and_other", {NULL}, 0, true, "x", DISCOVERY_OK, {"x", ""}},
		{"nothing_configured_and_blank", {NULL}, 0, false, "", DISCOVERY_OK, {""}},
		{"nothing_configured_and_other", {NULL}, 0, false, "x", DISCOVERY_WRONG_SERVICE, {NULL}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct host_concentrator c = plain();
		struct raw r = raw_padi(rows[i].asked);
		unsigned k = 0;
		size_t n;

		CASE(rows[i].name);
		c.services[0] = rows[i].list[0];
		c.services[1] = rows[i].list[1];
		c.n_services = rows[i].n;
		c.any_service = rows[i].any;
		start(c);
		assert_int_equal(padi(&r, T0), rows[i].want);
		assert_int_equal(out.len != 0, rows[i].want == DISCOVERY_OK);
		for (; rows[i].offered[k] != NULL; k++)
			assert_true(frame_has_text(&out, 14, PPPOE_TAG_SERVICE_NAME, k, rows[i].offered[k]));
		if (out.len != 0)
			assert_null(frame_tag(&out, 14, PPPOE_TAG_SERVICE_NAME, k, &n));
		r = raw_padr(rows[i].asked, T0);
		assert_int_equal(padr(&r, T0), rows[i].want);
		assert_int_equal(out.len, 0); /* silent, unless configured otherwise */
		if (rows[i].want == DISCOVERY_OK)
			assert_string_equal(request.service, rows[i].asked);
	}
}

static void
a_wrong_service_in_a_padr_is_answered_if_configured(void **state)
{
	struct host_concentrator c = plain();
	struct raw r;
	size_t n;

	(void)state;
	c.wrong_service_error = true;
	start(c);
	r = raw_padr("medium", T0);
	raw_text(&r, PPPOE_TAG_HOST_UNIQ, "me");
	assert_int_equal(padr(&r, T0), DISCOVERY_WRONG_SERVICE);
	assert_int_equal(frame_code(&out, 14), PPPOE_CODE_PADS);
	assert_int_equal(frame_session(&out, 14), 0);
	assert_true(frame_has_text(&out, 14, PPPOE_TAG_SERVICE_NAME, 0, "medium"));
	assert_true(frame_has_text(&out, 14, PPPOE_TAG_HOST_UNIQ, 0, "me"));
	assert_non_null(frame_tag(&out, 14, PPPOE_TAG_SERVICE_NAME_ERROR, 0, &n));
	/* Not to a PADI: RFC 2516 section 5.2 wants silence. */
	r = raw_padi("medium");
	assert_int_equal(padi(&r, T0), DISCOVERY_WRONG_SERVICE);
	assert_int_equal(out.len, 0);
}

static void
a_server_listens_where_it_was_told(void **state)
{
	static const struct vlan_stack stacks[] = {{VLAN_TAGGED | 100, 0}, {VLAN_TAGGED | 200, VLAN_TAGGED | 7}};
	static const struct vlan_stack untagged[] = {{0, 0}};
	static const struct {
		const char *name;
		struct host_vlans on;
		uint16_t port;
		struct vlan_stack vlans;
		bool want;
	} rows[] = {
		{"any_untagged", {.any = true}, 3, {0, 0}, true},
		{"any_stacked", {.any = true}, 5, {VLAN_TAGGED | 1, VLAN_TAGGED | 2}, true},
		{"any_on_another_port", {.any = true}, 4, {0, 0}, false},
		{"listed_single", {false, stacks, 2}, 3, {VLAN_TAGGED | 100, 0}, true},
		{"listed_stack", {false, stacks, 2}, 3, {VLAN_TAGGED | 200, VLAN_TAGGED | 7}, true},
		{"only_the_outer_of_a_stack", {false, stacks, 2}, 3, {VLAN_TAGGED | 200, 0}, false},
		{"more_than_the_listed_single", {false, stacks, 2}, 3, {VLAN_TAGGED | 100, VLAN_TAGGED | 1}, false},
		{"listed_as_1q_but_1ad", {false, stacks, 2}, 3, {VLAN_TAGGED | VLAN_AD | 100, 0}, false},
		{"untagged_not_listed", {false, stacks, 2}, 3, {0, 0}, false},
		{"untagged_listed", {false, untagged, 1}, 3, {0, 0}, true},
		{"vlan_zero_is_not_untagged", {false, untagged, 1}, 3, {VLAN_TAGGED, 0}, false},
		{"nothing_listed", {false, NULL, 0}, 3, {0, 0}, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct host_concentrator c = plain();

		CASE(rows[i].name);
		c.vlans = rows[i].on;
		start(c);
		assert_int_equal(discovery_server_listens(&server, rows[i].port, rows[i].vlans), rows[i].want);
	}
}

static void
padis_are_refused_by_name(void **state)
{
	struct host_concentrator c = plain();
	struct raw r;

	(void)state;
	start(c);
	r = raw_start(&all_mac, &host_mac, 0, PPPOE_CODE_PADI, 0);
	assert_int_equal(padi(&r, T0), DISCOVERY_SERVICE_NAMES);
	raw_text(&r, PPPOE_TAG_SERVICE_NAME, "");
	raw_text(&r, PPPOE_TAG_SERVICE_NAME, "fast");
	assert_int_equal(padi(&r, T0), DISCOVERY_SERVICE_NAMES);
	r = raw_padi("");
	raw_text(&r, PPPOE_TAG_AC_NAME, "other");
	assert_int_equal(padi(&r, T0), DISCOVERY_WRONG_AC);
	r = raw_padi("");
	raw_text(&r, PPPOE_TAG_AC_NAME, "rope");
	assert_int_equal(padi(&r, T0), DISCOVERY_OK);
	r = raw_start(&ac_mac, &host_mac, 0, PPPOE_CODE_PADR, 0);
	assert_int_equal(padi(&r, T0), DISCOVERY_UNEXPECTED);
	assert_int_equal(out.len, 0);
	c.vlans = (struct host_vlans){0};
	start(c);
	r = raw_padi("");
	assert_int_equal(padi(&r, T0), DISCOVERY_NOT_FOR_US);
	assert_int_equal(out.len, 0);
}

static void
a_pado_that_does_not_fit_is_not_sent(void **state)
{
	static const uint8_t filler[1484];
	/* All of an Ethernet frame: header 6, Service-Name 4 + "fast" 8 + "slow" 8, AC-Name 8, AC-Cookie 20; Host-Uniq gets 4 + rest. */
	const size_t fits = 1500 - 6 - 4 - 8 - 8 - 8 - 20 - 4;

	(void)state;
	start(plain());
	for (size_t extra = 0; extra < 2; extra++) {
		struct raw r = raw_padi("");

		raw_tag(&r, PPPOE_TAG_HOST_UNIQ, filler, fits + extra);
		assert_int_equal(padi(&r, T0), extra == 0 ? DISCOVERY_OK : DISCOVERY_TOO_LARGE);
		assert_int_equal(out.len, extra == 0 ? 1514 : 0);
	}
}

static void
a_padr_needs_a_cookie_of_ours(void **state)
{
	enum { GOOD, NONE, CHANGED, CUT, EMPTY, SOURCE, VLAN, DST, NAMES, TWO_NAMES, CODE };
	static const struct {
		const char *name;
		int fault;
		enum discovery_verdict want;
	} rows[] = {
		{"good", GOOD, DISCOVERY_OK},
		{"no_cookie", NONE, DISCOVERY_NO_COOKIE},
		{"changed_cookie", CHANGED, DISCOVERY_BAD_COOKIE},
		{"cut_cookie", CUT, DISCOVERY_BAD_COOKIE},
		{"empty_cookie", EMPTY, DISCOVERY_BAD_COOKIE},
		{"cookie_of_another_host", SOURCE, DISCOVERY_BAD_COOKIE},
		{"cookie_of_another_vlan", VLAN, DISCOVERY_BAD_COOKIE},
		{"other_destination", DST, DISCOVERY_NOT_FOR_US},
		{"no_service_name", NAMES, DISCOVERY_SERVICE_NAMES},
		{"two_service_names", TWO_NAMES, DISCOVERY_SERVICE_NAMES},
		{"pado", CODE, DISCOVERY_UNEXPECTED},
	};

	(void)state;
	start(plain());
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const int f = rows[i].fault;
		struct raw good = raw_padr(NULL, T0);
		struct raw r = raw_start(f == DST ? &other_mac : &ac_mac, f == SOURCE ? &other_mac : &host_mac,
			f == VLAN ? 1 : 0, f == CODE ? PPPOE_CODE_PADO : PPPOE_CODE_PADR, 0);

		CASE(rows[i].name);
		if (f == CHANGED)
			good.b[good.n - 1] ^= 1;
		if (f != NAMES)
			raw_text(&r, PPPOE_TAG_SERVICE_NAME, "fast");
		if (f == TWO_NAMES)
			raw_text(&r, PPPOE_TAG_SERVICE_NAME, "fast");
		if (f != NONE)
			raw_tag(&r, PPPOE_TAG_AC_COOKIE, good.b + good.n - 16, f == EMPTY ? 0 : f == CUT ? 15 : 16);
		assert_int_equal(padr(&r, T0), rows[i].want);
		assert_int_equal(out.len, 0);
	}
}

static void
a_cookie_outlives_one_rotation_and_not_two(void **state)
{
	struct raw r;
	struct raw other;

	(void)state;
	start(plain());
	r = raw_padr("fast", T0);
	assert_int_equal(padr(&r, T0 + AC_COOKIE_PERIOD_MS), DISCOVERY_OK);
	other = raw_padr("fast", T0 + AC_COOKIE_PERIOD_MS);
	assert_int_equal(padr(&r, T0 + 2 * AC_COOKIE_PERIOD_MS), DISCOVERY_BAD_COOKIE);
	assert_int_equal(padr(&other, T0 + 2 * AC_COOKIE_PERIOD_MS), DISCOVERY_OK);
}

static void
a_cookie_is_not_good_on_another_port_or_server(void **state)
{
	struct discovery_port second = port;
	struct discovery_view v;
	struct raw r;

	(void)state;
	start(plain());
	r = raw_padr("fast", T0);
	v = raw_view(&r);
	second.index = 5;
	assert_int_equal(discovery_server_padr(&server, &v, &second, T0, &request, &out), DISCOVERY_BAD_COOKIE);
	chance = 100;
	discovery_server_init(&server, &cfg, seeded_random, &chance, T0);
	assert_int_equal(padr(&r, T0), DISCOVERY_BAD_COOKIE);
}

static void
a_pads_confirms_what_the_padr_asked_for(void **state)
{
	static const uint8_t head[] = {0x02, 0, 0, 0, 0, 0x01, 0x02, 0, 0, 0, 0, 0xfe, 0x88, 0x63, 0x11, 0x65, 0x12,
		0x34, 0x00, 23, 0x01, 0x01, 0x00, 0x04};
	struct discovery_view v;
	struct raw r;

	(void)state;
	start(plain());
	r = raw_padr("slow", T0);
	raw_text(&r, PPPOE_TAG_HOST_UNIQ, "me");
	raw_text(&r, PPPOE_TAG_RELAY_SESSION_ID, "relay");
	assert_int_equal(padr(&r, T0), DISCOVERY_OK);
	assert_int_equal(request.max_payload, 0);
	v = raw_view(&r);
	discovery_server_pads(&server, &v, &port, &request, 0x1234, &out);
	assert_memory_equal(out.bytes, head, sizeof(head));
	assert_true(frame_has_text(&out, 14, PPPOE_TAG_SERVICE_NAME, 0, "slow"));
	assert_true(frame_has_text(&out, 14, PPPOE_TAG_HOST_UNIQ, 0, "me"));
	assert_true(frame_has_text(&out, 14, PPPOE_TAG_RELAY_SESSION_ID, 0, "relay"));
}

static void
a_repeated_padr_has_the_fingerprint_of_the_first(void **state)
{
	enum { SAME, LATER, SERVICE, UNIQ, NO_UNIQ, RELAY };
	static const struct {
		const char *name;
		int change;
		bool same;
	} rows[] = {
		{"sent_again", SAME, true},
		{"sent_again_with_a_newer_cookie", LATER, true},
		{"other_service", SERVICE, false},
		{"other_host_uniq", UNIQ, false},
		{"without_host_uniq", NO_UNIQ, false},
		{"through_a_relay", RELAY, false},
	};
	struct discovery_request first;
	struct raw r;

	(void)state;
	start(plain());
	r = raw_padr("fast", T0);
	raw_text(&r, PPPOE_TAG_HOST_UNIQ, "me");
	assert_int_equal(padr(&r, T0), DISCOVERY_OK);
	first = request;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const int change = rows[i].change;
		const uint64_t now_ms = change == LATER ? T0 + AC_COOKIE_PERIOD_MS : T0;

		CASE(rows[i].name);
		r = raw_padr(change == SERVICE ? "slow" : "fast", now_ms);
		if (change != NO_UNIQ)
			raw_text(&r, PPPOE_TAG_HOST_UNIQ, change == UNIQ ? "you" : "me");
		if (change == RELAY)
			raw_text(&r, PPPOE_TAG_RELAY_SESSION_ID, "");
		assert_int_equal(padr(&r, now_ms), DISCOVERY_OK);
		assert_int_equal(
			memcmp(first.fingerprint, request.fingerprint, sizeof(first.fingerprint)) == 0, rows[i].same);
		if (change == LATER)
			start(plain()); /* back to T0: the same seed makes the same keys */
	}
}

static void
maximum_payload_is_answered_within_the_port_s_mtu(void **state)
{
	static const struct {
		bool on;
		uint16_t mtu, asked, want;
	} rows[] = {
		{true, 1508, 1500, 1500},
		{true, 1508, 1496, 1496},
		{true, 1504, 1500, 1496},
		{true, 9000, 1500, 1500},
		{true, 9000, 65535, 8992},
		{true, 1500, 1500, 0}, /* 1492 anyway */
		{true, 1501, 1500, 1493},
		{true, 100, 1500, 0},
		{true, 1508, 0, 0},
		{true, 1508, 1492, 0},
		{false, 1508, 1500, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const uint8_t be[2] = {(uint8_t)(rows[i].asked >> 8), (uint8_t)rows[i].asked};
		const uint8_t want[2] = {(uint8_t)(rows[i].want >> 8), (uint8_t)rows[i].want};
		struct host_concentrator c = plain();
		struct discovery_port p = port;
		struct discovery_view v;
		struct raw r;
		size_t n;

		c.max_payload = rows[i].on;
		p.mtu = rows[i].mtu;
		start(c);
		for (int code = 0; code < 2; code++) {
			r = code == 0 ? raw_padi("") : raw_padr("", T0);
			if (rows[i].asked != 0)
				raw_tag(&r, PPPOE_TAG_MAX_PAYLOAD, be, 2);
			v = raw_view(&r);
			if (code == 0) {
				assert_int_equal(discovery_server_padi(&server, &v, &p, T0, &out), DISCOVERY_OK);
			} else {
				assert_int_equal(
					discovery_server_padr(&server, &v, &p, T0, &request, &out), DISCOVERY_OK);
				assert_int_equal(request.max_payload, rows[i].want);
				discovery_server_pads(&server, &v, &p, &request, 1, &out);
			}
			if (rows[i].want == 0)
				assert_null(frame_tag(&out, 14, PPPOE_TAG_MAX_PAYLOAD, 0, &n));
			else
				assert_true(frame_has(&out, 14, PPPOE_TAG_MAX_PAYLOAD, 0, want, 2));
		}
	}
}

static void
dsl_tags_of_the_padr_are_kept(void **state)
{
	static const uint8_t vendor[] = {
		0x00, 0x00, 0x0d, 0xe9, 0x01, 0x03, 'e', 't', 'h', 0x81, 0x04, 0x00, 0x00, 0x27, 0x10};
	struct raw r;

	(void)state;
	start(plain());
	r = raw_padr("fast", T0);
	raw_tag(&r, PPPOE_TAG_VENDOR, vendor, sizeof(vendor));
	assert_int_equal(padr(&r, T0), DISCOVERY_OK);
	assert_true(request.dsl.present);
	assert_string_equal(request.dsl.circuit_id, "eth");
	assert_int_equal(request.dsl.rate_up_kbps, 10000);
}

static void
limits_are_named_and_told_to_the_host(void **state)
{
	static const struct {
		const char *name;
		struct host_limits limits;
		struct discovery_usage usage;
		enum discovery_verdict want;
	} rows[] = {
		{"no_limits", {0}, {1000000, 1000000, 1000000, 1000000}, DISCOVERY_OK},
		{"below_all", {.sessions = 4, .sessions_per_mac = 2, .sessions_per_vlan = 3, .sessions_per_port = 3},
			{3, 1, 2, 2}, DISCOVERY_OK},
		{"total", {.sessions = 4}, {4, 0, 0, 0}, DISCOVERY_FULL_TOTAL},
		{"beyond_the_total", {.sessions = 4}, {5, 0, 0, 0}, DISCOVERY_FULL_TOTAL},
		{"mac", {.sessions_per_mac = 2}, {9, 2, 9, 9}, DISCOVERY_FULL_MAC},
		{"vlan", {.sessions_per_vlan = 2}, {9, 1, 2, 9}, DISCOVERY_FULL_VLAN},
		{"port", {.sessions_per_port = 2}, {9, 1, 1, 2}, DISCOVERY_FULL_PORT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct host_concentrator c = plain();
		struct discovery_view v;
		struct raw r;

		CASE(rows[i].name);
		c.limits = rows[i].limits;
		start(c);
		assert_int_equal(discovery_server_admit(&server, &rows[i].usage), rows[i].want);
		if (rows[i].want == DISCOVERY_OK)
			continue;
		r = raw_padr("fast", T0);
		raw_text(&r, PPPOE_TAG_HOST_UNIQ, "me");
		v = raw_view(&r);
		discovery_server_refuse(&server, &v, &port, rows[i].want, &out);
		assert_int_equal(frame_code(&out, 14), PPPOE_CODE_PADS);
		assert_int_equal(frame_session(&out, 14), 0);
		assert_true(frame_has_text(&out, 14, PPPOE_TAG_SERVICE_NAME, 0, "fast"));
		assert_true(frame_has_text(&out, 14, PPPOE_TAG_HOST_UNIQ, 0, "me"));
		assert_true(
			frame_has_text(&out, 14, PPPOE_TAG_AC_SYSTEM_ERROR, 0, discovery_verdict_text(rows[i].want)));
	}
}

/* C14: a concentrator came back and ten thousand clients ask at once. */
static void
a_storm_of_padis_is_answered_at_the_configured_rate(void **state)
{
	struct host_concentrator c = plain();
	unsigned answered = 0;
	unsigned limited = 0;

	(void)state;
	c.limits.padi_per_s = 500;
	c.limits.padi_per_mac_per_s = 2;
	start(c);
	for (uint32_t i = 0; i < 10000; i++) {
		struct mac m = {{0x02, 1, 0, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}};
		struct raw r = raw_start(&all_mac, &m, 0, PPPOE_CODE_PADI, 0);

		raw_text(&r, PPPOE_TAG_SERVICE_NAME, "");
		switch (padi(&r, T0 + i / 10)) {
		case DISCOVERY_OK:
			answered++;
			break;
		case DISCOVERY_LIMITED_TOTAL:
			limited++;
			assert_int_equal(out.len, 0);
			break;
		default:
			fail();
		}
	}
	/* A second's worth, and what flows in within 999 ms. */
	assert_in_range(answered, 999, 1000);
	assert_int_equal(answered + limited, 10000);
	assert_true(sizeof(server) < 512 * 1024);
}

static void
one_mac_s_flood_does_not_keep_others_out(void **state)
{
	struct host_concentrator c = plain();
	struct raw r = raw_padi("");
	unsigned ok = 0;

	(void)state;
	c.limits.padi_per_s = 100;
	c.limits.padi_per_mac_per_s = 3;
	start(c);
	for (unsigned i = 0; i < 1000; i++) {
		const enum discovery_verdict got = padi(&r, T0);

		ok += got == DISCOVERY_OK;
		assert_true(got == DISCOVERY_OK || got == DISCOVERY_LIMITED_MAC);
	}
	assert_int_equal(ok, 3);
	r = raw_padi("medium"); /* what would be refused anyway is no way around the limit */
	assert_int_equal(padi(&r, T0), DISCOVERY_LIMITED_MAC);
	r = raw_start(&all_mac, &other_mac, 0, PPPOE_CODE_PADI, 0);
	raw_text(&r, PPPOE_TAG_SERVICE_NAME, "");
	assert_int_equal(padi(&r, T0), DISCOVERY_OK);
}

static void
delayed_pados_come_in_order_when_due(void **state)
{
	struct host_concentrator c = plain();
	struct raw r = raw_padi("fast");
	uint16_t to = 0;

	(void)state;
	c.limits.pado_delay_ms = 200;
	start(c);
	assert_true(discovery_server_deadline_ms(&server) == UINT64_MAX);
	assert_int_equal(padi(&r, T0), DISCOVERY_OK);
	assert_int_equal(out.len, 0);
	r = raw_padi("slow");
	assert_int_equal(padi(&r, T0 + 50), DISCOVERY_OK);
	assert_true(discovery_server_deadline_ms(&server) == T0 + 200);
	assert_false(discovery_server_tick(&server, T0 + 199, &to, &out));
	assert_int_equal(out.len, 0);
	assert_true(discovery_server_tick(&server, T0 + 200, &to, &out));
	assert_int_equal(to, 3);
	assert_int_equal(frame_code(&out, 14), PPPOE_CODE_PADO);
	assert_true(frame_has_text(&out, 14, PPPOE_TAG_SERVICE_NAME, 0, "fast"));
	assert_false(discovery_server_tick(&server, T0 + 200, &to, &out));
	assert_true(discovery_server_deadline_ms(&server) == T0 + 250);
	assert_true(discovery_server_tick(&server, T0 + 9999, &to, &out));
	assert_true(frame_has_text(&out, 14, PPPOE_TAG_SERVICE_NAME, 0, "slow"));
	assert_false(discovery_server_tick(&server, T0 + 9999, &to, &out));
	assert_true(discovery_server_deadline_ms(&server) == UINT64_MAX);
}

/* Frames of random lengths through the FIFO, many times around it, against a list of their numbers. */
static void
the_fifo_of_delayed_pados_keeps_all_or_says_full(void **state)
{
	static uint32_t list[1 << 16];
	unsigned put = 0;
	unsigned got = 0;
	unsigned full = 0;
	uint64_t seed = 4711;
	struct host_concentrator c = plain();

	(void)state;
	c.limits.pado_delay_ms = 1000;
	start(c);
	for (uint32_t i = 0; i < 40000; i++) {
		const uint64_t now_ms = T0 + i;
		uint8_t uniq[1200] = {(uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
		const unsigned burst = i % 7000 > 6000 ? 3 : 1; /* at times more comes than fits */
		uint16_t to;

		for (unsigned k = 0; k < burst; k++) {
			struct raw r = raw_padi("");

			raw_tag(&r, PPPOE_TAG_HOST_UNIQ, uniq, 4 + xorshift64(&seed) % (k == 0 ? 100 : 1190));
			const enum discovery_verdict v = padi(&r, now_ms);

			assert_true(v == DISCOVERY_OK || v == DISCOVERY_DELAY_FULL);
			if (v == DISCOVERY_OK)
				list[put++ % (1 << 16)] = i;
			else
				full++;
		}
		while (discovery_server_tick(&server, now_ms, &to, &out)) {
			size_t n;
			const uint8_t *p = frame_tag(&out, 14, PPPOE_TAG_HOST_UNIQ, 0, &n);

			assert_non_null(p);
			assert_int_equal((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3],
				list[got++ % (1 << 16)]);
		}
		assert_int_equal(put - got, server.delayed);
	}
	assert_true(full > 100);
	assert_true(put > 40000);
}

/* Frames of one length: the room that the oldest leaves is just as long as the next one, and must not be filled to the brim, or
 * full would look like empty. */
static void
a_fifo_filled_to_the_brim_stays_in_order(void **state)
{
	struct host_concentrator c = plain();
	uint32_t put = 0;
	uint32_t got = 0;
	uint16_t to;
	size_t n;

	(void)state;
	c.limits.pado_delay_ms = 1;
	start(c);
	for (uint32_t round = 0; round < 1000; round++) {
		for (;;) {
			struct raw r = raw_padi("");
			const uint8_t uniq[500] = {
				(uint8_t)(put >> 24), (uint8_t)(put >> 16), (uint8_t)(put >> 8), (uint8_t)put};

			raw_tag(&r, PPPOE_TAG_HOST_UNIQ, uniq, sizeof(uniq));
			if (padi(&r, T0) != DISCOVERY_OK)
				break;
			put++;
		}
		assert_true(discovery_server_tick(&server, T0 + 1, &to, &out));
		const uint8_t *p = frame_tag(&out, 14, PPPOE_TAG_HOST_UNIQ, 0, &n);

		assert_non_null(p);
		assert_int_equal((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3], got);
		got++;
		assert_int_equal(put - got, server.delayed);
	}
	assert_in_range(put, 1000, 2000);
}

static void
a_padr_whose_pads_does_not_fit_is_refused(void **state)
{
	static const uint8_t filler[1480];
	struct raw r;

	(void)state;
	start(plain());
	/* Header 6, Service-Name 8, Host-Uniq 4 + rest: the cookie is not in the PADS. */
	for (size_t extra = 0; extra < 2; extra++) {
		r = raw_padr("fast", T0);
		raw_tag(&r, PPPOE_TAG_HOST_UNIQ, filler, 1500 - 6 - 8 - 4 - 4 + extra);
		raw_tag(&r, PPPOE_TAG_RELAY_SESSION_ID, NULL, 0);
		assert_int_equal(padr(&r, T0), extra == 0 ? DISCOVERY_OK : DISCOVERY_TOO_LARGE);
		assert_int_equal(out.len, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pado_answers_with_all_that_was_asked_for),
		cmocka_unit_test(service_names_are_matched_as_configured),
		cmocka_unit_test(a_wrong_service_in_a_padr_is_answered_if_configured),
		cmocka_unit_test(a_server_listens_where_it_was_told),
		cmocka_unit_test(padis_are_refused_by_name),
		cmocka_unit_test(a_pado_that_does_not_fit_is_not_sent),
		cmocka_unit_test(a_padr_needs_a_cookie_of_ours),
		cmocka_unit_test(a_cookie_outlives_one_rotation_and_not_two),
		cmocka_unit_test(a_cookie_is_not_good_on_another_port_or_server),
		cmocka_unit_test(a_pads_confirms_what_the_padr_asked_for),
		cmocka_unit_test(a_repeated_padr_has_the_fingerprint_of_the_first),
		cmocka_unit_test(maximum_payload_is_answered_within_the_port_s_mtu),
		cmocka_unit_test(dsl_tags_of_the_padr_are_kept),
		cmocka_unit_test(limits_are_named_and_told_to_the_host),
		cmocka_unit_test(a_storm_of_padis_is_answered_at_the_configured_rate),
		cmocka_unit_test(one_mac_s_flood_does_not_keep_others_out),
		cmocka_unit_test(delayed_pados_come_in_order_when_due),
		cmocka_unit_test(the_fifo_of_delayed_pados_keeps_all_or_says_full),
		cmocka_unit_test(a_fifo_filled_to_the_brim_stays_in_order),
		cmocka_unit_test(a_padr_whose_pads_does_not_fit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
