/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/config/support.h"

#include <errno.h>

/* The arithmetic: PPPoE takes 8 of the port's MTU (RFC 2516), so 1500 leaves a link MRU of 1492; the MP header takes 4 of that (long
 * numbers) and the protocol field inside 2, so 1486 bytes pass in one fragment. 1500 in one PPPoE frame needs 1508 (RFC 4638), on the
 * device 1512 with one VLAN tag and 1516 with two. */

struct row {
	const char *name, *port, *client, *link, *said;
};

static const struct row chains[] = {
	{"plain", "mtu: 1500", "", "ports: wan",
		"t:3:79: note: clients.c.links.a.ports[0]: port wan: mtu 1500 (device: 1500 with 0 VLAN tags) - PPPoE 8, link "
		"MRU 1492 - MP header 4 - protocol 2 = 1486 bytes pass in one fragment; MRRU 1500 takes at least 2\n"},
	{"rfc_4638_in_two_vlans", "mtu: 1508", "", "ports: wan, max_payload: yes, vlan: 200.7",
		"t:3:79: note: clients.c.links.a.ports[0]: port wan: mtu 1508 (device: 1516 with 2 VLAN tags) - PPPoE 8, link "
		"MRU 1500 - MP header 4 - protocol 2 = 1494 bytes pass in one fragment; MRRU 1500 takes at least 2\n"},
	{"mtu_1514_takes_1500_in_one_piece", "mtu: 1514", "", "ports: wan, max_payload: yes, vlan: 7",
		"t:3:79: note: clients.c.links.a.ports[0]: port wan: mtu 1514 (device: 1518 with 1 VLAN tags) - PPPoE 8, link "
		"MRU 1506 - MP header 4 - protocol 2 = 1500 bytes pass in one fragment; MRRU 1500 takes at least 1\n"},
	{"room_without_max_payload_is_not_used", "mtu: 1508", "", "ports: wan",
		"t:3:79: note: clients.c.links.a.ports[0]: port wan: mtu 1508 (device: 1508 with 0 VLAN tags) - PPPoE 8, link "
		"MRU 1492 - MP header 4 - protocol 2 = 1486 bytes pass in one fragment; MRRU 1500 takes at least 2\n"},
	{"without_multilink", "mtu: 1500", "multilink: {enabled: no}", "ports: wan",
		"t:3:105: note: clients.c.links.a.ports[0]: port wan: mtu 1500 (device: 1500 with 0 VLAN tags) - PPPoE 8, link "
		"MRU 1492 = packets of 1492 bytes pass\n"},
	{"port_is_short", "mtu: 1400", "", "ports: wan",
		"t:2:39: warning: ports.wan.mtu: 1400 is short: it leaves a link MRU of 1392, and 1492 (with mtu 1500) makes "
		"fewer fragments\n"
		"t:3:79: note: clients.c.links.a.ports[0]: port wan: mtu 1400 (device: 1400 with 0 VLAN tags) - PPPoE 8, link "
		"MRU 1392 - MP header 4 - protocol 2 = 1386 bytes pass in one fragment; MRRU 1500 takes at least 2\n"},
	{"mru_is_short", "mtu: 1500", "lcp: {mru: 1486}", "ports: wan",
		"t:3:71: warning: clients.c.lcp.mru: 1486 is short: below 1492 multilink makes more fragments, not fewer; for "
		"smaller packets see ip_mtu\n"
		"t:3:97: note: clients.c.links.a.ports[0]: port wan: mtu 1500 (device: 1500 with 0 VLAN tags) - PPPoE 8, link "
		"MRU 1486 - MP header 4 - protocol 2 = 1480 bytes pass in one fragment; MRRU 1500 takes at least 2\n"},
	{"mru_is_short_without_multilink", "mtu: 1500", "lcp: {mru: 1400}, multilink: {enabled: no}", "ports: wan",
		"t:3:123: note: clients.c.links.a.ports[0]: port wan: mtu 1500 (device: 1500 with 0 VLAN tags) - PPPoE 8, link "
		"MRU 1400 = packets of 1400 bytes pass\n"},
	{"mtu_is_short", "mtu: 1500", "lcp: {mtu: 1440}", "ports: wan",
		"t:3:71: warning: clients.c.lcp.mtu: 1440 is short: below 1492 multilink makes more fragments, not fewer; for "
		"smaller packets see ip_mtu\n"
		"t:3:97: note: clients.c.links.a.ports[0]: port wan: mtu 1500 (device: 1500 with 0 VLAN tags) - PPPoE 8, link "
		"MRU 1492 - MP header 4 - protocol 2 = 1486 bytes pass in one fragment; MRRU 1500 takes at least 2\n"},
	{"mtu_is_short_without_multilink", "mtu: 1500", "lcp: {mtu: 1440}, multilink: {enabled: no}", "ports: wan",
		"t:3:123: note: clients.c.links.a.ports[0]: port wan: mtu 1500 (device: 1500 with 0 VLAN tags) - PPPoE 8, link "
		"MRU 1492 = packets of 1492 bytes pass\n"},
	{"mru_of_1492_is_not_short", "mtu: 1500", "lcp: {mru: 1492, mtu: 1492}", "ports: wan",
		"t:3:108: note: clients.c.links.a.ports[0]: port wan: mtu 1500 (device: 1500 with 0 VLAN tags) - PPPoE 8, link "
		"MRU 1492 - MP header 4 - protocol 2 = 1486 bytes pass in one fragment; MRRU 1500 takes at least 2\n"},
	{"profile_cisco", "mtu: 1500", "multilink: {profile: cisco}", "ports: wan",
		"t:3:108: note: clients.c.links.a.ports[0]: port wan: mtu 1500 (device: 1500 with 0 VLAN tags) - PPPoE 8, link "
		"MRU 1492 - MP header 4 - protocol 2 = 1486 bytes pass in one fragment; MRRU 1524 takes at least 2\n"},
	{"one_fragment_without_multilink", "mtu: 1500", "ip_mtu: fit-one-fragment, multilink: {enabled: no}",
		"ports: wan",
		"t:3:68: warning: clients.c.ip_mtu: changes nothing: multilink is not enabled, so nothing is cut into fragments\n"
		"t:3:131: note: clients.c.links.a.ports[0]: port wan: mtu 1500 (device: 1500 with 0 VLAN tags) - PPPoE 8, link "
		"MRU 1492 = packets of 1492 bytes pass\n"},
	{"mss_above_the_mrru", "mtu: 1500", "mss: {v4: 1461, v6: 1441}", "ports: wan",
		"t:3:70: warning: clients.c.mss.v4: 1461 with its headers makes packets of 1501 bytes, and the MRRU is 1500\n"
		"t:3:80: warning: clients.c.mss.v6: 1441 with its headers makes packets of 1501 bytes, and the MRRU is 1500\n"
		"t:3:106: note: clients.c.links.a.ports[0]: port wan: mtu 1500 (device: 1500 with 0 VLAN tags) - PPPoE 8, link "
		"MRU 1492 - MP header 4 - protocol 2 = 1486 bytes pass in one fragment; MRRU 1500 takes at least 2\n"},
	{"mss_that_just_fits", "mtu: 1500", "mss: {v4: 1460, v6: 1440}", "ports: wan",
		"t:3:106: note: clients.c.links.a.ports[0]: port wan: mtu 1500 (device: 1500 with 0 VLAN tags) - PPPoE 8, link "
		"MRU 1492 - MP header 4 - protocol 2 = 1486 bytes pass in one fragment; MRRU 1500 takes at least 2\n"},
	{"max_payload_without_room", "mtu: 1500", "", "ports: wan, max_payload: yes",
		"t:2:39: warning: ports.wan.mtu: 1500 is short: PPP-Max-Payload of 1500 (RFC 4638) needs mtu 1508\n"
		"t:3:79: note: clients.c.links.a.ports[0]: port wan: mtu 1500 (device: 1500 with 0 VLAN tags) - PPPoE 8, link "
		"MRU 1492 - MP header 4 - protocol 2 = 1486 bytes pass in one fragment; MRRU 1500 takes at least 2\n"},
};

