/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/apply.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "control/clock.h"
#include "control/homes.h"
#include "control/ip_delegated.h"
#include "control/log.h"
#include "control/report.h"
#include "control/routes.h"

/* Above QUEUE_FED the core is fed no more. On top of that a worker's queue holds one full list of effects, and what the core asks for
 * when the links under way are in: at most FOLLOW_UPS commands each. */
enum { QUEUE_MAX = 16384, QUEUE_FED = 3000, FOLLOW_UPS = 4, QUEUE_SNAPSHOTS = 1024 };
_Static_assert((QUEUE_FED + HOST_OUT_ITEMS) * (1 + FOLLOW_UPS) < QUEUE_MAX, "the queue cannot overflow");

enum then {
	THEN_NOTHING,
	THEN_STEER,   /* link `id` is in: steer its session, tell the core */
	THEN_REFUSE,  /* no command: the core hears that link `id` could not be installed */
	THEN_RETIRE,  /* bundle `id` is gone */
	THEN_SNAPPED, /* counters of bundle `id` are there */
};

struct pending {
	struct dp_cmd cmd;
	uint32_t ticket, id;
	uint16_t use; /* THEN_STEER: of the link's id */
	uint8_t then; /* enum then */
};

/* Counts for ever; the ring index is the count modulo QUEUE_MAX. done <= seen <= sent <= queued. seen: carried out at the last look. */
struct queue {
	uint64_t done, seen, sent, queued;
	struct pending *ring;
};

struct bundle_rec {
	struct dp_bundle_ref ref;
	bool live, snapping;
	bool asked;                           /* the core waits for the counters */
	host_link_id first_link;              /* in no order; 0: none */
	uint64_t snapped_us;                  /* 0: never */
	uint8_t leaving[DP_BUNDLE_LINKS_MAX]; /* LINK_REMOVEs of the slot whose event is still to come */
	struct dp_bundle_stats *stats;        /* NULL: never asked for */
};

struct link_rec {
	bool live, failed;
	uint8_t slot;
	uint16_t
		use; /* counts the links that had this id: what is under way for an earlier one does not concern the next */
	host_bundle_id bundle;
	host_link_id next; /* of the same bundle, 0 ends */
	struct dp_session_key key;
};

struct apply {
	unsigned workers, per_worker;
	struct queue queues[DP_WORKERS_MAX];
	struct homes *homes;
	uint32_t n_bundles, n_links;
	struct bundle_rec *bundles; /* by id, as are the links: the core's ids are small numbers */
	struct link_rec *links;
	host_bundle_id *by_ref; /* [home * per_worker + index], 0: free */
};

/* ------------------------------------------------------------------ memory */

static bool
queues_init(struct apply *a)
{
	for (unsigned w = 0; w < a->workers; w++) {
		a->queues[w].ring = calloc(QUEUE_MAX, sizeof(struct pending));
		if (a->queues[w].ring == NULL)
			return false;
	}
	return true;
}

/* What workers were to fill in is nobody's any more. */
static void
queue_free(struct queue *q)
{
	for (; q->ring != NULL && q->done < q->queued; q->done++) {
		const struct pending *p = &q->ring[q->done % QUEUE_MAX];

		if (p->then == THEN_SNAPPED)
			free(p->cmd.snapshot);
	}
	free(q->ring);
}

struct apply *
apply_new(struct control *c)
{
	const struct setup *s = c->setup;
	struct apply *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->workers = s->dp.workers;
	a->per_worker = s->dp.bundles_max;
	a->n_bundles = s->host.bundles_max;
	a->n_links = s->host.sessions_max;
	a->homes = homes_new(a->workers, a->per_worker);
	a->bundles = calloc((size_t)a->n_bundles + 1, sizeof(*a->bundles));
	a->links = calloc((size_t)a->n_links + 1, sizeof(*a->links));
	a->by_ref = calloc((size_t)a->workers * a->per_worker, sizeof(*a->by_ref));
	if (a->homes == NULL || a->bundles == NULL || a->links == NULL || a->by_ref == NULL || !queues_init(a)) {
		apply_free(a);
		return NULL;
	}
	return a;
}

