/* SPDX-License-Identifier: BSD-3-Clause */
/* In: bundles with packets in their queues, or whose time has come. Out: frames on their lines' ports, at their lines' rates. */
#include "dataplane/bundle_state.h"
#include "dataplane/mbuf.h"
#include "dataplane/mp/sched_pair.h"
#include "dataplane/stages.h"
#include "dataplane/wire/ppp.h"

#include "dataplane/poison.h"

/* Late binding. A packet waits in its bundle's queue, whole and without a number, until a line has room: then it is cut for the backlogs that
 * the lines have at this moment, numbered, framed and put on the lines' queues, each fragment with the time at which its line is free for
 * it. So a line's queue holds little but what a line with less latency must hold before another is worth using, or, in mode overflow, a
 * cheap one before it is full: a line that dies takes little with it, control frames wait little, and the scheduler sees the truth. Nothing is
 * dropped between here and the port, but with the line.
 *
 * The first packet of a bundle. A peer that gets any number before number 0 drops number 0 (ng_ppp). So the line that carries it sends
 * alone until it must have arrived. */

enum {
	COPY_BELOW = 220,          /* bytes; copying less is cheaper than two segments */
	SOLO_MARGIN_NS = 20000000, /* by which lines may differ more than their stated latencies say */
};

/* A bundle's lines by slot, wherever they lie: the first member of its struct tx_line each. */
struct lines {
	struct sched_line *at[DP_BUNDLE_LINKS_MAX];
};
_Static_assert(offsetof(struct tx_line, sched) == 0, "line_of() counts on it");

struct cut {
	struct sched_piece piece[SCHED_PIECES_MAX];
	struct rte_mbuf *m[SCHED_PIECES_MAX];
};

static inline void
lines_find(struct bundle *b, struct lines *l, const bool pair)
{
	for (unsigned i = 0; i < LINES_INLINE; i++)
		l->at[i] = &b->lines[i].sched;
	for (unsigned i = LINES_INLINE; !pair && i < b->tx.n_lines; i++)
		l->at[i] = &b->tx_rest.ext->lines[i - LINES_INLINE].sched;
}

static inline struct tx_line *
line_of(struct sched_line *l)
{
	return (struct tx_line *)(void *)l;
}

/* ------------------------------------------------------------------ frames on lines */

/* line: of the slot, here and below. */
static inline void
line_out(struct worker *w, struct bundle *b, unsigned slot, struct tx_line *line, struct rte_mbuf *m)
{
	const uint32_t bytes = m->pkt_len - line->eth_len;

	if (unlikely(count_one(&line->sent, bytes)))
		count_carry(&line->sent, &bundle_line_rest(b, slot)->sent, bytes);
	port_tx(w, &w->ports[line->port], m);
}

/* Every frame ready to go starts within the tick that the wheel can tell apart. */
static bool
is_due(const struct worker *w, uint64_t due_ns)
{
	return due_ns <= (w->now_ns | (PACE_TICK_NS - 1));
}

static inline void
line_put(struct worker *w, struct bundle *b, unsigned slot, struct tx_line *line, struct rte_mbuf *m)
{
	const uint64_t due_ns = pacing_book(&line->sched.pace, m->pkt_len, w->now_ns);

	if (!(b->tx.waiting >> slot & 1) && is_due(w, due_ns)) {
		line_out(w, b, slot, line, m);
		return;
	}
	pkt(m)->due_ns = due_ns;
	mbuf_list_push(&bundle_line_rest(b, slot)->queue, m);
	b->tx.waiting |= (uint16_t)(1u << slot);
}

static void
lines_release(struct worker *w, struct bundle *b)
{
	for (unsigned left = b->tx.waiting; left != 0; left &= left - 1) {
		const unsigned slot = (unsigned)__builtin_ctz(left);
		struct mbuf_list *queue = &bundle_line_rest(b, slot)->queue;

		while (queue->head != NULL && is_due(w, pkt(queue->head)->due_ns))
			line_out(w, b, slot, bundle_line(b, slot), mbuf_list_pop(queue));
		if (queue->head == NULL)
			b->tx.waiting &= (uint16_t) ~(1u << slot);
	}
}

/* Ethernet and PPPoE. Returns where the rest of the line's overhead is: what multilink has in front. The headroom is there. */
static inline uint8_t *
frame(const struct worker *w, const struct tx_line *line, struct rte_mbuf *m)
{
	uint8_t *p = mbuf_front(m, line->sched.frame_overhead);
	const uint16_t payload = (uint16_t)(m->pkt_len - line->eth_len - PPPOE_HDR_LEN);

	p = eth_store_untyped(p, &line->peer, &w->bundles->locals[line->local], line->vlans);
	return pppoe_store_session(p, line->session, payload);
}

