/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/bundle_state.h"
#include "tests/dpdk/stage_lab.h"

/* Fragments of links into windows, and packets out of them: mp_rx, mp_expire, inner_proto. */

/* A packet of bundle 0 in n pieces of equal size (the last one has the rest), numbered from seq, piece i on link i modulo links, but
 * piece `skip` is lost. */
static void
send_pieces(struct lab *l, unsigned links, uint32_t seq, unsigned n, unsigned seed, size_t total, unsigned skip)
{
	static struct frame whole;
	size_t piece, from = 0;

	lab_inner(&whole, 0, seed, total);
	piece = whole.len / n;
	for (unsigned i = 0; i < n; i++) {
		const size_t len = i + 1 == n ? whole.len - from : piece;

		if (i != skip)
			lab_fragment(l, 0, i % links, seq + i, &whole, from, len);
		from += len;
	}
}

enum { ALL = 999 };

/* The bundle's first packets, numbers 0 to MEASURED - 1, whose second pieces come first: now it is known that no link is late. */
enum { MEASURED = 2 * WINDOW_CHANCES };

static void
measure_links(struct lab *l)
{
	static struct frame whole;

	for (unsigned i = 0; i < WINDOW_CHANCES; i++) {
		lab_inner(&whole, 0, i, 900);
		lab_fragment(l, 0, 1, 2 * i + 1, &whole, 400, whole.len - 400);
		lab_fragment(l, 0, 0, 2 * i, &whole, 0, 400);
		rig_settle(&l->r);
		lab_expect_packet(l, 0, i, 900);
	}
}

static void
packets_on_any_number_of_links_come_out_in_order(void **state)
{
	static const unsigned counts[] = {1, 2, 3, 8, 16};

	(void)state;
	for (unsigned c = 0; c < RTE_DIM(counts); c++) {
		const unsigned links = counts[c];
		struct lab l;

		lab_open(&l);
		lab_bundle_of(&l, 0, links);
		for (unsigned i = 0; i < 10; i++)
			send_pieces(&l, links, i * links, links, i, 1400 - 100 * i, ALL);
		rig_settle(&l.r);
		for (unsigned i = 0; i < 10; i++)
			lab_expect_packet(&l, 0, i, 1400 - 100 * i);
		lab_expect_drops(&l, DROP_MP_LOST, 0);
		assert_int_equal(lab_stats(&l, 0, 0)->rx_packets, 10);
		assert_int_equal(lab_stats(&l, 0, 0)->links[links - 1].totals.rx_frames, 10);
		rig_close(&l.r);
	}
}

static void
fragments_of_32_bytes_are_joined_and_routed(void **state)
{
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 2);
	send_pieces(&l, 2, 0, 40, 3, 40 * 32, ALL);
	send_pieces(&l, 2, 40, 30, 4, 30 * 8, ALL);
	rig_settle(&l.r);
	lab_expect_packet(&l, 0, 3, 40 * 32);
	lab_expect_packet(&l, 0, 4, 30 * 8);
	rig_close(&l.r);
}

/* Link 1 is two packets behind link 0. */
static void
fragments_that_straddle_links_wait_for_each_other(void **state)
{
	static struct frame whole[3];
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 2);
	for (unsigned i = 0; i < 3; i++) {
		lab_inner(&whole[i], 0, i, 1000 + i);
		lab_fragment(&l, 0, 0, 2 * i, &whole[i], 0, 600);
	}
	rig_settle(&l.r);
	lab_expect_nothing(&l);
	assert_int_equal(lab_stats(&l, 0, 0)->held, 3);
	for (unsigned i = 0; i < 3; i++) {
		lab_fragment(&l, 0, 1, 2 * i + 1, &whole[i], 600, whole[i].len - 600);
		rig_settle(&l.r);
		lab_expect_packet(&l, 0, i, 1000 + i);
		lab_expect_nothing(&l);
	}
	lab_expect_drops(&l, DROP_MP_LOST, 0);
	assert_int_equal(l.r.dp->workers[0]->held_mbufs, 0);
	rig_close(&l.r);
}

/* L-10: what is let pass is counted. */
static uint64_t
reserved_bits(struct lab *l)
{
	struct dp_worker_stats stats;

	dp_worker_stats(l->r.dp, 0, &stats);
	return stats.reserved_bits;
}

static void
short_numbers_wrap_and_long_reserved_bits_are_ignored(void **state)
{
	struct dp_bundle_set set = lab_bundle_defaults(0);
	static struct frame f, whole;
	struct lab l;

	(void)state;
	lab_open(&l);
	set.flags |= DP_BUNDLE_RX_SHORT;
	lab_bundle(&l, 0, &set);
	lab_link(&l, 0, 0, 0);
	for (unsigned i = 0; i < 5000; i++) {
		const struct frame_path p = lab_path(&l, 0, 0);

		lab_inner(&whole, 0, i, 64);
		frame_mp(&f, &p, true, i & 0xfff, true, true, whole.b, whole.len);
		if (i % 5 != 0)
			f.b[ETH_HDR_LEN + PPPOE_HDR_LEN + 2] |= 0x30;
		rig_send(&l.r, LAB_ACCESS, &f);
		rig_settle(&l.r);
		lab_expect_packet(&l, 0, i, 64);
	}
	lab_expect_drops(&l, DROP_MP_LATE, 0);
	assert_int_equal(reserved_bits(&l), 4000);
	rig_close(&l.r);
}

/* A bundle that has no link for a while keeps the format that its window was made for. */
static void
number_format_stays_as_the_bundle_was_made(void **state)
{
	struct dp_bundle_set set = lab_bundle_defaults(0);
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 1);
	lab_link_remove(&l, 0, 0);
	set.flags |= DP_BUNDLE_RX_SHORT | DP_BUNDLE_TX_SHORT;
	lab_bundle(&l, 0, &set);
	lab_link(&l, 0, 0, 0);
	send_pieces(&l, 1, 0, 2, 0, 900, ALL);
	rig_settle(&l.r);
	lab_expect_packet(&l, 0, 0, 900);
	rig_close(&l.r);
}

/* RFC 1990 4.1: number 2 is lost once both links have gone past it. */
static void
number_older_than_the_lower_edge_is_lost_with_its_packet(void **state)
{
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 2);
	send_pieces(&l, 2, 0, 2, 0, 900, ALL);
	send_pieces(&l, 2, 2, 2, 1, 900, 0);
	send_pieces(&l, 2, 4, 2, 2, 900, ALL);
	rig_settle(&l.r);
	lab_expect_packet(&l, 0, 0, 900);
	lab_expect_packet(&l, 0, 2, 900);
	lab_expect_drops(&l, DROP_MP_LOST, 1);
	assert_int_equal(lab_stats(&l, 0, 0)->lost_numbers, 1);
	assert_int_equal(lab_stats(&l, 0, 0)->lost_fragments, 1);
	rig_close(&l.r);
}

static void
late_duplicate_and_reordered_fragments_are_dropped_under_their_names(void **state)
{
	static struct frame whole;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 2);
	send_pieces(&l, 2, 0, 2, 0, 900, ALL);
	rig_settle(&l.r);
	lab_expect_packet(&l, 0, 0, 900);
	lab_inner(&whole, 0, 0, 900);
	lab_fragment(&l, 0, 1, 1, &whole, 450, whole.len - 450);
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_MP_LATE, 1);
	lab_fragment(&l, 0, 0, 4, &whole, 0, 450);
	lab_fragment(&l, 0, 1, 4, &whole, 0, 450);
	rig_settle(&l.r);
	assert_int_equal(rig_drops(&l.r, DROP_MP_DUPLICATE), 1);
	lab_fragment(&l, 0, 0, 3, &whole, 0, 450);
	rig_settle(&l.r);
	assert_int_equal(rig_drops(&l.r, DROP_MP_REORDERED), 1);
	assert_int_equal(lab_stats(&l, 0, 0)->links[0].in_link_reorder, 1);
	assert_int_equal(lab_stats(&l, 0, 0)->late, 1);
	assert_int_equal(lab_stats(&l, 0, 0)->duplicate, 1);
	rig_close(&l.r);
}

/* Their counters are short where they are hot. */
static void
more_copies_and_late_fragments_than_16_bits_are_counted(void **state)
{
	enum { MANY = UINT16_MAX + 5 };
	static struct frame whole;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 2);
	send_pieces(&l, 2, 0, 2, 0, 900, ALL);
	rig_settle(&l.r);
	lab_expect_packet(&l, 0, 0, 900);
	lab_inner(&whole, 0, 1, 300);
	lab_fragment(&l, 0, 0, 3, &whole, 0, 150); /* waits for number 2 */
	for (unsigned i = 0; i < MANY; i++) {
		lab_fragment(&l, 0, 1, 0, &whole, 0, 150);
		lab_fragment(&l, 0, 1, 3, &whole, 0, 150);
		if (i % 8 == 0)
			rig_turn(&l.r);
	}
	rig_settle(&l.r);
	assert_int_equal(lab_stats(&l, 0, 0)->late, MANY);
	assert_int_equal(rig_drops(&l.r, DROP_MP_LATE), MANY);
	assert_int_equal(lab_stats(&l, 0, 0)->duplicate, rig_drops(&l.r, DROP_MP_DUPLICATE));
	assert_in_range(lab_stats(&l, 0, 0)->duplicate, MANY - 1, MANY);
	rig_close(&l.r);
}

