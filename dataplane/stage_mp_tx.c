/* SPDX-License-Identifier: BSD-3-Clause */
/* In: bundles with packets in their queues, or whose time has come. Out: frames on their lines' ports, at their lines' rates. */
#include "dataplane/bundle_state.h"
#include "dataplane/mbuf.h"
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

struct cut {
	unsigned n;
	struct sched_piece piece[SCHED_PIECES_MAX];
	struct rte_mbuf *m[SCHED_PIECES_MAX];
};

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

/* Ethernet and PPPoE; the headroom is there. */
static inline void
frame(const struct worker *w, const struct tx_line *line, struct rte_mbuf *m)
{
	const uint16_t payload = (uint16_t)m->pkt_len;
	uint8_t *p = (uint8_t *)rte_pktmbuf_prepend(m, (uint16_t)(line->eth_len + PPPOE_HDR_LEN));

	eth_store(p, &line->peer, &w->bundles->locals[line->local], line->vlans, ETHERTYPE_PPPOE_SESSION);
	pppoe_store(p + line->eth_len, PPPOE_CODE_SESSION, line->session, payload);
}

static inline void
frame_mp(const struct worker *w, const struct tx_line *line, struct rte_mbuf *m, uint32_t seq, bool begin, bool end,
	const bool short_seq)
{
	uint8_t *p = (uint8_t *)rte_pktmbuf_prepend(m, (uint16_t)(PPP_PROTO_LEN + mp_hdr_len(short_seq)));

	store_be16(p, PPP_MP);
	mp_store(p + PPP_PROTO_LEN, short_seq, seq, begin, end);
	frame(w, line, m);
}

/* ------------------------------------------------------------------ pieces */

/* Attaches what [offset, offset + len) of the chain m covers behind head. */
static bool
attach_range(struct worker *w, struct rte_mbuf *head, struct rte_mbuf *m, uint32_t offset, uint32_t len)
{
	struct rte_mbuf *last = head;

	for (; offset >= m->data_len; m = m->next)
		offset -= m->data_len;
	for (; len > 0; m = m->next) {
		const uint16_t here = (uint16_t)RTE_MIN(len, m->data_len - offset);
		struct rte_mbuf *seg;

		if (here == 0)
			continue;
		seg = rte_pktmbuf_alloc(w->indirect_pool);
		if (seg == NULL)
			return false;
		rte_pktmbuf_attach(seg, m);
		seg->data_off = (uint16_t)(seg->data_off + offset);
		seg->data_len = here;
		seg->pkt_len = here;
		last->next = seg;
		last = seg;
		head->nb_segs++;
		head->pkt_len += here;
		len -= here;
		offset = 0;
	}
	return true;
}

static bool
fill_piece(struct worker *w, struct rte_mbuf *head, struct rte_mbuf *m, uint32_t offset, uint32_t len, bool copy)
{
	if (!copy)
		return attach_range(w, head, m, offset, len);
	uint8_t *to = (uint8_t *)rte_pktmbuf_append(head, (uint16_t)len);

	if (to == NULL)
		return false;
	mbuf_copy_out(m, offset, len, to);
	return true;
}

/* The first piece is the packet itself, cut short; the others refer to its bytes or have copies. All mbufs are taken before anything is
 * changed. False: none left; m is as it was. */
