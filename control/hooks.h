/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_HOOKS_H
#define CONTROL_HOOKS_H

#include "control/control.h"
#include "control/events.h"

/* Programs that are run when links and bundles come and go. A hook's runs follow one another in the order of the events; those that come
 * meanwhile wait, at most HOOK_WAITING of them. Control never waits for one: the end is told by SIGCHLD, and one that takes too long is
 * ended with all of its process group. */

enum { HOOK_WAITING = 32, HOOK_KILL_MS = 2000 /* from SIGTERM to SIGKILL */ };

struct hooks;

/* Sets c->hooks, which stays NULL if none is configured; before the threads of the data plane are there, as hooks run on the CPUs that
 * the process had then. False: no memory. */
bool hooks_new(struct control *c);
/* Once c->base is there. False: no memory. */
bool hooks_start(struct control *c);
/* Ends what still runs. */
void hooks_free(struct hooks *h);
void hooks_event(struct control *c, const struct event_record *r);
/* Nothing runs and nothing waits. */
bool hooks_idle(const struct control *c);

#endif
