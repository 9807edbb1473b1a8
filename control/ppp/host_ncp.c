/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/ppp/host_state.h"
#include "dataplane/wire/nd.h"
#include "dataplane/wire/ppp.h"

enum {
	RETRY_MS = 10 * 1000,
	RETRY_MAX_MS = 5 * 60 * 1000,
	RETRIES_UNWANTED = 3,
	TOGETHER_MS = 2000, /* what opens within that was begun with the same peer */
};

/* The network control protocols of a bundle: one of each, whatever the number of its links (G-62). They are the same automaton, so what
 * follows asks the automaton; what differs is their wishes and what they agreed on. */

static const struct host_network *
network_of(const struct host *h, const struct bundle *b)
{
	return b->client ? &h->clients[b->owner].cfg->network : &h->concentrators[b->owner].cfg->network;
}

static struct host_policy
policy_of(const struct host *h, const struct bundle *b, enum bundle_ncp ncp)
{
	const struct host_network *n = network_of(h, b);

	return ncp == NCP_V4 ? n->ipv4 : n->ipv6;
}

static struct cp_fsm *
fsm_of(struct bundle *b, enum bundle_ncp ncp)
{
	return ncp == NCP_V4 ? &b->ipcp.fsm : &b->ipv6cp.fsm;
}

static const struct cp_fsm *
fsm_of_const(const struct bundle *b, enum bundle_ncp ncp)
{
	return ncp == NCP_V4 ? &b->ipcp.fsm : &b->ipv6cp.fsm;
}

bool
ncp_is_open(const struct bundle *b, enum bundle_ncp ncp)
{
	return b->ncp_on[ncp] && fsm_of_const(b, ncp)->state == CP_OPENED;
}

/* False: no NCP of ours. */
static bool
ncp_of_proto(uint16_t proto, enum bundle_ncp *ncp)
{
	*ncp = proto == PPP_IPCP ? NCP_V4 : NCP_V6;
	return proto == PPP_IPCP || proto == PPP_IPV6CP;
}

/* ------------------------------------------------------------------ what is configured */

/* EUI-64 of the MAC of the first port, as the address of the link that a node keeps (RFC 5072 section 4.1). */
static uint64_t
own_interface_id(const struct mac *mac)
{
	const struct ip_addr a = nd_link_local(mac);

	return load_be64(a.b + 8);
}

void
ncp_configure_concentrator(struct concentrator *c, const struct mac *mac)
{
	const struct host_concentrator *cfg = c->cfg;

	c->ncp.ipcp = (struct ipcp_wish){.p_address = cfg->network.address,
		.address = cfg->address,
		.accept = {cfg->address, 32},
		.request_dns = cfg->request_dns,
		.dns = {cfg->dns[0], cfg->dns[1]}};
	c->ncp.ipv6cp = (struct ipv6cp_wish){.id = own_interface_id(mac), .p_id = cfg->network.interface_id};
}

void
ncp_configure_client(struct client *c, const struct mac *mac)
{
	const struct host_client *cfg = c->cfg;

	c->ncp.ipcp = (struct ipcp_wish){.p_address = cfg->network.address,
		.address = cfg->address,
		.accept = cfg->accept_address,
		.request_dns = cfg->request_dns,
		.dns = {cfg->dns[0], cfg->dns[1]}};
	c->ncp.ipv6cp = (struct ipv6cp_wish){.id = own_interface_id(mac), .p_id = cfg->network.interface_id};
}

/* ------------------------------------------------------------------ what they agreed on */

static void
address_text(uint32_t address, char text[16])
{
	snprintf(text, 16, "%u.%u.%u.%u", (uint8_t)(address >> 24), (uint8_t)(address >> 16), (uint8_t)(address >> 8),
		(uint8_t)address);
}

static void
link_local_text(uint64_t id, char text[INET6_ADDRSTRLEN])
{
	uint8_t a[16] = {0xfe, 0x80};

	store_be64(a + 8, id);
	if (id == 0)
		snprintf(text, INET6_ADDRSTRLEN, "not known");
	else
		inet_ntop(AF_INET6, a, text, INET6_ADDRSTRLEN);
}

