/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_SUPPORT_RIG_H
#define TESTS_SUPPORT_RIG_H

#include <rte_mbuf.h>
#include <rte_ring.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/internal.h"
#include "tests/support/frame.h"

/* A whole data plane without threads, on a virtual clock: net_ring ports whose other ends the test holds, workers that turn when told.
 * Needs neither root nor hugepages. One at a time; EAL starts with the first and lasts as long as the process.
 *
 * Frames the rig sends are copied into fresh mbufs, and those it receives are copied out, so every packet the test does not see is in
 * the data plane; rig_close() fails the test if one is missing from the pools. */

enum { RIG_PORTS = 4, RIG_QUEUES = 4, RIG_RING = 8192, RIG_MEMORY_MIB = 256 };

struct rig_wish {
	unsigned workers;                          /* 0: 1 */
	unsigned access_ports, ip_ports;           /* access ports have the lower indexes */
	unsigned queues;                           /* of each port, both ways; 0: 1 */
	unsigned pool_mbufs;                       /* 0: 8192 */
	unsigned bundles_max;                      /* a worker; 0: 64 */
	unsigned routes_max;                       /* 0: 256 */
	uint16_t mtu;                              /* 0: 1500 */
	uint32_t rules_max;                        /* of each port; 0: none */
	uint64_t reassembly_bytes;                 /* 0: 64 MiB */
	uint32_t punt_total_pps, punt_session_pps; /* 0: no limit */
};

struct rig_port {
	struct rte_ring *in[RIG_QUEUES], *out[RIG_QUEUES]; /* as the data plane sees it */
	uint16_t id;
};

struct rig {
	struct dataplane *dp;
	uint64_t now_ns;
	unsigned n_ports, n_workers;
	struct rig_port port[RIG_PORTS];
};

/* Starts EAL if need be: for tests that want mbufs or tables but no rig. */
void rig_eal(void);

void rig_open(struct rig *r, const struct rig_wish *wish);
/* Everything that waits in the ports' rings is thrown away first. */
void rig_close(struct rig *r);

/* A frame arrives at the port's queue. */
void rig_send_queue(struct rig *r, unsigned port, unsigned queue, const void *bytes, size_t len);
void rig_send(struct rig *r, unsigned port, const struct frame *f); /* queue 0 */
/* The same, as a driver gives it that scatters: in mbufs of so many bytes. */
void rig_send_scattered(struct rig *r, unsigned port, const struct frame *f, size_t each);
/* Next frame that left the port, its queues in turn. False: none. */
bool rig_receive(struct rig *r, unsigned port, struct frame *f);
/* Frames waiting there. */
unsigned rig_waiting(const struct rig *r, unsigned port);

/* One turn of every worker, in order, at the present time. */
void rig_turn(struct rig *r);
/* Turns until no worker moves anything (at most 1000 times), without time passing. */
void rig_settle(struct rig *r);
/* Lets time pass, turning the workers at each step and whenever one of them has something to do; ends settled. */
void rig_run(struct rig *r, uint64_t ns, uint64_t step_ns);

/* Command, carried out. */
void rig_command(struct rig *r, unsigned worker, const struct dp_cmd *cmd);
/* Sum over the workers. */
uint64_t rig_drops(const struct rig *r, enum drop_reason reason);
uint64_t rig_drops_all(const struct rig *r);
/* Prints the drops that are not 0: for a failing test. */
void rig_explain(const struct rig *r);

struct mac rig_mac(const struct rig *r, unsigned port);

#endif
