/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "control/ppp/host_state.h"
#include "dataplane/wire/ppp.h"
#include "tests/unit/host/check.h"

/* MRU, MRRU and MTU in both directions and both roles [G-17, G-18, G-25, G-63, L-15]. */

static struct host_bundle_info
bundle(struct pair *p, int node)
{
	struct host_bundle_info info;

	check(p, pair_first_bundle(p, node, &info));
	return info;
}

static uint16_t
tx_mru(const struct pair *p, int node, unsigned nth)
{
	for (uint32_t id = 1; id <= PAIR_LINKS; id++) {
		const struct link *l = link_of(p->node[node].host, id);

		if (l != NULL && l->phase == LINK_OPEN && nth-- == 0)
			return l->tx_mru;
	}
	return 0;
}

static uint16_t
smaller(uint16_t a, uint16_t b)
{
	return a < b ? a : b;
}

/* RFC 1990 section 5.1.1: each end's MRRU bounds what the other sends, and neither binds the other to the same. */
static void
each_mrru_bounds_its_own_direction(void **state)
{
	static const uint16_t offers[] = {296, 1486, 1500, 1524, 1590, 1614, 4096, 32719, 65535};
	enum { OTHERS = 1524 };

	(void)state;
	for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++) {
		for (int role = 0; role < 2; role++) { /* of the end that makes the offer */
			struct host_bundle_info info[2];
			struct pair_net net;
			struct pair *p;

			print_message("%s offers %u\n", role == AC ? "concentrator" : "client", offers[i]);
			pair_net_init(&net, 2);
			net.concentrator.multilink.mrru = role == AC ? offers[i] : OTHERS;
			net.client.multilink.mrru = role == AC ? OTHERS : offers[i];
			p = run(&net, 3000);
			info[AC] = bundle(p, AC);
			info[CLIENT] = bundle(p, CLIENT);
			assert_int_equal(info[AC].links, 2);
			assert_int_equal(info[role].values.rx_mrru, offers[i]);
			assert_int_equal(info[role].values.rx_max, offers[i] < 1500 ? 1500 : offers[i]);
			assert_int_equal(info[role].values.tx_mrru, OTHERS);
			assert_int_equal(info[!role].values.rx_mrru, OTHERS);
			assert_int_equal(info[!role].values.tx_mrru, offers[i]);
			assert_int_equal(info[!role].ip_mtu, offers[i]);
			for (int node = 0; node < 2; node++) {
				assert_int_equal(info[node].values.mss_v4, smaller(offers[i], OTHERS) - 40);
				assert_int_equal(info[node].values.mss_v6, smaller(offers[i], OTHERS) - 60);
			}
			finish(p);
		}
	}
}

static void
ip_mtu_bounds_what_either_role_sends(void **state)
{
	static const struct {
		const char *name;
		int ip_mtu;
		bool mp, short_seq;
		uint16_t want;
	} rows[] = {
		{"auto", -1, true, false, 1524},
		{"one fragment, long numbers", -2, true, false, 1492 - 4 - 2},
		{"one fragment, short numbers", -2, true, true, 1492 - 2 - 2},
		{"one fragment without multilink", -2, false, false, 1492},
		{"a number", 1400, true, false, 1400},
		{"a number without multilink", 1400, false, false, 1400},
		{"a number above the MRRU", 9000, true, false, 1524},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int role = 0; role < 2; role++) {
			struct host_bundle_info info;
			struct pair_net net;
			struct pair *p;

			print_message("%s, %s\n", rows[i].name, role == AC ? "concentrator" : "client");
			pair_net_init(&net, 1);
			net.concentrator.multilink.enabled = rows[i].mp;
			net.concentrator.lcp.p_short_seq.want = net.client.lcp.p_short_seq.want = rows[i].short_seq;
			if (role == AC)
				net.concentrator.ip_mtu = rows[i].ip_mtu;
			else
				net.client.ip_mtu = rows[i].ip_mtu;
			p = run(&net, 3000);
			info = bundle(p, role);
			assert_int_equal(info.ip_mtu, rows[i].want);
			assert_int_equal(info.values.tx_mrru, rows[i].want);
			assert_int_equal(info.values.rx_max, rows[i].mp ? 1524 : 1492);
			assert_int_equal(info.values.mss_v4, rows[i].want < 1524 ? rows[i].want - 40 : 1524 - 40);
			info = bundle(p, !role);
			assert_int_equal(info.ip_mtu, rows[i].mp ? 1524 : 1492);
			finish(p);
		}
	}
}

