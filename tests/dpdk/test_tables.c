/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <rte_malloc.h>
#include <rte_rcu_qsbr.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/record_pool.h"
#include "dataplane/tables.h"
#include "tests/support/rig.h"

/* Steering words, sessions that share an id, routes against a naive list, neighbours. */

enum { ROUTES = 256, READER = 0 };

static struct rte_rcu_qsbr *qsbr;
static struct tables *t;

static int
open_tables(void **state)
{
	const char *why = "";

	(void)state;
	rig_eal();
	qsbr = rte_zmalloc("qsbr", rte_rcu_qsbr_get_memsize(1), 64);
	assert_non_null(qsbr);
	assert_int_equal(rte_rcu_qsbr_init(qsbr, 1), 0);
	rte_rcu_qsbr_thread_register(qsbr, READER);
	rte_rcu_qsbr_thread_online(qsbr, READER);
	t = tables_new(ROUTES, 64, qsbr, SOCKET_ID_ANY, &why);
	if (t == NULL)
		fail_msg("%s", why);
	return 0;
}

static int
close_tables(void **state)
{
	(void)state;
	tables_free(t);
	rte_free(qsbr);
	return 0;
}

static uint64_t seed;

static uint32_t
chance(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 20) % below;
}

static struct next_hop
lookup(uint32_t dst)
{
	uint64_t word;

	tables_route_bulk(t, &dst, 1, &word);
	return next_hop_unpack(word);
}

static struct dp_next
to_bundle(uint32_t index, uint16_t home, uint16_t gen)
{
	return (struct dp_next){.kind = DP_NEXT_BUNDLE, .bundle = {.index = index, .home = home, .gen = gen}};
}

static const uint32_t net10 = 0x0a000000;

/* ------------------------------------------------------------------ steering words */

static void
a_steering_word_gives_back_what_was_packed(void **state)
{
	static const struct steer rows[] = {
		{0, 0, 0, STEER_NONE, {0, 0}},
		{0xfffff, 0, 0, STEER_LINK, {0, 0}},
		{0, 63, 0, STEER_PUNT, {0, 0}},
		{0, 0, 15, STEER_COLLIDE, {0, 0}},
		{0x12345, 9, 7, STEER_LINK, {VLAN_TAGGED | 0xfff, 0}},
		{0x54321, 1, 2, STEER_LINK, {VLAN_TAGGED | VLAN_AD | 1, VLAN_TAGGED | 4094}},
	};

	(void)state;
	for (unsigned i = 0; i < RTE_DIM(rows); i++) {
		const struct steer s = steer_unpack(steer_pack(&rows[i]));

		assert_int_equal(s.bundle, rows[i].bundle);
		assert_int_equal(s.home, rows[i].home);
		assert_int_equal(s.slot, rows[i].slot);
		assert_int_equal(s.state, rows[i].state);
		assert_true(vlan_stack_equal(s.vlans, rows[i].vlans));
	}
}

/* ------------------------------------------------------------------ sessions */

static _Atomic uint64_t words[STEER_WORDS];

static struct dp_session_key
session(uint16_t id, uint8_t peer)
{
	return (struct dp_session_key){.port = 3, .session = id, .peer = {{2, 0, 0, 0, 0, peer}}, .local = {{2, 1}}};
}

static uint64_t
link_word(uint32_t bundle)
{
	return steer_pack(&(struct steer){.bundle = bundle, .state = STEER_LINK});
}

static unsigned
state_of(uint16_t id)
{
	return steer_unpack(words[id]).state;
}

static void
one_session_is_found_by_the_word_alone(void **state)
{
	const struct dp_session_key a = session(7, 1);
	struct steer out;

	(void)state;
	assert_int_equal(tables_session_set(t, words, &a, link_word(42)), 0);
	assert_int_equal(steer_unpack(words[7]).bundle, 42);
	assert_false(tables_session(t, &a, &out));
	assert_int_equal(tables_session_set(t, words, &a, 0), 0);
	assert_int_equal(words[7], 0);
}

