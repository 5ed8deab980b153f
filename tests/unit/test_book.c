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

#include "book_steps.h"

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

static void test_silenced(void **state)
{
	struct book *b = new_book();

	(void)state;
	tell(b, "a", ALERT_FIRING, TO(DESK) | TO(MANAGER), S);
	expect(b, S, DESK, "a:firing", &sent);
	expect(b, S, MANAGER, "a:firing", &sent);
	book_silence(b, "a", true, 10 * S);
	book_silence(b, "unknown", true, 10 * S);
	/* What forgets would take it for over. */
	expect(b, S + MIN, MANAGER, "a:firing", &sent);
	expect(b, 300 * MIN, MANAGER, "a:firing", &sent);
	expect_nothing(b, 300 * MIN);
	book_silence(b, "a", false, 300 * MIN);
	expect(b, 300 * MIN, DESK, "a:firing", &sent);
	expect(b, 304 * MIN, MANAGER, "a:firing", &sent);
	expect_nothing(b, 304 * MIN);
	expect(b, 305 * MIN, PAGER, "a:firing", &sent);
	/* The end of what was told is told, silenced or not. */
	book_silence(b, "a", true, 305 * MIN);
	tell(b, "a", ALERT_RESOLVED, TO(DESK) | TO(MANAGER), 305 * MIN + 10 * S);
	expect(b, 305 * MIN + 10 * S, DESK, "a:resolved", &sent);
	expect(b, 305 * MIN + 10 * S, MANAGER, "a:resolved", &sent);
	expect(b, 305 * MIN + 10 * S, PAGER, "a:resolved", &sent);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_waits_for_nothing_the_next_for_the_group),
		cmocka_unit_test(test_another_group_does_not_wait),
		cmocka_unit_test(test_backoff_doubles_within_its_jitter),
		cmocka_unit_test(test_used_up_retries_escalate_at_once),
		cmocka_unit_test(test_refused_escalates_and_is_not_repeated),
		cmocka_unit_test(test_unacknowledged_escalates),
		cmocka_unit_test(test_silenced),
		cmocka_unit_test(test_severity),
		cmocka_unit_test(test_what_forgets_is_reminded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
