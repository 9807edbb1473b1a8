/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/ppp/observer.h"
#include "dataplane/wire/bytes.h"

/* Frames are written down byte by byte here, without the code under test. Session n has the MACs 02:c0::n and 02:ac::n. */

enum { C = OBSERVER_CLIENT, A = OBSERVER_AC };
enum { LCP = 0xc021, PAP = 0xc023, CHAP = 0xc223, IPCP = 0x8021, IPV6CP = 0x8057, IPV4 = 0x0021, MP = 0x003d };
enum { REQUEST = 1, ACK = 2, NAK = 3, TERMINATE = 5, TERMINATED = 6 };

struct line {
	struct mac mac[2];
	uint16_t session, port, vlan; /* vlan 0: none */
};

struct lab {
	struct observer *o;
	struct observer_effects out;
	uint8_t frame[2048];
	size_t len;
	uint16_t home; /* what observer_frame() answered */
};

struct bytes {
	const char *at;
	size_t len;
};
#define BYTES(s) ((struct bytes){s, sizeof(s) - 1})

static const struct bytes none = {"", 0};

static struct line
line(unsigned n)
{
	return (struct line){
		.mac = {{{2, 0xc0, 0, 0, (uint8_t)(n >> 8), (uint8_t)n}},
			{{2, 0xac, 0, 0, (uint8_t)(n >> 8), (uint8_t)n}}},
		.session = (uint16_t)n,
		.port = 3,
	};
}

static int
setup(void **state)
{
	struct lab *l = calloc(1, sizeof(*l));

	assert_non_null(l);
	l->o = observer_new();
	assert_non_null(l->o);
	*state = l;
	return 0;
}

static int
teardown(void **state)
{
	struct lab *l = *state;

	observer_free(l->o);
	free(l);
	return 0;
}

/* ------------------------------------------------------------------ frames */

static void
put(struct lab *l, const void *bytes, size_t n)
{
	assert_true(l->len + n <= sizeof(l->frame));
	memcpy(l->frame + l->len, bytes, n);
	l->len += n;
}

static void
put16(struct lab *l, unsigned v)
{
	const uint8_t b[2] = {(uint8_t)(v >> 8), (uint8_t)v};

	put(l, b, sizeof(b));
}

static void
put_head(struct lab *l, const struct line *line, unsigned from, unsigned type, unsigned code, size_t payload)
{
	l->len = 0;
	put(l, &line->mac[1 - from], 6);
	put(l, &line->mac[from], 6);
	if (line->vlan != 0) {
		put16(l, 0x8100);
		put16(l, line->vlan);
	}
	put16(l, type);
	put16(l, 0x1100 | code);
	put16(l, line->session);
	put16(l, (unsigned)payload);
}

static void
take(struct lab *l, const struct line *line)
{
	l->home = observer_frame(l->o, line->port, l->frame, l->len, &l->out);
}

static void
discovery(struct lab *l, const struct line *line, unsigned from, unsigned code)
{
	put_head(l, line, from, 0x8863, code, 4);
	put(l, "\1\1\0\0", 4);
	take(l, line);
}

static void
data(struct lab *l, const struct line *line, unsigned from, unsigned proto, struct bytes b)
{
	put_head(l, line, from, 0x8864, 0, 2 + b.len);
	put16(l, proto);
	put(l, b.at, b.len);
	take(l, line);
}

static void
cp(struct lab *l, const struct line *line, unsigned from, unsigned proto, unsigned code, unsigned id, struct bytes b)
{
	put_head(l, line, from, 0x8864, 0, 2 + 4 + b.len);
	put16(l, proto);
	put16(l, code << 8 | id);
	put16(l, (unsigned)(4 + b.len));
	put(l, b.at, b.len);
	take(l, line);
}

static void
inside(struct lab *l, unsigned bundle, unsigned from, unsigned proto, unsigned code, unsigned id)
{
	l->len = 0;
	put16(l, proto);
	put16(l, code << 8 | id);
	put16(l, 4);
	observer_bundle_packet(l->o, bundle, from, l->frame, l->len, &l->out);
}

/* "SEEN UP:0.1": kinds, with bundle and slot of links. */
static const char *
effects(const struct lab *l)
{
	static const char *const names[] = {"SEEN", "UP", "REFUSED", "NETWORKS", "DOWN", "BUNDLE_DOWN", "GONE"};
	static char text[256];
	size_t at = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < l->out.n; i++) {
		const struct observer_effect *e = &l->out.items[i];
		const bool is_link = e->kind == OBSERVER_LINK_UP || e->kind == OBSERVER_LINK_DOWN;

		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", i == 0 ? "" : " ", names[e->kind]);
		if (is_link)
			at += (size_t)snprintf(text + at, sizeof(text) - at, ":%u.%u", e->bundle, e->slot);
	}
	return text;
}

/* Options that make multilink, with the endpoint "x" of class 1. */
#define MRRU_1500 "\x11\4\5\xdc"
#define ENDPOINT_X "\x13\4\1x"
#define WANT_CHAP "\3\5\xc2\x23\5"
#define WANT_PAP "\3\4\xc0\x23"

/* LCP of both ends agreed. */
static void
agree(struct lab *l, const struct line *line, struct bytes client, struct bytes ac)
{
	cp(l, line, C, LCP, REQUEST, 1, client);
	cp(l, line, A, LCP, ACK, 1, client);
	cp(l, line, A, LCP, REQUEST, 1, ac);
	cp(l, line, C, LCP, ACK, 1, ac);
}

