/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "control/ppp/chap.h"
#include "control/ppp/discovery_wire.h"
#include "control/ppp/host_state.h"
#include "control/ppp/ipcp.h"
#include "control/ppp/mschap.h"
#include "dataplane/wire/ppp.h"
#include "dataplane/wire/pppoe.h"
#include "tests/unit/host/check.h"

/* A peer that dials as Windows does, word for word, with "negotiate multi-link for single-link connections" and "software compression"
 * ticked [G-70..G-73]: what it offers and in which order, and what it takes for an answer. The concentrator is driven by hand. */

struct stage {
	struct pair_net net;
	struct host *host;
	struct host_out out;
	uint64_t now_ms;
	struct host_session_key key;
	uint32_t link, bundle; /* 0: none */
	struct host_bundle_values values;
};

static const struct mac windows = {{0x00, 0x0c, 0x29, 0x5f, 0x11, 0x22}};

static void
entropy(void *ctx, void *buf, size_t n)
{
	uint64_t *state = ctx;

	for (size_t i = 0; i < n; i++)
		((uint8_t *)buf)[i] = (uint8_t)((*state = *state * 6364136223846793005 + 1442695040888963407) >> 56);
}

static size_t
hex(const char *text, uint8_t *to)
{
	size_t n = 0;

	for (unsigned v; *text != '\0'; text++) {
		if (*text == ' ')
			continue;
		assert_int_equal(sscanf(text, "%2x", &v), 1);
		to[n++] = (uint8_t)v;
		text++;
	}
	return n;
}

/* The data plane carries everything out at once. */
static void
settle(struct stage *s)
{
	for (unsigned i = 0; i < s->out.n; i++) {
		const struct host_out_item *item = &s->out.items[i];

		if (item->kind == HOST_OUT_EVENT)
			print_message("    %s\n", (const char *)s->out.bytes + item->data.at);
		else if (item->kind == HOST_OUT_BUNDLE_SET) {
			s->bundle = item->bundle;
			s->values = item->bundle_values;
		} else if (item->kind == HOST_OUT_LINK_INSTALL)
			s->link = item->link;
		else if (item->kind == HOST_OUT_LINK_REMOVE)
			s->link = 0;
	}
}

static void
empty(struct stage *s)
{
	s->out.n = 0;
	s->out.used = 0;
	assert_false(s->out.overflow);
}

/* Is it a packet of this protocol? Frames carry the session's, bundle packets those inside MP. */
static const uint8_t *
packet_of(const struct stage *s, const struct host_out_item *item, uint16_t proto, size_t *len)
{
	const uint8_t *p = s->out.bytes + item->data.at;
	size_t n = item->data.len;

	if (item->kind == HOST_OUT_FRAME) {
		if (load_be16(p + 12) != ETHERTYPE_PPPOE_SESSION)
			return NULL;
		n = load_be16(p + ETH_HDR_LEN + 4);
		p += ETH_HDR_LEN + PPPOE_HDR_LEN;
	} else if (item->kind != HOST_OUT_BUNDLE_PACKET)
		return NULL;
	if (load_be16(p) != proto)
		return NULL;
	*len = n - PPP_PROTO_LEN;
	return p + PPP_PROTO_LEN;
}

/* The first packet of this protocol and code; NULL: there is none. */
static const uint8_t *
heard(const struct stage *s, uint16_t proto, uint8_t code, size_t *len)
{
	for (unsigned i = 0; i < s->out.n; i++) {
		const uint8_t *p = packet_of(s, &s->out.items[i], proto, len);

		if (p != NULL && p[0] == code)
			return p;
	}
	return NULL;
}

