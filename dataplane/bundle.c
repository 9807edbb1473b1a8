/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/bundle_state.h"

#include <rte_malloc.h>

#include "dataplane/ip_join.h"
#include "dataplane/mbuf_ref.h"
#include "dataplane/wire/eth.h"
#include "dataplane/wire/ppp.h"

/* Bundles as control makes and changes them. Everything here runs once a command, never once a frame. */

enum {
	BUNDLE_MADE_FLAGS = DP_BUNDLE_MP | DP_BUNDLE_RX_SHORT | DP_BUNDLE_TX_SHORT | DP_BUNDLE_TOLERATE,
	/* A line may catch up this much after the worker was away: far less than any modem's queue, and than a port's ring. */
	BURST_NS = 4000000,
	BURST_BYTES = 512 * 1024,
	QUEUE_PACKETS_MIN = 32,
	QUEUE_PACKETS_MAX = 4096, /* and the pieces of one: mbuf_queue counts in 16 bits */
	SMALL_PACKET = 128,       /* mean size below which the number of packets bounds a queue, not their bytes */
	DEEP_WINDOWS_MIN = 2,
	DEEP_WINDOWS_MAX = 1024,
};

_Static_assert((int)DP_SCHED_WEIGHTED == SCHED_WEIGHTED && (int)DP_SCHED_EQUAL == SCHED_EQUAL &&
		(int)DP_SCHED_ROUND_ROBIN == SCHED_ROUND_ROBIN && (int)DP_SCHED_PACKET == SCHED_PACKET &&
		(int)DP_SCHED_OVERFLOW == SCHED_OVERFLOW,
	"modes are passed on as they are");

/* ------------------------------------------------------------------ lists */

static void
list_append(struct bundle_table *t, struct ready_list *l, struct bundle *b, uint32_t *link, uint32_t *last_link)
{
	*link = WHEEL_NIL;
	if (l->head == WHEEL_NIL)
		l->head = bundle_index(t, b);
	else
		*last_link = bundle_index(t, b);
	l->tail = bundle_index(t, b);
}

void
bundle_rx_ready(struct bundle_table *t, struct bundle *b)
{
	if (b->hot.flags & BUNDLE_RX_READY)
		return;
	b->hot.flags |= BUNDLE_RX_READY;
	list_append(t, &t->rx_ready, b, &b->rare.next_ready, &t->bundles[t->rx_ready.tail % t->max].rare.next_ready);
}

struct bundle *
bundle_rx_ready_next(struct bundle_table *t)
{
	struct bundle *b;

	if (t->rx_ready.head == WHEEL_NIL)
		return NULL;
	b = &t->bundles[t->rx_ready.head];
	t->rx_ready.head = b->rare.next_ready;
	b->hot.flags &= (uint16_t)~BUNDLE_RX_READY;
	return b;
}

/* ------------------------------------------------------------------ table */

static unsigned
deep_windows(const struct worker *w)
{
	/* A window of n slots is sparse: four times the slots that the budget could fill. */
	const uint64_t windows = 4 * w->held_max / REASM_SLOTS_MAX;

	return (unsigned)RTE_MAX(RTE_MIN(windows, (uint64_t)DEEP_WINDOWS_MAX), (uint64_t)DEEP_WINDOWS_MIN);
}

/* What the sending half has beside the bundles. */
static bool
tx_arrays_new(struct bundle_table *t, int numa_node)
{
	const uint32_t size = rte_align32pow2(t->max);
	struct ready_ring *r = &t->tx_ready;

	r->mask = size - 1;
	r->at = rte_zmalloc_socket("tx_ready", size * sizeof(*r->at), RTE_CACHE_LINE_SIZE, numa_node);
	r->in = rte_zmalloc_socket("tx_ready", (size + 63) / 64 * sizeof(*r->in), RTE_CACHE_LINE_SIZE, numa_node);
	t->pace_nodes =
		rte_zmalloc_socket("pace_nodes", t->max * sizeof(*t->pace_nodes), RTE_CACHE_LINE_SIZE, numa_node);
	return r->at != NULL && r->in != NULL && t->pace_nodes != NULL;
}

static void
table_free(struct bundle_table *t)
{
	rte_free(t->pace_nodes);
	rte_free(t->tx_ready.in);
	rte_free(t->tx_ready.at);
	rte_free(t->bundles);
	rte_free(t);
}

