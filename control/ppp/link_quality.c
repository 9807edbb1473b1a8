/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/link_quality.h"

enum { PERMILLE = 1000, RTT_SHIFT = 3, JITTER_SHIFT = 4 };

const uint32_t link_quality_bounds_ms[LINK_QUALITY_BUCKETS] = {
	1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, UINT32_MAX};

const uint16_t link_loss_bounds_permille[LINK_LOSS_BUCKETS] = {0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000};

static void
count_ms(uint32_t of[LINK_QUALITY_BUCKETS], uint32_t ms)
{
	unsigned i = 0;

	while (ms > link_quality_bounds_ms[i])
		i++;
	of[i]++;
}

static void
count_loss(struct link_spread *s, uint64_t packets, uint64_t lost)
{
	/* rounded up: the first bucket is for none at all */
	const uint64_t permille = (lost * PERMILLE + packets + lost - 1) / (packets + lost);
	unsigned i = 0;

	while (permille > link_loss_bounds_permille[i])
		i++;
	s->losses[i]++;
}

void
link_spread_jitter(struct link_spread *s, uint32_t step_ms)
{
	count_ms(s->jitters, step_ms);
}

void
link_spread_received(struct link_spread *s, uint64_t packets, uint64_t lost, uint32_t skew_us)
{
	if (s->counted && packets + lost > s->packets + s->lost) {
		count_loss(s, packets - s->packets, lost - s->lost);
		count_ms(s->skews, (skew_us + 999) / 1000);
	}
	s->packets = packets;
	s->lost = lost;
	s->counted = true;
}

void
link_quality_init(struct link_quality *q, uint64_t now_ms)
{
	*q = (struct link_quality){.probe_ms = now_ms + LINK_QUALITY_PROBE_MS, .good_ms = UINT64_MAX, .holds = 1};
}

static void
settle(struct link_quality *q, bool lost)
{
	q->window = q->window << 1 | lost;
	q->n = q->n < LINK_QUALITY_WINDOW ? (uint8_t)(q->n + 1) : LINK_QUALITY_WINDOW;
	q->lost += lost;
	q->awaiting = false;
}

void
link_quality_probed(struct link_quality *q, uint64_t now_ms)
{
	if (q->awaiting)
		settle(q, true);
	q->awaiting = true;
	q->probes++;
	q->probe_ms = now_ms + LINK_QUALITY_PROBE_MS;
}

static void
smooth(struct link_quality *q, uint32_t rtt_ms)
{
	const uint32_t step_ms = rtt_ms > q->last_ms ? rtt_ms - q->last_ms : q->last_ms - rtt_ms;

	q->rtt_8th_ms += rtt_ms - (q->rtt_8th_ms >> RTT_SHIFT);
	q->jitter_16th_ms += step_ms - (q->jitter_16th_ms >> JITTER_SHIFT);
}

void
link_quality_answered(struct link_quality *q, uint32_t rtt_ms)
{
	if (!q->awaiting)
		return;
	settle(q, false);
	count_ms(q->rtts, rtt_ms);
	if (q->known)
		smooth(q, rtt_ms);
	else
		q->rtt_8th_ms = rtt_ms << RTT_SHIFT;
	q->least_ms = !q->known || rtt_ms < q->least_ms ? rtt_ms : q->least_ms;
	q->most_ms = rtt_ms > q->most_ms ? rtt_ms : q->most_ms;
	q->last_ms = rtt_ms;
	q->known = true;
}

void
link_quality_reported(struct link_quality *q, unsigned permille)
{
	q->reported_permille = (uint16_t)permille;
}

static unsigned
echo_loss_permille(const struct link_quality *q)
{
	const uint32_t mask = q->n < LINK_QUALITY_WINDOW ? (UINT32_C(1) << q->n) - 1 : UINT32_MAX;

	return q->n == 0 ? 0 : (unsigned)__builtin_popcount(q->window & mask) * PERMILLE / q->n;
}

bool
link_quality_is_reported(const struct link_quality *q)
{
	return q->reported_permille > echo_loss_permille(q);
}

unsigned
link_quality_loss_permille(const struct link_quality *q)
{
	return link_quality_is_reported(q) ? q->reported_permille : echo_loss_permille(q);
}

uint32_t
link_quality_rtt_ms(const struct link_quality *q)
{
	return q->rtt_8th_ms >> RTT_SHIFT;
}

uint32_t
link_quality_jitter_us(const struct link_quality *q)
{
	return (uint32_t)(q->jitter_16th_ms * UINT64_C(1000) >> JITTER_SHIFT);
}

static uint32_t
skew_ms(const struct link_quality *q, uint32_t fastest_ms)
{
	const uint32_t rtt_ms = link_quality_rtt_ms(q);

	return rtt_ms > fastest_ms ? rtt_ms - fastest_ms : 0;
}

static enum link_quality_verdict
judge_sending(const struct link_quality *q, const struct link_quality_limits *limits, uint32_t fastest_ms)
{
	if (limits->loss_max_permille != 0 && link_quality_loss_permille(q) > limits->loss_max_permille)
		return LINK_QUALITY_LOSS;
	if (limits->skew_max_ms != 0 && skew_ms(q, fastest_ms) > limits->skew_max_ms)
		return LINK_QUALITY_SKEW;
	return LINK_QUALITY_AS_IT_IS;
}

/* Half the loss, three quarters of the skew: or it would come and go. */
static bool
is_well_below(const struct link_quality *q, const struct link_quality_limits *limits, uint32_t fastest_ms)
{
	return (limits->loss_max_permille == 0 || link_quality_loss_permille(q) <= limits->loss_max_permille / 2u) &&
		(limits->skew_max_ms == 0 || skew_ms(q, fastest_ms) <= limits->skew_max_ms - limits->skew_max_ms / 4);
}

static enum link_quality_verdict
judge_suspended(struct link_quality *q, const struct link_quality_limits *limits, uint32_t fastest_ms, uint64_t now_ms)
{
	if (!is_well_below(q, limits, fastest_ms))
		q->good_ms = UINT64_MAX;
	else if (q->good_ms == UINT64_MAX)
		q->good_ms = now_ms;
	return q->good_ms != UINT64_MAX && now_ms - q->good_ms >= (uint64_t)limits->hold_ms * q->holds
		? LINK_QUALITY_GOOD
		: LINK_QUALITY_AS_IT_IS;
}

enum link_quality_verdict
link_quality_judge(
	struct link_quality *q, const struct link_quality_limits *limits, uint32_t fastest_ms, uint64_t now_ms)
{
	if (q->n < LINK_QUALITY_LEAST || !q->known)
		return LINK_QUALITY_AS_IT_IS;
	return q->suspended ? judge_suspended(q, limits, fastest_ms, now_ms) : judge_sending(q, limits, fastest_ms);
}

/* Bad again as soon as it was let in: it must prove itself for twice as long. */
void
link_quality_suspend(struct link_quality *q, const struct link_quality_limits *limits, uint64_t now_ms)
{
	const uint64_t soon_ms = (uint64_t)limits->hold_ms * q->holds * 2;

	if (q->suspensions == 0 || now_ms - q->resumed_ms > soon_ms)
		q->holds = 1;
	else if (q->holds < LINK_QUALITY_HOLDS_MAX)
		q->holds *= 2;
	q->suspensions++;
	q->suspended = true;
	q->good_ms = UINT64_MAX;
}

void
link_quality_resume(struct link_quality *q, uint64_t now_ms)
{
	q->suspended = false;
	q->resumed_ms = now_ms;
}
