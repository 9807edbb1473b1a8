/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/fake_nic.h"

#include <errno.h>
#include <rte_byteorder.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_flow.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/wire/pppoe.h"

struct fake_nic fake_nic;

/* What rte_flow handles point at. */
struct rte_flow {
	bool used, forgotten;
	uint16_t port, session, queue;
	unsigned tags;
	uint16_t vlan[2];
};

static struct rte_flow rules[FAKE_NIC_RULES];

int __real_rte_eth_dev_info_get(uint16_t port, struct rte_eth_dev_info *info);
int __wrap_rte_eth_dev_info_get(uint16_t port, struct rte_eth_dev_info *info);
int __real_rte_eth_dev_configure(uint16_t port, uint16_t rx, uint16_t tx, const struct rte_eth_conf *conf);
int __wrap_rte_eth_dev_configure(uint16_t port, uint16_t rx, uint16_t tx, const struct rte_eth_conf *conf);
struct rte_flow *__wrap_rte_flow_create(uint16_t port, const struct rte_flow_attr *attr,
	const struct rte_flow_item pattern[], const struct rte_flow_action actions[], struct rte_flow_error *error);
int __wrap_rte_flow_destroy(uint16_t port, struct rte_flow *flow, struct rte_flow_error *error);
int __wrap_rte_flow_flush(uint16_t port, struct rte_flow_error *error);

/* ------------------------------------------------------------------ RSS */

int
__wrap_rte_eth_dev_info_get(uint16_t port, struct rte_eth_dev_info *info)
{
	const int ret = __real_rte_eth_dev_info_get(port, info);

	info->flow_type_rss_offloads |= fake_nic.rss_offered;
	return ret;
}

int
__wrap_rte_eth_dev_configure(uint16_t port, uint16_t rx, uint16_t tx, const struct rte_eth_conf *conf)
{
	struct rte_eth_conf rest = *conf;
	const uint64_t rss = conf->rx_adv_conf.rss_conf.rss_hf;

	assert_int_equal(rss != 0, conf->rxmode.mq_mode == RTE_ETH_MQ_RX_RSS);
	if ((rss & fake_nic.rss_refused) != 0)
		return -EINVAL;
	fake_nic.rss[port] = fake_nic.rss_offered & rss;
	rest.rx_adv_conf.rss_conf.rss_hf = rss & ~fake_nic.rss_offered;
	if (rest.rx_adv_conf.rss_conf.rss_hf == 0)
		rest.rxmode.mq_mode = RTE_ETH_MQ_RX_NONE;
	return __real_rte_eth_dev_configure(port, rx, tx, &rest);
}

/* ------------------------------------------------------------------ rules */

static struct rte_flow
rule_read(uint16_t port, const struct rte_flow_item *item, const struct rte_flow_action *action)
{
	struct rte_flow r = {.used = true, .port = port};
	const struct rte_flow_item_pppoe *session, *session_mask;

	assert_int_equal(item->type, RTE_FLOW_ITEM_TYPE_ETH);
	assert_null(item->spec);
	for (item++; item->type == RTE_FLOW_ITEM_TYPE_VLAN; item++) {
		const struct rte_flow_item_vlan *spec = item->spec, *mask = item->mask;

		assert_in_range(r.tags, 0, 1);
		assert_int_equal(mask->tci, rte_cpu_to_be_16(0x0fff));
		assert_int_equal(mask->inner_type, 0);
		assert_int_equal(rte_be_to_cpu_16(spec->tci) & ~0x0fff, 0);
		r.vlan[r.tags++] = rte_be_to_cpu_16(spec->tci);
	}
	assert_int_equal(item->type, RTE_FLOW_ITEM_TYPE_PPPOES);
	session = item->spec;
	session_mask = item->mask;
	assert_int_equal(session_mask->session_id, 0xffff);
	assert_int_equal(session_mask->version_type + session_mask->code + session_mask->length, 0);
	r.session = rte_be_to_cpu_16(session->session_id);
	assert_int_equal(item[1].type, RTE_FLOW_ITEM_TYPE_END);
	assert_int_equal(action[0].type, RTE_FLOW_ACTION_TYPE_QUEUE);
	r.queue = ((const struct rte_flow_action_queue *)action[0].conf)->index;
	assert_int_equal(action[1].type, RTE_FLOW_ACTION_TYPE_END);
	return r;
}

