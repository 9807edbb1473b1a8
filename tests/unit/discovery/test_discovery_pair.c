/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/discovery_client.h"
#include "control/ppp/discovery_server.h"

#include "tests/unit/discovery/frames.h"

/* Client and server over a wire that loses, repeats and delays frames; what host.c does between them is done here in short. */

enum { WIRE_MAX = 64, SEEDS = 2000 };

struct flying {
	uint64_t at_ms;
	bool to_server;
	struct discovery_frame frame;
};

static struct {
	uint64_t seed;
	unsigned loss_percent, n;
	struct flying frames[WIRE_MAX];
} wire;

static const uint16_t ports[] = {0};
static const struct discovery_port port = {.index = 0, .mac = {{0x02, 0, 0, 0, 0, 0xfe}}, .mtu = 1508};

static struct discovery_server server;
static struct discovery_client client;
static struct session_ids ids;
static struct discovery_request known; /* the session that the server gave */
static uint16_t known_session;
static unsigned sessions;

static void
wire_put(const struct discovery_frame *f, bool to_server, uint64_t now_ms)
{
	const unsigned copies = 1 + (xorshift64(&wire.seed) % 10 == 0);

	for (unsigned i = 0; i < copies && f->len != 0; i++) {
		if (xorshift64(&wire.seed) % 100 < wire.loss_percent)
			continue;
		assert_true(wire.n < WIRE_MAX);
		wire.frames[wire.n++] = (struct flying){
			.at_ms = now_ms + 1 + xorshift64(&wire.seed) % 60, .to_server = to_server, .frame = *f};
	}
}

static bool
wire_take(uint64_t now_ms, struct flying *f)
{
	for (unsigned i = 0; i < wire.n; i++) {
		if (wire.frames[i].at_ms > now_ms)
			continue;
		*f = wire.frames[i];
		wire.frames[i] = wire.frames[--wire.n];
		return true;
	}
	return false;
}

static void
server_padr(const struct discovery_view *v, uint64_t now_ms, struct discovery_frame *out)
{
	struct discovery_request req;

	if (discovery_server_padr(&server, v, &port, now_ms, &req, out) != DISCOVERY_OK)
		return;
	if (known_session == 0 || memcmp(req.fingerprint, known.fingerprint, sizeof(req.fingerprint)) != 0) {
		known = req;
		known_session = session_ids_take(&ids);
		sessions++;
	}
	discovery_server_pads(&server, v, &port, &req, known_session, out);
}

static void
deliver(const struct flying *f, uint64_t now_ms, struct discovery_client_out *out)
{
	struct discovery_frame answer = {.len = 0};
	struct discovery_view v;

	assert_int_equal(discovery_parse(f->frame.bytes, f->frame.len, &v), DISCOVERY_OK);
	if (!f->to_server) {
		discovery_client_input(&client, &v, now_ms, out);
		wire_put(&out->frame, true, now_ms);
		return;
	}
	if (v.code == PPPOE_CODE_PADI)
		discovery_server_padi(&server, &v, &port, now_ms, &answer);
	else if (v.code == PPPOE_CODE_PADR)
		server_padr(&v, now_ms, &answer);
	wire_put(&answer, false, now_ms);
}

/* One dial, to its end; returns the event and when it came. */
static enum discovery_client_event
dial(uint64_t seed, unsigned loss_percent, uint64_t *took_ms)
{
	static const struct host_concentrator cfg = {
		.ports = ports, .n_ports = 1, .vlans = {.any = true}, .ac_name = "ac", .max_payload = true};
	const struct discovery_client_wish wish = {
		.local = host_mac, .max_payload = 1500, .vlans = {VLAN_TAGGED | 7, 0}};
	struct discovery_client_out out;
	uint8_t chance[16];
	struct flying f;

	wire.seed = seed;
	wire.loss_percent = loss_percent;
	wire.n = 0;
	known_session = 0;
	sessions = 0;
	session_ids_init(&ids, 0);
	discovery_server_init(&server, &cfg, seeded_random, &wire.seed, 0);
	discovery_client_init(&client, &wish);
	seeded_random(&wire.seed, chance, sizeof(chance));
	discovery_client_open(&client, chance, 0, &out);
	wire_put(&out.frame, true, 0);
	for (uint64_t now_ms = 1; now_ms < 120000; now_ms++) {
		discovery_client_tick(&client, now_ms, &out);
		wire_put(&out.frame, true, now_ms);
		while (out.event == DISCOVERY_CLIENT_NOTHING && wire_take(now_ms, &f))
			deliver(&f, now_ms, &out);
		*took_ms = now_ms;
		if (out.event != DISCOVERY_CLIENT_NOTHING)
			return out.event;
	}
	return DISCOVERY_CLIENT_NOTHING;
}

static void
without_loss_every_dial_comes_up_at_once(void **state)
{
	uint64_t took_ms;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS / 4; seed++) {
		assert_int_equal(dial(seed, 0, &took_ms), DISCOVERY_CLIENT_UP);
		assert_in_range(took_ms, 4, 4 * 60);
		assert_int_equal(client.key.session, known_session);
		assert_int_equal(client.max_payload, 1500);
		assert_int_equal(known.max_payload, 1500);
		assert_int_equal(sessions, 1);
	}
}

static void
under_loss_every_dial_ends_in_bounded_time(void **state)
{
	/* 5 PADIs and 4 PADRs, doubling from 500 ms, each with a quarter of jitter at most. */
	const uint64_t bound_ms = (500 + 1000 + 2000 + 4000 + 8000 + 500 + 1000 + 2000 + 4000) * 5 / 4;
	unsigned up = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		uint64_t took_ms;
		const enum discovery_client_event event = dial(seed * 0x9e3779b97f4a7c15, 30, &took_ms);

		assert_int_not_equal(event, DISCOVERY_CLIENT_NOTHING);
		assert_true(took_ms <= bound_ms);
		assert_true(sessions <= 1); /* however often the PADR came */
		if (event == DISCOVERY_CLIENT_UP) {
			assert_int_equal(client.key.session, known_session);
			up++;
		} else {
			assert_true(
				client.failure == DISCOVERY_FAIL_NO_PADO || client.failure == DISCOVERY_FAIL_NO_PADS);
		}
	}
	assert_in_range(up, SEEDS * 85 / 100, SEEDS);
}

static void
on_a_dead_wire_every_dial_fails_by_name(void **state)
{
	uint64_t took_ms;

	(void)state;
	assert_int_equal(dial(5, 100, &took_ms), DISCOVERY_CLIENT_FAILED);
	assert_int_equal(client.failure, DISCOVERY_FAIL_NO_PADO);
	assert_in_range(took_ms, 15500, 15500 * 5 / 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_loss_every_dial_comes_up_at_once),
		cmocka_unit_test(under_loss_every_dial_ends_in_bounded_time),
		cmocka_unit_test(on_a_dead_wire_every_dial_fails_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
