/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/text.h"

const char *
text_printable(char *dst, size_t cap, const uint8_t *src, size_t n)
{
	size_t i;

	for (i = 0; i < n && i + 1 < cap; i++)
		dst[i] = src[i] >= ' ' && src[i] <= '~' ? (char)src[i] : '.';
	dst[i] = '\0';
	return dst;
}
