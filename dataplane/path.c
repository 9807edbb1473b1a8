/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/path.h"

#include "dataplane/ip_join.h"
#include "dataplane/replay.h"
#include "dataplane/stages.h"

#include "dataplane/poison.h"

/* Read this first: the order of the stages is here and nowhere else. Links are the PPPoE lines; "from links" is receiving on
 * them, "to links" is sending, in both roles.
 *
 *   access port -> pppoe_rx -> mp_rx -> inner_proto -> scrub -> mss -> ip_route -> ip_tx -> IP port
 *                      |                     |                             |         |
 *           control, other worker         control                       control     other bundle
 *
 *   IP port -> ip_rx -> ip_route -> ip_tx -> steer_out -> scrub -> mss -> mp_accept | mp_tx -> access port
 *                                     |
 *                                  IP port */

/* IP packets of a known bundle, or for one: routed, and out. */
static void
to_bundles(struct worker *w, struct burst *b)
{
	steer_out(w, b);
	scrub_to_links(w, b);
	mss_to_links(w, b);
	while (mp_accept(w, b))
		mp_tx(w);
}

static void
routed(struct worker *w, struct burst *b)
{
	ip_route(w, b);
	ip_tx(w, b);
	if (b->n != 0)
		to_bundles(w, b);
}

static void
from_bundle(struct worker *w, struct burst *b)
{
	inner_proto(w, b);
	scrub_from_links(w, b);
	mss_from_links(w, b);
	routed(w, b);
}

/* Frames at home: sequenced, and as many bursts of packets as that releases. */
static void
from_mp(struct worker *w, struct burst *b)
{
	bool more;

	do {
		more = mp_rx(w, b);
		from_bundle(w, b);
	} while (more);
}

unsigned
path_from_links(struct worker *w, struct port *p, uint16_t queue)
{
	struct burst b;
	const unsigned n = port_rx(w, p, queue, &b);

	if (n != 0) {
		pppoe_rx(w, p, &b);
		from_mp(w, &b);
	}
	return n;
}

unsigned
path_steered(struct worker *w)
{
	enum steer_kind kind;
	struct burst b;
	unsigned n = 0;

	while (steer_in(w, &b, &kind)) {
		n += b.n;
		if (kind == STEER_FROM_LINKS)
			from_mp(w, &b);
		else
			to_bundles(w, &b);
	}
	return n;
}

unsigned
path_to_links(struct worker *w, struct port *p, uint16_t queue)
{
	struct burst b;
	const unsigned n = port_rx(w, p, queue, &b);

	if (n != 0) {
		ip_rx(w, p, &b);
		routed(w, &b);
	}
	return n;
}

unsigned
path_injected(struct worker *w)
{
	struct burst b;
	unsigned n = 0;

	while (inject_in(w, &b)) {
		n += b.n;
		routed(w, &b);
	}
	return n;
}

void
path_timers(struct worker *w)
{
	struct burst b;

	while (mp_expire(w, &b))
		from_bundle(w, &b);
	ip_join_expire(w);
	mp_tx(w);
}

/* --replay: captured frames, as far as the packets that came out of the bundles. One packet at a time, so that what a control protocol
 * opens is open for the packet behind it. */
static void
replayed(struct worker *w, struct burst *b, struct dp_replay *r)
{
	for (unsigned i = 0; i < b->n; i++) {
		struct burst one = {.n = 1, .m = {b->m[i]}};

		inner_proto(w, &one);
		replay_out(r, &one);
	}
}

unsigned
path_replay(struct worker *w, struct port *p, uint16_t queue, struct dp_replay *r)
{
	struct burst b;
	const unsigned n = port_rx(w, p, queue, &b);
	bool more;

	if (n == 0)
		return 0;
	pppoe_rx(w, p, &b);
	do {
		more = mp_rx(w, &b);
		replayed(w, &b, r);
	} while (more);
	return n;
}

void
path_replay_timers(struct worker *w, struct dp_replay *r)
{
	struct burst b;

	while (mp_expire(w, &b))
		replayed(w, &b, r);
	mp_tx(w);
}
