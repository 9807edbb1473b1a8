/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/mp/reasm.h"
#include "dataplane/mp/seq.h"

/* A script: what arrives or happens, the verdict, and what comes out of the pops that follow: p3-5 a packet of the
 * numbers 3 to 5, l7 a lost fragment, w9 a fragment delivered as it came. */

enum op { IN, JOIN, LEAVE, ARM, EXPIRE, ROOM, GROW, SHRINK, LOST, HELD };

struct step {
	enum op op;
	unsigned link; /* GROW: slots; LOST, HELD: the number expected */
	uint32_t seq;
	const char *be;
	enum reasm_verdict verdict;
	const char *out;
	bool reordered;
};

enum { STEPS_MAX = 24, OUT_MAX = 4096 };

struct script {
	const char *name;
	bool short_seq, tolerate;
	uint32_t start; /* the window's head before the links join */
	struct step steps[STEPS_MAX];
};

static const char *const verdict_names[] = {
	[REASM_HELD] = "held",
	[REASM_READY] = "ready",
	[REASM_WHOLE] = "whole",
	[REASM_LATE] = "late",
	[REASM_DUPLICATE] = "duplicate",
	[REASM_REORDERED] = "reordered",
	[REASM_OVERRUN] = "overrun",
};

struct bench {
	struct reasm r;
	struct reasm_more more;
	reasm_ref slots[REASM_SLOTS_MIN];
	reasm_ref frags[REASM_PACKET_FRAGS_MAX];
	uint32_t now_us;
	char out[OUT_MAX];
};
_Static_assert(offsetof(struct bench, slots) == REASM_SLOTS_AT, "where the window looks for them");

/* Any 32 bits may be a reference; those of number 0 are 0. */
static reasm_ref
ref_of(uint32_t seq)
{
	return seq * 0x9e3779b1u;
}

static uint32_t
seq_of(reasm_ref ref)
{
	return ref * 0x0e8b2f51u;
}

static void
note(struct bench *b, char what, uint32_t first, uint32_t last)
{
	const size_t used = strlen(b->out);
	char *at = b->out + used;

	if (first == last)
		snprintf(at, OUT_MAX - used, "%s%c%x", used != 0 ? " " : "", what, first);
	else
		snprintf(at, OUT_MAX - used, "%s%c%x-%x", used != 0 ? " " : "", what, first, last);
}

static void
pop_all(struct bench *b)
{
	enum reasm_out out;
	unsigned n;

	while ((n = reasm_pop(&b->r, b->frags, REASM_PACKET_FRAGS_MAX, &out)) != 0) {
		assert_int_not_equal(out, REASM_NONE);
		for (unsigned i = 1; i < n; i++)
			assert_int_equal(
				seq_of(b->frags[i]), seq_add(seq_of(b->frags[i - 1]), 1, b->r.short_seq ? 12 : 24));
		note(b, out == REASM_PACKET ? 'p' : 'l', seq_of(b->frags[0]), seq_of(b->frags[n - 1]));
	}
	assert_int_equal(out, REASM_NONE);
}

static enum reasm_verdict
insert(struct bench *b, unsigned link, uint32_t seq, const char *be, bool *reordered)
{
	const struct mp_view f = {
		.seq = seq,
		.begin = strchr(be, 'B') != NULL,
		.end = strchr(be, 'E') != NULL,
	};
	bool ignored;
	const enum reasm_verdict v =
		reasm_insert(&b->r, link, &f, ref_of(seq), b->now_us++, true, reordered != NULL ? reordered : &ignored);

	if (v == REASM_WHOLE)
		note(b, 'w', seq, seq);
	return v;
}

static void
grow(struct bench *b, unsigned slots)
{
	struct reasm_deep *deep = aligned_alloc(64, reasm_deep_bytes(slots));

	memset(deep, 0xa5, reasm_deep_bytes(slots)); /* the library has to initialise it */
	free(reasm_grow(&b->r, deep, slots));
}

static void
bench_fini(struct bench *b)
{
	while (reasm_drain(&b->r, b->frags, REASM_PACKET_FRAGS_MAX) != 0)
		;
	assert_int_equal(reasm_held(&b->r), 0);
	free(reasm_shrink(&b->r));
}

/* An empty window whose head is start. */
static void
bench_init(struct bench *b, bool short_seq, bool tolerate, uint32_t start)
{
	const unsigned bits = short_seq ? 12 : 24;

	memset(b, 0, sizeof(*b));
	b->now_us = UINT32_MAX - 10;
	reasm_init(&b->r, short_seq, tolerate);
	while (start != 0) {
		const uint32_t left = start < 1000000 ? start : 1000000;

		reasm_make_room(
			&b->r, seq_add(b->r.next, (left < (1u << (bits - 2)) ? left : 1u << (bits - 2)) + 63, bits));
		start -= left < (1u << (bits - 2)) ? left : 1u << (bits - 2);
	}
	b->r.lost = 0;
}

