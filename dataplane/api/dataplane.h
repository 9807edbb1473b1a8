/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_API_DATAPLANE_H
#define DATAPLANE_API_DATAPLANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/api/drops.h"
#include "dataplane/api/limits.h"
#include "dataplane/wire/eth.h"
#include "dataplane/wire/ip.h"

/* The whole contract between control and the data plane. Everything here is called by the control thread only, never
 * waits and never sleeps (but dataplane_start and dataplane_stop). Addresses and numbers are in host order unless the name
 * ends in _be; rates are bit/s; times say their unit. Errors are negative errno values. */

struct dataplane;

/* ------------------------------------------------------------------ start and stop */

enum dp_port_kind {
	DP_PORT_ACCESS, /* PPPoE lines */
	DP_PORT_IP,     /* IP hosts and routers */
};

struct dp_port_setup {
	const char *name; /* ours, for messages */
	const char
		*devargs; /* DPDK device: PCI address or vdev ("net_af_packet0,iface=..."); created when it is a vdev */
	enum dp_port_kind kind;
	uint16_t mtu;                  /* wanted Ethernet payload, VLAN tags not counted (1500, or 1508 for RFC 4638) */
	uint16_t rx_queues, tx_queues; /* 0: as many as workers and device allow */
	struct mac macs[DP_PORT_MACS_MAX]; /* further unicast addresses wanted; n_macs of them */
	uint16_t n_macs;
	uint32_t rules_max; /* sessions for which the driver is asked to bring frames to their worker; 0: never */
};

enum dp_idle { DP_IDLE_ADAPTIVE, DP_IDLE_BUSY };

struct dp_setup {
	const char *name; /* names EAL's runtime files, unique per process */
	unsigned workers;
	const int *cpus; /* CPU of each worker; NULL: all float over the process's CPUs */
	int control_cpu; /* -1: floats */
	enum dp_idle idle;
	bool hugepages; /* false: --no-huge */
	unsigned memory_mib;
	unsigned pool_mbufs;       /* packet buffers per NUMA node; 0: from memory_mib */
	unsigned bundles_max;      /* per worker */
	unsigned routes_max;       /* prefixes; also hosts in the exact table */
	uint64_t reassembly_bytes; /* budget of what the windows of all bundles hold; 3/4 of the buffers at most */
	uint32_t punt_total_pps;   /* budgets of frames for control */
	uint32_t punt_session_pps;
	const struct dp_port_setup *ports;
	unsigned n_ports;
	const char *const *eal_args; /* further EAL arguments, NULL-terminated; may be NULL */
};

/* Starts EAL (once a process), ports and workers. On error everything is undone, *why (static or in a static buffer) says what
 * failed on which port, and a negative errno is returned. */
int dataplane_start(const struct dp_setup *setup, struct dataplane **dp, const char **why);

/* Stops workers, then ports, frees everything, ends EAL. Frames injected for ports are sent first (bounded, 100 ms). */
void dataplane_stop(struct dataplane *dp);

/* "DPDK 22.11.11" */
const char *dataplane_version(void);

/* Remarks on the start, one a line, for the log; "" when there are none: a port served from another NUMA node. */
const char *dp_notes(const struct dataplane *dp);

/* What a port with several receive queues spreads frames over them by. */
enum dp_rss {
	DP_RSS_NONE, /* nothing, or there is one queue */
	DP_RSS_IP,   /* addresses and ports, which few drivers find behind PPPoE */
	DP_RSS_PPPOE,
};

/* Rules by which the driver brings sessions' frames to the worker of their bundle. A session without one is handed over by ring. */
struct dp_port_rules {
	uint32_t in_force,
		max; /* max 0: none are asked for, as the setup says, or for want of a second receive queue */
	uint64_t asked, refused;
	uint64_t
		passed_over; /* not asked: the driver takes none such or no more, or the worker has no queue of the port */
	uint64_t slowest_us; /* the longest that control has waited for the driver */
	char error[128];     /* of the last refusal */
};

