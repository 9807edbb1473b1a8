/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONFIG_NOTES_H
#define CONFIG_NOTES_H

#include <stdarg.h>

#include "config/config.h"

/* Internal. */

enum { NOTES_KEPT = 1000, NOTES_PATH_MAX = 512 };

/* Adds a note; texts are copied. -ENOMEM, or 0. */
int notes_add(struct config_notes *notes, enum config_level level, const char *file, unsigned line, unsigned column,
	const char *key, const char *format, va_list args) __attribute__((format(printf, 7, 0)));

/* Adds a note about a field of cfg, found by its address. */
int notes_field(const struct config *cfg, struct config_notes *notes, enum config_level level, const void *field,
	const char *format, va_list args) __attribute__((format(printf, 5, 0)));

void notes_sort(struct config_notes *notes);

#endif
