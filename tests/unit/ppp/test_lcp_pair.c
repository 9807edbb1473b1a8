/* SPDX-License-Identifier: BSD-3-Clause */
#include "ppp_test.h"

#include <string.h>

/* Two LCP machines back to back. */
struct pair {
	struct host_lcp policy[2];
	struct host_multilink multilink[2];
	struct host_endpoint endpoint[2];
	struct lcp_wish wish[2];
	struct lcp lcp[2];
	struct node node[2];
	struct rng rng[2];
	struct wire wire;
};

static void
pair_init(struct pair *p, uint64_t seed)
{
	unsigned i;

	memset(p, 0, sizeof(*p));
	for (i = 0; i < 2; i++) {
		p->policy[i] = default_lcp;
		p->policy[i].echo_interval_ms = 0;
		p->policy[i].quality_period_ms = 1000 + i * 10;
		p->multilink[i] = (struct host_multilink){.enabled = true, .mrru = (uint16_t)(1600 + i)};
		p->endpoint[i] = (struct host_endpoint){.class = HOST_EP_LOCAL, .len = 3, .bytes = {9, 9, (uint8_t)i}};
		p->wish[i] = (struct lcp_wish){.lcp = &p->policy[i],
			.multilink = &p->multilink[i],
			.endpoint = &p->endpoint[i],
			.mru = (uint16_t)(1400 + i),
			.mru_limit = 1492,
			.demand = {HOST_AUTH_CHAP_MD5},
			.accept = {HOST_AUTH_CHAP_MD5}};
		p->policy[i].p_auth = (struct host_policy){false, false};
		p->rng[i].state = seed * 2 + i;
		node_lcp(&p->node[i], &p->lcp[i]);
	}
	wire_init(&p->wire, &p->node[0], &p->node[1], seed + 1000000);
}

static void
pair_start(struct pair *p)
{
	unsigned i;

	for (i = 0; i < 2; i++) {
		struct outbox out;

		outbox_init(&out);
		lcp_init(&p->lcp[i], &p->wish[i], rng_fill, &p->rng[i]);
		lcp_open(&p->lcp[i], p->wire.now_ms, &out);
		lcp_lower(&p->lcp[i], true, p->wire.now_ms, &out);
		wire_drain(&p->wire, i, &out);
	}
}

static bool
both_open(const struct pair *p)
{
	return lcp_is_open(&p->lcp[0]) && lcp_is_open(&p->lcp[1]);
}

/* ------------------------------------------------------------------ four-way policy (G-15, B-10) */

struct option_row {
	const char *name;
	size_t at; /* of its policy in struct host_lcp */
	bool (*agreed)(const struct lcp_side *announced, const struct host_endpoint *seen, unsigned end);
};

static bool
mru_agreed(const struct lcp_side *s, const struct host_endpoint *seen, unsigned end)
{
	(void)seen;
	assert_int_equal(s->mru == 1492 || s->mru == 1400 + end, true);
	return s->mru == 1400 + end;
}

static bool
magic_agreed(const struct lcp_side *s, const struct host_endpoint *seen, unsigned end)
{
	(void)seen;
	(void)end;
	return s->magic != 0;
}

static bool
mrru_agreed(const struct lcp_side *s, const struct host_endpoint *seen, unsigned end)
{
	(void)seen;
	assert_true(s->mrru == 0 || s->mrru == 1600 + end);
	return s->mrru != 0;
}

static bool
short_seq_agreed(const struct lcp_side *s, const struct host_endpoint *seen, unsigned end)
{
	(void)seen;
	(void)end;
	return s->short_seq;
}

static bool
pfc_agreed(const struct lcp_side *s, const struct host_endpoint *seen, unsigned end)
{
	(void)seen;
	(void)end;
	return s->pfc;
}

static bool
endpoint_agreed(const struct lcp_side *s, const struct host_endpoint *seen, unsigned end)
{
	(void)s;
	assert_true(seen->class == HOST_EP_NULL || (seen->len == 3 && seen->bytes[2] == end));
	return seen->class != HOST_EP_NULL;
}

