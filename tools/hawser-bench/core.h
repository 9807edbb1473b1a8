/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TOOLS_HAWSER_BENCH_CORE_H
#define TOOLS_HAWSER_BENCH_CORE_H

/* Whether this CPU has a core to itself. The CPU of a virtual machine may be one of two threads of a core; while a neighbour runs on the
 * other, what is bound by instructions takes half as long again, and what is bound by memory takes what it always does, so that ratios
 * between the two move. Nothing in the machine says so, but it can be seen. */

/* About 15 us, without a memory access: cycles of operations that do not depend on each other, over those of a chain of them. A shared core
 * has fewer units left for the former; the latter take one cycle each either way, and so the clock, which rises and falls as it will, is
 * not mistaken for a neighbour. */
double core_look(void);

/* A look above it was at a shared core: as of the looks so far in this process. */
double core_limit(void);

#endif
