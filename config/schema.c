/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/schema.h"

#include <stdlib.h>
#include <string.h>

/* Row makers. S is the struct the group fills, f its member; limits are in the member's unit. Everything else is given by
 * designated initialisers, so that a row reads as what it says. */
#define FIELD(S, f) .offset = offsetof(struct S, f), .width = sizeof(((struct S *)0)->f)
#define SCALAR(k, S, f, key) .name = key, .kind = k, FIELD(S, f)
#define BOOL(S, f, key) SCALAR(SCHEMA_BOOL, S, f, key)
#define NUMBER(S, f, key, low, high) \
	SCALAR(SCHEMA_NUMBER, S, f, key), .unit = SCHEMA_PLAIN, .scale = 1, .min = (low), .max = (high)
#define RATE(S, f, key, low, high) \
	SCALAR(SCHEMA_NUMBER, S, f, key), .unit = SCHEMA_RATE, .scale = 1, .min = (low), .max = (high)
#define TIME_US(S, f, key, low, high) \
	SCALAR(SCHEMA_NUMBER, S, f, key), .unit = SCHEMA_TIME, .scale = 1, .min = (low), .max = (high)
#define TIME_MS(S, f, key, low, high) \
	SCALAR(SCHEMA_NUMBER, S, f, key), .unit = SCHEMA_TIME, .scale = 1000, .min = (low), .max = (high)
#define TIME_S(S, f, key, low, high) \
	SCALAR(SCHEMA_NUMBER, S, f, key), .unit = SCHEMA_TIME, .scale = 1000000, .min = (low), .max = (high)
#define SIZE(S, f, key, low, high) \
	SCALAR(SCHEMA_NUMBER, S, f, key), .unit = SCHEMA_SIZE, .scale = 1, .min = (low), .max = (high)
#define PER_SECOND(S, f, key, low, high) \
	SCALAR(SCHEMA_NUMBER, S, f, key), .unit = SCHEMA_PER_SECOND, .scale = 1, .min = (low), .max = (high)
#define WORD(S, f, key, list) SCALAR(SCHEMA_WORD, S, f, key), .words = list
#define TEXT(S, f, key, low, high) SCALAR(SCHEMA_TEXT, S, f, key), .min = (low), .max = (high)
#define SECRET(S, f, origin, key)                      \
	SCALAR(SCHEMA_SECRET, S, f, key),              \
		.min = 1, .max = CONFIG_AUTH_NAME_MAX, \
		.to_origin = (int32_t)offsetof(struct S, origin) - (int32_t)offsetof(struct S, f)
#define MANY(k, S, f, key, most) \
	.name = key, .kind = k, .flags = SCHEMA_MANY, .offset = offsetof(struct S, f), .max_items = (most)
#define MANY_REQUIRED(k, S, f, key, most)                                                                \
	.name = key, .kind = k, .flags = SCHEMA_MANY | SCHEMA_REQUIRED, .offset = offsetof(struct S, f), \
	.max_items = (most)
#define REF(S, f, key, map) SCALAR(SCHEMA_REF, S, f, key), .target = map
#define GROUP(S, f, key, g) .name = key, .kind = SCHEMA_GROUP, .offset = offsetof(struct S, f), .group = &g
#define MAP(S, f, key, most, g) \
	.name = key, .kind = SCHEMA_MAP, .offset = offsetof(struct S, f), .max_items = (most), .group = &g
#define LIST(S, f, key, most, g) \
	.name = key, .kind = SCHEMA_LIST, .offset = offsetof(struct S, f), .max_items = (most), .group = &g
#define FORBIDDEN(key) .name = key, .kind = SCHEMA_FORBIDDEN
#define END                  \
	{                    \
		.name = NULL \
	}

enum {
	KBIT = 1000,
	HOUR_MS = 3600 * 1000,
	DAY_MS = 24 * HOUR_MS,
	DAY_S = 24 * 3600,
	OBJECTS_MAX = 1 << 20,
	LIST_MAX = 4096,
	MTU_MAX = 9600,
};
#define GBIT INT64_C(1000000000)
#define MIB INT64_C(1048576)
#define GIB INT64_C(1073741824)

static const struct schema_word auto_0[] = {{"auto", 0}, {NULL, 0}};
static const struct schema_word for_ever_0[] = {{"for-ever", 0}, {NULL, 0}};
static const struct schema_word never_0[] = {{"never", 0}, {NULL, 0}};
static const struct schema_word unlimited_0[] = {{"unlimited", 0}, {NULL, 0}};
static const struct schema_word any_0[] = {{"any", 0}, {NULL, 0}};
static const struct schema_word any_minus_1[] = {{"any", -1}, {NULL, 0}};

/* ------------------------------------------------------------------ groups used in several places */

static const struct schema_word same_0[] = {{"same", 0}, {NULL, 0}};
static const struct schema_word encapsulations[] = {{"auto", CONFIG_ENCAP_AUTO}, {"ethernet", CONFIG_ETHERNET},
	{"ptm", CONFIG_PTM}, {"atm", CONFIG_ATM}, {NULL, 0}};
static const struct schema_word rate_words[] = {
	{"auto", CONFIG_RATE_AUTO}, {"tags", CONFIG_RATE_TAGS}, {"unpaced", CONFIG_RATE_UNPACED}, {NULL, 0}};

static const struct schema_key line_keys[] = {
	{RATE(config_line, rate_bps, "rate", 1 * KBIT, 100 * GBIT), .words = rate_words, .preset = "auto",
		.help = "Rate in our sending direction, to which frames are paced so that nothing behind us has to drop them, "
			"and after which packets are divided over the lines. A rate that stands here wins over everything else; with "
			"auto the access node's word serves, if it gave one: the actual data rate in the DSL-Forum tags of discovery "
			"(TR-101), downstream as concentrator, upstream as client; without one the line is not paced. With tags it is "
			"the same, and a link whose access node is silent gets a note in the log. With unpaced the tags do not count, either."},
	{RATE(config_line, receive_bps, "receive_rate", 1 * KBIT, 100 * GBIT), .words = same_0, .preset = "same",
		.help = "Rate in the other direction, which only bandwidth_management needs to know; same as rate, unless the access "
			"node tells another."},
	{TIME_US(config_line, latency_us, "latency", 0, 2000000), .preset = "0 us",
		.help = "Time that a bit takes over the line in our sending direction."},
	{WORD(config_line, encapsulation, "encapsulation", encapsulations), .preset = "auto",
		.help = "What the rate counts: ethernet frames, PTM (65 bytes for each 64, as VDSL2) or whole ATM cells (as ADSL). With "
			"auto, of a line whose rate comes from tags, what these say of the access loop, its overhead included: Ethernet is "
			"taken for PTM; else ethernet."},
	{NUMBER(config_line, overhead_bytes, "overhead", -64, 64), .preset = "0",
		.help = "Bytes that the line adds to (or, negative, takes from) each frame as it is counted from the destination "
			"MAC address to the end of the payload; shaped by the kernel's tbf, 0; ATM with LLC/SNAP and FCS, 22; PTM with "
			"FCS, 8. They come on top of what tags say."},
	{NUMBER(config_line, cost, "cost", 0, 127), .preset = "0",
		.help = "What the line costs, in any unit: with mode overflow, lines that cost less are filled before the next ones are used, "
			"and lines that cost the same share. The other modes do not look at it."},
	{BOOL(config_line, measure, "measure"), .preset = "no",
		.help = "Whether a line is looked for that carries less than the rate that was configured or told by tags, or whose rate "
			"nobody told: while data makes LCP echoes slow, the rate is lowered until they are fast again, and what is found "
			"is sent by. Never faster than what was told: a line that is paced below what it carries shows no difference. With rate: unpaced "
			"nothing is told, and all that the line carries is found. The peer must send back the data of Echo-Requests, as most do."},
	END};
static const struct schema_group line_group = {
	.name = "line", .help = "The sending side of a line.", .size = sizeof(struct config_line), .keys = line_keys};

