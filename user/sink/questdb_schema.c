/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the tables and views of questdb_tables.h on a server, and looks whether what is there can
 * be written to. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "sink/questdb_answer.h"
#include "sink/questdb_sql.h"
#include "sink/questdb_tables.h"

#define NAME_BYTES 256 /* of the server's words in a message */

/* Names in these statements are ours: none has a quote in it. */

static int order(struct http *http, const char *statement, struct fault *why)
{
	json_t *answer = NULL;
	int err = questdb_sql(http, statement, &answer, why);

	json_decref(answer);
	return err;
}

static int ask(struct http *http, const char *statement, size_t column_cnt, json_t **ret_rows,
	       struct fault *why)
{
	json_t *answer = NULL, *rows;
	int err = questdb_sql(http, statement, &answer, why);

	if (!err)
		err = questdb_answer_rows(answer, column_cnt, &rows, why);
	if (!err)
		*ret_rows = json_incref(rows);
	json_decref(answer);
	return err;
}

static bool is_true(const json_t *row, size_t column_idx)
{
	return json_is_true(json_array_get(row, column_idx));
}

static const char *text_of(const json_t *row, size_t column_idx, char text[static NAME_BYTES])
{
	const char *cell = "";

	questdb_answer_text(row, column_idx, &cell);
	snprintf(text, NAME_BYTES, "%s", cell);
	text_clean(text);
	return text;
}

#define RENAME                                                                        \
	"\"RENAME TABLE '%s' TO '%s_before'\" puts it out of the way, and a new one " \
	"is made"

enum { COLUMN_NAME, COLUMN_TYPE, COLUMN_IS_DESIGNATED, COLUMN_IS_KEY, COLUMN_FIELD_CNT };

static const json_t *find_column(const json_t *columns, const char *name)
{
	const json_t *column;
	size_t i;

	json_array_foreach(columns, i, column)
	{
		const char *text = json_string_value(json_array_get(column, COLUMN_NAME));

		if (text && strcasecmp(text, name) == 0) /* as the server compares them */
			return column;
	}
	return NULL;
}

static int check_column(const struct questdb_table *t, const struct questdb_column *wanted,
			const json_t *found, struct fault *why)
{
	const char *type = questdb_type_name(wanted->type);
	char text[NAME_BYTES];

	if (!found && wanted->is_key)
		return fault_set(why, -EEXIST, "its table \"%s\" has no column \"%s\": " RENAME,
				 t->name, wanted->name, t->name, t->name);
	if (!found)
		return fault_set(why, -EEXIST,
				 "its table \"%s\" has no column \"%s\": \"ALTER TABLE %s ADD "
				 "COLUMN %s %s\" adds it",
				 t->name, wanted->name, t->name, wanted->name, type);
	if (strcmp(text_of(found, COLUMN_TYPE, text), type) != 0)
		return fault_set(why, -EEXIST,
				 "the column \"%s\" of its table \"%s\" is %s and has to be "
				 "%s: " RENAME,
				 wanted->name, t->name, text, type, t->name, t->name);
	return 0;
}

/* A key more, and rows that differ in it only would both stay; one less, and one would be lost. */
static int check_keys(const struct questdb_table *t, const json_t *columns, struct fault *why)
{
	const json_t *column;
	char name[NAME_BYTES];
	size_t i;

	json_array_foreach(columns, i, column)
	{
		const struct questdb_column *ours =
			questdb_table_column(t, text_of(column, COLUMN_NAME, name));
		bool is_timestamp = strcmp(name, QUESTDB_TIMESTAMP) == 0;
		bool has_to_be = is_timestamp || (ours && ours->is_key);

		if (is_true(column, COLUMN_IS_KEY) != has_to_be)
			return fault_set(why, -EEXIST,
					 "rows of its table \"%s\" are %sdeduplicated by \"%s\", "
					 "and have %sto be: " RENAME,
					 t->name, has_to_be ? "not " : "", name,
					 has_to_be ? "" : "not ", t->name, t->name);
		if (is_true(column, COLUMN_IS_DESIGNATED) != is_timestamp)
			return fault_set(why, -EEXIST,
					 "the designated timestamp of its table \"%s\" is not "
					 "\"" QUESTDB_TIMESTAMP "\": " RENAME,
					 t->name, t->name, t->name);
	}
	return 0;
}

