/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/dhcp6_server.h"

#include "dataplane/wire/bytes.h"
#include "tests/unit/ppp/ppp_test.h"

/* A client speaks in bytes; what the server answers is read by hand, as far as it is not the echo of what was asked. */

static const struct mac our_mac = {{2, 0, 0, 0, 0, 1}};
static struct dhcp6_server_config cfg;
static struct dhcp6_server server;
static struct dhcp6_link link;
static uint8_t out[DHCP6_MESSAGE_MAX];
static struct dhcp6_message got;
static size_t got_len;

static const struct ip_addr ours = {{0x20, 0x01, 0x0d, 0xb8, 0x80, 0, 0xab, 0}};
static const struct ip_addr on_link = {{0x20, 0x01, 0x0d, 0xb8, 0, 1}};

static int
setup(void **state)
{
	(void)state;
	memset(&server, 0, sizeof(server));
	cfg = (struct dhcp6_server_config){
		.duid = dhcp6_duid_of_mac(&our_mac), .n_dns = 1, .preferred_s = 3600, .valid_s = 7200};
	cfg.dns[0] = (struct ip_addr){{0x20, 0x01, 0x0d, 0xb8, [15] = 0x53}};
	link = (struct dhcp6_link){.prefix = ours, .prefix_len = 56, .on_link = on_link, .on_link_len = 64};
	return 0;
}

/* ------------------------------------------------------------------ the client */

static struct dhcp6_duid
duid_of(uint8_t number)
{
	return dhcp6_duid_of_mac(&(struct mac){{2, 0, 0, 0, 9, number}});
}

/* A message of client `number` (0: without identifier), which others are added to. */
static struct dhcp6_writer asked;
static uint8_t asked_bytes[600];

static void
begin(enum dhcp6_type type, uint8_t number)
{
	const struct dhcp6_duid duid = duid_of(number);

	dhcp6_begin(&asked, asked_bytes, sizeof(asked_bytes), (uint8_t)type, 0xabcdef);
	if (number != 0)
		dhcp6_put_duid(&asked, DHCP6_OPT_CLIENT_ID, &duid);
}

static void
to_server(void)
{
	dhcp6_put_duid(&asked, DHCP6_OPT_SERVER_ID, &cfg.duid);
}

static void
association(uint16_t code, uint32_t iaid, const struct dhcp6_prefix *prefix)
{
	const size_t ia = dhcp6_ia_begin(&asked, code, iaid, 0, 0);

	if (prefix != NULL)
		dhcp6_put_prefix(&asked, prefix);
	dhcp6_ia_end(&asked, ia);
}

static bool
send(uint64_t now_ms)
{
	struct dhcp6_message m;
	struct dhcp6_writer w;

	assert_int_equal(dhcp6_parse(asked_bytes, asked.len, &m), DHCP6_OK);
	if (!dhcp6_server_input(&server, &cfg, &link, &m, now_ms, &w, out, sizeof(out)))
		return false;
	assert_false(w.overflow);
	got_len = w.len;
	assert_int_equal(dhcp6_parse(out, got_len, &got), DHCP6_OK);
	/* section 18.3.10: the same transaction and client, and who we are */
	assert_int_equal(got.transaction, 0xabcdef);
	assert_true(dhcp6_duid_equal(&got.server, &cfg.duid));
	assert_true(dhcp6_duid_equal(&got.client, &m.client));
	return true;
}

/* ------------------------------------------------------------------ what came back */

/* Data of an option of these; NULL: none. */
static const uint8_t *
find(const uint8_t *p, size_t n, uint16_t code, size_t *len)
{
	const uint8_t *at = p;
	struct dhcp6_option opt;

	while (dhcp6_option_next(&at, p + n, &opt)) {
		if (opt.code == code) {
			*len = opt.len;
			return opt.data;
		}
	}
	return NULL;
}

