/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/neighbours.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1024, NONE = 0xffff };

enum state { FREE, ASKED, KNOWN, PROBED };

struct entry {
	uint64_t due_ms; /* next try, or end of freshness */
	struct ip_addr address;
	uint16_t port;
	uint16_t next; /* in its bucket or in the free list */
	uint16_t held; /* first packet that waits */
	uint8_t state, tries, unused, n_held;
	struct mac mac;
};

struct held {
	uint16_t next, len;
	uint8_t bytes[NEIGHBOUR_PACKET_MAX];
};

struct neighbours {
	uint64_t deadline_ms;
	uint16_t free_entries, free_held;
	uint16_t buckets[BUCKETS];
	struct entry entries[NEIGHBOURS_MAX];
	struct held held[NEIGHBOURS_HELD_MAX];
};

struct neighbours *
neighbours_new(void)
{
	struct neighbours *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->deadline_ms = UINT64_MAX;
	memset(t->buckets, 0xff, sizeof(t->buckets));
	for (unsigned i = 0; i < NEIGHBOURS_MAX; i++)
		t->entries[i].next = (uint16_t)(i + 1 < NEIGHBOURS_MAX ? i + 1 : NONE);
	for (unsigned i = 0; i < NEIGHBOURS_HELD_MAX; i++)
		t->held[i].next = (uint16_t)(i + 1 < NEIGHBOURS_HELD_MAX ? i + 1 : NONE);
	return t;
}

void
neighbours_free(struct neighbours *t)
{
	free(t);
}

static uint16_t *
bucket_of(struct neighbours *t, uint16_t port, const struct ip_addr *address)
{
	uint32_t h = port;

	for (unsigned i = 0; i < sizeof(address->b); i += 4)
		h = (h ^ load_be32(address->b + i)) * 0x9e3779b1u;
	return &t->buckets[h >> 22];
}

/* The link that leads to the entry, or to NONE. */
static uint16_t *
find(struct neighbours *t, uint16_t port, const struct ip_addr *address)
{
	uint16_t *at = bucket_of(t, port, address);

	while (*at != NONE && (t->entries[*at].port != port || !ip_addr_equal(&t->entries[*at].address, address)))
		at = &t->entries[*at].next;
	return at;
}

static void
wake_at(struct neighbours *t, uint64_t ms)
{
	if (ms < t->deadline_ms)
		t->deadline_ms = ms;
}

static void
act(struct neighbours_out *out, enum neighbour_do what, const struct entry *e)
{
	if (out->n < NEIGHBOURS_OUT_MAX)
		out->items[out->n++] =
			(struct neighbour_action){.what = what, .port = e->port, .address = e->address, .mac = e->mac};
}

/* All packets that wait for the entry, oldest first. Their bytes stay in place until somebody else is held. */
static void
release(struct neighbours *t, struct entry *e, enum neighbour_do what, struct neighbours_out *out)
{
	while (e->held != NONE) {
		struct held *h = &t->held[e->held];
		const uint16_t i = e->held;

		act(out, what, e);
		out->items[out->n - 1].packet = h->bytes;
		out->items[out->n - 1].len = h->len;
		e->held = h->next;
		h->next = t->free_held;
		t->free_held = i;
	}
	e->n_held = 0;
}

static void
remove_entry(struct neighbours *t, struct entry *e, struct neighbours_out *out)
{
	const uint16_t i = (uint16_t)(e - t->entries);

	if (e->state != ASKED)
		act(out, NEIGHBOUR_FORGET, e);
	release(t, e, NEIGHBOUR_UNREACHABLE, out);
	*find(t, e->port, &e->address) = e->next;
	e->state = FREE;
	e->next = t->free_entries;
	t->free_entries = i;
}

/* Table full: the one whose time is up first, but never one that packets wait for. */
static void
evict(struct neighbours *t, struct neighbours_out *out)
{
	struct entry *victim = NULL;

	for (unsigned i = 0; i < NEIGHBOURS_MAX; i++) {
		struct entry *e = &t->entries[i];

		if (e->state != FREE && e->n_held == 0 && (victim == NULL || e->due_ms < victim->due_ms))
			victim = e;
	}
	if (victim != NULL)
		remove_entry(t, victim, out);
}

static struct entry *
add_entry(struct neighbours *t, uint16_t port, const struct ip_addr *address, struct neighbours_out *out)
{
	if (t->free_entries == NONE)
		evict(t, out);
	if (t->free_entries == NONE)
		return NULL;
	const uint16_t i = t->free_entries;
	struct entry *e = &t->entries[i];
	uint16_t *bucket = bucket_of(t, port, address);

	t->free_entries = e->next;
	*e = (struct entry){.port = port, .address = *address, .next = *bucket, .held = NONE};
	*bucket = i;
	return e;
}

static void
ask(struct neighbours *t, struct entry *e, enum state state, uint64_t now_ms, struct neighbours_out *out)
{
	e->state = (uint8_t)state;
	e->tries++;
	e->due_ms = now_ms + NEIGHBOUR_RETRY_MS;
	wake_at(t, e->due_ms);
	act(out, NEIGHBOUR_ASK, e);
}