static void
sessions_with_one_id_are_told_apart_by_the_exact_table(void **state)
{
	const struct dp_session_key a = session(9, 1), b = session(9, 2), c = session(9, 3);
	struct steer out;

	(void)state;
	assert_int_equal(tables_session_set(t, words, &a, link_word(1)), 0);
	assert_int_equal(tables_session_set(t, words, &b, link_word(2)), 0);
	assert_int_equal(state_of(9), STEER_COLLIDE);
	assert_true(tables_session(t, &a, &out));
	assert_int_equal(out.bundle, 1);
	assert_true(tables_session(t, &b, &out));
	assert_int_equal(out.bundle, 2);
	assert_false(tables_session(t, &c, &out));
	/* a changes while it collides */
	assert_int_equal(tables_session_set(t, words, &a, link_word(11)), 0);
	assert_true(tables_session(t, &a, &out));
	assert_int_equal(out.bundle, 11);
	/* b leaves: the word leads straight to a again */
	assert_int_equal(tables_session_set(t, words, &b, 0), 0);
	assert_int_equal(state_of(9), STEER_LINK);
	assert_int_equal(steer_unpack(words[9]).bundle, 11);
	assert_false(tables_session(t, &b, &out));
	/* frames that still saw the collision find a */
	assert_true(tables_session(t, &a, &out));
	assert_int_equal(tables_session_set(t, words, &a, 0), 0);
	assert_int_equal(words[9], 0);
	assert_false(tables_session(t, &a, &out));
}

static void
a_session_that_differs_in_one_field_only_is_another(void **state)
{
	const struct dp_session_key base = session(11, 1);
	struct dp_session_key other[4] = {base, base, base, base};
	struct steer out;

	(void)state;
	other[0].vlans.outer = VLAN_TAGGED | 5;
	other[1].vlans = (struct vlan_stack){VLAN_TAGGED | 5, VLAN_TAGGED | 6};
	other[2].peer.b[5] ^= 1;
	other[3].local.b[0] ^= 2;
	assert_int_equal(tables_session_set(t, words, &base, link_word(100)), 0);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(tables_session_set(t, words, &other[i], link_word(i)), 0);
	for (unsigned i = 0; i < 4; i++) {
		assert_true(tables_session(t, &other[i], &out));
		assert_int_equal(out.bundle, i);
	}
	assert_true(tables_session(t, &base, &out));
	assert_int_equal(out.bundle, 100);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(tables_session_set(t, words, &other[i], 0), 0);
	assert_int_equal(state_of(11), STEER_LINK);
	assert_int_equal(tables_session_set(t, words, &base, 0), 0);
}

/* Up to four sessions an id come and go, and whoever is there is found, by the word or by the exact table. */
static void
sessions_that_come_and_go_match_a_naive_list(void **state)
{
	enum { IDS = 8, PEERS = 4, STEPS = 20000 };
	uint32_t bundle[IDS][PEERS] = {{0}}; /* 0: not there */
	struct steer out;

	(void)state;
	seed = 7;
	for (uint32_t step = 1; step <= STEPS; step++) {
		const unsigned of = chance(IDS), peer = chance(PEERS);
		const uint16_t id = (uint16_t)(100 + of);
		const struct dp_session_key k = session(id, (uint8_t)peer);
		const bool remove = chance(3) == 0;
		unsigned n = 0, last = 0;

		assert_int_equal(tables_session_set(t, words, &k, remove ? 0 : link_word(step)),
			remove && bundle[of][peer] == 0 ? -ENOENT : 0);
		bundle[of][peer] = remove ? 0 : step;
		for (unsigned i = 0; i < PEERS; i++) {
			n += bundle[of][i] != 0;
			last = bundle[of][i] != 0 ? i : last;
		}
		assert_int_equal(state_of(id), n == 0 ? STEER_NONE : n == 1 ? STEER_LINK : STEER_COLLIDE);
		if (n == 1)
			assert_int_equal(steer_unpack(words[id]).bundle, bundle[of][last]);
		for (unsigned i = 0; n > 1 && i < PEERS; i++) {
			const struct dp_session_key other = session(id, (uint8_t)i);

			assert_int_equal(tables_session(t, &other, &out), bundle[of][i] != 0);
			assert_true(bundle[of][i] == 0 || out.bundle == bundle[of][i]);
		}
		rte_rcu_qsbr_quiescent(qsbr, READER);
	}
	for (unsigned i = 0; i < IDS * PEERS; i++) {
		const struct dp_session_key k = session((uint16_t)(100 + i / PEERS), (uint8_t)(i % PEERS));

		if (bundle[i / PEERS][i % PEERS] != 0)
			assert_int_equal(tables_session_set(t, words, &k, 0), 0);
	}
}

