/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_INTERNAL_H
#define DATAPLANE_INTERNAL_H

#include <net/if.h>
#include <rte_ring.h>
#include <stdatomic.h>

#include "dataplane/api/dataplane.h"
#include "dataplane/worker.h"

/* What the shell's files (dataplane.c, port_setup.c, exchange.c, worker.c) share, and what --replay and the tests may reach behind the
 * API. Stages do not include this. */

struct rules; /* port_rules.c */

/* What only control's side needs of a port. */
struct port_state {
	char name[32], device[64], driver[32], ifname[IF_NAMESIZE]; /* ifname: the kernel's device behind it, or "" */
	int kernel_mtu;                                             /* to restore; 0: not changed */
	bool started, created;
	bool promiscuous;  /* by us */
	bool carrier_told; /* what control knows of `carrier` in struct port */
	enum dp_rss rss;
	struct rules *rules; /* NULL: none are asked for */
};

struct dataplane {
	unsigned n_workers, n_ports;
	struct worker *workers[DP_WORKERS_MAX];
	struct port ports[DP_PORTS_MAX];
	struct port_state port_state[DP_PORTS_MAX];

	struct tables *tables;
	struct rte_rcu_qsbr *qsbr;
	struct rte_mempool *pools[RTE_MAX_NUMA_NODES], *indirect_pools[RTE_MAX_NUMA_NODES];
	struct rte_mempool *joined_pool; /* large buffers, if a port joins fragments */
	bool threaded;
	char notes[1024];

	/* control only */
	uint32_t tickets[DP_WORKERS_MAX]; /* last issued */
	uint32_t events_lost_seen[DP_WORKERS_MAX];
	unsigned next_event, next_punt; /* worker to ask first: fair between workers */
	uint32_t mark_wanted;           /* last quiescence mark promised */
	int event_fd, ioctl_fd;

	/* control writes, workers read */
	_Atomic uint32_t mark; /* quiescence mark to pass now */
	_Atomic bool stop;

	/* workers set, control clears: event_fd was written and not yet read */
	_Atomic bool woken;
};

/* The same without threads: nobody but the caller turns the workers, with worker_turn(dp->workers[i], now) and any clock that does not
 * run backwards. EAL is started if it is not yet (with one lcore), and never ended. Ports may be devices that exist already. */
int dataplane_new_unthreaded(const struct dp_setup *setup, struct dataplane **dp, const char **why);

/* Ends what dataplane_new_unthreaded or dataplane_start made, but not EAL. */
void dataplane_free(struct dataplane *dp);

/* Takes all packets out of workers, bundles and rings, back into their pools: what then is missing has leaked. Nothing may be done
 * with it afterwards but dataplane_free(). */
void dataplane_drain(struct dataplane *dp);

/* ------------------------------------------------------------------ eal.c */

/* Starts EAL for setup->workers lcores (threaded), or one, unless it runs. 0, or negative errno. */
int eal_start(const struct dp_setup *setup, bool threaded, const char **why);
bool eal_running(void);
/* EAL's interrupt thread finishes what it is at, and from then on calls no handler and looks at none. rte_eal_cleanup() wakes it and
 * unmaps memory at the same time, also that of handlers which drivers forgot (net_memif of 22.11 those of its listening sockets); and
 * net_memif lets a link go that its peer has ended without minding whether dev_stop does so too. */
void eal_hold_interrupt_thread(void);
/* Ends it if it runs; it cannot be started again. */
void eal_end(void);

/* ------------------------------------------------------------------ port_setup.c */

/* Opens and starts port i of the setup, with its queues' buffers from dp->pools. */
int port_open(struct dataplane *dp, const struct dp_setup *setup, unsigned i, const char **why);
/* Data bytes a packet buffer must have for this port. */
unsigned port_buffer_bytes(const struct dp_port_setup *s);
/* Its frames may be whole IP datagrams, up to port_joined_bytes() long, whatever its MTU. */
bool port_joins_fragments(const struct dp_port_setup *s);
unsigned port_joined_bytes(void);
void port_close(struct dataplane *dp, unsigned i);
void ports_carrier_poll(void *dataplane); /* the same, and wakes control: an EAL alarm */
/* Looks at the carriers; true when one has changed and control must be told. */
bool ports_poll_carrier(struct dataplane *dp);

/* ------------------------------------------------------------------ port_rules.c: rte_flow rules of sessions; control's thread */

/* Before the first session of port i, and before the device is stopped. */
int rules_open(struct dataplane *dp, unsigned i, const struct dp_port_setup *s);
void rules_close(struct dataplane *dp, unsigned i);
/* Asks the driver to bring the session's frames to the queue of its home worker. Before the steering word leads there: then data, which
 * the peer sends only after that, never changes its queue under way and keeps its order. */
void rules_set(struct dataplane *dp, const struct dp_session_key *key, unsigned home);
/* After the steering word has left there. Nothing to do is right. */
void rules_clear(struct dataplane *dp, const struct dp_session_key *key);
struct dp_port_rules rules_info(const struct port_state *st);

/* ------------------------------------------------------------------ port_kernel.c: the kernel's device behind af_packet, af_xdp, tap
 * fd: any socket. Negative errno on failure. */

int kernel_mtu(int fd, const char *ifname);
int kernel_mtu_set(int fd, const char *ifname, int mtu);
bool kernel_promiscuous(int fd, const char *ifname);
bool kernel_carrier(int fd, const char *ifname);
/* What the device's queueing discipline dropped since it was set up; 0 when it cannot be asked. */
uint64_t kernel_qdisc_drops(const char *ifname);

/* ------------------------------------------------------------------ exchange.c */

/* The workers have their pools already. */
int exchange_open(struct dataplane *dp, const struct dp_setup *setup, const char **why);
void exchange_close(struct dataplane *dp);
/* Worker's side: commands of this turn; tells control when something was queued for it. */
unsigned exchange_commands(struct worker *w);
void exchange_wake(struct worker *w);

/* ------------------------------------------------------------------ punt.c */

struct punt_budget *punt_budget_new(const struct dp_setup *setup, int numa_node);
void punt_budget_free(struct punt_budget *b);

/* ------------------------------------------------------------------ worker.c */

int worker_main(void *worker);

/* Says why in a static buffer; returns err. */
int why_failed(const char **why, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
