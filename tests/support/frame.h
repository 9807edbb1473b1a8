/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_SUPPORT_FRAME_H
#define TESTS_SUPPORT_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/wire/eth.h"
#include "dataplane/wire/ip.h"
#include "dataplane/wire/mp.h"

/* Frames and packets as bytes, built up from the front. Nothing here knows DPDK. */

enum { FRAME_MAX = 4096 };

struct frame {
	size_t len;
	uint8_t b[FRAME_MAX];
};

/* Where a session's frames go and come from. */
struct frame_path {
	struct mac dst, src;
	struct vlan_stack vlans;
	uint16_t session;
};

void frame_add(struct frame *f, const void *bytes, size_t n);
void frame_add_be16(struct frame *f, uint16_t v);
/* n bytes that differ by seed and place. */
void frame_add_pattern(struct frame *f, unsigned seed, size_t n);
/* Zeros up to len, as a sender pads short Ethernet frames. */
void frame_pad(struct frame *f, size_t len);

/* Starts a frame with an Ethernet header. */
void frame_eth(struct frame *f, const struct frame_path *p, uint16_t ethertype);
/* Starts a session frame: Ethernet, PPPoE of the right length, PPP protocol, payload. */
void frame_session(struct frame *f, const struct frame_path *p, uint16_t proto, const void *payload, size_t n);
/* The same with an MP header between protocol 0x003d and the piece. */
void frame_mp(struct frame *f, const struct frame_path *p, bool short_seq, uint32_t seq, bool begin, bool end,
	const void *piece, size_t n);
/* Starts a discovery frame without tags. */
void frame_discovery(struct frame *f, const struct frame_path *p, uint8_t code);

/* Starts an IPv4 packet of total bytes, checksum right, the payload a UDP datagram with a pattern; addresses in host order. */
void packet_udp(struct frame *f, uint32_t src, uint32_t dst, uint8_t ttl, unsigned seed, size_t total);
/* Starts an IPv4 packet with a TCP SYN that carries an MSS option; both checksums right. */
void packet_syn(struct frame *f, uint32_t src, uint32_t dst, uint16_t mss);

/* The same of IPv6; addresses in network order. The UDP checksum is right, too: IPv6 has none without. */
void packet_udp6(struct frame *f, const struct ip_addr *src, const struct ip_addr *dst, uint8_t hops, unsigned seed,
	size_t total);
void packet_syn6(struct frame *f, const struct ip_addr *src, const struct ip_addr *dst, uint16_t mss);

bool frame_equal(const struct frame *a, const struct frame *b);

#endif
