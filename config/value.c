/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_SHOWN 60 /* of a wrong value in a message */

static int why_set(char why[VALUE_WHY_MAX], const char *format, ...) __attribute__((format(printf, 2, 3)));

static int
why_set(char why[VALUE_WHY_MAX], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, VALUE_WHY_MAX, format, args);
	va_end(args);
	return -EINVAL;
}

/* ------------------------------------------------------------------ numbers */

struct unit {
	const char *name;
	int64_t factor; /* base units (bit/s, us, bytes, 1/s) in one */
};

/* Smallest first. */
static const struct unit units[SCHEMA_UNITS][6] = {
	[SCHEMA_RATE] = {{"bit/s", 1}, {"kbit/s", 1000}, {"Mbit/s", 1000000}, {"Gbit/s", 1000000000}},
	[SCHEMA_TIME] = {{"us", 1}, {"ms", 1000}, {"s", 1000000}, {"min", 60000000}, {"h", 3600000000}},
	[SCHEMA_SIZE] = {{"B", 1}, {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824}},
	[SCHEMA_PER_SECOND] = {{"/s", 1}},
};

const char *
value_units(enum schema_unit unit, char buf[VALUE_TEXT_MAX])
{
	size_t used = 0;

	buf[0] = '\0';
	for (const struct unit *u = units[unit]; u->name != NULL; u++) {
		const char *glue = u == units[unit] ? "" : u[1].name == NULL ? " or " : ", ";

		used += (size_t)snprintf(buf + used, VALUE_TEXT_MAX - used, "%s%s", glue, u->name);
	}
	return buf;
}

static const struct unit *
unit_find(enum schema_unit unit, const char *name)
{
	for (const struct unit *u = units[unit]; u->name != NULL; u++)
		if (strcmp(u->name, name) == 0)
			return u;
	return NULL;
}

static int64_t
number_load(const struct schema_key *key, const void *at)
{
	switch (key->width) {
	case 1: {
		uint8_t v;
		memcpy(&v, at, sizeof(v));
		return v;
	}
	case 2: {
		uint16_t v;
		memcpy(&v, at, sizeof(v));
		return key->min < 0 ? (int64_t)(int16_t)v : (int64_t)v;
	}
	case 4: {
		uint32_t v;
		memcpy(&v, at, sizeof(v));
		/* words of signed fields are negative: -1 means auto */
		return key->max <= INT32_MAX ? (int64_t)(int32_t)v : (int64_t)v;
	}
	default: {
		int64_t v;
		memcpy(&v, at, sizeof(v));
		return v;
	}
	}
}

static void
number_store(const struct schema_key *key, void *at, int64_t value)
{
	const uint8_t v1 = (uint8_t)value;
	const uint16_t v2 = (uint16_t)value;
	const uint32_t v4 = (uint32_t)value;

	switch (key->width) {
	case 1:
		memcpy(at, &v1, sizeof(v1));
		break;
	case 2:
		memcpy(at, &v2, sizeof(v2));
		break;
	case 4:
		memcpy(at, &v4, sizeof(v4));
		break;
	default:
		memcpy(at, &value, sizeof(value));
		break;
	}
}

const char *
value_format_number(const struct schema_key *key, int64_t value, char buf[VALUE_TEXT_MAX])
{
	const struct unit *best = NULL;
	int64_t base;

	if (key->unit == SCHEMA_PLAIN) {
		snprintf(buf, VALUE_TEXT_MAX, "%" PRId64, value);
		return buf;
	}
	base = value * key->scale;
	for (const struct unit *u = units[key->unit]; u->name != NULL; u++)
		if (best == NULL || (base != 0 && base % u->factor == 0) || (base == 0 && u->factor <= key->scale))
			best = u;
	snprintf(buf, VALUE_TEXT_MAX, "%" PRId64 " %s", base / best->factor, best->name);
	return buf;
}

static const struct schema_word *
word_find(const struct schema_key *key, const char *text)
{
	for (const struct schema_word *w = key->words; w != NULL && w->name != NULL; w++)
		if (strcmp(w->name, text) == 0)
			return w;
	return NULL;
}

