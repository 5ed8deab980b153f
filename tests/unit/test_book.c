/* SPDX-License-Identifier: Apache-2.0 */
/* Who is told what and when: grouping, retries, escalation, reminders, on an injected clock. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "notify/book.h"

#define MS  1000000ULL
#define S   1000000000ULL
#define MIN (60 * S)

/* The channels of most tests: a pager behind a desk, and an Alertmanager beside them. */
enum { DESK, PAGER, MANAGER, CHANNEL_CNT };

static const struct book_channel channels[CHANNEL_CNT] = {
	[DESK] = {.name = "desk",
		  .min_severity = ALERT_WARNING,
		  .retry_max = 2,
		  .escalate_after_ns = 5 * MIN,
		  .repeat_ns = 240 * MIN,
		  .batch_max = 64,
		  .then_idx = PAGER},
	[PAGER] = {.name = "pager",
		   .min_severity = ALERT_WARNING,
		   .retry_max = 2,
		   .repeat_ns = 240 * MIN,
		   .batch_max = 1,
		   .then_idx = -1},
	[MANAGER] = {.name = "manager",
		     .min_severity = ALERT_INFO,
		     .retry_max = 3,
		     .repeat_ns = MIN,
		     .batch_max = 64,
		     .forgets = true,
		     .then_idx = -1},
};

#define TO(channel) (1U << (channel))

static const struct book_result sent = {.outcome = BOOK_SENT};
static const struct book_result retry = {.outcome = BOOK_RETRY};
static const struct book_result timed_out = {.outcome = BOOK_RETRY, .may_have_arrived = true};
static const struct book_result refused = {.outcome = BOOK_REFUSED};

static struct book *new_book(void)
{
	struct book *b;

	assert_int_equal(book_new(channels, CHANNEL_CNT, 42, 0, &b), 0);
	return b;
}

static struct alert make(const char *id, enum alert_state state)
{
	struct alert a = {.state = state, .severity = ALERT_WARNING};

	snprintf(a.id, sizeof(a.id), "%s", id);
	snprintf(a.rule, sizeof(a.rule), "rule");
	snprintf(a.group, sizeof(a.group), "group");
	return a;
}

static void tell(struct book *b, const char *id, enum alert_state state, uint32_t mask,
		 uint64_t now_ns)
{
	struct alert a = make(id, state);

	assert_int_equal(book_alert(b, &a, mask, now_ns), 0);
}

/* The next batch goes to the channel and has exactly the alerts "a:firing b:resolved" in its order.
 */
static void expect_taken(struct book *b, uint64_t now_ns, size_t channel_idx, const char *alerts,
			 struct book_batch *ret_batch)
{
	char text[4096] = "";
	size_t length = 0;

	if (!book_take(b, now_ns, ret_batch))
		fail_msg("nothing is due, not \"%s\"", alerts);
	for (size_t i = 0; i < ret_batch->cnt; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s:%s",
					   i ? " " : "", ret_batch->items[i].alert->id,
					   alert_state_name(ret_batch->items[i].alert->state));
	assert_string_equal(text, alerts);
	assert_int_equal(ret_batch->channel_idx, channel_idx);
}

static void expect(struct book *b, uint64_t now_ns, size_t channel_idx, const char *alerts,
		   const struct book_result *result)
{
	struct book_batch batch;

	expect_taken(b, now_ns, channel_idx, alerts, &batch);
	book_done(b, &batch, result, now_ns);
}

static void expect_nothing(struct book *b, uint64_t now_ns)
{
	struct book_batch batch;

	if (book_take(b, now_ns, &batch))
		fail_msg("%zu alert(s) to %s, from %s", batch.cnt, channels[batch.channel_idx].name,
			 batch.items[0].alert->id);
}

/* Nothing is left, so that the table does not fill up. */
static void expect_empty(struct book *b, uint64_t now_ns)
{
	expect_nothing(b, now_ns);
	assert_true(book_next_ns(b, now_ns) == BOOK_NEVER);
	assert_false(book_acknowledge(b, "a", "me"));
}

static void test_first_waits_for_nothing_the_next_for_the_group(void **state)
{
	struct book *b = new_book();

	(void)state;
	tell(b, "a", ALERT_FIRING, TO(DESK), 10 * S);
	assert_true(book_next_ns(b, 10 * S) == 10 * S);
	expect(b, 10 * S, DESK, "a:firing", &sent);
	tell(b, "b", ALERT_FIRING, TO(DESK), 10 * S + 100 * MS);
	tell(b, "c", ALERT_FIRING, TO(DESK), 10 * S + 200 * MS);
	expect_nothing(b, 11 * S);
	assert_true(book_next_ns(b, 11 * S) == 10 * S + NOTIFY_GROUP_WAIT_NS);
	/* With those that fire already: a group without them would look as if they were over. */
	expect(b, 10 * S + NOTIFY_GROUP_WAIT_NS, DESK, "b:firing c:firing a:firing", &sent);
	tell(b, "b", ALERT_RESOLVED, TO(DESK), 20 * S);
	expect(b, 20 * S, DESK, "b:resolved a:firing c:firing", &sent);
	tell(b, "a", ALERT_RESOLVED, TO(DESK), 30 * S);
	tell(b, "c", ALERT_RESOLVED, TO(DESK), 30 * S);
	expect(b, 30 * S, DESK, "a:resolved c:resolved", &sent);
	expect_empty(b, 40 * S);
	book_free(b);
}