static void
chap(struct lab *l, const struct line *line, struct bytes name)
{
	char response[300] = "\2ab";

	memcpy(response + 3, name.at, name.len);
	cp(l, line, C, CHAP, 2, 1, (struct bytes){response, 3 + name.len});
	cp(l, line, A, CHAP, 3, 1, none);
}

static const struct observer_party *
party(const struct lab *l, unsigned bundle, unsigned end)
{
	return &observer_bundle(l->o, bundle)->party[end];
}

/* ------------------------------------------------------------------ sessions */

static void
a_pads_makes_a_session_whose_client_is_known(void **state)
{
	struct lab *l = *state;
	const struct line x = line(5);

	discovery(l, &x, A, 0x65);
	assert_string_equal(effects(l), "SEEN");
	assert_memory_equal(l->out.items[0].key.mac, x.mac, sizeof(x.mac));
	assert_int_equal(l->out.items[0].key.session, 5);
	assert_int_equal(l->out.items[0].key.port, 3);
	assert_int_equal(observer_counts(l->o)->discovered, 1);
}

static void
other_discovery_makes_none(void **state)
{
	static const uint8_t codes[] = {0x07, 0x09, 0x19, 0xa7, 0x42};
	struct lab *l = *state;
	struct line x = line(5);

	for (unsigned i = 0; i < sizeof(codes); i++) {
		discovery(l, &x, A, codes[i]);
		assert_string_equal(effects(l), "");
	}
	x.session = 0; /* a refusal */
	discovery(l, &x, A, 0x65);
	assert_string_equal(effects(l), "");
	x.session = 0xffff;
	discovery(l, &x, A, 0x65);
	assert_string_equal(effects(l), "");
}

static void
a_repeated_pads_is_nothing_new_until_lcp_has_begun(void **state)
{
	struct lab *l = *state;
	const struct line x = line(5);

	discovery(l, &x, A, 0x65);
	discovery(l, &x, A, 0x65);
	assert_string_equal(effects(l), "");
	agree(l, &x, none, none);
	assert_string_equal(effects(l), "UP:0.0");
	discovery(l, &x, A, 0x65);
	assert_string_equal(effects(l), "DOWN:0.0 BUNDLE_DOWN GONE SEEN");
}

static void
lcp_makes_a_session_of_unknown_roles(void **state)
{
	struct lab *l = *state;
	const struct line x = line(5), y = line(6), z = line(7);

	cp(l, &x, C, LCP, REQUEST, 1, none);
	assert_string_equal(effects(l), "SEEN");
	cp(l, &y, C, LCP, ACK, 1, none);
	assert_string_equal(effects(l), "SEEN");
	cp(l, &z, C, LCP, NAK, 1, none);
	assert_string_equal(effects(l), "");
	cp(l, &z, C, IPCP, REQUEST, 1, none);
	assert_string_equal(effects(l), "");
	data(l, &z, C, IPV4, BYTES("E"));
	assert_string_equal(effects(l), "");
	for (unsigned id = 0; id <= 0xffff; id += 0xffff) {
		struct line no = line(8);

		no.session = (uint16_t)id; /* RFC 2516 section 4: not a session's */
		cp(l, &no, C, LCP, REQUEST, 1, none);
		assert_string_equal(effects(l), "");
	}
	assert_int_equal(observer_counts(l->o)->sessions, 2);
	assert_int_equal(observer_counts(l->o)->discovered, 0);
}

static void
a_padt_of_either_end_ends_the_session(void **state)
{
	struct lab *l = *state;

	for (unsigned from = 0; from < 2; from++) {
		const struct line x = line(5 + from);

		discovery(l, &x, A, 0x65);
		agree(l, &x, none, none);
		discovery(l, &x, from, 0xa7);
		assert_memory_equal(effects(l), "DOWN", 4);
		assert_non_null(strstr(effects(l), "BUNDLE_DOWN GONE"));
		discovery(l, &x, from, 0xa7);
		assert_string_equal(effects(l), "");
	}
}

static void
a_session_is_its_macs_and_vlan(void **state)
{
	struct lab *l = *state;
	const struct line x = line(5);
	struct line other_mac = x, tagged = x;

	other_mac.mac[C].b[5]++;
	tagged.vlan = 7;
	discovery(l, &x, A, 0x65);
	discovery(l, &other_mac, C, 0xa7);
	assert_string_equal(effects(l), "");
	discovery(l, &tagged, C, 0xa7);
	assert_string_equal(effects(l), "");
	discovery(l, &tagged, A, 0x65);
	assert_string_equal(effects(l), "SEEN");
	discovery(l, &x, C, 0xa7);
	assert_string_equal(effects(l), "GONE");
}

static void
frames_are_sent_home_to_the_port_of_their_session(void **state)
{
	struct lab *l = *state;
	const struct line x = line(5);
	struct line elsewhere = x, stranger = line(9);

	elsewhere.port = stranger.port = 8;
	discovery(l, &x, A, 0x65);
	agree(l, &elsewhere, none, none);
	assert_string_equal(effects(l), "UP:0.0");
	assert_int_equal(l->home, 3);
	data(l, &elsewhere, C, IPV4, BYTES("E"));
	assert_int_equal(l->home, 3);
	data(l, &stranger, C, IPV4, BYTES("E"));
	assert_int_equal(l->home, 8);
	discovery(l, &elsewhere, A, 0x65); /* equal in all but the line: another session */
	assert_string_equal(effects(l), "SEEN");
	data(l, &elsewhere, C, IPV4, BYTES("E"));
	assert_int_equal(l->home, 8);
}

