/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/observer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/ppp/chap.h"
#include "control/ppp/cp_fsm.h"
#include "control/ppp/cp_options.h"
#include "control/ppp/discovery_wire.h"
#include "control/ppp/endpoint.h"
#include "control/ppp/lcp.h"
#include "control/ppp/membership.h"
#include "control/ppp/pap.h"
#include "dataplane/wire/bytes.h"
#include "dataplane/wire/ppp.h"
#include "dataplane/wire/pppoe.h"

#define NONE UINT32_MAX

enum { SESSION_IDS = 65536 };

/* The request of one end, and whether the other one accepted it. */
struct ask {
	uint64_t digest; /* of its options */
	uint8_t id;
	bool seen, acked;
};

/* A control protocol, as its two ends negotiate it. */
struct talk {
	struct ask ask[OBSERVER_ENDS];
};

struct end {
	struct observer_party said; /* by options the other end accepted; name as it last gave it */
	bool named;
	bool wants_proof; /* it demands that the other end authenticates itself */
	bool proven;      /* the other end accepted its proof */
};

struct session {
	struct observer_key key;
	struct talk lcp;
	struct end end[OBSERVER_ENDS];
	bool roles_known;
	bool lcp_seen;
	bool refused;
	bool up;
	unsigned bundle, slot;
	uint32_t next; /* of the same session id, or free */
};

struct bundle {
	struct observer_bundle seen;
	struct talk v4, v6;
	unsigned owner; /* for membership: which access concentrator */
	bool living, multilink;
};

struct observer {
	struct session *sessions;
	struct bundle *bundles;
	uint32_t *of_id; /* first session of each id */
	uint32_t free_session;
	unsigned n_bundles, n_owners;
	struct membership membership;
	struct observer_counts counts;
	char refusal[256];
};

/* ------------------------------------------------------------------ memory */

struct observer *
observer_new(void)
{
	struct observer *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return NULL;
	o->sessions = calloc(OBSERVER_SESSIONS_MAX, sizeof(*o->sessions));
	o->bundles = calloc(OBSERVER_BUNDLES_MAX, sizeof(*o->bundles));
	o->of_id = malloc(SESSION_IDS * sizeof(*o->of_id));
	if (o->sessions == NULL || o->bundles == NULL || o->of_id == NULL ||
		membership_init(&o->membership, OBSERVER_BUNDLES_MAX) != 0) {
		observer_free(o);
		return NULL;
	}
	for (unsigned i = 0; i < SESSION_IDS; i++)
		o->of_id[i] = NONE;
	for (unsigned i = 0; i < OBSERVER_SESSIONS_MAX; i++)
		o->sessions[i].next = i + 1 < OBSERVER_SESSIONS_MAX ? i + 1 : NONE;
	return o;
}

void
observer_free(struct observer *o)
{
	if (o == NULL)
		return;
	membership_fini(&o->membership);
	free(o->sessions);
	free(o->bundles);
	free(o->of_id);
	free(o);
}

unsigned
observer_bundles(const struct observer *o)
{
	return o->n_bundles;
}

const struct observer_bundle *
observer_bundle(const struct observer *o, unsigned bundle)
{
	return bundle < o->n_bundles ? &o->bundles[bundle].seen : NULL;
}

const struct observer_counts *
observer_counts(const struct observer *o)
{
	return &o->counts;
}

const char *
observer_refusal(const struct observer *o)
{
	return o->refusal;
}

/* ------------------------------------------------------------------ effects */

static struct observer_effect *
effect(struct observer_effects *out, enum observer_effect_kind kind)
{
	struct observer_effect *e = &out->items[out->n];

	assert(out->n < OBSERVER_EFFECTS_MAX);
	out->n++;
	*e = (struct observer_effect){.kind = kind};
	return e;
}

static void
session_effect(struct observer_effects *out, enum observer_effect_kind kind, const struct session *s)
{
	struct observer_effect *e = effect(out, kind);

	e->key = s->key;
	e->bundle = s->bundle;
	e->slot = s->slot;
}

static void
bundle_effect(struct observer_effects *out, enum observer_effect_kind kind, unsigned bundle)
{
	effect(out, kind)->bundle = bundle;
}

/* ------------------------------------------------------------------ control protocols (RFC 1661 section 4) */