static const struct row impossible[] = {
	{"mru_over_what_the_port_carries", "mtu: 1500", "lcp: {mru: 1500}", "ports: wan, max_payload: yes",
		"t:3:71: clients.c.lcp.mru: 1500 and 8 bytes of PPPoE need 1508; port wan is short: mtu 1500\n"},
	{"mru_over_1492_without_max_payload", "mtu: 1508", "lcp: {mru: 1500}", "ports: wan",
		"t:3:71: clients.c.lcp.mru: 1500 is more than PPPoE allows (1492, RFC 2516 section 7); max_payload is short: yes "
		"makes it possible\n"},
};

static struct config *
load_row(const struct row *row, struct config_notes *notes)
{
	char yaml[1024];

	snprintf(yaml, sizeof(yaml),
		"ports:\n  wan: {device: d, kind: access, %s}\n"
		"clients: {c: {username: u, password: x, default_route: no, %s%slinks: {a: {%s}}}}\n",
		row->port, row->client, row->client[0] ? ", " : "", row->link);
	return load_text(yaml, notes);
}

static void
the_chain_is_worked_out_and_the_short_value_named(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
		struct config_notes notes;
		struct config *cfg = load_row(&chains[i], &notes);
		char *said;

		assert_non_null(cfg);
		assert_int_equal(notes.n, 0);
		assert_int_equal(config_check_mtu(cfg, &notes), 0);
		said = notes_text(&notes);
		if (strcmp(said, chains[i].said) != 0) {
			print_error("%s: wanted\n%ssaid\n%s\n", chains[i].name, chains[i].said, said);
			wrong++;
		}
		free(said);
		config_free(cfg);
		config_notes_free(&notes);
	}
	assert_int_equal(wrong, 0);
}

