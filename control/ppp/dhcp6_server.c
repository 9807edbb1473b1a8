/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/dhcp6_server.h"

#include <string.h>

/* What is answered, as the message is judged (sections 16 and 18.3). */
enum answer { NOTHING, ADVERTISE, GRANT, EXTEND, REBOUND, RELEASED, DECLINED, CONFIRM, INFORM, WRONG_WAY };

/* One message being answered. */
struct call {
	struct dhcp6_server *s;
	const struct dhcp6_server_config *cfg;
	const struct dhcp6_link *link;
	const struct dhcp6_message *m;
	enum answer answer;
	uint64_t now_ms;
	struct dhcp6_writer *w;
};

/* ------------------------------------------------------------------ what may be answered */

static bool
is_for_us(const struct dhcp6_server_config *cfg, const struct dhcp6_message *m)
{
	return dhcp6_duid_equal(&m->server, &cfg->duid);
}

/* Messages that begin anew name the client and no server; by unicast they are dropped (section 18.3). */
static enum answer
to_any(const struct dhcp6_link *link, const struct dhcp6_message *m, enum answer answer)
{
	return m->client.len != 0 && m->server.len == 0 && !link->unicast ? answer : NOTHING;
}

/* The others name both. We never tell a client to speak to us by unicast (section 21.12). */
static enum answer
to_us(const struct dhcp6_server_config *cfg, const struct dhcp6_link *link, const struct dhcp6_message *m,
	enum answer answer)
{
	if (m->client.len == 0 || !is_for_us(cfg, m))
		return NOTHING;
	return link->unicast ? WRONG_WAY : answer;
}

/* Section 16.12. */
static enum answer
to_inform(const struct dhcp6_server_config *cfg, const struct dhcp6_link *link, const struct dhcp6_message *m)
{
	const bool another = m->server.len != 0 && !is_for_us(cfg, m);

	return another || m->n_ia != 0 || link->unicast ? NOTHING : INFORM;
}

static enum answer
judge(const struct dhcp6_server_config *cfg, const struct dhcp6_link *link, const struct dhcp6_message *m)
{
	switch (m->type) {
	case DHCP6_SOLICIT:
		return to_any(link, m, m->rapid_commit ? GRANT : ADVERTISE);
	case DHCP6_REQUEST:
		return to_us(cfg, link, m, GRANT);
	case DHCP6_CONFIRM:
		return to_any(link, m, CONFIRM);
	case DHCP6_RENEW:
		return to_us(cfg, link, m, EXTEND);
	case DHCP6_REBIND:
		return to_any(link, m, REBOUND);
	case DHCP6_RELEASE:
		return to_us(cfg, link, m, RELEASED);
	case DHCP6_DECLINE:
		return to_us(cfg, link, m, DECLINED);
	case DHCP6_INFORMATION_REQUEST:
		return to_inform(cfg, link, m);
	default:
		return NOTHING;
	}
}

bool
dhcp6_server_wants_prefix(const struct dhcp6_message *m)
{
	if (m->type != DHCP6_SOLICIT && m->type != DHCP6_REQUEST && m->type != DHCP6_RENEW && m->type != DHCP6_REBIND)
		return false;
	for (unsigned i = 0; i < m->n_ia; i++)
		if (m->ia[i].code == DHCP6_OPT_IA_PD)
			return true;
	return false;
}

/* ------------------------------------------------------------------ the one prefix */

static bool
is_bound(const struct call *c, const struct dhcp6_ia *ia)
{
	return c->s->bound && ia->iaid == c->s->iaid && dhcp6_duid_equal(&c->m->client, &c->s->client);
}

static bool
is_ours(const struct call *c, const struct dhcp6_prefix *prefix)
{
	return c->link->prefix_len != 0 && prefix->len == c->link->prefix_len &&
		ip_addr_equal(&prefix->prefix, &c->link->prefix);
}

static bool
names_ours(const struct call *c, const struct dhcp6_ia *ia)
{
	const uint8_t *at = ia->options;
	struct dhcp6_prefix prefix;

	while (dhcp6_prefix_next(ia, &at, &prefix))
		if (is_ours(c, &prefix))
			return true;
	return false;
}

