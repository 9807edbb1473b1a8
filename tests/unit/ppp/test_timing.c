/* SPDX-License-Identifier: BSD-3-Clause */
#include "ppp_test.h"

#include <string.h>

#include "dataplane/wire/ppp.h"

/* B-09: the restart timer of every machine against a round trip of 2.4 s. One of 2 s sends a Request again before its answer can be there,
 * one of 5 s does not; and whatever it is, a Request and its copies bear one identifier, so that no two are open at a time. */

enum { ONE_WAY_MS = 1200, ENDS = 2 };

struct ends {
	struct lcp lcp[ENDS];
	struct ipcp ipcp[ENDS];
	struct ipv6cp ipv6cp[ENDS];
	struct pap pap[ENDS];
	struct chap chap[ENDS];
	struct host_lcp policy;
	struct rng rng[ENDS];
};

static struct ends ends;

static void
judge_pap(void *m, uint64_t now_ms, struct outbox *out)
{
	struct pap *p = m;

	if (pap_pending(p) == NULL)
		return;
	pap_verdict(p, pap_check(p, "sesame"), now_ms, out);
	pap_confirm(p, now_ms, out);
}

static void
judge_chap(void *m, uint64_t now_ms, struct outbox *out)
{
	struct chap *c = m;

	if (chap_pending(c) == NULL)
		return;
	chap_verdict(c, chap_check(c, "sesame"), now_ms, out);
	chap_confirm(c, now_ms, out);
}

static void
begin_lcp(unsigned k, struct node *n, struct outbox *out)
{
	struct lcp_wish wish = default_wish();

	wish.lcp = &ends.policy;
	node_lcp(n, &ends.lcp[k]);
	lcp_init(&ends.lcp[k], &wish, rng_fill, &ends.rng[k]);
	lcp_open(&ends.lcp[k], 0, out);
	lcp_lower(&ends.lcp[k], true, 0, out);
}

static void
begin_ipcp(unsigned k, struct node *n, struct outbox *out)
{
	static const struct ipcp_wish wishes[] = {
		{.p_address = {true, true}, .address = 0x0a000001}, {.p_address = {true, true}, .address = 0x0a000002}};

	node_ipcp(n, &ends.ipcp[k]);
	ipcp_init(&ends.ipcp[k], &wishes[k], 0, &ends.policy.timing);
	ipcp_open(&ends.ipcp[k], 0, out);
	ipcp_lower(&ends.ipcp[k], true, 0, out);
}

static void
begin_ipv6cp(unsigned k, struct node *n, struct outbox *out)
{
	static const struct ipv6cp_wish wishes[] = {{.id = 1, .p_id = {true, true}}, {.id = 2, .p_id = {true, true}}};

	node_ipv6cp(n, &ends.ipv6cp[k]);
	ipv6cp_init(&ends.ipv6cp[k], &wishes[k], &ends.policy.timing, rng_fill, &ends.rng[k]);
	ipv6cp_open(&ends.ipv6cp[k], 0, out);
	ipv6cp_lower(&ends.ipv6cp[k], true, 0, out);
}

static void
begin_pap(unsigned k, struct node *n, struct outbox *out)
{
	node_pap(n, &ends.pap[k]);
	if (k == AUTH_SERVER)
		n->after = judge_pap;
	pap_init(&ends.pap[k], k, "alice", "sesame", &ends.policy.timing);
	pap_open(&ends.pap[k], 0, out);
	pap_lower(&ends.pap[k], true, 0, out);
}

static void
begin_chap(unsigned k, struct node *n, struct outbox *out)
{
	const struct chap_config config = {.role = k,
		.algorithm = CHAP_MS2,
		.name = "alice",
		.secret = "sesame",
		.timing = &ends.policy.timing,
		.random = rng_fill,
		.random_ctx = &ends.rng[k]};

	node_chap(n, &ends.chap[k]);
	if (k == AUTH_SERVER)
		n->after = judge_chap;
	assert_true(chap_init(&ends.chap[k], &config));
	chap_open(&ends.chap[k], 0, out);
	chap_lower(&ends.chap[k], true, 0, out);
}

static const struct machine_row {
	const char *name;
	void (*begin)(unsigned end, struct node *n, struct outbox *out);
	uint8_t request; /* code of what is repeated for want of an answer */
	unsigned from;   /* mask of the ends that send it */
	/* How often with a timer of 2 s and of 5 s. Where both ends ask, hearing the other before an answer makes each repeat itself soon (it was
	 * not there before, most likely), but not sooner than a long timer says that answers take. */
	unsigned times[2];
	bool new_id_each; /* PAP alone: RFC 1334 section 2.2.1 */
} rows[] = {
	{"LCP", begin_lcp, CP_CONFIGURE_REQUEST, 3, {2, 1}, false},
	{"IPCP", begin_ipcp, CP_CONFIGURE_REQUEST, 3, {2, 1}, false},
	{"IPV6CP", begin_ipv6cp, CP_CONFIGURE_REQUEST, 3, {2, 1}, false},
	{"PAP", begin_pap, PAP_REQUEST, 1 << AUTH_CLIENT, {2, 1}, true},
	{"CHAP, challenge", begin_chap, CHAP_CHALLENGE, 1 << AUTH_SERVER, {2, 1}, false},
	{"CHAP, response", begin_chap, CHAP_RESPONSE, 1 << AUTH_CLIENT, {2, 1}, false}, /* one to each challenge */
};

