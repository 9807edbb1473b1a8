/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_BACKGROUND_H
#define CONTROL_BACKGROUND_H

/* -b: the process that the shell waits for ends when the daemon works, or with its exit status when it does not. */

/* Forks; returns in the daemon with a descriptor for background_ready(). Before threads exist. -1: not possible, errno says why. */
int background_start(void);
/* The daemon works: lets the first process end well, and leaves the terminal. */
void background_ready(int fd);

#endif