/* What the peer gave us; nothing if it gave none. */
static void
dns_text(const struct bundle *b, char *text, size_t cap)
{
	char servers[2][16];

	for (unsigned i = 0; i < 2; i++)
		address_text(ipcp_dns(&b->ipcp, i), servers[i]);
	if (ipcp_dns(&b->ipcp, 0) != 0 && ipcp_dns(&b->ipcp, 1) != 0)
		snprintf(text, cap, ", name servers %s and %s", servers[0], servers[1]);
	else if (ipcp_dns(&b->ipcp, 0) != 0 || ipcp_dns(&b->ipcp, 1) != 0)
		snprintf(text, cap, ", name server %s", servers[ipcp_dns(&b->ipcp, 0) != 0 ? 0 : 1]);
}

static void
agreed_text(const struct bundle *b, enum bundle_ncp ncp, char *text, size_t cap)
{
	char ours[INET6_ADDRSTRLEN], peers[INET6_ADDRSTRLEN], dns[2 * 16 + 32];

	dns[0] = '\0';
	if (ncp == NCP_V4) {
		dns_text(b, dns, sizeof(dns));
		address_text(ipcp_our_address(&b->ipcp), ours);
		address_text(ipcp_peer_address(&b->ipcp), peers);
	} else {
		link_local_text(ipv6cp_our_id(&b->ipv6cp), ours);
		link_local_text(ipv6cp_peer_id(&b->ipv6cp), peers);
	}
	snprintf(text, cap, "our address %s, peer's %s, MTU %u%s", ours, peers, b->ip_mtu, dns);
}

/* ------------------------------------------------------------------ the layer's events */

static bool
another_is_open(const struct bundle *b, enum bundle_ncp but)
{
	for (unsigned i = 0; i < NCPS; i++)
		if (i != but && ncp_is_open(b, i))
			return true;
	return false;
}

/* Open, or on its way there. */
static bool
another_lives(const struct bundle *b, enum bundle_ncp but)
{
	for (unsigned i = 0; i < NCPS; i++) {
		const uint8_t state = fsm_of_const(b, i)->state;

		if (i != but && b->ncp_on[i] && state >= CP_REQ_SENT)
			return true;
	}
	return false;
}

/* One was open and has opened again, long after another. Perhaps the peer's bundle is no longer the one with which that other was negotiated:
 * all of its links had gone for a moment, and now it waits for us to begin what only we want. But what has opened as often as this one
 * was negotiated anew already: the two must not be each other's reason for ever. What opens for the first time says nothing of the kind: to
 * begin the other anew would interrupt its traffic. */
static void
begin_others_anew(struct host *h, struct bundle *b, enum bundle_ncp ncp)
{
	if (b->ncp_opened[ncp] == 1)
		return;
	for (unsigned i = 0; i < NCPS; i++)
		if (i != ncp && b->ncp_opened[i] < b->ncp_opened[ncp] && ncp_is_open(b, i) && policy_of(h, b, i).want &&
			h->now_ms - b->ncp_opened_ms[i] > TOGETHER_MS)
			b->ncp_retry_ms[i] = h->now_ms;
}

/* A Terminate-Ack that nobody asked for says that we are closed (RFC 1661 section 4.3, RTA): who takes the protocol for open begins it anew,
 * to all others it says nothing. */
static void
say_closed(struct host *h, struct bundle *b, enum bundle_ncp ncp)
{
	static const uint8_t ack[] = {CP_TERMINATE_ACK, 0, 0, 4};

	host_send_bundle(h, b, ncp == NCP_V4 ? PPP_IPCP : PPP_IPV6CP, ack, sizeof(ack));
	b->ncp_retry_ms[ncp] = 0;
	if (b->ncp_retries[ncp] < RETRIES_UNWANTED)
		b->ncp_retry_ms[ncp] = h->now_ms + ((uint64_t)RETRY_MS << b->ncp_retries[ncp]++);
}

/* The peer has begun one and not the other, which only it may want. Perhaps its bundle is older than ours, all of whose links had gone for
 * a moment, and it believes the other to be open. */
static void
say_what_is_closed(struct host *h, struct bundle *b, enum bundle_ncp but)
{
	for (unsigned i = 0; i < NCPS; i++)
		if (i != but && !b->ncp_on[i] && b->ncp_retry_ms[i] == 0 && policy_of(h, b, i).allow)
			say_closed(h, b, i);
}