struct bundle_table *
bundle_table_new(struct worker *w, unsigned bundles_max, int numa_node)
{
	struct bundle_table *t = rte_zmalloc_socket("bundle_table", sizeof(*t), RTE_CACHE_LINE_SIZE, numa_node);
	void *gaps;

	if (t == NULL)
		return NULL;
	t->max = RTE_MAX(RTE_MIN(bundles_max, (unsigned)DP_BUNDLES_MAX), 1u);
	t->rx_ready = (struct ready_list){WHEEL_NIL, WHEEL_NIL};
	t->bundles = rte_zmalloc_socket("bundles", t->max * sizeof(*t->bundles), BUNDLE_ALIGN, numa_node);
	gaps = rte_zmalloc_socket("gaps", deadlines_bytes(t->max), RTE_CACHE_LINE_SIZE, numa_node);
	if (t->bundles == NULL || gaps == NULL || !tx_arrays_new(t, numa_node) ||
		deep_pool_init(&t->deep, deep_windows(w), numa_node) < 0) {
		rte_free(gaps);
		table_free(t);
		return NULL;
	}
	deadlines_init(&t->gaps, gaps, t->max, 0);
	wheel_init(&t->shrink, &t->bundles->rare.shrink, sizeof(struct bundle), STALL_SHIFT);
	wheel_init(&t->pace, t->pace_nodes, sizeof(*t->pace_nodes), PACE_SHIFT);
	return t;
}

static bool
ext_refill(struct worker *w, struct bundle_table *t)
{
	struct ext_slab *slab = rte_zmalloc_socket("bundle_ext", sizeof(*slab), RTE_CACHE_LINE_SIZE, w->numa_node);

	if (slab == NULL)
		return false;
	slab->next = t->slabs;
	t->slabs = slab;
	for (unsigned i = 0; i < EXT_SLAB; i++) {
		slab->ext[i].rx = &slab->rx[i];
		slab->ext[i].next_free = t->free_ext;
		t->free_ext = &slab->ext[i];
	}
	return true;
}

static void
ext_put(struct bundle_table *t, struct bundle *b)
{
	if (b->tx_rest.ext == NULL)
		return;
	b->tx_rest.ext->next_free = t->free_ext;
	t->free_ext = b->tx_rest.ext;
	t->n_ext--;
	b->tx_rest.ext = NULL;
}

/* The array that has to be in one piece moves over. */
static bool
ext_get(struct worker *w, struct bundle_table *t, struct bundle *b)
{
	struct bundle_ext *e;

	if (b->tx_rest.ext != NULL)
		return true;
	if (t->free_ext == NULL && !ext_refill(w, t))
		return false;
	e = t->free_ext;
	t->free_ext = e->next_free;
	t->n_ext++;
	*e = (struct bundle_ext){.rx = e->rx};
	*e->rx = (struct bundle_ext_rx){.more.n = 0};
	for (unsigned i = 0; i < LINES_INLINE; i++)
		e->skew[i] = b->rare.skew_inline[i];
	b->tx_rest.ext = e;
	return true;
}

/* ------------------------------------------------------------------ a bundle's limits */

/* Fitted modes cut as soon as one line is free: a turn that comes late is caught up (BURST_NS), so no line's time is lost, and nothing but
 * what lines of unequal latency must hold waits behind the decision. The others stop at the line with the most, and must let two whole
 * fragments of the slowest line in, or the rest would idle meanwhile. */
static void
set_horizon(struct bundle *b)
{
	uint64_t ns = 0;

	for (unsigned left = bundle_waits_for_all(b) ? b->tx.up & ~b->tx_rest.suspended : 0; left != 0;
		left &= left - 1) {
		const struct sched_line *l = &bundle_line(b, (unsigned)__builtin_ctz(left))->sched;
		const uint32_t bytes = RTE_MIN(l->fragment_max, b->tx.mrru) + l->frame_overhead;

		ns = RTE_MAX(ns, 2 * pacing_cost_ns(&l->pace, bytes));
	}
	b->tx_rest.horizon_us = (uint32_t)RTE_MIN((ns + 999) / 1000, (uint64_t)UINT32_MAX);
}

