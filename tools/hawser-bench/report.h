/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TOOLS_HAWSER_BENCH_REPORT_H
#define TOOLS_HAWSER_BENCH_REPORT_H

#include <stdio.h>

#include "tools/hawser-bench/harness.h"

/* What is told of a run: tables for people, JSON for programs, a comparison of two recorded runs, and plots of one. */

void report_print(FILE *to, const struct results *r);
/* A line of a goal that is missed, or that is on the list of those but met. busy: CPUs that others may use before nothing is made of a miss. */
void report_verdict(FILE *to, const struct goal *g, double slack, double busy);
/* 0, or negative errno. */
int report_json(const char *path, const struct results *r, unsigned rounds);
int report_compare(const char *before, const char *after);
/* Writes performance-bundles.svg and performance-stages.svg into the folder. */
int report_plot(const char *recorded, const char *folder);

#endif
