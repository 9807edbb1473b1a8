/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_BUNDLE_STATE_H
#define DATAPLANE_BUNDLE_STATE_H

#include <rte_common.h>
#include <rte_prefetch.h>

#include "dataplane/bundle.h"
#include "dataplane/deep_pool.h"
#include "dataplane/mbuf_ref.h"
#include "dataplane/mbuf_stock.h"
#include "dataplane/mp/deadlines.h"
#include "dataplane/mp/reasm.h"
#include "dataplane/mp/sched.h"
#include "dataplane/mp/window.h"
#include "dataplane/wheel.h"
#include "dataplane/wire/pppoe.h"
#include "dataplane/worker.h"

/* The memory of bundles, for bundle.c and the stages. One block a bundle: a fragment in order touches the first two lines and one
 * slot, a packet to the links the lines of `tx` and of its pieces' lines, everything rare is last. */

enum {
	LINES_INLINE = 2,                                /* links whose state lies in the bundle itself */
	LINES_EXT = DP_BUNDLE_LINKS_MAX - LINES_INLINE,  /* and in its extension */
	FRAME_HDR_MAX = ETH_HDR_MAX + PPPOE_HDR_LEN + 2, /* what a line puts in front of the MP header */
	FRAME_ROOM = FRAME_HDR_MAX + MP_LONG_LEN,        /* headroom a queued packet has */
	STALL_SHIFT = 20,                                /* ticks of 1 ms */
	STALL_HALF_SHIFT = 19,                           /* 16 bits of it are 34 s, half of what can be configured */
	PACE_SHIFT = 14,                                 /* wheel of 16 us */
	PACE_TICK_NS = 1 << PACE_SHIFT,
};
_Static_assert((int)REASM_LINKS_MAX == DP_BUNDLE_LINKS_MAX, "one number of links");
_Static_assert((int)SCHED_LINES_MAX == DP_BUNDLE_LINKS_MAX, "one number of links");

/* Flags besides enum dp_bundle_flags, in the same word. */
enum {
	BUNDLE_LIVE = 1 << 15,
	BUNDLE_RX_READY = 1 << 14,
	BUNDLE_UNMEASURED = 1 << 13, /* of some link nobody knows yet how late it is */
	/* what it gives up still goes by these reasons, from one burst to the next; neither: lost */
	BUNDLE_OVER_BUDGET = 1 << 12,
	BUNDLE_OVERRUN = 1 << 11,
	BUNDLE_OWN_FLAGS = 0xf800,
};
/* In tx.flags: something of tx_rest is to be looked at. */
enum {
	BUNDLE_TX_CONTROL = 1 << 14,
	BUNDLE_TX_NULL = 1 << 13,
	BUNDLE_TX_SOLO = 1 << 12,
	BUNDLE_TX_OWN_FLAGS = BUNDLE_TX_CONTROL | BUNDLE_TX_NULL | BUNDLE_TX_SOLO
};

/* Counts of 64 bits: the lower halves where they are hot, and apart from them the upper ones, written when bytes wrap. Whatever is counted
 * has two bytes at least, or is written up at once, so that n moves by no more than half a circle meanwhile: its upper part says how many
 * times 2^30 it was then. */
struct count {
	uint32_t n, bytes;
};

struct count_high {
	uint32_t n_quarters, bytes;
};

/* Who sends on a link, byte by byte as its frames say it. */
struct link_id {
	struct mac peer;
	uint16_t session_be;
};
_Static_assert(sizeof(struct link_id) == 8, "two of them and what else a fragment needs is one line");

/* What a fragment needs of its link. */
struct link_rx {
	struct link_id id;
	struct count received;
};

/* hot.stall: what has happened since the deadline was armed. */
enum {
	STALL_PUT_OFF = 1 << 0, /* rare.waited_us counts */
	STALL_CHANGED = 1 << 1, /* the stall limit is another one now */
};

struct bundle_hot {
	struct link_rx link[LINES_INLINE];
	uint16_t gen, flags; /* enum dp_bundle_flags and the above */
	uint16_t rx_mrru;
	uint16_t joined;      /* bit = slot */
	struct count packets; /* delivered */
	uint32_t address_be;  /* subscriber's, 0: none */
	uint16_t stall_half;  /* half the stall limit, in units of 2^STALL_HALF_SHIFT ns */
	bool gap;             /* something waits for missing numbers: a deadline is set in the table's `gaps` */
	uint8_t stall;        /* STALL_ bits */
	uint32_t index;       /* bundle_index(), for those who have this line */
	uint16_t late,
		duplicate; /* fragments older than the window, and copies, modulo 2^16: here, lest who sends many costs a line more */
};
_Static_assert(sizeof(struct bundle_hot) == RTE_CACHE_LINE_SIZE, "one line");

