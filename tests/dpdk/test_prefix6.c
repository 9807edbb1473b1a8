/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <rte_malloc.h>
#include <rte_rcu_qsbr.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/prefix6.h"
#include "dataplane/ranges6.h"
#include "dataplane/tables.h"
#include "dataplane/trie6.h"
#include "tests/support/rig.h"

/* IPv6 prefixes against a naive list, and IPv6 routes and neighbours in the workers' tables. */

enum { ROUTES = 256, READER = 0 };

static struct rte_rcu_qsbr *qsbr;
static struct tables *t;

static int
open_qsbr(void **state)
{
	(void)state;
	rig_eal();
	qsbr = rte_zmalloc("qsbr", rte_rcu_qsbr_get_memsize(1), 64);
	assert_non_null(qsbr);
	assert_int_equal(rte_rcu_qsbr_init(qsbr, 1), 0);
	rte_rcu_qsbr_thread_register(qsbr, READER);
	rte_rcu_qsbr_thread_online(qsbr, READER);
	return 0;
}

static int
close_qsbr(void **state)
{
	(void)state;
	rte_free(qsbr);
	return 0;
}

static int
open_tables(void **state)
{
	const char *why = "";

	open_qsbr(state);
	t = tables_new(ROUTES, 64, qsbr, SOCKET_ID_ANY, &why);
	if (t == NULL)
		fail_msg("%s", why);
	return 0;
}

static int
close_tables(void **state)
{
	tables_free(t);
	return close_qsbr(state);
}

static struct ip_addr
addr(const char *text)
{
	struct ip_addr a;

	assert_int_equal(inet_pton(AF_INET6, text, a.b), 1);
	return a;
}

static struct next_hop
lookup(const struct ip_addr *a)
{
	const struct ip6_num n = ip6_num_load(a->b);
	uint64_t word;

	tables_route6_bulk(t, &n, 1, &word);
	return next_hop_unpack(word);
}

static struct next_hop
lookup_text(const char *text)
{
	const struct ip_addr a = addr(text);

	return lookup(&a);
}

static struct dp_next
to_bundle(uint32_t index, uint16_t home, uint16_t gen)
{
	return (struct dp_next){.kind = DP_NEXT_BUNDLE, .bundle = {.index = index, .home = home, .gen = gen}};
}

static int
set(const char *prefix, unsigned len, const struct dp_next *next)
{
	const struct ip_addr a = addr(prefix);

	return tables_route6_set(t, &a, len, next);
}

static int
del(const char *prefix, unsigned len)
{
	const struct ip_addr a = addr(prefix);

	return tables_route6_del(t, &a, len);
}

static int
neighbour(uint16_t port, const char *address, const struct mac *mac)
{
	const struct ip_addr a = addr(address);

	return tables_neighbour_set(t, port, &a, mac);
}

/* ------------------------------------------------------------------ routes */

static void
nothing_is_routed_at_first(void **state)
{
	(void)state;
	assert_int_equal(lookup_text("::").kind, DP_NEXT_NONE);
	assert_int_equal(lookup_text("2001:db8::1").kind, DP_NEXT_NONE);
	assert_int_equal(lookup_text("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff").kind, DP_NEXT_NONE);
}

static void
a_next_hop_keeps_every_field(void **state)
{
	const struct dp_next b = to_bundle(0xfffff, 15, 0xffff);
	const struct dp_next g = {.kind = DP_NEXT_GATEWAY, .port = 63, .gateway6 = addr("2001:db8::ffff")};
	struct ip_addr gateway;
	struct next_hop h;

	(void)state;
	assert_int_equal(set("2001:db8:1::", 48, &b), 0);
	h = lookup_text("2001:db8:1:2::3");
	assert_int_equal(h.kind, DP_NEXT_BUNDLE);
	assert_int_equal(h.bundle, 0xfffff);
	assert_int_equal(h.home, 15);
	assert_int_equal(h.gen, 0xffff);
	assert_int_equal(set("2001:db8:1::", 48, &g), 0);
	h = lookup_text("2001:db8:1:2::3");
	assert_int_equal(h.kind, DP_NEXT_GATEWAY);
	assert_int_equal(h.port, 63);
	assert_true(tables_neighbour_address(t, h.neighbour, &gateway));
	assert_true(ip_addr_equal(&gateway, &g.gateway6));
	assert_int_equal(del("2001:db8:1::", 48), 0);
	assert_int_equal(lookup_text("2001:db8:1:2::3").kind, DP_NEXT_NONE);
	assert_int_equal(del("2001:db8:1::", 48), -ENOENT);
}

static void
routes_that_make_no_sense_are_refused(void **state)
{
	const struct dp_next far = to_bundle(DP_BUNDLES_MAX, 0, 0), nobody = to_bundle(0, DP_WORKERS_MAX, 0);
	const struct dp_next good = to_bundle(1, 0, 0);

	(void)state;
	assert_int_equal(set("2001:db8::", 129, &good), -EINVAL);
	assert_int_equal(set("2001:db8::", 64, &far), -EINVAL);
	assert_int_equal(set("2001:db8::", 64, &nobody), -EINVAL);
	/* IPv4 has its own tables */
	assert_int_equal(set("::ffff:192.0.2.0", 120, &good), -EINVAL);
	assert_int_equal(del("2001:db8::", 129), -ENOENT);
	assert_int_equal(lookup_text("2001:db8::1").kind, DP_NEXT_NONE);
}

/* Every length from 0 to 128 at the same address: all of them told apart, the longest wins. */
static void
all_lengths_nest(void **state)
{
	const struct ip_addr a = addr("2001:db8:aaaa:5555:aaaa:5555:aaaa:5555");

	(void)state;
	for (unsigned len = 0; len <= 128; len++) {
		const struct dp_next next = to_bundle(len + 1, 0, 1);

		assert_int_equal(tables_route6_set(t, &a, len, &next), 0);
		assert_int_equal(lookup(&a).bundle, len + 1);
	}
	for (unsigned len = 128; len <= 128; len--) {
		struct ip_addr other = a;

		assert_int_equal(lookup(&a).bundle, len + 1);
		if (len != 0) {
			/* the first bit in which it differs is the last one of the prefix */
			other.b[(len - 1) / 8] ^= (uint8_t)(0x80 >> (len - 1) % 8);
			assert_int_equal(lookup(&other).bundle, len);
		}
		assert_int_equal(tables_route6_del(t, &a, len), 0);
	}
	rte_rcu_qsbr_quiescent(qsbr, READER);
	assert_int_equal(lookup(&a).kind, DP_NEXT_NONE);
}

