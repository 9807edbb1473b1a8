/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/mp/sched.h"

#define NOW UINT64_C(1000000000000)
#define MBIT UINT64_C(1000000)

/* Ethernet 14 + PPPoE 6 + PPP 2 + MP 4 */
enum { OVERHEAD = 26, MTU = 1500 };

struct bench {
	struct sched_line line[SCHED_LINES_MAX];
	unsigned n;
	struct sched s;
	struct sched_config cfg;
	struct sched_piece piece[SCHED_PIECES_MAX];
	unsigned n_pieces;
	uint32_t bytes[SCHED_LINES_MAX]; /* per line */
};

static void
bench_init(struct bench *b, enum sched_mode mode, unsigned min_fragment)
{
	memset(b, 0, sizeof(*b));
	b->cfg = (struct sched_config){.mode = (uint8_t)mode, .min_fragment = (uint16_t)min_fragment};
}

static void
add_line(struct bench *b, uint64_t rate_bps, uint32_t latency_us, uint64_t backlog_ns)
{
	const unsigned i = b->n++;

	b->line[i] = (struct sched_line){.pace = {.rate_bps = rate_bps, .busy_until_ns = NOW + backlog_ns},
		.latency_us = latency_us,
		.fragment_max = 65535,
		.frame_overhead = OVERHEAD,
		.usable = true};
}

/* Splits and checks what holds in every mode: sums, limits, only usable lines. */
static unsigned
split(struct bench *b, uint32_t bytes, uint64_t now_ns)
{
	const struct sched_line *lines[SCHED_LINES_MAX];
	uint32_t sum = 0;

	for (unsigned i = 0; i < SCHED_LINES_MAX; i++)
		lines[i] = &b->line[i];
	memset(b->bytes, 0, sizeof(b->bytes));
	sched_prepare(&b->cfg, lines, b->n);
	b->n_pieces = sched_split(&b->s, &b->cfg, lines, b->n, bytes, now_ns, b->piece);
	for (unsigned i = 0; i < b->n_pieces; i++) {
		const struct sched_piece *p = &b->piece[i];

		assert_true(p->line < b->n);
		assert_true(b->line[p->line].usable);
		assert_in_range(p->bytes, 1, b->line[p->line].fragment_max);
		b->bytes[p->line] += p->bytes;
		sum += p->bytes;
	}
	if (b->n_pieces != 0)
		assert_int_equal(sum, bytes);
	return b->n_pieces;
}

/* The formula, another way round: sort the lines by effective latency; the smallest k of them whose capacity up to
 * the latency of the next one covers the packet; t0; bytes. */

struct formula {
	long double l[SCHED_LINES_MAX]; /* effective latency, s */
	long double b[SCHED_LINES_MAX]; /* bytes/s */
	long double bytes[SCHED_LINES_MAX];
	unsigned order[SCHED_LINES_MAX];
	unsigned k;
};

static void
formula_sort(struct formula *f, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		f->order[i] = i;
	for (unsigned i = 0; i < n; i++)
		for (unsigned j = i + 1; j < n; j++)
			if (f->l[f->order[j]] < f->l[f->order[i]]) {
				const unsigned t = f->order[i];

				f->order[i] = f->order[j];
				f->order[j] = t;
			}
}

static long double
capacity_until(const struct formula *f, unsigned k, long double t)
{
	long double sum = 0;

	for (unsigned i = 0; i < k; i++)
		sum += (t - f->l[f->order[i]]) * f->b[f->order[i]];
	return sum;
}

static void
formula_solve(struct formula *f, const struct bench *b, uint32_t bytes)
{
	long double work = bytes, rate = 0;

	memset(f, 0, sizeof(*f));
	for (unsigned i = 0; i < b->n; i++) {
		f->b[i] = (long double)b->line[i].pace.rate_bps / 8;
		f->l[i] = b->line[i].latency_us * 1e-6L + (long double)(b->line[i].pace.busy_until_ns - NOW) * 1e-9L +
			(long double)OVERHEAD / f->b[i];
	}
	formula_sort(f, b->n);
	f->k = 1;
	while (f->k < b->n && capacity_until(f, f->k, f->l[f->order[f->k]]) < bytes)
		f->k++;
	for (unsigned i = 0; i < f->k; i++) {
		work += f->l[f->order[i]] * f->b[f->order[i]];
		rate += f->b[f->order[i]];
	}
	for (unsigned i = 0; i < f->k; i++)
		f->bytes[f->order[i]] = f->b[f->order[i]] * (work / rate - f->l[f->order[i]]);
}

static uint64_t rng;

static uint32_t
chance(uint32_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (uint32_t)(rng >> 20) % n;
}

static uint64_t
random_rate(void)
{
	uint64_t rate = 1000 + chance(9000);

	for (uint32_t decades = chance(8); decades > 0; decades--)
		rate *= 10;
	return rate <= 100000 * MBIT ? rate : 100000 * MBIT;
}

