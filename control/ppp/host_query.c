/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/host_state.h"

#include <stdio.h>
#include <string.h>

static void
fill_lcp(const struct link *l, struct host_link_info *info)
{
	const struct lcp_side *ours = lcp_ours(&l->lcp), *peers = lcp_peers(&l->lcp);
	uint32_t rtt_ms;

	if (!lcp_is_open(&l->lcp))
		return;
	info->our_mru = ours->mru;
	info->peer_mru = peers->mru;
	info->our_mrru = ours->mrru;
	info->peer_mrru = peers->mrru;
	info->our_short = ours->short_seq;
	info->peer_short = peers->short_seq;
	info->peer_endpoint = lcp_peer_endpoint(&l->lcp);
	if (lcp_echo_rtt_ms(&l->lcp, &rtt_ms)) /* 0 would mean that there was none */
		info->echo_rtt_us_last = rtt_ms != 0 ? rtt_ms * 1000 : 500;
}

static void
fill_probe(const struct link *l, struct host_link_info *info)
{
	const struct link_probe *p = l->probe;

	info->told_bps = p != NULL && p->metered ? p->meter.told_bps : l->line.rate_bps;
	if (p == NULL || !p->probed)
		return;
	info->probed = true;
	info->quality = p->quality;
	info->spread = p->spread;
}

static void
fill_session(const struct host *h, const struct link *l, struct host_link_info *info)
{
	char text[LINK_EXPLAIN_MAX];

	info->id = l->id;
	info->bundle = l->bundle;
	info->slot = l->slot;
	info->key = l->key;
	info->line = l->line;
	fill_probe(l, info);
	reports_info(h, l, &info->reports);
	info->up_since_ms = l->phase == LINK_OPEN ? l->up_since_ms : 0;
	info->dsl_rate_up_kbps = dsl_line_up_kbps(l->dsl);
	info->dsl_rate_down_kbps = dsl_line_down_kbps(l->dsl);
	snprintf(info->user, sizeof(info->user), "%s", link_login(h, l));
	snprintf(info->phase, sizeof(info->phase), "%s", link_phase_name(l->phase));
	snprintf(info->explain, sizeof(info->explain), "%s", link_explained(h, l, text));
	snprintf(info->circuit_id, sizeof(info->circuit_id), "%s", dsl_line_circuit_id(l->dsl));
	snprintf(info->remote_id, sizeof(info->remote_id), "%s", dsl_line_remote_id(l->dsl));
	fill_lcp(l, info);
}

static const char *
dial_phase(const struct dial *d)
{
	switch ((enum dial_state)d->state) {
	case DIAL_OFF:
		return "idle";
	case DIAL_DISCOVERY:
		return "discovery";
	case DIAL_QUEUED:
		return "queued";
	case DIAL_ASLEEP:
		return "asleep";
	case DIAL_SPARE:
		return "spare";
	case DIAL_WAIT:
	case DIAL_CARRIER:
	case DIAL_SESSION:
	case DIAL_HELD:
		break;
	}
	return "wait";
}

static const struct host_line *
configured_line(const struct host *h, const struct host_client_link *cfg)
{
	return cfg->line_set ? &cfg->line : &h->ports[cfg->ports[0]].cfg->line;
}

static void
fill_dial(const struct host *h, const struct dial *d, struct host_link_info *info)
{
	const struct host_client *client = h->clients[d->client].cfg;
	const struct host_client_link *cfg = dial_cfg(h, d);
	const struct link *l = link_of(h, d->link);
	const char *user = cfg->username != NULL ? cfg->username : client->username;

	info->key.port = cfg->ports[d->candidate < cfg->n_ports ? d->candidate : 0];
	info->key.vlans = cfg->vlans;
	info->line = *configured_line(h, cfg);
	info->told_bps = info->line.rate_bps;
	info->line.source = info->line.rate_bps != 0 ? HOST_RATE_CONFIGURED : HOST_RATE_NONE;
	snprintf(info->phase, sizeof(info->phase), "%s", dial_phase(d));
	snprintf(info->explain, sizeof(info->explain), "%s", d->explain);
	if (l != NULL)
		fill_session(h, l, info);
	info->client = true;
	info->redials = d->redials;
	info->next_dial_ms = d->state == DIAL_WAIT || d->state == DIAL_HELD ? d->due_ms : 0;
	snprintf(info->name, sizeof(info->name), "%s/%s", client->name, cfg->name);
	snprintf(info->owner, sizeof(info->owner), "%s", client->name);
	snprintf(info->user, sizeof(info->user), "%s", user != NULL ? user : "");
}

