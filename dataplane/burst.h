/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_BURST_H
#define DATAPLANE_BURST_H

#include <rte_mbuf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/api/dataplane.h"

/* What stages work on: some packets, and each packet's scratch in its mbuf. */

/* BURST_MAX: what is read at once of a port, or of other workers' rings. All that a burst needs of the memory is asked for in rows, so that
 * its misses and page walks overlap; more than fits into a first-level cache beside what it brings would come in vain, and what a poll gives
 * leaves in one go, too, for rings whose readers may not be there just then. */
enum { BURST_MAX = 64 };

struct burst {
	unsigned n;
	struct rte_mbuf *m[BURST_MAX];
};

enum pkt_flags {
	PKT_FROM_BUNDLE = 1 << 0, /* came from the links of `bundle` (then routed) */
	PKT_OWN = 1 << 1,         /* injected by control: TTL and source are not touched */
	PKT_CONTROL = 1 << 2,     /* control protocol: passes before data, never refused for a full queue */
	PKT_TO_LINKS = 1 << 3,    /* routed to a bundle, not to an IP port */
};

#define PKT_NEXT_HOP_IS_DST UINT32_MAX /* the address is the packet's destination */

/* Scratch between stages. What a field means before and after each stage is said at the stage. It lies in the mbuf's second line, which
 * whoever chains or frees the mbuf needs anyway, and nobody waits for a line of its own. */
struct pkt {
	union {
		struct rte_mbuf *next; /* intrusive queues: bundle queue, line queue */
		struct {
			uint32_t next_hop_be; /* of packets that wait for a neighbour; IPv6: its index, or the below */
			uint16_t mtu;
			uint8_t why; /* enum dp_punt_why of packets routing hands to control */
			uint8_t kind; /* on rings: enum steer_kind, enum dp_origin (punt) or enum dp_target_kind (inject) */
		};
	};
	union {
		uint64_t due_ns;   /* line queue: may start then */
		uint64_t mac_word; /* from routing on, of packets to IP ports: neighbour word, MAC of the next hop */
		struct {           /* until routing, of what came from links */
			uint16_t proto;  /* PPP protocol of the payload */
			uint8_t eth_len; /* of the Ethernet header that was in front, tags included */
		};
	};
	uint32_t bundle; /* index at home */
	uint16_t gen;
	uint16_t port; /* of arrival; later of departure */
	uint8_t home, slot;
	uint8_t flags; /* enum pkt_flags */
} __attribute__((packed, aligned(4)));

/* It leaves room for one field of eight bytes, which is what net_pcap (for time stamps) and others ask for. */
enum { PKT_AT = offsetof(struct rte_mbuf, dynfield1), PKT_BYTES = 28 };
_Static_assert(
	sizeof(struct pkt) == PKT_BYTES && PKT_AT + PKT_BYTES + 8 <= sizeof(struct rte_mbuf), "in the second line");

static inline struct pkt *
pkt(struct rte_mbuf *m)
{
	return (struct pkt *)(void *)((uint8_t *)m + PKT_AT);
}

#endif
