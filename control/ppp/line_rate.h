/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_LINE_RATE_H
#define CONTROL_PPP_LINE_RATE_H

#include "control/ppp/dsl_tags.h"
#include "control/ppp/host.h"

/* The sending side of a link's line: what is configured wins; where no rate is, what the access node said of the line serves. */

/* configured: of the link or its port. rate_kbps: the tags' actual rate in our sending direction, 0: none was said. vlans: those of the
 * session, which the access node takes off. The result has an encapsulation that can be paced by, and source says where its rate is from. */
struct host_line line_rate_choose(
	const struct host_line *configured, const struct dsl_tags *tags, uint32_t rate_kbps, struct vlan_stack vlans);

/* "configured", "tags", "measured", "none" */
const char *line_rate_source_name(enum host_rate_source source);

#endif
