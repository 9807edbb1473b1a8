/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_lcore.h>
#include <rte_mempool.h>
#include <string.h>

#include "dataplane/internal.h"

/* Counters are plain words with one writer; control reads each whole, not all at one instant. */

static const char *const names[] = {
#define DROP(name, sentence) #name,
#include "dataplane/api/drops.def"
#undef DROP
};

static const char *const sentences[] = {
#define DROP(name, sentence) sentence,
#include "dataplane/api/drops.def"
#undef DROP
};

enum { DROP_NAME_MAX = 32 };
static char lower_names[DROP_REASONS][DROP_NAME_MAX];

const char *
drop_name(enum drop_reason r)
{
	if ((unsigned)r >= DROP_REASONS)
		return NULL;
	if (lower_names[r][0] == '\0')
		for (unsigned i = 0; i < DROP_NAME_MAX - 1 && names[r][i] != '\0'; i++)
			lower_names[r][i] = names[r][i] >= 'A' && names[r][i] <= 'Z' ? (char)(names[r][i] - 'A' + 'a')
										     : names[r][i];
	return lower_names[r];
}

const char *
drop_sentence(enum drop_reason r)
{
	return (unsigned)r < DROP_REASONS ? sentences[r] : NULL;
}

static uint64_t
counter(const uint64_t *c)
{
	return __atomic_load_n(c, __ATOMIC_RELAXED);
}

void
dp_worker_stats(struct dataplane *dp, unsigned worker, struct dp_worker_stats *out)
{
	const struct worker *w;

	*out = (struct dp_worker_stats){.cpu = -1, .numa_node = -1};
	if (worker >= dp->n_workers)
		return;
	w = dp->workers[worker];
	out->turns = counter(&w->turns);
	out->idle_turns = counter(&w->idle_turns);
	out->sleeps = counter(&w->sleeps);
	out->rx_frames = counter(&w->rx_frames);
	out->tx_frames = counter(&w->tx_frames);
	out->steered_from_links = counter(&w->steered_from_links);
	out->steered_to_links = counter(&w->steered_to_links);
	out->punted = counter(&w->punted);
	out->injected = counter(&w->injected);
	out->held_bytes = counter(&w->held_bytes);
	for (unsigned r = 0; r < DROP_REASONS; r++)
		out->drops[r] = counter(&w->drops[r]);
	out->lcore = w->lcore;
	out->cpu = w->cpu;
	out->numa_node = w->numa_node;
	out->bundles = atomic_load_explicit(&w->n_bundles, memory_order_relaxed);
	out->links = atomic_load_explicit(&w->n_links, memory_order_relaxed);
}

unsigned
dp_workers(const struct dataplane *dp)
{
	return dp->n_workers;
}

unsigned
dp_mbufs_free(const struct dataplane *dp)
{
	unsigned n = 0;

	for (unsigned i = 0; i < RTE_MAX_NUMA_NODES; i++)
		if (dp->pools[i] != NULL)
			n += rte_mempool_avail_count(dp->pools[i]);
	return n;
}

unsigned
dp_mbufs_total(const struct dataplane *dp)
{
	unsigned n = 0;

	for (unsigned i = 0; i < RTE_MAX_NUMA_NODES; i++)
		if (dp->pools[i] != NULL)
			n += dp->pools[i]->size;
	return n;
}