struct dp_port_info {
	const char *name;
	char device[64]; /* DPDK's name of it */
	char driver[32];
	struct mac mac;
	uint16_t mtu; /* in force */
	uint16_t rx_queues, tx_queues;
	int numa_node;
	bool carrier, carrier_known;
	uint64_t rx_frames, rx_bytes, tx_frames, tx_bytes, rx_missed, rx_errors, tx_errors;
	uint64_t
		tx_kernel_drops; /* by the queueing discipline of a kernel device, which net_af_packet counts as sent */
	enum dp_rss rss;
	struct dp_port_rules rules;
};

int dp_port_info(struct dataplane *dp, unsigned port, struct dp_port_info *info);

/* Something new to say about a port, for the log: its driver has refused the first rule. NULL: nothing. Valid until the next call. */
const char *dp_port_remark(struct dataplane *dp, unsigned port);

/* ------------------------------------------------------------------ steering and sessions
 * A bundle is named by its home worker and its index there; a link by its bundle and its slot in it. A plain PPP link without
 * multilink is a bundle of one link with mp false. Control allocates indexes; after DP_CMD_BUNDLE_REMOVE is applied and
 * dp_quiescent() answers true for the mark taken then, an index may be used again. */

struct dp_bundle_ref {
	uint32_t index;
	uint16_t home;
	uint16_t gen; /* counts the uses of the index, so that stale punts and injects are known */
};

struct dp_session_key {
	uint16_t port, session; /* session in host order */
	struct vlan_stack vlans;
	struct mac peer, local;
};

/* Session is ours, but its frames only punt (membership not decided). */
int dp_session_punt(struct dataplane *dp, const struct dp_session_key *key);
/* Session's data goes to this link. Overwrites the former. The first time, the driver is asked for a rule, which may take it a while. */
int dp_session_link(struct dataplane *dp, const struct dp_session_key *key, struct dp_bundle_ref bundle, unsigned slot);
/* Session is gone. */
int dp_session_clear(struct dataplane *dp, const struct dp_session_key *key);

/* ------------------------------------------------------------------ commands (ring command[home], by value) */

enum dp_sched_mode { DP_SCHED_WEIGHTED, DP_SCHED_EQUAL, DP_SCHED_ROUND_ROBIN, DP_SCHED_PACKET, DP_SCHED_OVERFLOW };

enum dp_bundle_flags {
	DP_BUNDLE_MP = 1 << 0,              /* multilink agreed: MP framing both ways */
	DP_BUNDLE_RX_SHORT = 1 << 1,        /* 12-bit numbers from the peer (we sent SSNHF) */
	DP_BUNDLE_TX_SHORT = 1 << 2,        /* 12-bit numbers to the peer (peer sent SSNHF) */
	DP_BUNDLE_V4 = 1 << 3,              /* IPCP open */
	DP_BUNDLE_V6 = 1 << 4,              /* IPV6CP open */
	DP_BUNDLE_SOURCE_CHECK = 1 << 5,    /* sources must be routed to this bundle */
	DP_BUNDLE_TOLERATE = 1 << 6,        /* keep fragments reordered inside a link (L-03) */
	DP_BUNDLE_STRICT_RESERVED = 1 << 7, /* drop MP headers with reserved bits set (L-10) */
	DP_BUNDLE_MSS_FROM_LINKS = 1 << 8,
	DP_BUNDLE_MSS_TO_LINKS = 1 << 9,
};

enum dp_scrub { /* what is done to the headers of IP packets, and in which directions */
	DP_SCRUB_FROM_LINKS = 1 << 0,
	DP_SCRUB_TO_LINKS = 1 << 1,
	DP_SCRUB_CLEAR_DF = 1 << 2,   /* Don't Fragment */
	DP_SCRUB_REASSEMBLE = 1 << 3, /* datagrams are put together from their fragments */
};

