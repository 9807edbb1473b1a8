/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "control/api.h"
#include "control/apply.h"
#include "control/clock.h"
#include "control/demand.h"
#include "control/event_log.h"
#include "control/hooks.h"
#include "control/ip_ports.h"
#include "control/log.h"
#include "control/report.h"

enum {
	PUNTS_A_TURN = 256,
	COMMAND_POLL_US = 300, /* workers do not tell when a command is carried out: they are asked */
	HOOKS_POLL_MS = 50,    /* stopping: the last hooks are waited for */
	SIGNALS = 3,
};

struct loop {
	struct event *dp_event, *timer;
	struct event *signals[SIGNALS];
	uint64_t stop_ms; /* stopping: the end of patience */
	bool more;        /* punts were left for the next turn */
	struct dp_punted punted;
};

static struct loop loop;

static void
carrier(struct control *c, uint16_t port, bool up, uint64_t now_ms)
{
	if (port >= c->cfg->n_ports)
		return;
	report(c, up ? "carrier-up" : "carrier-down", "", "port %s: carrier %s", c->cfg->ports[port].name,
		up ? "is back" : "lost");
	if (c->cfg->ports[port].kind == CONFIG_IP) {
		if (up)
			ip_ports_carrier(c, port, now_ms);
		return;
	}
	host_carrier(c->host, port, up, now_ms, c->out);
	apply_effects(c);
}

/* After lost events the carrier of every port is told anew; final totals that are lost are lost. */
static void
reread(struct control *c, uint64_t now_ms)
{
	struct dp_port_info info;

	c->counters.events_lost++;
	for (uint16_t i = 0; i < c->cfg->n_ports; i++) {
		if (c->cfg->ports[i].kind != CONFIG_ACCESS || dp_port_info(c->dp, i, &info) != 0)
			continue;
		host_carrier(c->host, i, info.carrier || !info.carrier_known, now_ms, c->out);
		apply_effects(c);
	}
}

/* All of them: they are no more than commands were sent, and nobody wakes us for those that stay. */
static void
drain_events(struct control *c, uint64_t now_ms)
{
	struct dp_event events[64];
	bool lost = false;

	for (unsigned n; (n = dp_events(c->dp, events, sizeof(events) / sizeof(events[0]), &lost)) != 0;) {
		for (unsigned i = 0; i < n; i++) {
			if (events[i].op == DP_EVENT_CARRIER)
				carrier(c, events[i].carrier.port, events[i].carrier.up, now_ms);
			else
				apply_event(c, &events[i]);
		}
	}
	if (lost)
		reread(c, now_ms);
}

static void
take_punted(struct control *c, const struct dp_punted *p, uint64_t now_ms)
{
	switch (p->origin) {
	case DP_FROM_PORT:
		host_frame(c->host, p->port, p->bytes, p->len, now_ms, c->out);
		apply_effects(c);
		return;
	case DP_FROM_BUNDLE:
		host_bundle_packet(c->host, apply_bundle_id(c, p->bundle), p->bytes, p->len, now_ms, c->out);
		apply_effects(c);
		return;
	case DP_FROM_IP_PORT:
	case DP_FROM_ROUTE:
		ip_ports_input(c, p, now_ms);
		return;
	}
}

/* Only so much that timers and the operator get their turn, and nothing while commands pile up: the data plane's own budgets
 * drop and count what does not fit meanwhile. */
static void
drain_punts(struct control *c, uint64_t now_ms)
{
	unsigned n = 0;

	while (n < PUNTS_A_TURN && !apply_congested(c) && dp_punted_next(c->dp, &loop.punted)) {
		take_punted(c, &loop.punted, now_ms);
		n++;
	}
	loop.more = n == PUNTS_A_TURN || apply_congested(c);
}

