/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/put.h"
#include "control/show.h"

/* Of a link that came or went: its session. */
static void
put_link_facts(const struct control *c, json_t *o, const struct host_facts *f)
{
	put_text(o, "user", f->user);
	put_port(o, "port", c, f->key.port);
	put_vlans(o, f->key.vlans);
	put_number(o, "session", f->key.session);
	put_mac(o, "peer_mac", &f->key.peer);
}

static void
put_bundle_facts(json_t *o, const struct host_facts *f)
{
	put_number(o, "links", f->links);
	put_number(o, "ip_mtu", f->ip_mtu);
	put_address(o, "our_address", f->our_address);
	put_address(o, "peer_address", f->peer_address);
	put_address(o, "dns1", f->dns[0]);
	put_address(o, "dns2", f->dns[1]);
	put_link_local(o, "our_link_local", f->our_interface_id);
	put_link_local(o, "peer_link_local", f->peer_interface_id);
}

static void
put_facts(const struct control *c, json_t *o, const struct host_facts *f)
{
	put_role(o, f->client);
	put_text(o, "owner", f->owner);
	put_text(o, "link", f->link);
	put_text(o, "bundle", f->bundle);
	put_text(o, "reason", f->reason);
	if (f->of_link)
		put_link_facts(c, o, f);
	if (f->bundle[0] != '\0')
		put_bundle_facts(o, f);
}

json_t *
show_event(const struct control *c, const struct event_record *e)
{
	json_t *o = json_object();

	put_number(o, "seq", e->seq);
	put_number(o, "time_ms", e->wall_ms);
	put_text(o, "kind", e->kind);
	put_text(o, "link", e->link);
	put_text(o, "bundle", e->bundle);
	put_text(o, "text", e->text);
	if (e->has_facts)
		put_facts(c, o, &e->facts);
	return o;
}
