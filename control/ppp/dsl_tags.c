/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/dsl_tags.h"

#include <stdlib.h>
#include <string.h>

/* Sub-options (TR-101 appendix A, RFC 4679 section 3.3): type, length, value. */
enum {
	DSL_CIRCUIT_ID = 0x01,
	DSL_REMOTE_ID = 0x02,
	DSL_RATE_UP = 0x81,
	DSL_RATE_DOWN = 0x82,
	DSL_ATTAINABLE_UP = 0x85,
	DSL_ATTAINABLE_DOWN = 0x86,
	DSL_ENCAPSULATION = 0x90,
	DSL_VENDOR_LEN = 4,
	DSL_SUB_HDR_LEN = 2,
	DSL_RATE_LEN = 4,
	DSL_ENCAP_LEN = 3,
};

static void
load_id(struct dsl_tags *t, char id[DSL_ID_MAX], const uint8_t *p, size_t len)
{
	if (len == 0 || len >= DSL_ID_MAX) /* 1 to 63 bytes; of a longer one the beginning is kept */
		t->malformed++;
	if (len != 0)
		discovery_printable(id, DSL_ID_MAX, p, len);
}

static void
load_rate(struct dsl_tags *t, uint32_t *kbps, const uint8_t *p, size_t len)
{
	if (len == DSL_RATE_LEN)
		*kbps = load_be32(p);
	else
		t->malformed++;
}

static void
load_encap(struct dsl_tags *t, const uint8_t *p, size_t len)
{
	if (len != DSL_ENCAP_LEN) {
		t->malformed++;
		return;
	}
	t->has_encap = true;
	t->encap_link = p[0];
	t->encap_1 = p[1];
	t->encap_2 = p[2];
}

static void
load_sub(struct dsl_tags *t, uint8_t type, const uint8_t *p, size_t len)
{
	switch (type) {
	case DSL_CIRCUIT_ID:
		load_id(t, t->circuit_id, p, len);
		break;
	case DSL_REMOTE_ID:
		load_id(t, t->remote_id, p, len);
		break;
	case DSL_RATE_UP:
		load_rate(t, &t->rate_up_kbps, p, len);
		break;
	case DSL_RATE_DOWN:
		load_rate(t, &t->rate_down_kbps, p, len);
		break;
	case DSL_ATTAINABLE_UP:
		load_rate(t, &t->attainable_up_kbps, p, len);
		break;
	case DSL_ATTAINABLE_DOWN:
		load_rate(t, &t->attainable_down_kbps, p, len);
		break;
	case DSL_ENCAPSULATION:
		load_encap(t, p, len);
		break;
	default:
		break;
	}
}

bool
dsl_tags_parse(struct dsl_tags *t, const uint8_t *value, size_t len)
{
	if (len < DSL_VENDOR_LEN || load_be32(value) != DSL_VENDOR_ID)
		return false;
	const uint8_t *p = value + DSL_VENDOR_LEN;

	t->present = true;
	len -= DSL_VENDOR_LEN;
	while (len != 0) {
		if (len < DSL_SUB_HDR_LEN || p[1] > len - DSL_SUB_HDR_LEN) {
			t->malformed++;
			break;
		}
		const size_t step = DSL_SUB_HDR_LEN + (size_t)p[1];

		load_sub(t, p[0], p + DSL_SUB_HDR_LEN, p[1]);
		p += step;
		len -= step;
	}
	return true;
}

void
dsl_tags_load(struct dsl_tags *t, const struct discovery_view *v)
{
	const uint8_t *at = v->tags;
	struct pppoe_tag tag;

	memset(t, 0, sizeof(*t));
	while (pppoe_tag_next(&at, v->end, &tag))
		if (tag.type == PPPOE_TAG_VENDOR)
			dsl_tags_parse(t, tag.value, tag.len);
}

struct dsl_line *
dsl_line_new(const struct dsl_tags *t)
{
	const size_t circuit = strlen(t->circuit_id) + 1, remote = strlen(t->remote_id) + 1;
	struct dsl_line *line = malloc(sizeof(*line) + circuit + remote);

	if (line == NULL)
		return NULL;
	line->rate_up_kbps = t->rate_up_kbps;
	line->rate_down_kbps = t->rate_down_kbps;
	line->remote_at = (uint8_t)circuit;
	memcpy(line->ids, t->circuit_id, circuit);
	memcpy(line->ids + circuit, t->remote_id, remote);
	return line;
}

const char *
dsl_line_circuit_id(const struct dsl_line *line)
{
	return line != NULL ? line->ids : "";
}

const char *
dsl_line_remote_id(const struct dsl_line *line)
{
	return line != NULL ? line->ids + line->remote_at : "";
}

uint32_t
dsl_line_up_kbps(const struct dsl_line *line)
{
	return line != NULL ? line->rate_up_kbps : 0;
}

uint32_t
dsl_line_down_kbps(const struct dsl_line *line)
{
	return line != NULL ? line->rate_down_kbps : 0;
}
