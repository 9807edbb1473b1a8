/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/check.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "config/places.h"
#include "config/value.h"

static bool
same_text(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* ------------------------------------------------------------------ process and ports */

static void
check_cpus(struct check *c, const struct config_process *p)
{
	const struct config_cpus *cpus = &p->cpus;

	if (cpus->n != 0 && cpus->n < p->workers)
		check_error(c, cpus, "names %zu CPUs for %u workers", cpus->n, p->workers);
	for (size_t i = 0; i < cpus->n; i++) {
		for (size_t j = 0; j < i; j++)
			if (cpus->items[i] == cpus->items[j])
				check_error(c, &cpus->items[i], "CPU %d stands here twice", cpus->items[i]);
		if (cpus->items[i] == p->control_cpu)
			check_warning(c, &cpus->items[i], "CPU %d is the control thread's too", p->control_cpu);
	}
}

static void
check_process(struct check *c)
{
	const struct config_process *p = &c->cfg->process;

	check_cpus(c, p);
	if (p->reassembly_bytes >= p->memory_bytes)
		check_error(c, &p->reassembly_bytes, "must be less than memory: fragments wait in its packet buffers");
	if (p->punt_session_pps > p->punt_pps)
		check_error(c, &p->punt_session_pps, "is more than punt_rate, which all sessions share");
}

/* ARP needs one to speak from. */
static bool
has_ipv4(const struct config_port *port)
{
	for (size_t i = 0; i < port->addresses.n; i++)
		if (port->addresses.items[i].family == 4)
			return true;
	return false;
}

static void
check_address_of(struct check *c, const struct config_port *port)
{
	const struct config_ref *of = &port->address_of;

	if (of->name == NULL)
		return;
	if (port->kind == CONFIG_ACCESS)
		check_error(c, of, "no host is behind an access port");
	else if (!has_ipv4(port))
		check_error(c, of, "needs an IPv4 address on the port");
	for (const struct config_port *other = c->cfg->ports; other < port; other++)
		if (other->address_of.name != NULL && strcmp(other->address_of.name, of->name) == 0)
			check_error(c, of, "the address of client %s goes to port %s already", of->name, other->name);
}

static void
check_port_kind(struct check *c, const struct config_port *port)
{
	check_address_of(c, port);
	if (port->kind == CONFIG_ACCESS) {
		if (port->addresses.n != 0)
			check_error(c, &port->addresses, "an access port has no addresses");
		if (port->proxy_arp)
			check_error(c, &port->proxy_arp, "an access port answers no ARP");
		if (port->probe_addresses)
			check_error(c, &port->probe_addresses, "an access port has no addresses");
		return;
	}
	if (port->line.given)
		check_error(c, &port->line.given, "an ip port is no line");
	if (port->steering != CONFIG_STEERING_AUTO)
		check_error(c, &port->steering, "an ip port has no sessions to steer");
	if (port->rules_max != CONFIG_RULES_MAX)
		check_error(c, &port->rules_max, "an ip port has no sessions to steer");
	if (port->probe_addresses && !has_ipv4(port))
		check_error(c, &port->probe_addresses, "needs an IPv4 address on the port");
	if (port->proxy_arp && !has_ipv4(port))
		check_error(c, &port->proxy_arp, "needs an IPv4 address on the port");
}

static bool
refs_have(const struct config_refs *refs, const char *name)
{
	for (size_t i = 0; i < refs->n; i++)
		if (same_text(refs->items[i].name, name))
			return true;
	return false;
}

static bool
port_is_used(const struct config *cfg, const char *name)
{
	for (size_t i = 0; i < cfg->n_concentrators; i++)
		if (refs_have(&cfg->concentrators[i].ports, name))
			return true;
	for (size_t i = 0; i < cfg->n_clients; i++)
		for (size_t j = 0; j < cfg->clients[i].n_links; j++)
			if (refs_have(&cfg->clients[i].links[j].ports, name))
				return true;
	return false;
}

/* A port can receive for so many addresses besides its own. */
struct port_macs {
	const char *port;
	uint8_t seen[CONFIG_PORT_MACS_MAX][6];
	unsigned n;
};

static void
count_mac(struct check *c, struct port_macs *macs, const struct config_link *link)
{
	static const uint8_t none[6];

	if (memcmp(link->mac, none, sizeof(none)) == 0 || !refs_have(&link->ports, macs->port))
		return;
	for (unsigned i = 0; i < macs->n; i++)
		if (memcmp(macs->seen[i], link->mac, sizeof(link->mac)) == 0)
			return;
	if (macs->n == CONFIG_PORT_MACS_MAX)
		check_error(
			c, &link->mac, "is one more than the %d addresses that port %s can have", macs->n, macs->port);
	else
		memcpy(macs->seen[macs->n++], link->mac, sizeof(link->mac));
}

static void
check_macs(struct check *c, const struct config_port *port)
{
	struct port_macs macs = {.port = port->name};

	for (size_t i = 0; i < c->cfg->n_clients; i++)
		for (size_t j = 0; j < c->cfg->clients[i].n_links; j++)
			count_mac(c, &macs, &c->cfg->clients[i].links[j]);
}

static void
check_ports(struct check *c)
{
	const struct config *cfg = c->cfg;

	for (size_t i = 0; i < cfg->n_ports; i++) {
		const struct config_port *port = &cfg->ports[i];

		check_port_kind(c, port);
		check_macs(c, port);
		for (size_t j = 0; j < i; j++)
			if (same_text(port->device, cfg->ports[j].device))
				check_error(c, &port->device, "is port %s already", cfg->ports[j].name);
		if (port->kind == CONFIG_ACCESS && !port_is_used(cfg, port->name))
			check_warning(c, &port->name, "no concentrator and no client uses this access port");
	}
}

/* ------------------------------------------------------------------ groups of both roles */

static void
check_lcp(struct check *c, const struct config_lcp *lcp, const struct config_multilink *ml)
{
	const struct config_policy *mrru = &lcp->options.mrru;

	if (ml->enabled && !mrru->want && !mrru->allow)
		check_error(c, &mrru->allow, "multilink is enabled, but MRRU may be asked for by nobody");
	if (!ml->enabled && mrru->want && check_given(c, &mrru->want))
		check_error(c, &mrru->want, "multilink is not enabled");
}

static void
check_multilink(struct check *c, const struct config_multilink *ml)
{
	if (ml->require && !ml->enabled)
		check_error(c, &ml->require, "multilink is not enabled");
	if (ml->profile != CONFIG_PROFILE_NONE && ml->mrru != 0)
		check_error(c, &ml->profile, "an MRRU stands here too; one of them is enough");
	if (ml->stall_min_ms > ml->stall_max_ms)
		check_error(c, &ml->stall_min_ms, "is longer than stall_max");
	if (ml->mode != CONFIG_OVERFLOW && ml->overflow_ms != CONFIG_OVERFLOW_MS)
		check_error(c, &ml->overflow_ms, "mode is not overflow");
}

/* Costs of the lines that may come together in a bundle, and what is wrong with them for mode overflow. */
struct costs {
	uint8_t least, most;      /* of the n lines so far */
	uint8_t unpaced;          /* the least of those without a rate */
	const char *unpaced_name; /* its line's; NULL: all have rates */
	size_t n;
};

static void
costs_add(struct costs *k, const struct config_line *line, const char *name)
{
	if (k->n == 0 || line->cost < k->least)
		k->least = line->cost;
	if (k->n == 0 || line->cost > k->most)
		k->most = line->cost;
	if (config_rate_bps(line) == 0 && (k->unpaced_name == NULL || line->cost < k->unpaced)) {
		k->unpaced = line->cost;
		k->unpaced_name = name;
	}
	k->n++;
}

static void
check_overflow(struct check *c, const struct config_multilink *ml, const struct costs *k, const char *lines)
{
	if (ml->mode != CONFIG_OVERFLOW || k->n == 0)
		return;
	if (k->least == k->most)
		check_warning(
			c, &ml->mode, "all %s have the same cost, so none is filled first: this is weighted", lines);
	else if (k->unpaced_name != NULL && k->unpaced < k->most)
		check_warning(c, &ml->mode,
			"%s has no rate: unless one is told at discovery it is never full, and dearer lines are never used",
			k->unpaced_name);
}

static void
check_quality(struct check *c, const struct config_quality *q, const struct config_multilink *ml)
{
	if (ml->enabled || (q->loss_max_percent == 0 && q->skew_max_ms == 0))
		return;
	check_error(c, q->loss_max_percent != 0 ? (const void *)&q->loss_max_percent : &q->skew_max_ms,
		"multilink is not enabled: a bundle's only link is always sent on");
}

/* Half of the 4096 short numbers must not pass while a fragment is on its way: with fragments of 751 bytes these are 123 ms at
 * 100 Mbit/s, 62 ms at 200 Mbit/s. */
static void
check_short_sequence(struct check *c, const struct config_lcp *lcp, uint64_t rate_bps)
{
	const uint64_t safe_bps = 100000000;

	if (lcp->options.short_sequence.want && rate_bps > safe_bps)
		check_warning(c, &lcp->options.short_sequence.want,
			"short sequence numbers are ambiguous after little delay on lines of %llu Mbit/s in sum "
			"(100 Mbit/s at most is safe)",
			(unsigned long long)(rate_bps / 1000000));
}

static void
check_scrub(struct check *c, const struct config_scrub *s)
{
	if (!s->from_links && !s->to_links && (s->reassemble || s->min_ttl != 0 || s->clear_df))
		check_error(c, &s->to_links, "and from_links are both no: nothing would be scrubbed");
}

static void
check_redial(struct check *c, const struct config_redial *redial)
{
	if (redial->limit_ms < redial->delay_ms)
		check_error(c, check_given(c, &redial->limit_ms) ? &redial->limit_ms : &redial->delay_ms,
			"limit is shorter than delay");
}

static void
check_auths(struct check *c, const struct config_auths *auths)
{
	for (size_t i = 0; i < auths->n; i++)
		for (size_t j = 0; j < i; j++)
			if (auths->items[i] == auths->items[j])
				check_error(c, &auths->items[i], "stands here twice");
}

/* Two directions with one password. What stands in a printed configuration is none. */
static bool
same_secret(const char *a, const char *b)
{
	return same_text(a, b) && !same_text(a, VALUE_MASK);
}

static bool
has_chap(const struct config_auths *auths)
{
	for (size_t i = 0; i < auths->n; i++)
		if (auths->items[i] != CONFIG_AUTH_PAP)
			return true;
	return false;
}

static void
check_mask(struct check *c, char *const *password)
{
	if (same_text(*password, VALUE_MASK))
		check_warning(c, password, "is what a printed configuration shows in place of a password");
}

static void
password_missing(struct check *c, char *const *password)
{
	if (!c->secrets_unread)
		check_error(c, password, "is missing, and no secrets_file has it");
}

static void
check_bandwidth_values(struct check *c, const struct config_bandwidth *b)
{
	if (b->low_percent >= b->high_percent)
		check_error(c, check_given(c, &b->low_percent) ? &b->low_percent : &b->high_percent,
			"low_water is not below high_water");
}

/* ------------------------------------------------------------------ concentrators */

static bool
vlans_meet(const struct config_vlan *a, const struct config_vlan *b)
{
	return a->any || b->any || (a->outer == b->outer && a->inner == b->inner);
}

static const struct config_vlan *
vlans_common(const struct config_vlans *a, const struct config_vlans *b)
{
	for (size_t i = 0; i < a->n; i++)
		for (size_t j = 0; j < b->n; j++)
			if (vlans_meet(&a->items[i], &b->items[j]))
				return &a->items[i];
	return NULL;
}

/* Two servers on one wire are fine as long as they offer different services. */
static void
check_rival(struct check *c, const struct config_concentrator *a, const struct config_concentrator *b)
{
	const struct config_vlan *vlan = vlans_common(&a->vlans, &b->vlans);
	char buf[VALUE_TEXT_MAX];

	if (vlan == NULL || !a->any_service || !b->any_service)
		return;
	for (size_t i = 0; i < a->ports.n; i++)
		if (refs_have(&b->ports, a->ports.items[i].name))
			check_error(c, &a->ports.items[i],
				"concentrator %s answers here too (VLAN %s), and both take any service", b->name,
				value_vlan(vlan, buf));
}

static void
check_vlans(struct check *c, const struct config_vlans *vlans)
{
	for (size_t i = 0; i < vlans->n; i++)
		for (size_t j = 0; j < i; j++)
			if (vlans_meet(&vlans->items[i], &vlans->items[j]))
				check_error(c, &vlans->items[i], "is listened on already by the entry before");
}

static const struct config_user *
user_without_address(const struct config *cfg)
{
	for (size_t i = 0; i < cfg->n_users; i++)
		if (cfg->users[i].address == 0)
			return &cfg->users[i];
	return NULL;
}

static void
check_concentrator_pool(struct check *c, const struct config_concentrator *conc)
{
	const struct config_user *user = user_without_address(c->cfg);

	if (conc->pool.name != NULL || !conc->network.ipv4.allow)
		return;
	if (conc->authentication.n == 0)
		check_error(c, &conc->pool, "is missing: without authentication no client has an address of its own");
	else if (user != NULL)
		check_error(c, &conc->pool, "is missing: user %s has no address of its own", user->name);
}

/* Without the option of IPCP each side must know what it is called. */
static void
check_own_address(struct check *c, const struct config_client *client)
{
	const struct config_network *n = &client->network;

	if (n->ipv4.allow && !n->address.want && client->address == 0)
		check_error(c, &client->address,
			"is missing: network.address.want is no, so the peer is not asked for one");
}

static void
check_peers_address(struct check *c, const struct config_network *n)
{
	if (n->ipv4.allow && !n->address.allow)
		check_warning(c, &n->address.allow, "clients cannot be told their addresses and must know them");
}

/* A network protocol is opened by both sides or by none. */
static void
check_network(struct check *c, const struct config_network *n)
{
	if (n->ipv4.want && !n->ipv4.allow)
		check_error(c, &n->ipv4.allow, "must be yes, since IPv4 is wanted");
	if (n->ipv6.want && !n->ipv6.allow)
		check_error(c, &n->ipv6.allow, "must be yes, since IPv6 is wanted");
	if (!n->ipv4.allow && !n->ipv4.want && !n->ipv6.allow && !n->ipv6.want)
		check_error(c, &n->ipv4.allow, "neither IPv4 nor IPv6 is carried");
}

/* A peer could pass our question on to us and have us answer it. */
static void
check_own_secret(struct check *c, const struct config_concentrator *conc)
{
	for (size_t i = 0; conc->password != NULL && i < c->cfg->n_users; i++) {
		const struct config_user *user = &c->cfg->users[i];

		if (same_secret(conc->password, user->password)) {
			check_error(
				c, &conc->password, "is that of user %s too; each direction needs its own", user->name);
			return;
		}
	}
}

static void
check_own_login(struct check *c, const struct config_concentrator *conc)
{
	const struct config_auths *auths = &conc->own_authentication;

	check_auths(c, auths);
	check_mask(c, &conc->password);
	if (auths->n != 0 && conc->username == NULL)
		check_error(c, &conc->username, "is missing: own_authentication needs it");
	else if (auths->n != 0 && conc->password == NULL)
		password_missing(c, &conc->password);
	else if (conc->username == NULL && conc->password != NULL)
		check_error(c, &conc->username, "is missing: there is a password");
	else if (auths->n == 0 && conc->username != NULL)
		check_warning(c, &conc->username, "is not told to anybody: own_authentication is empty");
	if (auths->n != 0 && conc->authentication.n != 0)
		check_own_secret(c, conc);
}

static void
check_concentrator_auth(struct check *c, const struct config_concentrator *conc)
{
	const struct config_auths *auths = &conc->authentication;

	check_auths(c, auths);
	check_own_login(c, conc);
	if (conc->rechallenge_ms != 0 && !has_chap(auths))
		check_error(c, &conc->rechallenge_ms, "only CHAP can be repeated, and authentication does not have it");
	if (auths->n != 0 && c->cfg->n_users == 0)
		check_warning(c, auths, "there are no users: nobody can log in");
	if (auths->n == 0 && conc->multilink.enabled && !conc->multilink.allow_unauthenticated)
		check_warning(c, auths, "without authentication every bundle has one link; see allow_unauthenticated");
}

static uint64_t
ports_rate(const struct config *cfg, const struct config_refs *refs)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < refs->n; i++)
		if (refs->items[i].index < cfg->n_ports)
			sum += config_rate_bps(&cfg->ports[refs->items[i].index].line);
	return sum;
}

