/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/replay_report.h"

#include <inttypes.h>
#include <stdlib.h>

#include "control/ppp/endpoint.h"

static const char *
plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

void
report_refused(struct replay *r, const struct observer_effect *e)
{
	char *text;

	if (r->n_refusals == REPLAY_REFUSALS_SHOWN ||
		asprintf(&text, "session %u of %s: %s", e->key.session, r->captures.of[e->key.port].path,
			observer_refusal(r->observer)) < 0)
		return;
	r->refusals[r->n_refusals++] = text;
}

void
report_free(struct replay *r)
{
	for (unsigned i = 0; i < r->n_refusals; i++)
		free(r->refusals[i]);
}

/* ------------------------------------------------------------------ parts */

static void
print_captures(const struct replay *r, FILE *f)
{
	uint64_t frames = 0;

	for (unsigned i = 0; i < r->captures.n; i++) {
		const struct capture *c = &r->captures.of[i];

		frames += c->frames;
		fprintf(f, "capture   %s: %" PRIu64 " frame%s", c->path, c->frames, plural(c->frames));
		if (c->cut != 0)
			fprintf(f, ", %" PRIu64 " captured in part only", c->cut);
		if (c->disordered != 0)
			fprintf(f, ", %" PRIu64 " with a time before the frame in front", c->disordered);
		fprintf(f, "%s%s\n", c->damage[0] != '\0' ? ", ends early: " : "", c->damage);
	}
	fprintf(f, "frames    %" PRIu64 " in %.6f s\n", frames, (double)(r->end_ns - r->start_ns) / 1e9);
}

static void
print_sessions(const struct replay *r, FILE *f)
{
	const struct observer_counts *c = observer_counts(r->observer);

	fprintf(f, "sessions  %" PRIu64 ", %" PRIu64 " with their discovery; %" PRIu64 " time%s one became a link\n",
		c->sessions, c->discovered, c->links, plural(c->links));
	if (c->too_many != 0)
		fprintf(f, "          %" PRIu64 " sessions or bundles were too many to be followed\n", c->too_many);
	if (r->counts.sessions_failed != 0)
		fprintf(f, "          %" PRIu64 " times the data plane had no room for a session\n",
			r->counts.sessions_failed);
	for (unsigned i = 0; i < r->n_refusals; i++)
		fprintf(f, "refused   %s\n", r->refusals[i]);
	if (c->refused > r->n_refusals)
		fprintf(f, "refused   %" PRIu64 " more\n", c->refused - r->n_refusals);
}

static void
print_party(FILE *f, const char *role, const struct observer_party *p)
{
	char endpoint[128];

	endpoint_text(&p->endpoint, endpoint, sizeof(endpoint));
	fprintf(f, "          %s: name %s%s%s, endpoint %s\n", role, p->authenticated ? "'" : "",
		p->authenticated ? p->name : "none", p->authenticated ? "'" : "", endpoint);
}

static void
print_direction(FILE *f, const char *role, const struct observer_party *to, const struct replay_direction *d)
{
	fprintf(f, "          %s: ", role);
	if (to->mrru != 0)
		fprintf(f, "MRRU %u, %d-bit numbers", to->mrru, to->short_seq ? 12 : 24);
	else
		fprintf(f, "no multilink, MRU %u", to->mru);
	fprintf(f, ": %" PRIu64 " packet%s, %" PRIu64 " bytes\n", d->packets, plural(d->packets), d->bytes);
}

static const char *
networks(const struct observer_bundle *b)
{
	if (b->seen_v4)
		return b->seen_v6 ? "IPv4 and IPv6" : "IPv4";
	return b->seen_v6 ? "IPv6" : "no network protocol";
}

static void
print_bundles(const struct replay *r, FILE *f)
{
	for (unsigned i = 0; i < observer_bundles(r->observer); i++) {
		const struct observer_bundle *b = observer_bundle(r->observer, i);

		fprintf(f, "bundle    %u: %u link%s, %s\n", i + 1, b->links, plural(b->links), networks(b));
		print_party(f, "client", &b->party[OBSERVER_CLIENT]);
		print_party(f, "AC    ", &b->party[OBSERVER_AC]);
		print_direction(f, "client to AC", &b->party[OBSERVER_AC], &r->of[i].from[OBSERVER_CLIENT]);
		print_direction(f, "AC to client", &b->party[OBSERVER_CLIENT], &r->of[i].from[OBSERVER_AC]);
	}
}

static void
print_drops(const struct replay *r, FILE *f)
{
	static struct dp_worker_stats s;

	dp_worker_stats(r->plane, 0, &s);
	for (unsigned i = 0; i < DROP_REASONS; i++)
		if (s.drops[i] != 0)
			fprintf(f, "dropped   %" PRIu64 " %s: %s\n", s.drops[i], drop_name((enum drop_reason)i),
				drop_sentence((enum drop_reason)i));
}

static void
print_total(const struct replay *r, FILE *f)
{
	uint64_t packets = 0;

	for (unsigned i = 0; i < observer_bundles(r->observer); i++)
		packets += r->of[i].from[OBSERVER_CLIENT].packets + r->of[i].from[OBSERVER_AC].packets;
	fprintf(f, "written   %" PRIu64 " packet%s to %s\n", packets, plural(packets), r->options->out);
}

void
report_print(struct replay *r, FILE *f)
{
	print_captures(r, f);
	print_sessions(r, f);
	print_bundles(r, f);
	print_drops(r, f);
	print_total(r, f);
}
