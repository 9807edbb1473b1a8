/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/bundle.h"

#include <stdlib.h>

#include "control/ppp/text.h"
#include "dataplane/wire/mp.h"
#include "dataplane/wire/ppp.h"

enum {
	V4_TCP_HEADERS = 40,
	V6_TCP_HEADERS = 60,
	IP_MTU_ONE_FRAGMENT = -2,
	RECONSTRUCTED_MIN = 1500, /* received whatever was agreed (RFC 1990 section 5.1.1) */
};

static uint16_t
smaller(uint16_t a, uint16_t b)
{
	return a < b ? a : b;
}

/* The fragment's own protocol field is the link's and not in its MRU; the packet's is inside (RFC 1990 section 3). */
static uint16_t
one_fragment(const struct bundle_format *f, uint16_t tx_mru)
{
	const unsigned headers = mp_hdr_len(f->tx_short) + PPP_PROTO_LEN;

	if (!f->mp)
		return tx_mru;
	return tx_mru > headers ? (uint16_t)(tx_mru - headers) : 0;
}

uint16_t
bundle_ip_mtu(const struct bundle_format *f, int ip_mtu, uint16_t tx_mru)
{
	const uint16_t most = f->mp ? f->peer_mrru : smaller(f->peer_mrru, tx_mru);

	if (ip_mtu == IP_MTU_ONE_FRAGMENT)
		return smaller(most, one_fragment(f, tx_mru));
	if (ip_mtu > 0)
		return smaller(most, (uint16_t)ip_mtu);
	return most;
}

uint16_t
bundle_mss(int configured, uint16_t mtu, uint16_t headers)
{
	if (configured >= 0)
		return (uint16_t)configured;
	return mtu > headers ? (uint16_t)(mtu - headers) : 0;
}

void
bundle_sizes(struct host_bundle_values *v, const struct bundle_format *f, const struct host_mss *mss, uint16_t ip_mtu)
{
	/* one ceiling serves both directions, so the smaller one counts */
	const uint16_t mtu = smaller(f->our_mrru, ip_mtu);

	v->mp = f->mp;
	v->rx_short = f->rx_short;
	v->tx_short = f->tx_short;
	v->rx_mrru = f->our_mrru;
	v->rx_max = f->mp && f->our_mrru < RECONSTRUCTED_MIN ? RECONSTRUCTED_MIN : f->our_mrru;
	v->tx_mrru = ip_mtu;
	v->mss_v4 = bundle_mss(mss->v4, mtu, V4_TCP_HEADERS);
	v->mss_v6 = bundle_mss(mss->v6, mtu, V6_TCP_HEADERS);
	v->mss_from_links = mss->from_links;
	v->mss_to_links = mss->to_links;
}

void
bundle_fini(struct bundle *b)
{
	text_drop(&b->last_words);
	for (unsigned i = 0; i < NCPS; i++) {
		free(b->held[i]);
		b->held[i] = NULL;
	}
	if (b->meter != NULL)
		free(b->meter->bandwidth);
	free(b->meter);
	free(b->askers);
	free(b->serve6);
	free(b->uplink6);
	b->meter = NULL;
	b->askers = NULL;
	b->serve6 = NULL;
	b->uplink6 = NULL;
}
