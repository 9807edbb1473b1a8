/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/auth.h"

#include <string.h>

#include "control/ppp/chap.h"
#include "dataplane/wire/ppp.h"

static const struct {
	uint16_t proto;
	uint8_t algorithm;
	const char *title;
} protocols[] = {
	[HOST_AUTH_NONE] = {0, 0, "nothing"},
	[HOST_AUTH_PAP] = {PPP_PAP, 0, "PAP"},
	[HOST_AUTH_CHAP_MD5] = {PPP_CHAP, CHAP_MD5, "CHAP-MD5"},
	[HOST_AUTH_MSCHAP] = {PPP_CHAP, CHAP_MS, "MS-CHAP"},
	[HOST_AUTH_MSCHAP2] = {PPP_CHAP, CHAP_MS2, "MS-CHAPv2"},
};

uint16_t
auth_proto(enum host_auth auth)
{
	return protocols[auth].proto;
}

uint8_t
auth_algorithm(enum host_auth auth)
{
	return protocols[auth].algorithm;
}

const char *
auth_title(enum host_auth auth)
{
	return protocols[auth].title;
}

enum host_auth
auth_find(uint16_t proto, uint8_t algorithm)
{
	for (unsigned i = HOST_AUTH_PAP; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		if (protocols[i].proto == proto && protocols[i].algorithm == algorithm)
			return (enum host_auth)i;
	}
	return HOST_AUTH_NONE;
}

bool
auth_equal(const void *a, const void *b, size_t n)
{
	const volatile uint8_t *x = a;
	const volatile uint8_t *y = b;
	uint8_t diff = 0;
	size_t i;

	for (i = 0; i < n; i++)
		diff |= (uint8_t)(x[i] ^ y[i]);
	return diff == 0;
}

/* Both texts are spread over buffers of one size, zeros behind them, so that the loop never ends early. */
bool
auth_text_equal(const char *a, const char *b)
{
	char x[AUTH_TEXT_MAX + 1] = {0}, y[AUTH_TEXT_MAX + 1] = {0};
	const size_t len_x = strnlen(a, AUTH_TEXT_MAX + 1), len_y = strnlen(b, AUTH_TEXT_MAX + 1);

	if (len_x > AUTH_TEXT_MAX || len_y > AUTH_TEXT_MAX)
		return false;
	memcpy(x, a, len_x);
	memcpy(y, b, len_y);
	return auth_equal(x, y, sizeof(x));
}
