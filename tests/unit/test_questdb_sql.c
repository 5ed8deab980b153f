/* SPDX-License-Identifier: Apache-2.0 */
/* The tables' definitions, literals, and what is made of answers: right, wrong and hostile ones. */
#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sink/questdb_answer.h"
#include "sink/questdb_sql.h"
#include "sink/questdb_tables.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Names that need no escape in ILP, and no quotes in SQL but reserved words. */
static void assert_plain(const char *name)
{
	assert_true(*name && strlen(name) < 64);
	for (; *name; name++)
		assert_true(islower(*name) || isdigit(*name) || *name == '_');
}

static void test_tables(void **state)
{
	(void)state;
	for (size_t i = 0; i < QUESTDB_TABLE_CNT; i++) {
		const struct questdb_table *t = &questdb_tables[i];
		char statement[QUESTDB_STATEMENT_BYTES], part[256];

		assert_plain(t->name);
		questdb_table_create(t, statement);
		assert_non_null(strstr(statement, "(timestamp TIMESTAMP, \"host\" SYMBOL, "));
		snprintf(part, sizeof(part),
			 ") TIMESTAMP(timestamp) PARTITION BY %s TTL %s WAL DEDUP UPSERT "
			 "KEYS(timestamp, \"host\"",
			 t->partition, t->ttl);
		assert_non_null(strstr(statement, part));
		for (size_t n = 0; n < t->column_cnt; n++) {
			const struct questdb_column *column = &t->columns[n];
			const char *keys = strstr(statement, " KEYS(");

			assert_plain(column->name);
			assert_string_not_equal(column->name, QUESTDB_TIMESTAMP);
			assert_ptr_equal(questdb_table_column(t, column->name), column);
			snprintf(part, sizeof(part), ", \"%s\" %s", column->name,
				 questdb_type_name(column->type));
			assert_true(strstr(statement, part) < keys);
			snprintf(part, sizeof(part), ", \"%s\"", column->name);
			assert_int_equal(strstr(keys, part) != NULL, column->is_key);
		}
		assert_null(questdb_table_column(t, "timestamps"));
	}
}

static void test_one_table(void **state)
{
	char statement[QUESTDB_STATEMENT_BYTES];

	(void)state;
	assert_string_equal(
		questdb_table_create(&questdb_tables[QUESTDB_EVENT], statement),
		"CREATE TABLE IF NOT EXISTS tickscope_event (timestamp TIMESTAMP, \"host\" SYMBOL, "
		"\"kind\" SYMBOL, \"target\" SYMBOL, \"seq\" LONG, \"text\" VARCHAR) "
		"TIMESTAMP(timestamp) PARTITION BY MONTH TTL 12 MONTHS WAL DEDUP UPSERT "
		"KEYS(timestamp, \"host\", \"kind\", \"target\", \"seq\")");
}

/* What a series is told apart by is the same in all tables that have it. */
static void test_keys(void **state)
{
	static const char *const series[] = {"host",   "target",    "operation", "kind",
					     "labels", "window_ns", "run_id"};
	static const enum questdb_table_idx of_windows[] = {QUESTDB_LATENCY, QUESTDB_BUCKET};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(of_windows); i++) {
		const struct questdb_table *t = &questdb_tables[of_windows[i]];
		size_t key_cnt = 0;

		for (size_t n = 0; n < t->column_cnt; n++)
			key_cnt += t->columns[n].is_key;
		assert_int_equal(key_cnt, COUNT_OF(series) + (of_windows[i] == QUESTDB_BUCKET));
		for (size_t n = 0; n < COUNT_OF(series); n++)
			assert_true(questdb_table_column(t, series[n])->is_key);
	}
	assert_true(questdb_table_column(&questdb_tables[QUESTDB_BUCKET], "octave")->is_key);
	for (size_t i = 0; i < QUESTDB_LABEL_CNT; i++) {
		const struct questdb_column *column = questdb_table_column(
			&questdb_tables[QUESTDB_LATENCY], questdb_labels[i].column);

		assert_int_equal(column->type, QUESTDB_SYMBOL);
		assert_false(column->is_key);
	}
}

