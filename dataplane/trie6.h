/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_TRIE6_H
#define DATAPLANE_TRIE6_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/wire/ip.h"

/* The first 64 bits of IPv6 destinations and next hop words: a table by the first 16 bits, whose entries are the answer or lead to a
 * table by the next 8, and so on. Each entry has the word of the longest prefix that holds it, so nothing is looked for twice, and
 * what most destinations share (the first 24 bits, a pool of subscribers) stays in the cache. Where what is behind an entry is but a
 * few ranges, as with most blocks of the Internet, it leads to these (ranges6.h) and no further.
 *
 * The number of tables is bounded, and prefixes longer than 64 bits have none: an entry behind which a worker must ask for exact matches
 * says so (prefix6.c). How many tables count a prefix, its depth, is kept by the caller: one for which tables had run out is placed by
 * setting it again. One writer, control; workers read; a table is used again only when no reader can be in it (QSBR). */

struct trie6;
struct rte_rcu_qsbr;

enum {
	TRIE6_LEN_MAX = 64,
	TRIE6_FRESH = 7, /* beside depths, 0 to 6: not there yet */
};

/* A prefix of the trie and its word, whose bits 48 to 62 are 0 here and elsewhere; word 0: none, and then len 0. */
struct trie6_leaf {
	uint64_t word;
	unsigned len;
};

/* NULL: no memory. */
struct trie6 *trie6_new(unsigned tables_max, int numa_node, struct rte_rcu_qsbr *qsbr);
void trie6_free(struct trie6 *t);

/* The depth of a prefix that is placed (one longer than 64 bits: as far as it can be). */
unsigned trie6_depth(unsigned len);

/* Control; hi: the first 64 bits of a prefix of 1 to 128 bits, those behind it 0. depth: what the former call for it returned, or
 * TRIE6_FRESH. Returns its depth now; below trie6_depth(len): it waits for tables. Replaces its word. */
unsigned trie6_set(struct trie6 *t, uint64_t hi, unsigned len, uint64_t word, unsigned depth);
/* below: the longest shorter prefix that holds it, of those that are placed. */
void trie6_del(struct trie6 *t, uint64_t hi, unsigned len, unsigned depth, const struct trie6_leaf *below);

/* How many prefixes wait for tables. */
unsigned trie6_waiting(const struct trie6 *t);
/* There is a table for one of them. */
bool trie6_has_room(const struct trie6 *t);

/* How many entries lead to ranges. */
unsigned trie6_n_ranges(const struct trie6 *t);

/* Workers: words of n <= 64 destinations, 0: no prefix. Bit = destination of which only exact matches know: its word means nothing. */
uint64_t trie6_bulk(const struct trie6 *t, const struct ip6_num dst[], unsigned n, uint64_t words[]);

#endif
