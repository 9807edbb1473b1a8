/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "control/neighbours.h"

static const struct mac mac_a = {{2, 0, 0, 0, 0, 0xa}}, mac_b = {{2, 0, 0, 0, 0, 0xb}};
enum { PORT = 3, ADDRESS = 0x0a000001 };

static struct neighbours *t;
static struct neighbours_out out;
static bool used;

static bool
is_used(void *ctx, uint16_t port, const struct ip_addr *address)
{
	(void)ctx;
	assert_int_equal(port, PORT);
	assert_true(ip_addr_4(address) >= ADDRESS);
	return used;
}

static int
setup(void **state)
{
	(void)state;
	t = neighbours_new();
	out.n = 0;
	used = false;
	return t == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	neighbours_free(t);
	return 0;
}

static bool
want_of(uint32_t address, const char *packet, uint64_t now_ms)
{
	const struct ip_addr a = ip_addr_of4(address);

	out.n = 0;
	return neighbours_want(t, PORT, &a, (const uint8_t *)packet, strlen(packet) + 1, now_ms, &out);
}

static bool
want(const char *packet, uint64_t now_ms)
{
	return want_of(ADDRESS, packet, now_ms);
}

static void
heard_of(uint32_t address, const struct mac *mac, bool replace, bool create, uint64_t now_ms)
{
	const struct ip_addr a = ip_addr_of4(address);

	out.n = 0;
	neighbours_heard(t, PORT, &a, mac, replace, create, now_ms, &out);
}

static void
heard(const struct mac *mac, bool create, uint64_t now_ms)
{
	heard_of(ADDRESS, mac, true, create, now_ms);
}

static void
tick(uint64_t now_ms)
{
	out.n = 0;
	neighbours_tick(t, is_used, NULL, now_ms, &out);
}

static void
assert_action(unsigned i, enum neighbour_do what)
{
	assert_true(i < out.n);
	assert_int_equal(out.items[i].what, what);
	assert_int_equal(out.items[i].port, PORT);
	assert_int_equal(ip_addr_4(&out.items[i].address), ADDRESS);
}

static void
packets_wait_for_the_answer_and_leave_in_order(void **state)
{
	(void)state;
	assert_true(want("one", 1000));
	assert_int_equal(out.n, 1);
	assert_action(0, NEIGHBOUR_ASK);
	assert_true(mac_is_zero(&out.items[0].mac));
	assert_true(want("two", 1001));
	assert_int_equal(out.n, 0); /* asked already */
	heard(&mac_a, false, 1002);
	assert_int_equal(out.n, 3);
	assert_action(0, NEIGHBOUR_LEARNT);
	assert_true(mac_equal(&out.items[0].mac, &mac_a));
	assert_action(1, NEIGHBOUR_SEND);
	assert_string_equal((const char *)out.items[1].packet, "one");
	assert_string_equal((const char *)out.items[2].packet, "two");
}

static void
who_does_not_answer_is_asked_three_times_then_reported(void **state)
{
	(void)state;
	assert_true(want("lost", 0));
	for (unsigned i = 1; i < NEIGHBOUR_TRIES; i++) {
		assert_int_equal(neighbours_deadline_ms(t), (uint64_t)i * NEIGHBOUR_RETRY_MS);
		tick((uint64_t)i * NEIGHBOUR_RETRY_MS - 1);
		assert_int_equal(out.n, 0);
		tick((uint64_t)i * NEIGHBOUR_RETRY_MS);
		assert_int_equal(out.n, 1);
		assert_action(0, NEIGHBOUR_ASK);
	}
	tick(NEIGHBOUR_TRIES * NEIGHBOUR_RETRY_MS);
	assert_int_equal(out.n, 1);
	assert_action(0, NEIGHBOUR_UNREACHABLE);
	assert_string_equal((const char *)out.items[0].packet, "lost");
	assert_int_equal(neighbours_deadline_ms(t), UINT64_MAX);
	/* It starts afresh. */
	assert_true(want("again", 10000));
	assert_action(0, NEIGHBOUR_ASK);
}

