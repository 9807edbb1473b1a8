/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_PPP_PPP_TEST_H
#define TESTS_UNIT_PPP_PPP_TEST_H

/* cmocka wants these four first, in this order */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/ppp/chap.h"
#include "control/ppp/ipcp.h"
#include "control/ppp/ipv6cp.h"
#include "control/ppp/lcp.h"
#include "control/ppp/outbox.h"
#include "control/ppp/pap.h"

/* ------------------------------------------------------------------ chance by seed */

struct rng {
	uint64_t state;
};

uint32_t rng_next(struct rng *r);
uint32_t rng_below(struct rng *r, uint32_t n);
void rng_fill(void *rng, void *buf, size_t n); /* a host_random_fn */

/* ------------------------------------------------------------------ packets as text */

/* "01 04 05dc" to bytes; returns their number. */
size_t hex(const char *text, uint8_t *buf, size_t cap);
/* Control packet with its header; returns its length. */
size_t packet(uint8_t *buf, uint8_t code, uint8_t id, const char *hex_data);

/* ------------------------------------------------------------------ what is in an outbox */

/* The i-th packet sent; NULL: there are fewer. */
const uint8_t *sent(const struct outbox *out, unsigned i, size_t *len);
/* The first packet sent with this code; NULL: none. */
const uint8_t *sent_code(const struct outbox *out, uint8_t code, size_t *len);
unsigned count_kind(const struct outbox *out, enum out_kind kind);
bool has_note(const struct outbox *out, const char *part);
void assert_sent(const struct outbox *out, uint8_t code, uint8_t id, const char *hex_data);

/* ------------------------------------------------------------------ two machines on a wire */

enum { WIRE_QUEUE_MAX = 512 };

struct node {
	void *machine;
	void (*input)(void *m, const uint8_t *p, size_t n, uint64_t now_ms, struct outbox *out);
	void (*tick)(void *m, uint64_t now_ms, struct outbox *out);
	uint64_t (*deadline_ms)(const void *m);
	/* NULL or: behind each call, with the effects of it (a server's verdicts) */
	void (*after)(void *m, uint64_t now_ms, struct outbox *out);
	unsigned events[OUT_PROTOCOL_REJECTED + 1]; /* by enum out_kind */
	unsigned codes[256];                        /* packets sent, by code */
};

struct wire_flight {
	uint64_t at_ms;
	uint8_t to;
	uint16_t len;
	uint8_t bytes[CP_PACKET_MAX + 100];
};

struct wire {
	struct node *ends[2];
	struct rng rng;
	uint64_t now_ms;
	uint32_t delay_ms, jitter_ms, loss_permille, double_permille;
	bool reorder; /* else packets of one direction keep their order */
	uint64_t last_at_ms[2];
	unsigned n;
	struct wire_flight *queue;
};

void wire_init(struct wire *w, struct node *a, struct node *b, uint64_t seed);
void wire_free(struct wire *w);
/* Takes what node `from` left. */
void wire_drain(struct wire *w, unsigned from, struct outbox *out);
/* Runs until nothing is due before `until_ms`. */
void wire_run(struct wire *w, uint64_t until_ms);

void node_lcp(struct node *n, struct lcp *l);
void node_ipcp(struct node *n, struct ipcp *c);
void node_ipv6cp(struct node *n, struct ipv6cp *c);
void node_pap(struct node *n, struct pap *p);
void node_chap(struct node *n, struct chap *c);

/* ------------------------------------------------------------------ wishes */

extern const struct host_lcp default_lcp;
extern const struct host_multilink default_multilink;
extern const struct host_endpoint default_endpoint;
struct lcp_wish default_wish(void);

#endif
