/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/bundle_state.h"
#include "tests/dpdk/stage_lab.h"

/* Packets for bundles onto their lines: mp_accept, mp_tx, inject_in. */

enum { FRAGMENT_HDR = ETH_HDR_LEN + PPPOE_HDR_LEN + PPP_PROTO_LEN + MP_LONG_LEN };

/* Number 0 has been sent and its line is no longer alone; whatever that took is thrown away. */
static void
warm_up(struct lab *l, unsigned bundle)
{
	static struct lab_sent s;

	lab_downlink_udp(l, bundle, 0, 100);
	rig_run(&l->r, lab_ms(200), lab_ms(10));
	while (lab_sent(l, &s, false))
		;
}

/* Takes the fragments of one packet off the port, in order of their numbers; they must be n, from seq on, and carry the packet. */
static void
expect_cut(struct lab *l, unsigned bundle, unsigned seed, size_t total, uint32_t seq, unsigned n, bool short_seq)
{
	static struct lab_sent s;
	static struct frame want, got;

	packet_udp(&want, lab_host, lab_address(bundle), 63, seed, total);
	got.len = 0;
	for (unsigned i = 0; i < n; i++) {
		assert_true(lab_sent(l, &s, short_seq));
		assert_int_equal(s.proto, PPP_MP);
		assert_int_equal(s.mp.seq, (seq + i) & (short_seq ? 0xfff : 0xffffff));
		assert_int_equal(s.mp.begin, i == 0);
		assert_int_equal(s.mp.end, i + 1 == n);
		assert_false(s.mp.reserved);
		frame_add(&got, s.payload, s.n);
	}
	assert_int_equal(load_be16(got.b), PPP_IPV4);
	assert_int_equal(got.len, want.len + PPP_PROTO_LEN);
	assert_memory_equal(got.b + PPP_PROTO_LEN, want.b, want.len);
}

/* One LCP Discard-Request (RFC 1661 section 5.9): Linux throws away fragments without any data, and then misses their numbers. */
static void
expect_null(const struct lab_sent *s)
{
	static const uint8_t discard[] = {0xc0, 0x21, 11, 0, 0, 8, 0, 0, 0, 0};

	assert_true(s->mp.begin && s->mp.end);
	assert_int_equal(s->n, sizeof(discard));
	assert_memory_equal(s->payload, discard, sizeof(discard));
}

static void
first_packet_of_a_bundle_is_number_0_and_travels_alone(void **state)
{
	struct dp_bundle_set set = lab_bundle_defaults(0);
	static struct lab_sent s;
	struct lab l;

	(void)state;
	lab_open(&l);
	set.null_ms = 5;
	lab_bundle(&l, 0, &set);
	for (unsigned i = 0; i < 3; i++)
		lab_link(&l, 0, i, 0);
	for (unsigned i = 0; i < 10; i++)
		lab_downlink_udp(&l, 0, i, 1400);
	rig_run(&l.r, lab_ms(15), lab_ms(1));
	for (unsigned i = 0; i < 10; i++) {
		assert_true(lab_sent(&l, &s, false));
		assert_int_equal(s.mp.seq, i);
		assert_int_equal(s.slot, 0);
		assert_true(s.mp.begin && s.mp.end);
	}
	assert_int_equal(rig_waiting(&l.r, LAB_ACCESS), 0);
	rig_run(&l.r, lab_ms(30), lab_ms(1));
	for (unsigned i = 0; i < 2; i++) { /* the others' null fragments, now that they may */
		assert_true(lab_sent(&l, &s, false));
		expect_null(&s);
		assert_int_not_equal(s.slot, 0);
	}
	lab_downlink_udp(&l, 0, 10, 1200);
	rig_settle(&l.r);
	expect_cut(&l, 0, 10, 1200, 12, 3, false);
	assert_int_equal(lab_stats(&l, 0, 0)->tx_packets, 11);
	assert_int_equal(lab_stats(&l, 0, 0)->tx_bytes, 10 * 1400 + 1200);
	rig_close(&l.r);
}

static void
totals_of_sent_pass_2_to_the_32(void **state)
{
	enum { LINKS = 3, PACKET = 1200, PACKETS = 8 };
	const uint32_t before = UINT32_MAX - 4;
	const struct dp_bundle_stats *s;
	struct bundle *b;
	uint64_t frames = 0, bytes = 0;
	struct dp_event e[LINKS + 1];
	bool lost;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, LINKS);
	b = &l.r.dp->workers[0]->bundles->bundles[0];
	b->tx.sent = (struct count){before, before};
	for (unsigned i = 0; i < LINKS; i++)
		bundle_line(b, i)->sent = (struct count){before, before};
	for (unsigned i = 0; i < PACKETS; i++)
		lab_downlink_udp(&l, 0, i, PACKET);
	rig_run(&l.r, lab_ms(50), lab_ms(1));
	s = lab_stats(&l, 0, 0);
	assert_true(s->tx_packets == (uint64_t)before + PACKETS);
	assert_true(s->tx_bytes == (uint64_t)before + PACKETS * PACKET);
	for (unsigned i = 0; i < LINKS; i++) {
		frames += s->links[i].totals.tx_frames - before;
		bytes += s->links[i].totals.tx_bytes - before;
		assert_in_range(s->links[i].totals.tx_frames - before, 5, 3 * PACKETS); /* past 2^32 */
	}
	assert_int_equal(frames, 3 * PACKETS + s->tx_null);
	assert_in_range(bytes, PACKETS * PACKET, PACKETS * PACKET + 64 * frames);
	rig_command(&l.r, 0, &(struct dp_cmd){.op = DP_CMD_BUNDLE_REMOVE, .bundle = 0, .gen = l.gen});
	assert_int_equal(dp_events(l.r.dp, e, LINKS + 1, &lost), LINKS + 1);
	for (unsigned i = 0; i < LINKS; i++) {
		frames -= e[i].link.tx_frames - before;
		bytes -= e[i].link.tx_bytes - before;
	}
	assert_int_equal(frames + bytes, 0);
	assert_true(e[LINKS].totals.tx_packets == (uint64_t)before + PACKETS);
	assert_true(e[LINKS].totals.tx_bytes == (uint64_t)before + PACKETS * PACKET);
	while (rig_waiting(&l.r, LAB_ACCESS) != 0) {
		static struct lab_sent sent;

		assert_true(lab_sent(&l, &sent, false));
	}
	rig_close(&l.r);
}

/* The second link of a bundle often comes up within a millisecond of the first. */
static void
line_that_joins_right_behind_number_0_waits_like_the_others(void **state)
{
	static struct lab_sent s;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 1);
	lab_downlink_udp(&l, 0, 0, 1400);
	rig_settle(&l.r);
	lab_link(&l, 0, 1, 0);
	for (unsigned i = 1; i < 5; i++)
		lab_downlink_udp(&l, 0, i, 1400);
	rig_run(&l.r, lab_ms(15), lab_ms(1));
	for (unsigned i = 0; i < 5; i++) {
		assert_true(lab_sent(&l, &s, false));
		assert_int_equal(s.mp.seq, i);
		assert_int_equal(s.slot, 0);
		assert_true(s.mp.begin && s.mp.end);
	}
	assert_int_equal(rig_waiting(&l.r, LAB_ACCESS), 0);
	rig_run(&l.r, lab_ms(200), lab_ms(10));
	assert_int_equal(rig_waiting(&l.r, LAB_ACCESS), 0);
	lab_downlink_udp(&l, 0, 5, 1200);
	rig_settle(&l.r);
	expect_cut(&l, 0, 5, 1200, 5, 2, false);
	rig_close(&l.r);
}

static void
line_of_number_0_that_goes_away_stops_nobody(void **state)
{
	static struct lab_sent s;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 3);
	lab_downlink_udp(&l, 0, 0, 1400);
	rig_settle(&l.r);
	assert_true(lab_sent(&l, &s, false));
	lab_link_remove(&l, 0, s.slot);
	lab_downlink_udp(&l, 0, 1, 1400);
	rig_settle(&l.r);
	expect_cut(&l, 0, 1, 1400, 1, 2, false);
	rig_close(&l.r);
}