enum talk_news {
	TALK_NOTHING,
	TALK_ACKED,  /* the request of the other end was accepted just now: the data of the Ack are its options */
	TALK_CLOSED, /* what was agreed, if anything was, no longer holds */
};

/* It takes no time here. */
static bool
cp_parse(const uint8_t *p, size_t n, struct cp_packet *c)
{
	return cp_packet_parse(p, n, 0, c);
}

static uint64_t
digest(const uint8_t *p, size_t n)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001b3u; /* FNV-1a */
	return h;
}

static bool
talk_open(const struct talk *t)
{
	return t->ask[OBSERVER_CLIENT].acked && t->ask[OBSERVER_AC].acked;
}

static enum talk_news
talk_close(struct talk *t)
{
	t->ask[OBSERVER_CLIENT].acked = t->ask[OBSERVER_AC].acked = false;
	return TALK_CLOSED;
}

/* A new request begins anew, for both ends if they had agreed; the same once more is a repetition. */
static enum talk_news
talk_request(struct talk *t, enum observer_end from, const struct cp_packet *c)
{
	const struct ask asked = {.digest = digest(c->data, c->len), .id = c->id, .seen = true};
	struct ask *a = &t->ask[from];
	const bool was_open = talk_open(t);

	if (a->seen && a->acked && a->id == asked.id && a->digest == asked.digest)
		return TALK_NOTHING;
	if (was_open)
		talk_close(t);
	*a = asked;
	return was_open ? TALK_CLOSED : TALK_NOTHING;
}

/* An Ack repeats what it accepts (RFC 1661 section 5.2), so the request itself may be missing in the capture; but one that does not
 * fit the last request is ignored, as its receiver ignores it. */
static enum talk_news
talk_ack(struct talk *t, enum observer_end from, const struct cp_packet *c)
{
	struct ask *a = &t->ask[1 - from];
	const struct ask acked = {.digest = digest(c->data, c->len), .id = c->id, .seen = true, .acked = true};

	if (a->acked || (a->seen && (int8_t)(acked.id - a->id) < 0))
		return TALK_NOTHING;
	if (a->seen && acked.id == a->id && acked.digest != a->digest)
		return TALK_NOTHING;
	if (!cp_options_valid(c->data, c->len))
		return TALK_NOTHING;
	*a = acked;
	return TALK_ACKED;
}

static enum talk_news
talk_hears(struct talk *t, enum observer_end from, const struct cp_packet *c)
{
	switch (c->code) {
	case CP_CONFIGURE_REQUEST:
		return talk_request(t, from, c);
	case CP_CONFIGURE_ACK:
		return talk_ack(t, from, c);
	case CP_TERMINATE_REQUEST:
	case CP_TERMINATE_ACK:
		return talk_close(t);
	default:
		return TALK_NOTHING;
	}
}

/* ------------------------------------------------------------------ sessions */

static bool
key_fits(const struct observer_key *k, const struct mac *a, const struct mac *b, struct vlan_stack vlans)
{
	if (!vlan_stack_equal(k->vlans, vlans))
		return false;
	return (mac_equal(&k->mac[0], a) && mac_equal(&k->mac[1], b)) ||
		(mac_equal(&k->mac[0], b) && mac_equal(&k->mac[1], a));
}

/* On this port, or else (any_port) on another one. */
static struct session *
session_find(struct observer *o, uint16_t port, uint16_t id, const struct eth_view *eth, bool any_port)
{
	struct session *other = NULL;

	for (uint32_t i = o->of_id[id]; i != NONE; i = o->sessions[i].next) {
		struct session *s = &o->sessions[i];

		if (!key_fits(&s->key, &eth->src, &eth->dst, eth->vlans))
			continue;
		if (s->key.port == port)
			return s;
		other = s;
	}
	return any_port ? other : NULL;
}

static struct session *
session_add(struct observer *o, const struct observer_key *key, struct observer_effects *out)
{
	struct session *s;

	if (o->free_session == NONE) {
		o->counts.too_many++;
		return NULL;
	}
	s = &o->sessions[o->free_session];
	o->free_session = s->next;
	*s = (struct session){.key = *key, .next = o->of_id[key->session]};
	o->of_id[key->session] = (uint32_t)(s - o->sessions);
	o->counts.sessions++;
	session_effect(out, OBSERVER_SESSION_SEEN, s);
	return s;
}

