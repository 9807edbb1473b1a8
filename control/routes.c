/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/routes.h"

#include <arpa/inet.h>
#include <string.h>

#include "control/log.h"

static uint32_t
be4(const struct ip_addr *a)
{
	return htonl(ip_addr_4(a));
}

static int
dataplane_set(struct control *c, const struct ip_addr *prefix, uint8_t len, const struct dp_next *next)
{
	if (ip_addr_is4(prefix))
		return dp_route_set(c->dp, be4(prefix), len - IP4_MAPPED_LEN, next);
	return dp_route6_set(c->dp, prefix, len, next);
}

static void
dataplane_del(struct control *c, const struct ip_addr *prefix, uint8_t len)
{
	if (ip_addr_is4(prefix))
		dp_route_del(c->dp, be4(prefix), len - IP4_MAPPED_LEN);
	else
		dp_route6_del(c->dp, prefix, len);
}

static void
refused(struct control *c, const struct ip_addr *prefix, uint8_t len, const char *why)
{
	const bool v4 = ip_addr_is4(prefix);
	char text[INET6_ADDRSTRLEN];

	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? prefix->b + 12 : prefix->b, text, sizeof(text));
	c->counters.routes_refused++;
	log_error("route %s/%u not set: %s", text, v4 ? len - IP4_MAPPED_LEN : len, why);
}

static void
tell(struct control *c, const struct ip_addr *prefix, uint8_t len, enum rib_change change, const struct dp_next *best)
{
	int ret = 0;

	switch (change) {
	case RIB_SAME:
		return;
	case RIB_SET:
		ret = dataplane_set(c, prefix, len, best);
		break;
	case RIB_DEL:
		dataplane_del(c, prefix, len);
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

	r.prefix = ip_addr_prefix(&r.prefix, r.len);
	tell(c, &r.prefix, r.len, rib_set(c->rib, &r, &best), &best);
}

void
routes_del(struct control *c, const struct ip_addr *prefix, uint8_t len, enum rib_rank rank, uint32_t owner)
{
	const struct ip_addr p = ip_addr_prefix(prefix, len);
	struct dp_next best;

	tell(c, &p, len, rib_del(c->rib, &p, len, rank, owner, &best), &best);
}
