/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/show.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/apply.h"
#include "control/clock.h"
#include "control/ip_ports.h"
#include "control/log.h"
#include "control/ppp/line_rate.h"
#include "control/put.h"
#include "control/version.h"

/* ------------------------------------------------------------------ values */

/* A time of the protocol core's clock as ms since 1970; null: never. */
static void
put_since(const struct control *c, json_t *o, const char *key, uint64_t mono_ms)
{
	json_object_set_new(
		o, key, mono_ms == 0 ? json_null() : json_integer((json_int_t)(mono_ms + c->wall_offset_ms)));
}

static void
put_endpoint(json_t *o, const struct host_endpoint *e)
{
	char hex[2 * sizeof(e->bytes) + 1] = "";
	json_t *v = json_object();

	for (unsigned i = 0; i < e->len && i < sizeof(e->bytes); i++)
		snprintf(hex + (size_t)2 * i, 3, "%02x", e->bytes[i]);
	put_number(v, "class", e->class);
	put_text(v, "bytes", hex);
	json_object_set_new(o, "peer_endpoint", v);
}

/* ------------------------------------------------------------------ links */

static void
put_line(json_t *o, const struct host_line *l)
{
	static const char *const encaps[] = {"ethernet", "ptm", "atm", "auto"};

	put_number(o, "rate_bps", l->rate_bps);
	put_number(o, "receive_bps", l->receive_bps);
	put_text(o, "rate_from", line_rate_source_name(l->source));
	put_number(o, "latency_us", l->latency_us);
	put_text(o, "encapsulation", l->encap < 4 ? encaps[l->encap] : "?");
	json_object_set_new(o, "overhead_bytes", json_integer(l->overhead_bytes));
	put_number(o, "cost", l->cost);
}

/* Zero while there is no session, so that whoever reads always finds the same members. */
static void
put_link_counters(const struct control *c, json_t *o, const struct host_link_info *i)
{
	static const struct dp_link_stats none;
	uint64_t taken_us = 0;
	const struct dp_bundle_stats *b = i->bundle != 0 ? apply_stats(c, i->bundle, &taken_us) : NULL;
	const struct dp_link_stats *s = b != NULL && i->slot < DP_BUNDLE_LINKS_MAX ? &b->links[i->slot] : &none;

	put_number(o, "clock_us", taken_us);
	put_number(o, "rx_frames", s->totals.rx_frames);
	put_number(o, "rx_bytes", s->totals.rx_bytes);
	put_number(o, "tx_frames", s->totals.tx_frames);
	put_number(o, "tx_bytes", s->totals.tx_bytes);
	put_number(o, "in_link_reorder", s->in_link_reorder);
	put_number(o, "lost", s->lost);
	put_number(o, "lag_us", s->lag_us);
	put_number(o, "backlog_us", s->backlog_us);
}

static void
put_session(const struct control *c, json_t *o, const struct host_link_info *i)
{
	put_port(o, "port", c, i->key.port);
	put_number(o, "session", i->key.session);
	put_vlans(o, i->key.vlans);
	put_mac(o, "peer_mac", &i->key.peer);
	put_mac(o, "local_mac", &i->key.local);
}

static void
put_agreed(json_t *o, const struct host_link_info *i)
{
	put_number(o, "our_mru", i->our_mru);
	put_number(o, "peer_mru", i->peer_mru);
	put_number(o, "our_mrru", i->our_mrru);
	put_number(o, "peer_mrru", i->peer_mrru);
	put_bool(o, "our_short", i->our_short);
	put_bool(o, "peer_short", i->peer_short);
	put_endpoint(o, &i->peer_endpoint);
}

static void
put_dsl(json_t *o, const struct host_link_info *i)
{
	put_text(o, "circuit_id", i->circuit_id);
	put_text(o, "remote_id", i->remote_id);
	put_number(o, "dsl_rate_up_kbps", i->dsl_rate_up_kbps);
	put_number(o, "dsl_rate_down_kbps", i->dsl_rate_down_kbps);
}

