/* SPDX-License-Identifier: BSD-3-Clause */
#include "ppp_test.h"

#include <stdio.h>
#include <string.h>

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/ppp.h"

static struct rng rng = {2};

/* One machine against hand-made packets. */
struct bench {
	struct host_lcp policy;
	struct host_multilink multilink;
	struct lcp_wish wish;
	struct lcp lcp;
	struct outbox out;
	uint64_t now_ms;
};

static void
bench_init(struct bench *b)
{
	memset(b, 0, sizeof(*b));
	b->policy = default_lcp;
	b->multilink = default_multilink;
	b->wish = default_wish();
	b->wish.lcp = &b->policy;
	b->wish.multilink = &b->multilink;
}

static void
bench_start(struct bench *b)
{
	lcp_init(&b->lcp, &b->wish, rng_fill, &rng);
	outbox_init(&b->out);
	b->now_ms = 1000;
	lcp_open(&b->lcp, b->now_ms, &b->out);
	outbox_init(&b->out);
	lcp_lower(&b->lcp, true, b->now_ms, &b->out);
}

static void
give(struct bench *b, uint8_t code, uint8_t id, const char *data)
{
	uint8_t p[CP_PACKET_MAX];
	const size_t n = packet(p, code, id, data);

	outbox_init(&b->out);
	lcp_input(&b->lcp, p, n, b->now_ms, &b->out);
	assert_false(b->out.overflow);
}

/* To the next deadline. */
static void
give_time(struct bench *b)
{
	b->now_ms = lcp_deadline_ms(&b->lcp);
	assert_int_not_equal(b->now_ms, UINT64_MAX);
	outbox_init(&b->out);
	lcp_tick(&b->lcp, b->now_ms, &b->out);
}

/* The request that is on the wire, as options. */
static const uint8_t *
request_of(struct bench *b, size_t *len)
{
	const uint8_t *p = sent_code(&b->out, CP_CONFIGURE_REQUEST, len);

	assert_non_null(p);
	*len -= CP_HDR_LEN;
	return p + CP_HDR_LEN;
}

static bool
request_has(struct bench *b, uint8_t type, struct cp_option *opt)
{
	size_t len;
	const uint8_t *p = request_of(b, &len);

	return cp_options_find(p, len, type, opt);
}

/* Peer answers our open request with these option bytes. */
static void
answer(struct bench *b, uint8_t code, const char *data)
{
	give(b, code, b->lcp.fsm.request_id, data);
}

static void
ack_request(struct bench *b)
{
	uint8_t p[CP_PACKET_MAX];
	size_t len;
	const uint8_t *req = sent_code(&b->out, CP_CONFIGURE_REQUEST, &len);

	assert_non_null(req);
	memcpy(p, req, len);
	p[0] = CP_CONFIGURE_ACK;
	outbox_init(&b->out);
	lcp_input(&b->lcp, p, len, b->now_ms, &b->out);
}

/* Both directions agreed; peer_options is the peer's request. */
static void
bench_open(struct bench *b, const char *peer_options)
{
	bench_start(b);
	ack_request(b);
	give(b, CP_CONFIGURE_REQUEST, 1, peer_options);
	assert_true(lcp_is_open(&b->lcp));
}

/* ------------------------------------------------------------------ judging the peer's request */

struct judge_row {
	const char *name, *request;
	uint8_t code;
	const char *reply; /* NULL: the request itself */
};

static const struct judge_row judge_rows[] = {
	{"no options", "", CP_CONFIGURE_ACK, NULL},
	{"mru within the limit", "010405d4", CP_CONFIGURE_ACK, NULL},
	{"mru above what PPPoE carries", "010405dc", CP_CONFIGURE_NAK, "010405d4"},
	{"mru of 65535", "0104ffff", CP_CONFIGURE_NAK, "010405d4"},
	{"mru below the least", "0104007f", CP_CONFIGURE_NAK, "01040080"},
	{"mru of the least", "01040080", CP_CONFIGURE_ACK, NULL},
	{"mru of one byte", "010305", CP_CONFIGURE_NAK, "010405d4"},
	{"mru of three bytes", "0105000005", CP_CONFIGURE_NAK, "010405d4"},
	{"magic number", "050612345678", CP_CONFIGURE_ACK, NULL},
	{"accm", "0206ffffffff", CP_CONFIGURE_REJECT, NULL},
	{"accm of all zeros", "020600000000", CP_CONFIGURE_REJECT, NULL},
	{"acfc", "0802", CP_CONFIGURE_REJECT, NULL},
	{"fcs alternatives", "090302", CP_CONFIGURE_REJECT, NULL},
	{"pfc, which is refused by default", "0702", CP_CONFIGURE_REJECT, NULL},
	{"quality protocol, which is not allowed here", "0408c02500000064", CP_CONFIGURE_REJECT, NULL},
	{"callback", "0d0306", CP_CONFIGURE_REJECT, NULL},
	{"bap link discriminator", "17040001", CP_CONFIGURE_REJECT, NULL},
	{"self-describing padding", "0a0304", CP_CONFIGURE_REJECT, NULL},
	{"unknown option", "f0041234", CP_CONFIGURE_REJECT, NULL},
	{"unknown option of no data", "ff02", CP_CONFIGURE_REJECT, NULL},
	{"vendor option 0", "0008 00000901 0203", CP_CONFIGURE_REJECT, NULL},
	{"mrru of 1524", "110405f4", CP_CONFIGURE_ACK, NULL},
	{"mrru of 1486, as old pppd", "110405ce", CP_CONFIGURE_ACK, NULL},
	{"mrru of 65535, as RouterOS", "1104ffff", CP_CONFIGURE_ACK, NULL},
	{"mrru of 100", "11040064", CP_CONFIGURE_NAK, "110405dc"},
	{"mrru of one byte", "110305", CP_CONFIGURE_NAK, "110405dc"},
	{"short numbers", "110405f4 1202", CP_CONFIGURE_ACK, NULL},
	{"short numbers with data", "120300", CP_CONFIGURE_NAK, "1202"},
	{"endpoint: null", "130300", CP_CONFIGURE_ACK, NULL},
	{"endpoint: mac", "130903020000000001", CP_CONFIGURE_ACK, NULL},
	{"endpoint: mac of a wrong length is bytes too", "130503aabb", CP_CONFIGURE_ACK, NULL},
	{"endpoint: class 200", "1305c8aabb", CP_CONFIGURE_ACK, NULL},
	{"endpoint without a class", "1302", CP_CONFIGURE_REJECT, NULL},
	{"as FreeBSD in asynchronous mode", "0206ffffffff 0702 0802 010405dc 050612345678 110405f4 1202 130403 0a",
		CP_CONFIGURE_REJECT, "0206ffffffff 0702 0802"},
	{"only the rejected come back, in their order", "ee0401020104 05d4 0802 050612345678 0702", CP_CONFIGURE_REJECT,
		"ee040102 0802 0702"},
	{"reject goes before nak", "010405dc 0802", CP_CONFIGURE_REJECT, "0802"},
	{"only the wrong ones are naked", "050612345678 010405dc 110405f4", CP_CONFIGURE_NAK, "010405d4"},
	{"any order", "130300 1202 110405f4 050612345678 010405d4", CP_CONFIGURE_ACK, NULL},
	{"the second of a kind is rejected", "010405d4 01040400", CP_CONFIGURE_REJECT, "01040400"},
	{"authentication, when none is accepted", "0304c023", CP_CONFIGURE_REJECT, NULL},
};

static void
peers_request_is_judged_option_by_option(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(judge_rows) / sizeof(judge_rows[0]); i++) {
		const struct judge_row *row = &judge_rows[i];
		struct bench b;
		size_t len;

		bench_init(&b);
		bench_start(&b);
		give(&b, CP_CONFIGURE_REQUEST, 77, row->request);
		if (sent_code(&b.out, row->code, &len) == NULL)
			fail_msg("%s: not answered by code %u", row->name, row->code);
		assert_sent(&b.out, row->code, 77, row->reply != NULL ? row->reply : row->request);
		assert_int_equal(count_kind(&b.out, OUT_SEND), 1);
	}
}

