/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_DISCOVERY_WIRE_H
#define CONTROL_PPP_DISCOVERY_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/ppp/host.h"
#include "dataplane/wire/eth.h"
#include "dataplane/wire/pppoe.h"

/* Discovery frames (RFC 2516 section 5) as values: parsed, checked once, built. Client, server and host share it. */

/* Why a discovery frame was refused: the one list behind the enum and its texts. */
#define DISCOVERY_VERDICTS(V)                                                                 \
	V(OK, "accepted")                                                                     \
	V(ETH_BAD, "Ethernet header cut short or more than two VLAN tags")                    \
	V(NOT_DISCOVERY, "not a PPPoE discovery frame")                                       \
	V(SHORT, "frame ends inside the PPPoE header")                                        \
	V(BAD_VER, "PPPoE version or type is not 1")                                          \
	V(BAD_LENGTH, "PPPoE length field promises more than the frame holds")                \
	V(BAD_CODE, "unknown discovery code")                                                 \
	V(BAD_SOURCE, "source MAC is a group address or zero")                                \
	V(BAD_DESTINATION, "destination MAC does not fit the code: only a PADI is broadcast") \
	V(BAD_SESSION, "session id does not fit the code")                                    \
	V(BAD_TAG, "a tag runs over the end of the frame")                                    \
	V(SERVICE_NAMES, "not exactly one Service-Name tag")                                  \
	V(NOT_FOR_US, "destination MAC, port or VLAN is not ours")                            \
	V(WRONG_SERVICE, "Service-Name is not offered")                                       \
	V(WRONG_AC, "AC-Name is not the wanted one")                                          \
	V(LIMITED_MAC, "too many PADIs from this MAC")                                        \
	V(LIMITED_TOTAL, "too many PADIs in total")                                           \
	V(DELAY_FULL, "too many delayed PADOs under way")                                     \
	V(NO_COOKIE, "PADR without AC-Cookie")                                                \
	V(BAD_COOKIE, "AC-Cookie is not ours, too old, or of another host")                   \
	V(TOO_LARGE, "the answer with all tags to echo does not fit a frame")                 \
	V(FULL_TOTAL, "session limit reached")                                                \
	V(FULL_MAC, "session limit of this MAC reached")                                      \
	V(FULL_VLAN, "session limit of this VLAN reached")                                    \
	V(FULL_PORT, "session limit of this port reached")                                    \
	V(NO_SESSION_ID, "no free session id on this port")                                   \
	V(NO_MEMORY, "no memory to count sessions of another VLAN")                           \
	V(UNEXPECTED, "not expected now")                                                     \
	V(HOST_UNIQ, "Host-Uniq is not ours")                                                 \
	V(WRONG_PEER, "not from the access concentrator that was asked")                      \
	V(ERROR_TAG, "peer reported an error")                                                \
	V(UNKNOWN_SESSION, "PADT for no session of this peer")

enum discovery_verdict {
#define V(name, text) DISCOVERY_##name,
	DISCOVERY_VERDICTS(V)
#undef V
		DISCOVERY_VERDICT_COUNT
};

const char *discovery_verdict_text(enum discovery_verdict verdict);

enum {
	/* PADI and PADR leave room for a relay agent's tag (RFC 2516 section 5.1); header included. */
	DISCOVERY_REQUEST_MAX = 1484,
	DISCOVERY_PACKET_MAX = 1500,
	DISCOVERY_TEXT_MAX = 255, /* of an error we send */
	DISCOVERY_FRAME_MAX = ETH_HDR_MAX + DISCOVERY_PACKET_MAX,
};

/* A whole Ethernet frame to send; len 0: none. */
struct discovery_frame {
	uint16_t len;
	uint8_t bytes[DISCOVERY_FRAME_MAX];
};

/* Value of a tag; at NULL: tag absent. Points into the frame. */
struct discovery_bytes {
	uint16_t len;
	const uint8_t *at;
};

/* A checked frame: Ethernet, header, tags in bounds, session id and destination fit the code. Of repeated tags the first
 * counts. Valid while the frame's bytes are. */
struct discovery_view {
	struct mac dst, src;
	struct vlan_stack vlans;
	uint8_t code; /* enum pppoe_code */
	uint16_t session;
	const uint8_t *tags, *end; /* for pppoe_tag_next */
	unsigned services;         /* number of Service-Name tags */
	struct discovery_bytes service, ac_name, host_uniq, cookie, relay;
	struct discovery_bytes service_error, system_error, generic_error;
	uint16_t max_payload; /* RFC 4638; 0: absent or below 1492 */
};

enum discovery_verdict discovery_parse(const uint8_t *frame, size_t len, struct discovery_view *v);

/* ------------------------------------------------------------------ PADT */

/* Is v (a PADT) for the session `key`, from its peer? OK or UNKNOWN_SESSION. Either end of a session may ask. */
enum discovery_verdict discovery_padt_check(
	const struct discovery_view *v, uint16_t port, const struct host_session_key *key);
/* PADT for the session; text (may be NULL) goes as Generic-Error. */
void discovery_padt_build(struct discovery_frame *out, const struct host_session_key *key, const char *text);

/* ------------------------------------------------------------------ building */

/* discovery_start, then tags, then discovery_finish: true when all fitted, else out->len is 0. */
struct discovery_writer {
	struct discovery_frame *out;
	size_t hdr, at, limit; /* start of the PPPoE header; next byte; end of room */
	bool overflow;
};

void discovery_start(struct discovery_writer *w, struct discovery_frame *out, const struct mac *dst,
	const struct mac *src, struct vlan_stack vlans, uint8_t code, uint16_t session);
void discovery_tag(struct discovery_writer *w, uint16_t type, const void *value, size_t len);
void discovery_tag_text(struct discovery_writer *w, uint16_t type, const char *text);
/* Echoes a received tag; nothing if it was absent. */
void discovery_tag_echo(struct discovery_writer *w, uint16_t type, struct discovery_bytes value);
void discovery_tag_u16(struct discovery_writer *w, uint16_t type, uint16_t value);
bool discovery_finish(struct discovery_writer *w);

/* ------------------------------------------------------------------ texts */

bool discovery_bytes_equal(struct discovery_bytes value, const char *text);
/* Printable copy for logs and queries, zero-terminated; other bytes become '.'. Returns the length. */
size_t discovery_printable(char *to, size_t cap, const uint8_t *from, size_t len);
const char *discovery_code_name(uint8_t code); /* "PADI" ... or "?" */

#endif
