/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/host_state.h"

#include "control/ppp/line_rate.h"

/* A link's line_meter: probes go out and come back by LCP, what it finds goes to the data plane. */

void
probe_begin(struct host *h, struct link *l)
{
	l->metered = l->line.measure;
	if (!l->metered)
		return;
	l->told = l->line.source;
	line_meter_init(&l->meter, l->line.rate_bps, h->now_ms);
}

/* The next life of the link begins with what was told. */
void
probe_end(struct link *l)
{
	if (!l->metered)
		return;
	l->metered = false;
	l->line.rate_bps = l->meter.told_bps;
	l->line.source = l->told;
}

uint64_t
probe_deadline_ms(const struct link *l)
{
	return l->metered ? line_meter_deadline_ms(&l->meter) : UINT64_MAX;
}

static void
tell(struct host *h, struct link *l, enum line_meter_news news)
{
	const unsigned long long kbps = l->meter.rate_bps / 1000, told_kbps = l->meter.told_bps / 1000;

	if (news == LINE_METER_NOT_OURS)
		link_event(h, l, HOST_EV_NOTE, "echoes are slow whatever we send: the rate is as before");
	else if (news != LINE_METER_FOUND)
		return;
	else if (!line_meter_is_found(&l->meter))
		link_event(h, l, HOST_EV_NOTE, "line carries %llu kbit/s, as was told", told_kbps);
	else if (told_kbps != 0)
		link_event(h, l, HOST_EV_NOTE, "line carries %llu kbit/s (measured), not %llu (%s)", kbps, told_kbps,
			line_rate_source_name(l->told));
	else
		link_event(h, l, HOST_EV_NOTE, "line carries %llu kbit/s (measured)", kbps);
}

static void
heed(struct host *h, struct link *l, enum line_meter_news news)
{
	if (news == LINE_METER_NOTHING)
		return;
	l->line.rate_bps = l->meter.rate_bps;
	l->line.source = line_meter_is_found(&l->meter) ? HOST_RATE_MEASURED : l->told;
	tell(h, l, news);
	link_line_changed(h, l);
}

void
probe_tick(struct host *h, struct link *l)
{
	struct outbox box;

	if (h->now_ms < probe_deadline_ms(l))
		return;
	outbox_init(&box);
	lcp_time(&l->lcp, h->now_ms, &box);
	link_drain(h, l, &box);
	heed(h, l, line_meter_probed(&l->meter, h->now_ms));
}

void
probe_input(struct host *h, struct link *l)
{
	uint32_t rtt_ms;

	if (l->metered && !l->ended && lcp_take_timing(&l->lcp, &rtt_ms))
		heed(h, l, line_meter_sample(&l->meter, rtt_ms, h->now_ms));
}
