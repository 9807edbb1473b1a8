/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/ppp/host_state.h"
#include "tests/unit/host/check.h"

/* Lets the first, second, third ... allocation of both hosts fail in turn, while a client dials in and all that is made on demand is wanted:
 * either everything comes up all the same, or there is a reason that names memory and a later attempt comes up; nothing leaks, as the
 * sanitizer's build sees. The memory of the harness does not fail (meson.build). */

static unsigned allocations, failing, failing_end; /* those from failing on, before failing_end; 0: none */
static size_t failing_bytes;                       /* only of this size; 0: of any */

static bool
fails(size_t n)
{
	if (failing_bytes != 0 && n != failing_bytes)
		return false;
	allocations++;
	return allocations >= failing && allocations < failing_end;
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);

void *
__wrap_malloc(size_t n)
{
	return fails(n) ? NULL : __real_malloc(n);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return fails(n * size) ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *p, size_t n)
{
	return fails(n) ? NULL : __real_realloc(p, n);
}

char *
__wrap_strdup(const char *s)
{
	return fails(strlen(s) + 1) ? NULL : __real_strdup(s);
}

static void
fail_from(unsigned first, unsigned n)
{
	allocations = 0;
	failing = first;
	failing_end = first + n;
}

static bool
was_reached(void)
{
	return allocations >= failing;
}

/* ------------------------------------------------------------------ what dials in */

static const struct host_policy on = {true, true};
static const uint8_t line_tag[] = {0x00, 0x00, 0x0d, 0xe9, 0x01, 3, 'c', 'i', 'd', 0x81, 4, 0, 0, 0x27, 0x10};

static void
want_ip6(struct pair_net *net)
{
	pair_net_ip6(net);
	net->client.request_prefix = true;
}

static void
want_measurement(struct pair_net *net)
{
	net->concentrator.lcp.p_quality = net->client.lcp.p_quality = on;
	net->concentrator.lcp.quality_period_ms = net->client.lcp.quality_period_ms = 2000;
	net->concentrator.quality.probe = net->client.quality.probe = true;
}

/* Longer than has room in place. */
static void
name_ends(struct pair_net *net)
{
	for (int node = 0; node < 2; node++) {
		struct host_multilink *m = node == AC ? &net->concentrator.multilink : &net->client.multilink;

		m->endpoint_auto = false;
		m->endpoint = (struct host_endpoint){.class = HOST_EP_LOCAL, .len = 20};
		memset(m->endpoint.bytes, 'a' + node, 20);
	}
}

/* Both ends prove themselves, everything is measured. */
static void
dial_everything(struct pair_net *net)
{
	pair_net_init(net, 2);
	name_ends(net);
	want_ip6(net);
	want_measurement(net);
	net->client.demand[0] = net->concentrator.accept[0] = HOST_AUTH_MSCHAP2;
	net->client.peer_password = net->concentrator.password = "swordfish-b";
	net->concentrator.username = "bras-self";
	net->concentrator.rechallenge_ms = 5000;
}

static void
dial_by_pap(struct pair_net *net)
{
	pair_net_init(net, 2);
	net->concentrator.auth[0] = HOST_AUTH_PAP;
	net->concentrator.auth[1] = HOST_AUTH_NONE;
}

/* The concentrator's Ack waits for the data plane. */
static void
dial_without_authentication(struct pair_net *net)
{
	pair_net_init(net, 2);
	name_ends(net);
	net->concentrator.auth[0] = HOST_AUTH_NONE;
	net->concentrator.multilink.allow_unauthenticated = true;
}

static void
dial_plainly(struct pair_net *net)
{
	pair_net_init(net, 1);
	net->client.multilink.enabled = false;
	want_ip6(net);
}

/* A second line is dialled only when it is needed. */
static void
dial_as_needed(struct pair_net *net)
{
	static const uint16_t order[] = {0, 1};

	pair_net_init(net, 2);
	net->client.bandwidth_order = order;
	net->client.bandwidth =
		(struct host_bandwidth){.enabled = true, .period_ms = 60000, .high_percent = 80, .low_percent = 20};
}

/* More VLANs than the tally has places for at first. */
static void
dial_in_many_vlans(struct pair_net *net)
{
	pair_net_init(net, HOST_LINKS_MAX);
	net->concentrator.vlans = (struct host_vlans){.any = true};
	for (unsigned i = 0; i < HOST_LINKS_MAX; i++)
		net->links[i].vlans.outer = (uint16_t)(VLAN_TAGGED | (100 + i));
}

static const struct script {
	const char *name;
	void (*make)(struct pair_net *net);
	unsigned links, least; /* allocations that there are */
} scripts[] = {
	{"everything", dial_everything, 2, 20},
	{"PAP", dial_by_pap, 2, 8},
	{"no authentication", dial_without_authentication, 2, 5},
	{"plain PPP", dial_plainly, 1, 5},
	{"managed bandwidth", dial_as_needed, 1, 5},
	{"many VLANs", dial_in_many_vlans, HOST_LINKS_MAX, 50},
};

enum {
	N_SCRIPTS = sizeof(scripts) / sizeof(scripts[0]),
	DIAL_MS = 15000,
	BACK_MS = 60000,
	AGAIN_MS = 120000,
	STOP_MS = 8000
};

