/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_HOST_H
#define CONTROL_PPP_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/ppp/link_quality.h"
#include "dataplane/wire/eth.h"
#include "dataplane/wire/ip.h"

/* Everything between frames and the data plane, both roles, without touching the world: PPPoE discovery, links (LCP and
 * authentication), bundle membership, NCPs, addresses, redial. Input is frames, ticks and confirmations with the time;
 * output is a list of effects. control/ drives it with rings and a clock, tests/sim with a virtual wire: what is simulated is
 * what ships. Tables for all links and bundles that there may be are taken at host_new; what only some of them need, or need only for a while,
 * is taken when it is needed, and without memory for it just that is missing, which the operator is told. */

struct host;

/* ------------------------------------------------------------------ configuration (borrowed: lives as long as the host) */

enum {
	HOST_NAME_MAX = 64,
	HOST_AUTH_NAME_MAX = 128,
	HOST_SECRET_MAX = 128,
	HOST_SERVICES_MAX = 16,
	HOST_DNS6_MAX = 3,
	HOST_LINKS_MAX = 16
};

/* AUTO only in configuration: what the tags say that the rate comes from, else Ethernet. */
enum host_encap { HOST_ETHERNET, HOST_PTM, HOST_ATM, HOST_ENCAP_AUTO };
/* Which rate serves when none is configured. */
enum host_rate_rule {
	HOST_RATE_AUTO, /* that of the DSL-Forum tags, or none */
	HOST_RATE_TAGS, /* the same, and the operator is told when there are none */
	HOST_RATE_UNPACED,
};
enum host_rate_source { HOST_RATE_NONE, HOST_RATE_CONFIGURED, HOST_RATE_TAGGED, HOST_RATE_MEASURED };
enum host_mode { HOST_WEIGHTED, HOST_EQUAL, HOST_ROUND_ROBIN, HOST_PACKET, HOST_OVERFLOW };

/* Sending side of a line. */
struct host_line {
	uint64_t rate_bps; /* 0: not known, not paced */
	uint32_t latency_us;
	uint8_t encap; /* enum host_encap */
	uint8_t cost;  /* overflow: cheaper lines come first */
	int16_t overhead_bytes;
	uint64_t receive_bps; /* of the other direction; 0: as rate_bps */
	uint8_t rule;         /* enum host_rate_rule, when rate_bps is 0 */
	uint8_t source;       /* enum host_rate_source, of a link's line */
	bool measure;         /* a line that carries less is looked for */
};

struct host_port {
	const char *name;
	struct mac mac;
	uint16_t mtu;          /* Ethernet payload that passes, VLAN tags apart */
	struct host_line line; /* default of the sessions on it */
};

/* want: we ask for it; allow: the peer may (four-way policy, G-15, B-10). */
struct host_policy {
	bool want, allow;
};

/* A byte: each link has several lists of them. */
enum __attribute__((packed)) host_auth {
	HOST_AUTH_NONE,
	HOST_AUTH_PAP,
	HOST_AUTH_CHAP_MD5,
	HOST_AUTH_MSCHAP,
	HOST_AUTH_MSCHAP2
};

enum { HOST_AUTHS_MAX = HOST_AUTH_MSCHAP2 }; /* in a list: each of them once */

enum host_endpoint_class { /* RFC 1990 section 5.1.3 */
	HOST_EP_NULL,
	HOST_EP_LOCAL,
	HOST_EP_IP,
	HOST_EP_MAC,
	HOST_EP_MAGIC,
	HOST_EP_PHONE,
};

struct host_endpoint {
	uint8_t class; /* any value may come from a peer: unknown ones are compared as bytes */
	uint8_t len;
	uint8_t bytes[252];
};

/* Restart timer and counters of one kind of machine (RFC 1661 section 4.6); 0 is the RFC's default: 3000, 10, 2, 5. Authentication has the
 * timer, and max_configure for its tries. */
struct host_timing {
	uint32_t restart_ms;
	uint8_t max_configure, max_terminate, max_failure;
};

