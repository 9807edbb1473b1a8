/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/discovery_server.h"

#include <nettle/hmac.h>

void
discovery_server_init(struct discovery_server *s, const struct host_concentrator *cfg, host_random_fn *random,
	void *random_ctx, uint64_t now_ms)
{
	uint8_t keys[2 * AC_COOKIE_KEY_LEN];
	uint64_t seed;

	s->cfg = cfg;
	s->random = random;
	s->random_ctx = random_ctx;
	s->head = s->tail = s->delayed = 0;
	random(random_ctx, keys, sizeof(keys));
	random(random_ctx, s->fingerprint_key, sizeof(s->fingerprint_key));
	random(random_ctx, &seed, sizeof(seed));
	ac_cookie_init(&s->cookie, keys, now_ms);
	rate_limit_init(&s->limit, cfg->limits.padi_per_s, cfg->limits.padi_per_mac_per_s, seed, now_ms);
}

bool
discovery_server_listens(const struct discovery_server *s, uint16_t port, struct vlan_stack vlans)
{
	const struct host_vlans *on = &s->cfg->vlans;
	bool here = false;

	for (unsigned i = 0; i < s->cfg->n_ports; i++)
		here |= s->cfg->ports[i] == port;
	if (!here || on->any)
		return here;
	for (unsigned i = 0; i < on->n; i++)
		if (vlan_stack_equal(on->stacks[i], vlans))
			return true;
	return false;
}

/* ------------------------------------------------------------------ what both requests need */

static void
refresh_cookie(struct discovery_server *s, uint64_t now_ms)
{
	uint8_t keys[2 * AC_COOKIE_KEY_LEN];

	if (!ac_cookie_is_stale(&s->cookie, now_ms))
		return;
	s->random(s->random_ctx, keys, sizeof(keys));
	ac_cookie_rotate(&s->cookie, keys, now_ms);
}

static struct ac_cookie_host
asker(const struct discovery_view *v, const struct discovery_port *p)
{
	return (struct ac_cookie_host){.peer = v->src, .port = p->index, .vlans = v->vlans};
}

/* A blank name asks for any service (RFC 2516 appendix A). */
static bool
serves(const struct discovery_server *s, struct discovery_bytes name)
{
	if (name.len == 0 || s->cfg->any_service)
		return true;
	for (unsigned i = 0; i < s->cfg->n_services; i++)
		if (discovery_bytes_equal(name, s->cfg->services[i]))
			return true;
	return false;
}

/* RFC 4638: what the host asks for, as far as our port carries it. 0: nothing above 1492. */
static uint16_t
max_payload(const struct discovery_server *s, const struct discovery_view *v, const struct discovery_port *p)
{
	const int ours = p->mtu - PPPOE_OVERHEAD;

	if (!s->cfg->max_payload || v->max_payload == 0 || ours <= PPPOE_MRU_MAX)
		return 0;
	return v->max_payload < ours ? v->max_payload : (uint16_t)ours;
}

static void
answer(struct discovery_writer *w, const struct discovery_view *v, const struct discovery_port *p, uint8_t code,
	uint16_t session, struct discovery_frame *out)
{
	discovery_start(w, out, &v->src, &p->mac, v->vlans, code, session);
	discovery_tag_echo(w, PPPOE_TAG_SERVICE_NAME, v->service);
	discovery_tag_echo(w, PPPOE_TAG_HOST_UNIQ, v->host_uniq);
	discovery_tag_echo(w, PPPOE_TAG_RELAY_SESSION_ID, v->relay);
}

/* ------------------------------------------------------------------ delayed PADOs */

/* A frame in the FIFO: header, then its bytes, contiguous. len 0 in the header, or less room than a header, sends the reader
 * back to the start. All wait equally long, so the first in is the first due. */
struct waiting {
	uint64_t due_ms;
	uint16_t port, len;
};

