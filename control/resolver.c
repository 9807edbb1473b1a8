/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/resolver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "control/log.h"

static void
forget(const char *path)
{
	if (unlink(path) != 0 && errno != ENOENT)
		log_error("resolver_file %s: %s", path, strerror(errno));
}

static void
write_servers(FILE *to, const char *client, const struct host_facts *f)
{
	fprintf(to, "# name servers of %s, by hawserd\n", client);
	for (size_t i = 0; i < sizeof(f->dns) / sizeof(f->dns[0]); i++) {
		const struct in_addr a = {.s_addr = htonl(f->dns[i])};
		char text[INET_ADDRSTRLEN];

		if (f->dns[i] != 0)
			fprintf(to, "nameserver %s\n", inet_ntop(AF_INET, &a, text, sizeof(text)));
	}
}

/* Beside it, then in its place. */
static void
publish(const char *path, const char *client, const struct host_facts *f)
{
	char fresh[PATH_MAX];
	bool written;
	FILE *to;

	if (snprintf(fresh, sizeof(fresh), "%s.new", path) >= (int)sizeof(fresh)) {
		log_error("resolver_file %s: the name is too long", path);
		return;
	}
	to = fopen(fresh, "we");
	if (to == NULL) {
		log_error("resolver_file %s: %s", fresh, strerror(errno));
		return;
	}
	write_servers(to, client, f);
	written = ferror(to) == 0;
	written &= fclose(to) == 0;
	if (written && rename(fresh, path) == 0)
		return;
	log_error("resolver_file %s: %s", path, strerror(errno));
	unlink(fresh);
}

static const struct config_client *
client_of(const struct control *c, const struct host_facts *f)
{
	for (size_t i = 0; f->client && !f->of_link && i < c->cfg->n_clients; i++)
		if (strcmp(c->cfg->clients[i].name, f->owner) == 0)
			return &c->cfg->clients[i];
	return NULL;
}

void
resolver_clear(const struct control *c)
{
	for (size_t i = 0; i < c->cfg->n_clients; i++)
		if (c->cfg->clients[i].resolver_file != NULL)
			forget(c->cfg->clients[i].resolver_file);
}

void
resolver_event(const struct control *c, enum host_event_kind event, const struct host_facts *f)
{
	const struct config_client *client;

	if (event != HOST_EV_BUNDLE_UP && event != HOST_EV_BUNDLE_CHANGED && event != HOST_EV_BUNDLE_DOWN)
		return;
	client = client_of(c, f);
	if (client == NULL || client->resolver_file == NULL)
		return;
	if (event != HOST_EV_BUNDLE_DOWN && (f->dns[0] != 0 || f->dns[1] != 0))
		publish(client->resolver_file, client->name, f);
	else
		forget(client->resolver_file);
}
