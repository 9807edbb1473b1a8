/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_IP_PORTS_STATE_H
#define CONTROL_IP_PORTS_STATE_H

#include "control/address_claim.h"
#include "control/echo_pieces.h"
#include "control/ip_delegated.h"
#include "control/ip_ports.h"
#include "control/limiter.h"
#include "control/rib.h"
#include "dataplane/wire/ip.h"

/* What ip_ports.c (both families, ARP, ICMP) and ip_ports6.c (neighbour discovery, ICMPv6) share. */

struct ip_ports {
	struct mac macs[DP_PORTS_MAX]; /* by port index */
	struct neighbours *neighbours;
	struct limiter errors, conflicts;
	struct echo_pieces echo_pieces;
	struct address_claim
		*claims[DP_PORTS_MAX]; /* by port index, then by that of the address; those of IPv6 are CLAIM_NONE */
	struct ip_counters counters;
	struct ip_delegated delegated[DP_PORTS_MAX]; /* by port index */
	struct host_route *client_prefixes;          /* by client index; len 0: none */
};

/* NULL: no IP port. */
const struct config_port *ip_port(const struct control *c, uint16_t port);
void ip_route_packet(struct control *c, const uint8_t *packet, size_t len);
void ip_send_frame(
	struct control *c, uint16_t port, const struct mac *dst, uint16_t type, const uint8_t *payload, size_t len);
bool ip_is_ours(const struct control *c, const struct ip_addr *address);
void ip_set_route(
	struct control *c, const struct ip_addr *prefix, uint8_t len, enum rib_rank rank, const struct dp_next *next);
/* Carries out what the table of neighbours wants. */
void ip_do_actions(struct control *c, const struct neighbours_out *out, uint64_t now_ms);
/* A frame says who has an address. replace: even if somebody else is known to have it; create: even if nobody asked. */
void ip_heard(struct control *c, uint16_t port, const struct ip_addr *address, const struct mac *mac, bool replace,
	bool create, uint64_t now_ms);

/* ------------------------------------------------------------------ ip_ports6.c */

void ip6_start_port(struct control *c, uint16_t port);
void ip6_announce(struct control *c, uint16_t port, const uint8_t address[16]);
void ip6_ask(struct control *c, const struct neighbour_action *a);
/* Is it one of ours on this port, its address of the link included? */
bool ip6_port_has(const struct control *c, uint16_t port, const struct ip_addr *address);
/* An error about a packet that was to be forwarded. src: NULL for any address of ours. */
void ip6_send_error(struct control *c, const struct ip_addr *src, uint8_t type, uint8_t code, uint32_t rest,
	const uint8_t *ip, size_t n, uint64_t now_ms);
void ip6_report(struct control *c, const struct dp_punted *p, uint64_t now_ms);
void ip6_unreachable(struct control *c, const struct neighbour_action *a, uint64_t now_ms);
/* A whole frame of an IP port; the packet begins at ip. */
void ip6_frame(struct control *c, uint16_t port, const struct mac *from, uint8_t *ip, size_t n, uint64_t now_ms);
/* A packet for us out of the routes. */
void ip6_local(struct control *c, const struct dp_punted *p, uint64_t now_ms);

#endif
