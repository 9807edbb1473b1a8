/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_pause.h>
#include <sched.h>
#include <stdatomic.h>

#include "tools/hawser-bench/cases.h"

/* Two workers at once, on two CPUs: each with frames of its own bundles, or each with frames of the other's, which all cross the steering
 * rings. Each CPU makes the frames that it is going to poll; then both begin at once, and a slice lasts until the later one is done. What
 * counts is the best slice of each kind in which nothing else got one of the CPUs. */

enum {
	DUO = 2,
	BUNDLES = 16384,
	FRAMES = 1024, /* for each in a slice: fewer than a steering ring holds */
	SLICES_A_ROUND = 40,
	WARM_SLICES = 200,
	NS_A_TURN = 960,
};

enum mode { ONE, OWN, STEERED, MODES };

static struct {
	struct arrivals a[DUO];
	int cpu[DUO];
	_Atomic unsigned go, armed, fed_done, done;
	_Atomic bool stop;
	enum mode mode;
	uint64_t now_ns;
	uint64_t begin[DUO], end[DUO];
	bool disturbed[DUO];
} duo;

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
		if (rte_ring_count(lab.in[i][lab.dp->workers[w]->rx_queue[i]]) != 0)
			return true;
	return false;
}

/* Until its queues are empty, and, if frames are handed over, until the other has given all it had. */
static void
work(unsigned index)
{
	struct worker *w = lab.dp->workers[index];
	uint64_t now_ns = duo.now_ns;

	while (has_input(index)) {
		worker_turn(w, now_ns);
		now_ns += NS_A_TURN;
	}
	atomic_fetch_add(&duo.fed_done, 1);
	while (duo.mode == STEERED && atomic_load(&duo.fed_done) < DUO)
		worker_turn(w, now_ns);
	if (duo.mode == STEERED)
		worker_turn(w, now_ns);
}

/* One's part of a slice. */
static void
play(unsigned index)
{
	const unsigned players = duo.mode == ONE ? 1 : DUO, home = duo.mode == STEERED ? 1 - index : index;
	struct rte_mbuf *list[FRAMES];
	long before;

	arrivals_fill(&duo.a[home], list, FRAMES);
	lab_feed(list, FRAMES, index);
	before = interruptions();
	atomic_fetch_add(&duo.armed, 1);
	while (atomic_load(&duo.armed) < players)
		rte_pause();
	duo.begin[index] = cycles_begin();
	work(index);
	duo.end[index] = cycles_end();
	duo.disturbed[index] = interruptions() != before;
}

static void *
second(void *arg)
{
	unsigned seen = 0;

	(void)arg;
	pin(duo.cpu[1]);
	if (rte_thread_register() != 0)
		die("no lcore for the second worker");
	atomic_fetch_add(&duo.done, 1);
	for (;;) {
		while (atomic_load(&duo.go) == seen && !atomic_load(&duo.stop))
			rte_pause();
		if (atomic_load(&duo.stop))
			break;
		seen++;
		if (duo.mode != ONE)
			play(1);
		atomic_fetch_add(&duo.done, 1);
	}
	rte_thread_unregister();
	return NULL;
}

/* Cycles from the first one's begin to the last one's end; 0: something else was running, or a ring was full because one waited. */
static uint64_t
slice(enum mode mode)
{
	uint64_t begin, end;

	duo.mode = mode;
	lab_drops_mark();
	atomic_store(&duo.armed, 0);
	atomic_store(&duo.fed_done, 0);
	atomic_store(&duo.done, 0);
	atomic_fetch_add(&duo.go, 1);
	play(0);
	while (atomic_load(&duo.done) == 0)
		rte_pause();
	/* what arrived in the last moment */
	lab.now_ns = duo.now_ns + FRAMES * LAB_NS_A_FRAME;
	lab_turns(NS_A_TURN);
	duo.now_ns = lab.now_ns;
	if (duo.disturbed[0] || (mode != ONE && duo.disturbed[1]) || lab_drops(DROP_STEER_FULL) != 0)
		return 0;
	begin = mode == ONE ? duo.begin[0] : RTE_MIN(duo.begin[0], duo.begin[1]);
	end = mode == ONE ? duo.end[0] : RTE_MAX(duo.end[0], duo.end[1]);
	return end - begin;
}