static void test_another_group_does_not_wait(void **state)
{
	struct book *b = new_book();
	struct alert other = make("b", ALERT_FIRING);
	struct book_batch first, second;

	(void)state;
	snprintf(other.group, sizeof(other.group), "other");
	tell(b, "a", ALERT_FIRING, TO(DESK), S);
	assert_int_equal(book_alert(b, &other, TO(DESK), S), 0);
	/* Both under way at once: a hanging receiver of one delays the other no more than itself.
	 */
	expect_taken(b, S, DESK, "a:firing", &first);
	expect_taken(b, S, DESK, "b:firing", &second);
	assert_string_equal(second.group, "other");
	expect_nothing(b, S);
	book_done(b, &second, &retry, S);
	book_done(b, &first, &sent, S);
	book_free(b);
}

static void test_backoff_doubles_within_its_jitter(void **state)
{
	struct book *b = new_book();
	uint64_t now_ns = 100 * S, base_ns = S;

	(void)state;
	tell(b, "a", ALERT_FIRING, TO(MANAGER), now_ns);
	for (int i = 0; i < 12; i++) {
		uint64_t next_ns;

		expect(b, now_ns, MANAGER, "a:firing", &retry);
		next_ns = book_next_ns(b, now_ns);
		if (next_ns < now_ns + base_ns * 8 / 10 || next_ns > now_ns + base_ns * 12 / 10)
			fail_msg("retry %d after %llu ns", i + 1,
				 (unsigned long long)(next_ns - now_ns));
		expect_nothing(b, next_ns - 1);
		assert_int_equal(book_state(b, MANAGER), i < 3 ? NOTIFY_RETRYING : NOTIFY_DOWN);
		now_ns = next_ns;
		base_ns = base_ns * 2 > MIN ? MIN : base_ns * 2;
	}
	assert_int_equal(book_counts(b, MANAGER)->failed_cnt, 1);
	assert_int_equal(book_counts(b, MANAGER)->retry_cnt, 12);
	assert_int_equal(book_pending_cnt(b, MANAGER), 1);
	expect(b, now_ns, MANAGER, "a:firing", &sent);
	assert_int_equal(book_state(b, MANAGER), NOTIFY_OK);
	assert_int_equal(book_pending_cnt(b, MANAGER), 0);
	book_free(b);
}

static void test_used_up_retries_escalate_at_once(void **state)
{
	struct book *b = new_book();
	uint64_t now_ns = 100 * S;

	(void)state;
	tell(b, "a", ALERT_FIRING, TO(DESK), now_ns);
	for (int i = 0; i < 3; i++) {
		now_ns = book_next_ns(b, now_ns);
		expect(b, now_ns, DESK, "a:firing", &retry);
	}
	expect(b, now_ns, PAGER, "a:firing", &sent);
	assert_int_equal(book_state(b, DESK), NOTIFY_DOWN);
	/* While it is down, nobody waits for its retries. */
	tell(b, "b", ALERT_FIRING, TO(DESK), now_ns + 2 * S);
	expect(b, now_ns + 2 * S, PAGER, "b:firing", &sent);
	/* It comes back, and hears of what still fires. */
	now_ns = book_next_ns(b, now_ns + 2 * S);
	expect(b, now_ns, DESK, "a:firing b:firing", &sent);
	assert_int_equal(book_state(b, DESK), NOTIFY_OK);
	expect_nothing(b, now_ns + 4 * MIN);
	book_free(b);
}

static void test_refused_escalates_and_is_not_repeated(void **state)
{
	struct book *b = new_book();

	(void)state;
	tell(b, "a", ALERT_FIRING, TO(DESK), S);
	expect(b, S, DESK, "a:firing", &refused);
	expect(b, S, PAGER, "a:firing", &sent);
	assert_int_equal(book_counts(b, DESK)->failed_cnt, 1);
	expect_nothing(b, 3 * 60 * MIN);
	/* Where firing was refused, its end is no news. */
	tell(b, "a", ALERT_RESOLVED, TO(DESK), 200 * MIN);
	expect(b, 200 * MIN, PAGER, "a:resolved", &sent);
	expect_empty(b, 200 * MIN);
	book_free(b);
}