static void
random_lines(struct bench *b)
{
	const unsigned n = 1 + chance(SCHED_LINES_MAX);
	const bool alike = chance(2) != 0;
	const uint64_t rate = random_rate();

	bench_init(b, SCHED_WEIGHTED, 0);
	for (unsigned i = 0; i < n; i++) { /* one by one: a seed means the same to every compiler */
		const uint64_t rate_bps = alike ? rate / (1 + chance(10)) + 1000 : random_rate();
		const uint32_t near = chance(3);
		const uint32_t latency_us = near * chance(100000);
		const uint64_t busy = chance(3);

		add_line(b, rate_bps, latency_us, busy * chance(alike ? 100000 : 100000000));
	}
}

/* A line whose share is less than a byte is left out, and the others take it over: the formula does not say how. */
static bool
has_split_byte(const struct formula *f, unsigned n)
{
	bool found = false;

	for (unsigned i = 0; i < n; i++)
		found |= f->bytes[i] > 0 && f->bytes[i] < 1.001L;
	return found;
}

static bool
check_against_formula(struct bench *b, uint32_t bytes, uint64_t seed)
{
	unsigned fastest = 0, used = 0;
	long double first = 0, last = 0, slowest = 0;
	struct formula f;

	formula_solve(&f, b, bytes);
	if (has_split_byte(&f, b->n))
		return false;
	for (unsigned i = 0; i < b->n; i++) {
		used += b->bytes[i] != 0;
		if (b->bytes[i] != 0 && (b->bytes[fastest] == 0 || f.b[i] > f.b[fastest]))
			fastest = i;
	}
	for (unsigned i = 0; i < b->n; i++) {
		const long double off = b->bytes[i] - f.bytes[i];
		const long double done = f.l[i] + b->bytes[i] / f.b[i];

		/* the fastest one is given what rounding down left over, up to a byte a line */
		if (off < -1.001L || off > (i == fastest ? (long double)f.k : 1.0L) + 0.001L)
			fail_msg("seed %llu: line %u of %u got %u bytes, formula %Lf", (unsigned long long)seed, i,
				b->n, b->bytes[i], f.bytes[i]);
		if (b->bytes[i] == 0)
			continue;
		first = first == 0 || done < first ? done : first;
		last = done > last ? done : last;
		slowest = slowest == 0 || f.b[i] < slowest ? f.b[i] : slowest;
	}
	if (used > 1) /* they complete together: within two bytes of the slowest line, far less than an MTU */
		assert_true(last - first <= 2.0L / slowest + (long double)used / f.b[fastest] + 1e-9L);
	return true;
}

static void
random_splits_match_the_formula(void **state)
{
	static struct bench b;
	unsigned checked = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 40000; seed++) {
		rng = seed * 0x9e3779b97f4a7c15ull;
		random_lines(&b);

		const uint32_t bytes = 1 + chance(chance(4) == 0 ? 65535 : MTU);

		assert_true(split(&b, bytes, NOW) != 0);
		checked += check_against_formula(&b, bytes, seed);
	}
	assert_true(checked > 35000);
}

static const struct {
	uint64_t rate[3];
	uint32_t bytes, want[3];
} shares[] = {
	/* bytes + headers are shared by rate: N + 2 * 26 in the ratio of the rates, less 26 each */
	{{30 * MBIT, 10 * MBIT}, 1500, {1138, 362}},
	{{300 * MBIT, 100 * MBIT}, 1500, {1138, 362}},
	{{30000 * MBIT, 10000 * MBIT}, 1500, {1138, 362}},
	{{3000, 1000}, 1500, {1138, 362}},
	{{20 * MBIT, 20 * MBIT}, 1500, {750, 750}},
	{{20 * MBIT, 5 * MBIT}, 1502, {1217, 285}}, /* 1554 * 4/5 - 26 = 1217.2 */
	{{10 * MBIT, 10 * MBIT, 10 * MBIT}, 1500, {500, 500, 500}},
	{{100000 * MBIT, 1000}, 1500, {1500, 0}},
};

static void
bytes_are_shared_by_rate(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		struct bench b;

		bench_init(&b, SCHED_WEIGHTED, 0);
		for (unsigned k = 0; k < 3 && shares[i].rate[k] != 0; k++)
			add_line(&b, shares[i].rate[k], 0, 0);
		split(&b, shares[i].bytes, NOW);
		for (unsigned k = 0; k < 3; k++)
			assert_in_range(b.bytes[k], shares[i].want[k] > 0 ? shares[i].want[k] - 1 : 0,
				shares[i].want[k] > 0 ? shares[i].want[k] + 1 : 0);
	}
}

static bool
are_close(uint32_t a, uint32_t b)
{
	return a + 1 >= b && b + 1 >= a;
}

/* One of them has cut the packet in two and just reached the floor, the other just not. */
static bool
are_at_the_floor(const struct bench *a, const struct bench *b)
{
	const struct bench *two = a->n_pieces == 2 ? a : b;

	return a->n_pieces + b->n_pieces == 3 &&
		(are_close(two->piece[0].bytes, two->cfg.min_fragment) ||
			are_close(two->piece[1].bytes, two->cfg.min_fragment));
}

/* But for a byte, what with rounding. */
static void
expect_alike(const struct bench *a, const struct bench *b, const char *what)
{
	if (a->n_pieces != b->n_pieces && are_at_the_floor(a, b))
		return;
	if (a->n_pieces != b->n_pieces || a->s.rotate != b->s.rotate)
		fail_msg("%s: %u and %u pieces", what, a->n_pieces, b->n_pieces);
	for (unsigned i = 0; i < a->n_pieces; i++)
		if (!are_close(a->piece[i].bytes, b->piece[i].bytes) || a->piece[i].line != b->piece[i].line)
			fail_msg("%s: piece %u is %u on %u, and %u on %u", what, i, a->piece[i].bytes, a->piece[i].line,
				b->piece[i].bytes, b->piece[i].line);
}