void
apply_free(struct apply *a)
{
	if (a == NULL)
		return;
	for (unsigned w = 0; w < a->workers; w++)
		queue_free(&a->queues[w]);
	homes_free(a->homes);
	for (uint32_t i = 0; a->bundles != NULL && i <= a->n_bundles; i++)
		free(a->bundles[i].stats);
	free(a->bundles);
	free(a->links);
	free(a->by_ref);
	free(a);
}

/* ------------------------------------------------------------------ records */

static struct bundle_rec *
bundle_find(const struct apply *a, host_bundle_id id)
{
	return id != 0 && id <= a->n_bundles && a->bundles[id].live ? &a->bundles[id] : NULL;
}

static host_bundle_id *
ref_slot(const struct apply *a, struct dp_bundle_ref ref)
{
	return &a->by_ref[ref.home * a->per_worker + ref.index];
}

static struct bundle_rec *
bundle_add(struct apply *a, host_bundle_id id)
{
	struct dp_bundle_ref ref;

	if (id == 0 || id > a->n_bundles || !homes_take(a->homes, &ref))
		return NULL;
	struct bundle_rec *b = &a->bundles[id];

	free(b->stats);
	*b = (struct bundle_rec){.ref = ref, .live = true};
	*ref_slot(a, ref) = id;
	return b;
}

static void
link_chain(struct apply *a, struct bundle_rec *b, host_link_id id)
{
	a->links[id].next = b->first_link;
	b->first_link = id;
}

/* One that its bundle does not have (any more) is left alone. */
static void
link_unchain(struct apply *a, struct bundle_rec *b, host_link_id id)
{
	host_link_id *at = &b->first_link;

	while (*at != 0 && *at != id)
		at = &a->links[*at].next;
	if (*at == id)
		*at = a->links[id].next;
}

static struct link_rec *
link_in_slot(const struct apply *a, const struct bundle_rec *b, unsigned slot)
{
	for (host_link_id id = b->first_link; id != 0; id = a->links[id].next)
		if (a->links[id].slot == slot)
			return &a->links[id];
	return NULL;
}

/* ------------------------------------------------------------------ queues */

static struct pending *
queue_add(struct apply *a, unsigned worker, enum then then)
{
	struct queue *q = &a->queues[worker];
	struct pending *p = &q->ring[q->queued % QUEUE_MAX];

	assert(q->queued - q->done < QUEUE_MAX);
	q->queued++;
	*p = (struct pending){.then = (uint8_t)then};
	return p;
}

static struct pending *
queue_command(struct apply *a, const struct bundle_rec *b, enum dp_cmd_op op, enum then then)
{
	struct pending *p = queue_add(a, b->ref.home, then);

	p->cmd.op = (uint8_t)op;
	p->cmd.bundle = b->ref.index;
	p->cmd.gen = b->ref.gen;
	p->id = (host_bundle_id)(b - a->bundles);
	return p;
}

/* The core is told later: it must not be called from within its own effects. */
static void
refuse_link(struct apply *a, host_link_id id)
{
	queue_add(a, 0, THEN_REFUSE)->id = id;
}

static void
queue_send(struct control *c, unsigned worker)
{
	struct queue *q = &c->apply->queues[worker];

	for (; q->sent < q->queued; q->sent++) {
		struct pending *p = &q->ring[q->sent % QUEUE_MAX];

		if (p->then != THEN_REFUSE && !dp_command(c->dp, worker, &p->cmd, &p->ticket))
			return;
	}
}

/* ------------------------------------------------------------------ effects */

static struct dp_session_key
session_key(const struct host_session_key *k)
{
	return (struct dp_session_key){
		.port = k->port, .session = k->session, .vlans = k->vlans, .peer = k->peer, .local = k->local};
}

static void
session_failed(const struct dp_session_key *k, const char *what, int ret)
{
	log_error("session %u on port %u: %s: %s", k->session, k->port, what, strerror(-ret));
}

/* A link's own packets and those of its bundle leave in the order in which the core gave them, or the peer would see its first NCP packet
 * before it was told that it is authenticated. */
