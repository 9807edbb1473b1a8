/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/prefix6.h"

#include <errno.h>
#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <rte_malloc.h>
#include <rte_rcu_qsbr.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/hash_table.h"
#include "dataplane/trie6.h"

/* Workers ask a trie for the first 64 bits. Where that does not know, and when a prefix goes and what lies below it is wanted, there are
 * two exact tables: addresses, and shorter prefixes, whose keys are the prefix and a one behind it, so that each length has keys of its
 * own. Which lengths are worth asking for says a hint: a bit for each length, kept for all prefixes with the same first 48, 32 or 16
 * bits (as many as the prefix has), found by hash. Where two share a place a few questions too many are asked, never one too few.
 *
 * In the exact tables a word has the prefix's depth in the trie beside it. Those that wait for room in the trie are found there again: each
 * change looks at a few places of the exact tables, if there is room and somebody waits. */

enum {
	LEVELS = 4,
	/* to each table of the trie: one of the Internet's has two or three, one of subscribers a hundred */
	TABLE_PREFIXES = 4,
	TABLES_MIN = 64,
	DEPTH_SHIFT = 48,
	/* places that a change looks at for prefixes that wait: tens of microseconds at most */
	SWEEP = 256,
};
static const uint64_t depth_mask = UINT64_C(7) << DEPTH_SHIFT;
static const uint8_t level_len[LEVELS] = {48, 32, 16, 0};

/* Bit len - 1. */
struct lens {
	uint64_t w[2];
};

struct hint {
	_Atomic uint64_t w[2];
};

struct prefix6 {
	/* shared */
	struct trie6 *trie;
	struct rte_hash *addresses, *prefixes;
	struct hint *hints;
	uint32_t hint_mask;
	_Atomic uint64_t default_word;

	/* control only */
	struct rte_hash *counts; /* (place of the hint, length) -> number of prefixes */
	uint32_t swept;          /* the next place to look at: those of `prefixes`, then those of `addresses` */
};

/* ------------------------------------------------------------------ making and freeing */

struct prefix6 *
prefix6_new(unsigned most, int numa_node, struct rte_rcu_qsbr *qsbr)
{
	const unsigned entries = RTE_MAX(most, 64u);
	const uint32_t n_hints = rte_align32pow2(RTE_MIN(RTE_MAX(most, 1024u), 1u << 18));
	struct prefix6 *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->trie = trie6_new(entries / TABLE_PREFIXES + TABLES_MIN, numa_node, qsbr);
	p->addresses = hash_table_new("addresses6", entries, sizeof(struct ip6_num), numa_node, qsbr);
	p->prefixes = hash_table_new("prefixes6", entries, sizeof(struct ip6_num), numa_node, qsbr);
	p->counts = hash_table_new("prefix6_counts", entries * 2, sizeof(uint64_t), numa_node, NULL);
	p->hints = rte_zmalloc_socket("prefix6_hints", n_hints * sizeof(*p->hints), RTE_CACHE_LINE_SIZE, numa_node);
	p->hint_mask = n_hints - 1;
	if (p->trie != NULL && p->addresses != NULL && p->prefixes != NULL && p->counts != NULL && p->hints != NULL)
		return p;
	prefix6_free(p);
	return NULL;
}

void
prefix6_free(struct prefix6 *p)
{
	if (p == NULL)
		return;
	trie6_free(p->trie);
	rte_hash_free(p->addresses);
	rte_hash_free(p->prefixes);
	rte_hash_free(p->counts);
	rte_free(p->hints);
	free(p);
}

/* ------------------------------------------------------------------ keys and hints */

static inline struct ip6_num
key_of(struct ip6_num a, unsigned len)
{
	struct ip6_num k = ip6_num_prefix(a, len);

	if (len < 64)
		k.hi |= UINT64_C(1) << (63 - len);
	else if (len < 128)
		k.lo |= UINT64_C(1) << (127 - len);
	return k;
}