static int
status_in(const uint8_t *p, size_t n)
{
	size_t len = 0;
	const uint8_t *status = find(p, n, DHCP6_OPT_STATUS, &len);

	return status != NULL ? load_be16(status) : -1;
}

static int
top_status(void)
{
	return status_in(out + DHCP6_HDR_LEN, got_len - DHCP6_HDR_LEN);
}

static void
assert_status(unsigned ia, uint32_t iaid, enum dhcp6_status status)
{
	const uint8_t *at = got.ia[ia].options;
	struct dhcp6_prefix prefix;

	assert_true(ia < got.n_ia);
	assert_int_equal(got.ia[ia].iaid, iaid);
	assert_int_equal(status_in(got.ia[ia].options, got.ia[ia].len), status);
	assert_false(dhcp6_prefix_next(&got.ia[ia], &at, &prefix));
}

/* The prefix, T1 and T2 as section 21.4 recommends. */
static void
assert_granted(unsigned ia, uint32_t iaid)
{
	const uint8_t *at = got.ia[ia].options;
	struct dhcp6_prefix prefix;

	assert_true(ia < got.n_ia);
	assert_int_equal(got.ia[ia].code, DHCP6_OPT_IA_PD);
	assert_int_equal(got.ia[ia].iaid, iaid);
	assert_int_equal(got.ia[ia].t1_s, 1800);
	assert_int_equal(got.ia[ia].t2_s, 2880);
	assert_true(dhcp6_prefix_next(&got.ia[ia], &at, &prefix));
	assert_int_equal(prefix.len, 56);
	assert_true(ip_addr_equal(&prefix.prefix, &ours));
	assert_int_equal(prefix.preferred_s, 3600);
	assert_int_equal(prefix.valid_s, 7200);
	assert_int_equal(status_in(got.ia[ia].options, got.ia[ia].len), -1);
}

static void
get_prefix(uint8_t client, uint32_t iaid, uint64_t now_ms)
{
	begin(DHCP6_REQUEST, client);
	to_server();
	association(DHCP6_OPT_IA_PD, iaid, NULL);
	assert_true(send(now_ms));
	assert_granted(0, iaid);
	assert_true(server.bound);
}

/* ------------------------------------------------------------------ getting one */

static void
solicit_advertise_request_reply(void **state)
{
	size_t len = 0;

	(void)state;
	begin(DHCP6_SOLICIT, 1);
	association(DHCP6_OPT_IA_PD, 7, NULL);
	dhcp6_put(&asked, DHCP6_OPT_REQUEST, "\0\27", 2);
	assert_true(send(1000));
	assert_int_equal(got.type, DHCP6_ADVERTISE);
	assert_granted(0, 7);
	assert_false(server.bound);
	const uint8_t *dns = find(out + 4, got_len - 4, 23, &len);

	assert_int_equal(len, 16);
	assert_memory_equal(dns, cfg.dns[0].b, 16);
	get_prefix(1, 7, 2000);
	assert_int_equal(got.type, DHCP6_REPLY);
	assert_null(find(out + 4, got_len - 4, 23, &len)); /* it was not asked for */
	assert_int_equal(dhcp6_server_deadline_ms(&server), 2000 + 7200 * 1000);
}

static void
rapid_commit_binds_at_once(void **state)
{
	(void)state;
	begin(DHCP6_SOLICIT, 1);
	dhcp6_put(&asked, DHCP6_OPT_RAPID_COMMIT, NULL, 0);
	association(DHCP6_OPT_IA_PD, 7, NULL);
	assert_true(send(1000));
	assert_int_equal(got.type, DHCP6_REPLY);
	assert_true(got.rapid_commit);
	assert_granted(0, 7);
	assert_true(server.bound);
}

