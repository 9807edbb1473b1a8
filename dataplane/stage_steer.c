/* SPDX-License-Identifier: BSD-3-Clause */
/* In: IP packets for bundles; pkt: home. Out: those that are at home here. The others travel over rings and come in again, on their home
 * worker, through steer_in, and so do frames of links, which pppoe_rx hands over as soon as it knows. */
#include "dataplane/bundle_state.h"
#include "dataplane/mbuf.h"
#include "dataplane/stages.h"

#include "dataplane/poison.h"

void
steer_out(struct worker *w, struct burst *b)
{
	const unsigned n = b->n;

	b->n = 0;
	for (unsigned i = 0; i < n; i++) {
		if (likely(pkt(b->m[i])->home == w->index))
			b->m[b->n++] = b->m[i];
		else
			steer_frame(w, b->m[i], STEER_TO_LINKS);
	}
}

/* What lay in the rings when their turn came, ring by ring: all of it, so that control may count on it, and no more, so that no
 * neighbour can hold us here. */
static bool
ring_rx(struct worker *w, struct bundle_table *t)
{
	t->steered_at = t->steered.n = 0;
	while (t->steer_left == 0) {
		if (t->steer_at == w->n_workers)
			return false;
		if (w->steer[t->steer_at++] != NULL)
			t->steer_left = rte_ring_count(w->steer[t->steer_at - 1]);
	}
	t->steered.n = rte_ring_sc_dequeue_burst(
		w->steer[t->steer_at - 1], (void **)t->steered.m, RTE_MIN(t->steer_left, (unsigned)BURST_MAX), NULL);
	t->steer_left -= t->steered.n;
	mbuf_prefetch_burst(&t->steered);
	return true;
}

bool
steer_in(struct worker *w, struct burst *b, enum steer_kind *kind)
{
	struct bundle_table *t = w->bundles;

	b->n = 0;
	if (t->steered_at == t->steered.n && !ring_rx(w, t)) {
		t->steer_at = 0;
		return false;
	}
	*kind = (enum steer_kind)pkt(t->steered.m[t->steered_at])->kind;
	while (t->steered_at < t->steered.n && pkt(t->steered.m[t->steered_at])->kind == *kind) {
		if (*kind == STEER_FROM_LINKS)
			bundle_prefetch_rx(t, pkt(t->steered.m[t->steered_at])->bundle);
		b->m[b->n++] = t->steered.m[t->steered_at++];
	}
	return true;
}
