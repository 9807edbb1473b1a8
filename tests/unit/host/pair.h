/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_HOST_PAIR_H
#define TESTS_UNIT_HOST_PAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/ppp/host.h"

/* A concentrator and a client with wires between their ports of the same number, on a virtual clock. In front of each host sits
 * a model of the data plane: it carries effects out late, as the real one does, frames and unframes multilink, and checks what it is
 * told to do. The first broken rule is kept in `fault`. */

enum {
	PAIR_PORTS = 4,
	PAIR_LINKS = 64,
	PAIR_ROUTES = 256,
	PAIR_LOG = 200,
	PAIR_TEXT = 200,
	PAIR_IP6 = 32,
	PAIR_IP6_LEN = 1500
};

enum { AC, CLIENT };

/* Each control packet in a bundle stands for some data before it, so that a bundle which lost count of its peer's numbers drops
 * what comes, as the real window does. A few packets may overtake each other. */
enum { PAIR_SEQ_STEP = 1000, PAIR_SEQ_WINDOW = 4 * PAIR_SEQ_STEP };

struct pair_wire {
	unsigned loss, duplicate, reorder; /* in a thousand */
	uint32_t delay_ms, jitter_ms;      /* jitter alone keeps the order */
};

struct pair_link { /* by host_link_id */
	bool joined, confirmed, tx_hold, tx_suspend;
	unsigned epoch; /* confirmations of an older life are dropped */
	uint32_t bundle;
	uint8_t slot;
	struct host_session_key key;
	struct host_line line;
};

struct pair_bundle { /* by host_bundle_id */
	enum { PAIR_FREE, PAIR_LIVE, PAIR_REMOVING } state;
	struct host_bundle_values values;
	unsigned links, routes;
	struct host_traffic traffic;
	uint32_t tx_seq, rx_seq; /* next to send; highest received */
};

struct pair_session {
	bool used;
	uint32_t link; /* 0: punt only */
	struct host_session_key key;
};

struct pair_route {
	bool used;
	struct host_route route;
	uint32_t bundle;
};

struct pair_node {
	struct host *host;
	const struct host_config *cfg;
	struct host_out out;
	struct pair_link links[PAIR_LINKS + 1];
	struct pair_bundle bundles[PAIR_LINKS + 1];
	struct pair_session sessions[PAIR_LINKS * 2];
	struct pair_route routes[PAIR_ROUTES];
	unsigned events[16]; /* by host_event_kind */
	struct host_facts facts[16];
	unsigned frames;       /* sent */
	size_t longest;        /* packet sent into a bundle, with its protocol field */
	unsigned ncp_requests; /* IPCP Configure-Requests sent */
	uint64_t link_down_ms; /* of the last HOST_EV_LINK_DOWN */
	/* IPv6 packets that the host sent into bundles; those that are too many are only counted */
	unsigned n_ip6;
	struct pair_ip6 {
		uint64_t at_ms;
		uint32_t bundle;
		size_t len;
		uint8_t bytes[PAIR_IP6_LEN];
	} ip6[PAIR_IP6];
	struct host_client_prefix client_prefix; /* the last word on it */
	unsigned client_prefixes;                /* how many there were */
	unsigned n_log;
	char log[PAIR_LOG][PAIR_TEXT]; /* events, oldest first, the newest overwrite the last ones */
};

struct pair_event;

struct pair {
	struct pair_node node[2];
	struct pair_wire wire;
	uint64_t now_ms, rng;
	bool cut[PAIR_PORTS];
	uint32_t install_ms; /* most that the data plane takes to install or remove */
	bool install_fails;
	bool hide_traffic; /* questions for it are lost */
	unsigned asked_for_traffic;
	bool ignore_mp;               /* the concentrator's data plane drops multilink frames */
	bool speak_plain;             /* and sends what is for a bundle without a multilink header */
	bool lose_padts;              /* or: ends that say nothing to frames of sessions they do not know, as Linux */
	uint32_t late_ms[PAIR_PORTS]; /* a wire that is longer than the others */
	uint64_t last_ms[2][PAIR_PORTS]; /* of the wires, for order */
	struct pair_event **heap;
	unsigned n_heap, cap_heap;
	uint64_t serial;
	/* Of ports whose access node adds it to the client's discovery frames (TR-101 section 3.9); NULL: it is silent. */
	const uint8_t *vendor_tag[PAIR_PORTS];
	uint16_t vendor_tag_len[PAIR_PORTS];
	char fault[256];
};

