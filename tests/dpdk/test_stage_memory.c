/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/bundle_state.h"
#include "dataplane/mbuf.h"
#include "dataplane/mbuf_ref.h"
#include "tests/dpdk/stage_lab.h"

/* What the stages stand on: chains of mbufs, the timer wheel, the memory of deep windows. */

static uint32_t
draw(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

/* ------------------------------------------------------------------ wheel */

enum { TIMERS = 300, SHIFT = 10 };

struct timer {
	uint64_t pad;
	struct wheel_node node;
	uint64_t due_ns; /* 0: not set */
};

static uint64_t
earliest(const struct timer t[])
{
	uint64_t ns = UINT64_MAX;

	for (unsigned i = 0; i < TIMERS; i++)
		if (t[i].due_ns != 0)
			ns = RTE_MIN(ns, t[i].due_ns);
	return ns;
}

/* Random adding, moving, removing and expiring; a plain array is the reference. */
static void
wheel_gives_each_timer_out_in_its_tick_or_before_when_it_is_far(void **state)
{
	static struct timer t[TIMERS];
	static struct wheel w;
	uint64_t now_ns = 123456789, seed = 5;
	unsigned fired = 0;

	(void)state;
	memset(t, 0, sizeof(t));
	wheel_init(&w, &t[0].node, sizeof(t[0]), SHIFT);
	assert_int_equal(wheel_next_ns(&w), UINT64_MAX);
	for (unsigned step = 0; step < 200000; step++) {
		const uint32_t i = draw(&seed) % TIMERS;
		const uint64_t horizon = (uint64_t)WHEEL_SLOTS << SHIFT;
		uint32_t e;

		if (draw(&seed) % 3 == 0) {
			t[i].due_ns = now_ns + draw(&seed) % (draw(&seed) % 50 == 0 ? 3 * horizon : horizon / 64);
			wheel_add(&w, i, now_ns, t[i].due_ns);
		} else if (draw(&seed) % 20 == 0) {
			t[i].due_ns = 0;
			wheel_remove(&w, i);
		}
		now_ns += draw(&seed) % (draw(&seed) % 100 == 0 ? 2 * horizon : 3000);
		assert_true(wheel_next_ns(&w) <= earliest(t));
		if (earliest(t) < now_ns + horizon / 2 && earliest(t) > now_ns)
			assert_true(wheel_first(&w) != WHEEL_NIL);
		while ((e = wheel_expired(&w, now_ns)) != WHEEL_NIL) {
			assert_true(t[e].due_ns != 0);
			if (t[e].due_ns > (now_ns | ((1u << SHIFT) - 1))) {
				wheel_add(&w, e, now_ns, t[e].due_ns);
				continue;
			}
			t[e].due_ns = 0;
			fired++;
		}
		/* nothing that is due stays in */
		assert_true(earliest(t) >> SHIFT > now_ns >> SHIFT);
	}
	assert_true(fired > 10000);
}

/* ------------------------------------------------------------------ deep windows */

enum { BLOCKS = 200 };

static void
deep_windows_never_overlap_and_all_memory_comes_back(void **state)
{
	static struct {
		struct reasm_deep *d;
		size_t bytes;
		uint8_t mark;
	} block[BLOCKS];
	struct reasm_deep *largest[3];
	struct deep_pool p;
	uint64_t seed = 9;
	unsigned refused = 0;

	(void)state;
	rig_eal();
	assert_int_equal(deep_pool_init(&p, 3, SOCKET_ID_ANY), 0);
	for (unsigned step = 0; step < 100000; step++) {
		const unsigned i = draw(&seed) % BLOCKS;

		if (block[i].d == NULL) {
			const unsigned slots = 128u << draw(&seed) % 8;

			block[i].d = deep_pool_get(&p, slots);
			block[i].bytes = reasm_deep_bytes(slots);
			block[i].mark = (uint8_t)draw(&seed);
			if (block[i].d != NULL)
				memset(block[i].d, block[i].mark, block[i].bytes);
			else
				refused++;
			assert_int_equal((uintptr_t)block[i].d % 64, 0);
			continue;
		}
		for (size_t at = 0; at < block[i].bytes; at++)
			if (((const uint8_t *)block[i].d)[at] != block[i].mark)
				fail_msg("block %u was written by another at %zu", i, at);
		deep_pool_put(&p, block[i].d);
		block[i].d = NULL;
	}
	assert_true(refused > 100);
	assert_in_range(p.used, 1, p.units);
	for (unsigned i = 0; i < BLOCKS; i++)
		deep_pool_put(&p, block[i].d);
	assert_int_equal(p.used, 0);
	for (unsigned i = 0; i < 3; i++)
		assert_non_null(largest[i] = deep_pool_get(&p, REASM_SLOTS_MAX));
	assert_null(deep_pool_get(&p, 256));
	assert_int_equal(p.used, p.units);
	for (unsigned i = 0; i < 3; i++)
		deep_pool_put(&p, largest[i]);
	deep_pool_fini(&p);
}

/* ------------------------------------------------------------------ chains */

static struct rte_mempool *
pool(void)
{
	static struct rte_mempool *p;

	rig_eal();
	if (p == NULL)
		p = rte_pktmbuf_pool_create("chains", 4095, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	assert_non_null(p);
	return p;
}

/* n bytes of a pattern in segments of random size, some of them empty, some indirect. */
static struct rte_mbuf *
chain(uint64_t *seed, uint8_t *bytes, unsigned n)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool()), *last = m;
	unsigned at = draw(seed) % 2 ? 0 : draw(seed) % n;

	for (unsigned i = 0; i < n; i++)
		bytes[i] = (uint8_t)draw(seed);
	memcpy(rte_pktmbuf_append(m, (uint16_t)at), bytes, at);
	while (at < n) {
		const unsigned len = RTE_MIN(draw(seed) % 50, n - at);
		struct rte_mbuf *seg = rte_pktmbuf_alloc(pool());

		memcpy(rte_pktmbuf_append(seg, (uint16_t)len), bytes + at, len);
		if (draw(seed) % 3 == 0) {
			struct rte_mbuf *alias = rte_pktmbuf_alloc(pool());

			rte_pktmbuf_attach(alias, seg);
			rte_pktmbuf_free(seg);
			seg = alias;
		}
		seg->pkt_len = len;
		last->next = seg;
		last = seg;
		m->nb_segs++;
		m->pkt_len += len;
		at += len;
	}
	return m;
}

