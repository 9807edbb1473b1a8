/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_LQR_H
#define CONTROL_PPP_LQR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Link-Quality-Reports of one link (RFC 1989). Each end counts what it sends and takes, and tells the other; what was lost in either direction
 * is the difference of the differences between two reports.
 *
 * Counts are of PPP packets on the link, reports and other control packets among them, and of their octets with PPPoE's header (a frame has no
 * flag, and its FCS is Ethernet's); they wrap at 32 bits and may begin anywhere. */

enum {
	LQR_LEN = 48,
	LQR_FRAME_OCTETS = 6 + 2 + LQR_LEN, /* as it counts itself: PPPoE, protocol, report */
	LQR_WINDOW = 8,                     /* reports that loss is summed over */
	LQR_PATIENCE = 3,                   /* periods without a report, and nothing of what the peer sends arrives */
};

struct lqr_count {
	uint32_t packets, octets;
};

/* Both directions of the link, at one time. */
struct lqr_counts {
	struct lqr_count in, out;
};

/* As on the wire (section 2.6). */
struct lqr_report {
	uint32_t magic;
	uint32_t last_out_lqrs;
	struct lqr_count last_out;
	uint32_t peer_in_lqrs, peer_in_packets, peer_in_discards, peer_in_errors, peer_in_octets;
	uint32_t peer_out_lqrs;
	struct lqr_count peer_out;
};

/* What one end sent and the other did not get, over some reports. A packet under way when one end counted and not when the other did makes `lost`
 * negative for one report, and the next one is right again. */
struct lqr_loss {
	uint32_t sent[LQR_WINDOW];
	int32_t lost[LQR_WINDOW];
	uint8_t n, at;
};

struct lqr {
	bool sends;           /* the peer wants reports */
	uint32_t period_ms;   /* at least so often; 0: as answers to its own */
	bool expects;         /* we asked for reports */
	uint32_t expected_ms; /* the peer promised to send that often; 0: as answers to ours */
	uint32_t magic, peer_magic;
	uint64_t due_ms, heard_ms;
	uint32_t out_lqrs, in_lqrs; /* sent and taken */

	bool pending; /* a report was taken and waits for the counts that belong to it */
	bool owed;    /* it has to be answered at once */
	bool heard;   /* `last` and `saved` are there */
	struct lqr_report last, fresh;
	uint32_t saved_lqrs;
	struct lqr_count saved; /* ours in, when `last` came */
	struct lqr_loss out, in;
};

enum lqr_verdict { LQR_TAKEN, LQR_SHORT, LQR_LOOPED, LQR_FOREIGN };

/* sends, expects, their periods and the magic numbers are set; LCP has just opened. */
void lqr_begin(struct lqr *q, uint64_t now_ms);

/* n bytes behind the protocol field. TAKEN: lqr_counted() is due; LOOPED: it bears our own magic number; FOREIGN: neither ours nor the peer's. */
enum lqr_verdict lqr_input(struct lqr *q, const uint8_t *p, size_t n, uint64_t now_ms);

/* Whether the counts are needed now: a report is to be sent, or one that came is to be settled. */
bool lqr_asks(const struct lqr *q, uint64_t now_ms);
/* When that is so without another report, UINT64_MAX: never. */
uint64_t lqr_deadline_ms(const struct lqr *q);
/* The counts. True: *report has LQR_LEN bytes to be sent. */
bool lqr_counted(struct lqr *q, const struct lqr_counts *now, uint64_t now_ms, uint8_t report[LQR_LEN]);

/* A Reporting-Period of the option (section 2.5), in hundredths of a second; as long as 32 bits of milliseconds can say. */
uint32_t lqr_period_ms(uint32_t period_cs);

/* Of 1000 packets, over the last reports; 0 when nothing is known. When reports that were promised do not come any more, out is not known and in is
 * 1000. */
unsigned lqr_out_permille(const struct lqr *q, uint64_t now_ms);
unsigned lqr_in_permille(const struct lqr *q, uint64_t now_ms);

/* Section 2.6. */
bool lqr_parse(const uint8_t *p, size_t n, struct lqr_report *r);
void lqr_store(uint8_t p[LQR_LEN], const struct lqr_report *r);

#endif