struct naive {
	struct ip_addr prefix;
	unsigned len, bundle;
	bool used;
	unsigned depth; /* of the trie alone */
};

static uint64_t seed;

static uint32_t
chance(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 20) % below;
}

/* Bit by bit, so that nothing is shared with what is tested. */
static bool
naive_has(const struct naive *n, const struct ip_addr *a)
{
	for (unsigned i = 0; i < n->len; i++)
		if (((n->prefix.b[i / 8] ^ a->b[i / 8]) & 0x80 >> i % 8) != 0)
			return false;
	return n->used;
}

static int
naive_lookup(const struct naive n[], const struct ip_addr *a)
{
	int best = -1;

	for (int i = 0; i < ROUTES; i++)
		if (naive_has(&n[i], a) && (best < 0 || n[i].len > n[best].len))
			best = i;
	return best;
}

/* Close together, so that prefixes nest. */
static struct ip_addr
random_address(void)
{
	struct ip_addr a = addr("2001:db8::");

	a.b[1] = (uint8_t)(a.b[1] ^ chance(2));
	a.b[5] = (uint8_t)chance(3);
	a.b[6] = (uint8_t)(chance(2) << 7 | chance(2));
	a.b[7] = (uint8_t)chance(4);
	a.b[8] = (uint8_t)(chance(2) << 7);
	a.b[15] = (uint8_t)chance(8);
	return a;
}

static void
random_change(struct naive n[], unsigned step)
{
	static const unsigned lens[] = {0, 8, 16, 17, 31, 32, 33, 47, 48, 49, 56, 63, 64, 64, 65, 127, 128, 128};
	const unsigned len = lens[chance(RTE_DIM(lens))];
	const struct ip_addr from = random_address(), prefix = ip_addr_prefix(&from, len);
	const struct dp_next next = to_bundle(step & 0xfffff, 1, (uint16_t)step);
	int at = -1;

	for (int i = 0; i < ROUTES; i++)
		if (n[i].used && n[i].len == len && ip_addr_equal(&n[i].prefix, &prefix))
			at = i;
	if (chance(3) == 0) {
		assert_int_equal(tables_route6_del(t, &from, len), at < 0 ? -ENOENT : 0);
		if (at >= 0)
			n[at].used = false;
		return;
	}
	for (int i = 0; at < 0 && i < ROUTES / 2; i++)
		if (!n[i].used)
			at = i;
	if (at < 0)
		return;
	assert_int_equal(tables_route6_set(t, &from, len, &next), 0);
	n[at] = (struct naive){prefix, len, step & 0xfffff, true};
}

static void
random_routes_agree_with_a_naive_list(void **state)
{
	static struct naive n[ROUTES];
	struct ip_addr dst[64];
	struct ip6_num num[64];
	uint64_t words[64];

	(void)state;
	seed = 0x2545f4914f6cdd1d;
	for (unsigned step = 1; step <= 4000; step++) {
		random_change(n, step);
		rte_rcu_qsbr_quiescent(qsbr, READER);
		for (unsigned i = 0; i < 64; i++) {
			dst[i] = random_address();
			num[i] = ip6_num_load(dst[i].b);
		}
		tables_route6_bulk(t, num, 64, words);
		for (unsigned i = 0; i < 64; i++) {
			const struct next_hop h = next_hop_unpack(words[i]);
			const int want = naive_lookup(n, &dst[i]);

			assert_int_equal(h.kind, want < 0 ? DP_NEXT_NONE : DP_NEXT_BUNDLE);
			if (want >= 0)
				assert_int_equal(h.bundle, n[want].bundle);
		}
	}
	for (unsigned i = 0; i < ROUTES; i++)
		if (n[i].used)
			assert_int_equal(tables_route6_del(t, &n[i].prefix, n[i].len), 0);
	rte_rcu_qsbr_quiescent(qsbr, READER);
}

/* More subscribers than hints: places are shared, and given up only by the last one. */
static void
prefixes_that_share_a_hint_come_and_go_alone(void **state)
{
	enum { MANY = 4000 };
	struct prefix6 *p = prefix6_new(MANY, SOCKET_ID_ANY, qsbr);
	struct ip_addr a = addr("2001:db8::");
	uint64_t word;

	(void)state;
	assert_non_null(p);
	for (unsigned i = 0; i < MANY; i++) {
		store_be32(a.b + 3, i * 0x1003);
		assert_int_equal(prefix6_set(p, &a, 56, i + 1), 0);
	}
	for (unsigned i = 0; i < MANY; i += 2) {
		store_be32(a.b + 3, i * 0x1003);
		prefix6_del(p, &a, 56);
	}
	for (unsigned i = 0; i < MANY; i++) {
		struct ip6_num n;

		store_be32(a.b + 3, i * 0x1003);
		a.b[9] = (uint8_t)i;
		n = ip6_num_load(a.b);
		prefix6_bulk(p, &n, 1, &word);
		assert_int_equal(word, i % 2 == 0 ? 0 : i + 1);
	}
	rte_rcu_qsbr_quiescent(qsbr, READER); /* DPDK does not free what readers may still see */
	prefix6_free(p);
}

/* ------------------------------------------------------------------ ranges alone */

