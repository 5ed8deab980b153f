/* SPDX-License-Identifier: Apache-2.0 */
/* The handle, and all that is not in order of windows: series, alerts, events. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "base/labels.h"
#include "store/alert_row.h"
#include "store/history_internal.h"

int history_open(const char *path, struct history **ret_history, struct fault *why)
{
	struct history *h = calloc(1, sizeof(*h));
	int err;

	if (!h)
		return fault_set(why, -ENOMEM, "out of memory");
	err = database_open_reader(path, &h->db, why);
	/* One state for all that is read. */
	if (!err)
		err = database_exec(h->db, "BEGIN", why);
	if (err) {
		history_close(h);
		return err;
	}
	*ret_history = h;
	return 0;
}

void history_close(struct history *history)
{
	if (!history)
		return;
	sqlite3_close(history->db);
	free(history);
}

const char *history_problem(const struct history *history)
{
	return history->why.text;
}

bool history_filter_passes(const struct history_filter *filter, const struct history_series *series)
{
	const struct series_id *id = &series->id;
	bool is_value = *series->name;

	if (is_value != filter->is_value)
		return false;
	if (filter->target && !glob_matches(filter->target, id->target, NULL))
		return false;
	/* A name with a '*' in it is its own first. */
	if (filter->operation && strcmp(filter->operation, id->operation) != 0 &&
	    !glob_matches(filter->operation, id->operation, NULL))
		return false;
	if (filter->kind && strcmp(filter->kind, id->kind) != 0)
		return false;
	if (filter->labels && !labels_contain(id->labels, filter->labels))
		return false;
	return !filter->name || glob_matches(filter->name, series->name, NULL);
}

static bool passes(const struct history_filter *filter, sqlite3_stmt *s)
{
	struct history_series series = {
		.id = {history_text(s, 1), history_text(s, 2), history_text(s, 3),
		       history_text(s, 4)},
		.name = history_text(s, 5),
	};

	return history_filter_passes(filter, &series);
}

