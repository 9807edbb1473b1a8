/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/host_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/ppp.h"
#include "dataplane/wire/pppoe.h"

/* ------------------------------------------------------------------ new and free */

static const char OUT_OF_MEMORY[] = "out of memory";

static bool
ports_valid(const struct host_config *cfg, const uint16_t *ports, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (ports[i] >= cfg->n_ports)
			return false;
	return n != 0;
}

static bool
ranges_overlap(const struct host_pool *a, const struct host_pool *b)
{
	for (unsigned i = 0; i < a->n_ranges; i++)
		for (unsigned j = 0; j < b->n_ranges; j++)
			if (a->ranges[i].first <= b->ranges[j].last && b->ranges[j].first <= a->ranges[i].last)
				return true;
	return false;
}

static const char *
check_pools(const struct host_config *cfg)
{
	for (unsigned i = 0; i < cfg->n_pools; i++)
		for (unsigned j = 0; j < i; j++)
			if (ranges_overlap(&cfg->pools[i], &cfg->pools[j]))
				return "two pools share addresses";
	for (unsigned i = 0; i < cfg->n_concentrators; i++) {
		const struct host_prefixes *p = &cfg->concentrators[i].prefixes;

		if (cfg->concentrators[i].pool >= (int)cfg->n_pools || p->link_pool > cfg->n_pools6 ||
			p->delegated_pool > cfg->n_pools6)
			return "a concentrator names a pool that does not exist";
	}
	return NULL;
}

static const char *
check_config(const struct host_config *cfg)
{
	unsigned links = 0;

	for (unsigned i = 0; i < cfg->n_ports; i++)
		if (cfg->ports[i].mtu < PPPOE_OVERHEAD + LCP_MRU_MIN)
			return "a port's MTU is too small for PPPoE";
	for (unsigned i = 0; i < cfg->n_concentrators; i++)
		if (!ports_valid(cfg, cfg->concentrators[i].ports, cfg->concentrators[i].n_ports))
			return "a concentrator has no port, or one that does not exist";
	for (unsigned i = 0; i < cfg->n_clients; i++) {
		links += cfg->clients[i].n_links;
		for (unsigned j = 0; j < cfg->clients[i].n_links; j++)
			if (!ports_valid(cfg, cfg->clients[i].links[j].ports, cfg->clients[i].links[j].n_ports))
				return "a client's link has no port, or one that does not exist";
	}
	if (cfg->sessions_max == 0 || cfg->bundles_max == 0 || cfg->sessions_max < links)
		return "sessions_max or bundles_max is smaller than the clients need";
	return check_pools(cfg);
}

static struct host_endpoint
own_endpoint(const struct host_multilink *m, const struct mac *first)
{
	struct host_endpoint ep = {.class = HOST_EP_MAC, .len = ETH_ADDR_LEN};

	if (!m->endpoint_auto)
		return m->endpoint;
	memcpy(ep.bytes, first, ETH_ADDR_LEN);
	return ep;
}

static int
ports_init(struct host *h)
{
	h->ports = calloc(h->cfg->n_ports + 1u, sizeof(*h->ports));
	if (h->ports == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < h->cfg->n_ports; i++) {
		struct port *p = &h->ports[i];
		uint16_t start;

		p->cfg = &h->cfg->ports[i];
		p->carrier = true;
		p->ids = malloc(sizeof(*p->ids));
		if (p->ids == NULL)
			return -ENOMEM;
		h->random(h->random_ctx, &start, sizeof(start));
		session_ids_init(p->ids, start);
	}
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	const struct user *x = a, *y = b;

	return strcmp(x->cfg->name, y->cfg->name);
}

static int
users_init(struct host *h, const char **why)
{
	h->users = calloc(h->cfg->n_users + 1u, sizeof(*h->users));
	if (h->users == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < h->cfg->n_users; i++)
		h->users[i].cfg = &h->cfg->users[i];
	qsort(h->users, h->cfg->n_users, sizeof(*h->users), by_name);
	for (unsigned i = 1; i < h->cfg->n_users; i++) {
		if (strcmp(h->users[i - 1].cfg->name, h->users[i].cfg->name) == 0) {
			*why = "two users have the same name";
			return -EINVAL;
		}
	}
	return 0;
}

