/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "control/clock.h"
#include "control/events.h"
#include "control/log.h"

struct kind {
	const char *name;
	enum log_level level;
	bool logged, of_bundle;
};

static const struct kind kinds[] = {
	[HOST_EV_DISCOVERY] = {"discovery", LOG_LEVEL_DEBUG, true, false},
	[HOST_EV_LINK_UP] = {"link-up", LOG_LEVEL_INFO, true, false},
	[HOST_EV_LINK_DOWN] = {"link-down", LOG_LEVEL_INFO, true, false},
	[HOST_EV_LINK_REFUSED] = {"link-refused", LOG_LEVEL_WARNING, true, false},
	[HOST_EV_AUTH] = {"auth", LOG_LEVEL_INFO, true, false},
	[HOST_EV_BUNDLE_UP] = {"bundle-up", LOG_LEVEL_INFO, true, true},
	[HOST_EV_BUNDLE_DOWN] = {"bundle-down", LOG_LEVEL_INFO, true, true},
	[HOST_EV_NOTE] = {"note", LOG_LEVEL_INFO, true, false},
	[HOST_EV_TRACE] = {"trace", LOG_LEVEL_DEBUG, false, false},
};

/* The core's texts begin with whom they are about: "home/line1: ...". "" if this one does not. */
static void
subject(const char *text, char *name, size_t cap)
{
	const size_t n = strcspn(text, ": ");

	name[0] = '\0';
	if (n != 0 && n < cap && text[n] == ':' && text[n + 1] == ' ') {
		memcpy(name, text, n);
		name[n] = '\0';
	}
}

void
report_event(struct control *c, const struct host_out_item *it)
{
	const struct kind *k = &kinds[it->event];
	const char *text = (const char *)c->out->bytes + it->data.at;
	char name[EVENT_NAME_MAX];

	subject(text, name, sizeof(name));
	events_add(c->events, clock_wall_ms(), k->name, k->of_bundle ? "" : name, k->of_bundle ? name : "", text);
	if (k->logged)
		log_line(k->level, "%-12s %s", k->name, text);
}

void
report(struct control *c, const char *kind, const char *link, const char *format, ...)
{
	char text[EVENT_TEXT_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	events_add(c->events, clock_wall_ms(), kind, link, "", text);
	log_info("%-12s %s", kind, text);
}
