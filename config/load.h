/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include <sys/stat.h>

#include "config/check.h"

/* Internal. */

struct file_text {
	unsigned char *bytes;
	size_t len, cap;
	struct stat stat;
};

/* The whole file. 0 or a negative errno; -EFBIG when it is larger than any configuration is. */
int file_read(const char *path, struct file_text *text);
/* Wipes it. */
void file_forget(struct file_text *text);

/* Reads the secrets file that the configuration names and hands the passwords to users, clients and links. Errors are noted. */
void secrets_load(struct check *c);

#endif
