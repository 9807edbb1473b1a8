/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <rte_byteorder.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_flow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dataplane/internal.h"

/* Rules that have a network card bring a session's frames to the worker of its bundle, where the driver takes such rules. They are a
 * hint: the steering word alone decides where a frame belongs, so a rule that is refused, that is too wide or that vanishes costs a
 * hand-over and nothing else. All of this runs on control's thread. */

enum {
	SHAPES = 3, /* untagged, one tag, two: drivers take some and refuse others */
	SESSIONS = STEER_WORDS,
};

struct rule {
	struct rule *next; /* of the same session id: other peers, other VLANs */
	struct rte_flow *flow;
	struct vlan_stack vlans;
	struct mac peer;
	uint16_t queue;
};

struct rules {
	uint16_t port_id;
	const char *driver;
	struct dp_port_rules told;
	uint32_t in_force[SHAPES]; /* of told.in_force */
	bool never[SHAPES];        /* the driver does not take any of this shape */
	bool full;                 /* it took no more; asked again once one has gone */
	bool remark_due;           /* of the first refusal */
	struct rule *of[SESSIONS];
};

int
rules_open(struct dataplane *dp, unsigned i, const struct dp_port_setup *s)
{
	const struct port *p = &dp->ports[i];
	struct port_state *st = &dp->port_state[i];

	if (s->kind != DP_PORT_ACCESS || s->rules_max == 0 || p->n_rxq < 2)
		return 0; /* nothing to choose between */
	st->rules = calloc(1, sizeof(*st->rules));
	if (st->rules == NULL)
		return -ENOMEM;
	st->rules->port_id = p->id;
	st->rules->driver = st->driver;
	st->rules->told.max = s->rules_max;
	return 0;
}

/* ------------------------------------------------------------------ the driver */

static unsigned
shape_of(struct vlan_stack v)
{
	return v.outer == 0 ? 0 : v.inner == 0 ? 1 : 2;
}

/* No MAC address and no tag protocol: fewer drivers take those, and a frame of another peer is handed over. */
static struct rte_flow *
flow_create(const struct rules *r, const struct dp_session_key *key, uint16_t queue, struct rte_flow_error *e)
{
	const struct rte_flow_item_vlan outer = {.tci = rte_cpu_to_be_16(key->vlans.outer & VLAN_ID_MASK)};
	const struct rte_flow_item_vlan inner = {.tci = rte_cpu_to_be_16(key->vlans.inner & VLAN_ID_MASK)};
	const struct rte_flow_item_vlan vlan_mask = {.tci = rte_cpu_to_be_16(VLAN_ID_MASK)};
	const struct rte_flow_item_pppoe session = {.session_id = rte_cpu_to_be_16(key->session)};
	const struct rte_flow_item_pppoe session_mask = {.session_id = UINT16_MAX};
	const struct rte_flow_action_queue to = {.index = queue};
	const struct rte_flow_attr attr = {.ingress = 1};
	const struct rte_flow_action actions[] = {
		{.type = RTE_FLOW_ACTION_TYPE_QUEUE, .conf = &to}, {.type = RTE_FLOW_ACTION_TYPE_END}};
	const unsigned tags = shape_of(key->vlans);
	struct rte_flow_item items[SHAPES + 2] = {{.type = RTE_FLOW_ITEM_TYPE_ETH}};
	unsigned n = 1;

	if (tags > 0)
		items[n++] =
			(struct rte_flow_item){.type = RTE_FLOW_ITEM_TYPE_VLAN, .spec = &outer, .mask = &vlan_mask};
	if (tags > 1)
		items[n++] =
			(struct rte_flow_item){.type = RTE_FLOW_ITEM_TYPE_VLAN, .spec = &inner, .mask = &vlan_mask};
	items[n++] = (struct rte_flow_item){.type = RTE_FLOW_ITEM_TYPE_PPPOES, .spec = &session, .mask = &session_mask};
	items[n] = (struct rte_flow_item){.type = RTE_FLOW_ITEM_TYPE_END};
	return rte_flow_create(r->port_id, &attr, items, actions, e);
}

static uint64_t
clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Not all drivers say ENOSPC when their table is full; one that has taken this shape before can do it. */
static void
note_refusal(struct rules *r, unsigned shape, int err, const char *message)
{
	const char *reason = strerror(err);
	const bool more = message != NULL && strcmp(message, reason) != 0; /* ethdev's own only repeats it */

	r->told.refused++;
	r->remark_due |= r->told.refused == 1;
	snprintf(r->told.error, sizeof(r->told.error), "%s%s%s", reason, more ? ": " : "", more ? message : "");
	if (err == EEXIST)
		return; /* of this session only: its id is in use with another peer */
	if (err == ENOSPC || err == ENOMEM || r->in_force[shape] != 0)
		r->full = true;
	else
		r->never[shape] = true;
}

