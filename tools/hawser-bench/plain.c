/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <rte_mbuf.h>
#include <string.h>

#include "dataplane/mbuf.h"
#include "dataplane/wire/mp.h"
#include "dataplane/wire/ppp.h"
#include "dataplane/wire/pppoe.h"
#include "tools/hawser-bench/cases.h"

/* Reassembly as one would write it at first: session by a hash of its id and MAC address, a sorted list of fragments a bundle, one frame at a
 * time, nothing fetched ahead. Kept to show what the layout of the shipped one is worth; it knows loss-free traffic only. */

struct plain_key {
	uint16_t session, port;
	struct mac mac;
	uint16_t zero;
};

struct plain_fragment {
	struct plain_fragment *next;
	struct rte_mbuf *m;
	uint32_t seq;
	bool begin, end;
};

struct plain_bundle {
	char name[64];
	struct plain_fragment *head;
	uint32_t next;
	uint64_t packets, bytes;
};

struct plain_link {
	char name[64];
	struct plain_bundle *bundle;
	uint64_t frames, bytes;
};

static struct {
	struct rte_hash *sessions;
	struct plain_bundle *bundles;
	struct plain_link *links;
	struct arrivals a;
} plain;

static struct rte_mbuf *list[LAB_LIST], *out[LAB_LIST * 4];

static void
insert(struct plain_bundle *b, struct rte_mbuf *m, const struct mp_view *v)
{
	struct plain_fragment **at = &b->head, *f = malloc(sizeof(*f));

	if (f == NULL)
		die("no memory");
	while (*at != NULL && (*at)->seq < v->seq)
		at = &(*at)->next;
	*f = (struct plain_fragment){.next = *at, .m = m, .seq = v->seq, .begin = v->begin, .end = v->end};
	*at = f;
}

/* The packet at the head of the list, if it is complete and in order. */
static struct rte_mbuf *
next_packet(struct plain_bundle *b)
{
	const struct plain_fragment *f = b->head;
	struct rte_mbuf *pieces[8];
	unsigned n = 0, freed;

	for (uint32_t seq = b->next;; seq++, f = f->next) {
		if (f == NULL || f->seq != seq)
			return NULL;
		pieces[n++] = f->m;
		if (f->end)
			break;
	}
	for (unsigned i = 0; i < n; i++) {
		struct plain_fragment *gone = b->head;

		b->head = gone->next;
		free(gone);
	}
	b->next += n;
	b->packets++;
	return mbuf_join(pieces, n, &freed);
}

static unsigned
input(struct rte_mbuf *m, struct rte_mbuf *to[])
{
	struct plain_key key = {.port = m->port};
	const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *);
	struct plain_link *l;
	struct mp_view v;
	unsigned n = 0;
	void *found;

	memcpy(&key.mac, p + ETH_ADDR_LEN, sizeof(key.mac));
	key.session = load_be16(p + ETH_HDR_LEN + 2);
	if (rte_hash_lookup_data(plain.sessions, &key, &found) < 0)
		die("plain: session unknown");
	l = found;
	l->frames++;
	l->bytes += m->pkt_len;
	mp_parse(p + ETH_HDR_LEN + PPPOE_HDR_LEN + PPP_PROTO_LEN, MP_LONG_LEN, false, &v);
	rte_pktmbuf_adj(m, ETH_HDR_LEN + PPPOE_HDR_LEN + PPP_PROTO_LEN + MP_LONG_LEN);
	insert(l->bundle, m, &v);
	while ((to[n] = next_packet(l->bundle)) != NULL) {
		l->bundle->bytes += to[n]->pkt_len;
		rte_pktmbuf_adj(to[n++], PPP_PROTO_LEN);
	}
	return n;
}

static unsigned
run(unsigned from, unsigned to, struct rte_mbuf *packets[])
{
	unsigned n = 0;

	for (unsigned i = from; i < to; i++)
		n += input(list[i], packets + n);
	return n;
}

void
plain_enter(struct bench *b)
{
	const struct from_case *c = b->ctx;
	const struct population *p = &lab.pop[c->t.population];
	const struct rte_hash_parameters params = {.name = "plain",
		.entries = c->t.bundles * p->links * 5 / 4,
		.key_len = sizeof(struct plain_key),
		.hash_func = rte_hash_crc,
		.socket_id = SOCKET_ID_ANY};

	plain.sessions = rte_hash_create(&params);
	plain.bundles = calloc(c->t.bundles, sizeof(*plain.bundles));
	plain.links = calloc((size_t)c->t.bundles * p->links, sizeof(*plain.links));
	if (plain.sessions == NULL || plain.bundles == NULL || plain.links == NULL)
		die("no memory for the plain version");
	for (uint32_t i = 0; i < c->t.bundles * p->links; i++) {
		struct plain_key key = {.port = p->link[i].port,
			.session = p->link[i].session,
			.mac = lab_peer(c->t.worker, p, i / p->links, i % p->links)};

		plain.links[i].bundle = &plain.bundles[i / p->links];
		if (rte_hash_add_key_data(plain.sessions, &key, &plain.links[i]) != 0)
			die("no room for the plain version's sessions");
	}
	arrivals_init(&plain.a, c->t.population, c->t.worker);
	arrivals_use(&plain.a, &c->t);
	for (uint64_t i = 0; i < (uint64_t)c->t.bundles * 10; i += LAB_LIST) {
		arrivals_fill(&plain.a, list, LAB_LIST);
		rte_pktmbuf_free_bulk(out, run(0, LAB_LIST, out));
	}
}

void
plain_slice(struct bench *b, struct sample *s)
{
	const struct from_case *c = b->ctx;
	uint64_t begin;
	unsigned n;

	arrivals_fill(&plain.a, list, LAB_LIST);
	n = run(0, LAB_LEAD, out);
	begin = cycles_begin();
	n += run(LAB_LEAD, LAB_LIST, out + n);
	s->cycles = cycles_end() - begin;
	s->items = LAB_LIST - LAB_LEAD;
	for (unsigned i = 0; i < n; i++)
		if (out[i]->pkt_len != c->t.shape->at[0].bytes)
			die("plain: a packet of %u bytes", out[i]->pkt_len);
	rte_pktmbuf_free_bulk(out, n);
}

void
plain_leave(struct bench *b)
{
	const struct from_case *c = b->ctx;

	for (uint32_t i = 0; i < c->t.bundles; i++)
		while (plain.bundles[i].head != NULL) {
			struct plain_fragment *f = plain.bundles[i].head;

			plain.bundles[i].head = f->next;
			rte_pktmbuf_free(f->m);
			free(f);
		}
	free(plain.bundles);
	free(plain.links);
	rte_hash_free(plain.sessions);
	arrivals_fini(&plain.a);
}
