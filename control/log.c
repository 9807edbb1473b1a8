/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "control/clock.h"
#include "control/limiter.h"

static struct {
	enum log_level most;
	bool syslog;
	uint64_t lost, told, told_ms;
	struct limiter limiter;
} state = {.most = LOG_LEVEL_INFO};

static const char *const names[] = {"error", "warning", "info", "debug"};
static const int priorities[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};

void
log_open(enum log_level most)
{
	state.most = most;
	limiter_init(&state.limiter, LOG_LINES_PER_S, 2 * LOG_LINES_PER_S, clock_ms());
}

void
log_to_syslog(const char *ident)
{
	openlog(ident, LOG_PID | LOG_NDELAY, LOG_DAEMON);
	state.syslog = true;
}

uint64_t
log_lost(void)
{
	return state.lost;
}

static bool
stderr_takes_a_line(void)
{
	struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};

	return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) != 0;
}

/* Peers choose names and tags: nothing of them may break the line or reach the terminal as an escape sequence. C0, DEL and C1 (raw,
 * or as UTF-8 has it): some terminals take them all. */
static void
clean(char *text)
{
	bool tail = false; /* within a character of UTF-8 */

	for (unsigned char *p = (unsigned char *)text; *p != '\0'; p++) {
		const bool c1 = *p >= 0x80 && *p < 0xa0;

		if (c1 && tail && p[-1] == 0xc2)
			p[-1] = *p = '?';
		else if (*p < ' ' || *p == 0x7f || (c1 && !tail))
			*p = '?';
		tail = *p >= 0xc0 || (tail && *p >= 0x80);
	}
}

static void
write_stderr(enum log_level level, const char *text)
{
	char line[LOG_LINE_MAX + 64], when[32];
	const uint64_t now = clock_wall_ms();
	const time_t s = (time_t)(now / 1000);
	struct tm tm;

	gmtime_r(&s, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	const int n =
		snprintf(line, sizeof(line), "%s.%03uZ %-7s %s\n", when, (unsigned)(now % 1000), names[level], text);
	if (!stderr_takes_a_line() || write(STDERR_FILENO, line, (size_t)n) != n)
		state.lost++;
}

static void
emit(enum log_level level, const char *text)
{
	if (state.syslog)
		syslog(priorities[level], "%s", text);
	else
		write_stderr(level, text);
}

static void
tell_lost(void)
{
	char text[64];
	const uint64_t n = state.lost - state.told, now_ms = clock_ms();

	if (n == 0 || now_ms - state.told_ms < 1000)
		return;
	state.told = state.lost;
	state.told_ms = now_ms;
	snprintf(text, sizeof(text), "%llu log lines were not written", (unsigned long long)n);
	emit(LOG_LEVEL_WARNING, text);
}

void
log_line(enum log_level level, const char *format, ...)
{
	char text[LOG_LINE_MAX];
	va_list ap;

	if (level > state.most)
		return;
	if (state.limiter.per_s != 0 && !limiter_take(&state.limiter, clock_ms())) {
		state.lost++;
		return;
	}
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	clean(text);
	tell_lost();
	emit(level, text);
}
