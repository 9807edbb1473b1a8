/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/mp/sched_pair.h"

#include <float.h>

/* Earliest common completion (mode weighted)
 *
 * A line i that is handed bytes_i payload bytes of the packet has delivered them after
 *
 *	t_i = w_i + (H_i + bytes_i) / b_i
 *
 * where w_i is what has to pass before the first bit of ours (latency of the line + backlog), b_i the payload
 * bytes it carries per ns, and H_i the headers of one fragment, in payload bytes. (w_i + H_i / b_i is the
 * effective latency l_i.) The packet is there when its last piece is, so no time is wasted if all pieces arrive
 * together, at t0:
 *
 *	bytes_i = b_i (t0 - w_i) - H_i,  sum bytes_i = N   =>   t0 = (N + sum (w_i b_i + H_i)) / sum b_i
 *
 * over the lines used. Lines with l_i >= t0 are too far away to help: they come out with no or negative bytes.
 * Leaving them out lowers t0, never below that of the right set, so leaving out and solving again ends at the
 * smallest set that covers the packet, at the price of one division a round; and the first round is the last one
 * as long as the lines keep up with each other. In the same way a line is left out whose piece would be smaller
 * than min_fragment, one at a time, because that raises the pieces of the others.
 *
 * Arithmetic is in double: all quantities are at most N * 8e9 bit ns/s = 5e14 where they matter, 2^53 is 9e15, and
 * the result is rounded to whole bytes anyway. Times are taken from the earliest w_i, so that the clock's
 * magnitude plays no role. This runs once a packet, so two lines, as most bundles have, have a short way: see below.
 *
 * Cells and code words: PTM and ATM lines carry 64 of 65 and 48 of 53 bytes; that is in b_i. An ATM fragment is
 * padded to whole cells; H_i is rounded up to whole cells, which pays for that on average.
 *
 * Overflow
 *
 * A line is full when its backlog is more than the limit. c is the least cost at which a line is not full; the lines that cost
 * more than c get nothing. Those that cost up to c share the packet as above, the full ones among them too: their backlog keeps
 * them out, unless the line that would take over is so slow that waiting is faster. When all are full, all share. */

struct share {
	double wait;   /* w_i, ns */
	double rate;   /* b_i, payload bytes per ns */
	double header; /* H_i, payload bytes */
	double bytes;
	int64_t cut; /* bytes, whole */
	uint16_t fragment_max;
	uint8_t line;
};

struct split {
	struct share share[SCHED_LINES_MAX];
	unsigned n;
	double earliest; /* w_i, of all that share */
	struct sched_piece *pieces;
	unsigned n_pieces;
};

#define UNPACED_BPS UINT64_C(1000000000) /* of lines none of which states a rate */

/* Payload bytes that one line byte carries. */
static const double payload_share[] = {
	[PACING_ETHERNET] = 1.0,
	[PACING_PTM] = 64.0 / 65.0,
	[PACING_ATM] = 48.0 / 53.0,
};

static bool
is_usable(const struct sched_line *l)
{
	return l->usable && l->fragment_max != 0;
}

/* Rate of the lines that state none: the fastest of the others. */
static uint64_t
rate_of_unpaced(const struct sched_line *const lines[], unsigned n_lines)
{
	uint64_t bps = 0;

	for (unsigned i = 0; i < n_lines; i++)
		if (is_usable(lines[i]) && lines[i]->pace.rate_bps > bps)
			bps = lines[i]->pace.rate_bps;
	return bps != 0 ? bps : UNPACED_BPS;
}

/* b_i of a line of bps. */
static double
payload_rate(const struct sched_line *l, uint64_t bps)
{
	return (double)(int64_t)bps * payload_share[l->pace.encap] * (1 / 8e9);
}

/* H_i */
static double
header_bytes(const struct sched_line *l)
{
	return (double)(int32_t)pacing_line_bytes(&l->pace, l->frame_overhead) * payload_share[l->pace.encap];
}