static void
check_ports_costs(struct check *c, const struct config_concentrator *conc)
{
	struct costs k = {0};

	for (size_t i = 0; i < conc->ports.n; i++)
		if (conc->ports.items[i].index < c->cfg->n_ports)
			costs_add(&k, &c->cfg->ports[conc->ports.items[i].index].line, conc->ports.items[i].name);
	check_overflow(c, &conc->multilink, &k, "ports");
}

static void
check_concentrator(struct check *c, const struct config_concentrator *conc)
{
	if (!conc->any_service && conc->service_names.n == 0)
		check_error(c, &conc->any_service, "there are no service_names: nobody could be served");
	check_vlans(c, &conc->vlans);
	check_concentrator_auth(c, conc);
	check_concentrator_pool(c, conc);
	check_network(c, &conc->network);
	check_quality(c, &conc->quality, &conc->multilink);
	check_peers_address(c, &conc->network);
	if (conc->network.ipv4.allow && conc->address == 0)
		check_error(c, &conc->address, "is missing: IPv4 needs it");
	check_scrub(c, &conc->scrub);
	check_lcp(c, &conc->lcp, &conc->multilink);
	check_multilink(c, &conc->multilink);
	check_short_sequence(c, &conc->lcp, ports_rate(c->cfg, &conc->ports));
	if (conc->bandwidth.given)
		check_bandwidth_values(c, &conc->bandwidth);
	check_ports_costs(c, conc);
}

