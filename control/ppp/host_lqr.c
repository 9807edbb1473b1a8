/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/host_state.h"

#include <stdlib.h>

#include "control/ppp/lqr.h"
#include "dataplane/wire/ppp.h"
#include "dataplane/wire/pppoe.h"

/* Link-Quality-Reports of a link. Data is counted where it passes, in the data plane, and read by a question that takes a moment to be answered;
 * control packets are counted here. A report tells the counts of the moment of the answer: packets that pass meanwhile are told by the
 * next report, so that nothing is lost from the sums. */

enum { ASK_AGAIN_MS = 1000 };

struct link_reports {
	struct lqr lqr;
	struct lqr_counts control; /* control packets of the link, both ways */
	uint64_t asked_ms;
	bool asked, told_looped;
};

static uint32_t
octets_of(size_t n)
{
	return (uint32_t)(PPPOE_HDR_LEN + PPP_PROTO_LEN + n);
}

/* How much of what we send is lost, where the link's quality is asked for. */
static void
reported(const struct link *l, unsigned permille)
{
	if (l->probe != NULL && l->probe->probed)
		link_quality_reported(&l->probe->quality, permille);
}

void
reports_begin(struct host *h, struct link *l)
{
	const struct lcp_side *ours = lcp_ours(&l->lcp), *peers = lcp_peers(&l->lcp);

	reports_end(l);
	if (!ours->quality && !peers->quality)
		return;
	l->reports = calloc(1, sizeof(*l->reports));
	if (l->reports == NULL) {
		link_event(h, l, HOST_EV_NOTE, "no memory for Link-Quality-Reports: none are sent");
		return;
	}
	l->reports->lqr = (struct lqr){
		.sends = peers->quality,
		.period_ms = lqr_period_ms(peers->quality_cs),
		.expects = ours->quality,
		.expected_ms = lqr_period_ms(ours->quality_cs),
		.magic = ours->magic,
		.peer_magic = peers->magic,
	};
	lqr_begin(&l->reports->lqr, h->now_ms);
}

void
reports_end(struct link *l)
{
	free(l->reports);
	l->reports = NULL;
	reported(l, 0);
}

void
reports_count(struct link *l, bool out, size_t n)
{
	struct lqr_count *c;

	if (l->reports == NULL)
		return;
	c = out ? &l->reports->control.out : &l->reports->control.in;
	c->packets++;
	c->octets += octets_of(n);
}

static void
ask(struct host *h, struct link *l)
{
	if (l->bundle == 0)
		return;
	l->reports->asked = true;
	l->reports->asked_ms = h->now_ms;
	host_put(h, HOST_OUT_TRAFFIC_ASK)->bundle = l->bundle;
}

/* False: none was agreed on, and whoever sends one is told so. */
bool
reports_packet(struct host *h, struct link *l, const uint8_t *p, size_t n)
{
	if (l->reports == NULL)
		return false;
	switch (lqr_input(&l->reports->lqr, p, n, h->now_ms)) {
	case LQR_TAKEN:
		h->counters.lqr_rx++;
		ask(h, l);
		break;
	case LQR_LOOPED:
		h->counters.lqr_bad++;
		if (!l->reports->told_looped)
			link_event(h, l, HOST_EV_NOTE, "our own Link-Quality-Reports return: the line is looped back");
		l->reports->told_looped = true;
		break;
	case LQR_SHORT:
	case LQR_FOREIGN:
		h->counters.lqr_bad++;
		break;
	}
	return true;
}

uint64_t
reports_deadline_ms(const struct link *l)
{
	if (l->reports == NULL)
		return UINT64_MAX;
	return l->reports->asked ? l->reports->asked_ms + ASK_AGAIN_MS : lqr_deadline_ms(&l->reports->lqr);
}

void
reports_tick(struct host *h, struct link *l)
{
	if (l->reports == NULL)
		return;
	/* what the peer said is forgotten when it says no more */
	reported(l, lqr_out_permille(&l->reports->lqr, h->now_ms));
	if (h->now_ms >= reports_deadline_ms(l) && lqr_asks(&l->reports->lqr, h->now_ms))
		ask(h, l);
}

static struct lqr_counts
counts_of(const struct link_reports *r, const struct host_link_traffic *t)
{
	return (struct lqr_counts){
		.in = {(uint32_t)t->rx_packets + r->control.in.packets, (uint32_t)t->rx_bytes + r->control.in.octets},
		.out = {(uint32_t)t->tx_packets + r->control.out.packets,
			(uint32_t)t->tx_bytes + r->control.out.octets},
	};
}

static void
answered(struct host *h, struct link *l, const struct host_link_traffic *t)
{
	struct link_reports *r = l->reports;
	uint8_t report[LQR_LEN];
	struct lqr_counts counts;

	if (r == NULL || !lqr_asks(&r->lqr, h->now_ms))
		return;
	r->asked = false;
	counts = counts_of(r, t);
	if (lqr_counted(&r->lqr, &counts, h->now_ms, report)) {
		h->counters.lqr_tx++;
		link_send(h, l, PPP_LQR, report, sizeof(report));
	}
	reported(l, lqr_out_permille(&r->lqr, h->now_ms));
}

void
reports_traffic(struct host *h, const struct bundle *b, const struct host_traffic *t)
{
	for (struct link *l = bundle_first_link(h, b), *next; l != NULL; l = next) {
		next = bundle_next_link(h, l);
		if (l->reports == NULL || l->phase != LINK_OPEN)
			continue;
		answered(h, l, &t->links[l->slot]);
		link_settle(h, l);
	}
}

void
reports_info(const struct host *h, const struct link *l, struct host_reports_info *info)
{
	const struct lqr *q = l->reports != NULL ? &l->reports->lqr : NULL;

	*info = (struct host_reports_info){0};
	if (q == NULL)
		return;
	*info = (struct host_reports_info){
		.sends = q->sends,
		.expects = q->expects,
		.period_ms = q->period_ms,
		.expected_ms = q->expected_ms,
		.sent = q->out_lqrs,
		.received = q->in_lqrs,
		.out_loss_permille = lqr_out_permille(q, h->now_ms),
		.in_loss_permille = lqr_in_permille(q, h->now_ms),
	};
}
