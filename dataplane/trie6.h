/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_TRIE6_H
#define DATAPLANE_TRIE6_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/wire/ip.h"

/* The first 64 bits of IPv6 destinations and next hop words: a table by the first 16 bits, whose entries are the answer or lead to a
 * table by the next 8, and so on. Each entry has the word of the longest prefix that holds it, so nothing is looked for twice, and
 * what most destinations share (the first 24 bits, a pool of subscribers) stays in the cache.
 *
 * The number of tables is bounded, and prefixes longer than 64 bits have none: an entry behind which a worker must ask for exact matches
 * says so (prefix6.c). One writer, control; workers read; a table is used again only when no reader can be in it (QSBR). */

struct trie6;
struct rte_rcu_qsbr;

enum { TRIE6_LEN_MAX = 64 };

/* A prefix of the trie and its word, whose bits 48 to 62 are 0 here and elsewhere; word 0: none, and then len 0. */
struct trie6_leaf {
	uint64_t word;
	unsigned len;
};

/* NULL: no memory. */
struct trie6 *trie6_new(unsigned tables_max, int numa_node, struct rte_rcu_qsbr *qsbr);
void trie6_free(struct trie6 *t);

/* Control; hi: the first 64 bits of a prefix of 1 to 128 bits, those behind it 0. fresh: it was not there; else its word is replaced. */
void trie6_set(struct trie6 *t, uint64_t hi, unsigned len, uint64_t word, bool fresh);
/* below: the longest shorter prefix that holds it. */
void trie6_del(struct trie6 *t, uint64_t hi, unsigned len, const struct trie6_leaf *below);

/* Fetches what a look-up reads first. */
void trie6_prefetch(const struct trie6 *t, uint64_t hi);

/* Workers: words of n <= 64 destinations, 0: no prefix. Bit = destination of which only exact matches know. */
uint64_t trie6_bulk(const struct trie6 *t, const struct ip6_num dst[], unsigned n, uint64_t words[]);

#endif
