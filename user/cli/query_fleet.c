/* SPDX-License-Identifier: Apache-2.0 */
/* A query's source: QuestDB, to which the agents of several hosts send. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/time_units.h"
#include "cli/cli.h"
#include "cli/query_fleet.h"
#include "cli/query_server.h"
#include "sink/questdb_answer.h"
#include "sink/questdb_sql.h"
#include "sink/questdb_tables.h"

#define BUCKET_DAYS 7 /* the TTL of tickscope_bucket: whole days are dropped */
#define LISTED_MAX  (16 * HISTORY_SERIES_MAX) /* before those of one row are one */

static void close_fleet(void *state)
{
	struct query_fleet *f = state;

	for (size_t i = 0; i < f->list.cnt; i++)
		free((char *)f->list.items[i].id.target);
	free(f->list.items);
	free(f->url);
	http_close(f->http);
	free(f);
}

int query_fleet_ask(struct query_fleet *f, char *statement, size_t column_cnt, json_t **ret_answer,
		    struct fault *why)
{
	json_t *answer = NULL, *rows;
	struct fault reason = {""};
	int err = statement ? questdb_sql(f->http, statement, &answer, &reason)
			    : fault_set(&reason, -ENOMEM, "out of memory");

	free(statement);
	if (err == -EBADMSG)
		return fault_set(why, err,
				 "QuestDB at %s: %s (what is needed are the tables that an agent "
				 "with `sinks: questdb:` makes, and QuestDB " QUESTDB_OLDEST
				 " or later)",
				 f->url, reason.text);
	if (!err) {
		err = questdb_answer_rows(answer, column_cnt, &rows, &reason);
		if (!err)
			*ret_answer = json_incref(rows);
		json_decref(answer);
	}
	return err ? fault_set(why, err, "QuestDB at %s: %s", f->url, reason.text) : 0;
}

/* Days that the buckets' table has whole. What was sent late may have brought back a day of which
 * it drops the rest. */
static uint64_t finest_from(const struct query_fleet *f)
{
	uint64_t kept_from_ns = f->newest_wall_ns > BUCKET_DAYS * NS_PER_DAY
					? f->newest_wall_ns - BUCKET_DAYS * NS_PER_DAY
					: 0;
	uint64_t from_ns = f->oldest_wall_ns > kept_from_ns ? f->oldest_wall_ns : kept_from_ns;

	return from_ns - from_ns % NS_PER_DAY;
}

static int read_extent(struct query_fleet *f, struct fault *why)
{
	uint64_t oldest_us, newest_us;
	bool is_null;
	json_t *rows = NULL;
	int err = query_fleet_ask(f, query_fleet_sql_extent(f->query), 2, &rows, why);

	if (err)
		return err;
	if (!questdb_answer_count(json_array_get(rows, 0), 0, &oldest_us, &is_null) ||
	    !questdb_answer_count(json_array_get(rows, 0), 1, &newest_us, &is_null) ||
	    newest_us > UINT64_MAX / NS_PER_US - NS_PER_DAY || oldest_us > newest_us)
		err = fault_set(why, -EPROTO, "QuestDB at %s: its oldest and newest row are none",
				f->url);
	json_decref(rows);
	if (err)
		return err;
	f->oldest_wall_ns = oldest_us * NS_PER_US;
	f->newest_wall_ns = newest_us * NS_PER_US;
	f->finest_from_wall_ns = f->query->filter.is_value ? 0 : finest_from(f);
	return 0;
}

/* Rows are of a minute, and the newest is where it ends. */
static void cut_span(struct query_fleet *f)
{
	struct history_span *span = &f->query->span;
	uint64_t end_ns = f->newest_wall_ns - f->newest_wall_ns % NS_PER_MINUTE;

	if (f->newest_wall_ns)
		end_ns += NS_PER_MINUTE;
	f->asked_until_wall_ns = span->until_wall_ns;
	span->since_wall_ns -= span->since_wall_ns % NS_PER_MINUTE;
	span->until_wall_ns -= span->until_wall_ns % NS_PER_MINUTE;
	if (span->until_wall_ns > end_ns)
		span->until_wall_ns = end_ns;
	if (span->until_wall_ns < span->since_wall_ns)
		span->until_wall_ns = span->since_wall_ns;
}

