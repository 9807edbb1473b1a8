/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "dataplane/internal.h"
#include "dataplane/wire/eth.h"
#include "dataplane/wire/pppoe.h"

/* Frames for control, within budgets. Each budget is one time: when its bucket would be full again. A frame moves it on by the
 * interval of its rate, and is refused when that would lead further ahead of the clock than the burst allows.
 *
 * What is no session's (discovery, ARP, packets that routing gives up) has at most 12/16 of the whole between them, so no flood of it
 * keeps LCP echoes out. A session (or bundle) has its own budget in a set of four; the set's most idle entry makes room for a new
 * one, so that nobody gets a fresh budget by pushing his own out. */

enum punt_class { PUNT_SESSION, PUNT_DISCOVERY, PUNT_IP_PORT, PUNT_ROUTE, PUNT_CLASSES };
static const uint8_t share16[PUNT_CLASSES] = {16, 6, 3, 3};

enum {
	SETS = 1024,
	WAYS = 4,
	BURST_MS = 100, /* of a class and of the whole */
	BURST_MIN = 32,
	SESSION_BURST_MS = 500,
	SESSION_BURST_MIN = 8,
};
static const uint64_t ns_per_s = 1000000000, ns_per_ms = 1000000, refused = UINT64_MAX;

struct rate {
	uint64_t interval_ns, burst_ns; /* interval 0: no limit */
};

struct meter {
	uint64_t key, full_ns;
};

struct punt_budget {
	struct rate class_rate[PUNT_CLASSES], session_rate;
	uint64_t total_full_ns, class_full_ns[PUNT_CLASSES];
	struct meter sessions[SETS][WAYS];
};

static struct rate
rate_of(uint64_t per_s, uint64_t burst_ms, uint64_t burst_min)
{
	struct rate r = {0, 0};

	if (per_s != 0) {
		r.interval_ns = ns_per_s / per_s;
		r.burst_ns = RTE_MAX(burst_ms * ns_per_ms, burst_min * r.interval_ns);
	}
	return r;
}

struct punt_budget *
punt_budget_new(const struct dp_setup *s, int numa_node)
{
	struct punt_budget *b = rte_zmalloc_socket("punt_budget", sizeof(*b), RTE_CACHE_LINE_SIZE, numa_node);
	const uint64_t total = s->punt_total_pps == 0 ? 0 : RTE_MAX(s->punt_total_pps / s->workers, 1u);

	if (b == NULL)
		return NULL;
	for (unsigned c = 0; c < PUNT_CLASSES; c++)
		b->class_rate[c] =
			rate_of(total == 0 ? 0 : RTE_MAX(total * share16[c] / 16, (uint64_t)1), BURST_MS, BURST_MIN);
	b->session_rate = rate_of(s->punt_session_pps, SESSION_BURST_MS, SESSION_BURST_MIN);
	return b;
}

void
punt_budget_free(struct punt_budget *b)
{
	rte_free(b);
}

/* Where full_ns would be after one more frame; `refused` when the rate does not allow one. */
static uint64_t
rate_next(const struct rate *r, uint64_t full_ns, uint64_t now_ns)
{
	const uint64_t next = RTE_MAX(full_ns, now_ns) + r->interval_ns;

	return r->interval_ns != 0 && next - now_ns > r->burst_ns ? refused : next;
}

static struct meter *
session_meter(struct punt_budget *b, uint64_t key)
{
	struct meter *set = b->sessions[key * 0x9e3779b97f4a7c15u >> 54];
	struct meter *idle = &set[0];

	for (unsigned i = 0; i < WAYS; i++) {
		if (set[i].key == key)
			return &set[i];
		if (set[i].full_ns < idle->full_ns)
			idle = &set[i];
	}
	*idle = (struct meter){.key = key};
	return idle;
}

struct claim {
	enum punt_class class;
	uint64_t key; /* 0: nobody's */
};

enum { KEY_SESSION = 1, KEY_BUNDLE = 2 };

static uint64_t
key_of(unsigned kind, uint64_t a, uint64_t b)
{
	return (uint64_t)kind << 56 | a << 32 | b;
}

/* Whose budget: the frame of an access port says itself. */
static struct claim
port_claim(const struct rte_mbuf *m, uint16_t port)
{
	const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *);
	const size_t n = rte_pktmbuf_data_len(m);
	struct pppoe_view v;
	struct eth_view e;

	if (!eth_parse(p, n, &e) || e.type != ETHERTYPE_PPPOE_SESSION ||
		pppoe_parse(p + e.hdr_len, n - e.hdr_len, &v) == PPPOE_SHORT)
		return (struct claim){PUNT_DISCOVERY, 0};
	return (struct claim){PUNT_SESSION, key_of(KEY_SESSION, port, load_be16(p + e.hdr_len + 2))};
}

static struct claim
claim_of(struct rte_mbuf *m, enum dp_origin origin)
{
	const struct pkt *k = pkt(m);
	const uint64_t bundle = key_of(KEY_BUNDLE, 0, k->bundle);

	switch (origin) {
	case DP_FROM_PORT:
		return port_claim(m, k->port);
	case DP_FROM_BUNDLE:
		return (struct claim){PUNT_SESSION, bundle};
	case DP_FROM_IP_PORT:
		return (struct claim){PUNT_IP_PORT, 0};
	case DP_FROM_ROUTE:
		break;
	}
	return (struct claim){PUNT_ROUTE, k->flags & PKT_FROM_BUNDLE ? bundle : 0};
}

static bool
within_budget(struct punt_budget *b, struct claim c, uint64_t now_ns)
{
	struct meter *s = c.key == 0 ? NULL : session_meter(b, c.key);
	const uint64_t total = rate_next(&b->class_rate[PUNT_SESSION], b->total_full_ns, now_ns);
	const uint64_t class = rate_next(&b->class_rate[c.class], b->class_full_ns[c.class], now_ns);
	const uint64_t own = s == NULL ? 0 : rate_next(&b->session_rate, s->full_ns, now_ns);

	if (total == refused || class == refused || own == refused)
		return false;
	b->total_full_ns = total;
	b->class_full_ns[c.class] = class;
	if (s != NULL)
		s->full_ns = own;
	return true;
}

void
punt_frame(struct worker *w, struct rte_mbuf *m, enum dp_origin origin)
{
	pkt(m)->kind = (uint8_t)origin;
	if (!within_budget(w->budget, claim_of(m, origin), w->now_ns)) {
		drop(w, m, DROP_PUNT_BUDGET);
		return;
	}
	if (rte_ring_sp_enqueue(w->punt, m) != 0) {
		drop(w, m, DROP_PUNT_FULL);
		return;
	}
	w->punted++;
	w->wake = true;
}
