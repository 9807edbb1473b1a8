/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/sending-modes/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/mp/reasm.h"
#include "dataplane/mp/seq.h"
#include "dataplane/mp/window.h"

enum {
	FRAME_OVERHEAD = 14 + 6 + 2 + MP_LONG_LEN, /* Ethernet, PPPoE, PPP, MP */
	PROTO_LEN = 2,                             /* of the inner protocol field */
	FRAGMENT_MAX = 1492 - MP_LONG_LEN,
	MRRU = 1500,
	QUEUE_MS = 50, /* as in bundle.c, and so is what follows */
	QUEUE_PACKETS_MIN = 32,
	QUEUE_PACKETS_MAX = 4096,
	SMALL_PACKET = 128,
	LONE_TIMES = 50, /* a lone packet comes after so many times that it would take on the slowest line */
};

#define NEVER UINT64_MAX
#define NONE UINT32_MAX

static const struct window_limits limits = {
	.stall_min_us = 100000, .stall_max_us = 500000, .slots_max = REASM_SLOTS_MAX};

struct packet {
	uint64_t arrived_ns, delivered_ns; /* delivered: 0 when not */
	uint16_t bytes;                    /* of IP */
	uint16_t frags;                    /* it was cut into; 0: refused */
	bool hit;                          /* a frame of it was lost */
};

struct frag {
	uint64_t arrives_ns;
	uint32_t seq, packet, next; /* next on its line */
	bool begin, end;
};

struct wire {
	uint32_t head, tail;
	uint64_t bytes;
};

struct model {
	const struct model_case *c;
	struct model_result *r;
	uint64_t now_ns, random;

	struct packet *packet;
	unsigned n_arrived, n_sent; /* those between wait in the queue, but for the refused ones */
	uint64_t queued_bytes, bytes_max, horizon_ns, next_arrival_ns;
	unsigned queued, packets_max;

	struct sched sched;
	struct sched_config config; /* the case's, prepared for its lines */
	struct sched_line line[MODEL_LINES_MAX];
	uint32_t seq;
	struct frag *frag;
	uint32_t n_frags, frags_max;
	struct wire wire[MODEL_LINES_MAX];

	struct reasm reasm;
	struct reasm_more more;
	reasm_ref slots[REASM_SLOTS_MIN];
	struct window_skew skew[MODEL_LINES_MAX];
	uint64_t deadline_ns;
	uint32_t waited_us;
	uint32_t newest; /* packet delivered */
	bool out_of_memory;
};
_Static_assert(offsetof(struct model, slots) - offsetof(struct model, reasm) == REASM_SLOTS_AT,
	"where the window looks for them");

/* ------------------------------------------------------------------ chance */

static uint32_t
chance(struct model *m, uint32_t n)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return (uint32_t)(m->random >> 20) % n;
}

/* ------------------------------------------------------------------ packets */

static uint64_t
joint_rate_bps(const struct model_case *c)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < c->n_lines; i++)
		sum += c->line[i].rate_bps;
	return sum;
}

static const struct {
	uint16_t bytes;
	uint8_t of_12;
} mix[] = {{40, 7}, {576, 4}, {1500, 1}};

static uint16_t
draw_bytes(struct model *m)
{
	uint32_t left;

	if (m->c->traffic != MODEL_MIX)
		return m->c->packet_bytes;
	left = chance(m, 12);
	for (unsigned i = 0;; left -= mix[i++].of_12)
		if (left < mix[i].of_12)
			return mix[i].bytes;
}

static double
mean_bytes(const struct model_case *c)
{
	double sum = 0;

	if (c->traffic != MODEL_MIX)
		return c->packet_bytes;
	for (unsigned i = 0; i < sizeof(mix) / sizeof(mix[0]); i++)
		sum += mix[i].bytes * mix[i].of_12 / 12.0;
	return sum;
}

static uint64_t
draw_interval_ns(struct model *m)
{
	const struct model_case *c = m->c;
	const double bits = (mean_bytes(c) + (double)(PROTO_LEN + FRAME_OVERHEAD)) * 8;
	uint64_t slowest_bps = UINT64_MAX;

	if (c->traffic != MODEL_LONE)
		return (uint64_t)(-log((chance(m, 1u << 24) + 0.5) / (1u << 24)) * bits * 1e9 * 100 /
			((double)joint_rate_bps(c) * c->load_percent));
	for (unsigned i = 0; i < c->n_lines; i++)
		slowest_bps = c->line[i].rate_bps < slowest_bps ? c->line[i].rate_bps : slowest_bps;
	return (uint64_t)((double)LONE_TIMES * bits * 1e9 / (double)slowest_bps);
}

