/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/line_rate.h"

#include "dataplane/wire/ppp.h"
#include "dataplane/wire/pppoe.h"

/* Access-Loop-Encapsulation of TR-101 appendix A and RFC 4679: data link, encapsulation 1 and 2. */
enum {
	LOOP_AAL5 = 0,
	LOOP_ETHERNET = 1,
	LOOP_TAGGED = 2, /* encapsulation 1 */
	/* encapsulation 2 */
	LOOP_PPPOA_LLC = 1,
	LOOP_PPPOA_NULL = 2,
	LOOP_BRIDGED_LLC_FCS = 5,
	LOOP_BRIDGED_LLC = 6,
	LOOP_BRIDGED_NULL_FCS = 7,
	LOOP_BRIDGED_NULL = 8,
};

/* Bytes on the line that a frame has not here. */
enum {
	FCS_LEN = 4,
	PTM_LEN = 4,          /* S and Ck bytes, and the CRC of two (IEEE 802.3 61.3.3) */
	AAL5_LEN = 8,         /* trailer */
	BRIDGED_LLC_LEN = 10, /* LLC, OUI, PID, padding (RFC 2684 section 5.2) */
	BRIDGED_NULL_LEN = 2, /* padding (RFC 2684 section 6.1) */
	PPPOA_LLC_LEN = 4,    /* LLC and NLPID (RFC 2364 section 6) */
};

/* What AAL5 carries in place of our Ethernet frame without tags. False: nothing that a PPPoE session can go over. */
static bool
aal5_overhead(uint8_t encap_2, int *bytes)
{
	switch (encap_2) {
	case LOOP_PPPOA_LLC:
		*bytes = PPPOA_LLC_LEN - ETH_HDR_LEN - PPPOE_HDR_LEN;
		return true;
	case LOOP_PPPOA_NULL:
		*bytes = -(ETH_HDR_LEN + PPPOE_HDR_LEN);
		return true;
	case LOOP_BRIDGED_LLC_FCS:
		*bytes = BRIDGED_LLC_LEN + FCS_LEN;
		return true;
	case LOOP_BRIDGED_LLC:
		*bytes = BRIDGED_LLC_LEN;
		return true;
	case LOOP_BRIDGED_NULL_FCS:
		*bytes = BRIDGED_NULL_LEN + FCS_LEN;
		return true;
	case LOOP_BRIDGED_NULL:
		*bytes = BRIDGED_NULL_LEN;
		return true;
	default:
		return false;
	}
}

/* Tags that the line carries, less those that our frames have. */
static int
vlan_overhead(const struct dsl_tags *tags, struct vlan_stack vlans)
{
	const int ours = (int)(eth_hdr_len(vlans) - ETH_HDR_LEN);

	return (tags->encap_1 == LOOP_TAGGED ? ETH_VLAN_LEN : 0) - ours;
}

/* encapsulation: auto. What an operator adds in `overhead` is kept. */
static void
encap_of_tags(struct host_line *line, const struct dsl_tags *tags, struct vlan_stack vlans)
{
	int bytes = FCS_LEN + PTM_LEN;

	if (!tags->has_encap || (tags->encap_link != LOOP_ETHERNET && tags->encap_link != LOOP_AAL5))
		return;
	if (tags->encap_link == LOOP_AAL5 && !aal5_overhead(tags->encap_2, &bytes))
		return;
	line->encap = tags->encap_link == LOOP_AAL5 ? HOST_ATM : HOST_PTM;
	if (tags->encap_link == LOOP_AAL5)
		bytes += AAL5_LEN;
	line->overhead_bytes = (int16_t)(line->overhead_bytes + bytes + vlan_overhead(tags, vlans));
}

struct host_line
line_rate_choose(
	const struct host_line *configured, const struct dsl_tags *tags, uint32_t rate_kbps, struct vlan_stack vlans)
{
	struct host_line line = *configured;

	line.source = line.rate_bps != 0 ? HOST_RATE_CONFIGURED : HOST_RATE_NONE;
	if (line.rate_bps == 0 && line.rule != HOST_RATE_UNPACED && rate_kbps != 0) {
		line.rate_bps = (uint64_t)rate_kbps * 1000;
		line.source = HOST_RATE_TAGGED;
		if (line.encap == HOST_ENCAP_AUTO)
			encap_of_tags(&line, tags, vlans);
	}
	if (line.encap == HOST_ENCAP_AUTO)
		line.encap = HOST_ETHERNET;
	return line;
}

const char *
line_rate_source_name(enum host_rate_source source)
{
	switch (source) {
	case HOST_RATE_CONFIGURED:
		return "configured";
	case HOST_RATE_TAGGED:
		return "tags";
	case HOST_RATE_MEASURED:
		return "measured";
	case HOST_RATE_NONE:
		break;
	}
	return "none";
}
