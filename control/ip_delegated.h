/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_IP_DELEGATED_H
#define CONTROL_IP_DELEGATED_H

#include "control/ip_ports.h"
#include "control/ppp/ra_sender.h"

/* IP ports that live of a prefix which a client was delegated: an address of ours, routes, and router advertisements (RFC 4861 section 6.2) by
 * which the hosts there make theirs, with lifetimes that follow the lease. */

/* One port; all zero when none of its configuration asks for it. */
struct ip_delegated {
	bool has;            /* it has a prefix at the moment */
	struct ip_addr ours; /* address in it, of 64 bits of network; the last one when there is none any more */
	bool had;            /* ours is or was one */
	uint64_t preferred_until_ms, valid_until_ms;
	struct ip_addr dns[HOST_DNS6_MAX];
	unsigned n_dns;
	struct ra_sender sender;
};

/* What the protocol core says of a client's prefix. */
void ip_delegated_set(struct control *c, const struct host_client_prefix *p, uint64_t now_ms);
/* A host asks for routers. */
void ip_delegated_solicited(struct control *c, uint16_t port, uint64_t now_ms);
void ip_delegated_tick(struct control *c, uint64_t now_ms);
uint64_t ip_delegated_deadline_ms(const struct control *c);
/* Our address on the port; NULL: none. */
const struct ip_addr *ip_delegated_address(const struct control *c, uint16_t port);
/* Whether the address lies in the network of the port's. */
bool ip_delegated_network_has(const struct control *c, uint16_t port, const struct ip_addr *address);

#endif
