/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/record_pool.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK = 1024 };

void
record_pool_init(struct record_pool *p, uint32_t bytes)
{
	*p = (struct record_pool){.bytes = (bytes + 3) & ~3u};
}

void
record_pool_fini(struct record_pool *p)
{
	for (uint32_t i = 0; i < p->n_chunks; i++)
		free(p->chunks[i]);
	free(p->chunks);
	*p = (struct record_pool){0};
}

void *
record_at(const struct record_pool *p, uint32_t record)
{
	return p->chunks[(record - 1) / CHUNK] + (size_t)((record - 1) % CHUNK) * p->bytes;
}

static int
grow(struct record_pool *p)
{
	uint8_t **chunks = realloc(p->chunks, (p->n_chunks + 1) * sizeof(*chunks));

	if (chunks == NULL)
		return -1;
	p->chunks = chunks;
	chunks[p->n_chunks] = malloc((size_t)CHUNK * p->bytes);
	if (chunks[p->n_chunks] == NULL)
		return -1;
	p->n_chunks++;
	return 0;
}

uint32_t
record_take(struct record_pool *p)
{
	uint32_t record = p->given;

	if (record != 0) {
		memcpy(&p->given, record_at(p, record), sizeof(p->given));
	} else {
		if (p->used == p->n_chunks * CHUNK && grow(p) < 0)
			return 0;
		record = ++p->used;
	}
	memset(record_at(p, record), 0, p->bytes);
	return record;
}

void
record_give(struct record_pool *p, uint32_t record)
{
	memcpy(record_at(p, record), &p->given, sizeof(p->given));
	p->given = record;
}
