/* SPDX-License-Identifier: BSD-3-Clause */

/* LCP, IPCP, PAP and CHAP under a script of events: bytes from the peer, answers made of what we sent last (so that a script
 * gets as far as Opened), time, the lower layer, the operator. What must hold after each event is in check(). */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "control/ppp/chap.h"
#include "control/ppp/cp_describe.h"
#include "control/ppp/ipcp.h"
#include "control/ppp/ipv6cp.h"
#include "control/ppp/lcp.h"
#include "control/ppp/pap.h"
#include "dataplane/wire/bytes.h"
#include "dataplane/wire/ppp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x)                  \
	do {                     \
		if (!(x))        \
			abort(); \
	} while (0)

enum { IPV6CP = 6, MACHINES };

struct script {
	const uint8_t *p, *end;
};

/* What is known of a machine from its effects alone. */
struct watched {
	uint16_t proto;
	bool up;
	uint8_t last[CP_PACKET_MAX + 100]; /* last packet sent */
	uint16_t last_len;
};

struct bed {
	struct lcp lcp;
	struct ipcp ipcp;
	struct ipv6cp ipv6cp;
	struct pap pap[2];
	struct chap chap[2];
	struct watched watched[MACHINES];
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

/* ------------------------------------------------------------------ the machines by number */

static void
input(struct bed *b, unsigned m, const uint8_t *p, size_t n, struct outbox *out)
{
	if (m == 0)
		lcp_input(&b->lcp, p, n, b->now_ms, out);
	else if (m == 1)
		ipcp_input(&b->ipcp, p, n, b->now_ms, out);
	else if (m < 4)
		pap_input(&b->pap[m - 2], p, n, b->now_ms, out);
	else if (m == IPV6CP)
		ipv6cp_input(&b->ipv6cp, p, n, b->now_ms, out);
	else if (!chap_is_reflected(&b->chap[m - 4], p, n)) /* as the host looks before it hands over */
		chap_input(&b->chap[m - 4], p, n, b->now_ms, out);
}

static void
tick(struct bed *b, unsigned m, struct outbox *out)
{
	if (m == 0)
		lcp_tick(&b->lcp, b->now_ms, out);
	else if (m == 1)
		ipcp_tick(&b->ipcp, b->now_ms, out);
	else if (m < 4)
		pap_tick(&b->pap[m - 2], b->now_ms, out);
	else if (m == IPV6CP)
		ipv6cp_tick(&b->ipv6cp, b->now_ms, out);
	else
		chap_tick(&b->chap[m - 4], b->now_ms, out);
}

static uint64_t
deadline(const struct bed *b, unsigned m)
{
	if (m == 0)
		return lcp_deadline_ms(&b->lcp);
	if (m == 1)
		return ipcp_deadline_ms(&b->ipcp);
	if (m == IPV6CP)
		return ipv6cp_deadline_ms(&b->ipv6cp);
	return m < 4 ? pap_deadline_ms(&b->pap[m - 2]) : chap_deadline_ms(&b->chap[m - 4]);
}

static void
lower(struct bed *b, unsigned m, bool up, struct outbox *out)
{
	if (m == 0)
		lcp_lower(&b->lcp, up, b->now_ms, out);
	else if (m == 1)
		ipcp_lower(&b->ipcp, up, b->now_ms, out);
	else if (m < 4)
		pap_lower(&b->pap[m - 2], up, b->now_ms, out);
	else if (m == IPV6CP)
		ipv6cp_lower(&b->ipv6cp, up, b->now_ms, out);
	else
		chap_lower(&b->chap[m - 4], up, b->now_ms, out);
}

static void
admin(struct bed *b, unsigned m, bool open, struct outbox *out)
{
	if (m == 0)
		(open ? lcp_open : lcp_close)(&b->lcp, b->now_ms, out);
	else if (m == 1)
		(open ? ipcp_open : ipcp_close)(&b->ipcp, b->now_ms, out);
	else if (m < 4)
		(open ? pap_open : pap_close)(&b->pap[m - 2], b->now_ms, out);
	else if (m == IPV6CP)
		(open ? ipv6cp_open : ipv6cp_close)(&b->ipv6cp, b->now_ms, out);
	else
		(open ? chap_open : chap_close)(&b->chap[m - 4], b->now_ms, out);
}

static void
judge(struct bed *b, unsigned m, bool ok, struct outbox *out)
{
	if (m == IPV6CP)
		return;
	if (m >= 4) {
		chap_check(&b->chap[m - 4], "sesame");
		chap_verdict(&b->chap[m - 4], ok, b->now_ms, out);
		chap_confirm(&b->chap[m - 4], b->now_ms, out);
	} else if (m >= 2) {
		pap_check(&b->pap[m - 2], "sesame");
		pap_verdict(&b->pap[m - 2], ok, b->now_ms, out);
		pap_confirm(&b->pap[m - 2], b->now_ms, out);
	}
}

/* ------------------------------------------------------------------ what must hold */

static void
check_item(struct watched *w, const struct outbox *out, const struct out_item *item)
{
	const uint8_t *p = out->bytes + item->at;

	MUST(item->at + item->len <= out->used);
	switch ((enum out_kind)item->kind) {
	case OUT_SEND:
		MUST(item->proto == w->proto && item->len >= CP_HDR_LEN && item->len <= CP_PACKET_MAX);
		MUST(load_be16(p + 2) == item->len);
		memcpy(w->last, p, item->len);
		w->last_len = item->len;
		break;
	case OUT_LAYER_UP:
		MUST(!w->up);
		w->up = true;
		break;
	case OUT_LAYER_DOWN:
		MUST(w->up);
		w->up = false;
		break;
	case OUT_NOTE:
		MUST(item->len > 1 && memchr(p, 0, item->len) == p + item->len - 1);
		break;
	case OUT_NONE:
	case OUT_LAYER_STARTED:
	case OUT_LAYER_FINISHED:
	case OUT_PROTOCOL_REJECTED:
		break;
	}
}

static void
check(struct bed *b, unsigned m, const struct outbox *out)
{
	struct watched *w = &b->watched[m];
	char line[CP_DESCRIBE_MAX];
	unsigned i;

	MUST(!out->overflow);
	for (i = 0; i < out->n; i++)
		check_item(w, out, &out->items[i]);
	MUST(b->lcp.fsm.state < CP_STATES && b->ipcp.fsm.state < CP_STATES && b->ipv6cp.fsm.state < CP_STATES);
	MUST(m != IPV6CP || w->up == ipv6cp_is_open(&b->ipv6cp));
	MUST(!ipv6cp_is_open(&b->ipv6cp) || ipv6cp_our_id(&b->ipv6cp) != ipv6cp_peer_id(&b->ipv6cp));
	MUST(m > 1 || w->up == (m == 0 ? lcp_is_open(&b->lcp) : ipcp_is_open(&b->ipcp)));
	MUST(!lcp_is_open(&b->lcp) || (lcp_peers(&b->lcp)->mru >= LCP_MRU_MIN && lcp_peers(&b->lcp)->mru <= 1492));
	MUST(cp_describe(w->proto, w->last, w->last_len, line, sizeof(line)) < (int)sizeof(line));
}

/* ------------------------------------------------------------------ events */

/* Our last packet comes back with another code: an Ack of what we asked, or a Nak or Reject of it. */
static void
echo_back(struct bed *b, unsigned m, uint8_t code, struct outbox *out)
{
	uint8_t p[sizeof(b->watched[m].last)];

	memcpy(p, b->watched[m].last, sizeof(p));
	p[0] = code;
	input(b, m, p, b->watched[m].last_len, out);
}

/* Bytes of the script as data of a packet with a right length field. */
static void
framed(struct bed *b, unsigned m, struct script *s, struct outbox *out)
{
	uint8_t p[CP_HDR_LEN + 255];
	const uint8_t *rest;
	size_t n;

	p[0] = take(s);
	p[1] = take(s);
	n = take(s);
	rest = s->p;
	if (n > (size_t)(s->end - rest))
		n = (size_t)(s->end - rest);
	store_be16(p + 2, (uint16_t)(CP_HDR_LEN + n));
	if (n != 0)
		memcpy(p + CP_HDR_LEN, rest, n);
	s->p += n;
	input(b, m, p, CP_HDR_LEN + n, out);
}

static void
raw(struct bed *b, unsigned m, struct script *s, struct outbox *out)
{
	size_t n = take(s);

	if (n > (size_t)(s->end - s->p))
		n = (size_t)(s->end - s->p);
	input(b, m, s->p, n, out);
	s->p += n;
}

static void
pass_time(struct bed *b, unsigned m, uint32_t ms, struct outbox *out)
{
	b->now_ms += ms;
	if (deadline(b, m) > b->now_ms)
		return;
	tick(b, m, out);
	MUST(deadline(b, m) > b->now_ms); /* or its driver would spin */
}

static void
event(struct bed *b, struct script *s)
{
	const uint8_t op = take(s);
	const unsigned m = op % 8 % MACHINES;
	struct outbox out;

	outbox_init(&out);
	switch (op / 8 % 8) {
	case 0:
		raw(b, m, s, &out);
		break;
	case 1:
	case 2:
		framed(b, m, s, &out);
		break;
	case 3:
		echo_back(b, m, CP_CONFIGURE_ACK, &out);
		break;
	case 4:
		echo_back(b, m, take(s), &out);
		break;
	case 5:
		pass_time(b, m, (uint32_t)take(s) * 100, &out);
		break;
	case 6:
		judge(b, m, take(s) % 2 != 0, &out);
		break;
	default:
		if (op & 0x80)
			lower(b, m, (op & 0x40) != 0, &out);
		else
			admin(b, m, (op & 0x40) != 0, &out);
		/* authentication leaves quietly: no effect says that it is down */
		if (m > 1)
			b->watched[m].up = false;
		break;
	}
	check(b, m, &out);
}

static const struct host_lcp policy = {
	.echo_interval_ms = 1000,
	.echo_failures = 3,
	.p_mru = {true, true},
	.p_magic = {true, true},
	.p_mrru = {true, true},
	.p_short_seq = {true, true},
	.p_endpoint = {true, true},
	.p_pfc = {true, true},
	.p_auth = {true, true},
};
static const struct host_multilink multilink = {.enabled = true, .mrru = 1524};
static const struct host_endpoint endpoint = {.class = HOST_EP_LOCAL, .len = 4, .bytes = {1, 2, 3, 4}};

static void
bed_init(struct bed *b)
{
	static const uint16_t protos[MACHINES] = {PPP_LCP, PPP_IPCP, PPP_PAP, PPP_PAP, PPP_CHAP, PPP_CHAP, PPP_IPV6CP};
	const struct lcp_wish lcp = {.lcp = &policy,
		.multilink = &multilink,
		.endpoint = &endpoint,
		.demand = {HOST_AUTH_CHAP_MD5, HOST_AUTH_PAP},
		.accept = {HOST_AUTH_PAP}};
	static const struct ipv6cp_wish ipv6cp = {.id = 5, .p_id = {true, true}};
	static const struct ipcp_wish ipcp = {
		.p_address = {true, true}, .address = 0x0a000001, .dns = {0x0a000003, 0}, .request_dns = true};
	struct outbox out;
	unsigned m;

	memset(b, 0, sizeof(*b));
	lcp_init(&b->lcp, &lcp, fake_random, &b->chance);
	ipcp_init(&b->ipcp, &ipcp, 0x0a000002, &policy.timing);
	ipv6cp_init(&b->ipv6cp, &ipv6cp, &policy.timing, fake_random, &b->chance);
	for (m = 0; m < 2; m++) {
		const struct chap_config chap = {.role = m,
			.algorithm = CHAP_MD5,
			.name = "name",
			.secret = "sesame",
			.timing = &policy.timing,
			.rechallenge_ms = 5000,
			.random = fake_random,
			.random_ctx = &b->chance};

		pap_init(&b->pap[m], m, "name", "sesame", &policy.timing);
		MUST(chap_init(&b->chap[m], &chap));
	}
	for (m = 0; m < MACHINES; m++) {
		b->watched[m].proto = protos[m];
		outbox_init(&out);
		admin(b, m, true, &out);
		check(b, m, &out);
		outbox_init(&out);
		lower(b, m, true, &out);
		check(b, m, &out);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bed bed;
	struct script s = {.p = data, .end = data + size};

	bed_init(&bed);
	while (s.p < s.end)
		event(&bed, &s);
	lcp_fini(&bed.lcp);
	return 0;
}
