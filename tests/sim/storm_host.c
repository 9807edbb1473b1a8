/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/ppp/host_state.h"
#include "dataplane/wire/ppp.h"
#include "dataplane/wire/pppoe.h"

/* Ten thousand subscribers with two lines each dial at once, again after the concentrator restarted without a word, and again after it
 * was away for a minute (checklist C14, L-13). They must not come back all in one moment, and all must be back in bounded time. The
 * wire is perfect and 5 ms long; bundle packets go plain on a link, which control takes as well. Usage: storm_host [subscribers] */

enum { LINES = 2, DELAY_MS = 5, PORTS = 2 };

/* The subscribers are shared out to so many hosts, as a host that dials for thousands is not what they are in life. */
enum { AC, CLIENTS, HOSTS = 100, NODES = CLIENTS + HOSTS };

/* A redial waits for 1 s at first, then for 1 s more each time up to 20 s, and for 0 to 3 s of chance on top. */
enum {
	DELAY_FIRST_MS = 1000,
	DELAY_MORE_MS = 1000,
	DELAY_LIMIT_MS = 20000,
	JITTER_MS = 3000,
	ECHO_MS = 10000,
	ECHO_FAILURES = 3
};

/* Discovery is counted in slots of time, since the concentrator died. */
enum { SLOT_MS = 100, SLOTS = 1200, OUTAGE_MS = 60000 };

struct frame {
	uint64_t at_ms;
	uint16_t port;
	uint16_t len;
	uint8_t node; /* that receives it */
	uint8_t bytes[1520];
};

struct line {
	bool joined, tx_hold;
	uint32_t bundle;
	struct host_session_key key;
};

struct node {
	struct host *host;
	struct host_out out;
	struct line *lines;  /* by link id */
	uint32_t *installed; /* link ids to confirm */
	unsigned n_installed;
	uint32_t *removed; /* bundle ids to give back */
	unsigned n_removed;
	unsigned most_items;
	unsigned ups, routes;
};

static struct node nodes[NODES];
static struct host_config configs[NODES];
static struct host_port ports[2][PORTS];
static unsigned n_users, per_host;
static bool ac_is_away;
static uint64_t died_ms;
static unsigned padis[SLOTS];
static unsigned traced, traced_of_others; /* lines of the trace; those that are not of u0/a */
static uint64_t now_ms = 1000, rng = 1;

/* The wire is one queue, as all of it is equally long. */
static struct frame *queue;
static unsigned queue_first, queue_n, queue_cap;

static void
fail(const char *why)
{
	fprintf(stderr, "at %llu ms: %s\n", (unsigned long long)now_ms, why);
	exit(1);
}

static void
entropy(void *ctx, void *buf, size_t n)
{
	uint8_t *b = buf;

	(void)ctx;
	for (size_t i = 0; i < n; i++) {
		rng = rng * 6364136223846793005u + 1442695040888963407u;
		b[i] = (uint8_t)(rng >> 56);
	}
}

/* ------------------------------------------------------------------ configuration */

static struct host_lcp
usual_lcp(void)
{
	return (struct host_lcp){
		.timing = {.restart_ms = 3000, .max_configure = 10, .max_terminate = 2, .max_failure = 5},
		.echo_interval_ms = ECHO_MS,
		.echo_failures = ECHO_FAILURES,
		.p_mru = {true, true},
		.p_magic = {true, true},
		.p_mrru = {true, true},
		.p_endpoint = {true, true},
		.p_auth = {true, true},
	};
}

static void
make_ports(void)
{
	for (uint8_t node = 0; node < 2; node++) {
		for (uint8_t i = 0; i < PORTS; i++)
			ports[node][i] = (struct host_port){.name = i == 0 ? "p0" : "p1",
				.mac = {{2, 0, 0, 0, (uint8_t)(node + 1), i}},
				.mtu = 1500};
	}
	for (unsigned node = 0; node < NODES; node++) {
		const unsigned users = node == AC ? n_users : per_host;

		configs[node].ports = ports[node != AC];
		configs[node].n_ports = PORTS;
		configs[node].sessions_max = users * LINES;
		configs[node].bundles_max = users + users / 10;
	}
}