/* seed makes the wire and both hosts' entropy. Aborts when a host refuses its configuration. */
struct pair *pair_new(const struct host_config *ac, const struct host_config *client, uint64_t seed);
void pair_free(struct pair *p);
void pair_start(struct pair *p);
/* Runs the clock to now + ms. */
void pair_run(struct pair *p, uint64_t ms);
typedef bool pair_condition(struct pair *p);
/* True: the condition held within ms. */
bool pair_until(struct pair *p, pair_condition *condition, uint64_t ms);
/* The host dies without a word and a new one with the same configuration takes its place. */
void pair_restart(struct pair *p, int node);
void pair_stop(struct pair *p, int node);
int pair_admin(struct pair *p, int node, const char *name, bool up);
void pair_carrier(struct pair *p, int node, uint16_t port, bool up);
/* A frame from outside, given to the node now. */
void pair_inject(struct pair *p, int node, uint16_t port, const uint8_t *frame, size_t len);
void pair_bundle_inject(struct pair *p, int node, uint32_t bundle, const uint8_t *packet, size_t len);

/* So many IP packets pass through each bundle of the node. */
void pair_carry(struct pair *p, int node, unsigned rx_packets, unsigned tx_packets);
/* The same as bytes, which its links share. */
void pair_carry_bytes(struct pair *p, int node, uint64_t rx_bytes, uint64_t tx_bytes);
bool pair_demand(struct pair *p, int node, unsigned client);

unsigned pair_open_links(const struct pair *p, int node);
unsigned pair_bundles(const struct pair *p, int node);
/* Bundles with IPCP open and a route to the peer. */
unsigned pair_open_bundles(const struct pair *p, int node);
unsigned pair_routes(const struct pair *p, int node);
bool pair_has_route(const struct pair *p, int node, uint32_t address, uint8_t len, bool local);
/* Link by its operator's name; false: none. */
bool pair_link_info(const struct pair *p, int node, const char *name, struct host_link_info *info);
bool pair_first_bundle(const struct pair *p, int node, struct host_bundle_info *info);
/* The newest event whose text contains this; NULL: none. */
const char *pair_said(const struct pair *p, int node, const char *text);
void pair_print_log(const struct pair *p);
uint32_t pair_random(struct pair *p);
/* Entropy of a host that needs none, or none that differs. */
void pair_zeros(void *ctx, void *buf, size_t n);
/* Every address is back in its pool. */
bool pair_addresses_are_back(const struct pair *p);

/* A concentrator with one user and a pool, a client with two links over two ports; to be changed before pair_new. */
struct pair_net {
	struct host_port ports[2][PAIR_PORTS];
	uint16_t port_index[PAIR_PORTS];
	struct host_range range;
	struct host_pool pool;
	struct host_pool6 pools6[2]; /* of pair_net_ip6() */
	struct host_user users[8];
	struct vlan_stack untagged;
	struct host_concentrator concentrator;
	struct host_client_link links[HOST_LINKS_MAX];
	char link_names[HOST_LINKS_MAX][12];
	struct host_client client;
	struct host_config cfg[2];
};

void pair_net_init(struct pair_net *net, unsigned links);
/* IPv6 beside IPv4, with a pool for links (2001:db8:1::/48 by /64) and one to delegate (2001:db8:8000::/48 by /56). */
void pair_net_ip6(struct pair_net *net);
void pair_link_name(char name[16], unsigned link);

#endif
