/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/dhcp6_client.h"

#include <string.h>

#include "dataplane/wire/bytes.h"

/* Section 7.6: initial and longest timeouts, most transmissions. */
struct timing {
	uint8_t type;
	uint32_t initial_ms, most_ms, times; /* times 0: for ever */
};

enum { SOLICIT_DELAY_MS = 1000, RELEASED_REST_MS = 1000, FOR_EVER_S = -1 };

static const struct timing timings[] = {
	[DHCP6_SOLICITING] = {DHCP6_SOLICIT, 1000, 3600 * 1000, 0},
	[DHCP6_REQUESTING] = {DHCP6_REQUEST, 1000, 30 * 1000, 10},
	[DHCP6_RELEASING] = {DHCP6_RELEASE, 1000, UINT32_MAX, 4},
	[DHCP6_RENEWING] = {DHCP6_RENEW, 10 * 1000, 600 * 1000, 0},
	[DHCP6_REBINDING] = {DHCP6_REBIND, 10 * 1000, 600 * 1000, 0},
};

/* ------------------------------------------------------------------ time and chance (section 15) */

static uint32_t
chance(const struct dhcp6_client *c, uint32_t below)
{
	uint32_t x;

	c->cfg->random(c->cfg->random_ctx, &x, sizeof(x));
	return x % below;
}

/* RAND: a tenth more or less; the first Solicit's is more. */
static uint64_t
blurred(const struct dhcp6_client *c, uint64_t ms, bool more)
{
	const uint64_t tenth = ms / 10;

	if (more)
		return ms + 1 + chance(c, (uint32_t)tenth);
	return ms - tenth + chance(c, (uint32_t)(2 * tenth) + 1);
}

static void
begin(struct dhcp6_client *c, enum dhcp6_client_state state, uint64_t now_ms)
{
	c->state = (uint8_t)state;
	c->begun_ms = c->next_ms = now_ms;
	c->rt_ms = 0;
	c->sent = 0;
	c->transaction = chance(c, 1 << 24);
}

static void
solicit(struct dhcp6_client *c, uint64_t now_ms)
{
	begin(c, DHCP6_SOLICITING, now_ms);
	c->server.len = 0;
	c->next_ms += chance(c, SOLICIT_DELAY_MS + 1);
}

/* The time until the next transmission, after one. */
static void
wait(struct dhcp6_client *c, uint64_t now_ms)
{
	const struct timing *t = &timings[c->state];

	if (c->sent == 1)
		c->rt_ms = blurred(c, t->initial_ms, c->state == DHCP6_SOLICITING);
	else
		c->rt_ms = c->rt_ms + blurred(c, c->rt_ms, false);
	if (c->rt_ms > t->most_ms)
		c->rt_ms = blurred(c, t->most_ms, false);
	c->next_ms = now_ms + c->rt_ms;
}

void
dhcp6_client_start(struct dhcp6_client *c, const struct dhcp6_client_config *cfg, uint64_t now_ms)
{
	*c = (struct dhcp6_client){.cfg = cfg};
	solicit(c, now_ms);
}

void
dhcp6_client_stop(struct dhcp6_client *c)
{
	*c = (struct dhcp6_client){.state = DHCP6_OFF};
}

bool
dhcp6_client_release(struct dhcp6_client *c, uint64_t now_ms)
{
	if (c->lease.prefix.len == 0)
		return false;
	c->offered = (struct dhcp6_prefix){.len = c->lease.prefix.len, .prefix = c->lease.prefix.prefix};
	c->lease = (struct dhcp6_lease){.n_dns = 0};
	begin(c, DHCP6_RELEASING, now_ms);
	return true;
}

/* ------------------------------------------------------------------ sending */

static bool
names_server(uint8_t state)
{
	return state == DHCP6_REQUESTING || state == DHCP6_RELEASING || state == DHCP6_RENEWING;
}

/* What is asked for, or given back: what we have, what was offered, or a length that would be welcome. */
static struct dhcp6_prefix
wanted(const struct dhcp6_client *c)
{
	if (c->state == DHCP6_REQUESTING || c->state == DHCP6_RELEASING)
		return c->offered;
	if (c->lease.prefix.len != 0)
		return (struct dhcp6_prefix){.len = c->lease.prefix.len, .prefix = c->lease.prefix.prefix};
	return (struct dhcp6_prefix){.len = c->cfg->hint_len};
}

