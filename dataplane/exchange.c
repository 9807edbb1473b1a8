/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <rte_mbuf.h>
#include <rte_ring_elem.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "dataplane/bundle.h"
#include "dataplane/internal.h"

/* The rings between control and workers, both ends of each, and tickets and marks. */

enum {
	COMMANDS_A_TURN = 32,
	PUNT_AWAY_MS = 250, /* for which control may be away before what the budget lets through is lost */
	PUNT_ELEMS_MAX = 16384,
};

_Static_assert(sizeof(struct dp_cmd) % 4 == 0, "ring elements are words");
_Static_assert(sizeof(struct dp_event) % 4 == 0, "ring elements are words");

/* ------------------------------------------------------------------ rings */

static int
ring_open(struct rte_ring **r, unsigned elem, unsigned count, int numa_node, const char *name)
{
	*r = rte_ring_create_elem(name, elem, count, numa_node, RING_F_SP_ENQ | RING_F_SC_DEQ);
	return *r == NULL ? -ENOMEM : 0;
}

/* More than an eighth of the buffers may never wait there, except in very small pools. */
static unsigned
punt_elems(const struct dp_setup *s, const struct worker *w)
{
	const uint64_t away = (uint64_t)s->punt_total_pps / s->workers * PUNT_AWAY_MS / 1000;
	const unsigned wanted = rte_align32pow2((uint32_t)RTE_MIN(away + 1, (uint64_t)PUNT_ELEMS_MAX));

	return RTE_MAX(RTE_MIN(wanted, rte_align32prevpow2(w->pool->size / 8)), (unsigned)RING_ELEMS);
}

static int
worker_rings(struct worker *w, const struct dp_setup *s)
{
	char name[RTE_RING_NAMESIZE];
	int ret;

	snprintf(name, sizeof(name), "cmd:%u", w->index);
	ret = ring_open(&w->command, sizeof(struct dp_cmd), RING_ELEMS, w->numa_node, name);
	if (ret < 0)
		return ret;
	snprintf(name, sizeof(name), "event:%u", w->index);
	ret = ring_open(&w->event, sizeof(struct dp_event), RING_ELEMS, w->numa_node, name);
	if (ret < 0)
		return ret;
	snprintf(name, sizeof(name), "punt:%u", w->index);
	ret = ring_open(&w->punt, sizeof(void *), punt_elems(s, w), w->numa_node, name);
	if (ret < 0)
		return ret;
	snprintf(name, sizeof(name), "inject:%u", w->index);
	return ring_open(&w->inject, sizeof(void *), RING_ELEMS, w->numa_node, name);
}

/* From worker i to w. */
static int
pair_rings(struct worker *w, unsigned i)
{
	char name[RTE_RING_NAMESIZE];
	int ret;

	snprintf(name, sizeof(name), "steer:%u:%u", i, w->index);
	ret = ring_open(&w->steer[i], sizeof(void *), STEER_ELEMS, w->numa_node, name);
	if (ret < 0)
		return ret;
	snprintf(name, sizeof(name), "tx:%u:%u", i, w->index);
	return ring_open(&w->tx_ring[i], sizeof(void *), RING_ELEMS, w->numa_node, name);
}

int
exchange_open(struct dataplane *dp, const struct dp_setup *s, const char **why)
{
	int ret;

	dp->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (dp->event_fd < 0)
		return why_failed(why, -errno, "no eventfd: %s", strerror(errno));
	for (unsigned w = 0; w < dp->n_workers; w++) {
		ret = worker_rings(dp->workers[w], s);
		for (unsigned i = 0; ret == 0 && i < dp->n_workers; i++)
			if (i != w)
				ret = pair_rings(dp->workers[w], i);
		if (ret < 0)
			return why_failed(why, ret, "no memory for the rings of worker %u: raise memory", w);
	}
	return 0;
}

static void
ring_close(struct rte_ring **r)
{
	rte_ring_free(*r);
	*r = NULL;
}

static void
mbuf_ring_close(struct rte_ring **r)
{
	void *m;

	while (*r != NULL && rte_ring_dequeue(*r, &m) == 0)
		rte_pktmbuf_free(m);
	ring_close(r);
}

void
exchange_close(struct dataplane *dp)
{
	for (unsigned i = 0; i < dp->n_workers && dp->workers[i] != NULL; i++) {
		struct worker *w = dp->workers[i];

		ring_close(&w->command);
		ring_close(&w->event);
		mbuf_ring_close(&w->punt);
		mbuf_ring_close(&w->inject);
		for (unsigned j = 0; j < DP_WORKERS_MAX; j++) {
			mbuf_ring_close(&w->steer[j]);
			mbuf_ring_close(&w->tx_ring[j]);
		}
	}
	if (dp->event_fd >= 0)
		close(dp->event_fd);
	dp->event_fd = -1;
}

/* ------------------------------------------------------------------ waking control */

