/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The configuration of one hawserd process, loaded from one YAML file. After config_load succeeds everything below is
 * checked and complete: defaults are filled in, references are resolved, and every value lies in the range that
 * hawser.yaml(5) states. Times say their unit, rates are bit/s, IPv4 addresses are in host order. Lists are a pointer and a
 * number (n_...). All strings are owned by struct config. */

enum {
	CONFIG_NAME_MAX = 31,       /* characters of the name of a port, pool, concentrator, client or link */
	CONFIG_AUTH_NAME_MAX = 127, /* of a user name or password */
	CONFIG_WORKERS_MAX = 16,
	CONFIG_PORTS_MAX = 64,
	CONFIG_PORT_MACS_MAX = 32, /* different MAC addresses of clients' links on one port */
	CONFIG_LINKS_MAX = 16,     /* of a bundle */
	CONFIG_SERVICES_MAX = 16,
	CONFIG_DNS_MAX = 2,
	CONFIG_AUTH_MAX = 4,
	CONFIG_HOOKS_MAX = 16,
	CONFIG_HOOK_ARGS_MAX = 32,
	CONFIG_DNS6_MAX = 3,
	CONFIG_ENDPOINT_MAX = 20, /* bytes (RFC 1990 section 5.1.3) */
};

/* ------------------------------------------------------------------ values */

struct config_names {
	char **items; /* NULL-terminated */
	size_t n;
};

/* Name of another object and its index in the list of its kind. */
struct config_ref {
	char *name; /* NULL: not given; index is then 0 and means nothing */
	unsigned index;
};

struct config_refs {
	struct config_ref *items;
	size_t n;
};

struct config_prefix4 {
	uint32_t address; /* host order, as written: host bits may be set where an interface address is meant */
	uint8_t len;
};

struct config_prefixes4 {
	struct config_prefix4 *items;
	size_t n;
};

/* Address, IPv4 or IPv6, in network order; prefix length behind it. */
struct config_ip {
	uint8_t family; /* 4 or 6; 0: not given */
	uint8_t len;
	uint8_t bytes[16]; /* IPv4 in the first four */
};

struct config_ips {
	struct config_ip *items;
	size_t n;
};

struct config_addresses4 {
	uint32_t *items; /* host order */
	size_t n;
};

struct config_range4 {
	uint32_t first, last; /* host order, both included */
};

struct config_ranges4 {
	struct config_range4 *items;
	size_t n;
};

/* Same form as struct vlan_stack of dataplane/wire/eth.h: VLAN id | CONFIG_VLAN_TAGGED [| CONFIG_VLAN_AD]; {0, 0} is
 * untagged. */
enum { CONFIG_VLAN_ID_MASK = 0x0fff, CONFIG_VLAN_TAGGED = 0x1000, CONFIG_VLAN_AD = 0x2000 };

struct config_vlan {
	uint16_t outer, inner;
	bool any; /* every frame, whatever its tags (concentrators only) */
};

struct config_vlans {
	struct config_vlan *items;
	size_t n;
};

struct config_cpus {
	int *items;
	size_t n;
};

/* want: we ask for the option; allow: the peer may (four-way policy). */
struct config_policy {
	bool want, allow;
};

/* ------------------------------------------------------------------ groups used in several places */

enum config_encap { CONFIG_ETHERNET, CONFIG_PTM, CONFIG_ATM, CONFIG_ENCAP_AUTO };

/* Words that stand for a rate; the lowest rate is 1000. */
enum { CONFIG_RATE_UNPACED, CONFIG_RATE_AUTO, CONFIG_RATE_TAGS, CONFIG_RATE_WORDS };

/* Sending side of a line. */
struct config_line {
	bool given; /* at least one of its keys stands in the file; for a link: false means the port's line holds */
	uint64_t rate_bps;    /* or one of CONFIG_RATE_..., see config_rate_bps() */
	uint64_t receive_bps; /* 0: as rate_bps */
	uint32_t latency_us;  /* one way */
	enum config_encap encapsulation;
	int16_t overhead_bytes;
	uint8_t cost; /* at most 127 */
	bool measure;
};

/* 0: none is configured. */
static inline uint64_t
config_rate_bps(const struct config_line *line)
{
	return line->rate_bps < CONFIG_RATE_WORDS ? 0 : line->rate_bps;
}

struct config_lcp_options {
	struct config_policy mru, magic, mrru, short_sequence, endpoint, pfc, quality;
};