static inline void
frame_mp(const struct worker *w, const struct tx_line *line, struct rte_mbuf *m, uint32_t seq, uint32_t flags,
	bool short_seq)
{
	uint8_t *p = frame(w, line, m);

	store_be16(p, PPP_MP);
	mp_store_flags(p + PPP_PROTO_LEN, short_seq, seq, flags);
}

/* ------------------------------------------------------------------ pieces */

/* Puts n bytes at `at` of the segment m, which may be alone (see mbuf_refer()), behind `last`, which ends head's chain. NULL: no mbufs left. */
static inline struct rte_mbuf *
attach(struct worker *w, struct rte_mbuf *head, struct rte_mbuf *last, struct rte_mbuf *m, uint32_t at, uint32_t n,
	bool alone)
{
	struct rte_mbuf *seg = mbuf_stock_take(&w->bundles->headers, w->indirect_pool);

	if (unlikely(seg == NULL))
		return NULL;
	mbuf_refer(seg, m, (uint16_t)at, (uint16_t)n, alone);
	last->next = seg;
	head->nb_segs++;
	head->pkt_len += n;
	return seg;
}

/* Attaches what [offset, offset + len) of the chain m covers behind head. */
static __rte_noinline bool
attach_range(struct worker *w, struct rte_mbuf *head, struct rte_mbuf *m, uint32_t offset, uint32_t len)
{
	struct rte_mbuf *last = head;

	for (; offset >= m->data_len; m = m->next)
		offset -= m->data_len;
	for (; len > 0; m = m->next) {
		const uint32_t here = RTE_MIN(len, m->data_len - offset);

		if (here == 0)
			continue;
		last = attach(w, head, last, m, offset, here, false);
		if (last == NULL)
			return false;
		len -= here;
		offset = 0;
	}
	return true;
}

/* Most packets are in one piece of memory. */
static inline bool
refer_to(struct worker *w, struct rte_mbuf *head, struct rte_mbuf *m, uint32_t offset, uint32_t len, bool alone)
{
	if (unlikely(offset + len > m->data_len))
		return attach_range(w, head, m, offset, len);
	return attach(w, head, head, m, offset, len, alone) != NULL;
}

static __rte_noinline bool
copy_range(struct rte_mbuf *head, const struct rte_mbuf *m, uint32_t offset, uint32_t len)
{
	uint8_t *to = (uint8_t *)rte_pktmbuf_append(head, (uint16_t)len);

	if (to == NULL)
		return false;
	mbuf_copy_out(m, offset, len, to);
	return true;
}

/* A packet of its own for [offset, offset + len) of m, to go out of port p; it refers to these bytes or has copies. NULL: no mbufs left. */
static __rte_always_inline struct rte_mbuf *
make_piece(struct worker *w, const struct port *p, struct rte_mbuf *m, uint32_t offset, uint32_t len, bool alone)
{
	const bool copy = len < COPY_BELOW || !p->tx_indirect;
	struct rte_mbuf *head = mbuf_stock_take(&w->bundles->buffers, w->pool);

	if (unlikely(head == NULL))
		return NULL;
	mbuf_begin(head);
	if (likely(copy ? copy_range(head, m, offset, len) : refer_to(w, head, m, offset, len, alone)))
		return head;
	rte_pktmbuf_free(head);
	return NULL;
}

/* The first piece is the packet itself, cut short when all others have been made. False: too few mbufs; m is as it was. */
static __rte_always_inline bool
make_pieces(struct worker *w, const struct lines *l, struct rte_mbuf *m, struct cut *c, const unsigned n)
{
	const bool alone = rte_mbuf_refcnt_read(m) == 1;
	uint32_t offset = c->piece[0].bytes;

	c->m[0] = m;
	if (n == 1)
		return true;
	for (unsigned i = 1; i < n; i++) {
		const struct port *p = &w->ports[line_of(l->at[c->piece[i].line])->port];

		c->m[i] = make_piece(w, p, m, offset, c->piece[i].bytes, alone);
		if (unlikely(c->m[i] == NULL)) {
			rte_pktmbuf_free_bulk(c->m + 1, i - 1);
			return false;
		}
		offset += c->piece[i].bytes;
	}
	mbuf_keep(m, c->piece[0].bytes);
	return true;
}