/* Counts by their upper bounds. */
static void
put_spread_ms(json_t *o, const char *key, const uint32_t n[LINK_QUALITY_BUCKETS])
{
	json_t *rows = json_array();

	for (unsigned i = 0; i < LINK_QUALITY_BUCKETS; i++) {
		json_t *row = json_object();

		if (link_quality_bounds_ms[i] != UINT32_MAX)
			put_number(row, "to_ms", link_quality_bounds_ms[i]);
		else
			json_object_set_new(row, "to_ms", json_null());
		put_number(row, "n", n[i]);
		json_array_append_new(rows, row);
	}
	json_object_set_new(o, key, rows);
}

static void
put_losses(json_t *o, const uint32_t n[LINK_LOSS_BUCKETS])
{
	json_t *rows = json_array();

	for (unsigned i = 0; i < LINK_LOSS_BUCKETS; i++) {
		json_t *row = json_object();

		put_number(row, "to_permille", link_loss_bounds_permille[i]);
		put_number(row, "n", n[i]);
		json_array_append_new(rows, row);
	}
	json_object_set_new(o, "losses", rows);
}

/* How good the link is, by timed echoes and by what it brings. */
static void
put_quality(json_t *o, const struct host_link_info *i)
{
	const struct link_quality *n = &i->quality;
	json_t *q = json_object();

	put_bool(q, "probed", i->probed);
	put_bool(q, "suspended", n->suspended);
	put_number(q, "suspensions", n->suspensions);
	put_number(q, "probes", n->probes);
	put_number(q, "lost", n->lost);
	put_number(q, "loss_permille", link_quality_loss_permille(n));
	put_number(q, "rtt_ms", link_quality_rtt_ms(n));
	put_number(q, "rtt_least_ms", n->least_ms);
	put_number(q, "rtt_most_ms", n->most_ms);
	put_number(q, "jitter_us", link_quality_jitter_us(n));
	put_spread_ms(q, "rtts", n->rtts);
	put_spread_ms(q, "jitters", i->spread.jitters);
	put_spread_ms(q, "skews", i->spread.skews);
	put_losses(q, i->spread.losses);
	json_object_set_new(o, "quality", q);
}

/* Link-Quality-Reports, null where none were agreed on. */
static void
put_reports(json_t *o, const struct host_reports_info *i)
{
	json_t *r = i->sends || i->expects ? json_object() : json_null();

	json_object_set_new(o, "lqr", r);
	if (json_is_null(r))
		return;
	put_bool(r, "sends", i->sends);
	put_bool(r, "expects", i->expects);
	put_number(r, "period_ms", i->period_ms);
	put_number(r, "expected_ms", i->expected_ms);
	put_number(r, "sent", i->sent);
	put_number(r, "received", i->received);
	put_number(r, "out_loss_permille", i->out_loss_permille);
	put_number(r, "in_loss_permille", i->in_loss_permille);
}

static json_t *
link_json(const struct control *c, const struct host_link_info *i)
{
	const uint64_t now_ms = clock_ms();
	json_t *o = json_object();

	put_text(o, "name", i->name);
	put_number(o, "id", i->id);
	put_role(o, i->client);
	put_text(o, "owner", i->owner);
	put_text(o, "user", i->user);
	put_text(o, "phase", i->phase);
	put_text(o, "explain", i->explain);
	put_number(o, "bundle_id", i->bundle);
	put_number(o, "slot", i->slot);
	put_session(c, o, i);
	put_agreed(o, i);
	put_line(o, &i->line);
	put_number(o, "told_bps", i->told_bps);
	put_since(c, o, "up_since_ms", i->up_since_ms);
	put_number(o, "echo_rtt_us", i->echo_rtt_us_last);
	put_number(o, "redials", i->redials);
	put_number(o, "next_dial_in_ms",
		i->next_dial_ms != UINT64_MAX && i->next_dial_ms > now_ms ? i->next_dial_ms - now_ms : 0);
	put_dsl(o, i);
	put_quality(o, i);
	put_reports(o, &i->reports);
	put_link_counters(c, o, i);
	return o;
}

