/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>

#include "tools/sending-modes/model.h"

/* Every case of docs/sending-modes.md, a line of JSON each; tools/dev/sending-modes.py makes the tables and the plot of them. */

enum { MIN_FRAGMENT = 128, OVERFLOW_MS = 10 };
#define MBIT UINT64_C(1000000)

static const char *const mode_names[] = {"weighted", "equal", "round-robin", "packet", "overflow"};
static const enum sched_mode modes[] = {SCHED_WEIGHTED, SCHED_EQUAL, SCHED_ROUND_ROBIN, SCHED_PACKET, SCHED_OVERFLOW};
static const unsigned mbits[] = {1, 10, 50};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct model_case
case_of(enum sched_mode mode, unsigned n, unsigned mbit)
{
	struct model_case c = {
		.sched = {.mode = (uint8_t)mode, .overflow_ms = OVERFLOW_MS, .min_fragment = MIN_FRAGMENT},
		.n_lines = n,
		.seed = 1,
	};

	for (unsigned i = 0; i < n; i++)
		c.line[i] = (struct model_line){.rate_bps = mbit * MBIT, .cost = (uint8_t)i};
	return c;
}

static void
run(const char *table, const struct model_case *c)
{
	struct model_result r;

	if (!model_run(c, &r)) {
		fprintf(stderr, "%s: no memory\n", table);
		exit(1);
	}
	if (r.disordered != 0) {
		fprintf(stderr, "%s, %s: %u packets were out of order\n", table, mode_names[c->sched.mode],
			r.disordered);
		exit(1);
	}
	printf("{\"table\": \"%s\", \"mode\": \"%s\", \"lines\": [", table, mode_names[c->sched.mode]);
	for (unsigned i = 0; i < c->n_lines; i++)
		printf("%s%u", i > 0 ? ", " : "", (unsigned)(c->line[i].rate_bps / MBIT));
	printf("], \"min_fragment\": %u, \"packet_bytes\": %u, \"load_percent\": %u,", c->sched.min_fragment,
		c->packet_bytes, c->load_percent);
	printf(" \"refused_percent\": %.3f, \"lost_percent\": %.3f,", r.refused * 100.0 / c->packets,
		r.lost * 100.0 / (c->packets - r.refused));
	printf(" \"packets_per_s\": %.1f, \"frames_per_s\": %.1f, \"goodput_mbit\": %.4f,", r.packets_per_s,
		r.frames_per_s, r.goodput_bps / 1e6);
	printf(" \"delay_us\": %.1f, \"p50_us\": %.1f, \"p99_us\": %.1f, \"jitter_us\": %.1f, \"first_line_percent\": %.2f}\n",
		r.delay_us, r.delay_p50_us, r.delay_p99_us, r.jitter_us, r.share[0] * 100);
}

/* One packet at a time: what cutting does for it. */
static void
lone_packets(void)
{
	static const unsigned counts[] = {1, 2, 4, 8};

	for (size_t k = 0; k < COUNT(mbits); k++)
		for (size_t m = 0; m < COUNT(modes); m++)
			for (size_t n = 0; n < COUNT(counts); n++) {
				struct model_case c = case_of(modes[m], counts[n], mbits[k]);

				c.traffic = MODEL_LONE;
				c.packet_bytes = 1500;
				c.packets = 64;
				run("lone", &c);
			}
}

static void
under_load(const char *table, enum model_traffic traffic, unsigned load_percent, unsigned packets)
{
	for (size_t k = 0; k < COUNT(mbits); k++)
		for (size_t m = 0; m < COUNT(modes); m++) {
			struct model_case c = case_of(modes[m], 2, mbits[k]);

			c.traffic = traffic;
			c.packet_bytes = traffic == MODEL_MIX ? 0 : 1400;
			c.load_percent = load_percent;
			c.packets = packets;
			run(table, &c);
		}
}

static void
unequal_lines(unsigned load_percent, unsigned packets)
{
	for (size_t m = 0; m < COUNT(modes); m++) {
		struct model_case c = case_of(modes[m], 2, 20);

		c.line[1].rate_bps = 5 * MBIT;
		c.traffic = MODEL_SAME;
		c.packet_bytes = 1400;
		c.load_percent = load_percent;
		c.packets = packets;
		run("unequal", &c);
	}
}

static void
floors(const char *table, unsigned load_percent)
{
	static const uint16_t floor[] = {1, 64, 128, 256, 512, 751, 1503};

	for (size_t k = 0; k < COUNT(mbits); k++)
		for (size_t f = 0; f < COUNT(floor); f++) {
			struct model_case c = case_of(SCHED_WEIGHTED, 2, mbits[k]);

			c.sched.min_fragment = floor[f];
			c.traffic = MODEL_MIX;
			c.load_percent = load_percent;
			c.packets = 20000;
			run(table, &c);
		}
}

/* One of two lines loses one frame in a hundred. */
static void
losses(void)
{
	static const uint16_t bytes[] = {1400, 1500};

	for (size_t b = 0; b < COUNT(bytes); b++)
		for (size_t m = 0; m < COUNT(modes); m++) {
			struct model_case c = case_of(modes[m], 2, 10);

			c.line[0].loss_ppm = 10000;
			c.traffic = MODEL_SAME;
			c.packet_bytes = bytes[b];
			c.load_percent = 70;
			c.packets = 100000;
			run("loss", &c);
		}
}

int
main(void)
{
	lone_packets();
	under_load("mix", MODEL_MIX, 70, 20000);
	under_load("full", MODEL_SAME, 120, 20000);
	unequal_lines(70, 20000);
	unequal_lines(120, 20000);
	floors("floor", 70);
	floors("floor", 120);
	losses();
	return 0;
}