/* Lower halves of what a bundle and its links received are hot, upper ones are not; the third link has both elsewhere. */
static void
totals_of_received_pass_2_to_the_32(void **state)
{
	enum { LINKS = 3, PACKET = 900, PACKETS = 8 };
	const uint32_t before = UINT32_MAX - 4;
	const struct dp_bundle_stats *s;
	struct bundle *b;
	struct dp_event e[LINKS + 1];
	uint64_t bytes[LINKS];
	bool lost;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, LINKS);
	b = &l.r.dp->workers[0]->bundles->bundles[0];
	b->hot.packets = (struct count){before, before};
	for (unsigned i = 0; i < LINKS; i++)
		bundle_link(b, i)->received = (struct count){before, before};
	for (unsigned i = 0; i < PACKETS; i++)
		send_pieces(&l, LINKS, i * LINKS, LINKS, i, PACKET, ALL);
	rig_settle(&l.r);
	s = lab_stats(&l, 0, 0);
	assert_true(s->rx_packets == (uint64_t)before + PACKETS);
	assert_true(s->rx_bytes == (uint64_t)before + PACKETS * PACKET);
	for (unsigned i = 0; i < LINKS; i++) {
		bytes[i] = s->links[i].totals.rx_bytes;
		assert_true(s->links[i].totals.rx_frames == (uint64_t)before + PACKETS);
		assert_in_range(bytes[i] - before, PACKETS * PACKET / LINKS, 2 * PACKETS * PACKET / LINKS);
	}
	rig_command(&l.r, 0, &(struct dp_cmd){.op = DP_CMD_BUNDLE_REMOVE, .bundle = 0, .gen = l.gen});
	assert_int_equal(dp_events(l.r.dp, e, LINKS + 1, &lost), LINKS + 1);
	for (unsigned i = 0; i < LINKS; i++) {
		assert_true(e[i].link.rx_frames == (uint64_t)before + PACKETS);
		assert_true(e[i].link.rx_bytes == bytes[i]);
	}
	assert_true(e[LINKS].totals.rx_packets == (uint64_t)before + PACKETS);
	assert_true(e[LINKS].totals.rx_bytes == (uint64_t)before + PACKETS * PACKET);
	rig_close(&l.r);
}

static void
tolerant_bundle_keeps_fragments_reordered_inside_a_link(void **state)
{
	struct dp_bundle_set set = lab_bundle_defaults(0);
	static struct frame whole[4];
	struct lab l;

	(void)state;
	lab_open(&l);
	set.flags |= DP_BUNDLE_TOLERATE;
	lab_bundle(&l, 0, &set);
	lab_link(&l, 0, 0, 0);
	for (unsigned i = 0; i < 4; i++)
		lab_inner(&whole[i], 0, i, 500 + i);
	lab_fragment(&l, 0, 0, 1, &whole[1], 0, whole[1].len);
	lab_fragment(&l, 0, 0, 3, &whole[3], 0, whole[3].len);
	lab_fragment(&l, 0, 0, 0, &whole[0], 0, whole[0].len);
	lab_fragment(&l, 0, 0, 2, &whole[2], 0, whole[2].len);
	rig_settle(&l.r);
	for (unsigned i = 0; i < 4; i++)
		lab_expect_packet(&l, 0, i, 500 + i);
	lab_expect_drops(&l, DROP_MP_REORDERED, 0);
	assert_int_equal(lab_stats(&l, 0, 0)->links[0].in_link_reorder, 2);
	rig_close(&l.r);
}

static void
broken_multilink_headers_are_dropped_under_their_names(void **state)
{
	struct dp_bundle_set set = lab_bundle_defaults(0);
	static struct frame f, whole;
	struct frame_path p;
	struct lab l;

	(void)state;
	lab_open(&l);
	set.flags |= DP_BUNDLE_STRICT_RESERVED;
	lab_bundle(&l, 0, &set);
	lab_link(&l, 0, 0, 0);
	p = lab_path(&l, 0, 0);
	frame_session(&f, &p, PPP_MP, "\xc0\x00\x00", 3);
	frame_pad(&f, ETH_FRAME_MIN); /* the padding is no header */
	rig_send(&l.r, LAB_ACCESS, &f);
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_MP_SHORT, 1);
	lab_inner(&whole, 0, 1, 100);
	frame_mp(&f, &p, false, 0, true, true, whole.b, whole.len);
	f.b[ETH_HDR_LEN + PPPOE_HDR_LEN + 2] |= 0x01;
	rig_send(&l.r, LAB_ACCESS, &f);
	rig_settle(&l.r);
	assert_int_equal(rig_drops(&l.r, DROP_MP_RESERVED_BITS), 1);
	assert_int_equal(reserved_bits(&l), 0);
	frame_mp(&f, &p, false, 0, true, true, "\x00\x3d\xc0\x00\x00\x00", 6);
	rig_send(&l.r, LAB_ACCESS, &f);
	rig_settle(&l.r);
	assert_int_equal(rig_drops(&l.r, DROP_MP_NESTED), 1);
	frame_mp(&f, &p, false, 1, true, true, "\x00", 1);
	rig_send(&l.r, LAB_ACCESS, &f);
	rig_settle(&l.r);
	assert_int_equal(rig_drops(&l.r, DROP_PPP_NO_PROTOCOL), 1);
	lab_expect_nothing(&l);
	rig_close(&l.r);
}

static void
reassembled_packet_up_to_our_mrru_passes_and_one_byte_more_does_not(void **state)
{
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 2);
	send_pieces(&l, 2, 0, 2, 0, 1500, ALL);
	send_pieces(&l, 2, 2, 2, 1, 1501, ALL);
	rig_settle(&l.r);
	lab_expect_packet(&l, 0, 0, 1500);
	lab_expect_nothing(&l);
	lab_expect_drops(&l, DROP_MP_TOO_LARGE, 1);
	rig_close(&l.r);
}

/* A.12: one byte inside MP though PFC was never agreed, and plain packets beside MP ones. */
static void
one_byte_protocol_fields_and_plain_packets_pass(void **state)
{
	static struct frame f, ip;
	struct frame_path p;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 2);
	p = lab_path(&l, 0, 0);
	packet_udp(&ip, lab_address(0), lab_host, 64, 1, 301);
	memmove(ip.b + 1, ip.b, ip.len);
	ip.b[0] = 0x21;
	ip.len++;
	frame_mp(&f, &p, false, 0, true, true, ip.b, ip.len);
	rig_send(&l.r, LAB_ACCESS, &f);
	packet_udp(&ip, lab_address(0), lab_host, 64, 2, 302);
	frame_session(&f, &p, PPP_IPV4, ip.b, ip.len);
	rig_send(&l.r, LAB_ACCESS, &f);
	send_pieces(&l, 2, 1, 2, 3, 303, ALL);
	rig_settle(&l.r);
	for (unsigned i = 1; i <= 3; i++)
		lab_expect_packet(&l, 0, i, 300 + i);
	rig_close(&l.r);
}

static void
control_protocol_inside_multilink_goes_to_control_with_its_bundle(void **state)
{
	static struct dp_punted got;
	static struct frame f;
	struct frame_path p;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 2);
	p = lab_path(&l, 0, 0);
	frame_mp(&f, &p, false, 0, true, false, "\x80\x21\x01\x07\x00", 5);
	rig_send(&l.r, LAB_ACCESS, &f);
	p = lab_path(&l, 0, 1);
	frame_mp(&f, &p, false, 1, false, true, "\x0a\x03\x06", 3);
	rig_send(&l.r, LAB_ACCESS, &f);
	rig_settle(&l.r);
	assert_true(dp_punted_next(l.r.dp, &got));
	assert_int_equal(got.origin, DP_FROM_BUNDLE);
	assert_int_equal(got.bundle.index, 0);
	assert_int_equal(got.bundle.gen, l.gen);
	assert_int_equal(got.slot, 1);
	assert_int_equal(got.len, 8);
	assert_memory_equal(got.bytes, "\x80\x21\x01\x07\x00\x0a\x03\x06", 8);
	rig_close(&l.r);
}