static const char *
word_of(const struct schema_key *key, int64_t value)
{
	for (const struct schema_word *w = key->words; w != NULL && w->name != NULL; w++)
		if (w->value == value)
			return w->name;
	return NULL;
}

/* "auto, off or " - the words in front of what else may stand there; `last` glues the last one. */
static void
words_list(const struct schema_key *key, const char *last, char *buf, size_t cap)
{
	size_t used = 0;

	buf[0] = '\0';
	for (const struct schema_word *w = key->words; w != NULL && w->name != NULL && used < cap; w++) {
		const char *glue = w == key->words ? "" : w[1].name == NULL && last[0] == '\0' ? " or " : ", ";

		used += (size_t)snprintf(buf + used, cap - used, "%s%s", glue, w->name);
	}
	if (used != 0 && used < cap)
		snprintf(buf + used, cap - used, "%s", last);
}

/* Digits with at most 9 decimals, as billionths: whole * 10^9 + fraction would not fit, so both apart. */
struct decimal {
	int64_t whole;
	int64_t billionths;
	bool negative;
};

/* Returns what stands behind the number; NULL: not a number, or too big for any key. */
static const char *
decimal_parse(const char *s, struct decimal *d)
{
	int64_t weight = 100000000;

	*d = (struct decimal){.negative = *s == '-'};
	if (d->negative)
		s++;
	if (!isdigit((unsigned char)*s))
		return NULL;
	for (; isdigit((unsigned char)*s); s++) {
		if (d->whole > INT64_MAX / 10 - 10)
			return NULL;
		d->whole = d->whole * 10 + (*s - '0');
	}
	if (*s != '.')
		return s;
	s++;
	if (!isdigit((unsigned char)*s))
		return NULL;
	for (; isdigit((unsigned char)*s); s++, weight /= 10) {
		if (weight == 0)
			return NULL;
		d->billionths += weight * (*s - '0');
	}
	return s;
}

enum scaled { SCALED_OK, SCALED_TOO_BIG, SCALED_NOT_WHOLE };

/* d times factor. */
static enum scaled
decimal_scale(const struct decimal *d, int64_t factor, int64_t *out)
{
	int64_t whole, part;

	if (__builtin_mul_overflow(d->whole, factor, &whole) || __builtin_mul_overflow(d->billionths, factor, &part) ||
		__builtin_add_overflow(whole, part / 1000000000, out))
		return SCALED_TOO_BIG;
	if (d->negative)
		*out = -*out;
	return part % 1000000000 == 0 ? SCALED_OK : SCALED_NOT_WHOLE;
}

static int
number_out_of_range(const struct schema_key *key, const char *text, char why[VALUE_WHY_MAX])
{
	char low[VALUE_TEXT_MAX], high[VALUE_TEXT_MAX], words[VALUE_TEXT_MAX];

	words_list(key, ", or ", words, sizeof(words));
	return why_set(why, "%.*s is out of range: %s%s to %s", TEXT_SHOWN, text, words,
		value_format_number(key, key->min, low), value_format_number(key, key->max, high));
}

static int
number_wrong(const struct schema_key *key, const char *text, char why[VALUE_WHY_MAX])
{
	char names[VALUE_TEXT_MAX], words[VALUE_TEXT_MAX];

	words_list(key, " or ", words, sizeof(words));
	if (key->unit == SCHEMA_PLAIN)
		return why_set(why, "\"%.*s\" is not %sa whole number without unit", TEXT_SHOWN, text, words);
	return why_set(why, "\"%.*s\" is not %sa number with unit (%s)", TEXT_SHOWN, text, words,
		value_units(key->unit, names));
}

