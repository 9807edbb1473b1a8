/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TOOLS_HAWSERCTL_TABLE_H
#define TOOLS_HAWSERCTL_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Columns that are as wide as what stands in them. */

enum { TABLE_COLUMNS_MAX = 16, TABLE_CELL_MAX = 512 };

struct table {
	unsigned columns;
	struct {
		const char *title;
		bool right; /* numbers */
		unsigned width;
	} column[TABLE_COLUMNS_MAX];
	char *cells; /* rows of cells, each TABLE_CELL_MAX */
	size_t n, cap;
};

/* titles: "NAME|+BYTES|STATE"; '+' makes a column of numbers. The string must live as long as the table. */
void table_init(struct table *t, char *titles);
void table_fini(struct table *t);
/* Fills the next cell, row by row. */
void table_put(struct table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_print(const struct table *t, FILE *out);

/* One line on standard output, as printf() and a new line. Like the cells it holds no control characters: names are the peers' choice, and
 * must not be commands to the terminal. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "12.3 M", "950": for rates and counts with decimal prefixes. Static buffers, good for eight calls. */
const char *text_scaled(double v);
/* "35 s", "2 h 03 min"; "-" for 0. */
const char *text_age(uint64_t since_ms);
/* The same until then. */
const char *text_left(uint64_t until_ms);

#endif
