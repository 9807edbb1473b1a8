/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "control/clock.h"
#include "control/event_log.h"
#include "control/events.h"
#include "control/hooks.h"
#include "control/log.h"
#include "control/resolver.h"

struct kind {
	const char *name;
	enum log_level level;
	bool logged;
};

static const struct kind kinds[] = {
	[HOST_EV_DISCOVERY] = {"discovery", LOG_LEVEL_DEBUG, true},
	[HOST_EV_LINK_UP] = {"link-up", LOG_LEVEL_INFO, true},
	[HOST_EV_LINK_DOWN] = {"link-down", LOG_LEVEL_INFO, true},
	[HOST_EV_LINK_REFUSED] = {"link-refused", LOG_LEVEL_WARNING, true},
	[HOST_EV_AUTH] = {"auth", LOG_LEVEL_INFO, true},
	[HOST_EV_BUNDLE_UP] = {"bundle-up", LOG_LEVEL_INFO, true},
	[HOST_EV_BUNDLE_CHANGED] = {"bundle-changed", LOG_LEVEL_INFO, true},
	[HOST_EV_BUNDLE_DOWN] = {"bundle-down", LOG_LEVEL_INFO, true},
	[HOST_EV_LINK_SUSPENDED] = {"link-suspended", LOG_LEVEL_WARNING, true},
	[HOST_EV_LINK_RESUMED] = {"link-resumed", LOG_LEVEL_INFO, true},
	[HOST_EV_NOTE] = {"note", LOG_LEVEL_INFO, true},
	[HOST_EV_TRACE] = {"trace", LOG_LEVEL_DEBUG, false},
};

static void
take(char *name, size_t cap, const char *from, size_t n)
{
	if (n >= cap)
		n = cap - 1;
	memcpy(name, from, n);
	name[n] = '\0';
}

/* The core's texts begin with whom they are about: "home/line1: ...", "7 (user, mac): ...". */
void
report_link(const struct host_out_item *it, const char *text, char *name, size_t cap)
{
	const size_t n = strcspn(text, ": ");

	name[0] = '\0';
	if (it->link != 0 || (memchr(text, '/', n) != NULL && text[n] == ':'))
		take(name, cap, text, n);
}

/* "bundle 3 'user' ..." */
void
report_bundle(const char *text, char *name, size_t cap)
{
	const char *open = strncmp(text, "bundle ", 7) == 0 ? strchr(text, '\'') : NULL;
	const char *close = open != NULL ? strchr(open + 1, '\'') : NULL;

	name[0] = '\0';
	if (close != NULL)
		take(name, cap, open + 1, (size_t)(close - open - 1));
}

/* Programs read it before the next one comes. Decoded frames are for those who asked for the trace. */
static void
tell_programs(struct control *c, const struct event_record *r, bool trace)
{
	if (trace)
		return;
	event_log_write(c, r);
	hooks_event(c, r);
}

void
report_event(struct control *c, const struct host_out_item *it)
{
	const struct kind *k = &kinds[it->event];
	const char *text = (const char *)c->out->bytes + it->data.at;
	char link[EVENT_NAME_MAX] = "", bundle[EVENT_NAME_MAX];
	struct host_facts facts;

	report_bundle(text, bundle, sizeof(bundle));
	if (*bundle == '\0')
		report_link(it, text, link, sizeof(link));
	if (it->data.facts != 0)
		memcpy(&facts, c->out->bytes + it->data.facts, sizeof(facts));
	if (it->data.facts != 0)
		resolver_event(c, (enum host_event_kind)it->event, &facts);
	tell_programs(c,
		events_add(
			c->events, clock_wall_ms(), k->name, link, bundle, text, it->data.facts != 0 ? &facts : NULL),
		it->event == HOST_EV_TRACE);
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
	tell_programs(c, events_add(c->events, clock_wall_ms(), kind, link, "", text, NULL), false);
	log_info("%-12s %s", kind, text);
}
