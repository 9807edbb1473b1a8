/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/log.h"
#include "control/resolver.h"

static char dir[] = "/tmp/hawser-resolver-XXXXXX";

static char *
path(void)
{
	static char text[64];

	snprintf(text, sizeof(text), "%s/resolv.conf", dir);
	return text;
}

static const char *
contents(void)
{
	static char text[512];
	FILE *f = fopen(path(), "r");
	size_t n;

	if (f == NULL)
		return NULL;
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static struct control
control_with(struct config *cfg, struct config_client clients[2])
{
	clients[0] = (struct config_client){.name = (char *)"away"};
	clients[1] = (struct config_client){.name = (char *)"home", .resolver_file = path()};
	*cfg = (struct config){.clients = clients, .n_clients = 2};
	return (struct control){.cfg = cfg};
}

static struct host_facts
bundle_facts(const char *client, uint32_t first, uint32_t second)
{
	struct host_facts f = {.client = true, .dns = {first, second}};

	snprintf(f.owner, sizeof(f.owner), "%s", client);
	return f;
}

static void
servers_are_there_while_the_bundle_is_up(void **state)
{
	struct config_client clients[2];
	struct config cfg;
	const struct control c = control_with(&cfg, clients);
	struct host_facts f = bundle_facts("home", 0xc6336435, 0xc0000235);

	(void)state;
	resolver_event(&c, HOST_EV_BUNDLE_UP, &f);
	assert_string_equal(
		contents(), "# name servers of home, by hawserd\nnameserver 198.51.100.53\nnameserver 192.0.2.53\n");
	f.dns[0] = 0;
	resolver_event(&c, HOST_EV_BUNDLE_CHANGED, &f);
	assert_string_equal(contents(), "# name servers of home, by hawserd\nnameserver 192.0.2.53\n");
	resolver_event(&c, HOST_EV_BUNDLE_DOWN, &f);
	assert_null(contents());
	resolver_event(&c, HOST_EV_BUNDLE_DOWN, &f); /* twice is no fault */
	f.dns[1] = 0;
	resolver_event(&c, HOST_EV_BUNDLE_UP, &f); /* the peer told none */
	assert_null(contents());
}

static void
nobody_elses_events_touch_it(void **state)
{
	struct config_client clients[2];
	struct config cfg;
	const struct control c = control_with(&cfg, clients);
	struct host_facts f = bundle_facts("home", 0xc6336435, 0);

	(void)state;
	resolver_event(&c, HOST_EV_BUNDLE_UP, &f);
	f = bundle_facts("away", 1, 2);
	resolver_event(&c, HOST_EV_BUNDLE_UP, &f);
	f = bundle_facts("nobody", 1, 2);
	resolver_event(&c, HOST_EV_BUNDLE_DOWN, &f);
	f = bundle_facts("home", 1, 2);
	f.of_link = true;
	resolver_event(&c, HOST_EV_BUNDLE_DOWN, &f);
	f.of_link = false;
	resolver_event(&c, HOST_EV_LINK_DOWN, &f);
	f.client = false; /* a concentrator of that name */
	resolver_event(&c, HOST_EV_BUNDLE_DOWN, &f);
	assert_string_equal(contents(), "# name servers of home, by hawserd\nnameserver 198.51.100.53\n");
	resolver_clear(&c); /* as at the next start */
	assert_null(contents());
}

/* A directory that is not there: said, and nothing else happens. */
static void
what_cannot_be_written_is_no_end(void **state)
{
	struct config_client clients[2];
	struct config cfg;
	const struct control c = control_with(&cfg, clients);
	const struct host_facts f = bundle_facts("home", 1, 2);
	char deep[4096];

	(void)state;
	clients[1].resolver_file = (char *)"/nowhere/at/all/resolv.conf";
	resolver_event(&c, HOST_EV_BUNDLE_UP, &f);
	memset(deep, 'x', sizeof(deep) - 1);
	deep[0] = '/';
	deep[sizeof(deep) - 1] = '\0';
	clients[1].resolver_file = deep;
	resolver_event(&c, HOST_EV_BUNDLE_UP, &f);
	resolver_event(&c, HOST_EV_BUNDLE_DOWN, &f);
	assert_null(contents());
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
	(void)state;
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_are_there_while_the_bundle_is_up),
		cmocka_unit_test(nobody_elses_events_touch_it),
		cmocka_unit_test(what_cannot_be_written_is_no_end),
	};

	return cmocka_run_group_tests_name("resolver", tests, make_dir, remove_dir);
}
