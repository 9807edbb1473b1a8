/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/membership.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/ppp/endpoint.h"

struct membership_entry {
	char *key; /* of an authenticated one; NULL: another */
	struct endpoint_kept endpoint;
	uint32_t next; /* in the bucket: index + 1 */
	uint32_t owner;
	uint16_t our_mrru, peer_mrru;
	bool used, rx_short, tx_short;
	uint8_t links;
};

static void
entry_drop(struct membership_entry *e)
{
	free(e->key);
	e->key = NULL;
	endpoint_drop(&e->endpoint);
}

int
membership_init(struct membership *m, unsigned n)
{
	m->n_entries = n;
	m->n_buckets = 16;
	while (m->n_buckets < n)
		m->n_buckets *= 2;
	m->entries = calloc(n, sizeof(*m->entries));
	m->buckets = calloc(m->n_buckets, sizeof(*m->buckets));
	if (m->entries != NULL && m->buckets != NULL)
		return 0;
	membership_fini(m);
	return -ENOMEM;
}

void
membership_fini(struct membership *m)
{
	for (unsigned i = 0; m->entries != NULL && i < m->n_entries; i++)
		entry_drop(&m->entries[i]);
	free(m->entries);
	free(m->buckets);
	*m = (struct membership){0};
}

bool
membership_has(const struct membership *m, unsigned index)
{
	return index < m->n_entries && m->entries[index].used;
}

/* ------------------------------------------------------------------ names */

static char
lower_case(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

void
membership_name_key(int name_key, const char *name, char key[HOST_AUTH_NAME_MAX])
{
	const char *realm = name_key == HOST_KEY_STRIP_REALM ? strrchr(name, '@') : NULL;
	size_t len = strnlen(name, HOST_AUTH_NAME_MAX - 1);

	/* "@isp" has no user in front of the realm: the whole is the name then */
	if (realm != NULL && realm != name && (size_t)(realm - name) < len)
		len = (size_t)(realm - name);
	for (size_t i = 0; i < len; i++)
		key[i] = name_key == HOST_KEY_LOWER ? lower_case(name[i]) : name[i];
	key[len] = '\0';
}

/* ------------------------------------------------------------------ looking up */

static uint32_t
mix(uint32_t hash, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ p[i]) * 16777619u; /* FNV-1a */
	return hash;
}

/* Bundles that could be confused lie in one bucket: those of one name, or the unauthenticated ones of the same bytes. So the
 * near miss is found that explains why a link did not join. */
static unsigned
bucket_of(const struct membership *m, unsigned owner, const char *key, const struct host_endpoint *ep)
{
	uint32_t hash = mix(2166136261u, &owner, sizeof(owner));

	if (key != NULL)
		hash = mix(hash, key, strlen(key));
	else
		hash = mix(hash, ep->bytes, ep->len);
	return (hash ^ hash >> 16) & (m->n_buckets - 1);
}

static bool
same_party(const struct membership_entry *e, const struct membership_link *link, const char *key)
{
	return e->owner == link->owner && (e->key != NULL) == link->authenticated &&
		(!link->authenticated || strcmp(e->key, key) == 0);
}

static const struct membership_entry *
find(const struct membership *m, const struct membership_link *link, const char *key,
	const struct membership_entry **near_miss)
{
	const unsigned b = bucket_of(m, link->owner, link->authenticated ? key : NULL, link->endpoint);

	*near_miss = NULL;
	for (uint32_t at = m->buckets[b]; at != 0; at = m->entries[at - 1].next) {
		const struct membership_entry *e = &m->entries[at - 1];

		if (!same_party(e, link, key))
			continue;
		if (endpoint_is(&e->endpoint, link->endpoint))
			return e;
		*near_miss = e;
	}
	return NULL;
}

static void
link_key(const struct membership_link *link, char key[HOST_AUTH_NAME_MAX])
{
	key[0] = '\0';
	if (link->authenticated)
		membership_name_key(link->name_key, link->alias != NULL ? link->alias : link->login, key);
}

/* ------------------------------------------------------------------ deciding */