/* RFC 1989 section 2.5, where it is allowed; we do not ask. */
static const struct judge_row quality_rows[] = {
	{"reports each second", "0408c02500000064", CP_CONFIGURE_ACK, NULL},
	{"each 497 days", "0408c025ffffffff", CP_CONFIGURE_ACK, NULL},
	{"ten a second", "0408c0250000000a", CP_CONFIGURE_ACK, NULL},
	{"more than that", "0408c02500000009", CP_CONFIGURE_NAK, "0408c025000001f4"},
	{"a hundred a second", "0408c02500000001", CP_CONFIGURE_NAK, "0408c025000001f4"},
	{"as answers, and nobody begins", "0408c02500000000", CP_CONFIGURE_NAK, "0408c025000001f4"},
	{"another protocol", "0408c0ff00000064", CP_CONFIGURE_NAK, "0408c025000001f4"},
	{"another protocol of no data", "0404c0ff", CP_CONFIGURE_NAK, "0408c025000001f4"},
	{"no protocol", "0402", CP_CONFIGURE_NAK, "0408c025000001f4"},
	{"a period of three bytes", "0407c025000064", CP_CONFIGURE_NAK, "0408c025000001f4"},
};

static void
quality_protocol_is_judged_where_it_is_allowed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(quality_rows) / sizeof(quality_rows[0]); i++) {
		const struct judge_row *row = &quality_rows[i];
		struct bench b;
		size_t len;

		bench_init(&b);
		b.policy.p_quality = (struct host_policy){.want = false, .allow = true};
		b.policy.quality_period_ms = 5000;
		bench_start(&b);
		give(&b, CP_CONFIGURE_REQUEST, 77, row->request);
		if (sent_code(&b.out, row->code, &len) == NULL)
			fail_msg("%s: not answered by code %u", row->name, row->code);
		assert_sent(&b.out, row->code, 77, row->reply != NULL ? row->reply : row->request);
	}
}

/* Ours, and what the peer's Nak makes of it. */
static void
quality_protocol_is_asked_for_and_haggled_over(void **state)
{
	static const struct {
		const char *nak;
		bool asked;
		uint32_t period_cs;
	} rows[] = {
		{"0408c02500000bb8", true, 3000},
		{"0408c02500000000", false, 0},
		{"0408c025ffffffff", false, 0},
		{"0404c0ff", false, 0},
		{"0408c0ff00000064", false, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cp_option opt;
		struct bench b;

		bench_init(&b);
		b.policy.p_quality = (struct host_policy){.want = true, .allow = true};
		b.policy.quality_period_ms = 1000;
		bench_start(&b);
		assert_true(request_has(&b, LCP_QUALITY, &opt));
		assert_int_equal(opt.len, 6);
		assert_int_equal(load_be16(opt.data), 0xc025);
		assert_int_equal(load_be32(opt.data + 2), 100);
		answer(&b, CP_CONFIGURE_NAK, rows[i].nak);
		assert_int_equal(request_has(&b, LCP_QUALITY, &opt), rows[i].asked);
		if (rows[i].asked)
			assert_int_equal(load_be32(opt.data + 2), rows[i].period_cs);
		ack_request(&b);
		assert_int_equal(lcp_ours(&b.lcp)->quality, rows[i].asked);
		assert_int_equal(lcp_ours(&b.lcp)->quality_cs, rows[i].period_cs);
		/* where we ask ourselves, the peer may send as answers */
		give(&b, CP_CONFIGURE_REQUEST, 7, "0408c02500000000");
		if (rows[i].asked)
			assert_sent(&b.out, CP_CONFIGURE_ACK, 7, "0408c02500000000");
		else
			assert_sent(&b.out, CP_CONFIGURE_NAK, 7, "0408c02500000064");
	}
}

static void
every_endpoint_class_and_length_is_taken_as_bytes(void **state)
{
	unsigned class, len;

	(void)state;
	for (class = 0; class < 256; class ++) {
		for (len = 0; len <= 252; len += len < 8 ? 1 : 61) {
			uint8_t p[300] = {CP_CONFIGURE_REQUEST, 5};
			struct host_endpoint ep;
			struct bench b;
			size_t n;

			bench_init(&b);
			bench_start(&b);
			store_be16(p + 2, (uint16_t)(7 + len));
			p[4] = LCP_ENDPOINT;
			p[5] = (uint8_t)(3 + len);
			p[6] = (uint8_t) class;
			memset(p + 7, 0x5a, len);
			outbox_init(&b.out);
			lcp_input(&b.lcp, p, 7 + len, 1000, &b.out);
			assert_non_null(sent_code(&b.out, CP_CONFIGURE_ACK, &n));
			ep = lcp_peer_endpoint(&b.lcp);
			assert_int_equal(ep.class, class);
			assert_int_equal(ep.len, len);
			assert_memory_equal(ep.bytes, p + 7, len);
			lcp_fini(&b.lcp);
		}
	}
}

static void
absent_endpoint_is_the_null_class(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	bench_open(&b, "130903020000000001");
	assert_int_equal(lcp_peer_endpoint(&b.lcp).class, HOST_EP_MAC);
	give(&b, CP_CONFIGURE_REQUEST, 2, "");
	assert_int_equal(lcp_peer_endpoint(&b.lcp).class, HOST_EP_NULL);
	assert_int_equal(lcp_peer_endpoint(&b.lcp).len, 0);
}

static void
zero_magic_number_is_naked_with_another(void **state)
{
	struct bench b;
	const uint8_t *p;
	size_t len;

	(void)state;
	bench_init(&b);
	bench_start(&b);
	give(&b, CP_CONFIGURE_REQUEST, 9, "050600000000");
	p = sent_code(&b.out, CP_CONFIGURE_NAK, &len);
	assert_non_null(p);
	assert_int_equal(len, 10);
	assert_int_equal(load_be16(p + 4), 0x0506);
	assert_int_not_equal(load_be32(p + 6), 0);
}

static void
mru_above_1492_is_taken_after_rfc_4638(void **state)
{
	struct cp_option opt;
	struct bench b;

	(void)state;
	bench_init(&b);
	b.wish.mru_limit = 1500;
	bench_start(&b);
	assert_true(request_has(&b, LCP_MRU, &opt));
	assert_int_equal(load_be16(opt.data), 1500);
	give(&b, CP_CONFIGURE_REQUEST, 1, "010405dc");
	assert_sent(&b.out, CP_CONFIGURE_ACK, 1, "010405dc");
	assert_int_equal(lcp_peers(&b.lcp)->mru, 1500);
}

static void
peer_without_mru_is_sent_no_more_than_pppoe_carries(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	bench_open(&b, "");
	assert_int_equal(lcp_peers(&b.lcp)->mru, 1492);
}

static void
stubborn_peer_is_rejected_after_max_failure_naks(void **state)
{
	struct bench b;
	size_t len;
	unsigned i;

	(void)state;
	bench_init(&b);
	bench_start(&b);
	for (i = 0; i < default_lcp.timing.max_failure; i++) {
		give(&b, CP_CONFIGURE_REQUEST, (uint8_t)i, "010405dc");
		assert_non_null(sent_code(&b.out, CP_CONFIGURE_NAK, &len));
	}
	give(&b, CP_CONFIGURE_REQUEST, 50, "010405dc");
	assert_sent(&b.out, CP_CONFIGURE_REJECT, 50, "010405dc");
	give(&b, CP_CONFIGURE_REQUEST, 51, "");
	assert_sent(&b.out, CP_CONFIGURE_ACK, 51, "");
}

/* ------------------------------------------------------------------ answers to our request */

static void
lower_mru_is_taken_from_a_nak_and_a_higher_than_possible_is_not(void **state)
{
	static const struct {
		const char *nak;
		unsigned want;
	} rows[] = {{"010405ce", 1486}, {"01040400", 1024}, {"010405dc", 1492}, {"01040010", 1492}, {"0103ff", 1492}};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cp_option opt;
		struct bench b;

		bench_init(&b);
		bench_start(&b);
		answer(&b, CP_CONFIGURE_NAK, rows[i].nak);
		assert_true(request_has(&b, LCP_MRU, &opt));
		assert_int_equal(load_be16(opt.data), rows[i].want);
		ack_request(&b);
		assert_int_equal(lcp_ours(&b.lcp)->mru, rows[i].want);
	}
}