static void
run_step(struct bench *b, const struct script *s, size_t i)
{
	const struct step *st = &s->steps[i];
	enum reasm_verdict v = REASM_HELD;
	bool reordered = false;

	b->out[0] = '\0';
	switch (st->op) {
	case IN:
		v = insert(b, st->link, st->seq, st->be, &reordered);
		break;
	case JOIN:
		reasm_link_join(&b->r, st->link, &b->more);
		break;
	case LEAVE:
		reasm_link_leave(&b->r, st->link);
		break;
	case ARM:
		reasm_arm(&b->r);
		break;
	case EXPIRE:
		reasm_expire(&b->r);
		break;
	case ROOM:
		reasm_make_room(&b->r, st->seq);
		break;
	case GROW:
		grow(b, st->link);
		break;
	case SHRINK:
		free(reasm_shrink(&b->r));
		break;
	case LOST:
		assert_int_equal(reasm_lost(&b->r), st->link);
		return;
	case HELD:
		assert_int_equal(reasm_held(&b->r), st->link);
		assert_int_equal(reasm_waiting(&b->r), st->link != 0);
		return;
	}
	/* a window that is not ready has nothing to pop */
	const size_t before = strlen(b->out);

	pop_all(b);
	if (st->op == IN && v != REASM_READY && strlen(b->out) != before)
		fail_msg("%s, step %zu: verdict %s, but popped '%s'", s->name, i, verdict_names[v], b->out);
	if (v != st->verdict)
		fail_msg("%s, step %zu: %s, want %s", s->name, i, verdict_names[v], verdict_names[st->verdict]);
	if (strcmp(b->out, st->out != NULL ? st->out : "") != 0)
		fail_msg("%s, step %zu: got '%s', want '%s'", s->name, i, b->out, st->out != NULL ? st->out : "");
	if (reordered != st->reordered)
		fail_msg("%s, step %zu: reordered is %d", s->name, i, reordered);
}

static void
run_script(const struct script *s, unsigned deep_slots)
{
	struct bench b;

	bench_init(&b, s->short_seq, s->tolerate, s->start);
	if (deep_slots != 0)
		grow(&b, deep_slots);
	for (size_t i = 0; i < STEPS_MAX && (s->steps[i].be != NULL || s->steps[i].op != IN); i++)
		run_step(&b, s, i);
	bench_fini(&b);
}

#define J(l)                                      \
	{                                         \
		.op = JOIN, .link = (l), .be = "" \
	}
#define F(l, s, f, v, ...)                                                                        \
	{                                                                                         \
		.op = IN, .link = (l), .seq = (s), .be = (f), .verdict = REASM_##v, ##__VA_ARGS__ \
	}

