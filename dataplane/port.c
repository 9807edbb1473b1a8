/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_memcpy.h>
#include <rte_ring.h>
#include <string.h>

#include "dataplane/mbuf.h"
#include "dataplane/worker.h"

#include "dataplane/poison.h"

/* Frames in and out of the ports: the hot half. port_setup.c opens them. */

/* Into an ordinary buffer, if it fits: the large ones are few, and a packet may wait long in a bundle's queue. */
static struct rte_mbuf *
small_copy(struct worker *w, struct rte_mbuf *m)
{
	struct rte_mbuf *c = rte_pktmbuf_alloc(w->pool);

	if (c == NULL)
		return m;
	if (m->data_len > rte_pktmbuf_tailroom(c)) {
		release(w, c);
		return m;
	}
	rte_memcpy(rte_pktmbuf_append(c, m->data_len), rte_pktmbuf_mtod(m, const void *), m->data_len);
	c->ol_flags = m->ol_flags;
	c->vlan_tci = m->vlan_tci;
	c->port = m->port;
	release(w, m);
	return c;
}

unsigned
port_rx(struct worker *w, struct port *p, uint16_t queue, struct burst *b)
{
	b->n = rte_eth_rx_burst(p->id, queue, b->m, BURST_MAX);
	w->rx_frames += b->n;
	for (unsigned i = 0; i < b->n && unlikely(p->rx_large); i++)
		b->m[i] = small_copy(w, b->m[i]);
	mbuf_prefetch_burst(b);
	return b->n;
}

/* ------------------------------------------------------------------ linearising */

static void
chain_copy(uint8_t *to, const struct rte_mbuf *m)
{
	for (; m != NULL; m = m->next) {
		memcpy(to, rte_pktmbuf_mtod(m, const uint8_t *), rte_pktmbuf_data_len(m));
		to += rte_pktmbuf_data_len(m);
	}
}

/* A fresh mbuf with the chain's bytes; NULL (and m is dropped) when there is none or it is too small. */
struct rte_mbuf *
port_linear(struct worker *w, struct rte_mbuf *m)
{
	const uint32_t len = rte_pktmbuf_pkt_len(m);
	struct rte_mbuf *c = rte_pktmbuf_alloc(w->pool);

	if (c == NULL || len > rte_pktmbuf_tailroom(c)) {
		drop(w, m, c == NULL ? DROP_NO_MBUF : DROP_PORT_TX);
		if (c != NULL)
			release(w, c);
		return NULL;
	}
	chain_copy((uint8_t *)rte_pktmbuf_append(c, (uint16_t)len), m);
	release(w, m);
	return c;
}

/* ------------------------------------------------------------------ sending */

/* To the device, or to the worker that sends for us. Returns how many were taken, the first ones. */
static unsigned
hand_over(struct worker *w, struct port *p, const struct tx_buffer *b, struct rte_mbuf *m[], unsigned n, uint8_t flags)
{
	if (b->owner == w->index) {
		n = rte_eth_tx_burst(p->id, b->queue, m, (uint16_t)n);
		w->tx_frames += n;
		return n;
	}
	for (unsigned i = 0; i < n; i++) {
		pkt(m[i])->port = p->index;
		pkt(m[i])->flags = flags;
	}
	return rte_ring_sp_enqueue_burst(w->peers[b->owner]->tx_ring[w->index], (void *const *)m, n, NULL);
}

static void
drop_refused(struct worker *w, const struct tx_buffer *b, struct rte_mbuf *const m[], unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		drop(w, m[i], b->owner == w->index ? DROP_PORT_TX : DROP_TX_RING_FULL);
}

/* The first of those that wait, at most BURST_MAX, and the one behind them. They stay where they are. */
static unsigned
control_first(const struct tx_buffer *b, struct rte_mbuf *m[], struct rte_mbuf **behind)
{
	struct rte_mbuf *next = b->control.head;
	unsigned n = 0;

	for (; next != NULL && n < BURST_MAX; next = pkt(next)->next)
		m[n++] = next;
	*behind = next;
	return n;
}