/* Two lines are worked out apart from other numbers of lines: a third one that is down must not make a difference. */
static void
expect_the_same_beside_a_line_that_is_down(struct bench *b, uint32_t bytes, const char *what)
{
	struct bench other = *b;

	add_line(&other, 7 * MBIT, 3, 5000);
	other.line[2].usable = false;
	split(b, bytes, NOW);
	split(&other, bytes, NOW);
	expect_alike(b, &other, what);
}

static const struct {
	const char *name;
	uint64_t rate[2];
	uint32_t latency_us[2], backlog_us[2];
	uint16_t fragment_max[2];
	uint32_t bytes;
	uint16_t floor;
	struct sched_piece want[3]; /* bytes, line */
} pairs[] = {
	{"alike", {10 * MBIT, 10 * MBIT}, {0}, {0}, {0}, 1500, 64, {{750, 0}, {750, 1}}},
	{"what is left over goes to the first of two alike", {10 * MBIT, 10 * MBIT}, {0}, {0}, {0}, 1501, 64,
		{{751, 0}, {750, 1}}},
	/* 1552 / 101 - 26 < 0; 65052 / 101 - 26 = 618.08 */
	{"a hundredth of the rate, a short packet", {1000 * MBIT, 10 * MBIT}, {0}, {0}, {0}, 1500, 1, {{1500, 0}}},
	{"a hundredth of the rate, a long packet", {1000 * MBIT, 10 * MBIT}, {0}, {0}, {0}, 65000, 1,
		{{64382, 0}, {618, 1}}},
	{"the faster line takes over what rounding leaves", {10 * MBIT, 1000 * MBIT}, {0}, {0}, {0}, 65000, 1,
		{{618, 0}, {64382, 1}}},
	/* 400 us are 500 bytes */
	{"backlog on the first: the second has the first bytes", {10 * MBIT, 10 * MBIT}, {0}, {400, 0}, {0}, 1500, 64,
		{{1000, 1}, {500, 0}}},
	{"backlog and latency make up for each other", {10 * MBIT, 10 * MBIT}, {0, 400}, {400, 0}, {0}, 1500, 64,
		{{750, 0}, {750, 1}}},
	{"backlog of more than the packet", {10 * MBIT, 10 * MBIT}, {0}, {1300, 0}, {0}, 1500, 64, {{1500, 1}}},
	{"only the first has no rate", {0, 10 * MBIT}, {0}, {0}, {0}, 1500, 64, {{750, 0}, {750, 1}}},
	{"only the second has no rate", {10 * MBIT, 0}, {0, 400}, {0}, {0}, 1500, 64, {{1000, 0}, {500, 1}}},
	{"neither has a rate", {0, 0}, {0}, {0}, {0}, 1500, 64, {{750, 0}, {750, 1}}},
	{"a share that is just the floor", {30 * MBIT, 10 * MBIT}, {0}, {0}, {0}, 1500, 362, {{1138, 0}, {362, 1}}},
	{"a share just under the floor", {30 * MBIT, 10 * MBIT}, {0}, {0}, {0}, 1500, 363, {{1500, 0}}},
	{"twice the floor is cut", {10 * MBIT, 10 * MBIT}, {0}, {0}, {0}, 1500, 750, {{750, 0}, {750, 1}}},
	{"less than twice the floor is not", {10 * MBIT, 10 * MBIT}, {0}, {0}, {0}, 1500, 751, {{1500, 0}}},
	{"no floor is a floor of one", {10 * MBIT, 10 * MBIT}, {0}, {0}, {0}, 2, 0, {{1, 0}, {1, 1}}},
	{"shares of just what a fragment may carry", {10 * MBIT, 10 * MBIT}, {0}, {0}, {750, 750}, 1500, 64,
		{{750, 0}, {750, 1}}},
	{"the first share is more than that", {10 * MBIT, 10 * MBIT}, {0}, {0}, {749, 750}, 1500, 64,
		{{749, 0}, {1, 0}, {750, 1}}},
	{"the second share is more than that", {10 * MBIT, 10 * MBIT}, {0}, {0}, {750, 500}, 1500, 64,
		{{750, 0}, {500, 1}, {250, 1}}},
};

static void
two_lines_share_as_worked_out_by_hand(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct bench b;

		bench_init(&b, SCHED_WEIGHTED, pairs[i].floor);
		for (unsigned k = 0; k < 2; k++) {
			add_line(&b, pairs[i].rate[k], pairs[i].latency_us[k], pairs[i].backlog_us[k] * UINT64_C(1000));
			if (pairs[i].fragment_max[k] != 0)
				b.line[k].fragment_max = pairs[i].fragment_max[k];
		}
		split(&b, pairs[i].bytes, NOW);
		for (unsigned k = 0; k < 3; k++) {
			const struct sched_piece *want = &pairs[i].want[k];

			if (k < b.n_pieces ? want->bytes != b.piece[k].bytes || want->line != b.piece[k].line
					   : want->bytes != 0)
				fail_msg("%s: piece %u of %u is %u bytes on line %u", pairs[i].name, k, b.n_pieces,
					b.piece[k].bytes, b.piece[k].line);
		}
		expect_the_same_beside_a_line_that_is_down(&b, pairs[i].bytes, pairs[i].name);
	}
}

