/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_DHCP6_WIRE_H
#define CONTROL_PPP_DHCP6_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/wire/eth.h"
#include "dataplane/wire/ip.h"

/* DHCPv6 messages between clients and servers (RFC 8415 sections 8 and 21), from the message type on: bytes to values and back. */

enum { DHCP6_CLIENT_PORT = 546, DHCP6_SERVER_PORT = 547 };

enum dhcp6_type {
	DHCP6_SOLICIT = 1,
	DHCP6_ADVERTISE = 2,
	DHCP6_REQUEST = 3,
	DHCP6_CONFIRM = 4,
	DHCP6_RENEW = 5,
	DHCP6_REBIND = 6,
	DHCP6_REPLY = 7,
	DHCP6_RELEASE = 8,
	DHCP6_DECLINE = 9,
	DHCP6_INFORMATION_REQUEST = 11,
};

enum dhcp6_option_code {
	DHCP6_OPT_CLIENT_ID = 1,
	DHCP6_OPT_SERVER_ID = 2,
	DHCP6_OPT_IA_NA = 3,
	DHCP6_OPT_IA_TA = 4,
	DHCP6_OPT_ADDRESS = 5,
	DHCP6_OPT_REQUEST = 6,
	DHCP6_OPT_ELAPSED = 8,
	DHCP6_OPT_STATUS = 13,
	DHCP6_OPT_RAPID_COMMIT = 14,
	DHCP6_OPT_DNS = 23, /* RFC 3646 */
	DHCP6_OPT_IA_PD = 25,
	DHCP6_OPT_PREFIX = 26,
};

enum dhcp6_status {
	DHCP6_SUCCESS = 0,
	DHCP6_NO_ADDRESSES = 2, /* NoAddrsAvail */
	DHCP6_NO_BINDING = 3,
	DHCP6_NOT_ON_LINK = 4,
	DHCP6_USE_MULTICAST = 5,
	DHCP6_NO_PREFIX = 6, /* NoPrefixAvail */
};

enum {
	DHCP6_HDR_LEN = 4, /* type, transaction id */
	DHCP6_DUID_MAX = 130,
	DHCP6_IA_MAX = 8,  /* of one message; more are not answered */
	DHCP6_DNS_MAX = 3, /* the same */
	DHCP6_PREFIX_OPTION_LEN = 29,
	DHCP6_MESSAGE_MAX = 1232, /* what an IPv6 packet of 1280 bytes carries */
};

/* An identifier of a client or server (section 11): compared as bytes. */
struct dhcp6_duid {
	uint8_t len; /* 0: none */
	uint8_t bytes[DHCP6_DUID_MAX];
};

struct dhcp6_option {
	uint16_t code;
	size_t len;
	const uint8_t *data;
};

struct dhcp6_ia {
	uint16_t code; /* DHCP6_OPT_IA_NA, IA_TA, IA_PD */
	uint32_t iaid;
	uint32_t t1_s, t2_s;    /* IA_TA: 0 */
	const uint8_t *options; /* inside, well-formed, in the message; dhcp6_option_next() */
	size_t len;
};

struct dhcp6_prefix {
	uint32_t preferred_s, valid_s;
	uint8_t len;
	struct ip_addr prefix;
};

struct dhcp6_message {
	uint8_t type;         /* any value may come from a peer */
	uint32_t transaction; /* 24 bits */
	struct dhcp6_duid client, server;
	bool rapid_commit, wants_dns;
	uint16_t status; /* enum dhcp6_status, any value */
	struct ip_addr dns[DHCP6_DNS_MAX];
	unsigned n_dns;
	struct dhcp6_ia ia[DHCP6_IA_MAX];
	unsigned n_ia;
};

enum dhcp6_verdict {
	DHCP6_OK,
	DHCP6_SHORT,      /* no whole header */
	DHCP6_BAD_OPTION, /* an option runs over the end, or has a length that its kind cannot have */
};

/* ------------------------------------------------------------------ reading */

/* Next of the options in [*at, end), which *at is moved behind. False: there is none, or (then *at != end) none that is whole. */
bool dhcp6_option_next(const uint8_t **at, const uint8_t *end, struct dhcp6_option *opt);
/* The message of n bytes; its options, those inside identity associations too, are checked. Unknown ones are skipped. */
enum dhcp6_verdict dhcp6_parse(const uint8_t *p, size_t n, struct dhcp6_message *m);
/* Of an IA_PD: its next prefix; at starts as ia->options. */
bool dhcp6_prefix_next(const struct dhcp6_ia *ia, const uint8_t **at, struct dhcp6_prefix *prefix);
/* Its status; success if it names none. */
uint16_t dhcp6_ia_status(const struct dhcp6_ia *ia);
/* Of an IA_NA or IA_TA: its next address. */
bool dhcp6_address_next(const struct dhcp6_ia *ia, const uint8_t **at, struct ip_addr *address);

bool dhcp6_duid_equal(const struct dhcp6_duid *a, const struct dhcp6_duid *b);
/* DUID-LL (section 11.4) of an Ethernet address. */
struct dhcp6_duid dhcp6_duid_of_mac(const struct mac *mac);

/* ------------------------------------------------------------------ writing */

/* What does not fit is left out, and overflow says so. */
struct dhcp6_writer {
	uint8_t *p;
	size_t cap, len;
	bool overflow;
};

void dhcp6_begin(struct dhcp6_writer *w, uint8_t *p, size_t cap, uint8_t type, uint32_t transaction);
void dhcp6_put(struct dhcp6_writer *w, uint16_t code, const void *data, size_t n);
void dhcp6_put_duid(struct dhcp6_writer *w, uint16_t code, const struct dhcp6_duid *duid);
void dhcp6_put_status(struct dhcp6_writer *w, enum dhcp6_status status);
void dhcp6_put_prefix(struct dhcp6_writer *w, const struct dhcp6_prefix *prefix);
/* An identity association: what is put between the two calls is inside. T1 and T2 do not stand in an IA_TA. */
size_t dhcp6_ia_begin(struct dhcp6_writer *w, uint16_t code, uint32_t iaid, uint32_t t1_s, uint32_t t2_s);
void dhcp6_ia_end(struct dhcp6_writer *w, size_t begun);

#endif