static void
make_concentrator(char (*names)[16])
{
	static const uint16_t indexes[PORTS] = {0, 1};
	static const struct vlan_stack untagged;
	static const struct host_range range = {0x0a000002, 0x0affffff};
	static const struct host_pool pool = {"pool", &range, 1};
	static struct host_concentrator c;
	struct host_user *users = calloc(n_users, sizeof(*users));

	for (unsigned i = 0; i < n_users; i++)
		users[i] = (struct host_user){.name = names[i], .password = "p", .links_max = LINES};
	c = (struct host_concentrator){
		.name = "bras",
		.ports = indexes,
		.n_ports = PORTS,
		.vlans = {.stacks = &untagged, .n = 1},
		.ac_name = "bras",
		.any_service = true,
		.auth = {HOST_AUTH_CHAP_MD5},
		.address = 0x0a000001,
		.pool = 0,
		.network = {.ipv4 = {true, true}, .address = {true, true}},
		.mss = {-1, -1, true, true},
		.lcp = usual_lcp(),
		.multilink = {.enabled = true, .mrru = 1524, .endpoint_auto = true},
	};
	configs[AC].users = users;
	configs[AC].n_users = n_users;
	configs[AC].pools = &pool;
	configs[AC].n_pools = 1;
	configs[AC].concentrators = &c;
	configs[AC].n_concentrators = 1;
}

