/* SPDX-License-Identifier: BSD-3-Clause */
#include "ppp_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/ppp.h"

/* ------------------------------------------------------------------ the table against the RFC's text */

struct rfc_row {
	char event[8];
	char cells[6][24];
	unsigned n;
};

static const char *const action_names[] = {
	"", "tlu", "tld", "tls", "tlf", "irc", "zrc", "scr", "sca", "scn", "str", "sta", "scj", "ser"};

/* The cell of our table as the RFC would print it. */
static void
cell_text(const struct cp_cell *cell, char text[40])
{
	unsigned i;

	text[0] = '\0';
	if (cell->next == CP_IMPOSSIBLE) {
		strcpy(text, "-");
		return;
	}
	for (i = 0; i < 3 && cell->actions[i] != CP_ACT_NONE; i++) {
		if (i != 0)
			strcat(text, ",");
		strcat(text, action_names[cell->actions[i]]);
	}
	sprintf(text + strlen(text), i != 0 ? "/%u" : "%u", cell->next);
	if (cell->mark != 0)
		sprintf(text + strlen(text), "%c", cell->mark);
}

/* " RCR+ |  sca/8   ..." */
static bool
row_parse(char *line, struct rfc_row *row)
{
	char *bar = strchr(line, '|');
	char *save, *word;

	if (bar == NULL)
		return false;
	*bar = '\0';
	if (sscanf(line, " %7s", row->event) != 1 || strcmp(row->event, "Events") == 0)
		return false;
	row->n = 0;
	for (word = strtok_r(bar + 1, " \n", &save); word != NULL; word = strtok_r(NULL, " \n", &save)) {
		assert_true(row->n < 6);
		snprintf(row->cells[row->n++], sizeof(row->cells[0]), "%s", word);
	}
	return true;
}

static unsigned
event_by_name(const char *name)
{
	unsigned e;

	for (e = 0; e < CP_EVENTS; e++) {
		if (strcmp(cp_event_name(e), name) == 0)
			return e;
	}
	fail_msg("no event %s", name);
	return 0;
}

static void
every_cell_of_the_table_is_the_rfcs(void **state)
{
	FILE *f = fopen(VECTORS_DIR "/rfc1661-automaton.txt", "r");
	unsigned first = 0, compared = 0, i;
	bool seen[CP_EVENTS][CP_STATES] = {0};
	struct rfc_row row;
	char line[160];

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strstr(line, "Req-Sent") != NULL)
			first = CP_REQ_SENT;
		if (!row_parse(line, &row))
			continue;
		assert_int_equal(row.n, first == 0 ? 6 : 4);
		for (i = 0; i < row.n; i++) {
			const unsigned e = event_by_name(row.event);
			char ours[40];

			cell_text(cp_fsm_cell(e, first + i), ours);
			if (strcmp(ours, row.cells[i]) != 0)
				fail_msg("%s in %s: %s, RFC: %s", row.event, cp_state_name(first + i), ours,
					row.cells[i]);
			assert_false(seen[e][first + i]);
			seen[e][first + i] = true;
			compared++;
		}
	}
	fclose(f);
	assert_int_equal(compared, (int)CP_EVENTS * (int)CP_STATES);
}

/* ------------------------------------------------------------------ effects of each cell */

static struct rng rng = {1};

static struct lcp_wish
greedy_wish(void)
{
	static const struct host_lcp greedy = {
		.p_mru = {true, true},
		.p_magic = {true, true},
		.p_mrru = {true, true},
		.p_short_seq = {true, true},
		.p_endpoint = {true, true},
		.p_pfc = {true, true},
		.p_auth = {true, true},
	};
	static struct host_endpoint longest = {.class = 1, .len = 252};

	return (struct lcp_wish){.lcp = &greedy,
		.multilink = &default_multilink,
		.endpoint = &longest,
		.mru_limit = 1500,
		.demand = {HOST_AUTH_CHAP_MD5, HOST_AUTH_PAP},
		.accept = {HOST_AUTH_CHAP_MD5, HOST_AUTH_PAP}};
}

static void
machine_in_state(struct lcp *l, enum cp_state s)
{
	const struct lcp_wish wish = greedy_wish();

	lcp_init(l, &wish, rng_fill, &rng);
	l->fsm.ops->reset(&l->fsm);
	l->fsm.state = (uint8_t)s;
	l->fsm.restarts = 1;
	l->fsm.request_id = 7;
	l->fsm.awaiting = true;
	l->fsm.deadline_ms = 0;
}