/* That packet with just these contents behind its header. */
static void
expect(const struct stage *s, uint16_t proto, uint8_t code, uint8_t id, const char *contents)
{
	uint8_t want[256];
	const size_t n = hex(contents, want);
	size_t len;
	const uint8_t *p = heard(s, proto, code, &len);

	assert_non_null(p);
	assert_int_equal(p[1], id);
	assert_int_equal(load_be16(p + 2), CP_HDR_LEN + n);
	assert_int_equal(len, CP_HDR_LEN + n);
	assert_memory_equal(p + CP_HDR_LEN, want, n);
}

static void
silence(const struct stage *s, uint16_t proto, uint8_t code)
{
	size_t len;

	assert_null(heard(s, proto, code, &len));
}

/* Windows sends a control packet on the session. */
static void
say_bytes(struct stage *s, uint16_t proto, uint8_t code, uint8_t id, const uint8_t *data, size_t n)
{
	uint8_t frame[600] = {0}, *p = frame + ETH_HDR_LEN;

	eth_store(frame, &s->key.local, &windows, s->key.vlans, ETHERTYPE_PPPOE_SESSION);
	pppoe_store(p, PPPOE_CODE_SESSION, s->key.session, (uint16_t)(PPP_PROTO_LEN + CP_HDR_LEN + n));
	store_be16(p + 6, proto);
	p[8] = code;
	p[9] = id;
	store_be16(p + 10, (uint16_t)(CP_HDR_LEN + n));
	memcpy(p + 12, data, n);
	empty(s);
	host_frame(s->host, 0, frame, ETH_HDR_LEN + 12 + n, s->now_ms, &s->out);
	settle(s);
}

static void
say(struct stage *s, uint16_t proto, uint8_t code, uint8_t id, const char *data)
{
	uint8_t bytes[256];

	say_bytes(s, proto, code, id, bytes, hex(data, bytes));
}

/* And inside MP. */
static void
say_in_bundle(struct stage *s, uint16_t proto, uint8_t code, uint8_t id, const char *data)
{
	uint8_t p[256];
	const size_t n = hex(data, p + 6);

	store_be16(p, proto);
	p[2] = code;
	p[3] = id;
	store_be16(p + 4, (uint16_t)(CP_HDR_LEN + n));
	empty(s);
	host_bundle_packet(s->host, s->bundle, p, PPP_PROTO_LEN + CP_HDR_LEN + n, s->now_ms, &s->out);
	settle(s);
}

/* ------------------------------------------------------------------ what Windows does, step by step */

static void
discover(struct stage *s)
{
	static const uint8_t uniq[] = {1, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0};
	struct discovery_writer w;
	struct discovery_frame f;
	struct discovery_view v = {0};
	struct discovery_frame offer;

	for (unsigned step = 0; step < 2; step++) {
		const bool padi = step == 0;
		const struct mac all = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

		discovery_start(&w, &f, padi ? &all : &v.src, &windows, (struct vlan_stack){0},
			padi ? PPPOE_CODE_PADI : PPPOE_CODE_PADR, 0);
		discovery_tag(&w, PPPOE_TAG_SERVICE_NAME, NULL, 0);
		discovery_tag(&w, PPPOE_TAG_HOST_UNIQ, uniq, sizeof(uniq));
		if (!padi)
			discovery_tag_echo(&w, PPPOE_TAG_AC_COOKIE, v.cookie);
		assert_true(discovery_finish(&w));
		empty(s);
		host_frame(s->host, 0, f.bytes, f.len, s->now_ms, &s->out);
		for (unsigned i = 0; i < s->out.n; i++) {
			const struct host_out_item *item = &s->out.items[i];
			const uint8_t *p = s->out.bytes + item->data.at;

			if (item->kind != HOST_OUT_FRAME || load_be16(p + 12) != ETHERTYPE_PPPOE_DISCOVERY)
				continue;
			memcpy(offer.bytes, p, item->data.len);
			assert_int_equal(discovery_parse(offer.bytes, item->data.len, &v), DISCOVERY_OK);
			assert_int_equal(v.code, padi ? PPPOE_CODE_PADO : PPPOE_CODE_PADS);
			assert_int_equal(v.host_uniq.len, sizeof(uniq));
		}
	}
	s->key = (struct host_session_key){.session = v.session, .local = v.src, .peer = windows};
	assert_int_not_equal(v.session, 0);
	settle(s);
}