struct mbuf_list {
	struct rte_mbuf *head, *tail;
};

/* A list that is known by its last, whose next is the first: half as long, for what is seldom used. */
struct mbuf_circle {
	struct rte_mbuf *last; /* NULL: empty */
};

/* By 32 bits each, where room is scarce: see mbuf_ref.h. */
struct mbuf_queue {
	reasm_ref head, tail; /* while n is not 0 */
	uint32_t bytes;
	uint16_t n;
	uint16_t wait_ms; /* what they may come to at the lines' rate: bytes_max and packets_max are made of it */
};

/* A line we send on, as far as a frame needs it that leaves at once. */
struct tx_line {
	struct sched_line sched;
	struct count sent;
	struct mac peer;
	uint16_t session;
	struct vlan_stack vlans;
	uint16_t local; /* index of our MAC in the table's `locals` */
	uint8_t port;
	uint8_t eth_len; /* of the Ethernet header with these tags */
} __rte_cache_aligned;
_Static_assert(sizeof(struct tx_line) == RTE_CACHE_LINE_SIZE, "one line");
_Static_assert(DP_PORTS_MAX <= UINT8_MAX, "a port's index is a byte");

struct tx_line_rest {
	struct mbuf_list queue; /* framed, each with its due_ns; bit in tx.waiting when there are any */
	uint64_t stale_ns;      /* since when numbers newer than its own have gone on other lines; bit in tx.stale */
	struct count_high sent;
};

struct bundle_tx {
	/* what takes a packet, and sends it when nothing is unusual */
	struct mbuf_queue data;
	uint32_t seq; /* of the next fragment */
	uint32_t bytes_max;
	uint16_t packets_max, mrru;
	uint16_t gen, flags; /* as in hot, which this direction does not touch, and the three of its own */
	uint16_t up;         /* joined, and not for receiving only */
	uint16_t stale;      /* of those: have not sent since the last number that carried data */
	uint16_t waiting;    /* lines whose queues hold frames */
	uint8_t n_lines;     /* highest joined slot + 1 */
	struct sched sched;
	struct sched_config config;
	struct count sent;
};
_Static_assert(sizeof(struct bundle_tx) == RTE_CACHE_LINE_SIZE, "one line");

struct bundle_tx_rest {
	struct tx_line_rest lines[LINES_INLINE]; /* a line together */
	uint64_t null_due_ns;                    /* BUNDLE_TX_NULL: earliest stale line's null fragment */
	uint64_t solo_until_ns; /* BUNDLE_TX_SOLO: until then only solo_line sends, so that number 0 arrives first */
	struct bundle_ext *ext; /* NULL while there never was a third link */
	struct mbuf_circle control; /* BUNDLE_TX_CONTROL: has frames */
	struct count_high sent;
	uint32_t
		horizon_us; /* a line with less backlog than this has room; not in fitted modes, where it must have none */
	uint16_t suspended; /* of tx.up: lines that only null fragments go on; see bundle_may_send() */
	uint16_t null_ms, mss_v4, mss_v6;
	uint8_t solo_line;
	uint8_t scrub, min_ttl; /* enum dp_scrub */
};

/* Where the subscriber's IPv6 packets come from: short cut for the source check. */
struct bundle_sources6 {
	uint64_t prefix[2];
	uint8_t len[2]; /* 0: none */
};

/* Counters of a link that move seldom. */
struct link_rare {
	struct count_high rx;
	uint64_t reorder, lost;
};

struct bundle_rare {
	struct count_high packets;
	uint64_t rx_null, tx_null, queue_drops, lost_fragments, overrun, expired;
	uint32_t late_wraps, duplicate_wraps; /* of the hot ones: upper parts */
	struct wheel_node shrink;
	struct window_skew skew_inline[LINES_INLINE]; /* see bundle_skew() */
	struct window_limits limits;
	uint32_t stall_us;   /* most a fragment waits for others */
	uint32_t waited_us;  /* since the deadline was armed that was put off */
	uint32_t grown_ms;   /* when the window last grew; wraps, but a deep window is looked at once a second */
	uint32_t next_ready; /* list of the table: packets wait to be popped */
	uint32_t n_control;  /* frames in tx_rest.control */
	struct link_rare links[LINES_INLINE];
};

