/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "control/apply.h"
#include "control/ip_ports_state.h"
#include "control/log.h"
#include "dataplane/wire/icmp6.h"
#include "dataplane/wire/nd.h"
#include "dataplane/wire/ppp.h"
#include "dataplane/wire/ra.h"

static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 1};

/* ------------------------------------------------------------------ our addresses */

/* Each port has one of the link, made from its MAC (RFC 4291 appendix A). */
static struct ip_addr
link_local(const struct control *c, uint16_t port)
{
	return nd_link_local(&c->ip->macs[port]);
}

static bool
is_link_local(const uint8_t address[16])
{
	return ip6_is_link_local(ip6_num_load(address));
}

/* What never leaves the link it is on: such packets of a peer are between him and us. */
static bool
is_link_scope(const uint8_t address[16])
{
	return ip6_is_link_scope(ip6_num_load(address));
}

static bool
network_has(const struct config_ip *net, const struct ip_addr *address)
{
	const struct ip6_num a = ip6_num_load(net->bytes), b = ip6_num_load(address->b);
	const struct ip6_num x = ip6_num_prefix(a, net->len), y = ip6_num_prefix(b, net->len);

	return x.hi == y.hi && x.lo == y.lo;
}

/* Our address on the port in whose network the other one lies; false: none. */
static bool
connected(const struct control *c, uint16_t port, const struct ip_addr *address, struct ip_addr *ours)
{
	const struct config_port *p = &c->cfg->ports[port];

	for (size_t i = 0; i < p->addresses.n; i++) {
		if (p->addresses.items[i].family != 6 || !network_has(&p->addresses.items[i], address))
			continue;
		*ours = ip_addr_of6(p->addresses.items[i].bytes);
		return true;
	}
	if (!ip_delegated_network_has(c, port, address))
		return false;
	*ours = *ip_delegated_address(c, port);
	return true;
}

bool
ip6_port_has(const struct control *c, uint16_t port, const struct ip_addr *address)
{
	const struct config_port *p = ip_port(c, port);
	const struct ip_addr own = link_local(c, port);

	if (p == NULL)
		return false;
	const struct ip_addr *delegated = ip_delegated_address(c, port);

	if (delegated != NULL && ip_addr_equal(delegated, address))
		return true;
	for (size_t i = 0; i < p->addresses.n; i++)
		if (p->addresses.items[i].family == 6 && memcmp(p->addresses.items[i].bytes, address->b, 16) == 0)
			return true;
	return ip_addr_equal(&own, address);
}

/* An address of the port that hosts beyond the link can answer to. */
static bool
global_of_port(const struct control *c, uint16_t port, struct ip_addr *address)
{
	const struct config_port *p = &c->cfg->ports[port];
	const struct ip_addr *delegated = ip_delegated_address(c, port);

	for (size_t i = 0; i < p->addresses.n; i++) {
		const struct config_ip *a = &p->addresses.items[i];

		if (a->family != 6 || is_link_local(a->bytes))
			continue;
		*address = ip_addr_of6(a->bytes);
		return true;
	}
	if (delegated != NULL)
		*address = *delegated;
	return delegated != NULL;
}

static bool
any_global(const struct control *c, struct ip_addr *address)
{
	for (uint16_t i = 0; i < c->cfg->n_ports; i++)
		if (global_of_port(c, i, address))
			return true;
	return false;
}

/* ------------------------------------------------------------------ ICMPv6 errors */

void
ip6_send_error(struct control *c, const struct ip_addr *src, uint8_t type, uint8_t code, uint32_t rest,
	const uint8_t *ip, size_t n, uint64_t now_ms)
{
	uint8_t out[ICMP6_ERROR_MAX];
	struct ip_addr ours, from;
	struct ip6_view v;

	if (ip6_parse(ip, n, n, &v) != IP_OK || !icmp6_may_report(ip, n, &v, type) || is_link_local(v.src))
		return;
	from = ip_addr_of6(v.src);
	if (ip_is_ours(c, &from))
		return;
	if (src != NULL)
		ours = *src;
	else if (!any_global(c, &ours))
		return;
	if (!limiter_take(&c->ip->errors, now_ms)) {
		c->ip->counters.errors_limited++;
		return;
	}
	c->ip->counters.errors++;
	ip_route_packet(c, out, icmp6_error(out, &ours, type, code, rest, ip, n, &v));
}