/* Of the first datagram to a host every fragment has to wait: one that does not costs them all. */
static void
the_longest_datagram_waits_in_all_its_fragments(void **state)
{
	enum { FRAGMENTS = (65535 - 20 + 1479) / 1480 };

	(void)state;
	for (unsigned i = 0; i < FRAGMENTS; i++)
		assert_true(want("x", 0));
	heard(&mac_a, false, 0);
	assert_int_equal(out.n, 1 + FRAGMENTS);
	assert_action(FRAGMENTS, NEIGHBOUR_SEND);
}

static void
the_queue_of_one_address_is_bounded(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NEIGHBOUR_HELD_MAX; i++)
		assert_true(want("x", 0));
	assert_false(want("x", 0));
}

static void
the_queue_of_all_addresses_is_bounded(void **state)
{
	unsigned taken = 0;

	(void)state;
	for (uint32_t i = 0; i < 2 * NEIGHBOURS_HELD_MAX; i++)
		taken += want_of(ADDRESS + i, "x", 0);
	assert_int_equal(taken, NEIGHBOURS_HELD_MAX);
}

static void
a_used_neighbour_is_asked_again_by_unicast(void **state)
{
	(void)state;
	assert_true(want("x", 0));
	heard(&mac_a, false, 0);
	used = true;
	tick(NEIGHBOUR_FRESH_MS);
	assert_int_equal(out.n, 1);
	assert_action(0, NEIGHBOUR_ASK);
	assert_true(mac_equal(&out.items[0].mac, &mac_a));
	heard(&mac_a, false, NEIGHBOUR_FRESH_MS + 1);
	assert_int_equal(out.n, 0); /* nothing new */
	assert_int_equal(neighbours_deadline_ms(t), NEIGHBOUR_FRESH_MS + NEIGHBOUR_RETRY_MS);
}

static void
a_used_neighbour_that_went_silent_is_forgotten(void **state)
{
	uint64_t now = NEIGHBOUR_FRESH_MS;

	(void)state;
	assert_true(want("x", 0));
	heard(&mac_a, false, 0);
	used = true;
	for (unsigned i = 0; i < NEIGHBOUR_TRIES; i++, now += NEIGHBOUR_RETRY_MS) {
		tick(now);
		assert_int_equal(out.n, 1);
		assert_action(0, NEIGHBOUR_ASK);
	}
	tick(now);
	assert_int_equal(out.n, 1);
	assert_action(0, NEIGHBOUR_FORGET);
}

static void
an_unused_neighbour_is_forgotten_without_a_word(void **state)
{
	(void)state;
	assert_true(want("x", 0));
	heard(&mac_a, false, 0);
	for (unsigned i = 1; i < NEIGHBOUR_UNUSED_MAX; i++) {
		tick((uint64_t)i * NEIGHBOUR_FRESH_MS);
		assert_int_equal(out.n, 0);
	}
	tick((uint64_t)NEIGHBOUR_UNUSED_MAX * NEIGHBOUR_FRESH_MS);
	assert_int_equal(out.n, 1);
	assert_action(0, NEIGHBOUR_FORGET);
}

static void
a_new_mac_replaces_the_old_one(void **state)
{
	(void)state;
	assert_true(want("x", 0));
	heard(&mac_a, false, 0);
	heard(&mac_b, false, 5);
	assert_int_equal(out.n, 1);
	assert_action(0, NEIGHBOUR_LEARNT);
	assert_true(mac_equal(&out.items[0].mac, &mac_b));
}

/* An advertisement without override (RFC 4861 section 7.2.5). */
static void
without_replace_a_known_mac_stays(void **state)
{
	(void)state;
	assert_true(want("one", 0));
	heard_of(ADDRESS, &mac_a, false, false, 1);
	assert_action(0, NEIGHBOUR_LEARNT); /* nobody was known yet */
	heard_of(ADDRESS, &mac_b, false, false, 2);
	assert_int_equal(out.n, 0);
	heard_of(ADDRESS, &mac_b, true, false, 3);
	assert_action(0, NEIGHBOUR_LEARNT);
	assert_memory_equal(&out.items[0].mac, &mac_b, sizeof(mac_b));
}