static void
ranges_tell_where_each_begins(void **state)
{
	static const unsigned skips[] = {16, 24, 40, 63};
	const uint64_t all = 0x20010db812345678;

	(void)state;
	for (unsigned s = 0; s < RTE_DIM(skips); s++) {
		const unsigned skip = skips[s], bits = RTE_MIN(64 - skip, (unsigned)RANGES6_BITS);
		const uint64_t begin = all & ~(UINT64_MAX >> skip), step = UINT64_C(1) << (64 - skip - bits);
		const unsigned most = bits < 4 ? 1u << bits : RANGES6_MAX;
		struct ranges6 r;
		struct ranges6_draft d = ranges6_begin(&r, skip);

		/* the last one is the highest address alone */
		for (unsigned n = 1; n <= most; n++) {
			d = ranges6_begin(&r, skip);
			for (unsigned i = 0; i + 1 < n; i++)
				assert_true(ranges6_add(&d, begin + i * step, 100 + i));
			assert_true(ranges6_add(
				&d, n == 1 ? begin : begin | (UINT64_MAX >> skip & ~(step - 1)), 100 + n - 1));
			ranges6_end(&d);
			for (unsigned i = 0; i + 1 < n; i++) {
				assert_int_equal(ranges6_find(&r, begin + i * step), 100 + i);
				assert_int_equal(ranges6_find(&r, begin + i * step + step - 1), 100 + i);
			}
			assert_int_equal(ranges6_find(&r, begin | UINT64_MAX >> skip), 100 + n - 1);
		}
	}
}

static void
ranges_refuse_what_they_cannot_tell(void **state)
{
	const uint64_t begin = 0x20010d0000000000, step = UINT64_C(1) << 8;
	struct ranges6 r;
	struct ranges6_draft d = ranges6_begin(&r, 24);

	(void)state;
	for (uint64_t i = 0; i < RANGES6_MAX; i++) {
		assert_true(ranges6_add(&d, begin + 3 * i * step, i + 1));
		/* what goes on is no range of its own, wherever it does */
		assert_true(ranges6_add(&d, begin + 3 * i * step + 1, i + 1));
	}
	assert_false(ranges6_add(&d, begin + (UINT64_C(1) << 32), 0));
	assert_true(ranges6_add(&d, begin + (UINT64_C(1) << 32), RANGES6_MAX));
	d = ranges6_begin(&r, 24);
	assert_true(ranges6_add(&d, begin, 1));
	assert_false(ranges6_add(&d, begin + step / 2, 2));
}

/* ------------------------------------------------------------------ the trie alone */

static const struct ip6_num stays = {0x20010db800010203, 7};

/* As the tables make them. */
static uint64_t
word_of(unsigned n)
{
	return UINT64_C(1) << 63 | n;
}

/* The word of one destination; *asked: only exact matches know. */
static uint64_t
ask_trie(const struct trie6 *trie, struct ip6_num dst, bool *asked)
{
	uint64_t word;

	*asked = trie6_bulk(trie, &dst, 1, &word) != 0;
	return word;
}

/* The longest shorter prefix that is placed. */
static struct trie6_leaf
naive_below(const struct naive n[], const struct naive *of)
{
	int best = -1;

	for (int i = 0; i < ROUTES; i++)
		if (naive_has(&n[i], &of->prefix) && n[i].depth == trie6_depth(n[i].len) && n[i].len < of->len &&
			(best < 0 || n[i].len > n[best].len))
			best = i;
	return best < 0 ? (struct trie6_leaf){0, 0} : (struct trie6_leaf){word_of(n[best].bundle), n[best].len};
}

/* Far apart, too, so that they want many tables. */
static struct ip_addr
scattered_address(void)
{
	struct ip_addr a = random_address();

	a.b[1] = (uint8_t)chance(4);
	a.b[2] = (uint8_t)chance(4);
	a.b[4] = (uint8_t)chance(2);
	return a;
}

static void
trie_change(struct trie6 *trie, struct naive n[], unsigned step)
{
	static const unsigned lens[] = {1, 8, 15, 16, 17, 24, 25, 32, 33, 40, 47, 48, 56, 57, 63, 64, 64, 65, 128};
	struct naive *x = &n[chance(ROUTES)];
	struct trie6_leaf below;
	struct ip_addr a;

	if (x->used && chance(2) == 0) {
		x->used = false;
		below = naive_below(n, x);
		trie6_del(trie, ip6_num_load(x->prefix.b).hi, x->len, x->depth, &below);
		return;
	}
	if (x->used) {
		x->bundle = step;
		x->depth = trie6_set(trie, ip6_num_load(x->prefix.b).hi, x->len, word_of(step), x->depth);
		return;
	}
	a = scattered_address();
	x->len = lens[chance(RTE_DIM(lens))];
	x->prefix = ip_addr_prefix(&a, x->len);
	for (int i = 0; i < ROUTES; i++)
		if (n[i].used && n[i].len == x->len && ip_addr_equal(&n[i].prefix, &x->prefix))
			return;
	x->bundle = step;
	x->used = true;
	x->depth = trie6_set(trie, ip6_num_load(x->prefix.b).hi, x->len, word_of(step), TRIE6_FRESH);
}

static unsigned
naive_waiting(const struct naive n[])
{
	unsigned waiting = 0;

	for (unsigned i = 0; i < ROUTES; i++)
		waiting += n[i].used && n[i].depth < trie6_depth(n[i].len);
	return waiting;
}

/* The first 64 bits of an address at one of a prefix's ends, or beside it. */
static struct ip6_num
at_an_end(const struct naive *n)
{
	const struct ip6_num first = ip6_num_load(n->prefix.b);
	const uint64_t rest = n->len >= 64 ? 0 : UINT64_MAX >> n->len;

	switch (chance(4)) {
	case 0:
		return first;
	case 1:
		return (struct ip6_num){first.hi | rest, 0};
	case 2:
		return (struct ip6_num){first.hi - 1, 0};
	default:
		return (struct ip6_num){(first.hi | rest) + 1, 0};
	}
}