static int
number_parse(const struct schema_key *key, const char *text, void *at, char why[VALUE_WHY_MAX])
{
	char names[VALUE_TEXT_MAX];
	const struct schema_word *word = word_find(key, text);
	const struct unit *unit;
	struct decimal d;
	const char *end;
	int64_t value, factor = 1;
	enum scaled scaled;

	if (word != NULL) {
		number_store(key, at, word->value);
		return 0;
	}
	end = decimal_parse(text, &d);
	if (end == NULL)
		return number_wrong(key, text, why);
	while (*end == ' ')
		end++;
	if (key->unit == SCHEMA_PLAIN && (*end != '\0' || d.billionths != 0))
		return number_wrong(key, text, why);
	if (key->unit != SCHEMA_PLAIN) {
		if (*end == '\0')
			return why_set(why, "%.*s needs a unit: %s", TEXT_SHOWN, text, value_units(key->unit, names));
		unit = unit_find(key->unit, end);
		if (unit == NULL)
			return why_set(
				why, "unknown unit \"%.*s\": use %s", TEXT_SHOWN, end, value_units(key->unit, names));
		factor = unit->factor;
	}
	scaled = decimal_scale(&d, factor, &value);
	if (scaled == SCALED_TOO_BIG)
		return number_out_of_range(key, text, why);
	if (scaled == SCALED_NOT_WHOLE || value % key->scale != 0)
		return why_set(why, "%.*s is finer than %s", TEXT_SHOWN, text, value_format_number(key, 1, names));
	value /= key->scale;
	if ((value < key->min || value > key->max) && word_of(key, value) == NULL)
		return number_out_of_range(key, text, why);
	number_store(key, at, value);
	return 0;
}

static int
word_parse(const struct schema_key *key, const char *text, void *at, char why[VALUE_WHY_MAX])
{
	char words[VALUE_TEXT_MAX];
	const struct schema_word *word = word_find(key, text);

	if (word == NULL) {
		words_list(key, "", words, sizeof(words));
		return why_set(why, "\"%.*s\" is not one of %s", TEXT_SHOWN, text, words);
	}
	number_store(key, at, word->value);
	return 0;
}

static int
bool_parse(const char *text, void *at, char why[VALUE_WHY_MAX])
{
	const bool yes = strcmp(text, "yes") == 0 || strcmp(text, "true") == 0;

	if (!yes && strcmp(text, "no") != 0 && strcmp(text, "false") != 0)
		return why_set(why, "\"%.*s\" is neither yes nor no", TEXT_SHOWN, text);
	memcpy(at, &yes, sizeof(yes));
	return 0;
}

/* ------------------------------------------------------------------ texts */

static int
text_store(const char *text, void *at)
{
	char **copy = at;

	*copy = strdup(text);
	return *copy != NULL ? 0 : -ENOMEM;
}

static int
text_parse(const struct schema_key *key, const char *text, size_t len, void *at, char why[VALUE_WHY_MAX])
{
	if (len < (size_t)key->min)
		return why_set(why, "is empty");
	if (len > (size_t)key->max)
		return why_set(why, "has %zu bytes; at most %" PRId64 " are allowed", len, key->max);
	return text_store(text, at);
}

static bool
name_char(char c, bool first)
{
	return isalnum((unsigned char)c) || c == '_' || (!first && (c == '-' || c == '.'));
}

bool
value_is_name(const char *text, size_t len)
{
	bool good = len >= 1 && len <= CONFIG_NAME_MAX;

	for (size_t i = 0; i < len && good; i++)
		good = name_char(text[i], i == 0);
	return good;
}

static int
name_parse(const char *text, size_t len, void *at, char why[VALUE_WHY_MAX])
{
	if (!value_is_name(text, len))
		return why_set(why,
			"\"%.*s\" is not a name: 1 to %d letters, digits, '_', and behind the first also '-' and '.'",
			TEXT_SHOWN, text, CONFIG_NAME_MAX);
	return text_store(text, at);
}

/* ------------------------------------------------------------------ addresses */

static bool
address4(const char *text, uint32_t *address)
{
	struct in_addr in;

	if (inet_pton(AF_INET, text, &in) != 1)
		return false;
	*address = ntohl(in.s_addr);
	return true;
}

/* RFC 1122 section 3.2.1.3: what no host may have as its address. */
static bool
unicast4(uint32_t address)
{
	const uint32_t net = address >> 24;

	return net != 0 && net != 127 && net < 224;
}

static uint32_t
mask4(unsigned len)
{
	return len == 0 ? 0 : ~(uint32_t)0 << (32 - len);
}

/* "/24" at slash, NULL for none. False: not a length. */
static bool
prefix_len(const char *slash, uint8_t most, uint8_t *len)
{
	unsigned value = 0;

	*len = most;
	if (slash == NULL)
		return true;
	if (slash[1] == '\0' || strlen(slash) > 4)
		return false;
	for (const char *s = slash + 1; *s != '\0'; s++) {
		if (!isdigit((unsigned char)*s))
			return false;
		value = value * 10 + (unsigned)(*s - '0');
	}
	*len = (uint8_t)value;
	return value <= most;
}