struct dp_bundle_set {
	uint16_t flags;
	uint16_t rx_mrru;        /* largest packet we take (our MRRU, at least 1500; our MRU without MP) */
	uint16_t tx_mrru;        /* largest packet the peer takes, IP bytes */
	uint16_t mss_v4, mss_v6; /* ceilings for SYNs; 0: do not touch */
	uint16_t min_fragment;
	uint8_t mode : 4;       /* enum dp_sched_mode */
	uint8_t scrub : 4;      /* enum dp_scrub */
	uint8_t prefix6_len[2]; /* of prefix6; 0: none */
	uint8_t min_ttl;        /* floor of TTL and hop limit where there is scrubbing; 0: none */
	uint8_t overflow_ms;    /* overflow: a line with more backlog than this is full */
	uint16_t null_ms;       /* idle link gets a null fragment this long after data on others; 0: never */
	uint16_t stall_min_ms, stall_max_ms;
	uint16_t queue_ms; /* most that waits in front of the lines, as time at their joint rate */
	uint16_t window_slots_max;
	uint32_t address_be; /* peer's IPv4 address, 0: none: short cut for the source check */
	uint64_t prefix6[2]; /* first 64 bits of the peer's IPv6 prefixes of up to 64 bits: the same */
};

struct dp_link_set {
	uint8_t slot;
	uint8_t encap; /* enum pacing_encap */
	int16_t overhead_bytes;
	struct mac peer, local;
	struct vlan_stack vlans;
	uint16_t port, session;
	uint16_t tx_mru;   /* peer's MRU: bound of what one frame may carry behind the PPP protocol field */
	bool tx_hold;      /* receive only: nothing is sent on it until a LINK_SET without it */
	uint8_t cost;      /* overflow: cheaper lines come first; at most 127 */
	bool tx_suspend;   /* multilink: no data is cut for it, only null fragments keep its number fresh */
	uint64_t rate_bps; /* 0: not paced */
	uint32_t latency_us;
};

enum dp_cmd_op {
	DP_CMD_BUNDLE_SET,    /* create, or change without touching numbers and windows */
	DP_CMD_BUNDLE_REMOVE, /* final totals come in DP_EVENT_BUNDLE_GONE */
	DP_CMD_LINK_SET,      /* join, or change rate, latency, MRU of a joined link */
	DP_CMD_LINK_REMOVE,   /* final totals come in DP_EVENT_LINK_GONE */
	DP_CMD_SNAPSHOT,      /* fill *snapshot, which control owns and must keep until the ticket is applied */
};

struct dp_bundle_stats;

struct dp_cmd {
	uint32_t ticket; /* set by dp_command */
	uint32_t bundle; /* index at the home worker */
	uint16_t gen;
	uint8_t op;   /* enum dp_cmd_op */
	uint8_t slot; /* LINK_REMOVE */
	union {
		struct dp_bundle_set bundle_set;
		struct dp_link_set link_set;
		struct dp_bundle_stats *snapshot;
	};
};
_Static_assert(sizeof(struct dp_cmd) <= 64, "a command is one cache line");

/* Queues a command for a worker. False: ring full, try again later. *ticket: compare with dp_applied. */
bool dp_command(struct dataplane *dp, unsigned worker, const struct dp_cmd *cmd, uint32_t *ticket);
/* True when the worker has carried out the command with this ticket (and all before it). */
bool dp_applied(struct dataplane *dp, unsigned worker, uint32_t ticket);

/* A mark that every worker passes once it has finished its current turn and drained its steer rings. */
uint32_t dp_quiescence_mark(struct dataplane *dp);
bool dp_quiescent(struct dataplane *dp, uint32_t mark);

/* ------------------------------------------------------------------ events (ring event[i], by value) */

struct dp_link_totals {
	uint64_t rx_frames, rx_bytes, tx_frames, tx_bytes; /* bytes from the PPPoE header on */
};

enum dp_event_op {
	DP_EVENT_LINK_GONE, /* removed; or without a LINK_REMOVE: it could not join */
	DP_EVENT_BUNDLE_GONE,
	DP_EVENT_CARRIER, /* port's carrier changed */
};

struct dp_event {
	uint8_t op;
	uint8_t slot;
	uint16_t gen;
	uint16_t home; /* set by dp_events: the worker it comes from */
	uint32_t bundle;
	union {
		struct dp_link_totals link;
		struct {
			uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes, dropped;
		} totals;
		struct {
			uint16_t port;
			bool up;
		} carrier;
	};
};
_Static_assert(sizeof(struct dp_event) <= 64, "an event is one cache line");

