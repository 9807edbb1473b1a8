/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "control/ppp/host_state.h"
#include "dataplane/wire/eth.h"
#include "dataplane/wire/ppp.h"
#include "dataplane/wire/pppoe.h"
#include "tests/unit/host/check.h"

/* Rates of lines, from discovery to what the data plane is told. */

/* A DSLAM's word: 10 Mbit/s up, 50 down, VDSL2 without tags. */
static const uint8_t vdsl[] = {
	0x00, 0x00, 0x0d, 0xe9, 0x81, 4, 0, 0, 0x27, 0x10, 0x82, 4, 0, 0, 0xc3, 0x50, 0x90, 3, 1, 1, 0};
/* 1 Mbit/s up, 16 down, bridged with LLC and FCS. */
static const uint8_t adsl[] = {
	0x00, 0x00, 0x0d, 0xe9, 0x81, 4, 0, 0, 0x03, 0xe8, 0x82, 4, 0, 0, 0x3e, 0x80, 0x90, 3, 0, 1, 5};

static struct pair *
two_lines(struct pair_net *net, const uint8_t *first, const uint8_t *second)
{
	struct pair *p = pair_new(&net->cfg[AC], &net->cfg[CLIENT], 1);

	p->vendor_tag[0] = first;
	p->vendor_tag[1] = second;
	p->vendor_tag_len[0] = sizeof(vdsl);
	p->vendor_tag_len[1] = sizeof(adsl);
	pair_start(p);
	pair_run(p, 1000);
	check(p, pair_open_links(p, AC) == 2 && pair_open_links(p, CLIENT) == 2);
	check_sound(p);
	return p;
}

/* The concentrator's session on this port. */
static unsigned
link_on(const struct pair *p, uint16_t port)
{
	for (unsigned i = 1; i <= PAIR_LINKS; i++)
		if (p->node[AC].links[i].joined && p->node[AC].links[i].key.port == port)
			return i;
	fail_msg("no session on port %u", port);
	return 0;
}

/* What the data plane was told of it. */
static struct host_line
line_at(const struct pair *p, uint16_t port)
{
	return p->node[AC].links[link_on(p, port)].line;
}

static void
the_concentrator_sends_at_the_downstream_rate_of_the_tags(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	net.ports[AC][0].line = net.ports[AC][1].line = (struct host_line){.encap = HOST_ENCAP_AUTO};
	p = two_lines(&net, vdsl, adsl);
	check(p, line_at(p, 0).rate_bps == 50000000);
	check(p, line_at(p, 0).encap == HOST_PTM && line_at(p, 0).overhead_bytes == 8);
	check(p, line_at(p, 1).rate_bps == 16000000);
	check(p, line_at(p, 1).encap == HOST_ATM && line_at(p, 1).overhead_bytes == 22);
	check(p, line_at(p, 1).source == HOST_RATE_TAGGED);
	check(p, pair_said(p, AC, ", 50000 kbit/s (tags)") != NULL);
	check(p, pair_said(p, AC, ", 16000 kbit/s (tags)") != NULL);
	/* tags are put into frames to the concentrator only: nobody tells the client its rate */
	check(p, pair_said(p, CLIENT, ", unpaced") != NULL);
	check_sound(p);
	pair_free(p);
}

static void
the_configured_rate_wins_over_the_tags(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	net.ports[AC][0].line = (struct host_line){.rate_bps = 30000000, .encap = HOST_ENCAP_AUTO};
	net.ports[AC][1].line = (struct host_line){.rule = HOST_RATE_UNPACED};
	p = two_lines(&net, vdsl, adsl);
	check(p, line_at(p, 0).rate_bps == 30000000 && line_at(p, 0).encap == HOST_ETHERNET);
	check(p, line_at(p, 1).rate_bps == 0 && line_at(p, 1).source == HOST_RATE_NONE);
	check(p, pair_said(p, AC, ", 30000 kbit/s (configured)") != NULL);
	check_sound(p);
	pair_free(p);
}

static void
a_line_that_should_have_tags_and_has_none_is_noted(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	net.ports[AC][0].line = net.ports[AC][1].line =
		(struct host_line){.rule = HOST_RATE_TAGS, .encap = HOST_ENCAP_AUTO};
	p = two_lines(&net, vdsl, NULL);
	check(p, line_at(p, 0).rate_bps == 50000000);
	check(p, line_at(p, 1).rate_bps == 0 && line_at(p, 1).encap == HOST_ETHERNET);
	check(p, pair_said(p, AC, "the access node told no rate of the line") != NULL);
	check(p, p->node[AC].events[HOST_EV_LINK_UP] == 2);
	check_sound(p);
	pair_free(p);
}