static void
null_fragments_are_counted_and_move_the_lower_edge(void **state)
{
	static struct frame f;
	struct frame_path p;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 2);
	send_pieces(&l, 1, 0, 1, 0, 500, ALL);
	send_pieces(&l, 1, 1, 3, 1, 900, 1); /* number 2 lost, all on link 0 */
	send_pieces(&l, 1, 4, 1, 2, 502, ALL);
	rig_settle(&l.r);
	lab_expect_packet(&l, 0, 0, 500);
	lab_expect_nothing(&l);
	p = lab_path(&l, 0, 1);
	frame_mp(&f, &p, false, 5, true, true, "", 0);
	rig_send(&l.r, LAB_ACCESS, &f);
	rig_settle(&l.r);
	lab_expect_packet(&l, 0, 2, 502);
	lab_expect_drops(&l, DROP_MP_LOST, 2);
	assert_int_equal(lab_stats(&l, 0, 0)->rx_null, 1);
	frame_mp(&f, &p, false, 6, true, true, "\xc0\x21\x0b\x00\x00\x08\x00\x00\x00\x00", 10); /* as hawser sends it */
	rig_send(&l.r, LAB_ACCESS, &f);
	rig_settle(&l.r);
	lab_expect_nothing(&l);
	assert_int_equal(lab_stats(&l, 0, 0)->rx_null, 2);
	assert_int_equal(l.r.dp->workers[0]->held_mbufs, 0);
	rig_close(&l.r);
}

/* L-05: link 1 is silent; what waits for it comes out within the stall limit. */
static void
gap_behind_a_silent_link_is_given_up_within_the_stall_limit(void **state)
{
	uint64_t began;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 2);
	measure_links(&l);
	send_pieces(&l, 1, MEASURED, 3, 0, 900, 1);
	send_pieces(&l, 1, MEASURED + 3, 1, 1, 500, ALL);
	rig_settle(&l.r);
	lab_expect_nothing(&l);
	began = l.r.now_ns;
	while (rig_waiting(&l.r, LAB_IP) == 0 && l.r.now_ns - began < lab_ms(1000))
		rig_run(&l.r, 500000, 500000);
	/* stall_min_ms is 20: two deadlines of 10 ms, as the newest number came after the first was armed, each rounded up to
	 * the wheel's ticks. */
	assert_in_range(l.r.now_ns - began, lab_ms(9), lab_ms(23));
	lab_expect_packet(&l, 0, 1, 500);
	lab_expect_drops(&l, DROP_MP_LOST, 2);
	assert_int_equal(lab_stats(&l, 0, 0)->expired, 1);
	rig_run(&l.r, lab_ms(1), lab_ms(1));
	assert_int_equal(bundle_next_ns(l.r.dp->workers[0]), UINT64_MAX);
	rig_close(&l.r);
}

/* Link 1 has joined and was not heard yet: it may be late by more than the shortest stall limit. Only some gaps wait for that. */
static void
first_packet_over_a_late_link_is_waited_for(void **state)
{
	static struct frame whole;
	uint64_t began;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 2);
	for (unsigned i = 0; i < WINDOW_CHANCES; i++) {
		lab_inner(&whole, 0, i, 1000);
		lab_fragment(&l, 0, 0, 2 * i + 1, &whole, 500, whole.len - 500);
		/* the first one that it was late with had been sent before */
		rig_run(&l.r, lab_ms(i == 0 ? 20 : 60), lab_ms(1));
		lab_fragment(&l, 0, 1, 2 * i, &whole, 0, 500);
		rig_settle(&l.r);
		lab_expect_packet(&l, 0, i, 1000);
	}
	assert_in_range(lab_stats(&l, 0, 0)->links[1].lag_us, 59000, 61000);
	assert_in_range(lab_stats(&l, 0, 0)->stall_us, 120001, 140000);
	rig_close(&l.r);

	lab_open(&l); /* it never says a word */
	lab_bundle_of(&l, 0, 2);
	for (unsigned i = 0; i <= WINDOW_CHANCES; i++) {
		send_pieces(&l, 1, 3 * i, 2, 0, 900, 1);
		send_pieces(&l, 1, 3 * i + 2, 1, i, 500, ALL);
		began = l.r.now_ns;
		while (rig_waiting(&l.r, LAB_IP) == 0 && l.r.now_ns - began < lab_ms(1000))
			rig_run(&l.r, 500000, 500000);
		if (i < WINDOW_CHANCES) /* stall_max_ms is 200 */
			assert_in_range(l.r.now_ns - began, lab_ms(99), lab_ms(203));
		else
			assert_in_range(l.r.now_ns - began, lab_ms(9), lab_ms(23));
		lab_expect_packet(&l, 0, i, 500);
	}
	rig_close(&l.r);
}

/* When half of packet i comes over link 1, where packets are sent every 2 ms: it gets later by 7 ms a packet, then stays so. */
static unsigned
slowing_ms(unsigned i)
{
	enum { SLOWS = 11 };

	return i <= SLOWS ? 9 * i : 9 * SLOWS + 2 * (i - SLOWS);
}

/* Link 1 falls behind faster than the stall limit follows, but brings something all the time. That is what the others wait for. When it
 * stops, the limit holds again. */
static void
link_that_gets_later_is_waited_for_while_it_brings_something(void **state)
{
	enum { PACKETS = 150 };
	static struct frame whole[PACKETS];
	unsigned sent = 0, late = 0;
	uint64_t began;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 2);
	measure_links(&l);
	for (unsigned ms = 0; late < PACKETS; ms++) {
		if (ms % 2 == 0 && sent < PACKETS) {
			lab_inner(&whole[sent], 0, sent, 1000);
			lab_fragment(&l, 0, 0, MEASURED + 2 * sent, &whole[sent], 0, 500);
			sent++;
		}
		if (ms == slowing_ms(late)) {
			lab_fragment(&l, 0, 1, MEASURED + 1 + 2 * late, &whole[late], 500, whole[late].len - 500);
			late++;
		}
		rig_run(&l.r, lab_ms(1), lab_ms(1));
	}
	for (unsigned i = 0; i < PACKETS; i++)
		lab_expect_packet(&l, 0, i, 1000);
	assert_int_equal(lab_stats(&l, 0, 0)->expired, 0);
	assert_in_range(lab_stats(&l, 0, 0)->links[1].lag_us, 74000, 78000);

	send_pieces(&l, 1, MEASURED + 2 * PACKETS, 2, 0, 900, 1);
	send_pieces(&l, 1, MEASURED + 2 + 2 * PACKETS, 1, 1, 500, ALL);
	began = l.r.now_ns;
	while (rig_waiting(&l.r, LAB_IP) == 0 && l.r.now_ns - began < lab_ms(1000))
		rig_run(&l.r, 500000, 500000);
	assert_in_range(l.r.now_ns - began, lab_ms(79), lab_ms(168));
	lab_expect_packet(&l, 0, 1, 500);
	rig_close(&l.r);
}

/* The machine runs something else on the worker's CPU for 300 ms. Both halves have come meanwhile, the second one 5 ms after the first. */
static void
time_without_a_turn_is_not_waited(void **state)
{
	static struct frame whole;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 2);
	measure_links(&l);
	lab_inner(&whole, 0, 3, 1000);
	lab_fragment(&l, 0, 0, MEASURED + 1, &whole, 500, whole.len - 500);
	rig_settle(&l.r);
	for (unsigned i = 0; i < BURST_MAX; i++) /* in front of it in the queue */
		lab_fragment(&l, 0, 0, 1, &whole, 500, whole.len - 500);
	lab_fragment(&l, 0, 1, MEASURED, &whole, 0, 500);
	l.r.now_ns += lab_ms(300);
	l.r.dp->workers[0]->away_ns += lab_ms(298);
	rig_settle(&l.r);
	lab_expect_packet(&l, 0, 3, 1000);
	assert_int_equal(lab_stats(&l, 0, 0)->expired, 0);
	assert_int_equal(lab_stats(&l, 0, 0)->stall_us, 20000);
	rig_close(&l.r);
}

/* Bundle 0 gets a deep window, in which nothing waits any more: link 1 has gone past what link 0 skipped. */
static void
deepen(struct lab *l)
{
	send_pieces(l, 1, 100, 1, 0, 500, ALL);
	rig_settle(&l->r);
	send_pieces(l, 2, 100, 2, 1, 500, 0);
	rig_settle(&l->r);
	lab_expect_packet(l, 0, 0, 500);
	assert_int_equal(lab_stats(l, 0, 0)->window_slots, 128);
}

/* A deep window has a timer of its own, for going back to a small one, which must not stand in a deadline's way. */
static void
gap_in_a_deep_window_is_given_up_within_the_stall_limit_too(void **state)
{
	uint64_t began;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 2);
	measure_links(&l);
	deepen(&l);
	rig_run(&l.r, lab_ms(100), lab_ms(1));
	assert_int_equal(lab_stats(&l, 0, 0)->window_slots, 128);
	send_pieces(&l, 1, 104, 1, 1, 501, ALL);
	began = l.r.now_ns;
	while (rig_waiting(&l.r, LAB_IP) == 0 && l.r.now_ns - began < lab_ms(2000))
		rig_run(&l.r, 500000, 500000);
	assert_in_range(l.r.now_ns - began, lab_ms(9), lab_ms(23));
	lab_expect_packet(&l, 0, 1, 501);
	rig_close(&l.r);
}