static void
expect_bytes(const struct rte_mbuf *m, const uint8_t *bytes, unsigned n)
{
	uint8_t got[2048];

	assert_int_equal(m->pkt_len, n);
	rte_mbuf_sanity_check(m, 1);
	mbuf_copy_out(m, 0, n, got);
	assert_memory_equal(got, bytes, n);
}

static void
chains_are_cut_skipped_pulled_and_joined_without_losing_a_byte(void **state)
{
	static uint8_t bytes[2][2048];
	uint64_t seed = 3;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		unsigned n = 1 + draw(&seed) % 400, from = 0, freed, k;
		struct rte_mbuf *m = chain(&seed, bytes[0], n), *both[2];

		switch (draw(&seed) % 4) {
		case 0:
			k = 1 + draw(&seed) % n;
			mbuf_keep(m, k);
			n = k;
			break;
		case 1:
			from = draw(&seed) % n;
			mbuf_skip(m, from);
			break;
		case 2:
			k = 1 + draw(&seed) % n;
			m = mbuf_pull(pool(), m, k);
			assert_true(m->data_len >= k);
			m = mbuf_make_room(pool(), m, 100);
			assert_true(RTE_MBUF_DIRECT(m) && rte_pktmbuf_headroom(m) >= 100);
			break;
		default:
			k = 1 + draw(&seed) % 400;
			both[0] = m;
			both[1] = chain(&seed, bytes[1], k);
			m = mbuf_join(both, 2, &freed);
			assert_int_equal(freed, 0);
			memcpy(bytes[0] + n, bytes[1], k);
			n += k;
		}
		mbuf_drop_empty(m);
		expect_bytes(m, bytes[0] + from, n - from);
		rte_pktmbuf_free(m);
		assert_int_equal(rte_mempool_in_use_count(pool()), 0);
	}
}