/* A burst of destinations, some of them where what holds one ends. */
static void
trie_has(const struct trie6 *trie, const struct naive n[])
{
	struct ip6_num dst[64];
	struct ip_addr a;
	uint64_t words[64];

	for (unsigned i = 0; i < RTE_DIM(dst); i++) {
		a = random_address();
		dst[i] = chance(4) == 0 ? ip6_num_load(a.b) : at_an_end(&n[chance(ROUTES)]);
	}
	assert_true(trie6_bulk(trie, dst, RTE_DIM(dst), words) == 0);
	for (unsigned i = 0; i < RTE_DIM(dst); i++) {
		ip6_num_store(a.b, dst[i]);
		const int want = naive_lookup(n, &a);

		assert_true(words[i] == (want < 0 ? 0 : word_of(n[want].bundle)));
	}
}

/* Another prefix of at most 64 bits at place i, its word one of a few, so that neighbours may have the same. */
static void
trie_put(struct trie6 *trie, struct naive n[], unsigned i)
{
	static const unsigned lens[] = {
		3, 15, 16, 19, 24, 28, 29, 32, 32, 36, 40, 44, 48, 48, 48, 49, 56, 57, 63, 64, 64};
	struct ip_addr a = random_address();
	struct naive x = {.len = lens[chance(RTE_DIM(lens))], .bundle = 1 + chance(5), .used = true};

	a.b[2] = (uint8_t)chance(3);
	x.prefix = ip_addr_prefix(&a, x.len);
	if (n[i].used)
		return;
	for (unsigned k = 0; k < ROUTES; k++)
		if (n[k].used && n[k].len == x.len && ip_addr_equal(&n[k].prefix, &x.prefix))
			return;
	x.depth = trie6_set(trie, ip6_num_load(x.prefix.b).hi, x.len, word_of(x.bundle), TRIE6_FRESH);
	assert_int_equal(x.depth, trie6_depth(x.len));
	n[i] = x;
}

static void
trie_take(struct trie6 *trie, struct naive n[], unsigned i)
{
	const struct trie6_leaf below = naive_below(n, &n[i]);

	if (n[i].used)
		trie6_del(trie, ip6_num_load(n[i].prefix.b).hi, n[i].len, n[i].depth, &below);
	n[i].used = false;
}

/* From none to many and back, so that parts of the trie are told in ranges, are too many for that, and are again. */
static void
parts_of_a_trie_with_few_prefixes_are_ranges(void **state)
{
	static struct naive n[ROUTES];
	struct trie6 *trie = trie6_new(4096, SOCKET_ID_ANY, qsbr);
	unsigned most = 0;

	(void)state;
	assert_non_null(trie);
	memset(n, 0, sizeof(n));
	seed = 0x9e3779b97f4a7c15;
	for (unsigned round = 0; round < 12; round++) {
		for (unsigned i = 0; i < 4 + round * 8; i++) {
			trie_put(trie, n, chance(ROUTES));
			rte_rcu_qsbr_quiescent(qsbr, READER);
			trie_has(trie, n);
			most = RTE_MAX(most, trie6_n_ranges(trie));
		}
		for (unsigned i = 0; i < ROUTES; i++) {
			if (!n[i].used || chance(6) == 0)
				continue;
			trie_take(trie, n, i);
			rte_rcu_qsbr_quiescent(qsbr, READER);
			trie_has(trie, n);
		}
	}
	assert_in_range(most, 8, ROUTES);
	for (unsigned i = 0; i < ROUTES; i++)
		trie_take(trie, n, i);
	assert_int_equal(trie6_n_ranges(trie), 0);
	trie6_free(trie);
}

/* The i-th of the /48s that lie by turns in two /32 beside each other. */
static uint64_t
by_turns(unsigned i)
{
	return UINT64_C(0x20010db800000000) | (uint64_t)(i % 2) << 32 | (uint64_t)(i / 2) << 17;
}

/* What all of them leads to is told in ranges while it is ten at most, the gaps between them and before the first one among them; then what
 * each of the /32 does. */
static void
ranges_give_way_to_tables_and_return(void **state)
{
	const struct trie6_leaf none = {0, 0};
	struct trie6 *trie = trie6_new(256, SOCKET_ID_ANY, qsbr);
	bool asked;

	(void)state;
	assert_non_null(trie);
	for (unsigned i = 0; i < RANGES6_MAX; i++) {
		assert_int_equal(trie6_set(trie, by_turns(i), 48, word_of(i + 1), TRIE6_FRESH), 4);
		rte_rcu_qsbr_quiescent(qsbr, READER);
		assert_int_equal(trie6_n_ranges(trie), i < 4 ? 1 : 2);
	}
	for (unsigned i = 0; i < RANGES6_MAX; i++) {
		assert_true(ask_trie(trie, (struct ip6_num){by_turns(i) | 0x1234, 0}, &asked) == word_of(i + 1));
		assert_true(ask_trie(trie, (struct ip6_num){by_turns(i) | 0x11234, 0}, &asked) == 0);
	}
	for (unsigned i = 0; i < RANGES6_MAX; i++) {
		const unsigned left = RANGES6_MAX - 1 - i;

		trie6_del(trie, by_turns(i), 48, 4, &none);
		rte_rcu_qsbr_quiescent(qsbr, READER);
		assert_int_equal(trie6_n_ranges(trie), left > 4 ? 2 : left > 0);
	}
	trie6_free(trie);
}

/* A reader that has not reported may be in any of them. Whoever finds none left has the tables. */
static void
a_trie_without_free_ranges_is_right(void **state)
{
	static struct naive n[ROUTES];
	struct trie6 *trie = trie6_new(2048, SOCKET_ID_ANY, qsbr);
	const struct naive stay = {.prefix = addr("2001:db8::"), .len = 32, .bundle = 9, .used = true};

	(void)state;
	assert_non_null(trie);
	memset(n, 0, sizeof(n));
	seed = 0x2545f4914f6cdd1d;
	n[0] = stay;
	n[0].depth = trie6_set(trie, ip6_num_load(stay.prefix.b).hi, stay.len, word_of(9), TRIE6_FRESH);
	assert_int_equal(trie6_n_ranges(trie), 1);
	for (unsigned i = 0; i < 2000; i++) {
		trie6_set(trie, ip6_num_load(stay.prefix.b).hi, stay.len, word_of(i), n[0].depth);
		n[0].bundle = i;
		if (i % 16 == 0)
			trie_has(trie, n);
	}
	assert_int_equal(trie6_n_ranges(trie), 0);
	trie_has(trie, n);
	rte_rcu_qsbr_quiescent(qsbr, READER);
	trie6_set(trie, ip6_num_load(stay.prefix.b).hi, stay.len, word_of(7), n[0].depth);
	n[0].bundle = 7;
	assert_int_equal(trie6_n_ranges(trie), 1);
	trie_has(trie, n);
	trie_take(trie, n, 0);
	rte_rcu_qsbr_quiescent(qsbr, READER);
	trie6_free(trie);
}

