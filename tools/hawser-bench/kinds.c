/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_common.h>

#include "tools/hawser-bench/cases.h"

/* Kinds of bundles beside each other: tagged frames, short numbers, IPv6; more links; windows that are full. */

enum { BUNDLES = 32768, SMALL_BUNDLES = 8192, LINE_BPS = 100000000 };

/* ------------------------------------------------------------------ 32k of each kind */

enum kind { PLAIN, VLAN, QINQ, SHORT, IPV6, KINDS };

static const struct population kinds[KINDS] = {
	[PLAIN] = {.name = "2 links", .links = 2},
	[VLAN] = {.name = "VLAN", .links = 2, .vlans = {.outer = VLAN_TAGGED | 100}},
	[QINQ] = {.name = "QinQ",
		.links = 2,
		.vlans = {.outer = VLAN_TAGGED | VLAN_AD | 200, .inner = VLAN_TAGGED | 7}},
	[SHORT] = {.name = "short numbers", .links = 2, .short_seq = true},
	[IPV6] = {.name = "IPv6", .links = 2, .ipv6 = true},
};

static const char *const ids[KINDS] = {"tags.none", "tags.vlan", "tags.qinq", "numbers.short", "ip.v6"};

static struct traffic
checked(unsigned population)
{
	return (struct traffic){
		.population = population, .worker = population, .bundles = 1000, .shape = &shape_in_2, .depth = 2};
}

void
bench_kinds(struct run *run)
{
	const unsigned first = run->r.n_cases, n = run->small ? SMALL_BUNDLES : BUNDLES;
	struct population pops[KINDS];
	struct bench *b[KINDS] = {NULL};
	struct arrivals a[KINDS];
	const struct lab_wish wish = {
		.apart = true,
		.access_ports = 6,
		.pool_mbufs = 327679,
		.reassembly_bytes = UINT64_C(1) << 30,
		.populations = pops,
		.n_populations = KINDS,
	};

	for (unsigned i = 0; i < KINDS; i++) {
		pops[i] = kinds[i];
		pops[i].n = n;
		pops[i].rate_bps = LINE_BPS;
	}
	lab_open(&wish);
	for (unsigned i = 0; i < KINDS; i++)
		arrivals_init(&a[i], i, i);
	for (unsigned i = 0; i < KINDS; i++) {
		const struct traffic t = checked(i);

		from_check(&a[i], &t);
		b[i] = add_path(&run->r, ids[i], id_of("whole path from links, %s", pops[i].name),
			case_of(&a[i], NULL, n, &shape_in_2, 2), b[PLAIN]);
	}
	bench_run(&run->r, first, run->rounds);
	goal_of_ratio(&run->r, "P14.vlan", "whole path, VLAN-tagged over untagged", b[VLAN], 1.08);
	goal_of_ratio(&run->r, "P14.ipv6", "whole path, IPv6 over IPv4", b[IPV6], 1.1);
	for (unsigned i = 0; i < KINDS; i++) {
		from_settle(&a[i]);
		arrivals_fini(&a[i]);
	}
	lab_close();
}

/* ------------------------------------------------------------------ more links */

enum { LINKS_KINDS = 3 };

static const unsigned links_of[LINKS_KINDS] = {2, 4, 8};

/* Bundles of 2, 4 and 8 links, reassembly and path of each over that of 2. Returns the reassembly of 8. */
static struct bench *
links_cases(struct results *r, struct arrivals a[], const char *size, bool path_too)
{
	static const char *const names[LINKS_KINDS] = {"2", "4", "8"};
	struct bench *reassembly[LINKS_KINDS], *path[LINKS_KINDS];

	for (unsigned i = 0; i < LINKS_KINDS; i++) {
		const struct from_case *c = case_of(&a[i], NULL, a[i].p->n, &shape_in_2, 2);
		const char *name = id_of(id_of("%s.%%s", names[i]), size);

		reassembly[i] = add_reassembly(r, id_of("links.%s", name), id_of("reassembly, %s links", names[i]), c,
			i == 0 ? NULL : reassembly[0]);
		if (path_too)
			path[i] = add_path(r, id_of("links_path.%s", name),
				id_of("whole path from links, %s links", names[i]), c, i == 0 ? NULL : path[0]);
	}
	return reassembly[LINKS_KINDS - 1];
}