/* Links three to sixteen: what fragments need. */
struct bundle_ext_rx {
	struct reasm_more more; /* so that the window leads here without a cold line */
	struct link_rx link[LINES_EXT];
} __rte_cache_aligned;
_Static_assert(offsetof(struct bundle_ext_rx, more) == 0, "bundle_link() counts on it");

/* And the rest. */
struct bundle_ext {
	struct bundle_ext_rx *rx;
	struct bundle_ext *next_free;
	struct link_rare rare[LINES_EXT];
	struct window_skew skew[DP_BUNDLE_LINKS_MAX];
	struct tx_line lines[LINES_EXT];
	struct tx_line_rest line_rest[LINES_EXT];
} __rte_cache_aligned;

/* Extensions taken from memory at once. What fragments need is together: on a tenth of the pages. */
enum { EXT_SLAB = 64 };
struct ext_slab {
	struct bundle_ext_rx rx[EXT_SLAB];
	struct bundle_ext ext[EXT_SLAB];
	struct ext_slab *next;
};

struct bundle {
	struct reasm rx;       /* line 0 */
	struct bundle_hot hot; /* line 1 */
	reasm_ref slots[REASM_SLOTS_MIN];
	struct bundle_tx tx __rte_cache_aligned; /* these three lines are what a packet to the links touches */
	struct tx_line lines[LINES_INLINE];
	struct bundle_tx_rest tx_rest __rte_cache_aligned;
	struct bundle_rare rare;
	struct bundle_sources6 sources6;
} __rte_cache_aligned;
_Static_assert(offsetof(struct bundle, hot) == 64 && offsetof(struct bundle, slots) == REASM_SLOTS_AT,
	"lines 0 and 1, then the slots");
_Static_assert(offsetof(struct bundle, sources6) / RTE_CACHE_LINE_SIZE ==
		(offsetof(struct bundle, sources6) + sizeof(struct bundle_sources6) - 1) / RTE_CACHE_LINE_SIZE,
	"a source is checked with one line");
/* Processors fetch lines in pairs: each bundle begins with one, of what a fragment in order touches. */
enum { BUNDLE_ALIGN = 2 * RTE_CACHE_LINE_SIZE };
_Static_assert(sizeof(struct bundle) % BUNDLE_ALIGN == 0, "as the table is aligned, so is each bundle");

/* A rate limit: `burst` at once, `per_s` in the long run. */
struct bucket {
	uint64_t filled_ns, tokens_ns; /* tokens in time it takes to earn them */
};

/* List of bundles linked through one of their fields. */
struct ready_list {
	uint32_t head, tail;
};

/* Bundles by index, in order, each at most once; beside them, so that none of them has to be in the cache to get in. */
struct ready_ring {
	uint32_t *at, mask;
	uint32_t head, tail; /* free running */
	uint64_t *in;        /* bit = bundle */
};

/* What a stage has not finished when its output burst is full. */
struct rx_item {
	struct rte_mbuf *m;
	struct bundle *b;
	uint32_t mp; /* the word of its header */
	uint8_t slot;
	bool plain;
};

/* A packet whose fragments have left the window, not joined yet. */
struct popped {
	struct bundle *b;
	unsigned n; /* fragments, behind those of the packets before */
	enum popped_how {
		POPPED_HELD,  /* out of the window */
		POPPED_WHOLE, /* the window did not need to hold it */
		POPPED_PLAIN, /* came without multilink */
	} how;
};

/* A fragment that has left the window without the rest of its packet, on its way into the cache. They do not fill the burst: of however many
 * each goes for its own reason. */
struct lost_fragment {
	struct rte_mbuf *m;
	enum drop_reason why;
};

/* A count in cold memory is that much short. */
struct late_count {
	uint64_t *of;
	uint64_t n;
};

enum { POPPED_FRAGS = BURST_MAX * REASM_PACKET_FRAGS_MAX }; /* only so many are touched as there are */

