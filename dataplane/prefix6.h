/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_PREFIX6_H
#define DATAPLANE_PREFIX6_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/wire/ip.h"

/* IPv6 prefixes and next hop words (bits 48 to 62 are 0). The first 64 bits of a destination find it in a trie; where there is something
 * longer, or the trie has no room, exact matches do: one for each prefix length that is in use where the destination lies, longest
 * first. One writer, control; workers read; nothing is freed under a reader (QSBR). */

struct prefix6;
struct rte_rcu_qsbr;

enum { PREFIX6_BULK = 64 };

/* Room for `most` addresses and as many shorter prefixes. NULL: no memory. */
struct prefix6 *prefix6_new(unsigned most, int numa_node, struct rte_rcu_qsbr *qsbr);
void prefix6_free(struct prefix6 *p);

/* Replaces the former word; len 0 to 128, bits behind it do not count. -ENOSPC. */
int prefix6_set(struct prefix6 *p, const struct ip_addr *prefix, unsigned len, uint64_t word);
void prefix6_del(struct prefix6 *p, const struct ip_addr *prefix, unsigned len);
/* The word of exactly this prefix. */
bool prefix6_get(const struct prefix6 *p, const struct ip_addr *prefix, unsigned len, uint64_t *word);
/* The word of the longest prefix of at most len_max bits that holds the address; 0: none. Control's. */
uint64_t prefix6_find(const struct prefix6 *p, const struct ip_addr *address, unsigned len_max);

/* How many prefixes only exact matches know until the trie has room; each change places a few of them as soon as it has. Control's. */
unsigned prefix6_waiting(const struct prefix6 *p);

/* Workers: the same for n <= PREFIX6_BULK addresses and any length. */
void prefix6_bulk(const struct prefix6 *p, const struct ip6_num dst[], unsigned n, uint64_t words[]);

#endif
