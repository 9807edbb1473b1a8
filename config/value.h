/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "config/schema.h"

/* Internal. Scalars: text of the file <-> value in the struct. Pure. */

enum { VALUE_WHY_MAX = 256 };

/* Reads text as the key's scalar and writes it at `at`. 0; -ENOMEM; or -EINVAL and why. Texts are allocated. */
int value_parse(
	const struct schema_key *key, const char *text, size_t len, bool quoted, void *at, char why[VALUE_WHY_MAX]);

/* The scalar at `at` as it would stand in the file, without quotes; NULL when it is not given. Secrets are masked. The result
 * is `buf` or belongs to the value. */
enum { VALUE_TEXT_MAX = 128 };
const char *value_format(const struct schema_key *key, const void *at, char buf[VALUE_TEXT_MAX]);

/* A number of the struct's unit with its unit, as "20 ms". */
const char *value_format_number(const struct schema_key *key, int64_t value, char buf[VALUE_TEXT_MAX]);

/* "bit/s, kbit/s, Mbit/s or Gbit/s" */
const char *value_units(enum schema_unit unit, char buf[VALUE_TEXT_MAX]);

/* What stands for a password in print. */
#define VALUE_MASK "(secret)"

/* Text forms of the values, also for messages. */
const char *value_address4(uint32_t address, char buf[VALUE_TEXT_MAX]);
const char *value_ip_prefix(const struct config_ip *ip, char buf[VALUE_TEXT_MAX]);
const char *value_vlan(const struct config_vlan *vlan, char buf[VALUE_TEXT_MAX]);
bool value_parse_mac(const char *text, uint8_t mac[6]);

/* Whether it may name a process, a port, a client and so on. */
bool value_is_name(const char *text, size_t len);

#endif