static void
two_lines_share_as_they_do_beside_one_that_is_down(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 100000; seed++) {
		struct bench b;

		rng = seed * 0x9e3779b97f4a7c15ull;
		bench_init(&b, chance(2) ? SCHED_WEIGHTED : (enum sched_mode)chance(SCHED_OVERFLOW + 1), chance(500));
		for (unsigned k = 0; k < 2; k++) {
			const uint64_t rate = chance(8) == 0 ? 0 : chance(2) ? random_rate() : 10 * MBIT;
			const uint32_t latency_us = chance(3) == 0 ? chance(20000) : 0;

			add_line(&b, rate, latency_us, chance(3) == 0 ? chance(10000000) : 0);
			b.line[k].pace.encap = (uint8_t)chance(PACING_ATM + 1);
			b.line[k].pace.overhead_bytes = (int16_t)((int)chance(65) - 32);
			b.line[k].fragment_max = (uint16_t)(chance(3) == 0 ? chance(1000) : 1488);
			b.line[k].usable = chance(16) != 0;
			b.line[k].cost = chance(3) & SCHED_COST_MAX;
		}
		expect_the_same_beside_a_line_that_is_down(&b, 1 + chance(chance(4) == 0 ? 9000 : 1600), "random");
	}
}

static void
line_that_is_too_far_away_gets_nothing(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, SCHED_WEIGHTED, 0);
	add_line(&b, 10 * MBIT, 0, 0);
	add_line(&b, 10 * MBIT, 1300, 0); /* 1500 bytes take 1200 us */
	assert_int_equal(split(&b, MTU, NOW), 1);
	assert_int_equal(b.bytes[0], MTU);
	b.line[1].latency_us = 600; /* 750 bytes behind: (1500 + 52 - 750) / 2 - 26 = 375 */
	split(&b, MTU, NOW);
	assert_in_range(b.bytes[1], 374, 376);
}

static void
backlog_counts_like_latency(void **state)
{
	struct bench a, b;

	(void)state;
	bench_init(&a, SCHED_WEIGHTED, 0);
	add_line(&a, 30 * MBIT, 0, 0);
	add_line(&a, 10 * MBIT, 400, 0);
	bench_init(&b, SCHED_WEIGHTED, 0);
	add_line(&b, 30 * MBIT, 0, 0);
	add_line(&b, 10 * MBIT, 0, 400000);
	assert_int_equal(split(&a, MTU, NOW), split(&b, MTU, NOW));
	assert_memory_equal(a.bytes, b.bytes, sizeof(a.bytes));
	assert_true(a.bytes[1] < 362);
	split(&b, MTU, NOW + 400000); /* by then it is gone */
	assert_in_range(b.bytes[1], 361, 363);
}

/* The pieces take the same time on the lines as pacing sees them: within an ATM cell of each other. */
static void
encapsulations_complete_together(void **state)
{
	static const enum pacing_encap encaps[] = {PACING_ETHERNET, PACING_PTM, PACING_ATM};
	uint64_t cost_ns[3];
	struct bench b;

	(void)state;
	bench_init(&b, SCHED_WEIGHTED, 0);
	for (unsigned i = 0; i < 3; i++) {
		add_line(&b, (20 - 5 * i) * MBIT, 0, 0);
		b.line[i].pace.encap = (uint8_t)encaps[i];
		b.line[i].pace.overhead_bytes = (int16_t)(4 + 8 * i);
	}
	for (uint32_t bytes = 1000; bytes < 9000; bytes += 77) {
		assert_int_equal(split(&b, bytes, NOW), 3);
		for (unsigned i = 0; i < 3; i++)
			cost_ns[i] = pacing_cost_ns(&b.line[i].pace, b.bytes[i] + (uint32_t)OVERHEAD);
		assert_in_range(cost_ns[1], cost_ns[0] - 1500, cost_ns[0] + 1500);
		assert_in_range(cost_ns[2], cost_ns[0] - 42400, cost_ns[0] + 42400); /* 53 * 8 / 10e6 s */
	}
}

static void
line_that_is_free_first_gets_the_first_bytes(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, SCHED_WEIGHTED, 0);
	add_line(&b, 10 * MBIT, 0, 300000);
	add_line(&b, 10 * MBIT, 0, 200000);
	add_line(&b, 10 * MBIT, 0, 100000);
	assert_int_equal(split(&b, MTU, NOW), 3);
	assert_int_equal(b.piece[0].line, 2);
	assert_int_equal(b.piece[1].line, 1);
	assert_int_equal(b.piece[2].line, 0);
}

