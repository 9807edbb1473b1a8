/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <pthread.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_pause.h>
#include <sched.h>
#include <stdatomic.h>

#include "tools/hawser-bench/cases.h"

/* Two workers at once, on two CPUs: each with frames of its own bundles, or each with frames of the other's, which all cross the steering
 * rings. What counts is the best slice of each kind: the others say how busy the machine is with other things. */

enum {
	BUNDLES = 16384,
	FRAMES = 1024, /* for each in a slice: fewer than a steering ring holds */
	SLICES_A_ROUND = 40,
	WARM_SLICES = 200,
	NS_A_TURN = 960,
};

enum mode { ONE, OWN, STEERED, MODES };

static struct {
	struct arrivals a[LAB_WORKERS];
	int cpu[LAB_WORKERS];
	_Atomic unsigned go, ready, fed_done;
	_Atomic bool stop;
	enum mode mode;
	uint64_t now_ns;
	uint64_t cycles[LAB_WORKERS];
} duo;

static struct rte_mbuf *list[FRAMES];

static void
pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

static bool
has_input(unsigned w)
{
	for (unsigned i = 0; i < lab.n_access; i++)
		if (rte_ring_count(lab.in[i][(w + LAB_WORKERS - i % LAB_WORKERS) % LAB_WORKERS]) != 0)
			return true;
	return false;
}

/* Until its queues are empty, and, if frames are handed over, until the other has given all it had. */
static void
work(unsigned index)
{
	struct worker *w = lab.dp->workers[index];
	uint64_t now_ns = duo.now_ns;
	const uint64_t begin = cycles_begin();

	while (has_input(index)) {
		worker_turn(w, now_ns);
		now_ns += NS_A_TURN;
	}
	atomic_fetch_add(&duo.fed_done, 1);
	while (duo.mode == STEERED && atomic_load(&duo.fed_done) < LAB_WORKERS)
		worker_turn(w, now_ns);
	if (duo.mode == STEERED)
		worker_turn(w, now_ns);
	duo.cycles[index] = cycles_end() - begin;
}

static void *
second(void *arg)
{
	unsigned seen = 0;

	(void)arg;
	pin(duo.cpu[1]);
	if (rte_thread_register() != 0)
		die("no lcore for the second worker");
	atomic_fetch_add(&duo.ready, 1);
	for (;;) {
		while (atomic_load(&duo.go) == seen && !atomic_load(&duo.stop))
			rte_pause();
		if (atomic_load(&duo.stop))
			break;
		seen++;
		if (duo.mode != ONE)
			work(1);
		atomic_fetch_add(&duo.ready, 1);
	}
	rte_thread_unregister();
	return NULL;
}

/* A list of bundles of worker `home` into the queues that worker `at` polls. */
static void
feed(unsigned home, unsigned at)
{
	arrivals_fill(&duo.a[home], list, FRAMES);
	for (unsigned i = 0; i < FRAMES; i++) {
		const unsigned queue = (at + LAB_WORKERS - list[i]->port % LAB_WORKERS) % LAB_WORKERS;

		lab_feed(&list[i], 1, queue);
	}
}

/* Cycles until the later of the two is done; 0: something was dropped, as one of the two was not running. */
static uint64_t
slice(enum mode mode)
{
	const unsigned ready = atomic_load(&duo.ready);

	duo.mode = mode;
	feed(0, mode == STEERED ? 1 : 0);
	if (mode != ONE)
		feed(1, mode == STEERED ? 0 : 1);
	atomic_store(&duo.fed_done, 0);
	lab_drops_mark();
	atomic_fetch_add(&duo.go, 1);
	work(0);
	while (atomic_load(&duo.ready) == ready)
		rte_pause();
	duo.now_ns += (uint64_t)FRAMES * 64;
	/* what arrived in the last moment */
	lab.now_ns = duo.now_ns;
	lab_turns(NS_A_TURN);
	duo.now_ns = lab.now_ns;
	if (mode == STEERED && lab_drops(DROP_STEER_FULL) != 0)
		return 0;
	return mode == ONE ? duo.cycles[0] : RTE_MAX(duo.cycles[0], duo.cycles[1]);
}

static void
cpus_choose(void)
{
	cpu_set_t set;
	unsigned n = 0;

	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	for (int cpu = 0; cpu < CPU_SETSIZE && n < LAB_WORKERS; cpu++)
		if (CPU_ISSET(cpu, &set))
			duo.cpu[n++] = cpu;
	if (n < LAB_WORKERS)
		duo.cpu[1] = duo.cpu[0];
}