struct host_lcp {
	uint16_t mru; /* 0: what the port allows, at most 1492 unless PPP-Max-Payload was agreed */
	uint16_t mtu; /* most that we send, whatever the peer takes; 0: what it takes */
	struct host_timing timing;
	uint32_t echo_interval_ms; /* 0: never */
	uint8_t echo_failures;
	uint32_t quality_period_ms; /* of the reports that are asked for; 0: 30 s */
	struct host_policy p_mru, p_magic, p_mrru, p_short_seq, p_endpoint, p_pfc, p_auth, p_quality;
};

struct host_multilink {
	bool enabled, require, allow_unauthenticated;
	uint16_t mrru;
	bool endpoint_auto; /* by MAC of the first port */
	struct host_endpoint endpoint;
	uint8_t links_max;
	uint8_t mode; /* enum host_mode */
	uint8_t overflow_ms;
	uint16_t min_fragment;
	bool tolerate_reorder, strict_reserved_bits;
	uint16_t null_ms, stall_min_ms, stall_max_ms, queue_ms;
	uint16_t window_slots_max;
	enum { HOST_KEY_EXACT, HOST_KEY_LOWER, HOST_KEY_STRIP_REALM } name_key; /* M-07 */
};

/* When a link of a bundle is too bad to be sent on. Links are probed each second when anything of it is set. */
struct host_quality {
	bool probe; /* to know, even if nothing is suspended */
	struct link_quality_limits limits;
};

struct host_mss {
	/* -1: from what the bundle can carry; 0: off; else a ceiling */
	int v4, v6;
	bool from_links, to_links;
};

/* What is done to the headers of IP packets of a bundle. */
struct host_scrub {
	uint8_t min_ttl; /* 0: none */
	bool reassemble, clear_df;
	bool from_links, to_links;
};

struct host_prefix {
	uint32_t address; /* host order */
	uint8_t len;
};

/* Where packets go: either family, IPv4 mapped, so len is of 128. */
struct host_route {
	struct ip_addr prefix;
	uint8_t len;
};

static inline struct host_route
host_route4(uint32_t address, unsigned len)
{
	return (struct host_route){.prefix = ip_addr_of4(address), .len = (uint8_t)(IP4_MAPPED_LEN + len)};
}

struct host_range {
	uint32_t first, last; /* host order */
};

struct host_pool {
	const char *name;
	const struct host_range *ranges;
	unsigned n_ranges;
};

/* Prefixes of one length to give away; each of `prefixes` is as long or shorter. */
struct host_pool6 {
	const char *name;
	const struct host_route *prefixes;
	unsigned n_prefixes;
	uint8_t len; /* 1 to 64 */
};

struct host_user {
	const char *name, *password;
	uint32_t address;                    /* 0: from the pool */
	struct host_route link6, delegated6; /* as those of the pools; len 0: from them */
	const struct host_route *routes;
	unsigned n_routes;
	uint8_t links_max; /* 0: the concentrator's */
	uint16_t sessions_max;
	const char *alias; /* NULL, or the name under which several logins are one bundle (G-02, U11) */
};

/* Bandwidth management (mpd's bw-manage, B-01 to B-08): links of a bundle are opened and closed by what it carries. A concentrator, whose
 * subscribers decide on their links, only says what it would do. */
enum { HOST_BANDWIDTH_SLOTS = 6 };
enum host_low {
	HOST_LOW_AVERAGE,    /* over the whole period */
	HOST_LOW_EVERY_SLOT, /* in each sixth of it */
};
struct host_bandwidth {
	bool enabled; /* else all links are opened, or none */
	uint32_t period_ms;
	uint8_t high_percent, low_percent;
	uint32_t min_connect_ms, min_disconnect_ms; /* between two that are opened, or closed */
	uint8_t low;                                /* enum host_low */
};

