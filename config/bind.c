/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/bind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/notes.h"
#include "config/value.h"

/* ------------------------------------------------------------------ errors */

void
bind_error(struct bind *b, const struct place *at, const char *format, ...)
{
	char path[NOTES_PATH_MAX];
	va_list args;

	places_path(b->places, at, path, sizeof(path));
	va_start(args, format);
	if (notes_add(b->notes, CONFIG_ERROR, b->file, at->line, at->column, path, format, args) < 0)
		b->no_memory = true;
	va_end(args);
}

struct place
bind_place(const yaml_node_t *node, const char *key, unsigned parent)
{
	return (struct place){.key = key,
		.parent = parent,
		.line = (unsigned)node->start_mark.line + 1,
		.column = (unsigned)node->start_mark.column + 1,
		.given = true};
}

static unsigned
remember(struct bind *b, const struct place *place)
{
	const unsigned number = places_add(b->places, place);

	if (number == PLACES_ROOT)
		b->no_memory = true;
	return number;
}

/* Notes an error about a place that was added, and that nothing further is to be said about it. */
#define bind_bad(b, number, ...)                                       \
	do {                                                           \
		const struct place copy_ = (b)->places->items[number]; \
		(b)->places->items[number].bad = true;                 \
		bind_error(b, &copy_, __VA_ARGS__);                    \
	} while (0)

/* ------------------------------------------------------------------ nodes */

static const yaml_node_t *
node_of(struct bind *b, int item)
{
	return yaml_document_get_node(b->doc, item);
}

