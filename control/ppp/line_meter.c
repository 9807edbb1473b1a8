/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/line_meter.h"

enum state {
	STEADY,
	DESCEND, /* halved, and halved again, until the round trip falls */
	CONFIRM, /* back at a rate that seems too high: the round trip must grow again */
	TRY,     /* a rate between good and bad, with an empty queue to begin with */
	DRAIN,   /* below the good one, until the queue of a bad one is gone */
};

enum {
	HIGHS = 2,           /* long round trips in a row that begin an experiment */
	STUCK_SAMPLES = 2,   /* of a halved rate without a fall: it is still too high */
	FALL_MS = 5,         /* less is jitter */
	TRY_SAMPLES = 4,     /* without a long one: the line carries it */
	CONFIRM_SAMPLES = 6, /* without a long one: it was not of our making */
	DRAIN_SAMPLES = 20,
	HALVES = 3,      /* of a rate that was told: the slowest line that is looked for has an eighth of it */
	CLOSE_SHIFT = 5, /* good and bad ones are close enough within a part in 32 */
	SPARE_SHIFT =
		6, /* what is found is sent by less a part in 64: a queue that grows too slowly to be seen would grow for ever */
	RETRY_SHIFT = 2, /* up to a quarter more is tried */
	PACKET_BITS = 12000,
};

#define START_BPS UINT64_C(1000000000) /* of a line that nobody told anything of */
#define LEAST_BPS UINT64_C(128000)

static uint64_t
min64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Two whole packets may always be in front of a probe. */
static bool
is_high(const struct line_meter *m, uint32_t rtt_ms)
{
	const uint64_t bps = m->rate_bps != 0 ? m->rate_bps : START_BPS;

	return rtt_ms > m->base_ms + LINE_METER_EXCESS_MS + UINT64_C(2000) * PACKET_BITS / bps;
}

static enum line_meter_news
end(struct line_meter *m, uint64_t bps, enum line_meter_news news)
{
	m->rate_bps = bps;
	m->state = STEADY;
	m->highs = 0;
	return news;
}

static void
retry_later(struct line_meter *m, uint64_t now_ms)
{
	m->retry_ms = now_ms + m->retry_each_ms;
	m->retry_each_ms = min64(2 * m->retry_each_ms, LINE_METER_REST_MAX_MS);
}

/* Whatever makes the round trip long, it is normal from now on. */
static enum line_meter_news
not_ours(struct line_meter *m, uint64_t now_ms)
{
	retry_later(m, now_ms);
	m->base_ms = m->least_ms;
	m->resume_ms = now_ms + m->rest_ms;
	m->rest_ms = min64(2 * m->rest_ms, LINE_METER_REST_MAX_MS);
	return end(m, m->before_bps, LINE_METER_NOT_OURS);
}

/* News only if it differs from what was found before. */
static enum line_meter_news
found(struct line_meter *m, uint64_t now_ms)
{
	const uint64_t close = m->told_bps - (m->told_bps >> CLOSE_SHIFT);
	const uint64_t bps =
		m->told_bps != 0 && m->good_bps >= close ? m->told_bps : m->good_bps - (m->good_bps >> SPARE_SHIFT);
	const uint64_t moved = bps > m->before_bps ? bps - m->before_bps : m->before_bps - bps;

	retry_later(m, now_ms);
	m->rest_ms = LINE_METER_REST_MS;
	m->resume_ms = now_ms;
	return end(m, bps, moved > bps >> (CLOSE_SHIFT - 1) ? LINE_METER_FOUND : LINE_METER_CHANGED);
}

static enum line_meter_news
try_between(struct line_meter *m, uint64_t now_ms)
{
	m->samples = 0;
	if (m->bad_bps - m->good_bps <= m->bad_bps >> CLOSE_SHIFT)
		return found(m, now_ms);
	m->state = TRY;
	m->rate_bps = (m->good_bps + m->bad_bps) / 2;
	return LINE_METER_CHANGED;
}

static void
begin(struct line_meter *m, uint32_t rtt_ms, uint64_t now_ms)
{
	m->begun_ms = now_ms;
	m->raising = false;
	m->before_bps = m->rate_bps;
	m->last_ms = m->least_ms = rtt_ms;
	m->samples = 0;
}

static uint64_t
floor_bps(const struct line_meter *m)
{
	const uint64_t bps = m->told_bps >> HALVES;

	return bps > LEAST_BPS ? bps : LEAST_BPS;
}

static enum line_meter_news
halve(struct line_meter *m, uint64_t now_ms)
{
	m->bad_bps = m->rate_bps != 0 ? m->rate_bps : START_BPS;
	m->samples = 0;
	m->state = DESCEND;
	if (m->bad_bps / 2 < floor_bps(m))
		return not_ours(m, now_ms);
	m->rate_bps = m->bad_bps / 2;
	return LINE_METER_CHANGED;
}

static enum line_meter_news
confirm_at(struct line_meter *m, uint64_t bps)
{
	m->state = CONFIRM;
	m->samples = 0;
	m->rate_bps = bps;
	return LINE_METER_CHANGED;
}

