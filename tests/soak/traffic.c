/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "dataplane/wire/arp.h"
#include "dataplane/wire/eth.h"
#include "tests/soak/flows.h"
#include "tests/soak/histogram.h"

/* The hosts on both sides of the soak in one process, so that one clock measures both ends: sends packets of all flows at a rate, judges
 * what comes. DPDK port 0 is the network behind the client, port 1 the one behind the concentrator; we are the router of each. It obeys
 * lines on standard input and answers each with one line; it ends with its input.
 *
 *   rate PPS hold   both directions together; what the device refuses is offered again
 *   rate PPS drop   what the device refuses is lost, and counted
 *   flows N         only the first N are sent from now on
 *   mark            when nothing is under way: what has not come is lost; times and seen flows are counted anew
 *   stats           JSON
 */

enum {
	BURST = 32,
	BURSTS_A_LOOP = 8,
	DESC = 1024, /* memif has its own number */
	POOL = 8191,
	POOL_CACHE = 256,
	BEHIND_MAX_NS = 20000000, /* what is owed for longer is not made up for */
	COMMANDS_NS = 1000000,
	ASK_NS = 200000000,
	NAP_NS = 50000,
	LINE_MAX_BYTES = 128,
	CUT_FROM = 576, /* packets of this size are cut by multilink */
};

static const uint64_t ns_per_s = 1000000000;

/* IMIX, 7:4:1 */
static const uint16_t sizes[] = {64, 64, 64, 64, 64, 64, 64, 576, 576, 576, 576, 1480};

struct host {
	enum flow_side side;
	uint16_t port;
	struct mac mac, gateway_mac;
	bool gateway_known;
	uint32_t address, gateway;
	uint64_t asked_ns;
	struct rte_mbuf *answer; /* ARP, until the device takes it */

	uint64_t since_ns, done; /* of the rate: packets sent or given up since then */
	uint64_t sent, sent_bytes, refused, skipped;
	uint64_t received, gaps, late, corrupt, foreign; /* of what comes here */
};

enum group { GROUP_BUNDLE, GROUP_REFERENCE, GROUPS };
static const char *const group_names[GROUPS] = {"bundle", "reference"};

static struct {
	struct flows flows;
	unsigned bundles; /* flows from there on are references: plain PPP on one line */
	unsigned active;  /* flows that are sent */
	struct host host[SIDES];
	struct histogram delay[GROUPS][2]; /* whole, cut */
	struct rte_mempool *pool;
	uint64_t now_ns, rate_pps;
	bool hold, quit;
	uint64_t chance;
} t;

static uint64_t
clock_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * ns_per_s + (uint64_t)ts.tv_nsec;
}

/* xorshift64 */
static uint32_t
chance(void)
{
	t.chance ^= t.chance << 13;
	t.chance ^= t.chance >> 7;
	t.chance ^= t.chance << 17;
	return (uint32_t)(t.chance >> 32);
}

static struct mac
address_of(uint16_t port)
{
	struct rte_ether_addr a = {0};
	struct mac m;

	rte_eth_macaddr_get(port, &a);
	memcpy(&m, &a, sizeof(m));
	return m;
}

/* Every frame fits a buffer; NULL: none is free. */
static uint8_t *
room(struct rte_mbuf *m, uint16_t n)
{
	return m == NULL ? NULL : (uint8_t *)rte_pktmbuf_append(m, n);
}

/* ------------------------------------------------------------------ ARP */

static struct rte_mbuf *
arp_new(const struct host *h, uint16_t op, const struct mac *to, uint32_t target)
{
	static const struct mac everybody = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
	struct rte_mbuf *m = rte_pktmbuf_alloc(t.pool);
	const struct arp_view a = {
		.op = op,
		.sender_mac = h->mac,
		.sender = h->address,
		.target_mac = to != NULL ? *to : (struct mac){{0}},
		.target = target,
	};
	uint8_t *p;

	p = room(m, ETH_FRAME_MIN);
	if (p == NULL)
		return NULL;
	memset(p, 0, ETH_FRAME_MIN);
	eth_store(p, to != NULL ? to : &everybody, &h->mac, (struct vlan_stack){0, 0}, ETHERTYPE_ARP_FRAME);
	arp_store(p + ETH_HDR_LEN, &a);
	return m;
}

/* The answer to the last question waits until there is room. */
static void
answer_flush(struct host *h)
{
	if (h->answer != NULL && rte_eth_tx_burst(h->port, 0, &h->answer, 1) == 1)
		h->answer = NULL;
}

