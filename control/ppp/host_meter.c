/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/host_state.h"

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
	const uint64_t look_ms = h->now_ms + between_looks_ms(timeout_ms), end_ms = b->meter.idle_since_ms + timeout_ms;

	if (timeout_ms == 0)
		return UINT64_MAX;
	return end_ms > h->now_ms && end_ms < look_ms ? end_ms : look_ms;
}

static void
close_idle(struct host *h, struct bundle *b)
{
	for (unsigned i = 0; i < HOST_LINKS_MAX; i++) {
		struct link *l = link_of(h, b->links[i]);

		if (l == NULL)
			continue;
		l->after = LINK_REST;
		link_doom(h, l, LINK_CLOSE, "idle for %llu s",
			(unsigned long long)(h->now_ms - b->meter.idle_since_ms) / 1000);
	}
}

static void
look_idle(struct host *h, struct bundle *b, const struct host_traffic *t)
{
	const uint32_t timeout_ms = idle_timeout_ms(h, b);
	const uint64_t all = t->rx_packets + t->tx_packets, control = b->meter.control_packets;
	const uint64_t packets = all > control ? all - control : 0;

	if (timeout_ms == 0)
		return;
	if (packets > b->meter.packets) /* less: control's part of the last answer came after it */
		b->meter.idle_since_ms = h->now_ms;
	b->meter.packets = packets;
	if (h->now_ms - b->meter.idle_since_ms >= timeout_ms)
		close_idle(h, b);
}

/* ------------------------------------------------------------------ asking */

void
meter_begin(struct host *h, struct bundle *b)
{
	b->meter.idle_since_ms = h->now_ms;
	b->meter.look_ms = next_look_ms(h, b);
}

/* An answer that does not come costs one look. */
void
meter_tick(struct host *h, struct bundle *b)
{
	if (b->meter.look_ms > h->now_ms)
		return;
	host_put(h, HOST_OUT_TRAFFIC_ASK)->bundle = b->id;
	b->meter.look_ms = next_look_ms(h, b);
}

void
meter_answer(struct host *h, struct bundle *b, const struct host_traffic *t)
{
	look_idle(h, b, t);
}

uint64_t
meter_deadline_ms(const struct bundle *b)
{
	return b->meter.look_ms;
}
