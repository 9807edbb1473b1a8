/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_POOL_H
#define CONTROL_PPP_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "control/ppp/host.h"
#include "control/ppp/slots.h"

/* IPv4 addresses that are given to peers: the lowest free one, ranges in the order of the configuration. */

struct pool {
	const struct host_pool *cfg; /* borrowed */
	struct slots slots;          /* ranges one after the other */
};

/* -EINVAL: an empty or turned range, or more than SLOTS_MAX addresses. -ENOMEM. */
int pool_init(struct pool *p, const struct host_pool *cfg);
void pool_fini(struct pool *p);
/* 0: none is free. */
uint32_t pool_take(struct pool *p);
/* Gives an address of pool_take back. */
void pool_give(struct pool *p, uint32_t address);
/* The address, if it lies in the pool, is never given: it belongs to a user or to us. */
void pool_reserve(struct pool *p, uint32_t address);
bool pool_holds(const struct pool *p, uint32_t address);

#endif
