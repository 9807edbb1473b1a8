/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <stdio.h>

#include "tools/hawser-bench/cases.h"

/* Frames from the lines of 1k, 32k and 100k bundles of two links, against everything that they are compared with. */

enum { ONE_K, THIRTY_TWO_K, HUNDRED_K, SIZES };

static const struct {
	uint32_t bundles;
	const char *name;
	double path, reassembly, growth; /* goals */
} sizes[SIZES] = {
	{1000, "1k", 3.5, 0.32, 0},
	{32768, "32k", 4.2, 0.22, 1.35},
	{100000, "100k", 4.8, 0.22, 1.5},
};

const char *
id_of(const char *fmt, const char *name)
{
	char *s = NULL;

	if (asprintf(&s, fmt, name) < 0)
		die("no memory");
	return s;
}

struct from_case *
case_of(struct arrivals *a, struct arrivals *ghost, uint32_t bundles, const struct shape *shape, unsigned depth)
{
	struct from_case *c = calloc(1, sizeof(*c));

	if (c == NULL)
		die("no memory");
	*c = (struct from_case){
		.a = a,
		.ghost = ghost,
		.t = {.population = a->t.population,
			.worker = a->t.worker,
			.bundles = bundles,
			.shape = shape,
			.depth = depth},
	};
	return c;
}

/* ------------------------------------------------------------------ kinds of cases */

static struct bench *
add(struct results *r, const struct bench *b)
{
	struct bench *added = bench_add(r, b);

	added->unit = "frame";
	added->in_turns = true;
	return added;
}

struct bench *
add_path(struct results *r, const char *id, const char *what, const struct from_case *c, struct bench *ref)
{
	return add(r,
		&(struct bench){
			.id = id, .what = what, .enter = from_enter, .slice = from_path_slice, .ctx = c, .ref = ref});
}

struct bench *
add_reassembly(struct results *r, const char *id, const char *what, const struct from_case *c, struct bench *ref)
{
	return add(r,
		&(struct bench){.id = id,
			.what = what,
			.enter = from_enter,
			.slice = from_reassembly_slice,
			.ctx = c,
			.ref = ref});
}

struct bench *
add_macswap(struct results *r, const char *name, const struct from_case *c)
{
	return add(r,
		&(struct bench){.id = id_of("macswap.%s", name),
			.what = "rings to null, MAC addresses swapped, the very same frames",
			.enter = ghost_enter,
			.slice = macswap_slice,
			.ctx = c});
}

static struct bench *
add_ip_frag(struct results *r, const char *id, const char *what, const struct from_case *c)
{
	return add(
		r, &(struct bench){.id = id, .what = what, .enter = ip_frag_enter, .slice = ip_frag_slice, .ctx = c});
}

/* ------------------------------------------------------------------ one size */

struct size_cases {
	struct from_case *traffic;
	struct bench *path, *reassembly;
};

static void
add_size(struct results *r, unsigned size, struct arrivals *a, struct arrivals *ghost, struct size_cases *to)
{
	const char *name = sizes[size].name;
	struct bench *ref;

	to->traffic = case_of(a, ghost, sizes[size].bundles, &shape_in_2, 2);
	ref = add_macswap(r, name, to->traffic);
	to->path = add_path(r, id_of("from_links.%s", name), "whole path from links, 1500 B in 2", to->traffic, ref);
	ref = add_ip_frag(r, id_of("ip_frag.%s", name), "rte_ipv4_frag_reassemble_packet, 2 fragments", to->traffic);
	to->reassembly = add_reassembly(
		r, id_of("reassembly.%s", name), "pppoe_rx to mss_from_links, 1500 B in 2", to->traffic, ref);
}

static void
size_goals(struct results *r, unsigned size, const struct size_cases *at)
{
	goal_of_ratio(r, id_of("P1.%s", sizes[size].name), "whole path from links over macswap of the same frames",
		at->path, sizes[size].path);
	goal_of_ratio(r, id_of("P3.%s", sizes[size].name), "reassembly over rte_ip_frag, a fragment", at->reassembly,
		sizes[size].reassembly);
}

/* The path again, over the path with 1k bundles. */
static struct bench *
add_growth(struct results *r, unsigned size, const struct size_cases *at, struct bench *path_1k)
{
	return add_path(r, id_of("growth.%s", sizes[size].name), "whole path from links again, over that of 1k bundles",
		at->traffic, path_1k);
}

static void
growth_goal(struct results *r, unsigned size, const struct bench *growth)
{
	goal_of_ratio(r, id_of("P5.%s", sizes[size].name), "growth of the path's cost from 1k bundles", growth,
		sizes[size].growth);
}

/* ------------------------------------------------------------------ 1k and 32k */

enum { POP_1K, POP_32K, POP_OTHER, POPS };

