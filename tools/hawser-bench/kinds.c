/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_common.h>

#include "tools/hawser-bench/cases.h"

/* Kinds of bundles beside each other, 32k of each: more links, tagged frames, short numbers, IPv6. */

enum kind { TWO, FOUR, EIGHT, VLAN, QINQ, SHORT, IPV6, KINDS };

enum { BUNDLES = 32768, SMALL_BUNDLES = 4096 };

static const struct population kinds[KINDS] = {
	[TWO] = {.name = "2 links", .links = 2},
	[FOUR] = {.name = "4 links", .links = 4},
	[EIGHT] = {.name = "8 links", .links = 8},
	[VLAN] = {.name = "VLAN", .links = 2, .vlans = {.outer = VLAN_TAGGED | 100}},
	[QINQ] = {.name = "QinQ",
		.links = 2,
		.vlans = {.outer = VLAN_TAGGED | VLAN_AD | 200, .inner = VLAN_TAGGED | 7}},
	[SHORT] = {.name = "short numbers", .links = 2, .short_seq = true},
	[IPV6] = {.name = "IPv6", .links = 2, .ipv6 = true},
};

static const char *const ids[KINDS] = {
	"links.2", "links.4", "links.8", "tags.vlan", "tags.qinq", "numbers.short", "ip.v6"};

void
bench_kinds(struct run *run)
{
	const unsigned first = run->r.n_cases, n = run->small ? SMALL_BUNDLES : BUNDLES;
	struct population pops[KINDS];
	struct bench *b[KINDS], *macswap;
	struct arrivals a[KINDS], ghost;
	const struct lab_wish wish = {
		.workers = 1,
		.access_ports = 12,
		.pool_mbufs = 131071,
		.reassembly_bytes = UINT64_C(1) << 30,
		.populations = pops,
		.n_populations = KINDS,
	};

	for (unsigned i = 0; i < KINDS; i++) {
		pops[i] = kinds[i];
		pops[i].n = n;
		pops[i].rate_bps = 100000000;
	}
	lab_open(&wish);
	arrivals_init(&ghost, TWO, 0);
	for (unsigned i = 0; i < KINDS; i++) {
		arrivals_init(&a[i], i, 0);
		from_check(
			&a[i], &(struct traffic){.population = i, .bundles = 1000, .shape = &shape_in_2, .depth = 2});
	}
	macswap = bench_add(&run->r,
		&(struct bench){.id = "macswap.kinds",
			.what = "rings to null, MAC addresses swapped",
			.unit = "frame",
			.enter = ghost_enter,
			.slice = macswap_slice,
			.ctx = case_of(&a[TWO], &ghost, n, &shape_in_2, 2)});
	for (unsigned i = 0; i < KINDS; i++)
		b[i] = bench_add(&run->r,
			&(struct bench){.id = ids[i],
				.what = id_of("whole path from links, %s", pops[i].name),
				.unit = "frame",
				.enter = from_enter,
				.slice = from_path_slice,
				.ctx = case_of(&a[i], &ghost, n, &shape_in_2, 2),
				.ref = i == TWO ? macswap : b[TWO]});
	bench_run(&run->r, first, run->rounds);
	goal_of_ratio(&run->r, "P9", "8 links over 2 links, a fragment", b[EIGHT], 1.2);
	goal_of_ratio(&run->r, "P14.vlan", "VLAN-tagged over untagged", b[VLAN], 1.08);
	goal_of_ratio(&run->r, "P14.ipv6", "IPv6 over IPv4", b[IPV6], 1.1);
	for (unsigned i = 0; i < KINDS; i++) {
		from_settle(&a[i]);
		arrivals_fini(&a[i]);
	}
	arrivals_fini(&ghost);
	lab_close();
}

/* ------------------------------------------------------------------ deep windows */

/* 30 ms of skew on two lines of 100 Mbit/s are about 1,000 fragments of 1500-byte packets cut in two. What waits fills the memory, which
 * bounds the bundles. */
void
bench_deep(struct run *run)
{
	enum { DEEP = 600, LAG = 960, SHALLOW_LAG = 24 };
	const unsigned first = run->r.n_cases, n = run->small ? DEEP / 8 : DEEP;
	const struct population pops[] = {{.name = "2 links", .n = n, .links = 2, .rate_bps = 100000000}};
	const struct lab_wish wish = {
		.workers = 1,
		.access_ports = 4,
		.pool_mbufs = run->small ? 65535 : 450000,
		.reassembly_bytes = UINT64_C(2) << 30,
		.populations = pops,
		.n_populations = 1,
	};
	struct from_case *deep, *shallow;
	struct bench *ref, *b;
	struct arrivals a;

	lab_open(&wish);
	arrivals_init(&a, 0, 0);
	shallow = case_of(&a, NULL, n, &shape_in_2, 2);
	deep = case_of(&a, NULL, n, &shape_in_2, 2);
	shallow->t.lag = SHALLOW_LAG;
	deep->t.lag = LAG;
	from_check(&a, &deep->t);
	ref = bench_add(&run->r,
		&(struct bench){.id = "windows.64",
			.what = "reassembly, windows under 64",
			.unit = "fragment",
			.enter = from_enter,
			.slice = from_reassembly_slice,
			.ctx = shallow});
	b = bench_add(&run->r,
		&(struct bench){.id = "windows.1024",
			.what = "reassembly, 1,024 fragments a window in use",
			.unit = "fragment",
			.enter = from_enter,
			.slice = from_reassembly_slice,
			.ctx = deep,
			.ref = ref});
	bench_run(&run->r, first, run->rounds);
	goal_of_ratio(&run->r, "P15", "windows of 1,024 fragments over windows under 64", b, 1.6);
	from_settle(&a);
	arrivals_fini(&a);
	lab_close();
}
