/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_IPCP_H
#define CONTROL_PPP_IPCP_H

#include "control/ppp/cp_fsm.h"
#include "control/ppp/host.h"
#include "control/ppp/outbox.h"

/* IP control protocol, RFC 1332 with RFC 1877's DNS addresses, one per bundle. Effects carry proto PPP_IPCP.
 * Addresses are in host order, 0 for none. */

enum ipcp_option {
	IPCP_ADDRESSES = 1, /* deprecated, rejected */
	IPCP_COMPRESSION = 2,
	IPCP_ADDRESS = 3,
	IPCP_DNS1 = 129,
	IPCP_DNS2 = 131,
};

/* What is wanted of every peer of a kind. */
struct ipcp_wish {
	/* IP-Address. want: we tell ours, or ask for one; without, ours is not negotiated. allow: the peer may name his; if not, he has what
	 * we would give, unasked. Name servers have the same policy in request_dns and dns. */
	struct host_policy p_address;
	uint32_t address;          /* ours; 0: the peer shall give one */
	struct host_prefix accept; /* what the peer may give us instead; len 0: anything. len 32: just that */
	bool request_dns;
	struct host_prefix peer_accept; /* what a peer may say that is given none; len 0: anything */
	uint32_t dns[2];                /* given to a peer that asks; 0: rejected */
};

struct ipcp {
	struct cp_fsm fsm;
	const struct ipcp_wish *wish; /* borrowed */
	uint32_t given;               /* to the peer, which must take it; 0: it says, within wish->peer_accept */
	uint32_t our_address, peer_address, our_dns[2];

	/* our requests, as the peer's answers change them */
	uint32_t ask_address, ask_dns[2];
	bool asking_address, asking_dns[2];
};

/* wish is borrowed and lives as long as the machine. given: the peer's address, 0: none. */
void ipcp_init(struct ipcp *c, const struct ipcp_wish *wish, uint32_t given, const struct host_timing *timing);
void ipcp_open(struct ipcp *c, uint64_t now_ms, struct outbox *out);
void ipcp_close(struct ipcp *c, uint64_t now_ms, struct outbox *out);
void ipcp_input(struct ipcp *c, const uint8_t *p, size_t n, uint64_t now_ms, struct outbox *out);
void ipcp_lower(struct ipcp *c, bool up, uint64_t now_ms, struct outbox *out);
void ipcp_tick(struct ipcp *c, uint64_t now_ms, struct outbox *out);
uint64_t ipcp_deadline_ms(const struct ipcp *c);
/* The peer rejected the protocol (OUT_PROTOCOL_REJECTED): OUT_LAYER_FINISHED, from Opened after Terminate-Request. */
void ipcp_rejected(struct ipcp *c, uint64_t now_ms, struct outbox *out);

/* Queries. Values are meaningful while open. */
bool ipcp_is_open(const struct ipcp *c);
uint32_t ipcp_our_address(const struct ipcp *c);
uint32_t ipcp_peer_address(const struct ipcp *c);
uint32_t ipcp_dns(const struct ipcp *c, unsigned i); /* what the peer gave us, i 0 or 1 */
const char *ipcp_why(const struct ipcp *c);

#endif