/* Cases at 32k that are compared with each other. */
struct more_cases {
	struct bench *floor, *lossy, *skewed, *growth;
};

static void
add_floors(struct results *r, const struct size_cases *at, struct more_cases *m)
{
	struct bench *ref = add(r,
		&(struct bench){.id = "floor.32k",
			.what = "the least memory any layout touches: mbuf, header, word, one line and one slot, what waits",
			.enter = floor_enter,
			.slice = floor_slice,
			.leave = floor_leave,
			.ctx = at->traffic});

	m->floor = add_reassembly(
		r, "reassembly_over_floor.32k", "reassembly again, over the least memory", at->traffic, ref);
	ref = add(r,
		&(struct bench){.id = "floor_own.32k",
			.what = "the lines that our layout touches, no logic",
			.enter = floor_enter,
			.slice = floor_own_slice,
			.leave = floor_leave,
			.ctx = at->traffic});
	add_reassembly(
		r, "reassembly_over_own_floor.32k", "reassembly again, over our lines of memory", at->traffic, ref);
}

static void
add_disturbed(struct results *r, struct arrivals *other, const struct size_cases *at, struct more_cases *m)
{
	const uint32_t n = sizes[THIRTY_TWO_K].bundles;
	struct from_case *lossy = case_of(other, NULL, n, &shape_in_2, 2);
	const struct from_case *barely = case_of(other, NULL, n, &shape_in_2, 1);
	struct bench *ref;

	lossy->t.loss = 100;
	m->lossy = add_reassembly(r, "reassembly.loss", "1 % of the frames lost", lossy, at->reassembly);
	ref = add_reassembly(r, "reassembly.barely_skewed", "links ahead by one datagram at most", barely, NULL);
	m->skewed = add_reassembly(r, "reassembly.skewed", "links ahead by two datagrams at most", at->traffic, ref);
}

static void
add_shapes(struct results *r, struct arrivals *other, struct arrivals *ghost)
{
	static const struct {
		const struct shape *shape;
		const char *name;
		unsigned depth;
	} rows[] = {{&shape_in_4, "in_4", 2}, {&shape_whole_64, "64B", 1}, {&shape_imix, "imix", 2}};

	for (unsigned i = 0; i < 3; i++) {
		const struct from_case *c =
			case_of(other, ghost, sizes[THIRTY_TWO_K].bundles, rows[i].shape, rows[i].depth);

		add_path(r, id_of("from_links.%s", rows[i].name),
			id_of("whole path from links, %s", rows[i].shape->name), c, add_macswap(r, rows[i].name, c));
		if (rows[i].shape == &shape_in_4)
			add_reassembly(r, "reassembly.in_4", "1500 B in 4", c,
				add_ip_frag(r, "ip_frag.in_4", "rte_ipv4_frag_reassemble_packet, 4 fragments", c));
	}
}

static void
add_others(struct results *r, const struct size_cases *at)
{
	add(r,
		&(struct bench){.id = "rte_reorder.32k",
			.what = "rte_reorder insert and drain: order only",
			.enter = reorder_enter,
			.slice = reorder_slice,
			.leave = reorder_leave,
			.ctx = at->traffic});
	add(r,
		&(struct bench){.id = "plain.32k",
			.what = "plain reassembly: lists, rte_hash, one frame at a time, no prefetch",
			.enter = plain_enter,
			.slice = plain_slice,
			.leave = plain_leave,
			.ctx = at->traffic,
			.ref = at->reassembly});
}

static void
check_all(struct arrivals *a)
{
	static const struct {
		const struct shape *shape;
		unsigned depth, loss;
	} rows[] = {{&shape_in_2, 2, 0}, {&shape_in_4, 2, 0}, {&shape_imix, 2, 0}, {&shape_whole_64, 1, 0},
		{&shape_in_2, 2, 50}};

	for (unsigned i = 0; i < RTE_DIM(rows); i++)
		from_check(a,
			&(struct traffic){.population = a->t.population,
				.worker = a->t.worker,
				.bundles = 1000,
				.shape = rows[i].shape,
				.depth = rows[i].depth,
				.loss = rows[i].loss});
}

static void
close_all(struct arrivals a[], struct arrivals ghost[], unsigned n)
{
	ip_frag_close();
	for (unsigned i = 0; i < n; i++) {
		from_settle(&a[i]);
		arrivals_fini(&a[i]);
		arrivals_fini(&ghost[i]);
	}
	lab_close();
}

static void
open_all(const struct population pops[], unsigned n, unsigned mbufs, struct arrivals a[], struct arrivals ghost[])
{
	const struct lab_wish wish = {
		.apart = true,
		.access_ports = 4,
		.pool_mbufs = mbufs,
		.reassembly_bytes = UINT64_C(2) << 30,
		.populations = pops,
		.n_populations = n,
	};

	lab_open(&wish);
	for (unsigned i = 0; i < n; i++) {
		arrivals_init(&a[i], i, i);
		arrivals_init(&ghost[i], i, i);
	}
}

