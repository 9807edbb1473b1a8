/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "control/ppp/host_state.h"
#include "dataplane/wire/ppp.h"
#include "dataplane/wire/ra.h"
#include "dataplane/wire/udp6.h"
#include "tests/unit/host/check.h"

/* What a concentrator gives its peers for IPv6: a prefix for the link by router advertisements, one for the networks behind them by DHCPv6;
 * their routes, the source check, and whose they are. The client's packets are made by hand: hosts behind other clients make them. */

static const struct host_route link0 = {{{0x20, 0x01, 0x0d, 0xb8, 0, 1}}, 64},
			       home0 = {{{0x20, 0x01, 0x0d, 0xb8, 0x80}}, 56};
static const struct host_route users_link = {{{0x20, 0x01, 0x0d, 0xb8, 0xaa}}, 64},
			       users_home = {{{0x20, 0x01, 0x0d, 0xb8, 0xbb}}, 60};
static const struct ip_addr all_nodes = {{0xff, 0x02, [15] = 1}}, all_servers = {{0xff, 0x02, [13] = 1, [15] = 2}},
			    all_routers = {{0xff, 0x02, [15] = 2}}, peer = {{0xfe, 0x80, [15] = 0x77}};

static void
set_prefixes(struct pair_net *net)
{
	pair_net_ip6(net);
	net->concentrator.prefixes.dns[0] = (struct ip_addr){{0x20, 0x01, 0x0d, 0xb8, [15] = 0x53}};
	net->concentrator.prefixes.n_dns = 1;
}

static struct host_bundle_info
bundle(const struct pair *p)
{
	struct host_bundle_info info;

	check(p, pair_first_bundle(p, AC, &info));
	return info;
}

static bool
has_route(const struct pair *p, struct host_route want)
{
	for (unsigned i = 0; i < PAIR_ROUTES; i++) {
		const struct pair_route *r = &p->node[AC].routes[i];

		if (r->used && ip_addr_equal(&r->route.prefix, &want.prefix) && r->route.len == want.len)
			return r->bundle != 0;
	}
	return false;
}

/* An IPv6 packet of the peer, with room for the protocol field in front. */
static void
give(struct pair *p, uint8_t *bytes, size_t len)
{
	store_be16(bytes, PPP_IPV6);
	pair_bundle_inject(p, AC, bundle(p).id, bytes, PPP_PROTO_LEN + len);
}

/* ------------------------------------------------------------------ the client's side of DHCPv6 */

static void
ask(struct pair *p, enum dhcp6_type type, uint8_t client, const struct ip_addr *dst)
{
	const struct dhcp6_duid duid = dhcp6_duid_of_mac(&(struct mac){{2, 0, 0, 0, 9, client}});
	const struct dhcp6_duid server = dhcp6_duid_of_mac(&p->node[AC].cfg->ports[0].mac);
	uint8_t bytes[PPP_PROTO_LEN + UDP6_OVERHEAD + 300], *packet = bytes + PPP_PROTO_LEN;
	struct dhcp6_writer w;

	dhcp6_begin(&w, packet + UDP6_OVERHEAD, 300, (uint8_t)type, 0x123456);
	dhcp6_put_duid(&w, DHCP6_OPT_CLIENT_ID, &duid);
	if (type != DHCP6_SOLICIT)
		dhcp6_put_duid(&w, DHCP6_OPT_SERVER_ID, &server);
	dhcp6_ia_end(&w, dhcp6_ia_begin(&w, DHCP6_OPT_IA_PD, 7, 0, 0));
	p->node[AC].n_ip6 = 0;
	give(p, bytes, udp6_store(packet, peer.b, dst->b, DHCP6_CLIENT_PORT, DHCP6_SERVER_PORT, (uint16_t)w.len));
}

