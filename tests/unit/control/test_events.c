/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "control/events.h"
#include "control/limiter.h"
#include "control/report.h"

static void
events_are_read_in_order_from_any_number_on(void **state)
{
	struct events *e = events_new();
	const struct event_record *r;
	uint64_t after = 3;

	(void)state;
	assert_null(events_next(e, 0));
	for (unsigned i = 1; i <= 10; i++) {
		char text[16];

		snprintf(text, sizeof(text), "%u", i);
		events_add(e, i, "note", "", "", text, NULL);
	}
	assert_int_equal(events_last(e), 10);
	for (unsigned want = 4; (r = events_next(e, after)) != NULL; want++) {
		assert_int_equal(r->seq, want);
		assert_int_equal(r->wall_ms, want);
		after = r->seq;
	}
	assert_int_equal(after, 10);
	events_free(e);
}

static void
a_slow_reader_goes_on_at_the_oldest_that_is_kept(void **state)
{
	struct events *e = events_new();

	(void)state;
	for (unsigned i = 1; i <= EVENTS_KEPT + 5; i++)
		events_add(e, i, "note", "", "", "x", NULL);
	assert_int_equal(events_next(e, 0)->seq, 6);
	assert_int_equal(events_next(e, 2)->seq, 6);
	assert_int_equal(events_next(e, 6)->seq, 7);
	assert_int_equal(events_next(e, EVENTS_KEPT + 4)->seq, EVENTS_KEPT + 5);
	assert_null(events_next(e, EVENTS_KEPT + 5));
	assert_null(events_next(e, UINT64_MAX));
	events_free(e);
}

static void
long_texts_are_cut(void **state)
{
	struct events *e = events_new();
	char text[2 * EVENT_TEXT_MAX];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	events_add(e, 1, "note", text, text, text, NULL);
	assert_int_equal(strlen(events_next(e, 0)->text), EVENT_TEXT_MAX - 1);
	assert_int_equal(strlen(events_next(e, 0)->link), EVENT_NAME_MAX - 1);
	events_free(e);
}

static void
whom_an_event_is_about_is_taken_from_its_text(void **state)
{
	static const struct {
		host_link_id link;
		const char *text, *name, *bundle;
	} rows[] = {
		{0, "home/line0: looking for a concentrator on line0", "home/line0", ""},
		{5, "home/line0: up in bundle 1", "home/line0", ""},
		{2, "2 (mluser, 46:ae:e1:73:12:1e): user 'mluser' accepted", "2", ""},
		{0, "isp: PADI from 02:00:00:00:00:01 on line0 refused: too many", "", ""},
		{0, "bundle 1 'mluser' up with multilink", "", "mluser"},
		{0, "bundle 1 'ml", "", ""},
		{0, "", "", ""},
		{1, "", "", ""},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct host_out_item it = {.link = rows[i].link};
		char name[32];

		report_link(&it, rows[i].text, name, sizeof(name));
		assert_string_equal(name, rows[i].name);
		report_bundle(rows[i].text, name, sizeof(name));
		assert_string_equal(name, rows[i].bundle);
	}
}

static void
names_longer_than_their_place_are_cut(void **state)
{
	const struct host_out_item it = {.link = 1};
	char name[4];

	(void)state;
	report_link(&it, "abcdefgh: x", name, sizeof(name));
	assert_string_equal(name, "abc");
	report_bundle("bundle 1 'abcdefgh' up", name, sizeof(name));
	assert_string_equal(name, "abc");
}

static void
a_limiter_gives_its_rate_and_no_more_than_its_burst(void **state)
{
	struct limiter l;
	unsigned taken = 0;

	(void)state;
	limiter_init(&l, 10, 5, 1000);
	for (unsigned i = 0; i < 20; i++)
		taken += limiter_take(&l, 1000);
	assert_int_equal(taken, 5);
	assert_int_equal(l.refused, 15);
	for (uint64_t ms = 1001; ms <= 11000; ms++)
		taken += limiter_take(&l, ms);
	assert_int_equal(taken, 5 + 100);
	taken = 0;
	for (unsigned i = 0; i < 20; i++)
		taken += limiter_take(&l, UINT64_C(1) << 60); /* a long silence does not add up */
	assert_int_equal(taken, 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_read_in_order_from_any_number_on),
		cmocka_unit_test(a_slow_reader_goes_on_at_the_oldest_that_is_kept),
		cmocka_unit_test(long_texts_are_cut),
		cmocka_unit_test(whom_an_event_is_about_is_taken_from_its_text),
		cmocka_unit_test(names_longer_than_their_place_are_cut),
		cmocka_unit_test(a_limiter_gives_its_rate_and_no_more_than_its_burst),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