static bool
quality_agreed(const struct lcp_side *s, const struct host_endpoint *seen, unsigned end)
{
	(void)seen;
	assert_true(!s->quality || s->quality_cs == 100 + end);
	return s->quality;
}

static bool
auth_agreed(const struct lcp_side *s, const struct host_endpoint *seen, unsigned end)
{
	(void)seen;
	(void)end;
	return s->auth == HOST_AUTH_CHAP_MD5;
}

static const struct option_row option_rows[] = {
	{"mru", offsetof(struct host_lcp, p_mru), mru_agreed},
	{"magic", offsetof(struct host_lcp, p_magic), magic_agreed},
	{"mrru", offsetof(struct host_lcp, p_mrru), mrru_agreed},
	{"short-seq", offsetof(struct host_lcp, p_short_seq), short_seq_agreed},
	{"pfc", offsetof(struct host_lcp, p_pfc), pfc_agreed},
	{"endpoint", offsetof(struct host_lcp, p_endpoint), endpoint_agreed},
	{"quality", offsetof(struct host_lcp, p_quality), quality_agreed},
	{"auth", offsetof(struct host_lcp, p_auth), auth_agreed},
};

static void
policy_set(struct host_lcp *policy, size_t at, unsigned bits)
{
	const struct host_policy p = {.want = (bits & 1) != 0, .allow = (bits & 2) != 0};

	memcpy((char *)policy + at, &p, sizeof(p));
}

/* `end` announces an option if it wants it and the other allows it. The announcement is what `end` may receive (ours)
 * and, at the other end, what it may send (peers): both must say the same. */
static void
check_direction(const struct pair *p, const struct option_row *row, const unsigned bits[2], unsigned end)
{
	const bool want = (bits[end] & 1) != 0, allow = (bits[1 - end] & 2) != 0;
	const struct host_endpoint seen = lcp_peer_endpoint(&p->lcp[1 - end]);
	const bool is_endpoint = row->agreed == endpoint_agreed;

	if (row->agreed(lcp_peers(&p->lcp[1 - end]), &seen, end) != (want && allow) ||
		(!is_endpoint && row->agreed(lcp_ours(&p->lcp[end]), &seen, end) != (want && allow)))
		fail_msg("%s: policies %u and %u, end %u", row->name, bits[0], bits[1], end);
	/* and on the wire: a Reject by the other end, exactly when it does not allow what is wanted */
	assert_int_equal(p->node[1 - end].codes[CP_CONFIGURE_REJECT], want && !allow);
	assert_int_equal(p->node[1 - end].codes[CP_CONFIGURE_NAK], 0);
}

static void
every_option_follows_the_four_policies_at_both_ends(void **state)
{
	unsigned i, cell;

	(void)state;
	for (i = 0; i < sizeof(option_rows) / sizeof(option_rows[0]); i++) {
		for (cell = 0; cell < 16; cell++) {
			const unsigned bits[2] = {cell & 3, cell >> 2};
			const bool auth = option_rows[i].agreed == auth_agreed;
			const bool refused = (bits[0] & 1 && !(bits[1] & 2)) || (bits[1] & 1 && !(bits[0] & 2));
			static struct pair p;

			pair_init(&p, cell);
			policy_set(&p.policy[0], option_rows[i].at, bits[0]);
			policy_set(&p.policy[1], option_rows[i].at, bits[1]);
			pair_start(&p);
			wire_run(&p.wire, 1000);
			if (auth && refused) { /* nobody may come in without authentication */
				assert_false(both_open(&p));
				assert_true(lcp_why(&p.lcp[0]) != NULL || lcp_why(&p.lcp[1]) != NULL);
			} else {
				assert_true(both_open(&p));
				check_direction(&p, &option_rows[i], bits, 0);
				check_direction(&p, &option_rows[i], bits, 1);
			}
			wire_free(&p.wire);
		}
	}
}

/* ------------------------------------------------------------------ lists of authentication protocols */