/* As mp_accept: whole or not at all. */
static void
packet_arrives(struct model *m)
{
	struct packet *p = &m->packet[m->n_arrived++];

	p->arrived_ns = m->now_ns;
	p->bytes = draw_bytes(m);
	m->next_arrival_ns = m->n_arrived < m->c->packets ? m->now_ns + draw_interval_ns(m) : NEVER;
	if (m->queued >= m->packets_max || m->queued_bytes + p->bytes > m->bytes_max) {
		m->r->refused++;
		p->bytes = 0;
		return;
	}
	m->queued++;
	m->queued_bytes += p->bytes;
}

/* ------------------------------------------------------------------ sending */

static bool
waits_for_all(const struct model *m)
{
	return m->c->sched.mode == SCHED_EQUAL || m->c->sched.mode == SCHED_ROUND_ROBIN;
}

static uint64_t
room_at_ns(const struct model *m)
{
	uint64_t least = NEVER, most = 0;

	for (unsigned i = 0; i < m->c->n_lines; i++) {
		const uint64_t busy_ns = m->line[i].pace.busy_until_ns;

		least = busy_ns < least ? busy_ns : least;
		most = busy_ns > most ? busy_ns : most;
	}
	least = waits_for_all(m) ? most : least;
	return least > m->horizon_ns ? least - m->horizon_ns : 0;
}

static void
frag_put(struct model *m, uint32_t packet, const struct sched_piece *piece, bool begin, bool end)
{
	const struct model_line *line = &m->c->line[piece->line];
	struct pacing *pace = &m->line[piece->line].pace;
	struct wire *w = &m->wire[piece->line];
	const uint32_t bytes = piece->bytes + (uint32_t)FRAME_OVERHEAD;
	const uint64_t start_ns = pacing_book(pace, bytes, m->now_ns);
	const uint32_t i = m->n_frags;

	m->r->frames++;
	w->bytes += bytes;
	m->seq++;
	if (line->loss_ppm != 0 && chance(m, 1000000) < line->loss_ppm) {
		m->packet[packet].hit = true;
		return;
	}
	m->n_frags++;
	m->frag[i] =
		(struct frag){.arrives_ns = start_ns + pacing_cost_ns(pace, bytes) + line->latency_us * UINT64_C(1000),
			.seq = m->seq - 1,
			.packet = packet,
			.next = NONE,
			.begin = begin,
			.end = end};
	if (w->head == NONE)
		w->head = i;
	else
		m->frag[w->tail].next = i;
	w->tail = i;
}

static void
lines_of(const struct model *m, const struct sched_line *lines[])
{
	for (unsigned i = 0; i < m->c->n_lines; i++)
		lines[i] = &m->line[i];
}

static void
packet_send(struct model *m, uint32_t packet)
{
	const struct sched_line *lines[MODEL_LINES_MAX];
	struct sched_piece piece[SCHED_PIECES_MAX];
	struct packet *p = &m->packet[packet];

	lines_of(m, lines);
	p->frags = (uint16_t)sched_split(
		&m->sched, &m->config, lines, m->c->n_lines, p->bytes + (uint32_t)PROTO_LEN, m->now_ns, piece);
	if (m->n_frags + p->frags > m->frags_max) {
		m->out_of_memory = true;
		return;
	}
	for (unsigned i = 0; i < p->frags; i++)
		frag_put(m, packet, &piece[i], i == 0, i + 1u == p->frags);
	m->queued--;
	m->queued_bytes -= p->bytes;
}

static void
skip_refused(struct model *m)
{
	while (m->n_sent < m->n_arrived && m->packet[m->n_sent].bytes == 0)
		m->n_sent++;
}

static void
send_queued(struct model *m)
{
	for (skip_refused(m); m->n_sent < m->n_arrived && room_at_ns(m) <= m->now_ns; skip_refused(m))
		packet_send(m, m->n_sent++);
}

/* ------------------------------------------------------------------ receiving */

static void
packet_out(struct model *m, const reasm_ref frags[], unsigned n)
{
	const struct frag *first = &m->frag[frags[0]];
	struct packet *p = &m->packet[first->packet];
	bool good = n == p->frags && p->delivered_ns == 0 && (m->newest == NONE || first->packet > m->newest);

	for (unsigned i = 0; i < n; i++) {
		const struct frag *f = &m->frag[frags[i]];

		good = good && f->packet == first->packet && f->seq == first->seq + i;
	}
	if (!good)
		m->r->disordered++;
	m->newest = first->packet;
	p->delivered_ns = m->now_ns;
	m->r->delivered++;
}

static void
pop_all(struct model *m)
{
	reasm_ref frags[REASM_PACKET_FRAGS_MAX];
	enum reasm_out out;
	unsigned n;

	while ((n = reasm_pop(&m->reasm, frags, REASM_PACKET_FRAGS_MAX, &out)) != 0)
		if (out == REASM_PACKET)
			packet_out(m, frags, n);
}