static void
ncp_up(struct host *h, struct bundle *b, enum bundle_ncp ncp)
{
	char text[160];

	if (!b->announced) {
		b->up_since_ms = h->now_ms;
		meter_begin(h, b);
	}
	b->announced = true;
	b->ncp_opened[ncp]++;
	b->ncp_opened_ms[ncp] = h->now_ms;
	b->ncp_retries[ncp] = 0;
	b->ncp_retry_ms[ncp] = 0;
	begin_others_anew(h, b, ncp);
	say_what_is_closed(h, b, ncp);
	if (ncp == NCP_V6)
		prefix_up(h, b);
	bundle_refresh(h, b);
	agreed_text(b, ncp, text, sizeof(text));
	if (another_is_open(b, ncp))
		host_event(h, HOST_EV_BUNDLE_CHANGED, 0, b->id, "bundle %u '%.64s': IPv%u too: %s", b->id, b->name,
			ncp == NCP_V4 ? 4 : 6, text);
	else
		host_event(h, HOST_EV_BUNDLE_UP, 0, b->id, "bundle %u '%.64s' up%s: %s", b->id, b->name,
			b->format.mp ? " with multilink" : "", text);
	host_facts(h, NULL, b, "");
	bundle_want_routes(h, b, ncp, true);
}

static void
ncp_down(struct host *h, struct bundle *b, enum bundle_ncp ncp)
{
	if (ncp == NCP_V6)
		prefix_down(h, b);
	bundle_want_routes(h, b, ncp, false);
}

static const char *
reason(const struct cp_fsm *f)
{
	return f->why != NULL ? f->why : "peer closed it";
}

/* A bad wire ends a negotiation too, and the bundle lives on without: so it is tried again, less and less often. What only the peer wants
 * a few times: it may believe that it is open. */
static void
retry_later(const struct host *h, struct bundle *b, enum bundle_ncp ncp)
{
	const uint64_t wait_ms = (uint64_t)RETRY_MS << b->ncp_retries[ncp];

	if (!policy_of(h, b, ncp).want && b->ncp_retries[ncp] >= RETRIES_UNWANTED)
		return;
	if (wait_ms < RETRY_MAX_MS)
		b->ncp_retries[ncp]++;
	b->ncp_retry_ms[ncp] = h->now_ms + (wait_ms < RETRY_MAX_MS ? wait_ms : RETRY_MAX_MS);
}

static bool
none_ever_opened(const struct bundle *b)
{
	for (unsigned i = 0; i < NCPS; i++)
		if (b->ncp_opened[i] != 0)
			return false;
	return true;
}

/* NCPs run inside multilink frames, where our requests got no answer. What that says of a peer that had agreed to multilink (G-03). */
static const char *
mp_verdict(const struct bundle *b, const struct cp_fsm *f)
{
	if (!b->format.mp || f->restarts != 0 || !none_ever_opened(b))
		return "";
	if (b->ncp_inside != 0)
		return ": peer agreed to multilink and speaks it, but does not hear what we say inside";
	if (b->ncp_outside != 0)
		return ": peer agreed to multilink and ignores it: its NCP packets come outside, none comes inside";
	return ": peer agreed to multilink and is silent: no NCP packet has come, inside or outside";
}

/* Only what the peer has said can tell that plain PPP would do better: who is silent may be so for another reason. */
static void
judge_mp(struct host *h, const struct bundle *b, const struct cp_fsm *f)
{
	const char *verdict = mp_verdict(b, f);
	struct client *c = b->client ? &h->clients[b->owner] : NULL;
	const bool plain = c != NULL && b->ncp_inside == 0 && b->ncp_outside != 0 && !c->cfg->multilink.require;

	if (*verdict == '\0')
		return;
	host_event(h, HOST_EV_NOTE, 0, b->id, "bundle %u '%.64s'%s (%u outside, %u inside)%s", b->id, b->name, verdict,
		b->ncp_outside, b->ncp_inside, plain ? ": the next one is plain PPP on one link" : "");
	if (plain)
		c->shuns_mp = true;
}