/* Two packets share a buffer: what is written for one must not be seen in the other. */
static void
pulling_never_writes_into_a_shared_buffer(void **state)
{
	static const uint8_t bytes[] = "0123456789abcdefghij";
	struct rte_mbuf *front = rte_pktmbuf_alloc(pool()), *back = rte_pktmbuf_alloc(pool()), *m;
	unsigned freed;

	(void)state;
	memcpy(rte_pktmbuf_append(front, 20), bytes, 20);
	rte_pktmbuf_attach(back, front);
	back->data_off = (uint16_t)(back->data_off + 10);
	back->data_len = 10;
	back->pkt_len = 10;
	front->data_len = 10;
	front->pkt_len = 10;
	m = rte_pktmbuf_alloc(pool());
	memcpy(rte_pktmbuf_append(m, 10), "XXXXXXXXXX", 10);
	front = mbuf_join((struct rte_mbuf *[]){front, m}, 2, &freed);
	front = mbuf_pull(pool(), front, 20);
	expect_bytes(front, (const uint8_t *)"0123456789XXXXXXXXXX", 20);
	expect_bytes(back, bytes + 10, 10);
	rte_pktmbuf_free(front);
	rte_pktmbuf_free(back);
	assert_int_equal(rte_mempool_in_use_count(pool()), 0);
}

/* ------------------------------------------------------------------ scattered frames */

/* A driver may give a frame in pieces of any size. */
static void
frames_in_any_number_of_segments_are_understood(void **state)
{
	static struct frame whole, f;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 1);
	for (unsigned piece = 1; piece < 120; piece++) {
		const struct frame_path p = lab_path(&l, 0, 0);

		lab_inner(&whole, 0, piece, 100);
		frame_mp(&f, &p, false, piece - 1, true, true, whole.b, whole.len);
		frame_pad(&f, f.len + piece % 5);
		rig_send_scattered(&l.r, LAB_ACCESS, &f, piece);
		rig_settle(&l.r);
		lab_expect_packet(&l, 0, piece, 100);
	}
	assert_int_equal(rig_drops_all(&l.r), 0);
	rig_close(&l.r);
}

/* The next packet to the IP port, of so many bytes. */
static void
expect_no_empty_segments(struct lab *l, unsigned bytes)
{
	struct rte_mbuf *m = NULL;

	assert_int_equal(rte_ring_dequeue(l->r.port[LAB_IP].out[0], (void **)&m), 0);
	assert_int_equal(m->pkt_len, ETH_HDR_LEN + bytes);
	for (const struct rte_mbuf *seg = m; seg != NULL; seg = seg->next)
		assert_int_not_equal(seg->data_len, 0);
	rte_pktmbuf_free(m);
}

/* Fragments whose headers lie in a segment of their own, as net_ring gives them: no empty segments in the packet. */
static void
empty_segments_are_not_passed_on(void **state)
{
	static struct frame whole, f;
	struct lab l;

	(void)state;
	lab_open(&l);
	l.vlans = (struct vlan_stack){5 | VLAN_TAGGED | VLAN_AD, 6 | VLAN_TAGGED};
	lab_bundle_of(&l, 0, 1);
	lab_inner(&whole, 0, 1, 900);
	for (unsigned i = 0; i < 3; i++) {
		const struct frame_path p = lab_path(&l, 0, 0);
		const size_t hdr_len = ETH_HDR_MAX + PPPOE_HDR_LEN + PPP_PROTO_LEN + MP_LONG_LEN;
		struct rte_mbuf *head = rte_pktmbuf_alloc(l.r.dp->workers[0]->pool);
		struct rte_mbuf *data = rte_pktmbuf_alloc(l.r.dp->workers[0]->pool);

		frame_mp(&f, &p, false, i, i == 0, i == 2, whole.b + i * 300, i == 2 ? whole.len - 600 : 300);
		memcpy(rte_pktmbuf_append(head, (uint16_t)hdr_len), f.b, hdr_len);
		memcpy(rte_pktmbuf_append(data, (uint16_t)(f.len - hdr_len)), f.b + hdr_len, f.len - hdr_len);
		assert_int_equal(rte_pktmbuf_chain(head, data), 0);
		assert_int_equal(rte_ring_enqueue(l.r.port[LAB_ACCESS].in[0], head), 0);
	}
	rig_settle(&l.r);
	expect_no_empty_segments(&l, 900);
	rig_close(&l.r);
}

/* A peer may put empty fragments between others. */
static void
empty_fragments_are_not_passed_on_either(void **state)
{
	static struct frame whole;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_bundle_of(&l, 0, 1);
	lab_inner(&whole, 0, 1, 900);
	lab_fragment(&l, 0, 0, 0, &whole, 0, 400);
	lab_fragment(&l, 0, 0, 1, &whole, 400, 0);
	lab_fragment(&l, 0, 0, 2, &whole, 400, whole.len - 400);
	rig_settle(&l.r);
	expect_no_empty_segments(&l, 900);
	rig_close(&l.r);
}

