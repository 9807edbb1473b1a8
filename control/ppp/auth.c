/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/auth.h"

#include <stdint.h>
#include <string.h>

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
