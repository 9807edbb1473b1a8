/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_DISCOVERY_CLIENT_H
#define CONTROL_PPP_DISCOVERY_CLIENT_H

#include "control/ppp/discovery_wire.h"

/* PPPoE discovery as host (RFC 2516 section 5, RFC 4638): one machine a link, PADI to session. */

enum discovery_client_state {
	DISCOVERY_CLIENT_IDLE,
	DISCOVERY_CLIENT_PADI_SENT,
	DISCOVERY_CLIENT_PADR_SENT,
	DISCOVERY_CLIENT_SESSION,
};

/* Why it fell back to IDLE. */
enum discovery_failure {
	DISCOVERY_FAIL_NONE,
	DISCOVERY_FAIL_NO_PADO,      /* nobody answered, or only with offers we do not want (see refused) */
	DISCOVERY_FAIL_NO_PADS,      /* the chosen one did not answer */
	DISCOVERY_FAIL_SERVICE_NAME, /* error tags of the PADS */
	DISCOVERY_FAIL_AC_SYSTEM,
	DISCOVERY_FAIL_GENERIC,
	DISCOVERY_FAIL_NO_SESSION, /* PADS with session id 0 or 0xffff and no error tag */
	DISCOVERY_FAIL_TOO_LARGE,  /* tags to send or to echo do not fit a frame */
};

const char *discovery_failure_text(enum discovery_failure f);

enum { DISCOVERY_UNIQ_LEN = 12, DISCOVERY_ERROR_MAX = 128, DISCOVERY_ECHO_MAX = DISCOVERY_REQUEST_MAX };

struct discovery_client_wish {
	uint16_t port;   /* only kept, for the session's key */
	uint32_t number; /* whatever the caller finds it by: goes into the Host-Uniq, see discovery_client_number() */
	struct mac local;
	struct vlan_stack vlans;
	const char *service, *ac_name; /* NULL: any; borrowed */
	uint16_t max_payload;          /* PPP-Max-Payload to ask for, > 1492; 0: do not ask */
	/* Exponential back-off: first, doubling, at most max; each with up to a quarter of jitter on top. 0: 500, 8000. */
	uint32_t retry_first_ms, retry_max_ms;
	uint8_t padi_tries, padr_tries; /* 0: 5, 4 */
};

struct discovery_client {
	enum discovery_client_state state;
	enum discovery_failure failure;  /* the last one */
	enum discovery_verdict refused;  /* why the last PADO of this attempt was not taken; OK: there was none */
	char error[DISCOVERY_ERROR_MAX]; /* printable text of the peer's error tag, or empty */
	char peer_name[HOST_NAME_MAX];   /* printable AC-Name of the chosen offer */
	struct host_session_key key;     /* in SESSION: complete; in PADR_SENT: the peer */
	uint16_t max_payload;            /* in SESSION: agreed link MRU limit (RFC 4638), 0: 1492 holds */

	/* private */
	struct discovery_client_wish want;
	uint8_t uniq[DISCOVERY_UNIQ_LEN];
	uint32_t jitter;
	uint64_t deadline_ms, padi_ms;
	unsigned tries;
	uint16_t service_len, cookie_len, relay_len; /* what the PADR echoes, in echo[], in this order */
	bool has_cookie, has_relay;
	uint8_t echo[DISCOVERY_ECHO_MAX];
};

enum discovery_client_event {
	DISCOVERY_CLIENT_NOTHING,
	DISCOVERY_CLIENT_UP,     /* session: key, max_payload */
	DISCOVERY_CLIENT_FAILED, /* idle: failure, refused, error. The caller redials */
};

/* Effects of one call, overwritten by each. Order: frame first, then event. */
struct discovery_client_out {
	enum discovery_client_event event;
	struct discovery_frame frame; /* len 0: none */
};

/* Of the client that a PADO or PADS answers, by its Host-Uniq. False: of none of ours. discovery_client_input() still checks it whole. */
bool discovery_client_number(const struct discovery_view *v, uint32_t *number);

void discovery_client_init(struct discovery_client *c, const struct discovery_client_wish *want);
/* Starts an attempt from IDLE (from any other state the old attempt is forgotten without PADT). random: 16 unpredictable
 * bytes for Host-Uniq and jitter. */
void discovery_client_open(
	struct discovery_client *c, const uint8_t random[16], uint64_t now_ms, struct discovery_client_out *out);
/* To IDLE; PADT if there was a session. No event. */
void discovery_client_close(struct discovery_client *c, struct discovery_client_out *out);
/* The session ended from the other side (PADT seen): to IDLE, silently. */
void discovery_client_gone(struct discovery_client *c);
/* A PADO or PADS of the link's port and VLANs. HOST_UNIQ, NOT_FOR_US: not for this link. PADTs are the host's business
 * (discovery_padt_check). */
enum discovery_verdict discovery_client_input(
	struct discovery_client *c, const struct discovery_view *v, uint64_t now_ms, struct discovery_client_out *out);
void discovery_client_tick(struct discovery_client *c, uint64_t now_ms, struct discovery_client_out *out);
uint64_t discovery_client_deadline_ms(const struct discovery_client *c); /* UINT64_MAX: asleep */

#endif
