/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/trie6.h"

#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <rte_malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/index_pool.h"
#include "dataplane/ranges6.h"

/* An entry is 0, or the way on, or a word with the length of its prefix:
 *   bits 48..54 length, 55 ask: exact matches decide, 62 next: bits 0..47 are the address of a table, or, with 56 short, of ranges that
 *   say in two lines what the table and those behind it do, 63 set in every word
 * Where a prefix is stuck, as tables had run out or its length is beyond the trie, the entry says `ask`, and readers go no further; what
 * is beside that and behind it is kept as if the prefix were not there. An entry of the root asks until nothing is stuck at it, those of
 * another table until nothing is stuck in the table.
 *
 * In the Internet most tables have few prefixes behind them, so workers would read a line of memory for each eight bits of them, one after
 * the other. Where all behind an entry is but a few ranges it leads to these, and control on to the table. They are made anew with each
 * change behind them, and there are none behind others. */

enum {
	ROOT_BITS = 16,
	STRIDE = 8,
	FAN = 1 << STRIDE,
	DEPTH_MAX = (TRIE6_LEN_MAX - ROOT_BITS) / STRIDE,
	LEVELS = 1 + DEPTH_MAX,
	LEN_SHIFT = 48,
	/* ranges, to each table that there may be: few have no more than a few behind them and are not behind such */
	RANGES_TABLES = 2,
};

static const uint64_t entry_len = UINT64_C(0x7f) << LEN_SHIFT;
static const uint64_t entry_ask = UINT64_C(1) << 55;
static const uint64_t entry_short = UINT64_C(1) << 56;
static const uint64_t entry_next = UINT64_C(1) << 62;
static const uint64_t entry_address = (UINT64_C(1) << LEN_SHIFT) - 1;

struct table6 {
	_Atomic uint64_t entry[FAN];
	/* control only: which of the tables, how many prefixes lead through it, how many of them are stuck in it, and the ranges that
	 * workers have instead; NO_INDEX: none */
	uint32_t index, n, n_stuck, ranges_index;
} __rte_cache_aligned;

struct trie6 {
	_Atomic uint64_t root[1 << ROOT_BITS];

	/* control only */
	uint32_t *stuck;        /* by first 16 bits: how many prefixes are stuck at the root's entry */
	uint32_t n_waiting;     /* of all that are stuck, how many want a table */
	struct table6 **tables; /* by index; NULL: not made yet */
	struct index_pool indexes;
	struct ranges6 **ranges; /* the same */
	struct index_pool ranges_indexes;
	struct rte_rcu_qsbr *qsbr;
	int numa_node;
};

/* ------------------------------------------------------------------ making and freeing */

