/* SPDX-License-Identifier: BSD-3-Clause */
/* In: frames of links at home here, data at the PPP protocol field. Out: the packets of their bundles in order, data behind the PPP
 * protocol field; pkt: proto, bundle, gen, home, flags PKT_FROM_BUNDLE. What waits, waits in the bundles' windows. */
#include "dataplane/bundle_state.h"
#include "dataplane/mbuf.h"
#include "dataplane/mbuf_ref.h"
#include "dataplane/stages.h"
#include "dataplane/wire/ip.h"
#include "dataplane/wire/ppp.h"

#include "dataplane/poison.h"

/* Both entries, mp_rx and mp_expire, come down to drain(): pop what a window can give, until it gives no more or the burst is full. A bundle
 * that could give more goes on the list rx_ready, which is served first the next time. A frame that finds the burst full stays in
 * table.in, with what was parsed of it. So no packet is ever dropped for want of room in a burst, and none overtakes.
 *
 * The deadline of a gap lies in table.gaps, not in a wheel: gaps open and close with every second fragment when links are skewed, so
 * opening and closing one must touch no other bundle, and no bundle may be fetched only to see that it has none (docs/adr/0004). */

enum {
	SHRINK_AFTER_S = 5, /* a deep window that has not grown for so long goes back when it is empty */
	MAKE_ROOM_TRIES = 2,
	BEYOND_PPS = 200000,
	BEYOND_BURST = 512,
};

static const uint64_t SECOND_NS = 1000000000;

struct drain {
	struct worker *w;
	struct bundle_table *t;
	struct burst *out;
	uint64_t now_ns; /* as patience is counted: see worker_patience_ns() */
	uint32_t now_us;
	bool probe; /* gaps that open now are timed */
};

/* How late links are is learnt from a sample of the gaps: those that open in one of sixteen times of 65 us, of all bundles at once, since a
 * branch that goes the same way for a while costs nothing. The multiplication scatters these, lest a sender's own rhythm hides from them. */
static bool
probes_now(uint64_t now_ns)
{
	return (uint32_t)(now_ns >> 16) * 2654435761u >> 28 == 0;
}

static struct drain
drain_begin(struct worker *w, struct burst *out)
{
	const uint64_t now_ns = worker_patience_ns(w);

	w->bundles->n_popped = w->bundles->n_frags = 0;
	return (struct drain){w, w->bundles, out, now_ns, (uint32_t)(now_ns / 1000), probes_now(w->now_ns)};
}

/* ------------------------------------------------------------------ packets out */

/* What is read of a packet lies in the line that is here, but for the TCP flags behind tags, and the end of an IPv6 header. */
static inline void
prefetch_tcp(const struct rte_mbuf *m, uint16_t proto)
{
	const unsigned at = proto == PPP_IPV6 ? IP6_HDR_LEN : IP4_HDR_MIN;

	rte_prefetch0(rte_pktmbuf_mtod_offset(m, const uint8_t *, at + 13));
}

/* Takes the protocol field off, whatever its length and wherever segments end. False: there is none. */
static __rte_noinline bool
strip_proto(struct rte_mbuf *m)
{
	const unsigned n = RTE_MIN(m->pkt_len, (uint32_t)PPP_PROTO_LEN);
	uint8_t field[PPP_PROTO_LEN];
	unsigned len;

	mbuf_copy_out(m, 0, n, field);
	len = ppp_proto_load(field, n, &pkt(m)->proto);
	if (len != 0)
		mbuf_skip(m, len);
	return len != 0;
}

/* The same, where the field is as it usually is. */
static inline bool
strip_usual_proto(struct rte_mbuf *m)
{
	uint16_t proto;

	if (unlikely(m->data_len < PPP_PROTO_LEN))
		return false;
	proto = load_be16(rte_pktmbuf_mtod(m, const uint8_t *));
	if (unlikely(!ppp_proto_is_long(proto)))
		return false;
	pkt(m)->proto = proto;
	m->data_off = (uint16_t)(m->data_off + PPP_PROTO_LEN);
	m->data_len = (uint16_t)(m->data_len - PPP_PROTO_LEN);
	m->pkt_len -= PPP_PROTO_LEN;
	return true;
}

