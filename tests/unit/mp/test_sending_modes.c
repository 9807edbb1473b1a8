/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tools/sending-modes/model.h"

/* What the modes do to packets, from queue to delivery, against arithmetic. */

#define MBIT UINT64_C(1000000)

/* Ethernet 14 + PPPoE 6 + PPP 2 + MP 4, and the inner protocol field in front of each packet */
enum { OVERHEAD = 26, PROTO = 2 };

static const enum sched_mode modes[] = {SCHED_WEIGHTED, SCHED_EQUAL, SCHED_ROUND_ROBIN, SCHED_PACKET, SCHED_OVERFLOW};

enum { MODES = sizeof(modes) / sizeof(modes[0]) };

static struct model_case
lines_of(enum sched_mode mode, unsigned n, uint64_t rate_bps)
{
	struct model_case c = {
		.sched = {.mode = (uint8_t)mode, .overflow_ms = 10, .min_fragment = 128},
		.n_lines = n,
		.packets = 200,
		.seed = 7,
	};

	for (unsigned i = 0; i < n; i++)
		c.line[i] = (struct model_line){.rate_bps = rate_bps, .cost = (uint8_t)i};
	return c;
}

/* Whatever the case: nothing is delivered out of order or in part, and only what a line lost a piece of does not arrive. */
static struct model_result
run(const struct model_case *c)
{
	struct model_result r;

	assert_true(model_run(c, &r));
	assert_int_equal(r.disordered, 0);
	assert_int_equal(r.lost, r.hit);
	assert_int_equal(r.delivered + r.refused + r.lost, c->packets);
	return r;
}

static void
assert_near(double got, double want, double tolerance)
{
	if (got < want * (1 - tolerance) || got > want * (1 + tolerance))
		fail_msg("%f is not within %f of %f", got, tolerance, want);
}

/* G-51: a packet of 1400 bytes alone on N lines of 1 Mbit/s. Cut in N it takes 8 us for each byte of (1402 / N + 26), rounded up to whole
 * bytes; whole it takes 8 * 1428 us however many lines there are. */
static void
a_lone_packet_takes_an_nth_of_the_time_when_it_is_cut(void **state)
{
	static const struct {
		unsigned lines;
		double cut_us;
	} rows[] = {{1, 11424}, {2, 5816}, {4, 3016}, {8, 1616}}; /* 1402, 701, 351, 176 and 26 each */

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (unsigned m = 0; m < MODES; m++) {
			struct model_case c = lines_of(modes[m], rows[i].lines, MBIT);
			struct model_result r;

			c.traffic = MODEL_LONE;
			c.packet_bytes = 1400;
			r = run(&c);
			if (modes[m] ==
				SCHED_WEIGHTED) /* what rounding leaves is one line's: up to a byte for each other one */
				assert_true(r.delay_us >= rows[i].cut_us && r.delay_us <= rows[i].cut_us + 8 * 8);
			else
				assert_near(r.delay_us, modes[m] == SCHED_EQUAL ? rows[i].cut_us : 11424, 1e-6);
			assert_near(r.delay_max_us, r.delay_us, 1e-6);
			assert_true(r.jitter_us < 0.01);
		}
}

/* B-20: 1 % of one line's frames are lost. Cut over both lines each packet is exposed, whole only every second one is. Above what a link
 * takes (G-50) whole packets are two frames of one line, and exposed as often as cut ones. 400000 packets: 4 sigma are 6 and 9 %. */
