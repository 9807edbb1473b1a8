/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_CONTROL_FAKE_H
#define TESTS_UNIT_CONTROL_FAKE_H

#include "control/control.h"

/* A data plane and a protocol core that do nothing but write down what they are asked. */

enum { FAKE_MAX = 256, FAKE_FRAME_MAX = 2048 };

struct fake_frame {
	struct dp_target to;
	size_t len;
	uint8_t bytes[FAKE_FRAME_MAX];
};

struct fake_route {
	uint32_t prefix;
	struct ip_addr prefix6;
	unsigned len;
	bool set;
	struct dp_next next;
};

struct fake {
	/* settings */
	bool ring_full, inject_full;
	int steer_result;
	const char *remark;               /* of any port, when asked next */
	uint32_t applied[DP_WORKERS_MAX]; /* ticket up to which commands are carried out */
	uint32_t quiescent;
	bool neighbour_used;
	bool awake;                     /* every client */
	struct host_bundle_info bundle; /* the only one there is, if its id is not 0 */

	/* what was asked */
	unsigned n_commands, n_frames, n_routes, n_steered, n_punts, n_clears, n_installed, n_removed, n_neighbours,
		n_packets;
	struct {
		unsigned worker;
		struct dp_cmd cmd;
	} commands[FAKE_MAX];
	struct fake_frame frames[FAKE_MAX];
	struct fake_route routes[FAKE_MAX];
	struct {
		struct dp_session_key key;
		struct dp_bundle_ref bundle;
		unsigned slot;
	} steered[FAKE_MAX];
	struct {
		host_link_id link;
		bool ok;
	} installed[FAKE_MAX];
	host_bundle_id removed[FAKE_MAX];
	struct {
		host_bundle_id bundle;
		size_t len;
		uint8_t bytes[FAKE_FRAME_MAX];
	} packets[FAKE_MAX]; /* from bundles, for the protocol core */
	struct {
		uint16_t port;
		uint32_t address; /* 0: IPv6 */
		struct ip_addr address6;
		bool known;
		struct mac mac;
	} neighbours[FAKE_MAX];
	uint32_t marks;
	unsigned n_traffic, n_demands, demand_client;
	host_bundle_id traffic_bundle;
	struct host_traffic traffic;
	char demand_what[64];
};

extern struct fake fake;

#endif
