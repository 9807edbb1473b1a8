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
#include "dataplane/mp/window.h"

/* Bundles on a virtual clock: packets are cut over lines of different delay, arrive or get lost, and the test plays
 * the caller of the window: it keeps the deadline, grows windows under a budget, and makes room when there is none
 * left. */

enum { LINES = 4, NEVER = INT32_MAX };

struct frag {
	uint32_t seq;
	uint32_t packet;
	uint32_t arrival_us;
	uint16_t index, count; /* of its packet */
	bool lost, out;
};

struct line {
	uint32_t delay_us, jitter_us;
	uint32_t loss_per_mille, dup_per_mille, swap_per_mille;
	uint32_t silent_after; /* packets */
	struct frag **queue;   /* in order of arrival */
	uint32_t *when_us;
	uint32_t n, next;
};

struct bundle {
	struct reasm r;
	struct reasm_more more;
	reasm_ref slots[REASM_SLOTS_MIN];
	struct line line[LINES];
	unsigned lines;
	bool short_seq, tolerate;

	struct frag *frags;
	uint32_t n_frags, n_packets, frags_per_packet;
	uint32_t interval_us;
	uint32_t *left; /* fragments of a packet that did not get lost */

	struct window_skew skew[LINES];
	uint32_t stall_us; /* T */
	uint32_t deadline_us, waiting_since_us;
	bool armed;

	uint32_t delivered, last_packet, longest_us, deepest, evicted;
	uint32_t first_loss_free; /* every complete packet from this one on has to be delivered */
	bool *got;
};
_Static_assert(offsetof(struct bundle, slots) == REASM_SLOTS_AT, "where the window looks for them");

static uint64_t rng;

static uint32_t
chance(uint32_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return n != 0 ? (uint32_t)(rng >> 20) % n : 0;
}

/* Memory for deep windows, all bundles together. */
struct budget {
	uint32_t slots, slots_max, most;
	struct bundle *all;
	unsigned n;
};

static const struct window_limits limits = {
	.stall_min_us = 10000, .stall_max_us = 1000000, .slots_max = REASM_SLOTS_MAX};

/* Sending. */

static void
line_put(struct line *l, struct frag *f, uint32_t sent_us)
{
	uint32_t at = sent_us + l->delay_us + chance(l->jitter_us + 1);

	if (l->n > 0 && at < l->when_us[l->n - 1])
		at = l->when_us[l->n - 1]; /* a line keeps the order */
	l->queue[l->n] = f;
	l->when_us[l->n++] = at;
}

static void
line_swap(struct line *l)
{
	const uint32_t back = 1 + chance(6);

	if (l->n <= back)
		return;
	struct frag *t = l->queue[l->n - 1];

	memmove(&l->queue[l->n - back], &l->queue[l->n - 1 - back], back * sizeof(t));
	l->queue[l->n - 1 - back] = t;
}

static void
send_fragment(struct bundle *b, struct frag *f, unsigned line)
{
	struct line *l = &b->line[line];
	const uint32_t sent_us = f->packet * b->interval_us;

	f->lost = chance(1000) < l->loss_per_mille || f->packet >= l->silent_after;
	if (f->lost)
		return;
	b->left[f->packet]++;
	line_put(l, f, sent_us);
	if (chance(1000) < l->swap_per_mille)
		line_swap(l);
	if (chance(1000) < l->dup_per_mille)
		line_put(l, f, sent_us);
}

static void
send_all(struct bundle *b)
{
	uint32_t n = 0;

	for (uint32_t p = 0; p < b->n_packets; p++)
		for (uint32_t i = 0; i < b->frags_per_packet; i++, n++) {
			b->frags[n] = (struct frag){
				.seq = n, .packet = p, .index = (uint16_t)i, .count = (uint16_t)b->frags_per_packet};
			send_fragment(b, &b->frags[n], n % b->lines);
		}
}