/* A packet of the bundle, data at its protocol field, goes on. */
static __rte_always_inline void
deliver(const struct drain *d, struct bundle *b, struct rte_mbuf *m, bool from_mp)
{
	struct pkt *k = pkt(m);

	if (unlikely(!strip_usual_proto(m)) && !strip_proto(m)) {
		drop(d->w, m, DROP_PPP_NO_PROTOCOL);
		return;
	}
	if (m->pkt_len > b->hot.rx_mrru) {
		drop(d->w, m, from_mp ? DROP_MP_TOO_LARGE : DROP_PACKET_TOO_LARGE);
		return;
	}
	prefetch_tcp(m, k->proto);
	k->bundle = b->hot.index;
	k->gen = b->hot.gen;
	k->home = (uint8_t)d->w->index;
	k->flags = PKT_FROM_BUNDLE;
	count_add(&b->hot.packets, &b->rare.packets, m->pkt_len);
	d->out->m[d->out->n++] = m;
}

/* Either form that null fragments have. */
static inline bool
is_null(const struct rte_mbuf *m)
{
	return m->pkt_len == 0 || ppp_is_discard(rte_pktmbuf_mtod(m, const uint8_t *), m->data_len);
}

/* A packet that is complete in one fragment, or what was popped as one. held: the window has held it. */
static __rte_always_inline void
deliver_packet(const struct drain *d, struct bundle *b, struct rte_mbuf *const frags[], unsigned n, bool held)
{
	const uint8_t slot = pkt(frags[n - 1])->slot;
	unsigned freed, further;
	struct rte_mbuf *m = mbuf_join(frags, n, &freed);

	pkt(m)->slot = slot;
	further = m->nb_segs + freed - n; /* segments that fragments came with behind their first ones */
	if (unlikely(further != 0 && held))
		d->w->held_mbufs -= further;
	if (unlikely(is_null(m))) {
		b->rare.rx_null++;
		release(d->w, m);
		return;
	}
	if (unlikely(further != 0))
		mbuf_drop_empty(m);
	deliver(d, b, m, true);
}

/* Fragments that have waited are as good as never seen: their headers, chain pointers and scratch, and what data the first ones begin with. In a
 * row, so that their page walks overlap, and without asking which they are. */
static void
prefetch_popped(const struct bundle_table *t)
{
	const struct popped *end = t->popped + t->n_popped;
	struct rte_mbuf *const *frags = t->frags;

	for (const struct popped *p = t->popped; p < end; frags += p->n, p++) {
		mbuf_prefetch(frags[0]);
		for (unsigned i = 1; i < p->n; i++)
			mbuf_prefetch_header(frags[i]);
	}
}

static void
count_now(struct bundle_table *t)
{
	for (unsigned i = 0; i < t->n_late_counts; i++)
		*t->late_counts[i].of += t->late_counts[i].n;
	t->n_late_counts = 0;
}

/* The count is in cold memory, and who sends what it counts must not have us wait for it. */
static __rte_noinline void
count_late(const struct drain *d, uint64_t *count, uint64_t n)
{
	struct bundle_table *t = d->t;

	if (unlikely(t->n_late_counts == RTE_DIM(t->late_counts)))
		count_now(t);
	rte_prefetch0_write(count);
	t->late_counts[t->n_late_counts++] = (struct late_count){count, n};
}

/* Fragments that nothing will complete. */
static __rte_noinline void
drop_lost(const struct drain *d)
{
	struct bundle_table *t = d->t;

	for (unsigned i = 0; i < t->n_lost; i++) {
		d->w->held_mbufs -= t->lost[i].m->nb_segs - 1u;
		drop(d->w, t->lost[i].m, t->lost[i].why);
	}
	t->n_lost = 0;
}

/* All that was popped, when what it consists of comes into the cache. */
static void
deliver_popped(const struct drain *d)
{
	const struct popped *end = d->t->popped + d->t->n_popped;
	struct rte_mbuf *const *frags = d->t->frags;

	prefetch_popped(d->t);
	count_now(d->t);
	if (unlikely(d->t->n_lost != 0))
		drop_lost(d);
	for (const struct popped *p = d->t->popped; p < end; frags += p->n, p++) {
		if (unlikely(p->how == POPPED_PLAIN))
			deliver(d, p->b, frags[0], false);
		else
			deliver_packet(d, p->b, frags, p->n, p->how == POPPED_HELD);
	}
}