/* What may wait in front of the lines: queue_ms at their joint rate, in bytes; some packets at least. */
static void
set_queue_limits(struct bundle *b)
{
	const uint64_t least = (uint64_t)QUEUE_PACKETS_MIN * RTE_MAX(b->tx.mrru, 1500u);
	uint64_t bps = 0, bytes;
	bool unpaced = false;

	for (unsigned i = 0; i < b->tx.n_lines; i++) {
		const uint64_t of_line = bundle_line(b, i)->sched.pace.rate_bps;

		if (!bundle_may_send(b, i))
			continue;
		bps += of_line;
		unpaced |= of_line == 0;
	}
	bytes = unpaced ? (uint64_t)QUEUE_PACKETS_MAX * 1500 : bps / 8000 * b->tx.data.wait_ms;
	bytes = RTE_MIN(RTE_MAX(bytes, least), (uint64_t)UINT32_MAX / 2);
	b->tx.bytes_max = (uint32_t)bytes;
	b->tx.packets_max = (uint16_t)RTE_MIN(
		RTE_MAX(bytes / SMALL_PACKET, (uint64_t)QUEUE_PACKETS_MIN), (uint64_t)QUEUE_PACKETS_MAX);
}

static void
drop_control(struct worker *w, struct bundle *b)
{
	struct rte_mbuf *m;

	while ((m = bundle_control_pop(b)) != NULL)
		drop(w, m, DROP_BUNDLE_NO_LINK);
}

static void
drop_data(struct worker *w, struct bundle *b)
{
	struct rte_mbuf *m;

	while ((m = bundle_data_pop(w, b)) != NULL)
		drop(w, m, DROP_BUNDLE_NO_LINK);
}

/* What the scheduler works out beforehand. */
static void
prepare_split(struct bundle *b)
{
	const struct sched_line *lines[DP_BUNDLE_LINKS_MAX];

	for (unsigned i = 0; i < b->tx.n_lines; i++)
		lines[i] = &bundle_line(b, i)->sched;
	sched_prepare(&b->tx.config, lines, b->tx.n_lines);
}

/* Every change of lines or settings ends here. */
static void
lines_changed(struct worker *w, struct bundle_table *t, struct bundle *b)
{
	b->tx.n_lines = b->hot.joined == 0 ? 0 : (uint8_t)(32 - __builtin_clz(b->hot.joined));
	bundle_set_stall(b);
	prepare_split(b);
	set_horizon(b);
	set_queue_limits(b);
	bundle_tx_ready(t, bundle_index(t, b));
	if (b->tx.up != 0)
		return;
	/* A next line may come much later: what waits would be stale then. */
	drop_control(w, b);
	drop_data(w, b);
}

/* ------------------------------------------------------------------ bundles */

static void
bundle_create(struct bundle *b, const struct dp_cmd *cmd)
{
	memset(b, 0, sizeof(*b));
	b->hot.index = cmd->bundle;
	b->hot.gen = cmd->gen;
	b->hot.flags = (uint16_t)(BUNDLE_LIVE | (cmd->bundle_set.flags & BUNDLE_MADE_FLAGS));
	b->tx.gen = cmd->gen;
	reasm_init(&b->rx, cmd->bundle_set.flags & DP_BUNDLE_RX_SHORT, cmd->bundle_set.flags & DP_BUNDLE_TOLERATE);
}

/* What the window was made for stays as it was: the peer's numbers would mean something else. */
static uint16_t
new_flags(const struct bundle *b, uint16_t wanted)
{
	const uint16_t fixed = BUNDLE_OWN_FLAGS | BUNDLE_MADE_FLAGS;

	return (uint16_t)((wanted & ~fixed) | (b->hot.flags & fixed));
}

