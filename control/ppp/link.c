/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/link.h"

#include <stdio.h>
#include <stdlib.h>

#include "control/ppp/text.h"
#include "dataplane/wire/pppoe.h"

const char *
link_phase_name(enum link_phase phase)
{
	switch (phase) {
	case LINK_FREE:
		break;
	case LINK_LCP:
		return "lcp";
	case LINK_AUTH:
		return "auth";
	case LINK_JOIN:
		return "join";
	case LINK_OPEN:
		return "open";
	case LINK_TERMINATE:
		return "terminate";
	}
	return "idle";
}

uint16_t
link_mru_limit(uint16_t port_mtu, uint16_t agreed)
{
	const uint16_t limit = agreed > PPPOE_MRU_MAX ? agreed : PPPOE_MRU_MAX;
	const uint16_t fits = (uint16_t)(port_mtu - PPPOE_OVERHEAD);

	return fits < limit ? fits : limit;
}

uint16_t
link_tx_mru(uint16_t peer_mru, uint16_t port_mtu, uint16_t ceiling)
{
	uint16_t fits = (uint16_t)(port_mtu - PPPOE_OVERHEAD);

	if (ceiling != 0 && ceiling < fits)
		fits = ceiling;
	return peer_mru < fits ? peer_mru : fits;
}

void
link_identity(const struct link *l, struct membership_link *m, struct host_endpoint *ep)
{
	m->authenticated = l->authenticated;
	*ep = lcp_peer_endpoint(&l->lcp);
	m->endpoint = ep;
	m->our_mrru = lcp_ours(&l->lcp)->mrru;
	m->peer_mrru = lcp_peers(&l->lcp)->mrru;
	/* SSNHF says what its sender wants to receive (RFC 1990 section 5.1.2) */
	m->rx_short = lcp_ours(&l->lcp)->short_seq;
	m->tx_short = lcp_peers(&l->lcp)->short_seq;
}

void
link_vexplain(struct link *l, const char *format, va_list args)
{
	char text[LINK_EXPLAIN_MAX];

	vsnprintf(text, sizeof(text), format, args);
	text_keep(&l->explain, text);
	l->nth = 0;
}

void
link_explain(struct link *l, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	link_vexplain(l, format, args);
	va_end(args);
}

bool
link_holds(const struct link *l, uint16_t proto)
{
	return l->held != NULL && l->held->proto == proto;
}

bool
link_is_suspended(const struct link *l)
{
	return l->probe != NULL && l->probe->probed && l->probe->quality.suspended;
}

void
link_fini(struct link *l)
{
	lcp_fini(&l->lcp);
	text_drop(&l->explain);
	text_drop(&l->login);
	free(l->dsl);
	l->dsl = NULL;
}
