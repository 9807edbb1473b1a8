/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_MEMBERSHIP_H
#define CONTROL_PPP_MEMBERSHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "control/ppp/host.h"

/* Which bundle a multilink link belongs to (RFC 1990 section 5.1.3). A table holds what identifies each living bundle;
 * deciding reads it and changes nothing, so that a decision can be explained and repeated. A bundle is named by its index. */

enum membership_verdict {
	MEMBERSHIP_NEW,             /* first link of a bundle of its own */
	MEMBERSHIP_JOIN,            /* one more link of answer.bundle */
	MEMBERSHIP_UNAUTHENTICATED, /* refused: a stranger could name any endpoint (M-08) */
	MEMBERSHIP_OTHER_MRRU,      /* refused: the bundle's links have another MRRU (M-03) */
	MEMBERSHIP_OTHER_SEQUENCE,  /* refused: the bundle's links have the other number format (M-03) */
	MEMBERSHIP_FULL,            /* refused: the bundle has all the links it may have (M-10) */
};

/* What is known of a link when LCP is open and the peer is authenticated (or need not be). */
struct membership_link {
	unsigned owner; /* concentrator: names are compared within it only */
	bool authenticated, allow_unauthenticated;
	const char *login;                    /* authenticated */
	const char *alias;                    /* NULL, or the name that takes the login's place (G-02) */
	int name_key;                         /* HOST_KEY_...: what of the name is compared (M-07) */
	const struct host_endpoint *endpoint; /* of the peer; class 0 and length 0 when it sent none */
	uint16_t our_mrru, peer_mrru;
	bool rx_short, tx_short;
	unsigned links_max;
};

struct membership_answer {
	enum membership_verdict verdict;
	unsigned bundle;   /* MEMBERSHIP_JOIN, and the refusals that compare with one */
	unsigned rfc_case; /* 1 to 4: the rows of RFC 1990 section 5.1.3 */
	unsigned nth;      /* of its bundle's links, from 1; 0: refused, or explain tells of another bundle too */
	char explain[256]; /* a sentence for the operator, never empty */
};

struct membership_entry;

struct membership {
	struct membership_entry *entries; /* by bundle index */
	uint32_t *buckets;                /* index + 1; 0: empty */
	unsigned n_entries, n_buckets;
};

/* Memory for bundles 0 .. n - 1. -ENOMEM. */
int membership_init(struct membership *m, unsigned n);
void membership_fini(struct membership *m);

void membership_decide(
	const struct membership *m, const struct membership_link *link, struct membership_answer *answer);

/* The sentence of a link that became the nth of bundle `index`, as it was when it was decided. */
void membership_retell(const struct membership_link *link, unsigned index, unsigned nth, char explain[256]);

/* The link starts bundle `index`, which must not be in the table. -ENOMEM: nor is it then. */
int membership_insert(struct membership *m, unsigned index, const struct membership_link *link);
void membership_join(struct membership *m, unsigned index);
/* A link left; with the last one the bundle leaves the table. Answers how many are left. */
unsigned membership_leave(struct membership *m, unsigned index);
bool membership_has(const struct membership *m, unsigned index);
/* Its peer's; "none" if it is not in the table. */
void membership_endpoint(const struct membership *m, unsigned index, struct host_endpoint *ep);

/* What of a name is the bundle's key, as a string in key[HOST_AUTH_NAME_MAX]. */
void membership_name_key(int name_key, const char *name, char key[HOST_AUTH_NAME_MAX]);

#endif
