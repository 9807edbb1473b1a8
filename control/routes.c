/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/routes.h"

#include <arpa/inet.h>
#include <string.h>

#include "control/log.h"

static void
refused(struct control *c, uint32_t prefix, uint8_t len, const char *why)
{
	char text[INET_ADDRSTRLEN];
	const struct in_addr a = {.s_addr = htonl(prefix)};

	c->counters.routes_refused++;
	log_error("route %s/%u not set: %s", inet_ntop(AF_INET, &a, text, sizeof(text)), len, why);
}

static void
tell(struct control *c, uint32_t prefix, uint8_t len, enum rib_change change, const struct dp_next *best)
{
	int ret = 0;

	switch (change) {
	case RIB_SAME:
		return;
	case RIB_SET:
		ret = dp_route_set(c->dp, htonl(prefix), len, best);
		break;
	case RIB_DEL:
		dp_route_del(c->dp, htonl(prefix), len);
		return;
	case RIB_FULL:
		refused(c, prefix, len, "process.routes_max is used up");
		return;
	}
	if (ret < 0)
		refused(c, prefix, len, strerror(-ret));
}

void
routes_set(struct control *c, const struct rib_route *route)
{
	struct rib_route r = *route;
	struct dp_next best;

	r.prefix &= rib_mask(r.len);
	tell(c, r.prefix, r.len, rib_set(c->rib, &r, &best), &best);
}

void
routes_del(struct control *c, uint32_t prefix, uint8_t len, enum rib_rank rank, uint32_t owner)
{
	struct dp_next best;

	prefix &= rib_mask(len);
	tell(c, prefix, len, rib_del(c->rib, prefix, len, rank, owner, &best), &best);
}