/* Whether all that waited has gone. */
static bool
control_flush(struct worker *w, struct port *p, struct tx_buffer *b)
{
	while (b->control.head != NULL) {
		struct rte_mbuf *m[BURST_MAX], *behind;
		const unsigned n = control_first(b, m, &behind);
		const unsigned taken = hand_over(w, p, b, m, n, PKT_CONTROL);

		b->control.head = taken < n ? m[taken] : behind;
		b->control.n -= taken;
		if (taken < n)
			return false;
	}
	return true;
}

static void
control_drop(struct worker *w, struct tx_buffer *b)
{
	while (b->control.head != NULL) {
		struct rte_mbuf *m = b->control.head;

		b->control.head = pkt(m)->next;
		drop_refused(w, b, &m, 1);
	}
	b->control.n = 0;
}

/* Where control frames wait there is no room for data either, and what came free meanwhile is theirs. A burst of none is not for drivers: some
 * look at its first frame (net_memif of DPDK 24.11). */
static void
send_buffer(struct worker *w, struct port *p, struct tx_buffer *b)
{
	const bool up = b->owner != w->index || atomic_load_explicit(&p->carrier, memory_order_relaxed);
	const bool room = up && control_flush(w, p, b);
	const unsigned n = room && b->n != 0 ? hand_over(w, p, b, b->m, b->n, 0) : 0;

	drop_refused(w, b, b->m + n, b->n - n);
	b->n = 0;
	if (!up)
		control_drop(w, b);
	if (b->control.head == NULL)
		w->tx_pending &= ~((uint64_t)1 << p->index);
}

struct tx_buffer *
port_tx_begin(struct worker *w, struct port *p)
{
	struct tx_buffer *b = &w->tx[p->index];

	if (b->n != 0)
		send_buffer(w, p, b);
	w->tx_pending |= (uint64_t)1 << p->index;
	return b;
}

void
port_control_tx(struct worker *w, struct port *p, struct rte_mbuf *m)
{
	struct tx_buffer *b = &w->tx[p->index];

	if (b->control.n == TX_CONTROL_MAX) {
		drop_refused(w, b, &m, 1);
		return;
	}
	pkt(m)->next = NULL;
	if (b->control.head == NULL)
		b->control.head = m;
	else
		pkt(b->control.tail)->next = m;
	b->control.tail = m;
	b->control.n++;
	w->tx_pending |= (uint64_t)1 << p->index;
}

static void
buffer_other(struct worker *w, struct rte_mbuf *m)
{
	struct port *p = &w->ports[pkt(m)->port];

	if (unlikely(pkt(m)->flags & PKT_CONTROL))
		port_control_tx(w, p, m);
	else
		port_tx(w, p, m);
}

/* What other workers have for ports that are ours to send on: at most one ring's worth of each, so that the turn ends. */
unsigned
port_tx_others(struct worker *w)
{
	unsigned total = 0;

	for (unsigned i = 0; i < w->n_workers; i++) {
		struct rte_mbuf *m[BURST_MAX];
		unsigned n;

		if (i == w->index)
			continue;
		for (unsigned left = RING_ELEMS; left >= BURST_MAX; left -= BURST_MAX) {
			n = rte_ring_sc_dequeue_burst(w->tx_ring[i], (void **)m, BURST_MAX, NULL);
			for (unsigned j = 0; j < n; j++)
				buffer_other(w, m[j]);
			total += n;
			if (n < BURST_MAX)
				break;
		}
	}
	return total;
}

void
port_tx_flush(struct worker *w)
{
	for (uint64_t left = w->tx_pending; left != 0; left &= left - 1) {
		const unsigned i = (unsigned)__builtin_ctzll(left);

		send_buffer(w, &w->ports[i], &w->tx[i]);
	}
}