/* Six at once, from number seq on, each in a piece for each link. */
static void
cut_six(struct lab *l, unsigned links, unsigned seed, uint32_t seq, bool short_seq)
{
	for (unsigned i = 0; i < 6; i++)
		lab_downlink_udp(l, 0, seed + i, 1400 - 13 * i);
	rig_settle(&l->r);
	for (unsigned i = 0; i < 6; i++)
		expect_cut(l, 0, seed + i, 1400 - 13 * i, seq + i * links, links, short_seq);
}

/* Two lines have code of their own, but not for what goes out before it is seen that number 0 need not be alone any more. */
static void
end_solo(struct lab *l, unsigned bundle)
{
	assert_true(l->r.dp->workers[0]->bundles->bundles[bundle].tx.flags & BUNDLE_TX_SOLO);
	lab_downlink_udp(l, bundle, 9, 1200);
	rig_settle(&l->r);
	expect_cut(l, bundle, 9, 1200, 1, 2, false);
	assert_false(l->r.dp->workers[0]->bundles->bundles[bundle].tx.flags & BUNDLE_TX_SOLO);
}

static void
packets_are_cut_over_any_number_of_links_and_carry_their_bytes(void **state)
{
	static const unsigned counts[] = {1, 2, 3, 8, 16};

	(void)state;
	for (unsigned variant = 0; variant < 4; variant++) {
		const bool short_seq = variant & 1, indirect = variant & 2;

		for (unsigned c = 0; c < RTE_DIM(counts); c++) {
			struct dp_bundle_set set = lab_bundle_defaults(0);
			const unsigned links = counts[c];
			struct lab l;

			lab_open(&l);
			l.r.dp->ports[LAB_ACCESS].tx_indirect = indirect;
			set.flags |= short_seq ? DP_BUNDLE_TX_SHORT : 0;
			lab_bundle(&l, 0, &set);
			for (unsigned i = 0; i < links; i++)
				lab_link(&l, 0, i, 0);
			warm_up(&l, 0);
			cut_six(&l, links, 0, 1, short_seq);
			cut_six(&l, links, 6, 1 + 6 * links, short_seq);
			lab_expect_drops(&l, DROP_NO_MBUF, 0);
			rig_close(&l.r);
		}
	}
}

static void
fragments_keep_to_the_link_mru_and_packets_to_the_mrru(void **state)
{
	static struct lab_sent s;
	struct dp_bundle_set set = lab_bundle_defaults(0);
	struct dp_link_set link;
	struct lab l;

	(void)state;
	lab_open(&l);
	set.mode = DP_SCHED_PACKET;
	lab_bundle(&l, 0, &set);
	link = lab_link_defaults(&l, 0, 0);
	link.tx_mru = 600;
	lab_link_at(&l, 0, 0, &link);
	warm_up(&l, 0);
	lab_downlink_udp(&l, 0, 1, 1500);
	rig_settle(&l.r);
	for (unsigned left = 1502; left > 0; left -= (unsigned)s.n) {
		assert_true(lab_sent(&l, &s, false));
		assert_in_range(s.n, 1, 600 - MP_LONG_LEN);
		assert_int_equal(s.frame.len, s.n + FRAGMENT_HDR);
		assert_true(s.n <= left);
	}
	assert_int_equal(rig_waiting(&l.r, LAB_ACCESS), 0);
	rig_close(&l.r);
}

/* Don't Fragment, checksum made anew. */
static void
set_df(struct frame *ip)
{
	store_be16(ip->b + 6, IP4_DF);
	store_be16(ip->b + 10, 0);
	store_be16(ip->b + 10, checksum_fold(checksum_add(0, ip->b, 20)));
}

/* G-18, G-72: on one line of 1492, with DF, whatever a peer has announced; and one byte more comes back as too big. */
static void
single_line_carries_what_any_peers_mrru_allows(void **state)
{
	static const uint16_t mrrus[] = {1486, 1500, 1524, 1590, 1614, 4096, 32719, 65535};
	enum { LARGEST = 1700 };
	static struct lab_sent s;
	static struct frame ip;

	(void)state;
	for (size_t i = 0; i < sizeof(mrrus) / sizeof(mrrus[0]); i++) {
		const unsigned size = mrrus[i] < LARGEST ? mrrus[i] : LARGEST;
		struct dp_bundle_set set = lab_bundle_defaults(0);
		struct dp_link_set link;
		struct lab l;
		unsigned got = 0, frames = 0;

		lab_open(&l);
		set.tx_mrru = mrrus[i];
		lab_bundle(&l, 0, &set);
		link = lab_link_defaults(&l, 0, 0);
		link.tx_mru = 1492;
		lab_link_at(&l, 0, 0, &link);
		warm_up(&l, 0);
		packet_udp(&ip, lab_host, lab_address(0), 64, 1, size);
		set_df(&ip);
		lab_downlink(&l, &ip);
		rig_settle(&l.r);
		for (; lab_sent(&l, &s, false); frames++) {
			assert_in_range(s.n, 1, 1492 - MP_LONG_LEN);
			got += (unsigned)s.n;
		}
		assert_int_equal(got, size + PPP_PROTO_LEN);
		assert_int_equal(frames, size <= 1486 ? 1 : 2);
		if (mrrus[i] < LARGEST) {
			packet_udp(&ip, lab_host, lab_address(0), 64, 2, size + 1);
			set_df(&ip);
			lab_downlink(&l, &ip);
			rig_settle(&l.r);
			lab_expect_drops(&l, DROP_BUNDLE_TOO_LARGE, 1);
			assert_false(lab_sent(&l, &s, false));
		}
		rig_close(&l.r);
	}
}

static void
plain_link_sends_plain_frames(void **state)
{
	static struct lab_sent s;
	static struct frame want;
	struct dp_bundle_set set = lab_bundle_defaults(0);
	struct lab l;

	(void)state;
	lab_open(&l);
	set.flags = DP_BUNDLE_V4;
	set.tx_mrru = 1492;
	lab_bundle(&l, 0, &set);
	lab_link(&l, 0, 0, 0);
	lab_downlink_udp(&l, 0, 3, 1492);
	rig_settle(&l.r);
	assert_true(lab_sent(&l, &s, false));
	packet_udp(&want, lab_host, lab_address(0), 63, 3, 1492);
	assert_int_equal(s.proto, PPP_IPV4);
	assert_int_equal(s.n, want.len);
	assert_memory_equal(s.payload, want.b, want.len);
	assert_int_equal(s.frame.len, LAB_MTU + ETH_HDR_LEN);
	assert_int_equal(lab_stats(&l, 0, 0)->links[0].totals.tx_bytes, LAB_MTU);
	rig_close(&l.r);
}

/* BUNDLE_NO_LINK, BUNDLE_GONE, NCP_CLOSED */
static void
packets_nobody_can_carry_are_dropped_under_their_names(void **state)
{
	struct dp_bundle_set set = lab_bundle_defaults(0);
	struct dp_link_set link;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle(&l, 0, &set);
	lab_downlink_udp(&l, 0, 1, 500);
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_BUNDLE_NO_LINK, 1);
	link = lab_link_defaults(&l, 0, 0);
	link.tx_hold = true;
	lab_link_at(&l, 0, 0, &link);
	lab_downlink_udp(&l, 0, 1, 500);
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_BUNDLE_NO_LINK, 2);
	link.tx_hold = false;
	lab_link_at(&l, 0, 0, &link);
	lab_downlink_udp(&l, 0, 1, 500);
	rig_settle(&l.r);
	expect_cut(&l, 0, 1, 500, 0, 1, false);
	set.flags &= (uint16_t)~DP_BUNDLE_V4;
	lab_bundle(&l, 0, &set);
	lab_downlink_udp(&l, 0, 1, 500);
	rig_settle(&l.r);
	assert_int_equal(rig_drops(&l.r, DROP_NCP_CLOSED), 1);
	rig_command(&l.r, 0, &(struct dp_cmd){.op = DP_CMD_BUNDLE_REMOVE, .bundle = 0, .gen = l.gen});
	lab_downlink_udp(&l, 0, 1, 500);
	rig_settle(&l.r);
	assert_int_equal(rig_drops(&l.r, DROP_BUNDLE_GONE), 1);
	rig_close(&l.r);
}

