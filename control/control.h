/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "control/ppp/host.h"
#include "control/setup.h"
#include "dataplane/api/dataplane.h"

/* The running process, as the modules of control/ share it. Everything here belongs to the control thread. */

struct api;
struct apply;
struct demand;
struct event_base;
struct event_log;
struct events;
struct hooks;
struct ip_ports;
struct rib;

struct control_counters {
	uint64_t inject_refused; /* frames the data plane did not take: as lost on the line */
	uint64_t routes_refused; /* tables full */
	uint64_t events_lost;    /* times that the data plane's event ring had overflowed */
	uint64_t out_overflow;   /* effects that did not fit the protocol core's list */
	uint64_t demand_held,
		demand_sent; /* packets that waited for an on-demand client's bundle, and that it then got */
	uint64_t demand_full, demand_expired; /* not taken for want of room; waited too long, or in vain */
	uint64_t event_lines_lost;            /* that the event log did not take */
	/* programs started, that ended badly or were not started, that took too long, and events that found no room to wait for one */
	uint64_t hooks_run, hooks_failed, hooks_overdue, hooks_lost;
	uint64_t gone_rx_bytes, gone_tx_bytes; /* IP bytes of bundles that ended */
};

struct control {
	const struct config *cfg;
	const char *name; /* of the process */
	struct setup *setup;
	struct dataplane *dp;
	struct host *host;
	struct host_out *out; /* effects of the last host_ call; empty between calls */
	struct event_base *base;
	struct events *events;
	struct event_log *event_log; /* NULL: none */
	struct hooks *hooks;         /* NULL: none */
	struct rib *rib;
	struct apply *apply;
	struct ip_ports *ip;
	struct demand *demand; /* NULL: no client is dialled on demand */
	struct api *api;
	struct control_counters counters;
	uint64_t started_wall_ms;
	uint64_t wall_offset_ms; /* wall clock less monotonic clock at start */
	bool stopping;
};

#endif
