/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_MP_REASM_H
#define DATAPLANE_MP_REASM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/wire/mp.h"

/* Receive window of one bundle: sequencing, loss by the M rule and reassembly order (RFC 1990 section 4.1).
 * Fragments are opaque references; the caller owns what they stand for except while the window holds them.
 *
 * Invariants between calls:
 *   - `next` is the oldest number that was neither delivered nor given up; slots of older numbers are empty;
 *   - a held fragment has a number in [next, next + slots);
 *   - M, the lower edge, is the minimum over the joined links of the last number received on each; a missing number
 *     not newer than M is lost (not newer than M - 16 per link where in-link reorder is tolerated);
 *   - no complete packet whose predecessors are all delivered or given up stays held once reasm_pop() returned 0.
 *     */

enum { REASM_LINKS_MAX = 16, REASM_SLOTS_MIN = 64, REASM_SLOTS_MAX = 16384, REASM_PACKET_FRAGS_MAX = 256 };

/* What a slot holds: whatever the caller finds the fragment by; every value is one. Half as long as a pointer, since slots are most of a
 * bundle. */
typedef uint32_t reasm_ref;

enum reasm_verdict {
	REASM_HELD,  /* kept; nothing to pop */
	REASM_READY, /* kept; reasm_pop() has something, or a gap to close */
	REASM_WHOLE, /* not kept: a packet by itself, the next in order, nothing held: deliver it now, nothing to pop.
	                  * (A null fragment comes out like this too, or from reasm_pop(): known by its length.) */
	REASM_LATE,  /* not kept: older than the lower edge */
	REASM_DUPLICATE, /* not kept: its slot is taken */
	REASM_REORDERED, /* not kept: not newer than the last one of its own link, and the bundle is strict */
	REASM_OVERRUN,   /* not kept: beyond the window; grow it, or reasm_make_room(), then insert again */
};

/* What reasm_pop() yielded. */
enum reasm_out {
	REASM_NONE,
	REASM_PACKET, /* the fragments of one packet, in order */
	REASM_LOST,   /* fragments of packets that can no longer be complete: free and count them */
};

/* The hot line: 64 bytes (put them at the start of a cache line), everything an in-order fragment on a bundle of
 * two links needs. Links from the third on and windows of more than 64 slots hang behind `more` and `deep`. */
struct reasm_more; /* last numbers of links 2.., in the caller's memory, one line */
struct reasm_deep; /* maps and slots of a window deeper than 64, in the caller's memory, reasm_deep_bytes() long */
struct reasm;

#include "dataplane/mp/reasm_state.h" /* the fields, private to mp/ but visible for inlining and sizeof */

/* An empty window that expects number 0, without links. The caller has room for REASM_SLOTS_MIN references REASM_SLOTS_AT bytes behind the
 * beginning of *r. tolerate_reorder: keep what arrives out of order on one link while it has a place, at the
 * price of noticing a loss a little later. */
void reasm_init(struct reasm *r, bool short_seq, bool tolerate_reorder);

/* A link takes part in M from now on, as if it had been silent for long: numbers from `next` on may come on it, and
 * what is under way on it is not made late by joining. A leaving one stops to; what becomes deliverable or lost by
 * that is popped next. more: memory for links 2 and up, needed by the first join with link >= 2, ignored
 * afterwards. */
void reasm_link_join(struct reasm *r, unsigned link, struct reasm_more *more);
void reasm_link_leave(struct reasm *r, unsigned link);

/* One fragment. now_us: any microsecond clock, wraps freely; used for timing gaps only. probe: a gap that this fragment opens may be timed
 * (a sample of them is enough). *reordered is set when the fragment is not newer than the last one of its link, whatever the verdict. */
static inline enum reasm_verdict reasm_insert(struct reasm *r, unsigned link, const struct mp_view *f, reasm_ref ref,
	uint32_t now_us, bool probe, bool *reordered);