/* The answer to the last ask(). */
static struct dhcp6_message
answered(struct pair *p, struct dhcp6_prefix *prefix)
{
	const struct pair_ip6 *sent = &p->node[AC].ip6[0];
	static struct dhcp6_message m;
	struct udp6_view udp;
	const uint8_t *at;

	check(p, p->node[AC].n_ip6 == 1);
	assert_int_equal(udp6_parse(sent->bytes, sent->len, &udp), UDP6_OK);
	assert_int_equal(udp.src_port, DHCP6_SERVER_PORT);
	assert_int_equal(udp.dst_port, DHCP6_CLIENT_PORT);
	assert_memory_equal(udp.dst, peer.b, 16);
	assert_true(load_be64(udp.src + 8) == bundle(p).our_interface_id);
	assert_int_equal(dhcp6_parse(udp.data, udp.len, &m), DHCP6_OK);
	*prefix = (struct dhcp6_prefix){.len = 0};
	if (m.n_ia != 0) {
		at = m.ia[0].options;
		dhcp6_prefix_next(&m.ia[0], &at, prefix);
	}
	return m;
}

static void
assert_prefix(const struct dhcp6_prefix *got, struct host_route want)
{
	assert_int_equal(got->len, want.len);
	assert_true(ip_addr_equal(&got->prefix, &want.prefix));
}

/* ------------------------------------------------------------------ the link */

static void
every_bundle_has_a_prefix_for_its_link(void **state)
{
	const struct pair_ip6 *sent;
	static struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	set_prefixes(&net);
	p = run(&net, 2000);
	check(p, has_route(p, link0));
	assert_int_equal(bundle(p).link6.len, 64);
	assert_false(bundle(p).delegated);
	/* the source check knows it */
	assert_int_equal(bundle(p).values.source6[0].len, 64);
	assert_true(ip_addr_equal(&bundle(p).values.source6[0].prefix, &link0.prefix));
	assert_int_equal(bundle(p).values.source6[1].len, 0);
	/* and so does the peer, as soon as IPv6 is open */
	check(p, p->node[AC].n_ip6 >= 1);
	sent = &p->node[AC].ip6[0];
	assert_memory_equal(sent->bytes + 24, all_nodes.b, 16);
	assert_memory_equal(sent->bytes + 8, "\xfe\x80\0\0\0\0\0\0", 8);
	assert_true(load_be64(sent->bytes + 16) == bundle(p).our_interface_id);
	assert_int_equal(sent->bytes[40], RA_ADVERT);
	assert_int_equal(sent->bytes[45], 0x40);                  /* no addresses, but something else by DHCPv6 */
	assert_int_equal(load_be16(sent->bytes + 46), 1800);      /* a default router */
	assert_memory_equal(sent->bytes + 56, "\5\1\0\0", 4);     /* MTU */
	assert_int_equal(load_be32(sent->bytes + 60), 1524);      /* both ends' MRRU */
	assert_memory_equal(sent->bytes + 64, "\3\4\x40\x40", 4); /* prefix: 64 bits, autonomous, not on-link */
	assert_int_equal(load_be32(sent->bytes + 68), 7200);
	assert_int_equal(load_be32(sent->bytes + 72), 3600);
	assert_memory_equal(sent->bytes + 80, link0.prefix.b, 16);
	assert_memory_equal(sent->bytes + 96, "\x19\3\0\0\0\0\x07\x08", 8); /* a name server */
	assert_memory_equal(sent->bytes + 104, net.concentrator.prefixes.dns[0].b, 16);
	assert_int_equal(sent->len, 120);
	pair_stop(p, CLIENT);
	pair_run(p, 5000);
	assert_false(has_route(p, link0));
	assert_int_equal(p->node[AC].host->pools6[0].slots.n_free, 1 << 16);
	finish(p);
}

static void
solicitations_are_answered_and_lies_counted(void **state)
{
	uint8_t rs[PPP_PROTO_LEN + 48] = {0};
	uint8_t *ip = rs + PPP_PROTO_LEN;
	struct host_counters n;
	static struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	set_prefixes(&net);
	p = run(&net, 60000);
	ip[40] = RA_SOLICIT;
	nd_close(ip, peer.b, all_routers.b, 8);
	p->node[AC].n_ip6 = 0;
	give(p, rs, 48);
	pair_run(p, 501);
	check(p, p->node[AC].n_ip6 == 1);
	assert_memory_equal(p->node[AC].ip6[0].bytes + 24, peer.b, 16);
	ip[42] ^= 1;
	give(p, rs, 48);
	give(p, rs, 30);
	host_counters(p->node[AC].host, &n);
	assert_int_equal(n.router_solicits_rx, 1);
	assert_int_equal(n.ip6_bad, 2);
	/* what is nobody's business */
	ip[40] = 137;
	nd_close(ip, peer.b, all_routers.b, 8);
	give(p, rs, 48);
	host_counters(p->node[AC].host, &n);
	assert_int_equal(n.ip6_ignored, 1);
	/* now and then one comes by itself */
	p->node[AC].n_ip6 = 0;
	pair_run(p, 600 * 1000);
	check(p, p->node[AC].n_ip6 >= 1 && p->node[AC].n_ip6 <= 4);
	finish(p);
}

