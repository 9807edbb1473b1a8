/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/apply.h"
#include "control/ppp/host.h"
#include "control/rib.h"
#include "control/setup.h"
#include "tools/hawser-bench/memory.h"
#include "tools/hawser-bench/subscribers.h"

size_t
control_bytes(uint32_t n, unsigned links)
{
	struct subscribers *s = subscribers_new(n, links);
	struct setup setup = {.dp = {.workers = 1, .bundles_max = n}};
	struct control c = {.setup = &setup};
	const size_t before = heap_bytes();
	size_t bytes = 0;

	if (s == NULL)
		return 0;
	setup.host = *subscribers_server(s);
	c.host = subscribers_host(s);
	c.apply = apply_new(&c);
	c.rib = rib_new(n);
	if (c.host != NULL && c.apply != NULL && c.rib != NULL && subscribers_join(s, c.host))
		bytes = heap_bytes() - before;
	rib_free(c.rib);
	apply_free(c.apply);
	host_free(c.host);
	subscribers_free(s);
	return bytes;
}
