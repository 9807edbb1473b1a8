/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_BURST_H
#define DATAPLANE_BURST_H

#include <rte_mbuf.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/api/dataplane.h"

/* What stages work on: some packets, and each packet's scratch in its mbuf's private area. */

enum { BURST_MAX = 32, BURST_STAGE = 16 };

struct burst {
	unsigned n;
	struct rte_mbuf *m[BURST_MAX];
};

enum pkt_flags {
	PKT_FROM_BUNDLE = 1 << 0, /* came from the links of `bundle` (then routed) */
	PKT_OWN = 1 << 1,         /* injected by control: TTL and source are not touched */
	PKT_CONTROL = 1 << 2,     /* control protocol: passes before data, never refused for a full queue */
	PKT_NULL = 1 << 3,        /* null fragment */
	PKT_TO_LINKS = 1 << 4,    /* routed to a bundle, not to an IP port */
};

/* Scratch between stages. What a field means before and after each stage is said at the stage. */
struct pkt {
	struct rte_mbuf *next; /* intrusive queues: bundle queue, line queue */
	uint64_t due_ns;       /* line queue: may start then */
	uint32_t bundle;       /* index at home */
	uint16_t gen;
	uint8_t home, slot;
	uint16_t port; /* of arrival; later of departure */
	struct vlan_stack vlans;
	uint16_t proto; /* PPP protocol of the payload */
	uint8_t flags;  /* enum pkt_flags */
	uint8_t why;    /* enum dp_punt_why of packets routing hands to control */
	uint8_t kind;   /* on rings: enum steer_kind, enum dp_origin (punt) or enum dp_target_kind (inject) */
	uint16_t mtu;
	uint32_t next_hop_be; /* of packets that wait for a neighbour */
	uint64_t mac_word;    /* neighbour word: MAC of the next hop */
};
_Static_assert(sizeof(struct pkt) <= 64, "scratch is one cache line");

/* Private area size of every pool; the room a stage may rely on in front of a received frame is RTE_PKTMBUF_HEADROOM. */
enum { PKT_PRIV_SIZE = 64 };

static inline struct pkt *
pkt(struct rte_mbuf *m)
{
	return rte_mbuf_to_priv(m);
}

#endif