/* MRU 1480, magic, PFC, ACFC, callback by CBCP, MRRU 1614, endpoint, and BAP's link discriminator. */
#define WINDOWS_KEEPS_1 "0104 05c8 0506 31a41f2b"
#define WINDOWS_GIVES_UP "0702 0802 0d03 06"
#define WINDOWS_KEEPS_2 "1104 064e 1317 01 7c9c4f1d2a384a6fa3a1b04c5e0f2a11 00000000"
#define WINDOWS_LINK_DISCRIMINATOR "1704 0001"

static void
negotiate_lcp(struct stage *s)
{
	struct cp_option opt;
	const uint8_t *p;
	size_t len;
	uint8_t id;

	p = heard(s, PPP_LCP, CP_CONFIGURE_REQUEST, &len); /* ours came with the PADS */
	assert_non_null(p);
	id = p[1];
	assert_true(cp_options_find(p + 4, len - 4, LCP_AUTH, &opt));
	assert_memory_equal(opt.data, "\xc2\x23\x05", 3);
	assert_true(cp_options_find(p + 4, len - 4, LCP_MRRU, &opt));

	say(s, PPP_LCP, CP_CONFIGURE_REQUEST, 0,
		WINDOWS_KEEPS_1 WINDOWS_GIVES_UP WINDOWS_KEEPS_2 WINDOWS_LINK_DISCRIMINATOR);
	expect(s, PPP_LCP, CP_CONFIGURE_REJECT, 0, WINDOWS_GIVES_UP WINDOWS_LINK_DISCRIMINATOR);

	say(s, PPP_LCP, CP_CONFIGURE_NAK, id, "0305 c22381"); /* "require secured password" */
	p = heard(s, PPP_LCP, CP_CONFIGURE_REQUEST, &len);
	assert_non_null(p);
	assert_true(cp_options_find(p + 4, len - 4, LCP_AUTH, &opt));
	assert_int_equal(opt.len, 3);
	assert_memory_equal(opt.data, "\xc2\x23\x81", 3);
	s->now_ms += 20;
	{
		uint8_t ours[256];

		memcpy(ours, p, len);
		say(s, PPP_LCP, CP_CONFIGURE_REQUEST, 1, WINDOWS_KEEPS_1 WINDOWS_KEEPS_2);
		expect(s, PPP_LCP, CP_CONFIGURE_ACK, 1, WINDOWS_KEEPS_1 WINDOWS_KEEPS_2);
		say_bytes(s, PPP_LCP, CP_CONFIGURE_ACK, ours[1], ours + 4, len - 4);
	}
}