struct host_limits {
	uint32_t padi_per_s, padi_per_mac_per_s;                                   /* 0: no limit */
	uint32_t sessions, sessions_per_mac, sessions_per_vlan, sessions_per_port; /* 0: no limit */
	uint32_t pado_delay_ms;
};

struct host_vlans { /* where a concentrator listens */
	bool any;
	const struct vlan_stack *stacks; /* {0, 0}: untagged */
	unsigned n;
};

/* Which network protocols a bundle carries (want: we open it; allow: the peer may), and the options of IPV6CP and IPCP that tell one's own
 * address. IPCP's name servers are asked for by request_dns and given by dns. */
struct host_network {
	struct host_policy ipv4, ipv6, interface_id, address;
	struct host_timing timing;
};

/* What peers get for IPv6 beyond an address of the link: a prefix of 64 bits for the link by router advertisements (RFC 4861), one for the
 * networks behind them by DHCPv6 (RFC 8415), name servers by both. */
struct host_prefixes {
	unsigned link_pool, delegated_pool; /* number in pools6, from 1; 0: none */
	struct ip_addr dns[HOST_DNS6_MAX];
	unsigned n_dns;
	uint32_t preferred_s, valid_s;
};

struct host_concentrator {
	const char *name;
	const uint16_t *ports; /* indexes of host_config.ports */
	unsigned n_ports;
	struct host_vlans vlans;
	const char *ac_name;
	const char *services[HOST_SERVICES_MAX];
	unsigned n_services;
	bool any_service;         /* answers to the blank name and to any other */
	bool wrong_service_error; /* PADS with Service-Name-Error instead of silence */
	bool max_payload;         /* RFC 4638 */
	struct host_limits limits;
	enum host_auth auth[HOST_AUTHS_MAX];   /* in order of preference; HOST_AUTH_NONE ends */
	const char *auth_name;                 /* ours in CHAP challenges */
	enum host_auth accept[HOST_AUTHS_MAX]; /* what we let a peer ask of us, in order of preference */
	const char *username, *password;       /* ours then; NULL: nothing is accepted */
	uint32_t rechallenge_ms;               /* 0: never */
	uint32_t failure_delay_ms;
	struct host_timing auth_timing;
	uint32_t address; /* ours in IPCP, host order */
	uint32_t dns[2];  /* given to who asks; 0: none */
	bool request_dns;
	int pool;   /* index, -1: none */
	int ip_mtu; /* -1, 0: from the bundle; -2: fit one fragment; else bytes */
	struct host_prefixes prefixes;
	bool source_check;
	uint32_t idle_timeout_ms; /* of each bundle; 0: never */
	struct host_bandwidth bandwidth;
	struct host_network network;
	struct host_mss mss;
	struct host_scrub scrub;
	struct host_lcp lcp;
	struct host_multilink multilink;
	struct host_quality quality;
};

struct host_redial {
	uint32_t delay_ms, increment_ms, limit_ms, jitter_ms;
	int attempts; /* 0: for ever, -1: never, n: so many (G-37) */
	uint32_t
		carrier_wait_ms; /* without carrier for so long is an attempt without success (G-67); 0: waits for ever */
};

/* When a client is dialled. */
enum host_dial {
	HOST_DIAL_ALWAYS,    /* at start, and again whenever it was lost */
	HOST_DIAL_ON_DEMAND, /* by the first packet that is routed to it */
	HOST_DIAL_MANUAL,    /* by the operator */
};

struct host_client_link {
	const char *name;
	const uint16_t *ports; /* candidates in order (G-12) */
	unsigned n_ports;
	struct vlan_stack vlans;
	struct mac mac; /* zero: the port's */
	bool line_set;
	struct host_line line;
	const char *username, *password; /* NULL: the client's */
	bool max_payload;
	struct host_redial redial;
};