static void
do_frame(struct control *c, const struct host_out_item *it)
{
	const struct apply *a = c->apply;
	const struct link_rec *l = it->link != 0 && it->link <= a->n_links ? &a->links[it->link] : NULL;
	const struct bundle_rec *b = l != NULL && l->live ? bundle_find(a, l->bundle) : NULL;
	struct dp_target to = {.kind = DP_TO_PORT, .port = it->port};

	if (b != NULL) {
		to.by_home = true;
		to.bundle = b->ref;
	}
	if (!dp_inject(c->dp, &to, c->out->bytes + it->data.at, it->data.len))
		c->counters.inject_refused++;
}

static void
do_bundle_packet(struct control *c, const struct host_out_item *it)
{
	const struct bundle_rec *b = bundle_find(c->apply, it->bundle);

	if (b == NULL)
		return;
	const struct dp_target to = {.kind = DP_TO_BUNDLE, .bundle = b->ref};

	if (!dp_inject(c->dp, &to, c->out->bytes + it->data.at, it->data.len))
		c->counters.inject_refused++;
}

static void
do_session_punt(struct control *c, const struct host_out_item *it)
{
	const struct dp_session_key k = session_key(&it->key);
	const int ret = dp_session_punt(c->dp, &k);

	if (ret < 0)
		session_failed(&k, "not taken up", ret);
}

static void
do_session_clear(struct control *c, const struct host_out_item *it)
{
	const struct dp_session_key k = session_key(&it->key);

	dp_session_clear(c->dp, &k);
}

static uint16_t
bundle_flags(const struct host_bundle_values *v)
{
	const struct host_multilink *m = v->multilink;
	const struct {
		bool on;
		uint16_t flag;
	} rows[] = {
		{v->mp, DP_BUNDLE_MP},
		{v->rx_short, DP_BUNDLE_RX_SHORT},
		{v->tx_short, DP_BUNDLE_TX_SHORT},
		{v->v4, DP_BUNDLE_V4},
		{v->v6, DP_BUNDLE_V6},
		{v->source_check, DP_BUNDLE_SOURCE_CHECK},
		{m->tolerate_reorder, DP_BUNDLE_TOLERATE},
		{m->strict_reserved_bits, DP_BUNDLE_STRICT_RESERVED},
		{v->mss_from_links, DP_BUNDLE_MSS_FROM_LINKS},
		{v->mss_to_links, DP_BUNDLE_MSS_TO_LINKS},
	};
	unsigned flags = 0;

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		flags |= rows[i].on ? rows[i].flag : 0u;
	return (uint16_t)flags;
}

static uint8_t
scrub_flags(const struct host_scrub *s)
{
	unsigned flags = (s->clear_df ? DP_SCRUB_CLEAR_DF : 0u) | (s->reassemble ? DP_SCRUB_REASSEMBLE : 0u);

	if (s->min_ttl == 0 && flags == 0)
		return 0;
	flags |= s->from_links ? DP_SCRUB_FROM_LINKS : 0u;
	flags |= s->to_links ? DP_SCRUB_TO_LINKS : 0u;
	return (uint8_t)flags;
}

static enum dp_sched_mode
sched_mode(uint8_t mode)
{
	switch ((enum host_mode)mode) {
	case HOST_WEIGHTED:
		return DP_SCHED_WEIGHTED;
	case HOST_EQUAL:
		return DP_SCHED_EQUAL;
	case HOST_ROUND_ROBIN:
		return DP_SCHED_ROUND_ROBIN;
	case HOST_PACKET:
		return DP_SCHED_PACKET;
	case HOST_OVERFLOW:
		return DP_SCHED_OVERFLOW;
	}
	return DP_SCHED_WEIGHTED;
}

