/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/put.h"

#include <arpa/inet.h>
#include <stdio.h>

void
put_number(json_t *o, const char *key, uint64_t v)
{
	json_object_set_new(o, key, json_integer((json_int_t)v));
}

void
put_bool(json_t *o, const char *key, bool v)
{
	json_object_set_new(o, key, json_boolean(v));
}

/* Names come from peers and need not be UTF-8; what is not is shown with '?'. */
void
put_text(json_t *o, const char *key, const char *text)
{
	json_t *s = json_string(text);
	char clean[512];

	if (s == NULL) {
		snprintf(clean, sizeof(clean), "%s", text);
		for (char *p = clean; *p != '\0'; p++)
			if ((*p & 0x80) != 0)
				*p = '?';
		s = json_string(clean);
	}
	json_object_set_new(o, key, s);
}

void
put_mac(json_t *o, const char *key, const struct mac *m)
{
	char text[18];

	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", m->b[0], m->b[1], m->b[2], m->b[3], m->b[4],
		m->b[5]);
	put_text(o, key, text);
}

void
put_ip(json_t *o, const char *key, const struct ip_addr *a)
{
	const bool v4 = ip_addr_is4(a);
	char text[INET6_ADDRSTRLEN];

	put_text(o, key, inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? a->b + 12 : a->b, text, sizeof(text)));
}

void
put_address(json_t *o, const char *key, uint32_t address)
{
	char text[INET_ADDRSTRLEN];
	const struct in_addr a = {.s_addr = htonl(address)};

	if (address == 0)
		json_object_set_new(o, key, json_null());
	else
		put_text(o, key, inet_ntop(AF_INET, &a, text, sizeof(text)));
}

/* "", "100", "100.200": as hawser.yaml has it */
void
put_vlans(json_t *o, struct vlan_stack v)
{
	char text[24] = "";

	if (v.inner != 0)
		snprintf(text, sizeof(text), "%d.%d", v.outer & VLAN_ID_MASK, v.inner & VLAN_ID_MASK);
	else if (v.outer != 0)
		snprintf(text, sizeof(text), "%d", v.outer & VLAN_ID_MASK);
	put_text(o, "vlan", text);
}

void
put_link_local(json_t *o, const char *key, uint64_t interface_id)
{
	struct ip_addr a = {{0xfe, 0x80}};

	store_be64(a.b + 8, interface_id);
	if (interface_id == 0)
		json_object_set_new(o, key, json_null());
	else
		put_ip(o, key, &a);
}

void
put_port(json_t *o, const char *key, const struct control *c, uint16_t port)
{
	put_text(o, key, port < c->cfg->n_ports ? c->cfg->ports[port].name : "?");
}

void
put_role(json_t *o, bool client)
{
	put_text(o, "role", client ? "client" : "concentrator");
}