/* ------------------------------------------------------------------ LCP */

static void
a_link_is_up_when_both_ends_have_acked(void **state)
{
	struct lab *l = *state;
	const struct line x = line(5);

	discovery(l, &x, A, 0x65);
	cp(l, &x, C, LCP, REQUEST, 1, BYTES("\1\4\5\xd4"));
	cp(l, &x, A, LCP, ACK, 1, BYTES("\1\4\5\xd4"));
	cp(l, &x, A, LCP, REQUEST, 9, none);
	data(l, &x, C, IPV4, BYTES("E"));
	assert_string_equal(effects(l), "");
	cp(l, &x, C, LCP, ACK, 9, none);
	assert_string_equal(effects(l), "UP:0.0");
	assert_int_equal(party(l, 0, C)->mru, 1492);
	assert_int_equal(party(l, 0, A)->mru, 1500);
	assert_int_equal(party(l, 0, C)->mrru, 0);
}

static void
what_was_acked_counts_for_the_end_that_asked(void **state)
{
	struct lab *l = *state;
	const struct line x = line(5);

	discovery(l, &x, A, 0x65);
	agree(l, &x, BYTES(MRRU_1500 "\x13\x06\3\1\2\3"),
		BYTES("\x11\4\6\x40"
		      "\x12\2"
		      "\x13\3\1"));
	assert_string_equal(effects(l), "UP:0.0");
	assert_int_equal(party(l, 0, C)->mrru, 1500);
	assert_false(party(l, 0, C)->short_seq);
	assert_int_equal(party(l, 0, C)->endpoint.class, 3);
	assert_int_equal(party(l, 0, C)->endpoint.len, 3);
	assert_memory_equal(party(l, 0, C)->endpoint.bytes, "\1\2\3", 3);
	assert_int_equal(party(l, 0, A)->mrru, 1600);
	assert_true(party(l, 0, A)->short_seq);
	assert_int_equal(party(l, 0, A)->endpoint.class, 1);
	assert_int_equal(party(l, 0, A)->endpoint.len, 0);
}

/* RFC 1661 section 5.2: an Ack must fit the last request. */
static void
an_ack_must_fit_the_last_request_that_was_captured(void **state)
{
	static const struct {
		const char *name;
		int asked; /* id; -1: not captured */
		unsigned acked;
		const char *options; /* of the Ack; the request had MRRU 1500 */
		bool counts;
	} rows[] = {
		{"the same", 4, 4, MRRU_1500, true},
		{"an older one", 4, 3, MRRU_1500, false},
		{"older across the wrap of ids", 1, 250, MRRU_1500, false},
		{"other options", 4, 4, "\x11\4\5\xdd", false},
		{"fewer options", 4, 4, "", false},
		{"its request was not captured", -1, 77, MRRU_1500, true},
		{"the request in between was not captured", 4, 5, "\x11\4\5\xdd", true},
		{"options whose lengths lie", -1, 5, "\x11\5\5\xdd", false},
	};
	struct lab *l = *state;

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct line x = line(10 + i);
		const struct bytes acked = {rows[i].options, strlen(rows[i].options)};

		discovery(l, &x, A, 0x65);
		cp(l, &x, A, LCP, REQUEST, 1, none);
		cp(l, &x, C, LCP, ACK, 1, none);
		if (rows[i].asked >= 0)
			cp(l, &x, C, LCP, REQUEST, (unsigned)rows[i].asked, BYTES(MRRU_1500));
		cp(l, &x, A, LCP, ACK, rows[i].acked, acked);
		if ((l->out.n != 0) != rows[i].counts)
			fail_msg("%s: '%s'", rows[i].name, effects(l));
	}
}

static void
a_repeated_request_changes_nothing_another_one_takes_the_link_down(void **state)
{
	struct lab *l = *state;
	const struct line x = line(5);

	discovery(l, &x, A, 0x65);
	agree(l, &x, none, none);
	cp(l, &x, C, LCP, REQUEST, 1, none);
	assert_string_equal(effects(l), "");
	cp(l, &x, A, LCP, ACK, 1, none);
	assert_string_equal(effects(l), "");
	cp(l, &x, C, LCP, REQUEST, 2, none);
	assert_string_equal(effects(l), "DOWN:0.0 BUNDLE_DOWN");
	data(l, &x, C, IPV4, BYTES("E"));
	assert_string_equal(effects(l), "");
	cp(l, &x, A, LCP, ACK, 2, none);
	assert_string_equal(effects(l), ""); /* both ends negotiate anew */
	cp(l, &x, A, LCP, REQUEST, 2, none);
	cp(l, &x, C, LCP, ACK, 2, none);
	assert_string_equal(effects(l), "UP:1.0");
}

static void
terminate_takes_the_link_down_and_keeps_the_session(void **state)
{
	static const uint8_t codes[] = {TERMINATE, TERMINATED};
	struct lab *l = *state;

	for (unsigned i = 0; i < 2; i++) {
		const struct line x = line(5 + i);

		discovery(l, &x, A, 0x65);
		agree(l, &x, none, none);
		cp(l, &x, C, LCP, codes[i], 7, none);
		assert_non_null(strstr(effects(l), "BUNDLE_DOWN"));
		discovery(l, &x, C, 0xa7);
		assert_string_equal(effects(l), "GONE");
	}
}

/* ------------------------------------------------------------------ authentication */

