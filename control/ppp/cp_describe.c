/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ppp/cp_describe.h"

#include <stdarg.h>
#include <stdio.h>

#include "control/ppp/chap.h"
#include "control/ppp/cp_fsm.h"
#include "control/ppp/cp_options.h"
#include "control/ppp/ipcp.h"
#include "control/ppp/lcp.h"
#include "control/ppp/pap.h"
#include "control/ppp/text.h"
#include "dataplane/wire/bytes.h"
#include "dataplane/wire/ppp.h"

/* A line that grows and is cut at the end of its buffer. */
struct line {
	char *buf;
	size_t cap, len;
};

static void __attribute__((format(printf, 2, 3))) add(struct line *l, const char *format, ...)
{
	va_list args;
	int n;

	if (l->len + 1 >= l->cap)
		return;
	va_start(args, format);
	n = vsnprintf(l->buf + l->len, l->cap - l->len, format, args);
	va_end(args);
	if (n > 0)
		l->len += (size_t)n;
	if (l->len >= l->cap)
		l->len = l->cap - 1;
}

static void
add_text(struct line *l, const uint8_t *p, size_t n)
{
	char text[AUTH_TEXT_MAX + 1];

	add(l, "\"%s\"", text_printable(text, sizeof(text), p, n));
}

static void
add_hex(struct line *l, const uint8_t *p, size_t n)
{
	enum { SHOWN = 20 };
	size_t i;

	for (i = 0; i < n && i < SHOWN; i++)
		add(l, "%02x", p[i]);
	if (n > SHOWN)
		add(l, "..");
}

static const char *
proto_name(uint16_t proto)
{
	switch (proto) {
	case PPP_LCP:
		return "LCP";
	case PPP_PAP:
		return "PAP";
	case PPP_CHAP:
		return "CHAP";
	case PPP_IPCP:
		return "IPCP";
	case PPP_IPV6CP:
		return "IPV6CP";
	case PPP_CCP:
		return "CCP";
	case PPP_ECP:
		return "ECP";
	case PPP_MP:
		return "MP";
	case PPP_LQR:
		return "LQR";
	default:
		return NULL;
	}
}

static void
add_proto(struct line *l, uint16_t proto)
{
	const char *name = proto_name(proto);

	if (name != NULL)
		add(l, "%s", name);
	else
		add(l, "protocol 0x%04x", proto);
}

static const char *
from_list(const char *const *names, size_t n, uint8_t code)
{
	return code < n ? names[code] : NULL;
}

#define FROM_LIST(names, code) from_list(names, sizeof(names) / sizeof((names)[0]), code)

static const char *
code_name(uint16_t proto, uint8_t code)
{
	static const char *const cp[] = {NULL, "Configure-Request", "Configure-Ack", "Configure-Nak",
		"Configure-Reject", "Terminate-Request", "Terminate-Ack", "Code-Reject", "Protocol-Reject",
		"Echo-Request", "Echo-Reply", "Discard-Request", "Identification", "Time-Remaining"};
	static const char *const pap[] = {NULL, "Authenticate-Request", "Authenticate-Ack", "Authenticate-Nak"};
	static const char *const chap[] = {NULL, "Challenge", "Response", "Success", "Failure", "Change-Password-1",
		"Change-Password-2", "Change-Password"};

	if (proto == PPP_PAP)
		return FROM_LIST(pap, code);
	if (proto == PPP_CHAP)
		return FROM_LIST(chap, code);
	return FROM_LIST(cp, code);
}

/* ------------------------------------------------------------------ options */

static const char *
lcp_option_name(uint8_t type)
{
	static const char *const names[] = {"vendor", "mru", "accm", "auth", "quality", "magic", NULL, "pfc", "acfc",
		"fcs", NULL, NULL, NULL, "callback", NULL, NULL, NULL, "mrru", "short-seq", "endpoint", NULL, NULL,
		NULL, "link-discriminator"};

	return FROM_LIST(names, type);
}

static const char *
ipcp_option_name(uint8_t type)
{
	switch (type) {
	case IPCP_ADDRESSES:
		return "addresses";
	case IPCP_COMPRESSION:
		return "compression";
	case IPCP_ADDRESS:
		return "address";
	case IPCP_DNS1:
		return "dns1";
	case 130:
		return "nbns1";
	case IPCP_DNS2:
		return "dns2";
	case 132:
		return "nbns2";
	default:
		return NULL;
	}
}

static void
add_auth(struct line *l, const struct cp_option *opt)
{
	const uint16_t proto = load_be16(opt->data);
	const enum host_auth auth =
		opt->len == 3 && proto == PPP_CHAP ? auth_find(proto, opt->data[2]) : HOST_AUTH_NONE;

	add_proto(l, proto);
	if (auth == HOST_AUTH_CHAP_MD5)
		add(l, "/MD5");
	else if (auth != HOST_AUTH_NONE)
		add(l, "/%s", auth_title(auth));
	else if (opt->len >= 3)
		add(l, "/%u", opt->data[2]);
}

static void
add_endpoint(struct line *l, const struct cp_option *opt)
{
	static const char *const classes[] = {"null", "local", "ip", "mac", "magic", "phone"};
	const char *class = FROM_LIST(classes, opt->data[0]);

	if (class != NULL)
		add(l, "%s:", class);
	else
		add(l, "class %u:", opt->data[0]);
	add_hex(l, opt->data + 1, opt->len - 1u);
}

static void
add_lcp_value(struct line *l, const struct cp_option *opt)
{
	if ((opt->type == LCP_MRU || opt->type == LCP_MRRU) && opt->len == 2)
		add(l, " %u", load_be16(opt->data));
	else if (opt->len == 0)
		return;
	else if (opt->type == LCP_AUTH && opt->len >= 2) {
		add(l, " ");
		add_auth(l, opt);
	} else if (opt->type == LCP_ENDPOINT) {
		add(l, " ");
		add_endpoint(l, opt);
	} else {
		add(l, " 0x");
		add_hex(l, opt->data, opt->len);
	}
}

