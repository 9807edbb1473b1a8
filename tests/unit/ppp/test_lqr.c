/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "control/ppp/lqr.h"

/* Two ends in virtual time; the counts are the test's. */

enum { PERIOD_MS = 1000, A = 0, B = 1 };
enum { MAGIC_A = 0x0a0a0a0a, MAGIC_B = 0x0b0b0b0b };

struct ends {
	struct lqr q[2];
	struct lqr_counts counts[2];
	uint64_t now_ms;
};

/* begin: where all counters are; what was sent or taken before does not matter. */
static void
ends_init(struct ends *e, uint32_t period_a_ms, uint32_t period_b_ms, uint32_t begin)
{
	const struct lqr a = {.sends = true,
		.period_ms = period_a_ms,
		.expects = true,
		.expected_ms = period_b_ms,
		.magic = MAGIC_A,
		.peer_magic = MAGIC_B};
	const struct lqr b = {.sends = true,
		.period_ms = period_b_ms,
		.expects = true,
		.expected_ms = period_a_ms,
		.magic = MAGIC_B,
		.peer_magic = MAGIC_A};

	*e = (struct ends){.q = {a, b}, .now_ms = 5000};
	for (unsigned i = 0; i < 2; i++) {
		e->counts[i] = (struct lqr_counts){{begin, begin}, {begin, begin}};
		lqr_begin(&e->q[i], e->now_ms);
	}
}

static void
carry(struct ends *e, unsigned from, uint32_t sent, uint32_t got)
{
	e->counts[from].out.packets += sent;
	e->counts[from].out.octets += sent * 100;
	e->counts[1 - from].in.packets += got;
	e->counts[1 - from].in.octets += got * 100;
}

/* What `from` has to say, if anything, to the other end. Returns how many reports went to and fro. */
static unsigned
talk(struct ends *e, unsigned from, bool arrives)
{
	uint8_t report[LQR_LEN];

	if (!lqr_asks(&e->q[from], e->now_ms) || !lqr_counted(&e->q[from], &e->counts[from], e->now_ms, report))
		return 0;
	e->counts[from].out.packets++;
	e->counts[from].out.octets += LQR_FRAME_OCTETS;
	if (!arrives)
		return 1;
	e->counts[1 - from].in.packets++;
	e->counts[1 - from].in.octets += LQR_FRAME_OCTETS;
	assert_int_equal(lqr_input(&e->q[1 - from], report, sizeof(report), e->now_ms), LQR_TAKEN);
	return 1 + talk(e, 1 - from, true);
}

static unsigned
second(struct ends *e)
{
	e->now_ms += PERIOD_MS;
	return talk(e, A, true) + talk(e, B, true);
}

/* RFC 1989 section 2.6, byte by byte. */
static void
fields_lie_in_the_order_of_the_rfc(void **state)
{
	static const uint8_t wire[LQR_LEN] = {0x01, 0x02, 0x03, 0x04, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5, 0,
		0, 0, 6, 0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0, 9, 0, 0, 0, 10, 0, 0, 0, 11, 0xff, 0xee, 0xdd, 0xcc};
	uint8_t again[LQR_LEN];
	struct lqr_report r;

	(void)state;
	for (size_t n = 0; n < LQR_LEN; n++)
		assert_false(lqr_parse(wire, n, &r));
	assert_true(lqr_parse(wire, LQR_LEN, &r));
	assert_int_equal(r.magic, 0x01020304);
	assert_int_equal(r.last_out_lqrs, 2);
	assert_int_equal(r.last_out.packets, 3);
	assert_int_equal(r.last_out.octets, 4);
	assert_int_equal(r.peer_in_lqrs, 5);
	assert_int_equal(r.peer_in_packets, 6);
	assert_int_equal(r.peer_in_discards, 7);
	assert_int_equal(r.peer_in_errors, 8);
	assert_int_equal(r.peer_in_octets, 9);
	assert_int_equal(r.peer_out_lqrs, 10);
	assert_int_equal(r.peer_out.packets, 11);
	assert_int_equal(r.peer_out.octets, 0xffeeddcc);
	lqr_store(again, &r);
	assert_memory_equal(again, wire, LQR_LEN);
}

