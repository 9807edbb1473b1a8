/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_HOST_STATE_H
#define CONTROL_PPP_HOST_STATE_H

#include "control/ppp/bundle.h"
#include "control/ppp/discovery_client.h"
#include "control/ppp/discovery_server.h"
#include "control/ppp/host.h"
#include "control/ppp/host_timer.h"
#include "control/ppp/link.h"
#include "control/ppp/membership.h"
#include "control/ppp/pool.h"
#include "control/ppp/pool6.h"
#include "control/ppp/rate_limit.h"
#include "control/ppp/session_ids.h"
#include "control/ppp/text.h"

/* What the host_*.c files share. An input changes one link, dial or bundle; whatever it means for others is left to their
 * timers, which run at the end of the same call as far as there is room for effects. So nothing is re-entered and every call's
 * effects are bounded. Links and bundles are named by id = index + 1; the free one that rested longest is taken next. */

enum timer_kind { TIMER_LINK, TIMER_BUNDLE, TIMER_DIAL, TIMER_CONCENTRATOR };

enum {
	HOST_PADT_PER_S = 20000, /* for unknown sessions: after a restart every line needs one soon */
	HOST_PADT_PER_MAC_PER_S = 256,
	HOST_STOP_MS = 1000, /* most that host_stop waits for Terminate-Acks */
	/* Most that a client's last links wait for the answer to a Release: some round trips of a DSL line, and no more than a person notices.
	 * The peer takes the prefix back with the bundle in any case, if it is a hawser. */
	HOST_RELEASE_MS = 300,
	HOST_HOLD_MS = 60000,
	HOST_PROBES_MAX = 8,
	HOST_PROBE_MS = 100,
	/* A bundle is asked so often, so long apart, before its peer counts as gone. A living one may answer late: its echo waits behind its
	 * data in the queue of a modem. */
	HOST_WORD_MS = 1000,
	HOST_WORD_ASKS = 3,
	/* Linux rejects multilink until pppd, told that it is authenticated, has made its interface; our NCPs may come before that. */
	HOST_MP_SETTLE_MS = 2000,
	HOST_AWAIT_PADT_MS = 300,
	/* How often a bundle with an idle timeout is asked what it carried: so many times within that, but not more often or more seldom
	 * than these. It is closed late by at most one of these. */
	HOST_IDLE_LOOKS = 8,
	HOST_IDLE_LOOK_MIN_MS = 250,
	HOST_IDLE_LOOK_MAX_MS = 60000,
	/* A managed bundle that has lost its last link is opened again after so long, as mpd does. */
	HOST_REOPEN_MS = 3000,
	HOST_REOPEN_JITTER_MS = 1000,
	HOST_TEXT_MAX = 480,
};

/* What its bundles want of the NCPs. */
struct ncp_wishes {
	struct ipcp_wish ipcp;
	struct ipv6cp_wish ipv6cp;
};

struct concentrator {
	struct timer timer;
	const struct host_concentrator *cfg;
	struct discovery_server *server;
	struct host_endpoint endpoint;
	struct host_multilink multilink; /* cfg's; disabled where it may not be agreed (M-08) */
	uint32_t sessions;
	uint32_t *sessions_of_port; /* by index in host_config.ports */
	struct ncp_wishes ncp;
	struct dhcp6_server_config dhcp6;
	bool route_set;
};

struct client {
	const struct host_client *cfg;
	struct host_endpoint endpoint;
	uint32_t bundle; /* id of the living one, 0: none */
	unsigned first_dial;
	/* Its peer agreed to multilink and then spoke beside it: the next bundle is without. When that ends, multilink has another chance. */
	bool shuns_mp;
	struct host_multilink plain; /* cfg's, disabled */
	bool awake;                  /* up or on its way there */
	uint64_t slept_ms;           /* on demand: since when its last bundle is gone, 0: there was none */
	struct ncp_wishes ncp;
	struct dhcp6_client_config dhcp6;
};

