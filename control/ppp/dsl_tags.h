/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_DSL_TAGS_H
#define CONTROL_PPP_DSL_TAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/ppp/discovery_wire.h"

/* What an access node says about the line in the vendor tag of the DSL Forum (TR-101 section 3.9, RFC 4679). */

enum { DSL_VENDOR_ID = 0x00000de9, DSL_ID_MAX = 64 };

struct dsl_tags {
	bool present;
	char circuit_id[DSL_ID_MAX], remote_id[DSL_ID_MAX]; /* printable, zero-terminated */
	uint32_t rate_up_kbps, rate_down_kbps;              /* actual data rates, 0: not said */
	uint32_t attainable_up_kbps, attainable_down_kbps;  /* 0: not said */
	uint8_t encap_link, encap_1, encap_2;               /* access loop encapsulation (sub-option 0x90) as sent */
	bool has_encap;
	unsigned malformed; /* sub-options skipped for a wrong length */
};

/* From all vendor tags of the frame; zero where nothing was said. */
void dsl_tags_load(struct dsl_tags *t, const struct discovery_view *v);
/* One vendor tag's value. False: not the DSL Forum's. */
bool dsl_tags_parse(struct dsl_tags *t, const uint8_t *value, size_t len);

/* What of it is worth keeping, in memory of its own and no more than it needs; free(). */
struct dsl_line {
	uint32_t rate_up_kbps, rate_down_kbps;
	uint8_t remote_at; /* where in ids the remote id begins, behind the circuit id */
	char ids[];
};

/* NULL: no memory. */
struct dsl_line *dsl_line_new(const struct dsl_tags *t);
/* NULL stands for a line of which nothing was said: "" and 0. */
const char *dsl_line_circuit_id(const struct dsl_line *line);
const char *dsl_line_remote_id(const struct dsl_line *line);
uint32_t dsl_line_up_kbps(const struct dsl_line *line);
uint32_t dsl_line_down_kbps(const struct dsl_line *line);

#endif
