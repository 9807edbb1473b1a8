/* SPDX-License-Identifier: BSD-3-Clause */
/* In: what control injected. Out: its IP packets, to be routed; pkt: flags PKT_OWN. Frames for ports leave at once, those for bundles wait
 * in front of all data. */
#include "dataplane/bundle_state.h"
#include "dataplane/mbuf.h"
#include "dataplane/stages.h"
#include "dataplane/wire/ppp.h"

#include "dataplane/poison.h"

static void
to_bundle(struct worker *w, struct rte_mbuf *m)
{
	struct bundle *b = bundle_at(w->bundles, pkt(m)->bundle);
	struct rte_mbuf *head;

	if (b == NULL || b->hot.gen != pkt(m)->gen) {
		drop(w, m, DROP_INJECT_STALE);
		return;
	}
	if (b->tx.up == 0 || m->pkt_len < PPP_PROTO_LEN) {
		drop(w, m, b->tx.up == 0 ? DROP_BUNDLE_NO_LINK : DROP_PPP_NO_PROTOCOL);
		return;
	}
	head = mbuf_make_room(w->pool, m, FRAME_ROOM);
	if (head == NULL) {
		drop(w, m, DROP_NO_MBUF);
		return;
	}
	bundle_control_push(b, head);
	bundle_tx_ready(w->bundles, pkt(m)->bundle);
}

static void
to_port(struct worker *w, struct rte_mbuf *m)
{
	if (pkt(m)->port < w->n_ports)
		port_control_tx(w, &w->ports[pkt(m)->port], m);
	else
		drop(w, m, DROP_INJECT_STALE);
}

bool
inject_in(struct worker *w, struct burst *b)
{
	const unsigned n = inject_take(w, b->m, BURST_MAX);

	b->n = 0;
	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = b->m[i];

		switch ((enum dp_target_kind)pkt(m)->kind) {
		case DP_TO_PORT:
			to_port(w, m);
			break;
		case DP_TO_BUNDLE:
			to_bundle(w, m);
			break;
		case DP_TO_ROUTE:
			b->m[b->n++] = m;
			break;
		}
	}
	return n != 0;
}