static inline struct rte_hash *
table_of(const struct prefix6 *p, unsigned len)
{
	return len == 128 ? p->addresses : p->prefixes;
}

static inline uint32_t
hint_at(const struct prefix6 *p, uint64_t hi, unsigned level)
{
	const unsigned len = level_len[level];

	return rte_hash_crc_8byte(len == 0 ? 0 : hi >> (64 - len), len) & p->hint_mask;
}

static inline struct lens
lens_of(const struct prefix6 *p, struct ip6_num a)
{
	struct lens l = {{0, 0}};

	for (unsigned i = 0; i < LEVELS; i++) {
		struct hint *h = &p->hints[hint_at(p, a.hi, i)];

		l.w[0] |= atomic_load_explicit(&h->w[0], memory_order_relaxed);
		l.w[1] |= atomic_load_explicit(&h->w[1], memory_order_relaxed);
	}
	return l;
}

/* 0: none. */
static inline unsigned
longest(const struct lens *l)
{
	if (l->w[1] != 0)
		return 128 - (unsigned)__builtin_clzll(l->w[1]);
	return l->w[0] != 0 ? 64 - (unsigned)__builtin_clzll(l->w[0]) : 0;
}

static inline void
lens_clear(struct lens *l, unsigned len)
{
	l->w[(len - 1) / 64] &= ~(UINT64_C(1) << (len - 1) % 64);
}

static unsigned
level_of(unsigned len)
{
	unsigned level = 0;

	while (level_len[level] > len)
		level++;
	return level;
}

/* ------------------------------------------------------------------ control */

static int
hint_count(struct prefix6 *p, struct ip6_num a, unsigned len, int change)
{
	const uint32_t at = hint_at(p, a.hi, level_of(len));
	const uint64_t key = (uint64_t)at << 8 | len, bit = UINT64_C(1) << (len - 1) % 64;
	_Atomic uint64_t *word = &p->hints[at].w[(len - 1) / 64];
	void *was = NULL;
	uintptr_t n;

	if (rte_hash_lookup_data(p->counts, &key, &was) < 0)
		was = NULL;
	n = (uintptr_t)was + (uintptr_t)(intptr_t)change;
	if (n == 0) {
		rte_hash_del_key(p->counts, &key);
		atomic_fetch_and_explicit(word, ~bit, memory_order_release);
		return 0;
	}
	if (rte_hash_add_key_data(p->counts, &key, (void *)n) != 0)
		return -ENOSPC;
	atomic_fetch_or_explicit(word, bit, memory_order_release);
	return 0;
}

/* A prefix in its exact table. */
struct exact {
	uint64_t word;
	unsigned depth; /* in the trie */
};

static bool
exact_get(const struct prefix6 *p, struct ip6_num key, unsigned len, struct exact *x)
{
	void *data;

	if (rte_hash_lookup_data(table_of(p, len), &key, &data) < 0)
		return false;
	x->word = (uint64_t)(uintptr_t)data & ~depth_mask;
	x->depth = (unsigned)(((uint64_t)(uintptr_t)data & depth_mask) >> DEPTH_SHIFT);
	return true;
}

static int
exact_put(struct prefix6 *p, struct ip6_num key, unsigned len, const struct exact *x)
{
	const uint64_t data = x->word | (uint64_t)x->depth << DEPTH_SHIFT;

	return rte_hash_add_key_data(table_of(p, len), &key, (void *)(uintptr_t)data) != 0 ? -ENOSPC : 0;
}

bool
prefix6_get(const struct prefix6 *p, const struct ip_addr *prefix, unsigned len, uint64_t *word)
{
	struct exact x;

	if (!exact_get(p, key_of(ip6_num_load(prefix->b), len), len, &x))
		return false;
	*word = x.word;
	return true;
}

/* One that is in its exact table is placed in the trie, if there is room. */
static void
trie_put(struct prefix6 *p, struct ip6_num key, unsigned len, struct exact x, unsigned depth)
{
	const unsigned is = trie6_set(p->trie, ip6_num_prefix(key, len).hi, len, x.word, depth);

	if (is == x.depth)
		return;
	x.depth = is;
	exact_put(p, key, len, &x); /* it has its place there */
}