/* BUNDLE_TOO_LARGE with DF; without, the packet is cut. */
static void
packet_above_the_mrru_is_cut_or_answered(void **state)
{
	static struct dp_punted got;
	static struct frame ip;
	static struct lab_sent s;
	struct dp_bundle_set set = lab_bundle_defaults(0);
	uint32_t offset = 0;
	struct lab l;

	(void)state;
	lab_open(&l);
	set.tx_mrru = 1000;
	lab_bundle(&l, 0, &set);
	lab_link(&l, 0, 0, 0);
	packet_udp(&ip, lab_host, lab_address(0), 64, 1, 1400);
	set_df(&ip);
	lab_downlink(&l, &ip);
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_BUNDLE_TOO_LARGE, 1);
	assert_true(dp_punted_next(l.r.dp, &got));
	assert_int_equal(got.origin, DP_FROM_ROUTE);
	assert_int_equal(got.why, DP_PUNT_TOO_BIG);
	assert_int_equal(got.mtu, 1000);
	assert_int_equal(got.len, 1400);
	lab_downlink_udp(&l, 0, 2, 1400);
	rig_settle(&l.r);
	packet_udp(&ip, lab_host, lab_address(0), 63, 2, 1400);
	while (lab_sent(&l, &s, false)) {
		struct ip4_view v = {0};

		assert_int_equal(load_be16(s.payload), PPP_IPV4);
		assert_int_equal(ip4_parse(s.payload + 2, s.n - 2, s.n - 2, &v), IP_OK);
		assert_in_range(v.total_len, 21, 1000);
		assert_int_equal((v.fragment & IP4_OFFSET) * 8, offset);
		assert_memory_equal(s.payload + 2 + 20, ip.b + 20 + offset, v.total_len - 20);
		offset += v.total_len - 20u;
		assert_int_equal((v.fragment & IP4_MF) != 0, offset < 1380);
	}
	assert_int_equal(offset, 1380);
	rig_close(&l.r);
}

/* BUNDLE_QUEUE_FULL: what waits is bounded by queue_ms at the lines' rate. */
static void
queue_is_bounded_by_time_and_counts_what_it_refuses(void **state)
{
	struct dp_bundle_stats stats;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 0);
	lab_link(&l, 0, 0, 10000000);
	lab_link(&l, 0, 1, 10000000);
	for (unsigned i = 0; i < 600; i++) {
		lab_downlink_udp(&l, 0, i, 1000);
		rig_turn(&l.r);
	}
	stats = *lab_stats(&l, 0, 0);
	/* 100 ms at 20 Mbit/s are 250000 bytes; a packet is 1002 with its protocol field, some have gone to the lines. */
	assert_in_range(stats.queue_packets, 245, 250);
	assert_int_equal(stats.queue_drops, rig_drops(&l.r, DROP_BUNDLE_QUEUE_FULL));
	assert_in_range(stats.queue_drops, 340, 355);
	lab_expect_drops(&l, DROP_BUNDLE_QUEUE_FULL, stats.queue_drops);
	rig_close(&l.r);
}

/* What comes in one poll is not refused while the line would have taken some of it at once, or a line that was idle loses packets of a burst
 * that it had room for: as many are kept as where each packet comes in a turn of its own. */
static void
a_poll_is_not_refused_what_an_idle_line_takes_at_once(void **state)
{
	enum { PACKETS = 64, BYTES = 1400 };
	uint64_t drops[2];

	(void)state;
	for (unsigned at_once = 0; at_once < 2; at_once++) {
		struct dp_bundle_set set = lab_bundle_defaults(0);
		struct lab l;

		lab_open(&l);
		set.queue_ms = 5;
		lab_bundle(&l, 0, &set);
		lab_link(&l, 0, 0, 50000000);
		lab_link(&l, 0, 1, 50000000);
		/* number 0 goes out, and what waits for it */
		lab_downlink_udp(&l, 0, 0, BYTES);
		rig_settle(&l.r);
		l.r.now_ns += lab_ms(500);
		rig_turn(&l.r);
		for (unsigned i = 1; i <= PACKETS; i++) {
			lab_downlink_udp(&l, 0, i, BYTES);
			if (!at_once)
				rig_turn(&l.r);
		}
		rig_settle(&l.r);
		drops[at_once] = rig_drops(&l.r, DROP_BUNDLE_QUEUE_FULL);
		rig_close(&l.r);
	}
	assert_int_equal(drops[0], 0);
	assert_int_equal(drops[1], drops[0]);
}

static void
small_packets_are_bounded_by_number(void **state)
{
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 0);
	lab_link(&l, 0, 0, 400000000);
	/* some 2500 leave at once on a line that was idle */
	for (unsigned i = 0; i < 9000; i++) {
		lab_downlink_udp(&l, 0, i, 40);
		rig_turn(&l.r);
	}
	assert_in_range(lab_stats(&l, 0, 0)->queue_packets, 4000, 4096);
	assert_true(rig_drops(&l.r, DROP_BUNDLE_QUEUE_FULL) > 0);
	rig_close(&l.r);
}

/* A fast line that was idle takes no more at once than a port's ring does: half a megabyte, not all that 4 ms of it would hold. */
static void
burst_of_a_fast_line_is_bounded_in_bytes(void **state)
{
	enum { PACKETS = 900, BYTES = 1000 };
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 0);
	lab_link(&l, 0, 0, UINT64_C(10000000000));
	for (unsigned i = 0; i < PACKETS; i++) {
		lab_downlink_udp(&l, 0, i, BYTES);
		rig_turn(&l.r);
	}
	assert_in_range(PACKETS - lab_stats(&l, 0, 0)->queue_packets, 500, 550);
	rig_close(&l.r);
}

/* Overload on all bundles at once, each within its own bounds: frames must still find buffers to arrive in. */
static void
queues_leave_buffers_to_arrive_in(void **state)
{
	enum { BUNDLES = 8, POOL = 4096 };
	static struct frame f;
	struct lab l;

	(void)state;
	lab_open_wish(&l, &(struct rig_wish){.access_ports = 1, .ip_ports = 1, .pool_mbufs = POOL});
	for (unsigned b = 0; b < BUNDLES; b++) {
		lab_bundle_of(&l, b, 0);
		lab_link(&l, b, 0, 100000000);
	}
	for (unsigned i = 0; i < 1000 * BUNDLES; i++) {
		lab_downlink_udp(&l, i % BUNDLES, i, 1000);
		rig_turn(&l.r);
		while (rig_receive(&l.r, LAB_ACCESS, &f))
			;
		assert_in_range(dp_mbufs_free(l.r.dp), POOL / 10, POOL);
	}
	for (unsigned b = 0; b < BUNDLES; b++)
		assert_in_range(lab_stats(&l, 0, b)->queue_packets, 0, POOL / BUNDLES);
	lab_expect_drops(&l, DROP_BUNDLE_QUEUE_FULL, rig_drops_all(&l.r));
	/* and what waits is given back: by sending, and by dropping */
	for (unsigned b = 0; b < BUNDLES / 2; b++)
		lab_link_remove(&l, b, 0);
	for (unsigned i = 0; i < 100; i++) {
		rig_run(&l.r, lab_ms(2), lab_ms(1));
		while (rig_receive(&l.r, LAB_ACCESS, &f))
			;
	}
	assert_int_equal(l.r.dp->workers[0]->queued_mbufs, 0);
	rig_close(&l.r);
}

struct split_case {
	const char *name;
	uint8_t mode;
	unsigned lines;
	uint64_t rate[8];
	uint32_t latency_us[8];
	unsigned least_percent; /* of the rate, on each line */
};

