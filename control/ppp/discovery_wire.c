/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/discovery_wire.h"

const char *
discovery_verdict_text(enum discovery_verdict verdict)
{
	static const char *const texts[] = {
#define V(name, text) [DISCOVERY_##name] = text,
		DISCOVERY_VERDICTS(V)
#undef V
	};

	return (unsigned)verdict < DISCOVERY_VERDICT_COUNT ? texts[verdict] : "?";
}

const char *
discovery_code_name(uint8_t code)
{
	switch (code) {
	case PPPOE_CODE_PADI:
		return "PADI";
	case PPPOE_CODE_PADO:
		return "PADO";
	case PPPOE_CODE_PADR:
		return "PADR";
	case PPPOE_CODE_PADS:
		return "PADS";
	case PPPOE_CODE_PADT:
		return "PADT";
	default:
		return "?";
	}
}

/* ------------------------------------------------------------------ parsing */

static bool
is_broadcast(const struct mac *m)
{
	static const struct mac all = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

	return mac_equal(m, &all);
}

static bool
session_fits(uint8_t code, uint16_t session)
{
	switch (code) {
	case PPPOE_CODE_PADS:
		return true; /* 0 is a refusal; the client judges the rest */
	case PPPOE_CODE_PADT:
		return session >= PPPOE_SESSION_MIN && session <= PPPOE_SESSION_MAX;
	default:
		return session == 0;
	}
}

static void
keep_first(struct discovery_bytes *slot, const struct pppoe_tag *tag)
{
	if (slot->at == NULL)
		*slot = (struct discovery_bytes){.len = tag->len, .at = tag->value};
}

/* Anything but a value above 1492 says nothing that RFC 2516 does not say already (RFC 4638 section 3). */
static void
load_max_payload(struct discovery_view *v, const struct pppoe_tag *tag)
{
	if (tag->len == 2 && load_be16(tag->value) > PPPOE_MRU_MAX && v->max_payload == 0)
		v->max_payload = load_be16(tag->value);
}

static void
load_tag(struct discovery_view *v, const struct pppoe_tag *tag)
{
	switch (tag->type) {
	case PPPOE_TAG_SERVICE_NAME:
		v->services++;
		keep_first(&v->service, tag);
		break;
	case PPPOE_TAG_AC_NAME:
		keep_first(&v->ac_name, tag);
		break;
	case PPPOE_TAG_HOST_UNIQ:
		keep_first(&v->host_uniq, tag);
		break;
	case PPPOE_TAG_AC_COOKIE:
		keep_first(&v->cookie, tag);
		break;
	case PPPOE_TAG_RELAY_SESSION_ID:
		keep_first(&v->relay, tag);
		break;
	case PPPOE_TAG_MAX_PAYLOAD:
		load_max_payload(v, tag);
		break;
	case PPPOE_TAG_SERVICE_NAME_ERROR:
		keep_first(&v->service_error, tag);
		break;
	case PPPOE_TAG_AC_SYSTEM_ERROR:
		keep_first(&v->system_error, tag);
		break;
	case PPPOE_TAG_GENERIC_ERROR:
		keep_first(&v->generic_error, tag);
		break;
	default: /* unknown tags are skipped (RFC 2516 section 4) */
		break;
	}
}

static enum discovery_verdict
parse_tags(struct discovery_view *v)
{
	const uint8_t *at = v->tags;
	struct pppoe_tag tag;

	while (pppoe_tag_next(&at, v->end, &tag))
		load_tag(v, &tag);
	return at == NULL ? DISCOVERY_BAD_TAG : DISCOVERY_OK;
}

static enum discovery_verdict
check_header(const struct discovery_view *v)
{
	switch (v->code) {
	case PPPOE_CODE_PADI:
		if (!is_broadcast(&v->dst))
			return DISCOVERY_BAD_DESTINATION;
		break;
	case PPPOE_CODE_PADO:
	case PPPOE_CODE_PADR:
	case PPPOE_CODE_PADS:
	case PPPOE_CODE_PADT:
		if (mac_is_group(&v->dst))
			return DISCOVERY_BAD_DESTINATION;
		break;
	default:
		return DISCOVERY_BAD_CODE;
	}
	if (mac_is_group(&v->src) || mac_is_zero(&v->src))
		return DISCOVERY_BAD_SOURCE;
	return session_fits(v->code, v->session) ? DISCOVERY_OK : DISCOVERY_BAD_SESSION;
}

static enum discovery_verdict
pppoe_refusal(enum pppoe_verdict verdict)
{
	switch (verdict) {
	case PPPOE_OK:
		return DISCOVERY_OK;
	case PPPOE_SHORT:
		return DISCOVERY_SHORT;
	case PPPOE_BAD_VER:
		return DISCOVERY_BAD_VER;
	case PPPOE_BAD_LENGTH:
		return DISCOVERY_BAD_LENGTH;
	}
	return DISCOVERY_SHORT;
}

