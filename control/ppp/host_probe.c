/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/host_state.h"

#include <stdio.h>
#include <stdlib.h>

#include "control/ppp/line_rate.h"

/* A link's Echo-Requests that time it: they go out and come back by LCP, and tell what its line carries (line_meter) and how good it is
 * (link_quality). What follows from that goes to the data plane. */

/* Links that opened together do not probe together. */
enum { SPREAD = 619 };

static const struct host_quality *
quality_cfg(const struct host *h, const struct link *l)
{
	return l->client ? &h->clients[l->owner].cfg->quality : &h->concentrators[l->owner].cfg->quality;
}

static bool
is_metered(const struct link *l)
{
	return l->probe != NULL && l->probe->metered;
}

static bool
is_probed(const struct link *l)
{
	return l->probe != NULL && l->probe->probed;
}

void
probe_begin(struct host *h, struct link *l)
{
	const struct host_quality *cfg = quality_cfg(h, l);
	const bool probed = cfg->probe || cfg->limits.loss_max_permille != 0 || cfg->limits.skew_max_ms != 0;
	const uint64_t begin_ms = h->now_ms + l->id * SPREAD % LINK_QUALITY_PROBE_MS;

	free(l->probe);
	l->probe = probed || l->line.measure ? calloc(1, sizeof(*l->probe)) : NULL;
	if (l->probe == NULL) {
		if (probed || l->line.measure)
			link_event(h, l, HOST_EV_NOTE, "no memory to measure its rate and quality: they stay unknown");
		return;
	}
	l->probe->metered = l->line.measure;
	l->probe->told = l->line.source;
	l->probe->probed = probed;
	line_meter_init(&l->probe->meter, l->line.rate_bps, begin_ms);
	link_quality_init(&l->probe->quality, begin_ms);
}

/* The next life of the link begins with what was told. */
void
probe_end(struct link *l)
{
	if (is_metered(l)) {
		l->line.rate_bps = l->probe->meter.told_bps;
		l->line.source = l->probe->told;
	}
	free(l->probe);
	l->probe = NULL;
}

uint64_t
probe_deadline_ms(const struct link *l)
{
	const uint64_t meter_ms = is_metered(l) ? line_meter_deadline_ms(&l->probe->meter) : UINT64_MAX;
	const uint64_t quality_ms = is_probed(l) ? l->probe->quality.probe_ms : UINT64_MAX;

	return meter_ms < quality_ms ? meter_ms : quality_ms;
}

/* ------------------------------------------------------------------ what the line carries */

static void
tell(struct host *h, struct link *l, enum line_meter_news news)
{
	const unsigned long long kbps = l->probe->meter.rate_bps / 1000, told_kbps = l->probe->meter.told_bps / 1000;

	if (news == LINE_METER_NOT_OURS)
		link_event(h, l, HOST_EV_NOTE, "echoes are slow whatever we send: the rate is as before");
	else if (news != LINE_METER_FOUND)
		return;
	else if (!line_meter_is_found(&l->probe->meter))
		link_event(h, l, HOST_EV_NOTE, "line carries %llu kbit/s, as was told", told_kbps);
	else if (told_kbps != 0)
		link_event(h, l, HOST_EV_NOTE, "line carries %llu kbit/s (measured), not %llu (%s)", kbps, told_kbps,
			line_rate_source_name(l->probe->told));
	else
		link_event(h, l, HOST_EV_NOTE, "line carries %llu kbit/s (measured)", kbps);
}

static void
heed(struct host *h, struct link *l, enum line_meter_news news)
{
	if (news == LINE_METER_NOTHING)
		return;
	l->line.rate_bps = l->probe->meter.rate_bps;
	l->line.source = line_meter_is_found(&l->probe->meter) ? HOST_RATE_MEASURED : l->probe->told;
	tell(h, l, news);
	link_line_changed(h, l);
}

/* ------------------------------------------------------------------ whether it is sent on */

/* Another link of the bundle that may be sent on; with fastest_ms, the shortest round trip of all that are known. */
static bool
others_send(const struct host *h, const struct bundle *b, const struct link *except, uint32_t *fastest_ms)
{
	bool any = false;

	*fastest_ms = link_quality_rtt_ms(&except->probe->quality);
	for (const struct link *l = bundle_first_link(h, b); l != NULL; l = bundle_next_link(h, l)) {
		if (l == except || l->phase != LINK_OPEN || l->tx_hold)
			continue;
		any |= !link_is_suspended(l);
		if (is_probed(l) && l->probe->quality.known && link_quality_rtt_ms(&l->probe->quality) < *fastest_ms)
			*fastest_ms = link_quality_rtt_ms(&l->probe->quality);
	}
	return any;
}