static void
bundle_init(struct bundle *b)
{
	b->n_frags = b->n_packets * b->frags_per_packet;
	b->frags = calloc(b->n_frags, sizeof(*b->frags));
	b->left = calloc(b->n_packets, sizeof(*b->left));
	b->got = calloc(b->n_packets, sizeof(*b->got));
	b->last_packet = UINT32_MAX;
	reasm_init(&b->r, b->short_seq, b->tolerate);
	for (unsigned i = 0; i < b->lines; i++) {
		b->line[i].queue = calloc(2 * b->n_frags, sizeof(struct frag *));
		b->line[i].when_us = calloc(2 * b->n_frags, sizeof(uint32_t));
		if (b->line[i].silent_after == 0)
			b->line[i].silent_after = NEVER;
		reasm_link_join(&b->r, i, &b->more);
	}
	b->deepest = REASM_SLOTS_MIN;
	send_all(b);
}

static void
bundle_fini(struct bundle *b)
{
	assert_int_equal(reasm_held(&b->r), 0);
	free(reasm_shrink(&b->r));
	for (unsigned i = 0; i < b->lines; i++) {
		free(b->line[i].queue);
		free(b->line[i].when_us);
	}
	free(b->frags);
	free(b->left);
	free(b->got);
}

/* Receiving. */

static void
frag_out(struct bundle *b, struct frag *f, uint32_t now_us)
{
	const uint32_t held_us = now_us - f->arrival_us;

	assert_false(f->out); /* nothing comes out twice */
	f->out = true;
	b->longest_us = held_us > b->longest_us ? held_us : b->longest_us;
}

/* A packet is its own fragments, all of them, in order, and newer than the one before. */
static void
deliver(struct bundle *b, struct frag **f, unsigned n, uint32_t now_us)
{
	assert_int_equal(n, f[0]->count);
	assert_true(b->last_packet == UINT32_MAX || f[0]->packet > b->last_packet);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(f[i]->packet, f[0]->packet);
		assert_int_equal(f[i]->index, i);
		frag_out(b, f[i], now_us);
	}
	b->last_packet = f[0]->packet;
	b->got[f[0]->packet] = true;
	b->delivered++;
}

static void
pop_all(struct bundle *b, uint32_t now_us)
{
	reasm_ref refs[REASM_PACKET_FRAGS_MAX];
	struct frag *frags[REASM_PACKET_FRAGS_MAX];
	enum reasm_out out;
	unsigned n;

	while ((n = reasm_pop(&b->r, refs, REASM_PACKET_FRAGS_MAX, &out)) != 0) {
		for (unsigned i = 0; i < n; i++)
			frags[i] = &b->frags[refs[i]];
		if (out == REASM_PACKET)
			deliver(b, frags, n, now_us);
		else
			for (unsigned i = 0; i < n; i++)
				frag_out(b, frags[i], now_us);
	}
}

static void
keep_deadline(struct bundle *b, uint32_t now_us)
{
	if (!reasm_waiting(&b->r)) {
		b->armed = false;
		return;
	}
	if (b->armed)
		return;
	reasm_arm(&b->r);
	b->armed = true;
	b->deadline_us = now_us + b->stall_us / 2;
	b->waiting_since_us = now_us;
}

static void
deadline(struct bundle *b)
{
	const uint32_t now_us = b->deadline_us;

	reasm_expire(&b->r);
	pop_all(b, now_us);
	b->armed = false;
	keep_deadline(b, now_us);
}

/* Takes the memory of the bundle that has waited longest. */
static bool
evict(struct budget *bg, const struct bundle *not_this, uint32_t now_us)
{
	struct bundle *victim = NULL;

	for (unsigned i = 0; i < bg->n; i++) {
		struct bundle *b = &bg->all[i];

		if (b != not_this && reasm_slots(&b->r) > REASM_SLOTS_MIN &&
			(victim == NULL || b->waiting_since_us < victim->waiting_since_us))
			victim = b;
	}
	if (victim == NULL)
		return false;
	reasm_arm(&victim->r);
	reasm_expire(&victim->r);
	pop_all(victim, now_us);
	keep_deadline(victim, now_us);
	victim->evicted++;
	bg->slots -= reasm_slots(&victim->r);
	free(reasm_shrink(&victim->r));
	return true;
}