/* clang-format off */
static const struct script scripts[] = {
	{"first_number_is_0", .steps = {J(0), J(1),
		F(0, 0, "BE", WHOLE, "w0"), F(1, 1, "BE", WHOLE, "w1"), F(1, 2, "BE", WHOLE, "w2"), {LOST, 0}}},
	{"numbers_missing_from_the_start_are_lost", .steps = {J(0),
		F(0, 2, "BE", READY, "p2"), {LOST, 2}}},
	{"packet_in_two_pieces_on_two_links", .steps = {J(0), J(1),
		F(0, 0, "B", HELD), {HELD, 1}, F(1, 1, "E", READY, "p0-1"), {HELD, 0}}},
	{"second_piece_first", .steps = {J(0), J(1),
		F(1, 1, "E", HELD), F(0, 0, "B", READY, "p0-1")}},
	{"packets_overtaken_wait_their_turn", .steps = {J(0), J(1),
		F(1, 1, "BE", HELD), F(1, 3, "BE", HELD), F(0, 0, "BE", READY, "p0 p1"),
		F(0, 2, "BE", READY, "p2 p3"),
		{LOST, 0}}},
	{"null_fragment_is_a_whole_packet", .steps = {J(0), J(1),
		F(0, 0, "BE", WHOLE, "w0"), F(1, 2, "BE", HELD), F(0, 1, "BE", READY, "p1 p2")}},

	/* RFC 1990 section 4.1 */
	{"loss_shows_when_all_links_went_past_it", .steps = {J(0), J(1),
		F(0, 0, "B", HELD), F(0, 2, "B", HELD), F(1, 3, "E", READY, "l0 p2-3"), {LOST, 1}}},
	{"loss_does_not_show_while_one_link_is_behind", .steps = {J(0), J(1),
		F(0, 1, "BE", HELD), F(0, 2, "BE", HELD), F(0, 3, "BE", HELD), {LOST, 0},
		F(1, 4, "BE", READY, "p1 p2 p3 p4"),
		{LOST, 1}}},
	{"lost_beginning_takes_the_rest_along", .steps = {J(0), J(1),
		F(0, 1, "", HELD), F(1, 2, "E", READY, "l1-2"), {LOST, 1}, F(0, 3, "BE", WHOLE, "w3")}},
	{"lost_middle_takes_both_sides_along", .steps = {J(0), J(1),
		F(0, 0, "B", HELD), F(0, 2, "", HELD), F(1, 3, "E", READY, "l0 l2-3"), {LOST, 1}}},
	{"lost_end_is_deduced_from_the_next_beginning", .steps = {J(0), J(1),
		F(0, 0, "B", HELD), F(1, 1, "", HELD), F(0, 3, "B", HELD), F(1, 4, "", READY, "l0-1"), {HELD, 2},
		{LOST, 1},
		F(0, 5, "E", READY, "p3-5")}},
	{"edge_in_the_middle_of_complete_packets_spares_them", .steps = {J(0), J(1),
		F(0, 1, "BE", HELD), F(0, 2, "B", HELD), F(0, 3, "E", HELD), F(1, 5, "BE", READY, "p1 p2-3"),
		{HELD, 1}, {LOST, 1},
		F(0, 4, "BE", READY, "p4 p5")}},
	{"one_link_alone_shows_loss_at_once", .steps = {J(0),
		F(0, 0, "B", HELD), F(0, 2, "E", READY, "l0 l2"), F(0, 4, "BE", READY, "p4"), {LOST, 2}}},
	{"three_links_need_all_three_past_it", .steps = {J(0), J(1), J(2),
		F(0, 1, "BE", HELD), F(1, 2, "BE", HELD), {LOST, 0}, F(2, 3, "BE", READY, "p1 p2 p3"), {LOST, 1}}},
	{"sixteenth_link_counts", .steps = {J(0), J(15),
		F(0, 1, "BE", HELD), F(15, 0, "BE", READY, "p0 p1"), F(0, 3, "BE", HELD),
		F(15, 4, "BE", READY, "p3 p4")}},

	/* mistakes of a sender */
	{"two_beginnings_without_an_end", .steps = {J(0), J(1),
		F(0, 0, "B", HELD), F(1, 1, "B", READY, "l0"), F(0, 2, "E", READY, "p1-2"), {LOST, 0}}},
	{"no_beginning_after_an_end", .steps = {J(0), J(1),
		F(0, 0, "BE", WHOLE, "w0"), F(1, 1, "E", READY, "l1"), F(0, 2, "", READY, "l2"),
		F(0, 3, "BE", WHOLE, "w3"), {LOST, 0}}},

	/* late, duplicate, reordered */
	{"late_fragment_is_refused", .steps = {J(0), J(1),
		F(0, 1, "BE", HELD), {ARM}, {EXPIRE, .out = "p1"}, {LOST, 1}, F(1, 0, "BE", LATE),
		F(1, 2, "BE", WHOLE, "w2")}},
	{"copy_of_a_delivered_fragment_is_late", .steps = {J(0), J(1),
		F(0, 0, "BE", WHOLE, "w0"), F(0, 0, "BE", LATE, .reordered = true), F(1, 0, "BE", LATE)}},
	{"copy_of_a_held_fragment_is_a_duplicate", .steps = {J(0), J(1),
		F(0, 1, "BE", HELD), F(1, 1, "BE", DUPLICATE), {HELD, 1}, F(1, 0, "BE", READY, "p0 p1")}},
	{"copy_on_the_same_link_is_a_duplicate_and_reordered", .steps = {J(0), J(1),
		F(0, 1, "BE", HELD), F(0, 1, "BE", DUPLICATE, .reordered = true), F(1, 0, "BE", READY, "p0 p1")}},
	{"strict_bundle_refuses_what_is_reordered_inside_a_link", .steps = {J(0), J(1),
		F(0, 2, "BE", HELD), F(0, 1, "BE", REORDERED, .reordered = true), F(0, 3, "BE", HELD),
		F(1, 0, "BE", READY, "p0"),
		{HELD, 2}, F(1, 4, "BE", READY, "p2 p3 p4"), {LOST, 1}}},
	{"strict_bundle_refuses_it_at_the_head_too", .steps = {J(0), J(1),
		F(0, 1, "BE", HELD), F(0, 0, "BE", REORDERED, .reordered = true), F(1, 0, "BE", READY, "p0 p1")}},
	{"tolerant_bundle_keeps_what_is_reordered_inside_a_link", .tolerate = true, .steps = {J(0), J(1),
		F(0, 2, "BE", HELD), F(0, 1, "BE", HELD, .reordered = true), F(1, 0, "BE", READY, "p0 p1 p2"),
		{LOST, 0}}},
	{"tolerant_bundle_waits_for_a_single_link_to_reorder", .tolerate = true, .steps = {J(0),
		F(0, 0, "BE", WHOLE, "w0"), F(0, 3, "BE", HELD), F(0, 2, "BE", HELD, .reordered = true),
		F(0, 1, "BE", READY, "p1 p2 p3", .reordered = true), {LOST, 0}}},
	{"tolerant_bundle_gives_up_16_numbers_after_the_edge", .tolerate = true, .steps = {J(0),
		F(0, 1, "BE", HELD), F(0, 15, "BE", HELD), F(0, 16, "BE", READY, "p1"), {LOST, 1}, {HELD, 2}}},

	/* wrap */
	{"short_numbers_wrap", .short_seq = true, .start = 0xffe, .steps = {J(0), J(1),
		F(0, 0xffe, "B", HELD), F(1, 0, "E", HELD), F(0, 0xfff, "", READY, "pffe-0"),
		F(0, 1, "BE", WHOLE, "w1"),
		F(1, 0xffe, "B", LATE, .reordered = true), {LOST, 0}}},
	{"long_numbers_wrap", .start = 0xfffffe, .steps = {J(0), J(1),
		F(0, 0xfffffe, "B", HELD), F(1, 0, "E", HELD), F(0, 0xffffff, "", READY, "pfffffe-0"),
		F(0, 1, "BE", WHOLE, "w1"),
		F(1, 0xfffffe, "B", LATE, .reordered = true), {LOST, 0}}},
	{"loss_across_the_wrap", .start = 0xfffffe, .steps = {J(0), J(1),
		F(0, 0xfffffe, "B", HELD), F(0, 1, "BE", HELD), F(1, 0, "E", READY, "lfffffe l0 p1"), {LOST, 1}}},
	{"short_loss_across_the_wrap", .short_seq = true, .start = 0xffe, .steps = {J(0), J(1),
		F(0, 0xffe, "B", HELD), F(0, 1, "BE", HELD), F(1, 0, "E", READY, "lffe l0 p1"), {LOST, 1}}},
	{"long_numbers_do_not_wrap_at_4096", .start = 0xfff, .steps = {J(0), J(1),
		F(0, 0xfff, "B", HELD), F(1, 0x1000, "E", READY, "pfff-1000"), {LOST, 0}}},

	/* links come and go */
	{"link_that_joins_in_mid_stream_counts_no_gap", .start = 12345, .steps = {J(0),
		F(0, 12345, "BE", WHOLE, "w3039"), J(1), F(1, 12347, "BE", HELD),
		F(0, 12346, "BE", READY, "p303a p303b"),
		F(1, 12348, "BE", WHOLE, "w303c"), {LOST, 0}}},
	{"link_that_joins_protects_what_is_under_way_on_it", .steps = {J(0),
		F(0, 0, "BE", WHOLE, "w0"), J(1), F(0, 2, "BE", HELD), F(0, 3, "BE", HELD),
		F(1, 1, "BE", READY, "p1 p2 p3"), {LOST, 0}}},
	{"link_that_leaves_releases_what_waited_for_it", .steps = {J(0), J(1),
		F(0, 0, "B", HELD), F(0, 2, "BE", HELD), F(0, 4, "BE", HELD), {LEAVE, 1, .out = "l0 p2 p4"},
		{LOST, 2}, {HELD, 0}}},
	{"link_that_leaves_keeps_what_others_may_bring", .steps = {J(0), J(1), J(2),
		F(0, 1, "BE", HELD), F(1, 2, "BE", HELD), {LEAVE, 1}, {HELD, 2}, F(2, 0, "BE", READY, "p0 p1 p2"),
		{LOST, 0}}},
	{"last_link_that_leaves_releases_everything", .steps = {J(0), J(1),
		F(0, 1, "BE", HELD), F(0, 3, "B", HELD), {LEAVE, 0}, {HELD, 2}, {LEAVE, 1, .out = "p1 l3"},
		{HELD, 0}}},
	{"bundle_of_no_link_starts_again_where_it_was", .start = 100, .steps = {J(0),
		F(0, 100, "BE", WHOLE, "w64"), {LEAVE, 0}, J(1), F(1, 101, "BE", WHOLE, "w65"), {LOST, 0}}},
	{"link_that_left_is_heard_but_does_not_count", .steps = {J(0), J(1),
		F(1, 0, "BE", WHOLE, "w0"), {LEAVE, 1}, F(1, 2, "BE", HELD), F(0, 1, "BE", READY, "p1 p2")}},
	{"link_that_rejoins_starts_at_the_head", .steps = {J(0), J(1),
		F(1, 0, "BE", WHOLE, "w0"), {LEAVE, 1}, F(0, 1, "BE", WHOLE, "w1"), F(0, 2, "BE", WHOLE, "w2"), J(1),
		F(0, 4, "BE", HELD), F(1, 3, "BE", READY, "p3 p4"), {LOST, 0}}},
	{"number_of_a_link_out_of_range_is_ignored", .steps = {J(16), J(0), {LEAVE, 16}, {LEAVE, 5},
		F(16, 1, "BE", HELD), F(0, 0, "BE", READY, "p0 p1")}},

	/* deadline */
	{"silent_link_stalls_until_the_deadline", .steps = {J(0), J(1),
		F(1, 0, "BE", WHOLE, "w0"), F(0, 1, "BE", WHOLE, "w1"), F(0, 3, "BE", HELD), F(0, 4, "BE", HELD),
		{ARM},
		F(0, 6, "BE", HELD), {EXPIRE, .out = "p3 p4"}, {HELD, 1}, {LOST, 1}, {ARM}, {EXPIRE, .out = "p6"},
		{LOST, 2}, {HELD, 0}}},
	{"tail_of_a_packet_lost_then_silence", .steps = {J(0), J(1),
		F(0, 0, "B", HELD), {ARM}, {EXPIRE, .out = "l0"}, {HELD, 0}, {LOST, 0}, F(1, 1, "E", READY, "l1"),
		F(0, 2, "BE", WHOLE, "w2")}},
	{"packet_under_way_at_the_deadline_goes_whole", .steps = {J(0), J(1),
		F(0, 1, "B", HELD), {ARM}, F(0, 2, "E", HELD), {EXPIRE, .out = "p1-2"}, {LOST, 1}}},
	{"deadline_after_everything_left_gives_up_nothing", .steps = {J(0), J(1),
		F(0, 1, "BE", HELD), {ARM}, F(1, 0, "BE", READY, "p0 p1"), F(0, 3, "BE", HELD), {EXPIRE},
		{HELD, 1}, {LOST, 0}}},
	{"deadline_never_armed_gives_up_nothing", .steps = {J(0), J(1),
		F(0, 1, "BE", HELD), {EXPIRE}, {HELD, 1}, {LOST, 0}}},

	/* windows that are too small */
	{"fragment_beyond_the_window_is_an_overrun", .steps = {J(0), J(1),
		F(0, 63, "BE", HELD), F(0, 64, "BE", OVERRUN), {HELD, 1}, {ROOM, .seq = 64}, {LOST, 1},
		F(0, 64, "BE", HELD), {HELD, 2}}},
	{"room_is_made_by_giving_up_the_oldest_gap_only", .steps = {J(0), J(1),
		F(0, 1, "BE", HELD), F(0, 3, "BE", HELD), F(0, 64, "BE", OVERRUN), {ROOM, .seq = 64, .out = "p1"},
		F(0, 64, "BE", HELD), {HELD, 2}, {LOST, 1}, F(1, 2, "BE", READY, "p2 p3")}},
	{"room_is_made_in_an_empty_window", .steps = {J(0), J(1),
		F(0, 5000, "BE", OVERRUN), {ROOM, .seq = 5000}, {LOST, 4937}, F(0, 5000, "BE", HELD),
		F(1, 4999, "BE", READY, "p1387 p1388")}},
	{"room_is_made_far_ahead_of_what_is_held", .steps = {J(0), J(1),
		F(0, 1, "BE", HELD), F(0, 3, "B", HELD), F(0, 9999, "BE", OVERRUN),
		{ROOM, .seq = 9999, .out = "p1 l3"}, {HELD, 0}, {LOST, 9934},
		F(0, 9999, "BE", HELD)}},
	{"room_for_a_number_that_fits_changes_nothing", .steps = {J(0), J(1),
		F(0, 1, "BE", HELD), {ROOM, .seq = 63}, {ROOM, .seq = 0}, {ROOM, .seq = 0xffffff}, {HELD, 1},
		{LOST, 0}}},
	{"grown_window_keeps_everything", .steps = {J(0), J(1),
		F(0, 1, "B", HELD), F(0, 2, "E", HELD), F(0, 63, "BE", HELD), F(0, 64, "BE", OVERRUN),
		{GROW, 128}, {HELD, 3},
		F(0, 64, "BE", HELD), {GROW, 16384}, F(0, 127, "BE", HELD), F(0, 16383, "BE", HELD),
		F(0, 16384, "BE", OVERRUN),
		F(1, 0, "BE", READY, "p0 p1-2"), {ARM}, {EXPIRE, .out = "p3f p40 p7f p3fff"}, {SHRINK},
		F(0, 16384, "BE", WHOLE, "w4000")}},
	{"grown_window_has_more_links", .steps = {J(0), {GROW, 256}, J(1), J(2), F(2, 200, "BE", HELD),
		F(1, 201, "BE", HELD),
		F(0, 202, "BE", READY, "pc8 pc9 pca"), {SHRINK}, F(2, 204, "BE", HELD), F(1, 205, "BE", HELD),
		F(0, 203, "BE", READY, "pcb pcc pcd")}},
	{"window_with_held_fragments_does_not_shrink", .steps = {J(0), J(1), {GROW, 128}, F(0, 100, "BE", HELD),
		{SHRINK}, {HELD, 1},
		F(0, 120, "BE", HELD)}},
};
/* clang-format on */

