/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/config/support.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];

static int
make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/hawser-config-XXXXXX");
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static const char *
path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static int
remove_dir(void **state)
{
	static const char *const names[] = {"hawser.yaml", "secrets.yaml", "big.yaml"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(path_of(names[i]));
	return rmdir(dir);
}

static void
put(const char *name, const char *text, mode_t mode)
{
	FILE *out = fopen(path_of(name), "w");

	assert_non_null(out);
	assert_int_equal(fputs(text, out) >= 0, 1);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(chmod(path_of(name), mode), 0);
}

/* What the notes say, the directory's name cut out. */
static void
said(const struct config_notes *notes, const char *want)
{
	char *text = notes_text(notes), *to = text;
	const size_t len = strlen(dir);

	for (const char *from = text; *from != '\0';) {
		if (strncmp(from, dir, len) == 0)
			from += len + 1;
		else
			*to++ = *from++;
	}
	*to = '\0';
	assert_string_equal(text, want);
	free(text);
}

static struct config *
load_file(const char *name, struct config_notes *notes)
{
	struct config *cfg;

	*notes = (struct config_notes){0};
	config_load(path_of(name), &cfg, notes);
	return cfg;
}

#define WITH_SECRETS                                                                      \
	"secrets_file: secrets.yaml\n" PORTS CONCENTRATOR POOLS "users: {u: {}, v: {}}\n" \
	"clients:\n"                                                                      \
	"  c: {username: w, links: {a: {ports: dsl}, b: {ports: dsl, username: x}}}\n"
#define SECRETS "u: one\nv: \"two 2\"\nw: 3\nx: four\nstranger: five\n"

static void
the_socket_follows_a_new_name_unless_it_was_given(void **state)
{
	static const struct {
		const char *yaml, *name, *want_socket;
		int want;
	} rows[] = {
		{"process: {name: one}\n", "two", "/run/hawser/two.sock", 0},
		{"process: {}\n", "two.b-1", "/run/hawser/two.b-1.sock", 0},
		{"process: {control_socket: /run/hawser/hawser.sock}\n", "two", "/run/hawser/hawser.sock", 0},
		{"process: {name: one}\n", "", "/run/hawser/one.sock", -EINVAL},
		{"process: {name: one}\n", "../two", "/run/hawser/one.sock", -EINVAL},
		{"process: {name: one}\n", "a23456789012345678901234567890123", "/run/hawser/one.sock", -EINVAL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config_notes notes = {0};
		struct config *cfg;

		config_load_string("t", rows[i].yaml, strlen(rows[i].yaml), &cfg, &notes);
		assert_non_null(cfg);
		assert_int_equal(config_rename(cfg, rows[i].name), rows[i].want);
		assert_string_equal(cfg->process.control_socket, rows[i].want_socket);
		if (rows[i].want == 0)
			assert_string_equal(cfg->process.name, rows[i].name);
		config_free(cfg);
		config_notes_free(&notes);
	}
}

static void
passwords_come_from_the_secrets_file(void **state)
{
	struct config_notes notes;
	struct config *cfg;
	char *text;

	(void)state;
	put("hawser.yaml", WITH_SECRETS, 0644);
	put("secrets.yaml", SECRETS, 0600);
	cfg = load_file("hawser.yaml", &notes);
	said(&notes, "");
	assert_non_null(cfg);
	assert_string_equal(cfg->users[0].password, "one");
	assert_true(cfg->users[0].from_secrets);
	assert_string_equal(cfg->users[1].password, "two 2");
	assert_string_equal(cfg->clients[0].password, "3");
	assert_true(cfg->clients[0].from_secrets);
	assert_null(cfg->clients[0].links[0].password);
	assert_string_equal(cfg->clients[0].links[1].password, "four");
	assert_true(cfg->clients[0].links[1].from_secrets);

	/* printed without a trace of them, and loaded again with the same file */
	text = print_text_of(cfg);
	assert_null(strstr(text, "two 2"));
	assert_null(strstr(text, "(secret)"));
	put("hawser.yaml", text, 0644);
	config_free(cfg);
	config_notes_free(&notes);
	cfg = load_file("hawser.yaml", &notes);
	assert_non_null(cfg);
	assert_string_equal(cfg->users[1].password, "two 2");
	free(text);
	config_free(cfg);
	config_notes_free(&notes);
}

static void
those_of_the_other_direction_come_from_there_too(void **state)
{
	struct config_notes notes;
	struct config *cfg;

	(void)state;
	put("hawser.yaml",
		"secrets_file: secrets.yaml\n" PORTS POOLS "users: {u: {}}\nconcentrators:\n"
		"  ac: {ports: wan, address: 10.0.0.1, pool: p, own_authentication: chap, username: v}\n"
		"clients:\n"
		"  c: {username: w, peer_authentication: pap, peer_username: x, links: {a: {ports: dsl}}}\n",
		0644);
	put("secrets.yaml", SECRETS, 0600);
	cfg = load_file("hawser.yaml", &notes);
	said(&notes, "");
	assert_non_null(cfg);
	assert_string_equal(cfg->concentrators[0].password, "two 2");
	assert_true(cfg->concentrators[0].from_secrets);
	assert_string_equal(cfg->clients[0].peer_password, "four");
	assert_true(cfg->clients[0].peer_from_secrets);
	config_free(cfg);
	config_notes_free(&notes);
}

static void
secrets_open_to_others_are_refused(void **state)
{
	static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610, 0601, 0666};

	(void)state;
	put("hawser.yaml", WITH_SECRETS, 0644);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		char want[256];
		struct config_notes notes;

		put("secrets.yaml", SECRETS, modes[i]);
		assert_null(load_file("hawser.yaml", &notes));
		snprintf(want, sizeof(want),
			"hawser.yaml:1:15: secrets_file: secrets.yaml is open to group or others (mode %04o): chmod 600\n",
			modes[i]);
		said(&notes, want);
		config_notes_free(&notes);
	}
	put("secrets.yaml", SECRETS, 0400);
	struct config_notes notes;
	struct config *cfg = load_file("hawser.yaml", &notes);

	assert_non_null(cfg);
	config_free(cfg);
	config_notes_free(&notes);
}

