/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TOOLS_HAWSER_BENCH_MEMORY_H
#define TOOLS_HAWSER_BENCH_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* Of the C library's heap. */
size_t heap_bytes(void);

/* What a process's control side takes of it at its start, which is all that it ever takes, for so many bundles: the protocol core with its
 * links, what carries out its wishes, and the routes. 0: no memory. */
size_t control_bytes(uint32_t bundles, unsigned links);

#endif