/* Readable (eventfd) when a worker queued an event or a frame. Then: dp_events() first (it clears the mark), until it returns 0, then
 * dp_punted_next() until false. */
int dp_event_fd(struct dataplane *dp);
/* Up to n events of any worker; *lost becomes true (and is else left alone) when a ring had overflowed since the last call: re-read the
 * state. */
unsigned dp_events(struct dataplane *dp, struct dp_event *events, unsigned n, bool *lost);

/* ------------------------------------------------------------------ punt: frames for control */

enum dp_origin {
	DP_FROM_PORT, /* whole Ethernet frame of an access port: discovery, or a session frame with a control protocol */
	DP_FROM_BUNDLE,  /* control protocol out of an MP frame or reassembly: starts at the PPP protocol field */
	DP_FROM_IP_PORT, /* whole Ethernet frame of an IP port: ARP, neighbour messages, IP for one of our addresses */
	DP_FROM_ROUTE,   /* IP packet (no Ethernet header) that routing could not finish: see why */
};

enum dp_punt_why {
	DP_PUNT_LOCAL,   /* for one of our addresses */
	DP_PUNT_GLEAN,   /* next hop's MAC not known: resolve, then inject again */
	DP_PUNT_TTL,     /* answer with time exceeded */
	DP_PUNT_TOO_BIG, /* answer with fragmentation needed / packet too big; mtu says what fits */
	DP_PUNT_NO_ROUTE,
};

struct dp_punted {
	enum dp_origin origin;
	enum dp_punt_why why; /* DP_FROM_ROUTE and DP_FROM_IP_PORT */
	uint16_t port;        /* of arrival; for DP_FROM_ROUTE with why GLEAN: the port to resolve on */
	uint16_t mtu;
	uint32_t next_hop_be;        /* GLEAN of an IPv4 packet: address to resolve */
	struct ip_addr next_hop6;    /* of an IPv6 packet */
	bool from_bundle;            /* DP_FROM_ROUTE: came from a subscriber; bundle says which */
	struct dp_bundle_ref bundle; /* DP_FROM_BUNDLE; DP_FROM_ROUTE if from_bundle */
	uint16_t slot;               /* DP_FROM_BUNDLE: link of the last fragment */
	size_t len;
	uint8_t bytes[DP_CONTROL_FRAME_MAX];
};

/* Copies the next punted frame of any worker into *out (cut to DP_CONTROL_FRAME_MAX). False: none. */
bool dp_punted_next(struct dataplane *dp, struct dp_punted *out);

/* ------------------------------------------------------------------ inject: frames from control; served before data */

enum dp_target_kind {
	DP_TO_PORT,   /* whole Ethernet frame out of an access or IP port */
	DP_TO_BUNDLE, /* starts at the PPP protocol field; numbered and MP-framed at home if the bundle has MP */
	DP_TO_ROUTE,  /* IP packet, routed as one of our own (TTL kept) */
};

struct dp_target {
	enum dp_target_kind kind;
	uint16_t port;
	bool by_home; /* DP_TO_PORT: through the home of the bundle, so that it does not change places with what goes to that */
	struct dp_bundle_ref bundle;
};

/* False: no buffer or ring full; control repeats it as the protocol would a lost frame. */
bool dp_inject(struct dataplane *dp, const struct dp_target *to, const void *bytes, size_t len);

/* ------------------------------------------------------------------ routes and neighbours (one writer: control) */

enum dp_next_kind {
	DP_NEXT_NONE,      /* blackhole */
	DP_NEXT_LOCAL,     /* punt */
	DP_NEXT_BUNDLE,    /* subscriber, or the client's uplink */
	DP_NEXT_CONNECTED, /* hosts on an IP port: resolved one by one */
	DP_NEXT_GATEWAY,   /* a router on an IP port */
};

struct dp_next {
	enum dp_next_kind kind;
	uint16_t port;
	struct dp_bundle_ref bundle;
	uint32_t gateway_be;
	struct ip_addr gateway6; /* of an IPv6 route */
};