static void
rejected_mrru_means_plain_ppp(void **state)
{
	struct cp_option opt;
	struct bench b;

	(void)state;
	bench_init(&b);
	b.policy.p_short_seq.want = true;
	bench_start(&b);
	assert_true(request_has(&b, LCP_SHORT_SEQ, &opt));
	answer(&b, CP_CONFIGURE_REJECT, "110405f4");
	assert_false(request_has(&b, LCP_MRRU, &opt));
	assert_false(request_has(&b, LCP_SHORT_SEQ, &opt));
	assert_true(has_note(&b.out, "no multilink"));
	ack_request(&b);
	give(&b, CP_CONFIGURE_REQUEST, 1, "110405f4");
	assert_true(lcp_is_open(&b.lcp));
	assert_true(lcp_mrru_was_refused(&b.lcp));
	assert_false(lcp_is_mp(&b.lcp));
	assert_int_equal(lcp_ours(&b.lcp)->mrru, 0);
	assert_int_equal(lcp_peers(&b.lcp)->mrru, 1524);
}

static void
mrru_that_the_peer_acks_without_one_of_its_own_is_not_multilink(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	bench_open(&b, "010405d4");
	assert_int_equal(lcp_ours(&b.lcp)->mrru, 1524);
	assert_false(lcp_is_mp(&b.lcp));
	assert_false(lcp_mrru_was_refused(&b.lcp));
}

static void
naked_mrru_takes_lower_values_only(void **state)
{
	static const struct {
		const char *nak;
		unsigned want;
	} rows[] = {{"110405dc", 1500}, {"110405ce", 1486}, {"1104ffff", 1524}, {"11040001", 1524}, {"110305", 1524}};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cp_option opt;
		struct bench b;

		bench_init(&b);
		bench_start(&b);
		answer(&b, CP_CONFIGURE_NAK, rows[i].nak);
		assert_true(request_has(&b, LCP_MRRU, &opt));
		assert_int_equal(load_be16(opt.data), rows[i].want);
	}
}

static void
naked_or_rejected_endpoint_is_left_out(void **state)
{
	static const uint8_t codes[] = {CP_CONFIGURE_NAK, CP_CONFIGURE_REJECT};
	unsigned i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct cp_option opt;
		struct bench b;

		bench_init(&b);
		bench_start(&b);
		answer(&b, codes[i], "130903020000000001");
		assert_false(request_has(&b, LCP_ENDPOINT, &opt));
		assert_true(request_has(&b, LCP_MRRU, &opt));
	}
}

static size_t
build_options(struct bench *b, uint8_t options[CP_OPTIONS_MAX])
{
	struct cp_writer w = {.buf = options, .cap = CP_OPTIONS_MAX};

	b->lcp.fsm.ops->request(&b->lcp.fsm, &w);
	return w.len;
}

static void
give_bytes(struct bench *b, uint8_t code, uint8_t id, const uint8_t *data, size_t n)
{
	uint8_t p[CP_PACKET_MAX] = {code, id};

	store_be16(p + 2, (uint16_t)(CP_HDR_LEN + n));
	memcpy(p + CP_HDR_LEN, data, n);
	outbox_init(&b->out);
	lcp_input(&b->lcp, p, CP_HDR_LEN + n, b->now_ms, &b->out);
}

static void
answers_that_do_not_fit_the_request_are_dropped(void **state)
{
	uint8_t request[CP_OPTIONS_MAX];
	size_t request_len;
	struct bench b;
	uint8_t id;

	(void)state;
	bench_init(&b);
	bench_start(&b);
	id = b.lcp.fsm.request_id;
	give(&b, CP_CONFIGURE_ACK, id, "");
	assert_true(has_note(&b.out, "options differ"));
	give(&b, CP_CONFIGURE_ACK, id, "010405d4");
	assert_true(has_note(&b.out, "options differ"));
	request_len = build_options(&b, request);
	request[request_len - 1] ^= 1; /* right length, one bit wrong */
	give_bytes(&b, CP_CONFIGURE_ACK, id, request, request_len);
	assert_true(has_note(&b.out, "options differ"));
	request[request_len - 1] ^= 1;
	give_bytes(&b, CP_CONFIGURE_ACK, (uint8_t)(id - 1), request, request_len);
	assert_true(has_note(&b.out, "identifier"));
	give(&b, CP_CONFIGURE_NAK, (uint8_t)(id + 1), "01040400");
	assert_true(has_note(&b.out, "identifier"));
	give(&b, CP_CONFIGURE_REJECT, (uint8_t)(id + 1), "010405d4");
	assert_true(has_note(&b.out, "identifier"));
	give(&b, CP_CONFIGURE_NAK, id, "0104");
	assert_true(has_note(&b.out, "length is wrong"));
	give(&b, CP_CONFIGURE_REJECT, id, "0802");
	assert_true(has_note(&b.out, "not asked"));
	give(&b, CP_CONFIGURE_REJECT, id, "010405d3");
	assert_true(has_note(&b.out, "not asked"));
	give(&b, CP_CONFIGURE_REJECT, id, "");
	assert_true(has_note(&b.out, "not asked"));
	assert_int_equal(b.lcp.fsm.state, CP_REQ_SENT);
	assert_int_equal(b.lcp.fsm.request_id, id);
}

static void
repeated_ack_does_not_disturb_an_open_link(void **state)
{
	uint8_t p[CP_PACKET_MAX];
	struct bench b;
	size_t len;
	const uint8_t *req;

	(void)state;
	bench_init(&b);
	bench_start(&b);
	req = sent_code(&b.out, CP_CONFIGURE_REQUEST, &len);
	memcpy(p, req, len);
	p[0] = CP_CONFIGURE_ACK;
	lcp_input(&b.lcp, p, len, 1000, &b.out);
	give(&b, CP_CONFIGURE_REQUEST, 1, "");
	assert_true(lcp_is_open(&b.lcp));
	outbox_init(&b.out);
	lcp_input(&b.lcp, p, len, 1000, &b.out);
	assert_true(lcp_is_open(&b.lcp));
	assert_int_equal(count_kind(&b.out, OUT_SEND), 0);
}

/* B-09: the answer comes after the request was repeated. */
static void
answer_slower_than_the_restart_timer_still_counts(void **state)
{
	uint8_t p[CP_PACKET_MAX];
	const uint8_t *req;
	struct bench b;
	size_t len;

	(void)state;
	bench_init(&b);
	b.policy.timing.restart_ms = 2000;
	bench_start(&b);
	req = sent_code(&b.out, CP_CONFIGURE_REQUEST, &len);
	memcpy(p, req, len);
	p[0] = CP_CONFIGURE_ACK;
	outbox_init(&b.out);
	lcp_tick(&b.lcp, 3000, &b.out);
	assert_non_null(sent_code(&b.out, CP_CONFIGURE_REQUEST, &len));
	lcp_input(&b.lcp, p, len, 3400, &b.out);
	assert_int_equal(b.lcp.fsm.state, CP_ACK_RCVD);
	lcp_input(&b.lcp, p, len, 5400, &b.out); /* the answer to the repetition */
	assert_int_equal(b.lcp.fsm.state, CP_ACK_RCVD);
}

static void
endless_naks_end_in_a_named_failure(void **state)
{
	struct bench b;
	unsigned i;

	(void)state;
	bench_init(&b);
	bench_start(&b);
	for (i = 0; i < 100 && b.lcp.fsm.state != CP_CLOSING; i++)
		answer(&b, CP_CONFIGURE_NAK, "0d0306"); /* always for something that we did not ask */
	assert_int_equal(i, 2 * default_lcp.timing.max_failure + 1);
	assert_string_equal(lcp_why(&b.lcp), "negotiation does not converge");
}

static void
option_naked_for_ever_is_left_out(void **state)
{
	struct cp_option opt;
	struct bench b;
	unsigned i;

	(void)state;
	bench_init(&b);
	bench_start(&b);
	for (i = 0; i <= default_lcp.timing.max_failure; i++)
		answer(&b, CP_CONFIGURE_NAK, i % 2 != 0 ? "01040400" : "01040402");
	assert_false(request_has(&b, LCP_MRU, &opt));
	ack_request(&b);
	assert_int_equal(lcp_ours(&b.lcp)->mru, 1492);
}

/* ------------------------------------------------------------------ authentication protocol */

struct auth_row {
	const char *name;
	enum host_auth accept[HOST_AUTHS_MAX];
	bool allow;
	const char *request;
	uint8_t code;
	const char *reply;
	enum host_auth taken;
};