/* Few tables and many: what the trie knows it knows right, and it asks where a prefix is longer than it is. Returns how often it asked. */
static unsigned
trie_agrees(unsigned tables_max)
{
	static struct naive n[ROUTES];
	struct trie6 *trie = trie6_new(tables_max, SOCKET_ID_ANY, qsbr);
	unsigned asks = 0;
	bool asked;

	assert_non_null(trie);
	memset(n, 0, sizeof(n));
	for (unsigned step = 1; step <= 4000; step++) {
		trie_change(trie, n, step);
		rte_rcu_qsbr_quiescent(qsbr, READER);
		for (unsigned i = 0; i < 16; i++) {
			const struct ip_addr dst = scattered_address();
			const uint64_t word = ask_trie(trie, ip6_num_load(dst.b), &asked);
			const int want = naive_lookup(n, &dst);

			asks += asked;
			if (want >= 0 && n[want].len > TRIE6_LEN_MAX)
				assert_true(asked);
			else if (!asked)
				assert_true(word == (want < 0 ? 0 : word_of(n[want].bundle)));
		}
		assert_int_equal(trie6_waiting(trie), naive_waiting(n));
	}
	for (unsigned i = 0; i < ROUTES; i++) {
		const struct trie6_leaf below = naive_below(n, &n[i]);

		if (n[i].used)
			trie6_del(trie, ip6_num_load(n[i].prefix.b).hi, n[i].len, n[i].depth, &below);
		n[i].used = false;
	}
	assert_int_equal(trie6_waiting(trie), 0);
	for (unsigned i = 0; i < 1000; i++) {
		const struct ip_addr dst = scattered_address();

		assert_true(ask_trie(trie, ip6_num_load(dst.b), &asked) == 0);
		assert_false(asked);
	}
	trie6_free(trie);
	return asks;
}

static void
a_trie_agrees_with_a_naive_list_however_few_tables_it_has(void **state)
{
	unsigned many, few;

	(void)state;
	seed = 0x2545f4914f6cdd1d;
	many = trie_agrees(4096);
	few = trie_agrees(12);
	assert_in_range(many, 1, 64000 / 4);
	assert_in_range(few, many + 1, 64000 - 1);
	assert_true(trie_agrees(1) > few);
}

/* Six tables lead to a /64. */
static void
tables_are_used_again_when_no_reader_can_be_in_them(void **state)
{
	enum { TABLES = 6, TIMES = 500 };
	struct trie6 *trie = trie6_new(TABLES, SOCKET_ID_ANY, qsbr);
	const struct trie6_leaf none = {0, 0};
	struct ip6_num dst = {0, 1};
	bool asked;

	(void)state;
	assert_non_null(trie);
	for (unsigned i = 1; i <= TIMES; i++) {
		dst.hi = i * UINT64_C(0x9e3779b97f4a7c15);
		assert_int_equal(trie6_set(trie, dst.hi, 64, word_of(i), TRIE6_FRESH), TABLES);
		assert_true(ask_trie(trie, dst, &asked) == word_of(i));
		assert_false(asked);
		dst.hi ^= 1;
		assert_true(ask_trie(trie, dst, &asked) == 0);
		assert_false(asked);
		trie6_del(trie, dst.hi ^ 1, 64, TABLES, &none);
		rte_rcu_qsbr_quiescent(qsbr, READER);
	}
	/* the reader has not reported since: they are not taken from under it */
	trie6_set(trie, dst.hi, 64, word_of(1), TRIE6_FRESH);
	trie6_del(trie, dst.hi, 64, TABLES, &none);
	assert_int_equal(trie6_set(trie, dst.hi, 64, word_of(2), TRIE6_FRESH), 0);
	assert_false(trie6_has_room(trie));
	ask_trie(trie, dst, &asked);
	assert_true(asked);
	/* now it has, and what waits is placed */
	rte_rcu_qsbr_quiescent(qsbr, READER);
	assert_true(trie6_has_room(trie));
	assert_int_equal(trie6_set(trie, dst.hi, 64, word_of(2), 0), TABLES);
	assert_true(ask_trie(trie, dst, &asked) == word_of(2));
	assert_false(asked);
	trie6_free(trie);
}

/* Eight tables: one /64 has six, two more of the same /16 share what is left: they wait in the same table. */
static void
a_subtree_asks_until_all_that_wait_in_it_are_placed(void **state)
{
	const struct ip6_num first = {0x20010d0000000000, 0}, a = {0x2001ff0000000000, 0}, b = {0x2001ff0001000000, 0};
	struct trie6 *trie = trie6_new(8, SOCKET_ID_ANY, qsbr);
	const struct trie6_leaf none = {0, 0};
	unsigned at_a, at_b;
	bool asked;

	(void)state;
	assert_non_null(trie);
	assert_int_equal(trie6_set(trie, first.hi, 64, word_of(1), TRIE6_FRESH), 6);
	at_a = trie6_set(trie, a.hi, 64, word_of(2), TRIE6_FRESH);
	at_b = trie6_set(trie, b.hi, 64, word_of(3), TRIE6_FRESH);
	assert_int_equal(at_a, 3); /* it shares the first table with the first one */
	assert_int_equal(at_b, 3);
	assert_int_equal(trie6_waiting(trie), 2);
	trie6_del(trie, first.hi, 64, 6, &none);
	rte_rcu_qsbr_quiescent(qsbr, READER);
	/* five tables are free: three for the one, and two of three for the other */
	assert_int_equal(trie6_set(trie, a.hi, 64, word_of(2), at_a), 6);
	at_b = trie6_set(trie, b.hi, 64, word_of(3), at_b);
	assert_int_equal(at_b, 5);
	assert_int_equal(trie6_waiting(trie), 1);
	assert_true(ask_trie(trie, a, &asked) == word_of(2));
	assert_false(asked);
	ask_trie(trie, b, &asked);
	assert_true(asked);
	assert_true(ask_trie(trie, first, &asked) == 0);
	assert_false(asked);
	/* one that waits leaves no trace */
	trie6_del(trie, b.hi, 64, at_b, &none);
	assert_int_equal(trie6_waiting(trie), 0);
	assert_true(ask_trie(trie, b, &asked) == 0);
	assert_false(asked);
	trie6_del(trie, a.hi, 64, 6, &none);
	trie6_free(trie);
}