struct host_client {
	const char *name;
	const char *username, *password;
	const char *service, *ac_name;         /* NULL: any */
	enum host_auth accept[HOST_AUTHS_MAX]; /* what we let the peer ask of us, in order of preference */
	enum host_auth demand[HOST_AUTHS_MAX]; /* what we ask of the peer, in order of preference */
	const char *peer_name;                 /* that it must give, NULL: any */
	const char *peer_password;             /* by which it proves itself */
	uint32_t peer_rechallenge_ms;          /* 0: never */
	uint32_t address;                      /* wanted, 0: any */
	struct host_prefix accept_address;     /* len 0: any */
	struct host_timing auth_timing;
	uint32_t dns[2];     /* given to a peer that asks; 0: none */
	bool request_prefix; /* an IPv6 prefix for the networks behind us, by DHCPv6 */
	uint8_t prefix_hint; /* its length, as it would be welcome; 0: any */
	bool request_dns;
	bool default_route;
	const struct host_route *routes;
	unsigned n_routes;
	int ip_mtu; /* -1: from the bundle; -2: fit one fragment; else bytes */
	bool source_check;
	struct host_network network;
	struct host_mss mss;
	struct host_scrub scrub;
	struct host_lcp lcp;
	struct host_multilink multilink;
	enum host_dial dial;
	bool one_by_one;          /* a link is dialled once the one before it is up, or has failed once */
	uint32_t idle_timeout_ms; /* of the bundle; 0: never */
	struct host_bandwidth bandwidth;
	const uint16_t *bandwidth_order; /* links by index, n_links of them, in the order in which they are opened */
	struct host_quality quality;
	const struct host_client_link *links;
	unsigned n_links;
};

struct host_config {
	const struct host_port *ports;
	unsigned n_ports;
	const struct host_pool *pools;
	unsigned n_pools;
	const struct host_pool6 *pools6;
	unsigned n_pools6;
	const struct host_user *users;
	unsigned n_users;
	const struct host_concentrator *concentrators;
	unsigned n_concentrators;
	const struct host_client *clients;
	unsigned n_clients;
	unsigned sessions_max, bundles_max; /* what is allocated, the clients' links among the sessions */
};

/* Entropy: fills n bytes. Tests give a seeded generator. */
typedef void host_random_fn(void *ctx, void *buf, size_t n);

/* NULL: out of memory or a contradiction (then *why says which; static string). */
struct host *host_new(
	const struct host_config *cfg, host_random_fn *random, void *random_ctx, uint64_t now_ms, const char **why);
void host_free(struct host *h);

/* ------------------------------------------------------------------ effects */

typedef uint32_t host_link_id;   /* a session, stable while it lives: 1 .. sessions_max */
typedef uint32_t host_bundle_id; /* 1 .. bundles_max */

struct host_session_key {
	uint16_t port, session;
	struct vlan_stack vlans;
	struct mac peer, local;
};

struct host_bundle_values {
	bool mp, rx_short, tx_short, v4, v6, source_check;
	uint16_t rx_mrru, tx_mrru; /* without MP: our MRU and the peer's. tx already lowered by ip_mtu */
	uint16_t rx_max; /* what is taken: rx_mrru, but of what is put together never less than RFC 1990 asks for */
	uint16_t mss_v4, mss_v6; /* 0: leave alone */
	bool mss_from_links, mss_to_links;
	struct host_scrub scrub;
	uint32_t peer_address;        /* IPCP, host order; 0: none */
	struct host_route source6[2]; /* IPv6 prefixes of the peer, at most 64 bits long; len 0: none */
	const struct host_multilink *multilink;
};

struct host_link_values {
	struct host_session_key key;
	uint8_t slot; /* in the bundle */
	bool tx_hold; /* receive only: the peer does not take data on it yet. The next LINK_INSTALL of the link lifts it */
	bool tx_suspend; /* no data on it, while there are others */
	uint16_t tx_mru;
	struct host_line line;
};