json_t *
show_links(struct control *c, unsigned *cursor, unsigned n)
{
	json_t *list = json_array();
	struct host_link_info info;

	while (n-- > 0 && host_link_next(c->host, cursor, &info))
		json_array_append_new(list, link_json(c, &info));
	return list;
}

json_t *
show_link(struct control *c, const char *name)
{
	struct host_link_info info;
	unsigned cursor = 0;

	while (host_link_next(c->host, &cursor, &info))
		if (strcmp(info.name, name) == 0)
			return link_json(c, &info);
	return json_null();
}

/* ------------------------------------------------------------------ bundles */

static void
put_bundle_counters(const struct control *c, json_t *o, host_bundle_id id)
{
	static const struct dp_bundle_stats none;
	uint64_t taken_us = 0;
	const struct dp_bundle_stats *s = apply_stats(c, id, &taken_us);

	if (s == NULL)
		s = &none;
	put_number(o, "clock_us", taken_us);
	put_number(o, "rx_packets", s->rx_packets);
	put_number(o, "rx_bytes", s->rx_bytes);
	put_number(o, "tx_packets", s->tx_packets);
	put_number(o, "tx_bytes", s->tx_bytes);
	put_number(o, "rx_null", s->rx_null);
	put_number(o, "tx_null", s->tx_null);
	put_number(o, "queue_drops", s->queue_drops);
	put_number(o, "queue_packets", s->queue_packets);
	put_number(o, "late", s->late);
	put_number(o, "duplicate", s->duplicate);
	put_number(o, "lost_fragments", s->lost_fragments);
	put_number(o, "lost_numbers", s->lost_numbers);
	put_number(o, "overrun", s->overrun);
	put_number(o, "expired", s->expired);
	put_number(o, "held", s->held);
	put_number(o, "window_slots", s->window_slots);
	put_number(o, "stall_us", s->stall_us);
	put_number(o, "next_rx_seq", s->next_rx_seq);
	put_number(o, "next_tx_seq", s->next_tx_seq);
}

static void
put_bundle_values(json_t *o, const struct host_bundle_values *v)
{
	static const char *const modes[] = {"weighted", "equal", "round-robin", "packet", "overflow"};
	const struct host_multilink *m = v->multilink;

	_Static_assert(sizeof(modes) / sizeof(modes[0]) == HOST_OVERFLOW + 1, "each mode has its name");
	put_bool(o, "multilink", v->mp);
	put_bool(o, "rx_short", v->rx_short);
	put_bool(o, "tx_short", v->tx_short);
	put_bool(o, "source_check", v->source_check);
	put_number(o, "our_mrru", v->rx_mrru);
	put_number(o, "tx_mrru", v->tx_mrru);
	put_number(o, "mss_v4", v->mss_v4);
	put_number(o, "mss_v6", v->mss_v6);
	put_text(o, "mode", m != NULL && m->mode < sizeof(modes) / sizeof(modes[0]) ? modes[m->mode] : "");
}

static void
put_home(const struct control *c, json_t *o, host_bundle_id id)
{
	struct dp_bundle_ref ref;

	if (apply_bundle_ref(c, id, &ref))
		put_number(o, "worker", ref.home);
	else
		json_object_set_new(o, "worker", json_null());
}

static json_t *
use_json(uint32_t rx_permille, uint32_t tx_permille)
{
	return json_pack("{s:I,s:I}", "rx_permille", (json_int_t)rx_permille, "tx_permille", (json_int_t)tx_permille);
}

/* null: links are not opened and closed by load. */
static void
put_bandwidth(const struct control *c, json_t *o, const struct host_bandwidth_info *i)
{
	json_t *b = use_json(i->use.rx_permille, i->use.tx_permille), *slots = json_array();

	for (unsigned k = 0; k < i->slots; k++)
		json_array_append_new(slots, use_json(i->slot[k].rx_permille, i->slot[k].tx_permille));
	json_object_set_new(b, "slots", slots);
	put_number(b, "rx_bps", i->rx_bps);
	put_number(b, "tx_bps", i->tx_bps);
	put_number(b, "spare", i->spare);
	put_since(c, b, "last_opened_ms", i->last_opened_ms);
	put_since(c, b, "last_closed_ms", i->last_closed_ms);
	if (i->enabled) {
		json_object_set_new(o, "bandwidth_management", b);
		return;
	}
	json_decref(b);
	json_object_set_new(o, "bandwidth_management", json_null());
}