/* Addresses of users and our own are never given out of a pool. */
static int
pools_init(struct host *h, const char **why)
{
	h->pools = calloc(h->cfg->n_pools + 1u, sizeof(*h->pools));
	if (h->pools == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < h->cfg->n_pools; i++) {
		const int ret = pool_init(&h->pools[i], &h->cfg->pools[i]);

		if (ret == -EINVAL)
			*why = "a pool's range is empty, turned or too large";
		if (ret < 0)
			return ret;
		for (unsigned j = 0; j < h->cfg->n_users; j++)
			pool_reserve(&h->pools[i], h->cfg->users[j].address);
		for (unsigned j = 0; j < h->cfg->n_concentrators; j++)
			pool_reserve(&h->pools[i], h->cfg->concentrators[j].address);
	}
	return 0;
}

static int
pools6_init(struct host *h, const char **why)
{
	h->pools6 = calloc(h->cfg->n_pools6 + 1u, sizeof(*h->pools6));
	if (h->pools6 == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < h->cfg->n_pools6; i++) {
		const int ret = pool6_init(&h->pools6[i], &h->cfg->pools6[i]);

		if (ret == -EINVAL)
			*why = "a pool's prefixes are longer than those it gives, or too many";
		if (ret < 0)
			return ret;
	}
	return 0;
}

static bool
demands_authentication(const struct host_concentrator *cfg)
{
	return cfg->lcp.p_auth.want && cfg->auth[0] != HOST_AUTH_NONE;
}

static int
concentrators_init(struct host *h)
{
	h->concentrators = calloc(h->cfg->n_concentrators + 1u, sizeof(*h->concentrators));
	if (h->concentrators == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < h->cfg->n_concentrators; i++) {
		struct concentrator *c = &h->concentrators[i];

		c->cfg = &h->cfg->concentrators[i];
		c->timer.kind = TIMER_CONCENTRATOR;
		c->multilink = c->cfg->multilink;
		if (!demands_authentication(c->cfg) && !c->multilink.allow_unauthenticated)
			c->multilink.enabled = false; /* M-08 */
		c->endpoint = own_endpoint(&c->multilink, &h->cfg->ports[c->cfg->ports[0]].mac);
		c->sessions_of_port = calloc(h->cfg->n_ports, sizeof(*c->sessions_of_port));
		c->server = malloc(sizeof(*c->server));
		if (c->server == NULL || c->sessions_of_port == NULL)
			return -ENOMEM;
		discovery_server_init(c->server, c->cfg, h->random, h->random_ctx, h->now_ms);
		ncp_configure_concentrator(c, &h->cfg->ports[c->cfg->ports[0]].mac);
		prefix_configure(c, &h->cfg->ports[c->cfg->ports[0]].mac);
	}
	return 0;
}

static void
client_init(struct host *h, unsigned index)
{
	struct client *c = &h->clients[index];
	const struct host_client_link *first;

	c->cfg = &h->cfg->clients[index];
	c->first_dial = h->n_dials;
	c->plain = c->cfg->multilink;
	c->plain.enabled = false;
	for (unsigned i = 0; i < c->cfg->n_links; i++) {
		struct dial *d = &h->dials[h->n_dials++];

		d->timer.kind = TIMER_DIAL;
		d->client = (uint16_t)index;
		d->index = (uint16_t)i;
	}
	if (c->cfg->n_links == 0)
		return;
	first = &c->cfg->links[0];
	c->endpoint = own_endpoint(
		&c->cfg->multilink, mac_is_zero(&first->mac) ? &h->cfg->ports[first->ports[0]].mac : &first->mac);
	ncp_configure_client(c, &h->cfg->ports[first->ports[0]].mac);
	uplink6_configure(c, index, &h->cfg->ports[first->ports[0]].mac, h->random, h->random_ctx);
}

