/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_STAGES_H
#define DATAPLANE_STAGES_H

#include "dataplane/worker.h"

/* The stages. Each takes a burst and compacts it in place: what it takes out it has dropped with a reason, given to control or to
 * another worker, or kept in a bundle. No stage calls a stage; path.c is the only place that knows their order. */

/* ------------------------------------------------------------------ from links */

/* Frames of an access port -> frames of our sessions, cut to the PPPoE length, data at the PPP protocol field's first byte of the
 * payload; pkt: bundle, home, slot, vlans, port, proto. Discovery and control protocols go to control (whole frame), and frames whose
 * bundle lives elsewhere to its home. */
void pppoe_rx(struct worker *w, struct port *p, struct burst *b);
/* What other workers handed to us in this turn. Fills the burst from one ring; false when no ring has more. kind of each packet is in the ring's
 * order; one burst holds packets of one kind. */
bool steer_in(struct worker *w, struct burst *b, enum steer_kind *kind);
/* At home: session id and peer MAC checked, links' counters; MP fragments into the window and whole packets out, in order; plain
 * packets pass. After it: packets at the byte behind the PPP protocol field, pkt: proto, bundle, flags PKT_FROM_BUNDLE. A second
 * call continues where a full burst stopped; false when nothing is left to deliver. */
bool mp_rx(struct worker *w, struct burst *b);
/* Inner protocol: IP passes if its NCP is open; control protocols go to control. */
void inner_proto(struct worker *w, struct burst *b);

/* ------------------------------------------------------------------ IP */

/* Frames of an IP port -> IP packets for us to route, data at the IP header. ARP, neighbour messages -> control. */
void ip_rx(struct worker *w, struct port *p, struct burst *b);
/* Header checks, source check (from links), route look-up, TTL. After it: pkt says where to: a bundle (home, bundle, gen) or a port with
 * a neighbour's MAC. What needs control (local, TTL, no MAC) is punted. */
void ip_route(struct worker *w, struct burst *b);
/* TCP SYNs, towards and from links, by the bundle's ceilings. */
void mss_from_links(struct worker *w, struct burst *b);
void mss_to_links(struct worker *w, struct burst *b);
/* Headers of IP packets, from or towards links, as the bundle asks for (reassemble, min_ttl, clear_df). */
void scrub_some(struct worker *w, struct burst *b, unsigned direction);

static inline void
scrub_from_links(struct worker *w, struct burst *b)
{
	if (unlikely(w->scrub))
		scrub_some(w, b, DP_SCRUB_FROM_LINKS);
}

static inline void
scrub_to_links(struct worker *w, struct burst *b)
{
	if (unlikely(w->scrub))
		scrub_some(w, b, DP_SCRUB_TO_LINKS);
}
/* Packets for IP ports leave; those for bundles stay in the burst. */
void ip_tx(struct worker *w, struct burst *b);

/* ------------------------------------------------------------------ to links */

/* Packets whose bundle lives elsewhere go to its home. */
void steer_out(struct worker *w, struct burst *b);
/* Packets for bundles at home here -> their queues, whole or not at all. True: mp_tx is due, and then it has more to do. */
bool mp_accept(struct worker *w, struct burst *b);
/* Bundles whose lines have room: cut, number, encapsulate, and give to the ports what is due. */
void mp_tx(struct worker *w);
/* Window deadlines that passed: given up, and what that releases goes out. Fills the burst; false when nothing came out. */
bool mp_expire(struct worker *w, struct burst *b);
/* Control's frames: to a port at once, to a bundle through its numbers, IP packets into the burst to be routed. False when
 * nothing is left of this turn. */
bool inject_in(struct worker *w, struct burst *b);

#endif
