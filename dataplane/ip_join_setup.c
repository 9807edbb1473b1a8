/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_malloc.h>

#include "dataplane/ip_join.h"

enum {
	DATAGRAMS = 1024, /* that may be incomplete at one time */
	BUCKET = 4,
};

void
ip_join_open(struct worker *w)
{
	struct ip_join *j;

	if (w->ip_join != NULL)
		return;
	j = rte_zmalloc_socket("ip_join", sizeof(*j), RTE_CACHE_LINE_SIZE, w->numa_node);
	if (j == NULL)
		return;
	j->table = rte_ip_frag_table_create(
		DATAGRAMS / BUCKET, BUCKET, DATAGRAMS, IP_JOIN_S * UINT64_C(1000000000), w->numa_node);
	if (j->table == NULL)
		rte_free(j);
	else
		w->ip_join = j;
}

void
ip_join_free(struct worker *w)
{
	if (w->ip_join == NULL)
		return;
	rte_ip_frag_table_destroy(w->ip_join->table); /* and what waits in it */
	rte_free(w->ip_join);
	w->ip_join = NULL;
}