static void
links_size(struct run *run, uint32_t n, const char *size, bool goal)
{
	const unsigned first = run->r.n_cases;
	struct arrivals a[LINKS_KINDS];
	struct population pops[LINKS_KINDS];
	const struct lab_wish wish = {
		.apart = true,
		.access_ports = 8,
		.pool_mbufs = 327679,
		.reassembly_bytes = UINT64_C(1) << 30,
		.populations = pops,
		.n_populations = LINKS_KINDS,
	};
	struct bench *eight;

	for (unsigned i = 0; i < LINKS_KINDS; i++)
		pops[i] = (struct population){.name = "links", .n = n, .links = links_of[i], .rate_bps = LINE_BPS};
	lab_open(&wish);
	for (unsigned i = 0; i < LINKS_KINDS; i++) {
		const struct traffic t = checked(i);

		arrivals_init(&a[i], i, i);
		from_check(&a[i], &t);
	}
	eight = links_cases(&run->r, a, size, !run->small);
	bench_run(&run->r, first, run->rounds);
	if (goal)
		goal_of_ratio(&run->r, "P9", "reassembly, 8 links over 2 links, a fragment", eight, 1.2);
	for (unsigned i = 0; i < LINKS_KINDS; i++) {
		from_settle(&a[i]);
		arrivals_fini(&a[i]);
	}
	lab_close();
}

void
bench_links(struct run *run)
{
	if (run->small) {
		links_size(run, SMALL_BUNDLES, "8k", true);
		return;
	}
	links_size(run, BUNDLES, "32k", true);
	links_size(run, 1000, "1k", false);
}

/* All the bundles there can be, of many links: no room for others beside them. */
void
bench_links_100k(struct run *run)
{
	for (unsigned i = 1; i < LINKS_KINDS; i++) {
		const unsigned first = run->r.n_cases;
		const struct population pop = {
			.name = "links", .n = 100000, .links = links_of[i], .rate_bps = LINE_BPS};
		const struct lab_wish wish = {
			.apart = true,
			.access_ports = LAB_ACCESS_MAX,
			.pool_mbufs = 262143,
			.reassembly_bytes = UINT64_C(1) << 30,
			.populations = &pop,
			.n_populations = 1,
		};
		const struct from_case *c;
		struct arrivals a;

		lab_open(&wish);
		arrivals_init(&a, 0, 0);
		c = case_of(&a, NULL, pop.n, &shape_in_2, 2);
		from_check(&a, &c->t);
		add_reassembly(&run->r, i == 1 ? "links.4.100k" : "links.8.100k", "reassembly, 100k bundles", c, NULL);
		add_path(&run->r, i == 1 ? "links_path.4.100k" : "links_path.8.100k",
			"whole path from links, 100k bundles", c, NULL);
		bench_run(&run->r, first, run->rounds);
		from_settle(&a);
		arrivals_fini(&a);
		lab_close();
	}
}

/* ------------------------------------------------------------------ deep windows */

/* 30 ms of skew on two lines of 100 Mbit/s are about 470 frames of 801 bytes by which one line is ahead, and windows of 1,024 slots. What
 * waits fills what windows may have of 768 hugepages of 2 MB, which bounds the bundles; there is no room for others with small windows beside them, so they are
 * the same, one after the other. */
void
bench_deep(struct run *run)
{
	enum { DEEP = 1000, SMALL_DEEP = 300, LAG = 940, SHALLOW_LAG = 24, MBUFS = 655359 };
	const unsigned first = run->r.n_cases, n = run->small ? SMALL_DEEP : DEEP;
	const struct population pop = {.name = "deep", .n = n, .links = 2, .rate_bps = LINE_BPS};
	const struct lab_wish wish = {
		.workers = 1,
		.access_ports = 4,
		.pool_mbufs = run->small ? MBUFS / 3 : MBUFS,
		.reassembly_bytes = UINT64_C(2) << 30,
		.populations = &pop,
		.n_populations = 1,
	};
	struct from_case *deep, *shallow;
	struct bench *ref, *b;
	struct arrivals a;

	lab_open(&wish);
	arrivals_init(&a, 0, 0);
	deep = case_of(&a, NULL, n, &shape_in_2, 2);
	shallow = case_of(&a, NULL, n, &shape_in_2, 2);
	shallow->t.lag = SHALLOW_LAG;
	deep->t.lag = LAG;
	from_check(&a, &deep->t);
	ref = add_reassembly(&run->r, "windows.64", "reassembly, windows under 64", shallow, NULL);
	b = add_reassembly(&run->r, "windows.1024", "reassembly, windows of 1,024 fragments in use", deep, ref);
	b->in_turns = false;
	bench_run(&run->r, first, run->rounds);
	goal_of_ratio(&run->r, "P15", "windows of 1,024 fragments over windows under 64", b, 1.6);
	from_settle(&a);
	arrivals_fini(&a);
	lab_close();
}
