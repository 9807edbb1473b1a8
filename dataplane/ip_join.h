/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_IP_JOIN_H
#define DATAPLANE_IP_JOIN_H

#include <rte_ip_frag.h>

#include "dataplane/worker.h"

/* Puts IP datagrams together from their fragments, by DPDK's rte_ip_frag: for bundles that ask for it (`scrub.reassemble`).
 *
 * A datagram is known by source, destination, number and, of IPv4, protocol (RFC 791 section 3.2, RFC 8200 section 4.5), so a fragment of a
 * bundle whose sources are checked must have a source of that bundle before it is kept. What waits, waits at most IP_JOIN_S seconds, in a
 * quarter of the worker's budget for windows. Pieces that overlap or come twice are dropped with all others of their datagram (RFC 5722
 * section 4), and so is what has more than RTE_LIBRTE_IP_FRAG_MAX_FRAG pieces (8 in Debian's library). */

enum { IP_JOIN_S = 5 };

struct ip_join {
	struct rte_ip_frag_tbl *table; /* its clock is the worker's, in nanoseconds */
	struct rte_ip_frag_death_row dead;
	uint64_t swept_ns;
};

/* The first bundle that asks for it: half a megabyte. Without memory for that no fragment finds room. */
void ip_join_open(struct worker *w);
/* Everything that waits is freed, and the worker's memory for it. */
void ip_join_free(struct worker *w);

/* A packet from or for a bundle at home here, data at the IP header. Returns the packet if it is no fragment (or not one that can be joined: IPv6
 * with other headers in front of the fragment header, or a datagram of one piece), the datagram that it makes complete, or NULL: kept, or
 * dropped with its reason. */
struct rte_mbuf *ip_join(struct worker *w, struct rte_mbuf *m);

/* Drops what has waited too long. Called every turn. */
void ip_join_expire(struct worker *w);

#endif
