/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "control/ppp/host_state.h"
#include "dataplane/wire/ppp.h"
#include "dataplane/wire/ra.h"
#include "dataplane/wire/udp6.h"

/* A client's side of IPv6 prefixes: it asks by DHCPv6 for one for the networks behind it, and hears of name servers by router advertisements
 * too. What it has goes with IPV6CP: the next peer may be another. Default route and routes are not learnt but configured. */

static const struct ip_addr all_dhcp_servers = {{0xff, 0x02, [13] = 1, [15] = 2}};

static struct ip_addr
our_address(const struct bundle *b)
{
	struct ip_addr a = {{0xfe, 0x80}};

	store_be64(a.b + 8, ipv6cp_our_id(&b->ipv6cp));
	return a;
}

/* ------------------------------------------------------------------ what is told */

static void
tell(struct host *h, const struct bundle *b)
{
	const struct dhcp6_lease *lease = &b->uplink6->dhcp6.lease;
	struct host_out_item *item = host_put(h, HOST_OUT_CLIENT_PREFIX);
	struct host_client_prefix *p = &item->client_prefix;

	item->bundle = b->id;
	*p = (struct host_client_prefix){
		.client = b->owner,
		.prefix = lease->prefix,
		.preferred_until_ms = lease->preferred_until_ms,
		.valid_until_ms = lease->valid_until_ms,
		.n_dns = lease->n_dns != 0 ? lease->n_dns : b->uplink6->heard_n_dns,
	};
	memcpy(p->dns, lease->n_dns != 0 ? lease->dns : b->uplink6->heard_dns, sizeof(p->dns));
}

static void
note(struct host *h, const struct bundle *b, const struct host_route *was)
{
	const struct host_route *is = &b->uplink6->dhcp6.lease.prefix;
	const struct host_route *which = is->len != 0 ? is : was;
	char text[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, which->prefix.b, text, sizeof(text));
	host_event(h, HOST_EV_NOTE, 0, b->id, "bundle %u '%.64s': %s %s/%u", b->id, b->name,
		is->len != 0 ? "got prefix" : "has no longer prefix", text, which->len);
}

/* Tells what has become of the lease since. */
static void
lease_changed(struct host *h, const struct bundle *b, const struct dhcp6_lease *was)
{
	const struct dhcp6_lease *is = &b->uplink6->dhcp6.lease;

	if (memcmp(was, is, sizeof(*is)) == 0)
		return;
	if (was->prefix.len != is->prefix.len || !ip_addr_equal(&was->prefix.prefix, &is->prefix.prefix))
		note(h, b, &was->prefix);
	tell(h, b);
}

/* ------------------------------------------------------------------ name servers of advertisements (RFC 8106 section 5.3) */

static void
forget_server(struct bundle *b, unsigned i)
{
	for (b->uplink6->heard_n_dns--; i < b->uplink6->heard_n_dns; i++) {
		b->uplink6->heard_dns[i] = b->uplink6->heard_dns[i + 1];
		b->uplink6->heard_until_ms[i] = b->uplink6->heard_until_ms[i + 1];
	}
}

static unsigned
place_of_server(const struct bundle *b, const struct ip_addr *server)
{
	unsigned i = 0;

	while (i < b->uplink6->heard_n_dns && !ip_addr_equal(&b->uplink6->heard_dns[i], server))
		i++;
	return i;
}

static unsigned
first_to_end(const struct bundle *b)
{
	unsigned first = 0;

	for (unsigned i = 1; i < b->uplink6->heard_n_dns; i++)
		if (b->uplink6->heard_until_ms[i] < b->uplink6->heard_until_ms[first])
			first = i;
	return first;
}

static uint64_t
servers_deadline_ms(const struct bundle *b)
{
	return b->uplink6->heard_n_dns != 0 ? b->uplink6->heard_until_ms[first_to_end(b)] : UINT64_MAX;
}