/* The third report of B's, field by field: what A had told, what arrived, what B sent, itself included. */
static void
a_report_tells_what_was_sent_and_taken(void **state)
{
	uint8_t bytes[LQR_LEN];
	struct lqr_report r;
	struct ends e;

	(void)state;
	ends_init(&e, PERIOD_MS, PERIOD_MS, 0);
	carry(&e, A, 100, 90);
	carry(&e, B, 50, 50);
	second(&e);
	second(&e);
	carry(&e, A, 10, 10);
	e.now_ms += PERIOD_MS;
	assert_true(lqr_counted(&e.q[A], &e.counts[A], e.now_ms, bytes));
	carry(&e, A, 1, 1);
	assert_int_equal(lqr_input(&e.q[B], bytes, sizeof(bytes), e.now_ms), LQR_TAKEN);
	assert_true(lqr_counted(&e.q[B], &e.counts[B], e.now_ms, bytes));
	assert_true(lqr_parse(bytes, sizeof(bytes), &r));
	assert_int_equal(r.magic, MAGIC_B);
	assert_int_equal(r.last_out_lqrs, 3);
	assert_int_equal(r.last_out.packets, 100 + 10 + 3);
	assert_int_equal(r.last_out.octets, 11000 + 3 * LQR_FRAME_OCTETS);
	assert_int_equal(r.peer_in_lqrs, 3);
	assert_int_equal(r.peer_in_packets, 90 + 10 + 3);
	assert_int_equal(r.peer_in_octets, 10000 + 2 * LQR_FRAME_OCTETS + 100);
	assert_int_equal(r.peer_in_discards, 0);
	assert_int_equal(r.peer_in_errors, 0);
	assert_int_equal(r.peer_out_lqrs, 3);
	assert_int_equal(r.peer_out.packets, 50 + 3);
	assert_int_equal(r.peer_out.octets, 5000 + 3 * LQR_FRAME_OCTETS);
}

/* Per mille of what was sent: so many of 1000 data packets and one report in each period, over the last eight. */
static const struct loss_row {
	const char *name;
	uint32_t begin;
	uint32_t lost_a, lost_b; /* of each 999 that A and B send */
	unsigned permille_a, permille_b;
} loss_rows[] = {
	{"nothing is lost", 0, 0, 0, 0, 0},
	{"one direction", 0, 100, 0, 100, 0},
	{"the other", 0, 0, 250, 0, 250},
	{"both", 0, 10, 20, 10, 20},
	{"all data", 0, 999, 999, 999, 999},
	{"counters that wrap", UINT32_MAX - 1500, 100, 250, 100, 250},
	{"counters that wrap at once", UINT32_MAX, 10, 0, 10, 0},
};

static void
loss_is_the_difference_of_the_differences(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(loss_rows) / sizeof(loss_rows[0]); i++) {
		const struct loss_row *r = &loss_rows[i];
		struct ends e;

		print_message("%s\n", r->name);
		ends_init(&e, PERIOD_MS, PERIOD_MS, r->begin);
		for (unsigned k = 0; k < 3 * LQR_WINDOW; k++) {
			carry(&e, A, 999, 999 - r->lost_a);
			carry(&e, B, 999, 999 - r->lost_b);
			second(&e);
		}
		assert_int_equal(lqr_out_permille(&e.q[A], e.now_ms), r->permille_a);
		assert_int_equal(lqr_in_permille(&e.q[B], e.now_ms), r->permille_a);
		assert_int_equal(lqr_out_permille(&e.q[B], e.now_ms), r->permille_b);
		assert_int_equal(lqr_in_permille(&e.q[A], e.now_ms), r->permille_b);
	}
}