/* Whose voice an error has: the port's that the packet came in by. */
void
ip6_report(struct control *c, const struct dp_punted *p, uint64_t now_ms)
{
	const struct config_port *port = p->from_bundle ? NULL : ip_port(c, p->port);
	struct ip_addr ours;
	const struct ip_addr *src = port != NULL && global_of_port(c, p->port, &ours) ? &ours : NULL;

	switch (p->why) {
	case DP_PUNT_LOCAL:
	case DP_PUNT_GLEAN:
		return;
	case DP_PUNT_TTL:
		ip6_send_error(c, src, ICMP6_TIME_EXCEEDED, 0, 0, p->bytes, p->len, now_ms);
		return;
	case DP_PUNT_TOO_BIG:
		ip6_send_error(c, src, ICMP6_PACKET_TOO_BIG, 0, p->mtu, p->bytes, p->len, now_ms);
		return;
	case DP_PUNT_NO_ROUTE:
		ip6_send_error(c, src, ICMP6_UNREACHABLE, ICMP6_NO_ROUTE, 0, p->bytes, p->len, now_ms);
		return;
	}
}

void
ip6_unreachable(struct control *c, const struct neighbour_action *a, uint64_t now_ms)
{
	const struct config_port *port = ip_port(c, a->port);
	struct ip_addr ours;
	const struct ip_addr *src = port != NULL && global_of_port(c, a->port, &ours) ? &ours : NULL;

	ip6_send_error(c, src, ICMP6_UNREACHABLE, ICMP6_ADDRESS, 0, a->packet, a->len, now_ms);
}

/* ------------------------------------------------------------------ neighbour discovery */

static void
send_nd(struct control *c, uint16_t port, const struct mac *dst_mac, const struct nd_view *v)
{
	uint8_t packet[ND_PACKET_LEN];

	ip_send_frame(c, port, dst_mac, ETHERTYPE_V6, packet, nd_store(packet, v));
}

/* By multicast, or politely to the MAC that is in use (RFC 4861 sections 7.2.2 and 7.3.3). */
void
ip6_ask(struct control *c, const struct neighbour_action *a)
{
	const struct config_port *p = ip_port(c, a->port);
	struct nd_view v = {.type = ND_SOLICIT, .has_mac = true, .mac = c->ip->macs[a->port]};
	struct ip_addr ours = link_local(c, a->port);
	struct mac dst = a->mac;

	if (p == NULL)
		return;
	connected(c, a->port, &a->address, &ours);
	memcpy(v.src, ours.b, 16);
	memcpy(v.target, a->address.b, 16);
	memcpy(v.dst, a->address.b, 16);
	if (mac_is_zero(&a->mac)) {
		nd_solicited_node(a->address.b, v.dst);
		dst = nd_group_mac(v.dst);
	}
	c->ip->counters.solicits++;
	send_nd(c, a->port, &dst, &v);
}

static void
send_advert(struct control *c, uint16_t port, const struct mac *dst_mac, const uint8_t dst[16],
	const uint8_t target[16], bool solicited)
{
	struct nd_view v = {.type = ND_ADVERT,
		.router = true,
		.solicited = solicited,
		.override = true,
		.has_mac = true,
		.mac = c->ip->macs[port]};

	memcpy(v.src, target, 16);
	memcpy(v.dst, dst, 16);
	memcpy(v.target, target, 16);
	c->ip->counters.adverts++;
	send_nd(c, port, dst_mac, &v);
}

void
ip6_announce(struct control *c, uint16_t port, const uint8_t address[16])
{
	const struct mac group = nd_group_mac(all_nodes);

	send_advert(c, port, &group, all_nodes, address, false);
}