static struct dp_bundle_set
bundle_values(const struct host_bundle_values *v)
{
	const struct host_multilink *m = v->multilink;
	struct dp_bundle_set set = {
		.flags = bundle_flags(v),
		.rx_mrru = v->rx_max,
		.tx_mrru = v->tx_mrru,
		.mss_v4 = v->mss_v4,
		.mss_v6 = v->mss_v6,
		.min_fragment = m->min_fragment,
		.mode = sched_mode(m->mode) & 0xfu,
		.scrub = scrub_flags(&v->scrub) & 0xfu,
		.min_ttl = v->scrub.min_ttl,
		.overflow_ms = m->overflow_ms,
		.null_ms = m->null_ms,
		.stall_min_ms = m->stall_min_ms,
		.stall_max_ms = m->stall_max_ms,
		.queue_ms = m->queue_ms,
		.window_slots_max = m->window_slots_max,
		.address_be = htonl(v->peer_address),
	};

	for (unsigned i = 0; i < 2; i++) {
		set.prefix6[i] = load_be64(v->source6[i].prefix.b);
		set.prefix6_len[i] = v->source6[i].len;
	}
	return set;
}

static void
do_bundle_set(struct control *c, const struct host_out_item *it)
{
	struct apply *a = c->apply;
	struct bundle_rec *b = bundle_find(a, it->bundle);

	if (b == NULL)
		b = bundle_add(a, it->bundle);
	if (b == NULL) {
		log_error("bundle %u has no place in the data plane", it->bundle);
		return; /* its links are refused in turn */
	}
	queue_command(a, b, DP_CMD_BUNDLE_SET, THEN_NOTHING)->cmd.bundle_set = bundle_values(&it->bundle_values);
}

static void
do_bundle_remove(struct control *c, const struct host_out_item *it)
{
	struct apply *a = c->apply;
	struct bundle_rec *b = bundle_find(a, it->bundle);

	if (b != NULL)
		queue_command(a, b, DP_CMD_BUNDLE_REMOVE, THEN_RETIRE);
	else
		host_bundle_removed(c->host, it->bundle);
}

static struct dp_link_set
link_values(const struct host_link_values *v)
{
	return (struct dp_link_set){
		.slot = v->slot,
		.encap = v->line.encap,
		.overhead_bytes = v->line.overhead_bytes,
		.peer = v->key.peer,
		.local = v->key.local,
		.vlans = v->key.vlans,
		.port = v->key.port,
		.session = v->key.session,
		.tx_mru = v->tx_mru,
		.tx_hold = v->tx_hold,
		.cost = v->line.cost,
		.tx_suspend = v->tx_suspend,
		.rate_bps = v->line.rate_bps,
		.latency_us = v->line.latency_us,
	};
}

static void
do_link_install(struct control *c, const struct host_out_item *it)
{
	struct apply *a = c->apply;
	struct bundle_rec *b = bundle_find(a, it->bundle);

	if (b == NULL || it->link == 0 || it->link > a->n_links || it->link_values.slot >= DP_BUNDLE_LINKS_MAX) {
		refuse_link(a, it->link);
		return;
	}
	struct link_rec *l = &a->links[it->link];
	struct pending *p = queue_command(a, b, DP_CMD_LINK_SET, THEN_STEER);

	if (l->live)
		link_unchain(a, &a->bundles[l->bundle], it->link);
	else
		l->failed = false;
	l->live = true;
	l->bundle = it->bundle;
	l->slot = it->link_values.slot;
	l->key = session_key(&it->link_values.key);
	link_chain(a, b, it->link);
	p->cmd.link_set = link_values(&it->link_values);
	p->id = it->link;
	p->use = l->use;
}

/* The core takes the session itself back next. */
static void
do_link_remove(struct control *c, const struct host_out_item *it)
{
	struct apply *a = c->apply;

	if (it->link == 0 || it->link > a->n_links || !a->links[it->link].live)
		return;
	struct link_rec *l = &a->links[it->link];

	struct bundle_rec *b = &a->bundles[l->bundle];

	l->live = false;
	l->use++;
	link_unchain(a, b, it->link);
	if (!l->failed)
		b->leaving[l->slot]++;
	queue_command(a, b, DP_CMD_LINK_REMOVE, THEN_NOTHING)->cmd.slot = l->slot;
}