static void
scripts_on_64_slots(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
		run_script(&scripts[i], 0);
}

/* The same through the code for deep windows, where nothing depends on the window's size. */
static void
scripts_on_deep_windows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		bool sized = false;

		for (size_t k = 0; k < STEPS_MAX; k++)
			sized |= scripts[i].steps[k].op >= ROOM && scripts[i].steps[k].op <= SHRINK;
		if (!sized) {
			run_script(&scripts[i], 128);
			run_script(&scripts[i], scripts[i].short_seq ? 2048 : 16384);
		}
	}
}

/* n fragments of one packet, on a window that is deep enough. */
static void
long_packet(unsigned n, const char *want)
{
	struct bench b;

	bench_init(&b, false, false, 0);
	reasm_link_join(&b.r, 0, NULL);
	grow(&b, 1024);
	for (unsigned i = 0; i < n; i++) {
		insert(&b, 0, i, i == 0 ? "B" : i == n - 1 ? "E" : "", NULL);
		pop_all(&b);
	}
	insert(&b, 0, n, "BE", NULL);
	pop_all(&b);
	assert_string_equal(b.out, want);
	assert_int_equal(reasm_lost(&b.r), 0);
	bench_fini(&b);
}

static void
packet_of_256_fragments_is_delivered(void **state)
{
	(void)state;
	long_packet(255, "p0-fe wff");
	long_packet(256, "p0-ff w100");
}

