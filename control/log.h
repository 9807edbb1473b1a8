/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_LOG_H
#define CONTROL_LOG_H

#include <stdint.h>

/* One line an event, on stderr in the foreground and to syslog as a daemon. Never waits: when stderr does not take a line it is
 * counted, and the number is told with the next one that passes; likewise beyond LOG_LINES_PER_S. Control characters are replaced,
 * since peers choose names. Callers do not give it secrets. */

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum { LOG_LINES_PER_S = 500, LOG_LINE_MAX = 1024 };

void log_open(enum log_level most);
/* From here on to syslog under this name. */
void log_to_syslog(const char *ident);

void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* Lines that were not written so far. */
uint64_t log_lost(void);

#endif