static void
records_stay_where_they_are_and_are_used_again(void **state)
{
	enum { N = 5000 };
	static uint64_t *at[N + 1];
	struct record_pool p;

	(void)state;
	record_pool_init(&p, sizeof(uint64_t));
	for (uint32_t i = 1; i <= N; i++) {
		assert_int_equal(record_take(&p), i);
		at[i] = record_at(&p, i);
		assert_true(*at[i] == 0);
		*at[i] = i * UINT64_C(0x100000001);
	}
	for (uint32_t i = 1; i <= N; i++) {
		assert_ptr_equal(record_at(&p, i), at[i]);
		assert_true(*at[i] == i * UINT64_C(0x100000001));
	}
	for (uint32_t i = 1; i <= N; i += 2)
		record_give(&p, i);
	for (uint32_t i = 1; i <= N; i += 2) {
		const uint32_t again = record_take(&p);

		assert_int_equal(again % 2, 1);
		assert_true(*at[again] == 0);
		*at[again] = 1; /* given out once */
	}
	assert_int_equal(record_take(&p), N + 1);
	for (uint32_t i = 2; i <= N; i += 2)
		assert_true(*at[i] == i * UINT64_C(0x100000001));
	record_pool_fini(&p);
}

static void
removing_a_session_that_is_not_there_is_refused(void **state)
{
	const struct dp_session_key a = session(12, 1), b = session(12, 2);

	(void)state;
	assert_int_equal(tables_session_set(t, words, &a, 0), -ENOENT);
	assert_int_equal(tables_session_set(t, words, &a, link_word(1)), 0);
	assert_int_equal(tables_session_set(t, words, &b, 0), -ENOENT);
	assert_int_equal(state_of(12), STEER_LINK);
	assert_int_equal(tables_session_set(t, words, &a, 0), 0);
}

/* ------------------------------------------------------------------ routes */

static void
nothing_is_routed_at_first(void **state)
{
	(void)state;
	assert_int_equal(lookup(net10 + 1).kind, DP_NEXT_NONE);
	assert_int_equal(lookup(0).kind, DP_NEXT_NONE);
	assert_int_equal(lookup(UINT32_MAX).kind, DP_NEXT_NONE);
}

static void
a_next_hop_keeps_every_field(void **state)
{
	const struct dp_next b = to_bundle(0xfffff, 15, 0xffff);
	const struct dp_next g = {.kind = DP_NEXT_GATEWAY, .port = 63, .gateway_be = htonl(0xfffffffe)};
	struct next_hop h;

	(void)state;
	assert_int_equal(tables_route_set(t, htonl(net10), 8, &b), 0);
	h = lookup(net10 + 5);
	assert_int_equal(h.kind, DP_NEXT_BUNDLE);
	assert_int_equal(h.bundle, 0xfffff);
	assert_int_equal(h.home, 15);
	assert_int_equal(h.gen, 0xffff);
	assert_int_equal(tables_route_set(t, htonl(net10), 8, &g), 0);
	h = lookup(net10 + 5);
	assert_int_equal(h.kind, DP_NEXT_GATEWAY);
	assert_int_equal(h.port, 63);
	assert_int_equal(h.gateway_be, htonl(0xfffffffe));
	assert_int_equal(tables_route_del(t, htonl(net10), 8), 0);
	assert_int_equal(lookup(net10 + 5).kind, DP_NEXT_NONE);
	assert_int_equal(tables_route_del(t, htonl(net10), 8), -ENOENT);
}

static void
routes_that_make_no_sense_are_refused(void **state)
{
	const struct dp_next far = to_bundle(DP_BUNDLES_MAX, 0, 0), nobody = to_bundle(0, DP_WORKERS_MAX, 0);
	const struct dp_next port = {.kind = DP_NEXT_CONNECTED, .port = DP_PORTS_MAX};
	const struct dp_next good = to_bundle(1, 0, 0);

	(void)state;
	assert_int_equal(tables_route_set(t, htonl(net10), 33, &good), -EINVAL);
	assert_int_equal(tables_route_set(t, htonl(net10), 8, &far), -EINVAL);
	assert_int_equal(tables_route_set(t, htonl(net10), 8, &nobody), -EINVAL);
	assert_int_equal(tables_route_set(t, htonl(net10), 8, &port), -EINVAL);
	assert_int_equal(tables_route_del(t, htonl(net10), 33), -ENOENT);
	assert_int_equal(lookup(net10).kind, DP_NEXT_NONE);
}

