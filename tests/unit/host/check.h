/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_HOST_CHECK_H
#define TESTS_UNIT_HOST_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/host/pair.h"

/* Assertions that show what both hosts said before the test ends. */
#define check(pair, condition)                    \
	do {                                      \
		if (!(condition)) {               \
			pair_print_log(pair);     \
			assert_true((condition)); \
		}                                 \
	} while (0)

#define check_sound(pair) check(pair, (pair)->fault[0] == '\0')

/* A pair of the two hosts after so much time; nothing was wrong with what they sent. */
static inline struct pair *
run(struct pair_net *net, uint64_t ms)
{
	struct pair *p = pair_new(&net->cfg[AC], &net->cfg[CLIENT], 1);

	pair_start(p);
	pair_run(p, ms);
	check_sound(p);
	return p;
}

static inline void
finish(struct pair *p)
{
	check_sound(p);
	pair_free(p);
}

#endif