static uint64_t
min_ms(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void
arm(struct control *c, uint64_t now_ms)
{
	uint64_t due = min_ms(ip_ports_deadline_ms(c), api_deadline_ms(c));
	uint64_t wait_us;

	due = min_ms(due, demand_deadline_ms(c));

	if (!apply_congested(c))
		due = min_ms(due, host_deadline_ms(c->host));
	if (c->stopping)
		due = min_ms(due, hooks_idle(c) ? loop.stop_ms : now_ms + HOOKS_POLL_MS);
	if (loop.more && !apply_congested(c))
		due = now_ms;
	wait_us = due <= now_ms ? 0 : min_ms(due - now_ms, 3600 * 1000) * 1000;
	if (apply_busy(c) && wait_us > COMMAND_POLL_US)
		wait_us = COMMAND_POLL_US;
	const struct timeval tv = {.tv_sec = (time_t)(wait_us / 1000000), .tv_usec = (suseconds_t)(wait_us % 1000000)};

	event_add(loop.timer, &tv);
}

static void
check_stopped(struct control *c, uint64_t now_ms)
{
	const bool idle = host_idle(c->host) && !apply_busy(c) && hooks_idle(c);

	if (!idle && now_ms < loop.stop_ms)
		return;
	if (!idle)
		log_warning("stopping     not every peer has said good-bye within %u ms", LOOP_STOP_MS);
	event_base_loopbreak(c->base);
}

static void
turn(struct control *c)
{
	const uint64_t now_ms = clock_ms();

	apply_look(c);
	drain_events(c, now_ms);
	apply_poll(c, now_ms);
	drain_punts(c, now_ms);
	if (!apply_congested(c) && now_ms >= host_deadline_ms(c->host)) {
		host_tick(c->host, now_ms, c->out);
		apply_effects(c);
	}
	demand_tick(c, now_ms);
	ip_ports_tick(c, now_ms);
	api_tick(c, now_ms);
	if (c->stopping)
		check_stopped(c, now_ms);
	arm(c, now_ms);
}

static void
on_dataplane(evutil_socket_t fd, short what, void *ctx)
{
	uint64_t n;

	(void)what;
	/* Before draining: what comes later writes it again. */
	if (read(fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
		log_error("data plane's event descriptor: errno %d", errno);
	turn(ctx);
}

static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	turn(ctx);
}

void
loop_wake(struct control *c)
{
	if (loop.timer != NULL)
		arm(c, clock_ms());
}

static void
on_stop(evutil_socket_t signal, short what, void *ctx)
{
	struct control *c = ctx;

	(void)what;
	if (c->stopping) {
		log_warning("stopping     second signal: not waiting for peers");
		event_base_loopbreak(c->base);
		return;
	}
	const uint64_t now_ms = clock_ms();

	log_info("stopping     signal %d: closing all sessions", (int)signal);
	c->stopping = true;
	loop.stop_ms = now_ms + LOOP_STOP_MS;
	host_stop(c->host, now_ms, c->out);
	apply_effects(c);
	turn(c);
}

static void
on_hangup(evutil_socket_t signal, short what, void *ctx)
{
	(void)signal;
	(void)what;
	event_log_reopen(ctx);
	log_warning(
		"reload       SIGHUP: a changed configuration needs a restart; check it with hawserd --check first");
}

static void
mask_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(how, &set, NULL);
}

void
loop_hold_signals(void)
{
	mask_signals(SIG_BLOCK);
}

static bool
events_add_all(struct control *c)
{
	const struct {
		int signal;
		event_callback_fn call;
	} rows[SIGNALS] = {{SIGTERM, on_stop}, {SIGINT, on_stop}, {SIGHUP, on_hangup}};

	loop.timer = evtimer_new(c->base, on_timer, c);
	loop.dp_event = event_new(c->base, dp_event_fd(c->dp), EV_READ | EV_PERSIST, on_dataplane, c);
	if (loop.timer == NULL || loop.dp_event == NULL || event_add(loop.dp_event, NULL) != 0)
		return false;
	for (unsigned i = 0; i < SIGNALS; i++) {
		loop.signals[i] = evsignal_new(c->base, rows[i].signal, rows[i].call, c);
		if (loop.signals[i] == NULL || event_add(loop.signals[i], NULL) != 0)
			return false;
	}
	return true;
}

static void
event_drop(struct event **e)
{
	if (*e != NULL)
		event_free(*e);
	*e = NULL;
}

static void
initial_carrier(struct control *c, uint64_t now_ms)
{
	struct dp_port_info info;

	for (uint16_t i = 0; i < c->cfg->n_ports; i++) {
		if (dp_port_info(c->dp, i, &info) != 0 || info.carrier || !info.carrier_known)
			continue;
		log_warning("carrier-down port %s: no carrier", c->cfg->ports[i].name);
		if (c->cfg->ports[i].kind == CONFIG_ACCESS)
			host_carrier(c->host, i, false, now_ms, c->out);
		apply_effects(c);
	}
}

int
loop_run(struct control *c)
{
	const uint64_t now_ms = clock_ms();
	const bool ready = events_add_all(c);

	if (ready) {
		initial_carrier(c, now_ms);
		ip_ports_start(c);
		demand_start(c);
		host_start(c->host, now_ms, c->out);
		apply_effects(c);
		turn(c);
		mask_signals(SIG_UNBLOCK);
		event_base_dispatch(c->base);
	}
	event_drop(&loop.timer);
	event_drop(&loop.dp_event);
	for (unsigned i = 0; i < SIGNALS; i++)
		event_drop(&loop.signals[i]);
	return ready ? 0 : -ENOMEM;
}