/* Ranges made before a prefix is placed do not have it, and who does not ask any more would believe them. */
static void
there_are_no_ranges_where_a_prefix_waits(void **state)
{
	const struct ip6_num waits = {0x3000010000000000, 0}, beside = {0x3000020000000000, 0};
	struct trie6 *trie = trie6_new(4, SOCKET_ID_ANY, qsbr);
	const struct trie6_leaf none = {0, 0};
	bool asked;

	(void)state;
	assert_non_null(trie);
	assert_int_equal(trie6_set(trie, ip6_num_prefix(stays, 48).hi, 48, word_of(1), TRIE6_FRESH), 4);
	assert_int_equal(trie6_n_ranges(trie), 1);
	assert_int_equal(trie6_set(trie, waits.hi, 24, word_of(2), TRIE6_FRESH), 0);
	trie6_del(trie, ip6_num_prefix(stays, 48).hi, 48, 4, &none);
	rte_rcu_qsbr_quiescent(qsbr, READER);
	/* the table that it waits for is there, made for another one */
	assert_int_equal(trie6_set(trie, beside.hi, 24, word_of(3), TRIE6_FRESH), 1);
	assert_int_equal(trie6_n_ranges(trie), 0);
	ask_trie(trie, waits, &asked);
	assert_true(asked);
	rte_rcu_qsbr_quiescent(qsbr, READER);
	assert_int_equal(trie6_set(trie, waits.hi, 24, word_of(2), 0), 1);
	assert_int_equal(trie6_n_ranges(trie), 1);
	assert_true(ask_trie(trie, waits, &asked) == word_of(2));
	assert_false(asked);
	assert_true(ask_trie(trie, beside, &asked) == word_of(3));
	trie6_free(trie);
}

/* An address asks for its /64 only while it is there, whatever else is near. */
static void
a_longer_prefix_asks_no_longer_than_it_is_there(void **state)
{
	struct trie6 *trie = trie6_new(16, SOCKET_ID_ANY, qsbr);
	const struct ip6_num a = {0x20010db800010203, 5};
	bool asked;

	(void)state;
	assert_non_null(trie);
	assert_int_equal(trie6_set(trie, a.hi, 64, word_of(64), TRIE6_FRESH), 6);
	assert_int_equal(trie6_n_ranges(trie), 1);
	assert_int_equal(trie6_set(trie, a.hi, 128, word_of(128), TRIE6_FRESH), trie6_depth(128));
	assert_int_equal(trie6_n_ranges(trie), 0); /* they do not know when to ask */
	ask_trie(trie, a, &asked);
	assert_true(asked);
	assert_int_equal(trie6_waiting(trie), 0);
	trie6_del(trie, a.hi, 128, 6, &(struct trie6_leaf){word_of(64), 64});
	assert_true(ask_trie(trie, a, &asked) == word_of(64));
	assert_false(asked);
	assert_int_equal(trie6_n_ranges(trie), 1);
	trie6_free(trie);
}

struct reading {
	struct trie6 *trie;
	struct prefix6 *prefixes;
	_Atomic bool done;
	_Atomic unsigned turns;
	unsigned known, asked, wrong;
};

/* A /48 stays while longer and shorter ones around it come and go. */
static void *
read_on(void *ctx)
{
	struct reading *r = ctx;
	bool asked, done;

	do {
		uint64_t word;

		done = atomic_load(&r->done);
		word = ask_trie(r->trie, stays, &asked);
		r->known += !asked;
		r->asked += asked;
		r->wrong += !asked && word != word_of(48);
		rte_rcu_qsbr_quiescent(qsbr, READER);
		atomic_fetch_add(&r->turns, 1);
	} while (!done);
	return NULL;
}

/* What was given back before can be used again. */
static void
await_reader(const struct reading *r)
{
	const unsigned from = atomic_load(&r->turns);

	while (atomic_load(&r->turns) - from < 2)
		sched_yield();
}

static void
a_reader_sees_a_prefix_at_all_times(void **state)
{
	struct reading r = {.trie = trie6_new(64, SOCKET_ID_ANY, qsbr)};
	const uint64_t hi = ip6_num_prefix(stays, 48).hi;
	const struct trie6_leaf none = {0, 0}, short_one = {word_of(20), 20}, long_one = {word_of(48), 48};
	pthread_t reader;

	(void)state;
	assert_non_null(r.trie);
	assert_int_equal(trie6_set(r.trie, hi, 48, word_of(48), TRIE6_FRESH), 4);
	assert_int_equal(pthread_create(&reader, NULL, read_on, &r), 0);
	for (unsigned i = 0; i < 3000; i++) {
		if (i % 8 == 0)
			await_reader(&r);
		trie6_set(r.trie, ip6_num_prefix(stays, 20).hi, 20, word_of(20), TRIE6_FRESH);
		trie6_set(r.trie, hi ^ UINT64_C(0x01) << 8, 56, word_of(56), TRIE6_FRESH);
		trie6_set(r.trie, ip6_num_prefix(stays, 40).hi, 40, word_of(40), TRIE6_FRESH);
		trie6_set(r.trie, stays.hi ^ 1, 64, word_of(64), TRIE6_FRESH);
		trie6_del(r.trie, ip6_num_prefix(stays, 40).hi, 40, 3, &short_one);
		trie6_del(r.trie, hi ^ UINT64_C(0x01) << 8, 56, 5, &long_one);
		trie6_del(r.trie, stays.hi ^ 1, 64, 6, &long_one);
		trie6_del(r.trie, ip6_num_prefix(stays, 20).hi, 20, 1, &none);
		assert_int_equal(trie6_waiting(r.trie), 0);
	}
	atomic_store(&r.done, true);
	assert_int_equal(pthread_join(reader, NULL), 0);
	trie6_free(r.trie);
	assert_int_equal(r.wrong, 0);
	assert_int_equal(r.asked, 0);
	assert_true(r.known > 0);
}

