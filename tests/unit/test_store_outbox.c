/* SPDX-License-Identifier: Apache-2.0 */
/* The history as an outbox: what was written, once each, in order, found by keys; positions. */
#include <sqlite3.h>

#include "history_outbox.h"

/* --- how statements find their rows ----------------------------------------------------------- */

#define STATEMENT_MAX 32

/* What was run by any connection while plans are wanted. */
static char statements[STATEMENT_MAX][1024];
static size_t statement_cnt;
static bool wants_plans;

static int note_statement(unsigned int type, void *context, void *statement, void *text)
{
	const char *sql = sqlite3_sql(statement);

	(void)type, (void)context, (void)text;
	/* Opening looks at the schema. */
	if (!wants_plans || strncmp(sql, "SELECT ", 7) != 0 || strstr(sql, "sqlite_schema"))
		return 0;
	for (size_t i = 0; i < statement_cnt; i++) {
		if (strcmp(statements[i], sql) == 0)
			return 0;
	}
	assert_true(statement_cnt < STATEMENT_MAX);
	snprintf(statements[statement_cnt++], sizeof(statements[0]), "%s", sql);
	return 0;
}

static int watch_connection(sqlite3 *db, const char **problem, const struct sqlite3_api_routines *r)
{
	(void)problem, (void)r;
	return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, note_statement, NULL);
}

/* Each step of theirs seeks, and none sorts. */
static void check_plans(const struct place *p, size_t cnt)
{
	sqlite3 *db;
	sqlite3_stmt *plan;

	wants_plans = false;
	assert_int_equal(sqlite3_open(p->file, &db), SQLITE_OK);
	assert_int_equal(statement_cnt, cnt);
	for (; statement_cnt; statement_cnt--) {
		const char *sql = statements[statement_cnt - 1];
		char explained[1100];

		snprintf(explained, sizeof(explained), "EXPLAIN QUERY PLAN %s", sql);
		assert_int_equal(sqlite3_prepare_v2(db, explained, -1, &plan, NULL), SQLITE_OK);
		while (sqlite3_step(plan) == SQLITE_ROW) {
			const char *step = (const char *)sqlite3_column_text(plan, 3);

			if (strncmp(step, "SEARCH ", 7) != 0)
				fail_msg("%s: %s", sql, step);
		}
		sqlite3_finalize(plan);
	}
	sqlite3_close(db);
}

/* --- what is read ------------------------------------------------------------------------------
 */

static int end_reading(void *context, const struct history_batch_window *w)
{
	(void)w;
	return ++*(int *)context == 2 ? 77 : 0;
}

/* Two runs, one of them with a batch that begins when one of the other began; a direct one. */
static void test_batches(void **state)
{
	enum { BATCHES = 6 };
	static const char *const runs[BATCHES] = {"run", "run", "run", "run", "second", "second"};
	struct truth t = {0};
	struct seen seen = {.truth = &t};
	struct history_batch batch = {.id = 0};
	struct place p = place_make();
	struct store_options options = options_at(&p);
	struct store *s = open_store(&options);
	struct history *h;
	int cnt = 0;

	(void)state;
	for (uint64_t i = 0; i < 3; i++)
		write_batch(s, &t, START_NS + i * 10 * SECOND_NS);
	store_batch_begin(s, START_NS + 30 * SECOND_NS, true);
	store_batch_value(s, &(struct value_id){{"engine", "node", "value", "a=\"b\""}, "queue"},
			  &(struct store_value){2.5, 1, 4, 3});
	store_batch_end(s);
	close_store(s);
	options.run_id = "second";
	s = open_store(&options);
	write_batch(s, &t, START_NS + 20 * SECOND_NS);
	write_batch(s, &t, START_NS + 40 * SECOND_NS);
	flush(s);
	h = open_history(&p);
	wants_plans = true;
	for (size_t i = 0; i < BATCHES; i++) {
		int64_t before = batch.id;

		assert_int_equal(history_batch_after(h, batch.id, &batch), 1);
		assert_true(batch.id > before);
		assert_string_equal(batch.run_id, runs[i]);
		assert_int_equal(batch.is_direct, i == 3);
		check_batch(h, &batch, &seen);
		assert_int_equal(seen.value_cnt, i >= 3);
	}
	check_plans(&p, 3);
	assert_int_equal(seen.entry, t.cnt);
	assert_string_equal(seen.name, "engine|node|value|a=\"b\"|queue");
	assert_true(seen.value.mean == 2.5 && seen.value.min == 1 && seen.value.max == 4 &&
		    seen.value.last == 3);
	assert_int_equal(history_batch_windows(h, &batch, end_reading, &cnt), 77);
	assert_int_equal(cnt, 2);
	assert_int_equal(history_batch_after(h, batch.id, &batch), 0);
	history_close(h);
	close_store(s);
	place_remove(&p);
	truth_free(&t);
}

