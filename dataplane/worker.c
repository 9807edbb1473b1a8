/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_pause.h>
#include <rte_rcu_qsbr.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <time.h>

#include "dataplane/bundle.h"
#include "dataplane/internal.h"
#include "dataplane/path.h"

/* A worker's turn, and the loop around it: the only place of the packet path that sleeps. */

enum {
	IDLE_TURNS = 16, /* without a packet, before the first sleep */
	SLEEP_MAX_NS = 100000,
	SLEEP_MIN_NS = 5000, /* under that the way to sleep and back takes longer */
	TIMER_SLACK_NS = 1000,
	TURN_NS = 2000000, /* more than a turn and a sleep take: what is over was taken by the machine */
};

/* ------------------------------------------------------------------ what a turn leaves behind goes out at its end */

void
worker_flush_free(struct worker *w)
{
	rte_pktmbuf_free_bulk(w->free, w->n_free);
	w->n_free = 0;
}

static void
steer_flush_to(struct worker *w, unsigned to)
{
	struct tx_buffer *b = &w->steer_buf[to];
	const unsigned n = rte_ring_sp_enqueue_burst(w->peers[to]->steer[w->index], (void *const *)b->m, b->n, NULL);

	for (unsigned i = n; i < b->n; i++)
		drop(w, b->m[i], DROP_STEER_FULL);
	b->n = 0;
	w->steer_pending &= ~(1u << to);
}

void
steer_frame(struct worker *w, struct rte_mbuf *m, enum steer_kind kind)
{
	const unsigned to = pkt(m)->home;
	struct tx_buffer *b = &w->steer_buf[to];

	pkt(m)->kind = (uint8_t)kind;
	if (kind == STEER_FROM_LINKS)
		w->steered_from_links++;
	else
		w->steered_to_links++;
	if (b->n == TX_BUFFER)
		steer_flush_to(w, to);
	b->m[b->n++] = m;
	w->steer_pending |= 1u << to;
}

static void
steer_flush(struct worker *w)
{
	while (w->steer_pending != 0)
		steer_flush_to(w, (unsigned)__builtin_ctz(w->steer_pending));
}

/* ------------------------------------------------------------------ turn */

static unsigned
poll_port(struct worker *w, struct port *p)
{
	const int queue = w->rx_queue[p->index];

	if (queue < 0)
		return 0;
	return p->kind == DP_PORT_ACCESS ? path_from_links(w, p, (uint16_t)queue)
					 : path_to_links(w, p, (uint16_t)queue);
}

unsigned
worker_turn(struct worker *w, uint64_t now_ns)
{
	const uint32_t mark = atomic_load_explicit(&w->dp->mark, memory_order_acquire);
	const uint64_t sent = w->tx_frames;
	unsigned n;

	w->now_ns = now_ns;
	n = exchange_commands(w);
	n += path_injected(w);
	n += path_steered(w);
	for (unsigned i = 0; i < w->n_ports; i++)
		n += poll_port(w, &w->ports[i]);
	path_timers(w);
	steer_flush(w);
	n += port_tx_others(w);
	port_tx_flush(w);
	worker_flush_free(w);
	exchange_wake(w);
	rte_rcu_qsbr_quiescent(w->qsbr, w->index);
	atomic_store_explicit(&w->quiescent, mark, memory_order_release);
	n += (unsigned)(w->tx_frames - sent);
	w->turns++;
	w->idle_turns += n == 0;
	return n;
}

uint64_t
worker_next_ns(const struct worker *w)
{
	return bundle_next_ns(w);
}

/* ------------------------------------------------------------------ loop */

/* Nanoseconds of the TSC, by a multiplication: scale is ns per tick * 2^32. */
static uint64_t
clock_ns(uint64_t scale)
{
	return (uint64_t)((unsigned __int128)rte_rdtsc() * scale >> 32);
}

static void
worker_sleep(struct worker *w, uint64_t now_ns)
{
	const uint64_t next_ns = worker_next_ns(w);
	const uint64_t wait_ns = next_ns <= now_ns ? 0 : RTE_MIN(next_ns - now_ns, (uint64_t)SLEEP_MAX_NS);
	const struct timespec t = {.tv_nsec = (long)wait_ns};

	if (wait_ns < SLEEP_MIN_NS) {
		rte_pause();
		return;
	}
	w->sleeps++;
	clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

int
worker_main(void *worker)
{
	struct worker *w = worker;
	const uint64_t scale = (uint64_t)(((unsigned __int128)1000000000 << 32) / rte_get_tsc_hz());
	uint64_t now_ns = clock_ns(scale);
	unsigned idle = 0;
	char name[16];

	snprintf(name, sizeof(name), "w:%u", w->index);
	pthread_setname_np(pthread_self(), name);
	prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
	while (!atomic_load_explicit(&w->dp->stop, memory_order_relaxed)) {
		const uint64_t last_ns = now_ns;

		now_ns = clock_ns(scale);
		if (unlikely(now_ns - last_ns > TURN_NS))
			w->away_ns += now_ns - last_ns - TURN_NS;
		idle = worker_turn(w, now_ns) != 0 ? 0 : idle + 1;
		if (idle >= IDLE_TURNS && !w->busy)
			worker_sleep(w, now_ns);
	}
	return 0;
}
