/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_CP_OPTIONS_H
#define CONTROL_PPP_CP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Configuration options (RFC 1661 section 6): type, length of the whole, data. */

enum { CP_OPTION_HDR_LEN = 2, CP_OPTION_DATA_MAX = 253 };

struct cp_option {
	uint8_t type, len; /* len of data */
	const uint8_t *data;
};

/* Steps through the options in [*at, end), as pppoe_tag_next does: false at the end, with *at NULL when an option's
 * length is a lie. */
bool cp_option_next(const uint8_t **at, const uint8_t *end, struct cp_option *opt);
/* All lengths add up. */
bool cp_options_valid(const uint8_t *options, size_t n);
/* The first option of this type; false: none. */
bool cp_options_find(const uint8_t *options, size_t n, uint8_t type, struct cp_option *opt);

/* Writes options into the caller's buffer; what does not fit is left out and remembered in `overflow`. */
struct cp_writer {
	uint8_t *buf;
	size_t cap, len;
	bool overflow;
};

void cp_put(struct cp_writer *w, uint8_t type, const void *data, size_t len);
void cp_put_option(struct cp_writer *w, const struct cp_option *opt);
void cp_put16(struct cp_writer *w, uint8_t type, uint16_t v);
void cp_put32(struct cp_writer *w, uint8_t type, uint32_t v);

#endif
