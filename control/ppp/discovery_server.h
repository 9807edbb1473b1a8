/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_DISCOVERY_SERVER_H
#define CONTROL_PPP_DISCOVERY_SERVER_H

#include "control/ppp/ac_cookie.h"
#include "control/ppp/discovery_wire.h"
#include "control/ppp/dsl_tags.h"
#include "control/ppp/rate_limit.h"
#include "control/ppp/session_ids.h"

/* PPPoE discovery as access concentrator (RFC 2516 section 5, RFC 4638), one a concentrator. Keeps nothing about a host until
 * its PADR came with a valid cookie; the sessions are the caller's. A PADR goes:
 *
 *	discovery_server_padr   OK: go on. Else refused; out may hold a PADS with an error tag
 *	  a link with the request's fingerprint on which no LCP came yet?  discovery_server_pads with its id: retransmission
 *	discovery_server_admit  with the caller's counters
 *	  session_ids_take
 *	discovery_server_pads   or, refused or without id, discovery_server_refuse
 */

enum { DISCOVERY_FINGERPRINT_LEN = 16, DISCOVERY_DELAYED_BYTES = 256 * 1024 };

/* Where a frame came from, and where its answer goes. */
struct discovery_port {
	uint16_t index;
	struct mac mac;
	uint16_t mtu; /* Ethernet payload, VLAN tags apart */
};

/* What the caller keeps of a PADR in the session that comes of it. */
struct discovery_request {
	uint8_t fingerprint[DISCOVERY_FINGERPRINT_LEN]; /* of MAC, port, VLANs, Host-Uniq, Relay-Session-Id */
	uint16_t max_payload;                           /* agreed link MRU limit (RFC 4638); 0: 1492 holds */
	char service[HOST_NAME_MAX];                    /* printable */
	struct dsl_tags dsl;
};

/* Sessions there are, counted by the caller. */
struct discovery_usage {
	uint32_t total, of_mac, of_vlan, of_port;
};

struct discovery_server {
	const struct host_concentrator *cfg; /* borrowed */

	/* private */
	host_random_fn *random;
	void *random_ctx;
	struct ac_cookie cookie;
	uint8_t fingerprint_key[AC_COOKIE_KEY_LEN];
	struct rate_limit limit;
	uint32_t head, tail, delayed; /* FIFO of PADOs that wait: bytes read from, written to, frames in it */
	uint8_t fifo[DISCOVERY_DELAYED_BYTES];
};

void discovery_server_init(struct discovery_server *s, const struct host_concentrator *cfg, host_random_fn *random,
	void *random_ctx, uint64_t now_ms);
/* Does the concentrator listen there? */
bool discovery_server_listens(const struct discovery_server *s, uint16_t port, struct vlan_stack vlans);

/* OK: answered, by out or, with a PADO delay, later out of discovery_server_tick. Silent otherwise. */
enum discovery_verdict discovery_server_padi(struct discovery_server *s, const struct discovery_view *v,
	const struct discovery_port *p, uint64_t now_ms, struct discovery_frame *out);
enum discovery_verdict discovery_server_padr(struct discovery_server *s, const struct discovery_view *v,
	const struct discovery_port *p, uint64_t now_ms, struct discovery_request *req, struct discovery_frame *out);
/* OK or one of FULL_... */
enum discovery_verdict discovery_server_admit(const struct discovery_server *s, const struct discovery_usage *usage);
void discovery_server_pads(const struct discovery_server *s, const struct discovery_view *padr,
	const struct discovery_port *p, const struct discovery_request *req, uint16_t session,
	struct discovery_frame *out);
/* PADS with session id 0: AC-System-Error with the verdict's text. */
void discovery_server_refuse(const struct discovery_server *s, const struct discovery_view *padr,
	const struct discovery_port *p, enum discovery_verdict why, struct discovery_frame *out);

/* The next delayed PADO that is due: true, its frame and port. Call until false. */
bool discovery_server_tick(struct discovery_server *s, uint64_t now_ms, uint16_t *port, struct discovery_frame *out);
uint64_t discovery_server_deadline_ms(const struct discovery_server *s); /* UINT64_MAX: asleep */

#endif