/* A little more than the good rate, which may be the wrong one by now. */
static enum line_meter_news
raise(struct line_meter *m)
{
	const uint64_t bps = m->good_bps + (m->good_bps >> RETRY_SHIFT);

	m->bad_bps = m->told_bps != 0 ? min64(bps, m->told_bps) : bps;
	return confirm_at(m, m->bad_bps);
}

static enum line_meter_news
drain_from(struct line_meter *m)
{
	m->bad_bps = min64(m->bad_bps, m->rate_bps);
	m->rate_bps = m->good_bps - m->good_bps / 8;
	m->state = DRAIN;
	m->samples = 0;
	return LINE_METER_CHANGED;
}

static enum line_meter_news
steady(struct line_meter *m, uint32_t rtt_ms, uint64_t now_ms)
{
	m->highs = is_high(m, rtt_ms) && now_ms >= m->resume_ms ? (uint8_t)(m->highs + 1) : 0;
	if (m->highs >= HIGHS) {
		begin(m, rtt_ms, now_ms);
		return halve(m, now_ms);
	}
	if (m->highs != 0 || !line_meter_is_found(m) || now_ms < m->retry_ms)
		return LINE_METER_NOTHING;
	begin(m, rtt_ms, now_ms);
	m->raising = true;
	m->good_bps = m->rate_bps;
	return raise(m);
}

static enum line_meter_news
descend(struct line_meter *m, uint32_t rtt_ms, uint64_t now_ms)
{
	if (!is_high(m, rtt_ms)) {
		m->good_bps = m->rate_bps;
		return confirm_at(m, m->before_bps != 0 ? m->before_bps : START_BPS);
	}
	m->samples = rtt_ms + FALL_MS <= m->last_ms ? 0 : (uint8_t)(m->samples + 1);
	return m->samples >= STUCK_SAMPLES ? halve(m, now_ms) : LINE_METER_NOTHING;
}

static enum line_meter_news
confirm(struct line_meter *m, uint32_t rtt_ms, uint64_t now_ms)
{
	if (is_high(m, rtt_ms))
		return drain_from(m);
	if (++m->samples < CONFIRM_SAMPLES)
		return LINE_METER_NOTHING;
	if (!m->raising)
		return not_ours(m, now_ms);
	m->good_bps = m->rate_bps;
	return m->told_bps != 0 && m->good_bps >= m->told_bps ? found(m, now_ms) : raise(m);
}

static enum line_meter_news
try(struct line_meter *m, uint32_t rtt_ms, uint64_t now_ms)
{
	if (is_high(m, rtt_ms))
		return drain_from(m);
	if (++m->samples < TRY_SAMPLES)
		return LINE_METER_NOTHING;
	m->good_bps = m->rate_bps;
	return try_between(m, now_ms);
}

static enum line_meter_news
drain(struct line_meter *m, uint32_t rtt_ms, uint64_t now_ms)
{
	if (!is_high(m, rtt_ms))
		return try_between(m, now_ms);
	return ++m->samples >= DRAIN_SAMPLES ? not_ours(m, now_ms) : LINE_METER_NOTHING;
}

static enum line_meter_news
judge(struct line_meter *m, uint32_t rtt_ms, uint64_t now_ms)
{
	switch ((enum state)m->state) {
	case STEADY:
		return steady(m, rtt_ms, now_ms);
	case DESCEND:
		return descend(m, rtt_ms, now_ms);
	case CONFIRM:
		return confirm(m, rtt_ms, now_ms);
	case TRY:
		return try(m, rtt_ms, now_ms);
	case DRAIN:
		return drain(m, rtt_ms, now_ms);
	}
	return LINE_METER_NOTHING;
}

void
line_meter_init(struct line_meter *m, uint64_t told_bps, uint64_t now_ms)
{
	*m = (struct line_meter){.told_bps = told_bps,
		.rate_bps = told_bps,
		.rest_ms = LINE_METER_REST_MS,
		.retry_each_ms = LINE_METER_RETRY_MS,
		.probe_ms = now_ms};
}

uint64_t
line_meter_deadline_ms(const struct line_meter *m)
{
	return m->probe_ms;
}

/* An experiment ends, too, when nothing is answered any more. */
enum line_meter_news
line_meter_probed(struct line_meter *m, uint64_t now_ms)
{
	const bool searching = m->state != STEADY || m->highs != 0;

	m->probe_ms = now_ms + (searching ? LINE_METER_SEARCH_MS : LINE_METER_STEADY_MS);
	if (m->state != STEADY && now_ms - m->begun_ms > LINE_METER_SEARCH_MAX_MS)
		return not_ours(m, now_ms);
	return LINE_METER_NOTHING;
}

enum line_meter_news
line_meter_sample(struct line_meter *m, uint32_t rtt_ms, uint64_t now_ms)
{
	enum line_meter_news news;

	if (!m->base_known || rtt_ms < m->base_ms)
		m->base_ms = rtt_ms;
	m->base_known = true;
	m->least_ms = rtt_ms < m->least_ms ? rtt_ms : m->least_ms;
	news = judge(m, rtt_ms, now_ms);
	m->last_ms = rtt_ms;
	if (m->state != STEADY || m->highs != 0)
		m->probe_ms = min64(m->probe_ms, now_ms + LINE_METER_SEARCH_MS);
	return news;
}

bool
line_meter_is_found(const struct line_meter *m)
{
	return m->rate_bps != m->told_bps;
}