static void
sizes_that_cannot_work_are_errors_when_loading(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(impossible) / sizeof(impossible[0]); i++) {
		struct config_notes notes;
		char *said;

		assert_null(load_row(&impossible[i], &notes));
		said = notes_text(&notes);
		assert_string_equal(said, impossible[i].said);
		free(said);
		config_notes_free(&notes);
	}
}

static void
a_concentrator_has_a_chain_for_each_port(void **state)
{
	struct config_notes notes;
	struct config *cfg =
		load_text("ports:\n"
			  "  a: {device: d0, kind: access, mtu: 1508}\n"
			  "  b: {device: d1, kind: access, mtu: 1500}\n"
			  "  lan: {device: d2, kind: ip, mtu: 9000}\n"
			  "concentrators: {ac: {ports: [a, b], vlans: [7, any], address: 10.0.0.1, pool: p,\n"
			  "  max_payload: yes, multilink: {mrru: 1600}}}\n"
			  "users: {u: {password: x}}\n"
			  "pools: {p: 10.1.0.0/24}\n",
			&notes);
	char *said;

	(void)state;
	assert_null(cfg); /* any is listened on already */
	config_notes_free(&notes);
	cfg = load_text("ports:\n"
			"  a: {device: d0, kind: access, mtu: 1508}\n"
			"  b: {device: d1, kind: access, mtu: 1500}\n"
			"  lan: {device: d2, kind: ip, mtu: 9000}\n"
			"concentrators: {ac: {ports: [a, b], vlans: any, address: 10.0.0.1, pool: p,\n"
			"  max_payload: yes, multilink: {mrru: 1600}}}\n"
			"users: {u: {password: x}}\n"
			"pools: {p: 10.1.0.0/24}\n",
		&notes);
	assert_non_null(cfg);
	config_check_mtu(cfg, &notes);
	said = notes_text(&notes);
	assert_string_equal(said,
		"t:3:38: warning: ports.b.mtu: 1500 is short: PPP-Max-Payload of 1500 (RFC 4638) needs mtu 1508\n"
		"t:5:30: note: concentrators.ac.ports[0]: port a: mtu 1508 (device: 1516 with 2 VLAN tags) - PPPoE 8, link MRU "
		"1500 - MP header 4 - protocol 2 = 1494 bytes pass in one fragment; MRRU 1600 takes at least 2\n"
		"t:5:33: note: concentrators.ac.ports[1]: port b: mtu 1500 (device: 1508 with 2 VLAN tags) - PPPoE 8, link MRU "
		"1492 - MP header 4 - protocol 2 = 1486 bytes pass in one fragment; MRRU 1600 takes at least 2\n"
		"t:6:39: warning: concentrators.ac.multilink.mrru: 1600 is short: port lan has mtu 9000\n");
	free(said);
	config_free(cfg);
	config_notes_free(&notes);
}