static uint32_t
stall_us(const struct model *m)
{
	return window_stall_us(m->skew, m->c->n_lines, &limits);
}

static void
keep_deadline(struct model *m)
{
	if (!reasm_waiting(&m->reasm)) {
		m->deadline_ns = NEVER;
		return;
	}
	if (m->deadline_ns != NEVER && !reasm_outlived(&m->reasm))
		return;
	reasm_arm(&m->reasm);
	m->waited_us = stall_us(m) / 2;
	m->deadline_ns = m->now_ns + m->waited_us * UINT64_C(1000);
}

static void
deadline(struct model *m)
{
	const uint32_t more_us =
		reasm_edge_moved(&m->reasm) ? window_put_off_us(stall_us(m), m->waited_us, &limits) : 0;

	if (more_us != 0) {
		m->waited_us += more_us;
		m->deadline_ns = m->now_ns + more_us * UINT64_C(1000);
		return;
	}
	reasm_expire(&m->reasm);
	m->deadline_ns = NEVER;
	pop_all(m);
	keep_deadline(m);
}

static void
make_room(struct model *m, uint32_t seq)
{
	const uint32_t need = (uint32_t)seq_diff(seq, m->reasm.next, MP_LONG_BITS) + 1;
	const unsigned slots = window_slots_for(need, MP_LONG_BITS, &limits);
	struct reasm_deep *deep = slots != 0 ? aligned_alloc(64, (reasm_deep_bytes(slots) + 63) / 64 * 64) : NULL;

	if (deep != NULL) {
		free(reasm_grow(&m->reasm, deep, slots));
		return;
	}
	reasm_make_room(&m->reasm, seq);
	pop_all(m);
}

static enum reasm_verdict
insert(struct model *m, unsigned line, struct frag *f)
{
	const struct mp_view v = {.seq = f->seq & 0xffffff, .begin = f->begin, .end = f->end};
	bool reordered;

	return reasm_insert(
		&m->reasm, line, &v, (reasm_ref)(f - m->frag), (uint32_t)(m->now_ns / 1000), true, &reordered);
}

static void
measure_skew(struct model *m)
{
	uint32_t lag_us;
	unsigned line;

	if (reasm_lag(&m->reasm, &line, &lag_us))
		window_skew_sample(&m->skew[line], lag_us, (uint32_t)(m->now_ns / 1000000));
}

static void
frag_arrives(struct model *m, unsigned line)
{
	struct wire *w = &m->wire[line];
	const reasm_ref whole = w->head;
	struct frag *f = &m->frag[whole];
	enum reasm_verdict v;

	w->head = f->next;
	while ((v = insert(m, line, f)) == REASM_OVERRUN)
		make_room(m, f->seq & 0xffffff);
	if (v == REASM_WHOLE)
		packet_out(m, &whole, 1);
	else if (v == REASM_READY)
		pop_all(m);
	measure_skew(m);
	keep_deadline(m);
}

/* The line whose next fragment arrives first; n_lines: nothing is under way. */
static unsigned
next_wire(const struct model *m)
{
	unsigned first = m->c->n_lines;

	for (unsigned i = 0; i < m->c->n_lines; i++) {
		if (m->wire[i].head == NONE)
			continue;
		if (first == m->c->n_lines ||
			m->frag[m->wire[i].head].arrives_ns < m->frag[m->wire[first].head].arrives_ns)
			first = i;
	}
	return first;
}

/* ------------------------------------------------------------------ run */

/* As set_horizon and set_queue_limits. */
static void
set_limits(struct model *m)
{
	const uint64_t least = (uint64_t)QUEUE_PACKETS_MIN * MRRU;
	const uint64_t bytes = joint_rate_bps(m->c) / 8000 * QUEUE_MS;

	m->bytes_max = bytes > least ? bytes : least;
	m->packets_max = (unsigned)(m->bytes_max / SMALL_PACKET);
	m->packets_max = m->packets_max < QUEUE_PACKETS_MIN ? QUEUE_PACKETS_MIN : m->packets_max;
	m->packets_max = m->packets_max > QUEUE_PACKETS_MAX ? QUEUE_PACKETS_MAX : m->packets_max;
	m->horizon_ns = 0;
	for (unsigned i = 0; waits_for_all(m) && i < m->c->n_lines; i++) {
		const uint64_t ns = 2 * pacing_cost_ns(&m->line[i].pace, FRAGMENT_MAX + FRAME_OVERHEAD);

		m->horizon_ns = ns > m->horizon_ns ? ns : m->horizon_ns;
	}
}

