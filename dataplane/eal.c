/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <errno.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_interrupts.h>
#include <rte_lcore.h>
#include <sched.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "dataplane/internal.h"

/* EAL's command line out of the setup. EAL keeps pointers into it, so it lives as long as the process. */

enum { ARGS_MAX = 160, ARG_BYTES = 16384, HOLD_S = 1 };

struct args {
	char *v[ARGS_MAX + 1];
	unsigned n;
	char bytes[ARG_BYTES];
	size_t used;
	bool full;
};

static struct args eal_args;
static bool eal_runs, eal_holds;

int
why_failed(const char **why, int err, const char *fmt, ...)
{
	static char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (why != NULL)
		*why = text;
	return err;
}

static void __attribute__((format(printf, 2, 3))) arg_add(struct args *a, const char *fmt, ...)
{
	const size_t room = sizeof(a->bytes) - a->used;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(a->bytes + a->used, room, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= room || a->n == ARGS_MAX) {
		a->full = true;
		return;
	}
	a->v[a->n++] = a->bytes + a->used;
	a->used += (size_t)n + 1;
}

/* "(0,1,4)": what a floating thread may run on. */
static void
float_list(char *out, size_t n)
{
	cpu_set_t set;
	size_t at = 0;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		CPU_SET(0, &set);
	for (int cpu = 0; cpu < CPU_SETSIZE && at + 8 < n; cpu++)
		if (CPU_ISSET(cpu, &set))
			at += (size_t)snprintf(out + at, n - at, "%c%d", at == 0 ? '(' : ',', cpu);
	snprintf(out + at, n - at, ")");
}

static void
lcore_list(const struct dp_setup *s, bool threaded, char *out, size_t n)
{
	char any[3072];
	size_t at;

	float_list(any, sizeof(any));
	at = (size_t)(s->control_cpu < 0 ? snprintf(out, n, "0@%s", any) : snprintf(out, n, "0@%d", s->control_cpu));
	for (unsigned i = 0; threaded && i < s->workers && at < n; i++) {
		const int cpu = s->cpus == NULL ? -1 : s->cpus[i];

		at += (size_t)(cpu < 0 ? snprintf(out + at, n - at, ",%u@%s", i + 1, any)
				       : snprintf(out + at, n - at, ",%u@%d", i + 1, cpu));
	}
}

/* Hex digits, then what follows them in a PCI address. */
static const char *
hex_then(const char *p, char end)
{
	if (p == NULL || !isxdigit((unsigned char)*p))
		return NULL;
	while (isxdigit((unsigned char)*p))
		p++;
	return *p == end ? p + 1 : NULL;
}

/* "0000:01:00.0", "01:00.0", "pci:...": a device that EAL must be allowed to look for. */
static bool
is_pci(const char *devargs)
{
	const char *p = hex_then(devargs, ':');

	if (strncmp(devargs, "pci:", 4) == 0)
		return true;
	return hex_then(p, '.') != NULL || hex_then(hex_then(p, ':'), '.') != NULL;
}

static void
pci_args(struct args *a, const struct dp_setup *s)
{
	bool any = false;

	for (unsigned i = 0; i < s->n_ports; i++)
		if (is_pci(s->ports[i].devargs)) {
			arg_add(a, "-a");
			arg_add(a, "%s", s->ports[i].devargs);
			any = true;
		}
	if (!any)
		arg_add(a, "--no-pci");
}

static void
args_build(struct args *a, const struct dp_setup *s, bool threaded)
{
	static char lcores[8192];

	lcore_list(s, threaded, lcores, sizeof(lcores));
	arg_add(a, "%s", s->name);
	arg_add(a, "--lcores");
	arg_add(a, "%s", lcores);
	arg_add(a, "--file-prefix");
	arg_add(a, "%s", s->name);
	arg_add(a, "--no-telemetry");
	if (s->hugepages) {
		arg_add(a, "--in-memory");
	} else {
		/* 22.11 refuses --in-memory here; without shared files non-root needs no runtime directory */
		arg_add(a, "--no-huge");
		arg_add(a, "--no-shconf");
		/* physical addresses mean nothing here, and would cost a page for each packet buffer */
		arg_add(a, "--iova-mode=va");
	}
	arg_add(a, "-m");
	arg_add(a, "%u", s->memory_mib);
	arg_add(a, "--log-level=error");
	arg_add(a,
		"--log-level=pmd.net.tap:critical"); /* names what the kernel lacks for flow rules that we do not use */
	pci_args(a, s);
	for (unsigned i = 0; s->eal_args != NULL && s->eal_args[i] != NULL; i++)
		arg_add(a, "%s", s->eal_args[i]);
}

int
eal_start(const struct dp_setup *s, bool threaded, const char **why)
{
	struct args *a = &eal_args;

	if (eal_runs)
		return 0;
	if (a->n != 0)
		return why_failed(why, -EALREADY, "EAL has ended in this process and cannot start again");
	if (threaded && s->workers + 1 > RTE_MAX_LCORE)
		return why_failed(why, -EINVAL, "%u workers are more than EAL has cores", s->workers);
	args_build(a, s, threaded);
	if (a->full)
		return why_failed(why, -E2BIG, "too many arguments for EAL");
	if (rte_eal_init((int)a->n, a->v) < 0)
		return why_failed(why, -(rte_errno ? rte_errno : EINVAL),
			"EAL does not start: %s (its messages are above; %u MiB of %s wanted)", rte_strerror(rte_errno),
			s->memory_mib, s->hugepages ? "hugepages" : "ordinary memory");
	eal_runs = true;
	return 0;
}

bool
eal_running(void)
{
	return eal_runs;
}

/* ------------------------------------------------------------------ the end */

/* Nothing ends the thread but the process, and that is soon. */
static void
stay(void *here)
{
	sem_post(here);
	for (;;)
		pause();
}

static bool
call_from_interrupt_thread(rte_intr_callback_fn fn, void *arg)
{
	const int fd = eventfd(1, EFD_CLOEXEC); /* readable at once, and for as long as it is open */
	struct rte_intr_handle *h = rte_intr_instance_alloc(RTE_INTR_INSTANCE_F_PRIVATE);
	const bool set = fd >= 0 && h != NULL && rte_intr_type_set(h, RTE_INTR_HANDLE_EXT) == 0 &&
		rte_intr_fd_set(h, fd) == 0 && rte_intr_callback_register(h, fn, arg) == 0;

	rte_intr_instance_free(h); /* what is registered is a copy */
	if (!set && fd >= 0)
		close(fd);
	return set;
}

void
eal_hold_interrupt_thread(void)
{
	static sem_t held; /* lives as long as the thread */
	struct timespec until;

	if (!eal_runs || eal_holds)
		return;
	sem_init(&held, 0, 0);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += HOLD_S;
	eal_holds = call_from_interrupt_thread(stay, &held);
	while (eal_holds && sem_clockwait(&held, CLOCK_MONOTONIC, &until) < 0 && errno == EINTR)
		;
}

void
eal_end(void)
{
	if (!eal_runs)
		return;
	eal_hold_interrupt_thread();
	rmdir(rte_eal_get_runtime_dir()); /* EAL makes it, empty, and leaves it behind */
	rte_eal_cleanup();
	eal_runs = false;
}