/* One link loses more than 64 numbers: the window grows, yet nothing ever waits in it. */
static void
window_that_grew_without_a_gap_shrinks_too(void **state)
{
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 1);
	send_pieces(&l, 1, 500, 1, 0, 500, ALL);
	rig_settle(&l.r);
	lab_expect_packet(&l, 0, 0, 500);
	assert_int_equal(lab_stats(&l, 0, 0)->window_slots, 512);
	rig_run(&l.r, lab_ms(8000), lab_ms(100));
	assert_int_equal(lab_stats(&l, 0, 0)->window_slots, 64);
	rig_close(&l.r);
}

/* The patient bundle's gap is due later than the idle deep window is looked at again. */
static void
budget_is_made_beside_an_idle_deep_window(void **state)
{
	enum { MBUF = sizeof(struct rte_mbuf) + RTE_MBUF_DEFAULT_BUF_SIZE };
	struct dp_bundle_set patient = lab_bundle_defaults(1);
	static struct frame whole;
	struct lab l;

	(void)state;
	lab_open_wish(&l, &(struct rig_wish){.access_ports = 1, .ip_ports = 1, .reassembly_bytes = 4 * MBUF});
	lab_bundle_of(&l, 0, 2);
	deepen(&l);
	rig_run(&l.r, lab_ms(100), lab_ms(1));
	patient.stall_min_ms = 10000;
	lab_bundle(&l, 1, &patient);
	lab_link(&l, 1, 0, 0);
	lab_link(&l, 1, 1, 0);
	lab_inner(&whole, 1, 0, 900);
	for (unsigned i = 0; i < 10; i++) {
		lab_fragment(&l, 1, 0, 3 * i, &whole, 0, 450);
		rig_settle(&l.r);
		assert_true(l.r.dp->workers[0]->held_mbufs <= 4);
	}
	assert_true(rig_drops(&l.r, DROP_MP_BUDGET) >= 4);
	rig_close(&l.r);
}

static void
last_fragment_of_a_burst_lost_leaves_nothing_behind(void **state)
{
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 2);
	measure_links(&l);
	send_pieces(&l, 2, MEASURED, 2, 0, 900, 1);
	rig_run(&l.r, lab_ms(50), lab_ms(1));
	lab_expect_drops(&l, DROP_MP_LOST, 1);
	assert_int_equal(lab_stats(&l, 0, 0)->held, 0);
	assert_int_equal(l.r.dp->workers[0]->held_mbufs, 0);
	send_pieces(&l, 2, MEASURED + 2, 2, 1, 900, ALL);
	rig_settle(&l.r);
	lab_expect_packet(&l, 0, 1, 900);
	rig_close(&l.r);
}

static void
leaving_link_lets_the_others_deliver(void **state)
{
	struct lab l;
	struct dp_event e;
	bool lost;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 3);
	send_pieces(&l, 2, 0, 2, 0, 900, ALL); /* links 0 and 1: 0, 1 */
	send_pieces(&l, 2, 2, 2, 1, 900, 0);   /* 2 lost */
	send_pieces(&l, 2, 4, 2, 2, 900, ALL);
	rig_settle(&l.r);
	lab_expect_packet(&l, 0, 0, 900);
	lab_expect_nothing(&l);
	lab_link_remove(&l, 0, 2);
	lab_expect_packet(&l, 0, 2, 900);
	lab_expect_drops(&l, DROP_MP_LOST, 1);
	assert_int_equal(dp_events(l.r.dp, &e, 1, &lost), 1);
	assert_int_equal(e.op, DP_EVENT_LINK_GONE);
	assert_int_equal(e.slot, 2);
	rig_close(&l.r);
}

static void
joining_link_takes_part_without_loss(void **state)
{
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 1);
	for (unsigned i = 0; i < 20; i++)
		send_pieces(&l, 1, i, 1, i, 200 + i, ALL);
	rig_settle(&l.r);
	lab_link(&l, 0, 1, 0);
	lab_link(&l, 0, 2, 0);
	send_pieces(&l, 3, 20, 3, 20, 900, ALL);
	rig_settle(&l.r);
	for (unsigned i = 0; i < 20; i++)
		lab_expect_packet(&l, 0, i, 200 + i);
	lab_expect_packet(&l, 0, 20, 900);
	lab_expect_drops(&l, DROP_MP_LOST, 0);
	rig_close(&l.r);
}

/* 300 fragments of skew: more than 64, less than the largest window. The window grows; later it goes back to its small one. */
static void
window_grows_with_the_skew_and_shrinks_when_it_is_over(void **state)
{
	enum { SKEW = 300 };
	static struct frame whole[SKEW];
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 2);
	for (unsigned i = 0; i < SKEW; i++) {
		lab_inner(&whole[i], 0, i, 400 + i);
		lab_fragment(&l, 0, 0, 2 * i, &whole[i], 0, 200);
		rig_settle(&l.r);
	}
	assert_int_equal(lab_stats(&l, 0, 0)->held, SKEW);
	assert_int_equal(lab_stats(&l, 0, 0)->window_slots, 1024);
	for (unsigned i = 0; i < SKEW; i++) {
		lab_fragment(&l, 0, 1, 2 * i + 1, &whole[i], 200, whole[i].len - 200);
		rig_settle(&l.r);
		lab_expect_packet(&l, 0, i, 400 + i);
	}
	lab_expect_drops(&l, DROP_MP_OVERRUN, 0);
	assert_int_equal(lab_stats(&l, 0, 0)->overrun, 0);
	rig_run(&l.r, lab_ms(8000), lab_ms(100));
	assert_int_equal(lab_stats(&l, 0, 0)->window_slots, 64);
	rig_close(&l.r);
}

/* Numbers that are all beyond the window cost more than others, so that only so many at once make room for themselves. */
static void
only_so_many_numbers_beyond_windows_are_served_at_once(void **state)
{
	enum { FRAMES = 1000, SERVED = 512, APART = 100 };
	struct dp_bundle_set set = lab_bundle_defaults(0);
	struct lab l;

	(void)state;
	lab_open(&l);
	set.window_slots_max = 64;
	lab_bundle(&l, 0, &set);
	lab_link(&l, 0, 0, 0);
	lab_link(&l, 0, 1, 0);
	rig_run(&l.r, lab_ms(2000), lab_ms(100));
	for (unsigned i = 1; i <= FRAMES; i++) {
		send_pieces(&l, 1, i * APART, 2, i, 900, 1);
		if (i % 32 == 0)
			rig_settle(&l.r);
	}
	rig_settle(&l.r);
	assert_in_range(lab_stats(&l, 0, 0)->overrun, SERVED - 1, SERVED + 1);
	lab_expect_drops(&l, DROP_MP_OVERRUN, FRAMES - 1); /* each pushed the one before out, or was refused itself */
	rig_run(&l.r, lab_ms(10), lab_ms(1));
	send_pieces(&l, 1, (FRAMES + 1) * APART, 2, 1, 900, 1);
	rig_settle(&l.r);
	assert_in_range(lab_stats(&l, 0, 0)->overrun, SERVED, SERVED + 2);
	rig_close(&l.r);
}

/* MP_OVERRUN: the window may not grow as far; the oldest gap is given up, what is newer is kept. */
static void
number_beyond_the_largest_window_pushes_the_oldest_gap_out(void **state)
{
	struct dp_bundle_set set = lab_bundle_defaults(0);
	struct lab l;

	(void)state;
	lab_open(&l);
	set.window_slots_max = 128;
	lab_bundle(&l, 0, &set);
	lab_link(&l, 0, 0, 0);
	lab_link(&l, 0, 1, 0);
	send_pieces(&l, 1, 0, 2, 0, 900, 1);
	send_pieces(&l, 1, 2, 1, 1, 500, ALL);
	send_pieces(&l, 1, 140, 1, 2, 502, ALL);
	rig_settle(&l.r);
	lab_expect_packet(&l, 0, 1, 500);
	lab_expect_nothing(&l);
	lab_expect_drops(&l, DROP_MP_OVERRUN, 1);
	assert_int_equal(lab_stats(&l, 0, 0)->overrun, 1);
	assert_int_equal(lab_stats(&l, 0, 0)->held, 1);
	rig_run(&l.r, lab_ms(210), lab_ms(1)); /* stall_max_ms: link 1 was never heard */
	lab_expect_packet(&l, 0, 2, 502);
	rig_close(&l.r);
}

