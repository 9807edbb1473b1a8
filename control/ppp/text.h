/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_TEXT_H
#define CONTROL_PPP_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* A peer's text made safe for logs and terminals: what is not printable ASCII becomes '.'. Always zero-terminated,
 * cut to cap; returns dst. */
const char *text_printable(char *dst, size_t cap, const uint8_t *src, size_t n);

/* A text that takes no more memory than it is long; NULL: none. Begins as NULL, ends with text_drop().
 * Keeps a copy of the text, which may be the one kept so far, in its place. Without memory the place tells just that. "": none. */
void text_keep(char **kept, const char *text);
void text_drop(char **kept);
/* Never NULL. */
const char *text_kept(const char *kept);

#endif
