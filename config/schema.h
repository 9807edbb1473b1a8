/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

/* Internal. The one table that says what may stand in the file: the loader, the printer, config_free and the manual page walk
 * it, and nothing else knows the keys. */

enum schema_kind {
	SCHEMA_BOOL,
	SCHEMA_NUMBER,     /* of a unit; words for special values */
	SCHEMA_WORD,       /* one of words */
	SCHEMA_TEXT,       /* min to max bytes */
	SCHEMA_SECRET,     /* text that is never printed and wiped when freed */
	SCHEMA_NAME,       /* letters, digits, '_', '-', '.' */
	SCHEMA_REF,        /* struct config_ref: name of an object of `target` */
	SCHEMA_ADDRESS4,   /* unicast IPv4 address */
	SCHEMA_PREFIX4,    /* struct config_prefix4 */
	SCHEMA_RANGE4,     /* struct config_range4 */
	SCHEMA_IP,         /* struct config_ip: address of either family */
	SCHEMA_IP_PREFIX,  /* struct config_ip: prefix of either family */
	SCHEMA_IP_AND_NET, /* struct config_ip: address and the length of its network */
	SCHEMA_MAC,
	SCHEMA_VLAN,
	SCHEMA_VLAN_OR_ANY,
	/* not scalars */
	SCHEMA_GROUP, /* mapping of known keys, inside the parent's struct */
	SCHEMA_MAP,   /* mapping of free names to groups: pointer and number; the name is the struct's first member */
	SCHEMA_LIST,  /* sequence of groups: pointer and number */
	SCHEMA_FORBIDDEN, /* known, and refused with the help text as reason */
};

enum schema_unit { SCHEMA_PLAIN, SCHEMA_RATE, SCHEMA_TIME, SCHEMA_SIZE, SCHEMA_PER_SECOND, SCHEMA_UNITS };

enum schema_flags {
	SCHEMA_REQUIRED = 1 << 0,
	SCHEMA_MANY = 1 << 1,       /* list of scalars: pointer and number; one scalar may stand for a list of one */
	SCHEMA_FREE_NAMES = 1 << 2, /* MAP: names are texts, not identifiers */
	SCHEMA_INHERITS = 1 << 3,   /* GROUP: what is not given comes from elsewhere, not from the presets */
	SCHEMA_OPTIONAL = 1 << 4,   /* GROUP: may be absent; the struct's first member is `bool given` */
	SCHEMA_BARE = 1 << 5,       /* MAP: the value is that of the group's only key */
	SCHEMA_USED_UP = 1 << 6,    /* has done its work when the file is read: printed as not given */
};

struct schema_word {
	const char *name;
	int64_t value;
};

struct schema_group;

struct schema_key {
	const char *name; /* NULL ends a table */
	enum schema_kind kind;
	unsigned flags;
	uint32_t offset;
	uint8_t width; /* of a number, word or bool in the struct (of one element, if many) */
	enum schema_unit unit;
	uint32_t scale; /* base units (us, bytes, bit/s) in one unit of the struct */
	int64_t min,
		max; /* of a number in the struct's unit; of a text in bytes; of a list or map: most elements in max_items */
	uint32_t max_items;
	const struct schema_word *words;
	const char *preset; /* as it would stand in the file; lists separated by commas; NULL: none */
	const char *absent; /* what it means when not given and there is no preset */
	const char *help;   /* one sentence */
	const char *
		target; /* REF: the map that holds the object; MAP: that of its objects' templates, which `from` names */
	const struct schema_group *group;
	/* SECRET: from the value to the bool that says it came from secrets_file; it is then printed as not given, as it will
	 * come from there again */
	int32_t to_origin;
};

enum { SCHEMA_KEYS_MAX = 64 }; /* of one group */

struct schema_group {
	const char *name;
	const char *help;
	size_t size; /* of the struct */
	const struct schema_key *keys;
};

extern const struct schema_group schema_root;
extern const struct schema_key schema_secrets; /* a password in a secrets file */

/* Fixed layout behind SCHEMA_MANY, SCHEMA_MAP and SCHEMA_LIST. */
struct schema_items {
	void *items;
	size_t n;
};

static inline bool
schema_is_scalar(const struct schema_key *key)
{
	return key->kind < SCHEMA_GROUP;
}

struct schema_items schema_items(const void *at);

/* Bytes of one element (scalars by kind, else the group's struct). */
size_t schema_size(const struct schema_key *key);

/* Frees what the group's struct at base owns, secrets wiped, and leaves it zero. */
void schema_free(const struct schema_group *group, void *base);

#endif