static const struct split_case splits[] = {
	{"weighted, 30 + 10 Mbit/s", DP_SCHED_WEIGHTED, 2, {30000000, 10000000}, {0}, 99},
	{"weighted, 20 + 5 Mbit/s", DP_SCHED_WEIGHTED, 2, {20000000, 5000000}, {0}, 99},
	{"weighted, 20 + 20 Mbit/s", DP_SCHED_WEIGHTED, 2, {20000000, 20000000}, {0}, 99},
	{"weighted, one line", DP_SCHED_WEIGHTED, 1, {10000000}, {0}, 99},
	{"weighted, 100 + 1 Mbit/s", DP_SCHED_WEIGHTED, 2, {100000000, 1000000}, {0}, 99},
	{"weighted, latencies 1 and 20 ms", DP_SCHED_WEIGHTED, 2, {30000000, 10000000}, {1000, 20000}, 99},
	{"weighted, eight lines", DP_SCHED_WEIGHTED, 8,
		{10000000, 12000000, 3000000, 8000000, 10000000, 7000000, 5000000, 2000000}, {0}, 99},
	{"packet, 30 + 10 Mbit/s", DP_SCHED_PACKET, 2, {30000000, 10000000}, {0}, 99},
	{"packet, 20 + 1 Mbit/s", DP_SCHED_PACKET, 2, {20000000, 1000000}, {0}, 99},
	{"equal, 10 + 10 Mbit/s", DP_SCHED_EQUAL, 2, {10000000, 10000000}, {0}, 99},
	{"round robin, 10 + 10 Mbit/s", DP_SCHED_ROUND_ROBIN, 2, {10000000, 10000000}, {0}, 99},
	{"round robin, 2 + 2 Mbit/s", DP_SCHED_ROUND_ROBIN, 2, {2000000, 2000000}, {0}, 99},
	{"round robin, 0.5 + 0.5 Mbit/s", DP_SCHED_ROUND_ROBIN, 2, {500000, 500000}, {0}, 98},
	{"overflow, 10 + 10 Mbit/s", DP_SCHED_OVERFLOW, 2, {10000000, 10000000}, {0}, 99},
	{"overflow, 2 + 30 + 10 Mbit/s", DP_SCHED_OVERFLOW, 3, {2000000, 30000000, 10000000}, {0}, 99},
};

/* Two seconds at 120 % load, on the virtual clock: every line is full, none is over its rate, nothing is lost behind the queue. */
static void
saturate(const struct split_case *c)
{
	const uint64_t step_ns = 200000, warm_ns = lab_ms(200), run_ns = lab_ms(2000);
	struct dp_bundle_set set = lab_bundle_defaults(0);
	uint64_t bits[8] = {0}, sum = 0, due = 0, began;
	static struct lab_sent s;
	struct lab l;

	lab_open(&l);
	set.mode = c->mode & 0xfu;
	set.overflow_ms = 10;
	lab_bundle(&l, 0, &set);
	for (unsigned i = 0; i < c->lines; i++) {
		struct dp_link_set link = lab_link_defaults(&l, 0, i);

		link.rate_bps = c->rate[i];
		link.latency_us = c->latency_us[i];
		link.overhead_bytes = 4;
		link.cost = (uint8_t)i;
		lab_link_at(&l, 0, 0, &link);
		sum += c->rate[i];
	}
	began = l.r.now_ns;
	while (l.r.now_ns - began < warm_ns + run_ns) {
		for (; due * 8 < (l.r.now_ns - began) * 12 / 10 / 1000 * sum / 1000000; due += 1400)
			lab_downlink_udp(&l, 0, (unsigned)due, 1400);
		rig_run(&l.r, step_ns, step_ns);
		while (lab_sent(&l, &s, false)) {
			if (l.r.now_ns - began > warm_ns)
				bits[s.slot] += (s.frame.len + 4) * 8;
		}
	}
	for (unsigned i = 0; i < c->lines; i++) {
		const uint64_t reached = bits[i] * 1000 / (c->rate[i] * (run_ns / 1000000) / 1000);

		if (reached < c->least_percent * 10 || reached > 1010 + (1000 - c->least_percent * 10) / 2)
			fail_msg("%s: line %u carries %u.%u %% of its rate", c->name, i, (unsigned)reached / 10,
				(unsigned)reached % 10);
	}
	lab_expect_drops(&l, DROP_BUNDLE_QUEUE_FULL, rig_drops_all(&l.r));
	rig_close(&l.r);
}

static void
saturated_lines_are_filled_to_their_rates_and_not_above(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RTE_DIM(splits); i++)
		saturate(&splits[i]);
}

/* G-50: a packet of 1500 bytes, 1502 with its protocol field, on links of 1492: 1488 and 14 bytes, both on the link whose turn it is. One of
 * 1400 stays whole. Numbers go on over both. */
static void
round_robin_cuts_what_a_link_cannot_take_and_nothing_else(void **state)
{
	static const struct {
		unsigned size, n;
		size_t bytes[2];
	} rows[] = {{1500, 2, {1488, 14}}, {1400, 1, {1402}}, {1486, 1, {1488}}, {1487, 2, {1488, 1}},
		{1500, 2, {1488, 14}}};
	struct dp_bundle_set set = lab_bundle_defaults(0);
	static struct lab_sent s;
	unsigned seq, last = 2;
	struct lab l;

	(void)state;
	lab_open(&l);
	set.mode = DP_SCHED_ROUND_ROBIN;
	lab_bundle(&l, 0, &set);
	for (unsigned i = 0; i < 2; i++)
		lab_link(&l, 0, i, 0);
	warm_up(&l, 0);
	seq = 1;
	for (size_t i = 0; i < RTE_DIM(rows); i++) {
		unsigned slot = last;

		lab_downlink_udp(&l, 0, (unsigned)i, rows[i].size);
		rig_settle(&l.r);
		for (unsigned k = 0; k < rows[i].n; k++) {
			assert_true(lab_sent(&l, &s, false));
			assert_int_equal(s.mp.seq, seq++);
			assert_int_equal(s.n, rows[i].bytes[k]);
			assert_int_equal(s.mp.begin, k == 0);
			assert_int_equal(s.mp.end, k + 1 == rows[i].n);
			assert_true(k == 0 ? s.slot != last : s.slot == slot);
			slot = s.slot;
		}
		assert_false(lab_sent(&l, &s, false));
		last = slot;
	}
	rig_close(&l.r);
}

/* Bytes that each of two lines of 10 Mbit/s has sent (frames and 4 bytes each), in two seconds of packets of 1400 bytes at bps. */
static void
offer(struct lab *l, uint64_t bps, uint64_t bytes[2])
{
	const uint64_t began = l->r.now_ns;
	static struct lab_sent s;
	uint64_t due = 0;

	while (l->r.now_ns - began < lab_ms(2000)) {
		for (; due * 8000 < (l->r.now_ns - began) / 1000 * (bps / 1000); due += 1400)
			lab_downlink_udp(l, 0, (unsigned)due, 1400);
		rig_run(&l->r, 200000, 200000);
		while (lab_sent(l, &s, false))
			bytes[s.slot] += s.frame.len + 4;
	}
}

/* The link that joined first is the dear one. At 8 Mbit/s it is idle; at 15 Mbit/s it has what the cheap one's 10 cannot carry: 1432 of
 * line bytes for 1400 of packet at the cheap one's full rate, so 2 s * 10 Mbit/s there and 15 * 1432 / 1400 - 10 = 5.34 Mbit/s here. */
static void
dear_line_carries_only_what_the_cheap_one_cannot(void **state)
{
	struct dp_bundle_set set = lab_bundle_defaults(0);
	uint64_t low[2] = {0}, high[2] = {0};
	struct lab l;

	(void)state;
	lab_open(&l);
	set.mode = DP_SCHED_OVERFLOW;
	set.overflow_ms = 10;
	lab_bundle(&l, 0, &set);
	for (unsigned i = 0; i < 2; i++) {
		struct dp_link_set link = lab_link_defaults(&l, 0, i);

		link.rate_bps = 10000000;
		link.overhead_bytes = 4;
		link.cost = i == 0 ? 20 : 10;
		lab_link_at(&l, 0, 0, &link);
	}
	warm_up(&l, 0);
	offer(&l, 8000000, low);
	assert_int_equal(low[0], 0);
	assert_in_range(low[1], 2000000, 2060000);
	offer(&l, 15000000, high);
	assert_in_range(high[1], 2470000, 2510000);
	assert_in_range(high[0], 1300000, 1370000);
	lab_expect_drops(&l, DROP_BUNDLE_QUEUE_FULL, 0);
	rig_close(&l.r);
}

