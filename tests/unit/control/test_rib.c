/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/rib.h"

static uint32_t
mask(unsigned len)
{
	return len == 0 ? 0 : ~0u << (32 - len);
}

static struct rib_route
via(uint32_t prefix, uint8_t len, enum rib_rank rank, uint32_t owner, uint32_t tag)
{
	return (struct rib_route){
		.prefix = ip_addr_of4(prefix),
		.len = (uint8_t)(IP4_MAPPED_LEN + len),
		.rank = (uint8_t)rank,
		.owner = owner,
		.next = {.kind = DP_NEXT_GATEWAY, .gateway_be = tag},
	};
}

static enum rib_change
del(struct rib *r, uint32_t prefix, uint8_t len, enum rib_rank rank, uint32_t owner, struct dp_next *best)
{
	const struct ip_addr p = ip_addr_of4(prefix);

	return rib_del(r, &p, (uint8_t)(IP4_MAPPED_LEN + len), rank, owner, best);
}

static void
a_bundle_takes_the_default_route_and_gives_it_back(void **state)
{
	struct rib *r = rib_new(16);
	const struct rib_route fixed = via(0, 0, RIB_STATIC, 0, 1), dialled = via(0, 0, RIB_BUNDLE, 7, 2);
	struct dp_next best;

	(void)state;
	assert_int_equal(rib_set(r, &fixed, &best), RIB_SET);
	assert_int_equal(best.gateway_be, 1);
	assert_int_equal(rib_set(r, &dialled, &best), RIB_SET);
	assert_int_equal(best.gateway_be, 2);
	assert_int_equal(del(r, 0, 0, RIB_BUNDLE, 7, &best), RIB_SET);
	assert_int_equal(best.gateway_be, 1);
	assert_int_equal(del(r, 0, 0, RIB_STATIC, 0, &best), RIB_DEL);
	rib_free(r);
}

static void
of_equals_the_first_stays_until_it_goes(void **state)
{
	struct rib *r = rib_new(16);
	const struct rib_route a = via(0, 0, RIB_BUNDLE, 1, 1), b = via(0, 0, RIB_BUNDLE, 2, 2);
	struct dp_next best;

	(void)state;
	assert_int_equal(rib_set(r, &a, &best), RIB_SET);
	assert_int_equal(rib_set(r, &b, &best), RIB_SAME);
	assert_int_equal(rib_set(r, &a, &best), RIB_SAME);
	assert_int_equal(del(r, 0, 0, RIB_BUNDLE, 1, &best), RIB_SET);
	assert_int_equal(best.gateway_be, 2);
	rib_free(r);
}

static void
a_changed_next_hop_is_told(void **state)
{
	struct rib *r = rib_new(4);
	struct rib_route a = via(0x0a000000, 8, RIB_STATIC, 0, 1);
	struct dp_next best;

	(void)state;
	assert_int_equal(rib_set(r, &a, &best), RIB_SET);
	a.next.gateway_be = 9;
	assert_int_equal(rib_set(r, &a, &best), RIB_SET);
	assert_int_equal(best.gateway_be, 9);
	assert_int_equal(del(r, 0x0a000000, 9, RIB_STATIC, 0, &best), RIB_SAME);
	rib_free(r);
}

static void
more_than_fits_is_refused_and_room_comes_back(void **state)
{
	struct rib *r = rib_new(2);
	const struct rib_route a = via(1, 32, RIB_BUNDLE, 1, 1), b = via(2, 32, RIB_BUNDLE, 1, 2),
			       c = via(3, 32, RIB_BUNDLE, 1, 3);
	struct dp_next best;

	(void)state;
	assert_int_equal(rib_set(r, &a, &best), RIB_SET);
	assert_int_equal(rib_set(r, &b, &best), RIB_SET);
	assert_int_equal(rib_set(r, &c, &best), RIB_FULL);
	assert_int_equal(del(r, 1, 32, RIB_BUNDLE, 1, &best), RIB_DEL);
	assert_int_equal(rib_set(r, &c, &best), RIB_SET);
	rib_free(r);
}

/* The oracle looks at all routes one by one. */
enum { ROUTES = 200, LOOKUPS = 2000 };

static bool
naive(const struct rib_route *routes, const bool *in, uint32_t address, uint32_t *tag)
{
	int best = -1;

	for (int i = 0; i < ROUTES; i++) {
		if (!in[i] || ((address ^ ip_addr_4(&routes[i].prefix)) & mask(routes[i].len - IP4_MAPPED_LEN)) != 0)
			continue;
		if (best < 0 || routes[i].len > routes[best].len ||
			(routes[i].len == routes[best].len && routes[i].rank < routes[best].rank))
			best = i;
	}
	if (best >= 0)
		*tag = routes[best].next.gateway_be;
	return best >= 0;
}