static void
put_message(const struct dhcp6_client *c, uint64_t now_ms, struct dhcp6_writer *w, uint8_t *p, size_t cap)
{
	const uint64_t elapsed = (now_ms - c->begun_ms) / 10; /* hundredths of a second */
	const struct dhcp6_prefix prefix = wanted(c);
	uint8_t elapsed_be[2], dns_be[2];

	store_be16(elapsed_be, elapsed < UINT16_MAX ? (uint16_t)elapsed : UINT16_MAX);
	store_be16(dns_be, DHCP6_OPT_DNS);
	dhcp6_begin(w, p, cap, timings[c->state].type, c->transaction);
	dhcp6_put_duid(w, DHCP6_OPT_CLIENT_ID, &c->cfg->duid);
	if (names_server(c->state))
		dhcp6_put_duid(w, DHCP6_OPT_SERVER_ID, &c->server);
	dhcp6_put(w, DHCP6_OPT_ELAPSED, elapsed_be, sizeof(elapsed_be));
	if (c->state != DHCP6_RELEASING)
		dhcp6_put(w, DHCP6_OPT_REQUEST, dns_be, sizeof(dns_be));
	if (c->state == DHCP6_SOLICITING)
		dhcp6_put(w, DHCP6_OPT_RAPID_COMMIT, NULL, 0);
	const size_t ia = dhcp6_ia_begin(w, DHCP6_OPT_IA_PD, c->cfg->iaid, 0, 0);

	if (prefix.len != 0)
		dhcp6_put_prefix(w, &prefix);
	dhcp6_ia_end(w, ia);
}

static bool
tried_enough(const struct dhcp6_client *c)
{
	const uint32_t times = c->state == DHCP6_OFF ? 0 : timings[c->state].times;

	return times != 0 && c->sent == times;
}

/* What happens when the time for an exchange, or of a lease, is over. */
static void
move_on(struct dhcp6_client *c, uint64_t now_ms)
{
	const bool holds = c->state >= DHCP6_BOUND;

	if (holds && now_ms >= c->lease.valid_until_ms) {
		c->lease = (struct dhcp6_lease){.n_dns = 0};
		solicit(c, now_ms);
	} else if (holds && c->state != DHCP6_REBINDING && now_ms >= c->t2_ms) {
		begin(c, DHCP6_REBINDING, now_ms);
	} else if (c->state == DHCP6_BOUND && now_ms >= c->next_ms) {
		begin(c, DHCP6_RENEWING, now_ms);
	} else if (tried_enough(c) && now_ms >= c->next_ms) {
		solicit(c, now_ms);
	}
}

bool
dhcp6_client_tick(struct dhcp6_client *c, uint64_t now_ms, struct dhcp6_writer *w, uint8_t *p, size_t cap)
{
	move_on(c, now_ms);
	if (c->state == DHCP6_OFF || c->state == DHCP6_BOUND || now_ms < c->next_ms)
		return false;
	put_message(c, now_ms, w, p, cap);
	c->sent++;
	wait(c, now_ms);
	return true;
}

static uint64_t
sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t
dhcp6_client_deadline_ms(const struct dhcp6_client *c)
{
	if (c->state == DHCP6_OFF)
		return UINT64_MAX;
	if (c->state < DHCP6_BOUND)
		return c->next_ms;
	const uint64_t at_ms = sooner(c->next_ms, c->lease.valid_until_ms);

	return c->state == DHCP6_REBINDING ? at_ms : sooner(at_ms, c->t2_ms);
}

/* ------------------------------------------------------------------ receiving */

static const struct dhcp6_ia *
our_ia(const struct dhcp6_client *c, const struct dhcp6_message *m)
{
	for (unsigned i = 0; i < m->n_ia; i++)
		if (m->ia[i].code == DHCP6_OPT_IA_PD && m->ia[i].iaid == c->cfg->iaid)
			return &m->ia[i];
	return NULL;
}

/* The first prefix that can be used (section 21.22). */
static bool
usable(const struct dhcp6_ia *ia, struct dhcp6_prefix *prefix)
{
	const uint8_t *at = ia->options;

	while (dhcp6_prefix_next(ia, &at, prefix)) {
		const struct ip6_num a = ip6_num_load(prefix->prefix.b);

		if (prefix->valid_s != 0 && prefix->preferred_s <= prefix->valid_s && prefix->len != 0 &&
			prefix->len <= 64 && !ip6_is_nobodys(a) && !ip6_is_multicast(a) && !ip6_is_link_local(a))
			return true;
	}
	return false;
}

static uint64_t
after(uint64_t now_ms, uint32_t s)
{
	return s == (uint32_t)FOR_EVER_S ? UINT64_MAX : now_ms + (uint64_t)s * 1000;
}

