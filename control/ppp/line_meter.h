/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_PPP_LINE_METER_H
#define CONTROL_PPP_LINE_METER_H

#include <stdbool.h>
#include <stdint.h>

/* Finds the rate of a line that carries less than was told, or of which nothing was told, by the time that Echo-Requests take. They go in
 * front of our own data, so they wait only in queues behind us: while we send more than the line carries, they take longer and longer.
 * But so they do when the peer floods its own sending direction. So nothing is believed that does not answer to an experiment: the rate is
 * halved until the round trip falls, it must grow again at the rate before and fall again below it; then the rate at which it begins to
 * grow is closed in on, to a part in 32. A round trip that
 * does not follow our rate is not of our making: the rate is what it was, and the next experiment comes later each time. What was found
 * is tried a little higher now and then. A line that carries more than was told is not found: we never send faster than told. */

enum {
	LINE_METER_STEADY_MS = 5000, /* between two probes */
	LINE_METER_SEARCH_MS = 1000, /* the same in an experiment */
	LINE_METER_REST_MS = 60000,  /* after the first experiment in vain; twice as long after each further one, */
	LINE_METER_REST_MAX_MS = 3600000,
	LINE_METER_RETRY_MS =
		300000, /* then a rate that was found is tried higher; after twice the time again, as rests grow */
	LINE_METER_SEARCH_MAX_MS = 180000,
	LINE_METER_EXCESS_MS = 30, /* by which a round trip is long */
};

enum line_meter_news {
	LINE_METER_NOTHING,
	LINE_METER_CHANGED, /* rate_bps, for an experiment */
	LINE_METER_FOUND,   /* rate_bps is what the line carries */
	LINE_METER_NOT_OURS /* rate_bps is as before the experiment: the round trip does not follow it */
};

struct line_meter {
	uint64_t told_bps; /* 0: nothing was told */
	uint64_t rate_bps; /* in force now; 0: not paced */

	uint8_t state; /* of the search, see line_meter.c */
	uint8_t samples, highs;
	bool base_known, raising;
	uint32_t base_ms;                      /* round trip of an empty line */
	uint32_t last_ms, least_ms;            /* of this experiment */
	uint64_t before_bps;                   /* in force before it */
	uint64_t good_bps, bad_bps;            /* the line carries the one and not the other */
	uint64_t begun_ms, rest_ms, resume_ms; /* of the experiment; the rest after it, and its end */
	uint64_t retry_ms, retry_each_ms, probe_ms;
};

/* told_bps: 0, or what was configured or told by tags. */
void line_meter_init(struct line_meter *m, uint64_t told_bps, uint64_t now_ms);
/* When the next Echo-Request is due. */
uint64_t line_meter_deadline_ms(const struct line_meter *m);
/* One was sent. */
enum line_meter_news line_meter_probed(struct line_meter *m, uint64_t now_ms);
/* One was answered after rtt_ms. */
enum line_meter_news line_meter_sample(struct line_meter *m, uint32_t rtt_ms, uint64_t now_ms);
/* rate_bps is not the one that was told. */
bool line_meter_is_found(const struct line_meter *m);

#endif