struct bundle_table {
	struct bundle *bundles;
	unsigned max;
	struct ready_list rx_ready;
	struct ready_ring tx_ready;

	struct rx_item in[BURST_MAX]; /* mp_rx: frames [in_at, in_n) are not in their windows yet */
	unsigned in_n, in_at;
	struct popped popped[BURST_MAX]; /* in the order in which they are delivered */
	/* these two: worked off when they are full, and behind the burst */
	struct lost_fragment lost[BURST_MAX];
	struct late_count late_counts[2 * BURST_MAX];
	unsigned n_popped, n_frags, n_lost, n_late_counts;
	struct rte_mbuf *frags[POPPED_FRAGS];
	bool rx_more; /* the last burst was full: its call is not over */

	struct burst steered;                      /* steer_in: the burst that is being given out, from steered_at on */
	unsigned steered_at, steer_at, steer_left; /* steer_at: next ring, 0 at the beginning of a turn */

	struct bucket icmp, glean, unknown, unknown_proto, beyond;

	struct bundle_ext *free_ext;
	struct ext_slab *slabs;
	unsigned n_ext; /* in use */
	struct deep_pool deep;
	struct deadlines gaps;
	struct wheel shrink, pace; /* shrink: bundles with deep windows, in ticks of STALL_SHIFT */
	struct mac locals[DP_PORTS_MAX * (DP_PORT_MACS_MAX + 1)]; /* what our lines have as source, each once */
	unsigned n_locals;
	struct wheel_node *pace_nodes;      /* of all bundles: a few together in a line, which stays in the cache */
	struct mbuf_stock buffers, headers; /* of mp_tx: for pieces, and for the bytes of packets they refer to */
};

static inline uint32_t
bundle_index(const struct bundle_table *t, const struct bundle *b)
{
	return (uint32_t)(b - t->bundles);
}

/* A fragment of one of the bundle's links is on its way. */
static inline void
bundle_prefetch_rx(const struct bundle_table *t, uint32_t index)
{
	const struct bundle *b = &t->bundles[index];

	rte_prefetch0(&b->rx);
	rte_prefetch0(&b->hot);
}

/* A packet for the bundle's lines is on its way: to its queue, */
static inline void
bundle_prefetch_queue(const struct bundle_table *t, uint32_t index)
{
	rte_prefetch0(&t->bundles[index].tx);
}

/* and then out of it to the lines. */
static inline void
bundle_prefetch_lines(const struct bundle *b)
{
	for (unsigned i = 0; i < LINES_INLINE; i++)
		rte_prefetch0(&b->lines[i]);
}

/* What lines need besides, whose frames wait for their time. */
static inline void
bundle_prefetch_waiting(const struct bundle *b)
{
	rte_prefetch0(&b->tx_rest);
}

/* The third line and those behind it; b->tx is there. */
static inline void
bundle_prefetch_more_lines(const struct bundle *b)
{
	for (unsigned i = LINES_INLINE; i < b->tx.n_lines; i++)
		rte_prefetch0(&b->tx_rest.ext->lines[i - LINES_INLINE]);
}

/* NULL: no such bundle. */
static inline struct bundle *
bundle_at(const struct bundle_table *t, uint32_t index)
{
	if (index >= t->max || !(t->bundles[index].hot.flags & BUNDLE_LIVE))
		return NULL;
	return &t->bundles[index];
}

/* The same for who sends to it. */
static inline struct bundle *
bundle_tx_at(const struct bundle_table *t, uint32_t index)
{
	if (index >= t->max || !(t->bundles[index].tx.flags & BUNDLE_LIVE))
		return NULL;
	return &t->bundles[index];
}

static inline bool
bundle_has_source6(const struct bundle *b, uint64_t hi)
{
	const struct bundle_sources6 *s = &b->sources6;

	for (unsigned i = 0; i < RTE_DIM(s->len); i++)
		if (s->len[i] != 0 && (hi ^ s->prefix[i]) >> (64 - s->len[i]) == 0)
			return true;
	return false;
}

static inline struct tx_line *
bundle_line(struct bundle *b, unsigned slot)
{
	return slot < LINES_INLINE ? &b->lines[slot] : &b->tx_rest.ext->lines[slot - LINES_INLINE];
}

static inline struct tx_line_rest *
bundle_line_rest(struct bundle *b, unsigned slot)
{
	return slot < LINES_INLINE ? &b->tx_rest.lines[slot] : &b->tx_rest.ext->line_rest[slot - LINES_INLINE];
}

