/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_lcore.h>
#include <rte_mempool.h>
#include <string.h>

#include "dataplane/bundle.h"
#include "dataplane/internal.h"
#include "dataplane/mbuf.h"

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

static void
waiting_fill(const struct worker *w, struct dp_worker_stats *out)
{
	out->waiting.command = rte_ring_count(w->command);
	out->waiting.event = rte_ring_count(w->event);
	out->waiting.punt = rte_ring_count(w->punt);
	out->waiting.inject = rte_ring_count(w->inject);
	for (unsigned i = 0; i < w->n_workers; i++) {
		if (i == w->index)
			continue;
		out->waiting.steer += rte_ring_count(w->steer[i]);
		out->waiting.tx += rte_ring_count(w->tx_ring[i]);
	}
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
	out->ip_joined = counter(&w->ip_joined);
	out->ip_held_bytes = counter(&w->ip_held_mbufs) * mbuf_bytes(w->pool);
	out->reserved_bits = counter(&w->reserved_bits);
	out->df_cleared = counter(&w->df_cleared);
	out->df_needed = counter(&w->df_needed);
	out->held_bytes = counter(&w->held_mbufs) * mbuf_bytes(w->pool);
	out->queued_bytes = counter(&w->queued_mbufs) * mbuf_bytes(w->pool);
	out->deep_slots = bundle_deep_slots(w->bundles);
	waiting_fill(w, out);
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

static struct rte_mempool *
pool_at(const struct dataplane *dp, enum dp_pool pool, unsigned node)
{
	switch (pool) {
	case DP_POOL_PACKETS:
		return dp->pools[node];
	case DP_POOL_INDIRECT:
		return dp->indirect_pools[node];
	case DP_POOL_JOINED:
		return node == 0 ? dp->joined_pool : NULL;
	case DP_POOLS:
		break;
	}
	return NULL;
}

unsigned
dp_pool_free(const struct dataplane *dp, enum dp_pool pool)
{
	unsigned n = 0;

	for (unsigned i = 0; i < RTE_MAX_NUMA_NODES; i++) {
		const struct rte_mempool *p = pool_at(dp, pool, i);

		n += p != NULL ? rte_mempool_avail_count(p) : 0;
	}
	return n;
}

unsigned
dp_pool_total(const struct dataplane *dp, enum dp_pool pool)
{
	unsigned n = 0;

	for (unsigned i = 0; i < RTE_MAX_NUMA_NODES; i++) {
		const struct rte_mempool *p = pool_at(dp, pool, i);

		n += p != NULL ? p->size : 0;
	}
	return n;
}

unsigned
dp_mbufs_free(const struct dataplane *dp)
{
	return dp_pool_free(dp, DP_POOL_PACKETS);
}

unsigned
dp_mbufs_total(const struct dataplane *dp)
{
	return dp_pool_total(dp, DP_POOL_PACKETS);
}