static void
link_down(struct observer *o, struct session *s, struct observer_effects *out)
{
	struct bundle *b = &o->bundles[s->bundle];

	s->refused = false;
	if (!s->up)
		return;
	s->up = false;
	session_effect(out, OBSERVER_LINK_DOWN, s);
	b->seen.slots &= (uint16_t) ~(1u << s->slot);
	if (b->multilink)
		membership_leave(&o->membership, s->bundle);
	if (b->seen.slots != 0)
		return;
	b->living = b->seen.v4 = b->seen.v6 = false;
	bundle_effect(out, OBSERVER_BUNDLE_DOWN, s->bundle);
}

static void
session_end(struct observer *o, struct session *s, struct observer_effects *out)
{
	const uint32_t i = (uint32_t)(s - o->sessions);
	uint32_t *at = &o->of_id[s->key.session];

	link_down(o, s, out);
	session_effect(out, OBSERVER_SESSION_GONE, s);
	while (*at != i)
		at = &o->sessions[*at].next;
	*at = s->next;
	s->next = o->free_session;
	o->free_session = i;
}

/* ------------------------------------------------------------------ LCP: what an end said of itself */

static void
load_option(struct end *e, const struct cp_option *opt)
{
	struct observer_party *said = &e->said;

	if (opt->type == LCP_MRU && opt->len == 2)
		said->mru = load_be16(opt->data);
	else if (opt->type == LCP_MRRU && opt->len == 2)
		said->mrru = load_be16(opt->data);
	else if (opt->type == LCP_SHORT_SEQ)
		said->short_seq = true;
	else if (opt->type == LCP_AUTH)
		e->wants_proof = true;
	else if (opt->type == LCP_ENDPOINT && opt->len >= 1) {
		said->endpoint.class = opt->data[0];
		said->endpoint.len = (uint8_t)(opt->len - 1);
		memcpy(said->endpoint.bytes, opt->data + 1, said->endpoint.len);
	}
}

static void
load_options(struct end *e, const uint8_t *options, size_t n)
{
	const uint8_t *at = options;
	struct cp_option opt;

	e->said = (struct observer_party){.mru = LCP_MRU_DEFAULT};
	e->wants_proof = false;
	while (cp_option_next(&at, options + n, &opt))
		load_option(e, &opt);
}

/* ------------------------------------------------------------------ bundles (RFC 1990 section 5.1.3) */

static bool
same_party(const struct observer_party *a, const struct observer_party *b)
{
	return a->authenticated == b->authenticated && strcmp(a->name, b->name) == 0 &&
		endpoint_equal(&a->endpoint, &b->endpoint);
}

/* Names are compared at one access concentrator only: bundles with the same one have the same number. */
static unsigned
owner_of(struct observer *o, const struct observer_party *ac)
{
	for (unsigned i = 0; i < o->n_bundles; i++)
		if (o->bundles[i].living && same_party(&o->bundles[i].seen.party[OBSERVER_AC], ac))
			return o->bundles[i].owner;
	return ++o->n_owners;
}

static struct membership_link
as_member(const struct session *s, unsigned owner)
{
	const struct observer_party *client = &s->end[OBSERVER_CLIENT].said, *ac = &s->end[OBSERVER_AC].said;

	return (struct membership_link){
		.owner = owner,
		.authenticated = client->authenticated,
		.allow_unauthenticated = true,
		.login = client->name,
		.name_key = HOST_KEY_EXACT,
		.endpoint = &client->endpoint,
		.our_mrru = ac->mrru,
		.peer_mrru = client->mrru,
		.rx_short = ac->short_seq,
		.tx_short = client->short_seq,
		.links_max = HOST_LINKS_MAX,
	};
}

static void
refuse(struct observer *o, struct session *s, const char *why, struct observer_effects *out)
{
	s->refused = true;
	o->counts.refused++;
	snprintf(o->refusal, sizeof(o->refusal), "%s", why);
	session_effect(out, OBSERVER_LINK_REFUSED, s);
}

static void
link_up(struct observer *o, struct session *s, unsigned bundle, struct observer_effects *out)
{
	struct bundle *b = &o->bundles[bundle];

	s->up = true;
	s->bundle = bundle;
	s->slot = (unsigned)__builtin_ctz(~(unsigned)b->seen.slots);
	b->seen.slots |= (uint16_t)(1u << s->slot);
	b->seen.links++;
	o->counts.links++;
	session_effect(out, OBSERVER_LINK_UP, s);
}