/* mru is what we take, mtu what we send; neither changes the other direction. */
static void
mru_and_mtu_of_a_link_go_by_direction(void **state)
{
	static const struct {
		const char *name;
		uint16_t client_mru, client_mtu, ac_mru, ac_mtu;
		uint16_t to_ac, to_client;
	} rows[] = {
		{"as the ports allow", 0, 0, 0, 0, 1492, 1492},
		{"client takes little", 1400, 0, 0, 0, 1492, 1400},
		{"client sends little", 0, 1400, 0, 0, 1400, 1492},
		{"the seed's: mru 1486, mtu max 1492", 1486, 1492, 0, 0, 1492, 1486},
		{"each says both", 1480, 1300, 1350, 1470, 1300, 1470},
		{"a ceiling above all", 0, 9000, 0, 9000, 1492, 1492},
		{"the receiver's is smaller", 1200, 1440, 1300, 1440, 1300, 1200},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pair_net net;
		struct pair *p;

		print_message("%s\n", rows[i].name);
		pair_net_init(&net, 1);
		net.client.lcp.mru = rows[i].client_mru;
		net.client.lcp.mtu = rows[i].client_mtu;
		net.concentrator.lcp.mru = rows[i].ac_mru;
		net.concentrator.lcp.mtu = rows[i].ac_mtu;
		p = run(&net, 3000);
		assert_int_equal(tx_mru(p, CLIENT, 0), rows[i].to_ac);
		assert_int_equal(tx_mru(p, AC, 0), rows[i].to_client);
		finish(p);
	}
}

/* Links of one bundle may take frames of different size: one fragment is what the least of them takes, while it is there. */
static void
one_fragment_follows_the_least_link_of_the_bundle(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	net.ports[AC][1].mtu = net.ports[CLIENT][1].mtu = 1408;
	net.client.ip_mtu = net.concentrator.ip_mtu = -2;
	p = run(&net, 3000);
	for (int node = 0; node < 2; node++) {
		assert_int_equal(bundle(p, node).links, 2);
		assert_int_equal(bundle(p, node).ip_mtu, 1400 - 4 - 2);
		assert_int_equal(bundle(p, node).values.mss_v4, 1394 - 40);
	}
	pair_admin(p, CLIENT, "home/l1", false);
	pair_run(p, 3000);
	for (int node = 0; node < 2; node++) {
		assert_int_equal(bundle(p, node).links, 1);
		assert_int_equal(bundle(p, node).ip_mtu, 1492 - 4 - 2);
		assert_int_equal(bundle(p, node).values.mss_v4, 1486 - 40);
	}
	finish(p);
}

/* Two concentrators of one name and endpoint that do not announce the same: M-03 as the client sees it. */
static void
a_client_refuses_a_link_whose_peer_announces_another_mrru(void **state)
{
	struct host_concentrator both[2];
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	net.concentrator.multilink.endpoint_auto = false;
	net.concentrator.multilink.endpoint = (struct host_endpoint){HOST_EP_LOCAL, 4, "bras"};
	net.concentrator.n_ports = 1;
	both[0] = both[1] = net.concentrator;
	both[1].name = "other";
	both[1].ports = &net.port_index[1];
	both[1].multilink.mrru = 1600;
	both[1].address = 0x0a000041;
	net.cfg[AC].concentrators = both;
	net.cfg[AC].n_concentrators = 2;
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	pair_carrier(p, CLIENT, 1, false);
	pair_start(p);
	pair_run(p, 1000);
	pair_carrier(p, CLIENT, 1, true);
	pair_run(p, 3000);
	check(p,
		pair_said(p, CLIENT, "runs with MRRU 1524 (peer's) and 1524 (ours), this link agreed 1600 and 1524") !=
			NULL);
	check(p, pair_open_links(p, CLIENT) == 1);
	assert_int_equal(bundle(p, CLIENT).values.tx_mrru, 1524);
	finish(p);
}

