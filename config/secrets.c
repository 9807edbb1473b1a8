/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/bind.h"
#include "config/load.h"

struct secret {
	char *name, *password;
};

struct secrets {
	struct secret *items; /* sorted by name */
	size_t n;
};

/* ------------------------------------------------------------------ reading */

/* Beside the configuration, unless it is absolute. */
static char *
secrets_path(const struct config *cfg)
{
	const char *slash = strrchr(cfg->path, '/');
	char *path;

	if (cfg->secrets_file[0] == '/' || slash == NULL)
		return strdup(cfg->secrets_file);
	if (asprintf(&path, "%.*s/%s", (int)(slash - cfg->path), cfg->path, cfg->secrets_file) < 0)
		return NULL;
	return path;
}

static bool
stat_is_private(struct check *c, const char *path, const struct stat *st)
{
	const void *field = &c->cfg->secrets_file;

	if (!S_ISREG(st->st_mode))
		check_error(c, field, "%s is not a file", path);
	else if (st->st_uid != geteuid())
		check_error(c, field, "%s belongs to user %u, not to us (%u)", path, (unsigned)st->st_uid,
			(unsigned)geteuid());
	else if (st->st_mode & (S_IRWXG | S_IRWXO))
		check_error(
			c, field, "%s is open to group or others (mode %04o): chmod 600", path, st->st_mode & 07777);
	else
		return true;
	return false;
}

static void
secret_read(struct bind *b, const yaml_node_pair_t *pair, struct secrets *secrets)
{
	const struct schema_key name_key = {.kind = SCHEMA_TEXT, .min = 1, .max = CONFIG_AUTH_NAME_MAX};
	const yaml_node_t *name = yaml_document_get_node(b->doc, pair->key);
	const yaml_node_t *value = yaml_document_get_node(b->doc, pair->value);
	struct secret *secret = &secrets->items[secrets->n];
	struct place place = bind_place(name, "user", PLACES_ROOT);

	if (!bind_scalar(b, &name_key, name, &secret->name, &place))
		return;
	place = bind_place(value, secret->name, PLACES_ROOT);
	secrets->n++;
	bind_scalar(b, &schema_secrets, value, &secret->password, &place);
}

static int
secret_compare(const void *va, const void *vb)
{
	const struct secret *a = va, *b = vb;

	return strcmp(a->name, b->name);
}

static void
secrets_bind(struct bind *b, struct secrets *secrets)
{
	const yaml_node_t *root = yaml_document_get_root_node(b->doc);
	const struct place place = bind_place(root, "secrets", PLACES_ROOT);
	const yaml_node_pair_t *pair;

	if (root->type != YAML_MAPPING_NODE) {
		bind_error(b, &place, "must be a mapping of users to passwords");
		return;
	}
	bind_duplicates(b, root, PLACES_ROOT);
	secrets->items = calloc(
		(size_t)(root->data.mapping.pairs.top - root->data.mapping.pairs.start) + 1, sizeof(*secrets->items));
	if (secrets->items == NULL) {
		b->no_memory = true;
		return;
	}
	for (pair = root->data.mapping.pairs.start; pair < root->data.mapping.pairs.top; pair++)
		secret_read(b, pair, secrets);
	if (secrets->n > 1)
		qsort(secrets->items, secrets->n, sizeof(*secrets->items), secret_compare);
}

static void
secrets_parse(struct check *c, const char *path, const struct file_text *text, struct secrets *secrets)
{
	struct bind b = {.file = path, .places = c->cfg->places, .notes = c->notes};
	yaml_document_t doc;

	b.doc = &doc;
	if (bind_parse(&b, text->bytes, text->len, &doc)) {
		secrets_bind(&b, secrets);
		bind_forget(&doc);
	}
	c->no_memory |= b.no_memory;
}

static void
secrets_read(struct check *c, const char *path, struct secrets *secrets)
{
	struct file_text text;
	const int ret = file_read(path, &text);
	const size_t before = c->notes->n_errors;

	if (ret == -ENOMEM)
		c->no_memory = true;
	else if (ret < 0)
		check_error(c, &c->cfg->secrets_file, "%s: %s", path, strerror(-ret));
	else if (stat_is_private(c, path, &text.stat))
		secrets_parse(c, path, &text, secrets);
	c->secrets_unread = c->notes->n_errors != before;
	file_forget(&text);
}

static void
secrets_forget(struct secrets *secrets)
{
	for (size_t i = 0; i < secrets->n; i++) {
		char *password = secrets->items[i].password;

		if (password != NULL)
			explicit_bzero(password, strlen(password));
		free(password);
		free(secrets->items[i].name);
	}
	free(secrets->items);
}

/* ------------------------------------------------------------------ handing out */

static void
give(struct check *c, const struct secrets *secrets, const char *name, char **password, bool *from_secrets)
{
	const struct secret wanted = {.name = (char *)(uintptr_t)name};
	const struct secret *found;

	if (name == NULL || secrets->n == 0)
		return;
	found = bsearch(&wanted, secrets->items, secrets->n, sizeof(*secrets->items), secret_compare);
	if (found == NULL || found->password == NULL)
		return;
	if (*password != NULL) {
		check_error(c, password, "stands here and in secrets_file");
		return;
	}
	*password = strdup(found->password);
	*from_secrets = true;
	if (*password == NULL)
		c->no_memory = true;
}

static void
give_all(struct check *c, const struct secrets *secrets)
{
	struct config *cfg = c->cfg;

	for (size_t i = 0; i < cfg->n_users; i++)
		give(c, secrets, cfg->users[i].name, &cfg->users[i].password, &cfg->users[i].from_secrets);
	for (size_t i = 0; i < cfg->n_concentrators; i++) {
		struct config_concentrator *conc = &cfg->concentrators[i];

		give(c, secrets, conc->username, &conc->password, &conc->from_secrets);
	}
	for (size_t i = 0; i < cfg->n_clients; i++) {
		struct config_client *client = &cfg->clients[i];

		give(c, secrets, client->username, &client->password, &client->from_secrets);
		give(c, secrets, client->peer_username, &client->peer_password, &client->peer_from_secrets);
		for (size_t j = 0; j < client->n_links; j++) {
			struct config_link *link = &client->links[j];

			give(c, secrets, link->username, &link->password, &link->from_secrets);
		}
	}
}

void
secrets_load(struct check *c)
{
	struct secrets secrets = {0};
	char *path;

	if (c->cfg->secrets_file == NULL)
		return;
	path = secrets_path(c->cfg);
	if (path == NULL) {
		c->no_memory = true;
		return;
	}
	secrets_read(c, path, &secrets);
	give_all(c, &secrets);
	secrets_forget(&secrets);
	free(path);
}