/* The wire of port 0 becomes slow whenever more is sent than the line carries: a queue behind us. */
static void
run_on_a_line_of(struct pair *p, uint64_t real_bps, unsigned seconds)
{
	for (unsigned i = 0; i < seconds * 10; i++) {
		p->late_ms[0] = line_at(p, 0).rate_bps > real_bps ? 100 : 0;
		pair_run(p, 100);
	}
}

static void
a_line_that_carries_less_than_was_told_is_found_and_told(void **state)
{
	struct host_link_info info;
	struct pair_net net;
	struct pair *p;
	char name[16];

	(void)state;
	pair_net_init(&net, 2);
	net.ports[AC][0].line = net.ports[AC][1].line = (struct host_line){.rate_bps = 20000000, .measure = true};
	net.ports[AC][1].line.measure = false;
	p = two_lines(&net, NULL, NULL);
	run_on_a_line_of(p, 12000000, 120);
	check(p, line_at(p, 0).rate_bps > 11000000 && line_at(p, 0).rate_bps <= 12000000);
	check(p, line_at(p, 0).source == HOST_RATE_MEASURED);
	check(p, line_at(p, 1).rate_bps == 20000000 && line_at(p, 1).source == HOST_RATE_CONFIGURED);
	check(p, pair_said(p, AC, "kbit/s (measured), not 20000 (configured)") != NULL);
	snprintf(name, sizeof(name), "%u", link_on(p, 0));
	check(p, pair_link_info(p, AC, name, &info));
	check(p, info.told_bps == 20000000 && info.line.rate_bps == line_at(p, 0).rate_bps);
	/* its next session begins with what was told */
	pair_admin(p, CLIENT, "home/l0", false);
	pair_run(p, 3000);
	pair_admin(p, CLIENT, "home/l0", true);
	p->late_ms[0] = 0;
	pair_run(p, 2000);
	check(p, line_at(p, 0).rate_bps == 20000000);
	check_sound(p);
	pair_free(p);
}

static bool
is_suspended(const struct pair *p, uint16_t port)
{
	return p->node[AC].links[link_on(p, port)].tx_suspend;
}

static void
a_late_link_is_not_sent_on_until_it_is_good_again(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	net.concentrator.quality.limits = (struct link_quality_limits){.skew_max_ms = 60, .hold_ms = 10000};
	p = two_lines(&net, NULL, NULL);
	pair_run(p, 30000);
	check(p, !is_suspended(p, 0) && !is_suspended(p, 1));
	p->late_ms[1] = 100;
	pair_run(p, 30000);
	check(p, !is_suspended(p, 0) && is_suspended(p, 1));
	check(p, p->node[AC].events[HOST_EV_LINK_SUSPENDED] == 1);
	check(p, pair_said(p, AC, "longer than the fastest link's, 60 ms are allowed") != NULL);
	check(p, strstr(p->node[AC].facts[HOST_EV_LINK_SUSPENDED].reason, "60 ms are allowed") != NULL);
	check(p, strcmp(p->node[AC].facts[HOST_EV_LINK_SUSPENDED].user, "alice") == 0);
	check(p, pair_open_links(p, AC) == 2 && pair_open_links(p, CLIENT) == 2);
	p->late_ms[1] = 0;
	pair_run(p, 40000);
	check(p, !is_suspended(p, 1));
	check(p, p->node[AC].events[HOST_EV_LINK_RESUMED] == 1);
	check(p, pair_said(p, AC, "sent on again: it has been good") != NULL);
	check_sound(p);
	pair_free(p);
}

static void
the_last_link_is_sent_on_however_bad_it_is(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	net.concentrator.quality.limits = (struct link_quality_limits){.skew_max_ms = 60, .hold_ms = 10000};
	p = two_lines(&net, NULL, NULL);
	p->late_ms[1] = 100;
	pair_run(p, 60000);
	check(p, is_suspended(p, 1));
	pair_admin(p, CLIENT, "home/l0", false);
	pair_run(p, 3000);
	check(p, pair_open_links(p, AC) == 1 && !is_suspended(p, 1));
	check(p, pair_said(p, AC, "sent on again: no other link is left") != NULL);
	pair_run(p, 60000);
	check(p, !is_suspended(p, 1));
	check_sound(p);
	pair_free(p);
}