struct trie6 *
trie6_new(unsigned tables_max, int numa_node, struct rte_rcu_qsbr *qsbr)
{
	struct trie6 *t = rte_zmalloc_socket("trie6", sizeof(*t), RTE_CACHE_LINE_SIZE, numa_node);
	const uint32_t n_ranges = RTE_MAX(tables_max / RANGES_TABLES, 1u);

	if (t == NULL)
		return NULL;
	t->qsbr = qsbr;
	t->numa_node = numa_node;
	t->stuck = calloc(RTE_DIM(t->root), sizeof(*t->stuck));
	t->tables = calloc(tables_max, sizeof(struct table6 *));
	t->ranges = calloc(n_ranges, sizeof(struct ranges6 *));
	if (t->stuck != NULL && t->tables != NULL && t->ranges != NULL &&
		index_pool_init(&t->indexes, tables_max) == 0 && index_pool_init(&t->ranges_indexes, n_ranges) == 0)
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
	for (unsigned i = 0; i < t->ranges_indexes.size; i++)
		rte_free(t->ranges[i]);
	index_pool_fini(&t->indexes);
	index_pool_fini(&t->ranges_indexes);
	free(t->tables);
	free(t->ranges);
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

/* What its address is of. */
static inline void *
behind(uint64_t entry)
{
	return (void *)(uintptr_t)(entry & entry_address);
}

static inline const struct ranges6 *
ranges_behind(uint64_t entry)
{
	return behind(entry);
}

static inline struct table6 *
next_table(uint64_t entry)
{
	if ((entry & entry_next) == 0)
		return NULL;
	return entry & entry_short ? (struct table6 *)(uintptr_t)ranges_behind(entry)->of : behind(entry);
}

/* For readers, who ask rather than go where something is missing: whether they go on to a table, */
static inline bool
leads_to_table(uint64_t entry)
{
	return (entry & (entry_next | entry_short | entry_ask)) == entry_next;
}

/* or to ranges. */
static inline bool
leads_to_ranges(uint64_t entry)
{
	return (entry & (entry_short | entry_ask)) == entry_short;
}

static inline uint64_t
word_of(uint64_t entry)
{
	return entry & ~(entry_len | entry_ask);
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
	t->tables[i]->ranges_index = NO_INDEX;
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

/* ------------------------------------------------------------------ ranges instead of tables */

/* The addresses of one entry: their first bits, those behind it 0. */
struct part {
	uint64_t hi;
	unsigned level;
};

/* From an entry's first bits to those of the next one. */
static inline uint64_t
step_of(unsigned level)
{
	return UINT64_C(1) << (64 - ROOT_BITS - STRIDE * level);
}

/* That of the first entry of the table behind it. */
static inline struct part
part_behind(struct part part)
{
	return (struct part){part.hi, part.level + 1};
}

/* False: what the table and those behind it say is no few ranges, or something is stuck there. */
static bool
tell_ranges(const struct table6 *table, struct part part, struct ranges6_draft *d)
{
	for (unsigned i = 0; i < FAN; i++, part.hi += step_of(part.level)) {
		const uint64_t entry = entry_load(&table->entry[i]);
		const struct table6 *next = next_table(entry);

		if (entry & entry_ask)
			return false;
		if (next != NULL && !tell_ranges(next, part_behind(part), d))
			return false;
		if (next == NULL && !ranges6_add(d, part.hi, word_of(entry)))
			return false;
	}
	return true;
}

static struct ranges6 *
ranges_take(struct trie6 *t, uint32_t *index)
{
	const uint32_t i = index_take(&t->ranges_indexes, t->qsbr);

	if (i == NO_INDEX)
		return NULL;
	if (t->ranges[i] == NULL)
		t->ranges[i] =
			rte_malloc_socket("ranges6", sizeof(*t->ranges[i]), _Alignof(struct ranges6), t->numa_node);
	if (t->ranges[i] == NULL) {
		index_give(&t->ranges_indexes, t->qsbr, i);
		return NULL;
	}
	*index = i;
	return t->ranges[i];
}

/* Where the entry leads workers is replaced: index NO_INDEX: to the table itself. */
static void
lead(struct trie6 *t, _Atomic uint64_t *at, struct table6 *table, uint32_t index)
{
	const uint64_t ask = entry_load(at) & entry_ask,
		       way = index == NO_INDEX ? (uint64_t)(uintptr_t)table
					       : entry_short | (uint64_t)(uintptr_t)t->ranges[index];

	atomic_store_explicit(at, entry_next | way | ask, memory_order_release);
	index_give(&t->ranges_indexes, t->qsbr, table->ranges_index);
	table->ranges_index = index;
}

/* Nobody comes there while those before it lead to ranges. */
static void
lead_to_tables_behind(struct trie6 *t, struct table6 *table)
{
	for (unsigned i = 0; i < FAN; i++) {
		const uint64_t entry = entry_load(&table->entry[i]);
		struct table6 *next = next_table(entry);

		if (entry & entry_short)
			lead(t, &table->entry[i], next, NO_INDEX);
		else if (next != NULL)
			lead_to_tables_behind(t, next);
	}
}

/* An entry with a table behind it leads to ranges, if there may be some: made anew, as something behind it has changed. Not while it asks:
 * who is not told to ask any more has what has been placed behind it meanwhile. */
static bool
lead_to_ranges(struct trie6 *t, _Atomic uint64_t *at, struct part part)
{
	const uint64_t entry = entry_load(at);
	struct table6 *table = next_table(entry);
	const bool had = table->ranges_index != NO_INDEX;
	struct ranges6 made, *r;
	struct ranges6_draft d = ranges6_begin(&made, ROOT_BITS + STRIDE * part.level);
	uint32_t index;

	if ((entry & entry_ask) != 0 || table->n > RANGES6_MAX || !tell_ranges(table, part_behind(part), &d))
		return false;
	ranges6_end(&d);
	made.of = table;
	if (had && memcmp(&made, t->ranges[table->ranges_index], sizeof(made)) == 0)
		return true;
	r = ranges_take(t, &index);
	if (r == NULL)
		return false;
	*r = made;
	lead(t, at, table, index);
	if (!had)
		lead_to_tables_behind(t, table);
	return true;
}

static void shorten(struct trie6 *t, _Atomic uint64_t *at, struct part part);

static void
shorten_behind(struct trie6 *t, struct table6 *table, struct part part)
{
	for (unsigned i = 0; i < FAN; i++, part.hi += step_of(part.level))
		if (next_table(entry_load(&table->entry[i])) != NULL)
			shorten(t, &table->entry[i], part);
}

/* After changes behind an entry that has a table: it leads to ranges, or what is behind it does where that can be. */
static void
shorten(struct trie6 *t, _Atomic uint64_t *at, struct part part)
{
	struct table6 *table = next_table(entry_load(at));

	if (lead_to_ranges(t, at, part))
		return;
	shorten_behind(t, table, part_behind(part));
	lead(t, at, table, NO_INDEX);
}

/* After a change of a prefix: on its way. Where ranges had run out, or an entry has ceased to ask since, tables serve until something behind
 * changes. */
static void
shorten_way(struct trie6 *t, uint64_t hi)
{
	_Atomic uint64_t *at = &t->root[hi >> (64 - ROOT_BITS)];
	struct table6 *table;

	for (unsigned level = 0; (table = next_table(entry_load(at))) != NULL; level++) {
		const struct part part = {hi & ~(step_of(level) - 1), level};

		if (table->ranges_index != NO_INDEX) {
			shorten(t, at, part);
			return;
		}
		if (lead_to_ranges(t, at, part))
			return;
		at = &table->entry[place(hi, level + 1)];
	}
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

/* Entries of a level, and those of all tables behind them, that have no longer prefix than len get the leaf; hi: first bits of the first one. */
static void
paint(struct trie6 *t, _Atomic uint64_t *at, unsigned n, struct part part, unsigned len, uint64_t leaf)
{
	for (unsigned i = 0; i < n; i++, part.hi += step_of(part.level)) {
		const uint64_t was = entry_load(&at[i]);
		struct table6 *table = next_table(was);

		if (table == NULL) {
			if (len_of(was) <= len)
				atomic_store_explicit(&at[i], leaf | (was & entry_ask), memory_order_relaxed);
			continue;
		}
		paint(t, table->entry, FAN, part_behind(part), len, leaf);
		if (was & entry_short)
			shorten(t, &at[i], part);
	}
}

static void
paint_prefix(struct trie6 *t, _Atomic uint64_t *at, uint64_t hi, unsigned len, const struct trie6_leaf *leaf)
{
	const unsigned level = trie6_depth(len), end = ROOT_BITS + STRIDE * level;

	paint(t, at, 1u << (end - len), (struct part){hi, level}, len, leaf->word | (uint64_t)leaf->len << LEN_SHIFT);
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
		paint_prefix(t, w.at[want], hi, len, &(struct trie6_leaf){word, len});
	if (fresh || w.depth != was) {
		if (is_stuck(len, w.depth))
			stick(t, hi, &w, w.depth);
		if (!fresh)
			unstick(t, hi, &w, was);
		t->n_waiting += (w.depth < want) - (uint32_t)(!fresh);
	}
	shorten_way(t, hi);
	return w.depth;
}

/* A table that no prefix leads through: all its entries have the same word, that of a prefix which ends before it. */
static void
table_leave(struct trie6 *t, _Atomic uint64_t *at, struct table6 *table)
{
	atomic_store_explicit(at, entry_load(&table->entry[0]) | (entry_load(at) & entry_ask), memory_order_relaxed);
	index_give(&t->ranges_indexes, t->qsbr, table->ranges_index);
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
		paint_prefix(t, w.at[depth], hi, len, below);
	t->n_waiting -= depth < trie6_depth(len);
	for (unsigned k = depth; k > 0; k--)
		if (--w.table[k]->n == 0)
			table_leave(t, w.at[k - 1], w.table[k]);
	shorten_way(t, hi);
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

unsigned
trie6_n_ranges(const struct trie6 *t)
{
	return t->ranges_indexes.fresh - t->ranges_indexes.n_waiting;
}

/* ------------------------------------------------------------------ workers */

static inline void
prefetch_ranges(const struct ranges6 *r)
{
	__builtin_prefetch(r->first);
	__builtin_prefetch(&r->word[RANGES6_MAX - 1]);
}

/* Destinations that have led to a table, level by level, or to ranges, so that each waits for memory beside the others. */
struct walk {
	const _Atomic uint64_t *at[64]; /* the entry that is next */
	const struct ranges6 *ranges[64];
	uint8_t whose[64], whose_ranges[64];
	unsigned n, n_ranges;
	uint64_t ask;
};

/* What destination i finds: the way to a table of `level`, or to ranges, or its word. */
static inline void
visit(struct walk *w, unsigned i, uint64_t hi, uint64_t entry, unsigned level, uint64_t words[])
{
	if (leads_to_ranges(entry)) {
		prefetch_ranges(ranges_behind(entry));
		w->ranges[w->n_ranges] = ranges_behind(entry);
		w->whose_ranges[w->n_ranges++] = (uint8_t)i;
		return;
	}
	if (leads_to_table(entry)) {
		w->at[w->n] = &((const struct table6 *)behind(entry))->entry[place(hi, level)];
		__builtin_prefetch(w->at[w->n]);
		w->whose[w->n++] = (uint8_t)i;
		return;
	}
	words[i] = word_of(entry);
	if (unlikely(entry & entry_ask))
		w->ask |= UINT64_C(1) << i;
}

/* The root's entry, or the first table's: addresses have few beginnings, so the root is near, and there is so little to do for each
 * destination that a processor waits for the tables of several at once. */
static inline uint64_t
first_entry(const struct trie6 *t, uint64_t hi)
{
	const uint64_t entry = entry_load(&t->root[hi >> (64 - ROOT_BITS)]);

	return leads_to_table(entry) ? entry_load(&((const struct table6 *)behind(entry))->entry[place(hi, 1)]) : entry;
}

uint64_t
trie6_bulk(const struct trie6 *t, const struct ip6_num dst[], unsigned n, uint64_t words[])
{
	struct walk w; /* not all of it */

	w.n = w.n_ranges = 0;
	w.ask = 0;
	for (unsigned i = 0; i < n; i++)
		visit(&w, i, dst[i].hi, first_entry(t, dst[i].hi), 2, words);
	for (unsigned level = 3; w.n != 0; level++) {
		const unsigned here = w.n;

		w.n = 0;
		for (unsigned k = 0; k < here; k++) {
			const unsigned i = w.whose[k];

			visit(&w, i, dst[i].hi, entry_load(w.at[k]), level, words);
		}
	}
	for (unsigned k = 0; k < w.n_ranges; k++)
		words[w.whose_ranges[k]] = ranges6_find(w.ranges[k], dst[w.whose_ranges[k]].hi);
	return w.ask;
}
