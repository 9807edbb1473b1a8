/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONFIG_PLACES_H
#define CONFIG_PLACES_H

#include <stdbool.h>
#include <stddef.h>

/* Internal. Remembers for each value of a configuration where it stands in the file, found by the value's address, so that
 * checks can speak of &port->mtu and the reader sees "file:12:8: ports.wan.mtu". */

struct place {
	const void *value;
	const char *key; /* schema's, or the object's own name; NULL: element of a list */
	unsigned index;  /* of that element */
	unsigned parent; /* number of the place around this; PLACES_ROOT: none */
	unsigned line, column;
	bool given; /* stands in the file; false: the place is that of the group around */
	bool bad;   /* an error was noted: nothing further is said about it */
};

enum { PLACES_ROOT = ~0u };

struct config_places {
	struct place *items;
	unsigned *by_value; /* numbers of items, sorted; NULL until sealed */
	unsigned n, cap;
};

struct config_places *places_new(void);
void places_free(struct config_places *places);
/* Number of the new place; PLACES_ROOT: no memory. */
unsigned places_add(struct config_places *places, const struct place *place);
/* After the last addition, before the first search. False: no memory. */
bool places_seal(struct config_places *places);
/* The innermost thing at this address; NULL: none. */
const struct place *places_find(const struct config_places *places, const void *value);
/* "ports.wan.addresses[1]", cut to cap. */
void places_path(const struct config_places *places, const struct place *place, char *path, size_t cap);

#endif
