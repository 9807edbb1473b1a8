/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <net/if.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/internal.h"

/* Opening and closing ports: what a device can do and what we make up for. The hot half is port.c. */

enum {
	DEVARGS_MAX = 1024,
	RX_DESC = 1024,
	TX_DESC = 1024,
	TAP_RX_DESC = 8,              /* net_tap hands all of them to each readv(): enough for one frame's pieces */
	PORT_SLACK = ETH_HDR_MAX + 4, /* around the MTU: header with two tags, and an FCS where the device counts it */
	AF_PACKET_HDR = 128,          /* what the kernel puts before a frame in a ring slot, and alignment */
	AF_PACKET_SLOT = 2048,        /* the driver's own default */
	AF_PACKET_JOINED = 16384,     /* slot for datagrams that the kernel joined */
};

/* One port being opened. */
struct opening {
	struct dataplane *dp;
	const struct dp_port_setup *setup;
	struct port *p;
	struct port_state *st;
	struct rte_eth_dev_info info;
	const char **why;
};

static bool
driver_is(const struct opening *o, const char *name)
{
	return strcmp(o->info.driver_name, name) == 0;
}

static int
failed(const struct opening *o, int err, const char *what)
{
	return why_failed(o->why, err, "port %s (%s): %s: %s", o->setup->name, o->setup->devargs, what, strerror(-err));
}

/* ------------------------------------------------------------------ device */

static bool
is_af_packet(const struct dp_port_setup *s)
{
	return strncmp(s->devargs, "net_af_packet", 13) == 0;
}

/* The driver puts its sockets into a fanout group that asks the kernel to join IPv4 fragments: whoever sends a datagram of several
 * frames to an IP port gives us one frame of any size. Lines carry PPPoE, which the kernel does not look into. */
bool
port_joins_fragments(const struct dp_port_setup *s)
{
	return is_af_packet(s) && s->kind == DP_PORT_IP;
}

unsigned
port_joined_bytes(void)
{
	return AF_PACKET_JOINED;
}

static unsigned
af_packet_slot(uint16_t mtu)
{
	const unsigned need = mtu + PORT_SLACK + AF_PACKET_HDR;
	const unsigned page = (unsigned)getpagesize();

	/* slots must fill their blocks, and a block is whole pages */
	return need <= AF_PACKET_SLOT ? AF_PACKET_SLOT : (need + page - 1) / page * page;
}

unsigned
port_buffer_bytes(const struct dp_port_setup *s)
{
	const unsigned frame = (s->mtu + PORT_SLACK + 63u) & ~63u;

	return is_af_packet(s) ? RTE_MAX(frame, af_packet_slot(s->mtu)) : frame;
}

static void
args_default(char *args, size_t n, const char *key, unsigned value)
{
	const size_t at = strlen(args);
	char pattern[32];

	snprintf(pattern, sizeof(pattern), "%s=", key);
	if (strstr(args, pattern) == NULL)
		snprintf(args + at, n - at, "%s%s%u", at == 0 ? "" : ",", pattern, value);
}

/* A shaped line must obey the kernel's queueing discipline, and long frames want longer slots. What the user says wins. */
static void
af_packet_args(const struct opening *o, char *args, size_t n)
{
	const unsigned slot = port_joins_fragments(o->setup) ? AF_PACKET_JOINED : af_packet_slot(o->setup->mtu);

	args_default(args, n, "qdisc_bypass", 0);
	if (slot == AF_PACKET_SLOT || strstr(args, "framesz=") != NULL || strstr(args, "blocksz=") != NULL)
		return;
	args_default(args, n, "framesz", slot);
	args_default(args, n, "blocksz", slot);
}

static int
port_by_name(const char *name, uint16_t *id)
{
	char with_domain[DEVARGS_MAX + 8];

	if (rte_eth_dev_get_port_by_name(name, id) == 0)
		return 0;
	snprintf(with_domain, sizeof(with_domain), "0000:%s", name);
	return rte_eth_dev_get_port_by_name(with_domain, id);
}

