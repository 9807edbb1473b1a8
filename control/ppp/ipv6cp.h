/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_IPV6CP_H
#define CONTROL_PPP_IPV6CP_H

#include "control/ppp/cp_fsm.h"
#include "control/ppp/host.h"
#include "control/ppp/outbox.h"

/* IPv6 control protocol, RFC 5072, one per bundle. Effects carry proto PPP_IPV6CP. Interface identifiers are numbers, the first byte on the
 * wire is the highest; 0 is none. */

enum { IPV6CP_INTERFACE_ID = 1, IPV6CP_ID_LEN = 8 };

/* Of an EUI-64: universally unique. Identifiers made up have it clear (RFC 4291 section 2.5.1). */
#define IPV6CP_UNIVERSAL UINT64_C(0x0200000000000000)

/* What is wanted of every peer of a kind. */
struct ipv6cp_wish {
	uint64_t id;             /* ours; 0: made up */
	struct host_policy p_id; /* want: we ask for ours; allow: the peer may ask for his */
};

struct ipv6cp {
	struct cp_fsm fsm;
	const struct ipv6cp_wish *wish; /* borrowed */
	host_random_fn *random;
	void *random_ctx;
	uint64_t our_id, peer_id;

	uint64_t ask_id; /* in our requests, as the peer's answers change it */
	uint64_t nak_id; /* last one suggested to the peer, 0: none */
	bool asking;
	bool invited; /* the peer, who named none, was asked to: once is enough (section 4.1) */
};

/* wish is borrowed and lives as long as the machine. */
void ipv6cp_init(struct ipv6cp *c, const struct ipv6cp_wish *wish, const struct host_timing *timing,
	host_random_fn *random, void *random_ctx);
void ipv6cp_open(struct ipv6cp *c, uint64_t now_ms, struct outbox *out);
void ipv6cp_close(struct ipv6cp *c, uint64_t now_ms, struct outbox *out);
void ipv6cp_input(struct ipv6cp *c, const uint8_t *p, size_t n, uint64_t now_ms, struct outbox *out);
void ipv6cp_lower(struct ipv6cp *c, bool up, uint64_t now_ms, struct outbox *out);
void ipv6cp_tick(struct ipv6cp *c, uint64_t now_ms, struct outbox *out);
uint64_t ipv6cp_deadline_ms(const struct ipv6cp *c);
/* The peer rejected the protocol (OUT_PROTOCOL_REJECTED): OUT_LAYER_FINISHED, from Opened after Terminate-Request. */
void ipv6cp_rejected(struct ipv6cp *c, uint64_t now_ms, struct outbox *out);

/* Queries. Values are meaningful while open. */
bool ipv6cp_is_open(const struct ipv6cp *c);
uint64_t ipv6cp_our_id(const struct ipv6cp *c);
uint64_t ipv6cp_peer_id(const struct ipv6cp *c); /* 0: he did not say */
const char *ipv6cp_why(const struct ipv6cp *c);

#endif
