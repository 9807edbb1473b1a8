/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/setup.h"

static const char yaml[] =
	"process: {name: t, workers: 3, hugepages: no, memory: 512 MiB, bundles_max: 100, sessions_max: 200}\n"
	"ports:\n"
	"  a: {kind: access, device: net_null0, steering: rings, line: {rate: 30 Mbit/s, latency: 5 ms, encapsulation: ptm, cost: 4}}\n"
	"  b: {kind: access, device: net_null1, mtu: 1508, rules_max: 77}\n"
	"  lan: {kind: ip, device: net_null2, addresses: [192.168.1.1/24]}\n"
	"pools: {p: [10.0.1.0/24, 10.0.2.5-10.0.2.9]}\n"
	"pools6:\n"
	"  homes: {prefixes: '2001:db8:8000::/36'}\n"
	"  links: {prefixes: '2001:db8:1::/48', length: 64}\n"
	"users:\n"
	"  u: {password: secret, address: 10.1.1.1, routes: [192.168.7.0/24], bundle: x, links_max: 3,\n"
	"    prefix6: '2001:db8:2::/64'}\n"
	"concentrators:\n"
	"  isp:\n"
	"    ports: [a]\n"
	"    vlans: ['100', '200.300']\n"
	"    authentication: [chap, mschapv2, pap]\n"
	"    own_authentication: [mschapv2, chap]\n"
	"    username: isp\n"
	"    password: isp-secret\n"
	"    address: 10.0.0.1\n"
	"    pool: p\n"
	"    dns: [9.9.9.9]\n"
	"    ip_mtu: fit-one-fragment\n"
	"    scrub: {reassemble: yes, min_ttl: 15, clear_df: yes, to_links: no}\n"
	"    multilink: {profile: juniper}\n"
	"    fsm_timeout: 5 s\n"
	"    authentication_timer: 2 s\n"
	"    lcp: {max_configure: 7}\n"
	"    network: {max_configure: 8, max_failure: 9}\n"
	"    pool6: links\n"
	"    delegated_pool: homes\n"
	"    dns6: ['2001:db8::53']\n"
	"    valid_lifetime: 3 h\n"
	"    service_names: [one, two]\n"
	"clients:\n"
	"  home:\n"
	"    username: me\n"
	"    password: pw\n"
	"    default_route: yes\n"
	"    routes: [10.9.0.0/16]\n"
	"    dns: [8.8.8.8]\n"
	"    lcp: {restart_timer: 4 s, mtu: 1480}\n"
	"    authentication_tries: 6\n"
	"    network: {restart_timer: 1 s, address: {allow: no}}\n"
	"    links:\n"
	"      l1: {ports: [b], mac: '02:00:00:00:00:77', vlan: '7'}\n"
	"      l2: {ports: [b], line: {rate: 8 Mbit/s}}\n"
	"  managed:\n"
	"    authentication: []\n"
	"    peer_authentication: chap\n"
	"    peer_username: isp\n"
	"    peer_password: isp-secret\n"
	"    peer_rechallenge: 1 min\n"
	"    default_route: no\n"
	"    dial: manual\n"
	"    idle_timeout: 5 min\n"
	"    routes: [10.6.0.0/16]\n"
	"    redial: {carrier_wait: 7 s}\n"
	"    bandwidth_management: {low_reading: every-slot, links: [y, z, x]}\n"
	"    links:\n"
	"      x: {ports: [b], vlan: 8, line: {rate: 8 Mbit/s, receive_rate: 50 Mbit/s}}\n"
	"      y: {ports: [b], vlan: 9, line: {rate: 8 Mbit/s}}\n"
	"      z: {ports: [b], vlan: 10, line: {rate: 8 Mbit/s}}\n"
	"routes:\n"
	"  - {to: 10.8.0.0/16, client: home}\n"
	"  - {to: 10.7.0.0/16, via: 192.168.1.9}\n";