static void
secrets_of_somebody_else_are_refused(void **state)
{
	struct config_notes notes;
	char want[256];

	(void)state;
	if (geteuid() != 0)
		skip(); /* only root can give a file away */
	put("hawser.yaml", WITH_SECRETS, 0644);
	put("secrets.yaml", SECRETS, 0600);
	assert_int_equal(chown(path_of("secrets.yaml"), 12345, (gid_t)-1), 0);
	assert_null(load_file("hawser.yaml", &notes));
	snprintf(want, sizeof(want),
		"hawser.yaml:1:15: secrets_file: secrets.yaml belongs to user 12345, not to us (%u)\n",
		(unsigned)geteuid());
	said(&notes, want);
	config_notes_free(&notes);
	unlink(path_of("secrets.yaml"));
}

static void
secrets_that_are_no_file_are_refused(void **state)
{
	struct config_notes notes;

	(void)state;
	unlink(path_of("secrets.yaml"));
	put("hawser.yaml", WITH_SECRETS, 0644);
	assert_null(load_file("hawser.yaml", &notes));
	said(&notes, "hawser.yaml:1:15: secrets_file: secrets.yaml: No such file or directory\n");
	config_notes_free(&notes);

	put("hawser.yaml", "secrets_file: /dev/null\nusers: {u: {password: x}}\n", 0600);
	assert_null(load_file("hawser.yaml", &notes));
	assert_int_equal(notes.n_errors, 1);
	assert_string_equal(notes.items[notes.n - 1].why, "/dev/null is not a file");
	config_notes_free(&notes);

	put("hawser.yaml", "secrets_file: /tmp\nusers: {u: {password: x}}\n", 0600);
	assert_null(load_file("hawser.yaml", &notes));
	assert_int_equal(notes.n_errors, 1);
	assert_string_equal(notes.items[notes.n - 1].why, "/tmp: Is a directory");
	config_notes_free(&notes);
}

