/* SPDX-License-Identifier: Apache-2.0 */
/* Everything here is found by a key: what a reader has behind it costs nothing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/alert_row.h"
#include "store/history_batch.h"
#include "store/history_internal.h"

/* The step of a statement after which there is a row: 1; 0: no more. */
static int next_row(struct history *h, sqlite3_stmt *s)
{
	int code = sqlite3_step(s);

	if (code == SQLITE_ROW)
		return 1;
	return code == SQLITE_DONE ? 0 : database_error(h->db, &h->why);
}

int history_batch_after(struct history *history, int64_t id, struct history_batch *ret_batch)
{
	sqlite3_stmt *s;
	int err = database_prepare(history->db,
				   "SELECT batch.id, batch.start_ns, run.name, batch.direct "
				   "FROM batch JOIN run ON run.id = batch.run WHERE batch.id > ? "
				   "ORDER BY batch.id LIMIT 1",
				   &s, &history->why);

	if (err)
		return err;
	sqlite3_bind_int64(s, 1, id);
	err = next_row(history, s);
	if (err == 1) {
		ret_batch->id = sqlite3_column_int64(s, 0);
		ret_batch->start_wall_ns = (uint64_t)sqlite3_column_int64(s, 1);
		snprintf(ret_batch->run_id, sizeof(ret_batch->run_id), "%s", history_text(s, 2));
		ret_batch->is_direct = sqlite3_column_int(s, 3);
	}
	sqlite3_finalize(s);
	return err;
}

/* The identity of a row's series, in its first four columns. */
static struct series_id series_of(sqlite3_stmt *s)
{
	return (struct series_id){.target = history_text(s, 0),
				  .operation = history_text(s, 1),
				  .kind = history_text(s, 2),
				  .labels = history_text(s, 3)};
}

/* A statement over the rows of one batch. */
static int prepare_rows(struct history *h, const char *sql, const struct history_batch *batch,
			sqlite3_stmt **ret_statement)
{
	int err = database_prepare(h->db, sql, ret_statement, &h->why);

	if (err)
		return err;
	sqlite3_bind_int(*ret_statement, 1, DATABASE_10S);
	sqlite3_bind_int64(*ret_statement, 2, history_time(batch->start_wall_ns));
	sqlite3_bind_int64(*ret_statement, 3, batch->id);
	return 0;
}

int history_batch_windows(struct history *history, const struct history_batch *batch,
			  history_batch_window_fn fn, void *context)
{
	sqlite3_stmt *s;
	int err = prepare_rows(
		history,
		"SELECT target, operation, kind, labels, data, text, cost_ns, inner_ns FROM window "
		"JOIN series ON series.id = window.series "
		"LEFT JOIN probe ON probe.id = window.probe "
		"WHERE resolution = ? AND start_ns = ? AND batch = ? ORDER BY window.series",
		batch, &s);

	if (err)
		return err;
	while (!err && (err = next_row(history, s)) == 1) {
		const struct history_batch_window w = {
			.id = series_of(s),
			.packed = sqlite3_column_blob(s, 4),
			.packed_bytes = (size_t)sqlite3_column_bytes(s, 4),
			.probe = history_text(s, 5),
			.probe_cost_ns = (uint64_t)sqlite3_column_int64(s, 6),
			.probe_inner_ns = (uint64_t)sqlite3_column_int64(s, 7),
		};

		err = fn(context, &w);
	}
	sqlite3_finalize(s);
	return err;
}

int history_batch_values(struct history *history, const struct history_batch *batch,
			 history_batch_value_fn fn, void *context)
{
	sqlite3_stmt *s;
	/* Of 10 s each is one, and its sum the mean. */
	int err = prepare_rows(
		history,
		"SELECT target, operation, kind, labels, name, sum, min, max, last FROM value "
		"JOIN series ON series.id = value.series "
		"WHERE resolution = ? AND start_ns = ? AND batch = ? ORDER BY value.series",
		batch, &s);

	if (err)
		return err;
	while (!err && (err = next_row(history, s)) == 1) {
		const struct history_batch_value v = {
			.id = {.of = series_of(s), .name = history_text(s, 4)},
			.mean = sqlite3_column_double(s, 5),
			.min = sqlite3_column_double(s, 6),
			.max = sqlite3_column_double(s, 7),
			.last = sqlite3_column_double(s, 8),
		};

		err = fn(context, &v);
	}
	sqlite3_finalize(s);
	return err;
}

