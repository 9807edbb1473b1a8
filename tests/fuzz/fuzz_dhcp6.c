/* SPDX-License-Identifier: BSD-3-Clause */

/* What a peer may send over IPv6 of its link: DHCPv6 to a server and to a client under a script of messages and time, router messages, UDP.
 * What must hold after each is in check() and check_client(). */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "control/ppp/dhcp6_client.h"
#include "control/ppp/dhcp6_server.h"
#include "dataplane/wire/bytes.h"
#include "dataplane/wire/ra.h"
#include "dataplane/wire/udp6.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x)                  \
	do {                     \
		if (!(x))        \
			abort(); \
	} while (0)

struct script {
	const uint8_t *p, *end;
};

struct bed {
	struct dhcp6_server server;
	struct dhcp6_server_config cfg;
	struct dhcp6_link link;
	struct dhcp6_client client;
	struct dhcp6_client_config client_cfg;
	uint64_t now_ms, chance;
};

static void
fake_random(void *ctx, void *buf, size_t n)
{
	uint64_t *state = ctx;
	uint8_t *p = buf;

	while (n-- != 0) {
		*state = *state * 6364136223846793005u + 1442695040888963407u;
		*p++ = (uint8_t)(*state >> 56);
	}
}

static uint8_t
take(struct script *s)
{
	return s->p < s->end ? *s->p++ : 0;
}

static size_t
take_length(struct script *s)
{
	const size_t n = take(s), left = (size_t)(s->end - s->p);

	return n < left ? n : left;
}

/* ------------------------------------------------------------------ what must hold */

/* An answer is well-formed, has the transaction of what was asked, and grants our prefix or none. */
static void
check(const struct bed *b, const struct dhcp6_message *m, const struct dhcp6_writer *w)
{
	struct dhcp6_message answer;
	struct dhcp6_prefix prefix;

	MUST(!w->overflow && w->len <= DHCP6_MESSAGE_MAX);
	MUST(dhcp6_parse(w->p, w->len, &answer) == DHCP6_OK);
	MUST(answer.type == DHCP6_REPLY || answer.type == DHCP6_ADVERTISE);
	MUST(answer.transaction == m->transaction && answer.n_ia <= m->n_ia);
	MUST(dhcp6_duid_equal(&answer.server, &b->cfg.duid) && dhcp6_duid_equal(&answer.client, &m->client));
	for (unsigned i = 0; i < answer.n_ia; i++) {
		const uint8_t *at = answer.ia[i].options;

		while (answer.ia[i].code == DHCP6_OPT_IA_PD && dhcp6_prefix_next(&answer.ia[i], &at, &prefix))
			MUST(prefix.valid_s == 0 ||
				(prefix.len == b->link.prefix_len && ip_addr_equal(&prefix.prefix, &b->link.prefix)));
	}
	MUST(!b->server.bound || b->server.until_ms > b->now_ms);
}

static void
input(struct bed *b, const uint8_t *p, size_t n)
{
	uint8_t out[DHCP6_MESSAGE_MAX];
	struct dhcp6_message m;
	struct dhcp6_writer w;

	if (dhcp6_parse(p, n, &m) != DHCP6_OK)
		return;
	const bool wants = dhcp6_server_wants_prefix(&m), was = b->server.bound;

	if (dhcp6_server_input(&b->server, &b->cfg, &b->link, &m, b->now_ms, &w, out, sizeof(out)))
		check(b, &m, &w);
	MUST(wants || was || !b->server.bound);
}

/* ------------------------------------------------------------------ the client */

/* A lease is usable, and time does not stand still. */
static void
check_client(const struct bed *b)
{
	const struct dhcp6_lease *lease = &b->client.lease;

	MUST(lease->prefix.len <= 64 && lease->n_dns <= HOST_DNS6_MAX);
	MUST(b->client.state < DHCP6_BOUND || lease->prefix.len != 0);
	MUST(b->client.state != DHCP6_SOLICITING || lease->prefix.len == 0);
	MUST(lease->prefix.len == 0 || lease->preferred_until_ms <= lease->valid_until_ms);
}

/* All that is due; what is sent goes to the server, and its answer back, if the script wants it. */
static void
client_turn(struct bed *b, bool answered)
{
	uint8_t sent[DHCP6_MESSAGE_MAX], out[DHCP6_MESSAGE_MAX];
	struct dhcp6_writer w, answer;
	struct dhcp6_message m;

	for (unsigned i = 0; dhcp6_client_deadline_ms(&b->client) <= b->now_ms; i++) {
		MUST(i < 8); /* or its driver would spin */
		if (!dhcp6_client_tick(&b->client, b->now_ms, &w, sent, sizeof(sent)))
			continue;
		MUST(!w.overflow && dhcp6_parse(sent, w.len, &m) == DHCP6_OK);
		if (answered &&
			dhcp6_server_input(&b->server, &b->cfg, &b->link, &m, b->now_ms, &answer, out, sizeof(out))) {
			check(b, &m, &answer);
			dhcp6_client_input(&b->client, out, answer.len, b->now_ms);
		}
		check_client(b);
	}
}