static bool
grow(struct budget *bg, struct bundle *b, uint32_t seq, uint32_t now_us)
{
	const unsigned bits = b->short_seq ? 12 : 24;
	const int32_t ahead = seq_diff(seq, b->r.next, bits);
	const unsigned slots = window_slots_for((uint32_t)ahead + 1, bits, &limits);
	const unsigned former = reasm_slots(&b->r) > REASM_SLOTS_MIN ? reasm_slots(&b->r) : 0;
	struct reasm_deep *deep;

	if (slots == 0 || slots > bg->slots_max)
		return false;
	while (bg->slots - former + slots > bg->slots_max)
		if (!evict(bg, b, now_us))
			return false;
	deep = aligned_alloc(64, reasm_deep_bytes(slots));
	free(reasm_grow(&b->r, deep, slots));
	bg->slots += slots - former;
	bg->most = bg->slots > bg->most ? bg->slots : bg->most;
	b->deepest = slots > b->deepest ? slots : b->deepest;
	return true;
}

static enum reasm_verdict
insert(struct bundle *b, unsigned line, struct frag *f, uint32_t now_us)
{
	const struct mp_view v = {
		.seq = f->seq & (b->short_seq ? 0xfff : 0xffffff),
		.begin = f->index == 0,
		.end = f->index == f->count - 1,
	};
	bool reordered;
	const enum reasm_verdict verdict =
		reasm_insert(&b->r, line, &v, (reasm_ref)(f - b->frags), now_us, true, &reordered);

	if (verdict == REASM_HELD || verdict == REASM_READY || verdict == REASM_WHOLE)
		f->arrival_us = now_us;
	return verdict;
}

static void
measure(struct bundle *b, uint32_t now_us)
{
	uint32_t lag_us;
	unsigned link;

	if (reasm_lag(&b->r, &link, &lag_us))
		window_skew_sample(&b->skew[link], lag_us, now_us / 1000);
}

static void
receive(struct budget *bg, struct bundle *b, unsigned line, bool adapt)
{
	struct line *l = &b->line[line];
	const uint32_t now_us = l->when_us[l->next];
	struct frag *f = l->queue[l->next++];
	enum reasm_verdict v = insert(b, line, f, now_us);

	if (v == REASM_OVERRUN) {
		if (!grow(bg, b, f->seq & (b->short_seq ? 0xfff : 0xffffff), now_us)) {
			reasm_make_room(&b->r, f->seq & (b->short_seq ? 0xfff : 0xffffff));
			pop_all(b, now_us);
		}
		v = insert(b, line, f, now_us);
		assert_int_not_equal(v, REASM_OVERRUN);
	}
	if (v == REASM_WHOLE)
		deliver(b, &f, 1, now_us);
	else if (v == REASM_READY)
		pop_all(b, now_us);
	measure(b, now_us);
	if (adapt)
		b->stall_us = window_stall_us(b->skew, b->lines, &limits);
	keep_deadline(b, now_us);
}

/* What happens next in a bundle: an arrival (its line) or, -1, the deadline. */
static uint32_t
next_event(const struct bundle *b, int *line)
{
	uint32_t first = b->armed ? b->deadline_us : UINT32_MAX;

	*line = -1;
	for (unsigned i = 0; i < b->lines; i++) {
		const struct line *l = &b->line[i];

		if (l->next < l->n && l->when_us[l->next] < first) {
			first = l->when_us[l->next];
			*line = (int)i;
		}
	}
	return first;
}

static void
run(struct budget *bg, bool adapt)
{
	for (;;) {
		struct bundle *b = NULL;
		uint32_t first = UINT32_MAX;
		int line = -1;

		for (unsigned i = 0; i < bg->n; i++) {
			int its;
			const uint32_t at = next_event(&bg->all[i], &its);

			if (at < first) {
				first = at;
				line = its;
				b = &bg->all[i];
			}
		}
		if (b == NULL)
			return;
		if (line >= 0)
			receive(bg, b, (unsigned)line, adapt);
		else
			deadline(b);
		assert_true(bg->slots <= bg->slots_max);
	}
}