/* ------------------------------------------------------------------ the first packets */

static void
set_usable(struct bundle *b, unsigned only)
{
	for (unsigned left = b->tx.up; left != 0; left &= left - 1) {
		const unsigned slot = (unsigned)__builtin_ctz(left);

		bundle_line(b, slot)->sched.usable =
			(only == DP_BUNDLE_LINKS_MAX || slot == only) && bundle_may_send(b, slot);
	}
}

/* Lines may have joined meanwhile. */
static void
solo_check(struct worker *w, struct bundle *b)
{
	if (likely(!(b->tx.flags & BUNDLE_TX_SOLO)))
		return;
	if (w->now_ns < b->tx_rest.solo_until_ns) {
		set_usable(b, b->tx_rest.solo_line);
		return;
	}
	b->tx.flags &= (uint16_t)~BUNDLE_TX_SOLO;
	set_usable(b, DP_BUNDLE_LINKS_MAX);
}

/* Number 0 is about to be cut: on the line where it arrives first. */
static __rte_noinline void
solo_begin(struct worker *w, struct bundle *b)
{
	uint64_t least_ns = UINT64_MAX;

	for (unsigned left = b->tx.up & ~b->tx_rest.suspended; left != 0; left &= left - 1) {
		const unsigned slot = (unsigned)__builtin_ctz(left);
		const struct sched_line *l = &bundle_line(b, slot)->sched;
		const uint64_t ns =
			l->latency_us * UINT64_C(1000) + pacing_cost_ns(&l->pace, l->frame_overhead + l->fragment_max);

		if (ns >= least_ns)
			continue;
		least_ns = ns;
		b->tx_rest.solo_line = (uint8_t)slot;
	}
	b->tx_rest.solo_until_ns = w->now_ns + least_ns + SOLO_MARGIN_NS;
	b->tx.flags |= BUNDLE_TX_SOLO;
	set_usable(b, b->tx_rest.solo_line);
}

/* ------------------------------------------------------------------ null fragments */

static uint64_t
null_due_ns(const struct bundle *b)
{
	return b->tx.flags & BUNDLE_TX_NULL ? b->tx_rest.null_due_ns : UINT64_MAX;
}

static void
null_due_set(struct bundle *b, uint64_t ns)
{
	if (ns == UINT64_MAX) {
		b->tx.flags &= (uint16_t)~BUNDLE_TX_NULL;
		return;
	}
	b->tx.flags |= BUNDLE_TX_NULL;
	b->tx_rest.null_due_ns = ns;
}

/* Lines that just sent, and lines that have not sent since: none, when all of them carry each packet. */
static inline void
note_sent(struct worker *w, struct bundle *b, unsigned lines)
{
	unsigned newly = b->tx.up & ~lines & ~b->tx.stale;

	if (likely((newly | b->tx.stale) == 0))
		return;
	b->tx.stale = (uint16_t)((b->tx.stale | newly) & ~lines);
	for (; newly != 0; newly &= newly - 1)
		bundle_line_rest(b, (unsigned)__builtin_ctz(newly))->stale_ns = w->now_ns;
	if (b->tx.stale == 0 || b->tx_rest.null_ms == 0)
		null_due_set(b, UINT64_MAX);
	else
		null_due_set(b, RTE_MIN(null_due_ns(b), w->now_ns + b->tx_rest.null_ms * UINT64_C(1000000)));
}

static void
send_null(struct worker *w, struct bundle *b, unsigned slot)
{
	struct tx_line *line = bundle_line(b, slot);
	struct rte_mbuf *m = rte_pktmbuf_alloc(w->pool);

	if (m == NULL)
		return;
	pkt(m)->flags = 0;
	ppp_discard_store((uint8_t *)rte_pktmbuf_append(m, PPP_DISCARD_LEN));
	frame_mp(w, line, m, b->tx.seq++, MP_BEGIN | MP_END, b->tx.flags & DP_BUNDLE_TX_SHORT);
	b->rare.tx_null++;
	line_put(w, b, slot, line, m);
}

/* An idle line's last number holds the peer's M back (RFC 1990 section 4.1). One null fragment a line is enough until data goes elsewhere
 * again; it does not make the others stale, or they would answer each other for ever. */
