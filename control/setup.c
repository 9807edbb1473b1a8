/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/setup.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The structs of config/ say what a user may write, those of control/ppp what the protocol needs; neither knows the other. The
 * numbers of enums that must agree are compared here. */
_Static_assert((int)CONFIG_ETHERNET == (int)HOST_ETHERNET && (int)CONFIG_PTM == (int)HOST_PTM, "encapsulations agree");
_Static_assert(
	(int)CONFIG_ATM == (int)HOST_ATM && (int)CONFIG_ENCAP_AUTO == (int)HOST_ENCAP_AUTO, "encapsulations agree");
_Static_assert((int)CONFIG_WEIGHTED == (int)HOST_WEIGHTED && (int)CONFIG_EQUAL == (int)HOST_EQUAL, "modes agree");
_Static_assert((int)CONFIG_ROUND_ROBIN == (int)HOST_ROUND_ROBIN && (int)CONFIG_PACKET == (int)HOST_PACKET &&
		(int)CONFIG_OVERFLOW == (int)HOST_OVERFLOW,
	"modes agree");
_Static_assert((int)CONFIG_AUTH_PAP == (int)HOST_AUTH_PAP && (int)CONFIG_AUTH_CHAP == (int)HOST_AUTH_CHAP_MD5, "auth");
_Static_assert((int)CONFIG_AUTH_MSCHAP == (int)HOST_AUTH_MSCHAP, "authentication protocols agree");
_Static_assert((int)CONFIG_AUTH_MSCHAPV2 == (int)HOST_AUTH_MSCHAP2, "authentication protocols agree");
_Static_assert((int)CONFIG_AUTH_MAX == (int)HOST_AUTHS_MAX, "lists of them are equally long");
_Static_assert((int)CONFIG_ENDPOINT_PHONE == (int)HOST_EP_PHONE, "endpoint classes agree");
_Static_assert((int)CONFIG_KEY_STRIP_REALM == (int)HOST_KEY_STRIP_REALM, "bundle keys agree");
_Static_assert((int)CONFIG_KEY_LOWER_CASE == (int)HOST_KEY_LOWER, "bundle keys agree");
_Static_assert((int)CONFIG_DIAL_ON_DEMAND == (int)HOST_DIAL_ON_DEMAND, "ways to dial agree");
_Static_assert((int)CONFIG_DIAL_MANUAL == (int)HOST_DIAL_MANUAL, "ways to dial agree");
_Static_assert((int)CONFIG_LOW_EVERY_SLOT == (int)HOST_LOW_EVERY_SLOT, "readings of low agree");
_Static_assert((int)CONFIG_VLAN_TAGGED == (int)VLAN_TAGGED && (int)CONFIG_VLAN_AD == (int)VLAN_AD, "VLAN words agree");
_Static_assert((int)CONFIG_PORTS_MAX <= (int)DP_PORTS_MAX, "every port that can be configured can be started");
_Static_assert((int)CONFIG_WORKERS_MAX <= (int)DP_WORKERS_MAX, "every worker that can be configured can be started");
_Static_assert((int)CONFIG_DNS6_MAX <= (int)HOST_DNS6_MAX, "every name server fits");
_Static_assert((int)CONFIG_SERVICES_MAX <= (int)HOST_SERVICES_MAX, "every service name fits");

struct setup_block {
	struct setup_block *next;
	max_align_t bytes[];
};

/* Zeroed; NULL when n is 0 or memory is out, which setup_new then says once for all. */
static void *
take(struct setup *s, size_t n, size_t size)
{
	struct setup_block *b = n == 0 ? NULL : calloc(1, sizeof(*b) + n * size);

	if (b == NULL) {
		s->failed |= n != 0;
		return NULL;
	}
	b->next = s->blocks;
	s->blocks = b;
	return b->bytes;
}