/* How late the links are, of all slots. */
static inline struct window_skew *
bundle_skew(struct bundle *b)
{
	return b->rx.has_more ? b->tx_rest.ext->skew : b->rare.skew_inline;
}

/* By a mask instead of a branch: frames come on any of the links, and nobody can tell on which. */
static inline struct link_rx *
bundle_link(struct bundle *b, unsigned slot)
{
	const uintptr_t further = -(uintptr_t)(slot >= LINES_INLINE); /* all ones, or none */
	const uintptr_t here = (uintptr_t)b->hot.link;
	const uintptr_t there =
		(uintptr_t)b->rx.more + offsetof(struct bundle_ext_rx, link); /* of nothing, where there are none */

	return (struct link_rx *)(here ^ ((here ^ there) & further)) + slot - (further & LINES_INLINE);
}

static inline struct link_rare *
bundle_link_rare(struct bundle *b, unsigned slot)
{
	return slot < LINES_INLINE ? &b->rare.links[slot] : &b->tx_rest.ext->rare[slot - LINES_INLINE];
}

/* What sched.usable is when the bundle is not alone with its first packet. */
static inline bool
bundle_may_send(const struct bundle *b, unsigned slot)
{
	return (b->tx.up & ~b->tx_rest.suspended) >> slot & 1;
}

static inline bool
bundle_joined(const struct bundle *b, unsigned slot)
{
	return b->hot.joined >> slot & 1;
}

/* bytes: two at least. True: count_carry() is due. */
static inline bool
count_one(struct count *c, uint32_t bytes)
{
	c->n++;
	return __builtin_add_overflow(c->bytes, bytes, &c->bytes);
}

static inline uint64_t
count_n(const struct count *c, const struct count_high *high)
{
	const uint64_t then = (uint64_t)high->n_quarters << 30;

	return then + (uint32_t)(c->n - (uint32_t)then);
}

static inline uint64_t
count_bytes(const struct count *c, const struct count_high *high)
{
	return (uint64_t)high->bytes << 32 | c->bytes;
}

static inline void
count_carry(const struct count *c, struct count_high *high, uint32_t bytes)
{
	high->n_quarters = (uint32_t)(count_n(c, high) >> 30);
	high->bytes += c->bytes < bytes;
}

static inline void
count_add(struct count *c, struct count_high *high, uint32_t bytes)
{
	if (unlikely(count_one(c, bytes)) || unlikely(bytes <= 1))
		count_carry(c, high, bytes);
}

static inline void
mbuf_list_push(struct mbuf_list *l, struct rte_mbuf *m)
{
	pkt(m)->next = NULL;
	if (l->head == NULL)
		l->head = m;
	else
		pkt(l->tail)->next = m;
	l->tail = m;
}

static inline struct rte_mbuf *
mbuf_list_pop(struct mbuf_list *l)
{
	struct rte_mbuf *m = l->head;

	if (m != NULL)
		l->head = pkt(m)->next;
	return m;
}

static inline void
mbuf_circle_push(struct mbuf_circle *c, struct rte_mbuf *m)
{
	if (c->last == NULL) {
		pkt(m)->next = m;
	} else {
		pkt(m)->next = pkt(c->last)->next;
		pkt(c->last)->next = m;
	}
	c->last = m;
}

static inline struct rte_mbuf *
mbuf_circle_pop(struct mbuf_circle *c)
{
	struct rte_mbuf *m;

	if (c->last == NULL)
		return NULL;
	m = pkt(c->last)->next;
	if (m == c->last)
		c->last = NULL;
	else
		pkt(c->last)->next = pkt(m)->next;
	return m;
}

static inline void
bundle_control_push(struct bundle *b, struct rte_mbuf *m)
{
	mbuf_circle_push(&b->tx_rest.control, m);
	b->rare.n_control++;
	b->tx.flags |= BUNDLE_TX_CONTROL;
}

static inline struct rte_mbuf *
bundle_control_pop(struct bundle *b)
{
	struct rte_mbuf *m = mbuf_circle_pop(&b->tx_rest.control);

	if (m != NULL && --b->rare.n_control == 0)
		b->tx.flags &= (uint16_t)~BUNDLE_TX_CONTROL;
	return m;
}

