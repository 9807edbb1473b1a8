/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_ENDPOINT_H
#define CONTROL_PPP_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "control/ppp/host.h"

/* Endpoint discriminators (RFC 1990 section 5.1.3), and a way to keep one in the memory that it needs: those that are common, a MAC or IP
 * address or a short name, in place, longer ones on the heap. Begins as zero, which is "none", ends with endpoint_drop(). */

enum { ENDPOINT_IN_PLACE = 14 };

struct endpoint_kept {
	uint8_t *bytes; /* NULL: in place */
	uint8_t class, len;
	uint8_t in_place[ENDPOINT_IN_PLACE];
};

/* Replaces the one kept so far. False: no memory, and none is kept. len <= sizeof(ep->bytes). */
bool endpoint_keep(struct endpoint_kept *kept, const struct host_endpoint *ep);
void endpoint_drop(struct endpoint_kept *kept);
void endpoint_load(struct host_endpoint *ep, const struct endpoint_kept *kept);
bool endpoint_is(const struct endpoint_kept *kept, const struct host_endpoint *ep);

/* Class, length and bytes: a class that differs alone is another endpoint (M-01, M-04). */
bool endpoint_equal(const struct host_endpoint *a, const struct host_endpoint *b);
/* "mac 02:00:00:00:00:01", "local 'home'", "none": for messages; always terminated. */
void endpoint_text(const struct host_endpoint *ep, char *text, unsigned cap);

#endif
