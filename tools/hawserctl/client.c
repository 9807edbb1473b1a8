/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/hawserctl/client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { REPLY_MAX = 64 << 20 };

static void __attribute__((format(printf, 2, 3))) complain(const struct client *c, const char *format, ...)
{
	va_list ap;

	if (c->quiet)
		return;
	fputs("hawserctl: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

static void
complain_connect(const struct client *c)
{
	if (errno == ENOENT || errno == ECONNREFUSED)
		complain(c, "no hawserd is running behind %s", c->socket);
	else if (errno == EACCES)
		complain(c, "%s: only root, the daemon's own user, operator_group and viewer_group may speak to it",
			c->socket);
	else
		complain(c, "%s: %s", c->socket, errno == EAGAIN ? "no answer in time" : strerror(errno));
}

static int
connect_socket(const struct client *c, unsigned wait_s)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	const struct timeval tv = {.tv_sec = (time_t)wait_s};
	int fd;

	if (strlen(c->socket) >= sizeof(sa.sun_path)) {
		complain(c, "%s: too long for a socket's path", c->socket);
		return -1;
	}
	memcpy(sa.sun_path, c->socket, strlen(c->socket) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* The bound of sending is that of connecting, too: a daemon that hangs has a full queue. */
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) == 0 &&
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) == 0 &&
		connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) == 0)
		return fd;
	complain_connect(c);
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool
send_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		const ssize_t done = send(fd, p, n, MSG_NOSIGNAL);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

/* Everything up to the end of the connection, zero-terminated; NULL: errno says why. */
static char *
receive_all(int fd)
{
	size_t len = 0, cap = 16384;
	char *buf = malloc(cap);

	while (buf != NULL) {
		const ssize_t n = recv(fd, buf + len, cap - len - 1, 0);

		if (n == 0) {
			buf[len] = '\0';
			return buf;
		}
		if (n < 0 && errno == EINTR)
			continue;
		len += n > 0 ? (size_t)n : 0;
		if (len + 1 == cap && cap < REPLY_MAX) {
			char *more = realloc(buf, cap *= 2);

			if (more == NULL)
				break;
			buf = more;
		}
		if (n < 0 || len + 1 == cap)
			break;
	}
	free(buf);
	return NULL;
}

/* Whether the end of the connection came before that of the answer: it is shorter than its head says, or a piece of one. */
static bool
is_cut(const char *text, const char *end_of_head)
{
	static const char start[] = "HTTP/1.";
	const char *length = strcasestr(text, "\r\nContent-Length:");

	if (end_of_head == NULL)
		return strncmp(text, start, strnlen(text, sizeof(start) - 1)) == 0;
	return length != NULL && length < end_of_head &&
		strlen(end_of_head + 4) < strtoul(strchr(length, ':') + 1, NULL, 10);
}

static enum status
take_reply(const struct client *c, const char *text, json_t **body)
{
	const char *end_of_head = strstr(text, "\r\n\r\n");
	int code = 0;
	json_error_t error;

	if (is_cut(text, end_of_head))
		return STATUS_NO_DAEMON;
	if (end_of_head == NULL || sscanf(text, "HTTP/1.%*d %d", &code) != 1) {
		complain(c, "%s: the answer is not HTTP", c->socket);
		return STATUS_FAILED;
	}
	*body = json_loads(end_of_head + 4, 0, &error);
	if (code == 200 && *body != NULL)
		return STATUS_DONE;
	if (*body == NULL)
		complain(c, "the answer (status %d) is not JSON: %s", code, error.text);
	else
		complain(c, "%s", json_text(*body, "error"));
	json_decref(*body);
	*body = NULL;
	return STATUS_FAILED;
}

enum status
client_call(const struct client *c, const char *method, const char *target, unsigned wait_s, json_t **body)
{
	const int fd = connect_socket(c, wait_s);
	enum status status = STATUS_FAILED;
	char request[1024];
	char *reply = NULL;

	*body = NULL;
	if (fd < 0)
		return STATUS_NO_DAEMON;
	const int n = snprintf(request, sizeof(request), "%s %s HTTP/1.0\r\nHost: hawser\r\nContent-Length: 0\r\n\r\n",
		method, target);

	if (n < (int)sizeof(request) && send_all(fd, request, (size_t)n))
		reply = receive_all(fd);
	if (reply != NULL)
		status = take_reply(c, reply, body);
	else if (errno == ECONNRESET || errno == EPIPE)
		status = STATUS_NO_DAEMON; /* it ended while we asked */
	else
		complain(c, "%s: %s", c->socket, errno == EAGAIN ? "no answer in time" : strerror(errno));
	if (status == STATUS_NO_DAEMON)
		complain(c, "%s: hawserd closed the connection", c->socket);
	free(reply);
	close(fd);
	return status;
}

enum status
client_get(const struct client *c, const char *target, json_t **body)
{
	return client_call(c, "GET", target, 10, body);
}

enum status
client_get_all(const struct client *c, const char *what, json_t **body)
{
	json_t *all = NULL, *one;
	char target[128];
	uint64_t next = 0;

	*body = NULL;
	do {
		snprintf(target, sizeof(target), "/%s?from=%llu", what, (unsigned long long)next);
		const enum status status = client_get(c, target, &one);

		if (status != STATUS_DONE) {
			json_decref(all);
			return status;
		}
		next = json_number(one, "next");
		json_object_del(one, "next");
		if (all == NULL) {
			all = one;
		} else {
			json_array_extend(json_object_get(all, what), json_object_get(one, what));
			json_decref(one);
		}
	} while (next != 0);
	*body = all;
	return STATUS_DONE;
}

void
client_escape(char *out, size_t cap, const char *name)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
	size_t n = 0;

	for (; *name != '\0' && n + 4 <= cap; name++) {
		if (strchr(plain, *name) != NULL)
			out[n++] = *name;
		else
			n += (size_t)snprintf(out + n, cap - n, "%%%02X", (unsigned char)*name);
	}
	out[n] = '\0';
}

const char *
json_text(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text != NULL ? text : "";
}

uint64_t
json_number(const json_t *o, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(o, key));
}

bool
json_flag(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}
