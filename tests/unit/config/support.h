/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_CONFIG_SUPPORT_H
#define TESTS_UNIT_CONFIG_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"

/* Loads from memory; NULL when there were errors. Notes are the caller's to free. */
static inline struct config *
load_text(const char *yaml, struct config_notes *notes)
{
	struct config *cfg = NULL;

	*notes = (struct config_notes){0};
	config_load_string("t", yaml, strlen(yaml), &cfg, notes);
	return cfg;
}

/* The notes as they are printed, to be freed. */
static inline char *
notes_text(const struct config_notes *notes)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	config_notes_print(out, notes);
	fclose(out);
	return text;
}

static inline char *
print_text_of(const struct config *cfg)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	config_print(out, cfg);
	fclose(out);
	return text;
}

/* A configuration that has one of everything and no fault, to be loaded as it is or with something behind. */
#define PORTS                                 \
	"ports:\n"                            \
	"  wan: {device: d0, kind: access}\n" \
	"  dsl: {device: d1, kind: access}\n" \
	"  lan: {device: d2, kind: ip, addresses: [10.0.0.1/24]}\n"
#define CONCENTRATOR       \
	"concentrators:\n" \
	"  ac: {ports: wan, address: 10.0.0.1, pool: p}\n"
#define POOLS "pools: {p: [10.1.0.0/24]}\n"
#define USERS "users: {u: {password: x}}\n"
#define CLIENTS      \
	"clients:\n" \
	"  c: {username: u, password: x, links: {a: {ports: dsl}}}\n"

#endif