static void
small_packet_stays_whole_on_the_line_that_completes_it_first(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, SCHED_WEIGHTED, 100);
	add_line(&b, 10 * MBIT, 0, 0);
	add_line(&b, 100 * MBIT, 0, 100000);
	assert_int_equal(split(&b, 199, NOW), 1); /* 180 us on the first, 118 us on the second */
	assert_int_equal(b.piece[0].line, 1);
	add_line(&b, 10 * MBIT, 0, 0);
	assert_int_equal(split(&b, 199, NOW), 1);
	assert_int_equal(b.piece[0].line, 1);
	b.line[2].usable = false;
	assert_int_equal(split(&b, 40, NOW), 1); /* 53 us, 105 us */
	assert_int_equal(b.piece[0].line, 0);
}

static void
no_piece_is_smaller_than_the_floor(void **state)
{
	static struct bench b;

	(void)state;
	for (uint64_t seed = 1; seed <= 20000; seed++) {
		rng = seed * 0x9e3779b97f4a7c15ull;
		random_lines(&b);
		b.cfg.min_fragment = (uint16_t)(1 + chance(400));

		const uint32_t bytes = 1 + chance(3000);

		split(&b, bytes, NOW);
		for (unsigned i = 0; i < b.n_pieces; i++)
			assert_true(b.piece[i].bytes >= b.cfg.min_fragment || b.n_pieces == 1);
		if (bytes < 2u * b.cfg.min_fragment)
			assert_int_equal(b.n_pieces, 1);
	}
}

static void
piece_under_the_floor_is_merged_into_the_better_line(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, SCHED_WEIGHTED, 64);
	add_line(&b, 30 * MBIT, 0, 0);
	add_line(&b, MBIT, 0, 0); /* 1552 / 31 - 26 = 24 bytes */
	assert_int_equal(split(&b, MTU, NOW), 1);
	assert_int_equal(b.bytes[0], MTU);
	bench_init(&b, SCHED_WEIGHTED, 64); /* the fast line gets the small piece, but is the better one for all */
	add_line(&b, MBIT, 0, 0);
	add_line(&b, 100 * MBIT, 0, 12200000);
	assert_int_equal(split(&b, MTU, NOW), 1);
	assert_int_equal(b.bytes[0], MTU);
	b.line[1].pace.busy_until_ns = NOW + 12050000; /* alone it needs 122 us; the other one 12208 */
	assert_int_equal(split(&b, MTU, NOW), 1);
	assert_int_equal(b.bytes[1], MTU);
}

static void
limit_of_a_line_cuts_further(void **state)
{
	static const enum sched_mode modes[] = {
		SCHED_WEIGHTED, SCHED_EQUAL, SCHED_ROUND_ROBIN, SCHED_PACKET, SCHED_OVERFLOW};
	struct bench b;

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) { /* one line: the single-link bundle */
		bench_init(&b, modes[i], 2000);
		add_line(&b, 10 * MBIT, 0, 0);
		b.line[0].fragment_max = 1488;
		assert_int_equal(split(&b, 1502, NOW), 2);
		assert_int_equal(b.piece[0].bytes, 1488);
		assert_int_equal(b.piece[1].bytes, 14);
		assert_int_equal(split(&b, 1488, NOW), 1);
		assert_int_equal(split(&b, 5000, NOW), 4);
	}
	bench_init(&b, SCHED_WEIGHTED, 0);
	add_line(&b, 30 * MBIT, 0, 0);
	add_line(&b, 10 * MBIT, 0, 0);
	b.line[0].fragment_max = 500;
	assert_int_equal(split(&b, MTU, NOW), 4);
	assert_in_range(b.bytes[1], 361, 363);
}

static void
too_many_pieces_are_refused(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, SCHED_WEIGHTED, 0);
	add_line(&b, 10 * MBIT, 0, 0);
	b.line[0].fragment_max = 100;
	assert_int_equal(split(&b, 6400, NOW), SCHED_PIECES_MAX);
	assert_int_equal(split(&b, 6401, NOW), 0);
	b.line[0].fragment_max = 0;
	assert_int_equal(split(&b, 100, NOW), 0);
}

static void
unusable_lines_are_left_out(void **state)
{
	static const enum sched_mode modes[] = {
		SCHED_WEIGHTED, SCHED_EQUAL, SCHED_ROUND_ROBIN, SCHED_PACKET, SCHED_OVERFLOW};
	struct bench b;

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		bench_init(&b, modes[i], 0);
		for (unsigned k = 0; k < 4; k++)
			add_line(&b, 10 * MBIT, 0, 0);
		b.line[0].usable = b.line[2].usable = false;
		assert_true(split(&b, MTU, NOW) != 0);
		assert_int_equal(b.bytes[0] + b.bytes[2], 0);
		b.line[1].usable = b.line[3].usable = false;
		assert_int_equal(split(&b, MTU, NOW), 0);
	}
}

static void
line_without_a_rate_counts_as_the_fastest_of_the_others(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, SCHED_WEIGHTED, 0);
	add_line(&b, 30 * MBIT, 0, 0);
	add_line(&b, 0, 0, 0);
	add_line(&b, 10 * MBIT, 0, 0);
	split(&b, MTU, NOW);
	assert_in_range(b.bytes[1], b.bytes[0] - 1, b.bytes[0] + 1);
	assert_true(b.bytes[0] > 2 * b.bytes[2]);
	bench_init(&b, SCHED_WEIGHTED, 0);
	add_line(&b, 0, 0, 0);
	add_line(&b, 0, 0, 0);
	split(&b, MTU, NOW);
	assert_int_equal(b.bytes[0], 750);
}

