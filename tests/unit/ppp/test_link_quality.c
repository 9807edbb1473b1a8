/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/ppp/link_quality.h"

/* A link in virtual time: a probe a second, answered after so long, or one of so many not at all. */

enum { FASTEST_MS = 20, HOLD_MS = 30000, LOSS_MAX = 200, SKEW_MAX_MS = 50 };

static const struct link_quality_limits limits = {
	.loss_max_permille = LOSS_MAX, .skew_max_ms = SKEW_MAX_MS, .hold_ms = HOLD_MS};

struct bench {
	struct link_quality q;
	uint64_t now_ms;
	uint32_t rtt_ms;
	unsigned lose_each; /* 0: none */
	enum link_quality_verdict last;
};

static struct bench
bench_new(void)
{
	struct bench b = {.rtt_ms = FASTEST_MS};

	link_quality_init(&b.q, 0);
	return b;
}

/* As the host does: what is found is done. Returns how often something was. */
static unsigned
run(struct bench *b, unsigned seconds)
{
	unsigned changes = 0;

	for (unsigned i = 0; i < seconds; i++) {
		enum link_quality_verdict v;

		b->now_ms += 1000;
		assert_true(b->q.probe_ms <= b->now_ms);
		link_quality_probed(&b->q, b->now_ms);
		if (b->lose_each == 0 || b->q.probes % b->lose_each != 0)
			link_quality_answered(&b->q, b->rtt_ms);
		v = link_quality_judge(&b->q, &limits, FASTEST_MS, b->now_ms);
		if (v == LINK_QUALITY_AS_IT_IS)
			continue;
		changes++;
		b->last = v;
		if (v == LINK_QUALITY_GOOD)
			link_quality_resume(&b->q, b->now_ms);
		else
			link_quality_suspend(&b->q, &limits, b->now_ms);
	}
	return changes;
}

static void
round_trips_are_counted_smoothed_and_sorted(void **state)
{
	struct bench b = bench_new();

	(void)state;
	run(&b, 100);
	assert_int_equal(link_quality_rtt_ms(&b.q), 20);
	assert_int_equal(link_quality_jitter_us(&b.q), 0);
	assert_int_equal(b.q.rtts[4], 100);  /* above 10, up to 20 ms */
	for (unsigned i = 0; i < 400; i++) { /* 20 and 40 ms in turn: 20 ms from one to the next */
		b.rtt_ms = i % 2 != 0 ? 20 : 40;
		run(&b, 1);
	}
	assert_in_range(link_quality_rtt_ms(&b.q), 27, 32);
	assert_in_range(link_quality_jitter_us(&b.q), 19000, 20000);
	assert_int_equal(b.q.rtts[4], 300);
	assert_int_equal(b.q.rtts[5], 200);
	assert_int_equal(b.q.least_ms, 20);
	assert_int_equal(b.q.most_ms, 40);
	b.rtt_ms = 3000;
	run(&b, 1);
	assert_int_equal(b.q.rtts[LINK_QUALITY_BUCKETS - 1], 1);
}

/* Each second one sample; hand-computed. */
static void
what_a_link_brings_is_sorted_by_seconds(void **state)
{
	static const struct {
		uint64_t packets, lost;
		uint32_t skew_us;
		unsigned loss_at, skew_at; /* buckets */
	} rows[] = {
		{1000, 0, 0, 0, 0},       /* nothing lost, not late at all */
		{1000, 0, 1000, 0, 0},    /* 1 ms */
		{999, 1, 1001, 1, 1},     /* one of 1000; a little more than 1 ms */
		{9999, 1, 5000, 1, 2},    /* one of 10,000 is more than none */
		{998, 2, 20000, 2, 4},    /* two of 1000 */
		{990, 10, 60000, 4, 6},   /* ten */
		{500, 500, 200000, 9, 7}, /* half */
		{0, 7, 3000000, 10, 11},  /* all */
	};
	uint64_t packets = 4711, lost = 12;
	struct link_spread s = {0};
	unsigned n = 0;

	(void)state;
	link_spread_received(&s, packets, lost, 77); /* the first tells where counting begins */
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const uint32_t losses = s.losses[rows[i].loss_at], skews = s.skews[rows[i].skew_at];

		packets += rows[i].packets;
		lost += rows[i].lost;
		link_spread_received(&s, packets, lost, rows[i].skew_us);
		assert_int_equal(s.losses[rows[i].loss_at], losses + 1);
		assert_int_equal(s.skews[rows[i].skew_at], skews + 1);
		link_spread_received(&s, packets, lost, 5); /* a second without a packet */
	}
	for (unsigned i = 0; i < LINK_LOSS_BUCKETS; i++)
		n += s.losses[i];
	assert_int_equal(n, sizeof(rows) / sizeof(rows[0]));
	link_spread_jitter(&s, 0);
	link_spread_jitter(&s, 7);
	link_spread_jitter(&s, 5000);
	assert_int_equal(s.jitters[0], 1);
	assert_int_equal(s.jitters[3], 1);
	assert_int_equal(s.jitters[LINK_QUALITY_BUCKETS - 1], 1);
}

