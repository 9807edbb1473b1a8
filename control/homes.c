/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/homes.h"

#include <stdlib.h>

#define NONE UINT32_MAX

struct index {
	uint32_t next; /* in the free list of its worker, or in the resting queue: worker * per_worker + index */
	uint32_t mark;
	uint16_t gen;
};

struct homes {
	unsigned workers, per_worker;
	uint32_t rest_head, rest_tail;
	struct {
		uint32_t free_head, free_tail;
		unsigned bundles;
	} of[DP_WORKERS_MAX];
	struct index all[];
};

/* Free lists are queues too: an index is used again as late as possible. */
static void
queue_add(struct homes *h, uint32_t *head, uint32_t *tail, uint32_t i)
{
	h->all[i].next = NONE;
	if (*head == NONE)
		*head = i;
	else
		h->all[*tail].next = i;
	*tail = i;
}

struct homes *
homes_new(unsigned workers, unsigned per_worker)
{
	const size_t n = (size_t)workers * per_worker;
	struct homes *h = calloc(1, sizeof(*h) + n * sizeof(h->all[0]));

	if (h == NULL)
		return NULL;
	h->workers = workers;
	h->per_worker = per_worker;
	h->rest_head = NONE;
	for (unsigned w = 0; w < workers; w++) {
		h->of[w].free_head = NONE;
		for (unsigned i = 0; i < per_worker; i++)
			queue_add(h, &h->of[w].free_head, &h->of[w].free_tail, w * per_worker + i);
	}
	return h;
}

void
homes_free(struct homes *h)
{
	free(h);
}

static unsigned
least_loaded(const struct homes *h)
{
	unsigned best = h->workers;

	for (unsigned w = 0; w < h->workers; w++) {
		if (h->of[w].free_head == NONE)
			continue;
		if (best == h->workers || h->of[w].bundles < h->of[best].bundles)
			best = w;
	}
	return best;
}

bool
homes_take(struct homes *h, struct dp_bundle_ref *ref)
{
	const unsigned w = least_loaded(h);

	if (w == h->workers)
		return false;
	const uint32_t i = h->of[w].free_head;

	h->of[w].free_head = h->all[i].next;
	h->of[w].bundles++;
	h->all[i].gen++;
	*ref = (struct dp_bundle_ref){.index = i - w * h->per_worker, .home = (uint16_t)w, .gen = h->all[i].gen};
	return true;
}

void
homes_retire(struct homes *h, struct dp_bundle_ref ref, uint32_t mark)
{
	const uint32_t i = ref.home * h->per_worker + ref.index;

	h->of[ref.home].bundles--;
	h->all[i].mark = mark;
	queue_add(h, &h->rest_head, &h->rest_tail, i);
}

bool
homes_resting(const struct homes *h, uint32_t *mark)
{
	if (h->rest_head == NONE)
		return false;
	*mark = h->all[h->rest_head].mark;
	return true;
}

void
homes_wake(struct homes *h)
{
	const uint32_t i = h->rest_head;
	const unsigned w = i / h->per_worker;

	h->rest_head = h->all[i].next;
	queue_add(h, &h->of[w].free_head, &h->of[w].free_tail, i);
}

unsigned
homes_bundles(const struct homes *h, unsigned worker)
{
	return h->of[worker].bundles;
}