/* State of each cell that runs without options at stake. */
static void
each_event_leads_to_the_state_of_its_cell(void **state)
{
	uint8_t bytes[8] = {CP_ECHO_REQUEST, 9, 0, 8, 1, 2, 3, 4};
	struct cp_packet pkt = {.code = bytes[0], .id = 9, .len = 4, .data = bytes + 4};
	unsigned e, s;

	(void)state;
	for (e = 0; e < CP_EVENTS; e++) {
		for (s = 0; s < CP_STATES; s++) {
			const struct cp_cell *cell = cp_fsm_cell(e, s);
			struct outbox out;
			struct lcp l;

			machine_in_state(&l, s);
			outbox_init(&out);
			cp_fsm_event(&l.fsm, e, &pkt, 0, &out);
			assert_int_equal(l.fsm.state, cell->next == CP_IMPOSSIBLE ? s : cell->next);
			assert_false(out.overflow);
			/* the timer runs in the states that have TO events, and in no other */
			if (cell->next != CP_IMPOSSIBLE)
				assert_true((cp_fsm_cell(CP_TO_PLUS, l.fsm.state)->next != CP_IMPOSSIBLE) ==
					(l.fsm.deadline_ms != UINT64_MAX));
		}
	}
}

/* Packets that make the most effects: as long as can be, and every kind of code. */
static size_t
worst_packet(unsigned kind, uint8_t *p)
{
	size_t at = CP_HDR_LEN;

	p[0] = (uint8_t)(kind % 16);
	p[1] = 7;
	switch (kind / 16) {
	case 0: /* unknown options to the brim: all come back in a Reject */
		for (; at + 255 <= CP_PACKET_MAX; at += 255) {
			memset(p + at, 0xee, 255);
			p[at + 1] = 255;
		}
		break;
	case 1: /* the smallest options */
		for (; at + 2 <= CP_PACKET_MAX; at += 2) {
			p[at] = (uint8_t)(at / 2);
			p[at + 1] = 2;
		}
		break;
	case 2: /* a text */
		memset(p + at, 'x', CP_PACKET_MAX - at);
		at = CP_PACKET_MAX;
		break;
	case 3: /* one that is accepted */
		at += hex("0104 05d4 0506 12345678", p + at, 12);
		break;
	default: /* nothing */
		break;
	}
	store_be16(p + 2, (uint16_t)at);
	return at;
}

static void
no_call_makes_more_effects_than_an_outbox_holds(void **state)
{
	unsigned s, kind, most_items = 0, most_bytes = 0;
	uint8_t p[CP_PACKET_MAX];
	struct outbox out;
	struct lcp l;

	(void)state;
	for (s = 0; s < CP_STATES; s++) {
		for (kind = 0; kind < 5 * 16; kind++) {
			const size_t n = worst_packet(kind, p);

			machine_in_state(&l, s);
			outbox_init(&out);
			lcp_input(&l, p, n, 0, &out);
			assert_false(out.overflow);
			most_items = out.n > most_items ? out.n : most_items;
			most_bytes = out.used > most_bytes ? out.used : most_bytes;
		}
	}
	print_message("most effects of a call: %u of %d items, %u of %d bytes\n", most_items, OUTBOX_ITEMS, most_bytes,
		OUTBOX_BYTES);
	assert_in_range(most_items, 3, OUTBOX_ITEMS);
}

/* ------------------------------------------------------------------ timers, counters, identifiers */

static void
machine_up(struct lcp *l, struct outbox *out)
{
	const struct lcp_wish wish = default_wish();

	lcp_init(l, &wish, rng_fill, &rng);
	outbox_init(out);
	lcp_open(l, 1000, out);
	lcp_lower(l, true, 1000, out);
}

static void
request_is_sent_max_configure_times_and_keeps_its_identifier(void **state)
{
	uint64_t now = 1000;
	unsigned sends = 0;
	struct outbox out;
	struct lcp l;
	size_t len;
	int id = -1;

	(void)state;
	machine_up(&l, &out);
	while (count_kind(&out, OUT_LAYER_FINISHED) == 0) {
		const uint8_t *p = sent_code(&out, CP_CONFIGURE_REQUEST, &len);

		assert_non_null(p);
		assert_true(id < 0 || id == p[1]);
		id = p[1];
		sends++;
		assert_int_equal(lcp_deadline_ms(&l), now + 3000);
		now += 3000;
		outbox_init(&out);
		lcp_tick(&l, now - 1, &out);
		assert_int_equal(out.n, 0);
		lcp_tick(&l, now, &out);
	}
	assert_int_equal(sends, default_lcp.timing.max_configure);
	assert_string_equal(lcp_why(&l), "no answer to Configure-Requests");
	assert_true(has_note(&out, "no answer"));
	assert_int_equal(lcp_deadline_ms(&l), UINT64_MAX);
}

static void
terminate_request_is_sent_max_terminate_times(void **state)
{
	struct outbox out;
	unsigned sends = 0;
	struct lcp l;
	size_t len;
	uint64_t now = 5000;

	(void)state;
	machine_up(&l, &out);
	outbox_init(&out);
	lcp_close(&l, now, &out);
	while (count_kind(&out, OUT_LAYER_FINISHED) == 0) {
		assert_non_null(sent_code(&out, CP_TERMINATE_REQUEST, &len));
		sends++;
		now = lcp_deadline_ms(&l);
		outbox_init(&out);
		lcp_tick(&l, now, &out);
	}
	assert_int_equal(sends, default_lcp.timing.max_terminate);
	assert_int_equal(now, 5000 + 2 * 3000);
	assert_int_equal(l.fsm.state, CP_CLOSED);
}

