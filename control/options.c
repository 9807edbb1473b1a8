/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum { OPT_CHECK = 256, OPT_PRINT, OPT_NAME, OPT_REPLAY, OPT_OUT, OPT_VERSION };

static const struct option longs[] = {
	{"config", required_argument, NULL, 'c'},
	{"check", no_argument, NULL, OPT_CHECK},
	{"print", no_argument, NULL, OPT_PRINT},
	{"daemon", no_argument, NULL, 'b'},
	{"name", required_argument, NULL, OPT_NAME},
	{"replay", no_argument, NULL, OPT_REPLAY},
	{"out", required_argument, NULL, OPT_OUT},
	{"version", no_argument, NULL, OPT_VERSION},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

void
options_help(void)
{
	puts("usage: hawserd [-b] [-c FILE] [--name NAME]\n"
	     "       hawserd --check | --print [-c FILE]\n"
	     "       hawserd --replay LINK1.pcap LINK2.pcap [...] --out OUT.pcap\n"
	     "       hawserd --version\n"
	     "\n"
	     "  -c, --config FILE  configuration, default " OPTIONS_CONFIG_PATH "\n"
	     "  -b, --daemon       run in the background, log to syslog; returns when it works\n"
	     "      --check        check the configuration and its MTUs; needs no root and no devices\n"
	     "      --print        print the configuration as it was understood, secrets masked\n"
	     "      --name NAME    name of the process, instead of process.name\n"
	     "      --replay       reassemble captured links, see hawserd(8)\n"
	     "      --version      version, commit, DPDK and build\n"
	     "  -h, --help         this text");
}

static bool
take_option(int opt, struct options *o)
{
	switch (opt) {
	case 'c':
		o->config_path = optarg;
		return true;
	case 'b':
		o->background = true;
		return true;
	case 'h':
		o->task = TASK_HELP;
		return true;
	case OPT_CHECK:
		o->task = TASK_CHECK;
		return true;
	case OPT_PRINT:
		o->task = TASK_PRINT;
		return true;
	case OPT_NAME:
		o->name = optarg;
		return true;
	case OPT_REPLAY:
		o->task = TASK_REPLAY;
		return true;
	case OPT_OUT:
		o->replay.out = optarg;
		return true;
	case OPT_VERSION:
		o->task = TASK_VERSION;
		return true;
	default:
		fprintf(stderr, "hawserd: see hawserd --help\n");
		return false;
	}
}

/* The captures are what is no option; getopt has put them last. */
static bool
take_captures(int argc, char **argv, struct options *o)
{
	o->replay.inputs = (const char *const *)argv + optind;
	o->replay.n_inputs = (unsigned)(argc - optind);
	if (o->replay.n_inputs != 0 && o->replay.out != NULL)
		return true;
	fprintf(stderr, "hawserd: --replay wants captures and --out FILE, see hawserd --help\n");
	return false;
}

bool
options_parse(int argc, char **argv, struct options *o)
{
	*o = (struct options){.task = TASK_RUN, .config_path = OPTIONS_CONFIG_PATH};
	for (int opt; (opt = getopt_long(argc, argv, "c:bh", longs, NULL)) != -1;)
		if (!take_option(opt, o))
			return false;
	if (o->task == TASK_REPLAY)
		return take_captures(argc, argv, o);
	if (o->replay.out != NULL) {
		fprintf(stderr, "hawserd: --out goes with --replay only\n");
		return false;
	}
	if (optind < argc) {
		fprintf(stderr, "hawserd: %s: takes no arguments but options\n", argv[optind]);
		return false;
	}
	return true;
}