static void
add_ipcp_value(struct line *l, const struct cp_option *opt)
{
	const uint8_t *a = opt->data;

	if (opt->len == 4 && opt->type != IPCP_COMPRESSION) {
		add(l, " %u.%u.%u.%u", a[0], a[1], a[2], a[3]);
	} else if (opt->len != 0) {
		add(l, " 0x");
		add_hex(l, opt->data, opt->len);
	}
}

static void
add_option(struct line *l, uint16_t proto, const struct cp_option *opt)
{
	const char *name = proto == PPP_LCP ? lcp_option_name(opt->type) : ipcp_option_name(opt->type);

	if (proto != PPP_LCP && proto != PPP_IPCP)
		name = NULL;
	if (name != NULL)
		add(l, " <%s", name);
	else
		add(l, " <option %u", opt->type);
	if (proto == PPP_LCP)
		add_lcp_value(l, opt);
	else
		add_ipcp_value(l, opt);
	add(l, ">");
}

static void
add_options(struct line *l, uint16_t proto, const struct cp_packet *pkt)
{
	const uint8_t *at = pkt->data;
	struct cp_option opt;

	while (cp_option_next(&at, pkt->data + pkt->len, &opt))
		add_option(l, proto, &opt);
	if (at == NULL)
		add(l, " (an option's length is wrong)");
}

/* ------------------------------------------------------------------ bodies */

static void
add_echo(struct line *l, const struct cp_packet *pkt)
{
	if (pkt->len < 4)
		return;
	add(l, " magic 0x%08x", load_be32(pkt->data));
	if (pkt->code == CP_IDENTIFICATION) {
		add(l, " ");
		add_text(l, pkt->data + 4, pkt->len - 4u);
	} else if (pkt->len > 4) {
		add(l, " and %u bytes", pkt->len - 4u);
	}
}

static void
add_cp_body(struct line *l, uint16_t proto, const struct cp_packet *pkt)
{
	switch (pkt->code) {
	case CP_CONFIGURE_REQUEST:
	case CP_CONFIGURE_ACK:
	case CP_CONFIGURE_NAK:
	case CP_CONFIGURE_REJECT:
		add_options(l, proto, pkt);
		break;
	case CP_TERMINATE_REQUEST:
	case CP_TERMINATE_ACK:
		if (pkt->len != 0) {
			add(l, " ");
			add_text(l, pkt->data, pkt->len);
		}
		break;
	case CP_CODE_REJECT:
		if (pkt->len != 0)
			add(l, " of code %u", pkt->data[0]);
		break;
	case CP_PROTOCOL_REJECT:
		if (pkt->len >= 2) {
			add(l, " of ");
			add_proto(l, load_be16(pkt->data));
		}
		break;
	default:
		add_echo(l, pkt);
	}
}

/* The name; never the password behind it. */
static void
add_pap_body(struct line *l, const struct cp_packet *pkt)
{
	if (pkt->len < 1 || pkt->data[0] > pkt->len - 1) {
		if (pkt->len != 0)
			add(l, " (a length is wrong)");
		return;
	}
	add(l, pkt->code == PAP_REQUEST ? " name " : " ");
	add_text(l, pkt->data + 1, pkt->data[0]);
	if (pkt->code == PAP_REQUEST)
		add(l, " password <hidden>");
}

static void
add_chap_body(struct line *l, const struct cp_packet *pkt)
{
	if (pkt->code == CHAP_SUCCESS || pkt->code == CHAP_FAILURE) {
		add(l, " ");
		add_text(l, pkt->data, pkt->len);
		return;
	}
	if (pkt->code != CHAP_CHALLENGE && pkt->code != CHAP_RESPONSE) {
		add(l, " <hidden>");
		return;
	}
	if (pkt->len < 1 || pkt->data[0] > pkt->len - 1) {
		add(l, " (a length is wrong)");
		return;
	}
	add(l, " value of %u bytes, name ", pkt->data[0]);
	add_text(l, pkt->data + 1 + pkt->data[0], pkt->len - 1u - pkt->data[0]);
}

static bool
is_described(uint16_t proto)
{
	return proto == PPP_LCP || proto == PPP_PAP || proto == PPP_CHAP || proto == PPP_IPCP || proto == PPP_IPV6CP ||
		proto == PPP_CCP || proto == PPP_ECP;
}

static void
add_packet(struct line *l, uint16_t proto, const struct cp_packet *pkt)
{
	const char *code = code_name(proto, pkt->code);

	if (code != NULL)
		add(l, " %s", code);
	else
		add(l, " code %u", pkt->code);
	add(l, " id %u", pkt->id);
	if (code == NULL)
		add(l, ", %u bytes", pkt->len);
	else if (proto == PPP_PAP)
		add_pap_body(l, pkt);
	else if (proto == PPP_CHAP)
		add_chap_body(l, pkt);
	else
		add_cp_body(l, proto, pkt);
}

int
cp_describe(uint16_t proto, const uint8_t *p, size_t n, char *buf, size_t cap)
{
	struct line l = {.buf = buf, .cap = cap};
	struct cp_packet pkt;

	if (cap == 0)
		return 0;
	buf[0] = '\0';
	add_proto(&l, proto);
	if (!is_described(proto))
		add(&l, ", %zu bytes", n);
	else if (!cp_packet_parse(p, n, 0, &pkt))
		add(&l, " packet with a bad length, %zu bytes", n);
	else
		add_packet(&l, proto, &pkt);
	return (int)l.len;
}