/* There is one prefix: the association that has it keeps it, else the first one gets it. */
static const struct dhcp6_ia *
whose(const struct call *c)
{
	const struct dhcp6_ia *first = NULL;

	for (unsigned i = 0; i < c->m->n_ia; i++) {
		const struct dhcp6_ia *ia = &c->m->ia[i];

		if (ia->code != DHCP6_OPT_IA_PD)
			continue;
		if (is_bound(c, ia))
			return ia;
		if (first == NULL)
			first = ia;
	}
	return first;
}

/* Behind the link is one subscriber: a new router of his takes over what the old one had. */
static void
bind_prefix(const struct call *c, const struct dhcp6_ia *ia)
{
	c->s->client = c->m->client;
	c->s->iaid = ia->iaid;
	c->s->bound = true;
	c->s->until_ms = c->now_ms + (uint64_t)c->cfg->valid_s * 1000;
}

/* ------------------------------------------------------------------ identity associations */

static void
put_refusal(const struct call *c, const struct dhcp6_ia *ia, enum dhcp6_status status)
{
	const size_t begun = dhcp6_ia_begin(c->w, ia->code, ia->iaid, 0, 0);

	dhcp6_put_status(c->w, status);
	dhcp6_ia_end(c->w, begun);
}

/* Prefixes of another time or place: the client is to forget them (sections 18.3.4, 18.3.5). As many as there is room for. */
static void
put_foreign(const struct call *c, const struct dhcp6_ia *ia)
{
	const uint8_t *at = ia->options;
	struct dhcp6_prefix prefix;

	while (c->w->cap - c->w->len >= DHCP6_PREFIX_OPTION_LEN && dhcp6_prefix_next(ia, &at, &prefix)) {
		if (is_ours(c, &prefix) || prefix.len == 0)
			continue;
		prefix.preferred_s = prefix.valid_s = 0;
		dhcp6_put_prefix(c->w, &prefix);
	}
}

/* T1 and T2 as section 21.4 recommends: 0.5 and 0.8 of the preferred lifetime. */
static void
put_grant(const struct call *c, const struct dhcp6_ia *ia, bool tell_foreign)
{
	const uint32_t preferred_s = c->cfg->preferred_s;
	const struct dhcp6_prefix prefix = {
		.preferred_s = preferred_s,
		.valid_s = c->cfg->valid_s,
		.len = c->link->prefix_len,
		.prefix = c->link->prefix,
	};
	const size_t begun =
		dhcp6_ia_begin(c->w, ia->code, ia->iaid, preferred_s / 2, (uint32_t)((uint64_t)preferred_s * 8 / 10));

	dhcp6_put_prefix(c->w, &prefix);
	if (tell_foreign)
		put_foreign(c, ia);
	dhcp6_ia_end(c->w, begun);
}

/* In a Solicit or Request. */
static void
grant(const struct call *c, const struct dhcp6_ia *ia)
{
	if (c->link->prefix_len == 0 || ia != whose(c)) {
		put_refusal(c, ia, DHCP6_NO_PREFIX);
		return;
	}
	if (c->answer == GRANT)
		bind_prefix(c, ia);
	put_grant(c, ia, false);
}

/* In a Renew or Rebind. Who still has our prefix, though we have forgotten that, may keep it. */
static void
extend(const struct call *c, const struct dhcp6_ia *ia)
{
	const uint8_t *at = ia->options;
	struct dhcp6_prefix any;

	if (c->link->prefix_len != 0 && ia == whose(c) && (is_bound(c, ia) || names_ours(c, ia))) {
		bind_prefix(c, ia);
		put_grant(c, ia, true);
	} else if (c->answer == REBOUND && dhcp6_prefix_next(ia, &at, &any)) {
		const size_t begun = dhcp6_ia_begin(c->w, ia->code, ia->iaid, 0, 0);

		put_foreign(c, ia);
		dhcp6_ia_end(c->w, begun);
	} else {
		put_refusal(c, ia, DHCP6_NO_BINDING);
	}
}

static void
release(const struct call *c, const struct dhcp6_ia *ia)
{
	if (is_bound(c, ia))
		c->s->bound = false;
	else
		put_refusal(c, ia, DHCP6_NO_BINDING);
}

/* We give no addresses: who wants one hears so, who says that he has one is mistaken. */
static void
answer_addresses(const struct call *c, const struct dhcp6_ia *ia)
{
	put_refusal(c, ia, c->answer == ADVERTISE || c->answer == GRANT ? DHCP6_NO_ADDRESSES : DHCP6_NO_BINDING);
}