static void
there_is_one_prefix_and_there_are_no_addresses(void **state)
{
	(void)state;
	begin(DHCP6_SOLICIT, 1);
	association(DHCP6_OPT_IA_NA, 1, NULL);
	association(DHCP6_OPT_IA_PD, 7, NULL);
	association(DHCP6_OPT_IA_PD, 8, NULL);
	assert_true(send(1000));
	assert_int_equal(got.n_ia, 3);
	assert_status(0, 1, DHCP6_NO_ADDRESSES);
	assert_granted(1, 7);
	assert_status(2, 8, DHCP6_NO_PREFIX);
	/* who has it keeps it, wherever it stands */
	get_prefix(1, 8, 1000);
	begin(DHCP6_REQUEST, 1);
	to_server();
	association(DHCP6_OPT_IA_PD, 7, NULL);
	association(DHCP6_OPT_IA_PD, 8, NULL);
	assert_true(send(2000));
	assert_status(0, 7, DHCP6_NO_PREFIX);
	assert_granted(1, 8);
}

static void
without_a_prefix_it_says_so(void **state)
{
	(void)state;
	link.prefix_len = 0;
	begin(DHCP6_SOLICIT, 1);
	dhcp6_put(&asked, DHCP6_OPT_RAPID_COMMIT, NULL, 0);
	association(DHCP6_OPT_IA_PD, 7, NULL);
	assert_true(send(1000));
	assert_status(0, 7, DHCP6_NO_PREFIX);
	assert_false(server.bound);
}

/* ------------------------------------------------------------------ keeping it */

static const struct dhcp6_prefix our_prefix = {.len = 56, .prefix = {{0x20, 0x01, 0x0d, 0xb8, 0x80, 0, 0xab, 0}}};
static const struct dhcp6_prefix foreign = {
	.preferred_s = 9, .valid_s = 9, .len = 48, .prefix = {{0x20, 0x01, 0x0d, 0xb9}}};

static void
renew(enum dhcp6_type type, uint8_t client, uint32_t iaid, const struct dhcp6_prefix *prefix, uint64_t now_ms)
{
	begin(type, client);
	if (type == DHCP6_RENEW)
		to_server();
	association(DHCP6_OPT_IA_PD, iaid, prefix);
	assert_true(send(now_ms));
	assert_int_equal(got.type, DHCP6_REPLY);
}

static void
renew_and_rebind_lengthen_the_lease(void **state)
{
	(void)state;
	get_prefix(1, 7, 0);
	renew(DHCP6_RENEW, 1, 7, &our_prefix, 1800 * 1000);
	assert_granted(0, 7);
	assert_int_equal(dhcp6_server_deadline_ms(&server), (1800 + 7200) * 1000);
	renew(DHCP6_REBIND, 1, 7, &our_prefix, 5000 * 1000);
	assert_granted(0, 7);
	assert_int_equal(dhcp6_server_deadline_ms(&server), (5000 + 7200) * 1000);
}

/* Sections 18.3.4 and 18.3.5. */
static void
what_is_not_known_is_told_or_taken_up_again(void **state)
{
	const uint8_t *at;
	struct dhcp6_prefix prefix;

	(void)state;
	renew(DHCP6_RENEW, 1, 7, NULL, 0);
	assert_status(0, 7, DHCP6_NO_BINDING);
	renew(DHCP6_RENEW, 1, 7, &foreign, 0);
	assert_status(0, 7, DHCP6_NO_BINDING);
	renew(DHCP6_REBIND, 1, 7, &foreign, 0);
	at = got.ia[0].options;
	assert_true(dhcp6_prefix_next(&got.ia[0], &at, &prefix));
	assert_int_equal(prefix.len, 48);
	assert_int_equal(prefix.valid_s, 0);
	assert_int_equal(prefix.preferred_s, 0);
	assert_false(server.bound);
	/* we were restarted, the client was not */
	renew(DHCP6_RENEW, 1, 7, &our_prefix, 0);
	assert_granted(0, 7);
	assert_true(server.bound);
	/* one that is ours stands beside one that is not */
	renew(DHCP6_RENEW, 1, 7, &foreign, 0);
	assert_granted(0, 7);
	at = got.ia[0].options;
	assert_true(dhcp6_prefix_next(&got.ia[0], &at, &prefix));
	assert_true(dhcp6_prefix_next(&got.ia[0], &at, &prefix));
	assert_int_equal(prefix.valid_s, 0);
}