static bool
is_full(const struct drain *d)
{
	return d->t->n_popped == BURST_MAX;
}

/* The n fragments behind those that were popped before are a packet. */
static inline void
popped_add(const struct drain *d, struct bundle *b, unsigned n, enum popped_how how)
{
	struct bundle_table *t = d->t;

	t->popped[t->n_popped++] = (struct popped){b, n, how};
	t->n_frags += n;
}

static void
popped_add_one(const struct drain *d, struct bundle *b, struct rte_mbuf *m, enum popped_how how)
{
	d->t->frags[d->t->n_frags] = m;
	popped_add(d, b, 1, how);
}

/* The window has given a packet of n fragments. Further segments of theirs are counted when their headers are here: when joined. */
static __rte_always_inline void
popped_add_held(const struct drain *d, struct bundle *b, const reasm_ref refs[], unsigned n)
{
	struct rte_mbuf **frags = d->t->frags + d->t->n_frags;

	for (unsigned i = 0; i < n; i++)
		frags[i] = mbuf_at(d->w->mbuf_base, refs[i]);
	d->w->held_mbufs -= n;
	popped_add(d, b, n, POPPED_HELD);
}

static __rte_noinline void
give_up(const struct drain *d, struct bundle *b, const reasm_ref refs[], unsigned n, enum drop_reason why)
{
	struct bundle_table *t = d->t;

	for (unsigned i = 0; i < n; i++) {
		struct rte_mbuf *m = mbuf_at(d->w->mbuf_base, refs[i]);

		if (unlikely(t->n_lost == RTE_DIM(t->lost)))
			drop_lost(d);
		rte_prefetch0(m);
		t->lost[t->n_lost++] = (struct lost_fragment){m, why};
	}
	d->w->held_mbufs -= n;
	count_late(d, &b->rare.lost_fragments, n);
}

/* Pops all there is. False: the burst is full and there may be more. Fragments that lost others are dropped for the reason given. */
static __rte_always_inline bool
drain_here(const struct drain *d, struct bundle *b, enum drop_reason why)
{
	reasm_ref refs[REASM_PACKET_FRAGS_MAX];
	enum reasm_out kind;
	unsigned n;

	for (;;) {
		if (is_full(d)) {
			bundle_rx_ready(d->t, b);
			return false;
		}
		n = reasm_pop(&b->rx, refs, REASM_PACKET_FRAGS_MAX, &kind);
		if (n == 0)
			return true;
		if (kind == REASM_PACKET)
			popped_add_held(d, b, refs, n);
		else
			give_up(d, b, refs, n, why);
	}
}

/* What is left over goes on for the same reason: see drain_ready(). */
static __rte_noinline bool
drain(const struct drain *d, struct bundle *b, enum drop_reason why)
{
	if (likely(drain_here(d, b, why)))
		return true;
	if (why == DROP_MP_BUDGET)
		b->hot.flags |= BUNDLE_OVER_BUDGET;
	if (why == DROP_MP_OVERRUN)
		b->hot.flags |= BUNDLE_OVERRUN;
	return false;
}

/* Why the bundle was giving up what it did when the last burst was full. */
static enum drop_reason
left_over_why(struct bundle *b)
{
	const unsigned flags = b->hot.flags & (BUNDLE_OVER_BUDGET | BUNDLE_OVERRUN);

	b->hot.flags &= (uint16_t)~flags;
	return flags & BUNDLE_OVER_BUDGET ? DROP_MP_BUDGET : flags & BUNDLE_OVERRUN ? DROP_MP_OVERRUN : DROP_MP_LOST;
}

/* ------------------------------------------------------------------ deadlines */

static uint64_t
stall_tick(uint64_t ns)
{
	return ns >> STALL_SHIFT;
}

