/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/bandwidth.h"

#include <string.h>

/* 64 bits hold what sixteen lines of 100 Gbit/s carry in a year, but not a hundred times what they carry in a day: so thresholds are
 * worked out by division. */

void
bandwidth_begin(struct bandwidth *b)
{
	*b = (struct bandwidth){0};
}

uint32_t
bandwidth_slot_ms(const struct host_bandwidth *cfg)
{
	return cfg->period_ms / HOST_BANDWIDTH_SLOTS;
}

static uint64_t
room_bits(uint64_t bps, uint64_t span_ms)
{
	return bps / 1000 * span_ms + bps % 1000 * span_ms / 1000;
}

/* bits * 100 >= room * percent. */
static bool
reaches(uint64_t bits, uint64_t room, uint32_t percent)
{
	return bits >= room / 100 * percent + (room % 100 * percent + 99) / 100;
}

static struct bandwidth_slot
sum(const struct bandwidth *b)
{
	struct bandwidth_slot all = {0};

	for (unsigned i = 0; i < b->n; i++) {
		all.rx_bits += b->slots[i].rx_bits;
		all.tx_bits += b->slots[i].tx_bits;
		all.rx_room_bits += b->slots[i].rx_room_bits;
		all.tx_room_bits += b->slots[i].tx_room_bits;
	}
	return all;
}

static bool
is_high(const struct bandwidth_slot *s, uint32_t percent)
{
	return (s->rx_room_bits != 0 && reaches(s->rx_bits, s->rx_room_bits, percent)) ||
		(s->tx_room_bits != 0 && reaches(s->tx_bits, s->tx_room_bits, percent));
}

static bool
is_low(const struct bandwidth_slot *s, uint32_t percent)
{
	return s->rx_room_bits != 0 && s->tx_room_bits != 0 && !reaches(s->rx_bits, s->rx_room_bits, percent) &&
		!reaches(s->tx_bits, s->tx_room_bits, percent);
}

/* Both readings of "low": the average of what was measured so far; or each slot of a whole period. */
static bool
calls_for_less(const struct bandwidth *b, const struct host_bandwidth *cfg)
{
	const struct bandwidth_slot all = sum(b);

	if (cfg->low == HOST_LOW_AVERAGE)
		return is_low(&all, cfg->low_percent);
	for (unsigned i = 0; i < HOST_BANDWIDTH_SLOTS; i++)
		if (i >= b->n || !is_low(&b->slots[i], cfg->low_percent))
			return false;
	return true;
}

enum bandwidth_verdict
bandwidth_sample(
	struct bandwidth *b, const struct host_bandwidth *cfg, const struct bandwidth_sample *s, uint64_t now_ms)
{
	const bool may_open = !b->has_opened || now_ms - b->opened_ms >= cfg->min_connect_ms;
	const bool may_close = !b->has_closed || now_ms - b->closed_ms >= cfg->min_disconnect_ms;
	struct bandwidth_slot all;

	memmove(&b->slots[1], &b->slots[0], sizeof(b->slots) - sizeof(b->slots[0]));
	b->slots[0] = (struct bandwidth_slot){
		.rx_bits = s->rx_bytes * 8,
		.tx_bits = s->tx_bytes * 8,
		.rx_room_bits = room_bits(s->rx_bps, s->span_ms),
		.tx_room_bits = room_bits(s->tx_bps, s->span_ms),
	};
	if (b->n < HOST_BANDWIDTH_SLOTS)
		b->n++;
	all = sum(b);
	if (may_open && is_high(&all, cfg->high_percent))
		return BANDWIDTH_OPEN;
	return may_close && calls_for_less(b, cfg) ? BANDWIDTH_CLOSE : BANDWIDTH_STAY;
}

void
bandwidth_opened(struct bandwidth *b, uint64_t now_ms)
{
	b->has_opened = true;
	b->opened_ms = now_ms;
}

void
bandwidth_closed(struct bandwidth *b, uint64_t now_ms)
{
	b->has_closed = true;
	b->closed_ms = now_ms;
}

static uint32_t
permille(uint64_t bits, uint64_t room)
{
	for (; room > UINT64_C(1) << 50; room >>= 1)
		bits >>= 1;
	if (room == 0)
		return 0;
	if (bits / room > 1000) /* the lines carry far more than they are said to */
		return 1000 * 1000;
	return (uint32_t)(bits / room * 1000 + bits % room * 1000 / room);
}

struct bandwidth_use
bandwidth_use_of(const struct bandwidth_slot *slot)
{
	return (struct bandwidth_use){
		.rx_permille = permille(slot->rx_bits, slot->rx_room_bits),
		.tx_permille = permille(slot->tx_bits, slot->tx_room_bits),
	};
}

struct bandwidth_use
bandwidth_use(const struct bandwidth *b)
{
	const struct bandwidth_slot all = sum(b);

	return bandwidth_use_of(&all);
}
