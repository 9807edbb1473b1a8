/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ip_ports_state.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "control/apply.h"
#include "control/demand.h"
#include "control/entropy.h"
#include "control/log.h"
#include "control/routes.h"
#include "dataplane/wire/arp.h"
#include "dataplane/wire/icmp.h"

enum { ICMP_HOST_UNREACHABLE = 1, ICMP_PORT_UNREACHABLE = 3, ERRORS_PER_S = 100, CONFLICTS_PER_S = 1 };

static uint32_t
chance(void)
{
	uint32_t v;

	entropy_fill(NULL, &v, sizeof(v));
	return v;
}

static const struct mac broadcast = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

static bool
claims_new(struct ip_ports *ip, const struct config *cfg, uint64_t now_ms)
{
	for (size_t i = 0; i < cfg->n_ports; i++) {
		const struct config_port *p = &cfg->ports[i];

		ip->claims[i] = calloc(p->addresses.n + 1, sizeof(struct address_claim));
		if (ip->claims[i] == NULL)
			return false;
		for (size_t k = 0; k < p->addresses.n; k++)
			if (p->addresses.items[k].family == 4)
				address_claim_begin(&ip->claims[i][k], p->probe_addresses, chance(), now_ms);
	}
	return true;
}

struct ip_ports *
ip_ports_new(struct control *c, uint64_t now_ms)
{
	struct ip_ports *ip = calloc(1, sizeof(*ip));

	if (ip == NULL)
		return NULL;
	ip->neighbours = neighbours_new();
	ip->client_prefixes = calloc(c->cfg->n_clients + 1, sizeof(*ip->client_prefixes));
	if (ip->neighbours == NULL || ip->client_prefixes == NULL || !claims_new(ip, c->cfg, now_ms)) {
		ip_ports_free(ip);
		return NULL;
	}
	limiter_init(&ip->errors, ERRORS_PER_S, ERRORS_PER_S, now_ms);
	limiter_init(&ip->conflicts, CONFLICTS_PER_S, 1, now_ms);
	for (unsigned i = 0; i < c->setup->host.n_ports; i++)
		ip->macs[i] = c->setup->ports[i].mac;
	return ip;
}

void
ip_ports_free(struct ip_ports *ip)
{
	if (ip == NULL)
		return;
	if (ip->neighbours != NULL)
		neighbours_free(ip->neighbours);
	free(ip->client_prefixes);
	for (unsigned i = 0; i < DP_PORTS_MAX; i++)
		free(ip->claims[i]);
	free(ip);
}

const struct ip_counters *
ip_ports_counters(const struct control *c)
{
	return &c->ip->counters;
}

const struct neighbours *
ip_ports_neighbours(const struct control *c)
{
	return c->ip->neighbours;
}

/* ------------------------------------------------------------------ our addresses */

const struct config_port *
ip_port(const struct control *c, uint16_t port)
{
	return port < c->cfg->n_ports && c->cfg->ports[port].kind == CONFIG_IP ? &c->cfg->ports[port] : NULL;
}

static uint32_t
mask4(unsigned len)
{
	return len == 0 ? 0 : ~0u << (32 - len);
}

static struct address_claim *
claim_of(const struct control *c, const struct config_port *p, size_t i)
{
	return &c->ip->claims[p - c->cfg->ports][i];
}

/* An IPv4 address of the port that nobody else was found to have. */
static bool
is_held(const struct control *c, const struct config_port *p, size_t i)
{
	return claim_of(c, p, i)->state == CLAIM_HELD;
}

/* Our address on the port in whose network `address` lies; NULL: none. */
static const struct config_ip *
connected(const struct control *c, const struct config_port *p, uint32_t address)
{
	for (size_t i = 0; i < p->addresses.n; i++) {
		const struct config_ip *a = &p->addresses.items[i];

		if (is_held(c, p, i) && ((load_be32(a->bytes) ^ address) & mask4(a->len)) == 0)
			return a;
	}
	return NULL;
}

static bool
is_broadcast(const struct config_ip *a, uint32_t address)
{
	return a->len < 31 && (address | mask4(a->len)) == ~0u;
}