/* Identifiers under which packets of that code are on their way to an end, as seen in flight. */
struct seen {
	uint8_t code;
	bool ids[ENDS][256];
};

static void
look(const struct wire *w, struct seen *s)
{
	for (unsigned i = 0; i < w->n; i++)
		if (w->queue[i].bytes[0] == s->code)
			s->ids[1 - w->queue[i].to][w->queue[i].bytes[1]] = true;
}

static unsigned
count(const bool ids[256])
{
	unsigned n = 0;

	for (unsigned i = 0; i < 256; i++)
		n += ids[i];
	return n;
}

static void
run(const struct machine_row *row, uint32_t restart_ms, struct node nodes[ENDS], struct seen *seen)
{
	struct outbox out;
	struct wire w;

	memset(&ends, 0, sizeof(ends));
	memset(seen, 0, sizeof(*seen));
	seen->code = row->request;
	ends.policy = default_lcp;
	ends.policy.timing.restart_ms = restart_ms;
	ends.policy.echo_interval_ms = 0;
	wire_init(&w, &nodes[0], &nodes[1], 1);
	w.delay_ms = ONE_WAY_MS;
	for (unsigned k = 0; k < ENDS; k++) {
		ends.rng[k].state = k + 1;
		outbox_init(&out);
		row->begin(k, &nodes[k], &out);
		wire_drain(&w, k, &out);
	}
	for (uint64_t t = 0; t < 60000; t += 100) {
		look(&w, seen);
		wire_run(&w, t);
	}
	wire_free(&w);
}

static void
both_ends_open_once_whatever_the_timer(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (unsigned slow = 0; slow < 2; slow++) {
			struct node nodes[ENDS];
			struct seen seen;

			print_message("%s, timer of %u s\n", rows[i].name, slow != 0 ? 5 : 2);
			run(&rows[i], slow != 0 ? 5000 : 2000, nodes, &seen);
			for (unsigned k = 0; k < ENDS; k++) {
				assert_int_equal(nodes[k].events[OUT_LAYER_UP], 1);
				assert_int_equal(nodes[k].events[OUT_LAYER_DOWN], 0);
				assert_int_equal(nodes[k].events[OUT_LAYER_FINISHED], 0);
				if ((rows[i].from & 1u << k) == 0)
					continue;
				assert_int_equal(nodes[k].codes[rows[i].request], rows[i].times[slow]);
				if (!rows[i].new_id_each)
					assert_int_equal(count(seen.ids[k]), 1);
			}
		}
	}
}

/* A peer that only answers, each Request after the round trip: the first answer counts, that to the copy changes nothing. */
static void
a_timer_longer_than_the_round_trip_asks_once(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned slow = 0; slow < 2; slow++) {
			uint8_t ack[64];
			struct outbox out;
			struct node n;
			const uint8_t *p;
			size_t len;
			unsigned sent_n = 0;

			print_message("%s, timer of %u s\n", rows[i].name, slow != 0 ? 5 : 2);
			memset(&ends, 0, sizeof(ends));
			ends.policy = default_lcp;
			ends.policy.timing.restart_ms = slow != 0 ? 5000 : 2000;
			outbox_init(&out);
			rows[i].begin(0, &n, &out);
			p = sent_code(&out, CP_CONFIGURE_REQUEST, &len);
			assert_non_null(p);
			memcpy(ack, p, len);
			ack[0] = CP_CONFIGURE_ACK;
			for (uint64_t t = 100; t < 2400; t += 100) {
				outbox_init(&out);
				n.tick(n.machine, t, &out);
				p = sent_code(&out, CP_CONFIGURE_REQUEST, &len);
				if (p == NULL)
					continue;
				sent_n++;
				assert_int_equal(t, 2000);
				assert_memory_equal(p + 1, ack + 1, len - 1); /* the same under the same identifier */
			}
			assert_int_equal(sent_n, slow == 0);
			outbox_init(&out);
			n.input(n.machine, ack, len, 2400, &out);
			assert_int_equal(((struct cp_fsm *)n.machine)->state, CP_ACK_RCVD);
			outbox_init(&out);
			n.input(n.machine, ack, len, 4400, &out);
			assert_int_equal(((struct cp_fsm *)n.machine)->state, CP_ACK_RCVD);
			assert_int_equal(count_kind(&out, OUT_SEND), 0);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_open_once_whatever_the_timer),
		cmocka_unit_test(a_timer_longer_than_the_round_trip_asks_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