static void
lookups_agree_with_a_walk_over_all_routes(void **state)
{
	struct rib *r = rib_new(ROUTES);
	static struct rib_route routes[ROUTES];
	bool in[ROUTES];
	struct dp_next best;

	(void)state;
	srandom(1990);
	for (unsigned i = 0; i < ROUTES; i++) {
		const uint8_t len = (uint8_t)(random() % 33);
		const uint32_t prefix = ((uint32_t)random() << 1 & 0x0f0f0f0f) & mask(len);

		/* owner makes each a route of its own; ranks of one prefix and length differ by the oracle's rule only */
		routes[i] = via(prefix, len, (enum rib_rank)(i % 4), 0, i);
		in[i] = true;
		for (unsigned k = 0; k < i; k++)
			if (ip_addr_equal(&routes[k].prefix, &routes[i].prefix) && routes[k].len == routes[i].len &&
				routes[k].rank == routes[i].rank)
				in[k] = false; /* replaced */
		assert_int_not_equal(rib_set(r, &routes[i], &best), RIB_FULL);
	}
	for (unsigned i = 0; i < ROUTES; i += 3) {
		if (in[i])
			rib_del(r, &routes[i].prefix, routes[i].len, (enum rib_rank)routes[i].rank, 0, &best);
		in[i] = false;
	}
	for (unsigned i = 0; i < LOOKUPS; i++) {
		const uint32_t address = (uint32_t)random() << 1 & 0x0f0f0f0f;
		const struct ip_addr a = ip_addr_of4(address);
		uint32_t tag = 0;
		const bool want = naive(routes, in, address, &tag);

		assert_int_equal(rib_lookup(r, &a, &best), want);
		if (want)
			assert_int_equal(best.gateway_be, tag);
	}
	rib_free(r);
}

/* RFC 4291: the whole of IPv6 has IPv4 inside, but ::/0 is no way to it. */
static void
the_families_do_not_lead_to_each_other(void **state)
{
	const struct rib_route v6_default = {.len = 0, .rank = RIB_STATIC, .next = {.kind = DP_NEXT_LOCAL}};
	const struct rib_route v4_default = via(0, 0, RIB_STATIC, 0, 7);
	const struct ip_addr v4 = ip_addr_of4(0x08080808), v6 = {{0x26}};
	struct rib *r = rib_new(16);
	struct dp_next best;

	(void)state;
	assert_int_equal(rib_set(r, &v6_default, &best), RIB_SET);
	assert_false(rib_lookup(r, &v4, &best));
	assert_true(rib_lookup(r, &v6, &best));
	assert_int_equal(best.kind, DP_NEXT_LOCAL);
	assert_int_equal(rib_set(r, &v4_default, &best), RIB_SET);
	assert_true(rib_lookup(r, &v4, &best));
	assert_int_equal(best.gateway_be, 7);
	assert_true(rib_lookup(r, &v6, &best));
	assert_int_equal(best.kind, DP_NEXT_LOCAL);
	rib_free(r);
}

static void
ipv6_finds_the_longest_prefix(void **state)
{
	static const uint8_t lens[] = {0, 16, 32, 48, 56, 64, 127, 128};
	const struct ip_addr a = {{0x20, 1, 0x0d, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}};
	struct rib *r = rib_new(16);
	struct dp_next best;

	(void)state;
	for (unsigned i = 0; i < sizeof(lens); i++) {
		struct rib_route route = {.prefix = ip_addr_prefix(&a, lens[i]), .len = lens[i], .rank = RIB_STATIC};

		route.next.port = (uint16_t)i;
		assert_int_equal(rib_set(r, &route, &best), RIB_SET);
		assert_true(rib_lookup(r, &a, &best));
		assert_int_equal(best.port, i);
	}
	for (unsigned i = sizeof(lens); i-- > 1;) {
		struct ip_addr other = a;

		/* differs in the last bit of the prefix */
		other.b[(lens[i] - 1) / 8] ^= (uint8_t)(0x80 >> (lens[i] - 1) % 8);
		assert_true(rib_lookup(r, &other, &best));
		assert_int_equal(best.port, i - 1);
	}
	rib_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bundle_takes_the_default_route_and_gives_it_back),
		cmocka_unit_test(of_equals_the_first_stays_until_it_goes),
		cmocka_unit_test(a_changed_next_hop_is_told),
		cmocka_unit_test(more_than_fits_is_refused_and_room_comes_back),
		cmocka_unit_test(the_families_do_not_lead_to_each_other),
		cmocka_unit_test(ipv6_finds_the_longest_prefix),
		cmocka_unit_test(lookups_agree_with_a_walk_over_all_routes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