/* Address of either family with an optional length. */
static bool
ip_split(const char *text, struct config_ip *ip)
{
	char address[64];
	const char *slash = strchr(text, '/');
	const size_t n = slash == NULL ? strlen(text) : (size_t)(slash - text);

	*ip = (struct config_ip){0};
	if (n >= sizeof(address))
		return false;
	memcpy(address, text, n);
	address[n] = '\0';
	ip->family = inet_pton(AF_INET, address, ip->bytes) == 1 ? 4
		: inet_pton(AF_INET6, address, ip->bytes) == 1   ? 6
								 : 0;
	return ip->family != 0 && prefix_len(slash, ip->family == 4 ? 32 : 128, &ip->len);
}

static uint32_t
ip_address4(const struct config_ip *ip)
{
	uint32_t be;

	memcpy(&be, ip->bytes, sizeof(be));
	return ntohl(be);
}

static void
ip_network(const struct config_ip *ip, struct config_ip *net)
{
	*net = *ip;
	for (unsigned bit = ip->len; bit < (ip->family == 4 ? 32u : 128u); bit++)
		net->bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
}

static const char *
ip_format(const struct config_ip *ip, bool with_len, char buf[VALUE_TEXT_MAX])
{
	size_t n;

	inet_ntop(ip->family == 4 ? AF_INET : AF_INET6, ip->bytes, buf, VALUE_TEXT_MAX);
	n = strlen(buf);
	if (with_len)
		snprintf(buf + n, VALUE_TEXT_MAX - n, "/%u", ip->len);
	return buf;
}

const char *
value_ip_prefix(const struct config_ip *ip, char buf[VALUE_TEXT_MAX])
{
	return ip_format(ip, true, buf);
}

static int
ip_parse(const char *text, void *at, char why[VALUE_WHY_MAX])
{
	struct config_ip ip;

	if (strchr(text, '/') != NULL || !ip_split(text, &ip))
		return why_set(why, "\"%.*s\" is not an IP address", TEXT_SHOWN, text);
	memcpy(at, &ip, sizeof(ip));
	return 0;
}

static int
ip_prefix_parse(const char *text, bool only4, struct config_ip *ip, char why[VALUE_WHY_MAX])
{
	char buf[VALUE_TEXT_MAX];
	struct config_ip net;

	if (!ip_split(text, ip) || (only4 && ip->family != 4))
		return why_set(why, "\"%.*s\" is not an %s prefix (such as 192.0.2.0/24)", TEXT_SHOWN, text,
			only4 ? "IPv4" : "IP");
	ip_network(ip, &net);
	if (memcmp(ip, &net, sizeof(net)) != 0)
		return why_set(why, "%.*s has bits behind its prefix length: the prefix is %s", TEXT_SHOWN, text,
			ip_format(&net, true, buf));
	return 0;
}

static int
prefix4_parse(const char *text, void *at, char why[VALUE_WHY_MAX])
{
	struct config_ip ip;
	const int ret = ip_prefix_parse(text, true, &ip, why);

	if (ret == 0) {
		const struct config_prefix4 prefix = {.address = ip_address4(&ip), .len = ip.len};

		memcpy(at, &prefix, sizeof(prefix));
	}
	return ret;
}

static int
ip_prefix_store(const char *text, void *at, char why[VALUE_WHY_MAX])
{
	struct config_ip ip;
	const int ret = ip_prefix_parse(text, false, &ip, why);

	if (ret == 0)
		memcpy(at, &ip, sizeof(ip));
	return ret;
}