static void
check_concentrators(struct check *c)
{
	const struct config *cfg = c->cfg;

	for (size_t i = 0; i < cfg->n_concentrators; i++) {
		check_concentrator(c, &cfg->concentrators[i]);
		for (size_t j = 0; j < i; j++)
			check_rival(c, &cfg->concentrators[i], &cfg->concentrators[j]);
	}
}

/* ------------------------------------------------------------------ users and secrets */

static void
check_users(struct check *c)
{
	for (size_t i = 0; i < c->cfg->n_users; i++) {
		const struct config_user *user = &c->cfg->users[i];

		if (user->password == NULL)
			password_missing(c, &user->password);
		check_mask(c, &user->password);
	}
}

/* ------------------------------------------------------------------ clients */

/* Each link needs a login from itself or the client, unless the peer may not ask for one. */
static void
check_login(struct check *c, const struct config_client *client, const struct config_link *link)
{
	const bool own_name = link->username != NULL, own_password = link->password != NULL;

	if (client->authentication.n == 0)
		return;
	if (!own_name && client->username == NULL)
		check_error(c, &link->username, "is missing, here and in the client");
	else if (own_name && !own_password && client->password == NULL)
		password_missing(c, &link->password);
	else if (own_name && !own_password && !same_text(link->username, client->username))
		check_error(c, &link->password, "is missing: the client's belongs to another username");
}