/* Where `need` bytes can be written; UINT32_MAX: full. The tail never catches up with the head: equal means empty. */
static uint32_t
fifo_room(struct discovery_server *s, uint32_t need)
{
	if (s->delayed == 0)
		s->head = s->tail = 0;
	if (s->tail < s->head)
		return need < s->head - s->tail ? s->tail : UINT32_MAX;
	if (need <= sizeof(s->fifo) - s->tail)
		return s->tail;
	if (need >= s->head)
		return UINT32_MAX;
	if (sizeof(s->fifo) - s->tail >= sizeof(struct waiting))
		memset(s->fifo + s->tail, 0, sizeof(struct waiting));
	return 0;
}

static bool
fifo_put(struct discovery_server *s, uint16_t port, uint64_t due_ms, const struct discovery_frame *frame)
{
	const struct waiting w = {.due_ms = due_ms, .port = port, .len = frame->len};
	const uint32_t need = (uint32_t)sizeof(w) + frame->len;
	const uint32_t at = fifo_room(s, need);

	if (at == UINT32_MAX)
		return false;
	memcpy(s->fifo + at, &w, sizeof(w));
	memcpy(s->fifo + at + sizeof(w), frame->bytes, frame->len);
	s->tail = at + need;
	s->delayed++;
	return true;
}

/* The oldest one's header and place. There is one. */
static uint32_t
fifo_first(const struct discovery_server *s, struct waiting *w)
{
	uint32_t at = s->head;

	if (sizeof(s->fifo) - at >= sizeof(*w)) {
		memcpy(w, s->fifo + at, sizeof(*w));
		if (w->len != 0)
			return at;
	}
	at = 0;
	memcpy(w, s->fifo, sizeof(*w));
	return at;
}

bool
discovery_server_tick(struct discovery_server *s, uint64_t now_ms, uint16_t *port, struct discovery_frame *out)
{
	struct waiting w;

	out->len = 0;
	if (s->delayed == 0)
		return false;
	const uint32_t at = fifo_first(s, &w);

	if (w.due_ms > now_ms)
		return false;
	*port = w.port;
	out->len = w.len;
	memcpy(out->bytes, s->fifo + at + sizeof(w), w.len);
	s->head = at + (uint32_t)sizeof(w) + w.len;
	s->delayed--;
	return true;
}

uint64_t
discovery_server_deadline_ms(const struct discovery_server *s)
{
	struct waiting w;

	if (s->delayed == 0)
		return UINT64_MAX;
	fifo_first(s, &w);
	return w.due_ms;
}

/* ------------------------------------------------------------------ PADI */

/* Behind the name that was asked for: all others we offer, the blank one if any is served. */
static void
put_services(const struct discovery_server *s, const struct discovery_view *v, struct discovery_writer *w)
{
	if (s->cfg->any_service && v->service.len != 0)
		discovery_tag_text(w, PPPOE_TAG_SERVICE_NAME, "");
	for (unsigned i = 0; i < s->cfg->n_services; i++)
		if (!discovery_bytes_equal(v->service, s->cfg->services[i]))
			discovery_tag_text(w, PPPOE_TAG_SERVICE_NAME, s->cfg->services[i]);
}

static bool
build_pado(const struct discovery_server *s, const struct discovery_view *v, const struct discovery_port *p,
	struct discovery_frame *out)
{
	const struct ac_cookie_host who = asker(v, p);
	const uint16_t payload = max_payload(s, v, p);
	uint8_t cookie[AC_COOKIE_LEN];
	struct discovery_writer w;

	ac_cookie_store(&s->cookie, &who, cookie);
	answer(&w, v, p, PPPOE_CODE_PADO, 0, out);
	put_services(s, v, &w);
	discovery_tag_text(&w, PPPOE_TAG_AC_NAME, s->cfg->ac_name);
	discovery_tag(&w, PPPOE_TAG_AC_COOKIE, cookie, sizeof(cookie));
	if (payload != 0)
		discovery_tag_u16(&w, PPPOE_TAG_MAX_PAYLOAD, payload);
	return discovery_finish(&w);
}

