/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_SETUP_H
#define CONTROL_SETUP_H

#include "config/config.h"
#include "control/ppp/host.h"
#include "dataplane/api/dataplane.h"

/* What the data plane and the protocol core are started with, worked out from a checked configuration. Ports have the same index in
 * all three. Both borrow strings (secrets among them) from cfg, which must outlive this. */
struct setup {
	struct dp_setup dp;
	struct host_config host;
	struct host_port *ports;    /* those of host.ports */
	struct setup_block *blocks; /* all memory of it */
	bool failed;                /* an allocation did */
};

/* Everything but what only the devices know. NULL: out of memory. */
struct setup *setup_new(const struct config *cfg);
void setup_free(struct setup *s);

/* The devices' MACs and MTUs for the protocol core, once the data plane runs. */
void setup_ports(struct setup *s, struct dataplane *dp);

/* hugepages: auto. True if the kernel has as many free ones of one size as `bytes` need; dir is /sys/kernel/mm/hugepages. */
bool setup_hugepages_free(const char *dir, uint64_t bytes);

#endif