/* Nothing to give: silence, as before. */
static void
without_anything_to_give_nothing_is_said(void **state)
{
	struct host_counters n;
	static struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	set_prefixes(&net);
	net.concentrator.prefixes = (struct host_prefixes){.link_pool = 0};
	p = run(&net, 5000);
	assert_int_equal(p->node[AC].n_ip6, 0);
	ask(p, DHCP6_SOLICIT, 1, &all_servers);
	assert_int_equal(p->node[AC].n_ip6, 0);
	host_counters(p->node[AC].host, &n);
	assert_int_equal(n.ip6_ignored, 1);
	finish(p);
}

/* ------------------------------------------------------------------ delegation */

static void
a_prefix_is_delegated_routed_renewed_and_given_back(void **state)
{
	struct dhcp6_prefix prefix;
	static struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	set_prefixes(&net);
	p = run(&net, 60000);
	ask(p, DHCP6_SOLICIT, 1, &all_servers);
	assert_int_equal(answered(p, &prefix).type, DHCP6_ADVERTISE);
	assert_prefix(&prefix, home0);
	assert_false(has_route(p, home0));
	ask(p, DHCP6_REQUEST, 1, &all_servers);
	assert_int_equal(answered(p, &prefix).type, DHCP6_REPLY);
	assert_prefix(&prefix, home0);
	check(p, has_route(p, home0) && has_route(p, link0));
	assert_true(bundle(p).delegated);
	assert_int_equal(bundle(p).delegated6.len, 56);
	assert_int_equal(bundle(p).values.source6[1].len, 56);
	assert_true(ip_addr_equal(&bundle(p).values.source6[1].prefix, &home0.prefix));
	check(p, pair_said(p, AC, "is delegated 2001:db8:8000::/56") != NULL);
	/* two hours after the last Renew it ends; the peer finds the same again */
	pair_run(p, 3600 * 1000);
	ask(p, DHCP6_RENEW, 1, &all_servers);
	assert_int_equal(answered(p, &prefix).type, DHCP6_REPLY);
	assert_true(bundle(p).delegated_until_ms == p->now_ms + 7200 * 1000);
	pair_run(p, 7200 * 1000 - 1);
	check(p, has_route(p, home0));
	pair_run(p, 2);
	check(p, !has_route(p, home0) && has_route(p, link0));
	check(p, pair_said(p, AC, "has not renewed 2001:db8:8000::/56") != NULL);
	ask(p, DHCP6_REQUEST, 1, &all_servers);
	answered(p, &prefix);
	assert_prefix(&prefix, home0);
	ask(p, DHCP6_RELEASE, 1, &all_servers);
	answered(p, &prefix);
	check(p, !has_route(p, home0));
	assert_int_equal(bundle(p).values.source6[1].len, 0);
	/* with the bundle it goes back to its pool */
	ask(p, DHCP6_REQUEST, 1, &all_servers);
	check(p, has_route(p, home0));
	assert_int_equal(p->node[AC].host->pools6[1].slots.n_free, 255);
	pair_stop(p, CLIENT);
	pair_run(p, 5000);
	assert_int_equal(pair_routes(p, AC), 1); /* our own IPv4 address */
	assert_int_equal(p->node[AC].host->pools6[1].slots.n_free, 256);
	finish(p);
}

/* IPV6CP that begins anew takes the routes away for a moment, not the lease. */
static void
a_lease_outlives_the_ncp(void **state)
{
	static struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	set_prefixes(&net);
	p = run(&net, 2000);
	ask(p, DHCP6_REQUEST, 1, &all_servers);
	check(p, has_route(p, home0));
	/* a Configure-Request of the peer: the layer goes down */
	const uint8_t request[] = {0x80, 0x57, 1, 99, 0, 14, 1, 10, 0, 0, 0, 0, 0, 0, 0, 9};

	pair_bundle_inject(p, AC, bundle(p).id, request, sizeof(request));
	check(p, !has_route(p, home0) && !has_route(p, link0));
	pair_run(p, 30000);
	check(p, bundle(p).ipv6cp_open && has_route(p, home0) && has_route(p, link0));
	assert_true(bundle(p).delegated);
	finish(p);
}

