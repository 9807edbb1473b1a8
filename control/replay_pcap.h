/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_REPLAY_PCAP_H
#define CONTROL_REPLAY_PCAP_H

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/api/replay.h"

/* Captures as --replay reads and writes them. */

struct capture {
	const char *path;
	pcap_t *pcap;
	uint64_t time_ns; /* of the next frame; within a file it never runs backward */
	const uint8_t *bytes;
	size_t len;
	bool ended;
	uint64_t frames, cut, disordered; /* read; captured in part only; with a time before the frame in front */
	char damage[PCAP_ERRBUF_SIZE];    /* why it ended early, or "" */
};

struct captures {
	unsigned n;
	struct capture of[DP_REPLAY_PORTS_MAX];
};

/* All of them, each at its first frame. False: *why (in a static buffer) says which is not what. */
bool captures_open(struct captures *c, const char *const *paths, unsigned n, const char **why);
void captures_close(struct captures *c);
/* The one with the earliest frame, among equals the first; NULL: all have ended. */
struct capture *captures_next(struct captures *c);
/* On to its next frame. */
void capture_step(struct capture *c);

struct packet_file {
	pcap_t *pcap;
	pcap_dumper_t *dumper;
};

/* Raw IP with nanoseconds; an existing file is replaced. */
bool packet_file_open(struct packet_file *f, const char *path, const char **why);
void packet_file_add(struct packet_file *f, uint64_t time_ns, const uint8_t *bytes, size_t len);
/* False: not everything could be written. */
bool packet_file_close(struct packet_file *f, const char **why);

#endif
