/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/event_log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/log.h"
#include "control/show.h"

enum { LINE_MAX_BYTES = 8192 };

struct event_log {
	int fd;
	size_t most; /* that is written as a whole or not at all */
};

/* Both ends of a FIFO: it can be opened, and written to, whether or not somebody reads. */
static int
open_path(const char *path)
{
	return open(path, O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0640);
}

static void
take(struct event_log *l, int fd)
{
	struct stat st;

	l->fd = fd;
	l->most = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? LINE_MAX_BYTES : PIPE_BUF;
}

bool
event_log_open(struct control *c)
{
	const char *path = c->cfg->process.event_log;
	int fd;

	if (path == NULL)
		return true;
	fd = open_path(path);
	if (fd < 0) {
		log_error("event_log %s: %s", path, strerror(errno));
		return false;
	}
	c->event_log = malloc(sizeof(*c->event_log));
	if (c->event_log == NULL)
		close(fd);
	else
		take(c->event_log, fd);
	return c->event_log != NULL;
}

void
event_log_close(struct event_log *l)
{
	if (l != NULL)
		close(l->fd);
	free(l);
}

void
event_log_reopen(struct control *c)
{
	int fd;

	if (c->event_log == NULL)
		return;
	fd = open_path(c->cfg->process.event_log);
	if (fd < 0) {
		log_error("event_log %s: %s; the old file is still in use", c->cfg->process.event_log, strerror(errno));
		return;
	}
	close(c->event_log->fd);
	take(c->event_log, fd);
}

void
event_log_write(struct control *c, const struct event_record *r)
{
	char line[LINE_MAX_BYTES];
	json_t *o;
	size_t n;

	if (c->event_log == NULL)
		return;
	o = show_event(c, r);
	n = json_dumpb(o, line, sizeof(line) - 1, JSON_COMPACT);
	json_decref(o);
	if (n == 0 || n >= c->event_log->most) {
		c->counters.event_lines_lost++;
		return;
	}
	line[n++] = '\n';
	if (write(c->event_log->fd, line, n) != (ssize_t)n)
		c->counters.event_lines_lost++;
}
