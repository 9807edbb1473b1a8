/* SPDX-License-Identifier: BSD-3-Clause */
#include "ppp_test.h"

#include <string.h>

#include "control/ppp/cp_describe.h"
#include "dataplane/wire/ppp.h"

static void
packets_become_one_line_each(void **state)
{
	static const struct {
		uint16_t proto;
		const char *packet, *line;
	} rows[] = {
		{PPP_LCP, "0101 0014 010405d4 0506 12345678 110405f4 1202",
			"LCP Configure-Request id 1 <mru 1492> <magic 0x12345678> <mrru 1524> <short-seq>"},
		{PPP_LCP, "0402 0012 0206ffffffff 0702 0802 ee021234",
			"LCP Configure-Reject id 2 <accm 0xffffffff> <pfc> <acfc> <option 238>"
			" (an option's length is wrong)"},
		{PPP_LCP, "0303 0009 0305c22305", "LCP Configure-Nak id 3 <auth CHAP/MD5>"},
		{PPP_LCP, "0303 0008 0304c023", "LCP Configure-Nak id 3 <auth PAP>"},
		{PPP_LCP, "0303 0009 0305c22381", "LCP Configure-Nak id 3 <auth CHAP/MS-CHAPv2>"},
		{PPP_LCP, "0303 0009 0305c22380", "LCP Configure-Nak id 3 <auth CHAP/MS-CHAP>"},
		{PPP_LCP, "0303 0009 0305c22382", "LCP Configure-Nak id 3 <auth CHAP/130>"},
		{PPP_CHAP, "0705 0006 0102", "CHAP Change-Password id 5 <hidden>"},
		{PPP_LCP, "0204 000d 130903020000000001", "LCP Configure-Ack id 4 <endpoint mac:020000000001>"},
		{PPP_LCP, "0204 0008 1304c8aa", "LCP Configure-Ack id 4 <endpoint class 200:aa>"},
		{PPP_LCP, "0905 0008 00000001", "LCP Echo-Request id 5 magic 0x00000001"},
		{PPP_LCP, "0806 000a 80fd 01010004", "LCP Protocol-Reject id 6 of CCP"},
		{PPP_LCP, "0806 0006 1234", "LCP Protocol-Reject id 6 of protocol 0x1234"},
		{PPP_LCP, "0707 0008 42000004", "LCP Code-Reject id 7 of code 66"},
		{PPP_LCP, "0508 0007 627965", "LCP Terminate-Request id 8 \"bye\""},
		{PPP_LCP, "0608 0004", "LCP Terminate-Ack id 8"},
		{PPP_LCP, "0c09 000b 00000000 4d5331", "LCP Identification id 9 magic 0x00000000 \"MS1\""},
		{PPP_LCP, "4209 0006 0102", "LCP code 66 id 9, 2 bytes"},
		{PPP_LCP, "0101 00ff", "LCP packet with a bad length, 4 bytes"},
		{PPP_LCP, "01", "LCP packet with a bad length, 1 bytes"},
		{PPP_PAP, "0101 0011 05616c696365 06736573616d65",
			"PAP Authenticate-Request id 1 name \"alice\" password <hidden>"},
		{PPP_PAP, "0201 0005 00", "PAP Authenticate-Ack id 1 \"\""},
		{PPP_PAP, "0301 0008 03 6e6f21", "PAP Authenticate-Nak id 1 \"no!\""},
		{PPP_PAP, "0101 0006 0961", "PAP Authenticate-Request id 1 (a length is wrong)"},
		{PPP_CHAP, "0101 000c 04deadbeef 425241", "CHAP Challenge id 1 value of 4 bytes, name \"BRA\""},
		{PPP_CHAP, "0201 000a 04deadbeef 61", "CHAP Response id 1 value of 4 bytes, name \"a\""},
		{PPP_CHAP, "0301 0006 6f6b", "CHAP Success id 1 \"ok\""},
		{PPP_CHAP, "0401 0007 6e1b6f", "CHAP Failure id 1 \"n.o\""},
		{PPP_CHAP, "0101 0005 09", "CHAP Challenge id 1 (a length is wrong)"},
		{PPP_IPCP, "0101 0016 03060a000001 810608080808 83060a000036",
			"IPCP Configure-Request id 1 <address 10.0.0.1> <dns1 8.8.8.8> <dns2 10.0.0.54>"},
		{PPP_IPCP, "0401 000a 0206002d0f01", "IPCP Configure-Reject id 1 <compression 0x002d0f01>"},
		{PPP_CCP, "0101 0009 1a0500 0102", "CCP Configure-Request id 1 <option 26 0x000102>"},
		{PPP_IPV4, "4500", "protocol 0x0021, 2 bytes"},
	};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char line[CP_DESCRIBE_MAX];
		uint8_t p[128];
		const size_t n = hex(rows[i].packet, p, sizeof(p));

		assert_int_equal(cp_describe(rows[i].proto, p, n, line, sizeof(line)), strlen(rows[i].line));
		assert_string_equal(line, rows[i].line);
	}
}

static void
line_is_cut_to_the_buffer_and_always_terminated(void **state)
{
	uint8_t p[64];
	const size_t n = hex("0101 0014 010405d4 0506 12345678 110405f4 1202", p, sizeof(p));
	char whole[CP_DESCRIBE_MAX];
	size_t cap;

	(void)state;
	cp_describe(PPP_LCP, p, n, whole, sizeof(whole));
	for (cap = 0; cap <= strlen(whole) + 1; cap++) {
		char line[CP_DESCRIBE_MAX];

		memset(line, '#', sizeof(line));
		assert_int_equal(cp_describe(PPP_LCP, p, n, line, cap), cap == 0 ? 0 : cap - 1);
		assert_int_equal(line[cap], '#');
		if (cap != 0)
			assert_int_equal(line[cap - 1], '\0');
		assert_memory_equal(line, whole, cap == 0 ? 0 : cap - 1);
	}
}

static void
secrets_are_never_in_the_line(void **state)
{
	static const char *const packets[] = {"0101 0011 05616c696365 06736573616d65", /* whole */
		"0101 0010 05616c696365 06736573616d", "0101 0011 00616c696365 06736573616d65"};
	unsigned i;

	(void)state;
	for (i = 0; i < 3; i++) {
		char line[CP_DESCRIBE_MAX];
		uint8_t p[64];

		cp_describe(PPP_PAP, p, hex(packets[i], p, sizeof(p)), line, sizeof(line));
		assert_null(strstr(line, "sesam"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_become_one_line_each),
		cmocka_unit_test(line_is_cut_to_the_buffer_and_always_terminated),
		cmocka_unit_test(secrets_are_never_in_the_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
