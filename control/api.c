/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/api.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/apply.h"
#include "control/clock.h"
#include "control/log.h"
#include "control/loop.h"
#include "control/report.h"
#include "control/show.h"

enum { BODY_MAX = 4096, HEADERS_MAX = 8192, IDLE_S = 90, EVENTS_A_REPLY = 500, TARGET_MAX = 512, BACKLOG = 64 };

/* All come to us, so that those we refuse get JSON too. */
#define METHODS                                                                                    \
	(EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | \
		EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE | EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH)

/* What a request wants; those with counters or events may have to wait for them. */
enum wish { WISH_LINKS, WISH_BUNDLES, WISH_EXPLAIN, WISH_EVENTS };

/* Each may do what the ones before it may. */
enum role { ROLE_STRANGER, ROLE_VIEWER, ROLE_OPERATOR };

enum { NO_GROUP = -1 }; /* chown() leaves the group with it; nobody is in it */

struct waiting {
	struct evhttp_request *req; /* NULL: free */
	enum wish wish;
	enum role role;
	unsigned from, limit;
	uint64_t after;
	uint64_t deadline_ms;
	struct apply_mark mark;
	char name[HOST_NAME_MAX];
};

struct api {
	int fd;
	struct evhttp *http;
	struct sockaddr_un address;
	gid_t operators, viewers; /* NO_GROUP: root and ourselves only; nobody */
	struct waiting waiting[API_WAITING_MAX];
};

/* ------------------------------------------------------------------ socket */

static int
open_to_group(const char *path, gid_t group)
{
	if (group == (gid_t)NO_GROUP)
		return 0;
	return chown(path, (uid_t)-1, group) == 0 ? chmod(path, 0660) : -1;
}

static int
listen_at(const struct sockaddr_un *sa, gid_t group)
{
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* Never open to others, not even between bind and chmod. */
	const mode_t mask = umask(0177);
	int ret = fd < 0 ? -1 : bind(fd, (const struct sockaddr *)sa, sizeof(*sa));

	umask(mask);
	if (ret == 0)
		ret = open_to_group(sa->sun_path, group);
	if (ret == 0)
		ret = listen(fd, BACKLOG);
	if (ret != 0 && fd >= 0) {
		const int saved = errno;

		close(fd);
		errno = saved;
	}
	return ret == 0 ? fd : -1;
}

/* A socket file that nobody listens on was left by a process that was killed. */
static bool
somebody_listens(const struct sockaddr_un *sa)
{
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const bool yes = fd >= 0 && (connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) == 0 || errno == EAGAIN);

	if (fd >= 0)
		close(fd);
	return yes;
}

/* /run/hawser is ours to make; what lies above it is not. */
static void
make_parent(const char *path)
{
	char dir[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash != NULL && slash != dir) {
		*slash = '\0';
		(void)mkdir(dir, 0755);
	}
}

static int
open_socket(const struct sockaddr_un *sa, gid_t group, const char **why)
{
	struct stat st;
	int fd;

	make_parent(sa->sun_path);
	if (lstat(sa->sun_path, &st) == 0) {
		if (!S_ISSOCK(st.st_mode) || somebody_listens(sa)) {
			*why = S_ISSOCK(st.st_mode) ? "another process listens on it" : "it exists and is no socket";
			return -1;
		}
		unlink(sa->sun_path);
	}
	fd = listen_at(sa, group);
	if (fd < 0)
		*why = strerror(errno);
	return fd;
}

/* The machine's number of a group that is configured. */
static bool
find_group(char *const *name, gid_t *group, char *const **field, const char **why)
{
	const struct group *g = *name != NULL ? getgrnam(*name) : NULL;

	*group = g != NULL ? g->gr_gid : (gid_t)NO_GROUP;
	if (*name == NULL || g != NULL)
		return true;
	*field = name;
	*why = "there is no such group on this machine";
	return false;
}

static bool
open_all(struct api *a, const struct config_process *p, char *const **field, const char **why)
{
	const char *path = p->control_socket;

	if (!find_group(&p->operator_group, &a->operators, field, why) ||
		!find_group(&p->viewer_group, &a->viewers, field, why))
		return false;
	*field = &p->control_socket;
	*why = "the path is too long for a socket";
	a->address.sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(a->address.sun_path))
		return false;
	memcpy(a->address.sun_path, path, strlen(path) + 1);
	a->fd = open_socket(&a->address, a->viewers != (gid_t)NO_GROUP ? a->viewers : a->operators, why);
	return a->fd >= 0;
}