static void
a_link_waits_for_the_proof_that_was_demanded(void **state)
{
	struct lab *l = *state;
	const struct line x = line(5), y = line(6);

	discovery(l, &x, A, 0x65);
	agree(l, &x, none, BYTES(WANT_CHAP));
	assert_string_equal(effects(l), "");
	cp(l, &x, C, CHAP, 2, 1, BYTES("\2abalice"));
	assert_string_equal(effects(l), "");
	cp(l, &x, A, CHAP, 3, 1, none);
	assert_string_equal(effects(l), "UP:0.0");
	assert_true(party(l, 0, C)->authenticated);
	assert_string_equal(party(l, 0, C)->name, "alice");
	assert_false(party(l, 0, A)->authenticated);

	discovery(l, &y, A, 0x65);
	agree(l, &y, none, BYTES(WANT_PAP));
	cp(l, &y, C, PAP, 1, 1, BYTES("\3bob\2pw"));
	assert_string_equal(effects(l), "");
	cp(l, &y, A, PAP, 2, 1, none);
	assert_string_equal(effects(l), "UP:1.0");
	assert_string_equal(party(l, 1, C)->name, "bob");
}

static void
both_ends_may_demand_it(void **state)
{
	struct lab *l = *state;
	const struct line x = line(5);

	discovery(l, &x, A, 0x65);
	agree(l, &x, BYTES(WANT_CHAP), BYTES(WANT_CHAP));
	chap(l, &x, BYTES("alice"));
	assert_string_equal(effects(l), "");
	cp(l, &x, A, CHAP, 2, 1, BYTES("\0bras"));
	cp(l, &x, C, CHAP, 3, 1, none);
	assert_string_equal(effects(l), "UP:0.0");
	assert_string_equal(party(l, 0, C)->name, "alice");
	assert_string_equal(party(l, 0, A)->name, "bras");
}

static void
what_follows_authentication_proves_it(void **state)
{
	static const uint16_t protos[] = {IPV4, MP, IPCP, IPV6CP};
	struct lab *l = *state;

	for (unsigned i = 0; i < 4; i++) {
		const struct line x = line(5 + i);

		discovery(l, &x, A, 0x65);
		agree(l, &x, none, BYTES(WANT_CHAP));
		cp(l, &x, C, CHAP, 2, 1, BYTES("\2abalice"));
		data(l, &x, C, protos[i], BYTES("\1\1\0\4"));
		assert_memory_equal(effects(l), "UP:", 3);
		assert_string_equal(party(l, i, C)->name, "alice");
	}
}

static void
a_name_that_nobody_asked_for_is_none(void **state)
{
	struct lab *l = *state;
	const struct line x = line(5);

	discovery(l, &x, A, 0x65);
	agree(l, &x, BYTES(WANT_CHAP), none);
	chap(l, &x, BYTES("mallory"));
	cp(l, &x, A, CHAP, 2, 1, BYTES("\0bras"));
	cp(l, &x, C, CHAP, 3, 1, none);
	assert_string_equal(effects(l), "UP:0.0");
	assert_false(party(l, 0, C)->authenticated);
	assert_string_equal(party(l, 0, C)->name, "");
	assert_string_equal(party(l, 0, A)->name, "bras");
}

static void
a_new_negotiation_wants_new_proof_or_none(void **state)
{
	struct lab *l = *state;
	const struct line x = line(5);

	discovery(l, &x, A, 0x65);
	agree(l, &x, none, BYTES(WANT_CHAP));
	chap(l, &x, BYTES("alice"));
	assert_string_equal(effects(l), "UP:0.0");
	cp(l, &x, A, LCP, REQUEST, 2, BYTES(WANT_CHAP));
	cp(l, &x, C, LCP, ACK, 2, BYTES(WANT_CHAP));
	cp(l, &x, C, LCP, REQUEST, 2, none);
	cp(l, &x, A, LCP, ACK, 2, none);
	assert_string_equal(effects(l), "");
	chap(l, &x, BYTES("bob"));
	assert_string_equal(effects(l), "UP:1.0");
	assert_string_equal(party(l, 1, C)->name, "bob");
	cp(l, &x, A, LCP, REQUEST, 3, none);
	cp(l, &x, C, LCP, ACK, 3, none);
	cp(l, &x, C, LCP, REQUEST, 3, none);
	cp(l, &x, A, LCP, ACK, 3, none);
	assert_string_equal(effects(l), "UP:2.0");
	assert_false(party(l, 2, C)->authenticated);
}

static void
names_stay_different_and_printable(void **state)
{
	static const struct {
		struct bytes name;
		const char *text;
	} rows[] = {
		{BYTES("a\0b"), "a\\x00b"},
		{BYTES("a\\x00b"), "a\\x5cx00b"},
		{BYTES("\x1b[2J"), "\\x1b[2J"},
		{BYTES(""), ""},
	};
	struct lab *l = *state;
	char longest[255];

	for (unsigned i = 0; i < 4; i++) {
		const struct line x = line(5 + i);

		discovery(l, &x, A, 0x65);
		agree(l, &x, none, BYTES(WANT_CHAP));
		chap(l, &x, rows[i].name);
		assert_string_equal(party(l, i, C)->name, rows[i].text);
		assert_true(party(l, i, C)->authenticated);
	}
	const struct line x = line(50);

	memset(longest, 0xff, sizeof(longest));
	discovery(l, &x, A, 0x65);
	agree(l, &x, none, BYTES(WANT_CHAP));
	chap(l, &x, (struct bytes){longest, sizeof(longest) - 3});
	assert_in_range(strlen(party(l, 4, C)->name), 100, OBSERVER_NAME_MAX - 1);
}

