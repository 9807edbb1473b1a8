/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/eth.h"

#include "tests/unit/wire/wire_test.h"

static const struct mac dst = {{0x02, 0x11, 0x22, 0x33, 0x44, 0x55}};
static const struct mac src = {{0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee}};

#define ADDRESSES 0x02, 0x11, 0x22, 0x33, 0x44, 0x55, 0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee

static const struct {
	const char *name;
	uint8_t bytes[24];
	size_t len;
	struct vlan_stack vlans;
	uint16_t type;
} frames[] = {
	{"untagged", {ADDRESSES, 0x08, 0x00}, 14, {0, 0}, 0x0800},
	{"vlan_5", {ADDRESSES, 0x81, 0x00, 0x00, 0x05, 0x88, 0x63}, 18, {0x1005, 0}, 0x8863},
	{"vlan_4095", {ADDRESSES, 0x81, 0x00, 0x0f, 0xff, 0x88, 0x64}, 18, {0x1fff, 0}, 0x8864},
	{"priority_tag", {ADDRESSES, 0x81, 0x00, 0x00, 0x00, 0x08, 0x06}, 18, {0x1000, 0}, 0x0806},
	{"1ad_alone", {ADDRESSES, 0x88, 0xa8, 0x00, 0x64, 0x86, 0xdd}, 18, {0x3064, 0}, 0x86dd},
	{"1ad_over_1q", {ADDRESSES, 0x88, 0xa8, 0x00, 0x64, 0x81, 0x00, 0x00, 0x07, 0x88, 0x64}, 22, {0x3064, 0x1007},
		0x8864},
	{"1q_over_1q", {ADDRESSES, 0x81, 0x00, 0x00, 0x64, 0x81, 0x00, 0x00, 0x07, 0x88, 0x64}, 22, {0x1064, 0x1007},
		0x8864},
};

static void
headers_are_read_and_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(frames); i++) {
		struct eth_view v;
		uint8_t made[ETH_HDR_MAX];

		CASE(frames[i].name);
		assert_true(eth_parse(frames[i].bytes, frames[i].len, &v));
		assert_memory_equal(&v.dst, &dst, 6);
		assert_memory_equal(&v.src, &src, 6);
		assert_int_equal(v.vlans.outer, frames[i].vlans.outer);
		assert_int_equal(v.vlans.inner, frames[i].vlans.inner);
		assert_int_equal(v.type, frames[i].type);
		assert_int_equal(v.hdr_len, frames[i].len);
		assert_int_equal(eth_hdr_len(frames[i].vlans), frames[i].len);
		assert_int_equal(eth_store(made, &dst, &src, frames[i].vlans, frames[i].type), frames[i].len);
		assert_memory_equal(made, frames[i].bytes, frames[i].len);
	}
}

static void
cut_headers_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(frames); i++) {
		for (size_t n = 0; n < frames[i].len; n++) {
			uint8_t *cut = exact_copy(frames[i].bytes, n);
			struct eth_view v;

			assert_false(eth_parse(cut, n, &v));
			free(cut);
		}
	}
}

static void
a_third_tag_is_refused(void **state)
{
	static const uint8_t three[] = {ADDRESSES, 0x81, 0, 0, 1, 0x81, 0, 0, 2, 0x88, 0xa8, 0, 3, 0x08, 0x00};
	struct eth_view v;

	(void)state;
	assert_false(eth_parse(three, sizeof(three), &v));
}

static void
priority_bits_are_not_kept(void **state)
{
	static const uint8_t frame[] = {ADDRESSES, 0x81, 0, 0xf0, 0x05, 0x08, 0x00};
	struct eth_view v;

	(void)state;
	assert_true(eth_parse(frame, sizeof(frame), &v));
	assert_int_equal(v.vlans.outer, 0x1005);
}

static void
addresses_are_told_apart(void **state)
{
	static const struct mac group = {{0x01, 0, 0x5e, 0, 0, 1}};
	static const struct mac all = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
	static const struct mac zero;
	struct mac last = src;

	(void)state;
	last.b[5]++;
	assert_true(mac_equal(&src, &src));
	assert_false(mac_equal(&src, &last));
	assert_true(mac_is_group(&group) && mac_is_group(&all));
	assert_false(mac_is_group(&src) || mac_is_group(&zero));
	assert_true(mac_is_zero(&zero));
	for (unsigned i = 0; i < 6; i++) {
		struct mac one = {{0}};

		one.b[i] = 1;
		assert_false(mac_is_zero(&one));
	}
	assert_true(vlan_stack_equal((struct vlan_stack){1, 2}, (struct vlan_stack){1, 2}));
	assert_false(vlan_stack_equal((struct vlan_stack){1, 2}, (struct vlan_stack){2, 1}));
	assert_false(vlan_stack_equal((struct vlan_stack){1, 2}, (struct vlan_stack){1, 0}));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_read_and_written),
		cmocka_unit_test(cut_headers_are_refused),
		cmocka_unit_test(a_third_tag_is_refused),
		cmocka_unit_test(priority_bits_are_not_kept),
		cmocka_unit_test(addresses_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
