/* SPDX-License-Identifier: BSD-3-Clause */
#include <malloc.h>
#include <rte_malloc.h>

#include "tools/hawser-bench/cases.h"
#include "tools/hawser-bench/memory.h"

/* Memory that one more idle bundle of two links takes: the slope between few and many, which leaves out all tables of fixed size. */

enum { FEW = 10000, MANY = 60000, LINKS = 2 };

size_t
heap_bytes(void)
{
	const struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

static size_t
dpdk_bytes(void)
{
	struct rte_malloc_socket_stats s;
	size_t n = 0;

	for (int i = 0; i < RTE_MAX_NUMA_NODES; i++)
		if (rte_malloc_get_socket_stats(i, &s) == 0)
			n += s.heap_allocsz_bytes;
	return n;
}

static void
memory_goal(struct results *r, const char *id, const char *what, double goal, size_t few, size_t many)
{
	const double each = ((double)many - (double)few) / (MANY - FEW);

	goal_of_value(
		r, &(struct goal){.id = id, .what = what, .goal = goal, .value = each, .low = each, .high = each});
}

/* ------------------------------------------------------------------ data plane */

/* All that it takes from DPDK's heap and from the C library's: tables, windows, sessions, routes. */
static size_t
dataplane_with(uint32_t n)
{
	const struct population pops[] = {{.name = "idle", .n = n, .links = LINKS, .rate_bps = 100000000}};
	const struct lab_wish wish = {.workers = 1,
		.access_ports = 4,
		.pool_mbufs = 8191,
		.routes_max = 100000,
		.reassembly_bytes = UINT64_C(1) << 28,
		.populations = pops,
		.n_populations = 1};
	const size_t before = heap_bytes(), own = (size_t)n * LINKS * sizeof(struct lab_link);
	size_t bytes;

	lab_open(&wish);
	bytes = dpdk_bytes() + heap_bytes() - before - own;
	lab_close();
	return bytes;
}

void
bench_memory(struct run *run)
{
	memory_goal(&run->r, "P13.dataplane",
		"bytes of the data plane per further idle bundle of 2 links, first window included", 1024,
		dataplane_with(FEW), dataplane_with(MANY));
	memory_goal(&run->r, "P13.control", "bytes of control per further idle bundle of 2 links", 2048,
		control_bytes(FEW, LINKS), control_bytes(MANY, LINKS));
}