struct config_lcp {
	uint16_t mru; /* 0: auto, see config_mru() */
	uint16_t mtu; /* 0: auto, the peer's MRU */
	uint32_t echo_interval_ms;
	uint8_t echo_failures;
	uint32_t quality_period_ms;
	uint32_t restart_ms; /* 0: fsm_timeout */
	uint8_t max_configure, max_terminate, max_failure;
	struct config_lcp_options options;
};

/* Network protocols of a bundle; and the options of IPV6CP and IPCP that tell one's own address. */
struct config_network {
	struct config_policy ipv4, ipv6, interface_id, address;
	uint32_t restart_ms;                               /* 0: fsm_timeout */
	uint8_t max_configure, max_terminate, max_failure; /* 0: LCP's */
};

enum config_endpoint_class { /* values as on the wire (RFC 1990 section 5.1.3), then our own */
	CONFIG_ENDPOINT_NONE,
	CONFIG_ENDPOINT_LOCAL,
	CONFIG_ENDPOINT_IP,
	CONFIG_ENDPOINT_MAC,
	CONFIG_ENDPOINT_MAGIC,
	CONFIG_ENDPOINT_PHONE,
	CONFIG_ENDPOINT_AUTO, /* MAC of the first port */
};

struct config_endpoint {
	enum config_endpoint_class class;
	char *value;                        /* as written */
	uint8_t bytes[CONFIG_ENDPOINT_MAX]; /* as on the wire */
	uint8_t n_bytes;
};

enum config_mode { CONFIG_WEIGHTED, CONFIG_EQUAL, CONFIG_ROUND_ROBIN, CONFIG_PACKET, CONFIG_OVERFLOW };

enum { CONFIG_OVERFLOW_MS = 10 }; /* unless the file says otherwise */

enum config_bundle_key { CONFIG_KEY_EXACT, CONFIG_KEY_LOWER_CASE, CONFIG_KEY_STRIP_REALM };

/* What a kind of peer is used to. */
enum config_profile { CONFIG_PROFILE_NONE, CONFIG_PROFILE_CISCO, CONFIG_PROFILE_JUNIPER, CONFIG_PROFILE_WINDOWS };

struct config_multilink {
	enum config_profile profile;
	bool enabled;
	bool require;               /* a link without multilink is closed */
	bool allow_unauthenticated; /* M-08 */
	uint16_t mrru;              /* 0: auto, see config_mrru() */
	struct config_endpoint endpoint;
	uint8_t links_max;
	enum config_mode mode;
	uint8_t overflow_ms; /* CONFIG_OVERFLOW: a line with more backlog than this is full */
	uint16_t min_fragment;
	bool tolerate_reorder;
	bool strict_reserved_bits;
	uint16_t null_ms; /* 0: never */
	uint16_t stall_min_ms, stall_max_ms;
	uint16_t queue_ms;
	uint16_t window_fragments_max;
	enum config_bundle_key bundle_key;
};

struct config_quality {
	bool probe;
	uint8_t loss_max_percent; /* 0: off */
	uint32_t skew_max_ms;     /* 0: off */
	uint32_t hold_ms;
};

enum { CONFIG_MSS_AUTO = -1, CONFIG_MSS_OFF = 0 };

struct config_mss {
	int v4, v6; /* CONFIG_MSS_AUTO, CONFIG_MSS_OFF, or a ceiling in bytes */
	bool from_links, to_links;
};

struct config_scrub {
	uint8_t min_ttl; /* 0: none */
	bool reassemble, clear_df;
	bool from_links, to_links;
};

enum { CONFIG_REDIAL_FOR_EVER = 0, CONFIG_REDIAL_NEVER = -1 };

struct config_redial {
	uint32_t delay_ms, increment_ms, limit_ms, jitter_ms;
	int attempts;             /* CONFIG_REDIAL_FOR_EVER, CONFIG_REDIAL_NEVER, or so many */
	uint32_t carrier_wait_ms; /* 0: for ever */
};

enum config_low { CONFIG_LOW_AVERAGE, CONFIG_LOW_EVERY_SLOT };

struct config_bandwidth {
	bool given; /* else all links are opened, or none */
	uint32_t period_ms;
	uint8_t high_percent, low_percent;
	uint32_t min_connect_ms, min_disconnect_ms;
	enum config_low low_reading;
	struct config_refs links; /* all of a client's in the order in which they are opened; none: as in the file */
};

