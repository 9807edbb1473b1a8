/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/hawserctl/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void
table_init(struct table *t, char *titles)
{
	char *rest = titles;

	*t = (struct table){0};
	for (char *title; (title = strsep(&rest, "|")) != NULL && t->columns < TABLE_COLUMNS_MAX; t->columns++) {
		t->column[t->columns].right = *title == '+';
		t->column[t->columns].title = title + (*title == '+');
		t->column[t->columns].width = (unsigned)strlen(t->column[t->columns].title);
	}
}

void
table_fini(struct table *t)
{
	free(t->cells);
	*t = (struct table){0};
}

/* C0, DEL and C1 (raw, or as UTF-8 has it): some terminals take them all. */
static void
clean(char *text)
{
	bool tail = false; /* within a character of UTF-8 */

	for (unsigned char *p = (unsigned char *)text; *p != '\0'; p++) {
		const bool c1 = *p >= 0x80 && *p < 0xa0;

		if (c1 && tail && p[-1] == 0xc2)
			p[-1] = *p = '?';
		else if (*p < ' ' || *p == 0x7f || (c1 && !tail))
			*p = '?';
		tail = *p >= 0xc0 || (tail && *p >= 0x80);
	}
}

void
say(const char *format, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	clean(line);
	puts(line);
}

void
table_put(struct table *t, const char *format, ...)
{
	va_list ap;

	if (t->n == t->cap) {
		const size_t cap = t->cap != 0 ? 2 * t->cap : 64;
		char *cells = realloc(t->cells, cap * TABLE_CELL_MAX);

		if (cells == NULL)
			return;
		t->cells = cells;
		t->cap = cap;
	}
	char *cell = t->cells + t->n * TABLE_CELL_MAX;
	unsigned *width = &t->column[t->n % t->columns].width;

	va_start(ap, format);
	vsnprintf(cell, TABLE_CELL_MAX, format, ap);
	va_end(ap);
	clean(cell);
	if (strlen(cell) > *width)
		*width = (unsigned)strlen(cell);
	t->n++;
}

static void
print_cell(const struct table *t, unsigned column, const char *text, FILE *out)
{
	const int width = (int)t->column[column].width;
	const bool last = column + 1 == t->columns;

	if (t->column[column].right)
		fprintf(out, "%*s%s", width, text, last ? "\n" : "  ");
	else if (last)
		fprintf(out, "%s\n", text);
	else
		fprintf(out, "%-*s  ", width, text);
}

void
table_print(const struct table *t, FILE *out)
{
	for (unsigned i = 0; i < t->columns; i++)
		print_cell(t, i, t->column[i].title, out);
	for (size_t i = 0; i < t->n; i++)
		print_cell(t, (unsigned)(i % t->columns), t->cells + i * TABLE_CELL_MAX, out);
}

/* ------------------------------------------------------------------ texts */

static char *
buffer(void)
{
	static char buffers[8][32];
	static unsigned next;

	return buffers[next++ % 8];
}

const char *
text_scaled(double v)
{
	static const char units[] = " kMGTP";
	char *text = buffer();
	unsigned unit = 0;

	while (v >= 999.95 && unit < sizeof(units) - 2) {
		v /= 1000;
		unit++;
	}
	if (unit == 0)
		snprintf(text, 32, "%.0f", v);
	else
		snprintf(text, 32, "%.1f %c", v, units[unit]);
	return text;
}

static const char *
seconds(uint64_t s)
{
	char *text = buffer();

	if (s < 60)
		snprintf(text, 32, "%u s", (unsigned)s);
	else if (s < 3600)
		snprintf(text, 32, "%u min", (unsigned)(s / 60));
	else if (s < 48 * 3600)
		snprintf(text, 32, "%u h %02u min", (unsigned)(s / 3600), (unsigned)(s / 60 % 60));
	else
		snprintf(text, 32, "%u d", (unsigned)(s / 86400));
	return text;
}

const char *
text_age(uint64_t since_ms)
{
	const uint64_t now_s = (uint64_t)time(NULL), since_s = since_ms / 1000;

	return since_ms == 0 ? "-" : seconds(now_s > since_s ? now_s - since_s : 0);
}

const char *
text_left(uint64_t until_ms)
{
	const uint64_t now_s = (uint64_t)time(NULL), until_s = until_ms / 1000;

	return until_ms == 0 ? "-" : seconds(until_s > now_s ? until_s - now_s : 0);
}