/* One write until control has looked: whoever sets the flag writes. The exchange is a full barrier on both sides, so what was
 * queued before it is seen by control's look after its own exchange. */
static void
wake_control(struct dataplane *dp)
{
	if (!atomic_exchange(&dp->woken, true))
		eventfd_write(dp->event_fd, 1);
}

void
exchange_wake(struct worker *w)
{
	if (!w->wake)
		return;
	w->wake = false;
	wake_control(w->dp);
}

void
ports_carrier_poll(void *dataplane)
{
	struct dataplane *dp = dataplane;

	if (ports_poll_carrier(dp))
		wake_control(dp);
}

int
dp_event_fd(struct dataplane *dp)
{
	return dp->event_fd;
}

/* ------------------------------------------------------------------ commands and marks */

bool
dp_command(struct dataplane *dp, unsigned worker, const struct dp_cmd *cmd, uint32_t *ticket)
{
	struct dp_cmd c = *cmd;

	if (worker >= dp->n_workers)
		return false;
	c.ticket = dp->tickets[worker] + 1;
	if (rte_ring_sp_enqueue_elem(dp->workers[worker]->command, &c, sizeof(c)) != 0)
		return false;
	dp->tickets[worker] = c.ticket;
	if (ticket != NULL)
		*ticket = c.ticket;
	return true;
}

bool
dp_applied(struct dataplane *dp, unsigned worker, uint32_t ticket)
{
	if (worker >= dp->n_workers)
		return false;
	return (int32_t)(atomic_load_explicit(&dp->workers[worker]->applied, memory_order_acquire) - ticket) >= 0;
}

unsigned
exchange_commands(struct worker *w)
{
	struct dp_cmd cmd;
	unsigned n;

	for (n = 0; n < COMMANDS_A_TURN && rte_ring_sc_dequeue_elem(w->command, &cmd, sizeof(cmd)) == 0; n++) {
		bundle_command(w, &cmd);
		atomic_store_explicit(&w->applied, cmd.ticket, memory_order_release);
	}
	return n;
}

static bool
all_passed(const struct dataplane *dp, uint32_t mark)
{
	for (unsigned i = 0; i < dp->n_workers; i++) {
		const uint32_t at = atomic_load_explicit(&dp->workers[i]->quiescent, memory_order_acquire);

		if ((int32_t)(at - mark) < 0)
			return false;
	}
	return true;
}

/* A promise takes two rounds: in the first every worker ends the turn in which it may have looked an old entry up, steer rings
 * flushed; in the second, which starts after that, every worker drains what it was handed. */
static void
mark_advance(struct dataplane *dp)
{
	const uint32_t mark = atomic_load_explicit(&dp->mark, memory_order_relaxed);

	if (mark != dp->mark_wanted && all_passed(dp, mark))
		atomic_store_explicit(&dp->mark, mark + 1, memory_order_release);
}

uint32_t
dp_quiescence_mark(struct dataplane *dp)
{
	const uint32_t promise = atomic_load_explicit(&dp->mark, memory_order_relaxed) + 2;

	dp->mark_wanted = promise;
	mark_advance(dp);
	return promise;
}

bool
dp_quiescent(struct dataplane *dp, uint32_t mark)
{
	mark_advance(dp);
	return all_passed(dp, mark);
}

/* ------------------------------------------------------------------ events */

void
worker_event(struct worker *w, const struct dp_event *e)
{
	struct dp_event copy = *e; /* 22.11 wants it writable */

	if (rte_ring_sp_enqueue_elem(w->event, &copy, sizeof(copy)) != 0)
		atomic_fetch_add_explicit(&w->events_lost, 1, memory_order_relaxed);
	w->wake = true;
}

static bool
events_lost(struct dataplane *dp)
{
	bool lost = false;

	for (unsigned i = 0; i < dp->n_workers; i++) {
		const uint32_t n = atomic_load_explicit(&dp->workers[i]->events_lost, memory_order_relaxed);

		lost |= n != dp->events_lost_seen[i];
		dp->events_lost_seen[i] = n;
	}
	return lost;
}

static unsigned
carrier_events(struct dataplane *dp, struct dp_event *events, unsigned n)
{
	unsigned got = 0;

	for (unsigned i = 0; i < dp->n_ports && got < n; i++) {
		const bool up = atomic_load_explicit(&dp->ports[i].carrier, memory_order_relaxed);

		if (up == dp->port_state[i].carrier_told)
			continue;
		dp->port_state[i].carrier_told = up;
		events[got++] = (struct dp_event){
			.op = DP_EVENT_CARRIER,
			.carrier = {.port = (uint16_t)i, .up = up},
		};
	}
	return got;
}