static void
answer_set(struct host *h, struct rte_mbuf *m)
{
	rte_pktmbuf_free(h->answer);
	h->answer = m;
	answer_flush(h);
}

static void
arp_input(struct host *h, const uint8_t *p, size_t n)
{
	struct arp_view a;

	if (!arp_parse(p, n, &a))
		return;
	if (a.sender == h->gateway) {
		h->gateway_mac = a.sender_mac;
		h->gateway_known = true;
	}
	if (a.op == ARP_REQUEST && a.target == h->address)
		answer_set(h, arp_new(h, ARP_REPLY, &a.sender_mac, a.sender));
}

static void
gateway_ask(struct host *h)
{
	if (h->gateway_known || t.now_ns - h->asked_ns < ASK_NS)
		return;
	h->asked_ns = t.now_ns;
	answer_set(h, arp_new(h, ARP_REQUEST, NULL, h->gateway));
}

/* ------------------------------------------------------------------ sending */

/* Packets that the rate owes by now. */
static uint64_t
owed(struct host *h)
{
	const uint64_t rate = t.rate_pps / SIDES;
	const uint64_t due = (uint64_t)((unsigned __int128)(t.now_ns - h->since_ns) * rate / ns_per_s);
	const uint64_t most = rate * BEHIND_MAX_NS / ns_per_s + BURST;

	if (due - h->done > most) {
		h->skipped += due - h->done - most;
		h->done = due - most;
	}
	return due - h->done;
}

static struct rte_mbuf *
packet_new(const struct host *h, unsigned *flow)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(t.pool);
	const size_t total = sizes[chance() % RTE_DIM(sizes)];
	uint8_t *p;

	p = room(m, (uint16_t)(ETH_HDR_LEN + total));
	if (p == NULL)
		return NULL;
	*flow = chance() % t.active;
	eth_store(p, &h->gateway_mac, &h->mac, (struct vlan_stack){0, 0}, ETHERTYPE_V4);
	flow_put(&t.flows, h->side, *flow, total, t.now_ns, p + ETH_HDR_LEN);
	return m;
}

/* Takes what was not sent back, the last first, so that numbers stay without gaps. */
static void
burst_take_back(const struct host *h, struct rte_mbuf **m, const unsigned *flow, unsigned from, unsigned n)
{
	while (n-- > from) {
		flow_take_back(&t.flows, h->side, flow[n]);
		rte_pktmbuf_free(m[n]);
	}
}

/* Up to n packets; returns how many the device took. */
static unsigned
burst_send(struct host *h, unsigned n)
{
	struct rte_mbuf *m[BURST];
	unsigned flow[BURST];
	uint64_t bytes[BURST + 1] = {0};
	unsigned made = 0, sent;

	while (made < n && (m[made] = packet_new(h, &flow[made])) != NULL) {
		bytes[made + 1] = bytes[made] + m[made]->pkt_len - ETH_HDR_LEN;
		made++;
	}
	sent = rte_eth_tx_burst(h->port, 0, m, (uint16_t)made);
	burst_take_back(h, m, flow, sent, made);
	h->sent += sent;
	h->sent_bytes += bytes[sent];
	return sent;
}

static unsigned
host_send(struct host *h)
{
	uint64_t left = h->gateway_known ? owed(h) : 0;
	unsigned total = 0;

	answer_flush(h);
	for (unsigned i = 0; i < BURSTS_A_LOOP && left != 0; i++) {
		const unsigned n = (unsigned)RTE_MIN(left, (uint64_t)BURST);
		const unsigned sent = burst_send(h, n);

		h->done += sent;
		total += sent;
		left -= sent;
		if (sent == n)
			continue;
		if (!t.hold) {
			h->refused += left;
			h->done += left;
		}
		break;
	}
	return total;
}

/* ------------------------------------------------------------------ receiving */

static void
delay_note(const struct flow_seen *seen, size_t n)
{
	const enum group group = seen->flow < t.bundles ? GROUP_BUNDLE : GROUP_REFERENCE;

	histogram_add(&t.delay[group][n >= CUT_FROM], t.now_ns - seen->made_ns);
}