static void
lengths_inside_authentication_that_lie_give_no_name(void **state)
{
	static const struct {
		unsigned proto, code;
		struct bytes b;
	} rows[] = {
		{CHAP, 2,
			BYTES("\x7f"
			      "ab")},
		{CHAP, 2, BYTES("")},
		{PAP, 1, BYTES("\4bob")},
		{PAP, 1, BYTES("")},
	};
	struct lab *l = *state;

	for (unsigned i = 0; i < 4; i++) {
		const struct line x = line(5 + i);

		discovery(l, &x, A, 0x65);
		agree(l, &x, none, BYTES(WANT_CHAP));
		cp(l, &x, C, rows[i].proto, rows[i].code, 1, rows[i].b);
		cp(l, &x, A, rows[i].proto, rows[i].code == 2 ? 3 : 2, 1, none);
		assert_memory_equal(effects(l), "UP:", 3);
		assert_false(party(l, i, C)->authenticated);
	}
}

/* ------------------------------------------------------------------ who is the client, when discovery is missing */

static void
the_client_is_who_authenticates_himself(void **state)
{
	struct lab *l = *state;
	struct line x = line(5);

	/* the AC speaks first, and its MAC is the smaller one */
	x.mac[A].b[0] = 0;
	cp(l, &x, A, LCP, REQUEST, 1, BYTES(WANT_CHAP));
	cp(l, &x, C, LCP, ACK, 1, BYTES(WANT_CHAP));
	cp(l, &x, C, LCP, REQUEST, 1, BYTES("\1\4\5\xd4"));
	cp(l, &x, A, LCP, ACK, 1, BYTES("\1\4\5\xd4"));
	chap(l, &x, BYTES("alice"));
	assert_string_equal(effects(l), "UP:0.0");
	assert_memory_equal(l->out.items[0].key.mac, x.mac, sizeof(x.mac));
	assert_string_equal(party(l, 0, C)->name, "alice");
	assert_int_equal(party(l, 0, C)->mru, 1492);
	assert_int_equal(party(l, 0, A)->mru, 1500);
	cp(l, &x, A, LCP, REQUEST, 1, BYTES(WANT_CHAP));
	assert_string_equal(effects(l), ""); /* still known as a repetition */
}

static void
without_authentication_the_ends_are_told_apart_alike_on_all_links(void **state)
{
	struct lab *l = *state;
	struct line x = line(5), y = line(6);

	/* the second link's MACs are the other way round, and the other end speaks first */
	y.mac[C] = line(6).mac[A];
	y.mac[A] = line(6).mac[C];
	agree(l, &x, BYTES(MRRU_1500 "\x13\4\1a"), BYTES(MRRU_1500 "\x13\4\1b"));
	assert_string_equal(effects(l), "UP:0.0");
	cp(l, &y, A, LCP, REQUEST, 1, BYTES(MRRU_1500 "\x13\4\1b"));
	cp(l, &y, C, LCP, ACK, 1, BYTES(MRRU_1500 "\x13\4\1b"));
	cp(l, &y, C, LCP, REQUEST, 1, BYTES(MRRU_1500 "\x13\4\1a"));
	cp(l, &y, A, LCP, ACK, 1, BYTES(MRRU_1500 "\x13\4\1a"));
	assert_string_equal(effects(l), "UP:0.1");
	assert_memory_equal(l->out.items[0].key.mac, y.mac, sizeof(y.mac));
}

/* ------------------------------------------------------------------ bundles */

static void
links_of_a_bundle_have_name_endpoint_and_concentrator_in_common(void **state)
{
	static const struct {
		const char *why;
		struct bytes client, ac, name;
		const char *want;
	} rows[] = {
		{"the first", BYTES(MRRU_1500 ENDPOINT_X), BYTES(WANT_CHAP MRRU_1500), BYTES("alice"), "UP:0.0"},
		{"all the same", BYTES(MRRU_1500 ENDPOINT_X), BYTES(WANT_CHAP MRRU_1500), BYTES("alice"), "UP:0.1"},
		{"other name", BYTES(MRRU_1500 ENDPOINT_X), BYTES(WANT_CHAP MRRU_1500), BYTES("bob"), "UP:1.0"},
		{"other bytes", BYTES(MRRU_1500 "\x13\4\1y"), BYTES(WANT_CHAP MRRU_1500), BYTES("alice"), "UP:2.0"},
		{"other class", BYTES(MRRU_1500 "\x13\4\2x"), BYTES(WANT_CHAP MRRU_1500), BYTES("alice"), "UP:3.0"},
		{"no endpoint", BYTES(MRRU_1500), BYTES(WANT_CHAP MRRU_1500), BYTES("alice"), "UP:4.0"},
		{"other AC", BYTES(MRRU_1500 ENDPOINT_X), BYTES(WANT_CHAP MRRU_1500 ENDPOINT_X), BYTES("alice"),
			"UP:5.0"},
		{"the first AC again", BYTES(MRRU_1500 ENDPOINT_X), BYTES(WANT_CHAP MRRU_1500), BYTES("alice"),
			"UP:0.2"},
		{"no multilink", BYTES(""), BYTES(WANT_CHAP), BYTES("alice"), "UP:6.0"},
		{"none either", BYTES(""), BYTES(WANT_CHAP), BYTES("alice"), "UP:7.0"},
		{"other MRRU of the client", BYTES("\x11\4\5\xdd" ENDPOINT_X), BYTES(WANT_CHAP MRRU_1500),
			BYTES("alice"), "REFUSED"},
		{"other MRRU of the AC", BYTES(MRRU_1500 ENDPOINT_X), BYTES(WANT_CHAP "\x11\4\5\xdd"), BYTES("alice"),
			"REFUSED"},
		{"other numbers", BYTES(MRRU_1500 ENDPOINT_X "\x12\2"), BYTES(WANT_CHAP MRRU_1500), BYTES("alice"),
			"REFUSED"},
	};
	struct lab *l = *state;

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct line x = line(5 + i);

		discovery(l, &x, A, 0x65);
		agree(l, &x, rows[i].client, rows[i].ac);
		chap(l, &x, rows[i].name);
		if (strcmp(effects(l), rows[i].want) != 0)
			fail_msg("%s: '%s' instead of '%s'", rows[i].why, effects(l), rows[i].want);
		if (strcmp(rows[i].want, "REFUSED") == 0)
			assert_non_null(strstr(observer_refusal(l->o), "bundle 1"));
	}
	assert_int_equal(observer_bundles(l->o), 8);
	assert_int_equal(observer_bundle(l->o, 0)->links, 3);
	assert_int_equal(observer_counts(l->o)->refused, 3);
}

