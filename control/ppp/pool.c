/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/pool.h"

#include <errno.h>
#include <stdlib.h>

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
	if (n > POOL_SIZE_MAX)
		return -EINVAL;
	p->n = p->n_free = (uint32_t)n;
	p->taken = calloc(n / 64 + 1, sizeof(*p->taken));
	return p->taken != NULL ? 0 : -ENOMEM;
}

void
pool_fini(struct pool *p)
{
	free(p->taken);
	*p = (struct pool){0};
}

/* Number of the address in taken[]; false: not of this pool. */
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
	if (p->n_free == 0)
		return 0;
	for (uint32_t w = p->hint; w * 64 < p->n; w++) {
		const uint64_t open = ~p->taken[w];
		const uint32_t bit = open != 0 ? w * 64 + (uint32_t)__builtin_ctzll(open) : UINT32_MAX;

		if (bit >= p->n)
			continue;
		p->hint = w;
		p->taken[w] |= open & -open;
		p->n_free--;
		return address_of(p, bit);
	}
	return 0;
}

void
pool_give(struct pool *p, uint32_t address)
{
	uint32_t bit;

	if (!bit_of(p, address, &bit) || (p->taken[bit / 64] >> bit % 64 & 1) == 0)
		return;
	p->taken[bit / 64] &= ~(UINT64_C(1) << bit % 64);
	p->n_free++;
	if (bit / 64 < p->hint)
		p->hint = bit / 64;
}

void
pool_reserve(struct pool *p, uint32_t address)
{
	uint32_t bit;

	if (!bit_of(p, address, &bit) || (p->taken[bit / 64] >> bit % 64 & 1) != 0)
		return;
	p->taken[bit / 64] |= UINT64_C(1) << bit % 64;
	p->n_free--;
}

bool
pool_holds(const struct pool *p, uint32_t address)
{
	uint32_t bit;

	return bit_of(p, address, &bit);
}