/* MP_BUDGET: two bundles wait; the one whose gap is older gives way. */
static void
budget_is_kept_by_giving_up_the_oldest_gap(void **state)
{
	enum { MBUF = sizeof(struct rte_mbuf) + RTE_MBUF_DEFAULT_BUF_SIZE };
	static struct frame whole;
	struct lab l;
	uint64_t budget;

	(void)state;
	lab_open_wish(&l, &(struct rig_wish){.access_ports = 1, .ip_ports = 1, .reassembly_bytes = 10 * MBUF});
	budget = l.r.dp->workers[0]->held_max;
	for (unsigned b = 0; b < 2; b++)
		lab_bundle_of(&l, b, 2);
	lab_inner(&whole, 0, 0, 900);
	lab_fragment(&l, 0, 0, 0, &whole, 0, 450);
	lab_inner(&whole, 0, 5, 555);
	lab_fragment(&l, 0, 0, 2, &whole, 0, whole.len);
	rig_settle(&l.r);
	rig_run(&l.r, lab_ms(3), lab_ms(1));
	lab_inner(&whole, 1, 0, 900);
	for (unsigned i = 0; i < 20 && rig_drops(&l.r, DROP_MP_BUDGET) == 0; i++) {
		lab_fragment(&l, 1, 0, 3 * i, &whole, 0, 450);
		rig_settle(&l.r);
		assert_true(l.r.dp->workers[0]->held_mbufs <= budget);
	}
	assert_int_equal(rig_drops(&l.r, DROP_MP_BUDGET), 1);
	lab_expect_packet(&l, 0, 5, 555);
	assert_int_equal(lab_stats(&l, 0, 0)->held, 0);
	assert_in_range(lab_stats(&l, 0, 1)->held, 5, 10);
	/* and on without end: the budget holds, and everything is accounted for */
	for (unsigned i = 20; i < 200; i++) {
		lab_fragment(&l, 1, 0, 3 * i, &whole, 0, 450);
		rig_settle(&l.r);
		assert_true(l.r.dp->workers[0]->held_mbufs <= budget);
	}
	rig_run(&l.r, lab_ms(300), lab_ms(10));
	assert_int_equal(l.r.dp->workers[0]->held_mbufs, 0);
	rig_close(&l.r);
}

/* More at once than a burst holds, and all of it for the one reason: first halves without their second ones. */
enum { HALVES = 100 };

static void
send_halves(struct lab *l)
{
	struct dp_bundle_set patient = lab_bundle_defaults(0);
	static struct frame whole;

	patient.stall_min_ms = 5000;
	lab_bundle(l, 0, &patient);
	lab_link(l, 0, 0, 0);
	lab_link(l, 0, 1, 0);
	lab_inner(&whole, 0, 0, 900);
	for (unsigned i = 0; i < HALVES; i++) {
		lab_fragment(l, 0, 0, 3 * i, &whole, 0, 450);
		rig_settle(&l->r);
	}
	assert_int_equal(lab_stats(l, 0, 0)->held, HALVES);
}

static void
many_that_give_way_to_the_budget_are_called_that(void **state)
{
	enum { MBUF = sizeof(struct rte_mbuf) + RTE_MBUF_DEFAULT_BUF_SIZE };
	struct dp_bundle_set patient = lab_bundle_defaults(1);
	static struct frame whole;
	struct lab l;

	(void)state;
	lab_open_wish(
		&l, &(struct rig_wish){.access_ports = 1, .ip_ports = 1, .reassembly_bytes = (HALVES + 5) * MBUF});
	assert_in_range(l.r.dp->workers[0]->held_max, HALVES, HALVES + 10);
	send_halves(&l);
	rig_run(&l.r, lab_ms(3), lab_ms(1));
	patient.stall_min_ms = 10000;
	lab_bundle(&l, 1, &patient);
	lab_link(&l, 1, 0, 0);
	lab_link(&l, 1, 1, 0);
	lab_inner(&whole, 1, 0, 900);
	for (unsigned i = 0; i < 20 && lab_stats(&l, 0, 0)->held != 0; i++) {
		lab_fragment(&l, 1, 0, 3 * i, &whole, 0, 450);
		rig_settle(&l.r);
	}
	lab_expect_drops(&l, DROP_MP_BUDGET, HALVES);
	rig_close(&l.r);
}

static void
many_that_a_link_has_lost_are_its_own(void **state)
{
	const struct dp_bundle_stats *s;
	static struct frame whole;
	struct lab l;

	(void)state;
	lab_open(&l);
	send_halves(&l);
	lab_inner(&whole, 0, 1, 500);
	lab_fragment(&l, 0, 1, 3 * HALVES, &whole, 0, whole.len);
	lab_fragment(&l, 0, 0, 3 * HALVES + 1, &whole, 0, whole.len);
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_MP_LOST, HALVES);
	s = lab_stats(&l, 0, 0);
	assert_int_equal(s->lost_numbers, 2 * HALVES);
	assert_int_equal(s->links[0].lost + s->links[1].lost, 2 * HALVES);
	rig_close(&l.r);
}

static void
many_that_do_not_fit_any_more_are_called_that(void **state)
{
	static struct frame whole;
	struct lab l;

	(void)state;
	lab_open(&l);
	send_halves(&l);
	lab_inner(&whole, 0, 1, 500);
	lab_fragment(&l, 0, 0, 3 * HALVES + 4096, &whole, 0, whole.len);
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_MP_OVERRUN, HALVES);
	assert_int_equal(lab_stats(&l, 0, 0)->overrun, 1);
	rig_close(&l.r);
}

/* The same, and in the middle more packets than a burst holds, so that it takes two: WHOLES that wait for number 0, and halves behind them. */
enum { WHOLES = BURST_MAX + 10, BEHIND = 20 };

static void
send_wholes_and_halves(struct lab *l)
{
	struct dp_bundle_set patient = lab_bundle_defaults(0);
	static struct frame whole;

	patient.stall_min_ms = 5000;
	lab_bundle(l, 0, &patient);
	lab_link(l, 0, 0, 0);
	lab_link(l, 0, 1, 0);
	lab_inner(&whole, 0, 0, 900);
	for (unsigned i = 0; i < WHOLES + BEHIND; i++) {
		const bool half = i >= WHOLES;

		lab_fragment(l, 0, 0, 1 + i + (half ? 3 * (i - WHOLES) : 0), &whole, 0, half ? 450 : whole.len);
		rig_settle(&l->r);
	}
	assert_int_equal(lab_stats(l, 0, 0)->held, WHOLES + BEHIND);
}

/* The reason was that burst's: what the bundle loses later is lost. A half at seq and a packet behind it wait for link 1, which goes: so what was
 * waiting is delivered or given up as what had filled a burst is. */
static void
lose_a_half(struct lab *l, uint32_t seq)
{
	static struct frame whole;

	lab_inner(&whole, 0, 1, 500);
	lab_fragment(l, 0, 0, seq, &whole, 0, 100);
	lab_fragment(l, 0, 0, seq + 3, &whole, 0, whole.len);
	rig_settle(&l->r);
	assert_int_equal(rig_drops(&l->r, DROP_MP_LOST), 0);
	lab_link_remove(l, 0, 1);
	rig_settle(&l->r);
	assert_int_equal(rig_drops(&l->r, DROP_MP_LOST), 1);
	assert_int_equal(rig_drops_all(&l->r), BEHIND + 1);
}

static void
what_gives_way_in_two_bursts_is_called_the_same_in_both(void **state)
{
	enum { MBUF = sizeof(struct rte_mbuf) + RTE_MBUF_DEFAULT_BUF_SIZE };
	struct dp_bundle_set patient = lab_bundle_defaults(1);
	static struct frame whole;
	struct lab l;

	(void)state;
	lab_open_wish(&l,
		&(struct rig_wish){.access_ports = 1, .ip_ports = 1, .reassembly_bytes = (WHOLES + BEHIND + 5) * MBUF});
	send_wholes_and_halves(&l);
	rig_run(&l.r, lab_ms(3), lab_ms(1));
	patient.stall_min_ms = 10000;
	lab_bundle(&l, 1, &patient);
	lab_link(&l, 1, 0, 0);
	lab_link(&l, 1, 1, 0);
	lab_inner(&whole, 1, 0, 900);
	for (unsigned i = 0; i < 20 && lab_stats(&l, 0, 0)->held != 0; i++) {
		lab_fragment(&l, 1, 0, 3 * i, &whole, 0, 450);
		rig_settle(&l.r);
	}
	lab_expect_drops(&l, DROP_MP_BUDGET, BEHIND);
	lose_a_half(&l, 500);
	rig_close(&l.r);
}