static void
equal_gives_the_same_to_each_and_starts_in_turn(void **state)
{
	unsigned starts[3] = {0};
	struct bench b;

	(void)state;
	bench_init(&b, SCHED_EQUAL, 32);
	for (unsigned i = 0; i < 3; i++)
		add_line(&b, (i + 1) * MBIT, 0, i * 1000000);
	for (unsigned i = 0; i < 9; i++) {
		assert_int_equal(split(&b, 1501, NOW), 3);
		starts[b.piece[0].line]++;
		assert_int_equal(b.piece[0].bytes, 501);
		assert_int_equal(b.piece[1].bytes, 500);
		assert_int_equal(b.piece[2].bytes, 500);
	}
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(starts[i], 3);
}

static void
equal_makes_no_more_pieces_than_the_floor_allows(void **state)
{
	uint32_t sum[3] = {0};
	struct bench b;

	(void)state;
	bench_init(&b, SCHED_EQUAL, 32);
	for (unsigned i = 0; i < 3; i++)
		add_line(&b, MBIT, 0, 0);
	assert_int_equal(split(&b, 31, NOW), 1);
	assert_int_equal(split(&b, 63, NOW), 1);
	for (unsigned i = 0; i < 30; i++) {
		assert_int_equal(split(&b, 95, NOW), 2); /* the third has its turn next time */
		for (unsigned k = 0; k < 3; k++)
			sum[k] += b.bytes[k] != 0;
	}
	for (unsigned k = 0; k < 3; k++)
		assert_int_equal(sum[k], 20);
}

static void
round_robin_sends_whole_packets_in_turn(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, SCHED_ROUND_ROBIN, 0);
	for (unsigned i = 0; i < 4; i++)
		add_line(&b, (i + 1) * MBIT, 0, i * 1000000);
	b.line[2].usable = false;
	static const unsigned turns[] = {0, 1, 3, 0, 1, 3, 0};

	for (size_t i = 0; i < sizeof(turns) / sizeof(turns[0]); i++) {
		assert_int_equal(split(&b, MTU, NOW), 1);
		assert_int_equal(b.piece[0].line, turns[i]);
	}
}

static void
whole_packets_take_turns_on_equal_idle_lines(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, SCHED_PACKET, 0);
	for (unsigned i = 0; i < 3; i++)
		add_line(&b, MBIT, 0, 0);
	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(split(&b, MTU, NOW), 1);
		assert_int_equal(b.piece[0].line, i % 3);
	}
}

/* Mode overflow: three lines of 10 Mbit/s, full above 10 ms. A packet of 1500 bytes takes 1220.8 us on one of them; over two that are
 * equally far it is cut in half, over three in thirds. Worked out by hand: who is in use (cost up to the least of a line that is not
 * full), and how those share (bytes = backlog difference * 1.25 bytes/us, from (1500 + 26 n + sum of backlogs) / n). */
static const struct {
	const char *name;
	uint8_t cost[3];
	uint32_t backlog_us[3];
	bool down[3];
	uint32_t want[3];
} overflows[] = {
	{"idle: all on the cheapest", {0, 1, 2}, {0, 0, 0}, {0}, {1500, 0, 0}},
	{"the cheapest need not be the first", {7, 3, 5}, {0, 0, 0}, {0}, {0, 1500, 0}},
	{"just at the limit is not full", {0, 1, 2}, {10000, 0, 0}, {0}, {1500, 0, 0}},
	{"above the limit: the next one takes over", {0, 1, 2}, {10001, 0, 0}, {0}, {0, 1500, 0}},
	{"the next one is not full: the third stays idle", {0, 1, 2}, {10001, 8000, 0}, {0}, {0, 1500, 0}},
	{"two are full: the third", {0, 1, 2}, {10001, 10001, 0}, {0}, {0, 0, 1500}},
	{"the cheapest has drained: back to it", {0, 1, 2}, {9999, 10001, 10001}, {0}, {1500, 0, 0}},
	{"all are full: all share as their backlogs say", {0, 1, 2}, {20000, 20000, 20000}, {0}, {500, 500, 500}},
	{"all are full, the cheapest least", {0, 1, 2}, {11000, 13000, 13000}, {0}, {1500, 0, 0}},
	{"same cost: halves", {4, 4, 5}, {0, 0, 0}, {0}, {750, 750, 0}},
	{"same cost, one 400 us behind: 500 bytes less", {4, 4, 5}, {0, 400, 0}, {0}, {1000, 500, 0}},
	{"same cost, one full: the other is enough", {4, 4, 5}, {10001, 5000, 0}, {0}, {0, 1500, 0}},
	{"same cost, both full", {4, 4, 5}, {10001, 10001, 0}, {0}, {0, 0, 1500}},
	{"a full cheap line helps one that is as far", {0, 1, 2}, {10001, 9801, 0}, {0}, {625, 875, 0}},
	{"the cheapest is down", {0, 1, 2}, {0, 0, 0}, {true}, {0, 1500, 0}},
	{"only the dearest is up", {0, 1, 127}, {0, 0, 50000}, {true, true}, {0, 0, 1500}},
	{"all cost the same: weighted", {0, 0, 0}, {0, 0, 0}, {0}, {500, 500, 500}},
};

