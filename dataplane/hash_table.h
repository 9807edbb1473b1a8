/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_HASH_TABLE_H
#define DATAPLANE_HASH_TABLE_H

#include <stdint.h>

struct rte_hash;
struct rte_rcu_qsbr;

/* An exact table with words as data. With qsbr workers may read it while control, alone, writes: nothing is freed under them. NULL: no
 * memory. */
struct rte_hash *hash_table_new(
	const char *name, uint32_t entries, uint32_t key_len, int numa_node, struct rte_rcu_qsbr *qsbr);

#endif
