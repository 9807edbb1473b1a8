/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/dhcp6_wire.h"

#include <string.h>

#include "dataplane/wire/bytes.h"

enum {
	OPTION_HDR = 4,
	IA_HDR = 12,      /* IAID, T1, T2 */
	IA_TA_HDR = 4,    /* IAID */
	ADDRESS_LEN = 24, /* address, preferred, valid; options may follow */
	PREFIX_LEN = 25,  /* preferred, valid, length, prefix; options may follow */
	DUID_TYPE_LL = 3,
	HARDWARE_ETHERNET = 1,
	TRANSACTION_MASK = 0xffffff,
};

/* ------------------------------------------------------------------ reading */

bool
dhcp6_option_next(const uint8_t **at, const uint8_t *end, struct dhcp6_option *opt)
{
	const uint8_t *p = *at;
	const size_t left = (size_t)(end - p);

	if (left < OPTION_HDR || load_be16(p + 2) > left - OPTION_HDR)
		return false;
	*opt = (struct dhcp6_option){.code = load_be16(p), .len = load_be16(p + 2), .data = p + OPTION_HDR};
	*at = p + OPTION_HDR + opt->len;
	return true;
}

/* Whether the options are whole, and those with a fixed part long enough for it. */
static bool
options_are_sound(const uint8_t *p, size_t n)
{
	const uint8_t *at = p, *end = p + n;
	struct dhcp6_option opt;

	while (dhcp6_option_next(&at, end, &opt)) {
		if (opt.code == DHCP6_OPT_PREFIX && (opt.len < PREFIX_LEN || opt.data[8] > 128))
			return false;
		if (opt.code == DHCP6_OPT_ADDRESS && opt.len < ADDRESS_LEN)
			return false;
		if (opt.code == DHCP6_OPT_STATUS && opt.len < 2)
			return false;
	}
	return at == end;
}

static bool
load_duid(const struct dhcp6_option *opt, struct dhcp6_duid *duid)
{
	if (opt->len == 0 || opt->len > DHCP6_DUID_MAX || duid->len != 0)
		return false;
	duid->len = (uint8_t)opt->len;
	memcpy(duid->bytes, opt->data, opt->len);
	return true;
}

static bool
load_ia(const struct dhcp6_option *opt, struct dhcp6_message *m)
{
	const size_t hdr = opt->code == DHCP6_OPT_IA_TA ? IA_TA_HDR : IA_HDR;
	struct dhcp6_ia ia = {.code = opt->code};

	if (opt->len < hdr || !options_are_sound(opt->data + hdr, opt->len - hdr))
		return false;
	ia.iaid = load_be32(opt->data);
	if (hdr == IA_HDR) {
		ia.t1_s = load_be32(opt->data + 4);
		ia.t2_s = load_be32(opt->data + 8);
	}
	ia.options = opt->data + hdr;
	ia.len = opt->len - hdr;
	if (m->n_ia < DHCP6_IA_MAX)
		m->ia[m->n_ia++] = ia;
	return true;
}

static bool
load_request(const struct dhcp6_option *opt, struct dhcp6_message *m)
{
	if (opt->len % 2 != 0)
		return false;
	for (size_t i = 0; i < opt->len; i += 2)
		m->wants_dns |= load_be16(opt->data + i) == DHCP6_OPT_DNS;
	return true;
}

static bool
load_dns(const struct dhcp6_option *opt, struct dhcp6_message *m)
{
	if (opt->len % IP6_ADDR_LEN != 0)
		return false;
	for (size_t i = 0; i < opt->len && m->n_dns < DHCP6_DNS_MAX; i += IP6_ADDR_LEN)
		m->dns[m->n_dns++] = ip_addr_of6(opt->data + i);
	return true;
}

static bool
load_status(const struct dhcp6_option *opt, struct dhcp6_message *m)
{
	if (opt->len < 2)
		return false;
	m->status = load_be16(opt->data);
	return true;
}

static bool
load_option(const struct dhcp6_option *opt, struct dhcp6_message *m)
{
	switch (opt->code) {
	case DHCP6_OPT_CLIENT_ID:
		return load_duid(opt, &m->client);
	case DHCP6_OPT_SERVER_ID:
		return load_duid(opt, &m->server);
	case DHCP6_OPT_IA_NA:
	case DHCP6_OPT_IA_TA:
	case DHCP6_OPT_IA_PD:
		return load_ia(opt, m);
	case DHCP6_OPT_REQUEST:
		return load_request(opt, m);
	case DHCP6_OPT_STATUS:
		return load_status(opt, m);
	case DHCP6_OPT_DNS:
		return load_dns(opt, m);
	case DHCP6_OPT_RAPID_COMMIT:
		m->rapid_commit = true;
		return opt->len == 0;
	default:
		return true;
	}
}

enum dhcp6_verdict
dhcp6_parse(const uint8_t *p, size_t n, struct dhcp6_message *m)
{
	const uint8_t *at = p + DHCP6_HDR_LEN, *end = p + n;
	struct dhcp6_option opt;

	if (n < DHCP6_HDR_LEN)
		return DHCP6_SHORT;
	memset(m, 0, sizeof(*m));
	m->type = p[0];
	m->transaction = load_be32(p) & TRANSACTION_MASK;
	while (dhcp6_option_next(&at, end, &opt))
		if (!load_option(&opt, m))
			return DHCP6_BAD_OPTION;
	return at == end ? DHCP6_OK : DHCP6_BAD_OPTION;
}

static bool
next_of(const struct dhcp6_ia *ia, const uint8_t **at, uint16_t code, struct dhcp6_option *opt)
{
	while (dhcp6_option_next(at, ia->options + ia->len, opt))
		if (opt->code == code)
			return true;
	return false;
}

