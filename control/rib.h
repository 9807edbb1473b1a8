/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_RIB_H
#define CONTROL_RIB_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/api/dataplane.h"

/* All routes that anybody wants, of either family, of which the data plane gets one for each prefix: the lowest rank, and of equals the one
 * that came first. So two lines that bring the same default route do not take it from each other, and a static route returns when
 * a bundle's goes away (G-19). */

enum rib_rank {
	RIB_LOCAL,
	RIB_CONNECTED,
	RIB_BUNDLE,
	RIB_DEMAND, /* of a client that is dialled on demand: its packets come to control while its bundle has no route */
	RIB_STATIC,
};

struct rib_route {
	struct ip_addr prefix; /* host bits clear; IPv4 is mapped */
	uint8_t len;           /* of 128 */
	uint8_t rank;          /* enum rib_rank */
	uint32_t
		owner; /* who wants it: the bundle's id, the on-demand client's number from 1, 0 for the configuration; one route a prefix, rank and owner */
	struct dp_next next;
};

enum rib_change {
	RIB_SAME, /* the data plane's route stays */
	RIB_SET,  /* tell it *best */
	RIB_DEL,  /* the prefix has no route any more */
	RIB_FULL,
};

struct rib;

struct rib *rib_new(uint32_t most);
void rib_free(struct rib *r);
enum rib_change rib_set(struct rib *r, const struct rib_route *route, struct dp_next *best);
enum rib_change rib_del(struct rib *r, const struct ip_addr *prefix, uint8_t len, enum rib_rank rank, uint32_t owner,
	struct dp_next *best);
/* Longest prefix that holds the address. */
bool rib_lookup(const struct rib *r, const struct ip_addr *address, struct dp_next *next);
/* The same, all of it; NULL: none. Valid until the next change. */
const struct rib_route *rib_find(const struct rib *r, const struct ip_addr *address);

#endif
