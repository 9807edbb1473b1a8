/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/config/support.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* Lets the first, second, third ... allocation of the library fail in turn: each must come back as -ENOMEM (or as success,
 * where memory was not needed after all), with nothing leaked; the sanitizer's build sees leaks. */

static unsigned allocations, failing; /* 0: none */

static bool
fails(void)
{
	return ++allocations == failing;
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
char *__real_strdup(const char *s);
int __real_vasprintf(char **s, const char *format, va_list args);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strdup(const char *s);
int __wrap_vasprintf(char **s, const char *format, va_list args);

void *
__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *
__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return fails() ? NULL : __real_reallocarray(p, n, size);
}

char *
__wrap_strdup(const char *s)
{
	return fails() ? NULL : __real_strdup(s);
}

int
__wrap_vasprintf(char **s, const char *format, va_list args)
{
	return fails() ? -1 : __real_vasprintf(s, format, args);
}

/* Fails each allocation of one load after the other; returns how many there were. */
static unsigned
sweep(const char *path, int final)
{
	unsigned n = 0;
	int ret = -ENOMEM;

	for (failing = 1; ret == -ENOMEM; failing++, n++) {
		struct config_notes notes = {0};
		struct config *cfg = (struct config *)&notes;

		assert_true(failing < 100000);
		allocations = 0;
		ret = config_load(path, &cfg, &notes);
		assert_int_equal(cfg != NULL, ret == 0);
		/* the failing one was not reached: everything went as it should */
		if (allocations >= failing)
			assert_int_equal(ret, -ENOMEM);
		config_free(cfg);
		config_notes_free(&notes);
	}
	failing = 0;
	assert_int_equal(ret, final);
	return n;
}

static void
put(const char *path, const char *text, mode_t mode)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
	assert_int_equal(chmod(path, mode), 0);
}

static char dir[64];

static int
make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/hawser-config-XXXXXX");
	if (mkdtemp(dir) == NULL || chdir(dir) < 0)
		return -1;
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	unlink("t.yaml");
	unlink("secrets.yaml");
	return chdir("/") < 0 ? -1 : rmdir(dir);
}

static void
good_file_with_warnings_survives_lack_of_memory_anywhere(void **state)
{
	(void)state;
	put("secrets.yaml", "v: one\nw: two\n", 0600);
	put("t.yaml",
		"process: {cpus: 2, control_cpu: 2}\n" PORTS CONCENTRATOR POOLS
		"users: {u: {password: x, routes: [10.9.0.0/16]}, v: {address: 10.8.0.1, bundle: b}}\n"
		"clients: {c: {username: w, links: {a: {ports: dsl}}}}\nsecrets_file: secrets.yaml\n"
		"routes: [{to: 0.0.0.0/0, client: c}]\n",
		0644);
	assert_true(sweep("t.yaml", 0) > 50);
}

static void
bad_file_survives_lack_of_memory_anywhere(void **state)
{
	(void)state;
	put("t.yaml",
		"process: {workers: 99}\n" PORTS
		"routes: [{to: 1.0.0.0/8}]\nclients: {c: {links: {}}}\nusers: {u: {}}\n",
		0600);
	assert_true(sweep("t.yaml", -EINVAL) > 20);
}

static void
missing_file_survives_lack_of_memory_anywhere(void **state)
{
	(void)state;
	unlink("t.yaml");
	assert_true(sweep("t.yaml", -EINVAL) > 2);
}

static void
check_of_sizes_survives_lack_of_memory(void **state)
{
	struct config_notes notes;
	struct config *cfg = load_text(PORTS CLIENTS, &notes);

	(void)state;
	assert_non_null(cfg);
	for (unsigned i = 1; i <= 4; i++) {
		failing = i;
		allocations = 0;
		assert_int_equal(config_check_mtu(cfg, &notes), -ENOMEM);
	}
	failing = 0;
	config_free(cfg);
	config_notes_free(&notes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_file_with_warnings_survives_lack_of_memory_anywhere),
		cmocka_unit_test(bad_file_survives_lack_of_memory_anywhere),
		cmocka_unit_test(missing_file_survives_lack_of_memory_anywhere),
		cmocka_unit_test(check_of_sizes_survives_lack_of_memory),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
