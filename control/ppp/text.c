/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/text.h"

#include <stdlib.h>
#include <string.h>

const char *
text_printable(char *dst, size_t cap, const uint8_t *src, size_t n)
{
	size_t i;

	for (i = 0; i < n && i + 1 < cap; i++)
		dst[i] = src[i] >= ' ' && src[i] <= '~' ? (char)src[i] : '.';
	dst[i] = '\0';
	return dst;
}

/* Stands for every text that there was no memory for, and is never freed. */
static char no_memory[] = "(no memory for the text)";

void
text_keep(char **kept, const char *text)
{
	char *copy = text[0] != '\0' ? strdup(text) : NULL;

	text_drop(kept);
	*kept = copy == NULL && text[0] != '\0' ? no_memory : copy;
}

void
text_drop(char **kept)
{
	if (*kept != no_memory)
		free(*kept);
	*kept = NULL;
}

const char *
text_kept(const char *kept)
{
	return kept != NULL ? kept : "";
}