static void
messages_that_are_not_well_formed_are_counted(void **state)
{
	uint8_t bytes[PPP_PROTO_LEN + UDP6_OVERHEAD + 8] = {0}, *packet = bytes + PPP_PROTO_LEN;
	struct host_counters n;
	static struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	set_prefixes(&net);
	p = run(&net, 60000);
	/* an option that runs over the end, a wrong checksum, a source that is not of the link, another port */
	memcpy(packet + UDP6_OVERHEAD, "\1\0\0\1\0\1\0\11", 8);
	give(p, bytes, udp6_store(packet, peer.b, all_servers.b, 546, 547, 8));
	packet[46] ^= 1;
	give(p, bytes, UDP6_OVERHEAD + 8);
	give(p, bytes, udp6_store(packet, link0.prefix.b, all_servers.b, 546, 547, 8));
	host_counters(p->node[AC].host, &n);
	assert_int_equal(n.ip6_bad, 3);
	give(p, bytes, udp6_store(packet, peer.b, all_servers.b, 546, 53, 8));
	give(p, bytes, udp6_store(packet, peer.b, all_nodes.b, 546, 547, 8));
	host_counters(p->node[AC].host, &n);
	assert_int_equal(n.ip6_ignored, 2);
	/* a message that servers do not answer */
	memcpy(packet + UDP6_OVERHEAD, "\7\0\0\1\0\1\0\0", 8);
	give(p, bytes, udp6_store(packet, peer.b, all_servers.b, 546, 547, 4));
	host_counters(p->node[AC].host, &n);
	assert_int_equal(n.dhcp6_unanswered, 1);
	assert_int_equal(n.dhcp6_tx, 0);
	assert_false(has_route(p, home0));
	finish(p);
}

static void
unicast_is_told_to_use_multicast(void **state)
{
	struct dhcp6_prefix prefix;
	struct ip_addr ours = {{0xfe, 0x80}};
	static struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	set_prefixes(&net);
	p = run(&net, 60000);
	store_be64(ours.b + 8, bundle(p).our_interface_id);
	ask(p, DHCP6_REQUEST, 1, &ours);
	assert_int_equal(answered(p, &prefix).n_ia, 0);
	assert_false(has_route(p, home0));
	finish(p);
}

/* ------------------------------------------------------------------ whose they are */

static void
a_users_own_prefixes_come_first(void **state)
{
	struct dhcp6_prefix prefix;
	static struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	set_prefixes(&net);
	net.users[0].link6 = users_link;
	net.users[0].delegated6 = users_home;
	p = run(&net, 60000);
	check(p, has_route(p, users_link));
	ask(p, DHCP6_REQUEST, 1, &all_servers);
	answered(p, &prefix);
	assert_prefix(&prefix, users_home);
	check(p, has_route(p, users_home));
	assert_int_equal(p->node[AC].host->pools6[0].slots.n_free, 1 << 16);
	pair_stop(p, CLIENT);
	pair_run(p, 5000);
	assert_int_equal(pair_routes(p, AC), 1); /* our own IPv4 address */
	assert_int_equal(p->node[AC].host->users[0].prefix_bundle[PREFIX_LINK], 0);
	assert_int_equal(p->node[AC].host->users[0].prefix_bundle[PREFIX_DELEGATED], 0);
	finish(p);
}