struct api *
api_open(const struct config_process *p, char *const **field, const char **why)
{
	struct api *a = calloc(1, sizeof(*a));

	*field = &p->control_socket;
	*why = strerror(ENOMEM);
	if (a != NULL && open_all(a, p, field, why))
		return a;
	free(a);
	return NULL;
}

void
api_close(struct api *a)
{
	if (a == NULL)
		return;
	if (a->http != NULL)
		evhttp_free(a->http); /* closes the socket */
	else
		close(a->fd);
	unlink(a->address.sun_path);
	free(a);
}

/* ------------------------------------------------------------------ answers */

static void
answer(struct evhttp_request *req, int status, json_t *body)
{
	char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
	struct evbuffer *buf = evbuffer_new();

	json_decref(body);
	if (text == NULL || buf == NULL) {
		evhttp_send_error(req, HTTP_INTERNAL, "out of memory");
	} else {
		evhttp_add_header(evhttp_request_get_output_headers(req), "Content-Type", "application/json");
		evbuffer_add_printf(buf, "%s\n", text);
		evhttp_send_reply(req, status, NULL, buf);
	}
	if (buf != NULL)
		evbuffer_free(buf);
	free(text);
}

static void
answer_error(struct evhttp_request *req, int status, const char *text)
{
	answer(req, status, json_pack("{s:s}", "error", text));
}

/* {"links": [...], "clock_us": N}, and "next" when there may be more. */
static json_t *
wrapped(const char *key, json_t *list)
{
	json_t *o = json_object();

	json_object_set_new(o, key, list);
	json_object_set_new(o, "clock_us", json_integer((json_int_t)clock_us()));
	return o;
}

static json_t *
page(const char *key, json_t *list, unsigned next, unsigned limit)
{
	const bool more = json_array_size(list) == limit;
	json_t *o = wrapped(key, list);

	if (more)
		json_object_set_new(o, "next", json_integer(next));
	return o;
}

static json_t *
events_json(struct control *c, uint64_t after)
{
	json_t *list = json_array();
	const struct event_record *e;
	const uint64_t first = after;
	uint64_t missed = 0;

	for (unsigned n = 0; n < EVENTS_A_REPLY && (e = events_next(c->events, after)) != NULL; n++) {
		if (n == 0)
			missed = e->seq - first - 1;
		json_array_append_new(list, show_event(c, e));
		after = e->seq;
	}
	return json_pack("{s:o,s:I,s:I}", "events", list, "next", (json_int_t)after, "missed", (json_int_t)missed);
}

static void
answer_explain(struct control *c, struct evhttp_request *req, const char *name)
{
	json_t *link = show_link(c, name);

	if (json_is_object(link))
		answer(req, HTTP_OK, link);
	else
		answer_error(req, HTTP_NOTFOUND, "no link of that name");
}

static void
fulfil(struct control *c, struct evhttp_request *req, const struct waiting *w)
{
	unsigned cursor = w->from;
	json_t *list;

	switch (w->wish) {
	case WISH_LINKS:
		list = show_links(c, &cursor, w->limit);
		answer(req, HTTP_OK, page("links", list, cursor, w->limit));
		return;
	case WISH_BUNDLES:
		list = show_bundles(c, &cursor, w->limit);
		answer(req, HTTP_OK, page("bundles", list, cursor, w->limit));
		return;
	case WISH_EXPLAIN:
		answer_explain(c, req, w->name);
		return;
	case WISH_EVENTS:
		answer(req, HTTP_OK, events_json(c, w->after));
		return;
	}
}

/* ------------------------------------------------------------------ waiting */

/* The peer hung up before his answer was ready; evhttp frees the request. */
static void
on_close(struct evhttp_connection *conn, void *ctx)
{
	struct waiting *w = ctx;

	(void)conn;
	w->req = NULL;
}

static bool
is_ready(const struct control *c, const struct waiting *w, uint64_t now_ms)
{
	if (now_ms >= w->deadline_ms)
		return true;
	if (w->wish == WISH_EVENTS)
		return events_last(c->events) > w->after;
	return apply_passed(c, &w->mark);
}

static void
finish(struct control *c, struct waiting *w)
{
	struct evhttp_request *req = w->req;

	evhttp_connection_set_closecb(evhttp_request_get_connection(req), NULL, NULL);
	w->req = NULL;
	fulfil(c, req, w);
}

/* evhttp does not read while an answer is due, and so does not notice. */
static bool
hung_up(const struct waiting *w)
{
	struct bufferevent *bev = evhttp_connection_get_bufferevent(evhttp_request_get_connection(w->req));
	struct pollfd p = {.fd = bufferevent_getfd(bev)};

	return poll(&p, 1, 0) == 1 && (p.revents & POLLHUP) != 0;
}

