/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_HOMES_H
#define CONTROL_HOMES_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/api/dataplane.h"

/* Which worker is home to which bundle, and under which index. An index rests between two uses until every worker has passed
 * the quiescence mark taken when its bundle was gone (design: Keys). */
struct homes;

struct homes *homes_new(unsigned workers, unsigned per_worker);
void homes_free(struct homes *h);

/* A free index of the worker with the fewest bundles; gen differs from its last use. False: all are in use or resting. */
bool homes_take(struct homes *h, struct dp_bundle_ref *ref);

/* Bundle is gone at its worker; the index rests until `mark` is passed. */
void homes_retire(struct homes *h, struct dp_bundle_ref ref, uint32_t mark);
/* The mark that the longest resting index waits for. False: none rests. */
bool homes_resting(const struct homes *h, uint32_t *mark);
/* That mark was passed: its index may be taken again. */
void homes_wake(struct homes *h);

unsigned homes_bundles(const struct homes *h, unsigned worker);

#endif