static void
errors_in_the_secrets_file_have_their_place_there(void **state)
{
	static const struct {
		const char *secrets, *want;
	} rows[] = {
		{"u: one\nv: [two]\nu: three\n\"\": x\n[]: y\n",
			"secrets.yaml:2:4: v: must be one value, not a list\n"
			"secrets.yaml:3:1: u: stands here again; the first is on line 1\n"
			"secrets.yaml:4:1: user: is empty\n"
			"secrets.yaml:5:1: user: must be one value, not a list\n"},
		{"- u\n", "secrets.yaml:1:1: secrets: must be a mapping of users to passwords\n"},
		{"u: \"\"\n", "secrets.yaml:1:4: u: is empty\n"},
		{"u:\n", "secrets.yaml:1:3: u: has no value\n"},
		{"", "secrets.yaml:1:1: document: is empty\n"},
		{"u: {\n",
			"secrets.yaml:2:1: not YAML: while parsing a flow node, did not find expected node content\n"},
	};

	(void)state;
	put("hawser.yaml", WITH_SECRETS, 0644);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config_notes notes;

		put("secrets.yaml", rows[i].secrets, 0600);
		assert_null(load_file("hawser.yaml", &notes));
		said(&notes, rows[i].want);
		config_notes_free(&notes);
	}
}

static void
a_password_here_and_there_is_refused(void **state)
{
	struct config_notes notes;

	(void)state;
	put("hawser.yaml",
		"secrets_file: secrets.yaml\n" PORTS CONCENTRATOR POOLS "users: {u: {password: one}, y: {}}\n", 0600);
	put("secrets.yaml", SECRETS, 0600);
	assert_null(load_file("hawser.yaml", &notes));
	said(&notes,
		"hawser.yaml:4:3: warning: ports.dsl: no concentrator and no client uses this access port\n"
		"hawser.yaml:9:23: users.u.password: stands here and in secrets_file\n"
		"hawser.yaml:9:29: users.y.password: is missing, and no secrets_file has it\n");
	config_notes_free(&notes);
}