/* The same; mp: the word of its header (mp_load). *packet: not 0 when the fragment has completed the packet at the head (REASM_READY), which
 * reasm_take_packet() takes out as the first reasm_pop() would, without looking for it again. */
static inline enum reasm_verdict reasm_insert_packet(struct reasm *r, unsigned link, uint32_t mp, reasm_ref ref,
	uint32_t now_us, bool probe, bool *reordered, uint64_t *packet);
static inline unsigned reasm_take_packet(struct reasm *r, uint64_t packet, reasm_ref frags[]);

/* Fetches what an insertion of seq will touch besides *r. */
static inline void reasm_prefetch(struct reasm *r, uint32_t seq);

/* The next packet (or bunch of lost fragments), oldest first; to be called until it returns 0. Returns the number
 * of references put into frags (<= cap, cap >= REASM_PACKET_FRAGS_MAX); ownership passes to the caller. A packet of
 * more than REASM_PACKET_FRAGS_MAX fragments is yielded as lost. */
static inline unsigned reasm_pop(struct reasm *r, reasm_ref frags[], unsigned cap, enum reasm_out *out);

/* True while something held waits for a missing number: then the caller must keep a deadline. */
static inline bool reasm_waiting(const struct reasm *r);

/* The deadline passed: every number missing up to the newest one that had been received when the deadline was
 * (re)armed is given up, and so is a packet begun by then that is not complete. Then pop; if reasm_waiting()
 * still, arm again. With a deadline of T/2 no fragment is held longer than T. (reasm_arm(), reasm_expire() at
 * once, then pops: empties a window.) */
static inline void reasm_arm(struct reasm *r);
/* The same for a window that holds number seq and no other. */
static inline void reasm_arm_first(struct reasm *r, uint32_t seq);
void reasm_expire(struct reasm *r);

/* Asked when the deadline passed: something that was held when it was armed waits still, and M has moved since (since this was asked
 * last). Then the links that hold M back are late, not silent: it will pass the missing numbers, or they will come. */
bool reasm_edge_moved(struct reasm *r);

/* True when nothing is held any more that was when the deadline was armed: it may be armed anew, later. */
static inline bool reasm_outlived(const struct reasm *r);

/* Gives up the oldest gap so that a fragment numbered seq fits into the window; pop afterwards,
 * before inserting. */
void reasm_make_room(struct reasm *r, uint32_t seq);

/* A sample of how late a link is: for a number that arrived after its successor, the time between the two and the
 * link that was slower, also when the number came too late to be delivered. True once a sample, then *link and
 * *lag_us are set; the next one is not started before this one was fetched. */
static inline bool reasm_lag(struct reasm *r, unsigned *link, uint32_t *lag_us);
/* The link that was ahead then; valid until the next fragment. */
static inline unsigned reasm_lag_against(const struct reasm *r);

/* Fragments held, numbers given up (lost on the way) since init. */
unsigned reasm_held(const struct reasm *r);
static inline uint32_t reasm_lost(const struct reasm *r);

/* Deep windows. slots: a power of two in (64, 16384]. reasm_grow moves everything held into deep, which the caller
 * has allocated (reasm_deep_bytes(slots), aligned to 64), and returns the former deep window or NULL for the
 * caller to free. reasm_shrink, allowed only while nothing is held, goes back to 64 slots and returns the deep
 * window to free. */
size_t reasm_deep_bytes(unsigned slots);
struct reasm_deep *reasm_grow(struct reasm *r, struct reasm_deep *deep, unsigned slots);
struct reasm_deep *reasm_shrink(struct reasm *r);
unsigned reasm_slots(const struct reasm *r);

/* All fragments held, whatever their state: for tearing down. Call until 0. */
unsigned reasm_drain(struct reasm *r, reasm_ref frags[], unsigned cap);

#include "dataplane/mp/reasm_inline.h" /* the short path of reasm_insert, reasm_pop and reasm_waiting */

#endif
