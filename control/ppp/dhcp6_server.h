/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_DHCP6_SERVER_H
#define CONTROL_PPP_DHCP6_SERVER_H

#include "control/ppp/dhcp6_wire.h"

/* DHCPv6 server of one link with one subscriber behind it (RFC 8415): delegates one prefix, gives no addresses, tells name servers. A
 * machine that only answers: one message in, at most one out; time is an argument. */

/* The same for all links of a concentrator. */
struct dhcp6_server_config {
	struct dhcp6_duid duid;
	struct ip_addr dns[3];
	unsigned n_dns;
	uint32_t preferred_s, valid_s; /* lifetimes of a delegated prefix; T1 and T2 follow from the first */
};

/* Starts as zero: nothing is delegated. */
struct dhcp6_server {
	struct dhcp6_duid client;
	uint32_t iaid;
	bool bound;
	uint64_t until_ms; /* end of the lease, while bound */
};

/* How a message came, and what there is to give. */
struct dhcp6_link {
	bool unicast;
	struct ip_addr prefix; /* of len bits, to delegate; prefix_len 0: none */
	uint8_t prefix_len;
	struct ip_addr on_link; /* of the link's own prefix, for Confirm; on_link_len 0: none */
	uint8_t on_link_len;
};

/* Whether an answer would delegate a prefix: then the link needs to have one. */
bool dhcp6_server_wants_prefix(const struct dhcp6_message *m);
/* Writes the answer (from the message type on) into w, which was given a buffer of cap bytes. False: there is none (section 16, or nothing
 * that a server answers). s->bound and the lease change with it. */
bool dhcp6_server_input(struct dhcp6_server *s, const struct dhcp6_server_config *cfg, const struct dhcp6_link *link,
	const struct dhcp6_message *m, uint64_t now_ms, struct dhcp6_writer *w, uint8_t *p, size_t cap);
/* A lease that has run out ends. */
void dhcp6_server_tick(struct dhcp6_server *s, uint64_t now_ms);
uint64_t dhcp6_server_deadline_ms(const struct dhcp6_server *s); /* UINT64_MAX: asleep */

#endif