/* A burst of loss is told while it is among the last eight reports. */
static void
loss_of_long_ago_is_forgotten(void **state)
{
	struct ends e;

	(void)state;
	ends_init(&e, PERIOD_MS, PERIOD_MS, 77);
	second(&e);
	carry(&e, A, 999, 499);
	for (unsigned k = 0; k < LQR_WINDOW; k++) {
		second(&e);
		carry(&e, A, 999, 999);
		assert_true(lqr_in_permille(&e.q[B], e.now_ms) > 0);
	}
	second(&e);
	second(&e);
	assert_int_equal(lqr_in_permille(&e.q[B], e.now_ms), 0);
	assert_int_equal(lqr_out_permille(&e.q[A], e.now_ms), 0);
}

/* Packets under way are counted by one end in one period and by the other in the next. */
static void
packets_under_way_are_not_lost(void **state)
{
	struct ends e;

	(void)state;
	ends_init(&e, PERIOD_MS, PERIOD_MS, 0);
	carry(&e, A, 20, 0);
	for (unsigned k = 0; k < 2 * LQR_WINDOW; k++) {
		carry(&e, A, 1000, 1000);
		second(&e);
	}
	carry(&e, A, 0, 20);
	second(&e);
	assert_int_equal(lqr_in_permille(&e.q[B], e.now_ms), 0);
	assert_int_equal(lqr_out_permille(&e.q[A], e.now_ms), 0);
}

/* A lost report: the loss of both periods is in the next one. */
static void
a_lost_report_loses_nothing_else(void **state)
{
	struct ends e;

	(void)state;
	ends_init(&e, PERIOD_MS, PERIOD_MS, 0);
	for (unsigned k = 0; k < 20; k++) {
		carry(&e, A, 999, 899);
		e.now_ms += PERIOD_MS;
		talk(&e, A, k % 3 != 0);
		talk(&e, B, true);
	}
	/* each lost report is a lost packet itself */
	assert_in_range(lqr_in_permille(&e.q[B], e.now_ms), 100, 101);
	assert_in_range(lqr_out_permille(&e.q[A], e.now_ms), 100, 101);
}

/* Section 2.7. */
static void
reports_go_at_their_period_or_as_answers(void **state)
{
	struct ends e;

	(void)state;
	ends_init(&e, PERIOD_MS, 0, 0);
	assert_int_equal(lqr_deadline_ms(&e.q[A]), e.now_ms + PERIOD_MS);
	assert_int_equal(lqr_deadline_ms(&e.q[B]), UINT64_MAX);
	for (unsigned k = 0; k < 5; k++)
		assert_int_equal(second(&e), 2);
	assert_int_equal(e.q[A].out_lqrs, 5);
	assert_int_equal(e.q[B].out_lqrs, 5);
	e.now_ms += PERIOD_MS - 1;
	assert_false(lqr_asks(&e.q[A], e.now_ms));
	e.now_ms++;
	assert_true(lqr_asks(&e.q[A], e.now_ms));
}

/* Two of the peer's in a row that tell of the same last report of ours: it is slow, or ours was lost. */
static void
a_peer_that_has_not_had_ours_is_answered_at_once(void **state)
{
	uint8_t report[LQR_LEN];
	struct ends e;

	(void)state;
	ends_init(&e, 60 * PERIOD_MS, PERIOD_MS, 0);
	e.now_ms += PERIOD_MS;
	assert_int_equal(talk(&e, B, true), 1);
	e.now_ms += PERIOD_MS;
	assert_int_equal(talk(&e, B, true), 2);
	assert_int_equal(lqr_deadline_ms(&e.q[A]), e.now_ms + 60 * PERIOD_MS);
	e.now_ms += PERIOD_MS;
	assert_int_equal(talk(&e, B, true), 1);
	assert_false(lqr_counted(&e.q[A], &e.counts[A], e.now_ms, report));
}