enum config_auth { CONFIG_AUTH_NONE, CONFIG_AUTH_PAP, CONFIG_AUTH_CHAP, CONFIG_AUTH_MSCHAP, CONFIG_AUTH_MSCHAPV2 };

struct config_auths {
	enum config_auth *items; /* in order of preference; at most CONFIG_AUTH_MAX */
	size_t n;
};

/* ------------------------------------------------------------------ objects */

enum config_idle { CONFIG_IDLE_ADAPTIVE, CONFIG_IDLE_BUSY };
enum config_auto { CONFIG_AUTO, CONFIG_YES, CONFIG_NO };
enum config_log_level { CONFIG_LOG_ERROR, CONFIG_LOG_WARNING, CONFIG_LOG_INFO, CONFIG_LOG_DEBUG };

struct config_process {
	char *name;
	unsigned workers;
	struct config_cpus cpus; /* n is 0 (workers float) or at least workers */
	int control_cpu;         /* -1: floats */
	enum config_idle idle;
	uint64_t memory_bytes;
	enum config_auto hugepages;
	uint32_t bundles_max, sessions_max; /* of the whole process */
	uint32_t routes_max;
	uint64_t reassembly_bytes;
	uint32_t punt_pps, punt_session_pps;
	char *control_socket; /* path; never NULL after loading */
	char *operator_group; /* whose members may steer, as root and our own user; NULL: nobody's */
	char *viewer_group;   /* whose members may look; NULL: nobody's */
	char *event_log;      /* path; NULL: none */
	enum config_log_level log_level;
	struct config_names eal_args;
};

enum config_port_kind { CONFIG_ACCESS, CONFIG_IP };
enum config_steering { CONFIG_STEERING_AUTO, CONFIG_STEERING_RINGS };
enum { CONFIG_RULES_MAX = 65535 };

/* A network of the prefix that a client was delegated. */
struct config_delegated {
	bool given;
	struct config_ref client;
	uint32_t subnet; /* its number in the prefix */
};

struct config_port {
	char *name;
	char *device; /* DPDK: PCI address or devargs of a vdev */
	enum config_port_kind kind;
	uint16_t mtu;                  /* Ethernet payload, VLAN tags not counted */
	uint16_t rx_queues, tx_queues; /* 0: as many as workers and device allow */
	enum config_steering steering; /* CONFIG_ACCESS, as is rules_max */
	uint32_t rules_max;
	struct config_line line;           /* CONFIG_ACCESS */
	struct config_ips addresses;       /* CONFIG_IP, with the length of the connected prefix */
	bool proxy_arp, probe_addresses;   /* CONFIG_IP */
	struct config_delegated delegated; /* CONFIG_IP */
	struct config_ref address_of;      /* CONFIG_IP: the client whose IPv4 address a host behind it has */
};

/* Exactly one of via, port, client, blackhole is given. */
struct config_route {
	struct config_ip to; /* prefix, host bits clear */
	struct config_ip via;
	struct config_ref port;
	struct config_ref client;
	bool blackhole;
};

struct config_limits {
	uint32_t padi_per_s, padi_per_mac_per_s;                                   /* 0: no limit */
	uint32_t sessions, sessions_per_mac, sessions_per_vlan, sessions_per_port; /* 0: no limit */
};

enum { CONFIG_IP_MTU_AUTO = -1, CONFIG_IP_MTU_FIT_ONE_FRAGMENT = -2 };

enum config_wrong_service { CONFIG_WRONG_SERVICE_SILENT, CONFIG_WRONG_SERVICE_ERROR };