/* One table for each pair of defaults in use; the manual page describes the group once. */
#define POLICY(id, want_default, allow_default)                                                                          \
	static const struct schema_key id##_keys[] = {{BOOL(config_policy, want, "want"), .preset = want_default,        \
							      .help = "Whether we ask the peer for the option."},        \
		{BOOL(config_policy, allow, "allow"), .preset = allow_default,                                           \
			.help = "Whether we accept the option when the peer asks for it."},                              \
		END};                                                                                                    \
	static const struct schema_group id = {.name = "policy",                                                         \
		.help = "Four-way policy of one option: what we ask for and what the peer may ask for are independent.", \
		.size = sizeof(struct config_policy),                                                                    \
		.keys = id##_keys}
POLICY(policy_both, "yes", "yes");
POLICY(policy_allow, "no", "yes");
POLICY(policy_neither, "no", "no");

#define OVER_PPPOE \
	"no frames on PPPoE have this: RFC 2516 section 7 forbids to ask for it and to accept it; remove the key"

static const struct schema_key lcp_option_keys[] = {
	{GROUP(config_lcp_options, mru, "mru", policy_both), .help = "Maximum-Receive-Unit (RFC 1661)."},
	{GROUP(config_lcp_options, magic, "magic", policy_both), .help = "Magic-Number, which finds loops (RFC 1661)."},
	{GROUP(config_lcp_options, mrru, "mrru", policy_both),
		.help = "Multilink Maximum-Received-Reconstructed-Unit, which turns multilink on (RFC 1990)."},
	{GROUP(config_lcp_options, short_sequence, "short_sequence", policy_allow),
		.help = "12-bit sequence numbers (RFC 1990): two bytes less a fragment, but unsafe above 100 Mbit/s a bundle."},
	{GROUP(config_lcp_options, endpoint, "endpoint", policy_both), .help = "Endpoint-Discriminator (RFC 1990)."},
	{GROUP(config_lcp_options, pfc, "pfc", policy_neither),
		.help = "Protocol-Field-Compression, which RFC 2516 does not recommend."},
	{GROUP(config_lcp_options, quality, "quality", policy_allow),
		.help = "Quality-Protocol with Link-Quality-Reports (RFC 1989): with want the peer is asked to report what it has sent and taken, every "
			"quality_period; with allow it is told if it asks. hawserctl shows what that says of the loss in both directions."},
	{FORBIDDEN("acfc"), .help = OVER_PPPOE}, {FORBIDDEN("accm"), .help = OVER_PPPOE},
	{FORBIDDEN("fcs_alternatives"), .help = OVER_PPPOE}, END};
static const struct schema_group lcp_options = {.name = "options",
	.help = "Policy of each LCP option.",
	.size = sizeof(struct config_lcp_options),
	.keys = lcp_option_keys};

static const struct schema_key lcp_keys[] = {
	{NUMBER(config_lcp, mru, "mru", 128, MTU_MAX - 8), .words = auto_0, .preset = "auto",
		.help = "Largest PPP payload in bytes that we take on a link; auto is what the port's MTU leaves, at most 1492 "
			"unless PPP-Max-Payload (RFC 4638) was agreed."},
	{NUMBER(config_lcp, mtu, "mtu", 128, MTU_MAX - 8), .words = auto_0, .preset = "auto",
		.help = "Largest PPP payload in bytes that we send on a link, even if the peer takes more; auto is what the peer and the port "
			"take. Below 1492 it makes more fragments; for smaller packets see ip_mtu."},
	{TIME_MS(config_lcp, echo_interval_ms, "echo_interval", 100, HOUR_MS), .words = never_0, .preset = "5 s",
		.help = "How often an Echo-Request tests the link."},
	{NUMBER(config_lcp, echo_failures, "echo_failures", 1, 255), .preset = "3",
		.help = "Echo-Requests without answer after which the link is dead."},
	{TIME_MS(config_lcp, quality_period_ms, "quality_period", 100, HOUR_MS), .preset = "30 s",
		.help = "How often Link-Quality-Reports are asked for (options.quality.want)."},
	{TIME_MS(config_lcp, restart_ms, "restart_timer", 100, 60 * 1000), .absent = "fsm_timeout",
		.help = "Time after which a Configure- or Terminate-Request of LCP without answer is sent again (RFC 1661)."},
	{NUMBER(config_lcp, max_configure, "max_configure", 1, 255), .preset = "10",
		.help = "Configure-Requests without answer after which we give up (RFC 1661)."},
	{NUMBER(config_lcp, max_terminate, "max_terminate", 1, 255), .preset = "2",
		.help = "Terminate-Requests without answer after which we close (RFC 1661)."},
	{NUMBER(config_lcp, max_failure, "max_failure", 1, 255), .preset = "5",
		.help = "Configure-Naks after which we send Configure-Reject instead (RFC 1661)."},
	{GROUP(config_lcp, options, "options", lcp_options), .help = "Policy of each option."}, END};
static const struct schema_group lcp_group = {.name = "lcp",
	.help = "Link Control Protocol of each link.",
	.size = sizeof(struct config_lcp),
	.keys = lcp_keys};

static const struct schema_key network_keys[] = {
	{GROUP(config_network, ipv4, "ipv4", policy_both), .help = "IPv4 by IPCP (RFC 1332)."},
	{GROUP(config_network, ipv6, "ipv6", policy_both), .help = "IPv6 by IPV6CP (RFC 5072)."},
	{GROUP(config_network, interface_id, "interface_id", policy_both),
		.help = "Interface-Identifier option of IPV6CP, from which addresses of the link are made."},
	{GROUP(config_network, address, "address", policy_both),
		.help = "IP-Address option of IPCP. Without want our address is not told, nor is one asked for; without allow the peer's is "
			"refused, and a concentrator's clients must know by themselves which one they have. Header compression and NetBIOS name "
			"servers are never asked for and always refused; name servers have request_dns and dns."},
	{TIME_MS(config_network, restart_ms, "restart_timer", 100, 60 * 1000), .absent = "fsm_timeout",
		.help = "Time after which a Request of IPCP or IPV6CP without answer is sent again."},
	{NUMBER(config_network, max_configure, "max_configure", 1, 255), .absent = "LCP's",
		.help = "Configure-Requests without answer after which IPCP or IPV6CP gives up."},
	{NUMBER(config_network, max_terminate, "max_terminate", 1, 255), .absent = "LCP's",
		.help = "Terminate-Requests without answer after which IPCP or IPV6CP closes."},
	{NUMBER(config_network, max_failure, "max_failure", 1, 255), .absent = "LCP's",
		.help = "Configure-Naks after which IPCP or IPV6CP sends Configure-Reject instead."},
	END};
static const struct schema_group network_group = {.name = "network",
	.help = "Network protocols of a bundle: want opens one, allow lets the peer open it; one that is not allowed is refused by "
		"Protocol-Reject.",
	.size = sizeof(struct config_network),
	.keys = network_keys};

static const struct schema_word endpoint_classes[] = {{"auto", CONFIG_ENDPOINT_AUTO}, {"none", CONFIG_ENDPOINT_NONE},
	{"local", CONFIG_ENDPOINT_LOCAL}, {"ip", CONFIG_ENDPOINT_IP}, {"mac", CONFIG_ENDPOINT_MAC},
	{"magic", CONFIG_ENDPOINT_MAGIC}, {"phone", CONFIG_ENDPOINT_PHONE}, {NULL, 0}};

static const struct schema_key endpoint_keys[] = {
	{WORD(config_endpoint, class, "class", endpoint_classes), .preset = "auto",
		.help = "Class of the discriminator; auto is the MAC address of the first port; none is the null class."},
	{TEXT(config_endpoint, value, "value", 1, 60), .absent = "none",
		.help = "Its value, which auto and none do without: for local up to 20 bytes of text, for ip an IPv4 address, for mac "
			"a MAC address, for magic 1 to 5 numbers of 8 hexadecimal digits without space, for phone up to 15 "
			"digits."},
	END};
static const struct schema_group endpoint_group = {.name = "endpoint",
	.help = "Our endpoint discriminator (RFC 1990 section 5.1.3), the same on all links of a bundle.",
	.size = sizeof(struct config_endpoint),
	.keys = endpoint_keys};

static const struct schema_word modes[] = {{"weighted", CONFIG_WEIGHTED}, {"equal", CONFIG_EQUAL},
	{"round-robin", CONFIG_ROUND_ROBIN}, {"packet", CONFIG_PACKET}, {"overflow", CONFIG_OVERFLOW}, {NULL, 0}};
static const struct schema_word bundle_keys[] = {{"exact", CONFIG_KEY_EXACT}, {"lower-case", CONFIG_KEY_LOWER_CASE},
	{"strip-realm", CONFIG_KEY_STRIP_REALM}, {NULL, 0}};

static const struct schema_word profiles[] = {{"none", CONFIG_PROFILE_NONE}, {"cisco", CONFIG_PROFILE_CISCO},
	{"juniper", CONFIG_PROFILE_JUNIPER}, {"windows", CONFIG_PROFILE_WINDOWS}, {NULL, 0}};

static const struct schema_key multilink_keys[] = {
	{BOOL(config_multilink, enabled, "enabled"), .preset = "yes",
		.help = "Whether multilink (RFC 1990) is asked for and accepted at all; it works with a single link too."},
	{BOOL(config_multilink, require, "require"), .preset = "no",
		.help = "Whether a link on which multilink could not be agreed is closed instead of going on as plain PPP."},
	{BOOL(config_multilink, allow_unauthenticated, "allow_unauthenticated"), .preset = "no",
		.help = "Whether links without authentication may form a bundle; anybody could then join it with a forged "
			"endpoint discriminator."},
	{WORD(config_multilink, profile, "profile", profiles), .preset = "none",
		.help = "Peer whose usual MRRU is announced as ours: cisco 1524, juniper 1590, windows 1614; instead of mrru."},
	{NUMBER(config_multilink, mrru, "mrru", 1500, 65535), .words = auto_0, .preset = "auto",
		.help = "Largest packet in bytes that we put together again (RFC 1990 section 5.1.1); auto is that of the profile, or else the "
			"largest MTU of the IP ports, at least 1500. What we send is bounded by the peer's, which may be another, and by "
			"ip_mtu."},
	{GROUP(config_multilink, endpoint, "endpoint", endpoint_group), .help = "Our endpoint discriminator."},
	{NUMBER(config_multilink, links_max, "links_max", 1, CONFIG_LINKS_MAX), .preset = "8",
		.help = "Links that a bundle may have."},
	{WORD(config_multilink, mode, "mode", modes), .preset = "weighted",
		.help = "How packets are sent: weighted cuts them so that all pieces arrive at the same time, equal cuts them into "
			"equal pieces, round-robin sends whole packets in turn, packet sends whole packets where they "
			"arrive first, overflow fills the cheapest lines first and uses dearer ones only while those are full (see cost and "
			"overflow_limit), cutting as weighted does over those in use. No mode sends a piece that is larger than its link takes."},
	{TIME_MS(config_multilink, overflow_ms, "overflow_limit", 1, 100), .preset = "10 ms",
		.help = "Backlog above which a line is full, for mode overflow. Packets that go to the next line arrive so much earlier than "
			"those before them and wait for them at the peer, so it is what the mode adds to the delay, too."},
	{NUMBER(config_multilink, min_fragment, "min_fragment", 0, 9000), .preset = "128",
		.help = "Bytes under which no piece of a packet goes, except where a link's MRU forces it."},
	{BOOL(config_multilink, tolerate_reorder, "tolerate_reorder"), .preset = "yes",
		.help = "Whether fragments that a line itself has put out of order are kept where the window allows."},
	{BOOL(config_multilink, strict_reserved_bits, "strict_reserved_bits"), .preset = "no",
		.help = "Whether fragments with reserved bits set in the multilink header are dropped instead of accepted."},
	{TIME_MS(config_multilink, null_ms, "null_fragments", 1, 60000), .words = never_0, .preset = "20 ms",
		.help = "How long after data on the other links an idle link sends a null fragment, so that the peer need not wait "
			"for it."},
	{TIME_MS(config_multilink, stall_min_ms, "stall_min", 1, 60000), .preset = "100 ms",
		.help = "Shortest time that a missing fragment is waited for while the lines that owe it are silent; the time follows "
			"the skew that is measured. Below that, a line that is late for once, or a peer that was kept from sending, costs "
			"packets that were on their way."},
	{TIME_MS(config_multilink, stall_max_ms, "stall_max", 1, 60000), .preset = "500 ms",
		.help = "Longest time that a missing fragment is waited for, and at least half of it while the lines that owe it bring "
			"others, or have brought nothing yet."},
	{TIME_MS(config_multilink, queue_ms, "queue", 1, 10000), .preset = "50 ms",
		.help = "Most that waits in front of the lines of a bundle, as time at their joint rate."},
	{NUMBER(config_multilink, window_fragments_max, "window_fragments_max", 64, 16384), .preset = "16384",
		.help = "Fragments of one bundle that may wait for a missing one."},
	{WORD(config_multilink, bundle_key, "bundle_key", bundle_keys), .preset = "exact",
		.help = "How the authenticated name of a peer becomes the name of its bundle: exact; lower-case; or strip-realm, "
			"without what follows the last '@'."},
	END};
static const struct schema_group multilink_group = {
	.name = "multilink", .help = "Multilink PPP.", .size = sizeof(struct config_multilink), .keys = multilink_keys};

static const struct schema_word off_0[] = {{"off", 0}, {NULL, 0}};
static const struct schema_key quality_keys[] = {
	{BOOL(config_quality, probe, "probe"), .preset = "no",
		.help = "Whether the round trip, jitter and loss of each link are measured by an Echo-Request a second, as they are anyway when "
			"one of the limits is given."},
	{NUMBER(config_quality, loss_max_percent, "loss_max", 1, 90), .words = off_0, .preset = "off",
		.help = "Percent of the last 32 Echo-Requests above which a link is sent on no more; it is well below when half of that is lost."},
	{TIME_MS(config_quality, skew_max_ms, "skew_max", 1, 60000), .words = off_0, .preset = "off",
		.help = "Time by which the round trip of a link, smoothed, may be above that of its bundle's fastest link; above that it is sent "
			"on no more; it is well below at three quarters."},
	{TIME_MS(config_quality, hold_ms, "hold", 1000, HOUR_MS), .preset = "30 s",
		.help = "How long a suspended link must be well below the limits until it is sent on again; twice as long each time that it "
			"falls back soon, at most 16 times as long."},
	END};
static const struct schema_group quality_group = {.name = "quality",
	.help = "When a link of a bundle is too bad to be sent on. It is received from all the same, probed, and gets null fragments; the last "
		"link of a bundle is always sent on. The peer must send back the data of Echo-Requests, as most do.",
	.size = sizeof(struct config_quality),
	.keys = quality_keys};

static const struct schema_word mss_words[] = {{"auto", CONFIG_MSS_AUTO}, {"off", CONFIG_MSS_OFF}, {NULL, 0}};

static const struct schema_key mss_keys[] = {
	{NUMBER(config_mss, v4, "v4", 88, 65495), .words = mss_words, .preset = "auto",
		.help = "Ceiling in bytes of the TCP maximum segment size that hosts announce over IPv4; auto is what the bundle "
			"carries less 40."},
	{NUMBER(config_mss, v6, "v6", 88, 65475), .words = mss_words, .preset = "auto",
		.help = "The same over IPv6; auto is what the bundle carries less 60."},
	{BOOL(config_mss, from_links, "from_links"), .preset = "yes",
		.help = "Whether packets that come from the links are looked at."},
	{BOOL(config_mss, to_links, "to_links"), .preset = "yes",
		.help = "Whether packets that go to the links are looked at."},
	END};
static const struct schema_group mss_group = {.name = "mss",
	.help = "Lowering of the maximum segment size in TCP handshakes; it is never raised.",
	.size = sizeof(struct config_mss),
	.keys = mss_keys};

static const struct schema_word none_0[] = {{"none", 0}, {NULL, 0}};

static const struct schema_key scrub_keys[] = {
	{BOOL(config_scrub, reassemble, "reassemble"), .preset = "no",
		.help = "Whether IP datagrams are put together from their fragments, IPv4 and IPv6, before anything else is done to them: what may "
			"not be cut for the next link then is cut anew. Fragments wait for their others at most 5 seconds, in at most a quarter of "
			"reassembly_memory; pieces that overlap are dropped with their datagram, and so is what has more than 8 pieces, as "
			"many as DPDK's library joins where it is built with its defaults. From links, a fragment is kept only if its source may "
			"be the subscriber's."},
	{NUMBER(config_scrub, min_ttl, "min_ttl", 1, 254), .words = none_0, .preset = "none",
		.help = "Floor of the TTL of IPv4 and the hop limit of IPv6: what is below is raised to it. A floor can make packets circle in "
			"a loop of routes for ever."},
	{BOOL(config_scrub, clear_df, "clear_df"), .preset = "no",
		.help = "Whether Don't Fragment is cleared in IPv4 packets, so that those too large are cut instead of refused; it takes path MTU "
			"discovery from their senders, and an MRRU of 1500 or more makes it needless."},
	{BOOL(config_scrub, from_links, "from_links"), .preset = "yes",
		.help = "Whether this is done to packets that come from the links."},
	{BOOL(config_scrub, to_links, "to_links"), .preset = "yes",
		.help = "Whether this is done to packets that go to the links."},
	END};
static const struct schema_group scrub_group = {.name = "scrub",
	.help = "Changes to the headers of IP packets that are not our own, as PF's scrub makes them; none by default.",
	.size = sizeof(struct config_scrub),
	.keys = scrub_keys};

static const struct schema_word attempts_words[] = {
	{"for-ever", CONFIG_REDIAL_FOR_EVER}, {"never", CONFIG_REDIAL_NEVER}, {NULL, 0}};

static const struct schema_key redial_keys[] = {
	{TIME_MS(config_redial, delay_ms, "delay", 0, DAY_MS), .preset = "1 s",
		.help = "Wait before the first new attempt after a link was lost or could not be made."},
	{TIME_MS(config_redial, increment_ms, "increment", 0, DAY_MS), .preset = "2 s",
		.help = "What each further attempt waits longer."},
	{TIME_MS(config_redial, limit_ms, "limit", 0, DAY_MS), .preset = "1 min",
		.help = "Longest wait, without jitter."},
	{TIME_MS(config_redial, jitter_ms, "jitter", 0, DAY_MS), .preset = "3 s",
		.help = "Most of the random time that is added to each wait, so that many clients do not dial at once."},
	{NUMBER(config_redial, attempts, "attempts", 1, 1000000), .words = attempts_words, .preset = "for-ever",
		.help = "Attempts in a row without success after which the link stays down, as mpd's max-redial: 0 is for-ever, -1 is "
			"never."},
	{TIME_MS(config_redial, carrier_wait_ms, "carrier_wait", 100, DAY_MS), .words = for_ever_0,
		.preset = "for-ever",
		.help = "How long a link waits for a carrier on one of its ports until that counts as an attempt without success; with "
			"for-ever it waits and is dialled as soon as there is one."},
	END};
static const struct schema_group redial_group = {.name = "redial",
	.help = "When a link of a client is dialled again.",
	.size = sizeof(struct config_redial),
	.keys = redial_keys};

static const struct schema_word lows[] = {
	{"average", CONFIG_LOW_AVERAGE}, {"every-slot", CONFIG_LOW_EVERY_SLOT}, {NULL, 0}};

#define BANDWIDTH_ROWS                                                                                                            \
	{TIME_MS(config_bandwidth, period_ms, "period", 600, DAY_MS), .preset = "1 min",                                          \
		.help = "Over how long the load is measured, each direction for itself, in six slots: a sixth of it is also how " \
			"often links are opened and closed, one at a time."},                                                     \
		{NUMBER(config_bandwidth, high_percent, "high_water", 1, 100), .preset = "80",                                    \
			.help = "Percent of what the open links could carry at which one more is opened; it is enough that one "  \
				"direction reaches it."},                                                                         \
		{NUMBER(config_bandwidth, low_percent, "low_water", 0, 100), .preset = "20",                                      \
			.help = "Percent of what the open links could carry below which one is closed, if both directions are "   \
				"below; one stays open in any case."},                                                            \
		{TIME_MS(config_bandwidth, min_connect_ms, "min_connect", 0, DAY_MS), .preset = "30 s",                           \
			.help = "Shortest time between two links that are opened."},                                              \
		{TIME_MS(config_bandwidth, min_disconnect_ms, "min_disconnect", 0, DAY_MS), .preset = "90 s",                     \
			.help = "Shortest time between two links that are closed."},                                              \
	{                                                                                                                         \
		WORD(config_bandwidth, low_reading, "low_reading", lows),                                                         \
			.preset = "average",                                                                                      \
			.help = "Whether the load is low when it is so on average over the period, or in every-slot of it."       \
	}

static const struct schema_key bandwidth_keys[] = {BANDWIDTH_ROWS,
	{MANY(SCHEMA_REF, config_bandwidth, links, "links", CONFIG_LINKS_MAX), .target = "links", .preset = "",
		.help = "All of the client's links in the order in which they are opened; they are closed from the end. Empty: as in the "
			"file."},
	END};
static const struct schema_group bandwidth_group = {.name = "bandwidth_management",
	.help = "Links that are opened and closed by load, as with mpd's bw-manage: at start the first one only; a link that fails or is lost "
		"is not dialled again by redial, but opened when there is more to carry, and a bundle that has lost its last link is "
		"opened again after 3 to 4 s with the first, or if that failed with the next.",
	.size = sizeof(struct config_bandwidth),
	.keys = bandwidth_keys};

static const struct schema_key bandwidth_report_keys[] = {BANDWIDTH_ROWS, END};
static const struct schema_group bandwidth_report_group = {.name = "bandwidth_management of a concentrator",
	.help = "When an event tells that a subscriber's bundle could do with one more link or with one fewer; it is for the "
		"subscriber to dial them.",
	.size = sizeof(struct config_bandwidth),
	.keys = bandwidth_report_keys};

static const struct schema_word auths[] = {{"chap", CONFIG_AUTH_CHAP}, {"mschapv2", CONFIG_AUTH_MSCHAPV2},
	{"pap", CONFIG_AUTH_PAP}, {"mschap", CONFIG_AUTH_MSCHAP}, {NULL, 0}};

/* ------------------------------------------------------------------ process */

static const struct schema_word idles[] = {{"adaptive", CONFIG_IDLE_ADAPTIVE}, {"busy", CONFIG_IDLE_BUSY}, {NULL, 0}};
static const struct schema_word autos[] = {{"auto", CONFIG_AUTO}, {"yes", CONFIG_YES}, {"no", CONFIG_NO}, {NULL, 0}};
static const struct schema_word log_levels[] = {{"error", CONFIG_LOG_ERROR}, {"warning", CONFIG_LOG_WARNING},
	{"info", CONFIG_LOG_INFO}, {"debug", CONFIG_LOG_DEBUG}, {NULL, 0}};

static const struct schema_key process_keys[] = {
	{SCALAR(SCHEMA_NAME, config_process, name, "name"), .preset = "hawser",
		.help = "Name of the process, unique on the machine: it names the control socket and DPDK's files."},
	{NUMBER(config_process, workers, "workers", 1, CONFIG_WORKERS_MAX), .preset = "1",
		.help = "Threads that forward packets."},
	{MANY(SCHEMA_NUMBER, config_process, cpus, "cpus", 1024), .width = sizeof(int), .scale = 1, .min = 0,
		.max = 1023, .preset = "",
		.help = "CPU of each worker; empty lets the workers float over the CPUs of the process."},
	{NUMBER(config_process, control_cpu, "control_cpu", 0, 1023), .words = any_minus_1, .preset = "any",
		.help = "CPU of the control thread."},
	{WORD(config_process, idle, "idle", idles), .preset = "adaptive",
		.help = "Whether a worker without work sleeps for up to 100 us (adaptive) or never (busy)."},
	{SIZE(config_process, memory_bytes, "memory", 64 * MIB, 1024 * GIB), .preset = "256 MiB",
		.help = "Memory for packets and tables."},
	{WORD(config_process, hugepages, "hugepages", autos), .preset = "auto",
		.help = "Whether that memory is in huge pages; auto takes them when the machine has enough."},
	{NUMBER(config_process, bundles_max, "bundles_max", 1, OBJECTS_MAX), .preset = "1024",
		.help = "Bundles, plain PPP links among them, that the process may have."},
	{NUMBER(config_process, sessions_max, "sessions_max", 1, OBJECTS_MAX), .preset = "4096",
		.help = "PPPoE sessions that the process may have."},
	{NUMBER(config_process, routes_max, "routes_max", 16, 1 << 24), .preset = "16384",
		.help = "Routes and subscribers' addresses that the process may have."},
	{SIZE(config_process, reassembly_bytes, "reassembly_memory", 1 * MIB, 512 * GIB), .preset = "64 MiB",
		.help = "Most that the fragments of all bundles may occupy while they wait for missing ones."},
	{PER_SECOND(config_process, punt_pps, "punt_rate", 100, 10000000), .preset = "20000 /s",
		.help = "Frames that all workers together hand to the control thread."},
	{PER_SECOND(config_process, punt_session_pps, "punt_session_rate", 10, 1000000), .preset = "200 /s",
		.help = "Frames of one session that are handed to the control thread."},
	{TEXT(config_process, control_socket, "control_socket", 1, 107), .absent = "/run/hawser/NAME.sock",
		.help = "Path of the UNIX socket that hawserctl speaks to."},
	{TEXT(config_process, operator_group, "operator_group", 1, 32), .absent = "none",
		.help = "Group of this machine whose members may do there what root and the daemon's own user may. With a viewer_group they have to be "
			"in that too, which the socket's file then belongs to."},
	{TEXT(config_process, viewer_group, "viewer_group", 1, 32), .absent = "none",
		.help = "Group of this machine whose members may look at everything there (show, explain, events, wait, watch) and steer nothing: neither "
			"open nor close a link, nor trace one."},
	{TEXT(config_process, event_log, "event_log", 1, 4096), .absent = "none",
		.help = "Path of a file or FIFO that gets each event as a line of JSON; after SIGHUP it is opened anew."},
	{WORD(config_process, log_level, "log_level", log_levels), .preset = "info", .help = "What is logged."},
	{MANY(SCHEMA_TEXT, config_process, eal_args, "eal_args", 64), .min = 1, .max = 1024, .preset = "",
		.help = "Further arguments for DPDK's environment abstraction layer."},
	END};
static const struct schema_group process_group = {
	.name = "process", .help = "The process itself.", .size = sizeof(struct config_process), .keys = process_keys};

/* ------------------------------------------------------------------ ports and routes */

static const struct schema_word port_kinds[] = {{"access", CONFIG_ACCESS}, {"ip", CONFIG_IP}, {NULL, 0}};

static const struct schema_word steerings[] = {
	{"auto", CONFIG_STEERING_AUTO}, {"rings", CONFIG_STEERING_RINGS}, {NULL, 0}};

static const struct schema_key delegated_keys[] = {
	{REF(config_delegated, client, "client", "clients"), .absent = "an error",
		.help = "The client, which needs request_prefix."},
	{NUMBER(config_delegated, subnet, "subnet", 0, 16777215), .preset = "0",
		.help = "Number of the /64 network in the prefix; each port needs another one."},
	END};
static const struct schema_group delegated_group = {.name = "delegated",
	.help = "Network of an ip port out of the prefix that a client was delegated: our address is number 1 in it, and hosts make theirs by "
		"router advertisements, with lifetimes that follow the lease.",
	.size = sizeof(struct config_delegated),
	.keys = delegated_keys};

static const struct schema_key port_keys[] = {
	{TEXT(config_port, device, "device", 1, 512), .flags = SCHEMA_REQUIRED,
		.help = "DPDK device: a PCI address, or a virtual device with its arguments, as net_af_packet0,iface=eth1."},
	{WORD(config_port, kind, "kind", port_kinds), .flags = SCHEMA_REQUIRED,
		.help = "What is connected: access (PPPoE lines) or ip (hosts and routers)."},
	{NUMBER(config_port, mtu, "mtu", 576, MTU_MAX), .preset = "1500",
		.help = "Ethernet payload in bytes, VLAN tags not counted; packets of 1500 bytes in one PPPoE frame (RFC 4638) need "
			"1508."},
	{NUMBER(config_port, rx_queues, "rx_queues", 1, 64), .words = auto_0, .preset = "auto",
		.help = "Receive queues; auto is as many as there are workers, if the device has them."},
	{NUMBER(config_port, tx_queues, "tx_queues", 1, 64), .words = auto_0, .preset = "auto",
		.help = "Transmit queues; auto is as many as there are workers, if the device has them."},
	{WORD(config_port, steering, "steering", steerings), .preset = "auto",
		.help = "How the frames of an access port come to the worker that has the session's bundle: auto asks the driver for "
			"a rule for each session (rte_flow) and hands frames over from worker to worker where it refuses; rings "
			"always hands over."},
	{NUMBER(config_port, rules_max, "rules_max", 1, CONFIG_RULES_MAX), .preset = "65535",
		.help = "Sessions of an access port for which the driver has a rule at most; control waits for the driver at each."},
	{GROUP(config_port, line, "line", line_group), .flags = SCHEMA_OPTIONAL, .absent = "as with rate auto",
		.help = "Line behind an access port: holds for every session on it that has none of its own."},
	{MANY(SCHEMA_IP_AND_NET, config_port, addresses, "addresses", 64), .preset = "",
		.help = "Our addresses on an ip port, each with the length of its network (192.0.2.1/24, 2001:db8::1/64)."},
	{BOOL(config_port, proxy_arp, "proxy_arp"), .preset = "no",
		.help = "Whether we answer ARP on an ip port for the addresses of subscribers."},
	{BOOL(config_port, probe_addresses, "probe_addresses"), .preset = "no",
		.help = "Whether our IPv4 addresses on an ip port are used only after ARP probes have found nobody else who has them (RFC 5227), which "
			"takes 4 to 7 seconds at every start. Without it they are used at once. Either way a device that claims one later is "
			"named in the log, and answered by an announcement, once in 10 s."},
	{GROUP(config_port, delegated, "delegated", delegated_group), .flags = SCHEMA_OPTIONAL, .absent = "none",
		.help = "IPv6 network of an ip port out of the prefix that a client was delegated."},
	{REF(config_port, address_of, "address_of", "clients"), .absent = "none",
		.help = "The client whose IPv4 address by IPCP is not ours, but that of the host behind this ip port: what comes for it goes there. So "
			"a kernel behind a TAP device can translate the addresses of a network to it. A hook tells the host."},
	END};
static const struct schema_group port_group = {
	.name = "ports", .help = "Network ports by name.", .size = sizeof(struct config_port), .keys = port_keys};

static const struct schema_key route_keys[] = {
	{SCALAR(SCHEMA_IP_PREFIX, config_route, to, "to"), .flags = SCHEMA_REQUIRED,
		.help = "Destination prefix; 0.0.0.0/0 is the default route."},
	{SCALAR(SCHEMA_IP, config_route, via, "via"), .absent = "none",
		.help = "Address of a router on the network of an ip port."},
	{REF(config_route, port, "port", "ports"), .absent = "none",
		.help = "An ip port: the hosts are connected to it."},
	{REF(config_route, client, "client", "clients"), .absent = "none", .help = "A client: through its bundle."},
	{BOOL(config_route, blackhole, "blackhole"), .preset = "no", .help = "Whether the packets are dropped."}, END};
static const struct schema_group route_group = {.name = "routes",
	.help = "Static routes, as a list; each has exactly one of via, port, client and blackhole.",
	.size = sizeof(struct config_route),
	.keys = route_keys};

/* ------------------------------------------------------------------ concentrators */

static const struct schema_word ip_mtu_words[] = {
	{"auto", CONFIG_IP_MTU_AUTO}, {"fit-one-fragment", CONFIG_IP_MTU_FIT_ONE_FRAGMENT}, {NULL, 0}};

static const struct schema_key limit_keys[] = {
	{PER_SECOND(config_limits, padi_per_s, "padi_rate", 1, 10000000), .words = unlimited_0, .preset = "2000 /s",
		.help = "PADI frames that are looked at in all."},
	{PER_SECOND(config_limits, padi_per_mac_per_s, "padi_rate_per_mac", 1, 10000000), .words = unlimited_0,
		.preset = "10 /s", .help = "PADI frames of one MAC address that are looked at."},
	{NUMBER(config_limits, sessions, "sessions", 1, OBJECTS_MAX), .words = unlimited_0, .preset = "unlimited",
		.help = "Sessions of this concentrator."},
	{NUMBER(config_limits, sessions_per_mac, "sessions_per_mac", 1, 65534), .words = unlimited_0, .preset = "64",
		.help = "Sessions of one MAC address."},
	{NUMBER(config_limits, sessions_per_vlan, "sessions_per_vlan", 1, 65534), .words = unlimited_0,
		.preset = "unlimited", .help = "Sessions in one VLAN of one port."},
	{NUMBER(config_limits, sessions_per_port, "sessions_per_port", 1, 65534), .words = unlimited_0,
		.preset = "unlimited", .help = "Sessions on one port."},
	END};
static const struct schema_group limits_group = {.name = "limits",
	.help = "Limits of one concentrator.",
	.size = sizeof(struct config_limits),
	.keys = limit_keys};

static const struct schema_word wrong_services[] = {
	{"silent", CONFIG_WRONG_SERVICE_SILENT}, {"error", CONFIG_WRONG_SERVICE_ERROR}, {NULL, 0}};

static const struct schema_key concentrator_keys[] = {
	{MANY_REQUIRED(SCHEMA_REF, config_concentrator, ports, "ports", CONFIG_PORTS_MAX), .target = "ports",
		.help = "Access ports on which it listens."},
	{MANY(SCHEMA_VLAN_OR_ANY, config_concentrator, vlans, "vlans", LIST_MAX), .preset = "untagged",
		.help = "VLANs in which it listens: untagged, any, a VLAN id (100), two of them outermost first (200.7), with ad: in "
			"front if the outer tag is one of IEEE 802.1ad (ad:200.7)."},
	{TEXT(config_concentrator, ac_name, "ac_name", 1, 63), .absent = "the concentrator's name",
		.help = "Access concentrator name in PADO frames."},
	{MANY(SCHEMA_TEXT, config_concentrator, service_names, "service_names", CONFIG_SERVICES_MAX), .min = 1,
		.max = 63, .preset = "", .help = "Service names that are offered."},
	{BOOL(config_concentrator, any_service, "any_service"), .preset = "yes",
		.help = "Whether clients that ask for no or for an unknown service name are served too."},
	{WORD(config_concentrator, on_wrong_service, "on_wrong_service", wrong_services), .preset = "error",
		.help = "Whether a PADR for a wrong service name gets no answer, or PADS with an error tag as RFC 2516 section 5.4 asks."},
	{BOOL(config_concentrator, max_payload, "max_payload"), .preset = "yes",
		.help = "Whether PPP-Max-Payload (RFC 4638) is answered, as far as the port's MTU allows."},
	{TIME_MS(config_concentrator, pado_delay_ms, "pado_delay", 0, 10000), .preset = "0 ms",
		.help = "Wait before a PADO, so that another concentrator comes first."},
	{GROUP(config_concentrator, limits, "limits", limits_group), .help = "Limits."},
	{MANY(SCHEMA_WORD, config_concentrator, authentication, "authentication", CONFIG_AUTH_MAX),
		.width = sizeof(enum config_auth), .words = auths, .preset = "chap, mschapv2, pap",
		.help = "How peers must authenticate, in order of preference: chap (with MD5), mschapv2, pap, and mschap, which is too weak "
			"to be there unless it is asked for. A peer that has another order, as Windows, which likes mschapv2 best, answers "
			"by what it would do, and that is done if it is on the list. An empty list asks nobody."},
	{TEXT(config_concentrator, auth_name, "auth_name", 1, 63), .absent = "ac_name",
		.help = "Our name in CHAP challenges."},
	{MANY(SCHEMA_WORD, config_concentrator, own_authentication, "own_authentication", CONFIG_AUTH_MAX),
		.width = sizeof(enum config_auth), .words = auths, .preset = "",
		.help = "How we let a peer ask us to authenticate ourselves to it, in order of preference, by username and password; each "
			"direction is negotiated by itself. A peer that asks for something else is told the first, and an empty list "
			"refuses."},
	{TEXT(config_concentrator, username, "username", 1, CONFIG_AUTH_NAME_MAX), .absent = "none",
		.help = "Our login where a peer asks us to authenticate ourselves; see own_authentication."},
	{SECRET(config_concentrator, password, from_secrets, "password"), .absent = "from secrets_file",
		.help = "Password to username. It is no user's: whoever has one password for both directions can be made to answer its "
			"own question."},
	{TIME_MS(config_concentrator, rechallenge_ms, "rechallenge", 1000, DAY_MS), .words = never_0, .preset = "never",
		.help = "How often CHAP is repeated on a link that is up."},
	{TIME_MS(config_concentrator, failure_delay_ms, "failure_delay", 0, 60000), .preset = "1 s",
		.help = "Wait before a failed authentication is answered."},
	{TIME_MS(config_concentrator, fsm_timeout_ms, "fsm_timeout", 100, 60 * 1000), .preset = "3 s",
		.help = "Restart timer of every machine: time after which a Request of LCP, authentication, IPCP or IPV6CP without answer is "
			"sent again, unless lcp, network or authentication_timer say another one; longer than the round trip, or each is "
			"sent twice."},
	{TIME_MS(config_concentrator, authentication_ms, "authentication_timer", 100, 60 * 1000),
		.absent = "fsm_timeout",
		.help = "Time after which a word of PAP or CHAP without answer is sent again."},
	{NUMBER(config_concentrator, authentication_tries, "authentication_tries", 1, 255),
		.absent = "max_configure of lcp",
		.help = "Words of PAP or CHAP without answer after which authentication has failed."},
	{SCALAR(SCHEMA_ADDRESS4, config_concentrator, address, "address"), .absent = "none",
		.help = "Our IPv4 address in IPCP, which IPv4 needs; it may be that of an ip port."},
	{REF(config_concentrator, pool, "pool", "pools"), .absent = "none",
		.help = "Pool of addresses for users that have none of their own."},
	{MANY(SCHEMA_ADDRESS4, config_concentrator, dns, "dns", CONFIG_DNS_MAX), .preset = "",
		.help = "Name servers for clients that ask for them, two at most; empty refuses."},
	{BOOL(config_concentrator, request_dns, "request_dns"), .preset = "no",
		.help = "Whether clients are asked for name servers; the event that their bundle is up names them."},
	{NUMBER(config_concentrator, ip_mtu, "ip_mtu", 576, 65535), .words = ip_mtu_words, .preset = "auto",
		.help = "Largest IP packet in bytes sent to a subscriber: auto is what his end takes, fit-one-fragment what no link of his "
			"bundle needs to cut."},
	{REF(config_concentrator, pool6, "pool6", "pools6"), .absent = "none",
		.help = "Pool of /64 prefixes, of which each bundle with IPv6 gets one for its link, by router advertisements, unless "
			"the user has one of his own."},
	{REF(config_concentrator, delegated_pool, "delegated_pool", "pools6"), .absent = "none",
		.help = "Pool of prefixes, of which each bundle with IPv6 gets one by DHCPv6 for the networks behind it when it asks, "
			"unless the user has one of his own."},
	{MANY(SCHEMA_IP, config_concentrator, dns6, "dns6", CONFIG_DNS6_MAX), .preset = "",
		.help = "IPv6 addresses of name servers, three at most, told by router advertisements and DHCPv6."},
	{TIME_S(config_concentrator, preferred_s, "preferred_lifetime", 60, 30 * DAY_S), .preset = "1 h",
		.help = "How long after the last word about it a prefix that was given is used for new connections; a delegated one is "
			"renewed after half of that."},
	{TIME_S(config_concentrator, valid_s, "valid_lifetime", 120, 60 * DAY_S), .preset = "2 h",
		.help = "How long after the last word about it a prefix that was given is used at all."},
	{BOOL(config_concentrator, source_check, "source_check"), .preset = "yes",
		.help = "Whether packets of subscribers must come from an address that is routed to them."},
	{TIME_MS(config_concentrator, idle_timeout_ms, "idle_timeout", 1000, DAY_MS), .words = never_0,
		.preset = "never",
		.help = "Time without a packet in either direction after which a bundle is closed with all its links; control "
			"protocols are no packets."},
	{GROUP(config_concentrator, bandwidth, "bandwidth_management", bandwidth_report_group),
		.flags = SCHEMA_OPTIONAL, .absent = "nothing is measured",
		.help = "What is told about the load of bundles."},
	{GROUP(config_concentrator, network, "network", network_group), .help = "Network protocols."},
	{GROUP(config_concentrator, mss, "mss", mss_group), .help = "Maximum segment size."},
	{GROUP(config_concentrator, scrub, "scrub", scrub_group), .help = "Changes to IP headers."},
	{GROUP(config_concentrator, multilink, "multilink", multilink_group), .help = "Multilink."},
	{GROUP(config_concentrator, quality, "quality", quality_group), .help = "Quality of links."},
	{GROUP(config_concentrator, lcp, "lcp", lcp_group), .help = "Link control."}, END};
static const struct schema_group concentrator_group = {.name = "concentrators",
	.help = "Access concentrators (PPPoE servers) by name.",
	.size = sizeof(struct config_concentrator),
	.keys = concentrator_keys};

static const struct schema_key pool_keys[] = {
	{MANY_REQUIRED(SCHEMA_RANGE4, config_pool, ranges, "ranges", LIST_MAX),
		.help = "Addresses, ranges (192.0.2.10-192.0.2.99) and prefixes; of a prefix up to /30 the first and the last "
			"address are left out."},
	END};
static const struct schema_group pool_group = {.name = "pools",
	.help = "Pools of IPv4 addresses by name; each is a list.",
	.size = sizeof(struct config_pool),
	.keys = pool_keys};

static const struct schema_key pool6_keys[] = {
	{MANY_REQUIRED(SCHEMA_IP_PREFIX, config_pool6, prefixes, "prefixes", LIST_MAX),
		.help = "IPv6 prefixes out of which those that are given are cut."},
	{NUMBER(config_pool6, length, "length", 16, 64), .preset = "56",
		.help = "Length of the prefixes that are given; for the link of a bundle it must be 64."},
	END};
static const struct schema_group pool6_group = {.name = "pools6",
	.help = "Pools of IPv6 prefixes by name.",
	.size = sizeof(struct config_pool6),
	.keys = pool6_keys};

static const struct schema_key user_keys[] = {
	{SECRET(config_user, password, from_secrets, "password"), .absent = "from secrets_file", .help = "Password."},
	{SCALAR(SCHEMA_ADDRESS4, config_user, address, "address"), .absent = "from the concentrator's pool",
		.help = "IPv4 address of the user's bundle."},
	{SCALAR(SCHEMA_IP_PREFIX, config_user, prefix6, "prefix6"), .absent = "from the concentrator's pool6",
		.help = "IPv6 prefix of 64 bits for the link of the user's bundle."},
	{SCALAR(SCHEMA_IP_PREFIX, config_user, delegated_prefix, "delegated_prefix"),
		.absent = "from the concentrator's delegated_pool",
		.help = "IPv6 prefix that the user's bundle gets by DHCPv6 for the networks behind it."},
	{MANY(SCHEMA_IP_PREFIX, config_user, routes, "routes", LIST_MAX), .preset = "",
		.help = "Networks behind the user: routed to the bundle, and allowed as sources."},
	{NUMBER(config_user, links_max, "links_max", 1, CONFIG_LINKS_MAX),
		.absent = "as in the concentrator's multilink", .help = "Links that the user's bundle may have."},
	{NUMBER(config_user, sessions_max, "sessions_max", 1, 65534), .preset = "16",
		.help = "Sessions that the user may have at the same time."},
	{TEXT(config_user, bundle, "bundle", 1, CONFIG_AUTH_NAME_MAX), .absent = "the user's name",
		.help = "Name of the bundle; users with the same one share a bundle, for lines that have a login each."},
	END};
static const struct schema_group user_group = {.name = "users",
	.help = "Users who may log in, by name.",
	.size = sizeof(struct config_user),
	.keys = user_keys};

/* ------------------------------------------------------------------ clients */

/* What a link says, and a template for it. */
#define LINK_ROWS                                                                                                      \
	{SCALAR(SCHEMA_VLAN, config_link, vlan, "vlan"), .preset = "untagged",                                         \
		.help = "VLAN to dial in: untagged, 100, 200.7 or ad:200.7."},                                         \
		{SCALAR(SCHEMA_MAC, config_link, mac, "mac"), .absent = "the port's", .help = "MAC address of ours."}, \
		{GROUP(config_link, line, "line", line_group), .flags = SCHEMA_OPTIONAL, .absent = "the port's",       \
			.help = "The line, in place of the port's as a whole."},                                       \
		{TEXT(config_link, username, "username", 1, CONFIG_AUTH_NAME_MAX), .absent = "the client's",           \
			.help = "Login of this line."},                                                                \
		{SECRET(config_link, password, from_secrets, "password"),                                              \
			.absent = "from secrets_file, or the client's", .help = "Password of this line."},             \
		{BOOL(config_link, max_payload, "max_payload"), .preset = "no",                                        \
			.help = "Whether PPP-Max-Payload (RFC 4638) is asked for; the port needs an MTU above 1500."}, \
	{                                                                                                              \
		GROUP(config_link, redial, "redial", redial_group),                                                    \
			.flags = SCHEMA_INHERITS, .absent = "the client's", .help = "When the link is dialled again."  \
	}
#define LINK_PORTS_HELP "Access port, or several as candidates in order: the first that has a carrier is dialled on."

static const struct schema_key link_keys[] = {
	{REF(config_link, from, "from", "templates"), .flags = SCHEMA_USED_UP, .absent = "none",
		.help = "One of the client's templates: whatever the link does not say itself is taken from there, of line as a whole, of "
			"redial key by key."},
	{MANY_REQUIRED(SCHEMA_REF, config_link, ports, "ports", CONFIG_PORTS_MAX), .target = "ports",
		.help = LINK_PORTS_HELP},
	LINK_ROWS, END};
static const struct schema_group link_group = {
	.name = "links", .help = "Links of a client by name.", .size = sizeof(struct config_link), .keys = link_keys};

static const struct schema_key template_keys[] = {{MANY(SCHEMA_REF, config_link, ports, "ports", CONFIG_PORTS_MAX),
							  .target = "ports", .preset = "", .help = LINK_PORTS_HELP},
	LINK_ROWS, END};
static const struct schema_group template_group = {.name = "templates",
	.help = "Templates for links, by name; they are not dialled themselves.",
	.size = sizeof(struct config_link),
	.keys = template_keys};

static const struct schema_word dials[] = {{"always", CONFIG_DIAL_ALWAYS}, {"on-demand", CONFIG_DIAL_ON_DEMAND},
	{"manual", CONFIG_DIAL_MANUAL}, {NULL, 0}};
static const struct schema_word start_orders[] = {
	{"together", CONFIG_START_TOGETHER}, {"one-by-one", CONFIG_START_ONE_BY_ONE}, {NULL, 0}};

static const struct schema_key client_keys[] = {
	{TEXT(config_client, username, "username", 1, CONFIG_AUTH_NAME_MAX), .absent = "none",
		.help = "Login of all links that have none of their own."},
	{SECRET(config_client, password, from_secrets, "password"), .absent = "from secrets_file", .help = "Password."},
	{TEXT(config_client, service_name, "service_name", 1, 63), .absent = "any",
		.help = "PPPoE service to ask for."},
	{TEXT(config_client, ac_name, "ac_name", 1, 63), .absent = "any",
		.help = "Name of the only access concentrator whose offer is taken."},
	{MANY(SCHEMA_WORD, config_client, authentication, "authentication", CONFIG_AUTH_MAX),
		.width = sizeof(enum config_auth), .words = auths, .preset = "chap, mschapv2, pap",
		.help = "How we let the peer ask us to authenticate, in order of preference: chap (with MD5), mschapv2, after which the "
			"peer must prove that it knows the password too, pap, and mschap, which is too weak to be there unless it is asked "
			"for. An empty list refuses."},
	{MANY(SCHEMA_WORD, config_client, peer_authentication, "peer_authentication", CONFIG_AUTH_MAX),
		.width = sizeof(enum config_auth), .words = auths, .preset = "",
		.help = "How the peer must authenticate itself to us, in order of preference; each direction is negotiated by itself. A link "
			"whose peer does none of these, or not with peer_password, is closed, and our own password is not told before. An "
			"empty list asks for nothing."},
	{TEXT(config_client, peer_username, "peer_username", 1, CONFIG_AUTH_NAME_MAX), .absent = "any",
		.help = "Name that the peer must give."},
	{SECRET(config_client, peer_password, peer_from_secrets, "peer_password"),
		.absent = "from secrets_file, by peer_username",
		.help = "Password by which the peer proves itself. It is not password: whoever has one for both directions can be made to "
			"answer its own question."},
	{TIME_MS(config_client, peer_rechallenge_ms, "peer_rechallenge", 1000, DAY_MS), .words = never_0,
		.preset = "never", .help = "How often CHAP of the peer is repeated on a link that is up."},
	{TIME_MS(config_client, fsm_timeout_ms, "fsm_timeout", 100, 60 * 1000), .preset = "3 s",
		.help = "Restart timer of every machine: time after which a Request of LCP, authentication, IPCP or IPV6CP without answer is "
			"sent again, unless lcp, network or authentication_timer say another one; longer than the round trip, or each is "
			"sent twice."},
	{TIME_MS(config_client, authentication_ms, "authentication_timer", 100, 60 * 1000), .absent = "fsm_timeout",
		.help = "Time after which a word of PAP or CHAP without answer is sent again."},
	{NUMBER(config_client, authentication_tries, "authentication_tries", 1, 255), .absent = "max_configure of lcp",
		.help = "Words of PAP or CHAP without answer after which authentication has failed."},
	{SCALAR(SCHEMA_ADDRESS4, config_client, address, "address"), .absent = "any",
		.help = "IPv4 address to ask for."},
	{SCALAR(SCHEMA_PREFIX4, config_client, accept_address, "accept_address"), .preset = "0.0.0.0/0",
		.help = "Prefix in which the peer may assign us an address."},
	{BOOL(config_client, request_dns, "request_dns"), .preset = "yes",
		.help = "Whether the peer is asked for name servers."},
	{TEXT(config_client, resolver_file, "resolver_file", 1, 4000), .absent = "none",
		.help = "Path of a file that has the name servers learnt, as resolver(5) reads them, while the bundle is up: /etc/resolv.conf, or one that it "
			"includes or leads to. It is replaced as a whole, and removed when the bundle goes."},
	{MANY(SCHEMA_ADDRESS4, config_client, dns, "dns", CONFIG_DNS_MAX), .preset = "",
		.help = "Name servers for a peer that asks us for them, two at most; empty refuses."},
	{BOOL(config_client, request_prefix, "request_prefix"), .preset = "no",
		.help = "Whether the peer is asked by DHCPv6 for an IPv6 prefix for the networks behind us; see delegated of ports."},
	{NUMBER(config_client, prefix_hint, "prefix_hint", 16, 64), .words = any_0, .preset = "any",
		.help = "Length of the prefix that would be welcome; the peer decides."},
	{BOOL(config_client, default_route, "default_route"), .preset = "yes",
		.help = "Whether the default route leads through the bundle while it is up."},
	{MANY(SCHEMA_IP_PREFIX, config_client, routes, "routes", LIST_MAX), .preset = "",
		.help = "Networks that are routed through the bundle while it is up."},
	{NUMBER(config_client, ip_mtu, "ip_mtu", 576, 65535), .words = ip_mtu_words, .preset = "auto",
		.help = "Largest IP packet in bytes sent through the bundle: auto is what the peer takes, fit-one-fragment what no "
			"link needs to cut."},
	{BOOL(config_client, source_check, "source_check"), .preset = "no",
		.help = "Whether packets from the peer must come from an address that is routed to it."},
	{GROUP(config_client, network, "network", network_group), .help = "Network protocols."},
	{GROUP(config_client, mss, "mss", mss_group), .help = "Maximum segment size."},
	{GROUP(config_client, scrub, "scrub", scrub_group), .help = "Changes to IP headers."},
	{GROUP(config_client, multilink, "multilink", multilink_group), .help = "Multilink."},
	{GROUP(config_client, quality, "quality", quality_group), .help = "Quality of links."},
	{GROUP(config_client, lcp, "lcp", lcp_group), .help = "Link control."},
	{GROUP(config_client, redial, "redial", redial_group), .help = "When links are dialled again."},
	{WORD(config_client, dial, "dial", dials), .preset = "always",
		.help = "When the links are dialled: always, that is at start and again whenever they are lost; on-demand, by the first "
			"packet that is routed to the client while it has no bundle, and the packet waits until there is one; "
			"manual, by the operator."},
	{WORD(config_client, start_order, "start_order", start_orders), .preset = "together",
		.help = "Whether all links are dialled together, or in the order of the file one-by-one, each when the one before it is up "
			"or has failed for the first time."},
	{TIME_MS(config_client, idle_timeout_ms, "idle_timeout", 1000, DAY_MS), .words = never_0, .preset = "never",
		.help = "Time without a packet in either direction after which the bundle is closed with all its links, until it is "
			"dialled on demand or by hand; control protocols are no packets."},
	{GROUP(config_client, bandwidth, "bandwidth_management", bandwidth_group), .flags = SCHEMA_OPTIONAL,
		.absent = "all links are opened, or none", .help = "Links that are opened and closed by load."},
	{MAP(config_client, templates, "templates", CONFIG_LINKS_MAX, template_group), .flags = SCHEMA_USED_UP,
		.help = "What several links have in common, for their from."},
	{MAP(config_client, links, "links", CONFIG_LINKS_MAX, link_group), .flags = SCHEMA_REQUIRED,
		.target = "templates", .help = "The links."},
	END};
static const struct schema_group client_group = {.name = "clients",
	.help = "PPPoE clients by name; each is one bundle.",
	.size = sizeof(struct config_client),
	.keys = client_keys};

/* ------------------------------------------------------------------ hooks */

static const struct schema_word hook_events[] = {{"link-up", CONFIG_HOOK_LINK_UP}, {"link-down", CONFIG_HOOK_LINK_DOWN},
	{"link-refused", CONFIG_HOOK_LINK_REFUSED}, {"bundle-up", CONFIG_HOOK_BUNDLE_UP},
	{"bundle-changed", CONFIG_HOOK_BUNDLE_CHANGED}, {"bundle-down", CONFIG_HOOK_BUNDLE_DOWN},
	{"link-suspended", CONFIG_HOOK_LINK_SUSPENDED}, {"link-resumed", CONFIG_HOOK_LINK_RESUMED}, {NULL, 0}};
_Static_assert(sizeof(hook_events) / sizeof(hook_events[0]) == CONFIG_HOOK_EVENTS + 1, "every event has its word");

const char *
config_hook_event_name(enum config_hook_event event)
{
	return hook_events[event].name;
}

static const struct schema_key hook_keys[] = {
	{MANY_REQUIRED(SCHEMA_WORD, config_hook, events, "events", CONFIG_HOOK_EVENTS),
		.width = sizeof(enum config_hook_event), .words = hook_events,
		.help = "Events that it is run for. link-refused is a link that may not join its bundle, bundle-changed one that carries "
			"another network protocol from now on; of quality, link-suspended is a link that is not sent on until link-resumed."},
	{MANY_REQUIRED(SCHEMA_TEXT, config_hook, run, "run", CONFIG_HOOK_ARGS_MAX), .min = 1, .max = 1024,
		.help = "Absolute path of the program, and its arguments; no shell reads them. What it is told in the environment is in "
			"hawserd(8)."},
	{TIME_MS(config_hook, timeout_ms, "timeout", 100, HOUR_MS), .preset = "10 s",
		.help = "How long it may run; then it is ended, with all of its process group, and an event tells so."},
	END};
static const struct schema_group hook_group = {.name = "hooks",
	.help = "Programs that are run when links and bundles come and go. A hook is run for one event after the other; up to 32 of them "
		"wait for it.",
	.size = sizeof(struct config_hook),
	.keys = hook_keys};

/* ------------------------------------------------------------------ the file */

static const struct schema_key root_keys[] = {
	{GROUP(config, process, "process", process_group), .help = "The process itself."},
	{TEXT(config, secrets_file, "secrets_file", 1, 4096), .absent = "none",
		.help = "File with passwords by user name (name: password), relative to this file; it must be ours and closed to "
			"group and others."},
	{MAP(config, ports, "ports", CONFIG_PORTS_MAX, port_group), .help = "Network ports by name."},
	{LIST(config, routes, "routes", LIST_MAX, route_group), .help = "Static routes."},
	{MAP(config, concentrators, "concentrators", 256, concentrator_group), .help = "Access concentrators by name."},
	{MAP(config, pools, "pools", 256, pool_group), .flags = SCHEMA_BARE, .help = "Address pools by name."},
	{MAP(config, pools6, "pools6", 256, pool6_group), .help = "Pools of IPv6 prefixes by name."},
	{MAP(config, users, "users", OBJECTS_MAX, user_group), .flags = SCHEMA_FREE_NAMES, .help = "Users by login."},
	{MAP(config, clients, "clients", LIST_MAX, client_group), .help = "Clients by name."},
	{MAP(config, hooks, "hooks", CONFIG_HOOKS_MAX, hook_group),
		.help = "Programs that are run at events, by name."},
	END};
const struct schema_group schema_root = {.name = "hawser.yaml",
	.help = "One file describes one process: both roles, any number of each.",
	.size = sizeof(struct config),
	.keys = root_keys};

const struct schema_key schema_secrets = {.name = "password",
	.kind = SCHEMA_SECRET,
	.width = sizeof(char *),
	.min = 1,
	.max = CONFIG_AUTH_NAME_MAX,
	.help = "Password of a user."};

/* A list or map is a pointer with the number right behind it. */
#define ITEMS_LIKE(S, items, n) _Static_assert(offsetof(struct S, n) == offsetof(struct S, items) + sizeof(void *), #S)
ITEMS_LIKE(config, ports, n_ports);
ITEMS_LIKE(config, routes, n_routes);
ITEMS_LIKE(config, concentrators, n_concentrators);
ITEMS_LIKE(config, pools, n_pools);
ITEMS_LIKE(config, pools6, n_pools6);
ITEMS_LIKE(config, users, n_users);
ITEMS_LIKE(config, clients, n_clients);
ITEMS_LIKE(config, hooks, n_hooks);
ITEMS_LIKE(config_client, templates, n_templates);
ITEMS_LIKE(config_hook_events, items, n);
ITEMS_LIKE(config_client, links, n_links);
ITEMS_LIKE(config_names, items, n);
ITEMS_LIKE(config_auths, items, n);
_Static_assert(sizeof(struct config_names) == sizeof(struct schema_items), "lists look alike");

/* ------------------------------------------------------------------ walking */

struct schema_items
schema_items(const void *at)
{
	struct schema_items items;

	memcpy(&items, at, sizeof(items));
	return items;
}

size_t
schema_size(const struct schema_key *key)
{
	switch (key->kind) {
	case SCHEMA_BOOL:
		return sizeof(bool);
	case SCHEMA_NUMBER:
	case SCHEMA_WORD:
		return key->width;
	case SCHEMA_TEXT:
	case SCHEMA_SECRET:
	case SCHEMA_NAME:
		return sizeof(char *);
	case SCHEMA_REF:
		return sizeof(struct config_ref);
	case SCHEMA_ADDRESS4:
		return sizeof(uint32_t);
	case SCHEMA_PREFIX4:
		return sizeof(struct config_prefix4);
	case SCHEMA_RANGE4:
		return sizeof(struct config_range4);
	case SCHEMA_IP:
	case SCHEMA_IP_PREFIX:
	case SCHEMA_IP_AND_NET:
		return sizeof(struct config_ip);
	case SCHEMA_MAC:
		return 6;
	case SCHEMA_VLAN:
	case SCHEMA_VLAN_OR_ANY:
		return sizeof(struct config_vlan);
	case SCHEMA_GROUP:
	case SCHEMA_MAP:
	case SCHEMA_LIST:
		return key->group->size;
	case SCHEMA_FORBIDDEN:
		break;
	}
	return 0;
}

static void
text_free(void *at, bool secret)
{
	char *text;

	memcpy(&text, at, sizeof(text));
	if (secret && text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void
scalar_free(const struct schema_key *key, void *at)
{
	/* a reference begins with its name */
	if (key->kind == SCHEMA_TEXT || key->kind == SCHEMA_NAME || key->kind == SCHEMA_REF ||
		key->kind == SCHEMA_SECRET)
		text_free(at, key->kind == SCHEMA_SECRET);
}

static void key_free(const struct schema_key *key, void *at);

static void
items_free(const struct schema_key *key, void *at)
{
	const struct schema_items items = schema_items(at);
	const size_t size = schema_size(key);

	for (size_t i = 0; i < items.n; i++) {
		void *item = (char *)items.items + i * size;

		if (schema_is_scalar(key)) {
			scalar_free(key, item);
			continue;
		}
		if (key->kind == SCHEMA_MAP)
			text_free(item, false);
		for (const struct schema_key *k = key->group->keys; k->name != NULL; k++)
			key_free(k, (char *)item + k->offset);
	}
	free(items.items);
}

static void
key_free(const struct schema_key *key, void *at)
{
	if (key->kind == SCHEMA_FORBIDDEN)
		return;
	if ((key->flags & SCHEMA_MANY) || key->kind == SCHEMA_MAP || key->kind == SCHEMA_LIST) {
		items_free(key, at);
	} else if (key->kind == SCHEMA_GROUP) {
		for (const struct schema_key *k = key->group->keys; k->name != NULL; k++)
			key_free(k, (char *)at + k->offset);
	} else {
		scalar_free(key, at);
	}
}

void
schema_free(const struct schema_group *group, void *base)
{
	for (const struct schema_key *k = group->keys; k->name != NULL; k++)
		key_free(k, (char *)base + k->offset);
	memset(base, 0, group->size);
}