/* Without any the bundle is of no use. */
static void
ncp_finished(struct host *h, struct bundle *b, enum bundle_ncp ncp)
{
	const struct cp_fsm *f = fsm_of(b, ncp);

	if (another_lives(b, ncp)) {
		retry_later(h, b, ncp);
		host_event(h, HOST_EV_NOTE, 0, b->id, "bundle %u '%.64s': without IPv%u: %s", b->id, b->name,
			ncp == NCP_V4 ? 4 : 6, reason(f));
		return;
	}
	judge_mp(h, b, f);
	for (struct link *l = bundle_first_link(h, b); l != NULL; l = bundle_next_link(h, l))
		link_doom(h, l, LINK_CLOSE, "%s of bundle %u ended: %s%s", f->ops->name, b->id, reason(f),
			mp_verdict(b, f));
}

static void
ncp_event(struct host *h, struct bundle *b, enum bundle_ncp ncp, enum out_kind kind)
{
	if (kind == OUT_LAYER_UP)
		ncp_up(h, b, ncp);
	else if (kind == OUT_LAYER_DOWN)
		ncp_down(h, b, ncp);
	else if (kind == OUT_LAYER_FINISHED)
		ncp_finished(h, b, ncp);
}

static void
drain(struct host *h, struct bundle *b, const struct outbox *box)
{
	h->counters.effects_lost += box->overflow;
	for (unsigned i = 0; i < box->n; i++) {
		const struct out_item *item = &box->items[i];
		enum bundle_ncp ncp;

		if (item->kind == OUT_SEND)
			host_send_bundle(h, b, item->proto, box->bytes + item->at, item->len);
		else if (item->kind == OUT_NOTE)
			host_event(h, HOST_EV_NOTE, 0, b->id, "bundle %u '%.64s': %s", b->id, b->name,
				(const char *)box->bytes + item->at);
		else if (ncp_of_proto(item->proto, &ncp))
			ncp_event(h, b, ncp, item->kind);
	}
}

/* ------------------------------------------------------------------ begin */

static void
init(struct host *h, struct bundle *b, enum bundle_ncp ncp)
{
	const struct ncp_wishes *wishes = b->client ? &h->clients[b->owner].ncp : &h->concentrators[b->owner].ncp;
	const struct host_timing *timing = &network_of(h, b)->timing;

	if (ncp == NCP_V4)
		ipcp_init(&b->ipcp, &wishes->ipcp, b->address, timing);
	else
		ipv6cp_init(&b->ipv6cp, &wishes->ipv6cp, timing, h->random, h->random_ctx);
	if (b->format.peer_mrru < CP_PACKET_MAX)
		fsm_of(b, ncp)->tx_max = b->format.peer_mrru;
}

static void
start(struct host *h, struct bundle *b, enum bundle_ncp ncp)
{
	struct outbox box;

	outbox_init(&box);
	init(h, b, ncp);
	b->ncp_on[ncp] = true;
	b->ncp_retry_ms[ncp] = 0;
	cp_fsm_open(fsm_of(b, ncp), h->now_ms, &box);
	cp_fsm_lower(fsm_of(b, ncp), true, h->now_ms, &box);
	drain(h, b, &box);
}

static void
input(struct host *h, struct bundle *b, enum bundle_ncp ncp, const uint8_t *p, size_t n)
{
	struct outbox box;

	if (!b->ncp_on[ncp] && n != 0 && p[0] == CP_TERMINATE_ACK)
		return; /* both are closed and agree on it */
	if (!b->ncp_on[ncp])
		start(h, b, ncp); /* we do not want it, but the peer does, and may */
	outbox_init(&box);
	cp_fsm_input(fsm_of(b, ncp), p, n, h->now_ms, &box);
	drain(h, b, &box);
}

/* Only the newest: it is what the peer waits for. Lost without memory, it will be repeated. */
static void
hold(struct host *h, struct bundle *b, enum bundle_ncp ncp, const uint8_t *p, size_t n)
{
	struct bundle_held *held = malloc(sizeof(*held) + n);

	free(b->held[ncp]);
	b->held[ncp] = held;
	h->counters.effects_lost += held == NULL;
	if (held == NULL)
		return;
	held->len = (uint16_t)n;
	memcpy(held->bytes, p, n);
}

void
ncp_begin(struct host *h, struct bundle *b)
{
	if (b->ncp_started)
		return;
	b->ncp_started = true;
	for (unsigned i = 0; i < NCPS; i++) {
		struct bundle_held *held = b->held[i];

		b->held[i] = NULL;
		if (policy_of(h, b, i).want)
			start(h, b, i);
		if (held != NULL)
			input(h, b, i, held->bytes, held->len);
		free(held);
	}
	bundle_rearm(h, b);
}