static void
put_prefix(json_t *o, const char *key, const struct host_route *r)
{
	char address[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 4];

	if (r->len == 0) {
		json_object_set_new(o, key, json_null());
		return;
	}
	inet_ntop(AF_INET6, r->prefix.b, address, sizeof(address));
	snprintf(text, sizeof(text), "%s/%u", address, r->len);
	put_text(o, key, text);
}

static json_t *
bundle_json(const struct control *c, const struct host_bundle_info *i)
{
	static const struct host_route none = {.len = 0};
	json_t *o = json_object();

	put_text(o, "name", i->name);
	put_number(o, "id", i->id);
	put_role(o, i->client);
	put_text(o, "owner", i->owner);
	put_number(o, "links", i->links);
	put_bool(o, "up", i->ipcp_open || i->ipv6cp_open);
	put_bool(o, "ipv4", i->ipcp_open);
	put_bool(o, "ipv6", i->ipv6cp_open);
	put_address(o, "our_address", i->our_address);
	put_address(o, "peer_address", i->peer_address);
	put_link_local(o, "our_link_local", i->our_interface_id);
	put_link_local(o, "peer_link_local", i->peer_interface_id);
	put_prefix(o, "link_prefix", &i->link6);
	put_prefix(o, "delegated_prefix", i->delegated ? &i->delegated6 : &none);
	put_since(c, o, "delegated_until_ms", i->delegated_until_ms);
	put_address(o, "dns1", i->dns[0]);
	put_address(o, "dns2", i->dns[1]);
	put_number(o, "ip_mtu", i->ip_mtu);
	put_bundle_values(o, &i->values);
	put_endpoint(o, &i->peer_endpoint);
	put_since(c, o, "up_since_ms", i->up_since_ms);
	put_home(c, o, i->id);
	put_bandwidth(c, o, &i->bandwidth);
	put_bundle_counters(c, o, i->id);
	return o;
}

json_t *
show_bundles(struct control *c, unsigned *cursor, unsigned n)
{
	json_t *list = json_array();
	struct host_bundle_info info;

	while (n-- > 0 && host_bundle_next(c->host, cursor, &info))
		json_array_append_new(list, bundle_json(c, &info));
	return list;
}

/* ------------------------------------------------------------------ ports, workers, drops */

static json_t *
addresses_json(const struct config_ips *ips)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ips->n; i++) {
		char text[INET6_ADDRSTRLEN], with_len[INET6_ADDRSTRLEN + 4];

		inet_ntop(ips->items[i].family == 6 ? AF_INET6 : AF_INET, ips->items[i].bytes, text, sizeof(text));
		snprintf(with_len, sizeof(with_len), "%s/%u", text, ips->items[i].len);
		json_array_append_new(list, json_string(with_len));
	}
	return list;
}

static void
put_port_counters(json_t *o, const struct dp_port_info *i)
{
	put_number(o, "rx_frames", i->rx_frames);
	put_number(o, "rx_bytes", i->rx_bytes);
	put_number(o, "tx_frames", i->tx_frames);
	put_number(o, "tx_bytes", i->tx_bytes);
	put_number(o, "rx_missed", i->rx_missed);
	put_number(o, "rx_errors", i->rx_errors);
	put_number(o, "tx_errors", i->tx_errors);
}

static void
put_steering(json_t *o, const struct dp_port_info *i)
{
	static const char *const rss[] = {"none", "ip", "pppoe"};
	json_t *s = json_object();

	put_text(s, "rss", rss[i->rss]);
	put_number(s, "rules", i->rules.in_force);
	put_number(s, "rules_max", i->rules.max);
	put_number(s, "asked", i->rules.asked);
	put_number(s, "refused", i->rules.refused);
	put_number(s, "passed_over", i->rules.passed_over);
	put_number(s, "slowest_us", i->rules.slowest_us);
	put_text(s, "error", i->rules.error);
	json_object_set_new(o, "steering", s);
}