static const struct auth_row auth_rows[] = {
	{"pap on the list", {HOST_AUTH_PAP}, true, "0304c023", CP_CONFIGURE_ACK, NULL, HOST_AUTH_PAP},
	{"chap on the list", {HOST_AUTH_CHAP_MD5, HOST_AUTH_PAP}, true, "0305c22305", CP_CONFIGURE_ACK, NULL,
		HOST_AUTH_CHAP_MD5},
	{"second on the list", {HOST_AUTH_CHAP_MD5, HOST_AUTH_PAP}, true, "0304c023", CP_CONFIGURE_ACK, NULL,
		HOST_AUTH_PAP},
	{"pap when only chap will do", {HOST_AUTH_CHAP_MD5}, true, "0304c023", CP_CONFIGURE_NAK, "0305c22305", 0},
	{"chap when only pap will do", {HOST_AUTH_PAP}, true, "0305c22305", CP_CONFIGURE_NAK, "0304c023", 0},
	{"ms-chapv2", {HOST_AUTH_CHAP_MD5, HOST_AUTH_PAP}, true, "0305c22381", CP_CONFIGURE_NAK, "0305c22305", 0},
	{"ms-chapv2 on the list", {HOST_AUTH_CHAP_MD5, HOST_AUTH_PAP, HOST_AUTH_MSCHAP2}, true, "0305c22381",
		CP_CONFIGURE_ACK, NULL, HOST_AUTH_MSCHAP2},
	{"ms-chap, the last of four", {HOST_AUTH_CHAP_MD5, HOST_AUTH_PAP, HOST_AUTH_MSCHAP2, HOST_AUTH_MSCHAP}, true,
		"0305c22380", CP_CONFIGURE_ACK, NULL, HOST_AUTH_MSCHAP},
	{"ms-chap when only version 2 will do", {HOST_AUTH_MSCHAP2}, true, "0305c22380", CP_CONFIGURE_NAK, "0305c22381",
		0},
	{"version 2 when only ms-chap will do", {HOST_AUTH_MSCHAP}, true, "0305c22381", CP_CONFIGURE_NAK, "0305c22380",
		0},
	{"chap with an algorithm of 0", {HOST_AUTH_PAP}, true, "0305c22300", CP_CONFIGURE_NAK, "0304c023", 0},
	{"ms-chapv2 with more behind it", {HOST_AUTH_MSCHAP2}, true, "0306c2238100", CP_CONFIGURE_NAK, "0305c22381", 0},
	{"eap", {HOST_AUTH_PAP}, true, "0304c227", CP_CONFIGURE_NAK, "0304c023", 0},
	{"chap without algorithm", {HOST_AUTH_CHAP_MD5}, true, "0304c223", CP_CONFIGURE_NAK, "0305c22305", 0},
	{"of no data", {HOST_AUTH_PAP}, true, "0302", CP_CONFIGURE_NAK, "0304c023", 0},
	{"pap with data", {HOST_AUTH_PAP}, true, "0305c02300", CP_CONFIGURE_NAK, "0304c023", 0},
	{"not allowed", {HOST_AUTH_PAP}, false, "0304c023", CP_CONFIGURE_REJECT, NULL, 0},
	{"empty list", {HOST_AUTH_NONE}, true, "0304c023", CP_CONFIGURE_REJECT, NULL, 0},
};

static void
demanded_authentication_is_taken_naked_or_rejected_by_our_list(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(auth_rows) / sizeof(auth_rows[0]); i++) {
		const struct auth_row *row = &auth_rows[i];
		struct bench b;
		size_t len;

		bench_init(&b);
		memcpy(b.wish.accept, row->accept, sizeof(row->accept));
		b.policy.p_auth.allow = row->allow;
		bench_start(&b);
		give(&b, CP_CONFIGURE_REQUEST, 3, row->request);
		if (sent_code(&b.out, row->code, &len) == NULL)
			fail_msg("%s: not answered by code %u", row->name, row->code);
		assert_sent(&b.out, row->code, 3, row->reply != NULL ? row->reply : row->request);
		assert_int_equal(lcp_peers(&b.lcp)->auth, row->taken);
	}
}

static void
bench_demand(struct bench *b, enum host_auth first, enum host_auth second)
{
	bench_init(b);
	b->wish.demand[0] = first;
	b->wish.demand[1] = second;
	bench_start(b);
}

static void
nak_of_our_demand_moves_to_what_the_peer_can_do(void **state)
{
	struct cp_option opt;
	struct bench b;

	(void)state;
	bench_demand(&b, HOST_AUTH_CHAP_MD5, HOST_AUTH_PAP);
	assert_true(request_has(&b, LCP_AUTH, &opt));
	assert_int_equal(load_be16(opt.data), PPP_CHAP);
	answer(&b, CP_CONFIGURE_NAK, "0304c023");
	assert_true(request_has(&b, LCP_AUTH, &opt));
	assert_int_equal(load_be16(opt.data), PPP_PAP);
	assert_int_equal(opt.len, 2);
	ack_request(&b);
	assert_int_equal(lcp_ours(&b.lcp)->auth, HOST_AUTH_PAP);
}

static void
nak_with_a_foreign_protocol_moves_down_our_list_and_then_fails(void **state)
{
	struct cp_option opt;
	struct bench b;

	(void)state;
	bench_demand(&b, HOST_AUTH_CHAP_MD5, HOST_AUTH_PAP);
	answer(&b, CP_CONFIGURE_NAK, "0305c22381");
	assert_true(request_has(&b, LCP_AUTH, &opt));
	assert_int_equal(load_be16(opt.data), PPP_PAP);
	answer(&b, CP_CONFIGURE_NAK, "0305c22381");
	assert_string_equal(lcp_why(&b.lcp), "peer knows none of the authentication protocols demanded");
	assert_int_equal(b.lcp.fsm.state, CP_CLOSING);
}

static void
each_foreign_nak_moves_one_further_down_a_list_of_four(void **state)
{
	static const char *const asked[] = {"c22381", "c22305", "c22380", "c023"};
	struct cp_option opt;
	struct bench b;

	(void)state;
	bench_init(&b);
	memcpy(b.wish.demand,
		(enum host_auth[]){HOST_AUTH_MSCHAP2, HOST_AUTH_CHAP_MD5, HOST_AUTH_MSCHAP, HOST_AUTH_PAP},
		sizeof(b.wish.demand));
	bench_start(&b);
	for (unsigned i = 0; i < 4; i++) {
		uint8_t want[4];
		const size_t n = hex(asked[i], want, sizeof(want));

		assert_true(request_has(&b, LCP_AUTH, &opt));
		assert_int_equal(opt.len, n);
		assert_memory_equal(opt.data, want, n);
		answer(&b, CP_CONFIGURE_NAK, "0304c227");
	}
	assert_string_equal(lcp_why(&b.lcp), "peer knows none of the authentication protocols demanded");
}

static void
peer_that_rejects_authentication_is_refused(void **state)
{
	struct bench b;
	size_t len;

	(void)state;
	bench_demand(&b, HOST_AUTH_PAP, HOST_AUTH_NONE);
	answer(&b, CP_CONFIGURE_REJECT, "0304c023");
	assert_string_equal(lcp_why(&b.lcp), "peer refuses to authenticate");
	assert_true(has_note(&b.out, "refuses to authenticate"));
	assert_non_null(sent_code(&b.out, CP_TERMINATE_REQUEST, &len));
	assert_null(sent_code(&b.out, CP_CONFIGURE_REQUEST, &len));
}

/* ------------------------------------------------------------------ loops */

static void
magic_number_of_ours_in_the_peers_request_is_naked(void **state)
{
	struct cp_option opt;
	char request[32];
	struct bench b;
	const uint8_t *p;
	size_t len;
	uint32_t magic;

	(void)state;
	bench_init(&b);
	bench_start(&b);
	assert_true(request_has(&b, LCP_MAGIC, &opt));
	magic = load_be32(opt.data);
	snprintf(request, sizeof(request), "0506%08x", magic);
	give(&b, CP_CONFIGURE_REQUEST, 1, request);
	p = sent_code(&b.out, CP_CONFIGURE_NAK, &len);
	assert_non_null(p);
	assert_int_not_equal(load_be32(p + 6), magic);
	answer(&b, CP_CONFIGURE_NAK, "0506aabbccdd");
	assert_true(request_has(&b, LCP_MAGIC, &opt));
	assert_int_not_equal(load_be32(opt.data), magic);
}

