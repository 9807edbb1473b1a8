/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/dpdk/stage_lab.h"

/* Both directions against each other: what one bundle sends another receives; and one worker against two. */

enum { PACKETS = 300, FRAMES_MAX = 8000 };

/* A small generator, the same everywhere. */
static uint32_t
draw(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

struct on_wire {
	uint64_t at_ns;
	uint16_t slot, len;
	unsigned order;
	uint8_t *bytes;
};

static int
by_arrival(const void *a, const void *b)
{
	const struct on_wire *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

struct loop {
	struct lab l;
	unsigned links, n;
	bool short_seq;
	uint16_t size[PACKETS];
	struct on_wire wire[FRAMES_MAX];
};

/* What bundle 0 sent by now, as it will arrive from the peer of bundle 1, each line with its own delay. */
static void
record(struct loop *t, const uint64_t delay_ns[])
{
	static struct lab_sent s;

	while (lab_sent(&t->l, &s, t->short_seq)) {
		struct on_wire *f = &t->wire[t->n];
		struct frame_path p = lab_path(&t->l, 1, s.slot);
		static struct frame again;

		assert_true(t->n < FRAMES_MAX);
		frame_session(&again, &p, s.proto, s.frame.b + s.eth.hdr_len + PPPOE_HDR_LEN + PPP_PROTO_LEN,
			s.pppoe.payload_len - PPP_PROTO_LEN);
		*f = (struct on_wire){
			.at_ns = t->l.r.now_ns + delay_ns[s.slot],
			.slot = (uint16_t)s.slot,
			.len = (uint16_t)again.len,
			.order = t->n++,
			.bytes = malloc(again.len),
		};
		assert_non_null(f->bytes);
		memcpy(f->bytes, again.b, again.len);
	}
}

static void
send_all(struct loop *t, uint64_t *seed, const uint64_t delay_ns[])
{
	for (unsigned i = 0; i < PACKETS; i++) {
		t->size[i] = (uint16_t)(29 + draw(seed) % 1472);
		lab_downlink_udp(&t->l, 0, i, t->size[i]);
		if (draw(seed) % 4 == 0)
			rig_run(&t->l.r, draw(seed) % 1000000, 50000);
		else
			rig_settle(&t->l.r);
		record(t, delay_ns);
	}
	for (unsigned i = 0; i < 40000 && lab_stats(&t->l, 0, 0)->queue_packets != 0; i++) {
		rig_run(&t->l.r, lab_ms(1), 50000);
		record(t, delay_ns);
	}
	rig_run(&t->l.r, lab_ms(100), lab_ms(1));
	record(t, delay_ns);
	assert_int_equal(rig_drops_all(&t->l.r), 0);
}

/* The same address now lies behind the IP port. */
static void
receive_all(struct loop *t)
{
	static struct frame got, want;
	const uint64_t start_ns = t->l.r.now_ns, first_ns = t->wire[0].at_ns;

	lab_route(&t->l, lab_address(0), 32,
		&(struct dp_next){.kind = DP_NEXT_GATEWAY, .port = LAB_IP, .gateway_be = rte_cpu_to_be_32(lab_host)});
	qsort(t->wire, t->n, sizeof(t->wire[0]), by_arrival);
	for (unsigned i = 0; i < t->n; i++) {
		const uint64_t at_ns = start_ns + (t->wire[i].at_ns - first_ns);

		if (at_ns > t->l.r.now_ns)
			rig_run(&t->l.r, at_ns - t->l.r.now_ns, at_ns - t->l.r.now_ns);
		rig_send_queue(&t->l.r, LAB_ACCESS, 0, t->wire[i].bytes, t->wire[i].len);
		rig_settle(&t->l.r);
		free(t->wire[i].bytes);
	}
	for (unsigned i = 0; i < PACKETS; i++) {
		packet_udp(&want, lab_host, lab_address(0), 62, i, t->size[i]);
		if (!rig_receive(&t->l.r, LAB_IP, &got)) {
			rig_explain(&t->l.r);
			fail_msg("packet %u of %u bytes did not arrive", i, t->size[i]);
		}
		assert_int_equal(got.len, want.len + ETH_HDR_LEN);
		assert_memory_equal(got.b + ETH_HDR_LEN, want.b, want.len);
	}
	lab_expect_nothing(&t->l);
	assert_int_equal(rig_drops_all(&t->l.r), 0);
}

static void
run_loop(uint64_t seed)
{
	static const uint8_t modes[] = {
		DP_SCHED_WEIGHTED, DP_SCHED_EQUAL, DP_SCHED_ROUND_ROBIN, DP_SCHED_PACKET, DP_SCHED_OVERFLOW};
	static struct loop t;
	struct dp_bundle_set set;
	uint64_t delay_ns[DP_BUNDLE_LINKS_MAX];

	memset(&t, 0, sizeof(t));
	t.links = 1 + draw(&seed) % DP_BUNDLE_LINKS_MAX;
	lab_open(&t.l);
	t.l.r.dp->ports[LAB_ACCESS].tx_indirect = draw(&seed) % 2;
	set = lab_bundle_defaults(0);
	set.mode = modes[draw(&seed) % RTE_DIM(modes)] & 0xfu;
	set.min_fragment = (uint16_t)(1 + draw(&seed) % 300);
	set.overflow_ms = (uint8_t)(1 + draw(&seed) % 20);
	set.null_ms = (uint16_t)(draw(&seed) % 3 * 20);
	set.queue_ms = 60000;
	/* Half of the short numbers must not be under way at once: 16 lines, small pieces. */
	t.short_seq = draw(&seed) % 2 != 0 && t.links <= 8;
	set.flags |= t.short_seq ? DP_BUNDLE_TX_SHORT | DP_BUNDLE_RX_SHORT : 0;
	set.stall_min_ms = 1000;
	set.stall_max_ms = 2000;
	lab_bundle(&t.l, 0, &set);
	lab_bundle(&t.l, 1, &set);
	for (unsigned i = 0; i < t.links; i++) {
		struct dp_link_set link = lab_link_defaults(&t.l, 0, i);

		link.rate_bps = draw(&seed) % 4 == 0 ? 0 : 1000000 + draw(&seed) % 100000000;
		link.tx_mru = (uint16_t)(100 + draw(&seed) % 1393);
		link.cost = (uint8_t)(draw(&seed) % 4);
		lab_link_at(&t.l, 0, 0, &link);
		lab_link(&t.l, 1, i, 0);
		delay_ns[i] = draw(&seed) % 15000000;
	}
	send_all(&t, &seed, delay_ns);
	receive_all(&t);
	rig_close(&t.l.r);
}

static void
what_a_bundle_sends_another_delivers_byte_for_byte_in_order(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++)
		run_loop(seed * 7919);
}

/* ------------------------------------------------------------------ workers */

enum { BUNDLES = 6, LINKS = 2, ROUNDS = 200 };

/* What came out for each bundle, in order, in a number. */
struct outcome {
	uint64_t packets[BUNDLES], frames[BUNDLES];
	uint64_t packet_hash[BUNDLES], frame_hash[BUNDLES];
	uint64_t drops[DROP_REASONS];
	uint64_t from_links, to_links;
};

static uint64_t
hash(uint64_t h, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 1099511628211u;
	return h;
}

static void
collect(struct lab *l, struct outcome *o)
{
	static struct lab_sent s;
	static struct frame f;

	while (lab_sent(l, &s, false)) {
		const unsigned b = (s.pppoe.session - 1u) / 100;

		o->frames[b]++;
		o->frame_hash[b] = hash(o->frame_hash[b], s.frame.b, s.frame.len);
	}
	while (rig_receive(&l->r, LAB_IP, &f)) {
		const unsigned b = load_be32(f.b + ETH_HDR_LEN + 12) - lab_subscriber;

		assert_in_range(b, 0, BUNDLES - 1);
		o->packets[b]++;
		o->packet_hash[b] = hash(o->packet_hash[b], f.b, f.len);
	}
}

/* A fragment, perhaps lost, doubled or spoilt; links of a bundle arrive at different queues. */
static void
uplink_round(struct lab *l, unsigned round, unsigned queues, uint64_t *seed)
{
	for (unsigned b = 0; b < BUNDLES; b++) {
		static struct frame whole, f;

		lab_inner(&whole, b, round, 200 + draw(seed) % 1300);
		for (unsigned i = 0; i < LINKS; i++) {
			const size_t half = whole.len / 2, from = i * half, n = i == 0 ? half : whole.len - half;
			const struct frame_path p = lab_path(l, b, i);
			const unsigned fate = draw(seed) % 40;

			frame_mp(&f, &p, false, LINKS * round + i, i == 0, i == 1, whole.b + from, n);
			if (fate == 0)
				continue;
			if (fate == 1)
				f.b[11] ^= 1;
			rig_send_queue(&l->r, LAB_ACCESS, (b + i) % queues, f.b, f.len);
			if (fate == 2)
				rig_send_queue(&l->r, LAB_ACCESS, (b + i) % queues, f.b, f.len);
		}
	}
}

static void
downlink_round(struct lab *l, unsigned round, unsigned queues, uint64_t *seed)
{
	const struct frame_path p = {.dst = rig_mac(&l->r, LAB_IP), .src = lab_host_mac};

	for (unsigned b = 0; b < BUNDLES; b++) {
		static struct frame ip, f;

		packet_udp(
			&ip, lab_host, lab_address(b), draw(seed) % 50 == 0 ? 1 : 64, round, 100 + draw(seed) % 1400);
		frame_eth(&f, &p, ETHERTYPE_V4);
		frame_add(&f, ip.b, ip.len);
		rig_send_queue(&l->r, LAB_IP, (b / 2) % queues, f.b, f.len);
	}
}

static void
run_workers(unsigned workers, struct outcome *o)
{
	uint64_t seed = 4711;
	struct lab l;

	memset(o, 0, sizeof(*o));
	lab_open_wish(&l, &(struct rig_wish){.workers = workers, .queues = workers, .access_ports = 1, .ip_ports = 1});
	for (unsigned b = 0; b < BUNDLES; b++) {
		const struct dp_bundle_set set = lab_bundle_defaults(b);

		lab_bundle_at(&l, b % workers, b, &set);
		for (unsigned i = 0; i < LINKS; i++) {
			struct dp_link_set link = lab_link_defaults(&l, b, i);

			link.rate_bps = 8000000 + 3000000 * i;
			lab_link_at(&l, b % workers, b, &link);
		}
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		uplink_round(&l, round, workers, &seed);
		downlink_round(&l, round, workers, &seed);
		rig_settle(&l.r);
		collect(&l, o);
		rig_run(&l.r, 500000, 500000);
		collect(&l, o);
	}
	rig_run(&l.r, lab_ms(500), 500000);
	collect(&l, o);
	for (unsigned i = 0; i < DROP_REASONS; i++)
		o->drops[i] = rig_drops(&l.r, (enum drop_reason)i);
	/* A doubled fragment is a duplicate while its packet waits for the other link, and late when that link's frame was looked at
	 * first. Which queue is looked at first is no result. */
	o->drops[DROP_MP_LATE] += o->drops[DROP_MP_DUPLICATE];
	o->drops[DROP_MP_DUPLICATE] = 0;
	for (unsigned i = 0; i < workers; i++) {
		o->from_links += l.r.dp->workers[i]->steered_from_links;
		o->to_links += l.r.dp->workers[i]->steered_to_links;
	}
	rig_close(&l.r);
}

static void
two_workers_do_what_one_does_and_hand_over_in_both_directions(void **state)
{
	static struct outcome one, two;

	(void)state;
	run_workers(1, &one);
	run_workers(2, &two);
	for (unsigned b = 0; b < BUNDLES; b++) {
		assert_true(one.packets[b] > ROUNDS / 2 && one.frames[b] > ROUNDS);
		assert_int_equal(one.packets[b], two.packets[b]);
		assert_int_equal(one.frames[b], two.frames[b]);
		assert_int_equal(one.packet_hash[b], two.packet_hash[b]);
		assert_int_equal(one.frame_hash[b], two.frame_hash[b]);
	}
	assert_memory_equal(one.drops, two.drops, sizeof(one.drops));
	assert_true(one.drops[DROP_MP_LOST] > 0 && one.drops[DROP_SESSION_BAD_PEER] > 0 && one.drops[DROP_IP_TTL] > 0);
	assert_true(one.drops[DROP_MP_LATE] > 0);
	assert_int_equal(one.from_links + one.to_links, 0);
	assert_true(two.from_links > ROUNDS && two.to_links > ROUNDS);
}

/* Everything arrives at worker 0, everything lives on worker 1, and his steer ring is small: STEER_FULL. */
static void
full_steer_ring_drops_and_counts(void **state)
{
	const struct dp_bundle_set set = lab_bundle_defaults(0);
	static struct frame whole;
	struct dp_link_set link;
	struct lab l;

	(void)state;
	lab_open_wish(&l, &(struct rig_wish){.workers = 2, .queues = 2, .access_ports = 1, .ip_ports = 1});
	lab_bundle_at(&l, 1, 0, &set);
	link = lab_link_defaults(&l, 0, 0);
	lab_link_at(&l, 1, 0, &link);
	for (unsigned i = 0; i < 2500; i++) {
		lab_inner(&whole, 0, i, 60);
		lab_fragment(&l, 0, 0, i, &whole, 0, whole.len);
		worker_turn(l.r.dp->workers[0], l.r.now_ns);
	}
	assert_int_equal(rig_drops(&l.r, DROP_STEER_FULL), 2500 - (STEER_ELEMS - 1));
	worker_turn(l.r.dp->workers[1], l.r.now_ns); /* all that waits in one turn: control counts on it */
	assert_int_equal(rig_waiting(&l.r, LAB_IP), STEER_ELEMS - 1);
	rig_close(&l.r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_bundle_sends_another_delivers_byte_for_byte_in_order),
		cmocka_unit_test(two_workers_do_what_one_does_and_hand_over_in_both_directions),
		cmocka_unit_test(full_steer_ring_drops_and_counts),
	};

	return cmocka_run_group_tests_name("stage loop", tests, NULL, NULL);
}