void
bench_workers(struct run *run)
{
	const struct population pops[] = {{.name = "2 links", .n = BUNDLES, .links = 2, .rate_bps = 100000000}};
	const struct lab_wish wish = {
		.workers = LAB_WORKERS,
		.access_ports = 2,
		.pool_mbufs = 131071,
		.reassembly_bytes = UINT64_C(1) << 30,
		.populations = pops,
		.n_populations = 1,
	};
	uint64_t best[MODES] = {UINT64_MAX, UINT64_MAX, UINT64_MAX};
	double rate[MODES];
	cpu_set_t before;
	pthread_t thread;

	sched_getaffinity(0, sizeof(before), &before);
	cpus_choose();
	lab_open(&wish);
	duo.now_ns = lab.now_ns;
	for (unsigned w = 0; w < LAB_WORKERS; w++) {
		arrivals_init(&duo.a[w], 0, w);
		arrivals_use(&duo.a[w],
			&(struct traffic){.worker = w, .bundles = BUNDLES, .shape = &shape_in_2, .depth = 2});
	}
	pin(duo.cpu[0]);
	atomic_store(&duo.ready, 0);
	if (pthread_create(&thread, NULL, second, NULL) != 0)
		die("no second thread");
	while (atomic_load(&duo.ready) == 0)
		rte_pause();
	for (unsigned i = 0; i < WARM_SLICES; i++)
		slice(OWN);
	for (unsigned i = 0; i < run->rounds * SLICES_A_ROUND; i++)
		for (unsigned m = 0; m < MODES; m++) {
			const uint64_t cycles = slice((enum mode)m);

			if (cycles != 0)
				best[m] = RTE_MIN(best[m], cycles);
		}
	atomic_store(&duo.stop, true);
	pthread_join(thread, NULL);
	atomic_store(&duo.stop, false);
	sched_setaffinity(0, sizeof(before), &before);
	for (unsigned m = 0; m < MODES; m++)
		rate[m] = (m == ONE ? 1.0 : LAB_WORKERS) * FRAMES / (double)best[m];
	goal_of_value(&run->r,
		&(struct goal){.id = "P10.own",
			.what = "two workers over one, frames of their own bundles",
			.goal = 1.85,
			.at_least = true,
			.value = rate[OWN] / rate[ONE],
			.low = NAN,
			.high = NAN});
	goal_of_value(&run->r,
		&(struct goal){.id = "P10.steered",
			.what = "two workers over one, every frame handed over",
			.goal = 1.4,
			.at_least = true,
			.value = rate[STEERED] / rate[ONE],
			.low = NAN,
			.high = NAN});
	for (unsigned w = 0; w < LAB_WORKERS; w++)
		arrivals_fini(&duo.a[w]);
	lab_close();
}

/* ------------------------------------------------------------------ memory */

static size_t
allocated(void)
{
	struct rte_malloc_socket_stats s;
	size_t n = 0;

	for (int i = 0; i < RTE_MAX_NUMA_NODES; i++)
		if (rte_malloc_get_socket_stats(i, &s) == 0)
			n += s.heap_allocsz_bytes;
	return n;
}

static size_t
with_bundles(uint32_t n)
{
	const struct population pops[] = {{.name = "idle", .n = n, .links = 2, .rate_bps = 100000000}};
	const struct lab_wish wish = {.workers = 1,
		.access_ports = 4,
		.pool_mbufs = 8191,
		.routes_max = 100000,
		.reassembly_bytes = UINT64_C(1) << 28,
		.populations = pops,
		.n_populations = 1};
	size_t bytes;

	lab_open(&wish);
	bytes = allocated();
	lab_close();
	return bytes;
}

void
bench_memory(struct run *run)
{
	enum { FEW = 10000, MANY = 60000 };
	const double each = (double)(with_bundles(MANY) - with_bundles(FEW)) / (MANY - FEW);

	goal_of_value(&run->r,
		&(struct goal){.id = "P13.dataplane",
			.what = "bytes of the data plane per further idle bundle of 2 links, first window included",
			.goal = 1024,
			.value = each,
			.low = each,
			.high = each});
	goal_not_run(&run->r, "P13.control", "bytes of control per further idle bundle of 2 links", 2048,
		"not measured by this program");
}