/* ------------------------------------------------------------------ those that wait for room in the trie */

/* The number of bits before the last one that is set. */
static unsigned
len_of_key(struct ip6_num key)
{
	return key.lo != 0 ? 127 - (unsigned)__builtin_ctzll(key.lo) : 63 - (unsigned)__builtin_ctzll(key.hi);
}

static void
sweep_place(struct prefix6 *p, const struct rte_hash *table, uint32_t place)
{
	struct ip6_num key;
	struct exact x;
	unsigned len;
	void *at;

	if (rte_hash_get_key_with_position(table, (int32_t)place, &at) != 0)
		return;
	memcpy(&key, at, sizeof(key));
	len = table == p->addresses ? 128 : len_of_key(key);
	if (exact_get(p, key, len, &x) && x.depth < trie6_depth(len))
		trie_put(p, key, len, x, x.depth);
}

/* A prefix keeps its place, so that a round meets all that have been there since its beginning. */
static void
sweep(struct prefix6 *p)
{
	const uint32_t n_prefixes = (uint32_t)rte_hash_max_key_id(p->prefixes) + 1;
	const uint32_t n = n_prefixes + (uint32_t)rte_hash_max_key_id(p->addresses) + 1;

	for (unsigned i = 0; i < SWEEP && trie6_waiting(p->trie) != 0 && trie6_has_room(p->trie); i++) {
		const uint32_t at = p->swept;

		p->swept = (at + 1) % n;
		if (at < n_prefixes)
			sweep_place(p, p->prefixes, at);
		else
			sweep_place(p, p->addresses, at - n_prefixes);
	}
}

unsigned
prefix6_waiting(const struct prefix6 *p)
{
	return trie6_waiting(p->trie);
}

/* ------------------------------------------------------------------ control: changes */

int
prefix6_set(struct prefix6 *p, const struct ip_addr *prefix, unsigned len, uint64_t word)
{
	const struct ip6_num a = ip6_num_load(prefix->b), key = key_of(a, len);
	struct exact x = {.depth = trie6_depth(len)};

	if (len == 0) {
		atomic_store_explicit(&p->default_word, word, memory_order_relaxed);
		return 0;
	}
	const bool fresh = !exact_get(p, key, len, &x);

	/* the hint first, or a worker would not ask for the prefix; one too many only costs it a look */
	if (fresh && hint_count(p, a, len, 1) < 0)
		return -ENOSPC;
	x.word = word;
	if (exact_put(p, key, len, &x) < 0) {
		if (fresh)
			hint_count(p, a, len, -1);
		return -ENOSPC;
	}
	trie_put(p, key, len, x, fresh ? TRIE6_FRESH : x.depth);
	sweep(p);
	return 0;
}

/* The longest prefix of 1 to len_max bits, whether or not it waits for room in the trie; word 0: none. */
static struct trie6_leaf
find(const struct prefix6 *p, const struct ip_addr *address, unsigned len_max, bool waiting_too)
{
	const struct ip6_num a = ip6_num_load(address->b);
	struct lens l = lens_of(p, a);

	for (unsigned len; (len = longest(&l)) != 0; lens_clear(&l, len)) {
		struct exact x;

		if (len <= len_max && exact_get(p, key_of(a, len), len, &x) &&
			(waiting_too || x.depth == trie6_depth(len)))
			return (struct trie6_leaf){x.word, len};
	}
	return (struct trie6_leaf){0, 0};
}

void
prefix6_del(struct prefix6 *p, const struct ip_addr *prefix, unsigned len)
{
	const struct ip6_num a = ip6_num_load(prefix->b), key = key_of(a, len);
	struct trie6_leaf below;
	struct exact x;

	if (len == 0) {
		atomic_store_explicit(&p->default_word, 0, memory_order_relaxed);
	} else if (exact_get(p, key, len, &x) && rte_hash_del_key(table_of(p, len), &key) >= 0) {
		hint_count(p, a, len, -1);
		below = find(p, prefix, len - 1, false);
		trie6_del(p->trie, ip6_num_prefix(a, len).hi, len, x.depth, &below);
		sweep(p);
	}
}