static void
line_looped_to_itself_is_found_out_and_named(void **state)
{
	struct node node;
	struct bench b;
	struct wire w;

	(void)state;
	bench_init(&b);
	bench_start(&b);
	node_lcp(&node, &b.lcp);
	wire_init(&w, &node, &node, 1); /* both ends are the same machine */
	w.now_ms = b.now_ms;
	wire_drain(&w, 0, &b.out);
	wire_run(&w, 60000);
	assert_string_equal(lcp_why(&b.lcp), "line is looped back: our own magic number returns");
	assert_int_equal(node.events[OUT_LAYER_UP], 0);
	assert_int_equal(node.events[OUT_LAYER_FINISHED], 1);
	wire_free(&w);
}

static void
returning_echo_request_counts_as_silence(void **state)
{
	struct bench b;
	uint64_t t;

	(void)state;
	bench_init(&b);
	bench_open(&b, "");
	for (t = 11000; t <= 40000; t += 10000) {
		const uint8_t *req;
		uint8_t p[16];
		size_t len;

		outbox_init(&b.out);
		lcp_tick(&b.lcp, t, &b.out);
		req = sent_code(&b.out, CP_ECHO_REQUEST, &len);
		if (req == NULL)
			break;
		memcpy(p, req, len);
		outbox_init(&b.out);
		lcp_input(&b.lcp, p, len, t, &b.out);
		assert_int_equal(count_kind(&b.out, OUT_SEND), 0);
		assert_true(has_note(&b.out, "looped back"));
	}
	outbox_init(&b.out);
	lcp_tick(&b.lcp, 41000, &b.out);
	assert_int_equal(count_kind(&b.out, OUT_LAYER_DOWN), 1);
}

/* ------------------------------------------------------------------ echo */

static void
silent_peer_is_dropped_after_at_most_interval_times_failures_plus_one(void **state)
{
	struct bench b;
	unsigned sends = 0;
	uint64_t due, first;

	(void)state;
	bench_init(&b);
	b.policy.echo_interval_ms = 700;
	b.policy.echo_failures = 4;
	bench_open(&b, "050612345678");
	first = lcp_deadline_ms(&b.lcp);
	assert_in_range(first, 1000 + 350, 1000 + 700);
	for (;;) {
		size_t len;

		due = lcp_deadline_ms(&b.lcp);
		outbox_init(&b.out);
		lcp_tick(&b.lcp, due - 1, &b.out);
		assert_int_equal(b.out.n, 0);
		lcp_tick(&b.lcp, due, &b.out);
		if (sent_code(&b.out, CP_ECHO_REQUEST, &len) == NULL)
			break;
		sends++;
	}
	assert_int_equal(sends, 4);
	assert_int_equal(due, first + 4 * 700);
	assert_int_equal(count_kind(&b.out, OUT_LAYER_DOWN), 1);
	assert_string_equal(lcp_why(&b.lcp), "peer does not answer Echo-Requests");
}

/* Thousands of links that open at the same moment, as after an outage, must not ask in the same one ever after. */
static void
first_echoes_of_many_links_are_spread(void **state)
{
	enum { LINKS_N = 2000, PARTS = 10 };
	unsigned of_part[PARTS] = {0};

	(void)state;
	for (unsigned i = 0; i < LINKS_N; i++) {
		struct bench b;
		uint64_t due;

		bench_init(&b);
		bench_open(&b, "050612345678");
		due = lcp_deadline_ms(&b.lcp);
		assert_in_range(due, 1000 + 5001, 1000 + 10000);
		of_part[(due - 1000 - 5001) * PARTS / 5000]++;
	}
	for (unsigned i = 0; i < PARTS; i++)
		assert_in_range(of_part[i], LINKS_N / PARTS / 2, LINKS_N / PARTS * 3 / 2);
}

static void
echo_reply_clears_the_count_and_gives_the_round_trip(void **state)
{
	struct bench b;
	unsigned i;
	uint32_t rtt;

	(void)state;
	bench_init(&b);
	bench_open(&b, "050612345678");
	assert_false(lcp_echo_rtt_ms(&b.lcp, &rtt));
	for (i = 0; i < 20; i++) {
		const uint64_t due = lcp_deadline_ms(&b.lcp);
		const uint8_t *p;
		size_t len;

		outbox_init(&b.out);
		lcp_tick(&b.lcp, due, &b.out);
		p = sent_code(&b.out, CP_ECHO_REQUEST, &len);
		assert_non_null(p);
		assert_int_equal(len, 8);
		assert_int_equal(load_be32(p + 4), lcp_ours(&b.lcp)->magic);
		b.now_ms = due + 30 + i;
		if (i % 3 == 2) /* two are lost, the third arrives */
			give(&b, CP_ECHO_REPLY, b.lcp.echo_id, "12345678");
	}
	assert_true(lcp_is_open(&b.lcp));
	assert_true(lcp_echo_rtt_ms(&b.lcp, &rtt));
	assert_int_equal(rtt, 30 + 17);
}

static void
a_timing_echo_gives_a_round_trip_and_leaves_the_test_of_the_line_alone(void **state)
{
	struct bench b;
	uint64_t due_ms;
	uint32_t rtt;
	size_t len;

	(void)state;
	bench_init(&b);
	outbox_init(&b.out);
	assert_false(lcp_time(&b.lcp, b.now_ms, &b.out));
	bench_open(&b, "");
	lcp_tick(&b.lcp, lcp_deadline_ms(&b.lcp), &b.out);
	due_ms = lcp_deadline_ms(&b.lcp);
	outbox_init(&b.out);
	assert_true(lcp_time(&b.lcp, b.now_ms, &b.out));
	assert_non_null(sent_code(&b.out, CP_ECHO_REQUEST, &len));
	assert_int_equal(len, 12); /* header, magic number, the number of the probe */
	assert_int_equal(load_be32(b.out.bytes + 4), lcp_ours(&b.lcp)->magic);
	assert_int_equal(load_be32(b.out.bytes + 8), 1);
	assert_false(lcp_take_timing(&b.lcp, &rtt));
	b.now_ms += 37;
	give(&b, CP_ECHO_REPLY, b.lcp.echo_id, "00000000 00000001");
	assert_true(lcp_take_timing(&b.lcp, &rtt));
	assert_int_equal(rtt, 37);
	assert_false(lcp_take_timing(&b.lcp, &rtt));
	/* the regular one still waits, and is due when it was */
	assert_true(b.lcp.echo_waiting);
	assert_int_equal(lcp_deadline_ms(&b.lcp), due_ms);
	/* an answer to an older probe is none */
	assert_true(lcp_time(&b.lcp, b.now_ms, &b.out));
	assert_true(lcp_time(&b.lcp, b.now_ms + 5, &b.out));
	give(&b, CP_ECHO_REPLY, b.lcp.echo_id, "00000000 00000002");
	assert_false(lcp_take_timing(&b.lcp, &rtt));
}

static void
echoes_are_counted_once(void **state)
{
	struct lcp_echoes e;
	struct bench b;

	(void)state;
	bench_init(&b);
	bench_open(&b, "050612345678");
	for (unsigned i = 0; i < 4; i++) {
		lcp_tick(&b.lcp, lcp_deadline_ms(&b.lcp), &b.out);
		if (i == 1)
			give(&b, CP_ECHO_REPLY, b.lcp.echo_id, "00000000");
		if (i == 3) /* late, and then again */
			give(&b, CP_ECHO_REPLY, (uint8_t)(b.lcp.echo_id - 1), "00000000");
		if (i == 3)
			give(&b, CP_ECHO_REPLY, (uint8_t)(b.lcp.echo_id - 1), "00000000");
	}
	give(&b, CP_ECHO_REQUEST, 200, "12345678");
	e = lcp_take_echoes(&b.lcp);
	assert_int_equal(e.sent, 4);
	assert_int_equal(e.answered, 2);
	assert_int_equal(e.unanswered, 2); /* the first and the third in their time */
	assert_int_equal(e.replies, 1);
	e = lcp_take_echoes(&b.lcp);
	assert_int_equal(e.sent + e.answered + e.unanswered + e.replies, 0);
}