struct naive {
	uint32_t prefix;
	unsigned len, bundle;
	bool used;
};

static uint32_t
mask_of(unsigned len)
{
	return len == 0 ? 0 : UINT32_MAX << (32 - len);
}

static int
naive_lookup(const struct naive n[], uint32_t dst)
{
	int best = -1;

	for (int i = 0; i < ROUTES; i++)
		if (n[i].used && (dst & mask_of(n[i].len)) == n[i].prefix && (best < 0 || n[i].len > n[best].len))
			best = i;
	return best;
}

static int
naive_find(const struct naive n[], uint32_t prefix, unsigned len)
{
	for (int i = 0; i < ROUTES; i++)
		if (n[i].used && n[i].prefix == prefix && n[i].len == len)
			return i;
	return -1;
}

/* Sets or deletes one random route in both; the addresses are close together, so that prefixes nest. */
static void
random_change(struct naive n[], unsigned step)
{
	static const unsigned lens[] = {0, 1, 8, 16, 20, 24, 25, 28, 30, 31, 32, 32, 32};
	const unsigned len = lens[chance(RTE_DIM(lens))];
	const uint32_t prefix = (net10 | chance(1 << 10) | chance(4) << 16) & mask_of(len);
	const struct dp_next next = to_bundle(step & 0xfffff, 1, (uint16_t)step);
	int at = naive_find(n, prefix, len);

	if (chance(3) == 0) {
		assert_int_equal(tables_route_del(t, htonl(prefix), len), at < 0 ? -ENOENT : 0);
		if (at >= 0)
			n[at].used = false;
		return;
	}
	for (int i = 0; at < 0 && i < ROUTES / 2; i++)
		if (!n[i].used)
			at = i;
	if (at < 0)
		return;
	assert_int_equal(tables_route_set(t, htonl(prefix), len, &next), 0);
	n[at] = (struct naive){prefix, len, step & 0xfffff, true};
}

static void
random_routes_agree_with_a_naive_list(void **state)
{
	static struct naive n[ROUTES];
	uint32_t dst[64];
	uint64_t found[64];

	(void)state;
	seed = 0x2545f4914f6cdd1d;
	for (unsigned step = 1; step <= 4000; step++) {
		random_change(n, step);
		rte_rcu_qsbr_quiescent(qsbr, READER);
		for (unsigned i = 0; i < 64; i++)
			dst[i] = chance(8) == 0 ? chance(UINT32_MAX) : net10 | chance(1 << 10) | chance(4) << 16;
		tables_route_bulk(t, dst, 64, found);
		for (unsigned i = 0; i < 64; i++) {
			const struct next_hop h = next_hop_unpack(found[i]);
			const int want = naive_lookup(n, dst[i]);

			assert_int_equal(h.kind, want < 0 ? DP_NEXT_NONE : DP_NEXT_BUNDLE);
			if (want >= 0)
				assert_int_equal(h.bundle, n[want].bundle);
		}
	}
	for (unsigned i = 0; i < ROUTES; i++)
		if (n[i].used)
			assert_int_equal(tables_route_del(t, htonl(n[i].prefix), n[i].len), 0);
	rte_rcu_qsbr_quiescent(qsbr, READER);
}