static void
share_init(struct share *s, const struct sched_line *const lines[], unsigned n_lines, unsigned line, uint64_t now_ns)
{
	const struct sched_line *l = lines[line];
	const uint64_t bps = l->pace.rate_bps != 0 ? l->pace.rate_bps : rate_of_unpaced(lines, n_lines);

	s->wait = (double)(int64_t)sched_wait_ns(l, now_ns);
	s->rate = payload_rate(l, bps);
	s->header = header_bytes(l);
	s->fragment_max = l->fragment_max;
	s->line = (uint8_t)line;
}

static unsigned
shares_init(struct split *sp, const struct sched_line *const lines[], unsigned n_lines, uint64_t now_ns)
{
	struct share *s = &sp->share[0];
	double earliest = DBL_MAX;

	for (unsigned i = 0; i < n_lines; i++) {
		if (!is_usable(lines[i]))
			continue;
		share_init(s, lines, n_lines, i, now_ns);
		earliest = s->wait < earliest ? s->wait : earliest;
		s++;
	}
	sp->earliest = earliest;
	sp->n = (unsigned)(s - sp->share);
	return sp->n;
}

/* bytes bytes on one line, in as many pieces as its limit asks for. False: too many. */
static bool
emit(struct split *sp, const struct share *s, uint32_t bytes)
{
	while (bytes > 0) {
		const uint32_t now = bytes < s->fragment_max ? bytes : s->fragment_max;

		if (sp->n_pieces == SCHED_PIECES_MAX)
			return false;
		sp->pieces[sp->n_pieces++] = (struct sched_piece){.bytes = (uint16_t)now, .line = s->line};
		bytes -= now;
	}
	return true;
}

/* The share whose turn it is, and the turn of the next. */
static unsigned
rotation(struct sched *s, const struct split *sp)
{
	unsigned i = 0;

	while (i < sp->n && sp->share[i].line < s->rotate)
		i++;
	return i < sp->n ? i : 0;
}

static void
rotate_behind(struct sched *s, const struct split *sp, unsigned share)
{
	s->rotate = (uint8_t)((sp->share[share].line + 1) % SCHED_LINES_MAX);
}

/* The line on which the packet is complete first; in turn among lines that are equal. */
static bool
whole_on_earliest(struct sched *s, struct split *sp, uint32_t bytes)
{
	const unsigned first = rotation(s, sp);
	unsigned best = first;
	double best_ns = 0;

	for (unsigned k = 0; k < sp->n; k++) {
		const unsigned i = (first + k) % sp->n;
		const struct share *sh = &sp->share[i];
		const double ns = (sh->wait - sp->earliest) + (sh->header + bytes) / sh->rate;

		if (k == 0 || ns < best_ns) {
			best = i;
			best_ns = ns;
		}
	}
	rotate_behind(s, sp, best);
	return emit(sp, &sp->share[best], bytes);
}

static bool
whole_in_turn(struct sched *s, struct split *sp, uint32_t bytes)
{
	const unsigned turn = rotation(s, sp);

	rotate_behind(s, sp, turn);
	return emit(sp, &sp->share[turn], bytes);
}

/* As many lines as the floor allows, the same bytes on each, the first line in turn. */
static bool
equal_parts(struct sched *s, struct split *sp, uint32_t bytes, uint32_t floor)
{
	const unsigned first = rotation(s, sp);
	const uint32_t parts = bytes / floor < sp->n ? bytes / floor : sp->n;
	const uint32_t n = parts > 0 ? parts : 1;

	rotate_behind(s, sp, (first + (n < sp->n ? n - 1 : 0)) % sp->n);
	for (uint32_t k = 0; k < n; k++)
		if (!emit(sp, &sp->share[(first + k) % sp->n], bytes / n + (k < bytes % n)))
			return false;
	return true;
}