/* A user's second bundle gets its own out of the pools, or hears that there is none. */
static void
one_bundle_of_a_user_has_his_prefixes(void **state)
{
	(void)state;
	for (unsigned pools = 0; pools < 2; pools++) {
		static struct host_client clients[2];
		static struct pair_net net;
		struct pair *p;

		pair_net_init(&net, 2);
		set_prefixes(&net);
		net.users[0].link6 = users_link;
		if (pools == 0)
			net.concentrator.prefixes.link_pool = 0;
		clients[0] = clients[1] = net.client;
		clients[0].n_links = clients[1].n_links = 1;
		clients[1].name = "home2";
		clients[1].links = net.links + 1;
		clients[1].multilink.endpoint_auto = false;
		clients[1].multilink.endpoint = (struct host_endpoint){HOST_EP_LOCAL, 1, {7}};
		clients[1].default_route = false;
		net.cfg[CLIENT].clients = clients;
		net.cfg[CLIENT].n_clients = 2;
		p = run(&net, 5000);
		assert_int_equal(pair_bundles(p, AC), 2);
		check(p, has_route(p, users_link));
		check(p, has_route(p, link0) == (pools != 0));
		check(p,
			(pair_said(p, AC, "no IPv6 prefix for the link: the user's is that of bundle") != NULL) ==
				(pools == 0));
		finish(p);
	}
}

static void
an_empty_pool_is_told_once(void **state)
{
	static const struct host_route one = {{{0x20, 0x01, 0x0d, 0xb8, 0, 1}}, 64};
	struct dhcp6_prefix prefix;
	static struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	set_prefixes(&net);
	net.pools6[1].prefixes = &one;
	net.pools6[1].len = 64;
	p = run(&net, 60000);
	struct host_route taken;

	assert_true(pool6_take(&p->node[AC].host->pools6[1], &taken));
	for (unsigned i = 0; i < 2; i++) {
		ask(p, DHCP6_SOLICIT, 1, &all_servers);
		assert_int_equal(answered(p, &prefix).n_ia, 1);
		assert_int_equal(prefix.len, 0);
		assert_int_equal(pair_said(p, AC, "for networks behind it: pool 'homes' has no free one") != NULL, 1);
	}
	assert_int_equal(p->node[AC].events[HOST_EV_NOTE], 1);
	pool6_give(&p->node[AC].host->pools6[1], &taken);
	ask(p, DHCP6_SOLICIT, 1, &all_servers);
	answered(p, &prefix);
	assert_int_equal(prefix.len, 64);
	finish(p);
}

/* ------------------------------------------------------------------ both ends */

static bool
client_has(const struct pair *p, struct host_route want)
{
	const struct host_client_prefix *got = &p->node[CLIENT].client_prefix;

	return got->prefix.len == want.len && ip_addr_equal(&got->prefix.prefix, &want.prefix);
}

/* Our client asks our concentrator, over a wire that loses a tenth. */
static void
a_client_gets_a_prefix_keeps_it_and_loses_it_with_the_bundle(void **state)
{
	static struct pair_net net;
	struct host_bundle_info info;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	set_prefixes(&net);
	net.client.request_prefix = true;
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	p->wire.loss = 100;
	pair_start(p);
	pair_run(p, 120000);
	check(p, has_route(p, home0) && client_has(p, home0));
	assert_int_equal(p->node[CLIENT].client_prefix.client, 0);
	assert_int_equal(p->node[CLIENT].client_prefix.n_dns, 1);
	assert_true(ip_addr_equal(&p->node[CLIENT].client_prefix.dns[0], &net.concentrator.prefixes.dns[0]));
	check(p, pair_first_bundle(p, CLIENT, &info) && info.delegated && info.delegated6.len == 56);
	check(p, pair_said(p, CLIENT, "got prefix 2001:db8:8000::/56") != NULL);
	/* a day later it has been renewed many times, and the operator was told once */
	p->wire.loss = 0;
	pair_run(p, 24 * 3600 * 1000);
	check(p, has_route(p, home0) && client_has(p, home0));
	assert_true(p->node[CLIENT].client_prefix.valid_until_ms > p->now_ms + 3600 * 1000);
	assert_in_range(p->node[CLIENT].client_prefixes, 40, 60);
	pair_stop(p, CLIENT);
	pair_run(p, 5000);
	assert_int_equal(p->node[CLIENT].client_prefix.prefix.len, 0);
	assert_int_equal(p->node[AC].host->pools6[1].slots.n_free, 256);
	check(p, pair_said(p, CLIENT, "has no longer prefix 2001:db8:8000::/56") != NULL);
	finish(p);
}

