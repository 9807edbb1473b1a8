/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/host_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "control/ppp/cp_describe.h"
#include "dataplane/wire/ppp.h"
#include "dataplane/wire/pppoe.h"

/* Bytes kept free for what one timer may still do. */
enum { BYTES_RESERVE = 16 * 1024 };

bool
host_has_room(const struct host *h)
{
	return h->out->n + HOST_OUT_RESERVE <= HOST_OUT_ITEMS && h->out->used + BYTES_RESERVE <= HOST_OUT_BYTES;
}

static struct host_out_item *
lost(struct host *h)
{
	h->out->overflow = true;
	h->counters.effects_lost++;
	return &h->nowhere;
}

/* Never NULL: what does not fit is counted and goes nowhere. */
struct host_out_item *
host_put(struct host *h, enum host_out_kind kind)
{
	struct host_out_item *item;

	if (h->out->n == HOST_OUT_ITEMS)
		return lost(h);
	item = &h->out->items[h->out->n++];
	memset(item, 0, sizeof(*item));
	item->kind = (uint8_t)kind;
	return item;
}

uint8_t *
host_put_bytes(struct host *h, struct host_out_item **item, enum host_out_kind kind, size_t len)
{
	if (h->out->n == HOST_OUT_ITEMS || len > HOST_OUT_BYTES - h->out->used) {
		*item = lost(h);
		return NULL;
	}
	*item = host_put(h, kind);
	(*item)->data.at = h->out->used;
	(*item)->data.len = (uint32_t)len;
	h->out->used += (uint32_t)len;
	return h->out->bytes + (*item)->data.at;
}

/* ------------------------------------------------------------------ frames */

void
host_send_frame(struct host *h, uint16_t port, const struct discovery_frame *frame)
{
	struct host_out_item *item;
	const size_t len = frame->len > ETH_FRAME_MIN ? frame->len : ETH_FRAME_MIN;
	uint8_t *p;

	if (frame->len == 0)
		return;
	p = host_put_bytes(h, &item, HOST_OUT_FRAME, len);
	if (p == NULL)
		return;
	item->port = port;
	memset(p, 0, len);
	memcpy(p, frame->bytes, frame->len);
}

void
host_send_session(struct host *h, const struct link *l, uint16_t proto, const uint8_t *p, size_t n)
{
	const size_t eth = eth_hdr_len(l->key.vlans), len = eth + PPPOE_HDR_LEN + PPP_PROTO_LEN + n;
	const size_t padded = len > ETH_FRAME_MIN ? len : ETH_FRAME_MIN;
	struct host_out_item *item;
	uint8_t *to;

	host_trace_packet(h, l, true, "", proto, p, n);
	to = host_put_bytes(h, &item, HOST_OUT_FRAME, padded);
	if (to == NULL)
		return;
	item->port = l->key.port;
	item->link = l->id;
	memset(to, 0, padded);
	eth_store(to, &l->key.peer, &l->key.local, l->key.vlans, ETHERTYPE_PPPOE_SESSION);
	pppoe_store(to + eth, PPPOE_CODE_SESSION, l->key.session, (uint16_t)(PPP_PROTO_LEN + n));
	store_be16(to + eth + PPPOE_HDR_LEN, proto);
	memcpy(to + eth + PPPOE_HDR_LEN + PPP_PROTO_LEN, p, n);
}

void
host_send_bundle(struct host *h, const struct bundle *b, uint16_t proto, const uint8_t *p, size_t n)
{
	struct host_out_item *item;
	uint8_t *to;

	for (const struct link *l = bundle_first_link(h, b); l != NULL; l = bundle_next_link(h, l))
		host_trace_packet(h, l, true, " bundle", proto, p, n);
	to = host_put_bytes(h, &item, HOST_OUT_BUNDLE_PACKET, PPP_PROTO_LEN + n);
	if (to == NULL)
		return;
	item->bundle = b->id;
	store_be16(to, proto);
	memcpy(to + PPP_PROTO_LEN, p, n);
}

/* ------------------------------------------------------------------ texts */

