/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/trie6.h"

#include <rte_common.h>
#include <rte_malloc.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "dataplane/index_pool.h"

/* An entry is 0, or the way to the next table, or a word with the length of its prefix:
 *   bits 48..54 length, 55 ask: exact matches decide, 62 next: bits 0..47 are the address of a table, 63 set in every word
 * Where tables had run out when a longer prefix came, or its length is beyond the trie, the entry says `ask` for as long as anything
 * leads through its table (of the root: through the entry); the word beside it is kept as if it did not. */

enum {
	ROOT_BITS = 16,
	STRIDE = 8,
	FAN = 1 << STRIDE,
	LEVELS = 1 + (TRIE6_LEN_MAX - ROOT_BITS) / STRIDE,
	LEN_SHIFT = 48,
};

static const uint64_t entry_len = UINT64_C(0x7f) << LEN_SHIFT;
static const uint64_t entry_ask = UINT64_C(1) << 55;
static const uint64_t entry_next = UINT64_C(1) << 62;
static const uint64_t entry_address = (UINT64_C(1) << LEN_SHIFT) - 1;

struct table6 {
	_Atomic uint64_t entry[FAN];
	uint32_t index, n; /* control only: which of the tables, and how many prefixes lead through it */
} __rte_cache_aligned;

struct trie6 {
	_Atomic uint64_t root[1 << ROOT_BITS];

	/* control only */
	uint32_t *behind_root;  /* by first 16 bits: how many longer prefixes */
	struct table6 **tables; /* by index; NULL: not made yet */
	struct index_pool indexes;
	struct rte_rcu_qsbr *qsbr;
	int numa_node;
};

/* ------------------------------------------------------------------ making and freeing */

struct trie6 *
trie6_new(unsigned tables_max, int numa_node, struct rte_rcu_qsbr *qsbr)
{
	struct trie6 *t = rte_zmalloc_socket("trie6", sizeof(*t), RTE_CACHE_LINE_SIZE, numa_node);

	if (t == NULL)
		return NULL;
	t->qsbr = qsbr;
	t->numa_node = numa_node;
	t->behind_root = calloc(RTE_DIM(t->root), sizeof(*t->behind_root));
	t->tables = calloc(tables_max, sizeof(struct table6 *));
	if (t->behind_root != NULL && t->tables != NULL && index_pool_init(&t->indexes, tables_max) == 0)
		return t;
	trie6_free(t);
	return NULL;
}

void
trie6_free(struct trie6 *t)
{
	if (t == NULL)
		return;
	for (unsigned i = 0; i < t->indexes.size; i++)
		rte_free(t->tables[i]);
	index_pool_fini(&t->indexes);
	free(t->tables);
	free(t->behind_root);
	rte_free(t);
}

/* ------------------------------------------------------------------ entries */

/* Level 0 is the root; the table of level k decides bits 16 + 8 (k - 1) and following. */
static inline unsigned
place(uint64_t hi, unsigned level)
{
	return (unsigned)(hi >> (64 - ROOT_BITS - STRIDE * level)) & (FAN - 1);
}

static inline struct table6 *
next_table(uint64_t entry)
{
	return entry & entry_next ? (struct table6 *)(uintptr_t)(entry & entry_address) : NULL;
}

static inline uint64_t
entry_load(const _Atomic uint64_t *at)
{
	/* acquire: who sees the way to a table sees what is in it */
	return atomic_load_explicit(at, memory_order_acquire);
}

static inline unsigned
len_of(uint64_t entry)
{
	return (unsigned)((entry & entry_len) >> LEN_SHIFT);
}

/* ------------------------------------------------------------------ control */

/* The level whose tables have entries for a prefix of the length. */
static unsigned
level_of(unsigned len)
{
	return len <= ROOT_BITS ? 0 : (RTE_MIN(len, (unsigned)TRIE6_LEN_MAX) - ROOT_BITS + STRIDE - 1) / STRIDE;
}

static struct table6 *
table_take(struct trie6 *t)
{
	const uint32_t i = index_take(&t->indexes, t->qsbr);

	if (i == NO_INDEX)
		return NULL;
	if (t->tables[i] == NULL)
		t->tables[i] = rte_malloc_socket("trie6", sizeof(struct table6), RTE_CACHE_LINE_SIZE, t->numa_node);
	if (t->tables[i] == NULL) {
		index_give(&t->indexes, t->qsbr, i);
		return NULL;
	}
	t->tables[i]->index = i;
	t->tables[i]->n = 0;
	return t->tables[i];
}

/* The table behind an entry, made if there is none yet. NULL: none to be had, and the entry says so. */
static struct table6 *
table_behind(struct trie6 *t, _Atomic uint64_t *at)
{
	const uint64_t was = entry_load(at);
	struct table6 *table = next_table(was);

	if (table != NULL || (was & entry_ask))
		return table;
	table = table_take(t);
	if (table == NULL) {
		atomic_store_explicit(at, was | entry_ask, memory_order_relaxed);
		return NULL;
	}
	for (unsigned i = 0; i < FAN; i++)
		atomic_store_explicit(&table->entry[i], was, memory_order_relaxed);
	atomic_store_explicit(at, entry_next | (uint64_t)(uintptr_t)table, memory_order_release);
	return table;
}