struct config_concentrator {
	char *name;
	struct config_refs ports; /* access ports */
	struct config_vlans vlans;
	char *ac_name; /* never NULL after loading: the concentrator's name by default */
	struct config_names service_names;
	bool any_service;
	enum config_wrong_service on_wrong_service;
	bool max_payload; /* RFC 4638 */
	uint32_t pado_delay_ms;
	struct config_limits limits;
	struct config_auths authentication;     /* empty: none is asked */
	char *auth_name;                        /* in CHAP challenges; ac_name by default */
	struct config_auths own_authentication; /* what a peer may ask of us */
	char *username, *password;              /* ours then; NULL: none */
	bool from_secrets;
	uint32_t rechallenge_ms; /* 0: never */
	uint32_t failure_delay_ms;
	uint32_t fsm_timeout_ms;
	uint32_t authentication_ms;   /* restart timer; 0: fsm_timeout */
	uint8_t authentication_tries; /* 0: LCP's max_configure */
	uint32_t address;             /* ours in IPCP */
	struct config_ref pool;
	struct config_addresses4 dns; /* at most CONFIG_DNS_MAX */
	bool request_dns;
	int ip_mtu;              /* CONFIG_IP_MTU_..., or bytes */
	struct config_ref pool6; /* prefixes of 64 bits, for the link */
	struct config_ref delegated_pool;
	struct config_ips dns6; /* at most CONFIG_DNS6_MAX, all IPv6 */
	uint32_t preferred_s, valid_s;
	bool source_check;
	uint32_t idle_timeout_ms; /* 0: never */
	struct config_bandwidth bandwidth;
	struct config_network network;
	struct config_mss mss;
	struct config_scrub scrub;
	struct config_lcp lcp;
	struct config_multilink multilink;
	struct config_quality quality;
};

struct config_pool {
	char *name;
	struct config_ranges4 ranges;
};

/* IPv6 prefixes of one length, cut out of larger ones. */
struct config_pool6 {
	char *name;
	struct config_ips prefixes;
	uint8_t length;
};

struct config_user {
	char *name;
	char *password;                             /* from the file or from secrets_file; never NULL after loading */
	bool from_secrets;                          /* password stood in secrets_file */
	uint32_t address;                           /* 0: from the concentrator's pool */
	struct config_ip prefix6, delegated_prefix; /* family 0: from the concentrator's pools */
	struct config_ips routes;                   /* prefixes of either family */
	uint8_t links_max;                          /* 0: the concentrator's */
	uint16_t sessions_max;
	char *bundle; /* name under which several logins are one bundle; NULL: the login itself */
};

struct config_link {
	char *name;
	struct config_ref from;   /* a template, whose keys are among the following by now */
	struct config_refs ports; /* candidates, in order */
	struct config_vlan vlan;
	uint8_t mac[6]; /* all zero: the port's */
	struct config_line line;
	char *username, *password; /* NULL: the client's */
	bool from_secrets;
	bool max_payload;
	struct config_redial redial; /* what the link does not say itself is the client's */
};

enum config_dial { CONFIG_DIAL_ALWAYS, CONFIG_DIAL_ON_DEMAND, CONFIG_DIAL_MANUAL };
enum config_start_order { CONFIG_START_TOGETHER, CONFIG_START_ONE_BY_ONE };

struct config_client {
	char *name;
	char *username, *password; /* NULL when every link brings its own */
	bool from_secrets;
	char *service_name, *ac_name;            /* NULL: any */
	struct config_auths authentication;      /* what we let the peer ask of us */
	struct config_auths peer_authentication; /* empty: none is asked of the peer */
	char *peer_username, *peer_password;     /* by which it proves itself; peer_username NULL: any */
	bool peer_from_secrets;
	uint32_t peer_rechallenge_ms; /* 0: never */
	uint32_t address;             /* wanted in IPCP; 0: any */
	struct config_prefix4 accept_address;
	uint32_t fsm_timeout_ms;
	uint32_t authentication_ms;   /* restart timer; 0: fsm_timeout */
	uint8_t authentication_tries; /* 0: LCP's max_configure */
	struct config_addresses4 dns; /* at most CONFIG_DNS_MAX */
	bool request_prefix;
	uint8_t prefix_hint; /* 0: any */
	bool request_dns;
	char *resolver_file; /* path; NULL: none */
	bool default_route;
	struct config_ips routes; /* prefixes of either family */
	int ip_mtu;               /* CONFIG_IP_MTU_..., or bytes */
	bool source_check;
	struct config_network network;
	struct config_mss mss;
	struct config_scrub scrub;
	struct config_lcp lcp;
	struct config_multilink multilink;
	struct config_quality quality;
	struct config_redial redial;
	enum config_dial dial;
	enum config_start_order start_order;
	uint32_t idle_timeout_ms; /* 0: never */
	struct config_bandwidth bandwidth;
	struct config_link *templates; /* never dialled */
	size_t n_templates;
	struct config_link *links;
	size_t n_links;
};

