/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TOOLS_HAWSER_BENCH_SUBSCRIBERS_H
#define TOOLS_HAWSER_BENCH_SUBSCRIBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "control/ppp/host.h"

/* Subscribers that dial a concentrator, each with a bundle of his own: CHAP, IPv4 and IPv6, everything else as the configuration has it when
 * nothing is said. All happens in one process, on a virtual clock. */

struct subscribers;

/* n of `links` links each, below 65536 links in all. NULL: no memory, or too many. */
struct subscribers *subscribers_new(uint32_t n, unsigned links);
void subscribers_free(struct subscribers *s);

const struct host_config *subscribers_server(const struct subscribers *s);
/* The concentrator, nobody there yet; the caller's, host_free(). NULL: no memory. It borrows from s. */
struct host *subscribers_host(struct subscribers *s);
/* They come, and stay. When it returns only the concentrator is left, which knows nothing of that. False: not all of them have come up. */
bool subscribers_join(struct subscribers *s, struct host *server);

#endif
