/* SPDX-License-Identifier: Apache-2.0 */
/* The life of an alert in the book: its end, restarts, reloads, many at once, random histories. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "book_steps.h"

/* What becomes of an alert that ends before it could be told. */
static void test_resolved_before_it_was_told(void **state)
{
	static const struct {
		const char *what;
		const struct book_result *firing; /* to the desk */
		bool is_told_elsewhere;
		bool is_resolved_told;
	} rows[] = {
		{"nobody knows: its end stands for the whole", &retry, false, true},
		{"others know, it cannot have arrived: nothing", &retry, true, false},
		{"others know, but it may have arrived: its end", &timed_out, true, true},
		{"it was told: its end", &sent, true, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t mask = TO(DESK) | (rows[i].is_told_elsewhere ? TO(MANAGER) : 0);
		struct book *b = new_book();
		struct book_batch batch;
		size_t told_cnt = 0;

		tell(b, "a", ALERT_FIRING, mask, S);
		expect(b, S, DESK, "a:firing", rows[i].firing);
		if (rows[i].is_told_elsewhere)
			expect(b, S, MANAGER, "a:firing", &sent);
		tell(b, "a", ALERT_RESOLVED, mask, S + 100 * MS);
		while (book_take(b, 5 * S, &batch)) {
			told_cnt += batch.channel_idx == DESK;
			book_done(b, &batch, &sent, 5 * S);
		}
		if (told_cnt != rows[i].is_resolved_told)
			fail_msg("%s: told %zu times", rows[i].what, told_cnt);
		book_free(b);
	}
}

static void test_resolved_while_it_is_being_told(void **state)
{
	struct book *b = new_book();
	struct book_batch batch;

	(void)state;
	tell(b, "a", ALERT_FIRING, TO(PAGER), S);
	expect_taken(b, S, PAGER, "a:firing", &batch);
	tell(b, "a", ALERT_RESOLVED, TO(PAGER), 2 * S);
	expect_nothing(b, 10 * S);
	book_done(b, &batch, &sent, 10 * S);
	expect(b, 10 * S, PAGER, "a:resolved", &sent);
	expect_empty(b, 10 * S);
	book_free(b);
}

static void test_dropped_after_an_hour(void **state)
{
	struct book *b = new_book();
	struct book_batch batch;
	uint64_t now_ns = S;

	(void)state;
	tell(b, "a", ALERT_FIRING, TO(PAGER), now_ns);
	expect(b, now_ns, PAGER, "a:firing", &timed_out);
	tell(b, "a", ALERT_RESOLVED, TO(PAGER), now_ns);
	while ((now_ns = book_next_ns(b, now_ns)) < S + 60 * MIN) {
		if (book_take(b, now_ns, &batch))
			book_done(b, &batch, &timed_out, now_ns);
	}
	expect_nothing(b, now_ns);
	assert_int_equal(book_dropped_cnt(b), 1);
	expect_empty(b, now_ns);
	book_free(b);
}

static void test_retry_after(void **state)
{
	static const struct {
		uint64_t asked_ns;
		uint64_t waited_ns;
		enum notify_channel_state state;
	} rows[] = {
		{5 * S, 5 * S, NOTIFY_RETRYING},
		{30 * S, 30 * S, NOTIFY_DOWN}, /* too long to wait for: escalates at once */
		{86400 * S, 5 * MIN, NOTIFY_DOWN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct book_result busy = {.outcome = BOOK_RETRY,
					   .retry_after_ns = rows[i].asked_ns};
		struct book *b = new_book();

		tell(b, "a", ALERT_FIRING, TO(DESK), S);
		expect(b, S, DESK, "a:firing", &busy);
		assert_int_equal(book_state(b, DESK), rows[i].state);
		if (rows[i].state == NOTIFY_DOWN)
			expect(b, S, PAGER, "a:firing", &sent);
		assert_true(book_acknowledge(b, "a", "ann"));
		expect_nothing(b, S + rows[i].waited_ns - 1);
		expect(b, S + rows[i].waited_ns, DESK, "a:firing", &sent);
		book_free(b);
	}
}

/* Channels that take one alert at a time get all of them, and no alert twice. */
static void test_one_at_a_time(void **state)
{
	struct book *b = new_book();

	(void)state;
	tell(b, "a", ALERT_FIRING, TO(PAGER), S);
	tell(b, "b", ALERT_FIRING, TO(PAGER), S);
	tell(b, "c", ALERT_FIRING, TO(PAGER), S);
	expect(b, S, PAGER, "a:firing", &sent);
	expect(b, S, PAGER, "b:firing", &sent);
	expect(b, S, PAGER, "c:firing", &sent);
	expect_nothing(b, MIN);
	book_free(b);
}

static void test_a_thousand_at_once(void **state)
{
	struct book *b = new_book();
	struct book_batch batch;
	struct alert a = make("one too many", ALERT_FIRING);
	size_t told_cnt = 0, batch_cnt = 0;
	char id[ALERT_ID_BYTES];

	(void)state;
	for (int i = 0; i < NOTIFY_ALERT_MAX; i++) {
		snprintf(id, sizeof(id), "%d", i);
		tell(b, id, ALERT_FIRING, TO(MANAGER), S);
	}
	assert_int_equal(book_alert(b, &a, TO(MANAGER), S), -ENOSPC);
	assert_int_equal(book_dropped_cnt(b), 1);
	while (book_take(b, S, &batch)) {
		told_cnt += batch.cnt;
		batch_cnt++;
		assert_int_equal(batch.cnt + batch.more_cnt,
				 batch_cnt == 1 ? NOTIFY_ALERT_MAX : batch.cnt + batch.more_cnt);
		book_done(b, &batch, &sent, S);
	}
	/* The last one is filled up with some that are known. */
	assert_int_equal(batch_cnt, (NOTIFY_ALERT_MAX + BOOK_BATCH_MAX - 1) / BOOK_BATCH_MAX);
	assert_int_equal(told_cnt, batch_cnt * BOOK_BATCH_MAX);
	assert_int_equal(book_pending_cnt(b, MANAGER), 0);
	for (int i = 0; i < NOTIFY_ALERT_MAX; i++) {
		snprintf(id, sizeof(id), "%d", i);
		tell(b, id, ALERT_RESOLVED, TO(MANAGER), 10 * S);
	}
	for (uint64_t now_ns = 10 * S; now_ns < 10 * MIN; now_ns += S) {
		while (book_take(b, now_ns, &batch))
			book_done(b, &batch, &sent, now_ns);
	}
	expect_empty(b, 10 * MIN);
	book_free(b);
}

static void test_restored(void **state)
{
	struct book *b = new_book();
	struct alert a = make("a", ALERT_FIRING);

	(void)state;
	assert_int_equal(book_restore(b, &a, TO(DESK) | TO(MANAGER), 100 * S), 0);
	/* What may have forgotten is told at once; people know. */
	expect(b, 100 * S, MANAGER, "a:firing", &sent);
	expect_nothing(b, 101 * S);
	tell(b, "a", ALERT_RESOLVED, TO(DESK) | TO(MANAGER), 110 * S);
	expect(b, 110 * S, DESK, "a:resolved", &sent);
	expect(b, 110 * S, MANAGER, "a:resolved", &sent);
	book_free(b);
}

static void test_drain(void **state)
{
	struct book *b = new_book();
	struct book_batch batch;

	(void)state;
	tell(b, "a", ALERT_FIRING, TO(DESK) | TO(MANAGER), S);
	expect(b, S, DESK, "a:firing", &retry);
	expect(b, S, MANAGER, "a:firing", &sent);
	tell(b, "b", ALERT_FIRING, TO(MANAGER), S);
	expect_nothing(b, S);
	book_drain(b, S);
	assert_false(book_is_idle(b, S));
	/* One more attempt each, neither waiting for the group nor for the backoff. */
	expect_taken(b, S, DESK, "a:firing", &batch);
	expect(b, S, MANAGER, "b:firing a:firing", &sent);
	assert_false(book_is_idle(b, S));
	book_done(b, &batch, &retry, S);
	assert_false(book_is_idle(b, S));
	expect(b, S, PAGER, "a:firing", &sent);
	assert_true(book_is_idle(b, S));
	expect_nothing(b, 10 * MIN);
	book_free(b);
}

/* After the reload: the manager, and the pager behind nobody. */
static uint32_t both(const void *context, const struct alert *alert)
{
	(void)context;
	assert_string_equal(alert->id, "a");
	return TO(0) | TO(1);
}

static void test_reload_keeps_what_was_told(void **state)
{
	struct book_channel fewer[] = {channels[MANAGER], channels[PAGER]};
	struct book *old = new_book(), *b;

	(void)state;
	tell(old, "a", ALERT_FIRING, TO(MANAGER) | TO(DESK), S);
	expect(old, S, DESK, "a:firing", &sent);
	expect(old, S, MANAGER, "a:firing", &sent);
	fewer[1].then_idx = -1;
	assert_int_equal(book_new(fewer, 2, 1, 0, &b), 0);
	book_adopt(b, old, both, NULL, 2 * S);
	book_free(old);
	/* The manager knows; the pager has become a first channel. */
	expect(b, 2 * S, 1, "a:firing", &sent);
	expect_nothing(b, 3 * S);
	assert_int_equal(book_counts(b, 0)->sent_cnt, 1);
	book_free(b);
}

/* Random alerts, results and acknowledgements: at the end everybody knows the end of what they were
 * told, and the table is empty. */
static void test_random_histories_end_well(void **state)
{
	enum { ALERTS = 12 };
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 200; round++) {
		enum alert_state states[ALERTS] = {0}, known[ALERTS][CHANNEL_CNT] = {0};
		struct book *b = new_book();
		uint64_t now_ns = S;

		for (int step = 0; step < 400; step++) {
			struct book_batch batch;
			uint32_t r = seed = seed * 1664525 + 1013904223;
			size_t i = (r >> 8) % ALERTS;
			char id[2] = {(char)('a' + i), 0};

			now_ns += (r >> 20) * MS;
			if (step < 200 && states[i] != ALERT_RESOLVED) {
				states[i] = states[i] ? ALERT_RESOLVED : ALERT_FIRING;
				tell(b, id, states[i], TO(DESK) | TO(MANAGER), now_ns);
			}
			if (step == 200) {
				for (size_t k = 0; k < ALERTS; k++) {
					id[0] = (char)('a' + k);
					tell(b, id, ALERT_RESOLVED, TO(DESK), now_ns);
				}
			}
			while (book_take(b, now_ns, &batch)) {
				bool is_sent = step > 250 || (seed >> 16 & 3) == 0;

				seed = seed * 1664525 + 1013904223;
				for (size_t k = 0; is_sent && k < batch.cnt; k++)
					known[batch.items[k].alert->id[0] - 'a']
					     [batch.channel_idx] = batch.items[k].alert->state;
				book_done(b, &batch, is_sent ? &sent : &retry, now_ns);
			}
		}
		for (size_t k = 0; k < ALERTS; k++) {
			for (size_t c = 0; c < CHANNEL_CNT; c++)
				assert_int_not_equal(known[k][c], ALERT_FIRING);
			if (states[k])
				assert_true(known[k][DESK] || known[k][PAGER] || known[k][MANAGER]);
		}
		expect_empty(b, now_ns + 10 * MIN);
		book_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolved_before_it_was_told),
		cmocka_unit_test(test_resolved_while_it_is_being_told),
		cmocka_unit_test(test_dropped_after_an_hour),
		cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_one_at_a_time),
		cmocka_unit_test(test_a_thousand_at_once),
		cmocka_unit_test(test_restored),
		cmocka_unit_test(test_drain),
		cmocka_unit_test(test_reload_keeps_what_was_told),
		cmocka_unit_test(test_random_histories_end_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