static __rte_noinline void
send_nulls(struct worker *w, struct bundle *b)
{
	const uint64_t null_ns = b->tx_rest.null_ms * UINT64_C(1000000);
	uint64_t next_ns = UINT64_MAX;

	if ((b->tx.flags & BUNDLE_TX_SOLO) && w->now_ns < b->tx_rest.solo_until_ns) {
		null_due_set(b, b->tx_rest.solo_until_ns);
		return;
	}
	for (unsigned left = b->tx.stale; left != 0; left &= left - 1) {
		const unsigned slot = (unsigned)__builtin_ctz(left);
		const uint64_t due_ns = bundle_line_rest(b, slot)->stale_ns + null_ns;

		if (due_ns > w->now_ns) {
			next_ns = RTE_MIN(next_ns, due_ns);
			continue;
		}
		b->tx.stale &= (uint16_t) ~(1u << slot);
		send_null(w, b, slot);
	}
	null_due_set(b, next_ns);
}

/* ------------------------------------------------------------------ from the queue */

/* From here on down to send_queued() code is made twice, by constants: pair, for what is_plain_pair() and gets two pieces, and for everything. */

static __rte_always_inline void
number_and_send(struct worker *w, struct bundle *b, const struct lines *l, const struct cut *c, const unsigned n,
	const bool short_seq)
{
	const uint32_t first = b->tx.seq;
	uint32_t flags = MP_BEGIN;
	unsigned lines = 0;

	b->tx.seq += n;
	for (unsigned i = 0; i < n; i++) {
		const unsigned slot = c->piece[i].line;
		struct tx_line *line = line_of(l->at[slot]);
		struct rte_mbuf *m = c->m[i];

		if (i + 1 == n)
			flags |= MP_END;
		frame_mp(w, line, m, first + i, flags, short_seq);
		line_put(w, b, slot, line, m);
		lines |= 1u << slot;
		flags = 0;
	}
	note_sent(w, b, lines);
}

static bool
is_first(const struct bundle *b)
{
	return b->tx.seq == 0 && !(b->tx.flags & BUNDLE_TX_SOLO) && (b->tx.sent.n | b->tx_rest.sent.n_quarters) == 0;
}

/* The packet in n pieces. False: there are no mbufs. */
static __rte_always_inline bool
send_pieces(struct worker *w, struct bundle *b, const struct lines *l, struct rte_mbuf *m, struct cut *c,
	const unsigned n, const bool short_seq)
{
	if (unlikely(!make_pieces(w, l, m, c, n))) {
		drop(w, m, DROP_NO_MBUF);
		return false;
	}
	number_and_send(w, b, l, c, n, short_seq);
	return true;
}

static __rte_always_inline bool
send_mp(struct worker *w, struct bundle *b, const struct lines *l, struct rte_mbuf *m)
{
	struct cut c;
	unsigned n;

	if (unlikely(is_first(b)))
		solo_begin(w, b);
	n = sched_split(&b->tx.sched, &b->tx.config, (const struct sched_line *const *)l->at, b->tx.n_lines, m->pkt_len,
		w->now_ns, c.piece);
	if (n == 0) {
		drop(w, m, DROP_BUNDLE_NO_LINK);
		return false;
	}
	return send_pieces(w, b, l, m, &c, n, b->tx.flags & DP_BUNDLE_TX_SHORT);
}

static __rte_noinline bool
send_mp_other(struct worker *w, struct bundle *b, const struct lines *l, struct rte_mbuf *m)
{
	return send_mp(w, b, l, m);
}

static __rte_always_inline bool
send_mp_pair(struct worker *w, struct bundle *b, const struct lines *l, struct rte_mbuf *m)
{
	struct cut c;

	if (unlikely(!sched_split_pair(&b->tx.config, l->at[0], l->at[1], m->pkt_len, w->now_ns, c.piece)))
		return send_mp_other(w, b, l, m);
	return send_pieces(w, b, l, m, &c, 2, false);
}

/* Without multilink: the frame is the packet, on the only line. */
static __rte_noinline bool
send_plain(struct worker *w, struct bundle *b, struct rte_mbuf *m)
{
	const unsigned slot = (unsigned)__builtin_ctz(b->tx.up);
	struct tx_line *line = bundle_line(b, slot);

	frame(w, line, m);
	line_put(w, b, slot, line, m);
	return true;
}

static __rte_always_inline void
send_packet(struct worker *w, struct bundle *b, const struct lines *l, struct rte_mbuf *m, const bool pair,
	const bool control)
{
	const uint32_t bytes = m->pkt_len - PPP_PROTO_LEN;
	const bool sent = pair               ? send_mp_pair(w, b, l, m)
		: b->tx.flags & DP_BUNDLE_MP ? send_mp(w, b, l, m)
					     : send_plain(w, b, m);

	if (!control && likely(sent))
		count_add(&b->tx.sent, &b->tx_rest.sent, bytes);
}

