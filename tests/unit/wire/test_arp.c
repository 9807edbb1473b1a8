/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/arp.h"

#include "tests/unit/wire/wire_test.h"

static const uint8_t request[] = {
	0, 1, 0x08, 0, 6, 4, 0, 1, 0x02, 0, 0, 0, 0, 1, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 192, 0, 2, 254};

static void
a_request_is_read_and_its_reply_written(void **state)
{
	static const uint8_t want[] = {
		0, 1, 0x08, 0, 6, 4, 0, 2, 0x02, 0, 0, 0, 0, 9, 192, 0, 2, 254, 0x02, 0, 0, 0, 0, 1, 192, 0, 2, 1};
	struct arp_view v;
	uint8_t made[ARP_LEN];

	(void)state;
	assert_true(arp_parse(request, sizeof(request), &v));
	assert_int_equal(v.op, ARP_REQUEST);
	assert_int_equal(v.sender, 0xc0000201);
	assert_int_equal(v.target, 0xc00002fe);
	assert_int_equal(v.sender_mac.b[5], 1);
	assert_true(mac_is_zero(&v.target_mac));
	assert_false(arp_is_probe(&v));
	arp_store(made,
		&(struct arp_view){
			.op = ARP_REPLY,
			.sender_mac = {{0x02, 0, 0, 0, 0, 9}},
			.sender = v.target,
			.target_mac = v.sender_mac,
			.target = v.sender,
		});
	assert_memory_equal(made, want, sizeof(want));
}

static void
everything_else_is_refused(void **state)
{
	static const struct {
		const char *name;
		size_t at;
		uint8_t value;
		bool want;
	} rows[] = {
		{"as_it_is", 0, 0, true},
		{"other_hardware", 1, 6, false},
		{"other_hardware_high_byte", 0, 1, false},
		{"other_protocol", 2, 0x86, false},
		{"other_hardware_length", 4, 8, false},
		{"other_protocol_length", 5, 16, false},
		{"reply", 7, 2, true},
		{"operation_0", 7, 0, false},
		{"reverse_request", 7, 3, false},
		{"operation_high_byte", 6, 1, false},
		{"sender_is_a_group", 8, 0x03, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t b[ARP_LEN];
		struct arp_view v;

		CASE(rows[i].name);
		memcpy(b, request, sizeof(b));
		b[rows[i].at] = rows[i].value;
		assert_int_equal(arp_parse(b, sizeof(b), &v), rows[i].want);
	}
}

static void
cut_and_senderless_ones_are_refused_and_probes_told(void **state)
{
	uint8_t b[ARP_LEN];
	struct arp_view v;

	(void)state;
	for (size_t n = 0; n < ARP_LEN; n++) {
		uint8_t *copy = exact_copy(request, n);

		assert_false(arp_parse(copy, n, &v));
		free(copy);
	}
	memcpy(b, request, sizeof(b));
	memset(b + 14, 0, 4);
	assert_true(arp_parse(b, sizeof(b), &v));
	assert_true(arp_is_probe(&v));
	memset(b + 8, 0, 6);
	assert_false(arp_parse(b, sizeof(b), &v));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_read_and_its_reply_written),
		cmocka_unit_test(everything_else_is_refused),
		cmocka_unit_test(cut_and_senderless_ones_are_refused_and_probes_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
