/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_WORKER_H
#define DATAPLANE_WORKER_H

#include <rte_ring.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/api/dataplane.h"
#include "dataplane/burst.h"
#include "dataplane/tables.h"

/* One worker: a core that polls its queues, and the home of its bundles. Every field says who writes it. */

struct bundle;
struct bundle_table; /* bundle.h: all bundles at home here, and their timers */

enum { TX_BUFFER = 64, TX_CONTROL_MAX = 1024, FREE_BATCH = 128, RING_ELEMS = 1024, STEER_ELEMS = 2048 };

/* Frames on their way out of one port (or to one worker), flushed at the end of the turn. */
struct tx_buffer {
	struct {
		struct rte_mbuf *head, *tail; /* through pkt(m)->next */
		unsigned n;
	} control; /* before all data; what is not taken stays */
	uint16_t n;
	uint16_t queue; /* of the port, if it is ours to send on */
	uint16_t owner; /* worker that sends for us (ourselves: then `queue` counts); set before start */
	struct rte_mbuf *m[TX_BUFFER];
};

/* A port, as workers see it. Written before the workers start, constant afterwards (mac table: control, before sessions use it). */
struct port {
	uint16_t id;          /* DPDK's */
	uint16_t index;       /* ours: index in dataplane.ports and in everything of the API */
	uint8_t kind;         /* enum dp_port_kind */
	uint16_t tx_segs_max; /* of a chain; longer ones are linearised */
	bool tx_indirect;     /* driver copes with indirect mbufs (else copied) */
	bool rx_large;        /* receives into large buffers: see port_joins_fragments() */
	uint16_t n_rxq, n_txq;
	uint16_t mtu;
	uint16_t n_macs;
	struct mac macs[DP_PORT_MACS_MAX + 1]; /* n_macs of them; [0]: the port's own */
	_Atomic bool carrier;                  /* control's side writes; nothing is sent without */
	_Atomic uint64_t *steer;               /* access port: 65536 words, see tables.h */
	const char *name;
	int numa_node;
};

static inline bool
port_has_mac(const struct port *p, const struct mac *mac)
{
	for (unsigned i = 0; i < p->n_macs; i++)
		if (mac_equal(mac, &p->macs[i]))
			return true;
	return false;
}

struct worker {
	/* hot, this worker only */
	uint64_t now_ns;  /* of this turn, from the TSC (or virtual) */
	uint64_t away_ns; /* of all time, what the machine kept it from turning */
	struct bundle_table *bundles;
	uint64_t held_mbufs, held_max;     /* in windows, further segments counted too */
	uintptr_t mbuf_base;               /* of the references to them, see mbuf_ref.h */
	uint64_t queued_mbufs, wait_max;   /* in bundles' queues; of both together */
	struct rte_mempool *pool;          /* packet buffers of this NUMA node */
	struct rte_mempool *indirect_pool; /* headers only, for indirect pieces */
	struct tx_buffer tx[DP_PORTS_MAX];
	struct tx_buffer steer_buf[DP_WORKERS_MAX];
	unsigned n_free;
	struct rte_mbuf *free[FREE_BATCH]; /* dropped this turn, released in bulk */
	uint64_t tx_pending;               /* bit a port: tx[] holds frames */
	uint32_t steer_pending;            /* bit a worker: steer_buf[] holds packets */
	bool wake;                         /* something for control was queued in this turn */
	bool scrub;                        /* some bundle has asked for it */
	uint32_t scrub_id;                 /* of packets that had none */
	struct ip_join *ip_join;           /* NULL until some bundle asks for it */
	struct punt_budget *budget;        /* punt.c */

	/* counters: this worker writes, control reads (relaxed) */
	uint64_t drops[DROP_REASONS];
	uint64_t turns, idle_turns, sleeps, rx_frames, tx_frames;
	uint64_t steered_from_links, steered_to_links, punted, injected;
	uint64_t df_cleared, df_needed, ip_joined, ip_held_mbufs, reserved_bits;

	/* rings; SP/SC each */
	struct rte_ring *command;                 /* control -> here, struct dp_cmd by value */
	struct rte_ring *event;                   /* here -> control, struct dp_event by value */
	struct rte_ring *punt;                    /* here -> control, mbuf pointers */
	struct rte_ring *inject;                  /* control -> here, mbuf pointers; pkt: see inject_in() */
	struct rte_ring *steer[DP_WORKERS_MAX];   /* [i]: from worker i to here */
	struct rte_ring *tx_ring[DP_WORKERS_MAX]; /* [i]: from worker i to here, for ports that are ours to send on */

	/* this worker writes (release), control reads (acquire) */
	_Atomic uint32_t applied;   /* last command ticket carried out */
	_Atomic uint32_t quiescent; /* last quiescence mark passed */
	_Atomic uint32_t events_lost;
	_Atomic unsigned n_bundles, n_links;