static const char *
node_text(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

static size_t
pairs_of(const yaml_node_t *mapping)
{
	return (size_t)(mapping->data.mapping.pairs.top - mapping->data.mapping.pairs.start);
}

static size_t
items_of(const yaml_node_t *sequence)
{
	return (size_t)(sequence->data.sequence.items.top - sequence->data.sequence.items.start);
}

/* The node is of the type, and no !tag says otherwise. */
static bool
node_is(const yaml_node_t *node, yaml_node_type_t type)
{
	static const char *const tags[] = {[YAML_SCALAR_NODE] = YAML_STR_TAG,
		[YAML_SEQUENCE_NODE] = YAML_SEQ_TAG,
		[YAML_MAPPING_NODE] = YAML_MAP_TAG};

	return node->type == type && strcmp((const char *)node->tag, tags[type]) == 0;
}

static bool
node_is_plain(const yaml_node_t *node)
{
	return node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

/* "~" says that the key is not set. */
static bool
node_is_unset(const yaml_node_t *node)
{
	return node_is(node, YAML_SCALAR_NODE) && node_is_plain(node) && strcmp(node_text(node), "~") == 0;
}

static const char *
node_kind(const yaml_node_t *node)
{
	if (node_is(node, YAML_SCALAR_NODE))
		return node->data.scalar.length == 0 && node_is_plain(node) ? "nothing" : "a value";
	return node_is(node, YAML_SEQUENCE_NODE)   ? "a list"
		: node_is(node, YAML_MAPPING_NODE) ? "a mapping"
						   : "a tagged value";
}

/* ------------------------------------------------------------------ scalars */

bool
bind_scalar(struct bind *b, const struct schema_key *key, const yaml_node_t *node, void *at, const struct place *place)
{
	char why[VALUE_WHY_MAX];
	int ret;

	if (!node_is(node, YAML_SCALAR_NODE)) {
		bind_error(b, place, "must be one value, not %s", node_kind(node));
		return false;
	}
	ret = value_parse(key, node_text(node), node->data.scalar.length, !node_is_plain(node), at, why);
	if (ret == -ENOMEM)
		b->no_memory = true;
	else if (ret < 0)
		bind_error(b, place, "%s", why);
	return ret == 0;
}

static void
preset_one(struct bind *b, const struct schema_key *key, const char *text, size_t len, void *at)
{
	char why[VALUE_WHY_MAX], copy[VALUE_TEXT_MAX];

	memcpy(copy, text, len);
	copy[len] = '\0';
	/* presets are right, a test loads every one of them: what is left is lack of memory */
	if (value_parse(key, copy, len, false, at, why) < 0)
		b->no_memory = true;
}

/* Room for n elements and a zero one behind them, as schema_items at `at`. NULL: no memory, and the list is empty. */
static char *
items_new(struct bind *b, const struct schema_key *key, size_t n, void *at)
{
	struct schema_items items = {.items = calloc(n + 1, schema_size(key)), .n = n};

	if (items.items == NULL) {
		b->no_memory = true;
		items.n = 0;
	}
	memcpy(at, &items, sizeof(items));
	return items.items;
}

static void
preset_many(struct bind *b, const struct schema_key *key, void *at)
{
	const char *text = key->preset;
	size_t n = *text != '\0';
	char *item;

	for (const char *s = text; *s != '\0'; s++)
		n += *s == ',';
	item = items_new(b, key, n, at);
	for (size_t i = 0; item != NULL && i < n; i++, item += schema_size(key)) {
		const size_t len = strcspn(text, ",");

		preset_one(b, key, text, len, item);
		text += len;
		text += strspn(text, ", ");
	}
}

static void
preset(struct bind *b, const struct schema_key *key, void *at)
{
	if (key->preset == NULL)
		return;
	if (key->flags & SCHEMA_MANY)
		preset_many(b, key, at);
	else
		preset_one(b, key, key->preset, strlen(key->preset), at);
}

/* ------------------------------------------------------------------ groups, lists, maps */

/* template: where the group's keys come from that are not in the node; NULL: nowhere. */
static void bind_group(struct bind *b, const struct schema_group *group, const yaml_node_t *node,
	const yaml_node_t *template, void *base, unsigned self, bool presets);
static void bind_value(struct bind *b, const struct schema_key *key, const yaml_node_t *node,
	const yaml_node_t *template, void *at, unsigned self, bool presets);

/* NULL: the node is no mapping, or has no such key. */
static const yaml_node_pair_t *
pair_find(struct bind *b, const yaml_node_t *mapping, const char *key)
{
	if (mapping == NULL || mapping->type != YAML_MAPPING_NODE)
		return NULL;
	for (const yaml_node_pair_t *p = mapping->data.mapping.pairs.start; p < mapping->data.mapping.pairs.top; p++) {
		const yaml_node_t *name = node_of(b, p->key);

		if (name->type == YAML_SCALAR_NODE && strcmp(node_text(name), key) == 0)
			return p;
	}
	return NULL;
}

static const yaml_node_t *
value_find(struct bind *b, const yaml_node_t *mapping, const char *key)
{
	const yaml_node_pair_t *pair = mapping != NULL && key != NULL ? pair_find(b, mapping, key) : NULL;

	return pair != NULL ? node_of(b, pair->value) : NULL;
}

/* The template that the object names; NULL: none, or one that is not there, which is told when references are resolved. */
static const yaml_node_t *
template_of(struct bind *b, const yaml_node_t *templates, const yaml_node_t *object)
{
	const yaml_node_t *from = value_find(b, object, "from");

	if (from == NULL || from->type != YAML_SCALAR_NODE)
		return NULL;
	return value_find(b, templates, node_text(from));
}

static bool
fits(struct bind *b, const struct schema_key *key, size_t n, unsigned self)
{
	if (n > key->max_items)
		bind_bad(b, self, "has %zu entries; at most %u are allowed", n, key->max_items);
	else if (n == 0 && (key->flags & SCHEMA_REQUIRED))
		bind_bad(b, self, "is empty");
	else
		return true;
	return false;
}

static void
bind_many(struct bind *b, const struct schema_key *key, const yaml_node_t *node, void *at, unsigned self)
{
	const bool one = node_is(node, YAML_SCALAR_NODE) && !(node->data.scalar.length == 0 && node_is_plain(node));
	size_t n = 1;
	char *item;

	if (!one && !node_is(node, YAML_SEQUENCE_NODE)) {
		bind_bad(b, self, "must be a list, not %s", node_kind(node));
		return;
	}
	if (!one)
		n = items_of(node);
	if (!fits(b, key, n, self))
		return;
	item = items_new(b, key, n, at);
	for (size_t i = 0; item != NULL && i < n; i++, item += schema_size(key)) {
		const yaml_node_t *element = one ? node : node_of(b, node->data.sequence.items.start[i]);
		struct place place = bind_place(element, NULL, self);

		place.index = (unsigned)i;
		place.value = item;
		place.bad = !bind_scalar(b, key, element, item, &place);
		remember(b, &place);
	}
}

static void
bind_list(struct bind *b, const struct schema_key *key, const yaml_node_t *node, void *at, unsigned self)
{
	char *item;

	if (!node_is(node, YAML_SEQUENCE_NODE)) {
		bind_bad(b, self, "must be a list, not %s", node_kind(node));
		return;
	}
	const size_t n = items_of(node);

	if (!fits(b, key, n, self))
		return;
	item = items_new(b, key, n, at);
	for (size_t i = 0; item != NULL && i < n && !b->no_memory; i++, item += key->group->size) {
		const yaml_node_t *element = node_of(b, node->data.sequence.items.start[i]);
		struct place place = bind_place(element, NULL, self);
		unsigned number;

		place.index = (unsigned)i;
		place.value = item;
		number = remember(b, &place);
		if (number != PLACES_ROOT)
			bind_group(b, key->group, element, NULL, item, number, true);
	}
}

/* The name as an object's first member; a copy in any case, so that errors further down can be told. */
static bool
bind_name(struct bind *b, const struct schema_key *key, const yaml_node_t *node, char **name, unsigned parent)
{
	const struct schema_key free_name = {.kind = SCHEMA_TEXT, .min = 1, .max = CONFIG_AUTH_NAME_MAX};
	const struct schema_key short_name = {.kind = SCHEMA_NAME};
	struct place place = bind_place(node, NULL, parent);

	if (node->type != YAML_SCALAR_NODE) {
		bind_error(b, &b->places->items[parent], "names must be one value, not %s", node_kind(node));
		return false;
	}
	place.key = node_text(node);
	if (!bind_scalar(b, key->flags & SCHEMA_FREE_NAMES ? &free_name : &short_name, node, name, &place)) {
		*name = strdup(node_text(node));
		if (*name == NULL)
			b->no_memory = true;
	}
	return !b->no_memory;
}

static void
bind_object(struct bind *b, const struct schema_key *key, const yaml_node_pair_t *pair, const yaml_node_t *templates,
	char *item, unsigned parent)
{
	const yaml_node_t *name = node_of(b, pair->key), *value = node_of(b, pair->value);
	struct place place;
	unsigned self;
	char *text = NULL;

	if (!bind_name(b, key, name, &text, parent)) {
		free(text);
		return;
	}
	memcpy(item, &text, sizeof(text));
	place = bind_place(name, text, parent);
	place.value = item;
	self = remember(b, &place);
	if (b->no_memory)
		return;
	if (key->flags & SCHEMA_BARE)
		bind_value(b, key->group->keys, value, NULL, item + key->group->keys->offset, self, true);
	else
		bind_group(b, key->group, value, template_of(b, templates, value), item, self, true);
}

static void
bind_map(struct bind *b, const struct schema_key *key, const yaml_node_t *node, void *at, unsigned self)
{
	const yaml_node_t *templates = value_find(b, b->around, key->target);
	char *item;

	if (!node_is(node, YAML_MAPPING_NODE)) {
		bind_bad(b, self, "must be a mapping of names, not %s", node_kind(node));
		return;
	}
	const size_t n = pairs_of(node);

	if (!fits(b, key, n, self))
		return;
	bind_duplicates(b, node, self);
	item = items_new(b, key, n, at);
	for (size_t i = 0; item != NULL && i < n && !b->no_memory; i++, item += key->group->size)
		bind_object(b, key, &node->data.mapping.pairs.start[i], templates, item, self);
}

struct named {
	const yaml_node_t *node;
	size_t order;
};

static int
named_compare(const void *va, const void *vb)
{
	const struct named *a = va, *b = vb;
	const int by_name = strcmp(node_text(a->node), node_text(b->node));

	return by_name != 0 ? by_name : a->order < b->order ? -1 : 1;
}

void
bind_duplicates(struct bind *b, const yaml_node_t *mapping, unsigned parent)
{
	const size_t n = pairs_of(mapping);
	struct named *names = calloc(n + 1, sizeof(*names));
	size_t used = 0;

	if (names == NULL) {
		b->no_memory = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const yaml_node_t *node = node_of(b, mapping->data.mapping.pairs.start[i].key);

		if (node->type == YAML_SCALAR_NODE)
			names[used++] = (struct named){.node = node, .order = i};
	}
	if (used > 1)
		qsort(names, used, sizeof(*names), named_compare);
	for (size_t i = 1; i < used; i++) {
		const struct place place = bind_place(names[i].node, node_text(names[i].node), parent);

		if (strcmp(node_text(names[i - 1].node), node_text(names[i].node)) == 0)
			bind_error(b, &place, "stands here again; the first is on line %zu",
				names[i - 1].node->start_mark.line + 1);
	}
	free(names);
}

/* Reads what stands behind a key. self is the key's place. Groups that inherit do so key by key from the template, too. */
static void
bind_value(struct bind *b, const struct schema_key *key, const yaml_node_t *node, const yaml_node_t *template, void *at,
	unsigned self, bool presets)
{
	if (key->kind == SCHEMA_GROUP) {
		const bool given = true;

		if (key->flags & SCHEMA_OPTIONAL)
			memcpy(at, &given, sizeof(given));
		bind_group(b, key->group, node, key->flags & SCHEMA_INHERITS ? template : NULL, at, self,
			presets && !(key->flags & SCHEMA_INHERITS));
	} else if (key->kind == SCHEMA_MAP) {
		bind_map(b, key, node, at, self);
	} else if (key->kind == SCHEMA_LIST) {
		bind_list(b, key, node, at, self);
	} else if (key->flags & SCHEMA_MANY) {
		bind_many(b, key, node, at, self);
	} else {
		const struct place place = b->places->items[self];

		if (bind_scalar(b, key, node, at, &place))
			return;
		/* go on with the preset, so that checks which look at several values make sense */
		b->places->items[self].bad = true;
		preset(b, key, at);
	}
}

static void
bind_absent(struct bind *b, const struct schema_key *key, void *at, unsigned self, bool presets)
{
	const bool known = b->places->items[self].bad;

	if ((key->flags & SCHEMA_REQUIRED) && !known)
		bind_bad(b, self, "is missing");
	else if (key->kind == SCHEMA_GROUP)
		bind_group(b, key->group, NULL, NULL, at, self, presets && !(key->flags & SCHEMA_INHERITS));
	else if (schema_is_scalar(key) && presets)
		preset(b, key, at);
}

/* One key of a group: given as the pair, or absent (pair is NULL). */
static void
bind_key(struct bind *b, const struct schema_key *key, const yaml_node_pair_t *pair, const yaml_node_t *template,
	void *base, unsigned parent, bool presets)
{
	const yaml_node_t *value = pair == NULL ? NULL : node_of(b, pair->value);
	const bool may_be_unset = (key->preset == NULL && schema_is_scalar(key)) || (key->flags & SCHEMA_OPTIONAL);
	struct place place;
	unsigned self;

	if (value != NULL && node_is_unset(value) && may_be_unset && !(key->flags & SCHEMA_REQUIRED))
		value = NULL;
	if (value != NULL) {
		place = bind_place(schema_is_scalar(key) ? value : node_of(b, pair->key), key->name, parent);
	} else {
		place = parent == PLACES_ROOT ? (struct place){.line = 1, .column = 1} : b->places->items[parent];
		place.key = key->name;
		place.parent = parent;
		place.given = false; /* but bad if the group around is */
	}
	place.value = (char *)base + key->offset;
	self = remember(b, &place);
	if (b->no_memory)
		return;
	if (value != NULL)
		bind_value(b, key, value, template, (char *)base + key->offset, self, presets);
	else
		bind_absent(b, key, (char *)base + key->offset, self, presets);
}

/* Number of single-character changes between two words (Levenshtein), to name the key that was probably meant. */
static unsigned
distance(const char *a, const char *b)
{
	enum { LONGEST = 40 };
	unsigned row[LONGEST + 1];
	const size_t n = strlen(b);

	if (n > LONGEST || strlen(a) > LONGEST)
		return LONGEST;
	for (unsigned j = 0; j <= n; j++)
		row[j] = j;
	for (unsigned i = 1; a[i - 1] != '\0'; i++) {
		unsigned corner = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= n; j++) {
			const unsigned change = corner + (a[i - 1] != b[j - 1]);
			const unsigned shorter = 1 + (row[j] < row[j - 1] ? row[j] : row[j - 1]);

			corner = row[j];
			row[j] = change < shorter ? change : shorter;
		}
	}
	return row[n];
}

static const char *
similar(const struct schema_group *group, const char *text)
{
	const char *best = NULL, *longer = NULL;
	unsigned least = (unsigned)strlen(text) / 2 + 1;

	for (const struct schema_key *k = group->keys; k->name != NULL; k++) {
		const unsigned d = distance(text, k->name);

		if (k->kind == SCHEMA_FORBIDDEN)
			continue;
		if (d < least && d <= 3) {
			best = k->name;
			least = d;
		}
		if (longer == NULL && strlen(text) > 3 && strstr(k->name, text) != NULL)
			longer = k->name;
	}
	return best != NULL ? best : longer;
}

/* Index of the key in the group; -1 and an error noted when there is none that may be set. */
static int
key_find(struct bind *b, const struct schema_group *group, const yaml_node_t *node, unsigned self)
{
	const struct schema_key *keys = group->keys;
	struct place place = bind_place(node, NULL, self);
	const char *meant;
	int i = 0;

	if (node->type != YAML_SCALAR_NODE) {
		place.key = "?";
		bind_error(b, &place, "a key must be one word, not %s", node_kind(node));
		return -1;
	}
	place.key = node_text(node);
	while (keys[i].name != NULL && strcmp(keys[i].name, node_text(node)) != 0)
		i++;
	if (keys[i].name != NULL && keys[i].kind != SCHEMA_FORBIDDEN)
		return i;
	meant = similar(group, node_text(node));
	if (keys[i].name != NULL)
		bind_error(b, &place, "%s", keys[i].help);
	else if (meant != NULL)
		bind_error(b, &place, "unknown key; did you mean %s?", meant);
	else
		bind_error(b, &place, "unknown key");
	return -1;
}

static void
find_keys(struct bind *b, const struct schema_group *group, const yaml_node_t *node, unsigned self,
	const yaml_node_pair_t *seen[SCHEMA_KEYS_MAX])
{
	const yaml_node_pair_t *pair = node->data.mapping.pairs.start;

	for (; pair < node->data.mapping.pairs.top; pair++) {
		const yaml_node_t *name = node_of(b, pair->key);
		const int i = key_find(b, group, name, self);

		if (i >= 0 && seen[i] != NULL) {
			const struct place place = bind_place(name, group->keys[i].name, self);

			bind_error(b, &place, "stands here again; the first is on line %zu",
				node_of(b, seen[i]->key)->start_mark.line + 1);
		} else if (i >= 0) {
			seen[i] = pair;
		}
	}
}

static void
bind_group(struct bind *b, const struct schema_group *group, const yaml_node_t *node, const yaml_node_t *template,
	void *base, unsigned self, bool presets)
{
	const yaml_node_pair_t *seen[SCHEMA_KEYS_MAX] = {0};

	if (node != NULL && !node_is(node, YAML_MAPPING_NODE)) {
		const struct place place = bind_place(node, group->name, PLACES_ROOT);

		if (self == PLACES_ROOT) {
			bind_error(b, &place, "must be a mapping of keys, not %s", node_kind(node));
			return;
		}
		bind_bad(b, self, "must be a mapping of keys, not %s", node_kind(node));
		node = NULL;
	}
	if (node != NULL)
		find_keys(b, group, node, self, seen);
	for (int i = 0; group->keys[i].name != NULL && !b->no_memory; i++) {
		const yaml_node_pair_t *inherited = pair_find(b, template, group->keys[i].name);

		if (group->keys[i].kind == SCHEMA_FORBIDDEN)
			continue;
		b->around = node;
		if (seen[i] != NULL)
			bind_key(b, &group->keys[i], seen[i], inherited != NULL ? node_of(b, inherited->value) : NULL,
				base, self, presets);
		else
			bind_key(b, &group->keys[i], inherited, NULL, base, self, presets);
	}
}

void
bind_document(struct bind *b, const struct schema_group *group, void *base)
{
	bind_group(b, group, yaml_document_get_root_node(b->doc), NULL, base, PLACES_ROOT, true);
}

/* ------------------------------------------------------------------ YAML */

static struct place
place_of_problem(const yaml_parser_t *parser, const unsigned char *text, size_t len)
{
	struct place place = {.key = "not YAML", .parent = PLACES_ROOT, .line = 1, .column = 1};

	if (parser->error != YAML_READER_ERROR) {
		place.line = (unsigned)parser->problem_mark.line + 1;
		place.column = (unsigned)parser->problem_mark.column + 1;
		return place;
	}
	for (size_t i = 0; i < parser->problem_offset && i < len; i++) {
		place.column++;
		if (text[i] == '\n') {
			place.line++;
			place.column = 1;
		}
	}
	return place;
}

static bool
load_next(struct bind *b, yaml_parser_t *parser, const unsigned char *text, size_t len, yaml_document_t *doc)
{
	struct place place;

	if (yaml_parser_load(parser, doc))
		return true;
	if (parser->error == YAML_MEMORY_ERROR) {
		b->no_memory = true;
		return false;
	}
	place = place_of_problem(parser, text, len);
	bind_error(b, &place, "%s%s%s", parser->context == NULL ? "" : parser->context,
		parser->context == NULL ? "" : ", ", parser->problem);
	return false;
}

static bool
load_only(struct bind *b, yaml_parser_t *parser, const unsigned char *text, size_t len, yaml_document_t *doc)
{
	struct place place = {.key = "document", .parent = PLACES_ROOT, .line = 1, .column = 1};
	const yaml_node_t *root;
	yaml_document_t second;
	bool good;

	if (!load_next(b, parser, text, len, doc))
		return false;
	root = yaml_document_get_root_node(doc);
	good = root != NULL;
	if (!good)
		bind_error(b, &place, "is empty");
	else if ((good = load_next(b, parser, text, len, &second))) {
		root = yaml_document_get_root_node(&second);
		if (root != NULL) {
			place = bind_place(root, "document", PLACES_ROOT);
			bind_error(b, &place, "is a second one; a file holds one document");
			good = false;
		}
		bind_forget(&second);
	}
	if (!good)
		bind_forget(doc);
	return good;
}

bool
bind_parse(struct bind *b, const unsigned char *text, size_t len, yaml_document_t *doc)
{
	yaml_parser_t parser;
	bool good;

	if (!yaml_parser_initialize(&parser)) {
		b->no_memory = true;
		return false;
	}
	yaml_parser_set_input_string(&parser, text, len);
	good = load_only(b, &parser, text, len, doc);
	yaml_parser_delete(&parser);
	return good;
}

void
bind_forget(yaml_document_t *doc)
{
	for (yaml_node_t *node = doc->nodes.start; node < doc->nodes.top; node++)
		if (node->type == YAML_SCALAR_NODE)
			explicit_bzero(node->data.scalar.value, node->data.scalar.length);
	yaml_document_delete(doc);
}
