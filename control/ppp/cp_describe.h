/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_CP_DESCRIBE_H
#define CONTROL_PPP_CP_DESCRIBE_H

#include <stddef.h>
#include <stdint.h>

enum { CP_DESCRIBE_MAX = 512 }; /* a buffer in which hardly anything is cut */

/* One line for people: LCP, PAP, CHAP or IPCP packet (from the code field on) with its options; other protocols by
 * name and length. Passwords, challenges and responses are not shown. Always zero-terminated when cap > 0, cut to
 * fit; returns the length written. */
int cp_describe(uint16_t proto, const uint8_t *p, size_t n, char *buf, size_t cap);

#endif