static void
what_does_not_fit_in_two_bursts_is_called_the_same_in_both(void **state)
{
	static struct frame whole;
	struct lab l;

	(void)state;
	lab_open(&l);
	send_wholes_and_halves(&l);
	lab_inner(&whole, 0, 1, 500);
	lab_fragment(&l, 0, 0, 8192, &whole, 0, whole.len);
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_MP_OVERRUN, BEHIND);
	assert_int_equal(lab_stats(&l, 0, 0)->overrun, 1);
	lose_a_half(&l, 8194);
	rig_close(&l.r);
}

/* A budget larger than the pool: whoever never sends number 0 holds many buffers, not those that the others need. */
static void
windows_leave_a_quarter_of_the_buffers_to_others(void **state)
{
	struct dp_bundle_set set = lab_bundle_defaults(0);
	static struct frame out;
	unsigned delivered = 0;
	struct lab l;

	(void)state;
	lab_open(&l);
	set.window_slots_max = 16384;
	lab_bundle(&l, 0, &set);
	lab_link(&l, 0, 0, 0);
	lab_link(&l, 0, 1, 0);
	for (unsigned i = 1; i < 9000; i++) {
		send_pieces(&l, 1, i, 1, i, 100, ALL);
		if (i % BURST_MAX != 0)
			continue;
		rig_turn(&l.r);
		while (rig_receive(&l.r, LAB_IP, &out))
			delivered++;
		assert_in_range(dp_mbufs_free(l.r.dp), 2000, 8192);
	}
	assert_in_range(delivered, 6000, 9000);
	rig_close(&l.r);
}

/* One fragment releases more packets than a burst holds. */
static void
more_than_a_burst_is_delivered_in_one_turn(void **state)
{
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 2);
	for (unsigned i = 1; i < 300; i++) {
		send_pieces(&l, 1, i, 1, i, 100 + i, ALL);
		rig_settle(&l.r);
	}
	lab_expect_nothing(&l);
	send_pieces(&l, 1, 0, 1, 0, 100, ALL); /* on link 0 again: strict, reordered */
	rig_settle(&l.r);
	lab_expect_nothing(&l);
	{
		static struct frame whole;

		lab_inner(&whole, 0, 0, 100);
		lab_fragment(&l, 0, 1, 0, &whole, 0, whole.len);
	}
	for (unsigned i = 300; i < 310; i++) /* behind it, in the same burst of frames */
		send_pieces(&l, 1, i, 1, i, 100 + i, ALL);
	rig_turn(&l.r);
	assert_int_equal(rig_waiting(&l.r, LAB_IP), 310);
	for (unsigned i = 0; i < 310; i++)
		lab_expect_packet(&l, 0, i, 100 + i);
	rig_close(&l.r);
}

/* Windows of all sizes on many bundles; removed bundles and those that shrank leave the pool whole. */
static void
memory_of_deep_windows_comes_back(void **state)
{
	static struct frame whole;
	struct bundle_table *t;
	unsigned windows = 0;
	struct lab l;

	(void)state;
	lab_open(&l);
	t = l.r.dp->workers[0]->bundles;
	for (unsigned round = 0; round < 30; round++) {
		for (unsigned b = 0; b < 6; b++) {
			lab_bundle_of(&l, b, 2);
			lab_inner(&whole, b, 0, 100);
			for (uint32_t seq = 10 + b; seq < 4000; seq *= 3) {
				lab_fragment(&l, b, 0, seq, &whole, 0, 50);
				rig_settle(&l.r);
			}
		}
		for (unsigned b = 0; b < 6; b++)
			rig_command(&l.r, 0, &(struct dp_cmd){.op = DP_CMD_BUNDLE_REMOVE, .bundle = b, .gen = l.gen});
		rig_run(&l.r, lab_ms(2), lab_ms(1)); /* as many may grow again */
	}
	while (deep_pool_get(&t->deep, REASM_SLOTS_MAX) != NULL)
		windows++;
	assert_int_equal(windows * REASM_SLOTS_MAX, t->deep.units * DEEP_UNIT_SLOTS);
	assert_int_equal(rig_drops(&l.r, DROP_MP_OVERRUN), 0);
	rig_close(&l.r);
}

/* BUNDLE_GONE for what a window holds. */
static void
removed_bundle_frees_its_window_and_reports_its_totals(void **state)
{
	struct dp_event e[4];
	bool lost;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 4);
	send_pieces(&l, 4, 0, 4, 0, 1000, ALL);
	send_pieces(&l, 4, 4, 4, 1, 1000, 0);
	rig_settle(&l.r);
	lab_expect_packet(&l, 0, 0, 1000);
	assert_int_equal(lab_stats(&l, 0, 0)->held, 3);
	rig_command(&l.r, 0, &(struct dp_cmd){.op = DP_CMD_BUNDLE_REMOVE, .bundle = 0, .gen = l.gen});
	lab_expect_drops(&l, DROP_BUNDLE_GONE, 3);
	assert_int_equal(l.r.dp->workers[0]->held_mbufs, 0);
	assert_int_equal(dp_events(l.r.dp, e, 4, &lost), 4);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(e[i].op, DP_EVENT_LINK_GONE);
		assert_int_equal(e[i].link.rx_frames, i == 0 ? 1 : 2);
	}
	assert_int_equal(dp_events(l.r.dp, e, 4, &lost), 1);
	assert_int_equal(e[0].op, DP_EVENT_BUNDLE_GONE);
	assert_int_equal(e[0].totals.rx_packets, 1);
	assert_int_equal(e[0].totals.rx_bytes, 1000);
	/* the index again, with another generation */
	l.gen++;
	lab_bundle_of(&l, 0, 2);
	send_pieces(&l, 2, 0, 2, 5, 700, ALL);
	rig_settle(&l.r);
	lab_expect_packet(&l, 0, 5, 700);
	rig_close(&l.r);
}

/* Link 0 is 8 ms behind link 1: the stall limit is twice that and a margin, not the least one allowed. */
static void
skew_is_measured_and_makes_the_window_patient(void **state)
{
	static struct frame whole;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 2);
	measure_links(&l);
	assert_int_equal(lab_stats(&l, 0, 0)->stall_us, 20000);
	for (unsigned i = 0; i < 50; i++) {
		lab_inner(&whole, 0, i, 1000);
		lab_fragment(&l, 0, 1, MEASURED + 1 + 2 * i, &whole, 500, whole.len - 500);
		rig_run(&l.r, lab_ms(8), lab_ms(1));
		lab_fragment(&l, 0, 0, MEASURED + 2 * i, &whole, 0, 500);
		rig_run(&l.r, lab_ms(1), lab_ms(1));
		lab_expect_packet(&l, 0, i, 1000);
	}
	assert_in_range(lab_stats(&l, 0, 0)->links[0].lag_us, 7900, 8100);
	assert_int_equal(lab_stats(&l, 0, 0)->links[1].lag_us, 0);
	assert_in_range(lab_stats(&l, 0, 0)->stall_us, 20001, 200000);
	lab_link_remove(&l, 0, 0);
	assert_int_equal(lab_stats(&l, 0, 0)->stall_us, 20000);
	rig_close(&l.r);
}

/* ------------------------------------------------------------------ fragments in several mbufs */

/* Packets of four fragments, one on each link: packet i of the bundle has numbers from 4 i on. */
enum { PIECES = 4, PIECE_BYTES = 300 };

/* In how many mbufs each fragment comes; 0: in one, and the fragment is empty. */
struct shape {
	unsigned mbufs[PIECES];
};

static unsigned
shape_bytes(const struct shape *s, unsigned pieces)
{
	unsigned n = 0;

	for (unsigned i = 0; i < pieces; i++)
		n += s->mbufs[i] != 0 ? PIECE_BYTES : 0;
	return n;
}

/* Fragment k of packet i arrives; returns the mbufs it lies in. */
static unsigned
send_shaped(struct lab *l, unsigned bundle, unsigned i, const struct shape *s, unsigned k)
{
	const struct frame_path p = lab_path(l, bundle, k);
	const unsigned from = shape_bytes(s, k), len = shape_bytes(s, k + 1) - from, mbufs = RTE_MAX(s->mbufs[k], 1u);
	static struct frame whole, f;

	lab_inner(&whole, bundle, i, shape_bytes(s, PIECES) - PPP_PROTO_LEN);
	frame_mp(&f, &p, false, i * PIECES + k, k == 0, k + 1 == PIECES, whole.b + from, len);
	frame_pad(&f, ETH_FRAME_MIN);
	rig_send_scattered(&l->r, LAB_ACCESS, &f, (f.len + mbufs - 1) / mbufs);
	return mbufs;
}

static void
expect_shaped(struct lab *l, unsigned bundle, unsigned i, const struct shape *s)
{
	lab_expect_packet(l, bundle, i, shape_bytes(s, PIECES) - PPP_PROTO_LEN);
}

/* The orders of four are numbered from 0 to 23. */
enum { ORDERS = 24 };