bool
dhcp6_prefix_next(const struct dhcp6_ia *ia, const uint8_t **at, struct dhcp6_prefix *prefix)
{
	struct dhcp6_option opt;

	if (!next_of(ia, at, DHCP6_OPT_PREFIX, &opt))
		return false;
	*prefix = (struct dhcp6_prefix){
		.preferred_s = load_be32(opt.data),
		.valid_s = load_be32(opt.data + 4),
		.len = opt.data[8],
		.prefix = ip_addr_of6(opt.data + 9),
	};
	return true;
}

uint16_t
dhcp6_ia_status(const struct dhcp6_ia *ia)
{
	const uint8_t *at = ia->options;
	struct dhcp6_option opt;

	return next_of(ia, &at, DHCP6_OPT_STATUS, &opt) ? load_be16(opt.data) : (uint16_t)DHCP6_SUCCESS;
}

bool
dhcp6_address_next(const struct dhcp6_ia *ia, const uint8_t **at, struct ip_addr *address)
{
	struct dhcp6_option opt;

	if (!next_of(ia, at, DHCP6_OPT_ADDRESS, &opt))
		return false;
	*address = ip_addr_of6(opt.data);
	return true;
}

/* ------------------------------------------------------------------ identifiers */

bool
dhcp6_duid_equal(const struct dhcp6_duid *a, const struct dhcp6_duid *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

struct dhcp6_duid
dhcp6_duid_of_mac(const struct mac *mac)
{
	struct dhcp6_duid d = {.len = 4 + ETH_ADDR_LEN, .bytes = {0, DUID_TYPE_LL, 0, HARDWARE_ETHERNET}};

	memcpy(d.bytes + 4, mac, ETH_ADDR_LEN);
	return d;
}

/* ------------------------------------------------------------------ writing */

/* Room for n bytes; NULL: there is none. */
static uint8_t *
room(struct dhcp6_writer *w, size_t n)
{
	uint8_t *at = w->p + w->len;

	if (w->overflow || n > w->cap - w->len) {
		w->overflow = true;
		return NULL;
	}
	w->len += n;
	return at;
}

static uint8_t *
put_option(struct dhcp6_writer *w, uint16_t code, size_t n)
{
	uint8_t *at = room(w, OPTION_HDR + n);

	if (at == NULL)
		return NULL;
	store_be16(at, code);
	store_be16(at + 2, (uint16_t)n);
	return at + OPTION_HDR;
}

void
dhcp6_begin(struct dhcp6_writer *w, uint8_t *p, size_t cap, uint8_t type, uint32_t transaction)
{
	*w = (struct dhcp6_writer){.p = p, .cap = cap};
	uint8_t *at = room(w, DHCP6_HDR_LEN);

	if (at != NULL)
		store_be32(at, (uint32_t)type << 24 | (transaction & TRANSACTION_MASK));
}

void
dhcp6_put(struct dhcp6_writer *w, uint16_t code, const void *data, size_t n)
{
	uint8_t *at = put_option(w, code, n);

	if (at != NULL && n != 0)
		memcpy(at, data, n);
}

void
dhcp6_put_duid(struct dhcp6_writer *w, uint16_t code, const struct dhcp6_duid *duid)
{
	dhcp6_put(w, code, duid->bytes, duid->len);
}

static const char *
status_text(enum dhcp6_status status)
{
	switch (status) {
	case DHCP6_SUCCESS:
		return "done";
	case DHCP6_NO_ADDRESSES:
		return "no addresses here";
	case DHCP6_NO_BINDING:
		return "not known";
	case DHCP6_NOT_ON_LINK:
		return "not of this link";
	case DHCP6_USE_MULTICAST:
		return "use multicast";
	case DHCP6_NO_PREFIX:
		return "no prefix";
	}
	return "";
}

void
dhcp6_put_status(struct dhcp6_writer *w, enum dhcp6_status status)
{
	const char *text = status_text(status);
	const size_t n = strlen(text);
	uint8_t *at = put_option(w, DHCP6_OPT_STATUS, 2 + n);

	if (at == NULL)
		return;
	store_be16(at, (uint16_t)status);
	memcpy(at + 2, text, n);
}

void
dhcp6_put_prefix(struct dhcp6_writer *w, const struct dhcp6_prefix *prefix)
{
	uint8_t *at = put_option(w, DHCP6_OPT_PREFIX, PREFIX_LEN);

	if (at == NULL)
		return;
	store_be32(at, prefix->preferred_s);
	store_be32(at + 4, prefix->valid_s);
	at[8] = prefix->len;
	memcpy(at + 9, prefix->prefix.b, IP6_ADDR_LEN);
}

size_t
dhcp6_ia_begin(struct dhcp6_writer *w, uint16_t code, uint32_t iaid, uint32_t t1_s, uint32_t t2_s)
{
	const size_t begun = w->len;
	uint8_t *at = put_option(w, code, code == DHCP6_OPT_IA_TA ? IA_TA_HDR : IA_HDR);

	if (at == NULL)
		return begun;
	store_be32(at, iaid);
	if (code != DHCP6_OPT_IA_TA) {
		store_be32(at + 4, t1_s);
		store_be32(at + 8, t2_s);
	}
	return begun;
}

/* One that is not whole is not there. */
void
dhcp6_ia_end(struct dhcp6_writer *w, size_t begun)
{
	if (w->overflow)
		w->len = begun;
	else
		store_be16(w->p + begun + 2, (uint16_t)(w->len - begun - OPTION_HDR));
}
