/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_TEXT_H
#define CONTROL_PPP_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* A peer's text made safe for logs and terminals: what is not printable ASCII becomes '.'. Always zero-terminated,
 * cut to cap; returns dst. */
const char *text_printable(char *dst, size_t cap, const uint8_t *src, size_t n);

#endif