static int
ip_and_net_parse(const char *text, void *at, char why[VALUE_WHY_MAX])
{
	struct config_ip ip, net;

	if (strchr(text, '/') == NULL || !ip_split(text, &ip))
		return why_set(why, "\"%.*s\" is not an address with the length of its network (such as 192.0.2.1/24)",
			TEXT_SHOWN, text);
	if (ip.family == 4 && !unicast4(ip_address4(&ip)))
		return why_set(why, "%.*s is not an address of a host", TEXT_SHOWN, text);
	ip_network(&ip, &net);
	if (ip.len < (ip.family == 4 ? 31 : 127) && memcmp(ip.bytes, net.bytes, sizeof(ip.bytes)) == 0)
		return why_set(why, "%.*s is the network, not an address in it", TEXT_SHOWN, text);
	memcpy(at, &ip, sizeof(ip));
	return 0;
}

static int
address4_parse(const char *text, void *at, char why[VALUE_WHY_MAX])
{
	uint32_t address;

	if (!address4(text, &address))
		return why_set(why, "\"%.*s\" is not an IPv4 address", TEXT_SHOWN, text);
	if (!unicast4(address))
		return why_set(why, "%.*s is not an address of a host", TEXT_SHOWN, text);
	memcpy(at, &address, sizeof(address));
	return 0;
}

/* A prefix stands for the hosts in it: without network and broadcast address where it has them. */
static void
range_of_prefix(const struct config_prefix4 *prefix, struct config_range4 *range)
{
	range->first = prefix->address;
	range->last = prefix->address | ~mask4(prefix->len);
	if (prefix->len < 31) {
		range->first++;
		range->last--;
	}
}

static bool
range4_split(const char *text, const char *dash, struct config_range4 *range)
{
	char first[20];
	const size_t n = (size_t)(dash - text);

	if (n >= sizeof(first))
		return false;
	memcpy(first, text, n);
	first[n] = '\0';
	return address4(first, &range->first) && address4(dash + 1, &range->last);
}

static int
range4_parse(const char *text, void *at, char why[VALUE_WHY_MAX])
{
	struct config_prefix4 prefix;
	struct config_range4 range;
	const char *dash = strchr(text, '-');

	if (dash != NULL) {
		if (!range4_split(text, dash, &range))
			return why_set(
				why, "\"%.*s\" is not a range (such as 192.0.2.10-192.0.2.99)", TEXT_SHOWN, text);
		if (range.first > range.last)
			return why_set(why, "%.*s ends before it begins", TEXT_SHOWN, text);
	} else {
		const int ret = prefix4_parse(text, &prefix, why);

		if (ret != 0)
			return ret;
		range_of_prefix(&prefix, &range);
	}
	if (!unicast4(range.first) || !unicast4(range.last) || range.last - range.first >= 1u << 24)
		return why_set(why, "%.*s is not a range of host addresses (at most 16777216)", TEXT_SHOWN, text);
	memcpy(at, &range, sizeof(range));
	return 0;
}

/* ------------------------------------------------------------------ Ethernet */

bool
value_parse_mac(const char *text, uint8_t mac[6])
{
	if (strlen(text) != 17)
		return false;
	for (unsigned i = 0; i < 6; i++) {
		const char *s = text + 3 * i;

		if (!isxdigit((unsigned char)s[0]) || !isxdigit((unsigned char)s[1]) || (i < 5 && s[2] != ':'))
			return false;
		mac[i] = (uint8_t)strtoul((const char[]){s[0], s[1], '\0'}, NULL, 16);
	}
	return true;
}

static int
mac_parse(const char *text, void *at, char why[VALUE_WHY_MAX])
{
	static const uint8_t zero[6];
	uint8_t mac[6];

	if (!value_parse_mac(text, mac))
		return why_set(why, "\"%.*s\" is not a MAC address (such as 02:00:5e:10:00:01)", TEXT_SHOWN, text);
	if (mac[0] & 1)
		return why_set(why, "%s is a group address", text);
	if (memcmp(mac, zero, sizeof(mac)) == 0)
		return why_set(why, "%s is no station's address", text);
	memcpy(at, mac, sizeof(mac));
	return 0;
}

/* Digits of a VLAN id at *s, which is moved behind them. False: none, or above 4094 (4095 is reserved, IEEE 802.1Q). */
static bool
vlan_id(const char **s, uint16_t *tag)
{
	unsigned id = 0;
	const char *p = *s;

	for (; isdigit((unsigned char)*p) && id <= 4094; p++)
		id = id * 10 + (unsigned)(*p - '0');
	if (p == *s || id > 4094)
		return false;
	*tag = (uint16_t)(id | CONFIG_VLAN_TAGGED);
	*s = p;
	return true;
}