enum discovery_verdict
discovery_parse(const uint8_t *frame, size_t len, struct discovery_view *v)
{
	enum discovery_verdict verdict;
	struct pppoe_view pppoe;
	struct eth_view eth;

	if (!eth_parse(frame, len, &eth))
		return DISCOVERY_ETH_BAD;
	if (eth.type != ETHERTYPE_PPPOE_DISCOVERY)
		return DISCOVERY_NOT_DISCOVERY;
	verdict = pppoe_refusal(pppoe_parse(frame + eth.hdr_len, len - eth.hdr_len, &pppoe));
	if (verdict != DISCOVERY_OK)
		return verdict;
	*v = (struct discovery_view){
		.dst = eth.dst,
		.src = eth.src,
		.vlans = eth.vlans,
		.code = pppoe.code,
		.session = pppoe.session,
		.tags = frame + eth.hdr_len + PPPOE_HDR_LEN,
	};
	v->end = v->tags + pppoe.payload_len;
	verdict = check_header(v);
	return verdict != DISCOVERY_OK ? verdict : parse_tags(v);
}

/* ------------------------------------------------------------------ building */

void
discovery_start(struct discovery_writer *w, struct discovery_frame *out, const struct mac *dst, const struct mac *src,
	struct vlan_stack vlans, uint8_t code, uint16_t session)
{
	const bool request = code == PPPOE_CODE_PADI || code == PPPOE_CODE_PADR;

	w->out = out;
	w->hdr = eth_store(out->bytes, dst, src, vlans, ETHERTYPE_PPPOE_DISCOVERY);
	w->at = w->hdr + PPPOE_HDR_LEN;
	w->limit = w->hdr + (request ? DISCOVERY_REQUEST_MAX : DISCOVERY_PACKET_MAX);
	w->overflow = false;
	pppoe_store(out->bytes + w->hdr, code, session, 0);
}

void
discovery_tag(struct discovery_writer *w, uint16_t type, const void *value, size_t len)
{
	if (w->overflow || len > UINT16_MAX || PPPOE_TAG_HDR_LEN + len > w->limit - w->at) {
		w->overflow = true;
		return;
	}
	store_be16(w->out->bytes + w->at, type);
	store_be16(w->out->bytes + w->at + 2, (uint16_t)len);
	if (len != 0)
		memcpy(w->out->bytes + w->at + PPPOE_TAG_HDR_LEN, value, len);
	w->at += PPPOE_TAG_HDR_LEN + len;
}

void
discovery_tag_text(struct discovery_writer *w, uint16_t type, const char *text)
{
	discovery_tag(w, type, text, strlen(text));
}

void
discovery_tag_echo(struct discovery_writer *w, uint16_t type, struct discovery_bytes value)
{
	if (value.at != NULL)
		discovery_tag(w, type, value.at, value.len);
}

void
discovery_tag_u16(struct discovery_writer *w, uint16_t type, uint16_t value)
{
	uint8_t be[2];

	store_be16(be, value);
	discovery_tag(w, type, be, sizeof(be));
}

bool
discovery_finish(struct discovery_writer *w)
{
	struct discovery_frame *out = w->out;

	out->len = 0;
	if (w->overflow)
		return false;
	store_be16(out->bytes + w->hdr + 4, (uint16_t)(w->at - w->hdr - PPPOE_HDR_LEN));
	out->len = (uint16_t)w->at;
	if (out->len < ETH_FRAME_MIN) { /* not every device pads, and what it would pad with is not known */
		memset(out->bytes + out->len, 0, ETH_FRAME_MIN - out->len);
		out->len = ETH_FRAME_MIN;
	}
	return true;
}

/* ------------------------------------------------------------------ PADT */

enum discovery_verdict
discovery_padt_check(const struct discovery_view *v, uint16_t port, const struct host_session_key *key)
{
	if (v->code != PPPOE_CODE_PADT)
		return DISCOVERY_UNEXPECTED;
	if (v->session != key->session || port != key->port || !vlan_stack_equal(v->vlans, key->vlans) ||
		!mac_equal(&v->src, &key->peer) || !mac_equal(&v->dst, &key->local))
		return DISCOVERY_UNKNOWN_SESSION;
	return DISCOVERY_OK;
}

void
discovery_padt_build(struct discovery_frame *out, const struct host_session_key *key, const char *text)
{
	struct discovery_writer w;

	discovery_start(&w, out, &key->peer, &key->local, key->vlans, PPPOE_CODE_PADT, key->session);
	if (text != NULL)
		discovery_tag(&w, PPPOE_TAG_GENERIC_ERROR, text, strnlen(text, DISCOVERY_TEXT_MAX));
	discovery_finish(&w);
}

/* ------------------------------------------------------------------ texts */

bool
discovery_bytes_equal(struct discovery_bytes value, const char *text)
{
	return value.at != NULL && value.len == strlen(text) && memcmp(value.at, text, value.len) == 0;
}

size_t
discovery_printable(char *to, size_t cap, const uint8_t *from, size_t len)
{
	size_t n = 0;

	for (; n < len && n + 1 < cap; n++)
		to[n] = from[n] >= 0x20 && from[n] < 0x7f ? (char)from[n] : '.';
	to[n] = '\0';
	return n;
}