/* NULL: as many wait as may. Those who hung up make room. Viewers leave some to operators. */
static struct waiting *
waiting_room(struct control *c, enum role role)
{
	const unsigned n = role == ROLE_OPERATOR ? API_WAITING_MAX : API_WAITING_VIEWERS;
	struct waiting *room = NULL;

	for (unsigned i = 0; i < n; i++)
		if (c->api->waiting[API_WAITING_MAX - 1 - i].req == NULL)
			return &c->api->waiting[API_WAITING_MAX - 1 - i];
	for (unsigned i = API_WAITING_MAX - n; i < API_WAITING_MAX; i++) {
		struct waiting *w = &c->api->waiting[i];

		if (hung_up(w)) {
			finish(c, w);
			room = w;
		}
	}
	return room;
}

static void
wait_or_answer(struct control *c, struct evhttp_request *req, struct waiting *w, uint64_t now_ms)
{
	struct waiting *room;

	if (is_ready(c, w, now_ms)) {
		fulfil(c, req, w);
		return;
	}
	room = waiting_room(c, w->role);
	if (room != NULL) {
		w->req = req;
		*room = *w;
		evhttp_connection_set_closecb(evhttp_request_get_connection(req), on_close, room);
		loop_wake(c);
	} else if (w->wish == WISH_EVENTS) {
		answer_error(req, HTTP_SERVUNAVAIL, "too many requests are waiting");
	} else {
		fulfil(c, req, w);
	}
}

void
api_tick(struct control *c, uint64_t now_ms)
{
	for (unsigned i = 0; i < API_WAITING_MAX; i++)
		if (c->api->waiting[i].req != NULL && is_ready(c, &c->api->waiting[i], now_ms))
			finish(c, &c->api->waiting[i]);
}

uint64_t
api_deadline_ms(const struct control *c)
{
	uint64_t due = UINT64_MAX;

	for (unsigned i = 0; i < API_WAITING_MAX; i++)
		if (c->api->waiting[i].req != NULL && c->api->waiting[i].deadline_ms < due)
			due = c->api->waiting[i].deadline_ms;
	return due;
}

/* ------------------------------------------------------------------ requests */

struct request {
	struct control *c;
	struct evhttp_request *req;
	struct evkeyvalq query;
	enum role role;
	char path[TARGET_MAX]; /* decoded, without the leading slash */
	uint64_t now_ms;
	bool bad; /* a number in the query is none */
};

static uint64_t
query_number(struct request *r, const char *key, uint64_t otherwise, uint64_t most)
{
	const char *text = evhttp_find_header(&r->query, key);
	char *end;

	if (text == NULL)
		return otherwise;
	const unsigned long long v = strtoull(text, &end, 10);

	r->bad |= *text < '0' || *text > '9' || *end != '\0';
	return v > most ? most : v;
}

static void
wait_if_good(struct request *r, struct waiting *w)
{
	w->role = r->role;
	if (r->bad)
		answer_error(r->req, HTTP_BADREQUEST, "the query wants whole numbers");
	else
		wait_or_answer(r->c, r->req, w, r->now_ms);
}

/* Fresh counters of the bundles that the page will show. */
static void
refresh_links(struct request *r, unsigned from, unsigned limit)
{
	struct host_link_info info;

	while (limit-- > 0 && host_link_next(r->c->host, &from, &info))
		if (info.bundle != 0)
			apply_snapshot(r->c, info.bundle, r->now_ms, API_SNAPSHOT_AGE_MS);
}

static void
refresh_bundles(struct request *r, unsigned from, unsigned limit)
{
	struct host_bundle_info info;

	while (limit-- > 0 && host_bundle_next(r->c->host, &from, &info))
		apply_snapshot(r->c, info.id, r->now_ms, API_SNAPSHOT_AGE_MS);
}

static void
get_counted(struct request *r, enum wish wish)
{
	struct waiting w = {.wish = wish, .deadline_ms = r->now_ms + API_SNAPSHOT_MS};
	const char *name = evhttp_find_header(&r->query, "link");

	w.from = (unsigned)query_number(r, "from", 0, UINT32_MAX);
	w.limit = (unsigned)query_number(r, "limit", API_PAGE_MAX, API_PAGE_MAX);
	r->bad |= w.limit == 0;
	if (wish == WISH_EXPLAIN)
		snprintf(w.name, sizeof(w.name), "%s", name != NULL ? name : "");
	else if (wish == WISH_BUNDLES)
		refresh_bundles(r, w.from, w.limit);
	else
		refresh_links(r, w.from, w.limit);
	w.mark = apply_mark(r->c);
	wait_if_good(r, &w);
}