static void
late_echo_reply_is_life_and_an_old_one_is_not(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	bench_open(&b, "");
	lcp_tick(&b.lcp, 11000, &b.out);
	lcp_tick(&b.lcp, 21000, &b.out);
	give(&b, CP_ECHO_REPLY, (uint8_t)(b.lcp.echo_id - 1), "00000000");
	assert_int_equal(b.lcp.echo_missed, 0);
	give(&b, CP_ECHO_REPLY, (uint8_t)(b.lcp.echo_id - 1), "00000000");
	assert_true(has_note(&b.out, "answers nothing"));
	give(&b, CP_ECHO_REPLY, (uint8_t)(b.lcp.echo_id + 1), "00000000");
	assert_true(has_note(&b.out, "answers nothing"));
}

static void
probe_is_an_echo_out_of_turn_and_leaves_the_test_of_the_line_alone(void **state)
{
	struct bench b;
	uint64_t due_ms;

	(void)state;
	bench_init(&b);
	outbox_init(&b.out);
	assert_false(lcp_probe(&b.lcp, &b.out));
	bench_open(&b, "");
	lcp_tick(&b.lcp, 11000, &b.out);
	due_ms = lcp_deadline_ms(&b.lcp);
	outbox_init(&b.out);
	assert_true(lcp_probe(&b.lcp, &b.out));
	assert_int_equal(count_kind(&b.out, OUT_SEND), 1);
	assert_int_equal(b.out.bytes[0], CP_ECHO_REQUEST);
	assert_int_equal(b.out.bytes[1], b.lcp.echo_id);
	assert_int_equal(load_be32(b.out.bytes + 4), lcp_ours(&b.lcp)->magic);
	assert_int_equal(lcp_deadline_ms(&b.lcp), due_ms);
	assert_int_equal(b.lcp.echo_missed, 0);
	/* the answers to both, and one more that nobody asked for: no fault of the peer */
	for (unsigned i = 0; i < 3; i++) {
		give(&b, CP_ECHO_REPLY, b.lcp.echo_id, "00000000");
		assert_false(has_note(&b.out, "answers nothing"));
	}
	assert_false(b.lcp.echo_waiting);
	give(&b, CP_CODE_REJECT, 1, "09010008 00000000");
	assert_false(lcp_probe(&b.lcp, &b.out));
}

static void
echo_request_is_answered_with_our_magic_number(void **state)
{
	char want[32];
	struct bench b;

	(void)state;
	bench_init(&b);
	bench_open(&b, "050612345678");
	give(&b, CP_ECHO_REQUEST, 200, "12345678 010203");
	snprintf(want, sizeof(want), "%08x010203", lcp_ours(&b.lcp)->magic);
	assert_sent(&b.out, CP_ECHO_REPLY, 200, want);
	give(&b, CP_ECHO_REQUEST, 201, "0102");
	assert_int_equal(count_kind(&b.out, OUT_SEND), 0);
	assert_true(has_note(&b.out, "dropped"));
}

static void
echo_without_negotiated_magic_carries_zero(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	b.policy.p_magic.want = false;
	bench_open(&b, "");
	give(&b, CP_ECHO_REQUEST, 1, "00000000");
	assert_sent(&b.out, CP_ECHO_REPLY, 1, "00000000");
}

/* C17 */
static void
echo_reply_is_never_longer_than_the_peers_mru(void **state)
{
	uint8_t p[1400] = {CP_ECHO_REQUEST, 4};
	struct bench b;
	const uint8_t *r;
	size_t len;

	(void)state;
	bench_init(&b);
	bench_open(&b, "01040100");
	store_be16(p + 2, sizeof(p));
	outbox_init(&b.out);
	lcp_input(&b.lcp, p, sizeof(p), 2000, &b.out);
	r = sent_code(&b.out, CP_ECHO_REPLY, &len);
	assert_non_null(r);
	assert_int_equal(len, 256);
	assert_int_equal(load_be16(r + 2), 256);
}

static void
echo_is_neither_sent_nor_answered_before_opened(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	bench_start(&b);
	give(&b, CP_ECHO_REQUEST, 1, "00000000");
	assert_int_equal(count_kind(&b.out, OUT_SEND), 0);
	assert_int_equal(b.lcp.fsm.state, CP_REQ_SENT);
}

static void
echo_stops_when_the_peer_rejects_its_code(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	bench_open(&b, "");
	give(&b, CP_CODE_REJECT, 1, "09010008 00000000");
	assert_true(lcp_is_open(&b.lcp));
	assert_int_equal(lcp_deadline_ms(&b.lcp), UINT64_MAX);
	assert_true(has_note(&b.out, "silent line"));
}

/* ------------------------------------------------------------------ codes 7, 8, 11 to 13, and unknown ones */

/* RFC 1661 section 4.3, RXJ+. */
static void
protocol_rejects_stop_when_the_peer_rejects_their_code(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	bench_open(&b, "");
	give(&b, CP_CODE_REJECT, 1, "08010006 80fd");
	assert_true(lcp_is_open(&b.lcp));
	outbox_init(&b.out);
	lcp_protocol_reject(&b.lcp, PPP_CCP, (const uint8_t *)"\1\1\0\4", 4, &b.out);
	assert_int_equal(b.out.n, 0);
}

static void
protocol_reject_is_reported_for_upper_layers_and_fatal_for_lcp(void **state)
{
	struct bench b;
	unsigned i;

	(void)state;
	bench_init(&b);
	bench_open(&b, "");
	give(&b, CP_PROTOCOL_REJECT, 1, "80fd 01010004");
	assert_true(lcp_is_open(&b.lcp));
	assert_int_equal(count_kind(&b.out, OUT_PROTOCOL_REJECTED), 1);
	for (i = 0; b.out.items[i].kind != OUT_PROTOCOL_REJECTED; i++)
		;
	assert_int_equal(b.out.items[i].proto, PPP_CCP);
	give(&b, CP_PROTOCOL_REJECT, 2, "003d");
	assert_int_equal(count_kind(&b.out, OUT_PROTOCOL_REJECTED), 1);
	give(&b, CP_PROTOCOL_REJECT, 3, "80");
	assert_true(has_note(&b.out, "dropped"));
	give(&b, CP_PROTOCOL_REJECT, 4, "c021 01");
	assert_int_equal(count_kind(&b.out, OUT_LAYER_DOWN), 1);
	assert_string_equal(lcp_why(&b.lcp), "peer rejects LCP itself");
}

static void
protocol_reject_before_opened_is_dropped(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	bench_start(&b);
	give(&b, CP_PROTOCOL_REJECT, 1, "c021");
	assert_int_equal(b.lcp.fsm.state, CP_REQ_SENT);
	assert_true(has_note(&b.out, "not opened"));
}

static void
unknown_protocol_is_rejected_with_a_copy_cut_to_the_peers_mru(void **state)
{
	uint8_t data[2000];
	struct bench b;
	const uint8_t *p;
	size_t len;
	uint8_t id;

	(void)state;
	memset(data, 0x77, sizeof(data));
	bench_init(&b);
	bench_start(&b);
	outbox_init(&b.out);
	lcp_protocol_reject(&b.lcp, PPP_CCP, data, 10, &b.out);
	assert_int_equal(b.out.n, 0); /* RFC 1661 section 5.7: only while Opened */
	bench_open(&b, "01040100");
	outbox_init(&b.out);
	lcp_protocol_reject(&b.lcp, PPP_CCP, data, 10, &b.out);
	assert_sent(&b.out, CP_PROTOCOL_REJECT, (uint8_t)(b.lcp.fsm.next_id - 1), "80fd 77777777777777777777");
	p = sent_code(&b.out, CP_PROTOCOL_REJECT, &len);
	id = p[1];
	outbox_init(&b.out);
	lcp_protocol_reject(&b.lcp, PPP_CCP, data, sizeof(data), &b.out);
	p = sent_code(&b.out, CP_PROTOCOL_REJECT, &len);
	assert_non_null(p);
	assert_int_equal(len, 256);
	assert_int_not_equal(p[1], id);
}

static void
discard_identification_and_time_remaining_pass_in_silence(void **state)
{
	static const uint8_t codes[] = {CP_DISCARD_REQUEST, CP_IDENTIFICATION, CP_TIME_REMAINING};
	struct bench b;
	unsigned i;

	(void)state;
	bench_init(&b);
	bench_open(&b, "");
	for (i = 0; i < 3; i++) {
		give(&b, codes[i], 1, "00000000 4d535241535635");
		assert_int_equal(b.out.n, 0);
	}
}