	/* set before start, constant afterwards */
	struct dataplane *dp;
	struct worker **peers; /* all workers, by index */
	struct tables *tables;
	struct port *ports;
	int16_t rx_queue[DP_PORTS_MAX]; /* of each port, ours to poll; -1: none */
	unsigned n_ports, n_workers;
	unsigned index, lcore;
	int numa_node;
	int cpu;                   /* -1: floats */
	bool busy;                 /* idle: busy */
	struct rte_rcu_qsbr *qsbr; /* of the shared tables; thread id is `index` */
} __rte_cache_aligned;

/* The clock by which missing fragments are waited for. It stands still while the machine does not let the worker turn: what came
 * meanwhile lies in the ports' queues, and must be read before anything is called missing. */
static inline uint64_t
worker_patience_ns(const struct worker *w)
{
	return w->now_ns - w->away_ns;
}

/* Drops: counted with a reason, released in bulk at the end of the turn. Takes the mbuf. */
void worker_flush_free(struct worker *w);

static inline void
drop(struct worker *w, struct rte_mbuf *m, enum drop_reason reason)
{
	w->drops[reason]++;
	if (w->n_free == FREE_BATCH)
		worker_flush_free(w);
	w->free[w->n_free++] = m;
}

/* Not a drop: done with it (a copied fragment, a null fragment). */
static inline void
release(struct worker *w, struct rte_mbuf *m)
{
	if (w->n_free == FREE_BATCH)
		worker_flush_free(w);
	w->free[w->n_free++] = m;
}

/* To control, within the budgets; drops (PUNT_BUDGET, PUNT_FULL) otherwise. What the origin needs is set in pkt(m): port;
 * DP_FROM_BUNDLE: home, bundle, gen, slot; DP_FROM_ROUTE: why, mtu, next_hop_be (GLEAN), and the bundle if flags has PKT_FROM_BUNDLE. */
void punt_frame(struct worker *w, struct rte_mbuf *m, enum dp_origin origin);

/* To another worker's steer ring, at the end of the turn, and counted as handed over. pkt(m)->home says whose; kind: fragment of a
 * link, or IP packet for a bundle; it arrives there in pkt(m)->kind. */
enum steer_kind { STEER_FROM_LINKS, STEER_TO_LINKS };
void steer_frame(struct worker *w, struct rte_mbuf *m, enum steer_kind kind);

/* What control injected: up to n mbufs, counted. pkt: kind is enum dp_target_kind, flags has PKT_CONTROL; DP_TO_PORT: port;
 * DP_TO_BUNDLE: home (this worker), bundle, gen; DP_TO_ROUTE: flags has PKT_OWN. */
unsigned inject_take(struct worker *w, struct rte_mbuf *m[], unsigned n);

/* Out of a port: its own queue, or the ring to its owner; linearises where the port needs it. Counted drops when it does not take it. */
static inline void port_tx(struct worker *w, struct port *p, struct rte_mbuf *m);
/* The same for a frame of control's, in one piece: it goes before the data of this turn, and if it is not taken it waits for the next,
 * so that echoes live where data fills every queue. */
void port_control_tx(struct worker *w, struct port *p, struct rte_mbuf *m);
void port_tx_flush(struct worker *w);
/* For port_tx(): the port's buffer, for the first frame of a turn, or for the next one when it was full: what waited has gone then. A chain
 * that the port's device does not take becomes one buffer, NULL when it had to be dropped. */
struct tx_buffer *port_tx_begin(struct worker *w, struct port *p);
struct rte_mbuf *port_linear(struct worker *w, struct rte_mbuf *m);
/* Takes over what other workers have for our queues; returns how many. */
unsigned port_tx_others(struct worker *w);

static inline void
port_tx(struct worker *w, struct port *p, struct rte_mbuf *m)
{
	struct tx_buffer *b = &w->tx[p->index];

	if (unlikely(m->nb_segs > p->tx_segs_max)) {
		m = port_linear(w, m);
		if (m == NULL)
			return;
	}
	if (unlikely(b->n - 1u >= TX_BUFFER - 1u)) /* empty or full */
		b = port_tx_begin(w, p);
	b->m[b->n++] = m;
}

/* What has come to one of this worker's queues, as far as it is a burst, and asked for; returns how many that are. */
unsigned port_rx(struct worker *w, struct port *p, uint16_t queue, struct burst *b);

/* Event for control; when the ring is full it is counted and the sticky mark is set. */
void worker_event(struct worker *w, const struct dp_event *e);

/* One turn: commands, inject, steered, ports, timers, flush. Returns the number of packets moved. Also what --replay and the tests call. */
unsigned worker_turn(struct worker *w, uint64_t now_ns);
/* Time of the next thing to do without new input (pacing, window deadline); UINT64_MAX: none. */
uint64_t worker_next_ns(const struct worker *w);

#endif