static void
a_full_prefix_table_refuses_and_takes_again_after_readers_have_passed(void **state)
{
	const struct dp_next next = to_bundle(1, 0, 0);
	unsigned n = 0;

	(void)state;
	while (tables_route_set(t, htonl(net10 + (n << 8)), 24, &next) == 0)
		n++;
	assert_int_equal(n, ROUTES);
	assert_int_equal(tables_route_set(t, htonl(net10 + (n << 8)), 24, &next), -ENOSPC);
	assert_int_equal(lookup(net10 + (n << 8)).kind, DP_NEXT_NONE);
	/* a reader may still hold the old index: not used again before he has reported */
	assert_int_equal(tables_route_del(t, htonl(net10), 24), 0);
	assert_int_equal(tables_route_set(t, htonl(net10 + (n << 8)), 24, &next), -ENOSPC);
	rte_rcu_qsbr_quiescent(qsbr, READER);
	assert_int_equal(tables_route_set(t, htonl(net10 + (n << 8)), 24, &next), 0);
	assert_int_equal(lookup(net10 + (n << 8)).kind, DP_NEXT_BUNDLE);
	for (unsigned i = 1; i <= n; i++)
		assert_int_equal(tables_route_del(t, htonl(net10 + (i << 8)), 24), 0);
	rte_rcu_qsbr_quiescent(qsbr, READER);
}

/* ------------------------------------------------------------------ neighbours */

static int
neighbour_set(uint16_t port, uint32_t address, const struct mac *mac)
{
	const struct ip_addr a = ip_addr_of4(address);

	return tables_neighbour_set(t, port, &a, mac);
}

static bool
neighbour_used(uint16_t port, uint32_t address)
{
	const struct ip_addr a = ip_addr_of4(address);

	return tables_neighbour_used(t, port, &a);
}

static const struct mac mac_a = {{0x02, 0x11, 0x22, 0x33, 0x44, 0x55}};
static const uint64_t mac_a_word = 0x0001554433221102;

static void
a_resolved_host_of_a_connected_network_has_its_own_entry(void **state)
{
	const struct dp_next connected = {.kind = DP_NEXT_CONNECTED, .port = 2};
	const uint32_t host = net10 + 7;
	struct next_hop h;

	(void)state;
	assert_int_equal(tables_route_set(t, htonl(net10), 24, &connected), 0);
	assert_int_equal(lookup(host).kind, DP_NEXT_CONNECTED);
	assert_int_equal(neighbour_set(2, host, &mac_a), 0);
	h = lookup(host);
	assert_int_equal(h.kind, NEXT_NEIGHBOUR);
	assert_int_equal(h.port, 2);
	assert_int_equal(h.gateway_be, htonl(host));
	assert_true(tables_neighbour(t, h.neighbour) == mac_a_word);
	assert_int_equal(neighbour_set(2, host, NULL), 0);
	assert_int_equal(lookup(host).kind, DP_NEXT_CONNECTED);
	assert_int_equal(tables_route_del(t, htonl(net10), 24), 0);
}

static void
use_of_a_neighbour_is_told_once(void **state)
{
	const struct dp_next connected = {.kind = DP_NEXT_CONNECTED, .port = 2};
	const uint32_t host = net10 + 8;

	(void)state;
	assert_int_equal(tables_route_set(t, htonl(net10), 24, &connected), 0);
	assert_int_equal(neighbour_set(2, host, &mac_a), 0);
	assert_false(neighbour_used(2, host));
	tables_neighbour(t, lookup(host).neighbour);
	assert_true(neighbour_used(2, host));
	assert_false(neighbour_used(2, host));
	assert_false(neighbour_used(1, host));
	assert_int_equal(neighbour_set(2, host, NULL), 0);
	assert_int_equal(tables_route_del(t, htonl(net10), 24), 0);
}

static void
a_gateway_gets_its_mac_before_or_after_its_route(void **state)
{
	const uint32_t gw[2] = {net10 + 1, net10 + 2};
	struct dp_next next = {.kind = DP_NEXT_GATEWAY, .port = 1};

	(void)state;
	assert_int_equal(neighbour_set(1, gw[0], &mac_a), 0);
	next.gateway_be = htonl(gw[0]);
	assert_int_equal(tables_route_set(t, 0, 0, &next), 0);
	assert_true(tables_neighbour(t, lookup(0x01020304).neighbour) == mac_a_word);
	next.gateway_be = htonl(gw[1]);
	assert_int_equal(tables_route_set(t, 0, 0, &next), 0);
	assert_true(tables_neighbour(t, lookup(0x01020304).neighbour) == 0);
	assert_int_equal(neighbour_set(1, gw[1], &mac_a), 0);
	assert_true(tables_neighbour(t, lookup(0x01020304).neighbour) == mac_a_word);
	/* the route keeps the entry when the MAC is forgotten */
	assert_int_equal(neighbour_set(1, gw[1], NULL), 0);
	assert_true(tables_neighbour(t, lookup(0x01020304).neighbour) == 0);
	assert_int_equal(tables_route_del(t, 0, 0), 0);
	assert_int_equal(neighbour_set(1, gw[0], NULL), 0);
	assert_int_equal(lookup(0x01020304).kind, DP_NEXT_NONE);
}

