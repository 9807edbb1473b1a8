/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/entropy.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "control/log.h"

void
entropy_fill(void *ctx, void *buf, size_t n)
{
	uint8_t *at = buf;

	(void)ctx;
	while (n > 0) {
		const ssize_t got = getrandom(at, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			log_error("no entropy: getrandom: %s", strerror(errno));
			abort();
		}
		at += got;
		n -= (size_t)got;
	}
}