/* A client with a prefix, over a wire that loses nothing. */
static struct pair *
with_prefix(struct pair_net *net)
{
	struct pair *p;

	pair_net_init(net, 2);
	set_prefixes(net);
	net->client.request_prefix = true;
	p = pair_new(&net->cfg[AC], &net->cfg[CLIENT], 1);
	pair_start(p);
	pair_run(p, 20000);
	check(p, has_route(p, home0) && client_has(p, home0) && bundle(p).links == 2);
	return p;
}

/* Given back before the links close: the server says so while the bundle is there. */
static void
assert_given_back(struct pair *p, uint64_t since_ms)
{
	while (p->node[CLIENT].client_prefix.prefix.len != 0 || bundle(p).delegated) {
		assert_in_range(p->now_ms, since_ms, since_ms + HOST_RELEASE_MS);
		pair_run(p, 1);
	}
	assert_int_equal(bundle(p).links, 2);
	check(p, pair_said(p, AC, "gives back 2001:db8:8000::/56") != NULL);
	check(p, !has_route(p, home0));
}

static void
a_stopped_client_gives_its_prefix_back_first(void **state)
{
	static struct pair_net net;
	struct pair *p = with_prefix(&net);
	const uint64_t now_ms = p->now_ms;

	(void)state;
	pair_stop(p, CLIENT);
	assert_given_back(p, now_ms);
	pair_run(p, HOST_RELEASE_MS / 2);
	check(p, host_idle(p->node[CLIENT].host)); /* the answer ended the wait */
	assert_int_equal(p->node[AC].host->pools6[1].slots.n_free, 256);
	finish(p);
}

/* The operator closes one link: the bundle goes on. Then the other. */
static void
a_prefix_is_given_back_with_the_last_link_only(void **state)
{
	static struct pair_net net;
	struct pair *p = with_prefix(&net);

	(void)state;
	assert_int_equal(pair_admin(p, CLIENT, "home/l0", false), 0);
	pair_run(p, 5000);
	assert_int_equal(bundle(p).links, 1);
	check(p, has_route(p, home0) && client_has(p, home0) && bundle(p).delegated);
	assert_int_equal(pair_admin(p, CLIENT, "home/l1", false), 0);
	pair_run(p, 5000);
	check(p, pair_said(p, AC, "gives back 2001:db8:8000::/56") != NULL);
	assert_int_equal(p->node[CLIENT].client_prefix.prefix.len, 0);
	check(p, host_idle(p->node[CLIENT].host));
	finish(p);
}

/* A peer that is not there any more costs no more than the wait. */
static void
a_release_without_an_answer_delays_little(void **state)
{
	static struct pair_net net;
	struct pair *p = with_prefix(&net);
	struct host_counters before, after;
	uint64_t now_ms;

	(void)state;
	host_counters(p->node[CLIENT].host, &before);
	p->wire.loss = 1000;
	now_ms = p->now_ms;
	pair_stop(p, CLIENT);
	while (!host_idle(p->node[CLIENT].host)) {
		assert_in_range(p->now_ms, now_ms, now_ms + HOST_RELEASE_MS + HOST_STOP_MS + 10);
		pair_run(p, 1);
	}
	host_counters(p->node[CLIENT].host, &after);
	assert_int_equal(after.dhcp6_tx - before.dhcp6_tx, 1);
	assert_int_equal(p->node[CLIENT].client_prefix.prefix.len, 0);
	assert_true(p->now_ms > now_ms + HOST_RELEASE_MS);
	finish(p);
}

/* Name servers may come by router advertisements alone. */
static void
a_client_hears_of_name_servers(void **state)
{
	static struct pair_net net;
	struct host_counters n;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	set_prefixes(&net);
	net.concentrator.prefixes.delegated_pool = 0;
	net.client.request_prefix = true;
	p = run(&net, 60000);
	host_counters(p->node[CLIENT].host, &n);
	assert_true(n.router_adverts_rx >= 2);
	assert_int_equal(n.ip6_ignored, 0);
	assert_int_equal(p->node[CLIENT].host->bundles[0].uplink6->heard_n_dns, 1);
	assert_int_equal(p->node[CLIENT].client_prefixes, 0);
	finish(p);
}

