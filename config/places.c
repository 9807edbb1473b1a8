/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/places.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/config.h"

struct config_places *
places_new(void)
{
	return calloc(1, sizeof(struct config_places));
}

void
places_free(struct config_places *places)
{
	if (places == NULL)
		return;
	free(places->items);
	free(places->by_value);
	free(places);
}

unsigned
places_add(struct config_places *places, const struct place *place)
{
	if (places->n == places->cap) {
		const unsigned cap = places->cap == 0 ? 256 : places->cap * 2;
		struct place *items = reallocarray(places->items, cap, sizeof(*items));

		if (items == NULL)
			return PLACES_ROOT;
		places->items = items;
		places->cap = cap;
	}
	places->items[places->n] = *place;
	return places->n++;
}

/* Outer things first among those at one address: they were added first. */
static int
compare(const void *va, const void *vb, void *ctx)
{
	const struct place *items = ctx;
	const unsigned a = *(const unsigned *)va, b = *(const unsigned *)vb;
	const uintptr_t at_a = (uintptr_t)items[a].value, at_b = (uintptr_t)items[b].value;

	if (at_a != at_b)
		return at_a < at_b ? -1 : 1;
	return a < b ? -1 : 1;
}

bool
places_seal(struct config_places *places)
{
	places->by_value = calloc(places->n + 1, sizeof(*places->by_value));
	if (places->by_value == NULL)
		return false;
	for (unsigned i = 0; i < places->n; i++)
		places->by_value[i] = i;
	qsort_r(places->by_value, places->n, sizeof(*places->by_value), compare, places->items);
	return true;
}

const struct place *
places_find(const struct config_places *places, const void *value)
{
	unsigned low = 0, high = places->n;

	/* first entry behind all those of this address */
	while (low < high) {
		const unsigned middle = low + (high - low) / 2;

		if ((uintptr_t)places->items[places->by_value[middle]].value <= (uintptr_t)value)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return NULL;
	const struct place *place = &places->items[places->by_value[low - 1]];

	return place->value == value ? place : NULL;
}

static size_t
path_put(const struct config_places *places, const struct place *place, char *path, size_t cap)
{
	size_t used = 0;
	int put;

	if (place->parent != PLACES_ROOT)
		used = path_put(places, &places->items[place->parent], path, cap);
	if (used >= cap)
		return cap;
	if (place->key == NULL)
		put = snprintf(path + used, cap - used, "[%u]", place->index);
	else
		put = snprintf(path + used, cap - used, "%s%s", used == 0 ? "" : ".", place->key);
	return used + (size_t)put;
}

void
places_path(const struct config_places *places, const struct place *place, char *path, size_t cap)
{
	path[0] = '\0';
	path_put(places, place, path, cap);
}

bool
config_where(const struct config *cfg, const void *field, unsigned *line, char *key, size_t cap)
{
	const struct place *place = places_find(cfg->places, field);

	if (place == NULL)
		return false;
	*line = place->line;
	places_path(cfg->places, place, key, cap);
	return true;
}
