/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TOOLS_HAWSER_BENCH_KNOWN_H
#define TOOLS_HAWSER_BENCH_KNOWN_H

#include "tools/hawser-bench/harness.h"

/* Goals that are known to be missed, or met by so little that another processor may miss them, each with what it had at worst. The short form
 * reports them as missed when they are, and fails when one gets worse by a quarter. A line goes when its goal is met everywhere;
 * docs/performance.md says where the cycles go. */
double known_miss(const char *id);

#endif
