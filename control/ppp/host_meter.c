/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/host_state.h"

#include <stdio.h>
#include <stdlib.h>

/* What a bundle carries is counted in the data plane. Whoever needs it asks at times, and goes by the answers. */

static uint32_t
idle_timeout_ms(const struct host *h, const struct bundle *b)
{
	return b->client ? h->clients[b->owner].cfg->idle_timeout_ms : h->concentrators[b->owner].cfg->idle_timeout_ms;
}

/* ------------------------------------------------------------------ idle timeout: the bundle's, not a link's (RFC 1990) */

static uint32_t
between_looks_ms(uint32_t timeout_ms)
{
	const uint32_t ms = timeout_ms / HOST_IDLE_LOOKS;

	if (ms < HOST_IDLE_LOOK_MIN_MS)
		return HOST_IDLE_LOOK_MIN_MS;
	return ms > HOST_IDLE_LOOK_MAX_MS ? HOST_IDLE_LOOK_MAX_MS : ms;
}

/* No later than when it would be idle long enough. */
static uint64_t
next_look_ms(const struct host *h, const struct bundle *b)
{
	const uint32_t timeout_ms = idle_timeout_ms(h, b);
	const uint64_t look_ms = h->now_ms + between_looks_ms(timeout_ms),
		       end_ms = b->meter->idle_since_ms + timeout_ms;

	if (timeout_ms == 0)
		return UINT64_MAX;
	return end_ms > h->now_ms && end_ms < look_ms ? end_ms : look_ms;
}

static void
close_idle(struct host *h, struct bundle *b)
{
	for (struct link *l = bundle_first_link(h, b); l != NULL; l = bundle_next_link(h, l)) {
		l->after = LINK_REST;
		link_doom(h, l, LINK_CLOSE, "idle for %llu s",
			(unsigned long long)(h->now_ms - b->meter->idle_since_ms) / 1000);
	}
}

static void
look_idle(struct host *h, struct bundle *b, const struct host_traffic *t)
{
	const uint32_t timeout_ms = idle_timeout_ms(h, b);
	const uint64_t all = t->rx_packets + t->tx_packets, control = b->meter->control_packets;
	const uint64_t packets = all > control ? all - control : 0;

	if (timeout_ms == 0)
		return;
	if (packets > b->meter->packets) /* less: control's part of the last answer came after it */
		b->meter->idle_since_ms = h->now_ms;
	b->meter->packets = packets;
	if (h->now_ms - b->meter->idle_since_ms >= timeout_ms)
		close_idle(h, b);
}

/* ------------------------------------------------------------------ bandwidth management */

static const struct host_bandwidth *
bandwidth_cfg(const struct host *h, const struct bundle *b)
{
	return b->client ? &h->clients[b->owner].cfg->bandwidth : &h->concentrators[b->owner].cfg->bandwidth;
}

/* What the line brings us: as configured, else as the access node says, else as much as it takes from us. */
static uint64_t
receive_bps(const struct link *l)
{
	const uint32_t told_kbps = l->client ? dsl_line_down_kbps(l->dsl) : dsl_line_up_kbps(l->dsl);

	if (l->line.receive_bps != 0)
		return l->line.receive_bps;
	return told_kbps != 0 ? (uint64_t)told_kbps * 1000 : l->line.rate_bps;
}

/* Of the open links together; 0 as soon as one of them is not known. */
static void
rates(const struct host *h, const struct bundle *b, uint64_t *rx_bps, uint64_t *tx_bps)
{
	bool known = true;

	*rx_bps = *tx_bps = 0;
	for (const struct link *l = bundle_first_link(h, b); l != NULL; l = bundle_next_link(h, l)) {
		if (l->phase != LINK_OPEN)
			continue;
		known &= l->line.rate_bps != 0;
		*rx_bps += receive_bps(l);
		*tx_bps += l->line.rate_bps;
	}
	if (!known)
		*rx_bps = *tx_bps = 0;
}