static void
a_reported_loss_counts_as_one_of_echoes(void **state)
{
	struct bench b = bench_new();

	(void)state;
	run(&b, 40);
	link_quality_reported(&b.q, 150);
	assert_true(link_quality_is_reported(&b.q));
	assert_int_equal(link_quality_loss_permille(&b.q), 150);
	run(&b, 40);
	assert_int_equal(b.q.suspensions, 0);
	link_quality_reported(&b.q, 201);
	run(&b, 1);
	assert_int_equal(b.q.suspensions, 1);
	link_quality_reported(&b.q, 101); /* more than half of what is allowed: not yet */
	run(&b, 100);
	assert_true(b.q.suspended);
	link_quality_reported(&b.q, 100);
	run(&b, 32);
	assert_false(b.q.suspended);
}

static void
loss_is_of_the_last_32_probes(void **state)
{
	struct bench b = bench_new();

	(void)state;
	b.lose_each = 8;
	run(&b, 65); /* the last one is not settled by a next */
	assert_int_equal(link_quality_loss_permille(&b.q), 125);
	assert_int_equal(b.q.lost, 8);
	b.lose_each = 0;
	run(&b, 32);
	assert_int_equal(link_quality_loss_permille(&b.q), 0);
	assert_int_equal(b.q.lost, 8);
	assert_int_equal(b.q.suspensions, 0); /* 125 is less than 200 */
}

static void
a_lossy_link_is_suspended_and_comes_back_when_it_is_good_for_the_hold(void **state)
{
	struct bench b = bench_new();
	uint64_t clean_ms;

	(void)state;
	run(&b, 60);
	b.lose_each = 3; /* 333 of a thousand */
	assert_int_equal(run(&b, 40), 1);
	assert_int_equal(b.last, LINK_QUALITY_LOSS);
	assert_true(b.q.suspended);
	b.lose_each = 8; /* 125: below the limit, but not well below it */
	assert_int_equal(run(&b, 600), 0);
	b.lose_each = 0;
	clean_ms = b.now_ms;
	while (b.q.suspended)
		run(&b, 1);
	assert_int_equal(b.last, LINK_QUALITY_GOOD);
	assert_in_range(b.now_ms - clean_ms, HOLD_MS, HOLD_MS + 33 * 1000);
}

static void
a_late_link_is_suspended_and_a_little_less_late_is_not_enough(void **state)
{
	struct bench b = bench_new();

	(void)state;
	b.rtt_ms = FASTEST_MS + SKEW_MAX_MS;
	assert_int_equal(run(&b, 100), 0);
	b.rtt_ms += 2;
	assert_int_equal(run(&b, 60), 1);
	assert_int_equal(b.last, LINK_QUALITY_SKEW);
	b.rtt_ms = FASTEST_MS + SKEW_MAX_MS - 5;
	assert_int_equal(run(&b, 600), 0);
	b.rtt_ms = FASTEST_MS + SKEW_MAX_MS / 2;
	assert_int_equal(run(&b, 29), 0);
	assert_int_equal(run(&b, 30), 1);
	assert_int_equal(b.last, LINK_QUALITY_GOOD);
}

static void
a_link_that_keeps_falling_back_has_to_wait_longer_each_time(void **state)
{
	struct bench b = bench_new();
	uint64_t before = 0;

	(void)state;
	run(&b, 60);
	for (unsigned round = 0; round < 7; round++) {
		uint64_t begun_ms;

		b.rtt_ms = 500;
		while (!b.q.suspended)
			run(&b, 1);
		b.rtt_ms = FASTEST_MS;
		begun_ms = b.now_ms;
		while (b.q.suspended)
			run(&b, 1);
		if (round < 5 && before != 0)
			assert_true(b.now_ms - begun_ms > before + before / 2);
		before = b.now_ms - begun_ms;
	}
	assert_in_range(before, 16 * HOLD_MS, 16 * HOLD_MS + 60000);
	run(&b, 3600); /* good for long: the next time is the first again */
	b.rtt_ms = 500;
	while (!b.q.suspended)
		run(&b, 1);
	assert_int_equal(b.q.holds, 1);
}

static void
few_probes_decide_nothing_and_switched_off_limits_neither(void **state)
{
	static const struct link_quality_limits none = {.hold_ms = HOLD_MS};
	struct bench b = bench_new();

	(void)state;
	b.rtt_ms = 5000;
	b.lose_each = 2;
	assert_int_equal(run(&b, LINK_QUALITY_LEAST - 1), 0);
	assert_int_equal(run(&b, 5), 1);
	link_quality_resume(&b.q, b.now_ms);
	assert_int_equal(link_quality_judge(&b.q, &none, FASTEST_MS, b.now_ms), LINK_QUALITY_AS_IT_IS);
	/* a peer that sends no data back */
	b = bench_new();
	b.lose_each = 1;
	assert_int_equal(run(&b, 100), 0);
	assert_int_equal(link_quality_loss_permille(&b.q), 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trips_are_counted_smoothed_and_sorted),
		cmocka_unit_test(what_a_link_brings_is_sorted_by_seconds),
		cmocka_unit_test(a_reported_loss_counts_as_one_of_echoes),
		cmocka_unit_test(loss_is_of_the_last_32_probes),
		cmocka_unit_test(a_lossy_link_is_suspended_and_comes_back_when_it_is_good_for_the_hold),
		cmocka_unit_test(a_late_link_is_suspended_and_a_little_less_late_is_not_enough),
		cmocka_unit_test(a_link_that_keeps_falling_back_has_to_wait_longer_each_time),
		cmocka_unit_test(few_probes_decide_nothing_and_switched_off_limits_neither),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
