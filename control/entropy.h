/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_ENTROPY_H
#define CONTROL_ENTROPY_H

#include <stddef.h>

/* n bytes of the kernel's generator (host_random_fn; ctx is not used). Ends the process if the kernel has none: challenges and
 * magic numbers that can be guessed are worse than no service. */
void entropy_fill(void *ctx, void *buf, size_t n);

#endif