static json_t *
port_json(struct control *c, unsigned index)
{
	const struct config_port *p = &c->cfg->ports[index];
	struct dp_port_info i = {0};
	json_t *o = json_object();

	dp_port_info(c->dp, index, &i);
	put_text(o, "name", p->name);
	put_text(o, "kind", p->kind == CONFIG_IP ? "ip" : "access");
	put_text(o, "device", i.device);
	put_text(o, "driver", i.driver);
	put_mac(o, "mac", &i.mac);
	put_number(o, "mtu", i.mtu);
	put_number(o, "rx_queues", i.rx_queues);
	put_number(o, "tx_queues", i.tx_queues);
	json_object_set_new(o, "numa_node", json_integer(i.numa_node));
	json_object_set_new(o, "carrier", i.carrier_known ? json_boolean(i.carrier) : json_null());
	json_object_set_new(o, "addresses", addresses_json(&p->addresses));
	put_number(o, "clock_us", clock_us());
	put_port_counters(o, &i);
	put_steering(o, &i);
	return o;
}

json_t *
show_ports(struct control *c)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < c->cfg->n_ports; i++)
		json_array_append_new(list, port_json(c, i));
	return list;
}

static json_t *
worker_json(struct control *c, unsigned index)
{
	struct dp_worker_stats s;
	json_t *o = json_object();
	uint64_t drops = 0;

	dp_worker_stats(c->dp, index, &s);
	for (unsigned i = 0; i < DROP_REASONS; i++)
		drops += s.drops[i];
	put_number(o, "worker", index);
	put_number(o, "lcore", s.lcore);
	json_object_set_new(o, "cpu", json_integer(s.cpu));
	json_object_set_new(o, "numa_node", json_integer(s.numa_node));
	put_number(o, "bundles", s.bundles);
	put_number(o, "links", s.links);
	put_number(o, "turns", s.turns);
	put_number(o, "idle_turns", s.idle_turns);
	put_number(o, "sleeps", s.sleeps);
	put_number(o, "rx_frames", s.rx_frames);
	put_number(o, "tx_frames", s.tx_frames);
	put_number(o, "steered_from_links", s.steered_from_links);
	put_number(o, "steered_to_links", s.steered_to_links);
	put_number(o, "punted", s.punted);
	put_number(o, "injected", s.injected);
	put_number(o, "ip_joined", s.ip_joined);
	put_number(o, "ip_held_bytes", s.ip_held_bytes);
	put_number(o, "reserved_bits", s.reserved_bits);
	put_number(o, "df_cleared", s.df_cleared);
	put_number(o, "df_needed", s.df_needed);
	put_number(o, "held_bytes", s.held_bytes);
	put_number(o, "dropped", drops);
	return o;
}

json_t *
show_workers(struct control *c)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < dp_workers(c->dp); i++)
		json_array_append_new(list, worker_json(c, i));
	return list;
}

static json_t *
drop_json(const struct dp_worker_stats *s, unsigned workers, enum drop_reason r)
{
	json_t *o = json_object(), *each = json_array();
	uint64_t sum = 0;

	for (unsigned w = 0; w < workers; w++) {
		json_array_append_new(each, json_integer((json_int_t)s[w].drops[r]));
		sum += s[w].drops[r];
	}
	put_text(o, "reason", drop_name(r));
	put_number(o, "count", sum);
	json_object_set_new(o, "workers", each);
	put_text(o, "sentence", drop_sentence(r));
	return o;
}

json_t *
show_drops(struct control *c)
{
	static struct dp_worker_stats stats[DP_WORKERS_MAX]; /* a lot for the stack, and this is one thread */
	const unsigned workers = dp_workers(c->dp);
	json_t *list = json_array();

	for (unsigned w = 0; w < workers; w++)
		dp_worker_stats(c->dp, w, &stats[w]);
	for (unsigned r = 0; r < DROP_REASONS; r++)
		json_array_append_new(list, drop_json(stats, workers, (enum drop_reason)r));
	return list;
}

/* ------------------------------------------------------------------ the rest */

