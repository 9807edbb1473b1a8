/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include "config/config.h"

/* Internal. What a table of keys cannot say: references, values that follow from others, contradictions. */

struct check {
	struct config *cfg;
	struct config_notes *notes;
	bool no_memory;
	bool secrets_unread; /* secrets_file could not be used: nobody's password is missing for that */
};

/* Notes something about a field of c->cfg, unless an error was noted there while it was read. */
void check_note(struct check *c, enum config_level level, const void *field, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
#define check_error(c, field, ...) check_note(c, CONFIG_ERROR, field, __VA_ARGS__)
#define check_warning(c, field, ...) check_note(c, CONFIG_WARNING, field, __VA_ARGS__)

/* The field stands in the file, right or wrong. */
bool check_given(const struct check *c, const void *field);

/* Fills in what follows from other values (names, inheritance, indexes of references, bytes of endpoints). */
void check_resolve(struct check *c);
/* Contradictions of all groups; after check_resolve. */
void check_contradictions(struct check *c);
/* Addresses: pools, users, ports, routes; part of check_contradictions. */
void check_addresses(struct check *c);
/* IPv6 prefixes for peers; part of check_contradictions. */
void check_prefixes6(struct check *c);
/* The MTU chain; level is the mildest that is noted. */
void check_mtu(struct check *c, enum config_level mildest);

#endif