/* Both at once: as many mbufs as fragments, when one of them is gone and another has come in two. */
static void
empty_segments_beside_empty_fragments_are_not_passed_on(void **state)
{
	static struct frame whole, f;
	struct frame_path p;
	struct lab l;

	(void)state;
	lab_open(&l);
	l.vlans = (struct vlan_stack){5 | VLAN_TAGGED | VLAN_AD, 6 | VLAN_TAGGED};
	lab_bundle_of(&l, 0, 1);
	p = lab_path(&l, 0, 0);
	lab_inner(&whole, 0, 1, 430);
	lab_fragment(&l, 0, 0, 0, &whole, 0, 400);
	lab_fragment(&l, 0, 0, 1, &whole, 400, 0);
	frame_mp(&f, &p, false, 2, false, true, whole.b + 400, whole.len - 400);
	/* all headers in the first of two segments, which is empty without them */
	rig_send_scattered(&l.r, LAB_ACCESS, &f, ETH_HDR_MAX + PPPOE_HDR_LEN + PPP_PROTO_LEN + MP_LONG_LEN);
	rig_settle(&l.r);
	expect_no_empty_segments(&l, 430);
	rig_close(&l.r);
}

/* A packet for ourselves goes to control with its Ethernet header, however the frame lay in its buffers. */
static void
frames_for_us_in_any_number_of_segments_go_to_control_whole(void **state)
{
	static const uint32_t ours = 0xc00002fe;
	static struct dp_punted got;
	static struct frame ip, f;
	struct frame_path p;
	struct lab l;

	(void)state;
	lab_open(&l);
	lab_route(&l, ours, 32, &(struct dp_next){.kind = DP_NEXT_LOCAL});
	p = (struct frame_path){.dst = rig_mac(&l.r, LAB_IP), .src = lab_host_mac};
	packet_udp(&ip, lab_host, ours, 64, 1, 200);
	frame_eth(&f, &p, ETHERTYPE_V4);
	frame_add(&f, ip.b, ip.len);
	for (unsigned piece = 1; piece < 120; piece++) {
		struct rte_mbuf *head = NULL;

		for (size_t at = 0; at < f.len; at += piece) {
			struct rte_mbuf *seg = rte_pktmbuf_alloc(pool());
			struct rte_mbuf *alias = rte_pktmbuf_alloc(pool());
			const size_t n = RTE_MIN((size_t)piece, f.len - at);

			memcpy(rte_pktmbuf_append(seg, (uint16_t)n), f.b + at, n);
			rte_pktmbuf_attach(alias, seg);
			rte_pktmbuf_free(seg);
			if (head == NULL)
				head = alias;
			else
				assert_int_equal(rte_pktmbuf_chain(head, alias), 0);
		}
		assert_int_equal(rte_ring_enqueue(l.r.port[LAB_IP].in[0], head), 0);
		rig_settle(&l.r);
		assert_true(dp_punted_next(l.r.dp, &got));
		assert_int_equal(got.origin, DP_FROM_IP_PORT);
		assert_int_equal(got.len, f.len);
		assert_memory_equal(got.bytes, f.b, f.len);
	}
	rig_close(&l.r);
}

/* Windows hold buffers by 32 bits: each must come back as itself, whatever the pool. */
static void
every_buffer_of_two_pools_has_a_reference_of_its_own(void **state)
{
	enum { N = 63 };
	struct rte_mempool *other = rte_pktmbuf_pool_create("other", N, 0, 0, RTE_PKTMBUF_HEADROOM + 60, SOCKET_ID_ANY);
	struct rte_mbuf *m[2 * N];
	struct mbuf_span span = {0, 0};
	reasm_ref ref[2 * N];
	uintptr_t base;

	(void)state;
	assert_non_null(other);
	mbuf_span_add_pool(&span, other);
	mbuf_span_add_pool(&span, pool());
	mbuf_span_add_pool(&span, NULL);
	assert_int_equal(mbuf_ref_base(&span, &base), 0);
	assert_int_equal(rte_pktmbuf_alloc_bulk(pool(), m, N), 0);
	assert_int_equal(rte_pktmbuf_alloc_bulk(other, m + N, N), 0);
	for (unsigned i = 0; i < 2 * N; i++) {
		ref[i] = mbuf_ref(base, m[i]);
		assert_ptr_equal(mbuf_at(base, ref[i]), m[i]);
		for (unsigned j = 0; j < i; j++)
			assert_int_not_equal(ref[i], ref[j]);
	}
	rte_pktmbuf_free_bulk(m, 2 * N);
	rte_mempool_free(other);
}

