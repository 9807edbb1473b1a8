/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t *
bytes_of(const struct endpoint_kept *kept)
{
	return kept->bytes != NULL ? kept->bytes : kept->in_place;
}

bool
endpoint_keep(struct endpoint_kept *kept, const struct host_endpoint *ep)
{
	const bool fits = ep->len <= ENDPOINT_IN_PLACE;

	endpoint_drop(kept);
	if (!fits) {
		kept->bytes = malloc(ep->len);
		if (kept->bytes == NULL)
			return false;
	}
	kept->class = ep->class;
	kept->len = ep->len;
	memcpy(fits ? kept->in_place : kept->bytes, ep->bytes, ep->len);
	return true;
}

void
endpoint_drop(struct endpoint_kept *kept)
{
	free(kept->bytes);
	*kept = (struct endpoint_kept){.class = HOST_EP_NULL};
}

void
endpoint_load(struct host_endpoint *ep, const struct endpoint_kept *kept)
{
	*ep = (struct host_endpoint){.class = kept->class, .len = kept->len};
	memcpy(ep->bytes, bytes_of(kept), kept->len);
}

bool
endpoint_is(const struct endpoint_kept *kept, const struct host_endpoint *ep)
{
	return kept->class == ep->class && kept->len == ep->len && memcmp(bytes_of(kept), ep->bytes, ep->len) == 0;
}

bool
endpoint_equal(const struct host_endpoint *a, const struct host_endpoint *b)
{
	return a->class == b->class && a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static bool
is_printable(const uint8_t *p, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (p[i] < 0x20 || p[i] > 0x7e)
			return false;
	return n != 0;
}

static void
hex_text(const uint8_t *p, unsigned n, const char *separator, char *text, unsigned cap)
{
	const unsigned shown = n < 20 ? n : 20;
	unsigned at = 0;

	if (cap > 0)
		text[0] = '\0';
	for (unsigned i = 0; i < shown && at + 4 < cap; i++)
		at += (unsigned)snprintf(text + at, cap - at, "%s%02x", i ? separator : "", p[i]);
	if (n > shown && at + 4 < cap)
		snprintf(text + at, cap - at, "...");
}

void
endpoint_text(const struct host_endpoint *ep, char *text, unsigned cap)
{
	char bytes[64];

	hex_text(ep->bytes, ep->len, ep->class == HOST_EP_MAC ? ":" : "", bytes, sizeof(bytes));
	if (ep->class == HOST_EP_NULL && ep->len == 0)
		snprintf(text, cap, "none");
	else if (ep->class == HOST_EP_LOCAL && is_printable(ep->bytes, ep->len))
		snprintf(text, cap, "local '%.*s'", ep->len < 40 ? ep->len : 40, (const char *)ep->bytes);
	else if (ep->class == HOST_EP_PHONE && is_printable(ep->bytes, ep->len))
		snprintf(text, cap, "phone %.*s", ep->len, (const char *)ep->bytes);
	else if (ep->class == HOST_EP_IP && ep->len == 4)
		snprintf(text, cap, "ip %u.%u.%u.%u", ep->bytes[0], ep->bytes[1], ep->bytes[2], ep->bytes[3]);
	else if (ep->class == HOST_EP_MAC)
		snprintf(text, cap, "mac %s", bytes);
	else if (ep->class == HOST_EP_LOCAL)
		snprintf(text, cap, "local %s", bytes);
	else if (ep->class == HOST_EP_MAGIC)
		snprintf(text, cap, "magic %s", bytes);
	else
		snprintf(text, cap, "class %u %s", ep->class, bytes);
}
