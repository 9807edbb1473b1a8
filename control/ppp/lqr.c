/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/lqr.h"

#include "dataplane/wire/bytes.h"

enum { PERMILLE = 1000 };

/* ------------------------------------------------------------------ wire */

/* Fields in the order of the packet. */
enum { FIELDS = LQR_LEN / 4 };

static void
fields_of(struct lqr_report *r, uint32_t *field[FIELDS])
{
	uint32_t *const in_order[FIELDS] = {&r->magic, &r->last_out_lqrs, &r->last_out.packets, &r->last_out.octets,
		&r->peer_in_lqrs, &r->peer_in_packets, &r->peer_in_discards, &r->peer_in_errors, &r->peer_in_octets,
		&r->peer_out_lqrs, &r->peer_out.packets, &r->peer_out.octets};

	for (unsigned i = 0; i < FIELDS; i++)
		field[i] = in_order[i];
}

bool
lqr_parse(const uint8_t *p, size_t n, struct lqr_report *r)
{
	uint32_t *field[FIELDS];

	if (n < LQR_LEN)
		return false;
	fields_of(r, field);
	for (unsigned i = 0; i < FIELDS; i++)
		*field[i] = load_be32(p + (size_t)i * 4);
	return true;
}

void
lqr_store(uint8_t p[LQR_LEN], const struct lqr_report *r)
{
	struct lqr_report copy = *r;
	uint32_t *field[FIELDS];

	fields_of(&copy, field);
	for (unsigned i = 0; i < FIELDS; i++)
		store_be32(p + (size_t)i * 4, *field[i]);
}

/* ------------------------------------------------------------------ loss */

static void
loss_add(struct lqr_loss *l, uint32_t sent, uint32_t got)
{
	l->sent[l->at] = sent;
	l->lost[l->at] = (int32_t)(sent - got);
	l->at = (uint8_t)((l->at + 1) % LQR_WINDOW);
	l->n = l->n < LQR_WINDOW ? (uint8_t)(l->n + 1) : LQR_WINDOW;
}

static unsigned
loss_permille(const struct lqr_loss *l)
{
	uint64_t sent = 0;
	int64_t lost = 0;

	for (unsigned i = 0; i < l->n; i++) {
		sent += l->sent[i];
		lost += l->lost[i];
	}
	if (lost <= 0 || sent == 0)
		return 0;
	return (uint64_t)lost >= sent ? PERMILLE : (unsigned)((uint64_t)lost * PERMILLE / sent);
}

/* Section 2.8: between the last report and this one. What we sent shows only if the peer has had a report of ours meanwhile. */
static void
compare(struct lqr *q, const struct lqr_count *in)
{
	const struct lqr_report *was = &q->last, *is = &q->fresh;

	if (!q->heard)
		return;
	loss_add(&q->in, is->peer_out.packets - was->peer_out.packets, in->packets - q->saved.packets);
	if (was->last_out_lqrs != 0 && is->last_out_lqrs != was->last_out_lqrs)
		loss_add(&q->out, is->last_out.packets - was->last_out.packets,
			is->peer_in_packets - was->peer_in_packets);
}

/* ------------------------------------------------------------------ machine */

void
lqr_begin(struct lqr *q, uint64_t now_ms)
{
	q->heard_ms = now_ms;
	q->due_ms = q->sends && q->period_ms != 0 ? now_ms + q->period_ms : UINT64_MAX;
}

/* Section 2.7: at once where no timer runs, and when the peer has not had the last one. */
static bool
is_owed(const struct lqr *q)
{
	return q->sends && (q->period_ms == 0 || (q->heard && q->fresh.peer_in_lqrs == q->last.peer_in_lqrs));
}

enum lqr_verdict
lqr_input(struct lqr *q, const uint8_t *p, size_t n, uint64_t now_ms)
{
	struct lqr_report r;

	if (!lqr_parse(p, n, &r))
		return LQR_SHORT;
	if (r.magic != q->peer_magic)
		return r.magic == q->magic && r.magic != 0 ? LQR_LOOPED : LQR_FOREIGN;
	q->in_lqrs++;
	q->heard_ms = now_ms;
	q->fresh = r;
	q->pending = true;
	q->owed = is_owed(q);
	return LQR_TAKEN;
}

bool
lqr_asks(const struct lqr *q, uint64_t now_ms)
{
	return q->pending || now_ms >= q->due_ms;
}

uint64_t
lqr_deadline_ms(const struct lqr *q)
{
	return q->due_ms;
}

static void
settle(struct lqr *q, const struct lqr_count *in)
{
	compare(q, in);
	q->last = q->fresh;
	q->saved_lqrs = q->in_lqrs;
	q->saved = *in;
	q->heard = true;
	q->pending = false;
}

static void
write_report(struct lqr *q, const struct lqr_count *out, uint8_t report[LQR_LEN])
{
	const struct lqr_report r = {
		.magic = q->magic,
		.last_out_lqrs = q->last.peer_out_lqrs,
		.last_out = q->last.peer_out,
		.peer_in_lqrs = q->saved_lqrs,
		.peer_in_packets = q->saved.packets,
		.peer_in_octets = q->saved.octets,
		.peer_out_lqrs = ++q->out_lqrs,
		.peer_out = {out->packets + 1, out->octets + LQR_FRAME_OCTETS},
	};

	lqr_store(report, &r);
}

bool
lqr_counted(struct lqr *q, const struct lqr_counts *now, uint64_t now_ms, uint8_t report[LQR_LEN])
{
	const bool owed = q->pending && q->owed, due = now_ms >= q->due_ms;

	if (q->pending)
		settle(q, &now->in);
	q->owed = false;
	if (!owed && !due)
		return false;
	write_report(q, &now->out, report);
	q->due_ms = q->period_ms != 0 ? now_ms + q->period_ms : UINT64_MAX;
	return true;
}

/* Of what was promised nothing has come for some periods. */
static bool
is_silent(const struct lqr *q, uint64_t now_ms)
{
	return q->expects && q->expected_ms != 0 && now_ms - q->heard_ms > (uint64_t)LQR_PATIENCE * q->expected_ms;
}

unsigned
lqr_out_permille(const struct lqr *q, uint64_t now_ms)
{
	return is_silent(q, now_ms) ? 0 : loss_permille(&q->out);
}

unsigned
lqr_in_permille(const struct lqr *q, uint64_t now_ms)
{
	return is_silent(q, now_ms) ? PERMILLE : loss_permille(&q->in);
}

uint32_t
lqr_period_ms(uint32_t period_cs)
{
	return period_cs > UINT32_MAX / 10 ? UINT32_MAX : period_cs * 10;
}
