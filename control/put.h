/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PUT_H
#define CONTROL_PUT_H

#include <jansson.h>

#include "control/control.h"

/* Values as members of a JSON object, the same wherever they are shown. */

void put_number(json_t *o, const char *key, uint64_t v);
void put_bool(json_t *o, const char *key, bool v);
/* Names come from peers and need not be UTF-8; what is not is shown with '?'. */
void put_text(json_t *o, const char *key, const char *text);
void put_mac(json_t *o, const char *key, const struct mac *m);
void put_ip(json_t *o, const char *key, const struct ip_addr *a);
/* IPv4 in host order; 0 is null. */
void put_address(json_t *o, const char *key, uint32_t address);
/* "vlan": "", "100", "100.200", as hawser.yaml has it. */
void put_vlans(json_t *o, struct vlan_stack v);
/* The address of the link that an interface identifier makes; 0 is null. */
void put_link_local(json_t *o, const char *key, uint64_t interface_id);
void put_port(json_t *o, const char *key, const struct control *c, uint16_t port);
/* "role": "client" or "concentrator". */
void put_role(json_t *o, bool client);

#endif