/* Any IPv4 address of the port; 0: none. */
static uint32_t
first_address(const struct control *c, const struct config_port *p)
{
	for (size_t i = 0; i < p->addresses.n; i++)
		if (is_held(c, p, i))
			return load_be32(p->addresses.items[i].bytes);
	return 0;
}

static bool
has_address4(const struct control *c, const struct config_port *p, uint32_t address)
{
	const struct config_ip *a = connected(c, p, address);

	return a != NULL && load_be32(a->bytes) == address;
}

bool
ip_is_ours(const struct control *c, const struct ip_addr *address)
{
	const struct rib_route *r = rib_find(c->rib, address);

	return r != NULL && r->next.kind == DP_NEXT_LOCAL && r->rank == RIB_LOCAL;
}

static bool
is_ours(const struct control *c, uint32_t address)
{
	const struct ip_addr a = ip_addr_of4(address);

	return ip_is_ours(c, &a);
}

static uint32_t
any_address(const struct control *c)
{
	for (size_t i = 0; i < c->cfg->n_ports; i++) {
		const uint32_t a = first_address(c, &c->cfg->ports[i]);

		if (a != 0)
			return a;
	}
	return 0;
}

/* ------------------------------------------------------------------ sending */

static void
inject(struct control *c, const struct dp_target *to, const void *bytes, size_t len)
{
	if (!dp_inject(c->dp, to, bytes, len))
		c->counters.inject_refused++;
}

void
ip_route_packet(struct control *c, const uint8_t *packet, size_t len)
{
	inject(c, &(struct dp_target){.kind = DP_TO_ROUTE}, packet, len);
}

void
ip_send_frame(
	struct control *c, uint16_t port, const struct mac *dst, uint16_t type, const uint8_t *payload, size_t len)
{
	uint8_t frame[DP_CONTROL_FRAME_MAX] = {0};
	const size_t hdr = eth_store(frame, dst, &c->ip->macs[port], (struct vlan_stack){0, 0}, type);

	memcpy(frame + hdr, payload, len);
	len += hdr;
	inject(c, &(struct dp_target){.kind = DP_TO_PORT, .port = port}, frame,
		len < ETH_FRAME_MIN ? ETH_FRAME_MIN : len);
}

static void
send_arp(struct control *c, uint16_t port, const struct mac *dst, const struct arp_view *a)
{
	uint8_t bytes[ARP_LEN];

	arp_store(bytes, a);
	ip_send_frame(c, port, dst, ETHERTYPE_ARP_FRAME, bytes, sizeof(bytes));
}

/* ------------------------------------------------------------------ ICMP errors */

/* Whose voice an error has: our side of the bundle that the packet came from, or the port's address. */
static uint32_t
bundle_address(const struct control *c, struct dp_bundle_ref ref)
{
	struct host_bundle_info info;

	return host_bundle_get(c->host, apply_bundle_id(c, ref), &info) ? info.our_address : 0;
}

static void
send_error(struct control *c, uint32_t src, uint8_t type, uint8_t code, uint16_t rest, const uint8_t *ip, size_t n,
	uint64_t now_ms)
{
	uint8_t out[ICMP4_ERROR_MAX];
	struct ip4_view v;

	if (ip4_parse(ip, n, n, &v) != IP_OK || !icmp4_may_report(ip, n, &v) || is_ours(c, v.src))
		return;
	if (src == 0 && (src = any_address(c)) == 0)
		return;
	if (!limiter_take(&c->ip->errors, now_ms)) {
		c->ip->counters.errors_limited++;
		return;
	}
	c->ip->counters.errors++;
	ip_route_packet(c, out, icmp4_error(out, src, type, code, rest, ip, n, &v));
}

static void
report_punted(struct control *c, const struct dp_punted *p, uint8_t type, uint8_t code, uint16_t rest, uint64_t now_ms)
{
	const struct config_port *port = p->from_bundle ? NULL : ip_port(c, p->port);
	const uint32_t src = p->from_bundle ? bundle_address(c, p->bundle) : port != NULL ? first_address(c, port) : 0;

	send_error(c, src, type, code, rest, p->bytes, p->len, now_ms);
}

/* ------------------------------------------------------------------ neighbours */