enum dial_state {
	DIAL_OFF,     /* closed by the operator, or given up */
	DIAL_WAIT,    /* until due_ms */
	DIAL_CARRIER, /* until due_ms, if it is limited */
	DIAL_DISCOVERY,
	DIAL_SESSION,
	DIAL_HELD,   /* until due_ms: the client runs without multilink */
	DIAL_QUEUED, /* for the one before it */
	DIAL_ASLEEP, /* until a packet is routed to the client */
	DIAL_SPARE,  /* until the bundle has more to carry */
};

/* A client's link, whether or not it has a session. */
struct dial {
	struct timer timer;
	uint8_t state; /* enum dial_state */
	bool wanted, trace;
	bool first_try; /* nothing has come of it yet, neither success nor failure */
	bool opened;    /* since it was last started */
	uint16_t client, index;
	unsigned candidate; /* of cfg->ports */
	uint32_t link;      /* id, 0: none */
	uint32_t failures;  /* redials since the last success */
	uint32_t redials;
	uint64_t due_ms;
	struct discovery_client discovery;
	char explain[LINK_EXPLAIN_MAX];
};

struct port {
	const struct host_port *cfg;
	bool carrier;
	struct session_ids *ids;
};

struct user {
	const struct host_user *cfg;
	uint32_t sessions;
	uint32_t address_bundle, routes_bundle; /* id of the one that has them, 0: none */
	uint32_t prefix_bundle[PREFIXES];
};

/* Sessions of one VLAN of one concentrator's port. */
struct vlan_tally {
	uint64_t key; /* 0: empty */
	uint32_t n;
};

struct host {
	const struct host_config *cfg;
	host_random_fn *random;
	void *random_ctx;
	struct host_counters counters;
	bool started, stopping;

	/* of the call under way */
	uint64_t now_ms;
	struct host_out *out;
	uint64_t frames;                /* of sessions so far: tells what came before what */
	struct host_out_item nowhere;   /* takes what did not fit into out */
	struct discovery_frame scratch; /* from being built until it is copied to out */

	struct timers timers;
	struct port *ports;
	struct pool *pools;
	struct pool6 *pools6;
	struct user *users; /* sorted by name */
	struct concentrator *concentrators;
	struct client *clients;
	struct dial *dials;
	unsigned n_dials, n_sessions, n_client_sessions;

	struct link *links;
	struct bundle *bundles;
	struct membership membership;
	uint32_t link_free_first, link_free_last; /* through next_key */
	uint32_t bundle_free_first, bundle_free_last;

	uint32_t *by_key, *by_mac, *by_fingerprint; /* hash -> first id */
	uint32_t hash_mask, hash_seed;
	struct vlan_tally *vlans;
	uint32_t vlans_mask, n_vlans;
	struct rate_limit padt_limit;
};

/* ------------------------------------------------------------------ host_out.c: effects */

struct host_out_item *host_put(struct host *h, enum host_out_kind kind);
/* Room for len bytes of frame, packet or text; NULL: counted as lost. */
uint8_t *host_put_bytes(struct host *h, struct host_out_item **item, enum host_out_kind kind, size_t len);
bool host_has_room(const struct host *h);
void host_send_frame(struct host *h, uint16_t port, const struct discovery_frame *frame);
/* One PPP packet on the session, outside MP. */
void host_send_session(struct host *h, const struct link *l, uint16_t proto, const uint8_t *p, size_t n);
void host_send_bundle(struct host *h, const struct bundle *b, uint16_t proto, const uint8_t *p, size_t n);
void host_trace_packet(
	struct host *h, const struct link *l, bool sent, const char *where, uint16_t proto, const uint8_t *p, size_t n);