/* Packets from `from` on of which every fragment was sent and none lost on the way, but that did not come out. */
static uint32_t
missing_from(const struct bundle *b, uint32_t from)
{
	uint32_t missing = 0;

	for (uint32_t p = from; p < b->n_packets; p++)
		missing += b->left[p] == b->frags_per_packet && !b->got[p];
	return missing;
}

static struct budget
alone(struct bundle *b)
{
	return (struct budget){.slots_max = REASM_SLOTS_MAX, .all = b, .n = 1};
}

/* 1500 bytes in four on four lines of 100 Mbit/s: 4 x (375 + 26) x 8 bits a packet, 32 us. */
static void
far_lines(struct bundle *b, uint32_t packets)
{
	*b = (struct bundle){
		.lines = 4, .n_packets = packets, .frags_per_packet = 4, .interval_us = 32, .stall_us = 250000};
	for (unsigned i = 0; i < 4; i++)
		b->line[i].delay_us = 5000 + i * 33333;
}

static void
four_fast_lines_100_ms_apart_deliver_everything(void **state)
{
	static struct bundle b;

	(void)state;
	rng = 1;
	far_lines(&b, 20000);
	bundle_init(&b);

	struct budget bg = alone(&b);

	run(&bg, false);
	assert_int_equal(b.delivered, b.n_packets);
	assert_int_equal(reasm_lost(&b.r), 0);
	assert_int_equal(b.deepest, 16384); /* 100 ms are 12500 fragments */
	assert_in_range(b.longest_us, 99000, 101000);
	bundle_fini(&b);
}

static void
four_fast_lines_100_ms_apart_with_loss_deliver_what_is_complete(void **state)
{
	static struct bundle b;

	(void)state;
	rng = 2;
	far_lines(&b, 20000);
	for (unsigned i = 0; i < 4; i++)
		b.line[i].loss_per_mille = 10;
	bundle_init(&b);

	struct budget bg = alone(&b);

	run(&bg, false);
	assert_in_range(b.delivered, b.n_packets * 95 / 100, b.n_packets * 97 / 100); /* 0.99^4 = 96.06 % */
	assert_int_equal(missing_from(&b, 0), 0);
	assert_true(b.longest_us <= b.stall_us);
	bundle_fini(&b);
}

static void
silent_line_delays_by_the_window_at_most(void **state)
{
	static struct bundle b;

	(void)state;
	rng = 3;
	b = (struct bundle){
		.lines = 2, .n_packets = 5000, .frags_per_packet = 1, .interval_us = 700, .stall_us = 40000};
	b.line[1].silent_after = 2; /* one packet, number 1 */
	bundle_init(&b);

	struct budget bg = alone(&b);

	run(&bg, false); /* every second packet is lost with the silent line, and is waited for */
	assert_int_equal(b.delivered, 2500 + 1);
	assert_int_equal(missing_from(&b, 0), 0);
	assert_true(b.longest_us <= b.stall_us);
	bundle_fini(&b);
}

static void
lost_tail_then_silence_leaves_nothing_behind(void **state)
{
	static struct bundle b;

	(void)state;
	rng = 4;
	b = (struct bundle){.lines = 2, .n_packets = 100, .frags_per_packet = 2, .interval_us = 300, .stall_us = 30000};
	b.line[1].silent_after = 99; /* the last packet's second half */
	bundle_init(&b);

	struct budget bg = alone(&b);

	run(&bg, false);
	assert_int_equal(b.delivered, 99);
	assert_true(b.frags[198].out);
	assert_in_range(b.longest_us, 1, b.stall_us);
	bundle_fini(&b);
}

/* From the shortest stall limit on, on lines 60 ms apart: the lateness itself is measured, and the window gets
 * patient. */
static void
window_adapts_to_skew_that_it_did_not_know(void **state)
{
	static struct bundle b;

	(void)state;
	rng = 5;
	b = (struct bundle){
		.lines = 2, .n_packets = 8000, .frags_per_packet = 2, .interval_us = 400, .stall_us = 10000};
	b.line[1].delay_us = 60000;
	b.line[1].jitter_us = 2000;
	bundle_init(&b);

	struct budget bg = alone(&b);

	run(&bg, true);
	assert_true(b.delivered < b.n_packets);
	assert_int_equal(missing_from(&b, 500), 0); /* after 200 ms */
	assert_in_range(b.stall_us, 120000, 140000);
	bundle_fini(&b);
}