static void
set_deadline(const struct drain *d, struct bundle *b, uint64_t wait_ns)
{
	const uint64_t tick = stall_tick(d->now_ns + wait_ns + (1u << STALL_SHIFT) - 1);
	const uint64_t soonest = stall_tick(d->now_ns) + 1;

	b->hot.gap = true;
	deadlines_set(&d->t->gaps, b->hot.index, RTE_MAX(tick - d->t->gaps.late_max, soonest));
}

static inline void
wait_for(const struct drain *d, struct bundle *b)
{
	b->hot.stall = 0;
	set_deadline(d, b, (uint64_t)b->hot.stall_half << STALL_HALF_SHIFT);
}

static void
open_gap(const struct drain *d, struct bundle *b)
{
	reasm_arm(&b->rx);
	wait_for(d, b);
}

static void
close_gap(const struct drain *d, struct bundle *b)
{
	b->hot.gap = false;
	deadlines_clear(&d->t->gaps, b->hot.index);
}

/* Keeps the deadline in step with the window: after each change of it. A window that always holds something but gets on is not stalled: its
 * deadline moves on with it. */
static inline void
watch_gap(const struct drain *d, struct bundle *b)
{
	if (!reasm_waiting(&b->rx)) {
		if (b->hot.gap)
			close_gap(d, b);
	} else if (!b->hot.gap || reasm_outlived(&b->rx)) {
		open_gap(d, b);
	}
}

/* The same when the window holds one more than before, number seq. Without a gap it held nothing: what waits has one, but where a full burst
 * has put the bundle on the list of those that are served first. */
static inline void
watch_held(const struct drain *d, struct bundle *b, uint32_t seq)
{
	if (!b->hot.gap) {
		reasm_arm_first(&b->rx, seq);
		wait_for(d, b);
	} else if (reasm_outlived(&b->rx)) {
		open_gap(d, b);
	}
}

static uint32_t
now_ms(const struct drain *d)
{
	return (uint32_t)(d->w->now_ns / 1000000);
}

/* A deep window that nobody needs any more goes back; others are looked at again: a bundle with one always is in the wheel. */
static void
shrink(const struct drain *d, struct bundle *b)
{
	if (reasm_slots(&b->rx) == REASM_SLOTS_MIN)
		return;
	if (!reasm_waiting(&b->rx) && now_ms(d) - b->rare.grown_ms > SHRINK_AFTER_S * 1000)
		deep_pool_put(&d->t->deep, reasm_shrink(&b->rx));
	else
		wheel_add(&d->t->shrink, b->hot.index, d->w->now_ns, d->w->now_ns + SECOND_NS);
}

/* What is missing is given up. False: the burst is full and there may be more. */
static bool
expire_gap(const struct drain *d, struct bundle *b, enum drop_reason why)
{
	b->hot.gap = false;
	reasm_expire(&b->rx);
	if (!drain(d, b, why))
		return false;
	watch_gap(d, b);
	return true;
}

/* How long what is due has waited; when the limit has changed since, nobody knows, and it may wait a little more. */
static uint32_t
waited_us(const struct bundle *b)
{
	if (b->hot.stall & STALL_PUT_OFF)
		return b->rare.waited_us;
	return b->hot.stall & STALL_CHANGED ? 0 : b->rare.stall_us / 2;
}

/* What is due waits for links that are late and not silent, and has not waited for too long. */
static bool
put_off(const struct drain *d, struct bundle *b)
{
	uint32_t more_us;

	if (!reasm_edge_moved(&b->rx))
		return false;
	more_us = window_put_off_us(b->rare.stall_us, waited_us(b), &b->rare.limits);
	if (more_us == 0)
		return false;
	b->rare.waited_us = waited_us(b) + more_us;
	b->hot.stall |= STALL_PUT_OFF;
	set_deadline(d, b, more_us * UINT64_C(1000));
	return true;
}

/* Links that were not heard in all that time: after some gaps the others need not wait for them any more. */
static void
waited_in_vain(struct bundle *b)
{
	if (likely(!(b->hot.flags & BUNDLE_UNMEASURED)))
		return;
	for (unsigned i = 0; i < b->tx.n_lines; i++)
		window_skew_chance(&bundle_skew(b)[i]);
	bundle_set_stall(b);
}

