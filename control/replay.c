/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/replay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "control/replay_report.h"
#include "dataplane/wire/ppp.h"

/* Each bundle of the captures is two of the data plane, one for what each end sends: the other end's receive path runs on it. */

enum {
	PATIENCE_MS = 1000, /* how long a window waits for a fragment that may only be late, before it gives it up */
	WINDOW_SLOTS = 16384,
	LINK_MRU = 1500, /* for sending, which does not happen */
};

static unsigned
dp_bundle(unsigned bundle, enum observer_end from)
{
	return bundle * OBSERVER_ENDS + from;
}

static struct dp_session_key
dp_key(const struct observer_key *k, enum observer_end from)
{
	return (struct dp_session_key){
		.port = k->port,
		.session = k->session,
		.vlans = k->vlans,
		.peer = k->mac[from],
		.local = k->mac[1 - from],
	};
}

/* ------------------------------------------------------------------ what the observer learned, for the data plane */

static struct dp_cmd
bundle_command(unsigned bundle, enum observer_end from, enum dp_cmd_op op)
{
	return (struct dp_cmd){.op = (uint8_t)op, .bundle = dp_bundle(bundle, from)};
}

static struct dp_cmd
bundle_set(const struct replay *r, unsigned bundle, enum observer_end from)
{
	const struct observer_bundle *b = observer_bundle(r->observer, bundle);
	const struct observer_party *to = &b->party[1 - from];
	struct dp_cmd c = bundle_command(bundle, from, DP_CMD_BUNDLE_SET);
	unsigned flags = DP_BUNDLE_TOLERATE;

	flags |= to->mrru != 0 ? DP_BUNDLE_MP : 0u;
	flags |= to->short_seq ? DP_BUNDLE_RX_SHORT : 0u;
	flags |= b->v4 ? DP_BUNDLE_V4 : 0u;
	flags |= b->v6 ? DP_BUNDLE_V6 : 0u;
	c.bundle_set = (struct dp_bundle_set){
		.flags = (uint16_t)flags,
		.rx_mrru = to->mrru != 0 ? to->mrru : to->mru,
		.tx_mrru = LINK_MRU,
		.stall_min_ms = PATIENCE_MS,
		.stall_max_ms = PATIENCE_MS,
		.window_slots_max = WINDOW_SLOTS,
	};
	return c;
}

static struct dp_cmd
link_set(const struct observer_effect *e, enum observer_end from)
{
	const struct dp_session_key k = dp_key(&e->key, from);
	struct dp_cmd c = bundle_command(e->bundle, from, DP_CMD_LINK_SET);

	c.link_set = (struct dp_link_set){
		.slot = (uint8_t)e->slot,
		.peer = k.peer,
		.local = k.local,
		.vlans = k.vlans,
		.port = k.port,
		.session = k.session,
		.tx_mru = LINK_MRU,
		.tx_hold = true,
	};
	return c;
}

static void
command(struct replay *r, struct dp_cmd c)
{
	dp_replay_command(r->dp, &c, &r->sink);
}

static void
session_failed(struct replay *r, int ret)
{
	if (ret < 0)
		r->counts.sessions_failed++;
}

static void
do_session(struct replay *r, const struct observer_effect *e, bool is_there)
{
	for (unsigned from = 0; from < OBSERVER_ENDS; from++) {
		const struct dp_session_key k = dp_key(&e->key, from);

		session_failed(r, is_there ? dp_session_punt(r->plane, &k) : dp_session_clear(r->plane, &k));
	}
}

static void
do_link_up(struct replay *r, const struct observer_effect *e)
{
	for (unsigned from = 0; from < OBSERVER_ENDS; from++) {
		const struct dp_bundle_ref ref = {.index = dp_bundle(e->bundle, from)};
		const struct dp_session_key k = dp_key(&e->key, from);

		command(r, bundle_set(r, e->bundle, from));
		command(r, link_set(e, from));
		session_failed(r, dp_session_link(r->plane, &k, ref, e->slot));
	}
}

/* What was complete leaves with the link: nothing is missing on lines that are no more. */
static void
do_link_down(struct replay *r, const struct observer_effect *e)
{
	do_session(r, e, true);
	for (unsigned from = 0; from < OBSERVER_ENDS; from++) {
		struct dp_cmd c = bundle_command(e->bundle, from, DP_CMD_LINK_REMOVE);

		c.slot = (uint8_t)e->slot;
		command(r, c);
	}
}

static void
carry_out(struct replay *r, const struct observer_effect *e)
{
	switch (e->kind) {
	case OBSERVER_SESSION_SEEN:
		do_session(r, e, true);
		break;
	case OBSERVER_LINK_UP:
		do_link_up(r, e);
		break;
	case OBSERVER_LINK_REFUSED:
		report_refused(r, e);
		break;
	case OBSERVER_NETWORKS:
		for (unsigned from = 0; from < OBSERVER_ENDS; from++)
			command(r, bundle_set(r, e->bundle, from));
		break;
	case OBSERVER_LINK_DOWN:
		do_link_down(r, e);
		break;
	case OBSERVER_BUNDLE_DOWN:
		for (unsigned from = 0; from < OBSERVER_ENDS; from++)
			command(r, bundle_command(e->bundle, from, DP_CMD_BUNDLE_REMOVE));
		break;
	case OBSERVER_SESSION_GONE:
		do_session(r, e, false);
		break;
	}
}

