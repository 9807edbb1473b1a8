/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_OUTBOX_H
#define CONTROL_PPP_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Effects of one protocol machine (LCP, IPCP, authentication). A machine changes its state completely, then leaves
 * here what the outside has to do; nobody is called back. Bounded: the capacities are the proven maximum of effects
 * of one call. */

enum { OUTBOX_ITEMS = 16, OUTBOX_BYTES = 4096 };

enum out_kind {
	OUT_NONE,          /* taken by an upper layer */
	OUT_SEND,          /* packet of protocol `proto`: code, identifier, length, data as in RFC 1661 section 5 */
	OUT_LAYER_STARTED, /* RFC 1661 section 4.4: tls, tlu, tld, tlf of the layer `proto` */
	OUT_LAYER_UP,
	OUT_LAYER_DOWN,
	OUT_LAYER_FINISHED,
	OUT_NOTE,              /* text for the operator: bytes, zero-terminated */
	OUT_PROTOCOL_REJECTED, /* LCP: the peer does not know protocol `proto` (MP, authentication or an NCP) */
};

struct out_item {
	uint8_t kind; /* enum out_kind */
	uint16_t proto;
	uint16_t at, len; /* in bytes[] */
};

struct outbox {
	unsigned n;
	unsigned used;
	bool overflow; /* an effect did not fit: a fault of ours, counted by the caller and asserted against in tests */
	struct out_item items[OUTBOX_ITEMS];
	uint8_t bytes[OUTBOX_BYTES];
};

static inline void
outbox_init(struct outbox *out)
{
	out->n = 0;
	out->used = 0;
	out->overflow = false;
}

void outbox_event(struct outbox *out, enum out_kind kind, uint16_t proto);
/* Room for a packet of len bytes to be written by the caller; NULL (and overflow) when there is none. */
uint8_t *outbox_send(struct outbox *out, uint16_t proto, size_t len);
void outbox_note(struct outbox *out, uint16_t proto, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