/* The gap of a bundle is due. */
static void
fire(const struct drain *d, struct bundle *b)
{
	const uint32_t lost = reasm_lost(&b->rx);

	if (put_off(d, b))
		return;
	expire_gap(d, b, DROP_MP_LOST);
	if (reasm_lost(&b->rx) != lost) {
		b->rare.expired++;
		waited_in_vain(b);
	}
}

/* ------------------------------------------------------------------ budget */

/* Gives up the gap that has been open for longest, of any bundle. False: nothing is waiting. */
static bool
evict_oldest(const struct drain *d)
{
	const uint32_t i = deadlines_earliest(&d->t->gaps);

	if (i == DEADLINES_NONE)
		return false;
	reasm_arm(&d->t->bundles[i].rx);
	expire_gap(d, &d->t->bundles[i], DROP_MP_BUDGET);
	drop_lost(d); /* at once: all of their segments make room */
	return true;
}

/* Room under the budget for one more. False: the burst is full first. */
static bool
make_budget(const struct drain *d, unsigned mbufs)
{
	while (unlikely(d->w->held_mbufs + mbufs > d->w->held_max) && evict_oldest(d)) {
		if (is_full(d))
			return false;
	}
	return true;
}

/* ------------------------------------------------------------------ fragments in */

/* The window is too small for the number: a deeper one, if there is. */
static bool
grow(const struct drain *d, struct bundle *b, uint32_t seq)
{
	const unsigned bits = b->hot.flags & DP_BUNDLE_RX_SHORT ? MP_SHORT_BITS : MP_LONG_BITS;
	const uint32_t need = (uint32_t)seq_diff(seq, b->rx.next, bits) + 1;
	const unsigned slots = window_slots_for(need, bits, &b->rare.limits);
	struct reasm_deep *deep;

	if (slots <= reasm_slots(&b->rx))
		return false;
	deep = deep_pool_get(&d->t->deep, slots);
	if (deep == NULL)
		return false;
	deep_pool_put(&d->t->deep, reasm_grow(&b->rx, deep, slots));
	b->rare.grown_ms = now_ms(d);
	wheel_add(&d->t->shrink, b->hot.index, d->w->now_ns, d->w->now_ns + SECOND_NS);
	return true;
}

/* Whether a sample of how late a link is is worth the cold memory it goes to: at once when it raises the stall limit; else it can only let
 * the estimate decay, which takes seconds, and every bundle looks in one millisecond of 64. */
static bool
lag_counts(const struct drain *d, const struct bundle *b, uint32_t lag_us)
{
	const uint64_t half_ns = (uint64_t)b->hot.stall_half << STALL_HALF_SHIFT;

	return lag_us * UINT64_C(1000) + WINDOW_STALL_MARGIN_US * UINT64_C(500) > half_ns ||
		(b->hot.flags & BUNDLE_UNMEASURED) || ((d->w->now_ns >> STALL_SHIFT ^ b->hot.index) & 63) == 0;
}

static void
note_lag(const struct drain *d, struct bundle *b)
{
	uint32_t lag_us;
	unsigned link;

	if (!reasm_lag(&b->rx, &link, &lag_us) || !lag_counts(d, b, lag_us) || link >= b->tx.n_lines)
		return;

	struct window_skew *skew = bundle_skew(b);

	window_skew_sample(&skew[link], lag_us, now_ms(d));
	if (reasm_lag_against(&b->rx) < b->tx.n_lines)
		window_skew_chance(&skew[reasm_lag_against(&b->rx)]);
	bundle_set_stall(b);
}

/* A link that nobody has timed yet is timed at once. */
static inline bool
probes(const struct drain *d, const struct bundle *b)
{
	return d->probe | ((b->hot.flags & BUNDLE_UNMEASURED) != 0);
}

/* A number beyond the window: a deeper one, or the oldest gap gives way. Either costs four times what a frame does, so that only so many are
 * served in a second: who sends nothing but such numbers must not take the time of all others. *verdict: of the last try. False: the
 * burst got full before. */
