/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TOOLS_HAWSER_BENCH_MEMORY_H
#define TOOLS_HAWSER_BENCH_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* Of the C library's heap. */
size_t heap_bytes(void);

/* What a process's control side takes of it for a concentrator with so many bundles, all of them open and idle: the protocol core, what
 * carries out its wishes, and the routes; tables and whatever was taken for each of them on the way. 0: no memory, or not all came up. */
size_t control_bytes(uint32_t bundles, unsigned links);

#endif