static void
bundle_set(struct worker *w, struct bundle_table *t, const struct dp_cmd *cmd)
{
	const struct dp_bundle_set *s = &cmd->bundle_set;
	struct bundle *b = &t->bundles[cmd->bundle];

	if (!(b->hot.flags & BUNDLE_LIVE)) {
		bundle_create(b, cmd);
		w->n_bundles++;
	} else if (b->hot.gen != cmd->gen) {
		return;
	}
	b->hot.flags = new_flags(b, s->flags);
	b->tx.flags =
		(uint16_t)((b->hot.flags & (BUNDLE_LIVE | ~BUNDLE_OWN_FLAGS)) | (b->tx.flags & BUNDLE_TX_OWN_FLAGS));
	b->hot.rx_mrru = s->rx_mrru;
	b->tx.mrru = s->tx_mrru;
	b->tx_rest.mss_v4 = s->mss_v4;
	b->tx_rest.mss_v6 = s->mss_v6;
	b->tx_rest.null_ms = s->null_ms;
	b->tx_rest.scrub = s->scrub;
	b->tx_rest.min_ttl = s->min_ttl;
	w->scrub |= s->scrub != 0;
	if (s->scrub & DP_SCRUB_REASSEMBLE)
		ip_join_open(w);
	b->hot.address_be = s->address_be;
	for (unsigned i = 0; i < RTE_DIM(b->sources6.len); i++) {
		b->sources6.prefix[i] = s->prefix6[i];
		b->sources6.len[i] = (uint8_t)RTE_MIN(s->prefix6_len[i], 64u);
	}
	b->tx.config =
		(struct sched_config){.mode = s->mode, .overflow_ms = s->overflow_ms, .min_fragment = s->min_fragment};
	b->tx.data.wait_ms = s->queue_ms;
	b->rare.limits = (struct window_limits){
		.stall_min_us = s->stall_min_ms * 1000u,
		.stall_max_us = RTE_MAX(s->stall_min_ms, s->stall_max_ms) * 1000u,
		.slots_max = s->window_slots_max,
	};
	lines_changed(w, t, b);
}

/* ------------------------------------------------------------------ links */

/* Index of one of our MACs in the table's list; -1: there are more than ports can have. */
static int
local_index(struct bundle_table *t, const struct mac *mac)
{
	unsigned i = 0;

	while (i < t->n_locals && !mac_equal(&t->locals[i], mac))
		i++;
	if (i == RTE_DIM(t->locals))
		return -1;
	t->locals[i] = *mac;
	t->n_locals = RTE_MAX(t->n_locals, i + 1);
	return (int)i;
}

/* Without MP the protocol field of the packet is the frame's own, which the MRU does not count. */
static uint16_t
fragment_max(const struct dp_link_set *l, bool mp, unsigned mp_len)
{
	if (!mp)
		return (uint16_t)(l->tx_mru + PPP_PROTO_LEN);
	return (uint16_t)(l->tx_mru > mp_len ? l->tx_mru - mp_len : 0);
}

static uint32_t
burst_ns(uint64_t rate_bps)
{
	const uint64_t ns = rate_bps != 0 ? BURST_BYTES * PACING_BIT_NS_PER_BYTE / rate_bps : BURST_NS;

	return (uint32_t)RTE_MIN(ns, (uint64_t)BURST_NS);
}

static void
line_set(struct bundle *b, const struct dp_link_set *l, unsigned local)
{
	struct tx_line *line = bundle_line(b, l->slot);
	const bool mp = b->hot.flags & DP_BUNDLE_MP;
	const unsigned mp_len = mp ? mp_hdr_len(b->hot.flags & DP_BUNDLE_TX_SHORT) : 0;
	const bool up = !l->tx_hold && fragment_max(l, mp, mp_len) != 0;

	line->peer = l->peer;
	line->session = l->session;
	line->vlans = l->vlans;
	line->eth_len = (uint8_t)eth_hdr_len(l->vlans);
	line->local = (uint16_t)local;
	line->port = (uint8_t)l->port;
	line->sched.pace.rate_bps = l->rate_bps;
	line->sched.pace.burst_ns = burst_ns(l->rate_bps);
	line->sched.pace.overhead_bytes = l->overhead_bytes;
	line->sched.pace.encap = l->encap;
	line->sched.latency_us = l->latency_us;
	line->sched.fragment_max = fragment_max(l, mp, mp_len);
	line->sched.frame_overhead = (uint8_t)(line->eth_len + PPPOE_HDR_LEN + (mp ? PPP_PROTO_LEN : 0) + mp_len);
	line->sched.cost = l->cost & SCHED_COST_MAX;
	b->tx.up = (uint16_t)((b->tx.up & ~(1u << l->slot)) | (unsigned)up << l->slot);
	b->tx_rest.suspended =
		(uint16_t)((b->tx_rest.suspended & ~(1u << l->slot)) | (unsigned)(mp && l->tx_suspend) << l->slot);
	line->sched.usable = bundle_may_send(b, l->slot);
	b->tx.stale &= b->tx.up;
}