static void
a_concentrator_is_its_name_too(void **state)
{
	static const struct bytes names[] = {BYTES("\0bras1"), BYTES("\0bras2"), BYTES("\0bras1")};
	static const char *const want[] = {"UP:0.0", "UP:1.0", "UP:0.1"};
	struct lab *l = *state;

	for (unsigned i = 0; i < 3; i++) {
		const struct line x = line(5 + i);

		discovery(l, &x, A, 0x65);
		agree(l, &x, BYTES(WANT_CHAP MRRU_1500), BYTES(WANT_CHAP MRRU_1500));
		chap(l, &x, BYTES("alice"));
		cp(l, &x, A, CHAP, 2, 1, names[i]);
		cp(l, &x, C, CHAP, 3, 1, none);
		assert_string_equal(effects(l), want[i]);
	}
}

static void
a_refused_link_may_negotiate_better(void **state)
{
	struct lab *l = *state;
	const struct line x = line(5), y = line(6);

	discovery(l, &x, A, 0x65);
	agree(l, &x, BYTES(MRRU_1500), BYTES(MRRU_1500));
	discovery(l, &y, A, 0x65);
	agree(l, &y, BYTES("\x11\4\5\xdd"), BYTES(MRRU_1500));
	assert_string_equal(effects(l), "REFUSED");
	data(l, &y, C, IPV4, BYTES("E"));
	assert_string_equal(effects(l), "");
	cp(l, &y, C, LCP, REQUEST, 2, BYTES(MRRU_1500));
	assert_string_equal(effects(l), "");
	cp(l, &y, A, LCP, ACK, 2, BYTES(MRRU_1500));
	cp(l, &y, A, LCP, REQUEST, 2, BYTES(MRRU_1500));
	cp(l, &y, C, LCP, ACK, 2, BYTES(MRRU_1500));
	assert_string_equal(effects(l), "UP:0.1");
}

static void
a_slot_is_taken_again_and_a_bundle_dies_with_its_last_link(void **state)
{
	struct lab *l = *state;
	struct line x[4];

	for (unsigned i = 0; i < 4; i++) {
		x[i] = line(5 + i);
		discovery(l, &x[i], A, 0x65);
	}
	for (unsigned i = 0; i < 3; i++)
		agree(l, &x[i], BYTES(MRRU_1500 ENDPOINT_X), BYTES(MRRU_1500));
	discovery(l, &x[1], C, 0xa7);
	assert_string_equal(effects(l), "DOWN:0.1 GONE");
	agree(l, &x[3], BYTES(MRRU_1500 ENDPOINT_X), BYTES(MRRU_1500));
	assert_string_equal(effects(l), "UP:0.1");
	discovery(l, &x[0], C, 0xa7);
	discovery(l, &x[2], C, 0xa7);
	discovery(l, &x[3], C, 0xa7);
	assert_string_equal(effects(l), "DOWN:0.1 BUNDLE_DOWN GONE");
	discovery(l, &x[0], A, 0x65);
	agree(l, &x[0], BYTES(MRRU_1500 ENDPOINT_X), BYTES(MRRU_1500));
	assert_string_equal(effects(l), "UP:1.0");
}

static void
a_seventeenth_link_is_refused(void **state)
{
	struct lab *l = *state;

	for (unsigned i = 0; i < 17; i++) {
		const struct line x = line(5 + i);
		char want[16];

		snprintf(want, sizeof(want), "UP:0.%u", i);
		discovery(l, &x, A, 0x65);
		agree(l, &x, BYTES(MRRU_1500), BYTES(MRRU_1500));
		assert_string_equal(effects(l), i < 16 ? want : "REFUSED");
	}
}

static void
sessions_beyond_the_maximum_are_counted(void **state)
{
	struct lab *l = *state;
	struct line x = line(1);

	for (unsigned i = 0; i < OBSERVER_SESSIONS_MAX; i++) {
		x = line(1 + i);
		discovery(l, &x, A, 0x65);
		assert_string_equal(effects(l), "SEEN");
	}
	const struct line more = line(1 + OBSERVER_SESSIONS_MAX);

	discovery(l, &more, A, 0x65);
	assert_string_equal(effects(l), "");
	cp(l, &more, C, LCP, REQUEST, 1, none);
	assert_string_equal(effects(l), "");
	assert_int_equal(observer_counts(l->o)->too_many, 2);
	discovery(l, &x, C, 0xa7);
	discovery(l, &more, A, 0x65);
	assert_string_equal(effects(l), "SEEN");
}

