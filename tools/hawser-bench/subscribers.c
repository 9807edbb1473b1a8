/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/hawser-bench/subscribers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/hawser-bench/harness.h"

/* Both ends are the protocol core that ships. What a data plane and a wire do for them is done at once and without loss. */

enum { SERVER, CLIENTS, ENDS };
enum { SETTLE_MS = 60 * 1000, PATIENCE_MS = 600 * 1000, SESSIONS = 65536 };

/* What has left one end and is on its way to the other, or back from its data plane. */
struct errand {
	struct errand *next;
	enum { FRAME, BUNDLE_PACKET, INSTALLED } kind;
	unsigned end;
	uint32_t id;
	size_t len;
	uint8_t bytes[];
};

struct end {
	struct host *host;
	uint32_t *session_of_bundle, *bundle_of_session;
	unsigned links, families;
};

struct meeting {
	struct end ends[ENDS];
	struct host_out *out;
	struct errand *first, **last;
	uint64_t now_ms;
};

/* ------------------------------------------------------------------ configuration */

struct subscribers {
	uint32_t n;
	unsigned links;
	uint64_t seed;
	uint16_t port;
	struct host_port ports[ENDS];
	struct host_range range;
	struct host_pool pool;
	struct host_concentrator concentrator;
	struct host_user *users;
	struct host_client *clients;
	struct host_client_link *lines;
	char (*names)[40];
	struct host_config cfg[ENDS];
};

static void
entropy(void *ctx, void *buf, size_t n)
{
	uint64_t *state = ctx;

	for (size_t i = 0; i < n; i++)
		((uint8_t *)buf)[i] = (uint8_t)(random_next(state) >> 56);
}

/* As the configuration file has them when nothing is said. */
static const struct host_lcp usual_lcp = {
	.timing = {.restart_ms = 3000, .max_configure = 10, .max_terminate = 2, .max_failure = 5},
	.echo_interval_ms = 5000,
	.echo_failures = 6,
	.p_mru = {true, true},
	.p_magic = {true, true},
	.p_mrru = {true, true},
	.p_short_seq = {false, true},
	.p_endpoint = {true, true},
	.p_auth = {true, true},
	.p_quality = {false, true},
};

static const struct host_network usual_network = {
	.ipv4 = {true, true}, .ipv6 = {true, true}, .interface_id = {true, true}, .address = {true, true}};

static struct host_multilink
usual_multilink(unsigned links)
{
	return (struct host_multilink){.enabled = true,
		.mrru = 1500,
		.endpoint_auto = true,
		.links_max = (uint8_t)links,
		.window_slots_max = 16384};
}

static void
make_server(struct subscribers *s)
{
	s->range = (struct host_range){0x64400002, 0x64400002 + s->n};
	s->pool = (struct host_pool){"pool", &s->range, 1};
	s->concentrator = (struct host_concentrator){.name = "bench",
		.ports = &s->port,
		.n_ports = 1,
		.vlans = {.any = true},
		.ac_name = "bench",
		.any_service = true,
		.auth = {HOST_AUTH_CHAP_MD5},
		.auth_name = "bench",
		.address = 0x64400001,
		.pool = 0,
		.ip_mtu = -1,
		.network = usual_network,
		.mss = {-1, -1, true, true},
		.lcp = usual_lcp,
		.multilink = usual_multilink(s->links)};
	for (uint32_t i = 0; i < s->n; i++) {
		snprintf(s->names[i], sizeof(s->names[i]), "subscriber%05u@provider.example", i % 100000);
		s->users[i] = (struct host_user){.name = s->names[i], .password = "secret"};
	}
	s->cfg[SERVER].pools = &s->pool;
	s->cfg[SERVER].n_pools = 1;
	s->cfg[SERVER].users = s->users;
	s->cfg[SERVER].n_users = s->n;
	s->cfg[SERVER].concentrators = &s->concentrator;
	s->cfg[SERVER].n_concentrators = 1;
}