/* One allocation holds the five strings. */
static int append_series(struct history_list *list, sqlite3_stmt *s)
{
	struct history_series *items, *item;
	const char **fields[5];
	size_t bytes = 0;
	char *strings;

	for (int i = 1; i <= 5; i++)
		bytes += strlen(history_text(s, i)) + 1;
	if (list->cnt == HISTORY_SERIES_MAX)
		return -E2BIG;
	items = reallocarray(list->items, list->cnt + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	list->items = items;
	strings = malloc(bytes);
	if (!strings)
		return -ENOMEM;
	item = &items[list->cnt++];
	item->row = sqlite3_column_int64(s, 0);
	fields[0] = &item->id.target;
	fields[1] = &item->id.operation;
	fields[2] = &item->id.kind;
	fields[3] = &item->id.labels;
	fields[4] = &item->name;
	for (int i = 0; i < 5; i++) {
		size_t length = strlen(history_text(s, i + 1)) + 1;

		*fields[i] = memcpy(strings, history_text(s, i + 1), length);
		strings += length;
	}
	return 0;
}

int history_list(struct history *history, const struct history_filter *filter,
		 struct history_list *ret_list, struct fault *why)
{
	struct history_list list = {NULL, 0};
	sqlite3_stmt *s;
	int err, code;

	err = database_prepare(history->db,
			       "SELECT id, target, operation, kind, labels, name FROM series "
			       "ORDER BY target, operation, kind, labels, name",
			       &s, why);
	if (err)
		return err;
	while (!err && (code = sqlite3_step(s)) == SQLITE_ROW) {
		if (passes(filter, s))
			err = append_series(&list, s);
	}
	if (err == -E2BIG)
		fault_set(why, err, "more than %d series match: say which", HISTORY_SERIES_MAX);
	else if (err)
		fault_set(why, err, "out of memory");
	else if (code != SQLITE_DONE)
		err = database_error(history->db, why);
	sqlite3_finalize(s);
	if (err) {
		history_list_fini(&list);
		return err;
	}
	*ret_list = list;
	return 0;
}

void history_list_fini(struct history_list *list)
{
	for (size_t i = 0; i < list->cnt; i++)
		free((char *)list->items[i].id.target);
	free(list->items);
	*list = (struct history_list){NULL, 0};
}

int history_alerts(struct history *history, bool active_only, size_t max, history_alert_fn fn,
		   void *context)
{
	struct alert *alert = malloc(sizeof(*alert));
	sqlite3_stmt *s;
	int err, code;

	if (!alert)
		return fault_set(&history->why, -ENOMEM, "out of memory");
	err = database_prepare(history->db,
			       "SELECT " ALERT_ROW_COLUMNS
			       " FROM alert WHERE ? = 0 OR state != 'resolved' "
			       "ORDER BY started_ns DESC, seq DESC LIMIT ?",
			       &s, &history->why);
	if (err) {
		free(alert);
		return err;
	}
	sqlite3_bind_int(s, 1, active_only);
	sqlite3_bind_int64(s, 2, (int64_t)max);
	while (!err && (code = sqlite3_step(s)) == SQLITE_ROW) {
		alert_row_read(s, alert);
		err = fn(context, alert);
	}
	if (!err && code != SQLITE_DONE)
		err = database_error(history->db, &history->why);
	sqlite3_finalize(s);
	free(alert);
	return err;
}

int history_events(struct history *history, const struct history_span *span, size_t max,
		   history_event_fn fn, void *context)
{
	sqlite3_stmt *s;
	int code, err = database_prepare(history->db,
					 "SELECT wall_ns, kind, target, text FROM event WHERE "
					 "wall_ns >= ? AND wall_ns < ? "
					 "ORDER BY wall_ns DESC, seq DESC LIMIT ?",
					 &s, &history->why);

	if (err)
		return err;
	sqlite3_bind_int64(s, 1, history_time(span->since_wall_ns));
	sqlite3_bind_int64(s, 2, history_time(span->until_wall_ns));
	sqlite3_bind_int64(s, 3, (int64_t)max);
	while (!err && (code = sqlite3_step(s)) == SQLITE_ROW) {
		const struct history_event event = {
			.wall_ns = (uint64_t)sqlite3_column_int64(s, 0),
			.kind = history_text(s, 1),
			.target = history_text(s, 2),
			.text = history_text(s, 3),
		};

		err = fn(context, &event);
	}
	if (!err && code != SQLITE_DONE)
		err = database_error(history->db, &history->why);
	sqlite3_finalize(s);
	return err;
}

int history_kept(struct history *h, uint64_t ret_from_ns[static DATABASE_RESOLUTION_CNT])
{
	static const char *const sql[DATABASE_RESOLUTION_CNT] = {
		[DATABASE_10S] = "SELECT from_ns FROM kept WHERE resolution = 0",
		[DATABASE_1M] = "SELECT from_ns FROM kept WHERE resolution = 1",
		[DATABASE_1H] = "SELECT from_ns FROM kept WHERE resolution = 2",
	};

	for (int i = 0; i < DATABASE_RESOLUTION_CNT; i++) {
		int64_t from_ns = 0;
		int err = database_number(h->db, sql[i], &from_ns, &h->why);

		if (err)
			return err;
		ret_from_ns[i] = (uint64_t)from_ns;
	}
	return 0;
}

int history_extent(struct history *history, struct history_extent *ret_extent)
{
	int64_t oldest_ns = 0, newest_ns = 0;
	uint64_t kept_ns[DATABASE_RESOLUTION_CNT];
	int err = history_kept(history, kept_ns);

	if (!err)
		err = database_number(history->db,
				      "SELECT min(start_ns) FROM window WHERE resolution = 2",
				      &oldest_ns, &history->why);
	if (!err)
		err = database_number(history->db, "SELECT max(start_ns) FROM batch", &newest_ns,
				      &history->why);
	if (err)
		return err;
	*ret_extent = (struct history_extent){
		.oldest_wall_ns = (uint64_t)oldest_ns,
		.newest_wall_ns = (uint64_t)newest_ns,
		.finest_from_wall_ns = kept_ns[DATABASE_10S],
		.minutes_from_wall_ns = kept_ns[DATABASE_1M],
	};
	return 0;
}