static void
bundle_start(struct observer *o, struct session *s, const struct membership_link *m, struct observer_effects *out)
{
	struct bundle *b = &o->bundles[o->n_bundles];

	const bool multilink = m->our_mrru != 0 || m->peer_mrru != 0;

	/* without memory for its name it is as if there were no place */
	if (o->n_bundles == OBSERVER_BUNDLES_MAX ||
		(multilink && membership_insert(&o->membership, o->n_bundles, m) != 0)) {
		o->counts.too_many++;
		refuse(o, s, "there are too many bundles in the captures", out);
		return;
	}
	*b = (struct bundle){.living = true, .owner = m->owner};
	b->seen.party[OBSERVER_CLIENT] = s->end[OBSERVER_CLIENT].said;
	b->seen.party[OBSERVER_AC] = s->end[OBSERVER_AC].said;
	b->multilink = multilink;
	o->n_bundles++;
	link_up(o, s, o->n_bundles - 1, out);
}

static void
bundle_join(struct observer *o, struct session *s, struct observer_effects *out)
{
	const struct membership_link m = as_member(s, owner_of(o, &s->end[OBSERVER_AC].said));
	struct membership_answer a = {.verdict = MEMBERSHIP_NEW};

	if (m.our_mrru != 0 || m.peer_mrru != 0)
		membership_decide(&o->membership, &m, &a);
	switch (a.verdict) {
	case MEMBERSHIP_NEW:
		bundle_start(o, s, &m, out);
		return;
	case MEMBERSHIP_JOIN:
		membership_join(&o->membership, a.bundle);
		link_up(o, s, a.bundle, out);
		return;
	case MEMBERSHIP_UNAUTHENTICATED:
	case MEMBERSHIP_OTHER_MRRU:
	case MEMBERSHIP_OTHER_SEQUENCE:
	case MEMBERSHIP_FULL:
		refuse(o, s, a.explain, out);
		return;
	}
}

/* ------------------------------------------------------------------ a link comes up */

/* Discovery was not captured: the client is who authenticates himself; else the ends are told apart by what does not change
 * between the links of a bundle, their endpoints. */
static bool
ends_are_swapped(const struct session *s)
{
	const struct end *a = &s->end[OBSERVER_CLIENT], *b = &s->end[OBSERVER_AC];
	const struct host_endpoint *x = &a->said.endpoint, *y = &b->said.endpoint;

	if (a->named != b->named)
		return b->named;
	if (x->class != y->class)
		return x->class > y->class;
	if (x->len != y->len)
		return x->len > y->len;
	if (memcmp(x->bytes, y->bytes, x->len) != 0)
		return memcmp(x->bytes, y->bytes, x->len) > 0;
	return memcmp(&s->key.mac[OBSERVER_CLIENT], &s->key.mac[OBSERVER_AC], sizeof(struct mac)) > 0;
}

static void
settle_roles(struct session *s)
{
	const struct session was = *s;

	if (!s->roles_known && ends_are_swapped(s)) {
		for (unsigned i = 0; i < OBSERVER_ENDS; i++) {
			s->key.mac[i] = was.key.mac[1 - i];
			s->end[i] = was.end[1 - i];
			s->lcp.ask[i] = was.lcp.ask[1 - i];
		}
	}
	s->roles_known = true;
}

/* Names count for ends that proved them. */
static void
settle_names(struct session *s)
{
	for (unsigned i = 0; i < OBSERVER_ENDS; i++) {
		struct end *e = &s->end[i];

		e->said.authenticated = e->named && s->end[1 - i].wants_proof;
		if (!e->said.authenticated)
			e->said.name[0] = '\0';
	}
}

/* Data and network protocols come after authentication (RFC 1661 section 3.2): where they are seen, a missing answer to it is
 * one that was not captured. */
static void
try_link(struct observer *o, struct session *s, bool is_used, struct observer_effects *out)
{
	if (s->up || s->refused || !talk_open(&s->lcp))
		return;
	for (unsigned i = 0; i < OBSERVER_ENDS && !is_used; i++)
		if (s->end[1 - i].wants_proof && !s->end[i].proven)
			return;
	settle_roles(s);
	settle_names(s);
	bundle_join(o, s, out);
}

