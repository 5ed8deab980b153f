/* SPDX-License-Identifier: Apache-2.0 */
/* One item, one transaction; after a batch, another for what is too old. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time_units.h"
#include "store/alert_row.h"
#include "store/internal.h"
#include "store/retention.h"

#define STEP_BACK_MAX_NS (60 * NS_PER_S) /* see store_batch_begin */
#define START_STEP_NS	 1000		 /* timestamps of QuestDB's are of microseconds */
#define RUN_BYTES	 128

static const char *const texts[WRITER_STATEMENT_CNT] = {
	[FIND_SERIES] = "SELECT id, last_ns FROM series WHERE target = ? AND operation = ? AND "
			"kind = ? AND labels = ? AND name = ?",
	[ADD_SERIES] = "INSERT INTO series(target, operation, kind, labels, name, last_ns) "
		       "VALUES(?, ?, ?, ?, ?, ?)",
	[TOUCH_SERIES] = "UPDATE series SET last_ns = ? WHERE id = ?",
	[FIND_PROBE] = "SELECT id FROM probe WHERE text = ? AND cost_ns = ? AND inner_ns = ?",
	[ADD_PROBE] = "INSERT INTO probe(text, cost_ns, inner_ns) VALUES(?, ?, ?)",
	[ADD_RUN] = "INSERT INTO run(name, start_ns) VALUES(?, ?)",
	[ADD_BATCH] = "INSERT INTO batch(run, start_ns, direct, row_cnt) VALUES(?, ?, ?, ?)",
	[FIND_WINDOW] = "SELECT data FROM window WHERE resolution = ? AND start_ns = ? AND "
			"series = ? AND batch = 0",
	[PUT_WINDOW] = "INSERT OR REPLACE INTO window VALUES(?, ?, ?, ?, ?, ?)",
	[PUT_VALUE] =
		"INSERT INTO value VALUES(?1, ?2, ?3, ?4, 1, ?5, ?6, ?7, ?8) "
		"ON CONFLICT DO UPDATE SET cnt = cnt + 1, sum = sum + excluded.sum, "
		"min = min(min, excluded.min), max = max(max, excluded.max), last = excluded.last",
	[PUT_ALERT] = ALERT_ROW_REPLACE,
	[TRIM_ALERTS] = "DELETE FROM alert WHERE state = 'resolved' AND seq IN "
			"(SELECT seq FROM alert ORDER BY seq DESC LIMIT -1 OFFSET ?)",
	[PUT_EVENT] = "INSERT INTO event(wall_ns, kind, target, text) VALUES(?, ?, ?, ?)",
	[TRIM_EVENTS] = "DELETE FROM event WHERE seq <= (SELECT max(seq) FROM event) - ?",
	[PUT_POSITION] = "INSERT OR REPLACE INTO position(sink, at) VALUES(?, ?)",
};

static int prepare(struct writer *w, struct fault *why)
{
	for (int i = 0; i < WRITER_STATEMENT_CNT; i++) {
		int err = database_prepare(w->db, texts[i], &w->statements[i], why);

		if (err)
			return err;
	}
	return 0;
}

int writer_open(const struct store_options *options, struct writer **ret_writer, struct fault *why)
{
	struct writer *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return fault_set(why, -ENOMEM, "out of memory");
	w->options = options;
	window_init(&w->merged);
	err = database_open_writer(options->path, &w->db, why);
	if (!err) {
		err = prepare(w, why);
		if (err == -EINVAL)
			err = -EBADMSG; /* its tables are not those of its version */
	}
	if (err) {
		writer_close(w);
		return err;
	}
	*ret_writer = w;
	return 0;
}

void writer_close(struct writer *writer)
{
	if (!writer)
		return;
	for (int i = 0; i < WRITER_STATEMENT_CNT; i++)
		sqlite3_finalize(writer->statements[i]);
	sqlite3_close(writer->db);
	free(writer);
}