/* Every third frame is lost, on both wires: one link has to stay. */
static void
a_lossy_link_is_suspended_and_never_both(void **state)
{
	struct host_link_info info;
	struct pair_net net;
	struct pair *p;
	char name[16];

	(void)state;
	pair_net_init(&net, 2);
	net.concentrator.lcp.echo_interval_ms = net.client.lcp.echo_interval_ms = 0;
	net.concentrator.quality.limits = (struct link_quality_limits){.loss_max_permille = 200, .hold_ms = 10000};
	p = two_lines(&net, NULL, NULL);
	p->wire.loss = 330;
	pair_run(p, 120000);
	check(p, is_suspended(p, 0) != is_suspended(p, 1));
	check(p, pair_said(p, AC, "of 1000 echoes are lost, 200 are allowed") != NULL);
	snprintf(name, sizeof(name), "%u", link_on(p, 0));
	check(p, pair_link_info(p, AC, name, &info));
	check(p, info.probed && info.quality.lost * 3 > info.quality.probes);
	check_sound(p);
	pair_free(p);
}

/* ------------------------------------------------------------------ Link-Quality-Reports (RFC 1989) */

static struct pair *
reported_lines(struct pair_net *net)
{
	struct pair *p;

	net->concentrator.lcp.p_quality = net->client.lcp.p_quality = (struct host_policy){true, true};
	net->concentrator.lcp.quality_period_ms = 1000;
	net->client.lcp.quality_period_ms = 2000;
	p = two_lines(net, NULL, NULL);
	return p;
}

/* Data of the line on this port, in the data planes of both ends. */
static void
carry(struct pair *p, int from, uint16_t port, unsigned sent, unsigned got)
{
	for (int node = 0; node < 2; node++) {
		struct pair_node *n = &p->node[node];

		for (unsigned i = 1; i <= PAIR_LINKS; i++) {
			struct host_link_traffic *t = &n->bundles[n->links[i].bundle].traffic.links[n->links[i].slot];

			if (!n->links[i].joined || n->links[i].key.port != port)
				continue;
			t->tx_packets += node == from ? sent : 0;
			t->rx_packets += node == from ? 0 : got;
		}
	}
}

static void
reports_tell_the_loss_of_each_line_and_direction(void **state)
{
	struct host_link_info ac, client;
	struct pair_net net;
	struct pair *p;
	char name[16];

	(void)state;
	pair_net_init(&net, 2);
	p = reported_lines(&net);
	for (unsigned i = 0; i < 60; i++) {
		carry(p, CLIENT, 0, 1000, 900);
		carry(p, AC, 0, 1000, 1000);
		carry(p, AC, 1, 500, 495);
		pair_run(p, 1000);
	}
	snprintf(name, sizeof(name), "%u", link_on(p, 0));
	check(p, pair_link_info(p, AC, name, &ac) && pair_link_info(p, CLIENT, "home/l0", &client));
	check(p, ac.reports.sends && ac.reports.expects && client.reports.sends && client.reports.expects);
	check(p, ac.reports.expected_ms == 1000 && client.reports.period_ms == 1000);
	check(p, ac.reports.period_ms == 2000 && client.reports.expected_ms == 2000);
	assert_in_range(ac.reports.received, 58, 62);
	assert_in_range(client.reports.received, 28, 62);
	assert_in_range(client.reports.out_loss_permille, 97, 100);
	assert_in_range(ac.reports.in_loss_permille, 97, 100);
	check(p, ac.reports.out_loss_permille == 0 && client.reports.in_loss_permille == 0);
	check(p, pair_link_info(p, CLIENT, "home/l1", &client));
	assert_in_range(client.reports.in_loss_permille, 9, 10);
	check_sound(p);
	pair_free(p);
}

/* What the receiver of a line knows: a sample a second. */
static void
what_lines_bring_is_sampled_each_second(void **state)
{
	struct host_link_info info;
	unsigned samples = 0;
	struct pair_net net;
	struct pair *p;
	char name[16];

	(void)state;
	pair_net_init(&net, 2);
	net.concentrator.quality.probe = true;
	p = two_lines(&net, NULL, NULL);
	for (unsigned i = 0; i < 60; i++) {
		carry(p, CLIENT, 0, 1000, 1000);
		pair_run(p, 1000);
	}
	snprintf(name, sizeof(name), "%u", link_on(p, 0));
	check(p, pair_link_info(p, AC, name, &info));
	for (unsigned i = 0; i < LINK_LOSS_BUCKETS; i++)
		samples += info.spread.losses[i];
	assert_in_range(samples, 57, 61);
	check(p, info.spread.losses[0] == samples && info.spread.skews[0] == samples);
	check(p, info.spread.jitters[0] >= 57);
	snprintf(name, sizeof(name), "%u", link_on(p, 1)); /* nothing came on this one */
	check(p, pair_link_info(p, AC, name, &info) && info.spread.losses[0] == 0);
	pair_free(p);
}