static void
put_text(struct host *h, enum host_event_kind kind, uint32_t link, uint32_t bundle, const char *text)
{
	struct host_out_item *item;
	const size_t len = strlen(text) + 1;
	uint8_t *p = host_put_bytes(h, &item, HOST_OUT_EVENT, len);

	if (p == NULL)
		return;
	item->event = (uint8_t)kind;
	item->link = link;
	item->bundle = bundle;
	memcpy(p, text, len);
}

void
host_event(struct host *h, enum host_event_kind kind, uint32_t link, uint32_t bundle, const char *format, ...)
{
	char text[HOST_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	put_text(h, kind, link, bundle, text);
}

void
link_event(struct host *h, const struct link *l, enum host_event_kind kind, const char *format, ...)
{
	char text[HOST_TEXT_MAX];
	va_list args;
	size_t at;

	link_name(h, l, text, sizeof(text) - 4);
	at = strlen(text);
	at += (size_t)snprintf(text + at, sizeof(text) - at, ": ");
	va_start(args, format);
	vsnprintf(text + at, sizeof(text) - at, format, args);
	va_end(args);
	put_text(h, kind, l->id, l->bundle, text);
}

/* ------------------------------------------------------------------ facts */

static void
link_facts(const struct host *h, const struct link *l, struct host_facts *f)
{
	f->of_link = true;
	f->key = l->key;
	f->client = l->client;
	if (l->client) {
		const struct host_client *client = h->clients[l->owner].cfg;
		const struct host_client_link *cfg = dial_cfg(h, &h->dials[l->dial]);
		const char *user = cfg->username != NULL ? cfg->username : client->username;

		link_name(h, l, f->link, sizeof(f->link));
		snprintf(f->owner, sizeof(f->owner), "%s", client->name);
		snprintf(f->user, sizeof(f->user), "%s", user != NULL ? user : "");
	} else {
		snprintf(f->link, sizeof(f->link), "%u", l->id);
		snprintf(f->owner, sizeof(f->owner), "%s", h->concentrators[l->owner].cfg->name);
		snprintf(f->user, sizeof(f->user), "%s", link_login(h, l));
	}
}

static void
bundle_facts(const struct host *h, const struct bundle *b, struct host_facts *f)
{
	f->client = b->client;
	f->links = bundle_count_links(h, b);
	f->ip_mtu = b->ip_mtu;
	snprintf(f->bundle, sizeof(f->bundle), "%s", b->name);
	snprintf(f->owner, sizeof(f->owner), "%s",
		b->client ? h->clients[b->owner].cfg->name : h->concentrators[b->owner].cfg->name);
	if (ncp_is_open(b, NCP_V4)) {
		f->our_address = ipcp_our_address(&b->ipcp);
		f->peer_address = ipcp_peer_address(&b->ipcp);
		for (unsigned i = 0; i < 2; i++)
			f->dns[i] = b->client ? ipcp_dns(&b->ipcp, i) : h->concentrators[b->owner].cfg->dns[i];
	}
	if (ncp_is_open(b, NCP_V6)) {
		f->our_interface_id = ipv6cp_our_id(&b->ipv6cp);
		f->peer_interface_id = ipv6cp_peer_id(&b->ipv6cp);
	}
}

void
host_facts(struct host *h, const struct link *l, const struct bundle *b, const char *reason)
{
	struct host_out_item *item = h->out->n != 0 ? &h->out->items[h->out->n - 1] : NULL;
	struct host_facts f;

	if (item == NULL || h->out->overflow || item->kind != HOST_OUT_EVENT ||
		sizeof(f) > HOST_OUT_BYTES - h->out->used)
		return;
	memset(&f, 0, sizeof(f));
	if (b != NULL)
		bundle_facts(h, b, &f);
	if (l != NULL)
		link_facts(h, l, &f);
	snprintf(f.reason, sizeof(f.reason), "%s", reason);
	item->data.facts = h->out->used;
	memcpy(h->out->bytes + h->out->used, &f, sizeof(f));
	h->out->used += (uint32_t)sizeof(f);
}

void
host_trace_packet(
	struct host *h, const struct link *l, bool sent, const char *where, uint16_t proto, const uint8_t *p, size_t n)
{
	char line[CP_DESCRIBE_MAX];

	if (!l->trace)
		return;
	cp_describe(proto, p, n, line, sizeof(line));
	link_event(h, l, HOST_EV_TRACE, "%s%s %s", sent ? "sent" : "received", where, line);
}