/* Nothing is alone any more: every line may send. */
static void
bundle_solo_end(struct bundle *b, unsigned slot)
{
	if (!(b->tx.flags & BUNDLE_TX_SOLO) || b->tx_rest.solo_line != slot)
		return;
	b->tx.flags &= (uint16_t)~BUNDLE_TX_SOLO;
	for (unsigned left = b->tx.up; left != 0; left &= left - 1) {
		const unsigned i = (unsigned)__builtin_ctz(left);

		bundle_line(b, i)->sched.usable = bundle_may_send(b, i);
	}
}

static void
drop_waiting(struct worker *w, struct bundle *b, unsigned slot)
{
	struct mbuf_list *queue = &bundle_line_rest(b, slot)->queue;
	struct rte_mbuf *m;

	while ((m = mbuf_list_pop(queue)) != NULL)
		drop(w, m, DROP_LINK_DOWN);
	b->tx.waiting &= (uint16_t) ~(1u << slot);
}

static struct dp_link_totals
link_totals(struct bundle *b, unsigned slot)
{
	const struct count *rx = &bundle_link(b, slot)->received, *tx = &bundle_line(b, slot)->sent;
	const struct count_high *rx_high = &bundle_link_rare(b, slot)->rx, *tx_high = &bundle_line_rest(b, slot)->sent;

	return (struct dp_link_totals){
		count_n(rx, rx_high), count_bytes(rx, rx_high), count_n(tx, tx_high), count_bytes(tx, tx_high)};
}

static void
link_leave(struct worker *w, struct bundle_table *t, struct bundle *b, unsigned slot)
{
	struct dp_event e = {
		.op = DP_EVENT_LINK_GONE, .slot = (uint8_t)slot, .gen = b->hot.gen, .bundle = bundle_index(t, b)};

	b->hot.joined &= (uint16_t) ~(1u << slot);
	b->tx.up &= (uint16_t) ~(1u << slot);
	b->tx_rest.suspended &= b->tx.up;
	b->tx.stale &= b->tx.up;
	bundle_line(b, slot)->sched.usable = false;
	bundle_skew(b)[slot] = (struct window_skew){0};
	bundle_solo_end(b, slot);
	drop_waiting(w, b, slot);
	reasm_link_leave(&b->rx, slot);
	e.link = link_totals(b, slot);
	worker_event(w, &e);
	w->n_links--;
	/* M may have moved: what that completes or loses is delivered by mp_expire in this turn. */
	bundle_rx_ready(t, b);
	lines_changed(w, t, b);
}

static bool
same_session(struct bundle *b, const struct dp_link_set *l)
{
	const struct link_id *id = &bundle_link(b, l->slot)->id;

	return id->session_be == rte_cpu_to_be_16(l->session) && mac_equal(&id->peer, &l->peer);
}

static void
link_join(struct worker *w, struct bundle *b, const struct dp_link_set *l)
{
	*bundle_line(b, l->slot) = (struct tx_line){0};
	*bundle_line_rest(b, l->slot) = (struct tx_line_rest){0};
	*bundle_link_rare(b, l->slot) = (struct link_rare){0};
	/* first: it leads to the extension, where the third link's lag, id and count are */
	reasm_link_join(&b->rx, l->slot, b->tx_rest.ext != NULL ? &b->tx_rest.ext->rx->more : NULL);
	bundle_skew(b)[l->slot] = (struct window_skew){
		.updated_ms = (uint32_t)(w->now_ns / 1000000), .chances = b->hot.joined != 0 ? WINDOW_CHANCES : 0};
	*bundle_link(b, l->slot) = (struct link_rx){{l->peer, rte_cpu_to_be_16(l->session)}, {0, 0}};
	b->hot.joined |= (uint16_t)(1u << l->slot);
	w->n_links++;
}

static void
refuse_link(struct worker *w, const struct dp_cmd *cmd)
{
	const struct dp_event e = {
		.op = DP_EVENT_LINK_GONE, .slot = cmd->link_set.slot, .gen = cmd->gen, .bundle = cmd->bundle};

	worker_event(w, &e);
}

