/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/trie6.h"

#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <rte_malloc.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "dataplane/index_pool.h"

/* An entry is 0, or the way to the next table, or a word with the length of its prefix:
 *   bits 48..54 length, 55 ask: exact matches decide, 62 next: bits 0..47 are the address of a table, 63 set in every word
 * Where a prefix is stuck, as tables had run out or its length is beyond the trie, the entry says `ask`, and readers go no further; what
 * is beside that and behind it is kept as if the prefix were not there. An entry of the root asks until nothing is stuck at it, those of
 * another table until nothing is stuck in the table. */

enum {
	ROOT_BITS = 16,
	STRIDE = 8,
	FAN = 1 << STRIDE,
	DEPTH_MAX = (TRIE6_LEN_MAX - ROOT_BITS) / STRIDE,
	LEVELS = 1 + DEPTH_MAX,
	LEN_SHIFT = 48,
};

static const uint64_t entry_len = UINT64_C(0x7f) << LEN_SHIFT;
static const uint64_t entry_ask = UINT64_C(1) << 55;
static const uint64_t entry_next = UINT64_C(1) << 62;
static const uint64_t entry_address = (UINT64_C(1) << LEN_SHIFT) - 1;

struct table6 {
	_Atomic uint64_t entry[FAN];
	/* control only: which of the tables, how many prefixes lead through it, and how many of them are stuck in it */
	uint32_t index, n, n_stuck;
} __rte_cache_aligned;

struct trie6 {
	_Atomic uint64_t root[1 << ROOT_BITS];