static void
answer_ia(const struct call *c, const struct dhcp6_ia *ia)
{
	if (ia->code != DHCP6_OPT_IA_PD)
		answer_addresses(c, ia);
	else if (c->answer == ADVERTISE || c->answer == GRANT)
		grant(c, ia);
	else if (c->answer == EXTEND || c->answer == REBOUND)
		extend(c, ia);
	else if (c->answer == RELEASED)
		release(c, ia);
	else
		put_refusal(c, ia, DHCP6_NO_BINDING); /* prefixes are not declined */
}

/* ------------------------------------------------------------------ Confirm */

/* Whether all addresses lie in the prefix of the link; *any: there are some (section 18.3.3). */
static bool
all_on_link(const struct dhcp6_link *link, const struct dhcp6_message *m, bool *any)
{
	const struct ip_addr net = ip_addr_prefix(&link->on_link, link->on_link_len);
	bool all = true;

	*any = false;
	for (unsigned i = 0; i < m->n_ia; i++) {
		const uint8_t *at = m->ia[i].options;
		struct ip_addr a;

		while (m->ia[i].code != DHCP6_OPT_IA_PD && dhcp6_address_next(&m->ia[i], &at, &a)) {
			const struct ip_addr its = ip_addr_prefix(&a, link->on_link_len);

			*any = true;
			all &= link->on_link_len != 0 && ip_addr_equal(&its, &net);
		}
	}
	return all;
}

/* ------------------------------------------------------------------ the answer */

static void
put_dns(const struct call *c)
{
	uint8_t bytes[sizeof(c->cfg->dns)];

	if (!c->m->wants_dns || c->cfg->n_dns == 0)
		return;
	for (unsigned i = 0; i < c->cfg->n_dns; i++)
		memcpy(bytes + i * (size_t)IP6_ADDR_LEN, c->cfg->dns[i].b, IP6_ADDR_LEN);
	dhcp6_put(c->w, DHCP6_OPT_DNS, bytes, c->cfg->n_dns * (size_t)IP6_ADDR_LEN);
}

static void
put_ids(const struct call *c)
{
	dhcp6_put_duid(c->w, DHCP6_OPT_SERVER_ID, &c->cfg->duid);
	if (c->m->client.len != 0)
		dhcp6_put_duid(c->w, DHCP6_OPT_CLIENT_ID, &c->m->client);
}

static void
put_body(const struct call *c)
{
	bool any;

	if (c->answer == WRONG_WAY) {
		dhcp6_put_status(c->w, DHCP6_USE_MULTICAST);
		return;
	}
	if (c->answer == CONFIRM) {
		dhcp6_put_status(c->w, all_on_link(c->link, c->m, &any) ? DHCP6_SUCCESS : DHCP6_NOT_ON_LINK);
		return;
	}
	if (c->answer == RELEASED || c->answer == DECLINED)
		dhcp6_put_status(c->w, DHCP6_SUCCESS);
	if (c->m->type == DHCP6_SOLICIT && c->m->rapid_commit)
		dhcp6_put(c->w, DHCP6_OPT_RAPID_COMMIT, NULL, 0);
	put_dns(c);
	for (unsigned i = 0; i < c->m->n_ia; i++)
		answer_ia(c, &c->m->ia[i]);
}

bool
dhcp6_server_input(struct dhcp6_server *s, const struct dhcp6_server_config *cfg, const struct dhcp6_link *link,
	const struct dhcp6_message *m, uint64_t now_ms, struct dhcp6_writer *w, uint8_t *p, size_t cap)
{
	const struct call c = {s, cfg, link, m, judge(cfg, link, m), now_ms, w};
	bool any = true;

	dhcp6_server_tick(s, now_ms);
	if (c.answer == CONFIRM)
		all_on_link(link, m, &any);
	if (c.answer == NOTHING || !any)
		return false;
	dhcp6_begin(w, p, cap, c.answer == ADVERTISE ? DHCP6_ADVERTISE : DHCP6_REPLY, m->transaction);
	put_ids(&c);
	put_body(&c);
	return true;
}

void
dhcp6_server_tick(struct dhcp6_server *s, uint64_t now_ms)
{
	if (s->bound && now_ms >= s->until_ms)
		s->bound = false;
}

uint64_t
dhcp6_server_deadline_ms(const struct dhcp6_server *s)
{
	return s->bound ? s->until_ms : UINT64_MAX;
}