static void
link_set(struct worker *w, struct bundle_table *t, struct bundle *b, const struct dp_cmd *cmd)
{
	const struct dp_link_set *l = &cmd->link_set;
	int local;

	if (l->slot >= DP_BUNDLE_LINKS_MAX || l->port >= w->n_ports)
		return;
	local = local_index(t, &l->local);
	if (local < 0 || (l->slot >= LINES_INLINE && !ext_get(w, t, b))) {
		refuse_link(w, cmd);
		return;
	}
	if (bundle_joined(b, l->slot) && !same_session(b, l))
		link_leave(w, t, b, l->slot);
	if (!bundle_joined(b, l->slot))
		link_join(w, b, l);
	line_set(b, l, (unsigned)local);
	lines_changed(w, t, b);
}

/* ------------------------------------------------------------------ the end of a bundle */

static void
drop_window(struct worker *w, struct bundle_table *t, struct bundle *b)
{
	reasm_ref frags[REASM_PACKET_FRAGS_MAX];
	unsigned n;

	while ((n = reasm_drain(&b->rx, frags, RTE_DIM(frags))) != 0) {
		for (unsigned i = 0; i < n; i++) {
			struct rte_mbuf *m = mbuf_at(w->mbuf_base, frags[i]);

			w->held_mbufs -= m->nb_segs;
			drop(w, m, DROP_BUNDLE_GONE);
		}
	}
	deep_pool_put(&t->deep, reasm_shrink(&b->rx));
	b->hot.gap = false;
	deadlines_clear(&t->gaps, bundle_index(t, b));
	wheel_remove(&t->shrink, bundle_index(t, b));
}

static void
bundle_remove(struct worker *w, struct bundle_table *t, struct bundle *b)
{
	struct dp_event e = {.op = DP_EVENT_BUNDLE_GONE, .gen = b->hot.gen, .bundle = bundle_index(t, b)};

	for (unsigned left = b->hot.joined; left != 0; left &= left - 1)
		link_leave(w, t, b, (unsigned)__builtin_ctz(left));
	drop_window(w, t, b);
	wheel_remove(&t->pace, bundle_index(t, b));
	ext_put(t, b);
	e.totals.rx_packets = count_n(&b->hot.packets, &b->rare.packets);
	e.totals.rx_bytes = count_bytes(&b->hot.packets, &b->rare.packets);
	e.totals.tx_packets = count_n(&b->tx.sent, &b->tx_rest.sent);
	e.totals.tx_bytes = count_bytes(&b->tx.sent, &b->tx_rest.sent);
	e.totals.dropped = b->rare.queue_drops;
	worker_event(w, &e);
	b->hot.flags &= (uint16_t)~BUNDLE_LIVE;
	b->tx.flags = 0;
	w->n_bundles--;
}

/* The list goes through the bundles: a removed one must have left it before its index is used again. */
static void
forget_ready(struct bundle_table *t, const struct bundle *gone)
{
	struct ready_list rx = t->rx_ready;
	struct bundle *b;

	t->rx_ready = (struct ready_list){WHEEL_NIL, WHEEL_NIL};
	for (uint32_t i = rx.head; i != WHEEL_NIL;) {
		b = &t->bundles[i];
		i = b->rare.next_ready;
		b->hot.flags &= (uint16_t)~BUNDLE_RX_READY;
		if (b != gone)
			bundle_rx_ready(t, b);
	}
}

void
bundle_table_free(struct worker *w, struct bundle_table *t)
{
	if (t == NULL)
		return;
	for (unsigned i = 0; i < t->max; i++) {
		if (t->bundles[i].hot.flags & BUNDLE_LIVE)
			bundle_remove(w, t, &t->bundles[i]);
	}
	for (; t->in_at < t->in_n; t->in_at++)
		release(w, t->in[t->in_at].m);
	for (; t->steered_at < t->steered.n; t->steered_at++)
		release(w, t->steered.m[t->steered_at]);
	worker_flush_free(w);
	while (t->slabs != NULL) {
		struct ext_slab *slab = t->slabs;

		t->slabs = slab->next;
		rte_free(slab);
	}
	deep_pool_fini(&t->deep);
	rte_free(t->gaps.due);
	table_free(t);
}

/* ------------------------------------------------------------------ what control reads */

