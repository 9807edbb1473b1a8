/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "control/ppp/line_meter.h"
#include "dataplane/mp/sched.h"

/* Lines in virtual time: what we pace to one rate, a modem sends at another, with a queue in front of it that drops when it is full. The
 * packets are cut by the scheduler that ships. */

enum { WIRES_MAX = 2, PACKET = 1500, OVERHEAD = 32, MODEM_MS = 300 };

struct wire {
	uint64_t real_bps;
	uint32_t base_ms;    /* round trip when everything is empty */
	uint32_t reverse_ms; /* what the peer's own queue adds */
	double queued_bits;
	double carried_bits, lost_bits; /* since the last wipe() */
	struct sched_line line;
	struct line_meter meter;
	uint64_t answer_ms; /* UINT64_MAX: none is under way */
	uint32_t rtt_ms;
	unsigned probes, founds, not_ours;
	uint64_t least_bps; /* in force at any time since the last wipe() */
};

struct lab {
	struct wire wire[WIRES_MAX];
	unsigned n;
	struct sched sched;
	uint64_t now_ms;
	bool idle;
};

static void
wire_add(struct lab *l, uint64_t told_bps, uint64_t real_bps)
{
	struct wire *w = &l->wire[l->n++];

	*w = (struct wire){.real_bps = real_bps, .base_ms = 20, .answer_ms = UINT64_MAX, .least_bps = told_bps};
	w->line = (struct sched_line){.pace = {.rate_bps = told_bps, .burst_ns = 2000000},
		.fragment_max = 1486,
		.frame_overhead = OVERHEAD,
		.usable = true};
	line_meter_init(&w->meter, told_bps, l->now_ms);
}

static void
wipe(struct lab *l)
{
	for (unsigned i = 0; i < l->n; i++) {
		l->wire[i].carried_bits = l->wire[i].lost_bits = 0;
		l->wire[i].least_bps = l->wire[i].line.pace.rate_bps;
	}
}

static void
enter_modem(struct wire *w, double bits)
{
	if (w->queued_bits + bits > (double)w->real_bps * (double)MODEM_MS / 1000)
		w->lost_bits += bits;
	else
		w->queued_bits += bits;
}

static void
modem_sends(struct wire *w)
{
	const double bits = (double)w->real_bps / 1000;
	const double now = w->queued_bits < bits ? w->queued_bits : bits;

	w->queued_bits -= now;
	w->carried_bits += now;
}

/* A line that is not paced takes ten times what it carries: somebody behind us always sends more. */
static bool
has_room(const struct lab *l)
{
	for (unsigned i = 0; i < l->n; i++)
		if (pacing_backlog_ns(&l->wire[i].line.pace, l->now_ms * 1000000) < 2000000)
			return true;
	return false;
}

static void
send_all(struct lab *l)
{
	const struct sched_config cfg = {.mode = SCHED_WEIGHTED, .min_fragment = 128};
	const struct sched_line *lines[WIRES_MAX];
	struct sched_piece pieces[SCHED_PIECES_MAX];

	for (unsigned i = 0; i < l->n; i++)
		lines[i] = &l->wire[i].line;
	for (unsigned packets = 0; packets < 100 && has_room(l); packets++) {
		const unsigned n = sched_split(&l->sched, &cfg, lines, l->n, PACKET, l->now_ms * 1000000, pieces);

		for (unsigned i = 0; i < n; i++) {
			struct wire *w = &l->wire[pieces[i].line];

			pacing_book(&w->line.pace, pieces[i].bytes + OVERHEAD, l->now_ms * 1000000);
			enter_modem(w, (pieces[i].bytes + OVERHEAD) * 8.0);
		}
	}
}

static void
take(struct wire *w, enum line_meter_news news)
{
	w->founds += news == LINE_METER_FOUND;
	w->not_ours += news == LINE_METER_NOT_OURS;
	w->line.pace.rate_bps = w->meter.rate_bps;
	if (w->meter.rate_bps < w->least_bps)
		w->least_bps = w->meter.rate_bps;
}

/* Every third probe into a full queue is lost. */
static void
meter(struct lab *l, struct wire *w)
{
	const double waits_ms = w->queued_bits * 1000 / (double)w->real_bps;

	if (l->now_ms >= w->answer_ms) {
		w->answer_ms = UINT64_MAX;
		take(w, line_meter_sample(&w->meter, w->rtt_ms, l->now_ms));
	}
	if (l->now_ms < line_meter_deadline_ms(&w->meter))
		return;
	take(w, line_meter_probed(&w->meter, l->now_ms));
	if (w->probes++ % 3 == 0 && waits_ms > MODEM_MS - 5)
		return;
	w->rtt_ms = w->base_ms + w->reverse_ms + (uint32_t)waits_ms;
	w->answer_ms = l->now_ms + w->rtt_ms;
}

static void
run(struct lab *l, unsigned seconds)
{
	for (const uint64_t end_ms = l->now_ms + seconds * 1000; l->now_ms < end_ms; l->now_ms++) {
		for (unsigned i = 0; i < l->n; i++) {
			modem_sends(&l->wire[i]);
			meter(l, &l->wire[i]);
		}
		if (!l->idle)
			send_all(l);
	}
}

static void
assert_near(const struct wire *w)
{
	const double rate = (double)w->line.pace.rate_bps, real = (double)w->real_bps;

	if (rate < 0.93 * real || rate > 1.005 * real)
		fail_msg("paced to %.0f bit/s, the line carries %.0f", rate, real);
}