/* Echoes are not lost, data is: only the reports know. */
static void
a_link_that_loses_data_is_suspended_by_the_peers_word(void **state)
{
	struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	net.concentrator.quality.limits = (struct link_quality_limits){.loss_max_permille = 50, .hold_ms = 10000};
	p = reported_lines(&net);
	for (unsigned i = 0; i < 60; i++) {
		carry(p, AC, 0, 1000, 900);
		carry(p, AC, 1, 1000, 1000);
		pair_run(p, 1000);
	}
	check(p, is_suspended(p, 0) && !is_suspended(p, 1));
	check(p, pair_said(p, AC, "of 1000 packets, as the peer reports, are lost, 50 are allowed") != NULL);
	for (unsigned i = 0; i < 60; i++) {
		carry(p, AC, 1, 1000, 1000);
		pair_run(p, 1000);
	}
	check(p, !is_suspended(p, 0));
	check_sound(p);
	pair_free(p);
}

/* An LCP packet of the peer's on the concentrator's session of this port. */
static void
lcp_from_client(struct pair *p, uint16_t port, const uint8_t *packet, size_t n)
{
	const struct host_session_key *key = &p->node[AC].links[link_on(p, port)].key;
	uint8_t frame[64] = {0};
	uint8_t *pppoe = frame + ETH_HDR_LEN;

	eth_store(frame, &key->local, &key->peer, key->vlans, ETHERTYPE_PPPOE_SESSION);
	pppoe_store(pppoe, PPPOE_CODE_SESSION, key->session, (uint16_t)(PPP_PROTO_LEN + n));
	store_be16(pppoe + PPPOE_HDR_LEN, PPP_LCP);
	memcpy(pppoe + PPPOE_HDR_LEN + PPP_PROTO_LEN, packet, n);
	pair_inject(p, AC, port, frame, sizeof(frame));
}

/* The peer forgets reports, or rejects them: its last word does not keep a link suspended. */
static void
the_peers_word_does_not_outlive_its_reports(void **state)
{
	struct pair_net net;
	struct pair *p;
	static const uint8_t protocol_reject[] = {8, 1, 0, 6, 0xc0, 0x25};

	(void)state;
	pair_net_init(&net, 2);
	net.concentrator.quality.limits = (struct link_quality_limits){.loss_max_permille = 50, .hold_ms = 10000};
	p = reported_lines(&net);
	for (unsigned i = 0; i < 30; i++) {
		carry(p, AC, 0, 1000, 500);
		carry(p, AC, 1, 1000, 1000);
		pair_run(p, 1000);
	}
	check(p, is_suspended(p, 0));
	lcp_from_client(p, 0, protocol_reject, sizeof(protocol_reject));
	for (unsigned i = 0; i < 60; i++) {
		carry(p, AC, 0, 1000, 500);
		pair_run(p, 1000);
	}
	check(p, !is_suspended(p, 0));
	check_sound(p);
	pair_free(p);
}

/* The link opens and stays without them. */
static void
reports_are_not_sent_where_they_are_not_allowed(void **state)
{
	struct host_link_info info;
	struct pair_net net;
	struct pair *p;
	char name[16];

	(void)state;
	pair_net_init(&net, 2);
	net.client.lcp.p_quality = (struct host_policy){true, true}; /* the concentrator does not allow it */
	p = two_lines(&net, NULL, NULL);
	snprintf(name, sizeof(name), "%u", link_on(p, 0));
	check(p, pair_link_info(p, AC, name, &info));
	check(p, !info.reports.sends && !info.reports.expects);
	pair_run(p, 100000);
	check(p, pair_open_links(p, AC) == 2);
	check_sound(p);
	pair_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_concentrator_sends_at_the_downstream_rate_of_the_tags),
		cmocka_unit_test(the_configured_rate_wins_over_the_tags),
		cmocka_unit_test(a_line_that_carries_less_than_was_told_is_found_and_told),
		cmocka_unit_test(a_late_link_is_not_sent_on_until_it_is_good_again),
		cmocka_unit_test(the_last_link_is_sent_on_however_bad_it_is),
		cmocka_unit_test(a_lossy_link_is_suspended_and_never_both),
		cmocka_unit_test(a_line_that_should_have_tags_and_has_none_is_noted),
		cmocka_unit_test(reports_tell_the_loss_of_each_line_and_direction),
		cmocka_unit_test(what_lines_bring_is_sampled_each_second),
		cmocka_unit_test(a_link_that_loses_data_is_suspended_by_the_peers_word),
		cmocka_unit_test(the_peers_word_does_not_outlive_its_reports),
		cmocka_unit_test(reports_are_not_sent_where_they_are_not_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
