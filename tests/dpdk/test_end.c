/* SPDX-License-Identifier: BSD-3-Clause */
#include <poll.h>
#include <rte_interrupts.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/rig.h"

/* How EAL ends: once in a process, so the one test that ends it is alone in its own. */

enum { WAIT_MS = 5000, SETTLE_MS = 50, FORGOTTEN = 64 };

static atomic_uint calls;

static void
on_forgotten(void *fd)
{
	eventfd_t value;

	eventfd_read((int)(intptr_t)fd, &value);
	atomic_fetch_add(&calls, 1);
}

/* As net_memif leaves its listening sockets: the handle in EAL's memory, the descriptor open, the handler never taken back. */
static int
forgotten_handler(void)
{
	const int fd = eventfd(0, EFD_CLOEXEC);
	struct rte_intr_handle *h = rte_intr_instance_alloc(RTE_INTR_INSTANCE_F_SHARED);

	assert_true(fd >= 0);
	assert_non_null(h);
	assert_int_equal(rte_intr_type_set(h, RTE_INTR_HANDLE_EXT), 0);
	assert_int_equal(rte_intr_fd_set(h, fd), 0);
	assert_int_equal(rte_intr_callback_register(h, on_forgotten, (void *)(intptr_t)fd), 0);
	rte_intr_instance_free(h);
	return fd;
}

static void
wait_called(unsigned n)
{
	for (unsigned ms = 0; atomic_load(&calls) < n; ms++) {
		assert_true(ms < WAIT_MS);
		poll(NULL, 0, 1);
	}
}

static void
handlers_that_drivers_forgot_are_not_looked_at_after_the_end(void **state)
{
	int fd[FORGOTTEN];

	(void)state;
	rig_eal();
	for (unsigned i = 0; i < FORGOTTEN; i++)
		fd[i] = forgotten_handler();
	assert_int_equal(eventfd_write(fd[0], 1), 0);
	wait_called(1);
	eal_end();
	assert_false(eal_running());
	/* whoever is still awake there walks memory that is gone */
	for (unsigned i = 0; i < FORGOTTEN; i++)
		assert_int_equal(eventfd_write(fd[i], 1), 0);
	poll(NULL, 0, SETTLE_MS);
	assert_int_equal(atomic_load(&calls), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handlers_that_drivers_forgot_are_not_looked_at_after_the_end),
	};

	return cmocka_run_group_tests_name("end", tests, NULL, NULL);
}
