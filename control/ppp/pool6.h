/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_POOL6_H
#define CONTROL_PPP_POOL6_H

#include <stdbool.h>
#include <stdint.h>

#include "control/ppp/host.h"
#include "control/ppp/slots.h"

/* IPv6 prefixes that are given to peers: the lowest free one of one length, out of larger ones in the order of the configuration. */

struct pool6 {
	const struct host_pool6 *cfg; /* borrowed */
	struct slots slots;
};

/* -EINVAL: a prefix longer than those that are given, a length above 64, or more than SLOTS_MAX to give. -ENOMEM. */
int pool6_init(struct pool6 *p, const struct host_pool6 *cfg);
void pool6_fini(struct pool6 *p);
/* False: none is free. */
bool pool6_take(struct pool6 *p, struct host_route *prefix);
/* Gives one of pool6_take back. */
void pool6_give(struct pool6 *p, const struct host_route *prefix);

#endif