enum host_out_kind {
	HOST_OUT_FRAME,         /* whole Ethernet frame out of an access port */
	HOST_OUT_BUNDLE_PACKET, /* from the PPP protocol field on, through the bundle */
	HOST_OUT_SESSION_PUNT,  /* session exists: frames to control only */
	HOST_OUT_SESSION_CLEAR, /* session is gone */
	HOST_OUT_BUNDLE_SET,    /* create or change */
	HOST_OUT_BUNDLE_REMOVE,
	HOST_OUT_LINK_INSTALL, /* join link to bundle and steer its session there (or change it), then host_installed(), once
				* for each, unless LINK_REMOVE comes first */
	HOST_OUT_LINK_REMOVE, /* SESSION_PUNT or SESSION_CLEAR follows */
	HOST_OUT_ROUTE_SET,   /* prefix to bundle; bundle 0: a client's own address, to ourselves */
	HOST_OUT_ROUTE_DEL,
	HOST_OUT_CLIENT_PREFIX, /* a client was delegated an IPv6 prefix, or has it no more */
	HOST_OUT_TRAFFIC_ASK,   /* host_traffic() is wanted for the bundle */
	HOST_OUT_EVENT,         /* for log, trace and explain */
};

enum host_event_kind {
	HOST_EV_DISCOVERY,    /* PADI .. PADS, PADT, refusals */
	HOST_EV_LINK_UP,      /* link joined its bundle and may carry data */
	HOST_EV_LINK_DOWN,    /* text: reason */
	HOST_EV_LINK_REFUSED, /* text: why it did not join */
	HOST_EV_AUTH,
	HOST_EV_BUNDLE_UP,      /* first NCP open: text has the addresses */
	HOST_EV_BUNDLE_CHANGED, /* another NCP open */
	HOST_EV_BUNDLE_DOWN,
	HOST_EV_LINK_SUSPENDED, /* text: why nothing is sent on it any more */
	HOST_EV_LINK_RESUMED,
	HOST_EV_NOTE,  /* anything else worth a line */
	HOST_EV_TRACE, /* decoded control packet of a traced link */
};

/* What programs are told of a link or bundle that came or went. What does not apply or is not known is empty or 0. */
struct host_facts {
	bool client;
	bool of_link;              /* key, user and link are of this link */
	char owner[HOST_NAME_MAX]; /* concentrator's or client's name */
	char link[HOST_NAME_MAX];  /* as host_link_info.name */
	char bundle[HOST_AUTH_NAME_MAX];
	char user[HOST_AUTH_NAME_MAX]; /* who logged in; of a client's link its own login */
	char reason[256]; /* why it is so: of a link its explanation, of a bundle that of the last link that went */
	struct host_session_key key;
	unsigned links; /* of the bundle now */
	uint16_t ip_mtu;
	uint32_t our_address, peer_address, dns[2]; /* host order */
	uint64_t our_interface_id, peer_interface_id;
};

/* What a client was delegated. After preferred_until_ms it is not used for new connections. */
struct host_client_prefix {
	uint16_t client;          /* index in host_config.clients */
	struct host_route prefix; /* len 0: none, or none any more */
	uint64_t preferred_until_ms, valid_until_ms;
	struct ip_addr dns[HOST_DNS6_MAX];
	unsigned n_dns;
};

struct host_out_item {
	uint8_t kind; /* enum host_out_kind */
	uint8_t event;
	uint16_t port;
	host_link_id link;
	host_bundle_id bundle;
	uint16_t client; /* of a route to ourselves: whose address it is, index in host_config.clients */
	union {
		struct host_session_key key;
		struct host_bundle_values bundle_values;
		struct host_link_values link_values;
		struct host_route route;
		struct host_client_prefix client_prefix;
		struct {
			uint32_t at, len; /* in bytes[]: frame, packet, or text (zero-terminated) */
			uint32_t
				facts; /* of an event: where its struct host_facts is in bytes[], at any alignment; 0: none */
		} data;
	};
};

enum { HOST_OUT_ITEMS = 256, HOST_OUT_BYTES = 64 * 1024, HOST_OUT_RESERVE = 48 };