static void
longer_packet_is_yielded_as_lost(void **state)
{
	(void)state;
	long_packet(257, "l0-ff l100 w101");
	long_packet(258, "l0-ff l100 l101 w102");
}

static void
packet_that_fills_the_window_gives_way(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, false, false, 0);
	reasm_link_join(&b.r, 0, NULL);
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(insert(&b, 0, i, i == 0 ? "B" : "", NULL), REASM_HELD);
	assert_int_equal(insert(&b, 0, 64, "E", NULL), REASM_OVERRUN);
	reasm_make_room(&b.r, 64);
	pop_all(&b);
	assert_string_equal(b.out, "l0-3f");
	assert_int_equal(insert(&b, 0, 64, "E", NULL), REASM_READY);
	pop_all(&b);
	assert_int_equal(insert(&b, 0, 65, "BE", NULL), REASM_WHOLE);
	assert_int_equal(reasm_lost(&b.r), 0);
	bench_fini(&b);
}

/* A link that carried one packet and fell silent, on a bundle that goes on for several rounds of the circle: its last
 * number must not come round and pass for a new one (M), nor what it brings at last pass for reordered. */
static void
link_idle_for_ages_is_neither_ahead_nor_reordered(bool short_seq, uint32_t ages)
{
	const unsigned bits = short_seq ? 12 : 24;
	struct bench b;

	bench_init(&b, short_seq, false, 0);
	reasm_link_join(&b.r, 0, NULL);
	reasm_link_join(&b.r, 1, NULL);
	assert_int_equal(insert(&b, 1, 0, "BE", NULL), REASM_WHOLE);
	for (uint32_t i = 1; i < ages; i++) {
		bool reordered = true;

		b.out[0] = '\0';
		assert_int_equal(insert(&b, 0, seq_add(0, i, bits), "BE", &reordered), REASM_WHOLE);
		if (i % 97 == 0) { /* the other one is ahead by a packet: must wait for us */
			assert_int_equal(insert(&b, 0, seq_add(0, i + 2, bits), "BE", NULL), REASM_HELD);
			if (i % 3589 == 0) { /* rarely: less than once a round */
				assert_int_equal(insert(&b, 1, seq_add(0, i + 1, bits), "BE", &reordered), REASM_READY);
				assert_false(reordered);
			} else {
				reasm_arm(&b.r);
				reasm_expire(&b.r);
			}
			b.out[0] = '\0';
			pop_all(&b);
			i += 2;
		}
	}
	bench_fini(&b);
}