static void
unknown_code_is_rejected_with_a_copy_of_the_packet(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	bench_open(&b, "");
	give(&b, 0x42, 17, "aabbcc");
	assert_sent(&b.out, CP_CODE_REJECT, (uint8_t)(b.lcp.fsm.next_id - 1), "42110007aabbcc");
	assert_true(lcp_is_open(&b.lcp));
}

/* ------------------------------------------------------------------ life after Opened */

static void
request_while_opened_goes_down_first_and_renegotiates(void **state)
{
	struct bench b;
	size_t len;

	(void)state;
	bench_init(&b);
	bench_open(&b, "010405d4");
	give(&b, CP_CONFIGURE_REQUEST, 2, "01040400");
	assert_int_equal(b.out.items[0].kind, OUT_LAYER_DOWN);
	assert_non_null(sent_code(&b.out, CP_CONFIGURE_REQUEST, &len));
	assert_non_null(sent_code(&b.out, CP_CONFIGURE_ACK, &len));
	ack_request(&b);
	assert_true(lcp_is_open(&b.lcp));
	assert_int_equal(lcp_peers(&b.lcp)->mru, 1024);
}

static void
repeated_request_is_acked_again_without_going_down_but_not_for_ever(void **state)
{
	struct bench b;
	unsigned i;

	(void)state;
	bench_init(&b);
	bench_open(&b, "010405d4");
	for (i = 0; i < 3; i++) {
		give(&b, CP_CONFIGURE_REQUEST, 1, "010405d4");
		assert_int_equal(b.out.n, 1);
		assert_sent(&b.out, CP_CONFIGURE_ACK, 1, "010405d4");
	}
	give(&b, CP_CONFIGURE_REQUEST, 1, "010405d4");
	assert_int_equal(b.out.items[0].kind, OUT_LAYER_DOWN);
}

static void
request_with_another_identifier_or_other_bytes_is_a_new_one(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	bench_open(&b, "010405d4");
	give(&b, CP_CONFIGURE_REQUEST, 1, "010405d3");
	assert_int_equal(count_kind(&b.out, OUT_LAYER_DOWN), 1);
	bench_open(&b, "010405d4");
	give(&b, CP_CONFIGURE_REQUEST, 2, "010405d4");
	assert_int_equal(count_kind(&b.out, OUT_LAYER_DOWN), 1);
}

static void
renegotiation_asks_again_for_what_was_once_rejected(void **state)
{
	struct cp_option opt;
	struct bench b;

	(void)state;
	bench_init(&b);
	bench_start(&b);
	answer(&b, CP_CONFIGURE_REJECT, "110405f4");
	ack_request(&b);
	give(&b, CP_CONFIGURE_REQUEST, 1, "");
	give(&b, CP_CONFIGURE_REQUEST, 2, "");
	assert_true(request_has(&b, LCP_MRRU, &opt));
	assert_false(lcp_mrru_was_refused(&b.lcp));
}

static void
terminate_request_takes_an_open_link_down_and_names_the_peers_words(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	bench_open(&b, "");
	give(&b, CP_TERMINATE_REQUEST, 99, "676f6f64 1b 627965");
	assert_int_equal(b.out.items[0].kind, OUT_NOTE);
	assert_true(has_note(&b.out, "good.bye"));
	assert_int_equal(count_kind(&b.out, OUT_LAYER_DOWN), 1);
	assert_sent(&b.out, CP_TERMINATE_ACK, 99, "");
	assert_int_equal(lcp_deadline_ms(&b.lcp), b.now_ms + 3000);
	outbox_init(&b.out);
	lcp_tick(&b.lcp, b.now_ms + 3000, &b.out);
	assert_int_equal(count_kind(&b.out, OUT_LAYER_FINISHED), 1);
	assert_string_equal(lcp_why(&b.lcp), "peer terminated");
}

static void
lost_lower_layer_takes_the_link_down_and_packets_then_are_dropped(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	bench_open(&b, "");
	outbox_init(&b.out);
	lcp_lower(&b.lcp, false, 2000, &b.out);
	assert_int_equal(count_kind(&b.out, OUT_LAYER_DOWN), 1);
	assert_int_equal(lcp_deadline_ms(&b.lcp), UINT64_MAX);
	give(&b, CP_CONFIGURE_REQUEST, 1, "");
	assert_int_equal(count_kind(&b.out, OUT_SEND), 0);
	outbox_init(&b.out);
	lcp_lower(&b.lcp, true, 3000, &b.out);
	assert_int_equal(b.lcp.fsm.state, CP_REQ_SENT);
}

static void
disabled_multilink_neither_asks_nor_takes_mrru(void **state)
{
	struct cp_option opt;
	struct bench b;

	(void)state;
	bench_init(&b);
	b.multilink.enabled = false;
	b.policy.p_short_seq.want = true;
	bench_start(&b);
	assert_false(request_has(&b, LCP_MRRU, &opt));
	assert_false(request_has(&b, LCP_SHORT_SEQ, &opt));
	give(&b, CP_CONFIGURE_REQUEST, 1, "110405f4 1202 010405d4");
	assert_sent(&b.out, CP_CONFIGURE_REJECT, 1, "110405f4 1202");
}

/* Section 4.1, columns 2 to 5: who is closed says so by Terminate-Ack, who is closing waits. */
static void
answers_while_closed_get_terminate_ack_and_while_closing_nothing(void **state)
{
	static const uint8_t codes[] = {CP_CONFIGURE_REQUEST, CP_CONFIGURE_ACK, CP_CONFIGURE_NAK, CP_CONFIGURE_REJECT};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(codes); i++) {
		struct bench b;

		bench_init(&b);
		bench_start(&b);
		outbox_init(&b.out);
		lcp_close(&b.lcp, b.now_ms, &b.out);
		answer(&b, codes[i], "");
		assert_int_equal(count_kind(&b.out, OUT_SEND), 0);
		give(&b, CP_TERMINATE_ACK, b.lcp.fsm.terminate_id, "");
		assert_int_equal(b.lcp.fsm.state, CP_CLOSED);
		give(&b, codes[i], 123, "");
		assert_sent(&b.out, CP_TERMINATE_ACK, 123, "");
		assert_int_equal(b.lcp.fsm.state, CP_CLOSED);
	}
}

/* As Linux behaves that dials: our first request comes before its session exists, and is lost. */
static void
request_is_repeated_soon_when_the_peer_speaks_but_does_not_answer(void **state)
{
	struct bench b;
	uint64_t sent_ms;
	size_t len;

	(void)state;
	bench_init(&b);
	bench_start(&b);
	sent_ms = b.now_ms;
	assert_int_equal(lcp_deadline_ms(&b.lcp), sent_ms + 3000);
	b.now_ms = sent_ms + 30;
	give(&b, CP_CONFIGURE_REQUEST, 1, "010405d4");
	assert_non_null(sent_code(&b.out, CP_CONFIGURE_ACK, &len));
	assert_int_equal(lcp_deadline_ms(&b.lcp), sent_ms + 230);
	give_time(&b);
	assert_true(request_has(&b, 5, &(struct cp_option){0}));
	assert_int_equal(
		lcp_deadline_ms(&b.lcp), b.now_ms + 3000); /* once: who does not answer now is not hurried again */
	give(&b, CP_CONFIGURE_REQUEST, 1, "010405d4");
	assert_int_equal(lcp_deadline_ms(&b.lcp), b.now_ms + 3000);
}

static void
stopped_machine_answers_a_new_request_by_negotiating(void **state)
{
	static const struct {
		const char *request;
		uint8_t code;
		enum cp_state state;
	} rows[] = {{"010405d4", CP_CONFIGURE_ACK, CP_ACK_SENT}, {"0802", CP_CONFIGURE_REJECT, CP_REQ_SENT}};
	unsigned i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct bench b;
		size_t len;

		bench_init(&b);
		bench_start(&b);
		while (b.lcp.fsm.state != CP_STOPPED)
			give_time(&b);
		assert_non_null(lcp_why(&b.lcp));
		give(&b, CP_CONFIGURE_REQUEST, 40, rows[i].request);
		assert_non_null(sent_code(&b.out, CP_CONFIGURE_REQUEST, &len));
		assert_sent(&b.out, rows[i].code, 40, rows[i].request);
		assert_int_equal(b.lcp.fsm.state, rows[i].state);
		assert_null(lcp_why(&b.lcp)); /* a new life, no old reasons */
		assert_int_equal(lcp_deadline_ms(&b.lcp), b.now_ms + 3000);
	}
}