static void
cpus_choose(void)
{
	cpu_set_t set;
	unsigned n = 0;

	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	for (int cpu = 0; cpu < CPU_SETSIZE && n < DUO; cpu++)
		if (CPU_ISSET(cpu, &set))
			duo.cpu[n++] = cpu;
	if (n < DUO)
		duo.cpu[1] = duo.cpu[0];
}

/* Throughput of two over that of one, each in the best of its slices; 0: none of some kind was undisturbed. */
static void
duo_round(double ratio[][ROUNDS_MAX], unsigned n[])
{
	uint64_t best[MODES] = {UINT64_MAX, UINT64_MAX, UINT64_MAX};

	for (unsigned i = 0; i < SLICES_A_ROUND; i++)
		for (unsigned m = 0; m < MODES; m++) {
			const uint64_t cycles = slice((enum mode)m);

			if (cycles != 0)
				best[m] = RTE_MIN(best[m], cycles);
		}
	for (unsigned m = OWN; m < MODES && best[ONE] != UINT64_MAX; m++)
		if (best[m] != UINT64_MAX)
			ratio[m][n[m]++] = (double)DUO * (double)best[ONE] / (double)best[m];
}

static void
duo_goal(struct results *r, const char *id, const char *what, double goal, const double ratio[], unsigned n)
{
	if (n == 0) {
		goal_not_run(r, id, what, goal, "two CPUs are never free at once");
		r->goals[r->n_goals - 1].at_least = true;
		return;
	}
	goal_of_value(r,
		&(struct goal){.id = id,
			.what = what,
			.goal = goal,
			.at_least = true,
			.value = median(ratio, n),
			.low = percentile(ratio, n, 0.1),
			.high = percentile(ratio, n, 0.9)});
}

void
bench_workers(struct run *run)
{
	const struct population pops[] = {{.name = "2 links", .n = BUNDLES, .links = 2, .rate_bps = 100000000}};
	const struct lab_wish wish = {
		.workers = DUO,
		.access_ports = 2,
		.pool_mbufs = 131071,
		.reassembly_bytes = UINT64_C(1) << 30,
		.populations = pops,
		.n_populations = 1,
	};
	double ratio[MODES][ROUNDS_MAX];
	unsigned n[MODES] = {0};
	cpu_set_t before;
	pthread_t thread;

	sched_getaffinity(0, sizeof(before), &before);
	cpus_choose();
	lab_open(&wish);
	duo.now_ns = lab.now_ns;
	for (unsigned w = 0; w < DUO; w++) {
		arrivals_init(&duo.a[w], 0, w);
		arrivals_use(&duo.a[w],
			&(struct traffic){.worker = w, .bundles = BUNDLES, .shape = &shape_in_2, .depth = 2});
	}
	pin(duo.cpu[0]);
	atomic_store(&duo.done, 0);
	atomic_store(&duo.go, 0);
	if (pthread_create(&thread, NULL, second, NULL) != 0)
		die("no second thread");
	while (atomic_load(&duo.done) == 0)
		rte_pause();
	for (unsigned i = 0; i < WARM_SLICES; i++)
		slice(OWN);
	for (unsigned i = 0; i < run->rounds; i++)
		duo_round(ratio, n);
	atomic_store(&duo.stop, true);
	pthread_join(thread, NULL);
	atomic_store(&duo.stop, false);
	sched_setaffinity(0, sizeof(before), &before);
	duo_goal(&run->r, "P10.own", "two workers over one, frames of their own bundles", 1.85, ratio[OWN], n[OWN]);
	duo_goal(&run->r, "P10.steered", "two workers over one, every frame handed over", 1.4, ratio[STEERED],
		run->rounds);
	for (unsigned w = 0; w < DUO; w++)
		arrivals_fini(&duo.a[w]);
	lab_close();
}
