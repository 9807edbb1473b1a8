/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "control/ppp/dhcp6_wire.h"
#include "tests/unit/ppp/ppp_test.h"

/* Everything at once, byte by byte from RFC 8415 sections 8 and 21. */
static const uint8_t request[] = {3, 0x12, 0x34, 0x56,              /* Request */
	0, 1, 0, 10, 0, 3, 0, 1, 2, 0, 0, 0, 0, 9,                  /* Client Identifier: DUID-LL */
	0, 2, 0, 4, 0, 2, 0xaa, 0xbb,                               /* Server Identifier */
	0, 6, 0, 4, 0, 24, 0, 23,                                   /* Option Request: domain list, DNS */
	0, 8, 0, 2, 0, 100,                                         /* Elapsed Time, which nobody asks for */
	0, 14, 0, 0,                                                /* Rapid Commit */
	0, 3, 0, 40, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 7,            /* IA_NA */
	0, 5, 0, 24,                                                /* with an address */
	0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, /* */
	0, 0, 0, 1, 0, 0, 0, 2,                                     /* */
	0, 25, 0, 49, 0, 0, 0, 8, 0, 0, 0, 9, 0, 0, 0, 10,          /* IA_PD */
	0, 13, 0, 4, 0, 0, 'o', 'k',                                /* with a status */
	0, 26, 0, 25, 0, 0, 0x0e, 0x10, 0, 0, 0x1c, 0x20, 56,       /* and a prefix */
	0x20, 0x01, 0x0d, 0xb8, 0, 0xaa, 0xbb, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 4, 0, 0, 0, 11}; /* IA_TA */

enum {
	AT_SERVER = 18,
	AT_ORO = 26,
	AT_RAPID = 40,
	AT_IA_NA = 44,
	AT_ADDRESS = 60,
	AT_IA_PD = 88,
	AT_STATUS = 104,
	AT_PREFIX = 112,
	AT_IA_TA = 141
};

static void
a_message_is_read(void **state)
{
	struct dhcp6_message m;
	struct dhcp6_prefix prefix;
	struct ip_addr address;
	const uint8_t *at;

	(void)state;
	assert_int_equal(dhcp6_parse(request, sizeof(request), &m), DHCP6_OK);
	assert_int_equal(m.type, DHCP6_REQUEST);
	assert_int_equal(m.transaction, 0x123456);
	assert_int_equal(m.client.len, 10);
	assert_memory_equal(m.client.bytes, "\0\3\0\1\2\0\0\0\0\11", 10);
	assert_int_equal(m.server.len, 4);
	assert_true(m.rapid_commit && m.wants_dns);
	assert_int_equal(m.n_ia, 3);
	assert_int_equal(m.ia[0].code, DHCP6_OPT_IA_NA);
	assert_int_equal(m.ia[0].iaid, 5);
	assert_int_equal(m.ia[0].t1_s, 6);
	assert_int_equal(m.ia[0].t2_s, 7);
	at = m.ia[0].options;
	assert_true(dhcp6_address_next(&m.ia[0], &at, &address));
	assert_memory_equal(address.b, request + AT_ADDRESS + 4, 16);
	assert_false(dhcp6_address_next(&m.ia[0], &at, &address));
	assert_int_equal(m.ia[1].code, DHCP6_OPT_IA_PD);
	at = m.ia[1].options;
	assert_true(dhcp6_prefix_next(&m.ia[1], &at, &prefix));
	assert_int_equal(prefix.preferred_s, 3600);
	assert_int_equal(prefix.valid_s, 7200);
	assert_int_equal(prefix.len, 56);
	assert_memory_equal(prefix.prefix.b, request + AT_PREFIX + 13, 16);
	assert_false(dhcp6_prefix_next(&m.ia[1], &at, &prefix));
	assert_int_equal(m.ia[2].code, DHCP6_OPT_IA_TA);
	assert_int_equal(m.ia[2].iaid, 11);
	assert_int_equal(m.ia[2].len, 0);
}