static void
two_lists_meet_in_a_protocol_that_is_on_both(void **state)
{
	static const struct {
		enum host_auth demand[HOST_AUTHS_MAX], accept[HOST_AUTHS_MAX], want;
	} rows[] = {
		{{HOST_AUTH_CHAP_MD5, HOST_AUTH_PAP}, {HOST_AUTH_CHAP_MD5, HOST_AUTH_PAP}, HOST_AUTH_CHAP_MD5},
		{{HOST_AUTH_CHAP_MD5, HOST_AUTH_PAP}, {HOST_AUTH_PAP, HOST_AUTH_CHAP_MD5}, HOST_AUTH_CHAP_MD5},
		{{HOST_AUTH_CHAP_MD5, HOST_AUTH_PAP}, {HOST_AUTH_PAP}, HOST_AUTH_PAP},
		{{HOST_AUTH_PAP, HOST_AUTH_CHAP_MD5}, {HOST_AUTH_CHAP_MD5}, HOST_AUTH_CHAP_MD5},
		{{HOST_AUTH_PAP}, {HOST_AUTH_PAP}, HOST_AUTH_PAP},
		{{HOST_AUTH_PAP}, {HOST_AUTH_CHAP_MD5}, HOST_AUTH_NONE},
		{{HOST_AUTH_CHAP_MD5, HOST_AUTH_MSCHAP2, HOST_AUTH_PAP}, {HOST_AUTH_MSCHAP2}, HOST_AUTH_MSCHAP2},
		{{HOST_AUTH_CHAP_MD5, HOST_AUTH_MSCHAP2, HOST_AUTH_PAP}, {HOST_AUTH_MSCHAP, HOST_AUTH_PAP},
			HOST_AUTH_PAP},
		{{HOST_AUTH_MSCHAP, HOST_AUTH_CHAP_MD5}, {HOST_AUTH_PAP, HOST_AUTH_MSCHAP2, HOST_AUTH_MSCHAP},
			HOST_AUTH_MSCHAP},
		{{HOST_AUTH_MSCHAP2}, {HOST_AUTH_MSCHAP}, HOST_AUTH_NONE},
		{{HOST_AUTH_CHAP_MD5}, {HOST_AUTH_NONE}, HOST_AUTH_NONE},
	};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct pair p;

		pair_init(&p, i);
		p.policy[0].p_auth.want = true;
		p.policy[1].p_auth.allow = true;
		memcpy(p.wish[0].demand, rows[i].demand, sizeof(rows[i].demand));
		memcpy(p.wish[1].accept, rows[i].accept, sizeof(rows[i].accept));
		pair_start(&p);
		wire_run(&p.wire, 20000);
		assert_int_equal(both_open(&p), rows[i].want != HOST_AUTH_NONE);
		if (both_open(&p)) {
			assert_int_equal(lcp_ours(&p.lcp[0])->auth, rows[i].want);
			assert_int_equal(lcp_peers(&p.lcp[1])->auth, rows[i].want);
			assert_int_equal(lcp_ours(&p.lcp[1])->auth, HOST_AUTH_NONE);
		} else {
			assert_non_null(lcp_why(&p.lcp[0]));
		}
		wire_free(&p.wire);
	}
}

/* ------------------------------------------------------------------ loss, duplication, reorder */

static void
check_agreement(const struct pair *p)
{
	unsigned i;

	for (i = 0; i < 2; i++) {
		assert_int_equal(lcp_ours(&p->lcp[i])->mru, lcp_peers(&p->lcp[1 - i])->mru);
		assert_int_equal(lcp_ours(&p->lcp[i])->mrru, lcp_peers(&p->lcp[1 - i])->mrru);
		assert_int_equal(lcp_ours(&p->lcp[i])->magic, lcp_peers(&p->lcp[1 - i])->magic);
	}
}