	/* control only */
	uint32_t *stuck;        /* by first 16 bits: how many prefixes are stuck at the root's entry */
	uint32_t n_waiting;     /* of all that are stuck, how many want a table */
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
	t->stuck = calloc(RTE_DIM(t->root), sizeof(*t->stuck));
	t->tables = calloc(tables_max, sizeof(struct table6 *));
	if (t->stuck != NULL && t->tables != NULL && index_pool_init(&t->indexes, tables_max) == 0)
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
	free(t->stuck);
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

/* The same for readers, who ask rather than go where something is missing. */
static inline const struct table6 *
way_on(uint64_t entry)
{
	return (entry & (entry_next | entry_ask)) == entry_next
		? (const struct table6 *)(uintptr_t)(entry & entry_address)
		: NULL;
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

unsigned
trie6_depth(unsigned len)
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
	t->tables[i]->n_stuck = 0;
	return t->tables[i];
}

/* The table behind an entry, made if there is none yet. NULL: none to be had. */
static struct table6 *
table_behind(struct trie6 *t, _Atomic uint64_t *at)
{
	const uint64_t was = entry_load(at);
	struct table6 *table = next_table(was);

	if (table != NULL)
		return table;
	table = table_take(t);
	if (table == NULL)
		return NULL;
	for (unsigned i = 0; i < FAN; i++)
		atomic_store_explicit(&table->entry[i], was & ~entry_ask, memory_order_relaxed);
	atomic_store_explicit(at, entry_next | (uint64_t)(uintptr_t)table | (was & entry_ask), memory_order_release);
	return table;
}

/* ------------------------------------------------------------------ ways */

/* From the root to the entries of a prefix, as far as there are tables. */
struct way {
	unsigned depth; /* number of tables on it */
	_Atomic uint64_t *at[LEVELS];
	struct table6 *table[LEVELS]; /* which has at[]; of the root: NULL */
};

static void
way_add(struct way *w, struct table6 *table, uint64_t hi)
{
	w->depth++;
	w->table[w->depth] = table;
	w->at[w->depth] = &table->entry[place(hi, w->depth)];
}

static struct way
way_start(struct trie6 *t, uint64_t hi)
{
	return (struct way){.at = {&t->root[hi >> (64 - ROOT_BITS)]}};
}

static void
stick(struct trie6 *t, uint64_t hi, const struct way *w, unsigned depth)
{
	if (depth == 0)
		t->stuck[hi >> (64 - ROOT_BITS)]++;
	else
		w->table[depth]->n_stuck++;
	atomic_fetch_or_explicit(w->at[depth], entry_ask, memory_order_relaxed);
}

/* release: who is not told to ask sees what has been placed behind the entry */
static void
unstick(struct trie6 *t, uint64_t hi, const struct way *w, unsigned depth)
{
	if (depth == 0) {
		if (--t->stuck[hi >> (64 - ROOT_BITS)] == 0)
			atomic_fetch_and_explicit(w->at[0], ~entry_ask, memory_order_release);
	} else if (--w->table[depth]->n_stuck == 0) {
		for (unsigned i = 0; i < FAN; i++)
			atomic_fetch_and_explicit(&w->table[depth]->entry[i], ~entry_ask, memory_order_release);
	}
}

/* A prefix that has come this far. */
static bool
is_stuck(unsigned len, unsigned depth)
{
	return depth < trie6_depth(len) || len > TRIE6_LEN_MAX;
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
	const unsigned end = ROOT_BITS + STRIDE * trie6_depth(len);

	paint(at, 1u << (end - len), len, leaf->word | (uint64_t)leaf->len << LEN_SHIFT);
}

unsigned
trie6_set(struct trie6 *t, uint64_t hi, unsigned len, uint64_t word, unsigned depth)
{
	const bool fresh = depth == TRIE6_FRESH;
	const unsigned want = trie6_depth(len), was = fresh ? 0 : depth;
	struct way w = way_start(t, hi);

	while (w.depth < want) {
		struct table6 *table = table_behind(t, w.at[w.depth]);

		if (table == NULL)
			break;
		way_add(&w, table, hi);
		table->n += w.depth > was;
	}
	if (w.depth == want && len <= TRIE6_LEN_MAX)
		paint_prefix(w.at[want], len, &(struct trie6_leaf){word, len});
	if (!fresh && w.depth == was)
		return was;
	if (is_stuck(len, w.depth))
		stick(t, hi, &w, w.depth);
	if (!fresh)
		unstick(t, hi, &w, was);
	t->n_waiting += (w.depth < want) - (uint32_t)(!fresh);
	return w.depth;
}

/* A table that no prefix leads through: all its entries have the same word, that of a prefix which ends before it. */
static void
table_leave(struct trie6 *t, _Atomic uint64_t *at, struct table6 *table)
{
	atomic_store_explicit(at, entry_load(&table->entry[0]) | (entry_load(at) & entry_ask), memory_order_relaxed);
	index_give(&t->indexes, t->qsbr, table->index);
}

void
trie6_del(struct trie6 *t, uint64_t hi, unsigned len, unsigned depth, const struct trie6_leaf *below)
{
	struct way w = way_start(t, hi);

	while (w.depth < depth)
		way_add(&w, next_table(entry_load(w.at[w.depth])), hi);
	if (is_stuck(len, depth))
		unstick(t, hi, &w, depth);
	else
		paint_prefix(w.at[depth], len, below);
	t->n_waiting -= depth < trie6_depth(len);
	for (unsigned k = depth; k > 0; k--)
		if (--w.table[k]->n == 0)
			table_leave(t, w.at[k - 1], w.table[k]);
}

unsigned
trie6_waiting(const struct trie6 *t)
{
	return t->n_waiting;
}

bool
trie6_has_room(const struct trie6 *t)
{
	return index_ready(&t->indexes, t->qsbr);
}

/* ------------------------------------------------------------------ workers */

void
trie6_prefetch(const struct trie6 *t, uint64_t hi)
{
	/* addresses have few beginnings: the root is near */
	const struct table6 *table = way_on(entry_load(&t->root[hi >> (64 - ROOT_BITS)]));

	if (table != NULL)
		__builtin_prefetch(&table->entry[place(hi, 1)]);
}

/* Destinations that have led to a table, level by level, so that each waits for memory beside the others. */
struct walk {
	const _Atomic uint64_t *at[64]; /* the entry that is next */
	uint8_t whose[64];
	unsigned n;
	uint64_t ask;
};

/* What destination i finds: the way to a table of `level`, or its word. */
static inline void
visit(struct walk *w, unsigned i, uint64_t hi, uint64_t entry, unsigned level, uint64_t words[])
{
	const struct table6 *table = way_on(entry);

	if (table != NULL) {
		w->at[w->n] = &table->entry[place(hi, level)];
		__builtin_prefetch(w->at[w->n]);
		w->whose[w->n++] = (uint8_t)i;
		return;
	}
	words[i] = entry & ~(entry_len | entry_ask);
	if (unlikely(entry & entry_ask))
		w->ask |= UINT64_C(1) << i;
}

uint64_t
trie6_bulk(const struct trie6 *t, const struct ip6_num dst[], unsigned n, uint64_t words[])
{
	struct walk w; /* not all of it */

	w.n = 0;
	w.ask = 0;
	for (unsigned i = 0; i < n; i++)
		visit(&w, i, dst[i].hi, entry_load(&t->root[dst[i].hi >> (64 - ROOT_BITS)]), 1, words);
	for (unsigned level = 2; w.n != 0; level++) {
		const unsigned here = w.n;

		w.n = 0;
		for (unsigned k = 0; k < here; k++) {
			const unsigned i = w.whose[k];

			visit(&w, i, dst[i].hi, entry_load(w.at[k]), level, words);
		}
	}
	return w.ask;
}