/* Each line and each port finds it; the operator has one number to change. */
static void
a_short_value_of_several_lines_is_told_once(void **state)
{
	struct config_notes notes;
	struct config *cfg = load_text("ports:\n"
				       "  w1: {device: d1, kind: access, mtu: 1400}\n"
				       "  w2: {device: d2, kind: access, mtu: 1500}\n"
				       "clients: {c: {username: u, password: x, default_route: no, lcp: {mtu: 1440},\n"
				       "  links: {a: {ports: w1}, b: {ports: [w1, w2]}, d: {ports: w2}}}}\n",
		&notes);
	unsigned warnings = 0;

	(void)state;
	assert_non_null(cfg);
	config_check_mtu(cfg, &notes);
	for (size_t i = 0; i < notes.n; i++)
		warnings += notes.items[i].level == CONFIG_WARNING;
	assert_int_equal(warnings, 2); /* of w1's mtu and of lcp.mtu */
	assert_int_equal(notes.n, 2 + 4);
	config_free(cfg);
	config_notes_free(&notes);
}

/* The same file with a profile instead of a number. */
static void
a_profile_that_is_short_is_named(void **state)
{
	struct config_notes notes;
	struct config *cfg = load_text(
		"ports:\n"
		"  wan: {device: d1, kind: access}\n"
		"  lan: {device: d2, kind: ip, mtu: 1600}\n"
		"clients: {c: {username: u, password: x, multilink: {profile: juniper}, links: {a: {ports: wan}}}}\n",
		&notes);
	char *said;

	(void)state;
	assert_non_null(cfg);
	config_check_mtu(cfg, &notes);
	said = notes_text(&notes);
	assert_non_null(strstr(said, "warning: clients.c.multilink.profile: 1590 is short: port lan has mtu 1600\n"));
	free(said);
	config_free(cfg);
	config_notes_free(&notes);
}

static void
auto_sizes_follow_from_the_ports(void **state)
{
	static const struct {
		uint16_t mtu, mru;
		bool max_payload;
		uint16_t want;
	} mrus[] = {
		{1500, 0, false, 1492},
		{1500, 0, true, 1492},
		{1508, 0, false, 1492},
		{1508, 0, true, 1500},
		{1400, 0, false, 1392},
		{9000, 0, true, 8992},
		{9000, 0, false, 1492},
		{1500, 1400, false, 1400},
	};
	static const struct {
		uint16_t mtu, mrru, want;
		enum config_profile profile;
	} mrrus[] = {{1400, 0, 1500, CONFIG_PROFILE_NONE}, {1500, 0, 1500, CONFIG_PROFILE_NONE},
		{9000, 0, 9000, CONFIG_PROFILE_NONE}, {9000, 1524, 1524, CONFIG_PROFILE_NONE},
		{9000, 0, 1524, CONFIG_PROFILE_CISCO}, {9000, 0, 1590, CONFIG_PROFILE_JUNIPER},
		{1500, 0, 1614, CONFIG_PROFILE_WINDOWS}};

	(void)state;
	for (size_t i = 0; i < sizeof(mrus) / sizeof(mrus[0]); i++) {
		const struct config_port port = {.kind = CONFIG_ACCESS, .mtu = mrus[i].mtu};
		const struct config_lcp lcp = {.mru = mrus[i].mru};

		assert_int_equal(config_mru(&lcp, &port, mrus[i].max_payload), mrus[i].want);
	}
	for (size_t i = 0; i < sizeof(mrrus) / sizeof(mrrus[0]); i++) {
		struct config_port ports[] = {
			{.kind = CONFIG_IP, .mtu = mrrus[i].mtu}, {.kind = CONFIG_ACCESS, .mtu = 9600}};
		const struct config cfg = {.ports = ports, .n_ports = 2};
		const struct config_multilink ml = {.mrru = mrrus[i].mrru, .profile = mrrus[i].profile};

		assert_int_equal(config_mrru(&cfg, &ml), mrrus[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_chain_is_worked_out_and_the_short_value_named),
		cmocka_unit_test(sizes_that_cannot_work_are_errors_when_loading),
		cmocka_unit_test(a_concentrator_has_a_chain_for_each_port),
		cmocka_unit_test(a_short_value_of_several_lines_is_told_once),
		cmocka_unit_test(a_profile_that_is_short_is_named),
		cmocka_unit_test(auto_sizes_follow_from_the_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