/* A line at 1 Mbit/s: each 154-byte frame (4 of overhead) takes 1264 us, whatever the burst it came in. */
static void
frames_leave_a_paced_line_at_even_distances(void **state)
{
	const uint64_t each_ns = (150 + 8) * 8 * 1000;
	static struct lab_sent s;
	struct dp_link_set link;
	uint64_t last = 0;
	unsigned seen = 0;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 0);
	link = lab_link_defaults(&l, 0, 0);
	link.rate_bps = 1000000;
	link.overhead_bytes = 8;
	lab_link_at(&l, 0, 0, &link);
	for (unsigned i = 0; i < 30; i++)
		lab_downlink_udp(&l, 0, i, 150 - FRAGMENT_HDR - PPP_PROTO_LEN);
	rig_settle(&l.r);
	for (unsigned i = 0; i < 10000 && seen < 30; i++) {
		while (lab_sent(&l, &s, false)) {
			assert_int_equal(s.frame.len, 150);
			/* the first ones may catch up the 4 ms that the line has been idle */
			if (seen > 4)
				assert_in_range(l.r.now_ns - last, each_ns - 40000, each_ns + 40000);
			last = l.r.now_ns;
			seen++;
		}
		rig_run(&l.r, 10000, 10000);
	}
	assert_int_equal(seen, 30);
	rig_close(&l.r);
}

static void
idle_link_gets_one_null_fragment_after_data_and_no_more(void **state)
{
	struct dp_bundle_set set = lab_bundle_defaults(0);
	static struct lab_sent s;
	unsigned nulls = 0;
	struct lab l;

	(void)state;
	lab_open(&l);
	set.mode = DP_SCHED_PACKET;
	set.null_ms = 50;
	lab_bundle(&l, 0, &set);
	for (unsigned i = 0; i < 3; i++)
		lab_link(&l, 0, i, 10000000);
	rig_run(&l.r, lab_ms(500), lab_ms(1));
	assert_int_equal(rig_waiting(&l.r, LAB_ACCESS), 0); /* nothing before data */
	warm_up(&l, 0);
	rig_run(&l.r, lab_ms(500), lab_ms(1));
	assert_int_equal(rig_waiting(&l.r, LAB_ACCESS), 0);
	lab_downlink_udp(&l, 0, 1, 100);
	rig_settle(&l.r);
	assert_true(lab_sent(&l, &s, false));
	assert_int_equal(s.n, 102);
	rig_run(&l.r, lab_ms(45), lab_ms(1));
	assert_int_equal(rig_waiting(&l.r, LAB_ACCESS), 0);
	rig_run(&l.r, lab_ms(1000), lab_ms(1));
	for (unsigned lines = 1u << s.slot; lab_sent(&l, &s, false); nulls++) {
		expect_null(&s);
		assert_int_equal(lines >> s.slot & 1, 0);
		lines |= 1u << s.slot;
	}
	assert_int_equal(nulls, 2);
	assert_int_equal(lab_stats(&l, 0, 0)->tx_null, 4);
	rig_close(&l.r);
}

/* The wheel gives a bundle out when the tick begins in which its null fragment is due: too early, by most of a tick. The turn ends all the
 * same, and so does the tick without turns for nothing. */
static void
what_is_due_within_a_tick_goes_in_the_next(void **state)
{
	struct dp_bundle_set set = lab_bundle_defaults(0);
	static struct lab_sent s;
	struct lab l;
	uint64_t due_ns;

	(void)state;
	lab_open(&l);
	set.null_ms = 50;
	lab_bundle(&l, 0, &set);
	for (unsigned i = 0; i < 2; i++)
		lab_link(&l, 0, i, 0);
	warm_up(&l, 0);
	l.r.now_ns = (l.r.now_ns | (PACE_TICK_NS - 1)) + PACE_TICK_NS / 2;
	lab_downlink_udp(&l, 0, 1, 100);
	rig_settle(&l.r);
	assert_true(lab_sent(&l, &s, false));
	due_ns = l.r.now_ns + lab_ms(50);
	l.r.now_ns = due_ns & ~(uint64_t)(PACE_TICK_NS - 1);
	assert_true(l.r.now_ns < due_ns && bundle_next_ns(l.r.dp->workers[0]) <= l.r.now_ns);
	rig_turn(&l.r);
	assert_false(lab_sent(&l, &s, false));
	l.r.now_ns += PACE_TICK_NS;
	assert_int_equal(bundle_next_ns(l.r.dp->workers[0]), l.r.now_ns);
	rig_turn(&l.r);
	assert_true(lab_sent(&l, &s, false));
	expect_null(&s);
	rig_close(&l.r);
}

/* More bundles than are on their way at once, all with more in their queues than may be caught up, and the worker comes back after three
 * years: if each were served once for every 67 ms of these, nobody would see the end. */
static void
time_away_does_not_count_the_bundles_that_wait(void **state)
{
	enum { BUNDLES = 40, PACKETS = 3, RATE = 64000 };
	const uint64_t away_ns = UINT64_C(100000000000000000);
	static struct lab_sent s;
	unsigned sent = 0;
	struct lab l;

	(void)state;
	lab_open(&l);
	for (unsigned b = 0; b < BUNDLES; b++) {
		const struct dp_bundle_set set = lab_bundle_defaults(b);

		lab_bundle(&l, b, &set);
		lab_link(&l, b, 0, RATE);
		for (unsigned i = 0; i < PACKETS; i++)
			lab_downlink_udp(&l, b, i, 500);
		rig_settle(&l.r);
	}
	while (lab_sent(&l, &s, false))
		;
	assert_int_equal(l.r.dp->workers[0]->bundles->pace.n, BUNDLES);
	l.r.now_ns += away_ns;
	rig_turn(&l.r);
	while (lab_sent(&l, &s, false))
		sent++;
	assert_in_range(sent, BUNDLES, 2 * BUNDLES);
	rig_close(&l.r);
}

/* Link 1 of 3 is too bad to be sent on: it carries no data, only null fragments, so that the peer need not wait for its numbers. */
static void
suspended_link_carries_null_fragments_and_no_data(void **state)
{
	struct dp_bundle_set set = lab_bundle_defaults(0);
	size_t data[3] = {0};
	unsigned nulls = 0;
	static struct lab_sent s;
	struct dp_link_set link;
	struct lab l;

	(void)state;
	lab_open(&l);
	set.null_ms = 50;
	lab_bundle(&l, 0, &set);
	for (unsigned i = 0; i < 3; i++)
		lab_link(&l, 0, i, 10000000);
	warm_up(&l, 0);
	link = lab_link_defaults(&l, 0, 1);
	link.rate_bps = 10000000;
	link.tx_suspend = true;
	lab_link_at(&l, 0, 0, &link);
	for (unsigned i = 0; i < 400; i++) { /* a second at 4.8 Mbit/s */
		lab_downlink_udp(&l, 0, i, 1500);
		rig_run(&l.r, lab_ms(5) / 2, lab_ms(1) / 2);
		while (lab_sent(&l, &s, false)) {
			if (s.slot != 1) {
				data[s.slot] += s.n;
				continue;
			}
			expect_null(&s);
			nulls++;
		}
	}
	assert_in_range(nulls, 18, 21);
	assert_true(data[0] > 200000 && data[2] > 200000);
	/* it is still received from */
	assert_true(lab_stats(&l, 0, 0)->links[1].joined);
	/* taken back: a third is its share again */
	link.tx_suspend = false;
	lab_link_at(&l, 0, 0, &link);
	lab_downlink_udp(&l, 0, 7, 1500);
	rig_settle(&l.r);
	for (nulls = 0; lab_sent(&l, &s, false);)
		nulls += s.slot == 1 && s.n > 300;
	assert_int_equal(nulls, 1);
	rig_close(&l.r);
}