static void
ask4(struct control *c, const struct neighbour_action *a)
{
	const struct config_port *p = ip_port(c, a->port);
	const uint32_t target = ip_addr_4(&a->address);
	const struct config_ip *ours = p != NULL ? connected(c, p, target) : NULL;
	struct arp_view q = {.op = ARP_REQUEST, .sender_mac = c->ip->macs[a->port], .target = target};

	if (p == NULL)
		return;
	q.sender = ours != NULL ? load_be32(ours->bytes) : first_address(c, p);
	if (q.sender == 0 && p->probe_addresses)
		return; /* it would be a probe of ours for somebody's address */
	c->ip->counters.arp_requests++;
	send_arp(c, a->port, mac_is_zero(&a->mac) ? &broadcast : &a->mac, &q);
}

static void
tell_neighbour(struct control *c, const struct neighbour_action *a, const struct mac *mac)
{
	const int ret = ip_addr_is4(&a->address) ? dp_neighbour_set(c->dp, a->port, htonl(ip_addr_4(&a->address)), mac)
						 : dp_neighbour6_set(c->dp, a->port, &a->address, mac);

	if (ret < 0 && mac != NULL)
		log_error("neighbour on port %s not set: %s", c->cfg->ports[a->port].name, strerror(-ret));
}

static void
unreachable4(struct control *c, const struct neighbour_action *a, uint64_t now_ms)
{
	const struct config_port *p = ip_port(c, a->port);

	send_error(c, p != NULL ? first_address(c, p) : 0, ICMP4_UNREACHABLE, ICMP_HOST_UNREACHABLE, 0, a->packet,
		a->len, now_ms);
}

static void
do_action(struct control *c, const struct neighbour_action *a, uint64_t now_ms)
{
	const bool v4 = ip_addr_is4(&a->address);

	switch (a->what) {
	case NEIGHBOUR_ASK:
		if (v4)
			ask4(c, a);
		else
			ip6_ask(c, a);
		return;
	case NEIGHBOUR_LEARNT:
		tell_neighbour(c, a, &a->mac);
		return;
	case NEIGHBOUR_FORGET:
		tell_neighbour(c, a, NULL);
		return;
	case NEIGHBOUR_SEND:
		ip_route_packet(c, a->packet, a->len);
		return;
	case NEIGHBOUR_UNREACHABLE:
		c->ip->counters.unreachable++;
		if (v4)
			unreachable4(c, a, now_ms);
		else
			ip6_unreachable(c, a, now_ms);
		return;
	}
}

void
ip_do_actions(struct control *c, const struct neighbours_out *out, uint64_t now_ms)
{
	for (unsigned i = 0; i < out->n; i++)
		do_action(c, &out->items[i], now_ms);
}

void
ip_heard(struct control *c, uint16_t port, const struct ip_addr *address, const struct mac *mac, bool replace,
	bool create, uint64_t now_ms)
{
	struct neighbours_out out = {0};

	neighbours_heard(c->ip->neighbours, port, address, mac, replace, create, now_ms, &out);
	ip_do_actions(c, &out, now_ms);
}

/* The address to resolve; false: it is ours, and the packet should not have come this far. */
static bool
glean_address(const struct control *c, const struct dp_punted *p, const struct config_port *port, struct ip_addr *a)
{
	if (ip_version(p->bytes, p->len) == 6) {
		*a = p->next_hop6;
		return !ip6_port_has(c, p->port, a);
	}
	*a = ip_addr_of4(ntohl(p->next_hop_be));
	return !has_address4(c, port, ip_addr_4(a));
}

static void
glean(struct control *c, const struct dp_punted *p, uint64_t now_ms)
{
	const struct config_port *port = ip_port(c, p->port);
	struct neighbours_out out = {0};
	struct ip_addr address;

	if (port == NULL || !glean_address(c, p, port, &address)) {
		c->ip->counters.bad++;
		return;
	}
	if (!neighbours_want(c->ip->neighbours, p->port, &address, p->bytes, p->len, now_ms, &out))
		c->ip->counters.held_refused++;
	ip_do_actions(c, &out, now_ms);
}

/* ------------------------------------------------------------------ ARP */

static void
announce4(struct control *c, uint16_t index, uint32_t address)
{
	send_arp(c, index, &broadcast,
		&(struct arp_view){
			.op = ARP_REQUEST, .sender_mac = c->ip->macs[index], .sender = address, .target = address});
}