static struct config *cfg;
static struct setup *s;

static int
setup(void **state)
{
	struct config_notes notes = {0};

	(void)state;
	if (config_load_string("test", yaml, sizeof(yaml) - 1, &cfg, &notes) != 0)
		config_notes_print(stderr, &notes);
	config_notes_free(&notes);
	if (cfg == NULL)
		return -1;
	s = setup_new(cfg);
	return s == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	setup_free(s);
	config_free(cfg);
	cfg = NULL;
	return 0;
}

static unsigned
port_named(const char *name)
{
	for (unsigned i = 0; i < s->dp.n_ports; i++)
		if (strcmp(s->dp.ports[i].name, name) == 0)
			return i;
	fail_msg("no port %s", name);
	return 0;
}

static void
the_process_is_carried_over(void **state)
{
	(void)state;
	assert_string_equal(s->dp.name, "t");
	assert_int_equal(s->dp.workers, 3);
	assert_false(s->dp.hugepages);
	assert_int_equal(s->dp.memory_mib, 512);
	assert_int_equal(s->host.bundles_max, 100);
	assert_int_equal(s->host.sessions_max, 200);
	/* Every bundle finds a home even when all of one worker's live on. */
	assert_true(s->dp.bundles_max * s->dp.workers >= 100);
}