static void
bundles_beyond_the_maximum_are_refused(void **state)
{
	struct lab *l = *state;
	const struct line x = line(5);

	for (unsigned i = 0; i <= OBSERVER_BUNDLES_MAX; i++) {
		discovery(l, &x, A, 0x65);
		agree(l, &x, none, none);
		assert_int_equal(
			l->out.items[0].kind, i < OBSERVER_BUNDLES_MAX ? OBSERVER_LINK_UP : OBSERVER_LINK_REFUSED);
	}
	assert_int_equal(observer_counts(l->o)->too_many, 1);
	discovery(l, &x, C, 0xa7);
	assert_string_equal(effects(l), "GONE");
}

/* ------------------------------------------------------------------ network protocols */

static void
multilink(struct lab *l, const struct line *x)
{
	discovery(l, x, A, 0x65);
	agree(l, x, BYTES(MRRU_1500 ENDPOINT_X), BYTES(MRRU_1500));
	assert_string_equal(effects(l), "UP:0.0");
}

static void
a_network_protocol_is_open_when_both_ends_have_acked(void **state)
{
	struct lab *l = *state;
	const struct line x = line(5);

	multilink(l, &x);
	inside(l, 0, C, IPCP, REQUEST, 1);
	inside(l, 0, A, IPCP, ACK, 1);
	assert_string_equal(effects(l), "");
	cp(l, &x, A, IPCP, REQUEST, 3, none); /* the other one beside the bundle */
	cp(l, &x, C, IPCP, ACK, 3, none);
	assert_string_equal(effects(l), "NETWORKS");
	assert_true(observer_bundle(l->o, 0)->v4);
	assert_false(observer_bundle(l->o, 0)->v6);
	inside(l, 0, C, IPV6CP, ACK, 1);
	inside(l, 0, A, IPV6CP, ACK, 1);
	assert_string_equal(effects(l), "NETWORKS");
	assert_true(observer_bundle(l->o, 0)->v6);
	inside(l, 0, A, IPCP, TERMINATE, 9);
	assert_string_equal(effects(l), "NETWORKS");
	assert_false(observer_bundle(l->o, 0)->v4);
	assert_true(observer_bundle(l->o, 0)->seen_v4);
	assert_true(observer_bundle(l->o, 0)->v6);
	inside(l, 0, A, IPCP, TERMINATED, 9);
	assert_string_equal(effects(l), "");
	inside(l, 0, C, IPV6CP, REQUEST, 77);
	assert_string_equal(effects(l), "NETWORKS");
	assert_false(observer_bundle(l->o, 0)->v6);
}

/* RFC 1990 section 2 */
static void
lcp_inside_the_bundle_negotiates_nothing(void **state)
{
	struct lab *l = *state;
	const struct line x = line(5);

	multilink(l, &x);
	inside(l, 0, C, LCP, TERMINATE, 1);
	assert_string_equal(effects(l), "");
	inside(l, 0, C, LCP, REQUEST, 9);
	assert_string_equal(effects(l), "");
	data(l, &x, C, MP, BYTES("\xc0\0\0\0"));
	assert_int_equal(observer_bundle(l->o, 0)->slots, 1);
}

static void
a_dead_or_unknown_bundle_hears_nothing(void **state)
{
	struct lab *l = *state;
	const struct line x = line(5);

	multilink(l, &x);
	inside(l, 0, C, IPCP, ACK, 1);
	discovery(l, &x, C, 0xa7);
	inside(l, 0, A, IPCP, ACK, 1);
	assert_string_equal(effects(l), "");
	assert_false(observer_bundle(l->o, 0)->v4);
	inside(l, 1, A, IPCP, ACK, 1);
	assert_string_equal(effects(l), "");
	assert_null(observer_bundle(l->o, 1));
}

/* ------------------------------------------------------------------ any bytes */

/* A whole dialogue, frame by frame, for the tests below. */
static unsigned
dialogue(struct lab *l, unsigned step, const struct line *x)
{
	switch (step) {
	case 0:
		discovery(l, x, A, 0x65);
		break;
	case 1:
		cp(l, x, C, LCP, REQUEST, 1, BYTES(MRRU_1500 ENDPOINT_X));
		break;
	case 2:
		cp(l, x, A, LCP, ACK, 1, BYTES(MRRU_1500 ENDPOINT_X));
		break;
	case 3:
		cp(l, x, A, LCP, REQUEST, 1, BYTES(WANT_CHAP MRRU_1500));
		break;
	case 4:
		cp(l, x, C, LCP, ACK, 1, BYTES(WANT_CHAP MRRU_1500));
		break;
	case 5:
		cp(l, x, C, CHAP, 2, 1, BYTES("\2abalice"));
		break;
	case 6:
		cp(l, x, A, CHAP, 3, 1, none);
		break;
	case 7:
		cp(l, x, C, IPCP, REQUEST, 1, none);
		break;
	case 8:
		cp(l, x, A, IPCP, ACK, 1, none);
		break;
	case 9:
		cp(l, x, A, IPCP, REQUEST, 1, none);
		break;
	case 10:
		cp(l, x, C, IPCP, ACK, 1, none);
		break;
	case 11:
		data(l, x, C, MP, BYTES("\xc0\0\0\0!E"));
		break;
	case 12:
		cp(l, x, C, LCP, TERMINATE, 2, none);
		break;
	default:
		discovery(l, x, C, 0xa7);
		break;
	}
	return l->out.n;
}
enum { STEPS = 14 };