/* When the next packet may be cut: the line with the least backlog decides when pieces are fitted to the lines, the one with the most when
 * they are not, or a slow line's queue would grow for ever. */
static inline uint64_t
room_at_ns(const struct bundle *b, const struct lines *l, const bool pair)
{
	const unsigned n = pair ? LINES_INLINE : b->tx.n_lines;
	uint64_t least = UINT64_MAX, most = 0, horizon_ns;

	for (unsigned i = 0; i < n; i++) {
		const struct sched_line *line = l->at[i];
		uint64_t busy;

		if (!line->usable)
			continue;
		busy = line->pace.rate_bps == 0 ? 0 : line->pace.busy_until_ns;
		least = RTE_MIN(least, busy);
		most = RTE_MAX(most, busy);
	}
	if (least == UINT64_MAX)
		return UINT64_MAX;
	if (pair || !bundle_waits_for_all(b))
		return least;
	horizon_ns = b->tx_rest.horizon_us * UINT64_C(1000);
	return most > horizon_ns ? most - horizon_ns : 0;
}

static inline bool
has_packets(const struct bundle *b)
{
	return (b->tx.flags & BUNDLE_TX_CONTROL) != 0 || b->tx.data.n != 0;
}

/* What nearly every bundle is: two lines that share packets by rate, long numbers, nothing of control's, and its first packet is out. */
static inline bool
is_plain_pair(const struct bundle *b)
{
	const unsigned all = DP_BUNDLE_MP | DP_BUNDLE_TX_SHORT | BUNDLE_TX_CONTROL | BUNDLE_TX_SOLO;

	return (b->tx.flags & all) == DP_BUNDLE_MP && b->tx.config.pair.share > 0 && b->tx.seq != 0;
}

/* As much as there is room for. Returns when there is room for the rest; UINT64_MAX: nothing waits, or no line may send. */
static __rte_always_inline uint64_t
send_queued(struct worker *w, struct bundle *b, const bool pair)
{
	struct lines l;

	lines_find(b, &l, pair);
	while (pair ? b->tx.data.n != 0 : has_packets(b)) {
		const bool control = !pair && (b->tx.flags & BUNDLE_TX_CONTROL);
		uint64_t room_ns;

		if (!pair)
			solo_check(w, b);
		room_ns = room_at_ns(b, &l, pair);
		if (!is_due(w, room_ns))
			return room_ns;
		send_packet(w, b, &l, control ? bundle_control_pop(b) : bundle_data_pop(w, b), pair, control);
	}
	return UINT64_MAX;
}

static __rte_noinline uint64_t
send_queued_any(struct worker *w, struct bundle *b)
{
	return send_queued(w, b, false);
}

/* room_ns: what send_queued() said; when null fragments have taken the room since, the bundle comes early and says so again. */
static uint64_t
next_wake_ns(struct bundle *b, uint64_t room_ns)
{
	uint64_t ns = null_due_ns(b);

	for (unsigned left = b->tx.waiting; left != 0; left &= left - 1) {
		struct rte_mbuf *head = bundle_line_rest(b, (unsigned)__builtin_ctz(left))->queue.head;

		ns = RTE_MIN(ns, pkt(head)->due_ns);
	}
	ns = RTE_MIN(ns, room_ns);
	if (unlikely(b->tx.flags & BUNDLE_TX_SOLO) && has_packets(b))
		ns = RTE_MIN(ns, b->tx_rest.solo_until_ns);
	return ns;
}

/* What is due in this tick has been done: a bundle that came out of the wheel does not get in again among those that are being taken. */
static uint64_t
next_tick_ns(const struct worker *w)
{
	return (w->now_ns | (PACE_TICK_NS - 1)) + 1;
}

static void
serve(struct worker *w, struct bundle_table *t, struct bundle *b, uint32_t index)
{
	uint64_t room_ns, wake_ns;

	if (unlikely(!(b->tx.flags & BUNDLE_LIVE)))
		return;
	lines_release(w, b);
	room_ns = likely(is_plain_pair(b)) ? send_queued(w, b, true) : send_queued_any(w, b);
	if (unlikely(w->now_ns >= null_due_ns(b)))
		send_nulls(w, b);
	wake_ns = next_wake_ns(b, room_ns);
	if (wake_ns == UINT64_MAX)
		wheel_remove(&t->pace, index);
	else
		wheel_add(&t->pace, index, w->now_ns, RTE_MAX(wake_ns, next_tick_ns(w)));
}

