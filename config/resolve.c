/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/check.h"
#include "config/notes.h"
#include "config/places.h"
#include "config/value.h"

void
check_note(struct check *c, enum config_level level, const void *field, const char *format, ...)
{
	const struct place *place = places_find(c->cfg->places, field);
	va_list args;

	if (place != NULL && place->bad)
		return;
	va_start(args, format);
	if (notes_field(c->cfg, c->notes, level, field, format, args) < 0)
		c->no_memory = true;
	va_end(args);
}

bool
check_given(const struct check *c, const void *field)
{
	const struct place *place = places_find(c->cfg->places, field);

	return place != NULL && place->given;
}

static void
set_text(struct check *c, char **text, const char *value)
{
	if (*text != NULL || value == NULL)
		return;
	*text = strdup(value);
	if (*text == NULL)
		c->no_memory = true;
}

/* ------------------------------------------------------------------ references */

/* Every object begins with its name. */
static int
find(const void *objects, size_t n, size_t size, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		char *const *other = (char *const *)((const char *)objects + i * size);

		if (*other != NULL && strcmp(*other, name) == 0)
			return (int)i;
	}
	return -1;
}

static void
resolve(struct check *c, struct config_ref *ref, const char *what, const void *objects, size_t n, size_t size)
{
	int i;

	if (ref->name == NULL)
		return;
	i = find(objects, n, size, ref->name);
	ref->index = (unsigned)i; /* past the end when there is none */
	if (i < 0)
		check_error(c, ref, "there is no %s %s", what, ref->name);
}

static void
resolve_port(struct check *c, struct config_ref *ref, enum config_port_kind kind)
{
	const size_t before = c->notes->n_errors;
	struct config *cfg = c->cfg;

	resolve(c, ref, "port", cfg->ports, cfg->n_ports, sizeof(cfg->ports[0]));
	if (ref->name == NULL || c->notes->n_errors != before)
		return;
	const struct config_port *port = &cfg->ports[ref->index];

	/* a kind that could not be read has its error already */
	if (port->kind != kind && check_given(c, &port->kind) && !places_find(cfg->places, &port->kind)->bad)
		check_error(c, ref, "%s is an %s port; an %s port is needed", ref->name,
			port->kind == CONFIG_IP ? "ip" : "access", kind == CONFIG_IP ? "ip" : "access");
}

static void
resolve_ports(struct check *c, struct config_refs *refs)
{
	for (size_t i = 0; i < refs->n; i++) {
		resolve_port(c, &refs->items[i], CONFIG_ACCESS);
		for (size_t j = 0; j < i; j++)
			if (refs->items[i].name != NULL && refs->items[j].name != NULL &&
				strcmp(refs->items[i].name, refs->items[j].name) == 0)
				check_error(c, &refs->items[i], "stands here twice");
	}
}

/* ------------------------------------------------------------------ endpoint discriminators */

static bool
endpoint_local(struct config_endpoint *e)
{
	const size_t n = strlen(e->value);

	if (n > CONFIG_ENDPOINT_MAX)
		return false;
	memcpy(e->bytes, e->value, n);
	e->n_bytes = (uint8_t)n;
	return true;
}

static bool
endpoint_ip(struct config_endpoint *e)
{
	e->n_bytes = 4;
	return inet_pton(AF_INET, e->value, e->bytes) == 1;
}

static bool
endpoint_mac(struct config_endpoint *e)
{
	e->n_bytes = 6;
	return value_parse_mac(e->value, e->bytes);
}

