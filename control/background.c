/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/background.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int
status_of(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return EXIT_FAILURE;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

/* One byte: it works. End of file: it has ended. */
static _Noreturn void
wait_for_daemon(int fd, pid_t child)
{
	char byte;
	ssize_t n;

	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	_exit(n == 1 ? EXIT_SUCCESS : status_of(child));
}

int
background_start(void)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) != 0)
		return -1;
	const pid_t child = fork();

	if (child < 0)
		return -1;
	if (child > 0) {
		close(fds[1]);
		wait_for_daemon(fds[0], child);
	}
	close(fds[0]);
	setsid();
	return fds[1];
}

void
background_ready(int fd)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; i <= 2 && null >= 0; i++)
		dup2(null, i);
	if (null > 2)
		close(null);
	if (write(fd, "", 1) != 1)
		_exit(EXIT_FAILURE); /* who waits for it is gone, and would be told that it failed */
	close(fd);
}
