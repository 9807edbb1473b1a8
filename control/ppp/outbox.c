/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/outbox.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NOTE_MAX = 200 }; /* with the zero: a note never takes the room of a packet */

static struct out_item *
item_new(struct outbox *out, enum out_kind kind, uint16_t proto, size_t len)
{
	struct out_item *item;

	if (out->n == OUTBOX_ITEMS || len > OUTBOX_BYTES - out->used) {
		out->overflow = true;
		return NULL;
	}
	item = &out->items[out->n++];
	*item = (struct out_item){
		.kind = (uint8_t)kind, .proto = proto, .at = (uint16_t)out->used, .len = (uint16_t)len};
	out->used += (unsigned)len;
	return item;
}

void
outbox_event(struct outbox *out, enum out_kind kind, uint16_t proto)
{
	item_new(out, kind, proto, 0);
}

uint8_t *
outbox_send(struct outbox *out, uint16_t proto, size_t len)
{
	const struct out_item *item = item_new(out, OUT_SEND, proto, len);

	return item == NULL ? NULL : out->bytes + item->at;
}

void
outbox_note(struct outbox *out, uint16_t proto, const char *format, ...)
{
	char text[NOTE_MAX];
	struct out_item *item;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n < 0)
		n = 0;
	if ((size_t)n >= sizeof(text))
		n = (int)sizeof(text) - 1;
	text[n] = '\0';
	item = item_new(out, OUT_NOTE, proto, (size_t)n + 1);
	if (item != NULL)
		memcpy(out->bytes + item->at, text, (size_t)n + 1);
}
