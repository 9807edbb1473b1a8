/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_OBSERVER_H
#define CONTROL_PPP_OBSERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/ppp/host.h"
#include "dataplane/wire/eth.h"

/* Learns from the frames of others, seen on their way: which PPPoE sessions there are, what their two ends agreed by LCP, who
 * authenticated himself, which links make a bundle, which network protocols are open. Takes no part and sends nothing. Input is
 * frames, output is effects; no time, no chance, no world. What capturing lost is forgiven where the rest says the same. */

enum {
	OBSERVER_SESSIONS_MAX = 4096, /* living at the same time */
	OBSERVER_BUNDLES_MAX = 4096,  /* in all */
	OBSERVER_EFFECTS_MAX = 8,     /* of one frame */
	OBSERVER_NAME_MAX = HOST_AUTH_NAME_MAX,
};

/* The two ends of a session. A direction is named by the end that sends. */
enum observer_end { OBSERVER_CLIENT, OBSERVER_AC, OBSERVER_ENDS };

struct observer_key {
	uint16_t port, session; /* port: of the first frame */
	struct vlan_stack vlans;
	struct mac mac[OBSERVER_ENDS];
};

/* What one end of a bundle said of itself. */
struct observer_party {
	bool authenticated;
	char name[OBSERVER_NAME_MAX]; /* if authenticated; printable, the rest as \xNN */
	struct host_endpoint endpoint;
	uint16_t mru;   /* what it takes without multilink */
	uint16_t mrru;  /* what it takes with; 0: it takes no multilink */
	bool short_seq; /* it wants to receive short sequence numbers */
};

/* Several sessions, or one without multilink. Stays known when its last link has left. */
struct observer_bundle {
	struct observer_party party[OBSERVER_ENDS];
	bool v4, v6;           /* IPCP, IPV6CP open */
	bool seen_v4, seen_v6; /* have ever been */
	uint16_t slots;        /* bit a link */
	unsigned links;        /* that ever joined */
};

enum observer_effect_kind {
	OBSERVER_SESSION_SEEN, /* there is a session; it carries no data yet */
	OBSERVER_LINK_UP, /* it carries the data of `bundle`, in `slot`. If that is the bundle's first, the bundle is new */
	OBSERVER_LINK_REFUSED, /* it can be no link of a bundle: see observer_refusal() */
	OBSERVER_NETWORKS,     /* v4, v6 of the bundle have changed */
	OBSERVER_LINK_DOWN,    /* no more data; the session lives on until SESSION_GONE */
	OBSERVER_BUNDLE_DOWN,  /* the bundle's last link has gone down */
	OBSERVER_SESSION_GONE,
};

struct observer_effect {
	enum observer_effect_kind kind;
	struct observer_key key; /* not of NETWORKS and BUNDLE_DOWN */
	unsigned bundle, slot;
};

struct observer_effects {
	unsigned n;
	struct observer_effect items[OBSERVER_EFFECTS_MAX];
};

struct observer_counts {
	uint64_t sessions, discovered; /* seen; of those: with their PADS */
	uint64_t links, refused;
	uint64_t too_many; /* sessions or bundles beyond the maximum: not followed */
};

struct observer;

/* NULL: no memory. */
struct observer *observer_new(void);
void observer_free(struct observer *o);

/* An Ethernet frame, in either direction; any bytes. Returns the port whose session it belongs to: the capture of a link may
 * come in several files. Otherwise the port given. */
uint16_t observer_frame(
	struct observer *o, uint16_t port, const uint8_t *frame, size_t len, struct observer_effects *out);
/* A control protocol that came out of the bundle (RFC 1990 section 2), sent by `from`: from its protocol field on. */
void observer_bundle_packet(struct observer *o, unsigned bundle, enum observer_end from, const uint8_t *packet,
	size_t len, struct observer_effects *out);

/* Bundles are numbered from 0 in the order of their first links. */
unsigned observer_bundles(const struct observer *o);
const struct observer_bundle *observer_bundle(const struct observer *o, unsigned bundle);
const struct observer_counts *observer_counts(const struct observer *o);
/* Why the last link was refused. */
const char *observer_refusal(const struct observer *o);

#endif