static bool
make_pieces(struct worker *w, struct bundle *b, struct rte_mbuf *m, struct cut *c)
{
	uint32_t offset = c->piece[0].bytes;

	c->m[0] = m;
	if (c->n == 1)
		return true;
	if (rte_pktmbuf_alloc_bulk(w->pool, c->m + 1, c->n - 1) != 0)
		return false;
	for (unsigned i = 1; i < c->n; i++) {
		const struct port *p = &w->ports[bundle_line(b, c->piece[i].line)->port];
		const uint32_t len = c->piece[i].bytes;
		const bool copy = len < COPY_BELOW || p->tx_segs_max == 1 || !p->tx_indirect;

		if (!fill_piece(w, c->m[i], m, offset, len, copy)) {
			rte_pktmbuf_free_bulk(c->m + 1, c->n - 1);
			return false;
		}
		offset += len;
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
static void
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

/* Lines that just sent, and lines that have not sent since. */
static void
note_sent(struct worker *w, struct bundle *b, unsigned lines)
{
	unsigned newly = b->tx.up & ~lines & ~b->tx.stale;

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
	pkt(m)->flags = PKT_NULL;
	ppp_discard_store((uint8_t *)rte_pktmbuf_append(m, PPP_DISCARD_LEN));
	if (b->tx.flags & DP_BUNDLE_TX_SHORT)
		frame_mp(w, line, m, b->tx.seq, true, true, true);
	else
		frame_mp(w, line, m, b->tx.seq, true, true, false);
	b->tx.seq++;
	b->rare.tx_null++;
	line_put(w, b, slot, line, m);
}

/* An idle line's last number holds the peer's M back (RFC 1990 section 4.1). One null fragment a line is enough until data goes elsewhere
 * again; it does not make the others stale, or they would answer each other for ever. */
static void
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

static void
number_and_send(struct worker *w, struct bundle *b, struct cut *c, const bool short_seq)
{
	unsigned lines = 0;

	for (unsigned i = 0; i < c->n; i++) {
		const unsigned slot = c->piece[i].line;
		struct tx_line *line = bundle_line(b, slot);

		frame_mp(w, line, c->m[i], b->tx.seq++, i == 0, i + 1 == c->n, short_seq);
		line_put(w, b, slot, line, c->m[i]);
		lines |= 1u << slot;
	}
	note_sent(w, b, lines);
}

static unsigned
split(const struct worker *w, struct bundle *b, uint32_t bytes, struct sched_piece pieces[])
{
	const struct sched_line *lines[DP_BUNDLE_LINKS_MAX];

	for (unsigned i = 0; i < LINES_INLINE; i++)
		lines[i] = &b->lines[i].sched;
	for (unsigned i = LINES_INLINE; i < b->tx.n_lines; i++)
		lines[i] = &b->tx_rest.ext->lines[i - LINES_INLINE].sched;
	return sched_split(&b->tx.sched, &b->tx.config, lines, b->tx.n_lines, bytes, w->now_ns, pieces);
}

static bool
is_first(const struct bundle *b)
{
	return b->tx.seq == 0 && !(b->tx.flags & BUNDLE_TX_SOLO) && (b->tx.sent.n | b->tx_rest.sent.n_quarters) == 0;
}

static bool
send_mp(struct worker *w, struct bundle *b, struct rte_mbuf *m)
{
	struct cut c;

	if (unlikely(is_first(b)))
		solo_begin(w, b);
	c.n = split(w, b, m->pkt_len, c.piece);
	if (c.n == 0 || !make_pieces(w, b, m, &c)) {
		drop(w, m, c.n == 0 ? DROP_BUNDLE_NO_LINK : DROP_NO_MBUF);
		return false;
	}
	if (b->tx.flags & DP_BUNDLE_TX_SHORT)
		number_and_send(w, b, &c, true);
	else
		number_and_send(w, b, &c, false);
	return true;
}

/* Without multilink: the frame is the packet, on the only line. */
static bool
send_plain(struct worker *w, struct bundle *b, struct rte_mbuf *m)
{
	const unsigned slot = (unsigned)__builtin_ctz(b->tx.up);
	struct tx_line *line = bundle_line(b, slot);

	frame(w, line, m);
	line_put(w, b, slot, line, m);
	return true;
}

static void
send_packet(struct worker *w, struct bundle *b, struct rte_mbuf *m, bool control)
{
	const uint32_t bytes = m->pkt_len - PPP_PROTO_LEN;
	const bool sent = b->tx.flags & DP_BUNDLE_MP ? send_mp(w, b, m) : send_plain(w, b, m);

	if (control || !sent)
		return;
	count_add(&b->tx.sent, &b->tx_rest.sent, bytes);
}

/* When the next packet may be cut: the line with the least backlog decides when pieces are fitted to the lines, the one with the most when
 * they are not, or a slow line's queue would grow for ever. */
static uint64_t
room_at_ns(struct bundle *b)
{
	const uint64_t horizon_ns = b->tx.horizon_us * UINT64_C(1000);
	uint64_t least = UINT64_MAX, most = 0, busy;

	for (unsigned left = b->tx.up; left != 0; left &= left - 1) {
		const struct sched_line *l = &bundle_line(b, (unsigned)__builtin_ctz(left))->sched;

		if (!l->usable)
			continue;
		busy = l->pace.rate_bps == 0 ? 0 : l->pace.busy_until_ns;
		least = RTE_MIN(least, busy);
		most = RTE_MAX(most, busy);
	}
	if (least == UINT64_MAX)
		return UINT64_MAX;
	busy = bundle_waits_for_all(b) ? most : least;
	return busy > horizon_ns ? busy - horizon_ns : 0;
}

static bool
has_packets(const struct bundle *b)
{
	return (b->tx.flags & BUNDLE_TX_CONTROL) != 0 || b->tx.data.n != 0;
}

static void
send_queued(struct worker *w, struct bundle *b)
{
	while (has_packets(b)) {
		const bool control = b->tx.flags & BUNDLE_TX_CONTROL;

		solo_check(w, b);
		if (!is_due(w, room_at_ns(b)))
			return;
		send_packet(w, b, control ? bundle_control_pop(b) : bundle_data_pop(w, b), control);
	}
}

static uint64_t
next_wake_ns(struct bundle *b)
{
	uint64_t ns = null_due_ns(b);

	for (unsigned left = b->tx.waiting; left != 0; left &= left - 1) {
		struct rte_mbuf *head = bundle_line_rest(b, (unsigned)__builtin_ctz(left))->queue.head;

		ns = RTE_MIN(ns, pkt(head)->due_ns);
	}
	if (!has_packets(b))
		return ns;
	ns = RTE_MIN(ns, room_at_ns(b));
	return b->tx.flags & BUNDLE_TX_SOLO ? RTE_MIN(ns, b->tx_rest.solo_until_ns) : ns;
}

static void
serve(struct worker *w, struct bundle_table *t, uint32_t index)
{
	struct bundle *b = &t->bundles[index];
	uint64_t wake_ns;

	if (unlikely(!(b->tx.flags & BUNDLE_LIVE)))
		return;
	lines_release(w, b);
	send_queued(w, b);
	if (unlikely(w->now_ns >= null_due_ns(b)))
		send_nulls(w, b);
	wake_ns = next_wake_ns(b);
	if (wake_ns == UINT64_MAX)
		wheel_remove(&t->pace, index);
	else
		wheel_add(&t->pace, index, w->now_ns, wake_ns);
}

/* ------------------------------------------------------------------ stage */

/* Bundles that are served together. Those whose time has come have been left alone for long, they and the frames they hold: they are fetched
 * while the set before them is served. */
struct set {
	unsigned n;
	uint32_t index[BURST_STAGE];
};

static void
set_take(struct bundle_table *t, struct set *s)
{
	s->n = bundle_tx_ready_take(t, s->index, BURST_STAGE);
	for (unsigned i = 0; i < s->n; i++) {
		rte_prefetch0(&t->pace_nodes[s->index[i]]);
		bundle_prefetch_queue(t, s->index[i]);
		bundle_prefetch_lines(&t->bundles[s->index[i]]);
	}
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

static void
set_prefetch_frames(const struct bundle_table *t, const struct set *s)
{
	for (unsigned i = 0; i < s->n; i++) {
		struct bundle *b = &t->bundles[s->index[i]];

		bundle_prefetch_more_lines(b);
		if (b->tx.data.n != 0)
			mbuf_prefetch_queued(b->tx.data.list.head);
		for (unsigned left = b->tx.waiting; left != 0; left &= left - 1)
			mbuf_prefetch(bundle_line_rest(b, (unsigned)__builtin_ctz(left))->queue.head);
	}
}

static void
set_serve(struct worker *w, struct bundle_table *t, const struct set *s)
{
	for (unsigned i = 0; i < s->n; i++)
		serve(w, t, s->index[i]);
}

void
mp_tx(struct worker *w)
{
	struct bundle_table *t = w->bundles;
	struct set set[2];
	unsigned now = 0;
	uint32_t i;

	while ((i = wheel_expired(&t->pace, w->now_ns)) != WHEEL_NIL)
		bundle_tx_ready(t, i);
	for (set_take(t, &set[now]); set[now].n != 0; now ^= 1) {
		set_prefetch_frames(t, &set[now]);
		set_take(t, &set[now ^ 1]);
		set_serve(w, t, &set[now]);
	}
}