static void
a_lease_that_is_not_renewed_ends(void **state)
{
	(void)state;
	get_prefix(1, 7, 0);
	dhcp6_server_tick(&server, 7200 * 1000 - 1);
	assert_true(server.bound);
	dhcp6_server_tick(&server, 7200 * 1000);
	assert_false(server.bound);
	assert_true(dhcp6_server_deadline_ms(&server) == UINT64_MAX);
	/* a message that comes before the tick finds it so */
	get_prefix(1, 7, 0);
	renew(DHCP6_RENEW, 1, 7, NULL, 7200 * 1000);
	assert_status(0, 7, DHCP6_NO_BINDING);
}

static void
a_new_router_of_the_subscriber_takes_over(void **state)
{
	(void)state;
	get_prefix(1, 7, 0);
	get_prefix(2, 3, 1000);
	renew(DHCP6_RENEW, 1, 7, NULL, 2000);
	assert_status(0, 7, DHCP6_NO_BINDING);
	assert_true(server.bound);
	assert_int_equal(server.iaid, 3);
}

static void
release_ends_the_lease_of_who_has_it(void **state)
{
	(void)state;
	get_prefix(1, 7, 0);
	begin(DHCP6_RELEASE, 1);
	to_server();
	association(DHCP6_OPT_IA_PD, 8, &our_prefix);
	assert_true(send(0));
	assert_int_equal(top_status(), DHCP6_SUCCESS);
	assert_status(0, 8, DHCP6_NO_BINDING);
	assert_true(server.bound);
	begin(DHCP6_RELEASE, 1);
	to_server();
	association(DHCP6_OPT_IA_PD, 7, &our_prefix);
	assert_true(send(0));
	assert_int_equal(top_status(), DHCP6_SUCCESS);
	assert_int_equal(got.n_ia, 0);
	assert_false(server.bound);
}

static void
declined_addresses_were_never_ours(void **state)
{
	(void)state;
	begin(DHCP6_DECLINE, 1);
	to_server();
	association(DHCP6_OPT_IA_NA, 4, NULL);
	assert_true(send(0));
	assert_int_equal(top_status(), DHCP6_SUCCESS);
	assert_status(0, 4, DHCP6_NO_BINDING);
}

/* ------------------------------------------------------------------ the rest */

static void
address_option(uint32_t iaid, const struct ip_addr *a)
{
	const size_t ia = dhcp6_ia_begin(&asked, DHCP6_OPT_IA_NA, iaid, 0, 0);
	uint8_t data[24] = {0};

	memcpy(data, a->b, 16);
	dhcp6_put(&asked, DHCP6_OPT_ADDRESS, data, sizeof(data));
	dhcp6_ia_end(&asked, ia);
}