static void
probe4(struct control *c, uint16_t index, uint32_t address)
{
	send_arp(c, index, &broadcast,
		&(struct arp_view){.op = ARP_REQUEST, .sender_mac = c->ip->macs[index], .target = address});
}

/* Somebody else's address that is reached over another port or a bundle of ours. */
static bool
proxied(const struct control *c, const struct config_port *port, uint16_t index, uint32_t target)
{
	const struct ip_addr a = ip_addr_of4(target);
	const struct rib_route *r = rib_find(c->rib, &a);

	if (!port->proxy_arp || r == NULL)
		return false;
	switch (r->next.kind) {
	case DP_NEXT_NONE:
		return false;
	case DP_NEXT_LOCAL:
		return r->rank == RIB_DEMAND;
	case DP_NEXT_BUNDLE:
		return true;
	case DP_NEXT_CONNECTED:
	case DP_NEXT_GATEWAY:
		return r->next.port != index;
	}
	return false;
}

static void
arp_answer(struct control *c, uint16_t index, const struct config_port *port, const struct arp_view *q)
{
	const bool ours = has_address4(c, port, q->target);

	if (!ours && (q->sender == q->target || !proxied(c, port, index, q->target)))
		return;
	if (ours)
		c->ip->counters.arp_replies++;
	else
		c->ip->counters.proxy_replies++;
	send_arp(c, index, &q->sender_mac,
		&(struct arp_view){
			.op = ARP_REPLY,
			.sender_mac = c->ip->macs[index],
			.sender = q->target,
			.target_mac = q->sender_mac,
			.target = q->sender,
		});
}

/* A host behind the port in no network of ours: a route leads to it by itself (address_of). */
static bool
is_own_gateway(const struct control *c, uint16_t index, uint32_t address)
{
	const struct ip_addr a = ip_addr_of4(address);
	const struct rib_route *r = rib_find(c->rib, &a);

	return r != NULL && r->next.kind == DP_NEXT_GATEWAY && r->next.port == index &&
		r->next.gateway_be == htonl(address);
}

/* RFC 826: who is known is updated by whatever he says; who asks for us is taken up. */
static void
arp_learn(struct control *c, uint16_t index, const struct config_port *port, const struct arp_view *v, uint64_t now_ms)
{
	const struct config_ip *net = connected(c, port, v->sender);
	const struct ip_addr sender = ip_addr_of4(v->sender);

	if (arp_is_probe(v) || (net == NULL && !is_own_gateway(c, index, v->sender)))
		return;
	if (net != NULL && is_broadcast(net, v->sender))
		return;
	if (net != NULL && load_be32(net->bytes) == v->sender)
		return;
	ip_heard(c, index, &sender, &v->sender_mac, true, has_address4(c, port, v->target), now_ms);
}

/* Does it speak as the owner of our address, or, while we do not hold it yet, look whether it may be that? */
static bool
is_rival(const struct address_claim *claim, const struct arp_view *v, uint32_t address)
{
	return v->sender == address || (claim->state != CLAIM_HELD && arp_is_probe(v) && v->target == address);
}

static void
tell_conflict(struct control *c, const struct config_port *p, uint32_t address, const struct mac *m, bool held,
	uint64_t now_ms)
{
	const uint32_t be = htonl(address);
	char text[INET_ADDRSTRLEN];

	if (held && !limiter_take(&c->ip->conflicts, now_ms))
		return;
	inet_ntop(AF_INET, &be, text, sizeof(text));
	log_warning("port %s: %02x:%02x:%02x:%02x:%02x:%02x has our address %s, too%s", p->name, m->b[0], m->b[1],
		m->b[2], m->b[3], m->b[4], m->b[5], text, held ? "" : ": it is not used; looked at again in a minute");
}

/* RFC 5227. */
static void
arp_compare(struct control *c, uint16_t index, const struct config_port *p, const struct arp_view *v, uint64_t now_ms)
{
	if (mac_equal(&v->sender_mac, &c->ip->macs[index]))
		return;
	for (size_t i = 0; i < p->addresses.n; i++) {
		struct address_claim *claim = claim_of(c, p, i);
		const uint32_t address = load_be32(p->addresses.items[i].bytes);
		const bool held = claim->state == CLAIM_HELD;

		if (claim->state == CLAIM_NONE || claim->state == CLAIM_TAKEN || !is_rival(claim, v, address))
			continue;
		tell_conflict(c, p, address, &v->sender_mac, held, now_ms);
		if (address_claim_conflict(claim, now_ms) == CLAIM_ANNOUNCE)
			announce4(c, index, address);
	}
}