/* A client's own address is ours, or that of the host behind the port which has address_of: the host is then the gateway to itself, as a
 * route to a single address leads to a neighbour only that way. */
static struct dp_next
next_of_address(const struct control *c, uint16_t client, const struct ip_addr *address)
{
	for (uint16_t i = 0; i < c->cfg->n_ports; i++) {
		const struct config_ref *of = &c->cfg->ports[i].address_of;

		if (of->name != NULL && of->index == client)
			return (struct dp_next){
				.kind = DP_NEXT_GATEWAY, .port = i, .gateway_be = htonl(ip_addr_4(address))};
	}
	return (struct dp_next){.kind = DP_NEXT_LOCAL};
}

static void
do_route_set(struct control *c, const struct host_out_item *it)
{
	const struct bundle_rec *b = bundle_find(c->apply, it->bundle);
	struct rib_route r = {.prefix = it->route.prefix, .len = it->route.len, .owner = it->bundle};

	if (it->bundle != 0 && b == NULL)
		return;
	r.rank = b != NULL ? RIB_BUNDLE : RIB_LOCAL;
	if (b != NULL)
		r.next = (struct dp_next){.kind = DP_NEXT_BUNDLE, .bundle = b->ref};
	else
		r.next = next_of_address(c, it->client, &it->route.prefix);
	routes_set(c, &r);
}

static void
do_route_del(struct control *c, const struct host_out_item *it)
{
	routes_del(c, &it->route.prefix, it->route.len, it->bundle != 0 ? RIB_BUNDLE : RIB_LOCAL, it->bundle);
}

/* The worker writes it; who asked takes it over. Without memory for it nobody learns anything, and may ask again. One under way will do. */
static void
snapshot(struct apply *a, struct bundle_rec *b)
{
	struct dp_bundle_stats *to = b->snapping ? NULL : calloc(1, sizeof(*to));

	if (to == NULL)
		return;
	b->snapping = true;
	queue_command(a, b, DP_CMD_SNAPSHOT, THEN_SNAPPED)->cmd.snapshot = to;
}

static void
do_traffic_ask(struct control *c, const struct host_out_item *it)
{
	struct apply *a = c->apply;
	struct bundle_rec *b = bundle_find(a, it->bundle);

	if (b == NULL)
		return;
	b->asked = true;
	snapshot(a, b);
}

static void
do_effect(struct control *c, const struct host_out_item *it)
{
	switch ((enum host_out_kind)it->kind) {
	case HOST_OUT_FRAME:
		do_frame(c, it);
		return;
	case HOST_OUT_BUNDLE_PACKET:
		do_bundle_packet(c, it);
		return;
	case HOST_OUT_SESSION_PUNT:
		do_session_punt(c, it);
		return;
	case HOST_OUT_SESSION_CLEAR:
		do_session_clear(c, it);
		return;
	case HOST_OUT_BUNDLE_SET:
		do_bundle_set(c, it);
		return;
	case HOST_OUT_BUNDLE_REMOVE:
		do_bundle_remove(c, it);
		return;
	case HOST_OUT_LINK_INSTALL:
		do_link_install(c, it);
		return;
	case HOST_OUT_LINK_REMOVE:
		do_link_remove(c, it);
		return;
	case HOST_OUT_ROUTE_SET:
		do_route_set(c, it);
		return;
	case HOST_OUT_ROUTE_DEL:
		do_route_del(c, it);
		return;
	case HOST_OUT_CLIENT_PREFIX:
		ip_delegated_set(c, &it->client_prefix, clock_ms());
		return;
	case HOST_OUT_TRAFFIC_ASK:
		do_traffic_ask(c, it);
		return;
	case HOST_OUT_EVENT:
		report_event(c, it);
		return;
	}
}

void
apply_effects(struct control *c)
{
	for (unsigned i = 0; i < c->out->n; i++)
		do_effect(c, &c->out->items[i]);
	if (c->out->overflow)
		c->counters.out_overflow++;
	c->out->n = 0;
	c->out->used = 0;
	c->out->overflow = false;
	for (unsigned w = 0; w < c->apply->workers; w++)
		queue_send(c, w);
}