static void
lcp_hears(struct observer *o, struct session *s, enum observer_end from, const struct cp_packet *c,
	struct observer_effects *out)
{
	struct end *peer = &s->end[1 - from];

	s->lcp_seen = true;
	switch (talk_hears(&s->lcp, from, c)) {
	case TALK_NOTHING:
		return;
	case TALK_ACKED:
		load_options(peer, c->data, c->len);
		peer->named = peer->proven = false;
		try_link(o, s, false, out);
		return;
	case TALK_CLOSED:
		link_down(o, s, out);
		return;
	}
}

/* ------------------------------------------------------------------ authentication: names only */

/* Different names stay different: what is not printable is written out. */
static void
name_store(char to[OBSERVER_NAME_MAX], const uint8_t *from, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n && at + 5 < OBSERVER_NAME_MAX; i++) {
		if (from[i] > ' ' && from[i] <= '~' && from[i] != '\\')
			to[at++] = (char)from[i];
		else
			at += (size_t)snprintf(to + at, OBSERVER_NAME_MAX - at, "\\x%02x", from[i]);
	}
	to[at] = '\0';
}

static void
chap_hears(struct session *s, enum observer_end from, const struct cp_packet *c)
{
	struct end *e = &s->end[from];

	if (c->code == CHAP_SUCCESS)
		s->end[1 - from].proven = true;
	if (c->code != CHAP_RESPONSE || c->len < 1 || c->data[0] > c->len - 1)
		return;
	name_store(e->said.name, c->data + 1 + c->data[0], c->len - 1 - c->data[0]);
	e->named = true;
}

static void
pap_hears(struct session *s, enum observer_end from, const struct cp_packet *c)
{
	struct end *e = &s->end[from];

	if (c->code == PAP_ACK)
		s->end[1 - from].proven = true;
	if (c->code != PAP_REQUEST || c->len < 1 || c->data[0] > c->len - 1)
		return;
	name_store(e->said.name, c->data + 1, c->data[0]);
	e->named = true;
}

/* ------------------------------------------------------------------ network protocols */

static void
network_hears(struct observer *o, unsigned bundle, struct talk *t, bool *open, bool *seen, enum observer_end from,
	const struct cp_packet *c, struct observer_effects *out)
{
	const bool was_open = *open;

	talk_hears(t, from, c);
	*open = talk_open(t);
	*seen |= *open;
	if (*open != was_open && o->bundles[bundle].living)
		bundle_effect(out, OBSERVER_NETWORKS, bundle);
}

static void
bundle_hears(struct observer *o, unsigned bundle, enum observer_end from, uint16_t proto, const struct cp_packet *c,
	struct observer_effects *out)
{
	struct bundle *b = &o->bundles[bundle];
	struct observer_bundle *seen = &b->seen;

	if (proto == PPP_IPCP)
		network_hears(o, bundle, &b->v4, &seen->v4, &seen->seen_v4, from, c, out);
	else if (proto == PPP_IPV6CP)
		network_hears(o, bundle, &b->v6, &seen->v6, &seen->seen_v6, from, c, out);
}

void
observer_bundle_packet(struct observer *o, unsigned bundle, enum observer_end from, const uint8_t *packet, size_t len,
	struct observer_effects *out)
{
	struct cp_packet c;
	uint16_t proto;
	unsigned field;

	out->n = 0;
	field = ppp_proto_load(packet, len, &proto);
	if (field == 0 || bundle >= o->n_bundles || !o->bundles[bundle].living ||
		!cp_parse(packet + field, len - field, &c))
		return;
	/* LCP that negotiates is not to be heard here (RFC 1990 section 2) */
	bundle_hears(o, bundle, from, proto, &c, out);
}

/* ------------------------------------------------------------------ frames */

static void
session_hears(struct observer *o, struct session *s, enum observer_end from, uint16_t proto, const uint8_t *p, size_t n,
	struct observer_effects *out)
{
	const bool is_link_protocol = proto >= 0xc000;
	const bool is_network = proto == PPP_IPCP || proto == PPP_IPV6CP;
	struct cp_packet c;