static void
idle_link_does_not_come_round(void **state)
{
	(void)state;
	link_idle_for_ages_is_neither_ahead_nor_reordered(true, 40000);
	link_idle_for_ages_is_neither_ahead_nor_reordered(false, 200000);
}

/* A deadline that was armed ages ago must not come round either. */
static void
old_mark_does_not_come_round(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, true, false, 0);
	reasm_link_join(&b.r, 0, NULL);
	reasm_link_join(&b.r, 1, NULL);
	insert(&b, 0, 1, "BE", NULL);
	reasm_arm(&b.r);
	insert(&b, 1, 0, "BE", NULL);
	pop_all(&b);
	for (uint32_t i = 2; i < 20000; i++) {
		const uint32_t lost = reasm_lost(&b.r);

		assert_int_equal(insert(&b, 0, i & 0xfff, "BE", NULL), REASM_WHOLE);
		b.out[0] = '\0';
		reasm_expire(&b.r);
		pop_all(&b);
		assert_int_equal(reasm_lost(&b.r), lost);
	}
	bench_fini(&b);
}

/* Link 0 is ahead; link 1 is late, and then silent. All around the circle, and ages after its deadline was armed. */
static void
edge_moves_while_the_late_link_is_heard(void **state)
{
	static const struct {
		bool short_seq;
		uint32_t start;
	} rows[] = {{false, 0}, {false, 0xfffffe}, {true, 0}, {true, 0xffd}, {false, 0x7ffffe}, {true, 1022}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const unsigned bits = rows[i].short_seq ? 12 : 24;
		const uint32_t s = rows[i].start;
		struct bench b;

		bench_init(&b, rows[i].short_seq, i % 2 != 0, s);
		if (i >= 4)
			grow(&b, 128);
		reasm_link_join(&b.r, 0, NULL);
		reasm_link_join(&b.r, 1, NULL);
		assert_false(reasm_edge_moved(&b.r));
		insert(&b, 0, s, "BE", NULL);
		insert(&b, 0, seq_add(s, 2, bits), "BE", NULL);
		insert(&b, 0, seq_add(s, 4, bits), "BE", NULL);
		reasm_arm(&b.r);
		assert_false(reasm_edge_moved(&b.r));
		insert(&b, 0, seq_add(s, 6, bits), "BE", NULL); /* the one that is ahead says nothing */
		assert_false(reasm_edge_moved(&b.r));
		insert(&b, 1, seq_add(s, 1, bits), "BE", NULL);
		pop_all(&b);
		assert_true(reasm_edge_moved(&b.r));
		assert_false(reasm_edge_moved(&b.r)); /* not since */
		insert(&b, 1, seq_add(s, 3, bits), "BE", NULL);
		pop_all(&b);
		assert_false(reasm_edge_moved(&b.r)); /* what the deadline was for has left */
		reasm_arm(&b.r);
		reasm_expire(&b.r);
		assert_false(reasm_edge_moved(&b.r)); /* too late */
		pop_all(&b);
		for (uint32_t n = 7; n < 10000; n++) {
			insert(&b, 0, seq_add(s, n, bits), "BE", NULL);
			b.out[0] = '\0';
		}
		insert(&b, 0, seq_add(s, 10001, bits), "BE", NULL);
		reasm_arm(&b.r);
		assert_false(reasm_edge_moved(&b.r));
		reasm_link_leave(&b.r, 0);
		reasm_link_leave(&b.r, 1);
		assert_false(reasm_edge_moved(&b.r));
		bench_fini(&b);
	}
}

