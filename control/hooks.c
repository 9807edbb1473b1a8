/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/hooks.h"

#include <ctype.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "control/log.h"
#include "control/report.h"
#include "control/show.h"

enum { ENV_MAX = 48, ENV_BYTES = 8192 };

struct hook {
	const struct config_hook *cfg;
	struct control *c;
	pid_t pid;    /* 0: does not run */
	bool overdue; /* SIGTERM was sent */
	struct event *timer;
	unsigned first, n; /* of what waits */
	bool full;         /* and that was said */
	struct event_record waiting[HOOK_WAITING];
};

struct hooks {
	unsigned n;
	cpu_set_t cpus;
	struct event *child;
	struct hook hooks[];
};

/* ------------------------------------------------------------------ environment */

/* "NAME=value" strings one behind the other; what does not fit is left out. */
struct environment {
	unsigned n;
	size_t used;
	char *list[ENV_MAX + 1];
	char bytes[ENV_BYTES];
};

/* Peers choose names: no program shall find control characters in them. */
static void
env_put(struct environment *e, const char *name, const char *value)
{
	char *at = e->bytes + e->used;
	const size_t room = sizeof(e->bytes) - e->used;
	const int n = snprintf(at, room, "%s=%s", name, value);

	if (n < 0 || (size_t)n >= room || e->n == ENV_MAX)
		return;
	for (char *p = at; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	e->list[e->n++] = at;
	e->list[e->n] = NULL;
	e->used += (size_t)n + 1;
}

/* "our_address" becomes HAWSER_OUR_ADDRESS. */
static void
env_put_member(struct environment *e, const char *key, const json_t *value)
{
	char name[64] = "HAWSER_", number[32];
	size_t at = strlen(name);

	for (; *key != '\0' && at + 1 < sizeof(name); key++)
		name[at++] = (char)toupper((unsigned char)*key);
	name[at] = '\0';
	if (json_is_string(value)) {
		env_put(e, name, json_string_value(value));
	} else if (json_is_integer(value)) {
		snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
		env_put(e, name, number);
	}
}

/* The event's members as the control socket and the event log have them; null ones are left out. */
static void
env_load(struct environment *e, const struct control *c, const struct event_record *r)
{
	json_t *o = show_event(c, r);

	e->n = 0;
	e->used = 0;
	e->list[0] = NULL;
	env_put(e, "PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
	env_put(e, "HAWSER_PROCESS", c->name);
	env_put(e, "HAWSER_SOCKET", c->cfg->process.control_socket);
	for (void *it = json_object_iter(o); it != NULL; it = json_object_iter_next(o, it))
		env_put_member(e, json_object_iter_key(it), json_object_iter_value(it));
	json_decref(o);
}

/* ------------------------------------------------------------------ running */

/* Its own process group, no descriptor of ours, no signal blocked or ignored. */
static int
spawn(const struct hook *h, struct environment *e, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t all, none;
	int ret;

	sigfillset(&all);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	ret = posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDWR, 0);
	if (ret == 0)
		ret = posix_spawn_file_actions_adddup2(&files, 0, 1);
	if (ret == 0)
		ret = posix_spawn_file_actions_adddup2(&files, 0, 2);
	if (ret == 0)
		ret = posix_spawn_file_actions_addclosefrom_np(&files, 3);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setsigmask(&attr, &none);
	if (ret == 0)
		ret = posix_spawn(pid, h->cfg->run.items[0], &files, &attr, h->cfg->run.items, e->list);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return ret;
}

static void
arm(struct hook *h, uint32_t ms)
{
	const struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000};

	event_add(h->timer, &tv);
}

static void
failed(struct hook *h, const char *what)
{
	h->c->counters.hooks_failed++;
	report(h->c, "hook", "", "hook %s: %s", h->cfg->name, what);
}

/* The next one that waits, unless one runs. A program that cannot be started has had its turn. */
static void
run_next(struct hook *h)
{
	static struct environment e;
	char why[128];

	while (h->pid == 0 && h->n != 0) {
		const struct event_record r = h->waiting[h->first];
		int ret;

		h->first = (h->first + 1) % HOOK_WAITING;
		h->n--;
		env_load(&e, h->c, &r);
		ret = spawn(h, &e, &h->pid);
		if (ret != 0) {
			h->pid = 0;
			snprintf(why, sizeof(why), "not started: %s", strerror(ret));
			failed(h, why);
			continue;
		}
		h->c->counters.hooks_run++;
		h->overdue = false;
		/* not on the one CPU that control may be bound to */
		sched_setaffinity(h->pid, sizeof(h->c->hooks->cpus), &h->c->hooks->cpus);
		arm(h, h->cfg->timeout_ms);
	}
	h->full &= h->n == HOOK_WAITING;
}