static void
make_clients(char (*names)[16])
{
	static const uint16_t indexes[PORTS] = {0, 1};
	struct host_client *clients = calloc(n_users, sizeof(*clients));
	struct host_client_link *links = calloc((size_t)n_users * LINES, sizeof(*links));

	for (unsigned i = 0; i < n_users * LINES; i++)
		links[i] = (struct host_client_link){
			.name = i % LINES == 0 ? "a" : "b",
			.ports = &indexes[i % LINES],
			.n_ports = 1,
			.mac = {{2, 1, (uint8_t)(i % LINES), (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}},
			.redial = {.delay_ms = DELAY_FIRST_MS,
				.increment_ms = DELAY_MORE_MS,
				.limit_ms = DELAY_LIMIT_MS,
				.jitter_ms = JITTER_MS},
		};
	for (unsigned i = 0; i < n_users; i++)
		clients[i] = (struct host_client){
			.name = names[i],
			.username = names[i],
			.password = "p",
			.accept = {HOST_AUTH_CHAP_MD5},
			.ip_mtu = -1,
			.network = {.ipv4 = {true, true}, .address = {true, true}},
			.mss = {-1, -1, true, true},
			.lcp = usual_lcp(),
			.multilink = {.enabled = true, .mrru = 1524, .endpoint_auto = true},
			.links = &links[(size_t)i * LINES],
			.n_links = LINES,
		};
	for (unsigned i = 0; i < HOSTS; i++) {
		configs[CLIENTS + i].clients = &clients[(size_t)i * per_host];
		configs[CLIENTS + i].n_clients = per_host;
	}
}

static void
start(int node)
{
	struct node *n = &nodes[node];
	const char *why;

	n->host = host_new(&configs[node], entropy, NULL, now_ms, &why);
	if (n->host == NULL)
		fail(why);
	n->ups = n->routes = n->n_installed = n->n_removed = 0;
	memset(n->lines, 0, (configs[node].sessions_max + 1) * sizeof(*n->lines));
}

static void
prepare(void)
{
	char(*names)[16] = calloc(n_users, sizeof(*names));

	for (unsigned i = 0; i < n_users; i++)
		snprintf(names[i], sizeof(names[i]), "u%u", i);
	make_ports();
	make_concentrator(names);
	make_clients(names);
	for (int i = 0; i < NODES; i++) {
		const size_t n = configs[i].sessions_max + 1u;

		nodes[i].lines = calloc(n, sizeof(struct line));
		nodes[i].installed = calloc(n, 2 * sizeof(uint32_t));
		nodes[i].removed = calloc(n, sizeof(uint32_t));
		start(i);
	}
}

/* ------------------------------------------------------------------ wire and data plane */

/* A client's line has its number in its MAC. */
static uint8_t
node_at(int from, const uint8_t *mac)
{
	const unsigned line = (unsigned)mac[3] << 16 | (unsigned)mac[4] << 8 | mac[5];

	return (uint8_t)(from == AC ? CLIENTS + line / LINES / per_host : (unsigned)AC);
}

static struct frame *
fly(int from, uint16_t port, const uint8_t *to_mac, size_t len)
{
	struct frame *f;

	if (queue_n == queue_cap) { /* turned straight, so that it can grow at its end */
		struct frame *larger = malloc(sizeof(*larger) * (queue_cap * 2u + 1024u));

		for (unsigned i = 0; i < queue_n; i++)
			larger[i] = queue[(queue_first + i) % queue_cap];
		free(queue);
		queue = larger;
		queue_first = 0;
		queue_cap = queue_cap * 2 + 1024;
	}
	f = &queue[(queue_first + queue_n++) % queue_cap];
	f->at_ms = now_ms + DELAY_MS;
	f->node = node_at(from, to_mac);
	f->port = port;
	f->len = (uint16_t)len;
	return f;
}

static void
bundle_packet_out(int node, uint32_t bundle, const uint8_t *packet, size_t len)
{
	struct node *n = &nodes[node];
	const struct bundle *b = &n->host->bundles[bundle - 1];

	for (const struct link *of = bundle_first_link(n->host, b); of != NULL; of = bundle_next_link(n->host, of)) {
		const struct line *l = &n->lines[of->id];
		struct frame *f;
		size_t at;

		if (!l->joined || l->tx_hold)
			continue;
		f = fly(node, l->key.port, l->key.peer.b, ETH_HDR_LEN + PPPOE_HDR_LEN + len);
		at = eth_store(f->bytes, &l->key.peer, &l->key.local, l->key.vlans, ETHERTYPE_PPPOE_SESSION);
		pppoe_store(f->bytes + at, PPPOE_CODE_SESSION, l->key.session, (uint16_t)len);
		memcpy(f->bytes + at + PPPOE_HDR_LEN, packet, len);
		return;
	}
}

static void
send_frame(int node, uint16_t port, const uint8_t *frame, size_t len)
{
	const uint64_t slot = (now_ms - died_ms) / SLOT_MS;

	if (load_be16(frame + 2 * ETH_ADDR_LEN) == ETHERTYPE_PPPOE_DISCOVERY &&
		frame[ETH_HDR_LEN + 1] == PPPOE_CODE_PADI && slot < SLOTS)
		padis[slot]++;
	memcpy(fly(node, port, frame, len)->bytes, frame, len);
}

static void
effect(int node, const struct host_out_item *item)
{
	struct node *n = &nodes[node];
	struct line *l = &n->lines[item->link];

	if (item->kind == HOST_OUT_FRAME) {
		send_frame(node, item->port, n->out.bytes + item->data.at, item->data.len);
	} else if (item->kind == HOST_OUT_BUNDLE_PACKET) {
		bundle_packet_out(node, item->bundle, n->out.bytes + item->data.at, item->data.len);
	} else if (item->kind == HOST_OUT_LINK_INSTALL) {
		*l = (struct line){true, item->link_values.tx_hold, item->bundle, item->link_values.key};
		n->installed[n->n_installed++] = item->link;
	} else if (item->kind == HOST_OUT_LINK_REMOVE) {
		l->joined = false;
	} else if (item->kind == HOST_OUT_BUNDLE_REMOVE) {
		n->removed[n->n_removed++] = item->bundle;
	} else if (item->kind == HOST_OUT_EVENT && item->event == HOST_EV_BUNDLE_UP) {
		n->ups++;
	}
	if (item->kind == HOST_OUT_EVENT && item->event == HOST_EV_TRACE) {
		traced++;
		traced_of_others += memcmp(n->out.bytes + item->data.at, "u0/a: ", 6) != 0;
	}
	n->routes += item->kind == HOST_OUT_ROUTE_SET;
	n->routes -= item->kind == HOST_OUT_ROUTE_DEL;
}

static void
drain(int node)
{
	struct host_out *out = &nodes[node].out;

	if (out->overflow)
		fail("effects did not fit");
	if (out->n > nodes[node].most_items)
		nodes[node].most_items = out->n;
	for (unsigned i = 0; i < out->n; i++)
		effect(node, &out->items[i]);
	out->n = 0;
	out->used = 0;
}

static void
confirm(int node)
{
	struct node *n = &nodes[node];
	const unsigned n_installed = n->n_installed;

	for (unsigned i = 0; i < n_installed; i++) {
		const uint32_t id = n->installed[i];

		if (!n->lines[id].joined)
			continue;
		host_installed(n->host, id, true, now_ms, &n->out);
		drain(node);
	}
	memmove(n->installed, n->installed + n_installed, (n->n_installed - n_installed) * sizeof(*n->installed));
	n->n_installed -= n_installed;
	for (; n->n_removed != 0; n->n_removed--)
		host_bundle_removed(n->host, n->removed[n->n_removed - 1]);
}

static void
turn(void)
{
	while (queue_n != 0 && queue[queue_first].at_ms <= now_ms) {
		const struct frame f = queue[queue_first];

		queue_first = (queue_first + 1) % queue_cap;
		queue_n--;
		if (f.node == AC && ac_is_away)
			continue;
		host_frame(nodes[f.node].host, f.port, f.bytes, f.len, now_ms, &nodes[f.node].out);
		drain(f.node);
	}
	for (int i = ac_is_away ? CLIENTS : AC; i < NODES; i++) {
		confirm(i);
		while (host_deadline_ms(nodes[i].host) <= now_ms) {
			host_tick(nodes[i].host, now_ms, &nodes[i].out);
			drain(i);
		}
	}
}

/* ------------------------------------------------------------------ the story */

static unsigned
open_links(int node)
{
	struct host_link_info info;
	unsigned cursor = 0, n = 0;

	while (host_link_next(nodes[node].host, &cursor, &info))
		n += strcmp(info.phase, "open") == 0;
	return n;
}

static bool
all_up(void)
{
	unsigned n = 0;

	if (nodes[AC].routes != n_users + 1 || open_links(AC) != n_users * LINES)
		return false;
	for (int i = CLIENTS; i < NODES; i++)
		n += open_links(i);
	return n == n_users * LINES;
}

static double
seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
until_up(const char *what, uint64_t limit_ms)
{
	const uint64_t began_ms = now_ms;
	const double from = seconds_now();

	while (now_ms % 50 != 0 || !all_up()) {
		if (++now_ms > began_ms + limit_ms)
			fail("not all subscribers came up");
		turn();
	}
	printf("%s: %u links of %u subscribers up after %llu ms of their time and %.2f s of ours\n", what,
		n_users * LINES, n_users, (unsigned long long)(now_ms - began_ms), seconds_now() - from);
}

static void
ac_dies(void)
{
	host_free(nodes[AC].host);
	ac_is_away = true;
	died_ms = now_ms;
	memset(padis, 0, sizeof(padis));
}

static void
ac_starts(void)
{
	start(AC);
	ac_is_away = false;
	host_start(nodes[AC].host, now_ms, &nodes[AC].out);
	drain(AC);
}

/* No slot may have much more than its share if all lines spoke once, evenly, within the jitter; percent: of that share. */
static void
expect_spread(const char *what, unsigned percent)
{
	const unsigned share = n_users * LINES / (JITTER_MS / SLOT_MS);
	unsigned most = 0, used = 0, sum = 0;

	for (unsigned i = 0; i < SLOTS; i++) {
		most = padis[i] > most ? padis[i] : most;
		used += padis[i] != 0;
		sum += padis[i];
	}
	printf("%s: %u PADIs in %u slots of %u ms, at most %u in one; the even share of the jitter is %u\n", what, sum,
		used, SLOT_MS, most, share);
	if (sum < n_users * LINES)
		fail("not every line dialled again");
	if (most * 100 > share * percent)
		fail("the redials come in a burst");
}

/* G-10: a packet is decoded only for the link that is traced, so the others pay nothing for it. */
static void
expect_trace(void)
{
	printf("trace of one link of %u: %u lines\n", n_users * LINES, traced);
	if (traced_of_others != 0)
		fail("packets of links that are not traced were decoded");
	if (traced < 5 || traced > 100)
		fail("the trace does not show one dial");
}

static void
until_idle(int node)
{
	const uint64_t began_ms = now_ms;

	host_stop(nodes[node].host, now_ms, &nodes[node].out);
	drain(node);
	while (!host_idle(nodes[node].host)) {
		if (++now_ms > began_ms + HOST_STOP_MS + 10)
			fail("not idle in time after stop");
		turn();
	}
	printf("stopped after %llu ms\n", (unsigned long long)(now_ms - began_ms));
}

int
main(int argc, char **argv)
{
	n_users = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 0) : 10000;
	per_host = (n_users + HOSTS - 1) / HOSTS;
	n_users = per_host * HOSTS;
	prepare();
	for (int i = 0; i < NODES; i++) {
		host_start(nodes[i].host, now_ms, &nodes[i].out);
		drain(i);
	}
	until_up("first dial", 5 * 1000);
	turn();
	if (host_trace(nodes[CLIENTS].host, "u0/a", true) != 0)
		fail("no such link");
	ac_dies();
	ac_starts();
	until_up("after the restart", ECHO_MS + DELAY_FIRST_MS + JITTER_MS + 1000);
	expect_spread("after the restart", 110);
	expect_trace();
	turn();
	ac_dies();
	while (now_ms < died_ms + OUTAGE_MS) {
		now_ms++;
		turn();
	}
	ac_starts();
	/* whoever gave up just now waits for the longest delay, and then dials */
	until_up("after a minute's outage", DELAY_LIMIT_MS + JITTER_MS + 2000);
	expect_spread("after a minute's outage", 200); /* the first PADIs and their first repetitions overlap */
	until_idle(AC);
	printf("most effects of a call: %u of the concentrator, %u of a client\n", nodes[AC].most_items,
		nodes[CLIENTS].most_items);
	for (int i = 0; i < NODES; i++)
		host_free(nodes[i].host);
	return 0;
}