/* Who it is, in two Identifications (RFC 1570) that want no answer; then MS-CHAPv2. */
static void
authenticate(struct stage *s, const char *name, const char *password)
{
	uint8_t response[128] = {49}, hash[MSCHAP_HASH_LEN], challenge[MSCHAP_CHALLENGE_LEN], ours[16], id;
	uint8_t proof[MSCHAP2_PROOF_LEN];
	char success[64] = "S=";
	const uint8_t *p;
	size_t len;

	p = heard(s, PPP_CHAP, CHAP_CHALLENGE, &len);
	assert_non_null(p);
	assert_int_equal(p[4], 16);
	id = p[1];
	memcpy(ours, p + 5, sizeof(ours));
	say(s, PPP_LCP, CP_IDENTIFICATION, 2, "31a41f2b 4d5352415356352e3230");       /* MSRASV5.20 */
	say(s, PPP_LCP, CP_IDENTIFICATION, 3, "31a41f2b 4d535241532d302d57494e5043"); /* MSRAS-0-WINPC */
	silence(s, PPP_LCP, CP_CODE_REJECT);

	for (unsigned i = 0; i < 16; i++)
		response[1 + i] = (uint8_t)(0x40 + i);
	mschap_password_hash(password, hash);
	mschap2_challenge_hash(response + 1, ours, "alice", challenge);
	mschap_nt_response(challenge, hash, response + 1 + 24);
	memcpy(response + 50, name, strlen(name));
	say_bytes(s, PPP_CHAP, CHAP_RESPONSE, id, response, 50 + strlen(name));
	if (s->link == 0)
		return;
	empty(s);
	host_installed(s->host, s->link, true, s->now_ms, &s->out);
	settle(s);
	p = heard(s, PPP_CHAP, CHAP_SUCCESS, &len);
	assert_non_null(p);
	mschap2_proof(hash, response + 25, challenge, proof);
	for (unsigned i = 0; i < sizeof(proof); i++)
		snprintf(success + 2 + 2 * i, 3, "%02X", proof[i]);
	assert_memory_equal(p + 4, success, 42);
}

/* Compression, bandwidth allocation and a callback that nobody agreed to are told to be unknown, and that is all. */
static void
offer_what_is_not_taken(struct stage *s)
{
	static const struct {
		const char *name;
		uint16_t proto;
		const char *options;
	} rows[] = {
		{"CCP: MPPC", PPP_CCP, "1206 00000001"},
		{"CCP: MPPC and MPPE as Windows XP", PPP_CCP, "1206 010000e1"},
		{"BACP (RFC 2125): favored peer", 0xc02b, "0106 0a0b0c0d"},
		{"IPV6CP, which is not wanted here", PPP_IPV6CP, "010a 020c29fffe5f1122"},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t options[32];
		const size_t n = hex(rows[i].options, options);
		const uint8_t *p;
		size_t len;

		print_message("  %s\n", rows[i].name);
		say_in_bundle(s, rows[i].proto, CP_CONFIGURE_REQUEST, (uint8_t)(5 + i), rows[i].options);
		p = heard(s, PPP_LCP, CP_PROTOCOL_REJECT, &len);
		assert_non_null(p);
		assert_int_equal(load_be16(p + 4), rows[i].proto);
		assert_int_equal(len, 4 + 2 + 4 + n);
		assert_memory_equal(p + 10, options, n);
		assert_int_not_equal(s->link, 0);
	}
}

#define WINDOWS_VJ "0206 002d0f01"

static void
negotiate_ipcp(struct stage *s)
{
	uint8_t id, ours[64];
	const uint8_t *p;
	size_t len;

	say_in_bundle(s, PPP_IPCP, CP_CONFIGURE_REQUEST, 6,
		WINDOWS_VJ "0306 00000000 8106 00000000 8206 00000000 8306 00000000 8406 00000000");
	expect(s, PPP_IPCP, CP_CONFIGURE_REJECT, 6, WINDOWS_VJ "8206 00000000 8406 00000000");
	say_in_bundle(s, PPP_IPCP, CP_CONFIGURE_REQUEST, 7, "0306 00000000 8106 00000000 8306 00000000");
	expect(s, PPP_IPCP, CP_CONFIGURE_NAK, 7, "0306 0a000002 8106 08080808 8306 08080404");
	s->now_ms += 3000; /* our own request, for the second time */
	empty(s);
	host_tick(s->host, s->now_ms, &s->out);
	settle(s);
	p = heard(s, PPP_IPCP, CP_CONFIGURE_REQUEST, &len);
	assert_non_null(p);
	id = p[1];
	memcpy(ours, p + 4, len - 4);
	assert_int_equal(len - 4, 6);
	assert_memory_equal(ours, "\x03\x06\x0a\x00\x00\x01", 6);
	say_in_bundle(s, PPP_IPCP, CP_CONFIGURE_ACK, id, "0306 0a000001");
	say_in_bundle(s, PPP_IPCP, CP_CONFIGURE_REQUEST, 8, "0306 0a000002 8106 08080808 8306 08080404");
	expect(s, PPP_IPCP, CP_CONFIGURE_ACK, 8, "0306 0a000002 8106 08080808 8306 08080404");
}

