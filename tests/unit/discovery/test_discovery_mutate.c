/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "control/ppp/discovery_client.h"
#include "control/ppp/discovery_server.h"

#include "tests/unit/discovery/frames.h"

/* Valid frames, damaged by chance, into everything that reads frames: nothing is read beyond the end (the sanitizers' word), every
 * verdict has a name, and whatever is sent in answer is a frame that may be sent. A failing seed is printed. */

enum { ROUNDS = 60000, PERIOD_MS = 100 };

static const uint16_t ports[] = {3};
static const struct discovery_port port = {.index = 3, .mac = {{0x02, 0, 0, 0, 0, 0xfe}}, .mtu = 1508};
static const struct host_concentrator cfg = {
	.ports = ports,
	.n_ports = 1,
	.vlans = {.any = true},
	.ac_name = "rope",
	.services = {"fast"},
	.n_services = 1,
	.max_payload = true,
	.wrong_service_error = true,
	.limits = {.pado_delay_ms = 5},
};
static const uint8_t vendor[] = {0x00, 0x00, 0x0d, 0xe9, 0x01, 0x03, 'e', 't', 'h', 0x81, 0x04, 0x00, 0x00, 0x27, 0x10};

static struct discovery_server server;
static struct discovery_client client;
static uint64_t chance;
static unsigned verdicts[DISCOVERY_VERDICT_COUNT];

static void
check_sent(const struct discovery_frame *f)
{
	struct discovery_view v;

	if (f->len == 0)
		return;
	assert_in_range(f->len, 60, DISCOVERY_FRAME_MAX);
	assert_int_equal(discovery_parse(f->bytes, f->len, &v), DISCOVERY_OK);
}

static void
count(enum discovery_verdict v)
{
	assert_in_range(v, 0, DISCOVERY_VERDICT_COUNT - 1);
	verdicts[v]++;
}

static struct raw
any_frame(void)
{
	static const uint8_t codes[] = {0x09, 0x07, 0x19, 0x65, 0xa7};
	static const uint8_t filler[1440];
	static const uint32_t vlans[] = {0, 7, 100u << 16 | 7};
	const uint8_t code = codes[xorshift64(&chance) % 5];
	const bool to_host = code == 0x07 || code == 0x65 || code == 0xa7;
	const struct mac *dst = code == 0x09 ? &all_mac : to_host ? &host_mac : &ac_mac;
	const uint32_t vlan = xorshift64(&chance) % 2 == 0 ? 0 : vlans[xorshift64(&chance) % 3];
	struct raw r = raw_start(dst, to_host ? &ac_mac : &host_mac, vlan, code, code == 0x65 || code == 0xa7 ? 7 : 0);
	const struct ac_cookie_host who = {.peer = host_mac, .port = 3};
	uint8_t cookie[AC_COOKIE_LEN];

	ac_cookie_store(&server.cookie, &who, cookie);
	raw_text(&r, PPPOE_TAG_SERVICE_NAME, xorshift64(&chance) % 2 ? "fast" : "");
	raw_tag(&r, PPPOE_TAG_HOST_UNIQ, client.uniq, sizeof(client.uniq));
	raw_tag(&r, PPPOE_TAG_AC_COOKIE, cookie, sizeof(cookie));
	raw_tag(&r, PPPOE_TAG_VENDOR, vendor, sizeof(vendor));
	raw_tag(&r, PPPOE_TAG_MAX_PAYLOAD, "\5\xdc", 2);
	raw_text(&r, PPPOE_TAG_AC_NAME, "rope");
	if (xorshift64(&chance) % 16 == 0)
		raw_tag(&r, PPPOE_TAG_RELAY_SESSION_ID, filler, xorshift64(&chance) % sizeof(filler));
	return r;
}

static void
damage(struct raw *r)
{
	unsigned faults = (unsigned)(xorshift64(&chance) % 4);

	while (faults-- != 0) {
		const size_t at = xorshift64(&chance) % r->n;

		switch (xorshift64(&chance) % 4) {
		case 0:
			r->b[at] ^= (uint8_t)(1 << xorshift64(&chance) % 8);
			break;
		case 1:
			r->b[at] = (uint8_t)xorshift64(&chance);
			break;
		case 2:
			r->n = at + 1;
			break;
		case 3: /* grows, to the largest frame and beyond */
			memset(r->b + r->n, (int)(xorshift64(&chance) % 256), 1590 - r->n);
			r->n = 1590;
			r->b[r->pppoe + 4] = (uint8_t)(xorshift64(&chance) % 8);
			break;
		}
	}
}