/* ------------------------------------------------------------------ stage */

/* Bundles on their way to be served, in order: taken, looked at, served. Those whose time has come have been left alone for long, they and
 * the frames they hold. A bundle is asked for when it is taken, its frames AHEAD bundles later, and again AHEAD later it is served: so
 * memory is always at work, and never asked for more at once than a processor can wait for. */
enum { AHEAD = 8, VISITS = 2 * AHEAD };
_Static_assert((int)VISITS <= (int)MBUF_STOCK_MAX, "mbufs are taken from their pools for all of them at once");

struct visits {
	unsigned taken, looked, served; /* free running */
	uint32_t index[VISITS];
	struct bundle *b[VISITS];
};

/* The next one. Who has made a bundle ready has had to do with it just now; of the others only the time is known. */
static inline uint32_t
next_bundle(struct worker *w, struct bundle_table *t)
{
	uint32_t index = bundle_tx_ready_next(t);

	if (index != WHEEL_NIL)
		return index;
	index = wheel_expired(&t->pace, w->now_ns);
	if (index == WHEEL_NIL)
		return WHEEL_NIL;
	rte_prefetch0(&t->bundles[index].tx);
	bundle_prefetch_lines(&t->bundles[index]);
	bundle_prefetch_waiting(&t->bundles[index]);
	return index;
}

/* False: there are no more. */
static inline bool
visit_take(struct worker *w, struct bundle_table *t, struct visits *v)
{
	const uint32_t index = next_bundle(w, t);
	const unsigned at = v->taken % VISITS;

	if (index == WHEEL_NIL)
		return false;
	v->index[at] = index;
	v->b[at] = &t->bundles[index];
	v->taken++;
	t->buffers.want = t->headers.want = v->taken - v->served;
	rte_prefetch0(&t->pace_nodes[index]);
	return true;
}

/* Where the front of a packet lies that came with an Ethernet header, as most do: close enough for a hint. */
static void
mbuf_prefetch_queued(const struct rte_mbuf *m)
{
	const uint8_t *front = (const uint8_t *)mbuf_data_hint(m) - FRAME_ROOM + ETH_HDR_LEN;

	rte_prefetch0(m);
	rte_prefetch0((const uint8_t *)m + PKT_AT);
	rte_prefetch0(front);
	rte_prefetch0(front + FRAME_ROOM);
}

static inline void
visit_look(const struct worker *w, struct visits *v)
{
	struct bundle *b = v->b[v->looked++ % VISITS];

	bundle_prefetch_more_lines(b);
	if (b->tx.data.n != 0)
		mbuf_prefetch_queued(bundle_data_head(w, b));
	for (unsigned left = b->tx.waiting; left != 0; left &= left - 1)
		mbuf_prefetch_header(bundle_line_rest(b, (unsigned)__builtin_ctz(left))->queue.head);
}

static inline void
visit_serve(struct worker *w, struct bundle_table *t, struct visits *v)
{
	const unsigned at = v->served++ % VISITS;

	serve(w, t, v->b[at], v->index[at]);
}

/* The wheel goes round once in 67 ms. After a longer time away, what is served would come out of it again and again while others are still
 * in it from before: so all are taken out first. */
static void
catch_up(struct worker *w, struct bundle_table *t)
{
	uint32_t index;

	if (likely(t->pace.n == 0 || next_tick_ns(w) >> PACE_SHIFT < t->pace.tick + WHEEL_SLOTS))
		return;
	while ((index = wheel_expired(&t->pace, w->now_ns)) != WHEEL_NIL)
		bundle_tx_ready(t, index);
}

void
mp_tx(struct worker *w)
{
	struct bundle_table *t = w->bundles;
	struct visits v;
	bool more = true;

	catch_up(w, t);
	v.taken = v.looked = v.served = 0;
	for (;;) {
		while (more && v.taken - v.served < VISITS)
			more = visit_take(w, t, &v);
		while (v.looked != v.taken && v.looked - v.served < AHEAD)
			visit_look(w, &v);
		if (v.served == v.taken)
			break;
		visit_serve(w, t, &v);
	}
	mbuf_stock_return(&t->buffers, w->pool);
	mbuf_stock_return(&t->headers, w->indirect_pool);
}