static void
random_bundle(struct bundle *b, uint64_t seed)
{
	uint32_t span = 0;

	rng = seed * 0x9e3779b97f4a7c15ull + 1;
	*b = (struct bundle){0};
	b->lines = 1 + chance(3);
	b->n_packets = 1 + chance(1500);
	b->frags_per_packet = 1 + chance(5);
	b->interval_us = 100 + chance(2000);
	b->short_seq = chance(2) != 0;
	b->tolerate = chance(2) != 0;
	for (unsigned i = 0; i < b->lines; i++) {
		struct line *l = &b->line[i];

		l->delay_us = chance(b->short_seq ? 8000 : 60000);
		l->jitter_us = chance(3) == 0 ? chance(4000) : 0;
		l->loss_per_mille = chance(2) != 0 ? chance(50) : 0;
		l->dup_per_mille = chance(2) != 0 ? chance(50) : 0;
		l->swap_per_mille = b->tolerate && chance(2) != 0 ? chance(50) : 0;
		span = l->delay_us + l->jitter_us > span ? l->delay_us + l->jitter_us : span;
	}
	/* a fragment is in time when it is no later than T / 2; reorder inside a link holds one back by up to six
	 * intervals */
	span += 7 * b->interval_us * (b->lines + 1);
	b->stall_us = 2 * span + 2000;
}

static void
random_bundles_deliver_everything_in_time(void **state)
{
	static struct bundle b;

	(void)state;
	for (uint64_t seed = 1; seed <= 400; seed++) {
		random_bundle(&b, seed);
		bundle_init(&b);

		struct budget bg = alone(&b);

		run(&bg, false);
		if (missing_from(&b, 0) != 0 || b.longest_us > b.stall_us)
			fail_msg("seed %llu: %u complete packets not delivered, longest wait %u of %u us",
				(unsigned long long)seed, missing_from(&b, 0), b.longest_us, b.stall_us);
		bundle_fini(&b);
	}
}

/* 64 bundles whose lines are 100 ms apart want 1024 slots each; there is memory for ten. Most of them end early:
 * then the others have all the memory they want again. */
static void
exhausted_budget_is_kept_and_recovered_from(void **state)
{
	enum { BUNDLES = 64, KEPT = 8 };
	static struct bundle all[BUNDLES];
	struct budget bg = {.slots_max = 10 * 1024, .all = all, .n = BUNDLES};
	uint32_t evicted = 0;

	(void)state;
	rng = 6;
	for (unsigned i = 0; i < BUNDLES; i++) {
		all[i] = (struct bundle){.lines = 2,
			.n_packets = i < KEPT ? 3000 : 1000,
			.frags_per_packet = 2,
			.interval_us = 300,
			.stall_us = 250000};
		all[i].line[0].jitter_us = 50;
		all[i].line[1].delay_us = 100000;
		bundle_init(&all[i]);
	}
	run(&bg, false);
	for (unsigned i = 0; i < BUNDLES; i++) {
		evicted += all[i].evicted;
		assert_true(all[i].longest_us <= all[i].stall_us);
	}
	assert_true(evicted > 0);
	assert_true(bg.most > bg.slots_max * 9 / 10);
	for (unsigned i = 0; i < KEPT; i++) /* the others end at 300 + 100 ms */
		assert_int_equal(missing_from(&all[i], 1800), 0);
	for (unsigned i = 0; i < BUNDLES; i++)
		bundle_fini(&all[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(four_fast_lines_100_ms_apart_deliver_everything),
		cmocka_unit_test(four_fast_lines_100_ms_apart_with_loss_deliver_what_is_complete),
		cmocka_unit_test(silent_line_delays_by_the_window_at_most),
		cmocka_unit_test(lost_tail_then_silence_leaves_nothing_behind),
		cmocka_unit_test(window_adapts_to_skew_that_it_did_not_know),
		cmocka_unit_test(random_bundles_deliver_everything_in_time),
		cmocka_unit_test(exhausted_budget_is_kept_and_recovered_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
