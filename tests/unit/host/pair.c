/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/host/pair.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/ppp/cp_fsm.h"
#include "control/ppp/host_state.h"
#include "dataplane/wire/mp.h"
#include "dataplane/wire/ppp.h"
#include "dataplane/wire/pppoe.h"

enum event_kind { EV_FRAME, EV_INSTALLED, EV_REMOVED, EV_TRAFFIC };

struct pair_event {
	uint64_t at_ms, serial;
	uint8_t kind, node;
	uint16_t port;
	uint32_t id;
	unsigned epoch;
	size_t len;
	uint8_t bytes[];
};

static void fault(struct pair *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
fault(struct pair *p, const char *format, ...)
{
	va_list args;

	if (p->fault[0] != '\0')
		return;
	va_start(args, format);
	vsnprintf(p->fault, sizeof(p->fault), format, args);
	va_end(args);
}

/* ------------------------------------------------------------------ chance */

static uint64_t
next64(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15; /* splitmix64 */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

uint32_t
pair_random(struct pair *p)
{
	return (uint32_t)(next64(&p->rng) >> 32);
}

void
pair_zeros(void *ctx, void *buf, size_t n)
{
	(void)ctx;
	memset(buf, 0, n);
}

static void
entropy(void *ctx, void *buf, size_t n)
{
	uint8_t *b = buf;

	for (size_t i = 0; i < n; i++)
		b[i] = (uint8_t)next64(ctx);
}

static bool
chance(struct pair *p, unsigned in_a_thousand)
{
	return in_a_thousand != 0 && pair_random(p) % 1000 < in_a_thousand;
}

/* ------------------------------------------------------------------ what will happen */

static bool
before(const struct pair_event *a, const struct pair_event *b)
{
	return a->at_ms < b->at_ms || (a->at_ms == b->at_ms && a->serial < b->serial);
}

static struct pair_event *
push(struct pair *p, enum event_kind kind, int node, uint64_t at_ms, const void *bytes, size_t len)
{
	struct pair_event *e = malloc(sizeof(*e) + len);
	unsigned i;

	*e = (struct pair_event){
		.at_ms = at_ms, .serial = p->serial++, .kind = (uint8_t)kind, .node = (uint8_t)node, .len = len};
	if (len != 0)
		memcpy(e->bytes, bytes, len);
	if (p->n_heap == p->cap_heap) {
		p->cap_heap = p->cap_heap != 0 ? p->cap_heap * 2 : 64;
		p->heap = realloc(p->heap, p->cap_heap * sizeof(struct pair_event *));
	}
	for (i = p->n_heap++; i > 0 && before(e, p->heap[(i - 1) / 2]); i = (i - 1) / 2)
		p->heap[i] = p->heap[(i - 1) / 2];
	p->heap[i] = e;
	return e;
}

static struct pair_event *
pop(struct pair *p)
{
	struct pair_event *first = p->heap[0], *last = p->heap[--p->n_heap];
	unsigned i = 0;

	for (;;) {
		unsigned child = 2 * i + 1;

		if (child >= p->n_heap)
			break;
		if (child + 1 < p->n_heap && before(p->heap[child + 1], p->heap[child]))
			child++;
		if (!before(p->heap[child], last))
			break;
		p->heap[i] = p->heap[child];
		i = child;
	}
	p->heap[i] = last;
	return first;
}

/* ------------------------------------------------------------------ wire */

static void
fly(struct pair *p, int from, uint16_t port, const uint8_t *frame, size_t len)
{
	uint64_t at_ms = p->now_ms + p->wire.delay_ms + p->late_ms[port];

	if (p->wire.jitter_ms != 0)
		at_ms += pair_random(p) % p->wire.jitter_ms;
	if (chance(p, p->wire.reorder))
		at_ms += pair_random(p) % 50;
	else if (at_ms < p->last_ms[from][port])
		at_ms = p->last_ms[from][port];
	else
		p->last_ms[from][port] = at_ms;
	push(p, EV_FRAME, !from, at_ms, frame, len)->port = port;
}

static bool
is_padt(const uint8_t *frame, size_t len)
{
	struct eth_view eth;

	return eth_parse(frame, len, &eth) && eth.type == ETHERTYPE_PPPOE_DISCOVERY &&
		frame[eth.hdr_len + 1] == PPPOE_CODE_PADT;
}

/* As an access node does it: behind the other tags, before the padding. len: of the result, at most cap. */
static size_t
add_vendor_tag(const struct pair *p, uint16_t port, const uint8_t *frame, size_t len, uint8_t *to, size_t cap)
{
	struct eth_view eth;
	uint16_t payload, tag_len = p->vendor_tag_len[port];
	uint8_t *at;

	memcpy(to, frame, len);
	if (!eth_parse(frame, len, &eth) || eth.type != ETHERTYPE_PPPOE_DISCOVERY || len + 4u + tag_len > cap)
		return len;
	payload = load_be16(frame + eth.hdr_len + 4);
	at = to + eth.hdr_len + PPPOE_HDR_LEN + payload;
	store_be16(at, PPPOE_TAG_VENDOR);
	store_be16(at + 2, tag_len);
	memcpy(at + 4, p->vendor_tag[port], tag_len);
	store_be16(to + eth.hdr_len + 4, (uint16_t)(payload + 4 + tag_len));
	at += 4 + tag_len;
	return (size_t)(at - to) > len ? (size_t)(at - to) : len;
}

static void
send_frame(struct pair *p, int from, uint16_t port, const uint8_t *frame, size_t len)
{
	uint8_t tagged[2048];

	p->node[from].frames++;
	if (p->cut[port] || chance(p, p->wire.loss) || (p->lose_padts && is_padt(frame, len)))
		return;
	if (from == CLIENT && p->vendor_tag[port] != NULL && len <= sizeof(tagged)) {
		len = add_vendor_tag(p, port, frame, len, tagged, sizeof(tagged));
		frame = tagged;
	}
	fly(p, from, port, frame, len);
	if (chance(p, p->wire.duplicate))
		fly(p, from, port, frame, len);
}

/* ------------------------------------------------------------------ the data plane's tables */

static bool
same_key(const struct host_session_key *a, const struct host_session_key *b)
{
	return a->port == b->port && a->session == b->session && vlan_stack_equal(a->vlans, b->vlans) &&
		mac_equal(&a->peer, &b->peer) && mac_equal(&a->local, &b->local);
}

static struct pair_session *
find_session(struct pair_node *n, const struct host_session_key *key)
{
	for (unsigned i = 0; i < PAIR_LINKS * 2; i++)
		if (n->sessions[i].used && same_key(&n->sessions[i].key, key))
			return &n->sessions[i];
	return NULL;
}

static void
session_punt(struct pair *p, struct pair_node *n, const struct host_session_key *key)
{
	struct pair_session *s = find_session(n, key);

	for (unsigned i = 0; i < PAIR_LINKS * 2 && s == NULL; i++)
		if (!n->sessions[i].used)
			s = &n->sessions[i];
	if (s == NULL) {
		fault(p, "too many sessions");
		return;
	}
	*s = (struct pair_session){.used = true, .key = *key};
}

static void
session_clear(struct pair *p, struct pair_node *n, const struct host_session_key *key)
{
	struct pair_session *s = find_session(n, key);

	if (s == NULL)
		fault(p, "SESSION_CLEAR of session %u that is not there", key->session);
	else if (s->link != 0 && n->links[s->link].joined)
		fault(p, "SESSION_CLEAR of session %u whose link %u is still joined", key->session, s->link);
	else
		s->used = false;
}

static void
bundle_set(struct pair *p, struct pair_node *n, const struct host_out_item *item)
{
	struct pair_bundle *b = &n->bundles[item->bundle];

	if (b->state == PAIR_REMOVING)
		fault(p, "bundle id %u is used again before it was removed", item->bundle);
	if (b->state == PAIR_LIVE && (b->values.mp != item->bundle_values.mp))
		fault(p, "bundle %u changes to or from multilink while it lives", item->bundle);
	b->state = PAIR_LIVE;
	b->values = item->bundle_values;
}

static void
bundle_remove(struct pair *p, int node, uint32_t id)
{
	struct pair_bundle *b = &p->node[node].bundles[id];

	if (b->state != PAIR_LIVE || b->links != 0 || b->routes != 0)
		fault(p, "BUNDLE_REMOVE of %u, state %d, with %u links and %u routes", id, b->state, b->links,
			b->routes);
	*b = (struct pair_bundle){.state = PAIR_REMOVING};
	push(p, EV_REMOVED, node, p->now_ms + 1 + pair_random(p) % (p->install_ms + 1), NULL, 0)->id = id;
}

static void
check_install(struct pair *p, const struct pair_node *n, const struct host_out_item *item)
{
	const struct pair_bundle *b = &n->bundles[item->bundle];

	if (b->state != PAIR_LIVE)
		fault(p, "LINK_INSTALL of link %u into bundle %u that is not set", item->link, item->bundle);
	if (!b->values.mp && b->links != 0 && !n->links[item->link].joined)
		fault(p, "second link %u in bundle %u without multilink", item->link, item->bundle);
	if (item->link_values.tx_mru == 0 || item->link_values.slot >= HOST_LINKS_MAX)
		fault(p, "LINK_INSTALL of link %u with MRU %u in slot %u", item->link, item->link_values.tx_mru,
			item->link_values.slot);
	for (unsigned i = 1; i <= PAIR_LINKS; i++)
		if (i != item->link && n->links[i].joined && n->links[i].bundle == item->bundle &&
			n->links[i].slot == item->link_values.slot)
			fault(p, "links %u and %u share slot %u of bundle %u", i, item->link, item->link_values.slot,
				item->bundle);
}

static void
link_joined(struct pair *p, int node, const struct host_out_item *item)
{
	struct pair_node *n = &p->node[node];
	struct pair_link *l = &n->links[item->link];
	struct pair_session *s = find_session(n, &item->link_values.key);
	struct pair_event *e;

	check_install(p, n, item);
	if (s == NULL) {
		fault(p, "LINK_INSTALL of link %u without session", item->link);
		return;
	}
	if (!l->joined) {
		n->bundles[item->bundle].links++;
		memset(&n->bundles[item->bundle].traffic.links[item->link_values.slot], 0,
			sizeof(n->bundles[0].traffic.links[0]));
	}
	l->joined = true;
	l->tx_hold = item->link_values.tx_hold;
	l->tx_suspend = item->link_values.tx_suspend;
	l->bundle = item->bundle;
	l->slot = item->link_values.slot;
	l->key = item->link_values.key;
	l->line = item->link_values.line;
	s->link = item->link;
	e = push(p, EV_INSTALLED, node, p->now_ms + pair_random(p) % (p->install_ms + 1), NULL, 0);
	e->id = item->link;
	e->epoch = l->epoch;
}

static void
link_remove(struct pair *p, struct pair_node *n, uint32_t id)
{
	struct pair_link *l = &n->links[id];

	if (!l->joined) {
		fault(p, "LINK_REMOVE of link %u that is not joined", id);
		return;
	}
	n->bundles[l->bundle].links--;
	l->joined = l->confirmed = false;
	l->epoch++;
}

static void
traffic_ask(struct pair *p, int node, uint32_t id)
{
	p->asked_for_traffic++;
	if (p->node[node].bundles[id].state != PAIR_LIVE)
		fault(p, "TRAFFIC_ASK for bundle %u that is not set", id);
	else if (!p->hide_traffic)
		push(p, EV_TRAFFIC, node, p->now_ms + 1, NULL, 0)->id = id;
}

static struct pair_route *
find_route(struct pair_node *n, const struct host_route *route)
{
	for (unsigned i = 0; i < PAIR_ROUTES; i++)
		if (n->routes[i].used && ip_addr_equal(&n->routes[i].route.prefix, &route->prefix) &&
			n->routes[i].route.len == route->len)
			return &n->routes[i];
	return NULL;
}

static void
route_set(struct pair *p, struct pair_node *n, const struct host_out_item *item)
{
	struct pair_route *r = find_route(n, &item->route);
	struct pair_bundle *b = &n->bundles[item->bundle];
	const bool v4 = ip_addr_is4(&item->route.prefix);
	const uint64_t lo = load_be64(item->route.prefix.b + 8);

	if (r != NULL)
		fault(p, "route ...%llx/%u is set twice", (unsigned long long)lo, item->route.len);
	if (item->bundle != 0 && (b->state != PAIR_LIVE || !(v4 ? b->values.v4 : b->values.v6)))
		fault(p, "route ...%llx/%u to bundle %u whose NCP is not open", (unsigned long long)lo, item->route.len,
			item->bundle);
	for (unsigned i = 0; i < PAIR_ROUTES && r == NULL; i++)
		if (!n->routes[i].used)
			r = &n->routes[i];
	if (r == NULL) {
		fault(p, "too many routes");
		return;
	}
	b->routes += item->bundle != 0;
	*r = (struct pair_route){true, item->route, item->bundle};
}

static void
route_del(struct pair *p, struct pair_node *n, const struct host_out_item *item)
{
	struct pair_route *r = find_route(n, &item->route);

	if (r == NULL || r->bundle != item->bundle) {
		fault(p, "ROUTE_DEL of .../%u of bundle %u that is not set", item->route.len, item->bundle);
		return;
	}
	if (r->bundle != 0)
		n->bundles[r->bundle].routes--;
	r->used = false;
}

/* ------------------------------------------------------------------ effects */

static const uint8_t *
session_packet(
	const uint8_t *frame, size_t len, uint16_t port, struct host_session_key *key, uint16_t *proto, size_t *n)
{
	struct eth_view eth;
	struct pppoe_view v;
	const uint8_t *p;
	unsigned field;

	if (!eth_parse(frame, len, &eth) || eth.type != ETHERTYPE_PPPOE_SESSION ||
		pppoe_parse(frame + eth.hdr_len, len - eth.hdr_len, &v) != PPPOE_OK)
		return NULL;
	*key = (struct host_session_key){port, v.session, eth.vlans, eth.src, eth.dst};
	p = frame + eth.hdr_len + PPPOE_HDR_LEN;
	field = ppp_proto_load(p, v.payload_len, proto);
	*n = v.payload_len - field;
	return p + field;
}

/* What lets the peer send multilink goes out only when the data plane has the link; so does the client's answer. */
static void
check_order(struct pair *p, int node, const struct host_out_item *item, const uint8_t *frame)
{
	static const uint8_t server_codes[] = {PAP_ACK, CHAP_SUCCESS}, client_codes[] = {PAP_REQUEST, CHAP_RESPONSE};
	const uint8_t *codes = node == AC ? server_codes : client_codes;
	struct host_session_key key;
	const uint8_t *packet;
	uint16_t proto = 0;
	size_t n;

	packet = session_packet(frame, item->data.len, item->port, &key, &proto, &n);
	if (packet == NULL || n == 0 || (proto != PPP_PAP && proto != PPP_CHAP))
		return;
	if (packet[0] == codes[proto == PPP_CHAP] && !p->node[node].links[item->link].confirmed)
		fault(p, "authentication code %u of link %u goes out before the link is installed", packet[0],
			item->link);
}

static void
keep_ip6(struct pair *p, struct pair_node *n, const struct host_out_item *item, const uint8_t *packet)
{
	const size_t len = item->data.len - PPP_PROTO_LEN;

	if (n->n_ip6 < PAIR_IP6 && len <= PAIR_IP6_LEN) {
		struct pair_ip6 *kept = &n->ip6[n->n_ip6];

		kept->at_ms = p->now_ms;
		kept->bundle = item->bundle;
		kept->len = len;
		memcpy(kept->bytes, packet + PPP_PROTO_LEN, len);
	}
	n->n_ip6++;
}

static void
bundle_send(struct pair *p, int node, const struct host_out_item *item, const uint8_t *packet)
{
	struct pair_node *n = &p->node[node];
	struct pair_bundle *b = &n->bundles[item->bundle];
	uint8_t frame[2048];

	if (load_be16(packet) == PPP_IPCP && packet[2] == CP_CONFIGURE_REQUEST)
		n->ncp_requests++;
	if (item->data.len > n->longest)
		n->longest = item->data.len;
	if (load_be16(packet) == PPP_IPV6) {
		keep_ip6(p, n, item, packet);
		if (!b->values.v6)
			fault(p, "IPv6 packet for bundle %u whose IPV6CP is not open", item->bundle);
	}
	if (b->state != PAIR_LIVE)
		fault(p, "BUNDLE_PACKET for bundle %u that is not set", item->bundle);
	for (unsigned i = 1; i <= PAIR_LINKS; i++) {
		const struct pair_link *l = &n->links[i];
		const bool framed = b->values.mp && !(node == AC && p->speak_plain);
		const size_t mp = framed ? PPP_PROTO_LEN + mp_hdr_len(b->values.tx_short) : 0;
		size_t at;

		if (!l->joined || l->bundle != item->bundle || l->tx_hold)
			continue;
		at = eth_store(frame, &l->key.peer, &l->key.local, l->key.vlans, ETHERTYPE_PPPOE_SESSION);
		pppoe_store(frame + at, PPPOE_CODE_SESSION, l->key.session, (uint16_t)(mp + item->data.len));
		at += PPPOE_HDR_LEN;
		if (framed) {
			store_be16(frame + at, PPP_MP);
			mp_store(frame + at + PPP_PROTO_LEN, b->values.tx_short, b->tx_seq, true, true);
			b->tx_seq += b->values.tx_short ? 1 : PAIR_SEQ_STEP;
		}
		memcpy(frame + at + mp, packet, item->data.len);
		send_frame(p, node, l->key.port, frame, at + mp + item->data.len);
		return;
	}
	if (b->links == 0) /* else all it has is held: lost, as on a wire */
		fault(p, "BUNDLE_PACKET for bundle %u which has no link", item->bundle);
}

static void
event(struct pair *p, int node, const struct host_out_item *item, const char *text)
{
	struct pair_node *n = &p->node[node];
	unsigned at = n->n_log;
	char *line;

	n->events[item->event]++;
	memset(&n->facts[item->event], 0, sizeof(n->facts[0]));
	if (item->data.facts != 0)
		memcpy(&n->facts[item->event], n->out.bytes + item->data.facts, sizeof(n->facts[0]));
	if (item->event == HOST_EV_LINK_DOWN)
		n->link_down_ms = p->now_ms;
	if (strstr(text, "swordfish") != NULL)
		fault(p, "a password is in: %s", text);
	if (at == PAIR_LOG) {
		memmove(n->log[0], n->log[PAIR_LOG / 2], (size_t)PAIR_TEXT * PAIR_LOG / 2);
		at = PAIR_LOG / 2;
	}
	line = n->log[at];
	line += snprintf(line, 24, "%llu ", (unsigned long long)p->now_ms);
	strncpy(line, text, PAIR_TEXT - 24);
	n->n_log = at + 1;
}

static void
effect(struct pair *p, int node, const struct host_out_item *item)
{
	struct pair_node *n = &p->node[node];
	const uint8_t *bytes = n->out.bytes;

	switch ((enum host_out_kind)item->kind) {
	case HOST_OUT_FRAME:
		check_order(p, node, item, bytes + item->data.at);
		send_frame(p, node, item->port, bytes + item->data.at, item->data.len);
		break;
	case HOST_OUT_BUNDLE_PACKET:
		bundle_send(p, node, item, bytes + item->data.at);
		break;
	case HOST_OUT_SESSION_PUNT:
		session_punt(p, n, &item->key);
		break;
	case HOST_OUT_SESSION_CLEAR:
		session_clear(p, n, &item->key);
		break;
	case HOST_OUT_BUNDLE_SET:
		bundle_set(p, n, item);
		break;
	case HOST_OUT_BUNDLE_REMOVE:
		bundle_remove(p, node, item->bundle);
		break;
	case HOST_OUT_LINK_INSTALL:
		link_joined(p, node, item);
		break;
	case HOST_OUT_LINK_REMOVE:
		link_remove(p, n, item->link);
		break;
	case HOST_OUT_ROUTE_SET:
		route_set(p, n, item);
		break;
	case HOST_OUT_ROUTE_DEL:
		route_del(p, n, item);
		break;
	case HOST_OUT_CLIENT_PREFIX:
		n->client_prefix = item->client_prefix;
		n->client_prefixes++;
		break;
	case HOST_OUT_TRAFFIC_ASK:
		traffic_ask(p, node, item->bundle);
		break;
	case HOST_OUT_EVENT:
		event(p, node, item, (const char *)bytes + item->data.at);
		break;
	}
}

static struct host_out *
empty(struct pair *p, int node)
{
	struct host_out *out = &p->node[node].out;

	out->n = 0;
	out->used = 0;
	out->overflow = false;
	return out;
}

static void
drain(struct pair *p, int node)
{
	struct host_out *out = &p->node[node].out;

	if (out->overflow)
		fault(p, "effects of node %d did not fit", node);
	for (unsigned i = 0; i < out->n; i++)
		effect(p, node, &out->items[i]);
	empty(p, node);
}

/* ------------------------------------------------------------------ input */

/* The window: numbers far below what was seen are of fragments given up long ago. */
static bool
number_is_good(struct pair_bundle *b, const uint8_t *mp, size_t len)
{
	struct mp_view v;

	if (!mp_parse(mp, len, b->values.rx_short, &v))
		return false;
	if (!b->values.rx_short && v.seq + PAIR_SEQ_WINDOW < b->rx_seq)
		return false;
	if (v.seq > b->rx_seq)
		b->rx_seq = v.seq;
	return true;
}

/* The data plane takes multilink frames of a joined link apart, drops those of a session that only punts, and gives control
 * everything else. */
static void
frame_in(struct pair *p, int node, uint16_t port, const uint8_t *frame, size_t len)
{
	struct pair_node *n = &p->node[node];
	struct host_session_key key;
	struct pair_session *s;
	const uint8_t *packet;
	uint16_t proto = 0;
	size_t left;

	packet = session_packet(frame, len, port, &key, &proto, &left);
	s = packet != NULL ? find_session(n, &key) : NULL;
	if (s == NULL || proto != PPP_MP) {
		host_frame(n->host, port, frame, len, p->now_ms, empty(p, node));
	} else if (s->link != 0 && n->links[s->link].joined) {
		const struct pair_link *l = &n->links[s->link];
		struct pair_bundle *b = &n->bundles[l->bundle];
		const unsigned mp = mp_hdr_len(b->values.rx_short);

		if ((node == AC && p->ignore_mp) || !number_is_good(b, packet, left))
			return;
		b->traffic.rx_packets++; /* the window does not tell control from data */
		host_bundle_packet(n->host, l->bundle, packet + mp, left - mp, p->now_ms, empty(p, node));
	}
	drain(p, node);
}

static void
installed(struct pair *p, const struct pair_event *e)
{
	struct pair_link *l = &p->node[e->node].links[e->id];

	if (!l->joined || l->epoch != e->epoch)
		return;
	l->confirmed = !p->install_fails;
	host_installed(p->node[e->node].host, e->id, l->confirmed, p->now_ms, empty(p, e->node));
	drain(p, e->node);
}

static void
happen(struct pair *p, const struct pair_event *e)
{
	switch ((enum event_kind)e->kind) {
	case EV_FRAME:
		if (!p->cut[e->port])
			frame_in(p, e->node, e->port, e->bytes, e->len);
		break;
	case EV_INSTALLED:
		installed(p, e);
		break;
	case EV_REMOVED:
		p->node[e->node].bundles[e->id].state = PAIR_FREE;
		host_bundle_removed(p->node[e->node].host, e->id);
		break;
	case EV_TRAFFIC:
		host_traffic(p->node[e->node].host, e->id, &p->node[e->node].bundles[e->id].traffic, p->now_ms,
			empty(p, e->node));
		drain(p, e->node);
		break;
	}
}

static uint64_t
next_ms(const struct pair *p)
{
	uint64_t at_ms = p->n_heap != 0 ? p->heap[0]->at_ms : UINT64_MAX;

	for (int i = 0; i < 2; i++)
		if (host_deadline_ms(p->node[i].host) < at_ms)
			at_ms = host_deadline_ms(p->node[i].host);
	return at_ms;
}

/* One event or tick. */
static void
step(struct pair *p)
{
	const uint64_t at_ms = next_ms(p);

	if (at_ms > p->now_ms)
		p->now_ms = at_ms;
	if (p->n_heap != 0 && p->heap[0]->at_ms <= p->now_ms) {
		struct pair_event *e = pop(p);

		happen(p, e);
		free(e);
		return;
	}
	for (int i = 0; i < 2; i++) {
		if (host_deadline_ms(p->node[i].host) > p->now_ms)
			continue;
		host_tick(p->node[i].host, p->now_ms, empty(p, i));
		drain(p, i);
	}
}

static bool
never(struct pair *p)
{
	(void)p;
	return false;
}

bool
pair_until(struct pair *p, pair_condition *condition, uint64_t ms)
{
	const uint64_t end_ms = p->now_ms + ms;
	uint64_t still = 0, last_ms = p->now_ms;

	while (!condition(p)) {
		if (next_ms(p) > end_ms || p->fault[0] != '\0') {
			p->now_ms = end_ms;
			return condition(p);
		}
		step(p);
		still = p->now_ms == last_ms ? still + 1 : 0;
		last_ms = p->now_ms;
		if (still > 100000)
			fault(p, "time stands still at %llu ms", (unsigned long long)p->now_ms);
	}
	return true;
}

void
pair_run(struct pair *p, uint64_t ms)
{
	pair_until(p, never, ms);
}

/* ------------------------------------------------------------------ life */

static void
node_start(struct pair *p, int node)
{
	const char *why;

	p->node[node].host = host_new(p->node[node].cfg, entropy, &p->rng, p->now_ms, &why);
	if (p->node[node].host == NULL) {
		fprintf(stderr, "host_new: %s\n", why);
		abort();
	}
}

struct pair *
pair_new(const struct host_config *ac, const struct host_config *client, uint64_t seed)
{
	struct pair *p = calloc(1, sizeof(*p));

	p->rng = seed;
	p->now_ms = 1000;
	p->wire.delay_ms = 5;
	p->install_ms = 3;
	p->node[AC].cfg = ac;
	p->node[CLIENT].cfg = client;
	node_start(p, AC);
	node_start(p, CLIENT);
	return p;
}

void
pair_free(struct pair *p)
{
	while (p->n_heap != 0)
		free(pop(p));
	free(p->heap);
	host_free(p->node[AC].host);
	host_free(p->node[CLIENT].host);
	free(p);
}

void
pair_start(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		host_start(p->node[i].host, p->now_ms, empty(p, i));
		drain(p, i);
	}
}

void
pair_restart(struct pair *p, int node)
{
	struct pair_node *n = &p->node[node];

	host_free(n->host);
	for (unsigned i = 1; i <= PAIR_LINKS; i++) {
		n->links[i] = (struct pair_link){.epoch = n->links[i].epoch + 1};
		n->bundles[i] = (struct pair_bundle){0};
	}
	for (unsigned i = 0; i < p->n_heap; i++)
		if (p->heap[i]->node == node && p->heap[i]->kind == EV_REMOVED)
			p->heap[i]->id = 0;
	memset(n->sessions, 0, sizeof(n->sessions));
	memset(n->routes, 0, sizeof(n->routes));
	node_start(p, node);
	host_start(n->host, p->now_ms, empty(p, node));
	drain(p, node);
}

void
pair_stop(struct pair *p, int node)
{
	host_stop(p->node[node].host, p->now_ms, empty(p, node));
	drain(p, node);
}

int
pair_admin(struct pair *p, int node, const char *name, bool up)
{
	const int ret = host_link_admin(p->node[node].host, name, up, p->now_ms, empty(p, node));

	drain(p, node);
	return ret;
}

void
pair_carrier(struct pair *p, int node, uint16_t port, bool up)
{
	host_carrier(p->node[node].host, port, up, p->now_ms, empty(p, node));
	drain(p, node);
}

void
pair_inject(struct pair *p, int node, uint16_t port, const uint8_t *frame, size_t len)
{
	frame_in(p, node, port, frame, len);
}

void
pair_bundle_inject(struct pair *p, int node, uint32_t bundle, const uint8_t *packet, size_t len)
{
	host_bundle_packet(p->node[node].host, bundle, packet, len, p->now_ms, empty(p, node));
	drain(p, node);
}

void
pair_carry(struct pair *p, int node, unsigned rx_packets, unsigned tx_packets)
{
	for (unsigned i = 1; i <= PAIR_LINKS; i++) {
		if (p->node[node].bundles[i].state != PAIR_LIVE)
			continue;
		p->node[node].bundles[i].traffic.rx_packets += rx_packets;
		p->node[node].bundles[i].traffic.tx_packets += tx_packets;
	}
}

void
pair_carry_bytes(struct pair *p, int node, uint64_t rx_bytes, uint64_t tx_bytes)
{
	struct pair_node *n = &p->node[node];

	for (unsigned i = 1; i <= PAIR_LINKS; i++) {
		struct pair_bundle *b = &n->bundles[n->links[i].bundle];

		if (!n->links[i].joined || n->links[i].tx_hold)
			continue;
		b->traffic.links[n->links[i].slot].rx_bytes += rx_bytes / b->links;
		b->traffic.links[n->links[i].slot].tx_bytes += tx_bytes / b->links;
	}
}

bool
pair_demand(struct pair *p, int node, unsigned client)
{
	const bool awake = host_demand(p->node[node].host, client, "a packet to 192.0.2.1", p->now_ms, empty(p, node));

	drain(p, node);
	return awake;
}

/* ------------------------------------------------------------------ questions */

unsigned
pair_open_links(const struct pair *p, int node)
{
	struct host_link_info info;
	unsigned cursor = 0, n = 0;

	while (host_link_next(p->node[node].host, &cursor, &info))
		n += strcmp(info.phase, "open") == 0;
	return n;
}

unsigned
pair_bundles(const struct pair *p, int node)
{
	struct host_bundle_info info;
	unsigned cursor = 0, n = 0;

	while (host_bundle_next(p->node[node].host, &cursor, &info))
		n++;
	return n;
}

unsigned
pair_open_bundles(const struct pair *p, int node)
{
	struct host_bundle_info info;
	unsigned cursor = 0, n = 0;

	while (host_bundle_next(p->node[node].host, &cursor, &info))
		n += info.ipcp_open && p->node[node].bundles[info.id].routes != 0;
	return n;
}

unsigned
pair_routes(const struct pair *p, int node)
{
	unsigned n = 0;

	for (unsigned i = 0; i < PAIR_ROUTES; i++)
		n += p->node[node].routes[i].used;
	return n;
}

bool
pair_has_route(const struct pair *p, int node, uint32_t address, uint8_t len, bool local)
{
	const struct host_route want = host_route4(address, len);

	for (unsigned i = 0; i < PAIR_ROUTES; i++) {
		const struct pair_route *r = &p->node[node].routes[i];

		if (r->used && ip_addr_equal(&r->route.prefix, &want.prefix) && r->route.len == want.len &&
			(r->bundle == 0) == local)
			return true;
	}
	return false;
}

bool
pair_link_info(const struct pair *p, int node, const char *name, struct host_link_info *info)
{
	unsigned cursor = 0;

	while (host_link_next(p->node[node].host, &cursor, info))
		if (strcmp(info->name, name) == 0)
			return true;
	return false;
}

bool
pair_first_bundle(const struct pair *p, int node, struct host_bundle_info *info)
{
	unsigned cursor = 0;

	return host_bundle_next(p->node[node].host, &cursor, info);
}

const char *
pair_said(const struct pair *p, int node, const char *text)
{
	const struct pair_node *n = &p->node[node];

	for (unsigned i = n->n_log; i > 0; i--)
		if (strstr(n->log[i - 1], text) != NULL)
			return n->log[i - 1];
	return NULL;
}

void
pair_print_log(const struct pair *p)
{
	static const char *const names[] = {"concentrator", "client"};

	for (int i = 0; i < 2; i++)
		for (unsigned j = 0; j < p->node[i].n_log; j++)
			fprintf(stderr, "%s: %s\n", names[i], p->node[i].log[j]);
	if (p->fault[0] != '\0')
		fprintf(stderr, "fault: %s\n", p->fault);
}

bool
pair_addresses_are_back(const struct pair *p)
{
	const struct host *h = p->node[AC].host;

	for (unsigned i = 0; i < h->cfg->n_pools; i++) {
		uint32_t taken = 0;

		const struct slots *s = &h->pools[i].slots;

		for (uint32_t w = 0; w <= s->n / 64; w++)
			taken += (uint32_t)__builtin_popcountll(s->taken[w]);
		if (s->n_free + taken != s->n || taken > h->cfg->n_users + h->cfg->n_concentrators)
			return false;
		for (unsigned b = 0; b < h->cfg->bundles_max; b++)
			if (h->bundles[b].from_pool)
				return false;
	}
	return true;
}

/* ------------------------------------------------------------------ the usual network */

void
pair_link_name(char name[16], unsigned link)
{
	snprintf(name, 16, "home/l%u", link);
}

static struct host_lcp
usual_lcp(void)
{
	return (struct host_lcp){
		.timing = {.restart_ms = 3000, .max_configure = 10, .max_terminate = 2, .max_failure = 5},
		.echo_interval_ms = 5000,
		.echo_failures = 3,
		.p_mru = {true, true},
		.p_magic = {true, true},
		.p_mrru = {true, true},
		.p_short_seq = {false, true},
		.p_endpoint = {true, true},
		.p_auth = {true, true},
	};
}

static struct host_multilink
usual_multilink(void)
{
	return (struct host_multilink){
		.enabled = true,
		.mrru = 1524,
		.endpoint_auto = true,
		.links_max = HOST_LINKS_MAX,
		.min_fragment = 64,
		.null_ms = 10,
		.stall_min_ms = 10,
		.stall_max_ms = 500,
		.queue_ms = 50,
		.window_slots_max = 4096,
	};
}

static void
usual_ports(struct pair_net *net)
{
	static const char *const names[PAIR_PORTS] = {"p0", "p1", "p2", "p3"};

	for (int node = 0; node < 2; node++) {
		for (uint8_t i = 0; i < PAIR_PORTS; i++) {
			net->ports[node][i] = (struct host_port){
				.name = names[i],
				.mac = {{2, 0, 0, 0, (uint8_t)(node + 1), i}},
				.mtu = 1500,
			};
			net->port_index[i] = i;
		}
		net->cfg[node].ports = net->ports[node];
		net->cfg[node].n_ports = PAIR_PORTS;
		net->cfg[node].sessions_max = PAIR_LINKS;
		net->cfg[node].bundles_max = PAIR_LINKS;
	}
}

static void
usual_concentrator(struct pair_net *net)
{
	net->range = (struct host_range){0x0a000002, 0x0a00003f};
	net->pool = (struct host_pool){"pool", &net->range, 1};
	net->users[0] = (struct host_user){.name = "alice", .password = "swordfish-a"};
	net->concentrator = (struct host_concentrator){
		.name = "bras",
		.ports = net->port_index,
		.n_ports = PAIR_PORTS,
		.vlans = {.stacks = &net->untagged, .n = 1},
		.ac_name = "bras",
		.any_service = true,
		.auth = {HOST_AUTH_CHAP_MD5, HOST_AUTH_PAP},
		.auth_name = "bras",
		.failure_delay_ms = 500,
		.address = 0x0a000001,
		.dns = {0x08080808, 0x08080404},
		.pool = 0,
		.source_check = true,
		.network = {.ipv4 = {true, true}, .address = {true, true}},
		.mss = {-1, -1, true, true},
		.lcp = usual_lcp(),
		.multilink = usual_multilink(),
	};
	net->cfg[AC].pools = &net->pool;
	net->cfg[AC].n_pools = 1;
	net->cfg[AC].users = net->users;
	net->cfg[AC].n_users = 1;
	net->cfg[AC].concentrators = &net->concentrator;
	net->cfg[AC].n_concentrators = 1;
}

void
pair_net_init(struct pair_net *net, unsigned links)
{
	memset(net, 0, sizeof(*net));
	usual_ports(net);
	usual_concentrator(net);
	for (unsigned i = 0; i < links; i++) {
		snprintf(net->link_names[i], sizeof(net->link_names[i]), "l%u", i % HOST_LINKS_MAX);
		net->links[i] = (struct host_client_link){
			.name = net->link_names[i],
			.ports = &net->port_index[i % PAIR_PORTS],
			.n_ports = 1,
			.redial = {.delay_ms = 1000, .increment_ms = 1000, .limit_ms = 8000, .jitter_ms = 500},
		};
	}
	net->client = (struct host_client){
		.name = "home",
		.username = "alice",
		.password = "swordfish-a",
		.accept = {HOST_AUTH_CHAP_MD5, HOST_AUTH_PAP},
		.request_dns = true,
		.default_route = true,
		.ip_mtu = -1,
		.network = {.ipv4 = {true, true}, .address = {true, true}},
		.mss = {-1, -1, true, true},
		.lcp = usual_lcp(),
		.multilink = usual_multilink(),
		.links = net->links,
		.n_links = links,
	};
	net->cfg[CLIENT].clients = &net->client;
	net->cfg[CLIENT].n_clients = 1;
}

void
pair_net_ip6(struct pair_net *net)
{
	static const struct host_route link_range = {{{0x20, 0x01, 0x0d, 0xb8, 0, 1}}, 48},
				       homes_range = {{{0x20, 0x01, 0x0d, 0xb8, 0x80}}, 48};
	static const struct host_policy on = {true, true};

	net->pools6[0] = (struct host_pool6){"links", &link_range, 1, 64};
	net->pools6[1] = (struct host_pool6){"homes", &homes_range, 1, 56};
	net->cfg[AC].pools6 = net->pools6;
	net->cfg[AC].n_pools6 = 2;
	net->concentrator.network = net->client.network =
		(struct host_network){.ipv4 = on, .ipv6 = on, .interface_id = on, .address = on};
	net->concentrator.prefixes =
		(struct host_prefixes){.link_pool = 1, .delegated_pool = 2, .preferred_s = 3600, .valid_s = 7200};
}