/* The caller empties it after each call. host_tick stops early when less than HOST_OUT_RESERVE items are free and then
 * host_deadline_ms is at once. */
struct host_out {
	unsigned n;
	uint32_t used;
	bool overflow;
	struct host_out_item items[HOST_OUT_ITEMS];
	uint8_t bytes[HOST_OUT_BYTES];
};

/* ------------------------------------------------------------------ input */

/* Dials the clients that shall be up, after carrier. */
void host_start(struct host *h, uint64_t now_ms, struct host_out *out);
/* Whole Ethernet frame that an access port gave to control (discovery or session). */
void host_frame(struct host *h, uint16_t port, const uint8_t *frame, size_t len, uint64_t now_ms, struct host_out *out);
/* Control protocol out of a bundle's MP frames, or an IPv6 packet of link scope out of a bundle: from the PPP protocol field on. */
void host_bundle_packet(
	struct host *h, host_bundle_id bundle, const uint8_t *p, size_t len, uint64_t now_ms, struct host_out *out);
/* The data plane carried out LINK_INSTALL (ok), or could not. */
void host_installed(struct host *h, host_link_id link, bool ok, uint64_t now_ms, struct host_out *out);
/* The data plane finished removing: the id may be used again. */
void host_bundle_removed(struct host *h, host_bundle_id bundle);
/* What a bundle has carried since it began, after HOST_OUT_TRAFFIC_ASK; one that has gone meanwhile is no fault. Of what
 * came, each packet that host_bundle_packet() was given is one. */
struct host_link_traffic {
	uint64_t rx_packets, tx_packets, rx_bytes,
		tx_bytes; /* since the link joined, headers of PPPoE and multilink included */
	uint64_t lost;    /* fragments that it should have brought */
	uint32_t skew_us; /* behind the fastest link */
};

struct host_traffic {
	uint64_t rx_packets, tx_packets;
	struct host_link_traffic links[HOST_LINKS_MAX]; /* by slot */
};
void host_traffic(
	struct host *h, host_bundle_id bundle, const struct host_traffic *t, uint64_t now_ms, struct host_out *out);
/* A packet is routed to an on-demand client (index) that has no bundle: dials it unless that is under way. `what` tells the operator for
 * whom. False: it is not to be dialled, the operator has closed it. */
bool host_demand(struct host *h, unsigned client, const char *what, uint64_t now_ms, struct host_out *out);
/* The client is up or on its way; false: it sleeps until host_demand() or the operator. */
bool host_client_awake(const struct host *h, unsigned client);
/* A port counts as up until it is reported down. */
void host_carrier(struct host *h, uint16_t port, bool up, uint64_t now_ms, struct host_out *out);
void host_tick(struct host *h, uint64_t now_ms, struct host_out *out);
uint64_t host_deadline_ms(const struct host *h); /* UINT64_MAX: asleep */
/* Operator: opens or closes a client's link by "client/link" or closes a concentrator's session by its host_link_id ("7"), which
 * cannot be opened: -EINVAL. -ENOENT. */
int host_link_admin(struct host *h, const char *name, bool up, uint64_t now_ms, struct host_out *out);
/* Operator: trace of one link on or off (G-10). -ENOENT. */
int host_trace(struct host *h, const char *name, bool on);
/* Closes everything: Terminate-Request and PADT on every session. Once host_idle() the process may end. */
void host_stop(struct host *h, uint64_t now_ms, struct host_out *out);
bool host_idle(const struct host *h);

/* ------------------------------------------------------------------ queries: what the operator sees */

/* Link-Quality-Reports (RFC 1989) of a link. */
struct host_reports_info {
	bool sends, expects; /* the peer asked for them, we did */
	uint32_t period_ms, expected_ms;
	uint32_t sent, received;
	unsigned out_loss_permille, in_loss_permille; /* of the packets of the last reports */
};

