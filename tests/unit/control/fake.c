/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/control/fake.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <string.h>

struct fake fake;

bool
dp_command(struct dataplane *dp, unsigned worker, const struct dp_cmd *cmd, uint32_t *ticket)
{
	(void)dp;
	if (fake.ring_full)
		return false;
	assert(fake.n_commands < FAKE_MAX);
	fake.commands[fake.n_commands].worker = worker;
	fake.commands[fake.n_commands++].cmd = *cmd;
	*ticket = fake.n_commands;
	return true;
}

bool
dp_applied(struct dataplane *dp, unsigned worker, uint32_t ticket)
{
	(void)dp;
	return ticket <= fake.applied[worker];
}

uint32_t
dp_quiescence_mark(struct dataplane *dp)
{
	(void)dp;
	return ++fake.marks;
}

bool
dp_quiescent(struct dataplane *dp, uint32_t mark)
{
	(void)dp;
	return mark <= fake.quiescent;
}

bool
dp_inject(struct dataplane *dp, const struct dp_target *to, const void *bytes, size_t len)
{
	(void)dp;
	if (fake.inject_full)
		return false;
	assert(fake.n_frames < FAKE_MAX && len <= FAKE_FRAME_MAX);
	struct fake_frame *f = &fake.frames[fake.n_frames++];

	f->to = *to;
	f->len = len;
	memcpy(f->bytes, bytes, len);
	return true;
}

int
dp_session_punt(struct dataplane *dp, const struct dp_session_key *key)
{
	(void)dp;
	(void)key;
	fake.n_punts++;
	return 0;
}

int
dp_session_link(struct dataplane *dp, const struct dp_session_key *key, struct dp_bundle_ref bundle, unsigned slot)
{
	(void)dp;
	assert(fake.n_steered < FAKE_MAX);
	fake.steered[fake.n_steered].key = *key;
	fake.steered[fake.n_steered].bundle = bundle;
	fake.steered[fake.n_steered++].slot = slot;
	return fake.steer_result;
}

int
dp_session_clear(struct dataplane *dp, const struct dp_session_key *key)
{
	(void)dp;
	(void)key;
	fake.n_clears++;
	return 0;
}

static void
route(const struct fake_route *route, const struct dp_next *next)
{
	assert(fake.n_routes < FAKE_MAX);
	struct fake_route *r = &fake.routes[fake.n_routes++];

	*r = *route;
	if (next != NULL)
		r->next = *next;
}

int
dp_route6_set(struct dataplane *dp, const struct ip_addr *prefix, unsigned prefix_len, const struct dp_next *next)
{
	(void)dp;
	route(&(struct fake_route){.prefix6 = *prefix, .len = prefix_len, .set = true}, next);
	return 0;
}

int
dp_route6_del(struct dataplane *dp, const struct ip_addr *prefix, unsigned prefix_len)
{
	(void)dp;
	route(&(struct fake_route){.prefix6 = *prefix, .len = prefix_len}, NULL);
	return 0;
}

int
dp_route_set(struct dataplane *dp, uint32_t prefix_be, unsigned prefix_len, const struct dp_next *next)
{
	(void)dp;
	route(&(struct fake_route){.prefix = ntohl(prefix_be), .len = prefix_len, .set = true}, next);
	return 0;
}

int
dp_route_del(struct dataplane *dp, uint32_t prefix_be, unsigned prefix_len)
{
	(void)dp;
	route(&(struct fake_route){.prefix = ntohl(prefix_be), .len = prefix_len}, NULL);
	return 0;
}

int
dp_neighbour6_set(struct dataplane *dp, uint16_t port, const struct ip_addr *address, const struct mac *mac)
{
	(void)dp;
	assert(fake.n_neighbours < FAKE_MAX);
	fake.neighbours[fake.n_neighbours].port = port;
	fake.neighbours[fake.n_neighbours].address = ip_addr_is4(address) ? ip_addr_4(address) : 0;
	fake.neighbours[fake.n_neighbours].address6 = *address;
	fake.neighbours[fake.n_neighbours].known = mac != NULL;
	if (mac != NULL)
		fake.neighbours[fake.n_neighbours].mac = *mac;
	fake.n_neighbours++;
	return 0;
}

int
dp_neighbour_set(struct dataplane *dp, uint16_t port, uint32_t address_be, const struct mac *mac)
{
	const struct ip_addr a = ip_addr_of4(ntohl(address_be));

	return dp_neighbour6_set(dp, port, &a, mac);
}

bool
dp_neighbour6_used(struct dataplane *dp, uint16_t port, const struct ip_addr *address)
{
	(void)dp;
	(void)port;
	(void)address;
	return fake.neighbour_used;
}

bool
dp_neighbour_used(struct dataplane *dp, uint16_t port, uint32_t address_be)
{
	(void)dp;
	(void)port;
	(void)address_be;
	return fake.neighbour_used;
}

const char *
dp_port_remark(struct dataplane *dp, unsigned port)
{
	(void)dp;
	(void)port;
	const char *text = fake.remark;

	fake.remark = NULL;
	return text;
}

int
dp_port_info(struct dataplane *dp, unsigned port, struct dp_port_info *info)
{
	(void)dp;
	*info = (struct dp_port_info){.mtu = 1400, .mac = {{2, 0, 0, 0, 0, (uint8_t)(port + 1)}}};
	return 0;
}

void
host_installed(struct host *h, host_link_id link, bool ok, uint64_t now_ms, struct host_out *out)
{
	(void)h;
	(void)now_ms;
	(void)out;
	assert(fake.n_installed < FAKE_MAX);
	fake.installed[fake.n_installed].link = link;
	fake.installed[fake.n_installed++].ok = ok;
}

void
host_bundle_removed(struct host *h, host_bundle_id bundle)
{
	(void)h;
	assert(fake.n_removed < FAKE_MAX);
	fake.removed[fake.n_removed++] = bundle;
}

void
host_bundle_packet(
	struct host *h, host_bundle_id bundle, const uint8_t *p, size_t len, uint64_t now_ms, struct host_out *out)
{
	(void)h;
	(void)now_ms;
	(void)out;
	assert(fake.n_packets < FAKE_MAX && len <= FAKE_FRAME_MAX);
	fake.packets[fake.n_packets].bundle = bundle;
	fake.packets[fake.n_packets].len = len;
	memcpy(fake.packets[fake.n_packets++].bytes, p, len);
}

void
host_traffic(struct host *h, host_bundle_id bundle, const struct host_traffic *t, uint64_t now_ms, struct host_out *out)
{
	(void)h;
	(void)now_ms;
	(void)out;
	fake.n_traffic++;
	fake.traffic_bundle = bundle;
	fake.traffic = *t;
}

bool
host_demand(struct host *h, unsigned client, const char *what, uint64_t now_ms, struct host_out *out)
{
	(void)h;
	(void)now_ms;
	(void)out;
	fake.n_demands++;
	fake.demand_client = client;
	snprintf(fake.demand_what, sizeof(fake.demand_what), "%s", what);
	return fake.awake;
}

bool
host_client_awake(const struct host *h, unsigned client)
{
	(void)h;
	(void)client;
	return fake.awake;
}

bool
host_bundle_get(const struct host *h, host_bundle_id id, struct host_bundle_info *info)
{
	(void)h;
	*info = fake.bundle;
	return id != 0 && id == fake.bundle.id;
}

bool
host_bundle_next(const struct host *h, unsigned *cursor, struct host_bundle_info *info)
{
	(void)h;
	if (fake.bundle.id == 0 || *cursor != 0)
		return false;
	*cursor = 1;
	*info = fake.bundle;
	return true;
}