/* Section 4.3, RTA: the peer has closed, whatever the identifier. */
static void
unsolicited_terminate_ack_starts_an_open_link_over(void **state)
{
	struct bench b;
	size_t len;

	(void)state;
	bench_init(&b);
	bench_open(&b, "");
	give(&b, CP_TERMINATE_ACK, (uint8_t)(b.lcp.fsm.terminate_id + 33), "");
	assert_int_equal(b.out.items[0].kind, OUT_LAYER_DOWN);
	assert_non_null(sent_code(&b.out, CP_CONFIGURE_REQUEST, &len));
	assert_int_equal(b.lcp.fsm.state, CP_REQ_SENT);
}

static void
peer_that_terminates_while_negotiating_is_named(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	bench_start(&b);
	give(&b, CP_TERMINATE_REQUEST, 5, "6e6f");
	assert_true(has_note(&b.out, "peer terminates: no"));
	assert_sent(&b.out, CP_TERMINATE_ACK, 5, "");
	assert_string_equal(lcp_why(&b.lcp), "peer terminated");
	assert_int_equal(b.lcp.fsm.state, CP_REQ_SENT);
}

static void
stubborn_demand_for_foreign_authentication_is_rejected_in_the_end(void **state)
{
	struct bench b;
	unsigned i;

	(void)state;
	bench_init(&b);
	b.wish.accept[0] = HOST_AUTH_PAP;
	bench_start(&b);
	for (i = 0; i < default_lcp.timing.max_failure; i++) {
		give(&b, CP_CONFIGURE_REQUEST, (uint8_t)i, "0305c22381");
		assert_sent(&b.out, CP_CONFIGURE_NAK, (uint8_t)i, "0304c023");
	}
	give(&b, CP_CONFIGURE_REQUEST, 50, "0305c22381");
	assert_sent(&b.out, CP_CONFIGURE_REJECT, 50, "0305c22381");
}

static void
timing_of_zero_means_the_rfcs_defaults(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b);
	b.policy.timing.restart_ms = 0;
	b.policy.timing.max_configure = b.policy.timing.max_terminate = b.policy.timing.max_failure = 0;
	bench_start(&b);
	assert_int_equal(lcp_deadline_ms(&b.lcp), b.now_ms + 3000);
	assert_int_equal(b.lcp.fsm.max_configure, 10);
	assert_int_equal(b.lcp.fsm.max_terminate, 2);
	assert_int_equal(b.lcp.fsm.max_failure, 5);
}

static void
longest_endpoint_of_ours_fits_one_option(void **state)
{
	static struct host_endpoint longest = {.class = 1, .len = 252};
	struct cp_option opt;
	struct bench b;

	(void)state;
	bench_init(&b);
	memset(longest.bytes, 0x31, sizeof(longest.bytes));
	b.wish.endpoint = &longest;
	bench_start(&b);
	assert_true(request_has(&b, LCP_ENDPOINT, &opt));
	assert_int_equal(opt.len, 253);
	ack_request(&b);
	assert_int_equal(b.lcp.fsm.state, CP_ACK_RCVD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(peers_request_is_judged_option_by_option),
		cmocka_unit_test(quality_protocol_is_judged_where_it_is_allowed),
		cmocka_unit_test(quality_protocol_is_asked_for_and_haggled_over),
		cmocka_unit_test(every_endpoint_class_and_length_is_taken_as_bytes),
		cmocka_unit_test(absent_endpoint_is_the_null_class),
		cmocka_unit_test(zero_magic_number_is_naked_with_another),
		cmocka_unit_test(mru_above_1492_is_taken_after_rfc_4638),
		cmocka_unit_test(peer_without_mru_is_sent_no_more_than_pppoe_carries),
		cmocka_unit_test(stubborn_peer_is_rejected_after_max_failure_naks),
		cmocka_unit_test(lower_mru_is_taken_from_a_nak_and_a_higher_than_possible_is_not),
		cmocka_unit_test(rejected_mrru_means_plain_ppp),
		cmocka_unit_test(mrru_that_the_peer_acks_without_one_of_its_own_is_not_multilink),
		cmocka_unit_test(naked_mrru_takes_lower_values_only),
		cmocka_unit_test(naked_or_rejected_endpoint_is_left_out),
		cmocka_unit_test(answers_that_do_not_fit_the_request_are_dropped),
		cmocka_unit_test(repeated_ack_does_not_disturb_an_open_link),
		cmocka_unit_test(answer_slower_than_the_restart_timer_still_counts),
		cmocka_unit_test(endless_naks_end_in_a_named_failure),
		cmocka_unit_test(option_naked_for_ever_is_left_out),
		cmocka_unit_test(demanded_authentication_is_taken_naked_or_rejected_by_our_list),
		cmocka_unit_test(nak_of_our_demand_moves_to_what_the_peer_can_do),
		cmocka_unit_test(nak_with_a_foreign_protocol_moves_down_our_list_and_then_fails),
		cmocka_unit_test(each_foreign_nak_moves_one_further_down_a_list_of_four),
		cmocka_unit_test(peer_that_rejects_authentication_is_refused),
		cmocka_unit_test(magic_number_of_ours_in_the_peers_request_is_naked),
		cmocka_unit_test(line_looped_to_itself_is_found_out_and_named),
		cmocka_unit_test(returning_echo_request_counts_as_silence),
		cmocka_unit_test(silent_peer_is_dropped_after_at_most_interval_times_failures_plus_one),
		cmocka_unit_test(first_echoes_of_many_links_are_spread),
		cmocka_unit_test(echo_reply_clears_the_count_and_gives_the_round_trip),
		cmocka_unit_test(echoes_are_counted_once),
		cmocka_unit_test(a_timing_echo_gives_a_round_trip_and_leaves_the_test_of_the_line_alone),
		cmocka_unit_test(late_echo_reply_is_life_and_an_old_one_is_not),
		cmocka_unit_test(probe_is_an_echo_out_of_turn_and_leaves_the_test_of_the_line_alone),
		cmocka_unit_test(echo_request_is_answered_with_our_magic_number),
		cmocka_unit_test(echo_without_negotiated_magic_carries_zero),
		cmocka_unit_test(echo_reply_is_never_longer_than_the_peers_mru),
		cmocka_unit_test(echo_is_neither_sent_nor_answered_before_opened),
		cmocka_unit_test(echo_stops_when_the_peer_rejects_its_code),
		cmocka_unit_test(protocol_rejects_stop_when_the_peer_rejects_their_code),
		cmocka_unit_test(protocol_reject_is_reported_for_upper_layers_and_fatal_for_lcp),
		cmocka_unit_test(protocol_reject_before_opened_is_dropped),
		cmocka_unit_test(unknown_protocol_is_rejected_with_a_copy_cut_to_the_peers_mru),
		cmocka_unit_test(discard_identification_and_time_remaining_pass_in_silence),
		cmocka_unit_test(unknown_code_is_rejected_with_a_copy_of_the_packet),
		cmocka_unit_test(request_while_opened_goes_down_first_and_renegotiates),
		cmocka_unit_test(repeated_request_is_acked_again_without_going_down_but_not_for_ever),
		cmocka_unit_test(request_with_another_identifier_or_other_bytes_is_a_new_one),
		cmocka_unit_test(renegotiation_asks_again_for_what_was_once_rejected),
		cmocka_unit_test(terminate_request_takes_an_open_link_down_and_names_the_peers_words),
		cmocka_unit_test(lost_lower_layer_takes_the_link_down_and_packets_then_are_dropped),
		cmocka_unit_test(disabled_multilink_neither_asks_nor_takes_mrru),
		cmocka_unit_test(answers_while_closed_get_terminate_ack_and_while_closing_nothing),
		cmocka_unit_test(request_is_repeated_soon_when_the_peer_speaks_but_does_not_answer),
		cmocka_unit_test(stopped_machine_answers_a_new_request_by_negotiating),
		cmocka_unit_test(unsolicited_terminate_ack_starts_an_open_link_over),
		cmocka_unit_test(peer_that_terminates_while_negotiating_is_named),
		cmocka_unit_test(stubborn_demand_for_foreign_authentication_is_rejected_in_the_end),
		cmocka_unit_test(timing_of_zero_means_the_rfcs_defaults),
		cmocka_unit_test(longest_endpoint_of_ours_fits_one_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