/* Section 18.3.3. */
static void
confirm_compares_with_the_prefix_of_the_link(void **state)
{
	static const struct {
		const char *name;
		uint8_t third[2]; /* of each address: 1 is the link's prefix, 0 no address */
		bool no_prefix;
		int want; /* -1: no answer */
	} rows[] = {
		{"on_link", {1, 0}, false, DHCP6_SUCCESS},
		{"two_on_link", {1, 1}, false, DHCP6_SUCCESS},
		{"elsewhere", {2, 0}, false, DHCP6_NOT_ON_LINK},
		{"one_of_two_elsewhere", {1, 2}, false, DHCP6_NOT_ON_LINK},
		{"link_without_prefix", {1, 0}, true, DHCP6_NOT_ON_LINK},
		{"no_address", {0, 0}, false, -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("  %s\n", rows[i].name);
		link.on_link_len = rows[i].no_prefix ? 0 : 64;
		begin(DHCP6_CONFIRM, 1);
		association(DHCP6_OPT_IA_PD, 7, &our_prefix);
		for (uint8_t k = 0; k < 2; k++) {
			const struct ip_addr a = {{0x20, 0x01, 0x0d, 0xb8, 0, rows[i].third[k], [15] = 9}};

			if (rows[i].third[k] != 0)
				address_option(k, &a);
		}
		assert_int_equal(send(0), rows[i].want >= 0);
		if (rows[i].want >= 0) {
			assert_int_equal(top_status(), rows[i].want);
			assert_int_equal(got.n_ia, 0);
		}
	}
}

static void
information_needs_no_name(void **state)
{
	size_t len = 0;

	(void)state;
	begin(DHCP6_INFORMATION_REQUEST, 0);
	dhcp6_put(&asked, DHCP6_OPT_REQUEST, "\0\27", 2);
	assert_true(send(0));
	assert_int_equal(got.type, DHCP6_REPLY);
	assert_int_equal(got.client.len, 0);
	assert_non_null(find(out + 4, got_len - 4, 23, &len));
	cfg.n_dns = 0;
	assert_true(send(0));
	assert_null(find(out + 4, got_len - 4, 23, &len));
}

/* Sections 16.2 to 16.12: which of the two identifiers a message must, or must not, have. */
static void
who_is_meant_decides_whether_there_is_an_answer(void **state)
{
	enum { NOBODY, US, ANOTHER };
	static const struct {
		enum dhcp6_type type;
		uint8_t client, server; /* of NOBODY, US, ANOTHER */
		bool answered;
	} rows[] = {
		{DHCP6_SOLICIT, 1, NOBODY, true},
		{DHCP6_SOLICIT, 0, NOBODY, false},
		{DHCP6_SOLICIT, 1, US, false},
		{DHCP6_REQUEST, 1, US, true},
		{DHCP6_REQUEST, 0, US, false},
		{DHCP6_REQUEST, 1, NOBODY, false},
		{DHCP6_REQUEST, 1, ANOTHER, false},
		{DHCP6_RENEW, 1, US, true},
		{DHCP6_RENEW, 1, ANOTHER, false},
		{DHCP6_RENEW, 0, US, false},
		{DHCP6_REBIND, 1, NOBODY, true},
		{DHCP6_REBIND, 1, US, false},
		{DHCP6_RELEASE, 1, US, true},
		{DHCP6_RELEASE, 1, NOBODY, false},
		{DHCP6_DECLINE, 1, US, true},
		{DHCP6_DECLINE, 1, ANOTHER, false},
		{DHCP6_INFORMATION_REQUEST, 1, US, false}, /* it has an IA */
		{DHCP6_ADVERTISE, 1, US, false},
		{DHCP6_REPLY, 1, US, false},
		{(enum dhcp6_type)10, 1, US, false},
		{(enum dhcp6_type)12, 1, NOBODY, false},
		{(enum dhcp6_type)0, 1, US, false},
	};
	const struct dhcp6_duid another = duid_of(77);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("  %u: client %u, server %u\n", rows[i].type, rows[i].client, rows[i].server);
		begin(rows[i].type, rows[i].client);
		if (rows[i].server == US)
			to_server();
		else if (rows[i].server == ANOTHER)
			dhcp6_put_duid(&asked, DHCP6_OPT_SERVER_ID, &another);
		association(DHCP6_OPT_IA_PD, 7, NULL);
		assert_int_equal(send(0), rows[i].answered);
	}
	begin(DHCP6_INFORMATION_REQUEST, 1);
	to_server();
	assert_true(send(0));
	begin(DHCP6_INFORMATION_REQUEST, 1);
	dhcp6_put_duid(&asked, DHCP6_OPT_SERVER_ID, &another);
	assert_false(send(0));
}

