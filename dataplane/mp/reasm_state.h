/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_MP_REASM_STATE_H
#define DATAPLANE_MP_REASM_STATE_H

#include <stddef.h>
#include <stdint.h>

/* Fields of the receive window. Private to mp/: everyone else uses the functions of reasm.h; they are visible only
 * so that a bundle can embed the window and the short path can be inlined. */

/* Three maps of 64 numbers, bit = number modulo 64. Larger windows have several of these, in the order of the numbers. */
struct reasm_map {
	uint64_t present; /* held; begin and end are zero where present is */
	uint64_t begin;
	uint64_t end;
};

/* One cache line; put it at the start of one. Slot and map bit of number s: s modulo the number of slots. The 64 slots of a small window
 * are the caller's, behind a line that the window leaves to him. */
enum { REASM_SLOTS_AT = 128 };

struct reasm {
	union {
		struct reasm_map map;  /* not has_deep */
		struct {               /* has_deep */
			uint64_t held; /* as map.present, zero when nothing is held */
			struct reasm_deep *at;
		} deep;
	};
	union {
		struct reasm_more *more;  /* has_more */
		uint64_t size_everywhere; /* the same layout where a pointer has four bytes */
	};
	uint32_t next;
	uint32_t last[2];  /* last number received on links 0 and 1 */
	uint32_t lost;     /* numbers given up since init */
	uint32_t probe_us; /* probing: when the gap opened; lag_ready: the lag measured */

	uint32_t mark : 24; /* newest number held when the deadline was armed */
	uint32_t stray : 8; /* fragments that went far backward on their own link since the last one accepted */

	union {
		struct {
			uint32_t
				floor : 24; /* forced: up to here everything has to leave; else where M was (reasm_edge_moved) */
			uint32_t forced : 1;
			uint32_t short_seq : 1;
			uint32_t tolerate : 1;
			uint32_t has_more : 1;
			uint32_t has_deep : 1;
			uint32_t joined : 2; /* links 0 and 1 */
			uint32_t probing : 1;
		};
		uint32_t kind; /* all of these, to ask for several at once */
	};

	uint32_t probe : 24; /* probing: number whose arrival is being timed; lag_ready: the link it came on */
	uint32_t lag_ready : 1;
	uint32_t slots_log2 : 3; /* has_deep: of the slots, less 7 */
	uint32_t against : 4;    /* the link that was ahead: its fragment opened the gap that is or was timed */
};

_Static_assert(sizeof(struct reasm) == 64, "the window's hot part is one cache line");

/* Links 2 to 15: one more line. */
enum { REASM_MORE = 14 };
#define REASM_APART UINT32_C(0x80000000) /* in place of a last number: the link has not joined */

struct reasm_more {
	uint64_t n; /* last_more[n] and those behind have never joined */
	uint32_t last_more[REASM_MORE];
};
_Static_assert(sizeof(struct reasm_more) == 64, "one line");

/* A window of 128 to 16384 slots: slots / 64 maps, then the slots. */
struct reasm_deep {
	struct reasm_map maps[1];
};

#endif