/* A message with the transaction that is expected, to the client that expects it; the rest is the script's. */
static void
to_client(struct bed *b, struct script *s)
{
	const uint8_t how = take(s);
	uint8_t bytes[600];
	struct dhcp6_writer w;

	dhcp6_begin(&w, bytes, sizeof(bytes), how & 1 ? DHCP6_REPLY : DHCP6_ADVERTISE, b->client.transaction);
	dhcp6_put_duid(&w, DHCP6_OPT_CLIENT_ID, &b->client_cfg.duid);
	dhcp6_put_duid(&w, DHCP6_OPT_SERVER_ID, how & 2 ? &b->cfg.duid : &b->client.server);
	if (how & 4)
		dhcp6_put(&w, DHCP6_OPT_RAPID_COMMIT, NULL, 0);
	const size_t ia = dhcp6_ia_begin(&w, DHCP6_OPT_IA_PD, b->client_cfg.iaid, take(s), take(s));
	const struct dhcp6_prefix prefix = {take(s), take(s), take(s) % 129, {{take(s), 1}}};

	if (how & 8)
		dhcp6_put_prefix(&w, &prefix);
	if (how & 16)
		dhcp6_put_status(&w, (enum dhcp6_status)(how >> 5));
	dhcp6_ia_end(&w, ia);
	const size_t n = take_length(s);

	memcpy(bytes + w.len, s->p, n);
	s->p += n;
	dhcp6_client_input(&b->client, bytes, w.len + n, b->now_ms);
	check_client(b);
	client_turn(b, false);
}

/* ------------------------------------------------------------------ events */

static void
raw(struct bed *b, struct script *s)
{
	const size_t n = take_length(s);

	input(b, s->p, n);
	s->p += n;
}

/* A message that names who must be named, with options of the script. */
static void
addressed(struct bed *b, struct script *s)
{
	const uint8_t how = take(s);
	struct dhcp6_duid client = {.len = 4, .bytes = {0, 2, 0, (uint8_t)(how >> 4 & 3)}};
	uint8_t bytes[600];
	struct dhcp6_writer w;

	dhcp6_begin(&w, bytes, sizeof(bytes), take(s) % 13, how);
	if (how & 1)
		dhcp6_put_duid(&w, DHCP6_OPT_CLIENT_ID, &client);
	if (how & 2)
		dhcp6_put_duid(&w, DHCP6_OPT_SERVER_ID, &b->cfg.duid);
	const size_t ia = dhcp6_ia_begin(&w, how & 4 ? DHCP6_OPT_IA_PD : DHCP6_OPT_IA_NA, how >> 6, 0, 0);
	const struct dhcp6_prefix prefix = {.valid_s = 1, .len = 56, .prefix = b->link.prefix};

	if (how & 8)
		dhcp6_put_prefix(&w, &prefix);
	dhcp6_ia_end(&w, ia);
	const size_t n = take_length(s);

	memcpy(bytes + w.len, s->p, n);
	s->p += n;
	input(b, bytes, w.len + n);
}

static void
packets(struct script *s)
{
	const size_t n = take_length(s);
	struct udp6_view udp;
	struct rs_view rs;
	struct ra_view ra;

	if (ra_parse(s->p, n, &ra) == ND_OK)
		MUST(ra.prefix.len <= 128 && ra.n_dns <= RA_DNS_MAX);
	if (rs_parse(s->p, n, &rs) == ND_OK)
		MUST(rs.src >= s->p && rs.src + IP6_ADDR_LEN <= s->p + n);
	if (udp6_parse(s->p, n, &udp) == UDP6_OK)
		MUST(udp.data >= s->p && udp.data + udp.len <= s->p + n);
	s->p += n;
}

static void
event(struct bed *b, struct script *s)
{
	switch (take(s) % 8) {
	case 0:
		raw(b, s);
		break;
	case 1:
	case 2:
		addressed(b, s);
		break;
	case 3:
		packets(s);
		break;
	case 4:
		b->now_ms += (uint64_t)take(s) * 100 * 1000;
		dhcp6_server_tick(&b->server, b->now_ms);
		MUST(dhcp6_server_deadline_ms(&b->server) > b->now_ms);
		break;
	case 5:
		to_client(b, s);
		break;
	case 6:
		b->now_ms += (uint64_t)take(s) * 10 * 1000;
		client_turn(b, take(s) % 4 != 0);
		break;
	default:
		b->link.unicast = take(s) % 8 == 0;
		b->link.prefix_len = take(s) % 8 == 0 ? 0 : 56;
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script s = {.p = data, .end = data + size};
	struct bed b = {
		.cfg = {.duid = {.len = 4, .bytes = {0, 3, 0, 1}}, .n_dns = 1, .preferred_s = 60, .valid_s = 120},
		.link = {.prefix = {{0x20, 0x01, 0x0d, 0xb8}}, .prefix_len = 56, .on_link_len = 64},
	};

	b.client_cfg = (struct dhcp6_client_config){
		.duid = {.len = 4, .bytes = {0, 2, 0, 9}}, .iaid = 1, .random = fake_random, .random_ctx = &b.chance};
	dhcp6_client_start(&b.client, &b.client_cfg, 0);
	while (s.p < s.end)
		event(&b, &s);
	return 0;
}