/* Since the last sample, of the links that are joined now (B-01). One that joined meanwhile counts from there. */
static struct bandwidth_sample
take_sample(const struct host *h, struct bundle *b, const struct host_traffic *t)
{
	struct bandwidth_sample s = {.span_ms = h->now_ms - b->meter->bandwidth->sampled_ms};
	uint32_t joined[HOST_LINKS_MAX] = {0}; /* id by slot, 0: none */

	for (const struct link *l = bundle_first_link(h, b); l != NULL; l = bundle_next_link(h, l))
		joined[l->slot] = l->id;
	rates(h, b, &s.rx_bps, &s.tx_bps);
	for (unsigned i = 0; i < HOST_LINKS_MAX; i++) {
		const bool same = joined[i] != 0 && b->meter->bandwidth->counted[i].link == joined[i];

		if (joined[i] != 0) {
			s.rx_bytes += t->links[i].rx_bytes - (same ? b->meter->bandwidth->counted[i].rx_bytes : 0);
			s.tx_bytes += t->links[i].tx_bytes - (same ? b->meter->bandwidth->counted[i].tx_bytes : 0);
		}
		b->meter->bandwidth->counted[i].link = joined[i];
		b->meter->bandwidth->counted[i].rx_bytes = t->links[i].rx_bytes;
		b->meter->bandwidth->counted[i].tx_bytes = t->links[i].tx_bytes;
	}
	b->meter->bandwidth->sampled_ms = h->now_ms;
	return s;
}

static void
why_text(const struct host *h, const struct bundle *b, bool high, char *why, size_t cap)
{
	const struct host_bandwidth *cfg = bandwidth_cfg(h, b);
	const struct bandwidth_use use = bandwidth_use(&b->meter->bandwidth->bandwidth);
	const unsigned percent = high ? cfg->high_percent : cfg->low_percent;

	snprintf(why, cap, "%u.%u %% in, %u.%u %% out over the last %u s; %s is %u %%", use.rx_permille / 10,
		use.rx_permille % 10, use.tx_permille / 10, use.tx_permille % 10,
		b->meter->bandwidth->bandwidth.n * bandwidth_slot_ms(cfg) / 1000, high ? "high water" : "low water",
		percent);
}

/* A concentrator can only tell. */
static bool
more(struct host *h, struct bundle *b, const char *why)
{
	if (b->client)
		return client_more(h, &h->clients[b->owner], why);
	host_event(
		h, HOST_EV_NOTE, 0, b->id, "bundle %u '%.64s': one more link would be of use: %s", b->id, b->name, why);
	return true;
}

static bool
less(struct host *h, struct bundle *b, const char *why)
{
	if (b->client)
		return client_less(h, &h->clients[b->owner], why);
	if (bundle_count_links(h, b) < 2)
		return false;
	host_event(h, HOST_EV_NOTE, 0, b->id, "bundle %u '%.64s': one link fewer would do: %s", b->id, b->name, why);
	return true;
}

static void
look_bandwidth(struct host *h, struct bundle *b, const struct host_traffic *t)
{
	struct bandwidth *bw;
	struct bandwidth_sample s;
	char why[128];

	if (b->meter->bandwidth == NULL || !b->meter->bandwidth->sampling)
		return;
	bw = &b->meter->bandwidth->bandwidth;
	b->meter->bandwidth->sampling = false;
	s = take_sample(h, b, t);
	switch (bandwidth_sample(bw, bandwidth_cfg(h, b), &s, h->now_ms)) {
	case BANDWIDTH_STAY:
		break;
	case BANDWIDTH_OPEN:
		why_text(h, b, true, why, sizeof(why));
		if (more(h, b, why))
			bandwidth_opened(bw, h->now_ms);
		break;
	case BANDWIDTH_CLOSE:
		why_text(h, b, false, why, sizeof(why));
		if (less(h, b, why))
			bandwidth_closed(bw, h->now_ms);
		break;
	}
}

