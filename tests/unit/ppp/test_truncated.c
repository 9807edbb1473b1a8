/* SPDX-License-Identifier: BSD-3-Clause */
#include "ppp_test.h"

#include <stdlib.h>
#include <string.h>

#include "control/ppp/cp_describe.h"
#include "dataplane/wire/bytes.h"
#include "dataplane/wire/ppp.h"

/* Every prefix of valid packets, with the length field as it was and as the prefix would have it, through every
 * machine; then packets of chance. What is asserted is small: no overflow, no endless work. The sanitizers see the
 * rest, because each packet lies at the end of an allocation of just its size. */

static struct rng rng = {4};

static const uint8_t algorithms[] = {CHAP_MD5, CHAP_MS, CHAP_MS2};
enum { CHAPS = 2 * 3 }; /* each role with each algorithm */

struct machines {
	struct lcp lcp;
	struct ipcp ipcp;
	struct ipv6cp ipv6cp;
	struct pap pap[2];
	struct chap chap[CHAPS];
};

static void
machines_up(struct machines *m, struct outbox *out)
{
	static const struct ipcp_wish ip = {.p_address = {true, true}, .address = 0x0a000001, .dns = {1, 2}};
	static const struct ipv6cp_wish ip6 = {.id = 1, .p_id = {true, true}};
	struct lcp_wish wish = default_wish();
	unsigned role, i;

	wish.demand[0] = HOST_AUTH_CHAP_MD5;
	wish.accept[0] = HOST_AUTH_PAP;
	lcp_init(&m->lcp, &wish, rng_fill, &rng);
	lcp_open(&m->lcp, 0, out);
	lcp_lower(&m->lcp, true, 0, out);
	ipcp_init(&m->ipcp, &ip, 0x0a000002, &default_lcp.timing);
	ipcp_open(&m->ipcp, 0, out);
	ipcp_lower(&m->ipcp, true, 0, out);
	ipv6cp_init(&m->ipv6cp, &ip6, &default_lcp.timing, rng_fill, &rng);
	ipv6cp_open(&m->ipv6cp, 0, out);
	ipv6cp_lower(&m->ipv6cp, true, 0, out);
	for (role = 0; role < 2; role++) {
		pap_init(&m->pap[role], role, "n", "p", &default_lcp.timing);
		pap_open(&m->pap[role], 0, out);
		pap_lower(&m->pap[role], true, 0, out);
	}
	for (i = 0; i < CHAPS; i++) {
		const struct chap_config config = {.role = i % 2,
			.algorithm = algorithms[i / 2],
			.name = "n",
			.secret = "s",
			.timing = &default_lcp.timing,
			.random = rng_fill,
			.random_ctx = &rng};

		assert_true(chap_init(&m->chap[i], &config));
		chap_open(&m->chap[i], 0, out);
		chap_lower(&m->chap[i], true, 0, out);
		outbox_init(out);
	}
}

/* All machines see the packet, in the state given (LCP and IPCP) and in their first (the others). */
static void
feed(const uint8_t *p, size_t n, enum cp_state s)
{
	static const uint16_t protos[] = {PPP_LCP, PPP_PAP, PPP_CHAP, PPP_IPCP, PPP_IPV6CP};
	char line[CP_DESCRIBE_MAX];
	static struct machines m;
	struct outbox out;
	unsigned i;

	outbox_init(&out);
	machines_up(&m, &out);
	m.lcp.fsm.state = (uint8_t)s;
	m.ipcp.fsm.state = m.ipv6cp.fsm.state = (uint8_t)s;
	if (n > 1) {
		m.lcp.fsm.request_id = m.ipcp.fsm.request_id = m.ipv6cp.fsm.request_id = p[1];
		for (i = 0; i < CHAPS; i++) {
			m.chap[i].id = p[1];
			m.chap[i].responded = i % 2 == AUTH_CLIENT; /* or no verdict would be looked at */
		}
	}
	outbox_init(&out);
	lcp_input(&m.lcp, p, n, 10, &out);
	assert_false(out.overflow);
	outbox_init(&out);
	ipcp_input(&m.ipcp, p, n, 10, &out);
	assert_false(out.overflow);
	outbox_init(&out);
	ipv6cp_input(&m.ipv6cp, p, n, 10, &out);
	assert_false(out.overflow);
	for (i = 0; i < 2; i++) {
		outbox_init(&out);
		pap_input(&m.pap[i], p, n, 10, &out);
		assert_false(out.overflow);
	}
	for (i = 0; i < CHAPS; i++) {
		outbox_init(&out);
		chap_input(&m.chap[i], p, n, 10, &out);
		(void)chap_check(&m.chap[i], "s");
		assert_false(out.overflow);
	}
	for (i = 0; i < sizeof(protos) / sizeof(protos[0]); i++)
		assert_in_range(cp_describe(protos[i], p, n, line, sizeof(line)), 1, sizeof(line) - 1);
}