/* Nobody may be left that data could wait for for ever: the lines that are suspended take over when control says so. */
static void
data_waits_while_all_links_are_suspended(void **state)
{
	static struct lab_sent s;
	struct dp_link_set link;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 2);
	warm_up(&l, 0);
	link = lab_link_defaults(&l, 0, 1);
	link.tx_suspend = true;
	lab_link_at(&l, 0, 0, &link);
	lab_link_remove(&l, 0, 0);
	lab_downlink_udp(&l, 0, 1, 600);
	rig_run(&l.r, lab_ms(100), lab_ms(1));
	assert_false(lab_sent(&l, &s, false));
	assert_int_equal(lab_stats(&l, 0, 0)->queue_packets, 1);
	link.tx_suspend = false;
	lab_link_at(&l, 0, 0, &link);
	rig_settle(&l.r);
	assert_true(lab_sent(&l, &s, false));
	assert_int_equal(s.slot, 1);
	lab_expect_drops(&l, DROP_BUNDLE_NO_LINK, 0);
	rig_close(&l.r);
}

static void
without_null_interval_idle_links_stay_silent(void **state)
{
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 2);
	warm_up(&l, 0);
	rig_run(&l.r, lab_ms(2000), lab_ms(10));
	assert_int_equal(rig_waiting(&l.r, LAB_ACCESS), 0);
	assert_int_equal(lab_stats(&l, 0, 0)->tx_null, 0);
	rig_close(&l.r);
}

/* LINK_DOWN: only what was on the line's own queue goes with it. */
static void
removed_line_takes_no_more_with_it_than_was_in_flight(void **state)
{
	static struct lab_sent s;
	unsigned waiting, on_line1 = 0;
	struct dp_link_set longer;
	uint32_t next_seq;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 0);
	longer = lab_link_defaults(&l, 0, 0);
	longer.rate_bps = 10000000;
	longer.latency_us = 3000;
	lab_link_at(&l, 0, 0, &longer);
	lab_link(&l, 0, 1, 10000000);
	warm_up(&l, 0);
	for (unsigned i = 0; i < 100; i++)
		lab_downlink_udp(&l, 0, i, 1400);
	rig_run(&l.r, lab_ms(10), lab_ms(1));
	while (lab_sent(&l, &s, false))
		;
	waiting = lab_stats(&l, 0, 0)->queue_packets;
	next_seq = lab_stats(&l, 0, 0)->next_tx_seq;
	assert_true(waiting > 50);
	lab_link_remove(&l, 0, 1);
	/* the 3 ms that the other line's longer way makes it hold, in fragments of 0.6 ms, and one more */
	assert_in_range(rig_drops(&l.r, DROP_LINK_DOWN), 1, 6);
	rig_run(&l.r, lab_ms(2000), lab_ms(1));
	while (lab_sent(&l, &s, false)) {
		on_line1 += s.slot == 1;
		if (s.mp.seq >= next_seq)
			waiting -= s.mp.end;
	}
	assert_int_equal(on_line1, 0);
	assert_int_equal(waiting, 0);
	lab_expect_drops(&l, DROP_LINK_DOWN, rig_drops_all(&l.r));
	rig_close(&l.r);
}

static void
last_line_gone_drops_what_waited_and_a_new_one_goes_on_with_the_numbers(void **state)
{
	static struct lab_sent s;
	struct dp_link_set link;
	uint32_t seq;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 0);
	lab_link(&l, 0, 0, 1000000);
	for (unsigned i = 0; i < 20; i++)
		lab_downlink_udp(&l, 0, i, 1000);
	rig_settle(&l.r);
	while (lab_sent(&l, &s, false))
		;
	seq = lab_stats(&l, 0, 0)->next_tx_seq;
	lab_link_remove(&l, 0, 0);
	assert_in_range(rig_drops(&l.r, DROP_BUNDLE_NO_LINK), 15, 20);
	lab_link(&l, 0, 0, 0);
	lab_downlink_udp(&l, 0, 7, 1000);
	rig_settle(&l.r);
	expect_cut(&l, 0, 7, 1000, seq, 1, false);
	/* the same when the last line may only receive from now on */
	link = lab_link_defaults(&l, 0, 0);
	link.rate_bps = 1000000;
	lab_link_at(&l, 0, 0, &link);
	for (unsigned i = 0; i < 20; i++)
		lab_downlink_udp(&l, 0, i, 1000);
	rig_settle(&l.r);
	link.tx_hold = true;
	lab_link_at(&l, 0, 0, &link);
	assert_int_equal(lab_stats(&l, 0, 0)->queue_packets, 0);
	assert_in_range(rig_drops(&l.r, DROP_BUNDLE_NO_LINK), 30, 40);
	rig_close(&l.r);
}

static void
changed_settings_leave_numbers_alone(void **state)
{
	struct dp_bundle_set set = lab_bundle_defaults(0);
	struct dp_link_set link;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 2);
	warm_up(&l, 0);
	set.tx_mrru = 1400;
	set.flags |= DP_BUNDLE_TX_SHORT; /* may not change any more */
	lab_bundle(&l, 0, &set);
	link = lab_link_defaults(&l, 0, 0);
	link.rate_bps = 8000000;
	lab_link_at(&l, 0, 0, &link);
	link = lab_link_defaults(&l, 0, 1);
	link.rate_bps = 8000000;
	lab_link_at(&l, 0, 0, &link);
	lab_downlink_udp(&l, 0, 1, 1200);
	rig_run(&l.r, lab_ms(10), lab_ms(1));
	expect_cut(&l, 0, 1, 1200, 1, 2, false);
	assert_int_equal(lab_stats(&l, 0, 0)->links[0].totals.tx_frames, 2);
	rig_close(&l.r);
}

/* The first piece of a packet of 1202 bytes with its protocol field, on the first line. */
static void
expect_first_piece(struct lab *l, size_t bytes)
{
	static struct lab_sent s;

	lab_downlink_udp(l, 0, 1, 1200);
	rig_run(&l->r, lab_ms(10), lab_ms(1));
	assert_true(lab_sent(l, &s, false));
	assert_int_equal(s.slot, 0);
	assert_int_equal(s.n, bytes);
	assert_true(lab_sent(l, &s, false));
	assert_int_equal(s.slot, 1);
	assert_int_equal(s.n, 1202 - bytes);
}

/* Shares are worked out when lines change. At 3 to 1 and with headers of 26 bytes it is 3 / 4 of 1202 + 2 * 26, less 26, and the half byte; with 40
 * more a line 3 / 4 of 1202 + 2 * 66, less 66; at 1 to 1 a half. */
static void
changed_lines_change_the_shares(void **state)
{
	struct dp_link_set link[2];
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 2);
	warm_up(&l, 0);
	end_solo(&l, 0);
	for (unsigned i = 0; i < 2; i++) {
		link[i] = lab_link_defaults(&l, 0, i);
		link[i].rate_bps = i == 0 ? 24000000 : 8000000;
		lab_link_at(&l, 0, 0, &link[i]);
	}
	expect_first_piece(&l, 915);
	for (unsigned i = 0; i < 2; i++) {
		link[i].overhead_bytes = 40;
		lab_link_at(&l, 0, 0, &link[i]);
	}
	expect_first_piece(&l, 935);
	link[0].rate_bps = 8000000;
	lab_link_at(&l, 0, 0, &link[0]);
	expect_first_piece(&l, 601);
	rig_close(&l.r);
}

static struct rte_mbuf *hog[65536];

/* All there are; returns how many. */
static unsigned
hog_all(struct rte_mempool *pool)
{
	unsigned n = 0;

	while (n < RTE_DIM(hog) && (hog[n] = rte_pktmbuf_alloc(pool)) != NULL)
		n++;
	assert_true(n < RTE_DIM(hog));
	return n;
}