static void
suspend(struct host *h, struct link *l, enum link_quality_verdict why, uint32_t fastest_ms)
{
	const struct link_quality_limits *limits = &quality_cfg(h, l)->limits;
	char text[128];

	link_quality_suspend(&l->probe->quality, limits, h->now_ms);
	if (why == LINK_QUALITY_LOSS)
		snprintf(text, sizeof(text), "%u of 1000 %s are lost, %u are allowed",
			link_quality_loss_permille(&l->probe->quality),
			link_quality_is_reported(&l->probe->quality) ? "packets, as the peer reports," : "echoes",
			limits->loss_max_permille);
	else
		snprintf(text, sizeof(text), "its echoes take %u ms longer than the fastest link's, %u ms are allowed",
			link_quality_rtt_ms(&l->probe->quality) - fastest_ms, limits->skew_max_ms);
	link_event(h, l, HOST_EV_LINK_SUSPENDED, "not sent on any more: %s", text);
	host_facts(h, l, bundle_of(h, l->bundle), text);
	link_line_changed(h, l);
}

static void
resume(struct host *h, struct link *l, const char *why)
{
	link_quality_resume(&l->probe->quality, h->now_ms);
	link_event(h, l, HOST_EV_LINK_RESUMED, "sent on again: %s", why);
	host_facts(h, l, bundle_of(h, l->bundle), why);
	link_line_changed(h, l);
}

/* The last link that is left is sent on however bad it is. */
static void
judge(struct host *h, struct link *l)
{
	const struct bundle *b = bundle_of(h, l->bundle);
	enum link_quality_verdict verdict;
	uint32_t fastest_ms;
	bool others;

	if (b == NULL || l->phase != LINK_OPEN)
		return;
	others = others_send(h, b, l, &fastest_ms);
	verdict = link_quality_judge(&l->probe->quality, &quality_cfg(h, l)->limits, fastest_ms, h->now_ms);
	if (l->probe->quality.suspended && !others)
		resume(h, l, "no other link is left");
	else if (verdict == LINK_QUALITY_GOOD)
		resume(h, l, "it has been good for long enough");
	else if (verdict != LINK_QUALITY_AS_IT_IS && others)
		suspend(h, l, verdict, fastest_ms);
}

/* ------------------------------------------------------------------ probes */

/* The peer takes none: nothing more is known of the link. */
static void
give_up(struct host *h, struct link *l)
{
	probe_end(l);
	link_event(h, l, HOST_EV_NOTE, "peer takes no Echo-Requests: neither rate nor quality can be measured");
	link_line_changed(h, l);
}

void
probe_tick(struct host *h, struct link *l)
{
	struct outbox box;
	bool sent;

	if (h->now_ms < probe_deadline_ms(l))
		return;
	outbox_init(&box);
	sent = lcp_time(&l->lcp, h->now_ms, &box);
	link_drain(h, l, &box);
	if (!sent) {
		give_up(h, l);
		return;
	}
	if (is_metered(l))
		heed(h, l, line_meter_probed(&l->probe->meter, h->now_ms));
	if (!is_probed(l))
		return;
	link_quality_probed(&l->probe->quality, h->now_ms);
	host_put(h, HOST_OUT_TRAFFIC_ASK)->bundle = l->bundle;
	if (!l->probe->quality.known && l->probe->quality.probes == LINK_QUALITY_WINDOW)
		link_event(h, l, HOST_EV_NOTE,
			"peer sends no data back with its Echo-Replies: the link's quality stays unknown");
	judge(h, l);
}

void
probe_input(struct host *h, struct link *l)
{
	uint32_t rtt_ms;

	if (l->ended || !lcp_take_timing(&l->lcp, &rtt_ms))
		return;
	if (is_metered(l))
		heed(h, l, line_meter_sample(&l->probe->meter, rtt_ms, h->now_ms));
	if (!is_probed(l))
		return;
	if (l->probe->quality.known)
		link_spread_jitter(&l->probe->spread,
			rtt_ms > l->probe->quality.last_ms ? rtt_ms - l->probe->quality.last_ms
							   : l->probe->quality.last_ms - rtt_ms);
	link_quality_answered(&l->probe->quality, rtt_ms);
}

void
probe_traffic(const struct host *h, const struct bundle *b, const struct host_traffic *t)
{
	for (const struct link *l = bundle_first_link(h, b); l != NULL; l = bundle_next_link(h, l)) {
		const struct host_link_traffic *of = &t->links[l->slot];

		if (is_probed(l) && l->phase == LINK_OPEN)
			link_spread_received(&l->probe->spread, of->rx_packets, of->lost, of->skew_us);
	}
}
