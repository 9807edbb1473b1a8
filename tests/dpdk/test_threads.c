/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "dataplane/api/dataplane.h"
#include "dataplane/wire/pppoe.h"
#include "tests/support/frame.h"

/* The data plane as hawserd starts it: EAL, worker threads, the API and nothing behind it. Port 0 is a net_ring whose sending side is
 * its receiving side, port 1 writes to a pcap file. The tests run in order on one data plane; every wait is bounded. */

enum { WAIT_MS = 5000, PCAP_HEAD = 24, PCAP_RECORD = 16 };

static struct dataplane *dp;
static struct dp_punted punted;
static char pcap_path[64], pcap_devargs[128];
static struct frame padi, padt;

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* As control does: wait for the descriptor, clear it, take what is there. */
static bool
wait_punted(void)
{
	const uint64_t end = now_ms() + WAIT_MS;
	struct dp_event e[8];
	bool lost;

	while (now_ms() < end) {
		struct pollfd p = {.fd = dp_event_fd(dp), .events = POLLIN};

		if (poll(&p, 1, 100) != 1)
			continue;
		while (dp_events(dp, e, 8, &lost) != 0)
			;
		if (dp_punted_next(dp, &punted))
			return true;
	}
	return false;
}

static void
a_setup_that_cannot_be_is_refused_before_eal_starts(void **state)
{
	const struct dp_port_setup port = {.name = "x", .devargs = "net_null0", .mtu = 1500};
	struct dp_setup s = {.name = "t", .workers = 0, .bundles_max = 1, .ports = &port, .n_ports = 1};
	struct dataplane *none = NULL;
	const char *why = "";

	(void)state;
	assert_int_equal(dataplane_start(&s, &none, &why), -EINVAL);
	assert_non_null(strstr(why, "workers"));
	s.workers = 1;
	s.bundles_max = 0;
	assert_int_equal(dataplane_start(&s, &none, &why), -EINVAL);
	assert_non_null(strstr(why, "bundles"));
	assert_null(none);
}

static void
the_data_plane_starts_without_root_and_hugepages(void **state)
{
	struct dp_port_setup ports[2] = {
		{.name = "loop", .devargs = "net_ring0", .kind = DP_PORT_ACCESS, .mtu = 1500},
		{.name = "file", .devargs = pcap_devargs, .kind = DP_PORT_ACCESS, .mtu = 1500},
	};
	const struct dp_setup s = {
		.name = "threads",
		.workers = 2,
		.control_cpu = -1,
		.idle = DP_IDLE_ADAPTIVE,
		.memory_mib = 256,
		.bundles_max = 64,
		.routes_max = 64,
		.reassembly_bytes = 1 << 20,
		.ports = ports,
		.n_ports = 2,
	};
	struct dp_port_info info;
	const char *why = "";

	(void)state;
	snprintf(pcap_path, sizeof(pcap_path), "/tmp/test_threads.%d.pcap", (int)getpid());
	snprintf(pcap_devargs, sizeof(pcap_devargs), "net_pcap0,tx_pcap=%s", pcap_path);
	if (dataplane_start(&s, &dp, &why) != 0)
		fail_msg("%s", why);
	assert_int_equal(dp_workers(dp), 2);
	assert_int_equal(dp_port_info(dp, 0, &info), 0);
	assert_string_equal(info.driver, "net_ring");
	assert_true(dp_mbufs_total(dp) >= 2048);
	assert_string_equal(dp_notes(dp), "");
	assert_non_null(strstr(dataplane_version(), "DPDK"));
}

static void
a_second_start_in_the_process_is_refused(void **state)
{
	const struct dp_setup s = {.name = "again", .workers = 1, .bundles_max = 1, .memory_mib = 64};
	struct dataplane *second = NULL;
	const char *why = "";

	(void)state;
	assert_int_equal(dataplane_start(&s, &second, &why), -EALREADY);
	assert_null(second);
	assert_int_equal(dp_workers(dp), 2);
}

