/* SPDX-License-Identifier: BSD-3-Clause */

/* Runs a fuzz target without libFuzzer: over the files named (the corpus, or a crash to look into), and with `--random N` over N
 * scripts of chance by seed. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCRIPT_MAX = 16 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t
chance(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* An allocation of just the size, so that the sanitizers see the end. */
static void
run(const uint8_t *data, size_t n)
{
	uint8_t *copy = malloc(n != 0 ? n : 1);

	if (copy == NULL)
		abort();
	memcpy(copy, data, n);
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

static void
run_random(unsigned long rounds)
{
	static uint8_t script[SCRIPT_MAX];
	unsigned long seed;

	for (seed = 1; seed <= rounds; seed++) {
		uint64_t state = seed * 0x9e3779b97f4a7c15;
		const size_t n = chance(&state) % 600;
		size_t i;

		for (i = 0; i < n; i++)
			script[i] = (uint8_t)(chance(&state) >> 24);
		run(script, n);
	}
}

static int
run_file(const char *path)
{
	static uint8_t script[SCRIPT_MAX];
	FILE *f = fopen(path, "rb");

	if (f == NULL) {
		perror(path);
		return 1;
	}
	run(script, fread(script, 1, sizeof(script), f));
	fclose(f);
	return 0;
}

int
main(int argc, char **argv)
{
	int i, failed = 0;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--random") == 0 && i + 1 < argc)
			run_random(strtoul(argv[++i], NULL, 10));
		else
			failed |= run_file(argv[i]);
	}
	return failed;
}