static void
packet_input(struct host *h, const uint8_t *p, size_t n)
{
	const enum flow_side from = h->side == SIDE_LEFT ? SIDE_RIGHT : SIDE_LEFT;
	struct flow_seen seen = {0};

	switch (flow_judge(&t.flows, from, p, n, &seen)) {
	case FLOW_GAP:
		h->gaps += seen.missing;
		break;
	case FLOW_NEXT:
		break;
	case FLOW_LATE:
		h->late++;
		return;
	case FLOW_CORRUPT:
		h->corrupt++;
		return;
	case FLOW_FOREIGN:
		h->foreign++;
		return;
	}
	h->received++;
	delay_note(&seen, n);
}

static void
frame_input(struct host *h, struct rte_mbuf *m)
{
	const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *);
	struct eth_view eth;

	if (rte_pktmbuf_linearize(m) != 0 || !eth_parse(p, m->data_len, &eth)) {
		h->foreign++;
		return;
	}
	if (eth.type == ETHERTYPE_V4)
		packet_input(h, p + eth.hdr_len, m->data_len - eth.hdr_len);
	else if (eth.type == ETHERTYPE_ARP_FRAME)
		arp_input(h, p + eth.hdr_len, m->data_len - eth.hdr_len);
	else
		h->foreign++;
}

static unsigned
host_receive(struct host *h)
{
	struct rte_mbuf *m[BURST];
	unsigned total = 0, n = BURST;

	for (unsigned i = 0; i < BURSTS_A_LOOP && n == BURST; i++) {
		n = rte_eth_rx_burst(h->port, 0, m, BURST);
		t.now_ns = clock_now_ns();
		for (unsigned j = 0; j < n; j++)
			frame_input(h, m[j]);
		rte_pktmbuf_free_bulk(m, n);
		total += n;
	}
	return total;
}

/* ------------------------------------------------------------------ commands */

static void
print_pair(const char *key, uint64_t left, uint64_t right)
{
	printf("\"%s\":[%" PRIu64 ",%" PRIu64 "],", key, left, right);
}

#define PRINT_PAIR(field) print_pair(#field, (uint64_t)t.host[SIDE_LEFT].field, (uint64_t)t.host[SIDE_RIGHT].field)

static void
print_delay(const char *name, const struct histogram *h)
{
	printf("\"%s\":{\"n\":%" PRIu64 ",\"mean_us\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,"
	       "\"max_us\":%.1f}",
		name, h->n, h->n != 0 ? (double)h->sum_ns / (double)h->n / 1e3 : 0.0,
		(double)histogram_ns(h, 5000) / 1e3, (double)histogram_ns(h, 9900) / 1e3,
		(double)histogram_ns(h, 9990) / 1e3, (double)h->max_ns / 1e3);
}

/* By the side that sends, but what is received: by the side where it came. */
static void
print_stats(void)
{
	printf("{\"clock_ns\":%" PRIu64 ",\"rate_pps\":%" PRIu64 ",", t.now_ns, t.rate_pps);
	PRINT_PAIR(gateway_known);
	PRINT_PAIR(sent);
	PRINT_PAIR(sent_bytes);
	PRINT_PAIR(refused);
	PRINT_PAIR(skipped);
	PRINT_PAIR(received);
	PRINT_PAIR(gaps);
	PRINT_PAIR(late);
	PRINT_PAIR(corrupt);
	PRINT_PAIR(foreign);
	print_pair("silent", flows_silent(&t.flows, SIDE_LEFT, t.active), flows_silent(&t.flows, SIDE_RIGHT, t.active));
	print_pair("mbufs", rte_mempool_in_use_count(t.pool), rte_mempool_avail_count(t.pool));
	printf("\"delay\":{");
	for (unsigned g = 0; g < GROUPS; g++) {
		printf("%s\"%s\":{", g == 0 ? "" : ",", group_names[g]);
		print_delay("whole", &t.delay[g][0]);
		printf(",");
		print_delay("cut", &t.delay[g][1]);
		printf("}");
	}
	printf("}}\n");
}

static void
rate_set(uint64_t pps, bool hold)
{
	t.rate_pps = pps;
	t.hold = hold;
	for (unsigned side = 0; side < SIDES; side++) {
		t.host[side].since_ns = t.now_ns;
		t.host[side].done = 0;
	}
}

static void
mark(void)
{
	flows_mark(&t.flows);
	memset(t.delay, 0, sizeof(t.delay));
}

