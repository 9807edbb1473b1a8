/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_ip_frag.h>

#include "dataplane/ip_error.h"

#include "dataplane/poison.h"

unsigned
ip_cut(struct worker *w, struct rte_mbuf *m, uint16_t mtu, struct rte_mbuf *out[IP_PIECES_MAX])
{
	int n;

	if (mtu < IP4_HDR_MAX + 8)
		return 0;
	n = rte_ipv4_fragment_packet(m, out, IP_PIECES_MAX, mtu, w->pool, w->indirect_pool);
	if (n <= 0)
		return 0;
	for (int i = 0; i < n; i++) {
		uint8_t *ip = rte_pktmbuf_mtod(out[i], uint8_t *);
		const unsigned hdr_len = (ip[0] & 0x0f) * 4u;

		*pkt(out[i]) = *pkt(m);
		store_be16(ip + 10, 0);
		store_be16(ip + 10, checksum_fold(checksum_add(0, ip, hdr_len)));
	}
	release(w, m);
	return (unsigned)n;
}
