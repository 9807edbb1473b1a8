/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_BUNDLE_H
#define CONTROL_PPP_BUNDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "control/ppp/bandwidth.h"
#include "control/ppp/dhcp6_client.h"
#include "control/ppp/dhcp6_server.h"
#include "control/ppp/host.h"
#include "control/ppp/host_timer.h"
#include "control/ppp/ipcp.h"
#include "control/ppp/ipv6cp.h"
#include "control/ppp/ra_sender.h"

/* What the links of one peer are together: NCPs, addresses, routes. A plain PPP link is a bundle of one. */

enum bundle_state {
	BUNDLE_FREE,
	BUNDLE_LIVE,
	BUNDLE_DRAINING, /* no link any more, its routes are being taken back */
	BUNDLE_REMOVED,  /* until the data plane says so */
};

/* As agreed by LCP, the same on all links (RFC 1990 section 5.1). Without MP: MRUs. */
struct bundle_format {
	bool mp, rx_short, tx_short;
	uint16_t our_mrru, peer_mrru;
};

enum { BUNDLE_HELD_MAX = 192 };

enum bundle_ncp { NCP_V4, NCP_V6, NCPS };

/* Routes of one family that are set: the first `set` of the list that its addresses make. */
struct bundle_routes {
	uint32_t wanted : 1; /* a bool */
	uint32_t set : 31;
};

/* A packet of an NCP that came before we could answer. */
struct bundle_held {
	uint16_t len;
	uint8_t bytes[];
};

/* What it has carried, as far as it is asked. */
struct bundle_meter {
	uint64_t look_ms; /* of the next question; UINT64_MAX: never */
	uint64_t packets; /* of data at the last answer, both directions */
	uint64_t
		control_packets; /* that came out of multilink frames, where the data plane counts them with the others */
	uint64_t idle_since_ms;
	uint64_t sample_ms;                 /* when the next slot of bandwidth management ends; UINT64_MAX: never */
	struct bundle_bandwidth *bandwidth; /* NULL: it is not managed */
};

/* For bandwidth management. */
struct bundle_bandwidth {
	uint64_t sampled_ms; /* when the last slot ended */
	bool sampling;       /* the answer under way is for that */
	struct {
		uint32_t link; /* id, 0: none */
		uint64_t rx_bytes, tx_bytes;
	} counted[HOST_LINKS_MAX]; /* what the links in the slots had carried then */
	struct bandwidth bandwidth;
};

/* What a peer hears of IPv6 beyond IPV6CP, if there is something to tell. */
struct bundle_serve6 {
	struct ra_sender adverts;
	struct dhcp6_server dhcp6;
};

/* What we as client hear of it. */
struct bundle_uplink6 {
	struct dhcp6_client dhcp6;
	uint64_t release_ms; /* when the prefix is to be given back, for which its links wait; 0: not at all */
	struct ip_addr heard_dns[HOST_DNS6_MAX]; /* of the peer's router advertisements */
	uint64_t heard_until_ms[HOST_DNS6_MAX];  /* the ends of their lifetimes; UINT64_MAX: never */
	unsigned heard_n_dns;
};

/* A prefix that the peer was given, until the bundle ends; it is routed to him while he has it and IPv6 is open. */
struct bundle_prefix {
	struct host_route prefix; /* len 0: none */
	bool from_pool, from_user;
	bool routed; /* its route is set */
};

enum bundle_prefix_kind { PREFIX_LINK, PREFIX_DELEGATED, PREFIXES };

/* Links that wait for a word from it: ids, some of them may be out of date. */
struct bundle_askers {
	unsigned n;
	uint32_t links[HOST_LINKS_MAX];
};

struct bundle {
	struct timer timer;
	uint8_t state; /* enum bundle_state */
	bool client, announced;
	bool ncp_started;  /* the network phase has begun */
	bool ncp_on[NCPS]; /* its machine runs */
	uint8_t ncp_retries[NCPS];
	bool from_pool, has_user_address, has_user_routes;
	bool prefix_missed[PREFIXES];     /* the operator was told that there was none */
	bool routes_moving;               /* more than one turn can do */
	uint16_t owner;                   /* concentrator or client */
	uint32_t ncp_opened[NCPS];        /* times that it opened, */
	uint64_t ncp_opened_ms[NCPS];     /* and when it last did */
	uint64_t ncp_retry_ms[NCPS];      /* when one that ended beside another is tried again, or begun anew; 0: not */
	uint32_t ncp_inside, ncp_outside; /* packets of the peer's NCPs: in multilink frames, and straight on a link */
	uint32_t id;
	uint32_t next_free;
	const char *name;  /* borrowed of the configuration, or: */
	char mac_name[18]; /* of a peer without a name */
	struct bundle_format format;
	uint16_t ip_mtu;

	uint32_t first_link; /* id, 0: none; the others through next_of_bundle, in the order of their slots */

	uint64_t heard;               /* host.frames when its peer was last heard on it */
	struct bundle_askers *askers; /* NULL: nobody waits for a word from it */

	struct ipcp ipcp;
	struct ipv6cp ipv6cp;
	uint32_t address; /* given to the peer */
	int user;         /* whose address and routes it has; -1: nobody's */
	struct bundle_prefix prefixes[PREFIXES];
	struct bundle_serve6 *serve6;   /* concentrator; NULL: nothing is told */
	struct bundle_uplink6 *uplink6; /* client; NULL: IPV6CP was never open */

	struct host_bundle_values values; /* as the data plane knows them */
	uint64_t up_since_ms;

	struct bundle_routes routes[NCPS];
	uint32_t route_our, route_peer; /* IPv4 addresses of those that are set */

	struct bundle_held *held[NCPS]; /* NULL: none */
	struct bundle_meter *meter;     /* NULL: nobody asks */
	char *last_words;               /* why its last link went; text.h */
};

_Static_assert(sizeof(struct bundle) <= 560, "docs/performance.md, P13");

/* Largest packet we send: the peer's MRRU; ip_mtu (host_client, host_concentrator) may lower it, -2 to what one fragment of tx_mru carries. */
uint16_t bundle_ip_mtu(const struct bundle_format *f, int ip_mtu, uint16_t tx_mru);
/* Ceiling for SYNs: configured (-1: mtu less headers). 0: leave alone. */
uint16_t bundle_mss(int configured, uint16_t mtu, uint16_t headers);
/* Size and framing part of the values, given what a packet may have. */
void bundle_sizes(
	struct host_bundle_values *v, const struct bundle_format *f, const struct host_mss *mss, uint16_t ip_mtu);
/* Gives back what was taken for it beside its place in the table. */
void bundle_fini(struct bundle *b);

#endif
