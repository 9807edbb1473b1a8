/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/notes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/places.h"

static void
note_fini(struct config_note *note)
{
	free(note->file);
	free(note->key);
	free(note->why);
}

void
config_notes_free(struct config_notes *notes)
{
	for (size_t i = 0; i < notes->n; i++)
		note_fini(&notes->items[i]);
	free(notes->items);
	*notes = (struct config_notes){0};
}

void
config_notes_print(FILE *out, const struct config_notes *notes)
{
	static const char *const prefix[] = {
		[CONFIG_ERROR] = "", [CONFIG_WARNING] = "warning: ", [CONFIG_INFO] = "note: "};

	for (size_t i = 0; i < notes->n; i++) {
		const struct config_note *note = &notes->items[i];

		fputs(note->file, out);
		if (note->line != 0)
			fprintf(out, ":%u:%u", note->line, note->column);
		fprintf(out, ": %s%s%s%s\n", prefix[note->level], note->key, note->key[0] ? ": " : "", note->why);
	}
	if (notes->overflow)
		fprintf(out, "more than %d messages: the rest is not shown\n", NOTES_KEPT);
}

/* A value that several places use, each of which finds the same fault with it. */
static bool
is_said(const struct config_notes *notes, const struct config_note *new)
{
	for (size_t i = 0; i < notes->n; i++) {
		const struct config_note *old = &notes->items[i];

		if (old->level == new->level && old->line == new->line &&
			old->column == new->column &&strcmp(old->file, new->file) == 0 &&
			strcmp(old->key, new->key) == 0 && strcmp(old->why, new->why) == 0)
			return true;
	}
	return false;
}

int
notes_add(struct config_notes *notes, enum config_level level, const char *file, unsigned line, unsigned column,
	const char *key, const char *format, va_list args)
{
	struct config_note note = {.level = level, .line = line, .column = column};
	struct config_note *items;

	if (level == CONFIG_ERROR)
		notes->n_errors++;
	if (notes->n == NOTES_KEPT) {
		notes->overflow = true;
		return 0;
	}
	items = reallocarray(notes->items, notes->n + 1, sizeof(*items));
	if (items == NULL)
		return -ENOMEM;
	notes->items = items;
	note.file = strdup(file);
	note.key = strdup(key);
	if (vasprintf(&note.why, format, args) < 0)
		note.why = NULL;
	if (note.file == NULL || note.key == NULL || note.why == NULL) {
		note_fini(&note);
		return -ENOMEM;
	}
	if (is_said(notes, &note))
		note_fini(&note);
	else
		notes->items[notes->n++] = note;
	return 0;
}

int
notes_field(const struct config *cfg, struct config_notes *notes, enum config_level level, const void *field,
	const char *format, va_list args)
{
	char key[NOTES_PATH_MAX] = "";
	unsigned line = 0, column = 0;
	const struct place *place = places_find(cfg->places, field);

	if (place != NULL) {
		line = place->line;
		column = place->column;
		places_path(cfg->places, place, key, sizeof(key));
	}
	return notes_add(notes, level, cfg->path, line, column, key, format, args);
}

static int
note_compare(const void *va, const void *vb)
{
	const struct config_note *a = va, *b = vb;
	const int by_file = strcmp(a->file, b->file);

	if (by_file != 0)
		return by_file;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	if (a->column != b->column)
		return a->column < b->column ? -1 : 1;
	if (a->level != b->level)
		return a->level < b->level ? -1 : 1;
	const int by_key = strcmp(a->key, b->key);

	return by_key != 0 ? by_key : strcmp(a->why, b->why);
}

void
notes_sort(struct config_notes *notes)
{
	if (notes->n > 1)
		qsort(notes->items, notes->n, sizeof(notes->items[0]), note_compare);
}