/* NO_MBUF: the pool gives nothing, so the packet is dropped before it is numbered. */
static void
starve(struct rte_mempool *(*pool_of)(const struct worker *))
{
	unsigned n;
	struct lab l;

	lab_open(&l);
	lab_bundle_of(&l, 0, 2);
	warm_up(&l, 0);
	end_solo(&l, 0);
	lab_downlink_udp(&l, 0, 1, 1200);
	n = hog_all(pool_of(l.r.dp->workers[0]));
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_NO_MBUF, 1);
	rte_pktmbuf_free_bulk(hog, n);
	lab_downlink_udp(&l, 0, 2, 1200);
	rig_settle(&l.r);
	expect_cut(&l, 0, 2, 1200, 3, 2, false);
	rig_close(&l.r);
}

static struct rte_mempool *
direct(const struct worker *w)
{
	return w->pool;
}

static struct rte_mempool *
indirect(const struct worker *w)
{
	return w->indirect_pool;
}

static void
packet_that_cannot_be_cut_for_want_of_mbufs_takes_no_number(void **state)
{
	(void)state;
	starve(direct);
	starve(indirect);
}

/* Mbufs are taken for all bundles of a turn together; when there are fewer, one by one. */
static void
last_mbufs_of_a_pool_serve_as_many_packets_as_they_can(void **state)
{
	unsigned n;
	struct lab l;

	(void)state;
	lab_open(&l);
	for (unsigned i = 0; i < 3; i++) {
		lab_bundle_of(&l, i, 2);
		warm_up(&l, i);
		end_solo(&l, i);
	}
	for (unsigned i = 0; i < 3; i++)
		lab_downlink_udp(&l, i, 1, 1200);
	n = hog_all(indirect(l.r.dp->workers[0]));
	rte_pktmbuf_free(hog[--n]);
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_NO_MBUF, 2);
	expect_cut(&l, 0, 1, 1200, 3, 2, false);
	rte_pktmbuf_free_bulk(hog, n);
	rig_close(&l.r);
}

static void
inject(struct lab *l, const struct dp_target *to, const char *bytes, size_t n)
{
	assert_true(dp_inject(l->r.dp, to, bytes, n));
}

/* INJECT_STALE as well. */
static void
control_frames_pass_in_front_of_data_and_know_their_generation(void **state)
{
	struct dp_target to = {.kind = DP_TO_BUNDLE};
	static struct lab_sent s;
	uint32_t seq;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 0);
	lab_link(&l, 0, 0, 2000000);
	to.bundle.gen = l.gen;
	for (unsigned i = 0; i < 20; i++)
		lab_downlink_udp(&l, 0, i, 1000);
	rig_settle(&l.r);
	while (lab_sent(&l, &s, false))
		;
	seq = lab_stats(&l, 0, 0)->next_tx_seq;
	inject(&l, &to, "\x80\x21\x01\x07\x00\x04", 6);
	to.bundle.gen++;
	inject(&l, &to, "\x80\x21\x01\x08\x00\x04", 6);
	to.bundle.index = 63;
	inject(&l, &to, "\x80\x21\x01\x09\x00\x04", 6);
	rig_run(&l.r, lab_ms(500), lab_ms(1));
	do {
		assert_true(lab_sent(&l, &s, false));
	} while (s.mp.seq != seq);
	assert_int_equal(s.n, 6);
	assert_memory_equal(s.payload, "\x80\x21\x01\x07\x00\x04", 6);
	lab_expect_drops(&l, DROP_INJECT_STALE, 2);
	rig_close(&l.r);
}

static void
control_frames_for_ports_and_routes_find_their_way(void **state)
{
	const struct dp_target port = {.kind = DP_TO_PORT, .port = LAB_ACCESS}, route = {.kind = DP_TO_ROUTE};
	static struct frame f, ip, got;
	struct frame_path p;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 1);
	p = lab_path(&l, 0, 0);
	frame_discovery(&f, &p, PPPOE_CODE_PADT);
	assert_true(dp_inject(l.r.dp, &port, f.b, f.len));
	packet_udp(&ip, 0xc0000202, lab_address(0), 1, 1, 200); /* TTL 1 is ours to keep */
	assert_true(dp_inject(l.r.dp, &route, ip.b, ip.len));
	rig_settle(&l.r);
	assert_true(rig_receive(&l.r, LAB_ACCESS, &got));
	assert_true(frame_equal(&got, &f));
	assert_true(rig_receive(&l.r, LAB_ACCESS, &got));
	assert_int_equal(got.len, FRAGMENT_HDR + PPP_PROTO_LEN + 200);
	assert_memory_equal(got.b + FRAGMENT_HDR + PPP_PROTO_LEN, ip.b, ip.len);
	assert_int_equal(rig_drops_all(&l.r), 0);
	rig_close(&l.r);
}

/* What does not fit the pieces to the lines must not pile up on the slower one. */
static void
equal_split_over_unequal_lines_keeps_their_queues_short(void **state)
{
	struct dp_bundle_set set = lab_bundle_defaults(0);
	static struct lab_sent s;
	uint64_t bytes[2] = {0};
	struct lab l;

	(void)state;
	lab_open(&l);
	set.mode = DP_SCHED_EQUAL;
	lab_bundle(&l, 0, &set);
	lab_link(&l, 0, 0, 30000000);
	lab_link(&l, 0, 1, 10000000);
	for (unsigned i = 0; i < 1000; i++) {
		for (unsigned k = 0; k < 4; k++)
			lab_downlink_udp(&l, 0, i, 1400);
		rig_run(&l.r, lab_ms(1), lab_ms(1));
		assert_in_range(lab_stats(&l, 0, 0)->links[1].backlog_us, 0, 5000);
		while (lab_sent(&l, &s, false))
			bytes[s.slot] += i >= 100 ? s.frame.len : 0;
	}
	assert_in_range(bytes[0] * 8, 8900000, 9100000);
	assert_in_range(bytes[1] * 8, 8900000, 9100000);
	rig_close(&l.r);
}

/* One segment when copied, header and alias when not. */
static void
short_pieces_are_copied_and_long_ones_shared(void **state)
{
	static const struct {
		size_t total;
		unsigned segs;
	} rows[] = {{300, 1}, {1200, 2}};
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 2);
	warm_up(&l, 0);
	for (unsigned i = 0; i < RTE_DIM(rows); i++) {
		struct rte_mbuf *m[2];

		lab_downlink_udp(&l, 0, i, rows[i].total);
		rig_settle(&l.r);
		for (unsigned k = 0; k < 2; k++)
			assert_int_equal(rte_ring_dequeue(l.r.port[LAB_ACCESS].out[0], (void **)&m[k]), 0);
		assert_int_equal(m[0]->nb_segs, 1);
		assert_int_equal(m[1]->nb_segs, rows[i].segs);
		rte_pktmbuf_free(m[0]);
		rte_pktmbuf_free(m[1]);
	}
	rig_close(&l.r);
}

/* BUNDLE_GONE by generation; and a command with another generation changes nothing. */
static void
index_used_again_is_not_mistaken_for_the_former_bundle(void **state)
{
	struct dp_bundle_set set = lab_bundle_defaults(0);
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 1);
	set.flags = DP_BUNDLE_MP;
	rig_command(
		&l.r, 0, &(struct dp_cmd){.op = DP_CMD_BUNDLE_SET, .bundle = 0, .gen = l.gen + 1u, .bundle_set = set});
	rig_command(&l.r, 0, &(struct dp_cmd){.op = DP_CMD_BUNDLE_REMOVE, .bundle = 0, .gen = l.gen + 1u});
	lab_downlink_udp(&l, 0, 1, 500);
	rig_settle(&l.r);
	expect_cut(&l, 0, 1, 500, 0, 1, false);
	rig_command(&l.r, 0, &(struct dp_cmd){.op = DP_CMD_BUNDLE_REMOVE, .bundle = 0, .gen = l.gen});
	set = lab_bundle_defaults(0);
	rig_command(
		&l.r, 0, &(struct dp_cmd){.op = DP_CMD_BUNDLE_SET, .bundle = 0, .gen = l.gen + 1u, .bundle_set = set});
	lab_downlink_udp(&l, 0, 1, 500);
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_BUNDLE_GONE, 1);
	rig_close(&l.r);
}