static void
ports_have_the_same_index_on_both_sides(void **state)
{
	(void)state;
	assert_int_equal(s->dp.n_ports, 3);
	assert_int_equal(s->host.n_ports, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_string_equal(s->dp.ports[i].name, s->host.ports[i].name);
	const struct host_port *a = &s->host.ports[port_named("a")];

	assert_int_equal(a->line.rate_bps, 30000000);
	assert_int_equal(a->line.latency_us, 5000);
	assert_int_equal(a->line.encap, HOST_PTM);
	assert_int_equal(a->line.cost, 4);
	assert_int_equal(s->dp.ports[port_named("lan")].kind, DP_PORT_IP);
}

/* Setup of a process whose port has this line; the caller frees both. */
static struct setup *
setup_with_line(const char *line, struct config **out)
{
	struct config_notes notes = {0};
	char text[256];

	snprintf(text, sizeof(text),
		"ports:\n  a: {device: d0, kind: access%s}\n  lan: {device: d1, kind: ip, addresses: [10.0.0.1/24]}\n",
		line);
	assert_int_equal(config_load_string("t", text, strlen(text), out, &notes), 0);
	config_notes_free(&notes);
	return setup_new(*out);
}

static void
words_for_a_rate_say_what_serves_instead(void **state)
{
	static const struct {
		const char *line;
		uint64_t bps;
		enum host_rate_rule rule;
		enum host_encap encap;
	} rows[] = {
		{"", 0, HOST_RATE_AUTO, HOST_ENCAP_AUTO},
		{", line: {rate: auto, encapsulation: atm}", 0, HOST_RATE_AUTO, HOST_ATM},
		{", line: {rate: tags}", 0, HOST_RATE_TAGS, HOST_ENCAP_AUTO},
		{", line: {rate: unpaced, encapsulation: ethernet}", 0, HOST_RATE_UNPACED, HOST_ETHERNET},
		{", line: {rate: 1 kbit/s}", 1000, HOST_RATE_AUTO, HOST_ENCAP_AUTO},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config *of_row;
		struct setup *made = setup_with_line(rows[i].line, &of_row);

		assert_non_null(made);
		assert_int_equal(made->host.ports[0].line.rate_bps, rows[i].bps);
		assert_int_equal(made->host.ports[0].line.rule, rows[i].rule);
		assert_int_equal(made->host.ports[0].line.encap, rows[i].encap);
		setup_free(made);
		config_free(of_row);
	}
}

static void
devices_tell_their_mac_and_may_lower_the_mtu(void **state)
{
	const unsigned b = port_named("b");

	(void)state;
	assert_int_equal(s->host.ports[b].mtu, 1508);
	setup_ports(s, NULL); /* the fake says 1400 */
	assert_int_equal(s->host.ports[b].mtu, 1400);
	assert_int_equal(s->host.ports[b].mac.b[5], b + 1);
}

static void
macs_of_links_are_received_on_their_ports(void **state)
{
	const struct dp_port_setup *b = &s->dp.ports[port_named("b")];

	(void)state;
	assert_int_equal(b->n_macs, 1);
	assert_int_equal(b->macs[0].b[5], 0x77);
	assert_int_equal(s->dp.ports[port_named("a")].n_macs, 0);
}

static void
rules_are_asked_for_unless_rings_are_wanted(void **state)
{
	(void)state;
	assert_int_equal(s->dp.ports[port_named("a")].rules_max, 0);
	assert_int_equal(s->dp.ports[port_named("b")].rules_max, 77);
}

static void
the_concentrator_is_carried_over(void **state)
{
	const struct host_concentrator *h = &s->host.concentrators[0];

	(void)state;
	assert_int_equal(s->host.n_concentrators, 1);
	assert_int_equal(h->n_ports, 1);
	assert_int_equal(h->ports[0], port_named("a"));
	assert_int_equal(h->vlans.n, 2);
	assert_int_equal(h->vlans.stacks[0].outer, 100 | VLAN_TAGGED);
	assert_int_equal(h->vlans.stacks[1].inner & VLAN_ID_MASK, 300);
	assert_int_equal(h->auth[0], HOST_AUTH_CHAP_MD5);
	assert_int_equal(h->auth[1], HOST_AUTH_MSCHAP2);
	assert_int_equal(h->auth[2], HOST_AUTH_PAP);
	assert_int_equal(h->auth[3], HOST_AUTH_NONE);
	assert_true(h->lcp.p_auth.want && h->lcp.p_auth.allow);
	assert_int_equal(h->accept[0], HOST_AUTH_MSCHAP2);
	assert_int_equal(h->accept[1], HOST_AUTH_CHAP_MD5);
	assert_string_equal(h->username, "isp");
	assert_string_equal(h->password, "isp-secret");
	assert_int_equal(h->n_services, 2);
	assert_string_equal(h->services[1], "two");
	assert_int_equal(h->address, 0x0a000001);
	assert_int_equal(h->dns[0], 0x09090909);
	assert_int_equal(h->dns[1], 0);
	assert_int_equal(h->pool, 0);
	assert_int_equal(s->host.pools[0].n_ranges, 2);
	assert_int_equal(s->host.pools[0].ranges[1].first, 0x0a000205);
	assert_int_equal(s->host.pools[0].ranges[1].last, 0x0a000209);
	assert_true(h->multilink.enabled);
	assert_int_equal(h->multilink.mrru, 1590);
	assert_int_equal(h->ip_mtu, -2);
	assert_int_equal(h->lcp.mtu, 0);
	assert_int_equal(h->scrub.min_ttl, 15);
	assert_true(h->scrub.reassemble && h->scrub.clear_df && h->scrub.from_links && !h->scrub.to_links);
}

static void
check_timing(const struct host_timing *t, uint32_t restart_ms, unsigned configure, unsigned failure)
{
	assert_int_equal(t->restart_ms, restart_ms);
	assert_int_equal(t->max_configure, configure);
	assert_int_equal(t->max_failure, failure);
}

/* What a kind of machine does not say itself: the timer is fsm_timeout's, the tries are LCP's. */
static void
timers_are_inherited_by_those_who_have_none(void **state)
{
	const struct host_concentrator *ac = &s->host.concentrators[0];
	const struct host_client *c = &s->host.clients[0];

	(void)state;
	check_timing(&ac->lcp.timing, 5000, 7, 5);
	check_timing(&ac->auth_timing, 2000, 7, 0);
	check_timing(&ac->network.timing, 5000, 8, 9);
	check_timing(&c->lcp.timing, 4000, 10, 5);
	check_timing(&c->auth_timing, 3000, 6, 0);
	check_timing(&c->network.timing, 1000, 10, 5);
	assert_int_equal(c->network.timing.max_terminate, 2);
}

static void
users_are_carried_over(void **state)
{
	const struct host_user *u = &s->host.users[0];

	(void)state;
	assert_int_equal(s->host.n_users, 1);
	assert_string_equal(u->password, "secret");
	assert_string_equal(u->alias, "x");
	assert_int_equal(u->links_max, 3);
	assert_int_equal(u->n_routes, 1);
	assert_int_equal(ip_addr_4(&u->routes[0].prefix), 0xc0a80700);
	assert_int_equal(u->routes[0].len, IP4_MAPPED_LEN + 24);
}

static void
the_client_is_carried_over_with_the_routes_that_name_it(void **state)
{
	const struct host_client *h = &s->host.clients[0];

	(void)state;
	assert_int_equal(s->host.n_clients, 2);
	assert_true(h->default_route);
	assert_int_equal(h->n_routes, 2);
	assert_int_equal(ip_addr_4(&h->routes[0].prefix), 0x0a090000);
	assert_int_equal(ip_addr_4(&h->routes[1].prefix), 0x0a080000);
	assert_false(h->lcp.p_auth.want);
	assert_true(h->lcp.p_auth.allow);
	assert_int_equal(h->n_links, 2);
	assert_int_equal(h->links[0].mac.b[5], 0x77);
	assert_int_equal(h->dns[0], 0x08080808);
	assert_true(h->network.address.want && !h->network.address.allow);
	assert_int_equal(h->links[0].vlans.outer, 7 | VLAN_TAGGED);
	assert_false(h->links[0].line_set);
	assert_true(h->links[1].line_set);
	assert_int_equal(h->links[1].line.rate_bps, 8000000);
	assert_int_equal(h->ip_mtu, -1);
	assert_int_equal(h->lcp.mtu, 1480);
	assert_true(h->scrub.min_ttl == 0 && !h->scrub.reassemble && !h->scrub.clear_df && h->scrub.from_links &&
		h->scrub.to_links);
	assert_int_equal(h->mss.v4, -1);
}

static void
ways_to_dial_and_bandwidth_management_are_carried_over(void **state)
{
	const struct host_client *plain = &s->host.clients[0], *h = &s->host.clients[1];

	(void)state;
	assert_true(h->lcp.p_auth.want && !h->lcp.p_auth.allow);
	assert_int_equal(h->demand[0], HOST_AUTH_CHAP_MD5);
	assert_int_equal(h->demand[1], HOST_AUTH_NONE);
	assert_string_equal(h->peer_name, "isp");
	assert_string_equal(h->peer_password, "isp-secret");
	assert_int_equal(h->peer_rechallenge_ms, 60000);
	assert_int_equal(plain->dial, HOST_DIAL_ALWAYS);
	assert_int_equal(plain->idle_timeout_ms, 0);
	assert_false(plain->bandwidth.enabled || s->host.concentrators[0].bandwidth.enabled);
	assert_int_equal(h->dial, HOST_DIAL_MANUAL);
	assert_int_equal(h->idle_timeout_ms, 300000);
	assert_int_equal(h->links[0].redial.carrier_wait_ms, 7000);
	assert_true(h->bandwidth.enabled);
	assert_int_equal(h->bandwidth.period_ms, 60000);
	assert_int_equal(h->bandwidth.high_percent, 80);
	assert_int_equal(h->bandwidth.low_percent, 20);
	assert_int_equal(h->bandwidth.min_connect_ms, 30000);
	assert_int_equal(h->bandwidth.min_disconnect_ms, 90000);
	assert_int_equal(h->bandwidth.low, HOST_LOW_EVERY_SLOT);
	assert_int_equal(h->bandwidth_order[0], 1);
	assert_int_equal(h->bandwidth_order[1], 2);
	assert_int_equal(h->bandwidth_order[2], 0);
	assert_int_equal(plain->bandwidth_order[1], 1);
	assert_int_equal(h->links[0].line.receive_bps, 50000000);
	assert_int_equal(h->links[1].line.receive_bps, 0);
}

static void
write_number(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/%s/free_hugepages", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
hugepages_are_used_when_enough_of_one_size_are_free(void **state)
{
	char dir[] = "/tmp/test-setup-XXXXXX", path[256];
	static const char *const sizes[] = {"hugepages-2048kB", "hugepages-1048576kB"};

	(void)state;
	assert_false(setup_hugepages_free("/nonexistent", 1));
	assert_non_null(mkdtemp(dir));
	write_number(dir, sizes[0], "255\n");
	write_number(dir, sizes[1], "0\n");
	assert_false(setup_hugepages_free(dir, UINT64_C(512) << 20));
	write_number(dir, sizes[0], "256\n");
	assert_true(setup_hugepages_free(dir, UINT64_C(512) << 20));
	write_number(dir, sizes[0], "junk\n");
	assert_false(setup_hugepages_free(dir, UINT64_C(512) << 20));
	write_number(dir, sizes[1], "1\n");
	assert_true(setup_hugepages_free(dir, UINT64_C(512) << 20));
	for (unsigned i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s/free_hugepages", dir, sizes[i]);
		unlink(path);
		snprintf(path, sizeof(path), "%s/%s", dir, sizes[i]);
		rmdir(path);
	}
	rmdir(dir);
}

static void
prefixes_are_carried_over(void **state)
{
	const struct host_prefixes *p = &s->host.concentrators[0].prefixes;
	const struct host_user *u = &s->host.users[0];

	(void)state;
	assert_int_equal(s->host.n_pools6, 2);
	assert_string_equal(s->host.pools6[0].name, "homes");
	assert_int_equal(s->host.pools6[0].len, 56);
	assert_int_equal(s->host.pools6[0].n_prefixes, 1);
	assert_int_equal(s->host.pools6[0].prefixes[0].len, 36);
	assert_int_equal(s->host.pools6[1].len, 64);
	assert_int_equal(p->link_pool, 2); /* from 1 */
	assert_int_equal(p->delegated_pool, 1);
	assert_int_equal(p->n_dns, 1);
	assert_int_equal(p->dns[0].b[15], 0x53);
	assert_int_equal(p->preferred_s, 3600);
	assert_int_equal(p->valid_s, 3 * 3600);
	assert_int_equal(u->link6.len, 64);
	assert_memory_equal(u->link6.prefix.b, "\x20\x01\x0d\xb8\0\2", 6);
	assert_int_equal(u->delegated6.len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_process_is_carried_over),
		cmocka_unit_test(ports_have_the_same_index_on_both_sides),
		cmocka_unit_test(macs_of_links_are_received_on_their_ports),
		cmocka_unit_test(the_concentrator_is_carried_over),
		cmocka_unit_test(timers_are_inherited_by_those_who_have_none),
		cmocka_unit_test(users_are_carried_over),
		cmocka_unit_test(the_client_is_carried_over_with_the_routes_that_name_it),
		cmocka_unit_test(ways_to_dial_and_bandwidth_management_are_carried_over),
		cmocka_unit_test(words_for_a_rate_say_what_serves_instead),
		cmocka_unit_test(devices_tell_their_mac_and_may_lower_the_mtu),
		cmocka_unit_test(rules_are_asked_for_unless_rings_are_wanted),
		cmocka_unit_test(hugepages_are_used_when_enough_of_one_size_are_free),
		cmocka_unit_test(prefixes_are_carried_over),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
