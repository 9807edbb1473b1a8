/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/apply.h"
#include "control/ppp/host.h"
#include "control/rib.h"
#include "control/setup.h"
#include "tools/hawser-bench/memory.h"

static void
no_entropy(void *ctx, void *buf, size_t n)
{
	uint64_t *seed = ctx;

	for (size_t i = 0; i < n; i++)
		((uint8_t *)buf)[i] = (uint8_t)(++*seed * 0x2545f4914f6cdd1dull >> 56);
}

size_t
control_bytes(uint32_t n, unsigned links)
{
	static const uint16_t port = 0;
	static const struct host_port host_port = {.name = "lines", .mac = {{2, 0, 0, 0, 0, 1}}, .mtu = 1500};
	const struct host_concentrator concentrator = {.name = "bench",
		.ports = &port,
		.n_ports = 1,
		.vlans = {.any = true},
		.ac_name = "bench",
		.any_service = true,
		.address = 0x64400001,
		.pool = -1,
		.lcp = {.timing = {.restart_ms = 3000, .max_configure = 10, .max_terminate = 2, .max_failure = 5}},
		.multilink = {.enabled = true, .mrru = 1500, .links_max = (uint8_t)links, .window_slots_max = 16384}};
	struct setup setup = {.dp = {.workers = 1, .bundles_max = n},
		.host = {.ports = &host_port,
			.n_ports = 1,
			.concentrators = &concentrator,
			.n_concentrators = 1,
			.sessions_max = n * links,
			.bundles_max = n}};
	struct control c = {.setup = &setup};
	const size_t before = heap_bytes();
	const char *why = "";
	uint64_t seed = 1;
	size_t bytes = 0;

	c.host = host_new(&setup.host, no_entropy, &seed, 0, &why);
	c.apply = apply_new(&c);
	c.rib = rib_new(n);
	if (c.host != NULL && c.apply != NULL && c.rib != NULL)
		bytes = heap_bytes() - before;
	rib_free(c.rib);
	apply_free(c.apply);
	host_free(c.host);
	return bytes;
}