static void
queue_command(struct lab *l, const struct dp_cmd *cmd)
{
	assert_true(dp_command(l->r.dp, 0, cmd, NULL));
}

/* Removed and made again within one turn, with everything a bundle can have going: timers, lists and queues must not remember. */
static void
bundle_made_again_in_the_same_turn_starts_afresh(void **state)
{
	static struct frame whole;
	static struct lab_sent s;
	struct dp_bundle_set set = lab_bundle_defaults(0);
	struct dp_link_set link;
	struct lab l;

	(void)state;
	lab_open(&l);
	set.null_ms = 30;
	for (unsigned b = 0; b < 3; b++) {
		lab_bundle(&l, b, &set);
		lab_link(&l, b, 0, 1000000);
		lab_link(&l, b, 1, 1000000);
	}
	for (unsigned round = 0; round < 50; round++) {
		for (unsigned b = 0; b < 3; b++) {
			lab_inner(&whole, b, round, 500);
			lab_fragment(&l, b, 0, 100000, &whole, 0, 200);
			for (unsigned i = 0; i < 10; i++)
				lab_downlink_udp(&l, b, i, 1000);
		}
		rig_settle(&l.r);
		for (unsigned b = 0; b < 3; b++) {
			queue_command(&l, &(struct dp_cmd){.op = DP_CMD_BUNDLE_REMOVE, .bundle = b, .gen = l.gen});
			queue_command(&l,
				&(struct dp_cmd){
					.op = DP_CMD_BUNDLE_SET, .bundle = b, .gen = l.gen, .bundle_set = set});
			for (unsigned i = 0; i < 2; i++) {
				link = lab_link_defaults(&l, b, i);
				link.rate_bps = 1000000;
				queue_command(&l,
					&(struct dp_cmd){
						.op = DP_CMD_LINK_SET, .bundle = b, .gen = l.gen, .link_set = link});
			}
		}
		rig_turn(&l.r);
		rig_run(&l.r, lab_ms(round % 7), lab_ms(1));
		while (lab_sent(&l, &s, false))
			;
	}
	rig_run(&l.r, lab_ms(1000), lab_ms(1));
	while (lab_sent(&l, &s, false))
		;
	for (unsigned b = 0; b < 3; b++) {
		assert_int_equal(lab_stats(&l, 0, b)->held, 0);
		lab_downlink_udp(&l, b, 1, 1000);
		rig_run(&l.r, lab_ms(100), lab_ms(1));
		assert_true(lab_sent(&l, &s, false));
		while (lab_sent(&l, &s, false))
			;
	}
	rig_run(&l.r, lab_ms(1000), lab_ms(1));
	assert_int_equal(l.r.dp->workers[0]->bundles->shrink.n, 0);
	assert_true(deadlines_next(&l.r.dp->workers[0]->bundles->gaps) == UINT64_MAX);
	assert_int_equal(l.r.dp->workers[0]->bundles->pace.n, 0);
	rig_close(&l.r);
}

/* A client redials: the same slot, another session. */
static void
slot_with_another_session_is_another_link(void **state)
{
	static struct frame whole, f;
	static struct lab_sent s;
	struct dp_link_set link;
	struct dp_event e[4];
	struct frame_path p;
	struct lab l;
	bool lost;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 1);
	lab_inner(&whole, 0, 1, 100);
	lab_fragment(&l, 0, 0, 0, &whole, 0, whole.len);
	rig_settle(&l.r);
	lab_expect_packet(&l, 0, 1, 100);
	link = lab_link_defaults(&l, 0, 0);
	link.session = 77;
	rig_command(&l.r, 0, &(struct dp_cmd){.op = DP_CMD_LINK_SET, .bundle = 0, .gen = l.gen, .link_set = link});
	assert_int_equal(dp_events(l.r.dp, e, 4, &lost), 1);
	assert_int_equal(e[0].op, DP_EVENT_LINK_GONE);
	assert_int_equal(e[0].link.rx_frames, 1);
	assert_int_equal(lab_stats(&l, 0, 0)->links[0].totals.rx_frames, 0);
	assert_int_equal(atomic_load(&l.r.dp->workers[0]->n_links), 1);
	p = lab_path(&l, 0, 0);
	frame_mp(&f, &p, false, 1, true, true, whole.b, whole.len);
	rig_send(&l.r, LAB_ACCESS, &f);
	rig_settle(&l.r);
	lab_expect_drops(&l, DROP_SESSION_BAD_PEER, 1);
	lab_downlink_udp(&l, 0, 1, 100);
	rig_settle(&l.r);
	assert_true(lab_sent(&l, &s, false));
	assert_int_equal(s.pppoe.session, 77);
	rig_close(&l.r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_packet_of_a_bundle_is_number_0_and_travels_alone),
		cmocka_unit_test(totals_of_sent_pass_2_to_the_32),
		cmocka_unit_test(line_that_joins_right_behind_number_0_waits_like_the_others),
		cmocka_unit_test(line_of_number_0_that_goes_away_stops_nobody),
		cmocka_unit_test(packets_are_cut_over_any_number_of_links_and_carry_their_bytes),
		cmocka_unit_test(fragments_keep_to_the_link_mru_and_packets_to_the_mrru),
		cmocka_unit_test(single_line_carries_what_any_peers_mrru_allows),
		cmocka_unit_test(plain_link_sends_plain_frames),
		cmocka_unit_test(packets_nobody_can_carry_are_dropped_under_their_names),
		cmocka_unit_test(packet_above_the_mrru_is_cut_or_answered),
		cmocka_unit_test(queue_is_bounded_by_time_and_counts_what_it_refuses),
		cmocka_unit_test(a_poll_is_not_refused_what_an_idle_line_takes_at_once),
		cmocka_unit_test(small_packets_are_bounded_by_number),
		cmocka_unit_test(burst_of_a_fast_line_is_bounded_in_bytes),
		cmocka_unit_test(queues_leave_buffers_to_arrive_in),
		cmocka_unit_test(saturated_lines_are_filled_to_their_rates_and_not_above),
		cmocka_unit_test(round_robin_cuts_what_a_link_cannot_take_and_nothing_else),
		cmocka_unit_test(dear_line_carries_only_what_the_cheap_one_cannot),
		cmocka_unit_test(frames_leave_a_paced_line_at_even_distances),
		cmocka_unit_test(idle_link_gets_one_null_fragment_after_data_and_no_more),
		cmocka_unit_test(what_is_due_within_a_tick_goes_in_the_next),
		cmocka_unit_test(time_away_does_not_count_the_bundles_that_wait),
		cmocka_unit_test(suspended_link_carries_null_fragments_and_no_data),
		cmocka_unit_test(data_waits_while_all_links_are_suspended),
		cmocka_unit_test(without_null_interval_idle_links_stay_silent),
		cmocka_unit_test(removed_line_takes_no_more_with_it_than_was_in_flight),
		cmocka_unit_test(last_line_gone_drops_what_waited_and_a_new_one_goes_on_with_the_numbers),
		cmocka_unit_test(changed_settings_leave_numbers_alone),
		cmocka_unit_test(changed_lines_change_the_shares),
		cmocka_unit_test(packet_that_cannot_be_cut_for_want_of_mbufs_takes_no_number),
		cmocka_unit_test(last_mbufs_of_a_pool_serve_as_many_packets_as_they_can),
		cmocka_unit_test(control_frames_pass_in_front_of_data_and_know_their_generation),
		cmocka_unit_test(control_frames_for_ports_and_routes_find_their_way),
		cmocka_unit_test(equal_split_over_unequal_lines_keeps_their_queues_short),
		cmocka_unit_test(short_pieces_are_copied_and_long_ones_shared),
		cmocka_unit_test(index_used_again_is_not_mistaken_for_the_former_bundle),
		cmocka_unit_test(bundle_made_again_in_the_same_turn_starts_afresh),
		cmocka_unit_test(slot_with_another_session_is_another_link),
	};

	return cmocka_run_group_tests_name("stage mp_tx", tests, NULL, NULL);
}