static void
on_overdue(evutil_socket_t fd, short what, void *ctx)
{
	struct hook *h = ctx;
	char why[64];

	(void)fd;
	(void)what;
	if (h->pid == 0)
		return;
	kill(-h->pid, h->overdue ? SIGKILL : SIGTERM);
	if (!h->overdue) {
		h->c->counters.hooks_overdue++;
		snprintf(why, sizeof(why), "ended: it has run for %u ms", h->cfg->timeout_ms);
		report(h->c, "hook", "", "hook %s: %s", h->cfg->name, why);
	}
	h->overdue = true;
	arm(h, HOOK_KILL_MS);
}

static void
ended(struct hook *h, int status)
{
	char why[64];

	h->pid = 0;
	event_del(h->timer);
	if (h->overdue || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
		return; /* well, or told already */
	if (WIFEXITED(status))
		snprintf(why, sizeof(why), "exit status %d", WEXITSTATUS(status));
	else
		snprintf(why, sizeof(why), "killed by signal %d", WTERMSIG(status));
	failed(h, why);
}

static void
on_child(evutil_socket_t signal, short what, void *ctx)
{
	struct control *c = ctx;
	int status;

	(void)signal;
	(void)what;
	for (unsigned i = 0; i < c->hooks->n; i++) {
		struct hook *h = &c->hooks->hooks[i];

		if (h->pid == 0 || waitpid(h->pid, &status, WNOHANG) != h->pid)
			continue;
		ended(h, status);
		run_next(h);
	}
}

/* ------------------------------------------------------------------ events */

static bool
wants(const struct config_hook *cfg, const char *kind)
{
	for (size_t i = 0; i < cfg->events.n; i++)
		if (strcmp(config_hook_event_name(cfg->events.items[i]), kind) == 0)
			return true;
	return false;
}

static void
add(struct hook *h, const struct event_record *r)
{
	if (h->n == HOOK_WAITING) {
		h->c->counters.hooks_lost++;
		if (!h->full)
			log_warning("hook %s: %u events wait for it already, further ones are left out", h->cfg->name,
				h->n);
		h->full = true;
		return;
	}
	h->waiting[(h->first + h->n) % HOOK_WAITING] = *r;
	h->n++;
	run_next(h);
}

void
hooks_event(struct control *c, const struct event_record *r)
{
	for (unsigned i = 0; c->hooks != NULL && i < c->hooks->n; i++)
		if (wants(c->hooks->hooks[i].cfg, r->kind))
			add(&c->hooks->hooks[i], r);
}

bool
hooks_idle(const struct control *c)
{
	for (unsigned i = 0; c->hooks != NULL && i < c->hooks->n; i++)
		if (c->hooks->hooks[i].pid != 0 || c->hooks->hooks[i].n != 0)
			return false;
	return true;
}

/* ------------------------------------------------------------------ start and end */

bool
hooks_new(struct control *c)
{
	const unsigned n = (unsigned)c->cfg->n_hooks;

	if (n == 0)
		return true;
	c->hooks = calloc(1, sizeof(*c->hooks) + n * sizeof(c->hooks->hooks[0]));
	if (c->hooks == NULL)
		return false;
	c->hooks->n = n;
	sched_getaffinity(0, sizeof(c->hooks->cpus), &c->hooks->cpus);
	for (unsigned i = 0; i < n; i++) {
		c->hooks->hooks[i].cfg = &c->cfg->hooks[i];
		c->hooks->hooks[i].c = c;
	}
	return true;
}

bool
hooks_start(struct control *c)
{
	bool good = true;

	if (c->hooks == NULL)
		return true;
	c->hooks->child = evsignal_new(c->base, SIGCHLD, on_child, c);
	good = c->hooks->child != NULL && event_add(c->hooks->child, NULL) == 0;
	for (unsigned i = 0; i < c->hooks->n; i++) {
		c->hooks->hooks[i].timer = evtimer_new(c->base, on_overdue, &c->hooks->hooks[i]);
		good &= c->hooks->hooks[i].timer != NULL;
	}
	return good;
}

void
hooks_free(struct hooks *h)
{
	if (h == NULL)
		return;
	for (unsigned i = 0; i < h->n; i++) {
		if (h->hooks[i].pid != 0) {
			kill(-h->hooks[i].pid, SIGKILL);
			waitpid(h->hooks[i].pid, NULL, 0);
		}
		if (h->hooks[i].timer != NULL)
			event_free(h->hooks[i].timer);
	}
	if (h->child != NULL)
		event_free(h->child);
	free(h);
}