static void
round_robin_halves_the_loss_of_one_bad_line_of_two(void **state)
{
	static const struct {
		enum sched_mode mode;
		uint16_t bytes;
		double lost_percent;
	} rows[] = {
		{SCHED_WEIGHTED, 1400, 1.0}, {SCHED_EQUAL, 1400, 1.0}, {SCHED_ROUND_ROBIN, 1400, 0.5},
		{SCHED_PACKET, 1400, 0.5}, {SCHED_WEIGHTED, 1500, 1.0},
		{SCHED_ROUND_ROBIN, 1500, 0.995}, /* half of 1 - 0.99 * 0.99 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct model_case c = lines_of(rows[i].mode, 2, 10 * MBIT);
		struct model_result r;

		c.line[0].loss_ppm = 10000;
		c.traffic = MODEL_SAME;
		c.packet_bytes = rows[i].bytes;
		c.load_percent = 70;
		c.packets = 400000;
		r = run(&c);
		assert_int_equal(r.refused, 0);
		assert_near(r.lost * 100.0 / c.packets, rows[i].lost_percent, rows[i].lost_percent > 0.9 ? 0.06 : 0.09);
	}
}

/* At 120 % of two lines, packets of 1400 bytes: the lines are full, of frames of 1402 + 26 bytes or of two times 701 + 26. Cutting costs a
 * header, 1.8 % of the goodput, and doubles the frames. */
static void
full_lines_carry_their_rate_less_the_headers(void **state)
{
	static const uint64_t rates[] = {MBIT, 10 * MBIT, 50 * MBIT};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (unsigned m = 0; m < MODES; m++) {
			const bool cut = modes[m] == SCHED_WEIGHTED || modes[m] == SCHED_EQUAL;
			const double line_bytes = 1400 + PROTO + OVERHEAD * (cut ? 2 : 1);
			struct model_case c = lines_of(modes[m], 2, rates[i]);
			struct model_result r;

			c.traffic = MODEL_SAME;
			c.packet_bytes = 1400;
			c.load_percent = 120;
			c.packets = 20000;
			r = run(&c);
			assert_near(r.goodput_bps, 2.0 * (double)rates[i] * 1400 / line_bytes, 0.01);
			assert_near(r.frames_per_s / r.packets_per_s, cut ? 2 : 1, 0.01);
		}
}

/* Equal pieces and turns go at the pace of the slowest line: 5 + 5 of 20 + 5 Mbit/s. */
static void
equal_shares_of_unequal_lines_are_those_of_the_slowest(void **state)
{
	(void)state;
	for (unsigned m = 0; m < MODES; m++) {
		const bool slowest = modes[m] == SCHED_EQUAL || modes[m] == SCHED_ROUND_ROBIN;
		struct model_case c = lines_of(modes[m], 2, 20 * MBIT);
		struct model_result r;

		c.line[1].rate_bps = 5 * MBIT;
		c.traffic = MODEL_SAME;
		c.packet_bytes = 1400;
		c.load_percent = 120;
		c.packets = 20000;
		r = run(&c);
		assert_near(r.share[0], slowest ? 0.5 : 0.8, 0.02);
		assert_near(r.goodput_bps, (slowest ? 10e6 : 25e6) * 1400 / 1441, 0.02); /* 1428 to 1454 */
	}
}

/* What the cheap line carries alone never touches the dear one; beyond that nobody waits longer than the limit and a packet. */
static void
overflow_leaves_the_dear_line_alone_and_bounds_the_wait(void **state)
{
	struct model_case c = lines_of(SCHED_OVERFLOW, 2, 10 * MBIT);
	struct model_result r;

	(void)state;
	c.traffic = MODEL_SAME;
	c.packet_bytes = 1400;
	c.packets = 20000;
	c.load_percent = 20; /* of both: 40 % of the cheap one */
	r = run(&c);
	assert_true(r.share[0] > 0.9999);
	c.load_percent = 80; /* 160 %: 1 / 1.6 on the cheap one */
	r = run(&c);
	assert_near(r.share[0], 0.625, 0.01);
	assert_true(r.delay_p50_us < 10000 + 2 * 1142.4);
	assert_int_equal(r.refused, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lone_packet_takes_an_nth_of_the_time_when_it_is_cut),
		cmocka_unit_test(round_robin_halves_the_loss_of_one_bad_line_of_two),
		cmocka_unit_test(full_lines_carry_their_rate_less_the_headers),
		cmocka_unit_test(equal_shares_of_unequal_lines_are_those_of_the_slowest),
		cmocka_unit_test(overflow_leaves_the_dear_line_alone_and_bounds_the_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