static void test_views(void **state)
{
	(void)state;
	for (size_t i = 0; i < QUESTDB_VIEW_CNT; i++) {
		const struct questdb_view *v = &questdb_views[i];
		char statement[QUESTDB_STATEMENT_BYTES], part[128];

		assert_plain(v->name);
		questdb_view_create(v, statement);
		snprintf(part, sizeof(part), "CREATE MATERIALIZED VIEW IF NOT EXISTS %s ", v->name);
		assert_ptr_equal(strstr(statement, part), statement);
		snprintf(part, sizeof(part), " FROM %s SAMPLE BY 1h) ",
			 questdb_tables[v->base].name);
		assert_non_null(strstr(statement, part));
		/* Hours of all runs are one. */
		assert_null(strstr(statement, "run_id"));
	}
}

static void test_literals(void **state)
{
	static const struct {
		const char *text, *literal;
	} rows[] = {
		{"", "''"},
		{"plain", "'plain'"},
		{"it's", "'it''s'"},
		{"'", "''''"},
		{"\\'; DROP TABLE x; --", "'\\''; DROP TABLE x; --'"},
		{"line\nline", "'line\nline'"},
		{"\316\274", "'\316\274'"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char *literal = questdb_sql_literal(rows[i].text);

		assert_string_equal(literal, rows[i].literal);
		free(literal);
	}
}

static int parse(long status, const char *body, json_t **ret_answer, struct fault *why)
{
	*ret_answer = NULL;
	*why = (struct fault){""};
	return questdb_answer_parse(status, body, body ? strlen(body) : 0, ret_answer, why);
}

static void test_answers(void **state)
{
	static const struct {
		long status;
		const char *body;
		int err;
		const char *said;
	} rows[] = {
		{200, "{\"ddl\":\"OK\"}", 0, NULL},
		{200, "{\"query\":\"x\",\"columns\":[],\"dataset\":[],\"count\":0}", 0, NULL},
		{400, "{\"query\":\"x\",\"error\":\"unexpected token [x]\",\"position\":7}",
		 -EBADMSG, "at position 7: unexpected token [x]"},
		{400, "{\"error\":\"no \\u001b[31mtable\"}", -EBADMSG, "no ?[31mtable"},
		/* A failure after the head was sent. */
		{200, "{\"dataset\":[[1]],\"error\":\"timeout\"}", -EBADMSG, "timeout"},
		{401, "Unauthorized\r\n", -EACCES, "password"},
		{403, NULL, -EACCES, "password"},
		{404, "{\"error\":5}", -EPROTO, "404"},
		{500, "{\"error\":\"boom\"}", -EAGAIN, "500"},
		{503, NULL, -EAGAIN, "503"},
		{429, NULL, -EAGAIN, "429"},
		{200, NULL, -EPROTO, "no QuestDB"},
		{200, "<html>", -EPROTO, "no QuestDB"},
		{200, "[]", -EPROTO, "no QuestDB"},
		{200, "{}", -EPROTO, "no QuestDB"},
		{200, "{\"dataset\":[[1]", -EPROTO, "no QuestDB"},
		{302, "{\"dataset\":[[1]]}", -EPROTO, "302"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		json_t *answer;
		struct fault why;

		assert_int_equal(parse(rows[i].status, rows[i].body, &answer, &why), rows[i].err);
		assert_int_equal(answer != NULL, rows[i].err == 0);
		if (rows[i].said)
			assert_non_null(strstr(why.text, rows[i].said));
		json_decref(answer);
	}
}

/* Deeper than the stack is large, and longer than a message. */
static void test_hostile(void **state)
{
	enum { DEPTH = 1000000, LENGTH = 100000 };
	static const char head[] = "{\"error\":\"", tail[] = "\"}";
	char *body = malloc(DEPTH + 64);
	struct fault why;
	json_t *answer;

	(void)state;
	memcpy(body, "{\"dataset\":", 11);
	memset(body + 11, '[', DEPTH);
	body[11 + DEPTH] = '\0';
	assert_int_equal(parse(200, body, &answer, &why), -EPROTO);
	memcpy(body, head, sizeof(head));
	memset(body + sizeof(head) - 1, 'x', LENGTH);
	memcpy(body + sizeof(head) - 1 + LENGTH, tail, sizeof(tail));
	assert_int_equal(parse(400, body, &answer, &why), -EBADMSG);
	assert_true(strlen(why.text) < FAULT_TEXT_BYTES);
	free(body);
}

static void test_versions(void **state)
{
	static const struct {
		long status;
		const char *body;
		int err, version;
	} rows[] = {
		{200, "{\"config\":{\"line.proto.support.versions\":[1,2,3]}}", 0, 2},
		{200, "{\"config\":{\"line.proto.support.versions\":[1]}}", 0, 1},
		{200, "{\"config\":{\"line.proto.support.versions\":[\"2\",null,{}]}}", 0, 1},
		{200, "{\"config\":{\"line.proto.support.versions\":2}}", 0, 1},
		{200, "{\"config\":{}}", 0, 1},
		{200, "{}", 0, 1},
		{200, "no JSON", 0, 1},
		{200, NULL, 0, 1},
		{404, "not found", 0, 1},
		{401, NULL, -EACCES, 7},
		{403, NULL, -EACCES, 7},
		{502, NULL, -EAGAIN, 7},
		{301, NULL, -EPROTO, 7},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int version = 7;
		struct fault why;

		assert_int_equal(questdb_answer_ilp_version(rows[i].status, rows[i].body,
							    rows[i].body ? strlen(rows[i].body) : 0,
							    &version, &why),
				 rows[i].err);
		assert_int_equal(version, rows[i].version);
	}
}

static void test_rows(void **state)
{
	json_t *rows, *answer = json_loads("{\"dataset\":[[1,\"a\",null,2.5,[1.0]],"
					   "[-1,\"\",9223372036854775807,3,[]]]}",
					   0, NULL);
	static const char *const others[] = {"{}", "{\"dataset\":{}}", "{\"dataset\":[1]}",
					     "{\"dataset\":[[1]]}", "{\"dataset\":[[1,2],[1]]}"};
	struct fault why;

	(void)state;
	assert_int_equal(questdb_answer_rows(answer, 5, &rows, &why), 0);
	assert_int_equal(json_array_size(rows), 2);
	json_decref(answer);
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		answer = json_loads(others[i], 0, NULL);
		assert_int_equal(questdb_answer_rows(answer, 2, &rows, &why), -EPROTO);
		json_decref(answer);
	}
}

static void test_cells(void **state)
{
	json_t *row =
		json_loads("[\"a\", null, 1, 9223372036854775807, -1, 2.5, [1], true]", 0, NULL);
	const char *text = "as before";
	uint64_t count = 7;
	double number = 7;
	bool is_null = true;

	(void)state;
	assert_true(questdb_answer_text(row, 0, &text));
	assert_string_equal(text, "a");
	assert_true(questdb_answer_text(row, 1, &text));
	assert_string_equal(text, "");
	for (size_t i = 2; i < 10; i++)
		assert_false(questdb_answer_text(row, i, &text));
	assert_true(questdb_answer_count(row, 2, &count, &is_null) && count == 1 && !is_null);
	assert_true(questdb_answer_count(row, 3, &count, &is_null) && count == INT64_MAX);
	assert_true(questdb_answer_count(row, 1, &count, &is_null) && !count && is_null);
	for (size_t i = 4; i < 10; i++)
		assert_false(questdb_answer_count(row, i, &count, &is_null));
	assert_false(questdb_answer_count(row, 0, &count, &is_null));
	assert_true(questdb_answer_double(row, 5, &number) && number == 2.5);
	assert_true(questdb_answer_double(row, 4, &number) && number == -1);
	for (size_t i = 6; i < 10; i++)
		assert_false(questdb_answer_double(row, i, &number));
	assert_false(questdb_answer_double(row, 1, &number));
	json_decref(row);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),	 cmocka_unit_test(test_one_table),
		cmocka_unit_test(test_keys),	 cmocka_unit_test(test_views),
		cmocka_unit_test(test_literals), cmocka_unit_test(test_answers),
		cmocka_unit_test(test_hostile),	 cmocka_unit_test(test_versions),
		cmocka_unit_test(test_rows),	 cmocka_unit_test(test_cells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