static void
arp_input(
	struct control *c, uint16_t index, const struct config_port *port, const uint8_t *p, size_t n, uint64_t now_ms)
{
	struct arp_view v;

	if (!arp_parse(p, n, &v)) {
		c->ip->counters.bad++;
		return;
	}
	arp_compare(c, index, port, &v, now_ms);
	arp_learn(c, index, port, &v, now_ms);
	if (v.op == ARP_REQUEST)
		arp_answer(c, index, port, &v);
}

/* ------------------------------------------------------------------ packets for ourselves */

static void
local_input(struct control *c, uint8_t *ip, size_t n, uint64_t now_ms)
{
	struct ip4_view v;
	bool first = true;

	if (ip4_parse(ip, n, n, &v) != IP_OK) {
		c->ip->counters.bad++;
		return;
	}
	if (!is_ours(c, v.dst)) {
		c->ip->counters.ignored++;
	} else if (icmp4_echo_reply(ip, &v) || echo_pieces_answer(&c->ip->echo_pieces, ip, &v, &first, now_ms)) {
		c->ip->counters.echo_replies += first;
		ip_route_packet(c, ip, v.total_len);
	} else if (v.proto == IPPROTO_UDP_DATAGRAM) {
		/* The address that was asked speaks: traceroute ends here. */
		send_error(c, v.dst, ICMP4_UNREACHABLE, ICMP_PORT_UNREACHABLE, 0, ip, n, now_ms);
	} else {
		c->ip->counters.ignored++;
	}
}

static void
frame_input(struct control *c, const struct dp_punted *p, uint64_t now_ms)
{
	const struct config_port *port = ip_port(c, p->port);
	struct eth_view e;

	if (port == NULL || !eth_parse(p->bytes, p->len, &e)) {
		c->ip->counters.bad++;
		return;
	}
	const uint8_t *payload = p->bytes + e.hdr_len;
	const size_t n = p->len - e.hdr_len;
	uint8_t copy[DP_CONTROL_FRAME_MAX];

	switch (e.type) {
	case ETHERTYPE_ARP_FRAME:
		arp_input(c, p->port, port, payload, n, now_ms);
		return;
	case ETHERTYPE_V6:
		memcpy(copy, payload, n);
		ip6_frame(c, p->port, &e.src, copy, n, now_ms);
		return;
	case ETHERTYPE_V4:
		memcpy(copy, payload, n);
		local_input(c, copy, n, now_ms);
		return;
	default:
		c->ip->counters.ignored++;
	}
}

static void
route_input4(struct control *c, const struct dp_punted *p, uint64_t now_ms)
{
	uint8_t copy[DP_CONTROL_FRAME_MAX];

	switch (p->why) {
	case DP_PUNT_LOCAL:
		memcpy(copy, p->bytes, p->len);
		local_input(c, copy, p->len, now_ms);
		return;
	case DP_PUNT_GLEAN:
		return;
	case DP_PUNT_TTL:
		report_punted(c, p, ICMP4_TIME_EXCEEDED, 0, 0, now_ms);
		return;
	case DP_PUNT_TOO_BIG:
		report_punted(c, p, ICMP4_UNREACHABLE, ICMP4_FRAG_NEEDED, p->mtu, now_ms);
		return;
	case DP_PUNT_NO_ROUTE:
		report_punted(c, p, ICMP4_UNREACHABLE, ICMP4_NET_UNREACHABLE, 0, now_ms);
		return;
	}
}

static void
route_input(struct control *c, const struct dp_punted *p, uint64_t now_ms)
{
	if (p->why == DP_PUNT_GLEAN)
		glean(c, p, now_ms);
	else if (ip_version(p->bytes, p->len) == 4)
		route_input4(c, p, now_ms);
	else if (p->why == DP_PUNT_LOCAL)
		ip6_local(c, p, now_ms);
	else
		ip6_report(c, p, now_ms);
}