/* First and last of the packets that wait; there are some. */
static inline struct rte_mbuf *
bundle_data_head(const struct worker *w, const struct bundle *b)
{
	return mbuf_at(w->mbuf_base, b->tx.data.head);
}

static inline struct rte_mbuf *
bundle_data_tail(const struct worker *w, const struct bundle *b)
{
	return mbuf_at(w->mbuf_base, b->tx.data.tail);
}

static inline void
bundle_data_push(struct worker *w, struct bundle *b, struct rte_mbuf *m)
{
	struct mbuf_queue *q = &b->tx.data;
	const reasm_ref ref = mbuf_ref(w->mbuf_base, m);

	if (q->n == 0)
		q->head = ref;
	else
		pkt(bundle_data_tail(w, b))->next = m;
	q->tail = ref;
	q->n++;
	q->bytes += m->pkt_len;
	w->queued_mbufs += m->nb_segs;
}

static inline struct rte_mbuf *
bundle_data_pop(struct worker *w, struct bundle *b)
{
	struct mbuf_queue *q = &b->tx.data;
	struct rte_mbuf *m;

	if (q->n == 0)
		return NULL;
	m = bundle_data_head(w, b);
	if (--q->n != 0)
		q->head = mbuf_ref(w->mbuf_base, pkt(m)->next);
	q->bytes -= m->pkt_len;
	w->queued_mbufs -= m->nb_segs;
	return m;
}

static inline bool
bucket_take(struct bucket *b, uint64_t now_ns, unsigned per_s, unsigned burst)
{
	const uint64_t each_ns = 1000000000u / per_s;
	const uint64_t earned = b->tokens_ns + (now_ns - b->filled_ns);

	b->tokens_ns = RTE_MIN(earned, each_ns * burst);
	b->filled_ns = now_ns;
	if (b->tokens_ns < each_ns)
		return false;
	b->tokens_ns -= each_ns;
	return true;
}

/* Modes that do not fit the pieces to the lines' backlogs. */
static inline bool
bundle_waits_for_all(const struct bundle *b)
{
	return b->tx.config.mode == SCHED_EQUAL || b->tx.config.mode == SCHED_ROUND_ROBIN;
}

/* Half the stall limit, from the skew measured: what a deadline is armed with (see reasm_expire). */
static inline void
bundle_set_stall(struct bundle *b)
{
	const uint64_t unit_ns = 1u << STALL_HALF_SHIFT;
	const struct window_skew *skew = bundle_skew(b);
	const uint32_t former_us = b->rare.stall_us;

	b->hot.flags &= (uint16_t)~BUNDLE_UNMEASURED;
	for (unsigned i = 0; i < b->tx.n_lines; i++)
		b->hot.flags |= skew[i].chances != 0 ? BUNDLE_UNMEASURED : 0;
	b->rare.stall_us = window_stall_us(skew, b->tx.n_lines, &b->rare.limits);
	if (b->rare.stall_us != former_us)
		b->hot.stall |= STALL_CHANGED;
	b->hot.stall_half =
		(uint16_t)RTE_MIN((b->rare.stall_us * UINT64_C(500) + unit_ns - 1) / unit_ns, UINT64_C(0xffff));
}

/* Bundles with work left; each is in at most once. */
void bundle_rx_ready(struct bundle_table *t, struct bundle *b);
struct bundle *bundle_rx_ready_next(struct bundle_table *t);

static inline void
bundle_tx_ready(struct bundle_table *t, uint32_t index)
{
	struct ready_ring *r = &t->tx_ready;
	const uint64_t bit = UINT64_C(1) << index % 64;

	if (r->in[index / 64] & bit)
		return;
	r->in[index / 64] |= bit;
	r->at[r->tail++ & r->mask] = index;
}

static inline bool
bundle_tx_is_ready(const struct bundle_table *t, uint32_t index)
{
	return t->tx_ready.in[index / 64] >> index % 64 & 1;
}

/* The next of them; WHEEL_NIL: none. */
static inline uint32_t
bundle_tx_ready_next(struct bundle_table *t)
{
	struct ready_ring *r = &t->tx_ready;
	uint32_t index;

	if (r->head == r->tail)
		return WHEEL_NIL;
	index = r->at[r->head++ & r->mask];
	r->in[index / 64] &= ~(UINT64_C(1) << index % 64);
	return index;
}

#endif