static void
command(const char *line)
{
	char how[8] = "";
	uint64_t pps;
	unsigned n;

	if (sscanf(line, "rate %" SCNu64 " %7s", &pps, how) == 2 &&
		(strcmp(how, "hold") == 0 || strcmp(how, "drop") == 0)) {
		rate_set(pps, strcmp(how, "hold") == 0);
		printf("ok\n");
	} else if (sscanf(line, "flows %u", &n) == 1 && n >= 1 && n <= t.flows.n) {
		t.active = n;
		printf("ok\n");
	} else if (strcmp(line, "mark") == 0) {
		mark();
		printf("ok\n");
	} else if (strcmp(line, "stats") == 0) {
		print_stats();
	} else {
		printf("unknown: %s\n", line);
	}
	fflush(stdout);
}

/* Lines are short and come whole: their writer flushes by the line. */
static void
commands_read(void)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	char text[LINE_MAX_BYTES];
	ssize_t n;

	if (poll(&in, 1, 0) <= 0)
		return;
	n = read(STDIN_FILENO, text, sizeof(text) - 1);
	if (n <= 0) {
		t.quit = true;
		return;
	}
	text[n] = '\0';
	for (char *rest = text, *line; (line = strsep(&rest, "\n")) != NULL;)
		if (*line != '\0')
			command(line);
}

/* ------------------------------------------------------------------ start */

static void
nap(void)
{
	const struct timespec ts = {.tv_nsec = NAP_NS};

	nanosleep(&ts, NULL);
}

static void
loop(void)
{
	uint64_t commands_ns = 0;

	while (!t.quit) {
		unsigned moved = 0;

		for (unsigned side = 0; side < SIDES; side++) {
			t.now_ns = clock_now_ns();
			gateway_ask(&t.host[side]);
			moved += host_send(&t.host[side]);
			moved += host_receive(&t.host[side]);
		}
		if (t.now_ns - commands_ns >= COMMANDS_NS) {
			commands_ns = t.now_ns;
			commands_read();
		}
		if (moved < BURST)
			nap();
	}
}

static int
port_start(uint16_t port)
{
	const struct rte_eth_conf conf = {0};
	int ret = rte_eth_dev_configure(port, 1, 1, &conf);

	if (ret == 0)
		ret = rte_eth_rx_queue_setup(port, 0, DESC, SOCKET_ID_ANY, NULL, t.pool);
	if (ret == 0)
		ret = rte_eth_tx_queue_setup(port, 0, DESC, SOCKET_ID_ANY, NULL);
	return ret == 0 ? rte_eth_dev_start(port) : ret;
}

static int
hosts_start(void)
{
	int ret = 0;

	for (unsigned side = 0; side < SIDES && ret == 0; side++) {
		struct host *h = &t.host[side];

		h->side = (enum flow_side)side;
		h->port = (uint16_t)side;
		h->gateway = UINT32_C(0xac100001) | (side + 1) << 8; /* 172.16.1.1, 172.16.2.1 */
		h->address = h->gateway + 1;
		ret = port_start(h->port);
		h->mac = address_of(h->port);
	}
	if (ret != 0)
		fprintf(stderr, "ports do not start: %s\n", rte_strerror(-ret));
	return ret;
}

/* Behind EAL's arguments: BUNDLES REFERENCES */
static int
setup(int argc, char **argv)
{
	const int used = rte_eal_init(argc, argv);
	const int left = argc - used;
	unsigned references;

	if (used < 0 || left != 3) {
		fprintf(stderr, "usage: soak-traffic EAL-ARGUMENTS -- BUNDLES REFERENCES\n");
		return -EINVAL;
	}
	t.bundles = (unsigned)strtoul(argv[used + 1], NULL, 10);
	references = (unsigned)strtoul(argv[used + 2], NULL, 10);
	if (rte_eth_dev_count_avail() != SIDES || t.bundles + references == 0) {
		fprintf(stderr, "two ports and at least one flow are wanted\n");
		return -EINVAL;
	}
	t.chance = 0x9e3779b97f4a7c15u;
	t.pool = rte_pktmbuf_pool_create("packets", POOL, POOL_CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (t.pool == NULL || flows_init(&t.flows, t.bundles + references) < 0) {
		fprintf(stderr, "no memory\n");
		return -ENOMEM;
	}
	t.active = t.flows.n;
	return hosts_start();
}

int
main(int argc, char **argv)
{
	if (setup(argc, argv) != 0)
		return 1;
	prctl(PR_SET_TIMERSLACK, 1000);
	puts("ready");
	fflush(stdout);
	loop();
	for (unsigned side = 0; side < SIDES; side++)
		rte_eth_dev_stop(t.host[side].port);
	rte_eal_cleanup();
	return 0;
}