void
ip_ports_input(struct control *c, const struct dp_punted *p, uint64_t now_ms)
{
	if (demand_input(c, p, now_ms))
		return;
	if (p->origin == DP_FROM_IP_PORT)
		frame_input(c, p, now_ms);
	else
		route_input(c, p, now_ms);
}

/* ------------------------------------------------------------------ start and time */

void
ip_set_route(
	struct control *c, const struct ip_addr *prefix, uint8_t len, enum rib_rank rank, const struct dp_next *next)
{
	routes_set(c, &(struct rib_route){.prefix = *prefix, .len = len, .rank = (uint8_t)rank, .next = *next});
}

static void
set_route4(struct control *c, uint32_t prefix, unsigned len, enum rib_rank rank, struct dp_next next)
{
	const struct ip_addr p = ip_addr_of4(prefix);

	ip_set_route(c, &p, (uint8_t)(IP4_MAPPED_LEN + len), rank, &next);
}

static void
address_routes(struct control *c, uint16_t index, const struct config_ip *a)
{
	const uint32_t address = load_be32(a->bytes);

	set_route4(c, address, a->len, RIB_CONNECTED, (struct dp_next){.kind = DP_NEXT_CONNECTED, .port = index});
	set_route4(c, address, 32, RIB_LOCAL, (struct dp_next){.kind = DP_NEXT_LOCAL});
	if (a->len < 31)
		set_route4(c, address | ~mask4(a->len), 32, RIB_CONNECTED, (struct dp_next){.kind = DP_NEXT_NONE});
}

/* Address and prefix of the configuration, either family, as the routes have them. */
static struct ip_addr
address_of(const struct config_ip *a)
{
	return a->family == 4 ? ip_addr_of4(load_be32(a->bytes)) : ip_addr_of6(a->bytes);
}

static uint8_t
len_of(const struct config_ip *a)
{
	return (uint8_t)(a->family == 4 ? IP4_MAPPED_LEN + a->len : a->len);
}

static bool
network_has(const struct config_ip *net, const struct ip_addr *a)
{
	const struct ip_addr n = address_of(net), x = ip_addr_prefix(&n, len_of(net)),
			     y = ip_addr_prefix(a, len_of(net));

	return ip_addr_equal(&x, &y);
}

/* The port in whose network the gateway is; -1: none. */
static int
gateway_port(const struct control *c, const struct ip_addr *gateway)
{
	for (size_t i = 0; i < c->cfg->n_ports; i++) {
		const struct config_port *p = &c->cfg->ports[i];

		for (size_t k = 0; p->kind == CONFIG_IP && k < p->addresses.n; k++)
			if (network_has(&p->addresses.items[k], gateway))
				return (int)i;
	}
	return -1;
}

/* Routes by client are the protocol core's: they come and go with the bundle. */
static void
static_route(struct control *c, const struct config_route *r)
{
	const struct ip_addr to = address_of(&r->to), gateway = address_of(&r->via);
	struct dp_next next = {.kind = DP_NEXT_NONE};

	if (r->to.family == 0 || r->client.name != NULL)
		return;
	if (r->via.family != 0) {
		const int port = gateway_port(c, &gateway);

		if (port < 0) {
			log_warning("a static route is not used: no IP port has its gateway in its network");
			return;
		}
		next.kind = DP_NEXT_GATEWAY;
		next.port = (uint16_t)port;
		if (r->via.family == 4)
			next.gateway_be = htonl(ip_addr_4(&gateway));
		else
			next.gateway6 = gateway;
	} else if (r->port.name != NULL) {
		next = (struct dp_next){.kind = DP_NEXT_CONNECTED, .port = (uint16_t)r->port.index};
	}
	ip_set_route(c, &to, len_of(&r->to), RIB_STATIC, &next);
}

static void
announce(struct control *c, uint16_t index)
{
	const struct config_port *p = &c->cfg->ports[index];

	for (size_t i = 0; i < p->addresses.n; i++) {
		if (p->addresses.items[i].family == 6)
			ip6_announce(c, index, p->addresses.items[i].bytes);
		else if (is_held(c, p, i))
			announce4(c, index, load_be32(p->addresses.items[i].bytes));
	}
}