unsigned
dp_events(struct dataplane *dp, struct dp_event *events, unsigned n, bool *lost)
{
	eventfd_t ignored;
	unsigned got;

	eventfd_read(dp->event_fd, &ignored);
	atomic_exchange(&dp->woken, false);
	mark_advance(dp);
	if (!dp->threaded)
		ports_poll_carrier(dp);
	got = carrier_events(dp, events, n);
	for (unsigned i = 0; i < dp->n_workers && got < n; i++) {
		struct rte_ring *r = dp->workers[(dp->next_event + i) % dp->n_workers]->event;

		got += rte_ring_sc_dequeue_burst_elem(r, &events[got], sizeof(*events), n - got, NULL);
	}
	dp->next_event++;
	if (events_lost(dp) && lost != NULL)
		*lost = true;
	return got;
}

/* ------------------------------------------------------------------ punted frames */

/* IPv6 packets have no room for an address: they name a neighbour word, or mean their own destination. */
static void
punted_next_hop(const struct dataplane *dp, struct dp_punted *out, uint32_t next_hop)
{
	out->next_hop_be = next_hop;
	if (out->origin != DP_FROM_ROUTE || out->why != DP_PUNT_GLEAN || out->len < IP6_HDR_LEN ||
		ip_version(out->bytes, out->len) != 6)
		return;
	if (next_hop == PKT_NEXT_HOP_IS_DST || !tables_neighbour_address(dp->tables, next_hop, &out->next_hop6))
		out->next_hop6 = ip_addr_of6(out->bytes + 24);
}

static void
punted_fill(const struct dataplane *dp, struct dp_punted *out, struct rte_mbuf *m)
{
	const struct pkt *k = pkt(m);
	const void *bytes;

	out->origin = (enum dp_origin)k->kind;
	out->why = (enum dp_punt_why)k->why;
	out->port = k->port;
	out->mtu = k->mtu;
	out->from_bundle = out->origin == DP_FROM_ROUTE && (k->flags & PKT_FROM_BUNDLE) != 0;
	out->bundle = (struct dp_bundle_ref){.index = k->bundle, .home = k->home, .gen = k->gen};
	out->slot = k->slot;
	out->len = RTE_MIN((size_t)rte_pktmbuf_pkt_len(m), sizeof(out->bytes));
	bytes = rte_pktmbuf_read(m, 0, (uint32_t)out->len, out->bytes);
	if (bytes != out->bytes)
		memcpy(out->bytes, bytes, out->len);
	punted_next_hop(dp, out, k->next_hop_be);
}

bool
dp_punted_next(struct dataplane *dp, struct dp_punted *out)
{
	for (unsigned i = 0; i < dp->n_workers; i++) {
		void *m;

		if (rte_ring_sc_dequeue(dp->workers[dp->next_punt++ % dp->n_workers]->punt, &m) != 0)
			continue;
		punted_fill(dp, out, m);
		rte_pktmbuf_free(m);
		return true;
	}
	return false;
}

/* ------------------------------------------------------------------ injected frames */

static struct worker *
home_worker(struct dataplane *dp, const struct dp_target *to)
{
	return to->bundle.home < dp->n_workers ? dp->workers[to->bundle.home] : NULL;
}

/* Who takes it: the home of the bundle, a worker that has a queue of the port, anyone for what is routed. NULL: no such target. */
static struct worker *
inject_worker(struct dataplane *dp, const struct dp_target *to)
{
	switch (to->kind) {
	case DP_TO_PORT:
		if (to->port >= dp->n_ports)
			return NULL;
		return to->by_home ? home_worker(dp, to) : dp->workers[dp->workers[0]->tx[to->port].owner];
	case DP_TO_BUNDLE:
		return home_worker(dp, to);
	case DP_TO_ROUTE:
		return dp->workers[0];
	}
	return NULL;
}

bool
dp_inject(struct dataplane *dp, const struct dp_target *to, const void *bytes, size_t len)
{
	struct worker *w = inject_worker(dp, to);
	struct rte_mbuf *m;

	if (w == NULL || len == 0 || len > UINT16_MAX)
		return false;
	m = rte_pktmbuf_alloc(w->pool);
	if (m == NULL)
		return false;
	if (len > rte_pktmbuf_tailroom(m))
		goto refuse;
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), bytes, len);
	*pkt(m) = (struct pkt){
		.kind = (uint8_t)to->kind,
		.port = to->port,
		.bundle = to->bundle.index,
		.gen = to->bundle.gen,
		.home = (uint8_t)to->bundle.home,
		.flags = (uint8_t)(PKT_CONTROL | (to->kind == DP_TO_ROUTE ? PKT_OWN : 0)),
	};
	if (rte_ring_sp_enqueue(w->inject, m) == 0)
		return true;
refuse:
	rte_pktmbuf_free(m);
	return false;
}

unsigned
inject_take(struct worker *w, struct rte_mbuf *m[], unsigned n)
{
	const unsigned got = rte_ring_sc_dequeue_burst(w->inject, (void **)m, n, NULL);

	w->injected += got;
	return got;
}