static bool
model_init(struct model *m, const struct model_case *c, struct model_result *r)
{
	const struct sched_line *lines[MODEL_LINES_MAX];

	memset(m, 0, sizeof(*m));
	memset(r, 0, sizeof(*r));
	m->c = c;
	m->r = r;
	m->random = c->seed * 0x9e3779b97f4a7c15ull + 1;
	m->frags_max = c->packets * (MODEL_LINES_MAX + 2);
	m->packet = calloc(c->packets, sizeof(*m->packet));
	m->frag = calloc(m->frags_max, sizeof(*m->frag));
	m->deadline_ns = NEVER;
	m->newest = NONE;
	m->next_arrival_ns = 1;
	reasm_init(&m->reasm, false, true);
	for (unsigned i = 0; i < c->n_lines; i++) {
		m->line[i] = (struct sched_line){.pace = {.rate_bps = c->line[i].rate_bps},
			.latency_us = c->line[i].latency_us,
			.fragment_max = FRAGMENT_MAX,
			.frame_overhead = FRAME_OVERHEAD,
			.usable = true};
		m->line[i].cost = c->line[i].cost & SCHED_COST_MAX;
		m->wire[i].head = NONE;
		reasm_link_join(&m->reasm, i, &m->more);
	}
	lines_of(m, lines);
	m->config = c->sched;
	sched_prepare(&m->config, lines, c->n_lines);
	set_limits(m);
	return m->packet != NULL && m->frag != NULL;
}

static void
model_fini(struct model *m)
{
	free(reasm_slots(&m->reasm) > REASM_SLOTS_MIN && reasm_held(&m->reasm) == 0 ? reasm_shrink(&m->reasm) : NULL);
	free(m->packet);
	free(m->frag);
}

/* The next thing that happens, at its time. False: nothing does any more. */
static bool
step(struct model *m)
{
	const unsigned line = next_wire(m);
	const uint64_t wire_ns = line < m->c->n_lines ? m->frag[m->wire[line].head].arrives_ns : NEVER;
	const uint64_t room_ns = m->queued != 0 ? room_at_ns(m) : NEVER;
	uint64_t next_ns = m->next_arrival_ns;

	next_ns = room_ns < next_ns ? room_ns : next_ns;
	next_ns = wire_ns < next_ns ? wire_ns : next_ns;
	next_ns = m->deadline_ns < next_ns ? m->deadline_ns : next_ns;
	if (next_ns == NEVER || m->out_of_memory)
		return false;
	m->now_ns = next_ns > m->now_ns ? next_ns : m->now_ns;
	if (next_ns == wire_ns)
		frag_arrives(m, line);
	else if (next_ns == m->deadline_ns)
		deadline(m);
	else if (next_ns == m->next_arrival_ns)
		packet_arrives(m);
	send_queued(m);
	return true;
}

static int
by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void
sum_up_delays(struct model_result *r, double *delay, unsigned n)
{
	double sum = 0, steps = 0;

	for (unsigned i = 0; i < n; i++) {
		sum += delay[i];
		steps += i > 0 ? fabs(delay[i] - delay[i - 1]) : 0;
	}
	r->delay_us = sum / n;
	r->jitter_us = n > 1 ? steps / (n - 1) : 0;
	qsort(delay, n, sizeof(*delay), by_size);
	r->delay_p50_us = delay[n / 2];
	r->delay_p99_us = delay[n * UINT64_C(99) / 100];
	r->delay_max_us = delay[n - 1];
}

static bool
sum_up(struct model *m)
{
	struct model_result *r = m->r;
	double *delay = calloc(m->c->packets, sizeof(*delay));
	uint64_t bytes = 0, last_ns = 0, line_bytes = 0;
	unsigned n = 0;

	if (delay == NULL)
		return false;
	for (unsigned i = 0; i < m->c->packets; i++) {
		const struct packet *p = &m->packet[i];

		r->hit += p->hit;
		if (p->delivered_ns == 0)
			continue;
		delay[n++] = (double)(p->delivered_ns - p->arrived_ns) / 1000;
		bytes += p->bytes;
		last_ns = p->delivered_ns > last_ns ? p->delivered_ns : last_ns;
	}
	if (n != 0) {
		const double s = (double)(last_ns - m->packet[0].arrived_ns) / 1e9;

		sum_up_delays(r, delay, n);
		r->packets_per_s = n / s;
		r->frames_per_s = (double)r->frames / s;
		r->goodput_bps = (double)bytes * 8 / s;
	}
	for (unsigned i = 0; i < m->c->n_lines; i++)
		line_bytes += m->wire[i].bytes;
	for (unsigned i = 0; i < m->c->n_lines && line_bytes != 0; i++)
		r->share[i] = (double)m->wire[i].bytes / (double)line_bytes;
	r->lost = m->c->packets - r->refused - r->delivered;
	free(delay);
	return true;
}

bool
model_run(const struct model_case *c, struct model_result *r)
{
	struct model m;
	bool ok = model_init(&m, c, r);

	while (ok && step(&m))
		;
	ok = ok && !m.out_of_memory && sum_up(&m);
	model_fini(&m);
	return ok;
}
