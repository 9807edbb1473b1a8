/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_NEIGHBOURS_H
#define CONTROL_NEIGHBOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/wire/eth.h"
#include "dataplane/wire/ip.h"

/* Who has which MAC on the IP ports, by ARP or neighbour discovery: resolution with a bounded queue of packets that wait for it (RFC 1122 section 2.3.2.2),
 * refresh of those in use, and forgetting. Touches nothing: what is to be done is left in *out. */

enum {
	NEIGHBOURS_MAX = 4096,
	NEIGHBOUR_TRIES = 3,
	NEIGHBOUR_RETRY_MS = 1000,
	NEIGHBOUR_FRESH_MS = 30 * 1000, /* known that long without asking again */
	NEIGHBOUR_UNUSED_MAX = 10,      /* forgotten after so many of these times without use */
	NEIGHBOUR_HELD_MAX = 64,    /* packets that wait for one address: the longest datagram in fragments, and some */
	NEIGHBOURS_HELD_MAX = 1024, /* in total */
	NEIGHBOUR_PACKET_MAX = 2048,
	NEIGHBOURS_OUT_MAX = 128,
};

enum neighbour_do {
	NEIGHBOUR_ASK,         /* send a request; mac is zero for broadcast */
	NEIGHBOUR_LEARNT,      /* tell the data plane the MAC */
	NEIGHBOUR_FORGET,      /* tell it that there is none */
	NEIGHBOUR_SEND,        /* packet may go now */
	NEIGHBOUR_UNREACHABLE, /* packet's next hop did not answer */
};

struct neighbour_action {
	enum neighbour_do what;
	uint16_t port;
	struct ip_addr address; /* IPv4 is mapped */
	struct mac mac;
	const uint8_t *packet; /* SEND, UNREACHABLE: valid until the next call */
	size_t len;
};

struct neighbours_out {
	unsigned n;
	struct neighbour_action items[NEIGHBOURS_OUT_MAX];
};

struct neighbour_info {
	uint16_t port;
	struct ip_addr address;
	struct mac mac;
	const char *state; /* "asked", "known", "probed" */
};

struct neighbours;

struct neighbours *neighbours_new(void);
void neighbours_free(struct neighbours *t);

/* A packet needs this address. It is copied and comes back as SEND or UNREACHABLE, or is refused (queue full): then false. */
bool neighbours_want(struct neighbours *t, uint16_t port, const struct ip_addr *address, const uint8_t *packet,
	size_t len, uint64_t now_ms, struct neighbours_out *out);
/* A frame says that address has this MAC. An address not asked for is only taken up with `create`; one with another MAC only changes it
 * with `replace`. */
void neighbours_heard(struct neighbours *t, uint16_t port, const struct ip_addr *address, const struct mac *mac,
	bool replace, bool create, uint64_t now_ms, struct neighbours_out *out);

/* Whether data used the neighbour since the last time it was asked. */
typedef bool neighbours_used_fn(void *ctx, uint16_t port, const struct ip_addr *address);
/* When *out gets full the rest waits; neighbours_deadline_ms is then at once. */
void neighbours_tick(
	struct neighbours *t, neighbours_used_fn *used, void *ctx, uint64_t now_ms, struct neighbours_out *out);
uint64_t neighbours_deadline_ms(const struct neighbours *t); /* UINT64_MAX: asleep */

/* Iterate: *cursor starts at 0. */
bool neighbours_next(const struct neighbours *t, unsigned *cursor, struct neighbour_info *info);

#endif
