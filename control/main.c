/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/api.h"
#include "control/apply.h"
#include "control/background.h"
#include "control/clock.h"
#include "control/control.h"
#include "control/demand.h"
#include "control/entropy.h"
#include "control/event_log.h"
#include "control/events.h"
#include "control/hooks.h"
#include "control/ip_ports.h"
#include "control/log.h"
#include "control/loop.h"
#include "control/options.h"
#include "control/replay.h"
#include "control/resolver.h"
#include "control/rib.h"
#include "control/version.h"

/* The way up is the order of the functions below, the way down is its reverse. What fails has said why on the log. */

/* ------------------------------------------------------------------ tasks without devices */

static int
task_version(void)
{
	printf("hawserd %s (commit %s)\n%s\n%s\n", HAWSER_VERSION, HAWSER_COMMIT, dataplane_version(), HAWSER_BUILD);
	return EXIT_SUCCESS;
}

static int
task_check(const char *path)
{
	struct config_notes notes = {0};
	struct config *cfg = NULL;
	const bool good = config_load(path, &cfg, &notes) == 0 && config_check_mtu(cfg, &notes) == 0;

	config_notes_print(stdout, &notes);
	if (good)
		printf("%s: good\n", path);
	else
		printf("%s: %zu error%s\n", path, notes.n_errors, notes.n_errors == 1 ? "" : "s");
	config_notes_free(&notes);
	config_free(cfg);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static bool
rename_process(struct config *cfg, const char *name)
{
	const int ret = name != NULL ? config_rename(cfg, name) : 0;

	if (ret < 0)
		fprintf(stderr, "hawserd: --name %s: %s\n", name,
			ret == -EINVAL ? "is no name: see hawser.yaml(5)" : strerror(-ret));
	return ret == 0;
}

/* NULL: the errors were printed. Warnings are left to the caller. */
static struct config *
load(const struct options *o, struct config_notes *notes)
{
	struct config *cfg = NULL;
	bool good = config_load(o->config_path, &cfg, notes) == 0 && config_check_mtu(cfg, notes) == 0;

	if (!good)
		config_notes_print(stderr, notes);
	good = good && rename_process(cfg, o->name);
	if (good)
		return cfg;
	config_free(cfg);
	return NULL;
}

static int
task_print(const struct options *o)
{
	struct config_notes notes = {0};
	struct config *cfg = load(o, &notes);
	const bool good = cfg != NULL;

	if (good)
		config_print(stdout, cfg);
	config_notes_free(&notes);
	config_free(cfg);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ------------------------------------------------------------------ running */

static bool
start_memory(struct control *c)
{
	c->setup = setup_new(c->cfg);
	c->out = calloc(1, sizeof(*c->out));
	c->events = events_new();
	c->rib = rib_new(c->cfg->process.routes_max + 8u * CONFIG_PORTS_MAX);
	if (c->setup == NULL || c->out == NULL || c->events == NULL || c->rib == NULL || !hooks_new(c)) {
		log_error("not enough memory");
		return false;
	}
	resolver_clear(c);
	return event_log_open(c);
}

static bool
start_socket(struct control *c)
{
	char *const *field, key[64];
	const char *why;
	unsigned line;

	c->api = api_open(&c->cfg->process, &field, &why);
	if (c->api != NULL)
		return true;
	if (config_where(c->cfg, field, &line, key, sizeof(key)))
		log_error("%s:%u: %s: %s: %s", c->cfg->path, line, key, *field, why);
	else
		log_error("control socket %s: %s", *field, why);
	return false;
}

/* Signals are for this thread: those that the data plane starts inherit the mask. */
static bool
start_dataplane(struct control *c)
{
	const char *why = "";
	sigset_t all, before;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = dataplane_start(&c->setup->dp, &c->dp, &why);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (ret < 0) {
		log_error("data plane: %s", *why != '\0' ? why : strerror(-ret));
		c->dp = NULL;
		return false;
	}
	setup_ports(c->setup, c->dp);
	return true;
}

static bool
start_core(struct control *c)
{
	const char *why = "";
	const uint64_t now_ms = clock_ms();

	c->host = host_new(&c->setup->host, entropy_fill, NULL, now_ms, &why);
	if (c->host == NULL) {
		log_error("protocols: %s", why);
		return false;
	}
	c->apply = apply_new(c);
	c->ip = ip_ports_new(c, now_ms);
	if (c->apply == NULL || c->ip == NULL || !demand_new(c)) {
		log_error("not enough memory");
		return false;
	}
	return true;
}

static void
on_libevent(int severity, const char *text)
{
	if (severity >= EVENT_LOG_WARN)
		log_warning("libevent     %s", text);
}

static bool
start_loop(struct control *c)
{
	struct event_config *ec = event_config_new();

	event_set_log_callback(on_libevent);
	if (ec != NULL) {
		/* Commands are followed up in less than a millisecond. */
		event_config_set_flag(ec, EVENT_BASE_FLAG_PRECISE_TIMER);
		c->base = event_base_new_with_config(ec);
		event_config_free(ec);
	}
	if (c->base == NULL || api_start(c) != 0 || !hooks_start(c)) {
		log_error("event loop: %s", strerror(ENOMEM));
		return false;
	}
	return true;
}

/* What the data plane found odd at start, a line each. */
static void
tell_notes(const struct control *c)
{
	const char *at = dp_notes(c->dp);

	for (size_t n = strcspn(at, "\n"); n != 0; n = strcspn(at, "\n")) {
		log_warning("%.*s", (int)n, at);
		at += n + (at[n] == '\n');
	}
}

static const char *
spread_text(const struct dp_port_info *p)
{
	if (p->rx_queues < 2)
		return "one receive queue";
	switch (p->rss) {
	case DP_RSS_NONE:
		return "the driver hashes nothing that we can ask for";
	case DP_RSS_IP:
		return "the driver hashes IP, not PPPoE";
	case DP_RSS_PPPOE:
		return "the driver hashes PPPoE";
	}
	return "";
}

static void
tell_ports(const struct control *c)
{
	for (unsigned i = 0; i < c->cfg->n_ports; i++) {
		struct dp_port_info p;

		if (dp_port_info(c->dp, i, &p) == 0)
			log_info("port         %s: %s (%s), MAC %02x:%02x:%02x:%02x:%02x:%02x, MTU %u",
				c->cfg->ports[i].name, p.device, p.driver, p.mac.b[0], p.mac.b[1], p.mac.b[2],
				p.mac.b[3], p.mac.b[4], p.mac.b[5], p.mtu);
		if (c->setup->dp.workers > 1 && c->cfg->ports[i].kind == CONFIG_ACCESS)
			log_info("steering     port %s: %s, %s", c->cfg->ports[i].name, spread_text(&p),
				p.rules.max != 0 ? "the driver is asked for a rule for each session"
						 : "sessions are handed over by ring");
	}
}

static void
stop_all(struct control *c)
{
	if (c->dp != NULL)
		dataplane_stop(c->dp);
	api_close(c->api);
	hooks_free(c->hooks);
	event_log_close(c->event_log);
	c->hooks = NULL;
	c->event_log = NULL;
	if (c->base != NULL)
		event_base_free(c->base);
	demand_free(c->demand);
	ip_ports_free(c->ip);
	apply_free(c->apply);
	host_free(c->host);
	rib_free(c->rib);
	events_free(c->events);
	free(c->out);
	setup_free(c->setup);
}

static int
run(struct control *c, int ready_fd)
{
	loop_hold_signals();
	const bool up = start_memory(c) && start_socket(c) && start_dataplane(c) && start_core(c) && start_loop(c);

	if (up) {
		tell_ports(c);
		tell_notes(c);
		log_info("started      hawserd %s (%s), %s, process %s, %u worker%s, %s", HAWSER_VERSION, HAWSER_COMMIT,
			dataplane_version(), c->name, c->setup->dp.workers, c->setup->dp.workers == 1 ? "" : "s",
			c->setup->dp.hugepages ? "hugepages" : "no hugepages");
		if (ready_fd >= 0) {
			log_to_syslog("hawserd");
			background_ready(ready_fd);
		}
	}
	const bool good = up && loop_run(c) == 0;

	stop_all(c);
	log_info("stopped");
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void
log_warnings(const struct config_notes *notes)
{
	for (size_t i = 0; i < notes->n; i++) {
		const struct config_note *n = &notes->items[i];
		const char *key = n->key != NULL ? n->key : "";

		if (n->level != CONFIG_WARNING)
			continue;
		if (n->line != 0)
			log_warning("config       %s:%u:%u: %s: %s", n->file, n->line, n->column, key, n->why);
		else
			log_warning("config       %s: %s", n->file, n->why);
	}
}

static int
task_run(const struct options *o)
{
	struct control c = {0};
	struct config_notes notes = {0};
	struct config *cfg = load(o, &notes);
	int ready_fd = -1, ret;

	if (cfg == NULL) {
		config_notes_free(&notes);
		return EXIT_FAILURE;
	}
	log_open((enum log_level)cfg->process.log_level);
	log_warnings(&notes);
	config_notes_free(&notes);
	if (o->background && (ready_fd = background_start()) < 0) {
		log_error("background: %s", strerror(errno));
		config_free(cfg);
		return EXIT_FAILURE;
	}
	signal(SIGPIPE, SIG_IGN);
	c.cfg = cfg;
	c.name = cfg->process.name;
	c.started_wall_ms = clock_wall_ms();
	c.wall_offset_ms = c.started_wall_ms - clock_ms();
	ret = run(&c, ready_fd);
	config_free(cfg);
	return ret;
}

int
main(int argc, char **argv)
{
	struct options o;

	if (!options_parse(argc, argv, &o))
		return 2;
	switch (o.task) {
	case TASK_RUN:
		return task_run(&o);
	case TASK_CHECK:
		return task_check(o.config_path);
	case TASK_PRINT:
		return task_print(&o);
	case TASK_REPLAY:
		return replay_run(&o.replay);
	case TASK_VERSION:
		return task_version();
	case TASK_HELP:
		options_help();
		return EXIT_SUCCESS;
	}
	return 2;
}