/* 1 to 5 magic numbers of 32 bits (RFC 1990 section 5.1.3, class 4) */
static bool
endpoint_magic(struct config_endpoint *e)
{
	const size_t n = strlen(e->value);

	if (n % 8 != 0 || n / 2 > CONFIG_ENDPOINT_MAX)
		return false;
	for (size_t i = 0; i < n / 2; i++) {
		const char digits[3] = {e->value[2 * i], e->value[2 * i + 1], '\0'};

		if (!isxdigit((unsigned char)digits[0]) || !isxdigit((unsigned char)digits[1]))
			return false;
		e->bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	e->n_bytes = (uint8_t)(n / 2);
	return true;
}

/* at most 15 digits (E.164), one a byte (RFC 1990 section 5.1.3, class 5) */
static bool
endpoint_phone(struct config_endpoint *e)
{
	const size_t n = strlen(e->value);

	return n <= 15 && strspn(e->value, "0123456789") == n && endpoint_local(e);
}

static void
resolve_endpoint(struct check *c, struct config_endpoint *e)
{
	static const struct {
		bool (*parse)(struct config_endpoint *e);
		const char *form;
	} classes[] = {
		[CONFIG_ENDPOINT_LOCAL] = {endpoint_local, "up to 20 bytes of text"},
		[CONFIG_ENDPOINT_IP] = {endpoint_ip, "an IPv4 address"},
		[CONFIG_ENDPOINT_MAC] = {endpoint_mac, "a MAC address"},
		[CONFIG_ENDPOINT_MAGIC] = {endpoint_magic, "1 to 5 numbers of 8 hexadecimal digits"},
		[CONFIG_ENDPOINT_PHONE] = {endpoint_phone, "up to 15 digits"},
	};

	if (e->class == CONFIG_ENDPOINT_AUTO || e->class == CONFIG_ENDPOINT_NONE) {
		if (e->value != NULL)
			check_error(c, &e->value, "this class has no value");
	} else if (e->value == NULL) {
		check_error(c, &e->value, "is missing: this class needs %s", classes[e->class].form);
	} else if (!classes[e->class].parse(e)) {
		check_error(c, &e->value, "\"%s\" is not %s", e->value, classes[e->class].form);
	}
}

/* ------------------------------------------------------------------ objects */

enum { SOCKET_PATH_MAX = 128 };

static void
default_socket(char path[SOCKET_PATH_MAX], const char *name)
{
	snprintf(path, SOCKET_PATH_MAX, "/run/hawser/%s.sock", name);
}

static void
resolve_process(struct check *c, struct config_process *p)
{
	char path[SOCKET_PATH_MAX];

	if (p->name == NULL)
		return;
	default_socket(path, p->name);
	set_text(c, &p->control_socket, path);
}

static int
replace_text(char **text, const char *value)
{
	char *copy = strdup(value);

	if (copy == NULL)
		return -ENOMEM;
	free(*text);
	*text = copy;
	return 0;
}

int
config_rename(struct config *cfg, const char *name)
{
	struct config_process *p = &cfg->process;
	const struct place *place = places_find(cfg->places, &p->control_socket);
	char path[SOCKET_PATH_MAX];
	int ret;

	if (!value_is_name(name, strlen(name)))
		return -EINVAL;
	ret = replace_text(&p->name, name);
	if (ret < 0 || (place != NULL && place->given))
		return ret;
	default_socket(path, name);
	return replace_text(&p->control_socket, path);
}

static void
resolve_concentrator(struct check *c, struct config_concentrator *conc)
{
	struct config *cfg = c->cfg;

	set_text(c, &conc->ac_name, conc->name);
	set_text(c, &conc->auth_name, conc->ac_name);
	resolve_ports(c, &conc->ports);
	resolve(c, &conc->pool, "pool", cfg->pools, cfg->n_pools, sizeof(cfg->pools[0]));
	resolve(c, &conc->pool6, "pool of pools6", cfg->pools6, cfg->n_pools6, sizeof(cfg->pools6[0]));
	resolve(c, &conc->delegated_pool, "pool of pools6", cfg->pools6, cfg->n_pools6, sizeof(cfg->pools6[0]));
	resolve_endpoint(c, &conc->multilink.endpoint);
}

/* What a link does not say about redialling is the client's. */
static void
inherit_redial(const struct check *c, struct config_redial *redial, const struct config_redial *from)
{
	if (!check_given(c, &redial->delay_ms))
		redial->delay_ms = from->delay_ms;
	if (!check_given(c, &redial->increment_ms))
		redial->increment_ms = from->increment_ms;
	if (!check_given(c, &redial->limit_ms))
		redial->limit_ms = from->limit_ms;
	if (!check_given(c, &redial->jitter_ms))
		redial->jitter_ms = from->jitter_ms;
	if (!check_given(c, &redial->attempts))
		redial->attempts = from->attempts;
	if (!check_given(c, &redial->carrier_wait_ms))
		redial->carrier_wait_ms = from->carrier_wait_ms;
}

static void
resolve_client(struct check *c, struct config_client *client)
{
	resolve_endpoint(c, &client->multilink.endpoint);
	for (size_t i = 0; i < client->n_templates; i++)
		resolve_ports(c, &client->templates[i].ports);
	for (size_t i = 0; i < client->n_links; i++) {
		struct config_link *link = &client->links[i];

		resolve(c, &link->from, "template", client->templates, client->n_templates,
			sizeof(client->templates[0]));
		resolve_ports(c, &link->ports);
		inherit_redial(c, &link->redial, &client->redial);
	}
	for (size_t i = 0; i < client->bandwidth.links.n; i++)
		resolve(c, &client->bandwidth.links.items[i], "link", client->links, client->n_links,
			sizeof(client->links[0]));
}

static void
resolve_route(struct check *c, struct config_route *route)
{
	struct config *cfg = c->cfg;

	resolve_port(c, &route->port, CONFIG_IP);
	resolve(c, &route->client, "client", cfg->clients, cfg->n_clients, sizeof(cfg->clients[0]));
}

static void
resolve_clients_of(struct check *c, struct config_port *p)
{
	struct config *cfg = c->cfg;

	if (p->delegated.given)
		resolve(c, &p->delegated.client, "client", cfg->clients, cfg->n_clients, sizeof(cfg->clients[0]));
	resolve(c, &p->address_of, "client", cfg->clients, cfg->n_clients, sizeof(cfg->clients[0]));
}

void
check_resolve(struct check *c)
{
	struct config *cfg = c->cfg;

	resolve_process(c, &cfg->process);
	for (size_t i = 0; i < cfg->n_concentrators; i++)
		resolve_concentrator(c, &cfg->concentrators[i]);
	for (size_t i = 0; i < cfg->n_clients; i++)
		resolve_client(c, &cfg->clients[i]);
	for (size_t i = 0; i < cfg->n_routes; i++)
		resolve_route(c, &cfg->routes[i]);
	for (size_t i = 0; i < cfg->n_ports; i++)
		resolve_clients_of(c, &cfg->ports[i]);
}