static void
open_stage(struct stage *s, uint64_t *chance)
{
	const char *why = NULL;

	memset(s, 0, sizeof(*s));
	pair_net_init(&s->net, 1);
	memcpy(s->net.concentrator.auth, (enum host_auth[]){HOST_AUTH_CHAP_MD5, HOST_AUTH_MSCHAP2, HOST_AUTH_PAP},
		sizeof(enum host_auth[3]));
	s->now_ms = 1000;
	s->host = host_new(&s->net.cfg[AC], entropy, chance, s->now_ms, &why);
	assert_non_null(s->host);
	host_start(s->host, s->now_ms, &s->out);
}

static void
windows_dials_with_multilink_on_its_single_link(void **state)
{
	static struct stage s;
	struct host_bundle_info info;
	uint64_t chance = 1;
	unsigned cursor = 0;

	(void)state;
	open_stage(&s, &chance);
	discover(&s);
	negotiate_lcp(&s);
	authenticate(&s, "alice", "swordfish-a");
	assert_int_not_equal(s.link, 0);
	assert_true(s.values.mp);
	assert_int_equal(s.values.tx_mrru, 1614);
	assert_int_equal(s.values.rx_mrru, 1524);
	assert_false(s.values.tx_short || s.values.rx_short);
	offer_what_is_not_taken(&s);
	negotiate_ipcp(&s);
	assert_true(s.values.v4);
	assert_true(host_bundle_next(s.host, &cursor, &info));
	assert_true(info.ipcp_open);
	assert_int_equal(info.peer_address, 0x0a000002);
	assert_int_equal(info.links, 1);

	/* and it stays, refused options and all, for as long as echoes are answered */
	for (unsigned i = 0; i < 60; i++) {
		const uint8_t *p;
		size_t len;

		s.now_ms += 1000;
		empty(&s);
		host_tick(s.host, s.now_ms, &s.out);
		settle(&s);
		p = heard(&s, PPP_LCP, CP_ECHO_REQUEST, &len);
		if (p != NULL)
			say(&s, PPP_LCP, CP_ECHO_REPLY, p[1], "31a41f2b");
		if (i % 10 == 0)
			say_in_bundle(&s, PPP_CCP, CP_CONFIGURE_REQUEST, (uint8_t)(20 + i), "1206 00000001");
		assert_int_not_equal(s.link, 0);
	}
	assert_true(host_bundle_get(s.host, s.bundle, &info));
	assert_true(info.ipcp_open);
	host_free(s.host);
}

static void
windows_with_a_wrong_password_is_told_the_number_it_shows(void **state)
{
	static struct stage s;
	uint64_t chance = 2;
	const uint8_t *p;
	size_t len;

	(void)state;
	open_stage(&s, &chance);
	discover(&s);
	negotiate_lcp(&s);
	authenticate(&s, "alice", "wrong");
	assert_int_equal(s.link, 0);
	s.now_ms += 600; /* failure_delay */
	empty(&s);
	host_tick(s.host, s.now_ms, &s.out);
	settle(&s);
	p = heard(&s, PPP_CHAP, CHAP_FAILURE, &len);
	assert_non_null(p);
	assert_memory_equal(p + 4, "E=691 R=0 C=", 12);
	assert_memory_equal(p + 4 + 12 + 32, " V=3 M=", 7);
	assert_non_null(heard(&s, PPP_LCP, CP_TERMINATE_REQUEST, &len));
	host_free(s.host);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_dials_with_multilink_on_its_single_link),
		cmocka_unit_test(windows_with_a_wrong_password_is_told_the_number_it_shows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
