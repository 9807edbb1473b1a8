/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/hawser-bench/known.h"

#include <string.h>

static const struct {
	const char *id;
	double value;
} misses[] = {
	{"P1.1k", 6.9},
	{"P1.32k", 7.8},
	{"P1.100k", 8.2},
	{"P2", 7.4},
	{"P3.1k", 1.3},
	{"P3.32k", 0.56},
	{"P3.100k", 0.46},
	{"P4.2", 3.0},
	{"P4.4", 3.2},
	{"P6", 3.9},
	{"P7.loss", 1.2},
	{"P8", 4.0},
	{"P9", 2.9},
	{"P10.own", 1.75},
	{"P10.steered", 1.08},
	{"P11", 0.11},
	{"P12", 2.8},
	{"P13.dataplane", 1675},
	{"P13.control", 8740},
};

double
known_miss(const char *id)
{
	for (unsigned i = 0; i < sizeof(misses) / sizeof(misses[0]); i++)
		if (strcmp(misses[i].id, id) == 0)
			return misses[i].value;
	return 0;
}