/* Fragments until the window delivers again after the sender jumped from number from to number to. */
static unsigned
fragments_until_recovery(bool short_seq, uint32_t from, uint32_t to, unsigned links)
{
	const unsigned bits = short_seq ? 12 : 24;
	unsigned good = 0, n = 0;
	struct bench b;

	bench_init(&b, short_seq, false, from - 10);
	for (unsigned link = 0; link < links; link++)
		reasm_link_join(&b.r, link, &b.more);
	for (uint32_t i = 0; i < 10; i++)
		insert(&b, i % links, from - 10 + i, "BE", NULL);
	for (; good < 100 && n < 10000; n++) {
		const uint32_t seq = seq_add(to, n, bits);

		b.out[0] = '\0';
		if (insert(&b, n % links, seq, "BE", NULL) == REASM_OVERRUN) {
			reasm_make_room(&b.r, seq);
			pop_all(&b);
			assert_int_not_equal(insert(&b, n % links, seq, "BE", NULL), REASM_OVERRUN);
		}
		pop_all(&b);
		good = b.out[0] != '\0' ? good + 1 : 0;
	}
	bench_fini(&b);
	return n - good;
}

static const struct {
	bool short_seq;
	uint32_t from, to;
} jumps[] = {
	{true, 100, 101 + 64},
	{true, 100, 100 + 1000},
	{true, 100, 100 + 2047},
	{true, 100, 100 + 2048}, /* half the circle: looks like the past from here on */
	{true, 100, 100 + 3000},
	{true, 100, 4090},
	{true, 100, 0},
	{true, 3000, 10},
	{false, 0x1000, 0x1000 + 0x7fffff},
	{false, 0x1000, 0x900000},
	{false, 9000000, 0}, /* a peer that starts again */
	{false, 1000, 0},
	{false, 0xffff00, 0x10},
};

static void
window_recovers_from_any_jump_within_200_fragments(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++)
		for (unsigned links = 1; links <= 4; links++) {
			const unsigned n =
				fragments_until_recovery(jumps[i].short_seq, jumps[i].from, jumps[i].to, links);

			if (n > 200)
				fail_msg("jump %zu, %u links: %u fragments", i, links, n);
		}
}

/* A slow link that delivers nothing but late fragments for long must not be taken for a jump. */
static void
backlog_of_a_slow_link_does_not_turn_time_back(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, false, false, 0);
	reasm_link_join(&b.r, 0, NULL);
	reasm_link_join(&b.r, 1, NULL);
	for (uint32_t seq = 1; seq < 4000; seq += 2) {
		insert(&b, 0, seq, "BE", NULL);
		reasm_arm(&b.r);
		reasm_expire(&b.r);
		b.out[0] = '\0';
		pop_all(&b);
	}
	for (uint32_t seq = 0; seq < 4000; seq += 2) {
		bool reordered = true;

		assert_int_equal(insert(&b, 1, seq, "BE", &reordered), REASM_LATE);
		assert_false(reordered);
	}
	assert_int_equal(insert(&b, 1, 4000, "BE", NULL), REASM_WHOLE);
	bench_fini(&b);
}

/* Strays count from the last fragment accepted, not for the life of the bundle. */
static void
single_strays_do_not_add_up(void **state)
{
	struct bench b;

	(void)state;
	bench_init(&b, false, false, 100000);
	reasm_link_join(&b.r, 0, NULL);
	for (uint32_t i = 0; i < 1000; i++) {
		b.out[0] = '\0';
		assert_int_equal(insert(&b, 0, 100000 + i, "BE", NULL), REASM_WHOLE);
		assert_int_equal(insert(&b, 0, i, "BE", NULL), REASM_LATE);
	}
	bench_fini(&b);
}

static void
lag_of_the_slower_link_is_measured(void **state)
{
	uint32_t lag_us = 0;
	unsigned link = 9;
	struct bench b;

	(void)state;
	bench_init(&b, false, false, 0);
	reasm_link_join(&b.r, 0, NULL);
	reasm_link_join(&b.r, 1, NULL);
	b.now_us = UINT32_MAX - 1000;
	assert_false(reasm_lag(&b.r, &link, &lag_us));
	insert(&b, 0, 1, "BE", NULL); /* 0 is on the other link */
	b.now_us += 1999;
	insert(&b, 0, 3, "BE", NULL);
	b.now_us += 2999;
	assert_false(reasm_lag(&b.r, &link, &lag_us));
	insert(&b, 1, 0, "BE", NULL);
	assert_true(reasm_lag(&b.r, &link, &lag_us));
	assert_int_equal(link, 1);
	assert_int_equal(reasm_lag_against(&b.r), 0);
	assert_int_equal(lag_us, 5000);
	assert_false(reasm_lag(&b.r, &link, &lag_us));
	bench_fini(&b);
}