static void
who_is_not_asked_sends_none(void **state)
{
	struct ends e;

	(void)state;
	ends_init(&e, PERIOD_MS, PERIOD_MS, 0);
	e.q[B].sends = false;
	lqr_begin(&e.q[B], e.now_ms);
	e.q[B].due_ms = UINT64_MAX;
	for (unsigned k = 0; k < 10; k++) {
		carry(&e, A, 999, 899);
		assert_int_equal(second(&e), 1);
	}
	assert_int_equal(lqr_in_permille(&e.q[B], e.now_ms), 100);
	assert_int_equal(lqr_out_permille(&e.q[A], e.now_ms), 0); /* nobody tells it */
}

static void
reports_with_a_wrong_magic_number_are_not_taken(void **state)
{
	uint8_t bytes[LQR_LEN + 8] = {0};
	struct lqr_report r = {.magic = MAGIC_A};
	struct ends e;

	(void)state;
	ends_init(&e, PERIOD_MS, PERIOD_MS, 0);
	lqr_store(bytes, &r);
	assert_int_equal(lqr_input(&e.q[A], bytes, LQR_LEN, e.now_ms), LQR_LOOPED);
	assert_int_equal(lqr_input(&e.q[B], bytes, LQR_LEN - 1, e.now_ms), LQR_SHORT);
	r.magic = 4711;
	lqr_store(bytes, &r);
	assert_int_equal(lqr_input(&e.q[A], bytes, LQR_LEN, e.now_ms), LQR_FOREIGN);
	assert_false(lqr_asks(&e.q[A], e.now_ms));
	assert_int_equal(e.q[A].in_lqrs, 0);
	/* without magic numbers both are 0, and bytes behind are ignored */
	e.q[A].magic = e.q[A].peer_magic = r.magic = 0;
	lqr_store(bytes, &r);
	assert_int_equal(lqr_input(&e.q[A], bytes, sizeof(bytes), e.now_ms), LQR_TAKEN);
}

static void
reports_that_do_not_come_are_loss(void **state)
{
	struct ends e;

	(void)state;
	ends_init(&e, PERIOD_MS, PERIOD_MS, 0);
	second(&e);
	second(&e);
	carry(&e, A, 998, 499);
	second(&e);
	second(&e);
	assert_true(lqr_out_permille(&e.q[A], e.now_ms + LQR_PATIENCE * PERIOD_MS) > 300);
	assert_int_equal(lqr_out_permille(&e.q[A], e.now_ms + LQR_PATIENCE * PERIOD_MS + 1), 0);
	assert_int_equal(lqr_in_permille(&e.q[A], e.now_ms + LQR_PATIENCE * PERIOD_MS), 0);
	assert_int_equal(lqr_in_permille(&e.q[A], e.now_ms + LQR_PATIENCE * PERIOD_MS + 1), 1000);
}

/* Any 32 bits may come from a peer. */
static void
periods_are_as_long_as_they_can_be(void **state)
{
	(void)state;
	assert_int_equal(lqr_period_ms(0), 0);
	assert_int_equal(lqr_period_ms(100), 1000);
	assert_int_equal(lqr_period_ms(0x19999999), 0xfffffffa);
	assert_int_equal(lqr_period_ms(0x1999999a), UINT32_MAX);
	assert_int_equal(lqr_period_ms(0x80000000), UINT32_MAX);
	assert_int_equal(lqr_period_ms(UINT32_MAX), UINT32_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_lie_in_the_order_of_the_rfc),
		cmocka_unit_test(a_report_tells_what_was_sent_and_taken),
		cmocka_unit_test(loss_is_the_difference_of_the_differences),
		cmocka_unit_test(loss_of_long_ago_is_forgotten),
		cmocka_unit_test(packets_under_way_are_not_lost),
		cmocka_unit_test(a_lost_report_loses_nothing_else),
		cmocka_unit_test(reports_go_at_their_period_or_as_answers),
		cmocka_unit_test(a_peer_that_has_not_had_ours_is_answered_at_once),
		cmocka_unit_test(who_is_not_asked_sends_none),
		cmocka_unit_test(reports_with_a_wrong_magic_number_are_not_taken),
		cmocka_unit_test(reports_that_do_not_come_are_loss),
		cmocka_unit_test(periods_are_as_long_as_they_can_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