static void
get_links(struct request *r)
{
	get_counted(r, WISH_LINKS);
}

static void
get_bundles(struct request *r)
{
	get_counted(r, WISH_BUNDLES);
}

static void
get_explain(struct request *r)
{
	if (evhttp_find_header(&r->query, "link") == NULL)
		answer_error(r->req, HTTP_BADREQUEST, "say which: /explain?link=NAME");
	else
		get_counted(r, WISH_EXPLAIN);
}

static void
get_events(struct request *r)
{
	const uint64_t last = events_last(r->c->events);
	struct waiting w = {.wish = WISH_EVENTS};

	/* Without a number: what is kept of the past. Beyond the last one: a former process's number. */
	w.after = query_number(r, "after", 0, UINT64_MAX);
	if (w.after > last)
		w.after = last;
	w.deadline_ms = r->now_ms + query_number(r, "wait", 0, API_WAIT_MAX_MS / 1000) * 1000;
	wait_if_good(r, &w);
}

static void
get_ports(struct request *r)
{
	answer(r->req, HTTP_OK, wrapped("ports", show_ports(r->c)));
}

static void
get_workers(struct request *r)
{
	answer(r->req, HTTP_OK, wrapped("workers", show_workers(r->c)));
}

static void
get_drops(struct request *r)
{
	answer(r->req, HTTP_OK, wrapped("drops", show_drops(r->c)));
}

static void
get_neighbours(struct request *r)
{
	answer(r->req, HTTP_OK, wrapped("neighbours", show_neighbours(r->c)));
}

static void
get_counters(struct request *r)
{
	answer(r->req, HTTP_OK, show_counters(r->c));
}

static void
get_config(struct request *r)
{
	answer(r->req, HTTP_OK, show_config(r->c));
}

static void
get_version(struct request *r)
{
	answer(r->req, HTTP_OK, show_version(r->c));
}

static const struct {
	const char *path;
	void (*get)(struct request *r);
} gets[] = {
	{"links", get_links},
	{"bundles", get_bundles},
	{"explain", get_explain},
	{"events", get_events},
	{"ports", get_ports},
	{"workers", get_workers},
	{"drops", get_drops},
	{"neighbours", get_neighbours},
	{"counters", get_counters},
	{"config", get_config},
	{"version", get_version},
};

static void
do_get(struct request *r)
{
	for (unsigned i = 0; i < sizeof(gets) / sizeof(gets[0]); i++) {
		if (strcmp(gets[i].path, r->path) == 0) {
			gets[i].get(r);
			return;
		}
	}
	answer_error(r->req, HTTP_NOTFOUND, "no such path");
}

static void
link_admin(struct request *r, const char *name, bool up)
{
	int ret;

	if (apply_congested(r->c)) {
		answer_error(r->req, HTTP_SERVUNAVAIL, "busy, try again");
		return;
	}
	ret = host_link_admin(r->c->host, name, up, r->now_ms, r->c->out);
	apply_effects(r->c);
	loop_wake(r->c);
	if (ret == -ENOENT) {
		answer_error(r->req, HTTP_NOTFOUND, "no link of that name");
	} else if (ret < 0) {
		answer_error(r->req, 409, "a concentrator's session can only be taken down: its client dials");
	} else {
		report(r->c, up ? "operator-up" : "operator-down", name, "%s: taken %s by the operator", name,
			up ? "up" : "down");
		answer(r->req, HTTP_OK, json_pack("{s:s,s:b}", "link", name, "up", up));
	}
}

static void
trace(struct request *r, const char *name)
{
	const bool on = query_number(r, "on", 1, 1) != 0;
	const int ret = r->bad ? -EINVAL : host_trace(r->c->host, name, on);

	if (r->bad)
		answer_error(r->req, HTTP_BADREQUEST, "the query wants whole numbers");
	else if (ret < 0)
		answer_error(r->req, HTTP_NOTFOUND, "no link of that name");
	else
		answer(r->req, HTTP_OK,
			json_pack("{s:s,s:b,s:I}", "link", name, "trace", on, "next",
				(json_int_t)events_last(r->c->events)));
}

/* Takes the end off the path. */
static bool
ends_with(char *path, const char *end)
{
	const size_t n = strlen(path), m = strlen(end);

	if (n <= m || strcmp(path + n - m, end) != 0)
		return false;
	path[n - m] = '\0';
	return true;
}

