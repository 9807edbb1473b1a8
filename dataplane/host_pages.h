/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DATAPLANE_HOST_PAGES_H
#define DATAPLANE_HOST_PAGES_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* Words of IPv4 hosts (addresses in host order), by the address itself: a page of 256 words for a /24 that has hosts, found in two steps
 * through words that stay in the cache. Subscribers' addresses come from pools, so pages are dense, and a host costs eight bytes where
 * a hash has to be probed and its key compared. The number of pages is bounded, so that addresses from all over cost no more memory
 * than that; hosts without a page are the caller's business.
 *
 * Pages are made by one thread and stay for the life of the table: readers need no protection. */

enum { HOST_PAGE = 256, HOST_NETS = 1 << 16 };

struct host_page {
	_Atomic uint64_t word[HOST_PAGE]; /* 0: no such host */
};

struct host_directory {
	struct host_page *_Atomic page[HOST_PAGE];
};

struct host_pages {
	unsigned n, max;
	int numa_node;
	struct host_directory *_Atomic directory[HOST_NETS];
};

struct host_pages *host_pages_new(unsigned max, int numa_node);
void host_pages_free(struct host_pages *p);

/* Gives the host's /24 a page, all words 0. The word of the host; NULL: no memory, or too many pages. */
_Atomic uint64_t *host_page_make(struct host_pages *p, uint32_t host);

/* The host's word; NULL when there is no page. */
static inline _Atomic uint64_t *
host_page_word(const struct host_pages *p, uint32_t host)
{
	struct host_directory *d = atomic_load_explicit(&p->directory[host >> 16], memory_order_acquire);
	struct host_page *page;

	if (d == NULL)
		return NULL;
	page = atomic_load_explicit(&d->page[host >> 8 & 0xff], memory_order_acquire);
	return page == NULL ? NULL : &page->word[host & 0xff];
}

#endif