static void
unsolicited_terminate_ack_with_a_foreign_identifier_does_not_end_closing(void **state)
{
	struct outbox out;
	uint8_t p[8];
	struct lcp l;

	(void)state;
	machine_up(&l, &out);
	outbox_init(&out);
	lcp_close(&l, 2000, &out);
	lcp_input(&l, p, packet(p, CP_TERMINATE_ACK, (uint8_t)(l.fsm.terminate_id + 1), ""), 2001, &out);
	assert_int_equal(l.fsm.state, CP_CLOSING);
	lcp_input(&l, p, packet(p, CP_TERMINATE_ACK, l.fsm.terminate_id, ""), 2002, &out);
	assert_int_equal(l.fsm.state, CP_CLOSED);
	assert_int_equal(count_kind(&out, OUT_LAYER_FINISHED), 1);
}

static void
code_reject_is_cut_to_the_peers_mru(void **state)
{
	uint8_t p[CP_PACKET_MAX];
	struct outbox out;
	const uint8_t *r;
	struct lcp l;
	size_t len;

	(void)state;
	machine_up(&l, &out);
	outbox_init(&out);
	memset(p, 0xab, sizeof(p));
	p[0] = 99;
	store_be16(p + 2, sizeof(p));
	l.fsm.tx_max = 200;
	lcp_input(&l, p, sizeof(p), 2000, &out);
	r = sent_code(&out, CP_CODE_REJECT, &len);
	assert_non_null(r);
	assert_int_equal(len, 200);
	assert_memory_equal(r + CP_HDR_LEN, p, 196);
}

static void
code_reject_of_a_needed_code_ends_the_layer_and_of_another_does_not(void **state)
{
	unsigned code;

	(void)state;
	for (code = 1; code < 16; code++) {
		const bool fatal = code <= CP_CODE_REJECT;
		struct outbox out;
		char data[16];
		uint8_t p[16];
		struct lcp l;

		machine_up(&l, &out);
		outbox_init(&out);
		snprintf(data, sizeof(data), "%02x070004", code);
		lcp_input(&l, p, packet(p, CP_CODE_REJECT, 1, data), 2000, &out);
		assert_int_equal(count_kind(&out, OUT_LAYER_FINISHED), fatal);
		assert_int_equal(l.fsm.state, fatal ? CP_STOPPED : CP_REQ_SENT);
	}
}

static void
packets_with_wrong_lengths_are_dropped_with_a_note(void **state)
{
	static const char *const rows[] = {
		"",
		"01",
		"0101",
		"010100",
		"01010003",
		"01010005",
		"0101ffff",
		"01010000",
		"01010006 0104", /* option longer than the packet */
		"01010006 0101", /* option shorter than its header */
		"01010005 01",
		"01010008 01050123",
		"01010008 01000123",
	};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct outbox out;
		uint8_t p[32];
		struct lcp l;

		machine_up(&l, &out);
		outbox_init(&out);
		lcp_input(&l, p, hex(rows[i], p, sizeof(p)), 2000, &out);
		assert_int_equal(count_kind(&out, OUT_SEND), 0);
		assert_true(has_note(&out, "dropped"));
		assert_int_equal(l.fsm.state, CP_REQ_SENT);
	}
}

static void
bytes_behind_the_length_field_are_padding(void **state)
{
	struct outbox out;
	uint8_t p[64] = {0};
	struct lcp l;

	(void)state;
	machine_up(&l, &out);
	outbox_init(&out);
	packet(p, CP_CONFIGURE_REQUEST, 3, "010405d4");
	lcp_input(&l, p, 46, 2000, &out);
	assert_sent(&out, CP_CONFIGURE_ACK, 3, "010405d4");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_of_the_table_is_the_rfcs),
		cmocka_unit_test(each_event_leads_to_the_state_of_its_cell),
		cmocka_unit_test(no_call_makes_more_effects_than_an_outbox_holds),
		cmocka_unit_test(request_is_sent_max_configure_times_and_keeps_its_identifier),
		cmocka_unit_test(terminate_request_is_sent_max_terminate_times),
		cmocka_unit_test(unsolicited_terminate_ack_with_a_foreign_identifier_does_not_end_closing),
		cmocka_unit_test(code_reject_is_cut_to_the_peers_mru),
		cmocka_unit_test(code_reject_of_a_needed_code_ends_the_layer_and_of_another_does_not),
		cmocka_unit_test(packets_with_wrong_lengths_are_dropped_with_a_note),
		cmocka_unit_test(bytes_behind_the_length_field_are_padding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
