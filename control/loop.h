/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_LOOP_H
#define CONTROL_LOOP_H

#include "control/control.h"

/* The control thread: waits for the data plane, the clock, the operator and signals, and waits for nothing else. */

enum { LOOP_STOP_MS = 2000 /* most that peers get to say good-bye */ };

/* From here on SIGTERM, SIGINT and SIGHUP wait for loop_run(): who stops us during the start finds nothing left behind. */
void loop_hold_signals(void);

/* Runs until SIGTERM or SIGINT, then closes every session and returns. c->base is there; dp, host and all modules are started.
 * -ENOMEM. */
int loop_run(struct control *c);

/* Something was asked for outside the loop's own events (API): look at timers and queues again. */
void loop_wake(struct control *c);

#endif
