/* SPDX-License-Identifier: BSD-3-Clause */
#include "ppp_test.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/bytes.h"

const struct host_lcp default_lcp = {
	.timing = {.restart_ms = 3000, .max_configure = 10, .max_terminate = 2, .max_failure = 5},
	.echo_interval_ms = 10000,
	.echo_failures = 3,
	.p_mru = {true, true},
	.p_magic = {true, true},
	.p_mrru = {true, true},
	.p_short_seq = {false, true},
	.p_endpoint = {true, true},
	.p_pfc = {false, false},
	.p_auth = {true, true},
};

const struct host_multilink default_multilink = {.enabled = true, .mrru = 1524};
const struct host_endpoint default_endpoint = {.class = HOST_EP_MAC, .len = 6, .bytes = {2, 0, 0, 0, 0, 1}};

struct lcp_wish
default_wish(void)
{
	return (struct lcp_wish){
		.lcp = &default_lcp, .multilink = &default_multilink, .endpoint = &default_endpoint, .mru_limit = 1492};
}

uint32_t
rng_next(struct rng *r)
{
	r->state += 0x9e3779b97f4a7c15;
	uint64_t z = r->state;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (uint32_t)(z >> 32);
}

uint32_t
rng_below(struct rng *r, uint32_t n)
{
	return rng_next(r) % n;
}

void
rng_fill(void *rng, void *buf, size_t n)
{
	uint8_t *p = buf;
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = (uint8_t)rng_next(rng);
}

static unsigned
nibble(char c)
{
	return isdigit((unsigned char)c) ? (unsigned)(c - '0') : (unsigned)(tolower((unsigned char)c) - 'a' + 10);
}

size_t
hex(const char *text, uint8_t *buf, size_t cap)
{
	size_t n = 0;

	for (; *text != '\0'; text++) {
		if (*text == ' ')
			continue;
		assert_true(isxdigit((unsigned char)text[0]) && isxdigit((unsigned char)text[1]));
		assert_true(n < cap);
		buf[n++] = (uint8_t)(nibble(text[0]) << 4 | nibble(text[1]));
		text++;
	}
	return n;
}

size_t
packet(uint8_t *buf, uint8_t code, uint8_t id, const char *hex_data)
{
	const size_t len = CP_HDR_LEN + hex(hex_data, buf + CP_HDR_LEN, CP_OPTIONS_MAX);

	buf[0] = code;
	buf[1] = id;
	store_be16(buf + 2, (uint16_t)len);
	return len;
}

const uint8_t *
sent(const struct outbox *out, unsigned i, size_t *len)
{
	unsigned at;

	for (at = 0; at < out->n; at++) {
		if (out->items[at].kind == OUT_SEND && i-- == 0) {
			*len = out->items[at].len;
			return out->bytes + out->items[at].at;
		}
	}
	return NULL;
}

const uint8_t *
sent_code(const struct outbox *out, uint8_t code, size_t *len)
{
	const uint8_t *p;
	unsigned i;

	for (i = 0; (p = sent(out, i, len)) != NULL; i++) {
		if (p[0] == code)
			return p;
	}
	return NULL;
}

unsigned
count_kind(const struct outbox *out, enum out_kind kind)
{
	unsigned at, n = 0;

	for (at = 0; at < out->n; at++)
		n += out->items[at].kind == kind;
	return n;
}

bool
has_note(const struct outbox *out, const char *part)
{
	unsigned at;

	for (at = 0; at < out->n; at++) {
		if (out->items[at].kind == OUT_NOTE &&
			strstr((const char *)out->bytes + out->items[at].at, part) != NULL)
			return true;
	}
	return false;
}

void
assert_sent(const struct outbox *out, uint8_t code, uint8_t id, const char *hex_data)
{
	uint8_t want[CP_PACKET_MAX];
	const size_t want_len = packet(want, code, id, hex_data);
	size_t len;
	const uint8_t *p = sent_code(out, code, &len);

	assert_non_null(p);
	assert_int_equal(len, want_len);
	assert_memory_equal(p, want, len);
}

/* ------------------------------------------------------------------ wire */

void
wire_init(struct wire *w, struct node *a, struct node *b, uint64_t seed)
{
	*w = (struct wire){.ends = {a, b}, .rng = {seed}, .delay_ms = 5};
	w->queue = calloc(WIRE_QUEUE_MAX, sizeof(*w->queue));
	assert_non_null(w->queue);
}

void
wire_free(struct wire *w)
{
	free(w->queue);
}

