/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_LINK_QUALITY_H
#define CONTROL_PPP_LINK_QUALITY_H

#include <stdbool.h>
#include <stdint.h>

/* How good a link is, by the Echo-Requests that time it: round trip, its jitter, loss; and whether the link is too bad to be sent on. One bad
 * link makes a whole bundle wait. A link that is suspended is probed as before and still received from; it comes back when it has been
 * well below the limits for some time, longer each time if it keeps falling back. */

enum {
	LINK_QUALITY_PROBE_MS = 1000,
	LINK_QUALITY_WINDOW = 32,    /* probes that loss is counted over */
	LINK_QUALITY_LEAST = 16,     /* before so many nothing is decided */
	LINK_QUALITY_HOLDS_MAX = 16, /* times the hold, at most */
	LINK_QUALITY_BUCKETS = 12,
	LINK_LOSS_BUCKETS = 11,
};

struct link_quality_limits {
	uint16_t loss_max_permille; /* 0: loss does not count */
	uint32_t skew_max_ms;       /* above the bundle's fastest link; 0: it does not count */
	uint32_t hold_ms;           /* a link is suspended for so long at least */
};

enum link_quality_verdict { LINK_QUALITY_AS_IT_IS, LINK_QUALITY_LOSS, LINK_QUALITY_SKEW, LINK_QUALITY_GOOD };

struct link_quality {
	uint64_t probes, lost;
	uint32_t window; /* bit 0: the newest probe; set: it was lost */
	uint8_t n;       /* of the window's bits that count */
	bool awaiting, known, suspended;
	uint32_t rtt_8th_ms;     /* smoothed round trip, times 8 */
	uint32_t jitter_16th_ms; /* mean difference of two in a row, times 16 (as in RFC 3550 section 6.4.1) */
	uint32_t last_ms, least_ms, most_ms;
	uint32_t rtts[LINK_QUALITY_BUCKETS]; /* how many were at most link_quality_bounds_ms[i] */
	uint64_t probe_ms;                   /* when the next one is due */
	uint64_t good_ms; /* suspended: since when it is well below the limits; UINT64_MAX: it is not */
	uint64_t resumed_ms;
	uint8_t holds; /* that it has to be good for */
	uint16_t
		reported_permille; /* loss of what we send, as the peer's reports tell it; 0: nothing, or there are none */
	unsigned suspensions;
};

/* 1, 2, 5, 10 ... 2000 ms, and whatever is longer. */
extern const uint32_t link_quality_bounds_ms[LINK_QUALITY_BUCKETS];

/* 0, 1, 2, 5, 10 ... 1000 of 1000. */
extern const uint16_t link_loss_bounds_permille[LINK_LOSS_BUCKETS];

/* How what is known of a link is spread over its samples, one each second: how many were at most the bound. */
struct link_spread {
	uint32_t jitters[LINK_QUALITY_BUCKETS]; /* difference of two round trips in a row, ms */
	uint32_t skews[LINK_QUALITY_BUCKETS];   /* as a receiver: behind the fastest link, ms */
	uint32_t losses[LINK_LOSS_BUCKETS];     /* as a receiver: of 1000 fragments of that second */
	uint64_t packets, lost;                 /* totals at the last sample */
	bool counted;
};

void link_spread_jitter(struct link_spread *s, uint32_t step_ms);
/* Totals of what came on the link and of what is missing from it, and how late it is. A second without either tells nothing of loss. */
void link_spread_received(struct link_spread *s, uint64_t packets, uint64_t lost, uint32_t skew_us);

void link_quality_init(struct link_quality *q, uint64_t now_ms);
/* The next Echo-Request is sent: whether the last one was answered is settled. */
void link_quality_probed(struct link_quality *q, uint64_t now_ms);
void link_quality_answered(struct link_quality *q, uint32_t rtt_ms);

/* A Link-Quality-Report of the peer's (RFC 1989) says how much of what we send is lost. */
void link_quality_reported(struct link_quality *q, unsigned permille);

/* Queries. Loss: of echoes, or what is reported if that is more. */
unsigned link_quality_loss_permille(const struct link_quality *q);
bool link_quality_is_reported(const struct link_quality *q); /* the loss is the peer's word */
uint32_t link_quality_rtt_ms(const struct link_quality *q);
uint32_t link_quality_jitter_us(const struct link_quality *q);

/* fastest_ms: smoothed round trip of the bundle's fastest link. What is answered is not done yet: link_quality_suspend() or
 * link_quality_resume() say that it was. GOOD: a suspended link may be sent on again. Of a peer that never answered one nothing is known: it may be one that sends no
 * data back. */
enum link_quality_verdict link_quality_judge(
	struct link_quality *q, const struct link_quality_limits *limits, uint32_t fastest_ms, uint64_t now_ms);
void link_quality_suspend(struct link_quality *q, const struct link_quality_limits *limits, uint64_t now_ms);
void link_quality_resume(struct link_quality *q, uint64_t now_ms);

#endif
