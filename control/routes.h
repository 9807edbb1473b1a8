/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_ROUTES_H
#define CONTROL_ROUTES_H

#include "control/control.h"
#include "control/rib.h"

/* The table of all wanted routes and what the data plane has of it, kept together. */

void routes_set(struct control *c, const struct rib_route *route);
void routes_del(struct control *c, const struct ip_addr *prefix, uint8_t len, enum rib_rank rank, uint32_t owner);

#endif