static void
check_link(struct check *c, const struct config_client *client, const struct config_link *link)
{
	check_login(c, client, link);
	check_mask(c, &link->password);
	if (check_given(c, &link->redial.delay_ms) || check_given(c, &link->redial.limit_ms))
		check_redial(c, &link->redial);
	if (link->line.given && !check_given(c, &link->line.rate_bps))
		check_error(c, &link->line.rate_bps, "is missing: a link's line replaces the port's as a whole");
}

/* Its own, or that of its first port. */
static const struct config_line *
line_of_link(const struct config *cfg, const struct config_link *link)
{
	static const struct config_line none;

	if (link->line.given)
		return &link->line;
	if (link->ports.n == 0 || link->ports.items[0].index >= cfg->n_ports)
		return &none;
	return &cfg->ports[link->ports.items[0].index].line;
}

static void
check_peer_login(struct check *c, const struct config_client *client)
{
	const struct config_auths *auths = &client->peer_authentication;
	bool same = same_secret(client->peer_password, client->password);

	check_auths(c, auths);
	check_mask(c, &client->peer_password);
	for (size_t i = 0; i < client->n_links; i++)
		same |= same_secret(client->peer_password, client->links[i].password);
	if (auths->n != 0 && client->peer_password == NULL)
		password_missing(c, &client->peer_password);
	else if (auths->n != 0 && same)
		check_error(c, &client->peer_password, "is our own password too; each direction needs its own");
	else if (auths->n == 0 && (client->peer_password != NULL || client->peer_username != NULL))
		check_warning(c, client->peer_password != NULL ? &client->peer_password : &client->peer_username,
			"is not asked for: peer_authentication is empty");
	if (client->peer_rechallenge_ms != 0 && !has_chap(auths))
		check_error(c, &client->peer_rechallenge_ms,
			"only CHAP can be repeated, and peer_authentication does not have it");
}