/* The peer of our client advertises name servers ::first and, if there is one, ::second. */
static void
advertise(struct pair *p, uint8_t first, uint8_t second, uint32_t lifetime_s)
{
	const struct ra_view v = {.dns = {{{0x20, 1, [15] = first}}, {{0x20, 1, [15] = second}}},
		.n_dns = second != 0 ? 2 : 1,
		.dns_s = lifetime_s};
	uint8_t bytes[PPP_PROTO_LEN + RA_PACKET_MAX];
	struct host_bundle_info info;

	check(p, pair_first_bundle(p, CLIENT, &info));
	store_be16(bytes, PPP_IPV6);
	pair_bundle_inject(
		p, CLIENT, info.id, bytes, PPP_PROTO_LEN + ra_store(bytes + PPP_PROTO_LEN, peer.b, all_nodes.b, &v));
}

/* Told on: the servers' last bytes, in order. */
static void
assert_servers(const struct pair *p, const char *want)
{
	const struct host_client_prefix *got = &p->node[CLIENT].client_prefix;

	assert_int_equal(got->n_dns, strlen(want));
	for (unsigned i = 0; i < got->n_dns; i++)
		assert_int_equal(got->dns[i].b[15], want[i]);
}

/* RFC 8106 sections 5.1 and 5.3: each has its own lifetime, which begins anew with each advertisement that names it. */
static void
name_servers_of_advertisements_time_out(void **state)
{
	static struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	set_prefixes(&net);
	net.concentrator.prefixes.n_dns = 0;
	net.client.request_prefix = true;
	p = run(&net, 20000);
	check(p, client_has(p, home0));
	assert_servers(p, "");
	advertise(p, 'a', 'b', 30);
	assert_servers(p, "ab");
	pair_run(p, 20000);
	advertise(p, 'b', 0, 30); /* the other is not named: it stays as long as was said */
	assert_servers(p, "ab");
	pair_run(p, 9000);
	assert_servers(p, "ab");
	pair_run(p, 2000);
	assert_servers(p, "b");
	pair_run(p, 20000);
	assert_servers(p, "");
	advertise(p, 'c', 0, UINT32_MAX);
	advertise(p, 'd', 'e', 100);
	pair_run(p, 1000);
	advertise(p, 'd', 0, 100);
	advertise(p, 'f', 0, 100); /* no room: the one that ends first goes */
	assert_servers(p, "cdf");
	pair_run(p, 24 * 3600 * 1000);
	assert_servers(p, "c");
	advertise(p, 'c', 0, 0);
	assert_servers(p, "");
	assert_int_equal(p->node[CLIENT].host->bundles[0].uplink6->heard_n_dns, 0);
	finish(p);
}

/* Who asks for none sends nothing. */
static void
a_client_that_wants_no_prefix_asks_for_none(void **state)
{
	static struct pair_net net;
	struct pair *p;

	(void)state;
	pair_net_init(&net, 2);
	set_prefixes(&net);
	p = run(&net, 60000);
	assert_int_equal(p->node[CLIENT].n_ip6, 0);
	assert_int_equal(p->node[CLIENT].client_prefixes, 0);
	finish(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_bundle_has_a_prefix_for_its_link),
		cmocka_unit_test(solicitations_are_answered_and_lies_counted),
		cmocka_unit_test(without_anything_to_give_nothing_is_said),
		cmocka_unit_test(a_prefix_is_delegated_routed_renewed_and_given_back),
		cmocka_unit_test(a_lease_outlives_the_ncp),
		cmocka_unit_test(messages_that_are_not_well_formed_are_counted),
		cmocka_unit_test(unicast_is_told_to_use_multicast),
		cmocka_unit_test(a_users_own_prefixes_come_first),
		cmocka_unit_test(one_bundle_of_a_user_has_his_prefixes),
		cmocka_unit_test(an_empty_pool_is_told_once),
		cmocka_unit_test(a_client_gets_a_prefix_keeps_it_and_loses_it_with_the_bundle),
		cmocka_unit_test(a_stopped_client_gives_its_prefix_back_first),
		cmocka_unit_test(a_prefix_is_given_back_with_the_last_link_only),
		cmocka_unit_test(a_release_without_an_answer_delays_little),
		cmocka_unit_test(a_client_hears_of_name_servers),
		cmocka_unit_test(name_servers_of_advertisements_time_out),
		cmocka_unit_test(a_client_that_wants_no_prefix_asks_for_none),
	};

	return cmocka_run_group_tests_name("prefixes", tests, NULL, NULL);
}