static bool
vlan_tags(const char *text, struct config_vlan *vlan)
{
	const bool ad = strncmp(text, "ad:", 3) == 0;

	if (ad)
		text += 3;
	if (!vlan_id(&text, &vlan->outer))
		return false;
	if (ad)
		vlan->outer |= CONFIG_VLAN_AD;
	if (*text == '.') {
		text++;
		if (!vlan_id(&text, &vlan->inner))
			return false;
	}
	return *text == '\0';
}

static int
vlan_parse(const struct schema_key *key, const char *text, void *at, char why[VALUE_WHY_MAX])
{
	struct config_vlan vlan = {0};

	if (key->kind == SCHEMA_VLAN_OR_ANY && strcmp(text, "any") == 0)
		vlan.any = true;
	else if (strcmp(text, "untagged") != 0 && !vlan_tags(text, &vlan))
		return why_set(why, "\"%.*s\" is not untagged, %sa VLAN id up to 4094 (100, 200.7, ad:200.7)",
			TEXT_SHOWN, text, key->kind == SCHEMA_VLAN_OR_ANY ? "any, or " : "or ");
	memcpy(at, &vlan, sizeof(vlan));
	return 0;
}

const char *
value_vlan(const struct config_vlan *vlan, char buf[VALUE_TEXT_MAX])
{
	if (vlan->any)
		return "any";
	if (vlan->outer == 0)
		return "untagged";
	const int n = snprintf(buf, VALUE_TEXT_MAX, "%s%u", vlan->outer & CONFIG_VLAN_AD ? "ad:" : "",
		(unsigned)vlan->outer & CONFIG_VLAN_ID_MASK);

	if (vlan->inner != 0)
		snprintf(buf + n, VALUE_TEXT_MAX - (size_t)n, ".%u", (unsigned)vlan->inner & CONFIG_VLAN_ID_MASK);
	return buf;
}

/* ------------------------------------------------------------------ all kinds */

static int
ref_parse(const char *text, size_t len, void *at, char why[VALUE_WHY_MAX])
{
	/* the name is the first member; the index is found when everything is loaded */
	return name_parse(text, len, at, why);
}

static int
scalar_parse(const struct schema_key *key, const char *text, size_t len, void *at, char why[VALUE_WHY_MAX])
{
	switch (key->kind) {
	case SCHEMA_BOOL:
		return bool_parse(text, at, why);
	case SCHEMA_NUMBER:
		return number_parse(key, text, at, why);
	case SCHEMA_WORD:
		return word_parse(key, text, at, why);
	case SCHEMA_TEXT:
	case SCHEMA_SECRET:
		return text_parse(key, text, len, at, why);
	case SCHEMA_NAME:
		return name_parse(text, len, at, why);
	case SCHEMA_REF:
		return ref_parse(text, len, at, why);
	case SCHEMA_ADDRESS4:
		return address4_parse(text, at, why);
	case SCHEMA_PREFIX4:
		return prefix4_parse(text, at, why);
	case SCHEMA_RANGE4:
		return range4_parse(text, at, why);
	case SCHEMA_IP:
		return ip_parse(text, at, why);
	case SCHEMA_IP_PREFIX:
		return ip_prefix_store(text, at, why);
	case SCHEMA_IP_AND_NET:
		return ip_and_net_parse(text, at, why);
	case SCHEMA_MAC:
		return mac_parse(text, at, why);
	case SCHEMA_VLAN:
	case SCHEMA_VLAN_OR_ANY:
		return vlan_parse(key, text, at, why);
	case SCHEMA_GROUP:
	case SCHEMA_MAP:
	case SCHEMA_LIST:
	case SCHEMA_FORBIDDEN:
		break;
	}
	abort();
}

int
value_parse(const struct schema_key *key, const char *text, size_t len, bool quoted, void *at, char why[VALUE_WHY_MAX])
{
	if (strlen(text) != len)
		return why_set(why, "holds a NUL character");
	if (len == 0 && !quoted)
		return why_set(why, "has no value");
	if (quoted && (key->kind == SCHEMA_BOOL || (key->kind == SCHEMA_NUMBER && key->unit == SCHEMA_PLAIN)))
		return why_set(why, "is a text in quotes; write it without");
	return scalar_parse(key, text, len, at, why);
}