static bool
insert_beyond(
	const struct drain *d, const struct rx_item *it, enum reasm_verdict *verdict, bool *reordered, uint64_t *packet)
{
	struct bundle *b = it->b;

	if (!bucket_take(&d->t->beyond, d->w->now_ns, BEYOND_PPS, BEYOND_BURST))
		return true;
	for (unsigned tries = 0; *verdict == REASM_OVERRUN && tries <= MAKE_ROOM_TRIES; tries++) {
		if (!grow(d, b, mp_seq(it->mp))) {
			reasm_make_room(&b->rx, mp_seq(it->mp));
			b->rare.overrun++;
			if (!drain(d, b, DROP_MP_OVERRUN))
				return false;
		}
		*verdict = reasm_insert_packet(&b->rx, it->slot, it->mp, mbuf_ref(d->w->mbuf_base, it->m), d->now_us,
			probes(d, b), reordered, packet);
	}
	watch_gap(d, b);
	return true;
}

static void
refuse(const struct drain *d, const struct rx_item *it, enum reasm_verdict verdict)
{
	struct bundle_rare *r = &it->b->rare;

	switch (verdict) {
	case REASM_LATE:
		if (unlikely(++it->b->hot.late == 0))
			r->late_wraps++;
		drop(d->w, it->m, DROP_MP_LATE);
		break;
	case REASM_DUPLICATE:
		if (unlikely(++it->b->hot.duplicate == 0))
			r->duplicate_wraps++;
		drop(d->w, it->m, DROP_MP_DUPLICATE);
		break;
	case REASM_REORDERED:
		drop(d->w, it->m, DROP_MP_REORDERED);
		break;
	case REASM_OVERRUN:
		drop(d->w, it->m, DROP_MP_OVERRUN);
		break;
	case REASM_HELD:
	case REASM_READY:
	case REASM_WHOLE:
		break;
	}
}

/* The fragment has made packets complete, or closed a gap. */
static __rte_noinline bool
drain_after(const struct drain *d, const struct rx_item *it)
{
	struct bundle *b = it->b;
	const uint32_t lost = reasm_lost(&b->rx);
	const bool all = drain_here(d, b, DROP_MP_LOST);

	/* Inferred: the link whose number moved M past the missing ones. */
	if (unlikely(reasm_lost(&b->rx) != lost))
		count_late(d, &bundle_link_rare(b, it->slot)->lost, reasm_lost(&b->rx) - lost);
	return all;
}

/* The packet that the fragment has completed, and what is complete behind it. */
static __rte_always_inline bool
take_and_drain(const struct drain *d, const struct rx_item *it, uint64_t packet)
{
	struct bundle *b = it->b;
	reasm_ref refs[REASM_PACKET_FRAGS_MAX];
	unsigned n;

	if (likely(packet != 0)) {
		n = reasm_take_packet(&b->rx, packet, refs);
		popped_add_held(d, b, refs, n);
		if (likely(!reasm_waiting(&b->rx)))
			return true;
	}
	return drain_after(d, it);
}

/* One fragment into its window. False: the burst got full before it could be put there. */
static __rte_always_inline bool
insert(const struct drain *d, const struct rx_item *it)
{
	struct bundle *b = it->b;
	const unsigned mbufs = it->m->nb_segs;
	enum reasm_verdict verdict;
	uint64_t packet;
	bool reordered;

	if (!make_budget(d, mbufs))
		return false;
	verdict = reasm_insert_packet(&b->rx, it->slot, it->mp, mbuf_ref(d->w->mbuf_base, it->m), d->now_us,
		probes(d, b), &reordered, &packet);
	if (unlikely(verdict == REASM_OVERRUN) && !insert_beyond(d, it, &verdict, &reordered, &packet))
		return false;
	if (unlikely(reordered))
		count_late(d, &bundle_link_rare(b, it->slot)->reorder, 1);
	if (verdict == REASM_WHOLE) {
		popped_add_one(d, b, it->m, POPPED_WHOLE);
		return true;
	}
	note_lag(d, b);
	if (unlikely(verdict != REASM_HELD && verdict != REASM_READY)) {
		refuse(d, it, verdict);
		return true;
	}
	d->w->held_mbufs += mbufs;
	if (verdict == REASM_HELD)
		watch_held(d, b, mp_seq(it->mp));
	else if (take_and_drain(d, it, packet))
		watch_gap(d, b);
	return true;
}

/* ------------------------------------------------------------------ frames */

