/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_WIRE_WIRE_TEST_H
#define TESTS_UNIT_WIRE_WIRE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CASE(name) print_message("  %s\n", name)
#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Ones' complement sum of 16-bit words, folded at each step: slow and plain, to judge the code under test. start: words summed
 * before (pseudo header). A packet with a right checksum gives 0xffff. */
static inline uint32_t
naive_sum(uint32_t start, const uint8_t *p, size_t n)
{
	uint32_t sum = start;

	for (size_t i = 0; i < n; i++) {
		sum += i % 2 == 0 ? (uint32_t)p[i] * 256 : p[i];
		while (sum > 0xffff)
			sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

/* Of the upper-layer packet of n bytes at p behind the IPv4 or IPv6 header at ip. */
static inline uint32_t
naive_upper_sum(const uint8_t *ip, uint8_t proto, const uint8_t *p, size_t n)
{
	const bool v6 = ip[0] >> 4 == 6;
	const uint8_t tail[4] = {(uint8_t)(n >> 8), (uint8_t)n, 0, proto};
	uint32_t sum = naive_sum(0, v6 ? ip + 8 : ip + 12, v6 ? 32 : 8);

	sum = naive_sum(sum, tail, sizeof(tail));
	return naive_sum(sum, p, n);
}

/* The n bytes in a block of just that size, so that the sanitizer sees a byte read too far. Free it. */
static inline uint8_t *
exact_copy(const void *p, size_t n)
{
	uint8_t *copy = malloc(n != 0 ? n : 1);

	assert_non_null(copy);
	memcpy(copy, p, n);
	return copy;
}

static inline uint64_t
xorshift64(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

#endif