	if (!is_link_protocol) {
		try_link(o, s, true, out);
		if (s->up && is_network && cp_parse(p, n, &c))
			bundle_hears(o, s->bundle, from, proto, &c, out);
		return;
	}
	if (!cp_parse(p, n, &c))
		return;
	if (proto == PPP_LCP)
		lcp_hears(o, s, from, &c, out);
	else if (proto == PPP_CHAP)
		chap_hears(s, from, &c);
	else if (proto == PPP_PAP)
		pap_hears(s, from, &c);
	try_link(o, s, false, out);
}

/* A session without discovery begins with the request or the Ack that LCP begins with. */
static struct session *
session_of_lcp(struct observer *o, uint16_t port, uint16_t id, const struct eth_view *eth, uint16_t proto,
	const uint8_t *p, size_t n, struct observer_effects *out)
{
	const struct observer_key key = {.port = port, .session = id, .vlans = eth->vlans, .mac = {eth->src, eth->dst}};
	struct cp_packet c;

	if (proto != PPP_LCP || !cp_parse(p, n, &c) || (c.code != CP_CONFIGURE_REQUEST && c.code != CP_CONFIGURE_ACK))
		return NULL;
	if (id < PPPOE_SESSION_MIN || id > PPPOE_SESSION_MAX || mac_is_group(&eth->dst) || mac_is_group(&eth->src))
		return NULL;
	return session_add(o, &key, out);
}

static uint16_t
session_frame(struct observer *o, uint16_t port, const struct eth_view *eth, const uint8_t *p, size_t n,
	struct observer_effects *out)
{
	struct pppoe_view v;
	struct session *s;
	uint16_t proto;
	unsigned field;

	if (pppoe_parse(p, n, &v) != PPPOE_OK || v.code != PPPOE_CODE_SESSION)
		return port;
	p += PPPOE_HDR_LEN;
	n = v.payload_len;
	s = session_find(o, port, v.session, eth, true);
	field = ppp_proto_load(p, n, &proto);
	if (s == NULL && field != 0)
		s = session_of_lcp(o, port, v.session, eth, proto, p + field, n - field, out);
	if (s == NULL)
		return port;
	if (field != 0) {
		const bool from_client = mac_equal(&eth->src, &s->key.mac[OBSERVER_CLIENT]);

		session_hears(o, s, from_client ? OBSERVER_CLIENT : OBSERVER_AC, proto, p + field, n - field, out);
	}
	return s->key.port;
}

/* A PADS repeated before LCP has begun is an answer to a repeated PADR. */
static void
pads_frame(struct observer *o, uint16_t port, const struct eth_view *eth, const struct discovery_view *v,
	struct observer_effects *out)
{
	const struct observer_key key = {
		.port = port, .session = v->session, .vlans = v->vlans, .mac = {v->dst, v->src}};
	struct session *s = session_find(o, port, v->session, eth, false);

	if (v->session < PPPOE_SESSION_MIN || v->session > PPPOE_SESSION_MAX || (s != NULL && !s->lcp_seen))
		return;
	if (s != NULL)
		session_end(o, s, out);
	s = session_add(o, &key, out);
	if (s == NULL)
		return;
	s->roles_known = true;
	o->counts.discovered++;
}

static uint16_t
discovery_frame(struct observer *o, uint16_t port, const struct eth_view *eth, const uint8_t *frame, size_t len,
	struct observer_effects *out)
{
	struct discovery_view v;
	struct session *s;

	if (discovery_parse(frame, len, &v) != DISCOVERY_OK)
		return port;
	if (v.code == PPPOE_CODE_PADS)
		pads_frame(o, port, eth, &v, out);
	if (v.code != PPPOE_CODE_PADT)
		return port;
	s = session_find(o, port, v.session, eth, true);
	if (s != NULL)
		session_end(o, s, out);
	return port;
}

uint16_t
observer_frame(struct observer *o, uint16_t port, const uint8_t *frame, size_t len, struct observer_effects *out)
{
	struct eth_view eth;

	out->n = 0;
	if (!eth_parse(frame, len, &eth))
		return port;
	if (eth.type == ETHERTYPE_PPPOE_DISCOVERY)
		return discovery_frame(o, port, &eth, frame, len, out);
	if (eth.type == ETHERTYPE_PPPOE_SESSION)
		return session_frame(o, port, &eth, frame + eth.hdr_len, len - eth.hdr_len, out);
	return port;
}
