/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/replay_pcap.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NS_PER_S = 1000000000, RAW_SNAPLEN = 65535 };

/* A time beyond is a damaged file's. The year is 2242. */
static const int64_t SECONDS_MAX = INT64_C(1) << 33;

static bool __attribute__((format(printf, 2, 3))) failed(const char **why, const char *fmt, ...)
{
	static char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	*why = text;
	return false;
}

/* ------------------------------------------------------------------ reading */

static uint64_t
time_of(const struct capture *c, const struct pcap_pkthdr *h)
{
	const int64_t s = h->ts.tv_sec, ns = h->ts.tv_usec; /* nanoseconds were asked for */

	if (s < 0 || s > SECONDS_MAX || ns < 0 || ns >= NS_PER_S)
		return c->time_ns;
	return (uint64_t)s * NS_PER_S + (uint64_t)ns;
}

void
capture_step(struct capture *c)
{
	struct pcap_pkthdr *h;
	uint64_t time_ns;
	const int ret = pcap_next_ex(c->pcap, &h, &c->bytes);

	if (ret != 1) {
		c->ended = true;
		if (ret == PCAP_ERROR)
			snprintf(c->damage, sizeof(c->damage), "%s", pcap_geterr(c->pcap));
		return;
	}
	time_ns = time_of(c, h);
	c->len = h->caplen;
	c->frames++;
	c->cut += h->caplen < h->len;
	c->disordered += time_ns < c->time_ns;
	if (time_ns > c->time_ns)
		c->time_ns = time_ns;
}

static bool
capture_open(struct capture *c, const char *path, const char **why)
{
	char error[PCAP_ERRBUF_SIZE];
	const char *name;
	int type;

	*c = (struct capture){.path = path};
	c->pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);
	if (c->pcap == NULL) {
		const size_t n = strlen(path);

		/* libpcap names the file itself when it cannot be opened */
		if (strncmp(error, path, n) == 0 && error[n] == ':')
			return failed(why, "%s", error);
		return failed(why, "%s: %s", path, error);
	}
	type = pcap_datalink(c->pcap);
	name = pcap_datalink_val_to_name(type);
	if (type != DLT_EN10MB)
		return failed(why,
			"%s: link type is %s (%d), wanted is EN10MB: captured on the Ethernet device of a line", path,
			name != NULL ? name : "unknown", type);
	capture_step(c);
	return true;
}

bool
captures_open(struct captures *c, const char *const *paths, unsigned n, const char **why)
{
	bool good = true;

	*c = (struct captures){0};
	if (n > DP_REPLAY_PORTS_MAX)
		return failed(why, "%u captures: %u are possible at once, mergecap(1) makes one of several", n,
			DP_REPLAY_PORTS_MAX);
	for (; c->n < n && good; c->n++)
		good = capture_open(&c->of[c->n], paths[c->n], why);
	if (!good)
		captures_close(c);
	return good;
}

void
captures_close(struct captures *c)
{
	for (unsigned i = 0; i < c->n; i++)
		if (c->of[i].pcap != NULL)
			pcap_close(c->of[i].pcap);
	c->n = 0;
}

struct capture *
captures_next(struct captures *c)
{
	struct capture *first = NULL;

	for (unsigned i = 0; i < c->n; i++)
		if (!c->of[i].ended && (first == NULL || c->of[i].time_ns < first->time_ns))
			first = &c->of[i];
	return first;
}

/* ------------------------------------------------------------------ writing */

bool
packet_file_open(struct packet_file *f, const char *path, const char **why)
{
	f->pcap = pcap_open_dead_with_tstamp_precision(DLT_RAW, RAW_SNAPLEN, PCAP_TSTAMP_PRECISION_NANO);
	if (f->pcap == NULL)
		return failed(why, "%s: %s", path, strerror(ENOMEM));
	f->dumper = pcap_dump_open(f->pcap, path);
	if (f->dumper != NULL)
		return true;
	failed(why, "%s", pcap_geterr(f->pcap));
	pcap_close(f->pcap);
	return false;
}

void
packet_file_add(struct packet_file *f, uint64_t time_ns, const uint8_t *bytes, size_t len)
{
	const struct pcap_pkthdr h = {
		.ts = {.tv_sec = (time_t)(time_ns / NS_PER_S), .tv_usec = (suseconds_t)(time_ns % NS_PER_S)},
		.caplen = (bpf_u_int32)len,
		.len = (bpf_u_int32)len,
	};

	pcap_dump((u_char *)f->dumper, &h, bytes);
}

bool
packet_file_close(struct packet_file *f, const char **why)
{
	const bool good = pcap_dump_flush(f->dumper) == 0 && !ferror(pcap_dump_file(f->dumper));

	if (!good)
		failed(why, "%s", strerror(errno));
	pcap_dump_close(f->dumper);
	pcap_close(f->pcap);
	return good;
}
