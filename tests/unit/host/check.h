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

#endif
