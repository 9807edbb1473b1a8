/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/pool.h"

#include <errno.h>

int
pool_init(struct pool *p, const struct host_pool *cfg)
{
	uint64_t n = 0;

	*p = (struct pool){.cfg = cfg};
	for (unsigned i = 0; i < cfg->n_ranges; i++) {
		if (cfg->ranges[i].first > cfg->ranges[i].last || cfg->ranges[i].first == 0)
			return -EINVAL;
		n += (uint64_t)cfg->ranges[i].last - cfg->ranges[i].first + 1;
	}
	if (n > SLOTS_MAX)
		return -EINVAL;
	return slots_init(&p->slots, (uint32_t)n);
}

void
pool_fini(struct pool *p)
{
	slots_fini(&p->slots);
}

/* Number of the address; false: not of this pool. */
static bool
bit_of(const struct pool *p, uint32_t address, uint32_t *bit)
{
	uint32_t base = 0;

	for (unsigned i = 0; i < p->cfg->n_ranges; i++) {
		const struct host_range *r = &p->cfg->ranges[i];

		if (address >= r->first && address <= r->last) {
			*bit = base + (address - r->first);
			return true;
		}
		base += r->last - r->first + 1;
	}
	return false;
}

static uint32_t
address_of(const struct pool *p, uint32_t bit)
{
	for (unsigned i = 0; i < p->cfg->n_ranges; i++) {
		const struct host_range *r = &p->cfg->ranges[i];
		const uint32_t n = r->last - r->first + 1;

		if (bit < n)
			return r->first + bit;
		bit -= n;
	}
	return 0;
}

uint32_t
pool_take(struct pool *p)
{
	uint32_t bit;

	return slots_take(&p->slots, &bit) ? address_of(p, bit) : 0;
}

void
pool_give(struct pool *p, uint32_t address)
{
	uint32_t bit;

	if (bit_of(p, address, &bit))
		slots_give(&p->slots, bit);
}

void
pool_reserve(struct pool *p, uint32_t address)
{
	uint32_t bit;

	if (bit_of(p, address, &bit))
		slots_reserve(&p->slots, bit);
}

bool
pool_holds(const struct pool *p, uint32_t address)
{
	uint32_t bit;

	return bit_of(p, address, &bit);
}