int history_batch_waiting(struct history *history, int64_t id, uint64_t *ret_row_cnt,
			  uint64_t *ret_oldest_wall_ns)
{
	sqlite3_stmt *s;
	int err = database_prepare(history->db,
				   "SELECT ifnull(sum(row_cnt), 0), ifnull(min(start_ns), 0) "
				   "FROM batch WHERE id > ? AND direct = 0",
				   &s, &history->why);

	if (err)
		return err;
	sqlite3_bind_int64(s, 1, id);
	err = next_row(history, s);
	if (err == 1) {
		*ret_row_cnt = (uint64_t)sqlite3_column_int64(s, 0);
		*ret_oldest_wall_ns = (uint64_t)sqlite3_column_int64(s, 1);
		err = 0;
	}
	sqlite3_finalize(s);
	return err;
}

int history_last_batch(struct history *history, int64_t *ret_id)
{
	*ret_id = 0;
	return database_number(history->db, "SELECT seq FROM sqlite_sequence WHERE name = 'batch'",
			       ret_id, &history->why);
}

static int prepare_after(struct history *h, const char *sql, int64_t seq, size_t max,
			 sqlite3_stmt **ret_statement)
{
	int err = database_prepare(h->db, sql, ret_statement, &h->why);

	if (err)
		return err;
	sqlite3_bind_int64(*ret_statement, 1, seq);
	sqlite3_bind_int64(*ret_statement, 2, max > INT64_MAX ? INT64_MAX : (int64_t)max);
	return 0;
}

int history_alerts_after(struct history *history, int64_t seq, size_t max,
			 history_alert_after_fn fn, void *context)
{
	struct alert *alert = malloc(sizeof(*alert));
	sqlite3_stmt *s;
	int err;

	if (!alert)
		return fault_set(&history->why, -ENOMEM, "out of memory");
	err = prepare_after(history,
			    "SELECT " ALERT_ROW_COLUMNS
			    ", seq FROM alert WHERE seq > ? ORDER BY seq LIMIT ?",
			    seq, max, &s);
	if (err) {
		free(alert);
		return err;
	}
	while (!err && (err = next_row(history, s)) == 1) {
		alert_row_read(s, alert);
		err = fn(context, sqlite3_column_int64(s, sqlite3_column_count(s) - 1), alert);
	}
	sqlite3_finalize(s);
	free(alert);
	return err;
}

int history_events_after(struct history *history, int64_t seq, size_t max,
			 history_event_after_fn fn, void *context)
{
	sqlite3_stmt *s;
	int err = prepare_after(history,
				"SELECT seq, wall_ns, kind, target, text FROM event WHERE seq > ? "
				"ORDER BY seq LIMIT ?",
				seq, max, &s);

	if (err)
		return err;
	while (!err && (err = next_row(history, s)) == 1) {
		const struct history_event event = {
			.wall_ns = (uint64_t)sqlite3_column_int64(s, 1),
			.kind = history_text(s, 2),
			.target = history_text(s, 3),
			.text = history_text(s, 4),
		};

		err = fn(context, sqlite3_column_int64(s, 0), &event);
	}
	sqlite3_finalize(s);
	return err;
}

int history_position(struct history *history, const char *name, int64_t *ret_position)
{
	sqlite3_stmt *s;
	int err = database_prepare(history->db, "SELECT at FROM position WHERE sink = ?", &s,
				   &history->why);

	if (err)
		return err;
	sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
	err = next_row(history, s);
	if (err >= 0)
		*ret_position = err ? sqlite3_column_int64(s, 0) : 0;
	sqlite3_finalize(s);
	return err < 0 ? err : 0;
}