static void
a_line_of_half_the_told_rate_is_found_and_the_split_corrected(void **state)
{
	struct lab l = {0};

	(void)state;
	wire_add(&l, 20000000, 20000000);
	wire_add(&l, 20000000, 10000000);
	run(&l, 3);
	assert_true(l.wire[1].lost_bits > 0); /* this is what it is about */
	run(&l, 117);
	assert_near(&l.wire[0]);
	assert_near(&l.wire[1]);
	assert_true(line_meter_is_found(&l.wire[1].meter));
	assert_false(line_meter_is_found(&l.wire[0].meter));
	wipe(&l);
	run(&l, 60);
	assert_true(l.wire[0].lost_bits == 0 && l.wire[1].lost_bits == 0);
	/* each carries what it can, together more than nine tenths of the 30 Mbit/s */
	assert_true(l.wire[0].carried_bits > 0.97 * 60 * 20e6);
	assert_true(l.wire[1].carried_bits > 0.92 * 60 * 10e6);
}

static void
any_rate_down_to_an_eighth_is_found(void **state)
{
	static const uint64_t real_kbps[] = {47000, 40000, 33000, 26000, 21000, 14000, 9000, 6500};

	(void)state;
	for (size_t i = 0; i < sizeof(real_kbps) / sizeof(real_kbps[0]); i++) {
		struct lab l = {0};

		wire_add(&l, 50000000, real_kbps[i] * 1000);
		run(&l, 180);
		assert_near(&l.wire[0]);
		assert_true(l.wire[0].founds >= 1 && l.wire[0].founds <= 3);
	}
}

static void
a_line_that_nobody_told_of_is_found(void **state)
{
	static const uint64_t real_kbps[] = {100000, 16000, 2000};

	(void)state;
	for (size_t i = 0; i < sizeof(real_kbps) / sizeof(real_kbps[0]); i++) {
		struct lab l = {0};

		wire_add(&l, 0, real_kbps[i] * 1000);
		run(&l, 240);
		assert_near(&l.wire[0]);
	}
}

static void
a_line_that_was_told_rightly_stays_as_it_is(void **state)
{
	struct lab l = {0};

	(void)state;
	wire_add(&l, 20000000, 20000000);
	wire_add(&l, 10000000, 10100000);
	run(&l, 3600);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(l.wire[i].founds + l.wire[i].not_ours, 0);
		assert_true(l.wire[i].least_bps == l.wire[i].meter.told_bps);
		assert_true(l.wire[i].lost_bits == 0);
	}
}

/* The peer uploads without pacing: our line is innocent. */
static void
a_queue_at_the_peers_end_costs_few_experiments(void **state)
{
	struct lab l = {0};

	(void)state;
	wire_add(&l, 20000000, 20000000);
	run(&l, 60);
	l.wire[0].reverse_ms = 200;
	run(&l, 60);
	assert_int_equal(l.wire[0].founds, 0);
	assert_int_equal(l.wire[0].not_ours, 1);
	assert_true(l.wire[0].line.pace.rate_bps == 20000000);
	wipe(&l);
	for (unsigned i = 0; i < 240; i++) { /* it comes and goes */
		l.wire[0].reverse_ms = i % 2 == 0 ? 0 : 200;
		run(&l, 30);
	}
	assert_true(l.wire[0].line.pace.rate_bps == 20000000);
	assert_int_equal(l.wire[0].founds, 0);
	assert_true(l.wire[0].not_ours < 10); /* the rest between two grows: one minute, two, four ... */
	assert_true(l.wire[0].carried_bits > 0.98 * 7200 * 20e6);
}

static void
a_line_that_becomes_faster_or_slower_is_followed(void **state)
{
	struct lab l = {0};

	(void)state;
	wire_add(&l, 20000000, 10000000);
	run(&l, 120);
	assert_near(&l.wire[0]);
	l.wire[0].real_bps = 14000000;
	run(&l, 3600);
	assert_near(&l.wire[0]);
	l.wire[0].real_bps = 5000000;
	run(&l, 180);
	assert_near(&l.wire[0]);
	l.wire[0].real_bps = 20000000;
	run(&l, 3 * 3600);
	assert_true(l.wire[0].line.pace.rate_bps == 20000000);
	assert_false(line_meter_is_found(&l.wire[0].meter));
}

static void
an_idle_line_and_a_silent_peer_change_nothing(void **state)
{
	struct lab l = {.idle = true};
	struct line_meter m;

	(void)state;
	wire_add(&l, 20000000, 5000000);
	run(&l, 3600);
	assert_true(l.wire[0].least_bps == 20000000);
	l.idle = false;
	run(&l, 180);
	assert_near(&l.wire[0]);
	/* nobody answers in the middle of an experiment: it ends */
	line_meter_init(&m, 8000000, 0);
	line_meter_sample(&m, 10, 0);
	line_meter_sample(&m, 200, 1000);
	assert_int_equal(line_meter_sample(&m, 210, 2000), LINE_METER_CHANGED);
	assert_true(m.rate_bps == 4000000);
	assert_int_equal(line_meter_probed(&m, 3000), LINE_METER_NOTHING);
	assert_int_equal(line_meter_probed(&m, 2001 + LINE_METER_SEARCH_MAX_MS), LINE_METER_NOT_OURS);
	assert_true(m.rate_bps == 8000000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_of_half_the_told_rate_is_found_and_the_split_corrected),
		cmocka_unit_test(any_rate_down_to_an_eighth_is_found),
		cmocka_unit_test(a_line_that_nobody_told_of_is_found),
		cmocka_unit_test(a_line_that_was_told_rightly_stays_as_it_is),
		cmocka_unit_test(a_queue_at_the_peers_end_costs_few_experiments),
		cmocka_unit_test(a_line_that_becomes_faster_or_slower_is_followed),
		cmocka_unit_test(an_idle_line_and_a_silent_peer_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
