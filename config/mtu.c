/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "config/check.h"
#include "config/notes.h"

/* The chain from a port to a packet:
 *
 *	port MTU - 8 (PPPoE and PPP header) = link MRU, at most 1492 unless PPP-Max-Payload was agreed (RFC 2516, RFC 4638)
 *	link MRU - 4 (MP header, long numbers) - 2 (protocol field inside) = IP packet that passes in one fragment
 *
 * VLAN tags are not in the port's MTU: they make the frames longer by 4 bytes each. */

enum {
	PPPOE_BYTES = 8,
	PPPOE_MRU = 1492, /* RFC 2516 section 7 */
	MP_BYTES = 4,
	PROTOCOL_BYTES = 2,
	TAG_BYTES = 4,
	WHOLE_PACKET = 1500,
	V4_TCP_HEADERS = 40,
	V6_TCP_HEADERS = 60,
};

uint16_t
config_mru(const struct config_lcp *lcp, const struct config_port *port, bool max_payload)
{
	const uint16_t room = (uint16_t)(port->mtu - PPPOE_BYTES);

	if (lcp->mru != 0)
		return lcp->mru;
	return max_payload || room < PPPOE_MRU ? room : PPPOE_MRU;
}

uint16_t
config_mrru(const struct config *cfg, const struct config_multilink *multilink)
{
	static const uint16_t profiles[] = {
		[CONFIG_PROFILE_CISCO] = 1524, [CONFIG_PROFILE_JUNIPER] = 1590, [CONFIG_PROFILE_WINDOWS] = 1614};
	uint16_t most = WHOLE_PACKET;

	if (multilink->mrru != 0)
		return multilink->mrru;
	if (multilink->profile != CONFIG_PROFILE_NONE)
		return profiles[multilink->profile];
	for (size_t i = 0; i < cfg->n_ports; i++)
		if (cfg->ports[i].kind == CONFIG_IP && cfg->ports[i].mtu > most)
			most = cfg->ports[i].mtu;
	return most;
}

/* A line of the configuration: what is at the ends of the chain. */
struct chain {
	const void *place; /* field that stands for the line */
	const struct config_port *port;
	const struct config_lcp *lcp;
	const struct config_multilink *multilink;
	const bool *max_payload;
	unsigned tags; /* most VLAN tags */
};

static unsigned
tags_of(const struct config_vlan *vlan)
{
	return vlan->any || vlan->inner != 0 ? 2 : vlan->outer != 0;
}

/* Combinations that cannot work. False: one was noted. */
static bool
chain_holds(struct check *c, const struct chain *line)
{
	const unsigned mru = line->lcp->mru;

	if (mru > PPPOE_MRU && !*line->max_payload) {
		check_error(c, &line->lcp->mru,
			"%u is more than PPPoE allows (%u, RFC 2516 section 7); max_payload is short: yes makes it possible",
			mru, PPPOE_MRU);
		return false;
	}
	if (mru + PPPOE_BYTES > line->port->mtu) {
		check_error(c, &line->lcp->mru, "%u and %u bytes of PPPoE need %u; port %s is short: mtu %u", mru,
			PPPOE_BYTES, mru + PPPOE_BYTES, line->port->name, line->port->mtu);
		return false;
	}
	return true;
}

/* Names the one value that makes the link MRU smaller than a plain line's. */
static void
warn_short(struct check *c, const struct chain *line, unsigned mru)
{
	if (line->port->mtu < PPPOE_MRU + PPPOE_BYTES)
		check_warning(c, &line->port->mtu,
			"%u is short: it leaves a link MRU of %u, and %u (with mtu %u) makes fewer fragments",
			line->port->mtu, mru, PPPOE_MRU, PPPOE_MRU + PPPOE_BYTES);
	else
		check_warning(c, &line->lcp->mru,
			"%u is short: below %u multilink makes more fragments, not fewer; for smaller packets see ip_mtu",
			mru, PPPOE_MRU);
}

/* The same in the other direction. */
static void
warn_short_mtu(struct check *c, const struct chain *line)
{
	if (line->lcp->mtu != 0 && line->lcp->mtu < PPPOE_MRU)
		check_warning(c, &line->lcp->mtu,
			"%u is short: below %u multilink makes more fragments, not fewer; for smaller packets see ip_mtu",
			line->lcp->mtu, PPPOE_MRU);
}

static void
warn_max_payload(struct check *c, const struct chain *line)
{
	if (*line->max_payload && check_given(c, line->max_payload) && line->port->mtu < WHOLE_PACKET + PPPOE_BYTES)
		check_warning(c, &line->port->mtu, "%u is short: PPP-Max-Payload of %u (RFC 4638) needs mtu %u",
			line->port->mtu, WHOLE_PACKET, WHOLE_PACKET + PPPOE_BYTES);
}

static void
show_chain(struct check *c, const struct chain *line, unsigned mru)
{
	const unsigned piece = mru - MP_BYTES, one = piece - PROTOCOL_BYTES;
	const unsigned mrru = config_mrru(c->cfg, line->multilink);
	const unsigned frame = line->port->mtu + line->tags * TAG_BYTES;

	if (!line->multilink->enabled) {
		check_note(c, CONFIG_INFO, line->place,
			"port %s: mtu %u (device: %u with %u VLAN tags) - PPPoE %u, link MRU %u = packets of %u bytes pass",
			line->port->name, line->port->mtu, frame, line->tags, PPPOE_BYTES, mru, mru);
		return;
	}
	check_note(c, CONFIG_INFO, line->place,
		"port %s: mtu %u (device: %u with %u VLAN tags) - PPPoE %u, link MRU %u - MP header %u - protocol %u = "
		"%u bytes pass in one fragment; MRRU %u takes at least %u",
		line->port->name, line->port->mtu, frame, line->tags, PPPOE_BYTES, mru, MP_BYTES, PROTOCOL_BYTES, one,
		mrru, (mrru + PROTOCOL_BYTES + piece - 1) / piece);
}