/* t0 of the lines still in, from the earliest w_i. */
static double
completion(const struct share share[], unsigned n, double earliest, uint32_t bytes)
{
	double work = bytes + ((share[0].wait - earliest) * share[0].rate + share[0].header), rate = share[0].rate;

	for (unsigned i = 1; i < n; i++) {
		work += (share[i].wait - earliest) * share[i].rate + share[i].header;
		rate += share[i].rate;
	}
	return work / rate;
}

/* bytes_i of the lines still in, and whole bytes of each: what rounding leaves over (or, in the last bit, overdraws) is the
 * fastest line's. Returns the least bytes_i. */
static double
solve(struct share share[], unsigned n, double earliest, uint32_t bytes)
{
	const double t0 = completion(share, n, earliest, bytes);
	double least = DBL_MAX, rate = share[0].rate;
	int64_t left = bytes;
	unsigned fastest = 0;

	for (unsigned i = 0; i < n; i++) {
		const double b = share[i].rate * (t0 - (share[i].wait - earliest)) - share[i].header;

		share[i].bytes = b;
		share[i].cut = (int64_t)b;
		left -= share[i].cut;
		least = b < least ? b : least;
		fastest = share[i].rate > rate ? i : fastest;
		rate = share[i].rate > rate ? share[i].rate : rate;
	}
	share[fastest].cut += left;
	return least;
}

/* Leaves out the lines that cannot help, or else the one with the smallest piece. */
static void
leave_out(struct split *sp, double least)
{
	unsigned kept = 0;
	bool left = false;

	for (unsigned i = 0; i < sp->n; i++) {
		const double b = sp->share[i].bytes;

		if (b <= 0 || (!left && least > 0 && b <= least))
			left = true;
		else
			sp->share[kept++] = sp->share[i];
	}
	sp->n = kept;
}

static void
sort_by_wait(struct split *sp)
{
	for (unsigned i = 1; i < sp->n; i++) {
		unsigned k = i;

		if (sp->share[i - 1].wait <= sp->share[i].wait)
			continue;

		const struct share s = sp->share[i];

		for (; k > 0 && sp->share[k - 1].wait > s.wait; k--)
			sp->share[k] = sp->share[k - 1];
		sp->share[k] = s;
	}
}

/* The line that is free first gets the first bytes: its piece then is the first one on a wire, and the receiver's
 * window rests for as long as possible on numbers that follow. */
static bool
emit_shares(struct split *sp)
{
	sort_by_wait(sp);
	for (unsigned i = 0; i < sp->n; i++)
		if (!emit(sp, &sp->share[i], (uint32_t)sp->share[i].cut))
			return false;
	return true;
}

static bool
weighted(struct sched *s, struct split *sp, uint32_t bytes, uint32_t floor)
{
	if (bytes < 2 * floor)
		return whole_on_earliest(s, sp, bytes);
	for (;;) {
		double least;

		if (sp->n == 1)
			return whole_on_earliest(s, sp, bytes);
		least = solve(sp->share, sp->n, sp->earliest, bytes);
		if (least >= floor)
			return emit_shares(sp);
		if (sp->n == 2)
			return whole_on_earliest(s, sp, bytes);
		leave_out(sp, least);
	}
}

/* The least cost at which a line is not full; when all are, that of the dearest. */
static uint8_t
cost_in_use(const struct split *sp, const struct sched_line *const lines[], uint64_t full_ns, uint64_t now_ns)
{
	uint8_t least = SCHED_COST_MAX;

	for (unsigned i = 0; i < sp->n; i++) {
		const struct sched_line *l = lines[sp->share[i].line];

		if (l->cost < least && pacing_backlog_ns(&l->pace, now_ns) <= full_ns)
			least = l->cost;
	}
	return least;
}

static void
keep_cost(struct split *sp, const struct sched_line *const lines[], uint8_t most)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < sp->n; i++)
		if (lines[sp->share[i].line]->cost <= most)
			sp->share[kept++] = sp->share[i];
	sp->n = kept;
}