/* A device that exists already (PCI, or made by a test), or a vdev made now. */
static int
device_find(struct opening *o)
{
	char name[DEVARGS_MAX], args[DEVARGS_MAX] = "";
	const size_t n = strcspn(o->setup->devargs, ",");
	int ret;

	if (strlen(o->setup->devargs) + 64 > sizeof(name))
		return failed(o, -E2BIG, "device arguments too long");
	snprintf(name, sizeof(name), "%.*s", (int)n, o->setup->devargs);
	if (port_by_name(name, &o->p->id) == 0)
		return 0;
	if (strchr(name, ':') != NULL)
		return failed(o, -ENODEV, "no such device, or it is not bound to a driver that DPDK can use");
	if (o->setup->devargs[n] == ',')
		snprintf(args, sizeof(args), "%s", o->setup->devargs + n + 1);
	if (is_af_packet(o->setup))
		af_packet_args(o, args, sizeof(args));
	ret = rte_eal_hotplug_add("vdev", name, args);
	if (ret < 0)
		return failed(
			o, ret, "cannot create the device (is the driver's name right, does its interface exist?)");
	o->st->created = true;
	if (port_by_name(name, &o->p->id) != 0)
		return failed(o, -ENODEV, "the device made no port");
	return 0;
}

/* ------------------------------------------------------------------ queues */

static uint16_t
queue_number(uint16_t wanted, unsigned workers, uint16_t device)
{
	unsigned n = wanted == 0 ? workers : RTE_MIN((unsigned)wanted, workers);

	n = RTE_MIN(n, (unsigned)device);
	return (uint16_t)RTE_MAX(n, 1u);
}

static void
queues_choose(struct opening *o)
{
	struct port *p = o->p;

	p->n_rxq = queue_number(o->setup->rx_queues, o->dp->n_workers, o->info.max_rx_queues);
	p->n_txq = queue_number(o->setup->tx_queues, o->dp->n_workers, o->info.max_tx_queues);
	if (driver_is(o, "net_tap")) /* the driver wants pairs */
		p->n_rxq = p->n_txq = p->n_rxq < p->n_txq ? p->n_rxq : p->n_txq;
}

/* Largest MTU that ethdev lets us state for the device; what af_packet, tap and memif can really carry is in their own arguments and
 * in the kernel, and they state 1500. */
static uint16_t
stated_mtu(const struct opening *o)
{
	const bool understates = driver_is(o, "net_af_packet") || driver_is(o, "net_tap") || driver_is(o, "net_memif");

	return understates && o->setup->mtu > RTE_ETHER_MTU ? RTE_ETHER_MTU : o->setup->mtu;
}

/* Of a frame that the device does not cut itself; 0: the driver does not say. */
static uint16_t
segs_max(const struct rte_eth_desc_lim *l)
{
	const uint16_t any = l->nb_seg_max != 0 ? l->nb_seg_max : UINT16_MAX;
	const uint16_t whole = l->nb_mtu_seg_max != 0 ? l->nb_mtu_seg_max : UINT16_MAX;

	return whole < any ? whole : any;
}

/* What the driver offers of what spreads the port's frames. IP and what is above it for lines too: sessions without multilink. */
static uint64_t
rss_offered(const struct opening *o)
{
	const uint64_t ip = RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP;
	const uint64_t wanted = o->setup->kind == DP_PORT_ACCESS ? ip | RTE_ETH_RSS_PPPOE : ip;

	return o->p->n_rxq > 1 ? o->info.flow_type_rss_offloads & wanted : 0;
}

static int
configure_with_rss(struct opening *o, struct rte_eth_conf *conf, uint64_t rss)
{
	conf->rxmode.mq_mode = rss != 0 ? RTE_ETH_MQ_RX_RSS : RTE_ETH_MQ_RX_NONE;
	conf->rx_adv_conf.rss_conf.rss_hf = rss;
	o->st->rss = rss == 0 ? DP_RSS_NONE : (rss & RTE_ETH_RSS_PPPOE) != 0 ? DP_RSS_PPPOE : DP_RSS_IP;
	return rte_eth_dev_configure(o->p->id, o->p->n_rxq, o->p->n_txq, conf);
}