/* The struct link_id of a frame as one word; both of the words read here are in front of the payload. */
static inline uint64_t
sender(const uint8_t *payload, unsigned eth_len)
{
	const uint64_t of_mac = rte_cpu_to_le_64(UINT64_MAX >> 8 * (sizeof(uint64_t) - ETH_ADDR_LEN));
	const uint8_t *pppoe = payload - PPPOE_HDR_LEN;
	uint64_t mac_first, session_last;

	memcpy(&mac_first, pppoe - eth_len + ETH_ADDR_LEN, sizeof(mac_first));
	memcpy(&session_last, pppoe + 4 - sizeof(session_last), sizeof(session_last));
	return session_last ^ ((mac_first ^ session_last) & of_mac);
}

static inline bool
is_from_peer(const struct link_rx *link, const struct rte_mbuf *m, const struct pkt *k)
{
	uint64_t id;

	memcpy(&id, &link->id, sizeof(id));
	return sender(rte_pktmbuf_mtod(m, const uint8_t *), k->eth_len) == id;
}

static inline void
count_frame(struct bundle *b, struct link_rx *link, const struct rte_mbuf *m, unsigned slot)
{
	const uint32_t bytes = m->pkt_len + PPPOE_HDR_LEN;

	if (unlikely(count_one(&link->received, bytes)))
		count_carry(&link->received, &bundle_link_rare(b, slot)->rx, bytes);
}

/* Strips the protocol field, of so many bytes, and the multilink header into *mp. */
static __rte_always_inline unsigned
strip_fragment(struct worker *w, const struct bundle *b, struct rte_mbuf *m, uint32_t *mp, const unsigned field,
	const bool short_seq)
{
	const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *);
	const uint16_t n = (uint16_t)(field + mp_hdr_len(short_seq));

	if (unlikely(m->data_len < n || !mp_load(p + field, m->data_len - field, short_seq, mp)))
		return DROP_MP_SHORT;
	if (unlikely(*mp & MP_RESERVED)) {
		if (b->hot.flags & DP_BUNDLE_STRICT_RESERVED)
			return DROP_MP_RESERVED_BITS;
		w->reserved_bits++;
	}
	m->data_off = (uint16_t)(m->data_off + n);
	m->data_len = (uint16_t)(m->data_len - n);
	m->pkt_len -= n;
	return DROP_REASONS;
}

static __rte_noinline unsigned
open_other(struct worker *w, const struct bundle *b, struct rte_mbuf *m, uint32_t *mp)
{
	const unsigned field = rte_pktmbuf_mtod(m, const uint8_t *)[0] & 1 ? 1 : PPP_PROTO_LEN;

	if (!(b->hot.flags & DP_BUNDLE_MP))
		return DROP_MP_NOT_AGREED;
	return strip_fragment(w, b, m, mp, field, b->hot.flags & DP_BUNDLE_RX_SHORT);
}

static inline unsigned
open_fragment(struct worker *w, const struct bundle *b, struct rte_mbuf *m, uint32_t *mp)
{
	const bool is_long = (b->hot.flags & (DP_BUNDLE_MP | DP_BUNDLE_RX_SHORT)) == DP_BUNDLE_MP;

	if (likely(is_long && !(rte_pktmbuf_mtod(m, const uint8_t *)[0] & 1)))
		return strip_fragment(w, b, m, mp, PPP_PROTO_LEN, false);
	return open_other(w, b, m, mp);
}

/* Each frame's link, wherever that is; asked for, and with it the last numbers of the links behind the second, on the same page. */
static inline void
find_links(const struct bundle_table *t, const struct burst *burst, struct link_rx *link[])
{
	for (unsigned i = 0; i < burst->n; i++) {
		const struct pkt *k = pkt(burst->m[i]);
		struct bundle *b = &t->bundles[k->bundle];

		link[i] = NULL;
		if (unlikely(k->bundle >= t->max))
			continue;
		link[i] = bundle_link(b, k->slot);
		rte_prefetch0(link[i]);
		rte_prefetch0(b->rx.has_more ? (const void *)b->rx.more : link[i]);
	}
}