/* Who asks for us is taken up (RFC 4861 section 7.2.3); who only checks for duplicates teaches nothing, and all nodes hear the answer. */
static void
solicited(struct control *c, uint16_t port, const struct mac *from, const struct nd_view *v, uint64_t now_ms)
{
	const struct ip_addr src = ip_addr_of6(v->src), target = ip_addr_of6(v->target);
	const struct mac *mac = v->has_mac ? &v->mac : from;

	if (!ip6_port_has(c, port, &target)) {
		c->ip->counters.ignored++;
		return;
	}
	if (ip6_is_nobodys(ip6_num_load(src.b))) {
		ip6_announce(c, port, target.b);
		return;
	}
	ip_heard(c, port, &src, mac, true, true, now_ms);
	send_advert(c, port, mac, src.b, target.b, true);
}

/* RFC 4861 section 7.2.5: nobody is taken up by it who was not asked for, and without override nobody takes another's place. */
static void
advertised(struct control *c, uint16_t port, const struct mac *from, const struct nd_view *v, uint64_t now_ms)
{
	const struct ip_addr target = ip_addr_of6(v->target);

	if (ip6_port_has(c, port, &target)) {
		if (!mac_equal(from, &c->ip->macs[port]) && limiter_take(&c->ip->conflicts, now_ms))
			log_warning("port %s: another device claims our address", c->cfg->ports[port].name);
		return;
	}
	ip_heard(c, port, &target, v->has_mac ? &v->mac : from, v->override, false, now_ms);
}

static void
nd_input(struct control *c, uint16_t port, const struct mac *from, const uint8_t *p, size_t n, uint64_t now_ms)
{
	struct nd_view v;
	const enum nd_verdict verdict = nd_parse(p, n, &v);
	struct rs_view rs;

	if (verdict == ND_NOT_ND && rs_parse(p, n, &rs) == ND_OK)
		ip_delegated_solicited(c, port, now_ms);
	else if (verdict == ND_OK && v.type == ND_SOLICIT)
		solicited(c, port, from, &v, now_ms);
	else if (verdict == ND_OK)
		advertised(c, port, from, &v, now_ms);
	else if (verdict == ND_NOT_ND)
		c->ip->counters.ignored++;
	else
		c->ip->counters.bad++;
}

/* ------------------------------------------------------------------ packets for ourselves */

/* An answer to somebody on the link goes back to where the frame came from: nothing is routed there. */
static void
answer(struct control *c, uint16_t port, const struct mac *from, const uint8_t *ip, size_t n)
{
	if (from != NULL && is_link_local(ip + 24))
		ip_send_frame(c, port, from, ETHERTYPE_V6, ip, n);
	else
		ip_route_packet(c, ip, n);
}

/* from: NULL out of the routes. */
static void
local_input(struct control *c, uint16_t port, const struct mac *from, uint8_t *ip, size_t n, uint64_t now_ms)
{
	struct ip_addr dst;
	struct ip6_view v;

	if (ip6_parse(ip, n, n, &v) != IP_OK) {
		c->ip->counters.bad++;
		return;
	}
	dst = ip_addr_of6(v.dst);
	if (!ip_is_ours(c, &dst) && (from == NULL || !ip6_port_has(c, port, &dst))) {
		c->ip->counters.ignored++;
	} else if (icmp6_echo_reply(ip, &v, &dst)) {
		c->ip->counters.echo_replies++;
		answer(c, port, from, ip, v.total_len);
	} else if (v.next == IPPROTO_UDP_DATAGRAM) {
		/* The address that was asked speaks: traceroute ends here. */
		ip6_send_error(c, &dst, ICMP6_UNREACHABLE, ICMP6_PORT, 0, ip, n, now_ms);
	} else {
		c->ip->counters.ignored++;
	}
}

void
ip6_frame(struct control *c, uint16_t port, const struct mac *from, uint8_t *ip, size_t n, uint64_t now_ms)
{
	if (nd_is_message(ip, n))
		nd_input(c, port, from, ip, n, now_ms);
	else
		local_input(c, port, from, ip, n, now_ms);
}

