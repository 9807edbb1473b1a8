/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/hash_table.h"

#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <rte_rcu_qsbr.h>

struct rte_hash *
hash_table_new(const char *name, uint32_t entries, uint32_t key_len, int numa_node, struct rte_rcu_qsbr *qsbr)
{
	const struct rte_hash_parameters params = {
		.name = name,
		.entries = RTE_MAX(entries, 64u),
		.key_len = key_len,
		.hash_func = rte_hash_crc,
		.socket_id = numa_node,
		.extra_flag =
			RTE_HASH_EXTRA_FLAGS_EXT_TABLE | (qsbr == NULL ? 0 : RTE_HASH_EXTRA_FLAGS_RW_CONCURRENCY_LF),
	};
	struct rte_hash_rcu_config rcu = {.v = qsbr, .mode = RTE_HASH_QSBR_MODE_DQ};
	struct rte_hash *h = rte_hash_create(&params);

	if (h != NULL && qsbr != NULL && rte_hash_rcu_qsbr_add(h, &rcu) != 0) {
		rte_hash_free(h);
		return NULL;
	}
	return h;
}