static int
device_configure(struct opening *o)
{
	struct rte_eth_conf conf = {.rxmode = {.mtu = stated_mtu(o)}};
	const uint64_t rss = rss_offered(o);
	struct port *p = o->p;
	int ret;

	p->tx_segs_max = 1;
	if ((o->info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS) != 0) {
		conf.txmode.offloads |= RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
		p->tx_segs_max = segs_max(&o->info.tx_desc_lim);
	}
	/* net_ring gives the mbuf itself to whoever reads the ring, and he may write into it */
	p->tx_indirect = p->tx_segs_max > 1 && !driver_is(o, "net_ring");
	ret = configure_with_rss(o, &conf, rss);
	if (ret < 0 && (rss & RTE_ETH_RSS_PPPOE) != 0) /* offered, and not taken */
		ret = configure_with_rss(o, &conf, rss & ~RTE_ETH_RSS_PPPOE);
	if (ret < 0)
		return why_failed(o->why, ret, "port %s (%s): device refuses MTU %u with %u+%u queues: %s",
			o->setup->name, o->setup->devargs, conf.rxmode.mtu, p->n_rxq, p->n_txq, strerror(-ret));
	return 0;
}

/* The worker that polls queue q of a port: ports with one queue are spread over the workers. */
static unsigned
queue_worker(const struct port *p, unsigned q, unsigned n_workers)
{
	return (q + p->index) % n_workers;
}

static int
queues_setup(struct opening *o)
{
	struct port *p = o->p;
	uint16_t rx_desc = driver_is(o, "net_tap") ? TAP_RX_DESC : RX_DESC;
	uint16_t tx_desc = TX_DESC;
	int ret = rte_eth_dev_adjust_nb_rx_tx_desc(p->id, &rx_desc, &tx_desc);

	if (ret < 0)
		return failed(o, ret, "device refuses the queues' lengths");
	p->rx_large = port_joins_fragments(o->setup);
	for (uint16_t q = 0; q < p->n_rxq; q++) {
		struct worker *w = o->dp->workers[queue_worker(p, q, o->dp->n_workers)];

		ret = rte_eth_rx_queue_setup(
			p->id, q, rx_desc, (unsigned)w->numa_node, NULL, p->rx_large ? o->dp->joined_pool : w->pool);
		if (ret < 0)
			return failed(o, ret, "no receive queue (packet buffers too few or too small?)");
		w->rx_queue[p->index] = (int16_t)q;
	}
	for (uint16_t q = 0; q < p->n_txq; q++) {
		ret = rte_eth_tx_queue_setup(p->id, q, tx_desc, (unsigned)RTE_MAX(p->numa_node, 0), NULL);
		if (ret < 0)
			return failed(o, ret, "no transmit queue");
	}
	return 0;
}

/* Who sends for whom: worker number v, counted from the port's first, has queue v if there are so many, else v modulo that. */
static void
tx_ways(const struct opening *o)
{
	const unsigned n = o->dp->n_workers;
	const struct port *p = o->p;

	for (unsigned i = 0; i < n; i++) {
		const unsigned v = (i + n - p->index % n) % n;
		struct tx_buffer *b = &o->dp->workers[i]->tx[p->index];

		b->queue = (uint16_t)(v % p->n_txq);
		b->owner = (uint16_t)queue_worker(p, b->queue, n);
	}
}

/* ------------------------------------------------------------------ addresses */

/* Devices without an address of their own (rings) get a local one that differs by process and port. */
static struct mac
made_up_mac(const struct opening *o)
{
	struct mac m = {{0x02}};
	uint64_t h = 0xcbf29ce484222325u;

	for (const char *c = o->setup->name; *c != '\0'; c++)
		h = (h ^ (uint8_t)*c) * 0x100000001b3u;
	h ^= (uint64_t)getpid() << 8;
	for (unsigned i = 1; i < ETH_ADDR_LEN; i++)
		m.b[i] = (uint8_t)(h >> 8 * i);
	return m;
}