int writer_check(struct writer *writer, struct fault *why)
{
	sqlite3_stmt *statement;
	int err = 0, code;

	if (sqlite3_prepare_v2(writer->db, "PRAGMA quick_check(1)", -1, &statement, NULL))
		return database_error(writer->db, why);
	code = sqlite3_step(statement);
	if (code != SQLITE_ROW)
		err = database_error(writer->db, why);
	else if (strcmp((const char *)sqlite3_column_text(statement, 0), "ok") != 0)
		err = fault_set(why, -EBADMSG, "%s", sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	return err;
}

/* The texts behind a record; the place after them. */
static const char *take_texts(const char *at, int cnt, const char **ret_strings)
{
	for (int i = 0; i < cnt; i++) {
		ret_strings[i] = at;
		at += strlen(at) + 1;
	}
	return at;
}

static int write_records(struct writer *w, const struct handover_item *item,
			 const struct place *batch, struct fault *why)
{
	const char *at = (const char *)(item + 1);
	uint32_t left = item->window_cnt + item->value_cnt;
	int err = 0;

	for (; !err && left; left--) {
		const char *strings[WRITER_WINDOW_TEXTS];
		struct writer_record r;

		memcpy(&r, at, sizeof(r));
		at = take_texts(at + sizeof(r), WRITER_WINDOW_TEXTS, strings) + r.packed_bytes;
		err = r.kind == WRITER_WINDOW ? writer_rows_window(w, &r, strings, batch, why)
					      : writer_rows_value(w, &r, strings, batch, why);
	}
	return err;
}

/* When the batch is said to have begun, and in which run: see store_batch_begin. */
static int place_batch(struct writer *w, const struct handover_item *item, struct place *ret_place,
		       struct fault *why)
{
	sqlite3_stmt *s = w->statements[ADD_RUN];
	uint64_t wall_ns = item->wall_ns;
	char name[RUN_BYTES];
	int err = 0;

	if (!w->run || w->last_start_ns > wall_ns + STEP_BACK_MAX_NS) {
		snprintf(name, sizeof(name), w->run_cnt ? "%s.%u" : "%s", w->options->run_id,
			 w->run_cnt + 1);
		sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
		sqlite3_bind_int64(s, 2, (int64_t)wall_ns);
		err = writer_rows_add(w, ADD_RUN, &w->run, why);
		w->run_cnt += !err;
	} else if (wall_ns < w->last_start_ns + START_STEP_NS) {
		wall_ns = w->last_start_ns + START_STEP_NS;
	}
	if (err)
		return err;
	s = w->statements[ADD_BATCH];
	sqlite3_bind_int64(s, 1, w->run);
	sqlite3_bind_int64(s, 2, (int64_t)wall_ns);
	sqlite3_bind_int(s, 3, (item->flags & WRITER_IS_DIRECT) != 0);
	sqlite3_bind_int64(s, 4, (int64_t)item->window_cnt + item->value_cnt);
	ret_place->start_ns = wall_ns;
	return writer_rows_add(w, ADD_BATCH, &ret_place->batch, why);
}

static int write_batch(struct writer *w, const struct handover_item *item, struct fault *why)
{
	struct place batch;
	int err = place_batch(w, item, &batch, why);

	if (!err)
		err = write_records(w, item, &batch, why);
	if (!err)
		w->last_start_ns = batch.start_ns;
	return err;
}

static int trim(struct writer *w, int idx, int64_t max, struct fault *why)
{
	sqlite3_bind_int64(w->statements[idx], 1, max);
	return database_run(w->statements[idx], why);
}

static int write_alert(struct writer *w, const struct handover_item *item, struct fault *why)
{
	int err;

	alert_row_bind(w->statements[PUT_ALERT], (const struct alert *)(item + 1));
	err = database_run(w->statements[PUT_ALERT], why);
	return err ? err : trim(w, TRIM_ALERTS, STORE_ALERT_MAX, why);
}

static int write_event(struct writer *w, const struct handover_item *item, struct fault *why)
{
	sqlite3_stmt *s = w->statements[PUT_EVENT];
	const char *strings[WRITER_EVENT_TEXTS];
	int err;

	take_texts((const char *)(item + 1), WRITER_EVENT_TEXTS, strings);
	sqlite3_bind_int64(s, 1, (int64_t)item->wall_ns);
	for (int i = 0; i < WRITER_EVENT_TEXTS; i++)
		sqlite3_bind_text(s, i + 2, strings[i], -1, SQLITE_STATIC);
	err = database_run(s, why);
	return err ? err : trim(w, TRIM_EVENTS, STORE_EVENT_MAX, why);
}

static int write_position(struct writer *w, const struct handover_item *item, struct fault *why)
{
	sqlite3_stmt *s = w->statements[PUT_POSITION];
	int64_t position;

	memcpy(&position, item + 1, sizeof(position));
	sqlite3_bind_text(s, 1, (const char *)(item + 1) + sizeof(position), -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 2, position);
	return database_run(s, why);
}

static int write_item(struct writer *w, const struct handover_item *item, struct fault *why)
{
	switch (item->kind) {
	case WRITER_BATCH:
		return write_batch(w, item, why);
	case WRITER_ALERT:
		return write_alert(w, item, why);
	case WRITER_POSITION:
		return write_position(w, item, why);
	default:
		return write_event(w, item, why);
	}
}

int writer_apply(struct writer *writer, const struct handover_item *item, struct fault *why)
{
	int64_t run = writer->run;
	uint32_t run_cnt = writer->run_cnt;
	uint64_t last_start_ns = writer->last_start_ns, damaged_cnt = writer->damaged_cnt;
	int err = database_exec(writer->db, "BEGIN IMMEDIATE", why);

	if (err)
		return err;
	err = write_item(writer, item, why);
	if (!err)
		err = database_exec(writer->db, "COMMIT", why);
	if (err) {
		sqlite3_exec(writer->db, "ROLLBACK", NULL, NULL, NULL);
		writer->run = run;
		writer->run_cnt = run_cnt;
		writer->last_start_ns = last_start_ns;
		writer->damaged_cnt = damaged_cnt;
	}
	return err;
}

int writer_trim(struct writer *writer, uint64_t now_wall_ns, struct fault *why)
{
	return retention_step(writer->db, &writer->options->keep, now_wall_ns, why);
}

bool writer_is_moved(struct writer *writer)
{
	int is_moved = 0;

	sqlite3_file_control(writer->db, NULL, SQLITE_FCNTL_HAS_MOVED, &is_moved);
	return is_moved;
}

uint64_t writer_damaged_cnt(const struct writer *writer)
{
	return writer->damaged_cnt;
}

uint64_t writer_file_bytes(struct writer *writer)
{
	int64_t pages = 0, page_bytes = 0;
	struct fault ignored;

	database_number(writer->db, "PRAGMA page_count", &pages, &ignored);
	database_number(writer->db, "PRAGMA page_size", &page_bytes, &ignored);
	return (uint64_t)(pages * page_bytes);
}
