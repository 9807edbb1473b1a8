/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_BUNDLE_H
#define DATAPLANE_BUNDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/api/dataplane.h"

/* The bundles at home on one worker, and their timers. The shell needs the functions below only; the memory layout that the
 * stages share is in bundle_state.h. */

struct bundle_table;
struct worker;

/* Room for `bundles_max` bundles from the worker's NUMA node; w->pool, w->held_max and w->numa_node are set already.
 * Does not store itself in w. NULL: not enough memory. */
struct bundle_table *bundle_table_new(struct worker *w, unsigned bundles_max, int numa_node);

/* Frees every bundle with all it holds (so that no mbuf is missing from its pool afterwards), then the table. NULL is fine. */
void bundle_table_free(struct worker *w, struct bundle_table *t);

/* Carries out one command (all of enum dp_cmd_op), at w->now_ns. Commands that make no sense (index out of range, link of an unknown
 * bundle) change nothing. A link for which there is no memory is answered with DP_EVENT_LINK_GONE. Keeps w->n_bundles and
 * w->n_links, sends the events with the final totals. Does not touch w->applied. */
void bundle_command(struct worker *w, const struct dp_cmd *cmd);

/* When path_timers() has something to do without new input: earliest pacing, null fragment or window deadline, 0 when something waits
 * already; UINT64_MAX: nothing. */
uint64_t bundle_next_ns(const struct worker *w);

/* Slots of deep windows in use; any thread may ask. */
uint32_t bundle_deep_slots(const struct bundle_table *t);

#endif