static json_t *
host_counters_json(const struct control *c)
{
	struct host_counters n;
	json_t *o = json_object();

	host_counters(c->host, &n);
	put_number(o, "padi", n.padi);
	put_number(o, "pado", n.pado);
	put_number(o, "padr", n.padr);
	put_number(o, "pads", n.pads);
	put_number(o, "padt_rx", n.padt_rx);
	put_number(o, "padt_tx", n.padt_tx);
	put_number(o, "padi_limited", n.padi_limited);
	put_number(o, "bad_cookie", n.bad_cookie);
	put_number(o, "bad_frame", n.bad_frame);
	put_number(o, "unknown_session", n.unknown_session);
	put_number(o, "lcp_in_mp", n.lcp_in_mp);
	put_number(o, "protocol_rejects_tx", n.protocol_rejects_tx);
	put_number(o, "auth_ok", n.auth_ok);
	put_number(o, "auth_failed", n.auth_failed);
	put_number(o, "joins", n.joins);
	put_number(o, "join_refused", n.join_refused);
	put_number(o, "effects_lost", n.effects_lost);
	put_number(o, "echo_requests_tx", n.echo_requests_tx);
	put_number(o, "echo_answered", n.echo_answered);
	put_number(o, "echo_unanswered", n.echo_unanswered);
	put_number(o, "echo_replies_tx", n.echo_replies_tx);
	put_number(o, "lqr_tx", n.lqr_tx);
	put_number(o, "lqr_rx", n.lqr_rx);
	put_number(o, "lqr_bad", n.lqr_bad);
	put_number(o, "router_solicits_rx", n.router_solicits_rx);
	put_number(o, "router_adverts_tx", n.router_adverts_tx);
	put_number(o, "router_adverts_rx", n.router_adverts_rx);
	put_number(o, "dhcp6_rx", n.dhcp6_rx);
	put_number(o, "dhcp6_tx", n.dhcp6_tx);
	put_number(o, "dhcp6_unanswered", n.dhcp6_unanswered);
	put_number(o, "ip6_bad", n.ip6_bad);
	put_number(o, "ip6_ignored", n.ip6_ignored);
	return o;
}

static json_t *
ip_counters_json(const struct control *c)
{
	const struct ip_counters *n = ip_ports_counters(c);
	json_t *o = json_object();

	put_number(o, "arp_requests", n->arp_requests);
	put_number(o, "arp_replies", n->arp_replies);
	put_number(o, "proxy_replies", n->proxy_replies);
	put_number(o, "neighbour_solicits", n->solicits);
	put_number(o, "neighbour_adverts", n->adverts);
	put_number(o, "router_adverts", n->router_adverts);
	put_number(o, "echo_replies", n->echo_replies);
	put_number(o, "icmp_errors", n->errors);
	put_number(o, "icmp_errors_limited", n->errors_limited);
	put_number(o, "held_refused", n->held_refused);
	put_number(o, "unreachable", n->unreachable);
	put_number(o, "bad", n->bad);
	put_number(o, "ignored", n->ignored);
	return o;
}

static json_t *
control_counters_json(const struct control *c)
{
	const struct control_counters *n = &c->counters;
	json_t *o = json_object();

	put_number(o, "inject_refused", n->inject_refused);
	put_number(o, "routes_refused", n->routes_refused);
	put_number(o, "events_lost", n->events_lost);
	put_number(o, "out_overflow", n->out_overflow);
	put_number(o, "log_lines_lost", log_lost());
	put_number(o, "event_lines_lost", n->event_lines_lost);
	put_number(o, "hooks_run", n->hooks_run);
	put_number(o, "hooks_failed", n->hooks_failed);
	put_number(o, "hooks_overdue", n->hooks_overdue);
	put_number(o, "hooks_lost", n->hooks_lost);
	put_number(o, "demand_held", n->demand_held);
	put_number(o, "demand_sent", n->demand_sent);
	put_number(o, "demand_full", n->demand_full);
	put_number(o, "demand_expired", n->demand_expired);
	put_number(o, "gone_rx_bytes", n->gone_rx_bytes);
	put_number(o, "gone_tx_bytes", n->gone_tx_bytes);
	return o;
}