static void
pools_further_apart_than_references_reach_are_refused(void **state)
{
	const uintptr_t low = 0x100000000, far = low + MBUF_REF_BYTES;
	struct mbuf_span span = {0, 0};
	uintptr_t base;

	(void)state;
	mbuf_span_add(&span, far - 4096, far);
	mbuf_span_add(&span, low, low + 4096);
	assert_int_equal(mbuf_ref_base(&span, &base), 0);
	assert_int_equal(base, low);
	/* the last buffer that may be */
	assert_int_equal(mbuf_ref(base, (const struct rte_mbuf *)(far - 64)), UINT32_MAX);
	assert_int_equal((uintptr_t)mbuf_at(base, UINT32_MAX), far - 64);
	mbuf_span_add(&span, far, far + 64);
	assert_int_equal(mbuf_ref_base(&span, &base), -ERANGE);
}

/* The state of a bundle costs what it was designed to cost. */
static void
hot_state_of_a_bundle_is_two_lines(void **state)
{
	(void)state;
	assert_int_equal(offsetof(struct bundle, rx), 0);
	assert_int_equal(sizeof(struct reasm), RTE_CACHE_LINE_SIZE);
	assert_int_equal(sizeof(struct bundle_hot), RTE_CACHE_LINE_SIZE);
	assert_int_equal(sizeof(struct tx_line) % RTE_CACHE_LINE_SIZE, 0);
	assert_in_range(sizeof(struct bundle), 0, 896);
}

/* 64 bits of 32: steps of half a wrap of bytes, with nearly 2^29 units of one byte before each. */
static void
counts_go_on_where_their_lower_halves_wrap(void **state)
{
	const uint32_t units = UINT32_C(1) << 29, bytes = UINT32_C(1) << 30;
	struct count_high high = {0, 0};
	struct count c = {0, 0};
	uint64_t n = 0, total = 0;

	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		c.n += units;
		if (__builtin_add_overflow(c.bytes, units, &c.bytes))
			count_carry(&c, &high, units);
		count_add(&c, &high, bytes);
		n += units + 1;
		total += (uint64_t)units + bytes;
		assert_true(count_n(&c, &high) == n);
		assert_true(count_bytes(&c, &high) == total);
	}
	/* What has no bytes, or one, is written up one by one. */
	for (uint32_t each = 0; each <= 1; each++) {
		c = (struct count){UINT32_MAX, 0};
		high = (struct count_high){7, 0};
		n = count_n(&c, &high);
		for (unsigned i = 1; i <= 3; i++) {
			count_add(&c, &high, each);
			assert_true(count_n(&c, &high) == n + i);
			assert_int_equal(high.n_quarters, (n + i) >> 30);
		}
		assert_true(count_bytes(&c, &high) == 3 * each);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wheel_gives_each_timer_out_in_its_tick_or_before_when_it_is_far),
		cmocka_unit_test(deep_windows_never_overlap_and_all_memory_comes_back),
		cmocka_unit_test(chains_are_cut_skipped_pulled_and_joined_without_losing_a_byte),
		cmocka_unit_test(pulling_never_writes_into_a_shared_buffer),
		cmocka_unit_test(frames_in_any_number_of_segments_are_understood),
		cmocka_unit_test(empty_segments_are_not_passed_on),
		cmocka_unit_test(empty_fragments_are_not_passed_on_either),
		cmocka_unit_test(empty_segments_beside_empty_fragments_are_not_passed_on),
		cmocka_unit_test(frames_for_us_in_any_number_of_segments_go_to_control_whole),
		cmocka_unit_test(counts_go_on_where_their_lower_halves_wrap),
		cmocka_unit_test(every_buffer_of_two_pools_has_a_reference_of_its_own),
		cmocka_unit_test(pools_further_apart_than_references_reach_are_refused),
		cmocka_unit_test(hot_state_of_a_bundle_is_two_lines),
	};

	return cmocka_run_group_tests_name("stage memory", tests, NULL, NULL);
}