static enum discovery_verdict
limit_verdict(enum rate_verdict verdict)
{
	switch (verdict) {
	case RATE_OK:
		break;
	case RATE_MAC:
		return DISCOVERY_LIMITED_MAC;
	case RATE_TOTAL:
		return DISCOVERY_LIMITED_TOTAL;
	}
	return DISCOVERY_OK;
}

static enum discovery_verdict
judge_padi(struct discovery_server *s, const struct discovery_view *v, const struct discovery_port *p, uint64_t now_ms)
{
	if (v->code != PPPOE_CODE_PADI)
		return DISCOVERY_UNEXPECTED;
	if (!discovery_server_listens(s, p->index, v->vlans))
		return DISCOVERY_NOT_FOR_US;
	/* What is refused below costs a token, too: it makes work and a line in the log. */
	const enum discovery_verdict limited = limit_verdict(rate_limit_take(&s->limit, &v->src, now_ms));

	if (limited != DISCOVERY_OK)
		return limited;
	if (v->services != 1)
		return DISCOVERY_SERVICE_NAMES;
	if (v->ac_name.len != 0 && !discovery_bytes_equal(v->ac_name, s->cfg->ac_name))
		return DISCOVERY_WRONG_AC; /* asks for another concentrator by name */
	return serves(s, v->service) ? DISCOVERY_OK : DISCOVERY_WRONG_SERVICE;
}

enum discovery_verdict
discovery_server_padi(struct discovery_server *s, const struct discovery_view *v, const struct discovery_port *p,
	uint64_t now_ms, struct discovery_frame *out)
{
	const uint32_t delay_ms = s->cfg->limits.pado_delay_ms;

	out->len = 0;
	const enum discovery_verdict verdict = judge_padi(s, v, p, now_ms);

	if (verdict != DISCOVERY_OK)
		return verdict;
	refresh_cookie(s, now_ms);
	if (!build_pado(s, v, p, out))
		return DISCOVERY_TOO_LARGE;
	if (delay_ms == 0)
		return DISCOVERY_OK;
	const bool kept = fifo_put(s, p->index, now_ms + delay_ms, out);

	out->len = 0;
	return kept ? DISCOVERY_OK : DISCOVERY_DELAY_FULL;
}

/* ------------------------------------------------------------------ PADR */

static void
hash_tag(struct hmac_sha256_ctx *hmac, struct discovery_bytes tag)
{
	const uint8_t head[3] = {tag.at != NULL, (uint8_t)(tag.len >> 8), (uint8_t)tag.len};

	hmac_sha256_update(hmac, sizeof(head), head);
	if (tag.len != 0)
		hmac_sha256_update(hmac, tag.len, tag.at);
}

/* Same request, same fingerprint: a PADR that was sent again finds its session by it. Not the cookie's business: that changes
 * with time. */
static void
fingerprint(const struct discovery_server *s, const struct discovery_view *v, const struct discovery_port *p,
	uint8_t out[DISCOVERY_FINGERPRINT_LEN])
{
	struct hmac_sha256_ctx hmac;
	uint8_t where[ETH_ADDR_LEN + 6];

	memcpy(where, &v->src, ETH_ADDR_LEN);
	store_be16(where + 6, p->index);
	store_be16(where + 8, v->vlans.outer);
	store_be16(where + 10, v->vlans.inner);
	hmac_sha256_set_key(&hmac, sizeof(s->fingerprint_key), s->fingerprint_key);
	hmac_sha256_update(&hmac, sizeof(where), where);
	hash_tag(&hmac, v->service);
	hash_tag(&hmac, v->host_uniq);
	hash_tag(&hmac, v->relay);
	hmac_sha256_digest(&hmac, DISCOVERY_FINGERPRINT_LEN, out);
}