static void
feed_exactly(const uint8_t *bytes, size_t n, enum cp_state s)
{
	uint8_t *p = malloc(n != 0 ? n : 1);

	assert_non_null(p);
	memcpy(p, bytes, n);
	feed(p, n, s);
	free(p);
}

static const char *const packets[] = {
	"0101 002b 010405d4 0304c023 0506 12345678 0702 0802 110405f4 1202 1309030200000000 01 0206ffffffff ee02",
	"0201 0004",
	"0301 0010 010405ce 0305c22305 110305",
	"0401 0008 010405d4",
	"0501 0007 627965",
	"0601 0004",
	"0701 0008 09010004",
	"0801 000a 80fd01010004",
	"0901 000c 00000000 01020304",
	"0a01 0008 00000000",
	"0b01 0008 00000000",
	"0c01 000c 00000000 61626364",
	"0d01 000c 00000000 00000010",
	"4201 0006 0000",
	"0101 0011 05616c696365 06736573616d65",
	"0101 001a 10 000102030405060708090a0b0c0d0e0f 62726173 31",
	"0201 0016 10 000102030405060708090a0b0c0d0e0f 61",
	"0301 0016 03060a000002 810600000001 830600000002",
	"0101 000e 08 0001020304050607 62",
	"0201 0037 31 000102030405060708090a0b0c0d0e0f 0000000000000000 000102030405060708090a0b0c0d0e0f1011121314151617 01 61",
	"0301 0032 533d 3030303030303030303030303030303030303030 3030303030303030303030303030303030303030 204d3d6f",
	"0401 0010 453d36343820523d3020563d33",
	"0701 0008 00010203",
};

static void
every_prefix_of_valid_packets_passes_every_machine_in_every_state(void **state)
{
	unsigned i, s;
	size_t n, cut;

	(void)state;
	for (i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		for (s = CP_CLOSED; s < CP_STATES; s++) {
			uint8_t p[128];

			n = hex(packets[i], p, sizeof(p));
			for (cut = 0; cut <= n; cut++)
				feed_exactly(p, cut, s);
			for (cut = CP_HDR_LEN; cut <= n; cut++) {
				store_be16(p + 2, (uint16_t)cut);
				feed_exactly(p, cut, s);
			}
		}
	}
}

/* One byte of a valid packet takes every value. */
static void
every_single_byte_error_passes_every_machine(void **state)
{
	unsigned i, v;
	size_t n, at;

	(void)state;
	for (i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		uint8_t p[128];

		n = hex(packets[i], p, sizeof(p));
		for (at = 0; at < n; at++) {
			const uint8_t good = p[at];

			for (v = 0; v < 256; v += at < 6 ? 1 : 15) {
				p[at] = (uint8_t)v;
				feed_exactly(p, n, v % 2 != 0 ? CP_REQ_SENT : CP_OPENED);
			}
			p[at] = good;
		}
	}
}

static void
random_options_of_every_length_pass_every_machine(void **state)
{
	unsigned round;

	(void)state;
	for (round = 0; round < 3000; round++) {
		uint8_t p[CP_PACKET_MAX + 20];
		const size_t n = CP_HDR_LEN + rng_below(&rng, sizeof(p) - CP_HDR_LEN);
		size_t at = CP_HDR_LEN;

		rng_fill(&rng, p, n);
		p[0] = (uint8_t)(1 + rng_below(&rng, 13));
		store_be16(p + 2, (uint16_t)n);
		while (n - at >= 2) { /* lengths that add up, types near ours */
			const size_t len = 2 + rng_below(&rng, n - at < 20 ? (uint32_t)(n - at) - 1 : 12);

			p[at] = (uint8_t)rng_below(&rng, 24);
			p[at + 1] = (uint8_t)len;
			at += len;
		}
		store_be16(p + 2, (uint16_t)at);
		feed_exactly(p, n, (enum cp_state)rng_below(&rng, CP_STATES));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_prefix_of_valid_packets_passes_every_machine_in_every_state),
		cmocka_unit_test(every_single_byte_error_passes_every_machine),
		cmocka_unit_test(random_options_of_every_length_pass_every_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