static void
check_chain(struct check *c, const struct chain *line, enum config_level mildest)
{
	unsigned mru;

	if (!chain_holds(c, line) || mildest < CONFIG_WARNING)
		return;
	mru = config_mru(line->lcp, line->port, *line->max_payload);
	if (line->multilink->enabled && mru < PPPOE_MRU)
		warn_short(c, line, mru);
	if (line->multilink->enabled)
		warn_short_mtu(c, line);
	warn_max_payload(c, line);
	show_chain(c, line, mru);
}

static void
check_refs(struct check *c, const struct config_refs *refs, struct chain line, enum config_level mildest)
{
	for (size_t i = 0; i < refs->n; i++) {
		if (refs->items[i].index >= c->cfg->n_ports)
			continue; /* there is no such port, which was noted */
		line.place = &refs->items[i];
		line.port = &c->cfg->ports[refs->items[i].index];
		check_chain(c, &line, mildest);
	}
}

static void
check_concentrator(struct check *c, const struct config_concentrator *conc, enum config_level mildest)
{
	struct chain line = {.lcp = &conc->lcp, .multilink = &conc->multilink, .max_payload = &conc->max_payload};

	for (size_t i = 0; i < conc->vlans.n; i++)
		if (tags_of(&conc->vlans.items[i]) > line.tags)
			line.tags = tags_of(&conc->vlans.items[i]);
	check_refs(c, &conc->ports, line, mildest);
}

static void
check_client(struct check *c, const struct config_client *client, enum config_level mildest)
{
	for (size_t i = 0; i < client->n_links; i++) {
		const struct config_link *link = &client->links[i];
		const struct chain line = {.lcp = &client->lcp,
			.multilink = &client->multilink,
			.max_payload = &link->max_payload,
			.tags = tags_of(&link->vlan)};

		check_refs(c, &link->ports, line, mildest);
	}
}

/* Packets that an ip port brings must fit through the bundle. */
static void
check_mrru(struct check *c, const struct config_multilink *ml)
{
	const void *given = ml->mrru != 0 ? (const void *)&ml->mrru : (const void *)&ml->profile;
	const uint16_t mrru = config_mrru(c->cfg, ml);

	for (size_t i = 0; i < c->cfg->n_ports && ml->enabled; i++) {
		const struct config_port *port = &c->cfg->ports[i];

		if (port->kind == CONFIG_IP && port->mtu > mrru)
			check_warning(c, given, "%u is short: port %s has mtu %u", mrru, port->name, port->mtu);
	}
}

/* Packets that are cut by nothing but multilink are not made smaller by it being able to. */
static void
check_ip_mtu(struct check *c, const int *ip_mtu, const struct config_multilink *ml)
{
	if (*ip_mtu == CONFIG_IP_MTU_FIT_ONE_FRAGMENT && !ml->enabled)
		check_warning(c, ip_mtu, "changes nothing: multilink is not enabled, so nothing is cut into fragments");
}

/* A segment that is announced as welcome must come in one packet that we put together. */
static void
check_mss(struct check *c, const struct config_mss *mss, const struct config_multilink *ml)
{
	const int mrru = config_mrru(c->cfg, ml);

	if (ml->enabled && mss->v4 + V4_TCP_HEADERS > mrru)
		check_warning(c, &mss->v4, "%d with its headers makes packets of %d bytes, and the MRRU is %d", mss->v4,
			mss->v4 + V4_TCP_HEADERS, mrru);
	if (ml->enabled && mss->v6 + V6_TCP_HEADERS > mrru)
		check_warning(c, &mss->v6, "%d with its headers makes packets of %d bytes, and the MRRU is %d", mss->v6,
			mss->v6 + V6_TCP_HEADERS, mrru);
}

static void
check_bundle(struct check *c, const struct config_multilink *ml, const struct config_mss *mss, const int *ip_mtu)
{
	check_mrru(c, ml);
	check_mss(c, mss, ml);
	check_ip_mtu(c, ip_mtu, ml);
}

void
check_mtu(struct check *c, enum config_level mildest)
{
	const struct config *cfg = c->cfg;

	for (size_t i = 0; i < cfg->n_concentrators; i++) {
		check_concentrator(c, &cfg->concentrators[i], mildest);
		if (mildest >= CONFIG_WARNING)
			check_bundle(c, &cfg->concentrators[i].multilink, &cfg->concentrators[i].mss,
				&cfg->concentrators[i].ip_mtu);
	}
	for (size_t i = 0; i < cfg->n_clients; i++) {
		check_client(c, &cfg->clients[i], mildest);
		if (mildest >= CONFIG_WARNING)
			check_bundle(c, &cfg->clients[i].multilink, &cfg->clients[i].mss, &cfg->clients[i].ip_mtu);
	}
}

int
config_check_mtu(const struct config *cfg, struct config_notes *notes)
{
	/* checks that run on a loaded configuration change nothing in it */
	struct check c = {.cfg = (struct config *)(uintptr_t)cfg, .notes = notes};

	check_mtu(&c, CONFIG_INFO);
	notes_sort(notes);
	return c.no_memory ? -ENOMEM : notes->n_errors != 0 ? -EINVAL : 0;
}