/* IPv4 prefix -> next hop; replaces the former. /32 go to the exact table. -ENOSPC when the table is full. */
int dp_route_set(struct dataplane *dp, uint32_t prefix_be, unsigned prefix_len, const struct dp_next *next);
int dp_route_del(struct dataplane *dp, uint32_t prefix_be, unsigned prefix_len);
/* The same for IPv6, where every prefix goes to an exact table. */
int dp_route6_set(struct dataplane *dp, const struct ip_addr *prefix, unsigned prefix_len, const struct dp_next *next);
int dp_route6_del(struct dataplane *dp, const struct ip_addr *prefix, unsigned prefix_len);
/* MAC of a host or gateway on an IP port. NULL mac: forget. */
int dp_neighbour_set(struct dataplane *dp, uint16_t port, uint32_t address_be, const struct mac *mac);
int dp_neighbour6_set(struct dataplane *dp, uint16_t port, const struct ip_addr *address, const struct mac *mac);
/* True when data used the neighbour since the last call (so that control knows which to refresh). */
bool dp_neighbour_used(struct dataplane *dp, uint16_t port, uint32_t address_be);
bool dp_neighbour6_used(struct dataplane *dp, uint16_t port, const struct ip_addr *address);

/* ------------------------------------------------------------------ counters */

struct dp_link_stats {
	struct dp_link_totals totals;
	uint64_t in_link_reorder;
	uint64_t lost;       /* fragments given up that this link should have brought, inferred */
	uint32_t lag_us;     /* skew against the fastest link */
	uint32_t backlog_us; /* of its pacing queue */
	bool joined;
};

/* What DP_CMD_SNAPSHOT fills. */
struct dp_bundle_stats {
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes; /* IP packets */
	uint64_t rx_null, tx_null;
	uint64_t queue_drops;
	uint64_t late, duplicate, lost_fragments, lost_numbers, overrun, expired;
	uint32_t held, window_slots, stall_us, queue_packets;
	uint32_t next_rx_seq, next_tx_seq;
	struct dp_link_stats links[DP_BUNDLE_LINKS_MAX];
};

struct dp_worker_stats {
	uint64_t turns, idle_turns, sleeps;
	uint64_t rx_frames, tx_frames;
	uint64_t steered_from_links, steered_to_links; /* hand-overs to other workers */
	uint64_t punted, injected;
	uint64_t df_cleared,
		df_needed;      /* IPv4 packets that lost DF; those of them that are larger than the peer's MRRU */
	uint64_t reserved_bits; /* multilink frames with reserved bits that were let pass */
	uint64_t ip_joined;     /* datagrams put together from IP fragments */
	uint64_t ip_held_bytes; /* in fragments that wait for others now */
	uint64_t held_bytes;    /* in windows now */
	uint64_t queued_bytes;  /* in bundles' queues now */
	uint32_t deep_slots;    /* of deep windows in use now */
	struct {                /* in its rings now: steer and tx from other workers */
		unsigned command, event, punt, inject, steer, tx;
	} waiting;
	uint64_t drops[DROP_REASONS];
	unsigned lcore;
	int cpu, numa_node;
	unsigned bundles, links;
};

/* Running totals of one worker, read while it runs (each counter exact, not all of the same instant). */
void dp_worker_stats(struct dataplane *dp, unsigned worker, struct dp_worker_stats *out);
unsigned dp_workers(const struct dataplane *dp);

/* Buffers: of packets; headers of pieces that refer to another's bytes; of what the kernel had joined (af_packet only). */
enum dp_pool { DP_POOL_PACKETS, DP_POOL_INDIRECT, DP_POOL_JOINED, DP_POOLS };
unsigned dp_pool_free(const struct dataplane *dp, enum dp_pool pool);
unsigned dp_pool_total(const struct dataplane *dp, enum dp_pool pool);
/* Of DP_POOL_PACKETS. */
unsigned dp_mbufs_free(const struct dataplane *dp);
unsigned dp_mbufs_total(const struct dataplane *dp);

#endif