/* The first entry of a prefix; the tables on the way are made, and count it if it is a fresh one. NULL: there is one too few. */
static _Atomic uint64_t *
way_to(struct trie6 *t, uint64_t hi, unsigned level, bool fresh)
{
	_Atomic uint64_t *at = &t->root[hi >> (64 - ROOT_BITS)];

	t->behind_root[hi >> (64 - ROOT_BITS)] += level > 0 && fresh;
	for (unsigned k = 1; k <= level; k++) {
		struct table6 *table = table_behind(t, at);

		if (table == NULL)
			return NULL;
		table->n += fresh;
		at = &table->entry[place(hi, k)];
	}
	return at;
}

/* Entries, and those of all tables behind them, that have no longer prefix than len get the leaf. */
static void
paint(_Atomic uint64_t *at, unsigned n, unsigned len, uint64_t leaf)
{
	for (unsigned i = 0; i < n; i++) {
		const uint64_t was = entry_load(&at[i]);
		struct table6 *table = next_table(was);

		if (table != NULL)
			paint(table->entry, FAN, len, leaf);
		else if (len_of(was) <= len)
			atomic_store_explicit(&at[i], leaf | (was & entry_ask), memory_order_relaxed);
	}
}

static void
paint_prefix(_Atomic uint64_t *at, unsigned len, const struct trie6_leaf *leaf)
{
	const unsigned end = ROOT_BITS + STRIDE * level_of(len);

	paint(at, 1u << (end - len), len, leaf->word | (uint64_t)leaf->len << LEN_SHIFT);
}

void
trie6_set(struct trie6 *t, uint64_t hi, unsigned len, uint64_t word, bool fresh)
{
	_Atomic uint64_t *at = way_to(t, hi, level_of(len), fresh);

	if (at == NULL)
		return;
	if (len <= TRIE6_LEN_MAX)
		paint_prefix(at, len, &(struct trie6_leaf){word, len});
	else
		atomic_fetch_or_explicit(at, entry_ask, memory_order_relaxed);
}

/* A table that no prefix leads through: all its entries have the same word, that of a prefix which ends before it. */
static void
table_leave(struct trie6 *t, _Atomic uint64_t *at, struct table6 *table)
{
	atomic_store_explicit(at, entry_load(&table->entry[0]) & ~entry_ask, memory_order_relaxed);
	index_give(&t->indexes, t->qsbr, table->index);
}

void
trie6_del(struct trie6 *t, uint64_t hi, unsigned len, const struct trie6_leaf *below)
{
	_Atomic uint64_t *way[LEVELS] = {&t->root[hi >> (64 - ROOT_BITS)]};
	const unsigned level = level_of(len);
	struct table6 *table;
	unsigned k = 0;

	while (k < level && (table = next_table(entry_load(way[k]))) != NULL) {
		table->n--;
		k++;
		way[k] = &table->entry[place(hi, k)];
	}
	if (k == level && len <= TRIE6_LEN_MAX)
		paint_prefix(way[k], len, below);
	for (; k > 0; k--) {
		table = next_table(entry_load(way[k - 1]));
		if (table->n == 0)
			table_leave(t, way[k - 1], table);
	}
	if (level > 0 && --t->behind_root[hi >> (64 - ROOT_BITS)] == 0)
		atomic_fetch_and_explicit(way[0], ~entry_ask, memory_order_relaxed);
}

/* ------------------------------------------------------------------ workers */

void
trie6_prefetch(const struct trie6 *t, uint64_t hi)
{
	/* addresses have few beginnings: the root is near */
	const struct table6 *table = next_table(entry_load(&t->root[hi >> (64 - ROOT_BITS)]));

	if (table != NULL)
		__builtin_prefetch(&table->entry[place(hi, 1)]);
}

uint64_t
trie6_bulk(const struct trie6 *t, const struct ip6_num dst[], unsigned n, uint64_t words[])
{
	/* those that have led to a table, level by level, so that each waits for memory beside the others */
	uint8_t open[64];
	const _Atomic uint64_t *at[64];
	unsigned n_open = n;
	uint64_t ask = 0;

	for (unsigned i = 0; i < n; i++) {
		open[i] = (uint8_t)i;
		at[i] = &t->root[dst[i].hi >> (64 - ROOT_BITS)];
	}
	for (unsigned level = 1; n_open != 0; level++) {
		unsigned still = 0;

		for (unsigned k = 0; k < n_open; k++) {
			const unsigned i = open[k];
			const struct table6 *table;

			words[i] = entry_load(at[i]);
			table = next_table(words[i]);
			if (table == NULL)
				continue;
			at[i] = &table->entry[place(dst[i].hi, level)];
			__builtin_prefetch(at[i]);
			open[still++] = (uint8_t)i;
		}
		n_open = still;
	}
	for (unsigned i = 0; i < n; i++) {
		ask |= (uint64_t)(words[i] & entry_ask ? 1 : 0) << i;
		words[i] &= ~(entry_len | entry_ask);
	}
	return ask;
}