static void
malformed_messages_are_refused(void **state)
{
	static const struct {
		const char *name;
		struct {
			uint8_t at, value;
		} set[3]; /* {0, 0} ends */
		enum dhcp6_verdict want;
	} rows[] = {
		{"sound", {{0, 0}}, DHCP6_OK},
		{"unknown_type", {{0, 77}}, DHCP6_OK},
		{"unknown_option", {{AT_ORO + 1, 99}}, DHCP6_OK},
		{"client_of_no_bytes", {{7, 0}}, DHCP6_BAD_OPTION},
		{"two_clients", {{AT_SERVER + 1, 1}}, DHCP6_BAD_OPTION},
		{"half_an_option_code", {{AT_ORO + 3, 3}}, DHCP6_BAD_OPTION},
		{"rapid_commit_with_data", {{AT_RAPID + 3, 44}}, DHCP6_BAD_OPTION},
		{"short_address", {{AT_ADDRESS + 3, 23}}, DHCP6_BAD_OPTION},
		{"short_prefix", {{AT_PREFIX + 3, 24}}, DHCP6_BAD_OPTION},
		{"prefix_of_129_bits", {{AT_PREFIX + 12, 129}}, DHCP6_BAD_OPTION},
		{"short_status", {{AT_STATUS + 3, 1}}, DHCP6_BAD_OPTION},
		{"option_over_the_end_inside", {{AT_ADDRESS + 3, 25}}, DHCP6_BAD_OPTION},
		{"short_association", {{AT_IA_NA + 3, 11}}, DHCP6_BAD_OPTION},
		{"short_temporary_association", {{AT_IA_TA + 3, 3}}, DHCP6_BAD_OPTION},
		{"option_over_the_end", {{AT_IA_TA + 3, 5}}, DHCP6_BAD_OPTION},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t *b = malloc(sizeof(request));
		struct dhcp6_message m;

		print_message("  %s\n", rows[i].name);
		memcpy(b, request, sizeof(request));
		for (unsigned k = 0; k < 3 && rows[i].set[k].at + rows[i].set[k].value != 0; k++)
			b[rows[i].set[k].at] = rows[i].set[k].value;
		assert_int_equal(dhcp6_parse(b, sizeof(request), &m), rows[i].want);
		free(b);
	}
}

/* A cut one is refused, unless the cut lies between two options. */
static void
every_cut_message_is_refused(void **state)
{
	static const uint8_t between[] = {4, AT_SERVER, AT_ORO, 34, AT_RAPID, AT_IA_NA, AT_IA_PD, AT_IA_TA};

	(void)state;
	for (size_t n = 0; n < sizeof(request); n++) {
		uint8_t *b = malloc(n + 1);
		struct dhcp6_message m;
		bool whole = false;

		for (unsigned i = 0; i < sizeof(between); i++)
			whole |= between[i] == n;
		memcpy(b, request, n);
		assert_int_equal(dhcp6_parse(b, n, &m), n < 4 ? DHCP6_SHORT : whole ? DHCP6_OK : DHCP6_BAD_OPTION);
		free(b);
	}
}

static void
a_duid_is_as_long_as_it_may_be(void **state)
{
	uint8_t b[4 + 4 + 131] = {1, 0, 0, 1, 0, 1, 0, 130};
	struct dhcp6_message m;

	(void)state;
	assert_int_equal(dhcp6_parse(b, 8 + 130, &m), DHCP6_OK);
	assert_int_equal(m.client.len, 130);
	b[7] = 131;
	assert_int_equal(dhcp6_parse(b, 8 + 131, &m), DHCP6_BAD_OPTION);
}

static void
more_associations_than_are_kept_are_skipped(void **state)
{
	uint8_t b[4 + 10 * 8] = {1, 0, 0, 1};
	struct dhcp6_message m;

	(void)state;
	for (unsigned i = 0; i < 10; i++)
		memcpy(b + 4 + 8 * i, "\0\4\0\4\0\0\0", 8);
	assert_int_equal(dhcp6_parse(b, sizeof(b), &m), DHCP6_OK);
	assert_int_equal(m.n_ia, DHCP6_IA_MAX);
}