static int open_fleet(struct query *query, void **ret_state)
{
	struct query_fleet *f = calloc(1, sizeof(*f));
	struct fault why = {""};
	int code;

	if (!f) {
		cli_error("out of memory");
		return CLI_FAILED;
	}
	f->query = query;
	code = query_server_open(query, &f->http, &f->url);
	if (code == CLI_OK && read_extent(f, &why)) {
		cli_error("%s", why.text);
		code = CLI_FAILED;
	}
	if (code != CLI_OK) {
		close_fleet(f);
		return code;
	}
	cut_span(f);
	*ret_state = f;
	return CLI_OK;
}

/* Some of what was asked for is in rows of an hour. Steps can begin a little before the first day:
 * no hour does. */
static bool has_hours(const struct query_fleet *f)
{
	uint64_t since_ns = f->query->span.since_wall_ns;
	uint64_t first_ns = since_ns + NS_PER_HOUR - 1;

	return first_ns - first_ns % NS_PER_HOUR < f->finest_from_wall_ns;
}

size_t query_fleet_parts(const struct query_fleet *f,
			 struct query_fleet_part parts[static QUERY_FLEET_PART_MAX])
{
	const struct history_span *span = &f->query->span;
	uint64_t from_ns = f->finest_from_wall_ns;
	size_t cnt = 0;

	if (f->query->filter.is_value) {
		parts[0] = (struct query_fleet_part){questdb_tables[QUESTDB_VALUE].name,
						     span->since_wall_ns, span->until_wall_ns};
		return span->since_wall_ns < span->until_wall_ns;
	}
	if (has_hours(f) && span->since_wall_ns < span->until_wall_ns)
		parts[cnt++] = (struct query_fleet_part){
			questdb_views[QUESTDB_BUCKET_1H].name, span->since_wall_ns,
			span->until_wall_ns < from_ns ? span->until_wall_ns : from_ns};
	if (span->since_wall_ns > from_ns)
		from_ns = span->since_wall_ns;
	if (from_ns < span->until_wall_ns)
		parts[cnt++] = (struct query_fleet_part){questdb_tables[QUESTDB_BUCKET].name,
							 from_ns, span->until_wall_ns};
	return cnt;
}

int query_fleet_series(const struct query_fleet *f, const json_t *row,
		       struct history_series *ret_series, char labels[static LABELS_TEXT_BYTES],
		       struct fault *why)
{
	const struct query *q = f->query;
	struct history_series s = {.id = {"", "", "", ""}, .name = ""};
	const char *host = "";

	if (!questdb_answer_text(row, 0, &host) || !questdb_answer_text(row, 1, &s.id.target) ||
	    !questdb_answer_text(row, 2, &s.id.operation) ||
	    !questdb_answer_text(row, 3, &s.id.kind) ||
	    !questdb_answer_text(row, 4, &s.id.labels) || !questdb_answer_text(row, 5, &s.name))
		return fault_set(why, -EPROTO, "QuestDB at %s: its series have no names", f->url);
	if (!history_filter_passes(&q->filter, &s))
		return 0;
	if (q->is_by_host || q->filter.is_value) {
		if (query_rows_labels(q, s.id.labels, host, labels))
			return fault_set(
				why, -EPROTO,
				"QuestDB at %s: with its host, a series has too many labels",
				f->url);
		s.id.labels = labels;
	}
	*ret_series = s;
	return 1;
}

int query_fleet_compare(const void *series, const void *other)
{
	const struct history_series *a = series, *b = other;
	int order = strcmp(a->id.target, b->id.target);

	if (!order)
		order = strcmp(a->id.operation, b->id.operation);
	if (!order)
		order = strcmp(a->id.kind, b->id.kind);
	if (!order)
		order = strcmp(a->id.labels, b->id.labels);
	return order ? order : strcmp(a->name, b->name);
}

/* One allocation holds the strings; the first is at its beginning. */
static int append(struct query_fleet *f, const struct history_series *series)
{
	const char *const from[] = {series->id.target, series->id.operation, series->id.kind,
				    series->id.labels, series->name};
	const char *to[sizeof(from) / sizeof(from[0])];
	size_t bytes = 0;
	char *strings;

	if (f->list.cnt == f->list_room_cnt) {
		size_t room_cnt = f->list_room_cnt ? 2 * f->list_room_cnt : 64;
		struct history_series *items =
			reallocarray(f->list.items, room_cnt, sizeof(*items));

		if (!items)
			return -ENOMEM;
		f->list.items = items;
		f->list_room_cnt = room_cnt;
	}
	for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++)
		bytes += strlen(from[i]) + 1;
	strings = malloc(bytes);
	if (!strings)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
		size_t length = strlen(from[i]) + 1;

		to[i] = memcpy(strings, from[i], length);
		strings += length;
	}
	f->list.items[f->list.cnt++] =
		(struct history_series){.id = {to[0], to[1], to[2], to[3]}, .name = to[4]};
	return 0;
}

