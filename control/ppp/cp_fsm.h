/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_CP_FSM_H
#define CONTROL_PPP_CP_FSM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/ppp/cp_options.h"
#include "control/ppp/host.h"
#include "control/ppp/outbox.h"

/* The option negotiation automaton of RFC 1661 section 4, shared by LCP and the NCPs. It knows packets, identifiers,
 * counters and the restart timer; what the options mean is the owner's business, behind struct cp_ops. */

enum cp_state { /* numbers of section 4.1 */
	CP_INITIAL,
	CP_STARTING,
	CP_CLOSED,
	CP_STOPPED,
	CP_CLOSING,
	CP_STOPPING,
	CP_REQ_SENT,
	CP_ACK_RCVD,
	CP_ACK_SENT,
	CP_OPENED,
	CP_STATES
};

enum cp_event { /* rows of section 4.1 */
	CP_UP,
	CP_DOWN,
	CP_OPEN,
	CP_CLOSE,
	CP_TO_PLUS,
	CP_TO_MINUS,
	CP_RCR_PLUS,
	CP_RCR_MINUS,
	CP_RCA,
	CP_RCN,
	CP_RTR,
	CP_RTA,
	CP_RUC,
	CP_RXJ_PLUS,
	CP_RXJ_MINUS,
	CP_RXR,
	CP_EVENTS
};

enum cp_action { /* section 4.4, and the table's own names */
	CP_ACT_NONE,
	CP_TLU,
	CP_TLD,
	CP_TLS,
	CP_TLF,
	CP_IRC,
	CP_ZRC,
	CP_SCR,
	CP_SCA,
	CP_SCN,
	CP_STR,
	CP_STA,
	CP_SCJ,
	CP_SER
};

/* A cell of the table. `mark` is the RFC's letter behind the state: r (restart option), p (passive option), x (crossed
 * connection), 0. The two options are not offered. */
struct cp_cell {
	uint8_t next; /* enum cp_state, or CP_IMPOSSIBLE ('-' in the RFC) */
	uint8_t actions[3];
	char mark;
};

enum { CP_IMPOSSIBLE = 0xff };

/* The table itself, for the owner of the machine and for the test that lays it beside the RFC. */
const struct cp_cell *cp_fsm_cell(enum cp_event event, enum cp_state state);
const char *cp_state_name(enum cp_state state);
const char *cp_event_name(enum cp_event event);

enum cp_code { /* section 5; 12 and 13 are RFC 1570 */
	CP_NO_ANSWER,
	CP_CONFIGURE_REQUEST,
	CP_CONFIGURE_ACK,
	CP_CONFIGURE_NAK,
	CP_CONFIGURE_REJECT,
	CP_TERMINATE_REQUEST,
	CP_TERMINATE_ACK,
	CP_CODE_REJECT,
	CP_PROTOCOL_REJECT,
	CP_ECHO_REQUEST,
	CP_ECHO_REPLY,
	CP_DISCARD_REQUEST,
	CP_IDENTIFICATION,
	CP_TIME_REMAINING,
};

enum {
	CP_HDR_LEN = 4,
	CP_PACKET_MAX = 1500, /* longer ones are not taken, and none is sent */
	CP_OPTIONS_MAX = CP_PACKET_MAX - CP_HDR_LEN
};

/* A received packet, lengths checked: data is what lies between header and the length field's end. */
struct cp_packet {
	uint8_t code, id;
	uint16_t len; /* of data */
	const uint8_t *data;
	uint64_t now_ms;
};

/* False: shorter than a header, a length field that is a lie, or more than CP_PACKET_MAX. Bytes behind the length are
 * padding. */
bool cp_packet_parse(const uint8_t *p, size_t n, uint64_t now_ms, struct cp_packet *pkt);

struct cp_fsm;