static int check_columns(struct http *http, const struct questdb_table *t, struct fault *why)
{
	static const struct questdb_column timestamp = {QUESTDB_TIMESTAMP, QUESTDB_TIME, true};
	char statement[QUESTDB_STATEMENT_BYTES];
	json_t *columns = NULL;
	int err;

	snprintf(statement, sizeof(statement),
		 "SELECT \"column\", type, designated, upsertKey FROM table_columns('%s')",
		 t->name);
	err = ask(http, statement, COLUMN_FIELD_CNT, &columns, why);
	if (err)
		return err;
	err = check_column(t, &timestamp, find_column(columns, QUESTDB_TIMESTAMP), why);
	for (size_t i = 0; !err && i < t->column_cnt; i++)
		err = check_column(t, &t->columns[i], find_column(columns, t->columns[i].name),
				   why);
	if (!err)
		err = check_keys(t, columns, why);
	json_decref(columns);
	return err;
}

/* Without a WAL nothing is deduplicated, and the check of keys has said so already. */
static int prepare_table(struct http *http, const struct questdb_table *t, struct fault *why)
{
	char statement[QUESTDB_STATEMENT_BYTES];
	int err = order(http, questdb_table_create(t, statement), why);

	return err ? err : check_columns(http, t, why);
}

static int prepare_view(struct http *http, const struct questdb_view *v, struct fault *why)
{
	char statement[QUESTDB_STATEMENT_BYTES];
	uint64_t limit;
	bool is_null;
	json_t *views = NULL;
	int err = order(http, questdb_view_create(v, statement), why);

	snprintf(statement, sizeof(statement),
		 "SELECT refresh_limit FROM materialized_views() WHERE view_name = '%s'", v->name);
	if (!err)
		err = ask(http, statement, 1, &views, why);
	if (err)
		return err;
	/* A limit that somebody chose stays. */
	snprintf(statement, sizeof(statement), "ALTER MATERIALIZED VIEW %s SET REFRESH LIMIT %s",
		 v->name, v->limit);
	if (questdb_answer_count(json_array_get(views, 0), 0, &limit, &is_null) && !limit)
		err = order(http, statement, why);
	json_decref(views);
	return err;
}

int questdb_sql_prepare(struct http *http, struct fault *why)
{
	int err = 0;

	for (size_t i = 0; !err && i < QUESTDB_TABLE_CNT; i++)
		err = prepare_table(http, &questdb_tables[i], why);
	for (size_t i = 0; !err && i < QUESTDB_VIEW_CNT; i++)
		err = prepare_view(http, &questdb_views[i], why);
	if (err == -EBADMSG) {
		struct fault reason = *why;

		return fault_set(why, err, "%s (QuestDB " QUESTDB_OLDEST " or later is needed)",
				 reason.text);
	}
	return err;
}

static bool is_our_table(const char *name)
{
	for (size_t i = 0; i < QUESTDB_TABLE_CNT; i++) {
		if (strcmp(questdb_tables[i].name, name) == 0)
			return true;
	}
	return false;
}

static bool is_our_view(const char *name)
{
	for (size_t i = 0; i < QUESTDB_VIEW_CNT; i++) {
		if (strcmp(questdb_views[i].name, name) == 0)
			return true;
	}
	return false;
}

int questdb_sql_suspended(struct http *http, struct fault *why)
{
	char name[NAME_BYTES], reason[NAME_BYTES];
	const json_t *row;
	json_t *rows = NULL;
	size_t i;
	int err = ask(http, "SELECT name, errorTag, errorMessage FROM wal_tables() WHERE suspended",
		      3, &rows, why);

	if (err)
		return err;
	json_array_foreach(rows, i, row)
	{
		text_of(row, 0, name);
		if (!is_our_table(name))
			continue;
		text_of(row, 2, reason);
		err = fault_set(why, 1,
				"it has suspended writing to \"%s\"%s%s: rows wait there; when the "
				"cause is gone, \"ALTER TABLE %s RESUME WAL\" goes on",
				name, *reason ? ": " : "", reason, name);
		break;
	}
	json_decref(rows);
	return err;
}

/* It is not made anew from here: that would leave out what its table has dropped since. */
int questdb_sql_invalid(struct http *http, struct fault *why)
{
	char name[NAME_BYTES], reason[NAME_BYTES];
	const json_t *row;
	json_t *rows = NULL;
	size_t i;
	int err = ask(http,
		      "SELECT view_name, invalidation_reason FROM materialized_views() WHERE "
		      "view_status = 'invalid'",
		      2, &rows, why);

	if (err)
		return err;
	json_array_foreach(rows, i, row)
	{
		if (!is_our_view(text_of(row, 0, name)))
			continue;
		err = fault_set(
			why, 1,
			"its view \"%s\" gets no more rows (%s): \"REFRESH MATERIALIZED VIEW "
			"%s FULL\" makes it anew, of what its table still has",
			name, text_of(row, 1, reason), name);
		break;
	}
	json_decref(rows);
	return err;
}