static void
a_message_is_written(void **state)
{
	static const uint8_t want[] = {7, 0x12, 0x34, 0x56,        /* Reply */
		0, 2, 0, 10, 0, 3, 0, 1, 2, 0, 0, 0, 0, 1,         /* Server Identifier: DUID-LL */
		0, 25, 0, 41, 0, 0, 0, 8, 0, 0, 0, 9, 0, 0, 0, 10, /* IA_PD */
		0, 26, 0, 25, 0, 0, 0x0e, 0x10, 0, 0, 0x1c, 0x20, 56, 0x20, 0x01, 0x0d, 0xb8, 0, 0xaa, 0xbb, 0, 0, 0, 0,
		0, 0, 0, 0, 0,           /* */
		0, 4, 0, 4, 0, 0, 0, 11, /* IA_TA, which has no times */
		0, 14, 0, 0};
	const struct dhcp6_prefix prefix = {3600, 7200, 56, {{0x20, 0x01, 0x0d, 0xb8, 0, 0xaa, 0xbb}}};
	const struct dhcp6_duid duid = dhcp6_duid_of_mac(&(struct mac){{2, 0, 0, 0, 0, 1}});
	struct dhcp6_writer w;
	uint8_t b[200];
	size_t ia;

	(void)state;
	dhcp6_begin(&w, b, sizeof(b), DHCP6_REPLY, 0xff123456);
	dhcp6_put_duid(&w, DHCP6_OPT_SERVER_ID, &duid);
	ia = dhcp6_ia_begin(&w, DHCP6_OPT_IA_PD, 8, 9, 10);
	dhcp6_put_prefix(&w, &prefix);
	dhcp6_ia_end(&w, ia);
	ia = dhcp6_ia_begin(&w, DHCP6_OPT_IA_TA, 11, 1, 1);
	dhcp6_ia_end(&w, ia);
	dhcp6_put(&w, DHCP6_OPT_RAPID_COMMIT, NULL, 0);
	assert_false(w.overflow);
	assert_int_equal(w.len, sizeof(want));
	assert_memory_equal(b, want, sizeof(want));
	/* a status has its code first, then text */
	dhcp6_begin(&w, b, sizeof(b), DHCP6_REPLY, 1);
	dhcp6_put_status(&w, DHCP6_NO_PREFIX);
	assert_memory_equal(b + 4, "\0\15\0\13\0\6no prefix", 15);
}

/* What does not fit leaves whole options, and is told. */
static void
nothing_is_written_over_the_end(void **state)
{
	const struct dhcp6_prefix prefix = {.len = 56};

	(void)state;
	for (size_t cap = 0; cap < 4 + 16 + 29; cap++) {
		uint8_t *b = malloc(cap + 1);
		struct dhcp6_writer w;
		struct dhcp6_message m;

		dhcp6_begin(&w, b, cap, DHCP6_REPLY, 1);
		const size_t ia = dhcp6_ia_begin(&w, DHCP6_OPT_IA_PD, 1, 0, 0);

		dhcp6_put_prefix(&w, &prefix);
		dhcp6_ia_end(&w, ia);
		assert_true(w.overflow && w.len <= cap);
		assert_int_equal(dhcp6_parse(b, w.len, &m), cap < 4 ? DHCP6_SHORT : DHCP6_OK);
		free(b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_read),
		cmocka_unit_test(malformed_messages_are_refused),
		cmocka_unit_test(every_cut_message_is_refused),
		cmocka_unit_test(a_duid_is_as_long_as_it_may_be),
		cmocka_unit_test(more_associations_than_are_kept_are_skipped),
		cmocka_unit_test(a_message_is_written),
		cmocka_unit_test(nothing_is_written_over_the_end),
	};

	return cmocka_run_group_tests_name("dhcp6 wire", tests, NULL, NULL);
}