/* T1 and T2 of zero are left to us, T1 behind T2 is nonsense (section 21.21). */
static void
bind_lease(struct dhcp6_client *c, const struct dhcp6_message *m, const struct dhcp6_ia *ia,
	const struct dhcp6_prefix *prefix, uint64_t now_ms)
{
	const bool given = ia->t1_s != 0 && ia->t2_s != 0 && ia->t1_s <= ia->t2_s;
	const uint32_t t1_s = given ? ia->t1_s : prefix->preferred_s / 2;
	const uint32_t t2_s = given ? ia->t2_s : prefix->preferred_s / 10 * 8;

	c->server = m->server;
	c->lease.prefix =
		(struct host_route){.prefix = ip_addr_prefix(&prefix->prefix, prefix->len), .len = prefix->len};
	c->lease.preferred_until_ms = after(now_ms, prefix->preferred_s);
	c->lease.valid_until_ms = after(now_ms, prefix->valid_s);
	c->lease.n_dns = m->n_dns < HOST_DNS6_MAX ? m->n_dns : HOST_DNS6_MAX;
	memcpy(c->lease.dns, m->dns, sizeof(c->lease.dns));
	c->state = DHCP6_BOUND;
	c->next_ms = after(now_ms, t1_s);
	c->t2_ms = after(now_ms, t2_s);
}

/* What a Reply without a prefix means depends on what was asked (section 18.2.10.1). */
static void
refused(struct dhcp6_client *c, const struct dhcp6_ia *ia, uint64_t now_ms)
{
	if (c->state == DHCP6_REQUESTING) {
		solicit(c, now_ms);
		c->next_ms =
			now_ms + blurred(c, timings[DHCP6_REQUESTING].most_ms, false); /* it said no: not at once */
	} else if (c->state == DHCP6_RENEWING && dhcp6_ia_status(ia) == DHCP6_NO_BINDING) {
		c->offered = wanted(c);
		begin(c, DHCP6_REQUESTING, now_ms);
	} else if (c->state >= DHCP6_RENEWING && dhcp6_ia_status(ia) == DHCP6_SUCCESS) {
		c->lease = (struct dhcp6_lease){.n_dns = 0}; /* lifetimes of zero: it is not ours any more */
		solicit(c, now_ms);
	}
}

/* Whatever its status is (section 18.2.10.2). If the link lives on after all, a prefix is asked for again. */
static void
released(struct dhcp6_client *c, uint64_t now_ms)
{
	solicit(c, now_ms + RELEASED_REST_MS);
}

static bool
reply(struct dhcp6_client *c, const struct dhcp6_message *m, uint64_t now_ms)
{
	const struct dhcp6_ia *ia = our_ia(c, m);
	struct dhcp6_prefix prefix;

	if (c->state == DHCP6_BOUND || (c->state == DHCP6_SOLICITING && !m->rapid_commit))
		return false;
	if (names_server(c->state) && !dhcp6_duid_equal(&m->server, &c->server))
		return false;
	if (c->state == DHCP6_RELEASING) {
		released(c, now_ms);
		return true;
	}
	if (ia == NULL || m->status != DHCP6_SUCCESS)
		return false;
	if (usable(ia, &prefix))
		bind_lease(c, m, ia, &prefix, now_ms);
	else
		refused(c, ia, now_ms);
	return true;
}

/* There is one server at the other end: its first offer is taken. */
static bool
advertised(struct dhcp6_client *c, const struct dhcp6_message *m, uint64_t now_ms)
{
	const struct dhcp6_ia *ia = our_ia(c, m);
	struct dhcp6_prefix prefix;

	if (c->state != DHCP6_SOLICITING || ia == NULL || m->status != DHCP6_SUCCESS || !usable(ia, &prefix))
		return false;
	c->server = m->server;
	c->offered = prefix;
	begin(c, DHCP6_REQUESTING, now_ms);
	return true;
}

bool
dhcp6_client_input(struct dhcp6_client *c, const uint8_t *p, size_t n, uint64_t now_ms)
{
	struct dhcp6_message m;

	if (c->state == DHCP6_OFF || dhcp6_parse(p, n, &m) != DHCP6_OK)
		return false;
	if (m.transaction != c->transaction || m.server.len == 0 || !dhcp6_duid_equal(&m.client, &c->cfg->duid))
		return false; /* sections 16.3 and 16.10 */
	if (m.type == DHCP6_ADVERTISE)
		return advertised(c, &m, now_ms);
	return m.type == DHCP6_REPLY && reply(c, &m, now_ms);
}