/* Everything that is checked before the window is asked. link: NULL where no bundle has one behind the second. */
static __rte_always_inline unsigned
check_frame(struct worker *w, struct rx_item *it, struct link_rx *link)
{
	const struct pkt *k = pkt(it->m);
	struct bundle *b = &w->bundles->bundles[k->bundle];
	unsigned verdict;

	if (unlikely(k->bundle >= w->bundles->max))
		return DROP_BUNDLE_GONE;
	it->b = b;
	it->slot = k->slot;
	if (unlikely(!bundle_joined(b, k->slot)))
		return b->hot.flags & BUNDLE_LIVE ? DROP_SESSION_NOT_READY : DROP_BUNDLE_GONE;
	if (link == NULL)
		link = &b->hot.link[k->slot];
	if (unlikely(!is_from_peer(link, it->m, k)))
		return DROP_SESSION_BAD_PEER;
	count_frame(b, link, it->m, k->slot);
	it->plain = k->proto != PPP_MP;
	if (it->plain)
		return DROP_REASONS;
	verdict = open_fragment(w, b, it->m, &it->mp);
	reasm_prefetch(&b->rx, mp_seq(it->mp));
	return verdict;
}

static __rte_always_inline void
take_in(struct worker *w, struct bundle_table *t, const struct burst *b, const bool further)
{
	struct rx_item *it = t->in;
	struct link_rx *link[BURST_MAX];

	if (further)
		find_links(t, b, link);
	for (unsigned i = 0; i < b->n; i++) {
		unsigned verdict;

		it->m = b->m[i];
		verdict = check_frame(w, it, further ? link[i] : NULL);
		if (likely(verdict == DROP_REASONS))
			it++;
		else
			drop(w, it->m, (enum drop_reason)verdict);
	}
	t->in_at = 0;
	t->in_n = (unsigned)(it - t->in);
}

/* Bundles that could not deliver everything the last time. False: the burst is full. */
static bool
drain_ready(const struct drain *d)
{
	struct bundle *b;

	while (unlikely(d->t->rx_ready.head != WHEEL_NIL) && !is_full(d) && (b = bundle_rx_ready_next(d->t)) != NULL) {
		if (drain(d, b, left_over_why(b)))
			watch_gap(d, b);
	}
	return !is_full(d);
}

/* What was taken in, until the burst is full. No bundle is ready meanwhile: one that becomes so has filled the burst. */
static void
put_in(const struct drain *d)
{
	struct bundle_table *t = d->t;
	const struct rx_item *it = t->in + t->in_at, *end = t->in + t->in_n;

	for (; it < end && !is_full(d); it++) {
		if (unlikely(it->plain))
			popped_add_one(d, it->b, it->m, POPPED_PLAIN);
		else if (!insert(d, it))
			break;
	}
	t->in_at = (unsigned)(it - t->in);
}

bool
mp_rx(struct worker *w, struct burst *b)
{
	struct bundle_table *t = w->bundles;
	const struct drain d = drain_begin(w, b);

	if (!t->rx_more) {
		if (likely(t->n_ext == 0))
			take_in(w, t, b, false);
		else
			take_in(w, t, b, true);
	}
	b->n = 0;
	if (drain_ready(&d))
		put_in(&d);
	t->rx_more = is_full(&d);
	deliver_popped(&d);
	return t->rx_more;
}

/* Gaps whose time is over, then deep windows that may be given back. False: neither. */
static bool
expire_next(const struct drain *d)
{
	struct bundle_table *t = d->t;
	uint32_t i = deadlines_passed(&t->gaps, stall_tick(d->now_ns));

	if (i != DEADLINES_NONE) {
		fire(d, &t->bundles[i]);
		return true;
	}
	i = wheel_expired(&t->shrink, d->w->now_ns);
	if (i != WHEEL_NIL && (t->bundles[i].hot.flags & BUNDLE_LIVE))
		shrink(d, &t->bundles[i]);
	return i != WHEEL_NIL;
}

bool
mp_expire(struct worker *w, struct burst *b)
{
	struct bundle_table *t = w->bundles;
	const struct drain d = drain_begin(w, b);

	b->n = 0;
	while (drain_ready(&d) && expire_next(&d))
		;
	deliver_popped(&d);
	return t->n_popped != 0;
}
