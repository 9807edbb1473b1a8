/* SPDX-License-Identifier: BSD-3-Clause */
/* Lets User-mode Linux run on CPUs whose extended registers are larger than it was built for (AMX: 11 KiB against 2.7 KiB).
 *
 * Linux takes PTRACE_SETREGSET of NT_X86_XSTATE only with the whole register set and fails with EFAULT otherwise; User-mode Linux
 * keeps the part that it knows and dies ("ptrace set fp regs failed, errno = 14"). Loaded by LD_PRELOAD, this fills the part that
 * is missing with what the traced process has. */
#include <elf.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static char whole[1 << 16] __attribute__((aligned(64)));

static long
set_xstate(pid_t pid, const struct iovec *part)
{
	struct iovec all = {.iov_base = whole, .iov_len = sizeof(whole)};
	const long ret = syscall(SYS_ptrace, PTRACE_GETREGSET, pid, NT_X86_XSTATE, &all);
	if (ret < 0)
		return ret;
	memcpy(whole, part->iov_base, part->iov_len < all.iov_len ? part->iov_len : all.iov_len);
	return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, NT_X86_XSTATE, &all);
}

long
ptrace(enum __ptrace_request request, ...)
{
	va_list args;
	va_start(args, request);
	const pid_t pid = va_arg(args, pid_t);
	void *address = va_arg(args, void *);
	void *data = va_arg(args, void *);
	va_end(args);
	if (request == PTRACE_SETREGSET && address == (void *)NT_X86_XSTATE)
		return set_xstate(pid, data);
	long word;
	const int peek = request == PTRACE_PEEKTEXT || request == PTRACE_PEEKDATA || request == PTRACE_PEEKUSER;
	const long ret = syscall(SYS_ptrace, request, pid, address, peek ? &word : data);
	return ret >= 0 && peek ? word : ret;
}