static void
carry_out_all(struct replay *r, const struct observer_effects *effects)
{
	for (unsigned i = 0; i < effects->n; i++)
		carry_out(r, &effects->items[i]);
}

/* ------------------------------------------------------------------ what comes out of the data plane */

static void
take_packet(void *ctx, uint32_t bundle, const uint8_t *bytes, size_t len, uint64_t now_ns)
{
	struct replay *r = ctx;
	struct replay_direction *d = &r->of[bundle / OBSERVER_ENDS].from[bundle % OBSERVER_ENDS];

	d->packets++;
	d->bytes += len;
	packet_file_add(&r->out, r->start_ns + (now_ns - DP_REPLAY_START_NS), bytes, len);
}

/* Frames for control on their ports were seen by the observer before; what came out of a bundle was not. */
static void
take_punted(void *ctx)
{
	struct replay *r = ctx;
	struct observer_effects effects;

	while (dp_punted_next(r->plane, &r->punted)) {
		const struct dp_punted *p = &r->punted;
		const enum observer_end from = (enum observer_end)(p->bundle.index % OBSERVER_ENDS);
		const unsigned bundle = p->bundle.index / OBSERVER_ENDS;
		uint32_t ticket;

		if (p->origin != DP_FROM_BUNDLE)
			continue;
		observer_bundle_packet(r->observer, bundle, from, p->bytes, p->len, &effects);
		if (effects.n == 0)
			continue;
		for (unsigned end = 0; end < OBSERVER_ENDS; end++) {
			const struct dp_cmd c = bundle_set(r, bundle, end);

			dp_command(r->plane, 0, &c, &ticket);
		}
	}
}

/* ------------------------------------------------------------------ the run */

static void
replay_frame(struct replay *r, const struct capture *c)
{
	const uint16_t port = (uint16_t)(c - r->captures.of);
	struct observer_effects effects;
	uint16_t home;

	r->end_ns = c->time_ns;
	dp_replay_pass(r->dp, DP_REPLAY_START_NS + (c->time_ns - r->start_ns), &r->sink);
	home = observer_frame(r->observer, port, c->bytes, c->len, &effects);
	carry_out_all(r, &effects);
	dp_replay_frame(r->dp, home, c->bytes, c->len, &r->sink);
	take_punted(r);
}

static void
replay_all(struct replay *r)
{
	struct capture *c = captures_next(&r->captures);

	r->start_ns = r->end_ns = c == NULL ? 0 : c->time_ns;
	for (; c != NULL; c = captures_next(&r->captures)) {
		replay_frame(r, c);
		capture_step(c);
	}
	dp_replay_pass(r->dp, UINT64_MAX, &r->sink);
}

static bool
is_same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && S_ISREG(x.st_mode) && x.st_dev == y.st_dev &&
		x.st_ino == y.st_ino;
}

static bool
open_files(struct replay *r, const struct replay_options *o, const char **why)
{
	for (unsigned i = 0; i < o->n_inputs; i++)
		if (is_same_file(o->inputs[i], o->out)) {
			*why = "a capture must not be overwritten by its own replay";
			return false;
		}
	if (!captures_open(&r->captures, o->inputs, o->n_inputs, why))
		return false;
	if (packet_file_open(&r->out, o->out, why))
		return true;
	captures_close(&r->captures);
	return false;
}

static struct replay *
replay_new(const struct replay_options *o)
{
	struct replay *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->sink = (struct dp_replay_sink){.packet = take_packet, .control = take_punted, .ctx = r};
	r->observer = observer_new();
	r->options = o;
	if (r->observer != NULL)
		return r;
	free(r);
	return NULL;
}

static void
replay_free(struct replay *r)
{
	dp_replay_close(r->dp);
	observer_free(r->observer);
	report_free(r);
	free(r);
}

static bool
run(struct replay *r, const struct replay_options *o)
{
	const char *why = "";

	if (!open_files(r, o, &why)) {
		fprintf(stderr, "hawserd: %s\n", why);
		return false;
	}
	const bool started = dp_replay_open(o->n_inputs, &r->dp, &why) == 0;

	if (started) {
		r->plane = dp_replay_dataplane(r->dp);
		replay_all(r);
	} else {
		fprintf(stderr, "hawserd: %s\n", why);
	}
	const bool written = packet_file_close(&r->out, &why);

	if (!written)
		fprintf(stderr, "hawserd: %s: %s\n", o->out, why);
	if (started && written)
		report_print(r, strcmp(o->out, "-") == 0 ? stderr : stdout);
	captures_close(&r->captures);
	return started && written;
}

int
replay_run(const struct replay_options *o)
{
	struct replay *r = replay_new(o);
	bool good;

	if (r == NULL) {
		fprintf(stderr, "hawserd: %s\n", strerror(ENOMEM));
		return EXIT_FAILURE;
	}
	good = run(r, o);
	replay_free(r);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