static int
clients_init(struct host *h)
{
	unsigned n = 0;

	for (unsigned i = 0; i < h->cfg->n_clients; i++)
		n += h->cfg->clients[i].n_links;
	h->clients = calloc(h->cfg->n_clients + 1u, sizeof(*h->clients));
	h->dials = calloc(n + 1u, sizeof(*h->dials));
	if (h->clients == NULL || h->dials == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < h->cfg->n_clients; i++)
		client_init(h, i);
	return 0;
}

static int
host_init(struct host *h, const char **why)
{
	uint64_t seed;
	int ret;

	h->random(h->random_ctx, &seed, sizeof(seed));
	rate_limit_init(&h->padt_limit, HOST_PADT_PER_S, HOST_PADT_PER_MAC_PER_S, seed, h->now_ms);
	if ((ret = index_init(h)) < 0 || (ret = ports_init(h)) < 0 || (ret = users_init(h, why)) < 0 ||
		(ret = pools_init(h, why)) < 0 || (ret = pools6_init(h, why)) < 0 ||
		(ret = concentrators_init(h)) < 0 || (ret = clients_init(h)) < 0)
		return ret;
	ret = membership_init(&h->membership, h->cfg->bundles_max);
	if (ret < 0)
		return ret;
	return timers_init(
		&h->timers, h->cfg->sessions_max + h->cfg->bundles_max + h->n_dials + h->cfg->n_concentrators);
}

struct host *
host_new(const struct host_config *cfg, host_random_fn *random, void *random_ctx, uint64_t now_ms, const char **why)
{
	struct host *h;

	*why = check_config(cfg);
	if (*why != NULL)
		return NULL;
	*why = OUT_OF_MEMORY;
	h = calloc(1, sizeof(*h));
	if (h == NULL)
		return NULL;
	h->cfg = cfg;
	h->random = random;
	h->random_ctx = random_ctx;
	h->now_ms = now_ms;
	if (host_init(h, why) == 0)
		return h;
	host_free(h);
	return NULL;
}

void
host_free(struct host *h)
{
	if (h == NULL)
		return;
	for (unsigned i = 0; h->ports != NULL && i < h->cfg->n_ports; i++)
		free(h->ports[i].ids);
	for (unsigned i = 0; h->pools != NULL && i < h->cfg->n_pools; i++)
		pool_fini(&h->pools[i]);
	for (unsigned i = 0; h->pools6 != NULL && i < h->cfg->n_pools6; i++)
		pool6_fini(&h->pools6[i]);
	for (unsigned i = 0; h->concentrators != NULL && i < h->cfg->n_concentrators; i++) {
		free(h->concentrators[i].server);
		free(h->concentrators[i].sessions_of_port);
	}
	free(h->ports);
	free(h->users);
	free(h->pools);
	free(h->pools6);
	free(h->concentrators);
	free(h->clients);
	free(h->dials);
	index_fini(h);
	membership_fini(&h->membership);
	timers_fini(&h->timers);
	free(h);
}

/* ------------------------------------------------------------------ calls */

static void
call_begin(struct host *h, uint64_t now_ms, struct host_out *out)
{
	h->now_ms = now_ms;
	h->out = out;
}

#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

static void
run_timer(struct host *h, struct timer *t)
{
	switch ((enum timer_kind)t->kind) {
	case TIMER_LINK:
		link_tick(h, container_of(t, struct link, timer));
		break;
	case TIMER_BUNDLE:
		bundle_tick(h, container_of(t, struct bundle, timer));
		break;
	case TIMER_DIAL:
		dial_tick(h, container_of(t, struct dial, timer));
		break;
	case TIMER_CONCENTRATOR:
		concentrator_tick(h, container_of(t, struct concentrator, timer));
		break;
	}
}

/* What is due, as far as there is room for its effects; the rest stays due. The bound keeps a call short. */
static void
call_end(struct host *h)
{
	for (unsigned i = 0; i < HOST_OUT_ITEMS; i++) {
		if (timers_deadline_ms(&h->timers) > h->now_ms || !host_has_room(h))
			break;
		run_timer(h, timers_first(&h->timers));
	}
	h->out = NULL;
}

