/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/gen_stats.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dataplane/internal.h"

/* What DPDK's drivers on kernel devices do not tell or do: MTU over 1500, carrier, drops behind the socket. Control's side only. */

static int
request(int fd, unsigned long what, const char *ifname, struct ifreq *r)
{
	snprintf(r->ifr_name, sizeof(r->ifr_name), "%s", ifname);
	return ioctl(fd, what, r) < 0 ? -errno : 0;
}

int
kernel_mtu(int fd, const char *ifname)
{
	struct ifreq r = {0};
	const int ret = request(fd, SIOCGIFMTU, ifname, &r);

	return ret < 0 ? ret : r.ifr_mtu;
}

int
kernel_mtu_set(int fd, const char *ifname, int mtu)
{
	struct ifreq r = {.ifr_mtu = mtu};

	return request(fd, SIOCSIFMTU, ifname, &r);
}

static int
flags(int fd, const char *ifname)
{
	struct ifreq r = {0};

	return request(fd, SIOCGIFFLAGS, ifname, &r) < 0 ? 0 : r.ifr_flags;
}

bool
kernel_promiscuous(int fd, const char *ifname)
{
	return (flags(fd, ifname) & IFF_PROMISC) != 0;
}

/* IFF_RUNNING may follow the carrier a second later, which costs a dialling line its first answers: it is asked only where the device
 * cannot tell its carrier. */
bool
kernel_carrier(int fd, const char *ifname)
{
	struct ethtool_value carrier = {.cmd = ETHTOOL_GLINK};
	struct ifreq r = {.ifr_data = (void *)&carrier};
	const int f = flags(fd, ifname);

	if ((f & IFF_UP) == 0)
		return false;
	return request(fd, SIOCETHTOOL, ifname, &r) == 0 ? carrier.data != 0 : (f & IFF_RUNNING) != 0;
}

/* ------------------------------------------------------------------ queueing discipline, by rtnetlink */

static struct rtattr *
attribute(void *first, size_t left, unsigned short type)
{
	for (struct rtattr *a = first; RTA_OK(a, left); a = RTA_NEXT(a, left))
		if ((a->rta_type & NLA_TYPE_MASK) == type)
			return a;
	return NULL;
}

static uint64_t
drops_in(struct nlmsghdr *h, unsigned ifindex)
{
	struct tcmsg *tc = NLMSG_DATA(h);
	struct rtattr *stats, *queue;
	struct gnet_stats_queue q;

	if (h->nlmsg_type != RTM_NEWQDISC || h->nlmsg_len < NLMSG_LENGTH(sizeof(*tc)) ||
		tc->tcm_ifindex != (int)ifindex || tc->tcm_parent != TC_H_ROOT)
		return 0;
	stats = attribute(TCA_RTA(tc), h->nlmsg_len - NLMSG_LENGTH(sizeof(*tc)), TCA_STATS2);
	queue = stats == NULL ? NULL : attribute(RTA_DATA(stats), RTA_PAYLOAD(stats), TCA_STATS_QUEUE);
	if (queue == NULL || RTA_PAYLOAD(queue) < sizeof(q))
		return 0;
	memcpy(&q, RTA_DATA(queue), sizeof(q));
	return q.drops;
}

/* All answers to one dump; *done when its end was among them. */
static uint64_t
dump_read(int fd, unsigned ifindex, bool *done)
{
	static union {
		struct nlmsghdr h;
		uint8_t bytes[32768];
	} answer;
	const ssize_t got = recv(fd, &answer, sizeof(answer), MSG_DONTWAIT);
	size_t left = got > 0 ? (size_t)got : 0;
	uint64_t drops = 0;

	*done = got <= 0;
	for (struct nlmsghdr *h = &answer.h; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
		*done |= h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR;
		drops += drops_in(h, ifindex);
	}
	return drops;
}

uint64_t
kernel_qdisc_drops(const char *ifname)
{
	const struct {
		struct nlmsghdr h;
		struct tcmsg tc;
	} ask = {
		.h = {.nlmsg_len = sizeof(ask), .nlmsg_type = RTM_GETQDISC, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.tc = {.tcm_family = AF_UNSPEC, .tcm_ifindex = (int)if_nametoindex(ifname)},
	};
	const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	bool done = fd < 0 || ask.tc.tcm_ifindex == 0 || send(fd, &ask, sizeof(ask), 0) < 0;
	uint64_t drops = 0;

	while (!done)
		drops += dump_read(fd, (unsigned)ask.tc.tcm_ifindex, &done);
	if (fd >= 0)
		close(fd);
	return drops;
}