/* Probes that nobody could hear say nothing. */
static void
probe_anew(struct control *c, uint16_t index, uint64_t now_ms)
{
	const struct config_port *p = &c->cfg->ports[index];

	for (size_t i = 0; i < p->addresses.n; i++)
		if (p->addresses.items[i].family == 4 && !is_held(c, p, i))
			address_claim_begin(claim_of(c, p, i), true, chance(), now_ms);
}

void
ip_ports_carrier(struct control *c, uint16_t port, uint64_t now_ms)
{
	if (ip_port(c, port) == NULL)
		return;
	probe_anew(c, port, now_ms);
	announce(c, port);
}

void
ip_ports_start(struct control *c)
{
	/* Nothing of these is ever forwarded, whatever the default route says. */
	set_route4(c, 0xe0000000, 4, RIB_CONNECTED, (struct dp_next){.kind = DP_NEXT_NONE});
	set_route4(c, 0xffffffff, 32, RIB_CONNECTED, (struct dp_next){.kind = DP_NEXT_NONE});
	for (uint16_t i = 0; i < c->cfg->n_ports; i++) {
		const struct config_port *p = &c->cfg->ports[i];

		if (p->kind != CONFIG_IP)
			continue;
		for (size_t k = 0; k < p->addresses.n; k++)
			if (is_held(c, p, k))
				address_routes(c, i, &p->addresses.items[k]);
		ip6_start_port(c, i);
		announce(c, i);
	}
	for (size_t i = 0; i < c->cfg->n_routes; i++)
		static_route(c, &c->cfg->routes[i]);
}

static bool
neighbour_used(void *ctx, uint16_t port, const struct ip_addr *address)
{
	const struct control *c = ctx;

	if (ip_addr_is4(address))
		return dp_neighbour_used(c->dp, port, htonl(ip_addr_4(address)));
	return dp_neighbour6_used(c->dp, port, address);
}

static void
claim_tick(struct control *c, uint16_t port, size_t i, uint64_t now_ms)
{
	const struct config_ip *a = &c->cfg->ports[port].addresses.items[i];
	struct address_claim *claim = &c->ip->claims[port][i];

	if (claim->state == CLAIM_NONE || now_ms < claim->due_ms)
		return;
	switch (address_claim_tick(claim, chance(), now_ms)) {
	case CLAIM_NOTHING:
	case CLAIM_REFUSED:
		return;
	case CLAIM_PROBE:
		probe4(c, port, load_be32(a->bytes));
		return;
	case CLAIM_TAKE:
		address_routes(c, port, a);
		announce4(c, port, load_be32(a->bytes));
		return;
	case CLAIM_ANNOUNCE:
		announce4(c, port, load_be32(a->bytes));
		return;
	}
}

static void
claims_tick(struct control *c, uint64_t now_ms)
{
	for (uint16_t i = 0; i < c->cfg->n_ports; i++)
		for (size_t k = 0; k < c->cfg->ports[i].addresses.n; k++)
			claim_tick(c, i, k, now_ms);
}

static uint64_t
claims_deadline_ms(const struct control *c)
{
	uint64_t at_ms = UINT64_MAX;

	for (size_t i = 0; i < c->cfg->n_ports; i++)
		for (size_t k = 0; k < c->cfg->ports[i].addresses.n; k++)
			if (c->ip->claims[i][k].state != CLAIM_NONE && c->ip->claims[i][k].due_ms < at_ms)
				at_ms = c->ip->claims[i][k].due_ms;
	return at_ms;
}

void
ip_ports_tick(struct control *c, uint64_t now_ms)
{
	struct neighbours_out out = {0};

	neighbours_tick(c->ip->neighbours, neighbour_used, c, now_ms, &out);
	ip_do_actions(c, &out, now_ms);
	ip_delegated_tick(c, now_ms);
	claims_tick(c, now_ms);
}

uint64_t
ip_ports_deadline_ms(const struct control *c)
{
	const uint64_t neighbours_ms = neighbours_deadline_ms(c->ip->neighbours);
	const uint64_t delegated_ms = ip_delegated_deadline_ms(c), claims_ms = claims_deadline_ms(c);
	const uint64_t first_ms = neighbours_ms < delegated_ms ? neighbours_ms : delegated_ms;

	return first_ms < claims_ms ? first_ms : claims_ms;
}