void
host_start(struct host *h, uint64_t now_ms, struct host_out *out)
{
	call_begin(h, now_ms, out);
	h->started = true;
	for (unsigned i = 0; i < h->cfg->n_concentrators; i++)
		concentrator_rearm(h, &h->concentrators[i]);
	for (unsigned i = 0; i < h->cfg->n_clients; i++)
		client_start(h, &h->clients[i]);
	call_end(h);
}

void
host_tick(struct host *h, uint64_t now_ms, struct host_out *out)
{
	call_begin(h, now_ms, out);
	call_end(h);
}

uint64_t
host_deadline_ms(const struct host *h)
{
	return timers_deadline_ms(&h->timers);
}

static void
session_frame(struct host *h, uint16_t port, const struct eth_view *eth, const uint8_t *p, size_t n)
{
	struct host_session_key key = {.port = port, .vlans = eth->vlans, .peer = eth->src, .local = eth->dst};
	struct pppoe_view v;
	struct link *l;
	uint16_t proto;
	unsigned field;

	if (pppoe_parse(p, n, &v) != PPPOE_OK || v.code != PPPOE_CODE_SESSION) {
		h->counters.bad_frame++;
		return;
	}
	key.session = v.session;
	l = index_find(h, &key);
	if (l == NULL) {
		session_unknown(h, &key);
		return;
	}
	field = ppp_proto_load(p + PPPOE_HDR_LEN, v.payload_len, &proto);
	l->heard = ++h->frames;
	if (bundle_of(h, l->bundle) != NULL)
		bundle_heard(h, bundle_of(h, l->bundle));
	if (field != 0)
		link_packet(h, l, proto, p + PPPOE_HDR_LEN + field, v.payload_len - field);
	else
		h->counters.bad_frame++;
}

void
host_frame(struct host *h, uint16_t port, const uint8_t *frame, size_t len, uint64_t now_ms, struct host_out *out)
{
	struct eth_view eth;

	call_begin(h, now_ms, out);
	if (port >= h->cfg->n_ports || !eth_parse(frame, len, &eth))
		h->counters.bad_frame++;
	else if (eth.type == ETHERTYPE_PPPOE_DISCOVERY)
		discovery_frame_input(h, port, frame, len);
	else if (eth.type == ETHERTYPE_PPPOE_SESSION)
		session_frame(h, port, &eth, frame + eth.hdr_len, len - eth.hdr_len);
	else
		h->counters.bad_frame++;
	call_end(h);
}

void
host_bundle_packet(
	struct host *h, host_bundle_id bundle, const uint8_t *p, size_t len, uint64_t now_ms, struct host_out *out)
{
	struct bundle *b = bundle_of(h, bundle);

	call_begin(h, now_ms, out);
	if (b != NULL) {
		h->frames++;
		meter_control_packet(b);
		bundle_heard(h, b);
		bundle_input(h, b, p, len);
	}
	call_end(h);
}

void
host_installed(struct host *h, host_link_id link, bool ok, uint64_t now_ms, struct host_out *out)
{
	struct link *l = link_of(h, link);

	call_begin(h, now_ms, out);
	if (l != NULL) {
		link_installed(h, l, ok);
		link_settle(h, l);
	}
	call_end(h);
}

void
host_traffic(struct host *h, host_bundle_id bundle, const struct host_traffic *t, uint64_t now_ms, struct host_out *out)
{
	struct bundle *b = bundle_of(h, bundle);

	call_begin(h, now_ms, out);
	if (b != NULL) {
		meter_answer(h, b, t);
		probe_traffic(h, b, t);
		reports_traffic(h, b, t);
	}
	call_end(h);
}

bool
host_demand(struct host *h, unsigned client, const char *what, uint64_t now_ms, struct host_out *out)
{
	bool awake = false;

	call_begin(h, now_ms, out);
	if (client < h->cfg->n_clients)
		awake = client_demand(h, &h->clients[client], what);
	call_end(h);
	return awake;
}

bool
host_client_awake(const struct host *h, unsigned client)
{
	return client < h->cfg->n_clients && h->clients[client].awake;
}

void
host_bundle_removed(struct host *h, host_bundle_id bundle)
{
	if (bundle == 0 || bundle > h->cfg->bundles_max || h->bundles[bundle - 1].state != BUNDLE_REMOVED)
		return;
	bundle_give(h, &h->bundles[bundle - 1]);
}