static bool
split_by_mode(struct sched *s, const struct sched_config *cfg, const struct sched_line *const lines[], struct split *sp,
	uint32_t bytes, uint64_t now_ns)
{
	switch ((enum sched_mode)cfg->mode) {
	case SCHED_EQUAL:
		return equal_parts(s, sp, bytes, sched_floor(cfg));
	case SCHED_ROUND_ROBIN:
		return whole_in_turn(s, sp, bytes);
	case SCHED_PACKET:
		return whole_on_earliest(s, sp, bytes);
	case SCHED_OVERFLOW:
		keep_cost(sp, lines, cost_in_use(sp, lines, cfg->overflow_ms * UINT64_C(1000000), now_ns));
		break;
	case SCHED_WEIGHTED:
		break;
	}
	return weighted(s, sp, bytes, sched_floor(cfg));
}

/* Apart from the frequent case, whose registers it would take. */
static __attribute__((noinline)) unsigned
split_any(struct sched *s, const struct sched_config *cfg, const struct sched_line *const lines[], unsigned n_lines,
	uint32_t packet_bytes, uint64_t now_ns, struct sched_piece pieces[SCHED_PIECES_MAX])
{
	struct split sp;

	sp.pieces = pieces;
	sp.n_pieces = 0;
	n_lines = n_lines < SCHED_LINES_MAX ? n_lines : SCHED_LINES_MAX;
	if (shares_init(&sp, lines, n_lines, now_ns) == 0 || !split_by_mode(s, cfg, lines, &sp, packet_bytes, now_ns))
		return 0;
	return sp.n_pieces;
}

/* ------------------------------------------------------------------ two lines */

/* t0 put into bytes_0, for two lines that both are used:
 *
 *	bytes_0 = b_0 / B N + b_0 b_1 / B (w_1 - w_0) + (b_0 / B (H_0 + H_1) - H_0),   B = b_0 + b_1
 *
 * so that three numbers that change with the lines only are all it takes. Rounding makes a byte of what is left over, for the faster one; what
 * is whole but for the last bits of these numbers stays so. */
static const float NEARLY_WHOLE = 1.0f / 1024;

static uint64_t
rate_beside(const struct sched_line *l, const struct sched_line *other)
{
	if (l->pace.rate_bps != 0)
		return l->pace.rate_bps;
	return other->pace.rate_bps != 0 ? other->pace.rate_bps : UNPACED_BPS;
}

void
sched_prepare(struct sched_config *cfg, const struct sched_line *const lines[], unsigned n_lines)
{
	cfg->pair = (struct sched_pair){.share = 0};
	if (n_lines != 2 || cfg->mode != SCHED_WEIGHTED)
		return;

	const double a = payload_rate(lines[0], rate_beside(lines[0], lines[1]));
	const double b = payload_rate(lines[1], rate_beside(lines[1], lines[0]));
	const double of_a = a / (a + b), header = header_bytes(lines[0]);
	const double left_over = a >= b ? 1 - NEARLY_WHOLE : NEARLY_WHOLE;

	cfg->pair.share = (float)of_a;
	cfg->pair.per_ns = (float)(of_a * b);
	cfg->pair.more = (float)(of_a * (header + header_bytes(lines[1])) - header + left_over);
}

unsigned
sched_split(struct sched *s, const struct sched_config *cfg, const struct sched_line *const lines[], unsigned n_lines,
	uint32_t packet_bytes, uint64_t now_ns, struct sched_piece pieces[SCHED_PIECES_MAX])
{
	if (cfg->pair.share > 0 && sched_split_pair(cfg, lines[0], lines[1], packet_bytes, now_ns, pieces))
		return 2;
	return split_any(s, cfg, lines, n_lines, packet_bytes, now_ns, pieces);
}