enum config_hook_event {
	CONFIG_HOOK_LINK_UP,
	CONFIG_HOOK_LINK_DOWN,
	CONFIG_HOOK_LINK_REFUSED,
	CONFIG_HOOK_BUNDLE_UP,
	CONFIG_HOOK_BUNDLE_CHANGED,
	CONFIG_HOOK_BUNDLE_DOWN,
	CONFIG_HOOK_LINK_SUSPENDED,
	CONFIG_HOOK_LINK_RESUMED,
	CONFIG_HOOK_EVENTS
};

struct config_hook_events {
	enum config_hook_event *items;
	size_t n;
};

struct config_hook {
	char *name;
	struct config_hook_events events;
	struct config_names run; /* program and arguments */
	uint32_t timeout_ms;
};

/* As it stands in the file and in the event: "link-up". */
const char *config_hook_event_name(enum config_hook_event event);

struct config_places; /* which line of the file each value came from */

struct config {
	char *path;         /* of the file, or the name given to config_load_string */
	char *secrets_file; /* NULL: none */
	struct config_process process;
	struct config_port *ports;
	size_t n_ports;
	struct config_route *routes;
	size_t n_routes;
	struct config_concentrator *concentrators;
	size_t n_concentrators;
	struct config_pool *pools;
	size_t n_pools;
	struct config_pool6 *pools6;
	size_t n_pools6;
	struct config_user *users;
	size_t n_users;
	struct config_client *clients;
	size_t n_clients;
	struct config_hook *hooks;
	size_t n_hooks;
	struct config_places *places;
};

/* ------------------------------------------------------------------ what is said about a configuration */

enum config_level { CONFIG_ERROR, CONFIG_WARNING, CONFIG_INFO };

struct config_note {
	enum config_level level;
	char *file;
	unsigned line, column; /* from 1; 0: not about a place in the file */
	char *key;             /* "ports.wan.mtu" */
	char *why;
};

/* Start with {0}. Sorted by place after each call below. */
struct config_notes {
	struct config_note *items;
	size_t n;
	size_t n_errors;
	bool overflow; /* there were more than are kept (1000) */
};

void config_notes_free(struct config_notes *notes);

/* One line a note: "file:line:col: key: why"; warnings have "warning: " and infos "note: " before the key. */
void config_notes_print(FILE *out, const struct config_notes *notes);

/* ------------------------------------------------------------------ loading */

/* Loads the file with the secrets file it names. All errors of the file are noted in one run, warnings too. 0 and *out,
 * which the caller frees; or -EINVAL (errors were noted), -ENOMEM, and *out is NULL. A file that cannot be read is an error
 * noted. */
int config_load(const char *path, struct config **out, struct config_notes *notes);

/* The same from memory; name stands for the file's in messages, a relative secrets_file is relative to the directory of name. */
int config_load_string(const char *name, const char *yaml, size_t len, struct config **out, struct config_notes *notes);

/* Gives the process another name; a control socket that was not given follows it. -EINVAL: that is no name; -ENOMEM. */
int config_rename(struct config *cfg, const char *name);

/* Wipes the secrets first. NULL is allowed. */
void config_free(struct config *cfg);

/* Canonical YAML of what was loaded, defaults included, secrets masked. It loads again and prints the same. */
void config_print(FILE *out, const struct config *cfg);

/* Where the value stands in the file: any field of cfg given by its address. Unset values answer with the place of the group
 * they belong to. *key is cut to cap. False: not a field of cfg. */
bool config_where(const struct config *cfg, const void *field, unsigned *line, char *key, size_t cap);

/* ------------------------------------------------------------------ sizes */

/* Link MRU that is announced on a port: lcp->mru; or with auto what the port carries, at most 1492 unless
 * PPP-Max-Payload was agreed (RFC 2516 section 7, RFC 4638). */
uint16_t config_mru(const struct config_lcp *lcp, const struct config_port *port, bool max_payload);

/* MRRU that is announced: multilink->mrru; or with auto its profile's, or without one the largest MTU of the IP ports, at least 1500. */
uint16_t config_mrru(const struct config *cfg, const struct config_multilink *multilink);

/* Works out, for each concentrator and port and for each link of a client, what of the port's MTU is left for one
 * fragment, and notes the one value that is short. Errors are combinations that cannot work, warnings cost performance, infos
 * show the chain. Needs no device. 0, or -EINVAL when there were errors. */
int config_check_mtu(const struct config *cfg, struct config_notes *notes);

/* ------------------------------------------------------------------ schema */

/* hawser.yaml(5) in mdoc, made from the same table that the loader uses. */
void config_schema_print_man(FILE *out);

#endif