static void
check_client_login(struct check *c, const struct config_client *client)
{
	bool needed = false;

	check_auths(c, &client->authentication);
	check_peer_login(c, client);
	check_mask(c, &client->password);
	for (size_t i = 0; i < client->n_links; i++)
		needed |= client->links[i].username == NULL;
	if (client->username != NULL && client->password == NULL && needed && client->authentication.n != 0)
		password_missing(c, &client->password);
	if (client->username == NULL && client->password != NULL)
		check_error(c, &client->username, "is missing: there is a password");
}

static void
check_client_links(struct check *c, const struct config_client *client)
{
	const struct config_multilink *ml = &client->multilink;
	struct costs costs = {0};
	uint64_t rate = 0;

	for (size_t i = 0; i < client->n_links; i++) {
		const struct config_line *line = line_of_link(c->cfg, &client->links[i]);

		check_link(c, client, &client->links[i]);
		costs_add(&costs, line, client->links[i].name);
		rate += config_rate_bps(line);
	}
	check_overflow(c, ml, &costs, "links");
	check_short_sequence(c, &client->lcp, rate);
	if (client->n_links > 1 && !ml->enabled)
		check_error(c, &ml->enabled, "several links need multilink");
	else if (client->n_links > ml->links_max)
		check_error(c, &ml->links_max, "there are %zu links", client->n_links);
}

