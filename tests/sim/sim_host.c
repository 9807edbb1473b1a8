/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/ppp/host_state.h"
#include "tests/unit/host/pair.h"

/* Client and concentrator over a wire that loses, doubles, delays and reorders, with mishaps between, all of it made from one
 * number. Whatever happened, once the wire is good again everything that can be up is up within a bounded time, what cannot
 * be has told both operators why, and nothing leaks. Usage: sim_host [first seed [how many]]. */

enum {
	ROUGH_MS = 60 * 1000,
	ROUGH_UP_MS = 180 * 1000, /* first data on a wire that loses up to 20 % each way, without mishaps */
	/* echo loss 20 s, IPCP given up after 30 s, redial 8.5 s, PADI back-off 10 s, and each may follow the other */
	GOOD_MS = 150 * 1000,
	STOP_MS = 3000,
};

struct scenario {
	struct pair_net net;
	unsigned links;
	bool wrong_password, required, refused_multilink, held;
	char mishaps[256];
};

static struct pair *current;
static uint64_t worst_ms, worst_rough_ms;

static unsigned
draw(struct pair *p, unsigned below)
{
	return pair_random(p) % below;
}

/* The wire and the mishaps come from the pair's generator, the configuration must be there before. */
static uint32_t
roll(uint64_t *state, uint32_t below)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33) % below;
}

static void
make_authentication(struct scenario *s, uint64_t *rng)
{
	struct host_concentrator *c = &s->net.concentrator;

	switch (roll(rng, 4)) {
	case 0:
		c->auth[0] = HOST_AUTH_PAP;
		c->auth[1] = HOST_AUTH_NONE;
		break;
	case 1:
		s->net.client.accept[0] = HOST_AUTH_PAP; /* CHAP is Nak'ed to it */
		s->net.client.accept[1] = HOST_AUTH_NONE;
		break;
	case 2:
		c->auth[0] = HOST_AUTH_NONE;
		c->multilink.allow_unauthenticated = true;
		break;
	default:
		c->rechallenge_ms = roll(rng, 2) * 20000;
		break;
	}
	s->wrong_password = c->auth[0] != HOST_AUTH_NONE && roll(rng, 20) == 0;
	if (s->wrong_password)
		s->net.client.password = "not it";
}

/* In every third the concentrator proves itself, too, by any of the protocols. */
static void
make_proof(struct scenario *s, uint64_t seed)
{
	static const enum host_auth protocols[] = {
		HOST_AUTH_PAP, HOST_AUTH_CHAP_MD5, HOST_AUTH_MSCHAP, HOST_AUTH_MSCHAP2};

	if (seed % 3 != 0)
		return;
	s->net.client.demand[0] = s->net.concentrator.accept[0] = protocols[seed / 3 % 4];
	s->net.client.peer_password = s->net.concentrator.password = "swordfish-b";
	s->net.concentrator.username = "bras-self";
	s->net.client.peer_rechallenge_ms = seed % 2 * 15000;
}

static void
make_multilink(struct scenario *s, uint64_t *rng)
{
	s->net.concentrator.multilink.enabled = roll(rng, 10) != 0;
	s->net.client.multilink.enabled = roll(rng, 10) != 0;
	s->refused_multilink = !s->net.concentrator.multilink.enabled || !s->net.client.multilink.enabled;
	s->net.client.multilink.require = s->net.client.multilink.enabled && roll(rng, 5) == 0;
	s->required = s->net.client.multilink.require && s->refused_multilink;
	s->net.client.lcp.p_short_seq.want = roll(rng, 4) == 0;
	s->net.concentrator.lcp.p_short_seq.want = roll(rng, 4) == 0;
	s->net.concentrator.lcp.p_short_seq.allow = roll(rng, 4) != 0;
	if (s->required) /* is told first: LCP comes before authentication */
		s->wrong_password = false;
	s->held = s->refused_multilink && s->links > 1;
}

/* IPv6 beside IPv4, wanted by one end, by both or by none. */
static void
make_network(struct scenario *s, uint64_t *rng)
{
	const struct host_policy allowed = {.allow = true}, wanted = {true, true};

	s->net.concentrator.network.ipv6 = roll(rng, 2) ? wanted : allowed;
	s->net.client.network.ipv6 = roll(rng, 2) ? wanted : allowed;
	s->net.concentrator.network.interface_id = s->net.client.network.interface_id = wanted;
}