const char *
value_address4(uint32_t address, char buf[VALUE_TEXT_MAX])
{
	const struct in_addr in = {.s_addr = htonl(address)};

	return inet_ntop(AF_INET, &in, buf, VALUE_TEXT_MAX);
}

static const char *
number_format(const struct schema_key *key, const void *at, char buf[VALUE_TEXT_MAX])
{
	const int64_t value = number_load(key, at);
	const char *word = word_of(key, value);

	if (word != NULL)
		return word;
	/* zero lies outside the range of keys where it stands for "not given" */
	if (value == 0 && key->preset == NULL && key->min > 0)
		return NULL;
	return value_format_number(key, value, buf);
}

static const char *
prefix4_format(const void *at, char buf[VALUE_TEXT_MAX])
{
	struct config_prefix4 prefix;
	size_t n;

	memcpy(&prefix, at, sizeof(prefix));
	value_address4(prefix.address, buf);
	n = strlen(buf);
	snprintf(buf + n, VALUE_TEXT_MAX - n, "/%u", prefix.len);
	return buf;
}

static const char *
range4_format(const void *at, char buf[VALUE_TEXT_MAX])
{
	char first[VALUE_TEXT_MAX], last[VALUE_TEXT_MAX];
	struct config_range4 range;

	memcpy(&range, at, sizeof(range));
	snprintf(buf, VALUE_TEXT_MAX, "%.15s-%.15s", value_address4(range.first, first),
		value_address4(range.last, last));
	return buf;
}

static const char *
mac_format(const void *at, char buf[VALUE_TEXT_MAX])
{
	static const uint8_t zero[6];
	const uint8_t *m = at;

	if (memcmp(m, zero, sizeof(zero)) == 0)
		return NULL;
	snprintf(buf, VALUE_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
	return buf;
}

static const char *
text_of(const void *at)
{
	const char *text;

	memcpy(&text, at, sizeof(text));
	return text;
}

static const char *
bool_format(const void *at)
{
	bool yes;

	memcpy(&yes, at, sizeof(yes));
	return yes ? "yes" : "no";
}

static const char *
secret_format(const struct schema_key *key, const void *at)
{
	bool elsewhere;

	memcpy(&elsewhere, (const char *)at + key->to_origin, sizeof(elsewhere));
	return text_of(at) == NULL || elsewhere ? NULL : VALUE_MASK;
}

const char *
value_format(const struct schema_key *key, const void *at, char buf[VALUE_TEXT_MAX])
{
	uint32_t address;
	struct config_ip ip;
	struct config_vlan vlan;

	switch (key->kind) {
	case SCHEMA_BOOL:
		return bool_format(at);
	case SCHEMA_NUMBER:
		return number_format(key, at, buf);
	case SCHEMA_WORD:
		return word_of(key, number_load(key, at));
	case SCHEMA_TEXT:
	case SCHEMA_NAME:
	case SCHEMA_REF:
		return text_of(at);
	case SCHEMA_SECRET:
		return secret_format(key, at);
	case SCHEMA_ADDRESS4:
		memcpy(&address, at, sizeof(address));
		return address == 0 ? NULL : value_address4(address, buf);
	case SCHEMA_PREFIX4:
		return prefix4_format(at, buf);
	case SCHEMA_RANGE4:
		return range4_format(at, buf);
	case SCHEMA_IP:
	case SCHEMA_IP_PREFIX:
	case SCHEMA_IP_AND_NET:
		memcpy(&ip, at, sizeof(ip));
		return ip.family == 0 ? NULL : ip_format(&ip, key->kind != SCHEMA_IP, buf);
	case SCHEMA_MAC:
		return mac_format(at, buf);
	case SCHEMA_VLAN:
	case SCHEMA_VLAN_OR_ANY:
		memcpy(&vlan, at, sizeof(vlan));
		return value_vlan(&vlan, buf);
	case SCHEMA_GROUP:
	case SCHEMA_MAP:
	case SCHEMA_LIST:
	case SCHEMA_FORBIDDEN:
		break;
	}
	abort();
}