/* ------------------------------------------------------------------ prefixes that wait for tables */

static void *
read_prefixes(void *ctx)
{
	struct reading *r = ctx;
	bool done;

	do {
		uint64_t word;

		done = atomic_load(&r->done);
		prefix6_bulk(r->prefixes, &stays, 1, &word);
		r->wrong += word != word_of(48);
		rte_rcu_qsbr_quiescent(qsbr, READER);
		atomic_fetch_add(&r->turns, 1);
	} while (!done);
	return NULL;
}

static void
check_prefixes(const struct prefix6 *p, const struct naive n[])
{
	for (unsigned i = 0; i < 32; i++) {
		const struct ip_addr dst = scattered_address();
		const struct ip6_num num = ip6_num_load(dst.b);
		const int want = naive_lookup(n, &dst);
		uint64_t word;

		prefix6_bulk(p, &num, 1, &word);
		assert_true(word == (want < 0 ? 0 : word_of(n[want].bundle)));
		assert_true(prefix6_find(p, &dst, 128) == word);
	}
}

/* Another prefix at a place of the list. */
static void
prefix_put(struct prefix6 *p, struct naive n[], unsigned i, unsigned step)
{
	static const unsigned lens[] = {20, 31, 40, 48, 56, 57, 64, 64, 64, 128};
	const struct ip_addr a = scattered_address();
	const unsigned len = lens[chance(RTE_DIM(lens))];
	const struct ip_addr prefix = ip_addr_prefix(&a, len);
	uint64_t word;

	if (prefix6_get(p, &prefix, len, &word))
		return;
	n[i] = (struct naive){.prefix = prefix, .len = len, .bundle = step, .used = true};
	assert_int_equal(prefix6_set(p, &a, len, word_of(step)), 0);
}

static void
prefix_take(struct prefix6 *p, struct naive n[], unsigned i)
{
	if (n[i].used)
		prefix6_del(p, &n[i].prefix, n[i].len);
	n[i].used = false;
}

/* Sixty prefixes want more than the eighty tables there are; a dozen does not. A reader sees a /48 of its own at all times. */
static void
prefixes_that_wait_for_tables_are_placed_when_there_are_some(void **state)
{
	enum { MANY = 60, FEW = 12, ROUNDS = 20 };
	static struct naive n[ROUTES];
	struct reading r = {.prefixes = prefix6_new(64, SOCKET_ID_ANY, qsbr)};
	struct ip_addr home = {{0}};
	unsigned step = 0, most = 0;
	pthread_t reader;

	(void)state;
	assert_non_null(r.prefixes);
	memset(n, 0, sizeof(n));
	seed = 0x2545f4914f6cdd1d;
	store_be64(home.b, stays.hi);
	assert_int_equal(prefix6_set(r.prefixes, &home, 48, word_of(48)), 0);
	n[MANY] = (struct naive){.prefix = ip_addr_prefix(&home, 48), .len = 48, .bundle = 48, .used = true};
	assert_int_equal(pthread_create(&reader, NULL, read_prefixes, &r), 0);
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < 2 * MANY; i++) {
			const unsigned at = chance(MANY);

			if (i % 8 == 0)
				await_reader(&r);
			prefix_take(r.prefixes, n, at);
			prefix_put(r.prefixes, n, at, 1000 + ++step);
			check_prefixes(r.prefixes, n);
			most = RTE_MAX(most, prefix6_waiting(r.prefixes));
		}
		for (unsigned i = FEW; i < MANY; i++) {
			prefix_take(r.prefixes, n, i);
			check_prefixes(r.prefixes, n);
		}
		/* any change will do, anywhere: this one is of another beginning */
		await_reader(&r);
		home.b[0] = 0x3f;
		assert_int_equal(prefix6_set(r.prefixes, &home, 16, word_of(16)), 0);
		prefix6_del(r.prefixes, &home, 16);
		assert_int_equal(prefix6_waiting(r.prefixes), 0);
		check_prefixes(r.prefixes, n);
	}
	assert_in_range(most, 10, MANY);
	atomic_store(&r.done, true);
	assert_int_equal(pthread_join(reader, NULL), 0);
	assert_int_equal(r.wrong, 0);
	for (unsigned i = 0; i <= MANY; i++)
		prefix_take(r.prefixes, n, i);
	rte_rcu_qsbr_quiescent(qsbr, READER);
	prefix6_free(r.prefixes);
}

/* ------------------------------------------------------------------ bounds */

static void
a_full_table_refuses_and_takes_again(void **state)
{
	const struct dp_next next = to_bundle(1, 0, 0);
	struct ip_addr a = addr("2001:db8::");
	unsigned n = 0;

	(void)state;
	for (; n < 4 * ROUTES; n++) {
		store_be16(a.b + 4, (uint16_t)n);
		if (tables_route6_set(t, &a, 48, &next) != 0)
			break;
	}
	assert_in_range(n, ROUTES, 4 * ROUTES - 1);
	assert_int_equal(tables_route6_set(t, &a, 48, &next), -ENOSPC);
	assert_int_equal(lookup(&a).kind, DP_NEXT_NONE);
	for (unsigned i = 0; i < n; i++) {
		store_be16(a.b + 4, (uint16_t)i);
		assert_int_equal(tables_route6_del(t, &a, 48), 0);
	}
	rte_rcu_qsbr_quiescent(qsbr, READER);
	assert_int_equal(tables_route6_set(t, &a, 48, &next), 0);
	assert_int_equal(lookup(&a).kind, DP_NEXT_BUNDLE);
	assert_int_equal(tables_route6_del(t, &a, 48), 0);
}