/* The kernel's end of a tap carries the address the driver tells; ours is another, or neighbour discovery would see a duplicate. */
static struct mac
own_mac(const struct opening *o)
{
	struct rte_ether_addr a = {0};
	struct mac m;

	rte_eth_macaddr_get(o->p->id, &a);
	memcpy(&m, &a, sizeof(m));
	if (mac_is_zero(&m))
		return made_up_mac(o);
	if (driver_is(o, "net_tap")) {
		m.b[0] |= 0x02;
		m.b[5] ^= 0x01;
	}
	return m;
}

static void
mac_add(struct port *p, const struct mac *m)
{
	for (unsigned i = 0; i < p->n_macs; i++)
		if (mac_equal(&p->macs[i], m))
			return;
	p->macs[p->n_macs++] = *m;
}

/* The device filters no further addresses: then all frames come in. Undone at the end, unless somebody else had set it before. */
static void
promiscuous(struct opening *o)
{
	if (o->st->ifname[0] == '\0' || !kernel_promiscuous(o->dp->ioctl_fd, o->st->ifname))
		o->st->promiscuous = rte_eth_promiscuous_enable(o->p->id) == 0;
}

static int
addresses_set(struct opening *o)
{
	struct port *p = o->p;
	struct rte_ether_addr a;
	bool all = false;

	p->macs[0] = own_mac(o);
	p->n_macs = 1;
	if (o->setup->n_macs > DP_PORT_MACS_MAX)
		return failed(o, -E2BIG, "too many MAC addresses");
	for (unsigned i = 0; i < o->setup->n_macs; i++)
		mac_add(p, &o->setup->macs[i]);
	for (unsigned i = 1; i < p->n_macs; i++) {
		memcpy(&a, &p->macs[i], sizeof(a));
		all |= rte_eth_dev_mac_addr_add(p->id, &a, 0) != 0;
	}
	if (all)
		promiscuous(o);
	if (p->kind == DP_PORT_IP)
		rte_eth_allmulticast_enable(p->id);
	return 0;
}

/* ------------------------------------------------------------------ carrier */