/* Lifetime 0: it is not to be used any more. Where there is no room, the one that would end first makes some. True: it is new, or gone. */
static bool
hear_server(struct bundle *b, const struct ip_addr *server, uint32_t lifetime_s, uint64_t now_ms)
{
	unsigned at = place_of_server(b, server);
	const bool known = at < b->uplink6->heard_n_dns;

	if (lifetime_s == 0) {
		if (known)
			forget_server(b, at);
		return known;
	}
	if (!known && b->uplink6->heard_n_dns == HOST_DNS6_MAX)
		forget_server(b, first_to_end(b));
	if (!known)
		at = b->uplink6->heard_n_dns++;
	b->uplink6->heard_dns[at] = *server;
	b->uplink6->heard_until_ms[at] = lifetime_s == UINT32_MAX ? UINT64_MAX : now_ms + (uint64_t)lifetime_s * 1000;
	return !known;
}

static void
servers_changed(struct host *h, const struct bundle *b)
{
	if (b->uplink6->dhcp6.lease.prefix.len != 0)
		tell(h, b);
}

static void
servers_tick(struct host *h, struct bundle *b)
{
	bool changed = false;

	for (; servers_deadline_ms(b) <= h->now_ms; changed = true)
		forget_server(b, first_to_end(b));
	if (changed)
		servers_changed(h, b);
}

/* ------------------------------------------------------------------ begin and end */

void
uplink6_configure(struct client *c, unsigned index, const struct mac *mac, host_random_fn *random, void *random_ctx)
{
	c->dhcp6 = (struct dhcp6_client_config){
		.duid = dhcp6_duid_of_mac(mac),
		.iaid = index + 1,
		.hint_len = c->cfg->prefix_hint,
		.random = random,
		.random_ctx = random_ctx,
	};
}

void
uplink6_up(struct host *h, struct bundle *b)
{
	struct client *c = &h->clients[b->owner];

	if (b->uplink6 == NULL)
		b->uplink6 = calloc(1, sizeof(*b->uplink6));
	if (b->uplink6 == NULL) {
		host_event(h, HOST_EV_NOTE, 0, b->id,
			"bundle %u '%.64s': no memory to ask for an IPv6 prefix and name servers", b->id, b->name);
		return;
	}
	if (c->cfg->request_prefix)
		dhcp6_client_start(&b->uplink6->dhcp6, &c->dhcp6, h->now_ms);
}

void
uplink6_down(struct host *h, struct bundle *b)
{
	struct dhcp6_lease was;

	if (b->uplink6 == NULL)
		return;
	was = b->uplink6->dhcp6.lease;
	b->uplink6->heard_n_dns = 0;
	b->uplink6->release_ms = 0;
	dhcp6_client_stop(&b->uplink6->dhcp6);
	lease_changed(h, b, &was);
}

/* ------------------------------------------------------------------ giving back */

static void
links_close_at(struct host *h, const struct bundle *b, uint64_t at_ms)
{
	for (struct link *l = bundle_first_link(h, b), *next; l != NULL; l = next) {
		next = bundle_next_link(h, l);
		if (l->doom != LINK_CLOSE)
			continue;
		l->doom_ms = at_ms;
		link_settle(h, l);
	}
}

static bool
all_links_close(const struct host *h, const struct bundle *b)
{
	for (const struct link *l = bundle_first_link(h, b); l != NULL; l = bundle_next_link(h, l))
		if (l->doom != LINK_CLOSE)
			return false;
	return true;
}

/* The bundle's timer does the rest: who closes many at once has no room for the effects of all. */
void
uplink6_closing(struct host *h, struct bundle *b)
{
	if (b->uplink6 == NULL || b->uplink6->dhcp6.lease.prefix.len == 0 || !ncp_is_open(b, NCP_V6) ||
		!all_links_close(h, b))
		return;
	b->uplink6->release_ms = h->now_ms;
	links_close_at(h, b, h->now_ms + HOST_RELEASE_MS);
	bundle_rearm(h, b);
}