/* True: open. Else an end must name its reason. */
static bool
run_lossy(struct pair *p, uint64_t seed)
{
	unsigned i;

	pair_init(p, seed);
	p->wire.loss_permille = (uint32_t)(seed % 8) * 100;
	p->wire.double_permille = (uint32_t)(seed % 5) * 100;
	p->wire.jitter_ms = (uint32_t)(seed % 7) * 1000;
	p->wire.reorder = seed % 3 == 0;
	pair_start(p);
	wire_run(&p->wire, 300000);
	for (i = 0; i < 2; i++) /* ups and downs take turns */
		assert_int_equal(
			p->node[i].events[OUT_LAYER_UP] - p->node[i].events[OUT_LAYER_DOWN], lcp_is_open(&p->lcp[i]));
	if (both_open(p))
		return true;
	if (lcp_why(&p->lcp[0]) == NULL && lcp_why(&p->lcp[1]) == NULL)
		fail_msg("seed %u: neither open nor a reason (%s, %s)", (unsigned)seed,
			cp_state_name(p->lcp[0].fsm.state), cp_state_name(p->lcp[1].fsm.state));
	return false;
}

/* Ten requests three seconds apart, and the same again for each step that a late packet starts over, bound the time.
 * A wire that reorders may leave the ends with different opinions: PPP is not made for one (RFC 1661 section 1). */
static void
lossy_wire_ends_open_or_in_a_named_failure_in_bounded_time(void **state)
{
	unsigned opened = 0;
	uint64_t seed;

	(void)state;
	for (seed = 0; seed < 2000; seed++) {
		static struct pair p;

		if (run_lossy(&p, seed)) {
			opened++;
			if (!p.wire.reorder)
				check_agreement(&p);
		}
		wire_free(&p.wire);
	}
	print_message("%u of 2000 open, the others failed with a reason\n", opened);
	assert_true(opened > 1000);
}

static void
clean_wire_always_opens_at_once(void **state)
{
	uint64_t seed;

	(void)state;
	for (seed = 0; seed < 200; seed++) {
		static struct pair p;

		pair_init(&p, seed);
		p.wire.delay_ms = (uint32_t)seed * 20;
		pair_start(&p);
		wire_run(&p.wire, 30000);
		assert_true(both_open(&p));
		assert_int_equal(p.node[0].events[OUT_LAYER_UP], 1);
		assert_int_equal(p.node[1].events[OUT_LAYER_DOWN], 0);
		wire_free(&p.wire);
	}
}

static void
close_at_one_end_finishes_both(void **state)
{
	struct outbox out;
	static struct pair p;

	(void)state;
	pair_init(&p, 1);
	pair_start(&p);
	wire_run(&p.wire, 1000);
	assert_true(both_open(&p));
	outbox_init(&out);
	lcp_close(&p.lcp[0], p.wire.now_ms, &out);
	wire_drain(&p.wire, 0, &out);
	wire_run(&p.wire, 10000);
	assert_int_equal(p.node[0].events[OUT_LAYER_FINISHED], 1);
	assert_int_equal(p.node[1].events[OUT_LAYER_FINISHED], 1);
	assert_int_equal(p.node[1].events[OUT_LAYER_DOWN], 1);
	assert_string_equal(lcp_why(&p.lcp[1]), "peer terminated");
	wire_free(&p.wire);
}

static void
echoes_keep_a_living_link_open_and_a_cut_wire_takes_both_ends_down(void **state)
{
	static struct pair p;

	(void)state;
	pair_init(&p, 1);
	p.policy[0].echo_interval_ms = p.policy[1].echo_interval_ms = 1000;
	pair_start(&p);
	wire_run(&p.wire, 600000);
	assert_true(both_open(&p));
	p.wire.loss_permille = 1000;
	wire_run(&p.wire, 605000);
	assert_int_equal(p.node[0].events[OUT_LAYER_DOWN], 1);
	assert_int_equal(p.node[1].events[OUT_LAYER_DOWN], 1);
	assert_string_equal(lcp_why(&p.lcp[0]), "peer does not answer Echo-Requests");
	wire_free(&p.wire);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_option_follows_the_four_policies_at_both_ends),
		cmocka_unit_test(two_lists_meet_in_a_protocol_that_is_on_both),
		cmocka_unit_test(lossy_wire_ends_open_or_in_a_named_failure_in_bounded_time),
		cmocka_unit_test(clean_wire_always_opens_at_once),
		cmocka_unit_test(close_at_one_end_finishes_both),
		cmocka_unit_test(echoes_keep_a_living_link_open_and_a_cut_wire_takes_both_ends_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