static enum discovery_verdict
judge_padr(const struct discovery_server *s, const struct discovery_view *v, const struct discovery_port *p)
{
	const struct ac_cookie_host who = asker(v, p);

	if (v->code != PPPOE_CODE_PADR)
		return DISCOVERY_UNEXPECTED;
	if (!mac_equal(&v->dst, &p->mac) || !discovery_server_listens(s, p->index, v->vlans))
		return DISCOVERY_NOT_FOR_US;
	if (v->cookie.at == NULL)
		return DISCOVERY_NO_COOKIE;
	if (!ac_cookie_is_valid(&s->cookie, &who, v->cookie.at, v->cookie.len))
		return DISCOVERY_BAD_COOKIE;
	if (v->services != 1)
		return DISCOVERY_SERVICE_NAMES;
	return serves(s, v->service) ? DISCOVERY_OK : DISCOVERY_WRONG_SERVICE;
}

enum discovery_verdict
discovery_server_padr(struct discovery_server *s, const struct discovery_view *v, const struct discovery_port *p,
	uint64_t now_ms, struct discovery_request *req, struct discovery_frame *out)
{
	out->len = 0;
	refresh_cookie(s, now_ms);
	const enum discovery_verdict verdict = judge_padr(s, v, p);

	if (verdict == DISCOVERY_WRONG_SERVICE && s->cfg->wrong_service_error)
		discovery_server_refuse(s, v, p, verdict, out);
	if (verdict != DISCOVERY_OK)
		return verdict;
	memset(req, 0, sizeof(*req));
	fingerprint(s, v, p, req->fingerprint);
	req->max_payload = max_payload(s, v, p);
	discovery_printable(req->service, sizeof(req->service), v->service.at, v->service.len);
	dsl_tags_load(&req->dsl, v);
	/* What cannot be answered must not become a session. */
	discovery_server_pads(s, v, p, req, PPPOE_SESSION_MIN, out);
	const bool fits = out->len != 0;

	out->len = 0;
	return fits ? DISCOVERY_OK : DISCOVERY_TOO_LARGE;
}

static bool
is_full(uint32_t limit, uint32_t used)
{
	return limit != 0 && used >= limit;
}

enum discovery_verdict
discovery_server_admit(const struct discovery_server *s, const struct discovery_usage *usage)
{
	const struct host_limits *l = &s->cfg->limits;

	if (is_full(l->sessions, usage->total))
		return DISCOVERY_FULL_TOTAL;
	if (is_full(l->sessions_per_port, usage->of_port))
		return DISCOVERY_FULL_PORT;
	if (is_full(l->sessions_per_vlan, usage->of_vlan))
		return DISCOVERY_FULL_VLAN;
	if (is_full(l->sessions_per_mac, usage->of_mac))
		return DISCOVERY_FULL_MAC;
	return DISCOVERY_OK;
}

void
discovery_server_pads(const struct discovery_server *s, const struct discovery_view *padr,
	const struct discovery_port *p, const struct discovery_request *req, uint16_t session,
	struct discovery_frame *out)
{
	struct discovery_writer w;

	(void)s;
	answer(&w, padr, p, PPPOE_CODE_PADS, session, out);
	if (req->max_payload != 0)
		discovery_tag_u16(&w, PPPOE_TAG_MAX_PAYLOAD, req->max_payload);
	discovery_finish(&w);
}

void
discovery_server_refuse(const struct discovery_server *s, const struct discovery_view *padr,
	const struct discovery_port *p, enum discovery_verdict why, struct discovery_frame *out)
{
	const uint16_t tag = why == DISCOVERY_WRONG_SERVICE ? PPPOE_TAG_SERVICE_NAME_ERROR : PPPOE_TAG_AC_SYSTEM_ERROR;
	struct discovery_writer w;

	(void)s;
	answer(&w, padr, p, PPPOE_CODE_PADS, 0, out);
	discovery_tag_text(&w, tag, discovery_verdict_text(why));
	discovery_finish(&w);
}