static void
make_clients(struct subscribers *s)
{
	for (uint32_t i = 0; i < s->n * s->links; i++)
		s->lines[i] = (struct host_client_link){.name = "line",
			.ports = &s->port,
			.n_ports = 1,
			.mac = {{2, 1, (uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}},
			.redial = {.delay_ms = 1000, .limit_ms = 8000}};
	for (uint32_t i = 0; i < s->n; i++)
		s->clients[i] = (struct host_client){.name = s->names[i],
			.username = s->names[i],
			.password = "secret",
			.accept = {HOST_AUTH_CHAP_MD5},
			.ip_mtu = -1,
			.network = usual_network,
			.mss = {-1, -1, true, true},
			.lcp = usual_lcp,
			.multilink = usual_multilink(s->links),
			.links = &s->lines[(size_t)i * s->links],
			.n_links = s->links};
	s->cfg[CLIENTS].clients = s->clients;
	s->cfg[CLIENTS].n_clients = s->n;
}

struct subscribers *
subscribers_new(uint32_t n, unsigned links)
{
	struct subscribers *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->n = n;
	s->seed = 1;
	s->links = links;
	s->users = calloc(n, sizeof(*s->users));
	s->clients = calloc(n, sizeof(*s->clients));
	s->lines = calloc((size_t)n * links, sizeof(*s->lines));
	s->names = calloc(n, sizeof(*s->names));
	if (s->users == NULL || s->clients == NULL || s->lines == NULL || s->names == NULL || n * links >= SESSIONS) {
		subscribers_free(s);
		return NULL;
	}
	for (unsigned i = 0; i < ENDS; i++) {
		s->ports[i] =
			(struct host_port){.name = "lines", .mac = {{2, 0, 0, 0, 0, (uint8_t)(i + 1)}}, .mtu = 1500};
		s->cfg[i] = (struct host_config){
			.ports = &s->ports[i], .n_ports = 1, .sessions_max = n * links, .bundles_max = n};
	}
	make_server(s);
	make_clients(s);
	return s;
}

void
subscribers_free(struct subscribers *s)
{
	if (s == NULL)
		return;
	free(s->users);
	free(s->clients);
	free(s->lines);
	free(s->names);
	free(s);
}

const struct host_config *
subscribers_server(const struct subscribers *s)
{
	return &s->cfg[SERVER];
}

struct host *
subscribers_host(struct subscribers *s)
{
	const char *why;

	return host_new(&s->cfg[SERVER], entropy, &s->seed, 0, &why);
}

/* ------------------------------------------------------------------ between them */

static bool
send_on(struct meeting *m, unsigned kind, unsigned end, uint32_t id, const uint8_t *bytes, size_t len)
{
	struct errand *e = malloc(sizeof(*e) + len);

	if (e == NULL)
		return false;
	*e = (struct errand){.kind = kind, .end = end, .id = id, .len = len};
	if (len != 0)
		memcpy(e->bytes, bytes, len);
	*m->last = e;
	m->last = &e->next;
	return true;
}

static bool
install(struct meeting *m, unsigned end, const struct host_out_item *item)
{
	m->ends[end].session_of_bundle[item->bundle] = item->link_values.key.session;
	m->ends[end].bundle_of_session[item->link_values.key.session] = item->bundle;
	return send_on(m, INSTALLED, end, item->link, NULL, 0);
}

static bool
effect(struct meeting *m, unsigned end, const struct host_out_item *item)
{
	struct end *from = &m->ends[end], *to = &m->ends[!end];
	const uint8_t *bytes = m->out->bytes + item->data.at;

	switch ((enum host_out_kind)item->kind) {
	case HOST_OUT_FRAME:
		return send_on(m, FRAME, !end, 0, bytes, item->data.len);
	case HOST_OUT_BUNDLE_PACKET:
		return send_on(m, BUNDLE_PACKET, !end, to->bundle_of_session[from->session_of_bundle[item->bundle]],
			bytes, item->data.len);
	case HOST_OUT_LINK_INSTALL:
		return install(m, end, item);
	case HOST_OUT_EVENT:
		from->links += item->event == HOST_EV_LINK_UP;
		from->families += item->event == HOST_EV_BUNDLE_UP || item->event == HOST_EV_BUNDLE_CHANGED;
		return item->event != HOST_EV_LINK_DOWN; /* nothing may go wrong here */
	default:
		return true;
	}
}

static bool
drain(struct meeting *m, unsigned end)
{
	bool ok = !m->out->overflow;

	for (unsigned i = 0; i < m->out->n && ok; i++)
		ok = effect(m, end, &m->out->items[i]);
	m->out->n = 0;
	m->out->used = 0;
	m->out->overflow = false;
	return ok;
}

static bool
deliver(struct meeting *m)
{
	struct errand *e = m->first;
	struct host *h = m->ends[e->end].host;
	const unsigned end = e->end;

	m->first = e->next;
	if (m->first == NULL)
		m->last = &m->first;
	if (e->kind == FRAME)
		host_frame(h, 0, e->bytes, e->len, m->now_ms, m->out);
	else if (e->kind == BUNDLE_PACKET)
		host_bundle_packet(h, e->id, e->bytes, e->len, m->now_ms, m->out);
	else
		host_installed(h, e->id, true, m->now_ms, m->out);
	free(e);
	return drain(m, end);
}

/* All that is due by now. */
static bool
turn(struct meeting *m)
{
	bool ok = true;

	while (ok && m->first != NULL)
		ok = deliver(m);
	for (unsigned i = 0; i < ENDS && ok; i++)
		if (host_deadline_ms(m->ends[i].host) <= m->now_ms) {
			host_tick(m->ends[i].host, m->now_ms, m->out);
			ok = drain(m, i);
		}
	return ok;
}

static uint64_t
next_ms(const struct meeting *m)
{
	const uint64_t a = host_deadline_ms(m->ends[SERVER].host), b = host_deadline_ms(m->ends[CLIENTS].host);
	const uint64_t at_ms = a < b ? a : b;

	return m->first != NULL || at_ms < m->now_ms ? m->now_ms : at_ms;
}

static bool
run_until(struct meeting *m, uint64_t end_ms)
{
	bool ok = true;

	while (ok && next_ms(m) <= end_ms) {
		m->now_ms = next_ms(m);
		ok = turn(m);
	}
	m->now_ms = end_ms;
	return ok;
}

static bool
all_open(const struct meeting *m, const struct subscribers *s)
{
	return m->ends[SERVER].links == s->n * s->links && m->ends[SERVER].families == 2 * s->n;
}

/* Then they are left alone for a while, so that what was needed only on the way is let go. */
static bool
bring_up(struct meeting *m, const struct subscribers *s)
{
	bool ok = true;

	for (unsigned i = 0; i < ENDS && ok; i++) {
		host_start(m->ends[i].host, m->now_ms, m->out);
		ok = drain(m, i);
	}
	while (ok && !all_open(m, s) && m->now_ms < PATIENCE_MS)
		ok = run_until(m, m->now_ms + 100);
	return ok && all_open(m, s) && run_until(m, m->now_ms + SETTLE_MS) && all_open(m, s);
}

static bool
tables_new(struct end *e, uint32_t bundles)
{
	e->session_of_bundle = calloc(bundles + 1, sizeof(uint32_t));
	e->bundle_of_session = calloc(SESSIONS, sizeof(uint32_t));
	return e->session_of_bundle != NULL && e->bundle_of_session != NULL;
}

bool
subscribers_join(struct subscribers *s, struct host *server)
{
	const char *why;
	struct meeting m = {.out = calloc(1, sizeof(*m.out)), .last = &m.first};
	bool ok = m.out != NULL;

	m.ends[SERVER].host = server;
	m.ends[CLIENTS].host = host_new(&s->cfg[CLIENTS], entropy, &s->seed, 0, &why);
	for (unsigned i = 0; i < ENDS; i++)
		ok &= tables_new(&m.ends[i], s->n);
	ok = ok && m.ends[CLIENTS].host != NULL && bring_up(&m, s);
	for (unsigned i = 0; i < ENDS; i++) {
		free(m.ends[i].session_of_bundle);
		free(m.ends[i].bundle_of_session);
	}
	for (struct errand *e = m.first, *next; e != NULL; e = next) {
		next = e->next;
		free(e);
	}
	host_free(m.ends[CLIENTS].host);
	free(m.out);
	return ok;
}
