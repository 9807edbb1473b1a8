/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/deep_pool.h"

#include <errno.h>
#include <rte_common.h>
#include <rte_malloc.h>
#include <string.h>

#include "dataplane/mp/reasm.h"

enum { DEEP_FREE = 0x80, DEEP_TOP = DEEP_ORDERS - 1 };
_Static_assert(DEEP_UNIT_SLOTS << DEEP_TOP == REASM_SLOTS_MAX, "the largest block is the largest window");

static uint32_t
unit_of(const struct deep_pool *p, const void *block)
{
	return (uint32_t)((size_t)((const uint8_t *)block - p->base) / p->unit_bytes);
}

static struct deep_block *
block_at(const struct deep_pool *p, uint32_t unit)
{
	return (struct deep_block *)(void *)(p->base + unit * p->unit_bytes);
}

static void
list_push(struct deep_pool *p, uint32_t unit, unsigned order)
{
	struct deep_block *b = block_at(p, unit);

	b->next = p->free[order];
	b->link = &p->free[order];
	if (b->next != NULL)
		b->next->link = &b->next;
	p->free[order] = b;
	p->order[unit] = (uint8_t)(order | DEEP_FREE);
}

static uint32_t
list_take(struct deep_pool *p, struct deep_block *b, unsigned order)
{
	const uint32_t unit = unit_of(p, b);

	*b->link = b->next;
	if (b->next != NULL)
		b->next->link = b->link;
	p->order[unit] = (uint8_t)order;
	return unit;
}

int
deep_pool_init(struct deep_pool *p, unsigned windows, int numa_node)
{
	/* A window's size is affine in its slots, so that twice the bytes of one hold one of twice the slots. */
	*p = (struct deep_pool){.unit_bytes = RTE_ALIGN_CEIL(reasm_deep_bytes(DEEP_UNIT_SLOTS), RTE_CACHE_LINE_SIZE)};
	p->units = windows << DEEP_TOP;
	p->base = rte_malloc_socket("deep", p->units * p->unit_bytes, RTE_CACHE_LINE_SIZE, numa_node);
	p->order = rte_zmalloc_socket("deep_order", p->units, 0, numa_node);
	if (p->base == NULL || p->order == NULL) {
		deep_pool_fini(p);
		return -ENOMEM;
	}
	/* All of it is there from now on, without hugepages too: the packet path waits for no page. */
	memset(p->base, 0, p->units * p->unit_bytes);
	for (uint32_t u = 0; u < p->units; u += 1u << DEEP_TOP)
		list_push(p, u, DEEP_TOP);
	return 0;
}

void
deep_pool_fini(struct deep_pool *p)
{
	rte_free(p->base);
	rte_free(p->order);
	*p = (struct deep_pool){0};
}

struct reasm_deep *
deep_pool_get(struct deep_pool *p, unsigned slots)
{
	unsigned order = 0, from;
	uint32_t unit;

	while (order < DEEP_TOP && (unsigned)DEEP_UNIT_SLOTS << order < slots)
		order++;
	for (from = order; from < DEEP_ORDERS && p->free[from] == NULL; from++)
		;
	if (from == DEEP_ORDERS)
		return NULL;
	unit = list_take(p, p->free[from], order);
	p->used += 1u << order;
	while (from-- > order)
		list_push(p, unit + (1u << from), from);
	return (struct reasm_deep *)(void *)block_at(p, unit);
}

void
deep_pool_put(struct deep_pool *p, struct reasm_deep *d)
{
	uint32_t unit;
	unsigned order;

	if (d == NULL)
		return;
	unit = unit_of(p, d);
	order = p->order[unit];
	p->used -= 1u << order;
	for (; order < DEEP_TOP; order++) {
		const uint32_t buddy = unit ^ 1u << order;

		if (p->order[buddy] != (order | DEEP_FREE))
			break;
		list_take(p, block_at(p, buddy), order);
		unit = RTE_MIN(unit, buddy);
	}
	list_push(p, unit, order);
}
