/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_API_LIMITS_H
#define DATAPLANE_API_LIMITS_H

enum {
	DP_WORKERS_MAX = 16,
	DP_PORTS_MAX = 64,
	DP_BUNDLE_LINKS_MAX = 16,
	DP_BUNDLES_MAX = 1 << 20, /* per worker */
	DP_PORT_MACS_MAX = 32,    /* unicast addresses one access port answers to */
	DP_CONTROL_FRAME_MAX = 2048,
};

#endif