void
host_carrier(struct host *h, uint16_t port, bool up, uint64_t now_ms, struct host_out *out)
{
	if (port >= h->cfg->n_ports || h->ports[port].carrier == up)
		return;
	call_begin(h, now_ms, out);
	h->ports[port].carrier = up;
	for (unsigned i = 0; i < h->cfg->sessions_max && !up; i++) {
		struct link *l = &h->links[i];

		if (l->phase != LINK_FREE && l->key.port == port)
			link_doom(h, l, LINK_END, "carrier lost on %s", h->ports[port].cfg->name);
	}
	for (unsigned i = 0; i < h->n_dials; i++)
		dial_carrier(h, &h->dials[i], port, up);
	call_end(h);
}

/* ------------------------------------------------------------------ operator */

static struct dial *
dial_by_name(const struct host *h, const char *name)
{
	for (unsigned i = 0; i < h->n_dials; i++) {
		struct dial *d = &h->dials[i];
		const char *client = h->clients[d->client].cfg->name;
		const size_t n = strlen(client);

		if (strncmp(name, client, n) == 0 && name[n] == '/' && strcmp(name + n + 1, dial_cfg(h, d)->name) == 0)
			return d;
	}
	return NULL;
}

static struct link *
link_by_name(const struct host *h, const char *name)
{
	char *end;
	const unsigned long id = strtoul(name, &end, 10);
	struct link *l = end != name && *end == '\0' && id <= UINT32_MAX ? link_of(h, (uint32_t)id) : NULL;

	return l != NULL && !l->client ? l : NULL;
}

static void
dial_close(struct host *h, struct dial *d)
{
	d->wanted = false;
	client_next(h, d);
	dial_rest(h, d, DIAL_OFF, "closed by the operator");
	client_gave_up(h, &h->clients[d->client]);
}

static void
dial_open(struct host *h, struct dial *d)
{
	h->clients[d->client].awake = true;
	dial_start(h, d, 0);
}

int
host_link_admin(struct host *h, const char *name, bool up, uint64_t now_ms, struct host_out *out)
{
	struct dial *d = dial_by_name(h, name);
	struct link *l = link_by_name(h, name);

	if (d == NULL && l == NULL)
		return -ENOENT;
	if (d == NULL && up)
		return -EINVAL;
	call_begin(h, now_ms, out);
	if (d == NULL)
		link_doom(h, l, LINK_CLOSE, "closed by the operator");
	else if (up)
		dial_open(h, d);
	else
		dial_close(h, d);
	call_end(h);
	return 0;
}

int
host_trace(struct host *h, const char *name, bool on)
{
	struct dial *d = dial_by_name(h, name);
	struct link *l = d != NULL ? link_of(h, d->link) : link_by_name(h, name);

	if (d == NULL && l == NULL)
		return -ENOENT;
	if (d != NULL)
		d->trace = on;
	if (l != NULL)
		l->trace = on;
	return 0;
}

/* All at once would be more effects than a call may have: each link's timer does its own part. */
void
host_stop(struct host *h, uint64_t now_ms, struct host_out *out)
{
	call_begin(h, now_ms, out);
	h->stopping = true;
	for (unsigned i = 0; i < h->n_dials; i++) {
		struct dial *d = &h->dials[i];

		d->wanted = false;
		if (d->state == DIAL_SESSION)
			continue;
		d->state = DIAL_OFF;
		dial_rearm(h, d);
	}
	for (unsigned i = 0; i < h->cfg->sessions_max; i++)
		if (h->links[i].phase != LINK_FREE)
			link_doom(h, &h->links[i], LINK_CLOSE, "going out of service");
	call_end(h);
}

bool
host_idle(const struct host *h)
{
	if (h->n_sessions != 0)
		return false;
	for (unsigned i = 0; i < h->n_dials; i++)
		if (h->dials[i].state != DIAL_OFF)
			return false;
	for (unsigned i = 0; i < h->cfg->bundles_max; i++)
		if (h->bundles[i].state == BUNDLE_LIVE || h->bundles[i].state == BUNDLE_DRAINING)
			return false;
	return true;
}