static void test_unacknowledged_escalates(void **state)
{
	struct book *b = new_book();

	(void)state;
	tell(b, "a", ALERT_FIRING, TO(DESK), S);
	tell(b, "b", ALERT_FIRING, TO(DESK), S);
	expect(b, S, DESK, "a:firing b:firing", &sent);
	assert_true(book_acknowledge(b, "a", "ann"));
	assert_false(book_acknowledge(b, "z", "ann"));
	assert_true(book_next_ns(b, 2 * S) == S + 5 * MIN);
	expect_nothing(b, 5 * MIN);
	expect(b, S + 5 * MIN, PAGER, "b:firing", &sent);
	expect_nothing(b, 60 * MIN);
	/* Reminders go to whoever has not acknowledged; of a group, with what else fires. */
	expect(b, S + 240 * MIN, DESK, "b:firing a:firing", &sent);
	book_free(b);
}

static void test_severity(void **state)
{
	struct book *b = new_book();
	struct alert a = make("a", ALERT_FIRING);
	struct book_batch batch;

	(void)state;
	a.severity = ALERT_INFO;
	assert_int_equal(book_alert(b, &a, TO(DESK) | TO(MANAGER), S), 0);
	expect(b, S, MANAGER, "a:firing", &sent);
	expect_nothing(b, 10 * S);
	/* The same again, with newer figures, is no news. */
	a.value = 12;
	assert_int_equal(book_alert(b, &a, TO(DESK) | TO(MANAGER), 11 * S), 0);
	expect_nothing(b, 11 * S);
	a.severity = ALERT_CRITICAL;
	assert_int_equal(book_alert(b, &a, TO(DESK) | TO(MANAGER), 20 * S), 0);
	expect(b, 20 * S, DESK, "a:firing", &sent);
	expect_taken(b, 20 * S, MANAGER, "a:firing", &batch);
	assert_int_equal(batch.items[0].told_severity, ALERT_INFO);
	assert_int_equal(batch.items[0].severity, ALERT_CRITICAL);
	book_done(b, &batch, &sent, 20 * S);
	/* Down again: not told. */
	a.severity = ALERT_WARNING;
	assert_int_equal(book_alert(b, &a, TO(DESK) | TO(MANAGER), 30 * S), 0);
	expect_nothing(b, 30 * S);
	book_free(b);
}

static void test_what_forgets_is_reminded(void **state)
{
	struct book *b = new_book();
	uint64_t now_ns = S;

	(void)state;
	tell(b, "a", ALERT_FIRING, TO(MANAGER), now_ns);
	expect(b, now_ns, MANAGER, "a:firing", &sent);
	assert_true(book_acknowledge(b, "a", "ann"));
	for (int i = 0; i < 5; i++) {
		now_ns += MIN;
		expect_nothing(b, now_ns - 1);
		expect(b, now_ns, MANAGER, "a:firing", &sent);
	}
	now_ns += 10 * S;
	tell(b, "a", ALERT_RESOLVED, TO(MANAGER), now_ns);
	expect(b, now_ns, MANAGER, "a:resolved", &sent);
	for (int i = 0; i < 5; i++) {
		now_ns += MIN;
		expect(b, now_ns, MANAGER, "a:resolved", &sent);
	}
	expect_empty(b, now_ns + MIN);
	book_free(b);
}

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

static void test_reload_keeps_what_was_told(void **state)
{
	struct book_channel fewer[] = {channels[MANAGER], channels[PAGER]};
	struct book *old = new_book(), *b;
	struct alert a = make("a", ALERT_FIRING);

	(void)state;
	tell(old, "a", ALERT_FIRING, TO(MANAGER) | TO(DESK), S);
	expect(old, S, DESK, "a:firing", &sent);
	expect(old, S, MANAGER, "a:firing", &sent);
	fewer[1].then_idx = -1;
	assert_int_equal(book_new(fewer, 2, 1, 0, &b), 0);
	book_adopt(b, old, 2 * S);
	book_free(old);
	/* The manager knows; the pager has become a first channel. */
	assert_int_equal(book_alert(b, &a, TO(0) | TO(1), 2 * S), 0);
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
		cmocka_unit_test(test_first_waits_for_nothing_the_next_for_the_group),
		cmocka_unit_test(test_another_group_does_not_wait),
		cmocka_unit_test(test_backoff_doubles_within_its_jitter),
		cmocka_unit_test(test_used_up_retries_escalate_at_once),
		cmocka_unit_test(test_refused_escalates_and_is_not_repeated),
		cmocka_unit_test(test_unacknowledged_escalates),
		cmocka_unit_test(test_severity),
		cmocka_unit_test(test_what_forgets_is_reminded),
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