/* ------------------------------------------------------------------ the peer of a bundle */

/* Ours is made from the identifier that IPV6CP agreed on (RFC 5072 section 5). */
static bool
bundle_link_local(const struct control *c, host_bundle_id id, struct ip_addr *address)
{
	struct host_bundle_info info;

	if (!host_bundle_get(c->host, id, &info) || !info.ipv6cp_open || info.our_interface_id == 0)
		return false;
	*address = (struct ip_addr){{0xfe, 0x80}};
	store_be64(address->b + 8, info.our_interface_id);
	return true;
}

/* Bytes of the protocol field and of the packet behind it. */
static size_t
ppp_packet(uint8_t *out, const uint8_t *ip, size_t n)
{
	store_be16(out, PPP_IPV6);
	memcpy(out + PPP_PROTO_LEN, ip, n);
	return PPP_PROTO_LEN + n;
}

static void
send_to_bundle(struct control *c, struct dp_bundle_ref bundle, const uint8_t *ip, size_t n)
{
	const struct dp_target to = {.kind = DP_TO_BUNDLE, .bundle = bundle};
	uint8_t bytes[PPP_PROTO_LEN + DP_CONTROL_FRAME_MAX];

	if (!dp_inject(c->dp, &to, bytes, ppp_packet(bytes, ip, n)))
		c->counters.inject_refused++;
}

/* Router messages and DHCPv6 are the protocol core's. */
static void
give_to_core(struct control *c, host_bundle_id id, const uint8_t *ip, size_t n, uint64_t now_ms)
{
	uint8_t bytes[PPP_PROTO_LEN + DP_CONTROL_FRAME_MAX];

	host_bundle_packet(c->host, id, bytes, ppp_packet(bytes, ip, n), now_ms, c->out);
	apply_effects(c);
}

/* The answer goes back into the bundle, whatever the routes say of the asker: fe80::/10 is on every link. */
static void
bundle_input(struct control *c, const struct dp_punted *p, uint8_t *ip, uint64_t now_ms)
{
	const host_bundle_id id = apply_bundle_id(c, p->bundle);
	struct ip_addr ours;
	struct ip6_view v;

	if (ip6_parse(ip, p->len, p->len, &v) != IP_OK)
		c->ip->counters.bad++;
	else if (!bundle_link_local(c, id, &ours))
		c->ip->counters.ignored++;
	else if (memcmp(v.dst, ours.b, sizeof(ours.b)) != 0 || !icmp6_echo_reply(ip, &v, &ours))
		give_to_core(c, id, ip, v.total_len, now_ms);
	else {
		c->ip->counters.echo_replies++;
		send_to_bundle(c, p->bundle, ip, v.total_len);
	}
}

void
ip6_local(struct control *c, const struct dp_punted *p, uint64_t now_ms)
{
	uint8_t copy[DP_CONTROL_FRAME_MAX];

	memcpy(copy, p->bytes, p->len);
	if (p->from_bundle && p->len >= IP6_HDR_LEN && is_link_scope(copy + 24))
		bundle_input(c, p, copy, now_ms);
	else
		local_input(c, p->port, NULL, copy, p->len, now_ms);
}

/* ------------------------------------------------------------------ start */

void
ip6_start_port(struct control *c, uint16_t port)
{
	const struct config_port *p = &c->cfg->ports[port];

	for (size_t i = 0; i < p->addresses.n; i++) {
		const struct config_ip *a = &p->addresses.items[i];
		const struct ip_addr address = ip_addr_of6(a->bytes);

		/* what is of the link never leaves it, whatever the routes say */
		if (a->family != 6 || is_link_local(a->bytes))
			continue;
		ip_set_route(
			c, &address, a->len, RIB_CONNECTED, &(struct dp_next){.kind = DP_NEXT_CONNECTED, .port = port});
		ip_set_route(c, &address, 128, RIB_LOCAL, &(struct dp_next){.kind = DP_NEXT_LOCAL});
	}
}
