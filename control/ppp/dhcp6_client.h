/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_DHCP6_CLIENT_H
#define CONTROL_PPP_DHCP6_CLIENT_H

#include "control/ppp/dhcp6_wire.h"
#include "control/ppp/host.h"

/* DHCPv6 client of a link that asks for one delegated prefix and name servers (RFC 8415 sections 15 and 18.2). Time and chance are
 * arguments; what is to be sent is asked for. */

struct dhcp6_client_config {
	struct dhcp6_duid duid;
	uint32_t iaid;
	uint8_t hint_len; /* of the prefix that would be welcome; 0: any */
	host_random_fn *random;
	void *random_ctx;
};

enum dhcp6_client_state {
	DHCP6_OFF,
	DHCP6_SOLICITING,
	DHCP6_REQUESTING,
	DHCP6_RELEASING,
	DHCP6_BOUND,
	DHCP6_RENEWING,
	DHCP6_REBINDING,
};

struct dhcp6_lease {
	struct host_route prefix; /* len 0: none */
	uint64_t preferred_until_ms, valid_until_ms;
	struct ip_addr dns[HOST_DNS6_MAX];
	unsigned n_dns;
};

/* Zero: off. */
struct dhcp6_client {
	const struct dhcp6_client_config *cfg; /* borrowed */
	uint8_t state;                         /* enum dhcp6_client_state */
	uint32_t transaction;
	struct dhcp6_duid server;
	struct dhcp6_prefix offered; /* of the Advertise, while requesting; what is given back, while releasing */
	struct dhcp6_lease lease;
	uint64_t begun_ms; /* of the exchange under way */
	uint64_t next_ms;  /* when a message is due; in BOUND: T1 */
	uint64_t rt_ms;    /* retransmission timeout */
	uint64_t t2_ms;
	unsigned sent; /* times that the message of this exchange was sent */
};

void dhcp6_client_start(struct dhcp6_client *c, const struct dhcp6_client_config *cfg, uint64_t now_ms);
/* The link is gone, and the lease with it. */
void dhcp6_client_stop(struct dhcp6_client *c);
/* Gives the lease back in good order (section 18.2.7): it is not ours any more at once, a Release is due. Answered, or when that was tried
 * often enough, it begins anew. False: there is no lease. */
bool dhcp6_client_release(struct dhcp6_client *c, uint64_t now_ms);
/* Time passes. True: the message in w, which was given a buffer of cap bytes, is to be sent now. The lease may end: look at it. */
bool dhcp6_client_tick(struct dhcp6_client *c, uint64_t now_ms, struct dhcp6_writer *w, uint8_t *p, size_t cap);
/* A message from a server. False: it is not for us, or of no use. The lease may change; what is to be said about it is due at once. */
bool dhcp6_client_input(struct dhcp6_client *c, const uint8_t *p, size_t n, uint64_t now_ms);
uint64_t dhcp6_client_deadline_ms(const struct dhcp6_client *c); /* UINT64_MAX: asleep */

#endif