static bool
links_equal(const struct config_link *a, const struct config_link *b)
{
	if (a->vlan.outer != b->vlan.outer || a->vlan.inner != b->vlan.inner)
		return false;
	if (memcmp(a->mac, b->mac, sizeof(a->mac)) != 0)
		return false;
	for (size_t i = 0; i < a->ports.n; i++)
		if (refs_have(&b->ports, a->ports.items[i].name))
			return true;
	return false;
}

/* Links of one client may look alike (two sessions over one line); those of two clients would be taken for each other. */
static void
check_twins(struct check *c, const struct config_client *a, const struct config_client *b)
{
	for (size_t i = 0; i < a->n_links; i++)
		for (size_t j = 0; j < b->n_links; j++)
			if (links_equal(&a->links[i], &b->links[j]))
				check_error(c, &a->links[i].name,
					"has the same port, VLAN and MAC address as link %s of client %s",
					b->links[j].name, b->name);
}

/* A static route that leads to the client. */
static bool
has_route(const struct config *cfg, const struct config_client *client)
{
	for (size_t i = 0; i < cfg->n_routes; i++)
		if (same_text(cfg->routes[i].client.name, client->name))
			return true;
	return false;
}

static void
check_dial(struct check *c, const struct config_client *client)
{
	if (client->idle_timeout_ms != 0 && client->dial == CONFIG_DIAL_ALWAYS)
		check_error(c, &client->idle_timeout_ms,
			"with dial: always the bundle would be dialled again at once; dial must be on-demand or manual");
	if (client->dial == CONFIG_DIAL_ON_DEMAND && !client->default_route && client->routes.n == 0 &&
		!has_route(c->cfg, client))
		check_error(c, &client->dial,
			"no packet is ever routed to the client: it has neither default_route nor routes");
}