static void
feed(const uint8_t *frame, size_t n, uint64_t now_ms)
{
	const struct host_session_key key = {.port = 3, .session = 7, .peer = ac_mac, .local = host_mac};
	static struct discovery_client_out client_out;
	struct discovery_request req;
	static struct discovery_frame out;
	struct discovery_view v;
	struct dsl_tags dsl;
	uint16_t to;
	const enum discovery_verdict parsed = discovery_parse(frame, n, &v);

	count(parsed);
	if (parsed != DISCOVERY_OK)
		return;
	dsl_tags_load(&dsl, &v);
	count(discovery_padt_check(&v, 3, &key));
	count(discovery_server_padi(&server, &v, &port, now_ms, &out));
	check_sent(&out);
	const enum discovery_verdict asked = discovery_server_padr(&server, &v, &port, now_ms, &req, &out);

	count(asked);
	check_sent(&out);
	if (asked == DISCOVERY_OK) {
		discovery_server_pads(&server, &v, &port, &req, 9, &out);
		assert_int_not_equal(out.len, 0);
		check_sent(&out);
		discovery_server_refuse(&server, &v, &port, DISCOVERY_FULL_MAC, &out);
		check_sent(&out);
	}
	while (discovery_server_tick(&server, now_ms, &to, &out))
		check_sent(&out);
	count(discovery_client_input(&client, &v, now_ms, &client_out));
	check_sent(&client_out.frame);
	if (client_out.event == DISCOVERY_CLIENT_UP)
		assert_in_range(client.key.session, 1, 65534);
}

static void
one_round(uint64_t i)
{
	if (client.state == DISCOVERY_CLIENT_IDLE || i % 50 == 0) {
		struct discovery_client_out out;
		uint8_t random[16];

		seeded_random(&chance, random, sizeof(random));
		discovery_client_open(&client, random, i * PERIOD_MS, &out);
	}
	static struct raw r;

	r = any_frame();

	damage(&r);
	uint8_t *exact = malloc(r.n); /* of just that size, so that a byte too far is seen */

	assert_non_null(exact);
	memcpy(exact, r.b, r.n);
	feed(exact, r.n, i * PERIOD_MS);
	free(exact);
}

static void
damaged_frames_are_named_and_answered_with_sound_ones(void **state)
{
	const char *from_env = getenv("HAWSER_SEED");
	const uint64_t seed = from_env != NULL ? strtoull(from_env, NULL, 0) : 20260101;
	const struct discovery_client_wish wish = {.local = host_mac, .max_payload = 1500};

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	chance = seed;
	discovery_server_init(&server, &cfg, seeded_random, &chance, 0);
	discovery_client_init(&client, &wish);
	for (uint64_t i = 0; i < ROUNDS; i++)
		one_round(i);
	/* The damage reached what it was meant for. */
	static const enum discovery_verdict reached[] = {DISCOVERY_OK, DISCOVERY_ETH_BAD, DISCOVERY_NOT_DISCOVERY,
		DISCOVERY_SHORT, DISCOVERY_BAD_VER, DISCOVERY_BAD_LENGTH, DISCOVERY_BAD_CODE, DISCOVERY_BAD_SOURCE,
		DISCOVERY_BAD_DESTINATION, DISCOVERY_BAD_SESSION, DISCOVERY_BAD_TAG, DISCOVERY_SERVICE_NAMES,
		DISCOVERY_WRONG_SERVICE, DISCOVERY_NO_COOKIE, DISCOVERY_BAD_COOKIE, DISCOVERY_TOO_LARGE,
		DISCOVERY_UNEXPECTED, DISCOVERY_HOST_UNIQ, DISCOVERY_NOT_FOR_US, DISCOVERY_UNKNOWN_SESSION};

	for (size_t i = 0; i < sizeof(reached) / sizeof(reached[0]); i++) {
		if (verdicts[reached[i]] == 0)
			print_message("never: %s\n", discovery_verdict_text(reached[i]));
		assert_int_not_equal(verdicts[reached[i]], 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damaged_frames_are_named_and_answered_with_sound_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