static struct rte_flow *
flow_ask(struct rules *r, const struct dp_session_key *key, uint16_t queue)
{
	const uint64_t start_us = clock_us();
	struct rte_flow_error e = {0};
	struct rte_flow *flow = flow_create(r, key, queue, &e);
	const int err = rte_errno;
	const uint64_t took_us = clock_us() - start_us;

	r->told.asked++;
	if (took_us > r->told.slowest_us)
		r->told.slowest_us = took_us;
	if (flow == NULL)
		note_refusal(r, shape_of(key->vlans), err, e.message);
	return flow;
}

/* ------------------------------------------------------------------ rules of sessions */

static struct rule **
rule_find(struct rules *r, const struct dp_session_key *key)
{
	struct rule **at = &r->of[key->session];

	while (*at != NULL && !(vlan_stack_equal((*at)->vlans, key->vlans) && mac_equal(&(*at)->peer, &key->peer)))
		at = &(*at)->next;
	return at;
}

static void
rule_remove(struct rules *r, struct rule **at)
{
	struct rule *gone = *at;
	struct rte_flow_error e;

	*at = gone->next;
	rte_flow_destroy(r->port_id, gone->flow, &e); /* what stays behind in a card costs hand-overs at most */
	r->in_force[shape_of(gone->vlans)]--;
	r->told.in_force--;
	r->full = false;
	free(gone);
}

static void
rule_add(struct rules *r, const struct dp_session_key *key, uint16_t queue)
{
	struct rule *rule = malloc(sizeof(*rule));
	struct rte_flow *flow = rule != NULL ? flow_ask(r, key, queue) : NULL;

	if (flow == NULL) {
		free(rule);
		return;
	}
	*rule = (struct rule){
		.next = r->of[key->session], .flow = flow, .vlans = key->vlans, .peer = key->peer, .queue = queue};
	r->of[key->session] = rule;
	r->in_force[shape_of(key->vlans)]++;
	r->told.in_force++;
}

static struct rules *
rules_of(const struct dataplane *dp, const struct dp_session_key *key)
{
	return key->port < dp->n_ports ? dp->port_state[key->port].rules : NULL;
}

void
rules_set(struct dataplane *dp, const struct dp_session_key *key, unsigned home)
{
	struct rules *r = rules_of(dp, key);
	struct rule **at;
	int queue;

	if (r == NULL)
		return;
	queue = dp->workers[home]->rx_queue[key->port];
	at = rule_find(r, key);
	if (*at != NULL && (*at)->queue == queue)
		return;
	if (*at != NULL)
		rule_remove(r, at);
	if (queue < 0 || r->full || r->never[shape_of(key->vlans)] || r->told.in_force == r->told.max)
		r->told.passed_over++;
	else
		rule_add(r, key, (uint16_t)queue);
}

void
rules_clear(struct dataplane *dp, const struct dp_session_key *key)
{
	struct rules *r = rules_of(dp, key);
	struct rule **at = r != NULL ? rule_find(r, key) : NULL;

	if (at != NULL && *at != NULL)
		rule_remove(r, at);
}

/* All at once: one by one, a card that takes a millisecond for each would hold the stop up for a minute. */
void
rules_close(struct dataplane *dp, unsigned i)
{
	struct rules *r = dp->port_state[i].rules;
	struct rte_flow_error e;

	if (r == NULL)
		return;
	if (r->told.in_force != 0)
		rte_flow_flush(r->port_id, &e);
	for (unsigned s = 0; s < SESSIONS; s++)
		for (struct rule *rule = r->of[s], *next; rule != NULL; rule = next) {
			next = rule->next;
			free(rule);
		}
	free(r);
	dp->port_state[i].rules = NULL;
}

/* ------------------------------------------------------------------ what control is told */

struct dp_port_rules
rules_info(const struct port_state *st)
{
	return st->rules != NULL ? st->rules->told : (struct dp_port_rules){0};
}

const char *
dp_port_remark(struct dataplane *dp, unsigned port)
{
	static char text[256];
	struct rules *r = port < dp->n_ports ? dp->port_state[port].rules : NULL;

	if (r == NULL || !r->remark_due)
		return NULL;
	r->remark_due = false;
	snprintf(text, sizeof(text),
		"driver %s refuses a rule for a session (%s): frames that come to another worker than their bundle's are handed over",
		r->driver, r->told.error);
	return text;
}