static void
wire_put(struct wire *w, unsigned to, const uint8_t *p, uint16_t len)
{
	struct wire_flight *f;

	if (rng_below(&w->rng, 1000) < w->loss_permille)
		return;
	assert_true(w->n < WIRE_QUEUE_MAX);
	f = &w->queue[w->n++];
	f->at_ms = w->now_ms + w->delay_ms + (w->jitter_ms != 0 ? rng_below(&w->rng, w->jitter_ms) : 0);
	if (!w->reorder && f->at_ms < w->last_at_ms[to])
		f->at_ms = w->last_at_ms[to];
	w->last_at_ms[to] = f->at_ms;
	f->to = (uint8_t)to;
	f->len = len;
	assert_true(len <= sizeof(f->bytes));
	memcpy(f->bytes, p, len);
}

static void
wire_send(struct wire *w, unsigned from, const uint8_t *p, uint16_t len)
{
	w->ends[from]->codes[p[0]]++;
	wire_put(w, 1 - from, p, len);
	if (rng_below(&w->rng, 1000) < w->double_permille)
		wire_put(w, 1 - from, p, len);
}

void
wire_drain(struct wire *w, unsigned from, struct outbox *out)
{
	struct node *n = w->ends[from];
	unsigned i;

	assert_false(out->overflow);
	for (i = 0; i < out->n; i++) {
		n->events[out->items[i].kind]++;
		if (out->items[i].kind == OUT_SEND)
			wire_send(w, from, out->bytes + out->items[i].at, out->items[i].len);
	}
	outbox_init(out);
	if (n->after == NULL)
		return;
	n->after(n->machine, w->now_ms, out);
	for (i = 0; i < out->n; i++) {
		n->events[out->items[i].kind]++;
		if (out->items[i].kind == OUT_SEND)
			wire_send(w, from, out->bytes + out->items[i].at, out->items[i].len);
	}
	outbox_init(out);
}

/* Index of the packet that arrives first; n: none. The first put wins a tie, so that equal delays keep the order. */
static unsigned
wire_next(const struct wire *w)
{
	unsigned i, best = w->n;

	for (i = 0; i < w->n; i++) {
		if (best == w->n || w->queue[i].at_ms < w->queue[best].at_ms)
			best = i;
	}
	return best;
}

static void
wire_deliver(struct wire *w, unsigned i)
{
	struct wire_flight f = w->queue[i];
	struct outbox out;

	memmove(&w->queue[i], &w->queue[i + 1], (w->n - i - 1) * sizeof(w->queue[0]));
	w->n--;
	outbox_init(&out);
	w->ends[f.to]->input(w->ends[f.to]->machine, f.bytes, f.len, w->now_ms, &out);
	wire_drain(w, f.to, &out);
}

static void
wire_tick(struct wire *w)
{
	struct outbox out;
	unsigned i;

	for (i = 0; i < 2; i++) {
		if (w->ends[i]->deadline_ms(w->ends[i]->machine) > w->now_ms)
			continue;
		outbox_init(&out);
		w->ends[i]->tick(w->ends[i]->machine, w->now_ms, &out);
		wire_drain(w, i, &out);
		/* a machine that stays due would spin its driver */
		assert_true(w->ends[i]->deadline_ms(w->ends[i]->machine) > w->now_ms);
	}
}

void
wire_run(struct wire *w, uint64_t until_ms)
{
	for (;;) {
		const unsigned head = wire_next(w);
		uint64_t next = until_ms;
		unsigned i;

		for (i = 0; i < 2; i++) {
			const uint64_t due = w->ends[i]->deadline_ms(w->ends[i]->machine);

			next = due < next ? due : next;
		}
		if (head < w->n && w->queue[head].at_ms < next)
			next = w->queue[head].at_ms;
		if (next >= until_ms)
			break;
		w->now_ms = next > w->now_ms ? next : w->now_ms;
		if (head < w->n && w->queue[head].at_ms <= w->now_ms)
			wire_deliver(w, head);
		else
			wire_tick(w);
	}
	w->now_ms = until_ms;
}

/* ------------------------------------------------------------------ nodes */

#define NODE(name)                                                                                              \
	static void name##_node_input(void *m, const uint8_t *p, size_t n, uint64_t now_ms, struct outbox *out) \
	{                                                                                                       \
		name##_input(m, p, n, now_ms, out);                                                             \
	}                                                                                                       \
	static void name##_node_tick(void *m, uint64_t now_ms, struct outbox *out)                              \
	{                                                                                                       \
		name##_tick(m, now_ms, out);                                                                    \
	}                                                                                                       \
	static uint64_t name##_node_deadline_ms(const void *m)                                                  \
	{                                                                                                       \
		return name##_deadline_ms(m);                                                                   \
	}                                                                                                       \
	void node_##name(struct node *n, struct name *machine)                                                  \
	{                                                                                                       \
		*n = (struct node){                                                                             \
			.machine = machine,                                                                     \
			.input = name##_node_input,                                                             \
			.tick = name##_node_tick,                                                               \
			.deadline_ms = name##_node_deadline_ms,                                                 \
		};                                                                                              \
	}

NODE(lcp)
NODE(ipcp)
NODE(ipv6cp)
NODE(pap)
NODE(chap)