static bool
carrier_of(struct dataplane *dp, unsigned i)
{
	const char *ifname = dp->port_state[i].ifname;
	struct rte_eth_link link = {0};

	if (ifname[0] != '\0')
		return kernel_carrier(dp->ioctl_fd, ifname); /* af_packet and tap claim to be always up */
	return rte_eth_link_get_nowait(dp->ports[i].id, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

bool
ports_poll_carrier(struct dataplane *dp)
{
	bool changed = false;

	for (unsigned i = 0; i < dp->n_ports; i++) {
		const bool up = dp->port_state[i].started && carrier_of(dp, i);

		changed |= up != atomic_exchange_explicit(&dp->ports[i].carrier, up, memory_order_relaxed);
	}
	return changed;
}

/* ------------------------------------------------------------------ open and close */

static int
port_describe(struct opening *o)
{
	struct port_state *st = o->st;
	int ret = rte_eth_dev_info_get(o->p->id, &o->info);

	if (ret < 0)
		return failed(o, ret, "the device does not describe itself");
	rte_eth_dev_get_name_by_port(o->p->id, st->device);
	snprintf(st->driver, sizeof(st->driver), "%s", o->info.driver_name);
	if (o->info.if_index != 0 && if_indextoname(o->info.if_index, st->ifname) == NULL)
		st->ifname[0] = '\0';
	o->p->numa_node = rte_eth_dev_socket_id(o->p->id);
	return 0;
}

/* ethdev lets none of these drivers set more than 1500; a larger one stays as it is. */
static int
mtu_raise(struct opening *o)
{
	const char *ifname = o->st->ifname;
	int old = kernel_mtu(o->dp->ioctl_fd, ifname);
	int ret;

	if (old < 0)
		return failed(o, old, "cannot read the kernel device's MTU");
	if (old >= o->setup->mtu)
		return 0;
	ret = kernel_mtu_set(o->dp->ioctl_fd, ifname, o->setup->mtu);
	if (ret < 0)
		return why_failed(o->why, ret, "port %s (%s): kernel device %s has MTU %d and refuses %u: %s",
			o->setup->name, o->setup->devargs, ifname, old, o->setup->mtu, strerror(-ret));
	o->st->kernel_mtu = old;
	return 0;
}

static int
port_start(struct opening *o)
{
	int ret = rte_eth_dev_start(o->p->id);

	if (ret < 0)
		return failed(o, ret, "does not start");
	o->st->started = true;
	if (o->st->ifname[0] != '\0') {
		ret = mtu_raise(o);
		if (ret < 0)
			return ret;
	}
	ret = addresses_set(o);
	if (ret < 0)
		return ret;
	if (rules_open(o->dp, o->p->index, o->setup) < 0)
		return failed(o, -ENOMEM, "no memory for its rules");
	o->st->carrier_told = carrier_of(o->dp, o->p->index);
	atomic_store(&o->p->carrier, o->st->carrier_told);
	return 0;
}

int
port_open(struct dataplane *dp, const struct dp_setup *setup, unsigned i, const char **why)
{
	struct opening o = {
		.dp = dp, .setup = &setup->ports[i], .p = &dp->ports[i], .st = &dp->port_state[i], .why = why};
	int ret;

	snprintf(o.st->name, sizeof(o.st->name), "%s", o.setup->name);
	o.p->index = (uint16_t)i;
	o.p->kind = (uint8_t)o.setup->kind;
	o.p->mtu = o.setup->mtu;
	o.p->name = o.st->name;
	ret = device_find(&o);
	if (ret == 0)
		ret = port_describe(&o);
	if (ret < 0)
		return ret;
	queues_choose(&o);
	ret = device_configure(&o);
	if (ret == 0)
		ret = queues_setup(&o);
	if (ret < 0)
		return ret;
	tx_ways(&o);
	return port_start(&o);
}

void
port_close(struct dataplane *dp, unsigned i)
{
	struct port_state *st = &dp->port_state[i];
	struct rte_eth_dev_info info;
	uint16_t id = dp->ports[i].id;

	rules_close(dp, i);
	if (st->kernel_mtu != 0)
		kernel_mtu_set(dp->ioctl_fd, st->ifname, st->kernel_mtu);
	if (st->promiscuous)
		rte_eth_promiscuous_disable(id);
	if (st->started)
		rte_eth_dev_stop(id);
	if (st->created && rte_eth_dev_info_get(id, &info) == 0) {
		rte_eth_dev_close(id);
		rte_dev_remove(info.device);
	}
	*st = (struct port_state){0};
}

int
dp_port_info(struct dataplane *dp, unsigned port, struct dp_port_info *info)
{
	struct rte_eth_stats s = {0};
	const struct port_state *st;
	const struct port *p;

	if (port >= dp->n_ports)
		return -EINVAL;
	p = &dp->ports[port];
	st = &dp->port_state[port];
	rte_eth_stats_get(p->id, &s);
	*info = (struct dp_port_info){
		.name = p->name,
		.mac = p->macs[0],
		.mtu = p->mtu,
		.rx_queues = p->n_rxq,
		.tx_queues = p->n_txq,
		.numa_node = p->numa_node,
		.carrier = atomic_load_explicit(&p->carrier, memory_order_relaxed),
		.carrier_known = strcmp(st->driver, "net_ring") != 0 && strcmp(st->driver, "net_null") != 0 &&
			strcmp(st->driver, "net_pcap") != 0,
		.rx_frames = s.ipackets,
		.rx_bytes = s.ibytes,
		.tx_frames = s.opackets,
		.tx_bytes = s.obytes,
		.rx_missed = s.imissed + s.rx_nombuf,
		.rx_errors = s.ierrors,
		.tx_errors = s.oerrors,
		.tx_kernel_drops = st->ifname[0] != '\0' ? kernel_qdisc_drops(st->ifname) : 0,
		.rss = st->rss,
		.rules = rules_info(st),
	};
	snprintf(info->device, sizeof(info->device), "%s", st->device);
	snprintf(info->driver, sizeof(info->driver), "%s", st->driver);
	return 0;
}