struct host_link_info {
	host_link_id id; /* 0: a client's link without session at the moment */
	host_bundle_id bundle;
	uint8_t slot;
	bool client;
	char name[HOST_NAME_MAX];  /* "client/link", or the link id's decimal number */
	char owner[HOST_NAME_MAX]; /* concentrator's or client's name */
	char user[HOST_AUTH_NAME_MAX];
	char phase[16];    /* idle, discovery, lcp, auth, join, open, terminate, wait */
	char explain[256]; /* last word on why it joined or did not, or went down */
	struct host_session_key key;
	uint16_t our_mru, peer_mru, our_mrru, peer_mrru;
	bool our_short, peer_short;
	struct host_endpoint peer_endpoint;
	struct host_line line;
	uint64_t told_bps; /* configured or told by tags, whatever was measured; 0: nothing */
	uint64_t up_since_ms;
	uint32_t echo_rtt_us_last; /* of the last echo, 0: none */
	bool probed;               /* quality means something */
	struct link_quality quality;
	struct link_spread spread;
	struct host_reports_info reports;
	uint32_t redials;
	uint64_t next_dial_ms;
	/* DSL-Forum tags (TR-101), empty or 0 when absent */
	char circuit_id[64], remote_id[64];
	uint32_t dsl_rate_up_kbps, dsl_rate_down_kbps;
};

struct host_bandwidth_info {
	bool enabled;
	unsigned slots; /* measured so far */
	struct {
		uint32_t rx_permille, tx_permille;
	} use, slot[HOST_BANDWIDTH_SLOTS];       /* over the period, and of its slots, newest first */
	uint64_t rx_bps, tx_bps;                 /* of the lines now; 0: not known */
	unsigned spare;                          /* a client's links that are not open */
	uint64_t last_opened_ms, last_closed_ms; /* or said to be; 0: never */
};

struct host_bundle_info {
	host_bundle_id id;
	bool client;
	char name[HOST_AUTH_NAME_MAX]; /* user (or alias); the client's name */
	char owner[HOST_NAME_MAX];
	struct host_endpoint peer_endpoint;
	struct host_bundle_values values;
	uint32_t our_address, peer_address, dns[2]; /* host order */
	uint16_t ip_mtu;
	unsigned links;
	uint64_t up_since_ms;
	bool ipcp_open, ipv6cp_open;
	uint64_t our_interface_id, peer_interface_id;
	struct host_bandwidth_info bandwidth;
	struct host_route link6, delegated6; /* given to the peer, or delegated6 to us; len 0: none */
	bool delegated;                      /* who got delegated6 has asked for it and uses it */
	uint64_t delegated_until_ms;         /* end of its lease, unless renewed */
};

/* Iterate: *cursor starts at 0; false at the end. */
bool host_link_next(const struct host *h, unsigned *cursor, struct host_link_info *info);
bool host_bundle_next(const struct host *h, unsigned *cursor, struct host_bundle_info *info);
/* One of them; false: no such bundle (any more). */
bool host_bundle_get(const struct host *h, host_bundle_id id, struct host_bundle_info *info);

struct host_counters {
	uint64_t padi, pado, padr, pads, padt_rx, padt_tx, padi_limited, bad_cookie, bad_frame, unknown_session;
	uint64_t lcp_in_mp, protocol_rejects_tx, auth_ok, auth_failed, joins, join_refused, effects_lost;
	/* LCP echo, of all links there ever were. unanswered: when the next one was due; a late answer counts as one, too */
	uint64_t echo_requests_tx, echo_answered, echo_unanswered, echo_replies_tx;
	uint64_t lqr_tx, lqr_rx, lqr_bad; /* Link-Quality-Reports; bad: cut short, or with a wrong magic number */
	/* IPv6 of bundles: router messages, DHCPv6, and what was neither, not well-formed, or came when IPv6 was not open */
	uint64_t router_solicits_rx, router_adverts_tx, router_adverts_rx, dhcp6_rx, dhcp6_tx, dhcp6_unanswered,
		ip6_bad, ip6_ignored;
};
void host_counters(const struct host *h, struct host_counters *c);

#endif