void
bench_from_links(struct run *run)
{
	enum { LINE_BPS = 100000000, SMALL_MBUFS = 327679, MBUFS = 491519 };
	const struct population pops[POPS] = {
		{.name = "1k", .n = sizes[ONE_K].bundles, .links = 2, .rate_bps = LINE_BPS},
		{.name = "32k", .n = sizes[THIRTY_TWO_K].bundles, .links = 2, .rate_bps = LINE_BPS},
		{.name = "32k, other traffic", .n = sizes[THIRTY_TWO_K].bundles, .links = 2, .rate_bps = LINE_BPS},
	};
	const unsigned first = run->r.n_cases;
	struct arrivals a[POPS], ghost[POPS];
	struct size_cases at[2];
	struct more_cases more;

	open_all(pops, POPS, run->small ? SMALL_MBUFS : MBUFS, a, ghost);
	check_all(&a[POP_OTHER]);
	for (unsigned i = 0; i < 2; i++)
		add_size(&run->r, ONE_K + i, &a[i], &ghost[i], &at[i]);
	more.growth = add_growth(&run->r, THIRTY_TWO_K, &at[1], at[0].path);
	add_floors(&run->r, &at[1], &more);
	add_disturbed(&run->r, &a[POP_OTHER], &at[1], &more);
	if (!run->small) {
		add_shapes(&run->r, &a[POP_OTHER], &ghost[POP_OTHER]);
		add_others(&run->r, &at[1]);
	}
	bench_run(&run->r, first, run->rounds);
	for (unsigned i = 0; i < 2 && !run->small; i++)
		profile_stages(&run->r, at[i].path->id, from_profile, &a[i]);
	for (unsigned i = 0; i < 2; i++)
		size_goals(&run->r, ONE_K + i, &at[i]);
	growth_goal(&run->r, THIRTY_TWO_K, more.growth);
	goal_of_ratio(&run->r, "P6", "reassembly over the memory floor", more.floor, 2.2);
	goal_of_ratio(&run->r, "P7.loss", "reassembly with 1 % loss over without", more.lossy, 1.08);
	goal_of_ratio(&run->r, "P7.skew", "reassembly of skewed over barely skewed lines", more.skewed, 1.08);
	close_all(a, ghost, POPS);
}

/* ------------------------------------------------------------------ 100k */

/* Timers and sweeps, of a worker that has as many frames as it can take. What a tick costs without any traffic is due every tick, whatever
 * the frames; the rest comes with the frames. */
static void
timers_goal(struct results *r, const struct size_cases *at)
{
	const double list = median(at->path->cost, at->path->n_cost) * (double)LAB_LIST; /* cycles */
	const double tick = LAB_LIST * LAB_NS_A_FRAME * 1e-9 * (double)rte_get_tsc_hz();
	struct timer_cycles c;

	from_enter(at->path);
	c = profile_timers(at->traffic->a);
	goal_of_value(r,
		&(struct goal){.id = "P11",
			.what = "timers and sweeps of 100k bundles, all of them with gaps, share of a worker",
			.goal = 0.005,
			.value = c.idle / tick + (c.busy - c.idle) / list,
			.low = c.idle / tick + (c.low - c.idle) / list,
			.high = c.idle / tick + (c.high - c.idle) / list});
}

void
bench_from_links_100k(struct run *run)
{
	enum { LINE_BPS = 100000000, MBUFS = 393215 };
	const struct population pops[2] = {
		{.name = "1k", .n = sizes[ONE_K].bundles, .links = 2, .rate_bps = LINE_BPS},
		{.name = "100k", .n = sizes[HUNDRED_K].bundles, .links = 2, .rate_bps = LINE_BPS},
	};
	const struct from_case *few;
	const unsigned first = run->r.n_cases;
	struct arrivals a[2], ghost[2];
	struct size_cases at;
	struct bench *path_1k, *growth;

	open_all(pops, 2, MBUFS, a, ghost);
	check_all(&a[1]);
	few = case_of(&a[0], NULL, sizes[ONE_K].bundles, &shape_in_2, 2);
	add_size(&run->r, HUNDRED_K, &a[1], &ghost[1], &at);
	path_1k = add_path(&run->r, "from_links.1k_beside_100k", "whole path from links, 1k bundles again", few, NULL);
	growth = add_growth(&run->r, HUNDRED_K, &at, path_1k);
	bench_run(&run->r, first, run->rounds);
	from_enter(at.path);
	if (!run->small)
		profile_stages(&run->r, at.path->id, from_profile, &a[1]);
	size_goals(&run->r, HUNDRED_K, &at);
	growth_goal(&run->r, HUNDRED_K, growth);
	timers_goal(&run->r, &at);
	close_all(a, ghost, 2);
}