void host_event(struct host *h, enum host_event_kind kind, uint32_t link, uint32_t bundle, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* Puts the facts to the event that was put last. l or b may be NULL. */
void host_facts(struct host *h, const struct link *l, const struct bundle *b, const char *reason);
/* The same, with the link's name in front. */
void link_event(struct host *h, const struct link *l, enum host_event_kind kind, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* ------------------------------------------------------------------ host_index.c: finding things */

int index_init(struct host *h);
void index_fini(struct host *h);
struct link *link_of(const struct host *h, uint32_t id);     /* NULL: 0 or free */
struct bundle *bundle_of(const struct host *h, uint32_t id); /* NULL: 0 or not living */
struct link *index_find(const struct host *h, const struct host_session_key *key);
struct link *index_find_request(const struct host *h, const uint8_t fingerprint[DISCOVERY_FINGERPRINT_LEN]);
/* A link with this key in the indexes, everything else zero. NULL: table full. */
struct link *link_take(struct host *h, const struct host_session_key *key);
void link_give(struct host *h, struct link *l);
void index_set_request(struct host *h, struct link *l, const uint8_t fingerprint[DISCOVERY_FINGERPRINT_LEN]);
uint32_t index_first_of_mac(const struct host *h, const struct mac *m); /* then next_mac; other MACs are among them */
struct bundle *bundle_take(struct host *h);
void bundle_give(struct host *h, struct bundle *b);
/* The links of a bundle, by slot; NULL: no more. Who may take one out asks for the next one before. */
struct link *bundle_first_link(const struct host *h, const struct bundle *b);
struct link *bundle_next_link(const struct host *h, const struct link *l);
unsigned bundle_count_links(const struct host *h, const struct bundle *b);
/* Into the lowest free slot, of which there is one. */
void bundle_add_link(struct host *h, struct bundle *b, struct link *l);
void bundle_remove_link(struct host *h, struct bundle *b, struct link *l);
/* There is room for one more VLAN, as vlan_tally_add needs it. False: no memory. */
bool vlan_tally_room(struct host *h);
void vlan_tally_add(struct host *h, uint16_t concentrator, const struct host_session_key *key);
void vlan_tally_sub(struct host *h, uint16_t concentrator, const struct host_session_key *key);
uint32_t vlan_tally_of(const struct host *h, uint16_t concentrator, uint16_t port, struct vlan_stack vlans);
int user_find(const struct host *h, const char *name); /* -1: unknown */

/* ------------------------------------------------------------------ host_discovery.c: frames, concentrator side */

void discovery_frame_input(struct host *h, uint16_t port, const uint8_t *frame, size_t len);
void concentrator_tick(struct host *h, struct concentrator *c);
void concentrator_rearm(struct host *h, struct concentrator *c);
/* A frame of a session that nobody here has. */
void session_unknown(struct host *h, const struct host_session_key *key);

/* ------------------------------------------------------------------ host_dial.c: discovery and redial, client side */

/* After so long. */
void dial_start(struct host *h, struct dial *d, uint64_t wait_ms);
/* Ends what is under way and leaves it in that state; a session ends by Terminate-Request, and the state follows. */
void dial_rest(struct host *h, struct dial *d, enum dial_state state, const char *why);
void dial_tick(struct host *h, struct dial *d);
void dial_rearm(struct host *h, struct dial *d);
void dial_offer(struct host *h, uint16_t port, const struct discovery_view *v);
void dial_carrier(struct host *h, struct dial *d, uint16_t port, bool up);
/* The session ends: the dial keeps its explanation. */
void dial_session_ends(struct dial *d, const struct link *l);
/* It is gone. */
void dial_session_ended(struct host *h, struct dial *d, const struct link *l);
void dial_wake_held(struct host *h, unsigned client);
bool dial_has_carrier(const struct host *h, const struct dial *d);
bool dial_expects(const struct host *h, const struct host_session_key *key);
const struct host_client_link *dial_cfg(const struct host *h, const struct dial *d);
uint64_t dial_delay_ms(const struct host_redial *r, uint32_t failures, uint32_t random); /* G-23, G-37 */

/* ------------------------------------------------------------------ host_client.c: when a client's links are dialled */

void client_start(struct host *h, struct client *c);
/* The link is up, or has failed, or waits: the next one's turn, if they go one by one. */
void client_next(struct host *h, struct dial *d);
/* The client's bundle is gone with its last link. announced: it had been up. */
void client_bundle_gone(struct host *h, struct client *c, bool announced);
/* host_demand() without its frame. */
bool client_demand(struct host *h, struct client *c, const char *what);
/* What becomes of a link that is neither up nor dialled again for now. */
enum dial_state client_rest_state(const struct host *h, const struct dial *d);
/* Links are opened and closed by load; redial is not for them. */
bool client_is_managed(const struct host *h, const struct dial *d);
/* A managed link is over: its last one is followed by another. */
void client_link_over(struct host *h, struct dial *d);
/* Opens the first spare link, closes the last open one, in the order of bandwidth_order; why is told. False: there is none. */
bool client_more(struct host *h, struct client *c, const char *why);
bool client_less(struct host *h, struct client *c, const char *why);
unsigned client_spare(const struct host *h, const struct client *c);
/* A link has given up. */
void client_gave_up(struct host *h, struct client *c);

/* ------------------------------------------------------------------ host_meter.c: what a bundle carries */

/* With the bundle: if its configuration asks for it. */
void meter_new(struct host *h, struct bundle *b);
/* One came out of it. */
void meter_control_packet(struct bundle *b);
/* The first NCP is open: from here on it counts. */
void meter_begin(struct host *h, struct bundle *b);
void meter_tick(struct host *h, struct bundle *b);
void meter_answer(struct host *h, struct bundle *b, const struct host_traffic *t);
uint64_t meter_deadline_ms(const struct bundle *b);
void meter_info(const struct host *h, const struct bundle *b, struct host_bandwidth_info *info);

/* ------------------------------------------------------------------ host_auth.c: both directions of authentication */

/* What LCP asks for and takes. */
void auth_wish(const struct host *h, const struct link *l, struct lcp_wish *wish);
/* LCP is up: authenticates, or joins at once if nobody asked for that. */
void auth_start(struct host *h, struct link *l);
/* We still have to prove ourselves: the peer takes no data before. */
bool auth_owes_proof(const struct link *l);
void auth_installed(struct host *h, struct link *l);
void auth_event(struct host *h, struct link *l, enum auth_role role, enum out_kind kind);
void auth_packet(struct host *h, struct link *l, uint16_t proto, const uint8_t *p, size_t n);
/* The delay after a wrong password is over. */
void auth_deny(struct host *h, struct link *l);
void auth_tick(struct host *h, struct link *l);
uint64_t auth_deadline_ms(const struct link *l);
/* The link is open: what has been settled takes less memory. */
void auth_rest(struct link *l);
/* No machine says anything any more. */
void auth_forget(struct link *l);
/* LCP is down: as if there had been none. */
void auth_undo(struct host *h, struct link *l);

/* ------------------------------------------------------------------ host_link.c: LCP, end */

/* Session of either role begins: LCP starts. */
void link_begin(struct host *h, struct link *l);
void link_packet(struct host *h, struct link *l, uint16_t proto, const uint8_t *p, size_t n);
/* What was held is not wanted any more. */
void link_let_go(struct link *l);
void link_send(struct host *h, struct link *l, uint16_t proto, const uint8_t *p, size_t n);
void link_tick(struct host *h, struct link *l);
void link_reject_protocol(struct host *h, struct link *l, uint16_t proto, const uint8_t *p, size_t n);
/* Takes it out if it ended, else sets its timer. Last thing that is done with a link. */
void link_settle(struct host *h, struct link *l);
/* Ends with Terminate-Request, for a reason that the operator is told. */
void link_close(struct host *h, struct link *l, const char *format, ...) __attribute__((format(printf, 3, 4)));
void link_end(struct host *h, struct link *l, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same from somewhere else: when the link's timer runs, still in this call if there is room. */
void link_doom(struct host *h, struct link *l, enum link_doom doom, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void link_drain(struct host *h, struct link *l, const struct outbox *box);
/* The same of an authentication machine with that role. */
void link_drain_auth(struct host *h, struct link *l, enum auth_role role, const struct outbox *box);
/* Keeps a copy, the only one; false: no memory. */
bool link_hold(struct link *l, uint16_t proto, const uint8_t *p, size_t n);
/* Nothing is missing any more: on to the network phase. */
void link_opened(struct host *h, struct link *l);
/* The data plane has the link; the client may answer, the concentrator may confirm. */
void link_installed(struct host *h, struct link *l, bool ok);
/* Asks the peer for a sign that it knows the link; one that does not may say so by PADT. False: it cannot be asked. */
bool link_probe(struct host *h, struct link *l);
/* Returns how many were asked. */
unsigned link_probe_others(struct host *h, const struct bundle *b, const struct link *except);
const struct host_lcp *link_lcp_cfg(const struct host *h, const struct link *l);
const struct host_multilink *link_multilink_cfg(const struct host *h, const struct link *l);
/* Who logged in on it, or tried to; "": nobody. */
const char *link_login(const struct host *h, const struct link *l);
void link_name(const struct host *h, const struct link *l, char *text, size_t cap);
/* Keeps what the access node said of its line. */
void link_keep_dsl(struct host *h, struct link *l, const struct dsl_tags *tags);

/* ------------------------------------------------------------------ host_probe.c: what a line really carries */

void probe_begin(struct host *h, struct link *l);
void probe_end(struct link *l);
uint64_t probe_deadline_ms(const struct link *l);
void probe_tick(struct host *h, struct link *l);
/* LCP took a packet: it may be the answer to a probe. */
void probe_input(struct host *h, struct link *l);
/* What the links of a bundle have brought: the answer to HOST_OUT_TRAFFIC_ASK. */
void probe_traffic(const struct host *h, const struct bundle *b, const struct host_traffic *t);

/* ------------------------------------------------------------------ host_lqr.c: Link-Quality-Reports of a link (RFC 1989) */

/* The link is open. */
void reports_begin(struct host *h, struct link *l);
void reports_end(struct link *l);
/* A control packet of n bytes behind the protocol field has passed on the link. */
void reports_count(struct link *l, bool out, size_t n);
bool reports_packet(struct host *h, struct link *l, const uint8_t *p, size_t n);
uint64_t reports_deadline_ms(const struct link *l);
void reports_tick(struct host *h, struct link *l);
/* What the links of a bundle have carried: the answer to HOST_OUT_TRAFFIC_ASK. */
void reports_traffic(struct host *h, const struct bundle *b, const struct host_traffic *t);
void reports_info(const struct host *h, const struct link *l, struct host_reports_info *info);

/* ------------------------------------------------------------------ host_join.c: membership */

void link_join(struct host *h, struct link *l);
void link_install(struct host *h, struct link *l, bool tx_hold);
/* The line of an open link is another one. */
void link_line_changed(struct host *h, struct link *l);
void link_leave(struct host *h, struct link *l);
/* Why it joined or did not, or went down; text has room for it. */
const char *link_explained(const struct host *h, const struct link *l, char text[LINK_EXPLAIN_MAX]);

/* ------------------------------------------------------------------ host_bundle.c: addresses, values, routes */

struct bundle *bundle_begin(struct host *h, const struct link *l, const struct bundle_format *format);
struct host_endpoint bundle_peer_endpoint(const struct host *h, const struct bundle *b);
/* NULL: none to give; then why says so. */
bool bundle_address(struct host *h, struct bundle *b, const struct link *l, char *why, size_t cap);
/* It has begun, and no link comes to it. */
void bundle_abandon(struct host *h, struct bundle *b);
void bundle_refresh(struct host *h, struct bundle *b); /* BUNDLE_SET if anything changed */
void bundle_link_left(struct host *h, struct bundle *b);
/* Routes of a family come with its NCP and go with it. */
void bundle_want_routes(struct host *h, struct bundle *b, enum bundle_ncp ncp, bool wanted);
/* What the peer was given, or uses of it, has changed. */
void bundle_prefixes_changed(struct host *h, struct bundle *b);
/* The peer said something on it. */
void bundle_heard(struct host *h, struct bundle *b);
/* Whoever waits for a word from it looks again. */
void bundle_wake_askers(struct host *h, struct bundle *b);
/* NCP packet, plain or out of MP; via is the link it came on, NULL out of MP. */
void bundle_packet(struct host *h, struct bundle *b, struct link *via, uint16_t proto, const uint8_t *p, size_t n);
/* Out of MP: from the protocol field on. */
void bundle_input(struct host *h, struct bundle *b, const uint8_t *p, size_t n);
void bundle_tick(struct host *h, struct bundle *b);
void bundle_rearm(struct host *h, struct bundle *b);

/* ------------------------------------------------------------------ host_prefix.c: IPv6 prefixes for peers */

void prefix_configure(struct concentrator *c, const struct mac *mac);
/* IPV6CP has opened, or gone down. */
void prefix_up(struct host *h, struct bundle *b);
void prefix_down(struct host *h, struct bundle *b);
/* An IPv6 packet of the link out of the bundle. */
void prefix_packet(struct host *h, struct bundle *b, const uint8_t *ip6, size_t n);
void prefix_tick(struct host *h, struct bundle *b);
uint64_t prefix_deadline_ms(const struct bundle *b);
/* Whether the peer has it: its route is wanted as long as IPv6 is open. */
bool prefix_in_use(const struct bundle *b, enum bundle_prefix_kind kind);
/* With the end of the bundle. */
void prefix_return(struct host *h, struct bundle *b);

/* ------------------------------------------------------------------ host_uplink6.c: the same, as client */

void uplink6_configure(
	struct client *c, unsigned index, const struct mac *mac, host_random_fn *random, void *random_ctx);
void uplink6_up(struct host *h, struct bundle *b);
void uplink6_down(struct host *h, struct bundle *b);
/* A link of it is about to be closed in good order. If it is the last, all that wait for that wait a little longer, while the prefix is given
 * back. */
void uplink6_closing(struct host *h, struct bundle *b);
/* False: nothing for us. */
bool uplink6_packet(struct host *h, struct bundle *b, const uint8_t *ip6, size_t n);
void uplink6_tick(struct host *h, struct bundle *b);
uint64_t uplink6_deadline_ms(const struct bundle *b);

/* ------------------------------------------------------------------ host_ncp.c: IPCP and IPV6CP */

/* mac: of the first port. */
void ncp_configure_concentrator(struct concentrator *c, const struct mac *mac);
void ncp_configure_client(struct client *c, const struct mac *mac);
/* Once a bundle, with its first open link; a later one brings no new NCP (G-62). */
void ncp_begin(struct host *h, struct bundle *b);
/* No link is open any more: with the next one it begins anew. */
void ncp_end(struct host *h, struct bundle *b);
bool ncp_is_open(const struct bundle *b, enum bundle_ncp ncp);
/* False: a protocol that we do not know or do not allow. */
bool ncp_packet(struct host *h, struct bundle *b, bool inside, uint16_t proto, const uint8_t *p, size_t n);
void ncp_protocol_rejected(struct host *h, struct bundle *b, uint16_t proto);
void ncp_tick(struct host *h, struct bundle *b);
uint64_t ncp_deadline_ms(const struct bundle *b);

#endif