/* Section 18.4: we told nobody to use unicast. */
static void
unicast_is_sent_back_to_multicast(void **state)
{
	static const struct {
		enum dhcp6_type type;
		bool answered;
	} rows[] = {
		{DHCP6_SOLICIT, false},
		{DHCP6_REBIND, false},
		{DHCP6_CONFIRM, false},
		{DHCP6_INFORMATION_REQUEST, false},
		{DHCP6_REQUEST, true},
		{DHCP6_RENEW, true},
		{DHCP6_RELEASE, true},
		{DHCP6_DECLINE, true},
	};

	(void)state;
	get_prefix(1, 7, 0);
	link.unicast = true;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("  %u\n", rows[i].type);
		begin(rows[i].type, 1);
		if (rows[i].answered)
			to_server();
		if (rows[i].type != DHCP6_INFORMATION_REQUEST)
			association(DHCP6_OPT_IA_PD, 7, NULL);
		assert_int_equal(send(0), rows[i].answered);
		if (rows[i].answered) {
			assert_int_equal(top_status(), DHCP6_USE_MULTICAST);
			assert_int_equal(got.n_ia, 0);
		}
		assert_true(server.bound);
	}
}

/* As many prefixes to forget as there is room for; ours is always there. */
static void
a_long_list_of_old_prefixes_leaves_room_for_ours(void **state)
{
	static uint8_t bytes[DHCP6_MESSAGE_MAX];
	struct dhcp6_message m;
	struct dhcp6_writer w;
	struct dhcp6_duid longest = {.len = DHCP6_DUID_MAX};

	(void)state;
	dhcp6_begin(&asked, bytes, sizeof(bytes), DHCP6_REBIND, 0xabcdef);
	dhcp6_put_duid(&asked, DHCP6_OPT_CLIENT_ID, &longest);
	const size_t ia = dhcp6_ia_begin(&asked, DHCP6_OPT_IA_PD, 7, 0, 0);

	dhcp6_put_prefix(&asked, &our_prefix);
	while (sizeof(bytes) - asked.len >= DHCP6_PREFIX_OPTION_LEN)
		dhcp6_put_prefix(&asked, &foreign);
	dhcp6_ia_end(&asked, ia);
	assert_false(asked.overflow);
	assert_int_equal(dhcp6_parse(bytes, asked.len, &m), DHCP6_OK);
	assert_true(dhcp6_server_input(&server, &cfg, &link, &m, 0, &w, out, sizeof(out)));
	assert_false(w.overflow);
	assert_int_equal(dhcp6_parse(out, w.len, &got), DHCP6_OK);
	assert_granted(0, 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(solicit_advertise_request_reply, setup),
		cmocka_unit_test_setup(rapid_commit_binds_at_once, setup),
		cmocka_unit_test_setup(there_is_one_prefix_and_there_are_no_addresses, setup),
		cmocka_unit_test_setup(without_a_prefix_it_says_so, setup),
		cmocka_unit_test_setup(renew_and_rebind_lengthen_the_lease, setup),
		cmocka_unit_test_setup(what_is_not_known_is_told_or_taken_up_again, setup),
		cmocka_unit_test_setup(a_lease_that_is_not_renewed_ends, setup),
		cmocka_unit_test_setup(a_new_router_of_the_subscriber_takes_over, setup),
		cmocka_unit_test_setup(release_ends_the_lease_of_who_has_it, setup),
		cmocka_unit_test_setup(declined_addresses_were_never_ours, setup),
		cmocka_unit_test_setup(confirm_compares_with_the_prefix_of_the_link, setup),
		cmocka_unit_test_setup(information_needs_no_name, setup),
		cmocka_unit_test_setup(who_is_meant_decides_whether_there_is_an_answer, setup),
		cmocka_unit_test_setup(unicast_is_sent_back_to_multicast, setup),
		cmocka_unit_test_setup(a_long_list_of_old_prefixes_leaves_room_for_ours, setup),
	};

	return cmocka_run_group_tests_name("dhcp6 server", tests, NULL, NULL);
}