static void
order_numbered(unsigned number, unsigned order[PIECES])
{
	unsigned left[PIECES] = {0, 1, 2, 3};

	for (unsigned n = PIECES; n > 0; n--) {
		order[n - 1] = left[number % n];
		left[number % n] = left[n - 1];
		number /= n;
	}
}

static uint64_t
held_mbufs(const struct lab *l)
{
	return l->r.dp->workers[0]->held_mbufs;
}

/* Empty fragments are freed when a packet is joined; they have been held as well. */
static void
mbufs_held_are_counted_whatever_fragments_consist_of(void **state)
{
	static const struct shape shapes[] = {
		{{1, 0, 1, 1}},
		{{2, 0, 1, 1}},
		{{1, 0, 3, 1}},
		{{3, 0, 0, 2}},
		{{1, 0, 0, 3}},
		{{0, 2, 0, 1}},
		{{0, 1, 0, 4}},
		{{1, 2, 1, 0}},
		{{2, 0, 0, 0}},
		{{4, 3, 2, 1}},
	};
	unsigned i = 0;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, PIECES);
	for (const struct shape *s = shapes; s < shapes + RTE_DIM(shapes); s++) {
		for (unsigned number = 0; number < ORDERS; number++, i++) {
			unsigned order[PIECES], held = 0;

			order_numbered(number, order);
			for (unsigned k = 0; k < PIECES; k++) {
				assert_int_equal(held_mbufs(&l), held);
				held += send_shaped(&l, 0, i, s, order[k]);
				rig_settle(&l.r);
			}
			expect_shaped(&l, 0, i, s);
			assert_int_equal(held_mbufs(&l), 0);
		}
	}
	lab_expect_nothing(&l);
	assert_int_equal(rig_drops_all(&l.r), 0);
	rig_close(&l.r);
}

/* Packet i of the bundle, but without its fragment `skip`; returns the mbufs sent. */
static unsigned
send_shaped_without(struct lab *l, unsigned bundle, unsigned i, const struct shape *s, unsigned skip)
{
	unsigned mbufs = 0;

	for (unsigned k = 0; k < PIECES; k++)
		mbufs += k != skip ? send_shaped(l, bundle, i, s, k) : 0;
	rig_settle(&l->r);
	return mbufs;
}

static const struct shape scattered = {{3, 0, 2, 2}};

/* By the lower edge in every second round, else by the stall limit. */
static void
scattered_fragments_that_are_given_up_leave_nothing_behind(void **state)
{
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, PIECES);
	for (unsigned i = 0; i < 4 * PIECES; i += 2) {
		const unsigned held = send_shaped_without(&l, 0, i, &scattered, i / 4);

		assert_int_equal(held_mbufs(&l), held);
		lab_expect_drops(&l, DROP_MP_LOST, i / 2 * (PIECES - 1));
		if (i % 4 == 0) {
			rig_run(&l.r, lab_ms(450), lab_ms(1)); /* twice stall_max_ms: links are not measured */
			lab_expect_drops(&l, DROP_MP_LOST, (i / 2 + 1) * (PIECES - 1));
			assert_int_equal(held_mbufs(&l), 0);
		}
		send_shaped_without(&l, 0, i + 1, &scattered, ALL);
		expect_shaped(&l, 0, i + 1, &scattered);
		lab_expect_drops(&l, DROP_MP_LOST, (i / 2 + 1) * (PIECES - 1));
		assert_int_equal(held_mbufs(&l), 0);
	}
	lab_expect_nothing(&l);
	rig_close(&l.r);
}

static void
scattered_fragments_pushed_out_of_the_window_leave_nothing_behind(void **state)
{
	struct dp_bundle_set set = lab_bundle_defaults(0);
	unsigned held;
	struct lab l;

	(void)state;
	lab_open(&l);
	set.window_slots_max = REASM_SLOTS_MIN;
	lab_bundle(&l, 0, &set);
	for (unsigned i = 0; i < PIECES; i++)
		lab_link(&l, 0, i, 0);
	held = send_shaped_without(&l, 0, 0, &scattered, 1);
	assert_int_equal(held_mbufs(&l), held);
	held = send_shaped(&l, 0, REASM_SLOTS_MIN, &scattered, 0);
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_MP_OVERRUN, PIECES - 1);
	assert_int_equal(held_mbufs(&l), held);
	for (unsigned k = 1; k < PIECES; k++)
		send_shaped(&l, 0, REASM_SLOTS_MIN, &scattered, k);
	rig_settle(&l.r);
	expect_shaped(&l, 0, REASM_SLOTS_MIN, &scattered);
	assert_int_equal(held_mbufs(&l), 0);
	rig_close(&l.r);
}

static void
scattered_fragments_that_are_refused_are_not_counted(void **state)
{
	unsigned held;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, PIECES);
	held = send_shaped_without(&l, 0, 0, &scattered, 3);
	send_shaped_without(&l, 0, 0, &scattered, 3);
	lab_expect_drops(&l, DROP_MP_DUPLICATE, 3);
	assert_int_equal(held_mbufs(&l), held);
	send_shaped(&l, 0, 0, &scattered, 3);
	rig_settle(&l.r);
	expect_shaped(&l, 0, 0, &scattered);
	assert_int_equal(held_mbufs(&l), 0);
	send_shaped_without(&l, 0, 0, &scattered, ALL);
	assert_int_equal(rig_drops(&l.r, DROP_MP_LATE), PIECES);
	assert_int_equal(held_mbufs(&l), 0);
	held = send_shaped(&l, 0, 2, &scattered, 2);
	send_shaped(&l, 0, 1, &scattered, 2);
	rig_settle(&l.r);
	assert_int_equal(rig_drops(&l.r, DROP_MP_REORDERED), 1);
	assert_int_equal(held_mbufs(&l), held);
	lab_expect_nothing(&l);
	rig_close(&l.r);
}

static void
scattered_fragments_go_with_their_bundle(void **state)
{
	unsigned held[2], before;
	struct lab l;

	(void)state;
	lab_open(&l);
	before = dp_mbufs_free(l.r.dp);
	for (unsigned b = 0; b < 2; b++) {
		lab_bundle_of(&l, b, PIECES);
		held[b] = send_shaped_without(&l, b, 0, &scattered, 2 * b);
	}
	assert_int_equal(held_mbufs(&l), held[0] + held[1]);
	assert_int_equal(dp_mbufs_free(l.r.dp), before - held[0] - held[1]);
	for (unsigned b = 0; b < 2; b++) {
		rig_command(&l.r, 0, &(struct dp_cmd){.op = DP_CMD_BUNDLE_REMOVE, .bundle = b, .gen = l.gen});
		lab_expect_drops(&l, DROP_BUNDLE_GONE, (b + 1) * (PIECES - 1));
		assert_int_equal(held_mbufs(&l), b == 0 ? held[1] : 0);
	}
	rig_settle(&l.r);
	assert_int_equal(dp_mbufs_free(l.r.dp), before);
	rig_close(&l.r);
}

/* Fragments of four mbufs each, beginnings of packets that nothing else ever comes of; and bundles with a budget of so many mbufs. */
enum { HEAVY = 4 };
static const struct shape heavy = {{HEAVY, 1, 1, 1}};

static void
open_with_budget(struct lab *l, unsigned bundles, unsigned mbufs)
{
	enum { MBUF = sizeof(struct rte_mbuf) + RTE_MBUF_DEFAULT_BUF_SIZE };

	lab_open_wish(l, &(struct rig_wish){.access_ports = 1, .ip_ports = 1, .reassembly_bytes = mbufs * MBUF});
	for (unsigned b = 0; b < bundles; b++)
		lab_bundle_of(l, b, PIECES);
}

static void
budget_counts_every_mbuf_of_scattered_fragments(void **state)
{
	enum { ROOM = 10 };
	struct lab l;

	(void)state;
	open_with_budget(&l, 2, ROOM);
	for (unsigned i = 0; i < 100; i++) {
		send_shaped(&l, i % 2, i, &heavy, 0);
		rig_settle(&l.r);
		assert_in_range(held_mbufs(&l), HEAVY, ROOM);
		assert_int_equal(held_mbufs(&l), HEAVY * (i + 1 - rig_drops(&l.r, DROP_MP_BUDGET)));
	}
	rig_run(&l.r, lab_ms(450), lab_ms(1));
	assert_int_equal(held_mbufs(&l), 0);
	rig_close(&l.r);
}

/* One of ten is enough: it has as many mbufs as are asked for. */
static void
no_more_is_given_up_than_the_budget_asks_for(void **state)
{
	enum { BUNDLES = 10 };
	struct lab l;

	(void)state;
	open_with_budget(&l, BUNDLES + 1, BUNDLES * HEAVY);
	for (unsigned b = 0; b <= BUNDLES; b++) {
		send_shaped(&l, b, 0, &heavy, 0);
		rig_settle(&l.r);
	}
	assert_int_equal(held_mbufs(&l), BUNDLES * HEAVY);
	lab_expect_drops(&l, DROP_MP_BUDGET, 1);
	rig_close(&l.r);
}