void
setup_free(struct setup *s)
{
	if (s == NULL)
		return;
	for (struct setup_block *b = s->blocks, *next; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	free(s);
}

/* ------------------------------------------------------------------ small groups */

static struct host_policy
policy_of(struct config_policy p)
{
	return (struct host_policy){.want = p.want, .allow = p.allow};
}

static uint8_t
rate_rule_of(const struct config_line *l)
{
	switch (l->rate_bps) {
	case CONFIG_RATE_UNPACED:
		return HOST_RATE_UNPACED;
	case CONFIG_RATE_TAGS:
		return HOST_RATE_TAGS;
	default:
		return HOST_RATE_AUTO;
	}
}

static struct host_line
line_of(const struct config_line *l)
{
	return (struct host_line){
		.receive_bps = l->receive_bps,
		.rate_bps = config_rate_bps(l),
		.rule = rate_rule_of(l),
		.measure = l->measure,
		.latency_us = l->latency_us,
		.encap = (uint8_t)l->encapsulation,
		.cost = l->cost,
		.overhead_bytes = l->overhead_bytes,
	};
}

static struct host_quality
quality_of(const struct config_quality *q)
{
	return (struct host_quality){
		.probe = q->probe,
		.limits = {.loss_max_permille = (uint16_t)(q->loss_max_percent * 10),
			.skew_max_ms = q->skew_max_ms,
			.hold_ms = q->hold_ms},
	};
}

static struct host_mss
mss_of(const struct config_mss *m)
{
	return (struct host_mss){.v4 = m->v4, .v6 = m->v6, .from_links = m->from_links, .to_links = m->to_links};
}

static struct host_scrub
scrub_of(const struct config_scrub *c)
{
	return (struct host_scrub){
		.reassemble = c->reassemble,
		.min_ttl = c->min_ttl,
		.clear_df = c->clear_df,
		.from_links = c->from_links,
		.to_links = c->to_links,
	};
}

static struct host_redial
redial_of(const struct config_redial *r)
{
	return (struct host_redial){
		.delay_ms = r->delay_ms,
		.increment_ms = r->increment_ms,
		.limit_ms = r->limit_ms,
		.jitter_ms = r->jitter_ms,
		.attempts = r->attempts,
		.carrier_wait_ms = r->carrier_wait_ms,
	};
}

/* The first that is given. */
static uint32_t
given_of(uint32_t own, uint32_t otherwise)
{
	return own != 0 ? own : otherwise;
}

static struct host_bandwidth
bandwidth_of(const struct config_bandwidth *b)
{
	return (struct host_bandwidth){
		.enabled = b->given,
		.period_ms = b->period_ms,
		.high_percent = b->high_percent,
		.low_percent = b->low_percent,
		.min_connect_ms = b->min_connect_ms,
		.min_disconnect_ms = b->min_disconnect_ms,
		.low = (uint8_t)b->low_reading,
	};
}

static struct host_lcp
lcp_of(const struct config_lcp *l, uint32_t fsm_timeout_ms, struct host_policy auth)
{
	return (struct host_lcp){
		.mru = l->mru,
		.mtu = l->mtu,
		.timing =
			{
				.restart_ms = given_of(l->restart_ms, fsm_timeout_ms),
				.max_configure = l->max_configure,
				.max_terminate = l->max_terminate,
				.max_failure = l->max_failure,
			},
		.echo_interval_ms = l->echo_interval_ms,
		.echo_failures = l->echo_failures,
		.p_mru = policy_of(l->options.mru),
		.p_magic = policy_of(l->options.magic),
		.p_mrru = policy_of(l->options.mrru),
		.p_short_seq = policy_of(l->options.short_sequence),
		.p_endpoint = policy_of(l->options.endpoint),
		.p_quality = policy_of(l->options.quality),
		.quality_period_ms = l->quality_period_ms,
		.p_pfc = policy_of(l->options.pfc),
		.p_auth = auth,
	};
}

static struct host_network
network_of(const struct config_network *n, uint32_t fsm_timeout_ms, const struct config_lcp *l)
{
	return (struct host_network){
		.ipv4 = policy_of(n->ipv4),
		.ipv6 = policy_of(n->ipv6),
		.interface_id = policy_of(n->interface_id),
		.address = policy_of(n->address),
		.timing =
			{
				.restart_ms = given_of(n->restart_ms, fsm_timeout_ms),
				.max_configure = (uint8_t)given_of(n->max_configure, l->max_configure),
				.max_terminate = (uint8_t)given_of(n->max_terminate, l->max_terminate),
				.max_failure = (uint8_t)given_of(n->max_failure, l->max_failure),
			},
	};
}

static void
dns_of(const struct config_addresses4 *dns, uint32_t out[CONFIG_DNS_MAX])
{
	for (size_t i = 0; i < dns->n && i < CONFIG_DNS_MAX; i++)
		out[i] = dns->items[i];
}

static void
endpoint_of(const struct config_endpoint *e, struct host_multilink *m)
{
	m->endpoint_auto = e->class == CONFIG_ENDPOINT_AUTO;
	if (m->endpoint_auto)
		return;
	m->endpoint.class = (uint8_t)e->class;
	m->endpoint.len = e->n_bytes;
	memcpy(m->endpoint.bytes, e->bytes, e->n_bytes);
}

static struct host_multilink
multilink_of(const struct config *cfg, const struct config_multilink *c)
{
	struct host_multilink m = {
		.enabled = c->enabled,
		.require = c->require,
		.allow_unauthenticated = c->allow_unauthenticated,
		.mrru = config_mrru(cfg, c),
		.links_max = c->links_max,
		.mode = (uint8_t)c->mode,
		.overflow_ms = c->overflow_ms,
		.min_fragment = c->min_fragment,
		.tolerate_reorder = c->tolerate_reorder,
		.strict_reserved_bits = c->strict_reserved_bits,
		.null_ms = c->null_ms,
		.stall_min_ms = c->stall_min_ms,
		.stall_max_ms = c->stall_max_ms,
		.queue_ms = c->queue_ms,
		.window_slots_max = c->window_fragments_max,
		.name_key = (int)c->bundle_key,
	};

	endpoint_of(&c->endpoint, &m);
	return m;
}

static void
auths_of(const struct config_auths *a, enum host_auth out[HOST_AUTHS_MAX])
{
	for (size_t i = 0; i < CONFIG_AUTH_MAX; i++)
		out[i] = i < a->n ? (enum host_auth)a->items[i] : HOST_AUTH_NONE;
}

static const uint16_t *
ports_of(struct setup *s, const struct config_refs *refs)
{
	uint16_t *out = take(s, refs->n, sizeof(*out));

	for (size_t i = 0; out != NULL && i < refs->n; i++)
		out[i] = (uint16_t)refs->items[i].index;
	return out;
}

static struct host_route
route_of(const struct config_ip *p)
{
	if (p->family == 4)
		return host_route4(load_be32(p->bytes), p->len);
	return (struct host_route){.prefix = ip_addr_of6(p->bytes), .len = p->len};
}

static void
routes_add(struct host_route *out, unsigned *n, const struct config_ips *p)
{
	for (size_t i = 0; i < p->n; i++)
		out[(*n)++] = route_of(&p->items[i]);
}

/* ------------------------------------------------------------------ data plane */

static void
port_mac_add(struct dp_port_setup *p, const uint8_t bytes[6])
{
	struct mac mac;

	memcpy(mac.b, bytes, sizeof(mac.b));
	if (mac_is_zero(&mac))
		return;
	for (unsigned i = 0; i < p->n_macs; i++)
		if (mac_equal(&p->macs[i], &mac))
			return;
	if (p->n_macs < DP_PORT_MACS_MAX)
		p->macs[p->n_macs++] = mac;
}

/* Links with a MAC of their own: each port they may dial from must receive for it. */
static void
client_macs(struct dp_port_setup *ports, const struct config_client *c)
{
	for (size_t i = 0; i < c->n_links; i++) {
		const struct config_link *l = &c->links[i];

		for (size_t k = 0; k < l->ports.n; k++)
			port_mac_add(&ports[l->ports.items[k].index], l->mac);
	}
}

static struct dp_port_setup
dp_port_of(const struct config_port *c)
{
	return (struct dp_port_setup){
		.name = c->name,
		.devargs = c->device,
		.kind = c->kind == CONFIG_IP ? DP_PORT_IP : DP_PORT_ACCESS,
		.mtu = c->mtu,
		.rx_queues = c->rx_queues,
		.tx_queues = c->tx_queues,
		.rules_max = c->steering == CONFIG_STEERING_AUTO ? c->rules_max : 0,
	};
}

static void
dp_ports(struct setup *s, const struct config *cfg)
{
	struct dp_port_setup *ports = take(s, cfg->n_ports, sizeof(*ports));

	if (ports == NULL)
		return;
	for (size_t i = 0; i < cfg->n_ports; i++)
		ports[i] = dp_port_of(&cfg->ports[i]);
	for (size_t i = 0; i < cfg->n_clients; i++)
		client_macs(ports, &cfg->clients[i]);
	s->dp.ports = ports;
	s->dp.n_ports = (unsigned)cfg->n_ports;
}

/* New bundles go to the worker with the fewest, but those that end do not ask where they lived; and an index rests after its
 * use. So each worker has room for more than its share. */
static unsigned
bundles_per_worker(uint32_t bundles_max, unsigned workers)
{
	const uint32_t share = (bundles_max + workers - 1) / workers;
	const uint64_t most = (uint64_t)share + share / 4 + 64;

	return most > DP_BUNDLES_MAX ? DP_BUNDLES_MAX : (unsigned)most;
}

static bool
hugepages_of(const struct config_process *p)
{
	switch (p->hugepages) {
	case CONFIG_YES:
		return true;
	case CONFIG_NO:
		return false;
	case CONFIG_AUTO:
		break;
	}
	return setup_hugepages_free("/sys/kernel/mm/hugepages", p->memory_bytes);
}

static void
dp_process(struct setup *s, const struct config_process *p)
{
	s->dp.name = p->name;
	s->dp.workers = p->workers;
	s->dp.cpus = p->cpus.n != 0 ? p->cpus.items : NULL;
	s->dp.control_cpu = p->control_cpu;
	s->dp.idle = p->idle == CONFIG_IDLE_BUSY ? DP_IDLE_BUSY : DP_IDLE_ADAPTIVE;
	s->dp.hugepages = hugepages_of(p);
	s->dp.memory_mib = (unsigned)(p->memory_bytes >> 20);
	s->dp.bundles_max = bundles_per_worker(p->bundles_max, p->workers);
	s->dp.routes_max = p->routes_max;
	s->dp.reassembly_bytes = p->reassembly_bytes;
	s->dp.punt_total_pps = p->punt_pps;
	s->dp.punt_session_pps = p->punt_session_pps;
	s->dp.eal_args = p->eal_args.n != 0 ? (const char *const *)p->eal_args.items : NULL;
}

/* Number in a file of one line; 0 if there is none. */
static uint64_t
file_number(const char *dir, const char *sub, const char *name)
{
	char path[512];
	unsigned long long v = 0;

	snprintf(path, sizeof(path), "%s/%s/%s", dir, sub, name);
	FILE *f = fopen(path, "re");

	if (f == NULL)
		return 0;
	if (fscanf(f, "%llu", &v) != 1)
		v = 0;
	fclose(f);
	return v;
}

bool
setup_hugepages_free(const char *dir, uint64_t bytes)
{
	DIR *d = opendir(dir);
	bool enough = false;

	if (d == NULL)
		return false;
	for (const struct dirent *e; (e = readdir(d)) != NULL;) {
		unsigned long long kib;

		if (sscanf(e->d_name, "hugepages-%llukB", &kib) != 1)
			continue;
		enough |= file_number(dir, e->d_name, "free_hugepages") * kib * 1024 >= bytes;
	}
	closedir(d);
	return enough;
}

/* ------------------------------------------------------------------ protocol core */

static void
host_ports(struct setup *s, const struct config *cfg)
{
	struct host_port *ports = take(s, cfg->n_ports, sizeof(*ports));

	for (size_t i = 0; ports != NULL && i < cfg->n_ports; i++)
		ports[i] = (struct host_port){
			.name = cfg->ports[i].name, .mtu = cfg->ports[i].mtu, .line = line_of(&cfg->ports[i].line)};
	s->ports = ports;
	s->host.ports = ports;
	s->host.n_ports = (unsigned)cfg->n_ports;
}

static struct host_pool
pool_of(struct setup *s, const struct config_pool *c)
{
	struct host_range *r = take(s, c->ranges.n, sizeof(*r));

	for (size_t i = 0; r != NULL && i < c->ranges.n; i++)
		r[i] = (struct host_range){.first = c->ranges.items[i].first, .last = c->ranges.items[i].last};
	return (struct host_pool){.name = c->name, .ranges = r, .n_ranges = (unsigned)c->ranges.n};
}

static void
host_pools(struct setup *s, const struct config *cfg)
{
	struct host_pool *pools = take(s, cfg->n_pools, sizeof(*pools));

	for (size_t i = 0; pools != NULL && i < cfg->n_pools; i++)
		pools[i] = pool_of(s, &cfg->pools[i]);
	s->host.pools = pools;
	s->host.n_pools = (unsigned)cfg->n_pools;
}

static struct host_pool6
pool6_of(struct setup *s, const struct config_pool6 *c)
{
	struct host_route *prefixes = take(s, c->prefixes.n, sizeof(*prefixes));
	unsigned n = 0;

	if (prefixes != NULL)
		routes_add(prefixes, &n, &c->prefixes);
	return (struct host_pool6){.name = c->name, .prefixes = prefixes, .n_prefixes = n, .len = c->length};
}

static void
host_pools6(struct setup *s, const struct config *cfg)
{
	struct host_pool6 *pools = take(s, cfg->n_pools6, sizeof(*pools));

	for (size_t i = 0; pools != NULL && i < cfg->n_pools6; i++)
		pools[i] = pool6_of(s, &cfg->pools6[i]);
	s->host.pools6 = pools;
	s->host.n_pools6 = (unsigned)cfg->n_pools6;
}

/* One that is not given has length 0. */
static struct host_route
prefix6_of(const struct config_ip *p)
{
	return p->family == 6 ? route_of(p) : (struct host_route){.len = 0};
}

static struct host_user
user_of(struct setup *s, const struct config_user *c)
{
	struct host_route *routes = take(s, c->routes.n, sizeof(*routes));
	unsigned n = 0;

	if (routes != NULL)
		routes_add(routes, &n, &c->routes);
	return (struct host_user){
		.name = c->name,
		.password = c->password,
		.address = c->address,
		.link6 = prefix6_of(&c->prefix6),
		.delegated6 = prefix6_of(&c->delegated_prefix),
		.routes = routes,
		.n_routes = n,
		.links_max = c->links_max,
		.sessions_max = c->sessions_max,
		.alias = c->bundle,
	};
}

static void
host_users(struct setup *s, const struct config *cfg)
{
	struct host_user *users = take(s, cfg->n_users, sizeof(*users));

	for (size_t i = 0; users != NULL && i < cfg->n_users; i++)
		users[i] = user_of(s, &cfg->users[i]);
	s->host.users = users;
	s->host.n_users = (unsigned)cfg->n_users;
}

static struct host_vlans
vlans_of(struct setup *s, const struct config_vlans *c)
{
	struct vlan_stack *stacks = take(s, c->n + 1, sizeof(*stacks)); /* at least one: untagged */
	struct host_vlans out = {.stacks = stacks, .n = c->n != 0 ? (unsigned)c->n : 1};

	for (size_t i = 0; stacks != NULL && i < c->n; i++) {
		out.any |= c->items[i].any;
		stacks[i] = (struct vlan_stack){.outer = c->items[i].outer, .inner = c->items[i].inner};
	}
	return out;
}

static struct host_limits
limits_of(const struct config_concentrator *c)
{
	return (struct host_limits){
		.padi_per_s = c->limits.padi_per_s,
		.padi_per_mac_per_s = c->limits.padi_per_mac_per_s,
		.sessions = c->limits.sessions,
		.sessions_per_mac = c->limits.sessions_per_mac,
		.sessions_per_vlan = c->limits.sessions_per_vlan,
		.sessions_per_port = c->limits.sessions_per_port,
		.pado_delay_ms = c->pado_delay_ms,
	};
}

static struct host_prefixes
prefixes_of(const struct config_concentrator *c)
{
	struct host_prefixes p = {
		.link_pool = c->pool6.name != NULL ? c->pool6.index + 1 : 0,
		.delegated_pool = c->delegated_pool.name != NULL ? c->delegated_pool.index + 1 : 0,
		.n_dns = (unsigned)c->dns6.n,
		.preferred_s = c->preferred_s,
		.valid_s = c->valid_s,
	};

	for (size_t i = 0; i < c->dns6.n; i++)
		p.dns[i] = ip_addr_of6(c->dns6.items[i].bytes);
	return p;
}

static struct host_concentrator
concentrator_of(struct setup *s, const struct config *cfg, const struct config_concentrator *c)
{
	struct host_concentrator h = {
		.name = c->name,
		.ports = ports_of(s, &c->ports),
		.n_ports = (unsigned)c->ports.n,
		.vlans = vlans_of(s, &c->vlans),
		.ac_name = c->ac_name,
		.n_services = (unsigned)c->service_names.n,
		.any_service = c->any_service,
		.wrong_service_error = c->on_wrong_service == CONFIG_WRONG_SERVICE_ERROR,
		.max_payload = c->max_payload,
		.limits = limits_of(c),
		.auth_name = c->auth_name,
		.username = c->username,
		.password = c->password,
		.rechallenge_ms = c->rechallenge_ms,
		.failure_delay_ms = c->failure_delay_ms,
		.address = c->address,
		.pool = c->pool.name != NULL ? (int)c->pool.index : -1,
		.prefixes = prefixes_of(c),
		.source_check = c->source_check,
		.auth_timing = {.restart_ms = given_of(c->authentication_ms, c->fsm_timeout_ms),
			.max_configure = (uint8_t)given_of(c->authentication_tries, c->lcp.max_configure)},
		.request_dns = c->request_dns,
		.ip_mtu = c->ip_mtu,
		.idle_timeout_ms = c->idle_timeout_ms,
		.bandwidth = bandwidth_of(&c->bandwidth),
		.network = network_of(&c->network, c->fsm_timeout_ms, &c->lcp),
		.mss = mss_of(&c->mss),
		.scrub = scrub_of(&c->scrub),
		.quality = quality_of(&c->quality),
		.lcp = lcp_of(&c->lcp, c->fsm_timeout_ms,
			(struct host_policy){.want = c->authentication.n != 0, .allow = c->own_authentication.n != 0}),
		.multilink = multilink_of(cfg, &c->multilink),
	};

	for (size_t i = 0; i < c->service_names.n && i < HOST_SERVICES_MAX; i++)
		h.services[i] = c->service_names.items[i];
	dns_of(&c->dns, h.dns);
	auths_of(&c->authentication, h.auth);
	auths_of(&c->own_authentication, h.accept);
	return h;
}

static void
host_concentrators(struct setup *s, const struct config *cfg)
{
	struct host_concentrator *all = take(s, cfg->n_concentrators, sizeof(*all));

	for (size_t i = 0; all != NULL && i < cfg->n_concentrators; i++)
		all[i] = concentrator_of(s, cfg, &cfg->concentrators[i]);
	s->host.concentrators = all;
	s->host.n_concentrators = (unsigned)cfg->n_concentrators;
}

static struct host_client_link
link_of(struct setup *s, const struct config_link *c)
{
	struct host_client_link l = {
		.name = c->name,
		.ports = ports_of(s, &c->ports),
		.n_ports = (unsigned)c->ports.n,
		.vlans = {.outer = c->vlan.outer, .inner = c->vlan.inner},
		.line_set = c->line.given,
		.line = line_of(&c->line),
		.username = c->username,
		.password = c->password,
		.max_payload = c->max_payload,
		.redial = redial_of(&c->redial),
	};

	memcpy(l.mac.b, c->mac, sizeof(l.mac.b));
	return l;
}

/* Prefixes behind the peer: what the client's section says, and the routes of the file that name the client. */
static void
client_routes(struct setup *s, const struct config *cfg, unsigned index, struct host_client *h)
{
	const struct config_client *c = &cfg->clients[index];
	struct host_route *routes = take(s, c->routes.n + cfg->n_routes, sizeof(*routes));
	unsigned n = 0;

	if (routes == NULL)
		return;
	routes_add(routes, &n, &c->routes);
	for (size_t i = 0; i < cfg->n_routes; i++) {
		const struct config_route *r = &cfg->routes[i];

		if (r->client.name != NULL && r->client.index == index && r->to.family != 0)
			routes[n++] = route_of(&r->to);
	}
	h->routes = routes;
	h->n_routes = n;
}

static const uint16_t *
bandwidth_order(struct setup *s, const struct config_client *c)
{
	uint16_t *order = take(s, c->n_links, sizeof(*order));

	for (size_t i = 0; order != NULL && i < c->n_links; i++)
		order[i] = (uint16_t)(i < c->bandwidth.links.n ? c->bandwidth.links.items[i].index : i);
	return order;
}

static struct host_client
client_of(struct setup *s, const struct config *cfg, unsigned index)
{
	const struct config_client *c = &cfg->clients[index];
	struct host_client_link *links = take(s, c->n_links, sizeof(*links));
	struct host_client h = {
		.name = c->name,
		.username = c->username,
		.password = c->password,
		.peer_name = c->peer_username,
		.peer_password = c->peer_password,
		.peer_rechallenge_ms = c->peer_rechallenge_ms,
		.service = c->service_name,
		.ac_name = c->ac_name,
		.address = c->address,
		.accept_address = {.address = c->accept_address.address, .len = c->accept_address.len},
		.request_prefix = c->request_prefix,
		.prefix_hint = c->prefix_hint,
		.request_dns = c->request_dns,
		.default_route = c->default_route,
		.ip_mtu = c->ip_mtu,
		.source_check = c->source_check,
		.auth_timing = {.restart_ms = given_of(c->authentication_ms, c->fsm_timeout_ms),
			.max_configure = (uint8_t)given_of(c->authentication_tries, c->lcp.max_configure)},
		.network = network_of(&c->network, c->fsm_timeout_ms, &c->lcp),
		.mss = mss_of(&c->mss),
		.scrub = scrub_of(&c->scrub),
		.quality = quality_of(&c->quality),
		.lcp = lcp_of(&c->lcp, c->fsm_timeout_ms,
			(struct host_policy){.want = c->peer_authentication.n != 0, .allow = c->authentication.n != 0}),
		.multilink = multilink_of(cfg, &c->multilink),
		.dial = (enum host_dial)c->dial,
		.one_by_one = c->start_order == CONFIG_START_ONE_BY_ONE,
		.idle_timeout_ms = c->idle_timeout_ms,
		.bandwidth = bandwidth_of(&c->bandwidth),
		.bandwidth_order = bandwidth_order(s, c),
		.links = links,
		.n_links = (unsigned)c->n_links,
	};

	for (size_t i = 0; links != NULL && i < c->n_links; i++)
		links[i] = link_of(s, &c->links[i]);
	client_routes(s, cfg, index, &h);
	dns_of(&c->dns, h.dns);
	auths_of(&c->authentication, h.accept);
	auths_of(&c->peer_authentication, h.demand);
	return h;
}

static void
host_clients(struct setup *s, const struct config *cfg)
{
	struct host_client *all = take(s, cfg->n_clients, sizeof(*all));

	for (unsigned i = 0; all != NULL && i < cfg->n_clients; i++)
		all[i] = client_of(s, cfg, i);
	s->host.clients = all;
	s->host.n_clients = (unsigned)cfg->n_clients;
}

struct setup *
setup_new(const struct config *cfg)
{
	struct setup *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	dp_process(s, &cfg->process);
	dp_ports(s, cfg);
	host_ports(s, cfg);
	host_pools(s, cfg);
	host_pools6(s, cfg);
	host_users(s, cfg);
	host_concentrators(s, cfg);
	host_clients(s, cfg);
	s->host.sessions_max = cfg->process.sessions_max;
	s->host.bundles_max = cfg->process.bundles_max;
	if (s->failed) {
		setup_free(s);
		return NULL;
	}
	return s;
}

void
setup_ports(struct setup *s, struct dataplane *dp)
{
	for (unsigned i = 0; i < s->host.n_ports; i++) {
		struct dp_port_info info;

		if (dp_port_info(dp, i, &info) != 0)
			continue;
		s->ports[i].mac = info.mac;
		if (info.mtu != 0 && info.mtu < s->ports[i].mtu)
			s->ports[i].mtu = info.mtu;
	}
}
