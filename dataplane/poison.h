/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_POISON_H
#define DATAPLANE_POISON_H

/* Included last by the files of the packet path: what is named here does not compile behind it. Nothing on the path logs, takes
 * memory from a heap, asks the system, waits or ends the process. */

#pragma GCC poison malloc calloc realloc free strdup rte_malloc rte_zmalloc rte_calloc rte_realloc rte_free \
	rte_zmalloc_socket
#pragma GCC poison printf fprintf vprintf vfprintf puts fputs syslog rte_log rte_vlog
#pragma GCC poison read write open close ioctl poll select sendto recvfrom
#pragma GCC poison sleep usleep nanosleep clock_nanosleep sched_yield clock_gettime gettimeofday time rand random
#pragma GCC poison abort exit _exit rte_exit __rte_panic

#endif
