/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_CLOCK_H
#define CONTROL_CLOCK_H

#include <stdint.h>

/* The only place that asks the system for the time; everything else gets it as an argument. */

/* Monotonic; the zero point means nothing. */
uint64_t clock_ms(void);
uint64_t clock_us(void);

/* Wall clock, ms since 1970 UTC: for the log and the API only. */
uint64_t clock_wall_ms(void);

#endif