static void
make_scenario(struct scenario *s, uint64_t seed)
{
	uint64_t rng = seed ^ 0x5eed;

	memset(s, 0, sizeof(*s));
	roll(&rng, 2);
	s->links = 1 + roll(&rng, 4);
	pair_net_init(&s->net, s->links);
	make_authentication(s, &rng);
	make_proof(s, seed);
	make_multilink(s, &rng);
	s->net.client.ip_mtu = roll(&rng, 2) ? -2 : -1;
	make_network(s, &rng);
	s->net.concentrator.limits.pado_delay_ms = roll(&rng, 3) == 0 ? 20 : 0;
	if (roll(&rng, 4) == 0)
		s->net.users[0].address = 0x0a000030;
}

static void
roughen(struct pair *p)
{
	static const unsigned losses[] = {0, 10, 50, 100, 200};

	p->wire.loss = losses[draw(p, 5)];
	p->wire.duplicate = draw(p, 3) * 50;
	p->wire.reorder = draw(p, 3) * 100;
	p->wire.delay_ms = 1 + draw(p, 40);
	p->wire.jitter_ms = draw(p, 20);
	p->install_ms = draw(p, 60);
}

static void
note_mishap(struct scenario *s, uint64_t now_ms, const char *what, unsigned which)
{
	const size_t at = strlen(s->mishaps);

	snprintf(s->mishaps + at, sizeof(s->mishaps) - at, " %" PRIu64 ":%s(%u)", now_ms, what, which);
}

/* Something goes wrong that a line, a box or an operator does wrong in life. */
static void
mishap(struct scenario *s, struct pair *p)
{
	const unsigned link = draw(p, s->links);
	char name[16];

	pair_link_name(name, link);
	switch (draw(p, 7)) {
	case 0:
		note_mishap(s, p->now_ms, "cut", link);
		p->cut[link] = true;
		break;
	case 1:
		note_mishap(s, p->now_ms, "restart", AC);
		pair_restart(p, AC);
		break;
	case 2:
		note_mishap(s, p->now_ms, "restart", CLIENT);
		pair_restart(p, CLIENT);
		break;
	case 3:
		note_mishap(s, p->now_ms, "close", link);
		pair_admin(p, CLIENT, name, false);
		break;
	case 4:
		note_mishap(s, p->now_ms, "carrier", link);
		pair_carrier(p, (int)draw(p, 2), (uint16_t)link, false);
		break;
	case 5:
		note_mishap(s, p->now_ms, "refused installs", 0);
		p->install_fails = true;
		break;
	default:
		break;
	}
}

static void
repair(struct scenario *s, struct pair *p)
{
	memset(p->cut, 0, sizeof(p->cut));
	p->wire = (struct pair_wire){.delay_ms = p->wire.delay_ms};
	p->install_fails = false;
	for (unsigned i = 0; i < s->links; i++) {
		char name[16];

		pair_link_name(name, i);
		pair_carrier(p, AC, (uint16_t)i, true);
		pair_carrier(p, CLIENT, (uint16_t)i, true);
		pair_admin(p, CLIENT, name, true);
	}
}

/* ------------------------------------------------------------------ what must come of it */

static unsigned expected;
static bool expected6;

/* Who lost too many answers on a bad wire goes on without having told his. */
static bool
id_agrees(uint64_t own, uint64_t heard)
{
	return heard == own || heard == 0;
}

static bool
bundles_agree(struct pair *p)
{
	struct host_bundle_info ac, client;

	return pair_first_bundle(p, AC, &ac) && pair_first_bundle(p, CLIENT, &client) && ac.links == client.links &&
		ac.values.mp == client.values.mp && ac.peer_address == client.our_address &&
		ac.ipv6cp_open == expected6 && client.ipv6cp_open == expected6 &&
		id_agrees(ac.our_interface_id, client.peer_interface_id) &&
		id_agrees(client.our_interface_id, ac.peer_interface_id) &&
		ac.values.tx_short == client.values.rx_short && ac.values.rx_short == client.values.tx_short &&
		ac.values.rx_mrru >= client.values.tx_mrru;
}

static bool
everything_is_up(struct pair *p)
{
	return pair_open_links(p, AC) == expected && pair_open_links(p, CLIENT) == expected &&
		pair_bundles(p, AC) == 1 && pair_bundles(p, CLIENT) == 1 && pair_open_bundles(p, AC) == 1 &&
		pair_open_bundles(p, CLIENT) == 1 && bundles_agree(p);
}

static const char *
came_up(struct scenario *s, struct pair *p)
{
	const uint64_t since_ms = p->now_ms;

	expected = s->held ? 1 : s->links;
	expected6 = s->net.concentrator.network.ipv6.want || s->net.client.network.ipv6.want;
	if (!pair_until(p, everything_is_up, GOOD_MS))
		return "not everything came up";
	if (p->now_ms - since_ms > worst_ms)
		worst_ms = p->now_ms - since_ms;
	/* and stays */
	pair_run(p, 30 * 1000);
	return everything_is_up(p) ? NULL : "it did not stay up";
}

