/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TOOLS_HAWSER_BENCH_KNOWN_H
#define TOOLS_HAWSER_BENCH_KNOWN_H

#include "tools/hawser-bench/harness.h"

/* Goals that are known to be missed, each with what it had when that was recorded. The short form reports them as missed, and fails when one
 * gets worse by a quarter. A line goes when its goal is met; docs/performance.md says where the cycles go. */
double known_miss(const char *id);

#endif
