/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TOOLS_HAWSER_BENCH_CASES_H
#define TOOLS_HAWSER_BENCH_CASES_H

#include "tools/hawser-bench/arrivals.h"
#include "tools/hawser-bench/harness.h"

/* The groups of cases. Each opens a data plane of its own, checks the contents that come out of it, runs its rounds and writes its goals. */

struct run {
	struct results r;
	unsigned rounds;
	bool small;       /* the goals only: no cases beside them */
	const char *only; /* group to run; NULL: all */
};

void bench_from_links(struct run *run);
void bench_from_links_100k(struct run *run);
void bench_worst(struct run *run);
void bench_links(struct run *run);
void bench_links_100k(struct run *run);
void bench_kinds(struct run *run);
void bench_deep(struct run *run);
void bench_to_links(struct run *run);
void bench_workers(struct run *run);
void bench_memory(struct run *run);

/* ------------------------------------------------------------------ shared by the groups */

/* A case of traffic from the links. */
struct from_case {
	struct arrivals *a;     /* what the data plane gets */
	struct arrivals *ghost; /* the same frames for references, which keep nothing */
	struct traffic t;
};

enum { LAB_LEAD = 4096 }; /* frames of a list that bring tables into the caches, untimed */

const char *id_of(const char *fmt, const char *name);
struct from_case *case_of(
	struct arrivals *a, struct arrivals *ghost, uint32_t bundles, const struct shape *shape, unsigned depth);
struct bench *add_path(
	struct results *r, const char *id, const char *what, const struct from_case *c, struct bench *ref);
struct bench *add_reassembly(
	struct results *r, const char *id, const char *what, const struct from_case *c, struct bench *ref);
struct bench *add_macswap(struct results *r, const char *name, const struct from_case *c);
/* Every byte of every packet, of a traffic from its first to its last datagram. */
void from_check(struct arrivals *a, const struct traffic *t);
/* Brings the data plane's windows into the state of this traffic. */
void from_enter(struct bench *b);
/* Empties the windows of a population. */
void from_settle(struct arrivals *a);
/* Whole path: rings to the null port, by worker_turn(). */
void from_path_slice(struct bench *b, struct sample *s);
/* The stages from pppoe_rx to mss_from_links; what comes out is freed untimed. */
void from_reassembly_slice(struct bench *b, struct sample *s);
/* The same of any frames, with the release of what comes out: cycles. */
uint64_t from_reassemble(struct rte_mbuf *m[], unsigned n);
uint64_t turn_ns(void);

/* Cost by stage: cycles between marks, less what a mark itself takes. */
enum stage {
	STAGE_PORT_RX,
	STAGE_PPPOE_RX,
	STAGE_STEER,
	STAGE_MP_RX,
	STAGE_INNER,
	STAGE_MSS,
	STAGE_IP_RX,
	STAGE_ROUTE,
	STAGE_IP_TX,
	STAGE_ACCEPT,
	STAGE_MP_TX,
	STAGE_TIMERS,
	STAGE_FLUSH,
	STAGES,
};

struct profile {
	uint64_t last, frames, cycles[STAGES], marks[STAGES];
};

static inline void
profile_begin(struct profile *p)
{
	p->last = rte_rdtsc();
}

static inline void
profile_mark(struct profile *p, enum stage s)
{
	const uint64_t now = rte_rdtsc();

	p->cycles[s] += now - p->last;
	p->marks[s]++;
	p->last = rte_rdtsc();
}

/* Cycles of the timers for a list of traffic, which is a tick long, and for a tick without any. */
struct timer_cycles {
	double busy, low, high; /* 10th and 90th percentile of the lists */
	double idle;
};
struct timer_cycles profile_timers(struct arrivals *a);
/* Cycles a frame of each stage, the mean over many lists but the outliers. */
void profile_stages(
	struct results *r, const char *path, void (*list)(struct arrivals *a, struct profile *p), struct arrivals *a);
extern const char *const stage_names[STAGES];

/* One list of frames through the stages. */
void from_profile(struct arrivals *a, struct profile *p);
void to_profile(struct arrivals *a, struct profile *p);

/* references.c */
void ghost_enter(struct bench *b);
void macswap_slice(struct bench *b, struct sample *s);
void floor_enter(struct bench *b);
void floor_slice(struct bench *b, struct sample *s);
void floor_own_slice(struct bench *b, struct sample *s);
void floor_leave(struct bench *b);
void ip_frag_enter(struct bench *b);
void ip_frag_slice(struct bench *b, struct sample *s);
/* Ends all tables of rte_ip_frag, which stay between visits. */
void ip_frag_close(void);
void ip_cut_slice(struct bench *b, struct sample *s);
void reorder_enter(struct bench *b);
void reorder_slice(struct bench *b, struct sample *s);
void reorder_leave(struct bench *b);

/* plain.c */
void plain_enter(struct bench *b);
void plain_slice(struct bench *b, struct sample *s);
void plain_leave(struct bench *b);

#endif
