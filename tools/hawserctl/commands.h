/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TOOLS_HAWSERCTL_COMMANDS_H
#define TOOLS_HAWSERCTL_COMMANDS_H

#include "tools/hawserctl/client.h"

/* What the user said, and the commands that take it from there. */

enum { ARGS_MAX = 8, LINKS_ANY = -1 };

struct args {
	struct client client;
	bool json, follow;
	int links;         /* --links N; LINKS_ANY */
	double timeout_s;  /* --timeout S, < 0: not given */
	double interval_s; /* -i S */
	long count;        /* -n N, < 0: not given */
	unsigned n;
	const char *words[ARGS_MAX]; /* of the command, its name first */
};

enum status show_command(const struct args *a);
enum status explain_command(const struct args *a);
enum status link_command(const struct args *a);
enum status version_command(const struct args *a);
enum status watch_command(const struct args *a);
enum status events_command(const struct args *a);
enum status trace_command(const struct args *a);
enum status wait_command(const struct args *a);

/* Set by SIGINT and SIGTERM: commands that run for long end, and put right what they changed. */
bool interrupted(void);
double clock_s(void);
/* Until then, or until interrupted. */
void sleep_until(double s);

void print_json(const json_t *body);

#endif
