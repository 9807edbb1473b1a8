/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>
#include <jansson.h>

#include "control/event_log.h"
#include "control/events.h"
#include "control/hooks.h"
#include "control/log.h"
#include "control/report.h"
#include "tests/unit/control/fake.h"

/* Programs are real here, small shell scripts in a directory of the test's; so is the time, which is short. */

enum { PATIENCE_MS = 20000 }; /* a machine may be slow; what is wrong takes for ever */

static char dir[] = "/tmp/hawser-hooks-XXXXXX";
static struct config *cfg;
static struct control c;

static void
path_of(char *path, size_t cap, const char *name)
{
	snprintf(path, cap, "%s/%s", dir, name);
}

static void
script(const char *name, const char *body)
{
	char path[128];
	FILE *f;

	path_of(path, sizeof(path), name);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s\n", body);
	fclose(f);
	assert_int_equal(chmod(path, 0700), 0);
}

/* What a script has written, "" until it has. */
static const char *
written(const char *name)
{
	static char text[16384];
	char path[128];
	FILE *f;
	size_t n;

	path_of(path, sizeof(path), name);
	f = fopen(path, "r");
	if (f == NULL)
		return "";
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

/* hooks: a part of a configuration in which %s is the directory. */
static void
begin(const char *hooks)
{
	struct config_notes notes = {0};
	char yaml[2048], part[1024], log[128];

	memset(&fake, 0, sizeof(fake));
	memset(&c, 0, sizeof(c));
	path_of(log, sizeof(log), "events");
	snprintf(part, sizeof(part), hooks, dir, dir, dir);
	snprintf(yaml, sizeof(yaml),
		"process: {name: t, hugepages: no, event_log: %s}\nports: {dsl: {kind: access, device: d}}\n"
		"clients: {home: {authentication: [], links: {a: {ports: dsl}}}}\n%s",
		log, part);
	if (config_load_string("test", yaml, strlen(yaml), &cfg, &notes) != 0)
		config_notes_print(stderr, &notes);
	config_notes_free(&notes);
	assert_non_null(cfg);
	c.cfg = cfg;
	c.name = "t";
	c.events = events_new();
	c.out = calloc(1, sizeof(*c.out));
	c.base = event_base_new();
	assert_true(hooks_new(&c));
	assert_true(hooks_start(&c));
	assert_true(event_log_open(&c));
}

static int
teardown(void **state)
{
	(void)state;
	hooks_free(c.hooks);
	event_log_close(c.event_log);
	event_base_free(c.base);
	events_free(c.events);
	free(c.out);
	config_free(cfg);
	return 0;
}

static int
make_dir(void **state)
{
	(void)state;
	log_open(LOG_LEVEL_ERROR);
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int
remove_dir(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command); /* ours, made by mkdtemp */
}

static void
tick(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	(void)ctx;
}

typedef bool condition(void);

/* Runs the loop until it holds. */
static void
until(condition *holds)
{
	const struct timeval often = {.tv_usec = 5000};
	struct event *e = event_new(c.base, -1, EV_PERSIST, tick, NULL);

	event_add(e, &often);
	for (unsigned i = 0; i < PATIENCE_MS / 5 && !holds(); i++)
		event_base_loop(c.base, EVLOOP_ONCE);
	event_free(e);
	assert_true(holds());
}

static bool
all_done(void)
{
	return hooks_idle(&c);
}

/* An event of the core, as apply_effects() gives it. */
static void
happens(enum host_event_kind kind, const char *text, const struct host_facts *facts)
{
	struct host_out_item *it = &c.out->items[0];

	*it = (struct host_out_item){.kind = HOST_OUT_EVENT, .event = (uint8_t)kind, .link = 1};
	snprintf((char *)c.out->bytes, 512, "%s", text);
	it->data.at = 0;
	it->data.len = (uint32_t)strlen(text) + 1;
	if (facts != NULL) {
		it->data.facts = 513; /* at any alignment */
		memcpy(c.out->bytes + 513, facts, sizeof(*facts));
	}
	report_event(&c, it);
}

static const struct host_facts link_facts = {
	.client = true,
	.of_link = true,
	.owner = "home",
	.link = "home/a",
	.bundle = "home",
	.user = "me\n\033[2J",
	.reason = "first link; $(touch /tmp/never) `id` 'x' \"y\"",
	.key = {.port = 0, .session = 77, .vlans = {7 | VLAN_TAGGED, 0}, .peer = {{2, 0, 0, 0, 0, 9}}},
	.links = 1,
	.ip_mtu = 1500,
	.our_address = 0x0a000002,
	.peer_address = 0x0a000001,
	.dns = {0x08080808, 0},
	.our_interface_id = 0x00000000000000ff,
};

static bool
said(const char *text)
{
	const struct event_record *r;

	for (uint64_t after = 0; (r = events_next(c.events, after)) != NULL; after = r->seq)
		if (strstr(r->text, text) != NULL)
			return true;
	return false;
}

/* ------------------------------------------------------------------ cases */

static void
a_hook_gets_the_facts_in_its_environment_and_its_arguments(void **state) /* G-25, G-65 */
{
	static const char *const want[] = {"HAWSER_KIND=link-up\n", "HAWSER_ROLE=client\n", "HAWSER_OWNER=home\n",
		"HAWSER_LINK=home/a\n", "HAWSER_BUNDLE=home\n", "HAWSER_USER=me??[2J\n", "HAWSER_PORT=dsl\n",
		"HAWSER_VLAN=7\n", "HAWSER_SESSION=77\n", "HAWSER_PEER_MAC=02:00:00:00:00:09\n", "HAWSER_LINKS=1\n",
		"HAWSER_IP_MTU=1500\n", "HAWSER_OUR_ADDRESS=10.0.0.2\n", "HAWSER_PEER_ADDRESS=10.0.0.1\n",
		"HAWSER_DNS1=8.8.8.8\n", "HAWSER_OUR_LINK_LOCAL=fe80::ff\n", "HAWSER_PROCESS=t\n", "HAWSER_SEQ=1\n",
		"HAWSER_SOCKET=/run/hawser/t.sock\n", "HAWSER_TEXT=home/a: up\n",
		"HAWSER_REASON=first link; $(touch /tmp/never) `id` 'x' \"y\"\n", "two words $HOME\n"};

	(void)state;
	script("tell", "cd \"${0%/*}\"; { env; echo \"$1\"; } > told.new; mv told.new told");
	begin("hooks: {h: {events: [link-up], run: ['%s/tell', 'two words $HOME']}}\n");
	happens(HOST_EV_LINK_UP, "home/a: up", &link_facts);
	until(all_done);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		if (strstr(written("told"), want[i]) == NULL)
			fail_msg("no %sin:\n%s", want[i], written("told"));
	assert_null(strstr(written("told"), "HAWSER_DNS2"));
	assert_null(strstr(written("told"), "LD_"));
	assert_int_equal(access("/tmp/never", F_OK), -1);
	assert_int_equal(c.counters.hooks_run, 1);
	assert_int_equal(c.counters.hooks_failed, 0);
}

static void
a_hook_runs_for_its_events_only_and_has_none_of_our_descriptors(void **state)
{
	(void)state;
	assert_int_equal(dup2(2, 100), 100); /* stays open over exec, as some of a library's may */
	script("count",
		"cd \"${0%/*}\"; [ -e /proc/$$/fd/100 ] && echo leaked >> counted; echo \"$HAWSER_KIND\" >> counted");
	script("quality", "cd \"${0%/*}\"; echo \"$HAWSER_KIND $HAWSER_LINK\" >> quality-told");
	begin("hooks: {h: {events: [bundle-up, bundle-down], run: '%s/count'}, q: {events: [link-suspended, link-resumed], run: '%s/quality'}}\n");
	happens(HOST_EV_LINK_UP, "home/a: up", &link_facts);
	happens(HOST_EV_NOTE, "home/a: note", NULL);
	happens(HOST_EV_TRACE, "home/a: trace", NULL);
	happens(HOST_EV_BUNDLE_UP, "bundle 1 'home' up", &link_facts);
	happens(HOST_EV_LINK_SUSPENDED, "home/a: not sent on", &link_facts);
	happens(HOST_EV_LINK_RESUMED, "home/a: sent on again", &link_facts);
	happens(HOST_EV_BUNDLE_DOWN, "bundle 1 'home' down", &link_facts);
	until(all_done);
	assert_string_equal(written("counted"), "bundle-up\nbundle-down\n");
	assert_string_equal(written("quality-told"), "link-suspended home/a\nlink-resumed home/a\n");
	close(100);
}

static void
runs_follow_one_another_in_the_order_of_the_events(void **state)
{
	char want[1024] = "";

	(void)state;
	script("slow", "cd \"${0%/*}\"; echo \"<$HAWSER_TEXT\" >> order; sleep 0.02; echo \"$HAWSER_TEXT>\" >> order");
	begin("hooks: {h: {events: [link-up], run: '%s/slow'}}\n");
	for (unsigned i = 0; i < 8; i++) {
		char text[16];

		snprintf(text, sizeof(text), "a/b: %u", i);
		happens(HOST_EV_LINK_UP, text, NULL);
		snprintf(want + strlen(want), sizeof(want) - strlen(want), "<%s\n%s>\n", text, text);
	}
	until(all_done);
	assert_string_equal(written("order"), want);
}

static void
what_finds_no_room_to_wait_is_counted(void **state)
{
	(void)state;
	script("wait", "sleep 0.01");
	begin("hooks: {h: {events: [link-up], run: '%s/wait'}}\n");
	for (unsigned i = 0; i < HOOK_WAITING + 10; i++)
		happens(HOST_EV_LINK_UP, "a/b: x", NULL);
	assert_int_equal(c.counters.hooks_lost, 9); /* one runs already */
	until(all_done);
	assert_int_equal(c.counters.hooks_run, HOOK_WAITING + 1);
}

static bool
pid_is_gone(void)
{
	const pid_t pid = (pid_t)strtol(written("child"), NULL, 10);

	return pid != 0 && kill(pid, 0) != 0 && errno == ESRCH;
}

static void
one_that_hangs_is_ended_with_its_children_and_reported(void **state)
{
	(void)state;
	script("hang", "cd \"${0%/*}\"; sleep 1000 & echo $! > child.new; mv child.new child; wait");
	begin("hooks: {h: {events: [link-up], run: '%s/hang', timeout: 300 ms}}\n");
	happens(HOST_EV_LINK_UP, "a/b: x", NULL);
	until(all_done);
	assert_true(said("hook h: ended: it has run for 300 ms"));
	assert_int_equal(c.counters.hooks_overdue, 1);
	assert_int_equal(c.counters.hooks_failed, 0);
	until(pid_is_gone);
}

static void
one_that_ignores_sigterm_is_killed(void **state)
{
	(void)state;
	script("stubborn", "trap '' TERM; cd \"${0%/*}\"; echo here > stubborn.out; while :; do sleep 0.05; done");
	begin("hooks: {h: {events: [link-up], run: '%s/stubborn', timeout: 200 ms}}\n");
	happens(HOST_EV_LINK_UP, "a/b: x", NULL);
	until(all_done);
	assert_string_equal(written("stubborn.out"), "here\n");
	assert_int_equal(c.counters.hooks_overdue, 1);
}

static void
failures_are_told(void **state)
{
	char path[128];

	(void)state;
	script("three", "exit 3");
	script("killed", "kill -9 $$");
	script("gone", "true");
	begin("hooks:\n"
	      "  e: {events: link-up, run: '%s/three'}\n"
	      "  k: {events: link-up, run: '%s/killed'}\n"
	      "  g: {events: link-up, run: '%s/gone'}\n");
	path_of(path, sizeof(path), "gone");
	assert_int_equal(unlink(path), 0);
	happens(HOST_EV_LINK_UP, "a/b: x", NULL);
	until(all_done);
	assert_true(said("hook e: exit status 3"));
	assert_true(said("hook k: killed by signal 9"));
	assert_true(said("hook g: not started: No such file or directory"));
	assert_int_equal(c.counters.hooks_failed, 3);
	assert_int_equal(c.counters.hooks_run, 2);
}

static void
what_still_runs_is_ended_at_the_end(void **state)
{
	(void)state;
	script("long", "cd \"${0%/*}\"; echo $$ > child.new; mv child.new child; exec sleep 1000");
	begin("hooks: {h: {events: [link-up], run: '%s/long'}}\n");
	happens(HOST_EV_LINK_UP, "a/b: x", NULL);
	assert_false(hooks_idle(&c));
	hooks_free(c.hooks);
	c.hooks = NULL;
	assert_true(*written("child") == '\0' || pid_is_gone());
}

/* ------------------------------------------------------------------ JSON lines */

static void
events_are_lines_of_json_with_their_facts(void **state) /* G-65 */
{
	char path[128], moved[128], *text;
	json_error_t error;
	json_t *o;

	(void)state;
	path_of(path, sizeof(path), "events");
	path_of(moved, sizeof(moved), "events.1");
	unlink(path);
	begin("");
	happens(HOST_EV_LINK_UP, "home/a: up \"in\" bundle\n1", &link_facts);
	happens(HOST_EV_TRACE, "home/a: sent LCP", NULL); /* for who asked for it */
	happens(HOST_EV_NOTE, "something else", NULL);
	text = strdup(written("events"));
	assert_int_equal(strlen(text) - strlen(strchr(text, '\n')) + 1 + strlen(strchr(text, '\n') + 1), strlen(text));
	o = json_loads(text, JSON_DISABLE_EOF_CHECK, &error);
	assert_non_null(o);
	assert_string_equal(json_string_value(json_object_get(o, "kind")), "link-up");
	assert_string_equal(json_string_value(json_object_get(o, "text")), "home/a: up \"in\" bundle\n1");
	assert_string_equal(json_string_value(json_object_get(o, "bundle")), "home");
	assert_string_equal(json_string_value(json_object_get(o, "our_address")), "10.0.0.2");
	assert_int_equal(json_integer_value(json_object_get(o, "ip_mtu")), 1500);
	assert_true(json_is_null(json_object_get(o, "dns2")));
	json_decref(o);
	o = json_loads(strchr(text, '\n') + 1, 0, &error); /* and that is all */
	assert_non_null(o);
	assert_string_equal(json_string_value(json_object_get(o, "text")), "something else");
	json_decref(o);
	free(text);
	/* moved away, as logrotate does */
	assert_int_equal(rename(path, moved), 0);
	happens(HOST_EV_NOTE, "still in the old one", NULL);
	assert_string_equal(written("events"), "");
	event_log_reopen(&c);
	happens(HOST_EV_NOTE, "in the new one", NULL);
	assert_non_null(strstr(written("events"), "in the new one"));
	assert_null(strstr(written("events"), "still"));
	assert_int_equal(c.counters.event_lines_lost, 0);
}

static void
a_fifo_that_nobody_reads_costs_lines_and_no_time(void **state)
{
	char path[128];

	(void)state;
	path_of(path, sizeof(path), "events");
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	begin("");
	for (unsigned i = 0; i < 2000; i++)
		happens(HOST_EV_NOTE, "a text of some length, to fill what the kernel holds for a FIFO, 64 KiB", NULL);
	assert_true(c.counters.event_lines_lost > 0);
	assert_true(c.counters.event_lines_lost < 2000);
}

/* Each line is whole: what a FIFO might take in part is left out. */
static void
a_line_that_a_fifo_might_cut_is_left_out(void **state)
{
	char path[128], text[512];
	char *got;
	int fd;

	(void)state;
	path_of(path, sizeof(path), "events");
	for (unsigned fifo = 0; fifo <= 1; fifo++) {
		struct host_facts facts = link_facts;

		memset(text, 1, sizeof(text) - 1); /* six bytes each in JSON */
		text[sizeof(text) - 1] = '\0';
		memset(facts.reason, 1, sizeof(facts.reason) - 1);
		unlink(path);
		if (fifo)
			assert_int_equal(mkfifo(path, 0600), 0);
		begin("");
		fd = open(path, O_RDONLY | O_NONBLOCK);
		assert_true(fd >= 0);
		happens(HOST_EV_LINK_UP, text, &facts);
		happens(HOST_EV_NOTE, "short", NULL);
		got = calloc(1, 16384);
		assert_true(read(fd, got, 16383) > 0);
		assert_int_equal(c.counters.event_lines_lost, fifo);
		assert_int_equal(strstr(got, "link-up") == NULL, fifo);
		assert_non_null(strstr(got, "short"));
		free(got);
		close(fd);
		if (!fifo)
			teardown(NULL);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_hook_gets_the_facts_in_its_environment_and_its_arguments, teardown),
		cmocka_unit_test_teardown(a_hook_runs_for_its_events_only_and_has_none_of_our_descriptors, teardown),
		cmocka_unit_test_teardown(runs_follow_one_another_in_the_order_of_the_events, teardown),
		cmocka_unit_test_teardown(what_finds_no_room_to_wait_is_counted, teardown),
		cmocka_unit_test_teardown(one_that_hangs_is_ended_with_its_children_and_reported, teardown),
		cmocka_unit_test_teardown(one_that_ignores_sigterm_is_killed, teardown),
		cmocka_unit_test_teardown(failures_are_told, teardown),
		cmocka_unit_test_teardown(what_still_runs_is_ended_at_the_end, teardown),
		cmocka_unit_test_teardown(events_are_lines_of_json_with_their_facts, teardown),
		cmocka_unit_test_teardown(a_fifo_that_nobody_reads_costs_lines_and_no_time, teardown),
		cmocka_unit_test_teardown(a_line_that_a_fifo_might_cut_is_left_out, teardown),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