static void
snapshot_link(const struct worker *w, struct bundle *b, unsigned slot, struct dp_link_stats *out)
{
	const struct link_rare *rare = bundle_link_rare(b, slot);

	*out = (struct dp_link_stats){
		.totals = link_totals(b, slot),
		.in_link_reorder = rare->reorder,
		.lost = rare->lost,
		.lag_us = bundle_skew(b)[slot].lag_us,
		.backlog_us = (uint32_t)(pacing_backlog_ns(&bundle_line(b, slot)->sched.pace, w->now_ns) / 1000),
		.joined = true,
	};
}

static void
bundle_snapshot(const struct worker *w, struct bundle *b, struct dp_bundle_stats *out)
{
	const struct bundle_rare *r = &b->rare;

	*out = (struct dp_bundle_stats){
		.rx_packets = count_n(&b->hot.packets, &r->packets),
		.rx_bytes = count_bytes(&b->hot.packets, &r->packets),
		.tx_packets = count_n(&b->tx.sent, &b->tx_rest.sent),
		.tx_bytes = count_bytes(&b->tx.sent, &b->tx_rest.sent),
		.rx_null = r->rx_null,
		.tx_null = r->tx_null,
		.queue_drops = r->queue_drops,
		.late = (uint64_t)r->late_wraps << 16 | b->hot.late,
		.duplicate = (uint64_t)r->duplicate_wraps << 16 | b->hot.duplicate,
		.lost_fragments = r->lost_fragments,
		.lost_numbers = reasm_lost(&b->rx),
		.overrun = r->overrun,
		.expired = r->expired,
		.held = reasm_held(&b->rx),
		.window_slots = reasm_slots(&b->rx),
		.stall_us = r->stall_us,
		.queue_packets = b->rare.n_control + b->tx.data.n,
		.next_rx_seq = b->rx.next,
		.next_tx_seq = seq_add(b->tx.seq, 0, b->hot.flags & DP_BUNDLE_TX_SHORT ? MP_SHORT_BITS : MP_LONG_BITS),
	};
	for (unsigned left = b->hot.joined; left != 0; left &= left - 1)
		snapshot_link(w, b, (unsigned)__builtin_ctz(left), &out->links[__builtin_ctz(left)]);
}

/* ------------------------------------------------------------------ commands */

static void
on_live(struct worker *w, struct bundle_table *t, struct bundle *b, const struct dp_cmd *cmd)
{
	switch ((enum dp_cmd_op)cmd->op) {
	case DP_CMD_BUNDLE_SET:
		break;
	case DP_CMD_BUNDLE_REMOVE:
		bundle_remove(w, t, b);
		forget_ready(t, b);
		break;
	case DP_CMD_LINK_SET:
		link_set(w, t, b, cmd);
		break;
	case DP_CMD_LINK_REMOVE:
		if (cmd->slot < DP_BUNDLE_LINKS_MAX && bundle_joined(b, cmd->slot))
			link_leave(w, t, b, cmd->slot);
		break;
	case DP_CMD_SNAPSHOT:
		bundle_snapshot(w, b, cmd->snapshot);
		break;
	}
}

void
bundle_command(struct worker *w, const struct dp_cmd *cmd)
{
	struct bundle_table *t = w->bundles;
	struct bundle *b = bundle_at(t, cmd->bundle);

	if (cmd->op == DP_CMD_BUNDLE_SET) {
		if (cmd->bundle < t->max)
			bundle_set(w, t, cmd);
		return;
	}
	if (cmd->op == DP_CMD_SNAPSHOT)
		*cmd->snapshot = (struct dp_bundle_stats){0};
	if (b != NULL && b->hot.gen == cmd->gen)
		on_live(w, t, b, cmd);
}

uint64_t
bundle_next_ns(const struct worker *w)
{
	const struct bundle_table *t = w->bundles;
	const uint64_t tick = deadlines_next(&t->gaps);
	const uint64_t gap_ns = tick == UINT64_MAX ? UINT64_MAX : (tick << STALL_SHIFT) + w->away_ns;

	if (t->rx_ready.head != WHEEL_NIL || t->tx_ready.head != t->tx_ready.tail)
		return 0;
	return RTE_MIN(gap_ns, RTE_MIN(wheel_next_ns(&t->shrink), wheel_next_ns(&t->pace)));
}

uint32_t
bundle_deep_slots(const struct bundle_table *t)
{
	return t == NULL ? 0 : __atomic_load_n(&t->deep.used, __ATOMIC_RELAXED) * DEEP_UNIT_SLOTS;
}