static void
release(struct host *h, struct bundle *b)
{
	b->uplink6->release_ms = 0;
	dhcp6_client_release(&b->uplink6->dhcp6, h->now_ms);
}

/* ------------------------------------------------------------------ packets and time */

/* False: not a message for us. */
static bool
advert_input(struct host *h, struct bundle *b, const uint8_t *ip6, size_t n)
{
	struct ra_view v;
	bool changed = false;
	const enum nd_verdict verdict = ra_parse(ip6, n, &v);

	if (verdict == ND_NOT_ND)
		return false;
	if (verdict != ND_OK) {
		h->counters.ip6_bad++;
		return true;
	}
	h->counters.router_adverts_rx++;
	for (unsigned i = 0; i < v.n_dns; i++)
		changed |= hear_server(b, &v.dns[i], v.dns_each_s[i], h->now_ms);
	if (changed)
		servers_changed(h, b);
	return true;
}

static bool
dhcp6_input(struct host *h, struct bundle *b, const uint8_t *ip6, size_t n)
{
	const struct dhcp6_lease was = b->uplink6->dhcp6.lease;
	const struct ip_addr ours = our_address(b);
	struct udp6_view udp;
	const enum udp6_verdict verdict = udp6_parse(ip6, n, &udp);

	if (verdict == UDP6_NOT_UDP || (verdict == UDP6_OK && udp.dst_port != DHCP6_CLIENT_PORT))
		return false;
	if (verdict != UDP6_OK || memcmp(udp.dst, ours.b, sizeof(ours.b)) != 0) {
		h->counters.ip6_bad++;
		return true;
	}
	h->counters.dhcp6_rx++;
	const bool releasing = b->uplink6->dhcp6.state == DHCP6_RELEASING;

	if (!dhcp6_client_input(&b->uplink6->dhcp6, udp.data, udp.len, h->now_ms))
		h->counters.dhcp6_unanswered++;
	if (releasing && b->uplink6->dhcp6.state != DHCP6_RELEASING)
		links_close_at(h, b, h->now_ms);
	lease_changed(h, b, &was);
	return true;
}

bool
uplink6_packet(struct host *h, struct bundle *b, const uint8_t *ip6, size_t n)
{
	return b->uplink6 != NULL && (advert_input(h, b, ip6, n) || dhcp6_input(h, b, ip6, n));
}

void
uplink6_tick(struct host *h, struct bundle *b)
{
	struct dhcp6_lease was;
	uint8_t packet[UDP6_OVERHEAD + DHCP6_MESSAGE_MAX];
	const struct ip_addr src = our_address(b);
	struct dhcp6_writer w = {.len = 0};

	if (b->uplink6 == NULL)
		return;
	was = b->uplink6->dhcp6.lease;
	servers_tick(h, b);
	if (b->uplink6->release_ms != 0)
		release(h, b);
	if (dhcp6_client_tick(&b->uplink6->dhcp6, h->now_ms, &w, packet + UDP6_OVERHEAD, DHCP6_MESSAGE_MAX)) {
		h->counters.dhcp6_tx++;
		host_send_bundle(h, b, PPP_IPV6, packet,
			udp6_store(packet, src.b, all_dhcp_servers.b, DHCP6_CLIENT_PORT, DHCP6_SERVER_PORT,
				(uint16_t)w.len));
	}
	lease_changed(h, b, &was);
}

uint64_t
uplink6_deadline_ms(const struct bundle *b)
{
	uint64_t dhcp6_ms, servers_ms;

	if (b->uplink6 == NULL)
		return UINT64_MAX;
	dhcp6_ms = b->uplink6->release_ms != 0 ? b->uplink6->release_ms : dhcp6_client_deadline_ms(&b->uplink6->dhcp6);
	servers_ms = servers_deadline_ms(b);
	return dhcp6_ms < servers_ms ? dhcp6_ms : servers_ms;
}