static bool
hold(struct neighbours *t, struct entry *e, const uint8_t *packet, size_t len)
{
	const uint16_t i = t->free_held;
	uint16_t *tail = &e->held;

	if (i == NONE || e->n_held == NEIGHBOUR_HELD_MAX || len > NEIGHBOUR_PACKET_MAX)
		return false;
	t->free_held = t->held[i].next;
	while (*tail != NONE)
		tail = &t->held[*tail].next;
	*tail = i;
	t->held[i].next = NONE;
	t->held[i].len = (uint16_t)len;
	memcpy(t->held[i].bytes, packet, len);
	e->n_held++;
	return true;
}

bool
neighbours_want(struct neighbours *t, uint16_t port, const struct ip_addr *address, const uint8_t *packet, size_t len,
	uint64_t now_ms, struct neighbours_out *out)
{
	const uint16_t i = *find(t, port, address);
	struct entry *e = i != NONE ? &t->entries[i] : add_entry(t, port, address, out);

	if (e == NULL)
		return false;
	if (e->state == FREE)
		ask(t, e, ASKED, now_ms, out);
	if (!hold(t, e, packet, len))
		return false;
	/* The answer overtook a packet that was already on its way to us. */
	if (e->state == KNOWN || e->state == PROBED)
		release(t, e, NEIGHBOUR_SEND, out);
	return true;
}

void
neighbours_heard(struct neighbours *t, uint16_t port, const struct ip_addr *address, const struct mac *mac,
	bool replace, bool create, uint64_t now_ms, struct neighbours_out *out)
{
	const uint16_t i = *find(t, port, address);

	if (mac_is_group(mac) || mac_is_zero(mac) || (i == NONE && !create))
		return;
	struct entry *e = i != NONE ? &t->entries[i] : add_entry(t, port, address, out);

	if (e == NULL)
		return;
	const bool known = e->state != FREE && e->state != ASKED, same = known && mac_equal(&e->mac, mac);

	if (known && !same && !replace)
		return;
	e->mac = *mac;
	e->state = KNOWN;
	e->tries = 0;
	e->unused = 0;
	e->due_ms = now_ms + NEIGHBOUR_FRESH_MS;
	wake_at(t, e->due_ms);
	if (!same)
		act(out, NEIGHBOUR_LEARNT, e);
	release(t, e, NEIGHBOUR_SEND, out);
}

/* Freshness is over: who is in use is asked again, politely by unicast while his MAC goes on being used. */
static void
refresh(struct neighbours *t, struct entry *e, bool used, uint64_t now_ms, struct neighbours_out *out)
{
	if (used) {
		e->unused = 0;
		ask(t, e, PROBED, now_ms, out);
	} else if (++e->unused >= NEIGHBOUR_UNUSED_MAX) {
		remove_entry(t, e, out);
	} else {
		e->due_ms = now_ms + NEIGHBOUR_FRESH_MS;
	}
}

static void
tick_entry(struct neighbours *t, struct entry *e, neighbours_used_fn *used, void *ctx, uint64_t now_ms,
	struct neighbours_out *out)
{
	if (e->state == KNOWN)
		refresh(t, e, used(ctx, e->port, &e->address), now_ms, out);
	else if (e->tries < NEIGHBOUR_TRIES)
		ask(t, e, e->state, now_ms, out);
	else
		remove_entry(t, e, out);
}

void
neighbours_tick(struct neighbours *t, neighbours_used_fn *used, void *ctx, uint64_t now_ms, struct neighbours_out *out)
{
	if (now_ms < t->deadline_ms)
		return;
	t->deadline_ms = UINT64_MAX;
	for (unsigned i = 0; i < NEIGHBOURS_MAX; i++) {
		struct entry *e = &t->entries[i];

		if (e->state == FREE)
			continue;
		/* One entry leaves at most its packets and one word more. */
		if (e->due_ms <= now_ms && out->n + NEIGHBOUR_HELD_MAX + 1 <= NEIGHBOURS_OUT_MAX)
			tick_entry(t, e, used, ctx, now_ms, out);
		if (e->state != FREE)
			wake_at(t, e->due_ms);
	}
}

uint64_t
neighbours_deadline_ms(const struct neighbours *t)
{
	return t->deadline_ms;
}

bool
neighbours_next(const struct neighbours *t, unsigned *cursor, struct neighbour_info *info)
{
	static const char *const names[] = {[FREE] = "free", [ASKED] = "asked", [KNOWN] = "known", [PROBED] = "probed"};

	for (; *cursor < NEIGHBOURS_MAX; (*cursor)++) {
		const struct entry *e = &t->entries[*cursor];

		if (e->state == FREE)
			continue;
		*info = (struct neighbour_info){
			.port = e->port, .address = e->address, .mac = e->mac, .state = names[e->state]};
		(*cursor)++;
		return true;
	}
	return false;
}
