/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/hawserctl/commands.h"

enum { OPT_JSON = 256, OPT_LINKS, OPT_TIMEOUT };

#define SOCKET_DEFAULT "/run/hawser/hawser.sock"

static volatile sig_atomic_t stop;

static void
on_signal(int signal)
{
	(void)signal;
	stop = 1;
}

bool
interrupted(void)
{
	return stop != 0;
}

double
clock_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

void
sleep_until(double s)
{
	const struct timespec ts = {.tv_sec = (time_t)s, .tv_nsec = (long)((s - floor(s)) * 1e9)};

	while (!interrupted() && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

void
print_json(const json_t *body)
{
	json_dumpf(body, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
}

static const struct {
	const char *name;
	enum status (*run)(const struct args *a);
} commands[] = {
	{"show", show_command},
	{"explain", explain_command},
	{"trace", trace_command},
	{"link", link_command},
	{"watch", watch_command},
	{"events", events_command},
	{"wait", wait_command},
	{"version", version_command},
};

static void
help(FILE *out)
{
	fputs("usage: hawserctl [-s SOCKET] [--json] COMMAND\n"
	      "\n"
	      "  show links|quality|bundles|load|ports|workers|drops|counters|neighbours|config\n"
	      "  explain LINK                 why it did or did not join its bundle\n"
	      "  trace LINK [-n SECONDS]      follow its control protocols, decoded\n"
	      "  link up|down LINK            dial or close a client's link, close a session\n"
	      "  watch [-i SECONDS] [-n N]    live rates of bundles and links\n"
	      "  events [-f]                  what happened; -f goes on\n"
	      "  wait bundle NAME [--links N] [--timeout S]\n"
	      "                               until it is up, with just N links\n"
	      "  wait link NAME up|down [--timeout S]\n"
	      "  version                      of the daemon\n"
	      "\n"
	      "The socket is " SOCKET_DEFAULT ", or $HAWSER_SOCKET. Exit status: 0 done, 1 refused,\n"
	      "2 wrong usage, 3 wait timed out, 4 no daemon. See hawserctl(1).\n",
		out);
}

static bool
take_seconds(const char *text, double *s)
{
	char *end;

	errno = 0;
	*s = strtod(text, &end);
	return errno == 0 && end != text && *end == '\0' && *s >= 0 && *s < 1e9;
}

static bool
take_count(const char *text, long most, long *n)
{
	char *end;

	errno = 0;
	*n = strtol(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && *n >= 0 && *n <= most;
}

static bool
take_option(int opt, struct args *a)
{
	long n = 0;

	switch (opt) {
	case 's':
		a->client.socket = optarg;
		return true;
	case 'f':
		a->follow = true;
		return true;
	case 'i':
		return take_seconds(optarg, &a->interval_s) && a->interval_s >= 0.1;
	case 'n':
		return take_count(optarg, 1000000000, &a->count);
	case OPT_JSON:
		a->json = true;
		return true;
	case OPT_LINKS:
		if (!take_count(optarg, 1000, &n))
			return false;
		a->links = (int)n;
		return true;
	case OPT_TIMEOUT:
		return take_seconds(optarg, &a->timeout_s);
	default:
		return false;
	}
}

static bool
take_options(int argc, char **argv, struct args *a)
{
	static const struct option longs[] = {
		{"socket", required_argument, NULL, 's'},
		{"json", no_argument, NULL, OPT_JSON},
		{"links", required_argument, NULL, OPT_LINKS},
		{"timeout", required_argument, NULL, OPT_TIMEOUT},
		{"follow", no_argument, NULL, 'f'},
		{"interval", required_argument, NULL, 'i'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};

	for (int opt; (opt = getopt_long(argc, argv, "s:fi:n:h", longs, NULL)) != -1;) {
		if (opt == 'h') {
			help(stdout);
			exit(STATUS_DONE);
		}
		if (!take_option(opt, a)) {
			if (opt != '?')
				fprintf(stderr, "hawserctl: %s: not a value for this option\n", optarg);
			return false;
		}
	}
	for (; optind < argc && a->n < ARGS_MAX; optind++)
		a->words[a->n++] = argv[optind];
	return optind == argc;
}

static enum status
dispatch(const struct args *a)
{
	for (size_t i = 0; a->n != 0 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, a->words[0]) == 0)
			return commands[i].run(a);
	if (a->n != 0)
		fprintf(stderr, "hawserctl: %s: no such command\n", a->words[0]);
	help(stderr);
	return STATUS_USAGE;
}

int
main(int argc, char **argv)
{
	const char *socket = getenv("HAWSER_SOCKET");
	struct args a = {
		.client.socket = socket != NULL && *socket != '\0' ? socket : SOCKET_DEFAULT,
		.links = LINKS_ANY,
		.timeout_s = -1,
		.interval_s = 1,
		.count = -1,
	};
	const struct sigaction action = {.sa_handler = on_signal};

	if (!take_options(argc, argv, &a)) {
		fputs("hawserctl: see hawserctl --help\n", stderr);
		return STATUS_USAGE;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	return (int)dispatch(&a);
}
