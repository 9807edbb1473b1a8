/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/ranges6.h"

struct ranges6_draft
ranges6_begin(struct ranges6 *r, unsigned skip)
{
	*r = (struct ranges6){.skip = skip};
	return (struct ranges6_draft){.r = r};
}

bool
ranges6_add(struct ranges6_draft *d, uint64_t hi, uint64_t word)
{
	if (d->n != 0 && d->r->word[d->n - 1] == word)
		return true;
	if (d->n == RANGES6_MAX || hi << d->r->skip << RANGES6_BITS != 0)
		return false;
	if (d->n != 0)
		d->r->first[d->n - 1] = ranges6_key(hi, d->r->skip);
	d->r->word[d->n++] = word;
	return true;
}

void
ranges6_end(const struct ranges6_draft *d)
{
	/* the highest address has begun the places that are left, too: they have the last word */
	for (unsigned i = d->n; i < RANGES6_MAX; i++) {
		d->r->first[i - 1] = UINT32_MAX;
		d->r->word[i] = d->r->word[d->n - 1];
	}
}