/* free is all of total when nothing is under way. */
static json_t *
mbufs_json(const struct control *c)
{
	json_t *o = json_object();

	put_number(o, "free", dp_pool_free(c->dp, DP_POOL_PACKETS));
	put_number(o, "total", dp_pool_total(c->dp, DP_POOL_PACKETS));
	put_number(o, "indirect_free", dp_pool_free(c->dp, DP_POOL_INDIRECT));
	put_number(o, "indirect_total", dp_pool_total(c->dp, DP_POOL_INDIRECT));
	put_number(o, "joined_free", dp_pool_free(c->dp, DP_POOL_JOINED));
	put_number(o, "joined_total", dp_pool_total(c->dp, DP_POOL_JOINED));
	return o;
}

struct waiting {
	uint64_t held_bytes, queued_bytes, deep_slots, commands, events, punted, injected, steered, to_send;
};

static void
waiting_add(struct waiting *sum, const struct dp_worker_stats *s)
{
	sum->held_bytes += s->held_bytes;
	sum->queued_bytes += s->queued_bytes;
	sum->deep_slots += s->deep_slots;
	sum->commands += s->waiting.command;
	sum->events += s->waiting.event;
	sum->punted += s->waiting.punt;
	sum->injected += s->waiting.inject;
	sum->steered += s->waiting.steer;
	sum->to_send += s->waiting.tx;
}

/* What waits at this moment in windows, queues and rings of all workers. */
static json_t *
waiting_json(const struct control *c)
{
	struct waiting sum = {0};
	struct dp_worker_stats s;
	json_t *o = json_object();

	for (unsigned i = 0; i < dp_workers(c->dp); i++) {
		dp_worker_stats(c->dp, i, &s);
		waiting_add(&sum, &s);
	}
	put_number(o, "held_bytes", sum.held_bytes);
	put_number(o, "queued_bytes", sum.queued_bytes);
	put_number(o, "deep_slots", sum.deep_slots);
	put_number(o, "commands", sum.commands);
	put_number(o, "events", sum.events);
	put_number(o, "punted", sum.punted);
	put_number(o, "injected", sum.injected);
	put_number(o, "steered", sum.steered);
	put_number(o, "to_send", sum.to_send);
	return o;
}

json_t *
show_counters(struct control *c)
{
	json_t *o = json_object();

	json_object_set_new(o, "protocol", host_counters_json(c));
	json_object_set_new(o, "ip", ip_counters_json(c));
	json_object_set_new(o, "control", control_counters_json(c));
	json_object_set_new(o, "mbufs", mbufs_json(c));
	json_object_set_new(o, "waiting", waiting_json(c));
	return o;
}

json_t *
show_neighbours(struct control *c)
{
	json_t *list = json_array();
	struct neighbour_info n;
	unsigned cursor = 0;

	while (neighbours_next(ip_ports_neighbours(c), &cursor, &n)) {
		json_t *o = json_object();

		put_port(o, "port", c, n.port);
		put_ip(o, "address", &n.address);
		put_mac(o, "mac", &n.mac);
		put_text(o, "state", n.state);
		json_array_append_new(list, o);
	}
	return list;
}

json_t *
show_config(struct control *c)
{
	json_t *o = json_object();
	char *yaml = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&yaml, &len);

	if (f == NULL)
		return NULL;
	config_print(f, c->cfg);
	fclose(f);
	put_text(o, "file", c->cfg->path);
	json_object_set_new(o, "yaml", yaml != NULL ? json_string(yaml) : NULL);
	free(yaml);
	return o;
}

json_t *
show_version(struct control *c)
{
	json_t *o = json_object();

	put_text(o, "name", c->name);
	put_text(o, "version", HAWSER_VERSION);
	put_text(o, "commit", HAWSER_COMMIT);
	put_text(o, "dpdk", dataplane_version());
	put_text(o, "build", HAWSER_BUILD);
	put_number(o, "pid", (uint64_t)getpid());
	put_number(o, "started_ms", c->started_wall_ms);
	return o;
}