static bool
something_is_up(struct pair *p)
{
	return pair_open_bundles(p, AC) != 0 && pair_open_bundles(p, CLIENT) != 0;
}

/* The wire alone, bad as it is, only makes it slower. */
static const char *
came_up_on_a_bad_wire(struct pair *p)
{
	const uint64_t since_ms = p->now_ms;

	if (!pair_until(p, something_is_up, ROUGH_UP_MS))
		return "no bundle came up on the bad wire";
	if (p->now_ms - since_ms > worst_rough_ms)
		worst_rough_ms = p->now_ms - since_ms;
	return NULL;
}

static const char *
failed_by_name(struct scenario *s, struct pair *p)
{
	pair_run(p, GOOD_MS);
	/* a concentrator that demands nothing sees the link open until the client's refusal has come */
	if (pair_open_links(p, CLIENT) != 0 || (s->wrong_password && pair_open_links(p, AC) != 0))
		return "a link is open that must not";
	if (s->wrong_password &&
		(!pair_said(p, AC, "wrong password") || !pair_said(p, CLIENT, "authentication failed")))
		return "wrong password is not told";
	if (!s->wrong_password && s->required && !pair_said(p, CLIENT, "multilink is required"))
		return "missing multilink is not told";
	if (pair_said(p, AC, "peer terminated") == NULL && pair_said(p, AC, "PADT") == NULL &&
		p->node[AC].events[HOST_EV_LINK_DOWN] == 0)
		return "the concentrator does not tell that the link went down";
	return NULL;
}

static const char *
stops_clean(struct pair *p)
{
	pair_stop(p, (int)draw(p, 2));
	pair_run(p, draw(p, 100));
	pair_stop(p, AC);
	pair_stop(p, CLIENT);
	pair_run(p, STOP_MS);
	if (!host_idle(p->node[AC].host) || !host_idle(p->node[CLIENT].host))
		return "not idle after stop";
	if (!pair_addresses_are_back(p))
		return "an address leaked";
	if (pair_routes(p, CLIENT) != 0 || pair_routes(p, AC) != 1)
		return "a route leaked";
	for (int i = 0; i < 2; i++)
		for (unsigned j = 0; j < PAIR_LINKS * 2; j++)
			if (p->node[i].sessions[j].used)
				return "a session leaked in the data plane";
	return NULL;
}

static const char *
play(struct scenario *s, struct pair *p)
{
	const bool fails = s->wrong_password || s->required;
	const unsigned mishaps = draw(p, 4);
	const char *wrong = NULL;

	roughen(p);
	pair_start(p);
	if (mishaps == 0 && !fails)
		wrong = came_up_on_a_bad_wire(p);
	if (wrong != NULL)
		return wrong;
	for (unsigned i = mishaps; i > 0; i--) {
		pair_run(p, draw(p, ROUGH_MS / 4));
		mishap(s, p);
	}
	pair_run(p, draw(p, ROUGH_MS / 2));
	repair(s, p);
	wrong = fails ? failed_by_name(s, p) : came_up(s, p);
	if (wrong == NULL)
		wrong = stops_clean(p);
	return p->fault[0] != '\0' ? p->fault : wrong;
}

static bool
run_seed(const char *program, uint64_t seed)
{
	static struct scenario s;
	const char *wrong;

	make_scenario(&s, seed);
	current = pair_new(&s.net.cfg[AC], &s.net.cfg[CLIENT], seed);
	wrong = play(&s, current);
	if (wrong != NULL) {
		pair_print_log(current);
		fprintf(stderr, "seed %" PRIu64 " failed at %" PRIu64 " ms: %s\n", seed, current->now_ms, wrong);
		fprintf(stderr, "links %u, loss %u, mishaps%s\nrun it again: %s %" PRIu64 "\n", s.links,
			current->wire.loss, s.mishaps, program, seed);
	}
	pair_free(current);
	return wrong == NULL;
}

int
main(int argc, char **argv)
{
	const uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 0) : 0;
	const uint64_t n = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;

	for (uint64_t seed = first; seed < first + n; seed++)
		if (!run_seed(argv[0], seed))
			return 1;
	printf("%" PRIu64 " seeds from %" PRIu64 " on: slowest bundle on a bad wire %" PRIu64 " ms, ", n, first,
		worst_rough_ms);
	printf("slowest link on a good one %" PRIu64 " ms\n", worst_ms);
	return 0;
}
