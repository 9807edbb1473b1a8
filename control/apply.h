/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_APPLY_H
#define CONTROL_APPLY_H

#include "control/control.h"

/* Carries out what the protocol core asks for. Commands to a worker wait in a queue of ours while its ring is full, and keep their
 * order; when the worker has carried one out, what hangs on it follows: a session is steered to its link only then, and only
 * then the core hears host_installed(). */

struct apply;

struct apply *apply_new(struct control *c);
void apply_free(struct apply *a);

/* Carries out c->out and empties it. After each host_ call. */
void apply_effects(struct control *c);

/* Notes how far the workers are. A turn looks, takes all their events, and polls then: what a worker found wrong with a command, it
 * says before it calls the command carried out. */
void apply_look(struct control *c);
/* Sends what waits and follows up what was carried out at the last look. May call host_installed() and thus leave effects, which it
 * carries out. */
void apply_poll(struct control *c, uint64_t now_ms);
/* Something is under way: a turn is wanted soon. */
bool apply_busy(const struct control *c);
/* So much waits that the core must not be fed. */
bool apply_congested(const struct control *c);

/* What the data plane says of links and bundles. */
void apply_event(struct control *c, const struct dp_event *e);

/* The core's id of a bundle, 0: no such bundle (any more). */
host_bundle_id apply_bundle_id(const struct control *c, struct dp_bundle_ref ref);
bool apply_bundle_ref(const struct control *c, host_bundle_id id, struct dp_bundle_ref *ref);

/* Asks for the counters of a bundle unless those at hand are younger than age_ms. False: not now, too much waits. */
bool apply_snapshot(struct control *c, host_bundle_id id, uint64_t now_ms, uint64_t age_ms);
/* Its last counters; NULL: none yet. */
const struct dp_bundle_stats *apply_stats(const struct control *c, host_bundle_id id, uint64_t *taken_us);

/* A mark over the commands queued so far, and whether all of them were carried out. */
struct apply_mark {
	uint64_t of[DP_WORKERS_MAX];
};
struct apply_mark apply_mark(const struct control *c);
bool apply_passed(const struct control *c, const struct apply_mark *mark);

unsigned apply_bundles(const struct control *c, unsigned worker);

#endif
