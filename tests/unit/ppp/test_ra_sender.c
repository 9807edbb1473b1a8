/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/ra_sender.h"

#include "tests/unit/ppp/ppp_test.h"

static const struct ip_addr all_nodes = {{0xff, 0x02, [15] = 1}}, peer = {{0xfe, 0x80, [15] = 9}},
			    other = {{0xfe, 0x80, [15] = 8}}, nobody = {{0}};

/* All that are due; how many went to all nodes and how many to one. */
static void
take(struct ra_sender *s, uint64_t now_ms, unsigned *all, unsigned *one)
{
	struct ip_addr dst;

	*all = *one = 0;
	while (ra_sender_next(s, now_ms, &dst)) {
		*all += ip_addr_equal(&dst, &all_nodes);
		*one += !ip_addr_equal(&dst, &all_nodes);
	}
	assert_true(ra_sender_deadline_ms(s) > now_ms);
}

/* RFC 4861 section 6.2.4: three soon, no more than 16 s apart, then between a third of MaxRtrAdvInterval and that. */
static void
three_come_soon_then_one_now_and_then(void **state)
{
	struct rng rng = {.state = 1};
	struct ra_sender s = {0};
	uint64_t now_ms = 5000, last_ms = 0;
	unsigned all, one;

	(void)state;
	assert_true(ra_sender_deadline_ms(&s) == UINT64_MAX);
	ra_sender_start(&s, rng_fill, &rng, now_ms);
	for (unsigned i = 0; i < 200; i++) {
		assert_true(i == 0 ? ra_sender_deadline_ms(&s) == now_ms : ra_sender_deadline_ms(&s) > now_ms);
		now_ms = ra_sender_deadline_ms(&s);
		take(&s, now_ms, &all, &one);
		assert_int_equal(all, 1);
		assert_int_equal(one, 0);
		if (i == 1 || i == 2)
			assert_in_range(now_ms - last_ms, 3000, 16000);
		else if (i > 2)
			assert_in_range(now_ms - last_ms, 198000, 600000);
		last_ms = now_ms;
	}
	ra_sender_stop(&s);
	assert_true(ra_sender_deadline_ms(&s) == UINT64_MAX);
	take(&s, now_ms + 1000000, &all, &one);
	assert_int_equal(all + one, 0);
}

/* Section 6.2.6: after up to half a second; several solicitations have one answer. */
static void
who_asks_is_answered_soon_and_alone(void **state)
{
	struct rng rng = {.state = 2};
	uint64_t soonest = UINT64_MAX, latest = 0;
	struct ra_sender s;
	unsigned all, one;

	(void)state;
	ra_sender_start(&s, rng_fill, &rng, 0);
	take(&s, 0, &all, &one);
	for (uint64_t i = 0; i < 300; i++) {
		const uint64_t now_ms = 1 + i * 10;
		struct ra_sender copy = s;

		ra_sender_solicited(&copy, &peer, now_ms);
		const uint64_t at_ms = ra_sender_deadline_ms(&copy);

		ra_sender_solicited(&copy, &peer, now_ms + 1);
		assert_true(ra_sender_deadline_ms(&copy) == at_ms);
		assert_in_range(at_ms, now_ms, now_ms + 500);
		soonest = at_ms - now_ms < soonest ? at_ms - now_ms : soonest;
		latest = at_ms - now_ms > latest ? at_ms - now_ms : latest;
		take(&copy, at_ms, &all, &one);
		assert_int_equal(one, 1);
		assert_int_equal(all, 0);
	}
	assert_true(soonest < 50 && latest > 450);
}

/* Section 6.2.6: no two to all nodes within three seconds. */
static void
all_nodes_hear_no_more_than_one_in_three_seconds(void **state)
{
	struct rng rng = {.state = 3};
	struct ra_sender s;
	unsigned all, one, sent = 0;
	uint64_t last_ms = 0;

	(void)state;
	ra_sender_start(&s, rng_fill, &rng, 0);
	take(&s, 0, &all, &one);
	for (uint64_t now_ms = 1; now_ms < 60000; now_ms++) {
		ra_sender_solicited(&s, now_ms % 3 == 0 ? &nobody : now_ms % 3 == 1 ? &peer : &other, now_ms);
		if (ra_sender_deadline_ms(&s) > now_ms)
			continue;
		take(&s, now_ms, &all, &one);
		if (all == 0)
			continue;
		assert_int_equal(all, 1);
		assert_true(now_ms - last_ms >= 3000);
		last_ms = now_ms;
		sent++;
	}
	assert_in_range(sent, 15, 20);
}

static void
who_is_silent_answers_nobody(void **state)
{
	struct ra_sender s = {0};
	unsigned all, one;

	(void)state;
	ra_sender_solicited(&s, &peer, 0);
	take(&s, 100000, &all, &one);
	assert_int_equal(all + one, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_come_soon_then_one_now_and_then),
		cmocka_unit_test(who_asks_is_answered_soon_and_alone),
		cmocka_unit_test(all_nodes_hear_no_more_than_one_in_three_seconds),
		cmocka_unit_test(who_is_silent_answers_nobody),
	};

	return cmocka_run_group_tests_name("router advertisements, when", tests, NULL, NULL);
}
