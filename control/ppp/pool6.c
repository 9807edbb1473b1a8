/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/pool6.h"

#include <errno.h>

enum { LEN_MAX = 64 };

/* How many of the pool's length lie in it. */
static uint32_t
count_in(const struct host_pool6 *cfg, const struct host_route *r)
{
	return (uint32_t)1 << (cfg->len - r->len);
}

int
pool6_init(struct pool6 *p, const struct host_pool6 *cfg)
{
	uint64_t n = 0;

	*p = (struct pool6){.cfg = cfg};
	if (cfg->len == 0 || cfg->len > LEN_MAX)
		return -EINVAL;
	for (unsigned i = 0; i < cfg->n_prefixes; i++) {
		const uint8_t len = cfg->prefixes[i].len;

		if (len > cfg->len || cfg->len - len > 24)
			return -EINVAL;
		n += count_in(cfg, &cfg->prefixes[i]);
	}
	return n > SLOTS_MAX ? -EINVAL : slots_init(&p->slots, (uint32_t)n);
}

void
pool6_fini(struct pool6 *p)
{
	slots_fini(&p->slots);
}

/* The first 64 bits of number `slot` of those in r. */
static uint64_t
prefix_hi(const struct host_pool6 *cfg, const struct host_route *r, uint32_t slot)
{
	return ip6_num_prefix(ip6_num_load(r->prefix.b), r->len).hi | (uint64_t)slot << (LEN_MAX - cfg->len);
}

bool
pool6_take(struct pool6 *p, struct host_route *prefix)
{
	uint32_t slot;

	if (!slots_take(&p->slots, &slot))
		return false;
	for (unsigned i = 0; i < p->cfg->n_prefixes; i++) {
		const struct host_route *r = &p->cfg->prefixes[i];
		const uint32_t n = count_in(p->cfg, r);

		if (slot < n) {
			*prefix = (struct host_route){.len = p->cfg->len};
			store_be64(prefix->prefix.b, prefix_hi(p->cfg, r, slot));
			return true;
		}
		slot -= n;
	}
	return false;
}

void
pool6_give(struct pool6 *p, const struct host_route *prefix)
{
	const struct ip6_num a = ip6_num_load(prefix->prefix.b);
	uint32_t base = 0;

	for (unsigned i = 0; i < p->cfg->n_prefixes; i++) {
		const struct host_route *r = &p->cfg->prefixes[i];
		const uint32_t n = count_in(p->cfg, r);
		const uint64_t first = prefix_hi(p->cfg, r, 0), last = prefix_hi(p->cfg, r, n - 1);

		if (a.hi >= first && a.hi <= last) {
			slots_give(&p->slots, base + (uint32_t)((a.hi - first) >> (LEN_MAX - p->cfg->len)));
			return;
		}
		base += n;
	}
}