/* ------------------------------------------------------------------ neighbours */

static const struct mac mac_a = {{0x02, 0x11, 0x22, 0x33, 0x44, 0x55}};
static const uint64_t mac_a_word = 0x0001554433221102;

static void
a_resolved_host_of_a_connected_network_has_its_own_entry(void **state)
{
	const struct dp_next connected = {.kind = DP_NEXT_CONNECTED, .port = 2};
	const struct dp_next subscriber = to_bundle(5, 0, 1);
	struct next_hop h;

	(void)state;
	assert_int_equal(set("2001:db8::", 64, &connected), 0);
	assert_int_equal(lookup_text("2001:db8::7").kind, DP_NEXT_CONNECTED);
	assert_int_equal(neighbour(2, "2001:db8::7", &mac_a), 0);
	h = lookup_text("2001:db8::7");
	assert_int_equal(h.kind, NEXT_NEIGHBOUR);
	assert_int_equal(h.port, 2);
	assert_true(tables_neighbour(t, h.neighbour) == mac_a_word);
	/* a route of its own hides it, and shows it again */
	assert_int_equal(set("2001:db8::7", 128, &subscriber), 0);
	assert_int_equal(lookup_text("2001:db8::7").kind, DP_NEXT_BUNDLE);
	assert_int_equal(del("2001:db8::7", 128), 0);
	assert_int_equal(lookup_text("2001:db8::7").kind, NEXT_NEIGHBOUR);
	assert_int_equal(neighbour(2, "2001:db8::7", NULL), 0);
	assert_int_equal(lookup_text("2001:db8::7").kind, DP_NEXT_CONNECTED);
	/* a route to nowhere hides the network, too */
	assert_int_equal(set("2001:db8::8", 128, &(struct dp_next){.kind = DP_NEXT_NONE}), 0);
	assert_int_equal(lookup_text("2001:db8::8").kind, DP_NEXT_NONE);
	assert_int_equal(del("2001:db8::8", 128), 0);
	assert_int_equal(lookup_text("2001:db8::8").kind, DP_NEXT_CONNECTED);
	/* outside its port's network it draws no traffic */
	assert_int_equal(neighbour(3, "2001:db8::7", &mac_a), 0);
	assert_int_equal(lookup_text("2001:db8::7").kind, DP_NEXT_CONNECTED);
	assert_int_equal(neighbour(3, "2001:db8::7", NULL), 0);
	assert_int_equal(del("2001:db8::", 64), 0);
}

static void
a_gateway_of_the_link_gets_its_mac_before_or_after_its_route(void **state)
{
	const struct ip_addr gw = addr("fe80::1");
	const struct dp_next next = {.kind = DP_NEXT_GATEWAY, .port = 1, .gateway6 = gw};

	(void)state;
	assert_int_equal(set("::", 0, &next), 0);
	assert_int_equal(lookup_text("2600::1").kind, DP_NEXT_GATEWAY);
	assert_true(tables_neighbour(t, lookup_text("2600::1").neighbour) == 0);
	/* the same address on another port is somebody else */
	assert_int_equal(neighbour(2, "fe80::1", &mac_a), 0);
	assert_true(tables_neighbour(t, lookup_text("2600::1").neighbour) == 0);
	assert_int_equal(neighbour(1, "fe80::1", &mac_a), 0);
	assert_true(tables_neighbour(t, lookup_text("2600::1").neighbour) == mac_a_word);
	assert_true(tables_neighbour_used(t, 1, &gw));
	assert_false(tables_neighbour_used(t, 2, &gw));
	assert_int_equal(neighbour(1, "fe80::1", NULL), 0);
	assert_int_equal(neighbour(2, "fe80::1", NULL), 0);
	assert_true(tables_neighbour(t, lookup_text("2600::1").neighbour) == 0);
	assert_int_equal(del("::", 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_routed_at_first),
		cmocka_unit_test(a_next_hop_keeps_every_field),
		cmocka_unit_test(routes_that_make_no_sense_are_refused),
		cmocka_unit_test(all_lengths_nest),
		cmocka_unit_test(random_routes_agree_with_a_naive_list),
		cmocka_unit_test(a_full_table_refuses_and_takes_again),
		cmocka_unit_test(a_resolved_host_of_a_connected_network_has_its_own_entry),
		cmocka_unit_test(a_gateway_of_the_link_gets_its_mac_before_or_after_its_route),
	};

	/* DPDK wants one of a name: not beside those of the tables */
	const struct CMUnitTest alone[] = {
		cmocka_unit_test(prefixes_that_share_a_hint_come_and_go_alone),
		cmocka_unit_test(a_trie_agrees_with_a_naive_list_however_few_tables_it_has),
		cmocka_unit_test(ranges_tell_where_each_begins),
		cmocka_unit_test(ranges_refuse_what_they_cannot_tell),
		cmocka_unit_test(parts_of_a_trie_with_few_prefixes_are_ranges),
		cmocka_unit_test(ranges_give_way_to_tables_and_return),
		cmocka_unit_test(a_trie_without_free_ranges_is_right),
		cmocka_unit_test(tables_are_used_again_when_no_reader_can_be_in_them),
		cmocka_unit_test(a_subtree_asks_until_all_that_wait_in_it_are_placed),
		cmocka_unit_test(there_are_no_ranges_where_a_prefix_waits),
		cmocka_unit_test(a_longer_prefix_asks_no_longer_than_it_is_there),
		cmocka_unit_test(a_reader_sees_a_prefix_at_all_times),
		cmocka_unit_test(prefixes_that_wait_for_tables_are_placed_when_there_are_some),
	};

	return cmocka_run_group_tests_name("prefix6 alone", alone, open_qsbr, close_qsbr) +
		cmocka_run_group_tests_name("prefix6", tests, open_tables, close_tables);
}