static void
the_families_are_told_apart(void **state)
{
	const struct ip_addr v4 = ip_addr_of4(ADDRESS);
	struct ip_addr v6 = v4;

	(void)state;
	v6.b[10] = v6.b[11] = 0;
	out.n = 0;
	neighbours_heard(t, PORT, &v4, &mac_a, true, true, 0, &out);
	neighbours_heard(t, PORT, &v6, &mac_b, true, true, 0, &out);
	assert_int_equal(out.n, 2);
	assert_memory_equal(&out.items[1].mac, &mac_b, sizeof(mac_b));
	assert_true(ip_addr_equal(&out.items[1].address, &v6));
}

static void
strangers_are_taken_up_only_when_they_ask_for_us(void **state)
{
	struct neighbour_info info;
	unsigned cursor = 0;

	(void)state;
	heard(&mac_a, false, 0);
	assert_int_equal(out.n, 0);
	assert_false(neighbours_next(t, &cursor, &info));
	heard(&mac_a, true, 0);
	assert_int_equal(out.n, 1);
	assert_action(0, NEIGHBOUR_LEARNT);
	cursor = 0;
	assert_true(neighbours_next(t, &cursor, &info));
	assert_string_equal(info.state, "known");
}

static void
group_and_zero_macs_are_no_neighbours(void **state)
{
	const struct mac group = {{1, 0, 0x5e, 0, 0, 1}}, zero = {{0}};

	(void)state;
	heard(&group, true, 0);
	heard(&zero, true, 0);
	assert_int_equal(out.n, 0);
}

static void
a_full_table_forgets_the_one_that_is_due_first(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < NEIGHBOURS_MAX; i++) {
		heard_of(ADDRESS + i, &mac_a, true, true, i);
		assert_int_equal(out.n, 1);
	}
	heard_of(ADDRESS + NEIGHBOURS_MAX, &mac_a, true, true, NEIGHBOURS_MAX);
	assert_int_equal(out.n, 2);
	assert_action(0, NEIGHBOUR_FORGET); /* the first that came */
	assert_int_equal(out.items[1].what, NEIGHBOUR_LEARNT);
}

static void
a_full_list_of_actions_puts_the_rest_off(void **state)
{
	unsigned asked = 0, rounds = 0;

	(void)state;
	for (uint32_t i = 0; i < 100; i++)
		assert_true(want_of(ADDRESS + i, "x", 0));
	while (neighbours_deadline_ms(t) <= NEIGHBOUR_RETRY_MS) {
		tick(NEIGHBOUR_RETRY_MS);
		asked += out.n;
		rounds++;
	}
	assert_int_equal(asked, 100);
	assert_true(rounds > 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(packets_wait_for_the_answer_and_leave_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(
			who_does_not_answer_is_asked_three_times_then_reported, setup, teardown),
		cmocka_unit_test_setup_teardown(the_longest_datagram_waits_in_all_its_fragments, setup, teardown),
		cmocka_unit_test_setup_teardown(the_queue_of_one_address_is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(the_queue_of_all_addresses_is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(a_used_neighbour_is_asked_again_by_unicast, setup, teardown),
		cmocka_unit_test_setup_teardown(a_used_neighbour_that_went_silent_is_forgotten, setup, teardown),
		cmocka_unit_test_setup_teardown(an_unused_neighbour_is_forgotten_without_a_word, setup, teardown),
		cmocka_unit_test_setup_teardown(a_new_mac_replaces_the_old_one, setup, teardown),
		cmocka_unit_test_setup_teardown(without_replace_a_known_mac_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(the_families_are_told_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(strangers_are_taken_up_only_when_they_ask_for_us, setup, teardown),
		cmocka_unit_test_setup_teardown(group_and_zero_macs_are_no_neighbours, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_table_forgets_the_one_that_is_due_first, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_list_of_actions_puts_the_rest_off, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
