/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/host_pages.h"

#include <rte_malloc.h>

struct host_pages *
host_pages_new(unsigned max, int numa_node)
{
	struct host_pages *p = rte_zmalloc_socket("host_pages", sizeof(*p), RTE_CACHE_LINE_SIZE, numa_node);

	if (p == NULL)
		return NULL;
	p->max = max;
	p->numa_node = numa_node;
	return p;
}

static void
directory_free(struct host_directory *d)
{
	for (unsigned i = 0; d != NULL && i < HOST_PAGE; i++)
		rte_free(atomic_load_explicit(&d->page[i], memory_order_relaxed));
	rte_free(d);
}

void
host_pages_free(struct host_pages *p)
{
	for (unsigned i = 0; p != NULL && i < HOST_NETS; i++)
		directory_free(atomic_load_explicit(&p->directory[i], memory_order_relaxed));
	rte_free(p);
}

static struct host_directory *
directory_make(struct host_pages *p, uint32_t host)
{
	struct host_directory *_Atomic *at = &p->directory[host >> 16];
	struct host_directory *d = atomic_load_explicit(at, memory_order_relaxed);

	if (d != NULL)
		return d;
	d = rte_zmalloc_socket("host_pages", sizeof(*d), RTE_CACHE_LINE_SIZE, p->numa_node);
	/* release: who sees the pointer sees the zeros behind it */
	atomic_store_explicit(at, d, memory_order_release);
	return d;
}

_Atomic uint64_t *
host_page_make(struct host_pages *p, uint32_t host)
{
	_Atomic uint64_t *word = host_page_word(p, host);
	struct host_directory *d;
	struct host_page *page;

	if (word != NULL || p->n == p->max)
		return word;
	d = directory_make(p, host);
	page = d == NULL ? NULL : rte_zmalloc_socket("host_pages", sizeof(*page), RTE_CACHE_LINE_SIZE, p->numa_node);
	if (page == NULL)
		return NULL;
	p->n++;
	atomic_store_explicit(&d->page[host >> 8 & 0xff], page, memory_order_release);
	return &page->word[host & 0xff];
}
