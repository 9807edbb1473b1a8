/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONFIG_BIND_H
#define CONFIG_BIND_H

#include <yaml.h>

#include "config/places.h"
#include "config/schema.h"

/* Internal. YAML document -> structs, after the schema. */

struct bind {
	yaml_document_t *doc;
	const char *file;
	struct config_places *places;
	struct config_notes *notes;
	bool no_memory;
	const yaml_node_t *around; /* the mapping whose key is being bound */
};

/* Binds the document's root to the group's struct at base, presets included. Errors are noted; b->no_memory says whether it was
 * cut short. */
void bind_document(struct bind *b, const struct schema_group *group, void *base);

/* Parses one document. False: an error was noted, or b->no_memory. The document is deleted with bind_forget. */
bool bind_parse(struct bind *b, const unsigned char *text, size_t len, yaml_document_t *doc);

/* Wipes the document's scalars, for there are passwords among them, and deletes it. */
void bind_forget(yaml_document_t *doc);

/* Notes an error at a place which need not have been added. */
void bind_error(struct bind *b, const struct place *at, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The place of a node in `parent`. */
struct place bind_place(const yaml_node_t *node, const char *key, unsigned parent);

/* Reads a scalar node as the key at `at`; errors are noted at the place. */
bool bind_scalar(
	struct bind *b, const struct schema_key *key, const yaml_node_t *node, void *at, const struct place *place);

/* Notes each name of a mapping that occurred before. */
void bind_duplicates(struct bind *b, const yaml_node_t *mapping, unsigned parent);

#endif