static void explain(struct membership_answer *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
explain(struct membership_answer *a, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(a->explain, sizeof(a->explain), format, args);
	va_end(args);
}

static unsigned
rfc_case(const struct membership_link *link)
{
	const bool sent = link->endpoint->class != HOST_EP_NULL || link->endpoint->len != 0;

	return (link->authenticated ? 3u : 1u) + (sent ? 1u : 0u);
}

static const char *
format_name(bool is_short)
{
	return is_short ? "short" : "long";
}

/* "name 'alice' and endpoint mac 02:..": what decides in the RFC's four cases. */
static void
party_text(const struct membership_link *link, const char *key, char *text, unsigned cap)
{
	char ep[80];

	endpoint_text(link->endpoint, ep, sizeof(ep));
	if (link->authenticated)
		snprintf(text, cap, "name '%.60s' and endpoint %s", key, ep);
	else
		snprintf(text, cap, "endpoint %s, without authentication", ep);
}

/* party: 60 bytes of a name and an endpoint's text at most. */
static void
tell_joined(char text[256], unsigned index, unsigned nth, const char *party, unsigned rfc_case_of_it)
{
	if (nth == 1)
		snprintf(text, 256, "starts a bundle of its own: none lives with %.168s (RFC 1990 5.1.3 case %u)",
			party, rfc_case_of_it);
	else
		snprintf(text, 256, "joins bundle %u as link %u: same %.168s (RFC 1990 5.1.3 case %u)", index + 1, nth,
			party, rfc_case_of_it);
}

static void
explain_new(struct membership_answer *a, const char *party, const struct membership *m,
	const struct membership_entry *near_miss)
{
	struct host_endpoint its;
	char other[80];

	if (near_miss == NULL) {
		a->nth = 1;
		tell_joined(a->explain, a->bundle, a->nth, party, a->rfc_case);
		return;
	}
	endpoint_load(&its, &near_miss->endpoint);
	endpoint_text(&its, other, sizeof(other));
	explain(a, "starts a bundle of its own: %s, and bundle %u differs by its endpoint %s", party,
		(unsigned)(near_miss - m->entries) + 1, other);
}

/* Same values on all links of a bundle: RFC 1990 section 5.1.1 (MRRU) and 5.1.2 (number format). */
static enum membership_verdict
compare_formats(const struct membership_entry *e, const struct membership_link *link, struct membership_answer *a)
{
	const unsigned id = a->bundle + 1;

	if (e->peer_mrru != link->peer_mrru || e->our_mrru != link->our_mrru) {
		explain(a, "refused: bundle %u runs with MRRU %u (peer's) and %u (ours), this link agreed %u and %u",
			id, e->peer_mrru, e->our_mrru, link->peer_mrru, link->our_mrru);
		return MEMBERSHIP_OTHER_MRRU;
	}
	if (e->rx_short != link->rx_short || e->tx_short != link->tx_short) {
		explain(a, "refused: bundle %u receives %s and sends %s sequence numbers, this link agreed %s and %s",
			id, format_name(e->rx_short), format_name(e->tx_short), format_name(link->rx_short),
			format_name(link->tx_short));
		return MEMBERSHIP_OTHER_SEQUENCE;
	}
	if (e->links >= link->links_max) {
		explain(a, "refused: bundle %u has %u links already, %u are allowed", id, e->links, link->links_max);
		return MEMBERSHIP_FULL;
	}
	return MEMBERSHIP_JOIN;
}

void
membership_decide(const struct membership *m, const struct membership_link *link, struct membership_answer *a)
{
	const struct membership_entry *e, *near_miss;
	char key[HOST_AUTH_NAME_MAX], party[192];

	*a = (struct membership_answer){.rfc_case = rfc_case(link)};
	link_key(link, key);
	party_text(link, key, party, sizeof(party));
	if (!link->authenticated && !link->allow_unauthenticated) {
		a->verdict = MEMBERSHIP_UNAUTHENTICATED;
		explain(a, "refused: multilink is not allowed here for %s: anybody could name it", party);
		return;
	}
	e = find(m, link, key, &near_miss);
	if (e == NULL) {
		a->verdict = MEMBERSHIP_NEW;
		explain_new(a, party, m, near_miss);
		return;
	}
	a->bundle = (unsigned)(e - m->entries);
	a->verdict = compare_formats(e, link, a);
	if (a->verdict != MEMBERSHIP_JOIN)
		return;
	a->nth = e->links + 1u;
	tell_joined(a->explain, a->bundle, a->nth, party, a->rfc_case);
}

void
membership_retell(const struct membership_link *link, unsigned index, unsigned nth, char text[256])
{
	char key[HOST_AUTH_NAME_MAX], party[192];

	link_key(link, key);
	party_text(link, key, party, sizeof(party));
	tell_joined(text, index, nth, party, rfc_case(link));
}

/* ------------------------------------------------------------------ changing */

int
membership_insert(struct membership *m, unsigned index, const struct membership_link *link)
{
	struct membership_entry *e = &m->entries[index];
	char key[HOST_AUTH_NAME_MAX];
	unsigned b;

	link_key(link, key);
	*e = (struct membership_entry){
		.used = true,
		.rx_short = link->rx_short,
		.tx_short = link->tx_short,
		.our_mrru = link->our_mrru,
		.peer_mrru = link->peer_mrru,
		.owner = link->owner,
		.links = 1,
		.key = link->authenticated ? strdup(key) : NULL,
	};
	if (!endpoint_keep(&e->endpoint, link->endpoint) || (link->authenticated && e->key == NULL)) {
		entry_drop(e);
		e->used = false;
		return -ENOMEM;
	}
	b = bucket_of(m, e->owner, e->key, link->endpoint);
	e->next = m->buckets[b];
	m->buckets[b] = index + 1;
	return 0;
}

void
membership_join(struct membership *m, unsigned index)
{
	m->entries[index].links++;
}

static void
unlink_entry(struct membership *m, unsigned index)
{
	struct membership_entry *e = &m->entries[index];
	struct host_endpoint ep;
	uint32_t *at;

	endpoint_load(&ep, &e->endpoint);
	at = &m->buckets[bucket_of(m, e->owner, e->key, &ep)];
	while (*at != index + 1)
		at = &m->entries[*at - 1].next;
	*at = e->next;
	entry_drop(e);
	e->used = false;
}

unsigned
membership_leave(struct membership *m, unsigned index)
{
	struct membership_entry *e = &m->entries[index];

	e->links--;
	if (e->links == 0)
		unlink_entry(m, index);
	return e->links;
}

void
membership_endpoint(const struct membership *m, unsigned index, struct host_endpoint *ep)
{
	if (membership_has(m, index))
		endpoint_load(ep, &m->entries[index].endpoint);
	else
		*ep = (struct host_endpoint){.class = HOST_EP_NULL};
}