static bool
is_up(const struct pair *p, unsigned links)
{
	return pair_open_links(p, AC) == links && pair_open_links(p, CLIENT) == links &&
		pair_open_bundles(p, AC) == 1 && pair_open_bundles(p, CLIENT) == 1;
}

static void
check_stopped(struct pair *p)
{
	pair_stop(p, CLIENT);
	pair_run(p, 100);
	pair_stop(p, AC);
	pair_run(p, STOP_MS);
	check(p, host_idle(p->node[AC].host) && host_idle(p->node[CLIENT].host));
	check(p, pair_addresses_are_back(p));
	check(p, pair_routes(p, CLIENT) == 0);
	for (int node = 0; node < 2; node++)
		for (unsigned i = 0; i < PAIR_LINKS * 2; i++)
			check(p, !p->node[node].sessions[i].used);
}

/* The client dials in, loses power, and dials in while its old links still look alive; then a line is out for a moment. Its hosts are
 * started with memory: their start has a test of its own. */
static void
live(struct pair *p)
{
	const unsigned first = failing, end = failing_end;

	pair_run(p, DIAL_MS);
	failing = failing_end = 0;
	pair_restart(p, CLIENT);
	failing = first;
	failing_end = end;
	pair_run(p, BACK_MS);
	pair_carrier(p, CLIENT, 0, false);
	pair_run(p, 1000);
	pair_carrier(p, CLIENT, 0, true);
	pair_run(p, DIAL_MS);
}

/* A reason, not only a text that is missing. */
static bool
names_memory(const struct pair *p)
{
	for (int node = 0; node < 2; node++)
		for (unsigned i = 0; i < p->node[node].n_log; i++) {
			const char *at = strstr(p->node[node].log[i], "no memory");

			if (at != NULL && strncmp(at, "no memory for the text", 22) != 0)
				return true;
		}
	return false;
}

/* False: there were not so many allocations. */
static bool
dial(const struct script *s, unsigned first, unsigned n)
{
	static struct pair_net net;
	struct pair *p;
	bool reached, up;

	s->make(&net);
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	p->vendor_tag[0] = line_tag;
	p->vendor_tag_len[0] = sizeof(line_tag);
	pair_start(p);
	fail_from(first, n);
	live(p);
	reached = was_reached();
	fail_from(0, 0);
	up = is_up(p, s->links);
	if (!up || p->fault[0] != '\0')
		print_message("%s, %u from the %uth on: %s\n", s->name, n, first, up ? "up" : "not up");
	check_sound(p);
	check(p, up || (reached && names_memory(p)));
	pair_run(p, AGAIN_MS);
	check(p, is_up(p, s->links));
	check_stopped(p);
	finish(p);
	return reached;
}

static void
one_allocation_after_the_other_fails(void **state)
{
	(void)state;
	for (unsigned i = 0; i < N_SCRIPTS; i++) {
		unsigned k = 1;

		while (dial(&scripts[i], k, 1))
			k++;
		print_message("%s: %u allocations\n", scripts[i].name, k - 1);
		assert_in_range(k, scripts[i].least, 1000);
	}
}

/* From one on there is no memory at all for some time. */
static void
memory_runs_out_and_comes_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < N_SCRIPTS; i++)
		for (unsigned k = 1; dial(&scripts[i], k, 100000); k++)
			assert_in_range(k, 1, 1000);
}

/* The tally of VLANs stays as small as it begins: all its places but one are taken. Who comes from another VLAN is told why he must wait. */
static void
a_session_that_cannot_be_counted_is_refused_for_lack_of_memory(void **state)
{
	enum { PLACES = 16 };
	static struct pair_net net;
	struct pair *p;

	(void)state;
	dial_in_many_vlans(&net);
	p = pair_new(&net.cfg[AC], &net.cfg[CLIENT], 1);
	fail_from(1, 100000);
	failing_bytes = 2 * PLACES * sizeof(struct vlan_tally);
	pair_start(p);
	pair_run(p, DIAL_MS);
	failing_bytes = 0;
	check(p, was_reached());
	fail_from(0, 0);
	check(p, is_up(p, PLACES - 1));
	check(p, pair_said(p, AC, "no memory to count sessions of another VLAN") != NULL);
	check(p, pair_said(p, CLIENT, "no memory to count sessions of another VLAN") != NULL);
	pair_run(p, AGAIN_MS);
	check(p, is_up(p, HOST_LINKS_MAX));
	check_stopped(p);
	finish(p);
}

/* ------------------------------------------------------------------ a host that does not start */

static void
a_host_without_memory_does_not_start(void **state)
{
	(void)state;
	for (unsigned node = 0; node < 2; node++) {
		static struct pair_net net;
		struct host *h = NULL;
		unsigned k = 0;

		dial_everything(&net);
		while (h == NULL) {
			const char *why = NULL;

			fail_from(++k, 1);
			h = host_new(&net.cfg[node], pair_zeros, NULL, 1000, &why);
			assert_true((h == NULL) == was_reached());
			assert_true(h != NULL || strcmp(why, "out of memory") == 0);
		}
		fail_from(0, 0);
		host_free(h);
		assert_in_range(k, 10, 1000);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_without_memory_does_not_start),
		cmocka_unit_test(one_allocation_after_the_other_fails),
		cmocka_unit_test(memory_runs_out_and_comes_back),
		cmocka_unit_test(a_session_that_cannot_be_counted_is_refused_for_lack_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
