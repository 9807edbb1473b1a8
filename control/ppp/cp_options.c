/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/cp_options.h"

#include <string.h>

#include "dataplane/wire/bytes.h"

bool
cp_option_next(const uint8_t **at, const uint8_t *end, struct cp_option *opt)
{
	const uint8_t *p = *at;

	if (p == NULL || p == end)
		return false;
	if (end - p < CP_OPTION_HDR_LEN || p[1] < CP_OPTION_HDR_LEN || p[1] > end - p) {
		*at = NULL;
		return false;
	}
	opt->type = p[0];
	opt->len = (uint8_t)(p[1] - CP_OPTION_HDR_LEN);
	opt->data = p + CP_OPTION_HDR_LEN;
	*at = p + p[1];
	return true;
}

bool
cp_options_valid(const uint8_t *options, size_t n)
{
	const uint8_t *at = options;
	struct cp_option opt;

	while (cp_option_next(&at, options + n, &opt))
		;
	return at != NULL;
}

bool
cp_options_find(const uint8_t *options, size_t n, uint8_t type, struct cp_option *opt)
{
	const uint8_t *at = options;

	while (cp_option_next(&at, options + n, opt)) {
		if (opt->type == type)
			return true;
	}
	return false;
}

void
cp_put(struct cp_writer *w, uint8_t type, const void *data, size_t len)
{
	if (len > CP_OPTION_DATA_MAX || CP_OPTION_HDR_LEN + len > w->cap - w->len) {
		w->overflow = true;
		return;
	}
	w->buf[w->len] = type;
	w->buf[w->len + 1] = (uint8_t)(CP_OPTION_HDR_LEN + len);
	if (len != 0)
		memcpy(w->buf + w->len + CP_OPTION_HDR_LEN, data, len);
	w->len += CP_OPTION_HDR_LEN + len;
}

void
cp_put_option(struct cp_writer *w, const struct cp_option *opt)
{
	cp_put(w, opt->type, opt->data, opt->len);
}

void
cp_put16(struct cp_writer *w, uint8_t type, uint16_t v)
{
	uint8_t data[2];

	store_be16(data, v);
	cp_put(w, type, data, sizeof(data));
}

void
cp_put32(struct cp_writer *w, uint8_t type, uint32_t v)
{
	uint8_t data[4];

	store_be32(data, v);
	cp_put(w, type, data, sizeof(data));
}