/* What a protocol adds. Functions get options whose lengths add up. `out` is for notes (and echo's answer) only. */
struct cp_ops {
	uint16_t proto;
	const char *name;
	/* A new negotiation begins: forget what earlier answers taught. */
	void (*reset)(struct cp_fsm *f);
	/* Our wishes as options. Same state, same bytes: an Ack is compared with it. */
	void (*request)(const struct cp_fsm *f, struct cp_writer *w);
	/* Peer's wishes: returns CP_CONFIGURE_ACK (and keeps them), _NAK or _REJECT with the answer's options in w, or CP_NO_ANSWER: there
	 * is no memory for them.
	 * give_up: do not Nak any more (Max-Failure). */
	enum cp_code (*judge)(struct cp_fsm *f, const uint8_t *options, size_t n, bool give_up, struct cp_writer *w,
		struct outbox *out);
	/* Answers to our request. give_up (acked: false): this Nak repeats without end, do as if it were a Reject. */
	void (*acked)(struct cp_fsm *f, struct outbox *out);
	void (*naked)(struct cp_fsm *f, const uint8_t *options, size_t n, bool give_up, struct outbox *out);
	void (*rejected)(struct cp_fsm *f, const uint8_t *options, size_t n, struct outbox *out);
	/* NULL or: a code above 7. True: known. */
	bool (*other)(struct cp_fsm *f, const struct cp_packet *pkt, struct outbox *out);
	/* NULL or: the table says ser (Echo-Request, Echo-Reply or Discard-Request while Opened). */
	void (*echo)(struct cp_fsm *f, const struct cp_packet *pkt, struct outbox *out);
	/* NULL or: the peer does not know a code that we can do without. */
	void (*code_rejected)(struct cp_fsm *f, uint8_t code, struct outbox *out);
};

struct cp_fsm {
	const struct cp_ops *ops;
	const char *why;      /* NULL, or why it does not (or no longer) stand */
	uint64_t deadline_ms; /* of the restart timer */
	uint32_t restart_ms;
	uint32_t acked_digest; /* of the options of the peer's request that we last accepted */
	uint16_t tx_max;       /* longest packet that the peer takes: bounds what is copied back to it */
	uint16_t naks_rx;      /* in this negotiation, without an Ack; at most twice max_failure and one */
	uint8_t naks_tx;       /* the same, at most max_failure */
	uint8_t state;         /* enum cp_state */
	uint8_t max_configure, max_terminate, max_failure;
	uint8_t restarts;   /* transmissions left: the restart counter */
	uint8_t next_id;    /* of the next packet that needs a new one */
	uint8_t request_id; /* of the last Configure-Request */
	uint8_t terminate_id;
	uint8_t acked_id; /* of that request of the peer's */
	uint8_t acked_repeats;
	bool awaiting : 1; /* the last Configure-Request has no answer yet */
	bool failing : 1;  /* an op called cp_fsm_fail: close instead of going on */
};

_Static_assert(sizeof(struct cp_fsm) <= 48, "each link has one, each bundle two");

/* Zero in timing: the RFC's defaults (3 s, 10, 2, 5). */
void cp_fsm_init(struct cp_fsm *f, const struct cp_ops *ops, const struct host_timing *timing);
void cp_fsm_open(struct cp_fsm *f, uint64_t now_ms, struct outbox *out);
void cp_fsm_close(struct cp_fsm *f, uint64_t now_ms, struct outbox *out);
void cp_fsm_lower(struct cp_fsm *f, bool up, uint64_t now_ms, struct outbox *out);
void cp_fsm_input(struct cp_fsm *f, const uint8_t *p, size_t n, uint64_t now_ms, struct outbox *out);
void cp_fsm_tick(struct cp_fsm *f, uint64_t now_ms, struct outbox *out);
uint64_t cp_fsm_deadline_ms(const struct cp_fsm *f);

/* For the owner: a fatal Protocol-Reject (RXJ-), an echo (RXR). pkt may be NULL for events that need none. */
void cp_fsm_event(
	struct cp_fsm *f, enum cp_event event, const struct cp_packet *pkt, uint64_t now_ms, struct outbox *out);
/* Inside an op: the negotiation cannot end well; why is a static string. The automaton gets Close instead of the
 * event. */
void cp_fsm_fail(struct cp_fsm *f, const char *why, struct outbox *out);
/* A packet of the owner's: room for len bytes of data, header written. NULL: outbox full. */
uint8_t *cp_fsm_send(const struct cp_fsm *f, uint8_t code, uint8_t id, size_t len, struct outbox *out);
uint8_t cp_fsm_new_id(struct cp_fsm *f);

#endif
