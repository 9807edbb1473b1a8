/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/replay.h"

#include <errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_rcu_qsbr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/bundle.h"
#include "dataplane/internal.h"
#include "dataplane/path.h"

/* The data plane without threads, its ports rings that lead back into themselves: what is sent on one arrives on it. */

enum {
	MEMORY_MIB = 320,
	POOL = 16384,
	HELD_BYTES = 32 << 20, /* of that pool: the rest is for frames on their way */
	ROUTES = 16,           /* nothing is routed */
	NAME_MAX_LEN = 16,
};

struct dp_replay {
	struct dataplane *dp;
	struct worker *w;
	const struct dp_replay_sink *sink; /* of the call under way */
	uint8_t flat[UINT16_MAX];          /* no packet is longer: an MRRU has 16 bits */
	struct dp_port_setup ports[DP_REPLAY_PORTS_MAX];
	char names[DP_REPLAY_PORTS_MAX][NAME_MAX_LEN], devices[DP_REPLAY_PORTS_MAX][NAME_MAX_LEN];
};

static void
ports_describe(struct dp_replay *r, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		snprintf(r->names[i], sizeof(r->names[i]), "link%u", i + 1);
		snprintf(r->devices[i], sizeof(r->devices[i]), "net_ring%u", i);
		r->ports[i] = (struct dp_port_setup){
			.name = r->names[i], .devargs = r->devices[i], .kind = DP_PORT_ACCESS, .mtu = 1500};
	}
}

static int
dataplane_make(struct dp_replay *r, unsigned ports, const char **why)
{
	char name[32];
	const struct dp_setup s = {
		.name = name,
		.workers = 1,
		.control_cpu = -1,
		.memory_mib = MEMORY_MIB,
		.pool_mbufs = POOL,
		.bundles_max = DP_REPLAY_BUNDLES_MAX,
		.routes_max = ROUTES,
		.reassembly_bytes = HELD_BYTES,
		.ports = r->ports,
		.n_ports = ports,
	};

	snprintf(name, sizeof(name), "replay%d", (int)getpid());
	ports_describe(r, ports);
	return dataplane_new_unthreaded(&s, &r->dp, why);
}

int
dp_replay_open(unsigned ports, struct dp_replay **out, const char **why)
{
	struct dp_replay *r;
	int ret;

	if (ports > DP_REPLAY_PORTS_MAX)
		return why_failed(why, -E2BIG, "%u ports: %u are possible", ports, DP_REPLAY_PORTS_MAX);
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return why_failed(why, -ENOMEM, "not enough memory");
	ret = dataplane_make(r, ports, why);
	if (ret < 0) {
		free(r);
		return ret;
	}
	r->w = r->dp->workers[0];
	r->w->now_ns = DP_REPLAY_START_NS;
	*out = r;
	return 0;
}

void
dp_replay_close(struct dp_replay *r)
{
	if (r == NULL)
		return;
	dataplane_free(r->dp);
	eal_end();
	free(r);
}

struct dataplane *
dp_replay_dataplane(struct dp_replay *r)
{
	return r->dp;
}

/* ------------------------------------------------------------------ packets out */

void
replay_out(struct dp_replay *r, struct burst *b)
{
	const struct dp_replay_sink *s = r->sink;

	for (unsigned i = 0; i < b->n; i++) {
		struct rte_mbuf *m = b->m[i];
		const uint32_t len = rte_pktmbuf_pkt_len(m);

		s->packet(s->ctx, pkt(m)->bundle, rte_pktmbuf_read(m, 0, len, r->flat), len, r->w->now_ns);
		release(r->w, m);
	}
	b->n = 0;
	s->control(s->ctx);
	exchange_commands(r->w);
}

/* ------------------------------------------------------------------ frames in */

/* A chain where one buffer is too small. NULL: no buffer. */
static struct rte_mbuf *
frame_copy(struct rte_mempool *pool, const uint8_t *bytes, size_t len)
{
	struct rte_mbuf *head = rte_pktmbuf_alloc(pool), *m = head;

	while (m != NULL) {
		const uint16_t n = (uint16_t)RTE_MIN(len, (size_t)rte_pktmbuf_tailroom(m));

		memcpy(rte_pktmbuf_mtod(m, uint8_t *), bytes, n);
		m->data_len = n;
		bytes += n;
		len -= n;
		head->pkt_len += n;
		if (len == 0)
			return head;
		m->next = rte_pktmbuf_alloc(pool);
		m = m->next;
		head->nb_segs++;
	}
	rte_pktmbuf_free(head);
	return NULL;
}

/* Whoever the frame is for, he is here. */
static void
answer_to(struct port *p, const uint8_t *bytes, size_t len)
{
	struct eth_view v;

	if (eth_parse(bytes, len, &v) && !mac_is_group(&v.dst))
		p->macs[0] = v.dst;
}

static void
turn_ends(struct dp_replay *r)
{
	struct worker *w = r->w;

	worker_flush_free(w);
	exchange_wake(w);
	rte_rcu_qsbr_quiescent(w->qsbr, w->index);
	w->turns++;
	r->sink = NULL;
}

void
dp_replay_frame(struct dp_replay *r, unsigned port, const uint8_t *bytes, size_t len, const struct dp_replay_sink *sink)
{
	struct port *p = &r->dp->ports[port];
	struct rte_mbuf *m = frame_copy(r->w->pool, bytes, len);

	r->sink = sink;
	if (m == NULL || rte_eth_tx_burst(p->id, 0, &m, 1) != 1) {
		r->w->drops[DROP_NO_MBUF]++;
		rte_pktmbuf_free(m);
	}
	answer_to(p, bytes, len);
	path_replay(r->w, p, 0, r);
	turn_ends(r);
}

void
dp_replay_command(struct dp_replay *r, const struct dp_cmd *cmd, const struct dp_replay_sink *sink)
{
	uint32_t ticket;

	r->sink = sink;
	while (!dp_command(r->dp, 0, cmd, &ticket))
		exchange_commands(r->w);
	while (exchange_commands(r->w) != 0)
		;
	path_replay_timers(r->w, r);
	turn_ends(r);
}

void
dp_replay_pass(struct dp_replay *r, uint64_t now_ns, const struct dp_replay_sink *sink)
{
	struct worker *w = r->w;
	uint64_t next_ns;

	r->sink = sink;
	while ((next_ns = worker_next_ns(w)) <= now_ns && next_ns != UINT64_MAX) {
		w->now_ns = RTE_MAX(w->now_ns, next_ns);
		path_replay_timers(w, r);
		worker_flush_free(w);
	}
	if (now_ns != UINT64_MAX) {
		w->now_ns = RTE_MAX(w->now_ns, now_ns);
		path_replay_timers(w, r); /* who hears nothing of the time for long takes every deadline for passed */
	}
	turn_ends(r);
}