static bool
same_frames(const struct rte_flow *a, const struct rte_flow *b)
{
	return a->port == b->port && a->session == b->session && a->tags == b->tags &&
		memcmp(a->vlan, b->vlan, sizeof(a->vlan)) == 0;
}

static struct rte_flow *
rule_for(const struct rte_flow *want)
{
	for (unsigned i = 0; i < FAKE_NIC_RULES; i++)
		if (rules[i].used && !rules[i].forgotten && same_frames(&rules[i], want))
			return &rules[i];
	return NULL;
}

static int
refusal(const struct rte_flow *r)
{
	if (fake_nic.refuse[r->tags] != 0)
		return fake_nic.refuse[r->tags];
	if (fake_nic.once && rule_for(r) != NULL)
		return EEXIST;
	if (fake_nic.n >= fake_nic.table)
		return fake_nic.table_errno != 0 ? fake_nic.table_errno : ENOSPC;
	return 0;
}

struct rte_flow *
__wrap_rte_flow_create(uint16_t port, const struct rte_flow_attr *attr, const struct rte_flow_item pattern[],
	const struct rte_flow_action actions[], struct rte_flow_error *error)
{
	const struct rte_flow want = rule_read(port, pattern, actions);
	const int refused = refusal(&want);
	struct rte_eth_dev_info info;
	unsigned i = 0;

	assert_true(attr->ingress && !attr->egress && !attr->transfer && attr->group == 0 && attr->priority == 0);
	assert_int_equal(__real_rte_eth_dev_info_get(port, &info), 0);
	assert_in_range(want.queue, 0, info.nb_rx_queues - 1);
	fake_nic.asked_for++;
	if (fake_nic.asked != NULL)
		fake_nic.asked();
	if (refused != 0) {
		rte_flow_error_set(error, refused, RTE_FLOW_ERROR_TYPE_ITEM, NULL, fake_nic.message);
		return NULL;
	}
	while (rules[i].used)
		assert_in_range(++i, 0, FAKE_NIC_RULES - 1);
	rules[i] = want;
	fake_nic.most = RTE_MAX(fake_nic.most, ++fake_nic.n);
	return &rules[i];
}

int
__wrap_rte_flow_destroy(uint16_t port, struct rte_flow *flow, struct rte_flow_error *error)
{
	(void)error;
	assert_true(flow->used);
	assert_int_equal(flow->port, port);
	flow->used = false;
	fake_nic.n--;
	return 0;
}

int
__wrap_rte_flow_flush(uint16_t port, struct rte_flow_error *error)
{
	for (unsigned i = 0; i < FAKE_NIC_RULES; i++)
		if (rules[i].used && rules[i].port == port)
			__wrap_rte_flow_destroy(port, &rules[i], error);
	return 0;
}

/* ------------------------------------------------------------------ frames */

void
fake_nic_reset(void)
{
	memset(&fake_nic, 0, sizeof(fake_nic));
	memset(rules, 0, sizeof(rules));
	fake_nic.table = FAKE_NIC_RULES;
}

unsigned
fake_nic_queue(uint16_t port, const struct frame *f, unsigned queues)
{
	struct rte_flow want = {.port = port};
	const struct rte_flow *rule;
	struct pppoe_view v;
	struct eth_view e;

	if (!eth_parse(f->b, f->len, &e) || e.type != ETHERTYPE_PPPOE_SESSION ||
		pppoe_parse(f->b + e.hdr_len, f->len - e.hdr_len, &v) != PPPOE_OK)
		return 0;
	want.session = v.session;
	want.tags = (e.vlans.outer != 0) + (e.vlans.inner != 0);
	want.vlan[0] = e.vlans.outer & VLAN_ID_MASK;
	want.vlan[1] = e.vlans.inner & VLAN_ID_MASK;
	rule = rule_for(&want);
	if (rule != NULL)
		return rule->queue;
	return (fake_nic.rss[port] & RTE_ETH_RSS_PPPOE) != 0 ? v.session % queues : 0;
}

void
fake_nic_receive(struct rig *r, unsigned port, const struct frame *f)
{
	const struct port *p = &r->dp->ports[port];

	rig_send_queue(r, port, fake_nic_queue(p->id, f, p->n_rxq), f->b, f->len);
}

void
fake_nic_forget(void)
{
	for (unsigned i = 0; i < FAKE_NIC_RULES; i++)
		rules[i].forgotten = true;
}