static void
a_host_route_hides_the_neighbour_and_shows_it_again(void **state)
{
	const struct dp_next connected = {.kind = DP_NEXT_CONNECTED, .port = 2};
	const struct dp_next subscriber = to_bundle(5, 0, 1);
	const uint32_t host = net10 + 9;

	(void)state;
	assert_int_equal(tables_route_set(t, htonl(net10), 24, &connected), 0);
	assert_int_equal(tables_route_set(t, htonl(host), 32, &subscriber), 0);
	assert_int_equal(neighbour_set(2, host, &mac_a), 0);
	assert_int_equal(lookup(host).kind, DP_NEXT_BUNDLE);
	assert_int_equal(tables_route_del(t, htonl(host), 32), 0);
	assert_int_equal(lookup(host).kind, NEXT_NEIGHBOUR);
	assert_int_equal(tables_route_set(t, htonl(host), 32, &subscriber), 0);
	assert_int_equal(lookup(host).kind, DP_NEXT_BUNDLE);
	/* forgetting the neighbour leaves the route alone */
	assert_int_equal(neighbour_set(2, host, NULL), 0);
	assert_int_equal(lookup(host).kind, DP_NEXT_BUNDLE);
	assert_int_equal(tables_route_del(t, htonl(host), 32), 0);
	assert_int_equal(lookup(host).kind, DP_NEXT_CONNECTED);
	assert_int_equal(tables_route_del(t, htonl(net10), 24), 0);
}

/* The network's broadcast address, in a page of hosts or out of it. */
static void
a_host_that_nobody_is_hides_its_network(void **state)
{
	const struct dp_next connected = {.kind = DP_NEXT_CONNECTED, .port = 0}, nobody = {.kind = DP_NEXT_NONE};
	const uint32_t broadcast = net10 + 255;

	(void)state;
	assert_int_equal(tables_route_set(t, htonl(net10), 24, &connected), 0);
	assert_int_equal(tables_route_set(t, htonl(broadcast), 32, &nobody), 0);
	assert_int_equal(lookup(broadcast).kind, DP_NEXT_NONE);
	assert_int_equal(lookup(net10 + 254).kind, DP_NEXT_CONNECTED);
	/* nor does a neighbour show there */
	assert_int_equal(neighbour_set(0, broadcast, &mac_a), 0);
	assert_int_equal(lookup(broadcast).kind, DP_NEXT_NONE);
	assert_int_equal(neighbour_set(0, broadcast, NULL), 0);
	assert_int_equal(lookup(broadcast).kind, DP_NEXT_NONE);
	assert_int_equal(tables_route_del(t, htonl(broadcast), 32), 0);
	assert_int_equal(lookup(broadcast).kind, DP_NEXT_CONNECTED);
	assert_int_equal(tables_route_del(t, htonl(net10), 24), 0);
}

static void
a_neighbour_outside_its_ports_network_draws_no_traffic(void **state)
{
	const struct dp_next connected = {.kind = DP_NEXT_CONNECTED, .port = 2};
	const struct dp_next subscribers = to_bundle(5, 0, 1);

	(void)state;
	assert_int_equal(tables_route_set(t, htonl(net10), 24, &connected), 0);
	assert_int_equal(tables_route_set(t, htonl(net10 + 256), 24, &subscribers), 0);
	assert_int_equal(neighbour_set(2, net10 + 256 + 1, &mac_a), 0);
	assert_int_equal(neighbour_set(3, net10 + 1, &mac_a), 0);
	assert_int_equal(lookup(net10 + 256 + 1).kind, DP_NEXT_BUNDLE);
	assert_int_equal(lookup(net10 + 1).kind, DP_NEXT_CONNECTED);
	assert_int_equal(neighbour_set(2, net10 + 256 + 1, NULL), 0);
	assert_int_equal(neighbour_set(3, net10 + 1, NULL), 0);
	assert_int_equal(tables_route_del(t, htonl(net10), 24), 0);
	assert_int_equal(tables_route_del(t, htonl(net10 + 256), 24), 0);
}