static void test_waiting(void **state)
{
	struct truth t = {0};
	struct place p = place_make();
	struct store_options options = options_at(&p);
	struct store *s = open_store(&options);
	struct history_batch first, direct, last;
	struct history *h = open_history(&p);
	int64_t id;

	(void)state;
	check_waiting(h, 0, 0, 0);
	assert_int_equal(history_batch_after(h, 0, &first), 0);
	history_close(h);
	write_batch(s, &t, START_NS);
	store_batch_begin(s, START_NS + 10 * SECOND_NS, true);
	store_batch_value(s, &(struct value_id){{"engine", "", "value", ""}, "cpu"},
			  &(struct store_value){1, 1, 1, 1});
	store_batch_end(s);
	store_batch_begin(s, START_NS + 20 * SECOND_NS, false);
	store_batch_value(s, &(struct value_id){{"engine", "", "value", ""}, "cpu"},
			  &(struct store_value){1, 1, 1, 1});
	store_batch_end(s);
	flush(s);
	h = open_history(&p);
	assert_int_equal(history_batch_after(h, 0, &first), 1);
	assert_int_equal(history_batch_after(h, first.id, &direct), 1);
	assert_int_equal(history_batch_after(h, direct.id, &last), 1);
	wants_plans = true;
	check_waiting(h, 0, SERIES_CNT + 1, START_NS);
	check_waiting(h, first.id, 1, START_NS + 20 * SECOND_NS);
	check_waiting(h, direct.id, 1, START_NS + 20 * SECOND_NS);
	check_waiting(h, last.id, 0, 0);
	check_plans(&p, 1);
	assert_int_equal(history_last_batch(h, &id), 0);
	assert_int_equal(id, last.id);
	history_close(h);
	close_store(s);
	place_remove(&p);
	truth_free(&t);
}

/* The newest counts; one sink's is not another's; they outlive the agent. */
static void test_positions(void **state)
{
	struct place p = place_make();
	struct store_options options = options_at(&p);
	struct store *s = open_store(&options);

	(void)state;
	check_position(&p, "questdb", 0);
	store_position(s, "questdb", 5);
	store_position(s, "questdb:alert", INT64_MAX);
	flush(s);
	check_position(&p, "questdb", 5);
	check_position(&p, "questdb:alert", INT64_MAX);
	store_position(s, "questdb", 7);
	store_position(s, "questdb", 6);
	close_store(s);
	check_position(&p, "questdb", 6);
	s = open_store(&options);
	check_position(&p, "questdb", 6);
	close_store(s);
	wants_plans = true;
	check_position(&p, "questdb", 6);
	check_plans(&p, 1);
	place_remove(&p);
}

/* --- alerts and events -------------------------------------------------------------------------
 */

static void write_alert(struct store *s, const char *id, enum alert_state alert_state)
{
	static struct alert alert;

	alert = (struct alert){.state = alert_state, .severity = ALERT_WARNING};
	snprintf(alert.id, sizeof(alert.id), "%s", id);
	store_alert(s, &alert);
}

static void test_alerts(void **state)
{
	struct place p = place_make();
	struct store_options options = options_at(&p);
	struct store *s = open_store(&options);
	struct list list = {0}, all = {0};

	(void)state;
	assert_string_equal(read_more(&p, &list, true, 10), "");
	write_alert(s, "a", ALERT_PENDING);
	write_alert(s, "b", ALERT_FIRING);
	write_alert(s, "c", ALERT_FIRING);
	flush(s);
	assert_string_equal(read_more(&p, &list, true, 2), "a pending, b firing, ");
	assert_string_equal(read_more(&p, &list, true, 2), "c firing, ");
	/* Two states between two readings: the last one is told. */
	write_alert(s, "a", ALERT_FIRING);
	write_alert(s, "a", ALERT_RESOLVED);
	write_alert(s, "c", ALERT_RESOLVED);
	flush(s);
	assert_string_equal(read_more(&p, &list, true, SIZE_MAX), "a resolved, c resolved, ");
	assert_string_equal(read_more(&p, &list, true, SIZE_MAX), "");
	wants_plans = true;
	assert_string_equal(read_more(&p, &all, true, SIZE_MAX),
			    "b firing, a resolved, c resolved, ");
	check_plans(&p, 1);
	close_store(s);
	place_remove(&p);
}

static void test_events(void **state)
{
	static const struct store_event events[] = {
		{"started", "", "run run", START_NS + 5},
		{"target", "engine", "attached", START_NS + 3}, /* the clock stepped back */
		{"stopped", "", "run run", START_NS + 9},
	};
	struct place p = place_make();
	struct store_options options = options_at(&p);
	struct store *s = open_store(&options);
	struct list list = {0};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		store_event(s, &events[i]);
	flush(s);
	assert_string_equal(read_more(&p, &list, false, 2),
			    "5 started  run run, 3 target engine attached, ");
	assert_string_equal(read_more(&p, &list, false, 2), "9 stopped  run run, ");
	wants_plans = true;
	assert_string_equal(read_more(&p, &list, false, 2), "");
	check_plans(&p, 1);
	close_store(s);
	place_remove(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batches),	  cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_positions), cmocka_unit_test(test_alerts),
		cmocka_unit_test(test_events),
	};

	sqlite3_auto_extension((void (*)(void))watch_connection);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
