/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_IP_PORTS_H
#define CONTROL_IP_PORTS_H

#include "control/control.h"
#include "control/neighbours.h"

/* Control's part of the IP side: ARP and neighbour discovery on the IP ports, ICMP in our own name, connected and static routes. */

struct ip_ports;

struct ip_counters {
	uint64_t arp_requests, arp_replies, proxy_replies, solicits, adverts, router_adverts, echo_replies, errors,
		errors_limited;
	uint64_t held_refused, unreachable, bad, ignored;
};

struct ip_ports *ip_ports_new(struct control *c, uint64_t now_ms);
void ip_ports_free(struct ip_ports *ip);

/* Sets the routes of the configuration and announces our addresses. Once, after the data plane runs. */
void ip_ports_start(struct control *c);
/* The port's cable is back: whoever is there now may not know us. */
void ip_ports_carrier(struct control *c, uint16_t port, uint64_t now_ms);
/* A frame or packet that the data plane gave to control: origin DP_FROM_IP_PORT or DP_FROM_ROUTE. */
void ip_ports_input(struct control *c, const struct dp_punted *p, uint64_t now_ms);
void ip_ports_tick(struct control *c, uint64_t now_ms);
uint64_t ip_ports_deadline_ms(const struct control *c);

const struct ip_counters *ip_ports_counters(const struct control *c);
const struct neighbours *ip_ports_neighbours(const struct control *c);

#endif