static void
lag_is_measured_even_if_the_deadline_was_too_early(void **state)
{
	uint32_t lag_us = 0;
	unsigned link = 9;
	struct bench b;

	(void)state;
	bench_init(&b, false, false, 0);
	for (unsigned i = 0; i < 3; i++)
		reasm_link_join(&b.r, i, &b.more);
	b.now_us = 0;
	insert(&b, 0, 1, "BE", NULL);
	reasm_arm(&b.r);
	reasm_expire(&b.r);
	pop_all(&b);
	b.now_us = 70000;
	assert_int_equal(insert(&b, 2, 0, "BE", NULL), REASM_LATE);
	assert_true(reasm_lag(&b.r, &link, &lag_us));
	assert_int_equal(link, 2);
	assert_int_equal(lag_us, 70000);
	bench_fini(&b);
}

static void
lost_fragment_does_not_stop_the_measuring(void **state)
{
	uint32_t lag_us = 0;
	unsigned link = 9;
	struct bench b;

	(void)state;
	bench_init(&b, false, false, 0);
	reasm_link_join(&b.r, 0, NULL);
	reasm_link_join(&b.r, 1, NULL);
	insert(&b, 0, 1, "BE", NULL); /* 0 is lost, and known to be with 2 */
	insert(&b, 1, 2, "BE", NULL);
	pop_all(&b);
	b.now_us = 100;
	insert(&b, 0, 4, "BE", NULL);
	b.now_us = 400;
	insert(&b, 1, 3, "BE", NULL);
	assert_true(reasm_lag(&b.r, &link, &lag_us));
	assert_int_equal(link, 1);
	assert_int_equal(lag_us, 300);
	bench_fini(&b);
}

static void
fragments_in_order_are_no_gap_to_measure(void **state)
{
	uint32_t lag_us = 0;
	unsigned link = 9;
	struct bench b;

	(void)state;
	bench_init(&b, false, false, 0);
	reasm_link_join(&b.r, 0, NULL);
	reasm_link_join(&b.r, 1, NULL);
	b.now_us = 1000;
	insert(&b, 0, 0, "B", NULL);
	insert(&b, 0, 1, "", NULL);
	insert(&b, 0, 2, "E", NULL);
	pop_all(&b);
	b.now_us = 2000;
	insert(&b, 0, 4, "BE", NULL);
	b.now_us = 2500;
	insert(&b, 1, 3, "BE", NULL);
	assert_true(reasm_lag(&b.r, &link, &lag_us));
	assert_int_equal(link, 1);
	assert_int_equal(lag_us, 500);
	bench_fini(&b);
}

static void
drain_returns_every_fragment_once(void **state)
{
	static const uint32_t held[] = {1, 2, 5, 40, 63};
	struct bench b;
	unsigned n;

	(void)state;
	for (unsigned slots = 64; slots <= 256; slots *= 4) {
		bench_init(&b, false, false, 0);
		if (slots > 64)
			grow(&b, slots);
		reasm_link_join(&b.r, 0, NULL);
		reasm_link_join(&b.r, 1, NULL);
		for (size_t i = 0; i < 5; i++)
			insert(&b, 0, held[i], "B", NULL);
		assert_int_equal(reasm_drain(&b.r, b.frags, 2), 2);
		assert_int_equal(seq_of(b.frags[0]), 1);
		assert_int_equal(seq_of(b.frags[1]), 2);
		n = reasm_drain(&b.r, b.frags, REASM_PACKET_FRAGS_MAX);
		assert_int_equal(n, 3);
		for (size_t i = 0; i < 3; i++)
			assert_int_equal(seq_of(b.frags[i]), held[i + 2]);
		assert_int_equal(reasm_drain(&b.r, b.frags, REASM_PACKET_FRAGS_MAX), 0);
		bench_fini(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scripts_on_64_slots),
		cmocka_unit_test(scripts_on_deep_windows),
		cmocka_unit_test(packet_of_256_fragments_is_delivered),
		cmocka_unit_test(longer_packet_is_yielded_as_lost),
		cmocka_unit_test(packet_that_fills_the_window_gives_way),
		cmocka_unit_test(idle_link_does_not_come_round),
		cmocka_unit_test(old_mark_does_not_come_round),
		cmocka_unit_test(edge_moves_while_the_late_link_is_heard),
		cmocka_unit_test(window_recovers_from_any_jump_within_200_fragments),
		cmocka_unit_test(backlog_of_a_slow_link_does_not_turn_time_back),
		cmocka_unit_test(single_strays_do_not_add_up),
		cmocka_unit_test(lag_of_the_slower_link_is_measured),
		cmocka_unit_test(lag_is_measured_even_if_the_deadline_was_too_early),
		cmocka_unit_test(lost_fragment_does_not_stop_the_measuring),
		cmocka_unit_test(fragments_in_order_are_no_gap_to_measure),
		cmocka_unit_test(drain_returns_every_fragment_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