uint64_t
prefix6_find(const struct prefix6 *p, const struct ip_addr *address, unsigned len_max)
{
	const struct trie6_leaf leaf = find(p, address, len_max, true);

	return leaf.word != 0 ? leaf.word : atomic_load_explicit(&p->default_word, memory_order_relaxed);
}

/* ------------------------------------------------------------------ workers */

/* Addresses that are still to be found, and what may be asked for each. */
struct search {
	const struct ip6_num *dst;
	uint64_t *words;
	uint64_t open; /* bit = address */
	struct lens left[PREFIX6_BULK];
};

/* One question for each address of `whom`, at least one, its length in len[]; who is found is open no more. */
static void
ask(const struct rte_hash *table, struct search *s, uint64_t whom, const uint8_t len[])
{
	struct ip6_num key[PREFIX6_BULK];
	const void *keys[PREFIX6_BULK];
	uint8_t of_key[PREFIX6_BULK];
	void *data[PREFIX6_BULK];
	uint64_t hit = 0;
	unsigned n = 0;

	do {
		const unsigned i = (unsigned)__builtin_ctzll(whom);

		key[n] = key_of(s->dst[i], len[i]);
		keys[n] = &key[n];
		of_key[n++] = (uint8_t)i;
		whom &= whom - 1;
	} while (whom != 0);
	rte_hash_lookup_bulk_data(table, keys, n, &hit, data);
	for (; hit != 0; hit &= hit - 1) {
		const unsigned k = (unsigned)__builtin_ctzll(hit), i = of_key[k];

		s->words[i] = (uint64_t)(uintptr_t)data[k] & ~depth_mask;
		s->open &= ~(UINT64_C(1) << i);
	}
}

/* The longest length of each open address, of which there are two kinds; who has none left has the default. */
static void
ask_longest(const struct prefix6 *p, struct search *s)
{
	uint64_t whole = 0, shorter = 0;
	uint8_t len[PREFIX6_BULK];

	for (uint64_t open = s->open; open != 0; open &= open - 1) {
		const unsigned i = (unsigned)__builtin_ctzll(open);
		const uint64_t bit = UINT64_C(1) << i;

		len[i] = (uint8_t)longest(&s->left[i]);
		if (len[i] == 0) {
			s->open &= ~bit;
			continue;
		}
		lens_clear(&s->left[i], len[i]);
		if (len[i] == 128)
			whole |= bit;
		else
			shorter |= bit;
	}
	if (whole != 0)
		ask(p->addresses, s, whole, len);
	if (shorter != 0)
		ask(p->prefixes, s, shorter, len);
}

/* The words of `whom` as exact matches have them; 0: no prefix. */
static void
ask_exact(const struct prefix6 *p, const struct ip6_num dst[], uint64_t whom, uint64_t words[])
{
	struct search s; /* not all of it: it is large */

	s.dst = dst;
	s.words = words;
	s.open = whom;
	for (; whom != 0; whom &= whom - 1) {
		const unsigned i = (unsigned)__builtin_ctzll(whom);

		s.left[i] = lens_of(p, dst[i]);
		words[i] = 0;
	}
	while (s.open != 0)
		ask_longest(p, &s);
}

void
prefix6_bulk(const struct prefix6 *p, const struct ip6_num dst[], unsigned n, uint64_t words[])
{
	const uint64_t other = atomic_load_explicit(&p->default_word, memory_order_relaxed);
	const uint64_t whom = trie6_bulk(p->trie, dst, n, words);

	if (whom != 0)
		ask_exact(p, dst, whom, words);
	for (unsigned i = 0; i < n; i++)
		words[i] = words[i] != 0 ? words[i] : other;
}
