/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <string.h>

#include "config/schema.h"
#include "config/value.h"

/* ------------------------------------------------------------------ scalars */

static bool
plain_char(char c)
{
	return isalnum((unsigned char)c) || strchr("_./@+-", c) != NULL;
}

/* YAML reads it as one plain scalar, in lists too. Everything doubtful is quoted. */
static bool
is_plain(const char *text)
{
	if (!isalnum((unsigned char)text[0]) && text[0] != '/' && !(text[0] == '-' && isdigit((unsigned char)text[1])))
		return false;
	for (const char *s = text; *s != '\0'; s++)
		if (!plain_char(*s) && !(*s == ' ' && plain_char(s[1]) && s[1] != '\0'))
			return false;
	return true;
}

/* Code point of valid UTF-8 at *s, which is moved behind it. */
static uint32_t
code_point(const char **s)
{
	const unsigned char first = (unsigned char)*(*s)++;
	const unsigned more = first < 0xc0 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
	uint32_t c = more == 0 ? first : first & (0x3fu >> more);

	for (unsigned i = 0; i < more && **s != '\0'; i++)
		c = c << 6 | ((unsigned char)*(*s)++ & 0x3f);
	return c;
}

/* As it is inside quotes: no control characters, line separators or what YAML does not count as text. */
static bool
is_printable(uint32_t c)
{
	if (c < 0xa0)
		return c >= 0x20 && c < 0x7f;
	return c != 0x2028 && c != 0x2029 && c != 0xfeff && c != 0xfffe && c != 0xffff;
}

static void
print_quoted(FILE *out, const char *text)
{
	fputc('"', out);
	for (const char *s = text; *s != '\0';) {
		const char *from = s;
		const uint32_t c = code_point(&s);

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", (int)c);
		else if (is_printable(c))
			fwrite(from, 1, (size_t)(s - from), out);
		else
			fprintf(out, "\\u%04x", (unsigned)c);
	}
	fputc('"', out);
}

static void
print_text(FILE *out, const char *text)
{
	if (text == NULL)
		fputc('~', out);
	else if (is_plain(text))
		fputs(text, out);
	else
		print_quoted(out, text);
}

static void
print_scalar(FILE *out, const struct schema_key *key, const void *at)
{
	char buf[VALUE_TEXT_MAX];

	print_text(out, value_format(key, at, buf));
}

static void
print_many(FILE *out, const struct schema_key *key, const void *at)
{
	const struct schema_items items = schema_items(at);

	fputc('[', out);
	for (size_t i = 0; i < items.n; i++) {
		if (i != 0)
			fputs(", ", out);
		print_scalar(out, key, (const char *)items.items + i * schema_size(key));
	}
	fputc(']', out);
}

/* ------------------------------------------------------------------ groups */

static void print_group(FILE *out, const struct schema_group *group, const void *base, int depth, bool in_list);

static void
indent(FILE *out, int depth)
{
	fprintf(out, "%*s", depth * 2, "");
}

static bool
is_unset_group(const struct schema_key *key, const void *at)
{
	bool given;

	memcpy(&given, at, sizeof(given));
	return (key->flags & SCHEMA_OPTIONAL) && !given;
}

static void
print_object(FILE *out, const struct schema_key *key, const void *item, int depth)
{
	const struct schema_key *only = key->group->keys;
	char *name;

	memcpy(&name, item, sizeof(name));
	indent(out, depth);
	print_text(out, name);
	fputc(':', out);
	if (key->flags & SCHEMA_BARE) {
		fputc(' ', out);
		print_many(out, only, (const char *)item + only->offset);
		fputc('\n', out);
	} else {
		fputc('\n', out);
		print_group(out, key->group, item, depth + 1, false);
	}
}

static void
print_objects(FILE *out, const struct schema_key *key, const void *at, int depth)
{
	const struct schema_items items = schema_items(at);

	if (items.n == 0) {
		fputs(key->kind == SCHEMA_MAP ? " {}\n" : " []\n", out);
		return;
	}
	fputc('\n', out);
	for (size_t i = 0; i < items.n; i++) {
		const void *item = (const char *)items.items + i * key->group->size;

		if (key->kind == SCHEMA_MAP)
			print_object(out, key, item, depth + 1);
		else
			print_group(out, key->group, item, depth + 1, true);
	}
}

static void
print_key(FILE *out, const struct schema_key *key, const void *at, int depth)
{
	fprintf(out, "%s:", key->name);
	if (key->flags & SCHEMA_USED_UP) {
		fputs(key->kind == SCHEMA_MAP ? " {}\n" : " ~\n", out);
	} else if (key->kind == SCHEMA_MAP || key->kind == SCHEMA_LIST) {
		print_objects(out, key, at, depth);
	} else if (key->kind == SCHEMA_GROUP && !is_unset_group(key, at)) {
		fputc('\n', out);
		print_group(out, key->group, at, depth + 1, false);
	} else if (key->kind == SCHEMA_GROUP) {
		fputs(" ~\n", out);
	} else {
		fputc(' ', out);
		if (key->flags & SCHEMA_MANY)
			print_many(out, key, at);
		else
			print_scalar(out, key, at);
		fputc('\n', out);
	}
}

/* in_list: the first key stands behind the list's dash. */
static void
print_group(FILE *out, const struct schema_group *group, const void *base, int depth, bool in_list)
{
	for (const struct schema_key *k = group->keys; k->name != NULL; k++) {
		if (k->kind == SCHEMA_FORBIDDEN)
			continue;
		indent(out, depth);
		if (in_list)
			fputs(k == group->keys ? "- " : "  ", out);
		print_key(out, k, (const char *)base + k->offset, depth + in_list);
	}
}

void
config_print(FILE *out, const struct config *cfg)
{
	print_group(out, &schema_root, cfg, 0, false);
}