static void sort_list(struct query_fleet *f)
{
	struct history_series *items = f->list.items;
	size_t kept = 0;

	if (f->list.cnt)
		qsort(items, f->list.cnt, sizeof(*items), query_fleet_compare);
	for (size_t i = 0; i < f->list.cnt; i++) {
		if (kept && query_fleet_compare(&items[kept - 1], &items[i]) == 0)
			free((char *)items[i].id.target);
		else
			items[kept++] = items[i];
	}
	f->list.cnt = kept;
}

static int refuse_many(struct fault *why)
{
	return fault_set(why, -E2BIG, "more than %d series match: say which", HISTORY_SERIES_MAX);
}

static int list_part(struct query_fleet *f, const struct query_fleet_part *part, struct fault *why)
{
	char labels[LABELS_TEXT_BYTES];
	struct history_series series = {.id = {"", "", "", ""}, .name = ""};
	json_t *rows = NULL, *row;
	size_t i;
	int err = query_fleet_ask(f, query_fleet_sql_list(f->query, part), QUERY_FLEET_SERIES_CELLS,
				  &rows, why);

	if (err)
		return err;
	json_array_foreach(rows, i, row)
	{
		err = query_fleet_series(f, row, &series, labels, why);
		if (err == 1 && f->list.cnt == LISTED_MAX)
			err = refuse_many(why);
		else if (err == 1 && append(f, &series))
			err = fault_set(why, -ENOMEM, "out of memory");
		if (err < 0)
			break;
		err = 0;
	}
	json_decref(rows);
	return err;
}

static int list_series(void *state, const struct history_list **ret_list, struct fault *why)
{
	struct query_fleet *f = state;
	struct query_fleet_part parts[QUERY_FLEET_PART_MAX];
	size_t cnt = query_fleet_parts(f, parts);
	int err = 0;

	for (size_t i = 0; !err && i < cnt; i++)
		err = list_part(f, &parts[i], why);
	if (err)
		return err;
	sort_list(f);
	if (f->list.cnt > HISTORY_SERIES_MAX)
		return refuse_many(why);
	*ret_list = &f->list;
	return 0;
}

static const char *local_time(uint64_t wall_ns, char text[static 32])
{
	time_t seconds = (time_t)(wall_ns / NS_PER_S);
	struct tm local;

	text[0] = '\0';
	if (localtime_r(&seconds, &local))
		strftime(text, 32, "%Y-%m-%d %H:%M:%S", &local);
	return text;
}

static void say_limits(void *state)
{
	const struct query_fleet *f = state;
	const struct history_span *span = &f->query->span;
	struct fault why = {""};
	char end[32];

	/* That it could not be asked is of no interest: the rows are here. */
	if (has_hours(f) && questdb_sql_invalid(f->http, &why) > 0)
		cli_message("QuestDB at %s: %s", f->url, why.text);

	if (span->step_ns && span->step_ns < NS_PER_HOUR && has_hours(f))
		cli_message("the oldest part of this time is kept by the hour only: its steps are "
			    "longer");
	if (span->until_wall_ns < f->asked_until_wall_ns &&
	    span->since_wall_ns < span->until_wall_ns)
		cli_message("this is up to %s: QuestDB has whole minutes, and later ones are not "
			    "there yet",
			    local_time(span->until_wall_ns, end));
}

static void say_nothing(void *state)
{
	const struct query_fleet *f = state;
	char oldest[32], newest[32];

	if (!f->newest_wall_ns)
		cli_error("QuestDB at %s has nothing yet%s", f->url,
			  f->query->filter.is_value
				  ? ""
				  : ": agents send histograms where sinks.questdb.buckets is true");
	else
		cli_error("QuestDB at %s has nothing that matches in that time; what it has by the "
			  "minute is from %s to %s",
			  f->url, local_time(f->oldest_wall_ns, oldest),
			  local_time(f->newest_wall_ns, newest));
}

const struct query_source query_source_fleet = {
	.name = "questdb",
	.is_fleet = true,
	.open = open_fleet,
	.list = list_series,
	.windows = query_fleet_read_windows,
	.values = query_fleet_read_values,
	.say_limits = say_limits,
	.say_nothing = say_nothing,
	.close = close_fleet,
};