/* L-15: the new bundle's sizes are told to the data plane, MSS among them, and to the operator. */
static void
a_bundle_that_begins_anew_with_another_mrru_announces_it(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	p = run(&net, 3000);
	assert_int_equal(bundle(p, CLIENT).ip_mtu, 1524);
	check(p, pair_said(p, CLIENT, "MTU 1524") != NULL);
	check(p, pair_said(p, CLIENT, "MTU 1500") == NULL);
	net.concentrator.multilink.mrru = 1500;
	pair_restart(p, AC);
	pair_run(p, 60000);
	check(p, pair_open_links(p, CLIENT) == 2 && pair_open_bundles(p, CLIENT) == 1);
	check(p, pair_said(p, CLIENT, "MTU 1500") != NULL);
	assert_int_equal(bundle(p, CLIENT).ip_mtu, 1500);
	assert_int_equal(bundle(p, CLIENT).values.tx_mrru, 1500);
	assert_int_equal(bundle(p, CLIENT).values.mss_v4, 1460);
	assert_int_equal(bundle(p, CLIENT).values.mss_v6, 1440);
	assert_int_equal(bundle(p, AC).values.rx_mrru, 1500);
	finish(p);
}

static void
scrubbing_goes_with_the_bundle_in_both_roles(void **state) /* G-40, G-41 */
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 1);
	net.concentrator.scrub = (struct host_scrub){15, true, true, true, false};
	net.client.scrub = (struct host_scrub){200, false, false, false, true};
	p = run(&net, 3000);
	assert_int_equal(bundle(p, AC).values.scrub.min_ttl, 15);
	assert_true(bundle(p, AC).values.scrub.reassemble);
	assert_true(bundle(p, AC).values.scrub.clear_df && !bundle(p, AC).values.scrub.to_links);
	assert_int_equal(bundle(p, CLIENT).values.scrub.min_ttl, 200);
	assert_true(!bundle(p, CLIENT).values.scrub.clear_df && bundle(p, CLIENT).values.scrub.to_links);
	finish(p);
}

/* RFC 1661 section 5.6: of a plain link that is its MRU, with multilink the MRRU. */
static void
what_a_network_protocol_rejects_is_cut_to_what_the_peer_takes(void **state)
{
	enum { SMALL = 600, CODE = 77, LEN = 1200 };
	static uint8_t packet[PPP_PROTO_LEN + LEN];

	(void)state;
	store_be16(packet, PPP_IPCP);
	packet[PPP_PROTO_LEN] = CODE;
	store_be16(packet + PPP_PROTO_LEN + 2, LEN);
	for (int mp = 0; mp < 2; mp++) {
		struct pair_net net;
		struct pair *p;

		pair_net_init(&net, 1);
		net.client.lcp.mru = net.client.multilink.mrru = SMALL;
		net.client.multilink.enabled = mp != 0;
		p = run(&net, 3000);
		pair_bundle_inject(p, AC, bundle(p, AC).id, packet, sizeof(packet));
		assert_int_equal(p->node[AC].longest, PPP_PROTO_LEN + SMALL);
		finish(p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mrru_bounds_its_own_direction),
		cmocka_unit_test(ip_mtu_bounds_what_either_role_sends),
		cmocka_unit_test(mru_and_mtu_of_a_link_go_by_direction),
		cmocka_unit_test(one_fragment_follows_the_least_link_of_the_bundle),
		cmocka_unit_test(a_client_refuses_a_link_whose_peer_announces_another_mrru),
		cmocka_unit_test(a_bundle_that_begins_anew_with_another_mrru_announces_it),
		cmocka_unit_test(what_a_network_protocol_rejects_is_cut_to_what_the_peer_takes),
		cmocka_unit_test(scrubbing_goes_with_the_bundle_in_both_roles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