static void
passwords_that_everybody_may_read_are_warned_of(void **state)
{
	static const struct {
		const char *yaml;
		bool secret;
	} rows[] = {
		{PORTS CONCENTRATOR POOLS USERS, true},
		{PORTS CLIENTS, true},
		{PORTS "clients: {c: {links: {a: {ports: dsl, username: u, password: x}}}}\n", true},
		{PORTS "clients: {c: {authentication: [], links: {a: {ports: dsl}}}}\n", false},
		{PORTS "clients: {c: {authentication: [], peer_authentication: pap, peer_password: x, links: {a: {ports: dsl}}}}\n",
			true},
		{PORTS POOLS
			"concentrators: {a: {ports: wan, address: 10.0.0.1, pool: p, authentication: [], username: u, password: x}}\n",
			true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (unsigned open = 0; open < 2; open++) {
			struct config_notes notes;
			struct config *cfg;
			bool warned = false;

			put("hawser.yaml", rows[i].yaml, open ? 0644 : 0640);
			cfg = load_file("hawser.yaml", &notes);
			assert_non_null(cfg);
			for (size_t j = 0; j < notes.n; j++)
				warned |= strstr(notes.items[j].why, "everybody may read it (mode 0644)") != NULL;
			assert_int_equal(warned, rows[i].secret && open);
			config_free(cfg);
			config_notes_free(&notes);
		}
}

static void
a_file_that_cannot_be_read_is_told(void **state)
{
	struct config_notes notes = {0};
	struct config *cfg = (struct config *)&notes;

	(void)state;
	assert_int_equal(config_load("/nonexistent/hawser.yaml", &cfg, &notes), -EINVAL);
	assert_null(cfg);
	char *text = notes_text(&notes);

	assert_string_equal(text, "/nonexistent/hawser.yaml: No such file or directory\n");
	free(text);
	config_notes_free(&notes);
	assert_int_equal(config_load("/tmp", &cfg, &notes), -EINVAL);
	assert_string_equal(notes.items[0].why, "Is a directory");
	config_notes_free(&notes);
}

static void
a_file_without_end_is_refused(void **state)
{
	struct config_notes notes = {0};
	struct config *cfg;

	(void)state;
	assert_int_equal(config_load("/dev/zero", &cfg, &notes), -EINVAL);
	assert_null(cfg);
	assert_string_equal(notes.items[0].why, "File too large");
	config_notes_free(&notes);
}

/* 5000 users, each with networks: nothing in loading is quadratic enough to be felt. */
static void
thousands_of_users_load(void **state)
{
	enum { USERS_N = 5000 };
	struct config_notes notes;
	struct config *cfg;
	FILE *out = fopen(path_of("big.yaml"), "w");

	(void)state;
	fprintf(out, PORTS CONCENTRATOR POOLS "users:\n");
	for (unsigned i = 0; i < USERS_N; i++)
		fprintf(out, "  user%u@isp: {password: p%u, address: 10.2.%u.%u, routes: [10.%u.%u.0/24]}\n", i, i,
			i / 250, i % 250 + 1, 10 + i / 256, i % 256);
	fclose(out);
	chmod(path_of("big.yaml"), 0600);
	cfg = load_file("big.yaml", &notes);
	assert_non_null(cfg);
	assert_int_equal(cfg->n_users, USERS_N);
	assert_string_equal(cfg->users[4999].password, "p4999");
	config_free(cfg);
	config_notes_free(&notes);
}

/* As many as an emulator of subscribers needs, each in a VLAN of its own. */
static void
thousands_of_clients_load(void **state)
{
	enum { CLIENTS_N = 4000 };
	struct config_notes notes;
	struct config *cfg;
	FILE *out = fopen(path_of("big.yaml"), "w");

	(void)state;
	fprintf(out, PORTS "clients:\n");
	for (unsigned i = 1; i <= CLIENTS_N; i++)
		fprintf(out,
			"  c%u: {username: u%u, password: p%u, default_route: no, links: {a: {ports: dsl, vlan: %u}}}\n",
			i, i, i, i);
	fclose(out);
	chmod(path_of("big.yaml"), 0600);
	cfg = load_file("big.yaml", &notes);
	assert_non_null(cfg);
	assert_int_equal(cfg->n_clients, CLIENTS_N);
	assert_string_equal(cfg->clients[CLIENTS_N - 1].name, "c4000");
	config_free(cfg);
	config_notes_free(&notes);
}

static void
copy(const char *from, const char *to, mode_t mode)
{
	char path[512], text[4096];
	FILE *in;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", CONFIG_EXAMPLES, from);
	in = fopen(path, "r");
	assert_non_null(in);
	n = fread(text, 1, sizeof(text) - 1, in);
	fclose(in);
	text[n] = '\0';
	put(to, text, mode);
}

static void
the_concentrator_example_loads_with_its_secrets(void **state)
{
	struct config_notes notes;
	struct config *cfg;

	(void)state;
	copy("concentrator.yaml", "hawser.yaml", 0644);
	copy("secrets.yaml.example", "secrets.yaml", 0600);
	cfg = load_file("hawser.yaml", &notes);
	said(&notes, "");
	assert_non_null(cfg);
	assert_int_equal(cfg->n_users, 3);
	assert_string_equal(cfg->users[2].password, "third secret");
	assert_string_equal(cfg->users[2].bundle, "bob");
	config_free(cfg);
	config_notes_free(&notes);
}

static void
nothing_is_freed_twice(void **state)
{
	struct config_notes notes = {0};

	(void)state;
	config_free(NULL);
	config_notes_free(&notes);
	config_notes_free(&notes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_socket_follows_a_new_name_unless_it_was_given),
		cmocka_unit_test(passwords_come_from_the_secrets_file),
		cmocka_unit_test(those_of_the_other_direction_come_from_there_too),
		cmocka_unit_test(secrets_open_to_others_are_refused),
		cmocka_unit_test(secrets_of_somebody_else_are_refused),
		cmocka_unit_test(secrets_that_are_no_file_are_refused),
		cmocka_unit_test(errors_in_the_secrets_file_have_their_place_there),
		cmocka_unit_test(a_password_here_and_there_is_refused),
		cmocka_unit_test(passwords_that_everybody_may_read_are_warned_of),
		cmocka_unit_test(a_file_that_cannot_be_read_is_told),
		cmocka_unit_test(a_file_without_end_is_refused),
		cmocka_unit_test(thousands_of_users_load),
		cmocka_unit_test(thousands_of_clients_load),
		cmocka_unit_test(the_concentrator_example_loads_with_its_secrets),
		cmocka_unit_test(nothing_is_freed_twice),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