/* ------------------------------------------------------------------ what follows a command */

/* The driver's refusal, once a port. */
static void
tell_remark(struct control *c, uint16_t port)
{
	const char *text = dp_port_remark(c->dp, port);

	if (text != NULL)
		log_info("steering     port %s: %s", c->cfg->ports[port].name, text);
}

static bool
steer(struct control *c, const struct link_rec *l)
{
	const struct bundle_rec *b = bundle_find(c->apply, l->bundle);

	if (b == NULL || l->failed)
		return false;
	const int ret = dp_session_link(c->dp, &l->key, b->ref, l->slot);

	if (ret < 0)
		session_failed(&l->key, "not steered", ret);
	tell_remark(c, l->key.port);
	return ret >= 0;
}

static void
then_steer(struct control *c, const struct pending *p, uint64_t now_ms)
{
	const struct link_rec *l = &c->apply->links[p->id];

	if (!l->live || l->use != p->use)
		return;
	host_installed(c->host, p->id, steer(c, l), now_ms, c->out);
	apply_effects(c);
}

static void
then_retire(struct control *c, const struct pending *p)
{
	struct apply *a = c->apply;
	struct bundle_rec *b = &a->bundles[p->id];

	homes_retire(a->homes, b->ref, dp_quiescence_mark(c->dp));
	*ref_slot(a, b->ref) = 0;
	b->live = false;
	free(b->stats);
	b->stats = NULL;
	host_bundle_removed(c->host, p->id);
}

static void
then_snapped(struct control *c, const struct pending *p, uint64_t now_ms)
{
	struct bundle_rec *b = &c->apply->bundles[p->id];
	const bool asked = b->asked;

	free(b->stats);
	b->stats = p->cmd.snapshot;
	b->snapping = b->asked = false;
	b->snapped_us = clock_us();
	if (!asked || !b->live)
		return;
	struct host_traffic t = {.rx_packets = b->stats->rx_packets, .tx_packets = b->stats->tx_packets};

	for (unsigned i = 0; i < HOST_LINKS_MAX && i < DP_BUNDLE_LINKS_MAX; i++) {
		const struct dp_link_stats *from = &b->stats->links[i];

		t.links[i].rx_packets = from->totals.rx_frames;
		t.links[i].tx_packets = from->totals.tx_frames;
		t.links[i].rx_bytes = from->totals.rx_bytes;
		t.links[i].tx_bytes = from->totals.tx_bytes;
		t.links[i].lost = from->lost;
		t.links[i].skew_us = from->lag_us;
	}
	host_traffic(c->host, p->id, &t, now_ms, c->out);
	apply_effects(c);
}

static void
follow(struct control *c, const struct pending *p, uint64_t now_ms)
{
	switch ((enum then)p->then) {
	case THEN_NOTHING:
		return;
	case THEN_STEER:
		then_steer(c, p, now_ms);
		return;
	case THEN_REFUSE:
		host_installed(c->host, p->id, false, now_ms, c->out);
		apply_effects(c);
		return;
	case THEN_RETIRE:
		then_retire(c, p);
		return;
	case THEN_SNAPPED:
		then_snapped(c, p, now_ms);
		return;
	}
}

/* A link that goes without our asking found no place in the data plane. */
static void
link_gone(struct control *c, const struct dp_event *e)
{
	const struct dp_bundle_ref ref = {.index = e->bundle, .home = e->home, .gen = e->gen};
	struct bundle_rec *b = bundle_find(c->apply, apply_bundle_id(c, ref));

	if (b == NULL || e->slot >= DP_BUNDLE_LINKS_MAX)
		return;
	if (b->leaving[e->slot] != 0) {
		b->leaving[e->slot]--;
		return;
	}
	struct link_rec *l = link_in_slot(c->apply, b, e->slot);

	if (l != NULL)
		l->failed = true;
}

