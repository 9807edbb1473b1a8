/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_OPTIONS_H
#define CONTROL_OPTIONS_H

#include <stdbool.h>

#include "control/replay.h"

/* Command line of hawserd(8). */

enum option_task { TASK_RUN, TASK_CHECK, TASK_PRINT, TASK_REPLAY, TASK_VERSION, TASK_HELP };

struct options {
	enum option_task task;
	const char *config_path;
	const char *name; /* NULL: process.name */
	bool background;
	struct replay_options replay;
};

#define OPTIONS_CONFIG_PATH "/etc/hawser/hawser.yaml"

/* False: the arguments are wrong, which was said on stderr. */
bool options_parse(int argc, char **argv, struct options *o);
void options_help(void);

#endif