/* All links, each once. */
static void
check_bandwidth_links(struct check *c, const struct config_client *client)
{
	const struct config_refs *order = &client->bandwidth.links;

	for (size_t i = 0; i < order->n; i++)
		for (size_t j = 0; j < i; j++)
			if (same_text(order->items[i].name, order->items[j].name))
				check_error(c, &order->items[i], "stands here twice");
	for (size_t i = 0; i < client->n_links && order->n != 0; i++)
		if (!refs_have(order, client->links[i].name))
			check_error(c, order, "does not have link %s", client->links[i].name);
}

static void
check_bandwidth(struct check *c, const struct config_client *client)
{
	const struct config_bandwidth *b = &client->bandwidth;

	if (!b->given)
		return;
	check_bandwidth_values(c, b);
	check_bandwidth_links(c, client);
	for (size_t i = 0; i < client->n_links; i++)
		if (config_rate_bps(line_of_link(c->cfg, &client->links[i])) == 0)
			check_error(c, &b->given,
				"needs to know what the lines can carry: link %s has no line with a rate",
				client->links[i].name);
	if (client->n_links == 1)
		check_warning(c, &b->given, "there is only one link to open");
	if (client->start_order == CONFIG_START_ONE_BY_ONE)
		check_error(
			c, &client->start_order, "has no meaning with bandwidth_management, which opens links by load");
}

static void
check_clients(struct check *c)
{
	const struct config *cfg = c->cfg;
	const struct config_client *leads = NULL;

	for (size_t i = 0; i < cfg->n_clients; i++) {
		const struct config_client *client = &cfg->clients[i];

		check_client_login(c, client);
		check_client_links(c, client);
		check_scrub(c, &client->scrub);
		check_lcp(c, &client->lcp, &client->multilink);
		check_multilink(c, &client->multilink);
		check_network(c, &client->network);
		check_quality(c, &client->quality, &client->multilink);
		check_own_address(c, client);
		check_redial(c, &client->redial);
		check_dial(c, client);
		check_bandwidth(c, client);
		for (size_t j = 0; j < i; j++)
			check_twins(c, client, &cfg->clients[j]);
		if (client->default_route && leads != NULL)
			check_error(c, &client->default_route, "client %s has the default route already", leads->name);
		else if (client->default_route)
			leads = client;
	}
}

/* ------------------------------------------------------------------ hooks */

static void
check_hook(struct check *c, const struct config_hook *hook)
{
	const char *program = hook->run.n != 0 ? hook->run.items[0] : NULL;

	for (size_t i = 0; i < hook->events.n; i++)
		for (size_t j = 0; j < i; j++)
			if (hook->events.items[i] == hook->events.items[j])
				check_error(c, &hook->events.items[i], "stands here twice");
	if (program == NULL)
		return;
	if (program[0] != '/')
		check_error(c, &hook->run.items[0], "\"%s\" is no absolute path", program);
	else if (access(program, X_OK) != 0)
		check_warning(c, &hook->run.items[0], "%s cannot be run: %s", program, strerror(errno));
}

void
check_contradictions(struct check *c)
{
	check_process(c);
	check_ports(c);
	check_concentrators(c);
	check_users(c);
	check_clients(c);
	check_addresses(c);
	for (size_t i = 0; i < c->cfg->n_hooks; i++)
		check_hook(c, &c->cfg->hooks[i]);
	check_prefixes6(c);
	if (c->cfg->n_concentrators == 0 && c->cfg->n_clients == 0)
		check_warning(c, &c->cfg->concentrators, "there is neither a concentrator nor a client");
}