void
ncp_end(struct host *h, struct bundle *b)
{
	struct outbox box;

	for (unsigned i = 0; i < NCPS; i++) {
		b->ncp_retry_ms[i] = 0;
		if (!b->ncp_on[i])
			continue;
		outbox_init(&box);
		cp_fsm_lower(fsm_of(b, i), false, h->now_ms, &box);
		drain(h, b, &box);
		b->ncp_on[i] = false;
	}
	b->ncp_started = false;
	bundle_rearm(h, b);
}

/* ------------------------------------------------------------------ packets and time */

/* Taken as it comes: RFC 1990 (section 2) presents what links of a bundle bring to the same machines, with a multilink header or without. */
bool
ncp_packet(struct host *h, struct bundle *b, bool inside, uint16_t proto, const uint8_t *p, size_t n)
{
	enum bundle_ncp ncp;

	if (!ncp_of_proto(proto, &ncp))
		return false;
	if (inside)
		b->ncp_inside++;
	else
		b->ncp_outside++;
	if (!policy_of(h, b, ncp).allow)
		return false;
	if (b->ncp_started) {
		input(h, b, ncp, p, n);
		bundle_rearm(h, b);
	} else if (n <= BUNDLE_HELD_MAX) {
		/* the peer's success is on its way or our side of it not installed yet */
		hold(h, b, ncp, p, n);
	}
	return true;
}

void
ncp_protocol_rejected(struct host *h, struct bundle *b, uint16_t proto)
{
	enum bundle_ncp ncp;
	struct outbox box;

	if (!ncp_of_proto(proto, &ncp))
		return;
	b->ncp_retry_ms[ncp] = 0; /* of say_closed() */
	if (!b->ncp_on[ncp])
		return;
	outbox_init(&box);
	if (ncp == NCP_V4)
		ipcp_rejected(&b->ipcp, h->now_ms, &box);
	else
		ipv6cp_rejected(&b->ipv6cp, h->now_ms, &box);
	drain(h, b, &box);
	ncp_finished(h, b, ncp);  /* no use waiting for answers to its Terminate-Requests */
	b->ncp_retry_ms[ncp] = 0; /* nor in trying again */
	bundle_rearm(h, b);
}

/* The automaton goes on, lest the new request looks like a copy of an old one. */
static void
begin_anew(struct host *h, struct bundle *b, enum bundle_ncp ncp)
{
	struct outbox box;

	outbox_init(&box);
	cp_fsm_lower(fsm_of(b, ncp), false, h->now_ms, &box);
	drain(h, b, &box);
	outbox_init(&box);
	cp_fsm_lower(fsm_of(b, ncp), true, h->now_ms, &box);
	drain(h, b, &box);
}

static void
retry(struct host *h, struct bundle *b, enum bundle_ncp ncp)
{
	const uint8_t state = fsm_of(b, ncp)->state;

	b->ncp_retry_ms[ncp] = 0;
	if (state < CP_REQ_SENT)
		start(h, b, ncp);
	else if (state == CP_OPENED)
		begin_anew(h, b, ncp);
	/* else the peer has begun itself */
}

void
ncp_tick(struct host *h, struct bundle *b)
{
	struct outbox box;

	for (unsigned i = 0; i < NCPS; i++) {
		const bool due = b->ncp_retry_ms[i] != 0 && b->ncp_retry_ms[i] <= h->now_ms;

		if (due && !b->ncp_on[i])
			say_closed(h, b, i);
		if (!b->ncp_on[i])
			continue;
		if (due)
			retry(h, b, i);
		outbox_init(&box);
		cp_fsm_tick(fsm_of(b, i), h->now_ms, &box);
		drain(h, b, &box);
	}
}

uint64_t
ncp_deadline_ms(const struct bundle *b)
{
	uint64_t at_ms = UINT64_MAX;

	for (unsigned i = 0; i < NCPS; i++) {
		if (b->ncp_on[i] && cp_fsm_deadline_ms(fsm_of_const(b, i)) < at_ms)
			at_ms = cp_fsm_deadline_ms(fsm_of_const(b, i));
		if (b->ncp_retry_ms[i] != 0 && b->ncp_retry_ms[i] < at_ms)
			at_ms = b->ncp_retry_ms[i];
	}
	return at_ms;
}
