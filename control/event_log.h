/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_EVENT_LOG_H
#define CONTROL_EVENT_LOG_H

#include "control/control.h"
#include "control/events.h"

/* Events as JSON lines in a file (process.event_log), the same objects that the control socket gives. Each is one write, appended; what
 * the file does not take at once (a FIFO that nobody reads) is counted and left out. */

struct event_log;

/* Sets c->event_log, which stays NULL if none is configured. False: it cannot be opened, and the log says why. */
bool event_log_open(struct control *c);
void event_log_close(struct event_log *l);
/* After the file was moved away: opens the path again. */
void event_log_reopen(struct control *c);
void event_log_write(struct control *c, const struct event_record *r);

#endif
