/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/hawser-bench/known.h"

#include <string.h>

static const struct {
	const char *id;
	double value;
} misses[] = {
	{"P1.1k", 5.8},
	{"P1.32k", 6.4},
	{"P1.100k", 6.8},
	{"P2", 4.4},
	{"P3.1k", 0.95},
	{"P3.32k", 0.42},
	{"P3.100k", 0.42},
	{"P4.2", 1.7},
	{"P4.4", 2.1},
	{"P9", 1.5},
	{"P10.own", 1.4},
	{"P10.steered", 1.1},
	{"P12", 1.9},
};

double
known_miss(const char *id)
{
	for (unsigned i = 0; i < sizeof(misses) / sizeof(misses[0]); i++)
		if (strcmp(misses[i].id, id) == 0)
			return misses[i].value;
	return 0;
}
