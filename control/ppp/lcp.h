/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_LCP_H
#define CONTROL_PPP_LCP_H

#include "control/ppp/cp_fsm.h"
#include "control/ppp/endpoint.h"
#include "control/ppp/host.h"
#include "control/ppp/outbox.h"

/* Link control protocol of one PPPoE session: RFC 1661, multilink's options (RFC 1990), RFC 2516 section 7. Effects
 * carry proto PPP_LCP; OUT_PROTOCOL_REJECTED carries the protocol that the peer does not know (MP, an NCP,
 * authentication). */

enum lcp_option {
	LCP_MRU = 1,
	LCP_ACCM = 2,
	LCP_AUTH = 3,
	LCP_QUALITY = 4,
	LCP_MAGIC = 5,
	LCP_PFC = 7,
	LCP_ACFC = 8,
	LCP_FCS = 9,
	LCP_MRRU = 17,
	LCP_SHORT_SEQ = 18,
	LCP_ENDPOINT = 19,
};

enum {
	LCP_MRU_DEFAULT = 1500,
	LCP_MRU_MIN = 128, /* a peer that wants less is sent a Nak */
	LCP_MRRU_AUTO = 1524,
	LCP_MRRU_MIN = 296,
	LCP_QUALITY_MS_DEFAULT = 30000,
	LCP_LOOPS_MAX = 5, /* equal magic numbers in a row: the line is looped back */
};

/* What is wanted of this link. Pointers are borrowed and live as long as the machine. */
struct lcp_wish {
	const struct host_lcp *lcp;
	const struct host_multilink *multilink; /* enabled false, or NULL: no MRRU, no short numbers */
	const struct host_endpoint *endpoint;   /* ours, already chosen; NULL: none is sent */
	uint16_t mru;                           /* to ask for; 0: mru_limit */
	uint16_t mru_limit;                     /* what the session carries: 1492, more only after RFC 4638; 0: 1492 */
	enum host_auth demand[HOST_AUTHS_MAX];  /* the peer shall do one of these (if p_auth.want), best first */
	enum host_auth accept[HOST_AUTHS_MAX];  /* what the peer may demand of us (if p_auth.allow), best first */
};

/* What one end announced and the other acknowledged; defaults where it announced nothing. */
struct lcp_side {
	uint16_t mru;  /* largest PPP information field this end takes; never above mru_limit */
	uint16_t mrru; /* 0: this end takes no multilink */
	uint32_t magic;
	enum host_auth auth; /* what this end demands of the other */
	bool short_seq;      /* this end wants to receive short sequence numbers (RFC 1990 section 5.1.2) */
	bool pfc;            /* this end takes compressed protocol fields */
	bool quality;        /* this end wants Link-Quality-Reports (RFC 1989) */
	uint32_t quality_cs; /* at least every so many hundredths of a second; 0: as answers */
};

/* Our Echo-Requests, and the peer's. */
struct lcp_echoes {
	uint16_t sent, answered;
	uint16_t unanswered; /* no answer when the next one was due */
	uint16_t replies;    /* to the peer's */
};

struct lcp {
	struct cp_fsm fsm;
	struct lcp_wish wish;
	host_random_fn *random;
	void *random_ctx;
	struct lcp_side ours, peers;
	struct endpoint_kept peer_endpoint;

	/* our requests, as the peer's answers change them */
	uint32_t asking; /* bit n: option type n is in our request */
	uint16_t ask_mru, ask_mrru;
	uint8_t ask_auth; /* index in wish.demand */
	uint32_t magic, ask_quality_cs;
	uint8_t loops;
	bool mrru_refused, auth_refused;

	/* echo */
	struct lcp_echoes echoes;
	uint64_t echo_due_ms;
	uint32_t echo_sent_ms; /* low half of the time, as round trips need no more */
	uint32_t echo_rtt_ms;
	uint8_t echo_id, echo_missed;
	bool echo_waiting, echo_rtt_known, echo_off, probed, protocol_reject_off;

	/* Echo-Requests that only time the line, told from the others by a number behind the magic number */
	bool timing_waiting, timing_answered;
	uint32_t timing;         /* number of the last one */
	uint32_t timing_sent_ms; /* low half of the time */
	uint32_t timing_rtt_ms;
};

/* random: magic numbers, drawn at each start of a negotiation. */
void lcp_init(struct lcp *l, const struct lcp_wish *wish, host_random_fn *random, void *random_ctx);
/* Gives back what was taken for it. */
void lcp_fini(struct lcp *l);
void lcp_open(struct lcp *l, uint64_t now_ms, struct outbox *out);
/* Leaves Terminate-Request to be repeated; OUT_LAYER_DOWN at once, OUT_LAYER_FINISHED when the peer answered or did
 * not. */
void lcp_close(struct lcp *l, uint64_t now_ms, struct outbox *out);
/* One LCP packet from the code field on; bytes behind its length field are ignored. */
void lcp_input(struct lcp *l, const uint8_t *p, size_t n, uint64_t now_ms, struct outbox *out);
void lcp_lower(struct lcp *l, bool up, uint64_t now_ms, struct outbox *out);
void lcp_tick(struct lcp *l, uint64_t now_ms, struct outbox *out);
uint64_t lcp_deadline_ms(const struct lcp *l);

/* Tells the peer that a protocol is unknown here: pkt is what followed the protocol field. Nothing unless Opened (RFC
 * 1661 section 5.7). */
void lcp_protocol_reject(struct lcp *l, uint16_t proto, const uint8_t *pkt, size_t n, struct outbox *out);

/* An Echo-Request out of turn, whose answer only shows that the peer still knows the link. It bears the last one's identifier, so that
 * the regular test of the line goes on undisturbed. False: the peer takes none. */
bool lcp_probe(struct lcp *l, struct outbox *out);

/* An Echo-Request out of turn whose answer tells the round trip, and nothing about whether the line lives. False: the peer takes none. */
bool lcp_time(struct lcp *l, uint64_t now_ms, struct outbox *out);
/* Round trip of the last one; false: it is not answered, or its answer was taken before. */
bool lcp_take_timing(struct lcp *l, uint32_t *rtt_ms);

/* Queries. Values are meaningful while open. */
bool lcp_is_open(const struct lcp *l);
const struct lcp_side *lcp_ours(const struct lcp *l);  /* what we may receive, what we demand */
const struct lcp_side *lcp_peers(const struct lcp *l); /* what we may send, what is demanded of us */
/* Class 0 and length 0 when the peer sent none (M-01). */
struct host_endpoint lcp_peer_endpoint(const struct lcp *l);
/* Multilink in both directions: each end announced an MRRU. */
bool lcp_is_mp(const struct lcp *l);
/* The peer rejected our MRRU (G-03). */
bool lcp_mrru_was_refused(const struct lcp *l);
/* It failed as the peer does nothing of what it should authenticate itself by. */
bool lcp_auth_was_refused(const struct lcp *l);
/* What was counted since the last call, which is forgotten. */
struct lcp_echoes lcp_take_echoes(struct lcp *l);
/* Round trip of the last answered echo; false: none yet. */
bool lcp_echo_rtt_ms(const struct lcp *l, uint32_t *rtt_ms);
/* Why it failed or ended: static text, NULL while nothing went wrong. */
const char *lcp_why(const struct lcp *l);

#endif