static void
overflow_uses_the_next_line_when_those_before_it_are_full(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(overflows) / sizeof(overflows[0]); i++) {
		struct bench b;

		bench_init(&b, SCHED_OVERFLOW, 64);
		b.cfg.overflow_ms = 10;
		for (unsigned k = 0; k < 3; k++) {
			add_line(&b, 10 * MBIT, 0, overflows[i].backlog_us[k] * UINT64_C(1000));
			b.line[k].cost = overflows[i].cost[k] & SCHED_COST_MAX;
			b.line[k].usable = !overflows[i].down[k];
		}
		assert_true(split(&b, MTU, NOW) != 0);
		for (unsigned k = 0; k < 3; k++)
			if (b.bytes[k] + 1 < overflows[i].want[k] || b.bytes[k] > overflows[i].want[k] + 1)
				fail_msg("%s: line %u got %u bytes, not %u", overflows[i].name, k, b.bytes[k],
					overflows[i].want[k]);
	}
}

/* The next line at 1 Mbit/s needs 12 ms for a packet that the full one would have through in 11.3: it gets the part that it can have
 * done by then, and no more. (1500 + 52 + 10.1 ms * 1250 bytes/ms) / 1375 bytes/ms = 10.31 ms, 125 bytes/ms of it, less 26. */
static void
overflow_does_not_wait_for_a_slow_line(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, SCHED_OVERFLOW, 64);
	b.cfg.overflow_ms = 10;
	add_line(&b, 10 * MBIT, 0, 10100000);
	add_line(&b, MBIT, 0, 0);
	b.line[1].cost = 1;
	assert_int_equal(split(&b, MTU, NOW), 2);
	assert_in_range(b.bytes[1], 1262, 1264);
	b.line[1].latency_us = 20000; /* and nothing if it is far away */
	assert_int_equal(split(&b, MTU, NOW), 1);
	assert_int_equal(b.bytes[0], MTU);
}

/* A line that is not paced has no backlog that we know of. */
static void
overflow_never_leaves_a_line_without_a_rate(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, SCHED_OVERFLOW, 64);
	b.cfg.overflow_ms = 10;
	add_line(&b, 0, 0, 50000000);
	add_line(&b, 10 * MBIT, 0, 0);
	b.line[1].cost = 1;
	assert_int_equal(split(&b, MTU, NOW), 1);
	assert_int_equal(b.bytes[0], MTU);
}

/* Two lines fed for `ms` of virtual time as fast as a queue of 20 ms takes it: share of each line's time that was
 * used. */
static void
saturate(struct bench *b, uint64_t ms, double used[])
{
	const uint64_t end = NOW + ms * 1000000;
	uint64_t sent[SCHED_LINES_MAX] = {0};

	for (uint64_t now = NOW; now < end; now += 100000) {
		for (;;) {
			uint64_t least = UINT64_MAX;

			for (unsigned i = 0; i < b->n; i++) {
				const uint64_t backlog = pacing_backlog_ns(&b->line[i].pace, now);

				least = backlog < least ? backlog : least;
			}
			if (least > 20000000)
				break;
			assert_true(split(b, MTU, now) != 0);
			for (unsigned i = 0; i < b->n_pieces; i++) {
				struct pacing *p = &b->line[b->piece[i].line].pace;
				const uint32_t frame = b->piece[i].bytes + (uint32_t)OVERHEAD;

				sent[b->piece[i].line] += pacing_line_bytes(p, frame);
				pacing_book(p, frame, now);
			}
		}
	}
	for (unsigned i = 0; i < b->n; i++) {
		const double queued =
			(double)pacing_backlog_ns(&b->line[i].pace, end) * (double)b->line[i].pace.rate_bps / 8e9;

		used[i] = ((double)sent[i] - queued) * 8000 / (double)b->line[i].pace.rate_bps / (double)ms;
	}
}

static const struct {
	uint64_t rate[3];
	enum pacing_encap encap[3];
	enum sched_mode mode;
} loads[] = {
	{{20 * MBIT, 5 * MBIT}, {0}, SCHED_WEIGHTED},
	{{30 * MBIT, 10 * MBIT}, {0}, SCHED_WEIGHTED},
	{{20 * MBIT, 5 * MBIT}, {0}, SCHED_PACKET},
	{{100 * MBIT, 16 * MBIT, 6 * MBIT}, {PACING_PTM, PACING_ATM, PACING_ATM}, SCHED_WEIGHTED},
	{{16 * MBIT, 2 * MBIT}, {PACING_ATM, PACING_ATM}, SCHED_WEIGHTED},
	{{1000 * MBIT, 100 * MBIT}, {0}, SCHED_WEIGHTED},
	{{20 * MBIT, 5 * MBIT}, {0}, SCHED_OVERFLOW},
	{{MBIT, 50 * MBIT, 10 * MBIT}, {0}, SCHED_OVERFLOW},
};