/* The clients' links first, then the concentrators' sessions. */
bool
host_link_next(const struct host *h, unsigned *cursor, struct host_link_info *info)
{
	memset(info, 0, sizeof(*info));
	if (*cursor < h->n_dials) {
		fill_dial(h, &h->dials[(*cursor)++], info);
		return true;
	}
	while (*cursor - h->n_dials < h->cfg->sessions_max) {
		const struct link *l = &h->links[(*cursor)++ - h->n_dials];

		if (l->phase == LINK_FREE || l->client)
			continue;
		fill_session(h, l, info);
		snprintf(info->name, sizeof(info->name), "%u", l->id);
		snprintf(info->owner, sizeof(info->owner), "%s", h->concentrators[l->owner].cfg->name);
		return true;
	}
	return false;
}

static void
fill_bundle(const struct host *h, const struct bundle *b, struct host_bundle_info *info)
{
	info->id = b->id;
	info->client = b->client;
	info->peer_endpoint = bundle_peer_endpoint(h, b);
	info->values = b->values;
	info->ip_mtu = b->ip_mtu;
	info->links = bundle_count_links(h, b);
	info->up_since_ms = b->up_since_ms;
	info->ipcp_open = ncp_is_open(b, NCP_V4);
	info->ipv6cp_open = ncp_is_open(b, NCP_V6);
	if (info->ipv6cp_open) {
		info->our_interface_id = ipv6cp_our_id(&b->ipv6cp);
		info->peer_interface_id = ipv6cp_peer_id(&b->ipv6cp);
	}
	meter_info(h, b, &info->bandwidth);
	info->link6 = b->prefixes[PREFIX_LINK].prefix;
	info->delegated6 = b->prefixes[PREFIX_DELEGATED].prefix;
	info->delegated = prefix_in_use(b, PREFIX_DELEGATED);
	info->delegated_until_ms = info->delegated ? b->serve6->dhcp6.until_ms : 0;
	if (b->uplink6 != NULL) {
		info->delegated6 = b->uplink6->dhcp6.lease.prefix;
		info->delegated = info->delegated6.len != 0;
		/* for ever is no time that could be shown */
		if (b->uplink6->dhcp6.lease.valid_until_ms != UINT64_MAX)
			info->delegated_until_ms = b->uplink6->dhcp6.lease.valid_until_ms;
	}
	snprintf(info->name, sizeof(info->name), "%s", b->name);
	snprintf(info->owner, sizeof(info->owner), "%s",
		b->client ? h->clients[b->owner].cfg->name : h->concentrators[b->owner].cfg->name);
	if (!info->ipcp_open)
		return;
	info->our_address = ipcp_our_address(&b->ipcp);
	info->peer_address = ipcp_peer_address(&b->ipcp);
	info->dns[0] = b->client ? ipcp_dns(&b->ipcp, 0) : h->concentrators[b->owner].cfg->dns[0];
	info->dns[1] = b->client ? ipcp_dns(&b->ipcp, 1) : h->concentrators[b->owner].cfg->dns[1];
}

bool
host_bundle_next(const struct host *h, unsigned *cursor, struct host_bundle_info *info)
{
	memset(info, 0, sizeof(*info));
	while (*cursor < h->cfg->bundles_max) {
		const struct bundle *b = &h->bundles[(*cursor)++];

		if (b->state != BUNDLE_LIVE)
			continue;
		fill_bundle(h, b, info);
		return true;
	}
	return false;
}

bool
host_bundle_get(const struct host *h, host_bundle_id id, struct host_bundle_info *info)
{
	const struct bundle *b = bundle_of(h, id);

	memset(info, 0, sizeof(*info));
	if (b != NULL)
		fill_bundle(h, b, info);
	return b != NULL;
}

void
host_counters(const struct host *h, struct host_counters *c)
{
	*c = h->counters;
}
