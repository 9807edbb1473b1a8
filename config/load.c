/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/bind.h"
#include "config/notes.h"

enum { FILE_MAX = 64 << 20 };

/* ------------------------------------------------------------------ files */

/* Grows by copying, so that no copy of a password is left behind by realloc. */
static int
file_grow(struct file_text *text)
{
	const size_t cap = text->cap == 0 ? 16384 : text->cap * 2;
	unsigned char *bytes;

	if (text->cap >= FILE_MAX)
		return -EFBIG;
	bytes = malloc(cap);
	if (bytes == NULL)
		return -ENOMEM;
	if (text->len != 0)
		memcpy(bytes, text->bytes, text->len);
	if (text->cap != 0)
		explicit_bzero(text->bytes, text->cap);
	free(text->bytes);
	text->bytes = bytes;
	text->cap = cap;
	return 0;
}

static int
file_fill(int fd, struct file_text *text)
{
	ssize_t got;
	int ret;

	if (fstat(fd, &text->stat) < 0)
		return -errno;
	do {
		if (text->len == text->cap && (ret = file_grow(text)) < 0)
			return ret;
		got = read(fd, text->bytes + text->len, text->cap - text->len);
		if (got < 0)
			return -errno;
		text->len += (size_t)got;
	} while (got > 0);
	return 0;
}

int
file_read(const char *path, struct file_text *text)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret;

	*text = (struct file_text){0};
	if (fd < 0)
		return -errno;
	ret = file_fill(fd, text);
	close(fd);
	if (ret < 0)
		file_forget(text);
	return ret;
}

void
file_forget(struct file_text *text)
{
	if (text->bytes != NULL)
		explicit_bzero(text->bytes, text->cap);
	free(text->bytes);
	*text = (struct file_text){0};
}

/* ------------------------------------------------------------------ loading */

static struct config *
config_new(const char *path)
{
	struct config *cfg = calloc(1, sizeof(*cfg));

	if (cfg == NULL)
		return NULL;
	cfg->path = strdup(path);
	cfg->places = places_new();
	if (cfg->path != NULL && cfg->places != NULL)
		return cfg;
	config_free(cfg);
	return NULL;
}

void
config_free(struct config *cfg)
{
	if (cfg == NULL)
		return;
	places_free(cfg->places);
	free(cfg->path);
	schema_free(&schema_root, cfg);
	free(cfg);
}

/* False: no memory, or nothing was bound. */
static bool
read_yaml(struct config *cfg, const unsigned char *yaml, size_t len, struct config_notes *notes, bool *no_memory)
{
	struct bind b = {.file = cfg->path, .places = cfg->places, .notes = notes};
	yaml_document_t doc;

	b.doc = &doc;
	if (bind_parse(&b, yaml, len, &doc)) {
		bind_document(&b, &schema_root, cfg);
		bind_forget(&doc);
	}
	*no_memory = b.no_memory || !places_seal(cfg->places);
	return cfg->places->n != 0 && !*no_memory;
}

static bool
check_all(struct config *cfg, struct config_notes *notes)
{
	struct check c = {.cfg = cfg, .notes = notes};

	secrets_load(&c);
	if (!c.no_memory)
		check_resolve(&c);
	if (!c.no_memory)
		check_contradictions(&c);
	if (!c.no_memory)
		check_mtu(&c, CONFIG_ERROR);
	return !c.no_memory;
}

static int
load(const char *name, const unsigned char *yaml, size_t len, struct config **out, struct config_notes *notes)
{
	const size_t before = notes->n_errors;
	struct config *cfg = config_new(name);
	bool no_memory = cfg == NULL;

	*out = NULL;
	if (cfg != NULL && read_yaml(cfg, yaml, len, notes, &no_memory))
		no_memory = !check_all(cfg, notes);
	notes_sort(notes);
	if (!no_memory && notes->n_errors == before) {
		*out = cfg;
		return 0;
	}
	config_free(cfg);
	return no_memory ? -ENOMEM : -EINVAL;
}

int
config_load_string(const char *name, const char *yaml, size_t len, struct config **out, struct config_notes *notes)
{
	return load(name, (const unsigned char *)yaml, len, out, notes);
}

static int note_file(struct config_notes *notes, enum config_level level, const char *path, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static int
note_file(struct config_notes *notes, enum config_level level, const char *path, const char *format, ...)
{
	va_list args;
	int ret;

	va_start(args, format);
	ret = notes_add(notes, level, path, 0, 0, "", format, args);
	va_end(args);
	return ret;
}

static bool
holds_secrets(const struct config *cfg)
{
	for (size_t i = 0; i < cfg->n_users; i++)
		if (!cfg->users[i].from_secrets)
			return true;
	for (size_t i = 0; i < cfg->n_concentrators; i++)
		if (cfg->concentrators[i].password != NULL && !cfg->concentrators[i].from_secrets)
			return true;
	for (size_t i = 0; i < cfg->n_clients; i++) {
		const struct config_client *client = &cfg->clients[i];

		if (client->password != NULL && !client->from_secrets)
			return true;
		if (client->peer_password != NULL && !client->peer_from_secrets)
			return true;
		for (size_t j = 0; j < client->n_templates; j++)
			if (client->templates[j].password != NULL)
				return true;
		for (size_t j = 0; j < client->n_links; j++)
			if (client->links[j].password != NULL && !client->links[j].from_secrets)
				return true;
	}
	return false;
}

int
config_load(const char *path, struct config **out, struct config_notes *notes)
{
	struct file_text text;
	int ret = file_read(path, &text);

	*out = NULL;
	if (ret == -ENOMEM)
		return ret;
	if (ret < 0)
		return note_file(notes, CONFIG_ERROR, path, "%s", strerror(-ret)) < 0 ? -ENOMEM : -EINVAL;
	ret = load(path, text.bytes, text.len, out, notes);
	if (ret == 0 && (text.stat.st_mode & S_IROTH) && holds_secrets(*out) &&
		note_file(notes, CONFIG_WARNING, path,
			"holds passwords and everybody may read it (mode %04o); chmod o-r, or use secrets_file",
			text.stat.st_mode & 07777) < 0) {
		config_free(*out);
		*out = NULL;
		ret = -ENOMEM;
	}
	file_forget(&text);
	notes_sort(notes);
	return ret;
}
