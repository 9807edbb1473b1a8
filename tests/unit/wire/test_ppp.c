/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/ppp.h"

#include "tests/unit/wire/wire_test.h"

/* RFC 1661 section 2: the last octet is odd, all before it are even. */
static void
protocol_fields_are_one_or_two_bytes(void **state)
{
	static const struct {
		const char *name;
		uint8_t bytes[2];
		size_t len;
		unsigned want;
		uint16_t proto;
	} rows[] = {
		{"lcp", {0xc0, 0x21}, 2, 2, PPP_LCP},
		{"ipv4", {0x00, 0x21}, 2, 2, PPP_IPV4},
		{"ipv4_compressed", {0x21, 0x45}, 2, 1, PPP_IPV4},
		{"mp_compressed", {0x3d}, 1, 1, PPP_MP},
		{"first_byte_of_two", {0x00}, 1, 0, 0},
		{"no_odd_byte", {0x00, 0x20}, 2, 0, 0},
		{"nothing", {0}, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t *copy = exact_copy(rows[i].bytes, rows[i].len);
		uint16_t proto = 0;

		CASE(rows[i].name);
		assert_int_equal(ppp_proto_load(copy, rows[i].len, &proto), rows[i].want);
		assert_int_equal(proto, rows[i].proto);
		free(copy);
	}
}

static void
control_protocols_are_told_from_data(void **state)
{
	static const uint16_t control[] = {PPP_LCP, PPP_PAP, PPP_CHAP, PPP_IPCP, PPP_IPV6CP, PPP_CCP, PPP_ECP, PPP_LQR};
	static const uint16_t data[] = {PPP_IPV4, PPP_IPV6, PPP_MP, 0x00fd};

	(void)state;
	for (size_t i = 0; i < COUNT(control); i++)
		assert_true(ppp_proto_is_control(control[i]));
	for (size_t i = 0; i < COUNT(data); i++)
		assert_false(ppp_proto_is_control(data[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(protocol_fields_are_one_or_two_bytes),
		cmocka_unit_test(control_protocols_are_told_from_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