static void
a_forgotten_neighbours_index_waits_for_the_readers(void **state)
{
	const unsigned n = ROUTES;

	(void)state;
	rte_rcu_qsbr_quiescent(qsbr, READER);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(neighbour_set(4, net10 + i, &mac_a), 0);
	assert_int_equal(neighbour_set(4, net10 + n, &mac_a), -ENOSPC);
	assert_int_equal(neighbour_set(4, net10, NULL), 0);
	assert_int_equal(neighbour_set(4, net10 + n, &mac_a), -ENOSPC);
	rte_rcu_qsbr_quiescent(qsbr, READER);
	assert_int_equal(neighbour_set(4, net10 + n, &mac_a), 0);
	for (unsigned i = 1; i <= n; i++)
		assert_int_equal(neighbour_set(4, net10 + i, NULL), 0);
	rte_rcu_qsbr_quiescent(qsbr, READER);
}

/* More /24s than there are pages for: the rest is in the hash, and no host is lost between the two. */
static void
hosts_of_many_networks_are_found_with_and_without_a_page(void **state)
{
	enum { NETS = 120, HOSTS = 2 }; /* of 256 / 8 + 16 pages */
	static const uint32_t first = 0xc6120000;

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < NETS * HOSTS; i++) {
			const struct dp_next next = to_bundle(i, 1, (uint16_t)(i + round));

			assert_int_equal(tables_route_set(t, htonl(first + (i % NETS << 8) + i), 32, &next), 0);
		}
		for (uint32_t i = 0; i < NETS * HOSTS; i++) {
			const struct next_hop h = lookup(first + (i % NETS << 8) + i);

			assert_int_equal(h.kind, DP_NEXT_BUNDLE);
			assert_int_equal(h.bundle, i);
			assert_int_equal(h.gen, i + round);
			assert_int_equal(lookup(first + (i % NETS << 8) + (i ^ 0x80)).kind, DP_NEXT_NONE);
		}
		for (uint32_t i = 0; i < NETS * HOSTS; i++) {
			const uint32_t host = first + (i % NETS << 8) + i;

			assert_int_equal(tables_route_del(t, htonl(host), 32), 0);
			assert_int_equal(lookup(host).kind, DP_NEXT_NONE);
			rte_rcu_qsbr_quiescent(qsbr, READER);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_steering_word_gives_back_what_was_packed),
		cmocka_unit_test(one_session_is_found_by_the_word_alone),
		cmocka_unit_test(sessions_with_one_id_are_told_apart_by_the_exact_table),
		cmocka_unit_test(a_session_that_differs_in_one_field_only_is_another),
		cmocka_unit_test(sessions_that_come_and_go_match_a_naive_list),
		cmocka_unit_test(records_stay_where_they_are_and_are_used_again),
		cmocka_unit_test(removing_a_session_that_is_not_there_is_refused),
		cmocka_unit_test(nothing_is_routed_at_first),
		cmocka_unit_test(a_next_hop_keeps_every_field),
		cmocka_unit_test(routes_that_make_no_sense_are_refused),
		cmocka_unit_test(random_routes_agree_with_a_naive_list),
		cmocka_unit_test(a_full_prefix_table_refuses_and_takes_again_after_readers_have_passed),
		cmocka_unit_test(a_resolved_host_of_a_connected_network_has_its_own_entry),
		cmocka_unit_test(use_of_a_neighbour_is_told_once),
		cmocka_unit_test(a_gateway_gets_its_mac_before_or_after_its_route),
		cmocka_unit_test(a_host_route_hides_the_neighbour_and_shows_it_again),
		cmocka_unit_test(a_host_that_nobody_is_hides_its_network),
		cmocka_unit_test(a_neighbour_outside_its_ports_network_draws_no_traffic),
		cmocka_unit_test(hosts_of_many_networks_are_found_with_and_without_a_page),
		cmocka_unit_test(a_forgotten_neighbours_index_waits_for_the_readers),
	};

	return cmocka_run_group_tests_name("tables", tests, open_tables, close_tables);
}
