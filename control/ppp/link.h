/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_LINK_H
#define CONTROL_PPP_LINK_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "control/ppp/auth_machine.h"
#include "control/ppp/discovery_server.h"
#include "control/ppp/dsl_tags.h"
#include "control/ppp/host.h"
#include "control/ppp/host_timer.h"
#include "control/ppp/lcp.h"
#include "control/ppp/line_meter.h"
#include "control/ppp/membership.h"

/* One PPPoE session of either role with its LCP and authentication, from PADS to PADT. */

enum link_phase {
	LINK_FREE,
	LINK_LCP,
	LINK_AUTH,
	LINK_JOIN, /* it waits for a word from its bundle, or the data plane is installing it */
	LINK_OPEN,
	LINK_TERMINATE,
};

/* What is to be done with a link when its time has come. */
enum link_doom {
	LINK_LIVES,
	LINK_CLOSE,     /* Terminate-Request, then wait for the answer */
	LINK_END,       /* PADT */
	LINK_AUTH_FAIL, /* the delay after a wrong password is over */
	LINK_TRY_JOIN,  /* a word from the bundle's other links has come, or not come in time */
};

/* How the client's link goes on after its session. */
enum link_after {
	LINK_REDIAL,
	LINK_REDIAL_NOW, /* the concentrator does not know the session (L-14) */
	LINK_HOLD,       /* no use dialling while the client runs without multilink (G-03) */
	LINK_REST,       /* nothing was to be carried */
};

enum { LINK_EXPLAIN_MAX = 256, LINK_HELD_MAX = 544 };

struct link_held {
	uint16_t proto, len;
	uint8_t bytes[];
};

/* What is found out about an open link by Echo-Requests: its line's rate, its quality, or both. */
struct link_probe {
	bool metered, probed;
	uint8_t told;                /* enum host_rate_source: of the rate before anything was measured */
	struct line_meter meter;     /* metered */
	struct link_quality quality; /* probed */
	struct link_spread spread;   /* probed */
};

struct link {
	struct timer timer;
	uint8_t phase; /* enum link_phase */
	uint8_t doom;  /* enum link_doom, at doom_ms */
	uint8_t after; /* enum link_after */
	bool client;
	bool ended; /* nothing may be done with it but to take it out */
	bool gone;  /* the peer knows (PADT came): none is sent */
	bool told_down;
	bool lcp_seen, trace, authenticated, counted;
	bool proven;     /* gave a right password */
	bool accepted;   /* the peer took ours */
	bool tx_hold;    /* installed receive-only */
	uint8_t slot;    /* in its bundle */
	uint8_t nth;     /* not 0: what explain would say follows from its being the nth link of its bundle */
	uint8_t asks;    /* how often it has waited for a word from the bundle `asked` */
	uint8_t waiting; /* LINK_INSTALLs without confirmation */
	uint16_t owner;  /* concentrator or client */
	uint16_t max_payload, tx_mru;
	uint32_t dial; /* client: its dial */
	uint32_t id;
	struct host_session_key key;

	/* in the indexes; ids, 0 ends */
	uint32_t next_key, next_mac, next_fingerprint;
	uint8_t fingerprint[DISCOVERY_FINGERPRINT_LEN];

	struct lcp lcp;
	struct auth_machine
		*auth[AUTH_ROLES]; /* by our role: proves ourselves, checks the peer; NULL: that is not agreed on */
	char *login;               /* the name that was given, unless it is the user's; text.h */
	int user;                  /* -1: none */

	uint32_t bundle;         /* id, 0: none */
	uint32_t next_of_bundle; /* id, 0: it has the highest slot */
	uint32_t asked;          /* bundle that it waits for, id, 0: none */
	uint64_t begun, heard;   /* host.frames when the session began, and when its peer was last heard */
	struct host_line line;
	struct link_probe *probe;     /* NULL: nothing of it is measured */
	struct link_reports *reports; /* NULL: none were agreed on */

	uint64_t doom_ms, up_since_ms;
	struct dsl_line *dsl; /* NULL: the access node said nothing of it */
	char *explain;        /* why it is as it is; text.h */

	/* a packet that waits for the data plane: our final Configure-Ack, or the peer's challenge; NULL: none */
	struct link_held *held;
};

_Static_assert(sizeof(struct link) <= 480, "docs/performance.md, P13: a bundle has two of them and more");

const char *link_phase_name(enum link_phase phase);

/* Largest link MRU of a session (RFC 2516 section 7, RFC 4638): agreed is the PPP-Max-Payload of discovery, 0 without. */
uint16_t link_mru_limit(uint16_t port_mtu, uint16_t agreed);
/* What one frame to the peer may carry: the peer's MRU, what the port lets through, and the configured ceiling (0: none). */
uint16_t link_tx_mru(uint16_t peer_mru, uint16_t port_mtu, uint16_t ceiling);
/* Fills what LCP agreed on; m borrows *ep. */
void link_identity(const struct link *l, struct membership_link *m, struct host_endpoint *ep);
/* A sentence on why it joined or did not, or went down; cut to LINK_EXPLAIN_MAX. */
void link_explain(struct link *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
void link_vexplain(struct link *l, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
/* A packet of that protocol waits. */
bool link_holds(const struct link *l, uint16_t proto);
/* Nothing is to be sent on it for its quality. */
bool link_is_suspended(const struct link *l);
/* Gives back what was taken for it beside its place in the table. */
void link_fini(struct link *l);

#endif