static void
do_post(struct request *r)
{
	if (r->role != ROLE_OPERATOR) {
		answer_error(
			r->req, 403, "you may look, but not steer: operator_group may, root and the daemon's own user");
		return;
	}
	if (strncmp(r->path, "links/", 6) == 0) {
		const bool up = ends_with(r->path + 6, "/up");

		if (up || ends_with(r->path + 6, "/down")) {
			link_admin(r, r->path + 6, up);
			return;
		}
	} else if (strncmp(r->path, "trace/", 6) == 0) {
		trace(r, r->path + 6);
		return;
	}
	answer_error(r->req, HTTP_NOTFOUND, "no such path");
}

/* Whether a supplementary group of the peer's is that one. */
static bool
has_group(int fd, gid_t group)
{
	gid_t few[64], *list = few;
	socklen_t len = sizeof(few);
	bool has = false;
	int ret = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, list, &len);

	if (ret != 0 && errno == ERANGE && (list = malloc(len)) != NULL)
		ret = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, list, &len);
	for (unsigned i = 0; ret == 0 && i < len / sizeof(*list); i++)
		has |= list[i] == group;
	if (list != few)
		free(list);
	return has;
}

static bool
is_member(int fd, const struct ucred *cred, gid_t group)
{
	return group != (gid_t)NO_GROUP && (cred->gid == group || has_group(fd, group));
}

/* The socket's mode keeps strangers out; this holds even if somebody opens the mode. */
static enum role
role_of(const struct api *a, struct evhttp_request *req)
{
	const int fd = bufferevent_getfd(evhttp_connection_get_bufferevent(evhttp_request_get_connection(req)));
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0)
		return ROLE_STRANGER;
	if (cred.uid == 0 || cred.uid == geteuid() || is_member(fd, &cred, a->operators))
		return ROLE_OPERATOR;
	return is_member(fd, &cred, a->viewers) ? ROLE_VIEWER : ROLE_STRANGER;
}

static bool
take_target(struct request *r)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(r->req);
	const char *path = evhttp_uri_get_path(uri), *query = evhttp_uri_get_query(uri);
	size_t len = 0;
	char *decoded = path != NULL ? evhttp_uridecode(path, 0, &len) : NULL;
	const bool fits = decoded != NULL && decoded[0] == '/' && len < sizeof(r->path) && strlen(decoded) == len;

	if (fits)
		memcpy(r->path, decoded + 1, len);
	free(decoded);
	return fits && (query == NULL || evhttp_parse_query_str(query, &r->query) == 0);
}

static void
on_request(struct evhttp_request *req, void *ctx)
{
	struct request r = {.c = ctx, .req = req, .now_ms = clock_ms()};
	const enum evhttp_cmd_type method = evhttp_request_get_command(req);

	TAILQ_INIT(&r.query);
	r.role = role_of(r.c->api, req);
	if (r.role == ROLE_STRANGER)
		answer_error(
			req, 403, "only root, the daemon's own user, operator_group and viewer_group may speak to it");
	else if (!take_target(&r))
		answer_error(req, HTTP_BADREQUEST, "the request's target is not understood");
	else if (method == EVHTTP_REQ_POST)
		do_post(&r);
	else if (method == EVHTTP_REQ_GET || method == EVHTTP_REQ_HEAD)
		do_get(&r);
	else
		answer_error(req, HTTP_BADMETHOD, "only GET and POST are understood");
	evhttp_clear_headers(&r.query);
}

static void
accept_again(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	evconnlistener_enable(ctx);
}

/* No descriptor is free: the next accept() would fail like this one, and nothing else would ever be done. */
static void
on_accept_error(struct evconnlistener *listener, void *ctx)
{
	static const struct timeval pause = {.tv_sec = 1};

	(void)ctx;
	log_warning("api          no new connections for a second: %s", strerror(EVUTIL_SOCKET_ERROR()));
	if (event_base_once(evconnlistener_get_base(listener), -1, EV_TIMEOUT, accept_again, listener, &pause) == 0)
		evconnlistener_disable(listener);
}

int
api_start(struct control *c)
{
	struct api *a = c->api;
	struct evhttp_bound_socket *bound;

	a->http = evhttp_new(c->base);
	if (a->http == NULL)
		return -ENOMEM;
	evhttp_set_allowed_methods(a->http, METHODS);
	evhttp_set_max_body_size(a->http, BODY_MAX);
	evhttp_set_max_headers_size(a->http, HEADERS_MAX);
	evhttp_set_timeout(a->http, IDLE_S);
	evhttp_set_gencb(a->http, on_request, c);
	bound = evhttp_accept_socket_with_handle(a->http, a->fd);
	if (bound == NULL)
		return -ENOMEM;
	evconnlistener_set_error_cb(evhttp_bound_socket_get_listener(bound), on_accept_error);
	return 0;
}
