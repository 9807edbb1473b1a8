/* SPDX-License-Identifier: BSD-3-Clause */
#include <malloc.h>
#include <math.h>
#include <rte_malloc.h>

#include "tools/hawser-bench/cases.h"
#include "tools/hawser-bench/memory.h"

/* Memory that one more idle bundle of two links takes: the slope between few and many, which leaves out all tables of fixed size. */

enum { FEW = 10000, MANY = 60000, LINKS = 2 };
/* In control each of them has to be brought up first. */
enum { CONTROL_FEW = 1000, CONTROL_MANY = 4000 };

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

/* Of the bytes over the number; what could not be measured meets no goal. */
static double
slope(uint32_t few, size_t few_bytes, uint32_t many, size_t many_bytes)
{
	if (few_bytes == 0 || many_bytes == 0)
		return HUGE_VAL;
	return ((double)many_bytes - (double)few_bytes) / (many - few);
}

static void
memory_goal(struct results *r, const char *id, const char *what, double goal, double each)
{
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
	dataplane_with(1); /* what EAL takes once and keeps is nobody's */

	const double dataplane = slope(FEW, dataplane_with(FEW), MANY, dataplane_with(MANY));
	const double control =
		slope(CONTROL_FEW, control_bytes(CONTROL_FEW, LINKS), CONTROL_MANY, control_bytes(CONTROL_MANY, LINKS));

	memory_goal(&run->r, "P13.dataplane",
		"bytes of the data plane per further idle bundle of 2 links, first window included", 1024, dataplane);
	memory_goal(&run->r, "P13.control",
		"bytes of control per further idle bundle of 2 links, open and authenticated", 2048, control);
}
