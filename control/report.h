/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_REPORT_H
#define CONTROL_REPORT_H

#include "control/control.h"

/* An event of the protocol core: one line in the log, and kept for hawserctl. Decoded frames (trace) are only kept. */
void report_event(struct control *c, const struct host_out_item *it);

/* Whom a text of the core is about; "" if it is about nobody. */
void report_link(const struct host_out_item *it, const char *text, char *name, size_t cap);
void report_bundle(const char *text, char *name, size_t cap);

/* An event of our own. link may be "". */
void report(struct control *c, const char *kind, const char *link, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