static void
bandwidth_start(const struct host *h, struct bundle *b)
{
	if (b->meter->bandwidth == NULL)
		return;
	bandwidth_begin(&b->meter->bandwidth->bandwidth);
	b->meter->bandwidth->sampled_ms = h->now_ms;
	b->meter->sample_ms = h->now_ms + bandwidth_slot_ms(bandwidth_cfg(h, b));
}

void
meter_info(const struct host *h, const struct bundle *b, struct host_bandwidth_info *info)
{
	const struct bandwidth *bw;
	struct bandwidth_use use;

	*info = (struct host_bandwidth_info){.enabled = b->meter != NULL && b->meter->bandwidth != NULL};
	if (!info->enabled)
		return;
	bw = &b->meter->bandwidth->bandwidth;
	use = bandwidth_use(bw);
	info->slots = bw->n;
	info->use.rx_permille = use.rx_permille;
	info->use.tx_permille = use.tx_permille;
	for (unsigned i = 0; i < bw->n; i++) {
		info->slot[i].rx_permille = bandwidth_use_of(&bw->slots[i]).rx_permille;
		info->slot[i].tx_permille = bandwidth_use_of(&bw->slots[i]).tx_permille;
	}
	rates(h, b, &info->rx_bps, &info->tx_bps);
	info->spare = b->client ? client_spare(h, &h->clients[b->owner]) : 0;
	info->last_opened_ms = bw->has_opened ? bw->opened_ms : 0;
	info->last_closed_ms = bw->has_closed ? bw->closed_ms : 0;
}

/* ------------------------------------------------------------------ asking */

static void
meter_missing(struct host *h, const struct bundle *b, const char *what)
{
	host_event(h, HOST_EV_NOTE, 0, b->id, "bundle %u '%.64s': no memory for its %s", b->id, b->name, what);
}

void
meter_new(struct host *h, struct bundle *b)
{
	const bool managed = bandwidth_cfg(h, b)->enabled;

	if (!managed && idle_timeout_ms(h, b) == 0)
		return;
	b->meter = calloc(1, sizeof(*b->meter));
	if (b->meter == NULL) {
		meter_missing(h, b, managed ? "bandwidth management" : "idle timeout");
		return;
	}
	b->meter->look_ms = b->meter->sample_ms = UINT64_MAX;
	if (!managed)
		return;
	b->meter->bandwidth = calloc(1, sizeof(*b->meter->bandwidth));
	if (b->meter->bandwidth == NULL)
		meter_missing(h, b, "bandwidth management");
}

void
meter_control_packet(struct bundle *b)
{
	if (b->meter != NULL)
		b->meter->control_packets++;
}

void
meter_begin(struct host *h, struct bundle *b)
{
	if (b->meter == NULL)
		return;
	b->meter->idle_since_ms = h->now_ms;
	b->meter->look_ms = next_look_ms(h, b);
	bandwidth_start(h, b);
}

/* An answer that does not come costs one look, or makes one slot of two. Slots keep their rhythm, unless we were held up for longer than
 * one. */
void
meter_tick(struct host *h, struct bundle *b)
{
	struct bundle_meter *m = b->meter;
	const uint32_t slot_ms = bandwidth_slot_ms(bandwidth_cfg(h, b));

	if (meter_deadline_ms(b) > h->now_ms)
		return;
	host_put(h, HOST_OUT_TRAFFIC_ASK)->bundle = b->id;
	if (m->look_ms <= h->now_ms)
		m->look_ms = next_look_ms(h, b);
	if (m->sample_ms > h->now_ms)
		return;
	m->bandwidth->sampling = true;
	m->sample_ms = m->sample_ms + slot_ms > h->now_ms ? m->sample_ms + slot_ms : h->now_ms + slot_ms;
}

void
meter_answer(struct host *h, struct bundle *b, const struct host_traffic *t)
{
	if (b->meter == NULL)
		return;
	look_bandwidth(h, b, t);
	look_idle(h, b, t);
}

uint64_t
meter_deadline_ms(const struct bundle *b)
{
	if (b->meter == NULL)
		return UINT64_MAX;
	return b->meter->look_ms < b->meter->sample_ms ? b->meter->look_ms : b->meter->sample_ms;
}