static void
a_frame_cut_short_says_nothing(void **state)
{
	struct lab *l = *state;
	const struct line x = line(5), other = line(6);

	for (unsigned step = 0; step < STEPS; step++) {
		struct observer_effects out;
		struct lab scratch = {.o = observer_new()};

		assert_non_null(scratch.o);
		dialogue(&scratch, step, &x);
		observer_free(scratch.o);
		for (size_t n = 0; n < scratch.len; n++) {
			uint8_t *exact = malloc(n + 1); /* so that sanitizers see a read beyond */

			assert_non_null(exact);
			memcpy(exact + 1, scratch.frame, n);
			observer_frame(l->o, 3, exact + 1, n, &out);
			free(exact);
			assert_int_equal(out.n, 0);
		}
		dialogue(l, step, &x);
	}
	for (unsigned step = 0; step < STEPS; step++)
		dialogue(l, step, &other);
	assert_int_equal(observer_bundles(l->o), 2);
}

static uint32_t
dice(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

/* What was seen must be seen before it goes, what is up goes down before it is up again. */
struct ledger {
	int sessions, links, bundles;
	unsigned known; /* bundles */
};

static void
book(struct ledger *g, const struct observer_effects *out)
{
	assert_in_range(out->n, 0, OBSERVER_EFFECTS_MAX);
	for (unsigned i = 0; i < out->n; i++) {
		const enum observer_effect_kind k = out->items[i].kind;

		g->sessions += (k == OBSERVER_SESSION_SEEN) - (k == OBSERVER_SESSION_GONE);
		g->links += (k == OBSERVER_LINK_UP) - (k == OBSERVER_LINK_DOWN);
		if (k == OBSERVER_LINK_UP && out->items[i].bundle == g->known) {
			g->known++;
			g->bundles++;
		}
		g->bundles -= k == OBSERVER_BUNDLE_DOWN;
		assert_true(g->bundles >= 0 && out->items[i].bundle <= g->known);
		assert_true(g->links >= 0 && g->links <= g->sessions);
	}
}

static void
any_bytes_in_any_order_keep_the_books_straight(void **state)
{
	struct lab *l = *state;
	struct ledger g = {0};
	uint64_t seed = 20261121;

	for (unsigned i = 0; i < 200000; i++) {
		struct line x = line(1 + dice(&seed) % 6);
		struct lab scratch = *l;

		x.port = (uint16_t)(dice(&seed) % 3);
		scratch.out.n = 0;
		if (dice(&seed) % 4 != 0) {
			book(&g, (dialogue(l, dice(&seed) % STEPS, &x), &l->out));
			continue;
		}
		/* the last frame once more, hurt */
		for (unsigned n = 1 + dice(&seed) % 3; n > 0; n--)
			scratch.frame[12 + dice(&seed) % (scratch.len > 12 ? scratch.len - 12 : 1)] =
				(uint8_t)dice(&seed);
		observer_frame(l->o, x.port, scratch.frame, scratch.len, &scratch.out);
		book(&g, &scratch.out);
	}
	assert_int_equal(observer_bundles(l->o), g.known);
	assert_true(g.known > 100);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_pads_makes_a_session_whose_client_is_known),
		T(other_discovery_makes_none),
		T(a_repeated_pads_is_nothing_new_until_lcp_has_begun),
		T(lcp_makes_a_session_of_unknown_roles),
		T(a_padt_of_either_end_ends_the_session),
		T(a_session_is_its_macs_and_vlan),
		T(frames_are_sent_home_to_the_port_of_their_session),
		T(a_link_is_up_when_both_ends_have_acked),
		T(what_was_acked_counts_for_the_end_that_asked),
		T(an_ack_must_fit_the_last_request_that_was_captured),
		T(a_repeated_request_changes_nothing_another_one_takes_the_link_down),
		T(terminate_takes_the_link_down_and_keeps_the_session),
		T(a_link_waits_for_the_proof_that_was_demanded),
		T(both_ends_may_demand_it),
		T(what_follows_authentication_proves_it),
		T(a_name_that_nobody_asked_for_is_none),
		T(a_new_negotiation_wants_new_proof_or_none),
		T(names_stay_different_and_printable),
		T(lengths_inside_authentication_that_lie_give_no_name),
		T(the_client_is_who_authenticates_himself),
		T(without_authentication_the_ends_are_told_apart_alike_on_all_links),
		T(links_of_a_bundle_have_name_endpoint_and_concentrator_in_common),
		T(a_concentrator_is_its_name_too),
		T(a_refused_link_may_negotiate_better),
		T(a_slot_is_taken_again_and_a_bundle_dies_with_its_last_link),
		T(a_seventeenth_link_is_refused),
		T(sessions_beyond_the_maximum_are_counted),
		T(bundles_beyond_the_maximum_are_refused),
		T(a_network_protocol_is_open_when_both_ends_have_acked),
		T(lcp_inside_the_bundle_negotiates_nothing),
		T(a_dead_or_unknown_bundle_hears_nothing),
		T(a_frame_cut_short_says_nothing),
		T(any_bytes_in_any_order_keep_the_books_straight),
	};

	return cmocka_run_group_tests_name("observer", tests, NULL, NULL);
}