void
apply_event(struct control *c, const struct dp_event *e)
{
	switch ((enum dp_event_op)e->op) {
	case DP_EVENT_LINK_GONE:
		link_gone(c, e);
		return;
	case DP_EVENT_BUNDLE_GONE:
		c->counters.gone_rx_bytes += e->totals.rx_bytes;
		c->counters.gone_tx_bytes += e->totals.tx_bytes;
		return;
	case DP_EVENT_CARRIER:
		return;
	}
}

void
apply_look(struct control *c)
{
	for (unsigned w = 0; w < c->apply->workers; w++) {
		struct queue *q = &c->apply->queues[w];

		for (; q->seen < q->sent; q->seen++) {
			const struct pending *p = &q->ring[q->seen % QUEUE_MAX];

			if (p->then != THEN_REFUSE && !dp_applied(c->dp, w, p->ticket))
				break;
		}
	}
}

static void
queue_poll(struct control *c, unsigned worker, uint64_t now_ms)
{
	struct queue *q = &c->apply->queues[worker];

	queue_send(c, worker);
	while (q->done < q->seen) {
		const struct pending p = q->ring[q->done % QUEUE_MAX];

		q->done++;
		follow(c, &p, now_ms);
	}
}

void
apply_poll(struct control *c, uint64_t now_ms)
{
	uint32_t mark;

	for (unsigned w = 0; w < c->apply->workers; w++)
		queue_poll(c, w, now_ms);
	while (homes_resting(c->apply->homes, &mark) && dp_quiescent(c->dp, mark))
		homes_wake(c->apply->homes);
}

bool
apply_busy(const struct control *c)
{
	uint32_t mark;

	for (unsigned w = 0; w < c->apply->workers; w++)
		if (c->apply->queues[w].done != c->apply->queues[w].queued)
			return true;
	return homes_resting(c->apply->homes, &mark);
}

bool
apply_congested(const struct control *c)
{
	for (unsigned w = 0; w < c->apply->workers; w++)
		if (c->apply->queues[w].queued - c->apply->queues[w].done > QUEUE_FED)
			return true;
	return false;
}

/* ------------------------------------------------------------------ questions */

host_bundle_id
apply_bundle_id(const struct control *c, struct dp_bundle_ref ref)
{
	const struct apply *a = c->apply;

	if (ref.home >= a->workers || ref.index >= a->per_worker)
		return 0;
	const host_bundle_id id = *ref_slot(a, ref);

	return id != 0 && a->bundles[id].ref.gen == ref.gen ? id : 0;
}

bool
apply_bundle_ref(const struct control *c, host_bundle_id id, struct dp_bundle_ref *ref)
{
	const struct bundle_rec *b = bundle_find(c->apply, id);

	if (b != NULL)
		*ref = b->ref;
	return b != NULL;
}

bool
apply_snapshot(struct control *c, host_bundle_id id, uint64_t now_ms, uint64_t age_ms)
{
	struct apply *a = c->apply;
	struct bundle_rec *b = bundle_find(a, id);

	if (b == NULL || b->snapping || (b->snapped_us != 0 && now_ms - b->snapped_us / 1000 < age_ms))
		return true;
	const struct queue *q = &a->queues[b->ref.home];

	if (q->queued - q->done > QUEUE_SNAPSHOTS)
		return false;
	snapshot(a, b);
	queue_send(c, b->ref.home);
	return true;
}

const struct dp_bundle_stats *
apply_stats(const struct control *c, host_bundle_id id, uint64_t *taken_us)
{
	const struct bundle_rec *b = bundle_find(c->apply, id);

	if (b == NULL || b->stats == NULL)
		return NULL;
	*taken_us = b->snapped_us;
	return b->stats;
}

struct apply_mark
apply_mark(const struct control *c)
{
	struct apply_mark m = {0};

	for (unsigned w = 0; w < c->apply->workers; w++)
		m.of[w] = c->apply->queues[w].queued;
	return m;
}

bool
apply_passed(const struct control *c, const struct apply_mark *mark)
{
	for (unsigned w = 0; w < c->apply->workers; w++)
		if (c->apply->queues[w].done < mark->of[w])
			return false;
	return true;
}

unsigned
apply_bundles(const struct control *c, unsigned worker)
{
	return homes_bundles(c->apply->homes, worker);
}
