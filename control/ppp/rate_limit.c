/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/rate_limit.h"

#include "dataplane/wire/bytes.h"

enum { MILLI = 1000 };

static struct rate_bucket
bucket_full(uint32_t per_s, uint64_t now_ms)
{
	return (struct rate_bucket){.at_ms = now_ms, .milli = (uint64_t)per_s * MILLI};
}

/* What flowed in since the last look: per_s tokens a second are per_s thousandths a millisecond. */
static void
bucket_refill(struct rate_bucket *b, uint32_t per_s, uint64_t now_ms)
{
	const uint64_t elapsed_ms = now_ms > b->at_ms ? now_ms - b->at_ms : 0;
	const uint64_t full = (uint64_t)per_s * MILLI;

	b->at_ms = now_ms;
	b->milli = elapsed_ms >= MILLI ? full : b->milli + elapsed_ms * per_s;
	if (b->milli > full)
		b->milli = full;
}

static bool
bucket_take(struct rate_bucket *b, uint32_t per_s, uint64_t now_ms)
{
	bucket_refill(b, per_s, now_ms);
	if (b->milli < MILLI)
		return false;
	b->milli -= MILLI;
	return true;
}

void
rate_limit_init(struct rate_limit *r, uint32_t total_per_s, uint32_t mac_per_s, uint64_t seed, uint64_t now_ms)
{
	memset(r, 0, sizeof(*r));
	r->total_per_s = total_per_s;
	r->mac_per_s = mac_per_s;
	r->seed = seed;
	r->total = bucket_full(total_per_s, now_ms);
}

static unsigned
set_of(const struct rate_limit *r, const struct mac *m)
{
	uint64_t h = ((uint64_t)load_be16(m->b) << 32 | load_be32(m->b + 2)) ^ r->seed;

	h = (h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93);
	h = (h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return (unsigned)(h >> 40) % RATE_LIMIT_SETS;
}

/* The bucket of a MAC. Who is new takes the place of who was quiet longest: after a second that bucket is full anyway, and
 * forgetting it changes nothing. */
static struct rate_bucket *
bucket_of(struct rate_limit *r, const struct mac *m, uint64_t now_ms)
{
	struct rate_slot *set = r->slots[set_of(r, m)];
	struct rate_slot *oldest = &set[0];

	for (unsigned i = 0; i < RATE_LIMIT_WAYS; i++) {
		if (mac_equal(&set[i].mac, m))
			return &set[i].bucket;
		if (mac_is_zero(&oldest->mac))
			continue;
		if (mac_is_zero(&set[i].mac) || set[i].bucket.at_ms < oldest->bucket.at_ms)
			oldest = &set[i];
	}
	*oldest = (struct rate_slot){.mac = *m, .bucket = bucket_full(r->mac_per_s, now_ms)};
	return &oldest->bucket;
}

enum rate_verdict
rate_limit_take(struct rate_limit *r, const struct mac *m, uint64_t now_ms)
{
	if (r->mac_per_s != 0 && !bucket_take(bucket_of(r, m, now_ms), r->mac_per_s, now_ms))
		return RATE_MAC;
	if (r->total_per_s != 0 && !bucket_take(&r->total, r->total_per_s, now_ms))
		return RATE_TOTAL;
	return RATE_OK;
}