static void
saturated_lines_are_used_to_99_percent(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		double used[3];
		struct bench b;

		bench_init(&b, loads[i].mode, 64);
		b.cfg.overflow_ms = 10;
		for (unsigned k = 0; k < 3 && loads[i].rate[k] != 0; k++) {
			add_line(&b, loads[i].rate[k], 0, 0);
			b.line[k].pace.encap = (uint8_t)loads[i].encap[k];
			b.line[k].cost = k & SCHED_COST_MAX;
		}
		saturate(&b, 2000, used);
		for (unsigned k = 0; k < b.n; k++)
			if (used[k] < 0.99 || used[k] > 1.001)
				fail_msg("load %zu: line %u used to %.2f %%", i, k, used[k] * 100);
	}
}

/* The dear line carries what the cheap one cannot, in the long run: nothing up to the cheap one's rate, above it the rest. Packets of 1526
 * bytes with headers; 16 Mbit/s take one each 763 us, 8 Mbit/s and 24 Mbit/s each 1526 us and 508.667 us. */
static const struct {
	uint32_t every_ns;
	unsigned dear_percent; /* of the bytes */
} offers[] = {
	{1526000, 0}, /* 8 Mbit/s over 16 */
	{770000, 0},  /* 15.9 */
	{508667, 33}, /* 24: a third is too much for 16 */
	{381500, 50}, /* 32: a half */
};

static void
overflow_carries_on_the_dear_line_what_the_cheap_one_cannot(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++) {
		uint64_t sum[2] = {0};
		struct bench b;

		bench_init(&b, SCHED_OVERFLOW, 64);
		b.cfg.overflow_ms = 10;
		add_line(&b, 16 * MBIT, 0, 0);
		add_line(&b, 100 * MBIT, 0, 0);
		b.line[1].cost = 1;
		for (unsigned n = 0; n < 20000; n++) {
			const uint64_t now = NOW + n * (uint64_t)offers[i].every_ns;

			assert_true(split(&b, MTU, now) != 0);
			for (unsigned k = 0; k < b.n_pieces; k++)
				pacing_book(&b.line[b.piece[k].line].pace, b.piece[k].bytes + (uint32_t)OVERHEAD, now);
			assert_in_range(pacing_backlog_ns(&b.line[0].pace, now), 0, 10000000 + 763000);
			sum[0] += b.bytes[0];
			sum[1] += b.bytes[1];
		}
		assert_in_range(sum[1] * 1000 / (sum[0] + sum[1]) + 5, offers[i].dear_percent * 10 + (i < 2 ? 5 : 0),
			offers[i].dear_percent * 10 + (i < 2 ? 5 : 10));
	}
}

/* Pieces of each packet, booked, end together: the skew that a receiver sees under load is less than one packet's
 * time. */
static void
pieces_under_load_complete_together(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, SCHED_WEIGHTED, 64);
	add_line(&b, 30 * MBIT, 0, 0);
	add_line(&b, 10 * MBIT, 0, 0);
	for (unsigned i = 0; i < 1000; i++) {
		const uint64_t now = NOW + i * UINT64_C(310400); /* 1554 bytes at 40 Mbit/s: 310.8 us */

		split(&b, MTU, now);
		for (unsigned k = 0; k < b.n_pieces; k++)
			pacing_book(&b.line[b.piece[k].line].pace, b.piece[k].bytes + (uint32_t)OVERHEAD, now);

		const int64_t spread = (int64_t)(b.line[0].pace.busy_until_ns - b.line[1].pace.busy_until_ns);

		assert_true(b.n_pieces == 2);
		assert_in_range(spread + 2000, 0, 4000);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_splits_match_the_formula),
		cmocka_unit_test(bytes_are_shared_by_rate),
		cmocka_unit_test(two_lines_share_as_worked_out_by_hand),
		cmocka_unit_test(two_lines_share_as_they_do_beside_one_that_is_down),
		cmocka_unit_test(line_that_is_too_far_away_gets_nothing),
		cmocka_unit_test(backlog_counts_like_latency),
		cmocka_unit_test(encapsulations_complete_together),
		cmocka_unit_test(line_that_is_free_first_gets_the_first_bytes),
		cmocka_unit_test(small_packet_stays_whole_on_the_line_that_completes_it_first),
		cmocka_unit_test(no_piece_is_smaller_than_the_floor),
		cmocka_unit_test(piece_under_the_floor_is_merged_into_the_better_line),
		cmocka_unit_test(limit_of_a_line_cuts_further),
		cmocka_unit_test(too_many_pieces_are_refused),
		cmocka_unit_test(unusable_lines_are_left_out),
		cmocka_unit_test(line_without_a_rate_counts_as_the_fastest_of_the_others),
		cmocka_unit_test(equal_gives_the_same_to_each_and_starts_in_turn),
		cmocka_unit_test(equal_makes_no_more_pieces_than_the_floor_allows),
		cmocka_unit_test(round_robin_sends_whole_packets_in_turn),
		cmocka_unit_test(whole_packets_take_turns_on_equal_idle_lines),
		cmocka_unit_test(overflow_uses_the_next_line_when_those_before_it_are_full),
		cmocka_unit_test(overflow_does_not_wait_for_a_slow_line),
		cmocka_unit_test(overflow_never_leaves_a_line_without_a_rate),
		cmocka_unit_test(overflow_carries_on_the_dear_line_what_the_cheap_one_cannot),
		cmocka_unit_test(saturated_lines_are_used_to_99_percent),
		cmocka_unit_test(pieces_under_load_complete_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