/* ------------------------------------------------------------------ a third link */

/* Bundles that have traffic together; only the first one ever has a third link. */
enum { TOGETHER = 5, TOGETHER_BYTES = 900 };

struct together {
	struct lab l;
	uint32_t seq[TOGETHER]; /* of the next packet's first piece */
	unsigned links[TOGETHER];
	unsigned packets; /* of each bundle */
};

/* Pieces [from, to) of the next packet of each bundle, one for each link, those of higher numbers first. */
static void
send_together(struct together *t, unsigned from, unsigned to)
{
	static struct frame whole;

	for (unsigned k = to; k-- > from;) {
		for (unsigned b = 0; b < TOGETHER; b++) {
			const unsigned links = t->links[b];
			size_t at, end;

			if (k >= links)
				continue;
			lab_inner(&whole, b, t->packets + b, TOGETHER_BYTES);
			at = whole.len * k / links;
			end = whole.len * (k + 1) / links;
			lab_fragment(&t->l, b, k, t->seq[b] + k, &whole, at, end - at);
		}
	}
}

/* The packets come out, those of each bundle as they were sent. */
static void
expect_together(struct together *t)
{
	static struct frame got, want;
	unsigned b;

	for (unsigned seen = 0; seen != (1u << TOGETHER) - 1; seen |= 1u << b) {
		assert_true(rig_receive(&t->l.r, LAB_IP, &got));
		b = load_be32(got.b + ETH_HDR_LEN + 12) - lab_subscriber;
		assert_in_range(b, 0, TOGETHER - 1);
		assert_int_equal(seen >> b & 1, 0);
		packet_udp(&want, lab_address(b), lab_host, 63, t->packets + b, TOGETHER_BYTES);
		assert_int_equal(got.len, want.len + ETH_HDR_LEN);
		assert_memory_equal(got.b + ETH_HDR_LEN, want.b, want.len);
	}
	lab_expect_nothing(&t->l);
	assert_int_equal(rig_drops_all(&t->l.r), 0);
	assert_int_equal(held_mbufs(&t->l), 0);
}

static void
pass_together(struct together *t)
{
	rig_settle(&t->l.r);
	expect_together(t);
	for (unsigned b = 0; b < TOGETHER; b++)
		t->seq[b] += t->links[b];
	t->packets++;
}

static void
run_together(struct together *t, unsigned packets)
{
	while (packets-- > 0) {
		send_together(t, 0, 3);
		pass_together(t);
	}
}

/* What the links of a worker's bundles have that are behind the second is looked for while there is such a bundle. */
static void
third_link_comes_and_goes_while_windows_hold_fragments(void **state)
{
	enum { RUN = 100 };
	static struct together t;
	const struct bundle_table *table;

	(void)state;
	t = (struct together){.packets = 0};
	lab_open(&t.l);
	table = t.l.r.dp->workers[0]->bundles;
	for (unsigned b = 0; b < TOGETHER; b++)
		lab_bundle_of(&t.l, b, t.links[b] = 2);
	run_together(&t, RUN);

	send_together(&t, 1, 2);
	rig_settle(&t.l.r);
	assert_int_equal(held_mbufs(&t.l), TOGETHER);
	assert_int_equal(table->n_ext, 0);
	send_together(&t, 0, 1); /* come in the turn of the command */
	lab_link(&t.l, 0, 2, 0);
	assert_int_equal(table->n_ext, 1);
	pass_together(&t);
	t.links[0] = 3;
	run_together(&t, RUN);

	send_together(&t, 1, 3);
	rig_settle(&t.l.r);
	assert_int_equal(held_mbufs(&t.l), TOGETHER + 1);
	lab_link_remove(&t.l, 0, 2);
	assert_int_equal(held_mbufs(&t.l), TOGETHER + 1);
	send_together(&t, 0, 1);
	pass_together(&t);
	t.links[0] = 2;
	run_together(&t, RUN);

	lab_link(&t.l, 0, 2, 0);
	t.links[0] = 3;
	run_together(&t, RUN);
	assert_int_equal(lab_stats(&t.l, 0, 0)->links[2].totals.rx_frames, RUN);

	send_together(&t, 1, 2);
	rig_settle(&t.l.r);
	rig_command(&t.l.r, 0, &(struct dp_cmd){.op = DP_CMD_BUNDLE_REMOVE, .bundle = 0, .gen = t.l.gen});
	assert_int_equal(table->n_ext, 0);
	lab_expect_drops(&t.l, DROP_BUNDLE_GONE, 1);
	rig_close(&t.l.r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_on_any_number_of_links_come_out_in_order),
		cmocka_unit_test(fragments_of_32_bytes_are_joined_and_routed),
		cmocka_unit_test(fragments_that_straddle_links_wait_for_each_other),
		cmocka_unit_test(short_numbers_wrap_and_long_reserved_bits_are_ignored),
		cmocka_unit_test(number_format_stays_as_the_bundle_was_made),
		cmocka_unit_test(number_older_than_the_lower_edge_is_lost_with_its_packet),
		cmocka_unit_test(late_duplicate_and_reordered_fragments_are_dropped_under_their_names),
		cmocka_unit_test(more_copies_and_late_fragments_than_16_bits_are_counted),
		cmocka_unit_test(totals_of_received_pass_2_to_the_32),
		cmocka_unit_test(tolerant_bundle_keeps_fragments_reordered_inside_a_link),
		cmocka_unit_test(broken_multilink_headers_are_dropped_under_their_names),
		cmocka_unit_test(reassembled_packet_up_to_our_mrru_passes_and_one_byte_more_does_not),
		cmocka_unit_test(one_byte_protocol_fields_and_plain_packets_pass),
		cmocka_unit_test(control_protocol_inside_multilink_goes_to_control_with_its_bundle),
		cmocka_unit_test(null_fragments_are_counted_and_move_the_lower_edge),
		cmocka_unit_test(gap_behind_a_silent_link_is_given_up_within_the_stall_limit),
		cmocka_unit_test(first_packet_over_a_late_link_is_waited_for),
		cmocka_unit_test(link_that_gets_later_is_waited_for_while_it_brings_something),
		cmocka_unit_test(time_without_a_turn_is_not_waited),
		cmocka_unit_test(gap_in_a_deep_window_is_given_up_within_the_stall_limit_too),
		cmocka_unit_test(window_that_grew_without_a_gap_shrinks_too),
		cmocka_unit_test(budget_is_made_beside_an_idle_deep_window),
		cmocka_unit_test(many_that_give_way_to_the_budget_are_called_that),
		cmocka_unit_test(many_that_a_link_has_lost_are_its_own),
		cmocka_unit_test(many_that_do_not_fit_any_more_are_called_that),
		cmocka_unit_test(what_gives_way_in_two_bursts_is_called_the_same_in_both),
		cmocka_unit_test(what_does_not_fit_in_two_bursts_is_called_the_same_in_both),
		cmocka_unit_test(last_fragment_of_a_burst_lost_leaves_nothing_behind),
		cmocka_unit_test(leaving_link_lets_the_others_deliver),
		cmocka_unit_test(joining_link_takes_part_without_loss),
		cmocka_unit_test(window_grows_with_the_skew_and_shrinks_when_it_is_over),
		cmocka_unit_test(only_so_many_numbers_beyond_windows_are_served_at_once),
		cmocka_unit_test(number_beyond_the_largest_window_pushes_the_oldest_gap_out),
		cmocka_unit_test(budget_is_kept_by_giving_up_the_oldest_gap),
		cmocka_unit_test(windows_leave_a_quarter_of_the_buffers_to_others),
		cmocka_unit_test(more_than_a_burst_is_delivered_in_one_turn),
		cmocka_unit_test(memory_of_deep_windows_comes_back),
		cmocka_unit_test(removed_bundle_frees_its_window_and_reports_its_totals),
		cmocka_unit_test(skew_is_measured_and_makes_the_window_patient),
		cmocka_unit_test(mbufs_held_are_counted_whatever_fragments_consist_of),
		cmocka_unit_test(scattered_fragments_that_are_given_up_leave_nothing_behind),
		cmocka_unit_test(scattered_fragments_pushed_out_of_the_window_leave_nothing_behind),
		cmocka_unit_test(scattered_fragments_that_are_refused_are_not_counted),
		cmocka_unit_test(scattered_fragments_go_with_their_bundle),
		cmocka_unit_test(budget_counts_every_mbuf_of_scattered_fragments),
		cmocka_unit_test(no_more_is_given_up_than_the_budget_asks_for),
		cmocka_unit_test(third_link_comes_and_goes_while_windows_hold_fragments),
	};

	return cmocka_run_group_tests_name("stage mp_rx", tests, NULL, NULL);
}
