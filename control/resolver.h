/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_RESOLVER_H
#define CONTROL_RESOLVER_H

#include "control/control.h"

/* The name servers that a client has learnt, for the programs of this machine: resolver_file of the client, as resolver(5) reads it. It is there
 * while the bundle is up and the peer has told some. It is replaced as a whole, by rename(2), so that no reader sees half of it. */

/* What is left of an earlier process goes. */
void resolver_clear(const struct control *c);
/* An event of enum host_event_kind about a bundle; others are ignored. */
void resolver_event(const struct control *c, enum host_event_kind event, const struct host_facts *f);

#endif