static void
a_frame_goes_out_comes_in_and_wakes_control(void **state)
{
	const struct frame_path path = {.dst = {{255, 255, 255, 255, 255, 255}}, .src = {{2, 0, 0, 0, 0, 9}}};
	const struct dp_target loop = {.kind = DP_TO_PORT, .port = 0};

	(void)state;
	frame_discovery(&padi, &path, PPPOE_CODE_PADI);
	frame_pad(&padi, ETH_FRAME_MIN);
	for (unsigned i = 0; i < 20; i++) {
		padi.b[ETH_FRAME_MIN - 1] = (uint8_t)i;
		assert_true(dp_inject(dp, &loop, padi.b, padi.len));
		assert_true(wait_punted());
		assert_int_equal(punted.origin, DP_FROM_PORT);
		assert_int_equal(punted.port, 0);
		assert_int_equal(punted.len, padi.len);
		assert_memory_equal(punted.bytes, padi.b, padi.len);
	}
}

static void
commands_and_marks_are_passed_by_running_workers(void **state)
{
	const struct dp_cmd cmd = {.op = DP_CMD_BUNDLE_REMOVE, .bundle = 1};
	const uint64_t end = now_ms() + WAIT_MS;
	uint32_t tickets[2], mark;

	(void)state;
	for (unsigned w = 0; w < 2; w++)
		assert_true(dp_command(dp, w, &cmd, &tickets[w]));
	while (!dp_applied(dp, 0, tickets[0]) || !dp_applied(dp, 1, tickets[1]))
		assert_true(now_ms() < end);
	for (unsigned i = 0; i < 100; i++)
		for (mark = dp_quiescence_mark(dp); !dp_quiescent(dp, mark);)
			assert_true(now_ms() < end);
}

static void
idle_workers_sleep(void **state)
{
	const uint64_t end = now_ms() + WAIT_MS;
	struct dp_worker_stats before, after;

	(void)state;
	for (unsigned w = 0; w < 2; w++) {
		dp_worker_stats(dp, w, &before);
		do {
			assert_true(now_ms() < end);
			usleep(20000);
			dp_worker_stats(dp, w, &after);
		} while (after.sleeps < before.sleeps + 100);
		/* nearly every idle turn ends in a sleep: there is no spinning */
		assert_true(after.turns - before.turns < 2 * (after.sleeps - before.sleeps) + 100);
	}
}

static void
frames_injected_before_the_stop_still_leave(void **state)
{
	const struct frame_path path = {.dst = {{4, 0, 0, 0, 0, 1}}, .src = {{2, 0, 0, 0, 0, 9}}, .session = 7};
	const struct dp_target file = {.kind = DP_TO_PORT, .port = 1};
	static uint8_t bytes[65536];
	enum { FRAMES = 500 };
	FILE *f;
	size_t n;

	(void)state;
	frame_discovery(&padt, &path, PPPOE_CODE_PADT);
	for (unsigned i = 0; i < FRAMES; i++)
		assert_true(dp_inject(dp, &file, padt.b, padt.len));
	dataplane_stop(dp);
	f = fopen(pcap_path, "rb");
	assert_non_null(f);
	n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	unlink(pcap_path);
	assert_int_equal(n, PCAP_HEAD + FRAMES * (PCAP_RECORD + padt.len));
	assert_memory_equal(bytes + n - padt.len, padt.b, padt.len);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_setup_that_cannot_be_is_refused_before_eal_starts),
		cmocka_unit_test(the_data_plane_starts_without_root_and_hugepages),
		cmocka_unit_test(a_second_start_in_the_process_is_refused),
		cmocka_unit_test(a_frame_goes_out_comes_in_and_wakes_control),
		cmocka_unit_test(commands_and_marks_are_passed_by_running_workers),
		cmocka_unit_test(idle_workers_sleep),
		cmocka_unit_test(frames_injected_before_the_stop_still_leave),
	};

	return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
